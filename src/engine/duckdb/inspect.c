#include "engine/duckdb/inspect.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/duckdb/default.h"
#include "engine/duckdb/fulltext.h"
#include "engine/duckdb/scan.h"
#include "engine/duckdb/types.h"
#include "engine/memory.h"
#include "engine/store.h"

/* ---- pieces of SQL that DuckDB wrote ---- */

/* Behind a quoted name or text that begins at `at`. */
static const char *skip_quoted(const char *at)
{
    const char quote = *at++;
    while (*at != '\0') {
        if (*at == quote && at[1] != quote)
            return at + 1;
        at += *at == quote ? 2 : 1;
    }
    return at;
}

/* The first place of the word that isn't in a quoted name or text; NULL: none. */
static const char *find_bare(const char *at, const char *word)
{
    while (*at != '\0' && !vf_str_starts(at, word))
        at = *at == '\'' || *at == '"' ? skip_quoted(at) : at + 1;
    return *at != '\0' ? at : NULL;
}

const char *vf_duckdb_next_part(const char **at, struct vf_arena *arena)
{
    const char *start = *at + strspn(*at, " ,"), *end = start;
    int depth = 0;
    if (*start == '\0' || *start == ')')
        return NULL;
    while (*end != '\0' && (depth > 0 || (*end != ',' && *end != ')'))) {
        if (*end == '\'' || *end == '"') {
            end = skip_quoted(end);
            continue;
        }
        depth += *end == '(' ? 1 : *end == ')' ? -1 : 0;
        end++;
    }
    *at = end;
    return vf_arena_strndup(arena, start, (size_t)(end - start));
}

const char *vf_duckdb_part_name(const char *part, struct vf_arena *arena)
{
    static const char word[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    size_t n = 0;
    if (part[0] != '"')
        return part[0] != '\0' && part[strspn(part, word)] == '\0' ? vf_arena_strdup(arena, part) : NULL;
    if (*skip_quoted(part) != '\0')
        return NULL;
    char *name = vf_arena_strdup(arena, part);
    for (const char *c = part + 1; name != NULL && c[0] != '\0' && c[1] != '\0'; c++) {
        name[n++] = *c;
        c += *c == '"';
    }
    if (name != NULL)
        name[n] = '\0';
    return name;
}

const char *vf_duckdb_nextval_name(const char *text, struct vf_arena *arena)
{
    static const char start[] = "nextval('";
    size_t size = strlen(text), n = 0;
    if (!vf_str_starts(text, start) || size < sizeof(start) + 1 || strcmp(text + size - 2, "')") != 0)
        return NULL;
    char *name = vf_arena_strdup(arena, text);
    for (const char *c = text + sizeof(start) - 1; name != NULL && c < text + size - 2; c++) {
        name[n++] = *c;
        c += *c == '\'';
    }
    if (name != NULL)
        name[n] = '\0';
    return name;
}

bool vf_duckdb_split_name(const char *text, struct vf_arena *arena, const char **schema, const char **name)
{
    *schema = *name = NULL;
    while (*text != '\0') {
        const char *end = text[0] == '"' ? skip_quoted(text) : text + strcspn(text, ".");
        const char *part = vf_arena_strndup(arena, text, (size_t)(end - text));
        *schema = *name;
        *name = part == NULL ? NULL : text[0] == '"' ? vf_duckdb_part_name(part, arena) : part;
        if (*name == NULL)
            return false;
        text = *end == '.' ? end + 1 : end;
    }
    return *name != NULL;
}

/* ---- tables ---- */

static bool is_own(const char *name)
{
    return vf_str_starts(name, VF_STORE_PREFIX);
}

static enum vf_status add_table(struct vf_schema *schema, const struct vf_duckdb_rows *rows, struct vf_error *err)
{
    struct vf_arena *arena = &schema->arena;
    const char *schema_name = NULL, *name = NULL, *comment = NULL;
    enum vf_status status = vf_duckdb_copy_text(rows, 0, arena, &schema_name, err);
    if (status == VF_OK)
        status = vf_duckdb_copy_text(rows, 1, arena, &name, err);
    if (status == VF_OK)
        status = vf_duckdb_copy_text(rows, 2, arena, &comment, err);
    if (status != VF_OK || is_own(name))
        return status;
    struct vf_table *table = vf_schema_add_table(schema);
    if (table == NULL)
        return vf_error_nomem(err);
    table->schema = schema_name;
    table->name = name;
    table->comment = comment;
    table->primary_key = -1;
    table->n_rows = table->size_bytes = -1;
    return VF_OK;
}

static enum vf_status read_tables(struct vf_duckdb_conn *conn, struct vf_schema *schema, struct vf_error *err)
{
    struct vf_duckdb_rows rows;
    bool more = true;
    enum vf_status status = vf_duckdb_query(conn,
                                            "SELECT schema_name, table_name, comment::VARCHAR FROM duckdb_tables() "
                                            "WHERE database_name = '" VF_DUCKDB_CATALOG
                                            "' AND NOT internal AND NOT (table_name IN " VF_DUCKDB_FULLTEXT_TABLES
                                            " AND schema_name IN " VF_DUCKDB_FULLTEXT_SCHEMAS ") ORDER BY table_oid",
                                            0, NULL, &rows, err);
    while (status == VF_OK && more) {
        status = vf_duckdb_next(&rows, &more, err);
        if (status == VF_OK && more)
            status = add_table(schema, &rows, err);
    }
    vf_duckdb_rows_close(&rows);
    return status;
}

/* ---- columns ---- */

/* What only the text of CREATE TABLE says of a column: that it is generated, and its collation. The columns come first in it, in their order. */
static enum vf_status read_definition(struct vf_schema *schema, struct vf_table *table, const char *sql,
                                      struct vf_error *err)
{
    const char *at = find_bare(sql, "("); /* behind the names, which may hold one themselves */
    if (at == NULL)
        return VF_OK;
    at++;
    for (size_t i = 0; i < table->n_columns; i++) {
        const char *part = vf_duckdb_next_part(&at, &schema->arena);
        if (part == NULL)
            return VF_OK;
        struct vf_column *column = &table->columns[i];
        const char *behind = part[0] == '"' ? skip_quoted(part) : part + strcspn(part, " ");
        const char *generated = find_bare(behind, " GENERATED ALWAYS AS(");
        const char *collate = find_bare(behind, " COLLATE ");
        if (generated != NULL && column->def.text != NULL) {
            column->generated = VF_GENERATED_VIRTUAL;
            column->expression = column->def.text;
            column->def = (struct vf_default){0};
        }
        if (collate != NULL && generated == NULL) {
            collate += strlen(" COLLATE ");
            column->collation = vf_arena_strndup(&schema->arena, collate, strcspn(collate, " "));
            if (column->collation == NULL)
                return vf_error_nomem(err);
        }
    }
    return VF_OK;
}

static enum vf_status add_column(struct vf_schema *schema, struct vf_table *table, const struct vf_duckdb_rows *rows,
                                 struct vf_error *err)
{
    struct vf_arena *arena = &schema->arena;
    const char *text = NULL;
    struct vf_column *column = vf_table_add_column(schema, table);
    if (column == NULL)
        return vf_error_nomem(err);
    enum vf_status status = vf_duckdb_copy_text(rows, 2, arena, &column->name, err);
    if (status == VF_OK)
        status = vf_duckdb_copy_text(rows, 3, arena, &column->native, err);
    if (status == VF_OK)
        status = vf_duckdb_copy_text(rows, 5, arena, &text, err);
    if (status == VF_OK)
        status = vf_duckdb_copy_text(rows, 6, arena, &column->comment, err);
    if (status != VF_OK)
        return status;
    struct vf_duckdb_meaning meaning = vf_duckdb_type_of(column->native);
    column->type = meaning.type;
    column->form = meaning.form;
    column->not_null = !vf_duckdb_bool(rows, 4);
    return vf_duckdb_default_parse(text, arena, column, err);
}

static enum vf_status read_columns(struct vf_duckdb_conn *conn, struct vf_schema *schema, struct vf_error *err)
{
    struct vf_duckdb_rows rows;
    bool more = true;
    enum vf_status status = vf_duckdb_query(
        conn,
        "SELECT schema_name, table_name, column_name, data_type, is_nullable, column_default, comment::VARCHAR "
        "FROM duckdb_columns() WHERE database_name = '" VF_DUCKDB_CATALOG
        "' AND NOT internal ORDER BY table_oid, column_index",
        0, NULL, &rows, err);
    while (status == VF_OK && more) {
        const char *schema_name = NULL, *name = NULL;
        status = vf_duckdb_next(&rows, &more, err);
        if (status != VF_OK || !more)
            break;
        status = vf_duckdb_copy_text(&rows, 0, &schema->arena, &schema_name, err);
        if (status == VF_OK)
            status = vf_duckdb_copy_text(&rows, 1, &schema->arena, &name, err);
        struct vf_table *table = status == VF_OK ? vf_schema_find_table(schema, schema_name, name) : NULL;
        if (table != NULL)
            status = add_column(schema, table, &rows, err);
    }
    vf_duckdb_rows_close(&rows);
    return status;
}

static enum vf_status read_definitions(struct vf_duckdb_conn *conn, struct vf_schema *schema, struct vf_error *err)
{
    struct vf_duckdb_rows rows;
    bool more = true;
    enum vf_status status =
        vf_duckdb_query(conn,
                        "SELECT schema_name, table_name, sql FROM duckdb_tables() WHERE database_name = "
                        "'" VF_DUCKDB_CATALOG "' AND NOT internal",
                        0, NULL, &rows, err);
    while (status == VF_OK && more) {
        const char *texts[3] = {NULL, NULL, NULL};
        status = vf_duckdb_next(&rows, &more, err);
        if (status != VF_OK || !more)
            break;
        for (idx_t i = 0; status == VF_OK && i < 3; i++)
            status = vf_duckdb_copy_text(&rows, i, &schema->arena, &texts[i], err);
        struct vf_table *table = status == VF_OK ? vf_schema_find_table(schema, texts[0], texts[1]) : NULL;
        if (table != NULL && texts[2] != NULL)
            status = read_definition(schema, table, texts[2], err);
    }
    vf_duckdb_rows_close(&rows);
    return status;
}

static enum vf_status count_rows(struct vf_duckdb_conn *conn, struct vf_schema *schema, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    for (size_t i = 0; status == VF_OK && i < schema->n_tables; i++) {
        struct vf_table *table = &schema->tables[i];
        status = vf_duckdb_measure(conn, table->schema, table->name, &table->n_rows, &table->size_bytes, err);
        table->n_rows_exact = status == VF_OK;
        if (status != VF_OK)
            vf_error_wrap(err, "table %s", table->name);
    }
    return status;
}

enum vf_status vf_duckdb_inspect_one(struct vf_duckdb_conn *conn, const char *schema_name, const char *name,
                                     struct vf_schema *schema, struct vf_error *err)
{
    struct vf_schema all = {0};
    enum vf_status status = read_tables(conn, &all, err);
    if (status == VF_OK)
        status = read_columns(conn, &all, err);
    if (status == VF_OK)
        status = vf_duckdb_inspect_keys(conn, &all, err);
    if (status == VF_OK)
        status = vf_duckdb_inspect_indexes(conn, &all, err);
    /* Names fold case here. */
    for (size_t i = 0; status == VF_OK && i < all.n_tables; i++) {
        if (vf_strcasecmp(all.tables[i].name, name) != 0 ||
            vf_strcasecmp(all.tables[i].schema, vf_duckdb_schema(schema_name)) != 0)
            continue;
        all.tables[0] = all.tables[i];
        all.n_tables = 1;
        *schema = all;
        return VF_OK;
    }
    vf_schema_release(&all);
    return status;
}

enum vf_status vf_duckdb_inspect(struct vf_conn *base, const struct vf_inspect_options *options,
                                 struct vf_schema *schema, struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    enum vf_status status = read_tables(conn, schema, err);
    if (status == VF_OK)
        status = read_columns(conn, schema, err);
    if (status == VF_OK)
        status = read_definitions(conn, schema, err);
    if (status == VF_OK)
        status = vf_duckdb_inspect_keys(conn, schema, err);
    if (status == VF_OK)
        status = vf_duckdb_inspect_indexes(conn, schema, err);
    if (status == VF_OK)
        status = vf_duckdb_add_fulltext(conn, schema, err);
    if (status == VF_OK)
        status = vf_duckdb_inspect_objects(conn, schema, err);
    if (status == VF_OK)
        status = count_rows(conn, schema, err);
    if (status == VF_OK)
        status = vf_memory_lay(base, schema, err);
    if (status == VF_OK)
        status = vf_memory_lay_keys(base, schema, err);
    if (status == VF_OK && options->evidence)
        status = vf_duckdb_inspect_values(conn, options, schema, err);
    return status;
}
