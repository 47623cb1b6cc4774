/*
 * Reading: snapshots, chunks by block ranges, scans by binary COPY, look-ups.
 *
 * A chunk's bounds are block numbers of the table's file ("128"), and for a partitioned table the OID of a partition and a block of it ("16401:128"; "16401:" is its end). They mean the same
 * rows as long as the table isn't rewritten, which shows in its file number (vf_chunk_list.generation).
 */
#ifndef VF_ENGINE_POSTGRES_SCAN_H
#define VF_ENGINE_POSTGRES_SCAN_H

#include "engine/engine.h"
#include "engine/postgres/conn.h"

enum vf_status vf_pg_begin_snapshot(struct vf_conn *conn, char *token, size_t token_bytes,
                                    struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_join_snapshot(struct vf_conn *conn, const char *token, struct vf_error *err) VF_CHECKED;
void vf_pg_end_snapshot(struct vf_conn *conn);
enum vf_status vf_pg_split(struct vf_conn *conn, const struct vf_relation *relation, uint64_t target_bytes,
                           struct vf_chunk_list *chunks, struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_scan_open(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_chunk *chunk,
                               struct vf_scan **scan, struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_scan_read(struct vf_scan *scan, struct vf_batch *batch, bool *more,
                               struct vf_error *err) VF_CHECKED;
void vf_pg_scan_close(struct vf_scan *scan);
enum vf_status vf_pg_lookup(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_batch *keys,
                            struct vf_scan **scan, struct vf_error *err) VF_CHECKED;

/* nearest.c */
enum vf_status vf_pg_nearest(struct vf_conn *conn, const struct vf_nearest *nearest, struct vf_scan **scan,
                             struct vf_error *err) VF_CHECKED;
/* A scan of the whole table, with `condition` (SQL that follows a WHERE that is true) behind its statement. */
enum vf_status vf_pg_scan_start(struct vf_pg_conn *conn, const struct vf_relation *wanted, const struct vf_chunk *chunk,
                                const struct vf_buf *condition, struct vf_scan **scan, struct vf_error *err) VF_CHECKED;

#endif
