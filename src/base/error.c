#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* vsnprintf() cuts at a byte; a character that lost its tail is removed, so that the message stays UTF-8. */
__attribute__((format(printf, 3, 0))) static void format_cut(char *out, size_t out_bytes, const char *fmt, va_list args)
{
    int size = vsnprintf(out, out_bytes, fmt, args);

    if (size < 0)
        out[0] = '\0';
    else if ((size_t)size >= out_bytes)
        out[vf_utf8_cut(out, out_bytes - 1, out_bytes - 1)] = '\0';
}

enum vf_status vf_error_setv(struct vf_error *err, enum vf_status status, const char *fmt, va_list args)
{
    char message[sizeof(err->message)];

    if (err == NULL)
        return status;
    /* The arguments may point into `err` itself, so the old message is replaced only when the new one is complete. */
    format_cut(message, sizeof(message), fmt, args);
    vf_error_clear(err);
    err->status = status;
    memcpy(err->message, message, strlen(message) + 1);
    return status;
}

enum vf_status vf_error_set(struct vf_error *err, enum vf_status status, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vf_error_setv(err, status, fmt, args);
    va_end(args);
    return status;
}

void vf_error_hint(struct vf_error *err, const char *fmt, ...)
{
    char hint[sizeof(err->hint)];
    va_list args;

    if (err == NULL)
        return;
    va_start(args, fmt);
    format_cut(hint, sizeof(hint), fmt, args);
    va_end(args);
    memcpy(err->hint, hint, strlen(hint) + 1);
}

void vf_error_wrapv(struct vf_error *err, const char *fmt, va_list args)
{
    char message[sizeof(err->message)];
    size_t used_bytes;
    size_t kept_bytes;

    if (err == NULL)
        return;
    format_cut(message, sizeof(message), fmt, args);
    used_bytes = strlen(message);
    if (used_bytes + 2 < sizeof(message)) {
        memcpy(message + used_bytes, ": ", 3);
        used_bytes += 2;
    }
    kept_bytes = vf_utf8_cut(err->message, strlen(err->message), sizeof(message) - 1 - used_bytes);
    memcpy(message + used_bytes, err->message, kept_bytes);
    message[used_bytes + kept_bytes] = '\0';
    memcpy(err->message, message, used_bytes + kept_bytes + 1);
}

void vf_error_wrap(struct vf_error *err, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vf_error_wrapv(err, fmt, args);
    va_end(args);
}

void vf_error_side(struct vf_error *err, enum vf_side side)
{
    if (err != NULL && err->side == VF_SIDE_NONE)
        err->side = side;
}

enum vf_status vf_error_nomem(struct vf_error *err)
{
    return vf_error_set(err, VF_NOMEM, "out of memory");
}

void vf_error_clear(struct vf_error *err)
{
    if (err != NULL)
        *err = (struct vf_error){.status = VF_OK};
}
