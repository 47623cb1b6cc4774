#include "ferry/sidecar_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/text.h"

#define FORMAT    "vecferry sidecar"
#define VERSION   1
#define MAX_BYTES ((off_t)1 << 20) /* of a description */
#define MAX_NAME  200              /* bytes of a file's name */
#define MAX_KEY   64

/* ---- names ---- */

const char *vf_sidecar_path(const char *database_path, const char *file, struct vf_arena *arena)
{
    const char *slash = strrchr(database_path, '/');

    if (file[0] == '/' || slash == NULL)
        return vf_arena_strdup(arena, file);
    return vf_arena_printf(arena, "%.*s/%s", (int)(slash - database_path), database_path, file);
}

/* The parts are told apart by dots, so a dot in a name isn't plain. */
static void put_plain(struct vf_buf *out, const char *text, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                        c == '-' || c >= 0x80;
        if (is_plain)
            vf_buf_char(out, (char)c);
        else
            vf_buf_printf(out, "%%%02X", c);
    }
}

const char *vf_sidecar_name(const char *database_path, const char *schema, const char *table, const char *column,
                            struct vf_arena *arena)
{
    const char *slash = strrchr(database_path, '/');
    const char *base = slash != NULL ? slash + 1 : database_path;
    const char *dot = strrchr(base, '.');
    size_t base_bytes = dot != NULL && dot != base ? (size_t)(dot - base) : strlen(base);
    const char *name = NULL;
    struct vf_buf out;
    char hash[33];

    vf_buf_init(&out, 1 << 20);
    vf_buf_add(&out, base, base_bytes);
    const char *const parts[] = {schema, table, column};
    for (size_t i = 0; i < 3; i++) {
        if (parts[i] == NULL)
            continue;
        vf_buf_char(&out, '.');
        put_plain(&out, parts[i], strlen(parts[i]));
    }
    if (vf_buf_check(&out, NULL) == VF_OK && out.size_bytes <= MAX_NAME) {
        name = vf_arena_printf(arena, "%s.usearch", out.data);
    } else if (vf_buf_check(&out, NULL) == VF_OK) { /* too long for a file's name: cut, with the hash of all of it */
        vf_hash128_format(vf_hash128(out.data, out.size_bytes), hash);
        name = vf_arena_printf(arena, "%.*s-%.16s.usearch", (int)vf_utf8_cut(out.data, out.size_bytes, MAX_NAME - 17),
                               out.data, hash);
    }
    vf_buf_release(&out);
    return name;
}

bool vf_sidecar_is_there(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0;
}

enum vf_status vf_sidecar_hash(const char *path, int64_t *size_bytes, struct vf_hash128 *hash, struct vf_error *err)
{
    struct stat info = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return vf_error_set(err, errno == ENOENT ? VF_NOTFOUND : VF_ENGINE, "cannot open \"%s\": %s", path,
                            strerror(errno));
    void *bytes = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0
                      ? mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0)
                      : NULL;
    int code = errno;
    close(fd);
    if (bytes == MAP_FAILED || !S_ISREG(info.st_mode))
        return vf_error_set(err, VF_ENGINE, "cannot read \"%s\": %s", path,
                            bytes == MAP_FAILED ? strerror(code) : "it isn't a regular file");
    *size_bytes = info.st_size;
    *hash = vf_hash128(bytes != NULL ? bytes : "", (size_t)info.st_size);
    if (bytes != NULL)
        munmap(bytes, (size_t)info.st_size);
    return VF_OK;
}

/* ---- writing ---- */

static void set_hash(json_t *object, const char *key, struct vf_hash128 hash)
{
    char text[33];

    vf_hash128_format(hash, text);
    json_object_set_new(object, key, json_string(text));
}

static json_t *names_of(const struct vf_sidecar_description *description)
{
    json_t *names = json_array();

    for (size_t i = 0; i < description->n_key; i++)
        json_array_append_new(names, json_string(description->key[i]));
    return names;
}

static json_t *to_json(const struct vf_sidecar_description *d)
{
    json_t *object =
        json_pack("{s:s, s:i, s:s, s:s, s:s?, s:s, s:s, s:s, s:o, s:s}", "format", FORMAT, "version", VERSION,
                  "database", d->database, "database_file", d->database_file, "schema", d->schema, "table", d->table,
                  "column", d->column, "type", d->type, "key", names_of(d), "keys", d->ordinal ? "ordinal" : "integer");
    json_t *rest =
        json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s}", "metric",
                  vf_metric_name(d->metric), "kept", vf_element_name(d->kept), "m", (json_int_t)d->m, "ef_construction",
                  (json_int_t)d->ef_construction, "ef_search", (json_int_t)d->ef_search, "n_vectors",
                  (json_int_t)d->n_vectors, "n_in_graph", (json_int_t)d->n_in_graph, "n_zero", (json_int_t)d->n_zero,
                  "n_not_finite", (json_int_t)d->n_not_finite, "graph_bytes", (json_int_t)d->graph_bytes, "keys_bytes",
                  (json_int_t)d->keys_bytes, "vecferry", d->vecferry_version, "usearch", d->usearch_version);

    if (object == NULL || rest == NULL) {
        json_decref(object);
        json_decref(rest);
        return NULL;
    }
    json_object_update(object, rest);
    json_decref(rest);
    set_hash(object, "digest", d->digest);
    set_hash(object, "graph_xxh3", d->graph_hash);
    set_hash(object, "keys_xxh3", d->keys_hash);
    return object;
}

static enum vf_status write_text(const char *path, const char *text, struct vf_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool done = file != NULL && fchmod(fd, S_IRUSR | S_IWUSR) == 0 && fputs(text, file) >= 0 && fflush(file) == 0 &&
                fsync(fd) == 0;
    int code = errno;

    if (file != NULL)
        done = fclose(file) == 0 && done;
    else if (fd >= 0)
        close(fd);
    return done ? VF_OK : vf_error_set(err, VF_ENGINE, "cannot write \"%s\": %s", path, strerror(code));
}

enum vf_status vf_sidecar_write(const struct vf_sidecar_description *description, const char *path,
                                struct vf_error *err)
{
    json_t *object = to_json(description);
    char *text = object != NULL ? json_dumps(object, JSON_INDENT(2)) : NULL;
    struct vf_buf lines;

    vf_buf_init(&lines, VF_BUF_MAX);
    vf_buf_printf(&lines, "%s\n", text != NULL ? text : "");
    enum vf_status status = text != NULL ? vf_buf_check(&lines, err) : vf_error_nomem(err);
    if (status == VF_OK)
        status = write_text(path, lines.data, err);
    vf_buf_release(&lines);
    free(text); /* foreign */
    json_decref(object);
    return status;
}

/* ---- reading ---- */

struct reader {
    const json_t *object;
    struct vf_arena *arena;
    bool failed, no_memory;
};

static const char *copy(struct reader *reader, const char *text)
{
    const char *made = vf_arena_strdup(reader->arena, text);

    reader->no_memory |= text != NULL && made == NULL;
    return made;
}

static const char *get_text(struct reader *reader, const char *key)
{
    const char *text = json_string_value(json_object_get(reader->object, key));

    reader->failed |= text == NULL;
    return copy(reader, text);
}

static int64_t get_number(struct reader *reader, const char *key)
{
    const json_t *number = json_object_get(reader->object, key);

    reader->failed |= !json_is_integer(number) || json_integer_value(number) < 0;
    return json_integer_value(number);
}

static uint32_t get_small(struct reader *reader, const char *key)
{
    int64_t number = get_number(reader, key);

    reader->failed |= number > UINT32_MAX;
    return (uint32_t)number;
}

static struct vf_hash128 get_hash(struct reader *reader, const char *key)
{
    const char *text = json_string_value(json_object_get(reader->object, key));
    struct vf_hash128 hash = {0};

    reader->failed |= text == NULL || !vf_hash128_parse(text, &hash);
    return hash;
}

static void get_key(struct reader *reader, struct vf_sidecar_description *d)
{
    const json_t *names = json_object_get(reader->object, "key");
    size_t n = json_array_size(names);

    const char **key = vf_arena_alloc(reader->arena, n + 1, sizeof(*key));
    reader->failed |= n == 0 || n > MAX_KEY;
    reader->no_memory |= key == NULL;
    d->key = key;
    for (size_t i = 0; i < n && !reader->failed && !reader->no_memory; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        reader->failed |= name == NULL;
        key[d->n_key++] = copy(reader, name);
    }
}

/* What the file `name` holds. */
static enum vf_status from_json(const json_t *object, const char *name, struct vf_arena *arena,
                                struct vf_sidecar_description *d, struct vf_error *err)
{
    struct reader reader = {.object = object, .arena = arena};

    *d = (struct vf_sidecar_description){
        .database = get_text(&reader, "database"),
        .database_file = get_text(&reader, "database_file"),
        .schema = copy(&reader, json_string_value(json_object_get(object, "schema"))),
        .table = get_text(&reader, "table"),
        .column = get_text(&reader, "column"),
        .type = get_text(&reader, "type"),
        .m = get_small(&reader, "m"),
        .ef_construction = get_small(&reader, "ef_construction"),
        .ef_search = get_small(&reader, "ef_search"),
        .n_vectors = get_number(&reader, "n_vectors"),
        .digest = get_hash(&reader, "digest"),
        .n_in_graph = get_number(&reader, "n_in_graph"),
        .n_zero = get_number(&reader, "n_zero"),
        .n_not_finite = get_number(&reader, "n_not_finite"),
        .graph_bytes = get_number(&reader, "graph_bytes"),
        .keys_bytes = get_number(&reader, "keys_bytes"),
        .graph_hash = get_hash(&reader, "graph_xxh3"),
        .keys_hash = get_hash(&reader, "keys_xxh3"),
        .vecferry_version = get_text(&reader, "vecferry"),
        .usearch_version = get_text(&reader, "usearch"),
    };
    get_key(&reader, d);
    const char *metric = get_text(&reader, "metric"), *kept = get_text(&reader, "kept"),
               *keys = get_text(&reader, "keys");
    d->ordinal = vf_str_equal(keys, "ordinal");
    if (reader.no_memory)
        return vf_error_nomem(err);
    if (reader.failed || !vf_metric_parse(metric, &d->metric) || !vf_element_parse(kept, &d->kept))
        return vf_error_set(err, VF_VALUE, "\"%s\" is damaged", name);
    return VF_OK;
}

enum vf_status vf_sidecar_read(const char *path, struct vf_arena *arena, struct vf_sidecar_description *description,
                               struct vf_error *err)
{
    char name[PATH_MAX];
    struct stat info;
    enum vf_status status = VF_OK;
    int size = snprintf(name, sizeof(name), "%s" VF_SIDECAR_DESCRIPTION, path);

    if (size < 0 || (size_t)size >= sizeof(name) || stat(name, &info) != 0)
        return vf_error_set(err, VF_NOTFOUND, "\"%s\" has no description (\"%s" VF_SIDECAR_DESCRIPTION "\")", path,
                            path);
    json_t *object = info.st_size <= MAX_BYTES ? json_load_file(name, 0, NULL) : NULL;
    json_int_t version = json_integer_value(json_object_get(object, "version"));
    if (object == NULL)
        status = vf_error_set(err, VF_VALUE, "\"%s\" is damaged: it isn't JSON", name);
    else if (!vf_str_equal(json_string_value(json_object_get(object, "format")), FORMAT))
        status = vf_error_set(err, VF_STATE, "\"%s\" isn't the description of a sidecar", name);
    else if (version != VERSION)
        status = vf_error_set(err, VF_VALUE, "\"%s\" is of version %lld, and this program knows %d", name,
                              (long long)version, VERSION);
    else
        status = from_json(object, name, arena, description, err);
    json_decref(object);
    return status;
}

/* ---- publishing ---- */

static enum vf_status rename_new(const char *path, const char *ending, struct vf_error *err)
{
    char from[PATH_MAX], to[PATH_MAX];
    int from_bytes = snprintf(from, sizeof(from), "%s%s" VF_SIDECAR_NEW, path, ending);

    snprintf(to, sizeof(to), "%s%s", path, ending);
    if (from_bytes < 0 || (size_t)from_bytes >= sizeof(from))
        return vf_error_set(err, VF_ENGINE, "the name \"%s\" is too long", path);
    return rename(from, to) == 0
               ? VF_OK
               : vf_error_set(err, VF_ENGINE, "cannot rename \"%s\" to \"%s\": %s", from, to, strerror(errno));
}

static enum vf_status sync_folder(const char *path, struct vf_error *err)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');

    if (slash != NULL)
        snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path), path);
    int fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    int code = errno;
    if (fd >= 0)
        close(fd);
    return done ? VF_OK
                : vf_error_set(err, VF_ENGINE, "cannot make the folder of \"%s\" durable: %s", path, strerror(code));
}

enum vf_status vf_sidecar_publish(const char *path, bool ordinal, struct vf_error *err)
{
    char keys[PATH_MAX];
    enum vf_status status = rename_new(path, VF_SIDECAR_DESCRIPTION, err);

    if (status == VF_OK && ordinal)
        status = rename_new(path, VF_SIDECAR_KEYS, err);
    else if (status == VF_OK && snprintf(keys, sizeof(keys), "%s" VF_SIDECAR_KEYS, path) < PATH_MAX)
        unlink(keys); /* of an earlier building; mostly there is none */
    if (status == VF_OK)
        status = rename_new(path, "", err);
    return status == VF_OK ? sync_folder(path, err) : status;
}

enum vf_status vf_sidecar_write_text(const char *path, const char *text, struct vf_error *err)
{
    char made[PATH_MAX];
    int size = snprintf(made, sizeof(made), "%s" VF_SIDECAR_NEW, path);

    if (size < 0 || (size_t)size >= sizeof(made))
        return vf_error_set(err, VF_ENGINE, "the name \"%s\" is too long", path);
    enum vf_status status = write_text(made, text, err);
    if (status == VF_OK)
        status = rename_new(path, "", err);
    return status == VF_OK ? sync_folder(path, err) : status;
}
