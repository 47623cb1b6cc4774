#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/duckdb/expression.h"
#include "engine/duckdb/fulltext.h"
#include "engine/duckdb/inspect.h"
#include "engine/duckdb/types.h"
#include "engine/store.h"

/* ---- sequences ---- */

bool vf_duckdb_sequence_next(const char *sql, int64_t *next)
{
    const char *start = NULL;
    for (const char *at = strstr(sql, " START "); at != NULL; at = strstr(at + 1, " START "))
        start = at; /* the last one: the name may hold the words too */
    if (start == NULL)
        return false;
    start += strlen(" START ");
    return vf_parse_i64(start, strcspn(start, " ;"), next);
}

/* The column whose default it is, if it is the default of one. */
static void find_owner(struct vf_schema *schema, struct vf_sequence *sequence)
{
    size_t n_owners = 0;
    for (size_t i = 0; i < schema->n_tables; i++) {
        const struct vf_table *table = &schema->tables[i];
        for (size_t k = 0; k < table->n_columns; k++) {
            const struct vf_default *def = &table->columns[k].def;
            const char *in_schema = NULL, *name = NULL;
            if (def->kind != VF_DEFAULT_SEQUENCE ||
                !vf_duckdb_split_name(def->text, &schema->arena, &in_schema, &name) ||
                strcmp(name, sequence->name) != 0 || strcmp(vf_duckdb_schema(in_schema), sequence->schema) != 0)
                continue;
            n_owners++;
            sequence->owner_schema = table->schema;
            sequence->owner_table = table->name;
            sequence->owner_column = table->columns[k].name;
        }
    }
    if (n_owners != 1)
        sequence->owner_schema = sequence->owner_table = sequence->owner_column = NULL;
}

static enum vf_status add_sequence(struct vf_schema *schema, const struct vf_duckdb_rows *rows, struct vf_error *err)
{
    struct vf_sequence read = {.native = "bigint", .cache = 1};
    const char *sql = NULL;
    int64_t next = 0;
    enum vf_status status = vf_duckdb_copy_text(rows, 0, &schema->arena, &read.schema, err);
    if (status == VF_OK)
        status = vf_duckdb_copy_text(rows, 1, &schema->arena, &read.name, err);
    if (status == VF_OK)
        status = vf_duckdb_copy_text(rows, 2, &schema->arena, &sql, err);
    if (status != VF_OK)
        return status;
    read.start = vf_duckdb_i64(rows, 3);
    read.min = vf_duckdb_i64(rows, 4);
    read.max = vf_duckdb_i64(rows, 5);
    read.increment = vf_duckdb_i64(rows, 6);
    read.cycle = vf_duckdb_bool(rows, 7);
    if (!vf_duckdb_sequence_next(sql, &next))
        next = read.start;
    read.last = next;
    /* Said as the last value that was handed out, where there can have been one. */
    bool has_last = read.increment > 0 ? next - read.increment >= read.min && next > INT64_MIN + read.increment
                                       : next - read.increment <= read.max && next < INT64_MAX + read.increment;
    if (has_last) {
        read.last = next - read.increment;
        read.is_called = true;
    }
    find_owner(schema, &read);
    struct vf_sequence *added = vf_schema_add_sequence(schema);
    if (added == NULL)
        return vf_error_nomem(err);
    *added = read;
    return VF_OK;
}

static enum vf_status read_sequences(struct vf_duckdb_conn *conn, struct vf_schema *schema, struct vf_error *err)
{
    struct vf_duckdb_rows rows;
    bool more = true;
    enum vf_status status =
        vf_duckdb_query(conn,
                        "SELECT schema_name, sequence_name, sql, start_value, min_value, max_value, increment_by, "
                        "cycle FROM duckdb_sequences() WHERE database_name = '" VF_DUCKDB_CATALOG
                        "' AND NOT temporary ORDER BY sequence_oid",
                        0, NULL, &rows, err);
    while (status == VF_OK && more) {
        status = vf_duckdb_next(&rows, &more, err);
        if (status == VF_OK && more)
            status = add_sequence(schema, &rows, err);
    }
    vf_duckdb_rows_close(&rows);
    return status;
}

/* ---- enums ---- */

static const char enums_sql[] =
    "SELECT schema_name, type_name, label FROM (SELECT schema_name, type_name, type_oid, unnest(labels) AS label, "
    "generate_subscripts(labels, 1) AS i FROM duckdb_types() WHERE database_name = '" VF_DUCKDB_CATALOG
    "' AND NOT internal AND logical_type = 'ENUM') ORDER BY schema_name, type_name, type_oid, i";

static enum vf_status add_label(struct vf_schema *schema, const struct vf_duckdb_rows *rows, struct vf_error *err)
{
    struct vf_arena *arena = &schema->arena;
    const char *texts[3] = {NULL, NULL, NULL};
    enum vf_status status = VF_OK;
    for (idx_t i = 0; status == VF_OK && i < 3; i++)
        status = vf_duckdb_copy_text(rows, i, arena, &texts[i], err);
    if (status != VF_OK || texts[2] == NULL)
        return status;
    struct vf_user_type *type = schema->n_user_types > 0 ? &schema->user_types[schema->n_user_types - 1] : NULL;
    if (type == NULL || strcmp(type->schema, texts[0]) != 0 || strcmp(type->name, texts[1]) != 0) {
        type = vf_schema_add_user_type(schema);
        if (type == NULL)
            return vf_error_nomem(err);
        *type = (struct vf_user_type){.schema = texts[0], .name = texts[1], .kind = VF_USER_TYPE_ENUM};
    }
    if ((type->n_labels & (type->n_labels - 1)) == 0) { /* the next power of two: the old place is left to the arena */
        const char **grown = vf_arena_alloc(arena, type->n_labels == 0 ? 1 : type->n_labels * 2, sizeof(*grown));
        if (grown == NULL)
            return vf_error_nomem(err);
        if (type->n_labels > 0)
            memcpy(grown, type->labels, type->n_labels * sizeof(*grown));
        type->labels = grown;
    }
    type->labels[type->n_labels++] = texts[2];
    return VF_OK;
}

static enum vf_status read_enums(struct vf_duckdb_conn *conn, struct vf_schema *schema, struct vf_error *err)
{
    struct vf_duckdb_rows rows;
    bool more = true;
    enum vf_status status = vf_duckdb_query(conn, enums_sql, 0, NULL, &rows, err);
    while (status == VF_OK && more) {
        status = vf_duckdb_next(&rows, &more, err);
        if (status == VF_OK && more)
            status = add_label(schema, &rows, err);
    }
    vf_duckdb_rows_close(&rows);
    return status;
}

/*
 * The labels of a column, and the name of its type. DuckDB's catalogue doesn't know which type a column was declared by, only its labels: types of the same labels are one and the same to it.
 * So a column is of the type with its labels; of several that of the table's own schema, else the first by name.
 */
static enum vf_status name_enum(struct vf_schema *schema, const struct vf_table *table, struct vf_column *column,
                                struct vf_error *err)
{
    struct vf_buf native;
    enum vf_status status = VF_OK;
    const struct vf_user_type *found = NULL;
    for (size_t i = 0; status == VF_OK && i < schema->n_user_types; i++) {
        const struct vf_user_type *type = &schema->user_types[i];
        vf_buf_init(&native, VF_BUF_MAX);
        vf_duckdb_write_enum(type->n_labels, type->labels, &native);
        status = vf_buf_check(&native, err);
        bool is_it = status == VF_OK && strlen(column->native) == native.size_bytes &&
                     memcmp(column->native, native.data, native.size_bytes) == 0;
        vf_buf_release(&native);
        if (is_it &&
            (found == NULL || (strcmp(found->schema, table->schema) != 0 && strcmp(type->schema, table->schema) == 0)))
            found = type;
    }
    if (status == VF_OK && found != NULL) {
        column->type_schema = found->schema;
        column->type_name = found->name;
        column->n_labels = found->n_labels;
        column->labels = found->labels;
    }
    return status;
}

static enum vf_status name_enums(struct vf_schema *schema, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    for (size_t i = 0; i < schema->n_tables; i++) {
        const struct vf_table *table = &schema->tables[i];
        for (size_t k = 0; status == VF_OK && k < table->n_columns; k++) {
            if (table->columns[k].type.kind == VF_K_ENUM)
                status = name_enum(schema, table, &table->columns[k], err);
        }
    }
    return status;
}

/* ---- the rest ---- */

#define OF_USERS "database_name = '" VF_DUCKDB_CATALOG "' AND NOT internal"
#define COMMENT(word, name, from)                                                                                      \
    " UNION ALL SELECT DISTINCT 'comment', schema_name, '" word " ' || " name ", comment::VARCHAR FROM " from          \
    " WHERE " OF_USERS " AND comment IS NOT NULL"

static const char others_sql[] =
    "SELECT 'view', schema_name, view_name, sql FROM duckdb_views() WHERE " OF_USERS
    " UNION ALL SELECT DISTINCT CASE function_type WHEN 'table_macro' THEN 'table macro' ELSE 'macro' END, "
    "schema_name, function_name, macro_definition FROM duckdb_functions() WHERE " OF_USERS
    " AND NOT (function_name IN ('tokenize', 'match_bm25') AND schema_name IN " VF_DUCKDB_FULLTEXT_SCHEMAS
    ") UNION ALL SELECT 'type', schema_name, type_name, logical_type FROM duckdb_types() WHERE " OF_USERS
    " AND logical_type <> 'ENUM'"
    " UNION ALL SELECT 'schema', NULL, schema_name, NULL FROM duckdb_schemas() WHERE " OF_USERS
    " AND schema_name NOT IN (SELECT schema_name FROM duckdb_tables() WHERE " OF_USERS
    " UNION ALL SELECT schema_name FROM duckdb_views() WHERE " OF_USERS
    " UNION ALL SELECT schema_name FROM duckdb_sequences() WHERE database_name = '" VF_DUCKDB_CATALOG
    "' UNION ALL SELECT schema_name FROM duckdb_types() WHERE " OF_USERS
    ")" COMMENT("view", "view_name", "duckdb_views()") COMMENT("macro", "function_name", "duckdb_functions()")
        COMMENT("type", "type_name",
                "duckdb_types()") " UNION ALL SELECT 'comment', schema_name, 'index ' || index_name, "
                                  "comment::VARCHAR FROM duckdb_indexes() WHERE database_name = '" VF_DUCKDB_CATALOG
                                  "' AND comment IS NOT NULL UNION ALL SELECT 'comment', schema_name, 'sequence ' || "
                                  "sequence_name, "
                                  "comment::VARCHAR FROM duckdb_sequences() WHERE database_name = '" VF_DUCKDB_CATALOG
                                  "' AND comment IS NOT NULL "
                                  "UNION ALL SELECT 'comment', NULL, 'schema ' || schema_name, comment::VARCHAR FROM "
                                  "duckdb_schemas() WHERE "
                                  "database_name = '" VF_DUCKDB_CATALOG "' AND comment IS NOT NULL ORDER BY 1, 2, 3";

static enum vf_status add_other(struct vf_schema *schema, const struct vf_duckdb_rows *rows, struct vf_error *err)
{
    struct vf_other read = {0};
    const char **texts[] = {&read.kind, &read.schema, &read.name, &read.text};
    enum vf_status status = VF_OK;
    for (idx_t i = 0; status == VF_OK && i < sizeof(texts) / sizeof(texts[0]); i++)
        status = vf_duckdb_copy_text(rows, i, &schema->arena, texts[i], err);
    if (status != VF_OK || vf_str_starts(read.name, VF_STORE_PREFIX))
        return status;
    if (strcmp(read.kind, "schema") == 0)
        read.why = "there is nothing in it that could be moved";
    if (strcmp(read.kind, "comment") == 0)
        read.why = "only comments on tables and columns are moved";
    if (strcmp(read.kind, "type") == 0)
        read.why = "columns of the type are moved by what it stands for";
    if (strcmp(read.kind, "view") == 0)
        read.dialect = vf_duckdb_dialect.name;
    struct vf_other *added = vf_schema_add_other(schema);
    if (added == NULL)
        return vf_error_nomem(err);
    *added = read;
    return VF_OK;
}

enum vf_status vf_duckdb_inspect_objects(struct vf_duckdb_conn *conn, struct vf_schema *schema, struct vf_error *err)
{
    struct vf_duckdb_rows rows;
    bool more = true;
    enum vf_status status = read_sequences(conn, schema, err);
    if (status == VF_OK)
        status = read_enums(conn, schema, err);
    if (status == VF_OK)
        status = name_enums(schema, err);
    if (status != VF_OK)
        return status;
    status = vf_duckdb_query(conn, others_sql, 0, NULL, &rows, err);
    while (status == VF_OK && more) {
        status = vf_duckdb_next(&rows, &more, err);
        if (status == VF_OK && more)
            status = add_other(schema, &rows, err);
    }
    vf_duckdb_rows_close(&rows);
    return status;
}
