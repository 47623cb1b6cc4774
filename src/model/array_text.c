#include "model/array_text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "model/float_text.h"
#include "model/temporal.h"

/* ---- writing ---- */

static bool is_word(const char *text, size_t size_bytes, const char *word)
{
    return strlen(word) == size_bytes && memcmp(text, word, size_bytes) == 0;
}

static int64_t n_elements(const struct vf_array_shape *shape)
{
    int64_t n = shape->n_dimensions > 0 ? 1 : 0;

    for (int d = 0; d < shape->n_dimensions; d++) {
        if (shape->size[d] <= 0)
            return 0;
        if (__builtin_mul_overflow(n, (int64_t)shape->size[d], &n))
            return INT64_MAX; /* more than can ever be written */
    }
    return n;
}

static bool has_lower(const struct vf_array_shape *shape)
{
    for (int d = 0; d < shape->n_dimensions; d++) {
        if (shape->lower[d] != 1)
            return true;
    }
    return false;
}

void vf_array_write_begin(struct vf_array_writer *writer, struct vf_buf *out, enum vf_kind kind,
                          const struct vf_array_shape *shape)
{
    *writer = (struct vf_array_writer){.out = out, .shape = *shape, .kind = kind};
    if (n_elements(shape) == 0)
        writer->shape.n_dimensions = 0;
    if (!has_lower(&writer->shape))
        return;
    vf_buf_str(out, "{\"lower\":[");
    for (int d = 0; d < shape->n_dimensions; d++)
        vf_buf_printf(out, d > 0 ? ",%" PRId32 : "%" PRId32, shape->lower[d]);
    vf_buf_str(out, "],\"array\":");
}

/* How many arrays, from the innermost out, begin with element n; as many end before it. */
static int n_brackets(const struct vf_array_shape *shape, int64_t n)
{
    int64_t stride = 1;
    int found = 0;

    if (n == 0)
        return shape->n_dimensions;
    for (int d = shape->n_dimensions - 1; d >= 0; d--) {
        stride *= shape->size[d];
        if (n % stride != 0)
            break;
        found++;
    }
    return found;
}

static void put_brackets(struct vf_buf *out, char bracket, int n)
{
    for (int i = 0; i < n; i++)
        vf_buf_char(out, bracket);
}

static void put_integer(struct vf_buf *out, const char *text, size_t size_bytes)
{
    int64_t value;

    if (vf_parse_i64(text, size_bytes, &value))
        vf_buf_printf(out, "%" PRId64, value);
    else
        vf_buf_json_string(out, text, size_bytes);
}

static void put_bool(struct vf_buf *out, const char *text, size_t size_bytes)
{
    if (is_word(text, size_bytes, "true") || is_word(text, size_bytes, "t") || is_word(text, size_bytes, "1"))
        vf_buf_str(out, "true");
    else if (is_word(text, size_bytes, "false") || is_word(text, size_bytes, "f") || is_word(text, size_bytes, "0"))
        vf_buf_str(out, "false");
    else
        vf_buf_json_string(out, text, size_bytes);
}

static void put_special(struct vf_buf *out, double value)
{
    vf_buf_str(out, isnan(value) ? "\"NaN\"" : value < 0 ? "\"-Infinity\"" : "\"Infinity\"");
}

static void put_float(struct vf_buf *out, enum vf_kind kind, const char *text, size_t size_bytes)
{
    char shortest[32];
    float narrow = 0;
    double value = 0;
    bool fits = kind == VF_K_F32 ? vf_parse_f32(text, size_bytes, &narrow) : vf_parse_f64(text, size_bytes, &value);

    if (!fits)
        vf_buf_json_string(out, text, size_bytes);
    else if (kind == VF_K_F32 && isfinite(narrow))
        vf_buf_add(out, shortest, vf_format_f32(narrow, shortest));
    else if (kind == VF_K_F64 && isfinite(value))
        vf_buf_add(out, shortest, vf_format_f64(value, shortest));
    else
        put_special(out, kind == VF_K_F32 ? (double)narrow : value);
}

/* The neutral decimal is kept as it is, its scale too; only what JSON doesn't allow is mended: a plus sign, zeros in front, no digit before or behind the
 * point. An exponent has no neutral writing here: such a text becomes a string, which no reader takes for a number. */
static void put_decimal(struct vf_buf *out, const char *text, size_t size_bytes)
{
    const char *end = text + size_bytes;
    double value;

    if (!vf_is_decimal(text, size_bytes) || memchr(text, 'e', size_bytes) != NULL ||
        memchr(text, 'E', size_bytes) != NULL) {
        if (!vf_is_decimal(text, size_bytes) && vf_parse_f64(text, size_bytes, &value))
            put_special(out, value);
        else
            vf_buf_json_string(out, text, size_bytes);
        return;
    }
    if (*text == '-')
        vf_buf_char(out, '-');
    text += *text == '-' || *text == '+';
    while (end - text > 1 && text[0] == '0' && text[1] != '.')
        text++;
    if (*text == '.')
        vf_buf_char(out, '0');
    vf_buf_add(out, text, (size_t)(end - text) - (end[-1] == '.'));
}

/* "\x" and hexadecimal digits, in lower case. */
static void put_blob(struct vf_buf *out, const char *text, size_t size_bytes)
{
    vf_buf_char(out, '"');
    for (size_t i = 0; i < size_bytes; i++) {
        char c = text[i];
        if (c == '\\')
            vf_buf_str(out, "\\\\");
        else
            vf_buf_char(out, c >= 'A' && c <= 'F' ? (char)(c | 0x20) : c);
    }
    vf_buf_char(out, '"');
}

/* A value with one written form in the model is brought into it, so that "2024-01-01T00:00" and "2024-01-01 00:00:00" are equal bytes. */
static size_t normalise(enum vf_kind kind, const char *text, size_t size_bytes, char *out)
{
    struct vf_interval interval;
    uint8_t uuid[16];
    int64_t i64;
    int32_t days;

    if (kind == VF_K_DATE && vf_date_parse(text, size_bytes, &days))
        return vf_date_format(days, out);
    if (kind == VF_K_TIME && vf_time_parse(text, size_bytes, &i64))
        return vf_time_format(i64, out);
    if (kind == VF_K_TIMESTAMP && vf_timestamp_parse(text, size_bytes, false, &i64))
        return vf_timestamp_format(i64, false, out);
    if (kind == VF_K_TIMESTAMPTZ && vf_timestamp_parse(text, size_bytes, true, &i64))
        return vf_timestamp_format(i64, true, out);
    if (kind == VF_K_INTERVAL && vf_interval_parse(text, size_bytes, &interval))
        return vf_interval_format(interval, out);
    if (kind == VF_K_UUID && vf_uuid_parse(text, size_bytes, uuid)) {
        vf_uuid_format(uuid, out);
        return 36;
    }
    return 0;
}

static void put_string(struct vf_buf *out, enum vf_kind kind, const char *text, size_t size_bytes)
{
    char normal[VF_TEMPORAL_TEXT_BYTES];
    size_t normal_bytes = normalise(kind, text, size_bytes, normal);

    if (normal_bytes > 0)
        vf_buf_json_string(out, normal, normal_bytes);
    else
        vf_buf_json_string(out, text, size_bytes);
}

static void put_element(struct vf_buf *out, enum vf_kind kind, const char *text, size_t size_bytes)
{
    if (text == NULL)
        vf_buf_str(out, "null");
    else if (kind == VF_K_BOOL)
        put_bool(out, text, size_bytes);
    else if (kind >= VF_K_I8 && kind <= VF_K_I64)
        put_integer(out, text, size_bytes);
    else if (kind == VF_K_F32 || kind == VF_K_F64)
        put_float(out, kind, text, size_bytes);
    else if (kind == VF_K_DECIMAL)
        put_decimal(out, text, size_bytes);
    else if (kind == VF_K_BLOB && size_bytes >= 2 && text[0] == '\\' && text[1] == 'x')
        put_blob(out, text, size_bytes);
    else
        put_string(out, kind, text, size_bytes);
}

void vf_array_write_element(struct vf_array_writer *writer, const char *text, size_t size_bytes)
{
    int n_begun = n_brackets(&writer->shape, writer->n_written);

    if (writer->n_written > 0) {
        put_brackets(writer->out, ']', n_begun);
        vf_buf_char(writer->out, ',');
    }
    put_brackets(writer->out, '[', n_begun);
    put_element(writer->out, writer->kind, text, size_bytes);
    writer->n_written++;
}

void vf_array_write_end(struct vf_array_writer *writer)
{
    struct vf_buf *out = writer->out;

    if (writer->n_written != n_elements(&writer->shape) && out->status == VF_OK)
        out->status = VF_INTERNAL;
    if (writer->shape.n_dimensions == 0)
        vf_buf_str(out, "[]");
    else
        put_brackets(out, ']', writer->shape.n_dimensions);
    if (has_lower(&writer->shape))
        vf_buf_char(out, '}');
}
