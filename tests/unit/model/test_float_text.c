#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/float_text.h"

static float from_bits(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

static uint32_t to_bits(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static void check(float value, const char *text)
{
    char out[32];

    assert_int_equal(vf_format_f32(value, out), strlen(text));
    assert_string_equal(out, text);
}

static void test_shortest_texts(void **state)
{
    (void)state;
    check(0.1F, "0.1");
    check(1, "1");
    check(-2.5F, "-2.5");
    check(16777216, "16777216");
    check(0.3F, "0.3");
    check(1.0F / 3, "0.33333334");
    check(FLT_MAX, "3.4028235e+38");
    check(FLT_MIN, "1.1754944e-38");
    check(from_bits(1), "1e-45");
    check(from_bits(0x7fffff), "1.1754942e-38");
    check(0.0F, "0");
    check(-0.0F, "-0");
    check(HUGE_VALF, "inf");
    check(-HUGE_VALF, "-inf");
}

/* One in about two thousand of all finite floats, and no text has a digit too many. */
static void test_floats_survive_their_text(void **state)
{
    char text[32], shorter[32];

    (void)state;
    for (uint64_t n = 0; n < UINT64_C(0x7f800000); n += 2053) {
        uint32_t bits = (uint32_t)n | (n & 1 ? UINT32_C(0x80000000) : 0);
        float value = from_bits(bits), read = 0;
        size_t size_bytes = vf_format_f32(value, text);
        if (!vf_parse_f32(text, size_bytes, &read) || to_bits(read) != bits)
            fail_msg("%08x is written as %s", (unsigned)bits, text);
        int n_digits = 0;
        for (size_t i = 0; i < size_bytes && text[i] != 'e'; i++)
            n_digits += text[i] >= '0' && text[i] <= '9' && (n_digits > 0 || text[i] != '0');
        if (n_digits < 2 || strchr(text, '.') == NULL)
            continue;
        snprintf(shorter, sizeof(shorter), "%.*e", n_digits - 2, (double)value);
        if (strtof(shorter, NULL) == value)
            fail_msg("%s is enough for %s", shorter, text);
    }
}

/* The nearest double of each of these lies exactly between two floats; the digits behind it decide, and to-even must not. */
static void test_rounded_once(void **state)
{
    float value = 0;

    (void)state;
    assert_true(vf_parse_f32("1.000000059604644775390625", 26, &value)); /* 1 + 2^-24: the middle itself, to even */
    assert_int_equal(to_bits(value), 0x3f800000);
    assert_true(vf_parse_f32("1.00000005960464477539062500000000001", 37, &value));
    assert_int_equal(to_bits(value), 0x3f800001);
    assert_true(vf_parse_f32("100000005960464477539062500000000001e-35", 40, &value));
    assert_int_equal(to_bits(value), 0x3f800001);
    assert_true(vf_parse_f32("0.00000100000017881393432617187499999999999E+6", 46, &value)); /* below 1 + 3 * 2^-24 */
    assert_int_equal(to_bits(value), 0x3f800001);
    assert_true(vf_parse_f32("-1.00000005960464477539062500000000001", 38, &value));
    assert_int_equal(to_bits(value), 0xbf800001);
}

static void test_no_floats(void **state)
{
    float value = 42;

    (void)state;
    assert_false(vf_parse_f32("", 0, &value));
    assert_false(vf_parse_f32("1x", 2, &value));
    assert_false(vf_parse_f32("3.4028236e38", 12, &value)); /* rounds to infinity */
    assert_false(vf_parse_f32("1e400", 5, &value));
    assert_true(value == 42);
    assert_true(vf_parse_f32("inf", 3, &value));
    assert_true(isinf(value));
    assert_true(vf_parse_f32("NaN", 3, &value));
    assert_true(isnan(value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shortest_texts),
        cmocka_unit_test(test_floats_survive_their_text),
        cmocka_unit_test(test_rounded_once),
        cmocka_unit_test(test_no_floats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
