#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ferry/yaml.h"

#define MAX_COMMENT_BYTES 400

/* Words that YAML 1.1 or 1.2 takes for something else than a text. */
static bool is_reserved(const char *text)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (vf_strcasecmp(text, words[i]) == 0)
            return true;
    }
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Can stand without quotes in a flow map, whatever the reader: a letter first, then letters, digits and a few signs. */
static bool is_plain(const char *text)
{
    if (!is_letter(text[0]) || is_reserved(text))
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if (!is_letter(*c) && !(*c >= '0' && *c <= '9') && strchr(".()-/@=+ ", *c) == NULL &&
            !(*c == ':' && c[1] != ' ' && c[1] != '\0'))
            return false;
    }
    return text[strlen(text) - 1] != ' ';
}

/* The character at `text` (well-formed, not ASCII). */
static unsigned decode(const unsigned char *text, size_t *size_bytes)
{
    *size_bytes = text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : 2;
    unsigned code = text[0] & (0x7FU >> *size_bytes);
    for (size_t i = 1; i < *size_bytes; i++)
        code = (code << 6) | (text[i] & 0x3FU);
    return code;
}

/* Line breaks of YAML 1.1 and what its readers refuse: C1 controls, separators, byte order marks, non-characters. */
static bool is_dangerous(unsigned code)
{
    return code < 0xA0 || code == 0x2028 || code == 0x2029 || code == 0xFEFF || code == 0xFFFE || code == 0xFFFF;
}

static void put_ascii(struct vf_buf *out, unsigned char c)
{
    if (c == '"' || c == '\\')
        vf_buf_printf(out, "\\%c", c);
    else if (c == '\n')
        vf_buf_str(out, "\\n");
    else if (c == '\t')
        vf_buf_str(out, "\\t");
    else if (c < 0x20 || c == 0x7F)
        vf_buf_printf(out, "\\u%04x", (unsigned)c);
    else
        vf_buf_char(out, (char)c);
}

static void put_quoted(struct vf_buf *out, const char *text)
{
    size_t size = strlen(text), at = 0;

    vf_buf_char(out, '"');
    while (at < size) {
        size_t end = at + vf_utf8_check(text + at, size - at);
        while (at < end) {
            size_t step = 1;
            const unsigned char *c = (const unsigned char *)text + at;
            unsigned code = *c < 0x80 ? *c : decode(c, &step);
            if (*c < 0x80)
                put_ascii(out, *c);
            else if (is_dangerous(code))
                vf_buf_printf(out, "\\u%04x", code);
            else
                vf_buf_add(out, c, step);
            at += step;
        }
        if (at < size) {
            vf_buf_str(out, "\xEF\xBF\xBD");
            at++;
        }
    }
    vf_buf_char(out, '"');
}

void vf_yaml_put(struct vf_buf *out, const char *text)
{
    if (is_plain(text))
        vf_buf_str(out, text);
    else
        put_quoted(out, text);
}

size_t vf_yaml_width(const char *text)
{
    struct vf_buf buf;

    if (is_plain(text))
        return strlen(text);
    vf_buf_init(&buf, VF_BUF_MAX);
    put_quoted(&buf, text);
    size_t width = buf.size_bytes;
    vf_buf_release(&buf);
    return width;
}

void vf_yaml_put_comment(struct vf_buf *out, const char *text)
{
    char shown[MAX_COMMENT_BYTES];

    vf_printable(text, strlen(text), shown, sizeof(shown));
    vf_buf_str(out, "  # ");
    for (const unsigned char *c = (const unsigned char *)shown; *c != '\0';) {
        size_t step = 1;
        unsigned code = *c < 0x80 ? *c : decode(c, &step);
        if (*c >= 0x80 && is_dangerous(code))
            vf_buf_printf(out, "\\u%04x", code);
        else
            vf_buf_add(out, c, step);
        c += step;
    }
}
