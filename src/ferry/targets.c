#include "ferry/targets.h"

/* The tables of a target that isn't begun can't be there: what is, is somebody's. A fresh copy finds that out when the plan is made; here the plan was told to ignore what a run left. */
enum vf_status vf_targets_check_empty(struct vf_crossing *crossing, struct vf_error *err)
{
    const struct vf_plan *plan = crossing->plan;
    char label[256];

    for (size_t i = 0; i < plan->n_tables; i++) {
        const struct vf_table *table = &plan->tables[i].target;
        bool exists = false, has_rows = false;
        enum vf_status status =
            vf_conn_table_state(crossing->target, table->schema, table->name, &exists, &has_rows, err);
        if (status != VF_OK)
            return status;
        if (!exists)
            continue;
        vf_error_set(err, VF_STATE, "%s: the table is in the target already, and no run of this plan made it",
                     vf_table_label(table->schema, table->name, label, sizeof(label)));
        vf_error_hint(err, "start over with --drop-existing, which drops it first");
        return VF_STATE;
    }
    return VF_OK;
}

static enum vf_status nothing_to_resume(size_t n_targets, struct vf_error *err)
{
    vf_error_set(err, VF_STATE, "there is no unfinished run in the target%s to resume", n_targets > 1 ? "s" : "");
    vf_error_hint(err, "start without --resume");
    return VF_STATE;
}

enum vf_status vf_targets_decide(enum vf_copy_state *states, size_t n_targets, bool resume, struct vf_error *err)
{
    size_t n_of[3] = {0};

    for (size_t i = 0; i < n_targets; i++) {
        n_of[states[i]]++;
        if (states[i] == VF_COPY_DONE && !resume)
            states[i] = VF_COPY_FRESH;
    }
    if (resume && n_of[VF_COPY_UNFINISHED] == 0 && (n_of[VF_COPY_DONE] == 0 || n_of[VF_COPY_FRESH] == 0))
        return nothing_to_resume(n_targets, err);
    return VF_OK;
}

enum vf_status vf_targets_look(struct vf_crossing *const *crossings, size_t n_targets, bool resume,
                               enum vf_copy_state *states, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < n_targets && status == VF_OK; i++) {
        crossings[i]->resume = resume;
        states[i] = VF_COPY_FRESH; /* whatever is there is dropped */
        if (!crossings[i]->drop_existing || resume)
            status = vf_copy_look(crossings[i], &states[i], err);
    }
    if (status == VF_OK)
        status = vf_targets_decide(states, n_targets, resume, err);
    for (size_t i = 0; i < n_targets && status == VF_OK; i++) {
        crossings[i]->resume = resume && states[i] == VF_COPY_UNFINISHED;
        if (resume && states[i] == VF_COPY_FRESH)
            status = vf_targets_check_empty(crossings[i], err);
    }
    return status;
}
