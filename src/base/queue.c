#include "base/queue.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/alloc.h"

struct vf_queue {
    pthread_mutex_t lock;
    pthread_cond_t not_full;
    pthread_cond_t not_empty;
    void **items; /* a ring */
    size_t max_items;
    size_t first;
    size_t n_items;
    bool is_closed;
    bool is_aborted;
};

static bool sync_init(struct vf_queue *queue)
{
    if (pthread_mutex_init(&queue->lock, NULL) != 0)
        return false;
    if (pthread_cond_init(&queue->not_full, NULL) == 0) {
        if (pthread_cond_init(&queue->not_empty, NULL) == 0)
            return true;
        pthread_cond_destroy(&queue->not_full);
    }
    pthread_mutex_destroy(&queue->lock);
    return false;
}

enum vf_status vf_queue_new(struct vf_queue **queue, size_t max_items, struct vf_error *err)
{
    struct vf_queue *made;

    *queue = NULL;
    if (max_items == 0)
        return vf_error_set(err, VF_INTERNAL, "a queue must have room for at least one item");
    made = vf_calloc(1, sizeof(*made));
    if (made == NULL)
        return vf_error_nomem(err);
    made->max_items = max_items;
    made->items = vf_calloc(max_items, sizeof(*made->items));
    if (made->items == NULL || !sync_init(made)) {
        vf_free(made->items);
        vf_free(made);
        return vf_error_nomem(err);
    }
    *queue = made;
    return VF_OK;
}

void vf_queue_free(struct vf_queue *queue)
{
    if (queue == NULL)
        return;
    pthread_cond_destroy(&queue->not_empty);
    pthread_cond_destroy(&queue->not_full);
    pthread_mutex_destroy(&queue->lock);
    vf_free(queue->items);
    vf_free(queue);
}

bool vf_queue_push(struct vf_queue *queue, void *item)
{
    bool is_open;

    pthread_mutex_lock(&queue->lock);
    while (queue->n_items == queue->max_items && !queue->is_closed && !queue->is_aborted)
        pthread_cond_wait(&queue->not_full, &queue->lock);
    is_open = !queue->is_closed && !queue->is_aborted;
    if (is_open) {
        queue->items[(queue->first + queue->n_items) % queue->max_items] = item;
        queue->n_items++;
        pthread_cond_signal(&queue->not_empty);
    }
    pthread_mutex_unlock(&queue->lock);
    return is_open;
}

/* With the lock held. */
static void *take_first(struct vf_queue *queue)
{
    void *item = queue->items[queue->first];

    queue->first = (queue->first + 1) % queue->max_items;
    queue->n_items--;
    return item;
}

bool vf_queue_pop(struct vf_queue *queue, void **item)
{
    bool found;

    pthread_mutex_lock(&queue->lock);
    while (queue->n_items == 0 && !queue->is_closed && !queue->is_aborted)
        pthread_cond_wait(&queue->not_empty, &queue->lock);
    found = queue->n_items > 0 && !queue->is_aborted;
    if (found) {
        *item = take_first(queue);
        pthread_cond_signal(&queue->not_full);
    }
    pthread_mutex_unlock(&queue->lock);
    return found;
}

void vf_queue_close(struct vf_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->is_closed = true;
    pthread_cond_broadcast(&queue->not_full);
    pthread_cond_broadcast(&queue->not_empty);
    pthread_mutex_unlock(&queue->lock);
}

void vf_queue_abort(struct vf_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->is_aborted = true;
    pthread_cond_broadcast(&queue->not_full);
    pthread_cond_broadcast(&queue->not_empty);
    pthread_mutex_unlock(&queue->lock);
}

bool vf_queue_drain(struct vf_queue *queue, void **item)
{
    bool found;

    pthread_mutex_lock(&queue->lock);
    found = queue->n_items > 0;
    if (found) {
        *item = take_first(queue);
        pthread_cond_signal(&queue->not_full);
    }
    pthread_mutex_unlock(&queue->lock);
    return found;
}

/* Async-signal-safe because a lock-free atomic operation is (C11 7.14.1.1). */
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "vf_cancel_raise() is called by signal handlers");

void vf_cancel_raise(struct vf_cancel *cancel, int reason)
{
    int none = 0;

    atomic_compare_exchange_strong(&cancel->reason, &none, reason);
}

enum vf_status vf_cancel_check(struct vf_cancel *cancel, struct vf_error *err)
{
    if (cancel == NULL || atomic_load(&cancel->reason) == 0)
        return VF_OK;
    return vf_error_set(err, VF_CANCELLED, "cancelled");
}
