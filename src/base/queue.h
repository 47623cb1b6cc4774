/*
 * A bounded queue of pointers between threads, and a cancel flag.
 *
 * vf_queue_push() blocks while the queue is full, vf_queue_pop() while it is empty. vf_queue_close() says that nothing more will come: pops give what is
 * left, then false. vf_queue_abort() makes every push and pop return false at once; what is left is handed out by vf_queue_drain() to be freed.
 * Items are owned by the queue's user; the queue never looks at them. Thread-safe.
 */
#ifndef VF_BASE_QUEUE_H
#define VF_BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct vf_queue;

enum vf_status vf_queue_new(struct vf_queue **queue, size_t max_items, struct vf_error *err) VF_CHECKED;
void vf_queue_free(struct vf_queue *queue); /* no thread may be inside; NULL is fine */
bool vf_queue_push(struct vf_queue *queue,
                   void *item) VF_CHECKED; /* false: closed or aborted, the item stays the caller's */
bool vf_queue_pop(struct vf_queue *queue, void **item) VF_CHECKED; /* false: closed and empty, or aborted */
void vf_queue_close(struct vf_queue *queue);
void vf_queue_abort(struct vf_queue *queue);
bool vf_queue_drain(struct vf_queue *queue, void **item); /* one leftover, without blocking */

/* A flag that a signal handler or another thread may raise; long work looks at it between steps. A zeroed struct is "not raised". */
struct vf_cancel {
    _Atomic int reason; /* 0: go on; else the exit code asked for (130, 143) */
};
void vf_cancel_raise(struct vf_cancel *cancel, int reason); /* async-signal-safe; the first reason stays */
/* VF_OK, or VF_CANCELLED with err filled; `cancel` may be NULL. */
enum vf_status vf_cancel_check(struct vf_cancel *cancel, struct vf_error *err) VF_CHECKED;

#endif
