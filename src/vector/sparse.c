#include "vector/sparse.h"

#include <math.h>
#include <string.h>

#include "vector/convert.h"

#define NEUTRAL_HEADER 8
#define WIRE_HEADER    12

static uint32_t get_le32(const unsigned char *bytes)
{
    uint32_t value;

    vf_copy_le32(&value, bytes, 1);
    return value;
}

static float get_float(const unsigned char *bytes)
{
    uint32_t bits = get_le32(bytes);
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

size_t vf_sparse_bytes(uint32_t nnz)
{
    return NEUTRAL_HEADER + 8 * (size_t)nnz;
}

size_t vf_sparse_pgvector_bytes(uint32_t nnz)
{
    return WIRE_HEADER + 8 * (size_t)nnz;
}

uint32_t vf_sparse_dim(const void *sparse)
{
    return get_le32(sparse);
}

uint32_t vf_sparse_nnz(const void *sparse)
{
    return get_le32((const unsigned char *)sparse + 4);
}

uint32_t vf_sparse_index(const void *sparse, uint32_t entry)
{
    return get_le32((const unsigned char *)sparse + NEUTRAL_HEADER + 4 * (size_t)entry);
}

float vf_sparse_value(const void *sparse, uint32_t entry)
{
    size_t n_before = (size_t)vf_sparse_nnz(sparse) + entry;

    return get_float((const unsigned char *)sparse + NEUTRAL_HEADER + 4 * n_before);
}

static enum vf_status check_entries(const void *sparse, uint32_t dim, uint32_t nnz, struct vf_error *err)
{
    int64_t previous = -1;

    for (uint32_t i = 0; i < nnz; i++) {
        uint32_t index = vf_sparse_index(sparse, i);
        float value = vf_sparse_value(sparse, i);

        if (index >= dim)
            return vf_error_set(err, VF_VALUE, "sparse vector: index %u of entry %u is beyond its %u dimensions", index,
                                i, dim);
        if ((int64_t)index <= previous)
            return vf_error_set(err, VF_VALUE, "sparse vector: index %u of entry %u doesn't ascend", index, i);
        if (!isfinite(value))
            return vf_error_set(err, VF_VALUE, "sparse vector: the value of entry %u is %s", i,
                                vf_nonfinite_name(VF_E_F32, &value, 0));
        if (value == 0)
            return vf_error_set(err, VF_VALUE, "sparse vector: the value of entry %u is zero", i);
        previous = index;
    }
    return VF_OK;
}

enum vf_status vf_sparse_check(const void *sparse, size_t size_bytes, struct vf_error *err)
{
    uint32_t dim, nnz;

    if (size_bytes < NEUTRAL_HEADER)
        return vf_error_set(err, VF_VALUE, "sparse vector: %zu bytes are less than its header", size_bytes);
    dim = vf_sparse_dim(sparse);
    nnz = vf_sparse_nnz(sparse);
    if (dim == 0 || dim > VF_SPARSE_MAX_DIM)
        return vf_error_set(err, VF_VALUE, "sparse vector: %u dimensions, possible are 1 to %u", dim,
                            VF_SPARSE_MAX_DIM);
    if (size_bytes != vf_sparse_bytes(nnz))
        return vf_error_set(err, VF_VALUE, "sparse vector: %zu bytes for %u entries, expected %zu", size_bytes, nnz,
                            vf_sparse_bytes(nnz));
    return check_entries(sparse, dim, nnz, err);
}

enum vf_status vf_sparse_from_pgvector(const void *wire, size_t size_bytes, void *out, size_t *out_bytes,
                                       struct vf_error *err)
{
    const unsigned char *source = wire;
    uint32_t header[3];
    enum vf_status status;
    size_t n_words;

    if (size_bytes < WIRE_HEADER || size_bytes % 4 != 0)
        return vf_error_set(err, VF_VALUE, "sparse vector: %zu bytes aren't pgvector's binary form", size_bytes);
    vf_copy_be32(header, source, 3);
    if (header[2] != 0)
        return vf_error_set(err, VF_VALUE, "sparse vector: the unused word of pgvector's binary form is %u, expected 0",
                            header[2]);
    if (size_bytes != vf_sparse_pgvector_bytes(header[1]))
        return vf_error_set(err, VF_VALUE, "sparse vector: %zu bytes for %u entries, expected %zu", size_bytes,
                            header[1], vf_sparse_pgvector_bytes(header[1]));
    n_words = 2 * (size_t)header[1];
    vf_copy_le32(out, header, 2);
    vf_copy_be32((unsigned char *)out + NEUTRAL_HEADER, source + WIRE_HEADER, n_words);
    vf_copy_le32((unsigned char *)out + NEUTRAL_HEADER, (unsigned char *)out + NEUTRAL_HEADER, n_words);
    status = vf_sparse_check(out, size_bytes - 4, err);
    if (status == VF_OK)
        *out_bytes = size_bytes - 4;
    return status;
}

void vf_sparse_to_pgvector(const void *sparse, void *out)
{
    const unsigned char *source = sparse;
    unsigned char *target = out;
    uint32_t nnz = vf_sparse_nnz(sparse);
    uint32_t header[3] = {vf_sparse_dim(sparse), nnz, 0};
    size_t n_words = 2 * (size_t)nnz;

    vf_copy_be32(target, header, 3);
    vf_copy_le32(target + WIRE_HEADER, source + NEUTRAL_HEADER, n_words);
    vf_copy_be32(target + WIRE_HEADER, target + WIRE_HEADER, n_words);
}
