#include "hrana/bind.h"

#include <stdlib.h>
#include <string.h>

#include "hrana/text.h"

static int bind_blob(struct conn *conn, sqlite3_stmt *stmt, int index, const json_t *value)
{
    const json_t *encoded = json_object_get(value, "base64");
    unsigned char *bytes;
    size_t size;

    bytes = base64_decode(json_string_value(encoded), json_string_length(encoded), false, &size);
    return bytes ? conn->server->library.bind_blob64(stmt, index, bytes, size, free) : SQLITE_MISUSE;
}

static int bind_value(struct conn *conn, sqlite3_stmt *stmt, int index, const json_t *value)
{
    const struct library *lib = &conn->server->library;
    const char *type = json_string_value(json_object_get(value, "type"));
    const json_t *held = json_object_get(value, "value");

    if (strcmp(type, "integer") == 0)
        return lib->bind_int64(stmt, index, strtoll(json_string_value(held), NULL, 10));
    if (strcmp(type, "float") == 0)
        return lib->bind_double(stmt, index, json_number_value(held));
    if (strcmp(type, "text") == 0)
        return lib->bind_text64(stmt, index, json_string_value(held), json_string_length(held), SQLITE_TRANSIENT,
                                SQLITE_UTF8);
    if (strcmp(type, "blob") == 0)
        return bind_blob(conn, stmt, index, value);
    return lib->bind_null(stmt, index);
}

static const json_t *find_named(const json_t *named, const char *name)
{
    size_t i;
    json_t *arg;

    json_array_foreach(named, i, arg)
    {
        if (strcmp(json_string_value(json_object_get(arg, "name")), name) == 0)
            return json_object_get(arg, "value");
    }
    return NULL;
}

static const json_t *find_value(const json_t *stmt, const char *name, int index)
{
    const json_t *args = json_object_get(stmt, "args");
    const json_t *named = json_object_get(stmt, "named_args");
    const json_t *value;

    if (!name)
        return json_array_get(args, (size_t)index - 1);
    if (name[0] == '?')
        return json_array_get(args, strtoul(name + 1, NULL, 10) - 1);
    value = find_named(named, name);
    return value ? value : find_named(named, name + 1);
}

bool bind_arguments(struct conn *conn, sqlite3_stmt *stmt, const json_t *proto, struct failure *failure)
{
    static const char mismatch[] = "Arguments do not match SQL parameters";
    const struct library *lib = &conn->server->library;
    size_t n_given =
        json_array_size(json_object_get(proto, "args")) + json_array_size(json_object_get(proto, "named_args"));
    int n = lib->bind_parameter_count(stmt);

    if ((size_t)n < n_given)
        return fail(failure, FAILURE_STATEMENT, "ARGS_INVALID", "%s: too many parameters, expected %d found %zu",
                    mismatch, n, n_given);
    for (int index = 1; index <= n; index++) {
        const char *name = lib->bind_parameter_name(stmt, index);
        const json_t *value = find_value(proto, name, index);
        char number[16];

        (void)snprintf(number, sizeof(number), "%d", index);
        if (!value && lib->stmt_isexplain(stmt))
            return true;
        if (!value)
            return fail(failure, FAILURE_STATEMENT, "ARGS_INVALID", "%s: value for parameter %s not found", mismatch,
                        name ? name : number);
        if (bind_value(conn, stmt, index, value) != SQLITE_OK)
            return fail(failure, FAILURE_STATEMENT, "ARGS_INVALID", "%s: %s", mismatch, lib->errmsg(conn->db));
    }
    return true;
}
