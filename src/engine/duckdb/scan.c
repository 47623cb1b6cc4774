#include "engine/duckdb/scan.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "engine/duckdb/decode.h"
#include "engine/duckdb/encode.h"

#define MAX_REJECTS 1000

/* Column 0 of the statement is the rowid, or 0 where a column of the user's hides it; the fields begin at 1. */
struct vf_scan {
    struct vf_duckdb_conn *conn;
    struct vf_duckdb_buffers *buffers;
    struct vf_relation relation; /* borrowed texts and fields */
    duckdb_prepared_statement stmt;
    duckdb_result result;
    bool has_result;
    bool is_done;
    bool is_chunk; /* whose rows are read once */
    bool hides_rowid;
    int64_t n_read; /* rows */
    duckdb_data_chunk chunk;
    idx_t row, n_rows; /* of the chunk; `row` is the next one to be taken */
    struct vf_arena arena;
    struct vf_duckdb_logical *logical; /* n_fields + 1 */
    struct vf_duckdb_values *values;
    struct vf_buf scratch;
};

/* ---- opening ---- */

static enum vf_status new_scan(struct vf_duckdb_conn *conn, const struct vf_relation *relation, struct vf_scan **scan,
                               struct vf_error *err)
{
    struct vf_scan *made = vf_calloc(1, sizeof(*made));
    if (made == NULL)
        return vf_error_nomem(err);
    made->conn = conn;
    made->relation = *relation;
    made->buffers = vf_duckdb_instance_buffers(conn->instance);
    vf_buf_init(&made->scratch, VF_BUF_MAX);
    enum vf_status status = vf_duckdb_hides_rowid(conn, relation, &made->hides_rowid, err);
    if (status != VF_OK) {
        vf_duckdb_scan_close(made);
        return status;
    }
    made->logical = vf_arena_alloc(&made->arena, relation->n_fields + 1, sizeof(*made->logical));
    made->values = vf_arena_alloc(&made->arena, relation->n_fields + 1, sizeof(*made->values));
    if (made->logical == NULL || made->values == NULL) {
        vf_duckdb_scan_close(made);
        return vf_error_nomem(err);
    }
    *scan = made;
    return VF_OK;
}

/* With `stmt`, which is the same without casts, values whose type isn't read are cast to text: the plan's name of the type may be one that is only remembered. */
static void write_select(const struct vf_scan *scan, duckdb_prepared_statement stmt, struct vf_buf *sql)
{
    const struct vf_duckdb_library *lib = scan->conn->lib;
    const struct vf_relation *relation = &scan->relation;
    vf_buf_str(sql, scan->hides_rowid ? "SELECT 0::BIGINT" : "SELECT t.rowid");
    for (size_t i = 0; i < relation->n_fields; i++) {
        bool is_cast = stmt != NULL && vf_duckdb_is_cast(lib->prepared_statement_column_type(stmt, i + 1));
        vf_buf_str(sql, is_cast ? ", CAST(t." : ", t.");
        vf_duckdb_quote(sql, relation->fields[i].name);
        vf_buf_str(sql, is_cast ? " AS VARCHAR)" : "");
    }
    vf_buf_printf(sql, " FROM %s.", scan->conn->catalog);
    vf_duckdb_quote(sql, vf_duckdb_schema(relation->schema));
    vf_buf_char(sql, '.');
    vf_duckdb_quote(sql, relation->name);
    vf_buf_str(sql, " AS t");
}

static enum vf_status read_types(struct vf_scan *scan, struct vf_error *err)
{
    const struct vf_duckdb_library *lib = scan->conn->lib;
    enum vf_status status = VF_OK;
    for (idx_t i = 0; status == VF_OK && i <= scan->relation.n_fields; i++) {
        duckdb_logical_type type = lib->column_logical_type(&scan->result, i);
        status = vf_duckdb_logical_read(lib, type, &scan->arena, &scan->logical[i], err);
        lib->destroy_logical_type(&type);
    }
    return status;
}

static enum vf_status prepare(struct vf_scan *scan, const struct vf_buf *where, struct vf_error *err)
{
    const struct vf_duckdb_library *lib = scan->conn->lib;
    enum vf_status status = vf_buf_check(where, err);
    bool is_cast = false;
    for (int pass = 0; status == VF_OK && pass < 2 && (pass == 0 || is_cast); pass++) {
        struct vf_buf sql;
        vf_buf_init(&sql, VF_BUF_MAX);
        write_select(scan, scan->stmt, &sql);
        vf_buf_str(&sql, where->data);
        if (scan->stmt != NULL)
            lib->destroy_prepare(&scan->stmt);
        status = vf_buf_check(&sql, err);
        if (status == VF_OK && lib->prepare(scan->conn->handle, sql.data, &scan->stmt) != DuckDBSuccess)
            status = scan->stmt == NULL ? vf_error_nomem(err) : vf_duckdb_explain(lib->prepare_error(scan->stmt), err);
        vf_buf_release(&sql);
        for (size_t i = 1; status == VF_OK && i <= scan->relation.n_fields; i++)
            is_cast = is_cast || vf_duckdb_is_cast(lib->prepared_statement_column_type(scan->stmt, i));
    }
    return status;
}

/* `where` is the statement behind the name of the table. */
static enum vf_status start(struct vf_scan *scan, const struct vf_buf *where, struct vf_error *err)
{
    enum vf_status status = prepare(scan, where, err);
    if (status == VF_OK)
        status = vf_duckdb_run_stmt(scan->conn, scan->stmt, true, &scan->result, err);
    scan->has_result = status == VF_OK;
    return status == VF_OK ? read_types(scan, err) : status;
}

static enum vf_status write_bounds(const struct vf_chunk *chunk, struct vf_buf *sql, struct vf_error *err)
{
    const char *bounds[2] = {chunk->low, chunk->high};
    for (int i = 0; i < 2; i++) {
        int64_t bound = 0;
        if (bounds[i] == NULL)
            continue;
        if (!vf_parse_i64(bounds[i], strlen(bounds[i]), &bound))
            return vf_error_set(err, VF_STATE, "\"%s\" is no bound of a chunk of this table", bounds[i]);
        vf_buf_printf(sql, " AND t.rowid %s %" PRId64, i == 0 ? ">=" : "<", bound);
    }
    return VF_OK;
}

enum vf_status vf_duckdb_scan_open(struct vf_conn *base, const struct vf_relation *relation,
                                   const struct vf_chunk *chunk, struct vf_scan **scan, struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    struct vf_scan *made = NULL;
    struct vf_buf sql;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, " WHERE true");
    enum vf_status status = new_scan(conn, relation, &made, err);
    if (status == VF_OK) {
        made->is_chunk = true;
        vf_duckdb_buffers_scan_begins(made->buffers);
    }
    if (status == VF_OK && chunk != NULL)
        status = write_bounds(chunk, &sql, err);
    if (relation->where != NULL)
        vf_buf_printf(&sql, " AND (%s\n)", relation->where);
    if (status == VF_OK)
        status = start(made, &sql, err);
    vf_buf_release(&sql);
    if (status != VF_OK) {
        vf_duckdb_scan_close(made);
        if (status == VF_ENGINE && relation->where != NULL) /* most likely the user's own */
            vf_error_wrap(err, "filter \"%s\"", relation->where);
        vf_error_wrap(err, "table %s", relation->name);
        return status;
    }
    *scan = made;
    return VF_OK;
}

enum vf_status vf_duckdb_scan_start(struct vf_duckdb_conn *conn, const struct vf_relation *relation,
                                    const struct vf_buf *behind, struct vf_scan **scan, struct vf_error *err)
{
    struct vf_scan *made = NULL;
    enum vf_status status = new_scan(conn, relation, &made, err);
    if (status == VF_OK)
        status = start(made, behind, err);
    if (status != VF_OK) {
        vf_duckdb_scan_close(made);
        return status;
    }
    *scan = made;
    return VF_OK;
}

enum vf_status vf_duckdb_scan_explains(struct vf_duckdb_conn *conn, const struct vf_relation *relation,
                                       const struct vf_buf *behind, const char *word, bool *is_there,
                                       struct vf_error *err)
{
    struct vf_scan *scan = NULL;
    struct vf_duckdb_rows rows;
    struct vf_buf sql;
    struct vf_arena arena = {0};
    bool more = true;
    enum vf_status status = new_scan(conn, relation, &scan, err);
    if (status != VF_OK)
        return status;
    *is_there = false;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "EXPLAIN ");
    write_select(scan, NULL, &sql);
    vf_buf_str(&sql, behind->data);
    status = vf_duckdb_query_buf(conn, &sql, 0, NULL, &rows, err);
    while (status == VF_OK && more) {
        const char *text = NULL;
        status = vf_duckdb_next(&rows, &more, err);
        if (status == VF_OK && more)
            status = vf_duckdb_copy_text(&rows, 1, &arena, &text, err);
        *is_there = *is_there || (text != NULL && strstr(text, word) != NULL);
    }
    vf_duckdb_rows_close(&rows);
    vf_arena_release(&arena);
    vf_buf_release(&sql);
    vf_duckdb_scan_close(scan);
    return status;
}

/* ---- look-up ---- */

/* The keys are put into a table of the connection's own, with the types that they have in the table that is searched. */
static enum vf_status put_keys(struct vf_duckdb_conn *conn, const struct vf_relation *relation,
                               const struct vf_batch *keys, struct vf_error *err)
{
    struct vf_buf sql;
    struct vf_field *fields = vf_calloc(relation->n_key + 1, sizeof(*fields));
    if (fields == NULL)
        return vf_error_nomem(err);
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "CREATE OR REPLACE TEMP TABLE vecferry_keys AS SELECT ");
    for (size_t i = 0; i < relation->n_key; i++) {
        fields[i] = relation->fields[relation->key[i]];
        vf_buf_str(&sql, i > 0 ? ", " : "");
        vf_duckdb_quote(&sql, fields[i].name);
    }
    vf_buf_str(&sql, " FROM ");
    vf_duckdb_quote_table(&sql, relation->schema, relation->name);
    vf_buf_str(&sql, " LIMIT 0");
    enum vf_status status = vf_duckdb_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    const struct vf_relation to = {.name = "vecferry_keys", .n_fields = relation->n_key, .fields = fields};
    if (status == VF_OK)
        status = vf_duckdb_append_batch(conn, "temp", &to, keys, err);
    vf_free(fields);
    return status;
}

/* By rowid, so that of the wide columns only the rows that are wanted are read. */
static void write_lookup(const struct vf_relation *relation, bool hides_rowid, struct vf_buf *sql)
{
    const char *from = hides_rowid ? "t" : "k";
    vf_buf_str(sql, " WHERE ");
    if (!hides_rowid) {
        vf_buf_str(sql, "t.rowid IN (SELECT k.rowid FROM ");
        vf_duckdb_quote_table(sql, relation->schema, relation->name);
        vf_buf_str(sql, " AS k WHERE ");
    }
    vf_buf_str(sql, "EXISTS (SELECT 1 FROM temp.main.vecferry_keys AS w WHERE ");
    for (size_t i = 0; i < relation->n_key; i++) {
        vf_buf_printf(sql, "%s%s.", i > 0 ? " AND " : "", from);
        vf_duckdb_quote(sql, relation->fields[relation->key[i]].name);
        vf_buf_str(sql, " IS NOT DISTINCT FROM w.");
        vf_duckdb_quote(sql, relation->fields[relation->key[i]].name);
    }
    vf_buf_str(sql, hides_rowid ? ")" : "))");
}

enum vf_status vf_duckdb_lookup(struct vf_conn *base, const struct vf_relation *relation, const struct vf_batch *keys,
                                struct vf_scan **scan, struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    struct vf_scan *made = NULL;
    struct vf_buf sql;
    bool hides = false;
    enum vf_status status = vf_duckdb_hides_rowid(conn, relation, &hides, err);
    if (status != VF_OK)
        return status;
    vf_buf_init(&sql, VF_BUF_MAX);
    write_lookup(relation, hides, &sql);
    status = put_keys(conn, relation, keys, err);
    if (status == VF_OK)
        status = new_scan(conn, relation, &made, err);
    if (status == VF_OK)
        status = start(made, &sql, err);
    vf_buf_release(&sql);
    if (status != VF_OK) {
        vf_duckdb_scan_close(made);
        vf_error_wrap(err, "table %s", relation->name);
        return status;
    }
    *scan = made;
    return VF_OK;
}

/* ---- rejects ---- */

static void write_key(const struct vf_scan *scan, idx_t row, struct vf_buf *out)
{
    const struct vf_relation *relation = &scan->relation;
    vf_buf_char(out, '{');
    for (size_t i = 0; i < relation->n_key; i++) {
        const char *name = relation->fields[relation->key[i]].name;
        if (i > 0)
            vf_buf_str(out, ", ");
        vf_buf_json_string(out, name, strlen(name));
        vf_buf_str(out, ": ");
        if (vf_duckdb_json(&scan->values[relation->key[i] + 1], row, out, NULL) != VF_OK)
            vf_buf_str(out, "null");
    }
    if (relation->n_key == 0 && scan->hides_rowid)
        vf_buf_printf(out, "\"row\": %" PRId64, scan->n_read);
    else if (relation->n_key == 0)
        vf_buf_printf(out, "\"rowid\": %" PRId64, ((const int64_t *)scan->values[0].data)[row]);
    vf_buf_char(out, '}');
}

static enum vf_status reject_row(struct vf_scan *scan, struct vf_batch *batch, idx_t row, size_t column,
                                 const char *reason, struct vf_error *err)
{
    const struct vf_relation *relation = &scan->relation;
    const struct vf_duckdb_values *values = &scan->values[column + 1];
    struct vf_buf key, original;
    char label[256];
    struct vf_reject reject = {
        .table = vf_table_label(relation->schema, relation->name, label, sizeof(label)),
        .column = relation->fields[column].name,
        .reason = reason,
        .row = -1,
    };
    vf_buf_init(&key, VF_BUF_MAX);
    vf_buf_init(&original, VF_BUF_MAX);
    write_key(scan, row, &key);
    if (vf_duckdb_is_valid(values->validity, row) && vf_duckdb_text(values, row, &original, NULL) == VF_OK) {
        reject.original = (const uint8_t *)(original.data != NULL ? original.data : "");
        reject.original_bytes = original.size_bytes;
    }
    enum vf_status status = vf_buf_check(&key, err);
    if (status == VF_OK)
        status = vf_buf_check(&original, err);
    reject.key = key.data;
    if (status == VF_OK)
        status = vf_reject_add(&batch->rejects, &reject, err);
    vf_buf_release(&key);
    vf_buf_release(&original);
    return status;
}

/* ---- reading ---- */

static enum vf_status add_value(struct vf_scan *scan, struct vf_batch *batch, size_t i, idx_t row, struct vf_error *err)
{
    const struct vf_field *field = &scan->relation.fields[i];
    const struct vf_duckdb_values *values = &scan->values[i + 1];
    if (vf_duckdb_is_valid(values->validity, row))
        return vf_duckdb_decode(values, row, field, &batch->columns[i], &scan->scratch, err);
    if (field->not_null)
        return vf_error_set(err, VF_VALUE, "NULL in a column that is NOT NULL");
    return vf_array_add_null(&batch->columns[i], err);
}

static enum vf_status add_row(struct vf_scan *scan, struct vf_batch *batch, idx_t row, struct vf_error *err)
{
    struct vf_error why = {0};
    for (size_t i = 0; i < scan->relation.n_fields; i++) {
        enum vf_status status = add_value(scan, batch, i, row, &why);
        if (status == VF_OK)
            continue;
        vf_batch_cancel_row(batch);
        if (status == VF_VALUE)
            return reject_row(scan, batch, row, i, why.message, err);
        if (err != NULL)
            *err = why;
        return status;
    }
    vf_batch_end_row(batch);
    return VF_OK;
}

/* Enough for one read: the batch is full, or so many rows were rejected that they should be handed on. */
static bool is_enough(const struct vf_batch *batch)
{
    return vf_batch_is_full(batch) || batch->rejects.n_rejects >= MAX_REJECTS ||
           batch->rejects.arena.used_bytes >= batch->max_bytes;
}

/* May the row still go into the batch, or would it pass the limit in bytes? An empty batch takes any. */
static bool has_room(const struct vf_scan *scan, const struct vf_batch *batch, idx_t row)
{
    size_t size_bytes = batch->size_bytes;
    for (size_t i = 1; i <= scan->relation.n_fields; i++)
        size_bytes += vf_duckdb_value_bytes(&scan->values[i], row);
    return batch->n_rows == 0 || size_bytes <= batch->max_bytes;
}

static enum vf_status next_chunk(struct vf_scan *scan, struct vf_error *err)
{
    const struct vf_duckdb_library *lib = scan->conn->lib;
    enum vf_status status = vf_cancel_check(scan->conn->base.options.cancel, err);
    if (status != VF_OK)
        return status;
    if (scan->chunk != NULL)
        lib->destroy_data_chunk(&scan->chunk);
    scan->row = scan->n_rows = 0;
    vf_duckdb_buffers_enter(scan->buffers);
    scan->chunk = lib->fetch_chunk(scan->result);
    vf_duckdb_buffers_leave(scan->buffers);
    if (scan->chunk == NULL) {
        const char *message = lib->result_error(&scan->result);
        scan->is_done = true;
        if (message == NULL || message[0] == '\0')
            return VF_OK;
        status = vf_duckdb_explain(message, err);
        vf_error_wrap(err, "table %s", scan->relation.name);
        return status;
    }
    scan->n_rows = lib->data_chunk_get_size(scan->chunk);
    for (idx_t i = 0; i <= scan->relation.n_fields; i++)
        vf_duckdb_values_init(&scan->values[i], lib, &scan->logical[i], lib->data_chunk_get_vector(scan->chunk, i));
    return VF_OK;
}

enum vf_status vf_duckdb_scan_read(struct vf_scan *scan, struct vf_batch *batch, bool *more, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    size_t before_bytes = batch->size_bytes;
    while (status == VF_OK && !scan->is_done && !is_enough(batch)) {
        if (scan->row >= scan->n_rows) {
            status = next_chunk(scan, err);
            continue;
        }
        if (!has_room(scan, batch, scan->row))
            break;
        scan->n_read++;
        status = add_row(scan, batch, scan->row++, err);
    }
    *more = !scan->is_done;
    if (scan->is_chunk)
        vf_duckdb_buffers_scan_read(scan->buffers, batch->size_bytes - before_bytes);
    return status;
}

void vf_duckdb_scan_close(struct vf_scan *scan)
{
    if (scan == NULL)
        return;
    const struct vf_duckdb_library *lib = scan->conn->lib;
    if (scan->chunk != NULL)
        lib->destroy_data_chunk(&scan->chunk);
    if (scan->has_result)
        lib->destroy_result(&scan->result);
    if (scan->stmt != NULL)
        lib->destroy_prepare(&scan->stmt);
    if (scan->is_chunk)
        vf_duckdb_buffers_scan_ends(scan->buffers);
    vf_buf_release(&scan->scratch);
    vf_arena_release(&scan->arena);
    vf_free(scan);
}
