#include "engine/turso/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/json_text.h"

/* ---- reading ---- */

static void pass_blanks(struct vf_json *json)
{
    while (json->at != NULL && json->at < json->end &&
           (*json->at == ' ' || *json->at == '\n' || *json->at == '\t' || *json->at == '\r'))
        json->at++;
}

static bool fail(struct vf_json *json)
{
    json->at = NULL;
    return false;
}

bool vf_json_is(struct vf_json *json, char c)
{
    pass_blanks(json);
    return json->at != NULL && json->at < json->end && *json->at == c;
}

bool vf_json_take(struct vf_json *json, char c)
{
    if (!vf_json_is(json, c))
        return fail(json);
    json->at++;
    return true;
}

/* A comma, but for the first one, or the end. */
static bool next_of(struct vf_json *json, char closing, bool *first)
{
    if (vf_json_is(json, closing)) {
        json->at++;
        return false;
    }
    if (!*first && !vf_json_take(json, ','))
        return false;
    *first = false;
    return json->at != NULL;
}

bool vf_json_next_member(struct vf_json *json, bool *first, struct vf_json_text *name)
{
    return next_of(json, '}', first) && vf_json_string(json, name) && vf_json_take(json, ':');
}

bool vf_json_next_element(struct vf_json *json, bool *first)
{
    return next_of(json, ']', first);
}

/* The quote that ends the string which begins at `start`: behind an even number of backslashes. */
static const char *find_end(const char *start, const char *end, bool *is_escaped)
{
    const char *from = start;
    *is_escaped = false;
    for (;;) {
        const char *quote = memchr(from, '"', (size_t)(end - from));
        if (quote == NULL)
            return NULL;
        size_t n = 0;
        while (quote - n > start && quote[-(ptrdiff_t)n - 1] == '\\')
            n++;
        if (n % 2 == 0) {
            *is_escaped = *is_escaped || memchr(start, '\\', (size_t)(quote - start)) != NULL;
            return quote;
        }
        *is_escaped = true;
        from = quote + 1;
    }
}

bool vf_json_string(struct vf_json *json, struct vf_json_text *text)
{
    if (!vf_json_take(json, '"'))
        return false;
    const char *end = find_end(json->at, json->end, &text->is_escaped);
    if (end == NULL)
        return fail(json);
    text->start = json->at;
    text->size_bytes = (size_t)(end - json->at);
    json->at = end + 1;
    return true;
}

bool vf_json_word(struct vf_json *json, struct vf_json_text *word)
{
    pass_blanks(json);
    if (json->at == NULL)
        return false;
    const char *start = json->at;
    while (json->at < json->end && strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *json->at) != NULL &&
           *json->at != '\0')
        json->at++;
    *word = (struct vf_json_text){.start = start, .size_bytes = (size_t)(json->at - start)};
    return json->at > start ? true : fail(json);
}

bool vf_json_string_or_null(struct vf_json *json, struct vf_json_text *text)
{
    struct vf_json_text word;
    if (vf_json_is(json, '"'))
        return vf_json_string(json, text);
    *text = (struct vf_json_text){0};
    return vf_json_word(json, &word) && (vf_json_text_is(word, "null") || fail(json));
}

/* Brackets are counted, so that no nesting is too deep for the stack. */
bool vf_json_skip(struct vf_json *json)
{
    size_t depth = 0;
    do {
        struct vf_json_text ignored;
        pass_blanks(json);
        if (json->at == NULL || json->at >= json->end)
            return fail(json);
        char c = *json->at;
        bool fine = true;
        if (c == '{' || c == '[') {
            depth++;
            json->at++;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
            json->at++;
        } else if ((c == ',' || c == ':') && depth > 0) {
            json->at++;
        } else if (c == '"') {
            fine = vf_json_string(json, &ignored);
        } else {
            fine = vf_json_word(json, &ignored);
        }
        if (!fine)
            return false;
    } while (depth > 0);
    return true;
}

bool vf_json_text_is(struct vf_json_text text, const char *word)
{
    size_t size_bytes = strlen(word);
    return text.start != NULL && text.size_bytes == size_bytes && memcmp(text.start, word, size_bytes) == 0;
}

bool vf_json_unescape(struct vf_json_text text, struct vf_buf *out)
{
    return vf_json_text_unescape(text.start, text.size_bytes, true, out);
}

/* ---- base64 ---- */

#define NO_DIGIT 255

/* clang-format off */
static const uint8_t digit_values[256] = {
#define N NO_DIGIT
#define N16 N, N, N, N, N, N, N, N, N, N, N, N, N, N, N, N
    N16, N16, N, N, N, N, N, N, N, N, N, N, N, 62, N, N, N, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, N, N, N, N, N, N,
    N, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, N, N, N, N, N,
    N, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, N, N, N, N, N,
    N16, N16, N16, N16, N16, N16, N16, N16,
#undef N16
#undef N
};
/* clang-format on */

bool vf_base64_decode(const char *base64, size_t base64_bytes, uint8_t *out, size_t *size_bytes)
{
    const uint8_t *in = (const uint8_t *)base64;
    const uint8_t *start = out;
    while (base64_bytes > 0 && in[base64_bytes - 1] == '=')
        base64_bytes--;
    uint32_t wrong = 0;
    for (; base64_bytes >= 4; base64_bytes -= 4, in += 4, out += 3) {
        uint32_t a = digit_values[in[0]], b = digit_values[in[1]], c = digit_values[in[2]], d = digit_values[in[3]];
        uint32_t bits = a << 18 | b << 12 | c << 6 | d;
        wrong |= a | b | c | d;
        out[0] = (uint8_t)(bits >> 16);
        out[1] = (uint8_t)(bits >> 8);
        out[2] = (uint8_t)bits;
    }
    if (base64_bytes == 1)
        return false;
    if (base64_bytes >= 2) {
        uint32_t a = digit_values[in[0]], b = digit_values[in[1]];
        uint32_t c = base64_bytes == 3 ? digit_values[in[2]] : 0;
        wrong |= a | b | c;
        *out++ = (uint8_t)(a << 2 | b >> 4);
        if (base64_bytes == 3)
            *out++ = (uint8_t)(b << 4 | c >> 2);
    }
    *size_bytes = (size_t)(out - start);
    return (wrong & 0xc0) == 0;
}

void vf_base64_encode(struct vf_buf *out, const void *bytes, size_t size_bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *in = bytes;
    size_t out_bytes = (size_bytes + 2) / 3 * 4;
    char *to = vf_buf_reserve(out, out_bytes);
    if (to == NULL)
        return;
    for (; size_bytes >= 3; size_bytes -= 3, in += 3, to += 4) {
        uint32_t bits = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        to[0] = digits[bits >> 18];
        to[1] = digits[bits >> 12 & 63];
        to[2] = digits[bits >> 6 & 63];
        to[3] = digits[bits & 63];
    }
    if (size_bytes > 0) {
        uint32_t bits = (uint32_t)in[0] << 16 | (size_bytes == 2 ? (uint32_t)in[1] << 8 : 0);
        to[0] = digits[bits >> 18];
        to[1] = digits[bits >> 12 & 63];
        to[2] = size_bytes == 2 ? digits[bits >> 6 & 63] : '=';
        to[3] = '=';
    }
    vf_buf_advance(out, out_bytes);
}

/* ---- numbers ---- */

#define MOST_POWER 308 /* of ten that a double holds */
#define MAX_DIGITS 20  /* of an unsigned number of 64 bits */

/* clang-format off */
static const double powers_of_ten[MOST_POWER + 1] = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31,
    1e32, 1e33, 1e34, 1e35, 1e36, 1e37, 1e38, 1e39, 1e40, 1e41, 1e42, 1e43, 1e44, 1e45, 1e46, 1e47,
    1e48, 1e49, 1e50, 1e51, 1e52, 1e53, 1e54, 1e55, 1e56, 1e57, 1e58, 1e59, 1e60, 1e61, 1e62, 1e63,
    1e64, 1e65, 1e66, 1e67, 1e68, 1e69, 1e70, 1e71, 1e72, 1e73, 1e74, 1e75, 1e76, 1e77, 1e78, 1e79,
    1e80, 1e81, 1e82, 1e83, 1e84, 1e85, 1e86, 1e87, 1e88, 1e89, 1e90, 1e91, 1e92, 1e93, 1e94, 1e95,
    1e96, 1e97, 1e98, 1e99, 1e100, 1e101, 1e102, 1e103, 1e104, 1e105, 1e106, 1e107, 1e108, 1e109, 1e110, 1e111,
    1e112, 1e113, 1e114, 1e115, 1e116, 1e117, 1e118, 1e119, 1e120, 1e121, 1e122, 1e123, 1e124, 1e125, 1e126, 1e127,
    1e128, 1e129, 1e130, 1e131, 1e132, 1e133, 1e134, 1e135, 1e136, 1e137, 1e138, 1e139, 1e140, 1e141, 1e142, 1e143,
    1e144, 1e145, 1e146, 1e147, 1e148, 1e149, 1e150, 1e151, 1e152, 1e153, 1e154, 1e155, 1e156, 1e157, 1e158, 1e159,
    1e160, 1e161, 1e162, 1e163, 1e164, 1e165, 1e166, 1e167, 1e168, 1e169, 1e170, 1e171, 1e172, 1e173, 1e174, 1e175,
    1e176, 1e177, 1e178, 1e179, 1e180, 1e181, 1e182, 1e183, 1e184, 1e185, 1e186, 1e187, 1e188, 1e189, 1e190, 1e191,
    1e192, 1e193, 1e194, 1e195, 1e196, 1e197, 1e198, 1e199, 1e200, 1e201, 1e202, 1e203, 1e204, 1e205, 1e206, 1e207,
    1e208, 1e209, 1e210, 1e211, 1e212, 1e213, 1e214, 1e215, 1e216, 1e217, 1e218, 1e219, 1e220, 1e221, 1e222, 1e223,
    1e224, 1e225, 1e226, 1e227, 1e228, 1e229, 1e230, 1e231, 1e232, 1e233, 1e234, 1e235, 1e236, 1e237, 1e238, 1e239,
    1e240, 1e241, 1e242, 1e243, 1e244, 1e245, 1e246, 1e247, 1e248, 1e249, 1e250, 1e251, 1e252, 1e253, 1e254, 1e255,
    1e256, 1e257, 1e258, 1e259, 1e260, 1e261, 1e262, 1e263, 1e264, 1e265, 1e266, 1e267, 1e268, 1e269, 1e270, 1e271,
    1e272, 1e273, 1e274, 1e275, 1e276, 1e277, 1e278, 1e279, 1e280, 1e281, 1e282, 1e283, 1e284, 1e285, 1e286, 1e287,
    1e288, 1e289, 1e290, 1e291, 1e292, 1e293, 1e294, 1e295, 1e296, 1e297, 1e298, 1e299, 1e300, 1e301, 1e302, 1e303,
    1e304, 1e305, 1e306, 1e307, 1e308,
};
/* clang-format on */

double vf_json_serde_f64(uint64_t digits, int exponent)
{
    double value = (double)digits;
    for (; exponent < -MOST_POWER && value != 0; exponent += MOST_POWER)
        value /= powers_of_ten[MOST_POWER];
    if (value == 0 || exponent > MOST_POWER)
        return value == 0 ? value : (double)INFINITY;
    return exponent >= 0 ? value * powers_of_ten[exponent] : value / powers_of_ten[-exponent];
}

/* Do both kinds of readers take digits * 10^exponent for the value, which is positive? Then it is in `out`. */
static size_t try_digits(double value, uint64_t digits, int exponent, char *out)
{
    double nearest = 0;
    int n = snprintf(out, VF_JSON_F64_BYTES, "%llue%d", (unsigned long long)digits, exponent);
    bool same =
        vf_json_serde_f64(digits, exponent) == value && vf_parse_f64(out, (size_t)n, &nearest) && nearest == value;
    return same ? (size_t)n : 0;
}

/* The value's first n digits as a number, and the power of ten that goes with it. false: they don't fit. */
static bool digits_of(double value, int n, uint64_t *digits, int *exponent)
{
    char text[64];
    snprintf(text, sizeof(text), "%.*e", n - 1, value);
    *digits = 0;
    const char *c = text;
    for (; *c != 'e' && *c != '\0'; c++) {
        uint64_t digit = (uint64_t)(*c - '0');
        if (*c < '0' || *c > '9')
            continue;
        if (*digits > (UINT64_MAX - digit) / 10)
            return false;
        *digits = *digits * 10 + digit;
    }
    int64_t power = 0;
    if (*c != 'e' || !vf_parse_i64(c + 1, strlen(c + 1), &power))
        return false;
    *exponent = (int)power - (n - 1);
    return true;
}

/* With more digits than a double needs there are several numbers that are nearest to it, and one of them is read alike by all. */
static size_t search(double value, char *out)
{
    for (int n = 17; n <= MAX_DIGITS; n++) {
        uint64_t digits = 0;
        int exponent = 0;
        if (!digits_of(value, n, &digits, &exponent))
            continue;
        uint64_t step = n == 17 ? 1 : n == 18 ? 16 : n == 19 ? 256 : 512;
        for (uint64_t i = 0; i <= 16; i++) {
            size_t size_bytes = try_digits(value, digits + i * step, exponent, out);
            if (size_bytes == 0 && digits > i * step)
                size_bytes = try_digits(value, digits - i * step, exponent, out);
            if (size_bytes > 0)
                return size_bytes;
        }
    }
    return 0;
}

size_t vf_json_f64(double value, char *out)
{
    uint64_t digits = 0;
    int exponent = 0;
    if (!isfinite(value))
        return 0;
    if (value == 0) {
        memcpy(out, signbit(value) ? "-0.0" : "0.0", signbit(value) ? 5 : 4);
        return strlen(out);
    }
    size_t sign_bytes = value < 0 ? 1 : 0;
    double positive = fabs(value);
    char shortest[32];
    out[0] = '-';
    size_t size_bytes = vf_format_f64(positive, shortest);
    /* The digits of the shortest writing, without its point. */
    const char *point = strchr(shortest, '.');
    const char *letter = strchr(shortest, 'e');
    int64_t power = 0;
    bool fine = letter == NULL || vf_parse_i64(letter + 1, strlen(letter + 1), &power);
    for (const char *c = shortest; fine && *c != '\0' && c != letter; c++) {
        if (*c == '.')
            continue;
        fine = digits <= (UINT64_MAX - 9) / 10;
        digits = digits * 10 + (uint64_t)(*c - '0');
    }
    const char *end = letter != NULL ? letter : shortest + size_bytes;
    exponent = (int)power - (point != NULL ? (int)(end - point - 1) : 0);
    if (fine)
        size_bytes = try_digits(positive, digits, exponent, out + sign_bytes);
    if (!fine || size_bytes == 0)
        size_bytes = search(positive, out + sign_bytes);
    return size_bytes > 0 ? size_bytes + sign_bytes : 0;
}
