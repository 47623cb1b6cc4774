#include "base/text.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- UTF-8 ---- */

/* Length of the well-formed character at text[0], 0 when there is none (Unicode 15, table 3-7). */
static size_t character(const unsigned char *text, size_t size_bytes)
{
    unsigned char c = text[0], low = 0x80, high = 0xbf;
    size_t n;

    if (c < 0x80)
        return 1;
    if (c < 0xc2 || c > 0xf4)
        return 0;
    n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (c == 0xe0)
        low = 0xa0;
    else if (c == 0xed)
        high = 0x9f;
    else if (c == 0xf0)
        low = 0x90;
    else if (c == 0xf4)
        high = 0x8f;
    if (size_bytes < n || text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    }
    return n;
}

size_t vf_utf8_check(const char *text, size_t size_bytes)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t i = 0;

    while (i < size_bytes) {
        uint64_t word;
        while (i + 8 <= size_bytes) { /* ASCII, eight at a time */
            memcpy(&word, bytes + i, 8);
            if ((word & UINT64_C(0x8080808080808080)) != 0)
                break;
            i += 8;
        }
        if (i == size_bytes)
            break;
        size_t n = character(bytes + i, size_bytes - i);
        if (n == 0)
            return i;
        i += n;
    }
    return size_bytes;
}

size_t vf_utf8_cut(const char *text, size_t size_bytes, size_t max_bytes)
{
    size_t n = size_bytes < max_bytes ? size_bytes : max_bytes;
    size_t back = 0;

    /* Go back over a character that is cut in its middle: at most three bytes. */
    while (back < 4 && back < n && ((unsigned char)text[n - back - 1] & 0xc0) == 0x80)
        back++;
    if (back == n || back == 4)
        return n;
    size_t begin = n - back - 1;
    return character((const unsigned char *)text + begin, n - begin) == back + 1 ? n : begin;
}

/* ---- numbers ---- */

bool vf_parse_i64(const char *text, size_t size_bytes, int64_t *value)
{
    size_t i = size_bytes > 0 && (text[0] == '-' || text[0] == '+');
    bool negative = size_bytes > 0 && text[0] == '-';
    int64_t result = 0;

    if (i == size_bytes)
        return false;
    for (; i < size_bytes; i++) {
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(result, 10, &result))
            return false;
        int digit = text[i] - '0';
        if (negative ? __builtin_sub_overflow(result, digit, &result) : __builtin_add_overflow(result, digit, &result))
            return false;
    }
    *value = result;
    return true;
}

/* The C locale, made once: strtod and printf otherwise obey the locale of the application that the library runs in. */
static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* To be given back by leave_c_locale(). Without memory for a locale the application's stays, which is C unless it asked for another. */
static locale_t enter_c_locale(void)
{
    pthread_once(&c_locale_once, make_c_locale);
    return c_locale != (locale_t)0 ? uselocale(c_locale) : (locale_t)0;
}

static void leave_c_locale(locale_t before)
{
    if (before != (locale_t)0)
        uselocale(before);
}

static bool is_special(const char *text, double *value)
{
    bool negative = text[0] == '-';
    const char *word = text + (text[0] == '-' || text[0] == '+');

    if (vf_strcasecmp(word, "nan") == 0)
        *value = NAN;
    else if (vf_strcasecmp(word, "inf") == 0 || vf_strcasecmp(word, "infinity") == 0)
        *value = negative ? -INFINITY : INFINITY;
    else
        return false;
    return true;
}

bool vf_parse_f64(const char *text, size_t size_bytes, double *value)
{
    char copy[1100]; /* the longest double that isn't padded with zeros has fewer digits */
    char *end;

    if (size_bytes == 0 || size_bytes >= sizeof(copy))
        return false;
    memcpy(copy, text, size_bytes);
    copy[size_bytes] = '\0';
    if (strlen(copy) != size_bytes)
        return false;
    if (is_special(copy, value))
        return true;
    if (!vf_is_decimal(copy, size_bytes))
        return false;
    locale_t before = enter_c_locale();
    *value = strtod(copy, &end);
    leave_c_locale(before);
    return *end == '\0';
}

size_t vf_format_f64(double value, char *out)
{
    int size = 0;

    if (isnan(value))
        return (size_t)snprintf(out, 32, "nan");
    if (isinf(value))
        return (size_t)snprintf(out, 32, value < 0 ? "-inf" : "inf");
    locale_t before = enter_c_locale();
    for (int precision = 15; precision <= 17; precision++) {
        size = snprintf(out, 32, "%.*g", precision, value);
        if (strtod(out, NULL) == value)
            break;
    }
    leave_c_locale(before);
    return (size_t)size;
}

bool vf_parse_size(const char *text, uint64_t *size_bytes)
{
    static const char units[] = "kmgtp";
    size_t n_number = strspn(text, "0123456789.");
    const char *unit = text + n_number;
    double number, factor = 1;

    if (n_number == 0 || !vf_parse_f64(text, n_number, &number))
        return false;
    if (*unit != '\0' && vf_strcasecmp(unit, "b") != 0) {
        const char *found = strchr(units, unit[0] | 0x20);
        if (found == NULL || (vf_strcasecmp(unit + 1, "") != 0 && vf_strcasecmp(unit + 1, "b") != 0 &&
                              vf_strcasecmp(unit + 1, "ib") != 0))
            return false;
        for (const char *step = units; step <= found; step++)
            factor *= 1024;
    }
    if (number * factor >= 9.2e18)
        return false;
    *size_bytes = (uint64_t)(number * factor);
    return true;
}

bool vf_is_decimal(const char *text, size_t size_bytes)
{
    size_t i = size_bytes > 0 && (text[0] == '-' || text[0] == '+'), n_digits = 0;

    for (; i < size_bytes && text[i] >= '0' && text[i] <= '9'; i++)
        n_digits++;
    if (i < size_bytes && text[i] == '.') {
        for (i++; i < size_bytes && text[i] >= '0' && text[i] <= '9'; i++)
            n_digits++;
    }
    if (n_digits == 0)
        return false;
    if (i < size_bytes && (text[i] == 'e' || text[i] == 'E')) {
        i++;
        i += i < size_bytes && (text[i] == '-' || text[i] == '+');
        size_t begin = i;
        while (i < size_bytes && text[i] >= '0' && text[i] <= '9')
            i++;
        if (i == begin)
            return false;
    }
    return i == size_bytes;
}

/* ---- comparison ---- */

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

int vf_strcasecmp(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b))
        a++, b++;
    return lower(*a) - lower(*b);
}

bool vf_str_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool vf_str_equal(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* ---- for people ---- */

char *vf_printable(const char *text, size_t size_bytes, char *out, size_t out_bytes)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t used = 0;

    for (size_t i = 0; i < size_bytes;) {
        size_t n = character(bytes + i, size_bytes - i);
        bool is_control =
            n == 0 || bytes[i] < 0x20 || bytes[i] == 0x7f || (bytes[i] == 0xc2 && n == 2 && bytes[i + 1] < 0xa0);
        size_t wanted = is_control ? 4 : n;
        if (used + wanted + 1 > out_bytes)
            break;
        if (is_control)
            snprintf(out + used, out_bytes - used, "\\x%02x", bytes[i]);
        else
            memcpy(out + used, bytes + i, n);
        used += wanted;
        i += is_control ? 1 : n;
    }
    if (out_bytes > 0)
        out[used] = '\0';
    return out;
}

#define MAX_DISTANCE_BYTES 64

unsigned vf_edit_distance(const char *a, const char *b)
{
    unsigned row[MAX_DISTANCE_BYTES + 1];
    size_t n_a = strnlen(a, MAX_DISTANCE_BYTES), n_b = strnlen(b, MAX_DISTANCE_BYTES);

    for (size_t j = 0; j <= n_b; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= n_a; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n_b; j++) {
            unsigned replace = diagonal + (a[i - 1] != b[j - 1]);
            unsigned other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replace < other ? replace : other;
        }
    }
    return row[n_b];
}
