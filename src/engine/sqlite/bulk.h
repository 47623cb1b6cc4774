/*
 * Bulk loading: the settings of a connection and of the file while rows come in, and the way back.
 *
 * While rows come in: WAL (readers aren't stopped, and a killed process loses nothing that was committed), synchronous NORMAL, a cache as large as the memory given, large checkpoints,
 * foreign keys unchecked (VF_STEP_FOREIGN_KEY checks them afterwards). A large load into a new file keeps SQLite's rollback journal, with synchronous FULL: nobody reads the file yet, and
 * pages that are added are written once instead of twice. At the end: everything is checkpointed and made durable, and the journal mode is as it was; a file that was new is left in
 * mode DELETE, so that the database is one file. The mode to go back to is written down in the file (vecferry_settings), so that a run that was killed doesn't leave its own mode behind.
 */
#ifndef VF_ENGINE_SQLITE_BULK_H
#define VF_ENGINE_SQLITE_BULK_H

#include "engine/engine.h"
#include "engine/sqlite/local.h"

enum vf_status vf_sqlite_begin_bulk(struct vf_conn *conn, const struct vf_load_estimate *estimate,
                                    struct vf_error *err) VF_CHECKED;
enum vf_status vf_sqlite_end_bulk(struct vf_conn *conn, struct vf_error *err) VF_CHECKED;
/* The connection is closed without end_bulk: nothing is said about durability, and the file keeps its mode for the run that goes on. */
void vf_sqlite_bulk_abandon(struct vf_sqlite_local *local);

#endif
