/* The arguments of a Hrana statement, bound to a prepared one: by position, or by name with or without its sign. */
#ifndef HRANA_BIND_H
#define HRANA_BIND_H

#include <jansson.h>

#include "hrana/conn.h"

/* `proto` was checked to have the shape of a statement. */
bool bind_arguments(struct conn *conn, sqlite3_stmt *stmt, const json_t *proto, struct failure *failure);

#endif
