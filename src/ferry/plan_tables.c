#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ferry/nul.h"
#include "ferry/plan_make.h"

/* ---- which tables ---- */

bool vf_plan_is_named(const struct vf_table *table, const char *name)
{
    char label[256];

    return strcmp(table->name, name) == 0 ||
           (table->schema != NULL &&
            strcmp(vf_table_label(table->schema, table->name, label, sizeof(label)), name) == 0);
}

static bool is_in(const struct vf_table *table, size_t n, const char *const *names)
{
    for (size_t i = 0; i < n; i++) {
        if (vf_plan_is_named(table, names[i]))
            return true;
    }
    return false;
}

enum vf_status vf_plan_no_such_table(const struct vf_schema *schema, const char *name, const char *option,
                                     struct vf_error *err)
{
    const char *best = NULL;

    for (size_t i = 0; i < schema->n_tables; i++) {
        if (best == NULL || vf_edit_distance(name, schema->tables[i].name) < vf_edit_distance(name, best))
            best = schema->tables[i].name;
    }
    vf_error_set(err, VF_USAGE, "--%s: the source has no table \"%s\"", option, name);
    vf_error_hint(
        err, best != NULL ? "the nearest is \"%s\"; vecferry inspect lists them" : "the source has no tables at all%s",
        best != NULL ? best : "");
    return VF_USAGE;
}

/* Every name that the user gives must be there: a slip would otherwise move nothing, or everything, without a word. */
static enum vf_status check_names(const struct vf_schema *schema, size_t n, const char *const *names,
                                  const char *option, struct vf_error *err)
{
    for (size_t i = 0; i < n; i++) {
        bool found = false;
        for (size_t k = 0; k < schema->n_tables && !found; k++)
            found = vf_plan_is_named(&schema->tables[k], names[i]);
        if (!found)
            return vf_plan_no_such_table(schema, names[i], option, err);
    }
    return VF_OK;
}

/* The same for what is moved as a table without being one. */
static enum vf_status check_views(const struct vf_schema *schema, size_t n, const char *const *names,
                                  struct vf_error *err)
{
    for (size_t i = 0; i < n; i++) {
        bool found = strcmp(names[i], "*") == 0;
        for (size_t k = 0; k < schema->n_tables && !found; k++)
            found = schema->tables[k].is_view && vf_plan_is_named(&schema->tables[k], names[i]);
        if (found)
            continue;
        vf_error_set(err, VF_USAGE, "--as-table: the source has no materialized view \"%s\"", names[i]);
        vf_error_hint(err, "vecferry inspect lists them; the rows of an ordinary view aren't kept anywhere");
        return VF_USAGE;
    }
    return VF_OK;
}

static enum vf_status find_where(const struct vf_plan_maker *maker, struct vf_plan_table *table)
{
    for (size_t i = 0; i < maker->options->n_where; i++) {
        const char *sign = strchr(maker->options->where[i], '=');
        char *name = vf_arena_strndup(&maker->plan->arena, maker->options->where[i],
                                      sign != NULL ? (size_t)(sign - maker->options->where[i]) : 0);
        if (name == NULL)
            return vf_error_nomem(maker->err);
        if (sign != NULL && vf_plan_is_named(&table->source, name))
            table->where = vf_arena_strdup(&maker->plan->arena, sign + 1);
    }
    return VF_OK;
}

static enum vf_status check_where(const struct vf_plan_maker *maker)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < maker->options->n_where && status == VF_OK; i++) {
        const char *sign = strchr(maker->options->where[i], '=');
        if (sign == NULL || sign == maker->options->where[i] || sign[1] == '\0') {
            vf_error_set(maker->err, VF_USAGE, "--where wants TABLE=EXPR, not \"%s\"", maker->options->where[i]);
            vf_error_hint(maker->err, "for example --where \"documents=workspace_id = 'atlas'\"");
            return VF_USAGE;
        }
        char *name =
            vf_arena_strndup(&maker->plan->arena, maker->options->where[i], (size_t)(sign - maker->options->where[i]));
        if (name == NULL)
            return vf_error_nomem(maker->err);
        const char *const names[] = {name};
        status = check_names(maker->whole, 1, names, "where", maker->err);
    }
    return status;
}

const struct vf_plan_request_table *vf_plan_find_table_request(const struct vf_plan_request *request,
                                                               const struct vf_table *table)
{
    for (size_t i = 0; request != NULL && i < request->n_tables; i++) {
        const struct vf_plan_request_table *own = &request->tables[i];
        if (strcmp(own->name, table->name) == 0 && (own->schema == NULL || vf_str_equal(own->schema, table->schema)))
            return own;
    }
    return NULL;
}

/* Tables of the plan that the source doesn't have: gone when the plan knew their columns, misspelt when it didn't. */
static enum vf_status check_request(const struct vf_plan_maker *maker)
{
    const struct vf_plan_request *request = maker->request;

    for (size_t i = 0; request != NULL && !maker->options->ignore_drift && i < request->n_tables; i++) {
        const struct vf_plan_request_table *own = &request->tables[i];
        const char *best = NULL;
        if (vf_schema_find_table(maker->whole, own->schema, own->name) != NULL)
            continue;
        enum vf_status status = own->n_columns > 0 && own->columns[0].from != NULL ? VF_STATE : VF_USAGE;
        vf_error_set(maker->err, status, "%s:%d:%d: %sthe source has no table \"%s\"%s%s", request->file, own->line,
                     own->column, status == VF_STATE ? "drift: " : "", own->name,
                     own->schema != NULL ? " in schema " : "", own->schema != NULL ? own->schema : "");
        for (size_t k = 0; k < maker->whole->n_tables; k++) {
            const char *name = maker->whole->tables[k].name;
            if (best == NULL || vf_edit_distance(own->name, name) < vf_edit_distance(own->name, best))
                best = name;
        }
        vf_error_hint(maker->err, "take it out of the plan, or make the plan anew%s%s%s",
                      best != NULL ? "; the nearest is \"" : "", best != NULL ? best : "", best != NULL ? "\"" : "");
        return status;
    }
    return VF_OK;
}

/* ---- one table ---- */

static bool is_default_schema(const char *schema)
{
    return schema == NULL || strcmp(schema, "public") == 0 || strcmp(schema, "main") == 0;
}

const char *vf_plan_target_schema(const struct vf_plan_maker *maker, const char *schema)
{
    const char *from = vf_conn_ops(maker->source)->usual_schema, *to = vf_conn_ops(maker->target)->usual_schema;

    if (!vf_conn_can(maker->target, VF_CAP_SCHEMAS))
        return NULL;
    return to != NULL && vf_str_equal(schema, from) ? to : schema;
}

const char *vf_plan_target_name(const struct vf_plan_maker *maker, const char *schema, const char *name)
{
    return vf_conn_can(maker->target, VF_CAP_SCHEMAS) || is_default_schema(schema)
               ? name
               : vf_arena_printf(&maker->plan->arena, "%s_%s", schema, name);
}

/* Where the target has schemas and the source has, they stay, but the usual one of the one database is the other's; where the target has none, other schemas become part of the name. */
static enum vf_status name_target(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                  const struct vf_plan_request_table *request)
{
    const struct vf_table *source = &table->source;
    struct vf_table *target = &table->target;

    target->name = vf_plan_target_name(maker, source->schema, source->name);
    target->schema = vf_plan_target_schema(maker, source->schema);
    if (request != NULL && request->target_name != NULL)
        target->name = request->target_name;
    return target->name != NULL ? VF_OK : vf_error_nomem(maker->err);
}

/* Positions of the key's columns among the copied ones: the primary key, else a unique index over columns that are all not null. */
static bool key_of(const struct vf_plan_table *table, const struct vf_index *index, size_t *key)
{
    for (size_t i = 0; i < index->n_parts; i++) {
        int column = index->parts[i].column;
        if (column < 0 || index->predicate != NULL || table->columns[column].skip || table->columns[column].computed ||
            (index->constraint != VF_CONSTRAINT_PRIMARY && !table->source.columns[column].not_null))
            return false;
        key[i] = 0;
        for (int k = 0; k < column; k++)
            key[i] += !table->columns[k].skip;
    }
    return index->n_parts > 0;
}

static enum vf_status choose_key(struct vf_plan_maker *maker, struct vf_plan_table *table)
{
    const struct vf_table *source = &table->source;

    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < source->n_indexes; i++) {
            const struct vf_index *index = &source->indexes[i];
            bool fits = pass == 0 ? index->constraint == VF_CONSTRAINT_PRIMARY
                                  : index->unique || index->constraint == VF_CONSTRAINT_UNIQUE;
            size_t *key = fits ? vf_arena_alloc(&maker->plan->arena, index->n_parts + 1, sizeof(*key)) : NULL;
            if (fits && key == NULL)
                return vf_error_nomem(maker->err);
            if (fits && key_of(table, index, key)) {
                table->from.n_key = table->to.n_key = index->n_parts;
                table->from.key = table->to.key = key;
                return VF_OK;
            }
        }
    }
    return VF_OK;
}

/* What is copied: all but what the target computes. */
static enum vf_status make_copy_relations(struct vf_plan_maker *maker, struct vf_plan_table *table)
{
    struct vf_arena *arena = &maker->plan->arena;
    size_t n_all = table->from.n_fields, n = 0;
    struct vf_field *from = vf_arena_alloc(arena, n_all + 1, sizeof(*from));
    struct vf_field *to = vf_arena_alloc(arena, n_all + 1, sizeof(*to));
    size_t *key = vf_arena_alloc(arena, table->from.n_key + 1, sizeof(*key));
    size_t *number = vf_arena_alloc(arena, n_all + 1, sizeof(*number));

    if (from == NULL || to == NULL || key == NULL || number == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < n_all; i++) {
        number[i] = n;
        if (table->target.columns[i].expr != NULL && table->target.columns[i].def.expr == NULL)
            continue;
        from[n] = table->from.fields[i];
        to[n++] = table->to.fields[i];
    }
    for (size_t i = 0; i < table->from.n_key; i++)
        key[i] = number[table->from.key[i]];
    table->copy_from = table->from;
    table->copy_to = table->to;
    table->copy_from.n_fields = table->copy_to.n_fields = n;
    table->copy_from.fields = from;
    table->copy_to.fields = to;
    table->copy_from.key = table->copy_to.key = key;
    return VF_OK;
}

static enum vf_status make_relations(struct vf_plan_maker *maker, struct vf_plan_table *table)
{
    struct vf_field *from = vf_arena_alloc(&maker->plan->arena, table->n_columns + 1, sizeof(*from));
    struct vf_field *to = vf_arena_alloc(&maker->plan->arena, table->n_columns + 1, sizeof(*to));
    size_t n = 0;

    if (from == NULL || to == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < table->n_columns; i++) {
        struct vf_plan_column *column = &table->columns[i];
        if (column->skip)
            continue;
        const struct vf_column *made = &table->target.columns[n];
        if (!vf_nul_applies(column->nul, column->type, vf_conn_limits(maker->target)))
            column->nul = VF_NUL_REJECT;
        from[n] = (struct vf_field){.name = column->name,
                                    .native = column->source.native,
                                    .type = column->type,
                                    .form = column->source.form,
                                    .not_null = column->source.not_null,
                                    .nul = column->nul};
        to[n] = (struct vf_field){.name = made->name,
                                  .native = made->native,
                                  .type = column->type,
                                  .form = made->form,
                                  .not_null = made->not_null};
        n++;
    }
    table->from = (struct vf_relation){.schema = table->source.schema,
                                       .name = table->source.name,
                                       .kind = table->source.kind,
                                       .n_fields = n,
                                       .fields = from,
                                       .where = table->where,
                                       .n_rows = table->source.n_rows > 0 ? table->source.n_rows : 0};
    table->to = (struct vf_relation){.schema = table->target.schema,
                                     .name = table->target.name,
                                     .kind = table->target.kind,
                                     .n_fields = n,
                                     .fields = to};
    enum vf_status status = choose_key(maker, table);
    return status == VF_OK ? make_copy_relations(maker, table) : status;
}

static enum vf_status add_table(struct vf_plan_maker *maker, const struct vf_table *source,
                                const struct vf_plan_request_table *request)
{
    struct vf_plan *plan = maker->plan;
    void *array = plan->tables;
    struct vf_plan_table *table = vf_arena_push(&plan->arena, &array, &plan->n_tables, sizeof(*table));

    plan->tables = array;
    if (table == NULL)
        return vf_error_nomem(maker->err);
    table->source = *source;
    table->target = (struct vf_table){.kind = VF_TABLE_ORDINARY,
                                      .primary_key = -1,
                                      .n_rows = source->n_rows,
                                      .size_bytes = source->size_bytes,
                                      .strict = source->strict,
                                      .without_rowid = source->without_rowid,
                                      .vec0_chunk_size = source->vec0_chunk_size,
                                      .unlogged = source->unlogged && vf_conn_can(maker->target, VF_CAP_PARTITIONS),
                                      .comment = source->comment};
    if (request != NULL)
        table->where = request->where;
    table->whole = (request != NULL && request->whole) || is_in(source, maker->options->n_whole, maker->options->whole);
    enum vf_status status = find_where(maker, table);
    if (status == VF_OK)
        status = name_target(maker, table, request);
    if (status == VF_OK)
        status = vf_plan_add_columns(maker, table, request);
    return status;
}

/* What goes with the columns. */
static enum vf_status complete_table(struct vf_plan_maker *maker, struct vf_plan_table *table)
{
    const struct vf_plan_request_table *request = vf_plan_find_table_request(maker->request, &table->source);
    bool is_ordinary = table->target.kind == VF_TABLE_ORDINARY;
    enum vf_status status =
        is_ordinary ? vf_plan_add_computed(maker, table, request) : vf_plan_leave_rules(maker, table);

    if (status == VF_OK)
        status = vf_plan_name_lost_parts(maker, table);
    if (status == VF_OK && is_ordinary)
        status = vf_plan_add_checks(maker, table, request);
    if (status == VF_OK)
        status = vf_plan_add_indexes(maker, table, request);
    if (status == VF_OK)
        status = vf_plan_name_derived(maker, table);
    if (status == VF_OK && is_ordinary)
        status = vf_plan_add_foreign_keys(maker, table, request);
    if (status == VF_OK)
        status = vf_plan_add_lineage(maker, table, request);
    return status == VF_OK ? make_relations(maker, table) : status;
}

enum vf_status vf_plan_add_tables(struct vf_plan_maker *maker)
{
    struct vf_plan *plan = maker->plan;
    const struct vf_plan_options *options = maker->options;
    enum vf_status status = check_names(maker->whole, options->n_only, options->only, "only", maker->err);

    if (status == VF_OK)
        status = check_names(maker->whole, options->n_exclude, options->exclude, "exclude", maker->err);
    if (status == VF_OK)
        status = check_names(maker->whole, options->n_whole, options->whole, "whole", maker->err);
    if (status == VF_OK)
        status = check_views(maker->whole, options->n_as_table, options->as_table, maker->err);
    if (status == VF_OK)
        status = check_where(maker);
    if (status == VF_OK)
        status = check_request(maker);
    for (size_t i = 0; i < plan->source.n_tables && status == VF_OK; i++) {
        const struct vf_table *table = &plan->source.tables[i];
        const struct vf_plan_request_table *request = vf_plan_find_table_request(maker->request, table);
        bool wanted = (maker->request == NULL || request != NULL) &&
                      (options->n_only == 0 || is_in(table, options->n_only, options->only));
        if (wanted && !is_in(table, options->n_exclude, options->exclude))
            status = add_table(maker, table, request);
        else
            status = vf_plan_not_moved(plan, "table", table->schema, table->name, NULL, NULL,
                                       maker->request != NULL && request == NULL ? "the plan leaves it out"
                                                                                 : "the user leaves it out",
                                       maker->err);
    }
    if (status == VF_OK)
        status = vf_plan_recall(maker);
    if (status == VF_OK)
        status = vf_plan_order_tables(plan, maker->err);
    for (size_t i = 0; i < plan->n_tables && status == VF_OK; i++) {
        struct vf_plan_table *table = &plan->tables[i];
        status = vf_plan_choose_kind(maker, table, vf_plan_find_table_request(maker->request, &table->source));
    }
    for (size_t i = 0; i < plan->n_tables && status == VF_OK; i++)
        status = complete_table(maker, &plan->tables[i]);
    return status;
}
