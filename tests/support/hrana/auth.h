/* Tokens: a JWT signed by Ed25519, in the Authorization header. Its claims here: "a" ("ro" or "rw") and "exp". */
#ifndef HRANA_AUTH_H
#define HRANA_AUTH_H

#include "hrana/program.h"

/* The public key, PEM. False: it can't be read. */
bool auth_load_key(struct server *server, const char *file);
void auth_free_key(struct server *server);

/* Who is asking: `header` is the value of Authorization, or NULL. Without a key everybody may do everything. */
bool auth_check(struct server *server, const char *header, struct access *access, struct failure *failure);

#endif
