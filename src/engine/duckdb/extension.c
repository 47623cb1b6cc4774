#include "engine/duckdb/extension.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/library.h"
#include "engine/duckdb/error.h"

#define FOLDER "duckdb-extensions" /* beside the library */
#define ENDING ".duckdb_extension"

const char *vf_duckdb_extension_name(enum vf_duckdb_extension extension)
{
    static const char *const names[] = {[VF_DUCKDB_VSS] = "vss", [VF_DUCKDB_FTS] = "fts"};
    return extension < VF_DUCKDB_EXTENSIONS ? names[extension] : "unknown";
}

static bool find_folder(const struct vf_open_options *options, char *folder)
{
    int size = options->extension_dir != NULL
                   ? snprintf(folder, PATH_MAX, "%s", options->extension_dir)
                   : snprintf(folder, PATH_MAX, "%s/" FOLDER, vf_library_folder(options->library_dir));
    return size > 0 && size < PATH_MAX;
}

static enum vf_status run_with_text(const struct vf_duckdb_library *lib, duckdb_connection handle, const char *start,
                                    const char *text, struct vf_error *err)
{
    struct vf_buf sql;
    vf_buf_init(&sql, 65536);
    vf_buf_str(&sql, start);
    vf_duckdb_quote_text(&sql, text, strlen(text));
    enum vf_status status = vf_buf_check(&sql, err);
    if (status == VF_OK)
        status = vf_duckdb_run(lib, handle, sql.data, err);
    vf_buf_release(&sql);
    return status;
}

/* By name, DuckDB looks into its own folders below extension_directory, and nowhere else. */
static enum vf_status load_by_name(const struct vf_duckdb_library *lib, duckdb_connection handle, const char *folder,
                                   const char *name, struct vf_error *err)
{
    char sql[64];
    enum vf_status status = run_with_text(lib, handle, "SET GLOBAL extension_directory = ", folder, err);
    snprintf(sql, sizeof(sql), "LOAD %s", name);
    return status == VF_OK ? vf_duckdb_run(lib, handle, sql, err) : status;
}

static enum vf_status missing(const struct vf_duckdb_library *lib, const char *folder, const char *name,
                              struct vf_error *err)
{
    vf_error_set(err, VF_MISSING, "DuckDB's extension %s isn't there: no %s" ENDING " in \"%s\"", name, name, folder);
    vf_error_hint(err,
                  "put %s" ENDING " of DuckDB %s into that folder, or name its own by --duckdb-extensions: nothing is "
                  "downloaded",
                  name, lib->library_version());
    return VF_MISSING;
}

enum vf_status vf_duckdb_extension_load(const struct vf_duckdb_library *lib, duckdb_connection handle,
                                        const struct vf_open_options *options, enum vf_duckdb_extension extension,
                                        struct vf_error *err)
{
    const char *name = vf_duckdb_extension_name(extension);
    struct vf_error found = {0};
    char folder[PATH_MAX], path[PATH_MAX];
    if (!find_folder(options, folder))
        return vf_error_set(err, VF_USAGE, "the name of the folder of DuckDB's extensions is too long");
    int size = snprintf(path, sizeof(path), "%s/%s" ENDING, folder, name);
    bool is_there = size > 0 && (size_t)size < sizeof(path) && access(path, R_OK) == 0;
    enum vf_status status =
        is_there ? run_with_text(lib, handle, "LOAD ", path, &found) : load_by_name(lib, handle, folder, name, &found);
    if (status == VF_OK)
        return VF_OK;
    if (!is_there && strstr(found.message, "not found") != NULL)
        return missing(lib, folder, name, err);
    status = vf_error_set(err, VF_MISSING, "DuckDB's extension %s can't be loaded from \"%s\": %s", name, folder,
                          found.message);
    vf_error_hint(err,
                  "it must be the signed file of the library's own version, %s; another folder is named by "
                  "--duckdb-extensions",
                  lib->library_version());
    return status;
}
