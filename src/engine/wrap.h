/*
 * A connection around another one: what trace and fault have in common.
 *
 * Every operation of the outer connection tells its hooks, does the same on the inner one, and tells the hooks again. Operations that the inner engine
 * doesn't have aren't there on the outer one either, and name and capabilities are the inner engine's, so that nobody sees a difference.
 */
#ifndef VF_ENGINE_WRAP_H
#define VF_ENGINE_WRAP_H

#include "engine/engine.h"

/* The operations, as in struct vf_engine_ops; open isn't one, because what is wrapped is open. */
#define VF_OP_LIST(X)                                                                                                  \
    X(close)                                                                                                           \
    X(describe)                                                                                                        \
    X(inspect)                                                                                                         \
    X(begin_snapshot)                                                                                                  \
    X(join_snapshot)                                                                                                   \
    X(end_snapshot)                                                                                                    \
    X(split)                                                                                                           \
    X(scan_open)                                                                                                       \
    X(scan_read)                                                                                                       \
    X(scan_close)                                                                                                      \
    X(lookup)                                                                                                          \
    X(nearest)                                                                                                         \
    X(index_script)                                                                                                    \
    X(map_column)                                                                                                      \
    X(fit_table)                                                                                                       \
    X(map_index)                                                                                                       \
    X(preflight)                                                                                                       \
    X(lock)                                                                                                            \
    X(unlock)                                                                                                          \
    X(table_state)                                                                                                     \
    X(apply)                                                                                                           \
    X(begin_bulk)                                                                                                      \
    X(end_bulk)                                                                                                        \
    X(begin)                                                                                                           \
    X(commit)                                                                                                          \
    X(rollback)                                                                                                        \
    X(load_open)                                                                                                       \
    X(load_write)                                                                                                      \
    X(load_close)                                                                                                      \
    X(record_create)                                                                                                   \
    X(record_put)                                                                                                      \
    X(record_put_many)                                                                                                 \
    X(record_get)                                                                                                      \
    X(record_swap)                                                                                                     \
    X(record_delete)

enum vf_op {
#define VF_OP_ENUM(name) VF_OP_##name,
    VF_OP_LIST(VF_OP_ENUM)
#undef VF_OP_ENUM
        VF_OP_COUNT
};

const char *vf_op_name(enum vf_op op);
bool vf_op_parse(const char *name, enum vf_op *op);

/* One call, as the hooks see it. */
struct vf_wrap_call {
    enum vf_op op;
    const char *object; /* the table, step, snapshot or holder that it is about, or NULL */
    int64_t n_rows;     /* rows read or written, chunks cut, the number of a chunk; -1: says nothing */
};

struct vf_wrap_hooks {
    /* Anything but VF_OK: the inner operation isn't done, and this is its result. Operations without a status are left out then. */
    enum vf_status (*before)(void *context, const struct vf_wrap_call *call, struct vf_error *err);
    /* Returns what the caller is told: `status`, or a failure instead. */
    enum vf_status (*after)(void *context, const struct vf_wrap_call *call, enum vf_status status,
                            struct vf_error *err);
    void (*free)(void *context); /* after the inner connection was closed */
};

/* Wrap *conn. The context is the wrapper's from now on; on failure nothing was taken. */
enum vf_status vf_wrap_conn(struct vf_conn **conn, const struct vf_wrap_hooks *hooks, void *context,
                            struct vf_error *err) VF_CHECKED;

#endif
