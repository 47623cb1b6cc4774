/*
 * How a table is named in a query that reads its rows.
 *
 * An index of libSQL's vectors (libsql_index.h) is an index on an expression to SQLite, and an empty one. Where SQLite takes it for one that covers the query, which count(*) and SELECT id
 * make it do, the query finds no rows. NOT INDEXED keeps it away from tables with a rowid; for those without it has no effect (seen in 3.40.1 and 3.54.1), and INDEXED BY the primary key does.
 * So no statement of this folder reads a user's table but by these.
 */
#ifndef VF_ENGINE_SQLITESQL_FROM_H
#define VF_ENGINE_SQLITESQL_FROM_H

#include "base/buf.h"
#include "engine/sqlitesql/conn.h"

/* Append the name, quoted, with what keeps such indexes away: for queries that go over the table itself. */
enum vf_status vf_sqlite_write_from(struct vf_sqlite_conn *conn, const char *table, struct vf_buf *sql,
                                    struct vf_error *err) VF_CHECKED;
/* Append SELECT count(*) of the table: there, SQLite before 3.47 at least heeds NOT INDEXED, and not INDEXED BY. */
enum vf_status vf_sqlite_write_count(struct vf_sqlite_conn *conn, const char *table, struct vf_buf *sql,
                                     struct vf_error *err) VF_CHECKED;
/* vf_sqlite_write_from() for a query with a condition on a key, which is to use the key's index: it holds other columns than the key, so that no other index covers it. */
enum vf_status vf_sqlite_write_from_by_key(struct vf_sqlite_conn *conn, const char *table, struct vf_buf *sql,
                                           struct vf_error *err) VF_CHECKED;

#endif
