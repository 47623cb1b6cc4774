#include "engine/sqlite/local.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/text.h"
#include "engine/sqlite/bulk.h"
#include "engine/sqlite/extension.h"
#include "engine/sqlite/file.h"
#include "engine/sqlite/lock.h"
#include "engine/sqlite/snapshot.h"
#include "engine/sqlitesql/vec0_target.h"

#define BUSY_TIMEOUT_MS        5000
#define PROGRESS_STEPS         100000
#define MAX_SOURCE_CACHE_BYTES ((uint64_t)4 << 20)
#define NEW_FILE_PAGE_SIZE                                                                                             \
    8192 /* vectors of 768 to 1536 float32 then take one or two pages; 4096 loads at half the speed */
#define IMMUTABLE_SUFFIX "?immutable=1"

static void hint_for(const struct vf_sqlite_conn *conn, int code, struct vf_error *err)
{
    const struct vf_sqlite_local *local = (const struct vf_sqlite_local *)(const void *)conn;
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        vf_error_hint(err, "another program uses \"%s\": end it, or try again later", conn->name);
        break;
    case SQLITE_FULL:
    case SQLITE_IOERR:
        vf_error_hint(err, "look at the disk of \"%s\"; copy --resume goes on after space is freed", conn->name);
        break;
    case SQLITE_CORRUPT:
        vf_error_hint(err, "\"%s\" is damaged: restore it, or take what sqlite3's .recover finds", conn->name);
        break;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
        if (conn->base.options.side == VF_SIDE_SOURCE && !local->is_immutable)
            vf_error_hint(err,
                          "a file in WAL mode needs a folder that can be written for its -shm file; copy it, or "
                          "add %s to the path if nobody writes it meanwhile",
                          IMMUTABLE_SUFFIX);
        break;
    default:
        break;
    }
}

/* ---- open ---- */

static int on_progress(void *context)
{
    struct vf_sqlite_local *local = context;
    return vf_cancel_check(local->sql.base.options.cancel, NULL) != VF_OK;
}

/* The switches that are on for every file, because each file is somebody else's. Before 3.44 the functions of JSON aren't taken where the schema isn't trusted: a check with json_valid() can't be
 * made, and a file with an index on json_extract() can't be read at all. There are no functions here but SQLite's own, those that do something are refused in schemas all the same, and nothing of
 * a source but its indexes and computed columns is ever evaluated. */
static bool harden(const struct vf_sqlite_library *lib, sqlite3 *db)
{
    int trusts = lib->libversion_number() < 3044000;
    lib->extended_result_codes(db, 1);
    lib->busy_timeout(db, BUSY_TIMEOUT_MS);
    lib->limit(db, SQLITE_LIMIT_ATTACHED, 0);
    lib->limit(db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000);
    lib->limit(db, SQLITE_LIMIT_TRIGGER_DEPTH, 50);
    lib->limit(db, SQLITE_LIMIT_WORKER_THREADS, 0);
    return lib->db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) == SQLITE_OK &&
           lib->db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, trusts, NULL) == SQLITE_OK &&
           lib->db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL) == SQLITE_OK &&
           lib->db_config(db, SQLITE_DBCONFIG_DQS_DDL, 1, NULL) ==
               SQLITE_OK; /* old files have "texts" in their schema */
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("/._-~", c) != NULL;
}

/* The name that open is called with: never one with a meaning of its own, as ":memory:" or "file:..." would have. */
static char *name_of(const struct vf_sqlite_local *local)
{
    struct vf_buf name;
    vf_buf_init(&name, 65536);
    if (local->is_immutable)
        vf_buf_str(&name, local->path[0] == '/' ? "file://" : "file:");
    else if (local->path[0] != '/')
        vf_buf_str(&name, "./");
    for (const char *c = local->path; *c != '\0'; c++) {
        if (local->is_immutable && !is_unreserved(*c))
            vf_buf_printf(&name, "%%%02x", (unsigned char)*c);
        else
            vf_buf_char(&name, *c);
    }
    if (local->is_immutable)
        vf_buf_str(&name, IMMUTABLE_SUFFIX);
    return vf_buf_detach(&name);
}

/* Quiet first: SQLCipher writes to stderr what is wrong with a key. Nothing of the file is read yet. */
static enum vf_status give_key(const struct vf_sqlite_local *local, sqlite3 *db, struct vf_error *err)
{
    const struct vf_sqlite_library *lib = local->sql.lib;
    sqlite3_stmt *stmt = NULL;
    if (lib->prepare_v3(db, "PRAGMA cipher_log_level = NONE", -1, 0, &stmt, NULL) == SQLITE_OK)
        (void)lib->step(stmt);
    lib->finalize(stmt);
    if (lib->key(db, local->key, (int)strlen(local->key)) == SQLITE_OK)
        return VF_OK;
    return vf_error_set(err, VF_CONNECT, "cannot open \"%s\": SQLCipher doesn't take the key", local->path);
}

static enum vf_status open_handle(struct vf_sqlite_local *local, int flags, sqlite3 **db, struct vf_error *err)
{
    char *name = name_of(local);
    if (name == NULL)
        return vf_error_nomem(err);
    if (local->is_immutable)
        flags |= SQLITE_OPEN_URI;
    int code = local->sql.lib->open_v2(name, db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    vf_free(name);
    if (*db == NULL)
        return vf_error_nomem(err);
    enum vf_status status = VF_OK;
    if (code != SQLITE_OK || !harden(local->sql.lib, *db)) {
        status = vf_error_set(err, VF_CONNECT, "cannot open \"%s\": %s", local->path, local->sql.lib->errmsg(*db));
        hint_for(&local->sql, code, err);
    } else if (local->kind == VF_SQLITE_CIPHER) {
        status = give_key(local, *db, err);
    }
    if (status == VF_OK)
        return VF_OK;
    local->sql.lib->close_v2(*db);
    *db = NULL;
    return status;
}

enum vf_status vf_sqlite_open_another(struct vf_sqlite_local *local, sqlite3 **db, struct vf_error *err)
{
    return open_handle(local, SQLITE_OPEN_READONLY, db, err);
}

/* SQLite takes what is missing of the last page for zeros. While there is a write-ahead log, pages may lie there only. */
static enum vf_status check_last_page(struct vf_sqlite_local *local, struct vf_error *err)
{
    int64_t page_bytes = 0, n_pages = 0;
    struct stat info, log;
    char log_path[4096];
    bool fits = snprintf(log_path, sizeof(log_path), "%s-wal", local->path) < (int)sizeof(log_path);

    if (!fits || stat(local->path, &info) != 0 || (stat(log_path, &log) == 0 && log.st_size > 0))
        return VF_OK;
    enum vf_status status = vf_sqlite_get_i64(&local->sql, "PRAGMA page_size", 0, &page_bytes, err);
    if (status == VF_OK)
        status = vf_sqlite_get_i64(&local->sql, "PRAGMA page_count", 0, &n_pages, err);
    if (status != VF_OK || page_bytes * n_pages <= info.st_size)
        return status;
    status = vf_error_set(err, VF_ENGINE, "\"%s\" is cut short: it has %lld bytes, and its header speaks of %lld",
                          local->path, (long long)info.st_size, (long long)(page_bytes * n_pages));
    vf_error_hint(err, "take another copy of the file; a copy of a file in use is made by sqlite3's .backup");
    return status;
}

static enum vf_status wrong_key(const struct vf_sqlite_local *local, struct vf_error *err)
{
    const char *side = local->sql.base.options.side == VF_SIDE_SOURCE ? "source" : "target";
    vf_error_set(err, VF_CONNECT,
                 "cannot read \"%s\": the key is wrong, or it is no database that SQLCipher 4 encrypted", local->path);
    vf_error_hint(err, "give the file's key by --%s-password-file or --%s-password-command", side, side);
    return VF_CONNECT;
}

/* The first read: here a foreign or damaged file, a missing -shm and a lock are found out. */
static enum vf_status first_read(struct vf_sqlite_local *local, struct vf_error *err)
{
    int64_t ignored = 0;
    enum vf_status status = vf_sqlite_exec(&local->sql, "PRAGMA cell_size_check = ON", err);
    if (status == VF_OK)
        status = vf_sqlite_get_i64(&local->sql, "SELECT count(*) FROM sqlite_master", 0, &ignored, err);
    local->sql.is_usable = status == VF_OK;
    int code = local->sql.lib->extended_errcode(local->sql.db) & 0xff;
    bool is_odd = code == SQLITE_NOTADB || code == SQLITE_CORRUPT;
    if (status != VF_OK && local->kind == VF_SQLITE_CIPHER && code == SQLITE_NOTADB)
        return wrong_key(local, err);
    if (status != VF_OK && local->kind != VF_SQLITE_CIPHER && is_odd)
        return vf_sqlite_file_explain(local->path, status, err);
    return status == VF_OK ? check_last_page(local, err) : status;
}

static enum vf_status set_up(struct vf_sqlite_local *local, struct vf_error *err)
{
    char sql[64];
    local->sql.lib->progress_handler(local->sql.db, PROGRESS_STEPS, on_progress, local);
    enum vf_status status = first_read(local, err);
    uint64_t cache_bytes = local->sql.base.options.memory_bytes;
    /* A scan sees each page once: a large cache would only hold what isn't asked for again, in fresh memory. */
    if (local->sql.base.options.side == VF_SIDE_SOURCE && cache_bytes > MAX_SOURCE_CACHE_BYTES)
        cache_bytes = MAX_SOURCE_CACHE_BYTES;
    if (status == VF_OK && cache_bytes > 0) {
        snprintf(sql, sizeof(sql), "PRAGMA cache_size = -%llu", (unsigned long long)(cache_bytes / 1024));
        status = vf_sqlite_exec(&local->sql, sql, err);
    }
    /* An encrypted file keeps SQLCipher's own page size, so that the key alone opens it. */
    if (status == VF_OK && local->is_new && local->kind != VF_SQLITE_CIPHER) {
        snprintf(sql, sizeof(sql), "PRAGMA page_size = %d", NEW_FILE_PAGE_SIZE);
        status = vf_sqlite_exec(&local->sql, sql, err);
    }
    return status;
}

static enum vf_status missing_file(const struct vf_sqlite_local *local, struct vf_error *err)
{
    enum vf_status status = vf_error_set(err, VF_CONNECT, "no such file: \"%s\"", local->path);
    vf_error_hint(err, "look at the path; a relative one starts at the current folder");
    return status;
}

/* ---- the library ---- */

static bool is_source(const struct vf_sqlite_local *local)
{
    return local->sql.base.options.side == VF_SIDE_SOURCE;
}

/* A target that a key is given for, and that isn't encrypted: what is copied would lie there for everybody to read. */
static enum vf_status not_encrypted(const struct vf_sqlite_local *local, struct vf_error *err)
{
    vf_error_set(err, VF_USAGE, "a key is given for \"%s\", and the file isn't encrypted", local->path);
    vf_error_hint(err, "leave the key out (VECFERRY_TARGET_PASSWORD too), or name a new file, which will be encrypted");
    return VF_USAGE;
}

/* Called with the list of open files locked. */
static enum vf_status choose(struct vf_sqlite_local *local, const struct vf_sqlite_file *file, struct vf_error *err)
{
    local->kind = VF_SQLITE_LINKED;
    bool is_open = vf_sqlite_files_find(local->path, &local->kind);
    if (local->kind == VF_SQLITE_CIPHER)
        return local->key == NULL ? wrong_key(local, err) : VF_OK;
    if (local->key == NULL)
        return VF_OK;
    if (is_open)
        return is_source(local) ? VF_OK : not_encrypted(local, err);
    bool is_plain = file->exists && !file->is_empty && vf_sqlite_file_is_plain(local->path);
    if (is_plain && !is_source(local))
        return not_encrypted(local, err);
    if (is_plain)
        vf_log_write(local->sql.base.options.log, VF_LOG_WARNING,
                     "a key is given for \"%s\", and the file isn't encrypted", local->path);
    else
        local->kind = VF_SQLITE_CIPHER;
    return VF_OK;
}

/* Called with the list of open files locked. */
static enum vf_status open_main(struct vf_sqlite_local *local, struct vf_error *err)
{
    int flags = is_source(local) ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    enum vf_status status = VF_OK;
    local->sql.lib = vf_sqlite_library_linked();
    if (local->kind != VF_SQLITE_LINKED) {
        status = vf_sqlite_library_open(local->kind, local->sql.base.options.library_dir, &local->own, err);
        if (status != VF_OK) {
            vf_error_wrap(err, "\"%s\"", local->path);
            return status;
        }
        local->sql.lib = &local->own;
    }
    status = open_handle(local, flags, &local->sql.db, err);
    return status == VF_OK ? vf_sqlite_files_add(local->path, local->kind, &local->file, err) : status;
}

/* The list is told after the file was closed: in between, nobody opens it by another library. */
static void close_main(struct vf_sqlite_local *local)
{
    vf_sqlite_files_lock();
    local->sql.lib->close_v2(local->sql.db);
    vf_sqlite_release_vec0(local);
    vf_sqlite_files_remove(local->file);
    vf_sqlite_files_unlock();
    local->sql.db = NULL;
    local->file = NULL;
}

/* libSQL's library is tried before SQLite has let go of the file, so that one that is missing changes nothing: the target can still be read, and preflight says what is missing. */
static enum vf_status change_to_libsql(struct vf_sqlite_local *local, struct vf_error *err)
{
    struct vf_sqlite_library probe;
    enum vf_status status =
        vf_sqlite_library_open(VF_SQLITE_LIBSQL, local->sql.base.options.library_dir, &probe, &local->libsql_missing);
    if (status != VF_OK)
        return status == VF_MISSING ? VF_OK : vf_error_set(err, status, "%s", local->libsql_missing.message);
    vf_sqlite_files_lock();
    bool is_alone = vf_sqlite_files_is_alone(local->file);
    if (is_alone) {
        local->sql.lib->close_v2(local->sql.db);
        vf_sqlite_release_vec0(local);
        vf_sqlite_files_remove(local->file);
        local->sql.db = NULL;
        local->file = NULL;
        local->kind = VF_SQLITE_LIBSQL;
        status = open_main(local, err);
    } else {
        vf_error_set(&local->libsql_missing, VF_LOCKED, "\"%s\" is open in this process by another library",
                     local->path);
    }
    vf_sqlite_files_unlock();
    return status == VF_OK && is_alone ? set_up(local, err) : status;
}

/* A target is libSQL's when its URL says so, or when libSQL has been at work in it. */
static enum vf_status find_libsql(struct vf_sqlite_local *local, struct vf_error *err)
{
    int64_t found = 0;
    enum vf_status status = vf_sqlite_get_i64(
        &local->sql,
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'index' AND sql LIKE '%libsql_vector_idx%')", 0,
        &found, err);
    if (status != VF_OK)
        return status;
    local->has_vector_index = found != 0;
    if (local->kind == VF_SQLITE_CIPHER) /* a sidecar would hold the vectors in the clear */
        local->sql.limits.index_builders[0] = VF_BUILDER_NONE;
    local->sql.is_libsql = local->sql.is_libsql || local->has_vector_index;
    if (!local->sql.is_libsql || local->kind == VF_SQLITE_CIPHER)
        return VF_OK;
    local->sql.no_vector_index = NULL;
    local->sql.limits.index_builders[0] = VF_BUILDER_LIBSQL_DISKANN;
    local->sql.limits.index_builders[1] = VF_BUILDER_USEARCH;
    return local->kind == VF_SQLITE_LINKED ? change_to_libsql(local, err) : VF_OK;
}

static enum vf_status open_file(struct vf_sqlite_local *local, struct vf_error *err)
{
    struct vf_sqlite_file file = {0};
    enum vf_status status = vf_sqlite_file_check(local->path, &file, err);
    if (status != VF_OK)
        return status;
    if (!file.exists && (is_source(local) || local->sql.base.options.must_exist))
        return missing_file(local, err);
    if (!is_source(local) && file.exists && access(local->path, W_OK) != 0)
        return vf_error_set(err, VF_CONNECT, "cannot write \"%s\": %s", local->path, strerror(errno));

    local->is_new = !is_source(local) && (!file.exists || file.is_empty);
    vf_sqlite_files_lock();
    status = choose(local, &file, err);
    if (status == VF_OK)
        status = open_main(local, err);
    vf_sqlite_files_unlock();
    local->made_file = !file.exists;
    if (status == VF_OK)
        status = set_up(local, err);
    return status == VF_OK && !is_source(local) ? find_libsql(local, err) : status;
}

static enum vf_status take_path(struct vf_sqlite_local *local, const struct vf_url *url, struct vf_error *err)
{
    if (url->path == NULL || url->path[0] == '\0')
        return vf_error_set(err, VF_USAGE, "the URL has no path");
    size_t size_bytes = strlen(url->path);
    size_t suffix_bytes = strlen(IMMUTABLE_SUFFIX);
    if (size_bytes > suffix_bytes && strcmp(url->path + size_bytes - suffix_bytes, IMMUTABLE_SUFFIX) == 0) {
        if (local->sql.base.options.side != VF_SIDE_SOURCE)
            return vf_error_set(err, VF_USAGE, "\"%s\" is for a source only", IMMUTABLE_SUFFIX);
        local->is_immutable = true;
        size_bytes -= suffix_bytes;
    }
    local->path = vf_strndup(url->path, size_bytes);
    local->sql.name = local->path;
    return local->path == NULL ? vf_error_nomem(err) : VF_OK;
}

enum vf_status vf_sqlite_open(const struct vf_url *url, const struct vf_open_options *options, struct vf_conn **conn,
                              struct vf_error *err)
{
    struct vf_sqlite_local *opened = vf_calloc(1, sizeof(*opened));
    if (opened == NULL)
        return vf_error_nomem(err);
    opened->sql.base.options = *options;
    opened->sql.base.options.password = NULL;
    opened->sql.lib = vf_sqlite_library_linked();
    opened->sql.hint = hint_for;
    opened->sql.load_vec0 = vf_sqlite_load_vec0;
    opened->lock_fd = -1;
    opened->sql.limits = (struct vf_limits){
        .text_nul = true,
        .text_any_bytes = true,
        .vector_not_finite = true,
        .timestamp_infinity = true,
        .identifiers_fold_case = true,
        .stored_columns = true,
        .virtual_columns = true,
        .max_loaders = 1,
        .index_builders = {VF_BUILDER_USEARCH},
        .text_builder = VF_TEXT_FTS5,
    };
    opened->sql.no_vector_index =
        "SQLite has no approximate index: its search is exact; the index is remembered for the way back";
    opened->sql.is_libsql = vf_str_equal(url->variant, "libsql");
    enum vf_status status = take_path(opened, url, err);
    if (status == VF_OK && options->password != NULL && options->password[0] != '\0') {
        opened->key = vf_strdup(options->password);
        status = opened->key == NULL ? vf_error_nomem(err) : VF_OK;
    }
    if (status == VF_OK)
        status = open_file(opened, err);
    if (status != VF_OK) {
        vf_sqlite_close((struct vf_conn *)(void *)opened);
        return status;
    }
    opened->sql.limits.max_columns = (uint32_t)opened->sql.lib->limit(opened->sql.db, SQLITE_LIMIT_COLUMN, -1);
    opened->sql.limits.max_value_bytes = (uint64_t)opened->sql.lib->limit(opened->sql.db, SQLITE_LIMIT_LENGTH, -1);
    *conn = (struct vf_conn *)(void *)opened;
    return VF_OK;
}

/* A look at a target that isn't there yet makes an empty file: a plan leaves none behind. */
static void remove_if_unused(const struct vf_sqlite_local *local)
{
    struct stat found;
    if (local->made_file && local->is_new && stat(local->path, &found) == 0 && S_ISREG(found.st_mode) &&
        found.st_size == 0)
        unlink(local->path);
}

void vf_sqlite_close(struct vf_conn *conn)
{
    struct vf_sqlite_local *local = vf_sqlite_local_of(conn);
    if (local->sql.db != NULL) {
        vf_sqlite_end_snapshot(conn);
        if (local->sql.lib->get_autocommit(local->sql.db) == 0)
            (void)(vf_sqlite_exec(&local->sql, "ROLLBACK", NULL) == VF_OK);
        vf_sqlite_bulk_abandon(local);
        close_main(local);
        remove_if_unused(local);
    }
    vf_sqlite_unlock(conn);
    vf_secret_free(local->key);
    vf_free(local->path);
    vf_free(local);
}

/* ---- describe ---- */

enum vf_status vf_sqlite_describe(struct vf_conn *conn, struct vf_server *server, struct vf_error *err)
{
    static const char *const suffixes[] = {
        [VF_SQLITE_LINKED] = "", [VF_SQLITE_LIBSQL] = " of libSQL", [VF_SQLITE_CIPHER] = " of SQLCipher"};
    struct vf_sqlite_local *local = vf_sqlite_local_of(conn);
    struct stat info;
    *server = (struct vf_server){.version_number = local->sql.lib->libversion_number()};
    snprintf(server->product, sizeof(server->product), "SQLite");
    snprintf(server->version, sizeof(server->version), "%s%s", local->sql.lib->libversion(), suffixes[local->kind]);
    if (stat(local->path, &info) != 0)
        return vf_error_set(err, VF_CONNECT, "cannot look at \"%s\": %s", local->path, strerror(errno));
    snprintf(server->identity, sizeof(server->identity), "sqlite:%llx:%llx", (unsigned long long)info.st_dev,
             (unsigned long long)info.st_ino);
    enum vf_status status =
        vf_sqlite_get_text(&local->sql, "PRAGMA encoding", server->encoding, sizeof(server->encoding), err);
    return status == VF_OK ? vf_vec0_describe(&local->sql, server, err) : status;
}
