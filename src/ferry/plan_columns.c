#include <string.h>

#include "ferry/plan_make.h"

static const struct vf_plan_request_column *find_request(const struct vf_plan_request_table *table, const char *name)
{
    for (size_t i = 0; table != NULL && i < table->n_columns; i++) {
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    }
    return NULL;
}

static bool is_in_primary_key(const struct vf_table *table, int column)
{
    const struct vf_index *key = table->primary_key >= 0 ? &table->indexes[table->primary_key] : NULL;

    for (size_t i = 0; key != NULL && i < key->n_parts; i++) {
        if (key->parts[i].column == column)
            return true;
    }
    return false;
}

/* What the plan file says of the column goes before what was found. */
static void take_source_request(struct vf_plan_column *column, const struct vf_plan_request_column *request)
{
    if (request == NULL)
        return;
    if (request->has_type)
        column->source.type = request->type;
    if (request->has_read)
        column->source.form = request->read;
    if (request->target_name != NULL)
        column->target_name = request->target_name;
    column->accept_loss = request->accept_loss;
    column->skip = request->skip;
}

static void take_target_request(struct vf_plan_column *column, const struct vf_plan_request_column *request)
{
    if (request == NULL)
        return;
    if (request->to != NULL)
        column->mapping.native = request->to;
    if (request->has_as)
        column->mapping.form = request->as;
}

static enum vf_status check_drift(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                  const struct vf_plan_column *column, const struct vf_plan_request_column *request)
{
    const char *object = vf_plan_object(maker->plan, &table->source, column->name);

    if (maker->request == NULL)
        return VF_OK;
    if (request == NULL)
        return vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_STATE, object,
                              "make the plan anew, or add the column to it (with skip: true to leave it out)",
                              maker->err, "the column isn't in the plan: it is new in the source");
    if (request->from == NULL || strcmp(request->from, column->source.native) == 0)
        return VF_OK;
    return vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_STATE, object, "make the plan anew", maker->err,
                          "the column is \"%s\" in the plan, and \"%s\" in the source now", request->from,
                          column->source.native);
}

/* The column as the target has it. Values of generated columns are moved as values. */
static struct vf_column target_column(const struct vf_plan_maker *maker, const struct vf_plan_table *table, size_t i)
{
    const struct vf_plan_column *column = &table->columns[i];
    struct vf_column made = column->source;

    made.name = column->target_name;
    made.native = column->mapping.native;
    made.form = column->mapping.form;
    made.type = column->type;
    if (!column->mapping.default_moved)
        made.def = (struct vf_default){VF_DEFAULT_NONE, NULL};
    if (made.generated == VF_GENERATED_STORED || made.generated == VF_GENERATED_VIRTUAL) {
        made.generated = VF_GENERATED_NO;
        made.expression = NULL;
    }
    if (vf_conn_can(maker->target, VF_CAP_LATE_KEYS) && is_in_primary_key(&table->source, (int)i))
        made.not_null = true;
    made.evidence = (struct vf_evidence){0};
    return made;
}

static enum vf_status name_lost_parts(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                      const struct vf_plan_column *column)
{
    struct vf_plan *plan = maker->plan;
    const struct vf_column *source = &column->source;
    enum vf_status status = VF_OK;
    char label[256];

    vf_table_label(table->source.schema, table->source.name, label, sizeof(label));
    if (source->def.kind != VF_DEFAULT_NONE && !column->mapping.default_moved)
        status =
            vf_plan_not_moved(plan, "default", NULL, column->name, label, source->def.text,
                              column->mapping.default_why != NULL ? column->mapping.default_why
                                                                  : "the expression isn't one that vecferry translates",
                              maker->err);
    if (status == VF_OK && (source->generated == VF_GENERATED_STORED || source->generated == VF_GENERATED_VIRTUAL))
        status = vf_plan_not_moved(plan, "generation expression", NULL, column->name, label, source->expression,
                                   "its values are moved; the expression is the source's text, which is never run",
                                   maker->err);
    return status;
}

static enum vf_status add_column(struct vf_plan_maker *maker, struct vf_plan_table *table, size_t i,
                                 const struct vf_plan_request_table *request)
{
    struct vf_plan_column *column = &table->columns[i];
    const struct vf_plan_request_column *own = find_request(request, table->source.columns[i].name);

    column->name = column->target_name = table->source.columns[i].name;
    column->source = table->source.columns[i];
    enum vf_status status = check_drift(maker, table, column, own);
    take_source_request(column, own);
    column->type = column->source.type;
    if (status == VF_OK)
        status = vf_conn_map_column(maker->target, &table->source, &column->source, &maker->plan->arena,
                                    &column->mapping, maker->err);
    if (status != VF_OK)
        return status;
    take_target_request(column, own);
    if (maker->options->accept_losses)
        column->accept_loss = true;
    if (column->mapping.fidelity == VF_FIDELITY_NONE) {
        char label[256];
        column->skip = true;
        status = vf_plan_not_moved(maker->plan, "column", NULL, column->name,
                                   vf_table_label(table->source.schema, table->source.name, label, sizeof(label)),
                                   column->source.native, column->mapping.how, maker->err);
    } else {
        status = name_lost_parts(maker, table, column);
    }
    return status;
}

enum vf_status vf_plan_add_columns(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                   const struct vf_plan_request_table *request)
{
    struct vf_arena *arena = &maker->plan->arena;
    size_t n = table->source.n_columns;
    enum vf_status status = VF_OK;

    table->n_columns = n;
    table->columns = vf_arena_alloc(arena, n + 1, sizeof(*table->columns));
    table->target.columns = vf_arena_alloc(arena, n + 1, sizeof(*table->target.columns));
    if (table->columns == NULL || table->target.columns == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < n && status == VF_OK; i++)
        status = add_column(maker, table, i, request);
    /* A column that isn't moved isn't in the target's table either; keys are renumbered by plan_indexes.c. */
    for (size_t i = 0; i < n && status == VF_OK; i++) {
        if (!table->columns[i].skip)
            table->target.columns[table->target.n_columns++] = target_column(maker, table, i);
    }
    return status;
}
