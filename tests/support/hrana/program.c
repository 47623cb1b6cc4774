#include "hrana/program.h"

#include <stdlib.h>
#include <string.h>

#include "hrana/run.h"

static const char *stored_sql(struct conn *conn, int64_t id, struct failure *failure)
{
    for (int i = 0; i < HRANA_MAX_STORED; i++) {
        if (conn->stored[i].sql && conn->stored[i].id == id)
            return conn->stored[i].sql;
    }
    (void)fail(failure, FAILURE_PROTOCOL, "", "SQL text %lld not found", (long long)id);
    return NULL;
}

const char *program_sql(struct conn *conn, const json_t *stmt, struct failure *failure)
{
    const json_t *sql = json_object_get(stmt, "sql"), *id = json_object_get(stmt, "sql_id");

    if (json_is_string(sql) && json_is_integer(id))
        (void)fail(failure, FAILURE_PROTOCOL, "", "Either `sql` or `sql_id` are required, but not both");
    else if (json_is_integer(id))
        return stored_sql(conn, json_integer_value(id), failure);
    else if (!json_is_string(sql))
        (void)fail(failure, FAILURE_PROTOCOL, "", "Either `sql` or `sql_id` are required");
    else
        return json_string_value(sql);
    return NULL;
}

static bool may_run(struct access access, const struct sql_piece *piece, struct failure *failure)
{
    if (access.may_write || piece->kind != SQL_WRITE)
        return true;
    return fail_http(failure, 403,
                     "Authorization forbidden: Current session doesn't not have Write permission to namespace default");
}

/* The one statement of a text. */
static bool read_statement(struct step *step, struct conn *conn, const json_t *stmt, struct failure *failure)
{
    const char *sql = program_sql(conn, stmt, failure), *at = sql;
    struct sql_piece second;

    step->stmt = stmt;
    if (!sql)
        return false;
    if (!sql_next(&at, &step->piece))
        return fail(failure, FAILURE_STATEMENT, "SQL_NO_STATEMENT", "SQL string does not contain any statement");
    if (!run_check(conn->server, &step->piece, failure))
        return false;
    if (sql_next(&at, &second))
        return fail(failure, FAILURE_STATEMENT, "SQL_MANY_STATEMENTS", "SQL string contains more than one statement");
    if (json_array_size(json_object_get(stmt, "args")) > 0 && json_array_size(json_object_get(stmt, "named_args")) > 0)
        return fail(failure, FAILURE_STATEMENT, "ARGS_BOTH_POSITIONAL_AND_NAMED",
                    "Specifying both positional and named arguments is not supported");
    return true;
}

bool program_of_statement(struct program *program, struct conn *conn, struct access access, const json_t *stmt,
                          struct failure *failure)
{
    *program = (struct program){.steps = hrana_alloc(sizeof(struct step)), .n_steps = 1};
    return read_statement(program->steps, conn, stmt, failure) && may_run(access, &program->steps[0].piece, failure);
}

/* A condition may only look at steps before its own. */
static bool check_steps(const json_t *condition, size_t own, struct failure *failure)
{
    const json_t *step = json_object_get(condition, "step"), *part = json_object_get(condition, "cond");
    size_t i;
    json_t *each;

    if (step && (json_integer_value(step) < 0 || (size_t)json_integer_value(step) >= own))
        return fail(failure, FAILURE_PROTOCOL, "", "Invalid reference to step in a batch condition");
    if (part)
        return check_steps(part, own, failure);
    json_array_foreach(json_object_get(condition, "conds"), i, each)
    {
        if (!check_steps(each, own, failure))
            return false;
    }
    return true;
}

bool program_of_batch(struct program *program, struct conn *conn, struct access access, const json_t *batch,
                      struct failure *failure)
{
    const json_t *steps = json_object_get(batch, "steps");
    size_t i;
    json_t *step;

    *program = (struct program){.n_steps = json_array_size(steps)};
    program->steps = hrana_alloc(program->n_steps * sizeof(struct step));
    json_array_foreach(steps, i, step)
    {
        const json_t *condition = json_object_get(step, "condition");

        program->steps[i].condition = json_is_object(condition) ? condition : NULL;
        if (!read_statement(&program->steps[i], conn, json_object_get(step, "stmt"), failure) ||
            !check_steps(program->steps[i].condition, i, failure))
            return false;
    }
    for (i = 0; i < program->n_steps; i++) {
        if (!may_run(access, &program->steps[i].piece, failure))
            return false;
    }
    return true;
}

bool program_of_sequence(struct program *program, struct conn *conn, struct access access, const char *sql,
                         struct failure *failure)
{
    struct sql_piece piece;
    const char *at = sql;

    *program = (struct program){0};
    while (sql_next(&at, &piece))
        program->n_steps++;
    program->steps = hrana_alloc(program->n_steps * sizeof(struct step));
    at = sql;
    for (size_t i = 0; sql_next(&at, &piece); i++) {
        program->steps[i].piece = piece;
        if (!run_check(conn->server, &piece, failure) || !may_run(access, &piece, failure))
            return false;
    }
    return true;
}

void program_free(struct program *program)
{
    free(program->steps);
    *program = (struct program){0};
}

bool program_may_go_on(struct program *program, struct conn *conn, struct failure *failure)
{
    program->was_stolen = conn_was_stolen(conn) || program->was_stolen;
    return !program->was_stolen || fail(failure, FAILURE_STATEMENT, "TRANSACTION_TIMEOUT", "Transaction timed out");
}

static bool holds(const struct program *program, struct conn *conn, const json_t *condition)
{
    const char *type = json_string_value(json_object_get(condition, "type"));
    const json_t *parts = json_object_get(condition, "conds");
    size_t step = (size_t)json_integer_value(json_object_get(condition, "step")), i;
    json_t *part;

    if (strcmp(type, "ok") == 0)
        return program->steps[step].was_ok;
    if (strcmp(type, "error") == 0)
        return !program->steps[step].was_ok;
    if (strcmp(type, "not") == 0)
        return !holds(program, conn, json_object_get(condition, "cond"));
    if (strcmp(type, "is_autocommit") == 0)
        return conn->server->library.get_autocommit(conn->db);
    json_array_foreach(parts, i, part)
    {
        if (holds(program, conn, part) != (strcmp(type, "and") == 0))
            return strcmp(type, "or") == 0;
    }
    return strcmp(type, "and") == 0;
}

bool program_step_is_wanted(const struct program *program, struct conn *conn, size_t i)
{
    return !program->steps[i].condition || holds(program, conn, program->steps[i].condition);
}
