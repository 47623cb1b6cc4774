/*
 * How SQL is spelled, as far as databases agree: names and texts in quotes, words, numbers, blanks and comments. What a word means is the dialect's, or the engine's.
 */
#ifndef VF_ENGINE_SQL_H
#define VF_ENGINE_SQL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* "name", with its own quotes doubled. */
void vf_sql_quote(struct vf_buf *out, const char *identifier);
/* 'text', likewise; for databases that know no escape in it. */
void vf_sql_quote_text(struct vf_buf *out, const char *text, size_t size_bytes);

bool vf_sql_is_blank(char c);
bool vf_sql_is_digit(char c);
/* All bytes from 0x80 on belong to words. */
bool vf_sql_is_word_char(char c);

/* Behind what is there, if anything; a comment that doesn't end goes to the end of the text. */
const char *vf_sql_skip_blanks(const char *at);
const char *vf_sql_skip_word(const char *at);
/* Of a number that begins here: 1, 1.5e-3, 0x1F. */
const char *vf_sql_skip_number(const char *at);
bool vf_sql_starts_number(const char *at);

#endif
