/*
 * Work: the chunks of a run, carried over by a few workers at the same time.
 *
 * A worker is two threads with a bounded number of batches going round between them: the reader scans a chunk, checks and digests its batches; the writer loads them, and commits the chunk
 * with its marker. Readers join the crossing's snapshot when it can be shared; otherwise there is one worker, on the main connection. The first error of any thread stops all of them; what
 * was committed stays.
 */
#ifndef VF_FERRY_WORK_H
#define VF_FERRY_WORK_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/store.h"
#include "ferry/crossing.h"

/* Counters of a table, read by the progress display while the workers run. */
struct vf_work_table {
    _Atomic int64_t n_rows, n_bytes, n_rejected;
    _Atomic int64_t chunks_left;
    _Atomic int64_t started_us, finished_us; /* monotonic; 0: not yet */
    bool is_shown;                           /* the progress display was told that it is finished */
};

struct vf_work_chunk {
    size_t table; /* index into the plan's tables */
    struct vf_store_chunk record;
};

struct vf_worker;

struct vf_work {
    struct vf_crossing *crossing;
    const char *owner; /* of the claims */
    size_t n_chunks;
    struct vf_work_chunk *chunks; /* those that aren't done; records are updated as they are claimed and finished */
    struct vf_work_table *tables; /* one for each of the plan's */
    struct vf_load_estimate estimate;

    /* Private to work.c. */
    _Atomic size_t next;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_cond_t scan_ended;
    unsigned n_scanning;
    unsigned n_running;
    unsigned n_workers;
    struct vf_worker *workers;
    struct vf_error error;
    bool failed;
};

/* How many workers the crossing's jobs, engines and chunks allow; at least 1. */
unsigned vf_work_count_workers(const struct vf_crossing *crossing, size_t n_chunks);

/* Around the scan of a chunk, by its reader: as many at a time as the source's limit says. The writers of those that wait have what was read before. false: the run is being stopped. */
bool vf_work_scan_begins(struct vf_work *work);
void vf_work_scan_ends(struct vf_work *work);

/* Carry all chunks over; after a failure the ones that are left may be carried again, by chunks read anew. Calls the crossing's progress function from this thread. On failure the error is that of the thread that failed first. */
enum vf_status vf_work_run(struct vf_work *work, struct vf_error *err) VF_CHECKED;

#endif
