#include "engine/turso/conn.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "engine/sqlitesql/inspect.h"
#include "engine/sqlitesql/scan.h"
#include "engine/turso/answer.h"
#include "engine/turso/lock.h"
#include "engine/turso/memo.h"
#include "engine/turso/rows.h"
#include "engine/turso/statement.h"
#include "engine/turso/warm.h"
#include "engine/turso/watch.h"

#define CONNECT_TIMEOUT_S 30
#define STALL_TIMEOUT_S   300
#define MAX_COLUMNS       2000 /* SQLite's own default */

/* ---- failures ---- */

static enum vf_status fail_on_the_way(struct vf_sqlite_conn *conn, struct vf_error *err)
{
    const struct vf_turso_conn *turso = (const struct vf_turso_conn *)(const void *)conn;
    if (turso->db.code != VF_HRANA_FAILED)
        return VF_OK;
    if (err != NULL)
        *err = turso->db.failure;
    return turso->db.failure.status;
}

static void hint_for(const struct vf_sqlite_conn *conn, int code, struct vf_error *err)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        vf_error_hint(err, "another client writes to \"%s\": end it, or try again later", conn->name);
        break;
    case SQLITE_AUTH:
    case SQLITE_READONLY:
        vf_error_hint(err, "the token may not allow it");
        break;
    default:
        break;
    }
}

enum vf_status vf_turso_fail(struct vf_turso_conn *conn, struct vf_error *err, const char *what)
{
    return vf_sqlite_fail(&conn->sql, err, "%s", what);
}

/* ---- the URL ---- */

static bool is_loopback(const char *base_url)
{
    return vf_str_starts(base_url, "http://127.0.0.1") || vf_str_starts(base_url, "http://localhost") ||
           vf_str_starts(base_url, "http://[::1]");
}

/* What a URL's query may say; the words of the others aren't known, and nothing is ignored. */
struct query {
    bool is_plain; /* tls=0: http for libsql:// */
    bool as_bytes; /* text=bytes: texts.h */
    long stall_timeout_s;
};

static enum vf_status read_query(const char *text, struct query *query, struct vf_error *err)
{
    *query = (struct query){.stall_timeout_s = STALL_TIMEOUT_S};
    while (*text != '\0') {
        size_t size_bytes = strcspn(text, "&");
        const char *equals = memchr(text, '=', size_bytes);
        size_t name_bytes = equals != NULL ? (size_t)(equals - text) : size_bytes;
        int64_t value = -1;
        bool is_number = equals != NULL && vf_parse_i64(equals + 1, size_bytes - name_bytes - 1, &value);
        if (name_bytes == 3 && memcmp(text, "tls", 3) == 0 && is_number && (value == 0 || value == 1))
            query->is_plain = value == 0;
        else if (name_bytes == 13 && memcmp(text, "stall_timeout", 13) == 0 && is_number && value > 0 &&
                 value <= VF_TURSO_LONG_LEASE_S)
            query->stall_timeout_s = (long)value;
        else if (size_bytes == 10 && memcmp(text, "text=bytes", 10) == 0)
            query->as_bytes = true;
        else
            return vf_error_set(err, VF_USAGE, "the URL has a query that isn't known");
        text += size_bytes + (text[size_bytes] == '&' ? 1 : 0);
    }
    return VF_OK;
}

/* libsql://host -> https://host; without a slash at the end. */
static enum vf_status base_url_of(const char *text, struct vf_buf *out, struct query *query, struct vf_error *err)
{
    size_t size_bytes = strcspn(text, "?");
    enum vf_status status = read_query(text[size_bytes] == '?' ? text + size_bytes + 1 : "", query, err);
    if (status != VF_OK) {
        vf_error_hint(err, "it may have tls=0 or 1, stall_timeout=SECONDS, and text=bytes");
        return status;
    }
    while (size_bytes > 0 && text[size_bytes - 1] == '/')
        size_bytes--;
    if (vf_str_starts(text, "libsql://")) {
        size_t scheme_bytes = strlen("libsql");
        vf_buf_str(out, query->is_plain ? "http" : "https");
        vf_buf_add(out, text + scheme_bytes, size_bytes > scheme_bytes ? size_bytes - scheme_bytes : 0);
    } else {
        vf_buf_add(out, text, size_bytes);
    }
    return vf_buf_check(out, err);
}

/* ---- open ---- */

enum question {
    SQLITE_NUMBER = 1, /* step 0 is the session's own */
    TURSO_NUMBER,
    VECTORS,
    VECTOR_INDEX,
    QUOTED_NAME,
    FIRST_WITHOUT_STREAMS,
};

/* The search fails in any case; a server that knows the function complains about the index, which isn't there. The last one fails on a server that puts the name between quotes as it is. */
static const char *const server_questions[] = {
    "SELECT sqlite_version()",
    "SELECT turso_version()",
    "SELECT typeof(vector32('[1]'))",
    "SELECT id FROM vector_top_k('vecferry_none', vector32('[1]'), 1)",
    "SELECT count(*) FROM pragma_table_xinfo('a\"b')",
    NULL,
};

static const char *const no_questions[] = {NULL};

static void ask_version(struct vf_turso_conn *conn)
{
    struct vf_http_answer answer = {0};
    vf_buf_init(&answer.body, 4096);
    if (vf_http_send(conn->db.http, "/version", NULL, &answer, NULL, NULL) == VF_OK && answer.status == 200 &&
        answer.body.size_bytes > 0)
        vf_printable(answer.body.data, answer.body.size_bytes, conn->version, sizeof(conn->version));
    else
        snprintf(conn->version, sizeof(conn->version), "SQLite %.50s", conn->sqlite_version);
    vf_buf_release(&answer.body);
}

/* Whether it builds vector indexes, and what the plan says if it doesn't. */
static void take_index(struct vf_turso_conn *conn)
{
    if (conn->has_vector_index) {
        conn->sql.limits.index_builders[0] = VF_BUILDER_LIBSQL_DISKANN;
        return;
    }
    snprintf(conn->no_index, sizeof(conn->no_index),
             "the server (%s %s) has no libsql_vector_idx: its search is exact; the index is remembered for the way "
             "back",
             conn->product, conn->version);
    conn->sql.no_vector_index = conn->no_index;
}

/* What kind of server it is, and what of libSQL's vectors it has. */
static enum vf_status find_out(struct vf_turso_conn *conn, struct vf_error *err)
{
    char vectors[64] = "", ignored[64];
    struct vf_hrana *db = &conn->db;
    (void)vf_hrana_answer_text(db, SQLITE_NUMBER, conn->sqlite_version, sizeof(conn->sqlite_version));
    (void)vf_hrana_answer_text(db, TURSO_NUMBER, conn->version, sizeof(conn->version));
    conn->has_vectors = vf_hrana_answer_text(db, VECTORS, vectors, sizeof(vectors));
    const char *why = vf_hrana_answer_text(db, VECTOR_INDEX, ignored, sizeof(ignored)) ? "" : db->message.data;
    conn->has_vector_index =
        conn->has_vectors && why != NULL && strstr(why, "no such") == NULL && strstr(why, "vector_top_k") == NULL;
    db->needs_doubled = !vf_hrana_answer_text(db, QUOTED_NAME, ignored, sizeof(ignored));
    snprintf(conn->product, sizeof(conn->product), "%s", conn->version[0] != '\0' ? "tursodb" : "libSQL server");
    if (conn->version[0] == '\0')
        ask_version(conn);
    conn->sql.no_without_rowid = !db->has_streams;
    take_index(conn);
    conn->sql.limits.stored_columns = conn->sql.limits.virtual_columns = db->has_streams;
    return db->code == VF_HRANA_FAILED ? vf_turso_fail(conn, err, conn->name) : VF_OK;
}

static enum vf_status open_session(struct vf_turso_conn *conn, const struct vf_url *url,
                                   const struct vf_open_options *options, struct vf_error *err)
{
    struct vf_buf base_url;
    struct query query = {0};
    vf_buf_init(&base_url, 16384);
    enum vf_status status = base_url_of(url->text, &base_url, &query, err);
    if (status == VF_OK && options->password != NULL && vf_str_starts(base_url.data, "http://") &&
        !is_loopback(base_url.data))
        vf_log_write(options->log, VF_LOG_WARNING, "\"%s\": the token goes over the net unencrypted", conn->name);
    /* What is watched from here on may be read from here on. */
    const struct vf_hrana_questions questions = {
        .always = server_questions,
        .without_streams = options->side == VF_SIDE_SOURCE ? vf_turso_first_questions : no_questions,
    };
    const struct vf_http_options http = {
        .base_url = base_url.data,
        .token = options->password,
        .cancel = options->cancel,
        .connect_timeout_s = CONNECT_TIMEOUT_S,
        .stall_timeout_s = query.stall_timeout_s,
    };
    if (status == VF_OK)
        status = vf_hrana_open(&http, conn->name, options->clock != NULL ? options->clock : vf_clock_system(),
                               options->log, &questions, &conn->db, err);
    conn->stall_timeout_s = query.stall_timeout_s;
    conn->db.as_bytes = query.as_bytes && conn->db.has_streams;
    if (status == VF_OK)
        conn->identity = vf_hash128(base_url.data, base_url.size_bytes);
    vf_buf_release(&base_url);
    return status;
}

enum vf_status vf_turso_open(const struct vf_url *url, const struct vf_open_options *options, struct vf_conn **conn,
                             struct vf_error *err)
{
    char shown[512];
    struct vf_turso_conn *opened = vf_calloc(1, sizeof(*opened));
    if (opened == NULL)
        return vf_error_nomem(err);
    opened->name = vf_strdup(vf_url_show(url, shown, sizeof(shown)));
    opened->sql = (struct vf_sqlite_conn){
        .base = {.options = *options},
        .lib = &vf_turso_library,
        .name = opened->name,
        .is_usable = true,
        .hint = hint_for,
        .fail = fail_on_the_way,
        .prepare_rows = vf_turso_prepare_rows,
        .keep_arguments = vf_turso_keep_arguments,
        .ask_ahead = vf_turso_ask_ahead,
        .limits = {.text_nul = true,
                   .vector_not_finite = true,
                   .timestamp_infinity = true,
                   .identifiers_fold_case = true,
                   .max_columns = MAX_COLUMNS,
                   .max_loaders = 1,
                   .text_builder = VF_TEXT_FTS5},
    };
    opened->sql.base.options.password = NULL;
    enum vf_status status = opened->name == NULL ? vf_error_nomem(err) : open_session(opened, url, options, err);
    if (status != VF_OK) {
        vf_free(opened->name);
        vf_free(opened);
        return status;
    }
    opened->sql.db = (sqlite3 *)(void *)&opened->db;
    status = find_out(opened, err);
    if (status != VF_OK)
        vf_turso_close((struct vf_conn *)(void *)opened);
    else
        *conn = (struct vf_conn *)(void *)opened;
    return status;
}

void vf_turso_close(struct vf_conn *base)
{
    struct vf_turso_conn *conn = vf_turso_conn_of(base);
    vf_turso_forget_expected(conn);
    vf_hrana_rollback(&conn->db);
    vf_turso_unlock(base);
    vf_hrana_close(&conn->db);
    vf_free(conn->name);
    vf_free(conn);
}

/* ---- describe ---- */

static int version_number(const char *version)
{
    int major = 0, minor = 0, patch = 0;
    if (sscanf(version, "%d.%d.%d", &major, &minor, &patch) < 1)
        return 0;
    return major * 1000000 + minor * 1000 + patch;
}

enum vf_status vf_turso_describe(struct vf_conn *base, struct vf_server *server, struct vf_error *err)
{
    struct vf_turso_conn *conn = vf_turso_conn_of(base);
    char hash[33];
    (void)err;
    *server = (struct vf_server){.version_number = version_number(conn->sqlite_version)};
    snprintf(server->product, sizeof(server->product), "%s", conn->product);
    snprintf(server->version, sizeof(server->version), "%s", conn->version);
    if (conn->has_vectors)
        snprintf(server->vector_product, sizeof(server->vector_product), "%s",
                 conn->has_vector_index ? "libSQL vectors with index" : "libSQL vectors without index");
    vf_hash128_format(conn->identity, hash);
    snprintf(server->identity, sizeof(server->identity), "turso:%s", hash);
    snprintf(server->guarantee, sizeof(server->guarantee), "%s",
             conn->db.has_streams ? "a snapshot: one transaction of the server, which it keeps while it is read"
                                  : "no snapshot: rows are read in the order of their keys, and a change meanwhile "
                                    "stops the run");
    return VF_OK;
}

/* ---- snapshots ---- */

void vf_turso_forget_expected(struct vf_turso_conn *conn)
{
    vf_sqlite_scan_close(conn->expected);
    conn->expected = NULL;
}

enum vf_status vf_turso_check_watch(struct vf_turso_conn *conn, struct vf_error *err)
{
    const struct vf_hrana_watch *watch = &conn->db.watch;
    if (!conn->is_watching)
        return VF_OK;
    if (!watch->is_fresh && !vf_hrana_watch_ask(&conn->db))
        return vf_turso_fail(conn, err, conn->name);
    if (watch->n_changes == conn->n_changes && watch->schema_version == conn->schema_version)
        return VF_OK;
    enum vf_status status = vf_error_set(
        err, VF_STATE, "\"%s\" was written to while it was read, and this server keeps no snapshot", conn->name);
    vf_error_hint(err, "stop what writes to it, and start over with --drop-existing");
    return status;
}

/* The server keeps none: changes are watched for. */
static enum vf_status begin_watch(struct vf_turso_conn *conn, struct vf_error *err)
{
    struct vf_hrana_watch *watch = &conn->db.watch;
    bool is_first = watch->is_fresh && !conn->has_watched; /* nothing was asked since the session was opened */
    if (!watch->is_fresh && !vf_hrana_watch_ask(&conn->db))
        return vf_turso_fail(conn, err, "the snapshot");
    conn->n_changes = watch->n_changes;
    conn->schema_version = watch->schema_version;
    conn->is_watching = conn->has_watched = conn->in_snapshot = watch->is_asked = true;
    vf_hrana_memo_begin(&conn->db);
    if (is_first)
        vf_turso_keep_first(&conn->db, FIRST_WITHOUT_STREAMS);
    return VF_OK;
}

/* It is the first reading statement that makes a transaction one instant: what the catalogue holds. */
static enum vf_status begin_transaction(struct vf_turso_conn *conn, struct vf_error *err)
{
    struct vf_hrana *db = &conn->db;
    vf_hrana_begin_write(db, "BEGIN");
    for (size_t i = 0; vf_turso_first_questions[i] != NULL; i++) {
        (void)vf_hrana_step(db, vf_turso_first_questions[i], strlen(vf_turso_first_questions[i]));
        vf_hrana_step_end(db, true, VF_HRANA_IF_OK, 0);
    }
    if (!vf_hrana_begin_run(db) || !vf_hrana_went_well(db, 1)) {
        enum vf_status status = vf_turso_fail(conn, err, "the snapshot");
        vf_hrana_rollback(db);
        return status;
    }
    conn->in_snapshot = true;
    vf_hrana_memo_begin(db);
    vf_turso_keep_first(db, 1);
    return VF_OK;
}

enum vf_status vf_turso_begin_snapshot(struct vf_conn *base, char *token, size_t token_bytes, struct vf_error *err)
{
    struct vf_turso_conn *conn = vf_turso_conn_of(base);
    if (token != NULL && token_bytes > 0)
        token[0] = '\0'; /* nobody can join */
    return conn->db.has_streams ? begin_transaction(conn, err) : begin_watch(conn, err);
}

void vf_turso_end_snapshot(struct vf_conn *base)
{
    struct vf_turso_conn *conn = vf_turso_conn_of(base);
    vf_turso_forget_expected(conn);
    vf_hrana_memo_end(&conn->db);
    conn->db.watch.is_asked = false;
    if (conn->in_snapshot && !conn->is_watching)
        vf_hrana_rollback(&conn->db);
    conn->in_snapshot = conn->is_watching = false;
}
