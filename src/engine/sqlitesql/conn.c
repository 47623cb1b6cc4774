#include "engine/sqlitesql/conn.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/sql.h"

/* ---- failures ---- */

static enum vf_status status_of(const struct vf_sqlite_conn *conn, int code)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return VF_LOCKED;
    case SQLITE_NOMEM:
        return VF_NOMEM;
    case SQLITE_INTERRUPT:
        return VF_CANCELLED;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
        return VF_VALUE;
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return conn->is_usable ? VF_ENGINE : VF_CONNECT;
    default:
        return VF_ENGINE;
    }
}

enum vf_status vf_sqlite_fail(struct vf_sqlite_conn *conn, struct vf_error *err, const char *fmt, ...)
{
    va_list args;
    int code = conn->db != NULL ? conn->lib->extended_errcode(conn->db) : SQLITE_NOMEM;
    enum vf_status status = conn->fail != NULL ? conn->fail(conn, err) : VF_OK;
    if (status != VF_OK) {
        va_start(args, fmt);
        vf_error_wrapv(err, fmt, args);
        va_end(args);
        return status;
    }
    status = status_of(conn, code);
    if (status == VF_NOMEM)
        return vf_error_nomem(err);
    if (status == VF_CANCELLED) {
        status = vf_cancel_check(conn->base.options.cancel, err);
        return status != VF_OK ? status : vf_error_set(err, VF_CANCELLED, "interrupted");
    }
    vf_error_set(err, status, "%s",
                 status == VF_LOCKED ? "the database is locked by another program" : conn->lib->errmsg(conn->db));
    va_start(args, fmt);
    vf_error_wrapv(err, fmt, args);
    va_end(args);
    if (err != NULL)
        err->vendor_code = code;
    conn->hint(conn, code, err);
    return status;
}

/* ---- statements ---- */

enum vf_status vf_sqlite_prepare(struct vf_sqlite_conn *conn, const char *sql, sqlite3_stmt **stmt,
                                 struct vf_error *err)
{
    *stmt = NULL;
    if (conn->lib->prepare_v3(conn->db, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL) != SQLITE_OK)
        return vf_sqlite_fail(conn, err, "\"%s\"", conn->name);
    return VF_OK;
}

enum vf_status vf_sqlite_prepare_buf(struct vf_sqlite_conn *conn, struct vf_buf *sql, sqlite3_stmt **stmt,
                                     struct vf_error *err)
{
    *stmt = NULL;
    enum vf_status status = vf_buf_check(sql, err);
    if (status == VF_OK)
        status = vf_sqlite_prepare(conn, sql->data, stmt, err);
    vf_buf_clear(sql);
    return status;
}

enum vf_status vf_sqlite_prepare_rows(struct vf_sqlite_conn *conn, struct vf_buf *sql, const char *rowid, int64_t limit,
                                      sqlite3_stmt **stmt, struct vf_error *err)
{
    if (conn->prepare_rows != NULL)
        return conn->prepare_rows(conn, sql, rowid, limit, stmt, err);
    if (limit > 0)
        vf_buf_printf(sql, " LIMIT %" PRId64, limit);
    return vf_sqlite_prepare_buf(conn, sql, stmt, err);
}

enum vf_status vf_sqlite_step(struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, bool *row, struct vf_error *err)
{
    int code = conn->lib->step(stmt);
    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return VF_OK;
    return vf_sqlite_fail(conn, err, "\"%s\"", conn->name);
}

enum vf_status vf_sqlite_exec(struct vf_sqlite_conn *conn, const char *sql, struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    enum vf_status status = vf_sqlite_prepare(conn, sql, &stmt, err);
    while (status == VF_OK && row)
        status = vf_sqlite_step(conn, stmt, &row, err);
    conn->lib->finalize(stmt);
    return status;
}

enum vf_status vf_sqlite_exec_buf(struct vf_sqlite_conn *conn, struct vf_buf *sql, struct vf_error *err)
{
    enum vf_status status = vf_buf_check(sql, err);
    if (status == VF_OK)
        status = vf_sqlite_exec(conn, sql->data, err);
    vf_buf_clear(sql);
    return status;
}

enum vf_status vf_sqlite_get_i64(struct vf_sqlite_conn *conn, const char *sql, int64_t otherwise, int64_t *value,
                                 struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum vf_status status = vf_sqlite_prepare(conn, sql, &stmt, err);
    if (status == VF_OK)
        status = vf_sqlite_step(conn, stmt, &row, err);
    if (status == VF_OK) {
        bool is_there = row && conn->lib->column_type(stmt, 0) != SQLITE_NULL;
        *value = is_there ? conn->lib->column_int64(stmt, 0) : otherwise;
    }
    conn->lib->finalize(stmt);
    return status;
}

enum vf_status vf_sqlite_get_text(struct vf_sqlite_conn *conn, const char *sql, char *out, size_t out_bytes,
                                  struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum vf_status status = vf_sqlite_prepare(conn, sql, &stmt, err);
    if (status == VF_OK)
        status = vf_sqlite_step(conn, stmt, &row, err);
    if (status == VF_OK)
        snprintf(out, out_bytes, "%s", row ? vf_sqlite_column_str(conn, stmt, 0) : "");
    conn->lib->finalize(stmt);
    return status;
}

void vf_sqlite_quote(struct vf_buf *out, const char *identifier)
{
    vf_sql_quote(out, identifier);
}

void vf_sqlite_quote_text(struct vf_buf *out, const char *text, size_t size_bytes)
{
    vf_sql_quote_text(out, text, size_bytes);
}

const uint8_t *vf_sqlite_column(const struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int column, size_t *size_bytes)
{
    const void *bytes = conn->lib->column_type(stmt, column) == SQLITE_TEXT
                            ? (const void *)conn->lib->column_text(stmt, column)
                            : conn->lib->column_blob(stmt, column);
    *size_bytes = (size_t)conn->lib->column_bytes(stmt, column);
    return bytes == NULL && *size_bytes == 0 ? (const uint8_t *)"" : bytes;
}

const char *vf_sqlite_column_str(const struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = conn->lib->column_text(stmt, column);
    return text != NULL ? (const char *)text : "";
}

const struct vf_limits *vf_sqlite_limits(const struct vf_conn *conn)
{
    return &vf_sqlite_conn_of_const(conn)->limits;
}
