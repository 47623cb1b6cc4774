/*
 * How fast vector texts are read and written, beside strtof and a plain copy of the same bytes.
 *
 *   bench_vector_text [dimensions] [seconds for each]
 *
 * Two kinds of text: the shortest digits of float32, and the 17 digits that Python writes for a float32 held as a double.
 * Each line is megabytes (10^6) of text a second on one core, the best of several runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "vector/number.h"
#include "vector/text.h"

#define N_TEXTS 64

struct bench {
    char *texts[N_TEXTS];
    size_t sizes[N_TEXTS];
    size_t total_bytes;
    size_t dim;
    float *values;
    char *copy;
    struct vf_buf buf;
    struct vf_vector_text_options options;
};

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Values as embeddings of length 1 have them: sums of uniform numbers, divided by the root of the dimension. */
static float embedding_value(uint64_t *state, double scale)
{
    double sum = 0;

    for (int i = 0; i < 4; i++)
        sum += (double)next_random(state) / 2147483648.0 - 0.5;
    return (float)(sum * scale);
}

static void make_texts(struct bench *bench, int n_digits)
{
    uint64_t state = 1;

    bench->total_bytes = 0;
    for (int t = 0; t < N_TEXTS; t++) {
        char *p = bench->texts[t];

        *p++ = '[';
        for (size_t i = 0; i < bench->dim; i++) {
            float value = embedding_value(&state, 0.03);

            if (i > 0)
                *p++ = ',';
            if (n_digits == 0)
                p += vf_number_write_f32(value, p);
            else
                p += snprintf(p, 40, "%.*g", n_digits, (double)value);
        }
        *p++ = ']';
        *p = '\0';
        bench->sizes[t] = (size_t)(p - bench->texts[t]);
        bench->total_bytes += bench->sizes[t];
    }
}

static void read_with_vecferry(struct bench *bench)
{
    for (int t = 0; t < N_TEXTS; t++) {
        size_t dim = 0;

        if (vf_vector_text_read_f32(bench->texts[t], bench->sizes[t], &bench->options, bench->values, bench->dim, &dim,
                                    NULL) != VF_OK ||
            dim != bench->dim)
            abort();
    }
}

static void read_with_strtof(struct bench *bench)
{
    for (int t = 0; t < N_TEXTS; t++) {
        char *p = bench->texts[t];

        for (size_t i = 0; i < bench->dim; i++)
            bench->values[i] = strtof(p + 1, &p);
        if (*p != ']')
            abort();
    }
}

static void copy_texts(struct bench *bench)
{
    for (int t = 0; t < N_TEXTS; t++)
        memcpy(bench->copy, bench->texts[t], bench->sizes[t]);
    __asm__ volatile("" : : "r"(bench->copy) : "memory");
}

static void write_with_vecferry(struct bench *bench)
{
    for (int t = 0; t < N_TEXTS; t++) {
        vf_buf_clear(&bench->buf);
        if (vf_vector_text_write(&bench->buf, VF_E_F32, bench->values, bench->dim, NULL) != VF_OK)
            abort();
    }
}

static void measure(struct bench *bench, const char *name, void (*run)(struct bench *bench), double seconds)
{
    const struct vf_clock *clock = vf_clock_system();
    int64_t stop = clock->monotonic_us(clock->context) + (int64_t)(seconds * 1e6);
    int64_t best = INT64_MAX;
    int64_t now = 0;

    while (now < stop) {
        int64_t start = clock->monotonic_us(clock->context);

        run(bench);
        now = clock->monotonic_us(clock->context);
        if (now - start < best)
            best = now - start;
    }
    if (best > 0)
        printf("  %-34s %8.0f MB/s  %6.1f ns a number\n", name, (double)bench->total_bytes / (double)best,
               (double)best * 1e3 / (double)(bench->dim * N_TEXTS));
}

int main(int argc, char **argv)
{
    struct bench bench = {.dim = argc > 1 ? strtoul(argv[1], NULL, 10) : 3072};
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 0.5;
    struct vf_vector_text_stats stats = {0};
    const int kinds[] = {0, 17};

    for (int t = 0; t < N_TEXTS; t++)
        bench.texts[t] = malloc(bench.dim * 48 + 3);
    bench.copy = malloc(bench.dim * 48 + 3);
    bench.values = malloc(bench.dim * sizeof(float));
    vf_buf_init(&bench.buf, VF_BUF_MAX);
    for (int kind = 0; kind < 2; kind++) {
        make_texts(&bench, kinds[kind]);
        printf("%s, %zu dimensions, %.1f bytes a number\n", kinds[kind] == 0 ? "shortest float32" : "17 digits",
               bench.dim, (double)bench.total_bytes / (double)(bench.dim * N_TEXTS));
        measure(&bench, "read", read_with_vecferry, seconds);
        bench.options.stats = &stats;
        measure(&bench, "read, counting inexact numbers", read_with_vecferry, seconds);
        bench.options.stats = NULL;
        measure(&bench, "strtof", read_with_strtof, seconds);
        measure(&bench, "copy of the text (memcpy)", copy_texts, seconds);
        if (kinds[kind] == 0)
            measure(&bench, "write", write_with_vecferry, seconds);
    }
    for (int t = 0; t < N_TEXTS; t++)
        free(bench.texts[t]);
    free(bench.copy);
    free(bench.values);
    vf_buf_release(&bench.buf);
    return 0;
}
