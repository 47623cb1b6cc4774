#include "engine/duckdb/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/duckdb/bignum.h"
#include "engine/duckdb/conn.h"
#include "model/float_text.h"
#include "model/temporal.h"

void vf_duckdb_values_init(struct vf_duckdb_values *values, const struct vf_duckdb_library *lib,
                           const struct vf_duckdb_logical *logical, duckdb_vector vector)
{
    *values = (struct vf_duckdb_values){.lib = lib,
                                        .logical = logical,
                                        .vector = vector,
                                        .data = lib->vector_get_data(vector),
                                        .validity = lib->vector_get_validity(vector)};
}

#define AT(type) (((const type *)values->data)[row])

/* ---- numbers ---- */

/* Divide by ten, and return the remainder. */
static unsigned divide_by_10(uint64_t *hi, uint64_t *lo)
{
    uint64_t rest = *hi % 10;
    *hi /= 10;
    uint64_t upper = rest << 32 | *lo >> 32;
    rest = upper % 10;
    uint64_t lower = rest << 32 | (*lo & UINT32_MAX);
    *lo = (upper / 10) << 32 | lower / 10;
    return (unsigned)(lower % 10);
}

void vf_duckdb_number_text(bool is_negative, uint64_t hi, uint64_t lo, unsigned scale, struct vf_buf *out)
{
    char digits[48];
    unsigned n = 0;
    do {
        digits[n++] = (char)('0' + divide_by_10(&hi, &lo));
    } while (hi != 0 || lo != 0 || n <= scale);
    if (is_negative)
        vf_buf_char(out, '-');
    while (n > 0) {
        if (n == scale)
            vf_buf_char(out, '.');
        vf_buf_char(out, digits[--n]);
    }
}

static void signed_text(int64_t value, unsigned scale, struct vf_buf *out)
{
    vf_duckdb_number_text(value < 0, 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, scale, out);
}

static void hugeint_text(duckdb_hugeint value, unsigned scale, struct vf_buf *out)
{
    uint64_t hi = (uint64_t)value.upper, lo = value.lower;
    if (value.upper < 0) {
        lo = 0 - lo;
        hi = ~hi + (lo == 0);
    }
    vf_duckdb_number_text(value.upper < 0, hi, lo, scale, out);
}

void vf_duckdb_decimal_text(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *out)
{
    unsigned scale = values->logical->scale;
    switch ((int)values->logical->internal) {
    case DUCKDB_TYPE_SMALLINT:
        signed_text(AT(int16_t), scale, out);
        break;
    case DUCKDB_TYPE_INTEGER:
        signed_text(AT(int32_t), scale, out);
        break;
    case DUCKDB_TYPE_BIGINT:
        signed_text(AT(int64_t), scale, out);
        break;
    default:
        hugeint_text(AT(duckdb_hugeint), scale, out);
        break;
    }
}

void vf_duckdb_whole_text(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *out)
{
    switch ((int)values->logical->id) {
    case DUCKDB_TYPE_TINYINT:
        signed_text(AT(int8_t), 0, out);
        break;
    case DUCKDB_TYPE_SMALLINT:
        signed_text(AT(int16_t), 0, out);
        break;
    case DUCKDB_TYPE_INTEGER:
        signed_text(AT(int32_t), 0, out);
        break;
    case DUCKDB_TYPE_BIGINT:
        signed_text(AT(int64_t), 0, out);
        break;
    case DUCKDB_TYPE_UTINYINT:
        vf_duckdb_number_text(false, 0, AT(uint8_t), 0, out);
        break;
    case DUCKDB_TYPE_USMALLINT:
        vf_duckdb_number_text(false, 0, AT(uint16_t), 0, out);
        break;
    case DUCKDB_TYPE_UINTEGER:
        vf_duckdb_number_text(false, 0, AT(uint32_t), 0, out);
        break;
    case DUCKDB_TYPE_UBIGINT:
        vf_duckdb_number_text(false, 0, AT(uint64_t), 0, out);
        break;
    case DUCKDB_TYPE_UHUGEINT:
        vf_duckdb_number_text(false, AT(duckdb_uhugeint).upper, AT(duckdb_uhugeint).lower, 0, out);
        break;
    default:
        hugeint_text(AT(duckdb_hugeint), 0, out);
        break;
    }
}

/* With the fewest digits that a number of its width is known by: 0.1 stays 0.1. */
static void float_text(double value, bool is_narrow, struct vf_buf *out)
{
    char number[32];
    if (isnan(value))
        vf_buf_str(out, "NaN");
    else if (isinf(value))
        vf_buf_str(out, value > 0 ? "Infinity" : "-Infinity");
    else
        vf_buf_add(out, number, is_narrow ? vf_format_f32((float)value, number) : vf_format_f64(value, number));
}

/* ---- dates, times, bits ---- */

int32_t vf_duckdb_date(const struct vf_duckdb_values *values, idx_t row)
{
    int32_t days = AT(int32_t);
    return days == -INT32_MAX ? VF_DATE_MINUS_INFINITY : days; /* INT32_MAX is infinity on both sides */
}

bool vf_duckdb_moment(const struct vf_duckdb_values *values, idx_t row, int64_t *timestamp_us)
{
    int64_t value = AT(int64_t);
    if (value == INT64_MAX || value == -INT64_MAX) {
        *timestamp_us = value == INT64_MAX ? VF_TIMESTAMP_INFINITY : VF_TIMESTAMP_MINUS_INFINITY;
        return true;
    }
    switch ((int)values->logical->id) {
    case DUCKDB_TYPE_TIMESTAMP_S:
        return vf_timestamp_from_epoch(value, 1, timestamp_us);
    case DUCKDB_TYPE_TIMESTAMP_MS:
        return vf_timestamp_from_epoch(value, 1000, timestamp_us);
    case DUCKDB_TYPE_TIMESTAMP_NS:
        return value % 1000 == 0 && vf_timestamp_from_epoch(value / 1000, 1000000, timestamp_us);
    default:
        return vf_timestamp_from_epoch(value, 1000000, timestamp_us);
    }
}

/* A time with nanoseconds as text: that of its microseconds, and the digits that are left. */
static void add_nanoseconds(const char *text, size_t size_bytes, int64_t nanoseconds, struct vf_buf *out)
{
    char micro[16] = "";
    if (nanoseconds == 0) {
        vf_buf_add(out, text, size_bytes);
        return;
    }
    const char *point = memchr(text, '.', size_bytes);
    size_t n_digits = point != NULL ? size_bytes - (size_t)(point - text) - 1 : 0;
    vf_buf_add(out, text, point != NULL ? (size_t)(point - text) : size_bytes);
    memcpy(micro, "000000", 7);
    if (point != NULL)
        memcpy(micro, point + 1, n_digits);
    vf_buf_printf(out, ".%s%03" PRId64, micro, nanoseconds);
}

static enum vf_status moment_text(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *out,
                                  struct vf_error *err)
{
    char text[VF_TEMPORAL_TEXT_BYTES];
    int64_t timestamp_us = 0, rest = 0;
    bool is_ns = values->logical->id == DUCKDB_TYPE_TIMESTAMP_NS;
    bool is_known = vf_duckdb_moment(values, row, &timestamp_us);
    if (!is_known && is_ns) {
        int64_t value = AT(int64_t);
        rest = value % 1000 < 0 ? value % 1000 + 1000 : value % 1000;
        is_known = vf_timestamp_from_epoch((value - rest) / 1000, 1000000, &timestamp_us);
    }
    if (!is_known)
        return vf_error_set(err, VF_VALUE, "a timestamp that is out of range");
    size_t n = vf_timestamp_format(timestamp_us, values->logical->id == DUCKDB_TYPE_TIMESTAMP_TZ, text);
    add_nanoseconds(text, n, rest, out);
    return VF_OK;
}

/* 40 bits of microseconds, 24 bits of 57599 - the seconds east of UTC. */
static void time_tz_text(uint64_t bits, struct vf_buf *out)
{
    char text[VF_TEMPORAL_TEXT_BYTES];
    int64_t offset = 57599 - (int64_t)(bits & 0xffffff);
    int64_t seconds = offset < 0 ? -offset : offset;
    vf_buf_add(out, text, vf_time_format((int64_t)(bits >> 24), text));
    vf_buf_printf(out, "%c%02d", offset < 0 ? '-' : '+', (int)(seconds / 3600));
    if (seconds % 3600 != 0)
        vf_buf_printf(out, ":%02d", (int)(seconds / 60 % 60));
    if (seconds % 60 != 0)
        vf_buf_printf(out, ":%02d", (int)(seconds % 60));
}

void vf_duckdb_uuid(const struct vf_duckdb_values *values, idx_t row, uint8_t uuid[16])
{
    duckdb_hugeint value = AT(duckdb_hugeint);
    uint64_t hi = (uint64_t)value.upper ^ (UINT64_C(1) << 63); /* the sign is turned round, so that they sort */
    for (int i = 0; i < 8; i++) {
        uuid[i] = (uint8_t)(hi >> (56 - 8 * i));
        uuid[8 + i] = (uint8_t)(value.lower >> (56 - 8 * i));
    }
}

const uint8_t *vf_duckdb_bits(const struct vf_duckdb_values *values, idx_t row, size_t *n_bits, unsigned *skip)
{
    size_t size_bytes;
    const uint8_t *bytes = (const uint8_t *)vf_duckdb_string(&AT(duckdb_string_t), &size_bytes);
    *skip = size_bytes > 0 ? bytes[0] & 7 : 0;
    *n_bits = size_bytes > 1 ? (size_bytes - 1) * 8 - *skip : 0;
    return bytes + 1;
}

static void bits_text(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *out)
{
    size_t n_bits;
    unsigned skip;
    const uint8_t *bytes = vf_duckdb_bits(values, row, &n_bits, &skip);
    for (size_t i = skip; i < n_bits + skip; i++)
        vf_buf_char(out, (bytes[i / 8] >> (7 - i % 8) & 1) != 0 ? '1' : '0');
}

/* ---- any value ---- */

static const char *label_of(const struct vf_duckdb_values *values, idx_t row)
{
    size_t i = values->logical->internal == DUCKDB_TYPE_UTINYINT    ? AT(uint8_t)
               : values->logical->internal == DUCKDB_TYPE_USMALLINT ? AT(uint16_t)
                                                                    : AT(uint32_t);
    return i < values->logical->n_labels ? values->logical->labels[i] : "";
}

static enum vf_status temporal_text(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *out,
                                    struct vf_error *err)
{
    char text[VF_TEMPORAL_TEXT_BYTES];
    const duckdb_interval *interval = values->data;
    switch ((int)values->logical->id) {
    case DUCKDB_TYPE_DATE:
        vf_buf_add(out, text, vf_date_format(vf_duckdb_date(values, row), text));
        return VF_OK;
    case DUCKDB_TYPE_TIME:
        vf_buf_add(out, text, vf_time_format(AT(int64_t), text));
        return VF_OK;
    case DUCKDB_TYPE_TIME_NS:
        add_nanoseconds(text, vf_time_format(AT(int64_t) / 1000, text), AT(int64_t) % 1000, out);
        return VF_OK;
    case DUCKDB_TYPE_TIME_TZ:
        time_tz_text(AT(uint64_t), out);
        return VF_OK;
    case DUCKDB_TYPE_INTERVAL:
        vf_buf_add(out, text,
                   vf_interval_format(
                       (struct vf_interval){interval[row].months, interval[row].days, interval[row].micros}, text));
        return VF_OK;
    default:
        return moment_text(values, row, out, err);
    }
}

static void blob_text(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *out)
{
    size_t size_bytes;
    const char *bytes = vf_duckdb_string(&AT(duckdb_string_t), &size_bytes);
    vf_buf_str(out, "\\x");
    vf_buf_hex(out, bytes, size_bytes);
}

static void uuid_text(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *out)
{
    uint8_t uuid[16];
    char text[37];
    vf_duckdb_uuid(values, row, uuid);
    vf_uuid_format(uuid, text);
    vf_buf_str(out, text);
}

bool vf_duckdb_is_cast(duckdb_type id)
{
    return id == DUCKDB_TYPE_BIGNUM || id > DUCKDB_TYPE_TIME_NS;
}

enum vf_status vf_duckdb_text(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *out,
                              struct vf_error *err)
{
    size_t size_bytes;
    const char *bytes;
    switch ((int)values->logical->id) {
    case DUCKDB_TYPE_BOOLEAN:
        vf_buf_str(out, AT(uint8_t) != 0 ? "true" : "false");
        break;
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
        vf_duckdb_whole_text(values, row, out);
        break;
    case DUCKDB_TYPE_DECIMAL:
        vf_duckdb_decimal_text(values, row, out);
        break;
    case DUCKDB_TYPE_FLOAT:
        float_text((double)AT(float), true, out);
        break;
    case DUCKDB_TYPE_DOUBLE:
        float_text(AT(double), false, out);
        break;
    case DUCKDB_TYPE_VARCHAR:
        bytes = vf_duckdb_string(&AT(duckdb_string_t), &size_bytes);
        vf_buf_add(out, bytes, size_bytes);
        break;
    case DUCKDB_TYPE_BLOB:
        blob_text(values, row, out);
        break;
    case DUCKDB_TYPE_BIGNUM:
        bytes = vf_duckdb_string(&AT(duckdb_string_t), &size_bytes);
        return vf_duckdb_bignum_text(bytes, size_bytes, out, err);
    case DUCKDB_TYPE_ENUM:
        vf_buf_str(out, label_of(values, row));
        break;
    case DUCKDB_TYPE_UUID:
        uuid_text(values, row, out);
        break;
    case DUCKDB_TYPE_BIT:
        bits_text(values, row, out);
        break;
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_TIME:
    case DUCKDB_TYPE_TIME_NS:
    case DUCKDB_TYPE_TIME_TZ:
    case DUCKDB_TYPE_INTERVAL:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
        return temporal_text(values, row, out, err);
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY:
    case DUCKDB_TYPE_STRUCT:
    case DUCKDB_TYPE_MAP:
    case DUCKDB_TYPE_UNION:
        return vf_duckdb_json(values, row, out, err);
    default:
        return vf_error_set(err, VF_VALUE, "a type of DuckDB that vecferry doesn't know (%d)",
                            (int)values->logical->id);
    }
    return VF_OK;
}
