/*
 * From a batch to DuckDB's data chunks: a copy where the layouts agree.
 *
 * A column is prepared once for the type that the table has it in; where that isn't the type of the field, the value goes by its text (put.h), and only what has no other way by DuckDB's own cast.
 */
#ifndef VF_ENGINE_DUCKDB_ENCODE_H
#define VF_ENGINE_DUCKDB_ENCODE_H

#include "engine/duckdb/conn.h"
#include "engine/duckdb/logical.h"
#include "engine/duckdb/put.h"

struct vf_duckdb_column;

/* Put value `row`, which isn't NULL, into `slot` of the column's vector. VF_VALUE: the type can't hold it, and the message says why in a few words. */
typedef enum vf_status (*vf_duckdb_put)(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row,
                                        idx_t slot, struct vf_error *err);

struct vf_duckdb_column {
    const struct vf_duckdb_library *lib;
    const struct vf_field *field;
    struct vf_duckdb_logical logical; /* of the table's column */
    bool as_text;                     /* the vector is a VARCHAR, which is cast when it is appended */
    vf_duckdb_put put;
    duckdb_vector vector; /* of the chunk that is being filled */
    void *data;
    uint64_t *validity;  /* NULL until a NULL was put */
    duckdb_vector child; /* of a list or an array */
    struct vf_buf scratch;
};

/* An appender with the chunk that is filled for it. */
struct vf_duckdb_appender {
    const struct vf_duckdb_library *lib;
    duckdb_appender handle;
    struct vf_arena arena;
    size_t n_columns;
    struct vf_duckdb_column *columns;
    duckdb_data_chunk chunk;
    idx_t n_rows; /* in the chunk */
};

/* To a table: catalog is "temp", or VF_DUCKDB_CATALOG. */
enum vf_status vf_duckdb_appender_open(struct vf_duckdb_conn *conn, const char *catalog,
                                       const struct vf_relation *relation, struct vf_duckdb_appender *appender,
                                       struct vf_error *err) VF_CHECKED;
/*
 * To a query that reads "appended_data": its column c0 is the number of the row in the batch, c1, c2, ... are columns of another appender, by their numbers there. In vf_duckdb_appender_add()
 * the array of column 0 is NULL.
 */
enum vf_status vf_duckdb_appender_open_query(struct vf_duckdb_conn *conn, const char *query,
                                             const struct vf_duckdb_appender *like, size_t n_columns,
                                             const size_t *columns, struct vf_duckdb_appender *appender,
                                             struct vf_error *err) VF_CHECKED;
/* Add one row; arrays[i] belongs to column i. On VF_VALUE nothing was added, and *column is the one to blame. */
enum vf_status vf_duckdb_appender_add(struct vf_duckdb_appender *appender, const struct vf_array *const *arrays,
                                      int64_t row, size_t *column, struct vf_error *err) VF_CHECKED;
/* Hand everything over to DuckDB. After a failure the appender can only be closed. */
enum vf_status vf_duckdb_appender_flush(struct vf_duckdb_appender *appender, struct vf_error *err) VF_CHECKED;
void vf_duckdb_appender_close(struct vf_duckdb_appender *appender); /* a zeroed struct is fine */

/* The rows of a batch into a table; those that its types can't hold are left out. */
enum vf_status vf_duckdb_append_batch(struct vf_duckdb_conn *conn, const char *catalog,
                                      const struct vf_relation *relation, const struct vf_batch *batch,
                                      struct vf_error *err) VF_CHECKED;

/* Choose how the column's values are put, by field and type. */
void vf_duckdb_choose_put(struct vf_duckdb_column *column);
enum vf_status vf_duckdb_put_vector(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row,
                                    idx_t slot, struct vf_error *err) VF_CHECKED;
/* A number into a column of another type of numbers: exactly, or VF_VALUE. */
enum vf_status vf_duckdb_put_number(struct vf_duckdb_column *column, const struct vf_array *array, int64_t row,
                                    idx_t slot, struct vf_error *err) VF_CHECKED;
/* Bytes into a VARCHAR or BLOB vector; a VARCHAR is UTF-8 or VF_VALUE. */
enum vf_status vf_duckdb_put_bytes(struct vf_duckdb_column *column, const void *bytes, size_t size_bytes, idx_t slot,
                                   struct vf_error *err) VF_CHECKED;

#endif
