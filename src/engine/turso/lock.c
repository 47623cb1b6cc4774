#include "engine/turso/lock.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/turso/answer.h"
#include "engine/turso/rows.h"

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

#define READ_LEASE "SELECT token, holder, until_s - " SERVER_NOW " FROM main.vecferry_lease WHERE name = 'run'"

static void take_lease(const struct vf_sqlite_conn *sql, sqlite3_stmt *stmt, struct lease *lease)
{
    lease->exists = true;
    snprintf(lease->token, sizeof(lease->token), "%s", vf_sqlite_column_str(sql, stmt, 0));
    snprintf(lease->holder, sizeof(lease->holder), "%s", vf_sqlite_column_str(sql, stmt, 1));
    lease->left_s = sql->lib->column_int64(stmt, 2);
}

static enum vf_status read_lease(struct vf_turso_conn *conn, struct lease *lease, struct vf_error *err)
{
    struct vf_sqlite_conn *sql = &conn->sql;
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    *lease = (struct lease){0};
    enum vf_status status = vf_sqlite_prepare(sql, READ_LEASE, &stmt, err);
    if (status == VF_OK)
        status = vf_sqlite_step(sql, stmt, &row, err);
    if (status == VF_OK && row)
        take_lease(sql, stmt, lease);
    sql->lib->finalize(stmt);
    return status;
}

/* Make the row if it isn't there, and read it: in one request. */
static enum vf_status make_and_read_lease(struct vf_turso_conn *conn, struct lease *lease, struct vf_error *err)
{
    static const char *const statements[] = {
        "CREATE TABLE IF NOT EXISTS main.vecferry_lease (name TEXT PRIMARY KEY NOT NULL, token TEXT NOT NULL, "
        "holder TEXT NOT NULL, until_s INTEGER NOT NULL)",
        "INSERT OR IGNORE INTO main.vecferry_lease VALUES ('run', '', '', 0)", READ_LEASE};
    struct vf_hrana *db = &conn->db;
    int64_t ignored = 0;
    bool row = false;
    *lease = (struct lease){0};
    vf_hrana_new(db, false);
    for (size_t i = 0; i < 3; i++) {
        (void)vf_hrana_step(db, statements[i], strlen(statements[i]));
        vf_hrana_step_end(db, i == 2, VF_HRANA_ALWAYS, 0);
    }
    if (!vf_hrana_run(db, VF_HRANA_ONCE) || !vf_hrana_went_well(db, 0) || !vf_hrana_went_well(db, 1) ||
        !vf_hrana_went_well(db, 2))
        return vf_turso_fail(conn, err, conn->name);
    struct vf_hrana_stmt *stmt = vf_hrana_stmt_new(db, "", 0);
    if (stmt == NULL)
        return vf_error_nomem(err);
    stmt->is_first = true;
    bool is_read =
        vf_hrana_open_result(db->results[2].value, &stmt->rows, &ignored) && vf_hrana_next_of_answer(stmt, &row);
    if (is_read && row)
        take_lease(&conn->sql, (sqlite3_stmt *)(void *)stmt, lease);
    enum vf_status status = is_read ? VF_OK : vf_turso_fail(conn, err, conn->name);
    conn->sql.lib->finalize((sqlite3_stmt *)(void *)stmt);
    return status;
}

static enum vf_status prepare_swap(struct vf_turso_conn *conn, const char *from, const char *to, const char *holder,
                                   int64_t seconds, sqlite3_stmt **stmt, struct vf_error *err)
{
    struct vf_sqlite_conn *sql = &conn->sql;
    enum vf_status status =
        vf_sqlite_prepare(sql,
                          holder != NULL ? "UPDATE main.vecferry_lease SET token = ?2, until_s = " SERVER_NOW
                                           " + ?3, holder = ?4 WHERE name = 'run' AND token = ?1"
                                         : "UPDATE main.vecferry_lease SET token = ?2, until_s = " SERVER_NOW
                                           " + ?3 WHERE name = 'run' AND token = ?1",
                          stmt, err);
    if (status != VF_OK)
        return status;
    sql->lib->bind_text64(*stmt, 1, from, strlen(from), SQLITE_STATIC, SQLITE_UTF8);
    sql->lib->bind_text64(*stmt, 2, to, strlen(to), SQLITE_STATIC, SQLITE_UTF8);
    sql->lib->bind_int64(*stmt, 3, seconds);
    if (holder != NULL)
        sql->lib->bind_text64(*stmt, 4, holder, strlen(holder), SQLITE_STATIC, SQLITE_UTF8);
    return VF_OK;
}

/* Change the row if its token is still the one that was read; *changed: it was. */
static enum vf_status swap_lease(struct vf_turso_conn *conn, const char *from, const char *to, const char *holder,
                                 int64_t seconds, bool *changed, struct vf_error *err)
{
    struct vf_sqlite_conn *sql = &conn->sql;
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum vf_status status = prepare_swap(conn, from, to, holder, seconds, &stmt, err);
    if (status == VF_OK)
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
    if (vf_hrana_can_begin(&conn->db, "BEGIN"))
        return VF_OK;
    if (conn->db.code == VF_HRANA_FAILED || strstr(conn->db.message.data, "within a transaction") == NULL)
        return vf_turso_fail(conn, err, conn->name);
    if (read_lease(conn, &lease, NULL) == VF_OK && lease.token[0] != '\0' && lease.left_s > 0 && !is_dead(lease.token))
        return held(conn, &lease, err);
    vf_log_write(conn->sql.base.options.log, VF_LOG_WARNING,
                 "\"%s\": a transaction that another client left open is rolled back", conn->name);
    return vf_sqlite_exec(&conn->sql, "ROLLBACK", err);
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
        status = make_and_read_lease(conn, &lease, err);
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
        conn->lease_s = VF_TURSO_LEASE_S;
    }
    return status;
}

/* The row isn't ours any more. */
static enum vf_status fail_taken(struct vf_turso_conn *conn, struct vf_error *err)
{
    struct lease lease = {0};
    conn->lease[0] = '\0';
    enum vf_status status = read_lease(conn, &lease, err);
    return status == VF_OK ? held(conn, &lease, err) : status;
}

static enum vf_status renew(struct vf_turso_conn *conn, int64_t seconds, struct vf_error *err)
{
    bool is_ours = false;
    int64_t asked_us = now_us(conn);
    enum vf_status status = swap_lease(conn, conn->lease, conn->lease, NULL, seconds, &is_ours, err);
    if (status != VF_OK)
        return status;
    if (!is_ours)
        return fail_taken(conn, err);
    if (!conn->db.in_transaction) {
        conn->renewed_us = asked_us;
        conn->lease_s = seconds;
    }
    return VF_OK;
}

/* How many rows a step has changed; a server without streams says so in the step behind it. */
static bool take_changes(struct vf_hrana *db, size_t step, int64_t *n_changed)
{
    struct vf_json rows;
    int64_t ignored = 0;
    bool first = true;
    if (db->has_streams)
        return vf_hrana_open_result(db->results[step].value, &rows, n_changed);
    return vf_hrana_went_well(db, step + 1) && vf_hrana_open_result(db->results[step + 1].value, &rows, &ignored) &&
           vf_json_next_element(&rows, &first) && vf_hrana_first_integer(rows, n_changed);
}

enum vf_status vf_turso_begin_renewing(struct vf_turso_conn *conn, const char *begin, struct vf_error *err)
{
    static const char ask_changes[] = "SELECT changes()";
    struct vf_hrana *db = &conn->db;
    sqlite3_stmt *swap = NULL;
    int64_t n_changed = 0;
    enum vf_status status = prepare_swap(conn, conn->lease, conn->lease, NULL, VF_TURSO_LEASE_S, &swap, err);
    if (status != VF_OK)
        return status;
    const struct vf_hrana_stmt *stmt = (const struct vf_hrana_stmt *)(const void *)swap;
    if (conn->lease_s != VF_TURSO_LEASE_S) /* it is shortened now, unless this is rolled back */
        conn->renewed_us = 0;
    vf_hrana_begin_write(db, begin);
    vf_hrana_stmt_write_arguments(stmt, vf_hrana_step(db, stmt->sql, stmt->sql_bytes));
    vf_hrana_step_end(db, false, VF_HRANA_IF_OK, 0);
    if (!db->has_streams) {
        (void)vf_hrana_step(db, ask_changes, strlen(ask_changes));
        vf_hrana_step_end(db, true, VF_HRANA_IF_OK, 1);
    }
    if (!vf_hrana_begin_run(db) || !vf_hrana_went_well(db, 1))
        status = vf_turso_fail(conn, err, "the transaction");
    else if (!take_changes(db, 1, &n_changed))
        status = vf_error_set(err, VF_ENGINE, "the server doesn't say whether the lease was renewed");
    else if (n_changed != 1)
        status = fail_taken(conn, err);
    conn->sql.lib->finalize(swap);
    if (status != VF_OK)
        vf_hrana_rollback(db);
    return status;
}

enum vf_status vf_turso_rely_on_lease(struct vf_turso_conn *conn, int64_t seconds, struct vf_error *err)
{
    int64_t age_us = now_us(conn) - conn->renewed_us;
    bool is_fresh = age_us >= 0 && age_us < VF_TURSO_FRESH_S * INT64_C(1000000);
    return conn->lease[0] == '\0' || (is_fresh && conn->lease_s >= seconds) ? VF_OK : renew(conn, seconds, err);
}

void vf_turso_unlock(struct vf_conn *base)
{
    struct vf_turso_conn *conn = vf_turso_conn_of(base);
    bool ignored = false;
    if (conn->lease[0] != '\0')
        (void)(swap_lease(conn, conn->lease, "", "", 0, &ignored, NULL) == VF_OK);
    conn->lease[0] = '\0';
}
