#include "api/handle.h"

/* The plan that the target was made with knows its filters and types; a target that vecferry didn't make is compared by a fresh plan. */
static enum vf_status choose_plan(vecferry *v, struct vf_ends *ends, struct vf_error *err)
{
    bool found = false;

    if (!vf_ends_has_own_plan(v)) {
        enum vf_status status = vf_ends_plan_of_run(v, ends, false, &found, err);
        if (status != VF_OK || found)
            return status;
    }
    return vf_ends_plan(v, ends, true, err);
}

/* Where the source has changed since the plan was made, an equal result would speak of less than what is there. Other problems of a plan are those of a copy. */
static enum vf_status refuse_drift(const struct vf_plan *plan, struct vf_error *err)
{
    for (size_t i = 0; i < plan->problems.n_problems; i++) {
        const struct vf_problem *problem = &plan->problems.problems[i];
        if (problem->severity != VF_SEVERITY_BLOCK || problem->status != VF_STATE)
            continue;
        vf_error_set(err, VF_STATE, "%s%s%s", problem->object, problem->object[0] != '\0' ? ": " : "", problem->what);
        vf_error_hint(err, "%s", problem->remedy);
        return VF_STATE;
    }
    return VF_OK;
}

static enum vf_status verify(vecferry *v, struct vf_ends *ends, struct vf_error *err)
{
    enum vf_status status = vf_ends_open(v, ends, true, err);

    if (status == VF_OK)
        status = choose_plan(v, ends, err);
    if (status != VF_OK)
        return status;
    vf_parts_place_problems(&ends->parts);
    vf_result_plan(v, &ends->parts);
    for (size_t i = 0; i < ends->n_targets && status == VF_OK; i++)
        status = refuse_drift(&ends->parts.plans[i], err);
    if (status == VF_OK && ends->parts.plans[0].by != NULL)
        return vf_files_verify(ends, err);
    for (size_t i = 0; i < ends->n_targets && status == VF_OK; i++) {
        struct vf_end *end = &ends->targets[i];
        ends->target = ends->parts.plans[i].target;
        status = vf_verify_run(&end->crossing, NULL, &end->verified, err);
        end->is_verified = status == VF_OK;
        if (status != VF_OK && ends->target > 0)
            vf_error_wrap(err, "target %u", ends->target);
    }
    if (status != VF_OK)
        return status;
    vf_result_verify(v, ends);
    return vf_result_judge(ends, err);
}

int vecferry_verify(vecferry *v)
{
    struct vf_ends ends = {0};

    vf_result_begin(v, "verify");
    enum vf_status status = verify(v, &ends, &v->error);
    vf_ends_close(&ends);
    return vf_handle_end(v, status);
}
