/*
 * A connection to a PostgreSQL server, and the few calls that all parts of the engine make through it.
 *
 * The session is fixed at the start (UTC, ISO dates, exact floats, no time-outs), so that texts mean the same on every server. Waiting is always cancellable: while the server works,
 * the cancel flag of the options is looked at, and a raised one cancels the statement.
 */
#ifndef VF_ENGINE_POSTGRES_CONN_H
#define VF_ENGINE_POSTGRES_CONN_H

#include <libpq-fe.h>

#include "base/buf.h"
#include "engine/engine.h"
#include "engine/postgres/oids.h"

/* The pgvector that a database has, or would get by CREATE EXTENSION. */
struct vf_pg_vector {
    bool is_available;
    bool is_whole;    /* with halfvec, sparsevec, and indexes over them, over bits and for L1: from 0.7.0 on */
    bool is_safe;     /* parallel builds don't write beyond their memory (CVE-2026-3172): from 0.8.2 on */
    char version[16]; /* "0.8.6" */
};

struct vf_pg_conn {
    struct vf_conn_base base;
    PGconn *pg;
    int version; /* 180006 */
    bool in_snapshot;
    bool is_locked;
    bool is_bulk;
    bool is_async;               /* the open transaction loads rows in bulk, and won't wait for the disk */
    bool was_cancelled;          /* a cancel request was sent for the running statement */
    char synchronous_commit[16]; /* before bulk loading */
    char application[64];        /* before the lock wrote its holder there */
    struct vf_pg_types types;    /* read when first asked for */
    bool vector_asked;
    struct vf_pg_vector vector; /* when vector_asked */
    int n_stages;               /* staging tables made so far, for their names */
};

static inline struct vf_pg_conn *vf_pg_conn_of(struct vf_conn *conn)
{
    return (struct vf_pg_conn *)(void *)conn;
}

static inline const struct vf_pg_conn *vf_pg_conn_of_const(const struct vf_conn *conn)
{
    return (const struct vf_pg_conn *)(const void *)conn;
}

enum vf_status vf_pg_open(const struct vf_url *url, const struct vf_open_options *options, struct vf_conn **conn,
                          struct vf_error *err) VF_CHECKED;
void vf_pg_close(struct vf_conn *conn);
enum vf_status vf_pg_describe(struct vf_conn *conn, struct vf_server *server, struct vf_error *err) VF_CHECKED;

/* ---- statements ---- */

/* A failed result as a status and an error with SQLSTATE, message and remedy; `result` NULL: the connection's own message. Never VF_OK. */
enum vf_status vf_pg_fail(struct vf_pg_conn *conn, const PGresult *result, struct vf_error *err);
/* What kind of failure a SQLSTATE is. */
enum vf_status vf_pg_status_of(const char *sqlstate);
/* Does the SQLSTATE speak of the row that is loaded (and not of the table, the server or the connection)? */
bool vf_pg_is_row_error(const char *sqlstate);

/* Run one statement. With parameters: texts, NULL for NULL, their types as the server takes them. *result is freed by PQclear(), and NULL on failure. */
enum vf_status vf_pg_query(struct vf_pg_conn *conn, const char *sql, int n_params, const char *const *params,
                           PGresult **result, struct vf_error *err) VF_CHECKED;
/* The same for statements without rows; several of them without parameters are fine. */
enum vf_status vf_pg_exec(struct vf_pg_conn *conn, const char *sql, struct vf_error *err) VF_CHECKED;
/* The text of a buffer, whose own failure is reported; the buffer is cleared. */
enum vf_status vf_pg_exec_buf(struct vf_pg_conn *conn, struct vf_buf *sql, struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_query_buf(struct vf_pg_conn *conn, struct vf_buf *sql, PGresult **result,
                               struct vf_error *err) VF_CHECKED;
/* First column of the first row as a text in `out`, cut to fit; "" when there is no row or it is NULL. */
enum vf_status vf_pg_get_text(struct vf_pg_conn *conn, const char *sql, int n_params, const char *const *params,
                              char *out, size_t out_bytes, struct vf_error *err) VF_CHECKED;
/* The last result of what was sent (PQsendQuery and its kin), after waiting for it; earlier ones are thrown away, but for the first failure. NULL: the connection is lost. */
PGresult *vf_pg_finish(struct vf_pg_conn *conn);
/* Wait until there is something to read, or until the flag is raised, which cancels the statement. false: the connection is lost. */
bool vf_pg_wait(struct vf_pg_conn *conn);
/* The same until all that libpq holds has been sent, on a connection that doesn't block. A raised flag cancels the statement and doesn't end the sending: the server then reads and throws away. */
bool vf_pg_flush(struct vf_pg_conn *conn);

/* Try a part of the open transaction: savepoint, and either keep or undo. Without a transaction these do nothing. */
enum vf_status vf_pg_savepoint(struct vf_pg_conn *conn, bool *made, struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_savepoint_end(struct vf_pg_conn *conn, bool keep, struct vf_error *err) VF_CHECKED;

/* ---- texts ---- */

/* A name in double quotes, and a text in single quotes (as E'' when it has a backslash). Neither may hold a NUL. */
void vf_pg_quote(struct vf_buf *out, const char *identifier);
void vf_pg_quote_text(struct vf_buf *out, const char *text, size_t size_bytes);
/* "schema"."name", or "name" when schema is NULL. */
void vf_pg_quote_table(struct vf_buf *out, const char *schema, const char *name);

/* The field of a text result: "" for NULL; as a copy in the arena, NULL for NULL (and when memory ran out). */
static inline const char *vf_pg_str(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column);
}
static inline bool vf_pg_is_true(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column)[0] == 't';
}
const char *vf_pg_copy(const PGresult *result, int row, int column, struct vf_arena *arena);
int64_t vf_pg_i64(const PGresult *result, int row, int column, int64_t otherwise); /* `otherwise` for NULL */
/* A column made by array_to_json() or json_agg() of texts, as texts in the arena. */
enum vf_status vf_pg_texts(const PGresult *result, int row, int column, struct vf_arena *arena, const char ***texts,
                           size_t *n_texts, struct vf_error *err) VF_CHECKED;

#endif
