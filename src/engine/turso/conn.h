/*
 * A connection to a database on a server.
 */
#ifndef VF_ENGINE_TURSO_CONN_H
#define VF_ENGINE_TURSO_CONN_H

#include "base/hash.h"
#include "engine/engine.h"
#include "engine/sqlitesql/conn.h"
#include "engine/turso/hrana.h"

struct vf_turso_conn {
    struct vf_sqlite_conn sql;
    struct vf_hrana db;
    char *name;                 /* the URL as it may be shown */
    bool has_vector_index;      /* libsql_vector_idx */
    bool has_vectors;           /* vector32() and its like */
    struct vf_hash128 identity; /* of the server's address */
    bool no_statistics;         /* it refuses ANALYZE */
    char product[64], version[64], sqlite_version[64];
    bool in_snapshot, is_watching;
    bool has_watched;                  /* at any time */
    int64_t n_changes, schema_version; /* of the database when watching began */
    char lease[256];                   /* our word in the lease's row; empty: we hold none */
    int64_t lease_s;                   /* how long it was to last when it was renewed last */
    int64_t
        renewed_us; /* by the clock on the wall, when it was renewed last; not in a transaction, which may be rolled back */
    long stall_timeout_s;          /* how long an answer may take to begin */
    size_t request_bytes;          /* of rows in one request, by how long the last ones took; 0: none was sent yet */
    struct vf_scan *expected;      /* a scan whose first page is on its way, or NULL */
    struct vf_hash128 expected_of; /* what it reads */
    char no_index[256];            /* why the server builds no vector index; empty: it does */
};

static inline struct vf_turso_conn *vf_turso_conn_of(struct vf_conn *conn)
{
    return (struct vf_turso_conn *)(void *)conn;
}

enum vf_status vf_turso_open(const struct vf_url *url, const struct vf_open_options *options, struct vf_conn **conn,
                             struct vf_error *err) VF_CHECKED;
void vf_turso_close(struct vf_conn *conn);
enum vf_status vf_turso_describe(struct vf_conn *conn, struct vf_server *server, struct vf_error *err) VF_CHECKED;

enum vf_status vf_turso_begin_snapshot(struct vf_conn *conn, char *token, size_t token_bytes,
                                       struct vf_error *err) VF_CHECKED;
void vf_turso_end_snapshot(struct vf_conn *conn);
/* Close the scan that was expected and wasn't opened. */
void vf_turso_forget_expected(struct vf_turso_conn *conn);
/* Has nothing been changed since watching began? VF_STATE: it has. */
enum vf_status vf_turso_check_watch(struct vf_turso_conn *conn, struct vf_error *err) VF_CHECKED;

/* The failure that is in the session as an error, "<what>: <message>". */
enum vf_status vf_turso_fail(struct vf_turso_conn *conn, struct vf_error *err, const char *what);

#endif
