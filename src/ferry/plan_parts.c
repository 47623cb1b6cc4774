#include <string.h>

#include "base/text.h"
#include "ferry/parts.h"
#include "ferry/plan_make.h"
#include "ferry/plan_places.h"

void vf_parts_release(struct vf_parts *parts)
{
    for (size_t i = 0; i < VF_MAX_TARGETS; i++)
        vf_plan_release(&parts->plans[i]);
    vf_schema_release(&parts->source);
    vf_arena_release(&parts->arena);
    *parts = (struct vf_parts){0};
}

enum vf_status vf_parts_read(const char *file, const char *text, size_t size_bytes, struct vf_parts *parts,
                             struct vf_error *err)
{
    struct vf_plan read;
    enum vf_status status = vf_plan_read(file, text, size_bytes, &read, err);

    *parts = (struct vf_parts){.arena = read.arena,
                               .request = read.request,
                               .source_url = read.source_url,
                               .target_urls = {read.target_url, read.request != NULL ? read.request->target2 : NULL}};
    return status;
}

static enum vf_status look(struct vf_parts *parts, struct vf_conn *source, struct vf_conn *const *targets,
                           const struct vf_plan_options *options, struct vf_error *err)
{
    struct vf_inspect_options inspect = {0};
    struct vf_server server;
    enum vf_status status = vf_plan_choose_evidence(options, parts->request, &parts->arena, &inspect, err);

    if (status == VF_OK)
        status = vf_conn_describe(source, &server, err);
    for (size_t i = 0; i < parts->n_parts && status == VF_OK; i++) {
        parts->plans[i].source_server = server;
        status = vf_conn_describe(targets[i], &parts->plans[i].target_server, err);
    }
    if (status == VF_OK)
        status = vf_conn_inspect(source, &inspect, &parts->source, err);
    return status == VF_OK ? vf_plan_take_parts(&parts->source, &parts->request, &parts->arena, err) : status;
}

static enum vf_status make_part(struct vf_parts *parts, const struct vf_part_map *map, size_t i, struct vf_conn *source,
                                struct vf_conn *target, const struct vf_plan_options *options, struct vf_error *err)
{
    struct vf_plan *plan = &parts->plans[i];
    struct vf_plan_maker maker = {
        .plan = plan, .source = source, .target = target, .options = options, .whole = &parts->source, .err = err};
    if (i > 0)
        maker.first = &parts->plans[0];
    enum vf_status status = vf_part_view(map, (unsigned)i + 1, plan, err);

    if (status == VF_OK && parts->request != NULL)
        status = vf_part_request(map, parts->request, (unsigned)i + 1, &parts->arena, &maker.request, err);
    return status == VF_OK ? vf_plan_decide(&maker) : status;
}

/* A view that the second target has isn't missing in the first. */
static void settle_views(struct vf_parts *parts)
{
    struct vf_plan *first = &parts->plans[0];
    const struct vf_plan *second = &parts->plans[1];
    size_t n = 0;

    for (size_t i = 0; i < first->n_not_moved; i++) {
        const struct vf_other *other = &first->not_moved[i];
        bool is_there = false;
        for (size_t k = 0; k < second->n_views; k++)
            is_there |= strcmp(other->kind, second->views[k].source->kind) == 0 &&
                        strcmp(other->name, second->views[k].source->name) == 0 &&
                        vf_str_equal(other->schema, second->views[k].source->schema);
        if (!is_there)
            first->not_moved[n++] = *other;
    }
    first->n_not_moved = n;
}

static enum vf_status check_number(const struct vf_parts *parts, size_t n_targets, struct vf_error *err)
{
    size_t n_of_file = parts->target_urls[1] != NULL ? 2 : 1;

    if (parts->request == NULL || n_targets >= n_of_file)
        return VF_OK;
    vf_error_set(err, VF_USAGE, "%s is for two targets, and one is named", parts->request->file);
    vf_error_hint(err, "name both, or none and take those of the plan");
    return VF_USAGE;
}

static enum vf_status decide(struct vf_parts *parts, struct vf_conn *source, struct vf_conn *const *targets,
                             const struct vf_plan_options *options, struct vf_error *err)
{
    struct vf_part_map map;
    enum vf_status status = look(parts, source, targets, options, err);

    if (status == VF_OK)
        status = vf_part_map_make(&parts->source, parts->n_parts, options, parts->request, &parts->arena, &map, err);
    for (size_t i = 0; i < parts->n_parts && status == VF_OK; i++)
        status = make_part(parts, &map, i, source, targets[i], options, err);
    if (status == VF_OK && parts->n_parts > 1)
        settle_views(parts);
    if (status == VF_OK)
        status = vf_plan_hash(parts->plans, parts->n_parts, parts->sha256, err);
    for (size_t i = 0; i < parts->n_parts && status == VF_OK; i++)
        memcpy(parts->plans[i].sha256, parts->sha256, sizeof(parts->sha256));
    return status;
}

enum vf_status vf_parts_make(struct vf_parts *parts, struct vf_conn *source, struct vf_conn *const *targets,
                             size_t n_targets, const char *const *target_urls, const struct vf_plan_options *options,
                             struct vf_error *err)
{
    enum vf_status status = check_number(parts, n_targets, err);

    parts->n_parts = n_targets;
    for (size_t i = 0; i < n_targets && status == VF_OK; i++) {
        struct vf_plan *plan = &parts->plans[i];
        plan->target = n_targets > 1 ? (unsigned)i + 1 : 0;
        plan->source_url = vf_arena_strdup(&plan->arena, options->source_url);
        plan->target_url = vf_arena_strdup(&plan->arena, target_urls[i]);
        if (plan->source_url == NULL || plan->target_url == NULL)
            status = vf_error_nomem(err);
    }
    if (status == VF_OK)
        status = decide(parts, source, targets, options, err);
    vf_error_wrap(status != VF_OK && parts->request == NULL ? err : NULL, "plan");
    return status;
}

void vf_parts_write(const struct vf_parts *parts, struct vf_buf *out)
{
    vf_plan_write_all(parts->plans, parts->n_parts, out);
}

void vf_parts_place_problems(const struct vf_parts *parts)
{
    for (size_t i = 0; i < parts->n_parts; i++)
        vf_plan_place_problems(&parts->plans[i], parts->request);
}

enum vf_status vf_parts_check(const struct vf_parts *parts, struct vf_error *err)
{
    return vf_plan_check_all(parts->plans, parts->n_parts, err);
}
