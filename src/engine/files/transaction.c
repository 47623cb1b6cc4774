#ifdef __linux__
#define _GNU_SOURCE /* syncfs */
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/files/conn.h"

#define WRITER_TIMEOUT_MS 5000
#define SYNC_EACH         16 /* up to so many files are synced one by one, more by one sync of the whole disk */
#define WORK_LIST         "list"

/* ---- locks ---- */

enum vf_status vf_files_lock_state(const struct vf_files_conn *conn, int operation, int *fd, struct vf_error *err)
{
    *fd = vf_files_open_folder(conn->fd, VF_FILES_STATE, false);
    if (*fd < 0)
        return errno == ENOENT ? VF_OK : vf_files_fail(conn, "open", VF_FILES_STATE, err);
    while (flock(*fd, operation) != 0) {
        if (errno == EINTR)
            continue;
        enum vf_status status = vf_files_fail(conn, "lock", VF_FILES_STATE, err);
        close(*fd);
        *fd = -1;
        return status;
    }
    return VF_OK;
}

static enum vf_status try_writer(struct vf_files_conn *conn, bool *taken, struct vf_error *err)
{
    int state = vf_files_open_folder(conn->fd, VF_FILES_STATE, true);
    int fd = state < 0 ? -1 : openat(state, "writer", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    int code = errno;
    if (state >= 0)
        close(state);
    errno = code;
    *taken = false;
    if (fd < 0)
        return vf_files_fail(conn, "open", VF_FILES_STATE "/writer", err);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        conn->writer_fd = fd;
        *taken = true;
        return VF_OK;
    }
    enum vf_status status =
        errno == EWOULDBLOCK || errno == EINTR ? VF_OK : vf_files_fail(conn, "lock", VF_FILES_STATE "/writer", err);
    close(fd);
    return status;
}

enum vf_status vf_files_begin_write(struct vf_files_conn *conn, struct vf_error *err)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    bool taken = false;
    if (conn->writer_fd >= 0)
        return VF_OK;
    for (int waited_ms = 0; !taken; waited_ms++) {
        enum vf_status status = vf_cancel_check(conn->base.options.cancel, err);
        if (status == VF_OK)
            status = try_writer(conn, &taken, err);
        if (status != VF_OK)
            return status;
        if (!taken && waited_ms >= WRITER_TIMEOUT_MS) {
            status = vf_error_set(err, VF_TEMPORARY, "\"%s\" is being written by another transaction", conn->folder);
            vf_error_hint(err, "wait until the other run has ended");
            return status;
        }
        if (!taken)
            nanosleep(&pause, NULL);
    }
    return VF_OK;
}

void vf_files_end_write(struct vf_files_conn *conn)
{
    if (conn->transaction.is_open || conn->writer_fd < 0)
        return;
    close(conn->writer_fd);
    conn->writer_fd = -1;
}

/* ---- what is pending ---- */

static size_t slot_of(const struct vf_files_transaction *transaction, const char *path, struct vf_hash128 hash)
{
    size_t slot = (size_t)hash.low & (transaction->n_slots - 1);
    while (transaction->slots[slot] != 0) {
        const struct vf_files_change *change = &transaction->changes[transaction->slots[slot] - 1];
        if (vf_hash128_equal(change->hash, hash) && strcmp(change->path, path) == 0)
            break;
        slot = (slot + 1) & (transaction->n_slots - 1);
    }
    return slot;
}

static enum vf_status grow(struct vf_files_transaction *transaction, struct vf_error *err)
{
    size_t cap = transaction->cap_changes == 0 ? 64 : transaction->cap_changes * 2;
    struct vf_files_change *changes = vf_realloc(transaction->changes, cap, sizeof(*changes));
    if (changes == NULL)
        return vf_error_nomem(err);
    transaction->changes = changes;
    size_t *slots = vf_calloc(cap * 2, sizeof(*slots));
    if (slots == NULL)
        return vf_error_nomem(err);
    vf_free(transaction->slots);
    transaction->slots = slots;
    transaction->n_slots = cap * 2;
    transaction->cap_changes = cap;
    for (size_t i = 0; i < transaction->n_changes; i++)
        slots[slot_of(transaction, changes[i].path, changes[i].hash)] = i + 1;
    return VF_OK;
}

const struct vf_files_change *vf_files_pending(const struct vf_files_conn *conn, const char *path)
{
    const struct vf_files_transaction *transaction = &conn->transaction;
    if (!transaction->is_open || transaction->n_slots == 0)
        return NULL;
    size_t slot = slot_of(transaction, path, vf_hash128(path, strlen(path)));
    return transaction->slots[slot] == 0 ? NULL : &transaction->changes[transaction->slots[slot] - 1];
}

/* The last word on a path counts. */
static enum vf_status add_change(struct vf_files_transaction *transaction, const char *path, int64_t number,
                                 struct vf_error *err)
{
    struct vf_hash128 hash = vf_hash128(path, strlen(path));
    if (transaction->n_changes == transaction->cap_changes) {
        enum vf_status status = grow(transaction, err);
        if (status != VF_OK)
            return status;
    }
    size_t slot = slot_of(transaction, path, hash);
    if (transaction->slots[slot] != 0) {
        transaction->changes[transaction->slots[slot] - 1].number = number;
        return VF_OK;
    }
    char *copy = vf_arena_strdup(&transaction->arena, path);
    if (copy == NULL)
        return vf_error_nomem(err);
    transaction->changes[transaction->n_changes] = (struct vf_files_change){copy, hash, number};
    transaction->slots[slot] = ++transaction->n_changes;
    return VF_OK;
}

static void forget(struct vf_files_transaction *transaction)
{
    if (transaction->fd >= 0)
        close(transaction->fd);
    vf_arena_release(&transaction->arena);
    vf_free(transaction->changes);
    vf_free(transaction->slots);
    *transaction = (struct vf_files_transaction){.fd = -1};
}

/* ---- single files ---- */

static void staged_name(int64_t number, char name[24])
{
    snprintf(name, 24, "%lld", (long long)number);
}

static enum vf_status stage(struct vf_files_conn *conn, const char *path, const struct vf_buf *text,
                            struct vf_error *err)
{
    char name[24];
    int64_t number = conn->transaction.n_staged++;
    staged_name(number, name);
    enum vf_status status = vf_files_write_new(conn, conn->transaction.fd, name, text, false, err);
    return status == VF_OK ? add_change(&conn->transaction, path, number, err) : status;
}

/* The folder that a file is to be written to. `is_made`: it, or one above it, wasn't there. */
static int open_target(const struct vf_files_conn *conn, const char *path, const char **name, bool *is_made)
{
    int folder = vf_files_open_parent(conn->fd, path, false, name);
    *is_made = folder < 0 && errno == ENOENT;
    return *is_made ? vf_files_open_parent(conn->fd, path, true, name) : folder;
}

/* A file is there for good when its folder says so, and a folder that was made for it when the one above does. */
static bool sync_names(const struct vf_files_conn *conn, int folder, const char *path, bool is_made)
{
    char above[4096];
    size_t size_bytes = strlen(path);
    if (fsync(folder) != 0 || size_bytes >= sizeof(above))
        return false;
    memcpy(above, path, size_bytes + 1);
    for (char *slash = strrchr(above, '/'); is_made && slash != NULL; slash = strrchr(above, '/')) {
        *slash = '\0';
        const char *name = NULL;
        int fd = vf_files_open_parent(conn->fd, above, false, &name);
        bool is_synced = fd >= 0 && fsync(fd) == 0;
        if (fd >= 0)
            close(fd);
        if (!is_synced)
            return false;
    }
    return true;
}

/* Temporary name, fsync, rename, fsync of the folder. The writer's lock is held, so the temporary name is ours. */
static enum vf_status put_now(const struct vf_files_conn *conn, const char *path, const struct vf_buf *text,
                              struct vf_error *err)
{
    const char *name = NULL;
    bool is_made = false;
    int state = vf_files_open_folder(conn->fd, VF_FILES_STATE, true);
    if (state < 0)
        return vf_files_fail(conn, "open", VF_FILES_STATE, err);
    unlinkat(state, "temporary", 0); /* of a dead writer */
    enum vf_status status = vf_files_write_new(conn, state, "temporary", text, true, err);
    int folder = status == VF_OK ? open_target(conn, path, &name, &is_made) : -1;
    if (status == VF_OK &&
        (folder < 0 || renameat(state, "temporary", folder, name) != 0 || !sync_names(conn, folder, path, is_made)))
        status = vf_files_fail(conn, "write", path, err);
    if (folder >= 0)
        close(folder);
    close(state);
    return status;
}

static enum vf_status delete_now(const struct vf_files_conn *conn, const char *path, struct vf_error *err)
{
    const char *name = NULL;
    int folder = vf_files_open_parent(conn->fd, path, false, &name);
    if (folder < 0)
        return errno == ENOENT ? VF_OK : vf_files_fail(conn, "open", path, err);
    bool is_gone = unlinkat(folder, name, 0) == 0 ? fsync(folder) == 0 : errno == ENOENT;
    enum vf_status status = is_gone ? VF_OK : vf_files_fail(conn, "delete", path, err);
    close(folder);
    return status;
}

enum vf_status vf_files_put(struct vf_files_conn *conn, const char *path, const struct vf_buf *text,
                            struct vf_error *err)
{
    if (conn->transaction.is_open)
        return stage(conn, path, text, err);
    bool was_writer = conn->writer_fd >= 0;
    enum vf_status status = vf_files_begin_write(conn, err);
    if (status == VF_OK)
        status = put_now(conn, path, text, err);
    if (!was_writer)
        vf_files_end_write(conn);
    return status;
}

enum vf_status vf_files_delete(struct vf_files_conn *conn, const char *path, struct vf_error *err)
{
    if (conn->transaction.is_open)
        return add_change(&conn->transaction, path, -1, err);
    bool was_writer = conn->writer_fd >= 0;
    enum vf_status status = vf_files_begin_write(conn, err);
    if (status == VF_OK)
        status = delete_now(conn, path, err);
    if (!was_writer)
        vf_files_end_write(conn);
    return status;
}

enum vf_status vf_files_read(const struct vf_files_conn *conn, const char *path, struct vf_buf *out, bool *found,
                             struct vf_error *err)
{
    const struct vf_files_change *change = vf_files_pending(conn, path);
    if (change == NULL)
        return vf_files_read_file(conn, path, out, found, NULL, err);
    *found = change->number >= 0;
    if (!*found)
        return VF_OK;
    char staged[128];
    snprintf(staged, sizeof(staged), VF_FILES_STATE "/%s/%lld", conn->transaction.name, (long long)change->number);
    return vf_files_read_file(conn, staged, out, found, NULL, err);
}

/* ---- moving what was committed ---- */

static enum vf_status move_one(const struct vf_files_conn *conn, int from, const char *staged, const char *path,
                               bool sync, struct vf_error *err)
{
    const char *name = NULL;
    bool is_made = false;
    int folder = open_target(conn, path, &name, &is_made);
    if (folder < 0)
        return vf_files_fail(conn, "open the folder of", path, err);
    /* What isn't there has been moved before the process was killed. */
    bool is_moved = renameat(from, staged, folder, name) == 0 || errno == ENOENT;
    if (is_moved && sync)
        is_moved = sync_names(conn, folder, path, is_made);
    enum vf_status status = is_moved ? VF_OK : vf_files_fail(conn, "write", path, err);
    close(folder);
    return status;
}

static bool sync_disk(const struct vf_files_conn *conn)
{
#ifdef __linux__
    return syncfs(conn->fd) == 0;
#else
    (void)conn;
    sync();
    return true;
#endif
}

/* One line of the list: "NUMBER path", or "- path" for a deletion. */
static enum vf_status move_line(const struct vf_files_conn *conn, int from, char *line, bool sync, struct vf_error *err)
{
    char *path = strchr(line, ' ');
    if (path == NULL)
        return vf_error_set(err, VF_ENGINE, "the list of a transaction in \"%s/" VF_FILES_STATE "\" is damaged",
                            conn->folder);
    *path++ = '\0';
    return line[0] == '-' ? delete_now(conn, path, err) : move_one(conn, from, line, path, sync, err);
}

static enum vf_status move_lines(const struct vf_files_conn *conn, int from, struct vf_buf *list, bool again,
                                 struct vf_error *err)
{
    size_t n_lines = 0;
    for (size_t i = 0; i < list->size_bytes; i++)
        n_lines += list->data[i] == '\n';
    /* Nobody knows which folders a dead process made and didn't sync. */
    bool sync_each = n_lines <= SYNC_EACH && !again;
    enum vf_status status = VF_OK;
    char *next = list->data;
    for (size_t i = 0; status == VF_OK && i < n_lines; i++) {
        char *line = next;
        next = strchr(line, '\n');
        *next++ = '\0';
        status = move_line(conn, from, line, sync_each, err);
    }
    if (status == VF_OK && !sync_each && !sync_disk(conn))
        status = vf_files_fail(conn, "sync", "", err);
    return status;
}

static enum vf_status remove_staged(void *context, int fd, const char *name, struct vf_error *err)
{
    (void)err;
    (void)context;
    unlinkat(fd, name, 0);
    return VF_OK;
}

/* Take the folder of a transaction away, with what is in it. The list goes first: without it nothing is done again. */
static enum vf_status remove_transaction(const struct vf_files_conn *conn, int state, const char *name,
                                         struct vf_error *err)
{
    char path[128];
    snprintf(path, sizeof(path), VF_FILES_STATE "/%s", name);
    enum vf_status status = vf_files_each_name(conn, path, remove_staged, NULL, err);
    if (status == VF_OK && ((unlinkat(state, name, AT_REMOVEDIR) != 0 && errno != ENOENT) || fsync(state) != 0))
        status = vf_files_fail(conn, "take away", path, err);
    return status;
}

/* Move everything to its place; can be done again from any point. */
static enum vf_status settle(const struct vf_files_conn *conn, int state, const char *name, bool again,
                             struct vf_error *err)
{
    struct vf_buf list;
    char path[128];
    bool found = false;
    vf_buf_init(&list, VF_BUF_MAX);
    snprintf(path, sizeof(path), VF_FILES_STATE "/%s/" WORK_LIST, name);
    enum vf_status status = vf_files_read_file(conn, path, &list, &found, NULL, err);
    int from = status == VF_OK ? openat(state, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (status == VF_OK && from < 0)
        status = vf_files_fail(conn, "open", path, err);
    if (status == VF_OK && found)
        status = move_lines(conn, from, &list, again, err);
    /* From here on nothing is done again. */
    if (status == VF_OK && found && (unlinkat(from, WORK_LIST, 0) != 0 || fsync(from) != 0))
        status = vf_files_fail(conn, "take away", path, err);
    if (from >= 0)
        close(from);
    vf_buf_release(&list);
    return status == VF_OK ? remove_transaction(conn, state, name, err) : status;
}

/* ---- the dead ---- */

struct leftovers {
    const struct vf_files_conn *conn;
    struct vf_arena arena;
    size_t n_names, cap_names;
    const char **names;
};

static enum vf_status note_leftover(void *context, int fd, const char *name, struct vf_error *err)
{
    struct leftovers *left = context;
    (void)fd;
    if (!vf_str_starts(name, "tx-") && !vf_str_starts(name, "commit-"))
        return VF_OK;
    if (left->n_names == left->cap_names) {
        size_t cap = left->cap_names == 0 ? 8 : left->cap_names * 2;
        const char **names = vf_realloc(left->names, cap, sizeof(*names));
        if (names == NULL)
            return vf_error_nomem(err);
        left->names = names;
        left->cap_names = cap;
    }
    left->names[left->n_names] = vf_arena_strdup(&left->arena, name);
    return left->names[left->n_names++] != NULL ? VF_OK : vf_error_nomem(err);
}

static enum vf_status list_leftovers(const struct vf_files_conn *conn, struct leftovers *left, struct vf_error *err)
{
    *left = (struct leftovers){.conn = conn};
    return vf_files_each_name(conn, VF_FILES_STATE, note_leftover, left, err);
}

static void leftovers_release(struct leftovers *left)
{
    vf_arena_release(&left->arena);
    vf_free(left->names);
}

enum vf_status vf_files_check_settled(const struct vf_files_conn *conn, struct vf_error *err)
{
    struct leftovers left;
    enum vf_status status = list_leftovers(conn, &left, err);
    for (size_t i = 0; status == VF_OK && i < left.n_names; i++) {
        if (!vf_str_starts(left.names[i], "commit-"))
            continue;
        status = vf_error_set(err, VF_STATE, "\"%s\" holds a transaction of a run that was killed while it ended",
                              conn->folder);
        vf_error_hint(err, "end that run with copy --resume, which moves its files to their places");
    }
    leftovers_release(&left);
    return status;
}

/* With the writer's lock: nobody else has an open transaction. */
static enum vf_status recover_locked(const struct vf_files_conn *conn, struct vf_error *err)
{
    struct leftovers left;
    int state = -1;
    enum vf_status status = list_leftovers(conn, &left, err);
    if (status == VF_OK && left.n_names > 0)
        status = vf_files_lock_state(conn, LOCK_EX, &state, err);
    for (size_t i = 0; status == VF_OK && state >= 0 && i < left.n_names; i++) {
        if (vf_str_starts(left.names[i], "commit-"))
            status = settle(conn, state, left.names[i], true, err);
        else
            status = remove_transaction(conn, state, left.names[i], err);
    }
    if (state >= 0)
        close(state);
    leftovers_release(&left);
    return status;
}

enum vf_status vf_files_recover(struct vf_files_conn *conn, struct vf_error *err)
{
    bool taken = false;
    int state = vf_files_open_folder(conn->fd, VF_FILES_STATE, false);
    if (state < 0)
        return errno == ENOENT ? VF_OK : vf_files_fail(conn, "open", VF_FILES_STATE, err);
    close(state);
    enum vf_status status = try_writer(conn, &taken, err);
    if (status == VF_OK && taken)
        status = recover_locked(conn, err);
    vf_files_end_write(conn);
    return status;
}

/* ---- transactions ---- */

static enum vf_status make_transaction(struct vf_files_conn *conn, struct vf_error *err)
{
    struct vf_files_transaction *transaction = &conn->transaction;
    struct timespec now = {0};
    int state = vf_files_open_folder(conn->fd, VF_FILES_STATE, true);
    if (state < 0)
        return vf_files_fail(conn, "open", VF_FILES_STATE, err);
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t number = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    bool is_made = false;
    for (int i = 0; i < 1000 && !is_made; i++) {
        snprintf(transaction->name, sizeof(transaction->name), "tx-%lld", (long long)(number + i));
        is_made = mkdirat(state, transaction->name, 0700) == 0;
        if (!is_made && errno != EEXIST)
            break;
    }
    if (is_made)
        transaction->fd = openat(state, transaction->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    enum vf_status status = transaction->fd >= 0 ? VF_OK : vf_files_fail(conn, "make", VF_FILES_STATE "/tx", err);
    close(state);
    return status;
}

enum vf_status vf_files_begin(struct vf_conn *base, struct vf_error *err)
{
    struct vf_files_conn *conn = vf_files_conn_of(base);
    if (conn->transaction.is_open)
        return vf_error_set(err, VF_INTERNAL, "a transaction is open already");
    enum vf_status status = vf_files_begin_write(conn, err);
    if (status == VF_OK)
        status = recover_locked(conn, err);
    forget(&conn->transaction);
    if (status == VF_OK)
        status = make_transaction(conn, err);
    conn->transaction.is_open = status == VF_OK;
    vf_files_end_write(conn);
    return status;
}

static enum vf_status write_list(const struct vf_files_conn *conn, struct vf_error *err)
{
    const struct vf_files_transaction *transaction = &conn->transaction;
    struct vf_buf list;
    vf_buf_init(&list, VF_BUF_MAX);
    for (size_t i = 0; i < transaction->n_changes; i++) {
        const struct vf_files_change *change = &transaction->changes[i];
        if (change->number < 0)
            vf_buf_printf(&list, "- %s\n", change->path);
        else
            vf_buf_printf(&list, "%lld %s\n", (long long)change->number, change->path);
    }
    enum vf_status status = vf_buf_check(&list, err);
    if (status == VF_OK)
        status = vf_files_write_new(conn, transaction->fd, WORK_LIST, &list, true, err);
    vf_buf_release(&list);
    return status;
}

/* All staged files, and the folder that says that they are there. */
static enum vf_status sync_staged(const struct vf_files_conn *conn, struct vf_error *err)
{
    const struct vf_files_transaction *transaction = &conn->transaction;
    bool is_synced = transaction->n_staged > SYNC_EACH ? sync_disk(conn) : true;
    for (int64_t i = 0; is_synced && transaction->n_staged <= SYNC_EACH && i < transaction->n_staged; i++) {
        char name[24];
        staged_name(i, name);
        int fd = openat(transaction->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        is_synced = fd >= 0 && fsync(fd) == 0;
        if (fd >= 0)
            close(fd);
    }
    is_synced = is_synced && fsync(transaction->fd) == 0;
    return is_synced ? VF_OK : vf_files_fail(conn, "sync", VF_FILES_STATE, err);
}

static enum vf_status end_locked(struct vf_files_conn *conn, int state, bool *is_committed, struct vf_error *err)
{
    char committed[sizeof(conn->transaction.name) + 8];
    snprintf(committed, sizeof(committed), "commit-%s", conn->transaction.name + strlen("tx-"));
    if (renameat(state, conn->transaction.name, state, committed) != 0)
        return vf_files_fail(conn, "commit", VF_FILES_STATE, err);
    *is_committed = true;
    if (fsync(state) != 0)
        return vf_files_fail(conn, "sync", VF_FILES_STATE, err);
    return settle(conn, state, committed, false, err);
}

enum vf_status vf_files_commit(struct vf_conn *base, struct vf_error *err)
{
    struct vf_files_conn *conn = vf_files_conn_of(base);
    bool is_committed = false;
    int state = -1;
    if (!conn->transaction.is_open)
        return vf_error_set(err, VF_INTERNAL, "no transaction is open");
    if (conn->transaction.failed)
        return vf_error_set(err, VF_ENGINE, "the transaction has failed and can only be rolled back");
    enum vf_status status = write_list(conn, err);
    if (status == VF_OK)
        status = sync_staged(conn, err);
    if (status == VF_OK)
        status = vf_files_lock_state(conn, LOCK_EX, &state, err);
    if (status == VF_OK)
        status = end_locked(conn, state, &is_committed, err);
    if (state >= 0)
        close(state);
    if (status != VF_OK && !is_committed) {
        conn->transaction.failed = true;
        return status;
    }
    if (status != VF_OK) { /* it has happened, and the next writer finishes the moving */
        if (err != NULL)
            err->status = VF_TEMPORARY;
        vf_error_wrap(err, "a committed transaction isn't in its place yet");
        status = VF_TEMPORARY;
    }
    forget(&conn->transaction);
    vf_files_end_write(conn);
    return status;
}

void vf_files_rollback(struct vf_conn *base)
{
    struct vf_files_conn *conn = vf_files_conn_of(base);
    if (!conn->transaction.is_open)
        return;
    int state = vf_files_open_folder(conn->fd, VF_FILES_STATE, false);
    if (state >= 0) {
        enum vf_status status = remove_transaction(conn, state, conn->transaction.name, NULL);
        (void)status; /* what stays of it, the next writer takes away */
        close(state);
    }
    forget(&conn->transaction);
    vf_files_end_write(conn);
}
