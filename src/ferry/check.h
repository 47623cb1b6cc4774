/*
 * The check stage: between the source's batch and the target, every value is looked at once.
 *
 * Rows that the target can't hold (a NUL in a text, NaN in a vector, NULL where the target says not null, ...) are taken out of the batch and put on its list of rejects, with column,
 * reason and the bytes. What only the database itself can judge (unique keys, its own checks) comes back from the load.
 */
#ifndef VF_FERRY_CHECK_H
#define VF_FERRY_CHECK_H

#include "engine/engine.h"

/* How the reason begins where a text holds U+0000. */
#define VF_CHECK_NUL "U+0000 in the text"

struct vf_check_rules {
    const struct vf_limits *limits; /* of the target */
    const struct vf_relation *from; /* names in the source, key: for the messages */
    const struct vf_relation *to;   /* not null */
    const char *label;              /* of the source's table */
    int64_t
        *n_changed; /* of each column of `from`: texts whose U+0000 the plan has changed, added to; NULL: not counted */
};

struct vf_check_scratch {
    bool *drop;
    int64_t cap_rows;
    struct vf_buf key;
};
void vf_check_scratch_release(struct vf_check_scratch *scratch);

enum vf_status vf_check_batch(struct vf_batch *batch, const struct vf_check_rules *rules,
                              struct vf_check_scratch *scratch, struct vf_error *err) VF_CHECKED;

#endif
