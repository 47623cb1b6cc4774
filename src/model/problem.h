/*
 * Problems that a plan finds: all of them at once, each with its object, its remedy and the exit code that follows when nothing is done about it.
 */
#ifndef VF_MODEL_PROBLEM_H
#define VF_MODEL_PROBLEM_H

#include <stdint.h>

#include "base/alloc.h"
#include "base/error.h"
#include "model/schema.h"

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
    const char *say; /* what of ferry.yaml settles it, as it is written there: "loss: accept"; or NULL */
    const char *at;  /* whose line of ferry.yaml that is, if not the object's: another object, or a key of the file with
                        its colon, "target:"; or NULL */
    int line;        /* of ferry.yaml, where that goes; 0: not known, or in no file */
};

/* What a target will take of its disk, where that can be seen. */
struct vf_disk_need {
    int64_t needed_bytes; /* 0: not seen */
    int64_t free_bytes;
    const char *formula; /* what was added up */
};

struct vf_problem_list {
    struct vf_arena arena;
    struct vf_disk_need disk; /* of a preflight */
    size_t n_problems;
    struct vf_problem *problems;
};

/* The texts are copied. `fmt` makes `what`. */
enum vf_status vf_problem_add(struct vf_problem_list *list, enum vf_severity severity, enum vf_status status,
                              const char *object, const char *remedy, struct vf_error *err, const char *fmt, ...)
    __attribute__((format(printf, 7, 8))) VF_CHECKED;
/* The same about a part of a table (NULL: about the table itself), which is "schema.table.part". */
enum vf_status vf_problem_add_about(struct vf_problem_list *list, enum vf_severity severity, enum vf_status status,
                                    const struct vf_table *table, const char *part, const char *remedy,
                                    struct vf_error *err, const char *fmt, ...)
    __attribute__((format(printf, 8, 9))) VF_CHECKED;
/* What settles the problem that was added last; copied. */
enum vf_status vf_problem_say(struct vf_problem_list *list, const char *say, struct vf_error *err) VF_CHECKED;
/* Whose line it is, of the problem that was added last; copied. */
enum vf_status vf_problem_at(struct vf_problem_list *list, const char *at, struct vf_error *err) VF_CHECKED;
/* What the disk of `path` must have room for, and has; `fmt` makes the formula. With less room it is a block. */
enum vf_status vf_problem_need_disk(struct vf_problem_list *list, const char *path, uint64_t needed_bytes,
                                    uint64_t free_bytes, struct vf_error *err, const char *fmt, ...)
    __attribute__((format(printf, 6, 7))) VF_CHECKED;
void vf_problem_list_release(struct vf_problem_list *list);
const char *vf_severity_name(enum vf_severity severity);

#endif
