#include "hrana/http.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "hrana/answer.h"
#include "hrana/auth.h"
#include "hrana/pipeline.h"
#include "hrana/stats.h"
#include "hrana/stream.h"

/* A request while its body comes in. */
struct exchange {
    struct server *server;
    struct MHD_Connection *connection;
    const char *method;
    const char *path;
    struct text body;
    struct answer answer;
    int version; /* of Hrana, by the route */
};

/* ---- what is asked for ---- */

static void get_health(struct exchange *x)
{
    answer_text(&x->answer, 200, "text/plain", "");
}

static void get_version(struct exchange *x)
{
    answer_text(&x->answer, 200, "text/plain", "sqld 0.24.33 (test double) SQLite ");
    text_str(&x->answer.body, x->server->library.libversion());
}

static void get_index(struct exchange *x)
{
    answer_text(&x->answer, 200, "text/plain", "Hello, this is HTTP API v2 (Hrana over HTTP)");
}

static void post_pipeline(struct exchange *x)
{
    const char *header = MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, "Authorization");
    struct failure failure = {0};
    struct access access;

    answer_text(&x->answer, 200, "application/json", "");
    if (!auth_check(x->server, header, &access, &failure) ||
        !pipeline_run(x->server, x->version, access, &x->body, &x->answer.body, &failure))
        answer_failure(&x->answer, &failure);
}

static void post_cursor(struct exchange *x)
{
    const char *header = MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, "Authorization");
    struct failure failure = {0};
    struct access access;

    answer_text(&x->answer, 200, "text/plain", "");
    if (auth_check(x->server, header, &access, &failure))
        x->answer.cursor = cursor_open(x->server, access, &x->body, &failure);
    if (!x->answer.cursor)
        answer_failure(&x->answer, &failure);
}

static void get_stats(struct exchange *x)
{
    answer_text(&x->answer, 200, "application/json", "");
    stats_write(x->server, &x->answer.body);
}

static void post_fault(struct exchange *x)
{
    const char *why = "";
    bool added = fault_add(x->server, &x->body, &why);

    answer_text(&x->answer, added ? 200 : 400, "text/plain", why);
}

static void post_reset(struct exchange *x)
{
    faults_clear(x->server);
    stats_clear(x->server);
    answer_text(&x->answer, 200, "text/plain", "");
}

static void post_settings(struct exchange *x)
{
    struct settings *settings = &x->server->settings;
    struct {
        const char *name;
        atomic_llong *value;
    } known[] = {
        {"idle_ms", &settings->idle_ms},
        {"steal_ms", &settings->steal_ms},
        {"max_response_bytes", &settings->max_response_bytes},
        {"max_row_bytes", &settings->max_row_bytes},
    };
    json_t *json = x->body.size ? json_loadb(x->body.data, x->body.size, 0, NULL) : NULL;
    size_t n_set = 0;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const json_t *value = json_object_get(json, known[i].name);

        if (json_is_integer(value)) {
            *known[i].value = json_integer_value(value);
            n_set++;
        }
    }
    answer_text(&x->answer, json && n_set == json_object_size(json) ? 200 : 400, "text/plain", "");
    json_decref(json);
}

static const struct route {
    const char *method;
    const char *path;
    int version;
    void (*handle)(struct exchange *x);
} routes[] = {
    {"GET", "/health", 0, get_health},
    {"GET", "/version", 0, get_version},
    {"GET", "/v2", 0, get_index},
    {"GET", "/v3", 0, get_index},
    {"POST", "/v2/pipeline", 2, post_pipeline},
    {"POST", "/v3/pipeline", 3, post_pipeline},
    {"POST", "/v3/cursor", 3, post_cursor},
    {"GET", "/_test/stats", 0, get_stats},
    {"POST", "/_test/fault", 0, post_fault},
    {"POST", "/_test/reset", 0, post_reset},
    {"POST", "/_test/settings", 0, post_settings},
};

static void handle(struct exchange *x)
{
    bool path_is_known = false;

    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strcmp(routes[i].path, x->path) != 0)
            continue;
        path_is_known = true;
        if (strcmp(routes[i].method, x->method) == 0) {
            x->version = routes[i].version;
            routes[i].handle(x);
            return;
        }
    }
    answer_text(&x->answer, path_is_known ? 405 : 404, "text/plain", "");
}

/* ---- from and to the wire ---- */

static const char *header(struct exchange *x, const char *name)
{
    return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

static void note(struct exchange *x, const struct fault *fault)
{
    struct seen seen = {
        .method = x->method,
        .path = x->path,
        .body_bytes = x->body.size,
        .has_expect = header(x, "Expect"),
        .has_authorization = header(x, "Authorization"),
        .is_chunked = header(x, "Transfer-Encoding"),
        .has_baton = x->body.data && strstr(x->body.data, "\"baton\":\""),
        .has_fault = fault->action != FAULT_NONE,
    };

    stats_note(x->server, &seen);
}

static void echo(struct exchange *x)
{
    const char *value = header(x, "Authorization");

    answer_text(&x->answer, 400, "text/plain", "what does this mean: ");
    text_str(&x->answer.body, value ? value : "nothing");
}

static enum MHD_Result respond(struct exchange *x)
{
    struct fault fault = {0};

    if (strncmp(x->path, "/_test/", 7) != 0) {
        fault = fault_pick(x->server, x->path, &x->body);
        note(x, &fault);
    }
    if (fault.action == FAULT_SLOW)
        pause_ms(x->server, fault.delay_ms);
    else if (fault.action == FAULT_EXPIRE)
        streams_expire(x->server, true);
    else if (fault.action == FAULT_STEAL)
        conns_steal_all(x->server);
    if (fault.action == FAULT_NONE || fault.executes)
        handle(x);
    else if (fault.action == FAULT_ECHO)
        echo(x);
    return answer_send(x->server, x->connection, &x->answer, &fault) ? MHD_YES : MHD_NO;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data, size_t *size, void **own)
{
    struct exchange *x = *own;

    (void)version;
    if (!x) {
        x = hrana_alloc(sizeof(*x));
        *x = (struct exchange){.server = context, .connection = connection, .method = method, .path = path};
        *own = x;
        return MHD_YES;
    }
    if (*size > 0) {
        text_add(&x->body, data, *size);
        *size = 0;
        return MHD_YES;
    }
    return respond(x);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **own,
                         enum MHD_RequestTerminationCode code)
{
    struct exchange *x = *own;

    (void)context;
    (void)connection;
    (void)code;
    if (x) {
        text_free(&x->body);
        text_free(&x->answer.body);
        free(x);
    }
    *own = NULL;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **own,
                          enum MHD_ConnectionNotificationCode code)
{
    (void)connection;
    (void)own;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        stats_note_connection(context);
}

struct MHD_Daemon *http_start(struct server *server, unsigned *port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)*port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL;
    const union MHD_DaemonInfo *info;
    struct MHD_Daemon *daemon;

    daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, &address,
                              MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
                              MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
    info = daemon ? MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (info)
        *port = info->port;
    return daemon;
}

void http_stop(struct MHD_Daemon *daemon)
{
    MHD_stop_daemon(daemon);
}
