/*
 * Libraries that are opened at run time: DuckDB's, usearch's, libSQL's, SQLCipher's; and sqlite-vec's, an extension that SQLite itself opens.
 *
 * A program that needs none of them starts without them, and libraries with the same symbols (SQLite's three) can't be linked together. Each is opened with its symbols kept to itself
 * (RTLD_LOCAL), and is reached through a table of pointers that belongs to whoever uses it.
 *
 * A library is looked for in the folder given, or, when none is, in the one that was set when vecferry was built (its own folder under libdir, where `make install` puts them); then, by
 * the name alone, where the system's loader looks. In a folder that was given it must be there: another one from elsewhere would be a surprise.
 */
#ifndef VF_BASE_LIBRARY_H
#define VF_BASE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum vf_library {
    VF_LIBRARY_DUCKDB,
    VF_LIBRARY_USEARCH,
    VF_LIBRARY_LIBSQL,
    VF_LIBRARY_SQLCIPHER,
    VF_LIBRARY_VEC0,
};

/* "DuckDB", "usearch", "libSQL", "SQLCipher", "sqlite-vec": for messages; and the file's name, "libduckdb.so". */
const char *vf_library_name(enum vf_library library);
const char *vf_library_file(enum vf_library library);

/* The folder that is looked into: `folder`, or the one that was built in when it is NULL. Never NULL. */
const char *vf_library_folder(const char *folder);

/* The file that would be opened, in `out`: in the folder, or, when none is given and the built-in one hasn't it, the name alone, for the system's loader. VF_USAGE: it doesn't fit. */
enum vf_status vf_library_path(enum vf_library library, const char *folder, char *out, size_t out_bytes,
                               struct vf_error *err) VF_CHECKED;

/* A function of the library, and where its address goes. */
struct vf_library_symbol {
    const char *name;
    size_t offset; /* into the table of pointers */
};

/* Open a library and fill `table` with the addresses of its functions; *handle is for vf_library_close(). VF_MISSING, with the remedy: it isn't there, can't be loaded, or lacks a function. */
enum vf_status vf_library_open(enum vf_library library, const char *folder, const struct vf_library_symbol *symbols,
                               size_t n_symbols, void *table, void **handle, struct vf_error *err) VF_CHECKED;
void vf_library_close(void *handle); /* NULL is fine */
/* Can the file be opened at all? `why` is filled if not, with its path as it was asked for. For a library that somebody else opens, and says less of. */
bool vf_library_can_open(const char *path, char *why, size_t why_bytes);

#endif
