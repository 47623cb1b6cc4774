#include "engine/engine.h"

#include <assert.h>
#include <stdlib.h>

#include "base/text.h"
#include "engine/duckdb/duckdb.h"
#include "engine/fault/fault.h"
#include "engine/files/files.h"
#include "engine/mem/mem.h"
#include "engine/postgres/postgres.h"
#include "engine/sqlite/sqlite.h"
#include "engine/trace/trace.h"
#include "engine/turso/turso.h"

static const struct vf_engine_ops *const engines[] = {&vf_postgres_engine,
                                                      &vf_sqlite_engine,
                                                      &vf_duckdb_engine,
                                                      &vf_turso_engine,
                                                      &vf_files_engine,
                                                      &vf_mem_engine,
                                                      NULL};

const struct vf_engine_ops *vf_engine_find(const char *scheme)
{
    for (size_t i = 0; engines[i] != NULL; i++) {
        if (vf_str_equal(engines[i]->name, scheme))
            return engines[i];
    }
    return NULL;
}

const struct vf_engine_ops *const *vf_engine_list(void)
{
    return engines;
}

const struct vf_dialect *vf_dialect_find(const char *name)
{
    for (size_t i = 0; engines[i] != NULL; i++) {
        if (engines[i]->dialect != NULL && vf_str_equal(engines[i]->dialect->name, name))
            return engines[i]->dialect;
    }
    return NULL;
}

uint64_t vf_index_bytes_of(const struct vf_schema *wanted)
{
    uint64_t size_bytes = 0;

    for (size_t i = 0; i < wanted->n_tables; i++) {
        const struct vf_table *table = &wanted->tables[i];
        for (size_t k = 0; k < table->n_indexes && table->n_rows > 0; k++) {
            if (!vf_index_is_vector(table->indexes[k].kind))
                size_bytes += (uint64_t)table->n_rows * table->indexes[k].n_parts * VF_INDEX_ENTRY_BYTES;
        }
    }
    return size_bytes;
}

static struct vf_conn_base *base_of(struct vf_conn *conn)
{
    assert(conn != NULL);
    return (struct vf_conn_base *)(void *)conn;
}

static const struct vf_conn_base *base_of_const(const struct vf_conn *conn)
{
    assert(conn != NULL);
    return (const struct vf_conn_base *)(const void *)conn;
}

static enum vf_status done(const struct vf_conn *conn, enum vf_status status, struct vf_error *err)
{
    if (status != VF_OK)
        vf_error_side(err, base_of_const(conn)->options.side);
    return status;
}

static enum vf_status missing(const struct vf_conn *conn, const char *what, struct vf_error *err)
{
    return done(
        conn, vf_error_set(err, VF_MISSING, "the engine \"%s\" cannot %s", base_of_const(conn)->ops->name, what), err);
}

/* The promise that a source is never written to is kept here, so that no engine can forget it. */
static enum vf_status check_writable(const struct vf_conn *conn, const char *what, struct vf_error *err)
{
    if (base_of_const(conn)->options.side != VF_SIDE_SOURCE)
        return VF_OK;
    return done(conn,
                vf_error_set(err, VF_INTERNAL, "the connection is to a source, which is only read: cannot %s", what),
                err);
}

/* ---- open and close ---- */

static enum vf_status wrap_as_asked(struct vf_conn **conn, struct vf_error *err)
{
#ifdef VF_FAILPOINTS
    const char *failpoint = getenv(VF_FAULT_ENVIRONMENT);
    if (failpoint != NULL && failpoint[0] != '\0') {
        enum vf_status status = vf_fault_wrap_from_text(conn, failpoint, err);
        if (status != VF_OK)
            return status;
    }
#endif
    if (vf_str_equal(getenv(VF_TRACE_ENVIRONMENT), "engine"))
        return vf_trace_wrap(conn, err);
    return VF_OK;
}

enum vf_status vf_conn_open(const struct vf_url *url, const struct vf_open_options *options, struct vf_conn **conn,
                            struct vf_error *err)
{
    assert(url != NULL && options != NULL && conn != NULL);
    const struct vf_engine_ops *ops = vf_engine_find(url->scheme);
    *conn = NULL;
    if (ops == NULL) {
        enum vf_status status = vf_error_set(err, VF_MISSING, "this build has no engine for \"%s\" URLs", url->scheme);
        vf_error_hint(err, "use a postgresql: or sqlite: URL");
        vf_error_side(err, options->side);
        return status;
    }

    struct vf_conn *opened = NULL;
    enum vf_status status = vf_conn_open_with(ops, url, options, &opened, err);
    if (status != VF_OK)
        return status;
    status = wrap_as_asked(&opened, err);
    if (status != VF_OK) {
        vf_conn_close(opened);
        return status;
    }
    *conn = opened;
    return VF_OK;
}

enum vf_status vf_conn_open_with(const struct vf_engine_ops *ops, const struct vf_url *url,
                                 const struct vf_open_options *options, struct vf_conn **conn, struct vf_error *err)
{
    assert(ops != NULL && url != NULL && options != NULL && conn != NULL);
    struct vf_conn *opened = NULL;
    *conn = NULL;
    enum vf_status status = vf_cancel_check(options->cancel, err);
    if (status == VF_OK)
        status = ops->open(url, options, &opened, err);
    if (status != VF_OK) {
        vf_error_side(err, options->side);
        return status;
    }
    struct vf_conn_base *base = base_of(opened);
    base->ops = ops;
    base->options = *options;
    base->options.password = NULL;
    *conn = opened;
    return VF_OK;
}

void vf_conn_close(struct vf_conn *conn)
{
    if (conn != NULL)
        base_of(conn)->ops->close(conn);
}

const struct vf_engine_ops *vf_conn_ops(const struct vf_conn *conn)
{
    return base_of_const(conn)->ops;
}

bool vf_conn_can(const struct vf_conn *conn, enum vf_engine_caps cap)
{
    return (vf_conn_ops(conn)->caps & (unsigned)cap) != 0;
}

enum vf_side vf_conn_side(const struct vf_conn *conn)
{
    return base_of_const(conn)->options.side;
}

enum vf_status vf_conn_describe(struct vf_conn *conn, struct vf_server *server, struct vf_error *err)
{
    assert(server != NULL);
    return done(conn, vf_conn_ops(conn)->describe(conn, server, err), err);
}

const struct vf_limits *vf_conn_limits(const struct vf_conn *conn)
{
    return vf_conn_ops(conn)->limits(conn);
}

enum vf_status vf_conn_inspect(struct vf_conn *conn, const struct vf_inspect_options *options, struct vf_schema *schema,
                               struct vf_error *err)
{
    static const struct vf_inspect_options plain = {0};
    assert(schema != NULL);
    enum vf_status status = vf_conn_ops(conn)->inspect(conn, options != NULL ? options : &plain, schema, err);
    if (status == VF_OK)
        vf_schema_set_dialect(schema, vf_conn_ops(conn)->dialect != NULL ? vf_conn_ops(conn)->dialect->name : NULL);
    return done(conn, status, err);
}

enum vf_status vf_conn_match(const struct vf_conn *conn, const struct vf_field *field, const char *text,
                             struct vf_buf *out, struct vf_error *err)
{
    assert(field != NULL && field->name != NULL && out != NULL);
    if (vf_conn_ops(conn)->match == NULL)
        return missing(conn, "read the rows of one value", err);
    return done(conn, vf_conn_ops(conn)->match(conn, field, text, out, err), err);
}

/* ---- source ---- */

enum vf_status vf_conn_begin_snapshot(struct vf_conn *conn, char *token, size_t token_bytes, struct vf_error *err)
{
    assert(token == NULL || token_bytes > 0);
    if (vf_conn_ops(conn)->begin_snapshot == NULL)
        return missing(conn, "read a snapshot", err);
    if (token != NULL)
        token[0] = '\0';
    return done(conn, vf_conn_ops(conn)->begin_snapshot(conn, token, token_bytes, err), err);
}

enum vf_status vf_conn_join_snapshot(struct vf_conn *conn, const char *token, struct vf_error *err)
{
    assert(token != NULL);
    if (vf_conn_ops(conn)->join_snapshot == NULL || !vf_conn_can(conn, VF_CAP_SHARED_SNAPSHOT))
        return missing(conn, "share a snapshot between connections", err);
    return done(conn, vf_conn_ops(conn)->join_snapshot(conn, token, err), err);
}

void vf_conn_end_snapshot(struct vf_conn *conn)
{
    if (vf_conn_ops(conn)->end_snapshot != NULL)
        vf_conn_ops(conn)->end_snapshot(conn);
}

static void check_relation(const struct vf_relation *relation)
{
    assert(relation != NULL && relation->name != NULL && (relation->n_fields == 0 || relation->fields != NULL));
    for (size_t i = 0; i < relation->n_key; i++)
        assert(relation->key[i] < relation->n_fields);
    (void)relation;
}

enum vf_status vf_conn_split(struct vf_conn *conn, const struct vf_relation *relation, uint64_t target_bytes,
                             struct vf_chunk_list *chunks, struct vf_error *err)
{
    check_relation(relation);
    assert(target_bytes > 0 && chunks != NULL);
    if (vf_conn_ops(conn)->split == NULL)
        return missing(conn, "cut a table into chunks", err);
    return done(conn, vf_conn_ops(conn)->split(conn, relation, target_bytes, chunks, err), err);
}

void vf_chunk_list_release(struct vf_chunk_list *chunks)
{
    if (chunks == NULL)
        return;
    vf_arena_release(&chunks->arena);
    *chunks = (struct vf_chunk_list){0};
}

enum vf_status vf_scan_open(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_chunk *chunk,
                            struct vf_scan **scan, struct vf_error *err)
{
    check_relation(relation);
    assert(scan != NULL);
    *scan = NULL;
    if (vf_conn_ops(conn)->scan_open == NULL)
        return missing(conn, "read tables", err);
    return done(conn, vf_conn_ops(conn)->scan_open(conn, relation, chunk, scan, err), err);
}

void vf_conn_expect_scan(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_chunk *chunk)
{
    check_relation(relation);
    if (vf_conn_ops(conn)->expect_scan != NULL)
        vf_conn_ops(conn)->expect_scan(conn, relation, chunk);
}

enum vf_status vf_scan_read(struct vf_conn *conn, struct vf_scan *scan, struct vf_batch *batch, bool *more,
                            struct vf_error *err)
{
    assert(scan != NULL && batch != NULL && more != NULL && batch->n_rows == 0);
    enum vf_status status = vf_cancel_check(base_of(conn)->options.cancel, err);
    if (status == VF_OK)
        status = vf_conn_ops(conn)->scan_read(scan, batch, more, err);
    return done(conn, status, err);
}

void vf_scan_close(struct vf_conn *conn, struct vf_scan *scan)
{
    if (scan != NULL)
        vf_conn_ops(conn)->scan_close(scan);
}

enum vf_status vf_conn_lookup(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_batch *keys,
                              struct vf_scan **scan, struct vf_error *err)
{
    check_relation(relation);
    assert(relation->n_key > 0 && keys != NULL && keys->n_columns == relation->n_key && scan != NULL);
    *scan = NULL;
    if (vf_conn_ops(conn)->lookup == NULL)
        return missing(conn, "look rows up by key", err);
    return done(conn, vf_conn_ops(conn)->lookup(conn, relation, keys, scan, err), err);
}

/* ---- target ---- */

enum vf_status vf_conn_nearest(struct vf_conn *conn, const struct vf_nearest *nearest, struct vf_scan **scan,
                               struct vf_error *err)
{
    check_relation(nearest->relation);
    assert(nearest->vector != NULL && nearest->index != NULL && nearest->k > 0 && scan != NULL);
    *scan = NULL;
    if (vf_conn_ops(conn)->nearest == NULL)
        return missing(conn, "be asked through a vector index", err);
    return done(conn, vf_conn_ops(conn)->nearest(conn, nearest, scan, err), err);
}

enum vf_status vf_conn_index_script(struct vf_conn *conn, const struct vf_relation *relation,
                                    const struct vf_table *table, const struct vf_index *index, struct vf_buf *out,
                                    struct vf_error *err)
{
    check_relation(relation);
    assert(table != NULL && index != NULL && out != NULL);
    if (vf_conn_ops(conn)->index_script == NULL)
        return missing(conn, "have an index built by a session", err);
    return done(conn, vf_conn_ops(conn)->index_script(conn, relation, table, index, out, err), err);
}

enum vf_status vf_conn_text_match(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                  const char *word, struct vf_buf *out, struct vf_error *err)
{
    assert(table != NULL && index != NULL && word != NULL && out != NULL);
    if (vf_conn_ops(conn)->text_match == NULL)
        return missing(conn, "be searched for words", err);
    return done(conn, vf_conn_ops(conn)->text_match(conn, table, index, word, out, err), err);
}

enum vf_status vf_conn_text_check(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                  struct vf_arena *arena, struct vf_text_state *state, struct vf_error *err)
{
    assert(table != NULL && index != NULL && arena != NULL && state != NULL);
    *state = (struct vf_text_state){.n_documents = -1};
    if (vf_conn_ops(conn)->text_check == NULL)
        return missing(conn, "check a full-text index", err);
    return done(conn, vf_conn_ops(conn)->text_check(conn, table, index, arena, state, err), err);
}

enum vf_status vf_conn_map_column(struct vf_conn *conn, const struct vf_table *table, const struct vf_column *column,
                                  struct vf_arena *arena, struct vf_mapping *mapping, struct vf_error *err)
{
    assert(table != NULL && column != NULL && arena != NULL && mapping != NULL);
    if (vf_conn_ops(conn)->map_column == NULL)
        return missing(conn, "be a target", err);
    *mapping = (struct vf_mapping){0};
    return done(conn, vf_conn_ops(conn)->map_column(conn, table, column, arena, mapping, err), err);
}

/* What the engine says of a translated index is told before what the translation says. */
static enum vf_status map_translated(struct vf_conn *conn, const struct vf_table *table, struct vf_index *index,
                                     const struct vf_index_outcome *outcome, struct vf_arena *arena,
                                     struct vf_index_mapping *mapping, struct vf_error *err)
{
    index->kind = outcome->kind;
    index->vector = outcome->index;
    index->method = vf_index_kind_name(outcome->kind);
    if (outcome->builder == VF_BUILDER_NONE || outcome->index.place == VF_PLACE_SIDECAR) {
        *mapping = (struct vf_index_mapping){
            .moved = outcome->builder != VF_BUILDER_NONE, .index = *index, .why = outcome->why};
        return VF_OK;
    }
    *mapping = (struct vf_index_mapping){0};
    enum vf_status status = done(conn, vf_conn_ops(conn)->map_index(conn, table, index, arena, mapping, err), err);
    if (status != VF_OK || !mapping->moved || outcome->why == NULL)
        return status;
    mapping->why = mapping->why == NULL ? outcome->why : vf_arena_printf(arena, "%s; %s", mapping->why, outcome->why);
    return mapping->why == NULL ? vf_error_nomem(err) : VF_OK;
}

bool vf_conn_can_fit(const struct vf_conn *conn)
{
    return vf_conn_ops(conn)->fit_table != NULL;
}

enum vf_status vf_conn_fit_table(struct vf_conn *conn, struct vf_table *table, struct vf_arena *arena,
                                 struct vf_table_fit *fit, struct vf_error *err)
{
    assert(table != NULL && arena != NULL && fit != NULL);
    *fit = (struct vf_table_fit){.column = -1};
    if (vf_conn_ops(conn)->fit_table == NULL)
        return missing(conn, "make other tables than ordinary ones", err);
    return done(conn, vf_conn_ops(conn)->fit_table(conn, table, arena, fit, err), err);
}

enum vf_status vf_conn_map_vector_index(struct vf_conn *conn, const struct vf_table *table,
                                        const struct vf_index *index, const struct vf_index_scale *scale,
                                        struct vf_arena *arena, struct vf_index_mapping *mapping, struct vf_error *err)
{
    assert(table != NULL && index != NULL && arena != NULL && mapping != NULL);
    static const enum vf_index_builder of_vec0[] = {VF_BUILDER_VEC0, VF_BUILDER_NONE};
    const enum vf_index_builder *builders =
        table->kind == VF_TABLE_VEC0 ? of_vec0 : vf_conn_limits(conn)->index_builders;
    int column = index->n_parts == 1 ? index->parts[0].column : -1;
    struct vf_index own = *index;
    struct vf_index_outcome outcome = {0};

    if (vf_conn_ops(conn)->map_index == NULL)
        return missing(conn, "be a target", err);
    if (builders[0] == VF_BUILDER_NONE || column < 0)
        return done(conn, vf_conn_ops(conn)->map_index(conn, table, index, arena, mapping, err), err);
    struct vf_index_wish wish = {.kind = index->kind, .index = index->vector, .type = table->columns[column].type};
    if (scale != NULL)
        wish.scale = *scale;
    enum vf_status status = vf_index_translate(&wish, builders, arena, &outcome, err);
    return status == VF_OK ? map_translated(conn, table, &own, &outcome, arena, mapping, err) : status;
}

/* As map_translated(): a full-text index by the target's builder. */
static enum vf_status map_text_index(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                     struct vf_arena *arena, struct vf_index_mapping *mapping, struct vf_error *err)
{
    enum vf_text_builder builder = vf_conn_limits(conn)->text_builder;
    struct vf_index own = *index;
    const char *why = NULL;

    if (builder == VF_TEXT_NONE) {
        *mapping = (struct vf_index_mapping){
            .index = *index, .why = "the target has no full-text search; the index is remembered for the way back"};
        return VF_OK;
    }
    enum vf_status status = vf_fulltext_translate(&index->fulltext, builder, arena, &own.fulltext, &why, err);
    if (status == VF_OK)
        status = done(conn, vf_conn_ops(conn)->map_index(conn, table, &own, arena, mapping, err), err);
    if (status != VF_OK || !mapping->moved || why == NULL)
        return status;
    mapping->why = mapping->why == NULL ? why : vf_arena_printf(arena, "%s; %s", mapping->why, why);
    return mapping->why == NULL ? vf_error_nomem(err) : VF_OK;
}

enum vf_status vf_conn_map_index(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                 struct vf_arena *arena, struct vf_index_mapping *mapping, struct vf_error *err)
{
    assert(table != NULL && index != NULL && arena != NULL && mapping != NULL);
    if (vf_conn_ops(conn)->map_index == NULL)
        return missing(conn, "be a target", err);
    if (vf_index_is_vector(index->kind))
        return vf_conn_map_vector_index(conn, table, index, NULL, arena, mapping, err);
    *mapping = (struct vf_index_mapping){0};
    if (index->kind == VF_INDEX_FULLTEXT)
        return map_text_index(conn, table, index, arena, mapping, err);
    return done(conn, vf_conn_ops(conn)->map_index(conn, table, index, arena, mapping, err), err);
}

enum vf_status vf_conn_preflight(struct vf_conn *conn, const struct vf_schema *wanted,
                                 const struct vf_load_estimate *estimate, struct vf_problem_list *problems,
                                 struct vf_error *err)
{
    assert(wanted != NULL && estimate != NULL && problems != NULL);
    if (vf_conn_ops(conn)->preflight == NULL)
        return missing(conn, "be a target", err);
    return done(conn, vf_conn_ops(conn)->preflight(conn, wanted, estimate, problems, err), err);
}

enum vf_status vf_conn_lock(struct vf_conn *conn, const char *holder, struct vf_error *err)
{
    assert(holder != NULL);
    if (vf_conn_ops(conn)->lock == NULL)
        return missing(conn, "be locked for one run", err);
    return done(conn, vf_conn_ops(conn)->lock(conn, holder, err), err);
}

void vf_conn_unlock(struct vf_conn *conn)
{
    if (vf_conn_ops(conn)->unlock != NULL)
        vf_conn_ops(conn)->unlock(conn);
}

enum vf_status vf_conn_table_state(struct vf_conn *conn, const char *schema, const char *name, bool *exists,
                                   bool *has_rows, struct vf_error *err)
{
    assert(name != NULL && exists != NULL && has_rows != NULL);
    *exists = *has_rows = false;
    if (vf_conn_ops(conn)->table_state == NULL)
        return missing(conn, "say whether a table has rows", err);
    return done(conn, vf_conn_ops(conn)->table_state(conn, schema, name, exists, has_rows, err), err);
}

enum vf_status vf_conn_apply(struct vf_conn *conn, const struct vf_step *step, struct vf_error *err)
{
    assert(step != NULL);
    enum vf_status status = check_writable(conn, "make an object", err);
    if (status != VF_OK)
        return status;
    if (vf_conn_ops(conn)->apply == NULL)
        return missing(conn, "make tables", err);
    return done(conn, vf_conn_ops(conn)->apply(conn, step, err), err);
}

bool vf_conn_can_watch(const struct vf_conn *conn)
{
    return vf_conn_ops(conn)->watch != NULL;
}

enum vf_status vf_conn_watch(struct vf_conn *conn, const char *session, struct vf_step_progress *progress,
                             struct vf_error *err)
{
    assert(session != NULL && progress != NULL);
    if (vf_conn_ops(conn)->watch == NULL)
        return missing(conn, "be asked how far a step is", err);
    return done(conn, vf_conn_ops(conn)->watch(conn, session, progress, err), err);
}

enum vf_status vf_conn_begin_bulk(struct vf_conn *conn, const struct vf_load_estimate *estimate, struct vf_error *err)
{
    assert(estimate != NULL);
    enum vf_status status = check_writable(conn, "load", err);
    if (status != VF_OK || vf_conn_ops(conn)->begin_bulk == NULL)
        return status;
    return done(conn, vf_conn_ops(conn)->begin_bulk(conn, estimate, err), err);
}

enum vf_status vf_conn_end_bulk(struct vf_conn *conn, struct vf_error *err)
{
    if (vf_conn_ops(conn)->end_bulk == NULL)
        return VF_OK;
    return done(conn, vf_conn_ops(conn)->end_bulk(conn, err), err);
}

enum vf_status vf_conn_begin(struct vf_conn *conn, struct vf_error *err)
{
    enum vf_status status = check_writable(conn, "begin a transaction", err);
    if (status != VF_OK)
        return status;
    if (vf_conn_ops(conn)->begin == NULL)
        return missing(conn, "begin a transaction", err);
    return done(conn, vf_conn_ops(conn)->begin(conn, err), err);
}

enum vf_status vf_conn_commit(struct vf_conn *conn, struct vf_error *err)
{
    if (vf_conn_ops(conn)->commit == NULL)
        return missing(conn, "commit a transaction", err);
    return done(conn, vf_conn_ops(conn)->commit(conn, err), err);
}

void vf_conn_rollback(struct vf_conn *conn)
{
    if (vf_conn_ops(conn)->rollback != NULL)
        vf_conn_ops(conn)->rollback(conn);
}

enum vf_status vf_load_open(struct vf_conn *conn, const struct vf_relation *relation, struct vf_load **load,
                            struct vf_error *err)
{
    check_relation(relation);
    assert(load != NULL);
    *load = NULL;
    enum vf_status status = check_writable(conn, "load", err);
    if (status != VF_OK)
        return status;
    if (vf_conn_ops(conn)->load_open == NULL)
        return missing(conn, "load rows", err);
    return done(conn, vf_conn_ops(conn)->load_open(conn, relation, load, err), err);
}

enum vf_status vf_load_write(struct vf_conn *conn, struct vf_load *load, const struct vf_batch *batch,
                             struct vf_reject_list *rejects, struct vf_error *err)
{
    assert(load != NULL && batch != NULL);
    enum vf_status status = vf_cancel_check(base_of(conn)->options.cancel, err);
    if (status == VF_OK && batch->n_rows > 0)
        status = vf_conn_ops(conn)->load_write(load, batch, rejects, err);
    return done(conn, status, err);
}

void vf_load_close(struct vf_conn *conn, struct vf_load *load)
{
    if (load != NULL)
        vf_conn_ops(conn)->load_close(load);
}

/* ---- records ---- */

static void check_record_table(const struct vf_record_table *table)
{
    assert(table != NULL && table->name != NULL && table->n_columns > 0 && table->n_key > 0);
    assert(table->n_key <= table->n_columns);
    (void)table;
}

enum vf_status vf_record_create(struct vf_conn *conn, const struct vf_record_table *table, struct vf_error *err)
{
    check_record_table(table);
    enum vf_status status = check_writable(conn, "keep records", err);
    if (status != VF_OK)
        return status;
    if (vf_conn_ops(conn)->record_create == NULL)
        return missing(conn, "keep records", err);
    return done(conn, vf_conn_ops(conn)->record_create(conn, table, err), err);
}

enum vf_status vf_record_put(struct vf_conn *conn, const struct vf_record_table *table,
                             const struct vf_record_value *values, struct vf_error *err)
{
    check_record_table(table);
    assert(values != NULL);
    enum vf_status status = check_writable(conn, "keep records", err);
    if (status != VF_OK)
        return status;
    if (vf_conn_ops(conn)->record_put == NULL)
        return missing(conn, "keep records", err);
    return done(conn, vf_conn_ops(conn)->record_put(conn, table, values, err), err);
}

enum vf_status vf_record_put_many(struct vf_conn *conn, const struct vf_record_table *table, size_t n_records,
                                  const struct vf_record_value *values, struct vf_error *err)
{
    check_record_table(table);
    assert(values != NULL || n_records == 0);
    enum vf_status status = check_writable(conn, "keep records", err);
    if (status != VF_OK || n_records == 0)
        return status;
    if (vf_conn_ops(conn)->record_put_many != NULL)
        return done(conn, vf_conn_ops(conn)->record_put_many(conn, table, n_records, values, err), err);
    for (size_t i = 0; status == VF_OK && i < n_records; i++)
        status = vf_record_put(conn, table, values + i * table->n_columns, err);
    return status;
}

enum vf_status vf_record_get(struct vf_conn *conn, const struct vf_record_table *table,
                             const struct vf_record_value *key, size_t n_key, vf_record_fn found, void *context,
                             struct vf_error *err)
{
    check_record_table(table);
    assert(found != NULL && n_key <= table->n_key && (n_key == 0 || key != NULL));
    if (vf_conn_ops(conn)->record_get == NULL)
        return missing(conn, "keep records", err);
    return done(conn, vf_conn_ops(conn)->record_get(conn, table, key, n_key, found, context, err), err);
}

enum vf_status vf_record_swap(struct vf_conn *conn, const struct vf_record_table *table,
                              const struct vf_record_value *values, size_t column,
                              const struct vf_record_value *expected, bool *swapped, struct vf_error *err)
{
    check_record_table(table);
    assert(values != NULL && column < table->n_columns && expected != NULL && swapped != NULL);
    *swapped = false;
    enum vf_status status = check_writable(conn, "keep records", err);
    if (status != VF_OK)
        return status;
    if (vf_conn_ops(conn)->record_swap == NULL)
        return missing(conn, "keep records", err);
    return done(conn, vf_conn_ops(conn)->record_swap(conn, table, values, column, expected, swapped, err), err);
}

enum vf_status vf_record_delete(struct vf_conn *conn, const struct vf_record_table *table,
                                const struct vf_record_value *key, size_t n_key, struct vf_error *err)
{
    check_record_table(table);
    assert(n_key <= table->n_key && (n_key == 0 || key != NULL));
    enum vf_status status = check_writable(conn, "keep records", err);
    if (status != VF_OK)
        return status;
    if (vf_conn_ops(conn)->record_delete == NULL)
        return missing(conn, "keep records", err);
    return done(conn, vf_conn_ops(conn)->record_delete(conn, table, key, n_key, err), err);
}
