/*
 * What can be known of an SQL text without a database: where its statements end, of which kind each is, and whether the server
 * refuses it. Refused are statements that are bound to a connection or change the file as a whole.
 */
#ifndef HRANA_SQL_H
#define HRANA_SQL_H

#include <stdbool.h>
#include <stddef.h>

enum sql_kind {
    SQL_READ,
    SQL_WRITE,
    SQL_REFUSED,
};

struct sql_piece {
    const char *text; /* borrowed from the whole text */
    size_t size;
    enum sql_kind kind;
    bool changes_rows; /* INSERT, UPDATE or DELETE */
    bool is_insert;
};

/* The next statement at `*at`, which moves behind it; false: there is no more. Empty statements are passed over. */
bool sql_next(const char **at, struct sql_piece *piece);

#endif
