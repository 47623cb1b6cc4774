/*
 * What vecferry keeps in a target: runs, chunks with their markers, rejected rows, and the memory of the source's schema.
 *
 * Written once, over the record functions of engine.h, so that every engine has the same tables:
 *
 *   vecferry_runs     run | plan (sha256 of the plan), source (identity), state, tool version, started_us, finished_us, plan_text
 *   vecferry_chunks   run, table_name, number | version, low, high, generation, state, owner, lease_us, n_rows, digest, n_rejected, rejected_digest, n_unreadable
 *   vecferry_rejects  run, table_name, chunk, number | key, column_name, reason, sqlstate, original, digest
 *   vecferry_schema   kind, name | body (JSON of model/schema_json.h), run
 *
 * The columns before the bar are the key. Times are microseconds since 1970 UTC; digests are 32 hexadecimal digits.
 *
 * A chunk's marker is its record with state "done": it is put by vf_store_finish_chunk() in the transaction that loads the chunk's rows, so that it is there if and only if they are.
 * Every change of a chunk's record adds one to its `version`. A claim is state "claimed" with an owner and a lease: a worker claims by swapping the record that it saw for its own, on
 * condition that the version is still the one seen; a claim whose lease has run out may be claimed again. Finishing swaps in the same way, so a worker that lost its claim finds out:
 * vf_store_finish_chunk() returns VF_LOCKED, and it rolls back.
 */
#ifndef VF_ENGINE_STORE_H
#define VF_ENGINE_STORE_H

#include "engine/engine.h"
#include "model/canon.h"

#define VF_STORE_PREFIX "vecferry_" /* tables of this prefix are never taken for the user's */

enum vf_chunk_state {
    VF_CHUNK_PENDING,
    VF_CHUNK_CLAIMED,
    VF_CHUNK_DONE,
};

struct vf_store_run {
    const char *run;         /* its id: 16 hexadecimal digits */
    const char *plan_sha256; /* of the plan's text */
    const char *source;      /* vf_server.identity */
    const char *state;       /* "copying", "finishing", "done" */
    const char *tool_version;
    int64_t started_us, finished_us; /* 0: not yet */
    const char *plan_text;
};

struct vf_store_chunk {
    const char *run;
    const char *table; /* label of the source table */
    int64_t version;   /* as last read or written */
    struct vf_chunk chunk;
    const char *generation;
    enum vf_chunk_state state;
    const char *owner;       /* "" when nobody's */
    int64_t lease_us;        /* wall time at which a claim runs out */
    struct vf_digest digest; /* of the rows stored; DONE only */
    struct vf_digest
        rejected; /* of the rows rejected by the target, DONE only (rows that never were in a batch count in n_unreadable) */
    int64_t n_unreadable; /* rejected before they had a digest */
};

/* All state tables, if they aren't there. */
enum vf_status vf_store_create(struct vf_conn *conn, struct vf_error *err) VF_CHECKED;

enum vf_status vf_store_put_run(struct vf_conn *conn, const struct vf_store_run *run, struct vf_error *err) VF_CHECKED;
/* Called for each run, by id. Texts are valid during the call. */
enum vf_status vf_store_list_runs(struct vf_conn *conn,
                                  enum vf_status (*found)(void *context, const struct vf_store_run *run,
                                                          struct vf_error *err),
                                  void *context, struct vf_error *err) VF_CHECKED;

enum vf_status vf_store_put_chunk(struct vf_conn *conn, const struct vf_store_chunk *chunk,
                                  struct vf_error *err) VF_CHECKED;
enum vf_status vf_store_list_chunks(struct vf_conn *conn, const char *run, const char *table, /* NULL: all tables */
                                    enum vf_status (*found)(void *context, const struct vf_store_chunk *chunk,
                                                            struct vf_error *err),
                                    void *context, struct vf_error *err) VF_CHECKED;
/* Take the chunk `seen` for `owner` until `lease_us`; *claimed false: somebody else was quicker. On success seen->version, owner, state and lease are the new ones (owner borrowed). */
enum vf_status vf_store_claim_chunk(struct vf_conn *conn, struct vf_store_chunk *seen, const char *owner,
                                    int64_t lease_us, bool *claimed, struct vf_error *err) VF_CHECKED;
/* Inside the rows' transaction; done->version is that of the claim. VF_LOCKED: the claim isn't ours any more. */
enum vf_status vf_store_finish_chunk(struct vf_conn *conn, const struct vf_store_chunk *done,
                                     struct vf_error *err) VF_CHECKED;

/* Inside the transaction of the chunk; numbered from 0 within it. */
enum vf_status vf_store_put_rejects(struct vf_conn *conn, const char *run, const char *table, int64_t chunk_number,
                                    const struct vf_reject_list *rejects, struct vf_error *err) VF_CHECKED;
enum vf_status vf_store_list_rejects(struct vf_conn *conn, const char *run,
                                     enum vf_status (*found)(void *context, const char *table,
                                                             const struct vf_reject *reject, struct vf_error *err),
                                     void *context, struct vf_error *err) VF_CHECKED;

/* The memory of the schema. kind: "table", "type", "sequence". */
enum vf_status vf_store_remember(struct vf_conn *conn, const char *kind, const char *name, const char *body_json,
                                 const char *run, struct vf_error *err) VF_CHECKED;
enum vf_status vf_store_recall(struct vf_conn *conn,
                               enum vf_status (*found)(void *context, const char *kind, const char *name,
                                                       const char *body_json, struct vf_error *err),
                               void *context, struct vf_error *err) VF_CHECKED;

/* The table that it is in: for an engine that asks for it ahead. */
const struct vf_record_table *vf_store_memory_table(void);

/* Forget everything of a run, or with run NULL all state: for --drop-existing. */
enum vf_status vf_store_forget(struct vf_conn *conn, const char *run, struct vf_error *err) VF_CHECKED;

#endif
