#include "engine/duckdb/expression.h"

#include <string.h>

#include "base/text.h"
#include "engine/duckdb/conn.h"
#include "engine/duckdb/types.h"

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz"

/* ---- reading ---- */

static const struct vf_dialect_operator operators[] = {
    {.token = "=", .level = VF_LEVEL_COMPARE, .op = VF_X_EQ},
    {.token = "<>", .level = VF_LEVEL_COMPARE, .op = VF_X_NE},
    {.token = "!=", .level = VF_LEVEL_COMPARE, .op = VF_X_NE},
    {.token = "LIKE", .level = VF_LEVEL_LIKE, .op = VF_X_LIKE, .as = VF_READ_ESCAPE},
    {.token = "~~", .level = VF_LEVEL_OTHER, .op = VF_X_LIKE, .as = VF_READ_ESCAPE},
    {.token = "!~~", .level = VF_LEVEL_OTHER, .op = VF_X_LIKE, .as = VF_READ_NEGATED},
    {.token = "~~~", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_BOOL},
    {.token = "~~*", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_BOOL},
    {.token = "!~~*", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_BOOL},
    {.token = "||", .level = VF_LEVEL_OTHER, .op = VF_X_CONCAT},
    {.token = "->", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_JSON},
    {.token = "->>", .level = VF_LEVEL_OTHER, .op = VF_X_OWN, .result = VF_K_TEXT},
    {.token = "//", .level = VF_LEVEL_MUL, .op = VF_X_IDIV},
    {.token = "**", .level = VF_LEVEL_TIGHT, .op = VF_X_OWN, .result = VF_K_F64},
    {0},
};

static const struct vf_dialect_function functions[] = {
    {"like_escape", 3, 3, VF_X_LIKE, VF_READ_ESCAPE, VF_K_BOOL},
    {"not_like_escape", 3, 3, VF_X_LIKE, VF_READ_NEGATED, VF_K_BOOL},
    {"strlen", 1, 1, VF_X_OCTETS, VF_READ_PLAIN, VF_K_I64},
    {"trim", 2, 2, VF_X_TRIM, VF_READ_PLAIN, VF_K_TEXT},
    {"ltrim", 2, 2, VF_X_LTRIM, VF_READ_PLAIN, VF_K_TEXT},
    {"rtrim", 2, 2, VF_X_RTRIM, VF_READ_PLAIN, VF_K_TEXT},
    {"left", 2, 2, VF_X_SUBSTR, VF_READ_LEFT, VF_K_TEXT},
    {"greatest", 1, 200, VF_X_GREATEST, VF_READ_PLAIN, VF_K_UNTYPED},
    {"least", 1, 200, VF_X_LEAST, VF_READ_PLAIN, VF_K_UNTYPED},
    {"json_valid", 1, 1, VF_X_JSON_VALID, VF_READ_PLAIN, VF_K_BOOL},
    {"now", 0, 0, VF_X_NOW, VF_READ_PLAIN, VF_K_TIMESTAMPTZ},
    {"current_timestamp", 0, 0, VF_X_NOW, VF_READ_PLAIN, VF_K_TIMESTAMPTZ},
    {"get_current_timestamp", 0, 0, VF_X_NOW, VF_READ_PLAIN, VF_K_TIMESTAMPTZ},
    {"current_date", 0, 0, VF_X_TODAY, VF_READ_PLAIN, VF_K_DATE},
    {"today", 0, 0, VF_X_TODAY, VF_READ_PLAIN, VF_K_DATE},
    {"uuid", 0, 0, VF_X_UUID, VF_READ_PLAIN, VF_K_UUID},
    {"gen_random_uuid", 0, 0, VF_X_UUID, VF_READ_PLAIN, VF_K_UUID},
    {"random", 0, 0, VF_X_OWN, VF_READ_ONLY_IN_DEFAULT, VF_K_F64},
    {"ceil", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_UNTYPED},
    {"contains", 2, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_BOOL},
    {"date_part", 2, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_I64},
    {"date_trunc", 2, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_TIMESTAMP},
    {"floor", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_UNTYPED},
    {"len", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_I64},
    {"md5", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"month", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_I64},
    {"prefix", 2, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_BOOL},
    {"regexp_full_match", 2, 3, VF_X_OWN, VF_READ_PLAIN, VF_K_BOOL},
    {"regexp_matches", 2, 3, VF_X_OWN, VF_READ_PLAIN, VF_K_BOOL},
    {"regexp_replace", 3, 4, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"reverse", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"right", 2, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"round", 1, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_UNTYPED},
    {"sign", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_I64},
    {"starts_with", 2, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_BOOL},
    {"suffix", 2, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_BOOL},
    {"translate", 3, 3, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"trim", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"year", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_I64},
    {0},
};

static enum vf_kind kind_of(const char *type, bool *is_cut)
{
    struct vf_duckdb_meaning meaning = vf_duckdb_type_of(type);

    *is_cut = strchr(type, '(') != NULL;
    bool is_known = !meaning.is_cast && meaning.form == VF_FORM_NATIVE && meaning.type.kind != VF_K_VECTOR &&
                    meaning.type.kind != VF_K_ARRAY && meaning.type.kind != VF_K_ENUM;
    return is_known ? meaning.type.kind : VF_K_UNTYPED;
}

static const char *collation_rule(const struct vf_expr_scope *scope, const char *collation, enum vf_rule_for what)
{
    (void)scope;
    static const char *const plain[] = {"binary", "c", "posix"};
    bool is_binary = collation == NULL;

    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]) && !is_binary; i++)
        is_binary = vf_strcasecmp(collation, plain[i]) == 0;

    if (what == VF_FOR_CASE || is_binary)
        return NULL;
    return vf_strcasecmp(collation, "nocase") == 0 ? "unicode_nocase" : collation; /* not of A to Z alone */
}

static const char *collation_for(const struct vf_expr_scope *scope, const char *rule, const char *own,
                                 enum vf_rule_for what)
{
    (void)what;
    if (rule == NULL)
        return collation_rule(scope, own, VF_FOR_EQUALITY) != NULL ? "C" : NULL;
    rule += strlen("duckdb:");
    return strcmp(rule, "unicode_nocase") == 0 ? "NOCASE" : rule;
}

/* A blob's text has \xAA for the bytes that aren't plain. */
static bool read_blob(const char *text, struct vf_buf *out)
{
    vf_buf_str(out, "\\x");
    for (const char *c = text; *c != '\0'; c++) {
        if (c[0] == '\\' && c[1] == 'x' && strspn(c + 2, "0123456789abcdefABCDEF") >= 2) {
            for (int i = 2; i < 4; i++)
                vf_buf_char(out, c[i] >= 'A' && c[i] <= 'F' ? (char)(c[i] - 'A' + 'a') : c[i]);
            c += 3;
        } else if (*c == '\\' || (unsigned char)*c >= 0x80) {
            return false;
        } else {
            vf_buf_hex(out, c, 1);
        }
    }
    return true;
}

static bool read_literal(enum vf_kind kind, enum vf_form form, enum vf_kind from, const char *text, struct vf_buf *out)
{
    if (kind == VF_K_BLOB && from == VF_K_TEXT)
        return read_blob(text, out);
    return vf_expr_neutral_literal(kind, form, from, text, out);
}

static unsigned abilities(const struct vf_column *column)
{
    enum vf_kind kind = column->type.kind;

    if (kind == VF_K_ENUM)
        return VF_CAN_EQUAL | VF_CAN_COMPUTE;
    if (column->form != VF_FORM_NATIVE && !(kind == VF_K_TEXT && column->form == VF_FORM_TEXT))
        return 0;
    return kind <= VF_K_UUID || (kind >= VF_K_DATE && kind <= VF_K_TIMESTAMPTZ) ? VF_CAN_ALL : 0;
}

/* translate(x, 'A-Z', 'a-z') is how lower() of A to Z alone is said here. */
static const struct vf_expr *read_call(struct vf_arena *arena, const char *name, const struct vf_expr *const *args,
                                       size_t n_args)
{
    if (strcmp(name, "translate") != 0 || n_args != 3 || !vf_kind_is_text(args[0]->is))
        return NULL;
    bool lowers = vf_expr_is_literal(args[1], UPPER) && vf_expr_is_literal(args[2], LOWER);
    bool uppers = vf_expr_is_literal(args[1], LOWER) && vf_expr_is_literal(args[2], UPPER);
    return lowers || uppers ? vf_expr_call1(arena, lowers ? VF_X_LOWER : VF_X_UPPER, VF_K_TEXT, args[0]) : NULL;
}

/* ---- writing ---- */

static const struct vf_dialect_form forms[VF_X_COUNT] = {
    [VF_X_IDIV] = {"$1 // $2", true, NULL},
    [VF_X_LIKE] = {"$1 LIKE $2 ESCAPE '\\'", true, NULL},
    [VF_X_LOWER] = {"translate($1, '" UPPER "', '" LOWER "')", false, NULL},
    [VF_X_UPPER] = {"translate($1, '" LOWER "', '" UPPER "')", false, NULL},
    [VF_X_OCTETS] = {"strlen($1)", false, NULL},
    [VF_X_GREATEST] = {"greatest($*)", false, NULL},
    [VF_X_LEAST] = {"least($*)", false, NULL},
    [VF_X_MAX_OF] = {"CASE WHEN ... IS NOT NULL AND ... THEN greatest($*) END", false, NULL},
    [VF_X_MIN_OF] = {"CASE WHEN ... IS NOT NULL AND ... THEN least($*) END", false, NULL},
    [VF_X_JSON_VALID] = {"json_valid($1)", false, NULL},
    [VF_X_NOW] = {"now()", false, NULL},
    [VF_X_TODAY] = {"current_date", false, NULL},
    [VF_X_TIME] = {"CAST(now() AS TIME)", false, NULL},
    [VF_X_UUID] = {"uuid()", false, NULL},
};

static const char *const cast_names[VF_KIND_COUNT + 1] = {[VF_K_BOOL] = "BOOLEAN",
                                                          [VF_K_I8] = "TINYINT",
                                                          [VF_K_I16] = "SMALLINT",
                                                          [VF_K_I32] = "INTEGER",
                                                          [VF_K_I64] = "BIGINT",
                                                          [VF_K_F32] = "FLOAT",
                                                          [VF_K_F64] = "DOUBLE",
                                                          [VF_K_TEXT] = "VARCHAR",
                                                          [VF_K_BLOB] = "BLOB",
                                                          [VF_K_UUID] = "UUID",
                                                          [VF_K_DATE] = "DATE",
                                                          [VF_K_TIME] = "TIME",
                                                          [VF_K_TIMESTAMP] = "TIMESTAMP",
                                                          [VF_K_TIMESTAMPTZ] = "TIMESTAMP WITH TIME ZONE",
                                                          [VF_K_JSON] = "JSON"};

static void write_blob(const char *text, struct vf_buf *out)
{
    vf_buf_str(out, "CAST('");
    for (const char *at = text + 2; at[0] != '\0' && at[1] != '\0'; at += 2) {
        vf_buf_str(out, "\\x");
        for (int i = 0; i < 2; i++)
            vf_buf_char(out, at[i] >= 'a' && at[i] <= 'f' ? (char)(at[i] - 'a' + 'A') : at[i]);
    }
    vf_buf_str(out, "' AS BLOB)");
}

static bool write_literal(enum vf_kind kind, enum vf_form form, const char *text, struct vf_buf *out)
{
    bool is_written;

    if (vf_expr_write_typed(kind, form, text, out, &is_written))
        return is_written;
    if (kind == VF_K_BLOB) {
        write_blob(text, out);
        return true;
    }
    if (vf_kind_is_text(kind)) {
        vf_duckdb_quote_text(out, text, strlen(text));
        return true;
    }
    if (cast_names[kind] == NULL)
        return false;
    vf_buf_str(out, "CAST(");
    vf_duckdb_quote_text(out, text, strlen(text));
    vf_buf_str(out, " AS ");
    vf_buf_str(out, cast_names[kind]);
    vf_buf_char(out, ')');
    return true;
}

/* ---- calls ---- */

static bool write_call(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    bool folds = expr->op == VF_X_LOWER || expr->op == VF_X_UPPER;
    bool is_own = folds && expr->rule != NULL && strcmp(expr->rule, "duckdb:case") == 0;

    if (expr->op == VF_X_TYPEOF)
        vf_expr_write_typeof(writer, expr);
    else if (expr->op == VF_X_MOD && expr->args[1]->kind != VF_EXPR_LITERAL &&
             writer->scope->from != &vf_duckdb_dialect) {
        writer->remark = "the least whole number % -1 is an error in DuckDB";
        return false;
    } else if (expr->op == VF_X_MAX_OF || expr->op == VF_X_MIN_OF)
        vf_expr_write_guarded(writer, expr, expr->op == VF_X_MAX_OF ? "greatest" : "least");
    else if (is_own)
        vf_expr_write_form(writer, expr->op == VF_X_LOWER ? "lower($1)" : "upper($1)", expr);
    else if (expr->op == VF_X_OCTETS && expr->args[0]->is == VF_K_BLOB)
        vf_expr_write_form(writer, "octet_length($1)", expr);
    else
        return writer->is_refused;
    return true;
}

const struct vf_dialect vf_duckdb_dialect = {
    .name = "duckdb",
    .folds_names = true,
    .slash_is_floating = true,
    .literals_are_single = true,
    .chains_collations = true,
    .passes_collations = true,
    .zero_divisor_is_null = true,
    .zero_divisor_is_infinite = true,
    .has_nan = true,
    .overflow_is_error = true,
    .like_level = VF_LEVEL_LIKE,
    .fold_rule = "case",
    .operators = operators,
    .functions = functions,
    .kind_of = kind_of,
    .collation_rule = collation_rule,
    .read_literal = read_literal,
    .abilities = abilities,
    .read_call = read_call,
    .forms = forms,
    .quote = vf_duckdb_quote,
    .collation_for = collation_for,
    .write_literal = write_literal,
    .cast_names = cast_names,
    .write_call = write_call,
};
