#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ferry/plan_make.h"

/* Equal as the target sees names: cut after its limit, and in any case where it folds it. */
static bool clash(const struct vf_limits *limits, const char *a, const char *b)
{
    char cut_a[256], cut_b[256];
    size_t max = limits->max_identifier_bytes;

    if (max == 0 || max >= sizeof(cut_a))
        return limits->identifiers_fold_case ? vf_strcasecmp(a, b) == 0 : strcmp(a, b) == 0;
    snprintf(cut_a, sizeof(cut_a), "%.*s", (int)vf_utf8_cut(a, strlen(a), max), a);
    snprintf(cut_b, sizeof(cut_b), "%.*s", (int)vf_utf8_cut(b, strlen(b), max), b);
    return limits->identifiers_fold_case ? vf_strcasecmp(cut_a, cut_b) == 0 : strcmp(cut_a, cut_b) == 0;
}

static enum vf_status block(struct vf_plan_maker *maker, const char *object, const char *remedy, const char *what)
{
    return vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_USAGE, object, remedy, maker->err, "%s", what);
}

static enum vf_status say_rename(struct vf_plan_maker *maker, enum vf_status status, const char *name, size_t max)
{
    size_t size_bytes = strlen(name), room = max > 2 ? max - 2 : 0;
    int kept = (int)(max > 0 && size_bytes > room ? vf_utf8_cut(name, size_bytes, room) : size_bytes);
    char *text = vf_arena_printf(&maker->plan->arena, "rename: %.*s_2", kept, name);
    return text != NULL ? vf_plan_settle(maker, status, text, NULL) : vf_error_nomem(maker->err);
}

static enum vf_status report_clash(struct vf_plan_maker *maker, const char *object, const char *a, const char *b)
{
    enum vf_status status = vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_USAGE, object,
                                           "give one of them another name by rename: in the plan", maker->err,
                                           "the names \"%s\" and \"%s\" are the same in the target", a, b);
    return say_rename(maker, status, b, vf_conn_limits(maker->target)->max_identifier_bytes);
}

/* A name alone: of some length, not too long, and text. */
static enum vf_status judge_name(struct vf_plan_maker *maker, const char *object, const char *name)
{
    uint32_t max = vf_conn_limits(maker->target)->max_identifier_bytes;

    if (name[0] == '\0')
        return vf_plan_settle(maker, block(maker, object, "give it a name by rename: in the plan", "the name is empty"),
                              "rename: unnamed", NULL);
    if (vf_utf8_check(name, strlen(name)) != strlen(name))
        return block(maker, object, "rename it in the source: the plan can't say it", "the name isn't UTF-8");
    if (max == 0 || strlen(name) <= max)
        return VF_OK;
    enum vf_status status = vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_USAGE, object,
                                           "give it a shorter name by rename: in the plan", maker->err,
                                           "the name \"%s\" has %zu bytes, and the target cuts names after %u", name,
                                           strlen(name), (unsigned)max);
    return say_rename(maker, status, name, max);
}

static enum vf_status judge_columns(struct vf_plan_maker *maker, const struct vf_plan_table *table)
{
    const struct vf_limits *limits = vf_conn_limits(maker->target);
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < table->target.n_columns && status == VF_OK; i++) {
        const char *name = table->target.columns[i].name;
        const char *object = vf_plan_object(maker->plan, &table->source, vf_plan_source_name(table, (int)i));
        status = object != NULL ? VF_OK : vf_error_nomem(maker->err);
        if (status == VF_OK)
            status = judge_name(maker, object, name);
        for (size_t k = 0; k < i && status == VF_OK; k++) {
            if (clash(limits, table->target.columns[k].name, name))
                status = report_clash(maker, object, table->target.columns[k].name, name);
        }
    }
    return status;
}

static enum vf_status judge_table(struct vf_plan_maker *maker, size_t i)
{
    const struct vf_limits *limits = vf_conn_limits(maker->target);
    const struct vf_plan_table *table = &maker->plan->tables[i];
    const struct vf_table *target = &table->target;
    char label[256];
    enum vf_status status =
        judge_name(maker, vf_table_label(table->source.schema, table->source.name, label, sizeof(label)), target->name);

    for (size_t k = 0; k < i && status == VF_OK; k++) {
        const struct vf_table *other = &maker->plan->tables[k].target;
        if (vf_str_equal(other->schema, target->schema) && clash(limits, other->name, target->name))
            status = report_clash(maker, label, other->name, target->name);
    }
    return status == VF_OK ? judge_columns(maker, table) : status;
}

/* ---- indexes share one set of names with tables, per schema ---- */

struct index_name {
    const char *schema, *name, *object;
};

static bool takes_name(const struct vf_plan_maker *maker, const struct vf_index *index)
{
    bool is_table = index->kind == VF_INDEX_FULLTEXT && index->fulltext.form == VF_FULLTEXT_OWN;

    return index->name != NULL && !is_table &&
           (index->constraint == VF_CONSTRAINT_NONE || vf_conn_can(maker->target, VF_CAP_LATE_KEYS));
}

/* What the file calls an index of the target. */
static const char *name_in_source(const struct vf_plan_table *table, const struct vf_index *index)
{
    for (size_t i = 0; i < table->n_indexes; i++) {
        if (vf_str_equal(table->indexes[i].mapping.index.name, index->name) && table->indexes[i].source.name != NULL)
            return table->indexes[i].source.name;
    }
    return index->name;
}

static size_t collect(struct vf_plan_maker *maker, struct index_name *names)
{
    size_t n = 0;

    for (size_t i = 0; i < maker->plan->n_tables; i++) {
        const struct vf_plan_table *table = &maker->plan->tables[i];
        for (size_t k = 0; k < table->target.n_indexes; k++) {
            const struct vf_index *index = &table->target.indexes[k];
            if (names != NULL && takes_name(maker, index))
                names[n] =
                    (struct index_name){table->target.schema, index->name,
                                        vf_plan_object(maker->plan, &table->source, name_in_source(table, index))};
            n += takes_name(maker, index);
        }
    }
    return n;
}

static enum vf_status judge_index(struct vf_plan_maker *maker, const struct index_name *names, size_t i)
{
    const struct vf_limits *limits = vf_conn_limits(maker->target);
    enum vf_status status = judge_name(maker, names[i].object, names[i].name);

    for (size_t k = 0; k < i && status == VF_OK; k++) {
        if (vf_str_equal(names[k].schema, names[i].schema) && clash(limits, names[k].name, names[i].name))
            status = report_clash(maker, names[i].object, names[k].name, names[i].name);
    }
    for (size_t k = 0; k < maker->plan->n_tables && status == VF_OK; k++) {
        const struct vf_table *table = &maker->plan->tables[k].target;
        if (vf_str_equal(table->schema, names[i].schema) && clash(limits, table->name, names[i].name))
            status = report_clash(maker, names[i].object, table->name, names[i].name);
    }
    return status;
}

/* Views share it too. */
static enum vf_status judge_view(struct vf_plan_maker *maker, size_t i)
{
    const struct vf_plan *plan = maker->plan;
    const struct vf_limits *limits = vf_conn_limits(maker->target);
    const struct vf_view *view = &plan->views[i].target;
    char label[256];

    vf_table_label(plan->views[i].source->schema, plan->views[i].source->name, label, sizeof(label));
    enum vf_status status = judge_name(maker, label, view->name);
    for (size_t k = 0; k < plan->n_tables && status == VF_OK; k++) {
        const struct vf_table *table = &plan->tables[k].target;
        if (vf_str_equal(table->schema, view->schema) && clash(limits, table->name, view->name))
            status = report_clash(maker, label, table->name, view->name);
    }
    for (size_t k = 0; k < i && status == VF_OK; k++) {
        const struct vf_view *other = &plan->views[k].target;
        if (vf_str_equal(other->schema, view->schema) && clash(limits, other->name, view->name))
            status = report_clash(maker, label, other->name, view->name);
    }
    return status;
}

enum vf_status vf_plan_judge_names(struct vf_plan_maker *maker)
{
    size_t n = collect(maker, NULL);
    struct index_name *names = vf_arena_alloc(&maker->plan->arena, n + 1, sizeof(*names));
    enum vf_status status = VF_OK;

    if (names == NULL)
        return vf_error_nomem(maker->err);
    collect(maker, names);
    for (size_t i = 0; i < maker->plan->n_tables && status == VF_OK; i++)
        status = judge_table(maker, i);
    for (size_t i = 0; i < n && status == VF_OK; i++)
        status = judge_index(maker, names, i);
    for (size_t i = 0; i < maker->plan->n_views && status == VF_OK; i++)
        status = judge_view(maker, i);
    return status;
}
