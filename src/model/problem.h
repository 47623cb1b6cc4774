/*
 * Problems that a plan finds: all of them at once, each with its object, its remedy and the exit code that follows when nothing is done about it.
 */
#ifndef VF_MODEL_PROBLEM_H
#define VF_MODEL_PROBLEM_H

#include "base/alloc.h"
#include "base/error.h"

enum vf_severity {
    VF_SEVERITY_NOTE,  /* told */
    VF_SEVERITY_LOSS,  /* a value would change: needs the user's word */
    VF_SEVERITY_BLOCK, /* the copy can't run */
};

struct vf_problem {
    enum vf_severity severity;
    enum vf_status status; /* of a BLOCK: what the run would fail with (VF_MISSING, VF_USAGE, VF_STATE, ...) */
    const char *object;    /* "documents.embedding", "documents_pkey", or "" for the whole */
    const char *what;
    const char *remedy;
};

struct vf_problem_list {
    struct vf_arena arena;
    size_t n_problems;
    struct vf_problem *problems;
};

/* The texts are copied. `fmt` makes `what`. */
enum vf_status vf_problem_add(struct vf_problem_list *list, enum vf_severity severity, enum vf_status status,
                              const char *object, const char *remedy, struct vf_error *err, const char *fmt, ...)
    __attribute__((format(printf, 7, 8))) VF_CHECKED;
void vf_problem_list_release(struct vf_problem_list *list);
const char *vf_severity_name(enum vf_severity severity);

#endif
