#include "api/handle.h"

#include <string.h>

/* Where the plan is looked for first: beside the file that the target is, or will be. */
static void add_proposed_file(vecferry *v, const struct vf_url *target)
{
    const char *slash = target->path != NULL ? strrchr(target->path, '/') : NULL;
    int n_folder = slash != NULL ? (int)(slash - target->path) + 1 : 0;
    struct vf_buf path;

    vf_buf_init(&path, VF_BUF_MAX);
    vf_buf_printf(&path, "%.*sferry.yaml", n_folder, n_folder > 0 ? target->path : "");
    vf_buf_str(&v->result, ",\"proposed_file\":");
    vf_buf_json_string(&v->result, path.data != NULL ? path.data : "", path.size_bytes);
    vf_buf_release(&path);
}

static enum vf_status plan(vecferry *v, struct vf_ends *ends, struct vf_error *err)
{
    enum vf_status status = vf_ends_open(v, ends, false, err);

    if (status == VF_OK)
        status = vf_ends_plan(v, ends, false, err);
    if (status != VF_OK)
        return status;
    vf_parts_write(&ends->parts, &v->plan_text);
    vf_result_plan(v, &ends->parts);
    add_proposed_file(v, &ends->targets[0].url);
    status = vf_handle_keep_report(v, &ends->parts, err);
    if (status == VF_OK)
        status = vf_buf_check(&v->plan_text, err);
    return vf_handle_write_report(v, status, err);
}

int vecferry_plan(vecferry *v)
{
    struct vf_ends ends = {0};

    vf_result_begin(v, "plan");
    enum vf_status status = plan(v, &ends, &v->error);
    vf_ends_close(&ends);
    return vf_handle_end(v, status);
}
