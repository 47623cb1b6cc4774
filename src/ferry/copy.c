#include "ferry/copy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/store.h"
#include "ferry/steps.h"
#include "ferry/work.h"

/* A run as it goes along. */
struct run {
    struct vf_crossing *crossing;
    struct vf_copy_result *result;
    struct vf_arena arena;
    struct vf_store_run record; /* texts in the arena */
    bool found;                 /* the run in `record` was there: the newest that isn't done, or with `done` that is */
    bool done;
    struct vf_work work;
    size_t cap_chunks;
    struct vf_load_estimate estimate;
    struct vf_error *err;
};

void vf_copy_result_release(struct vf_copy_result *result)
{
    vf_free(result->tables);
    vf_problem_list_release(&result->unfinished);
    *result = (struct vf_copy_result){0};
}

static const struct vf_clock *clock_of(const struct vf_crossing *crossing)
{
    return crossing->clock != NULL ? crossing->clock : vf_clock_system();
}

static int64_t now_us(const struct vf_crossing *crossing)
{
    const struct vf_clock *clock = clock_of(crossing);

    return clock->monotonic_us(clock->context);
}

static int64_t wall_us(const struct vf_crossing *crossing)
{
    const struct vf_clock *clock = clock_of(crossing);

    return clock->wall_us(clock->context);
}

/* ---- which run ---- */

/* The newest run that isn't done, or is; texts go to the arena. */
static enum vf_status see_run(void *context, const struct vf_store_run *found, struct vf_error *err)
{
    struct run *run = context;

    if (vf_str_equal(found->state, "done") != run->done || (run->found && found->started_us < run->record.started_us))
        return VF_OK;
    run->found = true;
    run->record = (struct vf_store_run){
        .run = vf_arena_strdup(&run->arena, found->run),
        .plan_sha256 = vf_arena_strdup(&run->arena, found->plan_sha256),
        .source = vf_arena_strdup(&run->arena, found->source),
        .state = vf_arena_strdup(&run->arena, found->state),
        .tool_version = vf_arena_strdup(&run->arena, found->tool_version),
        .plan_text = vf_arena_strdup(&run->arena, found->plan_text),
        .started_us = found->started_us,
        .finished_us = found->finished_us,
    };
    if (run->record.run == NULL || run->record.plan_sha256 == NULL || run->record.source == NULL ||
        run->record.state == NULL || run->record.tool_version == NULL || run->record.plan_text == NULL)
        return vf_error_nomem(err);
    return VF_OK;
}

static enum vf_status new_run(struct run *run)
{
    const struct vf_crossing *crossing = run->crossing;
    const struct vf_plan *plan = crossing->plan;
    char seed[256], id[33];

    /* Unique among the runs of a target: time, process, and what is copied. */
    snprintf(seed, sizeof(seed), "%" PRId64 " %ld %s %s", wall_us(crossing), (long)getpid(), plan->sha256,
             plan->source_server.identity);
    vf_hash128_format(vf_hash128(seed, strlen(seed)), id);
    run->record = (struct vf_store_run){
        .run = vf_arena_strndup(&run->arena, id, 16),
        .plan_sha256 = plan->sha256,
        .source = plan->source_server.identity,
        .state = "preparing",
        .tool_version = VECFERRY_VERSION,
        .started_us = wall_us(crossing),
        .plan_text = crossing->plan_text,
    };
    return run->record.run != NULL ? VF_OK : vf_error_nomem(run->err);
}

static enum vf_status refuse_state(struct run *run, const char *hint, const char *message)
{
    vf_error_set(run->err, VF_STATE, "%s", message);
    vf_error_hint(run->err, "%s", hint);
    return VF_STATE;
}

/* Does the run that was found go with what is asked now? */
static enum vf_status judge_run(struct run *run)
{
    const struct vf_crossing *crossing = run->crossing;
    char message[256];

    if (!run->found && crossing->resume)
        return refuse_state(run, "start without --resume", "there is no unfinished run in the target to resume");
    if (!run->found)
        return VF_OK;
    if (!crossing->resume) {
        snprintf(message, sizeof(message), "the target holds an unfinished run (%s, %s)", run->record.run,
                 run->record.state);
        return refuse_state(run, "go on with it by --resume, or start over with --drop-existing", message);
    }
    if (!vf_str_equal(run->record.plan_sha256, crossing->plan->sha256)) {
        snprintf(message, sizeof(message), "run %s was started with another plan (sha256 %.12s, now %.12s)",
                 run->record.run, run->record.plan_sha256, crossing->plan->sha256);
        return refuse_state(run, "resume with the plan that it was started with, or start over with --drop-existing",
                            message);
    }
    if (!vf_str_equal(run->record.source, crossing->plan->source_server.identity)) {
        snprintf(message, sizeof(message), "run %s was started from another source (%.60s, now %.60s)", run->record.run,
                 run->record.source, crossing->plan->source_server.identity);
        return refuse_state(run, "name the source that it was started with, or start over with --drop-existing",
                            message);
    }
    return VF_OK;
}

static enum vf_status set_state(struct run *run, const char *state)
{
    run->record.state = state;
    if (strcmp(state, "done") == 0)
        run->record.finished_us = wall_us(run->crossing);
    return vf_store_put_run(run->crossing->target, &run->record, run->err);
}

/* vecferry's tables, in one transaction: each by itself would be waited for. */
static enum vf_status make_store(struct run *run)
{
    struct vf_conn *target = run->crossing->target;
    enum vf_status status = vf_conn_begin(target, run->err);

    if (status != VF_OK)
        return status;
    status = vf_store_create(target, run->err);
    if (status == VF_OK)
        return vf_conn_commit(target, run->err);
    vf_conn_rollback(target);
    return status;
}

static enum vf_status choose_run(struct run *run)
{
    struct vf_crossing *crossing = run->crossing;
    enum vf_status status = make_store(run);

    if (status == VF_OK && crossing->drop_existing) {
        status = vf_steps_drop(crossing, run->err);
        if (status == VF_OK)
            status = vf_store_forget(crossing->target, NULL, run->err);
    }
    if (status == VF_OK)
        status = vf_store_list_runs(crossing->target, see_run, run, run->err);
    if (status == VF_OK)
        status = judge_run(run);
    if (status == VF_OK && !run->found) {
        status = new_run(run);
        if (status == VF_OK)
            status = set_state(run, "preparing");
    }
    if (status == VF_OK) {
        run->result->resumed = run->found;
        snprintf(run->result->run, sizeof(run->result->run), "%s", run->record.run);
    }
    return status;
}

/* ---- the list of chunks ---- */

static size_t find_table(const struct vf_plan *plan, const char *label)
{
    char other[256];

    for (size_t i = 0; i < plan->n_tables; i++) {
        const struct vf_relation *from = &plan->tables[i].from;
        if (strcmp(vf_table_label(from->schema, from->name, other, sizeof(other)), label) == 0)
            return i;
    }
    return SIZE_MAX;
}

static enum vf_status add_chunk(struct run *run, size_t table, const struct vf_store_chunk *record,
                                struct vf_error *err)
{
    struct vf_work *work = &run->work;

    if (work->n_chunks == run->cap_chunks) {
        size_t cap = run->cap_chunks > 0 ? run->cap_chunks * 2 : 64;
        struct vf_work_chunk *chunks = vf_realloc(work->chunks, cap, sizeof(*chunks));
        if (chunks == NULL)
            return vf_error_nomem(err);
        work->chunks = chunks;
        run->cap_chunks = cap;
    }
    struct vf_work_chunk *chunk = &work->chunks[work->n_chunks++];
    *chunk = (struct vf_work_chunk){.table = table, .record = *record};
    struct vf_store_chunk *own = &chunk->record;
    own->run = run->record.run;
    own->table = vf_arena_strdup(&run->arena, record->table);
    own->chunk.low = vf_arena_strdup(&run->arena, record->chunk.low);
    own->chunk.high = vf_arena_strdup(&run->arena, record->chunk.high);
    own->generation = vf_arena_strdup(&run->arena, record->generation);
    own->owner = vf_arena_strdup(&run->arena, record->owner);
    if (own->table == NULL || own->generation == NULL || own->owner == NULL ||
        (record->chunk.low != NULL && own->chunk.low == NULL) ||
        (record->chunk.high != NULL && own->chunk.high == NULL))
        return vf_error_nomem(err);
    atomic_fetch_add(&work->tables[table].chunks_left, 1);
    return VF_OK;
}

static enum vf_status split_table(struct run *run, size_t i)
{
    const struct vf_relation *from = &run->crossing->plan->tables[i].from;
    struct vf_chunk_list list = {0};
    char label[256];
    int64_t size_bytes = run->crossing->plan->tables[i].source.size_bytes;
    enum vf_status status =
        vf_conn_split(run->crossing->source, from, vf_crossing_chunk_bytes(run->crossing, size_bytes), &list, run->err);

    for (size_t k = 0; k < list.n_chunks && status == VF_OK; k++) {
        struct vf_store_chunk record = {.run = run->record.run,
                                        .table = vf_table_label(from->schema, from->name, label, sizeof(label)),
                                        .chunk = list.chunks[k],
                                        .generation = list.generation,
                                        .owner = ""};
        record.chunk.number = (int64_t)k;
        status = add_chunk(run, i, &record, run->err);
    }
    vf_chunk_list_release(&list);
    return status;
}

/* The first rows come while the target is made ready, where workers read by the source's own connection. */
static void expect_rows(struct run *run)
{
    const struct vf_crossing *crossing = run->crossing;

    if (run->work.n_chunks == 0 || crossing->snapshot[0] != '\0')
        return;
    const struct vf_work_chunk *first = &run->work.chunks[0];
    vf_conn_expect_scan(crossing->source, &crossing->plan->tables[first->table].copy_from, &first->record.chunk);
}

/* The list and the state that says it is complete are written in one transaction. */
static enum vf_status put_chunks(struct run *run)
{
    struct vf_conn *target = run->crossing->target;
    enum vf_status status = vf_conn_begin(target, run->err);

    if (status != VF_OK)
        return status;
    for (size_t i = 0; i < run->work.n_chunks && status == VF_OK; i++)
        status = vf_store_put_chunk(target, &run->work.chunks[i].record, run->err);
    if (status == VF_OK)
        status = set_state(run, "copying");
    if (status == VF_OK)
        return vf_conn_commit(target, run->err);
    vf_conn_rollback(target);
    return status;
}

/* The list of chunks, types and tables, and what the target has to remember. */
static enum vf_status prepare(struct run *run)
{
    struct vf_crossing *crossing = run->crossing;
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < crossing->plan->n_tables && status == VF_OK; i++)
        status = split_table(run, i);
    if (status == VF_OK)
        expect_rows(run);
    if (status == VF_OK)
        status = vf_steps_prepare(crossing, run->err);
    if (status == VF_OK)
        status = vf_steps_remember(crossing, run->record.run, run->err);
    return status == VF_OK ? put_chunks(run) : status;
}

/* A chunk of the run that is resumed: done ones are counted, the others are work. */
static enum vf_status see_chunk(void *context, const struct vf_store_chunk *found, struct vf_error *err)
{
    struct run *run = context;
    size_t table = find_table(run->crossing->plan, found->table);

    if (table == SIZE_MAX)
        return vf_error_set(err, VF_STATE, "run %s has chunks of table %s, which isn't in the plan", found->run,
                            found->table);
    if (found->state != VF_CHUNK_DONE)
        return add_chunk(run, table, found, err);
    struct vf_copy_table *result = &run->result->tables[table];
    vf_digest_merge(&result->digest, found->digest);
    result->n_rows += found->digest.n_rows;
    result->n_rejected += found->rejected.n_rows + found->n_unreadable;
    return VF_OK;
}

/* The bounds of the chunks that are left mean the same rows only while the table wasn't rewritten. */
static enum vf_status check_generations(struct run *run)
{
    const struct vf_plan *plan = run->crossing->plan;
    enum vf_status status = VF_OK;
    size_t checked = SIZE_MAX;

    for (size_t i = 0; i < run->work.n_chunks && status == VF_OK; i++) {
        const struct vf_work_chunk *chunk = &run->work.chunks[i];
        struct vf_chunk_list list = {0};
        if (chunk->table == checked)
            continue;
        checked = chunk->table;
        status = vf_conn_split(run->crossing->source, &plan->tables[checked].from,
                               vf_crossing_chunk_bytes(run->crossing, -1), &list, run->err);
        if (status == VF_OK && strcmp(list.generation, chunk->record.generation) != 0) {
            vf_error_set(run->err, VF_STATE, "table %s was rewritten in the source since run %s began",
                         chunk->record.table, run->record.run);
            vf_error_hint(run->err, "start over with --drop-existing");
            status = VF_STATE;
        }
        vf_chunk_list_release(&list);
    }
    return status;
}

static int compare_chunks(const void *a, const void *b)
{
    const struct vf_work_chunk *x = a, *y = b;

    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    return x->record.chunk.number < y->record.chunk.number ? -1 : x->record.chunk.number > y->record.chunk.number;
}

/* Tables that are loaded further are looked at as new ones are: whether they are still what the plan makes, and without an index that must not see rows come. One that is gone shows when it is loaded. */
static enum vf_status reopen_tables(struct run *run)
{
    const struct vf_plan *plan = run->crossing->plan;
    enum vf_status status = VF_OK;
    size_t opened = SIZE_MAX;

    for (size_t i = 0; i < run->work.n_chunks && status == VF_OK; i++) {
        const struct vf_table *table = &plan->tables[run->work.chunks[i].table].target;
        bool exists = false, has_rows = false;
        if (run->work.chunks[i].table == opened)
            continue;
        opened = run->work.chunks[i].table;
        status = vf_conn_table_state(run->crossing->target, table->schema, table->name, &exists, &has_rows, run->err);
        if (status == VF_OK && exists)
            status = vf_conn_apply(run->crossing->target, &(struct vf_step){.kind = VF_STEP_TABLE, .table = table},
                                   run->err);
    }
    return status;
}

static enum vf_status list_work(struct run *run)
{
    if (strcmp(run->record.state, "preparing") == 0)
        return prepare(run);
    enum vf_status status =
        vf_store_list_chunks(run->crossing->target, run->record.run, NULL, see_chunk, run, run->err);
    /* In the plan's order again, and not in that of names: where keys are made with the tables, rows must not come before those that they refer to. */
    if (run->work.n_chunks > 1)
        qsort(run->work.chunks, run->work.n_chunks, sizeof(*run->work.chunks), compare_chunks);
    if (status == VF_OK)
        status = check_generations(run);
    return status == VF_OK ? reopen_tables(run) : status;
}

/* ---- the run ---- */

static void add_estimate(struct vf_load_estimate *estimate, const struct vf_table *table)
{
    if (table->n_rows > 0)
        estimate->n_rows += table->n_rows;
    if (table->size_bytes > 0)
        estimate->size_bytes += table->size_bytes;
    uint64_t row_bytes = table->n_rows > 0 && table->size_bytes > 0 ? (uint64_t)(table->size_bytes / table->n_rows) : 0;
    for (size_t i = 0; i < table->n_columns; i++) {
        const struct vf_type type = table->columns[i].type;
        if (type.kind == VF_K_VECTOR && vf_element_bytes(type.element, type.dim) > row_bytes)
            row_bytes = vf_element_bytes(type.element, type.dim);
    }
    if (row_bytes > estimate->max_row_bytes)
        estimate->max_row_bytes = row_bytes;
}

/* What the workers found goes to the result, beside what earlier processes had done. */
static void sum_up(struct run *run)
{
    for (size_t i = 0; i < run->work.n_chunks; i++) {
        const struct vf_work_chunk *chunk = &run->work.chunks[i];
        struct vf_copy_table *result = &run->result->tables[chunk->table];
        vf_digest_merge(&result->digest, chunk->record.digest);
        result->n_rows += chunk->record.digest.n_rows;
        result->n_rejected += chunk->record.rejected.n_rows + chunk->record.n_unreadable;
    }
    for (size_t i = 0; i < run->result->n_tables; i++) {
        struct vf_work_table *counters = &run->work.tables[i];
        run->result->tables[i].n_bytes = atomic_load(&counters->n_bytes);
        run->result->tables[i].elapsed_us = atomic_load(&counters->finished_us) - atomic_load(&counters->started_us);
        run->result->n_rejected += run->result->tables[i].n_rejected;
    }
}

#define MOST_LOST 4 /* transactions in a row with nothing done between them */

/* The list as another process would find it that resumes the run: what is done is counted, all else is work. */
static enum vf_status list_again(struct run *run)
{
    const size_t n_tables = run->crossing->plan->n_tables;

    run->work.n_chunks = 0;
    for (size_t i = 0; i < n_tables; i++) {
        struct vf_copy_table *result = &run->result->tables[i];
        result->digest = (struct vf_digest){0};
        result->n_rows = result->n_rejected = 0;
        atomic_store(&run->work.tables[i].chunks_left, 0);
    }
    return list_work(run);
}

/* A server may let go of a transaction and go on otherwise, as one of libSQL's does when it has waited for long, or when another client wants to write: then the markers say what is done, and the
 * rest is written again. */
static enum vf_status carry_chunks(struct run *run)
{
    enum vf_status status = VF_OK;
    unsigned n_lost = 0;

    while (status == VF_OK && run->work.n_chunks > 0) {
        size_t n_before = run->work.n_chunks;
        status = vf_work_run(&run->work, run->err);
        if (status == VF_OK)
            break;
        if (!run->err->lost_transaction || run->err->side != VF_SIDE_TARGET || n_lost >= MOST_LOST)
            return status;
        vf_log_write(run->crossing->target_options.log, VF_LOG_WARNING, "%s; the chunk is written again",
                     run->err->message);
        status = list_again(run);
        n_lost = run->work.n_chunks < n_before ? 0 : n_lost + 1;
    }
    return status;
}

static enum vf_status carry(struct run *run)
{
    enum vf_status status = list_work(run);

    if (status == VF_OK)
        status = carry_chunks(run);
    if (status != VF_OK)
        return status;
    sum_up(run);
    status = set_state(run, "finishing");
    if (status == VF_OK)
        status = vf_steps_finish(run->crossing, &run->result->unfinished, run->err);
    if (status == VF_OK)
        status = vf_steps_make_views(run->crossing, run->record.run, &run->result->unfinished, run->err);
    return status;
}

bool vf_copy_is_open(const struct vf_copy_result *result)
{
    bool is_open = false;

    for (size_t i = 0; i < result->unfinished.n_problems; i++)
        is_open |= result->unfinished.problems[i].severity != VF_SEVERITY_NOTE;
    return is_open;
}

/* Durable first, then the word "done", then durable again: a "done" is never there without its data. An unfinished key or index leaves the run open, so that it can be resumed once the rows are mended. */
static enum vf_status settle(struct run *run)
{
    struct vf_crossing *crossing = run->crossing;
    enum vf_status status = vf_conn_end_bulk(crossing->target, run->err);

    if (status == VF_OK && !vf_copy_is_open(run->result))
        status = set_state(run, "done");
    return status;
}

/* ---- what there is already ---- */

enum vf_status vf_copy_look(struct vf_crossing *crossing, enum vf_copy_state *state, struct vf_error *err)
{
    struct vf_error own = {0};
    struct run run = {.crossing = crossing, .err = err != NULL ? err : &own};
    struct run past = {.crossing = crossing, .err = run.err, .done = true};
    enum vf_status status = vf_store_list_runs(crossing->target, see_run, &run, run.err);

    if (status == VF_OK && run.found)
        status = judge_run(&run);
    if (status == VF_OK && !run.found)
        status = vf_store_list_runs(crossing->target, see_run, &past, run.err);
    bool is_done = past.found && vf_str_equal(past.record.plan_sha256, crossing->plan->sha256) &&
                   vf_str_equal(past.record.source, crossing->plan->source_server.identity);
    *state = run.found ? VF_COPY_UNFINISHED : is_done ? VF_COPY_DONE : VF_COPY_FRESH;
    vf_arena_release(&run.arena);
    vf_arena_release(&past.arena);
    return status;
}

enum vf_status vf_copy_recall(struct vf_crossing *crossing, struct vf_copy_result *result, struct vf_error *err)
{
    struct vf_error own = {0};
    struct run run = {.crossing = crossing, .result = result, .err = err != NULL ? err : &own, .done = true};

    *result = (struct vf_copy_result){.n_tables = crossing->plan->n_tables, .resumed = true};
    result->tables = vf_calloc(result->n_tables + 1, sizeof(*result->tables));
    enum vf_status status =
        result->tables != NULL ? vf_store_list_runs(crossing->target, see_run, &run, run.err) : vf_error_nomem(run.err);
    if (status == VF_OK && !run.found)
        status = vf_error_set(run.err, VF_STATE, "there is no finished run in the target");
    if (status == VF_OK) {
        snprintf(result->run, sizeof(result->run), "%s", run.record.run);
        status = vf_store_list_chunks(crossing->target, run.record.run, NULL, see_chunk, &run, run.err);
    }
    for (size_t i = 0; i < result->n_tables && status == VF_OK; i++)
        result->n_rejected += result->tables[i].n_rejected;
    vf_conn_unlock(crossing->target);
    vf_arena_release(&run.arena);
    return status;
}

/* ---- all of it ---- */

enum vf_status vf_copy_run(struct vf_crossing *crossing, struct vf_copy_result *result, struct vf_error *err)
{
    struct vf_error own = {0};
    struct run run = {.crossing = crossing, .result = result, .err = err != NULL ? err : &own};
    int64_t started_us = now_us(crossing);
    char owner[64];

    *result = (struct vf_copy_result){.n_tables = crossing->plan->n_tables};
    snprintf(owner, sizeof(owner), "%ld/%" PRId64, (long)getpid(), wall_us(crossing));
    for (size_t i = 0; i < crossing->plan->n_tables; i++)
        add_estimate(&run.estimate, &crossing->plan->tables[i].source);
    result->tables = vf_calloc(result->n_tables + 1, sizeof(*result->tables));
    run.work = (struct vf_work){.crossing = crossing, .owner = owner, .estimate = run.estimate};
    run.work.tables = vf_calloc(result->n_tables + 1, sizeof(*run.work.tables));
    enum vf_status status = result->tables == NULL || run.work.tables == NULL ? vf_error_nomem(run.err) : VF_OK;
    if (status == VF_OK && !crossing->is_locked)
        status = vf_conn_lock(crossing->target, owner, run.err);
    if (status == VF_OK)
        status = vf_conn_begin_bulk(crossing->target, &run.estimate, run.err);
    if (status == VF_OK) {
        status = choose_run(&run);
        if (status == VF_OK)
            status = carry(&run);
        if (status == VF_OK)
            status = settle(&run);
        else if (vf_conn_end_bulk(crossing->target, NULL) != VF_OK)
            vf_error_wrap(run.err, "the bulk settings of the target could not be put back after this");
    }
    vf_conn_unlock(crossing->target);
    vf_free(run.work.chunks);
    vf_free(run.work.tables);
    vf_arena_release(&run.arena);
    result->elapsed_us = now_us(crossing) - started_us;
    return status;
}
