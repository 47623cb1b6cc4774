#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/expression_read.h"
#include "model/temporal.h"

/* ---- literals ---- */

static bool put(struct vf_buf *out, const char *text, size_t size_bytes)
{
    vf_buf_add(out, text, size_bytes);
    return true;
}

static bool whole_text(const char *text, struct vf_buf *out)
{
    int64_t value;
    char digits[32];

    if (!vf_parse_i64(text, strlen(text), &value))
        return false;
    return put(out, digits, (size_t)snprintf(digits, sizeof(digits), "%lld", (long long)value));
}

static bool real_text(const char *text, struct vf_buf *out)
{
    double value;
    char digits[32];

    if (!vf_is_decimal(text, strlen(text)) || !vf_parse_f64(text, strlen(text), &value))
        return false;
    return put(out, digits, vf_format_f64(value, digits));
}

static bool uuid_text(const char *text, struct vf_buf *out)
{
    if (strlen(text) != 36)
        return false;
    for (size_t i = 0; i < 36; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        char c = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] - 'A' + 'a') : text[i];
        if (is_dash ? c != '-' : strchr("0123456789abcdef", c) == NULL)
            return false;
        vf_buf_char(out, c);
    }
    return true;
}

static bool blob_text(const char *text, struct vf_buf *out)
{
    size_t size = strlen(text);

    if (size < 2 || size % 2 != 0 || text[0] != '\\' || text[1] != 'x' ||
        strspn(text + 2, "0123456789abcdefABCDEF") != size - 2)
        return false;
    for (size_t i = 0; i < size; i++)
        vf_buf_char(out, text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] - 'A' + 'a') : text[i]);
    return true;
}

static bool moment_text(enum vf_kind kind, const char *text, struct vf_buf *out)
{
    char written[VF_TEMPORAL_TEXT_BYTES];
    size_t size = strlen(text);
    bool with_zone = kind == VF_K_TIMESTAMPTZ;
    int32_t days;
    int64_t micros;

    if (kind == VF_K_DATE)
        return vf_date_parse(text, size, &days) && put(out, written, vf_date_format(days, written));
    if (kind == VF_K_TIME)
        return vf_time_parse(text, size, &micros) && put(out, written, vf_time_format(micros, written));
    return vf_timestamp_parse(text, size, with_zone, &micros) &&
           put(out, written, vf_timestamp_format(micros, with_zone, written));
}

/* A whole number in a column of epochs. */
static bool epoch_text(enum vf_kind kind, enum vf_form form, const char *text, struct vf_buf *out)
{
    char written[VF_TEMPORAL_TEXT_BYTES];
    int64_t units = form == VF_FORM_EPOCH_S ? 1 : form == VF_FORM_EPOCH_MS ? 1000 : 1000000;
    int64_t number, micros;

    if ((kind != VF_K_TIMESTAMP && kind != VF_K_TIMESTAMPTZ) || form < VF_FORM_EPOCH_S || form > VF_FORM_EPOCH_US ||
        !vf_parse_i64(text, strlen(text), &number) || !vf_timestamp_from_epoch(number, units, &micros))
        return false;
    return put(out, written, vf_timestamp_format(micros, kind == VF_K_TIMESTAMPTZ, written));
}

static bool bool_text(const char *text, struct vf_buf *out)
{
    bool is_true = vf_strcasecmp(text, "true") == 0 || vf_strcasecmp(text, "t") == 0;
    bool is_false = vf_strcasecmp(text, "false") == 0 || vf_strcasecmp(text, "f") == 0;

    vf_buf_str(out, is_true ? "true" : "false");
    return is_true || is_false;
}

bool vf_expr_neutral_literal(enum vf_kind kind, enum vf_form form, enum vf_kind from, const char *text,
                             struct vf_buf *out)
{
    bool from_text = vf_kind_is_text(from);

    if (form >= VF_FORM_EPOCH_S && form <= VF_FORM_EPOCH_US)
        return vf_kind_is_whole(from) && epoch_text(kind, form, text, out);
    if (vf_kind_is_whole(kind))
        return (from_text || vf_kind_is_whole(from)) && whole_text(text, out);
    if (kind == VF_K_F32 || kind == VF_K_F64)
        return (from_text || vf_kind_is_number(from)) && real_text(text, out);
    if (kind == VF_K_DECIMAL)
        return (from_text || vf_kind_is_number(from)) && vf_is_decimal(text, strlen(text)) &&
               strpbrk(text, "eE+") == NULL && put(out, text, strlen(text));
    if (from == kind || (vf_kind_is_text(kind) && from_text))
        return put(out, text, strlen(text));
    if (!from_text)
        return false;
    if (kind == VF_K_BOOL)
        return bool_text(text, out);
    if (kind == VF_K_UUID)
        return uuid_text(text, out);
    if (kind == VF_K_BLOB)
        return blob_text(text, out);
    if (kind == VF_K_JSON)
        return put(out, text, strlen(text));
    return kind >= VF_K_DATE && kind <= VF_K_TIMESTAMPTZ && moment_text(kind, text, out);
}

const struct vf_expr *vf_build_as(struct vf_expr_reader *reader, const struct vf_expr *expr, enum vf_kind kind,
                                  enum vf_form form)
{
    const struct vf_expr *made = NULL;
    struct vf_buf text;

    if (expr == NULL || expr->kind != VF_EXPR_LITERAL)
        return expr;
    vf_buf_init(&text, VF_BUF_MAX);
    bool is_one = reader->dialect->read_literal != NULL
                      ? reader->dialect->read_literal(kind, form, expr->is, expr->text, &text)
                      : vf_expr_neutral_literal(kind, form, expr->is, expr->text, &text);
    if (vf_buf_check(&text, NULL) != VF_OK)
        made = NULL;
    else if (is_one)
        made = vf_expr_literal(reader->arena, kind, text.data != NULL ? text.data : "", text.size_bytes);
    else
        (void)vf_expr_not_understood(reader, "'%.40s' isn't read as a value of kind %s", expr->text,
                                     vf_kind_name(kind));
    vf_buf_release(&text);
    return made;
}

const struct vf_expr *vf_build_single(struct vf_expr_reader *reader, const struct vf_expr *literal)
{
    const struct vf_expr *real = vf_build_as(reader, literal, VF_K_F64, VF_FORM_NATIVE);
    char digits[32];
    double value;

    if (real == NULL || !vf_parse_f64(real->text, strlen(real->text), &value) || fabs(value) > (double)FLT_MAX)
        return real;
    return vf_expr_literal(reader->arena, VF_K_F64, digits, vf_format_f64((double)(float)value, digits));
}

/* ---- columns ---- */

/* The digits of "numeric(10,2)"; 0: it doesn't say. */
static unsigned digits_of(const char *native)
{
    const char *open = strchr(native, '(');
    unsigned digits = 0;

    for (open = open != NULL ? open + 1 : ""; *open >= '0' && *open <= '9' && digits < 10000; open++)
        digits = digits * 10 + (unsigned)(*open - '0');
    return *open == ',' || *open == ')' ? digits : 0;
}

const struct vf_expr *vf_build_column(struct vf_expr_reader *reader, int column)
{
    const struct vf_column *of = &reader->scope->table->columns[column];

    if (reader->scope->is_default)
        return vf_expr_not_understood(reader, "a default has no columns");
    const struct vf_expr *made = vf_expr_column(reader->arena, column, of->type.kind, of->form);
    struct vf_expr *copy = made != NULL ? vf_arena_alloc(reader->arena, 1, sizeof(*copy)) : NULL;
    if (copy == NULL)
        return NULL;
    *copy = *made;
    if (of->type.kind == VF_K_DECIMAL)
        copy->digits = digits_of(of->native);
    copy->has_nan = reader->dialect->has_nan && (of->type.kind == VF_K_F32 || of->type.kind == VF_K_F64);
    return copy;
}

static unsigned abilities(const struct vf_expr_reader *reader, const struct vf_expr *expr)
{
    return expr->kind == VF_EXPR_COLUMN ? reader->dialect->abilities(&reader->scope->table->columns[expr->column])
                                        : VF_CAN_ALL;
}

bool vf_build_can_compute(struct vf_expr_reader *reader, const struct vf_expr *expr)
{
    if (expr == NULL)
        return false;
    if ((abilities(reader, expr) & VF_CAN_COMPUTE) != 0)
        return true;
    (void)vf_expr_not_understood(reader, "the values of column \"%s\" lie in a form that isn't computed with",
                                 reader->scope->table->columns[expr->column].name);
    return false;
}

const char *vf_build_own_rule(struct vf_expr_reader *reader, const char *word)
{
    return vf_arena_printf(reader->arena, "%s:%s", reader->dialect->name, word);
}

/* ---- kinds together ---- */

/* Kinds of one letter compare as they are. 0: none that compares across databases. */
static char class_of(enum vf_kind kind)
{
    static const char classes[VF_KIND_COUNT + 1] = {
        [VF_K_BOOL] = 'b', [VF_K_I8] = 'i',   [VF_K_I16] = 'i',       [VF_K_I32] = 'i',
        [VF_K_I64] = 'i',  [VF_K_F32] = 'f',  [VF_K_F64] = 'f',       [VF_K_DECIMAL] = 'd',
        [VF_K_TEXT] = 't', [VF_K_ENUM] = 't', [VF_K_BLOB] = 'x',      [VF_K_UUID] = 'u',
        [VF_K_DATE] = 'D', [VF_K_TIME] = 'T', [VF_K_TIMESTAMP] = 'S', [VF_K_TIMESTAMPTZ] = 'Z'};

    return classes[kind];
}

static bool is_literal(const struct vf_expr *expr)
{
    return expr->kind == VF_EXPR_LITERAL;
}

/* Are literals compared with it converted to its kind? Of SQLite's expressions, columns of most types and casts do that. */
static bool has_affinity(const struct vf_expr_reader *reader, const struct vf_expr *expr)
{
    const struct vf_expr *bare = vf_build_bare(expr);

    if (bare->kind == VF_EXPR_COLUMN)
        return reader->dialect->has_affinity(&reader->scope->table->columns[bare->column]);
    return vf_expr_is_call(bare, VF_X_CAST);
}

/* May a literal take the kind of what it stands beside, by affinity? */
static bool may_convert(const struct vf_expr_reader *reader, const struct vf_expr *literal,
                        const struct vf_expr *beside, enum vf_unite why)
{
    bool from_text = vf_kind_is_text(literal->is), to_text = vf_kind_is_text(beside->is);
    bool to_number = vf_kind_is_number(beside->is) || beside->is == VF_K_BOOL || beside->is == VF_K_BLOB;
    const struct vf_expr *bare = vf_build_bare(beside);

    if (to_number && bare->kind == VF_EXPR_COLUMN && bare->form == VF_FORM_TEXT)
        return false; /* what lies there are texts, and '1.50' isn't '1.5' */
    if (from_text ? to_text : beside->is == VF_K_BOOL)
        return true;
    if (why == VF_UNITE_TO_COMPUTE) /* '5' + 1 is 6 */
        return from_text && to_number;
    if (from_text ? to_number : to_text)
        return why == VF_UNITE_TO_COMPARE && beside->is != VF_K_BLOB && has_affinity(reader, beside);
    return bare->kind == VF_EXPR_COLUMN;
}

/* May a literal take the kind of what it stands beside? */
static bool may_take(const struct vf_expr_reader *reader, const struct vf_expr *literal, const struct vf_expr *beside,
                     enum vf_unite why)
{
    bool is_point = literal->is == VF_K_DECIMAL || literal->is == VF_K_F64;
    bool stays = why == VF_UNITE_TO_CHOOSE && reader->dialect->point_is_floating;

    if (!is_literal(literal) || is_literal(beside) || beside->is == VF_K_UNTYPED)
        return false;
    if (vf_kind_is_whole(beside->is) && is_point)
        return false; /* 1.5 beside whole numbers stays what it is */
    if (beside->is == VF_K_DECIMAL && literal->is == VF_K_F64 && !reader->dialect->point_is_floating)
        return false; /* the decimal is made a floating-point number, not the other way round */
    if (vf_kind_is_number(literal->is) && vf_kind_is_number(beside->is))
        return !stays || vf_kind_is_whole(literal->is) == vf_kind_is_whole(beside->is);
    return reader->dialect->has_affinity != NULL ? may_convert(reader, literal, beside, why)
                                                 : vf_kind_is_text(literal->is);
}

static const struct vf_expr *take(struct vf_expr_reader *reader, const struct vf_expr *literal,
                                  const struct vf_expr *beside)
{
    const struct vf_expr *column = vf_build_bare(beside);
    enum vf_form form = column->kind == VF_EXPR_COLUMN ? column->form : VF_FORM_NATIVE;

    if (vf_kind_is_text(beside->is) && vf_kind_is_text(literal->is))
        return literal;
    if (beside->is == VF_K_F32 && literal->is != VF_K_F64 && reader->dialect->literals_are_single)
        return vf_build_single(reader, literal);
    return vf_build_as(reader, literal,
                       vf_kind_is_whole(beside->is) ? VF_K_I64
                       : beside->is == VF_K_F32     ? VF_K_F64
                                                    : beside->is,
                       form);
}

bool vf_build_unify(struct vf_expr_reader *reader, const struct vf_expr **args, size_t n_args, enum vf_unite why,
                    enum vf_kind *kind)
{
    const struct vf_expr *beside = NULL;

    for (size_t i = 0; i < n_args; i++) {
        if (args[i] == NULL)
            return false;
        bool is_better = args[i]->kind != VF_EXPR_NULL &&
                         (beside == NULL || (is_literal(beside) && !is_literal(args[i])) ||
                          (is_literal(beside) && beside->is == VF_K_TEXT && args[i]->is != VF_K_TEXT));
        if (is_better)
            beside = args[i];
    }
    *kind = beside != NULL ? beside->is : VF_K_UNTYPED;
    for (size_t i = 0; i < n_args && beside != NULL; i++) {
        if (args[i]->kind == VF_EXPR_NULL || !may_take(reader, args[i], beside, why))
            continue;
        args[i] = take(reader, args[i], beside);
        if (args[i] == NULL)
            return false;
    }
    return true;
}

/* ---- comparing ---- */

static bool is_order(enum vf_expr_op op)
{
    return op == VF_X_LT || op == VF_X_LE || op == VF_X_GT || op == VF_X_GE;
}

/* NULL with *failed false: by value. */
static const char *rule_of(struct vf_expr_reader *reader, enum vf_expr_op op, const struct vf_expr *a,
                           const struct vf_expr *b, bool *failed)
{
    char left = class_of(vf_build_bare(a)->is), right = class_of(vf_build_bare(b)->is);
    unsigned wanted = is_order(op) ? VF_CAN_ORDER : VF_CAN_EQUAL;
    bool both_numbers = vf_kind_is_number(a->is) && vf_kind_is_number(b->is) && left != 'f' && right != 'f';
    const char *rule = NULL;

    *failed = false;
    if (a->kind == VF_EXPR_NULL || b->kind == VF_EXPR_NULL)
        return NULL;
    if ((abilities(reader, vf_build_bare(a)) & abilities(reader, vf_build_bare(b)) & wanted) == 0)
        rule = vf_build_own_rule(reader, "stored");
    else if (left == 0 || right == 0 || (left != right && !both_numbers))
        rule = vf_build_own_rule(reader, "values");
    else if (left == 't')
        *failed = !vf_build_rule(reader, a, op == VF_X_IN && !reader->dialect->passes_collations ? a : b,
                                 is_order(op) ? VF_FOR_ORDER : VF_FOR_EQUALITY, &rule);
    else
        return NULL;
    *failed = *failed || (rule == NULL && left != 't');
    return rule;
}

/* 1.50 is 1.5 when it is compared. */
static const struct vf_expr *short_decimal(struct vf_expr_reader *reader, const struct vf_expr *expr)
{
    if (expr->kind != VF_EXPR_LITERAL || expr->is != VF_K_DECIMAL || strchr(expr->text, '.') == NULL)
        return expr;
    size_t size = strlen(expr->text);
    while (expr->text[size - 1] == '0')
        size--;
    size -= expr->text[size - 1] == '.';
    return vf_expr_literal(reader->arena, VF_K_DECIMAL, expr->text, size);
}

/* What "nocase" and "rtrim" compare of a text. */
static const struct vf_expr *rule_of_texts(struct vf_expr_reader *reader, const struct vf_expr *expr, const char *rule)
{
    bool folds = rule != NULL && strcmp(rule, "nocase") == 0, trims = rule != NULL && strcmp(rule, "rtrim") == 0;

    if (expr == NULL || (!folds && !trims) || expr->kind == VF_EXPR_NULL)
        return expr;
    if (expr->kind == VF_EXPR_LITERAL) {
        char *text = vf_arena_strdup(reader->arena, expr->text);
        size_t size = text != NULL ? strlen(text) : 0;
        for (size_t i = 0; folds && i < size; i++)
            text[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
        while (trims && size > 0 && text[size - 1] == ' ')
            size--;
        return text != NULL ? vf_expr_literal(reader->arena, VF_K_TEXT, text, size) : NULL;
    }
    if (folds)
        return vf_expr_is_call(expr, VF_X_LOWER) && expr->rule == NULL
                   ? expr
                   : vf_expr_call1(reader->arena, VF_X_LOWER, VF_K_TEXT, expr);
    return vf_expr_call2(reader->arena, VF_X_RTRIM, VF_K_TEXT, expr, vf_expr_literal(reader->arena, VF_K_TEXT, " ", 1));
}

/* A floating-point number that is compared with whole ones by its value: it is the whole number that it is, or the decimal that tells it from all others. */
static const struct vf_expr *real_beside_whole(struct vf_expr_reader *reader, const struct vf_expr *literal)
{
    char digits[32];
    double value;

    if (!vf_parse_f64(literal->text, strlen(literal->text), &value))
        return literal;
    if (value >= -0x1p63 && value < 0x1p63 && (double)(int64_t)value - value == 0)
        return vf_expr_literal(reader->arena, VF_K_I64, digits,
                               (size_t)snprintf(digits, sizeof(digits), "%lld", (long long)value));
    return strchr(literal->text, 'e') == NULL
               ? vf_expr_literal(reader->arena, VF_K_DECIMAL, literal->text, strlen(literal->text))
               : literal;
}

static bool are_whole(const struct vf_expr *const *args, size_t n_args)
{
    bool is_any = false;

    for (size_t i = 0; i < n_args; i++) {
        bool is_point = is_literal(args[i]) && args[i]->is == VF_K_F64;
        if (!is_point && args[i]->kind != VF_EXPR_NULL && !vf_kind_is_whole(args[i]->is))
            return false;
        is_any = is_any || !is_point;
    }
    return is_any;
}

/* Literals as what they are compared with. */
static bool unify_to_compare(struct vf_expr_reader *reader, const struct vf_expr **args, size_t n_args)
{
    enum vf_kind ignored;

    if (!vf_build_unify(reader, args, n_args, VF_UNITE_TO_COMPARE, &ignored))
        return false;
    bool by_value = reader->dialect->point_is_floating && are_whole(args, n_args);
    for (size_t i = 0; i < n_args && by_value; i++) {
        if (is_literal(args[i]) && args[i]->is == VF_K_F64 && (args[i] = real_beside_whole(reader, args[i])) == NULL)
            return false;
    }
    return true;
}

static const struct vf_expr *compared(struct vf_expr_reader *reader, enum vf_expr_op op, const struct vf_expr **args,
                                      size_t n_args)
{
    const struct vf_expr *bare[VF_EXPR_MAX_ARGS] = {NULL};
    const char *rule = NULL;

    if (!unify_to_compare(reader, args, n_args))
        return NULL;
    for (size_t i = 0; i < n_args; i++) {
        bool failed = false;
        bare[i] = vf_build_bare(args[i]);
        const char *own = i > 0 ? rule_of(reader, op, args[0], args[i], &failed) : NULL;
        if (failed)
            return NULL;
        rule = own != NULL ? own : rule;
    }
    for (size_t i = 0; i < n_args; i++)
        bare[i] = rule_of_texts(reader, short_decimal(reader, bare[i]), rule);
    const struct vf_expr *made = vf_expr_call(reader->arena, op, VF_K_BOOL, bare, n_args);
    return rule != NULL && strchr(rule, ':') != NULL ? vf_expr_with_rule(reader->arena, made, rule) : made;
}

const struct vf_expr *vf_build_compare(struct vf_expr_reader *reader, enum vf_expr_op op, const struct vf_expr *a,
                                       const struct vf_expr *b)
{
    const struct vf_expr *args[] = {a, b};

    return a != NULL && b != NULL ? compared(reader, op, args, 2) : NULL;
}

/* Columns in the list have no affinity there: what is looked for says by which values are compared, and so it has to be of their kind. */
static bool is_in_plainly(const struct vf_expr *const *args, size_t n_args)
{
    char of = class_of(vf_build_bare(args[0])->is);

    for (size_t i = 1; i < n_args; i++) {
        const struct vf_expr *one = vf_build_bare(args[i]);
        if ((one->kind == VF_EXPR_COLUMN || vf_expr_is_call(one, VF_X_CAST)) && class_of(one->is) != of)
            return false;
    }
    return true;
}

const struct vf_expr *vf_build_in(struct vf_expr_reader *reader, const struct vf_expr **args, size_t n_args)
{
    if (reader->dialect->has_affinity != NULL && !is_in_plainly(args, n_args))
        return vf_expr_not_understood(reader, "a column in the list of IN");
    for (size_t i = 1; i < n_args && !reader->dialect->passes_collations; i++)
        args[i] = vf_build_bare(args[i]);
    return compared(reader, VF_X_IN, args, n_args);
}

const struct vf_expr *vf_build_distinct(struct vf_expr_reader *reader, const struct vf_expr *a, const struct vf_expr *b)
{
    const struct vf_expr *args[] = {a, b};

    if (!unify_to_compare(reader, args, 2))
        return NULL;
    if (args[0]->kind == VF_EXPR_NULL || args[1]->kind == VF_EXPR_NULL)
        return vf_build_not(reader, vf_expr_call1(reader->arena, VF_X_IS_NULL, VF_K_BOOL,
                                                  args[0]->kind == VF_EXPR_NULL ? args[1] : args[0]));
    if (args[0]->is == VF_K_BOOL && args[1]->kind == VF_EXPR_LITERAL && args[1]->is == VF_K_BOOL)
        return vf_build_not(reader, vf_expr_call1(reader->arena,
                                                  vf_expr_is_literal(args[1], "true") ? VF_X_IS_TRUE : VF_X_IS_FALSE,
                                                  VF_K_BOOL, args[0]));
    return compared(reader, VF_X_DISTINCT, args, 2);
}

/* ---- conditions ---- */

const struct vf_expr *vf_build_condition(struct vf_expr_reader *reader, const struct vf_expr *expr)
{
    bool by_number = reader->dialect->reads_conditions_as_numbers;

    if (expr == NULL || expr->is == VF_K_BOOL || expr->kind == VF_EXPR_NULL)
        return expr;
    if (by_number && vf_kind_is_whole(expr->is) && expr->kind == VF_EXPR_LITERAL)
        return vf_expr_literal(reader->arena, VF_K_BOOL, vf_expr_is_literal(expr, "0") ? "false" : "true",
                               vf_expr_is_literal(expr, "0") ? 5 : 4);
    if (by_number && vf_kind_is_whole(expr->is))
        return vf_build_compare(reader, VF_X_NE, expr, vf_expr_literal(reader->arena, VF_K_I64, "0", 1));
    if (by_number && vf_expr_is_call(expr, VF_X_OWN) && expr->is == VF_K_UNTYPED)
        return expr;
    return vf_expr_not_understood(reader, "a value that isn't true or false, where a condition is expected");
}

const struct vf_expr *vf_build_not(struct vf_expr_reader *reader, const struct vf_expr *expr)
{
    return vf_expr_call1(reader->arena, VF_X_NOT, VF_K_BOOL, vf_build_condition(reader, expr));
}

/* ---- arithmetic ---- */

static bool is_zero(const struct vf_expr *expr)
{
    double value;

    return expr->kind == VF_EXPR_LITERAL && vf_parse_f64(expr->text, strlen(expr->text), &value) && value == 0;
}

/* The divisor so that it isn't 0: as a literal, by NULLIF, or because the database has raised an error. NULL with reader->why NULL: it may be infinite. */
static const struct vf_expr *divisor(struct vf_expr_reader *reader, const struct vf_expr *expr, bool is_whole)
{
    bool is_guarded = vf_expr_is_call(expr, VF_X_NULLIF) && is_zero(expr->args[1]);

    if (is_guarded || (expr->kind == VF_EXPR_LITERAL && !is_zero(expr)))
        return expr;
    if (!is_whole && reader->dialect->zero_divisor_is_infinite)
        return NULL;
    if (!reader->dialect->zero_divisor_is_null)
        return expr;
    const struct vf_expr *zero = vf_expr_literal(reader->arena, is_whole ? VF_K_I64 : VF_K_F64, "0", 1);
    return vf_expr_call2(reader->arena, VF_X_NULLIF, expr->is, expr, zero);
}

static const struct vf_expr *as_real(struct vf_expr_reader *reader, const struct vf_expr *expr)
{
    if (expr->kind == VF_EXPR_LITERAL)
        return vf_build_as(reader, expr, VF_K_F64, VF_FORM_NATIVE);
    return vf_kind_is_whole(expr->is) ? vf_expr_call1(reader->arena, VF_X_CAST, VF_K_F64, expr) : expr;
}

static const struct vf_expr *own_operator(struct vf_expr_reader *reader, const char *token, enum vf_kind kind,
                                          const struct vf_expr *a, const struct vf_expr *b)
{
    const struct vf_expr *const args[] = {vf_build_bare(a), vf_build_bare(b)};
    const char *rule = vf_build_own_rule(reader, "operator");

    return rule != NULL ? vf_expr_own(reader->arena, token, rule, kind, args, 2) : NULL;
}

/* Of what isn't a number a literal beside it says nothing: a moment that is kept as seconds less 3600 is no moment less another. */
static bool is_odd(const struct vf_expr *expr)
{
    return expr != NULL && expr->kind != VF_EXPR_LITERAL && expr->kind != VF_EXPR_NULL && !vf_kind_is_number(expr->is);
}

/* Is it never a whole number where the values of one expression may be of several types? coalesce(score, 1) may, and 1 / 2 is 0. */
static bool is_surely_real(const struct vf_expr *expr)
{
    if (expr->is != VF_K_F64)
        return false;
    if (expr->kind != VF_EXPR_CALL || expr->op == VF_X_CAST)
        return true;
    if (expr->op == VF_X_NEG || expr->op == VF_X_ABS || expr->op == VF_X_NULLIF || expr->op == VF_X_MIN ||
        expr->op == VF_X_MAX)
        return is_surely_real(expr->args[0]);
    bool is_sum = expr->op >= VF_X_ADD && expr->op <= VF_X_DIV;
    bool is_choice = expr->op >= VF_X_COALESCE && expr->op <= VF_X_CASE;
    size_t n_sure = 0, n = 0;
    for (size_t i = 0; i < expr->n_args; i++) {
        bool is_condition = expr->op == VF_X_CASE && i % 2 == 0 && i + 1 < expr->n_args;
        n += !is_condition;
        n_sure += !is_condition && is_surely_real(expr->args[i]);
    }
    return is_sum ? n_sure > 0 : is_choice && n_sure == n;
}

/* Is a / b cut to a whole number in some rows only? */
static bool may_be_cut(const struct vf_expr_reader *reader, const struct vf_expr *a, const struct vf_expr *b)
{
    return reader->dialect->point_is_floating && (a->is == VF_K_F64 || b->is == VF_K_F64) && !is_surely_real(a) &&
           !is_surely_real(b);
}

const struct vf_expr *vf_build_wide(struct vf_expr_reader *reader, const struct vf_expr *expr)
{
    struct vf_expr *copy = expr != NULL ? vf_arena_alloc(reader->arena, 1, sizeof(*copy)) : NULL;

    if (copy == NULL)
        return NULL;
    *copy = *expr;
    copy->is_wide = true;
    return copy;
}

/* Is a whole number in it cast to one of 64 bits? */
static bool is_wide(const struct vf_expr *expr)
{
    bool is = expr->is_wide;

    for (size_t i = 0; i < expr->n_args && !is && vf_kind_is_whole(expr->is); i++)
        is = is_wide(expr->args[i]);
    return is;
}

static const struct vf_expr *arithmetic(struct vf_expr_reader *reader, const struct vf_dialect_operator *row,
                                        const struct vf_expr *a, const struct vf_expr *b)
{
    const struct vf_expr *args[] = {a, b};
    enum vf_expr_op op = row->op;
    enum vf_kind kind;

    if (a != NULL && b != NULL && op == VF_X_DIV && may_be_cut(reader, a, b))
        return own_operator(reader, row->token, VF_K_F64, a, b);
    if (a == NULL || b == NULL ||
        (!is_odd(a) && !is_odd(b) && !vf_build_unify(reader, args, 2, VF_UNITE_TO_COMPUTE, &kind)))
        return NULL;
    bool whole = vf_kind_is_whole(args[0]->is) && vf_kind_is_whole(args[1]->is);
    bool single = args[0]->is == VF_K_F32 || args[1]->is == VF_K_F32;
    bool real = args[0]->is == VF_K_F64 || args[1]->is == VF_K_F64;
    bool decimal = !real && !whole && vf_kind_is_number(args[0]->is) && vf_kind_is_number(args[1]->is) && !single;
    bool divides = op == VF_X_DIV || op == VF_X_IDIV || op == VF_X_MOD;
    bool mixes = real && (args[0]->is == VF_K_DECIMAL || args[1]->is == VF_K_DECIMAL);
    bool lies_otherwise = (abilities(reader, args[0]) & abilities(reader, args[1]) & VF_CAN_COMPUTE) == 0;
    if (lies_otherwise || single || mixes || !(whole || real || decimal) || (decimal && divides) ||
        (real && op == VF_X_MOD) || (real && op == VF_X_IDIV))
        return own_operator(reader, row->token, real ? VF_K_F64 : decimal ? VF_K_DECIMAL : args[0]->is, a, b);
    if (op == VF_X_DIV && whole && !reader->dialect->slash_is_floating)
        op = VF_X_IDIV;
    if (real || op == VF_X_DIV) {
        args[0] = as_real(reader, args[0]);
        args[1] = as_real(reader, args[1]);
    }
    if (args[0] == NULL || args[1] == NULL)
        return NULL;
    if (divides) {
        const struct vf_expr *by = divisor(reader, args[1], op != VF_X_DIV);
        if (by == NULL && reader->dialect->zero_divisor_is_infinite)
            return own_operator(reader, row->token, VF_K_F64, args[0], args[1]);
        args[1] = by;
    }
    kind = op == VF_X_DIV || real ? VF_K_F64 : decimal ? VF_K_DECIMAL : VF_K_I64;
    const struct vf_expr *made = vf_expr_call(reader->arena, op, kind, args, 2);
    bool wide = !reader->dialect->overflow_is_error || is_wide(a) || is_wide(b);
    return whole && wide && op <= VF_X_MUL ? vf_build_wide(reader, made) : made;
}

const struct vf_expr *vf_build_negative(struct vf_expr_reader *reader, const struct vf_expr *expr)
{
    if (expr == NULL)
        return NULL;
    if (expr->kind == VF_EXPR_LITERAL && vf_kind_is_number(expr->is)) {
        const char *text = expr->text[0] == '-'            ? expr->text + 1
                           : vf_expr_is_literal(expr, "0") ? "0"
                                                           : vf_arena_printf(reader->arena, "-%s", expr->text);
        return vf_expr_literal(reader->arena, expr->is, text, text != NULL ? strlen(text) : 0);
    }
    if (!vf_kind_is_number(expr->is) || expr->is == VF_K_F32)
        return vf_expr_not_understood(reader, "\"-\" of what isn't a number");
    return vf_build_can_compute(reader, expr) ? vf_expr_call1(reader->arena, VF_X_NEG, expr->is, expr) : NULL;
}

/* ---- texts ---- */

static const struct vf_expr *as_text(struct vf_expr_reader *reader, const struct vf_expr *expr)
{
    if (expr->kind == VF_EXPR_NULL || vf_kind_is_text(expr->is))
        return vf_build_can_compute(reader, expr) ? expr : NULL;
    if (vf_kind_is_whole(expr->is) && expr->kind == VF_EXPR_LITERAL)
        return vf_expr_literal(reader->arena, VF_K_TEXT, expr->text, strlen(expr->text));
    if (vf_kind_is_whole(expr->is) && vf_build_can_compute(reader, expr))
        return vf_expr_call1(reader->arena, VF_X_CAST, VF_K_TEXT, expr);
    return NULL;
}

static const struct vf_expr *concatenation(struct vf_expr_reader *reader, const struct vf_expr *a,
                                           const struct vf_expr *b)
{
    const struct vf_expr *left = as_text(reader, vf_build_bare(a)), *right = as_text(reader, vf_build_bare(b));

    if (left != NULL && right != NULL)
        return vf_expr_call2(reader->arena, VF_X_CONCAT, VF_K_TEXT, left, right);
    return reader->why == NULL ? own_operator(reader, "||", vf_build_bare(a)->is, a, b) : NULL;
}

static const struct vf_expr *operation(struct vf_expr_reader *reader, const struct vf_dialect_operator *row,
                                       const struct vf_expr *a, const struct vf_expr *b)
{
    const struct vf_expr *args[] = {a, b};

    if ((row->op == VF_X_AND || row->op == VF_X_OR) && reader->dialect->read_pair != NULL) {
        const struct vf_expr *other = reader->dialect->read_pair(reader->arena, row->op, a, b);
        if (other != NULL)
            return other;
    }
    if (row->op == VF_X_AND || row->op == VF_X_OR)
        return vf_expr_call2(reader->arena, row->op, VF_K_BOOL, vf_build_condition(reader, a),
                             vf_build_condition(reader, b));
    if (row->op >= VF_X_EQ && row->op <= VF_X_GE)
        return vf_build_compare(reader, row->op, a, b);
    if (row->op == VF_X_CONCAT)
        return concatenation(reader, a, b);
    if (row->op == VF_X_LIKE && row->as == VF_READ_NEGATED)
        return vf_build_not(reader, vf_build_like(reader, VF_READ_ESCAPE, args, 2));
    if (row->op == VF_X_LIKE)
        return vf_build_like(reader, row->as, args, 2);
    if (row->op == VF_X_OWN)
        return own_operator(reader, row->token, row->result, a, b);
    return arithmetic(reader, row, vf_build_bare(a), vf_build_bare(b));
}

const struct vf_expr *vf_build_operator(struct vf_expr_reader *reader, const struct vf_dialect_operator *row,
                                        const struct vf_expr *a, const struct vf_expr *b)
{
    const struct vf_expr *const args[] = {a, b};

    if (a == NULL || b == NULL)
        return NULL;
    return vf_build_collated(reader, operation(reader, row, a, b), args, 2);
}
