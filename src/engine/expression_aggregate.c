#include <string.h>

#include "base/text.h"
#include "engine/expression_read.h"

bool vf_build_can_group(struct vf_expr_reader *reader, const struct vf_expr *expr, const char *what)
{
    const char *rule = NULL;

    if (expr == NULL)
        return false;
    const struct vf_expr *bare = vf_build_bare(expr);
    enum vf_kind kind = bare->is;
    bool plain = vf_kind_is_whole(kind) || kind == VF_K_BOOL || kind == VF_K_UUID || kind == VF_K_BLOB ||
                 (kind >= VF_K_DATE && kind <= VF_K_TIMESTAMPTZ);

    if (vf_kind_is_text(kind) && vf_build_rule(reader, expr, expr, VF_FOR_EQUALITY, &rule) && rule == NULL)
        plain = true;
    if (plain || reader->why != NULL)
        return plain && reader->why == NULL;
    if (vf_kind_is_text(kind))
        (void)vf_expr_not_understood(reader, "%s by a collation that takes different texts for equal", what);
    else
        (void)vf_expr_not_understood(reader, "%s of values of kind %s, which may be equal in more than one form", what,
                                     kind == VF_K_UNTYPED ? "unknown" : vf_kind_name(kind));
    return false;
}

bool vf_build_can_sort(struct vf_expr_reader *reader, const struct vf_expr *expr, const char *what, const char **rule)
{
    *rule = NULL;
    if (expr == NULL)
        return false;
    const struct vf_expr *bare = vf_build_bare(expr);
    enum vf_kind kind = bare->is;

    if (vf_kind_is_number(kind) || (kind >= VF_K_DATE && kind <= VF_K_TIMESTAMPTZ))
        return true;
    if (kind == VF_K_TEXT && vf_build_rule(reader, expr, expr, VF_FOR_ORDER, rule) &&
        (*rule == NULL || strchr(*rule, ':') != NULL))
        return true;
    if (reader->why == NULL)
        (void)vf_expr_not_understood(reader, "%s of %s", what,
                                     kind == VF_K_TEXT      ? "texts by a collation that takes different ones for equal"
                                     : kind == VF_K_UNTYPED ? "values of an unknown kind"
                                                            : vf_kind_name(kind));
    return false;
}

static const struct vf_expr *extreme(struct vf_expr_reader *reader, enum vf_expr_op op, const struct vf_expr *arg)
{
    const struct vf_expr *given = arg;
    const char *rule = NULL;

    if (!vf_build_can_sort(reader, arg, vf_expr_op_name(op), &rule))
        return NULL;
    arg = vf_build_bare(arg);
    if (!vf_build_can_compute(reader, arg))
        return NULL;
    const struct vf_expr *made = vf_expr_call1(reader->arena, op, arg->is, arg);
    return vf_build_collated(reader, rule != NULL ? vf_expr_with_rule(reader->arena, made, rule) : made, &given, 1);
}

/* Rounded, by the order in which they come or by a number of digits: the same only in one database. */
static const struct vf_expr *rounded(struct vf_expr_reader *reader, enum vf_expr_op op, const struct vf_expr *arg)
{
    const char *rule = vf_build_own_rule(reader, "rounds");

    return rule != NULL ? vf_expr_with_rule(reader->arena, vf_expr_call1(reader->arena, op, VF_K_F64, arg), rule)
                        : NULL;
}

static const struct vf_expr *sum(struct vf_expr_reader *reader, enum vf_expr_op op, const struct vf_expr *arg)
{
    arg = vf_build_bare(arg);
    if (!vf_kind_is_number(arg->is))
        return vf_expr_not_understood(reader, "%s of what isn't a number", vf_expr_op_name(op));
    if (!vf_build_can_compute(reader, arg))
        return NULL;
    if (op == VF_X_AVG || arg->is == VF_K_F32 || arg->is == VF_K_F64)
        return rounded(reader, op, arg);
    return vf_expr_call1(reader->arena, op, arg->is == VF_K_DECIMAL ? VF_K_DECIMAL : VF_K_I64, arg);
}

const struct vf_expr *vf_build_aggregate(struct vf_expr_reader *reader, const char *name, bool is_distinct,
                                         const struct vf_expr *arg)
{
    static const struct {
        const char *name;
        enum vf_expr_op op;
    } known[] = {{"count", VF_X_COUNT_OF}, {"count_star", VF_X_COUNT_OF},
                 {"sum", VF_X_SUM},        {"avg", VF_X_AVG},
                 {"min", VF_X_MIN},        {"max", VF_X_MAX}};
    enum vf_expr_op op = VF_X_COUNT;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        op = vf_strcasecmp(name, known[i].name) == 0 ? known[i].op : op;
    if (op == VF_X_COUNT)
        return vf_expr_not_understood(reader, "the aggregate %.40s()", name);
    if (arg == NULL)
        return op == VF_X_COUNT_OF ? vf_expr_call(reader->arena, VF_X_COUNT_ROWS, VF_K_I64, NULL, 0)
                                   : vf_expr_not_understood(reader, "%.40s(*)", name);
    if (is_distinct && (op == VF_X_SUM || op == VF_X_AVG))
        return vf_expr_not_understood(reader, "%.40s(DISTINCT ...)", name);
    if (op == VF_X_MIN || op == VF_X_MAX)
        return extreme(reader, op, arg);
    if (op == VF_X_SUM || op == VF_X_AVG)
        return sum(reader, op, arg);
    if (is_distinct && !vf_build_can_group(reader, arg, "count(DISTINCT)"))
        return NULL;
    return vf_expr_call1(reader->arena, is_distinct ? VF_X_COUNT_DISTINCT : VF_X_COUNT_OF, VF_K_I64,
                         vf_build_bare(arg));
}
