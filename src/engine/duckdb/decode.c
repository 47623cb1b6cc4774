#include "engine/duckdb/decode.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "engine/duckdb/conn.h"
#include "model/array_text.h"
#include "model/temporal.h"

#define AT(type) (((const type *)values->data)[row])

static enum vf_status misfit(const struct vf_field *field, struct vf_error *err)
{
    char type[48];
    return vf_error_set(err, VF_VALUE, "a %s can't be read as %s", field->native, vf_type_format(field->type, type));
}

/* The value's text, in the scratch buffer. */
static enum vf_status text_of(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *scratch,
                              struct vf_error *err)
{
    vf_buf_clear(scratch);
    enum vf_status status = vf_duckdb_text(values, row, scratch, err);
    return status == VF_OK ? vf_buf_check(scratch, err) : status;
}

static const char *bytes_of(const struct vf_buf *scratch)
{
    return scratch->data != NULL ? scratch->data : "";
}

/* ---- whole numbers ---- */

static bool is_whole(const struct vf_duckdb_values *values, idx_t row, int64_t *value)
{
    switch ((int)values->logical->id) {
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_UTINYINT:
        *value = AT(uint8_t);
        return true;
    case DUCKDB_TYPE_TINYINT:
        *value = AT(int8_t);
        return true;
    case DUCKDB_TYPE_SMALLINT:
        *value = AT(int16_t);
        return true;
    case DUCKDB_TYPE_USMALLINT:
        *value = AT(uint16_t);
        return true;
    case DUCKDB_TYPE_INTEGER:
        *value = AT(int32_t);
        return true;
    case DUCKDB_TYPE_UINTEGER:
        *value = AT(uint32_t);
        return true;
    case DUCKDB_TYPE_BIGINT:
        *value = AT(int64_t);
        return true;
    case DUCKDB_TYPE_UBIGINT:
        *value = (int64_t)AT(uint64_t);
        return *value >= 0;
    default:
        return false;
    }
}

static enum vf_status whole_of(const struct vf_duckdb_values *values, idx_t row, const struct vf_field *field,
                               struct vf_buf *scratch, int64_t *value, struct vf_error *err)
{
    if (is_whole(values, row, value))
        return VF_OK;
    enum vf_status status = text_of(values, row, scratch, err);
    if (status == VF_OK && !vf_parse_i64(bytes_of(scratch), scratch->size_bytes, value))
        return misfit(field, err);
    return status;
}

static enum vf_status decode_whole(const struct vf_duckdb_values *values, idx_t row, const struct vf_field *field,
                                   struct vf_array *array, struct vf_buf *scratch, struct vf_error *err)
{
    int64_t value = 0;
    enum vf_status status = whole_of(values, row, field, scratch, &value, err);
    if (status != VF_OK)
        return status;
    unsigned shift = 64 - 8 * (unsigned)array->width;
    if (shift > 0 && (value > INT64_MAX >> shift || value < INT64_MIN >> shift))
        return vf_error_set(err, VF_VALUE, "%lld is out of the range of %s", (long long)value,
                            vf_kind_name(field->type.kind));
    const int8_t narrow8 = (int8_t)value;
    const int16_t narrow16 = (int16_t)value;
    const int32_t narrow32 = (int32_t)value;
    const void *bytes = array->width == 1   ? (const void *)&narrow8
                        : array->width == 2 ? (const void *)&narrow16
                        : array->width == 4 ? (const void *)&narrow32
                                            : (const void *)&value;
    return vf_array_add_fixed(array, bytes, err);
}

static enum vf_status decode_bool(const struct vf_duckdb_values *values, idx_t row, const struct vf_field *field,
                                  struct vf_array *array, struct vf_buf *scratch, struct vf_error *err)
{
    int64_t value = 0;
    if (values->logical->id == DUCKDB_TYPE_VARCHAR) {
        enum vf_status status = text_of(values, row, scratch, err);
        if (status != VF_OK)
            return status;
        if (vf_strcasecmp(bytes_of(scratch), "true") == 0 || vf_strcasecmp(bytes_of(scratch), "false") == 0)
            return vf_array_add_bool(array, vf_strcasecmp(bytes_of(scratch), "true") == 0, err);
    }
    enum vf_status status = whole_of(values, row, field, scratch, &value, err);
    if (status == VF_OK && value != 0 && value != 1)
        return vf_error_set(err, VF_VALUE, "%lld is neither 0 nor 1", (long long)value);
    return status == VF_OK ? vf_array_add_bool(array, value == 1, err) : status;
}

/* ---- floats ---- */

static enum vf_status decode_float(const struct vf_duckdb_values *values, idx_t row, const struct vf_field *field,
                                   struct vf_array *array, struct vf_buf *scratch, struct vf_error *err)
{
    bool is_narrow = field->type.kind == VF_K_F32;
    double value = 0;
    if (values->logical->id == DUCKDB_TYPE_FLOAT) {
        if (is_narrow)
            return vf_array_add_fixed(array, &AT(float), err);
        value = (double)AT(float);
    } else if (values->logical->id == DUCKDB_TYPE_DOUBLE) {
        value = AT(double);
    } else {
        enum vf_status status = text_of(values, row, scratch, err);
        if (status != VF_OK)
            return status;
        if (!vf_parse_f64(bytes_of(scratch), scratch->size_bytes, &value))
            return misfit(field, err);
    }
    if (!is_narrow)
        return vf_array_add_fixed(array, &value, err);
    float narrow = (float)value;
    if (isinf(narrow) && !isinf(value))
        return vf_error_set(err, VF_VALUE, "a number that is too large for a float32");
    return vf_array_add_fixed(array, &narrow, err);
}

/* ---- texts ---- */

static enum vf_status decode_text(const struct vf_duckdb_values *values, idx_t row, struct vf_array *array,
                                  struct vf_buf *scratch, struct vf_error *err)
{
    size_t size_bytes;
    if (values->logical->id == DUCKDB_TYPE_VARCHAR) {
        const char *bytes = vf_duckdb_string(&AT(duckdb_string_t), &size_bytes);
        return vf_array_add_bytes(array, bytes, size_bytes, err);
    }
    enum vf_status status = text_of(values, row, scratch, err);
    return status == VF_OK ? vf_array_add_bytes(array, bytes_of(scratch), scratch->size_bytes, err) : status;
}

static enum vf_status decode_decimal(const struct vf_duckdb_values *values, idx_t row, const struct vf_field *field,
                                     struct vf_array *array, struct vf_buf *scratch, struct vf_error *err)
{
    enum vf_status status = text_of(values, row, scratch, err);
    if (status != VF_OK)
        return status;
    const char *text = bytes_of(scratch);
    bool is_number = vf_is_decimal(text, scratch->size_bytes) && strpbrk(text, "eE+ ") == NULL;
    if (!is_number && strcmp(text, "NaN") != 0 && strcmp(text, "Infinity") != 0 && strcmp(text, "-Infinity") != 0)
        return misfit(field, err);
    return vf_array_add_bytes(array, text, scratch->size_bytes, err);
}

static enum vf_status decode_blob(const struct vf_duckdb_values *values, idx_t row, const struct vf_field *field,
                                  struct vf_array *array, struct vf_error *err)
{
    size_t size_bytes;
    if (values->logical->id != DUCKDB_TYPE_BLOB)
        return misfit(field, err);
    const char *bytes = vf_duckdb_string(&AT(duckdb_string_t), &size_bytes);
    return vf_array_add_bytes(array, bytes, size_bytes, err);
}

static enum vf_status decode_uuid(const struct vf_duckdb_values *values, idx_t row, const struct vf_field *field,
                                  struct vf_array *array, struct vf_buf *scratch, struct vf_error *err)
{
    uint8_t uuid[16];
    if (values->logical->id == DUCKDB_TYPE_UUID) {
        vf_duckdb_uuid(values, row, uuid);
        return vf_array_add_fixed(array, uuid, err);
    }
    if (values->logical->id == DUCKDB_TYPE_BLOB) {
        size_t size_bytes;
        const char *bytes = vf_duckdb_string(&AT(duckdb_string_t), &size_bytes);
        return size_bytes == sizeof(uuid) ? vf_array_add_fixed(array, bytes, err) : misfit(field, err);
    }
    enum vf_status status = text_of(values, row, scratch, err);
    if (status == VF_OK && !vf_uuid_parse(bytes_of(scratch), scratch->size_bytes, uuid))
        return misfit(field, err);
    return status == VF_OK ? vf_array_add_fixed(array, uuid, err) : status;
}

/* ---- dates and times ---- */

static int64_t units_of(enum vf_form form)
{
    return form == VF_FORM_EPOCH_S ? 1 : form == VF_FORM_EPOCH_MS ? 1000 : form == VF_FORM_EPOCH_US ? 1000000 : 0;
}

static enum vf_status decode_moment(const struct vf_duckdb_values *values, idx_t row, const struct vf_field *field,
                                    struct vf_array *array, struct vf_buf *scratch, struct vf_error *err)
{
    int64_t value = 0, whole = 0;
    int64_t units = units_of(field->form);
    switch ((int)values->logical->id) {
    case DUCKDB_TYPE_TIMESTAMP_NS:
        if (!vf_duckdb_moment(values, row, &value))
            return vf_error_set(err, VF_VALUE, "the timestamp has parts of a microsecond, which would be lost");
        return vf_array_add_fixed(array, &value, err);
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
        if (!vf_duckdb_moment(values, row, &value))
            return vf_error_set(err, VF_VALUE, "the timestamp is out of range");
        return vf_array_add_fixed(array, &value, err);
    default:
        break;
    }
    if (units != 0 && is_whole(values, row, &whole))
        return vf_timestamp_from_epoch(whole, units, &value) ? vf_array_add_fixed(array, &value, err)
                                                             : misfit(field, err);
    enum vf_status status = text_of(values, row, scratch, err);
    bool with_zone = field->type.kind == VF_K_TIMESTAMPTZ;
    if (status == VF_OK && !vf_timestamp_parse(bytes_of(scratch), scratch->size_bytes, with_zone, &value))
        return misfit(field, err);
    return status == VF_OK ? vf_array_add_fixed(array, &value, err) : status;
}

static enum vf_status decode_date(const struct vf_duckdb_values *values, idx_t row, const struct vf_field *field,
                                  struct vf_array *array, struct vf_buf *scratch, struct vf_error *err)
{
    int32_t days = 0;
    if (values->logical->id == DUCKDB_TYPE_DATE) {
        days = vf_duckdb_date(values, row);
        return vf_array_add_fixed(array, &days, err);
    }
    enum vf_status status = text_of(values, row, scratch, err);
    if (status == VF_OK && !vf_date_parse(bytes_of(scratch), scratch->size_bytes, &days))
        return misfit(field, err);
    return status == VF_OK ? vf_array_add_fixed(array, &days, err) : status;
}

static enum vf_status decode_time(const struct vf_duckdb_values *values, idx_t row, const struct vf_field *field,
                                  struct vf_array *array, struct vf_buf *scratch, struct vf_error *err)
{
    int64_t time_us = 0;
    if (values->logical->id == DUCKDB_TYPE_TIME)
        return vf_array_add_fixed(array, &AT(int64_t), err);
    enum vf_status status = text_of(values, row, scratch, err);
    if (status == VF_OK && !vf_time_parse(bytes_of(scratch), scratch->size_bytes, &time_us))
        return misfit(field, err);
    return status == VF_OK ? vf_array_add_fixed(array, &time_us, err) : status;
}

static enum vf_status decode_interval(const struct vf_duckdb_values *values, idx_t row, const struct vf_field *field,
                                      struct vf_array *array, struct vf_buf *scratch, struct vf_error *err)
{
    struct vf_interval interval = {0};
    if (values->logical->id == DUCKDB_TYPE_INTERVAL) {
        const duckdb_interval *value = &AT(duckdb_interval);
        interval = (struct vf_interval){value->months, value->days, value->micros};
        return vf_array_add_fixed(array, &interval, err);
    }
    enum vf_status status = text_of(values, row, scratch, err);
    if (status == VF_OK && !vf_interval_parse(bytes_of(scratch), scratch->size_bytes, &interval))
        return misfit(field, err);
    return status == VF_OK ? vf_array_add_fixed(array, &interval, err) : status;
}

/* ---- arrays ---- */

static enum vf_status write_elements(const struct vf_duckdb_values *values, idx_t first, idx_t n, enum vf_kind kind,
                                     struct vf_array *array, struct vf_buf *scratch, struct vf_error *err)
{
    struct vf_buf text;
    struct vf_array_writer writer;
    const struct vf_array_shape shape = {.n_dimensions = n > 0, .size = {(int32_t)n}, .lower = {1}};
    enum vf_status status = VF_OK;
    vf_buf_init(&text, VF_BUF_MAX);
    vf_buf_clear(scratch);
    vf_array_write_begin(&writer, scratch, kind, &shape);
    for (idx_t i = first; status == VF_OK && i < first + n; i++) {
        if (!vf_duckdb_is_valid(values->validity, i)) {
            vf_array_write_element(&writer, NULL, 0);
            continue;
        }
        vf_buf_clear(&text);
        status = vf_duckdb_text(values, i, &text, err);
        if (status == VF_OK)
            status = vf_buf_check(&text, err);
        if (status == VF_OK)
            vf_array_write_element(&writer, bytes_of(&text), text.size_bytes);
    }
    if (status == VF_OK) {
        vf_array_write_end(&writer);
        status = vf_buf_check(scratch, err);
    }
    if (status == VF_OK)
        status = vf_array_add_bytes(array, bytes_of(scratch), scratch->size_bytes, err);
    vf_buf_release(&text);
    return status;
}

static enum vf_status decode_array(const struct vf_duckdb_values *values, idx_t row, const struct vf_field *field,
                                   struct vf_array *array, struct vf_buf *scratch, struct vf_error *err)
{
    const struct vf_duckdb_library *lib = values->lib;
    struct vf_duckdb_values child;
    if (values->logical->id == DUCKDB_TYPE_VARCHAR)
        return decode_text(values, row, array, scratch, err);
    if (values->logical->id == DUCKDB_TYPE_LIST) {
        const duckdb_list_entry entry = AT(duckdb_list_entry);
        if (entry.length > INT32_MAX)
            return misfit(field, err);
        vf_duckdb_values_init(&child, lib, &values->logical->children[0], lib->list_vector_get_child(values->vector));
        return write_elements(&child, entry.offset, entry.length, field->type.element_kind, array, scratch, err);
    }
    if (values->logical->id != DUCKDB_TYPE_ARRAY)
        return misfit(field, err);
    idx_t n = values->logical->array_size;
    vf_duckdb_values_init(&child, lib, &values->logical->children[0], lib->array_vector_get_child(values->vector));
    return write_elements(&child, row * n, n, field->type.element_kind, array, scratch, err);
}

enum vf_status vf_duckdb_decode(const struct vf_duckdb_values *values, idx_t row, const struct vf_field *field,
                                struct vf_array *array, struct vf_buf *scratch, struct vf_error *err)
{
    switch (field->type.kind) {
    case VF_K_BOOL:
        return decode_bool(values, row, field, array, scratch, err);
    case VF_K_I8:
    case VF_K_I16:
    case VF_K_I32:
    case VF_K_I64:
        return decode_whole(values, row, field, array, scratch, err);
    case VF_K_F32:
    case VF_K_F64:
        return decode_float(values, row, field, array, scratch, err);
    case VF_K_DECIMAL:
        return decode_decimal(values, row, field, array, scratch, err);
    case VF_K_TEXT:
    case VF_K_JSON:
    case VF_K_ENUM:
    case VF_K_OTHER:
        return decode_text(values, row, array, scratch, err);
    case VF_K_BLOB:
    case VF_K_SPARSE:
        return decode_blob(values, row, field, array, err);
    case VF_K_UUID:
        return decode_uuid(values, row, field, array, scratch, err);
    case VF_K_DATE:
        return decode_date(values, row, field, array, scratch, err);
    case VF_K_TIME:
        return decode_time(values, row, field, array, scratch, err);
    case VF_K_TIMESTAMP:
    case VF_K_TIMESTAMPTZ:
        return decode_moment(values, row, field, array, scratch, err);
    case VF_K_INTERVAL:
        return decode_interval(values, row, field, array, scratch, err);
    case VF_K_ARRAY:
        return decode_array(values, row, field, array, scratch, err);
    case VF_K_VECTOR:
        return vf_duckdb_decode_vector(values, row, field->type, array, err);
    case VF_KIND_COUNT:
        break;
    }
    return misfit(field, err);
}

size_t vf_duckdb_value_bytes(const struct vf_duckdb_values *values, idx_t row)
{
    size_t size_bytes = 0;
    if (!vf_duckdb_is_valid(values->validity, row))
        return 0;
    switch ((int)values->logical->id) {
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_BLOB:
    case DUCKDB_TYPE_BIT:
        (void)vf_duckdb_string(&AT(duckdb_string_t), &size_bytes);
        return size_bytes;
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_MAP:
        return (size_t)AT(duckdb_list_entry).length * 8;
    case DUCKDB_TYPE_ARRAY:
        return (size_t)values->logical->array_size * 4;
    default:
        return 0;
    }
}
