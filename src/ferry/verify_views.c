#include "ferry/verify_views.h"

#include <string.h>

#include "ferry/verify_table.h"

/* ---- which can be compared ---- */

/* What of the tables that a view is over makes it show something else, whatever its text means; NULL: nothing. */
static const char *why_not(const struct vf_crossing *crossing, const struct vf_plan_view *view,
                           struct vf_verify_result *result)
{
    const struct vf_plan *plan = crossing->plan;
    char label[256];

    for (size_t i = 0; i < view->n_tables; i++) {
        const struct vf_plan_table *table = &plan->tables[view->tables[i]];
        const struct vf_verify_table *rows = &result->tables[view->tables[i]];
        const char *what = table->from.where != NULL ? "doesn't move whole"
                           : rows->n_rejected > 0    ? "has rejected rows"
                           : !rows->equal            ? "differs"
                                                     : NULL;
        if (what == NULL)
            continue;
        const char *found =
            vf_arena_printf(&result->arena, "its table %s %s",
                            vf_table_label(table->from.schema, table->from.name, label, sizeof(label)), what);
        return found != NULL ? found : "";
    }
    return NULL;
}

/* ---- one view ---- */

/* An answer of the database that says something of the view: kept as the reason. Others go on as errors. */
static enum vf_status keep_reason(enum vf_status status, const struct vf_error *found, const char *where,
                                  struct vf_verify_result *result, struct vf_verify_view *view, struct vf_error *err)
{
    if (!vf_status_is_refusal(status)) {
        if (err != NULL)
            *err = *found;
        return status;
    }
    view->why = vf_arena_printf(&result->arena, "it can't be read in the %s: %s", where, found->message);
    return view->why != NULL ? VF_OK : vf_error_nomem(err);
}

/* Is it there, and does it open? Nothing is read. */
static enum vf_status look_at(struct vf_crossing *crossing, const struct vf_plan_view *planned,
                              struct vf_verify_result *result, struct vf_verify_view *view, struct vf_error *err)
{
    struct vf_error found = {0};
    struct vf_scan *scan = NULL;
    enum vf_status status = vf_scan_open(crossing->target, &planned->to, NULL, &scan, &found);

    view->rows.equal = status == VF_OK;
    if (status == VF_OK)
        vf_scan_close(crossing->target, scan);
    else
        status = keep_reason(status, &found, "target", result, view, err);
    return status;
}

static enum vf_status compare(struct vf_crossing *crossing, const struct vf_plan_view *planned,
                              struct vf_verify_result *result, struct vf_verify_view *view, struct vf_error *err)
{
    const struct vf_plan_table as_table = {.from = planned->from, .to = planned->to, .source = {.n_rows = -1}};
    struct vf_error found = {0};
    enum vf_status status = vf_verify_table(crossing, &as_table, NULL, &result->arena, &view->rows, &found);

    view->is_compared = true;
    if (status != VF_OK && found.side == VF_SIDE_SOURCE) {
        view->is_compared = false;
        status = keep_reason(status, &found, "source", result, view, err);
        return status == VF_OK ? look_at(crossing, planned, result, view, err) : status;
    }
    if (status != VF_OK) {
        view->is_compared = view->rows.equal = false;
        return keep_reason(status, &found, "target", result, view, err);
    }
    if (view->rows.n_rejected > 0) { /* SQLite's columns can hold anything */
        view->is_compared = false;
        view->rows.equal = true;
        view->rows.n_differences = 0;
        view->rows.n_named = 0;
        view->why = "it shows values in the source that aren't of their column's kind";
    }
    return VF_OK;
}

static enum vf_status verify_view(struct vf_crossing *crossing, const struct vf_plan_view *planned,
                                  struct vf_verify_result *result, struct vf_verify_view *view, struct vf_error *err)
{
    const char *why = !planned->is_compared                  ? planned->uncompared
                      : crossing->plan->verify.without_views ? "the plan's verify leaves views out"
                                                             : why_not(crossing, planned, result);

    view->why = why != NULL ? why : planned->uncompared;
    if (why != NULL && why[0] == '\0')
        return vf_error_nomem(err);
    return why != NULL ? look_at(crossing, planned, result, view, err) : compare(crossing, planned, result, view, err);
}

enum vf_status vf_verify_views(struct vf_crossing *crossing, struct vf_verify_result *result, struct vf_error *err)
{
    const struct vf_plan *plan = crossing->plan;
    enum vf_status status = VF_OK;

    result->views = vf_arena_alloc(&result->arena, plan->n_views + 1, sizeof(*result->views));
    if (result->views == NULL)
        return vf_error_nomem(err);
    result->n_views = plan->n_views;
    for (size_t i = 0; i < plan->n_views && status == VF_OK; i++) {
        status = vf_cancel_check(crossing->cancel, err);
        if (status == VF_OK)
            status = verify_view(crossing, &plan->views[i], result, &result->views[i], err);
        result->n_bad_views += !result->views[i].rows.equal;
    }
    return status;
}
