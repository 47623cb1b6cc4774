/*
 * SQLite behind one table of functions.
 *
 * Several libraries with the symbols of SQLite (the system's, libSQL's, SQLCipher's) can't be linked into one program, so SQLite is called through this struct only: it is filled from
 * the library that the program is linked with, from one that is opened at run time with its symbols kept to itself, or with functions that ask a server. Types and constants are those of
 * the system's sqlite3.h.
 */
#ifndef VF_ENGINE_SQLITESQL_LIBRARY_H
#define VF_ENGINE_SQLITESQL_LIBRARY_H

#include <sqlite3.h>

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
    X(free)                                                                                                            \
    X(get_autocommit)                                                                                                  \
    X(interrupt)                                                                                                       \
    X(libversion)                                                                                                      \
    X(libversion_number)                                                                                               \
    X(load_extension)                                                                                                  \
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
    int (*key)(sqlite3 *db, const void *key, int size_bytes); /* SQLCipher's own, or NULL */
#define VF_SQLITE_POINTER(name) __typeof__(&sqlite3_##name) name;
    VF_SQLITE_FUNCTIONS(VF_SQLITE_POINTER)
#undef VF_SQLITE_POINTER
};

#endif
