/*
 * Has anything been changed? How many rows the server's one connection has changed so far, and the version of the schema, are asked for with each page, so that the end of a scan needs no request
 * of its own.
 */
#ifndef VF_ENGINE_TURSO_WATCH_H
#define VF_ENGINE_TURSO_WATCH_H

#include "engine/turso/hrana.h"

/* Steps of the request that is being written, and their results, of which the first has this number, into db->watch. false: the failure is in the session. */
void vf_hrana_watch_write(struct vf_hrana *db);
bool vf_hrana_watch_take(struct vf_hrana *db, size_t step);
/* Ask for nothing else. */
bool vf_hrana_watch_ask(struct vf_hrana *db);

#endif
