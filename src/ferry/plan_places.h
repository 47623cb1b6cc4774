/*
 * Where in a plan file something stands: the line that settles a problem.
 */
#ifndef VF_FERRY_PLAN_PLACES_H
#define VF_FERRY_PLAN_PLACES_H

#include "base/buf.h"
#include "ferry/plan.h"

/* While a file is written: which objects' entries are in which line. Zeroed, then released. */
struct vf_plan_places {
    struct vf_arena arena;
    bool failed; /* no memory */
    size_t n_places, cap;
    struct vf_plan_place {
        const char *object; /* "public.documents.price" */
        int line;
    } * places;
    size_t counted_bytes; /* of the file, in which the lines before are counted */
    int n_lines;
};

/* The next byte of `out` begins the entry of `part` (NULL: of the table itself) of the table. */
void vf_plan_places_add(struct vf_plan_places *places, const struct vf_buf *out, const struct vf_table *table,
                        const char *part);
/* The next byte begins a key of the whole file, which is found as "target:". */
void vf_plan_places_add_key(struct vf_plan_places *places, const struct vf_buf *out, const char *key);
/* 0: it has no entry. */
int vf_plan_places_find(const struct vf_plan_places *places, const char *object);
void vf_plan_places_release(struct vf_plan_places *places);

/* What is looked for: the object, or what the problem says instead. The second target has a key of its own. */
const char *vf_plan_place_of(const struct vf_problem *problem, unsigned target);

/* The lines of the problems, in the file that was read; without one they have none. */
void vf_plan_place_problems(const struct vf_plan *plan, const struct vf_plan_request *request);

#endif
