/*
 * The functions of SQLite's library, as far as engine/sqlitesql calls them, over a session with a server: a sqlite3 is a struct vf_hrana, and a sqlite3_stmt a struct vf_hrana_stmt.
 *
 * A statement is sent at its first step, with all its arguments, and its rows come with the answer. Those of a whole table don't: vf_turso_prepare_rows() makes a statement whose rows are read
 * page by page in the order of the rowid, or from a cursor as they come: where there is no rowid, or no transaction.
 */
#ifndef VF_ENGINE_TURSO_STATEMENT_H
#define VF_ENGINE_TURSO_STATEMENT_H

#include "engine/sqlitesql/conn.h"
#include "engine/turso/hrana.h"

extern const struct vf_sqlite_library vf_turso_library;

/* As the hooks of struct vf_sqlite_conn want them. */
enum vf_status vf_turso_prepare_rows(struct vf_sqlite_conn *conn, struct vf_buf *sql, const char *rowid, int64_t limit,
                                     sqlite3_stmt **stmt, struct vf_error *err) VF_CHECKED;

bool vf_turso_keep_arguments(sqlite3_stmt *stmt);

/*
 * Many rows for one INSERT: a statement that is never run, whose parameters are bound in their order, row by row, and are written where they go: the arguments as JSON, and what stands for each in
 * the VALUES. Rows can be taken back.
 */
struct vf_turso_rows {
    struct vf_hrana_stmt *stmt;
    struct vf_buf arguments; /* with commas between, none at the ends */
    struct vf_buf marks;     /* "?, ?, ?" */
    size_t n_arguments;
};
enum vf_status vf_turso_rows_init(struct vf_turso_rows *rows, struct vf_hrana *db, struct vf_error *err) VF_CHECKED;
void vf_turso_rows_release(struct vf_turso_rows *rows);
sqlite3_stmt *vf_turso_rows_stmt(struct vf_turso_rows *rows); /* for vf_sqlite_bind() */
void vf_turso_rows_clear(struct vf_turso_rows *rows);

#endif
