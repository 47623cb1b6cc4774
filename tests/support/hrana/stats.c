#include "hrana/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hrana/stream.h"

#define LOG_SIZE 4096

struct entry {
    char path[64];
    size_t body_bytes;
    bool has_baton;
    bool has_fault;
};

struct stats {
    long n_connections;
    long n_requests;
    long n_pipelines;
    long n_cursors;
    long n_expect;
    long n_authorization;
    long n_chunked;
    long n_faults;
    size_t largest_body_bytes;
    struct entry log[LOG_SIZE]; /* a ring of the last requests */
};

void stats_init(struct server *server)
{
    server->stats = hrana_alloc(sizeof(*server->stats));
}

void stats_free(struct server *server)
{
    free(server->stats);
}

void stats_clear(struct server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    *server->stats = (struct stats){0};
    (void)pthread_mutex_unlock(&server->lock);
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);

    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

void stats_note(struct server *server, const struct seen *seen)
{
    struct stats *stats = server->stats;
    struct entry *entry;

    (void)pthread_mutex_lock(&server->lock);
    entry = &stats->log[stats->n_requests++ % LOG_SIZE];
    (void)snprintf(entry->path, sizeof(entry->path), "%.8s %.50s", seen->method, seen->path);
    entry->body_bytes = seen->body_bytes;
    entry->has_baton = seen->has_baton;
    entry->has_fault = seen->has_fault;
    stats->n_pipelines += ends_with(seen->path, "/pipeline");
    stats->n_cursors += ends_with(seen->path, "/cursor");
    stats->n_expect += seen->has_expect;
    stats->n_authorization += seen->has_authorization;
    stats->n_chunked += seen->is_chunked;
    stats->n_faults += seen->has_fault;
    if (seen->body_bytes > stats->largest_body_bytes)
        stats->largest_body_bytes = seen->body_bytes;
    (void)pthread_mutex_unlock(&server->lock);
}

void stats_note_connection(struct server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    server->stats->n_connections++;
    (void)pthread_mutex_unlock(&server->lock);
}

static void write_log(const struct stats *stats, struct text *out)
{
    long first = stats->n_requests > LOG_SIZE ? stats->n_requests - LOG_SIZE : 0;

    text_str(out, ",\"log\":[");
    for (long i = first; i < stats->n_requests; i++) {
        const struct entry *entry = &stats->log[i % LOG_SIZE];

        text_str(out, i > first ? ",{\"request\":" : "{\"request\":");
        text_json(out, entry->path, strlen(entry->path));
        text_printf(out, ",\"body_bytes\":%zu,\"baton\":%s,\"fault\":%s}", entry->body_bytes,
                    entry->has_baton ? "true" : "false", entry->has_fault ? "true" : "false");
    }
    text_str(out, "]");
}

void stats_write(struct server *server, struct text *out)
{
    const struct stats *stats = server->stats;

    streams_expire(server, false);
    text_printf(out, "{\"open_streams\":%u,\"commits\":%lld", streams_count(server), (long long)server->n_commits);
    (void)pthread_mutex_lock(&server->lock);
    text_printf(out, ",\"connections\":%ld,\"requests\":%ld,\"pipelines\":%ld,\"cursors\":%ld", stats->n_connections,
                stats->n_requests, stats->n_pipelines, stats->n_cursors);
    text_printf(out, ",\"expect\":%ld,\"authorization\":%ld,\"chunked\":%ld,\"faults\":%ld,\"largest_body_bytes\":%zu",
                stats->n_expect, stats->n_authorization, stats->n_chunked, stats->n_faults, stats->largest_body_bytes);
    write_log(stats, out);
    text_str(out, "}");
    (void)pthread_mutex_unlock(&server->lock);
}
