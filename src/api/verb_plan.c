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
    enum vf_status status = vf_ends_choose_scan(v, &ends->scan, err);

    if (status == VF_OK)
        status = vf_ends_open(v, ends, false, err);
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

/* ---- --diff ---- */

static enum vf_status check_diff(const vecferry *v, struct vf_error *err)
{
    if (vf_handle_text(v, "output") != NULL)
        return vf_error_set(err, VF_USAGE, "--diff writes no plan, and --output names a file for one");
    if (vf_handle_text(v, "report") != NULL)
        return vf_error_set(err, VF_USAGE, "--diff writes no report, and --report names a folder for one");
    if (vf_handle_text(v, "file") != NULL)
        return VF_OK;
    vf_error_set(err, VF_USAGE, "--diff compares a plan, and none is named");
    vf_error_hint(err, "name it by --file");
    return VF_USAGE;
}

/* Both as plan files: the one that is there, and the one that would be made now. */
static enum vf_status compare(vecferry *v, const struct vf_buf *now, struct vf_error *err)
{
    const char *file = vf_handle_text(v, "file");
    struct vf_plan_facts facts_then = {0}, facts_now = {0};
    struct vf_plan_changes changes = {0};
    struct vf_buf then;

    vf_buf_init(&then, VF_MAX_PLAN_BYTES);
    enum vf_status status = vf_ends_read_file(file, &then, err);
    if (status == VF_OK)
        status = vf_plan_facts_read(file, then.data != NULL ? then.data : "", then.size_bytes, &facts_then, err);
    if (status == VF_OK)
        status =
            vf_plan_facts_read("the plan of now", now->data != NULL ? now->data : "", now->size_bytes, &facts_now, err);
    if (status == VF_OK)
        status = vf_plan_diff(&facts_then, &facts_now, &changes, err);
    if (status == VF_OK)
        status = vf_result_changes(v, file, &changes, err);
    vf_plan_changes_release(&changes);
    vf_plan_facts_release(&facts_then);
    vf_plan_facts_release(&facts_now);
    vf_buf_release(&then);
    return status;
}

static enum vf_status diff(vecferry *v, struct vf_ends *ends, struct vf_error *err)
{
    struct vf_buf now;
    enum vf_status status = check_diff(v, err);

    if (status == VF_OK)
        status = vf_ends_open(v, ends, false, err);
    if (status == VF_OK)
        status = vf_ends_plan(v, ends, true, err);
    if (status != VF_OK)
        return status;
    vf_buf_init(&now, VF_BUF_MAX);
    vf_parts_write(&ends->parts, &now);
    status = vf_buf_check(&now, err);
    if (status == VF_OK)
        status = compare(v, &now, err);
    vf_buf_release(&now);
    return status;
}

int vecferry_plan(vecferry *v)
{
    struct vf_ends ends = {0};

    vf_result_begin(v, "plan");
    enum vf_status status = vf_handle_flag(v, "diff") ? diff(v, &ends, &v->error) : plan(v, &ends, &v->error);
    vf_ends_close(&ends);
    return vf_handle_end(v, status);
}
