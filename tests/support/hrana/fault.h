/*
 * Misbehaviour on command, always the same: POST /_test/fault with
 *
 *   {"match": WHAT, "do": HOW, "nth": 1, "times": 1, ...}
 *
 * WHAT is `any`, `pipeline`, `cursor`, `commit` (a request that holds this word), or any other text that the body of a request holds. The
 * nth such request from now on is answered in another way, and so are those after it until `times` were (0: for ever).
 *
 *   slow         the answer comes after `delay_ms` (1000)
 *   drip         the answer comes byte by byte, one each `delay_ms`
 *   cut          the answer breaks off after `at` bytes (the half of a pipeline's, 2000 of a cursor's): the connection is lost
 *   truncate     the same, but as if it were whole: for a cursor behind a complete line
 *   wrong_json   200 and something that only begins as JSON
 *   html         200 and a page
 *   endless      200 and an answer that never ends
 *   lose_reply   the request is run, and the connection is closed instead of an answer
 *   reset        the connection is reset, nothing was run
 *   expire       before the request, every idle stream expires
 *   steal        before the request, every idle write transaction is rolled back
 *   redirect     302 to `location`
 *   echo         400 and a text that holds the value of the header Authorization
 *   400 .. 599   this status with a page, and with the header Retry-After when `retry_after` is given
 *
 * "execute": true runs the request before an answer that would otherwise be given without.
 */
#ifndef HRANA_FAULT_H
#define HRANA_FAULT_H

#include "hrana/server.h"
#include "hrana/text.h"

enum fault_action {
    FAULT_NONE,
    FAULT_SLOW,
    FAULT_DRIP,
    FAULT_CUT,
    FAULT_TRUNCATE,
    FAULT_WRONG_JSON,
    FAULT_HTML,
    FAULT_ENDLESS,
    FAULT_LOSE_REPLY,
    FAULT_RESET,
    FAULT_EXPIRE,
    FAULT_STEAL,
    FAULT_REDIRECT,
    FAULT_ECHO,
    FAULT_STATUS,
};

struct fault {
    enum fault_action action;
    char match[200];
    unsigned status;
    long nth;
    long times;
    long n_seen;
    int64_t delay_ms;
    int64_t at_bytes; /* 0: as said above */
    bool executes;    /* the request is run all the same */
    char retry_after[64];
    char location[200];
    struct fault *next;
};

/* False: `why` says what is wrong with it. */
bool fault_add(struct server *server, const struct text *json, const char **why);
void faults_clear(struct server *server);
/* The one that this request fires, or one of FAULT_NONE. */
struct fault fault_pick(struct server *server, const char *path, const struct text *body);

#endif
