#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/decimal.h"
#include "engine/sqlitesql/libsql_vector.h"
#include "engine/sqlitesql/scan.h"
#include "engine/sqlitesql/types.h"
#include "model/temporal.h"
#include "vector/convert.h"
#include "vector/sparse.h"
#include "vector/text.h"

#define EXACT_F64_LIMIT (INT64_C(1) << 53)

void vf_sqlite_value_read(const struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int column,
                          struct vf_sqlite_value *value)
{
    const struct vf_sqlite_library *lib = conn->lib;
    value->type = lib->column_type(stmt, column);
    switch (value->type) {
    case SQLITE_INTEGER:
        value->integer = lib->column_int64(stmt, column);
        break;
    case SQLITE_FLOAT:
        value->real = lib->column_double(stmt, column);
        break;
    case SQLITE_TEXT:
        value->bytes = (const uint8_t *)lib->column_text(stmt, column);
        value->size_bytes = (size_t)lib->column_bytes(stmt, column);
        break;
    case SQLITE_BLOB:
        value->bytes = lib->column_blob(stmt, column);
        value->size_bytes = (size_t)lib->column_bytes(stmt, column);
        break;
    default:
        break;
    }
    if ((value->type == SQLITE_TEXT || value->type == SQLITE_BLOB) && value->bytes == NULL) {
        value->bytes = (const uint8_t *)"";
        value->size_bytes = 0;
    }
}

static const char *text_of(const struct vf_sqlite_value *value)
{
    return (const char *)value->bytes;
}

static const char *storage_name(int type)
{
    switch (type) {
    case SQLITE_INTEGER:
        return "an integer";
    case SQLITE_FLOAT:
        return "a real number";
    case SQLITE_TEXT:
        return "a text";
    case SQLITE_BLOB:
        return "a blob";
    default:
        return "NULL";
    }
}

/* "a text (abc) where i64 is expected" */
static enum vf_status unfit(const struct vf_field *field, const struct vf_sqlite_value *value, struct vf_error *err)
{
    char type[48];
    char shown[64];
    const char *what = storage_name(value->type);
    vf_type_format(field->type, type);
    switch (value->type) {
    case SQLITE_INTEGER:
        return vf_error_set(err, VF_VALUE, "%s (%" PRId64 ") where %s is expected", what, value->integer, type);
    case SQLITE_FLOAT:
        return vf_error_set(err, VF_VALUE, "%s (%.17g) where %s is expected", what, value->real, type);
    case SQLITE_TEXT:
        vf_printable(text_of(value), value->size_bytes, shown, sizeof(shown));
        return vf_error_set(err, VF_VALUE, "%s (\"%s\") where %s is expected", what, shown, type);
    default:
        return vf_error_set(err, VF_VALUE, "%s of %zu bytes where %s is expected", what, value->size_bytes, type);
    }
}

/* ---- numbers ---- */

static enum vf_status decode_bool(const struct vf_field *field, const struct vf_sqlite_value *value,
                                  struct vf_array *array, struct vf_error *err)
{
    if (field->form != VF_FORM_TEXT) {
        if (value->type == SQLITE_INTEGER && (value->integer == 0 || value->integer == 1))
            return vf_array_add_bool(array, value->integer == 1, err);
        return unfit(field, value, err);
    }
    if (value->type == SQLITE_TEXT && value->size_bytes == 4 && memcmp(value->bytes, "true", 4) == 0)
        return vf_array_add_bool(array, true, err);
    if (value->type == SQLITE_TEXT && value->size_bytes == 5 && memcmp(value->bytes, "false", 5) == 0)
        return vf_array_add_bool(array, false, err);
    return unfit(field, value, err);
}

static enum vf_status decode_integer(const struct vf_field *field, const struct vf_sqlite_value *value,
                                     struct vf_array *array, struct vf_error *err)
{
    int64_t integer = value->integer;
    if (value->type != SQLITE_INTEGER)
        return unfit(field, value, err);
    if (field->type.kind == VF_K_I64)
        return vf_array_add_fixed(array, &integer, err);
    if (field->type.kind == VF_K_I32 && integer >= INT32_MIN && integer <= INT32_MAX)
        return vf_array_add_fixed(array, &(int32_t){(int32_t)integer}, err);
    if (field->type.kind == VF_K_I16 && integer >= INT16_MIN && integer <= INT16_MAX)
        return vf_array_add_fixed(array, &(int16_t){(int16_t)integer}, err);
    if (field->type.kind == VF_K_I8 && integer >= INT8_MIN && integer <= INT8_MAX)
        return vf_array_add_fixed(array, &(int8_t){(int8_t)integer}, err);
    return unfit(field, value, err);
}

static bool is_text(const struct vf_sqlite_value *value, const char *text)
{
    return value->type == SQLITE_TEXT && value->size_bytes == strlen(text) &&
           memcmp(value->bytes, text, value->size_bytes) == 0;
}

static enum vf_status decode_float(const struct vf_field *field, const struct vf_sqlite_value *value,
                                   struct vf_array *array, struct vf_error *err)
{
    double real = value->real;
    if (value->type == SQLITE_INTEGER && value->integer >= -EXACT_F64_LIMIT && value->integer <= EXACT_F64_LIMIT)
        real = (double)value->integer;
    else if (is_text(value, VF_SQLITE_NAN))
        real = (double)NAN;
    else if (is_text(value, VF_SQLITE_NEGATIVE_ZERO))
        real = -0.0;
    else if (is_text(value, VF_SQLITE_INFINITY) || is_text(value, VF_SQLITE_MINUS_INFINITY))
        real = value->bytes[0] == '-' ? -(double)INFINITY : (double)INFINITY;
    else if (value->type != SQLITE_FLOAT)
        return unfit(field, value, err);
    if (field->type.kind == VF_K_F64)
        return vf_array_add_fixed(array, &real, err);
    float narrow = (float)real;
    if (!isnan(real) && (double)narrow != real)
        return vf_error_set(err, VF_VALUE, "%.17g is not exactly a 32-bit float", real);
    return vf_array_add_fixed(array, &narrow, err);
}

static enum vf_status decode_decimal(const struct vf_field *field, const struct vf_sqlite_value *value,
                                     struct vf_array *array, struct vf_error *err)
{
    char text[VF_SQLITE_DECIMAL_BYTES];
    size_t size_bytes = 0;
    if (value->type == SQLITE_INTEGER)
        size_bytes = (size_t)snprintf(text, sizeof(text), "%" PRId64, value->integer);
    else if (value->type == SQLITE_FLOAT)
        size_bytes = vf_sqlite_decimal_from_f64(value->real, text);
    else if (value->type == SQLITE_TEXT && vf_sqlite_decimal_is_plain(text_of(value), value->size_bytes))
        return vf_array_add_bytes(array, value->bytes, value->size_bytes, err);
    else
        return unfit(field, value, err);
    return vf_array_add_bytes(array, text, size_bytes, err);
}

/* ---- texts, bytes ---- */

static enum vf_status decode_text(const struct vf_field *field, const struct vf_sqlite_value *value,
                                  struct vf_array *array, struct vf_error *err)
{
    if (value->type != SQLITE_TEXT)
        return unfit(field, value, err);
    return vf_array_add_bytes(array, value->bytes, value->size_bytes, err);
}

/* A column declared JSON has numeric affinity, so that the text `1` has become the integer. */
static enum vf_status decode_json(const struct vf_field *field, const struct vf_sqlite_value *value,
                                  struct vf_array *array, struct vf_error *err)
{
    char text[32];
    if (value->type == SQLITE_INTEGER) {
        int n = snprintf(text, sizeof(text), "%" PRId64, value->integer);
        return vf_array_add_bytes(array, text, (size_t)n, err);
    }
    if (value->type == SQLITE_FLOAT && isfinite(value->real))
        return vf_array_add_bytes(array, text, vf_format_f64(value->real, text), err);
    return decode_text(field, value, array, err);
}

static enum vf_status decode_blob(const struct vf_field *field, const struct vf_sqlite_value *value,
                                  struct vf_array *array, struct vf_error *err)
{
    if (value->type != SQLITE_BLOB)
        return unfit(field, value, err);
    return vf_array_add_bytes(array, value->bytes, value->size_bytes, err);
}

static enum vf_status decode_uuid(const struct vf_field *field, const struct vf_sqlite_value *value,
                                  struct vf_array *array, struct vf_error *err)
{
    uint8_t uuid[16];
    if (value->type == SQLITE_BLOB && field->form == VF_FORM_BYTES && value->size_bytes == sizeof(uuid))
        return vf_array_add_fixed(array, value->bytes, err);
    if (value->type == SQLITE_TEXT && field->form != VF_FORM_BYTES &&
        vf_uuid_parse(text_of(value), value->size_bytes, uuid))
        return vf_array_add_fixed(array, uuid, err);
    return unfit(field, value, err);
}

/* ---- dates and times ---- */

static bool read_timestamp(const struct vf_field *field, const struct vf_sqlite_value *value, int64_t *timestamp_us)
{
    bool with_zone = field->type.kind == VF_K_TIMESTAMPTZ;
    bool is_integer = value->type == SQLITE_INTEGER;
    switch (field->form) {
    case VF_FORM_EPOCH_S:
        return is_integer && vf_timestamp_from_epoch(value->integer, 1, timestamp_us);
    case VF_FORM_EPOCH_MS:
        return is_integer && vf_timestamp_from_epoch(value->integer, 1000, timestamp_us);
    case VF_FORM_EPOCH_US:
        return is_integer && vf_timestamp_from_epoch(value->integer, 1000000, timestamp_us);
    case VF_FORM_JULIAN:
        return value->type == SQLITE_FLOAT && vf_timestamp_from_julian(value->real, timestamp_us);
    case VF_FORM_NATIVE:
    case VF_FORM_TEXT:
    case VF_FORM_INTEGER:
    case VF_FORM_ISO:
    case VF_FORM_BYTES:
    case VF_FORM_JSON:
    case VF_FORM_VEC0:
    case VF_FORM_LIBSQL:
    case VF_FORM_LIST:
    case VF_FORM_COUNT:
    default:
        return value->type == SQLITE_TEXT &&
               vf_timestamp_parse(text_of(value), value->size_bytes, with_zone, timestamp_us);
    }
}

static enum vf_status decode_timestamp(const struct vf_field *field, const struct vf_sqlite_value *value,
                                       struct vf_array *array, struct vf_error *err)
{
    int64_t timestamp_us = 0;
    if (!read_timestamp(field, value, &timestamp_us))
        return unfit(field, value, err);
    return vf_array_add_fixed(array, &timestamp_us, err);
}

static enum vf_status decode_date(const struct vf_field *field, const struct vf_sqlite_value *value,
                                  struct vf_array *array, struct vf_error *err)
{
    int32_t days = 0;
    if (value->type != SQLITE_TEXT || !vf_date_parse(text_of(value), value->size_bytes, &days))
        return unfit(field, value, err);
    return vf_array_add_fixed(array, &days, err);
}

static enum vf_status decode_time(const struct vf_field *field, const struct vf_sqlite_value *value,
                                  struct vf_array *array, struct vf_error *err)
{
    int64_t time_us = 0;
    if (value->type != SQLITE_TEXT || !vf_time_parse(text_of(value), value->size_bytes, &time_us))
        return unfit(field, value, err);
    return vf_array_add_fixed(array, &time_us, err);
}

static enum vf_status decode_interval(const struct vf_field *field, const struct vf_sqlite_value *value,
                                      struct vf_array *array, struct vf_error *err)
{
    struct vf_interval interval = {0};
    if (value->type != SQLITE_TEXT || !vf_interval_parse(text_of(value), value->size_bytes, &interval))
        return unfit(field, value, err);
    return vf_array_add_fixed(array, &interval, err);
}

/* ---- vectors ---- */

static enum vf_status wrong_dim(const struct vf_field *field, size_t found, const char *unit, struct vf_error *err)
{
    return vf_error_set(err, VF_VALUE, "a vector of %zu %s where %u dimensions are expected", found, unit,
                        field->type.dim);
}

/* Packed elements: little-endian; bits as `lsb_first` says. */
static enum vf_status add_packed(const struct vf_field *field, const uint8_t *bytes, size_t size_bytes, bool lsb_first,
                                 struct vf_array *array, struct vf_error *err)
{
    enum vf_element element = field->type.element;
    size_t element_bytes = vf_element_bytes(element, 1);
    if (field->type.dim > 0 && size_bytes != vf_element_bytes(element, field->type.dim)) {
        bool is_whole = element != VF_E_BIT && size_bytes % element_bytes == 0;
        return wrong_dim(field, is_whole ? size_bytes / element_bytes : size_bytes, is_whole ? "dimensions" : "bytes",
                         err);
    }
    if (size_bytes == 0 || size_bytes % element_bytes != 0)
        return vf_error_set(err, VF_VALUE, "%zu bytes are no vector of %s", size_bytes, vf_element_name(element));
    uint8_t *out = vf_array_grow(array, size_bytes, err);
    if (out == NULL)
        return VF_NOMEM;
    if (element != VF_E_BIT) {
        vf_copy_le(element, out, bytes, size_bytes / element_bytes);
        return VF_OK;
    }
    if (lsb_first)
        vf_bits_reverse(out, bytes, size_bytes);
    else
        memcpy(out, bytes, size_bytes);
    if (field->type.dim > 0 && !vf_bits_padding_is_zero(out, field->type.dim))
        return vf_error_set(err, VF_VALUE, "bits after the last dimension are set");
    return VF_OK;
}

/* A text is a list of numbers whatever the element; one that the element doesn't hold exactly is refused, for nobody said that it may be rounded. */
static enum vf_status add_narrow_text(const struct vf_field *field, const struct vf_sqlite_value *value, size_t dim,
                                      const struct vf_vector_text_options *options, uint8_t *out, size_t *found,
                                      struct vf_error *err)
{
    enum vf_element element = field->type.element;
    float *wide = vf_calloc(dim + 1, sizeof(*wide));
    float *back = vf_calloc(dim + 1, sizeof(*back));
    enum vf_status status = wide == NULL || back == NULL ? vf_error_nomem(err)
                                                         : vf_vector_text_read_f32(text_of(value), value->size_bytes,
                                                                                   options, wide, dim, found, err);
    if (status == VF_OK && element == VF_E_F16) {
        vf_f16_from_f32_array(out, wide, *found);
        vf_f16_to_f32_array(back, out, *found);
    } else if (status == VF_OK && element == VF_E_BF16) {
        vf_bf16_from_f32_array(out, wide, *found);
        vf_bf16_to_f32_array(back, out, *found);
    } else if (status == VF_OK) {
        vf_bits_from_f32_array(out, wide, *found);
        for (size_t i = 0; i < *found; i++) /* libSQL shows a bit as 1 or -1 */
            back[i] = wide[i] == 1 ? 1 : -1;
    }
    for (size_t i = 0; status == VF_OK && i < *found; i++) {
        if (wide[i] != back[i])
            status = vf_error_set(err, VF_VALUE, "element %zu of the text, %.9g, is no %s exactly", i, (double)wide[i],
                                  vf_element_name(element));
    }
    vf_free(wide);
    vf_free(back);
    return status;
}

static enum vf_status add_vector_text(const struct vf_field *field, const struct vf_sqlite_value *value,
                                      struct vf_array *array, struct vf_error *err)
{
    const struct vf_vector_text_options options = {.syntax = VF_VECTOR_JSON, .expected_dim = field->type.dim};
    const char *text = text_of(value);
    size_t dim = field->type.dim > 0 ? field->type.dim : vf_vector_text_count(text, value->size_bytes);
    size_t found = 0;
    enum vf_element element = field->type.element;
    bool is_list = element != VF_E_BIT || field->form == VF_FORM_LIBSQL;
    if (dim == 0 && is_list)
        return unfit(field, value, err);
    if (!is_list && dim == 0)
        dim = value->size_bytes;
    uint8_t *out = vf_array_grow(array, vf_element_bytes(element, dim), err);
    if (out == NULL)
        return VF_NOMEM;
    enum vf_status status = VF_OK;
    if (element == VF_E_F32)
        status = vf_vector_text_read_f32(text, value->size_bytes, &options, (float *)(void *)out, dim, &found, err);
    else if (element == VF_E_F64)
        status = vf_vector_text_read_f64(text, value->size_bytes, &options, (double *)(void *)out, dim, &found, err);
    else if (element == VF_E_I8)
        status = vf_vector_text_read_i8(text, value->size_bytes, &options, (int8_t *)out, dim, &found, err);
    else if (!is_list)
        status = vf_vector_text_read_bits(text, value->size_bytes, out, dim, &found, err);
    else
        status = add_narrow_text(field, value, dim, &options, out, &found, err);
    if (status == VF_OK && field->type.dim > 0 && found != field->type.dim)
        return wrong_dim(field, found, "dimensions", err);
    return status;
}

/* Nothing but an index of libSQL keeps a blob of another type or length out of a column: each value says for itself what it is. */
static enum vf_status add_libsql(const struct vf_field *field, const struct vf_sqlite_value *value,
                                 struct vf_array *array, struct vf_error *err)
{
    struct vf_libsql_vector vector;
    enum vf_status status = vf_libsql_vector_parse(value->bytes, value->size_bytes, &vector, err);
    if (status != VF_OK)
        return status;
    if (vector.element != field->type.element)
        return vf_error_set(err, VF_VALUE, "a libSQL vector of %s where %s is expected",
                            vf_libsql_type_name(vector.type), vf_element_name(field->type.element));
    if (field->type.dim > 0 ? vector.dim != field->type.dim : vector.dim > VF_LIBSQL_MAX_DIM)
        return wrong_dim(field, vector.dim, "dimensions", err);
    uint8_t *out = vf_array_grow(array, vf_element_bytes(vector.element, vector.dim), err);
    return out == NULL ? VF_NOMEM : vf_libsql_vector_unpack(&vector, out, err);
}

static enum vf_status decode_vector(const struct vf_field *field, const struct vf_sqlite_value *value,
                                    struct vf_array *array, struct vf_error *err)
{
    bool takes_text = field->form == VF_FORM_JSON || field->form == VF_FORM_TEXT || field->form == VF_FORM_LIBSQL;
    bool takes_blob = field->form != VF_FORM_JSON && field->form != VF_FORM_TEXT;
    if (value->type == SQLITE_TEXT && takes_text)
        return add_vector_text(field, value, array, err);
    if (value->type != SQLITE_BLOB || !takes_blob)
        return unfit(field, value, err);
    if (field->form == VF_FORM_LIBSQL)
        return add_libsql(field, value, array, err);
    return add_packed(field, value->bytes, value->size_bytes, field->form == VF_FORM_VEC0, array, err);
}

static enum vf_status decode_libsql_sparse(const struct vf_field *field, const struct vf_sqlite_value *value,
                                           struct vf_array *array, struct vf_error *err)
{
    struct vf_libsql_vector vector;
    struct vf_buf neutral;
    enum vf_status status = vf_libsql_vector_parse(value->bytes, value->size_bytes, &vector, err);
    if (status == VF_OK && vector.type != VF_LIBSQL_SPARSE)
        return unfit(field, value, err);
    if (status == VF_OK && field->type.dim > 0 && vector.dim != field->type.dim)
        return wrong_dim(field, vector.dim, "dimensions", err);
    vf_buf_init(&neutral, VF_BUF_MAX);
    if (status == VF_OK)
        status = vf_libsql_vector_unpack_sparse(&vector, &neutral, err);
    if (status == VF_OK)
        status = vf_array_add_bytes(array, neutral.data, neutral.size_bytes, err);
    vf_buf_release(&neutral);
    return status;
}

static enum vf_status decode_sparse(const struct vf_field *field, const struct vf_sqlite_value *value,
                                    struct vf_array *array, struct vf_error *err)
{
    if (value->type != SQLITE_BLOB)
        return unfit(field, value, err);
    if (field->form == VF_FORM_LIBSQL)
        return decode_libsql_sparse(field, value, array, err);
    enum vf_status status = vf_sparse_check(value->bytes, value->size_bytes, err);
    if (status != VF_OK)
        return status;
    if (field->type.dim > 0 && vf_sparse_dim(value->bytes) != field->type.dim)
        return wrong_dim(field, vf_sparse_dim(value->bytes), "dimensions", err);
    return vf_array_add_bytes(array, value->bytes, value->size_bytes, err);
}

static enum vf_status (*const decoders[VF_KIND_COUNT])(const struct vf_field *field,
                                                       const struct vf_sqlite_value *value, struct vf_array *array,
                                                       struct vf_error *err) = {
    [VF_K_BOOL] = decode_bool,         [VF_K_I8] = decode_integer,          [VF_K_I16] = decode_integer,
    [VF_K_I32] = decode_integer,       [VF_K_I64] = decode_integer,         [VF_K_F32] = decode_float,
    [VF_K_F64] = decode_float,         [VF_K_DECIMAL] = decode_decimal,     [VF_K_TEXT] = decode_text,
    [VF_K_BLOB] = decode_blob,         [VF_K_UUID] = decode_uuid,           [VF_K_DATE] = decode_date,
    [VF_K_TIME] = decode_time,         [VF_K_TIMESTAMP] = decode_timestamp, [VF_K_TIMESTAMPTZ] = decode_timestamp,
    [VF_K_INTERVAL] = decode_interval, [VF_K_JSON] = decode_json,           [VF_K_ENUM] = decode_text,
    [VF_K_ARRAY] = decode_text,        [VF_K_OTHER] = decode_text,          [VF_K_VECTOR] = decode_vector,
    [VF_K_SPARSE] = decode_sparse,
};

enum vf_status vf_sqlite_decode(const struct vf_field *field, const struct vf_sqlite_value *value,
                                struct vf_array *array, struct vf_error *err)
{
    if (value->type == SQLITE_FLOAT && isnan(value->real)) /* which a database never holds: engine/turso/statement.c */
        return vf_error_set(err, VF_VALUE, "an infinite number, which the server doesn't send");
    return decoders[field->type.kind](field, value, array, err);
}
