#include "engine/sqlitesql/encode.h"

#include <math.h>
#include <string.h>

#include "engine/sqlitesql/libsql_vector.h"
#include "engine/sqlitesql/types.h"
#include "vector/convert.h"
#include "vector/text.h"

/* What one value is bound with. */
struct binder {
    struct vf_sqlite_conn *conn;
    sqlite3_stmt *stmt;
    int parameter;
    const struct vf_field *field;
    const struct vf_array *array;
    int64_t row;
    struct vf_sqlite_scratch *scratch;
};

void vf_sqlite_scratch_release(struct vf_sqlite_scratch *scratch)
{
    vf_buf_release(&scratch->buf);
}

static struct vf_buf *buffer_of(struct vf_sqlite_scratch *scratch)
{
    if (scratch->buf.max_bytes == 0)
        vf_buf_init(&scratch->buf, VF_BUF_MAX);
    vf_buf_clear(&scratch->buf);
    return &scratch->buf;
}

/* SQLite copies nothing and finds out nothing when it binds, but a size over its limit. */
static enum vf_status bound(const struct binder *b, int code, struct vf_error *err)
{
    if (code == SQLITE_OK)
        return VF_OK;
    if (code == SQLITE_TOOBIG)
        return vf_error_set(err, VF_VALUE, "the value is larger than SQLite can hold");
    return vf_sqlite_fail(b->conn, err, "column %s", b->field->name);
}

static enum vf_status bind_text(const struct binder *b, const void *text, size_t size_bytes, struct vf_error *err)
{
    const void *bytes = size_bytes == 0 ? "" : text;
    return bound(b, b->conn->lib->bind_text64(b->stmt, b->parameter, bytes, size_bytes, SQLITE_STATIC, SQLITE_UTF8),
                 err);
}

static enum vf_status bind_blob(const struct binder *b, const void *blob, size_t size_bytes, struct vf_error *err)
{
    const void *bytes = size_bytes == 0 ? "" : blob;
    return bound(b, b->conn->lib->bind_blob64(b->stmt, b->parameter, bytes, size_bytes, SQLITE_STATIC), err);
}

static enum vf_status bind_integer(const struct binder *b, int64_t value, struct vf_error *err)
{
    return bound(b, b->conn->lib->bind_int64(b->stmt, b->parameter, value), err);
}

static enum vf_status bind_bool(const struct binder *b, struct vf_error *err)
{
    bool value = vf_array_bool(b->array, b->row);
    if (b->field->form == VF_FORM_TEXT)
        return bind_text(b, value ? "true" : "false", value ? 4 : 5, err);
    return bind_integer(b, value, err);
}

static enum vf_status bind_float(const struct binder *b, struct vf_error *err)
{
    double value = vf_array_f64(b->array, b->row);
    if (isnan(value))
        return bind_text(b, VF_SQLITE_NAN, strlen(VF_SQLITE_NAN), err);
    if (value == 0 && signbit(value))
        return bind_text(b, VF_SQLITE_NEGATIVE_ZERO, strlen(VF_SQLITE_NEGATIVE_ZERO), err);
    return bound(b, b->conn->lib->bind_double(b->stmt, b->parameter, value), err);
}

static enum vf_status bind_uuid(const struct binder *b, const uint8_t *bytes, struct vf_error *err)
{
    if (b->field->form == VF_FORM_BYTES)
        return bind_blob(b, bytes, 16, err);
    vf_uuid_format(bytes, b->scratch->text);
    return bind_text(b, b->scratch->text, 36, err);
}

static enum vf_status bind_timestamp(const struct binder *b, struct vf_error *err)
{
    int64_t timestamp_us = vf_array_i64(b->array, b->row);
    int64_t units = b->field->form == VF_FORM_EPOCH_S    ? 1
                    : b->field->form == VF_FORM_EPOCH_MS ? 1000
                    : b->field->form == VF_FORM_EPOCH_US ? 1000000
                                                         : 0;
    int64_t value = 0;
    bool with_zone = b->field->type.kind == VF_K_TIMESTAMPTZ;
    if (b->field->form == VF_FORM_JULIAN)
        return vf_error_set(err, VF_VALUE, "a julian day can't hold a timestamp exactly");
    if (units == 0)
        return bind_text(b, b->scratch->text, vf_timestamp_format(timestamp_us, with_zone, b->scratch->text), err);
    if (vf_timestamp_to_epoch(timestamp_us, units, &value))
        return bind_integer(b, value, err);
    vf_timestamp_format(timestamp_us, with_zone, b->scratch->text);
    return vf_error_set(err, VF_VALUE, "the timestamp %s is no whole number of %s since 1970", b->scratch->text,
                        units == 1      ? "seconds"
                        : units == 1000 ? "milliseconds"
                                        : "microseconds");
}

static enum vf_status bind_temporal(const struct binder *b, const uint8_t *bytes, struct vf_error *err)
{
    struct vf_interval interval = {0};
    char *text = b->scratch->text;
    if (b->field->type.kind == VF_K_DATE)
        return bind_text(b, text, vf_date_format((int32_t)vf_array_i64(b->array, b->row), text), err);
    if (b->field->type.kind == VF_K_TIME)
        return bind_text(b, text, vf_time_format(vf_array_i64(b->array, b->row), text), err);
    if (b->field->type.kind != VF_K_INTERVAL)
        return bind_timestamp(b, err);
    memcpy(&interval, bytes, sizeof(interval));
    return bind_text(b, text, vf_interval_format(interval, text), err);
}

/* ---- vectors ---- */

static bool is_little_endian(void)
{
    const uint16_t probe = 1;
    uint8_t first = 0;
    memcpy(&first, &probe, 1);
    return first == 1;
}

static size_t dim_of(const struct vf_field *field, size_t size_bytes)
{
    if (field->type.dim > 0)
        return field->type.dim;
    return field->type.element == VF_E_BIT ? size_bytes * 8 : size_bytes / vf_element_bytes(field->type.element, 1);
}

static enum vf_status bind_vector_text(const struct binder *b, const uint8_t *bytes, size_t size_bytes,
                                       struct vf_error *err)
{
    struct vf_buf *buf = buffer_of(b->scratch);
    enum vf_status status = vf_vector_text_write(buf, b->field->type.element, bytes, dim_of(b->field, size_bytes), err);
    if (status == VF_OK)
        status = vf_buf_check(buf, err);
    return status == VF_OK ? bind_text(b, buf->data, buf->size_bytes, err) : status;
}

static enum vf_status bind_libsql(const struct binder *b, const uint8_t *bytes, size_t size_bytes, struct vf_error *err)
{
    struct vf_buf *buf = buffer_of(b->scratch);
    if (b->field->type.kind == VF_K_SPARSE)
        vf_libsql_vector_pack_sparse(bytes, buf);
    else
        vf_libsql_vector_pack(b->field->type.element, bytes, dim_of(b->field, size_bytes), buf);
    enum vf_status status = vf_buf_check(buf, err);
    return status == VF_OK ? bind_blob(b, buf->data, buf->size_bytes, err) : status;
}

static enum vf_status bind_vector(const struct binder *b, const uint8_t *bytes, size_t size_bytes, struct vf_error *err)
{
    enum vf_element element = b->field->type.element;
    if (b->field->form == VF_FORM_JSON || b->field->form == VF_FORM_TEXT)
        return bind_vector_text(b, bytes, size_bytes, err);
    if (b->field->form == VF_FORM_LIBSQL)
        return bind_libsql(b, bytes, size_bytes, err);
    bool is_reversed = element == VF_E_BIT && b->field->form == VF_FORM_VEC0;
    if (!is_reversed && (is_little_endian() || element == VF_E_BIT || element == VF_E_I8))
        return bind_blob(b, bytes, size_bytes, err);
    struct vf_buf *buf = buffer_of(b->scratch);
    char *out = vf_buf_reserve(buf, size_bytes);
    if (out == NULL)
        return vf_buf_check(buf, err);
    if (is_reversed)
        vf_bits_reverse(out, bytes, size_bytes);
    else
        vf_copy_le(element, out, bytes, dim_of(b->field, size_bytes));
    vf_buf_advance(buf, size_bytes);
    return bind_blob(b, buf->data, buf->size_bytes, err);
}

static enum vf_status bind_value(const struct binder *b, struct vf_error *err)
{
    size_t size_bytes = 0;
    const uint8_t *bytes = b->field->type.kind == VF_K_BOOL ? NULL : vf_array_value(b->array, b->row, &size_bytes);
    switch (b->field->type.kind) {
    case VF_K_BOOL:
        return bind_bool(b, err);
    case VF_K_I8:
    case VF_K_I16:
    case VF_K_I32:
    case VF_K_I64:
        return bind_integer(b, vf_array_i64(b->array, b->row), err);
    case VF_K_F32:
    case VF_K_F64:
        return bind_float(b, err);
    case VF_K_UUID:
        return bind_uuid(b, bytes, err);
    case VF_K_DATE:
    case VF_K_TIME:
    case VF_K_TIMESTAMP:
    case VF_K_TIMESTAMPTZ:
    case VF_K_INTERVAL:
        return bind_temporal(b, bytes, err);
    case VF_K_BLOB:
        return bind_blob(b, bytes, size_bytes, err);
    case VF_K_SPARSE:
        return b->field->form == VF_FORM_LIBSQL ? bind_libsql(b, bytes, size_bytes, err)
                                                : bind_blob(b, bytes, size_bytes, err);
    case VF_K_VECTOR:
        return bind_vector(b, bytes, size_bytes, err);
    case VF_K_DECIMAL:
    case VF_K_TEXT:
    case VF_K_JSON:
    case VF_K_ENUM:
    case VF_K_ARRAY:
    case VF_K_OTHER:
    case VF_KIND_COUNT:
    default:
        return bind_text(b, bytes, size_bytes, err);
    }
}

enum vf_status vf_sqlite_bind(struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int parameter,
                              const struct vf_field *field, const struct vf_array *array, int64_t row,
                              struct vf_sqlite_scratch *scratch, struct vf_error *err)
{
    const struct binder b = {conn, stmt, parameter, field, array, row, scratch};
    if (vf_array_is_null(array, row))
        return bound(&b, conn->lib->bind_null(stmt, parameter), err);
    return bind_value(&b, err);
}
