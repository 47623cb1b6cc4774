#include "ferry/verify_table.h"

#include <pthread.h>
#include <string.h>

#include "engine/store.h"
#include "ferry/verify_rows.h"
#include "ferry/verify_side.h"

#define PROGRESS_INTERVAL_US 100000

struct table_check;

/* What is gathered of one side: sums in the first pass, rows in the second. */
struct gathered {
    struct table_check *check;
    struct vf_digest buckets[VF_VERIFY_BUCKETS];
    struct vf_digest total;
    struct vf_verify_held held;
    struct vf_buf scratch;
    struct vf_verify_side side;
    enum vf_status status;
    struct vf_error err;
};

/* The verification of one table. */
struct table_check {
    struct vf_crossing *crossing;
    const struct vf_plan_table *table;
    char label[256];
    struct vf_verify_table *result;
    struct vf_arena *arena;
    struct vf_verify_excused excused;
    int64_t n_rejected;
    struct gathered source, target;
    bool differs[VF_VERIFY_BUCKETS]; /* buckets whose rows the second pass holds */
    atomic_bool has_failed;          /* one side of the pass: the other needn't be read to its end */
    int64_t started_us, shown_us;
};

static int64_t now_us(const struct vf_crossing *crossing)
{
    const struct vf_clock *clock = crossing->clock != NULL ? crossing->clock : vf_clock_system();

    return clock->monotonic_us(clock->context);
}

static void show(struct table_check *check, bool finished)
{
    const struct vf_crossing *crossing = check->crossing;
    int64_t now = now_us(crossing);

    if (crossing->progress == NULL || (!finished && now - check->shown_us < PROGRESS_INTERVAL_US))
        return;
    check->shown_us = now;
    struct vf_progress progress = {
        .stage = VF_STAGE_VERIFY,
        .table = check->label,
        .n_rows = check->source.side.n_rows,
        .total_rows = check->table->source.n_rows,
        .total_is_exact = check->table->source.n_rows_exact && check->table->where == NULL,
        .n_bytes = check->source.side.n_bytes,
        .n_rejected = check->n_rejected,
        .elapsed_us = now - check->started_us,
        .finished = finished,
    };
    crossing->progress(crossing->progress_context, &progress);
}

/* Only the source's scan, which runs in the caller's thread, shows progress. */
static void show_source(void *context)
{
    struct gathered *gathered = context;

    show(gathered->check, false);
}

static size_t bucket_of(const struct vf_verify_row *row)
{
    return (size_t)(row->key.low % VF_VERIFY_BUCKETS);
}

static enum vf_status sum_row(void *context, const struct vf_verify_row *row, struct vf_error *err)
{
    struct gathered *gathered = context;

    (void)err;
    vf_digest_add_row(&gathered->buckets[bucket_of(row)], row->digest);
    vf_digest_add_row(&gathered->total, row->digest);
    return VF_OK;
}

static enum vf_status hold_row(void *context, const struct vf_verify_row *row, struct vf_error *err)
{
    struct gathered *gathered = context;

    if (!gathered->check->differs[bucket_of(row)])
        return VF_OK;
    return vf_verify_hold(&gathered->held, &gathered->check->table->from, row, &gathered->scratch, err);
}

/* Only the target's scan calls this, and nothing else touches the result meanwhile. */
static enum vf_status name_unreadable(void *context, const struct vf_reject *reject, struct vf_error *err)
{
    struct gathered *gathered = context;
    struct vf_difference difference = {
        .kind = VF_DIFFERENCE_UNREADABLE, .key = reject->key, .column = reject->column, .detail = reject->reason};

    return vf_verify_name(gathered->check->result, gathered->check->arena, &difference, err);
}

static enum vf_status ignore_unreadable(void *context, const struct vf_reject *reject, struct vf_error *err)
{
    (void)context, (void)reject, (void)err;
    return VF_OK; /* the first pass named it */
}

/* ---- the two sides at the same time ---- */

static void *scan_main(void *argument)
{
    struct gathered *gathered = argument;

    gathered->status = vf_verify_scan(&gathered->side, &gathered->err);
    if (gathered->status != VF_OK)
        atomic_store(&gathered->check->has_failed, true);
    return NULL;
}

/* Of two that failed, the one that isn't a consequence of the other. */
static const struct gathered *find_failed(const struct table_check *check)
{
    if (check->source.status == VF_OK || (check->source.status == VF_CANCELLED && check->target.status != VF_OK))
        return &check->target;
    return &check->source;
}

static enum vf_status scan_both(struct table_check *check, struct vf_error *err)
{
    pthread_t thread;
    atomic_store(&check->has_failed, false);
    int code = pthread_create(&thread, NULL, scan_main, &check->target);

    if (code != 0)
        return vf_error_set(err, VF_INTERNAL, "cannot start a thread: error %d", code);
    scan_main(&check->source);
    pthread_join(thread, NULL);
    const struct gathered *failed = find_failed(check);
    if (failed->status != VF_OK && err != NULL)
        *err = failed->err;
    return failed->status;
}

static void set_pass(struct table_check *check,
                     enum vf_status (*row)(void *, const struct vf_verify_row *, struct vf_error *),
                     enum vf_status (*unreadable)(void *, const struct vf_reject *, struct vf_error *))
{
    struct gathered *sides[] = {&check->source, &check->target};

    for (int i = 0; i < 2; i++) {
        sides[i]->side = (struct vf_verify_side){
            .crossing = check->crossing,
            .table = check->table,
            .label = check->label,
            .is_target = i == 1,
            .excused = i == 0 ? &check->excused : NULL,
            .batch_bytes = vf_crossing_batch_bytes(check->crossing, 2),
            .row = row,
            .unreadable = unreadable,
            .progress = i == 0 ? show_source : NULL,
            .stop = &check->has_failed,
            .context = sides[i],
        };
    }
}

/* ---- one table ---- */

/* Without a column rows are only counted: all are alike. */
static void count_differences(struct table_check *check)
{
    int64_t n_more = check->source.total.n_rows - check->target.total.n_rows;

    check->result->n_differences = n_more > 0 ? n_more : -n_more;
}

/* Which buckets differ, and how many of them the second pass may hold. The rows of the others are counted by what they must be at least. */
static bool choose_buckets(struct table_check *check)
{
    int64_t n_held = 0;
    bool any = false;

    for (size_t i = 0; i < VF_VERIFY_BUCKETS; i++) {
        struct vf_digest source = check->source.buckets[i], target = check->target.buckets[i];
        int64_t n_rows = source.n_rows > target.n_rows ? source.n_rows : target.n_rows;
        if (vf_digest_equal(source, target))
            continue;
        /* One bucket of very many is of rows that are alike, without a key. */
        if (n_held + n_rows > VF_VERIFY_MAX_ROWS && (any || n_rows > 10 * VF_VERIFY_MAX_ROWS)) {
            int64_t n_more =
                source.n_rows > target.n_rows ? source.n_rows - target.n_rows : target.n_rows - source.n_rows;
            check->result->n_differences += n_more > 0 ? n_more : 1;
            check->result->at_least = true;
            continue;
        }
        any = true;
        n_held += n_rows;
        check->differs[i] = true;
    }
    return any;
}

static enum vf_status compare_table(struct table_check *check, struct vf_error *err)
{
    struct vf_verify_table *result = check->result;

    result->n_changed = vf_arena_alloc(check->arena, check->table->from.n_fields + 1, sizeof(*result->n_changed));
    if (result->n_changed == NULL)
        return vf_error_nomem(err);
    set_pass(check, sum_row, name_unreadable);
    check->source.side.n_changed = result->n_changed; /* once, and not again in a second pass */
    enum vf_status status = scan_both(check, err);
    if (status != VF_OK)
        return status;
    result->source = check->source.total;
    result->target = check->target.total;
    result->n_bytes = check->source.side.n_bytes;
    result->n_rejected =
        check->source.side.n_rejected > check->n_rejected ? check->source.side.n_rejected : check->n_rejected;
    if (check->table->from.n_fields == 0) {
        count_differences(check);
    } else if (choose_buckets(check)) {
        set_pass(check, hold_row, ignore_unreadable);
        status = scan_both(check, err);
        if (status == VF_OK)
            status = vf_verify_compare(&check->source.held, &check->target.held, &check->table->from, check->arena,
                                       result, err);
    }
    result->equal = result->n_differences == 0 && vf_digest_equal(result->source, result->target);
    if (status != VF_OK || result->equal || result->n_differences > 0)
        return status;
    vf_error_set(
        err, VF_TEMPORARY,
        "verify table %s: rows that differed at first were equal at the second look: the data changed while it "
        "was read",
        check->label);
    vf_error_hint(err, "verify again when nobody writes to the target");
    return VF_TEMPORARY;
}

static enum vf_status see_reject(void *context, const char *table, const struct vf_reject *reject, struct vf_error *err)
{
    struct table_check *check = context;

    if (strcmp(table, check->label) != 0)
        return VF_OK;
    check->n_rejected++;
    return reject->has_digest ? vf_verify_excuse(&check->excused, reject->digest, err) : VF_OK;
}

enum vf_status vf_verify_table(struct vf_crossing *crossing, const struct vf_plan_table *table, const char *run,
                               struct vf_arena *arena, struct vf_verify_table *result, struct vf_error *err)
{
    struct table_check *check = vf_calloc(1, sizeof(*check)); /* too large for a stack */
    enum vf_status status = VF_OK;

    if (check == NULL)
        return vf_error_nomem(err);
    check->crossing = crossing;
    check->table = table;
    check->result = result;
    check->arena = arena;
    check->started_us = now_us(crossing);
    check->source.check = check->target.check = check;
    vf_buf_init(&check->source.scratch, VF_BUF_MAX);
    vf_buf_init(&check->target.scratch, VF_BUF_MAX);
    vf_table_label(table->from.schema, table->from.name, check->label, sizeof(check->label));
    if (run != NULL)
        status = vf_store_list_rejects(crossing->target, run, see_reject, check, err);
    vf_verify_excused_sort(&check->excused);
    if (status == VF_OK)
        status = compare_table(check, err);
    result->elapsed_us = now_us(crossing) - check->started_us;
    if (status == VF_OK)
        show(check, true);
    vf_verify_held_release(&check->source.held);
    vf_verify_held_release(&check->target.held);
    vf_buf_release(&check->source.scratch);
    vf_buf_release(&check->target.scratch);
    vf_verify_excused_release(&check->excused);
    vf_free(check);
    return status;
}
