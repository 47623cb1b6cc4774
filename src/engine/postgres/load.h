/*
 * Loading: transactions, bulk settings, rows by binary COPY.
 *
 * Every vf_pg_load_write() is a COPY of its own. Columns whose type has no codec (inet, ranges, composites) are loaded as text into a temporary staging table and from there, by casts of the
 * server, into the table: in the same transaction.
 *
 * While bulk loading, commits of rows don't wait for the disk (synchronous_commit off: a crash of the server may lose the last commits, with their markers, but never a marker without its
 * rows). All other commits do, so that the run and its list of chunks outlive a crash.
 * The end of bulk loading is a commit that waits, after a record of its own in the log: with it all earlier commits are on the disk.
 */
#ifndef VF_ENGINE_POSTGRES_LOAD_H
#define VF_ENGINE_POSTGRES_LOAD_H

#include "engine/engine.h"
#include "engine/postgres/conn.h"

enum vf_status vf_pg_begin(struct vf_conn *conn, struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_commit(struct vf_conn *conn, struct vf_error *err) VF_CHECKED;
void vf_pg_rollback(struct vf_conn *conn);
enum vf_status vf_pg_begin_bulk(struct vf_conn *conn, const struct vf_load_estimate *estimate,
                                struct vf_error *err) VF_CHECKED;
/* Before rows are loaded: the open transaction, if it is one of a bulk load, won't wait for the disk. */
enum vf_status vf_pg_begin_rows(struct vf_pg_conn *conn, struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_end_bulk(struct vf_conn *conn, struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_load_open(struct vf_conn *conn, const struct vf_relation *relation, struct vf_load **load,
                               struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_load_write(struct vf_load *load, const struct vf_batch *batch, struct vf_reject_list *rejects,
                                struct vf_error *err) VF_CHECKED;
void vf_pg_load_close(struct vf_load *load);

#endif
