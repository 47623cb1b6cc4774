/*
 * Log and secrets.
 *
 * The library never prints: a log message goes to the callback of the handle that it belongs to. Errors aren't logged
 * (they are returned); the log is for what a person wants to know about a run that goes well.
 *
 * The redactor is the one place that knows what a secret looks like. Everything that leaves the process as text
 * (messages, log lines, reports, driver messages) passes through vf_redact().
 */
#ifndef VF_BASE_LOG_H
#define VF_BASE_LOG_H

#include <stddef.h>

#include "base/buf.h"

enum vf_log_level {
    VF_LOG_ERROR,
    VF_LOG_WARNING,
    VF_LOG_INFO,
    VF_LOG_DEBUG,
};

struct vf_log {
    void (*write)(void *context, enum vf_log_level level,
                  const char *message); /* may be called from any thread; NULL: nothing is logged */
    void *context;
    enum vf_log_level level; /* messages above it are dropped */
};

/* `log` may be NULL. The message is redacted before it is handed on. */
void vf_log_write(const struct vf_log *log, enum vf_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Remember a secret (a password, a token) for the life of the process: vf_redact() replaces every occurrence by "***". Texts shorter than 3 bytes are
 * not remembered. Thread-safe. VF_NOMEM when it can't be remembered: then the secret must not be used. */
enum vf_status vf_redact_secret(const char *secret, struct vf_error *err) VF_CHECKED;

/* Replace in place (the text only gets shorter or stays): remembered secrets (also percent-encoded), the password of URLs (scheme://user:secret@),
 * password=..., token=..., authToken=... and "Bearer ..." values. Returns `text`. */
char *vf_redact(char *text);

/* Forget all secrets; for tests. */
void vf_redact_reset(void);

#endif
