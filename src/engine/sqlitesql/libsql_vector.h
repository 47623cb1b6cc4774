/*
 * Vectors as libSQL's blobs hold them.
 *
 * A blob of even length is float32 without more. One of odd length ends with a byte that names its type; float32 may have it too. All numbers are little-endian, bits LSB first.
 *
 * | type    | byte | before it                                                                                                              |
 * | ------- | ---- | ---------------------------------------------------------------------------------------------------------------------- |
 * | float32 | 1    | 4 * dim bytes                                                                                                           |
 * | float64 | 2    | 8 * dim bytes                                                                                                           |
 * | 1bit    | 3    | ceil(dim / 8) bytes, a zero byte if the whole would get an even length, u8 k; dim = 8 * (bytes before the type) - k     |
 * | float8  | 4    | dim bytes q, padding to a multiple of 4, f32 alpha, f32 shift, a zero byte, u8 length of the padding; x = alpha * q + shift |
 * | float16 | 5    | 2 * dim bytes                                                                                                           |
 * | floatb16| 6    | 2 * dim bytes, the upper halves of float32                                                                              |
 * | sparse  | 9    | f32 value[nnz], u32 index[nnz] from 0, u32 dim (Turso's rewrite only)                                                   |
 *
 * float8 has no element of its own here: it is read as the float32 values that libSQL itself computes from it (one multiplication and one addition in float32), which is exact; nothing is
 * quantised again on the way back. Its padding is memory that libSQL never wrote: two blobs of one vector may differ in it, so it is read by nobody.
 */
#ifndef VF_ENGINE_SQLITESQL_LIBSQL_VECTOR_H
#define VF_ENGINE_SQLITESQL_LIBSQL_VECTOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/element.h"
#include "base/error.h"

#define VF_LIBSQL_MAX_DIM 65536

enum vf_libsql_type {
    VF_LIBSQL_F32 = 1,
    VF_LIBSQL_F64 = 2,
    VF_LIBSQL_BIT = 3,
    VF_LIBSQL_F8 = 4,
    VF_LIBSQL_F16 = 5,
    VF_LIBSQL_BF16 = 6,
    VF_LIBSQL_SPARSE = 9,
};

/* A blob taken apart; borrows its bytes. */
struct vf_libsql_vector {
    enum vf_libsql_type type;
    enum vf_element element; /* of what vf_libsql_vector_unpack() gives: f32 for F8 and SPARSE */
    size_t dim;
    const uint8_t *data;
    size_t nnz; /* SPARSE */
};

/* "float32", "1bit"; static. */
const char *vf_libsql_type_name(enum vf_libsql_type type);
/* The type that libSQL has for vectors of the element, as its blobs are written; 0: it has none. */
enum vf_libsql_type vf_libsql_type_of(enum vf_element element);

/* VF_VALUE: a blob that libSQL wouldn't take for a vector, or one that says two things about itself. */
enum vf_status vf_libsql_vector_parse(const uint8_t *bytes, size_t size_bytes, struct vf_libsql_vector *vector,
                                      struct vf_error *err) VF_CHECKED;
/* The elements in the neutral form (base/element.h); `out` has room for vf_element_bytes(element, dim). VF_VALUE: bits behind the last one are set, or an entry of a sparse one is beyond its dim. */
enum vf_status vf_libsql_vector_unpack(const struct vf_libsql_vector *vector, void *out,
                                       struct vf_error *err) VF_CHECKED;
/* A SPARSE one in the neutral form of vector/sparse.h, appended to `out` and checked. */
enum vf_status vf_libsql_vector_unpack_sparse(const struct vf_libsql_vector *vector, struct vf_buf *out,
                                              struct vf_error *err) VF_CHECKED;

/* Append the blob of a vector in the neutral form; float32 without the type's byte. The element must have a type. */
void vf_libsql_vector_pack(enum vf_element element, const void *bytes, size_t dim, struct vf_buf *out);
/* The same of a sparse vector that vf_sparse_check() passed. */
void vf_libsql_vector_pack_sparse(const void *sparse, struct vf_buf *out);

#endif
