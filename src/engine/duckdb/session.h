/*
 * HNSW indexes that aren't in the file: whoever opens it builds one over a temporary table of keys and vectors, by the statements of a script.
 *
 * DuckDB takes such an index without its experimental persistence, and nothing in the file needs the extension. vecferry itself runs the same statements, on a connection of their own, to ask the index.
 */
#ifndef VF_ENGINE_DUCKDB_SESSION_H
#define VF_ENGINE_DUCKDB_SESSION_H

#include "engine/duckdb/conn.h"

/* vf_engine_ops.index_script */
enum vf_status vf_duckdb_index_script(struct vf_conn *conn, const struct vf_relation *relation,
                                      const struct vf_table *table, const struct vf_index *index, struct vf_buf *out,
                                      struct vf_error *err) VF_CHECKED;

/* The connection that has the index, and the table that stands for the relation there; both belong to `conn`, which keeps one index at a time. */
enum vf_status vf_duckdb_session(struct vf_duckdb_conn *conn, const struct vf_nearest *nearest,
                                 struct vf_duckdb_conn **session, struct vf_relation *relation,
                                 struct vf_error *err) VF_CHECKED;
void vf_duckdb_session_close(struct vf_duckdb_conn *conn); /* none is fine */

#endif
