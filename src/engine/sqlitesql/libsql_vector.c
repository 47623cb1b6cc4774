#include "engine/sqlitesql/libsql_vector.h"

#include <string.h>

#include "vector/convert.h"
#include "vector/sparse.h"

#define F8_PARAMETER_BYTES 8 /* alpha and shift */

const char *vf_libsql_type_name(enum vf_libsql_type type)
{
    switch (type) {
    case VF_LIBSQL_F32:
        return "float32";
    case VF_LIBSQL_F64:
        return "float64";
    case VF_LIBSQL_BIT:
        return "1bit";
    case VF_LIBSQL_F8:
        return "float8";
    case VF_LIBSQL_F16:
        return "float16";
    case VF_LIBSQL_BF16:
        return "floatb16";
    case VF_LIBSQL_SPARSE:
        return "sparse";
    default:
        return "unknown";
    }
}

enum vf_libsql_type vf_libsql_type_of(enum vf_element element)
{
    switch (element) {
    case VF_E_F32:
        return VF_LIBSQL_F32;
    case VF_E_F64:
        return VF_LIBSQL_F64;
    case VF_E_BIT:
        return VF_LIBSQL_BIT;
    case VF_E_F16:
        return VF_LIBSQL_F16;
    case VF_E_BF16:
        return VF_LIBSQL_BF16;
    case VF_E_NONE:
    case VF_E_I8:
    default:
        return (enum vf_libsql_type)0;
    }
}

/* ---- taking apart ---- */

static enum vf_status malformed(const struct vf_libsql_vector *vector, size_t size_bytes, struct vf_error *err)
{
    return vf_error_set(err, VF_VALUE, "%zu bytes are no %s vector of libSQL", size_bytes,
                        vf_libsql_type_name(vector->type));
}

static bool set_packed(struct vf_libsql_vector *vector, enum vf_element element, size_t size_bytes)
{
    size_t element_bytes = vf_element_bytes(element, 1);
    vector->element = element;
    vector->dim = size_bytes / element_bytes;
    return size_bytes > 0 && size_bytes % element_bytes == 0;
}

/* The byte at the end counts the bits that are none, itself included. */
static bool set_bits(struct vf_libsql_vector *vector, const uint8_t *bytes, size_t size_bytes)
{
    vector->element = VF_E_BIT;
    if (size_bytes < 2 || size_bytes % 2 != 0)
        return false;
    size_t trailing = bytes[size_bytes - 1];
    if (trailing < 8 || trailing >= size_bytes * 8)
        return false;
    vector->dim = size_bytes * 8 - trailing;
    return true;
}

static bool set_f8(struct vf_libsql_vector *vector, const uint8_t *bytes, size_t size_bytes)
{
    vector->element = VF_E_F32;
    if (size_bytes < F8_PARAMETER_BYTES + 2 || bytes[size_bytes - 2] != 0)
        return false;
    size_t padding = bytes[size_bytes - 1];
    size_t padded_bytes = size_bytes - 2 - F8_PARAMETER_BYTES;
    if (padding > 3 || padded_bytes % 4 != 0 || padded_bytes <= padding)
        return false;
    vector->dim = padded_bytes - padding;
    return true;
}

static uint32_t le32(const uint8_t *bytes)
{
    uint32_t value = 0;
    vf_copy_le32(&value, bytes, 1);
    return value;
}

static bool set_sparse(struct vf_libsql_vector *vector, const uint8_t *bytes, size_t size_bytes)
{
    vector->element = VF_E_F32;
    if (size_bytes < 4 || (size_bytes - 4) % 8 != 0)
        return false;
    vector->nnz = (size_bytes - 4) / 8;
    vector->dim = le32(bytes + size_bytes - 4);
    return vector->dim > 0 && vector->dim <= VF_SPARSE_MAX_DIM && vector->nnz <= vector->dim;
}

enum vf_status vf_libsql_vector_parse(const uint8_t *bytes, size_t size_bytes, struct vf_libsql_vector *vector,
                                      struct vf_error *err)
{
    const bool is_plain = size_bytes % 2 == 0;
    const size_t data_bytes = is_plain ? size_bytes : size_bytes - 1;
    struct vf_libsql_vector parsed = {.data = bytes};
    bool is_good = false;
    parsed.type = is_plain ? VF_LIBSQL_F32 : (enum vf_libsql_type)bytes[size_bytes - 1];
    switch (parsed.type) {
    case VF_LIBSQL_F32:
        is_good = set_packed(&parsed, VF_E_F32, data_bytes);
        break;
    case VF_LIBSQL_F64:
        is_good = set_packed(&parsed, VF_E_F64, data_bytes);
        break;
    case VF_LIBSQL_BIT:
        is_good = set_bits(&parsed, bytes, data_bytes);
        break;
    case VF_LIBSQL_F8:
        is_good = set_f8(&parsed, bytes, data_bytes);
        break;
    case VF_LIBSQL_F16:
        is_good = set_packed(&parsed, VF_E_F16, data_bytes);
        break;
    case VF_LIBSQL_BF16:
        is_good = set_packed(&parsed, VF_E_BF16, data_bytes);
        break;
    case VF_LIBSQL_SPARSE:
        is_good = set_sparse(&parsed, bytes, data_bytes);
        break;
    default:
        return vf_error_set(err, VF_VALUE, "%zu bytes that end with %u are no vector of libSQL", size_bytes,
                            (unsigned)parsed.type);
    }
    if (!is_good)
        return malformed(&parsed, size_bytes, err);
    *vector = parsed;
    return VF_OK;
}

/* ---- neutral form ---- */

/* Two statements, so that no compiler makes one fused operation of them: libSQL rounds twice. */
static void unpack_f8(const struct vf_libsql_vector *vector, uint8_t *out)
{
    float parameters[2];
    vf_copy_le32(parameters, vector->data + (vector->dim + 3) / 4 * 4, 2);
    for (size_t i = 0; i < vector->dim; i++) {
        float scaled = parameters[0] * (float)vector->data[i];
        float value = scaled + parameters[1];
        memcpy(out + i * sizeof(value), &value, sizeof(value));
    }
}

static enum vf_status unpack_dense(const struct vf_libsql_vector *vector, uint8_t *out, struct vf_error *err)
{
    memset(out, 0, vector->dim * sizeof(float));
    for (size_t i = 0; i < vector->nnz; i++) {
        uint32_t index = le32(vector->data + 4 * vector->nnz + 4 * i);
        if (index >= vector->dim)
            return vf_error_set(err, VF_VALUE, "entry %zu of a sparse vector is at %u, and it has %zu dimensions", i,
                                index, vector->dim);
        vf_copy_le32(out + (size_t)index * sizeof(float), vector->data + 4 * i, 1);
    }
    return VF_OK;
}

static enum vf_status unpack_bits(const struct vf_libsql_vector *vector, uint8_t *out, struct vf_error *err)
{
    vf_bits_reverse(out, vector->data, vf_element_bytes(VF_E_BIT, vector->dim));
    if (!vf_bits_padding_is_zero(out, vector->dim))
        return vf_error_set(err, VF_VALUE, "bits after the last dimension are set");
    return VF_OK;
}

enum vf_status vf_libsql_vector_unpack(const struct vf_libsql_vector *vector, void *out, struct vf_error *err)
{
    if (vector->type == VF_LIBSQL_SPARSE)
        return unpack_dense(vector, out, err);
    if (vector->type == VF_LIBSQL_BIT)
        return unpack_bits(vector, out, err);
    if (vector->type == VF_LIBSQL_F8)
        unpack_f8(vector, out);
    else
        vf_copy_le(vector->element, out, vector->data, vector->dim);
    return VF_OK;
}

enum vf_status vf_libsql_vector_unpack_sparse(const struct vf_libsql_vector *vector, struct vf_buf *out,
                                              struct vf_error *err)
{
    const size_t size_bytes = vf_sparse_bytes((uint32_t)vector->nnz);
    const uint32_t head[2] = {(uint32_t)vector->dim, (uint32_t)vector->nnz};
    char *to = vf_buf_reserve(out, size_bytes);
    if (to == NULL)
        return vf_buf_check(out, err);
    vf_copy_le32(to, head, 2);
    memcpy(to + 8, vector->data + 4 * vector->nnz, 4 * vector->nnz);
    memcpy(to + 8 + 4 * vector->nnz, vector->data, 4 * vector->nnz);
    enum vf_status status = vf_sparse_check(to, size_bytes, err);
    if (status == VF_OK)
        vf_buf_advance(out, size_bytes);
    return status;
}

/* ---- blobs ---- */

static void pack_bits(const uint8_t *bytes, size_t dim, struct vf_buf *out)
{
    size_t size_bytes = vf_element_bytes(VF_E_BIT, dim);
    char *to = vf_buf_reserve(out, size_bytes + 3);
    if (to == NULL)
        return;
    vf_bits_reverse(to, bytes, size_bytes);
    if (size_bytes % 2 == 0) /* the whole must have an odd length */
        to[size_bytes++] = 0;
    to[size_bytes] = (char)((size_bytes + 1) * 8 - dim);
    to[size_bytes + 1] = VF_LIBSQL_BIT;
    vf_buf_advance(out, size_bytes + 2);
}

void vf_libsql_vector_pack(enum vf_element element, const void *bytes, size_t dim, struct vf_buf *out)
{
    const size_t size_bytes = vf_element_bytes(element, dim);
    if (element == VF_E_BIT) {
        pack_bits(bytes, dim, out);
        return;
    }
    char *to = vf_buf_reserve(out, size_bytes + 1);
    if (to == NULL)
        return;
    vf_copy_le(element, to, bytes, dim);
    vf_buf_advance(out, size_bytes);
    if (element != VF_E_F32)
        vf_buf_char(out, (char)vf_libsql_type_of(element));
}

void vf_libsql_vector_pack_sparse(const void *sparse, struct vf_buf *out)
{
    const uint32_t nnz = vf_sparse_nnz(sparse);
    const uint8_t *indexes = (const uint8_t *)sparse + 8;
    vf_buf_add(out, indexes + 4 * (size_t)nnz, 4 * (size_t)nnz);
    vf_buf_add(out, indexes, 4 * (size_t)nnz);
    vf_buf_add(out, sparse, 4);
    vf_buf_char(out, VF_LIBSQL_SPARSE);
}
