/* A batch that was read from a request: its statements, found and checked before the first is run, and the conditions of its steps. */
#ifndef HRANA_PROGRAM_H
#define HRANA_PROGRAM_H

#include <jansson.h>

#include "hrana/conn.h"
#include "hrana/sql.h"

struct access {
    bool may_write;
};

struct step {
    struct sql_piece piece;
    const json_t *stmt;      /* borrowed from the request; NULL: no arguments */
    const json_t *condition; /* borrowed; NULL: none */
    bool was_ok;             /* false too when it was skipped */
};

struct program {
    struct step *steps;
    size_t n_steps;
    bool was_stolen; /* all further steps fail */
};

/* The SQL of a statement or request, by itself or by the number under which it was stored. With the connection's lock held. */
const char *program_sql(struct conn *conn, const json_t *stmt, struct failure *failure);
/* One statement, as execute has it: a program of one step. */
bool program_of_statement(struct program *program, struct conn *conn, struct access access, const json_t *stmt,
                          struct failure *failure);
bool program_of_batch(struct program *program, struct conn *conn, struct access access, const json_t *batch,
                      struct failure *failure);
/* Each statement of the text, run when the one before was. */
bool program_of_sequence(struct program *program, struct conn *conn, struct access access, const char *sql,
                         struct failure *failure);
void program_free(struct program *program); /* a zeroed struct is fine */

/* Before step `i`: was the transaction taken away? Then the step fails with `failure`. */
bool program_may_go_on(struct program *program, struct conn *conn, struct failure *failure);
bool program_step_is_wanted(const struct program *program, struct conn *conn, size_t i);

#endif
