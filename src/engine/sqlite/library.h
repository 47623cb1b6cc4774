/*
 * Where the table of SQLite's functions (engine/sqlitesql/library.h) comes from: the library that the program is linked with, or a file that is opened at run time.
 */
#ifndef VF_ENGINE_SQLITE_LIBRARY_H
#define VF_ENGINE_SQLITE_LIBRARY_H

#include "base/error.h"
#include "engine/sqlitesql/library.h"

/* The linked one; static. */
const struct vf_sqlite_library *vf_sqlite_library_linked(void);

/* Open a library by file name, as dlopen() takes it. VF_MISSING: it can't be opened, lacks a function, isn't thread-safe, or is older than 3.37. Close it after the last connection. */
enum vf_status vf_sqlite_library_open(const char *file, struct vf_sqlite_library *library,
                                      struct vf_error *err) VF_CHECKED;
void vf_sqlite_library_close(struct vf_sqlite_library *library); /* a zeroed struct is fine */

#endif
