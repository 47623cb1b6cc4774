#include <math.h>
#include <string.h>

#include "base/text.h"
#include "engine/dialect.h"

static void write_part(struct vf_expr_writer *writer, const struct vf_expr *expr, const struct vf_expr *beside,
                       bool is_inside);

void vf_expr_refuse(struct vf_expr_writer *writer, const char *why)
{
    if (!writer->is_refused)
        writer->why = why != NULL ? why : "no memory";
    writer->is_refused = true;
}

const struct vf_column *vf_expr_column_of(const struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    return &writer->scope->table->columns[expr->column];
}

void vf_expr_write_part(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    write_part(writer, expr, NULL, true);
}

void vf_expr_write_beside(struct vf_expr_writer *writer, const struct vf_expr *expr, const struct vf_expr *beside)
{
    write_part(writer, expr, beside, true);
}

void vf_expr_write_form(struct vf_expr_writer *writer, const char *form, const struct vf_expr *expr)
{
    for (const char *at = form; *at != '\0'; at++) {
        if (*at != '$') {
            vf_buf_char(writer->out, *at);
            continue;
        }
        at++;
        for (size_t i = 0; *at == '*' && i < expr->n_args; i++) {
            vf_buf_str(writer->out, i > 0 ? ", " : "");
            write_part(writer, expr->args[i], NULL, false);
        }
        if (*at != '*' && (size_t)(*at - '1') < expr->n_args)
            vf_expr_write_part(writer, expr->args[*at - '1']);
    }
}

void vf_expr_write_guarded(struct vf_expr_writer *writer, const struct vf_expr *expr, const char *function)
{
    vf_buf_str(writer->out, "CASE WHEN ");
    for (size_t i = 0; i < expr->n_args; i++) {
        vf_buf_str(writer->out, i > 0 ? " AND " : "");
        vf_expr_write_part(writer, expr->args[i]);
        vf_buf_str(writer->out, " IS NOT NULL");
    }
    vf_buf_str(writer->out, " THEN ");
    vf_buf_str(writer->out, function);
    vf_expr_write_form(writer, "($*) END", expr);
}

void vf_expr_write_typeof(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    const char *class = vf_expr_storage_class(expr->args[0]);

    if (class == NULL)
        vf_expr_refuse(writer, "typeof() of a column whose values are of several types in the source");
    vf_expr_write_form(writer, "CASE WHEN $1 IS NULL THEN 'null' ELSE '", expr);
    vf_buf_str(writer->out, class != NULL ? class : "");
    vf_buf_str(writer->out, "' END");
}

void vf_expr_write_sign(struct vf_expr_writer *writer, enum vf_expr_op op)
{
    const char *sign = vf_dialect_form(writer->dialect, op)->form + strlen("$1");

    vf_buf_add(writer->out, sign, strcspn(sign, "$"));
}

bool vf_expr_write_typed(enum vf_kind kind, enum vf_form form, const char *text, struct vf_buf *out, bool *is_written)
{
    bool is_other_form = form != VF_FORM_NATIVE && form != VF_FORM_TEXT;
    /* ISO 8601's years of more than four digits, which these databases don't read. */
    bool is_expanded =
        kind >= VF_K_DATE && kind <= VF_K_TIMESTAMPTZ && (text[0] == '+' || (text[0] == '-' && text[1] != 'i'));

    *is_written = false;
    if (is_other_form || is_expanded)
        return true;
    *is_written = kind == VF_K_BOOL || vf_kind_is_whole(kind) || (kind == VF_K_DECIMAL && text[0] != 'N');
    if (*is_written)
        vf_buf_str(out, text);
    return *is_written;
}

/* ---- what is asked of columns ---- */

static bool is_comparison(enum vf_expr_op op)
{
    return op >= VF_X_EQ && op <= VF_X_IN;
}

static unsigned wanted(enum vf_expr_op op)
{
    return op == VF_X_EQ || op == VF_X_NE || op == VF_X_DISTINCT || op == VF_X_IN                    ? VF_CAN_EQUAL
           : is_comparison(op)                                                                       ? VF_CAN_ORDER
           : op == VF_X_COUNT_DISTINCT || op == VF_X_IN_QUERY                                        ? VF_CAN_EQUAL
           : op == VF_X_IS_NULL || op == VF_X_COUNT_OF || op == VF_X_TYPEOF || op == VF_X_JSON_VALID ? 0
                                                                                                     : VF_CAN_COMPUTE;
}

static void check_columns(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    unsigned needed = wanted(expr->op);

    for (size_t i = 0; i < expr->n_args; i++) {
        const struct vf_expr *arg = expr->args[i];
        if (arg->kind != VF_EXPR_COLUMN)
            continue;
        const struct vf_column *column = vf_expr_column_of(writer, arg);
        if ((writer->dialect->abilities(column) & needed) == needed)
            continue;
        const char *verb = needed == VF_CAN_EQUAL   ? "don't equal as they do"
                           : needed == VF_CAN_ORDER ? "don't order as they do"
                                                    : "can't be computed with as";
        vf_expr_refuse(writer, vf_arena_printf(writer->arena,
                                               "the values of column \"%s\" lie in the target so that they %s in the "
                                               "source",
                                               column->name, verb));
    }
}

static bool is_own_rule(const struct vf_expr_writer *writer, const char *rule, const char *word)
{
    size_t size = strlen(writer->dialect->name);

    return strncmp(rule, writer->dialect->name, size) == 0 && rule[size] == ':' &&
           (word == NULL || strcmp(rule + size + 1, word) == 0);
}

/* A rule of this database, which compares what lies there: then it has to lie as it did. */
static void check_stored(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    for (size_t i = 0; i < expr->n_args; i++) {
        const struct vf_expr *arg = expr->args[i];
        if (arg->kind == VF_EXPR_COLUMN && vf_expr_column_of(writer, arg)->form != arg->form)
            vf_expr_refuse(writer,
                           "it compares values as they lie in the source, and in the target they lie otherwise");
    }
}

static const char *rule_reason(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    const char *word = strchr(expr->rule, ':');

    if (word == NULL)
        return vf_arena_printf(writer->arena, "the target has no collation that compares as \"%s\" does", expr->rule);
    word++;
    if (strcmp(word, "stored") == 0)
        return "it compares values as they lie in the source, which isn't the order of what they mean";
    if (strcmp(word, "values") == 0)
        return "it compares values of kinds that databases compare differently";
    if (strcmp(word, "rounds") == 0)
        return vf_arena_printf(writer->arena, "%s rounds differently in each database", vf_expr_op_name(expr->op));
    if (strcmp(word, "cast") == 0)
        return "it has a cast that databases do differently";
    if (expr->op == VF_X_OWN)
        return vf_arena_printf(writer->arena, "%s%s is known to be the same in no other database", expr->text,
                               strcmp(word, "function") == 0 ? "()" : "");
    if (expr->op == VF_X_LOWER || expr->op == VF_X_UPPER)
        return vf_arena_printf(writer->arena, "%s of letters beyond A to Z isn't the same in the target",
                               vf_expr_op_name(expr->op));
    return vf_arena_printf(writer->arena,
                           "it compares texts by collation \"%s\" of the source, which the target doesn't have", word);
}

static void check(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    if (expr->rule == NULL)
        check_columns(writer, expr);
    else if (!is_own_rule(writer, expr->rule, NULL))
        vf_expr_refuse(writer, rule_reason(writer, expr));
    else
        check_stored(writer, expr);
}

/* ---- calls ---- */

/* The column among the arguments, for whose form literals are written. */
static const struct vf_expr *column_among(const struct vf_expr *expr)
{
    for (size_t i = 0; i < expr->n_args; i++) {
        if (expr->args[i]->kind == VF_EXPR_COLUMN)
            return expr->args[i];
    }
    return NULL;
}

static void write_joined(struct vf_expr_writer *writer, const struct vf_expr *expr, const char *between)
{
    for (size_t i = 0; i < expr->n_args; i++) {
        vf_buf_str(writer->out, i > 0 ? between : "");
        vf_expr_write_part(writer, expr->args[i]);
    }
}

/* The first collation of a column in it, or NULL. */
static const char *own_collation(const struct vf_expr_scope *scope, const struct vf_expr *expr)
{
    const char *own = expr->kind == VF_EXPR_COLUMN ? scope->table->columns[expr->column].collation : NULL;

    for (size_t i = 0; i < expr->n_args && own == NULL; i++)
        own = own_collation(scope, expr->args[i]);
    return own;
}

static bool is_plain_word(const char *name)
{
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.") == strlen(name);
}

void vf_expr_write_collation(const struct vf_dialect *dialect, const struct vf_expr_scope *scope,
                             const struct vf_expr *text, const char *rule, enum vf_rule_for what, struct vf_buf *out)
{
    const char *collation = dialect->collation_for(scope, rule, own_collation(scope, text), what);

    if (collation == NULL)
        return;
    vf_buf_str(out, " COLLATE ");
    if (dialect->folds_names && is_plain_word(collation)) /* DuckDB's nocase.noaccent are two words */
        vf_buf_str(out, collation);
    else
        dialect->quote(out, collation);
}

static bool is_collated(enum vf_expr_op op)
{
    return is_comparison(op) || op == VF_X_LIKE || op == VF_X_NULLIF || op == VF_X_MIN || op == VF_X_MAX;
}

/* Behind one of what is compared. By code points none may say otherwise; by a rule it is enough if the first says so. */
static void write_collation(struct vf_expr_writer *writer, const struct vf_expr *expr, size_t number)
{
    bool orders = (expr->op >= VF_X_LT && expr->op <= VF_X_GE) || expr->op == VF_X_MIN || expr->op == VF_X_MAX;
    bool is_text = vf_kind_is_text(expr->args[number]->is), is_first = number == 0;
    const char *word = expr->rule != NULL ? strchr(expr->rule, ':') : NULL;

    if (!is_text || (word != NULL && (!is_first || strcmp(word, ":stored") == 0 || strcmp(word, ":values") == 0)))
        return;
    vf_expr_write_collation(writer->dialect, writer->scope, word != NULL ? expr : expr->args[number], expr->rule,
                            orders && is_first ? VF_FOR_ORDER : VF_FOR_EQUALITY, writer->out);
}

static void write_comparison(struct vf_expr_writer *writer, const struct vf_expr *expr, const char *form)
{
    const struct vf_expr *beside = column_among(expr);

    if (expr->op == VF_X_IN) {
        vf_expr_write_beside(writer, expr->args[0], beside);
        write_collation(writer, expr, 0);
        vf_buf_str(writer->out, " IN (");
        for (size_t i = 1; i < expr->n_args; i++) {
            vf_buf_str(writer->out, i > 1 ? ", " : "");
            vf_expr_write_beside(writer, expr->args[i], beside);
            write_collation(writer, expr, i);
        }
        vf_buf_char(writer->out, ')');
        return;
    }
    for (const char *at = form; *at != '\0'; at++) {
        if (*at != '$') {
            vf_buf_char(writer->out, *at);
        } else {
            at++;
            vf_expr_write_beside(writer, expr->args[*at - '1'], beside);
            write_collation(writer, expr, (size_t)(*at - '1'));
        }
    }
}

static void write_case(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    vf_buf_str(writer->out, "CASE");
    for (size_t i = 0; i + 1 < expr->n_args; i += 2) {
        vf_buf_str(writer->out, " WHEN ");
        write_part(writer, expr->args[i], NULL, false);
        vf_buf_str(writer->out, " THEN ");
        write_part(writer, expr->args[i + 1], NULL, false);
    }
    if (expr->n_args % 2 == 1) {
        vf_buf_str(writer->out, " ELSE ");
        write_part(writer, expr->args[expr->n_args - 1], NULL, false);
    }
    vf_buf_str(writer->out, " END");
}

static void write_cast(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    const char *name = writer->dialect->cast_names[expr->is];

    if (name == NULL) {
        vf_expr_refuse(writer, vf_arena_printf(writer->arena, "a cast to %s isn't the same in the target",
                                               vf_kind_name(expr->is)));
        return;
    }
    vf_buf_str(writer->out, "CAST(");
    write_part(writer, expr->args[0], NULL, false);
    vf_buf_str(writer->out, " AS ");
    vf_buf_str(writer->out, name);
    vf_buf_char(writer->out, ')');
}

static bool is_named(const struct vf_expr *expr)
{
    return (expr->text[0] >= 'a' && expr->text[0] <= 'z') || expr->text[0] == '_';
}

static void write_own(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    if (is_named(expr)) {
        vf_buf_str(writer->out, expr->text);
        vf_expr_write_form(writer, "($*)", expr);
        return;
    }
    vf_expr_write_part(writer, expr->args[0]);
    vf_buf_char(writer->out, ' ');
    vf_buf_str(writer->out, expr->text);
    vf_buf_char(writer->out, ' ');
    vf_expr_write_part(writer, expr->args[1]);
}

/* x / NULLIF(y, 0), where a division by zero is NULL by itself. */
static const struct vf_expr *without_guard(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    const struct vf_dialect *dialect = writer->dialect;
    bool divides =
        expr->op == VF_X_IDIV || expr->op == VF_X_MOD || (expr->op == VF_X_DIV && !dialect->zero_divisor_is_infinite);
    double value;

    if (!divides || !dialect->zero_divisor_is_null || !vf_expr_is_call(expr->args[1], VF_X_NULLIF) ||
        expr->args[1]->args[1]->kind != VF_EXPR_LITERAL ||
        !vf_parse_f64(expr->args[1]->args[1]->text, strlen(expr->args[1]->args[1]->text), &value) || value != 0)
        return expr;
    const struct vf_expr *made =
        vf_expr_call2(writer->arena, expr->op, expr->is, expr->args[0], expr->args[1]->args[0]);
    if (made == NULL)
        vf_expr_refuse(writer, NULL);
    return made != NULL ? made : expr;
}

static bool is_operator(const struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    if (expr->op == VF_X_OWN)
        return !is_named(expr);
    return expr->op <= VF_X_OR || expr->op == VF_X_IN || vf_dialect_form(writer->dialect, expr->op)->is_operator;
}

/* IS NOT NULL and the like, which people write. */
static bool write_negated(struct vf_expr_writer *writer, const struct vf_expr *inside)
{
    const char *form = inside->op == VF_X_IS_NULL    ? "$1 IS NOT NULL"
                       : inside->op == VF_X_IS_TRUE  ? "$1 IS NOT TRUE"
                       : inside->op == VF_X_IS_FALSE ? "$1 IS NOT FALSE"
                                                     : NULL;

    if (form != NULL)
        vf_expr_write_form(writer, form, inside);
    return form != NULL;
}

static bool may_overflow(const struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    const struct vf_dialect *from = writer->scope->from;

    bool whole =
        vf_kind_is_whole(expr->is) && from != NULL && writer->dialect->overflow_is_error && !from->overflow_is_error;
    bool real = expr->is == VF_K_F64 && from != NULL && writer->dialect->real_overflow_is_error &&
                !from->real_overflow_is_error;
    return (whole || real) && ((expr->op >= VF_X_NEG && expr->op <= VF_X_IDIV) || expr->op == VF_X_ABS);
}

/* What it is at most, either way, where numbers of 32 bits can't be too many; else infinity. */
static double bound_of(const struct vf_expr *expr)
{
    double value = HUGE_VAL;

    if (expr->kind == VF_EXPR_LITERAL && vf_parse_f64(expr->text, strlen(expr->text), &value))
        return fabs(value);
    if (vf_expr_is_call(expr, VF_X_LENGTH) || vf_expr_is_call(expr, VF_X_OCTETS))
        return 0x1p30; /* of a gigabyte */
    if (vf_expr_is_call(expr, VF_X_ADD) || vf_expr_is_call(expr, VF_X_SUB))
        return bound_of(expr->args[0]) + bound_of(expr->args[1]);
    return vf_expr_is_call(expr, VF_X_MUL) ? bound_of(expr->args[0]) * bound_of(expr->args[1]) : HUGE_VAL;
}

/* Sums and products that have to be of 64 bits. */
static bool wants_64_bits(const struct vf_expr *expr)
{
    return expr->is_wide && expr->kind == VF_EXPR_CALL && expr->op >= VF_X_ADD && expr->op <= VF_X_MUL &&
           !(bound_of(expr) <= INT32_MAX);
}

/* Is its type one of 64 bits in the target? */
static bool is_wide(const struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    int64_t value = 0;

    if (!vf_kind_is_whole(expr->is))
        return false;
    if (expr->kind == VF_EXPR_LITERAL)
        return vf_parse_i64(expr->text, strlen(expr->text), &value) && (value > INT32_MAX || value < INT32_MIN);
    if (expr->kind == VF_EXPR_COLUMN) {
        const struct vf_column *column = vf_expr_column_of(writer, expr);
        return column->type.kind == VF_K_I64 && column->native[0] != '\0';
    }
    if (expr->op == VF_X_CAST || vf_expr_is_aggregate(expr) || wants_64_bits(expr))
        return true;
    for (size_t i = 0; i < expr->n_args; i++) {
        if (is_wide(writer, expr->args[i]))
            return true;
    }
    return false;
}

/* 60 * 60 * 24 * 365 * 100 has room in one database, and overflows 32 bits in another: then its first part is made a number of 64. */
static const struct vf_expr *widened(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    if (!wants_64_bits(expr) || !writer->dialect->overflow_is_error || is_wide(writer, expr->args[0]) ||
        is_wide(writer, expr->args[1]))
        return expr;
    const struct vf_expr *wide = vf_expr_call1(writer->arena, VF_X_CAST, VF_K_I64, expr->args[0]);
    const struct vf_expr *made = vf_expr_call2(writer->arena, expr->op, expr->is, wide, expr->args[1]);
    if (made == NULL)
        vf_expr_refuse(writer, NULL);
    return made != NULL ? made : expr;
}

static void write_with_query(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    if (expr->op == VF_X_EXISTS)
        vf_buf_str(writer->out, "EXISTS ");
    if (expr->op == VF_X_IN_QUERY)
        vf_expr_write_form(writer, "$1 IN ", expr);
    vf_buf_char(writer->out, '(');
    writer->scope->write_query(writer, expr);
    vf_buf_char(writer->out, ')');
}

static void write_plain_call(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    const struct vf_dialect_form *form = vf_dialect_form(writer->dialect, expr->op);

    check(writer, expr);
    if (writer->is_refused)
        return;
    if (expr->op == VF_X_AND || expr->op == VF_X_OR) {
        write_joined(writer, expr, expr->op == VF_X_AND ? " AND " : " OR ");
        return;
    }
    if (expr->query != NULL) {
        write_with_query(writer, expr);
        return;
    }
    if (expr->op == VF_X_NOT && expr->args[0]->kind == VF_EXPR_CALL && write_negated(writer, expr->args[0]))
        return;
    if (expr->op == VF_X_CASE || expr->op == VF_X_CAST || expr->op == VF_X_OWN) {
        if (expr->op == VF_X_CASE)
            write_case(writer, expr);
        else if (expr->op == VF_X_CAST)
            write_cast(writer, expr);
        else
            write_own(writer, expr);
        return;
    }
    if (form->form == NULL && expr->op != VF_X_IN) {
        vf_expr_refuse(writer, form->why != NULL ? form->why
                                                 : vf_arena_printf(writer->arena, "the target has nothing like %s",
                                                                   vf_expr_op_name(expr->op)));
        return;
    }
    if (form->why != NULL)
        writer->remark = form->why;
    if (expr->op == VF_X_SUM && !writer->dialect->overflow_is_error && writer->scope->from != writer->dialect)
        writer->remark = "a sum beyond 64 bits is an error in the target";
    if (may_overflow(writer, expr))
        writer->remark = "a number that overflows is an error in the target, and goes on as another in the source";
    if (is_collated(expr->op))
        write_comparison(writer, expr, form->form);
    else
        vf_expr_write_form(writer, form->form, widened(writer, without_guard(writer, expr)));
}

static void write_literal(struct vf_expr_writer *writer, const struct vf_expr *expr, const struct vf_expr *beside)
{
    enum vf_form form = VF_FORM_NATIVE;

    if (beside != NULL && beside->kind == VF_EXPR_COLUMN)
        form = vf_expr_column_of(writer, beside)->form;
    else if (beside == NULL && writer->scope->column != NULL && expr->is == writer->scope->column->type.kind)
        form = writer->scope->column->form;
    if (!writer->dialect->write_literal(expr->is, form, expr->text, writer->out))
        vf_expr_refuse(writer, vf_arena_printf(writer->arena, "the target has no literal for the %s %.60s",
                                               vf_kind_name(expr->is), expr->text));
}

/* With its table's alias, where there are several. */
static void write_column(struct vf_expr_writer *writer, const struct vf_expr *expr)
{
    size_t i = writer->scope->n_ranges;

    while (i > 1 && writer->scope->ranges[i - 1].first_column > expr->column)
        i--;
    if (i > 0) {
        writer->dialect->quote(writer->out, writer->scope->ranges[i - 1].alias);
        vf_buf_char(writer->out, '.');
    }
    writer->dialect->quote(writer->out, vf_expr_column_of(writer, expr)->name);
}

static void write_part(struct vf_expr_writer *writer, const struct vf_expr *expr, const struct vf_expr *beside,
                       bool is_inside)
{
    if (writer->is_refused)
        return;
    switch (expr->kind) {
    case VF_EXPR_NULL:
        vf_buf_str(writer->out, "NULL");
        return;
    case VF_EXPR_LITERAL:
        write_literal(writer, expr, beside);
        return;
    case VF_EXPR_COLUMN:
        if (writer->scope->is_domain)
            vf_buf_str(writer->out, "VALUE");
        else
            write_column(writer, expr);
        return;
    case VF_EXPR_CALL:
        break;
    }
    bool in_parentheses = is_inside && is_operator(writer, expr);
    vf_buf_str(writer->out, in_parentheses ? "(" : "");
    if (writer->dialect->write_call == NULL || !writer->dialect->write_call(writer, expr))
        write_plain_call(writer, expr);
    vf_buf_str(writer->out, in_parentheses ? ")" : "");
}

/* ---- the whole ---- */

/* What is stored of the result must be the value that the source would store. */
static bool fits(const struct vf_expr *expr, const struct vf_column *column)
{
    enum vf_kind from = expr->is, to = column->type.kind;

    return from == to || from == VF_K_UNTYPED || (vf_kind_is_text(from) && vf_kind_is_text(to)) ||
           (vf_kind_is_whole(from) && vf_kind_is_whole(to));
}

bool vf_expr_write(const struct vf_dialect *dialect, const struct vf_expr_scope *scope, const struct vf_expr *expr,
                   struct vf_arena *arena, struct vf_buf *out, const char **why)
{
    struct vf_buf text;
    struct vf_expr_writer writer = {.dialect = dialect, .scope = scope, .arena = arena, .out = &text};

    vf_buf_init(&text, 1 << 20);
    if (scope->column != NULL && !scope->is_default &&
        (!fits(expr, scope->column) || (dialect->abilities(scope->column) & VF_CAN_COMPUTE) == 0))
        vf_expr_refuse(&writer, "what it gives isn't stored in the column as it is in the source's");
    if (scope->is_condition && expr->kind == VF_EXPR_COLUMN &&
        (dialect->abilities(vf_expr_column_of(&writer, expr)) & VF_CAN_COMPUTE) == 0)
        vf_expr_refuse(&writer, "the column isn't true or false in the target");
    write_part(&writer, expr, NULL, false);
    if (vf_buf_check(&text, NULL) != VF_OK)
        vf_expr_refuse(&writer, NULL);
    if (!writer.is_refused)
        vf_buf_add(out, text.data != NULL ? text.data : "", text.size_bytes);
    vf_buf_release(&text);
    *why = writer.is_refused ? writer.why : writer.remark;
    return !writer.is_refused;
}
