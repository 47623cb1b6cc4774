#include "conformance.h"

#include <ftw.h>
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
    size = snprintf(database->url, sizeof(database->url), "files:%s/rows", database->private);
    return size > 0 && (size_t)size < sizeof(database->url);
}

static int delete_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

static void drop(const struct conf_database *database)
{
    if (nftw(database->private, delete_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        print_error("%s can't be taken away\n", database->private);
}

const struct conf_quirks conf_files = {
    .engine = "files",
    .caps = VF_CAP_SNAPSHOT | VF_CAP_TARGET,
    .bad_url = "files:/nonexistent/folder",
    .make = make,
    .drop = drop,
};
