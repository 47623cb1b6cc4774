/*
 * The catalogue of a DuckDB file as a schema.
 *
 * Tables are given in the order in which they were made. vecferry's own are left out, and so are those that the full-text extension made (schemas fts_*), which are an index of
 * their table; views, macros and whatever else isn't moved are named under "others".
 */
#ifndef VF_ENGINE_DUCKDB_INSPECT_H
#define VF_ENGINE_DUCKDB_INSPECT_H

#include "engine/duckdb/conn.h"
#include "engine/engine.h"

enum vf_status vf_duckdb_inspect(struct vf_conn *conn, const struct vf_inspect_options *options,
                                 struct vf_schema *schema, struct vf_error *err) VF_CHECKED;

/* One table, with its columns, keys, foreign keys and indexes as they are declared; schema->n_tables is 0 when there is none. Foreign keys have the parent's schema. */
enum vf_status vf_duckdb_inspect_one(struct vf_duckdb_conn *conn, const char *schema_name, const char *name,
                                     struct vf_schema *schema, struct vf_error *err) VF_CHECKED;

/* The parts of it: keys, unique constraints, foreign keys and checks; indexes; sequences and the rest; what the values say. */
enum vf_status vf_duckdb_inspect_keys(struct vf_duckdb_conn *conn, struct vf_schema *schema,
                                      struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_inspect_indexes(struct vf_duckdb_conn *conn, struct vf_schema *schema,
                                         struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_inspect_objects(struct vf_duckdb_conn *conn, struct vf_schema *schema,
                                         struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_inspect_values(struct vf_duckdb_conn *conn, const struct vf_inspect_options *options,
                                        struct vf_schema *schema, struct vf_error *err) VF_CHECKED;

/* "(a, "b c", (d + 1))" behind *at: the next part between commas as it stands there, in the arena; NULL at the end. */
const char *vf_duckdb_next_part(const char **at, struct vf_arena *arena);
/* A part that is a name, quoted or not, without its quotes; NULL: it is an expression. */
const char *vf_duckdb_part_name(const char *part, struct vf_arena *arena);

/* Next value of a sequence, from its CREATE SEQUENCE as DuckDB writes it: the only place where it is right also after the file was opened anew. */
bool vf_duckdb_sequence_next(const char *sql, int64_t *next);

/* A name as nextval() takes it, "a"."b" or a.b: its last part, and the one before it (NULL: none), in the arena. false: no name, or no memory. */
bool vf_duckdb_split_name(const char *text, struct vf_arena *arena, const char **schema, const char **name);

/* "nextval('a.b')", as DuckDB writes a default: the name in it, in the arena; NULL: it is something else. */
const char *vf_duckdb_nextval_name(const char *text, struct vf_arena *arena);

#endif
