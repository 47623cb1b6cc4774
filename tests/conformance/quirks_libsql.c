/* A libSQL file: the sqlite engine through libSQL's own library, with vectors as F32_BLOB and its sisters. */
#include "conformance.h"

#include <sqlite3.h>
#include <stdio.h>

#include "base/library.h"

struct libsql {
    int (*open)(const char *path, sqlite3 **db);
    int (*close)(sqlite3 *db);
    int (*exec)(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *context, char **message);
};

static const struct vf_library_symbol symbols[] = {
    {"sqlite3_open", offsetof(struct libsql, open)},
    {"sqlite3_close", offsetof(struct libsql, close)},
    {"sqlite3_exec", offsetof(struct libsql, exec)},
};

static bool make(struct conf_database *database)
{
    return conf_file_make(database, "libsql");
}

/* By libSQL: the linked SQLite would drop the locks of a connection that is open through the other library. */
static void share(const struct conf_database *database)
{
    struct libsql lib;
    struct vf_error err = {0};
    char path[600];
    void *handle = NULL;
    sqlite3 *db = NULL;
    snprintf(path, sizeof(path), "%s/test.db", database->private);
    assert_int_equal(vf_library_open(VF_LIBRARY_LIBSQL, NULL, symbols, 3, &lib, &handle, &err), VF_OK);
    assert_int_equal(lib.open(path, &db), SQLITE_OK);
    assert_int_equal(lib.exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(lib.close(db), SQLITE_OK);
}

const struct conf_quirks conf_libsql = {
    .engine = "sqlite",
    .label = "libsql",
    .caps = VF_CAP_SNAPSHOT | VF_CAP_SHARED_SNAPSHOT | VF_CAP_TARGET | VF_CAP_VIEWS,
    .no_minus_zero = true,
    .no_late_join = true,
    .bad_url = "libsql:/nonexistent/folder/file.db",
    .make = make,
    .drop = conf_file_drop,
    .share = share,
};
