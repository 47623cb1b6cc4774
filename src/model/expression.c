#include "model/expression.h"

#include <string.h>

#include "base/text.h"
#include "model/query.h"

static const struct {
    const char *name, *meaning;
} ops[VF_X_COUNT] = {
#define VF_X_ROW(name, text, meaning) [VF_X_##name] = {text, meaning},
    VF_X_LIST(VF_X_ROW)
#undef VF_X_ROW
};

const char *vf_expr_op_name(enum vf_expr_op op)
{
    return ops[op].name;
}

const char *vf_expr_op_meaning(enum vf_expr_op op)
{
    return ops[op].meaning;
}

bool vf_kind_is_whole(enum vf_kind kind)
{
    return kind >= VF_K_I8 && kind <= VF_K_I64;
}

bool vf_kind_is_number(enum vf_kind kind)
{
    return kind >= VF_K_I8 && kind <= VF_K_DECIMAL;
}

bool vf_kind_is_text(enum vf_kind kind)
{
    return kind == VF_K_TEXT || kind == VF_K_ENUM;
}

bool vf_expr_is_aggregate(const struct vf_expr *expr)
{
    return expr->kind == VF_EXPR_CALL && expr->op >= VF_X_COUNT_ROWS && expr->op <= VF_X_AVG;
}

/* ---- making ---- */

static struct vf_expr *make(struct vf_arena *arena, enum vf_expr_kind kind, enum vf_kind is)
{
    struct vf_expr *expr = vf_arena_alloc(arena, 1, sizeof(*expr));

    if (expr != NULL) {
        expr->kind = kind;
        expr->is = is;
        expr->column = -1;
    }
    return expr;
}

const struct vf_expr *vf_expr_null(struct vf_arena *arena)
{
    return make(arena, VF_EXPR_NULL, VF_K_UNTYPED);
}

const struct vf_expr *vf_expr_literal(struct vf_arena *arena, enum vf_kind kind, const char *text, size_t size_bytes)
{
    struct vf_expr *expr = make(arena, VF_EXPR_LITERAL, kind);

    if (expr == NULL || text == NULL)
        return NULL;
    expr->text = vf_arena_strndup(arena, text, size_bytes);
    return expr->text != NULL ? expr : NULL;
}

const struct vf_expr *vf_expr_column(struct vf_arena *arena, int column, enum vf_kind kind, enum vf_form form)
{
    struct vf_expr *expr = make(arena, VF_EXPR_COLUMN, kind);

    if (expr != NULL) {
        expr->column = column;
        expr->form = form;
    }
    return expr;
}

bool vf_expr_is_call(const struct vf_expr *expr, enum vf_expr_op op)
{
    return expr != NULL && expr->kind == VF_EXPR_CALL && expr->op == op;
}

bool vf_expr_is_literal(const struct vf_expr *expr, const char *text)
{
    return expr != NULL && expr->kind == VF_EXPR_LITERAL && strcmp(expr->text, text) == 0;
}

/* Arguments that are calls of the same operation give theirs instead of themselves. */
static size_t flatten(enum vf_expr_op op, const struct vf_expr *const *args, size_t n_args, const struct vf_expr **out)
{
    bool is_flat = op == VF_X_AND || op == VF_X_OR;
    size_t n = 0;

    for (size_t i = 0; i < n_args; i++) {
        bool opens = is_flat && vf_expr_is_call(args[i], op);
        size_t n_inner = opens ? args[i]->n_args : 1;
        for (size_t k = 0; k < n_inner; k++) {
            if (out != NULL)
                out[n] = opens ? args[i]->args[k] : args[i];
            n++;
        }
    }
    return n;
}

static bool are_equal(const struct vf_expr *const *a, const struct vf_expr *const *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!vf_expr_equal(a[i], b[i]))
            return false;
    }
    return true;
}

/* CASE WHEN a IS NOT NULL AND b IS NOT NULL ... THEN greatest(a, b, ...) END is how a database without max(a, b, ...) says it. */
static bool is_guarded_extreme(const struct vf_expr *const *args, size_t n_args)
{
    const struct vf_expr *extreme = n_args == 2 ? args[1] : NULL;
    bool is_one = vf_expr_is_call(extreme, VF_X_GREATEST) || vf_expr_is_call(extreme, VF_X_LEAST);

    if (!is_one || !vf_expr_is_call(args[0], VF_X_AND) || args[0]->n_args != extreme->n_args)
        return false;
    for (size_t i = 0; i < extreme->n_args; i++) {
        const struct vf_expr *guard = args[0]->args[i];
        if (!vf_expr_is_call(guard, VF_X_NOT) || !vf_expr_is_call(guard->args[0], VF_X_IS_NULL) ||
            !vf_expr_equal(guard->args[0]->args[0], extreme->args[i]))
            return false;
    }
    return true;
}

/* coalesce(max(a, b), a, b), the other way round; for two. */
static bool is_unguarded_extreme(const struct vf_expr *const *args, size_t n_args)
{
    bool is_one = n_args == 3 && (vf_expr_is_call(args[0], VF_X_MAX_OF) || vf_expr_is_call(args[0], VF_X_MIN_OF));

    return is_one && args[0]->n_args == 2 && are_equal(args[0]->args, &args[1], 2);
}

const char *vf_expr_storage_class(const struct vf_expr *column)
{
    enum vf_kind kind = column->is;

    if (column->form == VF_FORM_INTEGER || (column->form >= VF_FORM_EPOCH_S && column->form <= VF_FORM_EPOCH_US))
        return "integer";
    if (column->form == VF_FORM_JULIAN)
        return "real";
    if (column->form == VF_FORM_TEXT || column->form == VF_FORM_ISO || column->form == VF_FORM_JSON)
        return "text";
    if (column->form != VF_FORM_NATIVE)
        return "blob";
    return vf_kind_is_whole(kind) || kind == VF_K_BOOL     ? "integer"
           : kind == VF_K_F32 || kind == VF_K_F64          ? "real"
           : kind == VF_K_BLOB                             ? "blob"
           : kind == VF_K_DECIMAL || kind >= VF_K_INTERVAL ? NULL
                                                           : "text";
}

/* CASE WHEN c IS NULL THEN 'null' ELSE 'integer' END is how a database without typeof() says it. */
static bool is_type_of(const struct vf_expr *const *args, size_t n_args)
{
    if (n_args != 3 || !vf_expr_is_call(args[0], VF_X_IS_NULL) || args[0]->args[0]->kind != VF_EXPR_COLUMN ||
        !vf_expr_is_literal(args[1], "null"))
        return false;
    const char *class = vf_expr_storage_class(args[0]->args[0]);
    return class != NULL && vf_expr_is_literal(args[2], class);
}

static bool is_not_null(const struct vf_expr *expr, const struct vf_expr *of)
{
    return vf_expr_is_call(expr, VF_X_NOT) && vf_expr_is_call(expr->args[0], VF_X_IS_NULL) &&
           (of == NULL || vf_expr_equal(expr->args[0]->args[0], of));
}

/* CASE WHEN c IS NOT NULL THEN json_valid(c) END: what of NULL json_valid() says depends on the version of SQLite. */
static bool is_guarded_json(const struct vf_expr *const *args, size_t n_args)
{
    const struct vf_expr *valid = n_args == 2 ? args[1] : NULL;

    if (valid == NULL || !is_not_null(args[0], NULL))
        return false;
    const struct vf_expr *column = args[0]->args[0]->args[0];
    if (vf_expr_is_call(valid, VF_X_AND) && valid->n_args == 2 && is_not_null(valid->args[0], column))
        valid = valid->args[1];
    return vf_expr_is_call(valid, VF_X_JSON_VALID) && vf_expr_equal(valid->args[0], column);
}

static enum vf_expr_op opposite(enum vf_expr_op op)
{
    return op == VF_X_GREATEST ? VF_X_MAX_OF
           : op == VF_X_LEAST  ? VF_X_MIN_OF
           : op == VF_X_MAX_OF ? VF_X_GREATEST
                               : VF_X_LEAST;
}

/* What the call is another spelling of, or NULL: NULL too when memory ran out, which *failed says. */
static const struct vf_expr *other_spelling(struct vf_arena *arena, enum vf_expr_op op,
                                            const struct vf_expr *const *args, size_t n_args, bool *failed)
{
    const struct vf_expr *extreme = NULL;

    *failed = false;
    if (op == VF_X_NOT && vf_expr_is_call(args[0], VF_X_NOT))
        return args[0]->args[0];
    if (op == VF_X_CASE && is_type_of(args, n_args)) {
        const struct vf_expr *made = vf_expr_call1(arena, VF_X_TYPEOF, VF_K_TEXT, args[0]->args[0]);
        *failed = made == NULL;
        return made;
    }
    if (op == VF_X_CASE && is_guarded_json(args, n_args)) {
        const struct vf_expr *made = vf_expr_call1(arena, VF_X_JSON_VALID, VF_K_BOOL, args[0]->args[0]->args[0]);
        *failed = made == NULL;
        return made;
    }
    if (op == VF_X_CASE && is_guarded_extreme(args, n_args))
        extreme = args[1];
    else if (op == VF_X_COALESCE && is_unguarded_extreme(args, n_args))
        extreme = args[0];
    if (extreme == NULL)
        return NULL;
    const struct vf_expr *made =
        vf_expr_call(arena, opposite(extreme->op), extreme->is, extreme->args, extreme->n_args);
    *failed = made == NULL;
    return made;
}

const struct vf_expr *vf_expr_call(struct vf_arena *arena, enum vf_expr_op op, enum vf_kind kind,
                                   const struct vf_expr *const *args, size_t n_args)
{
    for (size_t i = 0; i < n_args; i++) {
        if (args[i] == NULL)
            return NULL;
    }
    bool failed = false;
    const struct vf_expr *other = n_args > 0 ? other_spelling(arena, op, args, n_args, &failed) : NULL;
    if (other != NULL || failed)
        return other;
    if (op == VF_X_IN && n_args == 2)
        op = VF_X_EQ;
    struct vf_expr *expr = make(arena, VF_EXPR_CALL, kind);
    size_t n = flatten(op, args, n_args, NULL);
    const struct vf_expr **copy = vf_arena_alloc(arena, n + 1, sizeof(*copy));
    if (expr == NULL || copy == NULL)
        return NULL;
    expr->op = op;
    expr->args = copy;
    expr->n_args = flatten(op, args, n_args, copy);
    return expr;
}

const struct vf_expr *vf_expr_call1(struct vf_arena *arena, enum vf_expr_op op, enum vf_kind kind,
                                    const struct vf_expr *a)
{
    return vf_expr_call(arena, op, kind, &a, 1);
}

const struct vf_expr *vf_expr_call2(struct vf_arena *arena, enum vf_expr_op op, enum vf_kind kind,
                                    const struct vf_expr *a, const struct vf_expr *b)
{
    const struct vf_expr *const args[] = {a, b};

    return vf_expr_call(arena, op, kind, args, 2);
}

const struct vf_expr *vf_expr_with_rule(struct vf_arena *arena, const struct vf_expr *expr, const char *rule)
{
    struct vf_expr *copy = expr != NULL ? make(arena, expr->kind, expr->is) : NULL;

    if (copy == NULL)
        return NULL;
    *copy = *expr;
    copy->rule = rule;
    return copy;
}

const struct vf_expr *vf_expr_own(struct vf_arena *arena, const char *name, const char *rule, enum vf_kind kind,
                                  const struct vf_expr *const *args, size_t n_args)
{
    struct vf_expr *expr = make(arena, VF_EXPR_CALL, kind);
    const struct vf_expr **copy = vf_arena_alloc(arena, n_args + 1, sizeof(*copy));

    if (expr == NULL || copy == NULL)
        return NULL;
    for (size_t i = 0; i < n_args; i++) {
        if (args[i] == NULL)
            return NULL;
        copy[i] = args[i];
    }
    expr->op = VF_X_OWN;
    expr->args = copy;
    expr->n_args = n_args;
    expr->text = vf_arena_strdup(arena, name);
    expr->rule = vf_arena_strdup(arena, rule);
    return expr->text != NULL && expr->rule != NULL ? expr : NULL;
}

const struct vf_expr *vf_expr_subquery(struct vf_arena *arena, enum vf_expr_op op, enum vf_kind kind,
                                       const struct vf_query *query, const struct vf_expr *of)
{
    struct vf_expr *expr = make(arena, VF_EXPR_CALL, kind);
    const struct vf_expr **args = vf_arena_alloc(arena, 2, sizeof(*args));

    if (expr == NULL || args == NULL || query == NULL)
        return NULL;
    expr->op = op;
    expr->query = query;
    args[0] = of;
    expr->args = args;
    expr->n_args = of != NULL ? 1 : 0;
    return expr;
}

/* ---- looking ---- */

/* Whole numbers of several widths are one to an expression, as are TEXT and ENUM. */
static enum vf_kind family(enum vf_kind kind)
{
    return vf_kind_is_whole(kind) ? VF_K_I64 : vf_kind_is_text(kind) ? VF_K_TEXT : kind;
}

bool vf_expr_equal(const struct vf_expr *a, const struct vf_expr *b)
{
    if (a == b)
        return true;
    if (a == NULL || b == NULL || a->kind != b->kind)
        return false;
    switch (a->kind) {
    case VF_EXPR_NULL:
        return true;
    case VF_EXPR_LITERAL:
        return family(a->is) == family(b->is) && strcmp(a->text, b->text) == 0;
    case VF_EXPR_COLUMN:
        return a->column == b->column;
    case VF_EXPR_CALL:
        break;
    }
    return a->op == b->op && a->n_args == b->n_args && vf_str_equal(a->rule, b->rule) &&
           (a->op != VF_X_CAST || family(a->is) == family(b->is)) && vf_str_equal(a->text, b->text) &&
           are_equal(a->args, b->args, a->n_args) &&
           (a->query == NULL || b->query == NULL ? a->query == b->query : vf_query_equal(a->query, b->query));
}

const struct vf_expr *vf_expr_renumber(struct vf_arena *arena, const struct vf_expr *expr, const int *numbers,
                                       size_t n_numbers)
{
    struct vf_expr *copy = expr != NULL ? make(arena, expr->kind, expr->is) : NULL;

    if (copy == NULL)
        return NULL;
    *copy = *expr;
    if (expr->kind == VF_EXPR_COLUMN) {
        if (expr->column < 0 || (size_t)expr->column >= n_numbers || numbers[expr->column] < 0)
            return NULL;
        copy->column = numbers[expr->column];
    }
    if (expr->n_args == 0)
        return copy;
    const struct vf_expr **args = vf_arena_alloc(arena, expr->n_args, sizeof(*args));
    if (args == NULL)
        return NULL;
    for (size_t i = 0; i < expr->n_args; i++) {
        args[i] = vf_expr_renumber(arena, expr->args[i], numbers, n_numbers);
        if (args[i] == NULL)
            return NULL;
    }
    copy->args = args;
    return copy;
}

bool vf_expr_uses(const struct vf_expr *expr, int column)
{
    if (expr->kind == VF_EXPR_COLUMN)
        return expr->column == column;
    for (size_t i = 0; i < expr->n_args; i++) {
        if (vf_expr_uses(expr->args[i], column))
            return true;
    }
    return false;
}

bool vf_expr_is_volatile(const struct vf_expr *expr)
{
    bool is_volatile = expr->kind == VF_EXPR_CALL && (expr->op >= VF_X_NOW && expr->op <= VF_X_UUID);

    if (vf_expr_is_call(expr, VF_X_OWN) && vf_str_starts(expr->text, "random"))
        is_volatile = true;
    for (size_t i = 0; i < expr->n_args && !is_volatile; i++)
        is_volatile =
            vf_expr_is_volatile(expr->args[i]) || (expr->op == VF_X_OWN && expr->args[i]->kind == VF_EXPR_LITERAL &&
                                                   vf_strcasecmp(expr->args[i]->text, "now") == 0);
    return is_volatile;
}
