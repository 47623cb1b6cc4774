#include "ferry/worker.h"

#include <stdio.h>
#include <string.h>

#include "ferry/large_row.h"
#include "model/canon.h"

/* How long a claim is good without a sign of life; a chunk is loaded in seconds. */
#define LEASE_US INT64_C(300000000)

static const struct vf_plan_table *table_of(const struct vf_worker *worker, size_t chunk)
{
    return &worker->work->crossing->plan->tables[worker->work->chunks[chunk].table];
}

static struct vf_work_table *counters_of(const struct vf_worker *worker, size_t chunk)
{
    return &worker->work->tables[worker->work->chunks[chunk].table];
}

static const struct vf_clock *clock_of(const struct vf_worker *worker)
{
    const struct vf_clock *clock = worker->work->crossing->clock;

    return clock != NULL ? clock : vf_clock_system();
}

/* ---- opening and closing ---- */

/* One more connection to a database that this run has open already. What its URL, user and password are worth is proved, so a refusal is about now: the server has gone, or has no room for another. */
static enum vf_status open_another(const struct vf_url *url, const struct vf_open_options *options,
                                   struct vf_conn **conn, struct vf_error *err)
{
    enum vf_status status = vf_conn_open(url, options, conn, err);

    if (status != VF_CONNECT)
        return status;
    if (err != NULL)
        err->status = VF_TEMPORARY;
    vf_error_wrap(err, "one more connection to the %s", options->side == VF_SIDE_SOURCE ? "source" : "target");
    vf_error_hint(err, "check that the server runs and how many connections it allows; go on with it by --resume, with "
                       "--jobs 1 if it allows no more");
    return VF_TEMPORARY;
}

static enum vf_status open_source(struct vf_worker *worker, struct vf_error *err)
{
    struct vf_crossing *crossing = worker->work->crossing;

    if (crossing->snapshot[0] == '\0') {
        worker->source = crossing->source;
        return VF_OK;
    }
    worker->owns_source = true;
    enum vf_status status = open_another(crossing->source_url, &crossing->source_options, &worker->source, err);
    if (status == VF_OK)
        status = vf_conn_join_snapshot(worker->source, crossing->snapshot, err);
    return status;
}

static enum vf_status open_target(struct vf_worker *worker, unsigned number, struct vf_error *err)
{
    struct vf_crossing *crossing = worker->work->crossing;

    if (number == 0) {
        worker->target = crossing->target;
        return VF_OK;
    }
    worker->owns_target = true;
    enum vf_status status = open_another(crossing->target_url, &crossing->target_options, &worker->target, err);
    if (status == VF_OK)
        status = vf_conn_begin_bulk(worker->target, &worker->work->estimate, err);
    return status;
}

enum vf_status vf_worker_open(struct vf_worker *worker, struct vf_work *work, unsigned number, uint64_t batch_bytes,
                              struct vf_error *err)
{
    *worker = (struct vf_worker){.work = work, .batch_bytes = batch_bytes, .chunk = SIZE_MAX, .load_table = SIZE_MAX};
    vf_buf_init(&worker->canon, VF_BUF_MAX);
    vf_buf_init(&worker->last_key, VF_BUF_MAX);
    for (size_t i = 0; i < VF_BATCHES_IN_FLIGHT; i++)
        worker->parcels[i].table = SIZE_MAX;
    enum vf_status status = vf_queue_new(&worker->idle, VF_BATCHES_IN_FLIGHT, err);
    if (status == VF_OK)
        status = vf_queue_new(&worker->full, VF_BATCHES_IN_FLIGHT, err);
    for (size_t i = 0; i < VF_BATCHES_IN_FLIGHT && status == VF_OK; i++) {
        if (!vf_queue_push(worker->idle, &worker->parcels[i]))
            status = vf_error_set(err, VF_INTERNAL, "the queue of a new worker refuses its parcels");
    }
    if (status == VF_OK)
        status = open_source(worker, err);
    if (status == VF_OK)
        status = open_target(worker, number, err);
    return status;
}

void vf_worker_abort(struct vf_worker *worker)
{
    if (worker->idle != NULL)
        vf_queue_abort(worker->idle);
    if (worker->full != NULL)
        vf_queue_abort(worker->full);
}

enum vf_status vf_worker_finish(struct vf_worker *worker, struct vf_error *err)
{
    return worker->owns_target ? vf_conn_end_bulk(worker->target, err) : VF_OK;
}

void vf_worker_close(struct vf_worker *worker)
{
    if (worker->load != NULL)
        vf_load_close(worker->target, worker->load);
    if (worker->owns_source)
        vf_conn_close(worker->source);
    if (worker->owns_target)
        vf_conn_close(worker->target);
    vf_queue_free(worker->idle);
    vf_queue_free(worker->full);
    for (size_t i = 0; i < VF_BATCHES_IN_FLIGHT; i++) {
        vf_batch_release(&worker->parcels[i].batch);
        vf_free(worker->parcels[i].digests);
    }
    vf_check_scratch_release(&worker->check);
    vf_buf_release(&worker->canon);
    vf_buf_release(&worker->last_key);
    vf_reject_list_release(&worker->rejects);
    vf_reject_list_release(&worker->refused);
    *worker = (struct vf_worker){0};
}

/* ---- reading ---- */

/* Make a parcel ready for rows of a chunk: its batch has the columns of the chunk's table, and is empty. */
static enum vf_status prepare_parcel(struct vf_worker *worker, struct vf_parcel *parcel, size_t chunk,
                                     struct vf_error *err)
{
    size_t table = worker->work->chunks[chunk].table;

    parcel->chunk = chunk;
    parcel->is_end = false;
    if (parcel->table == table) {
        vf_batch_reset(&parcel->batch);
        return VF_OK;
    }
    vf_batch_release(&parcel->batch);
    parcel->table = SIZE_MAX;
    enum vf_status status =
        vf_crossing_batch_init(&table_of(worker, chunk)->copy_from, worker->batch_bytes, &parcel->batch, err);
    if (status == VF_OK)
        parcel->table = table;
    return status;
}

static enum vf_status digest_parcel(struct vf_worker *worker, struct vf_parcel *parcel, struct vf_error *err)
{
    if (parcel->batch.n_rows > parcel->cap_digests) {
        struct vf_hash128 *digests = vf_realloc(parcel->digests, (size_t)parcel->batch.n_rows, sizeof(*digests));
        if (digests == NULL)
            return vf_error_nomem(err);
        parcel->digests = digests;
        parcel->cap_digests = parcel->batch.n_rows;
    }
    return vf_canon_rows(&parcel->batch, &worker->canon, parcel->digests, err);
}

static const char strict_hint[] =
    "mend the row in the source, or run without --strict: the row then goes to vecferry_rejects in the target";

static enum vf_status refuse_when_strict(const struct vf_worker *worker, const struct vf_reject_list *rejects,
                                         struct vf_error *err)
{
    if (!worker->work->crossing->strict || rejects->n_rejects == 0)
        return VF_OK;
    const struct vf_reject *first = &rejects->rejects[0];
    vf_error_set(err, VF_VALUE, "%s%s%s: column \"%s\": %s", first->table, first->key != NULL ? " " : "",
                 first->key != NULL ? first->key : "", first->column != NULL ? first->column : "", first->reason);
    vf_error_hint(err, "%s", strict_hint);
    return VF_VALUE;
}

static enum vf_status fill_parcel(struct vf_worker *worker, struct vf_scan *scan, struct vf_parcel *parcel, bool *more,
                                  struct vf_error *err)
{
    const struct vf_plan_table *table = table_of(worker, parcel->chunk);
    struct vf_check_rules rules = {.limits = vf_conn_limits(worker->target),
                                   .from = &table->copy_from,
                                   .to = &table->copy_to,
                                   .label = worker->work->chunks[parcel->chunk].record.table};
    enum vf_status status = vf_cancel_check(worker->work->crossing->cancel, err);

    if (status == VF_OK)
        status = vf_scan_read(worker->source, scan, &parcel->batch, more, err);
    if (status == VF_NOMEM)
        vf_large_row_behind(&table->copy_from, &parcel->batch, &worker->last_key, err);
    if (status != VF_OK)
        return status;
    vf_large_row_keep(&table->copy_from, &parcel->batch, &worker->last_key);
    status = vf_check_batch(&parcel->batch, &rules, &worker->check, err);
    if (status == VF_OK)
        status = refuse_when_strict(worker, &parcel->batch.rejects, err);
    if (status == VF_OK)
        status = digest_parcel(worker, parcel, err);
    if (status == VF_NOMEM)
        vf_large_row_among(&table->copy_from, &parcel->batch, err);
    return status;
}

/* Hand the chunk's parcels to the writer; *stopped when the run is being stopped by somebody else. */
static enum vf_status read_parcels(struct vf_worker *worker, struct vf_scan *scan, size_t chunk, bool *stopped,
                                   struct vf_error *err)
{
    enum vf_status status = VF_OK;
    bool more = true;
    void *item;

    while (more) {
        if (!vf_queue_pop(worker->idle, &item)) {
            *stopped = true;
            return VF_OK;
        }
        struct vf_parcel *parcel = item;
        status = prepare_parcel(worker, parcel, chunk, err);
        if (status == VF_OK)
            status = fill_parcel(worker, scan, parcel, &more, err);
        if (status != VF_OK)
            return status;
        parcel->is_end = !more;
        if (!vf_queue_push(worker->full, parcel)) {
            *stopped = true;
            return VF_OK;
        }
    }
    return status;
}

static enum vf_status read_chunk(struct vf_worker *worker, size_t chunk, bool *stopped, struct vf_error *err)
{
    const struct vf_plan_table *table = table_of(worker, chunk);
    const struct vf_store_chunk *record = &worker->work->chunks[chunk].record;
    struct vf_scan *scan = NULL;
    int64_t unset = 0;

    if (!vf_work_scan_begins(worker->work)) {
        *stopped = true;
        return VF_OK;
    }
    vf_buf_clear(&worker->last_key);
    atomic_compare_exchange_strong(&counters_of(worker, chunk)->started_us, &unset,
                                   clock_of(worker)->monotonic_us(clock_of(worker)->context));
    enum vf_status status = vf_scan_open(worker->source, &table->copy_from, &record->chunk, &scan, err);
    if (status == VF_OK)
        status = read_parcels(worker, scan, chunk, stopped, err);
    if (scan != NULL)
        vf_scan_close(worker->source, scan);
    vf_work_scan_ends(worker->work);
    if (status != VF_OK)
        vf_error_wrap(err, "table %s: chunk %lld", record->table, (long long)record->chunk.number);
    return status;
}

enum vf_status vf_worker_read(struct vf_worker *worker, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    bool stopped = false;
    size_t chunk;

    while (status == VF_OK && !stopped && vf_work_take(worker->work, &chunk))
        status = read_chunk(worker, chunk, &stopped, err);
    if (status == VF_OK && !stopped)
        vf_queue_close(worker->full);
    return status;
}

/* ---- writing ---- */

static enum vf_status claim_chunk(struct vf_worker *worker, struct vf_store_chunk *record, struct vf_error *err)
{
    const struct vf_clock *clock = clock_of(worker);
    bool claimed = false;
    enum vf_status status = vf_store_claim_chunk(worker->target, record, worker->work->owner,
                                                 clock->wall_us(clock->context) + LEASE_US, &claimed, err);

    if (status != VF_OK || claimed)
        return status;
    vf_error_set(err, VF_LOCKED, "chunk %lld of table %s was taken by another runner", (long long)record->chunk.number,
                 record->table);
    vf_error_hint(err, "let the other run end, then start again with --resume");
    return VF_LOCKED;
}

/* Where several processes may load, a claim is seen by the others before the rows are; where only one can, it belongs into the rows' transaction. */
static enum vf_status begin_chunk(struct vf_worker *worker, size_t chunk, struct vf_error *err)
{
    struct vf_store_chunk *record = &worker->work->chunks[chunk].record;
    bool claim_first = vf_conn_can(worker->target, VF_CAP_PARALLEL_LOAD);
    enum vf_status status = VF_OK;

    if (claim_first)
        status = claim_chunk(worker, record, err);
    if (status == VF_OK)
        status = vf_conn_begin(worker->target, err);
    if (status != VF_OK)
        return status;
    worker->chunk = chunk;
    worker->n_rows = worker->n_bytes = worker->n_rejected = 0;
    if (!claim_first)
        status = claim_chunk(worker, record, err);
    record->digest = record->rejected = (struct vf_digest){0};
    record->n_unreadable = 0;
    vf_reject_list_clear(&worker->rejects);
    size_t table = worker->work->chunks[chunk].table;
    if (status != VF_OK || (worker->load != NULL && worker->load_table == table))
        return status;
    if (worker->load != NULL)
        vf_load_close(worker->target, worker->load);
    worker->load = NULL;
    worker->load_table = table;
    return vf_load_open(worker->target, &table_of(worker, chunk)->copy_to, &worker->load, err);
}

/* Rows that the source's end or the check took out, and rows that the database refused, are kept for vecferry_rejects; the latter leave the chunk's digest. */
static enum vf_status keep_rejects(struct vf_worker *worker, const struct vf_parcel *parcel,
                                   struct vf_store_chunk *record, struct vf_error *err)
{
    const struct vf_reject_list *unreadable = &parcel->batch.rejects;
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < unreadable->n_rejects && status == VF_OK; i++) {
        record->n_unreadable++;
        status = vf_reject_add(&worker->rejects, &unreadable->rejects[i], err);
    }
    for (size_t i = 0; i < worker->refused.n_rejects && status == VF_OK; i++) {
        struct vf_reject refused = worker->refused.rejects[i];
        if (refused.row < 0 || refused.row >= parcel->batch.n_rows)
            return vf_error_set(err, VF_INTERNAL, "the target refused row %lld of a batch of %lld",
                                (long long)refused.row, (long long)parcel->batch.n_rows);
        refused.table = record->table;
        refused.has_digest = true;
        refused.digest = parcel->digests[refused.row];
        vf_digest_subtract_row(&record->digest, refused.digest);
        vf_digest_add_row(&record->rejected, refused.digest);
        status = vf_reject_add(&worker->rejects, &refused, err);
    }
    return status;
}

static void count(struct vf_worker *worker, struct vf_work_table *counters, int64_t n_rows, int64_t n_bytes,
                  int64_t n_rejected)
{
    worker->n_rows += n_rows;
    worker->n_bytes += n_bytes;
    worker->n_rejected += n_rejected;
    atomic_fetch_add(&counters->n_rows, n_rows);
    atomic_fetch_add(&counters->n_bytes, n_bytes);
    atomic_fetch_add(&counters->n_rejected, n_rejected);
}

static enum vf_status write_rows(struct vf_worker *worker, const struct vf_parcel *parcel, struct vf_error *err)
{
    struct vf_store_chunk *record = &worker->work->chunks[parcel->chunk].record;
    struct vf_work_table *counters = counters_of(worker, parcel->chunk);
    enum vf_status status = VF_OK;

    vf_reject_list_clear(&worker->refused);
    for (int64_t row = 0; row < parcel->batch.n_rows; row++)
        vf_digest_add_row(&record->digest, parcel->digests[row]);
    if (parcel->batch.n_rows > 0)
        status = vf_load_write(worker->target, worker->load, &parcel->batch,
                               worker->work->crossing->strict ? NULL : &worker->refused, err);
    if (status == VF_NOMEM)
        vf_large_row_among(&table_of(worker, parcel->chunk)->copy_to, &parcel->batch, err);
    if (status == VF_OK)
        status = keep_rejects(worker, parcel, record, err);
    count(worker, counters, parcel->batch.n_rows - (int64_t)worker->refused.n_rejects,
          (int64_t)parcel->batch.size_bytes, (int64_t)(parcel->batch.rejects.n_rejects + worker->refused.n_rejects));
    return status;
}

/* The chunk isn't done: what was counted of it will come again. */
static void abandon_chunk(struct vf_worker *worker)
{
    struct vf_work_table *counters = counters_of(worker, worker->chunk);

    count(worker, counters, -worker->n_rows, -worker->n_bytes, -worker->n_rejected);
    vf_conn_rollback(worker->target);
    worker->chunk = SIZE_MAX;
}

/* The marker, in the transaction of the rows: both are there, or neither. */
static enum vf_status commit_chunk(struct vf_worker *worker, struct vf_error *err)
{
    struct vf_store_chunk *record = &worker->work->chunks[worker->chunk].record;
    struct vf_work_table *counters = counters_of(worker, worker->chunk);
    const struct vf_clock *clock = clock_of(worker);
    enum vf_status status = VF_OK;

    if (worker->rejects.n_rejects > 0)
        status = vf_store_put_rejects(worker->target, record->run, record->table, record->chunk.number,
                                      &worker->rejects, err);
    if (status == VF_OK)
        status = vf_store_finish_chunk(worker->target, record, err);
    if (status == VF_OK)
        status = vf_conn_commit(worker->target, err);
    if (status != VF_OK)
        return status;
    worker->chunk = SIZE_MAX;
    if (atomic_fetch_sub(&counters->chunks_left, 1) == 1)
        atomic_store(&counters->finished_us, clock->monotonic_us(clock->context));
    return VF_OK;
}

static enum vf_status write_parcel(struct vf_worker *worker, const struct vf_parcel *parcel, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    if (worker->chunk != parcel->chunk)
        status = begin_chunk(worker, parcel->chunk, err);
    if (status == VF_OK)
        status = write_rows(worker, parcel, err);
    if (status == VF_OK && parcel->is_end)
        status = commit_chunk(worker, err);
    if (status == VF_VALUE && worker->work->crossing->strict && err->hint[0] == '\0')
        vf_error_hint(err, "%s", strict_hint);
    if (status != VF_OK) {
        const struct vf_store_chunk *record = &worker->work->chunks[parcel->chunk].record;
        vf_error_wrap(err, "table %s: chunk %lld", record->table, (long long)record->chunk.number);
    }
    return status;
}

enum vf_status vf_worker_write(struct vf_worker *worker, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    void *item;

    while (status == VF_OK && vf_queue_pop(worker->full, &item)) {
        status = write_parcel(worker, item, err);
        if (status == VF_OK && !vf_queue_push(worker->idle, item))
            break;
    }
    if (worker->chunk != SIZE_MAX) /* stopped in the middle of a chunk: it will be done again */
        abandon_chunk(worker);
    return status;
}
