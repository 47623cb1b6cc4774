/*
 * Scripts: files beside a database with the statements that build a vector index in the memory of whoever opens it (VF_PLACE_SESSION). The text is the target engine's, the file is ours.
 */
#ifndef VF_FERRY_SCRIPT_H
#define VF_FERRY_SCRIPT_H

#include "ferry/crossing.h"
#include "ferry/sidecar.h"

/* Is the file at `path` a script of vecferry's, by its first line? */
bool vf_script_is_ours(const char *path);

/* Write the script of the plan's index on the crossing's target, unless it is there as it should be; whole or not at all, durable, mode 0600. */
enum vf_status vf_script_write(struct vf_crossing *crossing, const struct vf_plan_table *table,
                               const struct vf_plan_index *index, struct vf_error *err) VF_CHECKED;

/* FRESH: it says what the plan wants; FOREIGN: something else; or MISSING. *why as in vf_sidecar_check(). */
enum vf_status vf_script_check(struct vf_crossing *crossing, const struct vf_plan_table *table,
                               const struct vf_index *index, struct vf_arena *arena, enum vf_sidecar_state *state,
                               const char **why, struct vf_error *err) VF_CHECKED;

#endif
