/*
 * vecferry's own tables in a DuckDB file: see engine/store.h.
 */
#ifndef VF_ENGINE_DUCKDB_RECORD_H
#define VF_ENGINE_DUCKDB_RECORD_H

#include "engine/engine.h"

enum vf_status vf_duckdb_record_create(struct vf_conn *conn, const struct vf_record_table *table,
                                       struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_record_put(struct vf_conn *conn, const struct vf_record_table *table,
                                    const struct vf_record_value *values, struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_record_get(struct vf_conn *conn, const struct vf_record_table *table,
                                    const struct vf_record_value *key, size_t n_key, vf_record_fn found, void *context,
                                    struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_record_swap(struct vf_conn *conn, const struct vf_record_table *table,
                                     const struct vf_record_value *values, size_t column,
                                     const struct vf_record_value *expected, bool *swapped,
                                     struct vf_error *err) VF_CHECKED;
enum vf_status vf_duckdb_record_delete(struct vf_conn *conn, const struct vf_record_table *table,
                                       const struct vf_record_value *key, size_t n_key,
                                       struct vf_error *err) VF_CHECKED;

#endif
