/* What the server saw, so that tests can look at a client's habits: GET /_test/stats. */
#ifndef HRANA_STATS_H
#define HRANA_STATS_H

#include "hrana/server.h"
#include "hrana/text.h"

/* One request as it came in. */
struct seen {
    const char *method;
    const char *path;
    size_t body_bytes;
    bool has_expect;
    bool has_authorization;
    bool is_chunked;
    bool has_baton;
    bool has_fault;
};

void stats_init(struct server *server);
void stats_free(struct server *server);
void stats_clear(struct server *server);
void stats_note(struct server *server, const struct seen *seen);
void stats_note_connection(struct server *server);
/* A JSON object. */
void stats_write(struct server *server, struct text *out);

#endif
