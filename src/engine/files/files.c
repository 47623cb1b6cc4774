#include "engine/files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/files/conn.h"
#include "engine/sql.h"

static const struct vf_limits limits = {
    .text_nul = true,
    .vector_not_finite = true,
    .timestamp_infinity = true,
    .max_loaders = 1,
};

/* ---- open ---- */

static enum vf_status split_url(const char *path, struct vf_files_conn *conn, struct vf_error *err)
{
    static const char option[] = "?path=";
    const char *question = strchr(path, '?');
    size_t size_bytes = question != NULL ? (size_t)(question - path) : strlen(path);
    if (question != NULL && !vf_str_starts(question, option)) {
        enum vf_status status = vf_error_set(err, VF_USAGE, "\"%s\" isn't known in a files URL", question);
        vf_error_hint(err, "known is ?path=, for instance files:/folder?path=agents/{key}/identity.json");
        return status;
    }
    const char *pattern = question != NULL ? question + strlen(option) : VF_FILES_PATTERN;
    conn->folder = vf_strndup(path, size_bytes);
    conn->pattern = vf_strdup(pattern);
    return conn->folder == NULL || conn->pattern == NULL ? vf_error_nomem(err) : vf_files_pattern_check(pattern, err);
}

static enum vf_status open_folder(struct vf_files_conn *conn, struct vf_error *err)
{
    bool is_source = conn->base.options.side == VF_SIDE_SOURCE;
    if (!is_source && !conn->base.options.must_exist) {
        conn->made_folder = mkdir(conn->folder, 0700) == 0;
        if (!conn->made_folder && errno != EEXIST)
            return vf_error_set(err, VF_CONNECT, "cannot make the folder \"%s\": %s", conn->folder, strerror(errno));
    }
    conn->fd = open(conn->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (conn->fd >= 0)
        return VF_OK;
    enum vf_status status = errno == ENOTDIR ? vf_error_set(err, VF_CONNECT, "\"%s\" isn't a folder", conn->folder)
                                             : vf_error_set(err, VF_CONNECT, "cannot open the folder \"%s\": %s",
                                                            conn->folder, strerror(errno));
    if (errno == ENOTDIR)
        vf_error_hint(err, "name a folder; each row is a file in it");
    return status;
}

static enum vf_status count_name(void *context, int fd, const char *name, struct vf_error *err)
{
    size_t *n_names = context;
    (void)fd;
    (void)name;
    (void)err;
    ++*n_names;
    return VF_OK;
}

/* A plan, and the pattern of many folders, only look at a target. Of a folder that was made for that, which holds nothing but the lock of a run that has ended, nothing stays. */
static void remove_empty(const struct vf_files_conn *conn)
{
    size_t n_names = 0, n_state = 0;
    int fd = openat(conn->fd, VF_FILES_STATE "/run", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    bool is_free = fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0;
    bool is_empty = is_free && vf_files_each_name(conn, "", count_name, &n_names, NULL) == VF_OK &&
                    vf_files_each_name(conn, VF_FILES_STATE, count_name, &n_state, NULL) == VF_OK &&
                    n_names == (fd >= 0) && n_state == (fd >= 0);
    if (is_empty && fd >= 0) {
        unlinkat(conn->fd, VF_FILES_STATE "/run", 0);
        unlinkat(conn->fd, VF_FILES_STATE, AT_REMOVEDIR);
    }
    if (is_empty)
        rmdir(conn->folder);
    if (fd >= 0)
        close(fd);
}

static void files_close(struct vf_conn *base)
{
    struct vf_files_conn *conn = vf_files_conn_of(base);
    vf_files_rollback(base);
    vf_files_end_snapshot(base);
    if (conn->run_fd >= 0)
        close(conn->run_fd);
    if (conn->writer_fd >= 0)
        close(conn->writer_fd);
    if (conn->fd >= 0 && conn->made_folder)
        remove_empty(conn);
    if (conn->fd >= 0)
        close(conn->fd);
    vf_free(conn->folder);
    vf_free(conn->pattern);
    vf_free(conn);
}

static enum vf_status files_open(const struct vf_url *url, const struct vf_open_options *options, struct vf_conn **conn,
                                 struct vf_error *err)
{
    struct vf_files_conn *opened = vf_calloc(1, sizeof(*opened));
    if (opened == NULL)
        return vf_error_nomem(err);
    opened->base.ops = &vf_files_engine;
    opened->base.options = *options;
    opened->base.options.password = NULL;
    opened->fd = opened->writer_fd = opened->run_fd = opened->transaction.fd = -1;
    enum vf_status status = split_url(url->path != NULL ? url->path : "", opened, err);
    if (status == VF_OK)
        status = open_folder(opened, err);
    if (status == VF_OK && options->side != VF_SIDE_SOURCE)
        status = vf_files_recover(opened, err);
    if (status != VF_OK) {
        files_close((struct vf_conn *)(void *)opened);
        return status;
    }
    *conn = (struct vf_conn *)(void *)opened;
    return VF_OK;
}

static enum vf_status files_describe(struct vf_conn *base, struct vf_server *server, struct vf_error *err)
{
    const struct vf_files_conn *conn = vf_files_conn_of(base);
    struct stat info;
    *server = (struct vf_server){.product = "files", .version = "1", .version_number = 1};
    if (fstat(conn->fd, &info) != 0)
        return vf_files_fail(conn, "look at", "", err);
    snprintf(server->identity, sizeof(server->identity), "files %llx:%llx", (unsigned long long)info.st_dev,
             (unsigned long long)info.st_ino);
    return VF_OK;
}

static const struct vf_limits *files_limits(const struct vf_conn *conn)
{
    (void)conn;
    return &limits;
}

/* ---- target ---- */

static enum vf_status files_map_column(struct vf_conn *conn, const struct vf_table *table,
                                       const struct vf_column *column, struct vf_arena *arena,
                                       struct vf_mapping *mapping, struct vf_error *err)
{
    char type[48];
    (void)conn;
    (void)table;
    mapping->native = vf_arena_strdup(arena, vf_type_format(column->type, type));
    if (mapping->native == NULL)
        return vf_error_nomem(err);
    mapping->form = VF_FORM_NATIVE;
    mapping->fidelity = VF_FIDELITY_EXACT;
    mapping->default_moved = column->def.kind != VF_DEFAULT_EXPRESSION;
    if (!mapping->default_moved)
        mapping->default_why = "the expression isn't understood";
    return VF_OK;
}

static enum vf_status files_map_index(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                      struct vf_arena *arena, struct vf_index_mapping *mapping, struct vf_error *err)
{
    (void)conn;
    (void)table;
    (void)arena;
    (void)err;
    mapping->moved = index->constraint == VF_CONSTRAINT_PRIMARY;
    mapping->index = *index;
    mapping->why =
        mapping->moved ? "the files are named by it" : "a folder has no indexes; it is remembered for the way back";
    return VF_OK;
}

static enum vf_status check_space(const struct vf_files_conn *conn, const struct vf_load_estimate *estimate,
                                  struct vf_problem_list *problems, struct vf_error *err)
{
    struct statvfs info;
    enum vf_status status = VF_OK;
    if (estimate->n_rows < 0 || fstatvfs(conn->fd, &info) != 0)
        return VF_OK;
    /* A file takes whole blocks, and text takes more than twice the bytes of the numbers in it. */
    uint64_t rows = (uint64_t)estimate->n_rows, size = estimate->size_bytes > 0 ? (uint64_t)estimate->size_bytes : 0;
    uint64_t needed_bytes = 3 * size + rows * (uint64_t)info.f_bsize;
    uint64_t free_bytes = (uint64_t)info.f_bavail * info.f_frsize;
    status =
        vf_problem_need_disk(problems, conn->folder, needed_bytes, free_bytes, err,
                             "values %" PRIu64 " MiB x 3 as text + a block of %llu bytes for each of %" PRIu64 " files",
                             size >> 20, (unsigned long long)info.f_bsize, rows);
    if (status == VF_OK && info.f_favail > 0 && info.f_favail < rows)
        status = vf_problem_add(problems, VF_SEVERITY_BLOCK, VF_MISSING, "", "choose another disk", err,
                                "the disk of \"%s\" can take %llu files more, and each of %" PRIu64 " rows is one",
                                conn->folder, (unsigned long long)info.f_favail, rows);
    return status;
}

static enum vf_status files_preflight(struct vf_conn *base, const struct vf_schema *wanted,
                                      const struct vf_load_estimate *estimate, struct vf_problem_list *problems,
                                      struct vf_error *err)
{
    const struct vf_files_conn *conn = vf_files_conn_of(base);
    enum vf_status status = VF_OK;
    if (faccessat(conn->fd, ".", W_OK | X_OK, 0) != 0)
        status = vf_problem_add(problems, VF_SEVERITY_BLOCK, VF_CONNECT, "", "give yourself the right to write there",
                                err, "the folder \"%s\" can't be written: %s", conn->folder, strerror(errno));
    if (status == VF_OK && wanted->n_tables > 1 && !vf_files_pattern_has_table(conn->pattern))
        status = vf_problem_add(
            problems, VF_SEVERITY_BLOCK, VF_USAGE, "", "put {table} into it, or copy one table with --only", err,
            "%zu tables would have the same files: the path \"%s\" has no {table}", wanted->n_tables, conn->pattern);
    if (status == VF_OK && estimate != NULL)
        status = check_space(conn, estimate, problems, err);
    return status;
}

/* The file of a lock may have been taken away, with an empty folder, between opening and locking it. */
static bool is_linked(int fd)
{
    struct stat info;
    if (fstat(fd, &info) == 0 && info.st_nlink > 0)
        return true;
    errno = ENOENT;
    return false;
}

static enum vf_status files_lock(struct vf_conn *base, const char *holder, struct vf_error *err)
{
    struct vf_files_conn *conn = vf_files_conn_of(base);
    char text[256] = "";
    if (conn->run_fd >= 0)
        return VF_OK;
    int state = vf_files_open_folder(conn->fd, VF_FILES_STATE, true);
    int fd = state < 0 ? -1 : openat(state, "run", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    int code = errno;
    if (state >= 0)
        close(state);
    errno = code;
    if (fd < 0)
        return vf_files_fail(conn, "open", VF_FILES_STATE "/run", err);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 || !is_linked(fd)) {
        enum vf_status status = VF_LOCKED;
        if (errno == EWOULDBLOCK) {
            char shown[300];
            ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
            vf_printable(text, n > 0 ? (size_t)n : 0, shown, sizeof(shown));
            vf_error_set(err, VF_LOCKED, "\"%s\" is being filled by another run: %s", conn->folder,
                         n > 0 ? shown : "unknown");
            vf_error_hint(err, "wait for it to end, or end it");
        } else {
            status = vf_files_fail(conn, "lock", VF_FILES_STATE "/run", err);
        }
        close(fd);
        return status;
    }
    size_t size_bytes = vf_utf8_cut(holder, strlen(holder), sizeof(text) - 1);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, holder, size_bytes, 0) != (ssize_t)size_bytes) {
        enum vf_status status = vf_files_fail(conn, "write", VF_FILES_STATE "/run", err);
        close(fd);
        return status;
    }
    conn->run_fd = fd;
    return VF_OK;
}

/* The file stays: who holds the lock is what counts, and a file that goes away would be locked twice. */
static void files_unlock(struct vf_conn *base)
{
    struct vf_files_conn *conn = vf_files_conn_of(base);
    if (conn->run_fd >= 0)
        close(conn->run_fd);
    conn->run_fd = -1;
}

static enum vf_status files_begin_bulk(struct vf_conn *conn, const struct vf_load_estimate *estimate,
                                       struct vf_error *err)
{
    (void)conn;
    (void)estimate;
    (void)err;
    return VF_OK; /* every commit is durable by itself */
}

static enum vf_status files_end_bulk(struct vf_conn *conn, struct vf_error *err)
{
    if (vf_files_conn_of(conn)->transaction.is_open)
        return vf_error_set(err, VF_INTERNAL, "bulk loading ended inside a transaction");
    return VF_OK;
}

const struct vf_engine_ops vf_files_engine = {
    .name = "files",
    .caps = VF_CAP_SNAPSHOT | VF_CAP_TARGET,
    .open = files_open,
    .close = files_close,
    .describe = files_describe,
    .limits = files_limits,
    .inspect = vf_files_inspect,
    .begin_snapshot = vf_files_begin_snapshot,
    .end_snapshot = vf_files_end_snapshot,
    .split = vf_files_split,
    .scan_open = vf_files_scan_open,
    .scan_read = vf_files_scan_read,
    .scan_close = vf_files_scan_close,
    .lookup = vf_files_lookup,
    .map_column = files_map_column,
    .map_index = files_map_index,
    .preflight = files_preflight,
    .lock = files_lock,
    .unlock = files_unlock,
    .table_state = vf_files_table_state,
    .apply = vf_files_apply,
    .begin_bulk = files_begin_bulk,
    .end_bulk = files_end_bulk,
    .begin = vf_files_begin,
    .commit = vf_files_commit,
    .rollback = vf_files_rollback,
    .load_open = vf_files_load_open,
    .load_write = vf_files_load_write,
    .load_close = vf_files_load_close,
    .record_create = vf_files_record_create,
    .record_put = vf_files_record_put,
    .record_get = vf_files_record_get,
    .record_swap = vf_files_record_swap,
    .record_delete = vf_files_record_delete,
};
