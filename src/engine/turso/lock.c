#include "engine/turso/lock.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/text.h"

#define SERVER_NOW "CAST(strftime('%s', 'now') AS INTEGER)"

struct lease {
    bool exists;
    char token[256]; /* who: host, process, its start */
    char holder[256];
    int64_t left_s;
};

/* The start of a process in ticks since the machine's, so that another one with its number isn't taken for it; 0: not known. */
static long long start_of(long pid)
{
    char path[64], text[1024];
    long long ticks = 0;
    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    size_t n = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[n] = '\0';
    const char *at = strrchr(text, ')'); /* behind the name, which may hold anything */
    for (int field = 2; at != NULL && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at != NULL && sscanf(at, "%lld", &ticks) == 1 ? ticks : 0;
}

static void host_name(char *out, size_t out_bytes)
{
    if (gethostname(out, out_bytes - 1) != 0 || out[0] == '\0')
        snprintf(out, out_bytes, "unknown");
    out[out_bytes - 1] = '\0';
}

/* "pid start number host": the host comes last, for it may hold blanks. */
static void write_token(const struct vf_turso_conn *conn, char *out, size_t out_bytes)
{
    char host[128] = "";
    host_name(host, sizeof(host));
    snprintf(out, out_bytes, "%ld %lld %p %s", (long)getpid(), start_of((long)getpid()), (const void *)conn, host);
}

/* Was the holder a process of this machine that is gone? */
static bool is_dead(const char *token)
{
    char host[128] = "";
    long pid = 0;
    long long start = 0;
    int n = 0;
    host_name(host, sizeof(host));
    if (sscanf(token, "%ld %lld %*s %n", &pid, &start, &n) != 2 || n == 0 || strcmp(token + n, host) != 0 || pid <= 0)
        return false;
    if (kill((pid_t)pid, 0) != 0)
        return true;
    return start != 0 && start_of(pid) != 0 && start_of(pid) != start;
}

/* ---- the row ---- */

static enum vf_status read_lease(struct vf_turso_conn *conn, struct lease *lease, struct vf_error *err)
{
    struct vf_sqlite_conn *sql = &conn->sql;
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    *lease = (struct lease){0};
    enum vf_status status = vf_sqlite_prepare(
        sql, "SELECT token, holder, until_s - " SERVER_NOW " FROM main.vecferry_lease WHERE name = 'run'", &stmt, err);
    if (status == VF_OK)
        status = vf_sqlite_step(sql, stmt, &row, err);
    if (status == VF_OK && row) {
        lease->exists = true;
        snprintf(lease->token, sizeof(lease->token), "%s", vf_sqlite_column_str(sql, stmt, 0));
        snprintf(lease->holder, sizeof(lease->holder), "%s", vf_sqlite_column_str(sql, stmt, 1));
        lease->left_s = sql->lib->column_int64(stmt, 2);
    }
    sql->lib->finalize(stmt);
    return status;
}

/* Change the row if its token is still the one that was read; *changed: it was. */
static enum vf_status swap_lease(struct vf_turso_conn *conn, const char *from, const char *to, const char *holder,
                                 int64_t seconds, bool *changed, struct vf_error *err)
{
    struct vf_sqlite_conn *sql = &conn->sql;
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum vf_status status =
        vf_sqlite_prepare(sql,
                          holder != NULL ? "UPDATE main.vecferry_lease SET token = ?2, until_s = " SERVER_NOW
                                           " + ?3, holder = ?4 WHERE name = 'run' AND token = ?1"
                                         : "UPDATE main.vecferry_lease SET token = ?2, until_s = " SERVER_NOW
                                           " + ?3 WHERE name = 'run' AND token = ?1",
                          &stmt, err);
    if (status != VF_OK)
        return status;
    sql->lib->bind_text64(stmt, 1, from, strlen(from), SQLITE_STATIC, SQLITE_UTF8);
    sql->lib->bind_text64(stmt, 2, to, strlen(to), SQLITE_STATIC, SQLITE_UTF8);
    sql->lib->bind_int64(stmt, 3, seconds);
    if (holder != NULL)
        sql->lib->bind_text64(stmt, 4, holder, strlen(holder), SQLITE_STATIC, SQLITE_UTF8);
    status = vf_sqlite_step(sql, stmt, &row, err);
    sql->lib->finalize(stmt);
    *changed = status == VF_OK && sql->lib->changes(sql->db) == 1;
    return status;
}

/* Of the wall: the other clock stands still while a machine sleeps, and the lease runs out. */
static int64_t now_us(const struct vf_turso_conn *conn)
{
    return conn->db.clock->wall_us(conn->db.clock->context);
}

/* ---- taking it ---- */

static enum vf_status held(const struct vf_turso_conn *conn, const struct lease *lease, struct vf_error *err)
{
    char shown[300];
    vf_printable(lease->holder, strlen(lease->holder), shown, sizeof(shown));
    enum vf_status status = vf_error_set(err, VF_LOCKED, "\"%s\" is being filled by another run: %s", conn->name,
                                         shown[0] != '\0' ? shown : "unknown");
    vf_error_hint(err,
                  "wait for it to end; if it is gone, its lease ends in %" PRId64
                  " s, or at once by DELETE FROM vecferry_lease",
                  lease->left_s);
    return status;
}

/* On a server with one connection for all, a client that was killed leaves its transaction open, and everything that comes is part of it. */
static enum vf_status end_stale_transaction(struct vf_turso_conn *conn, struct vf_error *err)
{
    struct lease lease = {0};
    if (conn->db.has_streams)
        return VF_OK;
    if (vf_hrana_begin(&conn->db, "BEGIN")) {
        vf_hrana_rollback(&conn->db);
        return VF_OK;
    }
    if (conn->db.code == VF_HRANA_FAILED || strstr(conn->db.message.data, "within a transaction") == NULL)
        return vf_turso_fail(conn, err, conn->name);
    if (read_lease(conn, &lease, NULL) == VF_OK && lease.token[0] != '\0' && lease.left_s > 0 && !is_dead(lease.token))
        return held(conn, &lease, err);
    vf_log_write(conn->sql.base.options.log, VF_LOG_WARNING,
                 "\"%s\": a transaction that another client left open is rolled back", conn->name);
    return vf_sqlite_exec(&conn->sql, "ROLLBACK", err);
}

static enum vf_status make_row(struct vf_turso_conn *conn, struct vf_error *err)
{
    enum vf_status status = vf_sqlite_exec(
        &conn->sql,
        "CREATE TABLE IF NOT EXISTS main.vecferry_lease (name TEXT PRIMARY KEY NOT NULL, token TEXT NOT NULL, "
        "holder TEXT NOT NULL, until_s INTEGER NOT NULL)",
        err);
    if (status == VF_OK)
        status = vf_sqlite_exec(&conn->sql, "INSERT OR IGNORE INTO main.vecferry_lease VALUES ('run', '', '', 0)", err);
    return status;
}

enum vf_status vf_turso_lock(struct vf_conn *base, const char *holder, struct vf_error *err)
{
    struct vf_turso_conn *conn = vf_turso_conn_of(base);
    struct lease lease = {0};
    char token[256], host[128] = "", words[512];
    bool taken = false;
    if (conn->lease[0] != '\0')
        return VF_OK;
    host_name(host, sizeof(host));
    snprintf(words, sizeof(words), "%.300s (process %ld on %s)", holder, (long)getpid(), host);
    write_token(conn, token, sizeof(token));
    enum vf_status status = end_stale_transaction(conn, err);
    if (status == VF_OK)
        status = make_row(conn, err);
    if (status == VF_OK)
        status = read_lease(conn, &lease, err);
    if (status != VF_OK)
        return status;
    if (lease.token[0] != '\0' && lease.left_s > 0 && !is_dead(lease.token))
        return held(conn, &lease, err);
    int64_t asked_us = now_us(conn);
    status = swap_lease(conn, lease.token, token, words, VF_TURSO_LEASE_S, &taken, err);
    if (status == VF_OK && !taken) { /* somebody was faster */
        status = read_lease(conn, &lease, err);
        return status == VF_OK ? held(conn, &lease, err) : status;
    }
    if (status == VF_OK) {
        memcpy(conn->lease, token, sizeof(token));
        conn->renewed_us = asked_us;
    }
    return status;
}

enum vf_status vf_turso_renew(struct vf_turso_conn *conn, int64_t seconds, struct vf_error *err)
{
    struct lease lease = {0};
    bool is_ours = false;
    if (conn->lease[0] == '\0')
        return VF_OK;
    int64_t asked_us = now_us(conn);
    enum vf_status status = swap_lease(conn, conn->lease, conn->lease, NULL, seconds, &is_ours, err);
    if (status == VF_OK && is_ours && !conn->db.in_transaction)
        conn->renewed_us = asked_us;
    if (status != VF_OK || is_ours)
        return status;
    conn->lease[0] = '\0';
    status = read_lease(conn, &lease, err);
    return status == VF_OK ? held(conn, &lease, err) : status;
}

enum vf_status vf_turso_rely_on_lease(struct vf_turso_conn *conn, struct vf_error *err)
{
    int64_t age_us = now_us(conn) - conn->renewed_us;
    bool is_fresh = age_us >= 0 && age_us < VF_TURSO_FRESH_S * INT64_C(1000000);
    return is_fresh ? VF_OK : vf_turso_renew(conn, VF_TURSO_LEASE_S, err);
}

void vf_turso_unlock(struct vf_conn *base)
{
    struct vf_turso_conn *conn = vf_turso_conn_of(base);
    bool ignored = false;
    if (conn->lease[0] != '\0')
        (void)(swap_lease(conn, conn->lease, "", "", 0, &ignored, NULL) == VF_OK);
    conn->lease[0] = '\0';
}
