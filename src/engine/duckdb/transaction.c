#include <inttypes.h>
#include <stdio.h>

#include "engine/duckdb/bulk.h"

/* ---- transactions ---- */

enum vf_status vf_duckdb_begin(struct vf_conn *base, struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    enum vf_status status = vf_duckdb_exec(conn, "BEGIN TRANSACTION", err);
    conn->in_transaction = status == VF_OK;
    conn->n_transaction++;
    return status;
}

/* What fails is rolled back by DuckDB itself, and nothing of it is in the file. */
enum vf_status vf_duckdb_commit(struct vf_conn *base, struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    conn->in_transaction = false;
    vf_duckdb_instance_keep(conn->instance);
    vf_duckdb_instance_count_commit(conn->instance);
    enum vf_status status = vf_duckdb_exec(conn, "COMMIT", err);
    if (status != VF_OK)
        (void)(vf_duckdb_run(conn->lib, conn->handle, "ROLLBACK", NULL) == VF_OK);
    else if (conn->is_bulk)
        vf_duckdb_buffers_trim(vf_duckdb_instance_buffers(conn->instance));
    return status;
}

void vf_duckdb_rollback(struct vf_conn *base)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    if (conn->in_transaction)
        (void)(vf_duckdb_run(conn->lib, conn->handle, "ROLLBACK", NULL) == VF_OK);
    conn->in_transaction = false;
}

/* ---- snapshots ---- */

/* The instant of a transaction is that of its first look at the file, not that of BEGIN. */
static enum vf_status begin_reading(struct vf_duckdb_conn *conn, struct vf_error *err)
{
    int64_t ignored;
    enum vf_status status = vf_duckdb_exec(conn, "BEGIN TRANSACTION", err);
    if (status == VF_OK)
        status = vf_duckdb_get_i64(conn,
                                   "SELECT count(*) FROM duckdb_tables() WHERE database_name = '" VF_DUCKDB_CATALOG "'",
                                   0, NULL, 0, &ignored, err);
    conn->in_snapshot = true;
    if (status != VF_OK)
        vf_duckdb_end_snapshot((struct vf_conn *)(void *)conn);
    return status;
}

enum vf_status vf_duckdb_begin_snapshot(struct vf_conn *base, char *token, size_t token_bytes, struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    uint64_t n_commits = vf_duckdb_instance_commits(conn->instance);
    enum vf_status status = begin_reading(conn, err);
    if (status != VF_OK || token == NULL)
        return status;
    conn->snapshot = vf_duckdb_instance_snapshot_begin(conn->instance);
    if (conn->snapshot == 0) {
        vf_duckdb_end_snapshot(base);
        return vf_error_set(err, VF_STATE, "too many snapshots of \"%s\" are open", conn->path);
    }
    snprintf(token, token_bytes, "duckdb-%" PRIu64 "-%" PRIu64, conn->snapshot, n_commits);
    return VF_OK;
}

enum vf_status vf_duckdb_join_snapshot(struct vf_conn *base, const char *token, struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    uint64_t number = 0, n_commits = 0;
    bool is_token = sscanf(token, "duckdb-%" SCNu64 "-%" SCNu64, &number, &n_commits) == 2;
    enum vf_status status = begin_reading(conn, err);
    if (status != VF_OK)
        return status;
    bool lives = is_token && vf_duckdb_instance_snapshot_lives(conn->instance, number);
    if (lives && vf_duckdb_instance_commits(conn->instance) == n_commits)
        return VF_OK;
    vf_duckdb_end_snapshot(base);
    status = vf_error_set(err, VF_STATE, "%s",
                          lives ? "the source was written to after the snapshot began: it can't be joined any more"
                                : "the snapshot to be joined is gone");
    vf_error_hint(err, "use one reader (--jobs 1)");
    return status;
}

void vf_duckdb_end_snapshot(struct vf_conn *base)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    vf_duckdb_instance_snapshot_end(conn->instance, conn->snapshot);
    conn->snapshot = 0;
    if (conn->in_snapshot)
        (void)(vf_duckdb_run(conn->lib, conn->handle, "ROLLBACK", NULL) == VF_OK);
    conn->in_snapshot = false;
}

/* ---- one run at a time ---- */

/* Other processes are kept out by DuckDB's own lock on the file; this one is for this process. */
enum vf_status vf_duckdb_lock(struct vf_conn *base, const char *holder, struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    char other[300];
    if (vf_duckdb_instance_lock(conn->instance, conn, holder, other, sizeof(other)))
        return VF_OK;
    enum vf_status status =
        vf_error_set(err, VF_LOCKED, "\"%s\" is being filled by another run: %s", conn->path, other);
    vf_error_hint(err, "wait for it to end, or end it");
    return status;
}

void vf_duckdb_unlock(struct vf_conn *base)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    vf_duckdb_instance_unlock(conn->instance, conn);
}
