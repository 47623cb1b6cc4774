#include "ferry/work.h"

#include "ferry/worker.h"

#define PROGRESS_INTERVAL_US 100000

unsigned vf_work_count_workers(const struct vf_crossing *crossing, size_t n_chunks)
{
    unsigned n_workers = crossing->jobs > 0 ? crossing->jobs : 1;
    uint32_t max_loaders = vf_conn_limits(crossing->target)->max_loaders;

    if (n_workers > max_loaders)
        n_workers = max_loaders;
    if (crossing->snapshot[0] == '\0' || !vf_conn_can(crossing->target, VF_CAP_PARALLEL_LOAD))
        n_workers = 1;
    if (n_workers > n_chunks)
        n_workers = (unsigned)n_chunks;
    return n_workers > 0 ? n_workers : 1;
}

bool vf_work_take(struct vf_work *work, size_t *chunk)
{
    *chunk = atomic_fetch_add(&work->next, 1);
    return *chunk < work->n_chunks;
}

bool vf_work_scan_begins(struct vf_work *work)
{
    uint32_t most = vf_conn_limits(work->crossing->source)->max_scanners;

    pthread_mutex_lock(&work->lock);
    while (most > 0 && work->n_scanning >= most && !work->failed)
        pthread_cond_wait(&work->scan_ended, &work->lock);
    bool goes_on = !work->failed;
    work->n_scanning += goes_on;
    pthread_mutex_unlock(&work->lock);
    return goes_on;
}

void vf_work_scan_ends(struct vf_work *work)
{
    pthread_mutex_lock(&work->lock);
    work->n_scanning--;
    pthread_cond_signal(&work->scan_ended);
    pthread_mutex_unlock(&work->lock);
}

/* The first failure is the run's; what the other threads say afterwards are consequences. */
static void fail(struct vf_work *work, const struct vf_error *err)
{
    pthread_mutex_lock(&work->lock);
    if (!work->failed) {
        work->failed = true;
        work->error = *err;
    }
    pthread_cond_broadcast(&work->scan_ended);
    pthread_mutex_unlock(&work->lock);
    for (unsigned i = 0; i < work->n_workers; i++)
        vf_worker_abort(&work->workers[i]);
}

static void end_thread(struct vf_worker *worker, enum vf_status status, struct vf_error *err, enum vf_side side)
{
    struct vf_work *work = worker->work;

    if (status != VF_OK) {
        vf_error_side(err, side);
        fail(work, err);
    }
    pthread_mutex_lock(&work->lock);
    work->n_running--;
    pthread_cond_signal(&work->changed);
    pthread_mutex_unlock(&work->lock);
}

static void *reader_main(void *argument)
{
    struct vf_worker *worker = argument;
    struct vf_error err = {0};

    end_thread(worker, vf_worker_read(worker, &err), &err, VF_SIDE_SOURCE);
    return NULL;
}

static void *writer_main(void *argument)
{
    struct vf_worker *worker = argument;
    struct vf_error err = {0};

    end_thread(worker, vf_worker_write(worker, &err), &err, VF_SIDE_TARGET);
    return NULL;
}

/* ---- progress ---- */

static void show_table(struct vf_work *work, size_t i)
{
    const struct vf_crossing *crossing = work->crossing;
    const struct vf_plan_table *table = &crossing->plan->tables[i];
    const struct vf_clock *clock = crossing->clock != NULL ? crossing->clock : vf_clock_system();
    struct vf_work_table *counters = &work->tables[i];
    int64_t started_us = atomic_load(&counters->started_us);
    int64_t finished_us = atomic_load(&counters->finished_us);
    char label[256];

    if (started_us == 0 || counters->is_shown)
        return;
    struct vf_progress progress = {
        .stage = VF_STAGE_COPY,
        .table = vf_table_label(table->from.schema, table->from.name, label, sizeof(label)),
        .n_rows = atomic_load(&counters->n_rows),
        .total_rows = table->source.n_rows,
        .total_is_exact = table->source.n_rows_exact && table->where == NULL,
        .n_bytes = atomic_load(&counters->n_bytes),
        .n_rejected = atomic_load(&counters->n_rejected),
        .elapsed_us = (finished_us != 0 ? finished_us : clock->monotonic_us(clock->context)) - started_us,
        .finished = finished_us != 0,
    };
    counters->is_shown = progress.finished;
    crossing->progress(crossing->progress_context, &progress);
}

static void show_all(struct vf_work *work)
{
    for (size_t i = 0; work->crossing->progress != NULL && i < work->crossing->plan->n_tables; i++)
        show_table(work, i);
}

/* Until all threads have ended, waking up to show how far they are. */
static void wait_for_threads(struct vf_work *work)
{
    pthread_mutex_lock(&work->lock);
    while (work->n_running > 0) {
        (void)vf_cond_wait(&work->changed, &work->lock, PROGRESS_INTERVAL_US);
        pthread_mutex_unlock(&work->lock);
        show_all(work);
        pthread_mutex_lock(&work->lock);
    }
    pthread_mutex_unlock(&work->lock);
}

/* ---- running ---- */

static enum vf_status start_thread(struct vf_work *work, pthread_t *thread, bool *started, void *(*body)(void *),
                                   struct vf_worker *worker, struct vf_error *err)
{
    pthread_mutex_lock(&work->lock);
    work->n_running++;
    pthread_mutex_unlock(&work->lock);
    int code = pthread_create(thread, NULL, body, worker);
    if (code == 0) {
        *started = true;
        return VF_OK;
    }
    pthread_mutex_lock(&work->lock);
    work->n_running--;
    pthread_mutex_unlock(&work->lock);
    return vf_error_set(err, VF_INTERNAL, "cannot start a thread: error %d", code);
}

static enum vf_status start_all(struct vf_work *work, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    for (unsigned i = 0; i < work->n_workers && status == VF_OK; i++) {
        struct vf_worker *worker = &work->workers[i];
        status = start_thread(work, &worker->reader, &worker->reader_started, reader_main, worker, err);
        if (status == VF_OK)
            status = start_thread(work, &worker->writer, &worker->writer_started, writer_main, worker, err);
    }
    if (status != VF_OK)
        fail(work, err);
    return status;
}

static void join_all(struct vf_work *work)
{
    for (unsigned i = 0; i < work->n_workers; i++) {
        if (work->workers[i].reader_started)
            pthread_join(work->workers[i].reader, NULL);
        if (work->workers[i].writer_started)
            pthread_join(work->workers[i].writer, NULL);
    }
}

static enum vf_status open_all(struct vf_work *work, unsigned n_workers, struct vf_error *err)
{
    uint64_t batch_bytes = vf_crossing_batch_bytes(work->crossing, n_workers);
    enum vf_status status = VF_OK;

    work->workers = vf_calloc(n_workers, sizeof(*work->workers));
    if (work->workers == NULL)
        return vf_error_nomem(err);
    while (work->n_workers < n_workers && status == VF_OK) {
        status = vf_worker_open(&work->workers[work->n_workers], work, work->n_workers, batch_bytes, err);
        work->n_workers++;
    }
    return status;
}

static enum vf_status run_threads(struct vf_work *work, struct vf_error *err)
{
    enum vf_status status = start_all(work, err);

    wait_for_threads(work);
    join_all(work);
    show_all(work);
    if (work->failed) {
        if (err != NULL)
            *err = work->error;
        status = work->error.status;
    }
    for (unsigned i = 0; i < work->n_workers && status == VF_OK; i++)
        status = vf_worker_finish(&work->workers[i], err);
    return status;
}

static bool init(struct vf_work *work)
{
    if (pthread_mutex_init(&work->lock, NULL) != 0)
        return false;
    if (vf_cond_init(&work->changed)) {
        if (vf_cond_init(&work->scan_ended))
            return true;
        pthread_cond_destroy(&work->changed);
    }
    pthread_mutex_destroy(&work->lock);
    return false;
}

enum vf_status vf_work_run(struct vf_work *work, struct vf_error *err)
{
    atomic_store(&work->next, 0);
    work->failed = false;
    if (!init(work))
        return vf_error_nomem(err);
    enum vf_status status = open_all(work, vf_work_count_workers(work->crossing, work->n_chunks), err);
    if (status == VF_OK)
        status = run_threads(work, err);
    for (unsigned i = 0; i < work->n_workers; i++)
        vf_worker_close(&work->workers[i]);
    vf_free(work->workers);
    work->workers = NULL;
    work->n_workers = 0;
    pthread_cond_destroy(&work->scan_ended);
    pthread_cond_destroy(&work->changed);
    pthread_mutex_destroy(&work->lock);
    return status;
}
