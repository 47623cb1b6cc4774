/*
 * Signs of life for a stream: a server lets a stream expire after some seconds of silence (sqld: ten), and with it the transaction on it. A snapshot is longer silent than that when a target is
 * slow or builds its indexes, a load when its source is slow. So a thread asks for nothing in particular whenever a transaction was silent for a while.
 *
 * The same thread takes in the answers to what was asked early (early.h).
 *
 * The session's lock is held from when a request is begun until its answer is in: what the thread sends never comes between.
 */
#ifndef VF_ENGINE_TURSO_PING_H
#define VF_ENGINE_TURSO_PING_H

#include "engine/turso/hrana.h"

/* Start the thread, if it doesn't run yet. Without it transactions live as long as the server lets them: a failure to start is no failure. */
void vf_hrana_ping_start(struct vf_hrana *db);
void vf_hrana_ping_stop(struct vf_hrana *db); /* waits for it */

#endif
