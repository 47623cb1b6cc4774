#include "engine/turso/hrana.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "engine/turso/answer.h"
#include "engine/turso/early.h"
#include "engine/turso/ping.h"
#include "engine/turso/memo.h"
#include "engine/turso/retry.h"
#include "engine/turso/texts.h"
#include "engine/turso/watch.h"

#define MAX_REQUEST_BYTES ((size_t)256 << 20)
#define MAX_ANSWER_BYTES  ((size_t)256 << 20)
#define BATON_LIFE_US     INT64_C(3000000) /* servers let a stream that is silent expire after ten seconds */

/* ---- failures ---- */

bool vf_hrana_fail(struct vf_hrana *db, const struct vf_error *why, bool loses)
{
    pthread_mutex_lock(&db->lock);
    db->code = VF_HRANA_FAILED;
    db->failure = *why;
    if (why->status == VF_TEMPORARY && strstr(why->hint, "--resume") == NULL)
        vf_error_hint(&db->failure, "%s%stry again; copy --resume goes on where it stopped", why->hint,
                      why->hint[0] != '\0' ? "; " : "");
    if (loses)
        vf_buf_clear(&db->baton);
    if (loses && db->in_transaction) {
        db->in_transaction = false;
        db->is_lost = true;
    }
    pthread_mutex_unlock(&db->lock);
    return false;
}

bool vf_hrana_fail_protocol(struct vf_hrana *db, const char *what)
{
    struct vf_error why = {0};
    vf_error_set(&why, VF_ENGINE, "the server's answer isn't understood: %s", what);
    return vf_hrana_fail(db, &why, true);
}

bool vf_hrana_fail_lost(struct vf_hrana *db, const char *how)
{
    struct vf_error why = {0};
    vf_error_set(&why, VF_TEMPORARY, "the transaction on the server is gone: %s", how);
    why.lost_transaction = true;
    vf_error_hint(&why, "what was committed is there; copy --resume goes on");
    return vf_hrana_fail(db, &why, true);
}

bool vf_hrana_fail_cut(struct vf_hrana *db)
{
    struct vf_error why = {0};
    vf_error_set(&why, VF_TEMPORARY, "the server's answer ended before its last row");
    vf_error_hint(&why, "copy --resume goes on");
    return vf_hrana_fail(db, &why, true);
}

struct code_name {
    const char *prefix;
    int code;
};

static const struct code_name code_names[] = {
    {"SQLITE_CONSTRAINT", SQLITE_CONSTRAINT},
    {"SQLITE_BUSY", SQLITE_BUSY},
    {"SQLITE_LOCKED", SQLITE_LOCKED},
    {"SQLITE_TOOBIG", SQLITE_TOOBIG},
    {"SQLITE_MISMATCH", SQLITE_MISMATCH},
    {"SQLITE_READONLY", SQLITE_READONLY},
    {"SQLITE_FULL", SQLITE_FULL},
    {"SQLITE_CORRUPT", SQLITE_CORRUPT},
    {"SQLITE_IOERR", SQLITE_IOERR},
    {"SQLITE_AUTH", SQLITE_AUTH},
    {"SQLITE_NOTADB", SQLITE_NOTADB},
};

static int code_of(struct vf_json_text code, const char *message)
{
    for (size_t i = 0; i < sizeof(code_names) / sizeof(code_names[0]); i++) {
        size_t size_bytes = strlen(code_names[i].prefix);
        if (code.size_bytes >= size_bytes && memcmp(code.start, code_names[i].prefix, size_bytes) == 0)
            return code_names[i].code;
    }
    /* Servers that don't pass SQLite's code on. */
    if (strstr(message, "constraint failed") != NULL || strstr(message, "vector index(insert)") != NULL)
        return SQLITE_CONSTRAINT;
    if (strstr(message, "database is locked") != NULL || strstr(message, "database is busy") != NULL)
        return SQLITE_BUSY;
    return SQLITE_ERROR;
}

/* "Runtime error: UNIQUE constraint failed: t.id (19)" is to SQLite "UNIQUE constraint failed: t.id". */
static void trim_message(struct vf_buf *message)
{
    static const char *const heads[] = {"Runtime error: ", "SQLite error: ", "SQLite input error: ", "Parse error: "};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        size_t size_bytes = strlen(heads[i]);
        if (message->size_bytes < size_bytes || memcmp(message->data, heads[i], size_bytes) != 0)
            continue;
        message->size_bytes -= size_bytes;
        memmove(message->data, message->data + size_bytes, message->size_bytes + 1);
    }
    size_t end = message->size_bytes;
    if (end < 4 || message->data[end - 1] != ')')
        return;
    for (end--; end > 0 && message->data[end - 1] >= '0' && message->data[end - 1] <= '9';)
        end--;
    if (end >= 2 && message->data[end - 1] == '(' && message->data[end - 2] == ' ') {
        message->size_bytes = end - 2;
        message->data[end - 2] = '\0';
    }
}

void vf_hrana_take_error(struct vf_hrana *db, struct vf_json error)
{
    struct vf_json_text name, text = {0}, code = {0};
    bool first = true;
    vf_buf_clear(&db->message);
    if (vf_json_take(&error, '{')) {
        while (vf_json_next_member(&error, &first, &name)) {
            if (vf_json_text_is(name, "message"))
                (void)vf_json_string_or_null(&error, &text);
            else if (vf_json_text_is(name, "code"))
                (void)vf_json_string_or_null(&error, &code);
            else
                (void)vf_json_skip(&error);
        }
    }
    if (text.start != NULL)
        (void)vf_json_unescape(text, &db->message);
    if (db->message.data == NULL || db->message.size_bytes == 0)
        vf_buf_str(&db->message, "an error without a message");
    if (db->message.data == NULL) {
        db->code = SQLITE_NOMEM;
        return;
    }
    if (vf_json_text_is(code, "TRANSACTION_TIMEOUT") || vf_json_text_is(code, "STREAM_EXPIRED")) {
        char how[256];
        vf_printable(db->message.data, db->message.size_bytes, how, sizeof(how));
        vf_hrana_fail_lost(db, vf_redact(how));
        return;
    }
    db->code = vf_json_text_is(code, "RESPONSE_TOO_LARGE") ? SQLITE_TOOBIG : code_of(code, db->message.data);
    trim_message(&db->message);
    vf_redact(db->message.data);
    db->message.size_bytes = strlen(db->message.data);
}

/* An answer that isn't 200. */
static bool fail_status(struct vf_hrana *db, const struct vf_http_answer *answer)
{
    struct vf_error why = {0};
    char text[300] = "";
    long code = answer->status;
    if (answer->body.data != NULL)
        vf_printable(answer->body.data, answer->body.size_bytes, text, sizeof(text));
    if (text[0] == '<') /* of a proxy before it, or of another server */
        snprintf(text, sizeof(text), "a web page");
    vf_redact(text);
    if (vf_hrana_says_no_utf8(answer)) {
        vf_hrana_set_no_utf8(&why);
    } else if (code == 401 || code == 403) {
        vf_error_set(&why, VF_CONNECT, "the server refuses us: HTTP %ld: %s", code, text);
        vf_error_hint(&why, "give a token that is valid and may do this by --source-password-file or "
                            "--target-password-file (or -command, or the environment)");
    } else if (strstr(text, "STREAM_EXPIRED") != NULL || strstr(text, "baton") != NULL) {
        return vf_hrana_fail_lost(db, text);
    } else if (code == 404 || (code >= 300 && code < 400)) {
        vf_error_set(&why, VF_CONNECT, "there is no libSQL database: HTTP %ld: %s", code, text);
        vf_error_hint(&why, "look at the URL: it must name a server that speaks Hrana, and no other page of it");
    } else if (code == 429 || code >= 500) {
        vf_error_set(&why, VF_TEMPORARY, "the server can't answer now: HTTP %ld: %s", code, text);
    } else {
        vf_error_set(&why, VF_ENGINE, "the server refuses the request: HTTP %ld: %s", code, text);
    }
    return vf_hrana_fail(db, &why, true);
}

/* ---- writing a request ---- */

/* A stream that a cursor left open goes on with the next request, which closes it, unless it may have expired. */
static void forget_old_baton(struct vf_hrana *db)
{
    if (!db->in_transaction && db->clock->monotonic_us(db->clock->context) - db->baton_us > BATON_LIFE_US)
        vf_buf_clear(&db->baton);
}

static void forget_deferred(struct vf_hrana *db)
{
    vf_buf_clear(&db->deferred);
    db->n_deferred = 0;
}

void vf_hrana_new(struct vf_hrana *db, bool is_cursor)
{
    struct vf_buf *out = &db->request;
    pthread_mutex_lock(&db->lock); /* until the answer is in: nobody else takes the baton that is written now */
    vf_hrana_early_settle(db);
    db->watch.is_fresh = false;
    db->n_steps = 0;
    db->is_cursor = is_cursor;
    db->is_guarded = db->in_transaction && !db->has_streams;
    db->is_unchecked = db->is_bracketed = false;
    forget_old_baton(db);
    vf_buf_clear(out);
    vf_buf_str(out, "{\"baton\":");
    if (db->baton.size_bytes > 0)
        vf_buf_json_string(out, db->baton.data, db->baton.size_bytes);
    else
        vf_buf_str(out, "null");
    vf_buf_str(out,
               is_cursor ? ",\"batch\":{\"steps\":[" : ",\"requests\":[{\"type\":\"batch\",\"batch\":{\"steps\":[");
    if (db->is_guarded)
        vf_buf_str(out, "{\"stmt\":{\"sql\":\"BEGIN\",\"args\":[],\"want_rows\":false}}");
    db->n_before = db->n_deferred;
    if (db->n_deferred > 0) {
        vf_buf_str(out, db->is_guarded ? "," : "");
        vf_buf_add(out, db->deferred.data, db->deferred.size_bytes);
    }
    forget_deferred(db);
}

void vf_hrana_defer(struct vf_hrana *db, const char *sql, size_t sql_bytes, const struct vf_buf *arguments)
{
    struct vf_buf *out = &db->deferred;
    bool is_guarded = !db->has_streams;
    vf_buf_str(out, db->n_deferred > 0 ? ",{\"stmt\":{\"sql\":" : "{\"stmt\":{\"sql\":");
    vf_buf_json_string(out, sql, sql_bytes);
    vf_buf_str(out, ",\"args\":[");
    vf_buf_add(out, arguments->data, arguments->size_bytes);
    vf_buf_str(out, "],\"want_rows\":false}");
    if (db->n_deferred > 0)
        vf_buf_printf(out, ",\"condition\":{\"type\":\"ok\",\"step\":%zu}", db->n_deferred - 1 + (is_guarded ? 1 : 0));
    else if (is_guarded)
        vf_buf_str(out, ",\"condition\":{\"type\":\"error\",\"step\":0}");
    vf_buf_char(out, '}');
    db->n_deferred++;
}

static bool only_reads(const char *sql, size_t sql_bytes)
{
    static const char *const words[] = {"SELECT", "PRAGMA"};
    char head[8] = "";
    memcpy(head, sql, sql_bytes < 6 ? sql_bytes : 6);
    return vf_strcasecmp(head, words[0]) == 0 || vf_strcasecmp(head, words[1]) == 0 ||
           (sql_bytes == strlen("BEGIN") && memcmp(sql, "BEGIN", sql_bytes) == 0);
}

/* libSQL's servers check foreign keys unless a stream says otherwise: rows come in the order of the copy, and tables are dropped one by one. A token that may only read may not say it. */
static void switch_checks_off(struct vf_hrana *db, const char *sql, size_t sql_bytes)
{
    db->is_unchecked = db->has_streams && !db->is_cursor && !db->in_transaction && !only_reads(sql, sql_bytes);
    if (db->is_unchecked)
        vf_buf_str(&db->request, "{\"stmt\":{\"sql\":\"PRAGMA foreign_keys = OFF\",\"args\":[],\"want_rows\":false}}");
}

static bool ends_or_begins(const char *sql, size_t sql_bytes)
{
    static const char *const words[] = {"BEGIN", "COMMIT", "ROLLBACK"};
    char head[9] = "";
    for (size_t i = 0; i < 3; i++) {
        size_t size_bytes = strlen(words[i]);
        memcpy(head, sql, sql_bytes < size_bytes ? sql_bytes : size_bytes);
        head[sql_bytes < size_bytes ? sql_bytes : size_bytes] = '\0';
        if (vf_strcasecmp(head, words[i]) == 0)
            return true;
    }
    return false;
}

static void open_bracket(struct vf_hrana *db, const char *sql, size_t sql_bytes)
{
    db->is_bracketed =
        !db->has_streams && !db->in_transaction && !only_reads(sql, sql_bytes) && !ends_or_begins(sql, sql_bytes);
    if (db->is_bracketed)
        vf_buf_str(&db->request, "{\"stmt\":{\"sql\":\"BEGIN IMMEDIATE\",\"args\":[],\"want_rows\":false}}");
}

static void close_bracket(struct vf_hrana *db)
{
    vf_buf_str(&db->request, ",{\"stmt\":{\"sql\":\"COMMIT\",\"args\":[],\"want_rows\":false},"
                             "\"condition\":{\"type\":\"ok\",\"step\":1}}"
                             ",{\"stmt\":{\"sql\":\"ROLLBACK\",\"args\":[],\"want_rows\":false},"
                             "\"condition\":{\"type\":\"error\",\"step\":1}}");
}

struct vf_buf *vf_hrana_step(struct vf_hrana *db, const char *sql, size_t sql_bytes)
{
    if (db->n_steps == 0) {
        switch_checks_off(db, sql, sql_bytes);
        open_bracket(db, sql, sql_bytes);
    }
    if (db->n_steps + vf_hrana_n_own_steps(db) > 0)
        vf_buf_char(&db->request, ',');
    vf_buf_str(&db->request, "{\"stmt\":{\"sql\":");
    vf_buf_json_string(&db->request, sql, sql_bytes);
    vf_buf_str(&db->request, ",\"args\":[");
    return &db->request;
}

void vf_hrana_step_end(struct vf_hrana *db, bool wants_rows, enum vf_hrana_condition condition, size_t of)
{
    vf_buf_printf(&db->request, "],\"want_rows\":%s}", wants_rows ? "true" : "false");
    if (db->n_before > 0 && condition == VF_HRANA_ALWAYS)
        vf_buf_printf(&db->request, ",\"condition\":{\"type\":\"ok\",\"step\":%zu}", vf_hrana_n_own_steps(db) - 1);
    else if (condition == VF_HRANA_IF_IN_TRANSACTION && !db->is_guarded && db->version == 3)
        vf_buf_str(&db->request, ",\"condition\":{\"type\":\"not\",\"cond\":{\"type\":\"is_autocommit\"}}");
    else if (condition == VF_HRANA_IF_OK || condition == VF_HRANA_IF_FAILED)
        vf_buf_printf(&db->request, ",\"condition\":{\"type\":\"%s\",\"step\":%zu}",
                      condition == VF_HRANA_IF_OK ? "ok" : "error", of + vf_hrana_n_own_steps(db));
    else if (db->is_guarded)
        vf_buf_str(&db->request, ",\"condition\":{\"type\":\"error\",\"step\":0}");
    else if (db->is_bracketed)
        vf_buf_str(&db->request, ",\"condition\":{\"type\":\"ok\",\"step\":0}");
    vf_buf_char(&db->request, '}');
    db->n_steps++;
}

void vf_hrana_write_end(struct vf_hrana *db, bool keep)
{
    if (db->is_cursor) {
        vf_buf_str(&db->request, "]}}");
        return;
    }
    if (db->is_guarded)
        vf_buf_str(&db->request, ",{\"stmt\":{\"sql\":\"ROLLBACK\",\"args\":[],\"want_rows\":false},"
                                 "\"condition\":{\"type\":\"ok\",\"step\":0}}");
    if (db->is_bracketed)
        close_bracket(db);
    vf_buf_str(&db->request, "]}}");
    if (db->has_streams && !keep)
        vf_buf_str(&db->request, ",{\"type\":\"close\"}");
    vf_buf_str(&db->request, "]}");
}

/* ---- sending ---- */

/* Is it worth another try, and would that be harmless? 429 and "nobody listens" say that nothing was done. In a transaction of ours on a stream the request has a baton, which is good for one
 * request only: had the server done the first, it would refuse the second. */
static bool may_repeat(const struct vf_hrana *db, unsigned use, enum vf_status status, bool refused)
{
    bool is_harmless =
        db->in_transaction ? db->has_streams : refused || (use & VF_HRANA_REPEATABLE) != 0 || db->answer.status == 429;
    return is_harmless && (status != VF_OK ? status == VF_TEMPORARY : vf_hrana_may_pass(&db->answer));
}

/* A stream that a cursor left open has expired: nothing was done, and the same goes without it. */
static bool leave_stream(struct vf_hrana *db)
{
    const size_t at = strlen("{\"baton\":");
    struct vf_buf *request = &db->request;
    if (db->in_transaction || db->answer.status != 400 || request->size_bytes <= at || request->data[at] != '"')
        return false;
    const char *end = memchr(request->data + at + 1, '"', request->size_bytes - at - 1);
    if (end == NULL || (size_t)(end + 1 - request->data) < at + strlen("null"))
        return false;
    size_t rest_bytes = request->size_bytes - (size_t)(end + 1 - request->data);
    memcpy(request->data + at, "null", strlen("null"));
    memmove(request->data + at + strlen("null"), end + 1, rest_bytes + 1);
    request->size_bytes = at + strlen("null") + rest_bytes;
    return true;
}

const char *vf_hrana_path(const struct vf_hrana *db)
{
    return db->is_cursor ? "/v3/cursor" : db->version == 3 ? "/v3/pipeline" : "/v2/pipeline";
}

static bool send(struct vf_hrana *db, unsigned use, bool as_it_comes)
{
    struct vf_error why = {0};
    const char *path = vf_hrana_path(db);
    if (db->request.status != VF_OK) {
        (void)(vf_buf_check(&db->request, &why) == VF_OK);
        return vf_hrana_fail(db, &why, false);
    }
    for (int n_tries = 1 + db->n_failed;; n_tries++) {
        bool refused = false;
        db->baton_us = db->clock->monotonic_us(db->clock->context);
        enum vf_status status = as_it_comes ? vf_http_start(db->http, path, &db->request, &db->answer, &why)
                                            : vf_http_send(db->http, path, &db->request, &db->answer, &refused, &why);
        if (status == VF_OK && db->answer.status == 200)
            return true;
        if (as_it_comes)
            vf_http_stop(db->http);
        if (status == VF_OK && leave_stream(db))
            continue;
        if (n_tries >= VF_HRANA_MAX_TRIES || !may_repeat(db, use, status, refused))
            return status != VF_OK ? vf_hrana_fail(db, &why, true) : fail_status(db, &db->answer);
        if (!vf_hrana_wait(db, n_tries, db->answer.retry_after_s))
            return false;
    }
}

static bool refuse_when_lost(struct vf_hrana *db)
{
    struct vf_error why = {0};
    if (db->in_transaction && db->is_dead) {
        db->is_dead = false;
        return vf_hrana_fail_lost(db, "it didn't answer to a sign of life");
    }
    if (!db->is_lost)
        return true;
    vf_error_set(&why, VF_TEMPORARY, "the transaction on the server is gone");
    return vf_hrana_fail(db, &why, false);
}

/* The answer is in, or isn't to come: the lock is given back. */
static bool end_request(struct vf_hrana *db, bool fine)
{
    db->used_us = db->clock->monotonic_us(db->clock->context);
    db->n_failed = 0;
    pthread_mutex_unlock(&db->lock);
    return fine;
}

bool vf_hrana_run(struct vf_hrana *db, unsigned use)
{
    bool keep = ((use & VF_HRANA_KEEP) != 0 || db->in_transaction) && (use & VF_HRANA_END) == 0;
    if (!refuse_when_lost(db) || !vf_hrana_settle(db))
        return end_request(db, false);
    db->code = SQLITE_OK;
    vf_hrana_write_end(db, keep);
    return end_request(db, send(db, use, false) && vf_hrana_take_answer(db, keep));
}

bool vf_hrana_run_lines(struct vf_hrana *db)
{
    if (!refuse_when_lost(db) || !vf_hrana_settle(db))
        return end_request(db, false);
    db->code = SQLITE_OK;
    vf_hrana_write_end(db, true);
    return end_request(db, send(db, VF_HRANA_REPEATABLE, false) && vf_hrana_take_lines(db));
}

bool vf_hrana_run_cursor(struct vf_hrana *db, struct vf_hrana_stmt *stmt)
{
    if (!refuse_when_lost(db) || !vf_hrana_settle(db))
        return end_request(db, false);
    db->code = SQLITE_OK;
    vf_hrana_write_end(db, true);
    bool fine = send(db, VF_HRANA_REPEATABLE, true);
    if (fine)
        db->reading = stmt;
    return end_request(db, fine);
}

void vf_hrana_stop_reading(struct vf_hrana *db)
{
    pthread_mutex_lock(&db->lock);
    vf_http_stop(db->http);
    db->reading = NULL;
    (void)end_request(db, true);
}

bool vf_hrana_exec(struct vf_hrana *db, const char *sql, unsigned use)
{
    vf_hrana_new(db, false);
    (void)vf_hrana_step(db, sql, strlen(sql));
    vf_hrana_step_end(db, false, VF_HRANA_ALWAYS, 0);
    return vf_hrana_run(db, use) && vf_hrana_went_well(db, 0);
}

bool vf_hrana_flush(struct vf_hrana *db)
{
    if (db->n_deferred == 0)
        return true;
    vf_hrana_new(db, false);
    return vf_hrana_run(db, VF_HRANA_ONCE);
}

/* ---- open ---- */

static void write_questions(struct vf_hrana *db, const char *const *questions)
{
    for (; *questions != NULL; questions++) {
        (void)vf_hrana_step(db, *questions, strlen(*questions));
        vf_hrana_step_end(db, true, VF_HRANA_ALWAYS, 0);
    }
}

/* A server of version 3 has streams; one of version 2 has them when it gives a baton. Those without keep no snapshot, and a source begins to watch here. */
static bool ask_first(struct vf_hrana *db, int version, const struct vf_hrana_questions *questions)
{
    db->version = version;
    db->has_streams = db->has_cursor = version == 3;
    vf_hrana_new(db, false);
    (void)vf_hrana_step(db, "SELECT 1", strlen("SELECT 1"));
    vf_hrana_step_end(db, false, VF_HRANA_ALWAYS, 0);
    write_questions(db, questions->always);
    if (!db->has_streams) {
        write_questions(db, questions->without_streams);
        vf_hrana_watch_write(db);
    }
    if (!vf_hrana_run(db, VF_HRANA_REPEATABLE | (db->has_streams ? 0 : VF_HRANA_KEEP)) || !vf_hrana_went_well(db, 0))
        return false;
    db->has_streams = db->has_streams || db->baton.size_bytes > 0;
    if (!db->has_streams)
        (void)vf_hrana_watch_take(db, db->n_steps - 2); /* else it is asked for again */
    return true;
}

static bool has_no_page(const struct vf_hrana *db)
{
    long status = db->answer.status;
    return db->code == VF_HRANA_FAILED && (status == 404 || status == 405 || status == 501);
}

/* What is asked first shows which version of the protocol a server has: to ask for that alone would be another way there and back. */
static bool greet(struct vf_hrana *db, const struct vf_hrana_questions *questions)
{
    return ask_first(db, 3, questions) || (has_no_page(db) && ask_first(db, 2, questions));
}

enum vf_status vf_hrana_open(const struct vf_http_options *options, const char *name, const struct vf_clock *clock,
                             const struct vf_log *log, const struct vf_hrana_questions *questions, struct vf_hrana *db,
                             struct vf_error *err)
{
    struct vf_error why = {0};
    *db = (struct vf_hrana){.name = name, .clock = clock, .log = log, .cancel = options->cancel};
    if (!vf_cond_init(&db->wake))
        return vf_error_nomem(err);
    vf_buf_init(&db->baton, 65536);
    vf_buf_init(&db->request, MAX_REQUEST_BYTES);
    vf_buf_init(&db->deferred, MAX_REQUEST_BYTES);
    vf_buf_init(&db->answer.body, MAX_ANSWER_BYTES);
    vf_buf_init(&db->early.request, MAX_REQUEST_BYTES);
    vf_buf_init(&db->early.answer.body, MAX_ANSWER_BYTES);
    vf_buf_init(&db->message, 65536);
    vf_buf_init(&db->table_sql, VF_BUF_MAX);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&db->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    db->first_wait_ms = vf_hrana_first_wait_ms();
    db->jitter = (uint64_t)clock->wall_us(clock->context) ^ (uint64_t)(uintptr_t)db;
    enum vf_status status = vf_http_open(options, &db->http, &why);
    if (status == VF_OK && !greet(db, questions)) {
        if (db->code == VF_HRANA_FAILED)
            why = db->failure;
        else
            vf_error_set(&why, VF_CONNECT, "%s", db->message.data != NULL ? db->message.data : "no answer");
        status = why.status;
    }
    if (status == VF_OK)
        return VF_OK;
    if (why.status == VF_TEMPORARY || why.status == VF_ENGINE) /* a server that isn't there is no reason to go on */
        why.status = status = VF_CONNECT;
    vf_hrana_close(db);
    if (err != NULL)
        *err = why;
    return status;
}

/* A cursor's stream that nothing came after. */
static void close_stream(struct vf_hrana *db)
{
    if (db->http == NULL || db->in_transaction || db->reading != NULL)
        return;
    forget_old_baton(db);
    if (db->baton.size_bytes == 0)
        return;
    vf_buf_clear(&db->request);
    vf_buf_str(&db->request, "{\"baton\":");
    vf_buf_json_string(&db->request, db->baton.data, db->baton.size_bytes);
    vf_buf_str(&db->request, ",\"requests\":[{\"type\":\"close\"}]}");
    if (db->request.status == VF_OK)
        (void)(vf_http_send(db->http, "/v3/pipeline", &db->request, &db->answer, NULL, NULL) == VF_OK);
}

void vf_hrana_close(struct vf_hrana *db)
{
    vf_hrana_ping_stop(db);
    close_stream(db);
    pthread_cond_destroy(&db->wake);
    pthread_mutex_destroy(&db->lock);
    vf_http_close(db->http);
    vf_buf_release(&db->baton);
    vf_buf_release(&db->request);
    vf_buf_release(&db->deferred);
    vf_buf_release(&db->answer.body);
    vf_buf_release(&db->early.request);
    vf_buf_release(&db->early.answer.body);
    vf_hrana_memo_end(db);
    vf_buf_release(&db->message);
    vf_buf_release(&db->table_sql);
    vf_arena_release(&db->metadata);
    vf_free(db->results);
    *db = (struct vf_hrana){0};
}

/* ---- transactions ---- */

void vf_hrana_begin_write(struct vf_hrana *db, const char *begin)
{
    pthread_mutex_lock(&db->lock);
    db->is_lost = db->is_dead = false;
    forget_deferred(db);
    vf_hrana_new(db, false);
    (void)vf_hrana_step(db, begin, strlen(begin));
    vf_hrana_step_end(db, false, VF_HRANA_ALWAYS, 0);
}

bool vf_hrana_begin_run(struct vf_hrana *db)
{
    unsigned use = VF_HRANA_KEEP | (db->has_streams ? VF_HRANA_REPEATABLE : 0);
    db->in_transaction = vf_hrana_run(db, use) && vf_hrana_went_well(db, 0);
    bool fine = db->in_transaction;
    pthread_mutex_unlock(&db->lock);
    if (fine && db->has_streams)
        vf_hrana_ping_start(db);
    return fine;
}

bool vf_hrana_begin(struct vf_hrana *db, const char *begin)
{
    vf_hrana_begin_write(db, begin);
    return vf_hrana_begin_run(db);
}

bool vf_hrana_can_begin(struct vf_hrana *db, const char *begin)
{
    vf_hrana_new(db, false);
    (void)vf_hrana_step(db, begin, strlen(begin));
    vf_hrana_step_end(db, false, VF_HRANA_ALWAYS, 0);
    (void)vf_hrana_step(db, "ROLLBACK", strlen("ROLLBACK"));
    vf_hrana_step_end(db, false, VF_HRANA_IF_OK, 0);
    return vf_hrana_run(db, VF_HRANA_ONCE) && vf_hrana_went_well(db, 0);
}

static bool commit(struct vf_hrana *db)
{
    struct vf_error why = {0};
    vf_hrana_new(db, false);
    (void)vf_hrana_step(db, "COMMIT", strlen("COMMIT"));
    vf_hrana_step_end(db, false, VF_HRANA_ALWAYS, 0);
    if (vf_hrana_run(db, VF_HRANA_END) && vf_hrana_went_well(db, 0)) {
        db->in_transaction = db->is_lost = false;
        return true;
    }
    /* A reply that was lost: nobody knows. */
    if (db->code == VF_HRANA_FAILED && db->failure.status != VF_CANCELLED) {
        why = db->failure;
        why.status = VF_TEMPORARY;
        vf_error_wrap(&why, "the commit may or may not have been done");
        vf_error_hint(&why, "copy --resume looks whether it was, and goes on");
        vf_hrana_fail(db, &why, true);
    }
    vf_hrana_rollback(db);
    return false;
}

bool vf_hrana_commit(struct vf_hrana *db)
{
    pthread_mutex_lock(&db->lock);
    bool fine = refuse_when_lost(db) && commit(db);
    if (!fine)
        db->is_lost = false;
    pthread_mutex_unlock(&db->lock);
    return fine;
}

void vf_hrana_rollback(struct vf_hrana *db)
{
    pthread_mutex_lock(&db->lock);
    forget_deferred(db);
    if (db->in_transaction && !db->is_dead) {
        int code = db->code; /* what is rolled back for is what counts */
        const struct vf_error failure = db->failure;
        if (db->reading != NULL)
            vf_hrana_stop_reading(db);
        vf_hrana_new(db, false);
        (void)vf_hrana_step(db, "ROLLBACK", strlen("ROLLBACK"));
        vf_hrana_step_end(db, false, VF_HRANA_ALWAYS, 0);
        (void)vf_hrana_run(db, VF_HRANA_END);
        db->code = code;
        db->failure = failure;
        vf_buf_clear(&db->baton);
    }
    if (db->is_dead)
        vf_buf_clear(&db->baton);
    db->in_transaction = db->is_lost = db->is_dead = false;
    pthread_mutex_unlock(&db->lock);
}
