/*
 * Growing texts of the test server, and the JSON of answers.
 *
 * Written by hand and apart from src/: a mistake in the project's own JSON writer must not be answered by the same mistake here.
 * The server ends itself when memory runs out, so nothing here fails.
 */
#ifndef HRANA_TEXT_H
#define HRANA_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *data; /* NUL-terminated once something was added */
    size_t size;
    size_t cap;
};

void *hrana_alloc(size_t size_bytes); /* cleared, never NULL; freed with free() */

/* As strspn(), which under a sanitizer looks for the end of the whole text each time. */
size_t text_span(const char *from, const char *accepted);

void text_add(struct text *text, const void *bytes, size_t size);
void text_str(struct text *text, const char *string);
void text_printf(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_free(struct text *text); /* a zeroed struct is fine */

/* A JSON string with its quotes; the slash is not escaped. */
void text_json(struct text *text, const char *bytes, size_t size);
/* The shortest digits that read back as the same number; null when it is infinite, as serde writes it. */
void text_float(struct text *text, double value);
/* Standard alphabet without padding, in quotes. */
void text_base64(struct text *text, const unsigned char *bytes, size_t size);

/* Decode base64, padded or not. The caller frees; NULL: it is none. */
unsigned char *base64_decode(const char *encoded, size_t size, bool url_alphabet, size_t *size_decoded);

bool utf8_is_valid(const unsigned char *bytes, size_t size);

#endif
