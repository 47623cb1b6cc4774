/*
 * vec0 tables of sqlite-vec, read without the extension.
 *
 * The declaration is in the text of CREATE VIRTUAL TABLE; the rows lie in ordinary tables beside it (<name>_chunks and so on), whose numbering restarts with each kind of column.
 * Format: ARCHITECTURE.md of sqlite-vec, versions 0.1.0 to 0.1.9. Its files of 0.1.10 may hold columns in another way (an index instead of chunks), which is found out by the missing table.
 */
#ifndef VF_ENGINE_SQLITESQL_VEC0_H
#define VF_ENGINE_SQLITESQL_VEC0_H

#include "base/alloc.h"
#include "base/error.h"
#include "model/schema.h"

enum vf_vec0_role {
    VF_VEC0_KEY,       /* the rowid, or a text that stands for it */
    VF_VEC0_VECTOR,    /* <name>_vector_chunksNN */
    VF_VEC0_METADATA,  /* <name>_metadatachunksNN, long texts in <name>_metadatatextNN */
    VF_VEC0_PARTITION, /* partitionNN of <name>_chunks */
    VF_VEC0_AUXILIARY, /* valueNN of <name>_auxiliary */
};

struct vf_vec0_column {
    const char *name;
    const char *native; /* "float[4]", "text" */
    enum vf_vec0_role role;
    struct vf_type type;
    unsigned number; /* NN */
    enum vf_metric metric;
};

#define VF_VEC0_MAX_COLUMNS 64 /* 16 of each kind, 4 partitions, and the key */

struct vf_vec0_table {
    uint32_t chunk_size; /* 0: not said */
    size_t n_columns;
    struct vf_vec0_column columns[VF_VEC0_MAX_COLUMNS]; /* as declared, but the key first */
};

/* The text of a CREATE VIRTUAL TABLE: which module? An unquoted, lower-case name in `out`; false: not such a text. */
bool vf_sqlite_module_of(const char *sql, char *out, size_t out_bytes);

/* Read the declaration of a vec0 table; texts in the arena. VF_VALUE: the text isn't understood. */
enum vf_status vf_vec0_parse(const char *sql, struct vf_arena *arena, struct vf_vec0_table *table,
                             struct vf_error *err) VF_CHECKED;

/* Is `name` one of the tables that a virtual table `owner` of this module keeps its data in? */
bool vf_sqlite_is_shadow(const char *name, const char *owner, const char *module);

#endif
