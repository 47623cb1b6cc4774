/*
 * Writing rows: many in one INSERT, bounded by the request's bytes and the statement's parameters.
 *
 * A statement that the database refuses is undone by it, and its rows are sent again as one statement each, in one request; those that are refused then are the ones.
 */
#ifndef VF_ENGINE_TURSO_LOAD_H
#define VF_ENGINE_TURSO_LOAD_H

#include "engine/turso/conn.h"

/* How large the next request may be, when one of that size took so long: a server lets a stream expire that it hears nothing of for ten seconds, and a request is heard when it is there as a
 * whole. 0: there was none yet. */
size_t vf_turso_choose_request_bytes(size_t now_bytes, int64_t took_us);

enum vf_status vf_turso_begin(struct vf_conn *conn, struct vf_error *err) VF_CHECKED;
enum vf_status vf_turso_commit(struct vf_conn *conn, struct vf_error *err) VF_CHECKED;
void vf_turso_rollback(struct vf_conn *conn);
enum vf_status vf_turso_load_open(struct vf_conn *conn, const struct vf_relation *relation, struct vf_load **load,
                                  struct vf_error *err) VF_CHECKED;
enum vf_status vf_turso_load_write(struct vf_load *load, const struct vf_batch *batch, struct vf_reject_list *rejects,
                                   struct vf_error *err) VF_CHECKED;
void vf_turso_load_close(struct vf_load *load);

#endif
