#include <string.h>

#include "engine/refuse.h"
#include "engine/sqlitesql/encode.h"
#include "engine/sqlitesql/target.h"
#include "engine/sqlitesql/vec0_target.h"

struct vf_load {
    struct vf_sqlite_conn *conn;
    struct vf_relation relation; /* borrowed texts and fields */
    sqlite3_stmt *stmt;
    vf_sqlite_bind_fn *bind;
    struct vf_sqlite_scratch *scratch; /* one for each field */
};

/* ---- transactions ---- */

enum vf_status vf_sqlite_begin(struct vf_conn *base, struct vf_error *err)
{
    return vf_sqlite_exec(vf_sqlite_conn_of(base), "BEGIN IMMEDIATE", err);
}

enum vf_status vf_sqlite_commit(struct vf_conn *base, struct vf_error *err)
{
    return vf_sqlite_exec(vf_sqlite_conn_of(base), "COMMIT", err);
}

void vf_sqlite_rollback(struct vf_conn *base)
{
    struct vf_sqlite_conn *conn = vf_sqlite_conn_of(base);
    if (conn->lib->get_autocommit(conn->db) == 0)
        (void)(vf_sqlite_exec(conn, "ROLLBACK", NULL) == VF_OK);
}

/* ---- loading ---- */

/* OR ABORT: a table that the user made may say ON CONFLICT REPLACE, and then rows would vanish in silence. */
void vf_sqlite_write_insert(const struct vf_relation *relation, struct vf_buf *sql)
{
    vf_buf_str(sql, "INSERT OR ABORT INTO main.");
    vf_sqlite_quote(sql, relation->name);
    if (relation->n_fields == 0)
        vf_buf_str(sql, " DEFAULT VALUES");
    for (size_t i = 0; i < relation->n_fields; i++) {
        vf_buf_str(sql, i == 0 ? " (" : ", ");
        vf_sqlite_quote(sql, relation->fields[i].name);
    }
    if (relation->n_fields > 0)
        vf_buf_str(sql, ") VALUES ");
}

static void write_insert(const struct vf_relation *relation, struct vf_buf *sql)
{
    vf_sqlite_write_insert(relation, sql);
    for (size_t i = 0; i < relation->n_fields; i++) {
        const char *function = vf_vec0_function(&relation->fields[i]);
        vf_buf_str(sql, i == 0 ? "(" : ", ");
        if (function != NULL)
            vf_buf_printf(sql, "%s(?%zu)", function, i + 1);
        else
            vf_buf_printf(sql, "?%zu", i + 1);
    }
    if (relation->n_fields > 0)
        vf_buf_char(sql, ')');
}

enum vf_status vf_sqlite_load_open(struct vf_conn *base, const struct vf_relation *relation, struct vf_load **load,
                                   struct vf_error *err)
{
    struct vf_buf sql;
    struct vf_load *made = vf_calloc(1, sizeof(*made));
    if (made == NULL)
        return vf_error_nomem(err);
    made->conn = vf_sqlite_conn_of(base);
    made->relation = *relation;
    made->bind = relation->kind == VF_TABLE_VEC0 ? vf_vec0_bind : vf_sqlite_bind;
    made->scratch = vf_calloc(relation->n_fields + 1, sizeof(*made->scratch));
    vf_buf_init(&sql, VF_BUF_MAX);
    write_insert(relation, &sql);
    enum vf_status status = made->scratch == NULL ? vf_error_nomem(err) : VF_OK;
    if (status == VF_OK && relation->kind == VF_TABLE_VEC0)
        status = vf_sqlite_need_vec0(made->conn, err);
    if (status == VF_OK)
        status = vf_sqlite_prepare_buf(made->conn, &sql, &made->stmt, err);
    vf_buf_release(&sql);
    if (status != VF_OK) {
        vf_sqlite_load_close(made);
        vf_error_wrap(err, "table %s", relation->name);
        return status;
    }
    *load = made;
    return VF_OK;
}

/* "UNIQUE constraint failed: t.id": the column's index when the message names exactly one that is loaded, else n_fields. */
size_t vf_sqlite_column_of_message(const struct vf_relation *relation, const char *message)
{
    const char *dot = strrchr(message, '.');
    if (dot == NULL || strchr(message, ',') != NULL)
        return relation->n_fields;
    for (size_t i = 0; i < relation->n_fields; i++) {
        if (strcmp(relation->fields[i].name, dot + 1) == 0)
            return i;
    }
    return relation->n_fields;
}

enum vf_status vf_sqlite_refuse_row(const struct vf_relation *relation, const struct vf_batch *batch, int64_t row,
                                    size_t column, const struct vf_error *why, struct vf_reject_list *rejects,
                                    struct vf_error *err)
{
    return vf_refuse_at(relation, batch, row, column, why->message, rejects, err);
}

/* Bind and insert one row. VF_VALUE: it is refused, and *column says by which column, if by one. */
static enum vf_status insert_row(struct vf_load *load, const struct vf_batch *batch, int64_t row, size_t *column,
                                 struct vf_error *err)
{
    const struct vf_relation *relation = &load->relation;
    for (size_t i = 0; i < relation->n_fields; i++) {
        enum vf_status status = load->bind(load->conn, load->stmt, (int)i + 1, &relation->fields[i], &batch->columns[i],
                                           row, &load->scratch[i], err);
        *column = i;
        if (status != VF_OK)
            return status;
    }
    enum vf_status status = VF_OK;
    int code = load->conn->lib->step(load->stmt);
    if (code != SQLITE_DONE && code != SQLITE_ROW) {
        const char *message = load->conn->lib->errmsg(load->conn->db);
        *column = vf_sqlite_column_of_message(relation, message);
        bool is_twice = relation->kind == VF_TABLE_VEC0 && strncmp(message, "UNIQUE constraint", 17) == 0;
        status = vf_sqlite_fail(load->conn, err, "table %s", relation->name);
        if (is_twice) /* the extension has one code for all that fails; a key that is there fails before anything is written */
            status = VF_VALUE;
    }
    load->conn->lib->reset(load->stmt);
    return status;
}

enum vf_status vf_sqlite_load_write(struct vf_load *load, const struct vf_batch *batch, struct vf_reject_list *rejects,
                                    struct vf_error *err)
{
    enum vf_status status = VF_OK;
    for (int64_t row = 0; status == VF_OK && row < batch->n_rows; row++) {
        struct vf_error why = {0};
        size_t column = 0;
        status = insert_row(load, batch, row, &column, &why);
        /* A failure such as a full disk has rolled the whole transaction back: then no row is to blame. */
        bool is_refused = status == VF_VALUE && load->conn->lib->get_autocommit(load->conn->db) == 0;
        if (is_refused && rejects != NULL)
            status = vf_sqlite_refuse_row(&load->relation, batch, row, column, &why, rejects, err);
        else if (status != VF_OK && err != NULL)
            *err = why;
    }
    load->conn->lib->reset(load->stmt);
    load->conn->lib->clear_bindings(load->stmt); /* they point into the batch */
    return status;
}

void vf_sqlite_load_close(struct vf_load *load)
{
    if (load == NULL)
        return;
    load->conn->lib->finalize(load->stmt);
    for (size_t i = 0; load->scratch != NULL && i < load->relation.n_fields; i++)
        vf_sqlite_scratch_release(&load->scratch[i]);
    vf_free(load->scratch);
    vf_free(load);
}
