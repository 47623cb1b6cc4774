/*
 * Values of DuckDB as texts: the neutral text of each kind, and JSON for what is nested.
 */
#ifndef VF_ENGINE_DUCKDB_TEXT_H
#define VF_ENGINE_DUCKDB_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "engine/duckdb/logical.h"

/* A vector of values with what is needed to read it. */
struct vf_duckdb_values {
    const struct vf_duckdb_library *lib;
    const struct vf_duckdb_logical *logical;
    duckdb_vector vector;
    const void *data;
    const uint64_t *validity; /* NULL: all are valid */
};
void vf_duckdb_values_init(struct vf_duckdb_values *values, const struct vf_duckdb_library *lib,
                           const struct vf_duckdb_logical *logical, duckdb_vector vector);

/* Append the text of value `row`, which isn't NULL. VF_VALUE: there is none in that form (a type that isn't known). */
enum vf_status vf_duckdb_text(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *out,
                              struct vf_error *err) VF_CHECKED;
/* Types whose values are only read as what DuckDB's own cast to VARCHAR makes of them. */
bool vf_duckdb_is_cast(duckdb_type id);
/*
 * Append the value as JSON; NULL is null. Numbers are bare with all their digits, those of floats that are needed, NaN and infinities are strings; a struct is an object; a map is an object when its keys are texts, else an array
 * of [key, value]; a union is an object with the one member; lists and arrays are arrays; everything else is its text.
 */
enum vf_status vf_duckdb_json(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *out,
                              struct vf_error *err) VF_CHECKED;

/* Are its values bare in JSON: numbers and bools? */
bool vf_duckdb_is_bare(const struct vf_duckdb_logical *logical);

/* A 128-bit whole number, whose magnitude is hi * 2^64 + lo, with a point `scale` digits from its end. */
void vf_duckdb_number_text(bool is_negative, uint64_t hi, uint64_t lo, unsigned scale, struct vf_buf *out);
/* The digits of a DECIMAL. */
void vf_duckdb_decimal_text(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *out);
/* Of HUGEINT and UHUGEINT too. */
void vf_duckdb_whole_text(const struct vf_duckdb_values *values, idx_t row, struct vf_buf *out);

/* DuckDB's moments since 1970 and infinities as the neutral ones since 2000; false: the value has parts of a microsecond, or is out of the neutral range. */
bool vf_duckdb_moment(const struct vf_duckdb_values *values, idx_t row, int64_t *timestamp_us);
int32_t vf_duckdb_date(const struct vf_duckdb_values *values, idx_t row);
/* 16 bytes in the order of the text. */
void vf_duckdb_uuid(const struct vf_duckdb_values *values, idx_t row, uint8_t uuid[16]);
/* A BIT value: *n_bits, and the bytes that hold them behind `skip` bits of padding. */
const uint8_t *vf_duckdb_bits(const struct vf_duckdb_values *values, idx_t row, size_t *n_bits, unsigned *skip);

#endif
