#include <string.h>

#include "engine/store.h"
#include "ferry/steps.h"

#define KIND "view" /* of what vecferry_schema remembers of them */

/* ---- which are vecferry's own ---- */

struct own {
    struct vf_arena arena;
    const struct vf_plan *plan;
    bool *is_made; /* of each view of the plan */
};

static const char *label_of(const struct vf_view *view, char *label, size_t room)
{
    return vf_table_label(view->schema, view->name, label, room);
}

static enum vf_status see(void *context, const char *kind, const char *name, const char *body, struct vf_error *err)
{
    struct own *own = context;
    char label[256];

    (void)body;
    (void)err;
    for (size_t i = 0; strcmp(kind, KIND) == 0 && i < own->plan->n_views; i++)
        own->is_made[i] |= strcmp(label_of(&own->plan->views[i].target, label, sizeof(label)), name) == 0;
    return VF_OK;
}

static enum vf_status find_own(struct vf_crossing *crossing, struct own *own, struct vf_error *err)
{
    *own = (struct own){.plan = crossing->plan};
    own->is_made = vf_arena_alloc(&own->arena, crossing->plan->n_views + 1, sizeof(*own->is_made));
    if (own->is_made == NULL)
        return vf_error_nomem(err);
    return vf_store_recall(crossing->target, see, own, err);
}

/* ---- making ---- */

static enum vf_status remember(struct vf_crossing *crossing, const struct vf_plan_view *view, const char *run,
                               struct vf_error *err)
{
    char label[256];
    struct vf_buf body;

    vf_buf_init(&body, VF_BUF_MAX);
    vf_buf_str(&body, "{\"text\":");
    vf_buf_json_string(&body, view->target.text, strlen(view->target.text));
    vf_buf_char(&body, '}');
    enum vf_status status = vf_buf_check(&body, err);
    if (status == VF_OK)
        status = vf_store_remember(crossing->target, KIND, label_of(&view->target, label, sizeof(label)), body.data,
                                   run, err);
    vf_buf_release(&body);
    return status;
}

static enum vf_status make(struct vf_crossing *crossing, const struct vf_plan_view *view, const char *run,
                           struct vf_problem_list *unfinished, struct vf_error *err)
{
    const struct vf_step step = {.kind = VF_STEP_VIEW, .view = &view->target};
    struct vf_error found = {0};
    char label[256];
    enum vf_status status = vf_conn_begin(crossing->target, err);

    if (status != VF_OK)
        return status;
    status = vf_conn_apply(crossing->target, &step, &found);
    if (status == VF_OK)
        status = remember(crossing, view, run, &found);
    if (status == VF_OK)
        return vf_conn_commit(crossing->target, err);
    vf_conn_rollback(crossing->target);
    if (vf_status_is_refusal(status))
        return vf_problem_add(unfinished, VF_SEVERITY_NOTE, VF_DIFFERS, label_of(&view->target, label, sizeof(label)),
                              "take the view out of the plan, or make it by hand from its text", err,
                              "the view is refused by the target: %s", found.message);
    if (err != NULL)
        *err = found;
    return status;
}

enum vf_status vf_steps_make_views(struct vf_crossing *crossing, const char *run, struct vf_problem_list *unfinished,
                                   struct vf_error *err)
{
    const struct vf_plan *plan = crossing->plan;
    struct own own;
    enum vf_status status = VF_OK;

    if (plan->n_views == 0)
        return VF_OK;
    status = find_own(crossing, &own, err);
    for (size_t i = 0; i < plan->n_views && status == VF_OK; i++) {
        status = vf_cancel_check(crossing->cancel, err);
        if (status == VF_OK && !own.is_made[i])
            status = make(crossing, &plan->views[i], run, unfinished, err);
    }
    vf_arena_release(&own.arena);
    return status;
}

/* ---- dropping ---- */

enum vf_status vf_steps_drop_views(struct vf_crossing *crossing, struct vf_error *err)
{
    const struct vf_plan *plan = crossing->plan;
    struct own own;
    enum vf_status status = VF_OK;

    if (plan->n_views == 0)
        return VF_OK;
    status = find_own(crossing, &own, err);
    for (size_t i = plan->n_views; i > 0 && status == VF_OK; i--) {
        const struct vf_view *view = &plan->views[i - 1].target;
        if (own.is_made[i - 1])
            status = vf_conn_apply(crossing->target, &(struct vf_step){.kind = VF_STEP_DROP_VIEW, .view = view}, err);
    }
    vf_arena_release(&own.arena);
    return status;
}
