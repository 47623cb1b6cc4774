#include <string.h>

#include "base/text.h"
#include "engine/expression_read.h"

const char vf_expr_collate[] = "collate";

const struct vf_expr *vf_build_bare(const struct vf_expr *expr)
{
    return vf_expr_is_call(expr, VF_X_OWN) && expr->text == vf_expr_collate ? expr->args[0] : expr;
}

/* By what the texts of an expression are compared, as far as it says itself. */
struct collating {
    const char *name; /* NULL: the database's own; "": several, and none of them goes before */
    bool is_column;   /* it is a column's, even where it has none of its own */
    bool is_explicit; /* by COLLATE */
};

static struct collating collating_of(const struct vf_expr_reader *reader, const struct vf_expr *expr)
{
    if (vf_build_bare(expr) != expr)
        return (struct collating){.name = expr->rule, .is_explicit = true};
    while (vf_expr_is_call(expr, VF_X_CAST) && expr->collation == NULL)
        expr = expr->args[0];
    if (expr->kind == VF_EXPR_COLUMN)
        return (struct collating){.name = reader->scope->table->columns[expr->column].collation, .is_column = true};
    return (struct collating){.name = expr->collation, .is_explicit = expr->is_collated};
}

static bool is_default(const char *collation)
{
    return collation == NULL || strcmp(collation, "default") == 0;
}

/* Of two together: COLLATE goes before columns. Of two columns the left one does, where what is computed has no collation; elsewhere that which isn't the database's own. */
static struct collating collating_together(const struct vf_expr_reader *reader, struct collating a, struct collating b)
{
    if (a.is_explicit != b.is_explicit)
        return a.is_explicit ? a : b;
    if (!reader->dialect->passes_collations)
        return a.is_explicit || a.is_column ? a : b;
    if (!a.is_explicit && (is_default(a.name) || is_default(b.name)))
        return is_default(a.name) ? b : a;
    if (!vf_str_equal(a.name, b.name))
        a.name = "";
    return a;
}

const struct vf_expr *vf_build_collate(struct vf_expr_reader *reader, const struct vf_expr *expr, const char *name)
{
    const struct vf_expr *made = vf_expr_own(reader->arena, vf_expr_collate, name, expr->is, &expr, 1);
    struct vf_expr *copy = made != NULL ? vf_arena_alloc(reader->arena, 1, sizeof(*copy)) : NULL;

    if (copy == NULL)
        return NULL;
    *copy = *made;
    copy->text = vf_expr_collate;
    return copy;
}

const struct vf_expr *vf_build_collated(struct vf_expr_reader *reader, const struct vf_expr *made,
                                        const struct vf_expr *const *args, size_t n_args)
{
    bool passes = reader->dialect->passes_collations;
    struct collating all = {0};

    if (made == NULL || made->kind != VF_EXPR_CALL)
        return made;
    for (size_t i = 0; i < n_args; i++) {
        struct collating one = collating_of(reader, args[i]);
        if (passes ? vf_kind_is_text(args[i]->is) : one.is_explicit)
            all = collating_together(reader, all, one);
    }
    if (all.name == NULL || (passes && !vf_kind_is_text(made->is)))
        return made;
    struct vf_expr *copy = vf_arena_alloc(reader->arena, 1, sizeof(*copy));
    if (copy == NULL)
        return NULL;
    *copy = *made;
    copy->collation = all.name;
    copy->is_collated = all.is_explicit;
    return copy;
}

bool vf_build_rule(struct vf_expr_reader *reader, const struct vf_expr *a, const struct vf_expr *b,
                   enum vf_rule_for what, const char **rule)
{
    struct collating both = collating_together(reader, collating_of(reader, a), collating_of(reader, b));

    if (both.name != NULL && both.name[0] == '\0') {
        (void)vf_expr_not_understood(reader, "texts by two collations at once");
        return false;
    }
    *rule = reader->dialect->collation_rule(reader->scope, both.name, what);
    if (*rule == NULL || strcmp(*rule, "nocase") == 0 || strcmp(*rule, "rtrim") == 0)
        return true;
    *rule = vf_build_own_rule(reader, *rule);
    return *rule != NULL;
}
