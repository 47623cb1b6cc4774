/*
 * A connection to the database file, and the one write lock that all of them share.
 *
 * Who waits for the lock takes it from a transaction that is older than the server allows: that one is rolled back, and its owner is told so at its next request, once.
 */
#ifndef HRANA_CONN_H
#define HRANA_CONN_H

#include "hrana/server.h"

#define HRANA_MAX_STORED 50

struct stored_sql {
    int64_t id;
    char *sql; /* NULL: the place is free */
};

struct conn {
    struct server *server;
    sqlite3 *db;
    pthread_mutex_t lock;         /* held while a program runs */
    atomic_llong writes_since_ms; /* 0: it has no write transaction */
    atomic_bool steal_wanted;
    bool was_stolen;
    unsigned n_owners; /* under the server's lock */
    struct stored_sql stored[HRANA_MAX_STORED];
    struct conn *next;
};

/* The caller is its first owner. */
struct conn *conn_open(struct server *server, struct failure *failure);
struct conn *conn_share(struct conn *conn);
void conn_release(struct conn *conn); /* closed when the last owner has gone; NULL is fine */

/* Before each step, with the lock held: true when the transaction was taken away since the last step. It is said once. */
bool conn_was_stolen(struct conn *conn);
/* After each step, with the lock held. */
void conn_note_transaction(struct conn *conn);
/* With the lock held: it needs the write lock, and another has it. Waits a moment; false: it has waited long enough since `began_ms`. */
bool conn_wait_for_writer(struct conn *conn, int64_t began_ms);

/* Roll back every idle write transaction, as a waiting writer would. */
void conns_steal_all(struct server *server);

#endif
