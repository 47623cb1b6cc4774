#include "conformance.h"

#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool run(const char *sql)
{
    PGconn *conn = PQconnectdb(getenv("VECFERRY_TEST_POSTGRES"));
    PGresult *result = PQstatus(conn) == CONNECTION_OK ? PQexec(conn, sql) : NULL;
    bool done = result != NULL && PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!done)
        print_error("%s: %s\n", sql, PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
    return done;
}

/* The server's address with another database, as keywords and values; a password stays in the environment. */
static bool address(const char *name, char *out, size_t out_bytes)
{
    PQconninfoOption *options = PQconninfoParse(getenv("VECFERRY_TEST_POSTGRES"), NULL);
    size_t used = 0;
    for (const PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++) {
        if (option->val == NULL || strcmp(option->keyword, "dbname") == 0)
            continue;
        if (strcmp(option->keyword, "password") == 0) {
            setenv("PGPASSWORD", option->val, 1);
            continue;
        }
        int size = snprintf(out + used, out_bytes - used, "%s='%s' ", option->keyword, option->val);
        if (size < 0 || (size_t)size >= out_bytes - used)
            return false;
        used += (size_t)size;
    }
    PQconninfoFree(options);
    int size = snprintf(out + used, out_bytes - used, "dbname='%s'", name);
    return size > 0 && (size_t)size < out_bytes - used;
}

static bool make(struct conf_database *database)
{
    static _Atomic int n_made;
    char sql[600];
    const char *url = getenv("VECFERRY_TEST_POSTGRES");
    if (url == NULL || url[0] == '\0')
        return false;
    snprintf(database->private, sizeof(database->private), "conformance_%ld_%d", (long)getpid(),
             atomic_fetch_add(&n_made, 1));
    snprintf(sql, sizeof(sql), "CREATE DATABASE %s", database->private);
    return address(database->private, database->url, sizeof(database->url)) && run(sql);
}

static void drop(const struct conf_database *database)
{
    char sql[600];
    snprintf(sql, sizeof(sql), "DROP DATABASE %s WITH (FORCE)", database->private);
    run(sql);
}

const struct conf_quirks conf_postgres = {
    .engine = "postgres",
    .caps = VF_CAP_SNAPSHOT | VF_CAP_SHARED_SNAPSHOT | VF_CAP_PARALLEL_LOAD | VF_CAP_LATE_KEYS | VF_CAP_SCHEMAS |
            VF_CAP_USER_TYPES | VF_CAP_SEQUENCES | VF_CAP_VECTOR_INDEX | VF_CAP_TARGET | VF_CAP_PARTITIONS,
    .schema = "public",
    .extension = "vector",
    .bad_url = "postgresql://nobody@127.0.0.1:1/nothing",
    .make = make,
    .drop = drop,
};
