#include <math.h>
#include <string.h>

#include "base/text.h"
#include "engine/postgres/codec.h"
#include "model/array_text.h"
#include "model/temporal.h"
#include "vector/convert.h"
#include "vector/number.h"

/* ---- elements ---- */

static bool write_special_float(double value, struct vf_buf *out)
{
    if (isnan(value))
        vf_buf_str(out, "NaN");
    else if (isinf(value))
        vf_buf_str(out, value > 0 ? "Infinity" : "-Infinity");
    return isnan(value) || isinf(value);
}

static void write_float(enum vf_pg_wire wire, const uint8_t *bytes, struct vf_buf *out)
{
    char text[VF_NUMBER_MAX_BYTES];
    if (wire == VF_PG_F4) {
        float value;
        vf_copy_be32(&value, bytes, 1);
        if (!write_special_float((double)value, out))
            vf_buf_add(out, text, vf_number_write_f32(value, text));
    } else {
        double value;
        vf_copy_be64(&value, bytes, 1);
        if (!write_special_float(value, out))
            vf_buf_add(out, text, vf_format_f64(value, text));
    }
}

static void write_temporal(enum vf_pg_wire wire, enum vf_kind kind, const uint8_t *bytes, struct vf_buf *out)
{
    char text[VF_TEMPORAL_TEXT_BYTES];
    if (wire == VF_PG_DATE) {
        int32_t days = (int32_t)vf_pg_be32(bytes);
        bool is_infinite = days == VF_DATE_INFINITY || days == VF_DATE_MINUS_INFINITY;
        vf_buf_add(out, text, vf_date_format(is_infinite ? days : days + VF_PG_EPOCH_DAYS, text));
    } else if (wire == VF_PG_TIME) {
        vf_buf_add(out, text, vf_time_format((int64_t)vf_pg_be64(bytes), text));
    } else if (wire == VF_PG_TIMESTAMP) {
        vf_buf_add(out, text, vf_timestamp_format((int64_t)vf_pg_be64(bytes), kind == VF_K_TIMESTAMPTZ, text));
    } else {
        struct vf_interval interval = {.microseconds = (int64_t)vf_pg_be64(bytes),
                                       .days = (int32_t)vf_pg_be32(bytes + 8),
                                       .months = (int32_t)vf_pg_be32(bytes + 12)};
        vf_buf_add(out, text, vf_interval_format(interval, text));
    }
}

/* Bytes of a wire form of fixed size, or 0. */
static size_t wire_bytes(enum vf_pg_wire wire)
{
    switch (wire) {
    case VF_PG_BOOL:
        return 1;
    case VF_PG_I2:
        return 2;
    case VF_PG_I4:
    case VF_PG_F4:
    case VF_PG_DATE:
        return 4;
    case VF_PG_I8:
    case VF_PG_F8:
    case VF_PG_TIME:
    case VF_PG_TIMESTAMP:
        return 8;
    case VF_PG_UUID:
    case VF_PG_INTERVAL:
        return 16;
    case VF_PG_OTHER:
    case VF_PG_NUMERIC:
    case VF_PG_TEXT:
    case VF_PG_BYTEA:
    case VF_PG_JSONB:
    case VF_PG_BIT:
    case VF_PG_VECTOR:
    case VF_PG_HALFVEC:
    case VF_PG_SPARSEVEC:
    case VF_PG_ARRAY:
        break;
    }
    return 0;
}

bool vf_pg_element_to_text(enum vf_pg_wire wire, enum vf_kind kind, const uint8_t *bytes, size_t size_bytes,
                           struct vf_buf *out)
{
    char uuid[37];
    size_t expected = wire_bytes(wire);
    if (expected != 0 && size_bytes != expected)
        return false;
    if (wire == VF_PG_BOOL) {
        vf_buf_str(out, bytes[0] != 0 ? "true" : "false");
    } else if (wire == VF_PG_I2) {
        vf_buf_printf(out, "%d", (int16_t)vf_pg_be16(bytes));
    } else if (wire == VF_PG_I4) {
        vf_buf_printf(out, "%d", (int)(int32_t)vf_pg_be32(bytes));
    } else if (wire == VF_PG_I8) {
        vf_buf_printf(out, "%lld", (long long)(int64_t)vf_pg_be64(bytes));
    } else if (wire == VF_PG_F4 || wire == VF_PG_F8) {
        write_float(wire, bytes, out);
    } else if (wire == VF_PG_NUMERIC) {
        return vf_pg_numeric_to_text(bytes, size_bytes, out);
    } else if (wire == VF_PG_UUID) {
        vf_uuid_format(bytes, uuid);
        vf_buf_str(out, uuid);
    } else if (wire == VF_PG_BYTEA) {
        vf_buf_str(out, "\\x");
        vf_buf_hex(out, bytes, size_bytes);
    } else if (wire == VF_PG_TEXT) {
        vf_buf_add(out, bytes, size_bytes);
    } else if (wire == VF_PG_JSONB && size_bytes > 0) {
        vf_buf_add(out, bytes + 1, size_bytes - 1);
    } else if (expected != 0) {
        write_temporal(wire, kind, bytes, out);
    } else {
        return false;
    }
    return true;
}

static bool read_integer(enum vf_pg_wire wire, const char *text, size_t size_bytes, struct vf_buf *out)
{
    int64_t value = 0;
    if (!vf_parse_i64(text, size_bytes, &value))
        return false;
    if (wire == VF_PG_I2)
        vf_buf_be16(out, (uint16_t)value);
    else if (wire == VF_PG_I4)
        vf_buf_be32(out, (uint32_t)value);
    else
        vf_buf_be64(out, (uint64_t)value);
    return wire == VF_PG_I8 ||
           (wire == VF_PG_I4 ? value >= INT32_MIN && value <= INT32_MAX : value >= INT16_MIN && value <= INT16_MAX);
}

static bool is_text(const char *text, size_t size_bytes, const char *wanted)
{
    return size_bytes == strlen(wanted) && memcmp(text, wanted, size_bytes) == 0;
}

static bool read_float(enum vf_pg_wire wire, const char *text, size_t size_bytes, struct vf_buf *out)
{
    struct vf_number number = {0};
    const char *at = text, *end = text + size_bytes;
    double special = is_text(text, size_bytes, "NaN")         ? (double)NAN
                     : is_text(text, size_bytes, "Infinity")  ? (double)INFINITY
                     : is_text(text, size_bytes, "-Infinity") ? (double)-INFINITY
                                                              : 0;
    bool is_special = special != 0;
    if (!is_special && (vf_number_scan(&at, end, false, &number) != VF_NUMBER_OK || at != end))
        return false;
    float narrow = is_special ? (float)special : wire == VF_PG_F4 ? vf_number_to_f32(&number) : 0.0F;
    double wide = is_special ? special : wire == VF_PG_F8 ? vf_number_to_f64(&number) : 0.0;
    char *to = vf_buf_reserve(out, 8);
    if (to == NULL)
        return true; /* the buffer remembers */
    if (wire == VF_PG_F4)
        vf_copy_be32(to, &narrow, 1);
    else
        vf_copy_be64(to, &wide, 1);
    vf_buf_advance(out, wire == VF_PG_F4 ? 4 : 8);
    return is_special || (wire == VF_PG_F4 ? !isinf(narrow) : !isinf(wide));
}

static bool read_temporal(enum vf_pg_wire wire, enum vf_kind kind, const char *text, size_t size_bytes,
                          struct vf_buf *out)
{
    int32_t days = 0;
    int64_t micros = 0;
    struct vf_interval interval = {0};
    if (wire == VF_PG_DATE) {
        if (!vf_date_parse(text, size_bytes, &days))
            return false;
        bool is_infinite = days == VF_DATE_INFINITY || days == VF_DATE_MINUS_INFINITY;
        vf_buf_be32(out, (uint32_t)(is_infinite ? days : days - VF_PG_EPOCH_DAYS));
        return is_infinite || days > VF_DATE_MINUS_INFINITY + VF_PG_EPOCH_DAYS;
    }
    if (wire == VF_PG_INTERVAL) {
        if (!vf_interval_parse(text, size_bytes, &interval))
            return false;
        vf_buf_be64(out, (uint64_t)interval.microseconds);
        vf_buf_be32(out, (uint32_t)interval.days);
        vf_buf_be32(out, (uint32_t)interval.months);
        return true;
    }
    bool ok = wire == VF_PG_TIME ? vf_time_parse(text, size_bytes, &micros)
                                 : vf_timestamp_parse(text, size_bytes, kind == VF_K_TIMESTAMPTZ, &micros);
    vf_buf_be64(out, (uint64_t)micros);
    return ok;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool read_hex(const char *text, size_t size_bytes, struct vf_buf *out)
{
    if (size_bytes < 2 || size_bytes % 2 != 0 || text[0] != '\\' || text[1] != 'x')
        return false;
    for (size_t i = 2; i < size_bytes; i += 2) {
        int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0)
            return false;
        vf_buf_char(out, (char)(high * 16 + low));
    }
    return true;
}

bool vf_pg_element_from_text(enum vf_pg_wire wire, enum vf_kind kind, const char *text, size_t size_bytes,
                             struct vf_buf *out)
{
    uint8_t uuid[16];
    switch (wire) {
    case VF_PG_BOOL:
        vf_buf_char(out, is_text(text, size_bytes, "true") ? 1 : 0);
        return is_text(text, size_bytes, "true") || is_text(text, size_bytes, "false");
    case VF_PG_I2:
    case VF_PG_I4:
    case VF_PG_I8:
        return read_integer(wire, text, size_bytes, out);
    case VF_PG_F4:
    case VF_PG_F8:
        return read_float(wire, text, size_bytes, out);
    case VF_PG_NUMERIC:
        return vf_pg_numeric_from_text(text, size_bytes, out);
    case VF_PG_TEXT:
        vf_buf_add(out, text, size_bytes);
        return true;
    case VF_PG_JSONB:
        vf_buf_char(out, 1);
        vf_buf_add(out, text, size_bytes);
        return true;
    case VF_PG_BYTEA:
        return read_hex(text, size_bytes, out);
    case VF_PG_UUID:
        if (!vf_uuid_parse(text, size_bytes, uuid))
            return false;
        vf_buf_add(out, uuid, sizeof(uuid));
        return true;
    case VF_PG_DATE:
    case VF_PG_TIME:
    case VF_PG_TIMESTAMP:
    case VF_PG_INTERVAL:
        return read_temporal(wire, kind, text, size_bytes, out);
    case VF_PG_OTHER:
    case VF_PG_BIT:
    case VF_PG_VECTOR:
    case VF_PG_HALFVEC:
    case VF_PG_SPARSEVEC:
    case VF_PG_ARRAY:
        break;
    }
    return false;
}

/* ---- arrays ---- */

static enum vf_status malformed(struct vf_error *err)
{
    return vf_error_set(err, VF_VALUE, "the server sent an array that can't be read");
}

/* int32 dimensions, has NULLs, element type; then size and lower bound of each. *at is moved to the elements. */
static bool read_shape(const uint8_t **at, const uint8_t *end, struct vf_array_shape *shape, int64_t *n_elements)
{
    *shape = (struct vf_array_shape){0};
    if (end - *at < 12)
        return false;
    shape->n_dimensions = (int)vf_pg_be32(*at);
    *at += 12;
    if (shape->n_dimensions < 0 || shape->n_dimensions > VF_ARRAY_MAX_DIMENSIONS ||
        end - *at < 8 * (ptrdiff_t)shape->n_dimensions)
        return false;
    *n_elements = shape->n_dimensions > 0 ? 1 : 0;
    for (int i = 0; i < shape->n_dimensions; i++, *at += 8) {
        shape->size[i] = (int32_t)vf_pg_be32(*at);
        shape->lower[i] = (int32_t)vf_pg_be32(*at + 4);
        if (shape->size[i] < 0 || shape->size[i] > (1 << 28))
            return false;
        *n_elements *= shape->size[i];
        if (*n_elements > (1 << 28))
            return false;
    }
    return true;
}

/* One element; *value NULL for NULL. */
static bool next_element(const uint8_t **at, const uint8_t *end, const uint8_t **value, size_t *size_bytes)
{
    if (end - *at < 4)
        return false;
    int32_t size = (int32_t)vf_pg_be32(*at);
    *at += 4;
    *value = size < 0 ? NULL : *at;
    *size_bytes = size < 0 ? 0 : (size_t)size;
    if (size > end - *at)
        return false;
    *at += *size_bytes;
    return true;
}

enum vf_status vf_pg_array_to_text(const struct vf_pg_codec *codec, const uint8_t *bytes, size_t size_bytes,
                                   struct vf_buf *out, struct vf_error *err)
{
    const uint8_t *at = bytes, *end = bytes + size_bytes;
    struct vf_array_shape shape;
    struct vf_array_writer writer;
    struct vf_buf element;
    int64_t n_elements = 0;
    if (!read_shape(&at, end, &shape, &n_elements))
        return malformed(err);
    bool ok = true;
    vf_buf_init(&element, VF_BUF_MAX);
    vf_array_write_begin(&writer, out, codec->element_kind, &shape);
    for (int64_t i = 0; i < n_elements && ok; i++) {
        const uint8_t *value = NULL;
        size_t value_bytes = 0;
        vf_buf_clear(&element);
        ok = next_element(&at, end, &value, &value_bytes);
        if (ok && value == NULL) {
            vf_array_write_element(&writer, NULL, 0);
        } else if (ok) {
            ok = vf_pg_element_to_text(codec->element_wire, codec->element_kind, value, value_bytes, &element);
            vf_array_write_element(&writer, element.data != NULL ? element.data : "", element.size_bytes);
        }
    }
    vf_array_write_end(&writer);
    enum vf_status status = ok ? vf_buf_check(&element, err) : malformed(err);
    vf_buf_release(&element);
    return status == VF_OK ? vf_buf_check(out, err) : status;
}

struct array_encoding {
    const struct vf_pg_codec *codec;
    struct vf_buf elements;
    bool has_null;
};

static enum vf_status encode_element(void *context, const char *text, size_t size_bytes, struct vf_error *err)
{
    struct array_encoding *encoding = context;
    struct vf_buf *out = &encoding->elements;
    size_t at = out->size_bytes;
    vf_buf_be32(out, text == NULL ? UINT32_MAX : 0);
    if (text == NULL) {
        encoding->has_null = true;
        return vf_buf_check(out, err);
    }
    if (!vf_pg_element_from_text(encoding->codec->element_wire, encoding->codec->element_kind, text, size_bytes, out))
        return vf_error_set(err, VF_VALUE, "an element of the array isn't of its type: '%.*s'",
                            size_bytes > 60 ? 60 : (int)size_bytes, text);
    if (out->status != VF_OK)
        return vf_buf_check(out, err);
    uint32_t value_bytes = (uint32_t)(out->size_bytes - at - 4);
    vf_copy_be32(out->data + at, &value_bytes, 1);
    return VF_OK;
}

enum vf_status vf_pg_array_from_text(const struct vf_pg_codec *codec, const char *text, size_t size_bytes,
                                     struct vf_buf *out, struct vf_error *err)
{
    struct array_encoding encoding = {.codec = codec};
    struct vf_array_shape shape = {0};
    vf_buf_init(&encoding.elements, VF_BUF_MAX);
    enum vf_status status =
        vf_array_read(text, size_bytes, codec->element_kind, &shape, encode_element, &encoding, err);
    if (status == VF_OK) {
        vf_buf_be32(out, (uint32_t)shape.n_dimensions);
        vf_buf_be32(out, encoding.has_null);
        vf_buf_be32(out, codec->element_oid);
        for (int i = 0; i < shape.n_dimensions; i++) {
            vf_buf_be32(out, (uint32_t)shape.size[i]);
            vf_buf_be32(out, (uint32_t)shape.lower[i]);
        }
        if (encoding.elements.size_bytes > 0)
            vf_buf_add(out, encoding.elements.data, encoding.elements.size_bytes);
    }
    vf_buf_release(&encoding.elements);
    return status;
}

/* ---- vectors as arrays ---- */

static enum vf_status list_shape(const uint8_t **at, const uint8_t *end, size_t wanted_dim, size_t *dim,
                                 struct vf_error *err)
{
    struct vf_array_shape shape;
    int64_t n_elements = 0;
    if (!read_shape(at, end, &shape, &n_elements))
        return malformed(err);
    if (shape.n_dimensions != 1 || shape.lower[0] != 1)
        return vf_error_set(err, VF_VALUE, "the array is no vector: it has %d dimensions, from %d on",
                            shape.n_dimensions, shape.n_dimensions > 0 ? shape.lower[0] : 1);
    if (wanted_dim != 0 && (size_t)n_elements != wanted_dim)
        return vf_error_set(err, VF_VALUE, "the array has %lld elements, and the vector %zu dimensions",
                            (long long)n_elements, wanted_dim);
    *dim = (size_t)n_elements;
    return VF_OK;
}

static bool store_element(const struct vf_pg_codec *codec, uint8_t *out, size_t i, const uint8_t *value)
{
    float narrow = 0;
    uint16_t half;
    int16_t number;
    if (codec->element_wire == VF_PG_F8 && codec->type.element == VF_E_F64) {
        vf_copy_be64(out + i * 8, value, 1);
        return true;
    }
    if (codec->element_wire == VF_PG_F8) { /* the plan asked for float32: the nearest */
        double wide = 0;
        vf_copy_be64(&wide, value, 1);
        vf_f32_from_f64_array(out + i * 4, &wide, 1, NULL);
        return true;
    }
    if (codec->element_wire == VF_PG_I2) {
        vf_copy_be16(&number, value, 1);
        out[i] = (uint8_t)(int8_t)number;
        return number >= INT8_MIN && number <= INT8_MAX;
    }
    vf_copy_be32(&narrow, value, 1);
    if (codec->type.element == VF_E_F32) {
        memcpy(out + i * 4, &narrow, 4);
        return true;
    }
    half = codec->type.element == VF_E_F16 ? vf_f16_from_f32(narrow) : vf_bf16_from_f32(narrow);
    memcpy(out + i * 2, &half, 2);
    float back = codec->type.element == VF_E_F16 ? vf_f16_to_f32(half) : vf_bf16_to_f32(half);
    return memcmp(&back, &narrow, 4) == 0;
}

enum vf_status vf_pg_list_decode(const struct vf_pg_codec *codec, const uint8_t *bytes, size_t size_bytes,
                                 struct vf_array *array, struct vf_error *err)
{
    const uint8_t *at = bytes, *end = bytes + size_bytes;
    size_t dim = 0, wire = wire_bytes(codec->element_wire);
    enum vf_status status = list_shape(&at, end, codec->type.dim, &dim, err);
    if (status != VF_OK)
        return status;
    if ((size_t)(end - at) != dim * (4 + wire))
        return vf_error_set(err, VF_VALUE, "the array has NULL elements, and a vector can't");
    for (size_t i = 0; i < dim; i++) {
        if (vf_pg_be32(at + i * (4 + wire)) != wire)
            return vf_error_set(err, VF_VALUE, "element %zu of the array is NULL, and a vector can't have that", i);
    }
    uint8_t *out = vf_array_grow(array, vf_element_bytes(codec->type.element, dim), err);
    if (out == NULL)
        return VF_NOMEM;
    for (size_t i = 0; i < dim; i++) {
        if (!store_element(codec, out, i, at + i * (4 + wire) + 4)) {
            status = vf_error_set(err, VF_VALUE, "element %zu of the array doesn't fit into %s", i,
                                  vf_element_name(codec->type.element));
            array->n_values--; /* taken back */
            return status;
        }
    }
    return VF_OK;
}

enum vf_status vf_pg_list_encode(const struct vf_pg_codec *codec, const void *values, size_t dim, struct vf_buf *out,
                                 struct vf_error *err)
{
    const uint8_t *in = values;
    size_t wire = wire_bytes(codec->element_wire);
    const uint32_t head[] = {1, 0, codec->element_oid, (uint32_t)dim, 1};
    char *to = vf_buf_reserve(out, sizeof(head) + dim * (4 + wire));
    if (to == NULL)
        return vf_buf_check(out, err);
    vf_copy_be32(to, head, 5);
    to += sizeof(head);
    for (size_t i = 0; i < dim; i++, to += 4 + wire) {
        uint32_t size = (uint32_t)wire;
        uint16_t half = 0;
        vf_copy_be32(to, &size, 1);
        if (codec->type.element == VF_E_F64) {
            vf_copy_be64(to + 4, in + i * 8, 1);
        } else if (codec->element_wire == VF_PG_F8) {
            double wide = 0;
            vf_f64_from_f32_array(&wide, in + i * 4, 1);
            vf_copy_be64(to + 4, &wide, 1);
        } else if (codec->type.element == VF_E_F32) {
            vf_copy_be32(to + 4, in + i * 4, 1);
        } else if (codec->type.element == VF_E_I8) {
            int16_t number = (int8_t)in[i];
            vf_copy_be16(to + 4, &number, 1);
        } else {
            memcpy(&half, in + i * 2, 2);
            float wide = codec->type.element == VF_E_F16 ? vf_f16_to_f32(half) : vf_bf16_to_f32(half);
            vf_copy_be32(to + 4, &wide, 1);
        }
    }
    vf_buf_advance(out, sizeof(head) + dim * (4 + wire));
    return VF_OK;
}
