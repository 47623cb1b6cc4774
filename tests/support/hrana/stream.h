/*
 * Streams: a connection that a client goes on with by a baton.
 *
 * A baton is base64 of stream number, sequence number and their HMAC: 64 characters that can't be made up. Each is good for one request.
 */
#ifndef HRANA_STREAM_H
#define HRANA_STREAM_H

#include "hrana/conn.h"

#define HRANA_BATON_SIZE 65 /* with its NUL */

struct stream;

/* A new stream without a baton (NULL), or the one that it belongs to. NULL on failure. Give it back by release or close. */
struct stream *stream_acquire(struct server *server, const char *baton, struct failure *failure);
/* NULL after a close request. */
struct conn *stream_conn(struct stream *stream);
/* A close request: the connection is let go, the stream itself at its release. */
void stream_close_conn(struct stream *stream);
/* Ready for the next request, which needs `baton`; false: it was closed, and there is no baton. */
bool stream_release(struct server *server, struct stream *stream, char baton[HRANA_BATON_SIZE]);
/* After a protocol error. */
void stream_drop(struct server *server, struct stream *stream);

/* Expire what was idle for too long, or all that is idle. */
void streams_expire(struct server *server, bool all);
/* How many are open, expired ones not counted. */
unsigned streams_count(struct server *server);
void streams_free(struct server *server);

#endif
