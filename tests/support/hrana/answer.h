/* An answer on its way to MHD: whole in memory, or read from a cursor; and spoilt as a fault wants it. */
#ifndef HRANA_ANSWER_H
#define HRANA_ANSWER_H

#include "hrana/cursor.h"
#include "hrana/fault.h"

struct MHD_Connection;

struct answer {
    unsigned status;
    const char *type;
    struct text body;
    struct cursor *cursor; /* instead of the body */
};

void answer_text(struct answer *answer, unsigned status, const char *type, const char *text);
void answer_failure(struct answer *answer, const struct failure *failure);
/* Send it (false: the connection must be closed) and take what it holds. */
bool answer_send(struct server *server, struct MHD_Connection *connection, struct answer *answer,
                 const struct fault *fault);

#endif
