#include "engine/turso/record.h"

#include "engine/sqlitesql/record.h"
#include "engine/turso/answer.h"
#include "engine/turso/conn.h"
#include "engine/turso/statement.h"

#define MAX_PARAMETERS    30000 /* SQLite's own limit is 32766 */
#define MAX_REQUEST_BYTES ((size_t)2 << 20)

static enum vf_status send(struct vf_turso_conn *conn, const struct vf_record_table *table,
                           const struct vf_turso_rows *rows, struct vf_error *err)
{
    struct vf_buf sql;
    struct vf_hrana *db = &conn->db;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_sqlite_record_write_put(table, rows->n_arguments / table->n_columns, &sql);
    enum vf_status status = vf_buf_check(&sql, err);
    if (status == VF_OK)
        status = vf_buf_check(&rows->arguments, err);
    if (status == VF_OK) {
        vf_hrana_new(db, false);
        vf_buf_add(vf_hrana_step(db, sql.data, sql.size_bytes), rows->arguments.data, rows->arguments.size_bytes);
        vf_hrana_step_end(db, false, VF_HRANA_ALWAYS, 0);
        if (!vf_hrana_run(db, VF_HRANA_ONCE) || !vf_hrana_went_well(db, 0))
            status = vf_turso_fail(conn, err, table->name);
    }
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
