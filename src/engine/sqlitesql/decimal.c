#include "engine/sqlitesql/decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool vf_sqlite_decimal_is_plain(const char *text, size_t size_bytes)
{
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strlen(words[i]) == size_bytes && memcmp(text, words[i], size_bytes) == 0)
            return true;
    }
    const char *at = text;
    const char *end = text + size_bytes;
    bool is_negative = at < end && *at == '-';
    bool is_zero = true;
    at += is_negative;
    if (at == end || !is_digit(*at) || (*at == '0' && at + 1 < end && at[1] != '.'))
        return false;
    for (; at < end && is_digit(*at); at++)
        is_zero = is_zero && *at == '0';
    if (at < end) {
        if (*at++ != '.' || at == end)
            return false;
        for (; at < end && is_digit(*at); at++)
            is_zero = is_zero && *at == '0';
    }
    return at == end && !(is_negative && is_zero);
}

size_t vf_sqlite_decimal_from_f64(double value, char out[VF_SQLITE_DECIMAL_BYTES])
{
    char shortest[32];
    char digits[32];
    size_t n_digits = 0;
    if (isnan(value) || isinf(value))
        return (size_t)snprintf(out, VF_SQLITE_DECIMAL_BYTES, "%s",
                                isnan(value) ? "NaN"
                                : value > 0  ? "Infinity"
                                             : "-Infinity");
    size_t n = vf_format_f64(fabs(value), shortest);
    shortest[n] = '\0';
    long exponent = 0; /* of ten, that the digits as a whole number are multiplied with */
    bool after_point = false;
    for (const char *c = shortest; *c != '\0'; c++) {
        if (*c == '.') {
            after_point = true;
        } else if (*c == 'e' || *c == 'E') {
            exponent += strtol(c + 1, NULL, 10);
            break;
        } else {
            digits[n_digits++] = *c;
            exponent -= after_point;
        }
    }
    while (n_digits > 1 && digits[n_digits - 1] == '0' && exponent < 0) {
        n_digits--;
        exponent++;
    }
    size_t skip = 0;
    while (skip + 1 < n_digits && digits[skip] == '0')
        skip++;
    size_t at = 0;
    if (value < 0)
        out[at++] = '-';
    long point = (long)(n_digits - skip) + exponent; /* digits before the point */
    if (point <= 0)
        out[at++] = '0';
    for (long i = 0; i < point; i++)
        out[at++] = (size_t)i + skip < n_digits ? digits[(size_t)i + skip] : '0';
    if (exponent < 0) {
        out[at++] = '.';
        for (long i = point; i < 0; i++)
            out[at++] = '0';
        for (size_t i = point > 0 ? (size_t)point + skip : skip; i < n_digits; i++)
            out[at++] = digits[i];
    }
    out[at] = '\0';
    return at;
}
