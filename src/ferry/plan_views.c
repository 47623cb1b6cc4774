#include <string.h>

#include "base/text.h"
#include "engine/query.h"
#include "ferry/plan_make.h"

/* The tables that are moved, and the views that are: what a view may be over. Relation i of the source is relation i of the target. */
struct views {
    struct vf_plan_maker *maker;
    size_t n;
    const struct vf_table **source, **target;
    const int **columns; /* of each: the number that a column has there, -1: none */
    struct vf_plan_shown *shown;
    bool is_typed; /* what is computed has a type on both sides */
};

bool vf_plan_is_readable_view(const struct vf_other *other)
{
    return other->dialect != NULL && other->why == NULL && other->text != NULL && strcmp(other->kind, "view") == 0;
}

/* ---- what they are over ---- */

static enum vf_status add_table(struct views *views, const struct vf_plan_table *table)
{
    struct vf_arena *arena = &views->maker->plan->arena;
    struct vf_table *source = vf_arena_alloc(arena, 1, sizeof(*source));
    int *columns = vf_arena_alloc(arena, table->n_columns + 1, sizeof(*columns));

    if (source == NULL || columns == NULL)
        return vf_error_nomem(views->maker->err);
    for (size_t i = 0; i < table->n_columns; i++)
        columns[i] = vf_plan_target_number(table, (int)i);
    views->source[views->n] = source;
    views->target[views->n] = &table->target;
    views->columns[views->n] = columns;
    enum vf_status status = vf_plan_shown_table(views->maker, views->n, &views->shown[views->n]);
    views->n++;
    return status == VF_OK ? vf_plan_source_view(views->maker, table, false, source) : status;
}

static enum vf_status begin(struct views *views, struct vf_plan_maker *maker)
{
    struct vf_plan *plan = maker->plan;
    size_t room = plan->n_tables + plan->source.n_others + 1;
    enum vf_status status = VF_OK;

    const struct vf_dialect *from = vf_conn_ops(maker->source)->dialect, *to = vf_conn_ops(maker->target)->dialect;

    *views = (struct views){.maker = maker};
    views->is_typed =
        from != NULL && to != NULL && !from->reads_conditions_as_numbers && !to->reads_conditions_as_numbers;
    views->source = vf_arena_alloc(&plan->arena, room, sizeof(*views->source));
    views->target = vf_arena_alloc(&plan->arena, room, sizeof(*views->target));
    views->columns = vf_arena_alloc(&plan->arena, room, sizeof(*views->columns));
    views->shown = vf_arena_alloc(&plan->arena, room, sizeof(*views->shown));
    if (views->source == NULL || views->target == NULL || views->columns == NULL || views->shown == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < plan->n_tables && status == VF_OK; i++)
        status = add_table(views, &plan->tables[i]);
    return status;
}

/* ---- one view ---- */

/* From the source's text to the target's; *why: it can't be. */
struct translation {
    const struct vf_query *query, *made;
    const char *text;
    const char *why, *remark;
};

static enum vf_status read_view(struct views *views, const struct vf_other *view, struct translation *work)
{
    struct vf_plan_maker *maker = views->maker;
    struct vf_query_scope_of scope = {.relations = {views->n, views->source, views->is_typed},
                                      .usual_schema = vf_conn_ops(maker->source)->usual_schema,
                                      .collation = maker->plan->source.collation,
                                      .version = maker->plan->source_server.version_number};
    const struct vf_dialect *dialect = vf_dialect_find(view->dialect);
    const char *why = NULL;

    if (dialect == NULL) {
        work->why = "its text is of a database whose views aren't known here";
        return VF_OK;
    }
    enum vf_status status =
        vf_query_read(dialect, &scope, view->text, &maker->plan->arena, &work->query, &why, maker->err);
    if (status == VF_OK && work->query == NULL) {
        const char *more = maker->plan->target > 0 ? " (with two targets, all its tables have to be in one)" : "";
        work->why = vf_arena_printf(&maker->plan->arena, "it isn't understood: %s%s", why, more);
        status = work->why != NULL ? VF_OK : vf_error_nomem(maker->err);
    }
    return status;
}

static bool has_longer_name(const struct vf_query *query, uint32_t most)
{
    bool has = false;

    for (size_t i = 0; i < query->n_outputs; i++)
        has |= strlen(query->outputs[i].name) > most;
    for (size_t i = 0; i < query->n_sources; i++)
        has |= strlen(query->sources[i].alias) > most ||
               (query->sources[i].query != NULL && has_longer_name(query->sources[i].query, most));
    return has || (query->next != NULL && has_longer_name(query->next, most));
}

/* Names are cut by some databases when they are too long, without a word. */
static const char *too_long(const struct vf_plan_maker *maker, const char *name, const struct vf_query *query)
{
    uint32_t most = vf_conn_limits(maker->target)->max_identifier_bytes;
    bool is_long = most > 0 && (strlen(name) > most || has_longer_name(query, most));

    return is_long ? "its name, or that of a column, is longer than the target takes" : NULL;
}

static bool is_heir(const struct vf_table *heir, const struct vf_table *table)
{
    for (size_t i = 0; i < heir->n_parents; i++) {
        if (strcmp(heir->parents[i].name, table->name) == 0 && vf_str_equal(heir->parents[i].schema, table->schema))
            return true;
    }
    return false;
}

/* PostgreSQL shows the rows of a table's heirs with its own. They are tables of their own where nothing is inherited: before the move, or after it. */
static bool has_other_heirs(const struct views *views, size_t relation)
{
    const struct vf_plan *plan = views->maker->plan;
    bool before = false, after = false;

    if (relation >= plan->n_tables)
        return false;
    for (size_t i = 0; i < plan->source.n_tables; i++)
        before = before || is_heir(&plan->source.tables[i], views->source[relation]);
    for (size_t i = 0; i < plan->n_tables; i++)
        after = after || is_heir(&plan->tables[i].target, &plan->tables[relation].target);
    return (before && !vf_conn_can(views->maker->target, VF_CAP_PARTITIONS)) ||
           (after && !vf_conn_can(views->maker->source, VF_CAP_PARTITIONS));
}

static enum vf_status write_view(struct views *views, struct translation *work)
{
    struct vf_plan_maker *maker = views->maker;
    struct vf_arena *arena = &maker->plan->arena;
    const struct vf_dialect *to = vf_conn_ops(maker->target)->dialect;
    const struct vf_query_scope_of scope = {.relations = {views->n, views->target, views->is_typed},
                                            .from = vf_conn_ops(maker->source)->dialect,
                                            .version = maker->plan->target_server.version_number};
    int *relations = vf_arena_alloc(arena, views->n + 1, sizeof(*relations));
    bool missing = false;
    struct vf_buf text;

    if (relations == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < views->n; i++)
        relations[i] = has_other_heirs(views, i) ? -1 : (int)i;
    work->made = vf_query_renumber(arena, work->query, &scope.relations, relations, views->columns, &missing);
    if (work->made == NULL && !missing)
        return vf_error_nomem(maker->err);
    if (work->made == NULL) {
        work->why = "a column of it isn't moved, or a table of it has heirs in the source or in the target, whose rows "
                    "it shows too";
        return VF_OK;
    }
    vf_buf_init(&text, VF_BUF_MAX);
    const char *why = NULL;
    bool is_written = vf_query_write(to, &scope, work->made, arena, &text, &why);
    enum vf_status status = vf_buf_check(&text, maker->err);
    work->why = is_written ? NULL : why;
    work->remark = is_written ? why : NULL;
    if (status == VF_OK && is_written) {
        work->text = vf_arena_strndup(arena, text.data, text.size_bytes);
        status = work->text != NULL ? VF_OK : vf_error_nomem(maker->err);
    }
    vf_buf_release(&text);
    return status;
}

static enum vf_status translate(struct views *views, const struct vf_other *view, const char *name,
                                struct translation *work)
{
    *work = (struct translation){0};
    if (!vf_conn_can(views->maker->target, VF_CAP_VIEWS) || vf_conn_ops(views->maker->target)->dialect == NULL) {
        work->why = "the target has no views";
        return VF_OK;
    }
    enum vf_status status = read_view(views, view, work);
    if (status != VF_OK || work->why != NULL)
        return status;
    work->why = too_long(views->maker, name, work->query);
    return work->why == NULL ? write_view(views, work) : VF_OK;
}

/* ---- the plan file's word ---- */

static const struct vf_plan_request_view *find_request(const struct vf_plan_request *request,
                                                       const struct vf_other *view)
{
    for (size_t i = 0; request != NULL && i < request->n_views; i++) {
        const struct vf_plan_request_view *own = &request->views[i];
        if (strcmp(own->name, view->name) == 0 && (own->schema == NULL || vf_str_equal(own->schema, view->schema)))
            return own;
    }
    return NULL;
}

/* A view of the file that isn't one of the source's. */
static enum vf_status check_request(const struct vf_plan_maker *maker)
{
    const struct vf_plan_request *request = maker->request;

    for (size_t i = 0; request != NULL && i < request->n_views; i++) {
        const struct vf_plan_request_view *own = &request->views[i];
        bool found = false;
        for (size_t k = 0; k < maker->whole->n_others && !found; k++)
            found = vf_plan_is_readable_view(&maker->whole->others[k]) &&
                    find_request(request, &maker->whole->others[k]) == own;
        if (found || maker->options->ignore_drift)
            continue;
        vf_error_set(maker->err, VF_USAGE, "%s:%d:%d: the source has no view \"%s\" that could be moved", request->file,
                     own->line, own->column, own->name);
        vf_error_hint(maker->err, "take it out of the plan, or make the plan anew");
        return VF_USAGE;
    }
    return VF_OK;
}

/* ---- all of them ---- */

static enum vf_status take(struct views *views, const struct vf_other *view, const char *name,
                           const struct translation *work)
{
    struct vf_plan_maker *maker = views->maker;
    struct vf_plan *plan = maker->plan;
    const struct vf_plan_request_view *own = find_request(maker->request, view);
    const char *schema = vf_plan_target_schema(maker, view->schema);
    void *array = plan->views;
    char label[256];
    enum vf_status status =
        own != NULL ? vf_plan_same_as_shown(maker, own->text, work->text, "text", view->name, own->line, own->column)
                    : VF_OK;

    if (status != VF_OK)
        return status;
    struct vf_plan_view *added = vf_arena_push(&plan->arena, &array, &plan->n_views, sizeof(*added));
    plan->views = array;
    int *columns = vf_arena_alloc(&plan->arena, work->made->n_outputs + 1, sizeof(*columns));
    if (added == NULL || columns == NULL)
        return vf_error_nomem(maker->err);
    *added = (struct vf_plan_view){
        .source = view,
        .target = {.schema = schema, .name = name, .n_columns = work->made->n_outputs, .text = work->text}};
    for (size_t i = 0; i < work->made->n_outputs; i++)
        columns[i] = (int)i;
    views->source[views->n] =
        vf_query_as_table(&plan->arena, work->query, NULL, view->schema, view->name, views->is_typed);
    views->target[views->n] = vf_query_as_table(&plan->arena, work->made, NULL, schema, name, views->is_typed);
    views->columns[views->n] = columns;
    if (views->source[views->n] == NULL || views->target[views->n] == NULL)
        return vf_error_nomem(maker->err);
    status = vf_plan_shown_view(maker, work->query, work->made, views->shown, added, &views->shown[views->n]);
    views->n++;
    return work->remark == NULL || status != VF_OK
               ? status
               : vf_problem_add(&plan->problems, VF_SEVERITY_NOTE, VF_OK,
                                vf_table_label(view->schema, view->name, label, sizeof(label)), NULL, maker->err, "%s",
                                work->remark);
}

static bool is_in_first(const struct vf_plan_maker *maker, const struct vf_other *view)
{
    for (size_t i = 0; maker->first != NULL && i < maker->first->n_views; i++) {
        const struct vf_other *there = maker->first->views[i].source;
        if (strcmp(there->name, view->name) == 0 && vf_str_equal(there->schema, view->schema))
            return true;
    }
    return false;
}

/* What it is called in the target. NULL: no memory. */
static const char *name_of(const struct vf_plan_maker *maker, const struct vf_other *view)
{
    const struct vf_plan_request_view *own = find_request(maker->request, view);

    return own != NULL && own->target_name != NULL ? own->target_name
                                                   : vf_plan_target_name(maker, view->schema, view->name);
}

/* One attempt at each that is left. A view may be over views that come later. */
static enum vf_status try_all(struct views *views, bool *done, const char **why, bool *any)
{
    struct vf_plan_maker *maker = views->maker;
    struct vf_plan *plan = maker->plan;
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < plan->source.n_others && status == VF_OK; i++) {
        const struct vf_other *view = &plan->source.others[i];
        struct translation work;
        if (done[i] || !vf_plan_is_readable_view(view) || is_in_first(maker, view))
            continue;
        bool is_out = maker->request != NULL && maker->request->has_views && find_request(maker->request, view) == NULL;
        const char *name = name_of(maker, view);
        status = name != NULL ? translate(views, view, name, &work) : vf_error_nomem(maker->err);
        if (status == VF_OK && work.why == NULL && !is_out) {
            status = take(views, view, name, &work);
            done[i] = *any = true;
        } else if (status == VF_OK) {
            why[i] = work.why != NULL ? work.why : "the plan leaves it out";
        }
    }
    return status;
}

enum vf_status vf_plan_add_views(struct vf_plan_maker *maker)
{
    struct vf_plan *plan = maker->plan;
    struct views views;
    bool *done = vf_arena_alloc(&plan->arena, plan->source.n_others + 1, sizeof(*done)), any = true;
    const char **why = vf_arena_alloc(&plan->arena, plan->source.n_others + 1, sizeof(*why));
    enum vf_status status = done != NULL && why != NULL ? check_request(maker) : vf_error_nomem(maker->err);

    if (status == VF_OK)
        status = begin(&views, maker);
    while (any && status == VF_OK) {
        any = false;
        status = try_all(&views, done, why, &any);
    }
    for (size_t i = 0; i < plan->source.n_others && status == VF_OK; i++) {
        const struct vf_other *view = &plan->source.others[i];
        if (vf_plan_is_readable_view(view) && !done[i] &&
            maker->first == NULL) /* the first target tells what none has */
            status =
                vf_plan_not_moved(plan, view->kind, view->schema, view->name, NULL, view->text, why[i], maker->err);
    }
    return status;
}
