#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ferry/plan_make.h"

static enum vf_status note(struct vf_plan_maker *maker, const char *object, const char *what, const char *remedy)
{
    return vf_problem_add(&maker->plan->problems, VF_SEVERITY_NOTE, VF_OK, object, remedy, maker->err, "%s", what);
}

/* ---- values ---- */

static enum vf_status judge_evidence(struct vf_plan_maker *maker, const struct vf_plan_column *column,
                                     const char *object)
{
    const struct vf_evidence *evidence = &column->source.evidence;
    char what[512];
    enum vf_status status = VF_OK;

    if (!evidence->measured)
        return VF_OK;
    if (evidence->n_bad > 0) {
        char type[48];
        snprintf(what, sizeof(what), "%" PRId64 " values aren't of type %s: their rows will be rejected",
                 evidence->n_bad, vf_type_format(column->type, type));
        status = note(maker, object, what, "mend them in the source, or choose another type in the plan");
    }
    if (status == VF_OK && evidence->n_inexact > 0) {
        snprintf(what, sizeof(what),
                 "%" PRId64 " numbers are no exact rendering of their type and are moved as the nearest value; largest "
                            "relative error %.2g",
                 evidence->n_inexact, evidence->max_relative_error);
        status = note(maker, object, what, NULL);
    }
    if (status == VF_OK && evidence->n_not_finite > 0 && !vf_conn_limits(maker->target)->vector_not_finite) {
        snprintf(what, sizeof(what), "%" PRId64 " vectors hold NaN or infinity: their rows will be rejected",
                 evidence->n_not_finite);
        status = note(maker, object, what, "mend them in the source");
    }
    if (status == VF_OK && evidence->n_zero > 0) {
        snprintf(what, sizeof(what),
                 "%" PRId64 " vectors are zero: their cosine distance is undefined, and a cosine index leaves them out",
                 evidence->n_zero);
        status = note(maker, object, what, NULL);
    }
    return status;
}

static enum vf_status judge_column(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                   const struct vf_plan_column *column)
{
    struct vf_plan *plan = maker->plan;
    const char *object = vf_plan_object(plan, &table->source, column->name);
    uint32_t max_dim = vf_conn_limits(maker->target)->max_vector_dim;
    enum vf_status status = object != NULL ? VF_OK : vf_error_nomem(maker->err);

    if (status == VF_OK && column->mapping.fidelity == VF_FIDELITY_NONE && !column->accept_loss)
        return vf_problem_add(&plan->problems, VF_SEVERITY_LOSS, VF_STATE, object,
                              "loss: accept in the plan for this column, or --accept-losses: then it is left out",
                              maker->err, "the column can't be moved: %s",
                              column->mapping.how != NULL ? column->mapping.how : "the target has no type for it");
    if (column->skip)
        return status;
    if (status == VF_OK && column->mapping.fidelity == VF_FIDELITY_LOSSY)
        status = vf_problem_add(&plan->problems, column->accept_loss ? VF_SEVERITY_NOTE : VF_SEVERITY_LOSS, VF_STATE,
                                object, "loss: accept in the plan for this column, or --accept-losses", maker->err,
                                "%s becomes %s: %s", column->source.native, column->mapping.native,
                                column->mapping.how != NULL ? column->mapping.how : "not exact");
    if (status == VF_OK && column->type.kind == VF_K_VECTOR && max_dim > 0 && column->type.dim > max_dim &&
        column->mapping.form == VF_FORM_NATIVE)
        status = vf_problem_add(
            &plan->problems, VF_SEVERITY_BLOCK, VF_MISSING, object,
            "keep it as an array or text by to: and as: in the plan, or leave the column out by skip: true", maker->err,
            "a vector of %u dimensions is above the target's limit of %u", (unsigned)column->type.dim,
            (unsigned)max_dim);
    return status == VF_OK ? judge_evidence(maker, column, object) : status;
}

/* ---- names ---- */

/* Equal as the target sees names: cut after its limit, and in any case where it folds it. */
static bool clash(const struct vf_limits *limits, const char *a, const char *b)
{
    char cut_a[256], cut_b[256];
    size_t max = limits->max_identifier_bytes > 0 && limits->max_identifier_bytes < sizeof(cut_a)
                     ? limits->max_identifier_bytes
                     : sizeof(cut_a) - 1;

    if (limits->max_identifier_bytes == 0)
        return limits->identifiers_fold_case ? vf_strcasecmp(a, b) == 0 : strcmp(a, b) == 0;
    snprintf(cut_a, sizeof(cut_a), "%.*s", (int)vf_utf8_cut(a, strlen(a), max), a);
    snprintf(cut_b, sizeof(cut_b), "%.*s", (int)vf_utf8_cut(b, strlen(b), max), b);
    return limits->identifiers_fold_case ? vf_strcasecmp(cut_a, cut_b) == 0 : strcmp(cut_a, cut_b) == 0;
}

static enum vf_status report_clash(struct vf_plan_maker *maker, const char *object, const char *a, const char *b)
{
    return vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_USAGE, object,
                          "give one of them another name by rename: in the plan", maker->err,
                          "the names \"%s\" and \"%s\" are the same in the target", a, b);
}

static enum vf_status judge_length(struct vf_plan_maker *maker, const char *object, const char *name)
{
    uint32_t max = vf_conn_limits(maker->target)->max_identifier_bytes;

    if (max == 0 || strlen(name) <= max)
        return VF_OK;
    return vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_USAGE, object,
                          "give it a shorter name by rename: in the plan", maker->err,
                          "the name has %zu bytes, and the target cuts names after %u", strlen(name), (unsigned)max);
}

static enum vf_status judge_column_names(struct vf_plan_maker *maker, const struct vf_plan_table *table)
{
    const struct vf_limits *limits = vf_conn_limits(maker->target);
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < table->target.n_columns && status == VF_OK; i++) {
        const char *name = table->target.columns[i].name;
        status = judge_length(maker, vf_plan_object(maker->plan, &table->source, name), name);
        for (size_t k = 0; k < i && status == VF_OK; k++) {
            if (clash(limits, table->target.columns[k].name, name))
                status = report_clash(maker, vf_plan_object(maker->plan, &table->source, name),
                                      table->target.columns[k].name, name);
        }
    }
    return status;
}

static enum vf_status judge_table_name(struct vf_plan_maker *maker, size_t i)
{
    const struct vf_limits *limits = vf_conn_limits(maker->target);
    const struct vf_table *target = &maker->plan->tables[i].target;
    enum vf_status status = judge_length(maker, target->name, target->name);

    if (status == VF_OK && target->name[0] == '\0')
        status = vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_USAGE, "",
                                "give it a name by rename: in the plan", maker->err,
                                "a table of the source has an empty name");
    for (size_t k = 0; k < i && status == VF_OK; k++) {
        const struct vf_table *other = &maker->plan->tables[k].target;
        if (vf_str_equal(other->schema, target->schema) && clash(limits, other->name, target->name))
            status = report_clash(maker, target->name, other->name, target->name);
    }
    return status;
}

/* ---- tables ---- */

static enum vf_status judge_target_table(struct vf_plan_maker *maker, const struct vf_table *target)
{
    bool exists = false, has_rows = false;
    char label[256];
    enum vf_status status =
        vf_conn_table_state(maker->target, target->schema, target->name, &exists, &has_rows, maker->err);

    if (status != VF_OK || !exists || maker->options->ignore_existing)
        return status;
    return vf_problem_add(
        &maker->plan->problems, VF_SEVERITY_BLOCK, VF_STATE,
        vf_table_label(target->schema, target->name, label, sizeof(label)),
        "--drop-existing drops it first, --exclude leaves it out, --resume goes on with an unfinished run", maker->err,
        "the table is in the target already%s", has_rows ? ", and holds rows" : "");
}

static enum vf_status judge_table(struct vf_plan_maker *maker, size_t i)
{
    const struct vf_plan_table *table = &maker->plan->tables[i];
    uint32_t max_columns = vf_conn_limits(maker->target)->max_columns;
    char label[256];
    enum vf_status status = judge_table_name(maker, i);

    vf_table_label(table->source.schema, table->source.name, label, sizeof(label));
    if (status == VF_OK)
        status = judge_column_names(maker, table);
    if (status == VF_OK)
        status = judge_target_table(maker, &table->target);
    if (status == VF_OK && max_columns > 0 && table->target.n_columns > max_columns)
        status = vf_problem_add(
            &maker->plan->problems, VF_SEVERITY_BLOCK, VF_MISSING, label, "leave columns out by skip: true", maker->err,
            "%zu columns, and the target's limit is %u", table->target.n_columns, (unsigned)max_columns);
    if (status == VF_OK && table->from.n_key == 0)
        status =
            note(maker, label,
                 "the table has no key: its rows are compared as a whole, and can't be kept in step one by one", NULL);
    for (size_t k = 0; k < table->n_columns && status == VF_OK; k++)
        status = judge_column(maker, table, &table->columns[k]);
    return status;
}

static enum vf_status ask_target(struct vf_plan_maker *maker)
{
    struct vf_plan *plan = maker->plan;
    struct vf_schema wanted = {.user_types = plan->user_types,
                               .n_user_types = plan->n_user_types,
                               .sequences = plan->sequences,
                               .n_sequences = plan->n_sequences};
    struct vf_load_estimate estimate = {0};

    wanted.tables = vf_arena_alloc(&plan->arena, plan->n_tables + 1, sizeof(*wanted.tables));
    if (wanted.tables == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < plan->n_tables; i++) {
        wanted.tables[wanted.n_tables++] = plan->tables[i].target;
        estimate.n_rows += plan->tables[i].source.n_rows > 0 ? plan->tables[i].source.n_rows : 0;
        estimate.size_bytes += plan->tables[i].source.size_bytes > 0 ? plan->tables[i].source.size_bytes : 0;
    }
    return vf_conn_preflight(maker->target, &wanted, &estimate, &plan->problems, maker->err);
}

enum vf_status vf_plan_find_problems(struct vf_plan_maker *maker)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < maker->plan->n_tables && status == VF_OK; i++)
        status = judge_table(maker, i);
    return status == VF_OK ? ask_target(maker) : status;
}
