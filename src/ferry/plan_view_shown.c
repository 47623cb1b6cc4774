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

/* ---- columns of a query ---- */

/* A query on one side, within those around it. */
struct look {
    const struct vf_query *query;
    const struct vf_plan_shown *relations;
    bool is_target;
    bool as_text; /* both databases are of one kind, and say every value as a text */
    const struct look *around;
};

static struct look look_into(const struct look *look, const struct vf_query *query, const struct look *around)
{
    return (struct look){query, look->relations, look->is_target, look->as_text, around};
}

static struct vf_field field_of_output(const struct look *look, size_t output);

static struct vf_field field_of(const struct look *look, int column)
{
    const struct vf_query_source *source = vf_query_source_of(look->query, column);

    while (source == NULL) {
        look = look->around;
        source = vf_query_source_of(look->query, column);
    }
    if (source->query != NULL) {
        const struct look inner = look_into(look, source->query, NULL);
        return field_of_output(&inner, (size_t)(column - source->first_column));
    }
    const struct vf_plan_shown *relation = &look->relations[source->relation];
    return (look->is_target ? relation->to : relation->from)[column - source->first_column];
}

static bool is_decided(const struct look *look);

/* Are its values the source's to the last bit? A sum of floating-point numbers is as the order of the rows has it. */
static bool is_exact(const struct look *look, const struct vf_expr *expr)
{
    bool rounds = vf_expr_is_call(expr, VF_X_SUM) || vf_expr_is_call(expr, VF_X_AVG);

    if (expr == NULL)
        return true;
    if (expr->kind == VF_EXPR_COLUMN)
        return field_of(look, expr->column).native != NULL;
    if (vf_expr_is_volatile(expr) || (rounds && (expr->args[0]->is == VF_K_F32 || expr->args[0]->is == VF_K_F64)))
        return false;
    for (size_t i = 0; i < expr->n_args; i++) {
        if (!is_exact(look, expr->args[i]))
            return false;
    }
    for (const struct vf_query *arm = expr->query; arm != NULL; arm = arm->next) {
        const struct look inner = look_into(look, arm, look);
        if (!is_decided(&inner) || (expr->op != VF_X_EXISTS && !is_exact(&inner, arm->outputs[0].expr)))
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
static struct vf_field describe(const struct look *look, const struct vf_expr *expr)
{
    enum vf_kind kind = expr->is;
    const struct vf_expr *column = column_in(expr, kind);
    enum vf_kind read_as = vf_kind_is_whole(kind) || kind == VF_K_DECIMAL ? VF_K_DECIMAL /* of any width */
                           : kind == VF_K_F32 || kind == VF_K_F64         ? VF_K_F64
                           : vf_kind_is_text(kind)                        ? VF_K_TEXT
                           : kind == VF_K_BOOL                            ? VF_K_BOOL
                                                                          : VF_K_UNTYPED;

    if (!is_exact(look, expr))
        return (struct vf_field){0};
    if (expr->kind == VF_EXPR_COLUMN)
        return field_of(look, expr->column);
    if (!is_of_kind(expr) || (column == NULL && read_as == VF_K_UNTYPED))
        return (struct vf_field){.native = look->as_text ? "" : NULL, .type = {.kind = VF_K_TEXT}};
    if (read_as == VF_K_UNTYPED)
        return field_of(look, column->column);
    return (struct vf_field){.native = "", .type = {.kind = read_as, .normal = read_as == VF_K_DECIMAL}};
}

static bool are_alike(const struct vf_field *a, const struct vf_field *b)
{
    return a->native != NULL && b->native != NULL && vf_type_equal(a->type, b->type) && a->form == b->form;
}

static bool is_plain_form(enum vf_form form)
{
    return form == VF_FORM_NATIVE || form == VF_FORM_INTEGER;
}

/* Of queries that are united: as the first, if the others are alike; whole numbers may be of several widths, and truth values computed or not. */
static struct vf_field field_of_output(const struct look *look, size_t output)
{
    const struct vf_query_output *first = &look->query->outputs[output];
    struct vf_field field = describe(look, first->expr);

    for (const struct vf_query *arm = look->query->next; arm != NULL; arm = arm->next) {
        const struct look other = look_into(look, arm, look->around);
        const struct vf_field there = describe(&other, arm->outputs[output].expr);
        bool is_whole = vf_kind_is_whole(first->expr->is), is_bool = first->expr->is == VF_K_BOOL;
        bool is_plain = field.native != NULL && there.native != NULL && is_plain_form(field.form) &&
                        is_plain_form(there.form) && (is_whole || is_bool);
        if (is_plain)
            field = (struct vf_field){.native = "",
                                      .type = {.kind = is_bool ? VF_K_BOOL : VF_K_DECIMAL, .normal = is_whole}};
        else if (!are_alike(&field, &there))
            field.native = NULL;
    }
    field.name = first->name;
    field.not_null = false;
    return field;
}

/* ---- which rows ---- */

static bool is_ordered_by(const struct vf_query *query, const struct vf_expr *expr)
{
    for (size_t i = 0; i < query->n_orders; i++) {
        if (vf_expr_equal(query->orders[i].expr, expr))
            return true;
    }
    return false;
}

static bool is_ordered_by_key(const struct vf_query *query)
{
    const struct vf_query_source *source = &query->sources[0];
    bool is_one = query->n_sources == 1 && query->n_groups == 0 && !query->distinct && source->table->primary_key >= 0;
    const struct vf_index *key = is_one ? &source->table->indexes[source->table->primary_key] : NULL;

    for (size_t i = 0; is_one && i < key->n_parts; i++) {
        const struct vf_expr column = {.kind = VF_EXPR_COLUMN, .column = source->first_column + key->parts[i].column};
        is_one = key->parts[i].column >= 0 && is_ordered_by(query, &column);
    }
    return is_one && key->n_parts > 0;
}

/* Does LIMIT leave the same rows everywhere? If the order holds only equal rows for equal: by all that is shown, by what is grouped, or by the key of the one table. */
static bool is_limit_same(const struct vf_query *query)
{
    bool by_outputs = true, by_groups = query->n_groups > 0 && !query->distinct;

    for (size_t i = 0; i < query->n_outputs; i++)
        by_outputs &= is_ordered_by(query, query->outputs[i].expr);
    for (size_t i = 0; i < query->n_groups; i++)
        by_groups &= is_ordered_by(query, query->groups[i]);
    return (query->limit < 0 && query->offset == 0) || by_outputs || by_groups || is_ordered_by_key(query);
}

static bool are_sources_same(const struct look *look)
{
    for (size_t i = 0; i < look->query->n_sources; i++) {
        const struct vf_query_source *source = &look->query->sources[i];
        if (source->query == NULL && !look->relations[source->relation].is_same)
            return false;
        for (const struct vf_query *arm = source->query; arm != NULL; arm = arm->next) {
            const struct look inner = look_into(look, arm, NULL);
            if (!is_decided(&inner))
                return false;
        }
    }
    return true;
}

/* Is it decided by exact values alone which rows it has, but for its own LIMIT? */
static bool is_decided_but_limit(const struct look *look)
{
    const struct vf_query *query = look->query;
    bool is = is_exact(look, query->where) && is_exact(look, query->having);

    for (size_t i = 0; i < query->n_sources; i++)
        is &= is_exact(look, query->sources[i].on);
    for (size_t i = 0; i < query->n_groups; i++)
        is &= is_exact(look, query->groups[i]);
    for (size_t i = 0; i < query->n_outputs && query->distinct; i++)
        is &= is_exact(look, query->outputs[i].expr);
    return is;
}

static bool is_decided(const struct look *look)
{
    return are_sources_same(look) && is_decided_but_limit(look) && is_limit_same(look->query);
}

static const char *why_not_same(const struct look *look)
{
    for (const struct vf_query *arm = look->query; arm != NULL; arm = arm->next) {
        const struct look one = look_into(look, arm, NULL);
        if (!are_sources_same(&one))
            return "it is over a view, or a subquery, whose rows aren't compared";
        if (!is_decided_but_limit(&one))
            return "which rows it shows is decided by values that aren't the same to the last bit";
        if (arm->next == NULL || arm->next_is_all)
            continue;
        for (size_t i = 0; i < arm->n_outputs; i++) {
            if (!is_exact(&one, arm->outputs[i].expr))
                return "which rows it shows is decided by values that aren't the same to the last bit";
        }
    }
    return NULL;
}

/* Which tables are behind it? */
static void mark_tables(const struct look *look, const struct vf_query *query, size_t n_tables, bool *is_over);

static void mark_in(const struct look *look, const struct vf_expr *expr, size_t n_tables, bool *is_over)
{
    if (expr == NULL)
        return;
    if (expr->query != NULL)
        mark_tables(look, expr->query, n_tables, is_over);
    for (size_t i = 0; i < expr->n_args; i++)
        mark_in(look, expr->args[i], n_tables, is_over);
}

static void mark_tables(const struct look *look, const struct vf_query *query, size_t n_tables, bool *is_over)
{
    for (size_t i = 0; i < query->n_sources; i++) {
        const struct vf_query_source *source = &query->sources[i];
        if (source->query != NULL)
            mark_tables(look, source->query, n_tables, is_over);
        for (size_t k = 0; k < n_tables && source->query == NULL; k++)
            is_over[k] |= look->relations[source->relation].is_over[k];
    }
    for (size_t i = 0; i < query->n_outputs; i++)
        mark_in(look, query->outputs[i].expr, n_tables, is_over);
    mark_in(look, query->where, n_tables, is_over);
    mark_in(look, query->having, n_tables, is_over);
    if (query->next != NULL)
        mark_tables(look, query->next, n_tables, is_over);
}

/* ---- a view ---- */

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
                                  struct vf_plan_view *view, struct vf_plan_shown *shown)
{
    struct vf_plan *plan = maker->plan;
    const struct vf_dialect *dialect = vf_conn_ops(maker->source)->dialect;
    bool as_text = dialect == vf_conn_ops(maker->target)->dialect && !dialect->reads_conditions_as_numbers;
    const struct look source = {query, relations, false, as_text, NULL};
    const struct look target = {made, relations, true, as_text, NULL};

    shown->from = vf_arena_alloc(&plan->arena, query->n_outputs + 1, sizeof(*shown->from));
    shown->to = vf_arena_alloc(&plan->arena, query->n_outputs + 1, sizeof(*shown->to));
    shown->is_over = vf_arena_alloc(&plan->arena, plan->n_tables + 1, sizeof(*shown->is_over));
    if (shown->from == NULL || shown->to == NULL || shown->is_over == NULL)
        return vf_error_nomem(maker->err);
    mark_tables(&source, query, plan->n_tables, shown->is_over);
    for (size_t i = 0; i < query->n_outputs; i++) {
        shown->from[i] = field_of_output(&source, i);
        shown->to[i] = field_of_output(&target, i);
    }
    view->from =
        (struct vf_relation){.schema = view->source->schema, .name = view->source->name, .kind = VF_TABLE_VIEW};
    view->to = (struct vf_relation){.schema = view->target.schema, .name = view->target.name, .kind = VF_TABLE_VIEW};
    view->uncompared = why_not_same(&source);
    view->is_compared = view->uncompared == NULL;
    shown->is_same = view->is_compared && is_limit_same(query);
    enum vf_status status = list_tables(maker, shown, view);
    if (status == VF_OK && shown->is_same)
        status = choose_columns(maker, shown, view);
    else if (view->is_compared)
        view->uncompared =
            "all but their number: the order by which LIMIT leaves some may hold different ones for equal";
    return status;
}
