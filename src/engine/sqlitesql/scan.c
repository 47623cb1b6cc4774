#include "engine/sqlitesql/scan.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/encode.h"
#include "engine/sqlitesql/from.h"
#include "engine/sqlitesql/split.h"
#include "engine/sqlitesql/split_key.h"

struct vf_scan {
    struct vf_sqlite_conn *conn;
    struct vf_vec0_scan *vec0;   /* a vec0 table is read in another way */
    struct vf_relation relation; /* borrowed texts and fields */
    sqlite3_stmt *stmt;
    bool has_rowid; /* column 0 of the statement; fields begin at 1 */
    bool is_done;
    bool is_waiting; /* the current row is still to be taken: it had no room in the last batch */
    struct vf_sqlite_value *values;
    const struct vf_batch *keys; /* a look-up */
    int64_t next_key;
    struct vf_sqlite_scratch *scratch;
};

static enum vf_status new_scan(struct vf_sqlite_conn *conn, const struct vf_relation *relation, struct vf_scan **scan,
                               struct vf_error *err)
{
    struct vf_scan *made = vf_calloc(1, sizeof(*made));
    if (made == NULL)
        return vf_error_nomem(err);
    made->conn = conn;
    made->relation = *relation;
    made->values = vf_calloc(relation->n_fields + 1, sizeof(*made->values));
    if (made->values == NULL) {
        vf_sqlite_scan_close(made);
        return vf_error_nomem(err);
    }
    *scan = made;
    return VF_OK;
}

static enum vf_status write_select(struct vf_sqlite_conn *conn, const struct vf_relation *relation, const char *rowid,
                                   struct vf_buf *sql, struct vf_error *err)
{
    vf_buf_str(sql, "SELECT ");
    vf_buf_str(sql, rowid != NULL ? rowid : "NULL");
    for (size_t i = 0; i < relation->n_fields; i++) {
        vf_buf_str(sql, ", ");
        vf_sqlite_quote(sql, relation->fields[i].name);
    }
    vf_buf_str(sql, " FROM ");
    bool is_view = relation->kind == VF_TABLE_VIEW;
    enum vf_status status = is_view ? vf_sqlite_write_from_by_key(conn, relation->name, sql, err)
                                    : vf_sqlite_write_from(conn, relation->name, sql, err);
    vf_buf_str(sql, " WHERE 1");
    return status;
}

static enum vf_status write_bounds(const char *rowid, const struct vf_chunk *chunk, struct vf_buf *sql,
                                   struct vf_error *err)
{
    const char *bounds[2] = {chunk->low, chunk->high};
    for (int i = 0; i < 2; i++) {
        int64_t bound = 0;
        if (bounds[i] == NULL)
            continue;
        if (!vf_parse_i64(bounds[i], strlen(bounds[i]), &bound))
            return vf_error_set(err, VF_STATE, "\"%s\" is no bound of a chunk of this table", bounds[i]);
        vf_buf_printf(sql, " AND %s %s ", rowid, i == 0 ? ">=" : "<");
        if (bound == INT64_MIN) /* its digits alone are no integer to SQLite */
            vf_buf_str(sql, "-9223372036854775807 - 1");
        else
            vf_buf_printf(sql, "%" PRId64, bound);
    }
    return VF_OK;
}

/* The bounds of a table without rowid are parameters, those of the lower one first. */
static enum vf_status write_key_bounds(struct vf_scan *scan, const struct vf_chunk *chunk, size_t *n_names,
                                       struct vf_buf *sql, struct vf_error *err)
{
    struct vf_buf names;
    vf_buf_init(&names, VF_BUF_MAX);
    enum vf_status status = vf_sqlite_key_names(scan->conn, scan->relation.name, &names, n_names, err);
    if (status == VF_OK && *n_names == 0)
        status = vf_error_set(err, VF_STATE, "there is no key that the bounds of the chunk could be of");
    if (status == VF_OK && chunk->low != NULL)
        vf_sqlite_write_key_bound(&names, *n_names, ">=", 1, sql);
    if (status == VF_OK && chunk->high != NULL)
        vf_sqlite_write_key_bound(&names, *n_names, "<", *n_names + 1, sql);
    vf_buf_release(&names);
    return status;
}

static enum vf_status prepare_scan(struct vf_scan *scan, const struct vf_chunk *chunk, struct vf_error *err)
{
    struct vf_buf sql;
    const char *rowid = NULL;
    bool is_column = false, is_part = chunk != NULL && (chunk->low != NULL || chunk->high != NULL);
    size_t n_names = 0;
    vf_buf_init(&sql, VF_BUF_MAX);
    enum vf_status status = VF_OK;
    if (scan->relation.kind != VF_TABLE_VIEW)
        status = vf_sqlite_rowid_name(scan->conn, scan->relation.name, &rowid, &is_column, err);
    scan->has_rowid = rowid != NULL;
    if (status == VF_OK)
        status = write_select(scan->conn, &scan->relation, rowid, &sql, err);
    if (status == VF_OK && is_part && rowid != NULL)
        status = write_bounds(rowid, chunk, &sql, err);
    else if (status == VF_OK && is_part)
        status = write_key_bounds(scan, chunk, &n_names, &sql, err);
    if (scan->relation.where != NULL)
        vf_buf_printf(&sql, " AND (%s\n)", scan->relation.where);
    if (status == VF_OK)
        status = vf_sqlite_prepare_rows(scan->conn, &sql, rowid, 0, &scan->stmt, err);
    if (status == VF_OK && n_names > 0 && chunk->low != NULL)
        status = vf_sqlite_bind_key_bound(scan->conn, scan->stmt, n_names, chunk->low, 1, err);
    if (status == VF_OK && n_names > 0 && chunk->high != NULL)
        status = vf_sqlite_bind_key_bound(scan->conn, scan->stmt, n_names, chunk->high, n_names + 1, err);
    vf_buf_release(&sql);
    return status;
}

/* What the value is compared with; NULL: a column like this can't be asked. Texts are compared by their bytes, whatever the column's collation. */
static const char *write_value(const struct vf_field *field, const char *text, struct vf_buf *out)
{
    enum vf_kind kind = field->type.kind;
    enum vf_form form = field->form;
    bool is_number = form == VF_FORM_NATIVE || form == VF_FORM_INTEGER;
    bool is_text = form == VF_FORM_NATIVE || form == VF_FORM_TEXT;
    if (kind == VF_K_BOOL && is_number) {
        vf_buf_str(out, strcmp(text, "true") == 0 ? "1" : "0");
        return "";
    }
    if ((kind == VF_K_I8 || kind == VF_K_I16 || kind == VF_K_I32 || kind == VF_K_I64) && is_number) {
        /* Its digits alone are no integer to SQLite. */
        vf_buf_str(out, strcmp(text, "-9223372036854775808") == 0 ? "(-9223372036854775807 - 1)" : text);
        return "";
    }
    if (kind == VF_K_UUID && form == VF_FORM_BYTES) {
        vf_buf_str(out, "x'");
        for (const char *c = text; *c != '\0'; c++) {
            if (*c != '-')
                vf_buf_char(out, *c);
        }
        vf_buf_char(out, '\'');
        return "";
    }
    if ((kind != VF_K_TEXT && kind != VF_K_ENUM && kind != VF_K_UUID) || !is_text)
        return NULL;
    vf_sqlite_quote_text(out, text, strlen(text));
    return kind == VF_K_UUID ? " COLLATE NOCASE" : " COLLATE BINARY"; /* a uuid's letters may be in either case */
}

enum vf_status vf_sqlite_match(const struct vf_conn *conn, const struct vf_field *field, const char *text,
                               struct vf_buf *out, struct vf_error *err)
{
    struct vf_buf value;
    char type[48];
    (void)conn;
    vf_buf_init(&value, VF_BUF_MAX);
    const char *collation = text != NULL ? write_value(field, text, &value) : "";
    enum vf_status status = vf_buf_check(&value, err);
    if (status == VF_OK && collation == NULL)
        status = vf_error_set(err, VF_MISSING, "rows can't be asked for by column \"%s\" of type %s, kept as %s",
                              field->name, vf_type_format(field->type, type), vf_form_name(field->form));
    if (status == VF_OK) {
        vf_sqlite_quote(out, field->name);
        vf_buf_str(out, text == NULL ? " IS NULL" : collation);
        if (text != NULL) {
            vf_buf_str(out, " = ");
            vf_buf_add(out, value.data, value.size_bytes);
        }
    }
    vf_buf_release(&value);
    return status;
}

enum vf_status vf_sqlite_scan_open(struct vf_conn *base, const struct vf_relation *relation,
                                   const struct vf_chunk *chunk, struct vf_scan **scan, struct vf_error *err)
{
    struct vf_sqlite_conn *conn = vf_sqlite_conn_of(base);
    struct vf_scan *made = NULL;
    enum vf_status status = new_scan(conn, relation, &made, err);
    if (status == VF_OK && relation->kind == VF_TABLE_VEC0)
        status = vf_vec0_scan_open(conn, relation, chunk, NULL, &made->vec0, err);
    else if (status == VF_OK)
        status = prepare_scan(made, chunk, err);
    if (status != VF_OK) {
        vf_sqlite_scan_close(made);
        vf_error_wrap(err, "table %s", relation->name);
        return status;
    }
    *scan = made;
    return VF_OK;
}

enum vf_status vf_sqlite_scan_of(struct vf_sqlite_conn *conn, const struct vf_relation *relation, sqlite3_stmt *stmt,
                                 struct vf_scan **scan, struct vf_error *err)
{
    struct vf_scan *made = NULL;
    enum vf_status status = new_scan(conn, relation, &made, err);
    if (status != VF_OK) {
        conn->lib->finalize(stmt);
        return status;
    }
    made->stmt = stmt;
    *scan = made;
    return VF_OK;
}

/* ---- look-up ---- */

static enum vf_status prepare_lookup(struct vf_scan *scan, struct vf_error *err)
{
    struct vf_buf sql;
    const struct vf_relation *relation = &scan->relation;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT NULL");
    for (size_t i = 0; i < relation->n_fields; i++) {
        vf_buf_str(&sql, ", ");
        vf_sqlite_quote(&sql, relation->fields[i].name);
    }
    vf_buf_str(&sql, " FROM ");
    enum vf_status status = vf_sqlite_write_from_by_key(scan->conn, relation->name, &sql, err);
    for (size_t i = 0; i < relation->n_key; i++) {
        vf_buf_str(&sql, i == 0 ? " WHERE " : " AND ");
        vf_sqlite_quote(&sql, relation->fields[relation->key[i]].name);
        vf_buf_printf(&sql, " IS ?%zu", i + 1);
    }
    if (status == VF_OK)
        status = vf_sqlite_prepare_buf(scan->conn, &sql, &scan->stmt, err);
    vf_buf_release(&sql);
    return status;
}

/* Bind the next key, or the next few where they can be looked for together; *more false: there is none. A key that the form can't hold isn't in the table. */
static enum vf_status bind_next_keys(struct vf_scan *scan, bool *more, struct vf_error *err)
{
    const struct vf_relation *relation = &scan->relation;
    bool has_room = true;
    *more = false;
    scan->conn->lib->reset(scan->stmt);
    for (; has_room && scan->next_key < scan->keys->n_rows; scan->next_key++) {
        enum vf_status status = VF_OK;
        for (size_t i = 0; status == VF_OK && i < relation->n_key; i++)
            status = vf_sqlite_bind(scan->conn, scan->stmt, (int)i + 1, &relation->fields[relation->key[i]],
                                    &scan->keys->columns[i], scan->next_key, &scan->scratch[i], err);
        if (status == VF_VALUE)
            continue;
        if (status != VF_OK)
            return status;
        *more = true;
        has_room = scan->conn->keep_arguments != NULL && scan->conn->keep_arguments(scan->stmt);
    }
    return VF_OK;
}

enum vf_status vf_sqlite_lookup(struct vf_conn *base, const struct vf_relation *relation, const struct vf_batch *keys,
                                struct vf_scan **scan, struct vf_error *err)
{
    struct vf_sqlite_conn *conn = vf_sqlite_conn_of(base);
    struct vf_scan *made = NULL;
    enum vf_status status = new_scan(conn, relation, &made, err);
    if (status == VF_OK && relation->kind == VF_TABLE_VEC0) {
        status = vf_vec0_scan_open(conn, relation, NULL, keys, &made->vec0, err);
    } else if (status == VF_OK) {
        made->keys = keys;
        made->scratch = vf_calloc(relation->n_key, sizeof(*made->scratch));
        status = made->scratch == NULL ? vf_error_nomem(err) : prepare_lookup(made, err);
    }
    if (status != VF_OK) {
        vf_sqlite_scan_close(made);
        vf_error_wrap(err, "table %s", relation->name);
        return status;
    }
    *scan = made;
    return VF_OK;
}

/* ---- reading ---- */

/* The next row of the scan, or of the look-up's next keys. */
static enum vf_status next_row(struct vf_scan *scan, bool *row, struct vf_error *err)
{
    bool more = true;
    if (scan->keys == NULL)
        return vf_sqlite_step(scan->conn, scan->stmt, row, err);
    for (*row = false;;) {
        enum vf_status status = VF_OK;
        if (scan->next_key > 0)
            status = vf_sqlite_step(scan->conn, scan->stmt, row, err);
        if (status != VF_OK || *row)
            return status;
        status = bind_next_keys(scan, &more, err);
        if (status != VF_OK || !more)
            return status;
    }
}

static void read_values(struct vf_scan *scan)
{
    for (size_t i = 0; i < scan->relation.n_fields; i++)
        vf_sqlite_value_read(scan->conn, scan->stmt, (int)i + 1, &scan->values[i]);
}

enum vf_status vf_sqlite_scan_read(struct vf_scan *scan, struct vf_batch *batch, bool *more, struct vf_error *err)
{
    if (scan->vec0 != NULL)
        return vf_vec0_scan_read(scan->vec0, batch, more, err);
    *more = !scan->is_done;
    while (*more && !vf_sqlite_is_enough(batch)) {
        if (!scan->is_waiting) {
            enum vf_status status = next_row(scan, more, err);
            scan->is_done = !*more;
            if (status != VF_OK || !*more)
                return status;
        }
        read_values(scan);
        scan->is_waiting = !vf_sqlite_has_room(batch, scan->values, scan->relation.n_fields);
        if (scan->is_waiting)
            return VF_OK;
        int64_t rowid = scan->has_rowid ? scan->conn->lib->column_int64(scan->stmt, 0) : 0;
        enum vf_status status =
            vf_sqlite_add_row(batch, &scan->relation, scan->values, scan->has_rowid ? &rowid : NULL, err);
        if (status != VF_OK)
            return status;
    }
    return VF_OK;
}

struct vf_sqlite_conn *vf_sqlite_scan_conn(const struct vf_scan *scan)
{
    return scan->conn;
}

sqlite3_stmt *vf_sqlite_scan_stmt(const struct vf_scan *scan)
{
    return scan->stmt;
}

void vf_sqlite_scan_close(struct vf_scan *scan)
{
    if (scan == NULL)
        return;
    vf_vec0_scan_close(scan->vec0);
    scan->conn->lib->finalize(scan->stmt);
    for (size_t i = 0; scan->scratch != NULL && i < scan->relation.n_key; i++)
        vf_sqlite_scratch_release(&scan->scratch[i]);
    vf_free(scan->scratch);
    vf_free(scan->values);
    vf_free(scan);
}
