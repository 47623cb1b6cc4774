#include "engine/sql.h"

#include <string.h>

static void put_quoted(struct vf_buf *out, const char *text, size_t size_bytes, char quote)
{
    vf_buf_char(out, quote);
    for (size_t i = 0; i < size_bytes; i++) {
        if (text[i] == quote)
            vf_buf_char(out, quote);
        vf_buf_char(out, text[i]);
    }
    vf_buf_char(out, quote);
}

void vf_sql_quote(struct vf_buf *out, const char *identifier)
{
    put_quoted(out, identifier, strlen(identifier), '"');
}

void vf_sql_quote_text(struct vf_buf *out, const char *text, size_t size_bytes)
{
    put_quoted(out, text, size_bytes, '\'');
}

bool vf_sql_is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool vf_sql_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool vf_sql_is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || vf_sql_is_digit(c) || c == '_' || c == '$' ||
           (unsigned char)c >= 0x80;
}

const char *vf_sql_skip_blanks(const char *at)
{
    for (;;) {
        if (vf_sql_is_blank(*at)) {
            at++;
        } else if (at[0] == '-' && at[1] == '-') {
            at += strcspn(at, "\n");
        } else if (at[0] == '/' && at[1] == '*') {
            const char *end = strstr(at + 2, "*/");
            at = end != NULL ? end + 2 : at + strlen(at);
        } else {
            return at;
        }
    }
}

const char *vf_sql_skip_word(const char *at)
{
    while (vf_sql_is_word_char(*at))
        at++;
    return at;
}

bool vf_sql_starts_number(const char *at)
{
    return vf_sql_is_digit(at[0]) || (at[0] == '.' && vf_sql_is_digit(at[1]));
}

const char *vf_sql_skip_number(const char *at)
{
    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X'))
        return vf_sql_skip_word(at + 2);
    while (vf_sql_is_word_char(*at) || *at == '.') {
        bool is_exponent = *at == 'e' || *at == 'E';
        at++;
        if (is_exponent && (*at == '+' || *at == '-'))
            at++;
    }
    return at;
}
