/*
 * SQLite as a target: what columns and indexes become, the statements that make them, and loading.
 *
 * Keys, unique constraints and foreign keys are part of CREATE TABLE, for SQLite can't add them later. A single integer primary key is written INTEGER PRIMARY KEY, so that it is the rowid;
 * with AUTOINCREMENT only where the source is SQLite and had it: counting on from max + 1, which SQLite does anyway, is what other identities and sequences ask for, and the word costs a
 * write to sqlite_sequence a row. Texts of a source (checks, expressions, predicates) are never run: a check isn't declared, and a predicate only if it is of the simplest form.
 */
#ifndef VF_ENGINE_SQLITESQL_TARGET_H
#define VF_ENGINE_SQLITESQL_TARGET_H

#include "engine/engine.h"
#include "engine/sqlitesql/conn.h"

enum vf_status vf_sqlite_map_column(struct vf_conn *conn, const struct vf_table *table, const struct vf_column *column,
                                    struct vf_arena *arena, struct vf_mapping *mapping,
                                    struct vf_error *err) VF_CHECKED;
enum vf_status vf_sqlite_map_index(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                   struct vf_arena *arena, struct vf_index_mapping *mapping,
                                   struct vf_error *err) VF_CHECKED;
/* Names of tables that the dialect keeps for itself: a part of preflight. */
enum vf_status vf_sqlite_check_names(const struct vf_schema *wanted, struct vf_problem_list *problems,
                                     struct vf_error *err) VF_CHECKED;
enum vf_status vf_sqlite_table_state(struct vf_conn *conn, const char *schema, const char *name, bool *exists,
                                     bool *has_rows, struct vf_error *err) VF_CHECKED;
enum vf_status vf_sqlite_apply(struct vf_conn *conn, const struct vf_step *step, struct vf_error *err) VF_CHECKED;

/* The name of a collation that every SQLite has, in its own writing; NULL for all others. */
const char *vf_sqlite_collation(const char *collation);

/* The column is the rowid of the table: its only key column, NOT NULL, of a whole-number kind, declared INTEGER. */
bool vf_sqlite_is_rowid(const struct vf_table *table, size_t column);

/* Append an expression of the table; `column`: the one that is computed, or whose default it is, or NULL. */
enum vf_status vf_sqlite_write_expression(const struct vf_table *table, const struct vf_column *column,
                                          const struct vf_expr *expr, bool is_default, struct vf_buf *out,
                                          struct vf_error *err) VF_CHECKED;

enum vf_status vf_sqlite_begin(struct vf_conn *conn, struct vf_error *err) VF_CHECKED;
enum vf_status vf_sqlite_commit(struct vf_conn *conn, struct vf_error *err) VF_CHECKED;
void vf_sqlite_rollback(struct vf_conn *conn);
enum vf_status vf_sqlite_load_open(struct vf_conn *conn, const struct vf_relation *relation, struct vf_load **load,
                                   struct vf_error *err) VF_CHECKED;
enum vf_status vf_sqlite_load_write(struct vf_load *load, const struct vf_batch *batch, struct vf_reject_list *rejects,
                                    struct vf_error *err) VF_CHECKED;
void vf_sqlite_load_close(struct vf_load *load);

/* The parts of loading. "INSERT OR ABORT INTO t (a, b) VALUES ": what follows are the values; without fields it is complete. */
void vf_sqlite_write_insert(const struct vf_relation *relation, struct vf_buf *sql);
/* "UNIQUE constraint failed: t.id": the column's index when the message names exactly one that is loaded, else n_fields. */
size_t vf_sqlite_column_of_message(const struct vf_relation *relation, const char *message);
/* Put a row that the database refused on the list; `column` as the function above gives it. */
enum vf_status vf_sqlite_refuse_row(const struct vf_relation *relation, const struct vf_batch *batch, int64_t row,
                                    size_t column, const struct vf_error *why, struct vf_reject_list *rejects,
                                    struct vf_error *err) VF_CHECKED;

#endif
