/*
 * Sidecars: HNSW graphs beside a database file, built from the rows that are stored there, and held against them later.
 */
#ifndef VF_FERRY_SIDECAR_H
#define VF_FERRY_SIDECAR_H

#include "ferry/crossing.h"
#include "ferry/sidecar_file.h"
#include "ferry/vector_scan.h"
#include "vector/hnsw.h"

enum vf_sidecar_state {
    VF_SIDECAR_FRESH,
    VF_SIDECAR_MISSING,    /* no graph, or no description */
    VF_SIDECAR_FOREIGN,    /* of another column, with other parameters, or not vecferry's */
    VF_SIDECAR_DAMAGED,    /* the graph or its keys aren't what the description says */
    VF_SIDECAR_STALE,      /* the rows have changed since */
    VF_SIDECAR_UNREADABLE, /* its description, or what it was built from, can't be read: it says nothing */
};

/* "fresh", "missing", "foreign", "damaged", "stale", "unreadable"; static. */
const char *vf_sidecar_state_name(enum vf_sidecar_state state);

/* A sidecar as the plan wants it. */
struct vf_sidecar {
    const char *path, *label; /* of the graph; of the column, for messages */
    const char *database_path, *database;
    const struct vf_relation *relation; /* the column and its key, see vector_scan.h */
    struct vf_vector_index index;
    struct vf_conn *conn;
    const char *library_dir;
    uint64_t batch_bytes;
    struct vf_cancel *cancel;
    void (*progress)(void *context, int64_t n_rows, int64_t n_bytes); /* may be NULL */
    void *progress_context;
};

/* The plan's sidecar `index` of `table`, on the crossing's target. `relation` is filled and must live as long. Texts are in the arena. */
enum vf_status vf_sidecar_of_plan(const struct vf_crossing *crossing, const struct vf_plan_table *table,
                                  const struct vf_plan_index *index, struct vf_vector_relation *relation,
                                  struct vf_arena *arena, struct vf_sidecar *sidecar, struct vf_error *err) VF_CHECKED;

/* Build it anew from the stored rows, and give it its name at the end. VF_MISSING: no library, or no memory. */
enum vf_status vf_sidecar_build(const struct vf_sidecar *sidecar, int64_t expected_rows,
                                struct vf_error *err) VF_CHECKED;

/* The same, with its progress shown under `name`. */
enum vf_status vf_sidecar_build_shown(struct vf_crossing *crossing, struct vf_sidecar *sidecar, const char *name,
                                      int64_t expected_rows, struct vf_error *err) VF_CHECKED;

/*
 * Hold the files against what is wanted and, when `digest` isn't NULL, against the digest of the rows as they are. *why, in the arena, says it for people; NULL when fresh. The description, as far as it could be read,
 * is left in `found`.
 */
enum vf_status vf_sidecar_check(const struct vf_sidecar *sidecar, const struct vf_digest *digest,
                                struct vf_arena *arena, enum vf_sidecar_state *state, const char **why,
                                struct vf_sidecar_description *found, struct vf_error *err) VF_CHECKED;

/* The options of the graph, as vf_hnsw_new() and vf_hnsw_load() take them. */
struct vf_hnsw_options vf_sidecar_options(const struct vf_sidecar *sidecar);

/* All of the plan's sidecars, and scripts (script.h): those that aren't fresh are built. */
enum vf_status vf_sidecars_build(struct vf_crossing *crossing, struct vf_error *err) VF_CHECKED;

#endif
