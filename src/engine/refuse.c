#include "engine/refuse.h"

#include <string.h>

void vf_refuse_key(const struct vf_relation *relation, const struct vf_batch *batch, int64_t row, struct vf_buf *out)
{
    const char *names[64];
    size_t n_key = relation->n_key < 64 ? relation->n_key : 64;
    for (size_t i = 0; i < n_key; i++)
        names[i] = relation->fields[relation->key[i]].name;
    vf_batch_key_json(batch, row, n_key, relation->key, names, out);
}

enum vf_status vf_refuse_at(const struct vf_relation *relation, const struct vf_batch *batch, int64_t row,
                            size_t column, const char *reason, struct vf_reject_list *rejects, struct vf_error *err)
{
    struct vf_buf key;
    char label[256];
    const struct vf_array *array = column < relation->n_fields ? &batch->columns[column] : NULL;
    struct vf_reject reject = {
        .table = vf_table_label(relation->schema, relation->name, label, sizeof(label)),
        .column = array != NULL ? relation->fields[column].name : NULL,
        .reason = reason,
        .row = row,
    };
    vf_buf_init(&key, VF_BUF_MAX);
    vf_refuse_key(relation, batch, row, &key);
    enum vf_status status = vf_buf_check(&key, err);
    reject.key = key.data != NULL ? key.data : "{}";
    if (array != NULL && array->layout == VF_LAYOUT_VARIABLE && !vf_array_is_null(array, row))
        reject.original = vf_array_value(array, row, &reject.original_bytes);
    if (status == VF_OK)
        status = vf_reject_add(rejects, &reject, err);
    vf_buf_release(&key);
    return status;
}

enum vf_status vf_refuse_row(const struct vf_relation *relation, const struct vf_batch *batch, int64_t row,
                             const struct vf_refusal *refusal, struct vf_reject_list *rejects, struct vf_error *err)
{
    struct vf_buf key, reason;
    vf_buf_init(&key, VF_BUF_MAX);
    vf_buf_init(&reason, VF_BUF_MAX);
    vf_refuse_key(relation, batch, row, &key);
    vf_buf_str(&reason, refusal->reason);
    if (refusal->key != NULL)
        vf_buf_printf(&reason, " (%s)", refusal->key);

    enum vf_status status = vf_buf_check(&key, err);
    if (status == VF_OK)
        status = vf_buf_check(&reason, err);
    if (status == VF_OK && rejects == NULL) {
        status = vf_error_set(err, VF_VALUE, "table %s, row %s%s%s: %s", relation->name, key.data,
                              refusal->column != NULL ? ", column " : "",
                              refusal->column != NULL ? refusal->column : "", reason.data);
    } else if (status == VF_OK) {
        struct vf_reject reject = {
            .table = relation->name,
            .key = key.data,
            .column = refusal->column,
            .reason = reason.data,
            .row = row,
        };
        memcpy(reject.sqlstate, refusal->sqlstate, sizeof(reject.sqlstate));
        status = vf_reject_add(rejects, &reject, err);
    }
    vf_buf_release(&key);
    vf_buf_release(&reason);
    return status;
}
