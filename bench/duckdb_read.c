/*
 * The least that reading rows from DuckDB costs: a streaming result, of whose chunks every vector is looked at.
 *
 *     bench_duckdb_read FILE
 */
#include <duckdb.h>
#include <stdio.h>

#include "rows.h"

static double sum_chunk(duckdb_data_chunk chunk)
{
    idx_t n_rows = duckdb_data_chunk_get_size(chunk);
    duckdb_vector embeddings = duckdb_data_chunk_get_vector(chunk, 2);
    const int64_t *ids = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    const float *numbers = duckdb_vector_get_data(duckdb_array_vector_get_child(embeddings));
    duckdb_logical_type type = duckdb_vector_get_column_type(embeddings);
    idx_t dim = duckdb_array_type_array_size(type);
    double sum = 0;

    for (idx_t i = 0; i < n_rows; i++)
        sum += (double)ids[i] + (double)numbers[i * dim];
    duckdb_destroy_logical_type(&type);
    return sum;
}

int main(int argc, char **argv)
{
    duckdb_database db;
    duckdb_connection connection;
    duckdb_config config;
    duckdb_prepared_statement statement;
    duckdb_result result;
    duckdb_data_chunk chunk;
    double sum = 0;

    if (argc != 2)
        bench_die("FILE");
    duckdb_create_config(&config);
    duckdb_set_config(config, "access_mode", "READ_ONLY");
    if (duckdb_open_ext(argv[1], &db, config, NULL) != DuckDBSuccess ||
        duckdb_connect(db, &connection) != DuckDBSuccess)
        bench_die("can't open %s", argv[1]);
    if (duckdb_prepare(connection, "SELECT id, label, embedding FROM items", &statement) != DuckDBSuccess)
        bench_die("%s", duckdb_prepare_error(statement));
    if (duckdb_execute_prepared_streaming(statement, &result) != DuckDBSuccess)
        bench_die("%s", duckdb_result_error(&result));
    while ((chunk = duckdb_fetch_chunk(result)) != NULL) {
        sum += sum_chunk(chunk);
        duckdb_destroy_data_chunk(&chunk);
    }
    duckdb_destroy_result(&result);
    duckdb_destroy_prepare(&statement);
    duckdb_disconnect(&connection);
    duckdb_close(&db);
    duckdb_destroy_config(&config);
    printf("%g\n", sum);
    return 0;
}
