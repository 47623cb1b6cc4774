/*
 * Status codes: what a function that can fail returns.
 *
 * The list is ordered by what the caller can do about it, not by who found it. The exit code of the
 * program follows from the status and from the side (source or target) that an error carries; that
 * mapping is vf_status_exit_code(), after the table of exit codes in docs/exit-codes.md.
 * VF_OK is zero, every failure is negative.
 */
#ifndef VF_BASE_STATUS_H
#define VF_BASE_STATUS_H

#include <stdbool.h>

/* X(name, value, exit code, text); exit code 0 here means: by side, 6 for the source and 7 for the target, else 1 */
#define VF_STATUS_LIST(X)                                                                                              \
    X(OK, 0, 0, "ok")                                                                                                  \
    X(FAILED, -1, 1, "failed")                                                                                         \
    X(USAGE, -2, 2, "usage or configuration error")                                                                    \
    X(DIFFERS, -3, 3, "the two sides differ, or rows were rejected")                                                   \
    X(CONNECT, -4, 4, "cannot connect or authenticate")                                                                \
    X(TEMPORARY, -5, 5, "temporary failure, safe to retry with --resume")                                              \
    X(ENGINE, -6, 0, "the database reported an error")                                                                 \
    X(LOCKED, -8, 8, "another runner holds the lock")                                                                  \
    X(STATE, -9, 9, "the state of the target refuses this")                                                            \
    X(MISSING, -10, 10, "a capability is missing")                                                                     \
    X(SAFETY, -11, 11, "a safety limit stopped the run")                                                               \
    X(INTERNAL, -12, 12, "internal error")                                                                             \
    X(NOMEM, -13, 12, "out of memory")                                                                                 \
    X(CANCELLED, -14, 130, "cancelled")                                                                                \
    X(VALUE, -15, 3, "a value cannot be held by its type")                                                             \
    X(NOTFOUND, -16, 2, "not found")

enum vf_status {
#define VF_STATUS_ENUM(name, value, exit_code, text) VF_##name = (value),
    VF_STATUS_LIST(VF_STATUS_ENUM)
#undef VF_STATUS_ENUM
};

/* Which end of the crossing an error belongs to; it decides between the exit codes 6 and 7. */
enum vf_side {
    VF_SIDE_NONE,
    VF_SIDE_SOURCE,
    VF_SIDE_TARGET,
};

/* Every function that returns a status is marked with this: a status that is dropped is a warning, and so an error. */
#define VF_CHECKED __attribute__((warn_unused_result))

/* The text of a status, never NULL; static. */
const char *vf_status_text(enum vf_status status);

/* Does a database refuse what it was asked for, so that another question may do? Not a lost connection, or no memory. */
bool vf_status_is_refusal(enum vf_status status);

/* The exit code of the program for a status found on a side. */
int vf_status_exit_code(enum vf_status status, enum vf_side side);

#endif
