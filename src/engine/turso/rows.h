/*
 * Rows of a statement, as they come from a server: with the answer, from a cursor line by line, or page by page.
 */
#ifndef VF_ENGINE_TURSO_ROWS_H
#define VF_ENGINE_TURSO_ROWS_H

#include "engine/turso/statement.h"

/* Sets of arguments for one statement, which go to the server together: a step each. */
#define VF_HRANA_MAX_SETS      200
#define VF_HRANA_MAX_SET_BYTES ((size_t)1 << 20)

struct vf_hrana_sets {
    size_t n;
    size_t ends[VF_HRANA_MAX_SETS]; /* of each set's arguments, as JSON */
    struct vf_buf arguments;
    size_t n_taken;                            /* whose rows were given */
    size_t n_answered;                         /* whose results are in the answer, or were */
    struct vf_json results[VF_HRANA_MAX_SETS]; /* in the statement's answer */
};

enum vf_hrana_source {
    VF_HRANA_ANSWER,
    VF_HRANA_CURSOR,
    VF_HRANA_PAGES, /* column 0 is the rowid, and the text of the statement ends where " AND ..." can follow its WHERE */
};

struct vf_hrana_cell {
    int type;                /* SQLITE_INTEGER, ... */
    struct vf_json_text raw; /* digits, text or base64, in the answer */
    bool is_decoded;
    struct vf_buf decoded; /* room is kept from row to row */
};

struct vf_hrana_stmt {
    struct vf_hrana *db;
    char *sql;
    size_t sql_bytes;
    size_t n_arguments;
    struct vf_buf *arguments;   /* each as JSON; empty: NULL */
    struct vf_turso_rows *into; /* where arguments go instead */
    struct vf_hrana_sets *sets; /* kept by vf_turso_keep_arguments(), or NULL */
    enum vf_hrana_source source;
    const char *rowid; /* of pages */
    bool by_cursor;    /* pages: each is a cursor's answer, taken whole */
    bool has_last;
    int64_t last;                 /* rowid of the current row */
    int64_t page_rows, n_in_page; /* rows that were asked for, and given */
    int64_t next_rows;            /* to ask for in the page after it */
    int64_t sent_us, took_us;     /* when a page was asked for last, and how long the one that is read took */
    int64_t limit, n_given;       /* rows in all; 0: no limit */
    bool is_run, is_done;
    struct vf_buf answer;
    size_t at_bytes;     /* of a cursor's answer: lines before it were taken */
    struct vf_json rows; /* of an answer or page: in its array */
    bool is_first;
    bool has_ended; /* a cursor's step_end was seen */
    size_t n_cells, cap_cells;
    struct vf_hrana_cell *cells;
};

/* SQLITE_ROW, SQLITE_DONE, or the code of a failure. The row's bytes are valid until the next one. */
int vf_hrana_rows_next(struct vf_hrana_stmt *stmt);
/* Back to before the first step. */
void vf_hrana_rows_end(struct vf_hrana_stmt *stmt);

/* Of a result: where its rows are, and how many were changed. */
bool vf_hrana_open_result(struct vf_json result, struct vf_json *rows, int64_t *n_changed);
/* The number in the only value of a result; it stays as it is if there is none. */
void vf_hrana_take_number(struct vf_hrana_stmt *stmt, struct vf_json result, int64_t *value);
/* The first value of a row, which is an integer. */
bool vf_hrana_first_integer(struct vf_json row, int64_t *value);
/* The text in the only value of a step of the last request, cut to fit; empty: it has none. false: the step failed, and the session says why. */
bool vf_hrana_answer_text(struct vf_hrana *db, size_t step, char *out, size_t out_bytes);
/* The session's answer becomes the statement's. */
void vf_hrana_swap_answer(struct vf_hrana_stmt *stmt);
/* The next row of an answer that came whole, and of a cursor; *row: there is one. */
bool vf_hrana_next_of_answer(struct vf_hrana_stmt *stmt, bool *row);
bool vf_hrana_next_of_cursor(struct vf_hrana_stmt *stmt, bool *row);
/* A cursor's next line, which stays where it is until the one after it is asked for. *line at NULL: there are no more. */
bool vf_hrana_next_line(struct vf_hrana_stmt *stmt, struct vf_json *line);

struct vf_hrana_stmt *vf_hrana_stmt_new(struct vf_hrana *db, const char *sql, size_t sql_bytes); /* NULL: no memory */
void vf_hrana_stmt_write_arguments(const struct vf_hrana_stmt *stmt, struct vf_buf *out);

/* sqlite3_table_column_metadata(): from the text of CREATE TABLE. Texts are valid until the next call. */
int vf_turso_column_metadata(sqlite3 *db, const char *schema, const char *table, const char *column, const char **type,
                             const char **collation, int *not_null, int *is_key, int *is_autoincrement);

#endif
