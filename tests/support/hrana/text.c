#include "hrana/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void *hrana_alloc(size_t size_bytes)
{
    void *memory = calloc(1, size_bytes ? size_bytes : 1);

    if (!memory) {
        (void)fputs("hrana_server: out of memory\n", stderr);
        abort();
    }
    return memory;
}

static void reserve(struct text *text, size_t size)
{
    size_t cap = text->cap ? text->cap : 256;

    if (text->size + size + 1 <= text->cap)
        return;
    while (cap < text->size + size + 1)
        cap *= 2;
    text->data = realloc(text->data, cap);
    if (!text->data)
        abort();
    text->cap = cap;
}

size_t text_span(const char *from, const char *accepted)
{
    size_t n = 0;

    while (from[n] && strchr(accepted, from[n]))
        n++;
    return n;
}

void text_add(struct text *text, const void *bytes, size_t size)
{
    reserve(text, size);
    if (size)
        memcpy(text->data + text->size, bytes, size);
    text->size += size;
    text->data[text->size] = '\0';
}

void text_str(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_printf(struct text *text, const char *fmt, ...)
{
    char short_one[512], *to = short_one;
    va_list args;
    int size;

    va_start(args, fmt);
    size = vsnprintf(to, sizeof(short_one), fmt, args);
    va_end(args);
    if (size < 0)
        abort();
    if ((size_t)size < sizeof(short_one)) {
        text_add(text, short_one, (size_t)size);
        return;
    }
    reserve(text, (size_t)size);
    to = text->data + text->size;
    va_start(args, fmt);
    (void)vsnprintf(to, (size_t)size + 1, fmt, args);
    va_end(args);
    text->size += (size_t)size;
}

void text_free(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

static void json_char(struct text *text, unsigned char c)
{
    static const char named[] = "\b\t\n\f\r\"\\";
    static const char letters[] = "btnfr\"\\";
    const char *found = c ? strchr(named, c) : NULL;

    if (found)
        text_printf(text, "\\%c", letters[found - named]);
    else
        text_printf(text, "\\u%04x", c);
}

void text_json(struct text *text, const char *bytes, size_t size)
{
    size_t from = 0;

    text_add(text, "\"", 1);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        text_add(text, bytes + from, i - from);
        json_char(text, c);
        from = i + 1;
    }
    text_add(text, bytes + from, size - from);
    text_add(text, "\"", 1);
}

void text_float(struct text *text, double value)
{
    char digits[32];

    if (!isfinite(value)) {
        text_str(text, "null");
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        (void)snprintf(digits, sizeof(digits), "%.*g", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    text_str(text, digits);
    if (!strpbrk(digits, ".e"))
        text_str(text, ".0");
}

void text_base64(struct text *text, const unsigned char *bytes, size_t size)
{
    size_t i = 0;
    char *out;

    reserve(text, size / 3 * 4 + 6);
    out = text->data + text->size;
    *out++ = '"';
    for (; i + 3 <= size; i += 3) {
        *out++ = alphabet[bytes[i] >> 2];
        *out++ = alphabet[(bytes[i] & 3) << 4 | bytes[i + 1] >> 4];
        *out++ = alphabet[(bytes[i + 1] & 15) << 2 | bytes[i + 2] >> 6];
        *out++ = alphabet[bytes[i + 2] & 63];
    }
    if (i < size) {
        int second = i + 1 < size ? bytes[i + 1] : 0;

        *out++ = alphabet[bytes[i] >> 2];
        *out++ = alphabet[(bytes[i] & 3) << 4 | second >> 4];
        if (i + 1 < size)
            *out++ = alphabet[(second & 15) << 2];
    }
    *out++ = '"';
    *out = '\0';
    text->size = (size_t)(out - text->data);
}

static int digit_of(char c, bool url_alphabet)
{
    const char *found;

    if (url_alphabet && (c == '-' || c == '_'))
        return c == '-' ? 62 : 63;
    if (url_alphabet && (c == '+' || c == '/'))
        return -1;
    found = c ? strchr(alphabet, c) : NULL;
    return found ? (int)(found - alphabet) : -1;
}

unsigned char *base64_decode(const char *encoded, size_t size, bool url_alphabet, size_t *size_decoded)
{
    unsigned char *bytes;
    unsigned bits = 0;
    size_t n = 0;

    while (size > 0 && encoded[size - 1] == '=')
        size--;
    bytes = hrana_alloc(size / 4 * 3 + 3);
    for (size_t i = 0; i < size; i++) {
        int digit = digit_of(encoded[i], url_alphabet);

        if (digit < 0 || size % 4 == 1) {
            free(bytes);
            return NULL;
        }
        bits = bits << 6 | (unsigned)digit;
        if (i % 4 != 0)
            bytes[n++] = (unsigned char)(bits >> (6 - 2 * (i % 4)) & 0xFF);
    }
    *size_decoded = n;
    return bytes;
}

/* Bytes of the character that begins here, 0 when there is none. */
static size_t utf8_size(const unsigned char *s, size_t size)
{
    unsigned c = s[0], second;
    size_t n = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;

    if (n == 0 || n > size)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    }
    second = n > 1 ? s[1] : 0;
    if ((c == 0xE0 && second < 0xA0) || (c == 0xED && second >= 0xA0) || (c == 0xF0 && second < 0x90) ||
        (c == 0xF4 && second >= 0x90))
        return 0;
    return n;
}

bool utf8_is_valid(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0, n; i < size; i += n) {
        n = utf8_size(bytes + i, size - i);
        if (n == 0)
            return false;
    }
    return true;
}
