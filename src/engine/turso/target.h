/*
 * A server as a target: what columns become, where libSQL's own vector types say more than BLOB does, and what is named before the first write.
 */
#ifndef VF_ENGINE_TURSO_TARGET_H
#define VF_ENGINE_TURSO_TARGET_H

#include "engine/turso/conn.h"

enum vf_status vf_turso_map_column(struct vf_conn *conn, const struct vf_table *table, const struct vf_column *column,
                                   struct vf_arena *arena, struct vf_mapping *mapping, struct vf_error *err) VF_CHECKED;
enum vf_status vf_turso_preflight(struct vf_conn *conn, const struct vf_schema *wanted,
                                  const struct vf_load_estimate *estimate, struct vf_problem_list *problems,
                                  struct vf_error *err) VF_CHECKED;
enum vf_status vf_turso_apply(struct vf_conn *conn, const struct vf_step *step, struct vf_error *err) VF_CHECKED;
enum vf_status vf_turso_begin_bulk(struct vf_conn *conn, const struct vf_load_estimate *estimate,
                                   struct vf_error *err) VF_CHECKED;
enum vf_status vf_turso_end_bulk(struct vf_conn *conn, struct vf_error *err) VF_CHECKED;

#endif
