#include "ferry/index_watch.h"

#include <pthread.h>

#define TICK_US 250000
/* A step that is done sooner isn't worth a connection. */
#define TICKS_BEFORE_ASKING 2

struct watch {
    struct vf_crossing *crossing;
    const struct vf_step *step;
    const char *name;
    int64_t started_us;
    struct vf_conn *observer;
    bool can_ask;
    struct vf_step_progress known; /* the last that was heard */

    /* What both threads see; of the target's connection, too, only the one that works knows until it is joined. */
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    bool has_ended;
    enum vf_status status;
    struct vf_error err;
};

static int64_t now_us(const struct vf_crossing *crossing)
{
    const struct vf_clock *clock = crossing->clock != NULL ? crossing->clock : vf_clock_system();

    return clock->monotonic_us(clock->context);
}

/* Rows are shown where the database counts them; where it counts blocks of the table, as many rows as lie in those. */
static void show(const struct watch *watch, bool finished)
{
    const struct vf_step_progress *known = &watch->known;
    int64_t of_table = watch->step->table != NULL && watch->step->table->n_rows > 0 ? watch->step->table->n_rows : -1;
    struct vf_progress progress = {.stage = VF_STAGE_INDEX,
                                   .table = watch->name,
                                   .phase = !finished && known->phase[0] != '\0' ? known->phase : NULL,
                                   .total_rows = -1,
                                   .finished = finished,
                                   .elapsed_us = now_us(watch->crossing) - watch->started_us};

    if (finished && of_table > 0) {
        progress.n_rows = progress.total_rows = of_table;
    } else if (known->n_rows > 0 || known->total_rows > 0) {
        progress.n_rows = known->n_rows;
        progress.total_rows = known->total_rows > 0 ? known->total_rows : of_table;
        progress.total_is_exact = known->total_rows > 0;
    } else if (known->total_blocks > 0 && of_table > 0) {
        progress.n_rows = (int64_t)((double)of_table * (double)known->n_blocks / (double)known->total_blocks);
        progress.total_rows = of_table;
    }
    watch->crossing->progress(watch->crossing->progress_context, &progress);
}

static void *work(void *context)
{
    struct watch *watch = context;
    enum vf_status status = vf_conn_apply(watch->crossing->target, watch->step, &watch->err);

    pthread_mutex_lock(&watch->mutex);
    watch->status = status;
    watch->has_ended = true;
    pthread_cond_signal(&watch->ended);
    pthread_mutex_unlock(&watch->mutex);
    return NULL;
}

/* A server that has no room for one more connection, or doesn't tell: then nothing is known, and nothing is wrong. */
static void ask(struct watch *watch)
{
    const struct vf_crossing *crossing = watch->crossing;
    struct vf_open_options options = crossing->target_options;

    options.side = VF_SIDE_SOURCE; /* it only reads */
    if (watch->observer == NULL)
        watch->can_ask = vf_conn_open(crossing->target_url, &options, &watch->observer, NULL) == VF_OK;
    if (watch->can_ask)
        watch->can_ask =
            vf_conn_watch(watch->observer, crossing->plan->target_server.session, &watch->known, NULL) == VF_OK;
}

/* Until it has ended, or a tick is over; true: it has ended. */
static bool wait_a_tick(struct watch *watch)
{
    pthread_mutex_lock(&watch->mutex);
    bool in_time = true;
    while (!watch->has_ended && in_time)
        in_time = vf_cond_wait(&watch->ended, &watch->mutex, TICK_US);
    bool has_ended = watch->has_ended;
    pthread_mutex_unlock(&watch->mutex);
    return has_ended;
}

static void look_on(struct watch *watch)
{
    for (int n_ticks = 1; !wait_a_tick(watch); n_ticks++) {
        if (watch->can_ask && n_ticks >= TICKS_BEFORE_ASKING)
            ask(watch);
        show(watch, false);
    }
    vf_conn_close(watch->observer);
}

static bool init(struct watch *watch)
{
    if (pthread_mutex_init(&watch->mutex, NULL) != 0)
        return false;
    if (vf_cond_init(&watch->ended))
        return true;
    pthread_mutex_destroy(&watch->mutex);
    return false;
}

enum vf_status vf_apply_watched(struct vf_crossing *crossing, const struct vf_step *step, const char *name,
                                struct vf_error *err)
{
    struct watch watch = {.crossing = crossing, .step = step, .name = name};
    pthread_t thread;

    if (crossing->progress == NULL || !init(&watch))
        return vf_conn_apply(crossing->target, step, err);
    watch.started_us = now_us(crossing);
    watch.can_ask = vf_conn_can_watch(crossing->target) && crossing->plan->target_server.session[0] != '\0';
    show(&watch, false);
    bool is_apart = pthread_create(&thread, NULL, work, &watch) == 0;
    if (is_apart) {
        look_on(&watch);
        pthread_join(thread, NULL);
    } else {
        work(&watch);
    }
    pthread_cond_destroy(&watch.ended);
    pthread_mutex_destroy(&watch.mutex);
    if (watch.status == VF_OK)
        show(&watch, true);
    else if (err != NULL)
        *err = watch.err;
    return watch.status;
}
