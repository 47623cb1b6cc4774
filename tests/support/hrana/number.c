#include "hrana/number.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_POWER 308
#define BIG_DIGITS 18 /* more than an integer of the JSON library may have */

/* significand * 10^exponent, rounded at each step. */
static double from_parts(uint64_t significand, long exponent)
{
    double value = (double)significand;
    char power[16];

    for (; exponent < -MOST_POWER && value != 0; exponent += MOST_POWER)
        value /= 1e308;
    if (value == 0)
        return 0;
    if (exponent > MOST_POWER || exponent < -MOST_POWER)
        return (double)INFINITY;
    (void)snprintf(power, sizeof(power), "1e%ld", labs(exponent));
    return exponent >= 0 ? value * strtod(power, NULL) : value / strtod(power, NULL);
}

/* Digits behind those that fit are left out; before the point they still count as places. */
static const char *read_digits(const char *at, bool is_fraction, bool *full, uint64_t *significand, long *exponent)
{
    for (; isdigit((unsigned char)*at); at++) {
        uint64_t digit = (uint64_t)(*at - '0');

        *full = *full || *significand > (UINT64_MAX - digit) / 10;
        if (!*full)
            *significand = *significand * 10 + digit;
        if (*full ? !is_fraction : is_fraction)
            *exponent += is_fraction ? -1 : 1;
    }
    return at;
}

static long read_exponent(const char *at)
{
    char digits[24];

    (void)snprintf(digits, sizeof(digits), "%.*s", (int)text_span(at, "+-0123456789"), at);
    return strtol(digits, NULL, 10);
}

static double reread(const char *digits)
{
    uint64_t significand = 0;
    long exponent = 0;
    bool full = false;
    const char *at = digits + (*digits == '-');
    double value;

    at = read_digits(at, false, &full, &significand, &exponent);
    if (*at == '.')
        at = read_digits(at + 1, true, &full, &significand, &exponent);
    if (*at == 'e' || *at == 'E')
        exponent += read_exponent(at + 1);
    value = from_parts(significand, exponent);
    return *digits == '-' ? -value : value;
}

/* The end of the string that begins at `at`, behind its quote. */
static size_t skip_string(const struct text *json, size_t at)
{
    for (at++; at < json->size && json->data[at] != '"'; at++)
        at += json->data[at] == '\\';
    return at < json->size ? at + 1 : json->size;
}

void text_reread_numbers(const struct text *json, struct text *out)
{
    size_t at = 0, copied = 0, size;

    while (at < json->size) {
        const char *from = json->data + at;

        if (*from == '"') {
            at = skip_string(json, at);
            continue;
        }
        size = isdigit((unsigned char)*from) || *from == '-' ? text_span(from, "0123456789+-.eE") : 1;
        if (size > 1 && (text_span(from, "0123456789+-") < size || size >= BIG_DIGITS)) {
            text_add(out, json->data + copied, at - copied);
            text_printf(out, "%.17e", reread(from));
            copied = at + size;
        }
        at += size;
    }
    text_add(out, json->data + copied, json->size - copied);
}
