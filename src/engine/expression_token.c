#include "engine/expression_token.h"

#include <string.h>

/* Longer signs come first. */
static const char *const signs[] = {"->>", "!~~*", "~~~", "~~*", "!~~", "!~*", "#>>", "::", "||",
                                    "->",  "<=",   ">=",  "<>",  "!=",  "==",  "//",  "<<", ">>",
                                    "~~",  "!~",   "~*",  "@>",  "<@",  "#>",  "**",  "^@", "&&"};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '$' ||
           (unsigned char)c >= 0x80;
}

static const char *skip_blanks(const char *at)
{
    for (;;) {
        if (is_blank(*at)) {
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

/* `at` is at the opening quote; what is between goes to `out`, if that isn't NULL. NULL: it doesn't end, or an escape isn't a plain one. */
static const char *read_quoted(const char *at, bool has_escapes, char *out)
{
    char close = *at == '[' ? ']' : *at;
    for (at++; *at != '\0'; at++) {
        if (*at == close && (close == ']' || at[1] != close)) {
            if (out != NULL)
                *out = '\0';
            return at + 1;
        }
        if (*at == close) {
            at++;
        } else if (has_escapes && *at == '\\') {
            at++;
            if (*at != '\\' && *at != '\'')
                return NULL;
        }
        if (out != NULL)
            *out++ = *at;
    }
    return NULL;
}

static const char *skip_number(const char *at)
{
    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
        at += 2;
        while (is_word_char(*at))
            at++;
        return at;
    }
    while (is_word_char(*at) || *at == '.') {
        bool is_exponent = *at == 'e' || *at == 'E';
        at++;
        if (is_exponent && (*at == '+' || *at == '-'))
            at++;
    }
    return at;
}

static size_t sign_bytes(const char *at)
{
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (strncmp(at, signs[i], strlen(signs[i])) == 0)
            return strlen(signs[i]);
    }
    return strchr("+-*/%(),.=<>~^&|[]@#!?:", *at) != NULL ? 1 : 0;
}

/* What kind of quotes it is, where they open, and whether \ escapes in them. VF_EXPR_END: it isn't quoted. */
static enum vf_expr_token_kind quotes_at(const struct vf_dialect *dialect, const char *start, const char **open,
                                         bool *has_escapes)
{
    bool is_bytes = dialect->has_blob_texts && (*start == 'x' || *start == 'X') && start[1] == '\'';
    bool is_name = *start == '"' || (dialect->quotes_with_brackets && (*start == '[' || *start == '`'));

    *has_escapes = dialect->has_escape_texts && (*start == 'E' || *start == 'e') && start[1] == '\'';
    *open = start + (is_bytes || *has_escapes);
    return is_bytes                           ? VF_EXPR_BYTES
           : is_name                          ? VF_EXPR_NAME
           : (*start == '\'' || *has_escapes) ? VF_EXPR_STRING
                                              : VF_EXPR_END;
}

static enum vf_expr_token_kind plain_at(const char *start, const char **end)
{
    *end = start;
    if (is_digit(*start) || (*start == '.' && is_digit(start[1]))) {
        *end = skip_number(start);
        return VF_EXPR_NUMBER;
    }
    if (is_word_char(*start)) {
        while (is_word_char(**end))
            (*end)++;
        return VF_EXPR_WORD;
    }
    *end = start + (sign_bytes(start) > 0 ? sign_bytes(start) : 1);
    return sign_bytes(start) > 0 ? VF_EXPR_SIGN : VF_EXPR_BAD;
}

struct vf_expr_token vf_expr_next_token(const struct vf_dialect *dialect, const char *text, size_t *offset,
                                        struct vf_arena *arena)
{
    const char *start = skip_blanks(text + *offset), *open = NULL, *end = NULL;
    struct vf_expr_token token = {.kind = VF_EXPR_END, .offset = (size_t)(start - text), .text = ""};
    bool has_escapes = false;

    *offset = token.offset;
    if (*start == '\0')
        return token;
    token.kind = quotes_at(dialect, start, &open, &has_escapes);
    if (token.kind == VF_EXPR_END) {
        token.kind = plain_at(start, &end);
        token.text = vf_arena_strndup(arena, start, (size_t)(end - start));
    } else {
        end = read_quoted(open, has_escapes, NULL);
        char *copy = vf_arena_alloc(arena, end != NULL ? (size_t)(end - start) + 1 : 1, 1);
        if (copy != NULL && end != NULL)
            (void)read_quoted(open, has_escapes, copy);
        token.text = copy;
        token.kind = end != NULL ? token.kind : VF_EXPR_BAD;
        end = end != NULL ? end : start + strlen(start);
    }
    *offset = (size_t)(end - text);
    return token;
}
