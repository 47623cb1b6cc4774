#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "random.h"
#include "vector/convert.h"

/* FLT_MIN, the smallest subnormal, -0, FLT_MAX, a NaN with a payload: what must come through bit by bit. */
static const uint32_t delicate[] = {0x00800000, 0x00000001, 0x80000000, 0x7f7fffff, 0x7fa12345, 0xffc00001, 0x3f800000};

static void test_big_endian(void **state)
{
    const float values[] = {1, -2.5f, 0};
    unsigned char bytes[12];
    float back[3];
    double wide = 1;

    (void)state;
    vf_copy_be32(bytes, values, 3);
    assert_memory_equal(bytes, "\x3f\x80\0\0\xc0\x20\0\0\0\0\0\0", 12); /* as pgvector sends [1,-2.5,0] */
    vf_copy_be32(back, bytes, 3);
    assert_memory_equal(back, values, sizeof(values));
    vf_copy_be64(bytes, &wide, 1);
    assert_memory_equal(bytes, "\x3f\xf0\0\0\0\0\0\0", 8);
    vf_copy_be16(bytes, (const uint16_t[]){0x3c00, 0xc100}, 2);
    assert_memory_equal(bytes, "\x3c\0\xc1\0", 4);
}

static void test_little_endian(void **state)
{
    const float values[] = {1, -2.5f, 0};
    unsigned char bytes[12];

    (void)state;
    vf_copy_le32(bytes, values, 3);
    assert_memory_equal(bytes, "\0\0\x80\x3f\0\0\x20\xc0\0\0\0\0", 12);
    vf_copy_le16(bytes, (const uint16_t[]){0x3c00}, 1);
    assert_memory_equal(bytes, "\0\x3c", 2);
    vf_copy_le64(bytes, (const double[]){1}, 1);
    assert_memory_equal(bytes, "\0\0\0\0\0\0\xf0\x3f", 8);
    vf_copy_le32(NULL, NULL, 0);
}

/* All lengths around the width of vector registers, from odd addresses, also in place; twice is the identity and no bit is lost. */
static void test_copies_of_all_lengths(void **state)
{
    enum { MAX = 70 };
    unsigned char in[8 * MAX + 3], out[8 * MAX + 3], back[8 * MAX + 3];
    uint64_t seed = 1;

    (void)state;
    for (size_t i = 0; i < sizeof(in); i++)
        in[i] = (unsigned char)random_bits(&seed);
    memcpy(in + 1, delicate, sizeof(delicate));
    for (size_t n = 0; n <= MAX; n++) {
        static const enum vf_element elements[] = {VF_E_F32, VF_E_F64, VF_E_F16, VF_E_BF16, VF_E_I8, VF_E_BIT};

        for (size_t e = 0; e < sizeof(elements) / sizeof(elements[0]); e++) {
            size_t size_bytes = vf_element_bytes(elements[e], n);
            size_t width = vf_element_bytes(elements[e], 1);

            memset(out, 0x5a, sizeof(out));
            vf_copy_be(elements[e], out + 1, in + 1, n);
            assert_int_equal(out[0], 0x5a);
            assert_int_equal(out[1 + size_bytes], 0x5a);
            for (size_t i = 0; i < size_bytes; i++)
                assert_int_equal(out[1 + i], in[1 + i / width * width + (width - 1 - i % width)]);
            vf_copy_be(elements[e], back + 3, out + 1, n);
            assert_memory_equal(back + 3, in + 1, size_bytes);
            vf_copy_be(elements[e], out + 1, out + 1, n);
            assert_memory_equal(out + 1, in + 1, size_bytes);
            vf_copy_le(elements[e], out + 1, in + 1, n);
            assert_memory_equal(out + 1, in + 1, size_bytes);
            vf_copy_le(elements[e], out + 1, out + 1, n);
            assert_memory_equal(out + 1, in + 1, size_bytes);
        }
    }
}

static void test_f32_from_f64(void **state)
{
    const double values[] = {
        1,    0.1,     1e-60, -1e39, 3.4028235677973362e38, 3.4028235677973366e38, (double)NAN, (double)INFINITY,
        -0.0, 16777217};
    float out[10];
    struct vf_narrow_stats stats = {0};

    (void)state;
    vf_f32_from_f64_array(out, values, 10, NULL);
    vf_f32_from_f64_array(out, values, 10, &stats);
    assert_true(out[0] == 1 && out[1] == 0.1f && out[2] == 0 && out[4] == FLT_MAX && out[9] == 16777216);
    assert_true(isinf(out[3]) && out[3] < 0 && isinf(out[5]) && isnan(out[6]) && isinf(out[7]) && signbit(out[8]));
    assert_int_equal(stats.n_values, 10);
    assert_int_equal(stats.n_inexact, 6);
    assert_int_equal(stats.n_overflow, 2);
    assert_true(stats.max_relative_error == 1); /* 1e-60 became 0 */
    stats = (struct vf_narrow_stats){0};
    vf_f32_from_f64_array(out, values, 2, &stats);
    assert_int_equal(stats.n_inexact, 1);
    assert_true(fabs(stats.max_relative_error - 1.490116119384765625e-8) < 1e-16);
}

static void test_f64_from_f32(void **state)
{
    const float values[] = {0.1f, -0.0f, FLT_TRUE_MIN};
    double out[3];

    (void)state;
    vf_f64_from_f32_array(out, values, 3);
    assert_true(out[0] == (double)0.1f && signbit(out[1]) && out[2] == (double)FLT_TRUE_MIN);
}

static void test_i8(void **state)
{
    int8_t bytes[256], back[256];
    float values[256];
    const float bad[] = {1, 2, 0.5f};
    const float beyond[] = {128, -129, NAN, INFINITY, 3e9f};

    (void)state;
    for (int i = 0; i < 256; i++)
        bytes[i] = (int8_t)(i - 128);
    vf_f32_from_i8_array(values, bytes, 256);
    assert_true(values[0] == -128 && values[127] == -1 && values[255] == 127);
    assert_int_equal(vf_i8_from_f32_array(back, values, 256), -1);
    assert_memory_equal(back, bytes, sizeof(bytes));
    assert_int_equal(vf_i8_from_f32_array(back, bad, 3), 2);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(vf_i8_from_f32_array(back, beyond + i, 1), 0);
}

static void test_bit_order(void **state)
{
    unsigned char bytes[256], out[256];

    (void)state;
    vf_bits_reverse(out, "\x80\x01\xb1\x0f", 4);
    assert_memory_equal(out, "\x01\x80\x8d\xf0", 4);
    for (unsigned i = 0; i < 256; i++)
        bytes[i] = (unsigned char)i;
    vf_bits_reverse(out, bytes, 256);
    for (unsigned i = 0; i < 256; i++) {
        for (unsigned bit = 0; bit < 8; bit++)
            assert_int_equal(out[i] >> bit & 1, i >> (7 - bit) & 1);
    }
    vf_bits_reverse(out, out, 256);
    assert_memory_equal(out, bytes, 256);
}

static void test_bit_padding(void **state)
{
    unsigned char bits[] = {0xb1, 0xff};

    (void)state;
    assert_true(vf_bits_padding_is_zero("\xb1\xc0", 10));
    assert_false(vf_bits_padding_is_zero(bits, 10));
    assert_true(vf_bits_padding_is_zero(bits, 16));
    vf_bits_clear_padding(bits, 10);
    assert_memory_equal(bits, "\xb1\xc0", 2);
    vf_bits_clear_padding(bits, 16);
    assert_memory_equal(bits, "\xb1\xc0", 2);
}

static void test_binary_quantize(void **state)
{
    const float values[] = {1, -1, 0.5f, FLT_TRUE_MIN, 0, -0.0f, NAN, 3, -2, 7};
    unsigned char bits[2];

    (void)state;
    vf_bits_from_f32_array(bits, values, 10);
    assert_memory_equal(bits, "\xb1\x40", 2);
}

static void test_find_nonfinite_f32(void **state)
{
    static float values[1000];

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        values[i] = i % 2 == 0 ? FLT_MAX : -FLT_TRUE_MIN;
    assert_int_equal(vf_find_nonfinite_f32(values, 0), -1);
    assert_int_equal(vf_find_nonfinite_f32(values, 1000), -1);
    for (size_t i = 0; i < 1000; i++) {
        float kept = values[i];

        values[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : -INFINITY;
        assert_int_equal(vf_find_nonfinite_f32(values, 1000), i);
        assert_int_equal(vf_find_nonfinite_f32(values, i), -1);
        assert_string_equal(vf_nonfinite_name(VF_E_F32, values, i), i % 3 == 0   ? "NaN"
                                                                    : i % 3 == 1 ? "Infinity"
                                                                                 : "-Infinity");
        values[i] = kept;
        assert_string_equal(vf_nonfinite_name(VF_E_F32, values, i), "finite");
    }
    values[700] = NAN;
    values[300] = NAN;
    assert_int_equal(vf_find_nonfinite_f32(values, 1000), 300);
}

static void test_find_nonfinite_of_other_elements(void **state)
{
    double wide[300] = {0};
    uint16_t half[300] = {0};

    (void)state;
    wide[299] = DBL_MAX;
    assert_int_equal(vf_find_nonfinite_f64(wide, 300), -1);
    wide[298] = (double)-INFINITY;
    assert_int_equal(vf_find_nonfinite_f64(wide, 300), 298);
    assert_string_equal(vf_nonfinite_name(VF_E_F64, wide, 298), "-Infinity");
    half[280] = 0x7bff;
    assert_int_equal(vf_find_nonfinite_f16(half, 300), -1);
    half[281] = 0xfc00;
    assert_int_equal(vf_find_nonfinite_f16(half, 300), 281);
    assert_string_equal(vf_nonfinite_name(VF_E_F16, half, 281), "-Infinity");
    assert_int_equal(vf_find_nonfinite_bf16(half, 300), -1); /* the same bits are finite here */
    half[282] = 0x7fc1;
    assert_int_equal(vf_find_nonfinite_bf16(half, 300), 282);
    assert_string_equal(vf_nonfinite_name(VF_E_BF16, half, 282), "NaN");
    assert_int_equal(vf_find_nonfinite(VF_E_I8, "\xff\xff", 2), -1);
    assert_int_equal(vf_find_nonfinite(VF_E_BIT, "\xff\xff", 16), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_big_endian),
        cmocka_unit_test(test_little_endian),
        cmocka_unit_test(test_copies_of_all_lengths),
        cmocka_unit_test(test_f32_from_f64),
        cmocka_unit_test(test_f64_from_f32),
        cmocka_unit_test(test_i8),
        cmocka_unit_test(test_bit_order),
        cmocka_unit_test(test_bit_padding),
        cmocka_unit_test(test_binary_quantize),
        cmocka_unit_test(test_find_nonfinite_f32),
        cmocka_unit_test(test_find_nonfinite_of_other_elements),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
