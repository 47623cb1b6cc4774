/*
 * From a batch's value to a parameter of a statement, in the form that the field has in the file. Bytes that lie in the batch as they are stored are bound without a copy.
 */
#ifndef VF_ENGINE_SQLITESQL_ENCODE_H
#define VF_ENGINE_SQLITESQL_ENCODE_H

#include "engine/engine.h"
#include "engine/sqlitesql/conn.h"
#include "model/temporal.h"

/* Where a value that is written anew lives until the statement is reset; one for each parameter. A zeroed struct is ready. */
struct vf_sqlite_scratch {
    char text[VF_TEMPORAL_TEXT_BYTES];
    struct vf_buf buf; /* long ones; initialised when first needed */
};
void vf_sqlite_scratch_release(struct vf_sqlite_scratch *scratch);

/* A function like vf_sqlite_bind(). */
typedef enum vf_status vf_sqlite_bind_fn(struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int parameter,
                                         const struct vf_field *field, const struct vf_array *array, int64_t row,
                                         struct vf_sqlite_scratch *scratch, struct vf_error *err);

/* Bind value `row` of `array` to parameter `parameter` (from 1). The batch and the scratch must stay as they are until the statement is reset. VF_VALUE: the form can't hold it. */
enum vf_status vf_sqlite_bind(struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int parameter,
                              const struct vf_field *field, const struct vf_array *array, int64_t row,
                              struct vf_sqlite_scratch *scratch, struct vf_error *err) VF_CHECKED;

#endif
