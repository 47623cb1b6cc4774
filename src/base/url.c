#include "base/url.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/text.h"

static const struct {
    const char *prefix;
    const char *engine;
    bool is_path;
} schemes[] = {
    {"postgresql://", "postgres", false}, {"postgres://", "postgres", false}, {"sqlite:", "sqlite", true},
    {"duckdb:", "duckdb", true},          {"libsql://", "turso", false},      {"https://", "turso", false},
    {"http://", "turso", false},          {"files:", "files", true},          {"mem:", "mem", true},
};

#define N_SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

static enum vf_status refuse_secret(struct vf_error *err)
{
    vf_error_set(err, VF_USAGE, "a password or token in the URL is refused: every process on the machine can read it");
    vf_error_hint(err, "use --source-password-file or --target-password-file (mode 0600), --source-password-command or "
                       "--target-password-command, PGPASSWORD, or ~/.pgpass");
    return VF_USAGE;
}

/* user:secret@ before the host. */
static bool has_userinfo_password(const char *text)
{
    const char *authority = strstr(text, "://");

    if (authority == NULL)
        return false;
    authority += 3;
    size_t size = strcspn(authority, "/?#");
    const char *at = NULL;
    for (size_t i = 0; i < size; i++) {
        if (authority[i] == '@')
            at = authority + i;
    }
    /* A password may hold any of / ? # unescaped by mistake: then the @ stands behind them. */
    if (at == NULL)
        at = strchr(authority, '@');
    const char *colon = strchr(authority, ':');
    return at != NULL && colon != NULL && colon < at && colon + 1 < at;
}

static bool has_parameter(const char *text, const char *name)
{
    size_t size = strlen(name);

    for (const char *at = text; *at != '\0'; at++) {
        bool starts = at == text || strchr("?& \t", at[-1]) != NULL;
        size_t i = 0;
        while (starts && i < size && (at[i] | ((at[i] >= 'A' && at[i] <= 'Z') ? 0x20 : 0)) == name[i])
            i++;
        if (!starts || i < size)
            continue;
        const char *sign = at + size;
        sign += strspn(sign, " \t");
        if (*sign == '=' && sign[1] != '\0')
            return true;
    }
    return false;
}

static bool has_secret(const char *text)
{
    return has_userinfo_password(text) || has_parameter(text, "password") || has_parameter(text, "passwd") ||
           has_parameter(text, "authtoken") || has_parameter(text, "token") || has_parameter(text, "sslpassword");
}

/* host=... dbname=...: libpq's keywords. */
static bool is_conninfo(const char *text)
{
    return has_parameter(text, "host") || has_parameter(text, "hostaddr") || has_parameter(text, "dbname") ||
           has_parameter(text, "service");
}

static bool is_bare_path(const char *text)
{
    static const char *const endings[] = {".db", ".sqlite", ".sqlite3", ".db3"};
    size_t size = strlen(text);
    struct stat found;

    if (strchr(text, '/') != NULL && strstr(text, "://") == NULL)
        return true;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t n = strlen(endings[i]);
        if (size > n && vf_strcasecmp(text + size - n, endings[i]) == 0)
            return true;
    }
    return stat(text, &found) == 0;
}

static enum vf_status unknown_scheme(const char *text, struct vf_error *err)
{
    char shown[80];
    size_t size = strcspn(text, ":");

    vf_printable(text, text[size] == ':' ? size : strlen(text), shown, sizeof(shown));
    const char *best = schemes[0].prefix;
    for (size_t i = 1; i < N_SCHEMES; i++) {
        if (vf_edit_distance(shown, schemes[i].prefix) < vf_edit_distance(shown, best))
            best = schemes[i].prefix;
    }
    vf_error_set(err, VF_USAGE, "\"%s\" is not a database URL that is known, nor a file", shown);
    vf_error_hint(err, "the nearest is %s; known are postgresql://, sqlite:FILE and the path of a SQLite file", best);
    return VF_USAGE;
}

static enum vf_status fill(struct vf_url *url, const char *engine, const char *text, const char *path,
                           struct vf_error *err)
{
    snprintf(url->scheme, sizeof(url->scheme), "%s", engine);
    url->text = vf_strdup(text);
    url->path = vf_strdup(path);
    if (url->text == NULL || (path != NULL && url->path == NULL))
        return vf_error_nomem(err);
    if (path != NULL && path[0] == '\0')
        return vf_error_set(err, VF_USAGE, "the URL names no file");
    return VF_OK;
}

enum vf_status vf_url_parse(const char *text, struct vf_url *url, struct vf_error *err)
{
    *url = (struct vf_url){0};
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return vf_error_set(err, VF_USAGE, "the URL holds a control character (0x%02x) at byte %zu",
                                (unsigned char)*c, (size_t)(c - text));
    }
    for (size_t i = 0; i < N_SCHEMES; i++) {
        if (!vf_str_starts(text, schemes[i].prefix))
            continue;
        if (!schemes[i].is_path && has_secret(text))
            return refuse_secret(err);
        return fill(url, schemes[i].engine, text, schemes[i].is_path ? text + strlen(schemes[i].prefix) : NULL, err);
    }
    if (is_conninfo(text))
        return has_secret(text) ? refuse_secret(err) : fill(url, "postgres", text, NULL, err);
    return is_bare_path(text) ? fill(url, "sqlite", text, text, err) : unknown_scheme(text, err);
}

void vf_url_release(struct vf_url *url)
{
    vf_free(url->text);
    vf_free(url->path);
    *url = (struct vf_url){0};
}

char *vf_url_show(const struct vf_url *url, char *out, size_t out_bytes)
{
    const char *text = url->text != NULL ? url->text : "";

    vf_printable(text, strlen(text), out, out_bytes);
    return vf_redact(out);
}
