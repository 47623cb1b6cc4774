#include "engine/dialect.h"

/* ---- what all dialects have ---- */

static const struct vf_dialect_operator operators[] = {
    {.token = "OR", .level = VF_LEVEL_OR, .op = VF_X_OR},
    {.token = "AND", .level = VF_LEVEL_AND, .op = VF_X_AND},
    {.token = "<", .level = VF_LEVEL_COMPARE, .op = VF_X_LT},
    {.token = "<=", .level = VF_LEVEL_COMPARE, .op = VF_X_LE},
    {.token = ">", .level = VF_LEVEL_COMPARE, .op = VF_X_GT},
    {.token = ">=", .level = VF_LEVEL_COMPARE, .op = VF_X_GE},
    {.token = "&", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_I64},
    {.token = "|", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_I64},
    {.token = "<<", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_I64},
    {.token = ">>", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_I64},
    {.token = "+", .level = VF_LEVEL_ADD, .op = VF_X_ADD},
    {.token = "-", .level = VF_LEVEL_ADD, .op = VF_X_SUB},
    {.token = "*", .level = VF_LEVEL_MUL, .op = VF_X_MUL},
    {.token = "/", .level = VF_LEVEL_MUL, .op = VF_X_DIV},
    {.token = "%", .level = VF_LEVEL_MUL, .op = VF_X_MOD},
    {0},
};

static const struct vf_dialect_function functions[] = {
    {"lower", 1, 1, VF_X_LOWER, VF_READ_PLAIN, VF_K_TEXT},
    {"upper", 1, 1, VF_X_UPPER, VF_READ_PLAIN, VF_K_TEXT},
    {"length", 1, 1, VF_X_LENGTH, VF_READ_PLAIN, VF_K_I64},
    {"octet_length", 1, 1, VF_X_OCTETS, VF_READ_PLAIN, VF_K_I64},
    {"substr", 2, 3, VF_X_SUBSTR, VF_READ_PLAIN, VF_K_TEXT},
    {"substring", 2, 3, VF_X_SUBSTR, VF_READ_PLAIN, VF_K_TEXT},
    {"replace", 3, 3, VF_X_REPLACE, VF_READ_PLAIN, VF_K_TEXT},
    {"abs", 1, 1, VF_X_ABS, VF_READ_PLAIN, VF_K_UNTYPED},
    {"coalesce", 1, 200, VF_X_COALESCE, VF_READ_PLAIN, VF_K_UNTYPED},
    {"nullif", 2, 2, VF_X_NULLIF, VF_READ_PLAIN, VF_K_UNTYPED},
    {0},
};

/* CASE, CAST and TYPEOF are written by functions: theirs are for the documentation. */
static const struct vf_dialect_form forms[VF_X_COUNT] = {
    [VF_X_NOT] = {"NOT $1", true, NULL},
    [VF_X_IS_NULL] = {"$1 IS NULL", true, NULL},
    [VF_X_IS_TRUE] = {"$1 IS TRUE", true, NULL},
    [VF_X_IS_FALSE] = {"$1 IS FALSE", true, NULL},
    [VF_X_EQ] = {"$1 = $2", true, NULL},
    [VF_X_NE] = {"$1 <> $2", true, NULL},
    [VF_X_LT] = {"$1 < $2", true, NULL},
    [VF_X_LE] = {"$1 <= $2", true, NULL},
    [VF_X_GT] = {"$1 > $2", true, NULL},
    [VF_X_GE] = {"$1 >= $2", true, NULL},
    [VF_X_DISTINCT] = {"$1 IS DISTINCT FROM $2", true, NULL},
    [VF_X_NEG] = {"- $1", true, NULL},
    [VF_X_ADD] = {"$1 + $2", true, NULL},
    [VF_X_SUB] = {"$1 - $2", true, NULL},
    [VF_X_MUL] = {"$1 * $2", true, NULL},
    [VF_X_DIV] = {"$1 / $2", true, NULL},
    [VF_X_IDIV] = {"$1 / $2", true, NULL},
    [VF_X_MOD] = {"$1 % $2", true, NULL},
    [VF_X_CONCAT] = {"$1 || $2", true, NULL},
    [VF_X_LENGTH] = {"length($1)", false, NULL},
    [VF_X_TRIM] = {"trim($1, $2)", false, NULL},
    [VF_X_LTRIM] = {"ltrim($1, $2)", false, NULL},
    [VF_X_RTRIM] = {"rtrim($1, $2)", false, NULL},
    [VF_X_SUBSTR] = {"substr($*)", false, NULL},
    [VF_X_REPLACE] = {"replace($1, $2, $3)", false, NULL},
    [VF_X_ABS] = {"abs($1)", false, NULL},
    [VF_X_COALESCE] = {"coalesce($*)", false, NULL},
    [VF_X_NULLIF] = {"nullif($1, $2)", false, NULL},
    [VF_X_CASE] = {"CASE WHEN ... THEN ... ELSE ... END", false, NULL},
    [VF_X_CAST] = {"CAST($1 AS ...)", false, NULL},
    [VF_X_COUNT_ROWS] = {"count(*)", false, NULL},
    [VF_X_COUNT_OF] = {"count($1)", false, NULL},
    [VF_X_COUNT_DISTINCT] = {"count(DISTINCT $1)", false, NULL},
    [VF_X_SUM] = {"sum($1)", false, NULL},
    [VF_X_MIN] = {"min($1)", false, NULL},
    [VF_X_MAX] = {"max($1)", false, NULL},
    [VF_X_AVG] = {"avg($1)", false, NULL},
    [VF_X_EXISTS] = {"EXISTS (SELECT ...)", false, NULL},
    [VF_X_IN_QUERY] = {"$1 IN (SELECT ...)", true, NULL},
    [VF_X_SCALAR] = {"(SELECT ...)", false, NULL},
    [VF_X_TYPEOF] = {"CASE WHEN $1 IS NULL THEN 'null' ELSE ... END", false, NULL},
};

/* ---- both ---- */

#define END_OF(table) (&(table)[sizeof(table) / sizeof((table)[0]) - 1])

const struct vf_dialect_operator *vf_dialect_next_operator(const struct vf_dialect *dialect,
                                                           const struct vf_dialect_operator *row)
{
    row = row == NULL ? dialect->operators : row + 1;
    if (row->token == NULL && row != END_OF(operators))
        row = operators;
    return row->token != NULL ? row : NULL;
}

const struct vf_dialect_function *vf_dialect_next_function(const struct vf_dialect *dialect,
                                                           const struct vf_dialect_function *row)
{
    row = row == NULL ? dialect->functions : row + 1;
    if (row->name == NULL && row != END_OF(functions))
        row = functions;
    return row->name != NULL ? row : NULL;
}

const struct vf_dialect_form *vf_dialect_form(const struct vf_dialect *dialect, enum vf_expr_op op)
{
    const struct vf_dialect_form *own = &dialect->forms[op];

    return own->form != NULL || own->why != NULL ? own : &forms[op];
}
