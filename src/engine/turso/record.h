/* vecferry's private tables on a server: many records in one request. */
#ifndef VF_ENGINE_TURSO_RECORD_H
#define VF_ENGINE_TURSO_RECORD_H

#include "engine/engine.h"

enum vf_status vf_turso_record_create(struct vf_conn *conn, const struct vf_record_table *table,
                                      struct vf_error *err) VF_CHECKED;
enum vf_status vf_turso_record_put(struct vf_conn *conn, const struct vf_record_table *table,
                                   const struct vf_record_value *values, struct vf_error *err) VF_CHECKED;
enum vf_status vf_turso_record_put_many(struct vf_conn *conn, const struct vf_record_table *table, size_t n_records,
                                        const struct vf_record_value *values, struct vf_error *err) VF_CHECKED;

#endif
