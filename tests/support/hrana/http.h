/* The HTTP side: routes, the collecting of bodies, and all ways in which an answer is sent or not sent. */
#ifndef HRANA_HTTP_H
#define HRANA_HTTP_H

#include "hrana/server.h"

struct MHD_Daemon;

/* Listens on that port of 127.0.0.1, or on a free one when it is 0 (*port then says which); NULL: it can't. */
struct MHD_Daemon *http_start(struct server *server, unsigned *port);
/* The server's is_stopping must be set, so that no thread waits for anything. */
void http_stop(struct MHD_Daemon *daemon);

#endif
