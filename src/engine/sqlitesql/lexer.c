#include "engine/sqlitesql/lexer.h"

#include <string.h>

#include "engine/sql.h"

/* Behind the closing quote; a doubled one is part of the text, but in brackets. */
static const char *skip_quoted(const char *at)
{
    char close = *at == '[' ? ']' : *at;
    for (at++; *at != '\0'; at++) {
        if (*at != close)
            continue;
        if (close == ']' || at[1] != close)
            return at + 1;
        at++;
    }
    return at;
}

struct vf_sql_token vf_sql_next(const char **at)
{
    const char *start = vf_sql_skip_blanks(*at);
    const char *end = start;
    enum vf_sql_token_kind kind = VF_SQL_OTHER;

    if (*start == '\0') {
        kind = VF_SQL_END;
    } else if (*start == '"' || *start == '`' || *start == '[') {
        kind = VF_SQL_NAME;
        end = skip_quoted(start);
    } else if (*start == '\'') {
        kind = VF_SQL_STRING;
        end = skip_quoted(start);
    } else if ((*start == 'x' || *start == 'X') && start[1] == '\'') {
        kind = VF_SQL_BLOB;
        end = skip_quoted(start + 1);
    } else if (vf_sql_starts_number(start)) {
        kind = VF_SQL_NUMBER;
        end = vf_sql_skip_number(start);
    } else if (vf_sql_is_word_char(*start)) {
        kind = VF_SQL_WORD;
        end = vf_sql_skip_word(start);
    } else {
        end = start + 1;
    }
    *at = end;
    return (struct vf_sql_token){.kind = kind, .start = start, .size_bytes = (size_t)(end - start)};
}

struct vf_sql_token vf_sql_peek(const char *at)
{
    return vf_sql_next(&at);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool vf_sql_is_word(struct vf_sql_token token, const char *word)
{
    if (token.kind != VF_SQL_WORD || strlen(word) != token.size_bytes)
        return false;
    for (size_t i = 0; i < token.size_bytes; i++) {
        if (lower(token.start[i]) != lower(word[i]))
            return false;
    }
    return true;
}

bool vf_sql_is_char(struct vf_sql_token token, char c)
{
    return token.kind == VF_SQL_OTHER && token.start[0] == c;
}

char *vf_sql_unquote(struct vf_sql_token token, struct vf_arena *arena)
{
    if (token.kind != VF_SQL_NAME && token.kind != VF_SQL_STRING)
        return vf_arena_strndup(arena, token.start, token.size_bytes);
    char *text = vf_arena_alloc(arena, token.size_bytes + 1, 1);
    if (text == NULL)
        return NULL;
    char close = token.start[0] == '[' ? ']' : token.start[0];
    const char *end = token.start + token.size_bytes;
    if (token.size_bytes > 1 && end[-1] == close)
        end--;
    size_t n = 0;
    for (const char *c = token.start + 1; c < end; c++) {
        text[n++] = *c;
        if (*c == close && close != ']')
            c++;
    }
    text[n] = '\0';
    return text;
}

void vf_sql_skip_inside(const char **at)
{
    int depth = 1;
    while (depth > 0) {
        struct vf_sql_token token = vf_sql_next(at);
        if (token.kind == VF_SQL_END)
            return;
        if (vf_sql_is_char(token, '('))
            depth++;
        else if (vf_sql_is_char(token, ')'))
            depth--;
    }
}

char *vf_sql_inside(const char **at, struct vf_arena *arena)
{
    const char *start = vf_sql_skip_blanks(*at);
    vf_sql_skip_inside(at);
    const char *end = *at;
    if (end > start && end[-1] == ')')
        end--;
    while (end > start && vf_sql_is_blank(end[-1]))
        end--;
    return vf_arena_strndup(arena, start, (size_t)(end - start));
}
