#include "api/handle.h"

#include "model/schema_json.h"

/* What lies beside the file, held against its rows. */
static enum vf_status list_sidecars(vecferry *v, struct vf_ends *ends, const struct vf_schema *schema,
                                    struct vf_error *err)
{
    struct vf_sidecar_list list = {0};
    const struct vf_crossing crossing = {.target = ends->source,
                                         .target_url = &ends->source_url,
                                         .target_options = ends->source_options,
                                         .memory_bytes = vf_handle_number(v, "memory"),
                                         .cancel = &v->cancel};
    enum vf_status status = vf_sidecars_find(ends->source_url.path, &list, err);

    if (status == VF_OK)
        status = vf_sidecars_judge(&crossing, schema, &list, err);
    if (status == VF_OK)
        vf_result_sidecars(v, &list);
    vf_sidecar_list_release(&list);
    return status;
}

static enum vf_status inspect(vecferry *v, struct vf_ends *ends, struct vf_schema *schema, struct vf_error *err)
{
    const struct vf_option_values *only = vf_handle_list(v, "only");
    struct vf_inspect_options options = {
        .evidence = true, .n_only = only->n_values, .only = (const char *const *)only->values};
    struct vf_server server;
    char shown[512];
    enum vf_status status = vf_ends_open_source(v, ends, err);

    if (status == VF_OK)
        status = vf_conn_describe(ends->source, &server, err);
    if (status == VF_OK)
        status = vf_conn_inspect(ends->source, &options, schema, err);
    if (status != VF_OK)
        return status;
    vf_buf_char(&v->result, ',');
    vf_result_server(&v->result, vf_url_show(&ends->source_url, shown, sizeof(shown)), &server);
    vf_buf_str(&v->result, ",\"schema\":");
    vf_schema_to_json(schema, true, &v->result);
    if (vf_sidecars_can_be(ends->source, &ends->source_url))
        status = list_sidecars(v, ends, schema, err);
    if (status != VF_OK)
        return status;
    return vf_buf_check(&v->result, err);
}

int vecferry_inspect(vecferry *v)
{
    struct vf_ends ends = {0};
    struct vf_schema schema = {0};

    vf_result_begin(v, "inspect");
    enum vf_status status = inspect(v, &ends, &schema, &v->error);
    vf_schema_release(&schema);
    vf_ends_close(&ends);
    return vf_handle_end(v, status);
}
