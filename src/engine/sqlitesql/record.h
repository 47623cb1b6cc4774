/* vecferry's private tables in an SQLite file; see "records" in engine.h. They have the key as their order on disk (WITHOUT ROWID). */
#ifndef VF_ENGINE_SQLITESQL_RECORD_H
#define VF_ENGINE_SQLITESQL_RECORD_H

#include "engine/engine.h"
#include "engine/sqlitesql/conn.h"

enum vf_status vf_sqlite_record_create(struct vf_conn *conn, const struct vf_record_table *table,
                                       struct vf_error *err) VF_CHECKED;
enum vf_status vf_sqlite_record_put(struct vf_conn *conn, const struct vf_record_table *table,
                                    const struct vf_record_value *values, struct vf_error *err) VF_CHECKED;
enum vf_status vf_sqlite_record_get(struct vf_conn *conn, const struct vf_record_table *table,
                                    const struct vf_record_value *key, size_t n_key, vf_record_fn found, void *context,
                                    struct vf_error *err) VF_CHECKED;
enum vf_status vf_sqlite_record_swap(struct vf_conn *conn, const struct vf_record_table *table,
                                     const struct vf_record_value *values, size_t column,
                                     const struct vf_record_value *expected, bool *swapped,
                                     struct vf_error *err) VF_CHECKED;
enum vf_status vf_sqlite_record_delete(struct vf_conn *conn, const struct vf_record_table *table,
                                       const struct vf_record_value *key, size_t n_key,
                                       struct vf_error *err) VF_CHECKED;

/* For an engine that sends them in its own way: the text that makes the table. */
void vf_sqlite_record_write_create(const struct vf_sqlite_conn *conn, const struct vf_record_table *table,
                                   struct vf_buf *sql);
/* For an engine that puts many at once: the text of the statement for n records, and each value, in the order of the records and their columns. */
void vf_sqlite_record_write_put(const struct vf_record_table *table, size_t n_records, struct vf_buf *sql);
/* The text by which vf_sqlite_record_get() reads. */
void vf_sqlite_record_write_get(const struct vf_record_table *table, size_t n_key, struct vf_buf *sql);
void vf_sqlite_record_bind(const struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int parameter,
                           enum vf_record_kind kind, const struct vf_record_value *value);

#endif
