/*
 * Trace: a connection that tells what is asked of the one inside it.
 *
 * Each call is one line in the log of the connection's options, at debug level: the operation, what it was about, its status and its microseconds:
 *
 *   engine target 1: scan_read documents: ok, 500 rows, 1840 us
 *
 * The engines need no log calls of their own for that. Values of rows are never logged.
 */
#ifndef VF_ENGINE_TRACE_TRACE_H
#define VF_ENGINE_TRACE_TRACE_H

#include "engine/engine.h"

/* vf_conn_open() wraps every connection when this variable is "engine". */
#define VF_TRACE_ENVIRONMENT "VF_TRACE"

/* Put a tracing connection around *conn and store it there; closing it closes both. On failure *conn is as before. */
enum vf_status vf_trace_wrap(struct vf_conn **conn, struct vf_error *err) VF_CHECKED;

#endif
