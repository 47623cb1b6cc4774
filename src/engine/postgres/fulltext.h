/*
 * Full-text search by tsvector: how its expressions are read, and written anew.
 *
 * An expression is one or several to_tsvector('configuration', texts) put together by ||, each with a weight by setweight() or without; the texts are columns, bare or in coalesce(column, ''),
 * put together by || with a literal between. Everything else isn't understood, and is only named. The text of the source is never run: what was read is written anew from struct vf_fulltext.
 */
#ifndef VF_ENGINE_POSTGRES_FULLTEXT_H
#define VF_ENGINE_POSTGRES_FULLTEXT_H

#include "engine/postgres/conn.h"

/* Read the expression of an index or a generated column, as pg_get_expr() writes it. *understood false: it isn't of the form. VF_NOMEM alone is an error. */
enum vf_status vf_pg_fulltext_parse(const char *text, const struct vf_table *table, struct vf_arena *arena,
                                    struct vf_key_part **parts, struct vf_fulltext *fulltext, bool *understood,
                                    struct vf_error *err) VF_CHECKED;
/* An index that was read, made a full-text index where it is one; and full-text indexes of generated columns that have none. */
enum vf_status vf_pg_fulltext_recognise(struct vf_schema *schema, struct vf_error *err) VF_CHECKED;

/* What takes the place of a NULL, as a text: it has no words. */
const char *vf_pg_fulltext_empty(const struct vf_column *column);
/* The expression that gives the tsvector of a row, without looking at a column that holds it. */
void vf_pg_fulltext_write(const struct vf_table *table, const struct vf_index *index, struct vf_buf *out);
/* The column of the full-text index for CREATE TABLE. */
void vf_pg_fulltext_write_column(const struct vf_table *table, const struct vf_index *index, struct vf_buf *out);

/* `mapping->index` is translated (vf_conn_map_index()). */
enum vf_status vf_pg_map_fulltext(struct vf_pg_conn *conn, const struct vf_table *table, struct vf_arena *arena,
                                  struct vf_index_mapping *mapping, struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_text_match(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                const char *word, struct vf_buf *out, struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_text_check(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                struct vf_arena *arena, struct vf_text_state *state, struct vf_error *err) VF_CHECKED;

#endif
