#include <string.h>

#include "ferry/plan_make.h"

/* Depth-first: a table goes after those that it refers to. A cycle is cut where it closes. */
struct order {
    struct vf_plan *plan;
    struct vf_plan_table *sorted;
    size_t n_sorted;
    unsigned char *state; /* 0: not seen, 1: being visited, 2: placed */
};

static size_t find(const struct vf_plan *plan, const char *schema, const char *name)
{
    for (size_t i = 0; i < plan->n_tables; i++) {
        const struct vf_table *table = &plan->tables[i].source;
        bool same_schema = schema == NULL || table->schema == NULL || strcmp(table->schema, schema) == 0;
        if (same_schema && strcmp(table->name, name) == 0)
            return i;
    }
    return plan->n_tables;
}

static void visit(struct order *order, size_t i)
{
    const struct vf_table *table = &order->plan->tables[i].source;

    if (order->state[i] != 0)
        return;
    order->state[i] = 1;
    for (size_t k = 0; k < table->n_foreign_keys; k++) {
        size_t to = find(order->plan, table->foreign_keys[k].to_schema, table->foreign_keys[k].to_table);
        if (to < order->plan->n_tables)
            visit(order, to);
    }
    for (size_t k = 0; k < table->n_parents; k++) {
        size_t to = find(order->plan, table->parents[k].schema, table->parents[k].name);
        if (to < order->plan->n_tables)
            visit(order, to);
    }
    order->state[i] = 2;
    order->sorted[order->n_sorted++] = order->plan->tables[i];
}

enum vf_status vf_plan_order_tables(struct vf_plan *plan, struct vf_error *err)
{
    struct order order = {.plan = plan};

    order.sorted = vf_arena_alloc(&plan->arena, plan->n_tables + 1, sizeof(*order.sorted));
    order.state = vf_arena_alloc(&plan->arena, plan->n_tables + 1, 1);
    if (order.sorted == NULL || order.state == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < plan->n_tables; i++)
        visit(&order, i);
    plan->tables = order.sorted;
    return VF_OK;
}
