/*
 * sqlite-vec: the extension that vec0 tables are written through, vec0.so, found as a library is (base/library.h).
 *
 * It is loaded by SQLite's function, into a connection that needs it, and the SQL function load_extension() stays off throughout.
 */
#ifndef VF_ENGINE_SQLITE_EXTENSION_H
#define VF_ENGINE_SQLITE_EXTENSION_H

#include "engine/sqlitesql/conn.h"

struct vf_sqlite_local;

/*
 * VF_MISSING, with the remedy: it isn't there, this SQLite loads no extensions, or another of the libraries (SQLite's, libSQL's, SQLCipher's) has it in this process: it can work for one of them at a time.
 */
enum vf_status vf_sqlite_load_vec0(struct vf_sqlite_conn *conn, struct vf_error *err) VF_CHECKED;
/* The database that it was loaded into has been closed. */
void vf_sqlite_release_vec0(struct vf_sqlite_local *local);

#endif
