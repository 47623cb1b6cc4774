/*
 * Verify: both sides are read again, from what is stored, and compared by count and digest.
 *
 * First pass: every row of both sides falls by the hash of its key (of the whole row where there is no key) into one of VF_VERIFY_BUCKETS buckets, each with a count and a sum of digests.
 * Equal totals and equal buckets: equal. Second pass, only when something differs: the rows of the buckets that differ are held side by side and named, with the columns in which they differ.
 * This finds the rows without depending on how either database orders keys. Rows in the target's vecferry_rejects are not expected in the target; they are reported by their number.
 */
#ifndef VF_FERRY_VERIFY_H
#define VF_FERRY_VERIFY_H

#include "ferry/crossing.h"
#include "model/canon.h"

#define VF_VERIFY_BUCKETS   4096
#define VF_VERIFY_MAX_NAMED 100 /* differences named a table; all are counted */

enum vf_difference_kind {
    VF_DIFFERENCE_MISSING,    /* in the source only */
    VF_DIFFERENCE_EXTRA,      /* in the target only */
    VF_DIFFERENCE_CHANGED,    /* the same key, other values */
    VF_DIFFERENCE_DUPLICATE,  /* more often in the target */
    VF_DIFFERENCE_UNREADABLE, /* the target holds a value that isn't of the plan's type */
};

struct vf_difference {
    enum vf_difference_kind kind;
    const char *key;    /* JSON */
    const char *column; /* CHANGED, UNREADABLE: the first column that differs; else NULL */
    const char *detail; /* or NULL */
};

/* A vector or full-text index of the target, see verify_index.h. */
struct vf_verify_index {
    const char *name;
    const char *file; /* of a sidecar; NULL: the database's own */
    enum vf_index_kind kind;
    const char *state; /* of a sidecar: "fresh", "missing", "foreign", "damaged", "stale"; else "built" */
    bool equal;        /* it is of these rows, and finds as much as is asked for */
    const char *why;   /* not equal, or not measured: the reason */
    int64_t n_vectors;
    bool measured;
    double recall, min_recall;
    uint32_t k, ef_search, probes;
    int64_t n_queries;
    /* Of a full-text index, see verify_text.h. */
    int64_t n_documents;        /* rows that it knows; -1: it doesn't say */
    int64_t n_words;            /* that were searched for, and found their row */
    int64_t n_compared, n_same; /* searched for on both sides; of them, those that find the same rows */
};

struct vf_verify_table {
    bool equal;
    struct vf_digest source, target; /* source: without the rejected rows */
    int64_t n_rejected;
    int64_t n_differences;
    bool at_least; /* so much differs that n_differences is only a lower bound */
    size_t n_named;
    struct vf_difference *named;
    size_t n_indexes;
    struct vf_verify_index *indexes;
    int64_t n_bad_indexes;
    int64_t *n_changed; /* of each column that is compared: texts whose U+0000 the plan has changed (ferry/nul.h) */
    int64_t n_bytes, elapsed_us;
};

/* What a view shows on both sides. */
struct vf_verify_view {
    bool is_compared;            /* else nothing but whether it can be read in the target */
    const char *why;             /* what isn't compared, or why nothing is; or why it can't be read in the target */
    struct vf_verify_table rows; /* rows.equal: there is nothing wrong with it */
};

struct vf_verify_result {
    struct vf_arena arena;
    size_t n_tables;
    struct vf_verify_table *tables; /* one for each of the plan's tables */
    size_t n_views;
    struct vf_verify_view *views; /* one for each of the plan's views */
    int64_t n_differences;        /* of tables */
    int64_t n_bad_indexes, n_bad_views;
    int64_t n_rejected;
    int64_t elapsed_us;
};

void vf_verify_result_release(struct vf_verify_result *result);
const char *vf_difference_name(enum vf_difference_kind kind);

/* `run`: whose rejects count; NULL: the newest run of the target with this plan, or none. Differences are not an error: result->n_differences. */
enum vf_status vf_verify_run(struct vf_crossing *crossing, const char *run, struct vf_verify_result *result,
                             struct vf_error *err) VF_CHECKED;

#endif
