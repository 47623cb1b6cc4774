#include "engine/duckdb/conn.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/duckdb/session.h"

#define SCAN_BYTES   ((uint64_t)20 << 20) /* of a connection's share of --memory, for each scan at a time */
#define MAX_SCANNERS 64

/* ---- queries ---- */

struct vf_duckdb_param vf_duckdb_text_param(const char *text)
{
    return (struct vf_duckdb_param){
        .is_null = text == NULL, .bytes = text, .size_bytes = text != NULL ? strlen(text) : 0};
}

static bool bind(const struct vf_duckdb_library *lib, duckdb_prepared_statement stmt, idx_t i,
                 const struct vf_duckdb_param *param)
{
    const void *bytes = param->size_bytes == 0 ? "" : param->bytes;
    if (param->is_null)
        return lib->bind_null(stmt, i) == DuckDBSuccess;
    if (param->is_integer)
        return lib->bind_int64(stmt, i, param->integer) == DuckDBSuccess;
    if (param->is_blob)
        return lib->bind_blob(stmt, i, bytes, param->size_bytes) == DuckDBSuccess;
    return lib->bind_varchar_length(stmt, i, bytes, param->size_bytes) == DuckDBSuccess;
}

enum vf_status vf_duckdb_run_stmt(struct vf_duckdb_conn *conn, duckdb_prepared_statement stmt, bool is_streaming,
                                  duckdb_result *result, struct vf_error *err)
{
    struct vf_duckdb_buffers *buffers = vf_duckdb_instance_buffers(conn->instance);
    vf_duckdb_buffers_enter(buffers);
    enum vf_status status =
        vf_duckdb_run_prepared(conn->lib, stmt, is_streaming, conn->base.options.cancel, result, err);
    vf_duckdb_buffers_leave(buffers);
    return status;
}

enum vf_status vf_duckdb_query(struct vf_duckdb_conn *conn, const char *sql, size_t n_params,
                               const struct vf_duckdb_param *params, struct vf_duckdb_rows *rows, struct vf_error *err)
{
    const struct vf_duckdb_library *lib = conn->lib;
    enum vf_status status = VF_OK;
    *rows = (struct vf_duckdb_rows){.conn = conn};
    if (lib->prepare(conn->handle, sql, &rows->stmt) != DuckDBSuccess)
        status = rows->stmt == NULL ? vf_error_nomem(err) : vf_duckdb_explain(lib->prepare_error(rows->stmt), err);
    for (size_t i = 0; status == VF_OK && i < n_params; i++) {
        if (!bind(lib, rows->stmt, i + 1, &params[i]))
            status = vf_error_set(err, VF_VALUE, "parameter %zu can't be given to DuckDB: is it UTF-8?", i + 1);
    }
    if (status == VF_OK)
        status = vf_duckdb_run_stmt(conn, rows->stmt, false, &rows->result, err);
    rows->has_result = status == VF_OK;
    if (status != VF_OK && status != VF_CANCELLED)
        vf_error_wrap(err, "\"%s\"", conn->path);
    return status;
}

enum vf_status vf_duckdb_query_buf(struct vf_duckdb_conn *conn, struct vf_buf *sql, size_t n_params,
                                   const struct vf_duckdb_param *params, struct vf_duckdb_rows *rows,
                                   struct vf_error *err)
{
    *rows = (struct vf_duckdb_rows){.conn = conn};
    enum vf_status status = vf_buf_check(sql, err);
    if (status == VF_OK)
        status = vf_duckdb_query(conn, sql->data, n_params, params, rows, err);
    vf_buf_clear(sql);
    return status;
}

enum vf_status vf_duckdb_next(struct vf_duckdb_rows *rows, bool *more, struct vf_error *err)
{
    const struct vf_duckdb_library *lib = rows->conn->lib;
    while (rows->row >= rows->n_rows) {
        if (rows->chunk != NULL)
            lib->destroy_data_chunk(&rows->chunk);
        rows->chunk = lib->fetch_chunk(rows->result);
        rows->row = 0;
        rows->n_rows = rows->chunk != NULL ? lib->data_chunk_get_size(rows->chunk) : 0;
        if (rows->n_rows > 0)
            break;
        const char *message = lib->result_error(&rows->result);
        *more = false;
        if (rows->chunk == NULL)
            return message != NULL ? vf_duckdb_explain(message, err) : VF_OK;
    }
    rows->row++;
    *more = true;
    return VF_OK;
}

void vf_duckdb_rows_close(struct vf_duckdb_rows *rows)
{
    const struct vf_duckdb_library *lib = rows->conn->lib;
    if (rows->chunk != NULL)
        lib->destroy_data_chunk(&rows->chunk);
    if (rows->has_result)
        lib->destroy_result(&rows->result);
    if (rows->stmt != NULL)
        lib->destroy_prepare(&rows->stmt);
    *rows = (struct vf_duckdb_rows){.conn = rows->conn};
}

static duckdb_vector vector_of(const struct vf_duckdb_rows *rows, idx_t column)
{
    return rows->conn->lib->data_chunk_get_vector(rows->chunk, column);
}

bool vf_duckdb_is_null(const struct vf_duckdb_rows *rows, idx_t column)
{
    return !vf_duckdb_is_valid(rows->conn->lib->vector_get_validity(vector_of(rows, column)), rows->row - 1);
}

int64_t vf_duckdb_i64(const struct vf_duckdb_rows *rows, idx_t column)
{
    const int64_t *values = rows->conn->lib->vector_get_data(vector_of(rows, column));
    return vf_duckdb_is_null(rows, column) ? 0 : values[rows->row - 1];
}

bool vf_duckdb_bool(const struct vf_duckdb_rows *rows, idx_t column)
{
    const uint8_t *values = rows->conn->lib->vector_get_data(vector_of(rows, column));
    return !vf_duckdb_is_null(rows, column) && values[rows->row - 1] != 0;
}

const char *vf_duckdb_bytes(const struct vf_duckdb_rows *rows, idx_t column, size_t *size_bytes)
{
    const duckdb_string_t *values = rows->conn->lib->vector_get_data(vector_of(rows, column));
    *size_bytes = 0;
    return vf_duckdb_is_null(rows, column) ? "" : vf_duckdb_string(&values[rows->row - 1], size_bytes);
}

enum vf_status vf_duckdb_copy_text(const struct vf_duckdb_rows *rows, idx_t column, struct vf_arena *arena,
                                   const char **text, struct vf_error *err)
{
    size_t size_bytes;
    const char *bytes = vf_duckdb_bytes(rows, column, &size_bytes);
    if (vf_duckdb_is_null(rows, column)) {
        *text = NULL;
        return VF_OK;
    }
    *text = vf_arena_strndup(arena, bytes, size_bytes);
    return *text == NULL ? vf_error_nomem(err) : VF_OK;
}

enum vf_status vf_duckdb_exec(struct vf_duckdb_conn *conn, const char *sql, struct vf_error *err)
{
    struct vf_duckdb_rows rows;
    enum vf_status status = vf_duckdb_query(conn, sql, 0, NULL, &rows, err);
    vf_duckdb_rows_close(&rows);
    return status;
}

enum vf_status vf_duckdb_exec_buf(struct vf_duckdb_conn *conn, struct vf_buf *sql, struct vf_error *err)
{
    enum vf_status status = vf_buf_check(sql, err);
    if (status == VF_OK)
        status = vf_duckdb_exec(conn, sql->data, err);
    vf_buf_clear(sql);
    return status;
}

enum vf_status vf_duckdb_get_i64(struct vf_duckdb_conn *conn, const char *sql, size_t n_params,
                                 const struct vf_duckdb_param *params, int64_t otherwise, int64_t *value,
                                 struct vf_error *err)
{
    struct vf_duckdb_rows rows;
    bool more = false;
    enum vf_status status = vf_duckdb_query(conn, sql, n_params, params, &rows, err);
    if (status == VF_OK)
        status = vf_duckdb_next(&rows, &more, err);
    if (status == VF_OK)
        *value = more && !vf_duckdb_is_null(&rows, 0) ? vf_duckdb_i64(&rows, 0) : otherwise;
    vf_duckdb_rows_close(&rows);
    return status;
}

enum vf_status vf_duckdb_get_i64_buf(struct vf_duckdb_conn *conn, struct vf_buf *sql, int64_t otherwise, int64_t *value,
                                     struct vf_error *err)
{
    enum vf_status status = vf_buf_check(sql, err);
    if (status == VF_OK)
        status = vf_duckdb_get_i64(conn, sql->data, 0, NULL, otherwise, value, err);
    vf_buf_clear(sql);
    return status;
}

const char *vf_duckdb_schema(const char *schema)
{
    return schema != NULL ? schema : "main";
}

void vf_duckdb_quote_table(struct vf_buf *out, const char *schema, const char *name)
{
    vf_buf_str(out, VF_DUCKDB_CATALOG ".");
    vf_duckdb_quote(out, vf_duckdb_schema(schema));
    vf_buf_char(out, '.');
    vf_duckdb_quote(out, name);
}

/* ---- open ---- */

static enum vf_status open_file(struct vf_duckdb_conn *conn, const struct vf_url *url, struct vf_error *err)
{
    const struct vf_open_options *options = &conn->base.options;
    enum vf_status status = vf_cancel_check(options->cancel, err);
    if (status != VF_OK)
        return status;
    if (url->path == NULL || url->path[0] == '\0')
        return vf_error_set(err, VF_USAGE, "the URL has no path");
    conn->path = vf_strdup(url->path);
    if (conn->path == NULL)
        return vf_error_nomem(err);
    status = vf_duckdb_library_get(options->library_dir, &conn->lib, err);
    if (status == VF_OK)
        status = vf_duckdb_instance_get(conn->path, options, conn->lib, &conn->instance, err);
    if (status != VF_OK)
        return status;
    conn->is_open = true;
    status = vf_duckdb_instance_connect(conn->instance, &conn->handle, err);
    if (status == VF_OK)
        conn->shown = vf_duckdb_instance_show(conn->instance, conn->handle);
    return status;
}

/* One takes some 45 MiB where rows are vectors (docs/design/duckdb-memory.md), and reads as fast as three connections of PostgreSQL write. */
static uint32_t count_scanners(const struct vf_open_options *options)
{
    uint64_t n = options->memory_bytes / SCAN_BYTES;

    return options->memory_bytes == 0 ? 0 : n < 1 ? 1 : n > MAX_SCANNERS ? MAX_SCANNERS : (uint32_t)n;
}

enum vf_status vf_duckdb_open(const struct vf_url *url, const struct vf_open_options *options, struct vf_conn **conn,
                              struct vf_error *err)
{
    struct vf_duckdb_conn *opened = vf_calloc(1, sizeof(*opened));
    if (opened == NULL)
        return vf_error_nomem(err);
    opened->base.options = *options;
    opened->base.options.password = NULL;
    opened->catalog = VF_DUCKDB_CATALOG;
    opened->limits = (struct vf_limits){
        .text_nul = true,
        .vector_not_finite = true,
        .timestamp_infinity = true,
        .max_timestamp_us = INT64_MAX - 1 - VF_EPOCH_2000_US, /* microseconds since 1970, INT64_MAX is infinity */
        .identifiers_fold_case = true,
        .max_value_bytes = UINT32_MAX,
        .virtual_columns = true,
        .max_loaders = 1,
        .max_scanners = count_scanners(options),
        .index_builders = {VF_BUILDER_USEARCH, VF_BUILDER_DUCKDB_HNSW, VF_BUILDER_DUCKDB_SESSION},
        .text_builder = VF_TEXT_DUCKDB,
    };
    enum vf_status status = open_file(opened, url, err);
    if (status != VF_OK) {
        vf_duckdb_close((struct vf_conn *)(void *)opened);
        return status;
    }
    *conn = (struct vf_conn *)(void *)opened;
    return VF_OK;
}

enum vf_status vf_duckdb_need(struct vf_duckdb_conn *conn, enum vf_duckdb_extension extension, struct vf_error *err)
{
    return vf_duckdb_instance_need(conn->instance, conn->handle, &conn->base.options, extension, err);
}

void vf_duckdb_close(struct vf_conn *base)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    if (conn->handle != NULL) {
        vf_duckdb_session_close(conn);
        vf_duckdb_end_snapshot(base);
        vf_duckdb_rollback(base);
        vf_duckdb_unlock(base);
        vf_duckdb_instance_hide(conn->instance, conn->shown);
        conn->lib->disconnect(&conn->handle);
    }
    if (conn->is_open)
        vf_duckdb_instance_put(conn->instance);
    vf_arena_release(&conn->made);
    vf_free(conn->path);
    vf_free(conn);
}

/* ---- describe ---- */

/* "v1.5.5" as 10505. */
static int version_number(const char *version)
{
    int major = 0, minor = 0, patch = 0;
    if (sscanf(version, "v%d.%d.%d", &major, &minor, &patch) < 2)
        return 1;
    return major * 10000 + minor * 100 + patch;
}

enum vf_status vf_duckdb_describe(struct vf_conn *base, struct vf_server *server, struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    struct vf_duckdb_file file;
    const char *version = conn->lib->library_version();
    enum vf_status status = vf_duckdb_file_check(conn->path, &file, err);
    if (status != VF_OK)
        return status;
    *server = (struct vf_server){.version_number = version_number(version)};
    snprintf(server->product, sizeof(server->product), "DuckDB");
    snprintf(server->version, sizeof(server->version), "%s, storage version %" PRIu64 " (%s)",
             version[0] == 'v' ? version + 1 : version, file.storage_version,
             vf_duckdb_storage_name(file.storage_version));
    const char *word = vf_duckdb_storage_word(file.storage_version);
    if (word != NULL && conn->base.options.side == VF_SIDE_TARGET) {
        snprintf(server->storage, sizeof(server->storage), "%s", word);
        snprintf(server->storage_remark, sizeof(server->storage_remark), "read by DuckDB %s%s",
                 file.storage_version == VF_DUCKDB_OLDEST_STORAGE ? "v0.9" : word, " and later");
    }
    if (conn->shown != 0)
        snprintf(server->session, sizeof(server->session), "%" PRIu64, conn->shown);
    snprintf(server->identity, sizeof(server->identity), "duckdb:%" PRIx64 ":%" PRIx64, file.device, file.inode);
    return VF_OK;
}

enum vf_status vf_duckdb_watch(struct vf_conn *base, const char *session, struct vf_step_progress *progress,
                               struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    uint64_t number = 0, done = 0, total = 0;

    if (sscanf(session, "%" SCNu64, &number) != 1)
        return vf_error_set(err, VF_STATE, "\"%s\" is no connection to a DuckDB file", session);
    vf_duckdb_instance_progress(conn->instance, number, &done, &total);
    /* DuckDB's units are rows times the passes over them: a share of the table, as blocks are. */
    *progress = (struct vf_step_progress){.n_blocks = (int64_t)done, .total_blocks = (int64_t)total};
    return VF_OK;
}

const struct vf_limits *vf_duckdb_limits(const struct vf_conn *conn)
{
    return &vf_duckdb_conn_of_const(conn)->limits;
}
