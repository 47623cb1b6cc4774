#include "engine/sqlite/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/sqlite/local.h"

static enum vf_status held(const struct vf_sqlite_local *local, int fd, struct vf_error *err)
{
    char holder[256];
    char shown[300];
    ssize_t n = pread(fd, holder, sizeof(holder) - 1, 0);
    vf_printable(holder, n > 0 ? (size_t)n : 0, shown, sizeof(shown));
    enum vf_status status = vf_error_set(err, VF_LOCKED, "\"%s\" is being filled by another run: %s", local->path,
                                         n > 0 ? shown : "unknown");
    vf_error_hint(err, "wait for it to end, or end it");
    return status;
}

/* Is the locked file still the one of that name? Another run may have removed it between open and lock. */
static bool is_current(int fd, const char *path)
{
    struct stat locked;
    struct stat named;
    return fstat(fd, &locked) == 0 && stat(path, &named) == 0 && locked.st_dev == named.st_dev &&
           locked.st_ino == named.st_ino;
}

static enum vf_status take(struct vf_sqlite_local *local, int *fd, struct vf_error *err)
{
    for (;;) {
        *fd = open(local->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (*fd < 0)
            return vf_error_set(err, VF_ENGINE, "cannot make the lock file \"%s\": %s", local->lock_path,
                                strerror(errno));
        if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
            enum vf_status status = errno == EWOULDBLOCK ? held(local, *fd, err)
                                                         : vf_error_set(err, VF_ENGINE, "cannot lock \"%s\": %s",
                                                                        local->lock_path, strerror(errno));
            close(*fd);
            return status;
        }
        if (is_current(*fd, local->lock_path))
            return VF_OK;
        close(*fd);
    }
}

static enum vf_status sign(const struct vf_sqlite_local *local, int fd, const char *holder, struct vf_error *err)
{
    char host[128] = "";
    char text[512];
    if (gethostname(host, sizeof(host) - 1) != 0)
        host[0] = '\0';
    int n = snprintf(text, sizeof(text), "%s (process %ld on %s)", holder, (long)getpid(), host);
    size_t size_bytes = (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, size_bytes, 0) != (ssize_t)size_bytes)
        return vf_error_set(err, VF_ENGINE, "cannot write the lock file \"%s\": %s", local->lock_path, strerror(errno));
    return VF_OK;
}

enum vf_status vf_sqlite_lock(struct vf_conn *base, const char *holder, struct vf_error *err)
{
    struct vf_sqlite_local *local = vf_sqlite_local_of(base);
    struct vf_buf path;
    int fd = -1;
    if (local->lock_fd >= 0)
        return VF_OK;
    vf_buf_init(&path, 65536);
    vf_buf_printf(&path, "%s-vecferry-lock", local->path);
    vf_free(local->lock_path);
    local->lock_path = vf_buf_detach(&path);
    if (local->lock_path == NULL)
        return vf_error_nomem(err);
    enum vf_status status = take(local, &fd, err);
    if (status != VF_OK)
        return status;
    local->lock_fd = fd;
    status = sign(local, fd, holder, err);
    if (status != VF_OK)
        vf_sqlite_unlock(base);
    return status;
}

void vf_sqlite_unlock(struct vf_conn *base)
{
    struct vf_sqlite_local *local = vf_sqlite_local_of(base);
    if (local->lock_fd >= 0) {
        unlink(local->lock_path);
        close(local->lock_fd);
        local->lock_fd = -1;
    }
    vf_free(local->lock_path);
    local->lock_path = NULL;
}
