#include <string.h>

#include "base/text.h"
#include "engine/definition.h"
#include "engine/mem/db.h"
#include "model/schema_json.h"

/* ---- mapping ---- */

static bool default_is_understood(const struct vf_default *def)
{
    return def->kind != VF_DEFAULT_EXPRESSION;
}

enum vf_status vf_mem_map_column(struct vf_conn *conn, const struct vf_table *table, const struct vf_column *column,
                                 struct vf_arena *arena, struct vf_mapping *mapping, struct vf_error *err)
{
    char type[48];
    (void)conn;
    (void)table;
    mapping->native = vf_arena_strdup(arena, vf_type_format(column->type, type));
    if (mapping->native == NULL)
        return vf_error_nomem(err);
    mapping->form = VF_FORM_NATIVE;
    mapping->fidelity = VF_FIDELITY_EXACT;
    mapping->default_moved = default_is_understood(&column->def);
    if (!mapping->default_moved)
        mapping->default_why = "the expression isn't understood";
    return VF_OK;
}

enum vf_status vf_mem_map_index(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                struct vf_arena *arena, struct vf_index_mapping *mapping, struct vf_error *err)
{
    (void)conn;
    (void)table;
    (void)arena;
    (void)err;
    mapping->moved = true;
    mapping->index = *index;
    for (size_t i = 0; i < index->n_parts; i++) {
        if (index->parts[i].column < 0)
            mapping->moved = false;
    }
    if (!mapping->moved)
        mapping->why = "expressions can't be indexed";
    else if (index->predicate != NULL)
        mapping->why = "partial indexes can't be made";
    mapping->moved = mapping->why == NULL;
    return VF_OK;
}

/* ---- catalogue ---- */

static bool same_object(const char *schema_a, const char *name_a, const char *schema_b, const char *name_b)
{
    return vf_str_equal(name_a, name_b) && (schema_b == NULL || vf_str_equal(schema_a, schema_b));
}

static struct vf_sequence *find_sequence(const struct vf_mem_db *db, const struct vf_sequence *wanted)
{
    for (size_t i = 0; i < db->catalog.n_sequences; i++) {
        struct vf_sequence *sequence = &db->catalog.sequences[i];
        if (same_object(sequence->schema, sequence->name, wanted->schema, wanted->name))
            return sequence;
    }
    return NULL;
}

enum vf_status vf_mem_sequence_set(struct vf_mem_db *db, const struct vf_sequence *sequence, bool only_if_absent,
                                   struct vf_error *err)
{
    struct vf_buf json;
    struct vf_sequence copy = {0};
    struct vf_sequence *place = find_sequence(db, sequence);
    if (place != NULL && only_if_absent)
        return VF_OK;

    vf_buf_init(&json, VF_BUF_MAX);
    vf_sequence_to_json(sequence, &json);
    enum vf_status status = vf_buf_check(&json, err);
    if (status == VF_OK)
        status = vf_sequence_from_json(json.data, &db->catalog, &copy, err);
    vf_buf_release(&json);
    if (status == VF_OK && place == NULL && (place = vf_schema_add_sequence(&db->catalog)) == NULL)
        status = vf_error_nomem(err);
    if (status == VF_OK)
        *place = copy;
    return status;
}

enum vf_status vf_mem_user_type_set(struct vf_mem_db *db, const struct vf_user_type *type, struct vf_error *err)
{
    struct vf_buf json;
    struct vf_user_type copy = {0};
    struct vf_user_type *place = NULL;
    for (size_t i = 0; i < db->catalog.n_user_types; i++) {
        const struct vf_user_type *present = &db->catalog.user_types[i];
        if (same_object(present->schema, present->name, type->schema, type->name))
            return VF_OK;
    }
    vf_buf_init(&json, VF_BUF_MAX);
    vf_user_type_to_json(type, &json);
    enum vf_status status = vf_buf_check(&json, err);
    if (status == VF_OK)
        status = vf_user_type_from_json(json.data, &db->catalog, &copy, err);
    vf_buf_release(&json);
    if (status == VF_OK && (place = vf_schema_add_user_type(&db->catalog)) == NULL)
        status = vf_error_nomem(err);
    if (status == VF_OK)
        *place = copy;
    return status;
}

/* ---- tables and keys ---- */

static enum vf_status apply_table(struct vf_mem_db *db, const struct vf_table *def, struct vf_error *err)
{
    const struct vf_mem_table *table = vf_mem_table_find(db, def->schema, def->name);
    if (table == NULL)
        return vf_mem_table_make(db, def, false, err);
    if (!vf_definition_same_columns(&table->def, def))
        return vf_error_set(err, VF_STATE, "table \"%s\" exists with other columns", def->name);
    return VF_OK;
}

static enum vf_status apply_index(struct vf_mem_db *db, const struct vf_step *step, struct vf_error *err)
{
    struct vf_mem_table *table = vf_mem_table_find(db, step->table->schema, step->table->name);
    struct vf_arena arena = {0};
    struct vf_table next;
    if (table == NULL)
        return vf_error_set(err, VF_NOTFOUND, "there is no table \"%s\"", step->table->name);
    if (vf_definition_has_index(&table->def, step->index))
        return VF_OK;
    enum vf_status status = vf_definition_with_index(&table->def, step->index, &arena, &next, err);
    if (status == VF_OK)
        status = vf_mem_table_redefine(table, &next, err);
    vf_arena_release(&arena);
    return status;
}

/* Every row's reference must lead somewhere. */
static enum vf_status check_references(const struct vf_mem_db *db, const struct vf_mem_table *table,
                                       const struct vf_foreign_key *key, struct vf_error *err)
{
    const struct vf_mem_table *parent = vf_mem_table_find(db, key->to_schema, key->to_table);
    struct vf_mem_set set = {0};
    struct vf_buf scratch;
    if (parent == NULL)
        return vf_error_set(err, VF_NOTFOUND, "there is no table \"%s\" to refer to", key->to_table);
    int *columns = vf_calloc(key->n_columns, sizeof(*columns));
    if (columns == NULL)
        return vf_error_nomem(err);

    enum vf_status status = VF_OK;
    for (size_t i = 0; status == VF_OK && i < key->n_columns; i++) {
        columns[i] = vf_table_find_column(&parent->def, key->to_columns[i]);
        if (columns[i] < 0)
            status = vf_error_set(err, VF_NOTFOUND, "table %s has no column \"%s\"", key->to_table, key->to_columns[i]);
    }
    if (status == VF_OK)
        status = vf_mem_set_fill(&set, parent, key->n_columns, columns, false, NULL, err);
    vf_buf_init(&scratch, VF_BUF_MAX);
    for (size_t i = 0; status == VF_OK && i < table->n_rows; i++) {
        struct vf_hash128 hash;
        if (vf_mem_key_hash(table->rows[i]->cells, key->n_columns, key->columns, false, &scratch, &hash) &&
            vf_mem_set_find(&set, hash) == NULL)
            status = vf_error_set(err, VF_VALUE, "table %s: a row refers to a row of %s that isn't there",
                                  table->def.name, key->to_table);
    }
    vf_mem_set_release(&set);
    vf_buf_release(&scratch);
    vf_free(columns);
    return status;
}

static enum vf_status apply_foreign_key(struct vf_mem_db *db, const struct vf_step *step, struct vf_error *err)
{
    struct vf_mem_table *table = vf_mem_table_find(db, step->table->schema, step->table->name);
    struct vf_arena arena = {0};
    struct vf_table next;
    if (table == NULL)
        return vf_error_set(err, VF_NOTFOUND, "there is no table \"%s\"", step->table->name);
    if (vf_definition_has_foreign_key(&table->def, step->foreign_key))
        return VF_OK;
    enum vf_status status = step->foreign_key->not_valid ? VF_OK : check_references(db, table, step->foreign_key, err);
    if (status == VF_OK)
        status = vf_definition_with_foreign_key(&table->def, step->foreign_key, &arena, &next, err);
    if (status == VF_OK)
        status = vf_mem_table_redefine(table, &next, err);
    vf_arena_release(&arena);
    return status;
}

/* ---- sequences ---- */

static int64_t cell_integer(struct vf_type type, const struct vf_mem_cell *cell)
{
    uint8_t scratch[8];
    struct vf_mem_cell wide;
    int64_t value = 0;
    const struct vf_type i64 = {.kind = VF_K_I64};
    if (vf_mem_cell_convert(type, i64, cell, &wide, scratch) == NULL)
        memcpy(&value, wide.bytes, sizeof(value));
    return value;
}

/* The value that the owning column needs the sequence to be past: false when it holds none. */
static bool largest_value(const struct vf_mem_db *db, const struct vf_sequence *sequence, int64_t *largest)
{
    const struct vf_mem_table *table =
        sequence->owner_table == NULL ? NULL : vf_mem_table_find(db, sequence->owner_schema, sequence->owner_table);
    int column = table == NULL ? -1 : vf_table_find_column(&table->def, sequence->owner_column);
    bool found = false;
    if (column < 0 || !vf_mem_type_fits(table->def.columns[column].type, (struct vf_type){.kind = VF_K_I64}))
        return false;
    for (size_t i = 0; i < table->n_rows; i++) {
        const struct vf_mem_cell *cell = &table->rows[i]->cells[column];
        if (cell->is_null)
            continue;
        int64_t value = cell_integer(table->def.columns[column].type, cell);
        bool past = sequence->increment < 0 ? value < *largest : value > *largest;
        if (!found || past)
            *largest = value;
        found = true;
    }
    return found;
}

static enum vf_status apply_sequence_value(struct vf_mem_db *db, const struct vf_sequence *wanted, struct vf_error *err)
{
    struct vf_sequence value = *wanted;
    int64_t largest = 0;
    if (find_sequence(db, wanted) == NULL && !wanted->identity)
        return vf_error_set(err, VF_NOTFOUND, "there is no sequence \"%s\"", wanted->name);
    if (largest_value(db, wanted, &largest)) {
        bool behind = value.increment < 0 ? largest < value.last : largest > value.last;
        if (behind || (largest == value.last && !value.is_called)) {
            value.last = largest;
            value.is_called = true;
        }
    }
    return vf_mem_sequence_set(db, &value, false, err);
}

enum vf_status vf_mem_apply(struct vf_conn *conn, const struct vf_step *step, struct vf_error *err)
{
    struct vf_mem_db *db = vf_mem_conn_of(conn)->db;
    struct vf_mem_table *table = NULL;
    enum vf_status status = VF_OK;
    vf_mem_lock(db);
    switch (step->kind) {
    case VF_STEP_SCHEMA:
    case VF_STEP_EXTENSION:
    case VF_STEP_ANALYZE:
    case VF_STEP_VIEW: /* VF_CAP_VIEWS isn't there */
    case VF_STEP_DROP_VIEW:
        break; /* schemas come with their tables, and there is nothing to load or to count */
    case VF_STEP_USER_TYPE:
        status = vf_mem_user_type_set(db, step->user_type, err);
        break;
    case VF_STEP_SEQUENCE:
        status = vf_mem_sequence_set(db, step->sequence, true, err);
        break;
    case VF_STEP_TABLE:
        status = apply_table(db, step->table, err);
        break;
    case VF_STEP_INDEX:
        status = apply_index(db, step, err);
        break;
    case VF_STEP_FOREIGN_KEY:
        status = apply_foreign_key(db, step, err);
        break;
    case VF_STEP_SEQUENCE_VALUE:
        status = apply_sequence_value(db, step->sequence, err);
        break;
    case VF_STEP_DROP_TABLE:
        table = vf_mem_table_find(db, step->table->schema, step->table->name);
        if (table != NULL)
            vf_mem_table_drop(db, table);
        break;
    }
    vf_mem_unlock(db);
    return status;
}
