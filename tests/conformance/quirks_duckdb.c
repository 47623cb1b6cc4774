#include "conformance.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/library.h"

/* Without the library nothing can be opened; that it says so is tested elsewhere. */
static bool is_there(void)
{
    char path[4096];
    const char *folder = getenv("VECFERRY_LIBRARY_DIR");
    snprintf(path, sizeof(path), "%s/%s", vf_library_folder(folder), vf_library_file(VF_LIBRARY_DUCKDB));
    return access(path, R_OK) == 0;
}

static bool make(struct conf_database *database)
{
    const char *folder = getenv("TMPDIR");
    if (!is_there())
        return false;
    int size = snprintf(database->private, sizeof(database->private), "%s/vecferry-conformance-XXXXXX",
                        folder != NULL ? folder : "/tmp");
    if (size < 0 || (size_t)size >= sizeof(database->private) || mkdtemp(database->private) == NULL)
        return false;
    size = snprintf(database->url, sizeof(database->url), "duckdb:%s/test.duckdb", database->private);
    return size > 0 && (size_t)size < sizeof(database->url);
}

static void drop(const struct conf_database *database)
{
    static const char *const suffixes[] = {"", ".wal"};
    char path[600];
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        snprintf(path, sizeof(path), "%s/test.duckdb%s", database->private, suffixes[i]);
        unlink(path);
    }
    if (rmdir(database->private) != 0)
        print_error("%s isn't empty: the engine left a file behind\n", database->private);
}

const struct conf_quirks conf_duckdb = {
    .engine = "duckdb",
    .caps = VF_CAP_SNAPSHOT | VF_CAP_SHARED_SNAPSHOT | VF_CAP_SCHEMAS | VF_CAP_SEQUENCES | VF_CAP_TARGET |
            VF_CAP_ENUM_TYPES | VF_CAP_VIEWS,
    .schema = "main",
    .no_late_join = true,
    .no_key_actions = true,
    .bad_url = "duckdb:/nonexistent/folder/file.duckdb",
    .make = make,
    .drop = drop,
};
