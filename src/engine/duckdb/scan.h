/*
 * Reading rows: from DuckDB's vectors straight into the batch's columns, chunk by chunk as the library makes them.
 *
 * A value that the field's type can't hold puts its row on the batch's list of rejects with the column, the reason and the original text, and reading goes on. One scan at a time is open on a
 * connection; any other statement on it ends the scan.
 */
#ifndef VF_ENGINE_DUCKDB_SCAN_H
#define VF_ENGINE_DUCKDB_SCAN_H

#include "engine/engine.h"

enum vf_status vf_duckdb_split(struct vf_conn *conn, const struct vf_relation *relation, uint64_t target_bytes,
                               struct vf_chunk_list *chunks, struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_scan_open(struct vf_conn *conn, const struct vf_relation *relation,
                                   const struct vf_chunk *chunk, struct vf_scan **scan,
                                   struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_scan_read(struct vf_scan *scan, struct vf_batch *batch, bool *more,
                                   struct vf_error *err) VF_CHECKED;
void vf_duckdb_scan_close(struct vf_scan *scan);
enum vf_status vf_duckdb_lookup(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_batch *keys,
                                struct vf_scan **scan, struct vf_error *err) VF_CHECKED;

struct vf_duckdb_conn;
/* A scan of the whole relation with what stands behind the name of the table, which is t. */
enum vf_status vf_duckdb_scan_start(struct vf_duckdb_conn *conn, const struct vf_relation *relation,
                                    const struct vf_buf *behind, struct vf_scan **scan,
                                    struct vf_error *err) VF_CHECKED;
/* Would that scan have the word in its EXPLAIN? */
enum vf_status vf_duckdb_scan_explains(struct vf_duckdb_conn *conn, const struct vf_relation *relation,
                                       const struct vf_buf *behind, const char *word, bool *is_there,
                                       struct vf_error *err) VF_CHECKED;

/* A column of the user's with that name hides DuckDB's own row number, which the table then hasn't got, as a view hasn't: it is read in one piece. */
enum vf_status vf_duckdb_hides_rowid(struct vf_duckdb_conn *conn, const struct vf_relation *relation, bool *hides,
                                     struct vf_error *err) VF_CHECKED;

/* Rows and bytes of a table, the latter as they would lie in a batch, estimated from a sample. */
enum vf_status vf_duckdb_measure(struct vf_duckdb_conn *conn, const char *schema, const char *name, int64_t *n_rows,
                                 int64_t *size_bytes, struct vf_error *err) VF_CHECKED;

#endif
