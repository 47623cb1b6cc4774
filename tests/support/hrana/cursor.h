/*
 * POST /v3/cursor: the steps of one batch, answered line by line while they are run, so that an answer of any size needs little memory.
 *
 * The stream is free for the next request as soon as the answer begins, as in sqld: such a request waits until the cursor has ended, and a
 * stream whose cursor is read for longer than the idle time has expired when it ends.
 */
#ifndef HRANA_CURSOR_H
#define HRANA_CURSOR_H

#include "hrana/program.h"
#include "hrana/text.h"

struct cursor;

/* NULL: `failure` is the answer. The connection stays locked, by this thread, until cursor_free(). */
struct cursor *cursor_open(struct server *server, struct access access, const struct text *body,
                           struct failure *failure);
/* Add some lines; false: there are no more, or (`*broken`) the answer has to be cut here. */
bool cursor_more(struct cursor *cursor, struct text *out, bool *broken);
void cursor_free(struct cursor *cursor); /* NULL is fine */

#endif
