#include "model/canon.h"

#include <math.h>

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

static uint8_t *put_le(uint8_t *to, uint64_t value, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++)
        to[i] = (uint8_t)(value >> (8 * i));
    return to + n_bytes;
}

static uint64_t float_bits(const struct vf_array *array, int64_t row)
{
    uint32_t f32;
    uint64_t f64;

    if (array->type.kind == VF_K_F32) {
        memcpy(&f32, array->data + (size_t)row * sizeof(f32), sizeof(f32));
        return (f32 & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : f32;
    }
    memcpy(&f64, array->data + (size_t)row * sizeof(f64), sizeof(f64));
    return (f64 & INT64_C(0x7fffffffffffffff)) > INT64_C(0x7ff0000000000000) ? UINT64_C(0x7ff8000000000000) : f64;
}

static uint8_t *put_interval(uint8_t *to, const struct vf_array *array, int64_t row)
{
    struct vf_interval interval;

    memcpy(&interval, array->data + (size_t)row * sizeof(interval), sizeof(interval));
    to = put_le(to, (uint32_t)interval.months, 4);
    to = put_le(to, (uint32_t)interval.days, 4);
    return put_le(to, (uint64_t)interval.microseconds, 8);
}

/* Values of at most 16 bytes after the tag; NULL when the kind has a length. */
static uint8_t *put_short(uint8_t *to, const struct vf_array *array, int64_t row)
{
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
        return put_le(to, (uint64_t)vf_array_i64(array, row), 8);
    case VF_K_DATE:
        return put_le(to, (uint64_t)vf_array_i64(array, row), 4);
    case VF_K_F32:
        return put_le(to, float_bits(array, row), 4);
    case VF_K_F64:
        return put_le(to, float_bits(array, row), 8);
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
    return NULL;
}

static void put_long(const struct vf_array *array, int64_t row, struct vf_buf *out)
{
    size_t size_bytes;
    const uint8_t *bytes = vf_array_value(array, row, &size_bytes);
    uint8_t *begin = (uint8_t *)vf_buf_reserve(out, size_bytes + 10), *to = begin;

    if (to == NULL)
        return;
    *to++ = tags[array->type.kind];
    if (array->type.kind == VF_K_VECTOR)
        *to++ = (uint8_t)array->type.element;
    to = put_le(to, size_bytes, 8);
    if (size_bytes > 0)
        memcpy(to, bytes, size_bytes);
    vf_buf_advance(out, (size_t)(to - begin) + size_bytes);
}

void vf_canon_value(const struct vf_array *array, int64_t row, struct vf_buf *out)
{
    uint8_t *begin = (uint8_t *)vf_buf_reserve(out, 17);

    if (begin == NULL)
        return;
    if (vf_array_is_null(array, row)) {
        *begin = 0;
        vf_buf_advance(out, 1);
        return;
    }
    *begin = tags[array->type.kind];
    uint8_t *end = put_short(begin + 1, array, row);
    if (end != NULL)
        vf_buf_advance(out, (size_t)(end - begin));
    else
        put_long(array, row, out);
}

enum vf_status vf_canon_rows(const struct vf_batch *batch, struct vf_buf *scratch, struct vf_hash128 *out,
                             struct vf_error *err)
{
    for (int64_t row = 0; row < batch->n_rows; row++) {
        scratch->size_bytes = 0;
        for (size_t i = 0; i < batch->n_columns; i++)
            vf_canon_value(&batch->columns[i], row, scratch);
        out[row] = vf_hash128(scratch->data, scratch->size_bytes);
    }
    return vf_buf_check(scratch, err);
}

struct vf_hash128 vf_canon_columns(const struct vf_batch *batch, int64_t row, size_t n_columns, const size_t *columns,
                                   struct vf_buf *scratch)
{
    vf_buf_clear(scratch);
    for (size_t i = 0; i < n_columns; i++)
        vf_canon_value(&batch->columns[columns[i]], row, scratch);
    return vf_hash128(scratch->data, scratch->size_bytes);
}
