/*
 * A session with a server that speaks Hrana, the protocol of libSQL and Turso, over HTTP: requests of several statements, transactions, and what failed.
 *
 * There are two kinds of servers. Those with streams answer each request with a baton, which is the way back to a connection of our own on the server: a transaction lives on it for some seconds
 * of silence. Those without (tursodb) have one connection for all clients and no baton: there a transaction is guarded, for a server that was started anew would take the next statement as one
 * that stands for itself. The guard is a BEGIN before each statement, which must fail.
 *
 * What may pass (429, 5xx, a lost connection) is tried again where that can do no harm: reading; what was not begun; and requests with a baton, which a server takes once.
 * The lock is held from vf_hrana_new() until the answer is in, and while a transaction begins or ends: ping.h says what for. Otherwise a session belongs to one thread.
 *
 * Once a transaction is lost (its stream expired, the server was killed, somebody else ended it) nothing more is run until it has been ended here.
 */
#ifndef VF_ENGINE_TURSO_HRANA_H
#define VF_ENGINE_TURSO_HRANA_H

#include <pthread.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/turso/http.h"
#include "engine/turso/json.h"

struct vf_hrana_stmt;

struct vf_hrana_result {
    struct vf_json value; /* the result's object; at NULL: there is none */
    struct vf_json error; /* the error's */
};

struct vf_hrana {
    struct vf_http *http;
    const char *name; /* for messages; borrowed, as the next three */
    const struct vf_clock *clock;
    const struct vf_log *log;
    struct vf_cancel *cancel;
    int version;      /* of the protocol: 2 or 3 */
    bool has_cursor;  /* answers can be read as they come */
    bool has_streams; /* batons */
    struct vf_buf baton;
    int64_t baton_us; /* when its request was sent */
    bool in_transaction;
    bool is_lost; /* the transaction that was open */
    /* the request that is being written, and its answer */
    struct vf_buf request;
    size_t n_steps;    /* ours not counted: the guard, or what switches foreign keys off */
    bool is_guarded;   /* step 0 is the guard */
    bool is_unchecked; /* step 0 switches foreign keys off */
    bool is_cursor;
    struct vf_http_answer answer;
    size_t n_results, cap_results;
    struct vf_hrana_result *results; /* of the steps, the guard not counted */
    struct vf_hrana_stmt *reading;   /* whose answer is still coming */
    int64_t first_wait_ms;           /* before the second try */
    uint64_t jitter;
    struct vf_buf table_sql; /* name and text of the table that was asked about last */
    struct vf_arena metadata;
    /* signs of life */
    pthread_mutex_t lock;
    pthread_cond_t ping_end;
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

/* Finds out what the server is and can. VF_CONNECT: nobody listens, it is no such server, or it doesn't let us in. `name` must outlive the session. */
enum vf_status vf_hrana_open(const struct vf_http_options *options, const char *name, const struct vf_clock *clock,
                             const struct vf_log *log, struct vf_hrana *db, struct vf_error *err) VF_CHECKED;
void vf_hrana_close(struct vf_hrana *db);

enum vf_hrana_condition {
    VF_HRANA_ALWAYS,
    VF_HRANA_IF_OK,     /* step number `of` was run and went well */
    VF_HRANA_IF_FAILED, /* it was run and failed */
    VF_HRANA_IF_IN_TRANSACTION,
};

/* A request, to be read whole or (is_cursor) as it comes: new, then for each statement a step: its arguments are appended to the buffer that is returned, with commas between, as the functions below write them. */
void vf_hrana_new(struct vf_hrana *db, bool is_cursor);
struct vf_buf *vf_hrana_step(struct vf_hrana *db, const char *sql, size_t sql_bytes);
void vf_hrana_step_end(struct vf_hrana *db, bool wants_rows, enum vf_hrana_condition condition, size_t of);

enum vf_hrana_use {
    VF_HRANA_ONCE = 0,
    VF_HRANA_REPEATABLE = 1, /* may be sent again when nobody knows what became of it */
    VF_HRANA_KEEP = 2,       /* the stream is kept, though no transaction is open yet */
    VF_HRANA_END = 4,        /* and this ends it, though one is */
};
/* Send it. What becomes of the steps is in db->results; a failure of the whole is in db->code. */
bool vf_hrana_run(struct vf_hrana *db, unsigned use);
/* Send a cursor's request for the statement, which db->reading is from then on: db->answer then holds the first bytes of its lines, and vf_http_pull() brings more. Outside of a transaction it may be sent again. */
bool vf_hrana_run_cursor(struct vf_hrana *db, struct vf_hrana_stmt *stmt);
/* Take the first line of a cursor's answer, which has the baton. */
bool vf_hrana_take_cursor_head(struct vf_hrana *db, struct vf_json line);

/* Did the step go well? If not, db->code says why. */
bool vf_hrana_went_well(struct vf_hrana *db, size_t step);
/* One statement without arguments and rows. */
bool vf_hrana_exec(struct vf_hrana *db, const char *sql, unsigned use);

/* The answer to a sign of life: its baton is the next one. false: the stream is gone. */
bool vf_hrana_take_ping(struct vf_hrana *db, const struct vf_http_answer *answer);
/* No more is read of db->reading. */
void vf_hrana_stop_reading(struct vf_hrana *db);
/* Take in what is still coming of db->reading, so that another request can be made. */
bool vf_hrana_settle(struct vf_hrana *db);

/* Take over an error object of the server. */
void vf_hrana_take_error(struct vf_hrana *db, struct vf_json error);
/* A failure that isn't SQLite's; returns false. The transaction, if there was one, is lost when `loses` is set. */
bool vf_hrana_fail(struct vf_hrana *db, const struct vf_error *why, bool loses);
/* The answer makes no sense. */
bool vf_hrana_fail_protocol(struct vf_hrana *db, const char *what);

/* Transactions: `begin` is "BEGIN" or "BEGIN IMMEDIATE". */
bool vf_hrana_begin(struct vf_hrana *db, const char *begin);
bool vf_hrana_commit(struct vf_hrana *db);
void vf_hrana_rollback(struct vf_hrana *db); /* never fails: what can't be rolled back is gone */

#endif
