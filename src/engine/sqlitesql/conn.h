/*
 * A connection to a database that speaks SQLite's SQL, and the few calls that all parts of the folder make through it.
 *
 * An engine's own connection begins with a struct vf_sqlite_conn, and it fills it: a file is opened by SQLite, a server answers behind the same table of functions.
 */
#ifndef VF_ENGINE_SQLITESQL_CONN_H
#define VF_ENGINE_SQLITESQL_CONN_H

#include "base/buf.h"
#include "engine/engine.h"
#include "engine/sqlitesql/library.h"

struct vf_sqlite_conn {
    struct vf_conn_base base;
    const struct vf_sqlite_library *lib;
    sqlite3 *db;
    const char *name; /* what messages call the database: the path of a file, the URL of a server */
    bool
        is_libsql; /* a file whose vectors are declared as libSQL's, and that has libsql_vector_idx: it is asked to, or has it already */
    bool is_usable;        /* a first read has gone well: what can't be read later is broken, not foreign */
    bool no_without_rowid; /* tables WITHOUT ROWID can't be made */
    bool has_vec0;         /* sqlite-vec is loaded into this connection */
    /* Load it. VF_MISSING, with the remedy: it isn't there. NULL: nothing can be loaded there. */
    enum vf_status (*load_vec0)(struct vf_sqlite_conn *conn, struct vf_error *err);
    const char *no_vector_index; /* why no libsql_vector_idx is built there; NULL: it is */
    struct vf_limits limits;
    /* Adds the remedy to the error of a failure of SQLite with this extended code, where there is one. */
    void (*hint)(const struct vf_sqlite_conn *conn, int code, struct vf_error *err);
    /* What failed last when it wasn't SQLite itself, but the way to it; VF_OK: it was SQLite. NULL: there is no way between. */
    enum vf_status (*fail)(struct vf_sqlite_conn *conn, struct vf_error *err);
    /* vf_sqlite_prepare_rows() for a server; NULL: a statement gives its rows one by one by itself. */
    enum vf_status (*prepare_rows)(struct vf_sqlite_conn *conn, struct vf_buf *sql, const char *rowid, int64_t limit,
                                   sqlite3_stmt **stmt, struct vf_error *err);
    /* Of a server, to which each request is a way: what is bound is one set of arguments, and another may be bound. The first step runs the statement with all sets, and its rows are those of the
     * first, then of the second. false: no further set has room. NULL: a statement has one set. */
    bool (*keep_arguments)(sqlite3_stmt *stmt);
    /* Of such a server, too: these reading statements, without parameters, are about to be run, and it may be asked for all answers at once. */
    void (*ask_ahead)(struct vf_sqlite_conn *conn, size_t n, const struct vf_buf *statements);
};

static inline struct vf_sqlite_conn *vf_sqlite_conn_of(struct vf_conn *conn)
{
    return (struct vf_sqlite_conn *)(void *)conn;
}

static inline const struct vf_sqlite_conn *vf_sqlite_conn_of_const(const struct vf_conn *conn)
{
    return (const struct vf_sqlite_conn *)(const void *)conn;
}

const struct vf_limits *vf_sqlite_limits(const struct vf_conn *conn);

/* The last failure of SQLite as a status and an error: "<what>: <message of SQLite>", with the remedy where there is one. Never VF_OK. */
enum vf_status vf_sqlite_fail(struct vf_sqlite_conn *conn, struct vf_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Prepare one statement. The text must come from this engine: names in it are quoted by vf_sqlite_quote(). */
enum vf_status vf_sqlite_prepare(struct vf_sqlite_conn *conn, const char *sql, sqlite3_stmt **stmt,
                                 struct vf_error *err) VF_CHECKED;
/* The same with a text in a buffer, whose own failure is reported; the buffer is cleared. */
enum vf_status vf_sqlite_prepare_buf(struct vf_sqlite_conn *conn, struct vf_buf *sql, sqlite3_stmt **stmt,
                                     struct vf_error *err) VF_CHECKED;
/* The same for a SELECT over a whole table: its text ends where " AND ..." and " LIMIT ..." can follow its WHERE, and its column 0 is the rowid, whose name is given; NULL: there is none.
 * `limit` 0: all rows. */
enum vf_status vf_sqlite_prepare_rows(struct vf_sqlite_conn *conn, struct vf_buf *sql, const char *rowid, int64_t limit,
                                      sqlite3_stmt **stmt, struct vf_error *err) VF_CHECKED;
/* *row: a row is there. */
enum vf_status vf_sqlite_step(struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, bool *row,
                              struct vf_error *err) VF_CHECKED;
/* Run one statement to its end; rows are passed over. */
enum vf_status vf_sqlite_exec(struct vf_sqlite_conn *conn, const char *sql, struct vf_error *err) VF_CHECKED;
enum vf_status vf_sqlite_exec_buf(struct vf_sqlite_conn *conn, struct vf_buf *sql, struct vf_error *err) VF_CHECKED;
/* First column of the first row as an integer; `otherwise` when there is no row or it is NULL. */
enum vf_status vf_sqlite_get_i64(struct vf_sqlite_conn *conn, const char *sql, int64_t otherwise, int64_t *value,
                                 struct vf_error *err) VF_CHECKED;
/* The same as a text in `out`, cut to fit. */
enum vf_status vf_sqlite_get_text(struct vf_sqlite_conn *conn, const char *sql, char *out, size_t out_bytes,
                                  struct vf_error *err) VF_CHECKED;

/* A name in double quotes, and a text in single quotes; the text must have no NUL. */
void vf_sqlite_quote(struct vf_buf *out, const char *identifier);
void vf_sqlite_quote_text(struct vf_buf *out, const char *text, size_t size_bytes);

/* The bytes of a text or blob column of the current row with its NULs; never NULL pointers for empty values. NULL when memory ran out. */
const uint8_t *vf_sqlite_column(const struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int column, size_t *size_bytes);
/* A text column as C string, "" for NULL; valid until the next step. */
const char *vf_sqlite_column_str(const struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int column);

#endif
