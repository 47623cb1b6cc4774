/*
 * FTS5: how its tables are read, made and asked.
 *
 * An FTS5 table with texts of its own is a table of the user's: its rows, with their rowid, travel as those of a table, and its index as a full-text index of that. One beside a table
 * (content=) is a full-text index of it, with the triggers that keep it in step. Of one without content nothing can be read back.
 */
#ifndef VF_ENGINE_SQLITESQL_FULLTEXT_H
#define VF_ENGINE_SQLITESQL_FULLTEXT_H

#include "engine/sqlitesql/conn.h"

#define VF_FTS5_ROWID "rowid" /* the column that an FTS5 table with texts of its own is given for its rowid */

/* What the text of CREATE VIRTUAL TABLE says. */
struct vf_fts5_declaration {
    size_t n_columns;
    const char **columns;
    bool *unindexed;
    bool has_content;    /* content= is there */
    const char *content; /* "": there is none */
    const char *content_rowid;
    const char *tokenizer, *prefix, *detail;
    bool has_other; /* an option that isn't known here */
};

/* In the arena. *understood false: it isn't a CREATE VIRTUAL TABLE ... USING fts5(...). */
enum vf_status vf_fts5_parse(const char *sql, struct vf_arena *arena, struct vf_fts5_declaration *declaration,
                             bool *understood, struct vf_error *err) VF_CHECKED;

enum vf_fts5_event {
    VF_FTS5_NO_TRIGGER, /* of an index: it does something else, too */
    VF_FTS5_ON_INSERT,
    VF_FTS5_ON_DELETE,
    VF_FTS5_ON_UPDATE,
};

/* Is this the text of a trigger that does nothing but write to the FTS5 table of that name? */
enum vf_fts5_event vf_fts5_trigger_event(const char *sql, const char *index);

/* A virtual table of fts5: *why NULL: it became a table, or will be an index of one (vf_sqlite_add_fulltext()); else the reason why it can't, in the arena. */
enum vf_status vf_sqlite_add_fts5(struct vf_sqlite_conn *conn, struct vf_schema *schema, const char *name,
                                  const char *sql, bool *is_index, const char **why, struct vf_error *err) VF_CHECKED;
/* The index that the FTS5 table is, added to its table; *why as above. */
enum vf_status vf_sqlite_add_fulltext(struct vf_sqlite_conn *conn, struct vf_schema *schema, const char *name,
                                      const char *sql, const char **why, struct vf_error *err) VF_CHECKED;

/* `mapping->index` is translated (vf_conn_map_index()). */
enum vf_status vf_sqlite_map_fulltext(struct vf_sqlite_conn *conn, const struct vf_table *table, struct vf_arena *arena,
                                      struct vf_index_mapping *mapping, struct vf_error *err) VF_CHECKED;
/* The index of a table that is made as an FTS5 table itself; NULL: it is made as any other. */
const struct vf_index *vf_sqlite_own_fulltext(const struct vf_table *table);
/* CREATE VIRTUAL TABLE of the index, complete. */
void vf_sqlite_write_fts5(const struct vf_table *table, const struct vf_index *index, struct vf_buf *sql);
/* Make and fill the index, all or nothing, unless it is there. */
enum vf_status vf_sqlite_make_fulltext(struct vf_sqlite_conn *conn, const struct vf_table *table,
                                       const struct vf_index *index, struct vf_error *err) VF_CHECKED;
/* Before the table: the FTS5 tables beside it, which would stay behind without it. */
enum vf_status vf_sqlite_drop_fulltext(struct vf_sqlite_conn *conn, const struct vf_table *table,
                                       struct vf_error *err) VF_CHECKED;

enum vf_status vf_sqlite_text_match(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                    const char *word, struct vf_buf *out, struct vf_error *err) VF_CHECKED;
enum vf_status vf_sqlite_text_check(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                    struct vf_arena *arena, struct vf_text_state *state,
                                    struct vf_error *err) VF_CHECKED;

#endif
