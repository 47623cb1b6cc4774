#include "base/text.h"

#include <string.h>

static bool is_continuation(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

/*
 * The size of the well-formed character at `text`, 0 when there is none. The bounds of the second byte are those of table 3-7 of the
 * Unicode standard: they rule out overlong forms, surrogates and what is above U+10FFFF.
 */
static size_t character_bytes(const unsigned char *text, size_t size_bytes)
{
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    size_t need_bytes;

    if (text[0] < 0x80)
        return 1;
    if (text[0] < 0xC2 || text[0] > 0xF4)
        return 0;
    need_bytes = text[0] < 0xE0 ? 2 : text[0] < 0xF0 ? 3 : 4;
    if (size_bytes < need_bytes)
        return 0;
    if (text[0] == 0xE0)
        low = 0xA0;
    else if (text[0] == 0xED)
        high = 0x9F;
    else if (text[0] == 0xF0)
        low = 0x90;
    else if (text[0] == 0xF4)
        high = 0x8F;
    if (text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < need_bytes; i++) {
        if (!is_continuation(text[i]))
            return 0;
    }
    return need_bytes;
}

size_t vf_utf8_check(const char *text, size_t size_bytes)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t done = 0;

    while (done < size_bytes) {
        uint64_t eight;
        size_t step;

        /* Most text is ASCII: eight bytes at a time as long as none has its upper bit set. */
        while (size_bytes - done >= sizeof(eight)) {
            memcpy(&eight, bytes + done, sizeof(eight));
            if ((eight & UINT64_C(0x8080808080808080)) != 0)
                break;
            done += sizeof(eight);
        }
        if (done == size_bytes)
            break;
        step = character_bytes(bytes + done, size_bytes - done);
        if (step == 0)
            return done;
        done += step;
    }
    return size_bytes;
}

size_t vf_utf8_cut(const char *text, size_t size_bytes, size_t max_bytes)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t n = size_bytes < max_bytes ? size_bytes : max_bytes;
    size_t lead = n;
    size_t need_bytes = 1;

    while (lead > 0 && n - lead < 3 && is_continuation(bytes[lead - 1]))
        lead--;
    if (lead == 0 || bytes[lead - 1] < 0xC2 || bytes[lead - 1] > 0xF4)
        return n; /* it ends in ASCII, or in something that isn't UTF-8 anyway */
    lead--;
    need_bytes = bytes[lead] < 0xE0 ? 2 : bytes[lead] < 0xF0 ? 3 : 4;
    return n - lead < need_bytes ? lead : n;
}

/*
 * Characters that a terminal obeys instead of showing: C0 and C1 controls, the line separators, and the bidirectional controls, with which a
 * name can be made to read as another one. `text` holds a well-formed character of `size_bytes`.
 */
static bool is_hidden(const unsigned char *text, size_t size_bytes)
{
    if (size_bytes == 1)
        return text[0] < 0x20 || text[0] == 0x7F;
    if (size_bytes == 2)
        return text[0] == 0xC2 && text[1] < 0xA0;
    if (size_bytes == 3 && text[0] == 0xE2 && text[1] == 0x80)
        return text[2] == 0x8E || text[2] == 0x8F || (text[2] >= 0xA8 && text[2] <= 0xAE);
    if (size_bytes == 3 && text[0] == 0xE2 && text[1] == 0x81)
        return text[2] >= 0xA6 && text[2] <= 0xA9;
    return false;
}

char *vf_printable(const char *text, size_t size_bytes, char *out, size_t out_bytes)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = (const unsigned char *)text;
    size_t used_bytes = 0;
    size_t done = 0;

    if (out_bytes == 0)
        return out;
    while (done < size_bytes) {
        size_t step = character_bytes(bytes + done, size_bytes - done);

        if (step > 0 && !is_hidden(bytes + done, step)) {
            if (out_bytes - used_bytes <= step)
                break;
            memcpy(out + used_bytes, bytes + done, step);
            used_bytes += step;
            done += step;
            continue;
        }
        if (out_bytes - used_bytes <= 4)
            break;
        out[used_bytes++] = '\\';
        out[used_bytes++] = 'x';
        out[used_bytes++] = digits[bytes[done] >> 4];
        out[used_bytes++] = digits[bytes[done] & 15];
        done++;
    }
    out[used_bytes] = '\0';
    return out;
}
