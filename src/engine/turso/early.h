/*
 * Asking early: the next page of rows is on its way while this one is being read, so that the server works and the net carries while we do.
 *
 * There is one such request a session, and at the most two pages in memory. It goes out with the baton of the stream, and the thread of ping.h takes its answer in as it comes; so the stream isn't
 * kept waiting by a reader that is slow. Whatever else is asked in the session meanwhile waits for the answer, and goes on with its baton.
 *
 * What goes wrong belongs to the page: it is found when the page is wanted, and then the request counts as its first try. It is only ever reading.
 */
#ifndef VF_ENGINE_TURSO_EARLY_H
#define VF_ENGINE_TURSO_EARLY_H

#include "engine/turso/hrana.h"

/* Send the request that was begun by vf_hrana_new(); the statement wants its answer later. When it can't be sent now that is no failure. */
void vf_hrana_early_send(struct vf_hrana *db, struct vf_hrana_stmt *stmt);
/* The answer as if it had been asked for just then: a pipeline's results, or a cursor's lines. false: there is none, and it must be asked for. *fine: as vf_hrana_run() returns. */
bool vf_hrana_early_take(struct vf_hrana *db, const struct vf_hrana_stmt *stmt, bool *fine);
/* It isn't wanted any more, if there is one. */
void vf_hrana_early_drop(struct vf_hrana *db, const struct vf_hrana_stmt *stmt);

/* The lock is held. Take in what is coming; and take its baton, too, so that another request can be made. */
void vf_hrana_early_land(struct vf_hrana *db);
void vf_hrana_early_settle(struct vf_hrana *db);

#endif
