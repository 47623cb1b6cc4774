#include "engine/turso/texts.h"

#include <sqlite3.h>
#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/lexer.h"
#include "engine/turso/answer.h"

/* ---- asking ---- */

/* How many columns a SELECT has: commas outside of parentheses. */
static size_t count_columns(const char *sql)
{
    size_t n = 1;
    (void)vf_sql_next(&sql);
    for (;;) {
        struct vf_sql_token token = vf_sql_next(&sql);
        if (token.kind == VF_SQL_END || vf_sql_is_word(token, "FROM"))
            return n;
        if (vf_sql_is_char(token, '('))
            vf_sql_skip_inside(&sql);
        n += vf_sql_is_char(token, ',') ? 1 : 0;
    }
}

void vf_hrana_write_texts(const char *sql, enum vf_hrana_bytes bytes, struct vf_buf *out)
{
    size_t n = count_columns(sql);
    vf_buf_str(out, "WITH vecferry_texts (c0");
    for (size_t i = 1; i < n; i++)
        vf_buf_printf(out, ", c%zu", i);
    vf_buf_str(out, ") AS (");
    vf_buf_str(out, sql);
    vf_buf_str(out, ") SELECT c0");
    for (size_t i = 1; i < n; i++) {
        vf_buf_printf(out, ", CASE typeof(c%zu) WHEN 'text' THEN CAST(c%zu AS BLOB)", i, i);
        if (bytes == VF_HRANA_BYTES_OF_TEXTS)
            vf_buf_printf(out, " ELSE c%zu", i);
        vf_buf_str(out, " END");
    }
    for (size_t i = 1; i < n; i++)
        vf_buf_printf(out, ", typeof(c%zu) = 'text'", i);
    vf_buf_str(out, " FROM vecferry_texts");
}

static bool is_one(const struct vf_hrana_cell *cell)
{
    return cell->type == SQLITE_INTEGER && cell->raw.size_bytes == 1 && cell->raw.start[0] == '1';
}

void vf_hrana_take_texts(struct vf_hrana_stmt *stmt)
{
    size_t n = stmt->n_cells / 2; /* besides the first column */
    for (size_t i = 1; i <= n; i++) {
        if (is_one(&stmt->cells[n + i]))
            stmt->cells[i].type = SQLITE_TEXT;
    }
    stmt->n_cells = n + 1;
}

/* ---- telling ---- */

bool vf_hrana_says_no_utf8(const struct vf_http_answer *answer)
{
    const char *text = answer->body.data;
    return answer->status == 500 && text != NULL && (strstr(text, "utf-8") != NULL || strstr(text, "UTF-8") != NULL);
}

static const char remedy[] =
    "mend it in the source, or put ?text=bytes behind its URL: texts then come as bytes, and rows "
    "like this one go to vecferry_rejects; a copy that was begun goes on by --resume";

void vf_hrana_set_no_utf8(struct vf_error *why)
{
    vf_error_set(why, VF_ENGINE, "there is a text that isn't UTF-8, which the server can't send");
    vf_error_hint(why, "%s", remedy);
}

/* The name of a column of a SELECT, without its quotes. */
static const char *name_column(const char *sql, size_t column, struct vf_arena *arena)
{
    (void)vf_sql_next(&sql);
    for (size_t n = 0; n < column;) {
        struct vf_sql_token token = vf_sql_next(&sql);
        if (token.kind == VF_SQL_END)
            return NULL;
        if (vf_sql_is_char(token, '('))
            vf_sql_skip_inside(&sql);
        n += vf_sql_is_char(token, ',') ? 1 : 0;
    }
    return vf_sql_unquote(vf_sql_next(&sql), arena);
}

/* Of the current row; false: its texts are all right. */
static bool name_in_row(const struct vf_hrana_stmt *stmt, const char *sql, struct vf_error *why)
{
    size_t n = stmt->n_cells / 2;
    for (size_t i = 1; i <= n; i++) {
        const struct vf_hrana_cell *cell = &stmt->cells[i];
        size_t good_bytes = is_one(&stmt->cells[n + i]) ? vf_utf8_check(cell->decoded.data, cell->decoded.size_bytes)
                                                        : cell->decoded.size_bytes;
        if (good_bytes == cell->decoded.size_bytes)
            continue;
        struct vf_arena arena = {0};
        char shown[300] = "";
        const char *column = name_column(sql, i, &arena);
        if (column != NULL)
            vf_printable(column, strlen(column), shown, sizeof(shown));
        const struct vf_json_text *rowid = &stmt->cells[0].raw;
        vf_error_set(why, VF_ENGINE,
                     "rowid %.*s: column \"%s\": the text isn't UTF-8 (byte %zu: 0x%02x), and the server can't send it",
                     (int)rowid->size_bytes, rowid->start != NULL ? rowid->start : "", shown, good_bytes,
                     (unsigned char)cell->decoded.data[good_bytes]);
        vf_error_hint(why, "%s", remedy);
        vf_arena_release(&arena);
        return true;
    }
    return false;
}

static bool look_for_text(struct vf_hrana *db, const char *sql, struct vf_error *why)
{
    struct vf_buf asked;
    int64_t ignored = 0;
    bool row = true, is_named = false;
    vf_buf_init(&asked, VF_BUF_MAX);
    vf_hrana_write_texts(sql, VF_HRANA_BYTES_ALONE, &asked);
    struct vf_hrana_stmt *stmt = asked.status == VF_OK ? vf_hrana_stmt_new(db, asked.data, asked.size_bytes) : NULL;
    vf_buf_release(&asked);
    if (stmt == NULL)
        return false;
    vf_hrana_new(db, false);
    (void)vf_hrana_step(db, stmt->sql, stmt->sql_bytes);
    vf_hrana_step_end(db, true, VF_HRANA_ALWAYS, 0);
    stmt->is_first = true;
    bool fine = vf_hrana_run(db, VF_HRANA_ONCE) && vf_hrana_went_well(db, 0) &&
                vf_hrana_open_result(db->results[0].value, &stmt->rows, &ignored);
    while (fine && row && !is_named) {
        fine = vf_hrana_next_of_answer(stmt, &row);
        is_named = fine && row && name_in_row(stmt, sql, why);
    }
    (void)vf_turso_library.finalize((sqlite3_stmt *)(void *)stmt);
    return is_named;
}

void vf_hrana_name_text(struct vf_hrana *db, const char *sql)
{
    struct vf_error why = {0};
    const int code = db->code;
    const struct vf_error failure = db->failure;
    const bool was_lost = db->is_lost;
    db->is_lost = false; /* what is asked stands for itself */
    bool is_named = look_for_text(db, sql, &why);
    db->is_lost = was_lost;
    db->code = code;
    db->failure = is_named ? why : failure;
}
