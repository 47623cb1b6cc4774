#include "api/handle.h"

#include <string.h>

/* Results are for people and scripts: a gigabyte of named differences helps neither. */
#define MAX_RESULT_BYTES ((size_t)256 << 20)

const char *vecferry_version(void)
{
    return VECFERRY_VERSION;
}

static void write_log(void *context, enum vf_log_level level, const char *message)
{
    vecferry *v = context;

    if (v->log_write != NULL)
        v->log_write(v->log_context, (int)level, message);
}

vecferry *vecferry_new(void)
{
    vecferry *v = vf_calloc(1, sizeof(*v));

    if (v == NULL)
        return NULL;
    vf_buf_init(&v->result, MAX_RESULT_BYTES);
    vf_buf_init(&v->plan_text, MAX_RESULT_BYTES);
    v->log = (struct vf_log){.write = NULL, .context = v, .level = VF_LOG_WARNING};
    return v;
}

void vecferry_free(vecferry *v)
{
    if (v == NULL)
        return;
    vf_handle_release_options(v);
    vf_buf_release(&v->result);
    vf_buf_release(&v->plan_text);
    vf_report_release(&v->report);
    vf_free(v);
}

void vecferry_on_progress(vecferry *v, void (*progress)(void *context, const struct vecferry_progress *progress),
                          void *context)
{
    v->progress = progress;
    v->progress_context = context;
}

void vecferry_on_log(vecferry *v, int level, void (*log)(void *context, int level, const char *message), void *context)
{
    v->log_write = log;
    v->log_context = context;
    v->log.write = log != NULL ? write_log : NULL;
    v->log.level = (enum vf_log_level)level;
}

void vecferry_cancel(vecferry *v, int reason)
{
    vf_cancel_raise(&v->cancel, reason);
}

const char *vecferry_result(const vecferry *v)
{
    return v->result.data != NULL ? v->result.data : "{}";
}

const char *vecferry_plan_text(const vecferry *v)
{
    return v->plan_text.data;
}

const char *vecferry_error(const vecferry *v)
{
    return v->error.message;
}

const char *vecferry_hint(const vecferry *v)
{
    return v->error.hint;
}
