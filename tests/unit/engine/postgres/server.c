#include "server.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char answer[4096];

static void run_at(const char *url, const char *sql)
{
    PGconn *pg = PQconnectdb(url);
    PGresult *result = PQstatus(pg) == CONNECTION_OK ? PQexec(pg, sql) : NULL;
    ExecStatusType status = PQresultStatus(result);
    char message[1000];
    snprintf(message, sizeof(message), "%s", PQerrorMessage(pg));
    answer[0] = '\0';
    if (status == PGRES_TUPLES_OK && PQntuples(result) > 0)
        snprintf(answer, sizeof(answer), "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    PQfinish(pg);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        fail_msg("%.300s: %s", sql, message);
}

static const char *main_url(void)
{
    const char *url = getenv("VECFERRY_TEST_POSTGRES");
    if (url == NULL || url[0] == '\0')
        fail_msg("VECFERRY_TEST_POSTGRES isn't set: these tests need a server");
    return url;
}

/* The server's URL with another database behind its last slash. */
static void make_url(struct server *server)
{
    const char *url = main_url();
    const char *slash = strrchr(url, '/'), *query = strchr(url, '?');
    if (slash == NULL)
        fail_msg("VECFERRY_TEST_POSTGRES isn't a URL with a database");
    snprintf(server->url, sizeof(server->url), "%.*s%s%s", (int)(slash - url) + 1, url, server->name,
             query != NULL ? query : "");
}

struct vf_conn *server_open(const struct server *server, enum vf_side side)
{
    struct vf_url url = {0};
    struct vf_conn *conn = NULL;
    const struct vf_open_options options = {.side = side, .application = "unit test"};
    OK(vf_url_parse(server->url, &url, &err));
    OK(vf_conn_open_with(vf_engine_find("postgres"), &url, &options, &conn, &err));
    vf_url_release(&url);
    return conn;
}

int server_setup(void **state)
{
    static struct server server;
    static int n_made;
    char sql[200];
    server = (struct server){0};
    snprintf(server.name, sizeof(server.name), "unit_%ld_%d", (long)getpid(), n_made++);
    snprintf(sql, sizeof(sql), "CREATE DATABASE %s", server.name);
    run_at(main_url(), sql);
    make_url(&server);
    run_at(server.url, "CREATE EXTENSION vector");
    server.source = server_open(&server, VF_SIDE_SOURCE);
    server.target = server_open(&server, VF_SIDE_TARGET);
    *state = &server;
    return 0;
}

int server_teardown(void **state)
{
    struct server *server = *state;
    char sql[200];
    vf_conn_close(server->source);
    vf_conn_close(server->target);
    snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS %s WITH (FORCE)", server->name);
    run_at(main_url(), sql);
    return 0;
}

void server_run(const struct server *server, const char *sql)
{
    run_at(server->url, sql);
}

const char *server_ask(const struct server *server, const char *sql)
{
    run_at(server->url, sql);
    return answer;
}
