#include "engine/duckdb/encode.h"

#include <string.h>

#include "base/text.h"
#include "engine/duckdb/text.h"
#include "model/temporal.h"

/* ---- bytes ---- */

enum vf_status vf_duckdb_put_bytes(struct vf_duckdb_column *column, const void *bytes, size_t size_bytes, idx_t slot,
                                   struct vf_error *err)
{
    const struct vf_duckdb_library *lib = column->lib;
    const char *text = size_bytes == 0 ? "" : bytes;
    bool is_text = column->as_text || column->logical.id == DUCKDB_TYPE_VARCHAR;
    /* Not asked beforehand, DuckDB makes NULL of what isn't UTF-8, without a word. */
    duckdb_error_data wrong = is_text ? lib->valid_utf8_check(text, size_bytes) : NULL;
    if (wrong != NULL) {
        size_t bad = vf_utf8_check(text, size_bytes);
        lib->destroy_error_data(&wrong);
        return vf_error_set(err, VF_VALUE, "invalid UTF-8 at byte %zu: 0x%02x", bad,
                            bad < size_bytes ? (unsigned)(unsigned char)text[bad] : 0U);
    }
    if (size_bytes > UINT32_MAX)
        return vf_error_set(err, VF_VALUE, "%zu bytes, and DuckDB's limit is 4 GiB", size_bytes);
    lib->unsafe_vector_assign_string_element_len(column->vector, slot, text, size_bytes);
    return VF_OK;
}

static enum vf_status put_variable(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row,
                                   idx_t slot, struct vf_error *err)
{
    size_t size_bytes;
    const uint8_t *bytes = vf_array_value(array, row, &size_bytes);
    return vf_duckdb_put_bytes(column, bytes, size_bytes, slot, err);
}

/* ---- numbers ---- */

static enum vf_status put_bool(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row, idx_t slot,
                               struct vf_error *err)
{
    (void)err;
    ((uint8_t *)column->data)[slot] = vf_array_bool(array, row);
    return VF_OK;
}

/* Widths that agree. */
static enum vf_status put_fixed(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row, idx_t slot,
                                struct vf_error *err)
{
    (void)err;
    memcpy((uint8_t *)column->data + slot * array->width, array->data + (size_t)row * array->width, array->width);
    return VF_OK;
}

static struct vf_duckdb_slot slot_of(const struct vf_duckdb_column *column, idx_t slot)
{
    return (struct vf_duckdb_slot){
        .lib = column->lib, .logical = &column->logical, .vector = column->vector, .data = column->data, .at = slot};
}

static enum vf_status put_whole(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row, idx_t slot,
                                struct vf_error *err)
{
    const struct vf_duckdb_slot to = slot_of(column, slot);
    return vf_duckdb_put_whole(
        &to, array->layout == VF_LAYOUT_BITS ? vf_array_bool(array, row) : vf_array_i64(array, row), err);
}

static enum vf_status put_double(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row, idx_t slot,
                                 struct vf_error *err)
{
    (void)err;
    ((double *)column->data)[slot] = vf_array_f64(array, row);
    return VF_OK;
}

/* ---- dates and times ---- */

static enum vf_status put_date(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row, idx_t slot,
                               struct vf_error *err)
{
    const struct vf_duckdb_slot to = slot_of(column, slot);
    return vf_duckdb_put_date(&to, (int32_t)vf_array_i64(array, row), err);
}

static enum vf_status put_moment(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row, idx_t slot,
                                 struct vf_error *err)
{
    const struct vf_duckdb_slot to = slot_of(column, slot);
    return vf_duckdb_put_moment(&to, vf_array_i64(array, row), 0, err);
}

static enum vf_status put_epoch(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row, idx_t slot,
                                struct vf_error *err)
{
    enum vf_form form = column->field->form;
    const struct vf_duckdb_slot to = slot_of(column, slot);
    int64_t value = 0;
    int64_t units = form == VF_FORM_EPOCH_S ? 1 : form == VF_FORM_EPOCH_MS ? 1000 : 1000000;
    if (!vf_timestamp_to_epoch(vf_array_i64(array, row), units, &value))
        return vf_error_set(err, VF_VALUE, "the timestamp has parts of a unit, or is out of range");
    return vf_duckdb_put_whole(&to, value, err);
}

static enum vf_status put_interval(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row,
                                   idx_t slot, struct vf_error *err)
{
    const struct vf_duckdb_slot to = slot_of(column, slot);
    return vf_duckdb_put_interval(&to, array->data + (size_t)row * array->width, err);
}

/* ---- other scalars ---- */

static enum vf_status put_uuid(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row, idx_t slot,
                               struct vf_error *err)
{
    const struct vf_duckdb_slot to = slot_of(column, slot);
    size_t size_bytes;
    (void)err;
    vf_duckdb_put_uuid(&to, vf_array_value(array, row, &size_bytes));
    return VF_OK;
}

/* ---- by way of the text ---- */

/* A type in which every text that is taken is the one writing of its value: it needn't be compared. */
static bool is_strict(duckdb_type id)
{
    return id == DUCKDB_TYPE_VARCHAR || id == DUCKDB_TYPE_DECIMAL || id == DUCKDB_TYPE_ENUM || id == DUCKDB_TYPE_BIT ||
           id == DUCKDB_TYPE_BOOLEAN;
}

/* A text into another type: what DuckDB would give back is compared with it, for a number may be rounded, and a date has many writings. */
static enum vf_status put_leaf(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row, idx_t slot,
                               struct vf_error *err)
{
    const struct vf_duckdb_slot to = slot_of(column, slot);
    struct vf_buf *scratch = &column->scratch;
    struct vf_duckdb_values values;
    size_t size_bytes;
    char shown[128];
    const char *text = (const char *)vf_array_value(array, row, &size_bytes);
    enum vf_status status = vf_duckdb_put_text(&to, size_bytes > 0 ? text : "", size_bytes, err);
    if (status != VF_OK || is_strict(column->logical.id))
        return status;
    vf_duckdb_values_init(&values, column->lib, &column->logical, column->vector);
    vf_buf_clear(scratch);
    status = vf_duckdb_text(&values, slot, scratch, err);
    if (status == VF_OK)
        status = vf_buf_check(scratch, err);
    if (status != VF_OK || (scratch->size_bytes == size_bytes && memcmp(scratch->data, text, size_bytes) == 0))
        return status;
    return vf_error_set(err, VF_VALUE, "the value would come back as %s",
                        vf_printable(scratch->data, scratch->size_bytes, shown, sizeof(shown)));
}

static enum vf_status put_json(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row, idx_t slot,
                               struct vf_error *err)
{
    const struct vf_duckdb_slot to = slot_of(column, slot);
    size_t size_bytes;
    const char *text = (const char *)vf_array_value(array, row, &size_bytes);
    return vf_duckdb_put_json(&to, size_bytes > 0 ? text : "", size_bytes, &column->scratch, err);
}

/* The neutral text, for a column of texts or of another type, or for DuckDB's own cast. */
static enum vf_status put_as_text(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row,
                                  idx_t slot, struct vf_error *err)
{
    struct vf_buf *scratch = &column->scratch;
    char text[VF_TEMPORAL_TEXT_BYTES];
    struct vf_interval interval;
    size_t size_bytes;
    vf_buf_clear(scratch);
    switch ((int)array->type.kind) {
    case VF_K_DATE:
        vf_buf_add(scratch, text, vf_date_format((int32_t)vf_array_i64(array, row), text));
        break;
    case VF_K_TIME:
        vf_buf_add(scratch, text, vf_time_format(vf_array_i64(array, row), text));
        break;
    case VF_K_TIMESTAMP:
    case VF_K_TIMESTAMPTZ:
        vf_buf_add(scratch, text,
                   vf_timestamp_format(vf_array_i64(array, row), array->type.kind == VF_K_TIMESTAMPTZ, text));
        break;
    case VF_K_INTERVAL:
        memcpy(&interval, array->data + (size_t)row * array->width, sizeof(interval));
        vf_buf_add(scratch, text, vf_interval_format(interval, text));
        break;
    case VF_K_UUID:
        vf_uuid_format(vf_array_value(array, row, &size_bytes), text);
        vf_buf_str(scratch, text);
        break;
    default:
        vf_array_to_json(array, row, scratch);
        break;
    }
    const struct vf_duckdb_slot to = slot_of(column, slot);
    enum vf_status status = vf_buf_check(scratch, err);
    if (status != VF_OK)
        return status;
    return column->as_text ? vf_duckdb_put_bytes(column, scratch->data, scratch->size_bytes, slot, err)
                           : vf_duckdb_put_text(&to, scratch->data, scratch->size_bytes, err);
}

/* DuckDB's cast from text would round 1.5 to a whole number. */
static enum vf_status put_whole_text(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row,
                                     idx_t slot, struct vf_error *err)
{
    size_t size_bytes;
    const char *text = (const char *)vf_array_value(array, row, &size_bytes);
    size_t i = size_bytes > 0 && text[0] == '-';
    while (i < size_bytes && text[i] >= '0' && text[i] <= '9')
        i++;
    if (i < size_bytes)
        return vf_error_set(err, VF_VALUE, "not a whole number, which is all that %s holds", column->field->native);
    return vf_duckdb_put_bytes(column, text, size_bytes, slot, err);
}

/* ---- the choice ---- */

static bool is_textual(enum vf_kind kind)
{
    return kind == VF_K_DECIMAL || kind == VF_K_TEXT || kind == VF_K_JSON || kind == VF_K_ENUM || kind == VF_K_ARRAY ||
           kind == VF_K_OTHER;
}

static bool is_moment(duckdb_type id)
{
    return id == DUCKDB_TYPE_TIMESTAMP || id == DUCKDB_TYPE_TIMESTAMP_S || id == DUCKDB_TYPE_TIMESTAMP_MS ||
           id == DUCKDB_TYPE_TIMESTAMP_NS || id == DUCKDB_TYPE_TIMESTAMP_TZ;
}

static vf_duckdb_put choose_number(enum vf_kind kind, const struct vf_duckdb_logical *logical, enum vf_form form)
{
    duckdb_type id = logical->id;
    bool is_epoch = form == VF_FORM_EPOCH_S || form == VF_FORM_EPOCH_MS || form == VF_FORM_EPOCH_US;
    if (kind == VF_K_BOOL && id == DUCKDB_TYPE_BOOLEAN)
        return put_bool;
    if (((kind >= VF_K_I8 && kind <= VF_K_I64) || kind == VF_K_BOOL) && vf_duckdb_is_whole(id))
        return put_whole;
    if ((kind == VF_K_TIMESTAMP || kind == VF_K_TIMESTAMPTZ) && vf_duckdb_is_whole(id) && is_epoch)
        return put_epoch;
    if (kind == VF_K_F32 && id == DUCKDB_TYPE_FLOAT)
        return put_fixed;
    if ((kind == VF_K_F64 || kind == VF_K_F32) && id == DUCKDB_TYPE_DOUBLE)
        return put_double;
    if (kind <= VF_K_F64 &&
        (vf_duckdb_is_whole(id) || id == DUCKDB_TYPE_FLOAT || id == DUCKDB_TYPE_DOUBLE || id == DUCKDB_TYPE_DECIMAL))
        return vf_duckdb_put_number;
    return NULL;
}

/* The way of the types that agree, or NULL. */
static vf_duckdb_put choose(enum vf_kind kind, const struct vf_duckdb_logical *logical, enum vf_form form)
{
    duckdb_type id = logical->id;
    vf_duckdb_put put = choose_number(kind, logical, form);
    if (put != NULL)
        return put;
    if (kind == VF_K_VECTOR)
        return vf_duckdb_put_vector;
    if (is_textual(kind) && id == DUCKDB_TYPE_VARCHAR)
        return put_variable;
    if ((kind == VF_K_BLOB || kind == VF_K_SPARSE) && id == DUCKDB_TYPE_BLOB)
        return put_variable;
    if (kind == VF_K_UUID && id == DUCKDB_TYPE_UUID)
        return put_uuid;
    if (kind == VF_K_DATE && id == DUCKDB_TYPE_DATE)
        return put_date;
    if (kind == VF_K_TIME && id == DUCKDB_TYPE_TIME)
        return put_fixed;
    if ((kind == VF_K_TIMESTAMP || kind == VF_K_TIMESTAMPTZ) && is_moment(id))
        return put_moment;
    if (kind == VF_K_INTERVAL && id == DUCKDB_TYPE_INTERVAL)
        return put_interval;
    if (is_textual(kind) && vf_duckdb_is_nested(logical))
        return put_json;
    if (!vf_duckdb_takes_text(logical))
        return NULL;
    return is_textual(kind) ? put_leaf : put_as_text;
}

void vf_duckdb_choose_put(struct vf_duckdb_column *column)
{
    enum vf_kind kind = column->field->type.kind;
    column->put = choose(kind, &column->logical, column->field->form);
    if (column->put != NULL)
        return;
    column->as_text = true;
    column->put = !is_textual(kind)                          ? put_as_text
                  : column->logical.id == DUCKDB_TYPE_BIGNUM ? put_whole_text
                                                             : put_variable;
}
