/*
 * How large a table is, and where to cut it.
 *
 * Bounds are rowids as decimal texts, chunk ids for a vec0 table, and values of the key (split_key.h) for a table without rowid. A table whose every name for the rowid is taken by a
 * column is one chunk. Cuts are at equal numbers of rows, also where rowids are sparse; nothing is read by OFFSET. The generation is empty where the bounds are values of the table; else
 * it is the schema's version, which VACUUM changes when it numbers rows anew.
 */
#ifndef VF_ENGINE_SQLITESQL_SPLIT_H
#define VF_ENGINE_SQLITESQL_SPLIT_H

#include "engine/engine.h"
#include "engine/sqlitesql/conn.h"

struct vf_sqlite_size {
    int64_t n_rows;
    int64_t size_bytes; /* by a sample of rows; 0: no rows */
};

/* Counts every row (of the table itself, never by an index), and weighs a few. */
enum vf_status vf_sqlite_measure(struct vf_sqlite_conn *conn, const char *table, enum vf_table_kind kind,
                                 struct vf_sqlite_size *size, struct vf_error *err) VF_CHECKED;

/* What it asks a server about an ordinary table: count and keys, and the first rows. */
enum vf_status vf_sqlite_write_measure(struct vf_sqlite_conn *conn, const char *table, struct vf_buf *keys_sql,
                                       struct vf_buf *head_sql, struct vf_error *err) VF_CHECKED;

/* Is it a table WITHOUT ROWID? */
enum vf_status vf_sqlite_is_without_rowid(struct vf_sqlite_conn *conn, const char *table, bool *without,
                                          struct vf_error *err) VF_CHECKED;

/* "rowid", "_rowid_" or "oid", whichever no column is called; NULL: the table has none. *is_column: an INTEGER PRIMARY KEY is the rowid. */
enum vf_status vf_sqlite_rowid_name(struct vf_sqlite_conn *conn, const char *table, const char **name, bool *is_column,
                                    struct vf_error *err) VF_CHECKED;

enum vf_status vf_sqlite_split(struct vf_conn *conn, const struct vf_relation *relation, uint64_t target_bytes,
                               struct vf_chunk_list *chunks, struct vf_error *err) VF_CHECKED;

#endif
