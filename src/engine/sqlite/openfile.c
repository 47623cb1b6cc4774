#include "engine/sqlite/openfile.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"

struct vf_sqlite_open_file {
    struct vf_sqlite_open_file *next;
    dev_t device;
    ino_t inode;
    enum vf_sqlite_kind kind;
    size_t n_connections;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct vf_sqlite_open_file *files;

void vf_sqlite_files_lock(void)
{
    pthread_mutex_lock(&lock);
}

void vf_sqlite_files_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

static struct vf_sqlite_open_file *find(const struct stat *info)
{
    struct vf_sqlite_open_file *file = files;
    while (file != NULL && (file->device != info->st_dev || file->inode != info->st_ino))
        file = file->next;
    return file;
}

bool vf_sqlite_files_find(const char *path, enum vf_sqlite_kind *kind)
{
    struct stat info;
    const struct vf_sqlite_open_file *file = stat(path, &info) == 0 ? find(&info) : NULL;
    if (file != NULL)
        *kind = file->kind;
    return file != NULL;
}

bool vf_sqlite_files_is_alone(const struct vf_sqlite_open_file *file)
{
    return file->n_connections == 1;
}

enum vf_status vf_sqlite_files_add(const char *path, enum vf_sqlite_kind kind, struct vf_sqlite_open_file **file,
                                   struct vf_error *err)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return vf_error_set(err, VF_CONNECT, "cannot look at \"%s\": %s", path, strerror(errno));
    struct vf_sqlite_open_file *found = find(&info);
    if (found == NULL) {
        found = vf_calloc(1, sizeof(*found));
        if (found == NULL)
            return vf_error_nomem(err);
        *found = (struct vf_sqlite_open_file){.next = files, .device = info.st_dev, .inode = info.st_ino, .kind = kind};
        files = found;
    }
    found->n_connections++;
    *file = found;
    return VF_OK;
}

void vf_sqlite_files_remove(struct vf_sqlite_open_file *file)
{
    if (file == NULL || --file->n_connections > 0)
        return;
    struct vf_sqlite_open_file **at = &files;
    while (*at != file)
        at = &(*at)->next;
    *at = file->next;
    vf_free(file);
}
