#include "engine/sqlite/library.h"

#include <stddef.h>

#include "base/library.h"

#define OLDEST_VERSION 3037000 /* STRICT tables and PRAGMA table_list */

static const struct vf_sqlite_library linked = {.key = NULL,
#define LINKED(function) .function = sqlite3_##function,
                                                VF_SQLITE_FUNCTIONS(LINKED)
#undef LINKED
};

const struct vf_sqlite_library *vf_sqlite_library_linked(void)
{
    return &linked;
}

/* SQLCipher's own function comes last: libSQL's library has none. */
static const struct vf_library_symbol symbols[] = {
#define SYMBOL(function) {"sqlite3_" #function, offsetof(struct vf_sqlite_library, function)},
    VF_SQLITE_FUNCTIONS(SYMBOL)
#undef SYMBOL
        {"sqlite3_key", offsetof(struct vf_sqlite_library, key)},
};
#define N_SYMBOLS (sizeof(symbols) / sizeof(symbols[0]))

static enum vf_status check(enum vf_library which, const struct vf_sqlite_library *library, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    if (library->libversion_number() < OLDEST_VERSION)
        status = vf_error_set(err, VF_MISSING, "the library of %s is SQLite %s, and at least 3.37 is needed",
                              vf_library_name(which), library->libversion());
    else if (library->threadsafe() == 0)
        status = vf_error_set(err, VF_MISSING, "the library of %s was built without support for threads",
                              vf_library_name(which));
    if (status != VF_OK)
        vf_error_hint(err, "name the folder of another %s by --library-dir", vf_library_file(which));
    return status;
}

enum vf_status vf_sqlite_library_open(enum vf_sqlite_kind kind, const char *folder, struct vf_sqlite_library *library,
                                      struct vf_error *err)
{
    const bool is_cipher = kind == VF_SQLITE_CIPHER;
    const enum vf_library which = is_cipher ? VF_LIBRARY_SQLCIPHER : VF_LIBRARY_LIBSQL;
    struct vf_sqlite_library opened = {0};
    void *handle = NULL;
    enum vf_status status =
        vf_library_open(which, folder, symbols, is_cipher ? N_SYMBOLS : N_SYMBOLS - 1, &opened, &handle, err);
    if (status == VF_OK)
        status = check(which, &opened, err);
    if (status == VF_OK)
        *library = opened;
    return status;
}
