#include "hrana/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hrana/number.h"

#define MAX_DEPTH 2100 /* more than jansson's */

#define BAD(failure, ...) fail_json((failure), __VA_ARGS__)

static bool fail_json(struct failure *failure, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool fail_json(struct failure *failure, const char *fmt, ...)
{
    char detail[900];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(detail, sizeof(detail), fmt, args);
    va_end(args);
    return fail(failure, FAILURE_PROTOCOL, "", "Cannot deserialize client message from JSON: %s", detail);
}

/* ---- strings that must not be escaped ---- */

struct frame {
    bool is_integer;
    size_t escaped_value; /* where it is; 0: none */
};

struct scan {
    const char *json;
    size_t size;
    size_t at;
    const char *key; /* of the value that comes next; borrowed, not terminated */
    size_t key_size;
    struct frame frames[MAX_DEPTH];
    size_t depth;
};

static bool key_is(const struct scan *scan, const char *name)
{
    return scan->key && scan->key_size == strlen(name) && memcmp(scan->key, name, scan->key_size) == 0;
}

/* A key or a value; false: it is one that must not be escaped, and is. */
static bool scan_string(struct scan *scan)
{
    struct frame *frame = &scan->frames[scan->depth];
    size_t from = scan->at + 1, to = from, after;
    bool escaped = false;

    for (; scan->json[to] != '"'; to++) {
        escaped = escaped || scan->json[to] == '\\';
        to += scan->json[to] == '\\';
    }
    after = to + 1 + text_span(scan->json + to + 1, " \t\r\n");
    scan->at = to;
    if (scan->json[after] == ':') {
        scan->key = scan->json + from;
        scan->key_size = to - from;
        return true;
    }
    if (key_is(scan, "type") && to - from == 7 && memcmp(scan->json + from, "integer", 7) == 0)
        frame->is_integer = true;
    if (key_is(scan, "value") && escaped)
        frame->escaped_value = from;
    if (key_is(scan, "base64") && escaped)
        return false;
    scan->key = NULL;
    return true;
}

/* `json` is valid. The place of an escaped integer or base64, or 0. */
static size_t find_escaped(const char *json, size_t size)
{
    struct scan *scan = hrana_alloc(sizeof(*scan));
    size_t found = 0;

    scan->json = json;
    scan->size = size;
    for (; scan->at < size && !found; scan->at++) {
        char c = json[scan->at];
        struct frame *frame = &scan->frames[scan->depth];

        if (c == '"' && !scan_string(scan))
            found = scan->at;
        else if (c == '{' && scan->depth + 1 < MAX_DEPTH)
            scan->frames[++scan->depth] = (struct frame){0};
        else if (c == '}' && frame->is_integer && frame->escaped_value)
            found = frame->escaped_value;
        else if (c == '}' && scan->depth > 0)
            scan->depth--;
    }
    free(scan);
    return found;
}

static json_t *load(const struct text *body, struct failure *failure)
{
    struct text reread = {0};
    json_error_t error;
    json_t *json;

    text_reread_numbers(body, &reread);
    json = json_loadb(reread.data, reread.size, JSON_ALLOW_NUL, &error);
    if (!json)
        (void)BAD(failure, "%s at line %d column %d", error.text, error.line, error.column);
    text_free(&reread);
    return json;
}

static json_t *parse(const struct text *body, struct failure *failure)
{
    json_t *json = NULL;
    size_t found;

    if (body->size == 0)
        (void)BAD(failure, "EOF while parsing a value at line 1 column 0");
    else
        json = load(body, failure);
    found = json ? find_escaped(body->data, body->size) : 0;
    if (found) {
        (void)BAD(failure, "invalid type: string, expected a borrowed string at line 1 column %zu", found);
        json_decref(json);
        json = NULL;
    }
    return json;
}

/* ---- fields ---- */

enum field_type {
    FIELD_STRING,
    FIELD_INTEGER,
    FIELD_ARRAY,
    FIELD_OBJECT,
    FIELD_BOOLEAN,
};

static bool has_type(const json_t *value, enum field_type type)
{
    switch (type) {
    case FIELD_STRING:
        return json_is_string(value);
    case FIELD_INTEGER:
        return json_is_integer(value);
    case FIELD_ARRAY:
        return json_is_array(value);
    case FIELD_OBJECT:
        return json_is_object(value);
    case FIELD_BOOLEAN:
        return json_is_boolean(value);
    }
    return false;
}

static bool check_field(const json_t *object, const char *name, enum field_type type, bool required,
                        struct failure *failure)
{
    static const char *const names[] = {"a string", "i32", "a sequence", "a map", "a boolean"};
    const json_t *value = json_object_get(object, name);

    if (!json_is_object(object))
        return BAD(failure, "invalid type, expected a map");
    if (!value && required)
        return BAD(failure, "missing field `%s`", name);
    if (!value || (!required && json_is_null(value)) || has_type(value, type))
        return true;
    return BAD(failure, "invalid type for `%s`, expected %s", name, names[type]);
}

/* The tag of an object is one of these. */
static bool check_tag(const json_t *object, const char *const *known, struct failure *failure)
{
    const char *type;

    if (!check_field(object, "type", FIELD_STRING, true, failure))
        return false;
    type = json_string_value(json_object_get(object, "type"));
    for (const char *const *name = known; *name; name++) {
        if (strcmp(*name, type) == 0)
            return true;
    }
    return BAD(failure, "unknown variant `%s`, expected one of `%s`, `%s`, ...", type, known[0], known[1]);
}

static bool check_integer(const json_t *held, struct failure *failure)
{
    const char *text = json_string_value(held);
    char *end;

    if (!text)
        return BAD(failure, "invalid type: integer `%lld`, expected a borrowed string",
                   (long long)json_integer_value(held));
    errno = 0;
    (void)strtoll(text, &end, 10);
    if (errno || *end || end == text || *text == ' ')
        return BAD(failure, "invalid value: string \"%s\", expected decimal integer as a string", text);
    return true;
}

static bool check_blob(const json_t *value, struct failure *failure)
{
    const json_t *encoded = json_object_get(value, "base64");
    unsigned char *bytes;
    size_t size;

    if (!check_field(value, "base64", FIELD_STRING, true, failure))
        return false;
    bytes = base64_decode(json_string_value(encoded), json_string_length(encoded), false, &size);
    free(bytes);
    return bytes || BAD(failure, "invalid value: string, expected base64-encoded binary string");
}

static bool check_value(const json_t *value, struct failure *failure)
{
    static const char *const types[] = {"null", "integer", "float", "text", "blob", NULL};
    const json_t *held = json_object_get(value, "value");
    const char *type;

    if (!check_tag(value, types, failure))
        return false;
    type = json_string_value(json_object_get(value, "type"));
    if (strcmp(type, "null") == 0)
        return true;
    if (strcmp(type, "blob") == 0)
        return check_blob(value, failure);
    if (!held)
        return BAD(failure, "missing field `value`");
    if (strcmp(type, "integer") == 0)
        return check_integer(held, failure);
    if (strcmp(type, "float") == 0)
        return json_is_number(held) || BAD(failure, "invalid type for `value`, expected f64");
    return check_field(value, "value", FIELD_STRING, true, failure);
}

/* ---- statements, batches, requests ---- */

static bool check_sql(const json_t *stmt, struct failure *failure)
{
    return check_field(stmt, "sql", FIELD_STRING, false, failure) &&
           check_field(stmt, "sql_id", FIELD_INTEGER, false, failure);
}

static bool check_stmt(const json_t *stmt, struct failure *failure)
{
    size_t i;
    json_t *arg;

    if (!check_sql(stmt, failure) || !check_field(stmt, "args", FIELD_ARRAY, false, failure) ||
        !check_field(stmt, "named_args", FIELD_ARRAY, false, failure) ||
        !check_field(stmt, "want_rows", FIELD_BOOLEAN, false, failure))
        return false;
    json_array_foreach(json_object_get(stmt, "args"), i, arg)
    {
        if (!check_value(arg, failure))
            return false;
    }
    json_array_foreach(json_object_get(stmt, "named_args"), i, arg)
    {
        if (!check_field(arg, "name", FIELD_STRING, true, failure) ||
            !check_field(arg, "value", FIELD_OBJECT, true, failure) ||
            !check_value(json_object_get(arg, "value"), failure))
            return false;
    }
    return true;
}

static bool check_condition(const json_t *condition, struct failure *failure)
{
    static const char *const types[] = {"ok", "error", "not", "and", "or", "is_autocommit", NULL};
    const char *type;
    size_t i;
    json_t *part;

    if (!check_tag(condition, types, failure))
        return false;
    type = json_string_value(json_object_get(condition, "type"));
    if (strcmp(type, "ok") == 0 || strcmp(type, "error") == 0)
        return check_field(condition, "step", FIELD_INTEGER, true, failure);
    if (strcmp(type, "not") == 0)
        return check_field(condition, "cond", FIELD_OBJECT, true, failure) &&
               check_condition(json_object_get(condition, "cond"), failure);
    if (strcmp(type, "is_autocommit") == 0)
        return true;
    if (!check_field(condition, "conds", FIELD_ARRAY, true, failure))
        return false;
    json_array_foreach(json_object_get(condition, "conds"), i, part)
    {
        if (!check_condition(part, failure))
            return false;
    }
    return true;
}

static bool check_batch(const json_t *batch, struct failure *failure)
{
    size_t i;
    json_t *step;

    if (!check_field(batch, "steps", FIELD_ARRAY, true, failure))
        return false;
    json_array_foreach(json_object_get(batch, "steps"), i, step)
    {
        const json_t *condition = json_object_get(step, "condition");

        if (!check_field(step, "stmt", FIELD_OBJECT, true, failure) ||
            !check_stmt(json_object_get(step, "stmt"), failure))
            return false;
        if (condition && !json_is_null(condition) && !check_condition(condition, failure))
            return false;
    }
    return true;
}

static bool check_request(const json_t *request, struct failure *failure)
{
    static const char *const types[] = {"close",     "execute",   "batch",          "sequence", "describe",
                                        "store_sql", "close_sql", "get_autocommit", NULL};
    const char *type;

    if (!check_tag(request, types, failure))
        return false;
    type = json_string_value(json_object_get(request, "type"));
    if (strcmp(type, "execute") == 0)
        return check_field(request, "stmt", FIELD_OBJECT, true, failure) &&
               check_stmt(json_object_get(request, "stmt"), failure);
    if (strcmp(type, "batch") == 0)
        return check_field(request, "batch", FIELD_OBJECT, true, failure) &&
               check_batch(json_object_get(request, "batch"), failure);
    if (strcmp(type, "store_sql") == 0)
        return check_field(request, "sql_id", FIELD_INTEGER, true, failure) &&
               check_field(request, "sql", FIELD_STRING, true, failure);
    if (strcmp(type, "close_sql") == 0)
        return check_field(request, "sql_id", FIELD_INTEGER, true, failure);
    return check_sql(request, failure);
}

static bool check_requests(const json_t *body, struct failure *failure)
{
    size_t i;
    json_t *request;

    if (!check_field(body, "baton", FIELD_STRING, false, failure) ||
        !check_field(body, "requests", FIELD_ARRAY, true, failure))
        return false;
    json_array_foreach(json_object_get(body, "requests"), i, request)
    {
        if (!check_request(request, failure))
            return false;
    }
    return true;
}

static json_t *only_if(json_t *json, bool right)
{
    if (right)
        return json;
    json_decref(json);
    return NULL;
}

json_t *check_pipeline(const struct text *body, struct failure *failure)
{
    json_t *json = parse(body, failure);

    return json ? only_if(json, check_requests(json, failure)) : NULL;
}

json_t *check_cursor(const struct text *body, struct failure *failure)
{
    json_t *json = parse(body, failure);

    return json ? only_if(json, check_field(json, "baton", FIELD_STRING, false, failure) &&
                                    check_field(json, "batch", FIELD_OBJECT, true, failure) &&
                                    check_batch(json_object_get(json, "batch"), failure))
                : NULL;
}
