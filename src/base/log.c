#include "base/log.h"

#define MAX_MESSAGE_BYTES ((size_t)64 * 1024)

void vf_log_write(const struct vf_log *log, enum vf_log_level level, const char *fmt, ...)
{
    struct vf_buf message;
    va_list args;

    if (log == NULL || log->write == NULL || level > log->level)
        return;
    /* The whole message, so that a secret isn't cut in two before it can be seen. */
    vf_buf_init(&message, MAX_MESSAGE_BYTES);
    va_start(args, fmt);
    vf_buf_vprintf(&message, fmt, args);
    va_end(args);
    if (message.status == VF_OK)
        log->write(log->context, level, message.data == NULL ? "" : vf_redact(message.data));
    else
        log->write(log->context, level, "a log message was lost: out of memory, or too long");
    vf_buf_release(&message);
}
