/*
 * Small helpers for text: UTF-8 validation, numbers, comparison, escaping for people.
 *
 * None depends on the locale. Sizes are in bytes. Nothing is allocated unless it says so.
 */
#ifndef VF_BASE_TEXT_H
#define VF_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Offset of the first byte that isn't well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF), or `size_bytes` if all is well. */
size_t vf_utf8_check(const char *text, size_t size_bytes);

/* Largest n <= max_bytes such that the first n bytes of `text` end at a whole character. */
size_t vf_utf8_cut(const char *text, size_t size_bytes, size_t max_bytes);

/* The whole text as a decimal integer, optional sign, nothing else; false when it isn't one or is out of range. */
bool vf_parse_i64(const char *text, size_t size_bytes, int64_t *value);

/* The whole text as a floating-point number in C's decimal syntax, of any length, or inf/infinity/nan in any case with an optional sign; the nearest
 * value. false when it isn't one, and when it is a number beyond the largest double; one nearer to zero than the smallest becomes zero. */
bool vf_parse_f64(const char *text, size_t size_bytes, double *value);

/* The text with the fewest digits that reads back to the same double, laid out by these rules: no point where none is needed ("1", "-0", "0.1"), an
 * exponent of at least two digits below 1e-04 and from 1e+17 ("1e-05", "1.5e+300"), "inf", "-inf", and "nan" for every NaN. `out` has room for 32 bytes,
 * NUL included. Returns the length. */
size_t vf_format_f64(double value, char *out);

/* A size such as 64, 64k, 256M, 2G, 1T, 64KiB, 1.5G (powers of 1024, units in any case, at most six digits behind the point, rounded down); false when it
 * isn't one, or too large. */
bool vf_parse_size(const char *text, uint64_t *size_bytes);

/* Is `text` a decimal number of any length: sign, digits, one point, exponent? As PostgreSQL's numeric reads it, NaN and Infinity not included. */
bool vf_is_decimal(const char *text, size_t size_bytes);

/* ASCII case-insensitive comparison, independent of the locale. */
int vf_strcasecmp(const char *a, const char *b);
bool vf_str_starts(const char *text, const char *prefix);
bool vf_str_equal(const char *a, const char *b); /* NULL equals NULL only */

/* Copy for terminals and logs: control characters (so ANSI escapes too), line separators, bidirectional controls and invalid UTF-8 are shown as \xNN. Cut to
 * fit at a whole character; always NUL-terminated unless `out_bytes` is 0. Returns `out`. */
char *vf_printable(const char *text, size_t size_bytes, char *out, size_t out_bytes);

/* Edit distance of two names (insert, delete, replace, all 1), for "did you mean"; at most 64 bytes of each are looked at. */
unsigned vf_edit_distance(const char *a, const char *b);

#endif
