#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/temporal.h"

#define DAY_US INT64_C(86400000000)

/* ---- expectations ---- */

static void check_date(const char *text, int32_t days)
{
    char out[VF_TEMPORAL_TEXT_BYTES];
    int32_t read = 0;

    assert_true(vf_date_parse(text, strlen(text), &read));
    assert_int_equal(read, days);
    assert_int_equal(vf_date_format(days, out), strlen(text));
    assert_string_equal(out, text);
}

static void reads_date(const char *text, int32_t days)
{
    int32_t read = 0;

    assert_true(vf_date_parse(text, strlen(text), &read));
    assert_int_equal(read, days);
}

static void check_timestamp(const char *text, bool with_zone, int64_t us)
{
    char out[VF_TEMPORAL_TEXT_BYTES];
    int64_t read = 0;

    assert_true(vf_timestamp_parse(text, strlen(text), with_zone, &read));
    assert_int_equal(read, us);
    assert_int_equal(vf_timestamp_format(us, with_zone, out), strlen(text));
    assert_string_equal(out, text);
}

static void reads_timestamp(const char *text, bool with_zone, const char *same)
{
    int64_t read = 0, wanted = 1;

    assert_true(vf_timestamp_parse(text, strlen(text), with_zone, &read));
    assert_true(vf_timestamp_parse(same, strlen(same), with_zone, &wanted));
    assert_int_equal(read, wanted);
}

static void check_interval(const char *text, int32_t months, int32_t days, int64_t us)
{
    char out[VF_TEMPORAL_TEXT_BYTES];
    struct vf_interval read = {0};

    assert_true(vf_interval_parse(text, strlen(text), &read));
    assert_int_equal(read.months, months);
    assert_int_equal(read.days, days);
    assert_int_equal(read.microseconds, us);
    assert_int_equal(vf_interval_format((struct vf_interval){months, days, us}, out), strlen(text));
    assert_string_equal(out, text);
}

/* ---- dates ---- */

static void test_dates(void **state)
{
    (void)state;
    check_date("1970-01-01", 0);
    check_date("1969-12-31", -1);
    check_date("2000-01-01", 10957);
    check_date("2024-02-29", 19782);
    check_date("2000-02-29", 11016);
    check_date("0001-01-01", -719162);
    check_date("+0000-12-31", -719163); /* 1 BC */
    check_date("+0000-02-29", -719469);
    check_date("-0001-12-31", -719529);
    check_date("-0043-03-15", -735160);
    check_date("-4712-01-01", -2440550); /* 4713 BC, where PostgreSQL begins: julian day 0 is -4713-11-24 */
    check_date("-4713-11-24", -2440588);
    check_date("9999-12-31", 2932896);
    check_date("+10000-01-01", 2932897);
    check_date("+5874897-12-31", 2145042905); /* the last day of PostgreSQL's date */
    check_date("infinity", VF_DATE_INFINITY);
    check_date("-infinity", VF_DATE_MINUS_INFINITY);
}

static void test_date_variants(void **state)
{
    (void)state;
    reads_date("0044-03-15 BC", -735160);
    reads_date("4713-01-01 BC", -2440550);
    reads_date("0001-12-31 BC", -719163);
    reads_date("0001-02-29 BC", -719469); /* 1 BC was a leap year */
    reads_date("0000-12-31", -719163);
    reads_date("5874897-12-31", 2145042905);
    reads_date("+2024-02-29", 19782);
}

static void test_no_dates(void **state)
{
    static const char *const texts[] = {
        "",
        "2024-02-30",
        "0000-00-00",
        "2023-02-29",
        "1900-02-29",
        "2024-00-10",
        "2024-13-01",
        "2024-01-00",
        "2024-04-31",
        "2024-1-1",
        "24-01-01",
        "2024-01-01 ",
        " 2024-01-01",
        "2024/01/01",
        "2024-01",
        "20240101",
        "2024-01-01x",
        "Infinity",
        "now",
        "-",
        "+",
        "2024-01-01 BC BC",
        "-2024-01-01 BC",
        "0000-01-01 BC",
        "0002-02-29 BC",
        "999999999-01-01",
        "-999999999-01-01",
        "1234567890-01-01",
        "2024-01-01T00:00:00",
        "+-2024-01-01",
    };
    int32_t days = 42;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(vf_date_parse(texts[i], strlen(texts[i]), &days));
        assert_int_equal(days, 42);
    }
    assert_false(vf_date_parse("2024-01-01\0", 11, &days));
}

/* Every day of eight centuries, against the calendar counted by hand. */
static void test_every_day_of_the_calendar(void **state)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    char out[VF_TEMPORAL_TEXT_BYTES], wanted[32];
    int32_t days = -141427; /* 1582-10-15 */
    int year = 1582, month = 10, day = 15;

    (void)state;
    for (; year < 2400; days++) {
        bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
        int length = lengths[month - 1] + (month == 2 && leap);
        assert_int_equal(vf_date_format(days, out), 10);
        wanted[0] = (char)('0' + year / 1000);
        wanted[1] = (char)('0' + year / 100 % 10);
        wanted[2] = (char)('0' + year / 10 % 10);
        wanted[3] = (char)('0' + year % 10);
        wanted[4] = wanted[7] = '-';
        wanted[5] = (char)('0' + month / 10);
        wanted[6] = (char)('0' + month % 10);
        wanted[8] = (char)('0' + day / 10);
        wanted[9] = (char)('0' + day % 10);
        wanted[10] = '\0';
        assert_string_equal(out, wanted);
        day++;
        if (day > length) {
            day = 1;
            month++;
        }
        if (month > 12) {
            month = 1;
            year++;
        }
    }
}

/* ---- times ---- */

static void test_times(void **state)
{
    static const struct {
        const char *text;
        int64_t us;
    } same[] =
        {
            {"00:00:00", 0},
            {"13:05:00", INT64_C(47100000000)},
            {"23:59:59.999999", DAY_US - 1},
            {"24:00:00", DAY_US},
            {"00:00:00.000001", 1},
            {"00:00:00.25", 250000},
            {"00:00:01.1", 1100000},
        },
      variants[] = {
          {"13:05", INT64_C(47100000000)},
          {"13:05:00.000000", INT64_C(47100000000)},
          {"13:05:00.000000000", INT64_C(47100000000)},
          {"00:00:00.123456000", 123456},
          {"00:00:60", 60000000},
          {"23:59:60", DAY_US},
          {"00:00:00,5", 500000},
      };
    static const char *const none[] = {
        "",          "24:00:01",   "24:00:00.000001",  "25:00:00",        "13:60:00",
        "13:05:61",  "13:05:60.5", "1:05:00",          "13:5:00",         "13:05:0",
        "13:05:00.", "13",         "13:05:00.1234567", "13:05:00Z",       " 13:05",
        "-01:00:00", "13:05:00 ",  "13.05.00",         "23:59:60.000001",
    };
    char out[VF_TEMPORAL_TEXT_BYTES];
    int64_t us;

    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        assert_true(vf_time_parse(same[i].text, strlen(same[i].text), &us));
        assert_int_equal(us, same[i].us);
        assert_int_equal(vf_time_format(us, out), strlen(same[i].text));
        assert_string_equal(out, same[i].text);
    }
    for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
        assert_true(vf_time_parse(variants[i].text, strlen(variants[i].text), &us));
        assert_int_equal(us, variants[i].us);
    }
    us = 42;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_false(vf_time_parse(none[i], strlen(none[i]), &us));
    assert_int_equal(us, 42);
}

/* ---- timestamps ---- */

static void test_timestamps(void **state)
{
    (void)state;
    check_timestamp("2000-01-01 00:00:00", false, 0);
    check_timestamp("1999-12-31 23:59:59.999999", false, -1);
    check_timestamp("1970-01-01 00:00:00", false, -VF_EPOCH_2000_US);
    check_timestamp("2024-02-29 13:05:00.25", false, INT64_C(762527100250000));
    check_timestamp("2024-02-29T13:05:00.25Z", true, INT64_C(762527100250000));
    check_timestamp("-4712-01-01 00:00:00", false, INT64_C(-211810204800000000));
    check_timestamp("-4713-11-24T00:00:00Z", true, INT64_C(-211813488000000000));          /* PostgreSQL's first */
    check_timestamp("+294276-12-31 23:59:59.999999", false, INT64_C(9223371331199999999)); /* and last */
    check_timestamp("-0043-03-15 12:00:00", false, (INT64_C(-735160) - 10957) * DAY_US + DAY_US / 2);
    check_timestamp("infinity", false, VF_TIMESTAMP_INFINITY);
    check_timestamp("-infinity", true, VF_TIMESTAMP_MINUS_INFINITY);
    check_timestamp("+294277-01-09 04:00:54.775806", false, INT64_MAX - 1);
    check_timestamp("-290278-12-22 19:59:05.224193", false, INT64_MIN + 1);
}

static void test_timestamp_variants(void **state)
{
    static const char *const same[] = {
        "2024-02-29 13:05:00+00",    "2024-02-29 13:05:00",          "2024-02-29T13:05Z",
        "2024-02-29t13:05:00z",      "2024-02-29 18:05:00+05",       "2024-02-29T18:35:00.000+05:30",
        "2024-02-29T18:50:00+0545",  "2024-02-29 18:50:15+05:45:15", "2024-02-29 05:05:00-08:00",
        "2024-02-29 13:05:00-00:00", "+2024-02-29 13:05:00+00",      "2024-03-01 12:59:00+23:54",
        "2024-02-29 13:04:60Z",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        reads_timestamp(same[i], true, "2024-02-29T13:05:00Z");
    reads_timestamp("2024-02-29", false, "2024-02-29 00:00:00");
    reads_timestamp("2024-02-29", true, "2024-02-29T00:00:00Z");
    reads_timestamp("2024-02-28 24:00:00", false, "2024-02-29 00:00:00");
    reads_timestamp("2016-12-31 23:59:60", false, "2017-01-01 00:00:00");
    reads_timestamp("0044-03-15 12:00:00 BC", false, "-0043-03-15 12:00:00");
    reads_timestamp("0044-03-15 12:00:00+00 BC", true, "-0043-03-15T12:00:00Z");
    reads_timestamp("0044-03-15 BC", false, "-0043-03-15 00:00:00");
    reads_timestamp("294276-12-31 23:59:59.999999", false, "+294276-12-31 23:59:59.999999");
    reads_timestamp("1999-12-31 23:59:59.5-00:00:01", true, "2000-01-01T00:00:00.5Z");
}

static void test_no_timestamps(void **state)
{
    static const char *const with_zone[] = {
        "",
        "2024-02-30 00:00:00Z",
        "2024-02-29 25:00:00Z",
        "2024-02-29 13:05:00 Z",
        "2024-02-29 13:05:00+5",
        "2024-02-29 13:05:00+24",
        "2024-02-29 13:05:00+05:3",
        "2024-02-29 13:05:00+05:60",
        "2024-02-29 13:05:00ZZ",
        "2024-02-29 13:05:00 Europe/Berlin",
        "2024-02-29 13:05:00 CET",
        "2024-02-29 13:05:00+05:30:",
        "2024-02-29T",
        "2024-02-29 ",
        "2024-02-29Z",
        "2024-02-29  13:05:00",
        "0000-00-00 00:00:00",
        "2024-02-29 13:05:00.1234567Z",
        "+294278-01-01 00:00:00Z",
        "-290279-01-01 00:00:00Z",
        "1709211900",
        "999999999-01-01 00:00:00Z",
        "+294277-01-09 04:00:54.775807",
        "-290278-12-22 19:59:05.224192",
        "-290278-12-22 19:59:05.224191",
    };
    static const char *const without[] = {"2024-02-29 13:05:00Z", "2024-02-29 13:05:00+00", "2024-02-29T13:05:00-08:00",
                                          "0044-03-15 12:00:00+00 BC"};
    int64_t us = 42;

    (void)state;
    for (size_t i = 0; i < sizeof(with_zone) / sizeof(with_zone[0]); i++) {
        assert_false(vf_timestamp_parse(with_zone[i], strlen(with_zone[i]), true, &us));
        assert_false(vf_timestamp_parse(with_zone[i], strlen(with_zone[i]), false, &us));
    }
    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
        assert_false(vf_timestamp_parse(without[i], strlen(without[i]), false, &us)); /* the zone would be dropped */
        assert_int_equal(us, 42);
        assert_true(vf_timestamp_parse(without[i], strlen(without[i]), true, &us));
        us = 42;
    }
}

/* ---- intervals ---- */

static void test_intervals(void **state)
{
    (void)state;
    check_interval("PT0S", 0, 0, 0);
    check_interval("P1Y2M-3DT4H5M6.5S", 14, -3, INT64_C(14706500000));
    check_interval("P-1Y-2M", -14, 0, 0);
    check_interval("P11M", 11, 0, 0);
    check_interval("P1D", 0, 1, 0);
    check_interval("PT0.000001S", 0, 0, 1);
    check_interval("PT-0.5S", 0, 0, -500000);
    check_interval("PT-1H-1M-1S", 0, 0, INT64_C(-3661000000));
    check_interval("PT2562047788H54.775807S", 0, 0, INT64_MAX);
    check_interval("PT-2562047788H-54.775808S", 0, 0, INT64_MIN);
    check_interval("P178956970Y7M2147483647DT1S", INT32_MAX, INT32_MAX, 1000000);
    check_interval("P-178956970Y-8M-2147483648D", INT32_MIN, INT32_MIN, 0);
    check_interval("infinity", INT32_MAX, INT32_MAX, INT64_MAX);
    check_interval("-infinity", INT32_MIN, INT32_MIN, INT64_MIN);
}

static void test_interval_variants(void **state)
{
    struct vf_interval interval;

    (void)state;
    assert_true(vf_interval_parse("P2W", 3, &interval));
    assert_int_equal(interval.days, 14);
    assert_true(vf_interval_parse("PT90M", 5, &interval));
    assert_int_equal(interval.microseconds, INT64_C(5400000000));
    assert_true(vf_interval_parse("P0D", 3, &interval));
    assert_int_equal(interval.days, 0);
    assert_true(vf_interval_parse("PT1,5S", 6, &interval));
    assert_int_equal(interval.microseconds, 1500000);
}

static void test_no_intervals(void **state)
{
    static const char *const texts[] = {
        "",
        "P",
        "PT",
        "P1",
        "P1DT",
        "1D",
        "P1H",
        "PT1D",
        "P1.5Y",
        "PT1.5H",
        "PT1.1234567S",
        "P1D ",
        "P--1D",
        "PT1S2",
        "P1YT",
        "P-",
        "+P1D",
        "-P1D",
        "P178956971Y",
        "P2147483648D",
        "PT2562047789H",
        "PT9223372036854775808S",
        "PTT1S",
        "P1000000000000000000Y",
    };
    struct vf_interval interval = {1, 2, 3};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(vf_interval_parse(texts[i], strlen(texts[i]), &interval));
    assert_true(interval.months == 1 && interval.days == 2 && interval.microseconds == 3);
}

/* ---- numbers ---- */

static void test_epochs(void **state)
{
    int64_t us = 0, value = 0;

    (void)state;
    assert_true(vf_timestamp_from_epoch(0, 1, &us));
    assert_int_equal(us, -VF_EPOCH_2000_US);
    assert_true(vf_timestamp_from_epoch(946684800, 1, &us));
    assert_int_equal(us, 0);
    assert_true(vf_timestamp_from_epoch(946684800001, 1000, &us));
    assert_int_equal(us, 1000);
    assert_true(vf_timestamp_from_epoch(-1, 1000000, &us));
    assert_int_equal(us, -VF_EPOCH_2000_US - 1);
    us = 42;
    assert_false(vf_timestamp_from_epoch(INT64_MAX, 1, &us));
    assert_false(vf_timestamp_from_epoch(INT64_MIN, 1000000, &us));
    assert_false(vf_timestamp_from_epoch(INT64_MIN + VF_EPOCH_2000_US, 1000000, &us)); /* would be -infinity */
    assert_int_equal(us, 42);
    assert_true(vf_timestamp_from_epoch(INT64_MAX, 1000000, &us));

    assert_true(vf_timestamp_to_epoch(0, 1, &value));
    assert_int_equal(value, 946684800);
    assert_true(vf_timestamp_to_epoch(-1000, 1000, &value));
    assert_int_equal(value, INT64_C(946684799999));
    assert_true(vf_timestamp_to_epoch(-VF_EPOCH_2000_US - 1000000, 1, &value));
    assert_int_equal(value, -1);
    value = 42;
    assert_false(vf_timestamp_to_epoch(1, 1, &value));
    assert_false(vf_timestamp_to_epoch(1, 1000, &value));
    assert_false(vf_timestamp_to_epoch(VF_TIMESTAMP_INFINITY, 1000000, &value));
    assert_false(vf_timestamp_to_epoch(VF_TIMESTAMP_MINUS_INFINITY, 1000000, &value));
    assert_false(vf_timestamp_to_epoch(INT64_MAX - 1, 1000000, &value));
    assert_int_equal(value, 42);
}

/* The numbers are what SQLite 3.40 gives for strftime('%Y-%m-%d %H:%M:%f', n). */
static void test_julian_days(void **state)
{
    static const struct {
        double julian;
        const char *text;
    } cases[] = {
        {2451544.5, "2000-01-01 00:00:00"}, {2440587.5, "1970-01-01 00:00:00"},
        {2460370.0, "2024-02-29 12:00:00"}, {2460370.045138889, "2024-02-29 13:05:00"},
        {0.0, "-4713-11-24 12:00:00"},      {5373484.499999, "9999-12-31 23:59:59.914"},
    };
    char out[VF_TEMPORAL_TEXT_BYTES];
    int64_t us = 42;

    (void)state;
    assert_false(vf_timestamp_from_julian(-0.1, &us));
    assert_false(vf_timestamp_from_julian(5373484.5, &us));
    assert_false(vf_timestamp_from_julian(strtod("nan", NULL), &us));
    assert_false(vf_timestamp_from_julian(1e300, &us));
    assert_int_equal(us, 42);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(vf_timestamp_from_julian(cases[i].julian, &us));
        vf_timestamp_format(us, false, out);
        assert_string_equal(out, cases[i].text);
    }
}

/* ---- uuid ---- */

static void test_uuids(void **state)
{
    static const char *const same[] = {
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",    "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
        "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",  "a0eebc999c0b4ef8bb6d6bb9bd380a11",
        "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "{a0eebc999c0b4ef8bb6d6bb9bd380a11}",
    };
    static const char *const none[] = {
        "",
        "{}",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11-",
        "-a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "a0eebc99--9c0b-4ef8-bb6d-6bb9bd380a11",
        "a0e-ebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "a0eebc99 9c0b 4ef8 bb6d 6bb9bd380a11",
    };
    uint8_t uuid[16] = {0}, untouched[16];
    char out[37];

    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        memset(uuid, 0, sizeof(uuid));
        assert_true(vf_uuid_parse(same[i], strlen(same[i]), uuid));
        assert_int_equal(uuid[0], 0xa0);
        assert_int_equal(uuid[15], 0x11);
        vf_uuid_format(uuid, out);
        assert_string_equal(out, same[0]);
    }
    memcpy(untouched, uuid, sizeof(uuid));
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_false(vf_uuid_parse(none[i], strlen(none[i]), uuid));
    assert_memory_equal(uuid, untouched, sizeof(uuid));
}

/* ---- property: what is written is read back ---- */

static uint64_t random_state = 20240229;

static uint64_t random_u64(void)
{
    random_state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    uint64_t z = random_state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* All magnitudes alike: from a few bits to all of them. */
static int64_t random_i64(void)
{
    return (int64_t)random_u64() >> random_u64() % 64;
}

static void test_a_million_random_values(void **state)
{
    char text[VF_TEMPORAL_TEXT_BYTES];

    (void)state;
    for (int i = 0; i < 1000000; i++) {
        int64_t us = random_i64(), read = 0, time_us = (int64_t)(random_u64() % (uint64_t)(DAY_US + 1));
        int32_t days = (int32_t)random_i64(), read_days = 0;
        struct vf_interval interval = {(int32_t)random_i64(), (int32_t)random_i64(), random_i64()}, read_interval;

        if (!vf_timestamp_parse(text, vf_timestamp_format(us, i & 1, text), i & 1, &read) || read != us)
            fail_msg("timestamp %lld is written as %s", (long long)us, text);
        if (!vf_date_parse(text, vf_date_format(days, text), &read_days) || read_days != days)
            fail_msg("date %d is written as %s", (int)days, text);
        if (!vf_time_parse(text, vf_time_format(time_us, text), &read) || read != time_us)
            fail_msg("time %lld is written as %s", (long long)time_us, text);
        if (!vf_interval_parse(text, vf_interval_format(interval, text), &read_interval) ||
            memcmp(&interval, &read_interval, sizeof(interval)) != 0)
            fail_msg("interval %d, %d, %lld is written as %s", (int)interval.months, (int)interval.days,
                     (long long)interval.microseconds, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_date_variants),
        cmocka_unit_test(test_no_dates),
        cmocka_unit_test(test_every_day_of_the_calendar),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_timestamps),
        cmocka_unit_test(test_timestamp_variants),
        cmocka_unit_test(test_no_timestamps),
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_interval_variants),
        cmocka_unit_test(test_no_intervals),
        cmocka_unit_test(test_epochs),
        cmocka_unit_test(test_julian_days),
        cmocka_unit_test(test_uuids),
        cmocka_unit_test(test_a_million_random_values),
    };
    setenv("TZ", "Asia/Kathmandu", 1); /* +05:45: nothing here may look at it */
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
