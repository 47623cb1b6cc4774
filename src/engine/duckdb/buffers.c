#include "engine/duckdb/buffers.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "engine/duckdb/error.h"

#define SCAN_BYTES   ((uint64_t)8 << 20)
#define LEFT_BYTES   ((uint64_t)8 << 20) /* of blocks that stay */
#define MOST_WAIT_US 100000

/* ---- open ---- */

enum vf_status vf_duckdb_buffers_open(const struct vf_duckdb_library *lib, duckdb_database db, uint64_t memory_bytes,
                                      struct vf_duckdb_buffers *buffers, struct vf_error *err)
{
    *buffers = (struct vf_duckdb_buffers){.lib = lib, .memory_bytes = memory_bytes};
    if (lib->connect(db, &buffers->handle) != DuckDBSuccess) {
        buffers->handle = NULL;
        return vf_error_nomem(err);
    }
    if (vf_cond_init(&buffers->changed)) {
        if (pthread_mutex_init(&buffers->lock, NULL) == 0)
            return VF_OK;
        pthread_cond_destroy(&buffers->changed);
    }
    lib->disconnect(&buffers->handle);
    buffers->handle = NULL;
    return vf_error_nomem(err);
}

void vf_duckdb_buffers_close(struct vf_duckdb_buffers *buffers)
{
    if (buffers->handle == NULL)
        return;
    buffers->lib->disconnect(&buffers->handle);
    pthread_mutex_destroy(&buffers->lock);
    pthread_cond_destroy(&buffers->changed);
    buffers->handle = NULL;
}

/* ---- who is at work ---- */

void vf_duckdb_buffers_enter(struct vf_duckdb_buffers *buffers)
{
    pthread_mutex_lock(&buffers->lock);
    while (buffers->is_trimming)
        pthread_cond_wait(&buffers->changed, &buffers->lock);
    buffers->n_calls++;
    pthread_mutex_unlock(&buffers->lock);
}

void vf_duckdb_buffers_leave(struct vf_duckdb_buffers *buffers)
{
    pthread_mutex_lock(&buffers->lock);
    buffers->n_calls--;
    pthread_cond_broadcast(&buffers->changed);
    pthread_mutex_unlock(&buffers->lock);
}

/* Until nobody is; not for ever, for one call may look for a row through a whole table. */
static void wait_for_calls(struct vf_duckdb_buffers *buffers)
{
    bool in_time = true;

    while (buffers->n_calls > 0 && in_time)
        in_time = vf_cond_wait(&buffers->changed, &buffers->lock, MOST_WAIT_US);
}

/* ---- dropping ---- */

/* What a library of another version may not know: it does without. */
static bool try(struct vf_duckdb_buffers *buffers, const char *sql)
{
    return vf_duckdb_run(buffers->lib, buffers->handle, sql, NULL) == VF_OK;
}

static bool set_limit(struct vf_duckdb_buffers *buffers, uint64_t bytes)
{
    char sql[80];

    snprintf(sql, sizeof(sql), "SET GLOBAL memory_limit = '%" PRIu64 "B'", bytes);
    return try(buffers, sql);
}

static uint64_t read_used(struct vf_duckdb_buffers *buffers)
{
    const struct vf_duckdb_library *lib = buffers->lib;
    duckdb_result result = {0};
    uint64_t used_bytes = UINT64_MAX;

    if (lib->query(buffers->handle,
                   "SELECT CAST(sum(memory_usage_bytes) AS BIGINT) FROM duckdb_memory() WHERE tag <> 'BASE_TABLE'",
                   &result) == DuckDBSuccess) {
        duckdb_data_chunk chunk = lib->fetch_chunk(result);
        const int64_t *sum = chunk != NULL ? lib->vector_get_data(lib->data_chunk_get_vector(chunk, 0)) : NULL;
        if (sum != NULL && lib->data_chunk_get_size(chunk) == 1 && *sum >= 0)
            used_bytes = (uint64_t)*sum;
        if (chunk != NULL)
            lib->destroy_data_chunk(&chunk);
    }
    lib->destroy_result(&result);
    return used_bytes;
}

/*
 * To ask for a lower limit drops blocks; it is refused when more is in use, and changes nothing then. The memory is kept by DuckDB's allocator for a second or so, unless it is told that so much at
 * once goes back to the system: the threshold of 0, by which the next statement's first allocation does that.
 */
static void drop(struct vf_duckdb_buffers *buffers)
{
    uint64_t used_bytes = read_used(buffers);

    buffers->n_bytes = 0;
    if (used_bytes > buffers->memory_bytes || used_bytes + LEFT_BYTES > buffers->memory_bytes)
        return;
    bool flushes = try(buffers, "SET GLOBAL allocator_bulk_deallocation_flush_threshold = '0B'");
    if (set_limit(buffers, used_bytes + LEFT_BYTES))
        (void)set_limit(buffers, buffers->memory_bytes);
    if (flushes)
        (void)try(buffers, "RESET GLOBAL allocator_bulk_deallocation_flush_threshold");
}

void vf_duckdb_buffers_trim(struct vf_duckdb_buffers *buffers)
{
    pthread_mutex_lock(&buffers->lock);
    if (buffers->memory_bytes > 0 && !buffers->is_trimming) {
        buffers->is_trimming = true;
        wait_for_calls(buffers);
        if (buffers->n_calls == 0)
            drop(buffers);
        buffers->is_trimming = false;
        pthread_cond_broadcast(&buffers->changed);
    }
    pthread_mutex_unlock(&buffers->lock);
}

/* ---- scans ---- */

void vf_duckdb_buffers_scan_begins(struct vf_duckdb_buffers *buffers)
{
    pthread_mutex_lock(&buffers->lock);
    if (buffers->n_scans++ == 0)
        (void)try(buffers, "SET GLOBAL threads = 1");
    pthread_mutex_unlock(&buffers->lock);
}

void vf_duckdb_buffers_scan_read(struct vf_duckdb_buffers *buffers, uint64_t n_bytes)
{
    pthread_mutex_lock(&buffers->lock);
    buffers->n_bytes += n_bytes;
    bool is_enough = buffers->n_bytes >= SCAN_BYTES;
    pthread_mutex_unlock(&buffers->lock);
    if (is_enough)
        vf_duckdb_buffers_trim(buffers);
}

void vf_duckdb_buffers_scan_ends(struct vf_duckdb_buffers *buffers)
{
    vf_duckdb_buffers_trim(buffers);
    pthread_mutex_lock(&buffers->lock);
    if (--buffers->n_scans == 0)
        (void)try(buffers, "RESET GLOBAL threads");
    pthread_mutex_unlock(&buffers->lock);
}
