/*
 * The files of a sidecar, and what ours says of the two others.
 *
 *   NAME        the HNSW graph, as usearch writes it: any program with usearch can load it
 *   NAME.json   the description: what it was built from, with which parameters, and the hashes of the other two
 *   NAME.keys   only where a row's key is no whole number: line i (from 0) is the key of the vector that has key i in the graph, as a JSON object
 *
 * They are written under other names, made durable, and renamed, the description first: so a description without its graph, or with another one, is what a broken-off building leaves, and is known for that. All have
 * mode 0600. The graph is never a source of vectors.
 */
#ifndef VF_FERRY_SIDECAR_FILE_H
#define VF_FERRY_SIDECAR_FILE_H

#include "base/alloc.h"
#include "base/buf.h"
#include "base/hash.h"
#include "model/schema.h"

#define VF_SIDECAR_DESCRIPTION ".json"
#define VF_SIDECAR_KEYS        ".keys"
#define VF_SIDECAR_NEW         ".new" /* behind a name: being written */

struct vf_sidecar_description {
    const char *database;      /* vf_server.identity of the database when it was built */
    const char *database_file; /* the last part of its path */
    const char *schema;        /* or NULL */
    const char *table, *column;
    const char *type; /* of the column: "vector(f32,384)" */
    size_t n_key;
    const char *const *key; /* names of the key's columns */
    bool ordinal; /* the graph's keys are lines of NAME.keys; else the key itself, as 64-bit two's complement */
    enum vf_metric metric;
    enum vf_element kept; /* as what the graph keeps the vectors */
    uint32_t m, ef_construction, ef_search;
    int64_t n_vectors;                        /* of the column, without NULLs: what `digest` is over */
    struct vf_hash128 digest;                 /* sum of the digests of the rows (key, vector) */
    int64_t n_in_graph, n_zero, n_not_finite; /* n_vectors = the sum of these */
    int64_t graph_bytes, keys_bytes;
    struct vf_hash128 graph_hash, keys_hash; /* XXH3-128 */
    const char *vecferry_version, *usearch_version;
};

/* Where `file` lies, as the plan names it, for a database at `database_path`: in its folder, unless it begins with a slash. NULL: no memory. */
const char *vf_sidecar_path(const char *database_path, const char *file, struct vf_arena *arena);
/* The name that a sidecar gets: DATABASE.TABLE.COLUMN.usearch, with DATABASE without its ending, and SCHEMA before TABLE where there is one; what isn't plain in a name is %XX. NULL: no memory. */
const char *vf_sidecar_name(const char *database_path, const char *schema, const char *table, const char *column,
                            struct vf_arena *arena);
/* Is there a file at `path`, or a link? */
bool vf_sidecar_is_there(const char *path);

/* Size and hash of a file. VF_NOTFOUND: it isn't there. */
enum vf_status vf_sidecar_hash(const char *path, int64_t *size_bytes, struct vf_hash128 *hash,
                               struct vf_error *err) VF_CHECKED;

/* Write `path`, a name that is renamed later; durable. */
enum vf_status vf_sidecar_write(const struct vf_sidecar_description *description, const char *path,
                                struct vf_error *err) VF_CHECKED;
/* Read the description of the sidecar at `path` (from path.json). VF_NOTFOUND: there is none; VF_STATE: it isn't ours; VF_VALUE: it is of a later version, or damaged. */
enum vf_status vf_sidecar_read(const char *path, struct vf_arena *arena, struct vf_sidecar_description *description,
                               struct vf_error *err) VF_CHECKED;

/* A text file beside a database, which is there whole or not at all, and durable. */
enum vf_status vf_sidecar_write_text(const char *path, const char *text, struct vf_error *err) VF_CHECKED;

/* Give the three files their names: those with .new behind them. Without `ordinal` an old keys file is removed. */
enum vf_status vf_sidecar_publish(const char *path, bool ordinal, struct vf_error *err) VF_CHECKED;

#endif
