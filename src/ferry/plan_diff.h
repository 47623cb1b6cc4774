/*
 * What has changed in the source since a plan file was made.
 *
 * Both sides are plan files: the one that was made then, and one that is made now from the same decisions. Each is read into facts (there is a table, its column is of a type, its values were
 * taken for another one, an object stays behind, a problem was found), which are compared one by one; how the files are written doesn't matter, nor what the user decided in between.
 */
#ifndef VF_FERRY_PLAN_DIFF_H
#define VF_FERRY_PLAN_DIFF_H

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"

struct vf_plan_fact {
    const char *what;   /* "table", "column", "type", "rows", "view", "problem" */
    const char *object; /* "public.documents.price", or "" */
    const char *detail; /* tells facts of one object apart; "" */
    const char *value;  /* what is compared; NULL: that it is there */
    const char *table;  /* that it is a part of, and goes with; or NULL */
    bool is_quality;    /* of an object that is a fact of its own: told when both files have it */
    bool is_figure;     /* a number that changes from day to day: told when it changed much, and no change by itself */
    bool is_told;       /* a fact that only a list of what the program found has */
};

struct vf_plan_facts {
    struct vf_arena arena;
    size_t n_facts;
    struct vf_plan_fact *facts; /* by what, object and detail; each once */
    bool has_not_moved, has_problems;
    size_t n_bare; /* tables that the file lists without their columns: of those nothing else is known */
    const char **bare;
};

/* VF_USAGE: the text is no plan, with file, line and column. Release in any case. */
enum vf_status vf_plan_facts_read(const char *file, const char *text, size_t size_bytes, struct vf_plan_facts *facts,
                                  struct vf_error *err) VF_CHECKED;
void vf_plan_facts_release(struct vf_plan_facts *facts);

/* The order of the list. */
int vf_plan_fact_compare(const struct vf_plan_fact *left, const struct vf_plan_fact *right);

enum vf_plan_change_kind {
    VF_CHANGE_CAME,
    VF_CHANGE_WENT,
    VF_CHANGE_CHANGED,
};

struct vf_plan_change {
    enum vf_plan_change_kind kind;
    bool counts; /* false: only told */
    const char *what, *object;
    const char *before, *after; /* or NULL */
};

struct vf_plan_changes {
    struct vf_arena arena;
    size_t n_changes, n_counted;
    struct vf_plan_change *changes;
};

/* What of `now` isn't so in `then`. A zeroed struct is fine to release. */
enum vf_status vf_plan_diff(const struct vf_plan_facts *then, const struct vf_plan_facts *now,
                            struct vf_plan_changes *changes, struct vf_error *err) VF_CHECKED;
void vf_plan_changes_release(struct vf_plan_changes *changes);
/* "came", "went", "changed"; static. */
const char *vf_plan_change_name(enum vf_plan_change_kind kind);

#endif
