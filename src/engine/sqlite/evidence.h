#ifndef VF_ENGINE_SQLITE_EVIDENCE_H
#define VF_ENGINE_SQLITE_EVIDENCE_H
#include "engine/engine.h"
#include "engine/sqlite/conn.h"
enum vf_status vf_sqlite_find_evidence(struct vf_sqlite_conn *conn, const struct vf_inspect_options *options,
                                       struct vf_schema *schema, struct vf_error *err) VF_CHECKED;
#endif
