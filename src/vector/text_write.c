#include "vector/text.h"

#include <string.h>

#include "vector/convert.h"
#include "vector/number.h"

/* Numbers are written straight into the buffer, this many at a time. */
#define NUMBERS_AT_ONCE 64

static size_t write_i8(int value, char *out)
{
    char *p = out;

    if (value < 0) {
        *p++ = '-';
        value = -value;
    }
    if (value >= 100)
        *p++ = (char)('0' + value / 100);
    if (value >= 10)
        *p++ = (char)('0' + value / 10 % 10);
    *p++ = (char)('0' + value % 10);
    return (size_t)(p - out);
}

static size_t write_number(enum vf_element element, const unsigned char *values, size_t index, char *out)
{
    float narrow;
    double wide;
    uint16_t half;

    if (element == VF_E_F32) {
        memcpy(&narrow, values + 4 * index, sizeof(narrow));
        return vf_number_write_f32(narrow, out);
    }
    if (element == VF_E_F64) {
        memcpy(&wide, values + 8 * index, sizeof(wide));
        return vf_number_write_f64(wide, out);
    }
    if (element == VF_E_I8)
        return write_i8(values[index] < 128 ? values[index] : (int)values[index] - 256, out);
    memcpy(&half, values + 2 * index, sizeof(half));
    return vf_number_write_f32(element == VF_E_F16 ? vf_f16_to_f32(half) : vf_bf16_to_f32(half), out);
}

static void write_bits(struct vf_buf *buf, const unsigned char *bits, size_t dim)
{
    char *p = vf_buf_reserve(buf, dim);

    if (p == NULL)
        return;
    for (size_t i = 0; i < dim; i++)
        p[i] = (bits[i / 8] & 0x80u >> i % 8) != 0 ? '1' : '0';
    vf_buf_advance(buf, dim);
}

/* Most texts that aren't show it in their first number or blank, so that only the others are written to their end. */
bool vf_vector_text_is_shortest(const char *text, size_t size_bytes, const float *values, size_t dim)
{
    const char *at = text, *end = text + size_bytes;
    char number[VF_NUMBER_MAX_BYTES];

    for (size_t i = 0; i < dim; i++) {
        if (at == end || *at++ != (i == 0 ? '[' : ','))
            return false;
        size_t n = vf_number_write_f32(values[i], number);
        if ((size_t)(end - at) < n || memcmp(at, number, n) != 0)
            return false;
        at += n;
    }
    return dim > 0 && end - at == 1 && *at == ']';
}

enum vf_status vf_vector_text_write(struct vf_buf *buf, enum vf_element element, const void *values, size_t dim,
                                    struct vf_error *err)
{
    ptrdiff_t bad = vf_find_nonfinite(element, values, dim);

    if (bad >= 0)
        return vf_error_set(err, VF_VALUE, "element %td of the vector is %s, which has no text form", bad,
                            vf_nonfinite_name(element, values, (size_t)bad));
    if (element == VF_E_NONE)
        return vf_error_set(err, VF_INTERNAL, "a vector without an element type has no text form");
    if (element == VF_E_BIT) {
        write_bits(buf, values, dim);
        return vf_buf_check(buf, err);
    }
    vf_buf_char(buf, '[');
    for (size_t i = 0; i < dim;) {
        size_t stop = dim - i < NUMBERS_AT_ONCE ? dim : i + NUMBERS_AT_ONCE;
        char *start = vf_buf_reserve(buf, (stop - i) * (VF_NUMBER_MAX_BYTES + 1));
        char *p = start;

        if (p == NULL)
            break;
        for (; i < stop; i++) {
            if (i > 0)
                *p++ = ',';
            p += write_number(element, values, i, p);
        }
        vf_buf_advance(buf, (size_t)(p - start));
    }
    vf_buf_char(buf, ']');
    return vf_buf_check(buf, err);
}
