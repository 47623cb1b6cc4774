#include "engine/postgres/record.h"

#include <string.h>

#include "base/text.h"
#include "engine/postgres/codec.h"
#include "engine/postgres/conn.h"

#define MAX_COLUMNS 40
#define OID_BYTEA   17
#define OID_INT8    20
#define OID_TEXT    25

/* ---- parameters ---- */

struct params {
    int n;
    Oid types[MAX_COLUMNS + 1];
    const char *values[MAX_COLUMNS + 1];
    int lengths[MAX_COLUMNS + 1], formats[MAX_COLUMNS + 1];
    char integers[MAX_COLUMNS + 1][8];
};

static void add_param(struct params *params, enum vf_record_kind kind, const struct vf_record_value *value)
{
    int i = params->n++;
    params->types[i] = kind == VF_RECORD_INTEGER ? OID_INT8 : kind == VF_RECORD_TEXT ? OID_TEXT : OID_BYTEA;
    params->formats[i] = 1;
    params->values[i] = NULL;
    params->lengths[i] = 0;
    if (value->is_null)
        return;
    if (kind == VF_RECORD_INTEGER) {
        uint64_t number = (uint64_t)value->integer;
        for (int k = 7; k >= 0; k--, number >>= 8)
            params->integers[i][k] = (char)(number & 0xff);
        params->values[i] = params->integers[i];
        params->lengths[i] = 8;
        return;
    }
    params->values[i] = value->size_bytes > 0 ? value->bytes : "";
    params->lengths[i] = (int)value->size_bytes;
}

static enum vf_status run(struct vf_pg_conn *conn, struct vf_buf *sql, const struct params *params, PGresult **result,
                          struct vf_error *err)
{
    *result = NULL;
    enum vf_status status = vf_buf_check(sql, err);
    if (status != VF_OK)
        return status;
    conn->was_cancelled = false;
    PGresult *found = PQsendQueryParams(conn->pg, sql->data, params->n, params->types, params->values, params->lengths,
                                        params->formats, 1) == 1
                          ? vf_pg_finish(conn)
                          : NULL;
    ExecStatusType state = PQresultStatus(found);
    if (found == NULL || (state != PGRES_COMMAND_OK && state != PGRES_TUPLES_OK)) {
        status = vf_pg_fail(conn, found, err);
        PQclear(found);
        return status;
    }
    *result = found;
    return VF_OK;
}

/* The same for a statement without rows; *n_rows (may be NULL): how many it touched. */
static enum vf_status run_command(struct vf_pg_conn *conn, struct vf_buf *sql, const struct params *params,
                                  int64_t *n_rows, struct vf_error *err)
{
    PGresult *result = NULL;
    int64_t n = 0;
    enum vf_status status = run(conn, sql, params, &result, err);
    if (status == VF_OK) {
        const char *touched = PQcmdTuples(result);
        if (!vf_parse_i64(touched, strlen(touched), &n))
            n = 0;
    }
    if (n_rows != NULL)
        *n_rows = n;
    PQclear(result);
    vf_buf_release(sql);
    return status;
}

/* "a" = $1 AND "b" = $2 */
static void write_key(const struct vf_record_table *table, size_t n_key, int first, struct vf_buf *sql)
{
    for (size_t i = 0; i < n_key; i++) {
        vf_buf_str(sql, i > 0 ? " AND " : " WHERE ");
        vf_pg_quote(sql, table->columns[i].name);
        vf_buf_printf(sql, " = $%d", first + (int)i);
    }
}

static void write_columns(const struct vf_record_table *table, size_t n, struct vf_buf *sql)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            vf_buf_str(sql, ", ");
        vf_pg_quote(sql, table->columns[i].name);
    }
}

static enum vf_status is_there(struct vf_pg_conn *conn, const struct vf_record_table *table, bool *there,
                               struct vf_error *err)
{
    char found[8];
    const char *params[] = {table->name};
    enum vf_status status =
        vf_pg_get_text(conn, "SELECT (pg_catalog.to_regclass(pg_catalog.quote_ident($1)) IS NOT NULL)::text", 1, params,
                       found, sizeof(found), err);
    *there = found[0] == 't';
    return status;
}

/* ---- records ---- */

enum vf_status vf_pg_record_create(struct vf_conn *base, const struct vf_record_table *table, struct vf_error *err)
{
    static const char *const types[] = {"bigint", "text", "bytea"};
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    struct vf_buf sql;
    bool there = false;
    enum vf_status status = is_there(conn, table, &there, err);
    if (status != VF_OK || there)
        return status;
    vf_buf_init(&sql, 1 << 16);
    vf_buf_str(&sql, "CREATE TABLE IF NOT EXISTS ");
    vf_pg_quote(&sql, table->name);
    vf_buf_str(&sql, " (");
    for (size_t i = 0; i < table->n_columns; i++) {
        vf_pg_quote(&sql, table->columns[i].name);
        vf_buf_printf(&sql, " %s%s, ", types[table->columns[i].kind], i < table->n_key ? " NOT NULL" : "");
    }
    vf_buf_str(&sql, "PRIMARY KEY (");
    write_columns(table, table->n_key, &sql);
    vf_buf_str(&sql, "))");
    status = vf_pg_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    if (status != VF_OK) {
        vf_error_wrap(err, "table \"%s\" can't be made in the current schema", table->name);
        vf_error_hint(err,
                      "vecferry keeps its state there: grant CREATE on a schema of the search_path, or set search_path "
                      "for this user");
    }
    return status;
}

enum vf_status vf_pg_record_put(struct vf_conn *base, const struct vf_record_table *table,
                                const struct vf_record_value *values, struct vf_error *err)
{
    struct params params = {0};
    struct vf_buf sql;
    if (table->n_columns > MAX_COLUMNS)
        return vf_error_set(err, VF_INTERNAL, "table \"%s\" has too many columns", table->name);
    vf_buf_init(&sql, 1 << 16);
    vf_buf_str(&sql, "INSERT INTO ");
    vf_pg_quote(&sql, table->name);
    vf_buf_str(&sql, " (");
    write_columns(table, table->n_columns, &sql);
    vf_buf_str(&sql, ") VALUES (");
    for (size_t i = 0; i < table->n_columns; i++) {
        vf_buf_printf(&sql, "%s$%zu", i > 0 ? ", " : "", i + 1);
        add_param(&params, table->columns[i].kind, &values[i]);
    }
    vf_buf_str(&sql, ") ON CONFLICT (");
    write_columns(table, table->n_key, &sql);
    vf_buf_str(&sql, table->n_key < table->n_columns ? ") DO UPDATE SET " : ") DO NOTHING");
    for (size_t i = table->n_key; i < table->n_columns; i++) {
        if (i > table->n_key)
            vf_buf_str(&sql, ", ");
        vf_pg_quote(&sql, table->columns[i].name);
        vf_buf_str(&sql, " = excluded.");
        vf_pg_quote(&sql, table->columns[i].name);
    }
    return run_command(vf_pg_conn_of(base), &sql, &params, NULL, err);
}

static void read_value(const PGresult *result, int row, int column, enum vf_record_kind kind,
                       struct vf_record_value *value)
{
    *value = (struct vf_record_value){.is_null = PQgetisnull(result, row, column) == 1};
    if (value->is_null)
        return;
    value->bytes = PQgetvalue(result, row, column);
    value->size_bytes = (size_t)PQgetlength(result, row, column);
    if (kind == VF_RECORD_INTEGER && value->size_bytes == 8)
        value->integer = (int64_t)vf_pg_be64(value->bytes);
}

enum vf_status vf_pg_record_get(struct vf_conn *base, const struct vf_record_table *table,
                                const struct vf_record_value *key, size_t n_key, vf_record_fn found, void *context,
                                struct vf_error *err)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    struct vf_record_value values[MAX_COLUMNS];
    struct params params = {0};
    struct vf_buf sql;
    PGresult *result = NULL;
    bool there = false;
    enum vf_status status = is_there(conn, table, &there, err);
    if (status != VF_OK || !there || table->n_columns > MAX_COLUMNS)
        return status;
    vf_buf_init(&sql, 1 << 16);
    vf_buf_str(&sql, "SELECT ");
    write_columns(table, table->n_columns, &sql);
    vf_buf_str(&sql, " FROM ");
    vf_pg_quote(&sql, table->name);
    write_key(table, n_key, 1, &sql);
    for (size_t i = 0; i < n_key; i++)
        add_param(&params, table->columns[i].kind, &key[i]);
    for (size_t i = 0; i < table->n_key; i++) {
        vf_buf_str(&sql, i > 0 ? ", " : " ORDER BY ");
        vf_pg_quote(&sql, table->columns[i].name);
        if (table->columns[i].kind == VF_RECORD_TEXT)
            vf_buf_str(&sql, " COLLATE \"C\"");
    }
    status = run(conn, &sql, &params, &result, err);
    int n = status == VF_OK ? PQntuples(result) : 0;
    for (int row = 0; row < n && status == VF_OK; row++) {
        for (size_t i = 0; i < table->n_columns; i++)
            read_value(result, row, (int)i, table->columns[i].kind, &values[i]);
        status = found(context, values, err);
    }
    PQclear(result);
    vf_buf_release(&sql);
    return status;
}

enum vf_status vf_pg_record_swap(struct vf_conn *base, const struct vf_record_table *table,
                                 const struct vf_record_value *values, size_t column,
                                 const struct vf_record_value *expected, bool *swapped, struct vf_error *err)
{
    struct params params = {0};
    struct vf_buf sql;
    int64_t n_rows = 0;
    if (table->n_columns > MAX_COLUMNS)
        return vf_error_set(err, VF_INTERNAL, "table \"%s\" has too many columns", table->name);
    vf_buf_init(&sql, 1 << 16);
    vf_buf_str(&sql, "UPDATE ");
    vf_pg_quote(&sql, table->name);
    vf_buf_str(&sql, " SET ");
    for (size_t i = 0; i < table->n_columns; i++) {
        add_param(&params, table->columns[i].kind, &values[i]);
        if (i < table->n_key)
            continue;
        if (i > table->n_key)
            vf_buf_str(&sql, ", ");
        vf_pg_quote(&sql, table->columns[i].name);
        vf_buf_printf(&sql, " = $%zu", i + 1);
    }
    write_key(table, table->n_key, 1, &sql);
    vf_buf_str(&sql, " AND ");
    vf_pg_quote(&sql, table->columns[column].name);
    vf_buf_printf(&sql, " IS NOT DISTINCT FROM $%d", params.n + 1);
    add_param(&params, table->columns[column].kind, expected);
    enum vf_status status = run_command(vf_pg_conn_of(base), &sql, &params, &n_rows, err);
    *swapped = status == VF_OK && n_rows > 0;
    return status;
}

enum vf_status vf_pg_record_delete(struct vf_conn *base, const struct vf_record_table *table,
                                   const struct vf_record_value *key, size_t n_key, struct vf_error *err)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    struct params params = {0};
    struct vf_buf sql;
    bool there = false;
    enum vf_status status = is_there(conn, table, &there, err);
    if (status != VF_OK || !there || n_key > MAX_COLUMNS)
        return status;
    vf_buf_init(&sql, 1 << 16);
    vf_buf_str(&sql, "DELETE FROM ");
    vf_pg_quote(&sql, table->name);
    write_key(table, n_key, 1, &sql);
    for (size_t i = 0; i < n_key; i++)
        add_param(&params, table->columns[i].kind, &key[i]);
    return run_command(conn, &sql, &params, NULL, err);
}

/* ---- the lock ---- */

/* "vecf" and "erry" as numbers; advisory locks belong to one database by themselves. */
#define LOCK "1986356070, 1701999225"

enum vf_status vf_pg_lock(struct vf_conn *base, const char *holder, struct vf_error *err)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    const char *params[] = {holder};
    char text[400] = "";
    enum vf_status status = vf_pg_get_text(conn, "SELECT pg_catalog.pg_try_advisory_lock(" LOCK ")::text", 0, NULL,
                                           text, sizeof(text), err);
    if (status != VF_OK)
        return status;
    if (text[0] == 't') {
        conn->is_locked = true;
        status = vf_pg_get_text(conn, "SELECT pg_catalog.current_setting('application_name')", 0, NULL,
                                conn->application, sizeof(conn->application), err);
        if (status == VF_OK)
            status = vf_pg_get_text(conn, "SELECT pg_catalog.set_config('application_name', $1, false)", 1, params,
                                    text, sizeof(text), err);
        return status;
    }
    status = vf_pg_get_text(
        conn,
        "SELECT coalesce(nullif(a.application_name, ''), 'somebody') || ' (process ' || l.pid || coalesce(' from ' || "
        "host(a.client_addr), '') || coalesce(', since ' || to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS'), '') || "
        "')' "
        "FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid "
        "WHERE l.locktype = 'advisory' AND l.classid = 1986356070 AND l.objid = 1701999225 AND l.objsubid = 2 AND "
        "l.granted "
        "AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())",
        0, NULL, text, sizeof(text), err);
    if (status != VF_OK)
        return status;
    vf_error_set(err, VF_LOCKED, "another run works on this target: %s", text[0] != '\0' ? text : "it has just ended");
    vf_error_hint(err, "wait until it has ended, or end that session");
    return VF_LOCKED;
}

void vf_pg_unlock(struct vf_conn *base)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    const char *params[] = {conn->application};
    char text[80];
    if (!conn->is_locked)
        return;
    conn->is_locked = false;
    enum vf_status status =
        vf_pg_get_text(conn, "SELECT pg_catalog.pg_advisory_unlock(" LOCK ")::text", 0, NULL, text, sizeof(text), NULL);
    if (status == VF_OK)
        status = vf_pg_get_text(conn, "SELECT pg_catalog.set_config('application_name', $1, false)", 1, params, text,
                                sizeof(text), NULL);
    (void)status;
}
