#include "hrana/library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* POSIX gives functions as void *, which C has no cast for. */
static bool find(void *handle, const char *name, void *pointer, size_t size)
{
    void *symbol = dlsym(handle, name);

    if (!symbol)
        (void)fprintf(stderr, "hrana_server: the library has no %s\n", name);
    else
        memcpy(pointer, &symbol, size);
    return symbol;
}

bool library_open(struct library *library, const char *file)
{
    bool whole = true;

    *library = (struct library){.handle = dlopen(file, RTLD_NOW | RTLD_LOCAL)};
    if (!library->handle) {
        (void)fprintf(stderr, "hrana_server: %s\n", dlerror());
        return false;
    }
#define HRANA_FIND(name)                                                                                               \
    whole = find(library->handle, "sqlite3_" #name, &library->name, sizeof(library->name)) && whole;
    HRANA_SQLITE_FUNCTIONS(HRANA_FIND)
#undef HRANA_FIND
    return whole && find(library->handle, "libsql_libversion", &(void *){NULL}, sizeof(void *));
}
