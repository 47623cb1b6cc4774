#include "vector/convert.h"

#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

/*
 * A value is not finite when all bits of its exponent are set. Blocks are scanned without a branch inside, so that the compiler vectorises the
 * scan; only in a block with a hit the place is looked for.
 */
#define BLOCK 256

static bool block_is_finite32(const unsigned char *values, size_t n)
{
    uint32_t hits = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t bits;

        memcpy(&bits, values + 4 * i, sizeof(bits));
        hits |= (bits & 0x7f800000) == 0x7f800000;
    }
    return hits == 0;
}

static bool block_is_finite64(const unsigned char *values, size_t n)
{
    const uint64_t exponent = UINT64_C(0x7ff0000000000000);
    uint64_t hits = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t bits;

        memcpy(&bits, values + 8 * i, sizeof(bits));
        hits |= (bits & exponent) == exponent;
    }
    return hits == 0;
}

static bool block_is_finite16(const unsigned char *values, size_t n, uint16_t exponent)
{
    uint16_t hits = 0;

    for (size_t i = 0; i < n; i++) {
        uint16_t bits;

        memcpy(&bits, values + 2 * i, sizeof(bits));
        hits = (uint16_t)(hits | ((bits & exponent) == exponent));
    }
    return hits == 0;
}

static bool block_is_finite(enum vf_element element, const unsigned char *values, size_t n)
{
    switch (element) {
    case VF_E_F32:
        return block_is_finite32(values, n);
    case VF_E_F64:
        return block_is_finite64(values, n);
    case VF_E_F16:
        return block_is_finite16(values, n, 0x7c00);
    case VF_E_BF16:
        return block_is_finite16(values, n, 0x7f80);
    case VF_E_NONE:
    case VF_E_I8:
    case VF_E_BIT:
        break;
    }
    return true;
}

ptrdiff_t vf_find_nonfinite(enum vf_element element, const void *values, size_t dim)
{
    const unsigned char *bytes = values;
    size_t width_bytes = vf_element_bytes(element, 1);

    if (element == VF_E_NONE || element == VF_E_I8 || element == VF_E_BIT)
        return -1;
    for (size_t i = 0; i < dim; i += BLOCK) {
        size_t n = dim - i < BLOCK ? dim - i : BLOCK;

        if (block_is_finite(element, bytes + i * width_bytes, n))
            continue;
        while (block_is_finite(element, bytes + i * width_bytes, 1))
            i++;
        return (ptrdiff_t)i;
    }
    return -1;
}

ptrdiff_t vf_find_nonfinite_f32(const void *values, size_t n)
{
    return vf_find_nonfinite(VF_E_F32, values, n);
}

ptrdiff_t vf_find_nonfinite_f64(const void *values, size_t n)
{
    return vf_find_nonfinite(VF_E_F64, values, n);
}

ptrdiff_t vf_find_nonfinite_f16(const void *values, size_t n)
{
    return vf_find_nonfinite(VF_E_F16, values, n);
}

ptrdiff_t vf_find_nonfinite_bf16(const void *values, size_t n)
{
    return vf_find_nonfinite(VF_E_BF16, values, n);
}

/* -1, 0 and 1: below, within and above the finite values; 2 for a NaN. The bits are aligned to the top of 64, the exponent is `exponent`. */
static int classify(uint64_t bits, uint64_t exponent)
{
    if ((bits & exponent) != exponent)
        return 0;
    if ((bits & ~(UINT64_C(1) << 63) & ~exponent) != 0)
        return 2;
    return (bits >> 63) != 0 ? -1 : 1;
}

const char *vf_nonfinite_name(enum vf_element element, const void *values, size_t index)
{
    const unsigned char *bytes = values;
    uint16_t bits16;
    uint32_t bits32;
    uint64_t bits64;
    int class = 0;

    if (element == VF_E_F32) {
        memcpy(&bits32, bytes + 4 * index, sizeof(bits32));
        class = classify((uint64_t)bits32 << 32, UINT64_C(0x7f80000000000000));
    } else if (element == VF_E_F64) {
        memcpy(&bits64, bytes + 8 * index, sizeof(bits64));
        class = classify(bits64, UINT64_C(0x7ff0000000000000));
    } else if (element == VF_E_F16 || element == VF_E_BF16) {
        memcpy(&bits16, bytes + 2 * index, sizeof(bits16));
        class = classify((uint64_t)bits16 << 48,
                         element == VF_E_F16 ? UINT64_C(0x7c00000000000000) : UINT64_C(0x7f80000000000000));
    }
    if (class == 2)
        return "NaN";
    return class == 0 ? "finite" : class < 0 ? "-Infinity" : "Infinity";
}
