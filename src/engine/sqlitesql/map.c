#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/default.h"
#include "engine/sqlitesql/fulltext.h"
#include "engine/sqlitesql/target.h"
#include "engine/sqlitesql/types.h"
#include "engine/sqlitesql/vec0_target.h"
#include "engine/sqlitesql/vector_index.h"

const char *vf_sqlite_collation(const char *collation)
{
    static const char *const own[] = {"BINARY", "NOCASE", "RTRIM"};
    for (size_t i = 0; collation != NULL && i < sizeof(own) / sizeof(own[0]); i++) {
        if (vf_strcasecmp(collation, own[i]) == 0)
            return own[i];
    }
    return NULL;
}

/* ---- columns ---- */

static enum vf_status map_default(const struct vf_column *column, const struct vf_mapping *mapping, bool *moved,
                                  const char **why, struct vf_error *err)
{
    struct vf_buf text;
    struct vf_column here = *column;
    here.form = mapping->form;
    vf_buf_init(&text, VF_BUF_MAX);
    *moved = vf_sqlite_default_write(&here, &text, why);
    enum vf_status status = vf_buf_check(&text, err);
    vf_buf_release(&text);
    return status;
}

/* A declaration that comes from SQLite is kept: the words mean the same here, and the values lie in the same form. Which it does, only the values' form tells. */
static bool is_sqlite_declaration(const struct vf_column *column)
{
    struct vf_sqlite_meaning meaning = vf_sqlite_type_of(column->native);
    if (column->form == VF_FORM_VEC0 || !vf_sqlite_is_type_name(column->native))
        return false;
    return column->native[0] != '\0' && vf_type_equal(meaning.type, column->type) && meaning.form == column->form &&
           column->type.kind != VF_K_DECIMAL && column->type.kind != VF_K_JSON;
}

/* Those that SQLite has words of its own for, and shows in capitals since 3.37 however they were written: the memory of a move knows a column again by what it shows. */
static const char *shown_name(const char *native, struct vf_arena *arena)
{
    static const char *const own[] = {"ANY", "BLOB", "INT", "INTEGER", "REAL", "TEXT"};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (vf_strcasecmp(native, own[i]) == 0)
            return own[i];
    }
    return vf_arena_strdup(arena, native);
}

static bool is_single_key(const struct vf_table *table, int column)
{
    if (table->primary_key < 0 || table->without_rowid || column < 0)
        return false;
    const struct vf_index *key = &table->indexes[table->primary_key];
    const struct vf_column *part = &table->columns[column];
    return key->n_parts == 1 && key->parts[0].column == column && !key->parts[0].descending && part->not_null &&
           part->type.kind >= VF_K_I8 && part->type.kind <= VF_K_I64;
}

bool vf_sqlite_is_rowid(const struct vf_table *table, size_t column)
{
    return is_single_key(table, (int)column) && vf_strcasecmp(table->columns[column].native, "INTEGER") == 0;
}

/* Only a key that is the rowid counts by itself. */
static void map_counting(const struct vf_table *table, const struct vf_column *column, struct vf_mapping *mapping)
{
    if (column->generated == VF_GENERATED_NO || column->generated == VF_GENERATED_STORED ||
        column->generated == VF_GENERATED_VIRTUAL)
        return;
    if (!is_single_key(table, vf_table_find_column(table, column->name)) ||
        vf_strcasecmp(mapping->native, "INTEGER") != 0)
        mapping->counts_not = "SQLite counts in a whole number that is the primary key alone, and in no other column: "
                              "every row must bring its number; it is remembered for the way back";
    else if (column->generated != VF_GENERATED_AUTOINCREMENT)
        mapping->counts_not_same = "without AUTOINCREMENT SQLite goes on one above the largest number that is there, "
                                   "and gives those of rows deleted at the end again";
}

enum vf_status vf_sqlite_map_column(struct vf_conn *base, const struct vf_table *table, const struct vf_column *column,
                                    struct vf_arena *arena, struct vf_mapping *mapping, struct vf_error *err)
{
    const struct vf_sqlite_type *type = &vf_sqlite_types[column->type.kind];
    *mapping =
        (struct vf_mapping){.native = type->native, .form = type->form, .fidelity = type->fidelity, .how = type->note};
    bool is_libsql = vf_sqlite_conn_of(base)->is_libsql || vf_sqlite_is_float8(column->native);
    const char *name = is_libsql && !table->strict ? vf_sqlite_libsql_name(column->type) : NULL;
    bool is_declared = is_sqlite_declaration(column) && !vf_sqlite_is_float8(column->native);
    if (name != NULL && !(is_declared && column->form == VF_FORM_LIBSQL)) {
        mapping->native = vf_arena_printf(arena, "%s(%u)", name, column->type.dim);
        if (mapping->native == NULL)
            return vf_error_nomem(err);
        mapping->form = VF_FORM_LIBSQL;
        mapping->how = NULL;
        mapping->not_kept = true;
    } else if (is_declared && !is_single_key(table, vf_table_find_column(table, column->name))) {
        mapping->native = shown_name(column->native, arena);
        if (mapping->native == NULL)
            return vf_error_nomem(err);
        mapping->form = column->form;
        mapping->how = NULL;
    }
    enum vf_status status = map_default(column, mapping, &mapping->default_moved, &mapping->default_why, err);
    if (is_single_key(table, vf_table_find_column(table, column->name)) &&
        vf_strcasecmp(mapping->native, "INTEGER") == 0) {
        /* As AUTOINCREMENT the key counts on from the sequence's value: nothing is lost with that default. */
        mapping->default_moved = column->def.kind == VF_DEFAULT_SEQUENCE;
        mapping->default_why =
            mapping->default_moved ? NULL : "an INTEGER PRIMARY KEY of SQLite's counts by itself, and takes no default";
        mapping->has_no_default = true;
    }
    map_counting(table, column, mapping);
    return status;
}

/* ---- indexes ---- */

/* Why an index can't be made here; NULL: it can. */
static const char *obstacle(const struct vf_index *index)
{
    if (index->kind == VF_INDEX_OTHER)
        return "SQLite has only B-trees; the index is remembered for the way back";
    for (size_t i = 0; i < index->n_parts; i++) {
        if (index->parts[i].column < 0 && index->parts[i].expr == NULL)
            return "its expression isn't one that was translated";
    }
    if (index->nulls_not_distinct)
        return "SQLite takes NULLs for distinct in a unique index";
    return index->predicate != NULL && index->predicate_expr == NULL ? "its condition isn't one that was translated"
                                                                     : NULL;
}

/* Is there an object of this name that is no index of this table? Names of tables and indexes are one set in SQLite. */
static enum vf_status is_taken(struct vf_sqlite_conn *conn, const char *table, const char *name, bool *taken,
                               struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum vf_status status = vf_sqlite_prepare(
        conn, "SELECT 1 FROM sqlite_master WHERE name = ?1 COLLATE NOCASE AND (type <> 'index' OR tbl_name <> ?2)",
        &stmt, err);
    if (status == VF_OK) {
        conn->lib->bind_text64(stmt, 1, name, strlen(name), SQLITE_STATIC, SQLITE_UTF8);
        conn->lib->bind_text64(stmt, 2, table, strlen(table), SQLITE_STATIC, SQLITE_UTF8);
        status = vf_sqlite_step(conn, stmt, &row, err);
    }
    conn->lib->finalize(stmt);
    *taken = row;
    return status;
}

static enum vf_status name_index(struct vf_sqlite_conn *conn, const struct vf_table *table, struct vf_index *index,
                                 struct vf_arena *arena, struct vf_error *err)
{
    bool taken = false;
    if (index->constraint != VF_CONSTRAINT_NONE)
        return VF_OK;
    if (index->name == NULL)
        index->name =
            vf_arena_printf(arena, "%s_%s_idx", table->name,
                            index->parts[0].column >= 0 ? table->columns[index->parts[0].column].name : "expr");
    enum vf_status status =
        index->name == NULL ? vf_error_nomem(err) : is_taken(conn, table->name, index->name, &taken, err);
    if (status == VF_OK && (taken || vf_strcasecmp(index->name, table->name) == 0))
        index->name = vf_arena_printf(arena, "%s_%s", index->name, table->name);
    return status == VF_OK && index->name == NULL ? vf_error_nomem(err) : status;
}

enum vf_status vf_sqlite_map_index(struct vf_conn *base, const struct vf_table *table, const struct vf_index *index,
                                   struct vf_arena *arena, struct vf_index_mapping *mapping, struct vf_error *err)
{
    *mapping = (struct vf_index_mapping){.index = *index};
    if (table->kind == VF_TABLE_VEC0)
        return vf_vec0_map_index(table, arena, mapping, err);
    if (vf_index_is_vector(index->kind))
        return vf_sqlite_map_vector_index(vf_sqlite_conn_of(base), table, arena, mapping, err);
    if (index->kind == VF_INDEX_FULLTEXT)
        return vf_sqlite_map_fulltext(vf_sqlite_conn_of(base), table, arena, mapping, err);
    mapping->why = obstacle(index);
    mapping->moved = mapping->why == NULL && index->n_parts > 0;
    if (!mapping->moved)
        return VF_OK;
    if (index->kind == VF_INDEX_HASH)
        mapping->why = "a B-tree instead of a hash";
    else if (index->n_included > 0)
        mapping->why = "the columns that were only carried along are left out";
    else if (index->deferrable && index->constraint == VF_CONSTRAINT_UNIQUE)
        mapping->why = "checked at once, for SQLite can't defer a unique constraint";
    mapping->index.kind = VF_INDEX_BTREE;
    mapping->index.method = "btree";
    mapping->index.n_included = 0;
    mapping->index.included = NULL;
    mapping->index.deferrable = mapping->index.initially_deferred = false;
    mapping->index.parts = vf_arena_alloc(arena, index->n_parts, sizeof(*index->parts));
    if (mapping->index.parts == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < index->n_parts; i++)
        mapping->index.parts[i] = (struct vf_key_part){
            .column = index->parts[i].column,
            .expression = index->parts[i].expression,
            .expr = index->parts[i].expr,
            .descending = index->parts[i].descending,
            .collation = vf_sqlite_collation(index->parts[i].collation),
            .nulls_first = !index->parts[i].descending,
        };
    return name_index(vf_sqlite_conn_of(base), table, &mapping->index, arena, err);
}
