/*
 * The second pass of verify: the rows of the buckets that differ, side by side.
 */
#ifndef VF_FERRY_VERIFY_ROWS_H
#define VF_FERRY_VERIFY_ROWS_H

#include "ferry/verify_side.h"

#define VF_VERIFY_MAX_ROWS 100000 /* of each side that are held at once */

/* Rows held of one side. */
struct vf_verify_held_row {
    struct vf_hash128 key, digest;
    const char *key_json;
    const uint64_t *columns; /* a hash of each column's value */
};

struct vf_verify_held {
    struct vf_arena arena;
    size_t n_rows, cap_rows;
    struct vf_verify_held_row *rows;
};

enum vf_status vf_verify_hold(struct vf_verify_held *held, const struct vf_relation *relation,
                              const struct vf_verify_row *row, struct vf_buf *scratch, struct vf_error *err) VF_CHECKED;
void vf_verify_held_release(struct vf_verify_held *held);

/* Find the differences between what is held of both sides, and add them to the table's result: all are counted, the first VF_VERIFY_MAX_NAMED named. */
enum vf_status vf_verify_compare(struct vf_verify_held *source, struct vf_verify_held *target,
                                 const struct vf_relation *from, struct vf_arena *arena, struct vf_verify_table *result,
                                 struct vf_error *err) VF_CHECKED;

/* Count a difference, and name it when there is still room. Texts are copied. */
enum vf_status vf_verify_name(struct vf_verify_table *result, struct vf_arena *arena,
                              const struct vf_difference *difference, struct vf_error *err) VF_CHECKED;

#endif
