#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/duckdb/conn.h"
#include "engine/duckdb/scan.h"

#define SAMPLE_ROWS 1000

/* Bytes of a row's values, about, as an expression. */
static enum vf_status write_row_bytes(struct vf_duckdb_conn *conn, const char *schema, const char *name,
                                      struct vf_buf *sql, struct vf_error *err)
{
    const struct vf_duckdb_param params[] = {vf_duckdb_text_param(vf_duckdb_schema(schema)),
                                             vf_duckdb_text_param(name)};
    struct vf_duckdb_rows rows;
    struct vf_arena arena = {0};
    bool more = true;
    enum vf_status status = vf_duckdb_query(
        conn,
        "SELECT column_name, CASE WHEN data_type IN ('VARCHAR', 'JSON') THEN 1 WHEN data_type = 'BLOB' "
        "THEN 2 WHEN ends_with(data_type, ']') THEN 3 WHEN data_type LIKE 'STRUCT%' OR data_type LIKE "
        "'MAP%' OR data_type LIKE 'UNION%' THEN 4 ELSE 0 END::BIGINT FROM duckdb_columns() WHERE "
        "database_name = '" VF_DUCKDB_CATALOG "' AND lower(schema_name) = lower(?) AND lower(table_name) = lower(?)",
        2, params, &rows, err);
    vf_buf_str(sql, "0");
    while (status == VF_OK && more) {
        const char *column = NULL;
        status = vf_duckdb_next(&rows, &more, err);
        if (status == VF_OK && more)
            status = vf_duckdb_copy_text(&rows, 0, &arena, &column, err);
        if (status != VF_OK || !more)
            break;
        int64_t kind = vf_duckdb_i64(&rows, 1);
        vf_buf_str(sql, kind == 0   ? " + 8"
                        : kind == 1 ? " + coalesce(strlen("
                        : kind == 2 ? " + coalesce(octet_length("
                        : kind == 3 ? " + 4 * coalesce(len("
                                    : " + coalesce(strlen(CAST(");
        if (kind != 0)
            vf_duckdb_quote(sql, column);
        vf_buf_str(sql, kind == 4 ? " AS VARCHAR)), 0)" : kind != 0 ? "), 0)" : "");
    }
    vf_duckdb_rows_close(&rows);
    vf_arena_release(&arena);
    return status;
}

enum vf_status vf_duckdb_measure(struct vf_duckdb_conn *conn, const char *schema, const char *name, int64_t *n_rows,
                                 int64_t *size_bytes, struct vf_error *err)
{
    struct vf_buf sql;
    int64_t row_bytes = 0;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT count(*) FROM ");
    vf_duckdb_quote_table(&sql, schema, name);
    enum vf_status status = vf_duckdb_get_i64_buf(conn, &sql, 0, n_rows, err);
    if (status == VF_OK && *n_rows > 0) {
        vf_buf_str(&sql, "SELECT CAST(ceil(avg(");
        status = write_row_bytes(conn, schema, name, &sql, err);
        vf_buf_str(&sql, ")) AS BIGINT) FROM (SELECT * FROM ");
        vf_duckdb_quote_table(&sql, schema, name);
        vf_buf_printf(&sql, " LIMIT %d)", SAMPLE_ROWS);
    }
    if (status == VF_OK && *n_rows > 0)
        status = vf_duckdb_get_i64_buf(conn, &sql, 0, &row_bytes, err);
    vf_buf_release(&sql);
    if (status == VF_OK)
        *size_bytes = row_bytes * *n_rows;
    return status;
}

enum vf_status vf_duckdb_hides_rowid(struct vf_duckdb_conn *conn, const struct vf_relation *relation, bool *hides,
                                     struct vf_error *err)
{
    const struct vf_duckdb_param params[] = {vf_duckdb_text_param(conn->catalog),
                                             vf_duckdb_text_param(vf_duckdb_schema(relation->schema)),
                                             vf_duckdb_text_param(relation->name)};
    int64_t n = 0;
    if (relation->kind == VF_TABLE_VIEW) {
        *hides = true;
        return VF_OK;
    }
    enum vf_status status = vf_duckdb_get_i64(
        conn,
        "SELECT count(*) FROM duckdb_columns() WHERE database_name = ? AND lower(schema_name) = lower(?) AND "
        "lower(table_name) = lower(?) AND lower(column_name) = 'rowid'",
        3, params, 0, &n, err);
    *hides = status == VF_OK && n > 0;
    return status;
}

/* Rowids are given out one after the other, and have gaps where rows were deleted. DuckDB skips the row groups that are out of the bounds. */
static enum vf_status read_bounds(struct vf_duckdb_conn *conn, const struct vf_relation *relation, int64_t *min,
                                  int64_t *max, struct vf_error *err)
{
    struct vf_buf sql;
    enum vf_status status = VF_OK;
    vf_buf_init(&sql, VF_BUF_MAX);
    for (int i = 0; status == VF_OK && i < 2; i++) {
        vf_buf_str(&sql, i == 0 ? "SELECT min(rowid) FROM " : "SELECT max(rowid) FROM ");
        vf_duckdb_quote_table(&sql, relation->schema, relation->name);
        status = vf_duckdb_get_i64_buf(conn, &sql, 0, i == 0 ? min : max, err);
    }
    vf_buf_release(&sql);
    return status;
}

static enum vf_status cut(struct vf_chunk_list *list, int64_t min, int64_t max, int64_t n_rows, int64_t size_bytes,
                          uint64_t target_bytes, struct vf_error *err)
{
    uint64_t wanted = (uint64_t)size_bytes / target_bytes + 1;
    uint64_t most = n_rows < 1 ? 1 : (uint64_t)n_rows;
    list->n_chunks = (size_t)(wanted < most ? wanted : most);
    list->chunks = vf_arena_alloc(&list->arena, list->n_chunks, sizeof(*list->chunks));
    if (list->chunks == NULL)
        return vf_error_nomem(err);
    int64_t width = (max - min) / (int64_t)list->n_chunks + 1;
    for (size_t i = 0; i < list->n_chunks; i++) {
        list->chunks[i] = (struct vf_chunk){
            .number = (int64_t)i,
            .low = i > 0 ? list->chunks[i - 1].high : NULL,
            .n_rows = n_rows / (int64_t)list->n_chunks,
            .size_bytes = size_bytes / (int64_t)list->n_chunks,
        };
        if (i + 1 == list->n_chunks)
            break;
        list->chunks[i].high = vf_arena_printf(&list->arena, "%" PRId64, min + (int64_t)(i + 1) * width);
        if (list->chunks[i].high == NULL)
            return vf_error_nomem(err);
    }
    return VF_OK;
}

enum vf_status vf_duckdb_split(struct vf_conn *base, const struct vf_relation *relation, uint64_t target_bytes,
                               struct vf_chunk_list *chunks, struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    struct vf_duckdb_file file = {0};
    int64_t n_rows = 0, size_bytes = 0, min = 0, max = 0;
    bool hides_rowid = false;
    enum vf_status status = vf_duckdb_measure(conn, relation->schema, relation->name, &n_rows, &size_bytes, err);
    if (status == VF_OK)
        status = vf_duckdb_hides_rowid(conn, relation, &hides_rowid, err);
    if (status == VF_OK && !hides_rowid)
        status = read_bounds(conn, relation, &min, &max, err);
    if (status == VF_OK)
        status = cut(chunks, min, max, n_rows, size_bytes, hides_rowid ? UINT64_MAX : target_bytes, err);
    /* A checkpoint may leave deleted rows out, and the rowids of those behind them are others then. */
    if (status == VF_OK)
        status = vf_duckdb_file_check(conn->path, &file, err);
    snprintf(chunks->generation, sizeof(chunks->generation), "checkpoint %" PRIu64, file.checkpoint);
    return status;
}
