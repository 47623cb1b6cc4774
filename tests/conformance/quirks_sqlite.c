#include "conformance.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool make(struct conf_database *database)
{
    const char *folder = getenv("TMPDIR");
    int size = snprintf(database->private, sizeof(database->private), "%s/vecferry-conformance-XXXXXX",
                        folder != NULL ? folder : "/tmp");
    if (size < 0 || (size_t)size >= sizeof(database->private) || mkdtemp(database->private) == NULL)
        return false;
    size = snprintf(database->url, sizeof(database->url), "sqlite:%s/test.db", database->private);
    return size > 0 && (size_t)size < sizeof(database->url);
}

static void drop(const struct conf_database *database)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", ".vecferry-lock"};
    char path[600];
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        snprintf(path, sizeof(path), "%s/test.db%s", database->private, suffixes[i]);
        unlink(path);
    }
    if (rmdir(database->private) != 0)
        print_error("%s isn't empty: the engine left a file behind\n", database->private);
}

const struct conf_quirks conf_sqlite = {
    .engine = "sqlite",
    .caps = VF_CAP_SNAPSHOT | VF_CAP_TARGET,
    .bad_url = "sqlite:/nonexistent/folder/file.db",
    .make = make,
    .drop = drop,
};
