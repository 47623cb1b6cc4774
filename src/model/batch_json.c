#include "model/batch.h"

#include <inttypes.h>
#include <math.h>

#include "base/text.h"
#include "model/float_text.h"

static void put_text(struct vf_buf *out, const char *text, size_t size_bytes)
{
    vf_buf_json_string(out, text, size_bytes);
}

static void put_hex(struct vf_buf *out, const uint8_t *bytes, size_t size_bytes)
{
    vf_buf_str(out, "\"\\\\x");
    vf_buf_hex(out, bytes, size_bytes);
    vf_buf_char(out, '"');
}

static void put_double(struct vf_buf *out, double value)
{
    char text[32];
    size_t size_bytes = vf_format_f64(value, text);

    if (isfinite(value))
        vf_buf_add(out, text, size_bytes);
    else
        put_text(out, text, size_bytes);
}

static void put_float(struct vf_buf *out, float value)
{
    char text[32];
    size_t size_bytes = vf_format_f32(value, text);

    if (isfinite(value))
        vf_buf_add(out, text, size_bytes);
    else
        put_text(out, text, size_bytes);
}

size_t vf_array_temporal_text(const struct vf_array *array, int64_t row, char out[VF_TEMPORAL_TEXT_BYTES])
{
    struct vf_interval interval;

    if (array->type.kind == VF_K_INTERVAL) {
        memcpy(&interval, array->data + (size_t)row * sizeof(interval), sizeof(interval));
        return vf_interval_format(interval, out);
    }
    if (array->type.kind == VF_K_DATE)
        return vf_date_format((int32_t)vf_array_i64(array, row), out);
    if (array->type.kind == VF_K_TIME)
        return vf_time_format(vf_array_i64(array, row), out);
    return vf_timestamp_format(vf_array_i64(array, row), array->type.kind == VF_K_TIMESTAMPTZ, out);
}

static void put_temporal(const struct vf_array *array, int64_t row, struct vf_buf *out)
{
    char text[VF_TEMPORAL_TEXT_BYTES];

    put_text(out, text, vf_array_temporal_text(array, row, text));
}

static void put_element(enum vf_element element, const uint8_t *bytes, size_t i, struct vf_buf *out)
{
    float f32;
    double f64;

    if (element == VF_E_F32) {
        memcpy(&f32, bytes + i * sizeof(f32), sizeof(f32));
        put_float(out, f32);
    } else if (element == VF_E_F64) {
        memcpy(&f64, bytes + i * sizeof(f64), sizeof(f64));
        put_double(out, f64);
    } else {
        vf_buf_printf(out, "%d", ((const int8_t *)bytes)[i]);
    }
}

/* f16, bf16 and bits are shown by their bytes: model knows no conversions. */
static void put_vector(const struct vf_array *array, const uint8_t *bytes, size_t size_bytes, struct vf_buf *out)
{
    enum vf_element element = array->type.element;

    if (element != VF_E_F32 && element != VF_E_F64 && element != VF_E_I8) {
        put_hex(out, bytes, size_bytes);
        return;
    }
    vf_buf_char(out, '[');
    for (size_t i = 0; i < size_bytes / vf_element_bytes(element, 1); i++) {
        if (i > 0)
            vf_buf_char(out, ',');
        put_element(element, bytes, i, out);
    }
    vf_buf_char(out, ']');
}

/* Bare when JSON has it as a number too: digits in front of the point and behind it, no zeros in front. */
static void put_decimal(const char *text, size_t size_bytes, struct vf_buf *out)
{
    size_t first = size_bytes > 0 && text[0] == '-';
    bool is_number = vf_is_decimal(text, size_bytes) && text[first] >= '0' && text[first] <= '9' &&
                     text[size_bytes - 1] >= '0' && memchr(text, 'e', size_bytes) == NULL &&
                     memchr(text, 'E', size_bytes) == NULL;

    if (is_number && text[first] == '0' && first + 1 < size_bytes)
        is_number = text[first + 1] == '.';
    if (is_number)
        vf_buf_add(out, text, size_bytes);
    else
        put_text(out, text, size_bytes);
}

static void put_variable(const struct vf_array *array, int64_t row, struct vf_buf *out)
{
    size_t size_bytes;
    const uint8_t *bytes = vf_array_value(array, row, &size_bytes);
    char uuid[37];

    if (array->type.kind == VF_K_VECTOR) {
        put_vector(array, bytes, size_bytes, out);
    } else if (array->type.kind == VF_K_BLOB || array->type.kind == VF_K_SPARSE) {
        put_hex(out, bytes, size_bytes);
    } else if (array->type.kind == VF_K_DECIMAL) {
        put_decimal((const char *)bytes, size_bytes, out);
    } else if (array->type.kind == VF_K_UUID) {
        vf_uuid_format(bytes, uuid);
        put_text(out, uuid, 36);
    } else {
        put_text(out, (const char *)bytes, size_bytes);
    }
}

void vf_array_to_json(const struct vf_array *array, int64_t row, struct vf_buf *out)
{
    if (vf_array_is_null(array, row)) {
        vf_buf_str(out, "null");
        return;
    }
    switch (array->type.kind) {
    case VF_K_BOOL:
        vf_buf_str(out, vf_array_bool(array, row) ? "true" : "false");
        return;
    case VF_K_I8:
    case VF_K_I16:
    case VF_K_I32:
    case VF_K_I64:
        vf_buf_printf(out, "%" PRId64, vf_array_i64(array, row));
        return;
    case VF_K_F32:
        put_float(out, (float)vf_array_f64(array, row));
        return;
    case VF_K_F64:
        put_double(out, vf_array_f64(array, row));
        return;
    case VF_K_DATE:
    case VF_K_TIME:
    case VF_K_TIMESTAMP:
    case VF_K_TIMESTAMPTZ:
    case VF_K_INTERVAL:
        put_temporal(array, row, out);
        return;
    case VF_K_DECIMAL:
    case VF_K_TEXT:
    case VF_K_BLOB:
    case VF_K_UUID:
    case VF_K_JSON:
    case VF_K_ENUM:
    case VF_K_ARRAY:
    case VF_K_OTHER:
    case VF_K_VECTOR:
    case VF_K_SPARSE:
    case VF_KIND_COUNT:
        break;
    }
    put_variable(array, row, out);
}

void vf_batch_key_json(const struct vf_batch *batch, int64_t row, size_t n_key, const size_t *columns,
                       const char *const *names, struct vf_buf *out)
{
    vf_buf_char(out, '{');
    for (size_t i = 0; i < n_key; i++) {
        if (i > 0)
            vf_buf_str(out, ", ");
        put_text(out, names[i], strlen(names[i]));
        vf_buf_str(out, ": ");
        vf_array_to_json(&batch->columns[columns[i]], row, out);
    }
    vf_buf_char(out, '}');
}
