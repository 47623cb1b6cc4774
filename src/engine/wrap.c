#include "engine/wrap.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

static const char *const op_names[] = {
#define VF_OP_NAME(name) [VF_OP_##name] = #name,
    VF_OP_LIST(VF_OP_NAME)
#undef VF_OP_NAME
};

const char *vf_op_name(enum vf_op op)
{
    return op < VF_OP_COUNT ? op_names[op] : "?";
}

bool vf_op_parse(const char *name, enum vf_op *op)
{
    for (size_t i = 0; i < VF_OP_COUNT; i++) {
        if (vf_str_equal(name, op_names[i])) {
            *op = (enum vf_op)i;
            return true;
        }
    }
    return false;
}

struct wrap {
    struct vf_conn_base base;
    struct vf_engine_ops ops;
    struct vf_conn *inner;
    const struct vf_engine_ops *inner_ops;
    struct vf_wrap_hooks hooks;
    void *context;
};

#define OBJECT_BYTES 128

/* Scans and loads don't know their connection in the interface, so the wrapped ones remember it. */
struct wrap_scan {
    struct wrap *wrap;
    struct vf_scan *inner;
    char object[OBJECT_BYTES];
};

struct wrap_load {
    struct wrap *wrap;
    struct vf_load *inner;
    char object[OBJECT_BYTES];
};

static struct wrap *wrap_of(struct vf_conn *conn)
{
    return (struct wrap *)(void *)conn;
}

static struct vf_wrap_call call_of(enum vf_op op, const char *object)
{
    return (struct vf_wrap_call){.op = op, .object = object, .n_rows = -1};
}

static enum vf_status before(struct wrap *wrap, const struct vf_wrap_call *call, struct vf_error *err)
{
    return wrap->hooks.before != NULL ? wrap->hooks.before(wrap->context, call, err) : VF_OK;
}

static enum vf_status after(struct wrap *wrap, const struct vf_wrap_call *call, enum vf_status status,
                            struct vf_error *err)
{
    return wrap->hooks.after != NULL ? wrap->hooks.after(wrap->context, call, status, err) : status;
}

static void after_void(struct wrap *wrap, const struct vf_wrap_call *call)
{
    enum vf_status ignored = after(wrap, call, VF_OK, NULL);
    (void)ignored;
}

static void wrap_close(struct vf_conn *conn)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_close, NULL);
    enum vf_status ignored = before(wrap, &call, NULL);
    (void)ignored;
    wrap->inner_ops->close(wrap->inner);
    after_void(wrap, &call);
    if (wrap->hooks.free != NULL)
        wrap->hooks.free(wrap->context);
    vf_free(wrap);
}

static enum vf_status wrap_describe(struct vf_conn *conn, struct vf_server *server, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_describe, NULL);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    return after(wrap, &call, wrap->inner_ops->describe(wrap->inner, server, err), err);
}

static const struct vf_limits *wrap_limits(const struct vf_conn *conn)
{
    const struct wrap *wrap = (const struct wrap *)(const void *)conn;
    return wrap->inner_ops->limits(wrap->inner);
}

static enum vf_status wrap_inspect(struct vf_conn *conn, const struct vf_inspect_options *options,
                                   struct vf_schema *schema, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_inspect, NULL);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    return after(wrap, &call, wrap->inner_ops->inspect(wrap->inner, options, schema, err), err);
}

/* Not an operation of the list: how often it is called is a matter of time, and calls are counted. */
static enum vf_status wrap_watch(struct vf_conn *conn, const char *session, struct vf_step_progress *progress,
                                 struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    return wrap->inner_ops->watch(wrap->inner, session, progress, err);
}

static enum vf_status wrap_match(const struct vf_conn *conn, const struct vf_field *field, const char *text,
                                 struct vf_buf *out, struct vf_error *err)
{
    const struct wrap *wrap = (const struct wrap *)(const void *)conn;
    return wrap->inner_ops->match(wrap->inner, field, text, out, err);
}

static enum vf_status wrap_text_match(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                      const char *word, struct vf_buf *out, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    return wrap->inner_ops->text_match(wrap->inner, table, index, word, out, err);
}

static enum vf_status wrap_text_check(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                      struct vf_arena *arena, struct vf_text_state *state, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    return wrap->inner_ops->text_check(wrap->inner, table, index, arena, state, err);
}

/* ---- source ---- */

static enum vf_status wrap_begin_snapshot(struct vf_conn *conn, char *token, size_t token_bytes, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_begin_snapshot, NULL);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    return after(wrap, &call, wrap->inner_ops->begin_snapshot(wrap->inner, token, token_bytes, err), err);
}

static enum vf_status wrap_join_snapshot(struct vf_conn *conn, const char *token, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_join_snapshot, token);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    return after(wrap, &call, wrap->inner_ops->join_snapshot(wrap->inner, token, err), err);
}

static void wrap_end_snapshot(struct vf_conn *conn)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_end_snapshot, NULL);
    if (before(wrap, &call, NULL) != VF_OK)
        return;
    wrap->inner_ops->end_snapshot(wrap->inner);
    after_void(wrap, &call);
}

static enum vf_status wrap_split(struct vf_conn *conn, const struct vf_relation *relation, uint64_t target_bytes,
                                 struct vf_chunk_list *chunks, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_split, relation->name);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    status = wrap->inner_ops->split(wrap->inner, relation, target_bytes, chunks, err);
    if (status == VF_OK)
        call.n_rows = (int64_t)chunks->n_chunks;
    return after(wrap, &call, status, err);
}

static enum vf_status scan_begin(struct wrap *wrap, const struct vf_relation *relation, struct wrap_scan **scan,
                                 struct vf_error *err)
{
    *scan = vf_calloc(1, sizeof(**scan));
    if (*scan == NULL)
        return vf_error_nomem(err);
    (*scan)->wrap = wrap;
    vf_printable(relation->name, strlen(relation->name), (*scan)->object, sizeof((*scan)->object));
    return VF_OK;
}

/* Hand out the scan, or take it apart again when it wasn't opened (or the hook says so). */
static enum vf_status scan_end(struct wrap_scan *wrapped, enum vf_status status, struct vf_scan **scan)
{
    if (status == VF_OK) {
        *scan = (struct vf_scan *)(void *)wrapped;
        return VF_OK;
    }
    if (wrapped->inner != NULL)
        wrapped->wrap->inner_ops->scan_close(wrapped->inner);
    vf_free(wrapped);
    return status;
}

static enum vf_status wrap_scan_open(struct vf_conn *conn, const struct vf_relation *relation,
                                     const struct vf_chunk *chunk, struct vf_scan **scan, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct wrap_scan *wrapped = NULL;
    struct vf_wrap_call call = call_of(VF_OP_scan_open, relation->name);
    enum vf_status status = before(wrap, &call, err);
    if (status == VF_OK)
        status = scan_begin(wrap, relation, &wrapped, err);
    if (status != VF_OK)
        return status;
    status = wrap->inner_ops->scan_open(wrap->inner, relation, chunk, &wrapped->inner, err);
    return scan_end(wrapped, after(wrap, &call, status, err), scan);
}

/* What becomes of it shows when the scan is opened. */
static void wrap_expect_scan(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_chunk *chunk)
{
    struct wrap *wrap = wrap_of(conn);
    wrap->inner_ops->expect_scan(wrap->inner, relation, chunk);
}

static enum vf_status wrap_scan_read(struct vf_scan *scan, struct vf_batch *batch, bool *more, struct vf_error *err)
{
    struct wrap_scan *wrapped = (struct wrap_scan *)(void *)scan;
    struct vf_wrap_call call = call_of(VF_OP_scan_read, wrapped->object);
    enum vf_status status = before(wrapped->wrap, &call, err);
    if (status != VF_OK)
        return status;
    status = wrapped->wrap->inner_ops->scan_read(wrapped->inner, batch, more, err);
    call.n_rows = status == VF_OK ? batch->n_rows : -1;
    return after(wrapped->wrap, &call, status, err);
}

static void wrap_scan_close(struct vf_scan *scan)
{
    struct wrap_scan *wrapped = (struct wrap_scan *)(void *)scan;
    struct vf_wrap_call call = call_of(VF_OP_scan_close, wrapped->object);
    enum vf_status ignored = before(wrapped->wrap, &call, NULL);
    (void)ignored;
    wrapped->wrap->inner_ops->scan_close(wrapped->inner);
    after_void(wrapped->wrap, &call);
    vf_free(wrapped);
}

static enum vf_status wrap_lookup(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_batch *keys,
                                  struct vf_scan **scan, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct wrap_scan *wrapped = NULL;
    struct vf_wrap_call call = call_of(VF_OP_lookup, relation->name);
    call.n_rows = keys->n_rows;
    enum vf_status status = before(wrap, &call, err);
    if (status == VF_OK)
        status = scan_begin(wrap, relation, &wrapped, err);
    if (status != VF_OK)
        return status;
    status = wrap->inner_ops->lookup(wrap->inner, relation, keys, &wrapped->inner, err);
    return scan_end(wrapped, after(wrap, &call, status, err), scan);
}

static enum vf_status wrap_nearest(struct vf_conn *conn, const struct vf_nearest *nearest, struct vf_scan **scan,
                                   struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct wrap_scan *wrapped = NULL;
    struct vf_wrap_call call = call_of(VF_OP_nearest, nearest->index->name);
    call.n_rows = nearest->k;
    enum vf_status status = before(wrap, &call, err);
    if (status == VF_OK)
        status = scan_begin(wrap, nearest->relation, &wrapped, err);
    if (status != VF_OK)
        return status;
    status = wrap->inner_ops->nearest(wrap->inner, nearest, &wrapped->inner, err);
    return scan_end(wrapped, after(wrap, &call, status, err), scan);
}

static enum vf_status wrap_index_script(struct vf_conn *conn, const struct vf_relation *relation,
                                        const struct vf_table *table, const struct vf_index *index, struct vf_buf *out,
                                        struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_index_script, index->name);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    status = wrap->inner_ops->index_script(wrap->inner, relation, table, index, out, err);
    return after(wrap, &call, status, err);
}

/* ---- target ---- */

static enum vf_status wrap_map_column(struct vf_conn *conn, const struct vf_table *table,
                                      const struct vf_column *column, struct vf_arena *arena,
                                      struct vf_mapping *mapping, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_map_column, column->name);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    return after(wrap, &call, wrap->inner_ops->map_column(wrap->inner, table, column, arena, mapping, err), err);
}

static enum vf_status wrap_fit_table(struct vf_conn *conn, struct vf_table *table, struct vf_arena *arena,
                                     struct vf_table_fit *fit, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_fit_table, table->name);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    return after(wrap, &call, wrap->inner_ops->fit_table(wrap->inner, table, arena, fit, err), err);
}

static enum vf_status wrap_map_index(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                     struct vf_arena *arena, struct vf_index_mapping *mapping, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_map_index, index->name);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    return after(wrap, &call, wrap->inner_ops->map_index(wrap->inner, table, index, arena, mapping, err), err);
}

static enum vf_status wrap_preflight(struct vf_conn *conn, const struct vf_schema *wanted,
                                     const struct vf_load_estimate *estimate, struct vf_problem_list *problems,
                                     struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_preflight, NULL);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    return after(wrap, &call, wrap->inner_ops->preflight(wrap->inner, wanted, estimate, problems, err), err);
}

static enum vf_status wrap_lock(struct vf_conn *conn, const char *holder, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_lock, holder);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    return after(wrap, &call, wrap->inner_ops->lock(wrap->inner, holder, err), err);
}

static void wrap_unlock(struct vf_conn *conn)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_unlock, NULL);
    if (before(wrap, &call, NULL) != VF_OK)
        return;
    wrap->inner_ops->unlock(wrap->inner);
    after_void(wrap, &call);
}

static enum vf_status wrap_table_state(struct vf_conn *conn, const char *schema, const char *name, bool *exists,
                                       bool *has_rows, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_table_state, name);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    return after(wrap, &call, wrap->inner_ops->table_state(wrap->inner, schema, name, exists, has_rows, err), err);
}

static const char *step_object(const struct vf_step *step)
{
    if (step->index != NULL && step->index->name != NULL)
        return step->index->name;
    if (step->table != NULL)
        return step->table->name;
    if (step->sequence != NULL)
        return step->sequence->name;
    if (step->view != NULL)
        return step->view->name;
    return step->user_type != NULL ? step->user_type->name : step->name;
}

static enum vf_status wrap_apply(struct vf_conn *conn, const struct vf_step *step, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_apply, step_object(step));
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    return after(wrap, &call, wrap->inner_ops->apply(wrap->inner, step, err), err);
}

static enum vf_status wrap_begin_bulk(struct vf_conn *conn, const struct vf_load_estimate *estimate,
                                      struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_begin_bulk, NULL);
    call.n_rows = estimate->n_rows;
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    return after(wrap, &call, wrap->inner_ops->begin_bulk(wrap->inner, estimate, err), err);
}

/* The three that take nothing but the connection. */
static enum vf_status plain_call(struct vf_conn *conn, enum vf_op op,
                                 enum vf_status (*inner)(struct vf_conn *conn, struct vf_error *err),
                                 struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(op, NULL);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    return after(wrap, &call, inner(wrap->inner, err), err);
}

static enum vf_status wrap_end_bulk(struct vf_conn *conn, struct vf_error *err)
{
    return plain_call(conn, VF_OP_end_bulk, wrap_of(conn)->inner_ops->end_bulk, err);
}

static enum vf_status wrap_begin(struct vf_conn *conn, struct vf_error *err)
{
    return plain_call(conn, VF_OP_begin, wrap_of(conn)->inner_ops->begin, err);
}

static enum vf_status wrap_commit(struct vf_conn *conn, struct vf_error *err)
{
    return plain_call(conn, VF_OP_commit, wrap_of(conn)->inner_ops->commit, err);
}

static void wrap_rollback(struct vf_conn *conn)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_rollback, NULL);
    if (before(wrap, &call, NULL) != VF_OK)
        return;
    wrap->inner_ops->rollback(wrap->inner);
    after_void(wrap, &call);
}

static enum vf_status wrap_load_open(struct vf_conn *conn, const struct vf_relation *relation, struct vf_load **load,
                                     struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_load_open, relation->name);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    struct wrap_load *wrapped = vf_calloc(1, sizeof(*wrapped));
    if (wrapped == NULL)
        return vf_error_nomem(err);
    wrapped->wrap = wrap;
    vf_printable(relation->name, strlen(relation->name), wrapped->object, sizeof(wrapped->object));

    status = after(wrap, &call, wrap->inner_ops->load_open(wrap->inner, relation, &wrapped->inner, err), err);
    if (status == VF_OK) {
        *load = (struct vf_load *)(void *)wrapped;
        return VF_OK;
    }
    if (wrapped->inner != NULL)
        wrap->inner_ops->load_close(wrapped->inner);
    vf_free(wrapped);
    return status;
}

static enum vf_status wrap_load_write(struct vf_load *load, const struct vf_batch *batch,
                                      struct vf_reject_list *rejects, struct vf_error *err)
{
    struct wrap_load *wrapped = (struct wrap_load *)(void *)load;
    struct vf_wrap_call call = call_of(VF_OP_load_write, wrapped->object);
    call.n_rows = batch->n_rows;
    enum vf_status status = before(wrapped->wrap, &call, err);
    if (status != VF_OK)
        return status;
    return after(wrapped->wrap, &call, wrapped->wrap->inner_ops->load_write(wrapped->inner, batch, rejects, err), err);
}

static void wrap_load_close(struct vf_load *load)
{
    struct wrap_load *wrapped = (struct wrap_load *)(void *)load;
    struct vf_wrap_call call = call_of(VF_OP_load_close, wrapped->object);
    enum vf_status ignored = before(wrapped->wrap, &call, NULL);
    (void)ignored;
    wrapped->wrap->inner_ops->load_close(wrapped->inner);
    after_void(wrapped->wrap, &call);
    vf_free(wrapped);
}

/* ---- records ---- */

static enum vf_status wrap_record_create(struct vf_conn *conn, const struct vf_record_table *table,
                                         struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_record_create, table->name);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    return after(wrap, &call, wrap->inner_ops->record_create(wrap->inner, table, err), err);
}

static enum vf_status wrap_record_put(struct vf_conn *conn, const struct vf_record_table *table,
                                      const struct vf_record_value *values, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_record_put, table->name);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    return after(wrap, &call, wrap->inner_ops->record_put(wrap->inner, table, values, err), err);
}

static enum vf_status wrap_record_put_many(struct vf_conn *conn, const struct vf_record_table *table, size_t n_records,
                                           const struct vf_record_value *values, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_record_put_many, table->name);
    call.n_rows = (int64_t)n_records;
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    return after(wrap, &call, wrap->inner_ops->record_put_many(wrap->inner, table, n_records, values, err), err);
}

static enum vf_status wrap_record_get(struct vf_conn *conn, const struct vf_record_table *table,
                                      const struct vf_record_value *key, size_t n_key, vf_record_fn found,
                                      void *context, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_record_get, table->name);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    status = wrap->inner_ops->record_get(wrap->inner, table, key, n_key, found, context, err);
    return after(wrap, &call, status, err);
}

static enum vf_status wrap_record_swap(struct vf_conn *conn, const struct vf_record_table *table,
                                       const struct vf_record_value *values, size_t column,
                                       const struct vf_record_value *expected, bool *swapped, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_record_swap, table->name);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    status = wrap->inner_ops->record_swap(wrap->inner, table, values, column, expected, swapped, err);
    return after(wrap, &call, status, err);
}

static enum vf_status wrap_record_delete(struct vf_conn *conn, const struct vf_record_table *table,
                                         const struct vf_record_value *key, size_t n_key, struct vf_error *err)
{
    struct wrap *wrap = wrap_of(conn);
    struct vf_wrap_call call = call_of(VF_OP_record_delete, table->name);
    enum vf_status status = before(wrap, &call, err);
    if (status != VF_OK)
        return status;
    return after(wrap, &call, wrap->inner_ops->record_delete(wrap->inner, table, key, n_key, err), err);
}

enum vf_status vf_wrap_conn(struct vf_conn **conn, const struct vf_wrap_hooks *hooks, void *context,
                            struct vf_error *err)
{
    assert(conn != NULL && *conn != NULL && hooks != NULL);
    struct wrap *wrap = vf_calloc(1, sizeof(*wrap));
    if (wrap == NULL)
        return vf_error_nomem(err);
    const struct vf_conn_base *inner = (const struct vf_conn_base *)(const void *)*conn;
    wrap->inner = *conn;
    wrap->inner_ops = inner->ops;
    wrap->hooks = *hooks;
    wrap->context = context;
    wrap->ops = *inner->ops;
#define VF_OP_WRAP(op)                                                                                                 \
    if (inner->ops->op != NULL)                                                                                        \
        wrap->ops.op = wrap_##op;
    VF_OP_LIST(VF_OP_WRAP)
#undef VF_OP_WRAP
    wrap->ops.limits = wrap_limits;
    if (inner->ops->expect_scan != NULL)
        wrap->ops.expect_scan = wrap_expect_scan;
    if (wrap->inner_ops->match != NULL)
        wrap->ops.match = wrap_match;
    if (wrap->inner_ops->watch != NULL)
        wrap->ops.watch = wrap_watch;
    if (wrap->inner_ops->text_match != NULL)
        wrap->ops.text_match = wrap_text_match;
    if (wrap->inner_ops->text_check != NULL)
        wrap->ops.text_check = wrap_text_check;
    wrap->base.ops = &wrap->ops;
    wrap->base.options = inner->options;
    *conn = (struct vf_conn *)(void *)wrap;
    return VF_OK;
}
