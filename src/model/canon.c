#include "model/canon.h"

#include <string.h>

/* The tags of canon.h, by kind. */
static const uint8_t tags[VF_KIND_COUNT] = {
    [VF_K_BOOL] = 0x01,   [VF_K_I8] = 0x02,        [VF_K_I16] = 0x02,         [VF_K_I32] = 0x02,
    [VF_K_I64] = 0x02,    [VF_K_F32] = 0x03,       [VF_K_F64] = 0x04,         [VF_K_DATE] = 0x05,
    [VF_K_TIME] = 0x06,   [VF_K_TIMESTAMP] = 0x07, [VF_K_TIMESTAMPTZ] = 0x08, [VF_K_INTERVAL] = 0x09,
    [VF_K_UUID] = 0x0a,   [VF_K_DECIMAL] = 0x10,   [VF_K_TEXT] = 0x11,        [VF_K_BLOB] = 0x12,
    [VF_K_JSON] = 0x13,   [VF_K_ENUM] = 0x14,      [VF_K_ARRAY] = 0x15,       [VF_K_OTHER] = 0x16,
    [VF_K_VECTOR] = 0x20, [VF_K_SPARSE] = 0x21,
};

void vf_digest_add_row(struct vf_digest *digest, struct vf_hash128 row)
{
    digest->n_rows++;
    digest->sum = vf_hash128_add(digest->sum, row);
}

void vf_digest_subtract_row(struct vf_digest *digest, struct vf_hash128 row)
{
    digest->n_rows--;
    digest->sum = vf_hash128_subtract(digest->sum, row);
}

void vf_digest_merge(struct vf_digest *digest, struct vf_digest other)
{
    digest->n_rows += other.n_rows;
    digest->sum = vf_hash128_add(digest->sum, other.sum);
}

bool vf_digest_equal(struct vf_digest a, struct vf_digest b)
{
    return a.n_rows == b.n_rows && vf_hash128_equal(a.sum, b.sum);
}

static uint8_t *put_le64(uint8_t *to, uint64_t value)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    memcpy(to, &value, sizeof(value));
    return to + sizeof(value);
}

static uint8_t *put_le32(uint8_t *to, uint32_t value)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap32(value);
#endif
    memcpy(to, &value, sizeof(value));
    return to + sizeof(value);
}

static uint8_t *put_f32(uint8_t *to, const struct vf_array *array, int64_t row)
{
    uint32_t bits;

    memcpy(&bits, array->data + (size_t)row * sizeof(bits), sizeof(bits));
    return put_le32(to, (bits & 0x7fffffffu) > 0x7f800000u ? 0x7fc00000u : bits);
}

static uint8_t *put_f64(uint8_t *to, const struct vf_array *array, int64_t row)
{
    const uint64_t infinity = UINT64_C(0x7ff0000000000000);
    uint64_t bits;

    memcpy(&bits, array->data + (size_t)row * sizeof(bits), sizeof(bits));
    return put_le64(to, (bits & INT64_MAX) > infinity ? UINT64_C(0x7ff8000000000000) : bits);
}

static uint8_t *put_interval(uint8_t *to, const struct vf_array *array, int64_t row)
{
    struct vf_interval interval;

    memcpy(&interval, array->data + (size_t)row * sizeof(interval), sizeof(interval));
    to = put_le32(to, (uint32_t)interval.months);
    to = put_le32(to, (uint32_t)interval.days);
    return put_le64(to, (uint64_t)interval.microseconds);
}

/* What the length and the bytes of a value add to its tag; VECTOR has its element in front of them. */
static uint8_t *put_bytes(uint8_t *to, const struct vf_array *array, int64_t row)
{
    size_t size_bytes;
    const uint8_t *bytes = vf_array_value(array, row, &size_bytes);

    if (array->type.kind == VF_K_VECTOR)
        *to++ = (uint8_t)array->type.element;
    to = put_le64(to, size_bytes);
    if (size_bytes > 0)
        memcpy(to, bytes, size_bytes);
    return to + size_bytes;
}

/* Tag, element, length, or the longest of the values without a length (16 bytes) and its tag. */
#define MAX_FIXED_BYTES 17

static uint8_t *put_value(uint8_t *to, const struct vf_array *array, int64_t row)
{
    if (vf_array_is_null(array, row)) {
        *to = 0;
        return to + 1;
    }
    *to++ = tags[array->type.kind];
    switch (array->type.kind) {
    case VF_K_BOOL:
        *to = vf_array_bool(array, row);
        return to + 1;
    case VF_K_I8:
    case VF_K_I16:
    case VF_K_I32:
    case VF_K_I64:
    case VF_K_TIME:
    case VF_K_TIMESTAMP:
    case VF_K_TIMESTAMPTZ:
        return put_le64(to, (uint64_t)vf_array_i64(array, row));
    case VF_K_DATE:
        return put_le32(to, (uint32_t)vf_array_i64(array, row));
    case VF_K_F32:
        return put_f32(to, array, row);
    case VF_K_F64:
        return put_f64(to, array, row);
    case VF_K_INTERVAL:
        return put_interval(to, array, row);
    case VF_K_UUID:
        memcpy(to, array->data + (size_t)row * 16, 16);
        return to + 16;
    case VF_K_DECIMAL:
    case VF_K_TEXT:
    case VF_K_BLOB:
    case VF_K_JSON:
    case VF_K_ENUM:
    case VF_K_ARRAY:
    case VF_K_OTHER:
    case VF_K_VECTOR:
    case VF_K_SPARSE:
    case VF_KIND_COUNT:
        break;
    }
    return put_bytes(to, array, row);
}

/* No value of the array needs more, apart from the bytes of a VARIABLE one. */
static size_t bound_bytes(const struct vf_array *array)
{
    return array->type.kind == VF_K_VECTOR ? MAX_FIXED_BYTES + array->width : MAX_FIXED_BYTES;
}

static size_t variable_bytes(const struct vf_array *array, int64_t row)
{
    return array->layout == VF_LAYOUT_VARIABLE ? (size_t)(array->offsets[row + 1] - array->offsets[row]) : 0;
}

void vf_canon_value(const struct vf_array *array, int64_t row, struct vf_buf *out)
{
    uint8_t *begin = (uint8_t *)vf_buf_reserve(out, bound_bytes(array) + variable_bytes(array, row));

    if (begin != NULL)
        vf_buf_advance(out, (size_t)(put_value(begin, array, row) - begin));
}

enum vf_status vf_canon_rows(const struct vf_batch *batch, struct vf_buf *scratch, struct vf_hash128 *out,
                             struct vf_error *err)
{
    size_t fixed_bytes = 0;

    vf_buf_clear(scratch);
    for (size_t i = 0; i < batch->n_columns; i++)
        fixed_bytes += bound_bytes(&batch->columns[i]);
    for (int64_t row = 0; row < batch->n_rows; row++) {
        size_t row_bytes = fixed_bytes;
        for (size_t i = 0; i < batch->n_columns; i++)
            row_bytes += variable_bytes(&batch->columns[i], row);
        uint8_t *begin = (uint8_t *)vf_buf_reserve(scratch, row_bytes), *end = begin;
        if (begin == NULL)
            return vf_buf_check(scratch, err);
        for (size_t i = 0; i < batch->n_columns; i++)
            end = put_value(end, &batch->columns[i], row);
        out[row] = vf_hash128(begin, (size_t)(end - begin));
    }
    return VF_OK;
}

struct vf_hash128 vf_canon_columns(const struct vf_batch *batch, int64_t row, size_t n_columns, const size_t *columns,
                                   struct vf_buf *scratch)
{
    vf_buf_clear(scratch);
    for (size_t i = 0; i < n_columns; i++)
        vf_canon_value(&batch->columns[columns[i]], row, scratch);
    return vf_hash128(scratch->data, scratch->size_bytes);
}
