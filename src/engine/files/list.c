#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/files/conn.h"

#define MAX_TRIES 5

/* ---- one table ---- */

struct listing {
    const struct vf_files_conn *conn;
    const struct vf_files_place *place;
    struct vf_files_list *list;
    size_t cap_entries;
};

static enum vf_status add_entry(struct listing *listing, const char *key, size_t key_bytes, const struct stat *info,
                                struct vf_error *err)
{
    struct vf_files_list *list = listing->list;
    if (list->n_entries == listing->cap_entries) {
        size_t cap = listing->cap_entries == 0 ? 256 : listing->cap_entries * 2;
        struct vf_files_entry *entries = vf_realloc(list->entries, cap, sizeof(*entries));
        if (entries == NULL)
            return vf_error_nomem(err);
        list->entries = entries;
        listing->cap_entries = cap;
    }
    char *copy = vf_arena_strndup(&list->arena, key, key_bytes);
    if (copy == NULL)
        return vf_error_nomem(err);
    list->entries[list->n_entries++] = (struct vf_files_entry){
        .key = copy,
        .size_bytes = (uint64_t)info->st_size,
        .inode = (uint64_t)info->st_ino,
        .changed_s = (int64_t)info->st_mtim.tv_sec,
        .changed_ns = (int64_t)info->st_mtim.tv_nsec,
    };
    return VF_OK;
}

/* Is the name BEFORE key AFTER? Names that begin with a point are nobody's rows. */
static bool match_name(const struct vf_files_place *place, const char *name, const char **key, size_t *key_bytes)
{
    size_t name_bytes = strlen(name), before = strlen(place->before), after = strlen(place->after);
    if (name[0] == '.' || name_bytes <= before + after || memcmp(name, place->before, before) != 0 ||
        memcmp(name + name_bytes - after, place->after, after) != 0)
        return false;
    *key = name + before;
    *key_bytes = name_bytes - before - after;
    return true;
}

static enum vf_status see_name(void *context, int fd, const char *name, struct vf_error *err)
{
    struct listing *listing = context;
    const struct vf_files_place *place = listing->place;
    const char *key = NULL;
    size_t key_bytes = 0;
    struct stat info;
    if (!match_name(place, name, &key, &key_bytes))
        return VF_OK;
    if (place->rest[0] == '\0')
        return fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(info.st_mode)
                   ? add_entry(listing, key, key_bytes, &info, err)
                   : VF_OK;
    struct vf_buf path;
    vf_buf_init(&path, 65536);
    vf_buf_printf(&path, "%s/%s", name, place->rest);
    enum vf_status status = vf_buf_check(&path, err);
    if (status == VF_OK && fstatat(fd, path.data, &info, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(info.st_mode))
        status = add_entry(listing, key, key_bytes, &info, err);
    vf_buf_release(&path);
    return status;
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct vf_files_entry *)a)->key, ((const struct vf_files_entry *)b)->key);
}

static bool folder_time(const struct vf_files_conn *conn, const char *folder, struct timespec *changed)
{
    struct stat info;
    int fd = vf_files_open_folder(conn->fd, folder, false);
    bool found = fd >= 0 && fstat(fd, &info) == 0;
    if (fd >= 0)
        close(fd);
    *changed = found ? info.st_mtim : (struct timespec){0};
    return found;
}

/* A list is of one instant when the folder was the same before and after it: somebody who isn't vecferry may be writing there, without our lock. */
static enum vf_status list_still(const struct vf_files_conn *conn, const struct vf_files_place *place,
                                 struct vf_files_list *list, bool *is_still, struct vf_error *err)
{
    struct listing listing = {.conn = conn, .place = place, .list = list};
    struct timespec before, after;
    *list = (struct vf_files_list){0};
    folder_time(conn, place->folder, &before);
    enum vf_status status = vf_files_each_name(conn, place->folder, see_name, &listing, err);
    folder_time(conn, place->folder, &after);
    *is_still = before.tv_sec == after.tv_sec && before.tv_nsec == after.tv_nsec;
    if (status == VF_OK && list->n_entries > 0)
        qsort(list->entries, list->n_entries, sizeof(*list->entries), compare_entries);
    return status;
}

static enum vf_status list_locked(const struct vf_files_conn *conn, const struct vf_files_place *place,
                                  struct vf_files_list *list, struct vf_error *err)
{
    bool is_still = false;
    for (int i = 0; i < MAX_TRIES && !is_still; i++) {
        enum vf_status status = list_still(conn, place, list, &is_still, err);
        if (status != VF_OK || !is_still)
            vf_files_list_release(list);
        if (status != VF_OK)
            return status;
    }
    if (is_still)
        return VF_OK;
    enum vf_status status = vf_error_set(err, VF_TEMPORARY, "\"%s/%s\" changes all the time while it is listed",
                                         conn->folder, place->folder);
    vf_error_hint(err, "let what writes there rest, then start again");
    return status;
}

enum vf_status vf_files_list_table(const struct vf_files_conn *conn, const struct vf_files_place *place,
                                   struct vf_files_list *list, struct vf_error *err)
{
    int lock = -1;
    enum vf_status status = vf_files_lock_state(conn, LOCK_SH, &lock, err);
    if (status == VF_OK)
        status = vf_files_check_settled(conn, err);
    if (status == VF_OK)
        status = list_locked(conn, place, list, err);
    if (lock >= 0)
        close(lock);
    return status;
}

void vf_files_list_release(struct vf_files_list *list)
{
    vf_arena_release(&list->arena);
    vf_free(list->entries);
    *list = (struct vf_files_list){0};
}

/* ---- snapshots: the lists of all tables, taken together ---- */

struct taking {
    struct vf_files_conn *conn;
    struct vf_files_snapshot *snapshot;
    size_t cap_tables;
};

static enum vf_status take_table(void *context, const char *name, struct vf_error *err)
{
    struct taking *taking = context;
    struct vf_files_snapshot *snapshot = taking->snapshot;
    if (snapshot->n_tables == taking->cap_tables) {
        size_t cap = taking->cap_tables == 0 ? 8 : taking->cap_tables * 2;
        void *tables = vf_realloc(snapshot->tables, cap, sizeof(*snapshot->tables));
        if (tables == NULL)
            return vf_error_nomem(err);
        snapshot->tables = tables;
        taking->cap_tables = cap;
    }
    struct vf_files_snapshot_table *taken = &snapshot->tables[snapshot->n_tables];
    *taken = (struct vf_files_snapshot_table){0};
    enum vf_status status = vf_files_table_load(taking->conn, name, &taken->table, err);
    if (status == VF_OK)
        status = list_locked(taking->conn, &taken->table.place, &taken->list, err);
    if (status == VF_OK)
        snapshot->n_tables++;
    else
        vf_files_table_release(&taken->table);
    return status;
}

static void snapshot_free(struct vf_files_snapshot *snapshot)
{
    for (size_t i = 0; snapshot != NULL && i < snapshot->n_tables; i++) {
        vf_files_table_release(&snapshot->tables[i].table);
        vf_files_list_release(&snapshot->tables[i].list);
    }
    if (snapshot != NULL)
        vf_free(snapshot->tables);
    vf_free(snapshot);
}

enum vf_status vf_files_begin_snapshot(struct vf_conn *base, char *token, size_t token_bytes, struct vf_error *err)
{
    struct vf_files_conn *conn = vf_files_conn_of(base);
    int lock = -1;
    if (conn->snapshot != NULL)
        return vf_error_set(err, VF_INTERNAL, "a snapshot is open already");
    struct vf_files_snapshot *snapshot = vf_calloc(1, sizeof(*snapshot));
    if (snapshot == NULL)
        return vf_error_nomem(err);
    struct taking taking = {.conn = conn, .snapshot = snapshot};
    enum vf_status status = vf_files_lock_state(conn, LOCK_SH, &lock, err);
    if (status == VF_OK)
        status = vf_files_check_settled(conn, err);
    if (status == VF_OK)
        status = vf_files_table_each(conn, take_table, &taking, err);
    if (lock >= 0)
        close(lock);
    if (status != VF_OK) {
        snapshot_free(snapshot);
        return status;
    }
    if (token != NULL && token_bytes > 0)
        token[0] = '\0';
    conn->snapshot = snapshot;
    return VF_OK;
}

void vf_files_end_snapshot(struct vf_conn *base)
{
    struct vf_files_conn *conn = vf_files_conn_of(base);
    snapshot_free(conn->snapshot);
    conn->snapshot = NULL;
}

const struct vf_files_snapshot_table *vf_files_snapshot_find(const struct vf_files_conn *conn, const char *table)
{
    for (size_t i = 0; conn->snapshot != NULL && i < conn->snapshot->n_tables; i++) {
        if (strcmp(conn->snapshot->tables[i].table.def.name, table) == 0)
            return &conn->snapshot->tables[i];
    }
    return NULL;
}
