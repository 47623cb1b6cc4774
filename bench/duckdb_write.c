/*
 * The least that writing rows to DuckDB costs: the appender, fed with data chunks, in one transaction.
 *
 *     bench_duckdb_write FILE N DIM      items(id, label, embedding FLOAT[DIM])
 *
 * Closing the database writes its checkpoint; that is part of the time. The file is also the source of the other ways.
 */
#include <duckdb.h>
#include <stdio.h>
#include <string.h>

#include "rows.h"

struct writer {
    duckdb_database db;
    duckdb_connection connection;
    duckdb_appender appender;
    duckdb_data_chunk chunk;
};

static void run(struct writer *writer, const char *sql)
{
    duckdb_result result;

    if (duckdb_query(writer->connection, sql, &result) != DuckDBSuccess)
        bench_die("%s: %s", sql, duckdb_result_error(&result));
    duckdb_destroy_result(&result);
}

static void begin(struct writer *writer, const char *path, uint32_t dim)
{
    duckdb_logical_type number = duckdb_create_logical_type(DUCKDB_TYPE_FLOAT);
    duckdb_logical_type types[] = {duckdb_create_logical_type(DUCKDB_TYPE_BIGINT),
                                   duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR),
                                   duckdb_create_array_type(number, dim)};
    char sql[160];

    if (duckdb_open(path, &writer->db) != DuckDBSuccess ||
        duckdb_connect(writer->db, &writer->connection) != DuckDBSuccess)
        bench_die("can't open %s", path);
    snprintf(sql, sizeof(sql),
             "CREATE TABLE items (id BIGINT PRIMARY KEY, label VARCHAR NOT NULL, embedding FLOAT[%u] NOT NULL)", dim);
    run(writer, sql);
    run(writer, "BEGIN");
    if (duckdb_appender_create(writer->connection, NULL, "items", &writer->appender) != DuckDBSuccess)
        bench_die("no appender");
    writer->chunk = duckdb_create_data_chunk(types, 3);
    for (int i = 0; i < 3; i++)
        duckdb_destroy_logical_type(&types[i]);
    duckdb_destroy_logical_type(&number);
}

static void put_chunk(struct writer *writer, struct bench_vectors *vectors, int64_t first, int64_t n)
{
    duckdb_vector labels = duckdb_data_chunk_get_vector(writer->chunk, 1);
    duckdb_vector embeddings = duckdb_data_chunk_get_vector(writer->chunk, 2);
    int64_t *ids = duckdb_vector_get_data(duckdb_data_chunk_get_vector(writer->chunk, 0));
    float *numbers = duckdb_vector_get_data(duckdb_array_vector_get_child(embeddings));
    char label[32];

    for (int64_t i = 0; i < n; i++) {
        ids[i] = first + i + 1;
        snprintf(label, sizeof(label), "item %lld", (long long)(first + i));
        duckdb_vector_assign_string_element(labels, (idx_t)i, label);
        memcpy(numbers + (size_t)i * vectors->dim, bench_vector(vectors, first + i), vectors->dim * sizeof(float));
    }
    duckdb_data_chunk_set_size(writer->chunk, (idx_t)n);
    if (duckdb_append_data_chunk(writer->appender, writer->chunk) != DuckDBSuccess)
        bench_die("append: %s", duckdb_appender_error(writer->appender));
    duckdb_data_chunk_reset(writer->chunk);
}

int main(int argc, char **argv)
{
    struct writer writer = {0};
    int64_t chunk_rows = (int64_t)duckdb_vector_size();

    if (argc != 4)
        bench_die("FILE N DIM");
    int64_t n_rows = bench_number(argv[2]);
    struct bench_vectors vectors = bench_vectors_make((uint32_t)bench_number(argv[3]));
    begin(&writer, argv[1], vectors.dim);
    for (int64_t i = 0; i < n_rows; i += chunk_rows)
        put_chunk(&writer, &vectors, i, n_rows - i < chunk_rows ? n_rows - i : chunk_rows);
    if (duckdb_appender_destroy(&writer.appender) != DuckDBSuccess)
        bench_die("the appender's rows can't be flushed");
    run(&writer, "COMMIT");
    duckdb_destroy_data_chunk(&writer.chunk);
    duckdb_disconnect(&writer.connection);
    duckdb_close(&writer.db);
    bench_vectors_free(&vectors);
    return 0;
}
