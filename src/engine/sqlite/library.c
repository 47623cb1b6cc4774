#include "engine/sqlite/library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#define OLDEST_VERSION 3037000 /* STRICT tables and PRAGMA table_list */

static const struct vf_sqlite_library linked = {.handle = NULL,
#define LINKED(function) .function = sqlite3_##function,
                                                VF_SQLITE_FUNCTIONS(LINKED)
#undef LINKED
};

const struct vf_sqlite_library *vf_sqlite_library_linked(void)
{
    return &linked;
}

struct symbol {
    const char *name;
    size_t offset;
};

static const struct symbol symbols[] = {
#define SYMBOL(function) {"sqlite3_" #function, offsetof(struct vf_sqlite_library, function)},
    VF_SQLITE_FUNCTIONS(SYMBOL)
#undef SYMBOL
};

static enum vf_status fill(const char *file, struct vf_sqlite_library *library, struct vf_error *err)
{
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        void *function = dlsym(library->handle, symbols[i].name);
        if (function == NULL)
            return vf_error_set(err, VF_MISSING, "library \"%s\" has no function %s", file, symbols[i].name);
        memcpy((char *)library + symbols[i].offset, &function, sizeof(function));
    }
    if (library->libversion_number() < OLDEST_VERSION)
        return vf_error_set(err, VF_MISSING, "library \"%s\" is SQLite %s, and at least 3.37 is needed", file,
                            library->libversion());
    if (library->threadsafe() == 0)
        return vf_error_set(err, VF_MISSING, "library \"%s\" was built without support for threads", file);
    return VF_OK;
}

enum vf_status vf_sqlite_library_open(const char *file, struct vf_sqlite_library *library, struct vf_error *err)
{
    *library = (struct vf_sqlite_library){.handle = dlopen(file, RTLD_NOW | RTLD_LOCAL)};
    if (library->handle == NULL)
        return vf_error_set(err, VF_MISSING, "cannot open library \"%s\": %s", file, dlerror());
    enum vf_status status = fill(file, library, err);
    if (status != VF_OK)
        vf_sqlite_library_close(library);
    return status;
}

void vf_sqlite_library_close(struct vf_sqlite_library *library)
{
    if (library->handle != NULL)
        dlclose(library->handle);
    *library = (struct vf_sqlite_library){0};
}
