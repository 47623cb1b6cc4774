/*
 * The least that writing rows to SQLite costs: one prepared insert, WAL, pages of 8 KiB, one transaction for every 64 MiB.
 *
 *     bench_sqlite_write FILE vectors N DIM     items(id, label, embedding BLOB of float32)
 *     bench_sqlite_write FILE json N DIM        the same with the embedding as JSON text
 *     bench_sqlite_write FILE scalars N         events: six columns
 *
 * The last program to close the file writes all back from the WAL and syncs; that is part of the time. The files are also the sources of the other way.
 */
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

#define TRANSACTION_BYTES ((int64_t)64 << 20)
#define MAX_NUMBER_BYTES  20

struct writer {
    sqlite3 *db;
    sqlite3_stmt *insert;
    int64_t pending_bytes;
    char *text; /* of a vector */
};

static void run(struct writer *writer, const char *sql)
{
    char *message = NULL;

    if (sqlite3_exec(writer->db, sql, NULL, NULL, &message) != SQLITE_OK)
        bench_die("%s: %s", sql, message);
}

static void begin(struct writer *writer, const char *path, const char *table, const char *insert)
{
    if (sqlite3_open(path, &writer->db) != SQLITE_OK)
        bench_die("%s: %s", path, sqlite3_errmsg(writer->db));
    run(writer, "PRAGMA page_size = 8192");
    run(writer, "PRAGMA journal_mode = WAL");
    run(writer, "PRAGMA synchronous = NORMAL");
    run(writer, table);
    run(writer, "BEGIN");
    if (sqlite3_prepare_v2(writer->db, insert, -1, &writer->insert, NULL) != SQLITE_OK)
        bench_die("%s: %s", insert, sqlite3_errmsg(writer->db));
}

static void put(struct writer *writer, int64_t size_bytes)
{
    if (sqlite3_step(writer->insert) != SQLITE_DONE)
        bench_die("insert: %s", sqlite3_errmsg(writer->db));
    sqlite3_reset(writer->insert);
    writer->pending_bytes += size_bytes;
    if (writer->pending_bytes < TRANSACTION_BYTES)
        return;
    run(writer, "COMMIT");
    run(writer, "BEGIN");
    writer->pending_bytes = 0;
}

static void end(struct writer *writer)
{
    run(writer, "COMMIT");
    sqlite3_finalize(writer->insert);
    if (sqlite3_close(writer->db) != SQLITE_OK)
        bench_die("the file can't be closed");
    free(writer->text);
}

/* Nine digits are enough for any float32. */
static int write_text(char *out, const float *vector, uint32_t dim)
{
    char *at = out;

    *at++ = '[';
    for (uint32_t i = 0; i < dim; i++) {
        at += snprintf(at, MAX_NUMBER_BYTES, "%.9g", (double)vector[i]);
        *at++ = i + 1 < dim ? ',' : ']';
    }
    return (int)(at - out);
}

static void write_vectors(struct writer *writer, int64_t n_rows, uint32_t dim)
{
    struct bench_vectors vectors = bench_vectors_make(dim);
    char label[32];

    for (int64_t i = 0; i < n_rows; i++) {
        const float *vector = bench_vector(&vectors, i);
        int label_bytes = snprintf(label, sizeof(label), "item %lld", (long long)i);
        int size_bytes = (int)(dim * sizeof(float));
        sqlite3_bind_int64(writer->insert, 1, i + 1);
        sqlite3_bind_text(writer->insert, 2, label, label_bytes, SQLITE_STATIC);
        if (writer->text != NULL) {
            size_bytes = write_text(writer->text, vector, dim);
            sqlite3_bind_text(writer->insert, 3, writer->text, size_bytes, SQLITE_STATIC);
        } else {
            sqlite3_bind_blob(writer->insert, 3, vector, size_bytes, SQLITE_STATIC);
        }
        put(writer, size_bytes + label_bytes);
    }
    bench_vectors_free(&vectors);
}

static void write_scalars(struct writer *writer, int64_t n_rows)
{
    struct bench_scalars row;

    for (int64_t i = 0; i < n_rows; i++) {
        bench_scalars(i, &row);
        sqlite3_bind_int64(writer->insert, 1, row.id);
        sqlite3_bind_int(writer->insert, 2, row.kind);
        sqlite3_bind_double(writer->insert, 3, row.amount);
        sqlite3_bind_int(writer->insert, 4, row.is_open);
        sqlite3_bind_text(writer->insert, 5, row.label, -1, SQLITE_STATIC);
        sqlite3_bind_text(writer->insert, 6, row.created, -1, SQLITE_STATIC);
        put(writer, (int64_t)sizeof(row));
    }
}

int main(int argc, char **argv)
{
    struct writer writer = {0};
    bool scalars = argc == 4 && strcmp(argv[2], "scalars") == 0;
    bool json = argc == 5 && strcmp(argv[2], "json") == 0;

    if (scalars) {
        begin(&writer, argv[1],
              "CREATE TABLE events (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, amount REAL NOT NULL, is_open "
              "BOOLEAN NOT NULL, label TEXT NOT NULL, created_at TEXT NOT NULL)",
              "INSERT INTO events VALUES (?,?,?,?,?,?)");
        write_scalars(&writer, bench_number(argv[3]));
    } else if (json || (argc == 5 && strcmp(argv[2], "vectors") == 0)) {
        uint32_t dim = (uint32_t)bench_number(argv[4]);
        begin(&writer, argv[1],
              json ? "CREATE TABLE items (id INTEGER PRIMARY KEY, label TEXT NOT NULL, embedding TEXT NOT NULL)"
                   : "CREATE TABLE items (id INTEGER PRIMARY KEY, label TEXT NOT NULL, embedding BLOB NOT NULL)",
              "INSERT INTO items VALUES (?,?,?)");
        if (json && (writer.text = calloc(dim + 1, MAX_NUMBER_BYTES)) == NULL) /* lint: no library of ours */
            bench_die("out of memory");
        write_vectors(&writer, bench_number(argv[3]), dim);
    } else {
        bench_die("FILE vectors|json N DIM, or FILE scalars N");
    }
    end(&writer);
    return 0;
}
