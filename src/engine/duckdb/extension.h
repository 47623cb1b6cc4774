/*
 * DuckDB's extensions: signed files of the library's own version, loaded when something needs them, and never downloaded.
 *
 * They are looked for in the folder that the options name (--duckdb-extensions), else in duckdb-extensions/ beside the library; as NAME.duckdb_extension there, or where DuckDB itself would put it
 * below such a folder (v1.5.5/linux_amd64/). A loaded one serves all connections of its database. Without any, everything works but what an extension is for.
 */
#ifndef VF_ENGINE_DUCKDB_EXTENSION_H
#define VF_ENGINE_DUCKDB_EXTENSION_H

#include "engine/duckdb/library.h"
#include "engine/engine.h"

enum vf_duckdb_extension {
    VF_DUCKDB_VSS, /* HNSW indexes */
    VF_DUCKDB_FTS, /* full-text search */
    VF_DUCKDB_EXTENSIONS,
};

/* "vss"; static. */
const char *vf_duckdb_extension_name(enum vf_duckdb_extension extension);

/* Load it into the database of the connection. VF_MISSING, with the remedy: it isn't there, is of another version, or isn't signed. */
enum vf_status vf_duckdb_extension_load(const struct vf_duckdb_library *lib, duckdb_connection handle,
                                        const struct vf_open_options *options, enum vf_duckdb_extension extension,
                                        struct vf_error *err) VF_CHECKED;

#endif
