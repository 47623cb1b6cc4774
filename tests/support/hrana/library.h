/* libSQL through one table of functions: it has the symbols of SQLite, so it is opened at run time with them kept to itself. */
#ifndef HRANA_LIBRARY_H
#define HRANA_LIBRARY_H

#include <sqlite3.h>
#include <stdbool.h>

#define HRANA_SQLITE_FUNCTIONS(X)                                                                                      \
    X(bind_blob64)                                                                                                     \
    X(bind_double)                                                                                                     \
    X(bind_int64)                                                                                                      \
    X(bind_null)                                                                                                       \
    X(bind_parameter_count)                                                                                            \
    X(bind_parameter_name)                                                                                             \
    X(bind_text64)                                                                                                     \
    X(changes)                                                                                                         \
    X(close_v2)                                                                                                        \
    X(column_blob)                                                                                                     \
    X(column_bytes)                                                                                                    \
    X(column_count)                                                                                                    \
    X(column_decltype)                                                                                                 \
    X(column_double)                                                                                                   \
    X(column_int64)                                                                                                    \
    X(column_name)                                                                                                     \
    X(column_text)                                                                                                     \
    X(column_type)                                                                                                     \
    X(commit_hook)                                                                                                     \
    X(errmsg)                                                                                                          \
    X(error_offset)                                                                                                    \
    X(exec)                                                                                                            \
    X(extended_errcode)                                                                                                \
    X(finalize)                                                                                                        \
    X(get_autocommit)                                                                                                  \
    X(last_insert_rowid)                                                                                               \
    X(libversion)                                                                                                      \
    X(limit)                                                                                                           \
    X(open_v2)                                                                                                         \
    X(prepare_v3)                                                                                                      \
    X(reset)                                                                                                           \
    X(step)                                                                                                            \
    X(stmt_isexplain)                                                                                                  \
    X(stmt_readonly)                                                                                                   \
    X(stmt_status)                                                                                                     \
    X(txn_state)

struct library {
    void *handle;
#define HRANA_POINTER(name) __typeof__(&sqlite3_##name) name;
    HRANA_SQLITE_FUNCTIONS(HRANA_POINTER)
#undef HRANA_POINTER
};

/* Counters that only libSQL has. */
#define HRANA_STATUS_ROWS_READ    1025
#define HRANA_STATUS_ROWS_WRITTEN 1026

/* False: it can't be opened; stderr says why. */
bool library_open(struct library *library, const char *file);

#endif
