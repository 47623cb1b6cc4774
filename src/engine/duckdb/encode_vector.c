#include <string.h>

#include "engine/duckdb/encode.h"
#include "vector/convert.h"
#include "vector/text.h"

/* Where the elements of the slot go; NULL: no memory. */
static void *room_for(struct vf_duckdb_column *column, size_t n, size_t width, idx_t slot)
{
    const struct vf_duckdb_library *lib = column->lib;
    if (column->logical.id == DUCKDB_TYPE_ARRAY)
        return (uint8_t *)lib->vector_get_data(column->child) + slot * n * width;
    idx_t used = lib->list_vector_get_size(column->vector);
    if (lib->list_vector_reserve(column->vector, used + n) != DuckDBSuccess ||
        lib->list_vector_set_size(column->vector, used + n) != DuckDBSuccess)
        return NULL;
    ((duckdb_list_entry *)column->data)[slot] = (duckdb_list_entry){used, n};
    return (uint8_t *)lib->vector_get_data(column->child) + used * width;
}

static bool convert(enum vf_element element, duckdb_type id, void *out, const void *in, size_t n)
{
    bool is_f32 = id == DUCKDB_TYPE_FLOAT, is_f64 = id == DUCKDB_TYPE_DOUBLE;
    if ((element == VF_E_F32 && is_f32) || (element == VF_E_F64 && is_f64) ||
        (element == VF_E_I8 && id == DUCKDB_TYPE_TINYINT))
        memcpy(out, in, vf_element_bytes(element, n));
    else if (element == VF_E_F16 && is_f32)
        vf_f16_to_f32_array(out, in, n);
    else if (element == VF_E_BF16 && is_f32)
        vf_bf16_to_f32_array(out, in, n);
    else if (element == VF_E_I8 && is_f32)
        vf_f32_from_i8_array(out, in, n);
    else if (element == VF_E_F32 && is_f64)
        vf_f64_from_f32_array(out, in, n);
    else
        return false;
    return true;
}

static enum vf_status misfit(const struct vf_duckdb_column *column, struct vf_error *err)
{
    char type[48];
    return vf_error_set(err, VF_VALUE, "a %s can't be written as %s", vf_type_format(column->field->type, type),
                        column->field->native);
}

static enum vf_status put_numbers(struct vf_duckdb_column *column, enum vf_element element, const void *values,
                                  size_t n, idx_t slot, struct vf_error *err)
{
    duckdb_type id = column->logical.children[0].id;
    size_t width = id == DUCKDB_TYPE_FLOAT ? 4 : id == DUCKDB_TYPE_DOUBLE ? 8 : id == DUCKDB_TYPE_TINYINT ? 1 : 0;
    if (column->logical.id == DUCKDB_TYPE_ARRAY && n != column->logical.array_size)
        return vf_error_set(err, VF_VALUE, "expected %llu dimensions, found %zu",
                            (unsigned long long)column->logical.array_size, n);
    if (width == 0)
        return misfit(column, err);
    void *out = room_for(column, n, width, slot);
    if (out == NULL)
        return vf_error_nomem(err);
    return n == 0 || convert(element, id, out, values, n) ? VF_OK : misfit(column, err);
}

/* A byte with the number of unused bits, then the bits behind that many ones. */
static enum vf_status put_bits(struct vf_duckdb_column *column, const uint8_t *bits, size_t n, idx_t slot,
                               struct vf_error *err)
{
    struct vf_buf *scratch = &column->scratch;
    size_t size_bytes = vf_element_bytes(VF_E_BIT, n);
    unsigned skip = (unsigned)(size_bytes * 8 - n);
    if (n == 0)
        return vf_error_set(err, VF_VALUE, "DuckDB has no empty bit strings");
    vf_buf_clear(scratch);
    char *out = vf_buf_reserve(scratch, size_bytes + 1);
    if (out == NULL)
        return vf_error_nomem(err);
    out[0] = (char)skip;
    for (size_t i = 0; i < size_bytes; i++) {
        unsigned before = i == 0 ? 0xff : bits[i - 1];
        out[1 + i] = (char)(uint8_t)(((before << 8 | bits[i]) >> skip) & 0xff);
    }
    column->lib->unsafe_vector_assign_string_element_len(column->vector, slot, out, size_bytes + 1);
    return VF_OK;
}

static enum vf_status put_packed(struct vf_duckdb_column *column, enum vf_element element, const uint8_t *values,
                                 size_t size_bytes, idx_t slot, struct vf_error *err)
{
    struct vf_buf *scratch = &column->scratch;
    vf_buf_clear(scratch);
    char *out = vf_buf_reserve(scratch, size_bytes + 1);
    if (out == NULL)
        return vf_error_nomem(err);
    if (element == VF_E_BIT && size_bytes > 0)
        memcpy(out, values, size_bytes);
    else
        vf_copy_le(element, out, values, size_bytes / vf_element_bytes(element, 1));
    return vf_duckdb_put_bytes(column, out, size_bytes, slot, err);
}

enum vf_status vf_duckdb_put_vector(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row,
                                    idx_t slot, struct vf_error *err)
{
    size_t size_bytes;
    const uint8_t *values = vf_array_value(array, row, &size_bytes);
    enum vf_element element = array->type.element;
    size_t n = element == VF_E_BIT ? (array->type.dim != 0 ? array->type.dim : size_bytes * 8)
                                   : size_bytes / vf_element_bytes(element, 1);
    enum vf_status status;
    switch ((int)column->logical.id) {
    case DUCKDB_TYPE_ARRAY:
    case DUCKDB_TYPE_LIST:
        return put_numbers(column, element, values, n, slot, err);
    case DUCKDB_TYPE_BIT:
        return element == VF_E_BIT ? put_bits(column, values, n, slot, err) : misfit(column, err);
    case DUCKDB_TYPE_BLOB:
        return put_packed(column, element, values, size_bytes, slot, err);
    case DUCKDB_TYPE_VARCHAR:
        vf_buf_clear(&column->scratch);
        status = vf_vector_text_write(&column->scratch, element, values, n, err);
        return status == VF_OK
                   ? vf_duckdb_put_bytes(column, column->scratch.data, column->scratch.size_bytes, slot, err)
                   : status;
    default:
        return misfit(column, err);
    }
}
