/*
 * Sparse vectors.
 *
 * The neutral form is one run of bytes, little-endian whatever the host, 8 + 8 * nnz of them:
 *
 *   u32 dim
 *   u32 nnz
 *   u32 index[nnz]   from 0, strictly ascending, below dim
 *   f32 value[nnz]   finite and not zero
 *
 * pgvector's wire form is the same with a word more, big-endian: i32 dim, i32 nnz, i32 unused (0), i32 index[nnz] from 0, f32 value[nnz].
 * All memory is the caller's, of any alignment. Errors are VF_VALUE and name the entry (from 0).
 */
#ifndef VF_VECTOR_SPARSE_H
#define VF_VECTOR_SPARSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

#define VF_SPARSE_MAX_DIM 2147483647u /* an int32 on pgvector's wire; pgvector itself stops at 1,000,000,000 */

/* Bytes of the neutral form and of pgvector's wire form with `nnz` entries. */
size_t vf_sparse_bytes(uint32_t nnz);
size_t vf_sparse_pgvector_bytes(uint32_t nnz);

/* Check a neutral value as described above; also that its size is right and 1 <= dim <= VF_SPARSE_MAX_DIM. */
enum vf_status vf_sparse_check(const void *sparse, size_t size_bytes, struct vf_error *err) VF_CHECKED;

/* Of a value that has passed vf_sparse_check(). */
uint32_t vf_sparse_dim(const void *sparse);
uint32_t vf_sparse_nnz(const void *sparse);
uint32_t vf_sparse_index(const void *sparse, uint32_t entry);
float vf_sparse_value(const void *sparse, uint32_t entry);

/* pgvector's binary value (as COPY sends it, without the length in front) -> neutral, checked. `out` has room for size_bytes - 4; `*out_bytes` is what was used. */
enum vf_status vf_sparse_from_pgvector(const void *wire, size_t size_bytes, void *out, size_t *out_bytes,
                                       struct vf_error *err) VF_CHECKED;

/* The reverse, of a checked value; `out` has room for vf_sparse_pgvector_bytes(nnz), all of which is written. */
void vf_sparse_to_pgvector(const void *sparse, void *out);

#endif
