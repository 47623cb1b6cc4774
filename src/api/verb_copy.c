#include "api/handle.h"

#include <string.h>

#include "ferry/targets.h"

/* The plan of a resumed run is the one that it was started with, unless the user names a file or filters: then that must come to the same. */
static enum vf_status choose_plan(vecferry *v, struct vf_ends *ends, struct vf_error *err)
{
    bool resume = vf_handle_flag(v, "resume");
    bool found = false;

    if (resume && !vf_ends_has_own_plan(v)) {
        enum vf_status status = vf_ends_plan_of_run(v, ends, true, &found, err);
        if (status != VF_OK || found)
            return status;
        vf_error_set(err, VF_STATE, "there is no unfinished run in the target%s to resume",
                     ends->n_targets > 1 ? "s" : "");
        vf_error_hint(err, "start without --resume");
        return VF_STATE;
    }
    return vf_ends_plan(v, ends, resume || vf_handle_flag(v, "drop-existing"), err);
}

/* Before the plan: what it would say about a target that another run is filling is misleading. */
static enum vf_status lock(struct vf_ends *ends, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < ends->n_targets && status == VF_OK; i++) {
        struct vf_crossing *crossing = &ends->targets[i].crossing;
        status = vf_conn_lock(crossing->target, "vecferry copy", err);
        crossing->is_locked = status == VF_OK;
    }
    return status;
}

/* Copy one target, unless that was done before, and compare it with the source. */
static enum vf_status carry(vecferry *v, struct vf_end *end, enum vf_copy_state state, struct vf_error *err)
{
    enum vf_status status = state == VF_COPY_DONE ? vf_copy_recall(&end->crossing, &end->copied, err)
                                                  : vf_copy_run(&end->crossing, &end->copied, err);

    end->is_copied = status == VF_OK;
    if (status != VF_OK || vf_handle_flag(v, "no-verify"))
        return status;
    status = vf_verify_run(&end->crossing, end->copied.run, &end->verified, err);
    end->is_verified = status == VF_OK;
    return status;
}

/* All targets from the one snapshot, one after the other. */
static enum vf_status run(vecferry *v, struct vf_ends *ends, struct vf_error *err)
{
    struct vf_crossing *crossings[VF_MAX_TARGETS];
    enum vf_copy_state states[VF_MAX_TARGETS];

    for (size_t i = 0; i < ends->n_targets; i++) {
        crossings[i] = &ends->targets[i].crossing;
        crossings[i]->plan_text = v->plan_text.data;
    }
    if (ends->parts.plans[0].by != NULL)
        return vf_files_copy(ends, err);
    enum vf_status status = vf_targets_look(crossings, ends->n_targets, vf_handle_flag(v, "resume"), states, err);
    for (size_t i = 0; i < ends->n_targets && status == VF_OK; i++) {
        ends->target = ends->parts.plans[i].target;
        status = carry(v, &ends->targets[i], states[i], err);
        if (status != VF_OK && ends->target > 0)
            vf_error_wrap(err, "target %u", ends->target);
    }
    if (status != VF_OK)
        return status;
    vf_result_copy(v, ends);
    return vf_result_judge(ends, err);
}

/* The view of the plan that a problem is about; NULL: it is about something else. */
static const struct vf_plan_view *find_view(const struct vf_plan *plan, const struct vf_problem *problem)
{
    char label[256];

    for (size_t i = 0; i < plan->n_views && problem->severity == VF_SEVERITY_NOTE; i++) {
        const struct vf_view *target = &plan->views[i].target;
        if (strcmp(vf_table_label(target->schema, target->name, label, sizeof(label)), problem->object) == 0)
            return &plan->views[i];
    }
    return NULL;
}

/* Views that the target has refused, which the plan had moved. */
static enum vf_status report_refused(vecferry *v, const struct vf_ends *ends, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < ends->n_targets; i++) {
        const struct vf_plan *plan = &ends->parts.plans[i];
        const struct vf_problem_list *list = &ends->targets[i].copied.unfinished;
        for (size_t k = 0; k < list->n_problems && status == VF_OK; k++) {
            const struct vf_plan_view *view = find_view(plan, &list->problems[k]);
            if (view != NULL)
                status = vf_report_add(&v->report,
                                       &(struct vf_report_entry){.kind = view->source->kind,
                                                                 .name = list->problems[k].object,
                                                                 .why = list->problems[k].what,
                                                                 .text = view->source->text,
                                                                 .target = plan->target},
                                       err);
        }
    }
    return status;
}

static enum vf_status copy(vecferry *v, struct vf_ends *ends, struct vf_error *err)
{
    bool dry_run = vf_handle_flag(v, "dry-run");
    enum vf_status status = dry_run ? vf_ends_choose_scan(v, &ends->scan, err) : VF_OK; /* as plan would show it */

    if (status == VF_OK)
        status = vf_ends_open(v, ends, false, err);
    if (status == VF_OK && !dry_run)
        status = lock(ends, err);
    if (status == VF_OK)
        status = choose_plan(v, ends, err);
    if (status != VF_OK)
        return status;
    vf_parts_write(&ends->parts, &v->plan_text);
    if (!dry_run)
        vf_parts_place_problems(&ends->parts);
    vf_result_plan(v, &ends->parts);
    status = vf_handle_keep_report(v, &ends->parts, err);
    if (status == VF_OK)
        status = vf_parts_check(&ends->parts, err);
    if (status == VF_OK)
        status = vf_buf_check(&v->plan_text, err);
    if (status == VF_OK && !dry_run)
        status = run(v, ends, err);
    if ((status == VF_CANCELLED || status == VF_TEMPORARY) && err->hint[0] == '\0')
        vf_error_hint(err, "go on with it by --resume");
    struct vf_error own = {0};
    enum vf_status reported = report_refused(v, ends, &own);
    if (reported != VF_OK && status == VF_OK) {
        *err = own;
        status = reported;
    }
    return dry_run ? status : vf_handle_write_report(v, status, err);
}

int vecferry_copy(vecferry *v)
{
    struct vf_ends ends = {0};

    vf_result_begin(v, "copy");
    enum vf_status status = copy(v, &ends, &v->error);
    vf_ends_close(&ends);
    return vf_handle_end(v, status);
}
