/*
 * Writes files for PostgreSQL's binary COPY, with the rows of the benchmarks.
 *
 *     bench_copy_file vectors N DIM FILE...     for items(id bigint, label text, embedding vector(DIM))
 *     bench_copy_file scalars N FILE...         for events: six columns
 *
 * The rows are dealt out over the files in equal parts. Format: documentation of COPY, "Binary Format"; vector: int16 dimension, int16 0, float32 big-endian.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

static void put_u16(FILE *file, uint16_t value)
{
    putc(value >> 8, file);
    putc(value & 255, file);
}

static void put_u32(FILE *file, uint32_t value)
{
    put_u16(file, (uint16_t)(value >> 16));
    put_u16(file, (uint16_t)(value & 65535));
}

static void put_i64(FILE *file, int64_t value)
{
    put_u32(file, 8);
    put_u32(file, (uint32_t)((uint64_t)value >> 32));
    put_u32(file, (uint32_t)value);
}

static void put_text(FILE *file, const char *text)
{
    put_u32(file, (uint32_t)strlen(text));
    fputs(text, file);
}

static void put_vector(FILE *file, const float *vector, uint32_t dim)
{
    put_u32(file, 4 + 4 * dim);
    put_u16(file, (uint16_t)dim);
    put_u16(file, 0);
    for (uint32_t i = 0; i < dim; i++) {
        uint32_t bits;
        memcpy(&bits, &vector[i], sizeof(bits));
        put_u32(file, bits);
    }
}

static void put_item(FILE *file, struct bench_vectors *vectors, int64_t i)
{
    char label[32];

    put_u16(file, 3);
    put_i64(file, i + 1);
    snprintf(label, sizeof(label), "item %lld", (long long)i);
    put_text(file, label);
    put_vector(file, bench_vector(vectors, i), vectors->dim);
}

static void put_event(FILE *file, int64_t i)
{
    struct bench_scalars row;
    uint64_t bits;

    bench_scalars(i, &row);
    memcpy(&bits, &row.amount, sizeof(bits));
    put_u16(file, 6);
    put_i64(file, row.id);
    put_i64(file, row.kind);
    put_i64(file, (int64_t)bits);
    put_u32(file, 1);
    putc(row.is_open, file);
    put_text(file, row.label);
    put_text(file, row.created);
}

static void write_file(const char *path, struct bench_vectors *vectors, int64_t from, int64_t to)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL)
        bench_die("can't write %s", path);
    fwrite("PGCOPY\n\377\r\n", 1, 11, file); /* with the NUL at its end */
    put_u32(file, 0);
    put_u32(file, 0);
    for (int64_t i = from; i < to; i++) {
        if (vectors->dim > 0)
            put_item(file, vectors, i);
        else
            put_event(file, i);
    }
    put_u16(file, 65535);
    if (fclose(file) != 0)
        bench_die("can't write %s", path);
}

int main(int argc, char **argv)
{
    struct bench_vectors vectors = {0};
    bool scalars = argc > 3 && strcmp(argv[1], "scalars") == 0;
    int first = scalars ? 3 : 4;

    if (argc <= first || (!scalars && strcmp(argv[1], "vectors") != 0))
        bench_die("vectors N DIM FILE..., or scalars N FILE...");
    int64_t n_rows = bench_number(argv[2]);
    if (!scalars)
        vectors = bench_vectors_make((uint32_t)bench_number(argv[3]));
    for (int i = first; i < argc; i++)
        write_file(argv[i], &vectors, n_rows * (i - first) / (argc - first), n_rows * (i - first + 1) / (argc - first));
    bench_vectors_free(&vectors);
    return 0;
}
