#include "engine/postgres/scan.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/postgres/relation.h"

struct vf_scan {
    struct vf_pg_conn *conn;
    struct vf_pg_relation relation;
    struct vf_buf scratch, key;
    char label[256];
    bool with_ctid; /* the first column says where the row lies: the table has no key */
    bool has_header;
    bool is_running; /* COPY isn't over */
    bool is_open;    /* and its savepoint is to be closed */
    bool has_savepoint;
};

/* ---- the statement ---- */

static void write_columns(const struct vf_scan *scan, struct vf_buf *sql)
{
    const struct vf_pg_relation *relation = &scan->relation;
    if (scan->with_ctid)
        vf_buf_str(sql, relation->n_fields > 0 ? "t.ctid::text, " : "t.ctid::text");
    for (size_t i = 0; i < relation->n_fields; i++) {
        /* The cast of inet to text adds a netmask that the value's own text hasn't. */
        bool is_inet = relation->codecs[i].as_text && relation->codecs[i].is_inet;
        vf_buf_str(sql, i > 0 ? ", " : "");
        vf_buf_str(sql, is_inet ? "pg_catalog.inet_out(t." : "t.");
        vf_pg_quote(sql, relation->names[i]);
        vf_buf_str(sql, is_inet ? ")" : "");
        vf_buf_str(sql, relation->codecs[i].as_text ? "::text" : "");
    }
}

/* "16401:128" or "128"; *block -1: to the end. */
static bool read_bound(const char *text, int64_t *oid, int64_t *block)
{
    const char *colon = strchr(text, ':');
    const char *at = colon != NULL ? colon + 1 : text;
    *oid = 0;
    *block = -1;
    if (colon != NULL && !vf_parse_i64(text, (size_t)(colon - text), oid))
        return false;
    if (colon != NULL && *at == '\0')
        return true;
    return vf_parse_i64(at, strlen(at), block) && *block >= 0 && *block <= UINT32_MAX;
}

static enum vf_status write_partition(struct vf_pg_conn *conn, int64_t oid, struct vf_buf *sql, struct vf_error *err)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)oid);
    const char *params[] = {text};
    PGresult *result = NULL;
    enum vf_status status =
        vf_pg_query(conn,
                    "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c "
                    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::oid",
                    1, params, &result, err);
    if (status == VF_OK && PQntuples(result) == 0)
        status = vf_error_set(err, VF_STATE, "the partition with the OID %s is gone", text);
    if (status == VF_OK)
        vf_pg_quote_table(sql, vf_pg_str(result, 0, 0), vf_pg_str(result, 0, 1));
    PQclear(result);
    return status;
}

static enum vf_status write_from(struct vf_scan *scan, const struct vf_chunk *chunk, struct vf_buf *sql,
                                 struct vf_error *err)
{
    int64_t oid = 0, low = -1, high_oid = 0, high = -1;
    bool ok = chunk == NULL || ((chunk->low == NULL || read_bound(chunk->low, &oid, &low)) &&
                                (chunk->high == NULL || read_bound(chunk->high, &high_oid, &high)));
    if (!ok)
        return vf_error_set(err, VF_INTERNAL, "the bounds of chunk %lld aren't blocks", (long long)chunk->number);
    enum vf_status status = VF_OK;
    vf_buf_str(sql, " FROM ");
    if (scan->relation.relkind == 'r')
        vf_buf_str(sql, "ONLY ");
    if (oid != 0)
        status = write_partition(scan->conn, oid, sql, err);
    else
        vf_pg_quote_table(sql, scan->relation.schema, scan->relation.name);
    vf_buf_str(sql, " t WHERE true");
    if (low > 0)
        vf_buf_printf(sql, " AND t.ctid >= '(%lld,0)'::tid", (long long)low);
    if (high >= 0)
        vf_buf_printf(sql, " AND t.ctid < '(%lld,0)'::tid", (long long)high);
    return status;
}

static void scan_free(struct vf_scan *scan)
{
    vf_pg_relation_release(&scan->relation);
    vf_buf_release(&scan->scratch);
    vf_buf_release(&scan->key);
    vf_free(scan);
}

static enum vf_status scan_new(struct vf_pg_conn *conn, const struct vf_relation *wanted, struct vf_scan **scan,
                               struct vf_error *err)
{
    struct vf_scan *made = vf_calloc(1, sizeof(*made));
    if (made == NULL)
        return vf_error_nomem(err);
    made->conn = conn;
    vf_buf_init(&made->scratch, VF_BUF_MAX);
    vf_buf_init(&made->key, VF_BUF_MAX);
    vf_table_label(wanted->schema, wanted->name, made->label, sizeof(made->label));
    enum vf_status status = vf_pg_relation_open(conn, wanted, &made->relation, err);
    if (status != VF_OK) {
        scan_free(made);
        return status;
    }
    made->with_ctid = wanted->n_key == 0 && strchr("rpm", made->relation.relkind) != NULL;
    *scan = made;
    return VF_OK;
}

static enum vf_status start(struct vf_scan *scan, struct vf_buf *sql, struct vf_error *err)
{
    PGresult *result = NULL;
    enum vf_status status = vf_pg_savepoint(scan->conn, &scan->has_savepoint, err);
    if (status != VF_OK)
        return status;
    scan->is_open = true;
    status = vf_pg_query_buf(scan->conn, sql, &result, err);
    PQclear(result);
    scan->is_running = status == VF_OK;
    if (status != VF_OK)
        vf_error_wrap(err, "table %s", scan->label);
    return status;
}

enum vf_status vf_pg_scan_start(struct vf_pg_conn *conn, const struct vf_relation *wanted, const struct vf_chunk *chunk,
                                const struct vf_buf *condition, struct vf_scan **scan, struct vf_error *err)
{
    struct vf_scan *made = NULL;
    struct vf_buf sql;
    enum vf_status status = scan_new(conn, wanted, &made, err);
    if (status != VF_OK)
        return status;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "COPY (SELECT ");
    write_columns(made, &sql);
    status = write_from(made, chunk, &sql, err);
    if (wanted->where != NULL)
        vf_buf_printf(&sql, " AND (%s\n)", wanted->where);
    if (condition != NULL)
        vf_buf_add(&sql, condition->data, condition->size_bytes);
    vf_buf_str(&sql, ") TO STDOUT (FORMAT binary)");
    if (status == VF_OK)
        status = start(made, &sql, err);
    vf_buf_release(&sql);
    if (status != VF_OK) {
        vf_pg_scan_close(made);
        return status;
    }
    *scan = made;
    return VF_OK;
}

enum vf_status vf_pg_scan_open(struct vf_conn *base, const struct vf_relation *wanted, const struct vf_chunk *chunk,
                               struct vf_scan **scan, struct vf_error *err)
{
    return vf_pg_scan_start(vf_pg_conn_of(base), wanted, chunk, NULL, scan, err);
}

/* ---- rows ---- */

/* Where reading stands within the bytes of one row. */
struct row {
    const uint8_t *at, *end;
    const uint8_t *ctid;
    size_t ctid_bytes;
};

static enum vf_status refuse_format(const struct vf_scan *scan, struct vf_error *err)
{
    return vf_error_set(err, VF_ENGINE, "table %s: the server sent something else than binary COPY", scan->label);
}

/* int32 size, -1 for NULL, and the bytes. */
static bool next_value(struct row *row, const uint8_t **value, size_t *size_bytes)
{
    if (row->end - row->at < 4)
        return false;
    int32_t size = (int32_t)vf_pg_be32(row->at);
    row->at += 4;
    *value = size < 0 ? NULL : row->at;
    *size_bytes = size < 0 ? 0 : (size_t)size;
    if (size > row->end - row->at)
        return false;
    row->at += *size_bytes;
    return true;
}

/* The row that is being built goes to the rejects, and out of the batch. */
static enum vf_status reject_row(struct vf_scan *scan, const struct row *row, struct vf_batch *batch,
                                 struct vf_reject *reject, struct vf_error *err)
{
    vf_buf_clear(&scan->key);
    if (scan->relation.n_key > 0) {
        vf_pg_relation_key(&scan->relation, batch, batch->n_rows, &scan->key);
    } else if (row->ctid != NULL) {
        vf_buf_str(&scan->key, "{\"ctid\": ");
        vf_buf_json_string(&scan->key, (const char *)row->ctid, row->ctid_bytes);
        vf_buf_char(&scan->key, '}');
    } else {
        vf_buf_str(&scan->key, "{}");
    }
    enum vf_status status = vf_buf_check(&scan->key, err);
    reject->table = scan->label;
    reject->key = scan->key.data;
    reject->row = -1;
    if (status == VF_OK)
        status = vf_reject_add(&batch->rejects, reject, err);
    vf_batch_cancel_row(batch);
    return status;
}

/* The first value that can't be held makes the row one to reject; the others are still read, for its key. */
static enum vf_status take_row(struct vf_scan *scan, struct row *row, struct vf_batch *batch, struct vf_error *err)
{
    struct vf_error failure = {0};
    struct vf_reject reject = {0};
    bool is_bad = false;
    for (size_t i = 0; i < scan->relation.n_fields; i++) {
        struct vf_array *array = &batch->columns[i];
        const uint8_t *value = NULL;
        size_t size_bytes = 0;
        if (!next_value(row, &value, &size_bytes))
            return refuse_format(scan, err);
        enum vf_status status = VF_OK;
        if (value != NULL) {
            status = vf_pg_decode(&scan->relation.codecs[i], value, size_bytes, array, &scan->scratch,
                                  is_bad ? NULL : &failure);
            if (status == VF_VALUE && !is_bad) {
                reject.column = scan->relation.names[i];
                reject.reason = failure.message;
                reject.original = value;
                reject.original_bytes = size_bytes;
                is_bad = true;
            }
        }
        if (value == NULL || status == VF_VALUE)
            status = vf_array_add_null(array, err);
        if (status != VF_OK) {
            if (err != NULL && failure.status == status)
                *err = failure;
            return status;
        }
    }
    if (is_bad)
        return reject_row(scan, row, batch, &reject, err);
    vf_batch_end_row(batch);
    return VF_OK;
}

/* The signature, flags and extension in front of the first row. */
static bool skip_header(struct row *row)
{
    static const char signature[11] = "PGCOPY\n\377\r\n";
    if (row->end - row->at < 19 || memcmp(row->at, signature, sizeof(signature)) != 0)
        return false;
    uint32_t extension = vf_pg_be32(row->at + 15);
    row->at += 19;
    if (extension > row->end - row->at)
        return false;
    row->at += extension;
    return true;
}

static enum vf_status take_message(struct vf_scan *scan, const char *bytes, int size, struct vf_batch *batch,
                                   struct vf_error *err)
{
    struct row row = {.at = (const uint8_t *)bytes, .end = (const uint8_t *)bytes + size};
    if (!scan->has_header) {
        if (!skip_header(&row))
            return refuse_format(scan, err);
        scan->has_header = true;
        if (row.at == row.end)
            return VF_OK;
    }
    if (row.end - row.at < 2)
        return refuse_format(scan, err);
    unsigned n = vf_pg_be16(row.at);
    row.at += 2;
    if (n == UINT16_MAX) /* the end */
        return VF_OK;
    if (n != scan->relation.n_fields + (scan->with_ctid ? 1 : 0))
        return refuse_format(scan, err);
    if (scan->with_ctid && !next_value(&row, &row.ctid, &row.ctid_bytes))
        return refuse_format(scan, err);
    return take_row(scan, &row, batch, err);
}

static enum vf_status finish(struct vf_scan *scan, struct vf_error *err)
{
    struct vf_pg_conn *conn = scan->conn;
    PGresult *result = vf_pg_finish(conn);
    scan->is_running = false;
    enum vf_status status = VF_OK;
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        status = vf_pg_fail(conn, result, err);
        if (status != VF_CANCELLED)
            vf_error_wrap(err, "table %s", scan->label);
    }
    PQclear(result);
    return status;
}

enum vf_status vf_pg_scan_read(struct vf_scan *scan, struct vf_batch *batch, bool *more, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    while (scan->is_running && status == VF_OK && !vf_batch_is_full(batch)) {
        char *bytes = NULL;
        int size = PQgetCopyData(scan->conn->pg, &bytes, 1);
        if (size > 0)
            status = take_message(scan, bytes, size, batch, err);
        else if (size < 0)
            status = finish(scan, err);
        else if (!vf_pg_wait(scan->conn))
            status = vf_pg_fail(scan->conn, NULL, err);
        PQfreemem(bytes);
    }
    *more = scan->is_running;
    return status;
}

/* Rows that nobody will read aren't waited for: the statement is cancelled, and the savepoint keeps the snapshot alive. */
static void abandon(struct vf_scan *scan)
{
    struct vf_pg_conn *conn = scan->conn;
    char ignored[256], *bytes = NULL;
    PGcancel *cancel = PQgetCancel(conn->pg);
    if (cancel != NULL)
        PQcancel(cancel, ignored, sizeof(ignored));
    PQfreeCancel(cancel);
    while (PQgetCopyData(conn->pg, &bytes, 0) > 0)
        PQfreemem(bytes);
    for (PGresult *result = PQgetResult(conn->pg); result != NULL; result = PQgetResult(conn->pg))
        PQclear(result);
    scan->is_running = false;
}

void vf_pg_scan_close(struct vf_scan *scan)
{
    struct vf_pg_conn *conn = scan->conn;
    if (scan->is_running)
        abandon(scan);
    if (scan->is_open && scan->has_savepoint) {
        bool keep = PQtransactionStatus(conn->pg) == PQTRANS_INTRANS;
        enum vf_status ignored = vf_pg_savepoint_end(conn, keep, NULL);
        (void)ignored;
    }
    scan_free(scan);
}

/* ---- look-ups ---- */

static enum vf_status write_key(const struct vf_pg_relation *relation, const struct vf_batch *keys, int64_t row,
                                struct vf_buf *text, struct vf_buf *sql, struct vf_error *err)
{
    vf_buf_str(sql, row == 0 ? "(" : ", (");
    for (size_t i = 0; i < keys->n_columns; i++) {
        const struct vf_array *array = &keys->columns[i];
        vf_buf_str(sql, i > 0 ? ", " : "");
        if (vf_array_is_null(array, row)) {
            vf_buf_str(sql, "NULL");
        } else {
            vf_buf_clear(text);
            enum vf_status status = vf_pg_literal(array, row, text, err);
            if (status != VF_OK)
                return status;
            vf_pg_quote_text(sql, text->data, text->size_bytes);
        }
        vf_buf_printf(sql, "::%s", relation->casts[relation->key[i]]);
    }
    vf_buf_char(sql, ')');
    return VF_OK;
}

static enum vf_status write_condition(const struct vf_pg_relation *relation, const struct vf_batch *keys,
                                      struct vf_buf *sql, struct vf_error *err)
{
    struct vf_buf text;
    enum vf_status status = VF_OK;
    vf_buf_str(sql, " AND (");
    for (size_t i = 0; i < keys->n_columns; i++) {
        vf_buf_str(sql, i > 0 ? ", t." : "t.");
        vf_pg_quote(sql, relation->names[relation->key[i]]);
    }
    vf_buf_str(sql, ") IN (SELECT * FROM (VALUES ");
    vf_buf_init(&text, VF_BUF_MAX);
    for (int64_t row = 0; row < keys->n_rows && status == VF_OK; row++)
        status = write_key(relation, keys, row, &text, sql, err);
    vf_buf_release(&text);
    vf_buf_str(sql, ") k)");
    return status == VF_OK ? vf_buf_check(sql, err) : status;
}

enum vf_status vf_pg_lookup(struct vf_conn *base, const struct vf_relation *wanted, const struct vf_batch *keys,
                            struct vf_scan **scan, struct vf_error *err)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    struct vf_pg_relation relation;
    struct vf_buf condition;
    vf_buf_init(&condition, VF_BUF_MAX);
    enum vf_status status = vf_pg_relation_open(conn, wanted, &relation, err);
    if (status == VF_OK && keys->n_rows == 0)
        vf_buf_str(&condition, " AND false");
    else if (status == VF_OK)
        status = write_condition(&relation, keys, &condition, err);
    if (status == VF_OK)
        status = vf_pg_scan_start(conn, wanted, NULL, &condition, scan, err);
    vf_buf_release(&condition);
    vf_pg_relation_release(&relation);
    return status;
}
