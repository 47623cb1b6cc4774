#include "ferry/plan.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "ferry/plan_make.h"

/* An approximate index costs more than it gives below this many rows. */
#define DEFAULT_INDEX_MIN_ROWS 1000

void vf_plan_release(struct vf_plan *plan)
{
    vf_schema_release(&plan->source);
    vf_problem_list_release(&plan->problems);
    vf_arena_release(&plan->arena);
    *plan = (struct vf_plan){0};
}

/* ---- helpers of all the parts ---- */

enum vf_status vf_plan_not_moved(struct vf_plan *plan, const char *kind, const char *schema, const char *name,
                                 const char *on, const char *text, const char *why, struct vf_error *err)
{
    void *array = plan->not_moved;
    struct vf_other *other = vf_arena_push(&plan->arena, &array, &plan->n_not_moved, sizeof(*other));

    plan->not_moved = array;
    if (other == NULL)
        return vf_error_nomem(err);
    *other = (struct vf_other){
        .kind = vf_arena_strdup(&plan->arena, kind),
        .schema = vf_arena_strdup(&plan->arena, schema),
        .name = vf_arena_strdup(&plan->arena, name != NULL ? name : ""),
        .on = vf_arena_strdup(&plan->arena, on),
        .text = vf_arena_strdup(&plan->arena, text),
        .why = vf_arena_strdup(&plan->arena, why != NULL ? why : ""),
    };
    return other->kind == NULL || other->name == NULL || other->why == NULL ? vf_error_nomem(err) : VF_OK;
}

const char *vf_plan_object(struct vf_plan *plan, const struct vf_table *table, const char *name)
{
    char label[256];

    return vf_arena_printf(&plan->arena, "%s.%s", vf_table_label(table->schema, table->name, label, sizeof(label)),
                           name);
}

/* ---- making ---- */

static bool is_settled(const struct vf_plan_request_table *table)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        if (!table->columns[i].has_type && !table->columns[i].skip)
            return false;
    }
    return table->has_columns;
}

static bool is_listed(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

/* Materialised views that are moved as tables, by the options and by the plan file. */
static enum vf_status choose_views(const struct vf_plan_options *options, const struct vf_plan_request *request,
                                   struct vf_arena *arena, struct vf_inspect_options *inspect, struct vf_error *err)
{
    size_t room = options->n_as_table + (request != NULL ? request->n_tables : 0) + 1;
    const char **names = vf_arena_alloc(arena, room, sizeof(*names));

    if (names == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < options->n_as_table; i++)
        names[inspect->n_as_table++] = options->as_table[i];
    for (size_t i = 0; request != NULL && i < request->n_tables; i++) {
        const struct vf_plan_request_table *table = &request->tables[i];
        const char *name =
            table->schema == NULL ? table->name : vf_arena_printf(arena, "%s.%s", table->schema, table->name);
        if (name == NULL)
            return vf_error_nomem(err);
        if (table->as_table)
            names[inspect->n_as_table++] = name;
    }
    inspect->as_table = names;
    return VF_OK;
}

/* All, or with a plan file those of whose columns it doesn't give the types. */
enum vf_status vf_plan_choose_evidence(const struct vf_plan_options *options, const struct vf_plan_request *request,
                                       struct vf_arena *arena, struct vf_inspect_options *inspect, struct vf_error *err)
{
    inspect->evidence = !options->no_evidence;
    inspect->decisive = true;
    inspect->n_only = options->n_only;
    inspect->only = options->only;
    enum vf_status status = choose_views(options, request, arena, inspect, err);
    if (request == NULL || options->ignore_drift || status != VF_OK)
        return status;
    const char **only = vf_arena_alloc(arena, request->n_tables + 1, sizeof(*only));
    inspect->n_only = 0;
    if (only == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < request->n_tables; i++) {
        const struct vf_plan_request_table *table = &request->tables[i];
        const char *name =
            table->part_of != NULL ? table->part_of : table->name; /* what it is a part of is looked at */
        if (!is_settled(table) && !is_listed(only, inspect->n_only, name))
            only[inspect->n_only++] = name;
    }
    inspect->only = only;
    inspect->evidence &= inspect->n_only > 0;
    return VF_OK;
}

static enum vf_status look(struct vf_plan_maker *maker)
{
    struct vf_plan *plan = maker->plan;
    struct vf_inspect_options inspect = {0};
    enum vf_status status = vf_plan_choose_evidence(maker->options, maker->request, &plan->arena, &inspect, maker->err);

    if (status == VF_OK)
        status = vf_conn_describe(maker->source, &plan->source_server, maker->err);
    if (status == VF_OK)
        status = vf_conn_describe(maker->target, &plan->target_server, maker->err);
    if (status == VF_OK)
        status = vf_conn_inspect(maker->source, &inspect, &plan->source, maker->err);
    if (status == VF_OK)
        status = vf_plan_take_parts(&plan->source, &maker->request, &plan->arena, maker->err);
    return status;
}

/* A filter of the user's, before anything is written: a scan that is begun and not read shows whether the source understands it. */
static enum vf_status try_filter(struct vf_plan_maker *maker, const struct vf_relation *from)
{
    struct vf_scan *scan = NULL;
    struct vf_error found = {0};
    char label[256];
    enum vf_status status = vf_scan_open(maker->source, from, NULL, &scan, &found);

    if (scan != NULL)
        vf_scan_close(maker->source, scan);
    if (status == VF_OK)
        return VF_OK;
    vf_table_label(from->schema, from->name, label, sizeof(label));
    if (status == VF_MISSING)
        return vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_MISSING, label, found.hint, maker->err,
                              "%s", found.message);
    if (status == VF_ENGINE || status == VF_VALUE) {
        found.status = status = VF_USAGE;
        vf_error_wrap(&found, "the filter \"%s\" of table %s", from->where, label);
        vf_error_hint(&found, "a filter is a condition on the table's columns, in the SQL of the source");
    }
    if (maker->err != NULL)
        *maker->err = found;
    return status;
}

static enum vf_status try_filters(struct vf_plan_maker *maker)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < maker->plan->n_tables && status == VF_OK; i++) {
        if (maker->plan->tables[i].from.where != NULL && maker->plan->tables[i].source.unread == NULL)
            status = try_filter(maker, &maker->plan->tables[i].from);
    }
    return status;
}

enum vf_status vf_plan_hash(const struct vf_plan *plans, size_t n_plans, char *sha256, struct vf_error *err)
{
    struct vf_buf text;

    vf_buf_init(&text, VF_BUF_MAX);
    vf_plan_write_decisions(plans, n_plans, &text);
    enum vf_status status = vf_buf_check(&text, err);
    if (status == VF_OK && !vf_sha256_hex(text.data != NULL ? text.data : "", text.size_bytes, sha256))
        status = vf_error_set(err, VF_INTERNAL, "SHA-256 failed");
    vf_buf_release(&text);
    return status;
}

static const char *choose_url(struct vf_plan *plan, const char *given, const char *of_file)
{
    if (given != NULL)
        return vf_arena_strdup(&plan->arena, given);
    return of_file != NULL ? of_file : "";
}

/* Where vector indexes are built, it is measured what they find, unless the file says something else. */
static void decide_verify(struct vf_plan_maker *maker)
{
    struct vf_plan *plan = maker->plan;

    plan->verify = (struct vf_plan_verify){.n_queries = VF_PLAN_QUERIES};
    if (maker->request != NULL && maker->request->has_verify) {
        plan->verify = maker->request->verify;
        return;
    }
    for (size_t i = 0; i < plan->n_tables; i++) {
        for (size_t k = 0; k < plan->tables[i].n_indexes; k++)
            plan->verify.search |= vf_index_is_approximate(plan->tables[i].indexes[k].mapping.index.kind) ||
                                   plan->tables[i].indexes[k].mapping.index.kind == VF_INDEX_FULLTEXT;
    }
}

enum vf_status vf_plan_decide(struct vf_plan_maker *maker)
{
    bool is_said = maker->request != NULL && maker->request->has_index_min_rows;

    maker->plan->index_min_rows = is_said ? maker->request->index_min_rows : DEFAULT_INDEX_MIN_ROWS;
    maker->plan->by = maker->options->by != NULL ? vf_arena_strdup(&maker->plan->arena, maker->options->by)
                      : maker->request != NULL   ? maker->request->by
                                                 : NULL;
    if (maker->options->by != NULL && maker->plan->by == NULL)
        return vf_error_nomem(maker->err);
    enum vf_status status = vf_plan_add_tables(maker);
    if (status == VF_OK)
        status = vf_plan_divide(maker);
    if (status == VF_OK)
        status = vf_plan_settle_sidecars(maker);
    if (status == VF_OK)
        status = vf_plan_add_objects(maker);
    if (status == VF_OK)
        status = try_filters(maker);
    decide_verify(maker);
    if (status == VF_OK)
        status = vf_plan_find_problems(maker);
    return status == VF_OK ? vf_plan_scan_rows(maker) : status;
}

static enum vf_status make(struct vf_plan_maker *maker)
{
    struct vf_plan *plan = maker->plan;
    const struct vf_plan_options *options = maker->options;

    plan->source_url = choose_url(plan, options->source_url, plan->source_url);
    plan->target_url = choose_url(plan, options->target_url, plan->target_url);
    if (plan->source_url == NULL || plan->target_url == NULL)
        return vf_error_nomem(maker->err);
    maker->whole = &plan->source;
    enum vf_status status = look(maker);
    if (status == VF_OK)
        status = vf_plan_decide(maker);
    return status == VF_OK ? vf_plan_hash(plan, 1, plan->sha256, maker->err) : status;
}

enum vf_status vf_plan_make(struct vf_conn *source, struct vf_conn *target, const struct vf_plan_options *options,
                            struct vf_plan *plan, struct vf_error *err)
{
    struct vf_plan_maker maker = {.plan = plan, .source = source, .target = target, .options = options, .err = err};

    *plan = (struct vf_plan){0};
    enum vf_status status = make(&maker);
    vf_error_wrap(status != VF_OK ? err : NULL, "plan");
    return status;
}

enum vf_status vf_plan_bind(struct vf_plan *plan, struct vf_conn *source, struct vf_conn *target,
                            const struct vf_plan_options *options, struct vf_error *err)
{
    struct vf_plan_maker maker = {
        .plan = plan, .source = source, .target = target, .options = options, .request = plan->request, .err = err};

    return make(&maker);
}

/* ---- may it run? ---- */

static const struct vf_problem *first_of(const struct vf_plan *plans, size_t n_plans, enum vf_severity severity,
                                         size_t *n)
{
    const struct vf_problem *first = NULL;

    *n = 0;
    for (size_t k = 0; k < n_plans; k++) {
        for (size_t i = 0; i < plans[k].problems.n_problems; i++) {
            if (plans[k].problems.problems[i].severity != severity)
                continue;
            if (first == NULL)
                first = &plans[k].problems.problems[i];
            (*n)++;
        }
    }
    return first;
}

enum vf_status vf_plan_check_all(const struct vf_plan *plans, size_t n_plans, struct vf_error *err)
{
    size_t n_blocks, n_losses;
    const struct vf_problem *block = first_of(plans, n_plans, VF_SEVERITY_BLOCK, &n_blocks);
    const struct vf_problem *loss = first_of(plans, n_plans, VF_SEVERITY_LOSS, &n_losses);
    const struct vf_problem *first = block != NULL ? block : loss;

    if (first == NULL)
        return VF_OK;
    enum vf_status status = block != NULL && block->status != VF_OK ? block->status : VF_STATE;
    vf_error_set(err, status, "%zu problem%s in the way, %zu loss%s not accepted; the first: %s%s%s", n_blocks,
                 n_blocks == 1 ? "" : "s", n_losses, n_losses == 1 ? "" : "es", first->object,
                 first->object[0] != '\0' ? ": " : "", first->what);
    if (first->remedy[0] != '\0')
        vf_error_hint(err, "%s", first->remedy);
    return status;
}

enum vf_status vf_plan_check(const struct vf_plan *plan, struct vf_error *err)
{
    return vf_plan_check_all(plan, 1, err);
}
