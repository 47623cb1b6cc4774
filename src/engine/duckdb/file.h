/*
 * A DuckDB file, as far as it is looked at without the library.
 *
 * The first 4096 bytes are the main header: 8 bytes of checksum, "DUCK", and the storage version as u64; two database headers of 4096 bytes each follow, with a counter of checkpoints in front.
 */
#ifndef VF_ENGINE_DUCKDB_FILE_H
#define VF_ENGINE_DUCKDB_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct vf_duckdb_file {
    bool exists;
    bool is_empty;
    uint64_t device, inode;
    uint64_t storage_version; /* 0: no file */
    uint64_t checkpoint;      /* counts up with every checkpoint */
};

/* VF_CONNECT: there is something, and it isn't a DuckDB file, or can't be read. A file that isn't there is VF_OK. */
enum vf_status vf_duckdb_file_check(const char *path, struct vf_duckdb_file *file, struct vf_error *err) VF_CHECKED;

/* The oldest DuckDB that reads a storage version: "v1.0", "v1.2", ...; "a later DuckDB" when it isn't known here. Static. */
const char *vf_duckdb_storage_name(uint64_t storage_version);

/* The storage versions that can be chosen, by the release that brought each: "v1.0.0" is 64, and "v1.5.0" 68. */
#define VF_DUCKDB_OLDEST_STORAGE 64
bool vf_duckdb_storage_parse(const char *word, uint64_t *storage_version);
/* NULL: another. */
const char *vf_duckdb_storage_word(uint64_t storage_version);

#endif
