#include "ferry/large_row.h"

#include "engine/refuse.h"

static const char hint[] =
    "a row is held in memory as a whole, and up to four times on its way: give the process more, or "
    "leave the row or its column out by the plan";

static void write_key(const struct vf_relation *relation, const struct vf_batch *batch, int64_t row, struct vf_buf *out)
{
    if (relation->n_key > 0)
        vf_refuse_key(relation, batch, row, out);
    else
        vf_buf_str(out, "(of a table without a key)");
}

void vf_large_row_keep(const struct vf_relation *relation, const struct vf_batch *batch, struct vf_buf *last)
{
    if (batch->n_rows == 0)
        return;
    vf_buf_clear(last);
    write_key(relation, batch, batch->n_rows - 1, last);
}

void vf_large_row_behind(const struct vf_relation *relation, const struct vf_batch *batch, const struct vf_buf *last,
                         struct vf_error *err)
{
    struct vf_buf key;

    vf_buf_init(&key, VF_BUF_MAX);
    vf_large_row_keep(relation, batch, &key);
    const struct vf_buf *before = batch->n_rows > 0 ? &key : last;
    bool is_known = vf_buf_check(before, NULL) == VF_OK;
    if (is_known && before->size_bytes > 0)
        vf_error_wrap(err, "the row behind %s", before->data);
    else if (is_known)
        vf_error_wrap(err, "the first row");
    if (err != NULL && err->hint[0] == '\0') /* the engine's own says more */
        vf_error_hint(err, "%s", hint);
    vf_buf_release(&key);
}

static size_t row_bytes(const struct vf_batch *batch, int64_t row)
{
    size_t sum_bytes = 0;

    for (size_t i = 0; i < batch->n_columns; i++) {
        size_t size_bytes = 0;
        if (batch->columns[i].layout != VF_LAYOUT_BITS)
            (void)vf_array_value(&batch->columns[i], row, &size_bytes);
        sum_bytes += size_bytes;
    }
    return sum_bytes;
}

void vf_large_row_among(const struct vf_relation *relation, const struct vf_batch *batch, struct vf_error *err)
{
    struct vf_buf key;
    int64_t largest = 0;

    if (batch->n_rows == 0)
        return;
    for (int64_t row = 1; row < batch->n_rows; row++) {
        if (row_bytes(batch, row) > row_bytes(batch, largest))
            largest = row;
    }
    vf_buf_init(&key, VF_BUF_MAX);
    write_key(relation, batch, largest, &key);
    if (vf_buf_check(&key, NULL) == VF_OK)
        vf_error_wrap(err, "row %s of %zu bytes, the largest of %lld", key.data, row_bytes(batch, largest),
                      (long long)batch->n_rows);
    vf_error_hint(err, "%s", hint);
    vf_buf_release(&key);
}
