/*
 * A session with a server that speaks Hrana, the protocol of libSQL and Turso, over HTTP: requests of several statements, transactions, and what failed.
 *
 * There are two kinds of servers. Those with streams answer each request with a baton, which is the way back to a connection of our own on the server: a transaction lives on it for some seconds
 * of silence. Those without (tursodb) have one connection for all clients and no baton: there a transaction is guarded, for a server that was started anew would take the next statement as one
 * that stands for itself. The guard is a BEGIN before each statement, which must fail. Outside of a transaction of ours a statement that writes gets one of its own in its request: tursodb leaves
 * some reading statements open, and what stands for itself behind one is only committed with the next COMMIT, and gone with a ROLLBACK.
 *
 * What may pass (429, 5xx, a lost connection) is tried again where that can do no harm: reading; what was not begun; and requests with a baton, which a server takes once.
 * The lock is held from vf_hrana_new() until the answer is in, and while a transaction begins or ends: ping.h says what for. Otherwise a session belongs to one thread.
 * A page of rows may be asked for before it is wanted (early.h); whatever else is asked meanwhile comes after its answer.
 *
 * Once a transaction is lost (its stream expired, the server was killed, somebody else ended it) nothing more is run until it has been ended here.
 */
#ifndef VF_ENGINE_TURSO_HRANA_H
#define VF_ENGINE_TURSO_HRANA_H

#include <pthread.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "engine/turso/http.h"
#include "engine/turso/json.h"

struct vf_hrana_stmt;

struct vf_hrana_memo;

struct vf_hrana_result {
    struct vf_json value; /* the result's object; at NULL: there is none */
    struct vf_json error; /* the error's */
};

/* A request whose answer is wanted later: early.h. */
struct vf_hrana_early {
    struct vf_hrana_stmt *stmt; /* whose; NULL: there is none */
    bool is_coming;             /* the answer isn't in yet: the thread of ping.h waits for it */
    bool is_cursor;
    bool has_baton; /* its baton has been taken: newer ones may have come */
    size_t n_steps;
    enum vf_status status; /* of the way there and back */
    struct vf_error why;
    struct vf_buf request;
    struct vf_http_answer answer;
    int64_t landed_us;
};

/* What a server that keeps no snapshot said of the changes to its database: watch.h. */
struct vf_hrana_watch {
    bool is_asked; /* with every page, and whatever else is read */
    bool is_fresh; /* nothing else was asked since */
    int64_t n_changes, schema_version;
};

struct vf_hrana {
    struct vf_http *http;
    const char *name; /* for messages; borrowed, as the next three */
    const struct vf_clock *clock;
    const struct vf_log *log;
    struct vf_cancel *cancel;
    int version;        /* of the protocol: 2 or 3 */
    bool has_cursor;    /* answers can be read as they come */
    bool has_streams;   /* batons */
    bool as_bytes;      /* texts are asked for as bytes: texts.h */
    bool needs_doubled; /* quotes in the argument of its functions pragma_...() */
    struct vf_buf baton;
    int64_t baton_us; /* when its request was sent */
    bool in_transaction;
    bool is_lost; /* the transaction that was open */
    /* the request that is being written, and its answer */
    struct vf_buf request;
    size_t n_steps;    /* ours not counted: the guard, or what switches foreign keys off */
    bool is_guarded;   /* step 0 is the guard */
    bool is_unchecked; /* step 0 switches foreign keys off */
    bool is_bracketed; /* step 0 begins a transaction, which ends behind the steps */
    bool is_cursor;
    size_t n_before;        /* statements that were deferred, as steps before those that were asked for */
    struct vf_buf deferred; /* as steps, for the next request of the transaction */
    size_t n_deferred;
    int n_failed; /* tries of this request that failed already */
    struct vf_http_answer answer;
    size_t n_results, cap_results;
    struct vf_hrana_result *results; /* of the steps, the guard not counted */
    struct vf_hrana_stmt *reading;   /* whose answer is still coming */
    struct vf_hrana_early early;
    bool has_newer_baton;       /* than the answer that is taken apart: one that was asked for early */
    struct vf_hrana_memo *memo; /* of a source that stays as it is; or NULL: memo.h */
    struct vf_hrana_watch watch;
    struct vf_hash128 page_of; /* the table that was read in pages last, and how many of its rows make one */
    int64_t page_rows;
    int64_t first_wait_ms; /* before the second try */
    uint64_t jitter;
    struct vf_buf table_sql; /* name and text of the table that was asked about last */
    struct vf_arena metadata;
    /* signs of life */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t ping;
    bool has_ping, ends_ping;
    bool is_dead;    /* the stream didn't answer to one */
    int64_t used_us; /* the last request */
    /* the last failure */
    int code;              /* as SQLite has them; VF_HRANA_FAILED: it isn't SQLite's, but in `failure` */
    struct vf_buf message; /* for SQLite's */
    struct vf_error failure;
    int64_t n_changed;
};

#define VF_HRANA_FAILED (-1)

/* Steps of our own before those that were asked for. */
static inline size_t vf_hrana_n_own_steps(const struct vf_hrana *db)
{
    return db->n_before + (db->is_guarded || db->is_unchecked || db->is_bracketed ? 1 : 0);
}

/* Statements up to NULL. */
struct vf_hrana_questions {
    const char *const *always;
    const char *const *without_streams; /* only to a server that has none */
};

/* Finds out what the server is and can. VF_CONNECT: nobody listens, it is no such server, or it doesn't let us in. `name` must outlive the session.
 * The questions are asked with the first request: until the next one they are the steps 1 and so on of its results. */
enum vf_status vf_hrana_open(const struct vf_http_options *options, const char *name, const struct vf_clock *clock,
                             const struct vf_log *log, const struct vf_hrana_questions *questions, struct vf_hrana *db,
                             struct vf_error *err) VF_CHECKED;
void vf_hrana_close(struct vf_hrana *db);

enum vf_hrana_condition {
    VF_HRANA_ALWAYS,
    VF_HRANA_IF_OK,             /* step number `of` was run and went well */
    VF_HRANA_IF_FAILED,         /* it was run and failed */
    VF_HRANA_IF_IN_TRANSACTION, /* not in a request with deferred statements: vf_hrana_flush() */
};

/* A request, to be read whole or (is_cursor) as it comes: new, then for each statement a step: its arguments are appended to the buffer that is returned, with commas between, as the functions below write them. */
void vf_hrana_new(struct vf_hrana *db, bool is_cursor);
struct vf_buf *vf_hrana_step(struct vf_hrana *db, const char *sql, size_t sql_bytes);
void vf_hrana_step_end(struct vf_hrana *db, bool wants_rows, enum vf_hrana_condition condition, size_t of);
/* A statement of the transaction that is open, without rows, that goes with its next request, before its steps: those are run if it went well, else the request fails as it does. */
void vf_hrana_defer(struct vf_hrana *db, const char *sql, size_t sql_bytes, const struct vf_buf *arguments);
/* Run what was deferred now. */
bool vf_hrana_flush(struct vf_hrana *db);
/* The end of its text; the functions that send it write it. `keep`: the stream. */
void vf_hrana_write_end(struct vf_hrana *db, bool keep);
const char *vf_hrana_path(const struct vf_hrana *db);

enum vf_hrana_use {
    VF_HRANA_ONCE = 0,
    VF_HRANA_REPEATABLE = 1, /* may be sent again when nobody knows what became of it */
    VF_HRANA_KEEP = 2,       /* the stream is kept, though no transaction is open yet */
    VF_HRANA_END = 4,        /* and this ends it, though one is */
};
/* Send it. What becomes of the steps is in db->results; a failure of the whole is in db->code. */
bool vf_hrana_run(struct vf_hrana *db, unsigned use);
/* Send a cursor's request, and take all of its answer: its lines are in db->answer. It may be sent again. */
bool vf_hrana_run_lines(struct vf_hrana *db);
/* Send a cursor's request for the statement, which db->reading is from then on: db->answer then holds the first bytes of its lines, and vf_http_pull() brings more. Outside of a transaction it may be sent again. */
bool vf_hrana_run_cursor(struct vf_hrana *db, struct vf_hrana_stmt *stmt);
/* One statement without arguments and rows. */
bool vf_hrana_exec(struct vf_hrana *db, const char *sql, unsigned use);

/* No more is read of db->reading. */
void vf_hrana_stop_reading(struct vf_hrana *db);
/* Take in what is still coming of db->reading, so that another request can be made. */
bool vf_hrana_settle(struct vf_hrana *db);

/* Take over an error object of the server. */
void vf_hrana_take_error(struct vf_hrana *db, struct vf_json error);
/* A failure that isn't SQLite's; returns false. The transaction, if there was one, is lost when `loses` is set. */
bool vf_hrana_fail(struct vf_hrana *db, const struct vf_error *why, bool loses);
/* There was a transaction, and the server doesn't know it any more. */
bool vf_hrana_fail_lost(struct vf_hrana *db, const char *how);
/* A cursor's answer ended too soon. */
bool vf_hrana_fail_cut(struct vf_hrana *db);
/* The answer makes no sense. */
bool vf_hrana_fail_protocol(struct vf_hrana *db, const char *what);

/* Transactions: `begin` is "BEGIN" or "BEGIN IMMEDIATE". */
bool vf_hrana_begin(struct vf_hrana *db, const char *begin);
/* The same in two parts: between them further statements may be added to the request, as steps 1 and so on, with VF_HRANA_IF_OK of step 0. */
void vf_hrana_begin_write(struct vf_hrana *db, const char *begin);
bool vf_hrana_begin_run(struct vf_hrana *db);
/* Could one begin now? It is rolled back in the same request. */
bool vf_hrana_can_begin(struct vf_hrana *db, const char *begin);
bool vf_hrana_commit(struct vf_hrana *db);
void vf_hrana_rollback(struct vf_hrana *db); /* never fails: what can't be rolled back is gone */

#endif
