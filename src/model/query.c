#include "model/query.h"

#include <string.h>

#include "base/text.h"

/* ---- as a table ---- */

const struct vf_table *vf_query_scope(struct vf_arena *arena, const struct vf_query *query,
                                      const struct vf_table *outer)
{
    struct vf_table *scope = vf_arena_alloc(arena, 1, sizeof(*scope));
    size_t n = query->n_outer;

    for (size_t i = 0; i < query->n_sources; i++)
        n += query->sources[i].table->n_columns;
    struct vf_column *columns = vf_arena_alloc(arena, n + 1, sizeof(*columns));
    if (scope == NULL || columns == NULL)
        return NULL;
    *scope = (struct vf_table){.name = "", .columns = columns, .primary_key = -1};
    for (size_t k = 0; k < query->n_outer; k++)
        columns[scope->n_columns++] = outer->columns[k];
    for (size_t i = 0; i < query->n_sources; i++) {
        const struct vf_table *table = query->sources[i].table;
        for (size_t k = 0; k < table->n_columns; k++)
            columns[scope->n_columns++] = table->columns[k];
    }
    return scope;
}

/* A sum is of another type in each database. */
static bool is_of_sum(const struct vf_expr *expr)
{
    if (vf_expr_is_call(expr, VF_X_SUM))
        return true;
    for (size_t i = 0; i < expr->n_args; i++) {
        if (is_of_sum(expr->args[i]))
            return true;
    }
    return vf_expr_is_call(expr, VF_X_SCALAR) && is_of_sum(expr->query->outputs[0].expr);
}

static struct vf_column shown_column(const struct vf_query_output *output, const struct vf_table *scope, bool is_typed)
{
    const struct vf_expr *expr = output->expr;
    bool is_kept = is_typed &&
                   (expr->is == VF_K_TEXT || expr->is == VF_K_BOOL || (vf_kind_is_whole(expr->is) && !is_of_sum(expr)));
    struct vf_column column = {.native = "", .type.kind = is_kept ? expr->is : VF_K_OTHER};

    if (expr->kind == VF_EXPR_COLUMN)
        column = scope->columns[expr->column];
    else if (is_typed)
        column.collation = expr->collation;
    column.name = output->name;
    column.def = (struct vf_default){0};
    column.generated = VF_GENERATED_NO;
    column.expr = NULL;
    return column;
}

/* Of two that are united: like both, if they are alike; whole numbers, of whatever width; else as if it were computed. */
static void unite(struct vf_column *column, const struct vf_column *with, bool is_typed)
{
    bool alike = column->type.kind == with->type.kind && column->form == with->form &&
                 strcmp(column->native, with->native) == 0 && vf_str_equal(column->collation, with->collation);
    enum vf_kind kind = column->type.kind;
    bool is_native = column->form == VF_FORM_NATIVE && with->form == VF_FORM_NATIVE;
    bool is_whole = is_native && vf_kind_is_whole(kind) && vf_kind_is_whole(with->type.kind);
    bool is_kept = is_native && is_typed && kind == with->type.kind && (kind == VF_K_TEXT || kind == VF_K_BOOL);

    if (!alike)
        *column = (struct vf_column){.name = column->name,
                                     .native = "",
                                     .type.kind = is_whole  ? VF_K_I64
                                                  : is_kept ? kind
                                                            : VF_K_OTHER};
}

const struct vf_table *vf_query_as_table(struct vf_arena *arena, const struct vf_query *query,
                                         const struct vf_table *outer, const char *schema, const char *name,
                                         bool is_typed)
{
    struct vf_table *table = vf_arena_alloc(arena, 1, sizeof(*table));
    struct vf_column *columns = vf_arena_alloc(arena, query->n_outputs + 1, sizeof(*columns));

    if (table == NULL || columns == NULL)
        return NULL;
    *table = (struct vf_table){
        .schema = schema, .name = name, .columns = columns, .n_columns = query->n_outputs, .primary_key = -1};
    for (const struct vf_query *arm = query; arm != NULL; arm = arm->next) {
        const struct vf_table *scope = vf_query_scope(arena, arm, outer);
        if (scope == NULL)
            return NULL;
        for (size_t i = 0; i < query->n_outputs; i++) {
            struct vf_column column = shown_column(&arm->outputs[i], scope, is_typed);
            if (arm == query)
                columns[i] = column;
            else
                unite(&columns[i], &column, is_typed);
        }
    }
    return table;
}

/* ---- looking ---- */

const struct vf_query_source *vf_query_source_of(const struct vf_query *query, int column)
{
    size_t i = query->n_sources;

    while (i > 0 && query->sources[i - 1].first_column > column)
        i--;
    return i > 0 ? &query->sources[i - 1] : NULL;
}

static bool expr_uses_outer(const struct vf_expr *expr, size_t n_outer, int column)
{
    if (expr == NULL)
        return false;
    if (expr->kind == VF_EXPR_COLUMN)
        return (size_t)expr->column < n_outer && (column < 0 || expr->column == column);
    for (size_t i = 0; i < expr->n_args; i++) {
        if (expr_uses_outer(expr->args[i], n_outer, column))
            return true;
    }
    bool uses = expr->query != NULL && column >= 0 && vf_query_uses_outer(expr->query, column);
    for (size_t i = 0; expr->query != NULL && column < 0 && i < n_outer && !uses; i++)
        uses = vf_query_uses_outer(expr->query, (int)i); /* those of the query between aren't around it */
    return uses;
}

bool vf_query_uses_outer(const struct vf_query *query, int column)
{
    size_t n = query->n_outer;
    bool uses = expr_uses_outer(query->where, n, column) || expr_uses_outer(query->having, n, column);

    for (size_t i = 0; i < query->n_sources && !uses; i++)
        uses = expr_uses_outer(query->sources[i].on, n, column);
    for (size_t i = 0; i < query->n_outputs && !uses; i++)
        uses = expr_uses_outer(query->outputs[i].expr, n, column);
    for (size_t i = 0; i < query->n_groups && !uses; i++)
        uses = expr_uses_outer(query->groups[i], n, column);
    for (size_t i = 0; i < query->n_orders && !uses; i++)
        uses = expr_uses_outer(query->orders[i].expr, n, column);
    return uses || (query->next != NULL && vf_query_uses_outer(query->next, column));
}

/* ---- over other relations ---- */

struct renumbering {
    struct vf_arena *arena;
    const struct vf_relations *to;
    const int *relations;
    const int *const *columns;
    bool *missing;
};

/* One query: the numbers that its columns, and those around it, have in the other, and how many they are there. */
struct level {
    const struct renumbering *work;
    int *numbers;
    size_t n_there;
    bool failed;
};

static struct vf_query *renumber_query(const struct renumbering *work, const struct vf_query *query,
                                       const struct level *outer);

static const struct vf_expr *renumber(struct level *level, const struct vf_expr *expr)
{
    struct vf_arena *arena = level->work->arena;

    if (expr == NULL || level->failed)
        return NULL;
    struct vf_expr *copy = vf_arena_alloc(arena, 1, sizeof(*copy));
    const struct vf_expr **args = vf_arena_alloc(arena, expr->n_args + 1, sizeof(*args));
    level->failed = copy == NULL || args == NULL;
    if (level->failed)
        return NULL;
    *copy = *expr;
    copy->collation = NULL; /* that is the other database's */
    copy->args = args;
    if (expr->kind == VF_EXPR_COLUMN) {
        copy->column = level->numbers[expr->column];
        level->failed = *level->work->missing = copy->column < 0;
    }
    for (size_t i = 0; i < expr->n_args && !level->failed; i++)
        args[i] = renumber(level, expr->args[i]);
    if (expr->query != NULL && !level->failed) {
        copy->query = renumber_query(level->work, expr->query, level);
        level->failed = copy->query == NULL;
    }
    return level->failed ? NULL : copy;
}

/* The source there, its columns behind those before it. */
static bool renumber_source(struct level *level, const struct vf_query_source *source, struct vf_query_source *made)
{
    const struct renumbering *work = level->work;

    *made = *source;
    made->first_column = (int)level->n_there;
    if (source->query != NULL) {
        made->query = renumber_query(work, source->query, NULL);
        made->table = made->query != NULL
                          ? vf_query_as_table(work->arena, made->query, NULL, NULL, source->alias, work->to->is_typed)
                          : NULL;
    } else {
        int relation = work->relations[source->relation];
        *work->missing |= relation < 0;
        made->relation = (size_t)relation;
        made->table = relation >= 0 ? work->to->tables[relation] : NULL;
    }
    if (made->table == NULL)
        return false;
    for (size_t k = 0; k < source->table->n_columns; k++) {
        int number = source->query != NULL ? (int)k : work->columns[source->relation][k];
        level->numbers[source->first_column + (int)k] = number < 0 ? -1 : made->first_column + number;
    }
    level->n_there += made->table->n_columns;
    return true;
}

static bool renumber_sources(struct level *level, const struct vf_query *query, struct vf_query *made)
{
    for (size_t i = 0; i < query->n_sources; i++) {
        if (!renumber_source(level, &query->sources[i], &made->sources[i]))
            return false;
    }
    for (size_t i = 0; i < query->n_sources; i++)
        made->sources[i].on = renumber(level, query->sources[i].on);
    return !level->failed;
}

static bool renumber_lists(struct level *level, const struct vf_query *query, struct vf_query *made)
{
    for (size_t i = 0; i < query->n_outputs; i++)
        made->outputs[i] =
            (struct vf_query_output){.name = query->outputs[i].name, .expr = renumber(level, query->outputs[i].expr)};
    for (size_t i = 0; i < query->n_groups; i++)
        made->groups[i] = renumber(level, query->groups[i]);
    for (size_t i = 0; i < query->n_orders; i++) {
        made->orders[i] = query->orders[i];
        made->orders[i].expr = renumber(level, query->orders[i].expr);
    }
    made->where = renumber(level, query->where);
    made->having = renumber(level, query->having);
    return !level->failed;
}

static struct vf_query *renumber_query(const struct renumbering *work, const struct vf_query *query,
                                       const struct level *outer)
{
    struct vf_arena *arena = work->arena;
    struct level level = {.work = work, .n_there = outer != NULL ? outer->n_there : 0};
    struct vf_query *made = vf_arena_alloc(arena, 1, sizeof(*made));
    size_t n = query->n_outer;

    for (size_t i = 0; i < query->n_sources; i++)
        n += query->sources[i].table->n_columns;
    level.numbers = vf_arena_alloc(arena, n + 1, sizeof(*level.numbers));
    if (made == NULL || level.numbers == NULL)
        return NULL;
    for (size_t i = 0; i < query->n_outer; i++)
        level.numbers[i] = outer->numbers[i];
    *made = *query;
    made->n_outer = level.n_there;
    made->sources = vf_arena_alloc(arena, query->n_sources + 1, sizeof(*made->sources));
    made->outputs = vf_arena_alloc(arena, query->n_outputs + 1, sizeof(*made->outputs));
    made->groups = vf_arena_alloc(arena, query->n_groups + 1, sizeof(*made->groups));
    made->orders = vf_arena_alloc(arena, query->n_orders + 1, sizeof(*made->orders));
    if (made->sources == NULL || made->outputs == NULL || made->groups == NULL || made->orders == NULL ||
        !renumber_sources(&level, query, made) || !renumber_lists(&level, query, made))
        return NULL;
    if (query->next != NULL && (made->next = renumber_query(work, query->next, outer)) == NULL)
        return NULL;
    return made;
}

const struct vf_query *vf_query_renumber(struct vf_arena *arena, const struct vf_query *query,
                                         const struct vf_relations *to, const int *relations, const int *const *columns,
                                         bool *missing)
{
    const struct renumbering work = {arena, to, relations, columns, missing};

    *missing = false;
    return renumber_query(&work, query, NULL);
}

/* ---- comparing ---- */

static bool same_expr(const struct vf_expr *a, const struct vf_expr *b)
{
    return a == NULL || b == NULL ? a == b : vf_expr_equal(a, b);
}

static bool same_query(const struct vf_query *a, const struct vf_query *b)
{
    return a == NULL || b == NULL ? a == b : vf_query_equal(a, b);
}

bool vf_query_equal(const struct vf_query *a, const struct vf_query *b)
{
    bool same = a->distinct == b->distinct && a->n_outer == b->n_outer && a->n_sources == b->n_sources &&
                a->n_outputs == b->n_outputs && a->n_groups == b->n_groups && a->n_orders == b->n_orders &&
                a->limit == b->limit && a->offset == b->offset && same_expr(a->where, b->where) &&
                same_expr(a->having, b->having) && a->next_is_all == b->next_is_all && same_query(a->next, b->next);

    for (size_t i = 0; same && i < a->n_sources; i++)
        same = a->sources[i].join == b->sources[i].join && a->sources[i].relation == b->sources[i].relation &&
               strcmp(a->sources[i].alias, b->sources[i].alias) == 0 && same_expr(a->sources[i].on, b->sources[i].on) &&
               same_query(a->sources[i].query, b->sources[i].query);
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
