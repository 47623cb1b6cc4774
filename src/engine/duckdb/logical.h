/*
 * DuckDB's types as a tree that can be looked at without asking the library for each value.
 */
#ifndef VF_ENGINE_DUCKDB_LOGICAL_H
#define VF_ENGINE_DUCKDB_LOGICAL_H

#include "base/alloc.h"
#include "engine/duckdb/library.h"

struct vf_duckdb_logical {
    duckdb_type id;
    duckdb_type internal; /* ENUM, DECIMAL: how the values lie */
    uint8_t width, scale; /* DECIMAL */
    idx_t array_size;     /* ARRAY */
    size_t n_labels;      /* ENUM */
    const char **labels;
    size_t n_children; /* LIST, ARRAY: 1; MAP: key and value; STRUCT, UNION: members */
    struct vf_duckdb_logical *children;
    const char **names; /* STRUCT, UNION */
};

/* Everything is in the arena; `type` isn't kept. */
enum vf_status vf_duckdb_logical_read(const struct vf_duckdb_library *lib, duckdb_logical_type type,
                                      struct vf_arena *arena, struct vf_duckdb_logical *logical,
                                      struct vf_error *err) VF_CHECKED;

/* Bytes of a scalar in a vector; 0: what is nested, and types that aren't known. */
size_t vf_duckdb_width(const struct vf_duckdb_logical *logical);
/* What messages call the type: "DECIMAL(9,2)"; `out` has room for 32 bytes, and is returned. */
char *vf_duckdb_logical_name(const struct vf_duckdb_logical *logical, char out[32]);

#endif
