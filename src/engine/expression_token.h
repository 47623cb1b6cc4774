/*
 * The words of an expression, for engine/expression_read.c. Any bytes are taken; a text that ends inside a quoted word is an error.
 */
#ifndef VF_ENGINE_EXPRESSION_TOKEN_H
#define VF_ENGINE_EXPRESSION_TOKEN_H

#include "engine/dialect.h"

enum vf_expr_token_kind {
    VF_EXPR_END,
    VF_EXPR_WORD,   /* a keyword or a bare name; `text` as it stands */
    VF_EXPR_NAME,   /* in quotes; `text` without them */
    VF_EXPR_STRING, /* a text; `text` without its quotes */
    VF_EXPR_BYTES,  /* x'..'; `text` is the digits */
    VF_EXPR_NUMBER, /* `text` as it stands */
    VF_EXPR_SIGN,   /* an operator or punctuation */
    VF_EXPR_BAD,    /* nothing of the language, or quotes that don't end */
};

struct vf_expr_token {
    enum vf_expr_token_kind kind;
    const char *text; /* in the arena, ends with NUL; NULL: no memory */
    size_t offset;    /* where it begins */
};

/* The token at text[*offset], which is moved behind it. */
struct vf_expr_token vf_expr_next_token(const struct vf_dialect *dialect, const char *text, size_t *offset,
                                        struct vf_arena *arena);

#endif
