/*
 * One worker of a run: a reader and a writer thread, see work.h.
 */
#ifndef VF_FERRY_WORKER_H
#define VF_FERRY_WORKER_H

#include "ferry/check.h"
#include "ferry/work.h"

/* What goes round between the two threads: rows of a chunk, or the word that the chunk is at its end. */
struct vf_parcel {
    size_t chunk; /* index into work->chunks */
    bool is_end;
    size_t table; /* that the batch is made for; SIZE_MAX: none yet */
    struct vf_batch batch;
    struct vf_hash128 *digests; /* of the batch's rows */
    int64_t cap_digests;
};

struct vf_worker {
    struct vf_work *work;
    pthread_t reader, writer;
    bool reader_started, writer_started;
    struct vf_conn *source, *target; /* own connections, or the main ones */
    bool owns_source, owns_target;
    struct vf_parcel parcels[VF_BATCHES_IN_FLIGHT];
    struct vf_queue *idle, *full;
    uint64_t batch_bytes;

    /* Reader's. */
    struct vf_check_scratch check;
    struct vf_buf canon;
    struct vf_buf last_key; /* of the last row of the chunk that was read */

    /* Writer's: the chunk whose transaction is open, SIZE_MAX: none. */
    size_t chunk;
    int64_t n_rows, n_bytes, n_rejected; /* of the chunk, in the counters already */
    size_t load_table;
    struct vf_load *load;
    struct vf_reject_list rejects; /* of the chunk, from both ends */
    struct vf_reject_list refused; /* of the last load_write */
};

/* Open connections and queues; a worker that failed to open must be closed too. */
enum vf_status vf_worker_open(struct vf_worker *worker, struct vf_work *work, unsigned number, uint64_t batch_bytes,
                              struct vf_error *err) VF_CHECKED;
void vf_worker_abort(struct vf_worker *worker); /* wakes both threads; any thread */
/* Ends bulk settings of the worker's own target connection; both threads must have ended. */
enum vf_status vf_worker_finish(struct vf_worker *worker, struct vf_error *err) VF_CHECKED;
void vf_worker_close(struct vf_worker *worker);

/* Thread bodies: they take chunks until none is left, and return the first failure. */
enum vf_status vf_worker_read(struct vf_worker *worker, struct vf_error *err) VF_CHECKED;
enum vf_status vf_worker_write(struct vf_worker *worker, struct vf_error *err) VF_CHECKED;

/* From a reader: the next chunk to read, or false. */
bool vf_work_take(struct vf_work *work, size_t *chunk);

#endif
