#include "api/handle.h"

#include <string.h>

enum vf_status vf_handle_keep_report(vecferry *v, const struct vf_parts *parts, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < parts->n_parts && status == VF_OK; i++)
        status = vf_report_add_plan(&v->report, &parts->plans[i], err);
    return status;
}

enum vf_status vf_handle_write_report(vecferry *v, enum vf_status status, struct vf_error *err)
{
    const char *folder = vf_handle_text(v, "report");
    struct vf_error own = {0};

    if (folder == NULL)
        return status;
    enum vf_status written = vf_report_write(&v->report, folder, &own);
    if (written == VF_OK && v->report.n_entries > 0) {
        vf_buf_str(&v->result, ",\"report\":");
        vf_buf_json_string(&v->result, folder, strlen(folder));
    }
    if (written == VF_OK)
        return status;
    if (status == VF_OK) {
        *err = own;
        return written;
    }
    vf_log_write(&v->log, VF_LOG_WARNING, "%s", own.message);
    return status;
}

int vecferry_report(vecferry *v, const char *folder)
{
    vf_error_clear(&v->error);
    enum vf_status status = folder == NULL || folder[0] == '\0'
                                ? vf_error_set(&v->error, VF_USAGE, "the report's folder has no name")
                                : vf_report_write(&v->report, folder, &v->error);

    return vf_status_exit_code(status, VF_SIDE_NONE);
}
