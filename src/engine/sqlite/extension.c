#include "engine/sqlite/extension.h"

#include <limits.h>

#include "base/library.h"

#define ENTRY "sqlite3_vec_init"

enum vf_status vf_sqlite_load_vec0(struct vf_sqlite_conn *conn, struct vf_error *err)
{
    const struct vf_sqlite_library *lib = conn->lib;
    char path[PATH_MAX], reason[256];
    char *why = NULL;
    enum vf_status status = vf_library_path(VF_LIBRARY_VEC0, conn->base.options.library_dir, path, sizeof(path), err);

    if (status != VF_OK)
        return status;
    bool is_on = lib->db_config(conn->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL) == SQLITE_OK;
    bool is_loaded = is_on && lib->load_extension(conn->db, path, ENTRY, &why) == SQLITE_OK;
    (void)lib->db_config(conn->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
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
