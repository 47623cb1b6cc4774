/*
 * One statement on its way: prepared, bound, stepped row by row. Both kinds of answers are made with it, those that are sent when
 * they are whole (execute, batch) and those that are sent row by row (cursor).
 */
#ifndef HRANA_RUN_H
#define HRANA_RUN_H

#include <jansson.h>

#include "hrana/conn.h"
#include "hrana/sql.h"
#include "hrana/text.h"

enum run_state {
    RUN_ROW,
    RUN_DONE,
    RUN_FAILED,
};

struct run {
    struct conn *conn;
    sqlite3_stmt *stmt;
    struct sql_piece piece;
    int64_t *left_bytes; /* of the answer; NULL: no limit */
    bool has_row;
    int64_t began_ms;
    int64_t affected_rows; /* these are known once it is done */
    int64_t rowid;
    int64_t rows_read;
    int64_t rows_written;
};

/* `stmt` (borrowed for the life of the run) is Hrana's, or NULL for a statement without arguments. Closed by run_close() in any case. */
bool run_open(struct run *run, struct conn *conn, const struct sql_piece *piece, const json_t *stmt,
              struct failure *failure);
/* Add the descriptions of the columns, as a JSON array. */
bool run_columns(struct run *run, struct text *text, struct failure *failure);
/* Add the values of the next row, as a JSON array. */
enum run_state run_row(struct run *run, struct text *text, struct failure *failure);
void run_close(struct run *run);

/* Would the text be refused already by a parser? For all statements of a batch, before the first one is run. */
bool run_check(struct server *server, const struct sql_piece *piece, struct failure *failure);

/* The whole result of a statement, as JSON. */
bool run_result(struct conn *conn, const struct sql_piece *piece, const json_t *stmt, int64_t *left_bytes,
                struct text *text, struct failure *failure);

/* {"message":...,"code":...} */
void text_failure(struct text *text, const struct failure *failure);

#endif
