#include "engine/sqlitesql/json_scan.h"

#include <string.h>

struct scanner {
    const char *at, *end;
    size_t depth;
    char open[VF_SQLITE_JSON_DEPTH]; /* '{' or '[' */
};

static void skip_blanks(struct scanner *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

static bool take(struct scanner *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool scan_escape(struct scanner *s)
{
    if (s->at == s->end)
        return false;
    char c = *s->at++;
    if (c != 'u')
        return memchr("\"\\/bfnrt", c, 8) != NULL;
    for (int i = 0; i < 4; i++, s->at++) {
        if (s->at == s->end || !is_hex(*s->at))
            return false;
    }
    return true;
}

static bool scan_string(struct scanner *s)
{
    if (!take(s, '"'))
        return false;
    while (s->at < s->end) {
        unsigned char c = (unsigned char)*s->at++;
        if (c == '"')
            return true;
        if (c < 0x20 || (c == '\\' && !scan_escape(s)))
            return false;
    }
    return false;
}

static size_t scan_digits(struct scanner *s)
{
    const char *start = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return (size_t)(s->at - start);
}

static bool scan_number(struct scanner *s)
{
    (void)take(s, '-');
    if (!take(s, '0') && scan_digits(s) == 0)
        return false;
    if (take(s, '.') && scan_digits(s) == 0)
        return false;
    if (!take(s, 'e') && !take(s, 'E'))
        return true;
    if (!take(s, '+'))
        (void)take(s, '-');
    return scan_digits(s) > 0;
}

static bool scan_word(struct scanner *s, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0)
        return false;
    s->at += n;
    return true;
}

/* A key with its colon. */
static bool scan_key(struct scanner *s)
{
    skip_blanks(s);
    if (!scan_string(s))
        return false;
    skip_blanks(s);
    return take(s, ':');
}

/* A scalar, or the beginning of a container; *opened: one that isn't empty was begun, and its first value follows. */
static bool scan_value(struct scanner *s, bool *opened)
{
    *opened = false;
    skip_blanks(s);
    if (s->at == s->end)
        return false;
    char c = *s->at;
    if (c == '"')
        return scan_string(s);
    if (c == 't')
        return scan_word(s, "true");
    if (c == 'f')
        return scan_word(s, "false");
    if (c == 'n')
        return scan_word(s, "null");
    if (c != '{' && c != '[')
        return scan_number(s);
    s->at++;
    skip_blanks(s);
    if (take(s, c == '{' ? '}' : ']'))
        return true;
    if (s->depth == VF_SQLITE_JSON_DEPTH)
        return false;
    s->open[s->depth++] = c;
    *opened = true;
    return c == '[' || scan_key(s);
}

bool vf_sqlite_json_is_valid(const char *text, size_t size_bytes, bool *is_container)
{
    struct scanner s;
    s.at = text;
    s.end = text + size_bytes;
    s.depth = 0;
    skip_blanks(&s);
    *is_container = s.at < s.end && (*s.at == '{' || *s.at == '[');
    for (;;) {
        bool opened = false;
        if (!scan_value(&s, &opened))
            return false;
        if (opened)
            continue;
        for (;;) { /* behind a value: a comma, or ends of containers */
            skip_blanks(&s);
            if (s.depth == 0)
                return s.at == s.end;
            char open = s.open[s.depth - 1];
            if (take(&s, ',')) {
                if (open == '{' && !scan_key(&s))
                    return false;
                break;
            }
            if (!take(&s, open == '{' ? '}' : ']'))
                return false;
            s.depth--;
        }
    }
}
