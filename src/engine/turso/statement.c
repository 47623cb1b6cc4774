#include "engine/turso/statement.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "engine/sqlitesql/types.h"
#include "engine/turso/rows.h"

/* ---- handles ---- */

static struct vf_hrana *db_of(sqlite3 *handle)
{
    return (struct vf_hrana *)(void *)handle;
}

static struct vf_hrana_stmt *stmt_of(sqlite3_stmt *handle)
{
    return (struct vf_hrana_stmt *)(void *)handle;
}

/* pragma_table_xinfo(?1) where the server puts the name between quotes as it is: those in it are doubled for it. */
static char *double_quotes(const char *sql)
{
    static const char parameter[] = "(?1";
    struct vf_buf out;
    vf_buf_init(&out, VF_BUF_MAX);
    for (const char *name = strstr(sql, "pragma_"); name != NULL; name = strstr(sql, "pragma_")) {
        const char *open = name + strcspn(name, "(");
        vf_buf_add(&out, sql, (size_t)(open - sql));
        sql = open;
        if (!vf_str_starts(open, parameter))
            continue;
        vf_buf_str(&out, "(replace(?1, '\"', '\"\"')");
        sql = open + strlen(parameter);
    }
    vf_buf_str(&out, sql);
    return vf_buf_detach(&out);
}

static char *copy_sql(const struct vf_hrana *db, const char *sql, size_t sql_bytes)
{
    char *copy = vf_strndup(sql, sql_bytes);
    if (copy == NULL || !db->needs_doubled)
        return copy;
    char *doubled = double_quotes(copy);
    vf_free(copy);
    return doubled;
}

struct vf_hrana_stmt *vf_hrana_stmt_new(struct vf_hrana *db, const char *sql, size_t sql_bytes)
{
    struct vf_hrana_stmt *stmt = vf_calloc(1, sizeof(*stmt));
    if (stmt == NULL)
        return NULL;
    stmt->db = db;
    stmt->sql = copy_sql(db, sql, sql_bytes);
    stmt->sql_bytes = stmt->sql != NULL ? strlen(stmt->sql) : 0;
    vf_buf_init(&stmt->answer, db->answer.body.max_bytes);
    if (stmt->sql == NULL) {
        vf_free(stmt);
        return NULL;
    }
    return stmt;
}

static int prepare_v3(sqlite3 *handle, const char *sql, int sql_bytes, unsigned flags, sqlite3_stmt **stmt,
                      const char **tail)
{
    struct vf_hrana *db = db_of(handle);
    (void)flags;
    (void)tail;
    struct vf_hrana_stmt *made = vf_hrana_stmt_new(db, sql, sql_bytes < 0 ? strlen(sql) : (size_t)sql_bytes);
    *stmt = (sqlite3_stmt *)(void *)made;
    db->code = made == NULL ? SQLITE_NOMEM : SQLITE_OK;
    return db->code;
}

enum vf_status vf_turso_prepare_rows(struct vf_sqlite_conn *conn, struct vf_buf *sql, const char *rowid, int64_t limit,
                                     sqlite3_stmt **stmt, struct vf_error *err)
{
    struct vf_hrana *db = db_of(conn->db);
    /* In a transaction a cursor over the whole table won't do: sqld lets the stream of one that is read for longer than ten seconds expire. */
    bool in_pages = rowid != NULL && (!db->has_cursor || db->in_transaction);
    *stmt = NULL;
    if (limit > 0 && !in_pages)
        vf_buf_printf(sql, " LIMIT %" PRId64, limit);
    enum vf_status status = vf_sqlite_prepare_buf(conn, sql, stmt, err);
    if (status != VF_OK)
        return status;
    struct vf_hrana_stmt *made = stmt_of(*stmt);
    if (in_pages) {
        made->source = VF_HRANA_PAGES;
        made->limit = limit;
        made->rowid = rowid;
        made->by_cursor = db->has_cursor;
    } else if (db->has_cursor) {
        made->source = VF_HRANA_CURSOR;
    }
    return VF_OK;
}

static int reset(sqlite3_stmt *handle)
{
    if (handle != NULL)
        vf_hrana_rows_end(stmt_of(handle));
    return SQLITE_OK;
}

static int finalize(sqlite3_stmt *handle)
{
    struct vf_hrana_stmt *stmt = stmt_of(handle);
    if (stmt == NULL)
        return SQLITE_OK;
    vf_hrana_rows_end(stmt);
    if (stmt->sets != NULL)
        vf_buf_release(&stmt->sets->arguments);
    vf_free(stmt->sets);
    for (size_t i = 0; i < stmt->n_arguments; i++)
        vf_buf_release(&stmt->arguments[i]);
    vf_free(stmt->arguments);
    for (size_t i = 0; i < stmt->cap_cells; i++)
        vf_buf_release(&stmt->cells[i].decoded);
    vf_free(stmt->cells);
    vf_buf_release(&stmt->answer);
    vf_free(stmt->sql);
    vf_free(stmt);
    return SQLITE_OK;
}

static int close_v2(sqlite3 *handle)
{
    (void)handle;
    return SQLITE_OK;
}

/* ---- parameters ---- */

/* Where the argument of a parameter is written. */
static struct vf_buf *argument(struct vf_hrana_stmt *stmt, int parameter, const char *mark)
{
    if (stmt->into != NULL) {
        struct vf_turso_rows *rows = stmt->into;
        if (rows->n_arguments > 0)
            vf_buf_char(&rows->arguments, ',');
        if (rows->marks.size_bytes > 0)
            vf_buf_str(&rows->marks, ", ");
        vf_buf_str(&rows->marks, mark);
        rows->n_arguments++;
        return &rows->arguments;
    }
    size_t n = (size_t)parameter;
    if (n > stmt->n_arguments) {
        struct vf_buf *grown = vf_realloc(stmt->arguments, n, sizeof(*grown));
        if (grown == NULL)
            return NULL;
        stmt->arguments = grown;
        for (; stmt->n_arguments < n; stmt->n_arguments++)
            vf_buf_init(&grown[stmt->n_arguments], VF_BUF_MAX);
    }
    vf_buf_clear(&stmt->arguments[n - 1]);
    return &stmt->arguments[n - 1];
}

static int bound(const struct vf_hrana_stmt *stmt, const struct vf_buf *out)
{
    stmt->db->code = out == NULL || out->status != VF_OK ? SQLITE_NOMEM : SQLITE_OK;
    return stmt->db->code;
}

static int bind_null(sqlite3_stmt *handle, int parameter)
{
    struct vf_buf *out = argument(stmt_of(handle), parameter, "?");
    if (out != NULL)
        vf_buf_str(out, "{\"type\":\"null\"}");
    return bound(stmt_of(handle), out);
}

static void write_integer(struct vf_buf *out, int64_t value)
{
    vf_buf_printf(out, "{\"type\":\"integer\",\"value\":\"%" PRId64 "\"}", value);
}

static int bind_int64(sqlite3_stmt *handle, int parameter, sqlite3_int64 value)
{
    struct vf_buf *out = argument(stmt_of(handle), parameter, "?");
    if (out != NULL)
        write_integer(out, value);
    return bound(stmt_of(handle), out);
}

static int bind_text64(sqlite3_stmt *handle, int parameter, const char *text, sqlite3_uint64 size_bytes,
                       void (*destructor)(void *), unsigned char encoding)
{
    (void)destructor;
    (void)encoding;
    struct vf_buf *out = argument(stmt_of(handle), parameter, "?");
    if (out != NULL) {
        vf_buf_str(out, "{\"type\":\"text\",\"value\":");
        vf_buf_json_string(out, text, (size_t)size_bytes);
        vf_buf_char(out, '}');
    }
    return bound(stmt_of(handle), out);
}

static int bind_blob64(sqlite3_stmt *handle, int parameter, const void *bytes, sqlite3_uint64 size_bytes,
                       void (*destructor)(void *))
{
    (void)destructor;
    struct vf_buf *out = argument(stmt_of(handle), parameter, "?");
    if (out != NULL) {
        vf_buf_str(out, "{\"type\":\"blob\",\"base64\":\"");
        vf_base64_encode(out, bytes, (size_t)size_bytes);
        vf_buf_str(out, "\"}");
    }
    return bound(stmt_of(handle), out);
}

static void write_float(struct vf_buf *out, const char *digits)
{
    vf_buf_printf(out, "{\"type\":\"float\",\"value\":%s}", digits);
}

#define PART_BITS 60 /* a power of two that is an integer to SQLite */

/* A double that no digits bring over: its 53 bits as an integer, and the powers of two that it is divided by or multiplied with, which changes no bit of a number that a double holds. */
static struct vf_buf *bind_in_parts(struct vf_hrana_stmt *stmt, double value)
{
    int exponent = 0;
    int64_t bits = (int64_t)ldexp(frexp(value, &exponent), 53);
    char sign = exponent < 53 ? '/' : '*';
    int left = exponent < 53 ? 53 - exponent : exponent - 53;
    char mark[128] = "(CAST(? AS REAL)";
    size_t size_bytes = strlen(mark);
    for (int n = left; n > 0; n -= PART_BITS) {
        mark[size_bytes++] = sign;
        mark[size_bytes++] = '?';
    }
    mark[size_bytes++] = ')';
    mark[size_bytes] = '\0';
    struct vf_buf *out = argument(stmt, 0, mark);
    write_integer(out, bits);
    for (; left > 0; left -= PART_BITS) {
        vf_buf_char(out, ',');
        stmt->into->n_arguments++;
        write_integer(out, INT64_C(1) << (left < PART_BITS ? left : PART_BITS));
    }
    return out;
}

static int bind_double(sqlite3_stmt *handle, int parameter, double value)
{
    struct vf_hrana_stmt *stmt = stmt_of(handle);
    struct vf_buf *out = NULL;
    char digits[VF_JSON_F64_BYTES];
    if (isinf(value)) { /* JSON has none; as for NaN, a text stands for it */
        const char *word = value > 0 ? VF_SQLITE_INFINITY : VF_SQLITE_MINUS_INFINITY;
        return bind_text64(handle, parameter, word, strlen(word), NULL, SQLITE_UTF8);
    }
    if (vf_json_f64(value, digits) > 0) {
        out = argument(stmt, parameter, "?");
        if (out != NULL)
            write_float(out, digits);
    } else if (stmt->into != NULL) {
        out = bind_in_parts(stmt, value);
    } else { /* a key that is looked for: compared with a REAL column, its digits are a number */
        snprintf(digits, sizeof(digits), "%.17g", value);
        return bind_text64(handle, parameter, digits, strlen(digits), NULL, SQLITE_UTF8);
    }
    return bound(stmt, out);
}

static int clear_bindings(sqlite3_stmt *handle)
{
    struct vf_hrana_stmt *stmt = stmt_of(handle);
    for (size_t i = 0; i < stmt->n_arguments; i++)
        vf_buf_clear(&stmt->arguments[i]);
    return SQLITE_OK;
}

bool vf_turso_keep_arguments(sqlite3_stmt *handle)
{
    struct vf_hrana_stmt *stmt = stmt_of(handle);
    struct vf_hrana_sets *sets = stmt->sets;
    if (sets == NULL) {
        sets = stmt->sets = vf_calloc(1, sizeof(*sets));
        if (sets == NULL)
            return false; /* this one is run by itself */
        vf_buf_init(&sets->arguments, VF_BUF_MAX);
    }
    vf_hrana_stmt_write_arguments(stmt, &sets->arguments);
    sets->ends[sets->n++] = sets->arguments.size_bytes;
    return sets->n < VF_HRANA_MAX_SETS && sets->arguments.size_bytes < VF_HRANA_MAX_SET_BYTES;
}

void vf_hrana_stmt_write_arguments(const struct vf_hrana_stmt *stmt, struct vf_buf *out)
{
    for (size_t i = 0; i < stmt->n_arguments; i++) {
        const struct vf_buf *one = &stmt->arguments[i];
        if (i > 0)
            vf_buf_char(out, ',');
        if (one->size_bytes > 0)
            vf_buf_add(out, one->data, one->size_bytes);
        else
            vf_buf_str(out, "{\"type\":\"null\"}");
    }
}

/* ---- the current row ---- */

static const struct vf_hrana_cell *cell(sqlite3_stmt *handle, int column)
{
    static const struct vf_hrana_cell nothing = {.type = SQLITE_NULL};
    const struct vf_hrana_stmt *stmt = stmt_of(handle);
    return column >= 0 && (size_t)column < stmt->n_cells ? &stmt->cells[column] : &nothing;
}

static int column_count(sqlite3_stmt *handle)
{
    return (int)stmt_of(handle)->n_cells;
}

static int column_type(sqlite3_stmt *handle, int column)
{
    return cell(handle, column)->type;
}

static sqlite3_int64 column_int64(sqlite3_stmt *handle, int column)
{
    const struct vf_hrana_cell *found = cell(handle, column);
    int64_t value = 0;
    if (found->type == SQLITE_NULL || found->type == SQLITE_BLOB || found->raw.start == NULL)
        return 0;
    return vf_parse_i64(found->raw.start, found->raw.size_bytes, &value) ? value : 0;
}

/* "null" stands for a number that JSON doesn't have: it is given on as NaN, which a database of SQLite's kind never holds. */
static double column_double(sqlite3_stmt *handle, int column)
{
    const struct vf_hrana_cell *found = cell(handle, column);
    double value = 0;
    if (found->type == SQLITE_NULL || found->type == SQLITE_BLOB || found->raw.start == NULL)
        return 0;
    return vf_parse_f64(found->raw.start, found->raw.size_bytes, &value) ? value : (double)NAN;
}

/* The bytes of the cell, written out once. */
static const struct vf_buf *decoded(sqlite3_stmt *handle, int column)
{
    const struct vf_hrana_stmt *stmt = stmt_of(handle);
    if (column < 0 || (size_t)column >= stmt->n_cells)
        return NULL;
    struct vf_hrana_cell *found = &stmt->cells[column];
    size_t size_bytes = 0;
    if (found->is_decoded || found->raw.start == NULL)
        return found->is_decoded ? &found->decoded : NULL;
    vf_buf_clear(&found->decoded);
    if (found->type == SQLITE_BLOB) {
        char *to = vf_buf_reserve(&found->decoded, found->raw.size_bytes / 4 * 3 + 4);
        if (to == NULL)
            return NULL;
        /* It was looked at when the row was read. */
        (void)vf_base64_decode(found->raw.start, found->raw.size_bytes, (uint8_t *)to, &size_bytes);
        vf_buf_advance(&found->decoded, size_bytes);
    } else if (found->raw.is_escaped) {
        (void)vf_json_unescape(found->raw, &found->decoded);
    } else {
        vf_buf_add(&found->decoded, found->raw.start, found->raw.size_bytes);
    }
    found->is_decoded = found->decoded.status == VF_OK;
    return found->is_decoded ? &found->decoded : NULL;
}

static const unsigned char *column_text(sqlite3_stmt *handle, int column)
{
    const struct vf_buf *bytes = cell(handle, column)->type != SQLITE_NULL ? decoded(handle, column) : NULL;
    if (bytes == NULL)
        return NULL;
    return (const unsigned char *)(bytes->data != NULL ? bytes->data : "");
}

static const void *column_blob(sqlite3_stmt *handle, int column)
{
    const struct vf_buf *bytes = cell(handle, column)->type != SQLITE_NULL ? decoded(handle, column) : NULL;
    return bytes != NULL && bytes->size_bytes > 0 ? bytes->data : NULL;
}

static int column_bytes(sqlite3_stmt *handle, int column)
{
    const struct vf_buf *bytes = cell(handle, column)->type != SQLITE_NULL ? decoded(handle, column) : NULL;
    return bytes != NULL ? (int)bytes->size_bytes : 0;
}

/* ---- the session ---- */

static int step(sqlite3_stmt *handle)
{
    return vf_hrana_rows_next(stmt_of(handle));
}

static const char *errmsg(sqlite3 *handle)
{
    const struct vf_hrana *db = db_of(handle);
    return db->message.data != NULL ? db->message.data : "unknown";
}

static int extended_errcode(sqlite3 *handle)
{
    return db_of(handle)->code;
}

static int changes(sqlite3 *handle)
{
    return (int)db_of(handle)->n_changed;
}

static int get_autocommit(sqlite3 *handle)
{
    return !db_of(handle)->in_transaction;
}

const struct vf_sqlite_library vf_turso_library = {
    .bind_blob64 = bind_blob64,
    .bind_double = bind_double,
    .bind_int64 = bind_int64,
    .bind_null = bind_null,
    .bind_text64 = bind_text64,
    .changes = changes,
    .clear_bindings = clear_bindings,
    .close_v2 = close_v2,
    .column_blob = column_blob,
    .column_bytes = column_bytes,
    .column_count = column_count,
    .column_double = column_double,
    .column_int64 = column_int64,
    .column_text = column_text,
    .column_type = column_type,
    .errmsg = errmsg,
    .extended_errcode = extended_errcode,
    .finalize = finalize,
    .get_autocommit = get_autocommit,
    .prepare_v3 = prepare_v3,
    .reset = reset,
    .step = step,
    .table_column_metadata = vf_turso_column_metadata,
};

/* ---- rows to be sent ---- */

enum vf_status vf_turso_rows_init(struct vf_turso_rows *rows, struct vf_hrana *db, struct vf_error *err)
{
    *rows = (struct vf_turso_rows){0};
    vf_buf_init(&rows->arguments, db->request.max_bytes);
    vf_buf_init(&rows->marks, db->request.max_bytes);
    rows->stmt = vf_hrana_stmt_new(db, "", 0);
    if (rows->stmt == NULL)
        return vf_error_nomem(err);
    rows->stmt->into = rows;
    return VF_OK;
}

void vf_turso_rows_release(struct vf_turso_rows *rows)
{
    (void)finalize((sqlite3_stmt *)(void *)rows->stmt);
    vf_buf_release(&rows->arguments);
    vf_buf_release(&rows->marks);
    *rows = (struct vf_turso_rows){0};
}

sqlite3_stmt *vf_turso_rows_stmt(struct vf_turso_rows *rows)
{
    return (sqlite3_stmt *)(void *)rows->stmt;
}

void vf_turso_rows_clear(struct vf_turso_rows *rows)
{
    vf_buf_clear(&rows->arguments);
    vf_buf_clear(&rows->marks);
    rows->n_arguments = 0;
}
