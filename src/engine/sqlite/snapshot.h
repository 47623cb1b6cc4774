/*
 * Snapshots: a read transaction, which SQLite keeps at one instant, and the guard that lets other connections of the process join it.
 *
 * SQLite has no way to open a second connection at the instant of a first one. So a guard watches: a connection of its own whose PRAGMA data_version changes with every commit of anybody
 * else. The first connection begins between two looks of the guard that see the same number; a connection that joins begins its own transaction and looks at the guard after that.
 * The number is still the same: nothing was committed in between, and both see the same instant, whatever is committed later. It isn't: VF_STATE.
 */
#ifndef VF_ENGINE_SQLITE_SNAPSHOT_H
#define VF_ENGINE_SQLITE_SNAPSHOT_H

#include "engine/engine.h"
#include "engine/sqlite/local.h"

enum vf_status vf_sqlite_begin_snapshot(struct vf_conn *conn, char *token, size_t token_bytes,
                                        struct vf_error *err) VF_CHECKED;
enum vf_status vf_sqlite_join_snapshot(struct vf_conn *conn, const char *token, struct vf_error *err) VF_CHECKED;
void vf_sqlite_end_snapshot(struct vf_conn *conn);

#endif
