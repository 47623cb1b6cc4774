#include "api/handle.h"

/* The plan of a resumed run is the one that it was started with, unless the user names a file or filters: then that must come to the same. */
static enum vf_status choose_plan(vecferry *v, struct vf_ends *ends, struct vf_error *err)
{
    bool resume = vf_handle_flag(v, "resume");
    bool own = vf_handle_text(v, "file") != NULL || vf_handle_list(v, "only")->n_values > 0 ||
               vf_handle_list(v, "exclude")->n_values > 0 || vf_handle_list(v, "where")->n_values > 0;
    bool found = false;

    if (resume && !own) {
        enum vf_status status = vf_ends_plan_of_run(v, ends, true, &found, err);
        if (status != VF_OK || found)
            return status;
        vf_error_set(err, VF_STATE, "there is no unfinished run in the target to resume");
        vf_error_hint(err, "start without --resume");
        return VF_STATE;
    }
    return vf_ends_plan(v, ends, resume || vf_handle_flag(v, "drop-existing"), err);
}

static enum vf_status run(vecferry *v, struct vf_ends *ends, struct vf_copy_result *copied,
                          struct vf_verify_result *verified, struct vf_error *err)
{
    enum vf_status status = vf_copy_run(&ends->crossing, copied, err);
    bool verify = !vf_handle_flag(v, "no-verify");

    if (status != VF_OK)
        return status;
    if (verify)
        status = vf_verify_run(&ends->crossing, copied->run, verified, err);
    if (status != VF_OK)
        return status;
    vf_result_copy(v, &ends->plan, copied, verify ? verified : NULL);
    return vf_result_judge(&ends->plan, copied, verify ? verified : NULL, err);
}

static enum vf_status copy(vecferry *v, struct vf_ends *ends, struct vf_error *err)
{
    struct vf_copy_result copied = {0};
    struct vf_verify_result verified = {0};
    enum vf_status status = vf_ends_open(v, ends, false, err);

    /* Before the plan: what it would say about a target that another run is filling is misleading. */
    if (status == VF_OK && !vf_handle_flag(v, "dry-run"))
        status = vf_conn_lock(ends->crossing.target, "vecferry copy", err);
    ends->crossing.is_locked = status == VF_OK && !vf_handle_flag(v, "dry-run");
    if (status == VF_OK)
        status = choose_plan(v, ends, err);
    if (status != VF_OK)
        return status;
    vf_plan_write(&ends->plan, &v->plan_text);
    vf_result_plan(v, &ends->plan);
    status = vf_plan_check(&ends->plan, err);
    if (status == VF_OK && !vf_handle_flag(v, "dry-run"))
        status = run(v, ends, &copied, &verified, err);
    if ((status == VF_CANCELLED || status == VF_TEMPORARY) && err->hint[0] == '\0')
        vf_error_hint(err, "go on with it by --resume");
    vf_copy_result_release(&copied);
    vf_verify_result_release(&verified);
    return status;
}

int vecferry_copy(vecferry *v)
{
    struct vf_ends ends = {0};

    vf_result_begin(v, "copy");
    enum vf_status status = copy(v, &ends, &v->error);
    vf_ends_close(&ends);
    return vf_handle_end(v, status);
}
