#include "vector/convert.h"

#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>
#endif

static uint32_t bits_of_f32(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static float f32_of_bits(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* Drop the lower `n_bits` (1 to 31) of `value`, to nearest, ties to even. */
static uint32_t round_off(uint32_t value, unsigned n_bits)
{
    uint32_t half = UINT32_C(1) << (n_bits - 1);
    uint32_t rest = value & (2 * half - 1);
    uint32_t kept = value >> n_bits;

    return kept + (rest > half || (rest == half && (kept & 1) != 0));
}

uint16_t vf_f16_from_f32(float value)
{
    uint32_t bits = bits_of_f32(value);
    uint32_t sign = bits >> 16 & 0x8000;
    uint32_t magnitude = bits & 0x7fffffff;
    unsigned exponent = magnitude >> 23;

    if (magnitude > 0x7f800000)
        return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
    if (exponent >= 127 + 16)
        return (uint16_t)(sign | 0x7c00);
    if (exponent >= 127 - 14) /* a carry out of the mantissa adds 1 to the exponent, up to infinity */
        return (uint16_t)(sign | (round_off(magnitude, 13) - ((127 - 15) << 10)));
    if (exponent < 127 - 25) /* below half of the smallest subnormal */
        return (uint16_t)sign;
    return (uint16_t)(sign | round_off((magnitude & 0x7fffff) | 0x800000, 126 - exponent));
}

float vf_f16_to_f32(uint16_t value)
{
    uint32_t sign = (uint32_t)(value & 0x8000) << 16;
    uint32_t magnitude = value & 0x7fff;

    if (magnitude > 0x7c00)
        return f32_of_bits(sign | 0x7fc00000 | magnitude << 13);
    if (magnitude == 0x7c00)
        return f32_of_bits(sign | 0x7f800000);
    if (magnitude >= 0x400)
        return f32_of_bits(sign | ((magnitude << 13) + ((UINT32_C(127) - 15) << 23)));
    return f32_of_bits(sign | bits_of_f32((float)magnitude * 0x1p-24f));
}

void vf_f16_from_f32_array_portable(void *out, const void *in, size_t n)
{
    const unsigned char *source = in;
    unsigned char *target = out;

    for (size_t i = 0; i < n; i++) {
        float value;
        uint16_t half;

        memcpy(&value, source + 4 * i, sizeof(value));
        half = vf_f16_from_f32(value);
        memcpy(target + 2 * i, &half, sizeof(half));
    }
}

void vf_f16_to_f32_array_portable(void *out, const void *in, size_t n)
{
    const unsigned char *source = in;
    unsigned char *target = out;

    for (size_t i = 0; i < n; i++) {
        uint16_t half;
        float value;

        memcpy(&half, source + 2 * i, sizeof(half));
        value = vf_f16_to_f32(half);
        memcpy(target + 4 * i, &value, sizeof(value));
    }
}

#if defined(__x86_64__)

/* Eight at a time; returns how many were done. */
__attribute__((target("avx,f16c"))) static size_t from_f32_f16c(unsigned char *out, const unsigned char *in, size_t n)
{
    size_t i = 0;

    for (; n - i >= 8; i += 8) {
        __m256 values;
        __m128i halves;

        memcpy(&values, in + 4 * i, sizeof(values));
        halves = _mm256_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT);
        memcpy(out + 2 * i, &halves, sizeof(halves));
    }
    return i;
}

__attribute__((target("avx,f16c"))) static size_t to_f32_f16c(unsigned char *out, const unsigned char *in, size_t n)
{
    size_t i = 0;

    for (; n - i >= 8; i += 8) {
        __m128i halves;
        __m256 values;

        memcpy(&halves, in + 2 * i, sizeof(halves));
        values = _mm256_cvtph_ps(halves);
        memcpy(out + 4 * i, &values, sizeof(values));
    }
    return i;
}

/* Asked once: CPUID leaves a virtual machine. (The name "f16c" is unknown to clang 14's __builtin_cpu_supports, which says for "avx" that the system saves the registers.) */
static bool has_f16c(void)
{
    static _Atomic int answer; /* 0: not asked yet, 1: no, 2: yes */
    int known = atomic_load_explicit(&answer, memory_order_relaxed);
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;

    if (known == 0) {
        known =
            __builtin_cpu_supports("avx") && __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_F16C) != 0 ? 2 : 1;
        atomic_store_explicit(&answer, known, memory_order_relaxed);
    }
    return known == 2;
}

#else

static size_t from_f32_f16c(unsigned char *out, const unsigned char *in, size_t n)
{
    (void)out;
    (void)in;
    (void)n;
    return 0;
}

static size_t to_f32_f16c(unsigned char *out, const unsigned char *in, size_t n)
{
    (void)out;
    (void)in;
    (void)n;
    return 0;
}

static bool has_f16c(void)
{
    return false;
}

#endif

void vf_f16_from_f32_array(void *out, const void *in, size_t n)
{
    unsigned char *target = out;
    const unsigned char *source = in;
    size_t n_done = has_f16c() ? from_f32_f16c(target, source, n) : 0;

    if (n_done < n)
        vf_f16_from_f32_array_portable(target + 2 * n_done, source + 4 * n_done, n - n_done);
}

void vf_f16_to_f32_array(void *out, const void *in, size_t n)
{
    unsigned char *target = out;
    const unsigned char *source = in;
    size_t n_done = has_f16c() ? to_f32_f16c(target, source, n) : 0;

    if (n_done < n)
        vf_f16_to_f32_array_portable(target + 4 * n_done, source + 2 * n_done, n - n_done);
}

uint16_t vf_bf16_from_f32(float value)
{
    uint32_t bits = bits_of_f32(value);

    if ((bits & 0x7fffffff) > 0x7f800000)
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float vf_bf16_to_f32(uint16_t value)
{
    return f32_of_bits((uint32_t)value << 16);
}

void vf_bf16_from_f32_array(void *out, const void *in, size_t n)
{
    const unsigned char *source = in;
    unsigned char *target = out;

    for (size_t i = 0; i < n; i++) {
        float value;
        uint16_t brain;

        memcpy(&value, source + 4 * i, sizeof(value));
        brain = vf_bf16_from_f32(value);
        memcpy(target + 2 * i, &brain, sizeof(brain));
    }
}

void vf_bf16_to_f32_array(void *out, const void *in, size_t n)
{
    const unsigned char *source = in;
    unsigned char *target = out;

    for (size_t i = 0; i < n; i++) {
        uint16_t brain;
        uint32_t bits;

        memcpy(&brain, source + 2 * i, sizeof(brain));
        bits = (uint32_t)brain << 16;
        memcpy(target + 4 * i, &bits, sizeof(bits));
    }
}
