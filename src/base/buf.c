#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

#define FIRST_CAP_BYTES ((size_t)64)

void vf_buf_init(struct vf_buf *buf, size_t max_bytes)
{
    *buf = (struct vf_buf){.max_bytes = max_bytes, .status = VF_OK};
}

void vf_buf_release(struct vf_buf *buf)
{
    vf_free(buf->data);
    vf_buf_init(buf, buf->max_bytes);
}

void vf_buf_clear(struct vf_buf *buf)
{
    buf->size_bytes = 0;
    buf->status = VF_OK;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

/* Capacity for `size_bytes` more and the NUL; false sets the sticky error. */
static bool grow(struct vf_buf *buf, size_t size_bytes)
{
    size_t cap_bytes = buf->cap_bytes < FIRST_CAP_BYTES ? FIRST_CAP_BYTES : buf->cap_bytes;
    size_t need_bytes;
    char *data;

    if (buf->status != VF_OK)
        return false;
    if (size_bytes > buf->max_bytes || buf->size_bytes > buf->max_bytes - size_bytes ||
        buf->size_bytes + size_bytes == SIZE_MAX) {
        buf->status = VF_SAFETY;
        return false;
    }
    need_bytes = buf->size_bytes + size_bytes + 1;
    if (need_bytes <= buf->cap_bytes)
        return true;
    while (cap_bytes < need_bytes)
        cap_bytes = cap_bytes > SIZE_MAX / 2 ? need_bytes : cap_bytes * 2;
    if (cap_bytes - 1 > buf->max_bytes)
        cap_bytes = buf->max_bytes + 1; /* never more memory than the maximum and its NUL */
    data = vf_realloc(buf->data, cap_bytes, 1);
    if (data == NULL) {
        buf->status = VF_NOMEM;
        return false;
    }
    buf->data = data;
    buf->cap_bytes = cap_bytes;
    return true;
}

char *vf_buf_detach(struct vf_buf *buf)
{
    char *data = NULL;

    if (buf->data == NULL && buf->status == VF_OK)
        data = vf_strndup("", 0);
    else if (buf->status == VF_OK)
        data = buf->data;
    if (data == buf->data)
        buf->data = NULL;
    vf_buf_release(buf);
    return data;
}

char *vf_buf_reserve(struct vf_buf *buf, size_t size_bytes)
{
    return grow(buf, size_bytes) ? buf->data + buf->size_bytes : NULL;
}

void vf_buf_advance(struct vf_buf *buf, size_t size_bytes)
{
    if (buf->status != VF_OK || buf->data == NULL)
        return;
    buf->size_bytes += size_bytes;
    buf->data[buf->size_bytes] = '\0';
}

void vf_buf_add(struct vf_buf *buf, const void *bytes, size_t size_bytes)
{
    char *to = vf_buf_reserve(buf, size_bytes);

    if (to == NULL)
        return;
    if (size_bytes > 0)
        memcpy(to, bytes, size_bytes);
    vf_buf_advance(buf, size_bytes);
}

void vf_buf_str(struct vf_buf *buf, const char *text)
{
    vf_buf_add(buf, text, strlen(text));
}

void vf_buf_char(struct vf_buf *buf, char c)
{
    vf_buf_add(buf, &c, 1);
}

void vf_buf_printf(struct vf_buf *buf, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vf_buf_vprintf(buf, fmt, args);
    va_end(args);
}

void vf_buf_vprintf(struct vf_buf *buf, const char *fmt, va_list args)
{
    va_list again;
    char *to;
    int size;

    if (buf->status != VF_OK)
        return;
    va_copy(again, args);
    size = vsnprintf(NULL, 0, fmt, args);
    if (size < 0) {
        buf->status = VF_INTERNAL;
    } else {
        to = vf_buf_reserve(buf, (size_t)size);
        if (to != NULL) {
            vsnprintf(to, (size_t)size + 1, fmt, again);
            vf_buf_advance(buf, (size_t)size);
        }
    }
    va_end(again);
}

void vf_buf_be16(struct vf_buf *buf, uint16_t value)
{
    const unsigned char bytes[2] = {(unsigned char)(value >> 8), (unsigned char)value};

    vf_buf_add(buf, bytes, sizeof(bytes));
}

void vf_buf_be32(struct vf_buf *buf, uint32_t value)
{
    unsigned char bytes[4];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(value >> (24 - 8 * i));
    vf_buf_add(buf, bytes, sizeof(bytes));
}

void vf_buf_be64(struct vf_buf *buf, uint64_t value)
{
    unsigned char bytes[8];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(value >> (56 - 8 * i));
    vf_buf_add(buf, bytes, sizeof(bytes));
}

static bool json_is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

static void json_escape(struct vf_buf *buf, unsigned char c)
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    const char *at = c == 0 ? NULL : strchr(from, c);

    if (at != NULL) {
        vf_buf_char(buf, '\\');
        vf_buf_char(buf, to[at - from]);
    } else {
        vf_buf_printf(buf, "\\u%04x", (unsigned)c);
    }
}

/* Text that is well-formed UTF-8. */
static void json_add_valid(struct vf_buf *buf, const char *text, size_t size_bytes)
{
    size_t done = 0;

    while (done < size_bytes) {
        size_t end = done;

        while (end < size_bytes && json_is_plain((unsigned char)text[end]))
            end++;
        vf_buf_add(buf, text + done, end - done);
        if (end < size_bytes)
            json_escape(buf, (unsigned char)text[end++]);
        done = end;
    }
}

void vf_buf_json_string(struct vf_buf *buf, const char *text, size_t size_bytes)
{
    size_t done = 0;

    vf_buf_char(buf, '"');
    while (done < size_bytes && buf->status == VF_OK) {
        size_t valid_bytes = vf_utf8_check(text + done, size_bytes - done);

        json_add_valid(buf, text + done, valid_bytes);
        done += valid_bytes;
        if (done < size_bytes) {
            vf_buf_str(buf, "\xEF\xBF\xBD"); /* U+FFFD, one for each bad byte */
            done++;
        }
    }
    vf_buf_char(buf, '"');
}

void vf_buf_code_point(struct vf_buf *buf, uint32_t code)
{
    if (code < 0x80) {
        vf_buf_char(buf, (char)code);
    } else if (code < 0x800) {
        vf_buf_char(buf, (char)(0xc0 | code >> 6));
        vf_buf_char(buf, (char)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        vf_buf_char(buf, (char)(0xe0 | code >> 12));
        vf_buf_char(buf, (char)(0x80 | (code >> 6 & 0x3f)));
        vf_buf_char(buf, (char)(0x80 | (code & 0x3f)));
    } else {
        vf_buf_char(buf, (char)(0xf0 | code >> 18));
        vf_buf_char(buf, (char)(0x80 | (code >> 12 & 0x3f)));
        vf_buf_char(buf, (char)(0x80 | (code >> 6 & 0x3f)));
        vf_buf_char(buf, (char)(0x80 | (code & 0x3f)));
    }
}

void vf_buf_hex(struct vf_buf *buf, const void *bytes, size_t size_bytes)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = bytes;
    char *to;

    if (size_bytes > SIZE_MAX / 2) {
        buf->status = buf->status == VF_OK ? VF_SAFETY : buf->status;
        return;
    }
    to = vf_buf_reserve(buf, size_bytes * 2);
    if (to == NULL)
        return;
    for (size_t i = 0; i < size_bytes; i++) {
        to[2 * i] = digits[from[i] >> 4];
        to[2 * i + 1] = digits[from[i] & 15];
    }
    vf_buf_advance(buf, size_bytes * 2);
}

enum vf_status vf_buf_check(const struct vf_buf *buf, struct vf_error *err)
{
    switch ((int)buf->status) {
    case VF_OK:
        return VF_OK;
    case VF_NOMEM:
        return vf_error_nomem(err);
    case VF_SAFETY:
        return vf_error_set(err, VF_SAFETY, "a text grew over its maximum of %zu bytes", buf->max_bytes);
    default:
        return vf_error_set(err, VF_INTERNAL, "a text couldn't be formatted");
    }
}
