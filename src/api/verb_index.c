#include "api/handle.h"

#include "base/text.h"

static enum vf_status open_and_lock(vecferry *v, struct vf_ends *ends, struct vf_error *err)
{
    enum vf_status status = vf_ends_open_target(v, ends, err);
    struct vf_crossing *crossing = &ends->targets[0].crossing;

    if (status != VF_OK)
        return status;
    if (!vf_sidecars_can_be(crossing->target, crossing->target_url)) {
        vf_error_set(err, VF_USAGE, "sidecars lie beside a database file, and %s isn't one of a kind that has them",
                     vf_handle_text(v, "target"));
        vf_error_hint(err, "the indexes of a server are its own: CREATE INDEX and REINDEX build them");
        return VF_USAGE;
    }
    return vf_conn_lock(crossing->target, "vecferry index", err);
}

static bool is_wanted(const struct vf_sidecar_beside *beside, const struct vf_option_values *only)
{
    char label[256];

    for (size_t i = 0; i < only->n_values && beside->is_described; i++) {
        if (vf_str_equal(only->values[i], beside->description.table) ||
            vf_str_equal(only->values[i],
                         vf_table_label(beside->description.schema, beside->description.table, label, sizeof(label))))
            return true;
    }
    return only->n_values == 0;
}

static void keep_wanted(struct vf_sidecar_list *list, const struct vf_option_values *only)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n_sidecars; i++) {
        if (is_wanted(&list->sidecars[i], only))
            list->sidecars[n++] = list->sidecars[i];
    }
    list->n_sidecars = n;
}

/* The tables of the sidecars alone are looked at. */
static enum vf_status inspect(struct vf_ends *ends, const struct vf_sidecar_list *list, struct vf_schema *schema,
                              struct vf_error *err)
{
    struct vf_inspect_options options = {.evidence = true};
    const char **only = vf_alloc(list->n_sidecars + 1, sizeof(*only));

    if (only == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < list->n_sidecars; i++) {
        if (list->sidecars[i].is_described)
            only[options.n_only++] = list->sidecars[i].description.table;
    }
    options.evidence = options.n_only > 0;
    options.only = only;
    enum vf_status status = vf_conn_inspect(ends->targets[0].crossing.target, &options, schema, err);
    vf_free(only);
    return status;
}

/* Whatever isn't fresh at the end is somebody's to look at. */
static enum vf_status report(const struct vf_sidecar_list *list, struct vf_error *err)
{
    const struct vf_sidecar_beside *first = NULL;
    size_t n_left = 0;

    for (size_t i = 0; i < list->n_sidecars; i++) {
        if (list->sidecars[i].state == VF_SIDECAR_FRESH)
            continue;
        first = first != NULL ? first : &list->sidecars[i];
        n_left++;
    }
    if (first == NULL)
        return VF_OK;
    vf_error_set(err, VF_DIFFERS, "%zu of %zu sidecars %s as it should be; the first: %s is %s: %s", n_left,
                 list->n_sidecars, n_left == 1 ? "isn't" : "aren't", first->file, vf_sidecar_state_name(first->state),
                 first->why != NULL ? first->why : "");
    vf_error_hint(err, "%s",
                  vf_sidecar_can_be_built(first)
                      ? "without --dry-run it is built anew"
                      : "what a sidecar was built from is in its description: with another one, or none, move the file "
                        "away, and let a copy build it");
    return VF_DIFFERS;
}

static enum vf_status build(vecferry *v, struct vf_ends *ends, struct vf_sidecar_list *list, struct vf_schema *schema,
                            struct vf_error *err)
{
    struct vf_crossing *crossing = &ends->targets[0].crossing;
    enum vf_status status = open_and_lock(v, ends, err);

    if (status == VF_OK)
        status = vf_sidecars_find(crossing->target_url->path, list, err);
    if (status != VF_OK)
        return status;
    keep_wanted(list, vf_handle_list(v, "only"));
    status = inspect(ends, list, schema, err);
    if (status == VF_OK)
        status = vf_sidecars_judge(crossing, schema, list, err);
    if (status == VF_OK && !vf_handle_flag(v, "dry-run"))
        status = vf_sidecars_rebuild(crossing, schema, list, err);
    if (status != VF_OK)
        return status;
    vf_result_sidecars(v, list);
    return report(list, err);
}

int vecferry_index(vecferry *v)
{
    struct vf_ends ends = {0};
    struct vf_sidecar_list list = {0};
    struct vf_schema schema = {0};

    vf_result_begin(v, "index");
    enum vf_status status = build(v, &ends, &list, &schema, &v->error);
    vf_error_side(status != VF_OK ? &v->error : NULL, VF_SIDE_TARGET);
    vf_schema_release(&schema);
    vf_sidecar_list_release(&list);
    vf_ends_close(&ends);
    return vf_handle_end(v, status);
}
