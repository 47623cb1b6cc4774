#include "engine/duckdb/library.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/library.h"

static const struct vf_library_symbol symbols[] = {
#define VF_DUCKDB_SYMBOL(name) {"duckdb_" #name, offsetof(struct vf_duckdb_library, name)},
    VF_DUCKDB_FUNCTIONS(VF_DUCKDB_SYMBOL)
#undef VF_DUCKDB_SYMBOL
};

enum vf_status vf_duckdb_library_get(const char *folder, const struct vf_duckdb_library **library, struct vf_error *err)
{
    /* The one library of the process: two copies of it in one process wouldn't know of each other's locks on files. */
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct vf_duckdb_library table;
    static void *handle;
    enum vf_status status = VF_OK;

    pthread_mutex_lock(&lock);
    if (handle == NULL)
        status = vf_library_open(VF_LIBRARY_DUCKDB, folder, symbols, sizeof(symbols) / sizeof(symbols[0]), &table,
                                 &handle, err);
    pthread_mutex_unlock(&lock);
    if (status == VF_OK)
        *library = &table;
    return status;
}
