/*
 * The memory that DuckDB keeps of a file: blocks that were read or written stay in it for whoever reads them again, up to the limit.
 *
 * A scan or a load doesn't come back to them, and the limit can't be low all the time: a primary key has to fit, and a row of many megabytes. So from time to time they are dropped, by a limit that
 * goes down to what is in use beside them, and up again. Meanwhile nothing may want memory: whoever works in the library says so, and while rows are read in many calls it has no threads of its own,
 * which would go on between them.
 */
#ifndef VF_ENGINE_DUCKDB_BUFFERS_H
#define VF_ENGINE_DUCKDB_BUFFERS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/duckdb/library.h"

struct vf_duckdb_buffers {
    const struct vf_duckdb_library *lib;
    duckdb_connection handle; /* of its own, by which no rows are read */
    uint64_t memory_bytes;    /* the limit; 0: DuckDB's own, and nothing is dropped */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_trimming;
    unsigned n_calls, n_scans;
    uint64_t n_bytes; /* of rows that were read since the last time */
};

/* VF_NOMEM: there is no connection to be had. */
enum vf_status vf_duckdb_buffers_open(const struct vf_duckdb_library *lib, duckdb_database db, uint64_t memory_bytes,
                                      struct vf_duckdb_buffers *buffers, struct vf_error *err) VF_CHECKED;
void vf_duckdb_buffers_close(struct vf_duckdb_buffers *buffers); /* one that isn't open is fine */

/* Around calls that may want memory. They don't nest. */
void vf_duckdb_buffers_enter(struct vf_duckdb_buffers *buffers);
void vf_duckdb_buffers_leave(struct vf_duckdb_buffers *buffers);

/* A scan that reads rows once, from its first call to its last; and so many bytes of its rows. */
void vf_duckdb_buffers_scan_begins(struct vf_duckdb_buffers *buffers);
void vf_duckdb_buffers_scan_read(struct vf_duckdb_buffers *buffers, uint64_t n_bytes);
void vf_duckdb_buffers_scan_ends(struct vf_duckdb_buffers *buffers);

/* Drop what nobody is at. Nothing happens when others stay in a call for long. */
void vf_duckdb_buffers_trim(struct vf_duckdb_buffers *buffers);

#endif
