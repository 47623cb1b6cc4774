#include "engine/sqlitesql/record.h"

#include <string.h>

#include "engine/sqlitesql/conn.h"
#include "engine/sqlitesql/questions.h"

static const char *const kind_names[] = {
    [VF_RECORD_INTEGER] = "INTEGER",
    [VF_RECORD_TEXT] = "TEXT",
    [VF_RECORD_BLOB] = "BLOB",
};

static enum vf_status is_there(struct vf_sqlite_conn *conn, const struct vf_record_table *table, bool *there,
                               struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    enum vf_status status = vf_sqlite_prepare(conn, VF_SQLITE_ASK_IS_THERE, &stmt, err);
    if (status == VF_OK) {
        conn->lib->bind_text64(stmt, 1, table->name, strlen(table->name), SQLITE_STATIC, SQLITE_UTF8);
        status = vf_sqlite_step(conn, stmt, there, err);
    }
    conn->lib->finalize(stmt);
    return status;
}

void vf_sqlite_record_bind(const struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int parameter,
                           enum vf_record_kind kind, const struct vf_record_value *value)
{
    const void *bytes = value->size_bytes == 0 ? "" : value->bytes;
    if (value->is_null)
        conn->lib->bind_null(stmt, parameter);
    else if (kind == VF_RECORD_INTEGER)
        conn->lib->bind_int64(stmt, parameter, value->integer);
    else if (kind == VF_RECORD_TEXT)
        conn->lib->bind_text64(stmt, parameter, bytes, value->size_bytes, SQLITE_STATIC, SQLITE_UTF8);
    else
        conn->lib->bind_blob64(stmt, parameter, bytes, value->size_bytes, SQLITE_STATIC);
}

static void write_names(const struct vf_record_table *table, size_t n, struct vf_buf *sql)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            vf_buf_str(sql, ", ");
        vf_sqlite_quote(sql, table->columns[i].name);
    }
}

/* "k1" = ?1 AND "k2" = ?2 */
static void write_where(const struct vf_record_table *table, size_t n_key, struct vf_buf *sql)
{
    for (size_t i = 0; i < n_key; i++) {
        vf_buf_str(sql, i == 0 ? " WHERE " : " AND ");
        vf_sqlite_quote(sql, table->columns[i].name);
        vf_buf_printf(sql, " = ?%zu", i + 1);
    }
}

void vf_sqlite_record_write_create(const struct vf_sqlite_conn *conn, const struct vf_record_table *table,
                                   struct vf_buf *sql)
{
    vf_buf_str(sql, "CREATE TABLE IF NOT EXISTS main.");
    vf_sqlite_quote(sql, table->name);
    for (size_t i = 0; i < table->n_columns; i++) {
        vf_buf_str(sql, i == 0 ? " (" : ", ");
        vf_sqlite_quote(sql, table->columns[i].name);
        vf_buf_printf(sql, " %s%s", kind_names[table->columns[i].kind], i < table->n_key ? " NOT NULL" : "");
    }
    vf_buf_str(sql, ", PRIMARY KEY (");
    write_names(table, table->n_key, sql);
    vf_buf_str(sql, conn->no_without_rowid ? "))" : ")) WITHOUT ROWID");
}

enum vf_status vf_sqlite_record_create(struct vf_conn *base, const struct vf_record_table *table, struct vf_error *err)
{
    struct vf_sqlite_conn *conn = vf_sqlite_conn_of(base);
    struct vf_buf sql;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_sqlite_record_write_create(conn, table, &sql);
    enum vf_status status = vf_sqlite_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    return status;
}

void vf_sqlite_record_write_put(const struct vf_record_table *table, size_t n_records, struct vf_buf *sql)
{
    vf_buf_str(sql, "INSERT OR REPLACE INTO main.");
    vf_sqlite_quote(sql, table->name);
    vf_buf_str(sql, " (");
    write_names(table, table->n_columns, sql);
    vf_buf_str(sql, ") VALUES ");
    for (size_t i = 0; i < n_records * table->n_columns; i++) {
        bool is_first = i % table->n_columns == 0, is_last = (i + 1) % table->n_columns == 0;
        vf_buf_str(sql, i == 0 ? "(?" : is_first ? ", (?" : ", ?");
        vf_buf_str(sql, is_last ? ")" : "");
    }
}

enum vf_status vf_sqlite_record_put(struct vf_conn *base, const struct vf_record_table *table,
                                    const struct vf_record_value *values, struct vf_error *err)
{
    struct vf_sqlite_conn *conn = vf_sqlite_conn_of(base);
    struct vf_buf sql;
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_sqlite_record_write_put(table, 1, &sql);
    enum vf_status status = vf_sqlite_prepare_buf(conn, &sql, &stmt, err);
    for (size_t i = 0; status == VF_OK && i < table->n_columns; i++)
        vf_sqlite_record_bind(conn, stmt, (int)i + 1, table->columns[i].kind, &values[i]);
    if (status == VF_OK)
        status = vf_sqlite_step(conn, stmt, &row, err);
    conn->lib->finalize(stmt);
    vf_buf_release(&sql);
    return status;
}

static void read_value(const struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int column, struct vf_record_value *value)
{
    *value = (struct vf_record_value){.is_null = conn->lib->column_type(stmt, column) == SQLITE_NULL};
    if (value->is_null)
        return;
    if (conn->lib->column_type(stmt, column) == SQLITE_INTEGER)
        value->integer = conn->lib->column_int64(stmt, column);
    else
        value->bytes = vf_sqlite_column(conn, stmt, column, &value->size_bytes);
}

static enum vf_status read_all(struct vf_sqlite_conn *conn, const struct vf_record_table *table, sqlite3_stmt *stmt,
                               vf_record_fn found, void *context, struct vf_error *err)
{
    bool row = false;
    struct vf_record_value *values = vf_calloc(table->n_columns, sizeof(*values));
    enum vf_status status = values == NULL ? vf_error_nomem(err) : VF_OK;
    while (status == VF_OK) {
        status = vf_sqlite_step(conn, stmt, &row, err);
        if (status != VF_OK || !row)
            break;
        for (size_t i = 0; i < table->n_columns; i++)
            read_value(conn, stmt, (int)i, &values[i]);
        status = found(context, values, err);
    }
    vf_free(values);
    return status;
}

void vf_sqlite_record_write_get(const struct vf_record_table *table, size_t n_key, struct vf_buf *sql)
{
    vf_buf_str(sql, "SELECT ");
    write_names(table, table->n_columns, sql);
    vf_buf_str(sql, " FROM main.");
    vf_sqlite_quote(sql, table->name);
    write_where(table, n_key, sql);
    vf_buf_str(sql, " ORDER BY ");
    write_names(table, table->n_key, sql);
}

enum vf_status vf_sqlite_record_get(struct vf_conn *base, const struct vf_record_table *table,
                                    const struct vf_record_value *key, size_t n_key, vf_record_fn found, void *context,
                                    struct vf_error *err)
{
    struct vf_sqlite_conn *conn = vf_sqlite_conn_of(base);
    struct vf_buf sql;
    sqlite3_stmt *stmt = NULL;
    struct vf_error why = {0};
    /* A target on a server has them in most cases, and to ask would be another way there and back. */
    bool there = true, asks_first = conn->prepare_rows == NULL || conn->base.options.side == VF_SIDE_SOURCE;
    enum vf_status status = asks_first ? is_there(conn, table, &there, err) : VF_OK;
    if (status != VF_OK || !there)
        return status;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_sqlite_record_write_get(table, n_key, &sql);
    status = vf_sqlite_prepare_buf(conn, &sql, &stmt, err);
    for (size_t i = 0; status == VF_OK && i < n_key; i++)
        vf_sqlite_record_bind(conn, stmt, (int)i + 1, table->columns[i].kind, &key[i]);
    if (status == VF_OK)
        status = read_all(conn, table, stmt, found, context, &why);
    bool is_missing = !asks_first && status == VF_ENGINE && strstr(why.message, "no such table") != NULL;
    if (status != VF_OK && !is_missing && err != NULL && why.status != VF_OK)
        *err = why;
    conn->lib->finalize(stmt);
    vf_buf_release(&sql);
    return is_missing ? VF_OK : status;
}

enum vf_status vf_sqlite_record_swap(struct vf_conn *base, const struct vf_record_table *table,
                                     const struct vf_record_value *values, size_t column,
                                     const struct vf_record_value *expected, bool *swapped, struct vf_error *err)
{
    struct vf_sqlite_conn *conn = vf_sqlite_conn_of(base);
    struct vf_buf sql;
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    *swapped = false;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "UPDATE main.");
    vf_sqlite_quote(&sql, table->name);
    for (size_t i = 0; i < table->n_columns; i++) {
        vf_buf_str(&sql, i == 0 ? " SET " : ", ");
        vf_sqlite_quote(&sql, table->columns[i].name);
        vf_buf_printf(&sql, " = ?%zu", i + 1);
    }
    write_where(table, table->n_key, &sql);
    vf_buf_str(&sql, " AND ");
    vf_sqlite_quote(&sql, table->columns[column].name);
    vf_buf_printf(&sql, " IS ?%zu", table->n_columns + 1);
    enum vf_status status = vf_sqlite_prepare_buf(conn, &sql, &stmt, err);
    for (size_t i = 0; status == VF_OK && i < table->n_columns; i++)
        vf_sqlite_record_bind(conn, stmt, (int)i + 1, table->columns[i].kind, &values[i]);
    if (status == VF_OK) {
        vf_sqlite_record_bind(conn, stmt, (int)table->n_columns + 1, table->columns[column].kind, expected);
        status = vf_sqlite_step(conn, stmt, &row, err);
    }
    if (status == VF_OK)
        *swapped = conn->lib->changes(conn->db) == 1;
    conn->lib->finalize(stmt);
    vf_buf_release(&sql);
    return status;
}

enum vf_status vf_sqlite_record_delete(struct vf_conn *base, const struct vf_record_table *table,
                                       const struct vf_record_value *key, size_t n_key, struct vf_error *err)
{
    struct vf_sqlite_conn *conn = vf_sqlite_conn_of(base);
    struct vf_buf sql;
    sqlite3_stmt *stmt = NULL;
    bool there = false;
    bool row = false;
    enum vf_status status = is_there(conn, table, &there, err);
    if (status != VF_OK || !there)
        return status;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "DELETE FROM main.");
    vf_sqlite_quote(&sql, table->name);
    write_where(table, n_key, &sql);
    status = vf_sqlite_prepare_buf(conn, &sql, &stmt, err);
    for (size_t i = 0; status == VF_OK && i < n_key; i++)
        vf_sqlite_record_bind(conn, stmt, (int)i + 1, table->columns[i].kind, &key[i]);
    if (status == VF_OK)
        status = vf_sqlite_step(conn, stmt, &row, err);
    conn->lib->finalize(stmt);
    vf_buf_release(&sql);
    return status;
}
