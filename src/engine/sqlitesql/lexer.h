/*
 * The words of SQL as SQLite reads them: enough to find names, constraints and expressions in the texts of sqlite_master. Nothing is run.
 *
 * Rules: https://sqlite.org/draft/tokenreq.html. A text that ends inside a quoted word or a comment ends there.
 */
#ifndef VF_ENGINE_SQLITESQL_LEXER_H
#define VF_ENGINE_SQLITESQL_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/alloc.h"

enum vf_sql_token_kind {
    VF_SQL_END,
    VF_SQL_WORD,   /* a keyword or a bare name */
    VF_SQL_NAME,   /* a name in "", [] or `` */
    VF_SQL_STRING, /* a text in '' */
    VF_SQL_BLOB,   /* x'..' */
    VF_SQL_NUMBER,
    VF_SQL_OTHER, /* one character of punctuation */
};

struct vf_sql_token {
    enum vf_sql_token_kind kind;
    const char *start;
    size_t size_bytes;
};

/* The token at *at, which is moved behind it; blanks and comments are passed over. At the end again and again VF_SQL_END. */
struct vf_sql_token vf_sql_next(const char **at);
struct vf_sql_token vf_sql_peek(const char *at);

bool vf_sql_is_word(struct vf_sql_token token, const char *word); /* a bare word, in any case */
bool vf_sql_is_char(struct vf_sql_token token, char c);

/* A name or text without its quotes; bare words as they are. In the arena; NULL: no memory. SQLite also takes '...' for a name. */
char *vf_sql_unquote(struct vf_sql_token token, struct vf_arena *arena);

/* *at is behind a "(": the text up to its ")", without blanks at the ends, in the arena; *at is moved behind the ")". NULL: no memory. */
char *vf_sql_inside(const char **at, struct vf_arena *arena);
/* Move *at behind the parenthesis that is open. */
void vf_sql_skip_inside(const char **at);

#endif
