#include "engine/sqlite/conn.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/sqlite/bulk.h"
#include "engine/sqlite/file.h"
#include "engine/sqlite/lock.h"
#include "engine/sqlite/snapshot.h"

#define BUSY_TIMEOUT_MS 5000
#define PROGRESS_STEPS  100000
#define NEW_FILE_PAGE_SIZE                                                                                             \
    8192 /* vectors of 768 to 1536 float32 then take one or two pages; 4096 loads at half the speed */
#define IMMUTABLE_SUFFIX "?immutable=1"

/* ---- failures ---- */

static enum vf_status status_of(const struct vf_sqlite_conn *conn, int code)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return VF_LOCKED;
    case SQLITE_NOMEM:
        return VF_NOMEM;
    case SQLITE_INTERRUPT:
        return VF_CANCELLED;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
        return VF_VALUE;
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return conn->is_usable ? VF_ENGINE : VF_CONNECT;
    default:
        return VF_ENGINE;
    }
}

static void hint_for(const struct vf_sqlite_conn *conn, struct vf_error *err, int code)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        vf_error_hint(err, "another program uses \"%s\": end it, or try again later", conn->path);
        break;
    case SQLITE_FULL:
    case SQLITE_IOERR:
        vf_error_hint(err, "look at the disk of \"%s\"; copy --resume goes on after space is freed", conn->path);
        break;
    case SQLITE_CORRUPT:
        vf_error_hint(err, "\"%s\" is damaged: restore it, or take what sqlite3's .recover finds", conn->path);
        break;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
        if (conn->base.options.side == VF_SIDE_SOURCE && !conn->is_immutable)
            vf_error_hint(err,
                          "a file in WAL mode needs a folder that can be written for its -shm file; copy it, or "
                          "add %s to the path if nobody writes it meanwhile",
                          IMMUTABLE_SUFFIX);
        break;
    default:
        break;
    }
}

enum vf_status vf_sqlite_fail(struct vf_sqlite_conn *conn, struct vf_error *err, const char *fmt, ...)
{
    va_list args;
    int code = conn->db != NULL ? conn->lib->extended_errcode(conn->db) : SQLITE_NOMEM;
    enum vf_status status = status_of(conn, code);
    if (status == VF_NOMEM)
        return vf_error_nomem(err);
    if (status == VF_CANCELLED) {
        status = vf_cancel_check(conn->base.options.cancel, err);
        return status != VF_OK ? status : vf_error_set(err, VF_CANCELLED, "interrupted");
    }
    vf_error_set(err, status, "%s",
                 status == VF_LOCKED ? "the database is locked by another program" : conn->lib->errmsg(conn->db));
    if (err != NULL) {
        char what[512];
        va_start(args, fmt);
        vsnprintf(what, sizeof(what), fmt, args);
        va_end(args);
        vf_error_wrap(err, "%s", what);
        err->vendor_code = code;
    }
    hint_for(conn, err, code);
    return status;
}

/* ---- statements ---- */

enum vf_status vf_sqlite_prepare(struct vf_sqlite_conn *conn, const char *sql, sqlite3_stmt **stmt,
                                 struct vf_error *err)
{
    *stmt = NULL;
    if (conn->lib->prepare_v3(conn->db, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL) != SQLITE_OK)
        return vf_sqlite_fail(conn, err, "\"%s\"", conn->path);
    return VF_OK;
}

enum vf_status vf_sqlite_prepare_buf(struct vf_sqlite_conn *conn, struct vf_buf *sql, sqlite3_stmt **stmt,
                                     struct vf_error *err)
{
    *stmt = NULL;
    enum vf_status status = vf_buf_check(sql, err);
    if (status == VF_OK)
        status = vf_sqlite_prepare(conn, sql->data, stmt, err);
    vf_buf_clear(sql);
    return status;
}

enum vf_status vf_sqlite_step(struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, bool *row, struct vf_error *err)
{
    int code = conn->lib->step(stmt);
    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return VF_OK;
    return vf_sqlite_fail(conn, err, "\"%s\"", conn->path);
}

enum vf_status vf_sqlite_exec(struct vf_sqlite_conn *conn, const char *sql, struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    enum vf_status status = vf_sqlite_prepare(conn, sql, &stmt, err);
    while (status == VF_OK && row)
        status = vf_sqlite_step(conn, stmt, &row, err);
    conn->lib->finalize(stmt);
    return status;
}

enum vf_status vf_sqlite_exec_buf(struct vf_sqlite_conn *conn, struct vf_buf *sql, struct vf_error *err)
{
    enum vf_status status = vf_buf_check(sql, err);
    if (status == VF_OK)
        status = vf_sqlite_exec(conn, sql->data, err);
    vf_buf_clear(sql);
    return status;
}

enum vf_status vf_sqlite_get_i64(struct vf_sqlite_conn *conn, const char *sql, int64_t otherwise, int64_t *value,
                                 struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum vf_status status = vf_sqlite_prepare(conn, sql, &stmt, err);
    if (status == VF_OK)
        status = vf_sqlite_step(conn, stmt, &row, err);
    if (status == VF_OK) {
        bool is_there = row && conn->lib->column_type(stmt, 0) != SQLITE_NULL;
        *value = is_there ? conn->lib->column_int64(stmt, 0) : otherwise;
    }
    conn->lib->finalize(stmt);
    return status;
}

enum vf_status vf_sqlite_get_text(struct vf_sqlite_conn *conn, const char *sql, char *out, size_t out_bytes,
                                  struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum vf_status status = vf_sqlite_prepare(conn, sql, &stmt, err);
    if (status == VF_OK)
        status = vf_sqlite_step(conn, stmt, &row, err);
    if (status == VF_OK)
        snprintf(out, out_bytes, "%s", row ? vf_sqlite_column_str(conn, stmt, 0) : "");
    conn->lib->finalize(stmt);
    return status;
}

void vf_sqlite_quote(struct vf_buf *out, const char *identifier)
{
    vf_buf_char(out, '"');
    for (const char *c = identifier; *c != '\0'; c++) {
        if (*c == '"')
            vf_buf_char(out, '"');
        vf_buf_char(out, *c);
    }
    vf_buf_char(out, '"');
}

void vf_sqlite_quote_text(struct vf_buf *out, const char *text, size_t size_bytes)
{
    vf_buf_char(out, '\'');
    for (size_t i = 0; i < size_bytes; i++) {
        if (text[i] == '\'')
            vf_buf_char(out, '\'');
        vf_buf_char(out, text[i]);
    }
    vf_buf_char(out, '\'');
}

const uint8_t *vf_sqlite_column(const struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int column, size_t *size_bytes)
{
    const void *bytes = conn->lib->column_type(stmt, column) == SQLITE_TEXT
                            ? (const void *)conn->lib->column_text(stmt, column)
                            : conn->lib->column_blob(stmt, column);
    *size_bytes = (size_t)conn->lib->column_bytes(stmt, column);
    return bytes == NULL && *size_bytes == 0 ? (const uint8_t *)"" : bytes;
}

const char *vf_sqlite_column_str(const struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = conn->lib->column_text(stmt, column);
    return text != NULL ? (const char *)text : "";
}

/* ---- open ---- */

static int on_progress(void *context)
{
    struct vf_sqlite_conn *conn = context;
    return vf_cancel_check(conn->base.options.cancel, NULL) != VF_OK;
}

/* The switches that are on for every file, because each file is somebody else's. */
static bool harden(const struct vf_sqlite_library *lib, sqlite3 *db)
{
    lib->extended_result_codes(db, 1);
    lib->busy_timeout(db, BUSY_TIMEOUT_MS);
    lib->limit(db, SQLITE_LIMIT_ATTACHED, 0);
    lib->limit(db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000);
    lib->limit(db, SQLITE_LIMIT_TRIGGER_DEPTH, 50);
    lib->limit(db, SQLITE_LIMIT_WORKER_THREADS, 0);
    return lib->db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) == SQLITE_OK &&
           lib->db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) == SQLITE_OK &&
           lib->db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL) == SQLITE_OK &&
           lib->db_config(db, SQLITE_DBCONFIG_DQS_DDL, 1, NULL) ==
               SQLITE_OK; /* old files have "texts" in their schema */
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("/._-~", c) != NULL;
}

/* The name that open is called with: never one with a meaning of its own, as ":memory:" or "file:..." would have. */
static char *name_of(const struct vf_sqlite_conn *conn)
{
    struct vf_buf name;
    vf_buf_init(&name, 65536);
    if (conn->is_immutable)
        vf_buf_str(&name, conn->path[0] == '/' ? "file://" : "file:");
    else if (conn->path[0] != '/')
        vf_buf_str(&name, "./");
    for (const char *c = conn->path; *c != '\0'; c++) {
        if (conn->is_immutable && !is_unreserved(*c))
            vf_buf_printf(&name, "%%%02x", (unsigned char)*c);
        else
            vf_buf_char(&name, *c);
    }
    if (conn->is_immutable)
        vf_buf_str(&name, IMMUTABLE_SUFFIX);
    return vf_buf_detach(&name);
}

static enum vf_status open_handle(struct vf_sqlite_conn *conn, int flags, sqlite3 **db, struct vf_error *err)
{
    char *name = name_of(conn);
    if (name == NULL)
        return vf_error_nomem(err);
    if (conn->is_immutable)
        flags |= SQLITE_OPEN_URI;
    int code = conn->lib->open_v2(name, db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    vf_free(name);
    if (*db == NULL)
        return vf_error_nomem(err);
    if (code == SQLITE_OK && harden(conn->lib, *db))
        return VF_OK;

    enum vf_status status = vf_error_set(err, VF_CONNECT, "cannot open \"%s\": %s", conn->path, conn->lib->errmsg(*db));
    hint_for(conn, err, code);
    conn->lib->close_v2(*db);
    *db = NULL;
    return status;
}

enum vf_status vf_sqlite_open_another(struct vf_sqlite_conn *conn, sqlite3 **db, struct vf_error *err)
{
    return open_handle(conn, SQLITE_OPEN_READONLY, db, err);
}

/* SQLite takes what is missing of the last page for zeros. While there is a write-ahead log, pages may lie there only. */
static enum vf_status check_last_page(struct vf_sqlite_conn *conn, struct vf_error *err)
{
    int64_t page_bytes = 0, n_pages = 0;
    struct stat info, log;
    char log_path[4096];
    bool fits = snprintf(log_path, sizeof(log_path), "%s-wal", conn->path) < (int)sizeof(log_path);

    if (!fits || stat(conn->path, &info) != 0 || (stat(log_path, &log) == 0 && log.st_size > 0))
        return VF_OK;
    enum vf_status status = vf_sqlite_get_i64(conn, "PRAGMA page_size", 0, &page_bytes, err);
    if (status == VF_OK)
        status = vf_sqlite_get_i64(conn, "PRAGMA page_count", 0, &n_pages, err);
    if (status != VF_OK || page_bytes * n_pages <= info.st_size)
        return status;
    status = vf_error_set(err, VF_ENGINE, "\"%s\" is cut short: it has %lld bytes, and its header speaks of %lld",
                          conn->path, (long long)info.st_size, (long long)(page_bytes * n_pages));
    vf_error_hint(err, "take another copy of the file; a copy of a file in use is made by sqlite3's .backup");
    return status;
}

/* The first read: here a foreign or damaged file, a missing -shm and a lock are found out. */
static enum vf_status first_read(struct vf_sqlite_conn *conn, struct vf_error *err)
{
    int64_t ignored = 0;
    enum vf_status status = vf_sqlite_exec(conn, "PRAGMA cell_size_check = ON", err);
    if (status == VF_OK)
        status = vf_sqlite_get_i64(conn, "SELECT count(*) FROM sqlite_master", 0, &ignored, err);
    conn->is_usable = status == VF_OK;
    int code = conn->lib->extended_errcode(conn->db) & 0xff;
    bool is_odd = code == SQLITE_NOTADB || code == SQLITE_CORRUPT;
    if (status != VF_OK && is_odd)
        return vf_sqlite_file_explain(conn->path, status, err);
    return status == VF_OK ? check_last_page(conn, err) : status;
}

static enum vf_status set_up(struct vf_sqlite_conn *conn, struct vf_error *err)
{
    char sql[64];
    conn->lib->progress_handler(conn->db, PROGRESS_STEPS, on_progress, conn);
    enum vf_status status = first_read(conn, err);
    if (status == VF_OK && conn->base.options.memory_bytes > 0) {
        snprintf(sql, sizeof(sql), "PRAGMA cache_size = -%llu",
                 (unsigned long long)(conn->base.options.memory_bytes / 1024));
        status = vf_sqlite_exec(conn, sql, err);
    }
    if (status == VF_OK && conn->is_new) {
        snprintf(sql, sizeof(sql), "PRAGMA page_size = %d", NEW_FILE_PAGE_SIZE);
        status = vf_sqlite_exec(conn, sql, err);
    }
    return status;
}

static enum vf_status missing_file(const struct vf_sqlite_conn *conn, struct vf_error *err)
{
    enum vf_status status = vf_error_set(err, VF_CONNECT, "no such file: \"%s\"", conn->path);
    vf_error_hint(err, "look at the path; a relative one starts at the current folder");
    return status;
}

static enum vf_status open_file(struct vf_sqlite_conn *conn, struct vf_error *err)
{
    struct vf_sqlite_file file = {0};
    bool is_source = conn->base.options.side == VF_SIDE_SOURCE;
    enum vf_status status = vf_sqlite_file_check(conn->path, &file, err);
    if (status != VF_OK)
        return status;
    if (!file.exists && (is_source || conn->base.options.must_exist))
        return missing_file(conn, err);
    if (!is_source && file.exists && access(conn->path, W_OK) != 0)
        return vf_error_set(err, VF_CONNECT, "cannot write \"%s\": %s", conn->path, strerror(errno));

    conn->is_new = !is_source && (!file.exists || file.is_empty);
    conn->made_file = !file.exists;
    status = open_handle(conn, is_source ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &conn->db,
                         err);
    return status == VF_OK ? set_up(conn, err) : status;
}

static enum vf_status take_path(struct vf_sqlite_conn *conn, const struct vf_url *url, struct vf_error *err)
{
    if (url->path == NULL || url->path[0] == '\0')
        return vf_error_set(err, VF_USAGE, "the URL has no path");
    size_t size_bytes = strlen(url->path);
    size_t suffix_bytes = strlen(IMMUTABLE_SUFFIX);
    if (size_bytes > suffix_bytes && strcmp(url->path + size_bytes - suffix_bytes, IMMUTABLE_SUFFIX) == 0) {
        if (conn->base.options.side != VF_SIDE_SOURCE)
            return vf_error_set(err, VF_USAGE, "\"%s\" is for a source only", IMMUTABLE_SUFFIX);
        conn->is_immutable = true;
        size_bytes -= suffix_bytes;
    }
    conn->path = vf_strndup(url->path, size_bytes);
    return conn->path == NULL ? vf_error_nomem(err) : VF_OK;
}

enum vf_status vf_sqlite_open(const struct vf_url *url, const struct vf_open_options *options, struct vf_conn **conn,
                              struct vf_error *err)
{
    struct vf_sqlite_conn *opened = vf_calloc(1, sizeof(*opened));
    if (opened == NULL)
        return vf_error_nomem(err);
    opened->base.options = *options;
    opened->base.options.password = NULL;
    opened->lib = vf_sqlite_library_linked();
    opened->lock_fd = -1;
    opened->limits = (struct vf_limits){
        .text_nul = true,
        .text_any_bytes = true,
        .vector_not_finite = true,
        .timestamp_infinity = true,
        .identifiers_fold_case = true,
        .max_loaders = 1,
    };
    enum vf_status status = take_path(opened, url, err);
    if (status == VF_OK)
        status = open_file(opened, err);
    if (status != VF_OK) {
        vf_sqlite_close((struct vf_conn *)(void *)opened);
        return status;
    }
    opened->limits.max_columns = (uint32_t)opened->lib->limit(opened->db, SQLITE_LIMIT_COLUMN, -1);
    opened->limits.max_value_bytes = (uint64_t)opened->lib->limit(opened->db, SQLITE_LIMIT_LENGTH, -1);
    *conn = (struct vf_conn *)(void *)opened;
    return VF_OK;
}

/* A look at a target that isn't there yet makes an empty file: a plan leaves none behind. */
static void remove_if_unused(const struct vf_sqlite_conn *conn)
{
    struct stat found;
    if (conn->made_file && conn->is_new && stat(conn->path, &found) == 0 && S_ISREG(found.st_mode) &&
        found.st_size == 0)
        unlink(conn->path);
}

void vf_sqlite_close(struct vf_conn *conn)
{
    struct vf_sqlite_conn *sqlite = vf_sqlite_conn_of(conn);
    if (sqlite->db != NULL) {
        vf_sqlite_end_snapshot(conn);
        if (sqlite->lib->get_autocommit(sqlite->db) == 0)
            (void)(vf_sqlite_exec(sqlite, "ROLLBACK", NULL) == VF_OK);
        vf_sqlite_bulk_abandon(sqlite);
        sqlite->lib->close_v2(sqlite->db);
        remove_if_unused(sqlite);
    }
    vf_sqlite_unlock(conn);
    vf_free(sqlite->path);
    vf_free(sqlite);
}

/* ---- describe ---- */

/* The version of sqlite-vec that made the first vec0 table, as its table <name>_info says. */
static enum vf_status describe_vectors(struct vf_sqlite_conn *conn, struct vf_server *server, struct vf_error *err)
{
    char table[256] = "";
    struct vf_buf sql;
    enum vf_status status = vf_sqlite_get_text(
        conn,
        "SELECT v.name || '_info' FROM sqlite_master v JOIN sqlite_master i ON i.name = v.name || '_info' "
        "WHERE v.type = 'table' AND v.sql LIKE 'CREATE VIRTUAL TABLE%vec0%' ORDER BY v.rowid LIMIT 1",
        table, sizeof(table), err);
    if (status != VF_OK || table[0] == '\0')
        return status;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT value FROM main.");
    vf_sqlite_quote(&sql, table);
    vf_buf_str(&sql, " WHERE key = 'CREATE_VERSION'");
    status = vf_buf_check(&sql, err);
    if (status == VF_OK)
        status = vf_sqlite_get_text(conn, sql.data, server->vector_version, sizeof(server->vector_version), err);
    snprintf(server->vector_product, sizeof(server->vector_product), "sqlite-vec");
    vf_buf_release(&sql);
    return status;
}

enum vf_status vf_sqlite_describe(struct vf_conn *conn, struct vf_server *server, struct vf_error *err)
{
    struct vf_sqlite_conn *sqlite = vf_sqlite_conn_of(conn);
    struct stat info;
    *server = (struct vf_server){.version_number = sqlite->lib->libversion_number()};
    snprintf(server->product, sizeof(server->product), "SQLite");
    snprintf(server->version, sizeof(server->version), "%s", sqlite->lib->libversion());
    if (stat(sqlite->path, &info) != 0)
        return vf_error_set(err, VF_CONNECT, "cannot look at \"%s\": %s", sqlite->path, strerror(errno));
    snprintf(server->identity, sizeof(server->identity), "sqlite:%llx:%llx", (unsigned long long)info.st_dev,
             (unsigned long long)info.st_ino);
    return describe_vectors(sqlite, server, err);
}

const struct vf_limits *vf_sqlite_limits(const struct vf_conn *conn)
{
    return &vf_sqlite_conn_of_const(conn)->limits;
}
