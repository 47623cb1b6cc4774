#include "engine/duckdb/record.h"

#include <string.h>

#include "engine/duckdb/conn.h"

static const char *const kind_names[] = {
    [VF_RECORD_INTEGER] = "BIGINT",
    [VF_RECORD_TEXT] = "VARCHAR",
    [VF_RECORD_BLOB] = "BLOB",
};

static enum vf_status is_there(struct vf_duckdb_conn *conn, const struct vf_record_table *table, bool *there,
                               struct vf_error *err)
{
    const struct vf_duckdb_param name = vf_duckdb_text_param(table->name);
    int64_t n = 0;
    enum vf_status status =
        vf_duckdb_get_i64(conn,
                          "SELECT count(*) FROM duckdb_tables() WHERE database_name = '" VF_DUCKDB_CATALOG
                          "' AND schema_name = 'main' AND table_name = ?",
                          1, &name, 0, &n, err);
    *there = n > 0;
    return status;
}

static struct vf_duckdb_param param_of(enum vf_record_kind kind, const struct vf_record_value *value)
{
    return (struct vf_duckdb_param){
        .is_integer = kind == VF_RECORD_INTEGER,
        .is_blob = kind == VF_RECORD_BLOB,
        .is_null = value->is_null,
        .integer = value->integer,
        .bytes = value->bytes,
        .size_bytes = value->size_bytes,
    };
}

static void write_names(const struct vf_record_table *table, size_t n, struct vf_buf *sql)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            vf_buf_str(sql, ", ");
        vf_duckdb_quote(sql, table->columns[i].name);
    }
}

static void write_where(const struct vf_record_table *table, size_t n_key, struct vf_buf *sql)
{
    for (size_t i = 0; i < n_key; i++) {
        vf_buf_str(sql, i == 0 ? " WHERE " : " AND ");
        vf_duckdb_quote(sql, table->columns[i].name);
        vf_buf_str(sql, " = ?");
    }
}

static enum vf_status run(struct vf_conn *base, struct vf_buf *sql, size_t n_params,
                          const struct vf_duckdb_param *params, int64_t *n_changed, struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    struct vf_duckdb_rows rows;
    if (!conn->in_transaction) {
        vf_duckdb_instance_keep(conn->instance);
        vf_duckdb_instance_count_commit(conn->instance);
    }
    enum vf_status status = vf_duckdb_query_buf(conn, sql, n_params, params, &rows, err);
    if (status == VF_OK && n_changed != NULL)
        *n_changed = (int64_t)conn->lib->rows_changed(&rows.result);
    vf_duckdb_rows_close(&rows);
    return status;
}

enum vf_status vf_duckdb_record_create(struct vf_conn *base, const struct vf_record_table *table, struct vf_error *err)
{
    struct vf_buf sql;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "CREATE TABLE IF NOT EXISTS ");
    vf_duckdb_quote_table(&sql, NULL, table->name);
    for (size_t i = 0; i < table->n_columns; i++) {
        vf_buf_str(&sql, i == 0 ? " (" : ", ");
        vf_duckdb_quote(&sql, table->columns[i].name);
        vf_buf_printf(&sql, " %s%s", kind_names[table->columns[i].kind], i < table->n_key ? " NOT NULL" : "");
    }
    vf_buf_str(&sql, ", PRIMARY KEY (");
    write_names(table, table->n_key, &sql);
    vf_buf_str(&sql, "))");
    enum vf_status status = run(base, &sql, 0, NULL, NULL, err);
    vf_buf_release(&sql);
    return status;
}

enum vf_status vf_duckdb_record_put(struct vf_conn *base, const struct vf_record_table *table,
                                    const struct vf_record_value *values, struct vf_error *err)
{
    struct vf_buf sql;
    struct vf_duckdb_param *params = vf_calloc(table->n_columns, sizeof(*params));
    if (params == NULL)
        return vf_error_nomem(err);
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "INSERT OR REPLACE INTO ");
    vf_duckdb_quote_table(&sql, NULL, table->name);
    vf_buf_str(&sql, " (");
    write_names(table, table->n_columns, &sql);
    for (size_t i = 0; i < table->n_columns; i++) {
        vf_buf_str(&sql, i == 0 ? ") VALUES (?" : ", ?");
        params[i] = param_of(table->columns[i].kind, &values[i]);
    }
    vf_buf_char(&sql, ')');
    enum vf_status status = run(base, &sql, table->n_columns, params, NULL, err);
    vf_buf_release(&sql);
    vf_free(params);
    return status;
}

static enum vf_status read_all(const struct vf_record_table *table, struct vf_duckdb_rows *rows, vf_record_fn found,
                               void *context, struct vf_error *err)
{
    bool more = true;
    struct vf_record_value *values = vf_calloc(table->n_columns, sizeof(*values));
    enum vf_status status = values == NULL ? vf_error_nomem(err) : VF_OK;
    while (status == VF_OK) {
        status = vf_duckdb_next(rows, &more, err);
        if (status != VF_OK || !more)
            break;
        for (size_t i = 0; i < table->n_columns; i++) {
            values[i] = (struct vf_record_value){.is_null = vf_duckdb_is_null(rows, i)};
            if (table->columns[i].kind == VF_RECORD_INTEGER)
                values[i].integer = vf_duckdb_i64(rows, i);
            else if (!values[i].is_null)
                values[i].bytes = vf_duckdb_bytes(rows, i, &values[i].size_bytes);
        }
        status = found(context, values, err);
    }
    vf_free(values);
    return status;
}

enum vf_status vf_duckdb_record_get(struct vf_conn *base, const struct vf_record_table *table,
                                    const struct vf_record_value *key, size_t n_key, vf_record_fn found, void *context,
                                    struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    struct vf_duckdb_param params[16];
    struct vf_duckdb_rows rows;
    struct vf_buf sql;
    bool there = false;
    enum vf_status status = is_there(conn, table, &there, err);
    if (status != VF_OK || !there)
        return status;
    if (n_key > sizeof(params) / sizeof(params[0]))
        return vf_error_set(err, VF_INTERNAL, "a key of %zu columns", n_key);
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT ");
    write_names(table, table->n_columns, &sql);
    vf_buf_str(&sql, " FROM ");
    vf_duckdb_quote_table(&sql, NULL, table->name);
    write_where(table, n_key, &sql);
    vf_buf_str(&sql, " ORDER BY ");
    write_names(table, table->n_key, &sql);
    for (size_t i = 0; i < n_key; i++)
        params[i] = param_of(table->columns[i].kind, &key[i]);
    status = vf_duckdb_query_buf(conn, &sql, n_key, params, &rows, err);
    if (status == VF_OK)
        status = read_all(table, &rows, found, context, err);
    vf_duckdb_rows_close(&rows);
    vf_buf_release(&sql);
    return status;
}

/* The key's columns aren't set: DuckDB would delete and insert the row for it. */
enum vf_status vf_duckdb_record_swap(struct vf_conn *base, const struct vf_record_table *table,
                                     const struct vf_record_value *values, size_t column,
                                     const struct vf_record_value *expected, bool *swapped, struct vf_error *err)
{
    struct vf_buf sql;
    int64_t n_changed = 0;
    size_t n = 0;
    struct vf_duckdb_param *params = vf_calloc(table->n_columns + 1, sizeof(*params));
    *swapped = false;
    if (params == NULL)
        return vf_error_nomem(err);
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "UPDATE ");
    vf_duckdb_quote_table(&sql, NULL, table->name);
    for (size_t i = table->n_key; i < table->n_columns; i++) {
        vf_buf_str(&sql, n == 0 ? " SET " : ", ");
        vf_duckdb_quote(&sql, table->columns[i].name);
        vf_buf_str(&sql, " = ?");
        params[n++] = param_of(table->columns[i].kind, &values[i]);
    }
    write_where(table, table->n_key, &sql);
    for (size_t i = 0; i < table->n_key; i++)
        params[n++] = param_of(table->columns[i].kind, &values[i]);
    vf_buf_str(&sql, " AND ");
    vf_duckdb_quote(&sql, table->columns[column].name);
    vf_buf_str(&sql, " IS NOT DISTINCT FROM ?");
    params[n++] = param_of(table->columns[column].kind, expected);
    enum vf_status status = run(base, &sql, n, params, &n_changed, err);
    if (status == VF_OK)
        *swapped = n_changed == 1;
    vf_buf_release(&sql);
    vf_free(params);
    return status;
}

enum vf_status vf_duckdb_record_delete(struct vf_conn *base, const struct vf_record_table *table,
                                       const struct vf_record_value *key, size_t n_key, struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    struct vf_duckdb_param params[16];
    struct vf_buf sql;
    bool there = false;
    enum vf_status status = is_there(conn, table, &there, err);
    if (status != VF_OK || !there)
        return status;
    if (n_key > sizeof(params) / sizeof(params[0]))
        return vf_error_set(err, VF_INTERNAL, "a key of %zu columns", n_key);
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "DELETE FROM ");
    vf_duckdb_quote_table(&sql, NULL, table->name);
    write_where(table, n_key, &sql);
    for (size_t i = 0; i < n_key; i++)
        params[i] = param_of(table->columns[i].kind, &key[i]);
    status = run(base, &sql, n_key, params, NULL, err);
    vf_buf_release(&sql);
    return status;
}
