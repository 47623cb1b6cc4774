#include "engine/turso/load.h"

#include <stdio.h>
#include <string.h>

#include "engine/sqlitesql/encode.h"
#include "engine/sqlitesql/target.h"
#include "engine/turso/answer.h"
#include "engine/turso/lock.h"
#include "engine/turso/statement.h"

#define MAX_ROWS          1000
#define MAX_PARAMETERS    30000 /* SQLite's own limit is 32766 */
#define MAX_REQUEST_BYTES ((size_t)2 << 20)
#define MIN_REQUEST_BYTES ((size_t)64 << 10)
#define REQUEST_US        INT64_C(2000000)

/* A row that is to be sent, and where its arguments and marks begin. */
struct place {
    int64_t row;
    size_t arguments_at, marks_at;
};

struct vf_load {
    struct vf_turso_conn *conn;
    struct vf_relation relation; /* borrowed texts and fields */
    struct vf_turso_rows rows;
    struct vf_buf sql;
    size_t head_bytes; /* of sql: the INSERT up to its values */
    struct vf_sqlite_scratch *scratch;
    size_t n_places;
    struct place places[MAX_ROWS + 1]; /* one more: the end of the last */
};

/* ---- transactions ---- */

enum vf_status vf_turso_begin(struct vf_conn *base, struct vf_error *err)
{
    struct vf_turso_conn *conn = vf_turso_conn_of(base);
    if (conn->lease[0] != '\0')
        return vf_turso_begin_renewing(conn, "BEGIN IMMEDIATE", err);
    return vf_hrana_begin(&conn->db, "BEGIN IMMEDIATE") ? VF_OK : vf_turso_fail(conn, err, "the transaction");
}

enum vf_status vf_turso_commit(struct vf_conn *base, struct vf_error *err)
{
    struct vf_turso_conn *conn = vf_turso_conn_of(base);
    return vf_hrana_commit(&conn->db) ? VF_OK : vf_turso_fail(conn, err, "the transaction");
}

void vf_turso_rollback(struct vf_conn *base)
{
    vf_hrana_rollback(&vf_turso_conn_of(base)->db);
}

/* ---- open ---- */

enum vf_status vf_turso_load_open(struct vf_conn *base, const struct vf_relation *relation, struct vf_load **load,
                                  struct vf_error *err)
{
    struct vf_load *made = vf_calloc(1, sizeof(*made));
    if (made == NULL)
        return vf_error_nomem(err);
    made->conn = vf_turso_conn_of(base);
    if (made->conn->request_bytes == 0)
        made->conn->request_bytes = vf_turso_choose_request_bytes(0, 0);
    made->relation = *relation;
    made->scratch = vf_calloc(relation->n_fields + 1, sizeof(*made->scratch));
    vf_buf_init(&made->sql, VF_BUF_MAX);
    vf_sqlite_write_insert(relation, &made->sql);
    made->head_bytes = made->sql.size_bytes;
    enum vf_status status = made->scratch == NULL ? vf_error_nomem(err) : vf_buf_check(&made->sql, err);
    if (status == VF_OK)
        status = vf_turso_rows_init(&made->rows, &made->conn->db, err);
    if (status != VF_OK) {
        vf_turso_load_close(made);
        return status;
    }
    *load = made;
    return VF_OK;
}

void vf_turso_load_close(struct vf_load *load)
{
    if (load == NULL)
        return;
    vf_turso_rows_release(&load->rows);
    vf_buf_release(&load->sql);
    for (size_t i = 0; load->scratch != NULL && i < load->relation.n_fields; i++)
        vf_sqlite_scratch_release(&load->scratch[i]);
    vf_free(load->scratch);
    vf_free(load);
}

/* ---- filling a request ---- */

static void cut(struct vf_buf *buf, size_t size_bytes)
{
    if (buf->data == NULL || buf->size_bytes <= size_bytes)
        return;
    buf->size_bytes = size_bytes;
    buf->data[size_bytes] = '\0';
}

/* Bind the row's values behind those of the others. VF_VALUE: the form can't hold value *column, and nothing of the row is left. */
static enum vf_status add_row(struct vf_load *load, const struct vf_batch *batch, int64_t row, size_t *column,
                              struct vf_error *err)
{
    struct vf_turso_rows *rows = &load->rows;
    const struct place before = {row, rows->arguments.size_bytes, rows->marks.size_bytes};
    size_t n_before = rows->n_arguments;
    enum vf_status status = VF_OK;
    for (size_t i = 0; status == VF_OK && i < load->relation.n_fields; i++) {
        *column = i;
        status = vf_sqlite_bind(&load->conn->sql, vf_turso_rows_stmt(rows), (int)i + 1, &load->relation.fields[i],
                                &batch->columns[i], row, &load->scratch[i], err);
    }
    if (status != VF_OK) {
        cut(&rows->arguments, before.arguments_at);
        cut(&rows->marks, before.marks_at);
        rows->n_arguments = n_before;
        return status;
    }
    load->places[load->n_places++] = before;
    load->places[load->n_places] = (struct place){row, rows->arguments.size_bytes, rows->marks.size_bytes};
    return VF_OK;
}

size_t vf_turso_choose_request_bytes(size_t now_bytes, int64_t took_us)
{
    size_t wanted = now_bytes == 0             ? MAX_REQUEST_BYTES
                    : took_us > REQUEST_US     ? now_bytes / 2
                    : took_us < REQUEST_US / 4 ? now_bytes * 2
                                               : now_bytes;
    return wanted < MIN_REQUEST_BYTES ? MIN_REQUEST_BYTES : wanted > MAX_REQUEST_BYTES ? MAX_REQUEST_BYTES : wanted;
}

static bool is_full(const struct vf_load *load)
{
    size_t n = load->relation.n_fields;
    return load->n_places >= (n > 0 ? MAX_ROWS : 1) || load->rows.n_arguments + n > MAX_PARAMETERS ||
           load->rows.arguments.size_bytes >= load->conn->request_bytes;
}

/* Between two marks or arguments stands a comma, which doesn't belong to the later one. */
static void add_part(struct vf_buf *out, const struct vf_buf *all, size_t from, size_t to)
{
    while (from < to && (all->data[from] == ',' || all->data[from] == ' '))
        from++;
    if (to > from)
        vf_buf_add(out, all->data + from, to - from);
}

/* The text of an INSERT of the places first .. end. */
static void write_values(struct vf_load *load, size_t first, size_t end)
{
    cut(&load->sql, load->head_bytes);
    for (size_t i = first; load->relation.n_fields > 0 && i < end; i++) {
        vf_buf_str(&load->sql, i == first ? "(" : ", (");
        add_part(&load->sql, &load->rows.marks, load->places[i].marks_at, load->places[i + 1].marks_at);
        vf_buf_char(&load->sql, ')');
    }
}

/* ---- sending it ---- */

static bool is_refusal(const struct vf_hrana *db)
{
    int code = db->code & 0xff;
    return db->code > 0 && (code == SQLITE_CONSTRAINT || code == SQLITE_MISMATCH || code == SQLITE_TOOBIG);
}

static enum vf_status fail(struct vf_load *load, struct vf_error *err)
{
    char what[300];
    snprintf(what, sizeof(what), "table %s", load->relation.name);
    return vf_turso_fail(load->conn, err, what);
}

/* The row of a place was refused, for the reason that is in the session. */
static enum vf_status refuse(struct vf_load *load, const struct vf_batch *batch, int64_t row,
                             struct vf_reject_list *rejects, struct vf_error *err)
{
    struct vf_error why = {0};
    size_t column = vf_sqlite_column_of_message(&load->relation, load->conn->db.message.data);
    (void)fail(load, &why);
    if (rejects != NULL)
        return vf_sqlite_refuse_row(&load->relation, batch, row, column, &why, rejects, err);
    if (err != NULL)
        *err = why;
    return VF_VALUE;
}

/* Each row as a statement of its own, in one request. Should one failure end the whole transaction, the statements behind it aren't run. */
static bool send_each(struct vf_load *load)
{
    struct vf_hrana *db = &load->conn->db;
    if (!vf_hrana_flush(db))
        return false;
    vf_hrana_new(db, false);
    for (size_t i = 0; i < load->n_places; i++) {
        write_values(load, i, i + 1);
        struct vf_buf *out = vf_hrana_step(db, load->sql.data, load->sql.size_bytes);
        add_part(out, &load->rows.arguments, load->places[i].arguments_at, load->places[i + 1].arguments_at);
        vf_hrana_step_end(db, false, VF_HRANA_IF_IN_TRANSACTION, 0);
    }
    return vf_hrana_run(db, VF_HRANA_ONCE);
}

static enum vf_status find_refused(struct vf_load *load, const struct vf_batch *batch, struct vf_reject_list *rejects,
                                   struct vf_error *err)
{
    struct vf_hrana *db = &load->conn->db;
    if (!send_each(load))
        return fail(load, err);
    for (size_t i = 0; i < load->n_places; i++) {
        enum vf_status status = VF_OK;
        if (!vf_hrana_went_well(db, i))
            status = is_refusal(db) ? refuse(load, batch, load->places[i].row, rejects, err) : fail(load, err);
        if (status != VF_OK)
            return status;
    }
    return VF_OK;
}

static enum vf_status flush(struct vf_load *load, const struct vf_batch *batch, struct vf_reject_list *rejects,
                            struct vf_error *err)
{
    struct vf_hrana *db = &load->conn->db;
    enum vf_status status = VF_OK;
    if (load->n_places == 0)
        return VF_OK;
    int64_t begin_us = db->clock->monotonic_us(db->clock->context);
    write_values(load, 0, load->n_places);
    vf_hrana_new(db, false);
    struct vf_buf *out = vf_hrana_step(db, load->sql.data, load->sql.size_bytes);
    add_part(out, &load->rows.arguments, 0, load->rows.arguments.size_bytes);
    vf_hrana_step_end(db, false, VF_HRANA_ALWAYS, 0);
    bool is_answered = vf_hrana_run(db, VF_HRANA_ONCE);
    load->conn->request_bytes = vf_turso_choose_request_bytes(load->conn->request_bytes,
                                                              db->clock->monotonic_us(db->clock->context) - begin_us);
    if (!is_answered)
        status = fail(load, err);
    else if (!vf_hrana_went_well(db, 0) && !is_refusal(db))
        status = fail(load, err);
    else if (db->code != SQLITE_OK && load->n_places == 1)
        status = refuse(load, batch, load->places[0].row, rejects, err);
    else if (db->code != SQLITE_OK)
        status = find_refused(load, batch, rejects, err);
    vf_turso_rows_clear(&load->rows);
    load->n_places = 0;
    return status;
}

enum vf_status vf_turso_load_write(struct vf_load *load, const struct vf_batch *batch, struct vf_reject_list *rejects,
                                   struct vf_error *err)
{
    enum vf_status status = VF_OK;
    vf_turso_rows_clear(&load->rows);
    load->n_places = 0;
    for (int64_t row = 0; status == VF_OK && row < batch->n_rows; row++) {
        struct vf_error why = {0};
        size_t column = 0;
        status = add_row(load, batch, row, &column, &why);
        if (status == VF_VALUE && rejects != NULL)
            status = vf_sqlite_refuse_row(&load->relation, batch, row, column, &why, rejects, err);
        else if (status != VF_OK && err != NULL)
            *err = why;
        if (status == VF_OK && is_full(load))
            status = flush(load, batch, rejects, err);
    }
    return status == VF_OK ? flush(load, batch, rejects, err) : status;
}
