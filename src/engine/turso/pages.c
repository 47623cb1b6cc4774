#include "engine/turso/pages.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "engine/turso/answer.h"
#include "engine/turso/early.h"
#include "engine/turso/texts.h"
#include "engine/turso/watch.h"

#define MAX_PAGE_ROWS 20000
#define MOST_GROWTH   8

/* ---- how many rows ---- */

int64_t vf_hrana_choose_page_rows(size_t wanted_bytes, int64_t n_rows, size_t size_bytes, int64_t took_us)
{
    int64_t row_bytes = (int64_t)(size_bytes / (size_t)(n_rows > 0 ? n_rows : 1)) + 1;
    int64_t wanted = (int64_t)wanted_bytes / row_bytes;
    if (wanted > n_rows * MOST_GROWTH)
        wanted = n_rows * MOST_GROWTH;
    if (took_us > VF_HRANA_PAGE_US && wanted > n_rows)
        wanted = n_rows;
    if (took_us > VF_HRANA_PAGE_US && (double)wanted * (double)took_us > (double)n_rows * (double)VF_HRANA_PAGE_US)
        wanted = (int64_t)((double)n_rows * (double)VF_HRANA_PAGE_US / (double)took_us);
    return wanted < 1 ? 1 : wanted > MAX_PAGE_ROWS ? MAX_PAGE_ROWS : wanted;
}

/* What the text of the statement says before it comes to the bounds of a chunk: the table. */
static struct vf_hash128 table_of(const struct vf_hrana_stmt *stmt)
{
    const char *where = strstr(stmt->sql, " WHERE 1");
    return vf_hash128(stmt->sql, where != NULL ? (size_t)(where - stmt->sql) : stmt->sql_bytes);
}

static int64_t within_limit(const struct vf_hrana_stmt *stmt, int64_t n_rows, int64_t n_given)
{
    return stmt->limit > 0 && n_rows > stmt->limit - n_given ? stmt->limit - n_given : n_rows;
}

/* ---- asking ---- */

/* The rows behind `last`, or the first ones. */
static void write_sql(const struct vf_hrana_stmt *stmt, const int64_t *last, int64_t n_rows, struct vf_buf *sql)
{
    vf_buf_add(sql, stmt->sql, stmt->sql_bytes);
    if (last != NULL)
        vf_buf_printf(sql, " AND %s > %" PRId64, stmt->rowid, *last);
    vf_buf_printf(sql, " ORDER BY %s LIMIT %" PRId64, stmt->rowid, n_rows);
}

/* The request for them, without its end. */
static bool write_page(struct vf_hrana_stmt *stmt, const int64_t *last, int64_t n_rows)
{
    struct vf_hrana *db = stmt->db;
    struct vf_buf plain, texts;
    struct vf_error why = {0};
    vf_buf_init(&plain, VF_BUF_MAX);
    vf_buf_init(&texts, VF_BUF_MAX);
    write_sql(stmt, last, n_rows, &plain);
    if (db->as_bytes && plain.status == VF_OK) {
        vf_hrana_write_texts(plain.data, VF_HRANA_BYTES_OF_TEXTS, &texts);
        vf_buf_str(&texts, " ORDER BY c0");
    }
    const struct vf_buf *sql = db->as_bytes ? &texts : &plain;
    bool fine = plain.status == VF_OK && texts.status == VF_OK;
    if (fine) {
        stmt->sent_us = db->clock->monotonic_us(db->clock->context);
        vf_hrana_new(db, stmt->by_cursor);
        vf_hrana_stmt_write_arguments(stmt, vf_hrana_step(db, sql->data, sql->size_bytes));
        vf_hrana_step_end(db, true, VF_HRANA_ALWAYS, 0);
        if (db->watch.is_asked)
            vf_hrana_watch_write(db);
    } else {
        (void)vf_error_nomem(&why);
        (void)vf_hrana_fail(db, &why, false);
    }
    vf_buf_release(&texts);
    vf_buf_release(&plain);
    return fine;
}

static bool ask(struct vf_hrana_stmt *stmt)
{
    struct vf_hrana *db = stmt->db;
    bool fine = false;
    if (vf_hrana_early_take(db, stmt, &fine)) {
        stmt->took_us = db->early.landed_us - stmt->sent_us;
        return fine;
    }
    if (!vf_hrana_flush(db) || !write_page(stmt, stmt->has_last ? &stmt->last : NULL, stmt->page_rows))
        return false;
    fine = stmt->by_cursor ? vf_hrana_run_lines(db) : vf_hrana_run(db, VF_HRANA_REPEATABLE);
    stmt->took_us = db->clock->monotonic_us(db->clock->context) - stmt->sent_us;
    return fine;
}

/* ---- the answer ---- */

static bool open_page(struct vf_hrana_stmt *stmt)
{
    struct vf_hrana *db = stmt->db;
    struct vf_json line;
    int64_t ignored = 0;
    stmt->n_in_page = 0;
    if (stmt->by_cursor) {
        stmt->at_bytes = 0;
        stmt->has_ended = false;
        vf_hrana_swap_answer(stmt);
        return vf_hrana_next_line(stmt, &line); /* its head was taken with the answer */
    }
    if (!vf_hrana_went_well(db, 0))
        return false;
    if (!vf_hrana_open_result(db->results[0].value, &stmt->rows, &ignored))
        return vf_hrana_fail_protocol(db, "a result");
    if (db->watch.is_asked && !vf_hrana_watch_take(db, 1))
        return false;
    stmt->is_first = true;
    vf_hrana_swap_answer(stmt);
    return true;
}

/* A line of a cursor with a row in it. */
static bool is_row(struct vf_json line, struct vf_json *row)
{
    struct vf_json_text name, type = {0};
    bool first = true;
    *row = (struct vf_json){0};
    if (!vf_json_take(&line, '{'))
        return false;
    while (vf_json_next_member(&line, &first, &name)) {
        if (vf_json_text_is(name, "type")) {
            if (!vf_json_string(&line, &type))
                return false;
        } else {
            if (vf_json_text_is(name, "row"))
                *row = line;
            if (row->at != NULL && vf_json_text_is(type, "row"))
                return true;
            if (!vf_json_skip(&line))
                return false;
        }
    }
    return row->at != NULL && vf_json_text_is(type, "row");
}

/* How many rows came, and the last one. */
static bool survey(const struct vf_hrana_stmt *stmt, int64_t *n_rows, struct vf_json *last)
{
    struct vf_json rows = stmt->rows, row;
    bool first = true;
    *n_rows = 0;
    if (!stmt->by_cursor) {
        while (vf_json_next_element(&rows, &first)) {
            *last = rows;
            (*n_rows)++;
            if (!vf_json_skip(&rows))
                return false;
        }
        return rows.at != NULL;
    }
    const char *end = stmt->answer.data + stmt->answer.size_bytes;
    for (const char *at = stmt->answer.data + stmt->at_bytes, *stop; at < end; at = stop + 1) {
        stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop != NULL ? stop : end;
        if (is_row(vf_json_over(at, (size_t)(stop - at)), &row)) {
            *last = row;
            (*n_rows)++;
        }
    }
    return true;
}

/* Decide on the next page by this one, and ask for it, if there will be one. What isn't understood here is found when the rows are read. */
static void look_ahead(struct vf_hrana_stmt *stmt)
{
    struct vf_hrana *db = stmt->db;
    struct vf_json last_row = {0};
    int64_t n_rows = 0, last = 0;
    bool is_known = survey(stmt, &n_rows, &last_row) && n_rows > 0;
    size_t wanted_bytes = stmt->by_cursor || !db->has_streams ? VF_HRANA_PAGE_BYTES : VF_HRANA_SMALL_BYTES;
    if (is_known)
        stmt->next_rows = vf_hrana_choose_page_rows(wanted_bytes, n_rows, stmt->answer.size_bytes, stmt->took_us);
    bool is_cut = stmt->limit > 0 && stmt->n_given + n_rows == stmt->limit;
    if (is_known && n_rows == stmt->page_rows && !is_cut) {
        db->page_of = table_of(stmt);
        db->page_rows = stmt->next_rows;
    }
    stmt->next_rows = within_limit(stmt, stmt->next_rows, stmt->n_given + n_rows);
    if (!is_known || n_rows != stmt->page_rows || stmt->next_rows < 1 || !vf_hrana_first_integer(last_row, &last))
        return;
    if (write_page(stmt, &last, stmt->next_rows))
        vf_hrana_early_send(db, stmt);
}

/* Where a text isn't UTF-8, sqld says so, or cuts the answer off and knows the stream no more. */
static void name_text(const struct vf_hrana_stmt *stmt)
{
    struct vf_hrana *db = stmt->db;
    struct vf_buf sql;
    bool may_be = db->code == VF_HRANA_FAILED && (db->failure.lost_transaction || vf_hrana_says_no_utf8(&db->answer));
    if (db->as_bytes || !db->has_streams || !may_be)
        return;
    vf_buf_init(&sql, VF_BUF_MAX);
    write_sql(stmt, stmt->has_last ? &stmt->last : NULL, stmt->page_rows, &sql);
    if (sql.status == VF_OK)
        vf_hrana_name_text(db, sql.data);
    vf_buf_release(&sql);
}

/* A page, smaller if the server finds it too large. */
static bool fetch_page(struct vf_hrana_stmt *stmt)
{
    struct vf_hrana *db = stmt->db;
    struct vf_error why = {0};
    while (!ask(stmt) || !open_page(stmt)) {
        if (db->code != SQLITE_TOOBIG) {
            name_text(stmt);
            return false;
        }
        if (stmt->page_rows == 1) {
            vf_error_set(&why, VF_ENGINE, "the row behind rowid %" PRId64 " is larger than the server's answers may be",
                         stmt->last);
            return vf_hrana_fail(db, &why, false);
        }
        stmt->page_rows /= 2;
    }
    look_ahead(stmt);
    return true;
}

static void choose_first(struct vf_hrana_stmt *stmt)
{
    struct vf_hrana *db = stmt->db;
    stmt->has_last = false;
    stmt->n_given = 0;
    stmt->page_rows = VF_HRANA_FIRST_PAGE_ROWS;
    if (db->page_rows > 0 && vf_hash128_equal(db->page_of, table_of(stmt)))
        stmt->page_rows = db->page_rows;
    stmt->page_rows = within_limit(stmt, stmt->page_rows, 0);
    stmt->next_rows = stmt->page_rows;
}

void vf_hrana_pages_expect(struct vf_hrana_stmt *stmt)
{
    choose_first(stmt);
    if (write_page(stmt, NULL, stmt->page_rows))
        vf_hrana_early_send(stmt->db, stmt);
}

bool vf_hrana_pages_start(struct vf_hrana_stmt *stmt)
{
    choose_first(stmt);
    return fetch_page(stmt);
}

bool vf_hrana_pages_next(struct vf_hrana_stmt *stmt, bool *row)
{
    for (;;) {
        *row = false;
        if (stmt->limit > 0 && stmt->n_given == stmt->limit)
            return true;
        if (!(stmt->by_cursor ? vf_hrana_next_of_cursor(stmt, row) : vf_hrana_next_of_answer(stmt, row)))
            return false;
        if (*row)
            break;
        if (stmt->n_in_page < stmt->page_rows)
            return true;
        stmt->page_rows = stmt->next_rows;
        if (!fetch_page(stmt))
            return false;
    }
    stmt->n_in_page++;
    stmt->n_given++;
    stmt->has_last = true;
    if (stmt->n_cells == 0 || stmt->cells[0].type != SQLITE_INTEGER ||
        !vf_parse_i64(stmt->cells[0].raw.start, stmt->cells[0].raw.size_bytes, &stmt->last))
        return vf_hrana_fail_protocol(stmt->db, "a row without its rowid");
    return true;
}
