/*
 * Which kind of table is made: an ordinary one, or a vec0 table, because the source's is one, or was where it came from, or because the plan file says so.
 */
#include <string.h>

#include "ferry/plan_make.h"

#define SAY_ORDINARY "as: table"
#define ORDINARY     "say " SAY_ORDINARY " of it in the plan"

static const char *object_of(struct vf_plan_maker *maker, const struct vf_plan_table *table, int column)
{
    char label[256];
    const char *name = column >= 0 ? vf_plan_source_name(table, column) : NULL;

    return name != NULL ? vf_plan_object(maker->plan, &table->source, name)
                        : vf_arena_strdup(&maker->plan->arena, vf_table_label(table->source.schema, table->source.name,
                                                                              label, sizeof(label)));
}

/* ---- an ordinary table ---- */

/* What a plan file says of a column of a vec0 table is no type of an ordinary one. */
static enum vf_status settle_ordinary(struct vf_plan_maker *maker, struct vf_plan_table *table)
{
    table->target.vec0_chunk_size = 0;
    for (size_t i = 0; i < table->n_columns; i++) {
        struct vf_plan_column *column = &table->columns[i];
        if (column->skip)
            continue;
        struct vf_column *made = vf_plan_target_column(table, i);
        made->role = VF_ROLE_NONE;
        if (column->mapping.form != VF_FORM_VEC0)
            continue;
        enum vf_status status = vf_plan_map_column(maker, table, column);
        if (status != VF_OK)
            return status;
        column->overruled = false;
        made->native = column->mapping.native;
        made->form = column->mapping.form;
    }
    return VF_OK;
}

static const char *vector_native(const struct vf_plan_table *table)
{
    for (size_t i = 0; i < table->target.n_columns; i++) {
        if (table->target.columns[i].type.kind == VF_K_VECTOR)
            return table->target.columns[i].native;
    }
    return "BLOB";
}

static enum vf_status note_ordinary(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                    const struct vf_table_fit *fit)
{
    enum vf_status status = settle_ordinary(maker, table);

    if (status == VF_OK)
        status = vf_problem_add(&maker->plan->problems, VF_SEVERITY_NOTE, VF_OK, object_of(maker, table, fit->column),
                                fit->remedy, maker->err,
                                "the vec0 table becomes an ordinary one with its vectors as %s, in which MATCH finds "
                                "nothing: %s",
                                vector_native(table), fit->why);
    return vf_plan_settle(maker, status, SAY_ORDINARY, object_of(maker, table, -1));
}

/* ---- a vec0 table ---- */

static enum vf_status block(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                            const struct vf_table_fit *fit)
{
    enum vf_status status =
        vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, fit->is_missing ? VF_MISSING : VF_STATE,
                       object_of(maker, table, fit->column), fit->remedy, maker->err,
                       "it can't be the vec0 table that the plan wants: %s", fit->why);
    return vf_plan_settle(maker, status, SAY_ORDINARY, object_of(maker, table, -1));
}

/* The table as it would be: with the source's key as its only index, and columns of its own, for what comes of it may be refused. */
static enum vf_status draw_up(struct vf_plan_maker *maker, const struct vf_plan_table *table, struct vf_table *drawn)
{
    struct vf_arena *arena = &maker->plan->arena;
    const struct vf_table *source = &table->source;
    const struct vf_index *key = source->primary_key >= 0 ? &source->indexes[source->primary_key] : NULL;
    struct vf_index *index = vf_arena_alloc(arena, 1, sizeof(*index));
    struct vf_key_part *part = vf_arena_alloc(arena, 1, sizeof(*part));

    *drawn = table->target;
    drawn->kind = VF_TABLE_VEC0;
    drawn->strict = drawn->without_rowid = false;
    drawn->columns = vf_arena_alloc(arena, drawn->n_columns + 1, sizeof(*drawn->columns));
    if (index == NULL || part == NULL || drawn->columns == NULL)
        return vf_error_nomem(maker->err);
    memcpy(drawn->columns, table->target.columns, drawn->n_columns * sizeof(*drawn->columns));
    part->column = key != NULL && key->n_parts == 1 ? vf_plan_target_number(table, key->parts[0].column) : -1;
    if (part->column < 0)
        return VF_OK;
    *index = (struct vf_index){.constraint = VF_CONSTRAINT_PRIMARY, .unique = true, .n_parts = 1, .parts = part};
    drawn->n_indexes = 1;
    drawn->indexes = index;
    drawn->primary_key = 0;
    return VF_OK;
}

/* The integer key counts on by itself, as one with a sequence does. */
static void take_default(struct vf_plan_column *column, struct vf_column *made, bool is_key)
{
    if (is_key && made->def.kind == VF_DEFAULT_SEQUENCE)
        return;
    made->def = (struct vf_default){0};
    column->mapping.default_moved = false;
    column->mapping.default_why = "a vec0 table has no defaults";
}

static void take(struct vf_plan_table *table, const struct vf_table *drawn)
{
    struct vf_table *target = &table->target;

    target->kind = drawn->kind;
    target->columns = drawn->columns;
    target->strict = target->without_rowid = false;
    for (size_t i = 0; i < table->n_columns; i++) {
        struct vf_plan_column *column = &table->columns[i];
        if (column->skip)
            continue;
        struct vf_column *made = vf_plan_target_column(table, i);
        take_default(column, made, vf_plan_target_number(table, (int)i) == drawn->indexes[0].parts[0].column);
        column->mapping.native = made->native;
        column->mapping.form = made->form;
        if (made->form == VF_FORM_VEC0)
            column->mapping.fidelity = VF_FIDELITY_EXACT;
        bool is_number = column->type.kind == VF_K_F32 || column->type.kind == VF_K_F64;
        if (is_number || made->form == VF_FORM_VEC0) /* what is said of an ordinary table's isn't so here */
            column->mapping.how = NULL;
        column->overruled = false;
    }
}

enum vf_status vf_plan_choose_kind(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                   const struct vf_plan_request_table *request)
{
    bool is_asked = request != NULL && request->as_vec0;
    bool was = table->source.kind == VF_TABLE_VEC0 || table->was_vec0;
    struct vf_table_fit fit = {.column = -1, .why = "the target has only ordinary tables", .remedy = ORDINARY};
    struct vf_table drawn;

    table->has_kind = (was || is_asked) && vf_conn_can_fit(maker->target);
    if (!table->has_kind)
        return is_asked ? block(maker, table, &fit) : settle_ordinary(maker, table);
    if (request != NULL && request->as_table)
        return settle_ordinary(maker, table);
    enum vf_status status = draw_up(maker, table, &drawn);
    if (status == VF_OK)
        status = vf_conn_fit_table(maker->target, &drawn, &maker->plan->arena, &fit, maker->err);
    if (status != VF_OK)
        return status;
    if (fit.why != NULL)
        return is_asked ? block(maker, table, &fit) : note_ordinary(maker, table, &fit);
    take(table, &drawn);
    if (fit.note == NULL)
        return VF_OK;
    return vf_problem_add(&maker->plan->problems, VF_SEVERITY_NOTE, VF_OK, object_of(maker, table, -1), NULL,
                          maker->err, "%s", fit.note);
}

/* ---- what a vec0 table can't have ---- */

static enum vf_status leave(struct vf_plan_maker *maker, const struct vf_plan_table *table, const char *kind,
                            const char *name, const char *text)
{
    char label[256];

    return vf_plan_not_moved(maker->plan, kind, NULL, name,
                             vf_table_label(table->source.schema, table->source.name, label, sizeof(label)), text,
                             "a vec0 table can't have it", maker->err);
}

enum vf_status vf_plan_leave_rules(struct vf_plan_maker *maker, struct vf_plan_table *table)
{
    const struct vf_table *source = &table->source;
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < table->n_columns && status == VF_OK; i++) {
        const struct vf_column *column = &table->columns[i].source;
        bool is_computed = column->generated == VF_GENERATED_STORED || column->generated == VF_GENERATED_VIRTUAL;
        if (is_computed && !table->columns[i].skip)
            status = leave(maker, table, "generation expression", column->name, column->expression);
    }
    for (size_t i = 0; i < source->n_checks && status == VF_OK; i++)
        status = leave(maker, table, "check", source->checks[i].name != NULL ? source->checks[i].name : "check",
                       source->checks[i].expression);
    for (size_t i = 0; i < source->n_foreign_keys && status == VF_OK; i++)
        status = leave(maker, table, "foreign key",
                       source->foreign_keys[i].name != NULL ? source->foreign_keys[i].name
                                                            : source->foreign_keys[i].to_table,
                       NULL);
    return status;
}
