#include "hrana/cursor.h"

#include <stdlib.h>

#include "hrana/check.h"
#include "hrana/run.h"
#include "hrana/stream.h"

#define CHUNK_BYTES 65536

enum cursor_state {
    CURSOR_NEXT_STEP,
    CURSOR_ROWS,
    CURSOR_END,
    CURSOR_BROKEN,
};

struct cursor {
    struct server *server;
    struct conn *conn;
    json_t *request;
    struct program program;
    size_t i_step;
    enum cursor_state state;
    struct run run;
    char baton[HRANA_BATON_SIZE];
    bool is_begun;
};

/* Errors that a batch would have as a whole are errors of the server here. */
static void as_answer(struct failure *failure)
{
    struct failure inner = *failure;

    if (failure->kind == FAILURE_STATEMENT || failure->kind == FAILURE_PROGRAM)
        (void)fail_http(failure, 500, "Internal Error: `%.900s`", inner.message);
}

static bool open_program(struct cursor *cursor, struct access access, struct stream *stream, struct failure *failure)
{
    bool done;

    (void)pthread_mutex_lock(&cursor->conn->lock);
    done = program_of_batch(&cursor->program, cursor->conn, access, json_object_get(cursor->request, "batch"), failure);
    if (done)
        (void)stream_release(cursor->server, stream, cursor->baton);
    return done;
}

struct cursor *cursor_open(struct server *server, struct access access, const struct text *body,
                           struct failure *failure)
{
    struct cursor *cursor = hrana_alloc(sizeof(*cursor));
    struct stream *stream = NULL;

    cursor->server = server;
    cursor->request = check_cursor(body, failure);
    if (cursor->request)
        stream = stream_acquire(server, json_string_value(json_object_get(cursor->request, "baton")), failure);
    if (stream)
        cursor->conn = conn_share(stream_conn(stream));
    if (stream && open_program(cursor, access, stream, failure))
        return cursor;
    as_answer(failure);
    stream_drop(server, stream);
    cursor_free(cursor);
    return NULL;
}

static void end_step(struct cursor *cursor)
{
    run_close(&cursor->run);
    cursor->i_step++;
    cursor->state = CURSOR_NEXT_STEP;
}

static void step_failed(struct cursor *cursor, struct text *out, const struct failure *failure)
{
    if (failure->kind == FAILURE_STATEMENT) {
        text_printf(out, "{\"type\":\"step_error\",\"step\":%zu,\"error\":", cursor->i_step);
        text_failure(out, failure);
        text_str(out, "}\n");
        end_step(cursor);
    } else {
        cursor->state = CURSOR_BROKEN;
    }
}

static void next_step(struct cursor *cursor, struct text *out)
{
    struct step *step = &cursor->program.steps[cursor->i_step];
    struct failure failure = {0};
    struct text columns = {0};

    if (!program_may_go_on(&cursor->program, cursor->conn, &failure)) {
        step_failed(cursor, out, &failure);
    } else if (!program_step_is_wanted(&cursor->program, cursor->conn, cursor->i_step)) {
        cursor->i_step++;
    } else if (!run_open(&cursor->run, cursor->conn, &step->piece, step->stmt, &failure) ||
               !run_columns(&cursor->run, &columns, &failure)) {
        step_failed(cursor, out, &failure);
    } else {
        text_printf(out, "{\"type\":\"step_begin\",\"step\":%zu,\"cols\":%s}\n", cursor->i_step, columns.data);
        cursor->state = CURSOR_ROWS;
    }
    text_free(&columns);
}

static void next_row(struct cursor *cursor, struct text *out)
{
    struct failure failure = {0};
    struct text row = {0};

    switch (run_row(&cursor->run, &row, &failure)) {
    case RUN_ROW:
        text_str(out, "{\"type\":\"row\",\"row\":");
        text_add(out, row.data, row.size);
        text_str(out, "}\n");
        break;
    case RUN_DONE:
        text_printf(out, "{\"type\":\"step_end\",\"affected_row_count\":%lld,\"last_insert_rowid\":",
                    (long long)cursor->run.affected_rows);
        if (cursor->run.piece.is_insert)
            text_printf(out, "%lld}\n", (long long)cursor->run.rowid);
        else
            text_str(out, "null}\n");
        cursor->program.steps[cursor->i_step].was_ok = true;
        end_step(cursor);
        break;
    case RUN_FAILED:
        step_failed(cursor, out, &failure);
        break;
    }
    text_free(&row);
}

static void begin(struct cursor *cursor, struct text *out)
{
    cursor->is_begun = true;
    text_printf(out, "{\"baton\":\"%s\",\"base_url\":null}\n", cursor->baton);
}

static void advance(struct cursor *cursor, struct text *out)
{
    if (!cursor->is_begun) {
        begin(cursor, out);
    } else if (cursor->state == CURSOR_ROWS) {
        next_row(cursor, out);
    } else if (cursor->i_step < cursor->program.n_steps) {
        next_step(cursor, out);
    } else {
        text_printf(out, "{\"type\":\"replication_index\",\"replication_index\":%lld}\n",
                    (long long)cursor->server->n_commits);
        cursor->state = CURSOR_END;
    }
}

bool cursor_more(struct cursor *cursor, struct text *out, bool *broken)
{
    size_t before = out->size;

    while (cursor->state != CURSOR_END && cursor->state != CURSOR_BROKEN && out->size - before < CHUNK_BYTES)
        advance(cursor, out);
    *broken = cursor->state == CURSOR_BROKEN;
    return out->size > before;
}

void cursor_free(struct cursor *cursor)
{
    if (!cursor)
        return;
    run_close(&cursor->run);
    program_free(&cursor->program);
    if (cursor->conn)
        (void)pthread_mutex_unlock(&cursor->conn->lock);
    conn_release(cursor->conn);
    json_decref(cursor->request);
    free(cursor);
}
