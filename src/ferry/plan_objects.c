#include <string.h>

#include "base/text.h"
#include "ferry/plan_make.h"

static const char never_run[] = "its expression is the source's text, which is never run: add it to the target by hand";

/* ---- types, extensions, schemas ---- */

static enum vf_status add_name(struct vf_plan *plan, const char ***names, size_t *n, const char *name,
                               struct vf_error *err)
{
    for (size_t i = 0; i < *n; i++) {
        if (strcmp((*names)[i], name) == 0)
            return VF_OK;
    }
    void *array = *names;
    const char **added = vf_arena_push(&plan->arena, &array, n, sizeof(*added));
    *names = array;
    if (added == NULL)
        return vf_error_nomem(err);
    *added = name;
    return VF_OK;
}

/* A vector in a type of the database's own comes from its vector extension, where it is one. */
static bool needs_extension(const struct vf_plan_column *column)
{
    bool is_vector =
        (column->type.kind == VF_K_VECTOR && column->type.element != VF_E_BIT) || column->type.kind == VF_K_SPARSE;

    return is_vector && !column->skip && column->mapping.form == VF_FORM_NATIVE;
}

/* Asking for the default schema, which is there, would need a right that nothing else needs. */
static enum vf_status add_schema(struct vf_plan_maker *maker, const char *schema)
{
    struct vf_plan *plan = maker->plan;

    if (schema == NULL || strcmp(schema, "public") == 0 || !vf_conn_can(maker->target, VF_CAP_SCHEMAS) ||
        vf_str_equal(schema, vf_conn_ops(maker->target)->usual_schema))
        return VF_OK;
    return add_name(plan, &plan->schemas, &plan->n_schemas, schema, maker->err);
}

static enum vf_status add_needs(struct vf_plan_maker *maker)
{
    struct vf_plan *plan = maker->plan;
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < plan->n_tables && status == VF_OK; i++) {
        const struct vf_plan_table *table = &plan->tables[i];
        for (size_t k = 0; k < table->n_columns && status == VF_OK; k++) {
            if (vf_conn_can(maker->target, VF_CAP_VECTOR_INDEX) && needs_extension(&table->columns[k]))
                status = add_name(plan, &plan->extensions, &plan->n_extensions, "vector", maker->err);
        }
        for (size_t k = 0; k < table->target.n_indexes && status == VF_OK; k++) {
            if (vf_conn_can(maker->target, VF_CAP_VECTOR_INDEX) && vf_index_is_vector(table->target.indexes[k].kind))
                status = add_name(plan, &plan->extensions, &plan->n_extensions, "vector", maker->err);
        }
        if (status == VF_OK)
            status = add_schema(maker, table->target.schema);
        for (size_t k = 0; k < table->target.n_partitions && status == VF_OK; k++)
            status = add_schema(maker, table->target.partitions[k].schema);
    }
    return status;
}

/* Those of sequences may be others than those of the tables that they serve. */
static enum vf_status add_schemas_of_sequences(struct vf_plan_maker *maker)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < maker->plan->n_sequences && status == VF_OK; i++)
        status = add_schema(maker, maker->plan->sequences[i].schema);
    return status;
}

static const char *user_type_word(enum vf_user_type_kind kind)
{
    switch (kind) {
    case VF_USER_TYPE_ENUM:
        return "enum type";
    case VF_USER_TYPE_DOMAIN:
        return "domain";
    case VF_USER_TYPE_COMPOSITE:
        return "composite type";
    case VF_USER_TYPE_RANGE:
        return "range type";
    }
    return "type";
}

/* Checks of a domain that the target has too; elsewhere they are those of its columns. */
static enum vf_status add_domain_parts(struct vf_plan_maker *maker, const struct vf_user_type *type,
                                       struct vf_user_type *made)
{
    enum vf_status status = VF_OK;
    char label[256];

    vf_table_label(type->schema, type->name, label, sizeof(label));
    made->checks = vf_arena_alloc(&maker->plan->arena, type->n_checks + 1, sizeof(*made->checks));
    made->n_checks = 0;
    if (made->checks == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < type->n_checks && status == VF_OK; i++) {
        const struct vf_check *check = &type->checks[i];
        const char *name = check->name != NULL ? check->name : "check";
        struct vf_plan_translation translated;
        status = vf_plan_translate_domain(maker, type, check, NULL, -1, &translated);
        if (status == VF_OK && translated.moved)
            made->checks[made->n_checks++] = (struct vf_check){.name = name,
                                                               .expression = translated.text,
                                                               .dialect = translated.dialect,
                                                               .of = check->expression,
                                                               .expr = translated.expr};
        else if (status == VF_OK)
            status = vf_plan_not_moved(maker->plan, "check", NULL, name, label, check->expression, translated.why,
                                       maker->err);
    }
    return status;
}

/* Why a user type isn't made; NULL: it is. */
static const char *why_not_made(const struct vf_plan_maker *maker, const struct vf_user_type *type)
{
    bool is_enum = type->kind == VF_USER_TYPE_ENUM;
    bool can =
        vf_conn_can(maker->target, VF_CAP_USER_TYPES) || (is_enum && vf_conn_can(maker->target, VF_CAP_ENUM_TYPES));

    if (!can)
        return "the target has no such types: its values are moved, and the type is remembered for the way back";
    if (is_enum &&
        !vf_enum_fits(type->name, type->n_labels, type->labels, vf_conn_limits(maker->target)->max_identifier_bytes))
        return "it has no labels, or its name or one of them is longer than the target takes: its columns are texts, "
               "and the type is remembered for the way back";
    return NULL;
}

/* PostgreSQL has types and tables in one room of names. */
static enum vf_status judge_type_name(struct vf_plan_maker *maker, const struct vf_user_type *type)
{
    char label[256];

    for (size_t i = 0; vf_conn_can(maker->target, VF_CAP_USER_TYPES) && i < maker->plan->n_tables; i++) {
        const struct vf_table *source = &maker->plan->tables[i].source, *table = &maker->plan->tables[i].target;
        if (strcmp(table->name, type->name) != 0 || !vf_str_equal(table->schema, type->schema))
            continue;
        enum vf_status status =
            vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_USAGE,
                           vf_table_label(source->schema, source->name, label, sizeof(label)),
                           "give the table another name by rename: in the plan", maker->err,
                           "the table and the type \"%s\" would have the same name in the target", type->name);
        return vf_plan_settle(maker, status, vf_arena_printf(&maker->plan->arena, "rename: %s_2", table->name), NULL);
    }
    return VF_OK;
}

static enum vf_status name_domain_default(struct vf_plan_maker *maker, const struct vf_user_type *type)
{
    char label[256];

    return type->def.kind == VF_DEFAULT_EXPRESSION
               ? vf_plan_not_moved(maker->plan, "default", NULL, type->name,
                                   vf_table_label(type->schema, type->name, label, sizeof(label)), type->def.text,
                                   never_run, maker->err)
               : VF_OK;
}

static enum vf_status add_user_types(struct vf_plan_maker *maker)
{
    struct vf_plan *plan = maker->plan;
    enum vf_status status = VF_OK;

    plan->user_types = vf_arena_alloc(&plan->arena, plan->source.n_user_types + 1, sizeof(*plan->user_types));
    if (plan->user_types == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < plan->source.n_user_types && status == VF_OK; i++) {
        const struct vf_user_type *type = &plan->source.user_types[i];
        const char *why = why_not_made(maker, type);
        if (why == NULL) {
            struct vf_user_type *made = &plan->user_types[plan->n_user_types++];
            *made = *type;
            made->schema = vf_plan_target_schema(maker, type->schema);
            status = judge_type_name(maker, made);
            if (status == VF_OK)
                status = add_schema(maker, made->schema);
            if (status == VF_OK && type->n_checks > 0)
                status = add_domain_parts(maker, type, made);
        } else {
            status = vf_plan_not_moved(plan, user_type_word(type->kind), type->schema, type->name, NULL, NULL, why,
                                       maker->err);
        }
        if (status == VF_OK)
            status = name_domain_default(maker, type);
    }
    return status;
}

/* ---- sequences ---- */

/* Is it the table's sequence? One that is remembered knows schema and name that its table had, and has again in the target if that has schemas. */
static bool serves(const struct vf_sequence *sequence, const struct vf_plan_table *table)
{
    const struct vf_table *source = &table->source, *target = &table->target;
    bool same_schema = sequence->owner_schema == NULL || source->schema == NULL ||
                       vf_str_equal(source->schema, sequence->owner_schema);

    return (strcmp(source->name, sequence->owner_table) == 0 && same_schema) ||
           (target->schema != NULL && strcmp(target->name, sequence->owner_table) == 0 &&
            vf_str_equal(target->schema, sequence->owner_schema));
}

/* The table that a sequence serves, or NULL: it isn't moved. */
static const struct vf_plan_table *owner_of(const struct vf_plan *plan, const struct vf_sequence *sequence)
{
    for (size_t i = 0; i < plan->n_tables; i++) {
        const struct vf_plan_table *table = &plan->tables[i];
        int column;
        if (!serves(sequence, table))
            continue;
        column = sequence->owner_column != NULL ? vf_table_find_column(&table->source, sequence->owner_column) : -1;
        return column >= 0 && table->columns[column].skip ? NULL : table;
    }
    return NULL;
}

static enum vf_status append_sequence(struct vf_plan_maker *maker, const struct vf_sequence *sequence)
{
    struct vf_plan *plan = maker->plan;
    void *array = plan->sequences;
    struct vf_sequence *added = vf_arena_push(&plan->arena, &array, &plan->n_sequences, sizeof(*added));

    plan->sequences = array;
    if (added == NULL)
        return vf_error_nomem(maker->err);
    *added = *sequence;
    added->schema = vf_plan_target_schema(maker, sequence->schema);
    return VF_OK;
}

/* A sequence of the source, owned by its column under the names of the target. */
static enum vf_status add_sequence(struct vf_plan_maker *maker, const struct vf_sequence *sequence)
{
    struct vf_plan *plan = maker->plan;
    const struct vf_plan_table *owner = sequence->owner_table != NULL ? owner_of(plan, sequence) : NULL;
    struct vf_sequence named = *sequence;

    if (sequence->owner_table != NULL && owner == NULL)
        return vf_plan_not_moved(plan, "sequence", sequence->schema, sequence->name, sequence->owner_table, NULL,
                                 "the column that it serves isn't moved", maker->err);
    if (owner == NULL && !vf_conn_can(maker->target, VF_CAP_SEQUENCES))
        return vf_plan_not_moved(plan, "sequence", sequence->schema, sequence->name, NULL, NULL,
                                 "the target has no sequences; it is remembered there for the way back", maker->err);
    if (owner != NULL) {
        int column = named.owner_column != NULL ? vf_table_find_column(&owner->source, named.owner_column) : -1;
        named.owner_schema = owner->target.schema;
        named.owner_table = owner->target.name;
        if (column >= 0)
            named.owner_column = owner->columns[column].target_name;
    }
    return append_sequence(maker, &named);
}

static bool has_sequence(const struct vf_plan *plan, const struct vf_plan_table *table, const struct vf_column *column)
{
    for (size_t i = 0; i < plan->n_sequences; i++) {
        const struct vf_sequence *sequence = &plan->sequences[i];
        if (sequence->owner_table != NULL && strcmp(sequence->owner_table, table->target.name) == 0 &&
            vf_str_equal(sequence->owner_schema, table->target.schema) &&
            vf_str_equal(sequence->owner_column, column->name))
            return true;
    }
    return false;
}

/* A column of fewer bits counts no further than it holds. */
static void set_width(struct vf_sequence *sequence, enum vf_kind kind)
{
    bool is_small = kind == VF_K_I8 || kind == VF_K_I16;

    sequence->native = is_small ? "smallint" : kind == VF_K_I32 ? "integer" : "bigint";
    sequence->max = is_small ? INT16_MAX : kind == VF_K_I32 ? INT32_MAX : INT64_MAX;
}

/* An identity column needs its next value set even where the source counts without a sequence. */
static enum vf_status add_identities(struct vf_plan_maker *maker)
{
    struct vf_plan *plan = maker->plan;
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < plan->n_tables; i++) {
        const struct vf_plan_table *table = &plan->tables[i];
        for (size_t k = 0; k < table->target.n_columns && status == VF_OK; k++) {
            const struct vf_column *column = &table->target.columns[k];
            bool is_identity = column->generated == VF_GENERATED_IDENTITY_ALWAYS ||
                               column->generated == VF_GENERATED_IDENTITY_BY_DEFAULT ||
                               column->generated == VF_GENERATED_AUTOINCREMENT;
            if (!is_identity || has_sequence(plan, table, column))
                continue;
            struct vf_sequence sequence = {
                .schema = table->target.schema,
                .name = vf_arena_printf(&plan->arena, "%s_%s_seq", table->target.name, column->name),
                .start = 1,
                .increment = 1,
                .min = 1,
                .cache = 1,
                .last = 1,
                .owner_schema = table->target.schema,
                .owner_table = table->target.name,
                .owner_column = column->name,
                .identity = true};
            set_width(&sequence, column->type.kind);
            status = sequence.name != NULL ? append_sequence(maker, &sequence) : vf_error_nomem(maker->err);
        }
    }
    return status;
}

static enum vf_status add_sequences(struct vf_plan_maker *maker)
{
    struct vf_plan *plan = maker->plan;
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < plan->source.n_sequences && status == VF_OK; i++)
        status = add_sequence(maker, &plan->source.sequences[i]);
    return status == VF_OK ? add_identities(maker) : status;
}

/* ---- what isn't moved ---- */

static enum vf_status name_others(struct vf_plan_maker *maker)
{
    struct vf_plan *plan = maker->plan;
    enum vf_status status = VF_OK;
    char label[256];

    for (size_t i = 0; i < plan->source.n_others && status == VF_OK; i++) {
        const struct vf_other *other = &plan->source.others[i];
        if (vf_plan_is_readable_view(other))
            continue;
        status =
            vf_plan_not_moved(plan, other->kind, other->schema, other->name, other->on, other->text,
                              other->why != NULL ? other->why : "objects of this kind aren't translated", maker->err);
        if (status != VF_OK || !other->holds_data || maker->options->accept_losses)
            continue;
        status = vf_problem_add(&plan->problems, VF_SEVERITY_LOSS, VF_STATE,
                                vf_table_label(other->schema, other->name, label, sizeof(label)),
                                "keep the source, or say --accept-losses", maker->err,
                                "the %s is all that holds its texts, and stays behind: %s", other->kind,
                                other->why != NULL ? other->why : "it can't be read");
        status = vf_plan_settle(maker, status, NULL, "source:");
    }
    return status;
}

enum vf_status vf_plan_add_objects(struct vf_plan_maker *maker)
{
    enum vf_status status = add_needs(maker);

    if (status == VF_OK)
        status = add_user_types(maker);
    if (status == VF_OK)
        status = add_sequences(maker);
    if (status == VF_OK)
        status = add_schemas_of_sequences(maker);
    if (status == VF_OK)
        status = vf_plan_add_views(maker);
    for (size_t i = 0; i < maker->plan->n_views && status == VF_OK; i++)
        status = add_schema(maker, maker->plan->views[i].target.schema);
    return status == VF_OK ? name_others(maker) : status;
}
