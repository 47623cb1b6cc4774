/*
 * A growing buffer of bytes, for texts and for binary data.
 *
 * The only way in which the project grows memory step by step. It has a maximum size, given at init, and
 * a sticky error: after a failed append (no memory, or over the maximum) all further appends do nothing
 * and vf_buf_check() says which, so that a long series of appends is checked once at its end. `data` is always
 * NUL-terminated once something was appended, and the NUL isn't counted. Not shared between threads.
 */
#ifndef VF_BASE_BUF_H
#define VF_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct vf_buf {
    char *data; /* NULL while empty */
    size_t size_bytes;
    size_t cap_bytes;
    size_t max_bytes;
    enum vf_status status;
};

#define VF_BUF_MAX ((size_t)1 << 31)

void vf_buf_init(struct vf_buf *buf, size_t max_bytes);
void vf_buf_release(struct vf_buf *buf);
void vf_buf_clear(struct vf_buf *buf); /* keeps the memory, forgets a sticky error */
/* Hand the text over to the caller, who frees it with vf_free(); never NULL unless memory ran out. */
char *vf_buf_detach(struct vf_buf *buf);

/* Make room for `size_bytes` more and return where they go, or NULL (sticky); vf_buf_advance() then counts what was written. */
char *vf_buf_reserve(struct vf_buf *buf, size_t size_bytes);
void vf_buf_advance(struct vf_buf *buf, size_t size_bytes);

void vf_buf_add(struct vf_buf *buf, const void *bytes, size_t size_bytes);
void vf_buf_str(struct vf_buf *buf, const char *text);
void vf_buf_char(struct vf_buf *buf, char c);
/* %f, %e and %g write the point of the application's locale: doubles go through vf_format_f64(). */
void vf_buf_printf(struct vf_buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void vf_buf_vprintf(struct vf_buf *buf, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
/* Fixed-width integers in network order, as PostgreSQL's binary COPY wants them. */
void vf_buf_be16(struct vf_buf *buf, uint16_t value);
void vf_buf_be32(struct vf_buf *buf, uint32_t value);
void vf_buf_be64(struct vf_buf *buf, uint64_t value);
/* A JSON string with its quotes; only ", \ and control characters are escaped, never `/`. The text must be UTF-8: bytes that aren't become U+FFFD. */
void vf_buf_json_string(struct vf_buf *buf, const char *text, size_t size_bytes);
/* A code point as UTF-8; up to 0x10FFFF. */
void vf_buf_code_point(struct vf_buf *buf, uint32_t code);
/* Bytes as lower-case hexadecimal digits. */
void vf_buf_hex(struct vf_buf *buf, const void *bytes, size_t size_bytes);

/* VF_OK, or the first failure of an append. */
enum vf_status vf_buf_check(const struct vf_buf *buf, struct vf_error *err) VF_CHECKED;

#endif
