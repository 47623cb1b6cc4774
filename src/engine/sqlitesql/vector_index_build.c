#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "engine/sqlitesql/from.h"
#include "engine/sqlitesql/libsql_index.h"
#include "engine/sqlitesql/libsql_vector.h"
#include "engine/sqlitesql/split.h"
#include "engine/sqlitesql/target.h"
#include "engine/sqlitesql/types.h"
#include "engine/sqlitesql/vector_index.h"
#include "vector/convert.h"

/* ---- the statements ---- */

static enum vf_status has_table(struct vf_sqlite_conn *conn, const char *name, bool *found, struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    enum vf_status status = vf_sqlite_prepare(
        conn, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1 COLLATE NOCASE", &stmt, err);
    if (status == VF_OK) {
        conn->lib->bind_text64(stmt, 1, name, strlen(name), SQLITE_STATIC, SQLITE_UTF8);
        status = vf_sqlite_step(conn, stmt, found, err);
    }
    conn->lib->finalize(stmt);
    return status;
}

/* With a record of the name, libSQL would take the new index for filled. */
static enum vf_status remove_remains(struct vf_sqlite_conn *conn, const char *name, struct vf_error *err)
{
    struct vf_buf sql;
    bool found = false;
    enum vf_status status = has_table(conn, VF_LIBSQL_META_TABLE, &found, err);
    if (status != VF_OK || !found)
        return status;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "DELETE FROM main." VF_LIBSQL_META_TABLE " WHERE name = ");
    vf_sqlite_quote_text(&sql, name, strlen(name));
    status = vf_sqlite_exec_buf(conn, &sql, err);
    if (status == VF_OK && conn->lib->changes(conn->db) > 0) {
        vf_log_write(conn->base.options.log, VF_LOG_INFO, "removing what an earlier index %s has left behind", name);
        vf_buf_str(&sql, "DROP TABLE IF EXISTS main.");
        vf_buf_str(&sql, name);
        vf_buf_str(&sql, "_shadow");
        status = vf_sqlite_exec_buf(conn, &sql, err);
    }
    vf_buf_release(&sql);
    return status;
}

/* In parentheses: it may be an OR, and stand behind another. */
static enum vf_status add_condition(const struct vf_table *table, const struct vf_index *index, const char *before,
                                    struct vf_buf *sql, struct vf_error *err)
{
    vf_buf_str(sql, before);
    vf_buf_char(sql, '(');
    enum vf_status status = vf_sqlite_write_expression(table, NULL, index->predicate_expr, false, sql, err);
    vf_buf_char(sql, ')');
    return status;
}

static enum vf_status create(struct vf_sqlite_conn *conn, const struct vf_table *table, const struct vf_index *index,
                             struct vf_error *err)
{
    struct vf_buf sql;
    enum vf_status status = VF_OK;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "CREATE INDEX main.");
    vf_sqlite_quote(&sql, index->name);
    vf_buf_str(&sql, " ON ");
    vf_sqlite_quote(&sql, table->name);
    vf_buf_str(&sql, " (");
    vf_libsql_index_write(table->columns[index->parts[0].column].name, &index->vector, &sql);
    vf_buf_char(&sql, ')');
    if (index->predicate_expr != NULL)
        status = add_condition(table, index, " WHERE ", &sql, err);
    if (status == VF_OK)
        status = vf_sqlite_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    return status;
}

/* Vectors of the table that belong into the index, and those that are in it. */
static enum vf_status count(struct vf_sqlite_conn *conn, const struct vf_table *table, const struct vf_index *index,
                            int64_t *n_wanted, int64_t *n_held, struct vf_error *err)
{
    struct vf_buf sql;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT count(");
    vf_sqlite_quote(&sql, table->columns[index->parts[0].column].name);
    vf_buf_str(&sql, ") FROM ");
    enum vf_status status = vf_sqlite_write_from(conn, table->name, &sql, err);
    if (status == VF_OK && index->predicate_expr != NULL)
        status = add_condition(table, index, " WHERE ", &sql, err);
    if (status == VF_OK)
        status = vf_buf_check(&sql, err);
    if (status == VF_OK)
        status = vf_sqlite_get_i64(conn, sql.data, 0, n_wanted, err);
    vf_buf_clear(&sql);
    vf_buf_str(&sql, "SELECT count(*) FROM main.");
    vf_buf_str(&sql, index->name);
    vf_buf_str(&sql, "_shadow");
    if (status == VF_OK)
        status = vf_buf_check(&sql, err);
    if (status == VF_OK)
        status = vf_sqlite_get_i64(conn, sql.data, 0, n_held, err);
    vf_buf_release(&sql);
    return status;
}

/* ---- vectors that would spoil it ---- */

/* A column that an index is built on. */
struct indexed {
    struct vf_sqlite_conn *conn;
    const struct vf_table *table;
    const struct vf_index *index;
    const char *column;
    struct vf_type type;
    struct vf_buf zero; /* a vector of the declared type, as libSQL keeps it */
};

/* What the declaration says, and a vector of it. */
static enum vf_status describe(struct indexed *indexed, struct vf_error *err)
{
    const struct vf_column *column = &indexed->table->columns[indexed->index->parts[0].column];
    indexed->column = column->name;
    indexed->type = vf_sqlite_type_of(column->native).type;
    vf_buf_init(&indexed->zero, VF_BUF_MAX);
    size_t size_bytes = vf_element_bytes(indexed->type.element, indexed->type.dim);
    void *zero = vf_calloc(size_bytes + 1, 1);
    if (zero == NULL)
        return vf_error_nomem(err);
    vf_libsql_vector_pack(indexed->type.element, zero, indexed->type.dim, &indexed->zero);
    vf_free(zero);
    return vf_buf_check(&indexed->zero, err);
}

/* Rows that may be wrong, chosen by the database so that not all vectors have to come over: those of another length, and those far from everything, as NaN and infinity are. */
static void write_suspicion(const struct indexed *indexed, struct vf_buf *sql)
{
    struct vf_buf name;
    size_t size_bytes = indexed->zero.size_bytes;
    bool may_say_type = indexed->type.element == VF_E_F32; /* float32 with the byte of its type, or without */
    vf_buf_init(&name, VF_BUF_MAX);
    vf_sqlite_quote(&name, indexed->column);
    const char *column = name.data != NULL ? name.data : "";
    vf_buf_printf(sql,
                  " AND CASE WHEN typeof(%s) = 'blob' AND length(%s) IN (%zu, %zu) THEN (vector_distance_l2(%s, ?1) < "
                  "1e30) IS NOT 1 ELSE %s IS NOT NULL END",
                  column, column, size_bytes, size_bytes + may_say_type, column, column);
    vf_buf_release(&name);
}

/* The key of a row as an SQL text; a table without one is known by its rowid. */
static void write_key(const struct indexed *indexed, const char *rowid, struct vf_buf *sql)
{
    const struct vf_table *table = indexed->table;
    if (table->primary_key < 0) {
        vf_buf_str(sql, rowid != NULL ? rowid : "NULL");
        return;
    }
    const struct vf_index *key = &table->indexes[table->primary_key];
    for (size_t i = 0; i < key->n_parts; i++) {
        vf_buf_str(sql, i == 0 ? "quote(" : " || ', ' || quote(");
        vf_sqlite_quote(sql, table->columns[key->parts[i].column].name);
        vf_buf_char(sql, ')');
    }
}

static enum vf_status open_vectors(struct indexed *indexed, bool is_filtered, sqlite3_stmt **stmt, struct vf_error *err)
{
    struct vf_sqlite_conn *conn = indexed->conn;
    struct vf_buf sql;
    const char *rowid = NULL;
    bool is_column = false;
    vf_buf_init(&sql, VF_BUF_MAX);
    enum vf_status status = vf_sqlite_rowid_name(conn, indexed->table->name, &rowid, &is_column, err);
    vf_buf_str(&sql, "SELECT ");
    vf_buf_str(&sql, rowid != NULL ? rowid : "NULL");
    vf_buf_str(&sql, ", ");
    vf_sqlite_quote(&sql, indexed->column);
    vf_buf_str(&sql, ", ");
    write_key(indexed, rowid, &sql);
    vf_buf_str(&sql, " FROM ");
    if (status == VF_OK)
        status = vf_sqlite_write_from(conn, indexed->table->name, &sql, err);
    vf_buf_str(&sql, " WHERE 1");
    if (is_filtered)
        write_suspicion(indexed, &sql);
    if (status == VF_OK && indexed->index->predicate_expr != NULL)
        status = add_condition(indexed->table, indexed->index, " AND ", &sql, err);
    if (status == VF_OK)
        status = vf_sqlite_prepare_rows(conn, &sql, rowid, 0, stmt, err);
    if (status == VF_OK && is_filtered &&
        conn->lib->bind_blob64(*stmt, 1, indexed->zero.data, indexed->zero.size_bytes, SQLITE_STATIC) != SQLITE_OK)
        status = vf_sqlite_fail(conn, err, "%s", indexed->table->name);
    vf_buf_release(&sql);
    return status;
}

/* VF_VALUE: the current row's vector can't be in the index, and the message names the row. */
static enum vf_status look_at_vector(struct indexed *indexed, sqlite3_stmt *stmt, struct vf_buf *values, int64_t *n,
                                     struct vf_error *err)
{
    struct vf_sqlite_conn *conn = indexed->conn;
    struct vf_libsql_vector vector;
    struct vf_error why = {0};
    size_t size_bytes = 0;
    const uint8_t *bytes = vf_sqlite_column(conn, stmt, 1, &size_bytes);
    int type = conn->lib->column_type(stmt, 1);
    if (type == SQLITE_NULL || type == SQLITE_TEXT) /* a text in JSON is libSQL's to judge */
        return VF_OK;
    if (bytes == NULL)
        return vf_error_nomem(err);
    char key[300];
    if (type != SQLITE_BLOB) {
        vf_error_set(&why, VF_VALUE, "it is no vector");
    } else if (vf_libsql_vector_parse(bytes, size_bytes, &vector, &why) != VF_OK) {
        why.status = VF_VALUE;
    } else if (vector.dim != indexed->type.dim || vector.element != indexed->type.element) {
        vf_error_set(&why, VF_VALUE, "it has %zu dimensions of %s, and the index takes %u of %s", vector.dim,
                     vf_element_name(vector.element), (unsigned)indexed->type.dim,
                     vf_element_name(indexed->type.element));
    } else {
        vf_buf_clear(values);
        char *out = vf_buf_reserve(values, vf_element_bytes(vector.element, vector.dim));
        enum vf_status status = vf_buf_check(values, err);
        if (status == VF_OK && vf_libsql_vector_unpack(&vector, out, NULL) == VF_OK)
            *n += vf_find_nonfinite(vector.element, out, vector.dim) >= 0;
        return status;
    }
    const char *shown = vf_sqlite_column_str(conn, stmt, 2);
    vf_printable(shown, strlen(shown), key, sizeof(key));
    vf_error_set(err, VF_VALUE, "column %s of the row with key %s: %s", indexed->column, key, why.message);
    vf_error_hint(err, "mend the row in the target, or take the index out of the plan; copy --resume goes on");
    return VF_VALUE;
}

static enum vf_status look_at_vectors(struct indexed *indexed, bool is_filtered, int64_t *n, struct vf_error *err)
{
    struct vf_buf values;
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    *n = 0;
    vf_buf_init(&values, VF_BUF_MAX);
    enum vf_status status = open_vectors(indexed, is_filtered, &stmt, err);
    while (status == VF_OK && row) {
        status = vf_sqlite_step(indexed->conn, stmt, &row, err);
        if (status == VF_OK && row)
            status = look_at_vector(indexed, stmt, &values, n, err);
    }
    indexed->conn->lib->finalize(stmt);
    vf_buf_release(&values);
    return status;
}

/* Twenty vectors with NaN or infinity among 600 were seen to leave a search one hit in two hundred, and libSQL takes them in without a word; vectors of another length it refuses without a key. */
static enum vf_status check_vectors(struct vf_sqlite_conn *conn, const struct vf_table *table,
                                    const struct vf_index *index, struct vf_error *err)
{
    struct indexed indexed = {.conn = conn, .table = table, .index = index};
    int64_t n = 0;
    enum vf_status status = describe(&indexed, err);
    bool is_filtered = indexed.type.element != VF_E_BIT;
    if (status == VF_OK)
        status = look_at_vectors(&indexed, is_filtered, &n, err);
    if (status == VF_ENGINE && is_filtered) /* a libSQL that has another distance, or none */
        status = look_at_vectors(&indexed, false, &n, err);
    vf_buf_release(&indexed.zero);
    if (status != VF_OK || n == 0)
        return status;
    vf_error_set(err, VF_VALUE,
                 "%" PRId64 " vectors hold NaN or infinity, with which libSQL's index finds hardly any vector", n);
    vf_error_hint(err, "mend them in the source, or take the index out of the plan");
    return VF_VALUE;
}

/* ---- all of it ---- */

static enum vf_status build(struct vf_sqlite_conn *conn, const struct vf_table *table, const struct vf_index *index,
                            struct vf_error *err)
{
    int64_t n_wanted = 0;
    int64_t n_held = 0;
    enum vf_status status = check_vectors(conn, table, index, err);
    if (status == VF_OK)
        status = remove_remains(conn, index->name, err);
    if (status == VF_OK)
        status = create(conn, table, index, err);
    if (status == VF_OK)
        status = count(conn, table, index, &n_wanted, &n_held, err);
    if (status == VF_OK && n_wanted != n_held)
        status =
            vf_error_set(err, VF_ENGINE, "libSQL put %" PRId64 " of %" PRId64 " vectors into it", n_held, n_wanted);
    return status;
}

enum vf_status vf_sqlite_make_vector_index(struct vf_sqlite_conn *conn, const struct vf_table *table,
                                           const struct vf_index *index, struct vf_error *err)
{
    if (!vf_libsql_index_name_is_plain(index->name))
        return vf_error_set(err, VF_USAGE, "index \"%s\": libSQL can't quote the name of a vector index", index->name);
    struct vf_conn *base = (struct vf_conn *)(void *)conn;
    const struct vf_engine_ops *ops = conn->base.ops; /* a file's and a server's transactions differ */
    enum vf_status status = ops->begin(base, err);
    if (status != VF_OK)
        return status;
    status = build(conn, table, index, err);
    if (status == VF_OK)
        status = ops->commit(base, err);
    if (status != VF_OK) {
        ops->rollback(base);
        vf_error_wrap(err, "vector index %s on table %s", index->name, table->name);
    }
    return status;
}
