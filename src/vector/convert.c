#include "vector/convert.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Plain loops that the compiler turns into vector instructions; gcc does so from O3 only. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

#define IS_LITTLE_ENDIAN (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

static void swap16(unsigned char *out, const unsigned char *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t value;

        memcpy(&value, in + 2 * i, sizeof(value));
        value = __builtin_bswap16(value);
        memcpy(out + 2 * i, &value, sizeof(value));
    }
}

static void swap32(unsigned char *out, const unsigned char *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t value;

        memcpy(&value, in + 4 * i, sizeof(value));
        value = __builtin_bswap32(value);
        memcpy(out + 4 * i, &value, sizeof(value));
    }
}

static void swap64(unsigned char *out, const unsigned char *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t value;

        memcpy(&value, in + 8 * i, sizeof(value));
        value = __builtin_bswap64(value);
        memcpy(out + 8 * i, &value, sizeof(value));
    }
}

static void copy_bytes(void *out, const void *in, size_t size_bytes)
{
    if (out != in && size_bytes != 0)
        memcpy(out, in, size_bytes);
}

static void copy_elements(void *out, const void *in, size_t n, size_t width_bytes, bool swap)
{
    if (!swap)
        copy_bytes(out, in, n * width_bytes);
    else if (width_bytes == 2)
        swap16(out, in, n);
    else if (width_bytes == 4)
        swap32(out, in, n);
    else
        swap64(out, in, n);
}

void vf_copy_be16(void *out, const void *in, size_t n)
{
    copy_elements(out, in, n, 2, IS_LITTLE_ENDIAN);
}

void vf_copy_be32(void *out, const void *in, size_t n)
{
    copy_elements(out, in, n, 4, IS_LITTLE_ENDIAN);
}

void vf_copy_be64(void *out, const void *in, size_t n)
{
    copy_elements(out, in, n, 8, IS_LITTLE_ENDIAN);
}

void vf_copy_le16(void *out, const void *in, size_t n)
{
    copy_elements(out, in, n, 2, !IS_LITTLE_ENDIAN);
}

void vf_copy_le32(void *out, const void *in, size_t n)
{
    copy_elements(out, in, n, 4, !IS_LITTLE_ENDIAN);
}

void vf_copy_le64(void *out, const void *in, size_t n)
{
    copy_elements(out, in, n, 8, !IS_LITTLE_ENDIAN);
}

static void copy_vector(enum vf_element element, void *out, const void *in, size_t dim, bool swap)
{
    switch (element) {
    case VF_E_F32:
        copy_elements(out, in, dim, 4, swap);
        break;
    case VF_E_F64:
        copy_elements(out, in, dim, 8, swap);
        break;
    case VF_E_F16:
    case VF_E_BF16:
        copy_elements(out, in, dim, 2, swap);
        break;
    case VF_E_NONE:
    case VF_E_I8:
    case VF_E_BIT:
        copy_bytes(out, in, vf_element_bytes(element, dim));
        break;
    }
}

void vf_copy_be(enum vf_element element, void *out, const void *in, size_t dim)
{
    copy_vector(element, out, in, dim, IS_LITTLE_ENDIAN);
}

void vf_copy_le(enum vf_element element, void *out, const void *in, size_t dim)
{
    copy_vector(element, out, in, dim, !IS_LITTLE_ENDIAN);
}

static void count_narrowing(double wide, float narrow, struct vf_narrow_stats *stats)
{
    if (wide == (double)narrow || isnan(wide))
        return;
    stats->n_inexact++;
    if (isinf(narrow)) {
        stats->n_overflow++;
    } else {
        double relative = fabs((wide - (double)narrow) / wide);

        if (relative > stats->max_relative_error)
            stats->max_relative_error = relative;
    }
}

void vf_f32_from_f64_array(void *out, const void *in, size_t n, struct vf_narrow_stats *stats)
{
    const unsigned char *source = in;
    unsigned char *target = out;

    for (size_t i = 0; i < n; i++) {
        double wide;
        float narrow;

        memcpy(&wide, source + 8 * i, sizeof(wide));
        /* Above this, rounding would give infinity; said explicitly because C leaves the conversion undefined there. */
        narrow = fabs(wide) >= 0x1.ffffffp127 ? (wide < 0 ? -INFINITY : INFINITY) : (float)wide;
        memcpy(target + 4 * i, &narrow, sizeof(narrow));
        if (stats != NULL)
            count_narrowing(wide, narrow, stats);
    }
    if (stats != NULL)
        stats->n_values += n;
}

void vf_f64_from_f32_array(void *out, const void *in, size_t n)
{
    const unsigned char *source = in;
    unsigned char *target = out;

    for (size_t i = 0; i < n; i++) {
        float narrow;
        double wide;

        memcpy(&narrow, source + 4 * i, sizeof(narrow));
        wide = (double)narrow;
        memcpy(target + 8 * i, &wide, sizeof(wide));
    }
}

void vf_f32_from_i8_array(void *out, const void *in, size_t n)
{
    const signed char *source = in;
    unsigned char *target = out;

    for (size_t i = 0; i < n; i++) {
        float value = (float)source[i];

        memcpy(target + 4 * i, &value, sizeof(value));
    }
}

ptrdiff_t vf_i8_from_f32_array(void *out, const void *in, size_t n)
{
    const unsigned char *source = in;
    signed char *target = out;

    for (size_t i = 0; i < n; i++) {
        float value;

        memcpy(&value, source + 4 * i, sizeof(value));
        if (!(value >= -128.0f && value <= 127.0f) || (float)(int)value != value)
            return (ptrdiff_t)i;
        target[i] = (signed char)value;
    }
    return -1;
}

void vf_bits_reverse(void *out, const void *in, size_t size_bytes)
{
    const unsigned char *source = in;
    unsigned char *target = out;

    for (size_t i = 0; i < size_bytes; i++) {
        unsigned byte = source[i];

        byte = (byte & 0xf0) >> 4 | (byte & 0x0f) << 4;
        byte = (byte & 0xcc) >> 2 | (byte & 0x33) << 2;
        byte = (byte & 0xaa) >> 1 | (byte & 0x55) << 1;
        target[i] = (unsigned char)byte;
    }
}

bool vf_bits_padding_is_zero(const void *bits, size_t dim)
{
    return dim % 8 == 0 || (((const unsigned char *)bits)[dim / 8] & (0xffu >> dim % 8)) == 0;
}

void vf_bits_clear_padding(void *bits, size_t dim)
{
    unsigned char *bytes = bits;

    if (dim % 8 != 0)
        bytes[dim / 8] = (unsigned char)(bytes[dim / 8] & ~(0xffu >> dim % 8));
}

void vf_bits_from_f32_array(void *out, const void *in, size_t n)
{
    const unsigned char *source = in;
    unsigned char *target = out;

    for (size_t i = 0; i < n; i += 8) {
        unsigned byte = 0;

        for (size_t j = i; j < i + 8 && j < n; j++) {
            float value;

            memcpy(&value, source + 4 * j, sizeof(value));
            byte |= (value > 0 ? 0x80u : 0u) >> (j - i);
        }
        target[i / 8] = (unsigned char)byte;
    }
}
