#include "base/library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Set by Meson; a relative folder would depend on where the program is started. */
#ifndef VF_LIBRARY_FOLDER
#define VF_LIBRARY_FOLDER "/usr/local/lib/vecferry"
#endif

/* A sanitizer's own functions must be found before a library's: it refuses to open one that looks into itself first. */
#if !defined(RTLD_DEEPBIND) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_FIRST 0
#else
#define OWN_FIRST RTLD_DEEPBIND
#endif

/* Those whose functions have the names of the SQLite that the program is linked with must find their own first. One that was linked with -Bsymbolic, as scripts/setup does it, does so
 * anyway; RTLD_LOCAL alone doesn't. */
static const struct {
    const char *name, *file;
    int flags;
} libraries[] = {
    [VF_LIBRARY_DUCKDB] = {"DuckDB", "libduckdb.so", 0},
    [VF_LIBRARY_USEARCH] = {"usearch", "libusearch_c.so", 0},
    [VF_LIBRARY_LIBSQL] = {"libSQL", "liblibsql.so", OWN_FIRST},
    [VF_LIBRARY_SQLCIPHER] = {"SQLCipher", "libsqlcipher.so", OWN_FIRST},
    [VF_LIBRARY_VEC0] = {"sqlite-vec", "vec0.so", 0},
};

const char *vf_library_name(enum vf_library library)
{
    return libraries[library].name;
}

const char *vf_library_file(enum vf_library library)
{
    return libraries[library].file;
}

const char *vf_library_folder(const char *folder)
{
    return folder != NULL ? folder : VF_LIBRARY_FOLDER;
}

enum vf_status vf_library_path(enum vf_library library, const char *folder, char *out, size_t out_bytes,
                               struct vf_error *err)
{
    const char *file = vf_library_file(library);
    int length = snprintf(out, out_bytes, "%s/%s", vf_library_folder(folder), file);

    if (length < 0 || (size_t)length >= out_bytes)
        return vf_error_set(err, VF_USAGE, "the name of the folder of libraries is too long");
    if (folder == NULL && access(out, F_OK) != 0)
        snprintf(out, out_bytes, "%s", file);
    return VF_OK;
}

static enum vf_status open_file(enum vf_library library, const char *folder, void **handle, struct vf_error *err)
{
    char path[4096], reason[256];
    const char *file = vf_library_file(library);
    int length = snprintf(path, sizeof(path), "%s/%s", vf_library_folder(folder), file);

    if (length < 0 || (size_t)length >= sizeof(path))
        return vf_error_set(err, VF_USAGE, "the name of the folder of libraries is too long");
    *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | libraries[library].flags);
    if (*handle == NULL) {
        snprintf(reason, sizeof(reason), "%s", dlerror());
        if (folder == NULL)
            *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL | libraries[library].flags);
    }
    if (*handle != NULL)
        return VF_OK;
    vf_error_set(err, VF_MISSING, "the library of %s can't be opened: %s", vf_library_name(library), reason);
    vf_error_hint(err, "name the folder that has %s by --library-dir", file);
    return VF_MISSING;
}

enum vf_status vf_library_open(enum vf_library library, const char *folder, const struct vf_library_symbol *symbols,
                               size_t n_symbols, void *table, void **handle, struct vf_error *err)
{
    void *opened = NULL;
    enum vf_status status = open_file(library, folder, &opened, err);

    for (size_t i = 0; status == VF_OK && i < n_symbols; i++) {
        void *address = dlsym(opened, symbols[i].name);
        if (address != NULL) {
            memcpy((char *)table + symbols[i].offset, &address, sizeof(address));
            continue;
        }
        status = vf_error_set(err, VF_MISSING, "the library of %s has no function %s", vf_library_name(library),
                              symbols[i].name);
        vf_error_hint(err, "name the folder of a newer %s by --library-dir", vf_library_file(library));
    }
    if (status != VF_OK)
        vf_library_close(opened);
    else
        *handle = opened;
    return status;
}

bool vf_library_can_open(const char *path, char *why, size_t why_bytes)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    if (handle == NULL)
        snprintf(why, why_bytes, "%s", dlerror());
    vf_library_close(handle);
    return handle != NULL;
}

void vf_library_close(void *handle)
{
    if (handle != NULL)
        dlclose(handle);
}
