#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* ---- UTF-8 ---- */

static size_t check(const char *text)
{
    return vf_utf8_check(text, strlen(text));
}

static void test_utf8(void **state)
{
    (void)state;
    assert_int_equal(vf_utf8_check("", 0), 0);
    assert_int_equal(vf_utf8_check("a\0b", 3), 3);
    assert_int_equal(check("0123456789abcdef\xC3\xA9 and more text"), 32);
    assert_int_equal(check("01234567\xFF"), 8);
    assert_int_equal(
        check("\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"), 24);
    assert_int_equal(check("a\x80"), 1);
    assert_int_equal(check("a\xC0\xAF"), 1); /* overlong "/" */
    assert_int_equal(check("a\xC1\xBF"), 1);
    assert_int_equal(check("a\xE0\x9F\xBF"), 1);     /* overlong */
    assert_int_equal(check("a\xED\xA0\x80"), 1);     /* surrogate */
    assert_int_equal(check("a\xF0\x8F\xBF\xBF"), 1); /* overlong */
    assert_int_equal(check("a\xF4\x90\x80\x80"), 1); /* above U+10FFFF */
    assert_int_equal(check("a\xF5\x80\x80\x80"), 1);
    assert_int_equal(check("a\xE2\x82"), 1);
    assert_int_equal(check("a\xE2\x82z"), 1);
    assert_int_equal(check("a\xF0\x9F\x98"), 1);
    assert_int_equal(vf_utf8_check("\xE2\x82\xAC", 2), 0); /* the size counts, not what lies behind */
}

/* A decoder by the definition: read the bits, then ask whether the code point needed so many bytes. */
static size_t model_check(const unsigned char *text, size_t size_bytes)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t at = 0;

    while (at < size_bytes) {
        size_t n = text[at] < 0x80             ? 1
                   : (text[at] & 0xE0) == 0xC0 ? 2
                   : (text[at] & 0xF0) == 0xE0 ? 3
                   : (text[at] & 0xF8) == 0xF0 ? 4
                                               : 0;
        uint32_t point = n == 1 ? text[at] : n == 0 ? 0 : text[at] & (0xFFu >> (n + 1));

        if (n == 0 || size_bytes - at < n)
            return at;
        for (size_t i = 1; i < n; i++) {
            if ((text[at + i] & 0xC0) != 0x80)
                return at;
            point = point << 6 | (text[at + i] & 0x3Fu);
        }
        if (point < least[n] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
            return at;
        at += n;
    }
    return size_bytes;
}

static void test_utf8_random(void **state)
{
    static const unsigned char pool[] = {'a',  0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2,
                                         0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF3, 0xF4, 0xF5, 0xFF};
    uint64_t seed = 1;

    (void)state;
    for (int round = 0; round < 200000; round++) {
        unsigned char text[20];
        size_t size_bytes = (size_t)(next_random(&seed) % (sizeof(text) + 1));
        size_t lead = size_bytes < 9 || round % 2 == 0 ? 0 : 9;

        memset(text, 'a', sizeof(text));
        for (size_t i = lead; i < size_bytes; i++)
            text[i] = pool[next_random(&seed) % sizeof(pool)];
        assert_int_equal(vf_utf8_check((char *)text, size_bytes), model_check(text, size_bytes));
    }
}

static void test_cut(void **state)
{
    const char text[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z"; /* begins of characters: 0 1 3 6 10 11 */
    const size_t wanted[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};

    (void)state;
    for (size_t max_bytes = 0; max_bytes < 13; max_bytes++)
        assert_int_equal(vf_utf8_cut(text, 11, max_bytes), wanted[max_bytes]);
    for (size_t size_bytes = 0; size_bytes < 12; size_bytes++)
        assert_int_equal(vf_utf8_cut(text, size_bytes, 100), wanted[size_bytes]);
    assert_int_equal(vf_utf8_cut("\x80\x80\x80\x80\x80", 5, 5), 5); /* no UTF-8: cut anywhere */
    assert_int_equal(vf_utf8_cut("\x80", 1, 1), 1);
}

/* ---- numbers ---- */

static void test_parse_i64(void **state)
{
    static const char *const bad[] = {"",
                                      "+",
                                      "-",
                                      " 1",
                                      "1 ",
                                      "1.0",
                                      "0x1",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999",
                                      "--1",
                                      "1e3"};
    int64_t value = 77;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(vf_parse_i64(bad[i], strlen(bad[i]), &value));
    assert_false(vf_parse_i64("1\0", 2, &value));
    assert_int_equal(value, 77);
    assert_true(vf_parse_i64("9223372036854775807", 19, &value) && value == INT64_MAX);
    assert_true(vf_parse_i64("-9223372036854775808", 20, &value) && value == INT64_MIN);
    assert_true(vf_parse_i64("+007", 4, &value) && value == 7);
    assert_true(vf_parse_i64("-0", 2, &value) && value == 0);
    assert_true(vf_parse_i64("129", 2, &value) && value == 12);
}

static double parse(const char *text)
{
    double value = -77;

    assert_true(vf_parse_f64(text, strlen(text), &value));
    return value;
}

static void test_parse_f64(void **state)
{
    static const char *const bad[] = {
        "",      "+",    "-",     ".",    "e5",     "1e",    "1e+", " 1",    "1 ",     "1,5",
        "1.2.3", "0x10", "0x1p3", "infi", "nan(1)", "--inf", "in",  "1e309", "-1e400", "1e99999999999999999999",
        "1_000"};
    double value = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(vf_parse_f64(bad[i], strlen(bad[i]), &value));
    assert_false(vf_parse_f64("1\0", 2, &value));
    assert_true(value == 7);
    assert_true(parse("0.1") == 0.1);
    assert_true(parse("+.5") == 0.5);
    assert_true(parse("5.") == 5);
    assert_true(parse("-1.25E+2") == -125);
    assert_true(parse("1.7976931348623157e308") == DBL_MAX);
    assert_true(parse("4.9e-324") == DBL_TRUE_MIN);
    assert_true(parse("1e-400") == 0 && !signbit(parse("1e-400")));
    assert_true(parse("0e99999999999999999999") == 0);
    assert_true(signbit(parse("-0")) && parse("-0") == 0);
    assert_true(signbit(parse("-1e-99999999999999999999")));
    assert_true(isinf(parse("inf")) && isinf(parse("+Infinity")) && parse("-INF") < 0);
    assert_true(isnan(parse("NaN")) && isnan(parse("-nan")));
    assert_true(vf_parse_f64("2.5xyz", 3, &value) && value == 2.5);
}

/* Digits without end: the last of thousands may decide the rounding. */
static void test_parse_f64_long(void **state)
{
    const size_t size_bytes = 5000;
    char *text = malloc(size_bytes + 1);
    double value;

    (void)state;
    assert_non_null(text);
    memset(text, '0', size_bytes);
    memcpy(text, "9007199254740993.", 17); /* 2^53 + 1: halfway, so to even ... */
    assert_true(vf_parse_f64(text, size_bytes, &value) && value == 9007199254740992.0);
    text[size_bytes - 1] = '1'; /* ... and a little above */
    assert_true(vf_parse_f64(text, size_bytes, &value) && value == 9007199254740994.0);
    assert_true(vf_is_decimal(text, size_bytes));
    memset(text, '0', size_bytes);
    memcpy(text + size_bytes - 6, "1e-100", 6);
    assert_true(vf_parse_f64(text, size_bytes, &value) && value == 1e-100);
    memcpy(text, "0.", 2);
    memcpy(text + size_bytes - 6, "1e4992", 6); /* the 1 is at the 4993rd place behind the point */
    assert_true(vf_parse_f64(text, size_bytes, &value) && value == 0.1);
    memset(text, '1', size_bytes);
    memcpy(text + size_bytes - 6, "e-4900", 6);
    assert_true(vf_parse_f64(text, size_bytes, &value));
    assert_true(value > 1.11e93 && value < 1.12e93);
    free(text);
}

static void check_format(double value, const char *wanted)
{
    char out[32];

    assert_int_equal(vf_format_f64(value, out), strlen(wanted));
    assert_string_equal(out, wanted);
}

static void check_formats(void)
{
    check_format(0, "0");
    check_format(-0.0, "-0");
    check_format(1, "1");
    check_format(-17, "-17");
    check_format(100, "100");
    check_format(0.1, "0.1");
    check_format(0.1 + 0.2, "0.30000000000000004");
    check_format(1.0 / 3, "0.3333333333333333");
    check_format(123456.789, "123456.789");
    check_format(0.0001, "0.0001");
    check_format(0.00001, "1e-05");
    check_format(-0.00012345, "-0.00012345");
    check_format(1e16, "10000000000000000");
    check_format(1e17, "1e+17");
    check_format(9007199254740993.0, "9007199254740992");
    check_format(1.5e300, "1.5e+300");
    check_format(1e300, "1e+300");
    check_format(DBL_MAX, "1.7976931348623157e+308");
    check_format(-DBL_MIN, "-2.2250738585072014e-308");
    check_format(DBL_TRUE_MIN, "5e-324");
    check_format((double)INFINITY, "inf");
    check_format(-(double)INFINITY, "-inf");
    check_format((double)NAN, "nan");
    check_format(-(double)NAN, "nan");
}

static void test_format_f64(void **state)
{
    (void)state;
    check_formats();
}

static void test_round_trip_f64(void **state)
{
    uint64_t seed = 7;

    (void)state;
    for (int i = 0; i < 50000; i++) {
        uint64_t bits = next_random(&seed);
        double value;
        double again;
        char out[32];
        size_t size;

        if (i % 4 == 0)
            bits &= UINT64_C(0x800FFFFFFFFFFFFF) >> (i % 50); /* subnormal */
        memcpy(&value, &bits, sizeof(value));
        if (isnan(value) || isinf(value))
            continue;
        size = vf_format_f64(value, out);
        assert_int_equal(size, strlen(out));
        assert_true(size < 32);
        assert_true(vf_parse_f64(out, size, &again));
        assert_memory_equal(&again, &value, sizeof(value));
    }
}

/*
 * An application with a comma in its numbers. With the tests' own locale (LOCPATH, set by tests/run.py) or the system's; where there is none the
 * checks are those of test_format_f64() once more.
 */
static void test_locale(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8"};
    const char *found = NULL;
    char comma[16];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && found == NULL; i++)
        found = setlocale(LC_ALL, names[i]);
    if (found != NULL) {
        snprintf(comma, sizeof(comma), "%.1f", 1.5);
        assert_string_equal(comma, "1,5");
    } else {
        print_message("no locale with a comma is installed\n");
    }
    check_formats();
    assert_true(parse("1.5") == 1.5);
    assert_true(parse("-1234.5e-1") == -123.45);
    double value;
    assert_false(vf_parse_f64("1,5", 3, &value));
    uint64_t size;
    assert_true(vf_parse_size("1.5k", &size) && size == 1536);
    setlocale(LC_ALL, "C");
}

static void test_parse_size(void **state)
{
    static const struct {
        const char *text;
        uint64_t wanted;
    } good[] = {{"0", 0},
                {"64", 64},
                {"64b", 64},
                {"64k", 65536},
                {"64KiB", 65536},
                {"64kb", 65536},
                {"256M", 268435456},
                {"2G", 2147483648u},
                {"1T", UINT64_C(1) << 40},
                {"1.5G", 1610612736},
                {"0.1k", 102},
                {"1.000000k", 1024},
                {"18446744073709551615", UINT64_MAX},
                {"16777215.999999T", 0}};
    static const char *const bad[] = {"",          "k",
                                      "-1",        "+1",
                                      " 1",        "1 k",
                                      "1.",        ".5k",
                                      "1.5",       "1x",
                                      "1kk",       "1kib2",
                                      "1i",        "1.1234567k",
                                      "1e3",       "18446744073709551616",
                                      "16777216T", "17179869184G",
                                      "1.5.5k",    "1,5k"};
    uint64_t size = 9;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(vf_parse_size(good[i].text, &size));
        if (good[i].wanted != 0 || i == 0)
            assert_int_equal(size, good[i].wanted);
    }
    size = 9;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(vf_parse_size(bad[i], &size));
    assert_int_equal(size, 9);
}

static void test_is_decimal(void **state)
{
    static const char *const good[] = {
        "0", "-1", "+1.5", ".5", "5.", "1e5", "1E-05", "123456789012345678901234567890.123", "00"};
    static const char *const bad[] = {"",   "-",  ".",    "1e",    "e1",  "NaN", "Infinity",
                                      "1 ", " 1", "1..2", "1e5.5", "0x1", "1,0"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(vf_is_decimal(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(vf_is_decimal(bad[i], strlen(bad[i])));
}

/* ---- comparison, and for people ---- */

static void test_compare(void **state)
{
    (void)state;
    assert_int_equal(vf_strcasecmp("PostgreSQL", "postgresql"), 0);
    assert_true(vf_strcasecmp("a", "B") < 0);
    assert_true(vf_strcasecmp("ab", "a") > 0);
    assert_true(vf_strcasecmp("a", "ab") < 0);
    assert_true(vf_strcasecmp("\xC3\x84", "\xC3\xA4") != 0); /* ASCII only */
    assert_true(vf_strcasecmp("a", "\xC3\xA4") < 0);
    assert_true(vf_str_starts("sqlite:x", "sqlite:"));
    assert_false(vf_str_starts("sql", "sqlite"));
    assert_true(vf_str_starts("x", ""));
    assert_true(vf_str_equal("a", "a") && vf_str_equal(NULL, NULL));
    assert_false(vf_str_equal("a", "b") || vf_str_equal("a", NULL) || vf_str_equal(NULL, "a"));
}

static void check_printable(const char *text, size_t out_bytes, const char *wanted)
{
    char out[64];

    assert_ptr_equal(vf_printable(text, strlen(text), out, out_bytes), out);
    assert_string_equal(out, wanted);
}

static void test_printable(void **state)
{
    char none = 'x';

    (void)state;
    check_printable("plain \xC3\xA9 \\ text", 64, "plain \xC3\xA9 \\ text");
    check_printable("\x1b[31mred\x1b[0m", 64, "\\x1b[31mred\\x1b[0m");
    check_printable("a\nb\tc\x7f", 64, "a\\x0ab\\x09c\\x7f");
    check_printable("\xC2\x9B"
                    "31m",
                    64, "\\xc2\\x9b31m");
    check_printable("\xFF\xE2\x82", 64, "\\xff\\xe2\\x82");
    check_printable("a\xE2\x80\xAE"
                    "b",
                    64, "a\\xe2\\x80\\xaeb");
    check_printable("a\xE2\x81\xA6\xE2\x80\xA8", 64, "a\\xe2\\x81\\xa6\\xe2\\x80\\xa8");
    check_printable("\xE2\x82\xAC\xE2\x80\x93", 64, "\xE2\x82\xAC\xE2\x80\x93"); /* euro sign and dash are shown */
    check_printable("abcdef", 4, "abc");
    check_printable("ab\xE2\x82\xAC", 5, "ab");
    check_printable("ab\xE2\x82\xAC", 6, "ab\xE2\x82\xAC");
    check_printable("ab\n", 6, "ab");
    check_printable("ab\n", 7, "ab\\x0a");
    check_printable("abc", 1, "");
    vf_printable("abc", 3, &none, 0);
    assert_int_equal(none, 'x');
}

static void test_edit_distance(void **state)
{
    char a[200];
    char b[200];

    (void)state;
    assert_int_equal(vf_edit_distance("", ""), 0);
    assert_int_equal(vf_edit_distance("", "abc"), 3);
    assert_int_equal(vf_edit_distance("kitten", "sitting"), 3);
    assert_int_equal(vf_edit_distance("sitting", "kitten"), 3);
    assert_int_equal(vf_edit_distance("documents", "document"), 1);
    assert_int_equal(vf_edit_distance("ab", "ba"), 2);
    memset(a, 'a', sizeof(a) - 1);
    memset(b, 'b', sizeof(b) - 1);
    a[199] = b[199] = '\0';
    assert_int_equal(vf_edit_distance(a, b), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8),       cmocka_unit_test(test_utf8_random),    cmocka_unit_test(test_cut),
        cmocka_unit_test(test_parse_i64),  cmocka_unit_test(test_parse_f64),      cmocka_unit_test(test_parse_f64_long),
        cmocka_unit_test(test_format_f64), cmocka_unit_test(test_round_trip_f64), cmocka_unit_test(test_locale),
        cmocka_unit_test(test_parse_size), cmocka_unit_test(test_is_decimal),     cmocka_unit_test(test_compare),
        cmocka_unit_test(test_printable),  cmocka_unit_test(test_edit_distance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
