/*
 * Arrays as JSON text, in one canonical writing, so that equal arrays are equal bytes.
 *
 * No blanks. Numbers of the integer, float and decimal kinds are bare (the exact decimal; floats as the shortest text that reads back to the same bits), NaN
 * and infinities are the strings "NaN", "Infinity", "-Infinity"; bools true and false; all other kinds strings in their neutral text (blobs: "\\x" and hex
 * digits); NULL elements null; JSON elements are strings holding the JSON text. Several dimensions are nested arrays. Lower bounds other than 1 (PostgreSQL has
 * them) make it an object: {"lower":[0,-1],"array":[[..],..]}. The empty array is [].
 */
#ifndef VF_MODEL_ARRAY_TEXT_H
#define VF_MODEL_ARRAY_TEXT_H

#include "base/buf.h"
#include "base/error.h"
#include "model/type.h"

#define VF_ARRAY_MAX_DIMENSIONS 6

struct vf_array_shape {
    int n_dimensions; /* 0: empty */
    int32_t size[VF_ARRAY_MAX_DIMENSIONS];
    int32_t lower[VF_ARRAY_MAX_DIMENSIONS]; /* 1 unless the source says otherwise */
};

/* The writer is told the shape, then each element in row-major order, then the end: it puts brackets and commas. */
struct vf_array_writer {
    struct vf_buf *out;
    struct vf_array_shape shape;
    enum vf_kind kind;
    int64_t n_written;
};
void vf_array_write_begin(struct vf_array_writer *writer, struct vf_buf *out, enum vf_kind kind,
                          const struct vf_array_shape *shape);
/* The element's neutral text (NULL: a NULL element); numbers as decimal texts, floats too. Numbers, bools ("true", "t", "1"), dates, times, intervals, uuids
 * and hex digits are brought into their one writing; a text that isn't of the kind becomes a string as it is. */
void vf_array_write_element(struct vf_array_writer *writer, const char *text, size_t size_bytes);
/* Closes the brackets. Fewer or more elements than the shape has: VF_INTERNAL of vf_buf_check(). */
void vf_array_write_end(struct vf_array_writer *writer);

/* Reads the whole text: the shape first, then `element` is called for each (text NULL: NULL; valid during the call). VF_VALUE with an offset, before any
 * call, when it isn't such an array, is ragged, or holds an element that isn't of the kind's JSON type or range. Blanks are allowed. */
enum vf_status vf_array_read(const char *text, size_t size_bytes, enum vf_kind kind, struct vf_array_shape *shape,
                             enum vf_status (*element)(void *context, const char *text, size_t size_bytes,
                                                       struct vf_error *err),
                             void *context, struct vf_error *err) VF_CHECKED;

#endif
