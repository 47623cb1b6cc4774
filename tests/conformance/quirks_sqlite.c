#include "conformance.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool conf_file_make(struct conf_database *database, const char *scheme)
{
    const char *folder = getenv("TMPDIR");
    int size = snprintf(database->private, sizeof(database->private), "%s/vecferry-conformance-XXXXXX",
                        folder != NULL ? folder : "/tmp");
    if (size < 0 || (size_t)size >= sizeof(database->private) || mkdtemp(database->private) == NULL)
        return false;
    size = snprintf(database->url, sizeof(database->url), "%s:%s/test.db", scheme, database->private);
    return size > 0 && (size_t)size < sizeof(database->url);
}

static bool make(struct conf_database *database)
{
    return conf_file_make(database, "sqlite");
}

void conf_file_drop(const struct conf_database *database)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", "-vecferry-lock"};
    char path[600];
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        snprintf(path, sizeof(path), "%s/test.db%s", database->private, suffixes[i]);
        unlink(path);
    }
    if (rmdir(database->private) != 0)
        print_error("%s isn't empty: the engine left a file behind\n", database->private);
}

static void share(const struct conf_database *database)
{
    char path[600];
    sqlite3 *db = NULL;
    snprintf(path, sizeof(path), "%s/test.db", database->private);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

const struct conf_quirks conf_sqlite = {
    .engine = "sqlite",
    .caps = VF_CAP_SNAPSHOT | VF_CAP_SHARED_SNAPSHOT | VF_CAP_TARGET | VF_CAP_VIEWS,
    .no_minus_zero = true,
    .no_late_join = true,
    .bad_url = "sqlite:/nonexistent/folder/file.db",
    .make = make,
    .drop = conf_file_drop,
    .share = share,
};
