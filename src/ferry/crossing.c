#include "ferry/crossing.h"

#include "ferry/work.h"

/* A batch is worth its fixed cost from some hundred kilobytes on, and no faster above a few megabytes, which would only leave the processor's caches. */
#define MIN_BATCH_BYTES ((uint64_t)256 << 10)
#define MAX_BATCH_BYTES ((uint64_t)4 << 20)
#define MIN_CHUNK_BYTES ((uint64_t)1 << 20)
#define MAX_CHUNK_BYTES ((uint64_t)64 << 20)
/* Chunks are shared out evenly enough from some number a worker on, but not by cutting them smaller than this. */
#define CHUNKS_A_WORKER   6
#define SHARE_CHUNK_BYTES ((uint64_t)8 << 20)
/* Where readers take turns, a chunk that was read waits in the batches, and is short enough beside them that its turn is soon over; shorter ones cost more than they bring (docs/design/duckdb-memory.md). */
#define TURN_CHUNK_BATCHES ((uint64_t)3 * VF_BATCHES_IN_FLIGHT)

/* Of the source: how many scans are worth their memory; 0: they take none to speak of. */
static uint32_t max_scanners(const struct vf_crossing *crossing)
{
    return crossing->source != NULL ? vf_conn_limits(crossing->source)->max_scanners : 0;
}

uint64_t vf_crossing_batch_bytes(const struct vf_crossing *crossing, unsigned n_workers)
{
    /* Half of the memory is for batches; the engines' caches and send buffers have the other half. Scans that take much have half of the batches' too. */
    uint64_t share = max_scanners(crossing) > 0 ? 4 : 2;
    uint64_t bytes = crossing->memory_bytes / share / n_workers / VF_BATCHES_IN_FLIGHT;

    if (bytes < MIN_BATCH_BYTES)
        return MIN_BATCH_BYTES;
    return bytes > MAX_BATCH_BYTES ? MAX_BATCH_BYTES : bytes;
}

uint64_t vf_crossing_chunk_bytes(const struct vf_crossing *crossing, int64_t table_bytes)
{
    uint64_t bytes = crossing->memory_bytes / 2;
    unsigned n_workers = vf_work_count_workers(crossing, SIZE_MAX);
    uint64_t share = table_bytes > 0 && n_workers > 1 ? (uint64_t)table_bytes / n_workers / CHUNKS_A_WORKER : 0;

    if (bytes > MAX_CHUNK_BYTES)
        bytes = MAX_CHUNK_BYTES;
    if (share > 0 && share < bytes)
        bytes = share > SHARE_CHUNK_BYTES ? share : SHARE_CHUNK_BYTES < bytes ? SHARE_CHUNK_BYTES : bytes;
    uint64_t turn_bytes = vf_crossing_batch_bytes(crossing, n_workers) * TURN_CHUNK_BATCHES;
    if (max_scanners(crossing) > 0 && max_scanners(crossing) < n_workers && turn_bytes < bytes)
        bytes = turn_bytes;
    return bytes < MIN_CHUNK_BYTES ? MIN_CHUNK_BYTES : bytes;
}

enum vf_status vf_crossing_batch_init(const struct vf_relation *relation, uint64_t max_bytes, struct vf_batch *batch,
                                      struct vf_error *err)
{
    struct vf_type *types = vf_calloc(relation->n_fields + 1, sizeof(*types));

    if (types == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < relation->n_fields; i++)
        types[i] = relation->fields[i].type;
    enum vf_status status = vf_batch_init(batch, relation->n_fields, types, VF_BATCH_MAX_ROWS, (size_t)max_bytes, err);
    vf_free(types);
    return status;
}
