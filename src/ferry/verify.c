#include "ferry/verify.h"

#include <string.h>

#include "engine/store.h"
#include "ferry/verify_index.h"
#include "ferry/verify_table.h"
#include "ferry/verify_text.h"
#include "ferry/verify_views.h"

void vf_verify_result_release(struct vf_verify_result *result)
{
    vf_arena_release(&result->arena);
    *result = (struct vf_verify_result){0};
}

const char *vf_difference_name(enum vf_difference_kind kind)
{
    switch (kind) {
    case VF_DIFFERENCE_MISSING:
        return "missing";
    case VF_DIFFERENCE_EXTRA:
        return "extra";
    case VF_DIFFERENCE_CHANGED:
        return "changed";
    case VF_DIFFERENCE_DUPLICATE:
        return "duplicate";
    case VF_DIFFERENCE_UNREADABLE:
        return "unreadable";
    }
    return "unknown";
}

static int64_t now_us(const struct vf_crossing *crossing)
{
    const struct vf_clock *clock = crossing->clock != NULL ? crossing->clock : vf_clock_system();

    return clock->monotonic_us(clock->context);
}

/* ---- all tables ---- */

struct newest {
    char run[64];
    int64_t started_us;
};

static enum vf_status see_run(void *context, const struct vf_store_run *run, struct vf_error *err)
{
    struct newest *newest = context;

    (void)err;
    if (run->started_us >= newest->started_us && strlen(run->run) < sizeof(newest->run)) {
        newest->started_us = run->started_us;
        memcpy(newest->run, run->run, strlen(run->run) + 1);
    }
    return VF_OK;
}

enum vf_status vf_verify_run(struct vf_crossing *crossing, const char *run, struct vf_verify_result *result,
                             struct vf_error *err)
{
    const struct vf_plan *plan = crossing->plan;
    struct newest newest = {.run = "", .started_us = 0};
    int64_t started_us = now_us(crossing);
    enum vf_status status = VF_OK;

    *result = (struct vf_verify_result){.n_tables = plan->n_tables};
    result->tables = vf_arena_alloc(&result->arena, plan->n_tables + 1, sizeof(*result->tables));
    if (result->tables == NULL)
        return vf_error_nomem(err);
    if (run == NULL) {
        status = vf_store_list_runs(crossing->target, see_run, &newest, err);
        run = newest.run[0] != '\0' ? newest.run : NULL;
    }
    for (size_t i = 0; i < plan->n_tables && status == VF_OK; i++) {
        struct vf_verify_table *table = &result->tables[i];
        status = vf_verify_table(crossing, &plan->tables[i], run, &result->arena, table, err);
        if (status == VF_OK)
            status = vf_verify_indexes(crossing, &plan->tables[i], &result->arena, table, err);
        if (status == VF_OK)
            status = vf_verify_texts(crossing, &plan->tables[i], &result->arena, table, err);
        result->n_bad_indexes += table->n_bad_indexes;
        result->n_differences += table->n_differences;
        result->n_rejected += table->n_rejected;
    }
    if (status == VF_OK)
        status = vf_verify_views(crossing, result, err);
    result->elapsed_us = now_us(crossing) - started_us;
    return status;
}
