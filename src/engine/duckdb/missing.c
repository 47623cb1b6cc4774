/* The engine as it is built without duckdb.h. */
#include "engine/duckdb/duckdb.h"

static enum vf_status open_nothing(const struct vf_url *url, const struct vf_open_options *options,
                                   struct vf_conn **conn, struct vf_error *err)
{
    (void)url;
    (void)options;
    (void)conn;
    enum vf_status status = vf_error_set(err, VF_MISSING, "this vecferry was built without DuckDB");
    vf_error_hint(err, "build it with DuckDB's header: scripts/setup fetches it");
    return status;
}

/* Never called: nothing can be opened. */
static void close_nothing(struct vf_conn *conn)
{
    (void)conn;
}

const struct vf_engine_ops vf_duckdb_engine = {
    .name = "duckdb",
    .open = open_nothing,
    .close = close_nothing,
};
