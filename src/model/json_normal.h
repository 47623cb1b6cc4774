/*
 * What a JSON text means, in one writing: that of PostgreSQL's jsonb (PostgreSQL 18, src/backend/utils/adt/jsonb.c and jsonb_util.c; numeric.c for the numbers).
 *
 * - `{"a": 1, "b": [1, 2]}`: one blank after commas and colons.
 * - Members in the order of their names' length in bytes, then of their bytes.
 * - Strings without escapes, but for ", \ and control characters (\b \f \n \r \t, else \u001f).
 * - Numbers as numeric writes them: all digits, no exponent, trailing zeros kept (1.50), no negative zero.
 *
 * A text that jsonb would refuse, or of which it would keep only a part (a name that is there twice), has no normal writing.
 */
#ifndef VF_MODEL_JSON_NORMAL_H
#define VF_MODEL_JSON_NORMAL_H

#include <stddef.h>

#include "base/buf.h"

/* numeric's limits (PostgreSQL documentation, section 8.1). */
#define VF_JSON_MAX_WHOLE_DIGITS    131072
#define VF_JSON_MAX_FRACTION_DIGITS 16383

/* Append the normal writing to `out`. NULL: done, if vf_buf_check(out) says so. Else why there is none (static text), at byte *offset of the text; `out` then holds a part of it. */
const char *vf_json_normal(const char *text, size_t size_bytes, struct vf_buf *out, size_t *offset);

#endif
