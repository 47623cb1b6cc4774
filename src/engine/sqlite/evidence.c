#include "engine/sqlite/evidence.h"

enum vf_status vf_sqlite_find_evidence(struct vf_sqlite_conn *conn, const struct vf_inspect_options *options,
                                       struct vf_schema *schema, struct vf_error *err)
{
    (void)conn;
    (void)options;
    (void)schema;
    (void)err;
    return VF_OK;
}
