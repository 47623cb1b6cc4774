#include "model/temporal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DAY_US    INT64_C(86400000000)
#define HOUR_US   INT64_C(3600000000)
#define MINUTE_US INT64_C(60000000)
#define SECOND_US INT64_C(1000000)

/* Days from 1970-01-01 to 2000-01-01. */
#define DAYS_2000 10957

/* ---- the calendar: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil and civil_from_days ---- */

static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;

    *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* ---- writing ---- */

static size_t put_year(int64_t year, char *out)
{
    if (year > 9999)
        return (size_t)snprintf(out, VF_TEMPORAL_TEXT_BYTES, "+%lld", (long long)year);
    if (year < 0)
        return (size_t)snprintf(out, VF_TEMPORAL_TEXT_BYTES, "-%04lld", (long long)-year);
    return (size_t)snprintf(out, VF_TEMPORAL_TEXT_BYTES, year == 0 ? "+%04lld" : "%04lld", (long long)year);
}

static size_t put_days(int64_t days, char *out)
{
    int64_t year;
    int month, day;

    civil_from_days(days, &year, &month, &day);
    size_t used = put_year(year, out);
    return used + (size_t)snprintf(out + used, VF_TEMPORAL_TEXT_BYTES - used, "-%02d-%02d", month, day);
}

static size_t put_fraction(int64_t fraction_us, char *out)
{
    size_t used = (size_t)snprintf(out, 16, ".%06d", (int)fraction_us);

    if (fraction_us == 0) {
        out[0] = '\0';
        return 0;
    }
    while (out[used - 1] == '0')
        out[--used] = '\0';
    return used;
}

size_t vf_time_format(int64_t time_us, char *out)
{
    size_t used = (size_t)snprintf(out, VF_TEMPORAL_TEXT_BYTES, "%02d:%02d:%02d", (int)(time_us / HOUR_US),
                                   (int)(time_us / MINUTE_US % 60), (int)(time_us / SECOND_US % 60));

    return used + put_fraction(time_us % SECOND_US, out + used);
}

static size_t put_word(const char *word, char *out)
{
    memcpy(out, word, strlen(word) + 1);
    return strlen(word);
}

size_t vf_date_format(int32_t days, char *out)
{
    if (days == VF_DATE_INFINITY)
        return put_word("infinity", out);
    if (days == VF_DATE_MINUS_INFINITY)
        return put_word("-infinity", out);
    return put_days(days, out);
}

size_t vf_timestamp_format(int64_t timestamp_us, bool with_zone, char *out)
{
    if (timestamp_us == VF_TIMESTAMP_INFINITY)
        return put_word("infinity", out);
    if (timestamp_us == VF_TIMESTAMP_MINUS_INFINITY)
        return put_word("-infinity", out);
    int64_t days = timestamp_us / DAY_US, time_us = timestamp_us % DAY_US;
    if (time_us < 0) {
        time_us += DAY_US;
        days--;
    }
    size_t used = put_days(days + DAYS_2000, out);
    out[used++] = with_zone ? 'T' : ' ';
    used += vf_time_format(time_us, out + used);
    if (with_zone)
        out[used++] = 'Z';
    out[used] = '\0';
    return used;
}

static bool is_infinite(struct vf_interval interval, bool negative)
{
    if (negative)
        return interval.months == INT32_MIN && interval.days == INT32_MIN && interval.microseconds == INT64_MIN;
    return interval.months == INT32_MAX && interval.days == INT32_MAX && interval.microseconds == INT64_MAX;
}

static size_t put_part(int64_t value, char unit, char *out)
{
    return value != 0 ? (size_t)snprintf(out, 24, "%lld%c", (long long)value, unit) : 0;
}

static size_t put_seconds(int64_t microseconds, char *out)
{
    uint64_t magnitude = microseconds < 0 ? 0 - (uint64_t)microseconds : (uint64_t)microseconds;
    size_t used =
        (size_t)snprintf(out, 32, "%s%llu", microseconds < 0 ? "-" : "", (unsigned long long)(magnitude / 1000000));

    if (microseconds == 0)
        return 0;
    used += put_fraction((int64_t)(magnitude % 1000000), out + used);
    out[used++] = 'S';
    out[used] = '\0';
    return used;
}

size_t vf_interval_format(struct vf_interval interval, char *out)
{
    size_t used = 0;

    if (is_infinite(interval, false))
        return put_word("infinity", out);
    if (is_infinite(interval, true))
        return put_word("-infinity", out);
    out[used++] = 'P';
    used += put_part(interval.months / 12, 'Y', out + used);
    used += put_part(interval.months % 12, 'M', out + used);
    used += put_part(interval.days, 'D', out + used);
    if (interval.microseconds != 0) {
        out[used++] = 'T';
        used += put_part(interval.microseconds / HOUR_US, 'H', out + used);
        used += put_part(interval.microseconds / MINUTE_US % 60, 'M', out + used);
        used += put_seconds(interval.microseconds % MINUTE_US, out + used);
    }
    out[used] = '\0';
    return used == 1 ? put_word("PT0S", out) : used;
}

/* ---- reading ---- */

struct reader {
    const char *at, *end;
};

static bool take(struct reader *reader, char c)
{
    if (reader->at == reader->end || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

static bool take_word(struct reader *reader, const char *word)
{
    size_t size = strlen(word);

    if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, word, size) != 0)
        return false;
    reader->at += size;
    return true;
}

static bool is_digit(const struct reader *reader)
{
    return reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
}

/* From `least` to `most` digits, as many as there are. */
static bool take_number(struct reader *reader, int least, int most, int64_t *value)
{
    int n = 0;

    *value = 0;
    for (; n < most && is_digit(reader); n++)
        *value = *value * 10 + (*reader->at++ - '0');
    return n >= least;
}

/* Decimals of a second: more than six digits only when they are zeros, since no type keeps them. */
static bool take_fraction(struct reader *reader, int64_t *fraction_us)
{
    int n = 0;

    *fraction_us = 0;
    if (!take(reader, '.') && !take(reader, ','))
        return true;
    for (; is_digit(reader); n++, reader->at++) {
        if (n < 6)
            *fraction_us = *fraction_us * 10 + (*reader->at - '0');
        else if (*reader->at != '0')
            return false;
    }
    for (int i = n; i < 6; i++)
        *fraction_us *= 10;
    return n > 0;
}

static bool take_date(struct reader *reader, int64_t *year, int64_t *month, int64_t *day)
{
    bool negative = take(reader, '-');
    if (!negative)
        take(reader, '+');

    if (!take_number(reader, 4, 9, year) || !take(reader, '-') || !take_number(reader, 2, 2, month) ||
        !take(reader, '-') || !take_number(reader, 2, 2, day))
        return false;
    if (negative)
        *year = -*year;
    return true;
}

/* " BC" turns the year of a calendar without a year 0 into an astronomical one. */
static bool finish_date(struct reader *reader, int64_t year, int64_t month, int64_t day, bool had_sign, int64_t *days)
{
    if (take_word(reader, " BC")) {
        if (had_sign || year < 1)
            return false;
        year = 1 - year;
    }
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, (int)month))
        return false;
    *days = days_from_civil(year, (int)month, (int)day);
    return true;
}

static bool take_time(struct reader *reader, int64_t *time_us)
{
    int64_t hour, minute, second = 0, fraction_us = 0;

    if (!take_number(reader, 2, 2, &hour) || !take(reader, ':') || !take_number(reader, 2, 2, &minute))
        return false;
    if (take(reader, ':') && (!take_number(reader, 2, 2, &second) || !take_fraction(reader, &fraction_us)))
        return false;
    *time_us = hour * HOUR_US + minute * MINUTE_US + second * SECOND_US + fraction_us;
    return hour <= 24 && minute < 60 && second <= 60 && *time_us <= DAY_US && (second < 60 || fraction_us == 0);
}

/* Z, +05, +05:30, +0530, +05:30:15; the offset east of UTC. */
static bool take_zone(struct reader *reader, int64_t *offset_us, bool *found)
{
    int64_t hour, minute = 0, second = 0;

    *offset_us = 0;
    *found = true;
    if (take(reader, 'Z') || take(reader, 'z'))
        return true;
    bool negative = take(reader, '-');
    if (!negative && !take(reader, '+')) {
        *found = false;
        return true;
    }
    if (!take_number(reader, 2, 2, &hour))
        return false;
    bool colon = take(reader, ':');
    if ((colon || is_digit(reader)) && !take_number(reader, 2, 2, &minute))
        return false;
    if (colon && take(reader, ':') && !take_number(reader, 2, 2, &second))
        return false;
    *offset_us = hour * HOUR_US + minute * MINUTE_US + second * SECOND_US;
    if (negative)
        *offset_us = -*offset_us;
    return hour < 24 && minute < 60 && second < 60;
}

static bool is_whole(const struct reader *reader, const char *text, size_t size_bytes, const char *word)
{
    (void)reader;
    return size_bytes == strlen(word) && memcmp(text, word, size_bytes) == 0;
}

bool vf_date_parse(const char *text, size_t size_bytes, int32_t *days)
{
    struct reader reader = {text, text + size_bytes};
    int64_t year, month, day, found;
    bool had_sign = size_bytes > 0 && (text[0] == '-' || text[0] == '+');

    if (is_whole(&reader, text, size_bytes, "infinity") || is_whole(&reader, text, size_bytes, "-infinity")) {
        *days = text[0] == '-' ? VF_DATE_MINUS_INFINITY : VF_DATE_INFINITY;
        return true;
    }
    if (!take_date(&reader, &year, &month, &day) || !finish_date(&reader, year, month, day, had_sign, &found) ||
        reader.at != reader.end)
        return false;
    *days = (int32_t)found;
    return found < INT32_MAX && found > INT32_MIN;
}

bool vf_time_parse(const char *text, size_t size_bytes, int64_t *time_us)
{
    struct reader reader = {text, text + size_bytes};

    return take_time(&reader, time_us) && reader.at == reader.end;
}

/* Days since 2000 and a time of day with its zone taken off, as microseconds; false: out of range, or one of the two infinities. */
static bool join(int64_t days, int64_t time_us, int64_t *timestamp_us)
{
    int64_t product;

    return !__builtin_mul_overflow(days, DAY_US, &product) && !__builtin_add_overflow(product, time_us, timestamp_us) &&
           *timestamp_us != INT64_MAX && *timestamp_us != INT64_MIN;
}

bool vf_timestamp_parse(const char *text, size_t size_bytes, bool with_zone, int64_t *timestamp_us)
{
    struct reader reader = {text, text + size_bytes};
    int64_t year, month, day, days, time_us = 0, offset_us = 0;
    bool had_zone = false, had_sign = size_bytes > 0 && (text[0] == '-' || text[0] == '+');

    if (is_whole(&reader, text, size_bytes, "infinity") || is_whole(&reader, text, size_bytes, "-infinity")) {
        *timestamp_us = text[0] == '-' ? VF_TIMESTAMP_MINUS_INFINITY : VF_TIMESTAMP_INFINITY;
        return true;
    }
    if (!take_date(&reader, &year, &month, &day))
        return false;
    bool has_time = reader.at + 1 < reader.end && reader.at[1] >= '0' && reader.at[1] <= '9' &&
                    (take(&reader, 'T') || take(&reader, 't') || take(&reader, ' '));
    if (has_time && (!take_time(&reader, &time_us) || !take_zone(&reader, &offset_us, &had_zone)))
        return false;
    if ((had_zone && !with_zone) || !finish_date(&reader, year, month, day, had_sign, &days) || reader.at != reader.end)
        return false;
    return join(days - DAYS_2000, time_us - offset_us, timestamp_us);
}

/* One signed number with its unit: "-3D"; `fraction_us` for seconds. */
static bool take_part(struct reader *reader, int64_t *value, int64_t *fraction_us, char *unit)
{
    bool negative = take(reader, '-');

    *fraction_us = 0;
    if (!take_number(reader, 1, 18, value) || !take_fraction(reader, fraction_us) || reader->at == reader->end)
        return false;
    *unit = *reader->at++;
    if (negative) {
        *value = -*value;
        *fraction_us = -*fraction_us;
    }
    return *fraction_us == 0 || *unit == 'S';
}

static bool add_scaled(int64_t value, int64_t scale, int64_t *sum)
{
    int64_t product;

    return !__builtin_mul_overflow(value, scale, &product) && !__builtin_add_overflow(*sum, product, sum);
}

static bool add_part(struct reader *reader, bool in_time, int64_t *months, int64_t *days, int64_t *microseconds)
{
    int64_t value, fraction_us;
    char unit;

    if (!take_part(reader, &value, &fraction_us, &unit))
        return false;
    if (in_time) {
        int64_t scale = unit == 'H' ? HOUR_US : unit == 'M' ? MINUTE_US : unit == 'S' ? SECOND_US : 0;
        return scale != 0 && add_scaled(value, scale, microseconds) && add_scaled(fraction_us, 1, microseconds);
    }
    if (unit == 'Y')
        return add_scaled(value, 12, months);
    if (unit == 'M')
        return add_scaled(value, 1, months);
    if (unit == 'W')
        return add_scaled(value, 7, days);
    return unit == 'D' && add_scaled(value, 1, days);
}

bool vf_interval_parse(const char *text, size_t size_bytes, struct vf_interval *interval)
{
    struct reader reader = {text, text + size_bytes};
    int64_t months = 0, days = 0, microseconds = 0;
    bool in_time = false, any = false;

    if (is_whole(&reader, text, size_bytes, "infinity")) {
        *interval = (struct vf_interval){INT32_MAX, INT32_MAX, INT64_MAX};
        return true;
    }
    if (is_whole(&reader, text, size_bytes, "-infinity")) {
        *interval = (struct vf_interval){INT32_MIN, INT32_MIN, INT64_MIN};
        return true;
    }
    if (!take(&reader, 'P'))
        return false;
    while (reader.at < reader.end) {
        if (!in_time && take(&reader, 'T')) {
            in_time = true;
            any = false;
        }
        if (!add_part(&reader, in_time, &months, &days, &microseconds))
            return false;
        any = true;
    }
    *interval = (struct vf_interval){(int32_t)months, (int32_t)days, microseconds};
    return any && months == (int32_t)months && days == (int32_t)days;
}

/* ---- numbers ---- */

bool vf_timestamp_from_epoch(int64_t value, int64_t units_per_second, int64_t *timestamp_us)
{
    int64_t microseconds;

    return !__builtin_mul_overflow(value, SECOND_US / units_per_second, &microseconds) &&
           !__builtin_sub_overflow(microseconds, VF_EPOCH_2000_US, timestamp_us) && *timestamp_us != INT64_MIN &&
           *timestamp_us != INT64_MAX;
}

bool vf_timestamp_to_epoch(int64_t timestamp_us, int64_t units_per_second, int64_t *value)
{
    int64_t unit_us = SECOND_US / units_per_second, microseconds;

    if (timestamp_us == VF_TIMESTAMP_INFINITY || timestamp_us == VF_TIMESTAMP_MINUS_INFINITY ||
        __builtin_add_overflow(timestamp_us, VF_EPOCH_2000_US, &microseconds))
        return false;
    *value = microseconds / unit_us;
    return microseconds % unit_us == 0;
}

bool vf_timestamp_from_julian(double julian_day, int64_t *timestamp_us)
{
    /* Julian day 2451544.5 is 2000-01-01 00:00. SQLite keeps milliseconds: round as it does. */
    double milliseconds = julian_day * 86400000.0 + 0.5;

    if (!(milliseconds > 0 && milliseconds < 464269060800000.0))
        return false;
    *timestamp_us = ((int64_t)milliseconds - INT64_C(211813444800000)) * 1000;
    return true;
}

/* ---- uuid ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool vf_uuid_parse(const char *text, size_t size_bytes, uint8_t uuid[16])
{
    size_t n = 0;

    if (size_bytes >= 2 && text[0] == '{' && text[size_bytes - 1] == '}') {
        text++;
        size_bytes -= 2;
    }
    for (size_t i = 0; i < size_bytes; i++) {
        if (text[i] == '-' && n > 0 && n % 4 == 0 && n < 32 && text[i - 1] != '-')
            continue;
        int digit = hex_digit(text[i]);
        if (digit < 0 || n == 32)
            return false;
        uuid[n / 2] = (uint8_t)(n % 2 == 0 ? digit << 4 : uuid[n / 2] | digit);
        n++;
    }
    return n == 32 && size_bytes > 0 && text[size_bytes - 1] != '-';
}

void vf_uuid_format(const uint8_t uuid[16], char out[37])
{
    static const char digits[] = "0123456789abcdef";
    size_t used = 0;

    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[used++] = '-';
        out[used++] = digits[uuid[i] >> 4];
        out[used++] = digits[uuid[i] & 15];
    }
    out[used] = '\0';
}
