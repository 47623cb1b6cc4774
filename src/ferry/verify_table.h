/*
 * The verification of one table: see verify.h.
 */
#ifndef VF_FERRY_VERIFY_TABLE_H
#define VF_FERRY_VERIFY_TABLE_H

#include "ferry/verify.h"

/* Of the table only what a scan of each side needs is looked at. `run`: whose rejects count, or NULL: none do. Texts of the result are in the arena. */
enum vf_status vf_verify_table(struct vf_crossing *crossing, const struct vf_plan_table *table, const char *run,
                               struct vf_arena *arena, struct vf_verify_table *result, struct vf_error *err) VF_CHECKED;

#endif
