#include <string.h>

#include "base/text.h"
#include "engine/duckdb/hnsw.h"
#include "engine/duckdb/inspect.h"

/* A constraint's columns come as rows, one for each. Its name isn't read: DuckDB doesn't keep the one that it was given, and shows one that it makes of the columns' names, however long. */
struct key_row {
    const char *schema, *table, *kind, *column, *to_table, *to_column;
    int64_t number; /* of the constraint in its table */
};

struct reader {
    struct vf_schema *schema;
    struct vf_table *table; /* of the constraint that is being read */
    int64_t number;
    struct vf_index *index;
    struct vf_foreign_key *key;
};

static enum vf_status read_row(const struct vf_duckdb_rows *rows, struct vf_arena *arena, struct key_row *row,
                               struct vf_error *err)
{
    const char **texts[] = {&row->schema, &row->table, &row->kind, &row->column, &row->to_table, &row->to_column};
    enum vf_status status = VF_OK;
    for (idx_t i = 0; status == VF_OK && i < sizeof(texts) / sizeof(texts[0]); i++)
        status = vf_duckdb_copy_text(rows, i, arena, texts[i], err);
    row->number = vf_duckdb_i64(rows, 6);
    return status;
}

static enum vf_status begin_index(struct reader *reader, const struct key_row *row, struct vf_error *err)
{
    bool is_primary = strcmp(row->kind, "PRIMARY KEY") == 0;
    reader->index = vf_table_add_index(reader->schema, reader->table);
    if (reader->index == NULL)
        return vf_error_nomem(err);
    reader->index->method = "btree";
    reader->index->constraint = is_primary ? VF_CONSTRAINT_PRIMARY : VF_CONSTRAINT_UNIQUE;
    reader->index->unique = true;
    if (is_primary)
        reader->table->primary_key = (int)reader->table->n_indexes - 1;
    return VF_OK;
}

static enum vf_status begin_foreign_key(struct reader *reader, const struct key_row *row, struct vf_error *err)
{
    reader->key = vf_table_add_foreign_key(reader->schema, reader->table);
    if (reader->key == NULL)
        return vf_error_nomem(err);
    reader->key->to_table = row->to_table;
    reader->key->columns = vf_arena_alloc(&reader->schema->arena, reader->table->n_columns + 1, sizeof(int));
    reader->key->to_columns = vf_arena_alloc(&reader->schema->arena, reader->table->n_columns + 1, sizeof(char *));
    return reader->key->columns == NULL || reader->key->to_columns == NULL ? vf_error_nomem(err) : VF_OK;
}

static enum vf_status take_row(struct reader *reader, const struct key_row *row, struct vf_error *err)
{
    struct vf_table *table = vf_schema_find_table(reader->schema, row->schema, row->table);
    bool is_foreign = strcmp(row->kind, "FOREIGN KEY") == 0;
    enum vf_status status = VF_OK;
    if (table == NULL)
        return VF_OK;
    if (table != reader->table || row->number != reader->number) {
        reader->table = table;
        reader->number = row->number;
        reader->index = NULL;
        reader->key = NULL;
        status = is_foreign ? begin_foreign_key(reader, row, err) : begin_index(reader, row, err);
    }
    int column = row->column != NULL ? vf_table_find_column(table, row->column) : -1;
    if (status != VF_OK || column < 0)
        return status;
    if (is_foreign) {
        reader->key->columns[reader->key->n_columns] = column;
        reader->key->to_columns[reader->key->n_columns++] = row->to_column;
        return VF_OK;
    }
    struct vf_key_part *part = vf_index_add_part(reader->schema, reader->index);
    if (part == NULL)
        return vf_error_nomem(err);
    part->column = column;
    if (reader->index->constraint == VF_CONSTRAINT_PRIMARY)
        table->columns[column].not_null = true;
    return VF_OK;
}

/* The catalogue doesn't say in which schema the parent is: that of the child, or the only one that has such a table. */
static void find_parents(struct vf_schema *schema)
{
    for (size_t i = 0; i < schema->n_tables; i++) {
        struct vf_table *table = &schema->tables[i];
        for (size_t k = 0; k < table->n_foreign_keys; k++) {
            struct vf_foreign_key *key = &table->foreign_keys[k];
            const struct vf_table *parent = vf_schema_find_table(schema, table->schema, key->to_table);
            if (parent == NULL)
                parent = vf_schema_find_table(schema, NULL, key->to_table);
            key->to_schema = parent != NULL ? parent->schema : table->schema;
        }
    }
}

static enum vf_status read_checks(struct vf_duckdb_conn *conn, struct vf_schema *schema, struct vf_error *err)
{
    struct vf_duckdb_rows rows;
    bool more = true;
    enum vf_status status =
        vf_duckdb_query(conn,
                        "SELECT schema_name, table_name, expression FROM duckdb_constraints() WHERE "
                        "database_name = '" VF_DUCKDB_CATALOG "' AND constraint_type = 'CHECK' "
                        "ORDER BY table_oid, constraint_index",
                        0, NULL, &rows, err);
    while (status == VF_OK && more) {
        const char *texts[3] = {NULL, NULL, NULL};
        status = vf_duckdb_next(&rows, &more, err);
        if (status != VF_OK || !more)
            break;
        for (idx_t i = 0; status == VF_OK && i < 3; i++)
            status = vf_duckdb_copy_text(&rows, i, &schema->arena, &texts[i], err);
        struct vf_table *table = status == VF_OK ? vf_schema_find_table(schema, texts[0], texts[1]) : NULL;
        struct vf_check *check = table != NULL ? vf_table_add_check(schema, table) : NULL;
        if (table != NULL && check == NULL)
            status = vf_error_nomem(err);
        if (check != NULL)
            *check = (struct vf_check){.expression = texts[2]};
    }
    vf_duckdb_rows_close(&rows);
    return status;
}

enum vf_status vf_duckdb_inspect_keys(struct vf_duckdb_conn *conn, struct vf_schema *schema, struct vf_error *err)
{
    struct reader reader = {.schema = schema, .number = -1};
    struct vf_duckdb_rows rows;
    bool more = true;
    enum vf_status status = vf_duckdb_query(
        conn,
        "SELECT schema_name, table_name, constraint_type, unnest(constraint_column_names), "
        "referenced_table, unnest(referenced_column_names), constraint_index::BIGINT FROM (SELECT * FROM "
        "duckdb_constraints() WHERE database_name = '" VF_DUCKDB_CATALOG
        "' AND constraint_type IN ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY') ORDER BY table_oid, constraint_index)",
        0, NULL, &rows, err);
    while (status == VF_OK && more) {
        struct key_row row = {0};
        status = vf_duckdb_next(&rows, &more, err);
        if (status == VF_OK && more)
            status = read_row(&rows, &schema->arena, &row, err);
        if (status == VF_OK && more)
            status = take_row(&reader, &row, err);
    }
    vf_duckdb_rows_close(&rows);
    find_parents(schema);
    return status == VF_OK ? read_checks(conn, schema, err) : status;
}

/* ---- indexes ---- */

/* Behind "CREATE [UNIQUE] INDEX name ON table", which may be quoted, at the blank or parenthesis that follows. */
static const char *behind_table(const char *sql)
{
    const char *at = sql;
    bool is_after_on = false;
    while (*at != '\0') {
        if (*at == '"') {
            const char *end = at + 1;
            while (*end != '\0' && (*end != '"' || end[1] == '"'))
                end += *end == '"' ? 2 : 1;
            at = *end == '"' ? end + 1 : end;
        } else if (!is_after_on && strncmp(at, " ON ", 4) == 0) {
            is_after_on = true;
            at += 4;
        } else if (is_after_on && (*at == ' ' || *at == '(')) {
            return at;
        } else {
            at++;
        }
    }
    return at;
}

static enum vf_status read_parts(struct vf_schema *schema, struct vf_table *table, struct vf_index *index,
                                 const char *sql, struct vf_error *err)
{
    const char *at = behind_table(sql);
    if (vf_str_starts(at, " USING ")) {
        at += strlen(" USING ");
        index->method = vf_arena_strndup(&schema->arena, at, strcspn(at, " ("));
        if (index->method == NULL)
            return vf_error_nomem(err);
        bool is_hnsw = vf_strcasecmp(index->method, "HNSW") == 0;
        index->kind = is_hnsw                                    ? VF_INDEX_HNSW
                      : vf_strcasecmp(index->method, "ART") == 0 ? VF_INDEX_BTREE
                                                                 : VF_INDEX_OTHER;
        at += strcspn(at, "(");
    }
    at += strcspn(at, "(");
    at += *at == '(';
    for (const char *text = vf_duckdb_next_part(&at, &schema->arena); text != NULL;
         text = vf_duckdb_next_part(&at, &schema->arena)) {
        const char *name = vf_duckdb_part_name(text, &schema->arena);
        struct vf_key_part *part = vf_index_add_part(schema, index);
        if (part == NULL)
            return vf_error_nomem(err);
        part->column = name != NULL ? vf_table_find_column(table, name) : -1;
        part->expression = part->column < 0 ? text : NULL;
    }
    return VF_OK;
}

/* `missing`: why what the catalogue has lost of an HNSW index can't be asked for, or NULL. */
static enum vf_status add_index(struct vf_schema *schema, const struct vf_duckdb_rows *rows,
                                const struct vf_error *missing, struct vf_error *err)
{
    const char *texts[4] = {NULL, NULL, NULL, NULL};
    enum vf_status status = VF_OK;
    for (idx_t i = 0; status == VF_OK && i < 4; i++)
        status = vf_duckdb_copy_text(rows, i, &schema->arena, &texts[i], err);
    struct vf_table *table = status == VF_OK ? vf_schema_find_table(schema, texts[0], texts[1]) : NULL;
    if (table == NULL || texts[3] == NULL)
        return status;
    struct vf_index *index = vf_table_add_index(schema, table);
    if (index == NULL)
        return vf_error_nomem(err);
    index->name = texts[2];
    index->kind = VF_INDEX_BTREE;
    index->method = "btree";
    index->unique = vf_duckdb_bool(rows, 4);
    index->definition = texts[3];
    status = read_parts(schema, table, index, texts[3], err);
    if (status == VF_OK && missing != NULL && index->kind == VF_INDEX_HNSW) {
        index->unread = vf_arena_strdup(&schema->arena, missing->message);
        index->unread_remedy = vf_arena_strdup(&schema->arena, missing->hint);
        if (index->unread == NULL || index->unread_remedy == NULL)
            status = vf_error_nomem(err);
    }
    return status;
}

static bool has_hnsw(const struct vf_schema *schema)
{
    for (size_t i = 0; i < schema->n_tables; i++) {
        for (size_t k = 0; k < schema->tables[i].n_indexes; k++) {
            if (schema->tables[i].indexes[k].kind == VF_INDEX_HNSW)
                return true;
        }
    }
    return false;
}

enum vf_status vf_duckdb_inspect_indexes(struct vf_duckdb_conn *conn, struct vf_schema *schema, struct vf_error *err)
{
    const struct vf_error *missing = vf_duckdb_instance_lacks_vss(conn->instance);
    struct vf_duckdb_rows rows;
    bool more = true;
    enum vf_status status =
        vf_duckdb_query(conn,
                        "SELECT schema_name, table_name, index_name, sql, is_unique FROM duckdb_indexes() WHERE "
                        "database_name = '" VF_DUCKDB_CATALOG "' ORDER BY table_oid, index_oid",
                        0, NULL, &rows, err);
    while (status == VF_OK && more) {
        status = vf_duckdb_next(&rows, &more, err);
        if (status == VF_OK && more)
            status = add_index(schema, &rows, missing, err);
    }
    vf_duckdb_rows_close(&rows);
    if (status == VF_OK && missing == NULL && has_hnsw(schema))
        status = vf_duckdb_hnsw_inspect(conn, schema, err);
    return status;
}
