#include "engine/store.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"

/* ---- the tables ---- */

static const struct vf_record_column run_columns[] = {
    {"run", VF_RECORD_TEXT},
    {"plan", VF_RECORD_TEXT},
    {"source", VF_RECORD_TEXT},
    {"state", VF_RECORD_TEXT},
    {"tool_version", VF_RECORD_TEXT},
    {"started_us", VF_RECORD_INTEGER},
    {"finished_us", VF_RECORD_INTEGER},
    {"plan_text", VF_RECORD_TEXT},
};

enum { RUN_ID, RUN_PLAN, RUN_SOURCE, RUN_STATE, RUN_TOOL_VERSION, RUN_STARTED, RUN_FINISHED, RUN_PLAN_TEXT, N_RUN };

static const struct vf_record_column chunk_columns[] = {
    {"run", VF_RECORD_TEXT},
    {"table_name", VF_RECORD_TEXT},
    {"number", VF_RECORD_INTEGER},
    {"version", VF_RECORD_INTEGER},
    {"low", VF_RECORD_TEXT},
    {"high", VF_RECORD_TEXT},
    {"generation", VF_RECORD_TEXT},
    {"state", VF_RECORD_TEXT},
    {"owner", VF_RECORD_TEXT},
    {"lease_us", VF_RECORD_INTEGER},
    {"n_rows", VF_RECORD_INTEGER},
    {"digest", VF_RECORD_TEXT},
    {"n_rejected", VF_RECORD_INTEGER},
    {"rejected_digest", VF_RECORD_TEXT},
    {"n_unreadable", VF_RECORD_INTEGER},
};

enum {
    CHUNK_RUN,
    CHUNK_TABLE,
    CHUNK_NUMBER,
    CHUNK_VERSION,
    CHUNK_LOW,
    CHUNK_HIGH,
    CHUNK_GENERATION,
    CHUNK_STATE,
    CHUNK_OWNER,
    CHUNK_LEASE,
    CHUNK_ROWS,
    CHUNK_DIGEST,
    CHUNK_REJECTED,
    CHUNK_REJECTED_DIGEST,
    CHUNK_UNREADABLE,
    N_CHUNK
};

static const struct vf_record_column reject_columns[] = {
    {"run", VF_RECORD_TEXT},       {"table_name", VF_RECORD_TEXT}, {"chunk", VF_RECORD_INTEGER},
    {"number", VF_RECORD_INTEGER}, {"key", VF_RECORD_TEXT},        {"column_name", VF_RECORD_TEXT},
    {"reason", VF_RECORD_TEXT},    {"sqlstate", VF_RECORD_TEXT},   {"original", VF_RECORD_BLOB},
    {"digest", VF_RECORD_TEXT},
};

enum {
    REJECT_RUN,
    REJECT_TABLE,
    REJECT_CHUNK,
    REJECT_NUMBER,
    REJECT_KEY,
    REJECT_COLUMN,
    REJECT_REASON,
    REJECT_SQLSTATE,
    REJECT_ORIGINAL,
    REJECT_DIGEST,
    N_REJECT
};

static const struct vf_record_column schema_columns[] = {
    {"kind", VF_RECORD_TEXT},
    {"name", VF_RECORD_TEXT},
    {"body", VF_RECORD_TEXT},
    {"run", VF_RECORD_TEXT},
};

enum { SCHEMA_KIND, SCHEMA_NAME, SCHEMA_BODY, SCHEMA_RUN, N_SCHEMA };

static const struct vf_record_table runs_table = {VF_STORE_PREFIX "runs", N_RUN, run_columns, 1};
static const struct vf_record_table chunks_table = {VF_STORE_PREFIX "chunks", N_CHUNK, chunk_columns, 3};
static const struct vf_record_table rejects_table = {VF_STORE_PREFIX "rejects", N_REJECT, reject_columns, 4};
static const struct vf_record_table schema_table = {VF_STORE_PREFIX "schema", N_SCHEMA, schema_columns, 2};

static const struct vf_record_table *const tables[] = {&runs_table, &chunks_table, &rejects_table, &schema_table};

enum vf_status vf_store_create(struct vf_conn *conn, struct vf_error *err)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        enum vf_status status = vf_record_create(conn, tables[i], err);
        if (status != VF_OK)
            return status;
    }
    return VF_OK;
}

/* ---- values ---- */

static struct vf_record_value text_value(const char *text)
{
    if (text == NULL)
        return (struct vf_record_value){.is_null = true};
    return (struct vf_record_value){.bytes = text, .size_bytes = strlen(text)};
}

static struct vf_record_value integer_value(int64_t integer)
{
    return (struct vf_record_value){.integer = integer};
}

static struct vf_record_value digest_value(struct vf_hash128 hash, char out[33])
{
    vf_hash128_format(hash, out);
    return text_value(out);
}

/* What one listing carries from record to record: whom to tell, and room for the texts, which needn't end in a NUL where they come from. */
struct listing {
    struct vf_arena arena;
    void *context;
    bool no_memory;
    union {
        enum vf_status (*run)(void *, const struct vf_store_run *, struct vf_error *);
        enum vf_status (*chunk)(void *, const struct vf_store_chunk *, struct vf_error *);
        enum vf_status (*reject)(void *, const char *, const struct vf_reject *, struct vf_error *);
        enum vf_status (*memory)(void *, const char *, const char *, const char *, struct vf_error *);
    } found;
};

static const char *text_of(struct listing *listing, const struct vf_record_value *value)
{
    if (value->is_null)
        return NULL;
    const char *text = vf_arena_strndup(&listing->arena, value->size_bytes == 0 ? "" : value->bytes, value->size_bytes);
    if (text == NULL)
        listing->no_memory = true;
    return text;
}

static const char *text_or_empty(struct listing *listing, const struct vf_record_value *value)
{
    const char *text = text_of(listing, value);
    return text != NULL ? text : "";
}

static bool hash_of(struct listing *listing, const struct vf_record_value *value, struct vf_hash128 *hash)
{
    *hash = (struct vf_hash128){0};
    return !value->is_null && vf_hash128_parse(text_or_empty(listing, value), hash);
}

static enum vf_status damaged(const struct vf_record_table *table, const char *column, struct vf_error *err)
{
    return vf_error_set(err, VF_STATE, "table %s: column %s holds a value that vecferry didn't write", table->name,
                        column);
}

/* ---- runs ---- */

enum vf_status vf_store_put_run(struct vf_conn *conn, const struct vf_store_run *run, struct vf_error *err)
{
    assert(run != NULL && run->run != NULL);
    const struct vf_record_value values[N_RUN] = {
        [RUN_ID] = text_value(run->run),
        [RUN_PLAN] = text_value(run->plan_sha256),
        [RUN_SOURCE] = text_value(run->source),
        [RUN_STATE] = text_value(run->state),
        [RUN_TOOL_VERSION] = text_value(run->tool_version),
        [RUN_STARTED] = integer_value(run->started_us),
        [RUN_FINISHED] = integer_value(run->finished_us),
        [RUN_PLAN_TEXT] = text_value(run->plan_text),
    };
    return vf_record_put(conn, &runs_table, values, err);
}

static enum vf_status run_found(void *context, const struct vf_record_value *values, struct vf_error *err)
{
    struct listing *listing = context;
    vf_arena_reset(&listing->arena);
    const struct vf_store_run run = {
        .run = text_or_empty(listing, &values[RUN_ID]),
        .plan_sha256 = text_or_empty(listing, &values[RUN_PLAN]),
        .source = text_or_empty(listing, &values[RUN_SOURCE]),
        .state = text_or_empty(listing, &values[RUN_STATE]),
        .tool_version = text_or_empty(listing, &values[RUN_TOOL_VERSION]),
        .started_us = values[RUN_STARTED].integer,
        .finished_us = values[RUN_FINISHED].integer,
        .plan_text = text_or_empty(listing, &values[RUN_PLAN_TEXT]),
    };
    return listing->no_memory ? vf_error_nomem(err) : listing->found.run(listing->context, &run, err);
}

enum vf_status vf_store_list_runs(struct vf_conn *conn,
                                  enum vf_status (*found)(void *context, const struct vf_store_run *run,
                                                          struct vf_error *err),
                                  void *context, struct vf_error *err)
{
    struct listing listing = {.context = context, .found.run = found};
    enum vf_status status = vf_record_get(conn, &runs_table, NULL, 0, run_found, &listing, err);
    vf_arena_release(&listing.arena);
    return status;
}

/* ---- chunks ---- */

static const char *const state_names[] = {
    [VF_CHUNK_PENDING] = "pending",
    [VF_CHUNK_CLAIMED] = "claimed",
    [VF_CHUNK_DONE] = "done",
};

static bool state_parse(const char *text, enum vf_chunk_state *state)
{
    for (size_t i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++) {
        if (vf_str_equal(text, state_names[i])) {
            *state = (enum vf_chunk_state)i;
            return true;
        }
    }
    return false;
}

struct chunk_record {
    struct vf_record_value values[N_CHUNK];
    char digest[33];
    char rejected[33];
};

/* The column n_rows holds the rows that were stored once the chunk is done, and the estimate until then. */
static void chunk_to_record(const struct vf_store_chunk *chunk, struct chunk_record *record)
{
    bool is_done = chunk->state == VF_CHUNK_DONE;
    struct vf_record_value *values = record->values;

    values[CHUNK_RUN] = text_value(chunk->run);
    values[CHUNK_TABLE] = text_value(chunk->table);
    values[CHUNK_NUMBER] = integer_value(chunk->chunk.number);
    values[CHUNK_VERSION] = integer_value(chunk->version);
    values[CHUNK_LOW] = text_value(chunk->chunk.low);
    values[CHUNK_HIGH] = text_value(chunk->chunk.high);
    values[CHUNK_GENERATION] = text_value(chunk->generation != NULL ? chunk->generation : "");
    values[CHUNK_STATE] = text_value(state_names[chunk->state]);
    values[CHUNK_OWNER] = text_value(chunk->owner != NULL ? chunk->owner : "");
    values[CHUNK_LEASE] = integer_value(chunk->lease_us);
    values[CHUNK_ROWS] = integer_value(is_done ? chunk->digest.n_rows : chunk->chunk.n_rows);
    values[CHUNK_DIGEST] = digest_value(chunk->digest.sum, record->digest);
    values[CHUNK_REJECTED] = integer_value(chunk->rejected.n_rows);
    values[CHUNK_REJECTED_DIGEST] = digest_value(chunk->rejected.sum, record->rejected);
    values[CHUNK_UNREADABLE] = integer_value(chunk->n_unreadable);
}

enum vf_status vf_store_put_chunk(struct vf_conn *conn, const struct vf_store_chunk *chunk, struct vf_error *err)
{
    assert(chunk != NULL && chunk->run != NULL && chunk->table != NULL);
    struct chunk_record record = {0};
    chunk_to_record(chunk, &record);
    return vf_record_put(conn, &chunks_table, record.values, err);
}

static enum vf_status chunk_found(void *context, const struct vf_record_value *values, struct vf_error *err)
{
    struct listing *listing = context;
    vf_arena_reset(&listing->arena);
    struct vf_store_chunk chunk = {
        .run = text_or_empty(listing, &values[CHUNK_RUN]),
        .table = text_or_empty(listing, &values[CHUNK_TABLE]),
        .version = values[CHUNK_VERSION].integer,
        .chunk = {.number = values[CHUNK_NUMBER].integer,
                  .low = text_of(listing, &values[CHUNK_LOW]),
                  .high = text_of(listing, &values[CHUNK_HIGH]),
                  .n_rows = values[CHUNK_ROWS].integer,
                  .size_bytes = -1},
        .generation = text_or_empty(listing, &values[CHUNK_GENERATION]),
        .owner = text_or_empty(listing, &values[CHUNK_OWNER]),
        .lease_us = values[CHUNK_LEASE].integer,
        .rejected = {.n_rows = values[CHUNK_REJECTED].integer},
        .n_unreadable = values[CHUNK_UNREADABLE].integer,
    };

    bool known = state_parse(text_or_empty(listing, &values[CHUNK_STATE]), &chunk.state);
    bool digest = hash_of(listing, &values[CHUNK_DIGEST], &chunk.digest.sum);
    bool rejected = hash_of(listing, &values[CHUNK_REJECTED_DIGEST], &chunk.rejected.sum);
    if (listing->no_memory)
        return vf_error_nomem(err);
    if (!known)
        return damaged(&chunks_table, "state", err);
    if (!digest || !rejected)
        return damaged(&chunks_table, digest ? "rejected_digest" : "digest", err);
    if (chunk.state == VF_CHUNK_DONE)
        chunk.digest.n_rows = chunk.chunk.n_rows;
    return listing->found.chunk(listing->context, &chunk, err);
}

enum vf_status vf_store_list_chunks(struct vf_conn *conn, const char *run, const char *table,
                                    enum vf_status (*found)(void *context, const struct vf_store_chunk *chunk,
                                                            struct vf_error *err),
                                    void *context, struct vf_error *err)
{
    assert(run != NULL && found != NULL);
    const struct vf_record_value key[2] = {text_value(run), text_value(table)};
    struct listing listing = {.context = context, .found.chunk = found};
    enum vf_status status = vf_record_get(conn, &chunks_table, key, table != NULL ? 2 : 1, chunk_found, &listing, err);
    vf_arena_release(&listing.arena);
    return status;
}

/* Put `next` in the place of the record whose version is one less. */
static enum vf_status swap_chunk(struct vf_conn *conn, const struct vf_store_chunk *next, bool *swapped,
                                 struct vf_error *err)
{
    struct chunk_record record = {0};
    chunk_to_record(next, &record);
    const struct vf_record_value expected = integer_value(next->version - 1);
    return vf_record_swap(conn, &chunks_table, record.values, CHUNK_VERSION, &expected, swapped, err);
}

enum vf_status vf_store_claim_chunk(struct vf_conn *conn, struct vf_store_chunk *seen, const char *owner,
                                    int64_t lease_us, bool *claimed, struct vf_error *err)
{
    assert(seen != NULL && owner != NULL && claimed != NULL && seen->state != VF_CHUNK_DONE);
    struct vf_store_chunk next = *seen;
    *claimed = false;
    next.version = seen->version + 1;
    next.state = VF_CHUNK_CLAIMED;
    next.owner = owner;
    next.lease_us = lease_us;

    enum vf_status status = swap_chunk(conn, &next, claimed, err);
    if (status == VF_OK && *claimed) { /* only what has changed: another thread may be reading of which table it is */
        seen->version = next.version;
        seen->state = next.state;
        seen->owner = next.owner;
        seen->lease_us = next.lease_us;
    }
    return status;
}

enum vf_status vf_store_finish_chunk(struct vf_conn *conn, const struct vf_store_chunk *done, struct vf_error *err)
{
    assert(done != NULL);
    struct vf_store_chunk next = *done;
    bool swapped = false;
    next.version = done->version + 1;
    next.state = VF_CHUNK_DONE;
    next.lease_us = 0;

    enum vf_status status = swap_chunk(conn, &next, &swapped, err);
    if (status == VF_OK && !swapped) {
        status = vf_error_set(err, VF_LOCKED, "table %s: chunk %lld was taken over by another worker", done->table,
                              (long long)done->chunk.number);
        vf_error_side(err, vf_conn_side(conn));
    }
    return status;
}

/* ---- rejects ---- */

#define REJECTS_AT_ONCE 64

/* `digest` holds the text of its digest. */
static void reject_to_record(const struct vf_reject *reject, char digest[33], struct vf_record_value *values)
{
    values[REJECT_KEY] = text_value(reject->key);
    values[REJECT_COLUMN] = text_value(reject->column);
    values[REJECT_REASON] = text_value(reject->reason);
    values[REJECT_SQLSTATE] = text_value(reject->sqlstate[0] != '\0' ? reject->sqlstate : NULL);
    values[REJECT_ORIGINAL] = (struct vf_record_value){
        .is_null = reject->original == NULL, .bytes = reject->original, .size_bytes = reject->original_bytes};
    values[REJECT_DIGEST] = reject->has_digest ? digest_value(reject->digest, digest) : text_value(NULL);
}

enum vf_status vf_store_put_rejects(struct vf_conn *conn, const char *run, const char *table, int64_t chunk_number,
                                    const struct vf_reject_list *rejects, struct vf_error *err)
{
    assert(run != NULL && table != NULL && rejects != NULL);
    struct vf_record_value values[REJECTS_AT_ONCE][N_REJECT];
    char digests[REJECTS_AT_ONCE][33];
    enum vf_status status = VF_OK;
    for (size_t i = 0, n = 0; status == VF_OK && i < rejects->n_rejects; i++) {
        values[n][REJECT_RUN] = text_value(run);
        values[n][REJECT_TABLE] = text_value(table);
        values[n][REJECT_CHUNK] = integer_value(chunk_number);
        values[n][REJECT_NUMBER] = integer_value((int64_t)i);
        reject_to_record(&rejects->rejects[i], digests[n], values[n]);
        n++;
        if (n < REJECTS_AT_ONCE && i + 1 < rejects->n_rejects)
            continue;
        status = vf_record_put_many(conn, &rejects_table, n, values[0], err);
        n = 0;
    }
    return status;
}

static enum vf_status reject_found(void *context, const struct vf_record_value *values, struct vf_error *err)
{
    struct listing *listing = context;
    vf_arena_reset(&listing->arena);
    const char *table = text_or_empty(listing, &values[REJECT_TABLE]);
    const struct vf_record_value *original = &values[REJECT_ORIGINAL];
    struct vf_reject reject = {
        .table = table,
        .key = text_of(listing, &values[REJECT_KEY]),
        .column = text_of(listing, &values[REJECT_COLUMN]),
        .reason = text_or_empty(listing, &values[REJECT_REASON]),
        .original = (const uint8_t *)text_of(listing, original),
        .original_bytes = original->is_null ? 0 : original->size_bytes,
        .row = -1,
    };
    const char *sqlstate = text_or_empty(listing, &values[REJECT_SQLSTATE]);
    reject.has_digest = hash_of(listing, &values[REJECT_DIGEST], &reject.digest);

    if (listing->no_memory)
        return vf_error_nomem(err);
    if (strlen(sqlstate) < sizeof(reject.sqlstate))
        memcpy(reject.sqlstate, sqlstate, strlen(sqlstate) + 1);
    if (!values[REJECT_DIGEST].is_null && !reject.has_digest)
        return damaged(&rejects_table, "digest", err);
    return listing->found.reject(listing->context, table, &reject, err);
}

enum vf_status vf_store_list_rejects(struct vf_conn *conn, const char *run,
                                     enum vf_status (*found)(void *context, const char *table,
                                                             const struct vf_reject *reject, struct vf_error *err),
                                     void *context, struct vf_error *err)
{
    assert(run != NULL && found != NULL);
    const struct vf_record_value key = text_value(run);
    struct listing listing = {.context = context, .found.reject = found};
    enum vf_status status = vf_record_get(conn, &rejects_table, &key, 1, reject_found, &listing, err);
    vf_arena_release(&listing.arena);
    return status;
}

/* ---- the memory of the schema ---- */

enum vf_status vf_store_remember(struct vf_conn *conn, const char *kind, const char *name, const char *body_json,
                                 const char *run, struct vf_error *err)
{
    assert(kind != NULL && name != NULL && body_json != NULL);
    const struct vf_record_value values[N_SCHEMA] = {
        [SCHEMA_KIND] = text_value(kind),
        [SCHEMA_NAME] = text_value(name),
        [SCHEMA_BODY] = text_value(body_json),
        [SCHEMA_RUN] = text_value(run),
    };
    return vf_record_put(conn, &schema_table, values, err);
}

static enum vf_status memory_found(void *context, const struct vf_record_value *values, struct vf_error *err)
{
    struct listing *listing = context;
    vf_arena_reset(&listing->arena);
    const char *kind = text_or_empty(listing, &values[SCHEMA_KIND]);
    const char *name = text_or_empty(listing, &values[SCHEMA_NAME]);
    const char *body = text_or_empty(listing, &values[SCHEMA_BODY]);
    return listing->no_memory ? vf_error_nomem(err) : listing->found.memory(listing->context, kind, name, body, err);
}

enum vf_status vf_store_recall(struct vf_conn *conn,
                               enum vf_status (*found)(void *context, const char *kind, const char *name,
                                                       const char *body_json, struct vf_error *err),
                               void *context, struct vf_error *err)
{
    assert(found != NULL);
    struct listing listing = {.context = context, .found.memory = found};
    enum vf_status status = vf_record_get(conn, &schema_table, NULL, 0, memory_found, &listing, err);
    vf_arena_release(&listing.arena);
    return status;
}

const struct vf_record_table *vf_store_memory_table(void)
{
    return &schema_table;
}

/* ---- forget ---- */

/* The keys of the memories of one run: collected first, because an engine needn't bear writes while it reads. */
struct memory_keys {
    struct vf_arena arena;
    const char *run;
    struct memory_key *first;
};

struct memory_key {
    struct memory_key *next;
    struct vf_record_value values[2];
};

static enum vf_status collect_memory(void *context, const struct vf_record_value *values, struct vf_error *err)
{
    struct memory_keys *keys = context;
    const struct vf_record_value *run = &values[SCHEMA_RUN];
    if (run->is_null || run->size_bytes != strlen(keys->run) || memcmp(run->bytes, keys->run, run->size_bytes) != 0)
        return VF_OK;

    struct memory_key *key = vf_arena_alloc(&keys->arena, 1, sizeof(*key));
    if (key == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < 2; i++) {
        key->values[i].size_bytes = values[i].size_bytes;
        key->values[i].bytes =
            vf_arena_strndup(&keys->arena, values[i].size_bytes == 0 ? "" : values[i].bytes, values[i].size_bytes);
        if (key->values[i].bytes == NULL)
            return vf_error_nomem(err);
    }
    key->next = keys->first;
    keys->first = key;
    return VF_OK;
}

static enum vf_status forget_memory(struct vf_conn *conn, const char *run, struct vf_error *err)
{
    struct memory_keys keys = {.run = run};
    enum vf_status status = vf_record_get(conn, &schema_table, NULL, 0, collect_memory, &keys, err);
    for (const struct memory_key *key = keys.first; status == VF_OK && key != NULL; key = key->next)
        status = vf_record_delete(conn, &schema_table, key->values, 2, err);
    vf_arena_release(&keys.arena);
    return status;
}

enum vf_status vf_store_forget(struct vf_conn *conn, const char *run, struct vf_error *err)
{
    const struct vf_record_value key = text_value(run);
    enum vf_status status = VF_OK;
    for (size_t i = 0; status == VF_OK && i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (run == NULL)
            status = vf_record_delete(conn, tables[i], NULL, 0, err);
        else if (tables[i] != &schema_table)
            status = vf_record_delete(conn, tables[i], &key, 1, err);
    }
    if (status == VF_OK && run != NULL)
        status = forget_memory(conn, run, err);
    return status;
}
