#include <stdio.h>
#include <string.h>

#include "engine/postgres/conn.h"
#include "engine/postgres/load.h"

enum vf_status vf_pg_begin(struct vf_conn *base, struct vf_error *err)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    if (PQtransactionStatus(conn->pg) == PQTRANS_INTRANS)
        return vf_error_set(err, VF_INTERNAL, "a transaction is open already");
    conn->is_async = false;
    return vf_pg_exec(conn, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", err);
}

/* The server answers COMMIT with ROLLBACK when the transaction has failed before. */
enum vf_status vf_pg_commit(struct vf_conn *base, struct vf_error *err)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    conn->was_cancelled = false;
    PGresult *result = PQsendQuery(conn->pg, "COMMIT") == 1 ? vf_pg_finish(conn) : NULL;
    enum vf_status status = VF_OK;
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        status = vf_pg_fail(conn, result, err);
        vf_error_wrap(err, "commit");
    } else if (strcmp(PQcmdStatus(result), "COMMIT") != 0) {
        status = vf_error_set(err, VF_ENGINE, "commit: the transaction had failed before, and was rolled back");
    }
    PQclear(result);
    return status;
}

void vf_pg_rollback(struct vf_conn *base)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    PGTransactionStatusType state = PQtransactionStatus(conn->pg);
    if (state == PQTRANS_INTRANS || state == PQTRANS_INERROR) {
        enum vf_status ignored = vf_pg_exec(conn, "ROLLBACK", NULL);
        (void)ignored;
    }
}

/* ---- bulk ---- */

/* Only transactions that load rows go without waiting for the disk. What a resume stands on (the run, the list of chunks, the tables) is as durable as the server makes it, even
 * where its default is not to wait. */
enum vf_status vf_pg_begin_bulk(struct vf_conn *base, const struct vf_load_estimate *estimate, struct vf_error *err)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    (void)estimate;
    if (conn->is_bulk)
        return VF_OK;
    enum vf_status status = vf_pg_get_text(conn, "SELECT pg_catalog.current_setting('synchronous_commit')", 0, NULL,
                                           conn->synchronous_commit, sizeof(conn->synchronous_commit), err);
    if (status == VF_OK && strcmp(conn->synchronous_commit, "off") == 0)
        status = vf_pg_exec(conn, "SET synchronous_commit = on", err);
    conn->is_bulk = status == VF_OK;
    return status;
}

enum vf_status vf_pg_begin_rows(struct vf_pg_conn *conn, struct vf_error *err)
{
    if (!conn->is_bulk || conn->is_async || PQtransactionStatus(conn->pg) != PQTRANS_INTRANS)
        return VF_OK;
    enum vf_status status = vf_pg_exec(conn, "SET LOCAL synchronous_commit = off", err);
    conn->is_async = status == VF_OK;
    return status;
}

enum vf_status vf_pg_end_bulk(struct vf_conn *base, struct vf_error *err)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    char sql[64];
    if (!conn->is_bulk)
        return VF_OK;
    /* A transaction that writes to the log and waits for it: what was committed before lies in front of it there. */
    enum vf_status status = vf_pg_exec(conn,
                                       "BEGIN; SET LOCAL synchronous_commit = on; "
                                       "SELECT pg_catalog.pg_logical_emit_message(true, 'vecferry', 'done'); COMMIT",
                                       err);
    if (status != VF_OK)
        return status;
    conn->is_bulk = false;
    bool is_word = strspn(conn->synchronous_commit, "abcdefghijklmnopqrstuvwxyz_") == strlen(conn->synchronous_commit);
    snprintf(sql, sizeof(sql), "SET synchronous_commit = %s" /* ident */, is_word ? conn->synchronous_commit : "on");
    return vf_pg_exec(conn, sql, err);
}
