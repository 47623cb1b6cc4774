#include "ferry/vector_scan.h"

bool vf_vector_relation_init(struct vf_vector_relation *out, const struct vf_relation *whole, size_t column)
{
    if (whole->n_key == 0 || whole->n_key > VF_VECTOR_MAX_KEY)
        return false;
    for (size_t i = 0; i < whole->n_key; i++) {
        if (whole->key[i] == column)
            return false;
        out->fields[i] = whole->fields[whole->key[i]];
        out->key[i] = i;
    }
    out->fields[whole->n_key] = whole->fields[column];
    out->relation = (struct vf_relation){.schema = whole->schema,
                                         .name = whole->name,
                                         .kind = whole->kind,
                                         .n_fields = whole->n_key + 1,
                                         .fields = out->fields,
                                         .n_key = whole->n_key,
                                         .key = out->key};
    return true;
}

/* The buffers of one scan. */
struct buffers {
    struct vf_scan *engine;
    struct vf_batch batch;
    struct vf_buf canon;
    struct vf_hash128 *digests;
    bool *drop;
};

/* A value that isn't of the column's type has no place in an index, and would be missing from it without a word. */
static enum vf_status refuse_unreadable(const struct vf_vector_scan *scan, const struct vf_batch *batch,
                                        struct vf_error *err)
{
    const struct vf_reject *first = &batch->rejects.rejects[0];

    if (batch->rejects.n_rejects == 0)
        return VF_OK;
    return vf_error_set(err, VF_VALUE, "%s: row %s: %s", scan->label, first->key != NULL ? first->key : "without a key",
                        first->reason);
}

static enum vf_status take(struct vf_vector_scan *scan, struct buffers *buffers, struct vf_error *err)
{
    struct vf_batch *batch = &buffers->batch;
    const struct vf_array *vectors = &batch->columns[batch->n_columns - 1];
    enum vf_status status = refuse_unreadable(scan, batch, err);

    if (status == VF_OK && vectors->n_null > 0) {
        for (int64_t i = 0; i < batch->n_rows; i++)
            buffers->drop[i] = vf_array_is_null(vectors, i);
        status = vf_batch_drop_rows(batch, buffers->drop, err);
    }
    if (status == VF_OK)
        status = vf_canon_rows(batch, &buffers->canon, buffers->digests, err);
    for (int64_t i = 0; i < batch->n_rows && status == VF_OK; i++)
        vf_digest_add_row(&scan->digest, buffers->digests[i]);
    if (status == VF_OK && batch->n_rows > 0 && scan->rows != NULL)
        status = scan->rows(scan->context, batch, buffers->digests, err);
    return status;
}

enum vf_status vf_vector_scan_run(struct vf_vector_scan *scan, struct vf_error *err)
{
    struct buffers buffers = {0};
    bool more = true;

    scan->digest = (struct vf_digest){0};
    vf_buf_init(&buffers.canon, VF_BUF_MAX);
    buffers.digests = vf_alloc(VF_BATCH_MAX_ROWS, sizeof(*buffers.digests));
    buffers.drop = vf_alloc(VF_BATCH_MAX_ROWS, sizeof(*buffers.drop));
    enum vf_status status = buffers.digests == NULL || buffers.drop == NULL
                                ? vf_error_nomem(err)
                                : vf_crossing_batch_init(scan->relation, scan->batch_bytes, &buffers.batch, err);
    if (status == VF_OK)
        status = vf_scan_open(scan->conn, scan->relation, NULL, &buffers.engine, err);
    while (status == VF_OK && more) {
        vf_batch_reset(&buffers.batch);
        status = vf_cancel_check(scan->cancel, err);
        if (status == VF_OK)
            status = vf_scan_read(scan->conn, buffers.engine, &buffers.batch, &more, err);
        if (status == VF_OK)
            status = take(scan, &buffers, err);
    }
    if (buffers.engine != NULL)
        vf_scan_close(scan->conn, buffers.engine);
    vf_batch_release(&buffers.batch);
    vf_buf_release(&buffers.canon);
    vf_free(buffers.digests);
    vf_free(buffers.drop);
    return status;
}
