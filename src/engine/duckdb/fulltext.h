/*
 * Full-text search by DuckDB's extension fts: how its indexes are recognised, made and asked.
 *
 * An index of table s.t is a schema fts_s_t of ordinary tables (docs, terms, dict, ...) and two macros, whose texts are all that says which stemmer it has and what ends a word. It is never copied,
 * and never kept in step by DuckDB. Reading it needs no extension; making and searching it does.
 */
#ifndef VF_ENGINE_DUCKDB_FULLTEXT_H
#define VF_ENGINE_DUCKDB_FULLTEXT_H

#include "engine/duckdb/conn.h"

/* Conditions on the schema and the name of a table or a macro: it is a part of such an index. A schema of the user's may be called fts_something, too. */
#define VF_DUCKDB_FULLTEXT_TABLES "('docs', 'dict', 'terms', 'fields', 'stats', 'stopwords')"
#define VF_DUCKDB_FULLTEXT_SCHEMAS                                                                                     \
    "(SELECT schema_name FROM duckdb_tables() WHERE database_name = '" VF_DUCKDB_CATALOG                               \
    "' AND starts_with(schema_name, 'fts_') AND table_name IN " VF_DUCKDB_FULLTEXT_TABLES                              \
    " GROUP BY schema_name HAVING count(*) = 6)"

/* The full-text indexes of the tables, keys and columns of which are there. One without its table, or of columns that are gone, is named. */
enum vf_status vf_duckdb_add_fulltext(struct vf_duckdb_conn *conn, struct vf_schema *schema,
                                      struct vf_error *err) VF_CHECKED;
/* The stemmer, the pattern of what ends a word, and whether accents are taken off, from the texts of the two macros; texts in the arena. false: no memory. */
bool vf_duckdb_read_macros(const char *tokenize, const char *match, struct vf_arena *arena,
                           struct vf_fulltext *fulltext);

/* `mapping->index` is translated (vf_conn_map_index()). */
enum vf_status vf_duckdb_map_fulltext(struct vf_duckdb_conn *conn, const struct vf_table *table, struct vf_arena *arena,
                                      struct vf_index_mapping *mapping, struct vf_error *err) VF_CHECKED;
/* Built anew from the rows that are there, all or nothing. */
enum vf_status vf_duckdb_make_fulltext(struct vf_duckdb_conn *conn, const struct vf_table *table,
                                       const struct vf_index *index, struct vf_error *err) VF_CHECKED;
/* With the table: its index would stay behind. */
enum vf_status vf_duckdb_drop_fulltext(struct vf_duckdb_conn *conn, const struct vf_table *table,
                                       struct vf_error *err) VF_CHECKED;

enum vf_status vf_duckdb_text_match(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                    const char *word, struct vf_buf *out, struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_text_check(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                    struct vf_arena *arena, struct vf_text_state *state,
                                    struct vf_error *err) VF_CHECKED;

#endif
