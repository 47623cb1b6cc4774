/*
 * Several targets of one plan: which of them are begun, gone on with, or done already.
 *
 * Each target has its own run. A stopped copy may have left any of them done, unfinished, or not begun; what was stored in an earlier process is of that process's snapshot of the source,
 * as in a run with one target. So that a source that changed meanwhile can't pass unseen, verify reads all targets again, also those that were done before.
 */
#ifndef VF_FERRY_TARGETS_H
#define VF_FERRY_TARGETS_H

#include "ferry/copy.h"

/*
 * Look at all targets before the first of them is written to. states[i] is what to do with crossings[i]: FRESH: begin; UNFINISHED: go on, whose crossing->resume is left set; DONE: nothing,
 * only with `resume`. VF_STATE: a run that can't be gone on with; nothing to resume; with `resume`, a table in the way in a target that isn't begun.
 */
enum vf_status vf_targets_look(struct vf_crossing *const *crossings, size_t n_targets, bool resume,
                               enum vf_copy_state *states, struct vf_error *err) VF_CHECKED;

/* The two halves of it, for targets that aren't open at the same time. Is there something to go on with? A target that is done isn't begun again with `resume` only. */
enum vf_status vf_targets_decide(enum vf_copy_state *states, size_t n_targets, bool resume,
                                 struct vf_error *err) VF_CHECKED;
/* VF_STATE: a table of the plan is in the target, which is to be begun. */
enum vf_status vf_targets_check_empty(struct vf_crossing *crossing, struct vf_error *err) VF_CHECKED;

#endif
