/*
 * Conversions between encodings of vectors: byte order, half precision, bit order; and the check that all values are finite.
 *
 * The neutral form (host byte order, bits MSB first) is described in base/element.h. What databases use:
 *
 *   pgvector's wire form  big-endian f32 and f16, bits MSB first
 *   vec0 and libSQL       little-endian, bits LSB first
 *   DuckDB                little-endian f32
 *
 * All counts are elements, not bytes, unless the name says bytes. Pointers to void may have any alignment. Input and output may be the
 * same memory only where that is said; apart from that they must not overlap. Nothing allocates and nothing can fail. The results don't
 * depend on the CPU: a faster way is only taken where it gives the same bits.
 */
#ifndef VF_VECTOR_CONVERT_H
#define VF_VECTOR_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/element.h"

/* Copy n elements of 2, 4 or 8 bytes between host order and big-endian, either way. `out` == `in` is allowed. */
void vf_copy_be16(void *out, const void *in, size_t n);
void vf_copy_be32(void *out, const void *in, size_t n);
void vf_copy_be64(void *out, const void *in, size_t n);

/* The same between host order and little-endian: memmove on a little-endian host. `out` == `in` is allowed. */
void vf_copy_le16(void *out, const void *in, size_t n);
void vf_copy_le32(void *out, const void *in, size_t n);
void vf_copy_le64(void *out, const void *in, size_t n);

/* One vector of `dim` elements between the neutral form and big- or little-endian, whatever the element. Bytes and bits are copied as they are. */
void vf_copy_be(enum vf_element element, void *out, const void *in, size_t dim);
void vf_copy_le(enum vf_element element, void *out, const void *in, size_t dim);

/*
 * binary16 (IEEE 754-2019, 3.6). To f32 is exact; to f16 rounds to nearest, ties to even: too large becomes infinity, too small a
 * subnormal or zero. A NaN stays a NaN with its sign and the upper bits of its payload, and is made quiet, as the F16C instructions do.
 * The arrays use F16C where the CPU has it.
 */
uint16_t vf_f16_from_f32(float value);
float vf_f16_to_f32(uint16_t value);
void vf_f16_from_f32_array(void *out, const void *in, size_t n);
void vf_f16_to_f32_array(void *out, const void *in, size_t n);

/* The portable way of the two above, whatever the CPU; for tests. */
void vf_f16_from_f32_array_portable(void *out, const void *in, size_t n);
void vf_f16_to_f32_array_portable(void *out, const void *in, size_t n);

/*
 * bfloat16: the upper 16 bits of a binary32. To f32 is exact; to bf16 rounds to nearest, ties to even (libSQL truncates instead, so a
 * vector that libSQL converted may differ from ours in the last bit). A NaN stays a NaN and is made quiet.
 */
uint16_t vf_bf16_from_f32(float value);
float vf_bf16_to_f32(uint16_t value);
void vf_bf16_from_f32_array(void *out, const void *in, size_t n);
void vf_bf16_to_f32_array(void *out, const void *in, size_t n);

/* What a narrowing conversion changed. Functions add to it, so that one struct counts a whole column; start with a zeroed one. */
struct vf_narrow_stats {
    uint64_t n_values;
    uint64_t n_inexact;        /* the narrow value differs from the wide one (a NaN equals a NaN) */
    uint64_t n_overflow;       /* finite values that became infinite; counted in n_inexact too */
    double max_relative_error; /* max of |wide - narrow| / |wide| over finite results: 1 for a value that became zero */
};

/* f64 to f32, to nearest, ties to even. `stats` may be NULL. */
void vf_f32_from_f64_array(void *out, const void *in, size_t n, struct vf_narrow_stats *stats);
void vf_f64_from_f32_array(void *out, const void *in, size_t n);

/* Signed bytes to f32: the plain number, -128 to 127. */
void vf_f32_from_i8_array(void *out, const void *in, size_t n);
/* f32 to signed bytes. Returns -1, or the index of the first value that isn't an integer from -128 to 127; then `out` holds what came before it. */
ptrdiff_t vf_i8_from_f32_array(void *out, const void *in, size_t n);

/* Reverse the order of the bits in each byte: MSB first <-> LSB first. `out` == `in` is allowed. */
void vf_bits_reverse(void *out, const void *in, size_t size_bytes);
/* Are the unused bits of the last byte (after `dim` bits, MSB first) all zero? And make them so. */
bool vf_bits_padding_is_zero(const void *bits, size_t dim);
void vf_bits_clear_padding(void *bits, size_t dim);
/* Bit i is set when value i > 0, as pgvector, sqlite-vec and libSQL quantise; ceil(n / 8) bytes, MSB first, padding zero. */
void vf_bits_from_f32_array(void *out, const void *in, size_t n);

/* Index of the first value that is NaN or infinite, or -1 when all are finite. Values in host order. */
ptrdiff_t vf_find_nonfinite_f32(const void *values, size_t n);
ptrdiff_t vf_find_nonfinite_f64(const void *values, size_t n);
ptrdiff_t vf_find_nonfinite_f16(const void *values, size_t n);
ptrdiff_t vf_find_nonfinite_bf16(const void *values, size_t n);
/* By element; always -1 for i8 and bit. */
ptrdiff_t vf_find_nonfinite(enum vf_element element, const void *values, size_t dim);
/* "NaN", "Infinity" or "-Infinity" for messages, and "finite" for other values; static. `index` counts elements. */
const char *vf_nonfinite_name(enum vf_element element, const void *values, size_t index);

#endif
