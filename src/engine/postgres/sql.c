#include <errno.h>
#include <poll.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "engine/postgres/conn.h"
#include "engine/sql.h"

#define WAIT_MS 200 /* how long a raised cancel flag may go unseen */

/* ---- failures ---- */

enum vf_status vf_pg_status_of(const char *sqlstate)
{
    static const struct {
        const char *prefix;
        enum vf_status status;
    } states[] = {
        {"57014", VF_CANCELLED}, {"28", VF_CONNECT},      {"3D000", VF_CONNECT}, {"08", VF_TEMPORARY},
        {"57P", VF_TEMPORARY},   {"53300", VF_CONNECT},   {"40", VF_TEMPORARY},  {"42501", VF_MISSING},
        {"55P03", VF_LOCKED},    {"22", VF_VALUE},        {"23", VF_VALUE},      {"0A000", VF_MISSING},
        {"25006", VF_MISSING},   {"53200", VF_TEMPORARY},
    };
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (vf_str_starts(sqlstate, states[i].prefix))
            return states[i].status;
    }
    return VF_ENGINE;
}

bool vf_pg_is_row_error(const char *sqlstate)
{
    return vf_str_starts(sqlstate, "22") || vf_str_starts(sqlstate, "23") || vf_str_starts(sqlstate, "54") ||
           vf_str_starts(sqlstate, "P0");
}

static const char *remedy_of(const char *sqlstate)
{
    static const struct {
        const char *prefix, *remedy;
    } remedies[] = {
        {"42501", "grant the privilege to this user, or connect as the owner"},
        {"53100", "free space on the disk of the server, then continue with --resume"},
        {"53300", "the server has no connection left: use fewer --jobs, or raise max_connections"},
        {"25006", "the server or the session is read-only: connect to the primary"},
        {"28P01", "check the user and the password"},
        {"28000", "check the user, the database and the rules of pg_hba.conf"},
        {"3D000", "check the name of the database; vecferry doesn't make databases"},
        {"57P", "the server was stopped or is starting: continue with --resume"},
        {"08", "check the network and the server: continue with --resume"},
    };
    for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++) {
        if (vf_str_starts(sqlstate, remedies[i].prefix))
            return remedies[i].remedy;
    }
    return NULL;
}

/* One line, without "ERROR:  " in front and without the newline at the end. */
static void one_line(const char *text, char *out, size_t out_bytes)
{
    size_t n = 0;
    while (*text == '\n' || *text == ' ')
        text++;
    for (; *text != '\0' && n + 1 < out_bytes; text++) {
        if (*text == '\n' && (text[1] == '\0' || strspn(text, "\n\t ") == strlen(text)))
            break;
        out[n++] = *text == '\n' || *text == '\t' ? ' ' : *text;
    }
    out[n] = '\0';
}

static enum vf_status fail_connection(struct vf_pg_conn *conn, struct vf_error *err)
{
    char line[1024];
    one_line(PQerrorMessage(conn->pg), line, sizeof(line));
    if (strstr(line, "cannot allocate memory for") != NULL) /* a row that libpq has no memory for ends the connection */
        return vf_error_set(err, VF_NOMEM, "out of memory");
    vf_error_set(err, VF_TEMPORARY, "the connection to the server was lost: %s",
                 line[0] != '\0' ? line : "the server closed it");
    vf_error_hint(err, "check the network and the server: continue with --resume");
    return VF_TEMPORARY;
}

enum vf_status vf_pg_fail(struct vf_pg_conn *conn, const PGresult *result, struct vf_error *err)
{
    const char *sqlstate = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    if (sqlstate == NULL || sqlstate[0] == '\0')
        return fail_connection(conn, err);
    enum vf_status status = vf_pg_status_of(sqlstate);
    if (status == VF_CANCELLED && conn->was_cancelled) {
        enum vf_status cancelled = vf_cancel_check(conn->base.options.cancel, err);
        return cancelled != VF_OK ? cancelled : vf_error_set(err, VF_CANCELLED, "the statement was cancelled");
    }
    if (status == VF_CANCELLED)
        status = VF_ENGINE; /* somebody else's cancel, or a time-out of the server */

    char line[1024], detail[512] = "";
    one_line(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY), line, sizeof(line));
    const char *more = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    if (more != NULL)
        one_line(more, detail, sizeof(detail));
    vf_error_set(err, status, "%s%s%s%s", line, detail[0] != '\0' ? " (" : "", detail, detail[0] != '\0' ? ")" : "");
    const char *remedy = remedy_of(sqlstate);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    if (remedy != NULL)
        vf_error_hint(err, "%s", remedy);
    else if (hint != NULL)
        vf_error_hint(err, "%s", hint);
    if (err != NULL)
        memcpy(err->sqlstate, sqlstate, strlen(sqlstate) < sizeof(err->sqlstate) ? strlen(sqlstate) + 1 : 0);
    return status;
}

/* ---- waiting ---- */

static void request_cancel(struct vf_pg_conn *conn)
{
    char ignored[256];
    PGcancel *cancel = PQgetCancel(conn->pg);
    if (cancel != NULL)
        PQcancel(cancel, ignored, sizeof(ignored));
    PQfreeCancel(cancel);
    conn->was_cancelled = true;
}

/* Until the socket is ready for one of `events`; a cancel flag that is raised meanwhile is passed on to the server. false: there is no socket any more. */
static bool wait_for(struct vf_pg_conn *conn, short events, short *ready)
{
    struct pollfd fd = {.fd = PQsocket(conn->pg), .events = events};
    for (;;) {
        if (!conn->was_cancelled && vf_cancel_check(conn->base.options.cancel, NULL) != VF_OK)
            request_cancel(conn);
        int n = fd.fd < 0 ? -1 : poll(&fd, 1, WAIT_MS);
        if (n < 0 && errno == EINTR && fd.fd >= 0)
            continue;
        *ready = fd.revents;
        if (n != 0)
            return n > 0;
    }
}

bool vf_pg_wait(struct vf_pg_conn *conn)
{
    short ready = 0;
    return wait_for(conn, POLLIN, &ready) && PQconsumeInput(conn->pg) == 1;
}

bool vf_pg_flush(struct vf_pg_conn *conn)
{
    for (;;) {
        short ready = 0;
        int left = PQflush(conn->pg);
        if (left <= 0)
            return left == 0;
        /* What the server says is taken too: it may stop reading until somebody reads. */
        if (!wait_for(conn, POLLIN | POLLOUT, &ready) || ((ready & POLLIN) != 0 && PQconsumeInput(conn->pg) != 1))
            return false;
    }
}

PGresult *vf_pg_finish(struct vf_pg_conn *conn)
{
    PGresult *kept = NULL;
    for (;;) {
        while (PQisBusy(conn->pg)) {
            if (!vf_pg_wait(conn)) {
                PQclear(kept);
                return NULL;
            }
        }
        PGresult *next = PQgetResult(conn->pg);
        if (next == NULL)
            return kept;
        ExecStatusType status = PQresultStatus(kept);
        bool kept_failed = kept != NULL && (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE);
        PQclear(kept_failed ? next : kept);
        if (!kept_failed)
            kept = next;
        status = PQresultStatus(kept);
        if (status == PGRES_COPY_OUT || status == PGRES_COPY_IN)
            return kept;
    }
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_OUT ||
           status == PGRES_COPY_IN || status == PGRES_EMPTY_QUERY;
}

static enum vf_status take(struct vf_pg_conn *conn, int sent, PGresult **result, struct vf_error *err)
{
    PGresult *found = sent == 1 ? vf_pg_finish(conn) : NULL;
    *result = NULL;
    if (found == NULL || !is_good(found)) {
        enum vf_status status = vf_pg_fail(conn, found, err);
        PQclear(found);
        return status;
    }
    *result = found;
    return VF_OK;
}

enum vf_status vf_pg_query(struct vf_pg_conn *conn, const char *sql, int n_params, const char *const *params,
                           PGresult **result, struct vf_error *err)
{
    conn->was_cancelled = false;
    return take(conn, PQsendQueryParams(conn->pg, sql, n_params, NULL, params, NULL, NULL, 0), result, err);
}

enum vf_status vf_pg_exec(struct vf_pg_conn *conn, const char *sql, struct vf_error *err)
{
    PGresult *result = NULL;
    conn->was_cancelled = false;
    enum vf_status status = take(conn, PQsendQuery(conn->pg, sql), &result, err);
    PQclear(result);
    return status;
}

enum vf_status vf_pg_exec_buf(struct vf_pg_conn *conn, struct vf_buf *sql, struct vf_error *err)
{
    enum vf_status status = vf_buf_check(sql, err);
    if (status == VF_OK)
        status = vf_pg_exec(conn, sql->data, err);
    vf_buf_clear(sql);
    return status;
}

enum vf_status vf_pg_query_buf(struct vf_pg_conn *conn, struct vf_buf *sql, PGresult **result, struct vf_error *err)
{
    enum vf_status status = vf_buf_check(sql, err);
    *result = NULL;
    if (status == VF_OK) {
        conn->was_cancelled = false;
        status = take(conn, PQsendQuery(conn->pg, sql->data), result, err);
    }
    vf_buf_clear(sql);
    return status;
}

enum vf_status vf_pg_get_text(struct vf_pg_conn *conn, const char *sql, int n_params, const char *const *params,
                              char *out, size_t out_bytes, struct vf_error *err)
{
    PGresult *result = NULL;
    enum vf_status status = vf_pg_query(conn, sql, n_params, params, &result, err);
    out[0] = '\0';
    if (status == VF_OK && PQntuples(result) > 0) {
        const char *text = PQgetvalue(result, 0, 0);
        size_t size_bytes = vf_utf8_cut(text, strlen(text), out_bytes - 1);
        memcpy(out, text, size_bytes);
        out[size_bytes] = '\0';
    }
    PQclear(result);
    return status;
}

enum vf_status vf_pg_savepoint(struct vf_pg_conn *conn, bool *made, struct vf_error *err)
{
    *made = PQtransactionStatus(conn->pg) == PQTRANS_INTRANS;
    return *made ? vf_pg_exec(conn, "SAVEPOINT vecferry", err) : VF_OK;
}

enum vf_status vf_pg_savepoint_end(struct vf_pg_conn *conn, bool keep, struct vf_error *err)
{
    if (keep)
        return vf_pg_exec(conn, "RELEASE SAVEPOINT vecferry", err);
    return vf_pg_exec(conn, "ROLLBACK TO SAVEPOINT vecferry; RELEASE SAVEPOINT vecferry", err);
}

/* ---- texts ---- */

void vf_pg_quote(struct vf_buf *out, const char *identifier)
{
    vf_sql_quote(out, identifier);
}

void vf_pg_quote_text(struct vf_buf *out, const char *text, size_t size_bytes)
{
    bool has_backslash = size_bytes > 0 && memchr(text, '\\', size_bytes) != NULL;
    vf_buf_str(out, has_backslash ? " E'" : "'");
    for (size_t i = 0; i < size_bytes; i++) {
        if (text[i] == '\'' || text[i] == '\\')
            vf_buf_char(out, text[i]);
        vf_buf_char(out, text[i]);
    }
    vf_buf_char(out, '\'');
}

void vf_pg_quote_table(struct vf_buf *out, const char *schema, const char *name)
{
    if (schema != NULL) {
        vf_pg_quote(out, schema);
        vf_buf_char(out, '.');
    }
    vf_pg_quote(out, name);
}

const char *vf_pg_copy(const PGresult *result, int row, int column, struct vf_arena *arena)
{
    if (PQgetisnull(result, row, column))
        return NULL;
    return vf_arena_strdup(arena, PQgetvalue(result, row, column));
}

int64_t vf_pg_i64(const PGresult *result, int row, int column, int64_t otherwise)
{
    int64_t value = 0;
    const char *text = PQgetvalue(result, row, column);
    if (PQgetisnull(result, row, column) || !vf_parse_i64(text, strlen(text), &value))
        return otherwise;
    return value;
}

enum vf_status vf_pg_texts(const PGresult *result, int row, int column, struct vf_arena *arena, const char ***texts,
                           size_t *n_texts, struct vf_error *err)
{
    *texts = NULL;
    *n_texts = 0;
    if (PQgetisnull(result, row, column))
        return VF_OK;
    json_t *array = json_loads(PQgetvalue(result, row, column), 0, NULL);
    size_t n = json_array_size(array);
    const char **copies = vf_arena_alloc(arena, n + 1, sizeof(*copies));
    bool ok = array != NULL && copies != NULL;
    for (size_t i = 0; i < n && ok; i++) {
        const char *text = json_string_value(json_array_get(array, i));
        copies[i] = vf_arena_strdup(arena, text);
        ok = text == NULL || copies[i] != NULL;
    }
    json_decref(array);
    if (!ok)
        return vf_error_nomem(err);
    *texts = copies;
    *n_texts = n;
    return VF_OK;
}
