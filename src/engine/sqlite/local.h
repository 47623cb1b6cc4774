/*
 * A connection to an SQLite file.
 *
 * What comes from a file is foreign: defensive mode, no trust in its schema, no extensions, limits on what its schema may ask for. A source is opened read-only.
 *
 * The library is chosen file by file: SQLCipher's for one that is encrypted (no header of SQLite, and a key is given) or is made with a key; libSQL's for a target that has an index of
 * libSQL's vectors or whose URL says libsql:; the linked one for all others, and for every source that isn't encrypted.
 */
#ifndef VF_ENGINE_SQLITE_LOCAL_H
#define VF_ENGINE_SQLITE_LOCAL_H

#include "engine/engine.h"
#include "engine/sqlite/library.h"
#include "engine/sqlite/openfile.h"
#include "engine/sqlitesql/conn.h"

struct vf_sqlite_guard;

/* What bulk loading changed, to be put back. */
struct vf_sqlite_bulk {
    bool on;
    bool failed;           /* something couldn't be made durable: never tried again */
    char journal_mode[16]; /* to go back to; empty: nothing to do */
    int64_t synchronous, cache_size, wal_autocheckpoint, temp_store;
};

struct vf_sqlite_local {
    struct vf_sqlite_conn sql;
    char *path;
    enum vf_sqlite_kind kind;
    struct vf_sqlite_library own;     /* what sql.lib points to when it isn't the linked one */
    struct vf_sqlite_open_file *file; /* this connection's entry in the list of open files */
    char *key;                        /* of an encrypted file, or NULL; wiped at close */
    bool holds_vec0;                  /* extension.h */
    bool has_vector_index;            /* the target has one of libSQL's */
    struct vf_error libsql_missing;   /* why libSQL's library isn't used where it is wanted */
    bool is_immutable;
    bool is_new;    /* the file was made by this connection, or was empty */
    bool made_file; /* the file came into being by our opening it */
    bool in_snapshot;
    struct vf_sqlite_guard *guard; /* of a snapshot that others may join */
    int lock_fd;
    char *lock_path;
    struct vf_sqlite_bulk bulk;
};

static inline struct vf_sqlite_local *vf_sqlite_local_of(struct vf_conn *conn)
{
    return (struct vf_sqlite_local *)(void *)conn;
}

enum vf_status vf_sqlite_open(const struct vf_url *url, const struct vf_open_options *options, struct vf_conn **conn,
                              struct vf_error *err) VF_CHECKED;
void vf_sqlite_close(struct vf_conn *conn);
enum vf_status vf_sqlite_describe(struct vf_conn *conn, struct vf_server *server, struct vf_error *err) VF_CHECKED;

/* A second handle on the same file with the same precautions, read-only; for the guard of a snapshot. */
enum vf_status vf_sqlite_open_another(struct vf_sqlite_local *local, sqlite3 **db, struct vf_error *err) VF_CHECKED;

/* SQLite as a target: folder, free space, lock and names (sqlitesql/target.h). */
enum vf_status vf_sqlite_preflight(struct vf_conn *conn, const struct vf_schema *wanted,
                                   const struct vf_load_estimate *estimate, struct vf_problem_list *problems,
                                   struct vf_error *err) VF_CHECKED;

#endif
