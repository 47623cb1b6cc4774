#include "hrana/conn.h"

#include <stdlib.h>

#include "hrana/text.h"

#define POLL_MS       5
#define WAIT_EXTRA_MS 30000

static int count_commit(void *context)
{
    struct server *server = context;

    atomic_fetch_add(&server->n_commits, 1);
    return 0;
}

static void destroy(struct conn *conn)
{
    (void)conn->server->library.close_v2(conn->db);
    for (int i = 0; i < HRANA_MAX_STORED; i++)
        free(conn->stored[i].sql);
    (void)pthread_mutex_destroy(&conn->lock);
    free(conn);
}

struct conn *conn_open(struct server *server, struct failure *failure)
{
    const struct library *lib = &server->library;
    struct conn *conn = hrana_alloc(sizeof(*conn));
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

    conn->server = server;
    conn->n_owners = 1;
    (void)pthread_mutex_init(&conn->lock, NULL);
    if (lib->open_v2(server->file, &conn->db, flags, NULL) != SQLITE_OK ||
        lib->exec(conn->db, "PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON", NULL, NULL, NULL) != SQLITE_OK) {
        (void)fail_http(failure, 500, "%s", conn->db ? lib->errmsg(conn->db) : "out of memory");
        destroy(conn);
        return NULL;
    }
    (void)lib->limit(conn->db, SQLITE_LIMIT_LENGTH, (int)server->settings.max_row_bytes);
    (void)lib->commit_hook(conn->db, count_commit, server);
    (void)pthread_mutex_lock(&server->lock);
    conn->next = server->conns;
    server->conns = conn;
    (void)pthread_mutex_unlock(&server->lock);
    return conn;
}

struct conn *conn_share(struct conn *conn)
{
    (void)pthread_mutex_lock(&conn->server->lock);
    conn->n_owners++;
    (void)pthread_mutex_unlock(&conn->server->lock);
    return conn;
}

void conn_release(struct conn *conn)
{
    struct conn **at;
    bool is_last;

    if (!conn)
        return;
    (void)pthread_mutex_lock(&conn->server->lock);
    is_last = --conn->n_owners == 0;
    for (at = &conn->server->conns; is_last && *at; at = &(*at)->next) {
        if (*at == conn) {
            *at = conn->next;
            break;
        }
    }
    (void)pthread_mutex_unlock(&conn->server->lock);
    if (is_last)
        destroy(conn);
}

static void steal(struct conn *conn)
{
    const struct library *lib = &conn->server->library;

    if (lib->txn_state(conn->db, NULL) == SQLITE_TXN_WRITE) {
        (void)lib->exec(conn->db, "ROLLBACK", NULL, NULL, NULL);
        conn->was_stolen = true;
    }
    conn->writes_since_ms = 0;
    conn->steal_wanted = false;
}

bool conn_was_stolen(struct conn *conn)
{
    bool stolen;

    if (conn->steal_wanted)
        steal(conn);
    stolen = conn->was_stolen;
    conn->was_stolen = false;
    return stolen;
}

void conn_note_transaction(struct conn *conn)
{
    bool writes = conn->server->library.txn_state(conn->db, NULL) == SQLITE_TXN_WRITE;

    if (!writes) {
        conn->writes_since_ms = 0;
        conn->steal_wanted = false;
    } else if (conn->writes_since_ms == 0) {
        conn->writes_since_ms = now_ms();
    }
}

/* An idle connection is rolled back at once, a busy one before its next step. */
static void steal_from(struct conn *conn)
{
    conn->steal_wanted = true;
    if (pthread_mutex_trylock(&conn->lock) == 0) {
        steal(conn);
        (void)pthread_mutex_unlock(&conn->lock);
    }
}

bool conn_wait_for_writer(struct conn *conn, int64_t began_ms)
{
    struct server *server = conn->server;
    int64_t steal_ms = server->settings.steal_ms;

    (void)pthread_mutex_lock(&server->lock);
    for (struct conn *other = server->conns; other; other = other->next) {
        int64_t since_ms = other->writes_since_ms;

        if (other != conn && since_ms != 0 && now_ms() - since_ms >= steal_ms)
            steal_from(other);
    }
    (void)pthread_mutex_unlock(&server->lock);
    pause_ms(server, POLL_MS);
    return !server->is_stopping && now_ms() - began_ms < steal_ms + WAIT_EXTRA_MS;
}

void conns_steal_all(struct server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    for (struct conn *conn = server->conns; conn; conn = conn->next) {
        if (conn->writes_since_ms != 0)
            steal_from(conn);
    }
    (void)pthread_mutex_unlock(&server->lock);
}
