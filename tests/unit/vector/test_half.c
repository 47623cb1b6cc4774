#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "random.h"
#include "vector/convert.h"

enum { N_HALVES = 65536 };

/* The value by its definition, in arithmetic that shares nothing with the conversion. */
static double value_of_half(unsigned bits)
{
    double magnitude;
    int exponent = (int)(bits >> 10 & 31);

    if (exponent == 31)
        magnitude = (bits & 0x3ff) != 0 ? (double)NAN : (double)INFINITY;
    else if (exponent == 0)
        magnitude = ldexp((double)(bits & 0x3ff), -24);
    else
        magnitude = ldexp((double)((bits & 0x3ff) + 1024), exponent - 25);
    return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

static void test_every_half_to_f32_and_back(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < N_HALVES; bits++) {
        float value = vf_f16_to_f32((uint16_t)bits);
        double expected = value_of_half(bits);

        if (isnan(expected)) {
            assert_true(isnan(value));
            assert_int_equal(vf_f16_from_f32(value), bits | 0x200); /* quiet, the payload and the sign kept */
            continue;
        }
        assert_true((double)value == expected && (signbit(value) != 0) == (signbit(expected) != 0));
        assert_int_equal(vf_f16_from_f32(value), bits);
    }
}

/* Around every middle between two neighbours: ties go to the even one, anything else to the nearer one. */
static void test_rounding_to_half(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 0x7c00; bits++) {
        float middle = (float)((value_of_half(bits) + (bits == 0x7bff ? 65536 : value_of_half(bits + 1))) / 2);

        assert_int_equal(vf_f16_from_f32(middle), bits + (bits & 1));
        assert_int_equal(vf_f16_from_f32(nextafterf(middle, 0)), bits);
        assert_int_equal(vf_f16_from_f32(nextafterf(middle, INFINITY)), bits + 1);
        assert_int_equal(vf_f16_from_f32(-middle), (bits + (bits & 1)) | 0x8000);
    }
    assert_int_equal(vf_f16_from_f32(70000), 0x7c00);
    assert_int_equal(vf_f16_from_f32(-3e38f), 0xfc00);
    assert_int_equal(vf_f16_from_f32(-0.0f), 0x8000);
    assert_int_equal(vf_f16_from_f32(1e-10f), 0);
    assert_int_equal(vf_f16_from_f32(f32_of_bits(1)), 0);
}

/* Whatever way this CPU takes gives the bits of the portable way, NaNs included. */
static void test_arrays_agree_with_portable(void **state)
{
    static uint16_t halves[N_HALVES + 1], quick_halves[N_HALVES], portable_halves[N_HALVES];
    static float quick[N_HALVES], portable[N_HALVES];
    uint64_t seed = 7;
    uint64_t n_rounds = how_many(20, 1000);

    (void)state;
    for (unsigned i = 0; i < N_HALVES; i++)
        halves[i] = (uint16_t)i;
    vf_f16_to_f32_array(quick, halves, N_HALVES);
    vf_f16_to_f32_array_portable(portable, halves, N_HALVES);
    assert_memory_equal(quick, portable, sizeof(quick));
    for (uint64_t round = 0; round < n_rounds; round++) {
        for (size_t i = 0; i < N_HALVES; i++) {
            uint64_t bits = random_bits(&seed);

            /* Any float32; every second one with an exponent near the range of halves; every fourth close to a tie. */
            if (i % 2 == 0)
                bits = (bits & 0x807fffff) | ((bits >> 40) % 48 + 98) << 23;
            if (i % 4 == 0)
                bits = (bits & ~UINT64_C(0x1fff)) | (0xfff + (bits >> 50) % 3);
            quick[i] = f32_of_bits((uint32_t)bits);
        }
        vf_f16_from_f32_array(quick_halves, quick, N_HALVES);
        vf_f16_from_f32_array_portable(portable_halves, quick, N_HALVES);
        assert_memory_equal(quick_halves, portable_halves, sizeof(quick_halves));
    }
}

static void test_arrays_of_all_lengths(void **state)
{
    unsigned char in[4 * 40 + 1], out[4 * 40 + 2];

    (void)state;
    for (size_t n = 0; n < 40; n++) {
        for (size_t i = 0; i < n; i++) {
            float value = (float)i - 3.5f;

            memcpy(in + 1 + 4 * i, &value, 4);
        }
        memset(out, 0x5a, sizeof(out));
        vf_f16_from_f32_array(out + 1, in + 1, n);
        assert_int_equal(out[1 + 2 * n], 0x5a);
        vf_f16_to_f32_array(in + 1, out + 1, n);
        for (size_t i = 0; i < n; i++) {
            float value;

            memcpy(&value, in + 1 + 4 * i, 4);
            assert_true(value == (float)i - 3.5f);
        }
    }
}

static void test_bf16(void **state)
{
    static uint16_t brains[N_HALVES], back[N_HALVES];
    static float values[N_HALVES];

    (void)state;
    for (unsigned bits = 0; bits < N_HALVES; bits++) {
        brains[bits] = (uint16_t)bits;
        assert_int_equal(bits_of_f32(vf_bf16_to_f32((uint16_t)bits)), (uint32_t)bits << 16);
    }
    vf_bf16_to_f32_array(values, brains, N_HALVES);
    vf_bf16_from_f32_array(back, values, N_HALVES);
    for (unsigned bits = 0; bits < N_HALVES; bits++)
        assert_int_equal(back[bits], (bits & 0x7fff) > 0x7f80 ? bits | 0x40 : bits);
    for (unsigned bits = 0; bits < 0x7f80; bits++) {
        uint32_t middle = (uint32_t)bits << 16 | 0x8000;

        assert_int_equal(vf_bf16_from_f32(f32_of_bits(middle)), bits + (bits & 1));
        assert_int_equal(vf_bf16_from_f32(f32_of_bits(middle - 1)), bits);
        assert_int_equal(vf_bf16_from_f32(f32_of_bits(middle + 1)), bits + 1);
    }
    assert_int_equal(vf_bf16_from_f32(0.1f), 0x3dcd); /* truncation would give 0x3dcc */
    assert_int_equal(vf_bf16_from_f32(f32_of_bits(0x7f800001)),
                     0x7fc0); /* the payload is in the lower half: still a NaN */
    assert_int_equal(vf_bf16_from_f32(f32_of_bits(0x7f7fffff)), 0x7f80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_half_to_f32_and_back),
        cmocka_unit_test(test_rounding_to_half),
        cmocka_unit_test(test_arrays_agree_with_portable),
        cmocka_unit_test(test_arrays_of_all_lengths),
        cmocka_unit_test(test_bf16),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
