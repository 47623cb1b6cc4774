#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>

#include "random.h"
#include "vector/number.h"
#include "vector/number_big.h"

static struct vf_number scan(const char *text)
{
    struct vf_number number;
    const char *p = text;

    assert_int_equal(vf_number_scan(&p, text + strlen(text), false, &number), VF_NUMBER_OK);
    assert_ptr_equal(p, text + strlen(text));
    return number;
}

static uint32_t read_f32(const char *text)
{
    struct vf_number number = scan(text);

    return bits_of_f32(vf_number_to_f32(&number));
}

static uint64_t read_f64(const char *text)
{
    struct vf_number number = scan(text);

    return bits_of_f64(vf_number_to_f64(&number));
}

/* glibc's strtof and strtod round correctly: they are the reference, in the C locale. */
static void same_as_libc(const char *text)
{
    if (read_f32(text) != bits_of_f32(strtof(text, NULL)) || read_f64(text) != bits_of_f64(strtod(text, NULL)))
        fail_msg("%s read as %a and %a, expected %a and %a", text, (double)f32_of_bits(read_f32(text)),
                 f64_of_bits(read_f64(text)), (double)strtof(text, NULL), strtod(text, NULL));
}

/* big = 2^n_bits */
static void set_power_of_two(struct vf_big *big, unsigned n_bits)
{
    vf_big_set(big, 1);
    vf_big_shift_left(big, n_bits);
}

static void power_times(const struct vf_power *power, unsigned carry, struct vf_big *big)
{
    vf_big_set(big, power->high);
    vf_big_shift_left(big, 64);
    vf_big_multiply_add(big, 1, 0);
    big->words[0] = power->low;
    if (carry != 0)
        vf_big_multiply_add(big, 1, carry);
}

/* P <= 5^q * 2^s < P + 1, for every entry, with the s that puts P between 2^127 and 2^128. */
static void test_powers(void **state)
{
    (void)state;
    for (int q = VF_POWER_MIN; q <= VF_POWER_MAX; q++) {
        const struct vf_power *power = &vf_powers_of_five[q - VF_POWER_MIN];
        int shift = 127 - (((q * 1741647) >> 19) - q);

        assert_true(power->high >> 63 == 1);
        for (unsigned carry = 0; carry < 2; carry++) {
            struct vf_big table, exact;
            int order;

            power_times(power, carry, &table);
            if (q >= 0) {
                vf_big_set(&exact, 1);
                vf_big_multiply_power_of_five(&exact, (unsigned)q);
                vf_big_shift_left(shift >= 0 ? &exact : &table, (unsigned)abs(shift));
            } else {
                vf_big_multiply_power_of_five(&table, (unsigned)-q);
                set_power_of_two(&exact, (unsigned)shift);
            }
            order = vf_big_compare(&table, &exact);
            assert_true(carry == 0 ? order <= 0 : order > 0);
            assert_int_equal(carry == 0 && order == 0, carry == 0 && q >= 0 && q <= 55);
        }
    }
}

static void test_known_values(void **state)
{
    (void)state;
    assert_int_equal(read_f32("0"), 0);
    assert_int_equal(read_f32("-0"), 0x80000000);
    assert_int_equal(read_f32("-0.000e99999999999999999999"), 0x80000000);
    assert_int_equal(read_f32("1"), 0x3f800000);
    assert_int_equal(read_f32("0.1"), 0x3dcccccd);
    assert_int_equal(read_f32("3.4028235e38"), 0x7f7fffff);
    assert_int_equal(read_f32("1.1754944e-38"), 0x00800000);
    assert_int_equal(read_f32("1e-45"), 1);
    /* Half of the smallest subnormal is a tie, and goes to the even zero; a little more doesn't. */
    assert_int_equal(read_f32("7."
                              "0064923216240853546186479164495806564013097093825788587853414194489554134293030074331909"
                              "4181060791015625e-46"),
                     0);
    assert_int_equal(read_f32("7."
                              "0064923216240853546186479164495806564013097093825788587853414194489554134293030074331909"
                              "4181060791015626e-46"),
                     1);
    assert_int_equal(read_f32("1e-400"), 0);
    /* Up to the middle between FLT_MAX and 2^128 a number is FLT_MAX. */
    assert_int_equal(read_f32("340282356779733661637539395458142568447"), 0x7f7fffff);
    assert_int_equal(read_f32("340282356779733661637539395458142568448"), 0x7f800000);
    assert_int_equal(read_f32("-1e39"), 0xff800000);
    assert_int_equal(read_f32("1e999999999999999999999999"), 0x7f800000);
    assert_int_equal(read_f64("1.7976931348623157e308"), UINT64_C(0x7fefffffffffffff));
    assert_int_equal(read_f64("1.7976931348623159e308"), UINT64_C(0x7ff0000000000000));
    assert_int_equal(read_f64("5e-324"), 1);
    assert_int_equal(read_f64("2.4703282292062327e-324"), 0);
    assert_int_equal(read_f64("2.4703282292062328e-324"), 1);
}

/* By way of double this becomes the tie 1 + 2^-23 + 2^-24, and then the wrong float. */
static void test_no_double_rounding(void **state)
{
    const char *text = "1.00000017881393432617187499";

    (void)state;
    assert_int_equal(read_f32(text), 0x3f800001);
    assert_int_equal(bits_of_f32((float)strtod(text, NULL)), 0x3f800002);
    assert_int_equal(read_f32("1.00000017881393432617187500"), 0x3f800002);
    assert_int_equal(read_f32("1.00000005960464477539062499"), 0x3f800000);
    assert_int_equal(read_f32("1.00000005960464477539062501"), 0x3f800001);
    assert_int_equal(read_f32("16777217"), 0x4b800000);
    assert_int_equal(read_f32("16777217.0000000000000000000000001"), 0x4b800001);
    assert_int_equal(read_f32("16777219"), 0x4b800002);
}

static void test_against_libc(void **state)
{
    uint64_t seed = 1;
    uint64_t n = how_many(200000, 20000000);
    char text[80];

    (void)state;
    for (uint64_t i = 0; i < n; i++) {
        int n_digits = 1 + (int)(random_bits(&seed) % 26);
        int size = 0;

        if (i % 2 == 0)
            text[size++] = '-';
        text[size++] = (char)('0' + random_bits(&seed) % 10);
        text[size++] = '.';
        for (int j = 0; j < n_digits; j++)
            text[size++] = (char)('0' + random_bits(&seed) % 10);
        if (i % 3 == 0)
            size += snprintf(text + size, 10, "e%d", (int)(random_bits(&seed) % 700) - 360);
        else if (i % 3 == 1)
            size += snprintf(text + size, 10, "E%+d", (int)(random_bits(&seed) % 90) - 48);
        text[size] = '\0';
        same_as_libc(text);
    }
}

/* The middles between neighbours, exactly, and a hair to either side: what approximations get wrong. */
static void test_midpoints(void **state)
{
    uint64_t seed = 2;
    uint64_t n = how_many(20000, 2000000);
    char text[1400];

    (void)state;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)random_bits(&seed) & (i % 4 == 0 ? 0x00ffffff : 0x7f7fffff);
        double middle = ((double)f32_of_bits(bits) + (double)f32_of_bits(bits + 1)) / 2;

        if (bits == 0x7f7fffff)
            continue;
        snprintf(text, sizeof(text), "%.170e", middle);
        same_as_libc(text);
        strchr(text, 'e')[-1] = '1';
        same_as_libc(text);
        snprintf(text, sizeof(text), "%.25e", nextafter(middle, 0));
        same_as_libc(text);
    }
}

/*
 * Sixteen digits that aren't such a middle but become it as a double: from 8 to 9 half a unit of the sixteenth digit is less than half a
 * unit of the double, so the way by one division must notice.
 */
static void test_decimals_that_are_midpoints_as_doubles(void **state)
{
    unsigned n_fooled = 0;
    char text[40];

    (void)state;
    for (uint32_t bits = 0x41000000; bits < 0x41100000; bits += 97) {
        double middle = ((double)f32_of_bits(bits) + (double)f32_of_bits(bits + 1)) / 2;

        snprintf(text, sizeof(text), "%.15f", middle);
        same_as_libc(text);
        n_fooled += bits_of_f32((float)strtod(text, NULL)) != bits_of_f32(strtof(text, NULL));
    }
    assert_true(n_fooled > 100);
}

static void test_midpoints_of_doubles(void **state)
{
#if LDBL_MANT_DIG >= 64
    uint64_t seed = 3;
    char text[1400];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint64_t bits = random_bits(&seed) & (i % 3 == 0 ? UINT64_C(0x001fffffffffffff) : UINT64_C(0x7fdfffffffffffff));
        long double middle = ((long double)f64_of_bits(bits) + (long double)f64_of_bits(bits + 1)) / 2;

        snprintf(text, sizeof(text), "%.1100Le", middle);
        same_as_libc(text);
        strchr(text, 'e')[-1] = '1'; /* digit 1101, and still it decides */
        same_as_libc(text);
    }
#else
    (void)state;
    skip();
#endif
}

/* A point and an exponent that cancel each other, over more digits than any integer holds. */
static void test_long_texts(void **state)
{
    enum { ZEROS = 100000 };
    static char text[ZEROS + 64];

    (void)state;
    memset(text, '0', sizeof(text));
    memcpy(text, "0.", 2);
    snprintf(text + 2 + ZEROS, 60, "125e%d", ZEROS + 1);
    assert_int_equal(read_f32(text), bits_of_f32(1.25f));
    text[0] = '1';
    text[1] = '0';
    snprintf(text + 2 + ZEROS, 60, ".000e-%d", ZEROS + 1);
    assert_int_equal(read_f32(text), bits_of_f32(1.0f));
    assert_int_equal(read_f64(text), bits_of_f64(1.0));
}

static void check_round_trip_f32(float value)
{
    char text[VF_NUMBER_MAX_BYTES + 1] = "";
    size_t size_bytes = vf_number_write_f32(value, text);

    assert_true(size_bytes < VF_NUMBER_MAX_BYTES);
    text[size_bytes] = '\0';
    if (read_f32(text) != bits_of_f32(value))
        fail_msg("%a was written as %s", (double)value, text);
}

/* One digit less is another value. Whole numbers are left out: they are written with all their digits. */
static void check_shortest(double value, const char *text, bool is_f32)
{
    uint64_t significand = scan(text).significand;
    int n_digits = 0;
    char shorter[64];

    if (value == trunc(value))
        return;
    for (; significand % 10 == 0; significand /= 10)
        ;
    for (; significand != 0; significand /= 10)
        n_digits++;
    if (n_digits == 1)
        return;
    snprintf(shorter, sizeof(shorter), "%.*e", n_digits - 2, value);
    if (is_f32 ? strtof(shorter, NULL) == (float)value : strtod(shorter, NULL) == value)
        fail_msg("%s would do for %s", shorter, text);
}

static void test_round_trip_f32(void **state)
{
    const uint32_t edges[] = {0,          1,          2,          0x007fffff, 0x00800000, 0x00800001,
                              0x7f7fffff, 0x7f7ffffe, 0x3f800000, 0x3f7fffff, 0x3f800001, 0x4b800000,
                              0x4b7fffff, 0x4b800001, 0x5a0e1bca, 0x00000009};
    uint64_t seed = 4;
    uint64_t n = how_many(2000000, 20000000);
    char text[VF_NUMBER_MAX_BYTES + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        check_round_trip_f32(f32_of_bits(edges[i]));
        check_round_trip_f32(f32_of_bits(edges[i] | 0x80000000));
    }
    for (uint32_t exponent = 0; exponent < 255; exponent++) /* every power of two and its neighbours */
        for (int delta = -1; delta <= 1; delta++)
            check_round_trip_f32(f32_of_bits((exponent << 23) + (uint32_t)(exponent > 0 ? delta : 1)));
    for (uint64_t i = 0; i < n; i++) {
        float value = f32_of_bits((uint32_t)random_bits(&seed));

        if (!isfinite(value))
            continue;
        check_round_trip_f32(value);
        if (i % 100 == 0) {
            text[vf_number_write_f32(value, text)] = '\0';
            check_shortest((double)value, text, true);
        }
    }
}

/* All of them, once: about ten minutes with the sanitizers. */
static void test_every_f32(void **state)
{
    uint64_t step =
        how_many(0, 1) > 0 ? 1 : 65521; /* every one when there is time, else a sample over the whole range */

    (void)state;
    for (uint64_t i = 0; i < UINT64_C(0x7f800000); i += step)
        check_round_trip_f32(f32_of_bits((uint32_t)i | (uint32_t)(i & 1) << 31));
}

/* The control: eight digits aren't enough, nor are those of %f, and the test above would notice. */
static void test_fewer_digits_change_bits(void **state)
{
    uint64_t seed = 4;
    unsigned n_changed_g = 0;
    unsigned n_changed_f = 0;
    char text[80];

    (void)state;
    for (int i = 0; i < 10000; i++) {
        uint32_t bits = (uint32_t)random_bits(&seed);

        if (!isfinite(f32_of_bits(bits)))
            continue;
        snprintf(text, sizeof(text), "%.8g", (double)f32_of_bits(bits));
        n_changed_g += read_f32(text) != bits;
        snprintf(text, sizeof(text), "%f", (double)f32_of_bits(bits));
        n_changed_f += read_f32(text) != bits;
    }
    assert_in_range(n_changed_g, 50, 5000);
    assert_in_range(n_changed_f, 1000, 9900);
}

static void test_round_trip_f64(void **state)
{
    uint64_t seed = 5;
    uint64_t n = how_many(200000, 20000000);
    char text[VF_NUMBER_MAX_BYTES + 1];

    (void)state;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t bits = random_bits(&seed);
        double value = i % 2 == 0 ? f64_of_bits(bits) : (double)(int64_t)(bits >> 16) / 1e6;
        size_t size_bytes;

        if (!isfinite(value))
            continue;
        size_bytes = vf_number_write_f64(value, text);
        assert_true(size_bytes < VF_NUMBER_MAX_BYTES);
        text[size_bytes] = '\0';
        if (read_f64(text) != bits_of_f64(value))
            fail_msg("%a was written as %s", value, text);
        if (i % 20 == 0)
            check_shortest(value, text, false);
    }
}

static void is_written(float value, const char *expected)
{
    char text[VF_NUMBER_MAX_BYTES + 1];

    text[vf_number_write_f32(value, text)] = '\0';
    assert_string_equal(text, expected);
}

static void is_written64(double value, const char *expected)
{
    char text[VF_NUMBER_MAX_BYTES + 1];

    text[vf_number_write_f64(value, text)] = '\0';
    assert_string_equal(text, expected);
}

static void test_notation(void **state)
{
    (void)state;
    is_written(0.0f, "0");
    is_written(-0.0f, "-0");
    is_written(1.0f, "1");
    is_written(-2.5f, "-2.5");
    is_written(0.1f, "0.1");
    is_written(100.0f, "100");
    is_written(16777216.0f, "16777216");
    is_written(0.00001f, "0.00001");
    is_written(0.000001f, "1e-6");
    is_written(-0.00001234567f, "-0.00001234567");
    is_written(FLT_MAX, "3.4028235e38");
    is_written(FLT_MIN, "1.1754944e-38");
    is_written(FLT_TRUE_MIN, "1e-45");
    is_written(33554432.0f, "33554432");
    is_written(1e16f, "1e16");
    is_written(8388608.5f, "8388608");
    is_written64(0.1, "0.1");
    is_written64(5e-324, "5e-324");
    is_written64(1.7976931348623157e308, "1.7976931348623157e308");
    is_written64(9007199254740993.0, "9007199254740992");
    is_written64(1e15, "1000000000000000");
    is_written64(1e16, "1e16");
    is_written64(1e-7, "1e-7");
    is_written64(2.0 / 3, "0.6666666666666666");
    is_written64(0.1 + 0.2, "0.30000000000000004");
}

static void test_compare(void **state)
{
    struct vf_number number = scan("0.5");

    (void)state;
    assert_int_equal(vf_number_compare(&number, 1, -1), 0);
    assert_true(vf_number_compare(&number, 3, -2) < 0);
    assert_true(vf_number_compare(&number, 1, -2) > 0);
    number = scan("9007199254740993000000000000.00000000000000000000000000000000001");
    assert_true(number.truncated);
    assert_true(vf_number_compare(&number, UINT64_C(9007199254740993), 0) > 0);
    number = scan("1180591620717411303424.0000000000000000000000000000000000");
    assert_int_equal(vf_number_compare(&number, 1, 70), 0);
}

static bool is_rendering(const char *text, double *relative_error)
{
    struct vf_number number = scan(text);

    return vf_number_is_rendering_of_f32(&number, vf_number_to_f32(&number), relative_error);
}

static void test_renderings(void **state)
{
    static const char *const renderings[] = {"0",
                                             "-0.0",
                                             "1",
                                             "0.1",
                                             "0.10",
                                             "0.100000",
                                             "0.10000000149",
                                             "0.10000000149011612",
                                             "0.100000001490116119384765625",
                                             "1e10",
                                             "16777216",
                                             "3.4028235e38",
                                             "1e-45",
                                             "1.4e-45",
                                             "1.40129846e-45",
                                             "0.123456",
                                             "-0.12345679",
                                             "0.333333343",
                                             "123456.7",
                                             "0.0000123456"};
    static const char *const others[] = {"0.1000000000",          "0.123456789012345", "16777217",
                                         "0.1234567890123456789", "0.333333333",       "1e-46",
                                         "0.30000000000000004",   "1000000000000",     "2e-45"};
    double relative_error;

    (void)state;
    for (size_t i = 0; i < sizeof(renderings) / sizeof(renderings[0]); i++) {
        if (!is_rendering(renderings[i], &relative_error))
            fail_msg("%s counts as inexact", renderings[i]);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (is_rendering(others[i], &relative_error))
            fail_msg("%s counts as a rendering", others[i]);
        assert_true(relative_error > 0 && relative_error <= 1);
    }
    assert_false(is_rendering("1e-46", &relative_error));
    assert_true(relative_error == 1);
    assert_false(is_rendering("16777217", &relative_error));
    assert_true(fabs(relative_error - 1 / 16777217.0) < 1e-20);
}

/* What printf makes of a float32, with any number of digits, is a rendering of it. */
static void test_printed_floats_are_renderings(void **state)
{
    uint64_t seed = 6;
    uint64_t n = how_many(200000, 5000000);
    char text[80];
    double relative_error;

    (void)state;
    for (uint64_t i = 0; i < n; i++) {
        float value = f32_of_bits((uint32_t)random_bits(&seed));
        struct vf_number number;

        if (!isfinite(value))
            continue;
        snprintf(text, sizeof(text), "%.*e", (int)(random_bits(&seed) % 30), (double)value);
        number = scan(text);
        if (bits_of_f32(vf_number_to_f32(&number)) != bits_of_f32(value))
            continue; /* too few digits to name this float */
        if (!vf_number_is_rendering_of_f32(&number, value, &relative_error))
            fail_msg("%s counts as inexact", text);
    }
}

static enum vf_number_fault scan_fault(const char *text, bool strict, ptrdiff_t *offset)
{
    struct vf_number number;
    const char *p = text;
    enum vf_number_fault fault = vf_number_scan(&p, text + strlen(text), strict, &number);

    *offset = p - text;
    return fault;
}

static void test_syntax(void **state)
{
    static const struct {
        const char *text;
        int strict_offset; /* where the strict reader stops with a fault, -1 if it doesn't */
        int offset;
    } cases[] = {
        {"", 0, 0},      {"-", 1, 1},     {"+", 0, 1},   {"+1", 0, -1},    {".5", 0, -1},   {"1.", 2, -1},
        {"01", 1, -1},   {".", 0, 1},     {"-.", 1, 2},  {"1e", 2, 2},     {"1e+", 3, 3},   {"1ex", 2, 2},
        {"1.e5", 2, -1}, {"x", 0, 0},     {"--1", 1, 1}, {"-+1", 1, 1},    {"1e5", -1, -1}, {"1E-05", -1, -1},
        {"-0", -1, -1},  {"0.0", -1, -1}, {"00", 1, -1}, {"-01.5", 2, -1}, {"nan", 0, 0},   {"e5", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int strict = 0; strict < 2; strict++) {
            int expected = strict ? cases[i].strict_offset : cases[i].offset;
            ptrdiff_t offset;
            enum vf_number_fault fault = scan_fault(cases[i].text, strict, &offset);

            if ((fault == VF_NUMBER_OK) != (expected < 0) || (expected >= 0 && offset != expected))
                fail_msg("\"%s\" (strict %d): fault %d at %td, expected %d", cases[i].text, strict, (int)fault, offset,
                         expected);
        }
    }
}

/* The eight-digit step must not look beyond the end, nor take a non-digit for one. */
static void test_scan_stops_at_non_digits(void **state)
{
    char text[] = "0.00000000";

    (void)state;
    for (int c = 0; c < 256; c++) {
        for (size_t place = 2; place < 10; place++) {
            struct vf_number number;
            const char *p = text;

            if (c == 'e' || c == 'E')
                continue;
            text[place] = (char)c;
            (void)vf_number_scan(&p, text + 10, false, &number);
            assert_int_equal(p - text, c >= '0' && c <= '9' ? 10 : (ptrdiff_t)place);
            text[place] = '0';
        }
    }
}

static void test_german_locale(void **state)
{
    (void)state;
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL && setlocale(LC_ALL, "de_DE.utf8") == NULL &&
        setlocale(LC_ALL, "de_DE") == NULL) {
        print_message("no German locale is installed\n");
        skip();
    }
    assert_int_equal(read_f32("1.5"), 0x3fc00000);
    is_written(1.5f, "1.5");
    assert_non_null(setlocale(LC_ALL, "C"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_powers),
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_no_double_rounding),
        cmocka_unit_test(test_against_libc),
        cmocka_unit_test(test_midpoints),
        cmocka_unit_test(test_decimals_that_are_midpoints_as_doubles),
        cmocka_unit_test(test_midpoints_of_doubles),
        cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_round_trip_f32),
        cmocka_unit_test(test_every_f32),
        cmocka_unit_test(test_fewer_digits_change_bits),
        cmocka_unit_test(test_round_trip_f64),
        cmocka_unit_test(test_notation),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_renderings),
        cmocka_unit_test(test_printed_floats_are_renderings),
        cmocka_unit_test(test_syntax),
        cmocka_unit_test(test_scan_stops_at_non_digits),
        cmocka_unit_test(test_german_locale),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
