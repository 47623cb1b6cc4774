/*
 * The parts of a plan: one a target, all from one inspection of one snapshot of the source.
 *
 * Each part is a plan of its own, made from what of the source goes to its target: whole tables, or columns of a table with its key. Each target has its own run, chunks and markers, and
 * so can be copied, resumed and verified alone; what binds them is the file that they are written in and its hash, which every run records. A plan for one target is one part.
 *
 * Every column of the source is in exactly one part (those of a key that splits a table are in each), or is named as not moved in one.
 */
#ifndef VF_FERRY_PARTS_H
#define VF_FERRY_PARTS_H

#include "ferry/plan.h"

struct vf_parts {
    struct vf_arena arena;
    const struct vf_plan_request *request; /* after vf_parts_read() */
    const char *source_url;                /* of the file, or NULL */
    const char *target_urls[VF_MAX_TARGETS];
    struct vf_schema source; /* whole; the plans see views of it */
    size_t n_parts;
    struct vf_plan plans[VF_MAX_TARGETS];
    char sha256[65]; /* also in each plan */
};

/* A zeroed struct is fine. */
void vf_parts_release(struct vf_parts *parts);

/* As vf_plan_read(): what the user may decide, and the URLs. */
enum vf_status vf_parts_read(const char *file, const char *text, size_t size_bytes, struct vf_parts *parts,
                             struct vf_error *err) VF_CHECKED;

/*
 * Decide everything: as vf_plan_make() when nothing was read before, else as vf_plan_bind(). `target_urls` are shown in the plan, one a target. The number of targets must be that of the
 * file. VF_USAGE: a split that can't be, with file, line and column where it is of a file.
 */
enum vf_status vf_parts_make(struct vf_parts *parts, struct vf_conn *source, struct vf_conn *const *targets,
                             size_t n_targets, const char *const *target_urls, const struct vf_plan_options *options,
                             struct vf_error *err) VF_CHECKED;

/* The whole file. Failures are the buffer's. */
void vf_parts_write(const struct vf_parts *parts, struct vf_buf *out);
/* The problems get their lines in the file that was read; without one they have none. */
void vf_parts_place_problems(const struct vf_parts *parts);
/* vf_plan_check() over all parts: their problems are counted together. */
enum vf_status vf_parts_check(const struct vf_parts *parts, struct vf_error *err) VF_CHECKED;

#endif
