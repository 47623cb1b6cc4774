#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ferry/plan_make.h"

/* Kinds whose values are names: they can be written as a text, and asked for exactly. */
static bool can_name_files(struct vf_type type)
{
    static const enum vf_kind kinds[] = {VF_K_BOOL, VF_K_I8,   VF_K_I16,  VF_K_I32,
                                         VF_K_I64,  VF_K_TEXT, VF_K_ENUM, VF_K_UUID};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (type.kind == kinds[i])
            return true;
    }
    return false; /* floats are no names, and the others have more than one writing */
}

/* `column`: that it is about, NULL: the table has none. */
static enum vf_status block(struct vf_plan_maker *maker, const struct vf_plan_table *table, const char *column,
                            enum vf_status status, const char *remedy, const char *what)
{
    return vf_problem_add_about(&maker->plan->problems, VF_SEVERITY_BLOCK, status, &table->source, column, remedy,
                                maker->err, "%s", what);
}

static enum vf_status divide(struct vf_plan_maker *maker, struct vf_plan_table *table, size_t i,
                             const struct vf_field **first)
{
    const struct vf_plan_column *column = &table->columns[i];
    char what[400], type[48], other[48];

    if (!can_name_files(column->type)) {
        snprintf(what, sizeof(what), "column \"%s\" is of type %s: its values are no names of files", column->name,
                 vf_type_format(column->type, type));
        return vf_plan_settle(
            maker,
            block(maker, table, column->name, VF_USAGE, "name another column by --by, or `by` of the plan", what), NULL,
            "by:");
    }
    if (*first != NULL && (*first)->type.kind != column->type.kind) {
        snprintf(what, sizeof(what), "column \"%s\" is of type %s here, and of type %s in another table", column->name,
                 vf_type_format(column->type, type), vf_type_format((*first)->type, other));
        return block(maker, table, column->name, VF_USAGE, "give it the same type in both by type: in the plan", what);
    }
    table->by = (struct vf_field){
        .name = column->name, .native = column->source.native, .type = column->type, .form = column->source.form};
    *first = &table->by;
    return VF_OK;
}

static enum vf_status judge_whole(struct vf_plan_maker *maker, const struct vf_plan_table *table)
{
    char what[400];

    if (table->whole)
        return VF_OK;
    snprintf(what, sizeof(what), "the table has no column \"%s\": which file its rows go to isn't known",
             maker->plan->by);
    return vf_plan_settle(
        maker,
        block(maker, table, NULL, VF_STATE,
              "--whole TABLE (whole: true in the plan) puts all of its rows into every file, --exclude leaves it out",
              what),
        "whole: true", NULL);
}

/* Rows of a table that is whole in each file may refer to rows that are in another one. */
static enum vf_status drop_foreign_keys(struct vf_plan_maker *maker, struct vf_plan_table *table)
{
    struct vf_table *target = &table->target;
    enum vf_status status = VF_OK;
    size_t n = 0;
    char label[256], why[400];

    vf_table_label(table->source.schema, table->source.name, label, sizeof(label));
    for (size_t i = 0; i < target->n_foreign_keys && status == VF_OK; i++) {
        const struct vf_foreign_key *key = &target->foreign_keys[i];
        bool crosses = false;
        for (size_t k = 0; k < maker->plan->n_tables; k++) {
            const struct vf_plan_table *to = &maker->plan->tables[k];
            crosses |= to->by.name != NULL && strcmp(to->target.name, key->to_table) == 0 &&
                       vf_str_equal(to->target.schema, key->to_schema);
        }
        if (!crosses) {
            table->foreign_keys[n] = table->foreign_keys[i];
            target->foreign_keys[n++] = *key;
            continue;
        }
        snprintf(why, sizeof(why), "the table is whole in every file, and of %s each has a part", key->to_table);
        status = vf_plan_not_moved(maker->plan, "foreign key", NULL, key->name != NULL ? key->name : key->to_table,
                                   label, NULL, why, maker->err);
    }
    target->n_foreign_keys = n;
    return status;
}

static bool any_has_column(const struct vf_plan *plan)
{
    for (size_t i = 0; i < plan->n_tables; i++) {
        if (vf_table_find_column(&plan->tables[i].source, plan->by) >= 0 && !plan->tables[i].whole)
            return true;
    }
    return false;
}

enum vf_status vf_plan_divide(struct vf_plan_maker *maker)
{
    struct vf_plan *plan = maker->plan;
    const struct vf_field *first = NULL;
    enum vf_status status = VF_OK;

    if (plan->by == NULL)
        return VF_OK;
    if (!any_has_column(plan))
        return vf_plan_settle(maker,
                              vf_problem_add(&plan->problems, VF_SEVERITY_BLOCK, VF_USAGE, "",
                                             "vecferry inspect lists the columns", maker->err,
                                             "no table that is moved has a column \"%s\" to be divided by", plan->by),
                              NULL, "by:");
    for (size_t i = 0; i < plan->n_tables && status == VF_OK; i++) {
        int column = vf_table_find_column(&plan->tables[i].source, plan->by);
        if (column >= 0 && !plan->tables[i].whole)
            status = divide(maker, &plan->tables[i], (size_t)column, &first);
        else if (column < 0)
            status = judge_whole(maker, &plan->tables[i]);
    }
    for (size_t i = 0; i < plan->n_tables && status == VF_OK; i++) {
        if (plan->tables[i].by.name == NULL)
            status = drop_foreign_keys(maker, &plan->tables[i]);
    }
    return status;
}
