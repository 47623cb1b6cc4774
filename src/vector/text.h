/*
 * Vectors as text: JSON arrays, pgvector's form, bit strings.
 *
 * Reading is exact: every number becomes the value nearest to the decimal (ties to even) in the element asked for, directly, never by way
 * of another precision; writing gives the shortest text that reads back to the same bits. Neither knows a locale, and neither allocates
 * but for the buffer that is written to.
 *
 * The text is given with its size and needs no NUL at the end. Offsets in messages count bytes from 0. A text that can't be read is
 * VF_VALUE with a message such as
 *
 *   vector text: unexpected character "x" at offset 12
 *   vector text: expected 3 dimensions, found 2
 *
 * and the values written so far are to be thrown away.
 */
#ifndef VF_VECTOR_TEXT_H
#define VF_VECTOR_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/element.h"
#include "base/error.h"

/*
 * Both forms: `[`, numbers with a `,` between them, `]`; spaces, tabs, CR and LF anywhere between these and around the whole. Neither takes
 * NaN, Infinity, null, hexadecimal numbers, nested arrays, an empty array, or anything after the `]`.
 */
enum vf_vector_syntax {
    VF_VECTOR_JSON,     /* numbers as RFC 8259 has them: no "+1", ".5", "1." or "01" */
    VF_VECTOR_PGVECTOR, /* also "+1", ".5", "1." and leading zeros, which pgvector reads (it calls strtof; its hexadecimal numbers are not read here) */
};

/*
 * How far a text is from being a rendering of float32 values. A number counts as inexact when it can't have been written from the float32
 * that it becomes: the float32, rounded to as many significant digits as the text has, is another decimal, and the double nearest to the
 * text is another value than the float32. So 0.1, 0.10000000149 and 0.10000000149011612 (what Python writes for that float32) are
 * renderings, 0.1000000000 and 0.123456789012345 are not. Texts of six digits or fewer always are, within the normal range.
 */
struct vf_vector_text_stats {
    uint64_t n_numbers;
    uint64_t n_inexact;
    double
        max_relative_error; /* of the inexact ones: |decimal - float32| / |decimal|, the decimal taken as the nearest double */
};

struct vf_vector_text_options {
    enum vf_vector_syntax syntax;
    size_t expected_dim; /* 0: any; else another dimension is an error that names both */
    struct vf_vector_text_stats *
        stats; /* NULL: not counted, at no cost. Added to, also by a text that fails later. Only the f32 reader counts */
};

/*
 * Read into `out`, which has room for `max_dim` values; `*dim` says how many there are, and is set on success only. More numbers than
 * `max_dim` is an error (it counts the rest, to name the number). Numbers too large for the element (1e39 for f32; for f64 1e309) are errors;
 * numbers too small become subnormal or zero, which is the nearest value. "-0" keeps its sign.
 */
enum vf_status vf_vector_text_read_f32(const char *text, size_t size_bytes,
                                       const struct vf_vector_text_options *options, float *out, size_t max_dim,
                                       size_t *dim, struct vf_error *err) VF_CHECKED;
enum vf_status vf_vector_text_read_f64(const char *text, size_t size_bytes,
                                       const struct vf_vector_text_options *options, double *out, size_t max_dim,
                                       size_t *dim, struct vf_error *err) VF_CHECKED;
/* Integers from -128 to 127 only; "1.0" and "1e2" are integers, "1.5" is an error. */
enum vf_status vf_vector_text_read_i8(const char *text, size_t size_bytes, const struct vf_vector_text_options *options,
                                      int8_t *out, size_t max_dim, size_t *dim, struct vf_error *err) VF_CHECKED;

/*
 * How many elements the text would have, by counting commas: quick, for a buffer or a histogram of dimensions. 0 when it doesn't begin with
 * `[` or is empty. What lies between the commas isn't looked at, so the number is right only if the text can be read.
 */
size_t vf_vector_text_count(const char *text, size_t size_bytes);

/* Is the text, byte for byte, what vf_vector_text_write() makes of the float32 values that were read from it? */
bool vf_vector_text_is_shortest(const char *text, size_t size_bytes, const float *values, size_t dim);

/* A string of 0 and 1, as PostgreSQL's bit type is written; packed MSB first into `out` (room for ceil(max_dim / 8) bytes), padding zero. */
enum vf_status vf_vector_text_read_bits(const char *text, size_t size_bytes, void *out, size_t max_dim, size_t *dim,
                                        struct vf_error *err) VF_CHECKED;

/*
 * Append one vector in neutral form to `buf`: "[1,-2.5,0.1]" for numbers (valid JSON, and valid for pgvector), "1011" for bits.
 * f16 and bf16 are written as the float32 of the same value, as pgvector writes halfvec, so that any reader of float32 gets the same
 * bits back. A value that is NaN or infinite is VF_VALUE naming the element, and nothing is appended.
 */
enum vf_status vf_vector_text_write(struct vf_buf *buf, enum vf_element element, const void *values, size_t dim,
                                    struct vf_error *err) VF_CHECKED;

#endif
