#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "engine/ddl.h"
#include "engine/sqlitesql/default.h"
#include "engine/sqlitesql/expression.h"
#include "engine/sqlitesql/from.h"
#include "engine/sqlitesql/fulltext.h"
#include "engine/sqlitesql/target.h"
#include "engine/sqlitesql/types.h"
#include "engine/sqlitesql/vec0_target.h"
#include "engine/sqlitesql/vector_index.h"

/* ---- CREATE TABLE ---- */

enum vf_status vf_sqlite_write_expression(const struct vf_table *table, const struct vf_column *column,
                                          const struct vf_expr *expr, bool is_default, struct vf_buf *out,
                                          struct vf_error *err)
{
    return vf_ddl_write_expression(&vf_sqlite_dialect, table, column, expr, is_default, out, err);
}

static enum vf_status write_parts(const struct vf_table *table, const struct vf_index *index, struct vf_buf *sql,
                                  struct vf_error *err)
{
    enum vf_status status = VF_OK;
    for (size_t i = 0; i < index->n_parts && status == VF_OK; i++) {
        const struct vf_key_part *part = &index->parts[i];
        vf_buf_str(sql, i == 0 ? " (" : ", ");
        if (part->column >= 0)
            vf_sqlite_quote(sql, table->columns[part->column].name);
        else
            status = vf_sqlite_write_expression(table, NULL, part->expr, false, sql, err);
        if (part->collation != NULL)
            vf_buf_printf(sql, " COLLATE %s", vf_sqlite_collation(part->collation));
        if (part->descending)
            vf_buf_str(sql, " DESC");
    }
    vf_buf_char(sql, ')');
    return status;
}

static void write_constraint_name(const char *name, struct vf_buf *sql)
{
    if (name == NULL)
        return;
    vf_buf_str(sql, "CONSTRAINT ");
    vf_sqlite_quote(sql, name);
    vf_buf_char(sql, ' ');
}

static enum vf_status write_column(const struct vf_table *table, size_t number, struct vf_buf *sql,
                                   struct vf_error *err)
{
    enum vf_status status = VF_OK;
    const struct vf_column *column = &table->columns[number];
    const char *why = NULL;
    vf_sqlite_quote(sql, column->name);
    if (column->native[0] != '\0')
        vf_buf_printf(sql, " %s", column->native);
    if (vf_sqlite_is_rowid(table, number)) {
        vf_buf_str(sql, column->key_not_null ? " NOT NULL PRIMARY KEY" : " PRIMARY KEY");
        /* A serial key's numbers are never handed out again; without the word the next is one above the largest that is there. */
        if (column->generated == VF_GENERATED_AUTOINCREMENT || column->def.kind == VF_DEFAULT_SEQUENCE)
            vf_buf_str(sql, " AUTOINCREMENT");
        return VF_OK;
    }
    if (column->not_null)
        vf_buf_str(sql, " NOT NULL");
    if (vf_sqlite_collation(column->collation) != NULL)
        vf_buf_printf(sql, " COLLATE %s", vf_sqlite_collation(column->collation));
    if (column->expr != NULL) {
        vf_buf_str(sql, " GENERATED ALWAYS AS (");
        status = vf_sqlite_write_expression(table, column, column->expr, false, sql, err);
        vf_buf_str(sql, column->generated == VF_GENERATED_STORED ? ") STORED" : ") VIRTUAL");
        return status;
    }
    if (column->def.expr != NULL) {
        vf_buf_str(sql, " DEFAULT (");
        status = vf_sqlite_write_expression(table, column, column->def.expr, true, sql, err);
        vf_buf_char(sql, ')');
        return status;
    }
    size_t before = sql->size_bytes;
    vf_buf_str(sql, " DEFAULT ");
    if (!vf_sqlite_default_write(column, sql, &why) && sql->data != NULL && sql->status == VF_OK) {
        sql->size_bytes = before;
        sql->data[before] = '\0';
    }
    return VF_OK;
}

static const char *action_name(enum vf_fk_action action)
{
    switch (action) {
    case VF_FK_RESTRICT:
        return "RESTRICT";
    case VF_FK_CASCADE:
        return "CASCADE";
    case VF_FK_SET_NULL:
        return "SET NULL";
    case VF_FK_SET_DEFAULT:
        return "SET DEFAULT";
    case VF_FK_NO_ACTION:
    default:
        return "NO ACTION";
    }
}

static void write_foreign_key(const struct vf_table *table, const struct vf_foreign_key *key, struct vf_buf *sql)
{
    vf_buf_str(sql, ",\n  ");
    write_constraint_name(key->name, sql);
    for (size_t i = 0; i < key->n_columns; i++) {
        vf_buf_str(sql, i == 0 ? "FOREIGN KEY (" : ", ");
        vf_sqlite_quote(sql, table->columns[key->columns[i]].name);
    }
    vf_buf_str(sql, ") REFERENCES ");
    vf_sqlite_quote(sql, key->to_table);
    for (size_t i = 0; i < key->n_columns; i++) {
        vf_buf_str(sql, i == 0 ? " (" : ", ");
        vf_sqlite_quote(sql, key->to_columns[i]);
    }
    vf_buf_char(sql, ')');
    vf_buf_str(sql, " ON UPDATE ");
    vf_buf_str(sql, action_name(key->on_update));
    vf_buf_str(sql, " ON DELETE ");
    vf_buf_str(sql, action_name(key->on_delete));
    if (key->deferrable)
        vf_buf_printf(sql, " DEFERRABLE INITIALLY %s", key->initially_deferred ? "DEFERRED" : "IMMEDIATE");
}

static enum vf_status write_keys(const struct vf_table *table, struct vf_buf *sql, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    for (size_t i = 0; i < table->n_indexes && status == VF_OK; i++) {
        const struct vf_index *index = &table->indexes[i];
        bool is_primary = index->constraint == VF_CONSTRAINT_PRIMARY;
        if (index->constraint == VF_CONSTRAINT_NONE || index->n_parts == 0)
            continue;
        if (is_primary && vf_sqlite_is_rowid(table, (size_t)index->parts[0].column))
            continue;
        vf_buf_str(sql, ",\n  ");
        write_constraint_name(index->name, sql);
        vf_buf_str(sql, is_primary ? "PRIMARY KEY" : "UNIQUE");
        status = write_parts(table, index, sql, err);
    }
    for (size_t i = 0; i < table->n_checks && status == VF_OK; i++) {
        if (table->checks[i].expr == NULL)
            continue;
        vf_buf_str(sql, ",\n  ");
        write_constraint_name(table->checks[i].name, sql);
        vf_buf_str(sql, "CHECK (");
        status = vf_sqlite_write_expression(table, NULL, table->checks[i].expr, false, sql, err);
        vf_buf_char(sql, ')');
    }
    return status;
}

/* Computed, with an expression that isn't one of this database. */
static bool is_kept_out(const struct vf_column *column)
{
    return column->expr == NULL &&
           (column->generated == VF_GENERATED_STORED || column->generated == VF_GENERATED_VIRTUAL);
}

/* SQLite has no table without columns; an empty one gets a column that is always NULL and never read. */
static enum vf_status write_table(const struct vf_sqlite_conn *conn, const struct vf_table *table, struct vf_buf *sql,
                                  struct vf_error *err)
{
    enum vf_status status = VF_OK;
    vf_buf_str(sql, "CREATE TABLE main.");
    vf_sqlite_quote(sql, table->name);
    const char *between = " (\n  ";
    for (size_t i = 0; i < table->n_columns && status == VF_OK; i++) {
        if (is_kept_out(&table->columns[i]))
            continue;
        vf_buf_str(sql, between);
        status = write_column(table, i, sql, err);
        between = ",\n  ";
    }
    if (between[0] != ',')
        vf_buf_str(sql, " (\n  \"vecferry_nothing\"");
    if (status == VF_OK)
        status = write_keys(table, sql, err);
    for (size_t i = 0; i < table->n_foreign_keys; i++)
        write_foreign_key(table, &table->foreign_keys[i], sql);
    vf_buf_str(sql, "\n)");
    bool without_rowid = table->without_rowid && !conn->no_without_rowid;
    if (without_rowid)
        vf_buf_str(sql, " WITHOUT ROWID");
    if (table->strict)
        vf_buf_str(sql, without_rowid ? ", STRICT" : " STRICT");
    return status;
}

static enum vf_status object_exists(struct vf_sqlite_conn *conn, const char *type, const char *name, bool *exists,
                                    struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum vf_status status =
        vf_sqlite_prepare(conn, "SELECT 1 FROM sqlite_master WHERE type = ?1 AND name = ?2 COLLATE NOCASE", &stmt, err);
    if (status == VF_OK) {
        conn->lib->bind_text64(stmt, 1, type, strlen(type), SQLITE_STATIC, SQLITE_UTF8);
        conn->lib->bind_text64(stmt, 2, name, strlen(name), SQLITE_STATIC, SQLITE_UTF8);
        status = vf_sqlite_step(conn, stmt, &row, err);
    }
    conn->lib->finalize(stmt);
    *exists = row;
    return status;
}

static enum vf_status make_table(struct vf_sqlite_conn *conn, const struct vf_table *table, struct vf_error *err)
{
    struct vf_buf sql;
    bool exists = false;
    enum vf_status status = object_exists(conn, "table", table->name, &exists, err);
    if (status != VF_OK || exists)
        return status;
    if (table->kind == VF_TABLE_VEC0)
        return vf_vec0_make_table(conn, table, err);
    for (size_t i = 0; i < table->n_columns; i++) {
        if (!vf_sqlite_is_type_name(table->columns[i].native))
            return vf_error_set(err, VF_USAGE, "table %s: column %s can't be declared \"%s\"", table->name,
                                table->columns[i].name, table->columns[i].native);
    }
    vf_buf_init(&sql, VF_BUF_MAX);
    const struct vf_index *own = vf_sqlite_own_fulltext(table);
    if (own != NULL)
        vf_sqlite_write_fts5(table, own, &sql);
    else
        status = write_table(conn, table, &sql, err);
    if (status == VF_OK)
        status = vf_sqlite_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    return status;
}

/* ---- indexes ---- */

static enum vf_status make_index(struct vf_sqlite_conn *conn, const struct vf_table *table,
                                 const struct vf_index *index, struct vf_error *err)
{
    struct vf_buf sql;
    bool exists = false;
    if (index->constraint != VF_CONSTRAINT_NONE || index->n_parts == 0 || index->kind == VF_INDEX_EXACT)
        return VF_OK; /* part of the table */
    if (index->kind == VF_INDEX_FULLTEXT)
        return vf_sqlite_make_fulltext(conn, table, index, err);
    enum vf_status status = object_exists(conn, "index", index->name, &exists, err);
    if (status != VF_OK || exists)
        return status;
    if (index->kind == VF_INDEX_DISKANN)
        return vf_sqlite_make_vector_index(conn, table, index, err);
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, index->unique ? "CREATE UNIQUE INDEX main." : "CREATE INDEX main.");
    vf_sqlite_quote(&sql, index->name);
    vf_buf_str(&sql, " ON ");
    vf_sqlite_quote(&sql, table->name);
    status = write_parts(table, index, &sql, err);
    if (status == VF_OK && index->predicate_expr != NULL) {
        vf_buf_str(&sql, " WHERE ");
        status = vf_sqlite_write_expression(table, NULL, index->predicate_expr, false, &sql, err);
    }
    if (status == VF_OK)
        status = vf_sqlite_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    if (status == VF_VALUE) /* a unique index over rows that aren't: the data, not the value of one column */
        status = vf_error_set(err, VF_VALUE, "index %s: rows of table %s are equal in its columns", index->name,
                              table->name);
    return status;
}

/* ---- foreign keys ---- */

static enum vf_status name_violation(struct vf_sqlite_conn *conn, const struct vf_table *table, sqlite3_stmt *stmt,
                                     struct vf_error *err)
{
    int64_t n = 1;
    bool row = true;
    enum vf_status status = vf_error_set(
        err, VF_VALUE, "table %s: the row with rowid %" PRId64 " refers to a row of table %s that doesn't exist",
        table->name, (int64_t)conn->lib->column_int64(stmt, 1), vf_sqlite_column_str(conn, stmt, 2));
    while (n < 1000000 && vf_sqlite_step(conn, stmt, &row, NULL) == VF_OK && row)
        n++;
    vf_error_hint(err, "%" PRId64 " rows are like that: PRAGMA foreign_key_check names them", n);
    return status;
}

/* The constraint is in the table already; it wasn't checked while rows came in. */
static enum vf_status check_foreign_key(struct vf_sqlite_conn *conn, const struct vf_table *table, struct vf_error *err)
{
    struct vf_buf sql;
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "PRAGMA main.foreign_key_check(");
    vf_sqlite_quote(&sql, table->name);
    vf_buf_char(&sql, ')');
    enum vf_status status = vf_sqlite_prepare_buf(conn, &sql, &stmt, err);
    if (status == VF_OK)
        status = vf_sqlite_step(conn, stmt, &row, err);
    if (status == VF_OK && row)
        status = name_violation(conn, table, stmt, err);
    conn->lib->finalize(stmt);
    vf_buf_release(&sql);
    return status;
}

/* ---- sequences ---- */

/* sqlite_sequence holds the last value of an AUTOINCREMENT column; other columns count on from the largest by themselves. */
static enum vf_status set_sequence(struct vf_sqlite_conn *conn, const struct vf_sequence *sequence,
                                   struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool exists = false;
    bool row = false;
    int64_t last = sequence->is_called ? sequence->last : sequence->last - 1;
    enum vf_status status = object_exists(conn, "table", "sqlite_sequence", &exists, err);
    if (status != VF_OK || !exists || sequence->owner_table == NULL)
        return status;
    status = vf_sqlite_prepare(conn, "UPDATE sqlite_sequence SET seq = max(seq, ?2) WHERE name = ?1 COLLATE NOCASE",
                               &stmt, err);
    if (status == VF_OK) {
        conn->lib->bind_text64(stmt, 1, sequence->owner_table, strlen(sequence->owner_table), SQLITE_STATIC,
                               SQLITE_UTF8);
        conn->lib->bind_int64(stmt, 2, last);
        status = vf_sqlite_step(conn, stmt, &row, err);
    }
    conn->lib->finalize(stmt);
    stmt = NULL;
    if (status != VF_OK || conn->lib->changes(conn->db) > 0)
        return status;
    /* No row was ever put into the table, or it has no AUTOINCREMENT. */
    status = vf_sqlite_prepare(conn,
                               "INSERT INTO sqlite_sequence (name, seq) SELECT name, ?2 FROM sqlite_master WHERE "
                               "name = ?1 COLLATE NOCASE AND type = 'table' AND sql LIKE '%AUTOINCREMENT%'",
                               &stmt, err);
    if (status == VF_OK) {
        conn->lib->bind_text64(stmt, 1, sequence->owner_table, strlen(sequence->owner_table), SQLITE_STATIC,
                               SQLITE_UTF8);
        conn->lib->bind_int64(stmt, 2, last);
        status = vf_sqlite_step(conn, stmt, &row, err);
    }
    conn->lib->finalize(stmt);
    return status;
}

/* ---- steps ---- */

static enum vf_status with_table(struct vf_sqlite_conn *conn, const char *verb, const char *name, struct vf_error *err)
{
    struct vf_buf sql;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_printf(&sql, "%s main.", verb);
    vf_sqlite_quote(&sql, name);
    enum vf_status status = vf_sqlite_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    return status;
}

static void write_name(struct vf_buf *sql, const char *schema, const char *name)
{
    (void)schema; /* there is one */
    vf_buf_str(sql, "main.");
    vf_sqlite_quote(sql, name);
}

/* CREATE VIEW looks at nothing: what is wrong shows when it is read. A server doesn't tell the columns of no rows. */
static enum vf_status try_view(struct vf_sqlite_conn *conn, const struct vf_view *view, struct vf_error *err)
{
    int64_t n = 0;
    struct vf_buf sql;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_ddl_write_trial(view, write_name, &sql);
    enum vf_status status = vf_sqlite_exec_buf(conn, &sql, err);
    vf_buf_str(&sql, "SELECT count(*) FROM pragma_table_info(");
    vf_sqlite_quote_text(&sql, view->name, strlen(view->name));
    vf_buf_char(&sql, ')');
    if (status == VF_OK)
        status = vf_buf_check(&sql, err);
    if (status == VF_OK)
        status = vf_sqlite_get_i64(conn, sql.data, 0, &n, err);
    vf_buf_release(&sql);
    return status == VF_OK ? vf_ddl_check_columns(view, n, err) : status;
}

static enum vf_status apply_view(struct vf_sqlite_conn *conn, const struct vf_step *step, struct vf_error *err)
{
    struct vf_buf sql;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_ddl_write_view(step, write_name, &sql);
    enum vf_status status = vf_sqlite_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    return status == VF_OK && step->kind == VF_STEP_VIEW ? try_view(conn, step->view, err) : status;
}

enum vf_status vf_sqlite_apply(struct vf_conn *base, const struct vf_step *step, struct vf_error *err)
{
    struct vf_sqlite_conn *conn = vf_sqlite_conn_of(base);
    enum vf_status status = VF_OK;
    switch (step->kind) {
    case VF_STEP_TABLE:
        return make_table(conn, step->table, err);
    case VF_STEP_INDEX:
        return make_index(conn, step->table, step->index, err);
    case VF_STEP_FOREIGN_KEY:
        return check_foreign_key(conn, step->table, err);
    case VF_STEP_SEQUENCE_VALUE:
        return set_sequence(conn, step->sequence, err);
    case VF_STEP_ANALYZE:
        if (step->table->kind == VF_TABLE_VEC0) /* there is one way to search it */
            return VF_OK;
        return with_table(conn, "ANALYZE", step->table->name, err);
    case VF_STEP_DROP_TABLE:
        status = vf_sqlite_drop_fulltext(conn, step->table, err);
        if (status == VF_OK)
            status = vf_vec0_prepare_drop(conn, step->table->name, err);
        if (status != VF_OK)
            return status;
        return with_table(conn, "DROP TABLE IF EXISTS", step->table->name, err);
    case VF_STEP_VIEW:
    case VF_STEP_DROP_VIEW:
        return apply_view(conn, step, err);
    case VF_STEP_SCHEMA:
    case VF_STEP_EXTENSION:
    case VF_STEP_USER_TYPE:
    case VF_STEP_SEQUENCE:
    default:
        return VF_OK; /* SQLite has none of these; they are remembered in vecferry_schema */
    }
}

enum vf_status vf_sqlite_table_state(struct vf_conn *base, const char *schema, const char *name, bool *exists,
                                     bool *has_rows, struct vf_error *err)
{
    struct vf_sqlite_conn *conn = vf_sqlite_conn_of(base);
    struct vf_buf sql;
    int64_t found = 0;
    (void)schema;
    enum vf_status status = object_exists(conn, "table", name, exists, err);
    if (status == VF_OK && !*exists)
        return object_exists(conn, "view", name, exists, err);
    if (status != VF_OK)
        return status;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT EXISTS (SELECT 1 FROM ");
    bool is_vec0 = false;
    status = vf_vec0_is_table(conn, name, &is_vec0, err);
    if (status == VF_OK && is_vec0) /* without the extension */
        status = vf_vec0_write_rows(name, &sql, err);
    else if (status == VF_OK)
        status = vf_sqlite_write_from(conn, name, &sql, err);
    vf_buf_char(&sql, ')');
    if (status == VF_OK)
        status = vf_buf_check(&sql, err);
    if (status == VF_OK)
        status = vf_sqlite_get_i64(conn, sql.data, 0, &found, err);
    *has_rows = found != 0;
    vf_buf_release(&sql);
    return status;
}
