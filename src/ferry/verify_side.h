/*
 * One side of a verification: its rows scanned, checked and digested, and handed on one by one.
 */
#ifndef VF_FERRY_VERIFY_SIDE_H
#define VF_FERRY_VERIFY_SIDE_H

#include <stdatomic.h>

#include "ferry/check.h"
#include "ferry/verify.h"

/* Digests of rows that the target refused: they are expected to be missing there. Sorted; each entry is used once a scan. */
struct vf_verify_excused {
    size_t n_digests, cap_digests;
    struct vf_hash128 *digests;
    bool *used;
};
enum vf_status vf_verify_excuse(struct vf_verify_excused *excused, struct vf_hash128 digest,
                                struct vf_error *err) VF_CHECKED;
void vf_verify_excused_sort(struct vf_verify_excused *excused);
void vf_verify_excused_release(struct vf_verify_excused *excused);

/* A row as the scan hands it on; valid during the call. */
struct vf_verify_row {
    const struct vf_batch *batch;
    int64_t row;
    struct vf_hash128 digest;
    struct vf_hash128 key; /* hash of the key's columns, or the digest where there is no key */
};

struct vf_verify_side {
    const struct vf_crossing *crossing;
    const struct vf_plan_table *table;
    const char *label;
    bool is_target;
    struct vf_verify_excused *excused; /* source only; may be NULL */
    uint64_t batch_bytes;
    int64_t *n_changed; /* source: as in struct vf_check_rules */

    /* Called for each row, and for each row of the target that isn't of the plan's types. Anything but VF_OK stops the scan. */
    enum vf_status (*row)(void *context, const struct vf_verify_row *row, struct vf_error *err);
    enum vf_status (*unreadable)(void *context, const struct vf_reject *reject, struct vf_error *err);
    void (*progress)(void *context); /* after each batch; may be NULL */
    atomic_bool *stop;               /* may be NULL: another thread says that nobody wants the rest, VF_CANCELLED */
    void *context;

    /* Out. */
    int64_t n_rows, n_bytes, n_rejected; /* n_rejected: of the source, by the check or excused */
};

enum vf_status vf_verify_scan(struct vf_verify_side *side, struct vf_error *err) VF_CHECKED;

#endif
