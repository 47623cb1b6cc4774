#include "engine/postgres/expression.h"

#include <string.h>

#include "base/text.h"
#include "engine/postgres/conn.h"
#include "engine/postgres/types.h"

/* ---- reading ---- */

static const struct vf_dialect_operator operators[] = {
    {.token = "=", .level = VF_LEVEL_COMPARE, .op = VF_X_EQ},
    {.token = "<>", .level = VF_LEVEL_COMPARE, .op = VF_X_NE},
    {.token = "!=", .level = VF_LEVEL_COMPARE, .op = VF_X_NE},
    {.token = "LIKE", .level = VF_LEVEL_LIKE, .op = VF_X_LIKE, .as = VF_READ_ESCAPE},
    {.token = "ILIKE", .level = VF_LEVEL_LIKE, .op = VF_X_OWN, .as = VF_READ_WORD, .result = VF_K_BOOL},
    {.token = "~~", .level = VF_LEVEL_OTHER, .op = VF_X_LIKE, .as = VF_READ_ESCAPE},
    {.token = "!~~", .level = VF_LEVEL_OTHER, .op = VF_X_LIKE, .as = VF_READ_NEGATED},
    {.token = "~~*", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_BOOL},
    {.token = "!~~*", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_BOOL},
    {.token = "~", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_BOOL},
    {.token = "!~", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_BOOL},
    {.token = "~*", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_BOOL},
    {.token = "!~*", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_BOOL},
    {.token = "||", .level = VF_LEVEL_OTHER, .op = VF_X_CONCAT},
    {.token = "->", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_JSON},
    {.token = "->>", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_TEXT},
    {.token = "@>", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_BOOL},
    {.token = "<@", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_BOOL},
    {.token = "&&", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_BOOL},
    {.token = "?", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_BOOL},
    {.token = "^@", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_BOOL},
    {.token = "#", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_I64},
    {.token = "^", .level = VF_LEVEL_TIGHT, .op = VF_X_OWN, .result = VF_K_F64},
    {0},
};

static const struct vf_dialect_function functions[] = {
    {"char_length", 1, 1, VF_X_LENGTH, VF_READ_PLAIN, VF_K_I64},
    {"character_length", 1, 1, VF_X_LENGTH, VF_READ_PLAIN, VF_K_I64},
    {"btrim", 1, 2, VF_X_TRIM, VF_READ_PLAIN, VF_K_TEXT},
    {"trim", 1, 2, VF_X_TRIM, VF_READ_PLAIN, VF_K_TEXT},
    {"ltrim", 1, 2, VF_X_LTRIM, VF_READ_PLAIN, VF_K_TEXT},
    {"rtrim", 1, 2, VF_X_RTRIM, VF_READ_PLAIN, VF_K_TEXT},
    {"left", 2, 2, VF_X_SUBSTR, VF_READ_LEFT, VF_K_TEXT},
    {"greatest", 1, 200, VF_X_GREATEST, VF_READ_PLAIN, VF_K_UNTYPED},
    {"least", 1, 200, VF_X_LEAST, VF_READ_PLAIN, VF_K_UNTYPED},
    {"now", 0, 0, VF_X_NOW, VF_READ_PLAIN, VF_K_TIMESTAMPTZ},
    {"transaction_timestamp", 0, 0, VF_X_NOW, VF_READ_PLAIN, VF_K_TIMESTAMPTZ},
    {"statement_timestamp", 0, 0, VF_X_NOW, VF_READ_PLAIN, VF_K_TIMESTAMPTZ},
    {"gen_random_uuid", 0, 0, VF_X_UUID, VF_READ_PLAIN, VF_K_UUID},
    {"random", 0, 0, VF_X_OWN, VF_READ_ONLY_IN_DEFAULT, VF_K_F64},
    {"array_length", 2, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_I64},
    {"cardinality", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_I64},
    {"ceil", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_UNTYPED},
    {"concat", 1, 200, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"date_part", 2, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_F64},
    {"date_trunc", 2, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_TIMESTAMP},
    {"floor", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_UNTYPED},
    {"json_array_length", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_I64},
    {"json_typeof", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"jsonb_array_length", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_I64},
    {"jsonb_typeof", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"lpad", 2, 3, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"md5", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"regexp_replace", 3, 4, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"reverse", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"right", 2, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"round", 1, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_UNTYPED},
    {"rpad", 2, 3, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"sign", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_UNTYPED},
    {"split_part", 3, 3, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"sqrt", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_F64},
    {"starts_with", 2, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_BOOL},
    {"strpos", 2, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_I64},
    {"trunc", 1, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_UNTYPED},
    {0},
};

/* Types of users are enums, as far as a literal goes: its text is the label. */
static enum vf_kind kind_of(const char *type, bool *is_cut)
{
    struct vf_pg_name name;

    if (!vf_pg_name_parse(type, &name) || name.is_array)
        return VF_K_UNTYPED;
    *is_cut = name.modifiers[0] != '\0';
    if (name.native == NULL)
        return VF_K_ENUM;
    bool is_known = name.native->kind != VF_K_OTHER && name.native->kind != VF_K_VECTOR &&
                    name.native->kind != VF_K_SPARSE && !name.native->is_extension;
    return is_known ? name.native->kind : VF_K_UNTYPED;
}

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* Collations that people make may hold different texts for equal; those that come with the server don't. */
static const char *collation_rule(const struct vf_expr_scope *scope, const char *collation, enum vf_rule_for what)
{
    static const char *const plain[] = {"C", "POSIX", "ucs_basic", NULL};
    static const char *const by_code_point[] = {"C.UTF-8", "C.utf8", "pg_c_utf8", "pg_unicode_fast", NULL};
    bool is_default = collation == NULL || strcmp(collation, "default") == 0;
    const char *name = is_default ? scope->collation : collation;

    if (name == NULL || is_one_of(name, plain) || (is_default && what == VF_FOR_EQUALITY))
        return NULL;
    if (what != VF_FOR_CASE && is_one_of(name, by_code_point))
        return NULL;
    bool is_made = strstr(name, "-x-icu") != NULL || strcmp(name, "unicode") == 0 || strpbrk(name, "_.") != NULL;
    if (what == VF_FOR_EQUALITY && is_made)
        return NULL;
    return is_default ? "default" : name;
}

static unsigned abilities(const struct vf_column *column)
{
    struct vf_pg_name name;
    bool is_known = vf_pg_name_parse(column->native, &name) && name.native != NULL && !name.is_array;
    enum vf_kind kind = is_known ? name.native->kind : VF_K_OTHER;

    if (column->form != VF_FORM_NATIVE && !(column->form == VF_FORM_TEXT && column->type.kind == VF_K_TEXT))
        return 0;
    if (column->type.kind == VF_K_ENUM)
        return VF_CAN_EQUAL | VF_CAN_COMPUTE;
    if (column->native[0] == '\0') /* what a query computes, of the type that its kind says */
        return vf_kind_is_whole(column->type.kind) || column->type.kind == VF_K_TEXT || column->type.kind == VF_K_BOOL
                   ? VF_CAN_ALL
                   : 0;
    if (!is_known || name.native->is_extension || strcmp(name.native->typname, "bpchar") == 0)
        return 0;
    bool alike = kind == column->type.kind || (vf_kind_is_whole(kind) && vf_kind_is_whole(column->type.kind));
    return alike && (kind <= VF_K_UUID || (kind >= VF_K_DATE && kind <= VF_K_TIMESTAMPTZ)) ? VF_CAN_ALL : 0;
}

/* ---- writing ---- */

static const struct vf_dialect_form forms[VF_X_COUNT] = {
    [VF_X_LIKE] = {"$1 LIKE $2", true, NULL},
    [VF_X_LOWER] = {"lower($1 COLLATE \"C\")", false, NULL},
    [VF_X_UPPER] = {"upper($1 COLLATE \"C\")", false, NULL},
    [VF_X_OCTETS] = {"octet_length($1)", false, NULL},
    [VF_X_TRIM] = {"btrim($1, $2)", false, NULL},
    [VF_X_COALESCE] = {"COALESCE($*)", false, NULL},
    [VF_X_NULLIF] = {"NULLIF($1, $2)", false, NULL},
    [VF_X_GREATEST] = {"GREATEST($*)", false, NULL},
    [VF_X_LEAST] = {"LEAST($*)", false, NULL},
    [VF_X_MAX_OF] = {"CASE WHEN ... IS NOT NULL AND ... THEN GREATEST($*) END", false, NULL},
    [VF_X_MIN_OF] = {"CASE WHEN ... IS NOT NULL AND ... THEN LEAST($*) END", false, NULL},
    [VF_X_JSON_VALID] = {"$1 IS JSON", true, NULL},
    [VF_X_NOW] = {"now()", false, NULL},
    [VF_X_TODAY] = {"CURRENT_DATE", false, NULL},
    [VF_X_TIME] = {"LOCALTIME", false, NULL},
    [VF_X_UUID] = {"gen_random_uuid()", false, NULL},
};

static const char *const cast_names[VF_KIND_COUNT + 1] = {
    [VF_K_BOOL] = "boolean",
    [VF_K_I16] = "smallint",
    [VF_K_I32] = "integer",
    [VF_K_I64] = "bigint",
    [VF_K_F32] = "real",
    [VF_K_F64] = "double precision",
    [VF_K_DECIMAL] = "numeric",
    [VF_K_TEXT] = "text",
    [VF_K_BLOB] = "bytea",
    [VF_K_UUID] = "uuid",
    [VF_K_DATE] = "date",
    [VF_K_TIME] = "time without time zone",
    [VF_K_TIMESTAMP] = "timestamp without time zone",
    [VF_K_TIMESTAMPTZ] = "timestamp with time zone",
    [VF_K_INTERVAL] = "interval",
    [VF_K_JSON] = "jsonb",
};

static bool write_literal(enum vf_kind kind, enum vf_form form, const char *text, struct vf_buf *out)
{
    bool is_written;

    if (vf_kind_is_whole(kind) && strcmp(text, "-9223372036854775808") == 0) {
        vf_buf_str(out, "'-9223372036854775808'::bigint"); /* its digits alone are a numeric */
        return true;
    }
    if (vf_expr_write_typed(kind, form, text, out, &is_written))
        return is_written;
    if (kind == VF_K_OTHER || kind >= VF_K_ARRAY)
        return false;
    vf_pg_quote_text(out, text, strlen(text));
    if (!vf_kind_is_text(kind)) {
        vf_buf_str(out, "::");
        vf_buf_str(out, cast_names[kind]);
    }
    return true;
}

/* ---- calls ---- */

static const char *collation_for(const struct vf_expr_scope *scope, const char *rule, const char *own,
                                 enum vf_rule_for what)
{
    bool is_own = own != NULL && strcmp(own, "default") != 0;

    if (rule == NULL)
        return what == VF_FOR_ORDER || (is_own && collation_rule(scope, own, what) != NULL) ? "C" : NULL;
    rule += strlen("postgres:");
    return strcmp(rule, "default") == 0 && !is_own ? NULL : rule;
}

/* Texts are folded by a collation, or by code points. */
static bool write_folded(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    const char *form = vf_dialect_form(writer->dialect, expr->op)->form;
    bool is_ours = expr->rule == NULL || vf_str_starts(expr->rule, "postgres:");

    if ((expr->op != VF_X_LOWER && expr->op != VF_X_UPPER) || !is_ours)
        return false;
    vf_buf_add(writer->out, form, strcspn(form, "(") + 1);
    vf_expr_write_part(writer, expr->args[0]);
    if (expr->rule == NULL)
        vf_buf_str(writer->out, " COLLATE \"C\"");
    else
        vf_expr_write_collation(writer->dialect, writer->scope, expr, expr->rule, VF_FOR_CASE, writer->out);
    vf_buf_char(writer->out, ')');
    return true;
}

static bool is_computable(const struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    for (size_t i = 0; i < expr->n_args; i++) {
        if (expr->args[i]->kind == VF_EXPR_COLUMN &&
            (abilities(vf_expr_column_of(writer, expr->args[i])) & VF_CAN_COMPUTE) == 0)
            return false;
    }
    return true;
}

static bool write_call(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    if (expr->op == VF_X_JSON_VALID && writer->scope->version != 0 && writer->scope->version < 160000)
        vf_expr_refuse(writer, "IS JSON needs PostgreSQL 16; that the column is of a JSON type says the same");
    else if (expr->op == VF_X_CAST && expr->args[0]->is == VF_K_BOOL && vf_kind_is_whole(expr->is))
        vf_expr_write_form(writer, "CAST($1 AS integer)", expr); /* the only one that there is */
    else if (expr->op == VF_X_TYPEOF)
        vf_expr_write_typeof(writer, expr);
    else if ((expr->op == VF_X_MAX_OF || expr->op == VF_X_MIN_OF) && is_computable(writer, expr))
        vf_expr_write_guarded(writer, expr, expr->op == VF_X_MAX_OF ? "GREATEST" : "LEAST");
    else if (expr->n_args > 0 && is_computable(writer, expr) && write_folded(writer, expr))
        return true;
    else
        return writer->is_refused;
    return true;
}

const struct vf_dialect vf_pg_dialect = {
    .name = "postgres",
    .has_escape_texts = true,
    .passes_collations = true,
    .has_nan = true,
    .overflow_is_error = true,
    .real_overflow_is_error = true,
    .like_level = VF_LEVEL_LIKE,
    .like_escape = '\\',
    .folds_by_collation = true,
    .operators = operators,
    .nulls_sort_high = true,
    .distinct_sorts_outputs = true,
    .functions = functions,
    .kind_of = kind_of,
    .collation_rule = collation_rule,
    .abilities = abilities,
    .forms = forms,
    .quote = vf_pg_quote,
    .collation_for = collation_for,
    .write_literal = write_literal,
    .cast_names = cast_names,
    .write_call = write_call,
};
