/*
 * The databases that are open in this process, one for each file.
 *
 * DuckDB locks a file for a process, not for a connection: opened twice in one process it would be damaged. So a file is opened once, whoever asks, and closed with its last connection.
 * It is attached to a database in memory, which is the way to say its storage version, and it is the default one of every connection.
 */
#ifndef VF_ENGINE_DUCKDB_INSTANCE_H
#define VF_ENGINE_DUCKDB_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/duckdb/buffers.h"
#include "engine/duckdb/extension.h"
#include "engine/duckdb/file.h"
#include "engine/duckdb/library.h"
#include "engine/engine.h"

/* What the file is called among the databases of the connection: no schema of a user's is likely to have the name. */
#define VF_DUCKDB_CATALOG "vecferry_file"

struct vf_duckdb_instance;
struct vf_duckdb_conn;

/* Open the file, or join it where it is open already. A target's file is made when it isn't there. */
enum vf_status vf_duckdb_instance_get(const char *path, const struct vf_open_options *options,
                                      const struct vf_duckdb_library *lib, struct vf_duckdb_instance **instance,
                                      struct vf_error *err) VF_CHECKED;
/* Leave it; the last one closes the file, and removes one that was made here and has stayed empty. */
void vf_duckdb_instance_put(struct vf_duckdb_instance *instance);

enum vf_status vf_duckdb_instance_connect(struct vf_duckdb_instance *instance, duckdb_connection *handle,
                                          struct vf_error *err) VF_CHECKED;

/* It has an HNSW index, and the extension that knows it isn't there, for this reason; NULL: it is there, or isn't needed. Only a file that is read can be so: one to be written to isn't opened. */
const struct vf_error *vf_duckdb_instance_lacks_vss(const struct vf_duckdb_instance *instance);
/* Load an extension, once, through any connection to the instance. VF_MISSING as vf_duckdb_extension_load(). */
enum vf_status vf_duckdb_instance_need(struct vf_duckdb_instance *instance, duckdb_connection handle,
                                       const struct vf_open_options *options, enum vf_duckdb_extension extension,
                                       struct vf_error *err) VF_CHECKED;
/* A file that was made here, and is still empty, gets that storage version; *chosen is false when the file was there before, and keeps its own. */
enum vf_status vf_duckdb_instance_choose_storage(struct vf_duckdb_instance *instance, uint64_t storage_version,
                                                 bool *chosen, struct vf_error *err) VF_CHECKED;
struct vf_duckdb_buffers *vf_duckdb_instance_buffers(struct vf_duckdb_instance *instance);
/*
 * From now on row groups get that many rows at the most, a multiple of 2048. The file is detached and attached again, by `handle`, which is its only connection; where it isn't, nothing happens.
 */
enum vf_status vf_duckdb_instance_choose_row_group(struct vf_duckdb_instance *instance, duckdb_connection handle,
                                                   unsigned n_rows, struct vf_error *err) VF_CHECKED;
/* Something is in the file now that has to stay. */
void vf_duckdb_instance_keep(struct vf_duckdb_instance *instance);

/*
 * How far is what the connection of that number is doing, in DuckDB's own units? Zeros, when nothing of it is known. The number is good from instance_show() to instance_hide(), and any thread may
 * ask; 0 is no connection.
 */
uint64_t vf_duckdb_instance_show(struct vf_duckdb_instance *instance, duckdb_connection handle);
void vf_duckdb_instance_hide(struct vf_duckdb_instance *instance, uint64_t number);
void vf_duckdb_instance_progress(struct vf_duckdb_instance *instance, uint64_t number, uint64_t *done, uint64_t *total);

/* One run at a time: false, and the holder's text in `holder`, when somebody else has it. */
bool vf_duckdb_instance_lock(struct vf_duckdb_instance *instance, const void *owner, const char *text, char *holder,
                             size_t holder_bytes);
void vf_duckdb_instance_unlock(struct vf_duckdb_instance *instance, const void *owner);

/* Counts up with every commit of this process: a snapshot is still to be had while it is the same. */
uint64_t vf_duckdb_instance_commits(struct vf_duckdb_instance *instance);
void vf_duckdb_instance_count_commit(struct vf_duckdb_instance *instance);
/* The snapshots that may be joined, by number. */
uint64_t vf_duckdb_instance_snapshot_begin(struct vf_duckdb_instance *instance);
void vf_duckdb_instance_snapshot_end(struct vf_duckdb_instance *instance, uint64_t number);
bool vf_duckdb_instance_snapshot_lives(struct vf_duckdb_instance *instance, uint64_t number);

#endif
