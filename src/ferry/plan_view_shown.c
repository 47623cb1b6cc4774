#include <string.h>

#include "base/text.h"
#include "ferry/plan_make.h"

/* ---- tables ---- */

enum vf_status vf_plan_shown_table(struct vf_plan_maker *maker, size_t number, struct vf_plan_shown *shown)
{
    struct vf_plan *plan = maker->plan;
    const struct vf_plan_table *table = &plan->tables[number];
    size_t n = 0;

    shown->from = vf_arena_alloc(&plan->arena, table->n_columns + 1, sizeof(*shown->from));
    shown->to = vf_arena_alloc(&plan->arena, table->n_columns + 1, sizeof(*shown->to));
    shown->is_over = vf_arena_alloc(&plan->arena, plan->n_tables + 1, sizeof(*shown->is_over));
    if (shown->from == NULL || shown->to == NULL || shown->is_over == NULL)
        return vf_error_nomem(maker->err);
    shown->is_same = shown->is_over[number] = true;
    for (size_t i = 0; i < table->n_columns; i++) {
        if (table->columns[i].skip)
            continue;
        if (table->columns[i].mapping.fidelity == VF_FIDELITY_EXACT) {
            shown->from[i] = table->from.fields[n];
            shown->to[n] = table->to.fields[n];
        }
        n++;
    }
    return VF_OK;
}

/* ---- columns of a view ---- */

/* A query on one side. */
struct look {
    const struct vf_query *query;
    const struct vf_plan_shown *relations;
    bool is_target;
    bool as_text; /* both databases are of one kind, and say every value as a text */
};

static const struct vf_field *field_of(const struct look *look, int column)
{
    size_t i = look->query->n_sources - 1;

    while (i > 0 && look->query->sources[i].first_column > column)
        i--;
    const struct vf_query_source *source = &look->query->sources[i];
    const struct vf_plan_shown *relation = &look->relations[source->relation];
    return &(look->is_target ? relation->to : relation->from)[column - source->first_column];
}

/* Are its values the source's to the last bit? A sum of floating-point numbers is as the order of the rows has it. */
static bool is_exact(const struct look *look, const struct vf_expr *expr)
{
    bool rounds = vf_expr_is_call(expr, VF_X_SUM) || vf_expr_is_call(expr, VF_X_AVG);

    if (expr == NULL)
        return true;
    if (expr->kind == VF_EXPR_COLUMN)
        return field_of(look, expr->column)->native != NULL;
    if (vf_expr_is_volatile(expr) || (rounds && (expr->args[0]->is == VF_K_F32 || expr->args[0]->is == VF_K_F64)))
        return false;
    for (size_t i = 0; i < expr->n_args; i++) {
        if (!is_exact(look, expr->args[i]))
            return false;
    }
    return true;
}

/* A column of that kind that the values come from, or NULL. */
static const struct vf_expr *column_in(const struct vf_expr *expr, enum vf_kind kind)
{
    const struct vf_expr *found = expr->kind == VF_EXPR_COLUMN && expr->is == kind ? expr : NULL;

    for (size_t i = 0; i < expr->n_args && found == NULL; i++)
        found = column_in(expr->args[i], kind);
    return found;
}

/* Is its kind that which the expression says, in all databases? What is one database's own may be of any. */
static bool is_of_kind(const struct vf_expr *expr)
{
    bool is_own = vf_expr_is_call(expr, VF_X_OWN) || vf_expr_is_call(expr, VF_X_AVG);

    for (size_t i = 0; i < expr->n_args && !is_own; i++)
        is_own = !is_of_kind(expr->args[i]);
    return !is_own;
}

/* How a column is read: as that of a table which it shows; else as databases give what they compute, where they do it alike. */
static void describe(const struct look *look, const struct vf_query_output *output, struct vf_field *field)
{
    const struct vf_expr *expr = output->expr;
    enum vf_kind kind = expr->is;
    const struct vf_expr *column = column_in(expr, kind);
    enum vf_kind read_as = vf_kind_is_whole(kind) || kind == VF_K_DECIMAL ? VF_K_DECIMAL /* of any width */
                           : kind == VF_K_F32 || kind == VF_K_F64         ? VF_K_F64
                           : vf_kind_is_text(kind)                        ? VF_K_TEXT
                           : kind == VF_K_BOOL                            ? VF_K_BOOL
                                                                          : VF_K_UNTYPED;

    *field = (struct vf_field){0};
    if (!is_exact(look, expr))
        field->native = NULL;
    else if (expr->kind == VF_EXPR_COLUMN)
        *field = *field_of(look, expr->column);
    else if (!is_of_kind(expr) || (column == NULL && read_as == VF_K_UNTYPED))
        *field = (struct vf_field){.native = look->as_text ? "" : NULL, .type = {.kind = VF_K_TEXT}};
    else if (read_as == VF_K_UNTYPED)
        *field = *field_of(look, column->column);
    else
        *field = (struct vf_field){.native = "", .type = {.kind = read_as}, .form = VF_FORM_NATIVE};
    field->name = output->name;
    field->not_null = false;
}

static bool is_ordered_by(const struct vf_query *query, const struct vf_expr *expr)
{
    for (size_t i = 0; i < query->n_orders; i++) {
        if (vf_expr_equal(query->orders[i].expr, expr))
            return true;
    }
    return false;
}

/* Does the order hold only equal rows for equal? By all that is shown, by what is grouped, or by the key of the one table. */
static bool is_total(const struct vf_query *query, const struct vf_relations *relations)
{
    bool by_outputs = true, by_groups = query->n_groups > 0 && !query->distinct, by_key = false;

    for (size_t i = 0; i < query->n_outputs; i++)
        by_outputs &= is_ordered_by(query, query->outputs[i].expr);
    for (size_t i = 0; i < query->n_groups; i++)
        by_groups &= is_ordered_by(query, query->groups[i]);
    if (query->n_sources == 1 && query->n_groups == 0 && !query->distinct) {
        const struct vf_table *table = relations->tables[query->sources[0].relation];
        const struct vf_index *key = table->primary_key >= 0 ? &table->indexes[table->primary_key] : NULL;
        by_key = key != NULL && key->n_parts > 0;
        for (size_t i = 0; by_key && i < key->n_parts; i++) {
            bool found = false;
            for (size_t k = 0; k < query->n_orders; k++)
                found |= query->orders[k].expr->kind == VF_EXPR_COLUMN &&
                         query->orders[k].expr->column == key->parts[i].column;
            by_key &= found && key->parts[i].column >= 0;
        }
    }
    return by_outputs || by_groups || by_key;
}

/* ---- which rows ---- */

static const char *why_not_same(const struct look *look)
{
    const struct vf_query *query = look->query;
    bool is_decided = is_exact(look, query->where) && is_exact(look, query->having);

    for (size_t i = 0; i < query->n_sources; i++) {
        if (!look->relations[query->sources[i].relation].is_same)
            return "it is over a view whose rows aren't compared";
        is_decided &= is_exact(look, query->sources[i].on);
    }
    for (size_t i = 0; i < query->n_groups; i++)
        is_decided &= is_exact(look, query->groups[i]);
    return is_decided ? NULL : "which rows it shows is decided by values that aren't the same to the last bit";
}

/* The columns that are compared, and the names of the others. */
static enum vf_status choose_columns(struct vf_plan_maker *maker, const struct vf_plan_shown *shown,
                                     struct vf_plan_view *view)
{
    struct vf_arena *arena = &maker->plan->arena;
    size_t n_outputs = view->target.n_columns, n = 0;
    struct vf_field *from = vf_arena_alloc(arena, n_outputs + 1, sizeof(*from));
    struct vf_field *to = vf_arena_alloc(arena, n_outputs + 1, sizeof(*to));
    const char *others = "";

    if (from == NULL || to == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < n_outputs && others != NULL; i++) {
        if (shown->from[i].native != NULL && shown->to[i].native != NULL) {
            from[n] = shown->from[i];
            to[n++] = shown->to[i];
        } else {
            others = vf_arena_printf(arena, "%s%s\"%s\"", others, others[0] != '\0' ? ", " : "", shown->to[i].name);
        }
    }
    if (others != NULL && others[0] != '\0')
        others = view->uncompared = vf_arena_printf(
            arena, "column %s: the values aren't the same to the last bit, or of no kind that is known", others);
    view->from.fields = from;
    view->to.fields = to;
    view->from.n_fields = view->to.n_fields = n;
    return others != NULL ? VF_OK : vf_error_nomem(maker->err);
}

static enum vf_status list_tables(struct vf_plan_maker *maker, const struct vf_plan_shown *shown,
                                  struct vf_plan_view *view)
{
    view->tables = vf_arena_alloc(&maker->plan->arena, maker->plan->n_tables + 1, sizeof(*view->tables));
    if (view->tables == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < maker->plan->n_tables; i++) {
        if (shown->is_over[i])
            view->tables[view->n_tables++] = i;
    }
    return VF_OK;
}

enum vf_status vf_plan_shown_view(struct vf_plan_maker *maker, const struct vf_query *query,
                                  const struct vf_query *made, const struct vf_plan_shown *relations,
                                  const struct vf_relations *from, struct vf_plan_view *view,
                                  struct vf_plan_shown *shown)
{
    struct vf_plan *plan = maker->plan;
    const struct vf_dialect *dialect = vf_conn_ops(maker->source)->dialect;
    bool as_text = dialect == vf_conn_ops(maker->target)->dialect && !dialect->reads_conditions_as_numbers;
    const struct look source = {query, relations, false, as_text}, target = {made, relations, true, as_text};
    bool is_chosen = query->limit >= 0 || query->offset > 0;

    shown->from = vf_arena_alloc(&plan->arena, query->n_outputs + 1, sizeof(*shown->from));
    shown->to = vf_arena_alloc(&plan->arena, query->n_outputs + 1, sizeof(*shown->to));
    shown->is_over = vf_arena_alloc(&plan->arena, plan->n_tables + 1, sizeof(*shown->is_over));
    if (shown->from == NULL || shown->to == NULL || shown->is_over == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < query->n_sources; i++) {
        for (size_t k = 0; k < plan->n_tables; k++)
            shown->is_over[k] |= relations[query->sources[i].relation].is_over[k];
    }
    for (size_t i = 0; i < query->n_outputs; i++) {
        describe(&source, &query->outputs[i], &shown->from[i]);
        describe(&target, &made->outputs[i], &shown->to[i]);
    }
    view->from =
        (struct vf_relation){.schema = view->source->schema, .name = view->source->name, .kind = VF_TABLE_VIEW};
    view->to = (struct vf_relation){.schema = view->target.schema, .name = view->target.name, .kind = VF_TABLE_VIEW};
    view->uncompared = why_not_same(&source);
    view->is_compared = view->uncompared == NULL;
    bool is_total_order = !is_chosen || is_total(query, from);
    shown->is_same = view->is_compared && is_total_order;
    enum vf_status status = list_tables(maker, shown, view);
    if (status == VF_OK && shown->is_same)
        status = choose_columns(maker, shown, view);
    else if (view->is_compared)
        view->uncompared =
            "all but their number: the order by which LIMIT leaves some may hold different ones for equal";
    return status;
}
