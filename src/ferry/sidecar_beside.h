/*
 * The sidecars that lie beside a database: found by their descriptions, held against the rows that are stored, and built anew from them. No plan is needed, and no source: a description says all that a sidecar is made
 * of. Those of other folders, which only a plan names, aren't found.
 *
 * Of the crossing only the target is used, and what belongs to it: its connection, its URL (which is a file's), its options, memory, progress, cancel and clock.
 */
#ifndef VF_FERRY_SIDECAR_BESIDE_H
#define VF_FERRY_SIDECAR_BESIDE_H

#include "ferry/sidecar.h"

struct vf_sidecar_beside {
    const char *file;  /* its name in the folder of the database */
    const char *path;  /* of the graph */
    bool is_described; /* `description` could be read */
    struct vf_sidecar_description description;
    enum vf_sidecar_state state;
    const char *why; /* NULL: fresh; of one that was built, why that had to be */
    bool is_built;   /* by vf_sidecars_rebuild() */
};

struct vf_sidecar_list {
    struct vf_arena arena; /* of all texts */
    size_t n_sidecars;
    struct vf_sidecar_beside *sidecars; /* in the order of their names */
};

/* A zeroed struct is an empty list. */
void vf_sidecar_list_release(struct vf_sidecar_list *list);

/* Is it a file, of a kind that keeps indexes beside it? */
bool vf_sidecars_can_be(const struct vf_conn *conn, const struct vf_url *url);

/* What lies beside the database at `database_path`: what says that it was built from it, and what has its name in front and says nothing that can be read. */
enum vf_status vf_sidecars_find(const char *database_path, struct vf_sidecar_list *list,
                                struct vf_error *err) VF_CHECKED;

/* Fill in each one's state. `schema`: the database as inspected, with the evidence of the tables that the list names. Reads the vectors of those that aren't wrong already. */
enum vf_status vf_sidecars_judge(const struct vf_crossing *crossing, const struct vf_schema *schema,
                                 struct vf_sidecar_list *list, struct vf_error *err) VF_CHECKED;

/* Can it be built from its description and the rows: is it stale or damaged, or its graph missing? */
bool vf_sidecar_can_be_built(const struct vf_sidecar_beside *beside);

/* Build those for which that is so, each with the parameters that it had. Fresh ones are left, and so is what isn't of this database. */
enum vf_status vf_sidecars_rebuild(struct vf_crossing *crossing, const struct vf_schema *schema,
                                   struct vf_sidecar_list *list, struct vf_error *err) VF_CHECKED;

#endif
