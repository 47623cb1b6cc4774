/*
 * PostgreSQL as a target: what columns and indexes become here, and making them.
 *
 * No text of the source is ever run: types are taken apart and written anew (types.h), and so are defaults, checks and the expressions of columns and indexes, by way of the model
 * (model/expression.h).
 */
#ifndef VF_ENGINE_POSTGRES_TARGET_H
#define VF_ENGINE_POSTGRES_TARGET_H

#include "engine/postgres/conn.h"

enum vf_status vf_pg_map_column(struct vf_conn *conn, const struct vf_table *table, const struct vf_column *column,
                                struct vf_arena *arena, struct vf_mapping *mapping, struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_map_index(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                               struct vf_arena *arena, struct vf_index_mapping *mapping,
                               struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_preflight(struct vf_conn *conn, const struct vf_schema *wanted,
                               const struct vf_load_estimate *estimate, struct vf_problem_list *problems,
                               struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_table_state(struct vf_conn *conn, const char *schema, const char *name, bool *exists,
                                 bool *has_rows, struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_apply(struct vf_conn *conn, const struct vf_step *step, struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_watch(struct vf_conn *conn, const char *session, struct vf_step_progress *progress,
                           struct vf_error *err) VF_CHECKED; /* ddl_index.c */

/* Steps of vf_pg_apply() that have a file of their own. */
enum vf_status vf_pg_make_index(struct vf_pg_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_make_sequence(struct vf_pg_conn *conn, const struct vf_sequence *sequence,
                                   struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_set_sequence(struct vf_pg_conn *conn, const struct vf_sequence *sequence,
                                  struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_make_user_type(struct vf_pg_conn *conn, const struct vf_user_type *type,
                                    struct vf_error *err) VF_CHECKED;

/* Which pgvector is installed, or can be; asked once. */
enum vf_status vf_pg_ask_vector(struct vf_pg_conn *conn, struct vf_pg_vector *vector, struct vf_error *err) VF_CHECKED;
/* A type's name for a statement. VF_USAGE: it isn't a type name as PostgreSQL writes it. */
enum vf_status vf_pg_write_type(const struct vf_pg_conn *conn, const char *native, struct vf_buf *out,
                                struct vf_error *err) VF_CHECKED;
/* Append an expression of the table; `column`: the one that is computed, or whose default it is, or NULL. */
enum vf_status vf_pg_write_expression(const struct vf_table *table, const struct vf_column *column,
                                      const struct vf_expr *expr, bool is_default, struct vf_buf *out,
                                      struct vf_error *err) VF_CHECKED;
/* Names of keys where the source has none: what PostgreSQL itself would take. `out` has 64 bytes. */
void vf_pg_key_name(const struct vf_table *table, const int *columns, size_t n_columns, const char *ending,
                    char out[64]);

/* ddl_partitions.c: " PARTITION BY ..." or nothing. */
void vf_pg_write_partition_by(const struct vf_table *table, const struct vf_partition_by *by, struct vf_buf *sql);
/* The partitions of a table that is there, and its parents; what is there is left. */
enum vf_status vf_pg_make_lineage(struct vf_pg_conn *conn, const struct vf_table *table,
                                  struct vf_error *err) VF_CHECKED;
/* Tables that inherit from this one don't any more, so that it can be dropped alone. */
enum vf_status vf_pg_leave_children(struct vf_pg_conn *conn, const struct vf_table *table,
                                    struct vf_error *err) VF_CHECKED;

#endif
