#include <math.h>
#include <string.h>

#include "engine/duckdb/conn.h"
#include "engine/duckdb/decode.h"
#include "vector/convert.h"
#include "vector/sparse.h"
#include "vector/text.h"

/* The numbers of one vector, where they lie. */
struct numbers {
    duckdb_type id;
    const void *data; /* of the first */
    idx_t n;
};

/* Index of the first element that is NULL, or n. */
static idx_t find_null(const uint64_t *validity, idx_t first, idx_t n)
{
    if (validity == NULL)
        return n;
    for (idx_t i = 0; i < n;) {
        idx_t at = first + i;
        if ((at & 63) == 0 && n - i >= 64 && validity[at >> 6] == UINT64_MAX) {
            i += 64;
            continue;
        }
        if ((validity[at >> 6] >> (at & 63) & 1) == 0)
            return i;
        i++;
    }
    return n;
}

static size_t width_of(duckdb_type id)
{
    return id == DUCKDB_TYPE_FLOAT ? sizeof(float) : id == DUCKDB_TYPE_DOUBLE ? sizeof(double) : 1;
}

static enum vf_status find_numbers(const struct vf_duckdb_values *values, idx_t row, struct numbers *numbers,
                                   struct vf_error *err)
{
    const struct vf_duckdb_library *lib = values->lib;
    bool is_list = values->logical->id == DUCKDB_TYPE_LIST;
    const duckdb_list_entry *entries = values->data;
    duckdb_vector child =
        is_list ? lib->list_vector_get_child(values->vector) : lib->array_vector_get_child(values->vector);
    duckdb_type id = values->logical->children[0].id;
    idx_t n = is_list ? entries[row].length : values->logical->array_size;
    idx_t first = is_list ? entries[row].offset : row * n;
    if (id != DUCKDB_TYPE_FLOAT && id != DUCKDB_TYPE_DOUBLE && id != DUCKDB_TYPE_TINYINT)
        return vf_error_set(err, VF_VALUE, "the elements aren't numbers that vectors are made of");
    idx_t null = find_null(lib->vector_get_validity(child), first, n);
    if (null < n)
        return vf_error_set(err, VF_VALUE, "element %llu of the vector is NULL", (unsigned long long)null);
    *numbers =
        (struct numbers){.id = id, .data = (const uint8_t *)lib->vector_get_data(child) + first * width_of(id), .n = n};
    return VF_OK;
}

static enum vf_status wrong_dim(size_t wanted, idx_t found, struct vf_error *err)
{
    return vf_error_set(err, VF_VALUE, "expected %zu dimensions, found %llu", wanted, (unsigned long long)found);
}

/* Half precision that was put into float32 comes back as it was; a number that isn't one is refused. */
static enum vf_status narrow(const struct numbers *numbers, enum vf_element element, uint8_t *out, struct vf_error *err)
{
    const float *in = numbers->data;
    for (idx_t i = 0; i < numbers->n; i++) {
        uint16_t half = element == VF_E_F16 ? vf_f16_from_f32(in[i]) : vf_bf16_from_f32(in[i]);
        float back = element == VF_E_F16 ? vf_f16_to_f32(half) : vf_bf16_to_f32(half);
        if (memcmp(&back, &in[i], sizeof(back)) != 0 && !(isnan(back) && isnan(in[i])))
            return vf_error_set(err, VF_VALUE, "element %llu of the vector is no %s", (unsigned long long)i,
                                vf_element_name(element));
        memcpy(out + i * sizeof(half), &half, sizeof(half));
    }
    return VF_OK;
}

static enum vf_status convert(const struct numbers *numbers, enum vf_element element, uint8_t *out,
                              struct vf_error *err)
{
    struct vf_narrow_stats stats = {0};
    bool is_f32 = numbers->id == DUCKDB_TYPE_FLOAT, is_f64 = numbers->id == DUCKDB_TYPE_DOUBLE;
    if ((element == VF_E_F16 || element == VF_E_BF16) && is_f32)
        return narrow(numbers, element, out, err);
    if (element == VF_E_F64 && is_f32) {
        vf_f64_from_f32_array(out, numbers->data, numbers->n);
    } else if (element == VF_E_F32 && is_f64) { /* only by the user's word: the plan calls it a loss */
        vf_f32_from_f64_array(out, numbers->data, numbers->n, &stats);
        if (stats.n_overflow > 0)
            return vf_error_set(err, VF_VALUE, "an element of the vector is too large for a float32");
    } else if (element == VF_E_F32 && !is_f64) {
        vf_f32_from_i8_array(out, numbers->data, numbers->n);
    } else if (element == VF_E_I8 && is_f32) {
        ptrdiff_t bad = vf_i8_from_f32_array(out, numbers->data, numbers->n);
        if (bad >= 0)
            return vf_error_set(err, VF_VALUE, "element %td of the vector is no integer from -128 to 127", bad);
    } else {
        return vf_error_set(err, VF_VALUE, "vectors of %s can't be read from these elements", vf_element_name(element));
    }
    return VF_OK;
}

static bool is_same(const struct numbers *numbers, enum vf_element element)
{
    return (element == VF_E_F32 && numbers->id == DUCKDB_TYPE_FLOAT) ||
           (element == VF_E_F64 && numbers->id == DUCKDB_TYPE_DOUBLE) ||
           (element == VF_E_I8 && numbers->id == DUCKDB_TYPE_TINYINT);
}

static enum vf_status decode_numbers(const struct vf_duckdb_values *values, idx_t row, struct vf_type type,
                                     struct vf_array *array, struct vf_error *err)
{
    struct numbers numbers = {0};
    enum vf_status status = find_numbers(values, row, &numbers, err);
    if (status != VF_OK)
        return status;
    if (type.dim != 0 && numbers.n != type.dim)
        return wrong_dim(type.dim, numbers.n, err);
    size_t size_bytes = vf_element_bytes(type.element, numbers.n);
    uint8_t *out = vf_array_grow(array, size_bytes, err);
    if (out == NULL)
        return err != NULL && err->status == VF_VALUE ? VF_VALUE : vf_error_nomem(err);
    if (!is_same(&numbers, type.element))
        return convert(&numbers, type.element, out, err);
    if (size_bytes > 0)
        memcpy(out, numbers.data, size_bytes);
    return VF_OK;
}

static enum vf_status decode_bits(const struct vf_duckdb_values *values, idx_t row, struct vf_type type,
                                  struct vf_array *array, struct vf_error *err)
{
    size_t n_bits;
    unsigned skip;
    const uint8_t *bytes = vf_duckdb_bits(values, row, &n_bits, &skip);
    if (type.element != VF_E_BIT)
        return vf_error_set(err, VF_VALUE, "bits aren't vectors of %s", vf_element_name(type.element));
    if (type.dim != 0 && n_bits != type.dim)
        return wrong_dim(type.dim, n_bits, err);
    uint8_t *out = vf_array_grow(array, vf_element_bytes(VF_E_BIT, n_bits), err);
    if (out == NULL)
        return vf_error_nomem(err);
    memset(out, 0, vf_element_bytes(VF_E_BIT, n_bits));
    for (size_t i = 0; i < n_bits; i++) {
        size_t from = i + skip;
        out[i / 8] |= (uint8_t)((bytes[from / 8] >> (7 - from % 8) & 1) << (7 - i % 8));
    }
    return VF_OK;
}

static enum vf_status decode_packed(const struct vf_duckdb_values *values, idx_t row, struct vf_type type,
                                    struct vf_array *array, struct vf_error *err)
{
    size_t size_bytes;
    const char *bytes = vf_duckdb_string(&((const duckdb_string_t *)values->data)[row], &size_bytes);
    size_t one = vf_element_bytes(type.element, 1);
    if (type.dim != 0 && size_bytes != vf_element_bytes(type.element, type.dim))
        return vf_error_set(err, VF_VALUE, "expected %zu bytes, found %zu", vf_element_bytes(type.element, type.dim),
                            size_bytes);
    if (size_bytes % one != 0)
        return vf_error_set(err, VF_VALUE, "%zu bytes are no whole number of elements", size_bytes);
    uint8_t *out = vf_array_grow(array, size_bytes, err);
    if (out == NULL)
        return vf_error_nomem(err);
    if (type.element == VF_E_BIT && size_bytes > 0)
        memcpy(out, bytes, size_bytes);
    else
        vf_copy_le(type.element, out, bytes, size_bytes / one);
    return VF_OK;
}

static enum vf_status decode_json(const struct vf_duckdb_values *values, idx_t row, struct vf_type type,
                                  struct vf_array *array, struct vf_error *err)
{
    size_t size_bytes, dim = 0;
    const char *text = vf_duckdb_string(&((const duckdb_string_t *)values->data)[row], &size_bytes);
    const struct vf_vector_text_options options = {.syntax = VF_VECTOR_JSON, .expected_dim = type.dim};
    size_t n = type.dim != 0 ? type.dim : vf_vector_text_count(text, size_bytes);
    uint8_t *out = vf_array_grow(array, vf_element_bytes(type.element, n), err);
    if (out == NULL)
        return vf_error_nomem(err);
    switch (type.element) {
    case VF_E_F32:
        return vf_vector_text_read_f32(text, size_bytes, &options, (float *)(void *)out, n, &dim, err);
    case VF_E_F64:
        return vf_vector_text_read_f64(text, size_bytes, &options, (double *)(void *)out, n, &dim, err);
    case VF_E_I8:
        return vf_vector_text_read_i8(text, size_bytes, &options, (int8_t *)out, n, &dim, err);
    case VF_E_F16:
    case VF_E_BF16:
    case VF_E_BIT:
    case VF_E_NONE:
        break;
    }
    return vf_error_set(err, VF_VALUE, "vectors of %s aren't read from texts", vf_element_name(type.element));
}

enum vf_status vf_duckdb_decode_vector(const struct vf_duckdb_values *values, idx_t row, struct vf_type type,
                                       struct vf_array *array, struct vf_error *err)
{
    switch ((int)values->logical->id) {
    case DUCKDB_TYPE_ARRAY:
    case DUCKDB_TYPE_LIST:
        return decode_numbers(values, row, type, array, err);
    case DUCKDB_TYPE_BIT:
        return decode_bits(values, row, type, array, err);
    case DUCKDB_TYPE_BLOB:
        return decode_packed(values, row, type, array, err);
    case DUCKDB_TYPE_VARCHAR:
        return decode_json(values, row, type, array, err);
    default:
        return vf_error_set(err, VF_VALUE, "the column's type holds no vectors");
    }
}
