#include "engine/expression_token.h"

#include <string.h>

#include "engine/sql.h"

/* Longer signs come first. */
static const char *const signs[] = {"->>", "!~~*", "~~~", "~~*", "!~~", "!~*", "#>>", "::", "||",
                                    "->",  "<=",   ">=",  "<>",  "!=",  "==",  "//",  "<<", ">>",
                                    "~~",  "!~",   "~*",  "@>",  "<@",  "#>",  "**",  "^@", "&&"};

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

static size_t sign_bytes(const char *at)
{
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (strncmp(at, signs[i], strlen(signs[i])) == 0)
            return strlen(signs[i]);
    }
    return strchr(";+-*/%(),.=<>~^&|[]@#!?:", *at) != NULL ? 1 : 0;
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
    if (vf_sql_starts_number(start)) {
        *end = vf_sql_skip_number(start);
        return VF_EXPR_NUMBER;
    }
    *end = vf_sql_skip_word(start);
    if (*end > start)
        return VF_EXPR_WORD;
    *end = start + (sign_bytes(start) > 0 ? sign_bytes(start) : 1);
    return sign_bytes(start) > 0 ? VF_EXPR_SIGN : VF_EXPR_BAD;
}

struct vf_expr_token vf_expr_next_token(const struct vf_dialect *dialect, const char *text, size_t *offset,
                                        struct vf_arena *arena)
{
    const char *start = vf_sql_skip_blanks(text + *offset), *open = NULL, *end = NULL;
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
