#include "engine/turso/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "engine/turso/answer.h"
#include "engine/turso/early.h"
#include "engine/turso/pages.h"
#include "engine/turso/texts.h"
#include "engine/turso/memo.h"
#include "engine/turso/watch.h"

/* What step() returns for the failure that is in the session. */
static int failed(const struct vf_hrana *db)
{
    return db->code > 0 ? db->code : SQLITE_ERROR;
}

/* ---- values ---- */

static bool decode_blob(struct vf_hrana_cell *cell)
{
    size_t size_bytes = 0;
    vf_buf_clear(&cell->decoded);
    char *to = vf_buf_reserve(&cell->decoded, cell->raw.size_bytes / 4 * 3 + 4);
    if (to == NULL || cell->raw.is_escaped ||
        !vf_base64_decode(cell->raw.start, cell->raw.size_bytes, (uint8_t *)to, &size_bytes))
        return false;
    vf_buf_advance(&cell->decoded, size_bytes);
    cell->is_decoded = true;
    return true;
}

static bool take_type(struct vf_json *json, int *type)
{
    struct vf_json_text text;
    if (!vf_json_string(json, &text))
        return false;
    *type = vf_json_text_is(text, "blob")      ? SQLITE_BLOB
            : vf_json_text_is(text, "text")    ? SQLITE_TEXT
            : vf_json_text_is(text, "integer") ? SQLITE_INTEGER
            : vf_json_text_is(text, "float")   ? SQLITE_FLOAT
            : vf_json_text_is(text, "null")    ? SQLITE_NULL
                                               : 0;
    return *type != 0;
}

/* {"type":"integer","value":"1"}, {"type":"float","value":1.5}, {"type":"blob","base64":"..."} */
static bool take_cell(struct vf_json *json, struct vf_hrana_cell *cell)
{
    struct vf_json_text name;
    bool first = true;
    cell->type = 0;
    cell->raw = (struct vf_json_text){0};
    cell->is_decoded = false;
    if (!vf_json_take(json, '{'))
        return false;
    while (vf_json_next_member(json, &first, &name)) {
        bool fine = true;
        if (vf_json_text_is(name, "type"))
            fine = take_type(json, &cell->type);
        else if (!vf_json_text_is(name, "value") && !vf_json_text_is(name, "base64"))
            fine = vf_json_skip(json);
        else
            fine = vf_json_is(json, '"') ? vf_json_string(json, &cell->raw) : vf_json_word(json, &cell->raw);
        if (!fine)
            return false;
    }
    if (json->at == NULL || cell->type == 0 || (cell->type != SQLITE_NULL && cell->raw.start == NULL))
        return false;
    return cell->type != SQLITE_BLOB || decode_blob(cell);
}

static bool first_cell(struct vf_json row, struct vf_hrana_cell *cell)
{
    bool first = true;
    return vf_json_take(&row, '[') && vf_json_next_element(&row, &first) && take_cell(&row, cell);
}

bool vf_hrana_first_integer(struct vf_json row, int64_t *value)
{
    struct vf_hrana_cell cell = {.type = SQLITE_NULL};
    vf_buf_init(&cell.decoded, VF_BUF_MAX);
    bool fine = first_cell(row, &cell) && cell.type == SQLITE_INTEGER &&
                vf_parse_i64(cell.raw.start, cell.raw.size_bytes, value);
    vf_buf_release(&cell.decoded);
    return fine;
}

/* An array of values. */
static bool take_row(struct vf_hrana_stmt *stmt, struct vf_json *json)
{
    bool first = true;
    size_t n = 0;
    if (!vf_json_take(json, '['))
        return false;
    while (vf_json_next_element(json, &first)) {
        if (n == stmt->cap_cells) {
            struct vf_hrana_cell *grown = vf_realloc(stmt->cells, n * 2 + 8, sizeof(*grown));
            if (grown == NULL)
                return false;
            stmt->cells = grown;
            for (; stmt->cap_cells < n * 2 + 8; stmt->cap_cells++) {
                grown[stmt->cap_cells] = (struct vf_hrana_cell){.type = SQLITE_NULL};
                vf_buf_init(&grown[stmt->cap_cells].decoded, VF_BUF_MAX);
            }
        }
        if (!take_cell(json, &stmt->cells[n]))
            return false;
        n++;
    }
    stmt->n_cells = n;
    return json->at != NULL;
}

/* ---- answers that came whole ---- */

bool vf_hrana_open_result(struct vf_json result, struct vf_json *rows, int64_t *n_changed)
{
    struct vf_json_text name, word;
    bool first = true;
    *rows = (struct vf_json){0};
    if (!vf_json_take(&result, '{'))
        return false;
    while (vf_json_next_member(&result, &first, &name)) {
        bool fine = true;
        if (vf_json_text_is(name, "affected_row_count")) {
            fine = vf_json_word(&result, &word);
            if (fine)
                (void)vf_parse_i64(word.start, word.size_bytes, n_changed);
        } else {
            if (vf_json_text_is(name, "rows"))
                *rows = result;
            fine = vf_json_skip(&result);
        }
        if (!fine)
            return false;
    }
    return result.at != NULL && rows->at != NULL && vf_json_take(rows, '[');
}

bool vf_hrana_answer_text(struct vf_hrana *db, size_t step, char *out, size_t out_bytes)
{
    struct vf_hrana_cell cell = {.type = SQLITE_NULL};
    struct vf_json rows;
    int64_t ignored = 0;
    bool first = true;
    out[0] = '\0';
    if (!vf_hrana_went_well(db, step))
        return false;
    vf_buf_init(&cell.decoded, VF_BUF_MAX);
    if (vf_hrana_open_result(db->results[step].value, &rows, &ignored) && vf_json_next_element(&rows, &first) &&
        first_cell(rows, &cell) && cell.type == SQLITE_TEXT && !cell.raw.is_escaped)
        snprintf(out, out_bytes, "%.*s", (int)cell.raw.size_bytes, cell.raw.start);
    vf_buf_release(&cell.decoded);
    return true;
}

static bool begins_with(const struct vf_hrana_stmt *stmt, const char *word)
{
    char head[16] = "";
    size_t size_bytes = strlen(word);
    if (stmt->sql_bytes < size_bytes)
        return false;
    memcpy(head, stmt->sql, size_bytes);
    return vf_strcasecmp(head, word) == 0;
}

static bool reads_only(const struct vf_hrana_stmt *stmt)
{
    return begins_with(stmt, "SELECT") || begins_with(stmt, "PRAGMA");
}

static bool changes_rows(const struct vf_hrana_stmt *stmt)
{
    return begins_with(stmt, "INSERT") || begins_with(stmt, "UPDATE") || begins_with(stmt, "DELETE");
}

void vf_hrana_take_number(struct vf_hrana_stmt *stmt, struct vf_json result, int64_t *value)
{
    struct vf_json rows;
    int64_t ignored = 0;
    bool first = true;
    if (vf_hrana_open_result(result, &rows, &ignored) && vf_json_next_element(&rows, &first) && take_row(stmt, &rows) &&
        stmt->n_cells == 1 && stmt->cells[0].raw.start != NULL)
        (void)vf_parse_i64(stmt->cells[0].raw.start, stmt->cells[0].raw.size_bytes, value);
}

void vf_hrana_swap_answer(struct vf_hrana_stmt *stmt)
{
    struct vf_buf mine = stmt->answer;
    stmt->answer = stmt->db->answer.body;
    stmt->db->answer.body = mine;
}

/* The answer is known already. */
static bool answer_from_memo(struct vf_hrana_stmt *stmt, struct vf_buf *arguments)
{
    int64_t ignored = 0;
    if (stmt->db->memo == NULL || !reads_only(stmt))
        return false;
    vf_hrana_stmt_write_arguments(stmt, arguments);
    vf_buf_clear(&stmt->answer);
    stmt->is_first = true;
    return arguments->status == VF_OK &&
           vf_hrana_memo_find(stmt->db, stmt->sql, stmt->sql_bytes, arguments, &stmt->answer) &&
           vf_hrana_open_result(vf_json_over(stmt->answer.data, stmt->answer.size_bytes), &stmt->rows, &ignored);
}

/* Run one statement whose rows come with the answer. */
static bool run_whole(struct vf_hrana_stmt *stmt, const struct vf_buf *arguments)
{
    struct vf_hrana *db = stmt->db;
    bool counts = !db->has_streams && changes_rows(stmt), is_watched = db->watch.is_asked && reads_only(stmt);
    vf_hrana_new(db, false);
    vf_hrana_stmt_write_arguments(stmt, vf_hrana_step(db, stmt->sql, stmt->sql_bytes));
    vf_hrana_step_end(db, true, VF_HRANA_ALWAYS, 0);
    if (counts) { /* such a server always says 0 */
        (void)vf_hrana_step(db, "SELECT changes()", strlen("SELECT changes()"));
        vf_hrana_step_end(db, true, VF_HRANA_IF_OK, 0);
    }
    if (is_watched)
        vf_hrana_watch_write(db);
    if (!reads_only(stmt))
        vf_buf_clear(&db->table_sql);
    if (!vf_hrana_run(db, reads_only(stmt) ? VF_HRANA_REPEATABLE : VF_HRANA_ONCE) || !vf_hrana_went_well(db, 0))
        return false;
    if (!vf_hrana_open_result(db->results[0].value, &stmt->rows, &db->n_changed))
        return vf_hrana_fail_protocol(db, "a result");
    if (is_watched && !vf_hrana_watch_take(db, 1))
        return false;
    struct vf_json result = db->results[0].value;
    if (counts && db->results[1].value.at != NULL)
        vf_hrana_take_number(stmt, db->results[1].value, &db->n_changed);
    else if (reads_only(stmt))
        vf_hrana_memo_keep(db, stmt->sql, stmt->sql_bytes, arguments, result.at, (size_t)(result.end - result.at));
    stmt->is_first = true;
    vf_hrana_swap_answer(stmt);
    return true;
}

bool vf_hrana_next_of_answer(struct vf_hrana_stmt *stmt, bool *row)
{
    *row = vf_json_next_element(&stmt->rows, &stmt->is_first);
    if (*row ? take_row(stmt, &stmt->rows) : stmt->rows.at != NULL)
        return true;
    return vf_hrana_fail_protocol(stmt->db, "a row");
}

/* ---- several sets of arguments ---- */

/* Send the sets that weren't answered yet, at most so many. */
static bool send_sets(struct vf_hrana_stmt *stmt, size_t n_most)
{
    struct vf_hrana *db = stmt->db;
    const struct vf_hrana_sets *sets = stmt->sets;
    struct vf_error why = {0};
    if (vf_buf_check(&sets->arguments, &why) != VF_OK)
        return vf_hrana_fail(db, &why, false);
    vf_hrana_new(db, false);
    for (size_t i = sets->n_answered; i < sets->n && i < sets->n_answered + n_most; i++) {
        size_t start = i > 0 ? sets->ends[i - 1] : 0;
        vf_buf_add(vf_hrana_step(db, stmt->sql, stmt->sql_bytes), sets->arguments.data + start, sets->ends[i] - start);
        vf_hrana_step_end(db, true, VF_HRANA_ALWAYS, 0);
    }
    return vf_hrana_run(db, VF_HRANA_REPEATABLE);
}

/* Take the results, up to the first that the answer had no room for. false: a failure, or no room for a single one. */
static bool take_sets(struct vf_hrana_stmt *stmt)
{
    struct vf_hrana *db = stmt->db;
    struct vf_hrana_sets *sets = stmt->sets;
    for (size_t i = 0; i < db->n_steps; i++) {
        if (!vf_hrana_went_well(db, i)) {
            if (db->code != SQLITE_TOOBIG || i == 0)
                return false;
            break;
        }
        sets->results[sets->n_answered++] = db->results[i].value;
    }
    db->code = SQLITE_OK;
    vf_hrana_swap_answer(stmt);
    return true;
}

static bool run_sets(struct vf_hrana_stmt *stmt)
{
    for (size_t n_most = VF_HRANA_MAX_SETS;; n_most /= 2) {
        if (send_sets(stmt, n_most) && take_sets(stmt))
            return true;
        if (stmt->db->code != SQLITE_TOOBIG || n_most == 1)
            return false;
    }
}

static bool start_sets(struct vf_hrana_stmt *stmt)
{
    stmt->sets->n_taken = stmt->sets->n_answered = 0;
    stmt->rows = (struct vf_json){0};
    return true;
}

static bool next_of_sets(struct vf_hrana_stmt *stmt, bool *row)
{
    struct vf_hrana_sets *sets = stmt->sets;
    int64_t ignored = 0;
    *row = false;
    for (;;) {
        if (stmt->rows.at != NULL && !vf_hrana_next_of_answer(stmt, row))
            return false;
        if (*row || sets->n_taken == sets->n)
            return true;
        if (sets->n_taken == sets->n_answered && !run_sets(stmt))
            return false;
        if (!vf_hrana_open_result(sets->results[sets->n_taken++], &stmt->rows, &ignored))
            return vf_hrana_fail_protocol(stmt->db, "a result");
        stmt->is_first = true;
    }
}

static bool has_sets(const struct vf_hrana_stmt *stmt)
{
    return stmt->sets != NULL && stmt->sets->n > 0;
}

/* ---- cursors ---- */

static struct vf_buf *lines_of(struct vf_hrana_stmt *stmt)
{
    return stmt->db->reading == stmt ? &stmt->db->answer.body : &stmt->answer;
}

static bool pull(struct vf_hrana_stmt *stmt, bool *more)
{
    struct vf_hrana *db = stmt->db;
    struct vf_error why = {0};
    *more = false;
    if (db->reading != stmt)
        return true;
    if (vf_http_pull(db->http, more, &why) != VF_OK) {
        vf_hrana_stop_reading(db);
        return vf_hrana_fail(db, &why, true);
    }
    if (!*more) { /* all has come */
        vf_hrana_stop_reading(db);
        vf_hrana_swap_answer(stmt);
    }
    return true;
}

bool vf_hrana_next_line(struct vf_hrana_stmt *stmt, struct vf_json *line)
{
    size_t seen_bytes = stmt->at_bytes;
    bool more = true;
    for (;;) {
        struct vf_buf *lines = lines_of(stmt);
        const char *start = lines->data != NULL ? lines->data + stmt->at_bytes : NULL;
        const char *end = start != NULL ? memchr(lines->data + seen_bytes, '\n', lines->size_bytes - seen_bytes) : NULL;
        if (end == NULL && !more && start != NULL && stmt->at_bytes < lines->size_bytes)
            end = lines->data + lines->size_bytes; /* the last one may lack its end */
        if (end != NULL) {
            *line = vf_json_over(start, (size_t)(end - start));
            stmt->at_bytes = (size_t)(end - lines->data) + (end < lines->data + lines->size_bytes ? 1 : 0);
            return true;
        }
        if (!more) {
            *line = (struct vf_json){0};
            return true;
        }
        if (stmt->at_bytes > 0 && start != NULL) { /* what was taken makes room */
            lines->size_bytes -= stmt->at_bytes;
            memmove(lines->data, start, lines->size_bytes);
            stmt->at_bytes = 0;
        }
        seen_bytes = lines->size_bytes;
        if (!pull(stmt, &more))
            return false;
    }
}

static bool open_cursor(struct vf_hrana_stmt *stmt)
{
    struct vf_hrana *db = stmt->db;
    struct vf_json line;
    struct vf_error why = {0};
    struct vf_buf texts;
    if (!vf_hrana_flush(db))
        return false;
    vf_buf_init(&texts, VF_BUF_MAX);
    if (db->as_bytes)
        vf_hrana_write_texts(stmt->sql, VF_HRANA_BYTES_OF_TEXTS, &texts);
    if (vf_buf_check(&texts, &why) != VF_OK)
        return vf_hrana_fail(db, &why, false);
    vf_hrana_new(db, true);
    const char *sql = db->as_bytes ? texts.data : stmt->sql;
    vf_hrana_stmt_write_arguments(stmt, vf_hrana_step(db, sql, strlen(sql)));
    vf_hrana_step_end(db, true, VF_HRANA_ALWAYS, 0);
    vf_buf_release(&texts);
    stmt->at_bytes = 0;
    stmt->has_ended = false;
    if (!vf_hrana_run_cursor(db, stmt))
        return false;
    if (!vf_hrana_next_line(stmt, &line))
        return false;
    return line.at != NULL ? vf_hrana_take_cursor_head(db, line) : vf_hrana_fail_cut(db);
}

enum entry {
    ENTRY_OTHER,
    ENTRY_ROW,
    ENTRY_END,
    ENTRY_ERROR,
};

/* {"type":"row","row":[...]}: the row is read at once if the type came before it, as it does. */
static bool take_entry(struct vf_hrana_stmt *stmt, struct vf_json line, enum entry *entry)
{
    struct vf_json_text name, type = {0};
    struct vf_json row = {0}, error = {0};
    bool first = true;
    if (!vf_json_take(&line, '{'))
        return false;
    while (vf_json_next_member(&line, &first, &name)) {
        bool fine = true;
        if (vf_json_text_is(name, "type")) {
            fine = vf_json_string(&line, &type);
        } else if (vf_json_text_is(name, "row")) {
            row = line;
            fine = take_row(stmt, &line);
        } else {
            if (vf_json_text_is(name, "error"))
                error = line;
            fine = vf_json_skip(&line);
        }
        if (!fine)
            return false;
    }
    *entry = vf_json_text_is(type, "row")                                            ? ENTRY_ROW
             : vf_json_text_is(type, "step_end")                                     ? ENTRY_END
             : vf_json_text_is(type, "step_error") || vf_json_text_is(type, "error") ? ENTRY_ERROR
                                                                                     : ENTRY_OTHER;
    if (*entry == ENTRY_ERROR && error.at != NULL)
        vf_hrana_take_error(stmt->db, error);
    return line.at != NULL && (*entry != ENTRY_ROW || row.at != NULL) && (*entry != ENTRY_ERROR || error.at != NULL);
}

bool vf_hrana_next_of_cursor(struct vf_hrana_stmt *stmt, bool *row)
{
    *row = false;
    for (;;) {
        struct vf_json line;
        enum entry entry = ENTRY_OTHER;
        if (!vf_hrana_next_line(stmt, &line))
            return false;
        if (line.at == NULL)
            return stmt->has_ended ? true : vf_hrana_fail_cut(stmt->db);
        if (line.at == line.end)
            continue;
        if (!take_entry(stmt, line, &entry)) /* half a line, too, when the connection was cut */
            return stmt->db->reading == stmt ? vf_hrana_fail_protocol(stmt->db, "a line of a cursor")
                                             : vf_hrana_fail_cut(stmt->db);
        stmt->has_ended = stmt->has_ended || entry == ENTRY_END;
        *row = entry == ENTRY_ROW;
        if (*row)
            return true;
        if (entry == ENTRY_ERROR)
            return false;
    }
}

/* Another request is made while rows are still coming: they are taken in first. The current row moves with them. */
bool vf_hrana_settle(struct vf_hrana *db)
{
    struct vf_hrana_stmt *stmt = db->reading;
    bool more = true;
    while (stmt != NULL && more) {
        const char *before = lines_of(stmt)->data;
        if (!pull(stmt, &more))
            return false;
        const char *after = lines_of(stmt)->data;
        for (size_t i = 0; after != before && i < stmt->n_cells; i++) {
            if (stmt->cells[i].raw.start != NULL)
                stmt->cells[i].raw.start = after + (stmt->cells[i].raw.start - before);
        }
    }
    return true;
}

/* ---- all of them ---- */

/* A server that gives no more in one answer, and a table that can't be read in parts. */
static bool run_answer(struct vf_hrana_stmt *stmt)
{
    struct vf_error why = {0};
    struct vf_buf arguments;
    vf_buf_init(&arguments, VF_BUF_MAX);
    bool fine = answer_from_memo(stmt, &arguments) || run_whole(stmt, &arguments);
    vf_buf_release(&arguments);
    if (fine)
        return true;
    if (stmt->db->code != SQLITE_TOOBIG || !reads_only(stmt))
        return false;
    vf_error_set(&why, VF_ENGINE, "the rows are more than the server gives in one answer");
    return vf_hrana_fail(stmt->db, &why, false);
}

static bool start(struct vf_hrana_stmt *stmt)
{
    if (has_sets(stmt))
        return start_sets(stmt);
    switch (stmt->source) {
    case VF_HRANA_CURSOR:
        return open_cursor(stmt);
    case VF_HRANA_PAGES:
        return vf_hrana_pages_start(stmt);
    case VF_HRANA_ANSWER:
    default:
        return run_answer(stmt);
    }
}

int vf_hrana_rows_next(struct vf_hrana_stmt *stmt)
{
    struct vf_hrana *db = stmt->db;
    bool row = false;
    if (stmt->is_done)
        return SQLITE_DONE;
    if (!stmt->is_run && !start(stmt))
        return failed(db);
    stmt->is_run = true;
    bool fine = has_sets(stmt)                    ? next_of_sets(stmt, &row)
                : stmt->source == VF_HRANA_CURSOR ? vf_hrana_next_of_cursor(stmt, &row)
                : stmt->source == VF_HRANA_PAGES  ? vf_hrana_pages_next(stmt, &row)
                                                  : vf_hrana_next_of_answer(stmt, &row);
    if (!fine)
        return failed(db);
    if (row && db->as_bytes && stmt->source != VF_HRANA_ANSWER)
        vf_hrana_take_texts(stmt);
    if (row)
        return SQLITE_ROW;
    stmt->is_done = true;
    stmt->n_cells = 0;
    return SQLITE_DONE;
}

void vf_hrana_rows_end(struct vf_hrana_stmt *stmt)
{
    struct vf_hrana *db = stmt->db;
    bool more = true;
    vf_hrana_early_drop(db, stmt);
    if (db->reading == stmt) {
        /* In a transaction the stream is still needed, so the rest is passed over; else the connection is dropped. */
        while (db->in_transaction && db->reading == stmt && more) {
            vf_buf_clear(&db->answer.body);
            if (!pull(stmt, &more))
                break;
        }
        if (db->reading == stmt && !db->in_transaction)
            vf_buf_clear(&db->baton); /* its stream ends by itself */
        vf_hrana_stop_reading(db);
    }
    if (stmt->sets != NULL) {
        vf_buf_clear(&stmt->sets->arguments);
        stmt->sets->n = 0;
    }
    stmt->is_run = stmt->is_done = stmt->has_last = false;
    stmt->n_cells = 0;
    stmt->at_bytes = 0;
}
