#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/text.h"
#include "ferry/report.h"

#define FORMAT    "vecferry-report"
#define INDEX     "index.json"
#define READABLE  "index.txt"
#define NEW       ".new" /* behind a name: being written */
#define MAX_BYTES (256 << 20)

static enum vf_status refuse(const char *what, const char *folder, const char *file, struct vf_error *err)
{
    int code = errno;

    vf_error_set(err, VF_FAILED, "cannot %s \"%s%s%s\": %s", what, folder, file[0] != '\0' ? "/" : "", file,
                 strerror(code));
    vf_error_hint(err, "name another folder by --report");
    return VF_FAILED;
}

/* ---- one file ---- */

static bool write_all(int fd, const char *text, size_t size_bytes)
{
    while (size_bytes > 0) {
        ssize_t n = write(fd, text, size_bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        size_bytes -= (size_t)n;
    }
    return true;
}

/* Under another name, made durable, and renamed: what is there under its name is whole. */
static enum vf_status write_file(int at, const char *folder, const char *file, const char *text, size_t size_bytes,
                                 struct vf_error *err)
{
    char made[NAME_MAX + 1];

    if (snprintf(made, sizeof(made), "%s" NEW, file) >= (int)sizeof(made)) {
        errno = ENAMETOOLONG;
        return refuse("write", folder, file, err);
    }
    unlinkat(at, made, 0); /* of a report that was broken off; mostly there is none */
    int fd = openat(at, made, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return refuse("write", folder, file, err);
    bool done = write_all(fd, text, size_bytes) && fsync(fd) == 0;
    int code = errno;
    if (close(fd) != 0 && done) {
        done = false;
        code = errno;
    }
    if (done && renameat(at, made, at, file) == 0)
        return VF_OK;
    code = done ? errno : code;
    unlinkat(at, made, 0);
    errno = code;
    return refuse("write", folder, file, err);
}

static enum vf_status write_text(int at, const char *folder, const struct vf_report_entry *entry, struct vf_error *err)
{
    struct vf_buf text;
    size_t size = strlen(entry->text);

    vf_buf_init(&text, VF_BUF_MAX);
    vf_buf_add(&text, entry->text, size);
    if (size == 0 || entry->text[size - 1] != '\n')
        vf_buf_char(&text, '\n');
    enum vf_status status = vf_buf_check(&text, err);
    if (status == VF_OK)
        status = write_file(at, folder, entry->file, text.data, text.size_bytes, err);
    vf_buf_release(&text);
    return status;
}

/* ---- the indexes ---- */

static void put_json(struct vf_buf *out, const char *key, const char *text)
{
    vf_buf_printf(out, ", \"%s\": ", key);
    if (text == NULL)
        vf_buf_str(out, "null");
    else
        vf_buf_json_string(out, text, strlen(text));
}

static void write_json(const struct vf_report *report, struct vf_buf *out)
{
    vf_buf_str(out, "{\"format\": \"" FORMAT "\", \"version\": 1, \"not_moved\": [");
    for (size_t i = 0; i < report->n_entries; i++) {
        const struct vf_report_entry *entry = &report->entries[i];
        vf_buf_str(out, i > 0 ? ",\n  {\"kind\": " : "\n  {\"kind\": ");
        vf_buf_json_string(out, entry->kind, strlen(entry->kind));
        put_json(out, "name", entry->name);
        put_json(out, "on", entry->on);
        if (entry->target > 0)
            vf_buf_printf(out, ", \"target\": %u", entry->target);
        put_json(out, "why", entry->why);
        put_json(out, "remedy", entry->remedy);
        put_json(out, "file", entry->file);
        vf_buf_char(out, '}');
    }
    vf_buf_str(out, "\n]}\n");
}

/* One line of it, whatever is in the text. */
static void put_line(struct vf_buf *out, const char *before, const char *text)
{
    size_t room = strlen(text) * 4 + 1; /* \xNN */
    char *line = vf_alloc(room, 1);

    vf_buf_str(out, before);
    if (line == NULL)
        out->status = VF_NOMEM;
    else
        vf_buf_str(out, vf_printable(text, strlen(text), line, room));
    vf_free(line);
}

static void write_readable(const struct vf_report *report, struct vf_buf *out)
{
    vf_buf_printf(
        out,
        "%zu object%s of the source %s not moved. Their texts are beside this file, to be read: vecferry never "
        "runs them.\n",
        report->n_entries, report->n_entries == 1 ? "" : "s", report->n_entries == 1 ? "is" : "are");
    for (size_t i = 0; i < report->n_entries; i++) {
        const struct vf_report_entry *entry = &report->entries[i];
        put_line(out, "\n", entry->kind);
        put_line(out, " ", entry->name);
        if (entry->on != NULL)
            put_line(out, " on ", entry->on);
        if (entry->target > 0)
            vf_buf_printf(out, " (target %u)", entry->target);
        put_line(out, "\n  why:    ", entry->why);
        put_line(out, "\n  remedy: ", entry->remedy);
        if (entry->file != NULL)
            put_line(out, "\n  text:   ", entry->file);
        vf_buf_char(out, '\n');
    }
}

static enum vf_status write_index(const struct vf_report *report, int at, const char *folder, const char *file,
                                  void (*write)(const struct vf_report *, struct vf_buf *), struct vf_error *err)
{
    struct vf_buf text;

    vf_buf_init(&text, VF_BUF_MAX);
    write(report, &text);
    enum vf_status status = vf_buf_check(&text, err);
    if (status == VF_OK)
        status = write_file(at, folder, file, text.data, text.size_bytes, err);
    vf_buf_release(&text);
    return status;
}

/* ---- what was there ---- */

/* The index of the report that the folder holds, or NULL. */
static json_t *read_index(int at)
{
    struct stat found;
    json_t *index = NULL;
    int fd = openat(at, INDEX, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    if (fstat(fd, &found) == 0 && S_ISREG(found.st_mode) && found.st_size <= MAX_BYTES)
        index = json_loadfd(fd, 0, NULL);
    close(fd);
    if (vf_str_equal(json_string_value(json_object_get(index, "format")), FORMAT))
        return index;
    json_decref(index);
    return NULL;
}

/* Is there nothing in the folder but what a report that was broken off leaves? */
static bool is_empty(int at)
{
    int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = fd >= 0 ? fdopendir(fd) : NULL;
    bool empty = listing != NULL;

    if (listing == NULL && fd >= 0)
        close(fd);
    for (const struct dirent *entry; empty && (entry = readdir(listing)) != NULL;) {
        size_t size = strlen(entry->d_name), new_size = strlen(NEW);
        bool is_new = size > new_size && strcmp(entry->d_name + size - new_size, NEW) == 0;
        empty = is_new || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    }
    if (listing != NULL)
        closedir(listing);
    return empty;
}

static bool has_file(const struct vf_report *report, const char *file)
{
    for (size_t i = 0; i < report->n_entries; i++) {
        if (vf_str_equal(report->entries[i].file, file))
            return true;
    }
    return false;
}

/* Only names that a report gives: the index might be another's work. */
static bool is_ours(const char *file)
{
    size_t size = strlen(file);

    return size > 4 && strcmp(file + size - 4, ".sql") == 0 && file[0] != '.' &&
           strspn(file, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.") == size;
}

static void remove_stale(const struct vf_report *report, int at, const json_t *before)
{
    const json_t *list = json_object_get(before, "not_moved");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *file = json_string_value(json_object_get(json_array_get(list, i), "file"));
        if (file != NULL && is_ours(file) && !has_file(report, file))
            unlinkat(at, file, 0);
    }
}

/* ---- the whole ---- */

/* By its index a report is known for one when it was broken off: in a new folder it comes first, so that the next one may be written there. In an older report it comes last, and tells until then which files are that's. */
static enum vf_status write_files(const struct vf_report *report, int at, const char *folder, bool is_new,
                                  struct vf_error *err)
{
    enum vf_status status = is_new ? write_index(report, at, folder, INDEX, write_json, err) : VF_OK;

    for (size_t i = 0; i < report->n_entries && status == VF_OK; i++) {
        if (report->entries[i].file != NULL)
            status = write_text(at, folder, &report->entries[i], err);
    }
    if (status == VF_OK)
        status = write_index(report, at, folder, READABLE, write_readable, err);
    if (status == VF_OK && !is_new)
        status = write_index(report, at, folder, INDEX, write_json, err);
    if (status == VF_OK && fsync(at) != 0)
        status = refuse("make durable", folder, "", err);
    return status;
}

enum vf_status vf_report_write(const struct vf_report *report, const char *folder, struct vf_error *err)
{
    bool is_wanted = report->n_entries > 0;

    if (is_wanted && mkdir(folder, 0777) != 0 && errno != EEXIST)
        return refuse("make the folder", folder, "", err);
    int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return is_wanted ? refuse("open the folder", folder, "", err) : VF_OK;
    json_t *before = read_index(at);
    enum vf_status status = VF_OK;
    is_wanted |= before != NULL;
    if (is_wanted && before == NULL && !is_empty(at)) {
        vf_error_set(err, VF_USAGE, "the folder \"%s\" holds what isn't a report", folder);
        vf_error_hint(err, "name another folder by --report");
        status = VF_USAGE;
    }
    if (status == VF_OK && is_wanted)
        status = write_files(report, at, folder, before == NULL, err);
    if (status == VF_OK && before != NULL)
        remove_stale(report, at, before);
    json_decref(before);
    close(at);
    return status;
}
