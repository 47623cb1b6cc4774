/*
 * float32 as decimal text and back, whatever the locale. double is in base/text.h.
 */
#ifndef VF_MODEL_FLOAT_TEXT_H
#define VF_MODEL_FLOAT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The text of the fewest digits that reads back to the same float, written as vf_format_f64() writes doubles; `out` has room for 32 bytes. Returns its length. */
size_t vf_format_f32(float value, char *out);

/* As vf_parse_f64(), but to the nearest float: rounded once, not first to a double. */
bool vf_parse_f32(const char *text, size_t size_bytes, float *value);

#endif
