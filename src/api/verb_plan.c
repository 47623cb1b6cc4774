#include "api/handle.h"

static enum vf_status plan(vecferry *v, struct vf_ends *ends, struct vf_error *err)
{
    enum vf_status status = vf_ends_open(v, ends, false, err);

    if (status == VF_OK)
        status = vf_ends_plan(v, ends, false, err);
    if (status != VF_OK)
        return status;
    vf_plan_write(&ends->plan, &v->plan_text);
    vf_result_plan(v, &ends->plan);
    return vf_buf_check(&v->plan_text, err);
}

int vecferry_plan(vecferry *v)
{
    struct vf_ends ends = {0};

    vf_result_begin(v, "plan");
    enum vf_status status = plan(v, &ends, &v->error);
    vf_ends_close(&ends);
    return vf_handle_end(v, status);
}
