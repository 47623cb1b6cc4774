/*
 * DuckDB as a target: what columns and indexes become, the statements that make them, and loading.
 *
 * Keys, unique constraints and foreign keys are part of CREATE TABLE, for DuckDB can't add them later. It checks a foreign key at once and row by row, so that a table can't refer to itself, nor
 * two tables to each other: such keys aren't declared, and are remembered. Texts of a source (checks, expressions, predicates) are never run.
 */
#ifndef VF_ENGINE_DUCKDB_TARGET_H
#define VF_ENGINE_DUCKDB_TARGET_H

#include "engine/duckdb/conn.h"
#include "engine/engine.h"

enum vf_status vf_duckdb_map_column(struct vf_conn *conn, const struct vf_table *table, const struct vf_column *column,
                                    struct vf_arena *arena, struct vf_mapping *mapping,
                                    struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_map_index(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                   struct vf_arena *arena, struct vf_index_mapping *mapping,
                                   struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_preflight(struct vf_conn *conn, const struct vf_schema *wanted,
                                   const struct vf_load_estimate *estimate, struct vf_problem_list *problems,
                                   struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_table_state(struct vf_conn *conn, const char *schema, const char *name, bool *exists,
                                     bool *has_rows, struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_apply(struct vf_conn *conn, const struct vf_step *step, struct vf_error *err) VF_CHECKED;

/* Is the name one of DuckDB's own types, such as "long"? No type can be made under it. */
enum vf_status vf_duckdb_is_own_type(struct vf_duckdb_conn *conn, const char *name, bool *is_own,
                                     struct vf_error *err) VF_CHECKED;

/* Whose index has the name already: another table of the schema. *other: its name, in the arena; NULL: the name is free, or the table's own. */
enum vf_status vf_duckdb_index_of_another(struct vf_duckdb_conn *conn, const struct vf_table *table,
                                          const struct vf_index *index, struct vf_arena *arena, const char **other,
                                          struct vf_error *err) VF_CHECKED;

/* Sequences: made where the source's goes on, since DuckDB can't set one. */
enum vf_status vf_duckdb_make_sequence(struct vf_duckdb_conn *conn, const struct vf_sequence *sequence,
                                       struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_set_sequence(struct vf_duckdb_conn *conn, const struct vf_sequence *sequence,
                                      struct vf_error *err) VF_CHECKED;
/* Append nextval('...') for the column, if a sequence was made for it or is named by its default. false: there is none. */
bool vf_duckdb_write_nextval(struct vf_duckdb_conn *conn, const struct vf_table *table, const struct vf_column *column,
                             struct vf_buf *out);

enum vf_status vf_duckdb_load_open(struct vf_conn *conn, const struct vf_relation *relation, struct vf_load **load,
                                   struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_load_write(struct vf_load *load, const struct vf_batch *batch, struct vf_reject_list *rejects,
                                    struct vf_error *err) VF_CHECKED;
void vf_duckdb_load_close(struct vf_load *load);

#endif
