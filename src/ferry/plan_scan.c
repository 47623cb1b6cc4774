/* Rows that will be rejected: looked for before the copy, in the rows that it would read. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ferry/check.h"
#include "ferry/nul.h"
#include "ferry/plan_make.h"

#define BATCH_BYTES ((size_t)8 << 20)

/* What was found of one column; `last` counts what is of none. */
struct found {
    int64_t n_rejects;
    const char *key, *reason; /* of the first */
};

struct scan {
    struct vf_plan_maker *maker;
    const struct vf_plan_table *table;
    struct vf_scan *engine;
    struct vf_batch batch;
    struct vf_check_scratch scratch;
    struct found *columns; /* of the relation's fields, and one more */
    int64_t *n_changed;    /* of the fields */
    int64_t n_rows;
    bool is_all; /* no row is left */
};

static enum vf_status open_scan(struct scan *scan)
{
    const struct vf_relation *from = &scan->table->copy_from;
    struct vf_type *types = vf_arena_alloc(&scan->maker->plan->arena, from->n_fields + 1, sizeof(*types));

    scan->columns = vf_arena_alloc(&scan->maker->plan->arena, from->n_fields + 1, sizeof(*scan->columns));
    scan->n_changed = vf_arena_alloc(&scan->maker->plan->arena, from->n_fields + 1, sizeof(*scan->n_changed));
    if (types == NULL || scan->columns == NULL || scan->n_changed == NULL)
        return vf_error_nomem(scan->maker->err);
    for (size_t i = 0; i < from->n_fields; i++)
        types[i] = from->fields[i].type;
    enum vf_status status =
        vf_batch_init(&scan->batch, from->n_fields, types, VF_PLAN_SAMPLE_ROWS, BATCH_BYTES, scan->maker->err);
    return status == VF_OK ? vf_scan_open(scan->maker->source, from, NULL, &scan->engine, scan->maker->err) : status;
}

static enum vf_status count_rejects(struct scan *scan)
{
    const struct vf_relation *from = &scan->table->copy_from;
    struct vf_arena *arena = &scan->maker->plan->arena;

    for (size_t i = 0; i < scan->batch.rejects.n_rejects; i++) {
        const struct vf_reject *reject = &scan->batch.rejects.rejects[i];
        size_t k = 0;
        while (k < from->n_fields && (reject->column == NULL || strcmp(from->fields[k].name, reject->column) != 0))
            k++;
        struct found *found = &scan->columns[k];
        if (found->n_rejects++ > 0)
            continue;
        found->key = vf_arena_strdup(arena, reject->key != NULL ? reject->key : "");
        found->reason = vf_arena_strdup(arena, reject->reason != NULL ? reject->reason : "");
        if (found->key == NULL || found->reason == NULL)
            return vf_error_nomem(scan->maker->err);
    }
    return VF_OK;
}

static enum vf_status read_rows(struct scan *scan)
{
    struct vf_plan_maker *maker = scan->maker;
    char label[256];
    const struct vf_check_rules rules = {
        .limits = vf_conn_limits(maker->target),
        .from = &scan->table->copy_from,
        .to = &scan->table->copy_to,
        .label = vf_table_label(scan->table->source.schema, scan->table->source.name, label, sizeof(label)),
        .n_changed = scan->n_changed};
    bool more = true;
    enum vf_status status = VF_OK;

    while (more && status == VF_OK) {
        vf_batch_reset(&scan->batch);
        status = vf_scan_read(maker->source, scan->engine, &scan->batch, &more, maker->err);
        scan->n_rows += scan->batch.n_rows + (int64_t)scan->batch.rejects.n_rejects;
        if (status == VF_OK)
            status = vf_check_batch(&scan->batch, &rules, &scan->scratch, maker->err);
        if (status == VF_OK)
            status = count_rejects(scan);
        if (maker->options->scan != VF_PLAN_SCAN_FULL && scan->n_rows >= VF_PLAN_SAMPLE_ROWS)
            break;
    }
    scan->is_all = !more;
    return status;
}

/* The evidence has counted all of them already. */
static bool is_known(const struct scan *scan, const char *name)
{
    for (size_t i = 0; i < scan->table->n_columns; i++) {
        const struct vf_evidence *evidence = &scan->table->columns[i].source.evidence;
        if (strcmp(scan->table->columns[i].name, name) == 0)
            return evidence->measured && (evidence->n_bad > 0 || evidence->n_not_finite > 0);
    }
    return false;
}

/* Texts that the user's word changes: a loss that was asked for. */
static enum vf_status report_changed(struct scan *scan)
{
    const struct vf_relation *from = &scan->table->copy_from;
    struct vf_plan *plan = scan->maker->plan;
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < from->n_fields && status == VF_OK; i++) {
        const struct vf_field *field = &from->fields[i];
        if (scan->n_changed[i] == 0)
            continue;
        status = vf_problem_add(
            &plan->problems, VF_SEVERITY_NOTE, VF_OK, vf_plan_object(plan, &scan->table->source, field->name),
            field->nul == VF_NUL_ESCAPE ? "nul: unescape on the way back gives the same texts again" : NULL,
            scan->maker->err, "the texts of %" PRId64 " of %s%" PRId64 " rows are changed, as nul: %s says",
            scan->n_changed[i], scan->is_all ? "" : "the first ", scan->n_rows, vf_nul_name(field->nul));
    }
    return status;
}

/* What of the plan moves rows with U+0000 after all. */
static enum vf_status say_nul(struct scan *scan, const struct found *found, enum vf_kind kind)
{
    bool is_nul = kind == VF_K_TEXT && vf_str_starts(found->reason, VF_CHECK_NUL);
    return vf_plan_settle(scan->maker, VF_OK, is_nul ? "nul: escape" : NULL, NULL);
}

static enum vf_status report(struct scan *scan)
{
    const struct vf_relation *from = &scan->table->copy_from;
    struct vf_plan *plan = scan->maker->plan;
    enum vf_status status = VF_OK;
    char label[256];

    vf_table_label(scan->table->source.schema, scan->table->source.name, label, sizeof(label));
    for (size_t i = 0; i <= from->n_fields && status == VF_OK; i++) {
        const struct found *found = &scan->columns[i];
        const char *name = i < from->n_fields ? from->fields[i].name : NULL;
        if (found->n_rejects == 0 || (name != NULL && is_known(scan, name)))
            continue;
        status =
            vf_problem_add(&plan->problems, VF_SEVERITY_NOTE, VF_OK,
                           name != NULL ? vf_plan_object(plan, &scan->table->source, name) : label,
                           "mend them in the source, leave them out by where:, or choose another type in the plan",
                           scan->maker->err, "%" PRId64 " of %s%" PRId64 " rows will be rejected; the first, %s: %s%s",
                           found->n_rejects, scan->is_all ? "" : "the first ", scan->n_rows, found->key, found->reason,
                           scan->is_all ? "" : " (the others weren't looked at: --scan full does)");
        if (status == VF_OK && name != NULL)
            status = say_nul(scan, found, from->fields[i].type.kind);
    }
    return status == VF_OK ? report_changed(scan) : status;
}

/* What a copy would fail with is a problem like the others. */
static enum vf_status unreadable(struct scan *scan, enum vf_status status, const struct vf_error *why)
{
    if (status != VF_ENGINE && status != VF_VALUE && status != VF_MISSING && status != VF_STATE)
        return status;
    const char *remedy = why->hint[0] != '\0' ? why->hint : "mend it in the source, or leave the table out";
    return vf_plan_settle(scan->maker,
                          vf_problem_add_about(&scan->maker->plan->problems, VF_SEVERITY_BLOCK, status,
                                               &scan->table->source, NULL, remedy, scan->maker->err,
                                               "the table can't be read: %s", why->message),
                          VF_PLAN_SAY_ENTRY_OUT, NULL);
}

static enum vf_status scan_table(struct vf_plan_maker *maker, const struct vf_plan_table *table)
{
    struct vf_error why = {0};
    struct vf_plan_maker own = *maker;
    struct scan scan = {.maker = &own, .table = table};

    own.err = &why;
    enum vf_status status = open_scan(&scan);
    if (status == VF_OK)
        status = read_rows(&scan);
    if (scan.engine != NULL)
        vf_scan_close(maker->source, scan.engine);
    vf_batch_release(&scan.batch);
    vf_check_scratch_release(&scan.scratch);
    scan.maker = maker;
    if (status == VF_OK)
        return report(&scan);
    enum vf_status rest = unreadable(&scan, status, &why);
    if (rest != VF_OK && maker->err != NULL)
        *maker->err = why;
    return rest;
}

enum vf_status vf_plan_scan_rows(struct vf_plan_maker *maker)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; maker->options->scan != VF_PLAN_SCAN_NONE && i < maker->plan->n_tables && status == VF_OK; i++) {
        if (maker->plan->tables[i].source.unread == NULL && maker->plan->tables[i].copy_from.n_fields > 0)
            status = scan_table(maker, &maker->plan->tables[i]);
    }
    maker->plan->scan = maker->options->scan;
    return status;
}
