/*
 * A step that takes long, watched: it is done by a thread of its own, while this one shows how far it is.
 *
 * Where the database can tell (vf_conn_watch), a second connection asks it; elsewhere what is shown is that it goes on, and for how long.
 */
#ifndef VF_FERRY_INDEX_WATCH_H
#define VF_FERRY_INDEX_WATCH_H

#include "ferry/crossing.h"

/* Do `step` on the crossing's target. `name` is what progress calls it. Without a progress function it is done at once, by this thread. */
enum vf_status vf_apply_watched(struct vf_crossing *crossing, const struct vf_step *step, const char *name,
                                struct vf_error *err) VF_CHECKED;

#endif
