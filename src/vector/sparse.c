#include "vector/sparse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vector/convert.h"
#include "vector/number.h"

#define NEUTRAL_HEADER 8
#define WIRE_HEADER    12

static uint32_t get_le32(const unsigned char *bytes)
{
    uint32_t value;

    vf_copy_le32(&value, bytes, 1);
    return value;
}

static void put_le32(unsigned char *bytes, uint32_t value)
{
    vf_copy_le32(bytes, &value, 1);
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

struct reader {
    const char *begin;
    const char *p;
    const char *end;
    struct vf_error *err;
};

/* An entry while it is read; sorted by index before the neutral form is made of it. */
struct entry {
    uint32_t index; /* from 0 */
    float value;
};

static void skip_spaces(struct reader *reader)
{
    while (reader->p < reader->end &&
           (*reader->p == ' ' || *reader->p == '\t' || *reader->p == '\n' || *reader->p == '\r'))
        reader->p++;
}

static enum vf_status unexpected(const struct reader *reader, const char *expected)
{
    size_t offset = (size_t)(reader->p - reader->begin);

    if (reader->p == reader->end)
        return vf_error_set(reader->err, VF_VALUE, "sparse vector text: expected %s, the text ends at offset %zu",
                            expected, offset);
    return vf_error_set(reader->err, VF_VALUE, "sparse vector text: expected %s at offset %zu", expected, offset);
}

static enum vf_status expect(struct reader *reader, char c, const char *expected)
{
    skip_spaces(reader);
    if (reader->p == reader->end || *reader->p != c)
        return unexpected(reader, expected);
    reader->p++;
    return VF_OK;
}

/* A whole number from 1 to VF_SPARSE_MAX_DIM. */
static enum vf_status read_count(struct reader *reader, const char *what, uint32_t *count)
{
    const char *start;
    uint64_t sum = 0;

    skip_spaces(reader);
    start = reader->p;
    for (; reader->p < reader->end && *reader->p >= '0' && *reader->p <= '9'; reader->p++) {
        if (sum <= VF_SPARSE_MAX_DIM)
            sum = sum * 10 + (uint64_t)(*reader->p - '0');
    }
    if (reader->p == start)
        return unexpected(reader, what);
    if (sum == 0 || sum > VF_SPARSE_MAX_DIM)
        return vf_error_set(reader->err, VF_VALUE,
                            "sparse vector text: %s out of range at offset %zu, possible are 1 to %u", what,
                            (size_t)(start - reader->begin), VF_SPARSE_MAX_DIM);
    *count = (uint32_t)sum;
    return VF_OK;
}

static enum vf_status read_value(struct reader *reader, float *value)
{
    struct vf_number number;
    const char *start;

    skip_spaces(reader);
    start = reader->p;
    if (vf_number_scan(&reader->p, reader->end, false, &number) != VF_NUMBER_OK)
        return unexpected(reader, "a number");
    *value = vf_number_to_f32(&number);
    if (isinf(*value))
        return vf_error_set(reader->err, VF_VALUE, "sparse vector text: number too large for f32 at offset %zu",
                            (size_t)(start - reader->begin));
    return VF_OK;
}

static enum vf_status read_entry(struct reader *reader, struct entry *entry)
{
    enum vf_status status = read_count(reader, "index", &entry->index);

    if (status == VF_OK)
        status = expect(reader, ':', "\":\"");
    if (status == VF_OK)
        status = read_value(reader, &entry->value);
    entry->index--;
    return status;
}

/* `{i:v,...}/dim` and nothing after it; the entries go to `entries` as they come. */
static enum vf_status read_text(struct reader *reader, struct vf_buf *entries, uint32_t *dim)
{
    struct entry entry = {0};
    bool more = true;
    enum vf_status status = expect(reader, '{', "\"{\"");

    if (status != VF_OK)
        return status;
    skip_spaces(reader);
    if (reader->p < reader->end && *reader->p == '}') {
        reader->p++;
        more = false;
    }
    while (more) {
        status = read_entry(reader, &entry);
        if (status != VF_OK)
            return status;
        vf_buf_add(entries, &entry, sizeof(entry));
        skip_spaces(reader);
        if (reader->p == reader->end || (*reader->p != ',' && *reader->p != '}'))
            return unexpected(reader, "\",\" or \"}\"");
        more = *reader->p++ == ',';
    }
    status = expect(reader, '/', "\"/\"");
    if (status == VF_OK)
        status = read_count(reader, "number of dimensions", dim);
    skip_spaces(reader);
    if (status == VF_OK && reader->p != reader->end)
        return unexpected(reader, "the end of the text");
    return status == VF_OK ? vf_buf_check(entries, reader->err) : status;
}

static int compare_entries(const void *a, const void *b)
{
    uint32_t index_a = ((const struct entry *)a)->index;
    uint32_t index_b = ((const struct entry *)b)->index;

    return (index_a > index_b) - (index_a < index_b);
}

/* The neutral form of sorted entries; zeros are left out. */
static enum vf_status add_neutral(const struct entry *entries, size_t n, uint32_t dim, struct vf_buf *buf,
                                  struct vf_error *err)
{
    size_t nnz = 0;
    unsigned char *bytes;

    for (size_t i = 0; i < n; i++)
        nnz += entries[i].value != 0;
    bytes = (unsigned char *)vf_buf_reserve(buf, vf_sparse_bytes((uint32_t)nnz));
    if (bytes == NULL)
        return vf_buf_check(buf, err);
    put_le32(bytes, dim);
    put_le32(bytes + 4, (uint32_t)nnz);
    for (size_t i = 0, entry = 0; i < n; i++) {
        uint32_t bits;

        if (entries[i].value == 0)
            continue;
        memcpy(&bits, &entries[i].value, sizeof(bits));
        put_le32(bytes + NEUTRAL_HEADER + 4 * entry, entries[i].index);
        put_le32(bytes + NEUTRAL_HEADER + 4 * (nnz + entry), bits);
        entry++;
    }
    vf_buf_advance(buf, vf_sparse_bytes((uint32_t)nnz));
    return VF_OK;
}

enum vf_status vf_sparse_text_read(const char *text, size_t size_bytes, struct vf_buf *buf, struct vf_error *err)
{
    struct reader reader = {.begin = text, .p = text, .end = text + size_bytes, .err = err};
    struct vf_buf scratch = {0};
    struct entry *entries;
    uint32_t dim = 0;
    size_t n = 0;
    enum vf_status status;

    vf_buf_init(&scratch, VF_BUF_MAX);
    status = read_text(&reader, &scratch, &dim);
    if (status != VF_OK)
        goto out;
    entries = (struct entry *)(void *)scratch.data;
    n = scratch.size_bytes / sizeof(*entries);
    if (n > 0)
        qsort(entries, n, sizeof(*entries), compare_entries);
    for (size_t i = 1; i < n; i++) {
        if (entries[i].index == entries[i - 1].index) {
            status = vf_error_set(err, VF_VALUE, "sparse vector text: index %u comes twice", entries[i].index + 1);
            goto out;
        }
    }
    if (n > 0 && entries[n - 1].index >= dim) {
        status = vf_error_set(err, VF_VALUE, "sparse vector text: index %u is beyond its %u dimensions",
                              entries[n - 1].index + 1, dim);
        goto out;
    }
    status = add_neutral(entries, n, dim, buf, err);
out:
    vf_buf_release(&scratch);
    return status;
}

enum vf_status vf_sparse_text_write(struct vf_buf *buf, const void *sparse, struct vf_error *err)
{
    uint32_t nnz = vf_sparse_nnz(sparse);
    char number[VF_NUMBER_MAX_BYTES];

    vf_buf_char(buf, '{');
    for (uint32_t i = 0; i < nnz; i++) {
        vf_buf_printf(buf, "%s%u:", i > 0 ? "," : "", vf_sparse_index(sparse, i) + 1);
        vf_buf_add(buf, number, vf_number_write_f32(vf_sparse_value(sparse, i), number));
    }
    vf_buf_printf(buf, "}/%u", vf_sparse_dim(sparse));
    return vf_buf_check(buf, err);
}

void vf_sparse_to_dense(const void *sparse, float *out)
{
    uint32_t dim = vf_sparse_dim(sparse);
    uint32_t nnz = vf_sparse_nnz(sparse);

    for (uint32_t i = 0; i < dim; i++)
        out[i] = 0;
    for (uint32_t i = 0; i < nnz; i++)
        out[vf_sparse_index(sparse, i)] = vf_sparse_value(sparse, i);
}

enum vf_status vf_sparse_from_dense(const float *values, uint32_t dim, struct vf_buf *buf, struct vf_error *err)
{
    ptrdiff_t bad = vf_find_nonfinite_f32(values, dim);
    size_t nnz = 0;
    unsigned char *bytes;

    if (bad >= 0)
        return vf_error_set(err, VF_VALUE, "element %td of the vector is %s", bad,
                            vf_nonfinite_name(VF_E_F32, values, (size_t)bad));
    if (dim == 0 || dim > VF_SPARSE_MAX_DIM)
        return vf_error_set(err, VF_VALUE, "sparse vector: %u dimensions, possible are 1 to %u", dim,
                            VF_SPARSE_MAX_DIM);
    for (uint32_t i = 0; i < dim; i++)
        nnz += values[i] != 0;
    bytes = (unsigned char *)vf_buf_reserve(buf, vf_sparse_bytes((uint32_t)nnz));
    if (bytes == NULL)
        return vf_buf_check(buf, err);
    put_le32(bytes, dim);
    put_le32(bytes + 4, (uint32_t)nnz);
    for (uint32_t i = 0, entry = 0; i < dim; i++) {
        if (values[i] == 0)
            continue;
        put_le32(bytes + NEUTRAL_HEADER + 4 * (size_t)entry, i);
        vf_copy_le32(bytes + NEUTRAL_HEADER + 4 * (nnz + entry), &values[i], 1);
        entry++;
    }
    vf_buf_advance(buf, vf_sparse_bytes((uint32_t)nnz));
    return VF_OK;
}
