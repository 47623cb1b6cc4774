#include "engine/sqlitesql/split_key.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/from.h"

enum vf_status vf_sqlite_key_names(struct vf_sqlite_conn *conn, const char *table, struct vf_buf *names,
                                   size_t *n_names, struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    *n_names = 0;
    enum vf_status status =
        vf_sqlite_prepare(conn, "SELECT name FROM pragma_table_xinfo(?1) WHERE pk > 0 ORDER BY pk", &stmt, err);
    if (status == VF_OK)
        conn->lib->bind_text64(stmt, 1, table, strlen(table), SQLITE_STATIC, SQLITE_UTF8);
    while (status == VF_OK && row) {
        status = vf_sqlite_step(conn, stmt, &row, err);
        if (status != VF_OK || !row)
            break;
        vf_buf_str(names, (*n_names)++ > 0 ? ", " : "");
        vf_sqlite_quote(names, (const char *)conn->lib->column_text(stmt, 0));
    }
    conn->lib->finalize(stmt);
    return status == VF_OK ? vf_buf_check(names, err) : status;
}

/* ---- cutting ---- */

static void write_value(const struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int column, struct vf_buf *out)
{
    const void *bytes;
    switch (conn->lib->column_type(stmt, column)) {
    case SQLITE_INTEGER:
        vf_buf_printf(out, "i%" PRId64, (int64_t)conn->lib->column_int64(stmt, column));
        return;
    case SQLITE_FLOAT:
        vf_buf_printf(out, "r%.17g", conn->lib->column_double(stmt, column));
        return;
    case SQLITE_TEXT:
        bytes = conn->lib->column_text(stmt, column);
        vf_buf_char(out, 't');
        break;
    default:
        bytes = conn->lib->column_blob(stmt, column);
        vf_buf_char(out, 'b');
        break;
    }
    vf_buf_hex(out, bytes, (size_t)conn->lib->column_bytes(stmt, column));
}

static enum vf_status cut_at(const struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, struct vf_chunk_list *list,
                             size_t number, struct vf_buf *bound, struct vf_error *err)
{
    int n = conn->lib->column_count(stmt);
    vf_buf_clear(bound);
    for (int i = 0; i < n; i++) {
        vf_buf_str(bound, i > 0 ? "," : "");
        write_value(conn, stmt, i, bound);
    }
    enum vf_status status = vf_buf_check(bound, err);
    const char *text = status == VF_OK ? vf_arena_strdup(&list->arena, bound->data) : NULL;
    list->chunks[number].low = text;
    list->chunks[number - 1].high = text;
    return status == VF_OK && text == NULL ? vf_error_nomem(err) : status;
}

enum vf_status vf_sqlite_cut_by_key(struct vf_sqlite_conn *conn, const char *table, int64_t n_rows,
                                    struct vf_chunk_list *list, struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    struct vf_buf names, sql;
    size_t n_names = 0, number = 1;
    int64_t width = (n_rows + (int64_t)list->n_chunks - 1) / (int64_t)list->n_chunks;
    vf_buf_init(&names, VF_BUF_MAX);
    vf_buf_init(&sql, VF_BUF_MAX);
    enum vf_status status = vf_sqlite_key_names(conn, table, &names, &n_names, err);
    if (status == VF_OK) {
        vf_buf_printf(&sql, "SELECT %s FROM " /* ident */, names.data);
        status = vf_sqlite_write_from(conn, table, &sql, err);
        vf_buf_printf(&sql, " ORDER BY %s", names.data);
    }
    if (status == VF_OK)
        status = vf_sqlite_prepare_rows(conn, &sql, NULL, 0, &stmt, err); /* whose end is its order */
    for (int64_t i = 0; status == VF_OK && number < list->n_chunks; i++) {
        bool row = false;
        status = vf_sqlite_step(conn, stmt, &row, err);
        if (status != VF_OK || !row)
            break;
        if (i > 0 && i % width == 0)
            status = cut_at(conn, stmt, list, number++, &sql, err);
    }
    conn->lib->finalize(stmt);
    vf_buf_release(&names);
    vf_buf_release(&sql);
    list->n_chunks = number;
    return status;
}

/* ---- reading ---- */

void vf_sqlite_write_key_bound(const struct vf_buf *names, size_t n_names, const char *sign, size_t first,
                               struct vf_buf *sql)
{
    vf_buf_printf(sql, " AND (%s) %s (", names->data, sign);
    for (size_t i = 0; i < n_names; i++)
        vf_buf_printf(sql, "%s?%zu", i > 0 ? ", " : "", first + i);
    vf_buf_char(sql, ')');
}

static int nibble(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool read_hex(const char *text, size_t n_digits, struct vf_buf *bytes)
{
    vf_buf_clear(bytes);
    for (size_t i = 0; i + 1 < n_digits; i += 2) {
        int high = nibble(text[i]), low = nibble(text[i + 1]);
        if (high < 0 || low < 0)
            return false;
        vf_buf_char(bytes, (char)(high * 16 + low));
    }
    return n_digits % 2 == 0;
}

/* One value, `size_bytes` with its letter. */
static bool bind_value(struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int parameter, const char *text,
                       size_t size_bytes, struct vf_buf *bytes)
{
    int64_t integer;
    double real;
    if (size_bytes == 0)
        return false;
    switch (text[0]) {
    case 'i':
        return vf_parse_i64(text + 1, size_bytes - 1, &integer) &&
               conn->lib->bind_int64(stmt, parameter, integer) == SQLITE_OK;
    case 'r':
        return vf_parse_f64(text + 1, size_bytes - 1, &real) &&
               conn->lib->bind_double(stmt, parameter, real) == SQLITE_OK;
    case 't':
        return read_hex(text + 1, size_bytes - 1, bytes) &&
               conn->lib->bind_text64(stmt, parameter, bytes->size_bytes > 0 ? bytes->data : "", bytes->size_bytes,
                                      SQLITE_TRANSIENT, SQLITE_UTF8) == SQLITE_OK;
    case 'b':
        return read_hex(text + 1, size_bytes - 1, bytes) &&
               conn->lib->bind_blob64(stmt, parameter, bytes->size_bytes > 0 ? bytes->data : "", bytes->size_bytes,
                                      SQLITE_TRANSIENT) == SQLITE_OK;
    default:
        return false;
    }
}

enum vf_status vf_sqlite_bind_key_bound(struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, size_t n_names,
                                        const char *bound, size_t first, struct vf_error *err)
{
    const char *at = bound;
    struct vf_buf bytes;
    bool ok = true;
    vf_buf_init(&bytes, VF_BUF_MAX);
    for (size_t i = 0; ok && i < n_names; i++) {
        size_t size_bytes = strcspn(at, ",");
        ok = bind_value(conn, stmt, (int)(first + i), at, size_bytes, &bytes) &&
             at[size_bytes] == (i + 1 < n_names ? ',' : '\0');
        at += size_bytes + 1;
    }
    enum vf_status status = vf_buf_check(&bytes, err);
    vf_buf_release(&bytes);
    if (status == VF_OK && !ok)
        status = vf_error_set(err, VF_STATE, "\"%.100s\" is no bound of a chunk of this table", bound);
    return status;
}
