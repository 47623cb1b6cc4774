/*
 * Records, and the lock of a run.
 *
 * Record tables are made in the current schema, with parameters and results in binary: values are never part of a statement. The lock is an advisory lock of the session, so that a dead
 * process holds nothing; the holder's name is the session's application_name as long as it lasts.
 */
#ifndef VF_ENGINE_POSTGRES_RECORD_H
#define VF_ENGINE_POSTGRES_RECORD_H

#include "engine/engine.h"

enum vf_status vf_pg_record_create(struct vf_conn *conn, const struct vf_record_table *table,
                                   struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_record_put(struct vf_conn *conn, const struct vf_record_table *table,
                                const struct vf_record_value *values, struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_record_get(struct vf_conn *conn, const struct vf_record_table *table,
                                const struct vf_record_value *key, size_t n_key, vf_record_fn found, void *context,
                                struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_record_swap(struct vf_conn *conn, const struct vf_record_table *table,
                                 const struct vf_record_value *values, size_t column,
                                 const struct vf_record_value *expected, bool *swapped,
                                 struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_record_delete(struct vf_conn *conn, const struct vf_record_table *table,
                                   const struct vf_record_value *key, size_t n_key, struct vf_error *err) VF_CHECKED;
enum vf_status vf_pg_lock(struct vf_conn *conn, const char *holder, struct vf_error *err) VF_CHECKED;
void vf_pg_unlock(struct vf_conn *conn);

#endif
