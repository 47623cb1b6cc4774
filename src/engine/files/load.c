#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "engine/files/conn.h"
#include "engine/refuse.h"

struct files_load {
    struct vf_files_conn *conn;
    const struct vf_relation *relation;
    struct vf_files_table table;
    int *columns;        /* of the table, by field */
    bool *is_needed;     /* by field: it can't be NULL */
    size_t *key_fields;  /* the table's key */
    int64_t next_number; /* of a row without a key */
    struct vf_buf text, path, scratch, name;
};

static struct files_load *load_of(struct vf_load *load)
{
    return (struct files_load *)(void *)load;
}

static bool is_integer(enum vf_kind kind)
{
    return kind == VF_K_I8 || kind == VF_K_I16 || kind == VF_K_I32 || kind == VF_K_I64;
}

static bool fits(struct vf_type from, struct vf_type to)
{
    if (is_integer(from.kind) && is_integer(to.kind))
        return true;
    if (from.kind == VF_K_VECTOR && to.kind == VF_K_VECTOR)
        return from.element == to.element;
    return from.kind == to.kind && (from.kind != VF_K_ARRAY || from.element_kind == to.element_kind);
}

static enum vf_status match_fields(struct files_load *load, struct vf_error *err)
{
    const struct vf_relation *relation = load->relation;
    const struct vf_table *def = &load->table.def;
    for (size_t i = 0; i < relation->n_fields; i++) {
        const struct vf_field *field = &relation->fields[i];
        int column = load->columns[i] = vf_table_find_column(def, field->name);
        if (column < 0)
            return vf_error_set(err, VF_NOTFOUND, "table %s has no column \"%s\"", relation->name, field->name);
        if (!fits(field->type, def->columns[column].type))
            return vf_error_set(err, VF_ENGINE, "table %s: column %s is %s and can't hold %s", relation->name,
                                field->name, vf_kind_name(def->columns[column].type.kind),
                                vf_kind_name(field->type.kind));
        load->is_needed[i] = def->columns[column].not_null;
        for (size_t k = 0; k < load->table.n_key; k++) {
            if (load->table.key[k] != column)
                continue;
            load->key_fields[k] = i;
            load->is_needed[i] = true;
        }
    }
    for (size_t k = 0; k < load->table.n_key; k++) {
        if (load->key_fields[k] == SIZE_MAX)
            return vf_error_set(err, VF_USAGE, "table %s: its files are named by column \"%s\", which isn't loaded",
                                relation->name, def->columns[load->table.key[k]].name);
    }
    return VF_OK;
}

/* Rows without a key are numbered on from the last file. */
static enum vf_status find_number(struct files_load *load, struct vf_error *err)
{
    struct vf_files_list list = {0};
    load->next_number = 1;
    if (load->table.n_key > 0)
        return VF_OK;
    enum vf_status status = vf_files_list_table(load->conn, &load->table.place, &list, err);
    for (size_t i = 0; status == VF_OK && i < list.n_entries; i++) {
        int64_t number = 0;
        if (vf_parse_i64(list.entries[i].key, strlen(list.entries[i].key), &number) && number >= load->next_number)
            load->next_number = number + 1;
    }
    vf_files_list_release(&list);
    return status;
}

enum vf_status vf_files_load_open(struct vf_conn *conn, const struct vf_relation *relation, struct vf_load **load,
                                  struct vf_error *err)
{
    struct files_load *made = vf_calloc(1, sizeof(*made));
    if (made == NULL)
        return vf_error_nomem(err);
    made->conn = vf_files_conn_of(conn);
    made->relation = relation;
    vf_buf_init(&made->text, VF_BUF_MAX);
    vf_buf_init(&made->path, 65536);
    vf_buf_init(&made->scratch, VF_BUF_MAX);
    vf_buf_init(&made->name, VF_BUF_MAX);
    enum vf_status status = vf_files_table_find(made->conn, relation->name, &made->table, err);
    if (status == VF_OK && made->table.is_foreign)
        status = vf_error_set(err, VF_STATE, "table %s: its files weren't made by vecferry", relation->name);
    made->columns = vf_calloc(relation->n_fields + 1, sizeof(*made->columns));
    made->is_needed = vf_calloc(relation->n_fields + 1, sizeof(*made->is_needed));
    made->key_fields = vf_calloc(made->table.n_key + 1, sizeof(*made->key_fields));
    if (status == VF_OK && (made->columns == NULL || made->is_needed == NULL || made->key_fields == NULL))
        status = vf_error_nomem(err);
    for (size_t i = 0; status == VF_OK && i < made->table.n_key; i++)
        made->key_fields[i] = SIZE_MAX;
    if (status == VF_OK)
        status = match_fields(made, err);
    if (status == VF_OK)
        status = find_number(made, err);
    if (status == VF_OK)
        *load = (struct vf_load *)(void *)made;
    else
        vf_files_load_close((struct vf_load *)(void *)made);
    return status;
}

void vf_files_load_close(struct vf_load *base)
{
    struct files_load *load = load_of(base);
    if (load == NULL)
        return;
    vf_files_table_release(&load->table);
    vf_free(load->columns);
    vf_free(load->is_needed);
    vf_free(load->key_fields);
    vf_buf_release(&load->text);
    vf_buf_release(&load->path);
    vf_buf_release(&load->scratch);
    vf_buf_release(&load->name);
    vf_free(load);
}

/* ---- one row ---- */

static bool is_textual(enum vf_kind kind)
{
    return kind == VF_K_DECIMAL || kind == VF_K_TEXT || kind == VF_K_JSON || kind == VF_K_ENUM || kind == VF_K_ARRAY ||
           kind == VF_K_OTHER;
}

/* A whole number may be in a wider field than its column. */
static bool is_in_range(enum vf_kind kind, int64_t value)
{
    int64_t most = kind == VF_K_I8 ? INT8_MAX : kind == VF_K_I16 ? INT16_MAX : kind == VF_K_I32 ? INT32_MAX : INT64_MAX;
    return value <= most && value >= -most - 1;
}

static void check_value(const struct files_load *load, const struct vf_batch *batch, int64_t row, size_t field,
                        struct vf_refusal *refusal)
{
    const struct vf_array *array = &batch->columns[field];
    struct vf_type type = load->table.def.columns[load->columns[field]].type;
    size_t size_bytes = 0;
    if (vf_array_is_null(array, row)) {
        if (load->is_needed[field])
            *refusal = (struct vf_refusal){.reason = "NULL in a column that doesn't take it", .sqlstate = "23502"};
    } else if (is_integer(type.kind) && !is_in_range(type.kind, vf_array_i64(array, row))) {
        *refusal = (struct vf_refusal){.reason = "integer out of range", .sqlstate = "22003"};
    } else if (is_textual(array->type.kind)) {
        const char *text = (const char *)vf_array_value(array, row, &size_bytes);
        if (vf_utf8_check(text, size_bytes) < size_bytes)
            *refusal = (struct vf_refusal){.reason = "invalid UTF-8", .sqlstate = "22021"};
    } else if (array->type.kind == VF_K_VECTOR && type.dim != 0) {
        vf_array_value(array, row, &size_bytes);
        if (size_bytes != vf_type_width(type))
            *refusal = (struct vf_refusal){.reason = "vector of another dimension", .sqlstate = "22000"};
    }
    if (refusal->reason != NULL)
        refusal->column = load->relation->fields[field].name;
}

/* The row's path into load->path; a row whose file is there already is refused. */
static enum vf_status find_path(struct files_load *load, const struct vf_batch *batch, int64_t row,
                                struct vf_refusal *refusal, struct vf_error *err)
{
    vf_buf_clear(&load->name);
    vf_buf_clear(&load->path);
    vf_buf_str(&load->name, "");
    if (load->table.n_key == 0)
        vf_buf_printf(&load->name, "%010" PRId64, load->next_number++);
    else
        (void)vf_files_key_name(batch, row, load->table.n_key, load->key_fields,
                                vf_files_place_key_bytes(&load->table.place), &load->scratch, &load->name);
    enum vf_status status = vf_buf_check(&load->name, err);
    if (status != VF_OK)
        return status;
    vf_files_place_path(&load->table.place, load->name.data, &load->path);
    status = vf_buf_check(&load->path, err);
    if (status != VF_OK)
        return status;
    const struct vf_files_change *pending = vf_files_pending(load->conn, load->path.data);
    bool is_there = pending != NULL ? pending->number >= 0 : vf_files_exists(load->conn, load->path.data);
    if (is_there) {
        const struct vf_table *def = &load->table.def;
        const char *key = def->primary_key >= 0 ? def->indexes[def->primary_key].name : NULL;
        *refusal = (struct vf_refusal){.reason = "the key is there already", .sqlstate = "23505", .key = key};
    }
    return VF_OK;
}

static enum vf_status write_row(struct files_load *load, const struct vf_batch *batch, int64_t row,
                                struct vf_reject_list *rejects, struct vf_error *err)
{
    struct vf_refusal refusal = {0};
    enum vf_status status = VF_OK;
    for (size_t i = 0; refusal.reason == NULL && i < load->relation->n_fields; i++)
        check_value(load, batch, row, i, &refusal);
    if (refusal.reason == NULL)
        status = find_path(load, batch, row, &refusal, err);
    if (status == VF_OK && refusal.reason != NULL)
        return vf_refuse_row(load->relation, batch, row, &refusal, rejects, err);
    vf_buf_clear(&load->text);
    if (status == VF_OK) {
        vf_files_row_write(load->relation, batch, row, &load->scratch, &load->text);
        status = vf_buf_check(&load->text, err);
    }
    return status == VF_OK ? vf_files_put(load->conn, load->path.data, &load->text, err) : status;
}

enum vf_status vf_files_load_write(struct vf_load *base, const struct vf_batch *batch, struct vf_reject_list *rejects,
                                   struct vf_error *err)
{
    struct files_load *load = load_of(base);
    struct vf_files_transaction *transaction = &load->conn->transaction;
    enum vf_status status = VF_OK;
    if (!transaction->is_open || transaction->failed)
        return vf_error_set(err, VF_INTERNAL, "table %s: loading without a good transaction", load->relation->name);
    for (int64_t row = 0; status == VF_OK && row < batch->n_rows; row++)
        status = write_row(load, batch, row, rejects, err);
    if (status != VF_OK)
        transaction->failed = true;
    return status;
}
