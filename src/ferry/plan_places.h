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
        unsigned target;    /* that the entry is of; 0: of all */
        int line;
    } * places;
    unsigned target;      /* of the entries that come next */
    size_t counted_bytes; /* of the file, in which the lines before are counted */
    int n_lines;
};

/* The next byte of `out` begins the entry of `part` (NULL: of the table itself) of the table, or of a view. */
void vf_plan_places_add(struct vf_plan_places *places, const struct vf_buf *out, const char *schema, const char *name,
                        const char *part);
/* The next byte begins a key of the whole file, which is found as "target:". */
void vf_plan_places_add_key(struct vf_plan_places *places, const struct vf_buf *out, const char *key);
/* Its own entry's line, or its table's if it has none; but what is to be said in an entry of its own (vf_problem.say) is said in no other: 0, as when there is neither. */
int vf_plan_places_find(const struct vf_plan_places *places, const struct vf_problem *problem, unsigned target);
/* What a foreign key is called as a part of its table, since not every one has a name: "(a, b) to public.parent". NULL: no memory. */
const char *vf_plan_key_part(struct vf_arena *arena, const struct vf_table *table, const struct vf_foreign_key *key);
void vf_plan_put_key_part(struct vf_buf *out, size_t n_columns, const char *const *columns, const char *to);
void vf_plan_places_release(struct vf_plan_places *places);

/* The same in the file that was read; without one they have none. */
void vf_plan_place_problems(const struct vf_plan *plan, const struct vf_plan_request *request);

#endif
