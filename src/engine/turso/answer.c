#include "engine/turso/answer.h"

#include <string.h>

#include "base/alloc.h"

static bool take_baton(struct vf_hrana *db, struct vf_json *json)
{
    struct vf_json_text text;
    if (db->has_newer_baton)
        return vf_json_skip(json);
    vf_buf_clear(&db->baton);
    return vf_json_string_or_null(json, &text) && (text.start == NULL || vf_json_unescape(text, &db->baton));
}

static bool take_base_url(struct vf_hrana *db, struct vf_json *json)
{
    struct vf_json_text text;
    struct vf_buf url;
    struct vf_error why = {0};
    if (!vf_json_string_or_null(json, &text))
        return false;
    if (text.start == NULL || text.size_bytes == 0)
        return true;
    vf_buf_init(&url, 4096);
    bool fine = vf_json_unescape(text, &url) && url.status == VF_OK;
    if (fine && vf_http_move(db->http, url.data, &why) != VF_OK) {
        vf_buf_release(&url);
        return vf_hrana_fail(db, &why, true);
    }
    vf_buf_release(&url);
    return fine;
}

static struct vf_hrana_result *result_at(struct vf_hrana *db, size_t step)
{
    if (step >= db->cap_results) {
        size_t wanted = step * 2 + 8;
        struct vf_hrana_result *grown = vf_realloc(db->results, wanted, sizeof(*grown));
        if (grown == NULL)
            return NULL;
        db->results = grown;
        db->cap_results = wanted;
    }
    while (db->n_results <= step)
        db->results[db->n_results++] = (struct vf_hrana_result){0};
    return &db->results[step];
}

/* "step_results" or "step_errors". */
static bool take_steps(struct vf_hrana *db, struct vf_json *json, bool are_errors)
{
    bool first = true;
    if (!vf_json_take(json, '['))
        return false;
    for (size_t i = 0; vf_json_next_element(json, &first); i++) {
        struct vf_hrana_result *result = result_at(db, i);
        if (result == NULL)
            return false;
        bool is_object = vf_json_is(json, '{');
        const char *start = json->at;
        if (!vf_json_skip(json))
            return false;
        struct vf_json value = {is_object ? start : NULL, json->at};
        if (are_errors)
            result->error = value;
        else
            result->value = value;
    }
    return json->at != NULL;
}

static bool take_batch(struct vf_hrana *db, struct vf_json *json)
{
    struct vf_json_text name;
    bool first = true;
    if (!vf_json_take(json, '{'))
        return false;
    while (vf_json_next_member(json, &first, &name)) {
        bool are_errors = vf_json_text_is(name, "step_errors");
        bool fine = are_errors || vf_json_text_is(name, "step_results") ? take_steps(db, json, are_errors)
                    : vf_json_text_is(name, "result")                   ? take_batch(db, json)
                                                                        : vf_json_skip(json);
        if (!fine)
            return false;
    }
    return json->at != NULL;
}

/* One of the answer's results: {"type":"ok","response":{"type":"batch","result":{...}}} or {"type":"error","error":{...}}. */
static bool take_result(struct vf_hrana *db, struct vf_json *json, struct vf_json *error)
{
    struct vf_json_text name;
    bool first = true;
    if (!vf_json_take(json, '{'))
        return false;
    while (vf_json_next_member(json, &first, &name)) {
        if (vf_json_text_is(name, "error"))
            *error = *json;
        bool fine = vf_json_text_is(name, "response") ? take_batch(db, json) : vf_json_skip(json);
        if (!fine)
            return false;
    }
    return json->at != NULL;
}

static bool take_results(struct vf_hrana *db, struct vf_json *json, struct vf_json *error)
{
    bool first = true;
    if (!vf_json_take(json, '['))
        return false;
    for (size_t i = 0; vf_json_next_element(json, &first); i++) {
        /* The second is that of "close". */
        if (i == 0 ? !take_result(db, json, error) : !vf_json_skip(json))
            return false;
    }
    return json->at != NULL;
}

/* A statement that had a transaction of its own went well if that began and was committed. */
static void take_bracket(struct vf_hrana *db, const struct vf_hrana_result *begin)
{
    const struct vf_hrana_result *commit = db->n_results > db->n_steps ? &db->results[db->n_steps] : NULL;
    if (begin->error.at != NULL)
        db->results[0] = *begin;
    else if (commit != NULL && commit->error.at != NULL)
        db->results[0] = *commit;
}

/* The guard failed, as it must; else there was no transaction any more. What was deferred went well. */
static bool take_own_results(struct vf_hrana *db)
{
    size_t n_own = vf_hrana_n_own_steps(db);
    if (db->n_results < n_own)
        return vf_hrana_fail_protocol(db, "results are missing");
    struct vf_json failed = {0};
    for (size_t i = n_own - db->n_before; i < n_own && failed.at == NULL; i++)
        failed = db->results[i].error;
    bool was_open = db->results[0].value.at == NULL && db->results[0].error.at != NULL;
    const struct vf_hrana_result own = db->results[0];
    memmove(db->results, db->results + n_own, (db->n_results - n_own) * sizeof(*db->results));
    db->n_results -= n_own;
    if (db->is_bracketed)
        take_bracket(db, &own);
    if (db->is_guarded && !was_open)
        return vf_hrana_fail_lost(db, "it was started anew, or another client ended the transaction");
    if (failed.at != NULL)
        vf_hrana_take_error(db, failed);
    return failed.at == NULL;
}

bool vf_hrana_take_answer(struct vf_hrana *db, bool keep)
{
    struct vf_json json = vf_json_over(db->answer.body.data, db->answer.body.size_bytes);
    struct vf_json error = {0};
    struct vf_json_text name;
    bool first = true;
    db->n_results = 0;
    if (!db->has_newer_baton)
        vf_buf_clear(&db->baton);
    bool fine = db->answer.body.data != NULL && vf_json_take(&json, '{');
    while (fine && vf_json_next_member(&json, &first, &name)) {
        fine = vf_json_text_is(name, "baton")      ? take_baton(db, &json)
               : vf_json_text_is(name, "base_url") ? take_base_url(db, &json)
               : vf_json_text_is(name, "results")  ? take_results(db, &json, &error)
                                                   : vf_json_skip(&json);
    }
    if (!fine || json.at == NULL)
        return db->code == VF_HRANA_FAILED ? false : vf_hrana_fail_protocol(db, "it is no JSON of a pipeline");
    if (!keep)
        vf_buf_clear(&db->baton);
    if (error.at != NULL) {
        vf_hrana_take_error(db, error);
        return false;
    }
    if (vf_hrana_n_own_steps(db) > 0 && !take_own_results(db))
        return false;
    if (db->n_results < db->n_steps)
        return vf_hrana_fail_protocol(db, "results are missing");
    if (keep && db->has_streams && db->baton.size_bytes == 0)
        return vf_hrana_fail_lost(db, "the server gave no baton");
    return true;
}

bool vf_hrana_take_ping(struct vf_hrana *db, const struct vf_http_answer *answer)
{
    struct vf_json json = vf_json_over(answer->body.data, answer->body.size_bytes);
    struct vf_json_text name;
    bool first = true;
    if (answer->body.data == NULL || !vf_json_take(&json, '{'))
        return false;
    while (vf_json_next_member(&json, &first, &name)) {
        if (!(vf_json_text_is(name, "baton") ? take_baton(db, &json) : vf_json_skip(&json)))
            return false;
    }
    return json.at != NULL && db->baton.size_bytes > 0 && strstr(answer->body.data, "\"type\":\"error\"") == NULL;
}

bool vf_hrana_peek_baton(struct vf_hrana *db, const struct vf_buf *body)
{
    struct vf_json json = vf_json_over(body->data, body->size_bytes);
    struct vf_json_text name, baton = {0};
    bool first = true, is_there = false;
    if (body->data == NULL || !vf_json_take(&json, '{'))
        return false;
    while (!is_there && vf_json_next_member(&json, &first, &name)) {
        is_there = vf_json_text_is(name, "baton");
        if (!(is_there ? vf_json_string_or_null(&json, &baton) : vf_json_skip(&json)))
            return false;
    }
    if (!is_there)
        return false;
    vf_buf_clear(&db->baton);
    return baton.start == NULL || vf_json_unescape(baton, &db->baton);
}

bool vf_hrana_take_cursor_head(struct vf_hrana *db, struct vf_json line)
{
    struct vf_json_text name;
    bool first = true;
    if (!db->has_newer_baton)
        vf_buf_clear(&db->baton);
    bool fine = vf_json_take(&line, '{');
    while (fine && vf_json_next_member(&line, &first, &name)) {
        fine = vf_json_text_is(name, "baton")      ? take_baton(db, &line)
               : vf_json_text_is(name, "base_url") ? take_base_url(db, &line)
                                                   : vf_json_skip(&line);
    }
    if (!fine || line.at == NULL)
        return vf_hrana_fail_protocol(db, "a cursor's first line");
    return true;
}

bool vf_hrana_take_lines(struct vf_hrana *db)
{
    const struct vf_buf *body = &db->answer.body;
    const char *end = body->data != NULL ? memchr(body->data, '\n', body->size_bytes) : NULL;
    if (end == NULL)
        return vf_hrana_fail_cut(db);
    return vf_hrana_take_cursor_head(db, vf_json_over(body->data, (size_t)(end - body->data)));
}

bool vf_hrana_went_well(struct vf_hrana *db, size_t step)
{
    struct vf_error why = {0};
    const struct vf_hrana_result *result = &db->results[step];
    if (result->error.at != NULL) {
        vf_hrana_take_error(db, result->error);
        return false;
    }
    if (result->value.at != NULL)
        return true;
    vf_error_set(&why, VF_ENGINE, "a statement was not run");
    return vf_hrana_fail(db, &why, false);
}
