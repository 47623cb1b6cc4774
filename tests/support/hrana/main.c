/*
 * hrana_server library=FILE file=DATABASE [port=N] [idle_ms=N] [steal_ms=N] [max_response_bytes=N] [max_row_bytes=N] [jwt_key=FILE]
 *
 * Prints the port that it listens on, and ends when its standard input is closed or at SIGTERM.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "hrana/auth.h"
#include "hrana/fault.h"
#include "hrana/http.h"
#include "hrana/stats.h"
#include "hrana/stream.h"

static int wake_fds[2];

bool fail(struct failure *failure, enum failure_kind kind, const char *code, const char *fmt, ...)
{
    va_list args;

    failure->kind = kind;
    (void)snprintf(failure->code, sizeof(failure->code), "%s", code);
    va_start(args, fmt);
    (void)vsnprintf(failure->message, sizeof(failure->message), fmt, args);
    va_end(args);
    return false;
}

bool fail_http(struct failure *failure, unsigned status, const char *fmt, ...)
{
    va_list args;

    *failure = (struct failure){.kind = FAILURE_HTTP, .http_status = status};
    va_start(args, fmt);
    (void)vsnprintf(failure->message, sizeof(failure->message), fmt, args);
    va_end(args);
    return false;
}

int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void pause_ms(struct server *server, int64_t duration_ms)
{
    int64_t until_ms = now_ms() + duration_ms, left_ms = duration_ms;

    while (left_ms > 0 && !server->is_stopping) {
        struct timespec slice = {.tv_nsec = (long)(left_ms < 20 ? left_ms : 20) * 1000000};

        (void)nanosleep(&slice, NULL);
        left_ms = until_ms - now_ms();
    }
}

static void on_signal(int signal_number)
{
    int saved = errno;

    (void)signal_number;
    (void)!write(wake_fds[1], "", 1);
    errno = saved;
}

static void wait_for_end(void)
{
    struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = wake_fds[0], .events = POLLIN}};
    char ignored[256];

    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return;
        if (fds[1].revents)
            return;
        if (fds[0].revents && read(STDIN_FILENO, ignored, sizeof(ignored)) <= 0)
            return;
    }
}

static bool read_number(const char *name, const char *argument, atomic_llong *value)
{
    size_t size = strlen(name);

    if (strncmp(argument, name, size) != 0 || argument[size] != '=')
        return false;
    *value = strtoll(argument + size + 1, NULL, 10);
    return true;
}

static bool read_argument(struct server *server, const char *argument, const char **library)
{
    struct settings *settings = &server->settings;

    if (strncmp(argument, "library=", 8) == 0)
        *library = argument + 8;
    else if (strncmp(argument, "file=", 5) == 0)
        server->file = argument + 5;
    else if (strncmp(argument, "jwt_key=", 8) == 0)
        return auth_load_key(server, argument + 8);
    else
        return read_number("port", argument, &server->port) || read_number("idle_ms", argument, &settings->idle_ms) ||
               read_number("steal_ms", argument, &settings->steal_ms) ||
               read_number("max_response_bytes", argument, &settings->max_response_bytes) ||
               read_number("max_row_bytes", argument, &settings->max_row_bytes);
    return true;
}

static bool prepare(struct server *server, int n_arguments, char **arguments)
{
    const char *library = NULL;

    server->settings = (struct settings){10000, 5000, 10000000, 5000000};
    for (int i = 1; i < n_arguments; i++) {
        if (!read_argument(server, arguments[i], &library)) {
            (void)fprintf(stderr, "hrana_server: %s can't be used\n", arguments[i]);
            return false;
        }
    }
    if (!library || !server->file) {
        (void)fprintf(stderr, "hrana_server: library= and file= are needed\n");
        return false;
    }
    (void)pthread_mutex_init(&server->lock, NULL);
    stats_init(server);
    return RAND_bytes(server->baton_key, sizeof(server->baton_key)) == 1 && library_open(&server->library, library) &&
           server->library.open_v2(":memory:", &server->parser, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK;
}

/* The mode is the file's: all later connections have it. */
static bool make_wal(struct server *server)
{
    struct failure failure;
    struct conn *conn = conn_open(server, &failure);
    bool done;

    if (!conn) {
        (void)fprintf(stderr, "hrana_server: %s: %s\n", server->file, failure.message);
        return false;
    }
    done = server->library.exec(conn->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL) == SQLITE_OK;
    if (!done)
        (void)fprintf(stderr, "hrana_server: %s: %s\n", server->file, server->library.errmsg(conn->db));
    conn_release(conn);
    return done;
}

static bool serve(struct server *server)
{
    unsigned port = (unsigned)server->port;
    struct MHD_Daemon *daemon;

    daemon = http_start(server, &port);
    if (!daemon || port == 0) {
        (void)fprintf(stderr, "hrana_server: it can't listen\n");
        return false;
    }
    (void)printf("%u\n", port);
    (void)fflush(stdout);
    wait_for_end();
    server->is_stopping = true;
    http_stop(daemon);
    return true;
}

int main(int n_arguments, char **arguments)
{
    struct sigaction action = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
    struct server server = {0};
    bool done;

    if (pipe(wake_fds) != 0)
        return 1;
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
    done = prepare(&server, n_arguments, arguments) && make_wal(&server) && serve(&server);
    streams_free(&server);
    if (server.parser)
        (void)server.library.close_v2(server.parser);
    faults_clear(&server);
    stats_free(&server);
    auth_free_key(&server);
    return done ? 0 : 1;
}
