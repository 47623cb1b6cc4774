#include "engine/duckdb/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "engine/duckdb/error.h"

#define MAX_SNAPSHOTS    64
#define MAX_SHOWN        64 /* connections whose work can be watched */
#define LOCK_PAUSE_NS    10000000
#define MOST_LOCK_PAUSES 3000
/* DuckDB needs some memory to do anything, and four times that of a value of a gigabyte to read it: less than this isn't asked of it. It is a limit, and not what is in use: buffers.h. */
#define MIN_MEMORY_BYTES        ((uint64_t)1 << 30)
#define MIN_SOURCE_MEMORY_BYTES ((uint64_t)4 << 30)

struct vf_duckdb_instance {
    struct vf_duckdb_instance *next;
    const struct vf_duckdb_library *lib;
    duckdb_database db;
    char *path;
    uint64_t storage_version;   /* that a file which is made gets */
    uint64_t memory_bytes;      /* 0: DuckDB's own limit */
    unsigned row_group_rows;    /* 0: as many as DuckDB takes */
    struct vf_duckdb_file file; /* device and inode are those of the file that is open */
    bool is_read_only;
    bool made_file; /* the file came into being here */
    bool is_kept;   /* and has something in it */
    bool is_loaded[VF_DUCKDB_EXTENSIONS];
    bool lacks_vss; /* it has an HNSW index, and the extension that knows it isn't there, for this reason */
    struct vf_error vss_missing;
    unsigned n_connections;
    const void *owner;
    char holder[256];
    struct vf_duckdb_buffers buffers;
    uint64_t n_commits;
    uint64_t n_shown;
    struct {
        uint64_t number; /* 0: free */
        duckdb_connection handle;
    } shown[MAX_SHOWN];
    uint64_t n_snapshots;
    uint64_t snapshots[MAX_SNAPSHOTS]; /* numbers of those that live, 0: free */
};

/* Global, as the lock on a file is one of the process; guarded by the mutex, all fields of an instance too. */
static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct vf_duckdb_instance *registry;

/* ---- opening ---- */

static enum vf_status set_config(const struct vf_duckdb_instance *instance, duckdb_config config, struct vf_error *err)
{
    const struct vf_duckdb_library *lib = instance->lib;
    static const char *const settings[][2] = {
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        {"custom_user_agent", "vecferry"},
    };
    char memory[32];
    bool is_set = true;
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        is_set = is_set && lib->set_config(config, settings[i][0], settings[i][1]) == DuckDBSuccess;
    if (instance->memory_bytes > 0) {
        snprintf(memory, sizeof(memory), "%" PRIu64 "B", instance->memory_bytes);
        is_set = is_set && lib->set_config(config, "memory_limit", memory) == DuckDBSuccess;
    }
    return is_set ? VF_OK : vf_error_set(err, VF_MISSING, "DuckDB %s refuses a setting", lib->library_version());
}

static enum vf_status open_memory(struct vf_duckdb_instance *instance, struct vf_error *err)
{
    const struct vf_duckdb_library *lib = instance->lib;
    duckdb_config config = NULL;
    char *message = NULL;
    if (lib->create_config(&config) != DuckDBSuccess)
        return vf_error_nomem(err);
    enum vf_status status = set_config(instance, config, err);
    if (status == VF_OK && lib->open_ext(":memory:", &instance->db, config, &message) != DuckDBSuccess)
        status = vf_error_set(err, VF_MISSING, "DuckDB doesn't start: %s", message != NULL ? message : "no reason");
    lib->free(message);
    lib->destroy_config(&config);
    return status;
}

/* What an attempt to attach says, in our words where the reason is known. */
static enum vf_status explain(const struct vf_duckdb_instance *instance, const struct vf_error *found,
                              struct vf_error *err)
{
    const char *version = instance->lib->library_version();
    const struct vf_duckdb_file *file = &instance->file;
    enum vf_status status;
    if (strstr(found->message, "Could not set lock") != NULL) {
        const char *process = strstr(found->message, "(PID ");
        long long pid = process != NULL ? strtoll(process + 5, NULL, 10) : 0;
        status = vf_error_set(err, VF_LOCKED, "\"%s\" is open in another program (process %lld)", instance->path, pid);
        vf_error_hint(err, "one program at a time may write to a DuckDB file, and nobody may read it then: end the "
                           "other, or try again later");
        return status;
    }
    bool is_known = file->storage_version >= 64 && file->storage_version <= 67;
    if (file->storage_version != 0 && !is_known && strstr(found->message, "ersion") != NULL) {
        status =
            vf_error_set(err, VF_MISSING, "\"%s\" has storage version %" PRIu64 " (%s), which DuckDB %s can't read",
                         instance->path, file->storage_version, vf_duckdb_storage_name(file->storage_version), version);
        vf_error_hint(err, "use a DuckDB library that reads it (--library-dir), or write the data into a new file with "
                           "ATTACH ... (STORAGE_VERSION 'v1.0.0') and COPY FROM DATABASE");
        return status;
    }
    if (strstr(found->message, "No space left") != NULL || strstr(found->message, "fsync failed") != NULL ||
        strstr(found->message, "Input/output error") != NULL) {
        status = vf_error_set(err, VF_ENGINE, "\"%s\" can't be written: %s", instance->path, found->message);
        vf_error_hint(err, "make room, or look at the disk");
        return status;
    }
    status = vf_error_set(err, VF_CONNECT, "cannot open \"%s\": %s", instance->path, found->message);
    if (strstr(found->message, "Could not read enough bytes") != NULL)
        vf_error_hint(err, "the file is cut short: take another copy of it, made while nobody writes to it");
    else if (strstr(found->message, "orrupt") != NULL)
        vf_error_hint(err, "the file is damaged: restore it from a backup");
    return status;
}

static enum vf_status attach_as(struct vf_duckdb_instance *instance, duckdb_connection handle, const char *file_path,
                                bool is_read_only, struct vf_error *err)
{
    struct vf_buf sql;
    struct vf_error found = {0};
    char path[PATH_MAX + 2];
    /* Never a name with a meaning of its own, as ":memory:" or "postgres:..." would have. */
    snprintf(path, sizeof(path), "%s%s", file_path[0] == '/' ? "" : "./", file_path);
    vf_buf_init(&sql, 65536);
    vf_buf_str(&sql, "ATTACH ");
    vf_duckdb_quote_text(&sql, path, strlen(path));
    vf_buf_str(&sql, " AS " VF_DUCKDB_CATALOG " (TYPE duckdb");
    if (is_read_only)
        vf_buf_str(&sql, ", READ_ONLY");
    else if (!instance->file.exists || instance->file.is_empty)
        vf_buf_printf(&sql, ", STORAGE_VERSION '%s'", vf_duckdb_storage_word(instance->storage_version));
    if (!is_read_only && instance->row_group_rows > 0)
        vf_buf_printf(&sql, ", ROW_GROUP_SIZE %u", instance->row_group_rows);
    vf_buf_char(&sql, ')');
    enum vf_status status = vf_buf_check(&sql, err);
    if (status == VF_OK) {
        status = vf_duckdb_run(instance->lib, handle, sql.data, &found);
        if (status != VF_OK)
            status = explain(instance, &found, err);
    }
    vf_buf_release(&sql);
    return status;
}

static enum vf_status attach(struct vf_duckdb_instance *instance, duckdb_connection handle, bool is_read_only,
                             struct vf_error *err)
{
    return attach_as(instance, handle, instance->path, is_read_only, err);
}

static enum vf_status detach(const struct vf_duckdb_instance *instance, duckdb_connection handle, struct vf_error *err)
{
    return vf_duckdb_run(instance->lib, handle, "DETACH " VF_DUCKDB_CATALOG, err);
}

/* ---- a new file ---- */

static enum vf_status make_and_rename(struct vf_duckdb_instance *instance, duckdb_connection handle, const char *name,
                                      struct vf_error *err)
{
    struct stat found;
    bool is_there = stat(instance->path, &found) == 0;

    if (is_there && found.st_size > 0) /* another process was faster */
        return vf_duckdb_file_check(instance->path, &instance->file, err);
    unlink(name); /* of a process that was killed */
    enum vf_status status = attach_as(instance, handle, name, false, err);
    if (status == VF_OK)
        status = detach(instance, handle, err);
    if (status == VF_OK && ((is_there && chmod(name, found.st_mode & 07777) != 0) || rename(name, instance->path) != 0))
        status = vf_error_set(err, VF_ENGINE, "cannot make \"%s\": %s", instance->path, strerror(errno));
    if (status != VF_OK) {
        unlink(name);
        return status;
    }
    return vf_duckdb_file_check(instance->path, &instance->file, err);
}

/* The making takes milliseconds: a holder that doesn't come to its end, because it was stopped, say, is no reason to wait for ever. A folder that can't be locked is done without. */
static enum vf_status lock_folder(const struct vf_duckdb_instance *instance, int fd, struct vf_error *err)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return VF_OK;
        if (i == MOST_LOCK_PAUSES) {
            vf_error_set(err, VF_LOCKED, "cannot make \"%s\": another process is making a file in its folder",
                         instance->path);
            vf_error_hint(err, "end the other, or try again later");
            return VF_LOCKED;
        }
        nanosleep(&pause, NULL);
    }
    return VF_OK;
}

/*
 * DuckDB makes a file in three writes, and refuses one that has only some of them, or none: a process that is killed there would leave a file that nobody can open. So it is made under another
 * name, by one process at a time, and gets its own when it is whole. A link is left to DuckDB: it would be replaced by the file.
 */
static enum vf_status create(struct vf_duckdb_instance *instance, duckdb_connection handle, struct vf_error *err)
{
    char name[PATH_MAX], folder[PATH_MAX] = ".";
    struct stat found;
    const char *slash = strrchr(instance->path, '/');
    int size = snprintf(name, sizeof(name), "%s.new", instance->path);

    if (size < 0 || (size_t)size >= sizeof(name) || (lstat(instance->path, &found) == 0 && !S_ISREG(found.st_mode)))
        return VF_OK;
    if (slash != NULL)
        snprintf(folder, sizeof(folder), "%.*s", slash == instance->path ? 1 : (int)(slash - instance->path),
                 instance->path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return vf_error_set(err, VF_CONNECT, "cannot open the folder of \"%s\": %s", instance->path, strerror(errno));
    enum vf_status status = lock_folder(instance, fd, err);
    if (status == VF_OK)
        status = make_and_rename(instance, handle, name, err);
    close(fd);
    return status;
}

/* ---- the extension that knows HNSW indexes ---- */

/* An error when there is such an index: a look at it needs no reader of results then. */
static bool has_hnsw(const struct vf_duckdb_instance *instance, duckdb_connection handle)
{
    return vf_duckdb_run(instance->lib, handle,
                         "SELECT error('hnsw') FROM duckdb_indexes() WHERE database_name = '" VF_DUCKDB_CATALOG
                         "' AND contains(upper(sql), ' USING HNSW ')",
                         NULL) != VF_OK;
}

/*
 * A file with such an index isn't written to without the extension: DuckDB refuses the first row of its table and never comes back from the second, and a log that is replayed by it leaves rows
 * out of the index without a word. Its rows can be read all the same.
 */
static enum vf_status refuse_without_vss(const struct vf_duckdb_instance *instance, struct vf_error *err)
{
    *err = instance->vss_missing;
    vf_error_wrap(err, "\"%s\" has an HNSW index, and can't be written to without DuckDB's extension for it",
                  instance->path);
    return VF_MISSING;
}

/* Is such an index made in the log, which can't be looked at? The word alone will do: a text that holds it costs no more than the loading of the extension, or its absence a refusal. */
static enum vf_status log_has_hnsw(const struct vf_duckdb_instance *instance, bool *found, struct vf_error *err)
{
    static const char word[] = "hnsw";
    char path[PATH_MAX], part[65536];
    size_t n_matched = 0;
    ssize_t n = 1;
    int size = snprintf(path, sizeof(path), "%s.wal", instance->path);
    int fd = size > 0 && (size_t)size < sizeof(path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    while (fd >= 0 && n_matched < strlen(word) && (n = read(fd, part, sizeof(part))) > 0) {
        for (ssize_t i = 0; i < n && n_matched < strlen(word); i++) {
            char c = (char)(part[i] | 0x20); /* in small letters */
            n_matched = c == word[n_matched] ? n_matched + 1 : c == word[0];
        }
    }
    int code = errno;
    if (fd >= 0)
        close(fd);
    *found = n_matched == strlen(word);
    return fd >= 0 && n >= 0
               ? VF_OK
               : vf_error_set(err, VF_CONNECT, "cannot read the log of \"%s\": %s", instance->path, strerror(code));
}

/* A log with the making of an index in it is replayed by a writer only. Under another name the file has no log, and shows what it was at its last checkpoint. */
static enum vf_status look_without_log(struct vf_duckdb_instance *instance, duckdb_connection handle, bool *is_needed,
                                       struct vf_error *err)
{
    char name[PATH_MAX];
    int size = snprintf(name, sizeof(name), "%s.look", instance->path);

    if (size < 0 || (size_t)size >= sizeof(name))
        return vf_error_set(err, VF_CONNECT, "the name \"%s\" is too long", instance->path);
    unlink(name); /* of a process that was killed */
    if (linkat(AT_FDCWD, instance->path, AT_FDCWD, name, AT_SYMLINK_FOLLOW) != 0)
        return vf_error_set(err, VF_CONNECT, "cannot look at \"%s\" without its log: %s", instance->path,
                            strerror(errno));
    enum vf_status status = attach_as(instance, handle, name, true, err);
    if (status == VF_OK) {
        *is_needed = has_hnsw(instance, handle);
        status = detach(instance, handle, err);
    }
    unlink(name);
    if (status == VF_OK && !*is_needed)
        status = log_has_hnsw(instance, is_needed, err);
    return status;
}

static bool has_unfinished_log(const struct vf_error *found)
{
    return strstr(found->message, "replaying WAL") != NULL && strstr(found->message, "Could not write") != NULL;
}

/* A source isn't written to, so its log isn't finished for it. */
static enum vf_status refuse_log(const struct vf_duckdb_instance *instance, struct vf_error *err)
{
    vf_error_set(err, VF_CONNECT, "\"%s\" was left by a program that was killed, and its log has to be finished first",
                 instance->path);
    vf_error_hint(err,
                  "open it once to be written to, by DuckDB itself, or by --resume when it is the target of a copy");
    return VF_CONNECT;
}

/* Does the file, as it lies there, need the extension? It isn't attached afterwards. */
static enum vf_status look(struct vf_duckdb_instance *instance, duckdb_connection handle, bool *is_needed,
                           struct vf_error *err)
{
    struct vf_error found = {0};
    enum vf_status status = attach(instance, handle, true, &found);

    if (status != VF_OK && has_unfinished_log(&found))
        return instance->is_read_only ? refuse_log(instance, err) : look_without_log(instance, handle, is_needed, err);
    if (status != VF_OK) {
        if (err != NULL)
            *err = found;
        return status;
    }
    *is_needed = has_hnsw(instance, handle);
    return detach(instance, handle, err);
}

/* The extension has to be there before the file is attached to be written to, so a file that exists is looked at read-only first. */
static enum vf_status attach_with_extensions(struct vf_duckdb_instance *instance, duckdb_connection handle,
                                             const struct vf_open_options *options, struct vf_error *err)
{
    struct vf_error ignored;
    bool is_needed = false, is_new = !instance->file.exists || instance->file.is_empty;
    enum vf_status status = is_new ? create(instance, handle, err) : look(instance, handle, &is_needed, err);

    if (status != VF_OK)
        return status;
    if (is_needed) {
        status = vf_duckdb_extension_load(instance->lib, handle, options, VF_DUCKDB_VSS, &instance->vss_missing);
        instance->is_loaded[VF_DUCKDB_VSS] = status == VF_OK;
        instance->lacks_vss = status != VF_OK;
    }
    if (instance->lacks_vss && !instance->is_read_only)
        return refuse_without_vss(instance, err != NULL ? err : &ignored);
    return attach(instance, handle, instance->is_read_only, err);
}

static enum vf_status open_file(struct vf_duckdb_instance *instance, const struct vf_open_options *options,
                                struct vf_error *err)
{
    duckdb_connection handle = NULL;
    struct stat info;
    enum vf_status status = open_memory(instance, err);
    if (status != VF_OK)
        return status;
    if (instance->lib->connect(instance->db, &handle) != DuckDBSuccess)
        return vf_error_nomem(err);
    status = attach_with_extensions(instance, handle, options, err);
    instance->lib->disconnect(&handle);
    if (status != VF_OK)
        return status;
    if (stat(instance->path, &info) != 0)
        return vf_error_set(err, VF_CONNECT, "\"%s\" is gone", instance->path);
    instance->file.device = (uint64_t)info.st_dev;
    instance->file.inode = (uint64_t)info.st_ino;
    return VF_OK;
}

static void release(struct vf_duckdb_instance *instance)
{
    if (instance == NULL)
        return;
    vf_duckdb_buffers_close(&instance->buffers);
    if (instance->db != NULL)
        instance->lib->close(&instance->db);
    vf_free(instance->path);
    vf_free(instance);
}

static enum vf_status choose_storage(struct vf_duckdb_instance *instance, const struct vf_open_options *options,
                                     struct vf_error *err)
{
    if (options->storage == NULL || vf_duckdb_storage_parse(options->storage, &instance->storage_version))
        return VF_OK;
    vf_error_set(err, VF_USAGE, "\"%s\" is no storage version of DuckDB", options->storage);
    vf_error_hint(err, "v1.0.0, v1.2.0, v1.3.0, v1.4.0 and v1.5.0 are: the releases that brought one");
    return VF_USAGE;
}

static enum vf_status open_new(const char *path, const struct vf_open_options *options,
                               const struct vf_duckdb_file *file, const struct vf_duckdb_library *lib,
                               struct vf_duckdb_instance **instance, struct vf_error *err)
{
    struct vf_duckdb_instance *made = vf_calloc(1, sizeof(*made));
    if (made == NULL)
        return vf_error_nomem(err);
    made->lib = lib;
    made->path = vf_strdup(path);
    made->file = *file;
    made->is_read_only = options->side == VF_SIDE_SOURCE;
    made->made_file = !file->exists;
    made->storage_version = VF_DUCKDB_OLDEST_STORAGE;
    uint64_t least_bytes = made->is_read_only ? MIN_SOURCE_MEMORY_BYTES : MIN_MEMORY_BYTES;
    if (options->memory_bytes > 0)
        made->memory_bytes = options->memory_bytes > least_bytes ? options->memory_bytes : least_bytes;
    enum vf_status status = made->path == NULL ? vf_error_nomem(err) : choose_storage(made, options, err);
    if (status == VF_OK)
        status = open_file(made, options, err);
    if (status == VF_OK)
        status = vf_duckdb_buffers_open(lib, made->db, made->memory_bytes, &made->buffers, err);
    if (status != VF_OK) {
        release(made);
        return status;
    }
    made->next = registry;
    registry = made;
    *instance = made;
    return VF_OK;
}

static struct vf_duckdb_instance *find(const struct vf_duckdb_file *file)
{
    for (struct vf_duckdb_instance *instance = registry; instance != NULL; instance = instance->next) {
        if (file->exists && instance->file.device == file->device && instance->file.inode == file->inode)
            return instance;
    }
    return NULL;
}

static enum vf_status get(const char *path, const struct vf_open_options *options, const struct vf_duckdb_library *lib,
                          struct vf_duckdb_instance **instance, struct vf_error *err)
{
    struct vf_duckdb_file file;
    bool is_source = options->side == VF_SIDE_SOURCE;
    enum vf_status status = vf_duckdb_file_check(path, &file, err);
    if (status != VF_OK)
        return status;
    if ((!file.exists && (is_source || options->must_exist)) || (is_source && file.is_empty)) {
        status = vf_error_set(err, VF_CONNECT, file.exists ? "\"%s\" is empty" : "no such file: \"%s\"", path);
        vf_error_hint(err, "look at the path; a relative one starts at the current folder");
        return status;
    }
    struct vf_duckdb_instance *found = find(&file);
    if (found == NULL)
        return open_new(path, options, &file, lib, instance, err);
    if (found->is_read_only && !is_source) {
        status = vf_error_set(err, VF_LOCKED, "\"%s\" is being read by this process, and can't be written to", path);
        vf_error_hint(err, "a DuckDB file can't be source and target at the same time");
        return status;
    }
    *instance = found;
    return VF_OK;
}

enum vf_status vf_duckdb_instance_get(const char *path, const struct vf_open_options *options,
                                      const struct vf_duckdb_library *lib, struct vf_duckdb_instance **instance,
                                      struct vf_error *err)
{
    pthread_mutex_lock(&registry_lock);
    enum vf_status status = get(path, options, lib, instance, err);
    if (status == VF_OK)
        (*instance)->n_connections++;
    pthread_mutex_unlock(&registry_lock);
    return status;
}

/* A look at a target that isn't there yet makes a file: a plan leaves none behind. */
static void remove_if_unused(const struct vf_duckdb_instance *instance)
{
    struct vf_buf log;
    struct stat found;
    if (!instance->made_file || instance->is_kept || stat(instance->path, &found) != 0 || !S_ISREG(found.st_mode))
        return;
    vf_buf_init(&log, 65536);
    vf_buf_printf(&log, "%s.wal", instance->path);
    if (log.data != NULL)
        unlink(log.data);
    vf_buf_release(&log);
    unlink(instance->path);
}

void vf_duckdb_instance_put(struct vf_duckdb_instance *instance)
{
    pthread_mutex_lock(&registry_lock);
    if (--instance->n_connections == 0) {
        struct vf_duckdb_instance **at = &registry;
        while (*at != instance)
            at = &(*at)->next;
        *at = instance->next;
        vf_duckdb_buffers_close(&instance->buffers);
        instance->lib->close(&instance->db);
        instance->db = NULL;
        remove_if_unused(instance);
        release(instance);
    }
    pthread_mutex_unlock(&registry_lock);
}

enum vf_status vf_duckdb_instance_connect(struct vf_duckdb_instance *instance, duckdb_connection *handle,
                                          struct vf_error *err)
{
    static const char *const statements[] = {
        "USE " VF_DUCKDB_CATALOG ".main",
        "SET TimeZone = 'UTC'",
        "SET Calendar = 'gregorian'",
    };
    enum vf_status status = VF_OK;
    duckdb_connection made = NULL;
    if (instance->lib->connect(instance->db, &made) != DuckDBSuccess)
        return vf_error_nomem(err);
    for (size_t i = 0; status == VF_OK && i < sizeof(statements) / sizeof(statements[0]); i++)
        status = vf_duckdb_run(instance->lib, made, statements[i], err);
    if (status != VF_OK) {
        instance->lib->disconnect(&made);
        return status;
    }
    *handle = made;
    return VF_OK;
}

const struct vf_error *vf_duckdb_instance_lacks_vss(const struct vf_duckdb_instance *instance)
{
    return instance->lacks_vss ? &instance->vss_missing : NULL;
}

enum vf_status vf_duckdb_instance_need(struct vf_duckdb_instance *instance, duckdb_connection handle,
                                       const struct vf_open_options *options, enum vf_duckdb_extension extension,
                                       struct vf_error *err)
{
    enum vf_status status = VF_OK;
    pthread_mutex_lock(&registry_lock);
    if (!instance->is_loaded[extension])
        status = vf_duckdb_extension_load(instance->lib, handle, options, extension, err);
    instance->is_loaded[extension] = status == VF_OK;
    pthread_mutex_unlock(&registry_lock);
    return status;
}

static enum vf_status remake(struct vf_duckdb_instance *instance, duckdb_connection handle, struct vf_error *err)
{
    struct stat info;
    enum vf_status status = detach(instance, handle, err);
    if (status != VF_OK)
        return status;
    unlink(instance->path);
    instance->file = (struct vf_duckdb_file){0};
    status = create(instance, handle, err);
    if (status == VF_OK)
        status = attach(instance, handle, false, err);
    if (status != VF_OK)
        return status;
    if (stat(instance->path, &info) != 0)
        return vf_error_set(err, VF_CONNECT, "\"%s\" is gone", instance->path);
    instance->file.device = (uint64_t)info.st_dev;
    instance->file.inode = (uint64_t)info.st_ino;
    return VF_OK;
}

enum vf_status vf_duckdb_instance_choose_storage(struct vf_duckdb_instance *instance, uint64_t storage_version,
                                                 bool *chosen, struct vf_error *err)
{
    duckdb_connection handle = NULL;
    enum vf_status status = VF_OK;
    pthread_mutex_lock(&registry_lock);
    *chosen = instance->storage_version == storage_version;
    if (instance->made_file && !instance->is_kept && !*chosen) {
        instance->storage_version = storage_version;
        if (instance->lib->connect(instance->db, &handle) != DuckDBSuccess)
            status = vf_error_nomem(err);
        if (status == VF_OK)
            status = remake(instance, handle, err);
        if (handle != NULL)
            instance->lib->disconnect(&handle);
        *chosen = status == VF_OK;
    }
    *chosen = *chosen && instance->made_file;
    pthread_mutex_unlock(&registry_lock);
    return status;
}

struct vf_duckdb_buffers *vf_duckdb_instance_buffers(struct vf_duckdb_instance *instance)
{
    return &instance->buffers;
}

enum vf_status vf_duckdb_instance_choose_row_group(struct vf_duckdb_instance *instance, duckdb_connection handle,
                                                   unsigned n_rows, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    pthread_mutex_lock(&registry_lock);
    bool is_new = n_rows != instance->row_group_rows && instance->n_connections == 1 && !instance->is_read_only;
    if (is_new)
        status = vf_duckdb_run(instance->lib, handle, "USE memory.main", err);
    if (is_new && status == VF_OK)
        status = detach(instance, handle, err);
    if (is_new && status == VF_OK) {
        instance->row_group_rows = n_rows;
        status = attach(instance, handle, false, err);
    }
    if (is_new && status == VF_OK)
        status = vf_duckdb_run(instance->lib, handle, "USE " VF_DUCKDB_CATALOG ".main", err);
    pthread_mutex_unlock(&registry_lock);
    return status;
}

void vf_duckdb_instance_keep(struct vf_duckdb_instance *instance)
{
    pthread_mutex_lock(&registry_lock);
    instance->is_kept = true;
    pthread_mutex_unlock(&registry_lock);
}

/* ---- the lock of a run ---- */

bool vf_duckdb_instance_lock(struct vf_duckdb_instance *instance, const void *owner, const char *text, char *holder,
                             size_t holder_bytes)
{
    pthread_mutex_lock(&registry_lock);
    bool is_ours = instance->owner == NULL || instance->owner == owner;
    if (is_ours) {
        instance->owner = owner;
        snprintf(instance->holder, sizeof(instance->holder), "%s", text);
    } else {
        vf_printable(instance->holder, strlen(instance->holder), holder, holder_bytes);
    }
    pthread_mutex_unlock(&registry_lock);
    return is_ours;
}

void vf_duckdb_instance_unlock(struct vf_duckdb_instance *instance, const void *owner)
{
    pthread_mutex_lock(&registry_lock);
    if (instance->owner == owner)
        instance->owner = NULL;
    pthread_mutex_unlock(&registry_lock);
}

/* ---- watching ---- */

uint64_t vf_duckdb_instance_show(struct vf_duckdb_instance *instance, duckdb_connection handle)
{
    uint64_t number = 0;

    pthread_mutex_lock(&registry_lock);
    for (size_t i = 0; number == 0 && i < MAX_SHOWN; i++) {
        if (instance->shown[i].number != 0)
            continue;
        number = instance->shown[i].number = ++instance->n_shown;
        instance->shown[i].handle = handle;
    }
    pthread_mutex_unlock(&registry_lock);
    return number;
}

void vf_duckdb_instance_hide(struct vf_duckdb_instance *instance, uint64_t number)
{
    pthread_mutex_lock(&registry_lock);
    for (size_t i = 0; number != 0 && i < MAX_SHOWN; i++) {
        if (instance->shown[i].number == number)
            instance->shown[i].number = 0;
    }
    pthread_mutex_unlock(&registry_lock);
}

/* Under the lock, so that the connection is there until the answer is. */
void vf_duckdb_instance_progress(struct vf_duckdb_instance *instance, uint64_t number, uint64_t *done, uint64_t *total)
{
    duckdb_query_progress_type progress = {.percentage = -1};

    pthread_mutex_lock(&registry_lock);
    for (size_t i = 0; number != 0 && i < MAX_SHOWN; i++) {
        if (instance->shown[i].number == number)
            progress = instance->lib->query_progress(instance->shown[i].handle);
    }
    pthread_mutex_unlock(&registry_lock);
    bool is_known = progress.percentage >= 0 && progress.rows_processed <= progress.total_rows_to_process;
    *done = is_known ? progress.rows_processed : 0;
    *total = is_known ? progress.total_rows_to_process : 0;
}

/* ---- snapshots ---- */

uint64_t vf_duckdb_instance_commits(struct vf_duckdb_instance *instance)
{
    pthread_mutex_lock(&registry_lock);
    uint64_t n_commits = instance->n_commits;
    pthread_mutex_unlock(&registry_lock);
    return n_commits;
}

void vf_duckdb_instance_count_commit(struct vf_duckdb_instance *instance)
{
    pthread_mutex_lock(&registry_lock);
    instance->n_commits++;
    pthread_mutex_unlock(&registry_lock);
}

uint64_t vf_duckdb_instance_snapshot_begin(struct vf_duckdb_instance *instance)
{
    uint64_t number = 0;
    pthread_mutex_lock(&registry_lock);
    for (size_t i = 0; number == 0 && i < MAX_SNAPSHOTS; i++) {
        if (instance->snapshots[i] == 0)
            number = instance->snapshots[i] = ++instance->n_snapshots;
    }
    pthread_mutex_unlock(&registry_lock);
    return number;
}

void vf_duckdb_instance_snapshot_end(struct vf_duckdb_instance *instance, uint64_t number)
{
    pthread_mutex_lock(&registry_lock);
    for (size_t i = 0; number != 0 && i < MAX_SNAPSHOTS; i++) {
        if (instance->snapshots[i] == number)
            instance->snapshots[i] = 0;
    }
    pthread_mutex_unlock(&registry_lock);
}

bool vf_duckdb_instance_snapshot_lives(struct vf_duckdb_instance *instance, uint64_t number)
{
    bool lives = false;
    pthread_mutex_lock(&registry_lock);
    for (size_t i = 0; number != 0 && i < MAX_SNAPSHOTS; i++)
        lives = lives || instance->snapshots[i] == number;
    pthread_mutex_unlock(&registry_lock);
    return lives;
}
