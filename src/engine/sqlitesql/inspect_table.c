#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/create_table.h"
#include "engine/sqlitesql/default.h"
#include "engine/sqlitesql/inspect.h"
#include "engine/sqlitesql/questions.h"
#include "engine/sqlitesql/types.h"

enum xinfo {
    XINFO_NAME = 1,
    XINFO_TYPE,
    XINFO_NOT_NULL,
    XINFO_DEFAULT,
    XINFO_PK,
    XINFO_HIDDEN,
};

static bool is_no_rowid_or_strict(struct vf_sqlite_conn *conn, struct vf_table *table, sqlite3_stmt *stmt,
                                  enum vf_status *status, struct vf_error *err)
{
    bool row = false;
    *status = vf_sqlite_step(conn, stmt, &row, err);
    if (*status != VF_OK || !row)
        return false;
    table->without_rowid = conn->lib->column_int64(stmt, 0) != 0;
    table->strict = conn->lib->column_int64(stmt, 1) != 0;
    return true;
}

static enum vf_status read_table_kind(struct vf_sqlite_conn *conn, struct vf_table *table, struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    enum vf_status status = vf_sqlite_prepare(conn, VF_SQLITE_ASK_KIND, &stmt, err);
    if (status == VF_OK) {
        conn->lib->bind_text64(stmt, 1, table->name, strlen(table->name), SQLITE_STATIC, SQLITE_UTF8);
        (void)is_no_rowid_or_strict(conn, table, stmt, &status, err);
    }
    conn->lib->finalize(stmt);
    return status;
}

static const struct vf_sqlite_constraint *find_generated(const struct vf_sqlite_constraint *first, const char *column)
{
    for (const struct vf_sqlite_constraint *c = first; c != NULL; c = c->next) {
        if (c->kind == VF_SQLITE_GENERATED && c->n_columns == 1 && vf_strcasecmp(c->columns[0], column) == 0)
            return c;
    }
    return NULL;
}

/* Collation and AUTOINCREMENT, which no PRAGMA tells. */
static enum vf_status read_metadata(struct vf_sqlite_conn *conn, struct vf_schema *schema, const struct vf_table *table,
                                    struct vf_column *column, struct vf_error *err)
{
    const char *type = NULL;
    const char *collation = NULL;
    int not_null = 0;
    int is_key = 0;
    int is_autoincrement = 0;
    if (conn->lib->table_column_metadata(conn->db, "main", table->name, column->name, &type, &collation, &not_null,
                                         &is_key, &is_autoincrement) != SQLITE_OK)
        return vf_sqlite_fail(conn, err, "column %s", column->name);
    /* Some servers leave out what stands in parentheses: "F32_BLOB" for "F32_BLOB(3)". */
    if (type != NULL && strchr(type, '(') != NULL && strchr(column->native, '(') == NULL) {
        column->native = vf_arena_strdup(&schema->arena, type);
        if (column->native == NULL)
            return vf_error_nomem(err);
    }
    if (is_autoincrement)
        column->generated = VF_GENERATED_AUTOINCREMENT;
    if (collation != NULL && vf_strcasecmp(collation, "BINARY") != 0) {
        column->collation = vf_arena_strdup(&schema->arena, collation);
        if (column->collation == NULL)
            return vf_error_nomem(err);
    }
    return VF_OK;
}

static enum vf_status read_column(struct vf_sqlite_conn *conn, struct vf_schema *schema, struct vf_table *table,
                                  sqlite3_stmt *stmt, const struct vf_sqlite_constraint *constraints,
                                  struct vf_error *err)
{
    int64_t hidden = conn->lib->column_int64(stmt, XINFO_HIDDEN);
    if (hidden == 1)
        return VF_OK;
    struct vf_column *column = vf_table_add_column(schema, table);
    if (column == NULL)
        return vf_error_nomem(err);
    column->name = vf_arena_strdup(&schema->arena, vf_sqlite_column_str(conn, stmt, XINFO_NAME));
    column->native = vf_arena_strdup(&schema->arena, vf_sqlite_column_str(conn, stmt, XINFO_TYPE));
    if (column->name == NULL || column->native == NULL)
        return vf_error_nomem(err);
    enum vf_status status = read_metadata(conn, schema, table, column, err);
    struct vf_sqlite_meaning meaning = vf_sqlite_type_of(column->native);
    column->type = meaning.type;
    column->form = meaning.form;
    column->not_null = conn->lib->column_int64(stmt, XINFO_NOT_NULL) != 0;

    bool has_default = conn->lib->column_type(stmt, XINFO_DEFAULT) != SQLITE_NULL;
    if (status == VF_OK)
        status = vf_sqlite_default_parse(has_default ? vf_sqlite_column_str(conn, stmt, XINFO_DEFAULT) : NULL,
                                         &schema->arena, column, err);
    if (hidden == 2 || hidden == 3) {
        const struct vf_sqlite_constraint *generated = find_generated(constraints, column->name);
        column->generated = hidden == 2 ? VF_GENERATED_VIRTUAL : VF_GENERATED_STORED;
        column->expression = generated != NULL ? generated->text : "";
    }
    return status;
}

/* The parts of the primary key in their order: pk counts from 1. */
static enum vf_status read_primary_key(struct vf_sqlite_conn *conn, struct vf_schema *schema, struct vf_table *table,
                                       sqlite3_stmt *stmt, struct vf_error *err)
{
    struct vf_index *index = NULL;
    for (int64_t pk = 1; pk <= (int64_t)table->n_columns; pk++) {
        bool row = false;
        int column = -1;
        conn->lib->reset(stmt);
        for (;;) {
            enum vf_status status = vf_sqlite_step(conn, stmt, &row, err);
            if (status != VF_OK)
                return status;
            if (!row || conn->lib->column_int64(stmt, XINFO_PK) == pk)
                break;
        }
        if (!row)
            break;
        column = vf_table_find_column(table, vf_sqlite_column_str(conn, stmt, XINFO_NAME));
        if (index == NULL)
            index = vf_table_add_index(schema, table);
        struct vf_key_part *part = index != NULL ? vf_index_add_part(schema, index) : NULL;
        if (part == NULL)
            return vf_error_nomem(err);
        *part = (struct vf_key_part){.column = column, .nulls_first = true};
    }
    if (index != NULL) {
        index->constraint = VF_CONSTRAINT_PRIMARY;
        index->unique = true;
        index->method = "btree";
        table->primary_key = (int)(index - table->indexes);
    }
    return VF_OK;
}

/* Some servers number the columns of a key all alike: then it is as the text says. */
static enum vf_status mend_primary_key(struct vf_schema *schema, struct vf_table *table,
                                       const struct vf_sqlite_constraint *constraints, struct vf_error *err)
{
    const struct vf_sqlite_constraint *key = constraints;
    while (key != NULL && key->kind != VF_SQLITE_PRIMARY_KEY)
        key = key->next;
    if (key == NULL || table->primary_key < 0 || key->n_columns > VF_SQLITE_MAX_KEY_COLUMNS ||
        key->n_columns <= table->indexes[table->primary_key].n_parts)
        return VF_OK;
    struct vf_index *index = &table->indexes[table->primary_key];
    index->n_parts = 0;
    for (size_t i = 0; i < key->n_columns; i++) {
        struct vf_key_part *part = vf_index_add_part(schema, index);
        if (part == NULL)
            return vf_error_nomem(err);
        *part = (struct vf_key_part){.column = -1, .nulls_first = true};
        for (size_t c = 0; c < table->n_columns; c++) {
            if (vf_strcasecmp(table->columns[c].name, key->columns[i]) == 0)
                part->column = (int)c;
        }
        if (part->column < 0)
            return vf_error_set(err, VF_ENGINE, "the primary key has a column \"%s\" that isn't there",
                                key->columns[i]);
    }
    return VF_OK;
}

static enum vf_status add_checks(struct vf_schema *schema, struct vf_table *table,
                                 const struct vf_sqlite_constraint *constraints, struct vf_error *err)
{
    for (const struct vf_sqlite_constraint *c = constraints; c != NULL; c = c->next) {
        if (c->kind != VF_SQLITE_CHECK)
            continue;
        struct vf_check *check = vf_table_add_check(schema, table);
        if (check == NULL)
            return vf_error_nomem(err);
        check->name = c->name;
        check->expression = c->text;
    }
    return VF_OK;
}

/* Other databases stop at a row that breaks a rule, and so does a copy. */
static enum vf_status name_conflicts(struct vf_schema *schema, const struct vf_table *table,
                                     const struct vf_sqlite_constraint *constraints, struct vf_error *err)
{
    for (const struct vf_sqlite_constraint *c = constraints; c != NULL; c = c->next) {
        if (c->kind != VF_SQLITE_CONFLICT)
            continue;
        struct vf_other *other = vf_schema_add_other(schema);
        if (other == NULL)
            return vf_error_nomem(err);
        *other = (struct vf_other){
            .kind = "conflict clause",
            .name = c->n_columns > 0 ? c->columns[0] : table->name,
            .on = table->name,
            .text = vf_arena_printf(&schema->arena, "ON CONFLICT %s", c->text),
            .why = "a row that breaks the rule is an error in the target, unless its statement says otherwise",
        };
        if (other->text == NULL)
            return vf_error_nomem(err);
    }
    return VF_OK;
}

enum vf_status vf_sqlite_inspect_table(struct vf_sqlite_conn *conn, struct vf_schema *schema, struct vf_table *table,
                                       const char *sql, struct vf_error *err)
{
    struct vf_sqlite_constraint *constraints = NULL;
    sqlite3_stmt *stmt = NULL;
    struct vf_buf text;
    bool row = true;
    vf_buf_init(&text, VF_BUF_MAX);
    vf_buf_str(&text, VF_SQLITE_ASK_COLUMNS);
    vf_sqlite_quote(&text, table->name);
    vf_buf_str(&text, ")");

    enum vf_status status = read_table_kind(conn, table, err);
    if (status == VF_OK)
        status = vf_sqlite_parse_create_table(sql, &schema->arena, &constraints, err);
    if (status == VF_OK)
        status = vf_sqlite_prepare_buf(conn, &text, &stmt, err);
    while (status == VF_OK) {
        status = vf_sqlite_step(conn, stmt, &row, err);
        if (status != VF_OK || !row)
            break;
        status = read_column(conn, schema, table, stmt, constraints, err);
    }
    if (status == VF_OK)
        status = read_primary_key(conn, schema, table, stmt, err);
    if (status == VF_OK)
        status = mend_primary_key(schema, table, constraints, err);
    if (status == VF_OK)
        status = add_checks(schema, table, constraints, err);
    if (status == VF_OK)
        status = name_conflicts(schema, table, constraints, err);
    conn->lib->finalize(stmt);
    vf_buf_release(&text);
    return status;
}
