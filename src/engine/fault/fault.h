/*
 * Fault: a connection that fails when it is told to.
 *
 * A fault says at which call of which operation what happens. Calls are counted in the fault, so that several connections that share one count together: "the third commit of the run". The
 * caller owns the fault; it must outlive the connections that are wrapped with it. Thread-safe.
 *
 * As text (environment variable VECFERRY_FAILPOINT, in builds with the option `failpoints`):
 *
 *   [side.]operation:n:action[:repeat][,...]
 *
 *   side       source or target; without it, both count
 *   operation  the name of an operation of struct vf_engine_ops ("commit", "scan_read", "load_write"), or "any"
 *   n          which call, from 1
 *   action     error        it isn't done and fails with VF_ENGINE
 *              lost         it isn't done, the connection is lost: VF_TEMPORARY now and for all that follows
 *              commit-lost  it is done, and then the connection is lost: as when the answer to a COMMIT never arrives (any operation)
 *              kill         the process kills itself (SIGKILL) before it
 *              kill-after   the same, after it was done
 *   repeat     also all later calls, not only the n-th
 *
 * For example "commit:3:kill" or "target.load_write:2:error,source.scan_read:9:lost".
 */
#ifndef VF_ENGINE_FAULT_FAULT_H
#define VF_ENGINE_FAULT_FAULT_H

#include "engine/engine.h"
#include "engine/wrap.h"

#define VF_FAULT_ENVIRONMENT "VECFERRY_FAILPOINT"

enum vf_fault_action {
    VF_FAULT_ERROR,
    VF_FAULT_LOST,
    VF_FAULT_DONE_THEN_LOST,
    VF_FAULT_KILL,
    VF_FAULT_DONE_THEN_KILL,
};

struct vf_fault {
    bool any_op;
    enum vf_op op;
    enum vf_side side; /* NONE: of either side */
    int64_t n;         /* happens at this call, from 1 */
    bool repeat;       /* and at all later ones */
    enum vf_fault_action action;
    enum vf_status status;   /* of VF_FAULT_ERROR; VF_OK means VF_ENGINE */
    _Atomic bool off;        /* set to switch it off */
    _Atomic int64_t n_calls; /* counted so far */
    _Atomic int64_t n_fired;
};

/* Put a failing connection around *conn; closing it closes both. Several wraps may lie around each other. On failure *conn is as before. */
enum vf_status vf_fault_wrap(struct vf_conn **conn, struct vf_fault *fault, struct vf_error *err) VF_CHECKED;

/* Read one fault (without a comma). VF_USAGE: not of the form above. */
enum vf_status vf_fault_parse(const char *text, size_t size_bytes, struct vf_fault *fault,
                              struct vf_error *err) VF_CHECKED;

/* Wrap with all faults of `text`. They are read at the first call and counted over the whole process; later calls must give the same text. */
enum vf_status vf_fault_wrap_from_text(struct vf_conn **conn, const char *text, struct vf_error *err) VF_CHECKED;

#endif
