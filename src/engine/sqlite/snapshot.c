#include "engine/sqlite/snapshot.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define MAX_TRIES 100

/* The guards of the process, by number: a token names one, so that a token that is out of date points nowhere. */
struct vf_sqlite_guard {
    struct vf_sqlite_guard *next;
    uint64_t number;
    const struct vf_sqlite_library *lib;
    sqlite3 *db;
    sqlite3_stmt *look;
    int64_t version;
};

static pthread_mutex_t guards_lock = PTHREAD_MUTEX_INITIALIZER;
static struct vf_sqlite_guard *guards;
static uint64_t last_number;

/* The guard's connection may be looked at by any thread, one at a time: guards_lock is held, or nobody knows it yet. false: it can't look. */
static bool look(const struct vf_sqlite_guard *guard, int64_t *version)
{
    bool seen = guard->lib->step(guard->look) == SQLITE_ROW;
    if (seen)
        *version = guard->lib->column_int64(guard->look, 0);
    guard->lib->reset(guard->look);
    return seen;
}

static void free_guard(struct vf_sqlite_guard *guard)
{
    if (guard == NULL)
        return;
    guard->lib->finalize(guard->look);
    guard->lib->close_v2(guard->db);
    vf_free(guard);
}

static enum vf_status new_guard(struct vf_sqlite_local *local, struct vf_sqlite_guard **guard, struct vf_error *err)
{
    struct vf_sqlite_guard *made = vf_calloc(1, sizeof(*made));
    if (made == NULL)
        return vf_error_nomem(err);
    made->lib = local->sql.lib;
    enum vf_status status = vf_sqlite_open_another(local, &made->db, err);
    if (status == VF_OK &&
        local->sql.lib->prepare_v3(made->db, "PRAGMA data_version", -1, 0, &made->look, NULL) != SQLITE_OK)
        status = vf_error_set(err, VF_ENGINE, "\"%s\": %s", local->path, local->sql.lib->errmsg(made->db));
    if (status != VF_OK) {
        free_guard(made);
        return status;
    }
    *guard = made;
    return VF_OK;
}

static enum vf_status begin_reading(struct vf_sqlite_local *local, struct vf_error *err)
{
    int64_t ignored = 0;
    enum vf_status status = vf_sqlite_exec(&local->sql, "BEGIN", err);
    if (status == VF_OK)
        status = vf_sqlite_get_i64(&local->sql, "SELECT count(*) FROM sqlite_master", 0, &ignored, err);
    local->in_snapshot = true;
    if (status != VF_OK)
        vf_sqlite_end_snapshot((struct vf_conn *)(void *)local);
    return status;
}

static void stop_reading(struct vf_sqlite_local *local)
{
    if (local->sql.lib->get_autocommit(local->sql.db) == 0)
        (void)(vf_sqlite_exec(&local->sql, "ROLLBACK", NULL) == VF_OK);
    local->in_snapshot = false;
}

/* Begin between two looks that see the same. */
static enum vf_status begin_guarded(struct vf_sqlite_local *local, struct vf_sqlite_guard *guard, struct vf_error *err)
{
    for (int i = 0; i < MAX_TRIES; i++) {
        int64_t after = 0;
        if (!look(guard, &guard->version))
            return vf_error_set(err, VF_ENGINE, "\"%s\": %s", local->path, guard->lib->errmsg(guard->db));
        enum vf_status status = begin_reading(local, err);
        if (status != VF_OK)
            return status;
        if (look(guard, &after) && after == guard->version)
            return VF_OK;
        stop_reading(local);
    }
    return vf_error_set(err, VF_STATE, "\"%s\" is written to so often that no snapshot could be shared", local->path);
}

enum vf_status vf_sqlite_begin_snapshot(struct vf_conn *base, char *token, size_t token_bytes, struct vf_error *err)
{
    struct vf_sqlite_local *local = vf_sqlite_local_of(base);
    struct vf_sqlite_guard *guard = NULL;
    if (token == NULL)
        return begin_reading(local, err);
    enum vf_status status = new_guard(local, &guard, err);
    if (status == VF_OK)
        status = begin_guarded(local, guard, err);
    if (status != VF_OK) {
        free_guard(guard);
        return status;
    }
    pthread_mutex_lock(&guards_lock);
    guard->number = ++last_number;
    guard->next = guards;
    guards = guard;
    pthread_mutex_unlock(&guards_lock);
    local->guard = guard;
    snprintf(token, token_bytes, "sqlite-%" PRIu64, guard->number);
    return VF_OK;
}

/* Does the guard of the token say that nothing was committed? *found: there is such a guard. */
static bool is_quiet(const char *token, bool *found)
{
    bool quiet = false;
    uint64_t number = 0;
    *found = false;
    if (sscanf(token, "sqlite-%" SCNu64, &number) != 1)
        return false;
    pthread_mutex_lock(&guards_lock);
    for (const struct vf_sqlite_guard *guard = guards; guard != NULL; guard = guard->next) {
        int64_t version = 0;
        if (guard->number != number)
            continue;
        *found = true;
        quiet = look(guard, &version) && version == guard->version;
    }
    pthread_mutex_unlock(&guards_lock);
    return quiet;
}

enum vf_status vf_sqlite_join_snapshot(struct vf_conn *base, const char *token, struct vf_error *err)
{
    struct vf_sqlite_local *local = vf_sqlite_local_of(base);
    bool found = false;
    enum vf_status status = begin_reading(local, err);
    if (status != VF_OK)
        return status;
    if (is_quiet(token, &found))
        return VF_OK;
    stop_reading(local);
    status = vf_error_set(err, VF_STATE, "%s",
                          found ? "the source was written to after the snapshot began: it can't be joined any more"
                                : "the snapshot to be joined is gone");
    vf_error_hint(err, "use one reader (--jobs 1), or stop the program that writes");
    return status;
}

void vf_sqlite_end_snapshot(struct vf_conn *base)
{
    struct vf_sqlite_local *local = vf_sqlite_local_of(base);
    if (local->guard != NULL) {
        pthread_mutex_lock(&guards_lock);
        struct vf_sqlite_guard **at = &guards;
        while (*at != local->guard)
            at = &(*at)->next;
        *at = local->guard->next;
        pthread_mutex_unlock(&guards_lock);
        free_guard(local->guard);
        local->guard = NULL;
    }
    if (local->in_snapshot)
        stop_reading(local);
}
