#include "engine/sqlite/extension.h"

#include <limits.h>
#include <pthread.h>

#include "base/library.h"
#include "engine/sqlite/local.h"

#define ENTRY "sqlite3_vec_init"

/* Which library the extension serves in this process, and for how many connections: it keeps the functions of the one that loaded it last in a variable of its own (SQLITE_EXTENSION_INIT2 of sqlite3ext.h). */
static struct {
    pthread_mutex_t lock;
    enum vf_sqlite_kind kind;
    unsigned n_connections;
} served = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool hold(enum vf_sqlite_kind kind)
{
    pthread_mutex_lock(&served.lock);
    bool is_free = served.n_connections == 0 || served.kind == kind;
    if (is_free) {
        served.kind = kind;
        served.n_connections++;
    }
    pthread_mutex_unlock(&served.lock);
    return is_free;
}

static void let_go(void)
{
    pthread_mutex_lock(&served.lock);
    served.n_connections--;
    pthread_mutex_unlock(&served.lock);
}

void vf_sqlite_release_vec0(struct vf_sqlite_local *local)
{
    if (local->holds_vec0)
        let_go();
    local->holds_vec0 = local->sql.has_vec0 = false;
}

enum vf_status vf_sqlite_load_vec0(struct vf_sqlite_conn *conn, struct vf_error *err)
{
    const struct vf_sqlite_library *lib = conn->lib;
    char path[PATH_MAX], reason[256];
    char *why = NULL;
    enum vf_status status = vf_library_path(VF_LIBRARY_VEC0, conn->base.options.library_dir, path, sizeof(path), err);

    if (status != VF_OK)
        return status;
    struct vf_sqlite_local *local = (struct vf_sqlite_local *)(void *)conn;
    if (!hold(local->kind)) {
        vf_error_set(err, VF_MISSING, "sqlite-vec serves one SQLite library at a time, and another one has it now");
        vf_error_hint(err, "leave the vec0 tables of one of the two targets out, and copy them to it afterwards");
        return VF_MISSING;
    }
    bool is_on = lib->db_config(conn->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL) == SQLITE_OK;
    bool is_loaded = is_on && lib->load_extension(conn->db, path, ENTRY, &why) == SQLITE_OK;
    (void)lib->db_config(conn->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    local->holds_vec0 = is_loaded;
    if (!is_loaded)
        let_go();
    if (is_loaded) { /* a view over a vec0 table is refused where the schema isn't trusted */
        (void)lib->db_config(conn->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1, NULL);
        return VF_OK;
    }
    /* SQLite tries the name with another ".so" behind it, and speaks of that. */
    const char *said = why == NULL                                         ? "this SQLite loads no extensions"
                       : vf_library_can_open(path, reason, sizeof(reason)) ? why
                                                                           : reason;
    status = vf_error_set(err, VF_MISSING, "%s can't be loaded: %s", vf_library_name(VF_LIBRARY_VEC0), said);
    vf_error_hint(err, "name the folder that has %s by --library-dir; the Python package sqlite-vec has it",
                  vf_library_file(VF_LIBRARY_VEC0));
    lib->free(why);
    return status;
}
