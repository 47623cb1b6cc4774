/*
 * From a value of DuckDB to the batch: a copy where the layouts agree, and never a NULL or a cast where they don't.
 */
#ifndef VF_ENGINE_DUCKDB_DECODE_H
#define VF_ENGINE_DUCKDB_DECODE_H

#include "engine/duckdb/text.h"
#include "engine/engine.h"

/*
 * Append value `row`, which isn't NULL, to the array of the field's type. VF_VALUE: it can't be held, and the message says why in a few words; nothing or something may have been appended.
 * `scratch` is reused between calls.
 */
enum vf_status vf_duckdb_decode(const struct vf_duckdb_values *values, idx_t row, const struct vf_field *field,
                                struct vf_array *array, struct vf_buf *scratch, struct vf_error *err) VF_CHECKED;
/* The same for vectors. */
enum vf_status vf_duckdb_decode_vector(const struct vf_duckdb_values *values, idx_t row, struct vf_type type,
                                       struct vf_array *array, struct vf_error *err) VF_CHECKED;

/* Bytes that the value will take in the batch, about: 0 for those of fixed width. */
size_t vf_duckdb_value_bytes(const struct vf_duckdb_values *values, idx_t row);

#endif
