/*
 * A server of the Hrana protocol over HTTP for tests: it answers as sqld 0.24.33 was measured to, and misbehaves on command.
 *
 * One process serves one database file, through libSQL. Every stream is a connection of its own. Each HTTP connection has a thread;
 * what they share is in this struct. Locks, in the order in which they are taken: a connection's own, then the server's.
 */
#ifndef HRANA_SERVER_H
#define HRANA_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "hrana/library.h"

/* All can be changed while it runs: POST /_test/settings. */
struct settings {
    atomic_llong idle_ms;            /* a stream that isn't used for so long expires */
    atomic_llong steal_ms;           /* a write transaction as old as this is rolled back for a waiting writer */
    atomic_llong max_response_bytes; /* of the rows of an execute or a batch */
    atomic_llong max_row_bytes;
};

struct server {
    struct library library;
    const char *file;
    atomic_llong port; /* 0: any */
    struct settings settings;
    sqlite3 *parser; /* an empty database, under the lock */
    unsigned char baton_key[32];
    void *jwt_key; /* EVP_PKEY, or NULL: no authentication */
    atomic_bool is_stopping;
    atomic_llong n_commits;
    pthread_mutex_t lock; /* of all below */
    struct stream *streams;
    struct conn *conns;
    struct fault *faults;
    struct stats *stats;
};

enum failure_kind {
    FAILURE_NONE,
    FAILURE_STATEMENT, /* of one statement: it becomes the result of a request or of a step */
    FAILURE_PROGRAM,   /* of a whole batch */
    FAILURE_PROTOCOL,  /* 400 with a plain text; the stream is gone */
    FAILURE_HTTP,      /* a status of its own with {"error": message}; the stream is gone */
    FAILURE_EXPIRED,   /* 400 with {"message", "code"} */
};

struct failure {
    enum failure_kind kind;
    unsigned http_status;
    char code[40];
    char message[1024];
};

/* Fill `failure` and return false, so that `return fail(...)` is one line. */
bool fail(struct failure *failure, enum failure_kind kind, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
bool fail_http(struct failure *failure, unsigned status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

int64_t now_ms(void);
/* Wait, but no longer than the server runs. */
void pause_ms(struct server *server, int64_t duration_ms);

#endif
