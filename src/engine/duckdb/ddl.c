#include <string.h>

#include "base/text.h"
#include "engine/ddl.h"
#include "engine/duckdb/default.h"
#include "engine/duckdb/expression.h"
#include "engine/duckdb/fulltext.h"
#include "engine/duckdb/hnsw.h"
#include "engine/duckdb/target.h"
#include "engine/duckdb/types.h"

enum vf_status vf_duckdb_table_state(struct vf_conn *base, const char *schema, const char *name, bool *exists,
                                     bool *has_rows, struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    const struct vf_duckdb_param params[] = {vf_duckdb_text_param(vf_duckdb_schema(schema)),
                                             vf_duckdb_text_param(name)};
    int64_t kind = 0, n_rows = 0; /* 1: a view, 2: a table */
    struct vf_buf sql;
    enum vf_status status = vf_duckdb_get_i64(
        conn,
        "SELECT kind FROM (SELECT 2::BIGINT AS kind, schema_name, table_name AS name FROM duckdb_tables() "
        "WHERE database_name = '" VF_DUCKDB_CATALOG "' UNION ALL SELECT 1::BIGINT, schema_name, view_name "
        "FROM duckdb_views() WHERE database_name = '" VF_DUCKDB_CATALOG "') "
        "WHERE lower(schema_name) = lower(?) AND lower(name) = lower(?)",
        2, params, 0, &kind, err);
    *exists = status == VF_OK && kind > 0;
    *has_rows = false;
    if (status != VF_OK || kind != 2)
        return status;
    vf_buf_init(&sql, 65536);
    vf_buf_str(&sql, "SELECT count(*) FROM (SELECT 1 FROM ");
    vf_duckdb_quote_table(&sql, schema, name);
    vf_buf_str(&sql, " LIMIT 1)");
    status = vf_duckdb_get_i64_buf(conn, &sql, 0, &n_rows, err);
    vf_buf_release(&sql);
    *has_rows = status == VF_OK && n_rows > 0;
    return status;
}

/* ---- tables ---- */

static enum vf_status write_column(struct vf_duckdb_conn *conn, const struct vf_table *table,
                                   const struct vf_column *column, struct vf_buf *sql, struct vf_error *err)
{
    const char *why = NULL;
    struct vf_buf text;
    if (!vf_duckdb_is_type_name(column->native))
        return vf_error_set(err, VF_USAGE, "column \"%s\": \"%s\" isn't the name of a type of DuckDB", column->name,
                            column->native);
    vf_duckdb_quote(sql, column->name);
    vf_buf_printf(sql, " %s", column->native);
    vf_buf_init(&text, VF_BUF_MAX);
    bool is_counted = column->generated == VF_GENERATED_IDENTITY_ALWAYS ||
                      column->generated == VF_GENERATED_IDENTITY_BY_DEFAULT ||
                      column->generated == VF_GENERATED_AUTOINCREMENT || column->def.kind == VF_DEFAULT_SEQUENCE;
    if (column->expr != NULL || column->def.expr != NULL) {
        vf_buf_release(&text);
        vf_buf_str(sql, column->expr != NULL ? " GENERATED ALWAYS AS (" : " DEFAULT (");
        enum vf_status written = vf_ddl_write_expression(&vf_duckdb_dialect, table, column,
                                                         column->expr != NULL ? column->expr : column->def.expr,
                                                         column->expr == NULL, sql, err);
        vf_buf_str(sql, column->expr != NULL ? ") VIRTUAL" : ")");
        vf_buf_str(sql, column->not_null && column->expr == NULL ? " NOT NULL" : "");
        return written;
    }
    bool has_default =
        is_counted ? vf_duckdb_write_nextval(conn, table, column, &text) : vf_duckdb_default_write(column, &text, &why);
    enum vf_status status = vf_buf_check(&text, err);
    if (has_default && text.data != NULL) {
        vf_buf_str(sql, " DEFAULT ");
        vf_buf_str(sql, text.data);
    }
    vf_buf_release(&text);
    if (column->not_null)
        vf_buf_str(sql, " NOT NULL");
    return status;
}

static void write_names(const struct vf_table *table, const struct vf_index *index, struct vf_buf *sql)
{
    for (size_t i = 0; i < index->n_parts; i++) {
        vf_buf_str(sql, i > 0 ? ", " : " (");
        vf_duckdb_quote(sql, table->columns[index->parts[i].column].name);
    }
    vf_buf_char(sql, ')');
}

static void write_key(const struct vf_table *table, const struct vf_index *index, struct vf_buf *sql)
{
    if (index->constraint == VF_CONSTRAINT_NONE)
        return;
    vf_buf_str(sql, index->constraint == VF_CONSTRAINT_PRIMARY ? ", PRIMARY KEY" : ", UNIQUE");
    write_names(table, index, sql);
}

/* Can the foreign key be declared now: does it lead to another table of the schema, which is there and has a key of these columns, of the same types? */
static enum vf_status can_declare(struct vf_duckdb_conn *conn, const struct vf_table *table,
                                  const struct vf_foreign_key *key, bool *can, struct vf_error *err)
{
    const char *schema = vf_duckdb_schema(key->to_schema != NULL ? key->to_schema : table->schema);
    const struct vf_duckdb_param params[] = {vf_duckdb_text_param(schema), vf_duckdb_text_param(key->to_table)};
    struct vf_buf sql;
    int64_t n_found = 0;
    *can = false;
    if (vf_strcasecmp(schema, vf_duckdb_schema(table->schema)) != 0 || vf_strcasecmp(key->to_table, table->name) == 0)
        return VF_OK;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT count(*) FROM duckdb_constraints() AS k WHERE database_name = '" VF_DUCKDB_CATALOG
                     "' AND lower(schema_name) = lower(?) AND lower(table_name) = lower(?) AND constraint_type IN "
                     "('PRIMARY KEY', 'UNIQUE') AND list_sort(constraint_column_names) = list_sort([");
    for (size_t i = 0; i < key->n_columns; i++) {
        vf_buf_str(&sql, i > 0 ? ", " : "");
        vf_duckdb_quote_text(&sql, key->to_columns[i], strlen(key->to_columns[i]));
    }
    vf_buf_str(&sql, "])");
    for (size_t i = 0; i < key->n_columns; i++) {
        vf_buf_printf(&sql,
                      " AND typeof(NULL::%s) = (SELECT data_type FROM duckdb_columns() AS c WHERE c.table_oid = "
                      "k.table_oid AND c.database_oid = k.database_oid AND c.column_name = " /* ident */,
                      table->columns[key->columns[i]].native);
        vf_duckdb_quote_text(&sql, key->to_columns[i], strlen(key->to_columns[i]));
        vf_buf_char(&sql, ')');
    }
    enum vf_status status = vf_buf_check(&sql, err);
    if (status == VF_OK)
        status = vf_duckdb_get_i64(conn, sql.data, 2, params, 0, &n_found, err);
    vf_buf_release(&sql);
    *can = status == VF_OK && n_found > 0;
    return status;
}

static enum vf_status write_foreign_key(struct vf_duckdb_conn *conn, const struct vf_table *table,
                                        const struct vf_foreign_key *key, struct vf_buf *sql, struct vf_error *err)
{
    bool can = false;
    enum vf_status status = can_declare(conn, table, key, &can, err);
    if (status != VF_OK || !can)
        return status;
    for (size_t i = 0; i < key->n_columns; i++) {
        vf_buf_str(sql, i > 0 ? ", " : ", FOREIGN KEY (");
        vf_duckdb_quote(sql, table->columns[key->columns[i]].name);
    }
    vf_buf_str(sql, ") REFERENCES ");
    vf_duckdb_quote(sql, vf_duckdb_schema(key->to_schema != NULL ? key->to_schema : table->schema));
    vf_buf_char(sql, '.');
    vf_duckdb_quote(sql, key->to_table);
    for (size_t i = 0; i < key->n_columns; i++) {
        vf_buf_str(sql, i > 0 ? ", " : " (");
        vf_duckdb_quote(sql, key->to_columns[i]);
    }
    vf_buf_char(sql, ')');
    return VF_OK;
}

static enum vf_status comment_on(struct vf_duckdb_conn *conn, const struct vf_table *table,
                                 const struct vf_column *column, const char *comment, struct vf_error *err)
{
    struct vf_buf sql;
    if (comment == NULL)
        return VF_OK;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, column != NULL ? "COMMENT ON COLUMN " : "COMMENT ON TABLE ");
    vf_duckdb_quote_table(&sql, table->schema, table->name);
    if (column != NULL) {
        vf_buf_char(&sql, '.');
        vf_duckdb_quote(&sql, column->name);
    }
    vf_buf_str(&sql, " IS ");
    vf_duckdb_quote_text(&sql, comment, strlen(comment));
    enum vf_status status = vf_duckdb_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    return status;
}

/* A table that is there must have the columns; their types show when rows are loaded. */
static enum vf_status check_table(struct vf_duckdb_conn *conn, const struct vf_table *table, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    for (size_t i = 0; status == VF_OK && i < table->n_columns; i++) {
        const struct vf_duckdb_param params[] = {vf_duckdb_text_param(vf_duckdb_schema(table->schema)),
                                                 vf_duckdb_text_param(table->name),
                                                 vf_duckdb_text_param(table->columns[i].name)};
        int64_t n = 0;
        status = vf_duckdb_get_i64(
            conn,
            "SELECT count(*) FROM duckdb_columns() WHERE database_name = '" VF_DUCKDB_CATALOG
            "' AND lower(schema_name) = lower(?) AND lower(table_name) = lower(?) AND lower(column_name) = lower(?)",
            3, params, 0, &n, err);
        if (status != VF_OK || n > 0)
            continue;
        status = vf_error_set(err, VF_STATE, "table \"%s\" is there, but has no column \"%s\"", table->name,
                              table->columns[i].name);
        vf_error_hint(err, "drop or rename the table, or use --drop-existing");
    }
    return status;
}

static enum vf_status make_schema(struct vf_duckdb_conn *conn, const char *name, struct vf_error *err)
{
    struct vf_buf sql;
    if (name == NULL || strcmp(name, "main") == 0)
        return VF_OK;
    vf_buf_init(&sql, 65536);
    vf_buf_str(&sql, "CREATE SCHEMA IF NOT EXISTS " VF_DUCKDB_CATALOG ".");
    vf_duckdb_quote(&sql, name);
    enum vf_status status = vf_duckdb_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    return status;
}

enum vf_status vf_duckdb_is_own_type(struct vf_duckdb_conn *conn, const char *name, bool *is_own, struct vf_error *err)
{
    const struct vf_duckdb_param params[] = {vf_duckdb_text_param(name)};
    int64_t n = 0;
    enum vf_status status =
        vf_duckdb_get_i64(conn, "SELECT count(*) FROM duckdb_types() WHERE internal AND lower(type_name) = lower(?)", 1,
                          params, 0, &n, err);
    *is_own = n > 0;
    return status;
}

/* An enum that is there must have the same labels in the same order. */
static enum vf_status make_enum(struct vf_duckdb_conn *conn, const struct vf_user_type *type, struct vf_error *err)
{
    const struct vf_duckdb_param params[] = {vf_duckdb_text_param(vf_duckdb_schema(type->schema)),
                                             vf_duckdb_text_param(type->name)};
    struct vf_buf sql;
    int64_t n_found = 0, n_same = 0;
    bool is_own = false;
    enum vf_status status = vf_duckdb_is_own_type(conn, type->name, &is_own, err);
    if (status != VF_OK || is_own)
        return status;
    status = vf_duckdb_get_i64(conn,
                               "SELECT count(*) FROM duckdb_types() WHERE database_name = '" VF_DUCKDB_CATALOG
                               "' AND NOT internal AND lower(schema_name) = lower(?) AND lower(type_name) = lower(?)",
                               2, params, 0, &n_found, err);
    vf_buf_init(&sql, VF_BUF_MAX);
    if (n_found > 0) {
        vf_buf_str(&sql, "SELECT count(*) FROM duckdb_types() WHERE database_name = '" VF_DUCKDB_CATALOG
                         "' AND NOT internal AND lower(schema_name) = lower(?) AND lower(type_name) = lower(?) AND "
                         "labels = [");
        for (size_t i = 0; i < type->n_labels; i++) {
            vf_buf_str(&sql, i > 0 ? ", " : "");
            vf_duckdb_quote_text(&sql, type->labels[i], strlen(type->labels[i]));
        }
        vf_buf_char(&sql, ']');
        status = vf_buf_check(&sql, err);
        if (status == VF_OK)
            status = vf_duckdb_get_i64(conn, sql.data, 2, params, 0, &n_same, err);
        if (status == VF_OK && n_same == 0) {
            status = vf_error_set(err, VF_STATE, "there is a type \"%s\" already, and it is another one", type->name);
            vf_error_hint(err, "drop or rename it in the target");
        }
    } else if (status == VF_OK) {
        status = make_schema(conn, type->schema, err);
        vf_buf_str(&sql, "CREATE TYPE ");
        vf_duckdb_quote_table(&sql, type->schema, type->name);
        vf_buf_str(&sql, " AS ");
        vf_duckdb_write_enum(type->n_labels, type->labels, &sql);
        if (status == VF_OK)
            status = vf_duckdb_exec_buf(conn, &sql, err);
    }
    vf_buf_release(&sql);
    return status;
}

static enum vf_status create_table(struct vf_duckdb_conn *conn, const struct vf_table *table, struct vf_buf *sql,
                                   struct vf_error *err)
{
    enum vf_status status = VF_OK;
    vf_buf_str(sql, "CREATE TABLE ");
    vf_duckdb_quote_table(sql, table->schema, table->name);
    vf_buf_str(sql, " (");
    for (size_t i = 0; i < table->n_columns && status == VF_OK; i++) {
        vf_buf_str(sql, i > 0 ? ", " : "");
        status = write_column(conn, table, &table->columns[i], sql, err);
    }
    for (size_t i = 0; i < table->n_indexes; i++)
        write_key(table, &table->indexes[i], sql);
    for (size_t i = 0; i < table->n_checks && status == VF_OK; i++) {
        if (table->checks[i].expr == NULL)
            continue;
        vf_buf_str(sql, ", CHECK (");
        status = vf_ddl_write_expression(&vf_duckdb_dialect, table, NULL, table->checks[i].expr, false, sql, err);
        vf_buf_char(sql, ')');
    }
    for (size_t i = 0; i < table->n_foreign_keys && status == VF_OK; i++)
        status = write_foreign_key(conn, table, &table->foreign_keys[i], sql, err);
    vf_buf_char(sql, ')');
    return status == VF_OK ? vf_duckdb_exec_buf(conn, sql, err) : status;
}

static enum vf_status make_table(struct vf_duckdb_conn *conn, const struct vf_table *table, struct vf_error *err)
{
    struct vf_buf sql;
    bool exists = false, has_rows = false;
    enum vf_status status =
        vf_duckdb_table_state((struct vf_conn *)(void *)conn, table->schema, table->name, &exists, &has_rows, err);
    if (status != VF_OK)
        return status;
    if (exists) {
        status = check_table(conn, table, err);
        return status == VF_OK ? vf_duckdb_hnsw_clear(conn, table, err) : status;
    }
    vf_buf_init(&sql, VF_BUF_MAX);
    status = make_schema(conn, table->schema, err);
    if (status == VF_OK)
        status = create_table(conn, table, &sql, err);
    vf_buf_release(&sql);
    if (status == VF_OK)
        status = comment_on(conn, table, NULL, table->comment, err);
    for (size_t i = 0; i < table->n_columns && status == VF_OK; i++)
        status = comment_on(conn, table, &table->columns[i], table->columns[i].comment, err);
    return status;
}

static enum vf_status drop_table(struct vf_duckdb_conn *conn, const struct vf_table *table, struct vf_error *err)
{
    struct vf_buf sql;
    enum vf_status status = vf_duckdb_drop_fulltext(conn, table, err);
    if (status != VF_OK)
        return status;
    vf_buf_init(&sql, 65536);
    vf_buf_str(&sql, "DROP TABLE IF EXISTS ");
    vf_duckdb_quote_table(&sql, table->schema, table->name);
    status = vf_duckdb_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    return status;
}

/* ---- indexes ---- */

enum vf_status vf_duckdb_index_of_another(struct vf_duckdb_conn *conn, const struct vf_table *table,
                                          const struct vf_index *index, struct vf_arena *arena, const char **other,
                                          struct vf_error *err)
{
    const struct vf_duckdb_param params[] = {vf_duckdb_text_param(vf_duckdb_schema(table->schema)),
                                             vf_duckdb_text_param(index->name), vf_duckdb_text_param(table->name)};
    struct vf_duckdb_rows rows = {0};
    bool more = false;
    *other = NULL;
    enum vf_status status = vf_duckdb_query(
        conn,
        "SELECT table_name FROM duckdb_indexes() WHERE database_name = '" VF_DUCKDB_CATALOG
        "' AND lower(schema_name) = lower(?) AND lower(index_name) = lower(?) AND lower(table_name) <> lower(?)",
        3, params, &rows, err);
    if (status == VF_OK)
        status = vf_duckdb_next(&rows, &more, err);
    if (status == VF_OK && more)
        status = vf_duckdb_copy_text(&rows, 0, arena, other, err);
    vf_duckdb_rows_close(&rows);
    return status;
}

/* What is there under its name, and isn't the table's, is left alone. */
static enum vf_status check_index_name(struct vf_duckdb_conn *conn, const struct vf_table *table,
                                       const struct vf_index *index, struct vf_error *err)
{
    struct vf_arena arena = {0};
    const char *other = NULL;
    enum vf_status status = vf_duckdb_index_of_another(conn, table, index, &arena, &other, err);
    if (status == VF_OK && other != NULL) {
        status =
            vf_error_set(err, VF_STATE, "index \"%s\" of table \"%s\" can't be made: table \"%s\" has one of that name",
                         index->name, table->name, other);
        vf_error_hint(err, "drop or rename it, or give the index another name in the plan");
    }
    vf_arena_release(&arena);
    return status;
}

static enum vf_status make_index(struct vf_duckdb_conn *conn, const struct vf_table *table,
                                 const struct vf_index *index, struct vf_error *err)
{
    struct vf_buf sql;
    if (index->constraint != VF_CONSTRAINT_NONE) /* part of the table */
        return VF_OK;
    if (index->kind == VF_INDEX_FULLTEXT)
        return vf_duckdb_make_fulltext(conn, table, index, err);
    enum vf_status status = check_index_name(conn, table, index, err);
    if (status != VF_OK)
        return status;
    if (index->kind == VF_INDEX_HNSW) {
        enum vf_status made = vf_duckdb_hnsw_make(conn, table, index, err);
        vf_error_wrap(made != VF_OK && made != VF_CANCELLED ? err : NULL, "index \"%s\"", index->name);
        return made;
    }
    vf_buf_init(&sql, 65536);
    vf_buf_str(&sql, index->unique ? "CREATE UNIQUE INDEX IF NOT EXISTS " : "CREATE INDEX IF NOT EXISTS ");
    vf_duckdb_quote(&sql, index->name);
    vf_buf_str(&sql, " ON ");
    vf_duckdb_quote_table(&sql, table->schema, table->name);
    for (size_t i = 0; i < index->n_parts && status == VF_OK; i++) {
        const struct vf_key_part *part = &index->parts[i];
        vf_buf_str(&sql, i > 0 ? ", " : " (");
        vf_buf_str(&sql, part->column < 0 ? "(" : "");
        if (part->column >= 0)
            vf_duckdb_quote(&sql, table->columns[part->column].name);
        else
            status = vf_ddl_write_expression(&vf_duckdb_dialect, table, NULL, part->expr, false, &sql, err);
        vf_buf_str(&sql, part->column < 0 ? ")" : "");
    }
    vf_buf_char(&sql, ')');
    if (status == VF_OK)
        status = vf_duckdb_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    if (status != VF_OK && status != VF_CANCELLED)
        vf_error_wrap(err, "index \"%s\"", index->name);
    if (status == VF_VALUE)
        vf_error_hint(err, "rows have the same key: mend them in the source, or leave the index out of the plan");
    return status;
}

/* nextval() takes every double quote in its argument for one around a name (seen in 1.5.5), so a column's sequence whose name has one couldn't be called: it is made with another name. */
static enum vf_status apply_sequence(struct vf_duckdb_conn *conn, const struct vf_step *step, struct vf_error *err)
{
    struct vf_sequence sequence = *step->sequence;
    struct vf_arena arena = {0};
    char *name = vf_arena_strdup(&arena, sequence.name);
    enum vf_status status = name != NULL ? VF_OK : vf_error_nomem(err);
    for (char *at = name; at != NULL && sequence.owner_table != NULL && (at = strchr(at, '"')) != NULL;)
        *at = '_';
    sequence.name = name;
    if (status == VF_OK)
        status = step->kind == VF_STEP_SEQUENCE ? vf_duckdb_make_sequence(conn, &sequence, err)
                                                : vf_duckdb_set_sequence(conn, &sequence, err);
    vf_arena_release(&arena);
    return status;
}

/* DuckDB counts only while it is told to show a bar, which isn't printed. An index is built all the same when it doesn't know these words. */
static enum vf_status make_index_shown(struct vf_duckdb_conn *conn, const struct vf_step *step, struct vf_error *err)
{
    static const char *const settings[] = {"SET enable_progress_bar = true", "SET enable_progress_bar_print = false",
                                           "SET progress_bar_time = 0"};
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        (void)(vf_duckdb_run(conn->lib, conn->handle, settings[i], NULL) == VF_OK);
    enum vf_status status = make_index(conn, step->table, step->index, err);
    (void)(vf_duckdb_run(conn->lib, conn->handle, "SET enable_progress_bar = false", NULL) == VF_OK);
    return status;
}

/* ---- views ---- */

static enum vf_status try_view(struct vf_duckdb_conn *conn, const struct vf_view *view, struct vf_error *err)
{
    const struct vf_duckdb_param params[] = {vf_duckdb_text_param(vf_duckdb_schema(view->schema)),
                                             vf_duckdb_text_param(view->name)};
    int64_t n = 0;
    struct vf_buf sql;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_ddl_write_trial(view, vf_duckdb_quote_table, &sql);
    enum vf_status status = vf_duckdb_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    if (status == VF_OK)
        status = vf_duckdb_get_i64(conn,
                                   "SELECT count(*) FROM duckdb_columns() WHERE database_name = '" VF_DUCKDB_CATALOG
                                   "' AND lower(schema_name) = lower(?) AND lower(table_name) = lower(?)",
                                   2, params, 0, &n, err);
    return status == VF_OK ? vf_ddl_check_columns(view, n, err) : status;
}

static enum vf_status apply_view(struct vf_duckdb_conn *conn, const struct vf_step *step, struct vf_error *err)
{
    struct vf_buf sql;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_ddl_write_view(step, vf_duckdb_quote_table, &sql);
    enum vf_status status = vf_duckdb_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    return status == VF_OK && step->kind == VF_STEP_VIEW ? try_view(conn, step->view, err) : status;
}

enum vf_status vf_duckdb_apply(struct vf_conn *base, const struct vf_step *step, struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    enum vf_status status = VF_OK;
    vf_duckdb_instance_keep(conn->instance);
    vf_duckdb_instance_count_commit(conn->instance);
    switch (step->kind) {
    case VF_STEP_SCHEMA:
        return make_schema(conn, step->name, err);
    case VF_STEP_EXTENSION:
    case VF_STEP_FOREIGN_KEY: /* part of the table */
    case VF_STEP_ANALYZE:     /* statistics are kept up by themselves */
        return VF_OK;
    case VF_STEP_USER_TYPE:
        return make_enum(conn, step->user_type, err);
    case VF_STEP_SEQUENCE:
    case VF_STEP_SEQUENCE_VALUE:
        return apply_sequence(conn, step, err);
    case VF_STEP_TABLE:
        status = make_table(conn, step->table, err);
        break;
    case VF_STEP_INDEX:
        status = make_index_shown(conn, step, err);
        break;
    case VF_STEP_DROP_TABLE:
        status = drop_table(conn, step->table, err);
        break;
    case VF_STEP_VIEW:
    case VF_STEP_DROP_VIEW:
        return apply_view(conn, step, err);
    }
    if (status != VF_OK && status != VF_CANCELLED)
        vf_error_wrap(err, "table \"%s\"", step->table->name);
    return status;
}
