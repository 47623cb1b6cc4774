/*
 * Errors: the caller's own struct, filled where a failure is found.
 *
 * A function that can fail returns a vf_status and takes a `struct vf_error *` as its last parameter.
 * The struct lives on the caller's stack, may be NULL, and never allocates, so that it works when
 * memory has run out. It is set once, where the failure is found; on the way up vf_error_wrap() puts
 * the context in front ("copy table docs: chunk 7: ..."). It is printed once, by the command.
 *
 * Messages: lower case, no full stop, values quoted, with table, column and key; what to do goes into
 * the hint. A message that doesn't fit is cut at a whole UTF-8 character.
 */
#ifndef VF_BASE_ERROR_H
#define VF_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/status.h"

struct vf_error {
    enum vf_status status;
    enum vf_side side;
    char sqlstate[6]; /* five characters, or empty */
    int vendor_code;  /* the engine's own number, or 0 */
    bool
        lost_transaction; /* VF_TEMPORARY: the server has let go of the open transaction, and of nothing else; another can be begun on the same connection */
    char message[1536];
    char hint[768]; /* the remedy, or empty */
};

/* Fill `err` (if it isn't NULL) and return `status`, so that `return vf_error_set(...)` is one line. */
enum vf_status vf_error_set(struct vf_error *err, enum vf_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
enum vf_status vf_error_setv(struct vf_error *err, enum vf_status status, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Set the remedy. */
void vf_error_hint(struct vf_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Put "context: " in front of the message. */
void vf_error_wrap(struct vf_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void vf_error_wrapv(struct vf_error *err, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));

/* Say which side an error belongs to, unless that is known already. */
void vf_error_side(struct vf_error *err, enum vf_side side);

/* Out of memory, in words; returns VF_NOMEM. */
enum vf_status vf_error_nomem(struct vf_error *err);

/* Back to "no error". */
void vf_error_clear(struct vf_error *err);

#endif
