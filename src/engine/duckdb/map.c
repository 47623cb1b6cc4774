#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/duckdb/default.h"
#include "engine/duckdb/hnsw.h"
#include "engine/duckdb/fulltext.h"
#include "engine/duckdb/target.h"
#include "engine/duckdb/types.h"

/* ---- columns ---- */

static enum vf_status map_default(const struct vf_column *column, const struct vf_mapping *mapping, bool *moved,
                                  const char **why, struct vf_error *err)
{
    struct vf_buf text;
    struct vf_column here = *column;
    here.form = mapping->form;
    here.native = mapping->native;
    vf_buf_init(&text, VF_BUF_MAX);
    *moved = vf_duckdb_default_write(&here, &text, why);
    enum vf_status status = vf_buf_check(&text, err);
    vf_buf_release(&text);
    return status;
}

static void map_vector(struct vf_type type, struct vf_arena *arena, struct vf_mapping *mapping)
{
    const char *element = type.element == VF_E_F64 ? "DOUBLE" : type.element == VF_E_I8 ? "TINYINT" : "FLOAT";
    mapping->how = NULL;
    if (type.element == VF_E_BIT) {
        mapping->native = type.dim != 0 ? "BIT" : "BLOB";
        mapping->form = type.dim != 0 ? VF_FORM_NATIVE : VF_FORM_BYTES;
    } else if (type.dim == 0 || type.dim > VF_DUCKDB_MAX_ARRAY) {
        mapping->native = vf_arena_printf(arena, "%s[]", element);
        mapping->form = VF_FORM_LIST;
        mapping->how = "a list: the dimension isn't the same everywhere, or more than 100,000";
    } else {
        mapping->native = vf_arena_printf(arena, "%s[%u]", element, type.dim);
    }
    if (type.element == VF_E_F16 || type.element == VF_E_BF16)
        mapping->how = "each value as the float32 that equals it; the half precision is remembered";
}

/* DuckDB's catalogue shows a column of a named enum by the labels, and keeps nothing else of it: so it is declared. */
static enum vf_status map_enum(const struct vf_column *column, struct vf_arena *arena, struct vf_mapping *mapping,
                               struct vf_error *err)
{
    struct vf_buf native;
    if (column->n_labels == 0) {
        mapping->native = "VARCHAR";
        mapping->form = VF_FORM_TEXT;
        mapping->how = "the label: which others there may be isn't known";
        return VF_OK;
    }
    vf_buf_init(&native, VF_BUF_MAX);
    vf_duckdb_write_enum(column->n_labels, column->labels, &native);
    enum vf_status status = vf_buf_check(&native, err);
    if (status == VF_OK)
        mapping->native = vf_arena_strndup(arena, native.data, native.size_bytes);
    vf_buf_release(&native);
    return status;
}

/* numeric(p,s) as PostgreSQL writes it has the same scale in every value; other databases only say so. */
static void map_decimal(const struct vf_column *column, struct vf_arena *arena, struct vf_mapping *mapping)
{
    unsigned width, scale;
    if (column->evidence.measured && vf_str_starts(column->native, "DECIMAL"))
        return;
    if (!vf_str_starts(column->native, "numeric(") || !vf_duckdb_decimal_of(column->native, &width, &scale))
        return;
    mapping->native = vf_arena_printf(arena, "DECIMAL(%u,%u)", width, scale);
    mapping->form = VF_FORM_NATIVE;
    mapping->how = "NaN, which DuckDB's DECIMAL doesn't have, is rejected; `to: VARCHAR` keeps it";
}

enum vf_status vf_duckdb_map_column(struct vf_conn *base, const struct vf_table *table, const struct vf_column *column,
                                    struct vf_arena *arena, struct vf_mapping *mapping, struct vf_error *err)
{
    (void)base;
    (void)table;
    const struct vf_duckdb_type *type = &vf_duckdb_types[column->type.kind];
    *mapping =
        (struct vf_mapping){.native = type->native, .form = type->form, .fidelity = type->fidelity, .how = type->note};
    if (column->type.kind == VF_K_VECTOR)
        map_vector(column->type, arena, mapping);
    else if (column->type.kind == VF_K_DECIMAL)
        map_decimal(column, arena, mapping);
    else if (column->type.kind == VF_K_ENUM && map_enum(column, arena, mapping, err) != VF_OK)
        return VF_NOMEM;
    if (mapping->native == NULL)
        return vf_error_nomem(err);
    return map_default(column, mapping, &mapping->default_moved, &mapping->default_why, err);
}

/* ---- indexes ---- */

static bool is_key_kind(struct vf_type type)
{
    return type.kind != VF_K_VECTOR && type.kind != VF_K_SPARSE && type.kind != VF_K_INTERVAL;
}

/* Why an index can't be made here; NULL: it can. */
static const char *obstacle(const struct vf_table *table, const struct vf_index *index)
{
    if (index->kind == VF_INDEX_OTHER)
        return "DuckDB has no such index; it is remembered for the way back";
    if (index->predicate != NULL)
        return "DuckDB has no partial indexes; it is remembered for the way back";
    if (index->nulls_not_distinct)
        return "DuckDB takes NULLs for distinct in a unique index";
    for (size_t i = 0; i < index->n_parts; i++) {
        if (index->parts[i].column < 0 && index->parts[i].expr == NULL)
            return "its expression isn't one that was translated";
        if (index->parts[i].column >= 0 && !is_key_kind(table->columns[index->parts[i].column].type))
            return "DuckDB has no index on a column of that type";
    }
    return NULL;
}

static enum vf_status name_index(const struct vf_table *table, struct vf_index *index, struct vf_arena *arena,
                                 struct vf_error *err)
{
    if (index->constraint != VF_CONSTRAINT_NONE || (index->name != NULL && index->name[0] != '\0'))
        return VF_OK;
    index->name = vf_arena_printf(arena, "%s_%s_idx", table->name,
                                  index->parts[0].column >= 0 ? table->columns[index->parts[0].column].name : "expr");
    return index->name == NULL ? vf_error_nomem(err) : VF_OK;
}

/* Translated already: the vss extension's own, in the file or in the memory of whoever opens it. */
static enum vf_status map_hnsw(const struct vf_table *table, const struct vf_index *index, struct vf_arena *arena,
                               struct vf_index_mapping *mapping, struct vf_error *err)
{
    mapping->moved = true;
    mapping->index.method = "HNSW";
    mapping->index.unique = false;
    if (index->vector.place == VF_PLACE_DATABASE)
        mapping->why = vf_duckdb_hnsw_risks;
    return name_index(table, &mapping->index, arena, err);
}

enum vf_status vf_duckdb_map_index(struct vf_conn *base, const struct vf_table *table, const struct vf_index *index,
                                   struct vf_arena *arena, struct vf_index_mapping *mapping, struct vf_error *err)
{
    bool is_ordered = false;
    if (index->kind == VF_INDEX_HNSW && index->n_parts == 1 && index->parts[0].column >= 0) {
        *mapping = (struct vf_index_mapping){.index = *index};
        return map_hnsw(table, index, arena, mapping, err);
    }
    if (index->kind == VF_INDEX_FULLTEXT) {
        *mapping = (struct vf_index_mapping){.index = *index};
        return vf_duckdb_map_fulltext(vf_duckdb_conn_of(base), table, arena, mapping, err);
    }
    *mapping = (struct vf_index_mapping){.index = *index, .why = obstacle(table, index)};
    mapping->moved = mapping->why == NULL && index->n_parts > 0;
    if (!mapping->moved)
        return VF_OK;
    mapping->index.parts = vf_arena_alloc(arena, index->n_parts, sizeof(*index->parts));
    if (mapping->index.parts == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < index->n_parts; i++) {
        is_ordered = is_ordered || index->parts[i].descending;
        mapping->index.parts[i] = (struct vf_key_part){
            .column = index->parts[i].column, .expression = index->parts[i].expression, .expr = index->parts[i].expr};
    }
    if (index->kind == VF_INDEX_HASH)
        mapping->why = "an ART index instead of a hash";
    else if (index->n_included > 0)
        mapping->why = "the columns that were only carried along are left out";
    else if (index->deferrable && index->constraint == VF_CONSTRAINT_UNIQUE)
        mapping->why = "checked at once, for DuckDB can't defer a unique constraint";
    else if (is_ordered)
        mapping->why = "DuckDB's indexes find single values, and have no order";
    mapping->index.kind = VF_INDEX_BTREE;
    mapping->index.method = "art";
    mapping->index.n_included = 0;
    mapping->index.included = NULL;
    mapping->index.deferrable = mapping->index.initially_deferred = false;
    return name_index(table, &mapping->index, arena, err);
}
