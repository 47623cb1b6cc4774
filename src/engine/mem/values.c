#include "engine/mem/db.h"

#include <string.h>

static bool is_integer(enum vf_kind kind)
{
    return kind == VF_K_I8 || kind == VF_K_I16 || kind == VF_K_I32 || kind == VF_K_I64;
}

bool vf_mem_type_fits(struct vf_type from, struct vf_type to)
{
    if (is_integer(from.kind) && is_integer(to.kind))
        return true;
    if (from.kind == VF_K_F32 && to.kind == VF_K_F64)
        return true;
    if (from.kind != to.kind)
        return false;
    if (from.kind == VF_K_VECTOR)
        return from.element == to.element;
    return from.kind != VF_K_ARRAY || from.element_kind == to.element_kind;
}

static int64_t integer_of(enum vf_kind kind, const uint8_t *bytes)
{
    int8_t i8 = 0;
    int16_t i16 = 0;
    int32_t i32 = 0;
    int64_t i64 = 0;
    if (kind == VF_K_I8) {
        memcpy(&i8, bytes, sizeof(i8));
        return i8;
    }
    if (kind == VF_K_I16) {
        memcpy(&i16, bytes, sizeof(i16));
        return i16;
    }
    if (kind == VF_K_I32) {
        memcpy(&i32, bytes, sizeof(i32));
        return i32;
    }
    memcpy(&i64, bytes, sizeof(i64));
    return i64;
}

static const char *integer_put(enum vf_kind kind, int64_t value, struct vf_mem_cell *out, uint8_t scratch[8])
{
    int64_t most = kind == VF_K_I8 ? INT8_MAX : kind == VF_K_I16 ? INT16_MAX : kind == VF_K_I32 ? INT32_MAX : INT64_MAX;
    if (value > most || value < -most - 1)
        return "integer out of range";

    int8_t i8 = (int8_t)value;
    int16_t i16 = (int16_t)value;
    int32_t i32 = (int32_t)value;
    const void *bytes = kind == VF_K_I8    ? (const void *)&i8
                        : kind == VF_K_I16 ? (const void *)&i16
                        : kind == VF_K_I32 ? (const void *)&i32
                                           : (const void *)&value;
    out->size_bytes = kind == VF_K_I8 ? 1 : kind == VF_K_I16 ? 2 : kind == VF_K_I32 ? 4 : 8;
    memcpy(scratch, bytes, out->size_bytes);
    out->bytes = scratch;
    return NULL;
}

const char *vf_mem_cell_convert(struct vf_type from, struct vf_type to, const struct vf_mem_cell *cell,
                                struct vf_mem_cell *out, uint8_t scratch[8])
{
    *out = *cell;
    if (cell->is_null)
        return NULL;
    if (is_integer(from.kind) && from.kind != to.kind)
        return integer_put(to.kind, integer_of(from.kind, cell->bytes), out, scratch);
    if (from.kind == VF_K_F32 && to.kind == VF_K_F64) {
        float narrow = 0;
        memcpy(&narrow, cell->bytes, sizeof(narrow));
        double wide = (double)narrow;
        memcpy(scratch, &wide, sizeof(wide));
        out->bytes = scratch;
        out->size_bytes = sizeof(wide);
        return NULL;
    }
    if (vf_type_layout(to) == VF_LAYOUT_FIXED && cell->size_bytes != vf_type_width(to))
        return to.kind == VF_K_VECTOR ? "vector of another dimension" : "value of another size";
    return NULL;
}

struct vf_mem_cell vf_mem_cell_of(const struct vf_array *array, int64_t row, uint8_t scratch[8])
{
    struct vf_mem_cell cell = {.is_null = vf_array_is_null(array, row)};
    if (cell.is_null)
        return cell;
    if (array->layout == VF_LAYOUT_BITS) {
        scratch[0] = vf_array_bool(array, row);
        cell.bytes = scratch;
        cell.size_bytes = 1;
    } else {
        cell.bytes = vf_array_value(array, row, &cell.size_bytes);
    }
    return cell;
}

enum vf_status vf_mem_cell_append(const struct vf_mem_cell *cell, struct vf_array *array, struct vf_error *err)
{
    if (cell->is_null)
        return vf_array_add_null(array, err);
    switch (array->layout) {
    case VF_LAYOUT_BITS:
        return vf_array_add_bool(array, cell->bytes[0] != 0, err);
    case VF_LAYOUT_FIXED:
        return vf_array_add_fixed(array, cell->bytes, err);
    case VF_LAYOUT_VARIABLE:
        break;
    }
    return vf_array_add_bytes(array, cell->bytes, cell->size_bytes, err);
}
