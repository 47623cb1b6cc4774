/*
 * Reading rows: from a statement straight into the batch's columns.
 *
 * A value that the field's type can't hold puts its row on the batch's list of rejects with the column, the reason and the original bytes, and reading goes on.
 */
#ifndef VF_ENGINE_SQLITESQL_SCAN_H
#define VF_ENGINE_SQLITESQL_SCAN_H

#include "engine/engine.h"
#include "engine/sqlitesql/conn.h"

/* A stored value, as SQLite's column functions give it. */
struct vf_sqlite_value {
    int type; /* SQLITE_INTEGER, ... */
    int64_t integer;
    double real;
    const uint8_t *bytes; /* TEXT and BLOB, never NULL */
    size_t size_bytes;
};

void vf_sqlite_value_read(const struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int column,
                          struct vf_sqlite_value *value);

/* Append the value, which isn't NULL, to the array of the field's type. VF_VALUE: it can't be held, and the message says why in a few words; nothing or something may have been appended. */
enum vf_status vf_sqlite_decode(const struct vf_field *field, const struct vf_sqlite_value *value,
                                struct vf_array *array, struct vf_error *err) VF_CHECKED;

/* Put the row on the list of rejects, with its key; values[i] belongs to field i, or values is NULL and rowid is the key. */
enum vf_status vf_sqlite_reject(struct vf_batch *batch, const struct vf_relation *relation,
                                const struct vf_sqlite_value *values, const int64_t *rowid, size_t column,
                                const char *reason, struct vf_error *err) VF_CHECKED;
/* Append one row: values[i] belongs to field i. A row that doesn't fit its types becomes a reject. */
enum vf_status vf_sqlite_add_row(struct vf_batch *batch, const struct vf_relation *relation,
                                 const struct vf_sqlite_value *values, const int64_t *rowid,
                                 struct vf_error *err) VF_CHECKED;
/* Enough for one read: the batch is full, or so many rows were rejected that they should be handed on. */
bool vf_sqlite_is_enough(const struct vf_batch *batch);
/* May a row of these values still go into the batch, or would it pass the limit in bytes? An empty batch takes any. */
bool vf_sqlite_has_room(const struct vf_batch *batch, const struct vf_sqlite_value *values, size_t n_values);

enum vf_status vf_sqlite_scan_open(struct vf_conn *conn, const struct vf_relation *relation,
                                   const struct vf_chunk *chunk, struct vf_scan **scan,
                                   struct vf_error *err) VF_CHECKED;
enum vf_status vf_sqlite_scan_read(struct vf_scan *scan, struct vf_batch *batch, bool *more,
                                   struct vf_error *err) VF_CHECKED;
void vf_sqlite_scan_close(struct vf_scan *scan);
struct vf_sqlite_conn *vf_sqlite_scan_conn(const struct vf_scan *scan);
/* Its statement; NULL: it is read by several. */
sqlite3_stmt *vf_sqlite_scan_stmt(const struct vf_scan *scan);
/* A scan over the rows of a statement of one's own, whose column 0 is NULL and whose others are the fields; the statement is the scan's from now on, in any case. */
enum vf_status vf_sqlite_scan_of(struct vf_sqlite_conn *conn, const struct vf_relation *relation, sqlite3_stmt *stmt,
                                 struct vf_scan **scan, struct vf_error *err) VF_CHECKED;
enum vf_status vf_sqlite_lookup(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_batch *keys,
                                struct vf_scan **scan, struct vf_error *err) VF_CHECKED;

/* By libsql_vector_idx, or by a vec0 table where sqlite-vec is loaded, as struct vf_engine_ops says. */
enum vf_status vf_sqlite_nearest(struct vf_conn *conn, const struct vf_nearest *nearest, struct vf_scan **scan,
                                 struct vf_error *err) VF_CHECKED;

/* The same for a vec0 table, read from its chunks. */
struct vf_vec0_scan;
enum vf_status vf_vec0_scan_open(struct vf_sqlite_conn *conn, const struct vf_relation *relation,
                                 const struct vf_chunk *chunk, const struct vf_batch *keys, struct vf_vec0_scan **scan,
                                 struct vf_error *err) VF_CHECKED;
enum vf_status vf_vec0_scan_read(struct vf_vec0_scan *scan, struct vf_batch *batch, bool *more,
                                 struct vf_error *err) VF_CHECKED;
void vf_vec0_scan_close(struct vf_vec0_scan *scan);

/* As struct vf_engine_ops says. */
enum vf_status vf_sqlite_match(const struct vf_conn *conn, const struct vf_field *field, const char *text,
                               struct vf_buf *out, struct vf_error *err) VF_CHECKED;

#endif
