#include "hrana/run.h"

#include <string.h>

#include "hrana/bind.h"

static const char *code_name(int code)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {
        {SQLITE_INTERNAL, "SQLITE_INTERNAL"},
        {SQLITE_PERM, "SQLITE_PERM"},
        {SQLITE_ABORT, "SQLITE_ABORT"},
        {SQLITE_BUSY, "SQLITE_BUSY"},
        {SQLITE_LOCKED, "SQLITE_LOCKED"},
        {SQLITE_NOMEM, "SQLITE_NOMEM"},
        {SQLITE_READONLY, "SQLITE_READONLY"},
        {SQLITE_INTERRUPT, "SQLITE_INTERRUPT"},
        {SQLITE_IOERR, "SQLITE_IOERR"},
        {SQLITE_CORRUPT, "SQLITE_CORRUPT"},
        {SQLITE_FULL, "SQLITE_FULL"},
        {SQLITE_CANTOPEN, "SQLITE_CANTOPEN"},
        {SQLITE_SCHEMA, "SQLITE_SCHEMA"},
        {SQLITE_TOOBIG, "SQLITE_TOOBIG"},
        {SQLITE_CONSTRAINT, "SQLITE_CONSTRAINT"},
        {SQLITE_MISMATCH, "SQLITE_MISMATCH"},
        {SQLITE_MISUSE, "SQLITE_MISUSE"},
        {SQLITE_AUTH, "SQLITE_AUTH"},
        {SQLITE_RANGE, "SQLITE_RANGE"},
        {SQLITE_NOTADB, "SQLITE_NOTADB"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].code == code)
            return names[i].name;
    }
    return "SQLITE_UNKNOWN";
}

static bool is_syntax(const char *message)
{
    return strstr(message, "syntax error") || strstr(message, "incomplete input") ||
           strstr(message, "unrecognized token");
}

/* Where SQLite knows the place in the text it is an error of the input, else one of SQLite. */
static bool fail_prepare(struct conn *conn, struct failure *failure)
{
    const struct library *lib = &conn->server->library;
    const char *message = lib->errmsg(conn->db);
    int code = lib->extended_errcode(conn->db) & 0xFF;
    int offset = lib->error_offset(conn->db);

    if (code == SQLITE_ERROR && offset >= 0)
        return fail(failure, FAILURE_STATEMENT, "SQL_INPUT_ERROR", "SQL input error: %s (at offset %d)", message,
                    offset);
    return fail(failure, FAILURE_STATEMENT, code_name(code), "SQLite error: %s", message);
}

static int prepare(struct conn *conn, const struct sql_piece *piece, sqlite3_stmt **stmt)
{
    return conn->server->library.prepare_v3(conn->db, piece->text, (int)piece->size, 0, stmt, NULL);
}

/* In a database of its own: there are statements that do something as soon as they are prepared, libsql_vector_idx() among them. */
static bool parses(struct server *server, const struct sql_piece *piece, struct failure *failure)
{
    const struct library *lib = &server->library;
    sqlite3_stmt *stmt = NULL;
    bool good = true;

    (void)pthread_mutex_lock(&server->lock);
    if (lib->prepare_v3(server->parser, piece->text, (int)piece->size, 0, &stmt, NULL) == SQLITE_ERROR &&
        is_syntax(lib->errmsg(server->parser)))
        good = fail(failure, FAILURE_STATEMENT, "SQL_PARSE_ERROR", "SQL string could not be parsed: %s",
                    lib->errmsg(server->parser));
    (void)lib->finalize(stmt);
    (void)pthread_mutex_unlock(&server->lock);
    return good;
}

bool run_check(struct server *server, const struct sql_piece *piece, struct failure *failure)
{
    if (piece->kind == SQL_REFUSED)
        return fail(failure, FAILURE_STATEMENT, "SQL_PARSE_ERROR",
                    "SQL string could not be parsed: unsupported statement: %.*s", (int)piece->size, piece->text);
    return parses(server, piece, failure);
}

bool run_open(struct run *run, struct conn *conn, const struct sql_piece *piece, const json_t *stmt,
              struct failure *failure)
{
    *run = (struct run){.conn = conn, .piece = *piece, .began_ms = now_ms()};
    if (prepare(conn, piece, &run->stmt) != SQLITE_OK)
        return fail_prepare(conn, failure);
    if (!run->stmt)
        return fail(failure, FAILURE_STATEMENT, "SQL_NO_STATEMENT", "SQL string does not contain any statement");
    return bind_arguments(conn, run->stmt, stmt, failure);
}

static bool charge(struct run *run, size_t size, struct failure *failure)
{
    if (!run->left_bytes)
        return true;
    *run->left_bytes -= (int64_t)size;
    return *run->left_bytes >= 0 || fail(failure, FAILURE_PROGRAM, "RESPONSE_TOO_LARGE", "Response is too large");
}

static void add_string(struct text *text, const char *string)
{
    if (string)
        text_json(text, string, strlen(string));
    else
        text_str(text, "null");
}

bool run_columns(struct run *run, struct text *text, struct failure *failure)
{
    const struct library *lib = &run->conn->server->library;
    size_t before = text->size;
    int n = lib->column_count(run->stmt);

    text_str(text, "[");
    for (int i = 0; i < n; i++) {
        text_str(text, i ? ",{\"name\":" : "{\"name\":");
        add_string(text, lib->column_name(run->stmt, i));
        text_str(text, ",\"decltype\":");
        add_string(text, lib->column_decltype(run->stmt, i));
        text_str(text, "}");
    }
    text_str(text, "]");
    return charge(run, text->size - before, failure);
}

static bool add_text(struct run *run, int column, struct text *text, struct failure *failure)
{
    const struct library *lib = &run->conn->server->library;
    const unsigned char *value = lib->column_text(run->stmt, column);
    size_t size = (size_t)lib->column_bytes(run->stmt, column);

    if (!value || !utf8_is_valid(value, size))
        return fail_http(failure, 500, "invalid utf-8 sequence");
    text_str(text, "{\"type\":\"text\",\"value\":");
    text_json(text, (const char *)value, size);
    text_str(text, "}");
    return charge(run, size + sizeof("{\"type\":\"text\",\"value\":\"\"}") - 1, failure);
}

static bool add_blob(struct run *run, int column, struct text *text, struct failure *failure)
{
    const struct library *lib = &run->conn->server->library;
    const void *value = lib->column_blob(run->stmt, column);
    size_t size = (size_t)lib->column_bytes(run->stmt, column);

    text_str(text, "{\"type\":\"blob\",\"base64\":");
    text_base64(text, value, size);
    text_str(text, "}");
    return charge(run, size, failure);
}

static bool add_value(struct run *run, int column, struct text *text, struct failure *failure)
{
    const struct library *lib = &run->conn->server->library;
    size_t before = text->size;
    int type = lib->column_type(run->stmt, column);

    if (type == SQLITE_TEXT)
        return add_text(run, column, text, failure);
    if (type == SQLITE_BLOB)
        return add_blob(run, column, text, failure);
    if (type == SQLITE_INTEGER) {
        text_printf(text, "{\"type\":\"integer\",\"value\":\"%lld\"}", lib->column_int64(run->stmt, column));
    } else if (type == SQLITE_FLOAT) {
        text_str(text, "{\"type\":\"float\",\"value\":");
        text_float(text, lib->column_double(run->stmt, column));
        text_str(text, "}");
    } else {
        text_str(text, "{\"type\":\"null\"}");
    }
    return charge(run, text->size - before, failure);
}

/* The first step may have to wait until another has written. */
static int step(struct run *run)
{
    const struct library *lib = &run->conn->server->library;
    int64_t began_ms = now_ms();
    int rc = lib->step(run->stmt);

    while (rc == SQLITE_BUSY && !run->has_row && lib->extended_errcode(run->conn->db) == SQLITE_BUSY &&
           conn_wait_for_writer(run->conn, began_ms)) {
        (void)lib->reset(run->stmt);
        rc = lib->step(run->stmt);
    }
    return rc;
}

static void note_done(struct run *run)
{
    const struct library *lib = &run->conn->server->library;

    run->affected_rows = run->piece.changes_rows ? lib->changes(run->conn->db) : 0;
    run->rowid = lib->last_insert_rowid(run->conn->db);
    run->rows_read = lib->stmt_status(run->stmt, HRANA_STATUS_ROWS_READ, 0);
    run->rows_written = lib->stmt_status(run->stmt, HRANA_STATUS_ROWS_WRITTEN, 0);
}

enum run_state run_row(struct run *run, struct text *text, struct failure *failure)
{
    const struct library *lib = &run->conn->server->library;
    int rc = step(run), n;

    if (rc == SQLITE_DONE) {
        note_done(run);
        return RUN_DONE;
    }
    if (rc != SQLITE_ROW) {
        (void)fail(failure, FAILURE_STATEMENT, code_name(rc & 0xFF), "SQLite error: %s", lib->errmsg(run->conn->db));
        return RUN_FAILED;
    }
    run->has_row = true;
    n = lib->column_count(run->stmt);
    text_str(text, "[");
    for (int i = 0; i < n; i++) {
        text_str(text, i ? "," : "");
        if (!add_value(run, i, text, failure))
            return RUN_FAILED;
    }
    text_str(text, "]");
    return RUN_ROW;
}

void run_close(struct run *run)
{
    if (!run->conn)
        return;
    (void)run->conn->server->library.finalize(run->stmt);
    conn_note_transaction(run->conn);
    *run = (struct run){0};
}

static bool add_rows(struct run *run, struct text *text, struct failure *failure)
{
    enum run_state state = RUN_ROW;

    text_str(text, ",\"rows\":[");
    while (state == RUN_ROW) {
        struct text row = {0};

        state = run_row(run, &row, failure);
        if (state == RUN_ROW) {
            text_str(text, text->data[text->size - 1] == '[' ? "" : ",");
            text_add(text, row.data, row.size);
        }
        text_free(&row);
    }
    text_str(text, "]");
    return state == RUN_DONE;
}

bool run_result(struct conn *conn, const struct sql_piece *piece, const json_t *stmt, int64_t *left_bytes,
                struct text *text, struct failure *failure)
{
    struct run run;
    bool done;

    done = run_open(&run, conn, piece, stmt, failure);
    run.left_bytes = left_bytes;
    text_str(text, "{\"cols\":");
    done = done && run_columns(&run, text, failure) && add_rows(&run, text, failure);
    if (done) {
        text_printf(text, ",\"affected_row_count\":%lld,\"last_insert_rowid\":", (long long)run.affected_rows);
        if (piece->is_insert)
            text_printf(text, "\"%lld\"", (long long)run.rowid);
        else
            text_str(text, "null");
        text_printf(text, ",\"replication_index\":\"%lld\",\"rows_read\":%lld,\"rows_written\":%lld",
                    (long long)conn->server->n_commits, (long long)run.rows_read, (long long)run.rows_written);
        text_printf(text, ",\"query_duration_ms\":%lld.0}", (long long)(now_ms() - run.began_ms));
    }
    run_close(&run);
    return done;
}

void text_failure(struct text *text, const struct failure *failure)
{
    text_str(text, "{\"message\":");
    add_string(text, failure->message);
    text_str(text, ",\"code\":");
    add_string(text, failure->code);
    text_str(text, "}");
}
