#include "engine/turso/record.h"

#include "engine/sqlitesql/record.h"
#include "engine/turso/answer.h"
#include "engine/turso/conn.h"
#include "engine/turso/statement.h"

#define MAX_PARAMETERS     30000 /* SQLite's own limit is 32766 */
#define MAX_REQUEST_BYTES  ((size_t)2 << 20)
#define MAX_DEFERRED_BYTES ((size_t)1 << 20)

/* In a transaction it can wait for the next request: nobody asks for what it changed. */
static enum vf_status run(struct vf_turso_conn *conn, const char *table, const struct vf_buf *sql,
                          const struct vf_buf *arguments, struct vf_error *err)
{
    struct vf_hrana *db = &conn->db;
    enum vf_status status = vf_buf_check(sql, err);
    if (status == VF_OK)
        status = vf_buf_check(arguments, err);
    if (status != VF_OK)
        return status;
    bool fine = true;
    if (db->in_transaction) {
        vf_hrana_defer(db, sql->data, sql->size_bytes, arguments);
        status = vf_buf_check(&db->deferred, err);
        fine = status != VF_OK || db->deferred.size_bytes < MAX_DEFERRED_BYTES || vf_hrana_flush(db);
    } else {
        vf_hrana_new(db, false);
        vf_buf_add(vf_hrana_step(db, sql->data, sql->size_bytes), arguments->data, arguments->size_bytes);
        vf_hrana_step_end(db, false, VF_HRANA_ALWAYS, 0);
        fine = vf_hrana_run(db, VF_HRANA_ONCE) && vf_hrana_went_well(db, 0);
    }
    return fine ? status : vf_turso_fail(conn, err, table);
}

enum vf_status vf_turso_record_create(struct vf_conn *base, const struct vf_record_table *table, struct vf_error *err)
{
    struct vf_turso_conn *conn = vf_turso_conn_of(base);
    const struct vf_buf no_arguments = {0};
    struct vf_buf sql;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_sqlite_record_write_create(&conn->sql, table, &sql);
    enum vf_status status = run(conn, table->name, &sql, &no_arguments, err);
    vf_buf_release(&sql);
    return status;
}

enum vf_status vf_turso_record_put(struct vf_conn *base, const struct vf_record_table *table,
                                   const struct vf_record_value *values, struct vf_error *err)
{
    return vf_turso_record_put_many(base, table, 1, values, err);
}

static enum vf_status send(struct vf_turso_conn *conn, const struct vf_record_table *table,
                           const struct vf_turso_rows *rows, struct vf_error *err)
{
    struct vf_buf sql;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_sqlite_record_write_put(table, rows->n_arguments / table->n_columns, &sql);
    enum vf_status status = run(conn, table->name, &sql, &rows->arguments, err);
    vf_buf_release(&sql);
    return status;
}

enum vf_status vf_turso_record_put_many(struct vf_conn *base, const struct vf_record_table *table, size_t n_records,
                                        const struct vf_record_value *values, struct vf_error *err)
{
    struct vf_turso_conn *conn = vf_turso_conn_of(base);
    struct vf_turso_rows rows;
    enum vf_status status = vf_turso_rows_init(&rows, &conn->db, err);
    if (status != VF_OK)
        return status;
    for (size_t i = 0; status == VF_OK && i < n_records; i++) {
        for (size_t c = 0; c < table->n_columns; c++)
            vf_sqlite_record_bind(&conn->sql, vf_turso_rows_stmt(&rows), (int)c + 1, table->columns[c].kind,
                                  &values[i * table->n_columns + c]);
        if (i + 1 < n_records && rows.n_arguments + table->n_columns <= MAX_PARAMETERS &&
            rows.arguments.size_bytes < MAX_REQUEST_BYTES)
            continue;
        status = send(conn, table, &rows, err);
        vf_turso_rows_clear(&rows);
    }
    vf_turso_rows_release(&rows);
    return status;
}
