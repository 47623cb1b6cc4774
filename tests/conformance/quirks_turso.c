/*
 * The turso engine on two servers: tursodb, a real one, and the double of sqld in tests/support/hrana. Each database is a server of its own on a free port of the loopback, with its file in a folder of its own.
 *
 * With VECFERRY_TEST_HRANA=URL the suite runs on any other server; all tables of that database are dropped.
 */
#include "conformance.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/url.h"

#define MAX_SERVERS 16
#define PATIENCE_MS 60000

struct server {
    pid_t pid;      /* 0: the place is free */
    bool is_ending; /* it was told to end; whoever needs its place waits for it */
    int input;      /* closed to end the double */
    int output;     /* where the double says its port; 0: the port is known */
    int port;
    char folder[300];
};

extern char **environ;

static struct server servers[MAX_SERVERS];

static bool make_folder(struct server *server)
{
    const char *base = getenv("TMPDIR");
    snprintf(server->folder, sizeof(server->folder), "%s/vecferry-turso-XXXXXX", base != NULL ? base : "/tmp");
    return mkdtemp(server->folder) != NULL;
}

static void remove_folder(const struct server *server)
{
    DIR *dir = opendir(server->folder);
    char path[700];
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        snprintf(path, sizeof(path), "%s/%s", server->folder, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
    }
    if (dir != NULL)
        closedir(dir);
    rmdir(server->folder);
}

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool fine = fd >= 0 && bind(fd, (struct sockaddr *)(void *)&address, size) == 0 &&
                getsockname(fd, (struct sockaddr *)(void *)&address, &size) == 0;
    if (fd >= 0)
        close(fd);
    return fine ? ntohs(address.sin_port) : -1;
}

static bool listens(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool fine = fd >= 0 && connect(fd, (struct sockaddr *)(void *)&address, sizeof(address)) == 0;
    if (fd >= 0)
        close(fd);
    return fine;
}

static bool has_ended(struct server *server)
{
    if (waitpid(server->pid, NULL, WNOHANG) == 0)
        return false;
    server->pid = 0;
    return true;
}

static bool wait_until_it_listens(struct server *server, int port)
{
    for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms += 20) {
        if (listens(port))
            return true;
        if (has_ended(server))
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    return false;
}

#define MAX_ARGUMENTS 30

/*
 * The child's standard input is a pipe that closes with us, its output goes to `output`; it is killed when we die. Spawned and not
 * forked: DuckDB's allocator takes all its locks before a fork, more than ThreadSanitizer can follow.
 */
static bool start(struct server *server, char *const *arguments, int output)
{
    static char prefix[][12] = {"setpriv", "--pdeathsig", "KILL", "--"};
    char *all[MAX_ARGUMENTS + 5];
    posix_spawn_file_actions_t actions;
    int input[2];
    size_t n = 0;
    for (; n < 4; n++)
        all[n] = prefix[n];
    for (size_t i = 0; arguments[i] != NULL && i < MAX_ARGUMENTS; i++)
        all[n++] = arguments[i];
    all[n] = NULL;
    if (pipe(input) != 0)
        return false;
    fcntl(input[1], F_SETFD, FD_CLOEXEC);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input[0], 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY,
                                     0); /* tursodb logs each statement that fails */
    posix_spawn_file_actions_addclose(&actions, input[0]);
    int failure = posix_spawnp(&server->pid, all[0], &actions, NULL, all, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(input[0]);
    server->input = input[1];
    if (failure != 0)
        server->pid = 0;
    return failure == 0;
}

static void tell_to_end(struct server *server)
{
    if (server->input > 0)
        close(server->input);
    server->input = 0;
    if (server->output > 0)
        close(server->output);
    server->output = 0;
    if (server->pid > 0)
        kill(server->pid, SIGTERM);
    server->is_ending = true;
}

static void end(struct server *server)
{
    tell_to_end(server);
    if (server->pid > 0)
        waitpid(server->pid, NULL, 0);
    remove_folder(server);
    *server = (struct server){0};
}

static void end_all(void)
{
    for (size_t i = 0; i < MAX_SERVERS; i++) {
        if (servers[i].pid != 0)
            end(&servers[i]);
    }
}

/* A free place with a folder; if all are taken, that of a server which is ending. */
static struct server *new_server(void)
{
    static bool is_registered;
    if (!is_registered)
        is_registered = atexit(end_all) == 0;
    for (size_t i = 0; i < 2 * MAX_SERVERS; i++) {
        struct server *server = &servers[i % MAX_SERVERS];
        if (i >= MAX_SERVERS && server->is_ending)
            end(server);
        if (server->pid == 0 && make_folder(server))
            return server;
    }
    return NULL;
}

static bool is_program(const char *path)
{
    return path != NULL && access(path, X_OK) == 0;
}

static int read_port(int fd)
{
    char text[32] = "";
    size_t size = 0;
    while (size < sizeof(text) - 1 && strchr(text, '\n') == NULL) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, PATIENCE_MS) != 1)
            return -1;
        ssize_t n = read(fd, text + size, sizeof(text) - 1 - size);
        if (n <= 0)
            return -1;
        size += (size_t)n;
        text[size] = '\0';
    }
    return (int)strtol(text, NULL, 10);
}

static bool is_up(struct server *server)
{
    if (server->output == 0)
        return wait_until_it_listens(server, server->port);
    server->port = read_port(server->output);
    return server->port > 0;
}

/* The next server is started while a test runs on this one: to start takes longer than most tests. */
static bool give(struct conf_database *database, struct server **spare, struct server *(*start_one)(void))
{
    for (int tries = 0; tries < 5; tries++) {
        struct server *server = *spare != NULL ? *spare : start_one();
        if (server == NULL)
            return false;
        *spare = start_one();
        if (is_up(server)) {
            snprintf(database->url, sizeof(database->url), "http://127.0.0.1:%d", server->port);
            snprintf(database->private, sizeof(database->private), "%zu", (size_t)(server - servers));
            return true;
        }
        end(server); /* somebody else took the port */
    }
    return false;
}

static void drop(const struct conf_database *database)
{
    tell_to_end(&servers[strtoul(database->private, NULL, 10)]);
}

/* ---- tursodb ---- */

static struct server *start_tursodb(void)
{
    char program[512], file[400], address[64];
    const char *path = getenv("VECFERRY_TURSODB");
    struct server *server = is_program(path) ? new_server() : NULL;
    int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int port = free_port();
    bool started = false;
    if (server != NULL && port > 0 && nothing >= 0) {
        snprintf(program, sizeof(program), "%s", path);
        snprintf(file, sizeof(file), "%s/t.db", server->folder);
        snprintf(address, sizeof(address), "127.0.0.1:%d", port);
        char flag[] = "--sync-server";
        char *const arguments[] = {program, file, flag, address, NULL};
        server->port = port;
        started = start(server, arguments, nothing);
    }
    if (nothing >= 0)
        close(nothing);
    if (!started && server != NULL)
        end(server);
    return started ? server : NULL;
}

static bool make_tursodb(struct conf_database *database)
{
    static struct server *spare;
    return give(database, &spare, start_tursodb);
}

/* ---- the double of sqld ---- */

static struct server *start_sqld(void)
{
    char program[512], library[600], file[400];
    int output[2];
    const char *path = getenv("VECFERRY_HRANA_SERVER");
    const char *libsql = getenv("VECFERRY_LIBSQL");
    if (!is_program(path) || libsql == NULL || access(libsql, R_OK) != 0 || pipe(output) != 0)
        return NULL;
    fcntl(output[0], F_SETFD, FD_CLOEXEC);
    fcntl(output[1], F_SETFD, FD_CLOEXEC);
    struct server *server = new_server();
    bool started = false;
    if (server != NULL) {
        snprintf(program, sizeof(program), "%s", path);
        snprintf(library, sizeof(library), "library=%s", libsql);
        snprintf(file, sizeof(file), "file=%s/t.db", server->folder);
        char *const arguments[] = {program, library, file, NULL};
        server->output = output[0];
        started = start(server, arguments, output[1]);
    }
    close(output[1]);
    if (server == NULL)
        close(output[0]);
    else if (!started)
        end(server);
    return started ? server : NULL;
}

static bool make_sqld(struct conf_database *database)
{
    static struct server *spare;
    return give(database, &spare, start_sqld);
}

/* ---- any other ---- */

static bool make_other(struct conf_database *database)
{
    static const char *const own[] = {"vecferry_runs",  "vecferry_chunks", "vecferry_rejects", "vecferry_schema",
                                      "vecferry_lease", "vecferry_things"}; /* the last one is the suite's own */
    const char *url = getenv("VECFERRY_TEST_HRANA");
    struct vf_schema schema = {0};
    struct conf conf = {.quirks = &conf_hrana};
    const struct vf_inspect_options options = {0};
    if (url == NULL || url[0] == '\0')
        return false;
    snprintf(database->url, sizeof(database->url), "%s", url);
    conf.database = *database;
    struct vf_conn *conn = conf_open(&conf, VF_SIDE_TARGET);
    CONF_OK(vf_conn_inspect(conn, &options, &schema, &err));
    for (size_t i = schema.n_tables; i > 0; i--) {
        const struct vf_step step = {.kind = VF_STEP_DROP_TABLE, .table = &schema.tables[i - 1]};
        CONF_OK(vf_conn_apply(conn, &step, &err));
    }
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        const struct vf_table table = {.name = own[i]};
        const struct vf_step step = {.kind = VF_STEP_DROP_TABLE, .table = &table};
        CONF_OK(vf_conn_apply(conn, &step, &err));
    }
    vf_schema_release(&schema);
    vf_conn_close(conn);
    return true;
}

static void drop_other(const struct conf_database *database)
{
    (void)database;
}

#define COMMON                                                                                                         \
    .engine = "turso", .caps = VF_CAP_SNAPSHOT | VF_CAP_TARGET, .no_minus_zero = true, .bad_url = "http://127.0.0.1:1"

const struct conf_quirks conf_tursodb = {COMMON, .label = "tursodb", .one_connection = true, .make = make_tursodb,
                                         .drop = drop};
const struct conf_quirks conf_sqld = {COMMON, .label = "sqld", .make = make_sqld, .drop = drop};
const struct conf_quirks conf_hrana = {COMMON, .label = "hrana", .one_database = true, .make = make_other,
                                       .drop = drop_other};
const struct conf_quirks conf_hrana_alone = {
    COMMON, .label = "hrana", .one_database = true, .one_connection = true, .make = make_other, .drop = drop_other};
