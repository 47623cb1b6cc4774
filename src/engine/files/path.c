#include "engine/files/path.h"

#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/text.h"

#define CUT_BYTES (2 + 64) /* "%~" and the hash */

static bool is_plain(const char *text, size_t size_bytes, size_t i)
{
    char c = text[i];
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           (c == '.' && i > 0 && i + 1 < size_bytes);
}

void vf_files_escape(const char *text, size_t size_bytes, size_t max_bytes, struct vf_buf *out)
{
    size_t needed = 0, kept = 0;
    for (size_t i = 0; i < size_bytes; i++)
        needed += is_plain(text, size_bytes, i) ? 1 : 3;
    bool is_cut = needed > max_bytes;
    if (size_bytes == 0)
        vf_buf_char(out, '%');
    for (size_t i = 0; i < size_bytes; i++) {
        bool plain = is_plain(text, size_bytes, i);
        kept += plain ? 1 : 3;
        if (is_cut && kept > max_bytes - CUT_BYTES)
            break;
        if (plain)
            vf_buf_char(out, text[i]);
        else
            vf_buf_printf(out, "%%%02x", (unsigned char)text[i]);
    }
    if (is_cut) {
        char hash[65];
        if (vf_sha256_hex(text, size_bytes, hash))
            vf_buf_printf(out, "%%~%s", hash);
        else
            out->status = VF_INTERNAL;
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool vf_files_unescape(const char *name, size_t size_bytes, struct vf_buf *out)
{
    size_t begin = out->size_bytes;
    for (size_t i = 0; i < size_bytes && !(size_bytes == 1 && name[0] == '%'); i++) {
        if (name[i] != '%') {
            vf_buf_char(out, name[i]);
            continue;
        }
        int high = i + 2 < size_bytes ? hex_digit(name[i + 1]) : -1, low = high < 0 ? -1 : hex_digit(name[i + 2]);
        if (low < 0)
            return false;
        vf_buf_char(out, (char)(high << 4 | low));
        i += 2;
    }
    /* What can be written in two ways would be two files of one key. */
    struct vf_buf again;
    vf_buf_init(&again, VF_BUF_MAX);
    size_t made_bytes = out->size_bytes - begin;
    vf_files_escape(made_bytes > 0 ? out->data + begin : "", made_bytes, SIZE_MAX / 8, &again);
    bool same = vf_buf_check(&again, NULL) == VF_OK && again.size_bytes == size_bytes &&
                memcmp(again.data, name, size_bytes) == 0;
    vf_buf_release(&again);
    return same;
}

/* ---- patterns ---- */

static enum vf_status refuse(const char *pattern, const char *why, struct vf_error *err)
{
    enum vf_status status = vf_error_set(err, VF_USAGE, "the path \"%s\" for rows can't be used: %s", pattern, why);
    vf_error_hint(err, "a path is written as %s or agents/{key}/identity.json", VF_FILES_PATTERN);
    return status;
}

bool vf_files_pattern_has_table(const char *pattern)
{
    return strstr(pattern, "{table}") != NULL;
}

enum vf_status vf_files_pattern_check(const char *pattern, struct vf_error *err)
{
    const char *key = strstr(pattern, "{key}");
    const char *table = strstr(pattern, "{table}");
    if (key == NULL || strstr(key + 1, "{key}") != NULL)
        return refuse(pattern, "{key} must be in it once", err);
    if (table != NULL && (table > key || strstr(table + 1, "{table}") != NULL))
        return refuse(pattern, "{table} may be in it once, before {key}", err);
    for (const char *name = pattern; name != NULL; name = strchr(name, '/') != NULL ? strchr(name, '/') + 1 : NULL) {
        size_t size_bytes = strcspn(name, "/");
        if (size_bytes == 0)
            return refuse(pattern, "a name in it is empty", err);
        if (name[0] == '.')
            return refuse(pattern, "a name in it begins with a point", err);
        if (size_bytes > 100)
            return refuse(pattern, "a name in it is longer than 100 bytes", err);
    }
    return vf_utf8_check(pattern, strlen(pattern)) == strlen(pattern) ? VF_OK : refuse(pattern, "it isn't UTF-8", err);
}

static void put_with_table(const char *text, size_t size_bytes, const char *table, struct vf_buf *out)
{
    const char *mark = strstr(text, "{table}");
    if (mark == NULL || mark >= text + size_bytes) {
        vf_buf_add(out, text, size_bytes);
        return;
    }
    vf_buf_add(out, text, (size_t)(mark - text));
    vf_files_escape(table, strlen(table), 120, out);
    mark += strlen("{table}");
    vf_buf_add(out, mark, (size_t)(text + size_bytes - mark));
}

static enum vf_status keep(struct vf_buf *buf, char **out, struct vf_error *err)
{
    vf_buf_str(buf, "");
    enum vf_status status = vf_buf_check(buf, err);
    if (status == VF_OK)
        *out = buf->data != NULL ? vf_buf_detach(buf) : vf_strdup("");
    vf_buf_release(buf);
    vf_buf_init(buf, 65536);
    return status == VF_OK && *out == NULL ? vf_error_nomem(err) : status;
}

enum vf_status vf_files_place_make(const char *pattern, const char *table, struct vf_files_place *place,
                                   struct vf_error *err)
{
    const char *key = strstr(pattern, "{key}"), *name = key;
    struct vf_buf buf;
    *place = (struct vf_files_place){0};
    if (key == NULL)
        return refuse(pattern, "{key} must be in it once", err);
    while (name > pattern && name[-1] != '/')
        name--;
    vf_buf_init(&buf, 65536);
    put_with_table(pattern, name > pattern ? (size_t)(name - 1 - pattern) : 0, table, &buf);
    enum vf_status status = keep(&buf, &place->folder, err);
    if (status == VF_OK) {
        put_with_table(name, (size_t)(key - name), table, &buf);
        status = keep(&buf, &place->before, err);
    }
    const char *after = key + strlen("{key}"), *slash = strchr(after, '/');
    if (status == VF_OK) {
        vf_buf_add(&buf, after, slash != NULL ? (size_t)(slash - after) : strlen(after));
        status = keep(&buf, &place->after, err);
    }
    if (status == VF_OK) {
        vf_buf_str(&buf, slash != NULL ? slash + 1 : "");
        status = keep(&buf, &place->rest, err);
    }
    vf_buf_release(&buf);
    if (status != VF_OK)
        vf_files_place_release(place);
    return status;
}

void vf_files_place_release(struct vf_files_place *place)
{
    vf_free(place->folder);
    vf_free(place->before);
    vf_free(place->after);
    vf_free(place->rest);
    *place = (struct vf_files_place){0};
}

size_t vf_files_place_key_bytes(const struct vf_files_place *place)
{
    size_t used = strlen(place->before) + strlen(place->after);
    return used < VF_FILES_MAX_NAME_BYTES - 100 ? VF_FILES_MAX_NAME_BYTES - used : 100;
}

void vf_files_place_path(const struct vf_files_place *place, const char *key, struct vf_buf *out)
{
    vf_buf_printf(out, "%s%s%s%s%s", place->folder, place->folder[0] != '\0' ? "/" : "", place->before, key,
                  place->after);
    if (place->rest[0] != '\0')
        vf_buf_printf(out, "/%s", place->rest);
}
