/*
 * Where the table of SQLite's functions (engine/sqlitesql/library.h) comes from: the library that the program is linked with, or one of its sisters that is opened at run time.
 *
 * libSQL's is needed to write to a file that has an index of its vectors, or is to have one; SQLCipher's for a file that is encrypted. Everything else is done by the linked one.
 */
#ifndef VF_ENGINE_SQLITE_LIBRARY_H
#define VF_ENGINE_SQLITE_LIBRARY_H

#include "base/error.h"
#include "engine/sqlitesql/library.h"

enum vf_sqlite_kind {
    VF_SQLITE_LINKED,
    VF_SQLITE_LIBSQL,
    VF_SQLITE_CIPHER,
};

/* The linked one; static. */
const struct vf_sqlite_library *vf_sqlite_library_linked(void);

/*
 * Fill the table from a sister's library in `folder` (base/library.h). VF_MISSING, with the remedy: it can't be opened, lacks a function, isn't thread-safe, or is older than 3.37.
 * It stays open until the process ends: SQLite keeps state that would be lost with it, while another connection may still need it.
 */
enum vf_status vf_sqlite_library_open(enum vf_sqlite_kind kind, const char *folder, struct vf_sqlite_library *library,
                                      struct vf_error *err) VF_CHECKED;

#endif
