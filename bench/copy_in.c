/*
 * The least that loading rows into PostgreSQL costs: binary COPY from files that lie ready, each on a connection of its own.
 *
 *     bench_copy_in URL TABLE FILE...
 */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "rows.h"

#define BLOCK_BYTES ((size_t)256 << 10)
#define MAX_FILES   64

struct part {
    pthread_t thread;
    const char *url, *table, *path;
};

static void send_file(PGconn *conn, FILE *file)
{
    char *block = malloc(BLOCK_BYTES); /* lint: no library of ours */
    size_t size_bytes;

    if (block == NULL)
        bench_die("out of memory");
    while ((size_bytes = fread(block, 1, BLOCK_BYTES, file)) > 0) {
        if (PQputCopyData(conn, block, (int)size_bytes) != 1)
            bench_die("%s", PQerrorMessage(conn));
    }
    free(block);
}

static void *load(void *argument)
{
    struct part *part = argument;
    PGconn *conn = PQconnectdb(part->url);
    FILE *file = fopen(part->path, "rb");
    char sql[128];

    if (PQstatus(conn) != CONNECTION_OK)
        bench_die("%s", PQerrorMessage(conn));
    if (file == NULL)
        bench_die("can't read %s", part->path);
    snprintf(sql, sizeof(sql), "COPY %s FROM STDIN (FORMAT binary)", part->table);
    PGresult *result = PQexec(conn, sql);
    if (PQresultStatus(result) != PGRES_COPY_IN)
        bench_die("%s", PQerrorMessage(conn));
    PQclear(result);
    send_file(conn, file);
    if (PQputCopyEnd(conn, NULL) != 1)
        bench_die("%s", PQerrorMessage(conn));
    while ((result = PQgetResult(conn)) != NULL) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            bench_die("%s", PQerrorMessage(conn));
        PQclear(result);
    }
    fclose(file);
    PQfinish(conn);
    return NULL;
}

int main(int argc, char **argv)
{
    struct part parts[MAX_FILES];
    int n_parts = argc - 3;

    if (n_parts < 1 || n_parts > MAX_FILES)
        bench_die("URL TABLE FILE...");
    for (int i = 0; i < n_parts; i++) {
        parts[i] = (struct part){.url = argv[1], .table = argv[2], .path = argv[3 + i]};
        if (pthread_create(&parts[i].thread, NULL, load, &parts[i]) != 0)
            bench_die("no thread");
    }
    for (int i = 0; i < n_parts; i++)
        pthread_join(parts[i].thread, NULL);
    return 0;
}
