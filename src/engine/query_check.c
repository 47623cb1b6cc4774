#include <string.h>

#include "engine/query_read.h"

/* Is it made of what is grouped, of aggregates, and of what the queries around it have? */
static bool is_of_groups(const struct vf_query_reader *reader, const struct vf_expr *expr)
{
    const struct vf_query *query = reader->query;

    for (size_t i = 0; i < query->n_groups; i++) {
        if (vf_expr_equal(query->groups[i], expr))
            return true;
    }
    if (expr->kind == VF_EXPR_COLUMN)
        return (size_t)expr->column < query->n_outer;
    if (expr->kind != VF_EXPR_CALL || vf_expr_is_aggregate(expr))
        return true;
    for (size_t i = query->n_outer; expr->query != NULL && i < reader->table.n_columns; i++) {
        const struct vf_expr column = {.kind = VF_EXPR_COLUMN, .column = (int)i};
        if (vf_query_uses_outer(expr->query, (int)i) && !is_of_groups(reader, &column))
            return false;
    }
    for (size_t i = 0; i < expr->n_args; i++) {
        if (!is_of_groups(reader, expr->args[i]))
            return false;
    }
    return true;
}

static bool has_aggregate(const struct vf_expr *expr)
{
    bool has = vf_expr_is_aggregate(expr);

    for (size_t i = 0; i < expr->n_args && !has; i++)
        has = has_aggregate(expr->args[i]);
    return has;
}

/* A sum is of another type in each database: shown and compared it is the same number, and divided it isn't. */
static bool computes_with_sum(const struct vf_expr *expr, bool computes)
{
    if (vf_expr_is_aggregate(expr))
        return computes && expr->op == VF_X_SUM;
    if (expr->kind == VF_EXPR_CALL)
        computes |= (expr->op >= VF_X_NEG && expr->op <= VF_X_CONCAT) || expr->op == VF_X_ABS ||
                    expr->op == VF_X_CAST || expr->op == VF_X_OWN;
    for (size_t i = 0; i < expr->n_args; i++) {
        if (computes_with_sum(expr->args[i], computes))
            return true;
    }
    return vf_expr_is_call(expr, VF_X_SCALAR) && computes_with_sum(expr->query->outputs[0].expr, computes);
}

/* An aggregate of a column of a query around it belongs to that one. */
static bool is_of_another(const struct vf_expr *expr, size_t n_outer, bool in_aggregate)
{
    if (expr->kind == VF_EXPR_COLUMN)
        return in_aggregate && (size_t)expr->column < n_outer;
    for (size_t i = 0; i < expr->n_args; i++) {
        if (is_of_another(expr->args[i], n_outer, in_aggregate || vf_expr_is_aggregate(expr)))
            return true;
    }
    return false;
}

static bool check_expr(struct vf_query_reader *reader, const struct vf_expr *expr)
{
    const struct vf_query *query = reader->query;

    if (computes_with_sum(expr, false))
        return vf_query_not_understood(reader, "a sum that is computed with: its type isn't the same in each database");
    if (is_of_another(expr, query->n_outer, false))
        return vf_query_not_understood(reader, "an aggregate of a column of the query around it");
    if ((query->n_groups > 0 || reader->aggregates) && !is_of_groups(reader, expr))
        return vf_query_not_understood(reader, "a column that is neither grouped nor in an aggregate");
    return true;
}

bool vf_query_check(struct vf_query_reader *reader)
{
    const struct vf_query *query = reader->query;

    for (size_t i = 0; i < query->n_outputs; i++)
        reader->aggregates |= has_aggregate(query->outputs[i].expr);
    for (size_t i = 0; i < query->n_orders; i++)
        reader->aggregates |= has_aggregate(query->orders[i].expr);
    reader->aggregates |= query->having != NULL;
    for (size_t i = 0; i < query->n_outputs; i++) {
        if (!check_expr(reader, query->outputs[i].expr) ||
            (query->distinct && !vf_build_can_group(&reader->words, query->outputs[i].expr, "DISTINCT")))
            return false;
    }
    for (size_t i = 0; i < query->n_orders; i++) {
        if (!check_expr(reader, query->orders[i].expr))
            return false;
    }
    return query->having == NULL || check_expr(reader, query->having);
}

/* ---- what is united ---- */

static bool is_one_family(enum vf_kind a, enum vf_kind b)
{
    return a == b || (vf_kind_is_whole(a) && vf_kind_is_whole(b)) || (vf_kind_is_text(a) && vf_kind_is_text(b));
}

/* Do the values of both lie alike: as columns of one type, or so that they can be computed with? */
static bool lie_alike(const struct vf_dialect *dialect, const struct vf_expr *a, const struct vf_table *of_a,
                      const struct vf_expr *b, const struct vf_table *of_b)
{
    const struct vf_column *left = a->kind == VF_EXPR_COLUMN ? &of_a->columns[a->column] : NULL;
    const struct vf_column *right = b->kind == VF_EXPR_COLUMN ? &of_b->columns[b->column] : NULL;

    if (left != NULL && right != NULL && left->form == right->form && strcmp(left->native, right->native) == 0)
        return true;
    return a->is != VF_K_DECIMAL && (left == NULL || (dialect->abilities(left) & VF_CAN_COMPUTE) != 0) &&
           (right == NULL || (dialect->abilities(right) & VF_CAN_COMPUTE) != 0);
}

const char *vf_query_why_not_united(const struct vf_dialect *dialect, const struct vf_query *a,
                                    const struct vf_table *of_a, const struct vf_query *b, const struct vf_table *of_b)
{
    if (a->n_outputs != b->n_outputs)
        return "a UNION of different numbers of columns";
    for (size_t i = 0; i < a->n_outputs; i++) {
        const struct vf_expr *left = a->outputs[i].expr, *right = b->outputs[i].expr;
        if (left->kind == VF_EXPR_NULL || right->kind == VF_EXPR_NULL || !is_one_family(left->is, right->is))
            return "a UNION of columns of several kinds";
        if (!lie_alike(dialect, left, of_a, right, of_b))
            return "a UNION of columns whose values lie in different forms";
    }
    return NULL;
}

/* ---- how many rows ---- */

static bool uses_own(const struct vf_expr *expr, size_t n_outer)
{
    bool uses = expr->query != NULL || (expr->kind == VF_EXPR_COLUMN && (size_t)expr->column >= n_outer);

    for (size_t i = 0; i < expr->n_args && !uses; i++)
        uses = uses_own(expr->args[i], n_outer);
    return uses;
}

/* Is it one of the conditions that must all hold that a column is something from around the query, or a literal? */
static bool is_given(const struct vf_expr *where, int column, size_t n_outer)
{
    if (vf_expr_is_call(where, VF_X_AND)) {
        for (size_t i = 0; i < where->n_args; i++) {
            if (is_given(where->args[i], column, n_outer))
                return true;
        }
        return false;
    }
    if (!vf_expr_is_call(where, VF_X_EQ) || where->rule != NULL)
        return false;
    for (int side = 0; side < 2; side++) {
        const struct vf_expr *key = where->args[side];
        if (key->kind == VF_EXPR_COLUMN && key->column == column && !uses_own(where->args[1 - side], n_outer))
            return true;
    }
    return false;
}

bool vf_query_is_of_one_row(const struct vf_query *query)
{
    const struct vf_query_source *source = &query->sources[0];
    bool has = false;

    for (size_t i = 0; i < query->n_outputs; i++)
        has |= has_aggregate(query->outputs[i].expr);
    if (query->next != NULL || query->n_groups > 0 || query->having != NULL || query->limit >= 0 || query->offset > 0)
        return false;
    if (has || query->n_sources != 1 || source->table->primary_key < 0)
        return has;
    const struct vf_index *key = &source->table->indexes[source->table->primary_key];
    bool all = key->n_parts > 0;
    for (size_t i = 0; i < key->n_parts; i++)
        all &= key->parts[i].column >= 0 &&
               is_given(query->where, source->first_column + key->parts[i].column, query->n_outer);
    return all;
}
