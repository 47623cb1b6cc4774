#include "model/query.h"

#include <string.h>

#include "base/text.h"

const struct vf_table *vf_query_scope(struct vf_arena *arena, const struct vf_query *query,
                                      const struct vf_relations *relations)
{
    struct vf_table *scope = vf_arena_alloc(arena, 1, sizeof(*scope));
    size_t n = 0;

    for (size_t i = 0; i < query->n_sources; i++)
        n += relations->tables[query->sources[i].relation]->n_columns;
    struct vf_column *columns = vf_arena_alloc(arena, n + 1, sizeof(*columns));
    if (scope == NULL || columns == NULL)
        return NULL;
    *scope = (struct vf_table){.name = "", .columns = columns, .primary_key = -1};
    for (size_t i = 0; i < query->n_sources; i++) {
        const struct vf_table *table = relations->tables[query->sources[i].relation];
        for (size_t k = 0; k < table->n_columns; k++)
            columns[scope->n_columns++] = table->columns[k];
    }
    return scope;
}

const struct vf_table *vf_query_as_table(struct vf_arena *arena, const struct vf_query *query,
                                         const struct vf_table *scope, const char *schema, const char *name,
                                         bool is_typed)
{
    struct vf_table *table = vf_arena_alloc(arena, 1, sizeof(*table));
    struct vf_column *columns = vf_arena_alloc(arena, query->n_outputs + 1, sizeof(*columns));

    if (table == NULL || columns == NULL)
        return NULL;
    *table = (struct vf_table){
        .schema = schema, .name = name, .columns = columns, .n_columns = query->n_outputs, .primary_key = -1};
    for (size_t i = 0; i < query->n_outputs; i++) {
        const struct vf_expr *expr = query->outputs[i].expr;
        bool is_kept = is_typed && (vf_kind_is_whole(expr->is) || expr->is == VF_K_TEXT || expr->is == VF_K_BOOL);
        if (expr->kind == VF_EXPR_COLUMN)
            columns[i] = scope->columns[expr->column];
        else
            columns[i] = (struct vf_column){.native = "", .type.kind = is_kept ? expr->is : VF_K_OTHER};
        columns[i].name = query->outputs[i].name;
        columns[i].def = (struct vf_default){0};
        columns[i].generated = VF_GENERATED_NO;
        columns[i].expr = NULL;
    }
    return table;
}

/* ---- over other relations ---- */

struct renumbering {
    struct vf_arena *arena;
    const struct vf_query *query;
    const struct vf_relations *from;
    const int *numbers; /* of all columns of the query */
    size_t n_numbers;
    int *missing;
    bool failed;
};

static size_t source_of(const struct vf_query *query, int column)
{
    size_t i = query->n_sources - 1;

    while (i > 0 && query->sources[i].first_column > column)
        i--;
    return i;
}

static const struct vf_expr *renumber(struct renumbering *work, const struct vf_expr *expr)
{
    if (expr == NULL || work->failed)
        return NULL;
    for (size_t i = 0; i < work->n_numbers; i++) {
        if (work->numbers[i] < 0 && vf_expr_uses(expr, (int)i)) {
            *work->missing = (int)work->query->sources[source_of(work->query, (int)i)].relation;
            work->failed = true;
            return NULL;
        }
    }
    const struct vf_expr *made = vf_expr_renumber(work->arena, expr, work->numbers, work->n_numbers);
    work->failed = made == NULL;
    return made;
}

/* What each column of the query is called in the other. NULL: no memory, or a relation that isn't there. */
static const int *number_columns(struct vf_arena *arena, const struct vf_query *query, const struct vf_relations *from,
                                 const struct vf_relations *to, const int *relations, const int *const *columns,
                                 size_t *n_numbers, int *missing)
{
    size_t n = 0;
    int first = 0;

    for (size_t i = 0; i < query->n_sources; i++) {
        n += from->tables[query->sources[i].relation]->n_columns;
        if (relations[query->sources[i].relation] < 0) {
            *missing = (int)query->sources[i].relation;
            return NULL;
        }
    }
    int *numbers = vf_arena_alloc(arena, n + 1, sizeof(*numbers));
    *n_numbers = n;
    n = 0;
    for (size_t i = 0; numbers != NULL && i < query->n_sources; i++) {
        size_t relation = query->sources[i].relation;
        for (size_t k = 0; k < from->tables[relation]->n_columns; k++)
            numbers[n++] = columns[relation][k] < 0 ? -1 : first + columns[relation][k];
        first += (int)to->tables[relations[relation]]->n_columns;
    }
    return numbers;
}

static bool copy_lists(struct renumbering *work, const struct vf_query *query, struct vf_query *made)
{
    made->sources = vf_arena_alloc(work->arena, query->n_sources + 1, sizeof(*made->sources));
    made->outputs = vf_arena_alloc(work->arena, query->n_outputs + 1, sizeof(*made->outputs));
    made->groups = vf_arena_alloc(work->arena, query->n_groups + 1, sizeof(*made->groups));
    made->orders = vf_arena_alloc(work->arena, query->n_orders + 1, sizeof(*made->orders));
    if (made->sources == NULL || made->outputs == NULL || made->groups == NULL || made->orders == NULL)
        return false;
    for (size_t i = 0; i < query->n_outputs; i++)
        made->outputs[i] =
            (struct vf_query_output){.name = query->outputs[i].name, .expr = renumber(work, query->outputs[i].expr)};
    for (size_t i = 0; i < query->n_groups; i++)
        made->groups[i] = renumber(work, query->groups[i]);
    for (size_t i = 0; i < query->n_orders; i++) {
        made->orders[i] = query->orders[i];
        made->orders[i].expr = renumber(work, query->orders[i].expr);
    }
    made->where = renumber(work, query->where);
    made->having = renumber(work, query->having);
    return !work->failed;
}

const struct vf_query *vf_query_renumber(struct vf_arena *arena, const struct vf_query *query,
                                         const struct vf_relations *from, const struct vf_relations *to,
                                         const int *relations, const int *const *columns, int *missing)
{
    struct renumbering work = {.arena = arena, .query = query, .from = from, .missing = missing};
    struct vf_query *made = vf_arena_alloc(arena, 1, sizeof(*made));
    int first = 0;

    work.numbers = number_columns(arena, query, from, to, relations, columns, &work.n_numbers, missing);
    if (made == NULL || work.numbers == NULL)
        return NULL;
    *made = *query;
    if (!copy_lists(&work, query, made))
        return NULL;
    for (size_t i = 0; i < query->n_sources; i++) {
        made->sources[i] = query->sources[i];
        made->sources[i].relation = (size_t)relations[query->sources[i].relation];
        made->sources[i].first_column = first;
        made->sources[i].on = renumber(&work, query->sources[i].on);
        first += (int)to->tables[made->sources[i].relation]->n_columns;
    }
    return work.failed ? NULL : made;
}

/* ---- comparing ---- */

static bool same_expr(const struct vf_expr *a, const struct vf_expr *b)
{
    return a == NULL || b == NULL ? a == b : vf_expr_equal(a, b);
}

bool vf_query_equal(const struct vf_query *a, const struct vf_query *b)
{
    bool same = a->distinct == b->distinct && a->n_sources == b->n_sources && a->n_outputs == b->n_outputs &&
                a->n_groups == b->n_groups && a->n_orders == b->n_orders && a->limit == b->limit &&
                a->offset == b->offset && same_expr(a->where, b->where) && same_expr(a->having, b->having);

    for (size_t i = 0; same && i < a->n_sources; i++)
        same = a->sources[i].join == b->sources[i].join && a->sources[i].relation == b->sources[i].relation &&
               strcmp(a->sources[i].alias, b->sources[i].alias) == 0 && same_expr(a->sources[i].on, b->sources[i].on);
    for (size_t i = 0; same && i < a->n_outputs; i++)
        same = strcmp(a->outputs[i].name, b->outputs[i].name) == 0 && same_expr(a->outputs[i].expr, b->outputs[i].expr);
    for (size_t i = 0; same && i < a->n_groups; i++)
        same = same_expr(a->groups[i], b->groups[i]);
    for (size_t i = 0; same && i < a->n_orders; i++)
        same = a->orders[i].descending == b->orders[i].descending &&
               a->orders[i].nulls_first == b->orders[i].nulls_first &&
               vf_str_equal(a->orders[i].rule, b->orders[i].rule) && same_expr(a->orders[i].expr, b->orders[i].expr);
    return same;
}
