#include "engine/sqlitesql/expression.h"

#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/conn.h"
#include "engine/sqlitesql/types.h"
#include "model/temporal.h"

#define MAX_DIGITS 15 /* of a decimal number that a double tells from all others of as many digits */

/* ---- reading ---- */

static const struct vf_dialect_operator operators[] = {
    {.token = "=", .level = VF_LEVEL_IS, .op = VF_X_EQ},
    {.token = "==", .level = VF_LEVEL_IS, .op = VF_X_EQ},
    {.token = "<>", .level = VF_LEVEL_IS, .op = VF_X_NE},
    {.token = "!=", .level = VF_LEVEL_IS, .op = VF_X_NE},
    {.token = "LIKE", .level = VF_LEVEL_IS, .op = VF_X_LIKE, .as = VF_READ_FOLDED},
    {.token = "GLOB", .level = VF_LEVEL_IS, .op = VF_X_LIKE, .as = VF_READ_GLOB},
    {.token = "||", .level = VF_LEVEL_TIGHT, .op = VF_X_CONCAT},
    {.token = "->", .level = VF_LEVEL_TIGHT, .op = VF_X_OWN, .result = VF_K_JSON},
    {.token = "->>", .level = VF_LEVEL_TIGHT, .op = VF_X_OWN, .result = VF_K_UNTYPED},
    {0},
};

static const struct vf_dialect_function functions[] = {
    {"trim", 1, 2, VF_X_TRIM, VF_READ_PLAIN, VF_K_TEXT},
    {"ltrim", 1, 2, VF_X_LTRIM, VF_READ_PLAIN, VF_K_TEXT},
    {"rtrim", 1, 2, VF_X_RTRIM, VF_READ_PLAIN, VF_K_TEXT},
    {"ifnull", 2, 2, VF_X_COALESCE, VF_READ_PLAIN, VF_K_UNTYPED},
    {"iif", 2, 3, VF_X_CASE, VF_READ_PLAIN, VF_K_UNTYPED},
    {"if", 2, 3, VF_X_CASE, VF_READ_PLAIN, VF_K_UNTYPED},
    {"max", 2, 200, VF_X_MAX_OF, VF_READ_PLAIN, VF_K_UNTYPED},
    {"min", 2, 200, VF_X_MIN_OF, VF_READ_PLAIN, VF_K_UNTYPED},
    {"typeof", 1, 1, VF_X_TYPEOF, VF_READ_PLAIN, VF_K_TEXT},
    {"json_valid", 1, 1, VF_X_JSON_VALID, VF_READ_PLAIN, VF_K_BOOL},
    {"char", 1, 200, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"date", 1, 9, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"datetime", 1, 9, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"format", 1, 200, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"hex", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"instr", 2, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_I64},
    {"json", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_JSON},
    {"json_array", 0, 200, VF_X_OWN, VF_READ_PLAIN, VF_K_JSON},
    {"json_array_length", 1, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_I64},
    {"json_extract", 2, 200, VF_X_OWN, VF_READ_PLAIN, VF_K_UNTYPED},
    {"json_object", 0, 200, VF_X_OWN, VF_READ_PLAIN, VF_K_JSON},
    {"json_type", 1, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"julianday", 1, 9, VF_X_OWN, VF_READ_PLAIN, VF_K_F64},
    {"printf", 1, 200, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"quote", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"random", 0, 0, VF_X_OWN, VF_READ_ONLY_IN_DEFAULT, VF_K_I64},
    {"randomblob", 1, 1, VF_X_OWN, VF_READ_ONLY_IN_DEFAULT, VF_K_BLOB},
    {"round", 1, 2, VF_X_OWN, VF_READ_PLAIN, VF_K_F64},
    {"strftime", 2, 9, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"time", 1, 9, VF_X_OWN, VF_READ_PLAIN, VF_K_TEXT},
    {"unicode", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_I64},
    {"unixepoch", 1, 9, VF_X_OWN, VF_READ_PLAIN, VF_K_I64},
    {"zeroblob", 1, 1, VF_X_OWN, VF_READ_PLAIN, VF_K_BLOB},
    {0},
};

static enum vf_kind kind_of(const char *type, bool *is_cut)
{
    *is_cut = false;
    switch (vf_sqlite_affinity_of(type)) {
    case VF_SQLITE_INTEGER:
        return VF_K_I64;
    case VF_SQLITE_TEXT:
        return VF_K_TEXT;
    case VF_SQLITE_REAL:
        return VF_K_F64;
    case VF_SQLITE_NUMERIC:
        return VF_K_DECIMAL;
    case VF_SQLITE_BLOB:
    default:
        return VF_K_BLOB;
    }
}

static const char *collation_rule(const struct vf_expr_scope *scope, const char *collation, enum vf_rule_for what)
{
    (void)scope;
    if (what == VF_FOR_CASE || collation == NULL || vf_strcasecmp(collation, "BINARY") == 0)
        return NULL;
    return vf_strcasecmp(collation, "NOCASE") == 0  ? "nocase"
           : vf_strcasecmp(collation, "RTRIM") == 0 ? "rtrim"
                                                    : collation;
}

/* Affinity: a number beside a column of texts is a text. */
static bool read_literal(enum vf_kind kind, enum vf_form form, enum vf_kind from, const char *text, struct vf_buf *out)
{
    bool is_real = kind == VF_K_F32 || kind == VF_K_F64 || kind == VF_K_DECIMAL;

    if (kind == VF_K_TEXT && vf_kind_is_whole(from)) {
        vf_buf_str(out, text);
        return true;
    }
    if (is_real && from == VF_K_TEXT && strcmp(text, "NaN") == 0) {
        vf_buf_str(out, text);
        return true;
    }
    if (kind == VF_K_BOOL && (vf_kind_is_whole(from) || from == VF_K_TEXT) &&
        (strcmp(text, "0") == 0 || strcmp(text, "1") == 0)) {
        vf_buf_str(out, text[0] == '1' ? "true" : "false");
        return true;
    }
    if (kind == VF_K_BOOL && from == VF_K_TEXT)
        return false; /* 'true' is no number */
    if (vf_kind_is_whole(kind) && from == VF_K_BOOL) {
        vf_buf_str(out, text[0] == 't' ? "1" : "0");
        return true;
    }
    if (form == VF_FORM_ISO && from == VF_K_TEXT) { /* texts are compared, whatever they mean */
        vf_buf_str(out, text);
        return true;
    }
    return vf_expr_neutral_literal(kind, form, from, text, out);
}

static unsigned abilities(const struct vf_column *column)
{
    enum vf_kind kind = column->type.kind;
    enum vf_form form = column->form;
    bool is_plain = form == VF_FORM_NATIVE || form == VF_FORM_INTEGER;
    bool is_real_stored = vf_sqlite_affinity_of(column->native) == VF_SQLITE_REAL;

    if (form >= VF_FORM_EPOCH_S && form <= VF_FORM_EPOCH_US)
        return VF_CAN_EQUAL | VF_CAN_ORDER;
    /* 5 / 2 goes by what is stored, and only in a column of REAL it is surely 5.0. */
    if (vf_kind_is_number(kind) && kind != VF_K_DECIMAL && is_plain && vf_kind_is_whole(kind) == is_real_stored)
        return VF_CAN_EQUAL | VF_CAN_ORDER;
    if (kind == VF_K_BOOL || (vf_kind_is_number(kind) && kind != VF_K_DECIMAL))
        return is_plain ? VF_CAN_ALL : 0;
    if (kind == VF_K_DECIMAL)
        return form == VF_FORM_NATIVE ? VF_CAN_EQUAL | VF_CAN_ORDER : 0;
    if (kind == VF_K_TEXT)
        return form == VF_FORM_NATIVE || form == VF_FORM_TEXT ? VF_CAN_ALL : 0;
    if (kind == VF_K_ENUM)
        return form == VF_FORM_NATIVE || form == VF_FORM_TEXT ? VF_CAN_EQUAL | VF_CAN_COMPUTE : 0;
    if (kind == VF_K_UUID)
        return form == VF_FORM_TEXT ? VF_CAN_ALL : 0;
    return kind == VF_K_BLOB && form == VF_FORM_NATIVE ? VF_CAN_ALL : 0;
}

static bool has_affinity(const struct vf_column *column)
{
    return vf_sqlite_affinity_of(column->native) != VF_SQLITE_BLOB;
}

/* ---- numbers that are texts ---- */

static bool is_real(enum vf_kind kind)
{
    return kind == VF_K_F32 || kind == VF_K_F64;
}

static bool is_cast_to_real(const struct vf_expr *expr, const struct vf_expr *of)
{
    return vf_expr_equal(expr, of) ||
           (vf_expr_is_call(expr, VF_X_CAST) && expr->is == VF_K_F64 && vf_expr_equal(expr->args[0], of));
}

/* Is NaN, which is more than all numbers, among what satisfies the comparison with the column on this side? */
static bool takes_nan(enum vf_expr_op op, bool column_is_left)
{
    if (op == VF_X_NE)
        return true;
    return column_is_left ? op == VF_X_GT || op == VF_X_GE : op == VF_X_LT || op == VF_X_LE;
}

/* c = 'NaN' OR CAST(c AS REAL) > 5: c > 5. */
static const struct vf_expr *read_pair(struct vf_arena *arena, enum vf_expr_op op, const struct vf_expr *a,
                                       const struct vf_expr *b)
{
    bool is_guard = vf_expr_is_call(a, op == VF_X_OR ? VF_X_EQ : VF_X_NE) && a->args[0]->kind == VF_EXPR_COLUMN &&
                    vf_expr_is_literal(a->args[1], "NaN");
    bool is_order = b->kind == VF_EXPR_CALL && b->op >= VF_X_EQ && b->op <= VF_X_GE;

    if (!is_guard || !is_order)
        return NULL;
    const struct vf_expr *column = a->args[0];
    bool is_left = is_cast_to_real(b->args[0], column);
    const struct vf_expr *literal = b->args[is_left];
    bool is_other = (is_left || is_cast_to_real(b->args[1], column)) && literal->kind == VF_EXPR_LITERAL &&
                    takes_nan(b->op, is_left) == (op == VF_X_OR) && strchr(literal->text, 'e') == NULL;
    if (!is_other && !(is_real(column->is) && is_left))
        return NULL;
    literal = vf_expr_literal(arena, column->is == VF_K_DECIMAL ? VF_K_DECIMAL : VF_K_F64, literal->text,
                              strlen(literal->text));
    struct vf_expr *copy = vf_arena_alloc(arena, 1, sizeof(*copy));
    if (copy == NULL)
        return NULL;
    *copy = *column;
    copy->has_nan = is_real(column->is);
    return vf_expr_call2(arena, b->op, VF_K_BOOL, is_left ? copy : literal, is_left ? literal : copy);
}

static size_t n_digits(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += *text >= '0' && *text <= '9';
    return n;
}

/* A comparison of a column of such numbers: true if it was written or refused. */
static bool write_number_text(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    bool is_left = expr->args[0]->kind == VF_EXPR_COLUMN;
    const struct vf_expr *column = expr->args[!is_left], *literal = expr->args[is_left];

    if (column->kind != VF_EXPR_COLUMN)
        return false;
    const struct vf_column *of = vf_expr_column_of(writer, column);
    bool is_decimal = of->type.kind == VF_K_DECIMAL && of->form == VF_FORM_TEXT;
    if (!is_decimal && !column->has_nan)
        return false;
    if (expr->op > VF_X_GE || literal->kind != VF_EXPR_LITERAL ||
        (is_decimal && (column->digits == 0 || column->digits > MAX_DIGITS || n_digits(literal->text) > MAX_DIGITS))) {
        vf_expr_refuse(writer, is_decimal
                                   ? "decimals are texts in SQLite: they are compared with literals only, and up to 15 "
                                     "digits that the type says"
                                   : "NaN and -0.0 are texts in SQLite: such numbers are compared with literals only");
        return true;
    }
    bool nan = takes_nan(expr->op, is_left);
    vf_expr_write_part(writer, column);
    vf_buf_str(writer->out, nan ? " = 'NaN' OR " : " <> 'NaN' AND ");
    vf_buf_str(writer->out, is_left ? "CAST(" : literal->text);
    if (is_left) {
        vf_expr_write_part(writer, column);
        vf_buf_str(writer->out, " AS REAL)");
        vf_expr_write_sign(writer, expr->op);
        vf_buf_str(writer->out, literal->text);
    } else {
        vf_expr_write_sign(writer, expr->op);
        vf_buf_str(writer->out, "CAST(");
        vf_expr_write_part(writer, column);
        vf_buf_str(writer->out, " AS REAL)");
    }
    return true;
}

/* ---- writing ---- */

static const struct vf_dialect_form forms[VF_X_COUNT] = {
    [VF_X_DISTINCT] = {"$1 IS NOT $2", true, NULL},
    [VF_X_LIKE] = {"$1 GLOB $2", true, NULL}, /* the pattern is translated */
    [VF_X_LOWER] = {"lower($1)", false, NULL},
    [VF_X_UPPER] = {"upper($1)", false, NULL},
    [VF_X_OCTETS] = {"length(CAST($1 AS BLOB))", false, NULL},
    [VF_X_GREATEST] = {"coalesce(max($1, $2), $1, $2)", false, NULL},
    [VF_X_LEAST] = {"coalesce(min($1, $2), $1, $2)", false, NULL},
    [VF_X_MAX_OF] = {"max($*)", false, NULL},
    [VF_X_MIN_OF] = {"min($*)", false, NULL},
    [VF_X_JSON_VALID] = {"CASE WHEN $1 IS NOT NULL THEN json_valid($1) END", false, NULL},
    [VF_X_TYPEOF] = {"typeof($1)", false, NULL},
};

static const char *const cast_names[VF_KIND_COUNT + 1] = {
    [VF_K_I8] = "INTEGER", [VF_K_I16] = "INTEGER",     [VF_K_I32] = "INTEGER", [VF_K_I64] = "INTEGER",
    [VF_K_F64] = "REAL",   [VF_K_DECIMAL] = "NUMERIC", [VF_K_TEXT] = "TEXT",   [VF_K_BLOB] = "BLOB",
};

static bool write_moment(enum vf_kind kind, enum vf_form form, const char *text, struct vf_buf *out)
{
    int64_t units = form == VF_FORM_EPOCH_S ? 1 : form == VF_FORM_EPOCH_MS ? 1000 : 1000000;
    int64_t micros, value;

    if (form < VF_FORM_EPOCH_S || form > VF_FORM_EPOCH_US ||
        !vf_timestamp_parse(text, strlen(text), kind == VF_K_TIMESTAMPTZ, &micros) ||
        !vf_timestamp_to_epoch(micros, units, &value))
        return false;
    vf_buf_printf(out, "%lld", (long long)value);
    return true;
}

/* A decimal is read as a double here: one that has more digits than tell that from others is another number. */
static bool is_double(enum vf_kind kind, enum vf_form form, const char *text)
{
    size_t size = strlen(text);
    char digits[32];
    double value;

    if (kind != VF_K_DECIMAL || form != VF_FORM_NATIVE)
        return true;
    if (!vf_parse_f64(text, size, &value))
        return false;
    while (strchr(text, '.') != NULL && text[size - 1] == '0')
        size--;
    size -= text[size - 1] == '.';
    return vf_format_f64(value, digits) == size && memcmp(digits, text, size) == 0;
}

static bool write_literal(enum vf_kind kind, enum vf_form form, const char *text, struct vf_buf *out)
{
    bool is_number = vf_kind_is_number(kind) && strcmp(text, "NaN") != 0;

    if (form >= VF_FORM_EPOCH_S && form <= VF_FORM_EPOCH_US)
        return write_moment(kind, form, text, out);
    if (kind == VF_K_BOOL) {
        vf_buf_char(out, text[0] == 't' ? '1' : '0');
        return true;
    }
    if (is_number && !is_double(kind, form, text))
        return false;
    if (is_number) {
        vf_buf_str(out, text);
        /* 1 / 2 is 0 with whole numbers. */
        vf_buf_str(out, is_real(kind) && strpbrk(text, ".en") == NULL ? ".0" : "");
        return strpbrk(text, "n") == NULL;
    }
    if (kind == VF_K_BLOB) {
        vf_buf_printf(out, "x'%s'", text + 2);
        return true;
    }
    if (kind == VF_K_INTERVAL || kind >= VF_K_ARRAY)
        return false;
    vf_sqlite_quote_text(out, text, strlen(text));
    return true;
}

static bool is_folded(const char *text)
{
    return strpbrk(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == NULL;
}

static void write_glob(struct vf_buf *out, const char *pattern)
{
    struct vf_buf text;

    vf_buf_init(&text, VF_BUF_MAX);
    for (const char *at = pattern; *at != '\0'; at++) {
        bool is_plain = *at == '\\' && at[1] != '\0';
        at += is_plain;
        if (!is_plain && (*at == '%' || *at == '_')) {
            vf_buf_char(&text, *at == '%' ? '*' : '?');
        } else if (*at == '*' || *at == '?' || *at == '[') {
            vf_buf_char(&text, '[');
            vf_buf_char(&text, *at);
            vf_buf_char(&text, ']');
        } else {
            vf_buf_char(&text, *at);
        }
    }
    if (vf_buf_check(&text, NULL) == VF_OK)
        vf_sqlite_quote_text(out, text.data != NULL ? text.data : "", text.size_bytes);
    else
        vf_buf_reserve(out, SIZE_MAX); /* the same failure */
    vf_buf_release(&text);
}

/* LIKE folds A to Z here, so that by case is GLOB. */
static void write_like(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    const struct vf_expr *text = expr->args[0];
    const char *pattern = expr->args[1]->text;

    if (vf_expr_is_call(text, VF_X_LOWER) && text->rule == NULL && is_folded(pattern)) {
        vf_expr_write_part(writer, text->args[0]);
        vf_buf_str(writer->out, " LIKE ");
        vf_sqlite_quote_text(writer->out, pattern, strlen(pattern));
        if (strchr(pattern, '\\') != NULL)
            vf_buf_str(writer->out, " ESCAPE '\\'");
        return;
    }
    vf_expr_write_part(writer, text);
    vf_buf_str(writer->out, " GLOB ");
    write_glob(writer->out, pattern);
}

static const char *collation_for(const struct vf_expr_scope *scope, const char *rule, const char *own,
                                 enum vf_rule_for what)
{
    (void)scope, (void)what;
    if (rule != NULL)
        return rule + strlen("sqlite:");
    return own != NULL && vf_strcasecmp(own, "BINARY") != 0 ? "BINARY" : NULL;
}

static bool may_be_nan(const struct vf_expr *expr)
{
    for (size_t i = 0; i < expr->n_args; i++) {
        if (expr->args[i]->kind == VF_EXPR_COLUMN && expr->args[i]->has_nan)
            return true;
    }
    return false;
}

static bool write_call(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    bool compares = expr->op >= VF_X_EQ && expr->op <= VF_X_IN;

    if (compares && expr->rule == NULL && write_number_text(writer, expr))
        return true;
    if (may_be_nan(expr) && expr->op != VF_X_IS_NULL && expr->op != VF_X_COUNT_OF && expr->op != VF_X_TYPEOF)
        vf_expr_refuse(writer, "NaN and -0.0 are texts in SQLite: such numbers are compared with literals only");
    else if (expr->op == VF_X_CAST && expr->is == VF_K_DECIMAL && expr->rule == NULL)
        vf_expr_refuse(writer, "SQLite has no decimal numbers to compute with");
    else if (expr->is == VF_K_DECIMAL && expr->op >= VF_X_NEG && expr->op <= VF_X_MUL)
        vf_expr_refuse(writer, "SQLite has no decimal numbers to compute with");
    else if ((expr->op == VF_X_GREATEST || expr->op == VF_X_LEAST) && expr->n_args != 2)
        vf_expr_refuse(writer, "SQLite's max() is NULL if one of its arguments is: of two that is mended, not of more");
    else if (expr->op == VF_X_LIKE && expr->rule == NULL)
        write_like(writer, expr);
    else if (expr->op == VF_X_OCTETS && expr->args[0]->is == VF_K_BLOB)
        vf_expr_write_form(writer, "length($1)", expr);
    else
        return writer->is_refused;
    return true;
}

const struct vf_dialect vf_sqlite_dialect = {
    .name = "sqlite",
    .folds_names = true,
    .quotes_with_brackets = true,
    .has_blob_texts = true,
    .reads_conditions_as_numbers = true,
    .point_is_floating = true,
    .zero_divisor_is_null = true,
    .json_null_version = 3044000,
    .like_level = VF_LEVEL_IS,
    .operators = operators,
    .offset_wants_limit = true,
    .functions = functions,
    .kind_of = kind_of,
    .collation_rule = collation_rule,
    .read_literal = read_literal,
    .abilities = abilities,
    .has_affinity = has_affinity,
    .read_pair = read_pair,
    .forms = forms,
    .quote = vf_sqlite_quote,
    .collation_for = collation_for,
    .write_literal = write_literal,
    .cast_names = cast_names,
    .write_call = write_call,
};
