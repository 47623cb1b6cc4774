/*
 * Where to cut a table without rowid: at values of its primary key.
 *
 * A bound is the key of the first row of a chunk, as text: its values in the order of the key, separated by commas, each as a letter and what follows: "i" with decimal digits, "r" with 17
 * digits of a float, "t" and "b" with the bytes of a text or a blob in hexadecimal. What is read back is bound to a statement and never becomes SQL.
 *
 * Both sides of a cut compare with the same values by the same rules, so that each row is in exactly one chunk, whatever the collation of the columns is.
 */
#ifndef VF_ENGINE_SQLITESQL_SPLIT_KEY_H
#define VF_ENGINE_SQLITESQL_SPLIT_KEY_H

#include "engine/engine.h"
#include "engine/sqlitesql/conn.h"

/* The columns of the primary key, quoted and separated by commas, in the key's order. */
enum vf_status vf_sqlite_key_names(struct vf_sqlite_conn *conn, const char *table, struct vf_buf *names,
                                   size_t *n_names, struct vf_error *err) VF_CHECKED;

/* Walks over the keys once, and cuts at every n-th, so that the list has its number of chunks; fewer, when there are fewer rows. */
enum vf_status vf_sqlite_cut_by_key(struct vf_sqlite_conn *conn, const char *table, int64_t n_rows,
                                    struct vf_chunk_list *list, struct vf_error *err) VF_CHECKED;

/* Appends " AND (names) <sign> (?first, ...)". */
void vf_sqlite_write_key_bound(const struct vf_buf *names, size_t n_names, const char *sign, size_t first,
                               struct vf_buf *sql);

/* Binds the values of a bound to the parameters from `first` on. VF_STATE: it is no bound of such a key. */
enum vf_status vf_sqlite_bind_key_bound(struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, size_t n_names,
                                        const char *bound, size_t first, struct vf_error *err) VF_CHECKED;

#endif
