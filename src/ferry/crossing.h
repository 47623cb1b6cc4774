/*
 * A crossing: two open databases, the plan between them, and what the user wants of the run.
 *
 * copy and verify both run on one. The main connections are opened by the caller: the source's holds the snapshot that every reader shares, the target's holds the lock.
 * More connections are opened from the same URLs where the engines can use them.
 */
#ifndef VF_FERRY_CROSSING_H
#define VF_FERRY_CROSSING_H

#include "engine/engine.h"
#include "ferry/plan.h"

enum vf_stage {
    VF_STAGE_INSPECT,
    VF_STAGE_COPY,
    VF_STAGE_INDEX,
    VF_STAGE_VERIFY,
    VF_STAGE_DONE,
};

struct vf_progress {
    enum vf_stage stage;
    const char *table;
    const char *phase; /* of an index: what is done just now, in the database's words, or NULL */
    int64_t n_rows;
    int64_t total_rows; /* -1: unknown */
    bool total_is_exact;
    int64_t n_bytes;
    int64_t n_rejected;
    int64_t elapsed_us;
    bool finished;
};

struct vf_crossing {
    const struct vf_plan *plan;
    const char *plan_text; /* what a run records: the whole file, of all targets */
    const struct vf_url *source_url, *target_url;
    struct vf_open_options source_options, target_options; /* for further connections; passwords borrowed */
    struct vf_conn *source, *target;
    char snapshot[256]; /* token of the source's snapshot, "" when it can't be shared */

    unsigned jobs;         /* workers wanted, at least 1 */
    uint64_t memory_bytes; /* for batches in flight and the engines' caches */
    bool strict;           /* the first bad row stops the run */
    bool resume;
    bool drop_existing;
    bool is_locked; /* the caller holds the target's lock already; the copy gives it back in any case */

    void (*progress)(void *context,
                     const struct vf_progress *progress); /* from the thread that runs the crossing; may be NULL */
    void *progress_context;
    const struct vf_log *log;
    struct vf_cancel *cancel;
    const struct vf_clock *clock;
};

/* Bytes of one batch, and how many of them a worker has in flight, so that `n_workers` stay within the memory. */
uint64_t vf_crossing_batch_bytes(const struct vf_crossing *crossing, unsigned n_workers);
/* A batch with the columns of a relation. */
enum vf_status vf_crossing_batch_init(const struct vf_relation *relation, uint64_t max_bytes, struct vf_batch *batch,
                                      struct vf_error *err) VF_CHECKED;

/* Bytes of one chunk: what is lost of a run that is killed, and what one transaction holds. Less when there is little memory, since some databases keep a transaction's pages there, and
 * for a table (table_bytes, -1: unknown) that would give each of several workers only a chunk or two: the last of them would work alone. */
uint64_t vf_crossing_chunk_bytes(const struct vf_crossing *crossing, int64_t table_bytes);

#define VF_BATCHES_IN_FLIGHT 4
#define VF_BATCH_MAX_ROWS    16384

#endif
