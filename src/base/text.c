#include "base/text.h"

#include <math.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * strtod() and snprintf() obey the locale of the application that the library is part of, and the library must not change it: setlocale()
 * is for the whole process. The only thing in which a locale can differ here is the point. So no text with a point ever passes through
 * them: numbers are read from their digits and an exponent ("15e-1"), and of what is written only the digits and the exponent are taken.
 */

/* Enough to decide any rounding: the longest exact decimal expansion halfway between two doubles has 768 digits. */
#define MAX_DIGITS 800

#define MAX_EXPONENT 100000 /* far out of the range of double, and far from overflow */

struct decimal {
    bool is_negative;
    int64_t exponent; /* of ten, at the last digit kept */
    size_t n_digits;  /* 0: zero */
    char digits[MAX_DIGITS + 1];
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads an optional "e+12" at `*at`; false when there is an "e" without a number behind it. */
static bool scan_exponent(const char *text, size_t size_bytes, size_t *at, int64_t *exponent)
{
    bool is_negative = false;
    size_t start;

    *exponent = 0;
    if (*at == size_bytes || (text[*at] != 'e' && text[*at] != 'E'))
        return true;
    (*at)++;
    if (*at < size_bytes && (text[*at] == '+' || text[*at] == '-'))
        is_negative = text[(*at)++] == '-';
    for (start = *at; *at < size_bytes && is_digit(text[*at]); (*at)++) {
        if (*exponent < MAX_EXPONENT)
            *exponent = *exponent * 10 + (text[*at] - '0');
    }
    if (is_negative)
        *exponent = -*exponent;
    return *at > start;
}

/* Counts a digit in. Of those beyond the maximum it matters only whether one of them isn't 0: then a 1 is put at the end. */
static void take_digit(struct decimal *decimal, char digit, bool is_fraction, bool *rest)
{
    if (decimal->n_digits == 0 && digit == '0') {
        decimal->exponent -= is_fraction;
        return;
    }
    if (decimal->n_digits == MAX_DIGITS) {
        *rest = *rest || digit != '0';
        decimal->exponent += !is_fraction;
        return;
    }
    decimal->digits[decimal->n_digits++] = digit;
    decimal->exponent -= is_fraction;
}

/* The whole text as sign, digits, point, exponent. */
static bool scan_decimal(const char *text, size_t size_bytes, struct decimal *decimal)
{
    bool is_fraction = false;
    bool rest = false;
    int64_t exponent;
    size_t n_seen = 0;
    size_t at = 0;

    decimal->is_negative = false;
    decimal->exponent = 0;
    decimal->n_digits = 0;
    if (at < size_bytes && (text[at] == '+' || text[at] == '-'))
        decimal->is_negative = text[at++] == '-';
    for (; at < size_bytes; at++) {
        if (text[at] == '.' && !is_fraction) {
            is_fraction = true;
        } else if (is_digit(text[at])) {
            take_digit(decimal, text[at], is_fraction, &rest);
            n_seen++;
        } else {
            break;
        }
    }
    if (n_seen == 0 || !scan_exponent(text, size_bytes, &at, &exponent) || at != size_bytes)
        return false;
    decimal->exponent += exponent;
    if (rest) {
        decimal->digits[decimal->n_digits++] = '1';
        decimal->exponent--;
    }
    return true;
}

bool vf_is_decimal(const char *text, size_t size_bytes)
{
    struct decimal decimal;

    return scan_decimal(text, size_bytes, &decimal);
}

bool vf_parse_i64(const char *text, size_t size_bytes, int64_t *value)
{
    const bool is_negative = size_bytes > 0 && text[0] == '-';
    const uint64_t limit = is_negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t magnitude = 0;
    size_t at = size_bytes > 0 && (text[0] == '-' || text[0] == '+');

    if (at == size_bytes)
        return false;
    for (; at < size_bytes; at++) {
        uint64_t digit;

        if (!is_digit(text[at]))
            return false;
        digit = (uint64_t)(text[at] - '0');
        if (magnitude > (limit - digit) / 10)
            return false;
        magnitude = magnitude * 10 + digit;
    }
    if (is_negative)
        *value = magnitude == limit ? INT64_MIN : -(int64_t)magnitude;
    else
        *value = (int64_t)magnitude;
    return true;
}

static bool is_word(const char *text, size_t size_bytes, const char *word)
{
    char copy[16];

    if (size_bytes != strlen(word) || size_bytes >= sizeof(copy))
        return false;
    memcpy(copy, text, size_bytes);
    copy[size_bytes] = '\0';
    return vf_strcasecmp(copy, word) == 0;
}

/* "inf", "infinity" and "nan", with a sign if one likes. */
static bool parse_special(const char *text, size_t size_bytes, double *value)
{
    const bool is_signed = size_bytes > 0 && (text[0] == '-' || text[0] == '+');
    const bool is_negative = is_signed && text[0] == '-';
    const char *word = text + is_signed;
    size_t word_bytes = size_bytes - is_signed;

    if (is_word(word, word_bytes, "inf") || is_word(word, word_bytes, "infinity"))
        *value = is_negative ? -(double)INFINITY : (double)INFINITY;
    else if (is_word(word, word_bytes, "nan"))
        *value = (double)NAN;
    else
        return false;
    return true;
}

bool vf_parse_f64(const char *text, size_t size_bytes, double *value)
{
    struct decimal decimal;
    char number[MAX_DIGITS + 32];
    double parsed = 0;

    if (!scan_decimal(text, size_bytes, &decimal))
        return parse_special(text, size_bytes, value);
    if (decimal.n_digits > 0) {
        if (decimal.exponent > MAX_EXPONENT)
            decimal.exponent = MAX_EXPONENT;
        if (decimal.exponent < -MAX_EXPONENT)
            decimal.exponent = -MAX_EXPONENT;
        snprintf(number, sizeof(number), "%.*se%d", (int)decimal.n_digits, decimal.digits, (int)decimal.exponent);
        parsed = strtod(number, NULL);
    }
    if (isinf(parsed))
        return false;
    *value = decimal.is_negative ? -parsed : parsed;
    return true;
}

/* The `n_digits` digits of a finite value that isn't negative, and the exponent of the first; without the locale's point. */
static int digits_of(double value, int n_digits, char *digits)
{
    char text[64];
    size_t n = 0;
    const char *at;

    snprintf(text, sizeof(text), "%.*e", n_digits - 1, value);
    for (at = text; *at != 'e'; at++) {
        if (is_digit(*at))
            digits[n++] = *at;
    }
    digits[n] = '\0';
    return (int)strtol(at + 1, NULL, 10);
}

static bool reads_back(double value, const char *digits, int exponent)
{
    char text[64];

    snprintf(text, sizeof(text), "%se%d", digits, exponent + 1 - (int)strlen(digits));
    return strtod(text, NULL) == value;
}

/* The fewest digits that read back. 15 always survive a normal double, so trying fewer is for the subnormal ones. */
static int shortest_digits(double value, char *digits)
{
    int n_digits = value < DBL_MIN ? 1 : 15;
    int exponent = digits_of(value, n_digits, digits);
    size_t size;

    while (n_digits < 17 && !reads_back(value, digits, exponent))
        exponent = digits_of(value, ++n_digits, digits);
    for (size = strlen(digits); size > 1 && digits[size - 1] == '0'; size--)
        digits[size - 1] = '\0';
    return exponent;
}

/* As printf's %g lays them out: plain for exponents from -4 to 16, with an exponent otherwise. */
static size_t lay_out(const char *digits, int exponent, char *out, size_t out_bytes)
{
    const int n_digits = (int)strlen(digits);
    int size;

    if (exponent < -4 || exponent > 16)
        size = snprintf(out, out_bytes, "%c%s%se%c%02d", digits[0], n_digits > 1 ? "." : "", digits + 1,
                        exponent < 0 ? '-' : '+', abs(exponent));
    else if (exponent < 0)
        size = snprintf(out, out_bytes, "0.%.*s%s", -exponent - 1, "0000", digits);
    else if (exponent + 1 >= n_digits)
        size = snprintf(out, out_bytes, "%s%.*s", digits, exponent + 1 - n_digits, "00000000000000000");
    else
        size = snprintf(out, out_bytes, "%.*s.%s", exponent + 1, digits, digits + exponent + 1);
    return (size_t)size;
}

size_t vf_format_f64(double value, char *out)
{
    char digits[32];
    size_t sign_bytes = 0;
    int exponent;

    if (isnan(value)) {
        memcpy(out, "nan", 4);
        return 3;
    }
    if (signbit(value))
        out[sign_bytes++] = '-';
    value = fabs(value);
    if (isinf(value)) {
        memcpy(out + sign_bytes, "inf", 4);
        return sign_bytes + 3;
    }
    if (value == 0) {
        memcpy(out + sign_bytes, "0", 2);
        return sign_bytes + 1;
    }
    exponent = shortest_digits(value, digits);
    return sign_bytes + lay_out(digits, exponent, out + sign_bytes, 32 - sign_bytes);
}

/* The power of two that a unit stands for, or -1: "", "B", "k", "kB", "KiB" and so on, in any case. */
static int unit_shift(const char *unit)
{
    static const char letters[] = "kmgt";
    char lower = (char)(unit[0] >= 'A' && unit[0] <= 'Z' ? unit[0] - 'A' + 'a' : unit[0]);
    const char *letter;

    if (lower == '\0' || vf_strcasecmp(unit, "b") == 0)
        return 0;
    letter = strchr(letters, lower);
    if (letter == NULL)
        return -1;
    if (unit[1] != '\0' && vf_strcasecmp(unit + 1, "b") != 0 && vf_strcasecmp(unit + 1, "ib") != 0)
        return -1;
    return 10 * (int)(letter - letters + 1);
}

/* Reads digits at `*text`; false when there are none, or too many for the limit. */
static bool read_digits(const char **text, uint64_t limit, uint64_t *value, uint64_t *scale)
{
    const char *start = *text;

    *value = 0;
    *scale = 1;
    for (; is_digit(**text); (*text)++) {
        uint64_t digit = (uint64_t)(**text - '0');

        if (*value > (limit - digit) / 10)
            return false;
        *value = *value * 10 + digit;
        *scale = *scale > UINT64_MAX / 10 ? 0 : *scale * 10;
    }
    return *text > start;
}

bool vf_parse_size(const char *text, uint64_t *size_bytes)
{
    uint64_t whole;
    uint64_t fraction = 0;
    uint64_t scale = 1;
    uint64_t unused;
    uint64_t part_bytes;
    int shift;

    if (!read_digits(&text, UINT64_MAX, &whole, &unused))
        return false;
    if (*text == '.') {
        text++;
        /* Six digits times 2^40 is still far from overflow. */
        if (!read_digits(&text, 999999, &fraction, &scale) || scale == 0 || scale > 1000000)
            return false;
    }
    shift = unit_shift(text);
    if (shift < 0 || (shift == 0 && fraction != 0) || whole > UINT64_MAX >> shift)
        return false;
    part_bytes = (fraction << shift) / scale;
    if (part_bytes > UINT64_MAX - (whole << shift))
        return false;
    *size_bytes = (whole << shift) + part_bytes;
    return true;
}

static int lower_ascii(char c)
{
    unsigned char byte = (unsigned char)c;

    return byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte;
}

int vf_strcasecmp(const char *a, const char *b)
{
    while (*a != '\0' && lower_ascii(*a) == lower_ascii(*b)) {
        a++;
        b++;
    }
    return lower_ascii(*a) - lower_ascii(*b);
}

bool vf_str_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool vf_str_equal(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

#define MAX_NAME_BYTES 64

static size_t bounded_size(const char *text)
{
    size_t size = 0;

    while (size < MAX_NAME_BYTES && text[size] != '\0')
        size++;
    return size;
}

unsigned vf_edit_distance(const char *a, const char *b)
{
    unsigned row[MAX_NAME_BYTES + 1]; /* distances of the beginning of a to each beginning of b */
    const size_t a_bytes = bounded_size(a);
    const size_t b_bytes = bounded_size(b);

    for (size_t j = 0; j <= b_bytes; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a_bytes; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_bytes; j++) {
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);

            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[b_bytes];
}
