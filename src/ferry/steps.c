#include "ferry/steps.h"

#include <stdio.h>

#include "base/log.h"
#include "engine/store.h"
#include "ferry/index_watch.h"
#include "ferry/sidecar.h"
#include "model/schema_json.h"

static enum vf_status apply(struct vf_crossing *crossing, const struct vf_step *step, struct vf_error *err)
{
    enum vf_status status = vf_cancel_check(crossing->cancel, err);

    return status == VF_OK ? vf_conn_apply(crossing->target, step, err) : status;
}

static enum vf_status apply_names(struct vf_crossing *crossing, enum vf_step_kind kind, size_t n_names,
                                  const char *const *names, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < n_names && status == VF_OK; i++)
        status = apply(crossing, &(struct vf_step){.kind = kind, .name = names[i]}, err);
    return status;
}

enum vf_status vf_steps_prepare(struct vf_crossing *crossing, struct vf_error *err)
{
    const struct vf_plan *plan = crossing->plan;
    enum vf_status status = apply_names(crossing, VF_STEP_SCHEMA, plan->n_schemas, plan->schemas, err);

    if (status == VF_OK)
        status = apply_names(crossing, VF_STEP_EXTENSION, plan->n_extensions, plan->extensions, err);
    for (size_t i = 0; i < plan->n_user_types && status == VF_OK; i++)
        status = apply(crossing, &(struct vf_step){.kind = VF_STEP_USER_TYPE, .user_type = &plan->user_types[i]}, err);
    for (size_t i = 0; i < plan->n_sequences && status == VF_OK; i++)
        status = apply(crossing, &(struct vf_step){.kind = VF_STEP_SEQUENCE, .sequence = &plan->sequences[i]}, err);
    for (size_t i = 0; i < plan->n_tables && status == VF_OK; i++)
        status = apply(crossing, &(struct vf_step){.kind = VF_STEP_TABLE, .table = &plan->tables[i].target}, err);
    return status;
}

/* ---- after the rows ---- */

/* A step that the rows themselves forbid isn't the end of the run: it is kept to be reported, and the run ends with "differs". */
static enum vf_status keep_or_fail(enum vf_status status, const struct vf_error *found, const char *object,
                                   struct vf_problem_list *unfinished, struct vf_error *err)
{
    if (status == VF_VALUE)
        return vf_problem_add(unfinished, VF_SEVERITY_LOSS, VF_DIFFERS, object, found->hint, err, "%s", found->message);
    if (status != VF_OK && err != NULL)
        *err = *found;
    return status;
}

static enum vf_status apply_or_note(struct vf_crossing *crossing, const struct vf_step *step, const char *object,
                                    struct vf_problem_list *unfinished, struct vf_error *err)
{
    struct vf_error found = {0};
    enum vf_status status = apply(crossing, step, &found);

    return keep_or_fail(status, &found, object, unfinished, err);
}

static enum vf_status make_index(struct vf_crossing *crossing, const struct vf_table *table,
                                 const struct vf_index *index, struct vf_problem_list *unfinished, struct vf_error *err)
{
    char label[256], object[320];
    struct vf_error found = {0};
    const struct vf_step step = {.kind = VF_STEP_INDEX, .table = table, .index = index};

    vf_table_label(table->schema, table->name, label, sizeof(label));
    snprintf(object, sizeof(object), "%s.%s", label, index->name != NULL ? index->name : "key");
    enum vf_status status = vf_cancel_check(crossing->cancel, &found);
    if (status == VF_OK)
        status = vf_apply_watched(crossing, &step, object, &found);
    return keep_or_fail(status, &found, object, unfinished, err);
}

/* Primary keys come first, since foreign keys lean on them; then unique constraints; the rest, vector and full-text indexes last because they take longest. */
static int rank_of(const struct vf_index *index)
{
    if (index->constraint == VF_CONSTRAINT_PRIMARY)
        return 0;
    if (index->constraint == VF_CONSTRAINT_UNIQUE || index->unique)
        return 1;
    return vf_index_is_vector(index->kind) || index->kind == VF_INDEX_FULLTEXT ? 3 : 2;
}

static enum vf_status make_indexes(struct vf_crossing *crossing, int rank, struct vf_problem_list *unfinished,
                                   struct vf_error *err)
{
    bool late_keys = vf_conn_can(crossing->target, VF_CAP_LATE_KEYS);
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < crossing->plan->n_tables; i++) {
        const struct vf_table *table = &crossing->plan->tables[i].target;
        for (size_t k = 0; k < table->n_indexes && status == VF_OK; k++) {
            const struct vf_index *index = &table->indexes[k];
            if (rank_of(index) == rank && (late_keys || index->constraint == VF_CONSTRAINT_NONE))
                status = make_index(crossing, table, index, unfinished, err);
        }
    }
    return status;
}

static enum vf_status make_foreign_keys(struct vf_crossing *crossing, struct vf_problem_list *unfinished,
                                        struct vf_error *err)
{
    enum vf_status status = VF_OK;
    char label[256];

    for (size_t i = 0; i < crossing->plan->n_tables; i++) {
        const struct vf_table *table = &crossing->plan->tables[i].target;
        vf_table_label(table->schema, table->name, label, sizeof(label));
        for (size_t k = 0; k < table->n_foreign_keys && status == VF_OK; k++) {
            struct vf_step step = {.kind = VF_STEP_FOREIGN_KEY, .table = table, .foreign_key = &table->foreign_keys[k]};
            status = apply_or_note(crossing, &step, label, unfinished, err);
        }
    }
    return status;
}

/* Statistics are about speed alone, so where they can't be taken the move is right all the same. Before 0.6.1 pgvector failed to compare vectors of different dimensions, and so did ANALYZE. */
static enum vf_status analyze(struct vf_crossing *crossing, const struct vf_table *table, struct vf_error *err)
{
    struct vf_error why = {0};
    enum vf_status status = apply(crossing, &(struct vf_step){.kind = VF_STEP_ANALYZE, .table = table}, &why);

    if (status == VF_VALUE || status == VF_ENGINE) {
        vf_log_write(crossing->target_options.log, VF_LOG_WARNING,
                     "table \"%s\" has no statistics, searches in it may be slow: %s", table->name, why.message);
        return VF_OK;
    }
    if (status != VF_OK && err != NULL)
        *err = why;
    return status;
}

enum vf_status vf_steps_finish(struct vf_crossing *crossing, struct vf_problem_list *unfinished, struct vf_error *err)
{
    const struct vf_plan *plan = crossing->plan;
    enum vf_status status = VF_OK;

    for (int rank = 0; rank <= 3 && status == VF_OK; rank++)
        status = make_indexes(crossing, rank, unfinished, err);
    if (status == VF_OK)
        status = vf_sidecars_build(crossing, err);
    if (status == VF_OK)
        status = make_foreign_keys(crossing, unfinished, err);
    for (size_t i = 0; i < plan->n_sequences && status == VF_OK; i++)
        status =
            apply(crossing, &(struct vf_step){.kind = VF_STEP_SEQUENCE_VALUE, .sequence = &plan->sequences[i]}, err);
    for (size_t i = 0; i < plan->n_tables && status == VF_OK; i++)
        status = analyze(crossing, &plan->tables[i].target, err);
    return status;
}

enum vf_status vf_steps_drop(struct vf_crossing *crossing, struct vf_error *err)
{
    enum vf_status status = vf_steps_drop_views(crossing, err);

    for (size_t i = crossing->plan->n_tables; i > 0 && status == VF_OK; i--) {
        const struct vf_table *table = &crossing->plan->tables[i - 1].target;
        bool exists, has_rows;
        status = vf_conn_table_state(crossing->target, table->schema, table->name, &exists, &has_rows, err);
        if (status == VF_OK && exists)
            status = apply(crossing, &(struct vf_step){.kind = VF_STEP_DROP_TABLE, .table = table}, err);
    }
    return status;
}

/* ---- memory ---- */

/* The source's table with its columns as the plan reads them: types found by evidence, or decided in the plan file, which the catalogue alone doesn't know. */
static enum vf_status put_source_table(const struct vf_plan_table *table, struct vf_buf *body, struct vf_error *err)
{
    struct vf_table source = table->source;

    source.columns = vf_calloc(table->n_columns + 1, sizeof(*source.columns));
    if (source.columns == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < table->n_columns; i++)
        source.columns[i] = table->columns[i].source;
    vf_table_to_json(&source, false, body);
    vf_free(source.columns);
    return VF_OK;
}

static enum vf_status remember_table(struct vf_crossing *crossing, const struct vf_plan_table *table, const char *run,
                                     struct vf_buf *body, struct vf_error *err)
{
    const char *engine = vf_conn_ops(crossing->source)->name;
    char label[256];

    vf_buf_clear(body);
    vf_buf_str(body, "{\"source_engine\":");
    vf_buf_json_string(body, engine, strlen(engine));
    vf_buf_str(body, ",\"source\":");
    enum vf_status status = put_source_table(table, body, err);
    vf_buf_str(body, ",\"target\":");
    vf_table_to_json(&table->target, false, body);
    vf_buf_char(body, '}');
    if (status == VF_OK)
        status = vf_buf_check(body, err);
    if (status == VF_OK)
        status = vf_store_remember(crossing->target, "table",
                                   vf_table_label(table->target.schema, table->target.name, label, sizeof(label)),
                                   body->data, run, err);
    return status;
}

static enum vf_status remember_others(struct vf_crossing *crossing, const char *run, struct vf_buf *body,
                                      struct vf_error *err)
{
    const struct vf_schema *source = &crossing->plan->source;
    enum vf_status status = VF_OK;
    char label[256];

    for (size_t i = 0; i < source->n_user_types && status == VF_OK; i++) {
        vf_buf_clear(body);
        vf_user_type_to_json(&source->user_types[i], body);
        status = vf_buf_check(body, err);
        if (status == VF_OK)
            status = vf_store_remember(
                crossing->target, "type",
                vf_table_label(source->user_types[i].schema, source->user_types[i].name, label, sizeof(label)),
                body->data, run, err);
    }
    for (size_t i = 0; i < source->n_sequences && status == VF_OK; i++) {
        vf_buf_clear(body);
        vf_sequence_to_json(&source->sequences[i], body);
        status = vf_buf_check(body, err);
        if (status == VF_OK)
            status = vf_store_remember(
                crossing->target, "sequence",
                vf_table_label(source->sequences[i].schema, source->sequences[i].name, label, sizeof(label)),
                body->data, run, err);
    }
    return status;
}

enum vf_status vf_steps_remember(struct vf_crossing *crossing, const char *run, struct vf_error *err)
{
    struct vf_buf body;
    enum vf_status status = vf_conn_begin(crossing->target, err);

    if (status != VF_OK)
        return status;
    vf_buf_init(&body, VF_BUF_MAX);
    for (size_t i = 0; i < crossing->plan->n_tables && status == VF_OK; i++)
        status = remember_table(crossing, &crossing->plan->tables[i], run, &body, err);
    if (status == VF_OK)
        status = remember_others(crossing, run, &body, err);
    if (status == VF_OK)
        status = vf_conn_commit(crossing->target, err);
    else
        vf_conn_rollback(crossing->target);
    vf_buf_release(&body);
    return status;
}
