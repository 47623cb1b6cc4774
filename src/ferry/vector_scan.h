/*
 * The vectors of one column as they are stored in a database, with the keys of their rows: what an index is built from, digested, and measured against.
 */
#ifndef VF_FERRY_VECTOR_SCAN_H
#define VF_FERRY_VECTOR_SCAN_H

#include "ferry/crossing.h"
#include "model/canon.h"

#define VF_VECTOR_MAX_KEY 32 /* columns of a key */

/* A vector column of a table and the key of the table: fields [0, n_key) are the key, the last is the vector. */
struct vf_vector_relation {
    struct vf_relation relation;
    struct vf_field fields[VF_VECTOR_MAX_KEY + 1];
    size_t key[VF_VECTOR_MAX_KEY];
};

/* Column `column` of `whole`, whose key is named in it. false: no key, one of too many columns, or one that has the vector in it. The struct points into itself: it isn't copied. */
bool vf_vector_relation_init(struct vf_vector_relation *out, const struct vf_relation *whole, size_t column);

struct vf_vector_scan {
    struct vf_conn *conn;
    const struct vf_relation *relation;
    uint64_t batch_bytes;
    struct vf_cancel *cancel;
    const char *label; /* for messages */
    /* Called with the rows of each batch whose vector isn't NULL, at least one, and their digests; may be NULL. Anything but VF_OK stops the scan. */
    enum vf_status (*rows)(void *context, const struct vf_batch *batch, const struct vf_hash128 *digests,
                           struct vf_error *err);
    void *context;

    struct vf_digest digest; /* out: number of the vectors, and the sum of the digests of (key, vector) */
};

enum vf_status vf_vector_scan_run(struct vf_vector_scan *scan, struct vf_error *err) VF_CHECKED;

#endif
