/*
 * A connection to a DuckDB file, and the few calls that all parts of the engine make through it.
 *
 * A source is opened read-only, a target read-write; the time zone is UTC, and no extension is installed or loaded by itself. What is read from the catalogue is cast in the statement to one of
 * BIGINT, BOOLEAN, VARCHAR and BLOB, which is all that struct vf_duckdb_rows knows; user data is read by scan.h.
 */
#ifndef VF_ENGINE_DUCKDB_CONN_H
#define VF_ENGINE_DUCKDB_CONN_H

#include "base/buf.h"
#include "engine/duckdb/error.h"
#include "engine/duckdb/instance.h"
#include "engine/duckdb/library.h"
#include "engine/engine.h"

struct vf_duckdb_conn {
    struct vf_conn_base base;
    const struct vf_duckdb_library *lib;
    struct vf_duckdb_instance *instance;
    duckdb_connection handle;
    char *path;
    bool is_open;           /* holds the instance */
    bool in_transaction;    /* begun by begin() */
    bool in_snapshot;       /* a transaction too */
    bool is_bulk;           /* between begin_bulk() and end_bulk() */
    uint64_t snapshot;      /* its number, when others may join it */
    uint64_t shown;         /* the number by which others can watch it */
    uint64_t n_transaction; /* counts begin() */
    struct vf_limits limits;
    struct vf_arena made; /* of the sequences */
    size_t n_sequences;
    struct vf_duckdb_made_sequence *sequences;
    const char *catalog;            /* whose tables are scanned: the file's, or temp of a session */
    struct vf_duckdb_conn *session; /* that has built an index which isn't in the file, or NULL: see session.h */
    const char *session_index;      /* of a session: the index that it has */
};

/* A sequence that a step has made, or found, for the defaults of the tables that follow: DuckDB doesn't know which column a sequence serves. */
struct vf_duckdb_made_sequence {
    const char *schema, *name; /* here */
    const char *owner_table, *owner_column;
};

static inline struct vf_duckdb_conn *vf_duckdb_conn_of(struct vf_conn *conn)
{
    return (struct vf_duckdb_conn *)(void *)conn;
}

static inline const struct vf_duckdb_conn *vf_duckdb_conn_of_const(const struct vf_conn *conn)
{
    return (const struct vf_duckdb_conn *)(const void *)conn;
}

enum vf_status vf_duckdb_open(const struct vf_url *url, const struct vf_open_options *options, struct vf_conn **conn,
                              struct vf_error *err) VF_CHECKED;
void vf_duckdb_close(struct vf_conn *conn);
enum vf_status vf_duckdb_describe(struct vf_conn *conn, struct vf_server *server, struct vf_error *err) VF_CHECKED;
const struct vf_limits *vf_duckdb_limits(const struct vf_conn *conn);

/* The way in and out of transactions: begin, commit, rollback of the target; snapshots of a source. */
enum vf_status vf_duckdb_begin(struct vf_conn *conn, struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_commit(struct vf_conn *conn, struct vf_error *err) VF_CHECKED;
void vf_duckdb_rollback(struct vf_conn *conn);
enum vf_status vf_duckdb_begin_snapshot(struct vf_conn *conn, char *token, size_t token_bytes,
                                        struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_join_snapshot(struct vf_conn *conn, const char *token, struct vf_error *err) VF_CHECKED;
void vf_duckdb_end_snapshot(struct vf_conn *conn);
enum vf_status vf_duckdb_lock(struct vf_conn *conn, const char *holder, struct vf_error *err) VF_CHECKED;
void vf_duckdb_unlock(struct vf_conn *conn);
enum vf_status vf_duckdb_begin_bulk(struct vf_conn *conn, const struct vf_load_estimate *estimate,
                                    struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_end_bulk(struct vf_conn *conn, struct vf_error *err) VF_CHECKED;

/* Of what a connection of this process is doing to the same file. */
enum vf_status vf_duckdb_watch(struct vf_conn *conn, const char *session, struct vf_step_progress *progress,
                               struct vf_error *err) VF_CHECKED;

/* Load an extension for the connection's file, unless it is loaded already. VF_MISSING, with the remedy: it isn't there. */
enum vf_status vf_duckdb_need(struct vf_duckdb_conn *conn, enum vf_duckdb_extension extension,
                              struct vf_error *err) VF_CHECKED;

/* A parameter of a statement, `?` by `?`. */
struct vf_duckdb_param {
    bool is_integer, is_blob; /* neither: a text */
    bool is_null;
    int64_t integer;
    const void *bytes;
    size_t size_bytes;
};
struct vf_duckdb_param vf_duckdb_text_param(const char *text); /* NULL: NULL */

/* The result of a query, row by row. */
struct vf_duckdb_rows {
    struct vf_duckdb_conn *conn;
    duckdb_prepared_statement stmt;
    duckdb_result result;
    bool has_result;
    duckdb_data_chunk chunk;
    idx_t row, n_rows; /* of the chunk; `row` is one behind the current row */
};

/* As vf_duckdb_run_prepared(), while no memory is given back. */
enum vf_status vf_duckdb_run_stmt(struct vf_duckdb_conn *conn, duckdb_prepared_statement stmt, bool is_streaming,
                                  duckdb_result *result, struct vf_error *err) VF_CHECKED;

/* The text must come from this engine: names in it are quoted. vf_duckdb_rows_close() must follow, whatever happened. */
enum vf_status vf_duckdb_query(struct vf_duckdb_conn *conn, const char *sql, size_t n_params,
                               const struct vf_duckdb_param *params, struct vf_duckdb_rows *rows,
                               struct vf_error *err) VF_CHECKED;
/* The same with a text in a buffer, whose own failure is reported; the buffer is cleared. */
enum vf_status vf_duckdb_query_buf(struct vf_duckdb_conn *conn, struct vf_buf *sql, size_t n_params,
                                   const struct vf_duckdb_param *params, struct vf_duckdb_rows *rows,
                                   struct vf_error *err) VF_CHECKED;
/* *more: there is a row. */
enum vf_status vf_duckdb_next(struct vf_duckdb_rows *rows, bool *more, struct vf_error *err) VF_CHECKED;
void vf_duckdb_rows_close(struct vf_duckdb_rows *rows);
bool vf_duckdb_is_null(const struct vf_duckdb_rows *rows, idx_t column);
int64_t vf_duckdb_i64(const struct vf_duckdb_rows *rows, idx_t column); /* BIGINT; 0 for NULL */
bool vf_duckdb_bool(const struct vf_duckdb_rows *rows, idx_t column);   /* BOOLEAN; false for NULL */
/* VARCHAR or BLOB: not NUL-terminated, valid until the next row; never NULL. */
const char *vf_duckdb_bytes(const struct vf_duckdb_rows *rows, idx_t column, size_t *size_bytes);
/* A VARCHAR as a C string in the arena; *text is NULL for NULL. */
enum vf_status vf_duckdb_copy_text(const struct vf_duckdb_rows *rows, idx_t column, struct vf_arena *arena,
                                   const char **text, struct vf_error *err) VF_CHECKED;

/* Run one statement to its end; rows are passed over. */
enum vf_status vf_duckdb_exec(struct vf_duckdb_conn *conn, const char *sql, struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_exec_buf(struct vf_duckdb_conn *conn, struct vf_buf *sql, struct vf_error *err) VF_CHECKED;
/* First column of the first row as BIGINT; `otherwise` when there is no row or it is NULL. */
enum vf_status vf_duckdb_get_i64(struct vf_duckdb_conn *conn, const char *sql, size_t n_params,
                                 const struct vf_duckdb_param *params, int64_t otherwise, int64_t *value,
                                 struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_get_i64_buf(struct vf_duckdb_conn *conn, struct vf_buf *sql, int64_t otherwise, int64_t *value,
                                     struct vf_error *err) VF_CHECKED;

/* catalog."schema"."name"; schema NULL: main. */
void vf_duckdb_quote_table(struct vf_buf *out, const char *schema, const char *name);
const char *vf_duckdb_schema(const char *schema);

/* The bytes of a VARCHAR or BLOB value in a vector. */
static inline const char *vf_duckdb_string(const duckdb_string_t *string, size_t *size_bytes)
{
    *size_bytes = string->value.inlined.length;
    return *size_bytes <= sizeof(string->value.inlined.inlined) ? string->value.inlined.inlined
                                                                : string->value.pointer.ptr;
}

static inline bool vf_duckdb_is_valid(const uint64_t *validity, idx_t row)
{
    return validity == NULL || (validity[row >> 6] >> (row & 63) & 1) != 0;
}

#endif
