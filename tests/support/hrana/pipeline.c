#include "hrana/pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "hrana/check.h"
#include "hrana/run.h"
#include "hrana/stream.h"

#define MAX_STORED_BYTES 5000

/* What a request is handled with. */
struct handling {
    struct conn *conn; /* locked */
    struct access access;
    const json_t *request;
};

static bool handle_execute(const struct handling *h, struct text *out, struct failure *failure)
{
    int64_t left_bytes = h->conn->server->settings.max_response_bytes;
    struct program program;
    bool done;

    text_str(out, "{\"type\":\"execute\",\"result\":");
    done = program_of_statement(&program, h->conn, h->access, json_object_get(h->request, "stmt"), failure) &&
           program_may_go_on(&program, h->conn, failure) &&
           run_result(h->conn, &program.steps[0].piece, program.steps[0].stmt, &left_bytes, out, failure);
    text_str(out, "}");
    program_free(&program);
    return done;
}

/* One step; false only when the whole batch has failed. */
static bool run_step(const struct handling *h, struct program *program, size_t i, int64_t *left_bytes,
                     struct text *results, struct text *errors, struct failure *failure)
{
    struct step *step = &program->steps[i];
    struct failure own = {0};
    struct text result = {0};
    bool wanted = true;

    if (program_may_go_on(program, h->conn, &own)) {
        wanted = program_step_is_wanted(program, h->conn, i);
        step->was_ok = wanted && run_result(h->conn, &step->piece, step->stmt, left_bytes, &result, &own);
    }
    text_str(results, i ? "," : "");
    text_str(errors, i ? "," : "");
    text_str(results, step->was_ok ? result.data : "null");
    if (wanted && !step->was_ok)
        text_failure(errors, &own);
    else
        text_str(errors, "null");
    text_free(&result);
    if (own.kind == FAILURE_NONE || own.kind == FAILURE_STATEMENT)
        return true;
    *failure = own;
    return false;
}

static bool run_steps(const struct handling *h, struct program *program, struct text *out, struct failure *failure)
{
    int64_t left_bytes = h->conn->server->settings.max_response_bytes;
    struct text results = {0}, errors = {0};
    bool done = true;

    text_str(&results, "");
    text_str(&errors, "");
    for (size_t i = 0; i < program->n_steps && done; i++)
        done = run_step(h, program, i, &left_bytes, &results, &errors, failure);
    text_printf(out, "{\"step_results\":[%s],\"step_errors\":[%s],\"replication_index\":\"%lld\"}", results.data,
                errors.data, (long long)h->conn->server->n_commits);
    text_free(&results);
    text_free(&errors);
    return done;
}

static bool handle_batch(const struct handling *h, struct text *out, struct failure *failure)
{
    struct program program;
    bool done;

    text_str(out, "{\"type\":\"batch\",\"result\":");
    done = program_of_batch(&program, h->conn, h->access, json_object_get(h->request, "batch"), failure) &&
           run_steps(h, &program, out, failure);
    text_str(out, "}");
    program_free(&program);
    return done;
}

static bool handle_sequence(const struct handling *h, struct text *out, struct failure *failure)
{
    const char *sql = program_sql(h->conn, h->request, failure);
    struct program program = {0};
    struct text ignored = {0};
    bool done;

    done = sql && program_of_sequence(&program, h->conn, h->access, sql, failure);
    for (size_t i = 0; i < program.n_steps && done; i++)
        done = program_may_go_on(&program, h->conn, failure) &&
               run_result(h->conn, &program.steps[i].piece, NULL, NULL, &ignored, failure);
    text_str(out, "{\"type\":\"sequence\"}");
    text_free(&ignored);
    program_free(&program);
    return done;
}

static void describe(struct run *run, struct text *out)
{
    const struct library *lib = &run->conn->server->library;
    int n = lib->bind_parameter_count(run->stmt);
    struct failure never;

    text_str(out, "{\"type\":\"describe\",\"result\":{\"params\":[");
    for (int i = 1; i <= n; i++) {
        const char *name = lib->bind_parameter_name(run->stmt, i);

        text_str(out, i > 1 ? ",{\"name\":" : "{\"name\":");
        if (name)
            text_json(out, name, strlen(name));
        else
            text_str(out, "null");
        text_str(out, "}");
    }
    text_str(out, "],\"cols\":");
    (void)run_columns(run, out, &never);
    text_printf(out, ",\"is_explain\":%s,\"is_readonly\":%s}}", lib->stmt_isexplain(run->stmt) ? "true" : "false",
                lib->stmt_readonly(run->stmt) ? "true" : "false");
}

static bool handle_describe(const struct handling *h, struct text *out, struct failure *failure)
{
    const char *sql = program_sql(h->conn, h->request, failure);
    struct sql_piece piece = {.text = sql, .size = sql ? strlen(sql) : 0};
    struct run run = {0};
    bool done;

    /* Its arguments are missing: that must not be its failure. */
    done = sql &&
           (run_open(&run, h->conn, &piece, NULL, failure) || (run.stmt && strcmp(failure->code, "ARGS_INVALID") == 0));
    if (done) {
        *failure = (struct failure){0};
        describe(&run, out);
    }
    run_close(&run);
    return done;
}

static struct stored_sql *find_stored(struct conn *conn, int64_t id, bool free_place)
{
    for (int i = 0; i < HRANA_MAX_STORED; i++) {
        struct stored_sql *stored = &conn->stored[i];

        if (free_place ? !stored->sql : stored->sql && stored->id == id)
            return stored;
    }
    return NULL;
}

static bool handle_store_sql(const struct handling *h, struct text *out, struct failure *failure)
{
    int64_t id = json_integer_value(json_object_get(h->request, "sql_id"));
    const char *sql = json_string_value(json_object_get(h->request, "sql"));
    struct stored_sql *place = find_stored(h->conn, id, true);

    if (find_stored(h->conn, id, false))
        return fail(failure, FAILURE_PROTOCOL, "", "SQL text %lld already exists", (long long)id);
    if (!place)
        return fail(failure, FAILURE_STATEMENT, "SQL_STORE_TOO_MANY",
                    "The server already stores %d SQL texts, it cannot store more", HRANA_MAX_STORED);
    if (strlen(sql) > MAX_STORED_BYTES)
        return fail(failure, FAILURE_STATEMENT, "SQL_STORE_TOO_LARGE",
                    "The statement is too large to be stored: %zu/5.0 KB", strlen(sql));
    *place = (struct stored_sql){.id = id, .sql = strdup(sql)};
    text_str(out, "{\"type\":\"store_sql\"}");
    return true;
}

static bool handle_close_sql(const struct handling *h, struct text *out, struct failure *failure)
{
    struct stored_sql *stored = find_stored(h->conn, json_integer_value(json_object_get(h->request, "sql_id")), false);

    (void)failure;
    if (stored) {
        free(stored->sql);
        *stored = (struct stored_sql){0};
    }
    text_str(out, "{\"type\":\"close_sql\"}");
    return true;
}

static bool handle_get_autocommit(const struct handling *h, struct text *out, struct failure *failure)
{
    (void)failure;
    text_printf(out, "{\"type\":\"get_autocommit\",\"is_autocommit\":%s}",
                h->conn->server->library.get_autocommit(h->conn->db) ? "true" : "false");
    return true;
}

static bool handle_on_conn(const struct handling *h, const char *type, struct text *out, struct failure *failure)
{
    static const struct {
        const char *type;
        bool (*handle)(const struct handling *h, struct text *out, struct failure *failure);
    } handlers[] = {
        {"execute", handle_execute},
        {"batch", handle_batch},
        {"sequence", handle_sequence},
        {"describe", handle_describe},
        {"store_sql", handle_store_sql},
        {"close_sql", handle_close_sql},
        {"get_autocommit", handle_get_autocommit},
    };

    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        if (strcmp(handlers[i].type, type) == 0)
            return handlers[i].handle(h, out, failure);
    }
    return fail(failure, FAILURE_PROTOCOL, "", "StreamRequest type not recognized");
}

static bool handle(struct stream *stream, int version, struct access access, const json_t *request, struct text *out,
                   struct failure *failure)
{
    const char *type = json_string_value(json_object_get(request, "type"));
    struct handling h = {.conn = stream_conn(stream), .access = access, .request = request};
    bool done;

    if (strcmp(type, "close") == 0) {
        stream_close_conn(stream);
        text_str(out, "{\"type\":\"close\"}");
        return true;
    }
    if (!h.conn)
        return fail(failure, FAILURE_PROTOCOL, "", "Stream for this baton was closed");
    if (version < 3 && strcmp(type, "get_autocommit") == 0)
        return fail(failure, FAILURE_PROTOCOL, "",
                    "The `get_autocommit` request is only supported in protocol version hrana3 and higher");
    (void)pthread_mutex_lock(&h.conn->lock);
    done = handle_on_conn(&h, type, out, failure);
    (void)pthread_mutex_unlock(&h.conn->lock);
    return done;
}

/* Add the result of one request; false: the whole pipeline has failed. */
static bool add_result(struct stream *stream, int version, struct access access, const json_t *request,
                       struct text *out, struct failure *failure)
{
    struct text response = {0};

    if (handle(stream, version, access, request, &response, failure)) {
        text_printf(out, "{\"type\":\"ok\",\"response\":%s}", response.data);
    } else if (failure->kind == FAILURE_STATEMENT || failure->kind == FAILURE_PROGRAM) {
        text_str(out, "{\"type\":\"error\",\"error\":");
        text_failure(out, failure);
        text_str(out, "}");
        *failure = (struct failure){0};
    }
    text_free(&response);
    return failure->kind == FAILURE_NONE;
}

static bool run_requests(struct stream *stream, int version, struct access access, const json_t *requests,
                         struct text *out, struct failure *failure)
{
    size_t i;
    json_t *request;

    json_array_foreach(requests, i, request)
    {
        text_str(out, i ? "," : "");
        if (!add_result(stream, version, access, request, out, failure))
            return false;
    }
    return true;
}

bool pipeline_run(struct server *server, int version, struct access access, const struct text *body, struct text *out,
                  struct failure *failure)
{
    json_t *json = check_pipeline(body, failure);
    struct stream *stream = NULL;
    struct text results = {0};
    char baton[HRANA_BATON_SIZE];
    bool done;

    text_str(&results, "");
    if (json)
        stream = stream_acquire(server, json_string_value(json_object_get(json, "baton")), failure);
    done = stream && run_requests(stream, version, access, json_object_get(json, "requests"), &results, failure);
    if (done) {
        if (stream_release(server, stream, baton))
            text_printf(out, "{\"baton\":\"%s\",\"base_url\":null,\"results\":[", baton);
        else
            text_str(out, "{\"baton\":null,\"base_url\":null,\"results\":[");
        text_add(out, results.data, results.size);
        text_str(out, "]}");
    } else {
        stream_drop(server, stream);
    }
    text_free(&results);
    json_decref(json);
    return done;
}
