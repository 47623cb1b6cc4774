/*
 * JSON texts (RFC 8259) token by token: nothing is turned into numbers, so that nothing is rounded.
 *
 * A number keeps its digits and a string its escapes; only the blanks between tokens are changed. That is what files of rows need, where 12345678901234567890.50 has to come back as
 * it was written. Functions that take a "value" trust that vf_json_text_check() has passed it. Nesting is limited to VF_JSON_MAX_DEPTH.
 */
#ifndef VF_MODEL_JSON_TEXT_H
#define VF_MODEL_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define VF_JSON_MAX_DEPTH 256

enum vf_json_layout {
    VF_JSON_COMPACT, /* {"a":1,"b":[1,2]} */
    VF_JSON_SPACED,  /* {"a": 1, "b": [1, 2]}: as PostgreSQL writes jsonb, and Python's json.dumps() */
    VF_JSON_PRETTY, /* a member a line, two blanks a level; arrays without arrays and objects in them, and empty objects, stay on one line */
};

/* NULL: the whole text is one value, with blanks around it. Else what is wrong (static text), at byte *offset. */
const char *vf_json_text_check(const char *text, size_t size_bytes, size_t *offset);

/* Append the value in that layout. `level` is that of the line that it begins on (PRETTY). */
void vf_json_text_lay(const char *value, size_t size_bytes, enum vf_json_layout layout, unsigned level,
                      struct vf_buf *out);

/* Is the text a value that is laid out so, byte for byte? */
bool vf_json_text_is_laid(const char *text, size_t size_bytes, enum vf_json_layout layout, struct vf_buf *scratch);

/* The members of an object, or the elements of an array (name NULL), one after the other. */
struct vf_json_walk {
    const char *at, *end;
    bool is_object, is_begun;
};
struct vf_json_item {
    const char *name; /* the string token, with its quotes and escapes */
    size_t name_bytes;
    const char *value;
    size_t value_bytes;
};
/* false: the value is neither an object nor an array. */
bool vf_json_walk_begin(struct vf_json_walk *walk, const char *value, size_t size_bytes);
bool vf_json_walk_next(struct vf_json_walk *walk, struct vf_json_item *item);

/* Append what a string token means: no quotes, no escapes. false: it isn't a string, or holds half of a surrogate pair, which no UTF-8 text can. */
bool vf_json_text_string(const char *token, size_t size_bytes, struct vf_buf *out);
/* The same for what stands between the quotes, which needn't have been checked. false: an escape that is none, or half of a surrogate pair unless those are to become U+FFFD. */
bool vf_json_text_unescape(const char *text, size_t size_bytes, bool replace_halves, struct vf_buf *out);

#endif
