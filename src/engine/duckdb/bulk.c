#include "engine/duckdb/bulk.h"

#define VECTOR_ROWS     2048 /* DuckDB cuts row groups in these only */
#define USUAL_ROW_GROUP 122880
#define BULK_CHECKPOINT "512MiB"

/* What a library of another version may not know: it does without. */
static void try(struct vf_duckdb_conn *conn, const char *sql)
{
    (void)(vf_duckdb_run(conn->lib, conn->handle, sql, NULL) == VF_OK);
}

/* So many rows that they take the connection's share of the memory; 0: DuckDB's own number, which takes less. */
static unsigned row_group_rows(const struct vf_duckdb_conn *conn, const struct vf_load_estimate *estimate)
{
    uint64_t memory_bytes = conn->base.options.memory_bytes;

    if (memory_bytes == 0 || estimate->max_row_bytes == 0 || memory_bytes / estimate->max_row_bytes >= USUAL_ROW_GROUP)
        return 0;
    unsigned n_vectors = (unsigned)(memory_bytes / estimate->max_row_bytes) / VECTOR_ROWS;
    return (n_vectors > 0 ? n_vectors : 1) * VECTOR_ROWS;
}

enum vf_status vf_duckdb_begin_bulk(struct vf_conn *base, const struct vf_load_estimate *estimate, struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    unsigned n_rows = row_group_rows(conn, estimate);
    enum vf_status status = VF_OK;

    if (n_rows > 0)
        status = vf_duckdb_instance_choose_row_group(conn->instance, conn->handle, n_rows, err);
    if (status == VF_OK)
        status = vf_duckdb_exec(conn, "SET GLOBAL checkpoint_threshold = '" BULK_CHECKPOINT "'", err);
    if (status != VF_OK)
        return status;
    try(conn, "SET GLOBAL write_buffer_row_group_count = 1");
    try(conn, "SET GLOBAL max_vacuum_tasks = 0");
    conn->is_bulk = true;
    return VF_OK;
}

/* Everything out of the write-ahead log into the file; a checkpoint ends with fsync. Row groups aren't merged then: max_vacuum_tasks stays as it is. */
enum vf_status vf_duckdb_end_bulk(struct vf_conn *base, struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    enum vf_status status;

    conn->is_bulk = false;
    try(conn, "RESET GLOBAL write_buffer_row_group_count");
    status = vf_duckdb_exec(conn, "RESET GLOBAL checkpoint_threshold", err);
    if (status == VF_OK)
        status = vf_duckdb_exec(conn, "CHECKPOINT " VF_DUCKDB_CATALOG, err);
    /* Another connection of this process reads: the log holds all that was committed, and is durable. */
    return status == VF_TEMPORARY ? VF_OK : status;
}

void vf_duckdb_bulk_threads(struct vf_duckdb_conn *conn, bool is_loading)
{
    if (conn->is_bulk || !is_loading)
        try(conn, is_loading ? "SET GLOBAL threads = 1" : "RESET GLOBAL threads");
}
