/*
 * The shape of a request: everything is checked before anything is run, as the server's own decoder does. What is refused is answered
 * with 400 and a plain text.
 *
 * The decoder reads integers and base64 as strings that lie unchanged in the request. So a JSON escape in one of them, even a harmless
 * `\/`, and an integer that is a JSON number, are errors: "expected a borrowed string".
 */
#ifndef HRANA_CHECK_H
#define HRANA_CHECK_H

#include <jansson.h>

#include "hrana/text.h"
#include "hrana/server.h"

/* The parsed request, which the caller releases by json_decref(); NULL: `failure` says why. */
json_t *check_pipeline(const struct text *body, struct failure *failure);
json_t *check_cursor(const struct text *body, struct failure *failure);

#endif
