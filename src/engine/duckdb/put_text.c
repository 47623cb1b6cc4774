/* Scalars from their neutral texts. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/duckdb/bignum.h"
#include "engine/duckdb/put.h"
#include "model/float_text.h"
#include "model/temporal.h"

#define AT(type) (((type *)slot->data)[slot->at])

static enum vf_status misfit(const struct vf_duckdb_slot *slot, const char *text, size_t size_bytes,
                             struct vf_error *err)
{
    char shown[128], name[32];
    return vf_error_set(err, VF_VALUE, "\"%s\" is no %s", vf_printable(text, size_bytes, shown, sizeof(shown)),
                        vf_duckdb_logical_name(slot->logical, name));
}

/* ---- numbers ---- */

/* A magnitude of 128 bits and what was read with it. */
struct number {
    bool is_negative;
    unsigned n_digits; /* without zeros in front */
    unsigned scale;    /* of them behind the point */
    uint64_t hi, lo;
};

/* value = value * 10 + digit; false: it passes 128 bits. */
static bool times_10(struct number *number, unsigned digit)
{
    uint64_t low = (number->lo & UINT32_MAX) * 10 + digit;
    uint64_t mid = (number->lo >> 32) * 10 + (low >> 32);
    uint64_t carry = mid >> 32;
    if (number->hi > (UINT64_MAX - carry) / 10)
        return false;
    number->lo = mid << 32 | (low & UINT32_MAX);
    number->hi = number->hi * 10 + carry;
    return true;
}

/* Digits and perhaps a point; no exponent, and no "-0": it would come back without its sign. */
static bool read_number(const char *text, size_t size_bytes, struct number *number)
{
    bool is_behind = false;
    size_t i = size_bytes > 0 && text[0] == '-';
    *number = (struct number){.is_negative = i == 1};
    if (i == size_bytes)
        return false;
    for (; i < size_bytes; i++) {
        if (text[i] == '.' && !is_behind) {
            is_behind = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9' || !times_10(number, (unsigned)(text[i] - '0')))
            return false;
        number->scale += is_behind;
        number->n_digits += number->n_digits > 0 || text[i] != '0';
    }
    return !number->is_negative || number->n_digits > 0;
}

struct whole {
    duckdb_type id;
    unsigned width;
    bool is_signed;
};

static const struct whole wholes[] = {
    {DUCKDB_TYPE_TINYINT, 1, true},    {DUCKDB_TYPE_SMALLINT, 2, true},  {DUCKDB_TYPE_INTEGER, 4, true},
    {DUCKDB_TYPE_BIGINT, 8, true},     {DUCKDB_TYPE_HUGEINT, 16, true},  {DUCKDB_TYPE_UTINYINT, 1, false},
    {DUCKDB_TYPE_USMALLINT, 2, false}, {DUCKDB_TYPE_UINTEGER, 4, false}, {DUCKDB_TYPE_UBIGINT, 8, false},
    {DUCKDB_TYPE_UHUGEINT, 16, false},
};

static const struct whole *find_whole(duckdb_type id)
{
    for (size_t i = 0; i < sizeof(wholes) / sizeof(wholes[0]); i++) {
        if (wholes[i].id == id)
            return &wholes[i];
    }
    return NULL;
}

bool vf_duckdb_is_whole(duckdb_type id)
{
    return find_whole(id) != NULL;
}

static bool is_in_range(const struct whole *whole, const struct number *number)
{
    const uint64_t top = UINT64_C(1) << 63;
    if (!whole->is_signed && number->is_negative)
        return false;
    if (whole->width == 16)
        return !whole->is_signed || number->hi < top || (number->is_negative && number->hi == top && number->lo == 0);
    unsigned bits = whole->width * 8;
    uint64_t limit = !whole->is_signed     ? UINT64_MAX >> (64 - bits)
                     : number->is_negative ? UINT64_C(1) << (bits - 1)
                                           : (UINT64_C(1) << (bits - 1)) - 1;
    return number->hi == 0 && number->lo <= limit;
}

/* The number without its point, `width` bytes of it in two's complement. */
static void store_number(const struct vf_duckdb_slot *slot, size_t width, const struct number *number)
{
    uint64_t lo = number->is_negative ? 0 - number->lo : number->lo;
    uint64_t hi = number->is_negative ? ~number->hi + (lo == 0) : number->hi;
    switch (width) {
    case 1:
        AT(uint8_t) = (uint8_t)lo;
        break;
    case 2:
        AT(uint16_t) = (uint16_t)lo;
        break;
    case 4:
        AT(uint32_t) = (uint32_t)lo;
        break;
    case 8:
        AT(uint64_t) = lo;
        break;
    default:
        AT(duckdb_uhugeint) = (duckdb_uhugeint){.lower = lo, .upper = hi};
        break;
    }
}

static enum vf_status out_of_range(const struct vf_duckdb_slot *slot, const char *text, struct vf_error *err)
{
    char name[32];
    return vf_error_set(err, VF_VALUE, "%s is out of the range of %s", text,
                        vf_duckdb_logical_name(slot->logical, name));
}

static enum vf_status put_whole(const struct vf_duckdb_slot *slot, const struct whole *whole, const char *text,
                                size_t size_bytes, struct vf_error *err)
{
    struct number number;
    char shown[64];
    if (!read_number(text, size_bytes, &number) || memchr(text, '.', size_bytes) != NULL)
        return misfit(slot, text, size_bytes, err);
    if (!is_in_range(whole, &number))
        return out_of_range(slot, vf_printable(text, size_bytes, shown, sizeof(shown)), err);
    store_number(slot, whole->width, &number);
    return VF_OK;
}

enum vf_status vf_duckdb_put_whole(const struct vf_duckdb_slot *slot, int64_t value, struct vf_error *err)
{
    const struct whole *whole = find_whole(slot->logical->id);
    const struct number number = {.is_negative = value < 0, .lo = value < 0 ? 0 - (uint64_t)value : (uint64_t)value};
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)value);
    if (whole == NULL || !is_in_range(whole, &number))
        return out_of_range(slot, text, err);
    store_number(slot, whole->width, &number);
    return VF_OK;
}

/* Only a number that comes back with the same digits: the scale is the type's. */
static enum vf_status put_decimal(const struct vf_duckdb_slot *slot, const char *text, size_t size_bytes,
                                  struct vf_error *err)
{
    const struct vf_duckdb_logical *logical = slot->logical;
    struct number number;
    char shown[64], name[32];
    vf_printable(text, size_bytes, shown, sizeof(shown));
    if (!read_number(text, size_bytes, &number) || number.n_digits > 38)
        return vf_error_set(err, VF_VALUE, "%s is no number of at most 38 digits", shown);
    if (number.scale != logical->scale)
        return vf_error_set(err, VF_VALUE, "%s would come back from %s with other digits", shown,
                            vf_duckdb_logical_name(logical, name));
    if (number.n_digits > logical->width)
        return vf_error_set(err, VF_VALUE, "%s has too many digits for %s", shown,
                            vf_duckdb_logical_name(logical, name));
    store_number(slot, vf_duckdb_width(logical), &number);
    return VF_OK;
}

static enum vf_status put_float(const struct vf_duckdb_slot *slot, const char *text, size_t size_bytes,
                                struct vf_error *err)
{
    bool is_read = slot->logical->id == DUCKDB_TYPE_FLOAT ? vf_parse_f32(text, size_bytes, &AT(float))
                                                          : vf_parse_f64(text, size_bytes, &AT(double));
    return is_read ? VF_OK : misfit(slot, text, size_bytes, err);
}

/* ---- dates and times ---- */

enum vf_status vf_duckdb_put_date(const struct vf_duckdb_slot *slot, int32_t days, struct vf_error *err)
{
    if (days == -INT32_MAX)
        return vf_error_set(err, VF_VALUE, "the date is out of the range of DuckDB");
    AT(int32_t) = days == VF_DATE_MINUS_INFINITY ? -INT32_MAX : days;
    return VF_OK;
}

/* The units that the type counts in since 1970. false: parts of a unit would be lost, or it is out of range. */
static bool scale_moment(duckdb_type id, int64_t timestamp_us, int64_t nanoseconds, int64_t *value)
{
    if (id == DUCKDB_TYPE_TIMESTAMP_S)
        return nanoseconds == 0 && vf_timestamp_to_epoch(timestamp_us, 1, value);
    if (id == DUCKDB_TYPE_TIMESTAMP_MS)
        return nanoseconds == 0 && vf_timestamp_to_epoch(timestamp_us, 1000, value);
    if (!vf_timestamp_to_epoch(timestamp_us, 1000000, value))
        return false;
    if (id != DUCKDB_TYPE_TIMESTAMP_NS)
        return nanoseconds == 0;
    if (*value > INT64_MAX / 1000 || *value < INT64_MIN / 1000)
        return false;
    *value *= 1000;
    if (*value > INT64_MAX - nanoseconds)
        return false;
    *value += nanoseconds;
    return true;
}

enum vf_status vf_duckdb_put_moment(const struct vf_duckdb_slot *slot, int64_t timestamp_us, int64_t nanoseconds,
                                    struct vf_error *err)
{
    duckdb_type id = slot->logical->id;
    int64_t value = 0;
    char text[VF_TEMPORAL_TEXT_BYTES], name[32];
    if (timestamp_us == VF_TIMESTAMP_INFINITY || timestamp_us == VF_TIMESTAMP_MINUS_INFINITY) {
        value = timestamp_us == VF_TIMESTAMP_INFINITY ? INT64_MAX : -INT64_MAX;
    } else if (!scale_moment(id, timestamp_us, nanoseconds, &value) || value == INT64_MAX || value <= -INT64_MAX) {
        vf_timestamp_format(timestamp_us, id == DUCKDB_TYPE_TIMESTAMP_TZ, text);
        return vf_error_set(err, VF_VALUE, "%s can't be held by %s", text, vf_duckdb_logical_name(slot->logical, name));
    }
    AT(int64_t) = value;
    return VF_OK;
}

enum vf_status vf_duckdb_put_interval(const struct vf_duckdb_slot *slot, const void *interval, struct vf_error *err)
{
    struct vf_interval value;
    memcpy(&value, interval, sizeof(value));
    bool is_infinite = (value.months == INT32_MAX && value.days == INT32_MAX && value.microseconds == INT64_MAX) ||
                       (value.months == INT32_MIN && value.days == INT32_MIN && value.microseconds == INT64_MIN);
    if (is_infinite)
        return vf_error_set(err, VF_VALUE, "DuckDB has no infinite intervals");
    AT(duckdb_interval) = (duckdb_interval){value.months, value.days, value.microseconds};
    return VF_OK;
}

/* Digits behind the sixth decimal, which the neutral types don't have: the text without them in `cut`. false: too long to be a time. */
static bool cut_nanoseconds(const char *text, size_t size_bytes, char cut[VF_TEMPORAL_TEXT_BYTES], size_t *cut_bytes,
                            int64_t *nanoseconds)
{
    *nanoseconds = 0;
    *cut_bytes = size_bytes;
    if (size_bytes >= VF_TEMPORAL_TEXT_BYTES)
        return false;
    memcpy(cut, text, size_bytes);
    const char *point = memchr(text, '.', size_bytes);
    size_t decimals = point != NULL ? (size_t)(point - text) + 1 : size_bytes;
    size_t end = decimals;
    while (end < size_bytes && text[end] >= '0' && text[end] <= '9')
        end++;
    if (end - decimals <= 6 || end - decimals > 9 || end < size_bytes)
        return true;
    for (size_t i = 0; i < 3; i++)
        *nanoseconds = *nanoseconds * 10 + (decimals + 6 + i < end ? text[decimals + 6 + i] - '0' : 0);
    *cut_bytes = decimals + 6;
    return true;
}

static enum vf_status put_time(const struct vf_duckdb_slot *slot, const char *text, size_t size_bytes,
                               struct vf_error *err)
{
    char cut[VF_TEMPORAL_TEXT_BYTES];
    size_t cut_bytes;
    int64_t time_us = 0, nanoseconds = 0;
    bool is_ns = slot->logical->id == DUCKDB_TYPE_TIME_NS;
    if (!cut_nanoseconds(text, size_bytes, cut, &cut_bytes, &nanoseconds) || !vf_time_parse(cut, cut_bytes, &time_us) ||
        (!is_ns && nanoseconds != 0))
        return misfit(slot, text, size_bytes, err);
    AT(int64_t) = is_ns ? time_us * 1000 + nanoseconds : time_us;
    return VF_OK;
}

/* "+05", "-05:30", "+01:02:03": seconds east of UTC. */
static bool read_offset(const char *text, size_t size_bytes, int64_t *seconds)
{
    int64_t units = 3600;
    *seconds = 0;
    if (size_bytes != 3 && size_bytes != 6 && size_bytes != 9)
        return false;
    for (size_t i = 0; i < size_bytes; i += 3, units /= 60) {
        bool is_apart = i == 0 ? text[0] == '+' || text[0] == '-' : text[i] == ':';
        int tens = text[i + 1] - '0', ones = text[i + 2] - '0';
        if (!is_apart || tens < 0 || tens > 9 || ones < 0 || ones > 9 || (i > 0 && tens > 5))
            return false;
        *seconds += (tens * 10 + ones) * units;
    }
    *seconds = text[0] == '-' ? -*seconds : *seconds;
    return *seconds >= -57599 && *seconds <= 57599;
}

/* 40 bits of microseconds, 24 bits of 57599 - the seconds east of UTC. */
static enum vf_status put_time_tz(const struct vf_duckdb_slot *slot, const char *text, size_t size_bytes,
                                  struct vf_error *err)
{
    size_t sign = size_bytes;
    int64_t time_us = 0, seconds = 0;
    while (sign > 0 && text[sign - 1] != '+' && text[sign - 1] != '-')
        sign--;
    sign -= sign > 0;
    if (!vf_time_parse(text, sign, &time_us) || !read_offset(text + sign, size_bytes - sign, &seconds))
        return misfit(slot, text, size_bytes, err);
    AT(uint64_t) = (uint64_t)time_us << 24 | (uint64_t)(57599 - seconds);
    return VF_OK;
}

static enum vf_status put_temporal(const struct vf_duckdb_slot *slot, const char *text, size_t size_bytes,
                                   struct vf_error *err)
{
    duckdb_type id = slot->logical->id;
    char cut[VF_TEMPORAL_TEXT_BYTES];
    size_t cut_bytes;
    struct vf_interval interval;
    int32_t days = 0;
    int64_t timestamp_us = 0, nanoseconds = 0;
    switch ((int)id) {
    case DUCKDB_TYPE_DATE:
        return vf_date_parse(text, size_bytes, &days) ? vf_duckdb_put_date(slot, days, err)
                                                      : misfit(slot, text, size_bytes, err);
    case DUCKDB_TYPE_TIME:
    case DUCKDB_TYPE_TIME_NS:
        return put_time(slot, text, size_bytes, err);
    case DUCKDB_TYPE_TIME_TZ:
        return put_time_tz(slot, text, size_bytes, err);
    case DUCKDB_TYPE_INTERVAL:
        return vf_interval_parse(text, size_bytes, &interval) ? vf_duckdb_put_interval(slot, &interval, err)
                                                              : misfit(slot, text, size_bytes, err);
    default:
        if (!cut_nanoseconds(text, size_bytes, cut, &cut_bytes, &nanoseconds) ||
            !vf_timestamp_parse(cut, cut_bytes, id == DUCKDB_TYPE_TIMESTAMP_TZ, &timestamp_us))
            return misfit(slot, text, size_bytes, err);
        return vf_duckdb_put_moment(slot, timestamp_us, nanoseconds, err);
    }
}

/* ---- bytes ---- */

static void assign(const struct vf_duckdb_slot *slot, const char *bytes, size_t size_bytes)
{
    slot->lib->unsafe_vector_assign_string_element_len(slot->vector, slot->at, bytes, size_bytes);
}

static enum vf_status put_varchar(const struct vf_duckdb_slot *slot, const char *text, size_t size_bytes,
                                  struct vf_error *err)
{
    /* Not asked beforehand, DuckDB makes NULL of what isn't UTF-8, without a word. */
    duckdb_error_data wrong = slot->lib->valid_utf8_check(text, size_bytes);
    if (wrong != NULL) {
        size_t bad = vf_utf8_check(text, size_bytes);
        slot->lib->destroy_error_data(&wrong);
        return vf_error_set(err, VF_VALUE, "invalid UTF-8 at byte %zu: 0x%02x", bad,
                            bad < size_bytes ? (unsigned)(unsigned char)text[bad] : 0U);
    }
    if (size_bytes > UINT32_MAX)
        return vf_error_set(err, VF_VALUE, "%zu bytes, and DuckDB's limit is 4 GiB", size_bytes);
    assign(slot, text, size_bytes);
    return VF_OK;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum vf_status put_bignum(const struct vf_duckdb_slot *slot, const char *text, size_t size_bytes,
                                 struct vf_error *err)
{
    struct vf_buf bytes;
    bool is_number = false;
    vf_buf_init(&bytes, VF_BUF_MAX);
    enum vf_status status = vf_duckdb_bignum_parse(text, size_bytes, &bytes, &is_number, err);
    if (status == VF_OK && !is_number)
        status = misfit(slot, text, size_bytes, err);
    if (status == VF_OK)
        assign(slot, bytes.data, bytes.size_bytes);
    vf_buf_release(&bytes);
    return status;
}

static enum vf_status put_blob(const struct vf_duckdb_slot *slot, const char *text, size_t size_bytes,
                               struct vf_error *err)
{
    struct vf_buf bytes;
    bool is_hex = size_bytes >= 2 && size_bytes % 2 == 0 && text[0] == '\\' && text[1] == 'x';
    vf_buf_init(&bytes, VF_BUF_MAX);
    char *out = is_hex ? vf_buf_reserve(&bytes, size_bytes / 2) : NULL;
    enum vf_status status = vf_buf_check(&bytes, err);
    for (size_t i = 2; is_hex && out != NULL && i < size_bytes; i += 2) {
        int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
        is_hex = high >= 0 && low >= 0;
        out[i / 2 - 1] = (char)(uint8_t)(high * 16 + low);
    }
    if (status == VF_OK && !is_hex)
        status = misfit(slot, text, size_bytes, err);
    if (status == VF_OK)
        assign(slot, out, size_bytes / 2 - 1);
    vf_buf_release(&bytes);
    return status;
}

/* A byte with the number of unused bits, then the bits behind that many ones. */
static enum vf_status put_bits(const struct vf_duckdb_slot *slot, const char *text, size_t size_bytes,
                               struct vf_error *err)
{
    struct vf_buf bytes;
    if (size_bytes == 0 || size_bytes > UINT32_MAX)
        return vf_error_set(err, VF_VALUE, "DuckDB has no bit strings of %zu bits", size_bytes);
    size_t n_bytes = (size_bytes + 7) / 8, skip = n_bytes * 8 - size_bytes;
    bool are_bits = true;
    vf_buf_init(&bytes, VF_BUF_MAX);
    char *out = vf_buf_reserve(&bytes, n_bytes + 1);
    enum vf_status status = vf_buf_check(&bytes, err);
    if (out != NULL) {
        memset(out, 0, n_bytes + 1);
        out[0] = (char)skip;
        out[1] = (char)(uint8_t)(0xff00U >> skip);
    }
    for (size_t i = 0; out != NULL && i < size_bytes; i++) {
        are_bits = are_bits && (text[i] == '0' || text[i] == '1');
        out[1 + (i + skip) / 8] |= (char)(uint8_t)((text[i] == '1') << (7 - (i + skip) % 8));
    }
    if (status == VF_OK && !are_bits)
        status = misfit(slot, text, size_bytes, err);
    if (status == VF_OK)
        assign(slot, out, n_bytes + 1);
    vf_buf_release(&bytes);
    return status;
}

/* ---- other scalars ---- */

void vf_duckdb_put_uuid(const struct vf_duckdb_slot *slot, const uint8_t uuid[16])
{
    uint64_t hi = 0, lo = 0;
    for (int i = 0; i < 8; i++) {
        hi = hi << 8 | uuid[i];
        lo = lo << 8 | uuid[8 + i];
    }
    /* The sign is turned round, so that they sort. */
    AT(duckdb_hugeint) = (duckdb_hugeint){.lower = lo, .upper = (int64_t)(hi ^ UINT64_C(1) << 63)};
}

static enum vf_status put_label(const struct vf_duckdb_slot *slot, const char *text, size_t size_bytes,
                                struct vf_error *err)
{
    char shown[128];
    for (size_t i = 0; i < slot->logical->n_labels; i++) {
        const char *label = slot->logical->labels[i];
        if (strlen(label) != size_bytes || memcmp(label, text, size_bytes) != 0)
            continue;
        store_number(slot, vf_duckdb_width(slot->logical), &(struct number){.lo = i});
        return VF_OK;
    }
    return vf_error_set(err, VF_VALUE, "\"%s\" isn't a label of the enum",
                        vf_printable(text, size_bytes, shown, sizeof(shown)));
}

static enum vf_status put_bool(const struct vf_duckdb_slot *slot, const char *text, size_t size_bytes,
                               struct vf_error *err)
{
    bool is_true = size_bytes == 4 && memcmp(text, "true", 4) == 0;
    if (!is_true && (size_bytes != 5 || memcmp(text, "false", 5) != 0))
        return misfit(slot, text, size_bytes, err);
    AT(uint8_t) = is_true;
    return VF_OK;
}

/* ---- any scalar ---- */

bool vf_duckdb_takes_text(const struct vf_duckdb_logical *logical)
{
    return vf_duckdb_width(logical) > 0 && logical->id != DUCKDB_TYPE_BIGNUM;
}

enum vf_status vf_duckdb_put_text(const struct vf_duckdb_slot *slot, const char *text, size_t size_bytes,
                                  struct vf_error *err)
{
    const struct whole *whole = find_whole(slot->logical->id);
    uint8_t uuid[16];
    if (whole != NULL)
        return put_whole(slot, whole, text, size_bytes, err);
    switch ((int)slot->logical->id) {
    case DUCKDB_TYPE_BOOLEAN:
        return put_bool(slot, text, size_bytes, err);
    case DUCKDB_TYPE_DECIMAL:
        return put_decimal(slot, text, size_bytes, err);
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
        return put_float(slot, text, size_bytes, err);
    case DUCKDB_TYPE_VARCHAR:
        return put_varchar(slot, text, size_bytes, err);
    case DUCKDB_TYPE_BLOB:
        return put_blob(slot, text, size_bytes, err);
    case DUCKDB_TYPE_BIGNUM:
        return put_bignum(slot, text, size_bytes, err);
    case DUCKDB_TYPE_BIT:
        return put_bits(slot, text, size_bytes, err);
    case DUCKDB_TYPE_ENUM:
        return put_label(slot, text, size_bytes, err);
    case DUCKDB_TYPE_UUID:
        if (!vf_uuid_parse(text, size_bytes, uuid))
            return misfit(slot, text, size_bytes, err);
        vf_duckdb_put_uuid(slot, uuid);
        return VF_OK;
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
        return put_temporal(slot, text, size_bytes, err);
    default:
        return vf_error_set(err, VF_INTERNAL, "a type of DuckDB that no text is put into (%d)", (int)slot->logical->id);
    }
}
