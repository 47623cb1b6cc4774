#include "model/json_text.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

struct cursor {
    const char *at, *end;
    const char *why;
};

static char peek(const struct cursor *cursor)
{
    return cursor->at < cursor->end ? *cursor->at : '\0';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end && is_blank(*cursor->at))
        cursor->at++;
}

static bool wrong(struct cursor *cursor, const char *why)
{
    cursor->why = why;
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* ---- tokens ---- */

static bool take_escape(struct cursor *cursor)
{
    char c = peek(cursor);
    if (c == 'u') {
        for (size_t i = 0; i < 4; i++) {
            cursor->at++;
            if (hex_digit(peek(cursor)) < 0)
                return wrong(cursor, "four hexadecimal digits are expected");
        }
    } else if (c == '\0' || strchr("\"\\/bfnrt", c) == NULL) {
        return wrong(cursor, "unknown escape");
    }
    cursor->at++;
    return true;
}

static bool take_string(struct cursor *cursor)
{
    if (peek(cursor) != '"')
        return wrong(cursor, "a string is expected");
    const char *begin = ++cursor->at;
    while (cursor->at < cursor->end && *cursor->at != '"') {
        if ((unsigned char)*cursor->at < 0x20)
            return wrong(cursor, "control character in a string");
        if (*cursor->at++ == '\\' && !take_escape(cursor))
            return false;
    }
    if (cursor->at == cursor->end)
        return wrong(cursor, "the string doesn't end");
    size_t size_bytes = (size_t)(cursor->at - begin), bad = vf_utf8_check(begin, size_bytes);
    if (bad < size_bytes) {
        cursor->at = begin + bad;
        return wrong(cursor, "invalid UTF-8");
    }
    cursor->at++;
    return true;
}

static bool take_digits(struct cursor *cursor)
{
    if (!is_digit(peek(cursor)))
        return wrong(cursor, "a digit is expected");
    while (is_digit(peek(cursor)))
        cursor->at++;
    return true;
}

static bool take_number(struct cursor *cursor)
{
    if (peek(cursor) == '-')
        cursor->at++;
    if (peek(cursor) == '0')
        cursor->at++;
    else if (!take_digits(cursor))
        return false;
    if (peek(cursor) == '.') {
        cursor->at++;
        if (!take_digits(cursor))
            return false;
    }
    if ((peek(cursor) | 0x20) == 'e') {
        cursor->at++;
        if (peek(cursor) == '+' || peek(cursor) == '-')
            cursor->at++;
        return take_digits(cursor);
    }
    return true;
}

static bool take_word(struct cursor *cursor)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < 3; i++) {
        size_t size_bytes = strlen(words[i]);
        if ((size_t)(cursor->end - cursor->at) >= size_bytes && memcmp(cursor->at, words[i], size_bytes) == 0) {
            cursor->at += size_bytes;
            return true;
        }
    }
    return wrong(cursor, "a value is expected");
}

static bool take_scalar(struct cursor *cursor)
{
    char c = peek(cursor);
    if (c == '"')
        return take_string(cursor);
    return c == '-' || is_digit(c) ? take_number(cursor) : take_word(cursor);
}

/* ---- checking ---- */

/* What may come next within an object or array. A stack of kinds instead of calls of calls: the text decides how deep it is. */
static bool check_value(struct cursor *cursor)
{
    bool is_object[VF_JSON_MAX_DEPTH];
    size_t depth = 0;
    for (;;) {
        skip_blanks(cursor);
        char open = peek(cursor);
        bool is_closed = true;
        if (open == '{' || open == '[') {
            if (depth == VF_JSON_MAX_DEPTH)
                return wrong(cursor, "nested too deep");
            is_object[depth++] = open == '{';
            cursor->at++;
            skip_blanks(cursor);
            is_closed = peek(cursor) == (open == '{' ? '}' : ']');
            if (is_closed) {
                cursor->at++;
                depth--;
            }
        } else if (!take_scalar(cursor)) {
            return false;
        }
        /* A value has ended, and with it perhaps those around it. */
        while (is_closed && depth > 0) {
            skip_blanks(cursor);
            if (peek(cursor) == ',') {
                cursor->at++;
                is_closed = false;
            } else if (peek(cursor) == (is_object[depth - 1] ? '}' : ']')) {
                cursor->at++;
                depth--;
            } else {
                return wrong(cursor, "a comma or the end is expected");
            }
        }
        if (depth == 0)
            return true;
        if (is_object[depth - 1]) {
            skip_blanks(cursor);
            if (!take_string(cursor))
                return false;
            skip_blanks(cursor);
            if (peek(cursor) != ':')
                return wrong(cursor, "a colon is expected");
            cursor->at++;
        }
    }
}

const char *vf_json_text_check(const char *text, size_t size_bytes, size_t *offset)
{
    struct cursor cursor = {.at = text, .end = text + size_bytes};
    if (check_value(&cursor)) {
        skip_blanks(&cursor);
        if (cursor.at < cursor.end)
            cursor.why = "text after the value";
    }
    *offset = (size_t)(cursor.at - text);
    return cursor.why;
}

/* ---- laying out ---- */

/* The end of a token that the text begins with; strings are the only ones with commas and brackets in them. */
static const char *token_end(const char *at, const char *end)
{
    if (*at != '"') {
        if (strchr("{}[],:", *at) != NULL)
            return at + 1;
        while (at < end && !is_blank(*at) && strchr("{}[],:\"", *at) == NULL)
            at++;
        return at;
    }
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\';
    return at + 1;
}

/* Does an object or array that begins here go over several lines? */
static bool is_broken(const char *at, const char *end)
{
    bool is_object = *at == '{';
    struct cursor cursor = {.at = at + 1, .end = end};
    skip_blanks(&cursor);
    if (is_object)
        return peek(&cursor) != '}';
    while (cursor.at < end && *cursor.at != ']') {
        if (*cursor.at == '{' || *cursor.at == '[')
            return true;
        cursor.at = is_blank(*cursor.at) ? cursor.at + 1 : token_end(cursor.at, end);
    }
    return false;
}

static void put_line(struct vf_buf *out, unsigned level)
{
    vf_buf_char(out, '\n');
    for (unsigned i = 0; i < level; i++)
        vf_buf_str(out, "  ");
}

struct layer {
    enum vf_json_layout layout;
    unsigned level;
    size_t depth;
    bool is_broken[VF_JSON_MAX_DEPTH + 1];
    struct vf_buf *out;
};

static void put_token(struct layer *layer, const char *token, const char *end, const char *text_end)
{
    struct vf_buf *out = layer->out;
    char c = *token;
    if (c == '}' || c == ']') {
        bool broken = layer->depth > 0 && layer->is_broken[layer->depth];
        layer->depth -= layer->depth > 0;
        if (broken)
            put_line(out, layer->level + (unsigned)layer->depth);
    }
    vf_buf_add(out, token, (size_t)(end - token));
    if ((c == '{' || c == '[') && layer->depth < VF_JSON_MAX_DEPTH) {
        bool broken = layer->layout == VF_JSON_PRETTY && is_broken(token, text_end);
        layer->is_broken[++layer->depth] = broken;
        if (broken)
            put_line(out, layer->level + (unsigned)layer->depth);
    } else if (c == ',' && layer->is_broken[layer->depth]) {
        put_line(out, layer->level + (unsigned)layer->depth);
    } else if ((c == ',' || c == ':') && layer->layout != VF_JSON_COMPACT) {
        vf_buf_char(out, ' ');
    }
}

void vf_json_text_lay(const char *value, size_t size_bytes, enum vf_json_layout layout, unsigned level,
                      struct vf_buf *out)
{
    struct cursor cursor = {.at = value, .end = value + size_bytes};
    struct layer layer = {.layout = layout, .level = level, .out = out};
    for (skip_blanks(&cursor); cursor.at < cursor.end; skip_blanks(&cursor)) {
        const char *end = token_end(cursor.at, cursor.end);
        put_token(&layer, cursor.at, end, cursor.end);
        cursor.at = end;
    }
}

bool vf_json_text_is_laid(const char *text, size_t size_bytes, enum vf_json_layout layout, struct vf_buf *scratch)
{
    size_t offset = 0;
    if (vf_json_text_check(text, size_bytes, &offset) != NULL)
        return false;
    vf_buf_clear(scratch);
    vf_json_text_lay(text, size_bytes, layout, 0, scratch);
    return vf_buf_check(scratch, NULL) == VF_OK && scratch->size_bytes == size_bytes &&
           memcmp(scratch->data, text, size_bytes) == 0;
}

/* ---- walking ---- */

static const char *value_end(const char *at, const char *end)
{
    size_t depth = 0;
    while (at < end) {
        if (is_blank(*at)) {
            at++;
            continue;
        }
        depth += *at == '{' || *at == '[';
        depth -= (*at == '}' || *at == ']') && depth > 0;
        at = token_end(at, end);
        if (depth == 0)
            return at;
    }
    return end;
}

bool vf_json_walk_begin(struct vf_json_walk *walk, const char *value, size_t size_bytes)
{
    struct cursor cursor = {.at = value, .end = value + size_bytes};
    skip_blanks(&cursor);
    char open = peek(&cursor);
    *walk = (struct vf_json_walk){.at = cursor.at + 1, .end = cursor.end, .is_object = open == '{'};
    return open == '{' || open == '[';
}

bool vf_json_walk_next(struct vf_json_walk *walk, struct vf_json_item *item)
{
    struct cursor cursor = {.at = walk->at, .end = walk->end};
    skip_blanks(&cursor);
    if (walk->is_begun && peek(&cursor) == ',') {
        cursor.at++;
        skip_blanks(&cursor);
    }
    walk->is_begun = true;
    *item = (struct vf_json_item){0};
    if (cursor.at >= cursor.end || *cursor.at == '}' || *cursor.at == ']')
        return false;
    if (walk->is_object) {
        item->name = cursor.at;
        cursor.at = token_end(cursor.at, cursor.end);
        item->name_bytes = (size_t)(cursor.at - item->name);
        skip_blanks(&cursor);
        cursor.at++; /* the colon */
        skip_blanks(&cursor);
    }
    item->value = cursor.at;
    cursor.at = value_end(cursor.at, cursor.end);
    item->value_bytes = (size_t)(cursor.at - item->value);
    walk->at = cursor.at;
    return true;
}

/* ---- strings ---- */

/* Four hexadecimal digits. */
static bool take_unit(const char **at, const char *end, uint32_t *unit)
{
    *unit = 0;
    if (end - *at < 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        int digit = hex_digit(*(*at)++);
        if (digit < 0)
            return false;
        *unit = *unit << 4 | (uint32_t)digit;
    }
    return true;
}

/* \uXXXX, or two of them; *at is behind the first "u". */
static bool put_unicode(const char **at, const char *end, bool replace_halves, struct vf_buf *out)
{
    uint32_t code = 0, low = 0;
    if (!take_unit(at, end, &code))
        return false;
    if (code >= 0xd800 && code < 0xdc00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        const char *behind = *at + 2;
        if (take_unit(&behind, end, &low) && low >= 0xdc00 && low < 0xe000) {
            *at = behind;
            vf_buf_code_point(out, 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
            return true;
        }
    }
    bool is_half = code >= 0xd800 && code < 0xe000;
    vf_buf_code_point(out, is_half ? 0xfffd : code);
    return !is_half || replace_halves;
}

bool vf_json_text_unescape(const char *text, size_t size_bytes, bool replace_halves, struct vf_buf *out)
{
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *end = text + size_bytes;
    for (const char *at = text; at < end;) {
        const char *slash = memchr(at, '\\', (size_t)(end - at));
        vf_buf_add(out, at, (size_t)((slash != NULL ? slash : end) - at));
        if (slash == NULL)
            break;
        if (end - slash < 2)
            return false;
        at = slash + 2;
        const char *escape = slash[1] != '\0' ? strchr(escapes, slash[1]) : NULL;
        if (escape != NULL)
            vf_buf_char(out, meanings[escape - escapes]);
        else if (slash[1] != 'u' || !put_unicode(&at, end, replace_halves, out))
            return false;
    }
    return true;
}

bool vf_json_text_string(const char *token, size_t size_bytes, struct vf_buf *out)
{
    return size_bytes >= 2 && token[0] == '"' && vf_json_text_unescape(token + 1, size_bytes - 2, false, out);
}
