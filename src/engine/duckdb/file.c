#include "engine/duckdb/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_BYTES  4096
#define N_HEADERS     3
#define MAGIC_AT      8
#define VERSION_AT    12
#define CHECKPOINT_AT 8 /* behind the checksum */

static uint64_t le64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

static enum vf_status look_at(const char *path, struct vf_duckdb_file *file, struct vf_error *err)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        if (errno == ENOENT)
            return VF_OK;
        return vf_error_set(err, VF_CONNECT, "cannot open \"%s\": %s", path, strerror(errno));
    }
    file->exists = true;
    file->is_empty = info.st_size == 0;
    file->device = (uint64_t)info.st_dev;
    file->inode = (uint64_t)info.st_ino;
    if (S_ISDIR(info.st_mode))
        return vf_error_set(err, VF_CONNECT, "\"%s\" is a directory", path);
    if (!S_ISREG(info.st_mode))
        return vf_error_set(err, VF_CONNECT, "\"%s\" is not a regular file", path);
    if (access(path, R_OK) != 0)
        return vf_error_set(err, VF_CONNECT, "cannot open \"%s\": %s", path, strerror(errno));
    return VF_OK;
}

static enum vf_status read_headers(const char *path, struct vf_duckdb_file *file, struct vf_error *err)
{
    uint8_t headers[N_HEADERS * HEADER_BYTES] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return vf_error_set(err, VF_CONNECT, "cannot open \"%s\": %s", path, strerror(errno));
    ssize_t n = pread(fd, headers, sizeof(headers), 0);
    int code = errno;
    close(fd);
    if (n < 0)
        return vf_error_set(err, VF_CONNECT, "cannot read \"%s\": %s", path, strerror(code));
    if (n >= MAGIC_AT + 4 && memcmp(headers + MAGIC_AT, "DUCK", 4) != 0) {
        enum vf_status status =
            vf_error_set(err, VF_CONNECT, "\"%s\" is not a DuckDB database: it doesn't begin as one", path);
        vf_error_hint(err, "look at the path; an SQLite file is named sqlite:%s", path);
        return status;
    }
    if (n < (ssize_t)sizeof(headers)) {
        enum vf_status status = vf_error_set(
            err, VF_CONNECT, "\"%s\" is cut short: it has %lld bytes, and a DuckDB database begins with %zu", path,
            (long long)n, sizeof(headers));
        vf_error_hint(err, "take another copy of the file, made while nobody writes to it");
        return status;
    }
    uint64_t one = le64(headers + HEADER_BYTES + CHECKPOINT_AT), two = le64(headers + 2 * HEADER_BYTES + CHECKPOINT_AT);
    file->storage_version = le64(headers + VERSION_AT);
    file->checkpoint = one > two ? one : two;
    return VF_OK;
}

enum vf_status vf_duckdb_file_check(const char *path, struct vf_duckdb_file *file, struct vf_error *err)
{
    struct vf_duckdb_file found = {0};
    enum vf_status status = look_at(path, &found, err);
    if (status == VF_OK && found.exists && !found.is_empty)
        status = read_headers(path, &found, err);
    if (status == VF_OK)
        *file = found;
    return status;
}

const char *vf_duckdb_storage_name(uint64_t storage_version)
{
    static const char *const names[] = {"v0.9 to v1.1", "v1.2", "v1.3", "v1.4", "v1.5", "v2.0"};
    uint64_t first = 64;
    if (storage_version < first)
        return "a DuckDB older than v0.9";
    return storage_version - first < sizeof(names) / sizeof(names[0]) ? names[storage_version - first]
                                                                      : "a DuckDB later than v2.0";
}

static const char *const storage_words[] = {"v1.0.0", "v1.2.0", "v1.3.0", "v1.4.0", "v1.5.0"};

#define N_STORAGE_WORDS (sizeof(storage_words) / sizeof(storage_words[0]))

bool vf_duckdb_storage_parse(const char *word, uint64_t *storage_version)
{
    for (size_t i = 0; i < N_STORAGE_WORDS; i++) {
        if (strcmp(word, storage_words[i]) != 0)
            continue;
        *storage_version = VF_DUCKDB_OLDEST_STORAGE + i;
        return true;
    }
    return false;
}

const char *vf_duckdb_storage_word(uint64_t storage_version)
{
    uint64_t i = storage_version - VF_DUCKDB_OLDEST_STORAGE;
    return storage_version >= VF_DUCKDB_OLDEST_STORAGE && i < N_STORAGE_WORDS ? storage_words[i] : NULL;
}
