/*
 * Reproducible random bits for the tests (splitmix64), and how many of them: few by default, many with VECFERRY_LONG=1.
 */
#ifndef VF_TESTS_VECTOR_RANDOM_H
#define VF_TESTS_VECTOR_RANDOM_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline uint64_t random_bits(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline float f32_of_bits(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

static inline uint32_t bits_of_f32(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static inline double f64_of_bits(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

static inline uint64_t bits_of_f64(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* `few`, or `many` in a long run. */
static inline uint64_t how_many(uint64_t few, uint64_t many)
{
    const char *is_long = getenv("VECFERRY_LONG");

    return is_long != NULL && strcmp(is_long, "1") == 0 ? many : few;
}

#endif
