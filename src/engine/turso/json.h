/*
 * The JSON of the Hrana protocol, read where it lies and written without a detour.
 *
 * Rows of thousands of vectors go through here, so the reader makes no tree: it walks over the text, and strings are places in it. It takes any valid JSON that is spelled in UTF-8, with the
 * members of an object in any order.
 */
#ifndef VF_ENGINE_TURSO_JSON_H
#define VF_ENGINE_TURSO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A walk over a text; after a failure `at` is NULL, and all further steps fail. */
struct vf_json {
    const char *at;
    const char *end;
};

/* A string as it stands between its quotes. */
struct vf_json_text {
    const char *start; /* NULL: there is none */
    size_t size_bytes;
    bool is_escaped; /* it has backslashes */
};

static inline struct vf_json vf_json_over(const char *text, size_t size_bytes)
{
    return (struct vf_json){text, text + size_bytes};
}

/* Is the next character that one? Blanks before it are passed over; it is passed over too if `take`. */
bool vf_json_is(struct vf_json *json, char c);
bool vf_json_take(struct vf_json *json, char c);

/* Members of an object and elements of an array: after a '{' or '[' was taken with *first true. false: the end, whose bracket was taken, or a failure. */
bool vf_json_next_member(struct vf_json *json, bool *first, struct vf_json_text *name);
bool vf_json_next_element(struct vf_json *json, bool *first);

bool vf_json_string(struct vf_json *json, struct vf_json_text *text);
/* A string, or null: then text->start is NULL. */
bool vf_json_string_or_null(struct vf_json *json, struct vf_json_text *text);
/* The text of a number, true, false or null. */
bool vf_json_word(struct vf_json *json, struct vf_json_text *word);
/* Any value, passed over. */
bool vf_json_skip(struct vf_json *json);

bool vf_json_text_is(struct vf_json_text text, const char *word);
/* The string without its escapes, appended; half a surrogate pair becomes U+FFFD. false: an escape that is none. */
bool vf_json_unescape(struct vf_json_text text, struct vf_buf *out);

/* Standard alphabet, with or without padding; out has room for base64_bytes / 4 * 3 + 3 bytes. false: something else is in it. */
bool vf_base64_decode(const char *base64, size_t base64_bytes, uint8_t *out, size_t *size_bytes);
/* Appended with padding. */
void vf_base64_encode(struct vf_buf *out, const void *bytes, size_t size_bytes);

#define VF_JSON_F64_BYTES 40
/*
 * The number as digits that come back as the very same double from both kinds of readers: those that find the nearest double, and serde_json, which servers in Rust use and which multiplies the
 * digits, rounded to a double, by a rounded power of ten, so that the shortest digits of one double in five are read as its neighbour. `out` has room for VF_JSON_F64_BYTES. Returns the
 * length; 0: there are no such digits (four doubles in a thousand), or it is no finite number.
 */
size_t vf_json_f64(double value, char *out);
/* What serde_json (without its feature float_roundtrip) reads from digits * 10^exponent. */
double vf_json_serde_f64(uint64_t digits, int exponent);

#endif
