/*
 * BIGNUM, DuckDB's whole numbers of any size: three bytes that say how many follow, and these, the largest first. The highest bit is set; of a negative number all bits are the opposite, so that
 * numbers order as bytes do.
 */
#ifndef VF_ENGINE_DUCKDB_BIGNUM_H
#define VF_ENGINE_DUCKDB_BIGNUM_H

#include "base/buf.h"

/* Append the digits. VF_VALUE: the bytes are no number. */
enum vf_status vf_duckdb_bignum_text(const void *bytes, size_t size_bytes, struct vf_buf *out,
                                     struct vf_error *err) VF_CHECKED;
/* Append the bytes. *is_number is false when the text would come back otherwise: a sign or zeros that aren't needed, a point, other characters, more than 8 MiB. */
enum vf_status vf_duckdb_bignum_parse(const char *text, size_t size_bytes, struct vf_buf *out, bool *is_number,
                                      struct vf_error *err) VF_CHECKED;

#endif
