#include "engine/sqlite/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_BYTES 100

static const char magic[16] = "SQLite format 3";

enum vf_status vf_sqlite_file_check(const char *path, struct vf_sqlite_file *file, struct vf_error *err)
{
    struct stat info;
    *file = (struct vf_sqlite_file){0};
    if (stat(path, &info) != 0) {
        if (errno == ENOENT)
            return VF_OK;
        return vf_error_set(err, VF_CONNECT, "cannot open \"%s\": %s", path, strerror(errno));
    }
    file->exists = true;
    file->is_empty = info.st_size == 0;
    if (S_ISDIR(info.st_mode))
        return vf_error_set(err, VF_CONNECT, "\"%s\" is a directory", path);
    if (!S_ISREG(info.st_mode))
        return vf_error_set(err, VF_CONNECT, "\"%s\" is not a regular file", path);
    if (access(path, R_OK) != 0)
        return vf_error_set(err, VF_CONNECT, "cannot open \"%s\": %s", path, strerror(errno));
    return VF_OK;
}

static uint32_t be32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Bytes that the header speaks of; 0 when it can't be trusted (written by an SQLite older than 3.7, which didn't keep the count). */
static int64_t size_by_header(const uint8_t *header)
{
    int64_t page_bytes = (int64_t)header[16] << 8 | header[17];
    if (page_bytes == 1)
        page_bytes = 65536;
    bool is_counted = be32(header + 24) == be32(header + 92);
    return is_counted ? page_bytes * be32(header + 28) : 0;
}

bool vf_sqlite_file_is_plain(const char *path)
{
    uint8_t head[sizeof(magic)] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    ssize_t n = pread(fd, head, sizeof(head), 0);
    close(fd);
    return n < 0 || memcmp(head, magic, sizeof(magic)) == 0;
}

enum vf_status vf_sqlite_file_explain(const char *path, enum vf_status status, struct vf_error *err)
{
    uint8_t header[HEADER_BYTES] = {0};
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return status;
    bool is_read = fstat(fd, &info) == 0 && pread(fd, header, sizeof(header), 0) >= 0;
    close(fd);
    if (!is_read)
        return status;
    if (memcmp(header, magic, sizeof(magic)) != 0) {
        status = vf_error_set(err, VF_CONNECT, "\"%s\" is not a database: it doesn't begin as an SQLite file", path);
        vf_error_hint(err, "an encrypted database looks like this too: its key is given as a password is "
                           "(--source-password-file, --target-password-file)");
    } else if (size_by_header(header) > info.st_size) {
        status = vf_error_set(err, VF_ENGINE, "\"%s\" is cut short: it has %lld bytes, and its header speaks of %lld",
                              path, (long long)info.st_size, (long long)size_by_header(header));
        vf_error_hint(err, "take another copy of the file; a copy of a file in use is made by sqlite3's .backup");
    }
    return status;
}

enum vf_status vf_sqlite_file_sync_folder(const char *path, struct vf_error *err)
{
    char folder[PATH_MAX];
    if (!vf_sqlite_file_folder(path, folder, sizeof(folder)))
        return vf_error_set(err, VF_ENGINE, "the path \"%s\" is too long", path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return vf_error_set(err, VF_ENGINE, "cannot open \"%s\" to make it durable: %s", folder, strerror(errno));
    enum vf_status status = VF_OK;
    if (fsync(fd) != 0)
        status = vf_error_set(err, VF_ENGINE, "cannot make \"%s\" durable: %s", folder, strerror(errno));
    close(fd);
    return status;
}

bool vf_sqlite_file_folder(const char *path, char *out, size_t out_bytes)
{
    const char *slash = strrchr(path, '/');
    size_t size_bytes = slash == NULL || slash == path ? 1 : (size_t)(slash - path);
    if (size_bytes >= out_bytes)
        return false;
    memcpy(out, slash == NULL ? "." : path, size_bytes);
    out[size_bytes] = '\0';
    return true;
}
