#include "engine/postgres/load.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/postgres/relation.h"

#define SEND_BYTES ((size_t)256 << 10) /* of rows collected before libpq gets them */

struct vf_load {
    struct vf_pg_conn *conn;
    struct vf_pg_relation relation;
    struct vf_buf out, scratch, key;
    char label[256];
    char *copy;   /* COPY ... FROM STDIN */
    char *stage;  /* CREATE TEMP TABLE ..., or NULL: no staging table is needed */
    char *insert; /* from the staging table */
    char stage_name[48];
};

/* Why a COPY failed: with the row of the batch if that is known. */
struct failure {
    bool is_row_error;
    int64_t row; /* or -1 */
    int column;  /* of the relation, or -1 */
    struct vf_error err;
};

/* ---- open ---- */

static void write_names(const struct vf_load *load, bool of_stage, struct vf_buf *sql)
{
    for (size_t i = 0; i < load->relation.n_fields; i++) {
        if (i > 0)
            vf_buf_str(sql, ", ");
        if (of_stage)
            vf_buf_printf(sql, "c%zu", i);
        else
            vf_pg_quote(sql, load->relation.names[i]);
    }
}

static void write_stage(const struct vf_load *load, struct vf_buf *sql)
{
    vf_buf_str(sql, "CREATE TEMP TABLE IF NOT EXISTS ");
    vf_pg_quote(sql, load->stage_name);
    vf_buf_str(sql, " (");
    for (size_t i = 0; i < load->relation.n_fields; i++)
        vf_buf_printf(sql, "%sc%zu %s", i > 0 ? ", " : "", i,
                      load->relation.codecs[i].as_text ? "text" : load->relation.casts[i]);
    vf_buf_str(sql, ") ON COMMIT DELETE ROWS; TRUNCATE ");
    vf_buf_str(sql, "pg_temp.");
    vf_pg_quote(sql, load->stage_name);
}

static void write_insert(const struct vf_load *load, struct vf_buf *sql)
{
    vf_buf_str(sql, "INSERT INTO ");
    vf_pg_quote_table(sql, load->relation.schema, load->relation.name);
    vf_buf_str(sql, " (");
    write_names(load, false, sql);
    vf_buf_str(sql, ") OVERRIDING SYSTEM VALUE SELECT ");
    for (size_t i = 0; i < load->relation.n_fields; i++) {
        vf_buf_printf(sql, "%sc%zu", i > 0 ? ", " : "", i);
        if (load->relation.codecs[i].as_text)
            vf_buf_printf(sql, "::%s", load->relation.casts[i]);
    }
    vf_buf_str(sql, " FROM pg_temp.");
    vf_pg_quote(sql, load->stage_name);
}

static void write_copy(const struct vf_load *load, bool staged, struct vf_buf *sql)
{
    vf_buf_str(sql, "COPY ");
    if (staged)
        vf_pg_quote_table(sql, "pg_temp", load->stage_name);
    else
        vf_pg_quote_table(sql, load->relation.schema, load->relation.name);
    if (load->relation.n_fields > 0) {
        vf_buf_str(sql, " (");
        write_names(load, staged, sql);
        vf_buf_char(sql, ')');
    }
    vf_buf_str(sql, " FROM STDIN (FORMAT binary)");
}

static enum vf_status take_sql(struct vf_buf *sql, char **text, struct vf_error *err)
{
    enum vf_status status = vf_buf_check(sql, err);
    *text = status == VF_OK ? vf_strdup(sql->data) : NULL;
    vf_buf_clear(sql);
    return status == VF_OK && *text == NULL ? vf_error_nomem(err) : status;
}

static enum vf_status make_statements(struct vf_load *load, struct vf_error *err)
{
    struct vf_buf *sql = &load->scratch;
    bool staged = false;
    for (size_t i = 0; i < load->relation.n_fields; i++)
        staged = staged || load->relation.codecs[i].as_text;
    snprintf(load->stage_name, sizeof(load->stage_name), "vecferry_stage_%d", load->conn->n_stages++);
    write_copy(load, staged, sql);
    enum vf_status status = take_sql(sql, &load->copy, err);
    if (!staged || status != VF_OK)
        return status;
    write_stage(load, sql);
    status = take_sql(sql, &load->stage, err);
    if (status != VF_OK)
        return status;
    write_insert(load, sql);
    return take_sql(sql, &load->insert, err);
}

enum vf_status vf_pg_load_open(struct vf_conn *base, const struct vf_relation *relation, struct vf_load **load,
                               struct vf_error *err)
{
    struct vf_load *made = vf_calloc(1, sizeof(*made));
    if (made == NULL)
        return vf_error_nomem(err);
    made->conn = vf_pg_conn_of(base);
    vf_buf_init(&made->out, VF_BUF_MAX);
    vf_buf_init(&made->scratch, VF_BUF_MAX);
    vf_buf_init(&made->key, VF_BUF_MAX);
    vf_table_label(relation->schema, relation->name, made->label, sizeof(made->label));
    enum vf_status status = vf_pg_relation_open(made->conn, relation, &made->relation, err);
    if (status == VF_OK)
        status = make_statements(made, err);
    if (status != VF_OK) {
        vf_pg_load_close(made);
        return status;
    }
    *load = made;
    return VF_OK;
}

void vf_pg_load_close(struct vf_load *load)
{
    PGTransactionStatusType state = PQtransactionStatus(load->conn->pg);
    if (load->insert != NULL && (state == PQTRANS_IDLE || state == PQTRANS_INTRANS)) {
        vf_buf_clear(&load->scratch);
        vf_buf_str(&load->scratch, "DROP TABLE IF EXISTS pg_temp.");
        vf_pg_quote(&load->scratch, load->stage_name);
        enum vf_status ignored = vf_pg_exec_buf(load->conn, &load->scratch, NULL);
        (void)ignored;
    }
    vf_pg_relation_release(&load->relation);
    vf_buf_release(&load->out);
    vf_buf_release(&load->scratch);
    vf_buf_release(&load->key);
    vf_free(load->copy);
    vf_free(load->stage);
    vf_free(load->insert);
    vf_free(load);
}

/* ---- one COPY ---- */

static enum vf_status encode_row(struct vf_load *load, const struct vf_batch *batch, int64_t row,
                                 struct failure *failure)
{
    size_t start = load->out.size_bytes;
    vf_buf_be16(&load->out, (uint16_t)load->relation.n_fields);
    for (size_t i = 0; i < load->relation.n_fields; i++) {
        const struct vf_array *array = &batch->columns[i];
        if (vf_array_is_null(array, row)) {
            vf_buf_be32(&load->out, UINT32_MAX);
            continue;
        }
        enum vf_status status =
            vf_pg_encode(&load->relation.codecs[i], array, row, &load->out, &load->scratch, &failure->err);
        if (status != VF_OK) {
            load->out.size_bytes = start;
            failure->row = row;
            failure->column = (int)i;
            failure->is_row_error = status == VF_VALUE;
            return status;
        }
    }
    return vf_buf_check(&load->out, &failure->err);
}

/* A server that doesn't read (it waits for a lock of somebody, or for its disk) isn't waited for in libpq, which knows nothing of our cancel flag. */
static enum vf_status send_buffer(struct vf_load *load, struct failure *failure)
{
    struct vf_pg_conn *conn = load->conn;
    int sent = PQputCopyData(conn->pg, load->out.data, (int)load->out.size_bytes);
    bool is_flushed = sent == 0 && vf_pg_flush(conn);
    if (is_flushed)
        sent = PQputCopyData(conn->pg, load->out.data, (int)load->out.size_bytes);
    vf_buf_clear(&load->out);
    /* There is room as soon as all was sent: what libpq refuses even then it has no memory for, however often it is asked. */
    if (is_flushed && sent == 0)
        return vf_error_nomem(&failure->err);
    if (sent != 1 || !vf_pg_flush(conn))
        return vf_pg_fail(conn, NULL, &failure->err);
    return conn->was_cancelled ? vf_cancel_check(conn->base.options.cancel, &failure->err) : VF_OK;
}

static void end_copy(struct vf_load *load, const char *why_not)
{
    PGconn *pg = load->conn->pg;
    while (PQputCopyEnd(pg, why_not) == 0 && vf_pg_flush(load->conn))
        ;
    if (vf_pg_flush(load->conn))
        PQsetnonblocking(pg, 0);
}

static enum vf_status send_rows(struct vf_load *load, const struct vf_batch *batch, int64_t first, int64_t n,
                                struct failure *failure)
{
    static const char header[19] = "PGCOPY\n\377\r\n";
    enum vf_status status = VF_OK;
    vf_buf_clear(&load->out);
    vf_buf_add(&load->out, header, sizeof(header));
    for (int64_t row = first; row < first + n && status == VF_OK; row++) {
        status = encode_row(load, batch, row, failure);
        if (status == VF_OK && load->out.size_bytes >= SEND_BYTES)
            status = send_buffer(load, failure);
    }
    vf_buf_be16(&load->out, UINT16_MAX);
    return status == VF_OK ? send_buffer(load, failure) : status;
}

/* "COPY t, line 5, column name": the server counts the rows of binary COPY as lines. Only a hint, for it is translated in some places. */
static void read_context(const struct vf_load *load, const char *context, int64_t first, int64_t n,
                         struct failure *failure)
{
    const char *at = context, *line = NULL;
    int64_t number = 0;
    for (at = strstr(at, ", line "); at != NULL; at = strstr(at, ", line "))
        line = at += 7;
    if (line == NULL)
        return;
    size_t digits = strspn(line, "0123456789");
    if (!vf_parse_i64(line, digits, &number) || number < 1 || number > n)
        return;
    failure->row = first + number - 1;
    const char *column = line + digits;
    if (!vf_str_starts(column, ", column "))
        return;
    column += 9;
    for (size_t i = 0; i < load->relation.n_fields; i++) {
        size_t size_bytes = strlen(load->relation.names[i]);
        if (strncmp(column, load->relation.names[i], size_bytes) == 0 &&
            (column[size_bytes] == '\0' || column[size_bytes] == '\n' || column[size_bytes] == ':'))
            failure->column = (int)i;
    }
}

static enum vf_status note_failure(struct vf_load *load, const PGresult *result, int64_t first, int64_t n,
                                   struct failure *failure)
{
    enum vf_status status = vf_pg_fail(load->conn, result, &failure->err);
    const char *sqlstate = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    failure->is_row_error = sqlstate != NULL && vf_pg_is_row_error(sqlstate);
    if (!failure->is_row_error)
        return status;
    failure->err.status = VF_VALUE;
    const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
    if (context != NULL && load->insert == NULL)
        read_context(load, context, first, n, failure);
    const char *name = PQresultErrorField(result, PG_DIAG_COLUMN_NAME);
    for (size_t i = 0; name != NULL && i < load->relation.n_fields; i++) {
        if (strcmp(load->relation.names[i], name) == 0)
            failure->column = (int)i;
    }
    return VF_VALUE;
}

/* Run what doesn't send rows; a failure is one of the rows only where rows are touched. */
static enum vf_status run(struct vf_load *load, const char *sql, int64_t first, int64_t n, struct failure *failure)
{
    load->conn->was_cancelled = false;
    PGresult *result = PQsendQuery(load->conn->pg, sql) == 1 ? vf_pg_finish(load->conn) : NULL;
    ExecStatusType state = PQresultStatus(result);
    bool ok = result != NULL && (state == PGRES_COMMAND_OK || state == PGRES_COPY_IN);
    enum vf_status status = ok ? VF_OK : note_failure(load, result, first, n, failure);
    PQclear(result);
    return status;
}

static enum vf_status copy_rows(struct vf_load *load, const struct vf_batch *batch, int64_t first, int64_t n,
                                struct failure *failure)
{
    *failure = (struct failure){.row = n == 1 ? first : -1, .column = -1};
    enum vf_status status = load->stage != NULL ? run(load, load->stage, first, n, failure) : VF_OK;
    if (status == VF_OK)
        status = run(load, load->copy, first, n, failure);
    if (status != VF_OK)
        return status;
    PQsetnonblocking(load->conn->pg, 1);
    status = send_rows(load, batch, first, n, failure);
    end_copy(load, status == VF_OK ? NULL : status == VF_CANCELLED ? "cancelled" : "a row can't be encoded");
    PGresult *result = vf_pg_finish(load->conn);
    if (status == VF_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
        status = note_failure(load, result, first, n, failure);
    PQclear(result);
    return status == VF_OK && load->insert != NULL ? run(load, load->insert, first, n, failure) : status;
}

/* ---- write ---- */

static const char *key_of(struct vf_load *load, const struct vf_batch *batch, int64_t row)
{
    vf_buf_clear(&load->key);
    vf_pg_relation_key(&load->relation, batch, row, &load->key);
    return vf_buf_check(&load->key, NULL) == VF_OK ? load->key.data : "{}";
}

static enum vf_status refuse(struct vf_load *load, const struct vf_batch *batch, const struct failure *failure,
                             struct vf_error *err)
{
    if (err != NULL)
        *err = failure->err;
    if (failure->is_row_error && failure->row >= 0 && failure->column >= 0)
        vf_error_wrap(err, "column \"%s\"", load->relation.names[failure->column]);
    if (failure->is_row_error && failure->row >= 0)
        vf_error_wrap(err, "row %s", key_of(load, batch, failure->row));
    if (failure->err.status != VF_CANCELLED)
        vf_error_wrap(err, "table %s", load->label);
    return failure->err.status;
}

static enum vf_status add_reject(struct vf_load *load, const struct vf_batch *batch, const struct failure *failure,
                                 struct vf_reject_list *rejects, struct vf_error *err)
{
    struct vf_reject reject = {.table = load->label,
                               .key = key_of(load, batch, failure->row),
                               .reason = failure->err.message,
                               .row = failure->row};
    memcpy(reject.sqlstate, failure->err.sqlstate, sizeof(reject.sqlstate));
    if (failure->column >= 0) {
        const struct vf_array *array = &batch->columns[failure->column];
        reject.column = load->relation.names[failure->column];
        if (!vf_array_is_null(array, failure->row) && array->layout != VF_LAYOUT_BITS)
            reject.original = vf_array_value(array, failure->row, &reject.original_bytes);
    }
    return vf_reject_add(rejects, &reject, err);
}

/* How many rows to try next, after a failure: those before the one that the server named, or half. A single row that fails is the one to reject. */
static int64_t smaller(const struct failure *failure, int64_t first, int64_t n)
{
    if (failure->row > first && failure->row < first + n)
        return failure->row - first;
    return failure->row == first ? 1 : n / 2;
}

/* All rows first; after a failure as many as are likely to be good, and twice as many after each success. */
static enum vf_status write_or_reject(struct vf_load *load, const struct vf_batch *batch,
                                      struct vf_reject_list *rejects, struct vf_error *err)
{
    int64_t at = 0, n = batch->n_rows, suspect = -1;
    enum vf_status status = VF_OK;
    while (at < batch->n_rows && status == VF_OK) {
        struct failure failure;
        bool made = false;
        status = vf_pg_savepoint(load->conn, &made, err);
        if (status != VF_OK)
            return status;
        enum vf_status copied = copy_rows(load, batch, at, n, &failure);
        if (copied != VF_OK && !failure.is_row_error)
            return refuse(load, batch, &failure, err);
        if (made)
            status = vf_pg_savepoint_end(load->conn, copied == VF_OK, err);
        if (status != VF_OK)
            return status;
        if (copied == VF_OK) {
            at += n;
            n = at == suspect ? 1 : n * 2;
        } else if (n == 1) {
            status = add_reject(load, batch, &failure, rejects, err);
            at++;
        } else {
            suspect = failure.row;
            n = smaller(&failure, at, n);
        }
        if (n > batch->n_rows - at)
            n = batch->n_rows - at;
    }
    return status;
}

enum vf_status vf_pg_load_write(struct vf_load *load, const struct vf_batch *batch, struct vf_reject_list *rejects,
                                struct vf_error *err)
{
    struct failure failure;
    if (batch->n_columns != load->relation.n_fields)
        return vf_error_set(err, VF_INTERNAL, "table %s: a batch of %zu columns for %zu fields", load->label,
                            batch->n_columns, load->relation.n_fields);
    enum vf_status status = vf_pg_begin_rows(load->conn, err); /* a savepoint that is undone would undo this too */
    if (status != VF_OK)
        return status;
    if (rejects != NULL)
        return write_or_reject(load, batch, rejects, err);
    if (copy_rows(load, batch, 0, batch->n_rows, &failure) == VF_OK)
        return VF_OK;
    return refuse(load, batch, &failure, err);
}
