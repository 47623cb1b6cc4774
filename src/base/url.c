#include "base/url.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/redact.h"
#include "base/text.h"

#define MAX_URL_BYTES 8192 /* twice the longest path, for a server's certificates */

enum url_kind {
    URL_SERVER, /* "//" must follow */
    URL_PATH,   /* of a file or folder */
    URL_EITHER, /* a server when "//" and a host follow, else the path of an SQLite file */
    URL_NAME,   /* of a database in memory */
};

static const struct {
    const char *scheme;
    const char *engine;
    enum url_kind kind;
} schemes[] = {
    {"postgresql", "postgres", URL_SERVER}, {"postgres", "postgres", URL_SERVER}, {"sqlite", "sqlite", URL_PATH},
    {"duckdb", "duckdb", URL_PATH},         {"libsql", "turso", URL_EITHER},      {"https", "turso", URL_SERVER},
    {"http", "turso", URL_SERVER},          {"files", "files", URL_PATH},         {"mem", "mem", URL_NAME},
};

#define N_SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

static const char *const suffixes[] = {".db", ".db3", ".sqlite", ".sqlite3"};

/* Keywords with which libpq's connection strings begin in practice; all of them aren't needed, as the first "=" decides. */
static const char *const conninfo_words[] = {
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "passfile",
    "service",
    "sslmode",
    "sslcert",
    "sslkey",
    "options",
    "sslrootcert",
    "sslpassword",
    "connect_timeout",
    "application_name",
    "servicefile",
    "target_session_attrs",
};

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c)
{
    return is_alpha(c) || (c >= '0' && c <= '9');
}

/* Bytes of "scheme:" without the colon, after RFC 3986; 0 when the text doesn't begin with one. */
static size_t scheme_size(const char *text)
{
    size_t size = 0;

    if (!is_alpha(text[0]))
        return 0;
    while (is_alnum(text[size]) || text[size] == '+' || text[size] == '-' || text[size] == '.')
        size++;
    return text[size] == ':' ? size : 0;
}

static void hint_forms(struct vf_error *err)
{
    vf_error_hint(err, "use postgresql://user@host/db, sqlite:/path.db or the path of a database file");
}

static enum vf_status refuse_secret(struct vf_error *err)
{
    vf_error_set(err, VF_USAGE, "a URL must not hold a password or token: every user of the machine can read it");
    vf_error_hint(err, "leave it out of the URL and use --source-password-file or --target-password-file (mode 0600), "
                       "--source-password-command or --target-password-command, ~/.pgpass (PGPASSFILE) or PGPASSWORD");
    return VF_USAGE;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undo the percent-encoding of letters, digits and "_": libpq decodes the names of parameters too, so "p%61ssword=" is a password. */
static void decode_plain(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        int high = from[0] == '%' ? hex_value(from[1]) : -1;
        int low = high < 0 ? -1 : hex_value(from[2]);
        char c = low < 0 ? '\0' : (char)(high * 16 + low);

        if (is_alnum(c) || c == '_') {
            *to++ = c;
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

static enum vf_status check_secret(const char *text, struct vf_error *err)
{
    bool found = vf_redact_would(text);
    char *decoded;

    if (!found) {
        decoded = vf_strdup(text);
        if (decoded == NULL)
            return vf_error_nomem(err);
        decode_plain(decoded);
        found = vf_redact_would(decoded);
        vf_free(decoded);
    }
    return found ? refuse_secret(err) : VF_OK;
}

/* Size and control characters, before anything of the text is shown. */
static enum vf_status check_text(const char *text, struct vf_error *err)
{
    size_t size_bytes = text == NULL ? 0 : strlen(text);

    if (size_bytes == 0) {
        vf_error_set(err, VF_USAGE, "the URL of a database is empty");
        hint_forms(err);
        return VF_USAGE;
    }
    if (size_bytes > MAX_URL_BYTES)
        return vf_error_set(err, VF_USAGE, "the URL of a database has %zu bytes, the limit is %d", size_bytes,
                            MAX_URL_BYTES);
    for (size_t i = 0; i < size_bytes; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
            return vf_error_set(err, VF_USAGE, "the URL of a database has a control character at byte %zu", i + 1);
    }
    return VF_OK;
}

static bool is_conninfo(const char *text)
{
    size_t size = 0;

    while ((text[size] >= 'a' && text[size] <= 'z') || text[size] == '_')
        size++;
    if (text[size + strspn(text + size, " ")] != '=')
        return false;
    for (size_t i = 0; i < sizeof(conninfo_words) / sizeof(conninfo_words[0]); i++) {
        if (strlen(conninfo_words[i]) == size && strncmp(text, conninfo_words[i], size) == 0)
            return true;
    }
    return false;
}

static bool ends_with(const char *text, const char *suffix)
{
    size_t text_bytes = strlen(text);
    size_t suffix_bytes = strlen(suffix);

    return text_bytes > suffix_bytes && strcmp(text + text_bytes - suffix_bytes, suffix) == 0;
}

static bool is_path(const char *text)
{
    struct stat file;

    if (strchr(text, '/') != NULL || ends_with(text, ".duckdb"))
        return true;
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (ends_with(text, suffixes[i]))
            return true;
    }
    return stat(text, &file) == 0 && S_ISREG(file.st_mode);
}

static enum vf_status set(struct vf_url *url, const char *engine, const char *path, struct vf_error *err)
{
    snprintf(url->scheme, sizeof(url->scheme), "%s", engine);
    if (path == NULL)
        return VF_OK;
    url->path = vf_strdup(path);
    return url->path == NULL ? vf_error_nomem(err) : VF_OK;
}

/* The scheme that a mistyped one is nearest to, or NULL when none is near. */
static const char *nearest_scheme(const char *scheme)
{
    const char *nearest = NULL;
    unsigned best = 3;

    if (strcmp(scheme, "file") == 0)
        return "sqlite"; /* SQLite's own URIs begin like this */
    for (size_t i = 0; i < N_SCHEMES; i++) {
        unsigned distance = vf_edit_distance(scheme, schemes[i].scheme);

        if (distance < best && distance < strlen(schemes[i].scheme) - 1) {
            best = distance;
            nearest = schemes[i].scheme;
        }
    }
    return nearest;
}

static enum vf_status unknown_scheme(const char *scheme, struct vf_error *err)
{
    const char *nearest = nearest_scheme(scheme);

    vf_error_set(err, VF_USAGE,
                 "\"%.32s\" is not a known kind of database; known are postgresql, sqlite, duckdb, libsql, http, "
                 "https, files, mem",
                 scheme);
    if (nearest != NULL)
        vf_error_hint(err, "did you mean \"%s:\"? a file whose name has a colon is written ./name", nearest);
    else
        vf_error_hint(err, "a file whose name has a colon is written ./name");
    return VF_USAGE;
}

/* "//" before an absolute path is an empty host (RFC 8089); a host can't be meant. */
static enum vf_status parse_file(const char *scheme, const char *engine, const char *rest, struct vf_url *url,
                                 struct vf_error *err)
{
    if (strncmp(rest, "//", 2) == 0) {
        if (rest[2] != '/') {
            vf_error_set(err, VF_USAGE, "a %s URL has no host", scheme);
            vf_error_hint(err, "write %s:name for a relative path, %s:/folder/name for an absolute one", scheme,
                          scheme);
            return VF_USAGE;
        }
        rest += 2;
    }
    if (rest[0] == '\0')
        return vf_error_set(err, VF_USAGE, "the URL \"%s:\" has no path", scheme);
    return set(url, engine, rest, err);
}

static enum vf_status parse_server(const char *scheme, const char *engine, const char *rest, struct vf_url *url,
                                   struct vf_error *err)
{
    if (strncmp(rest, "//", 2) != 0) {
        vf_error_set(err, VF_USAGE, "a %s URL begins with \"%s://\"", scheme, scheme);
        hint_forms(err);
        return VF_USAGE;
    }
    /* libpq fills in what is left out, from its environment; the other servers need a host. */
    if (strcmp(engine, "postgres") != 0 && (rest[2] == '\0' || strchr("/?#", rest[2]) != NULL))
        return vf_error_set(err, VF_USAGE, "the URL \"%s://\" has no host", scheme);
    return set(url, engine, NULL, err);
}

static enum vf_status parse_scheme(size_t size_bytes, struct vf_url *url, struct vf_error *err)
{
    const char *rest = url->text + size_bytes + 1;
    char scheme[64];

    /* libpq knows its schemes in lower case only. */
    for (size_t i = 0; i < size_bytes; i++) {
        if (url->text[i] >= 'A' && url->text[i] <= 'Z')
            url->text[i] = (char)(url->text[i] - 'A' + 'a');
    }
    snprintf(scheme, sizeof(scheme), "%.*s", (int)size_bytes, url->text);
    for (size_t i = 0; i < N_SCHEMES; i++) {
        if (strcmp(scheme, schemes[i].scheme) != 0)
            continue;
        if (schemes[i].kind == URL_EITHER && (strncmp(rest, "//", 2) != 0 || rest[2] == '/')) {
            snprintf(url->variant, sizeof(url->variant), "%s", schemes[i].scheme);
            return parse_file(scheme, "sqlite", rest, url, err);
        }
        if (schemes[i].kind != URL_PATH && schemes[i].kind != URL_NAME)
            return parse_server(scheme, schemes[i].engine, rest, url, err);
        if (schemes[i].kind == URL_PATH)
            return parse_file(scheme, schemes[i].engine, rest, url, err);
        if (rest[0] == '\0')
            return vf_error_set(err, VF_USAGE, "the URL \"%s:\" has no name", scheme);
        return set(url, schemes[i].engine, rest, err);
    }
    return unknown_scheme(scheme, err);
}

static enum vf_status parse_checked(struct vf_url *url, struct vf_error *err)
{
    const size_t scheme_bytes = scheme_size(url->text);
    char shown[256];

    if (is_conninfo(url->text))
        return set(url, "postgres", NULL, err);
    if (scheme_bytes > 0)
        return parse_scheme(scheme_bytes, url, err);
    if (is_path(url->text))
        return set(url, ends_with(url->text, ".duckdb") ? "duckdb" : "sqlite", url->text, err);
    vf_error_set(err, VF_USAGE, "\"%s\" is neither a URL nor the path of a database file",
                 vf_url_show(url, shown, sizeof(shown)));
    hint_forms(err);
    return VF_USAGE;
}

enum vf_status vf_url_parse(const char *text, struct vf_url *url, struct vf_error *err)
{
    enum vf_status status;

    *url = (struct vf_url){0};
    status = check_text(text, err);
    if (status == VF_OK)
        status = check_secret(text, err);
    if (status != VF_OK)
        return status;
    url->text = vf_strdup(text);
    if (url->text == NULL)
        return vf_error_nomem(err);
    status = parse_checked(url, err);
    if (status != VF_OK)
        vf_url_release(url);
    return status;
}

void vf_url_release(struct vf_url *url)
{
    vf_free(url->text);
    vf_free(url->path);
    *url = (struct vf_url){0};
}

char *vf_url_show(const struct vf_url *url, char *out, size_t out_bytes)
{
    char *copy = url->text == NULL ? NULL : vf_strdup(url->text);

    if (copy != NULL) {
        vf_redact(copy);
        vf_printable(copy, strlen(copy), out, out_bytes);
    } else {
        /* Nothing to show, or no memory for the copy that is redacted: the kind of database is no secret. */
        vf_printable(url->scheme, strlen(url->scheme), out, out_bytes);
    }
    vf_free(copy);
    return out;
}
