#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/scan.h"

#define MAX_REJECTS 1000

static void value_to_json(const struct vf_sqlite_value *value, struct vf_buf *out)
{
    char number[32];
    switch (value->type) {
    case SQLITE_INTEGER:
        vf_buf_printf(out, "%" PRId64, value->integer);
        break;
    case SQLITE_FLOAT:
        vf_buf_add(out, number, vf_format_f64(value->real, number));
        break;
    case SQLITE_TEXT:
        vf_buf_json_string(out, (const char *)value->bytes, value->size_bytes);
        break;
    case SQLITE_BLOB:
        vf_buf_str(out, "\"\\\\x");
        vf_buf_hex(out, value->bytes, value->size_bytes);
        vf_buf_char(out, '"');
        break;
    default:
        vf_buf_str(out, "null");
        break;
    }
}

static void key_to_json(const struct vf_relation *relation, const struct vf_sqlite_value *values, const int64_t *rowid,
                        struct vf_buf *out)
{
    vf_buf_char(out, '{');
    for (size_t i = 0; i < relation->n_key; i++) {
        const char *name = relation->fields[relation->key[i]].name;
        if (i > 0)
            vf_buf_str(out, ", ");
        vf_buf_json_string(out, name, strlen(name));
        vf_buf_str(out, ": ");
        value_to_json(&values[relation->key[i]], out);
    }
    if (relation->n_key == 0 && rowid != NULL)
        vf_buf_printf(out, "\"rowid\": %" PRId64, *rowid);
    vf_buf_char(out, '}');
}

enum vf_status vf_sqlite_reject(struct vf_batch *batch, const struct vf_relation *relation,
                                const struct vf_sqlite_value *values, const int64_t *rowid, size_t column,
                                const char *reason, struct vf_error *err)
{
    struct vf_buf key;
    char label[256];
    char number[32];
    const struct vf_sqlite_value *value = &values[column];
    struct vf_reject reject = {
        .table = vf_table_label(relation->schema, relation->name, label, sizeof(label)),
        .column = relation->fields[column].name,
        .reason = reason,
        .row = -1,
    };
    if (value->type == SQLITE_TEXT || value->type == SQLITE_BLOB) {
        reject.original = value->bytes;
        reject.original_bytes = value->size_bytes;
    } else if (value->type != SQLITE_NULL) {
        reject.original_bytes = value->type == SQLITE_FLOAT
                                    ? vf_format_f64(value->real, number)
                                    : (size_t)snprintf(number, sizeof(number), "%" PRId64, value->integer);
        reject.original = (const uint8_t *)number;
    }
    vf_buf_init(&key, VF_BUF_MAX);
    key_to_json(relation, values, rowid, &key);
    enum vf_status status = vf_buf_check(&key, err);
    reject.key = key.data;
    if (status == VF_OK)
        status = vf_reject_add(&batch->rejects, &reject, err);
    vf_buf_release(&key);
    return status;
}

static enum vf_status add_value(struct vf_array *array, const struct vf_field *field,
                                const struct vf_sqlite_value *value, struct vf_error *err)
{
    if (value->type != SQLITE_NULL)
        return vf_sqlite_decode(field, value, array, err);
    if (field->not_null)
        return vf_error_set(err, VF_VALUE, "NULL in a column that is NOT NULL");
    return vf_array_add_null(array, err);
}

enum vf_status vf_sqlite_add_row(struct vf_batch *batch, const struct vf_relation *relation,
                                 const struct vf_sqlite_value *values, const int64_t *rowid, struct vf_error *err)
{
    struct vf_error why;
    for (size_t i = 0; i < relation->n_fields; i++) {
        enum vf_status status = add_value(&batch->columns[i], &relation->fields[i], &values[i], &why);
        if (status == VF_OK)
            continue;
        vf_batch_cancel_row(batch);
        if (status == VF_VALUE)
            return vf_sqlite_reject(batch, relation, values, rowid, i, why.message, err);
        if (err != NULL)
            *err = why;
        return status;
    }
    vf_batch_end_row(batch);
    return VF_OK;
}

bool vf_sqlite_is_enough(const struct vf_batch *batch)
{
    return vf_batch_is_full(batch) || batch->rejects.n_rejects >= MAX_REJECTS ||
           batch->rejects.arena.used_bytes >= batch->max_bytes;
}

bool vf_sqlite_has_room(const struct vf_batch *batch, const struct vf_sqlite_value *values, size_t n_values)
{
    size_t size_bytes = batch->size_bytes;
    if (batch->n_rows == 0)
        return true;
    for (size_t i = 0; i < n_values; i++) {
        if (values[i].type == SQLITE_TEXT || values[i].type == SQLITE_BLOB)
            size_bytes += values[i].size_bytes;
    }
    return size_bytes <= batch->max_bytes;
}
