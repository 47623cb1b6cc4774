/*
 * sqlite-vec: the extension that vec0 tables are written through, vec0.so, found as a library is (base/library.h).
 *
 * It is loaded by SQLite's function, into a connection that needs it, and the SQL function load_extension() stays off throughout.
 */
#ifndef VF_ENGINE_SQLITE_EXTENSION_H
#define VF_ENGINE_SQLITE_EXTENSION_H

#include "engine/sqlitesql/conn.h"

/* VF_MISSING, with the remedy: it isn't there, or this SQLite loads no extensions. */
enum vf_status vf_sqlite_load_vec0(struct vf_sqlite_conn *conn, struct vf_error *err) VF_CHECKED;

#endif
