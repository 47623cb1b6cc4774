/*
 * What a vector is made of.
 *
 * Both the model (types of columns) and the vector room (encodings, text, distances) speak of elements, so the enum lives here.
 *
 * The neutral form of a vector, as it lies in a batch: its elements one after the other, without header or padding, in the byte order of
 * the host (f16 and bf16 as uint16_t); bits are packed eight to a byte, the first bit of the vector in the most significant bit of the
 * first byte (pgvector's order, not that of vec0 and libSQL), unused bits of the last byte zero. Sparse vectors have a form of their
 * own, see vector/sparse.h.
 */
#ifndef VF_BASE_ELEMENT_H
#define VF_BASE_ELEMENT_H

#include <stdbool.h>
#include <stddef.h>

enum vf_element {
    VF_E_NONE, /* not a vector */
    VF_E_F32,  /* IEEE 754 binary32 */
    VF_E_F64,  /* IEEE 754 binary64 */
    VF_E_F16,  /* IEEE 754 binary16: pgvector's halfvec, libSQL's F16_BLOB */
    VF_E_BF16, /* the upper half of a binary32: libSQL's FB16_BLOB */
    VF_E_I8,   /* signed byte */
    VF_E_BIT,  /* one bit */
};

/* "f32", "f64", "f16", "bf16", "i8", "bit"; "none" for anything else. Static. */
const char *vf_element_name(enum vf_element element);

/* The reverse, exact spelling; false when `name` is no element ("none" isn't). */
bool vf_element_parse(const char *name, enum vf_element *element);

/* Bytes of one vector of `dim` elements; for bits ceil(dim / 8). 0 for VF_E_NONE, and when the size doesn't fit into size_t. */
size_t vf_element_bytes(enum vf_element element, size_t dim);

#endif
