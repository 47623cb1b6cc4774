#include "engine/duckdb/encode.h"

#include <string.h>

#include "base/text.h"
#include "model/temporal.h"
#include "vector/convert.h"
#include "vector/text.h"

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

struct range {
    duckdb_type id;
    size_t width;
    int64_t min, max;
};

static const struct range ranges[] = {
    {DUCKDB_TYPE_TINYINT, 1, INT8_MIN, INT8_MAX},   {DUCKDB_TYPE_SMALLINT, 2, INT16_MIN, INT16_MAX},
    {DUCKDB_TYPE_INTEGER, 4, INT32_MIN, INT32_MAX}, {DUCKDB_TYPE_BIGINT, 8, INT64_MIN, INT64_MAX},
    {DUCKDB_TYPE_UTINYINT, 1, 0, UINT8_MAX},        {DUCKDB_TYPE_USMALLINT, 2, 0, UINT16_MAX},
    {DUCKDB_TYPE_UINTEGER, 4, 0, UINT32_MAX},       {DUCKDB_TYPE_UBIGINT, 8, 0, INT64_MAX},
};

static const struct range *range_of(duckdb_type id)
{
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (ranges[i].id == id)
            return &ranges[i];
    }
    return NULL;
}

static enum vf_status put_whole_value(struct vf_duckdb_column *column, int64_t value, idx_t slot, struct vf_error *err)
{
    const struct range *range = range_of(column->logical.id);
    const uint8_t narrow8 = (uint8_t)value;
    const uint16_t narrow16 = (uint16_t)value;
    const uint32_t narrow32 = (uint32_t)value;
    const void *bytes = range->width == 1   ? (const void *)&narrow8
                        : range->width == 2 ? (const void *)&narrow16
                        : range->width == 4 ? (const void *)&narrow32
                                            : (const void *)&value;
    if (value < range->min || value > range->max)
        return vf_error_set(err, VF_VALUE, "%lld is out of the range of %s", (long long)value, column->field->native);
    memcpy((uint8_t *)column->data + slot * range->width, bytes, range->width);
    return VF_OK;
}

static enum vf_status put_whole(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row, idx_t slot,
                                struct vf_error *err)
{
    return put_whole_value(
        column, array->layout == VF_LAYOUT_BITS ? vf_array_bool(array, row) : vf_array_i64(array, row), slot, err);
}

static enum vf_status put_double(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row, idx_t slot,
                                 struct vf_error *err)
{
    (void)err;
    ((double *)column->data)[slot] = vf_array_f64(array, row);
    return VF_OK;
}

/* ---- decimals ---- */

/* value = value * 10 + digit; false: it passes 128 bits less the sign. */
static bool times_10(uint64_t *hi, uint64_t *lo, unsigned digit)
{
    uint64_t low = (*lo & UINT32_MAX) * 10 + digit;
    uint64_t mid = (*lo >> 32) * 10 + (low >> 32);
    uint64_t top = (mid >> 32);
    if (*hi > (uint64_t)INT64_MAX / 10 - 1)
        return false;
    *lo = mid << 32 | (low & UINT32_MAX);
    *hi = *hi * 10 + top;
    return true;
}

/* The digits without the point; *n_digits of them count (without zeros in front), *scale stand behind the point. false: not a plain number. */
static bool read_decimal(const char *text, size_t size_bytes, bool *is_negative, unsigned *n_digits, unsigned *scale,
                         uint64_t *hi, uint64_t *lo)
{
    bool is_behind = false;
    size_t i = size_bytes > 0 && text[0] == '-';
    *is_negative = i == 1;
    *n_digits = *scale = 0;
    *hi = *lo = 0;
    for (; i < size_bytes; i++) {
        if (text[i] == '.' && !is_behind) {
            is_behind = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9')
            return false;
        *scale += is_behind;
        *n_digits += *n_digits > 0 || text[i] != '0';
        if (*n_digits > 38 || !times_10(hi, lo, (unsigned)(text[i] - '0')))
            return false;
    }
    return size_bytes > 0;
}

static void store_decimal(struct vf_duckdb_column *column, bool is_negative, uint64_t hi, uint64_t lo, idx_t slot)
{
    int64_t value = is_negative ? (int64_t)(0 - lo) : (int64_t)lo;
    switch ((int)column->logical.internal) {
    case DUCKDB_TYPE_SMALLINT:
        ((int16_t *)column->data)[slot] = (int16_t)value;
        break;
    case DUCKDB_TYPE_INTEGER:
        ((int32_t *)column->data)[slot] = (int32_t)value;
        break;
    case DUCKDB_TYPE_BIGINT:
        ((int64_t *)column->data)[slot] = value;
        break;
    default:
        if (is_negative) {
            lo = 0 - lo;
            hi = ~hi + (lo == 0);
        }
        ((duckdb_hugeint *)column->data)[slot] = (duckdb_hugeint){.lower = lo, .upper = (int64_t)hi};
        break;
    }
}

/* Only a number that comes back with the same digits: the scale is the column's. */
static enum vf_status put_decimal(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row,
                                  idx_t slot, struct vf_error *err)
{
    size_t size_bytes;
    const char *text = (const char *)vf_array_value(array, row, &size_bytes);
    bool is_negative;
    unsigned n_digits, scale;
    uint64_t hi, lo;
    char shown[64];
    vf_printable(text, size_bytes, shown, sizeof(shown));
    if (!read_decimal(text, size_bytes, &is_negative, &n_digits, &scale, &hi, &lo))
        return vf_error_set(err, VF_VALUE, "%s is no number of at most 38 digits", shown);
    if (scale != column->logical.scale || (is_negative && hi == 0 && lo == 0))
        return vf_error_set(err, VF_VALUE, "%s would come back from %s with other digits", shown,
                            column->field->native);
    if (n_digits > column->logical.width)
        return vf_error_set(err, VF_VALUE, "%s has too many digits for %s", shown, column->field->native);
    store_decimal(column, is_negative, hi, lo, slot);
    return VF_OK;
}

/* ---- dates and times ---- */

static enum vf_status put_date(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row, idx_t slot,
                               struct vf_error *err)
{
    int32_t days = (int32_t)vf_array_i64(array, row);
    if (days == VF_DATE_MINUS_INFINITY)
        days = -INT32_MAX;
    else if (days == -INT32_MAX)
        return vf_error_set(err, VF_VALUE, "the date is out of the range of DuckDB");
    ((int32_t *)column->data)[slot] = days;
    return VF_OK;
}

/* The units that the column counts in since 1970, by type. */
static bool scale_moment(duckdb_type id, int64_t timestamp_us, int64_t *value)
{
    if (id == DUCKDB_TYPE_TIMESTAMP_S)
        return vf_timestamp_to_epoch(timestamp_us, 1, value);
    if (id == DUCKDB_TYPE_TIMESTAMP_MS)
        return vf_timestamp_to_epoch(timestamp_us, 1000, value);
    if (!vf_timestamp_to_epoch(timestamp_us, 1000000, value))
        return false;
    if (id != DUCKDB_TYPE_TIMESTAMP_NS)
        return true;
    if (*value > INT64_MAX / 1000 || *value < INT64_MIN / 1000)
        return false;
    *value *= 1000;
    return true;
}

static enum vf_status put_moment(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row, idx_t slot,
                                 struct vf_error *err)
{
    int64_t timestamp_us = vf_array_i64(array, row), value = 0;
    char text[VF_TEMPORAL_TEXT_BYTES];
    if (timestamp_us == VF_TIMESTAMP_INFINITY || timestamp_us == VF_TIMESTAMP_MINUS_INFINITY) {
        value = timestamp_us == VF_TIMESTAMP_INFINITY ? INT64_MAX : -INT64_MAX;
    } else if (!scale_moment(column->logical.id, timestamp_us, &value) || value == INT64_MAX || value <= -INT64_MAX) {
        vf_timestamp_format(timestamp_us, column->field->type.kind == VF_K_TIMESTAMPTZ, text);
        return vf_error_set(err, VF_VALUE, "%s can't be held by %s", text, column->field->native);
    }
    ((int64_t *)column->data)[slot] = value;
    return VF_OK;
}

static enum vf_status put_epoch(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row, idx_t slot,
                                struct vf_error *err)
{
    enum vf_form form = column->field->form;
    int64_t value = 0;
    int64_t units = form == VF_FORM_EPOCH_S ? 1 : form == VF_FORM_EPOCH_MS ? 1000 : 1000000;
    if (!vf_timestamp_to_epoch(vf_array_i64(array, row), units, &value))
        return vf_error_set(err, VF_VALUE, "the timestamp has parts of a unit, or is out of range");
    return put_whole_value(column, value, slot, err);
}

static enum vf_status put_interval(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row,
                                   idx_t slot, struct vf_error *err)
{
    struct vf_interval interval;
    memcpy(&interval, array->data + (size_t)row * array->width, sizeof(interval));
    bool is_infinite =
        (interval.months == INT32_MAX && interval.days == INT32_MAX && interval.microseconds == INT64_MAX) ||
        (interval.months == INT32_MIN && interval.days == INT32_MIN && interval.microseconds == INT64_MIN);
    if (is_infinite)
        return vf_error_set(err, VF_VALUE, "DuckDB has no infinite intervals");
    ((duckdb_interval *)column->data)[slot] = (duckdb_interval){interval.months, interval.days, interval.microseconds};
    return VF_OK;
}

/* ---- other scalars ---- */

static enum vf_status put_uuid(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row, idx_t slot,
                               struct vf_error *err)
{
    size_t size_bytes;
    const uint8_t *uuid = vf_array_value(array, row, &size_bytes);
    uint64_t hi = 0, lo = 0;
    (void)err;
    for (int i = 0; i < 8; i++) {
        hi = hi << 8 | uuid[i];
        lo = lo << 8 | uuid[8 + i];
    }
    ((duckdb_hugeint *)column->data)[slot] = (duckdb_hugeint){.lower = lo, .upper = (int64_t)(hi ^ UINT64_C(1) << 63)};
    return VF_OK;
}

static enum vf_status put_label(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row, idx_t slot,
                                struct vf_error *err)
{
    size_t size_bytes;
    const char *text = (const char *)vf_array_value(array, row, &size_bytes);
    char shown[128];
    for (size_t i = 0; i < column->logical.n_labels; i++) {
        const char *label = column->logical.labels[i];
        if (strlen(label) != size_bytes || memcmp(label, text, size_bytes) != 0)
            continue;
        if (column->logical.internal == DUCKDB_TYPE_UTINYINT)
            ((uint8_t *)column->data)[slot] = (uint8_t)i;
        else if (column->logical.internal == DUCKDB_TYPE_USMALLINT)
            ((uint16_t *)column->data)[slot] = (uint16_t)i;
        else
            ((uint32_t *)column->data)[slot] = (uint32_t)i;
        return VF_OK;
    }
    return vf_error_set(err, VF_VALUE, "\"%s\" isn't a label of the enum",
                        vf_printable(text, size_bytes, shown, sizeof(shown)));
}

/* The neutral text, for a column of texts, or for DuckDB's own cast. */
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
    enum vf_status status = vf_buf_check(scratch, err);
    return status == VF_OK ? vf_duckdb_put_bytes(column, scratch->data, scratch->size_bytes, slot, err) : status;
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
    if (((kind >= VF_K_I8 && kind <= VF_K_I64) || kind == VF_K_BOOL) && range_of(id) != NULL)
        return put_whole;
    if ((kind == VF_K_TIMESTAMP || kind == VF_K_TIMESTAMPTZ) && range_of(id) != NULL && is_epoch)
        return put_epoch;
    if (kind == VF_K_F32 && id == DUCKDB_TYPE_FLOAT)
        return put_fixed;
    if ((kind == VF_K_F64 || kind == VF_K_F32) && id == DUCKDB_TYPE_DOUBLE)
        return put_double;
    return kind == VF_K_DECIMAL && id == DUCKDB_TYPE_DECIMAL ? put_decimal : NULL;
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
    return is_textual(kind) && id == DUCKDB_TYPE_ENUM ? put_label : NULL;
}

static bool is_whole_type(duckdb_type id)
{
    return range_of(id) != NULL || id == DUCKDB_TYPE_HUGEINT || id == DUCKDB_TYPE_UHUGEINT || id == DUCKDB_TYPE_BIGNUM;
}

void vf_duckdb_choose_put(struct vf_duckdb_column *column)
{
    enum vf_kind kind = column->field->type.kind;
    column->put = choose(kind, &column->logical, column->field->form);
    if (column->put != NULL)
        return;
    column->as_text = true;
    column->put = !is_textual(kind) ? put_as_text : is_whole_type(column->logical.id) ? put_whole_text : put_variable;
}
