/*
 * Canonical row encoding, digests of rows, and sums over them.
 *
 * A row is encoded column by column, in the order of the plan's columns:
 *   NULL            00
 *   BOOL            01, one byte 0 or 1
 *   I8..I64         02, int64 little-endian (all widths alike, so that a column may be wider on one side)
 *   F32             03, 4 bytes little-endian; F64: 04, 8 bytes. Every NaN is the quiet NaN 7fc00000 or 7ff8000000000000; -0 and 0 differ
 *   DATE            05, int32; TIME 06, int64; TIMESTAMP 07, int64; TIMESTAMPTZ 08, int64; INTERVAL 09, int32 months, int32 days, int64 us
 *   UUID            0a, 16 bytes
 *   DECIMAL 10, TEXT 11, BLOB 12, JSON 13, ENUM 14, ARRAY 15, OTHER 16: tag, u64 little-endian length, bytes
 *   VECTOR          20, element as one byte, u64 length of the bytes, bytes; SPARSE: 21, u64 length, bytes
 * all integers little-endian. The digest of the row is XXH3-128 of that. A set of rows has their count and the sum of the digests mod 2^128: independent
 * of order, and doubled rows don't cancel. A database's digest depends on nothing but its values and the plan's types.
 */
#ifndef VF_MODEL_CANON_H
#define VF_MODEL_CANON_H

#include "base/buf.h"
#include "base/hash.h"
#include "model/batch.h"

struct vf_digest {
    int64_t n_rows;
    struct vf_hash128 sum;
};

void vf_digest_add_row(struct vf_digest *digest, struct vf_hash128 row);
void vf_digest_subtract_row(struct vf_digest *digest, struct vf_hash128 row);
void vf_digest_merge(struct vf_digest *digest, struct vf_digest other);
bool vf_digest_equal(struct vf_digest a, struct vf_digest b);

/* Append the canonical bytes of one value. */
void vf_canon_value(const struct vf_array *array, int64_t row, struct vf_buf *out);

/* Digests of all rows of a batch into out[0..n_rows); `scratch` is reused between calls (cleared first). */
enum vf_status vf_canon_rows(const struct vf_batch *batch, struct vf_buf *scratch, struct vf_hash128 *out,
                             struct vf_error *err) VF_CHECKED;

/* Hash of some columns of one row (a key), or of a single value (to find the column that differs). vf_buf_check(scratch) says whether memory ran out. */
struct vf_hash128 vf_canon_columns(const struct vf_batch *batch, int64_t row, size_t n_columns, const size_t *columns,
                                   struct vf_buf *scratch);

#endif
