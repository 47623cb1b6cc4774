#include "engine/postgres/codec.h"

#include <stdio.h>
#include <string.h>

#include "model/temporal.h"
#include "vector/convert.h"
#include "vector/sparse.h"
#include "vector/text.h"

/* ---- which kinds go with which wire ---- */

static bool is_integer(enum vf_pg_wire wire)
{
    return wire == VF_PG_I2 || wire == VF_PG_I4 || wire == VF_PG_I8;
}

/* float16 and bfloat16 values that are kept as float32, which holds them exactly. */
static bool is_widened(const struct vf_pg_codec *codec)
{
    enum vf_element element = codec->type.element;
    return codec->wire == VF_PG_VECTOR && (element == VF_E_F16 || element == VF_E_BF16);
}

static bool fits_vector(const struct vf_pg_codec *codec)
{
    enum vf_element element = codec->type.element;
    switch (codec->wire) {
    case VF_PG_VECTOR:
        return element == VF_E_F32 || is_widened(codec);
    case VF_PG_HALFVEC:
        return element == VF_E_F16;
    case VF_PG_BIT:
        return element == VF_E_BIT && codec->type.dim > 0;
    case VF_PG_ARRAY:
        if (codec->element_wire == VF_PG_F8)
            return element == VF_E_F64 || element == VF_E_F32;
        if (codec->element_wire == VF_PG_F4)
            return element == VF_E_F32 || element == VF_E_F16 || element == VF_E_BF16;
        return codec->element_wire == VF_PG_I2 && element == VF_E_I8;
    case VF_PG_BYTEA:
        return true;
    case VF_PG_TEXT:
    case VF_PG_JSONB:
        return element == VF_E_F32 || element == VF_E_F64;
    case VF_PG_OTHER:
    case VF_PG_BOOL:
    case VF_PG_I2:
    case VF_PG_I4:
    case VF_PG_I8:
    case VF_PG_F4:
    case VF_PG_F8:
    case VF_PG_NUMERIC:
    case VF_PG_UUID:
    case VF_PG_DATE:
    case VF_PG_TIME:
    case VF_PG_TIMESTAMP:
    case VF_PG_INTERVAL:
    case VF_PG_SPARSEVEC:
        break;
    }
    return false;
}

static bool fits(const struct vf_pg_codec *codec)
{
    enum vf_pg_wire wire = codec->wire;
    switch (codec->type.kind) {
    case VF_K_BOOL:
        return wire == VF_PG_BOOL;
    case VF_K_I8:
    case VF_K_I16:
    case VF_K_I32:
    case VF_K_I64:
        return is_integer(wire);
    case VF_K_F32:
        return wire == VF_PG_F4;
    case VF_K_F64:
        return wire == VF_PG_F8 || wire == VF_PG_F4;
    case VF_K_DECIMAL:
        return wire == VF_PG_NUMERIC || is_integer(wire);
    case VF_K_TEXT:
    case VF_K_ENUM:
        return wire == VF_PG_TEXT;
    case VF_K_BLOB:
        return wire == VF_PG_BYTEA;
    case VF_K_UUID:
        return wire == VF_PG_UUID;
    case VF_K_DATE:
        return wire == VF_PG_DATE;
    case VF_K_TIME:
        return wire == VF_PG_TIME;
    case VF_K_TIMESTAMP:
    case VF_K_TIMESTAMPTZ:
        return wire == VF_PG_TIMESTAMP ||
               (wire == VF_PG_I8 && codec->form >= VF_FORM_EPOCH_S && codec->form <= VF_FORM_EPOCH_US);
    case VF_K_INTERVAL:
        return wire == VF_PG_INTERVAL;
    case VF_K_JSON:
        return wire == VF_PG_JSONB || wire == VF_PG_TEXT;
    case VF_K_ARRAY:
        return wire == VF_PG_ARRAY || wire == VF_PG_TEXT;
    case VF_K_VECTOR:
        return fits_vector(codec);
    case VF_K_SPARSE:
        return wire == VF_PG_SPARSEVEC || wire == VF_PG_BYTEA;
    case VF_K_OTHER:
    case VF_KIND_COUNT:
        break;
    }
    return false;
}

enum vf_status vf_pg_codec_make(const struct vf_pg_types *types, uint32_t oid, int32_t typmod,
                                const struct vf_field *field, struct vf_pg_codec *codec, struct vf_error *err)
{
    const struct vf_pg_type *type = vf_pg_type_find(types, oid);
    *codec = (struct vf_pg_codec){.type = field->type, .form = field->form, .typmod = typmod, .native = type};
    const struct vf_pg_type *base = type != NULL ? vf_pg_type_base(types, type, &codec->typmod) : NULL;
    if (base == NULL)
        return vf_error_set(err, VF_ENGINE, "the type of column \"%s\" isn't in pg_type", field->name);
    codec->wire = base->wire;
    if (base->wire == VF_PG_ARRAY) {
        codec->element_oid = base->element_oid;
        const struct vf_pg_type *element = vf_pg_type_base(types, vf_pg_type_find(types, base->element_oid), NULL);
        codec->element_wire = element != NULL ? element->wire : VF_PG_OTHER;
        codec->element_kind = element != NULL ? element->kind : VF_K_OTHER;
    }
    if (fits(codec))
        return VF_OK;
    bool is_textual = field->type.kind == VF_K_TEXT || field->type.kind == VF_K_OTHER || field->type.kind == VF_K_ENUM;
    if (is_textual && type->is_movable) {
        codec->as_text = base->wire != VF_PG_TEXT;
        codec->is_inet = strcmp(base->name, "inet") == 0 && strcmp(base->schema, "pg_catalog") == 0;
        codec->wire = VF_PG_TEXT;
        return VF_OK;
    }
    char kind[48];
    return vf_error_set(err, VF_MISSING, "column \"%s\" is of type %s here, which doesn't go with %s", field->name,
                        type->name, vf_type_format(field->type, kind));
}

/* ---- from the wire ---- */

static enum vf_status refuse_size(size_t size_bytes, struct vf_error *err)
{
    return vf_error_set(err, VF_VALUE, "the value has %zu bytes on the wire, which isn't what its type has",
                        size_bytes);
}

static enum vf_status decode_integer(const struct vf_pg_codec *codec, int64_t value, struct vf_array *array,
                                     struct vf_error *err)
{
    int8_t i8 = (int8_t)value;
    int16_t i16 = (int16_t)value;
    int32_t i32 = (int32_t)value;
    char text[24];
    int64_t back = value;
    const void *from = &value;
    if (codec->type.kind == VF_K_DECIMAL)
        return vf_array_add_bytes(array, text, (size_t)snprintf(text, sizeof(text), "%lld", (long long)value), err);
    if (array->width == 1) {
        from = &i8;
        back = i8;
    } else if (array->width == 2) {
        from = &i16;
        back = i16;
    } else if (array->width == 4) {
        from = &i32;
        back = i32;
    }
    if (back != value)
        return vf_error_set(err, VF_VALUE, "%lld is out of the range of %s", (long long)value,
                            vf_kind_name(codec->type.kind));
    return vf_array_add_fixed(array, from, err);
}

static int64_t epoch_units(enum vf_form form)
{
    return form == VF_FORM_EPOCH_S ? 1 : form == VF_FORM_EPOCH_MS ? 1000 : 1000000;
}

/* Numbers, dates and times: a fixed number of bytes. */
static enum vf_status decode_fixed(const struct vf_pg_codec *codec, const uint8_t *bytes, size_t size_bytes,
                                   struct vf_array *array, struct vf_error *err)
{
    int64_t number = size_bytes == 8   ? (int64_t)vf_pg_be64(bytes)
                     : size_bytes == 4 ? (int32_t)vf_pg_be32(bytes)
                     : size_bytes == 2 ? (int16_t)vf_pg_be16(bytes)
                                       : 0;
    bool is_timestamp = codec->type.kind == VF_K_TIMESTAMP || codec->type.kind == VF_K_TIMESTAMPTZ;
    float narrow = 0;
    double wide = 0;
    if (is_integer(codec->wire) && is_timestamp) {
        if (!vf_timestamp_from_epoch(number, epoch_units(codec->form), &number))
            return vf_error_set(err, VF_VALUE, "the number is out of the range of a timestamp");
        return vf_array_add_fixed(array, &number, err);
    }
    if (is_integer(codec->wire))
        return decode_integer(codec, number, array, err);
    if (codec->wire == VF_PG_F4) {
        vf_copy_be32(&narrow, bytes, 1);
        wide = (double)narrow;
        return vf_array_add_fixed(array, array->width == 4 ? (const void *)&narrow : (const void *)&wide, err);
    }
    if (codec->wire == VF_PG_DATE) {
        int32_t days = (int32_t)number;
        if (days != VF_DATE_INFINITY && days != VF_DATE_MINUS_INFINITY)
            days += VF_PG_EPOCH_DAYS;
        return vf_array_add_fixed(array, &days, err);
    }
    if (codec->wire == VF_PG_INTERVAL) {
        struct vf_interval interval = {.microseconds = (int64_t)vf_pg_be64(bytes),
                                       .days = (int32_t)vf_pg_be32(bytes + 8),
                                       .months = (int32_t)vf_pg_be32(bytes + 12)};
        return vf_array_add_fixed(array, &interval, err);
    }
    return vf_array_add_fixed(array, &number, err); /* F8, TIME, TIMESTAMP: 8 bytes as they are */
}

static size_t fixed_bytes(enum vf_pg_wire wire)
{
    if (wire == VF_PG_I2)
        return 2;
    if (wire == VF_PG_I4 || wire == VF_PG_F4 || wire == VF_PG_DATE)
        return 4;
    if (wire == VF_PG_I8 || wire == VF_PG_F8 || wire == VF_PG_TIME || wire == VF_PG_TIMESTAMP)
        return 8;
    return wire == VF_PG_INTERVAL ? 16 : 0;
}

static enum vf_status refuse_dim(size_t found, uint32_t wanted, struct vf_error *err)
{
    return vf_error_set(err, VF_VALUE, "the vector has %zu dimensions, and not %u", found, wanted);
}

/* pgvector: int16 dimensions, int16 unused, elements. */
static enum vf_status decode_dense(const struct vf_pg_codec *codec, const uint8_t *bytes, size_t size_bytes,
                                   struct vf_array *array, struct vf_error *err)
{
    size_t wire = codec->wire == VF_PG_VECTOR ? 4 : 2;
    size_t dim = size_bytes >= 4 ? vf_pg_be16(bytes) : 0;
    if (size_bytes != 4 + dim * wire || dim == 0)
        return refuse_size(size_bytes, err);
    if (codec->type.dim != 0 && dim != codec->type.dim)
        return refuse_dim(dim, codec->type.dim, err);
    uint8_t *out = vf_array_grow(array, vf_element_bytes(codec->type.element, dim), err);
    if (out == NULL)
        return VF_NOMEM;
    bool is_bf16 = codec->type.element == VF_E_BF16;
    if (!is_widened(codec)) {
        vf_copy_be(codec->type.element, out, bytes + 4, dim);
        return VF_OK;
    }
    for (size_t i = 0; i < dim; i++) {
        float value = 0;
        vf_copy_be32(&value, bytes + 4 + i * 4, 1);
        uint16_t half = is_bf16 ? vf_bf16_from_f32(value) : vf_f16_from_f32(value);
        memcpy(out + i * 2, &half, 2);
        float back = is_bf16 ? vf_bf16_to_f32(half) : vf_f16_to_f32(half);
        if (memcmp(&back, &value, 4) != 0) {
            array->n_values--; /* taken back */
            return vf_error_set(err, VF_VALUE, "element %zu of the vector isn't a %s", i,
                                is_bf16 ? "bfloat16" : "float16");
        }
    }
    return VF_OK;
}

static enum vf_status decode_bits(const struct vf_pg_codec *codec, const uint8_t *bytes, size_t size_bytes,
                                  struct vf_array *array, struct vf_error *err)
{
    size_t dim = size_bytes >= 4 ? vf_pg_be32(bytes) : 0;
    if (size_bytes != 4 + (dim + 7) / 8)
        return refuse_size(size_bytes, err);
    if (dim != codec->type.dim)
        return refuse_dim(dim, codec->type.dim, err);
    uint8_t *out = vf_array_grow(array, size_bytes - 4, err);
    if (out == NULL)
        return VF_NOMEM;
    memcpy(out, bytes + 4, size_bytes - 4);
    vf_bits_clear_padding(out, dim);
    return VF_OK;
}

static enum vf_status decode_sparse(const struct vf_pg_codec *codec, const uint8_t *bytes, size_t size_bytes,
                                    struct vf_array *array, struct vf_error *err)
{
    size_t used = 0;
    uint8_t *out = vf_array_grow(array, size_bytes > 4 ? size_bytes - 4 : 8, err);
    if (out == NULL)
        return VF_NOMEM;
    enum vf_status status = vf_sparse_from_pgvector(bytes, size_bytes, out, &used, err);
    if (status == VF_OK && codec->type.dim != 0 && vf_sparse_dim(out) != codec->type.dim)
        status = refuse_dim(vf_sparse_dim(out), codec->type.dim, err);
    if (status == VF_OK)
        vf_array_shrink_last(array, used);
    else
        array->n_values--; /* taken back */
    return status;
}

/* A vector that the user keeps as JSON in a text column. */
static enum vf_status decode_vector_text(const struct vf_pg_codec *codec, const char *text, size_t size_bytes,
                                         struct vf_array *array, struct vf_error *err)
{
    size_t dim = vf_vector_text_count(text, size_bytes);
    const struct vf_vector_text_options options = {.syntax = VF_VECTOR_JSON, .expected_dim = codec->type.dim};
    size_t room = codec->type.dim != 0 ? codec->type.dim : dim;
    uint8_t *out = vf_array_grow(array, vf_element_bytes(codec->type.element, room), err);
    if (out == NULL)
        return VF_NOMEM;
    enum vf_status status =
        codec->type.element == VF_E_F64
            ? vf_vector_text_read_f64(text, size_bytes, &options, (double *)(void *)out, room, &dim, err)
            : vf_vector_text_read_f32(text, size_bytes, &options, (float *)(void *)out, room, &dim, err);
    if (status != VF_OK)
        array->n_values--; /* taken back */
    return status;
}

/* The neutral bytes, kept in a bytea. */
static enum vf_status decode_packed(const struct vf_pg_codec *codec, const uint8_t *bytes, size_t size_bytes,
                                    struct vf_array *array, struct vf_error *err)
{
    if (codec->type.kind == VF_K_SPARSE) {
        enum vf_status status = vf_sparse_check(bytes, size_bytes, err);
        return status == VF_OK ? vf_array_add_bytes(array, bytes, size_bytes, err) : status;
    }
    size_t one = vf_element_bytes(codec->type.element, codec->type.dim != 0 ? codec->type.dim : 1);
    if (codec->type.dim != 0 ? size_bytes != one : size_bytes % one != 0)
        return vf_error_set(err, VF_VALUE, "%zu bytes are no vector of %s", size_bytes,
                            vf_element_name(codec->type.element));
    uint8_t *out = vf_array_grow(array, size_bytes, err);
    if (out == NULL)
        return VF_NOMEM;
    vf_copy_le(codec->type.element, out, bytes,
               codec->type.element == VF_E_BIT ? size_bytes * 8
                                               : size_bytes / vf_element_bytes(codec->type.element, 1));
    return VF_OK;
}

static enum vf_status decode_vector(const struct vf_pg_codec *codec, const uint8_t *bytes, size_t size_bytes,
                                    struct vf_array *array, struct vf_error *err)
{
    if (codec->wire == VF_PG_VECTOR || codec->wire == VF_PG_HALFVEC)
        return decode_dense(codec, bytes, size_bytes, array, err);
    if (codec->wire == VF_PG_BIT)
        return decode_bits(codec, bytes, size_bytes, array, err);
    if (codec->wire == VF_PG_ARRAY)
        return vf_pg_list_decode(codec, bytes, size_bytes, array, err);
    if (codec->wire == VF_PG_BYTEA)
        return decode_packed(codec, bytes, size_bytes, array, err);
    size_t skip = codec->wire == VF_PG_JSONB ? 1 : 0;
    return decode_vector_text(codec, (const char *)bytes + skip, size_bytes - skip, array, err);
}

enum vf_status vf_pg_decode(const struct vf_pg_codec *codec, const uint8_t *bytes, size_t size_bytes,
                            struct vf_array *array, struct vf_buf *scratch, struct vf_error *err)
{
    size_t fixed = fixed_bytes(codec->wire);
    if (fixed != 0)
        return size_bytes == fixed ? decode_fixed(codec, bytes, size_bytes, array, err) : refuse_size(size_bytes, err);
    if (codec->type.kind == VF_K_VECTOR)
        return decode_vector(codec, bytes, size_bytes, array, err);
    if (codec->wire == VF_PG_SPARSEVEC)
        return decode_sparse(codec, bytes, size_bytes, array, err);
    if (codec->type.kind == VF_K_SPARSE)
        return decode_packed(codec, bytes, size_bytes, array, err);
    if (codec->wire == VF_PG_TEXT || codec->wire == VF_PG_BYTEA)
        return vf_array_add_bytes(array, bytes, size_bytes, err);
    if (codec->wire == VF_PG_BOOL)
        return size_bytes == 1 ? vf_array_add_bool(array, bytes[0] != 0, err) : refuse_size(size_bytes, err);
    if (codec->wire == VF_PG_UUID)
        return size_bytes == 16 ? vf_array_add_fixed(array, bytes, err) : refuse_size(size_bytes, err);
    if (codec->wire == VF_PG_JSONB)
        return size_bytes > 0 && bytes[0] == 1 ? vf_array_add_bytes(array, bytes + 1, size_bytes - 1, err)
                                               : refuse_size(size_bytes, err);
    vf_buf_clear(scratch);
    enum vf_status status = VF_OK;
    if (codec->wire == VF_PG_ARRAY)
        status = vf_pg_array_to_text(codec, bytes, size_bytes, scratch, err);
    else if (!vf_pg_numeric_to_text(bytes, size_bytes, scratch))
        status = refuse_size(size_bytes, err);
    if (status == VF_OK)
        status = vf_buf_check(scratch, err);
    return status == VF_OK ? vf_array_add_bytes(array, scratch->data, scratch->size_bytes, err) : status;
}

/* ---- to the wire ---- */

static enum vf_status encode_i64(const struct vf_pg_codec *codec, int64_t value, struct vf_buf *out,
                                 struct vf_error *err)
{
    bool ok = codec->wire == VF_PG_I8 || (codec->wire == VF_PG_I4 ? value >= INT32_MIN && value <= INT32_MAX
                                                                  : value >= INT16_MIN && value <= INT16_MAX);
    if (!ok)
        return vf_error_set(err, VF_VALUE, "%lld is out of the range of %s", (long long)value,
                            codec->wire == VF_PG_I4 ? "integer" : "smallint");
    vf_buf_be32(out, (uint32_t)fixed_bytes(codec->wire));
    if (codec->wire == VF_PG_I8)
        vf_buf_be64(out, (uint64_t)value);
    else if (codec->wire == VF_PG_I4)
        vf_buf_be32(out, (uint32_t)value);
    else
        vf_buf_be16(out, (uint16_t)value);
    return VF_OK;
}

/* timestamp(0) and its kin: the server would round. */
static enum vf_status check_precision(const struct vf_pg_codec *codec, int64_t micros, struct vf_error *err)
{
    static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10};
    if (codec->typmod < 0 || codec->typmod > 5 || micros % units[codec->typmod] == 0 || micros == INT64_MAX ||
        micros == INT64_MIN)
        return VF_OK;
    return vf_error_set(err, VF_VALUE, "the time has more than the %d decimals of the column, which would round it",
                        codec->typmod);
}

static enum vf_status encode_time(const struct vf_pg_codec *codec, int64_t value, struct vf_buf *out,
                                  struct vf_error *err)
{
    if (codec->wire == VF_PG_I8) {
        if (!vf_timestamp_to_epoch(value, epoch_units(codec->form), &value))
            return vf_error_set(err, VF_VALUE, "the time isn't a whole number of the column's units");
        return encode_i64(codec, value, out, err);
    }
    if (codec->wire == VF_PG_DATE) {
        bool is_infinite = value == VF_DATE_INFINITY || value == VF_DATE_MINUS_INFINITY;
        if (!is_infinite && value < INT32_MIN + VF_PG_EPOCH_DAYS + 1)
            return vf_error_set(err, VF_VALUE, "the date is out of the range of PostgreSQL");
        vf_buf_be32(out, 4);
        vf_buf_be32(out, (uint32_t)(int32_t)(is_infinite ? value : value - VF_PG_EPOCH_DAYS));
        return VF_OK;
    }
    enum vf_status status = check_precision(codec, value, err);
    if (status != VF_OK)
        return status;
    vf_buf_be32(out, 8);
    vf_buf_be64(out, (uint64_t)value);
    return VF_OK;
}

static void encode_interval(const uint8_t *value, struct vf_buf *out)
{
    struct vf_interval interval;
    memcpy(&interval, value, sizeof(interval));
    vf_buf_be32(out, 16);
    vf_buf_be64(out, (uint64_t)interval.microseconds);
    vf_buf_be32(out, (uint32_t)interval.days);
    vf_buf_be32(out, (uint32_t)interval.months);
}

static void encode_bytes(const void *bytes, size_t size_bytes, struct vf_buf *out)
{
    vf_buf_be32(out, (uint32_t)size_bytes);
    vf_buf_add(out, bytes, size_bytes);
}

/* pgvector's dense vectors, converted in place. */
static enum vf_status encode_dense(const struct vf_pg_codec *codec, const uint8_t *value, size_t dim,
                                   struct vf_buf *out, struct vf_error *err)
{
    size_t wire = codec->wire == VF_PG_VECTOR ? 4 : 2;
    if (dim > INT16_MAX)
        return vf_error_set(err, VF_VALUE, "the vector has %zu dimensions, and pgvector's limit is 16000", dim);
    char *to = vf_buf_reserve(out, 8 + dim * wire);
    if (to == NULL)
        return vf_buf_check(out, err);
    const uint32_t size = (uint32_t)(4 + dim * wire);
    const uint16_t head[] = {(uint16_t)dim, 0};
    vf_copy_be32(to, &size, 1);
    vf_copy_be16(to + 4, head, 2);
    if (!is_widened(codec)) {
        vf_copy_be(codec->type.element, to + 8, value, dim);
    } else if (codec->type.element == VF_E_BF16) {
        vf_bf16_to_f32_array(to + 8, value, dim);
        vf_copy_be32(to + 8, to + 8, dim);
    } else {
        vf_f16_to_f32_array(to + 8, value, dim);
        vf_copy_be32(to + 8, to + 8, dim);
    }
    vf_buf_advance(out, 8 + dim * wire);
    return VF_OK;
}

static enum vf_status encode_vector(const struct vf_pg_codec *codec, const uint8_t *value, size_t size_bytes,
                                    struct vf_buf *out, struct vf_buf *scratch, struct vf_error *err)
{
    enum vf_element element = codec->type.element;
    size_t dim = codec->type.dim != 0  ? codec->type.dim
                 : element == VF_E_BIT ? size_bytes * 8
                                       : size_bytes / vf_element_bytes(element, 1);
    if (codec->wire == VF_PG_VECTOR || codec->wire == VF_PG_HALFVEC)
        return encode_dense(codec, value, dim, out, err);
    if (codec->wire == VF_PG_BIT) {
        vf_buf_be32(out, (uint32_t)(4 + size_bytes));
        vf_buf_be32(out, (uint32_t)dim);
        vf_buf_add(out, value, size_bytes);
        return VF_OK;
    }
    if (codec->wire == VF_PG_BYTEA) {
        vf_buf_be32(out, (uint32_t)size_bytes);
        char *to = vf_buf_reserve(out, size_bytes + 1);
        if (to == NULL)
            return vf_buf_check(out, err);
        vf_copy_le(element, to, value, dim);
        vf_buf_advance(out, size_bytes);
        return VF_OK;
    }
    vf_buf_clear(scratch);
    if (codec->wire == VF_PG_JSONB)
        vf_buf_char(scratch, 1);
    enum vf_status status = codec->wire == VF_PG_ARRAY ? vf_pg_list_encode(codec, value, dim, scratch, err)
                                                       : vf_vector_text_write(scratch, element, value, dim, err);
    if (status == VF_OK)
        encode_bytes(scratch->data, scratch->size_bytes, out);
    return status;
}

static enum vf_status encode_sparse(const struct vf_pg_codec *codec, const uint8_t *value, size_t size_bytes,
                                    struct vf_buf *out, struct vf_error *err)
{
    enum vf_status status = vf_sparse_check(value, size_bytes, err);
    if (status != VF_OK)
        return status;
    if (codec->wire == VF_PG_BYTEA) {
        encode_bytes(value, size_bytes, out);
        return VF_OK;
    }
    size_t wire = vf_sparse_pgvector_bytes(vf_sparse_nnz(value));
    vf_buf_be32(out, (uint32_t)wire);
    char *to = vf_buf_reserve(out, wire);
    if (to == NULL)
        return vf_buf_check(out, err);
    vf_sparse_to_pgvector(value, to);
    vf_buf_advance(out, wire);
    return VF_OK;
}

static enum vf_status encode_decimal(const struct vf_pg_codec *codec, const char *text, size_t size_bytes,
                                     struct vf_buf *out, struct vf_error *err)
{
    size_t at = out->size_bytes;
    bool is_numeric = codec->wire == VF_PG_NUMERIC;
    if (is_numeric && !vf_pg_numeric_is_exact(text, size_bytes, codec->typmod))
        return vf_error_set(err, VF_VALUE, "%.*s has more decimals than the column, which would round it",
                            size_bytes > 80 ? 80 : (int)size_bytes, text);
    vf_buf_be32(out, 0);
    bool ok = is_numeric ? vf_pg_numeric_from_text(text, size_bytes, out)
                         : vf_pg_element_from_text(codec->wire, VF_K_I64, text, size_bytes, out);
    if (!ok)
        return vf_error_set(err, VF_VALUE, "'%.*s' isn't a number that the column can hold",
                            size_bytes > 80 ? 80 : (int)size_bytes, text);
    if (out->status != VF_OK)
        return vf_buf_check(out, err);
    const uint32_t size = (uint32_t)(out->size_bytes - at - 4);
    vf_copy_be32(out->data + at, &size, 1);
    return VF_OK;
}

static enum vf_status encode_variable(const struct vf_pg_codec *codec, const uint8_t *value, size_t size_bytes,
                                      struct vf_buf *out, struct vf_buf *scratch, struct vf_error *err)
{
    if (codec->type.kind == VF_K_DECIMAL)
        return encode_decimal(codec, (const char *)value, size_bytes, out, err);
    if (codec->wire == VF_PG_JSONB) {
        vf_buf_be32(out, (uint32_t)size_bytes + 1);
        vf_buf_char(out, 1);
        vf_buf_add(out, value, size_bytes);
        return VF_OK;
    }
    if (codec->wire != VF_PG_ARRAY) {
        encode_bytes(value, size_bytes, out);
        return VF_OK;
    }
    vf_buf_clear(scratch);
    enum vf_status status = vf_pg_array_from_text(codec, (const char *)value, size_bytes, scratch, err);
    if (status == VF_OK)
        status = vf_buf_check(scratch, err);
    if (status == VF_OK)
        encode_bytes(scratch->data, scratch->size_bytes, out);
    return status;
}

static enum vf_status encode_value(const struct vf_pg_codec *codec, const struct vf_array *array, int64_t row,
                                   struct vf_buf *out, struct vf_buf *scratch, struct vf_error *err)
{
    size_t size_bytes = 0;
    if (codec->type.kind == VF_K_BOOL) {
        vf_buf_be32(out, 1);
        vf_buf_char(out, vf_array_bool(array, row) ? 1 : 0);
        return VF_OK;
    }
    const uint8_t *value = vf_array_value(array, row, &size_bytes);
    if (codec->type.kind == VF_K_VECTOR)
        return encode_vector(codec, value, size_bytes, out, scratch, err);
    if (codec->type.kind == VF_K_SPARSE)
        return encode_sparse(codec, value, size_bytes, out, err);
    if (array->layout == VF_LAYOUT_VARIABLE)
        return encode_variable(codec, value, size_bytes, out, scratch, err);
    if (codec->type.kind == VF_K_UUID) {
        encode_bytes(value, 16, out);
    } else if (codec->type.kind == VF_K_INTERVAL) {
        encode_interval(value, out);
    } else if (codec->wire == VF_PG_F4 || codec->wire == VF_PG_F8) {
        float narrow = (float)vf_array_f64(array, row);
        double wide = vf_array_f64(array, row);
        char bytes[8];
        if (codec->wire == VF_PG_F4 && array->width == 8 && (double)narrow != wide && wide == wide)
            return vf_error_set(err, VF_VALUE, "%.17g isn't a float32", wide);
        if (codec->wire == VF_PG_F4)
            vf_copy_be32(bytes, &narrow, 1);
        else
            vf_copy_be64(bytes, &wide, 1);
        encode_bytes(bytes, fixed_bytes(codec->wire), out);
    } else if (codec->type.kind >= VF_K_DATE && codec->type.kind <= VF_K_TIMESTAMPTZ) {
        return encode_time(codec, vf_array_i64(array, row), out, err);
    } else {
        return encode_i64(codec, vf_array_i64(array, row), out, err);
    }
    return VF_OK;
}

enum vf_status vf_pg_encode(const struct vf_pg_codec *codec, const struct vf_array *array, int64_t row,
                            struct vf_buf *out, struct vf_buf *scratch, struct vf_error *err)
{
    size_t at = out->size_bytes;
    enum vf_status status = encode_value(codec, array, row, out, scratch, err);
    if (status != VF_OK && out->status == VF_OK)
        out->size_bytes = at;
    return status;
}
