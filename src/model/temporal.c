#include "model/temporal.h"

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

/* Two digits by hand: a table of a million timestamps as text is written through here, and snprintf() would be most of its time. */
static char *put_two(char *out, int value)
{
    out[0] = (char)('0' + value / 10);
    out[1] = (char)('0' + value % 10);
    return out + 2;
}

static char *put_year(char *out, int64_t year)
{
    if (year > 0 && year <= 9999)
        return put_two(put_two(out, (int)year / 100), (int)year % 100);
    return out + snprintf(out, 24, "%c%04lld", year < 0 ? '-' : '+', (long long)(year < 0 ? -year : year));
}

static char *put_days(char *out, int64_t days)
{
    int64_t year;
    int month, day;

    civil_from_days(days, &year, &month, &day);
    out = put_year(out, year);
    *out++ = '-';
    out = put_two(out, month);
    *out++ = '-';
    return put_two(out, day);
}

/* Nothing when it is zero; no zeros at the end. */
static char *put_fraction(char *out, int64_t fraction_us)
{
    int rest = (int)fraction_us;

    if (rest == 0)
        return out;
    *out++ = '.';
    for (int digit = 100000; rest > 0; digit /= 10) {
        *out++ = (char)('0' + rest / digit);
        rest %= digit;
    }
    return out;
}

static char *put_time(char *out, int64_t time_us)
{
    out = put_two(out, (int)(time_us / HOUR_US));
    *out++ = ':';
    out = put_two(out, (int)(time_us / MINUTE_US % 60));
    *out++ = ':';
    out = put_two(out, (int)(time_us / SECOND_US % 60));
    return put_fraction(out, time_us % SECOND_US);
}

static size_t end_text(char *out, char *end)
{
    *end = '\0';
    return (size_t)(end - out);
}

static size_t put_word(char *out, const char *word)
{
    memcpy(out, word, strlen(word) + 1);
    return strlen(word);
}

size_t vf_date_format(int32_t days, char *out)
{
    if (days == VF_DATE_INFINITY)
        return put_word(out, "infinity");
    if (days == VF_DATE_MINUS_INFINITY)
        return put_word(out, "-infinity");
    return end_text(out, put_days(out, days));
}

size_t vf_time_format(int64_t time_us, char *out)
{
    return end_text(out, put_time(out, time_us));
}

size_t vf_timestamp_format(int64_t timestamp_us, bool with_zone, char *out)
{
    if (timestamp_us == VF_TIMESTAMP_INFINITY)
        return put_word(out, "infinity");
    if (timestamp_us == VF_TIMESTAMP_MINUS_INFINITY)
        return put_word(out, "-infinity");
    int64_t days = timestamp_us / DAY_US, time_us = timestamp_us % DAY_US;
    if (time_us < 0) {
        time_us += DAY_US;
        days--;
    }
    char *end = put_days(out, days + DAYS_2000);
    *end++ = with_zone ? 'T' : ' ';
    end = put_time(end, time_us);
    if (with_zone)
        *end++ = 'Z';
    return end_text(out, end);
}

static bool is_infinite(struct vf_interval interval, bool negative)
{
    if (negative)
        return interval.months == INT32_MIN && interval.days == INT32_MIN && interval.microseconds == INT64_MIN;
    return interval.months == INT32_MAX && interval.days == INT32_MAX && interval.microseconds == INT64_MAX;
}

static char *put_part(char *out, int64_t value, char unit)
{
    return value != 0 ? out + snprintf(out, 24, "%lld%c", (long long)value, unit) : out;
}

/* Below a minute; the sign is that of the whole, also of "-0.5". */
static char *put_seconds(char *out, int64_t microseconds)
{
    int64_t magnitude = microseconds < 0 ? -microseconds : microseconds;

    if (magnitude == 0)
        return out;
    out += snprintf(out, 24, "%s%lld", microseconds < 0 ? "-" : "", (long long)(magnitude / SECOND_US));
    out = put_fraction(out, magnitude % SECOND_US);
    *out++ = 'S';
    return out;
}

size_t vf_interval_format(struct vf_interval interval, char *out)
{
    char *end = out;

    if (is_infinite(interval, false))
        return put_word(out, "infinity");
    if (is_infinite(interval, true))
        return put_word(out, "-infinity");
    if (interval.months == 0 && interval.days == 0 && interval.microseconds == 0)
        return put_word(out, "PT0S");
    *end++ = 'P';
    end = put_part(end, interval.months / 12, 'Y');
    end = put_part(end, interval.months % 12, 'M');
    end = put_part(end, interval.days, 'D');
    if (interval.microseconds != 0) {
        *end++ = 'T';
        end = put_part(end, interval.microseconds / HOUR_US, 'H');
        end = put_part(end, interval.microseconds / MINUTE_US % 60, 'M');
        end = put_seconds(end, interval.microseconds % MINUTE_US);
    }
    return end_text(out, end);
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

/* "infinity" and "-infinity" */
static bool is_infinity(const char *text, size_t size_bytes)
{
    return (size_bytes == 8 && memcmp(text, "infinity", 8) == 0) ||
           (size_bytes == 9 && memcmp(text, "-infinity", 9) == 0);
}

bool vf_date_parse(const char *text, size_t size_bytes, int32_t *days)
{
    struct reader reader = {text, text + size_bytes};
    int64_t year, month, day, found;
    bool had_sign = size_bytes > 0 && (text[0] == '-' || text[0] == '+');

    if (is_infinity(text, size_bytes)) {
        *days = text[0] == '-' ? VF_DATE_MINUS_INFINITY : VF_DATE_INFINITY;
        return true;
    }
    if (!take_date(&reader, &year, &month, &day) || !finish_date(&reader, year, month, day, had_sign, &found) ||
        reader.at != reader.end || found >= INT32_MAX || found <= INT32_MIN)
        return false;
    *days = (int32_t)found;
    return true;
}

bool vf_time_parse(const char *text, size_t size_bytes, int64_t *time_us)
{
    struct reader reader = {text, text + size_bytes};
    int64_t found;

    if (!take_time(&reader, &found) || reader.at != reader.end)
        return false;
    *time_us = found;
    return true;
}

/* Days since 2000 and a time with its zone taken off, as microseconds; false: out of range, or one of the two infinities. */
static bool join(int64_t days, int64_t time_us, int64_t *timestamp_us)
{
    int64_t joined;

    if (days < 0) { /* the first day of the range begins before the range does */
        days++;
        time_us -= DAY_US;
    }
    if (__builtin_mul_overflow(days, DAY_US, &joined) || __builtin_add_overflow(joined, time_us, &joined) ||
        joined == INT64_MAX || joined == INT64_MIN)
        return false;
    *timestamp_us = joined;
    return true;
}

bool vf_timestamp_parse(const char *text, size_t size_bytes, bool with_zone, int64_t *timestamp_us)
{
    struct reader reader = {text, text + size_bytes};
    int64_t year, month, day, days, time_us = 0, offset_us = 0;
    bool had_zone = false, had_sign = size_bytes > 0 && (text[0] == '-' || text[0] == '+');

    if (is_infinity(text, size_bytes)) {
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

    if (is_infinity(text, size_bytes)) {
        *interval = text[0] == '-' ? (struct vf_interval){INT32_MIN, INT32_MIN, INT64_MIN}
                                   : (struct vf_interval){INT32_MAX, INT32_MAX, INT64_MAX};
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
    if (!any || months != (int32_t)months || days != (int32_t)days)
        return false;
    *interval = (struct vf_interval){(int32_t)months, (int32_t)days, microseconds};
    return true;
}

/* ---- numbers ---- */

bool vf_timestamp_from_epoch(int64_t value, int64_t units_per_second, int64_t *timestamp_us)
{
    int64_t moved;

    if (__builtin_mul_overflow(value, SECOND_US / units_per_second, &moved) ||
        __builtin_sub_overflow(moved, VF_EPOCH_2000_US, &moved) || moved == INT64_MIN)
        return false;
    *timestamp_us = moved;
    return true;
}

bool vf_timestamp_to_epoch(int64_t timestamp_us, int64_t units_per_second, int64_t *value)
{
    int64_t unit_us = SECOND_US / units_per_second, moved;

    if (timestamp_us == VF_TIMESTAMP_INFINITY || timestamp_us == VF_TIMESTAMP_MINUS_INFINITY ||
        __builtin_add_overflow(timestamp_us, VF_EPOCH_2000_US, &moved) || moved % unit_us != 0)
        return false;
    *value = moved / unit_us;
    return true;
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
    uint8_t read[16] = {0};
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
        read[n / 2] = (uint8_t)(n % 2 == 0 ? digit << 4 : read[n / 2] | digit);
        n++;
    }
    if (n != 32 || text[size_bytes - 1] == '-')
        return false;
    memcpy(uuid, read, sizeof(read));
    return true;
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
