#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "engine/store.h"
#include "ferry/plan_make.h"
#include "model/schema_json.h"

/* What vecferry_schema of the source says of one table: as it was where it came from, and as it was made here. */
struct memory {
    struct vf_table was, here;
};

static enum vf_status read_part(const json_t *body, const char *key, struct vf_schema *schema, struct vf_table *table,
                                struct vf_error *err)
{
    char *text = json_dumps(json_object_get(body, key), JSON_COMPACT | JSON_ENCODE_ANY);
    enum vf_status status = text != NULL ? vf_table_from_json(text, schema, table, err)
                                         : vf_error_set(err, VF_USAGE, "the memory of a table has no \"%s\"", key);

    free(text); /* foreign */
    return status;
}

/* The plan file has the last word on what a column's values are. */
static bool is_retyped(const struct vf_plan_request_column *request, const struct vf_column *was)
{
    return request != NULL && ((request->has_type && !vf_type_equal(request->type, was->type)) || request->has_read);
}

/*
 * A column that is still as it was made holds values of the type that it was made for, though its declaration may say a wider one: bfloat16 as float32, a label as text. They are read as what
 * they were; one that was changed since and isn't of that type any more is rejected by name, as everywhere.
 */
static enum vf_status recall_type(struct vf_plan_maker *maker, struct vf_plan_table *table, size_t i,
                                  const struct vf_column *was, const struct vf_column *here,
                                  const struct vf_plan_request_column *request)
{
    struct vf_plan_column *column = &table->columns[i];
    struct vf_column *made = vf_plan_target_column(table, i);

    column->type = column->source.type = table->source.columns[i].type = was->type;
    column->source.form = table->source.columns[i].form = here->form;
    column->source.n_labels = table->source.columns[i].n_labels = was->n_labels;
    column->source.labels = table->source.columns[i].labels = was->labels;
    enum vf_status status = vf_plan_map_column(maker, table, column);
    if (status != VF_OK)
        return status;
    vf_plan_take_target(column, request);
    made->type = column->type;
    made->native = column->mapping.native;
    made->form = column->mapping.form;
    if (!column->mapping.default_moved)
        made->def = (struct vf_default){0};
    return VF_OK;
}

/* The distance by which a vec0 table searched a column. */
static enum vf_metric metric_of(const struct vf_table *was, int column)
{
    for (size_t i = 0; i < was->n_indexes; i++) {
        if (was->indexes[i].kind == VF_INDEX_EXACT && was->indexes[i].parts[0].column == column)
            return was->indexes[i].vector.metric;
    }
    return VF_METRIC_NONE;
}

/* The old declaration holds as long as the column is still the one that was made, and its values are of the type that they were. */
static enum vf_status recall_column(struct vf_plan_maker *maker, struct vf_plan_table *table, size_t i,
                                    const struct memory *memory, const struct vf_plan_request_column *request)
{
    struct vf_plan_column *column = &table->columns[i];
    int k = vf_table_find_column(&memory->here, column->name);

    if (k < 0 || column->skip)
        return VF_OK;
    /* Columns that were left out on the way here shift the numbers; those that were renamed can't be told then. */
    int old = memory->here.n_columns == memory->was.n_columns ? k : vf_table_find_column(&memory->was, column->name);
    if (old < 0)
        return VF_OK;
    const struct vf_column *was = &memory->was.columns[old], *here = &memory->here.columns[k];
    vf_plan_target_column(table, i)->role = was->role;
    column->was_metric = metric_of(&memory->was, old);
    /* An engine that lays the memory over its catalogue itself shows the old declaration already, if the column is still the one that was made. */
    bool is_made = vf_strcasecmp(here->native, column->source.native) == 0;
    if (!is_made && strcmp(was->native, column->source.native) != 0)
        return VF_OK;
    if (!vf_type_equal(was->type, column->type)) {
        if (!is_made || !vf_type_equal(was->type, here->type) || is_retyped(request, was))
            return VF_OK;
        enum vf_status status = recall_type(maker, table, i, was, here, request);
        if (status != VF_OK)
            return status;
    }
    column->found = request != NULL ? request->found : NULL;               /* it is taken for what it was */
    if (column->mapping.not_kept || memory->was.kind != VF_TABLE_ORDINARY) /* plan_kind.c says what it is declared as */
        return VF_OK;
    if (request != NULL && request->to != NULL &&
        (strcmp(request->to, was->native) != 0 || (request->has_as ? request->as : VF_FORM_NATIVE) != was->form))
        return VF_OK; /* the plan has settled it otherwise */
    column->overruled = false;
    column->mapping.native = was->native;
    column->mapping.form = was->form;
    column->mapping.fidelity = VF_FIDELITY_EXACT;
    column->mapping.how = "as it was before it came here";
    struct vf_column *made = vf_plan_target_column(table, i);
    made->native = was->native;
    made->form = was->form;
    bool was_computed = was->generated == VF_GENERATED_STORED || was->generated == VF_GENERATED_VIRTUAL;
    column->was_generated = was_computed ? was->generated : VF_GENERATED_NO;
    made->generated = was_computed ? VF_GENERATED_NO : was->generated;
    if (was->generated == VF_GENERATED_IDENTITY_BY_DEFAULT) /* it counted so before it left */
        column->mapping.counts_not_same = NULL;
    made->collation = was->collation;
    made->key_not_null = was->key_not_null;
    if (column->source.not_null == here->not_null) /* a key of SQLite's may hold NULL, and no other's */
        made->not_null = was->not_null;
    if (made->not_null && vf_conn_limits(maker->target)->not_null_names)
        made->not_null_name = was->not_null_name;
    if (was->def.kind != VF_DEFAULT_EXPRESSION && was->def.kind != VF_DEFAULT_NONE) {
        made->def = was->def;
        column->mapping.default_why = NULL;
    }
    return VF_OK;
}

/* A database without schemas has made one a part of the table's name: where there are schemas again, and the plan says nothing else, the table goes back into its own. */
static void recall_schema(struct vf_plan_maker *maker, struct vf_plan_table *table, const struct memory *memory,
                          const struct vf_plan_request_table *request)
{
    const struct vf_table *was = &memory->was;
    char joined[256];

    if (was->schema == NULL || table->source.schema != NULL || !vf_conn_can(maker->target, VF_CAP_SCHEMAS))
        return;
    snprintf(joined, sizeof(joined), "%s_%s", was->schema, was->name);
    if (strcmp(table->source.name, joined) != 0 ||
        (request != NULL && request->target_name != NULL && strcmp(request->target_name, was->name) != 0))
        return;
    table->target.schema = was->schema;
    table->target.name = was->name;
}

/* What stands behind the columns of CREATE TABLE comes back with the declarations that it goes with. */
static void recall_options(const struct vf_plan_maker *maker, struct vf_plan_table *table, const struct memory *memory)
{
    const struct vf_table *was = &memory->was;
    struct vf_table *made = &table->target;
    bool is_same = made->n_columns == was->n_columns;

    for (size_t i = 0; is_same && i < made->n_columns; i++)
        is_same = strcmp(made->columns[i].native, was->columns[i].native) == 0;
    made->unlogged = made->unlogged || (was->unlogged && vf_conn_can(maker->target, VF_CAP_PARTITIONS));
    table->was_vec0 = was->kind == VF_TABLE_VEC0;
    made->vec0_chunk_size = was->vec0_chunk_size;
    made->strict = made->strict || (was->strict && is_same);
    made->without_rowid = made->without_rowid || (was->without_rowid && table->source.primary_key >= 0);
}

/* Numbers of columns where the table came from, as they are here. false: one is gone, or isn't moved. */
static bool recall_by(struct vf_plan_maker *maker, const struct vf_plan_table *table, const struct memory *memory,
                      const struct vf_partition_by *was, struct vf_partition_by *by)
{
    const struct vf_table *here = &memory->here;

    *by = *was;
    by->columns = vf_arena_alloc(&maker->plan->arena, was->n_columns + 1, sizeof(*by->columns));
    for (size_t i = 0; by->columns != NULL && i < was->n_columns; i++) {
        int old = was->columns[i];
        int k =
            here->n_columns == memory->was.n_columns ? old : vf_table_find_column(here, memory->was.columns[old].name);
        by->columns[i] = k >= 0 ? vf_table_find_column(&table->source, here->columns[k].name) : -1;
        if (by->columns[i] < 0)
            return false;
    }
    return by->columns != NULL;
}

/* How its rows were divided. What the target makes of it, and what the plan file says, is for vf_plan_add_lineage(). */
static void recall_partitions(struct vf_plan_maker *maker, struct vf_plan_table *table, const struct memory *memory)
{
    const struct vf_table *was = &memory->was;
    struct vf_partition_by by;
    struct vf_partition *parts = vf_arena_alloc(&maker->plan->arena, was->n_partitions + 1, sizeof(*parts));

    if (was->partition_by.strategy == VF_PARTITION_NONE || !vf_conn_can(maker->target, VF_CAP_PARTITIONS) ||
        table->source.partition_by.strategy != VF_PARTITION_NONE || parts == NULL ||
        !recall_by(maker, table, memory, &was->partition_by, &by))
        return;
    for (size_t i = 0; i < was->n_partitions; i++) {
        parts[i] = was->partitions[i];
        if (!recall_by(maker, table, memory, &was->partitions[i].by, &parts[i].by))
            return;
    }
    table->source.partition_by = by;
    table->source.partitions = parts;
    table->source.n_partitions = was->n_partitions;
}

/* Whom it inherited from there, by the names that they had there; see settle_parents(). A database that has such tables itself says all there is to say. */
static void recall_parents(struct vf_plan_maker *maker, struct vf_plan_table *table, const struct memory *memory)
{
    table->was = (struct vf_table_name){memory->was.schema, memory->was.name};
    if (!vf_conn_can(maker->target, VF_CAP_PARTITIONS) || vf_conn_can(maker->source, VF_CAP_PARTITIONS))
        return;
    table->source.parents = memory->was.parents;
    table->source.n_parents = memory->was.n_parents;
}

/* The parents by the names that they have here. One that isn't moved keeps its own: it is named. */
static void settle_parents(struct vf_plan *plan)
{
    for (size_t i = 0; i < plan->n_tables; i++) {
        struct vf_table *source = &plan->tables[i].source;
        for (size_t k = 0; k < source->n_parents; k++) {
            const struct vf_table_name was = source->parents[k];
            for (size_t n = 0; n < plan->n_tables; n++) {
                const struct vf_plan_table *parent = &plan->tables[n];
                if (vf_str_equal(parent->was.name, was.name) && vf_str_equal(parent->was.schema, was.schema))
                    source->parents[k] = (struct vf_table_name){parent->source.schema, parent->source.name};
            }
        }
    }
}

static bool is_about(const struct vf_plan_table *table, const char *name)
{
    char label[256];

    return strcmp(vf_table_label(table->source.schema, table->source.name, label, sizeof(label)), name) == 0 ||
           strcmp(table->source.name, name) == 0;
}

/* Where it came from could have had vector indexes, which would be remembered: then there were no others. */
static void recall_indexes(struct vf_plan *plan, const char *name, const char *engine)
{
    const struct vf_engine_ops *ops = engine != NULL ? vf_engine_find(engine) : NULL;

    for (size_t i = 0; ops != NULL && (ops->caps & VF_CAP_VECTOR_INDEX) != 0 && i < plan->n_tables; i++)
        plan->tables[i].knows_indexes |= is_about(&plan->tables[i], name);
}

static enum vf_status see_memory(void *context, const char *kind, const char *name, const char *body_json,
                                 struct vf_error *err)
{
    struct vf_plan_maker *maker = context;
    struct vf_plan *plan = maker->plan;
    struct memory memory = {0};

    if (strcmp(kind, "table") != 0)
        return VF_OK;
    json_t *body = json_loads(body_json, 0, NULL);
    const char *engine = json_string_value(json_object_get(body, "source_engine"));
    enum vf_status status = VF_OK;
    recall_indexes(plan, name, engine);
    if (engine != NULL && strcmp(engine, vf_conn_ops(maker->target)->name) == 0) {
        status = read_part(body, "source", &plan->source, &memory.was, err);
        if (status == VF_OK)
            status = read_part(body, "target", &plan->source, &memory.here, err);
        for (size_t i = 0; i < plan->n_tables && status == VF_OK; i++) {
            struct vf_plan_table *table = &plan->tables[i];
            bool same = is_about(table, name);
            const struct vf_plan_request_table *request = vf_plan_find_table_request(maker->request, &table->source);
            if (same)
                recall_schema(maker, table, &memory, request);
            for (size_t k = 0; same && k < table->n_columns && status == VF_OK; k++)
                status = recall_column(maker, table, k, &memory,
                                       vf_plan_find_column_request(request, table->columns[k].name));
            if (same) {
                recall_options(maker, table, &memory);
                recall_partitions(maker, table, &memory);
                recall_parents(maker, table, &memory);
            }
        }
    }
    json_decref(body);
    return status;
}

enum vf_status vf_plan_recall(struct vf_plan_maker *maker)
{
    enum vf_status status = vf_store_recall(maker->source, see_memory, maker, maker->err);

    if (status == VF_OK && !vf_conn_can(maker->source, VF_CAP_PARTITIONS))
        settle_parents(maker->plan);
    return status;
}
