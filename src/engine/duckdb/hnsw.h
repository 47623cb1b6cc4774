/*
 * HNSW indexes of DuckDB's extension vss: made in the file, read from the catalogue, and asked.
 *
 * Such an index is right as long as the rows don't change: after deletes and updates it finds too few, and only dropping and making it again mends that. So it is made last, it is dropped before
 * rows are loaded, and one that the plan doesn't know, and couldn't make again, stops the copy. The catalogue's CREATE INDEX has lost all options: distance and links are told by the extension.
 */
#ifndef VF_ENGINE_DUCKDB_HNSW_H
#define VF_ENGINE_DUCKDB_HNSW_H

#include "engine/duckdb/conn.h"

/* What has to be known of one that is kept in the file; static. */
extern const char vf_duckdb_hnsw_risks[];

/* Make it anew over the rows that are there, whatever was there under its name. VF_MISSING: there is no vss. */
enum vf_status vf_duckdb_hnsw_make(struct vf_duckdb_conn *conn, const struct vf_table *table,
                                   const struct vf_index *index, struct vf_error *err) VF_CHECKED;
/* Before the rows of a table change that is there: those of its indexes are dropped which the plan makes again. VF_STATE: it has another one, which couldn't be made again as it was. */
enum vf_status vf_duckdb_hnsw_clear(struct vf_duckdb_conn *conn, const struct vf_table *table,
                                    struct vf_error *err) VF_CHECKED;

/* USING HNSW ("column") WITH (...), behind the name of the table. */
void vf_duckdb_hnsw_write_using(const struct vf_table *table, const struct vf_index *index, struct vf_buf *sql);
/* The function whose order an index for the metric has, NULL: there is none. The list functions and the operators don't use it. */
const char *vf_duckdb_hnsw_function(enum vf_metric metric);

/* The distance and links of the schema's indexes, as the extension, which is loaded, tells them. */
enum vf_status vf_duckdb_hnsw_inspect(struct vf_duckdb_conn *conn, struct vf_schema *schema,
                                      struct vf_error *err) VF_CHECKED;

/* vf_engine_ops.nearest. VF_MISSING too when DuckDB wouldn't search by the index. */
enum vf_status vf_duckdb_nearest(struct vf_conn *conn, const struct vf_nearest *nearest, struct vf_scan **scan,
                                 struct vf_error *err) VF_CHECKED;

#endif
