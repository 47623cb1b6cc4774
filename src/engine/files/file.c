#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/files/conn.h"

#define MAX_FILE_BYTES (UINT64_C(1) << 30)

enum vf_status vf_files_fail(const struct vf_files_conn *conn, const char *what, const char *path, struct vf_error *err)
{
    int code = errno;
    enum vf_status status =
        vf_error_set(err, VF_ENGINE, "cannot %s \"%s/%s\": %s", what, conn->folder, path,
                     code == ELOOP || code == ENOTDIR ? "it is a link, or not a folder" : strerror(code));
    if (code == ENOSPC || code == EDQUOT)
        vf_error_hint(err, "free some space on the disk of \"%s\"; copy --resume goes on after that", conn->folder);
    return status;
}

int vf_files_open_folder(int fd, const char *path, bool make)
{
    char name[VF_FILES_MAX_NAME_BYTES + 1];
    int at = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (at >= 0 && *path != '\0') {
        size_t size_bytes = strcspn(path, "/");
        int next = -1;
        if (size_bytes >= sizeof(name)) {
            errno = ENAMETOOLONG;
        } else {
            memcpy(name, path, size_bytes);
            name[size_bytes] = '\0';
            if (make && mkdirat(at, name, 0700) != 0 && errno != EEXIST)
                next = -1;
            else
                next = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        }
        int code = errno;
        close(at);
        errno = code;
        at = next;
        path += size_bytes + (path[size_bytes] == '/');
    }
    return at;
}

int vf_files_open_parent(int fd, const char *path, bool make, const char **name)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    size_t size_bytes = slash != NULL ? (size_t)(slash - path) : 0;
    *name = slash != NULL ? slash + 1 : path;
    if (size_bytes >= sizeof(folder)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(folder, path, size_bytes);
    folder[size_bytes] = '\0';
    return vf_files_open_folder(fd, folder, make);
}

bool vf_files_exists(const struct vf_files_conn *conn, const char *path)
{
    const char *name = NULL;
    struct stat info;
    int folder = vf_files_open_parent(conn->fd, path, false, &name);
    bool exists = folder >= 0 && fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
    if (folder >= 0)
        close(folder);
    return exists;
}

static enum vf_status read_all(const struct vf_files_conn *conn, int fd, const char *path, const struct stat *info,
                               struct vf_buf *out, struct vf_error *err)
{
    uint64_t left = (uint64_t)info->st_size;
    vf_buf_clear(out);
    vf_buf_str(out, "");
    while (left > 0) {
        char *to = vf_buf_reserve(out, (size_t)left);
        if (to == NULL)
            return vf_buf_check(out, err);
        ssize_t n = read(fd, to, (size_t)left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return vf_files_fail(conn, "read", path, err);
        if (n == 0)
            break;
        vf_buf_advance(out, (size_t)n);
        left -= (uint64_t)n;
    }
    return VF_OK;
}

enum vf_status vf_files_read_file(const struct vf_files_conn *conn, const char *path, struct vf_buf *out, bool *found,
                                  struct vf_files_entry *entry, struct vf_error *err)
{
    const char *name = NULL;
    struct stat info;
    int folder = vf_files_open_parent(conn->fd, path, false, &name);
    int fd = folder >= 0 ? openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
    int code = errno;
    if (folder >= 0)
        close(folder);
    *found = fd >= 0;
    if (fd < 0) {
        errno = code;
        if (code == ENOENT)
            return VF_OK;
        enum vf_status failed = vf_files_fail(conn, "open", path, err);
        /* A link in the place of a row is the row's fault, not the disk's. */
        return code == ELOOP || code == ENOTDIR ? vf_error_set(err, VF_VALUE, "\"%s\" is a link, or not a file", path)
                                                : failed;
    }
    enum vf_status status = VF_OK;
    if (fstat(fd, &info) != 0)
        status = vf_files_fail(conn, "look at", path, err);
    else if (!S_ISREG(info.st_mode))
        status = vf_error_set(err, VF_VALUE, "\"%s\" isn't a file", path);
    else if ((uint64_t)info.st_size > MAX_FILE_BYTES)
        status = vf_error_set(err, VF_VALUE, "\"%s\" is larger than 1 GiB", path);
    else
        status = read_all(conn, fd, path, &info, out, err);
    close(fd);
    if (status == VF_OK && entry != NULL) {
        entry->size_bytes = (uint64_t)info.st_size;
        entry->inode = (uint64_t)info.st_ino;
        entry->changed_s = (int64_t)info.st_mtim.tv_sec;
        entry->changed_ns = (int64_t)info.st_mtim.tv_nsec;
    }
    return status;
}

static bool write_all(int fd, const struct vf_buf *text)
{
    for (size_t done = 0; done < text->size_bytes;) {
        ssize_t n = write(fd, text->data + done, text->size_bytes - done);
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

enum vf_status vf_files_write_new(const struct vf_files_conn *conn, int fd, const char *name, const struct vf_buf *text,
                                  bool sync, struct vf_error *err)
{
    int file = openat(fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        return vf_files_fail(conn, "make", name, err);
    bool is_written = write_all(file, text) && (!sync || fsync(file) == 0);
    if (!is_written) {
        enum vf_status status = vf_files_fail(conn, "write", name, err);
        close(file);
        unlinkat(fd, name, 0);
        return status;
    }
    if (close(file) != 0)
        return vf_files_fail(conn, "write", name, err);
    return VF_OK;
}

enum vf_status vf_files_each_name(const struct vf_files_conn *conn, const char *path,
                                  enum vf_status (*found)(void *context, int fd, const char *name,
                                                          struct vf_error *err),
                                  void *context, struct vf_error *err)
{
    int fd = vf_files_open_folder(conn->fd, path, false);
    if (fd < 0)
        return errno == ENOENT ? VF_OK : vf_files_fail(conn, "open", path, err);
    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        close(fd);
        return vf_files_fail(conn, "open", path, err);
    }
    enum vf_status status = VF_OK;
    errno = 0;
    for (const struct dirent *entry = readdir(folder); status == VF_OK && entry != NULL; entry = readdir(folder)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status = found(context, dirfd(folder), entry->d_name, err);
        errno = 0;
    }
    if (status == VF_OK && errno != 0)
        status = vf_files_fail(conn, "list", path, err);
    closedir(folder);
    return status;
}
