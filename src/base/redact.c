#include "base/log.h"

#include <pthread.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/alloc.h"
#include "base/redact.h"

/*
 * The one state of the project that belongs to the process: an error, a driver's message or a log line can turn up on any thread and far from
 * the connection whose password it repeats, so a list per connection would miss it.
 */
struct secret {
    struct secret *next;
    size_t size_bytes;
    char text[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct secret *secrets;

#define MIN_SECRET_BYTES 3 /* as long as the "***" that takes its place */
#define MIN_PREFIX_BYTES 4

/* What a finder says about one place in a text: keep that many bytes, then mask that many. */
struct mask {
    size_t keep_bytes;
    size_t secret_bytes;
};

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c == '\0' ? NULL : strchr(digits, c);

    return at == NULL ? -1 : (int)(at - digits) & 15;
}

/* Does `text` go on with `prefix` and then the byte `c` as two hexadecimal digits? */
static size_t match_hex(const char *text, const char *prefix, char c)
{
    const size_t prefix_bytes = strlen(prefix);

    if (strncmp(text, prefix, prefix_bytes) != 0)
        return 0;
    if (hex_value(text[prefix_bytes]) != (unsigned char)c >> 4 ||
        hex_value(text[prefix_bytes + 1]) != ((unsigned char)c & 15))
        return 0;
    return prefix_bytes + 2;
}

static size_t match_backslash(const char *text, char c)
{
    static const char names[] = "bfnrt";
    static const char meant[] = "\b\f\n\r\t";
    const char *name;

    if (text[0] != '\\' || text[1] == '\0')
        return 0;
    name = strchr(names, text[1]);
    if (name != NULL && meant[name - names] == c)
        return 2;
    return text[1] == c ? 2 : 0;
}

/* Bytes of `text` that stand for `c` in a URL, in JSON, in a quoted value of libpq or SQL, or as vf_printable() shows it; 0: none do. */
static size_t match_byte(const char *text, char c)
{
    size_t size = match_hex(text, "%", c);

    if (size == 0)
        size = match_hex(text, "\\x", c);
    if (size == 0)
        size = match_hex(text, "\\u00", c);
    if (size == 0)
        size = match_backslash(text, c);
    if (size == 0 && (c == '\'' || c == '"') && text[0] == c && text[1] == c)
        size = 2;
    if (size == 0 && (text[0] == c || (c == ' ' && text[0] == '+')))
        size = 1;
    return size;
}

/*
 * Bytes of `text` that are the secret, as it is or escaped; 0 when it doesn't begin with it. A text that ends within the secret counts too: messages
 * are cut to fit.
 */
static size_t match_secret(const char *text, const struct secret *secret)
{
    size_t at = 0;

    for (size_t i = 0; i < secret->size_bytes; i++) {
        size_t step = match_byte(text + at, secret->text[i]);

        if (step == 0) {
            if (text[at] == '\0' && i >= MIN_PREFIX_BYTES)
                return at;
            /* The secret itself may look like an escape: then only the plain comparison finds it. */
            return strncmp(text, secret->text, secret->size_bytes) == 0 ? secret->size_bytes : 0;
        }
        at += step;
    }
    return at;
}

/* With the lock held: the longest remembered secret at `text`. */
static bool find_remembered(const char *text, struct mask *mask)
{
    mask->keep_bytes = 0;
    mask->secret_bytes = 0;
    for (const struct secret *secret = secrets; secret != NULL; secret = secret->next) {
        size_t size_bytes = match_secret(text, secret);

        if (size_bytes > mask->secret_bytes)
            mask->secret_bytes = size_bytes;
    }
    return mask->secret_bytes > 0;
}

/* A port, as opposed to a password that begins with a digit. */
static bool is_port(const char *text)
{
    size_t n_digits = strspn(text, "0123456789");

    return n_digits > 0 && (text[n_digits] == '\0' || strchr("/?#, \t\r\n\"'<>", text[n_digits]) != NULL);
}

/* The last '@' of the first `size_bytes`, or NULL. */
static const char *last_at_sign(const char *text, size_t size_bytes)
{
    while (size_bytes > 0) {
        if (text[--size_bytes] == '@')
            return text + size_bytes;
    }
    return NULL;
}

/* "://user:secret@". People put unescaped passwords into URLs, so a '/', '?' or '#' before the last '@' may belong to the password. */
static bool find_in_url(const char *text, struct mask *mask)
{
    const char *authority = text + 3;
    const char *colon;
    const char *end;
    size_t size_bytes;

    if (strncmp(text, "://", 3) != 0)
        return false;
    size_bytes = strcspn(authority, "/?# \t\r\n\"'<>@:");
    colon = authority + size_bytes;
    if (*colon != ':' || is_port(colon + 1))
        return false;
    end = last_at_sign(colon + 1, strcspn(colon + 1, "?# \t\r\n\"<>"));
    if (end == NULL)
        end = last_at_sign(colon + 1, strcspn(colon + 1, " \t\r\n\"<>"));
    if (end == NULL || end == colon + 1)
        return false;
    mask->keep_bytes = (size_t)(colon + 1 - text);
    mask->secret_bytes = (size_t)(end - colon - 1);
    return true;
}

/* Does `text` begin with `word` in any case? Its size, or 0. */
static size_t match_word(const char *text, const char *word)
{
    size_t size = 0;

    for (; word[size] != '\0'; size++) {
        char c = text[size];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != word[size])
            return 0;
    }
    return size;
}

/* Bytes of the value at `text`, and of the quote before it: a quoted one goes to its closing quote, another to the next space, '&' or quote. */
static size_t value_size(const char *text, size_t *quote_bytes)
{
    const char quote = text[0];
    size_t size = 1;

    *quote_bytes = quote == '\'' || quote == '"';
    if (*quote_bytes == 0) {
        for (size = 0; text[size] != '\0' && strchr(" \t\r\n&\"'", text[size]) == NULL; size++) {
            if (text[size] == '\\' && text[size + 1] != '\0')
                size++;
        }
        return size;
    }
    for (; text[size] != '\0'; size++) {
        /* A backslash takes the next one in (libpq, JSON), as a doubled quote does (SQL); but '' alone is an empty value. */
        if ((text[size] == '\\' && text[size + 1] != '\0') ||
            (size > 1 && text[size] == quote && text[size + 1] == quote))
            size++;
        else if (text[size] == quote)
            break;
    }
    return size - 1;
}

/* "password=...", "password = '...'", and the "password":"..." of JSON. Longer names that end in such a word are found at that word. */
static bool find_assignment(const char *text, struct mask *mask)
{
    static const char *const words[] = {"password", "passwd", "passphrase", "token", "secret", "apikey", "api_key"};
    size_t quote_bytes;
    size_t at = 0;
    bool is_json;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && at == 0; i++)
        at = match_word(text, words[i]);
    if (at == 0)
        return false;
    is_json = text[at] == '"';
    at += is_json;
    at += strspn(text + at, " \t\r\n");
    if (text[at] != '=' && !(is_json && text[at] == ':'))
        return false;
    at++;
    at += strspn(text + at, " \t\r\n");
    mask->secret_bytes = value_size(text + at, &quote_bytes);
    mask->keep_bytes = at + quote_bytes;
    return mask->secret_bytes > 0;
}

static bool find_bearer(const char *text, struct mask *mask)
{
    size_t at = match_word(text, "bearer");
    size_t n_spaces = strspn(text + at, " \t");

    if (at == 0 || n_spaces == 0)
        return false;
    mask->keep_bytes = at + n_spaces;
    mask->secret_bytes = strcspn(text + mask->keep_bytes, " \t\r\n\"',;");
    return mask->secret_bytes > 0;
}

static bool find_pattern(const char *text, struct mask *mask)
{
    return find_in_url(text, mask) || find_assignment(text, mask) || find_bearer(text, mask);
}

/* One pass over the text. What is written never overtakes what is read, because a mask is never longer than what it covers. */
static void replace(char *text, bool (*find)(const char *text, struct mask *mask))
{
    struct mask mask;
    size_t from = 0;
    size_t to = 0;

    while (text[from] != '\0') {
        if (!find(text + from, &mask)) {
            text[to++] = text[from++];
            continue;
        }
        memmove(text + to, text + from, mask.keep_bytes);
        to += mask.keep_bytes;
        from += mask.keep_bytes + mask.secret_bytes;
        for (size_t i = 0; i < mask.secret_bytes && i < 3; i++)
            text[to++] = '*';
    }
    text[to] = '\0';
}

enum vf_status vf_redact_secret(const char *secret, struct vf_error *err)
{
    const size_t size_bytes = secret == NULL ? 0 : strlen(secret);
    struct secret *known;

    if (size_bytes < MIN_SECRET_BYTES)
        return VF_OK;
    pthread_mutex_lock(&lock);
    for (known = secrets; known != NULL; known = known->next) {
        if (strcmp(known->text, secret) == 0)
            break;
    }
    if (known == NULL) {
        known = vf_alloc(sizeof(*known) + size_bytes + 1, 1);
        if (known != NULL) {
            memcpy(known->text, secret, size_bytes + 1);
            known->size_bytes = size_bytes;
            known->next = secrets;
            secrets = known;
        }
    }
    pthread_mutex_unlock(&lock);
    return known == NULL ? vf_error_nomem(err) : VF_OK;
}

char *vf_redact(char *text)
{
    if (text == NULL)
        return NULL;
    pthread_mutex_lock(&lock);
    replace(text, find_remembered);
    pthread_mutex_unlock(&lock);
    replace(text, find_pattern);
    return text;
}

bool vf_redact_would(const char *text)
{
    struct mask mask;

    for (; *text != '\0'; text++) {
        if (find_pattern(text, &mask))
            return true;
    }
    return false;
}

void vf_redact_reset(void)
{
    pthread_mutex_lock(&lock);
    while (secrets != NULL) {
        struct secret *next = secrets->next;

        OPENSSL_cleanse(secrets->text, secrets->size_bytes);
        vf_free(secrets);
        secrets = next;
    }
    pthread_mutex_unlock(&lock);
}
