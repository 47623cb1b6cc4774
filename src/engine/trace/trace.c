#include "engine/trace/trace.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/text.h"
#include "engine/wrap.h"

struct trace {
    const struct vf_log *log;
    const struct vf_clock *clock;
    const char *side;
    int number; /* of the connection, so that the lines of several can be told apart */
    int64_t started_us;
};

static enum vf_status trace_before(void *context, const struct vf_wrap_call *call, struct vf_error *err)
{
    struct trace *trace = context;
    (void)call;
    (void)err;
    trace->started_us = trace->clock->monotonic_us(trace->clock->context);
    return VF_OK;
}

static enum vf_status trace_after(void *context, const struct vf_wrap_call *call, enum vf_status status,
                                  struct vf_error *err)
{
    struct trace *trace = context;
    int64_t duration_us = trace->clock->monotonic_us(trace->clock->context) - trace->started_us;
    char object[160] = "";
    char rows[48] = "";

    (void)err;
    if (call->object != NULL)
        vf_printable(call->object, strlen(call->object), object, sizeof(object));
    if (call->n_rows >= 0)
        snprintf(rows, sizeof(rows), "%lld rows, ", (long long)call->n_rows);
    vf_log_write(trace->log, VF_LOG_DEBUG, "engine %s %d: %s%s%s: %s, %s%lld us", trace->side, trace->number,
                 vf_op_name(call->op), object[0] != '\0' ? " " : "", object, vf_status_text(status), rows,
                 (long long)duration_us);
    return status;
}

static const struct vf_wrap_hooks trace_hooks = {trace_before, trace_after, vf_free};

static const char *side_name(enum vf_side side)
{
    switch (side) {
    case VF_SIDE_SOURCE:
        return "source";
    case VF_SIDE_TARGET:
        return "target";
    case VF_SIDE_NONE:
        break;
    }
    return "connection";
}

enum vf_status vf_trace_wrap(struct vf_conn **conn, struct vf_error *err)
{
    static _Atomic int n_connections;
    const struct vf_open_options *options = &((const struct vf_conn_base *)(const void *)*conn)->options;
    struct trace *trace = vf_calloc(1, sizeof(*trace));
    if (trace == NULL)
        return vf_error_nomem(err);
    trace->log = options->log;
    trace->clock = options->clock != NULL ? options->clock : vf_clock_system();
    trace->side = side_name(options->side);
    trace->number = atomic_fetch_add(&n_connections, 1) + 1;

    enum vf_status status = vf_wrap_conn(conn, &trace_hooks, trace, err);
    if (status != VF_OK)
        vf_free(trace);
    return status;
}
