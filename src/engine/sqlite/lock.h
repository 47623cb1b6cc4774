/*
 * One run at a time on a target: an flock() on the file "<path>-vecferry-lock" beside it, which holds the holder's words.
 *
 * The kernel drops the lock with the process, however it ends; a file that was left behind means nothing.
 */
#ifndef VF_ENGINE_SQLITE_LOCK_H
#define VF_ENGINE_SQLITE_LOCK_H

#include "engine/engine.h"

enum vf_status vf_sqlite_lock(struct vf_conn *conn, const char *holder, struct vf_error *err) VF_CHECKED;
void vf_sqlite_unlock(struct vf_conn *conn);

#endif
