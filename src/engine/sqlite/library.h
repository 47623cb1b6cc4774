/*
 * SQLite behind one table of functions.
 *
 * Several libraries with the symbols of SQLite (the system's, libSQL's, SQLCipher's) can't be linked into one program, so the engine calls SQLite through this struct only: it is filled from
 * the library that the program is linked with, or from one that is opened at run time with its symbols kept to itself. Types and constants are those of the system's sqlite3.h.
 */
#ifndef VF_ENGINE_SQLITE_LIBRARY_H
#define VF_ENGINE_SQLITE_LIBRARY_H

#include <sqlite3.h>

#include "base/error.h"

/* X(name): sqlite3_<name> */
#define VF_SQLITE_FUNCTIONS(X)                                                                                         \
    X(bind_blob64)                                                                                                     \
    X(bind_double)                                                                                                     \
    X(bind_int64)                                                                                                      \
    X(bind_null)                                                                                                       \
    X(bind_text64)                                                                                                     \
    X(bind_zeroblob64)                                                                                                 \
    X(busy_timeout)                                                                                                    \
    X(changes)                                                                                                         \
    X(clear_bindings)                                                                                                  \
    X(close_v2)                                                                                                        \
    X(column_blob)                                                                                                     \
    X(column_bytes)                                                                                                    \
    X(column_count)                                                                                                    \
    X(column_double)                                                                                                   \
    X(column_int64)                                                                                                    \
    X(column_text)                                                                                                     \
    X(column_type)                                                                                                     \
    X(compileoption_used)                                                                                              \
    X(db_config)                                                                                                       \
    X(db_readonly)                                                                                                     \
    X(errmsg)                                                                                                          \
    X(extended_errcode)                                                                                                \
    X(extended_result_codes)                                                                                           \
    X(file_control)                                                                                                    \
    X(finalize)                                                                                                        \
    X(get_autocommit)                                                                                                  \
    X(interrupt)                                                                                                       \
    X(libversion)                                                                                                      \
    X(libversion_number)                                                                                               \
    X(limit)                                                                                                           \
    X(open_v2)                                                                                                         \
    X(prepare_v3)                                                                                                      \
    X(progress_handler)                                                                                                \
    X(reset)                                                                                                           \
    X(step)                                                                                                            \
    X(table_column_metadata)                                                                                           \
    X(threadsafe)                                                                                                      \
    X(wal_checkpoint_v2)

struct vf_sqlite_library {
    void *handle; /* of a library opened at run time, or NULL */
#define VF_SQLITE_POINTER(name) __typeof__(&sqlite3_##name) name;
    VF_SQLITE_FUNCTIONS(VF_SQLITE_POINTER)
#undef VF_SQLITE_POINTER
};

/* The linked one; static. */
const struct vf_sqlite_library *vf_sqlite_library_linked(void);

/* Open a library by file name, as dlopen() takes it. VF_MISSING: it can't be opened, lacks a function, isn't thread-safe, or is older than 3.37. Close it after the last connection. */
enum vf_status vf_sqlite_library_open(const char *file, struct vf_sqlite_library *library,
                                      struct vf_error *err) VF_CHECKED;
void vf_sqlite_library_close(struct vf_sqlite_library *library); /* a zeroed struct is fine */

#endif
