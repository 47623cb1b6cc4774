#include "engine/duckdb/duckdb.h"

#include "engine/duckdb/conn.h"
#include "engine/duckdb/inspect.h"
#include "engine/duckdb/record.h"
#include "engine/duckdb/scan.h"
#include "engine/duckdb/target.h"

static void quote(const struct vf_conn *conn, const char *identifier, struct vf_buf *out)
{
    (void)conn;
    vf_duckdb_quote(out, identifier);
}

const struct vf_engine_ops vf_duckdb_engine = {
    .name = "duckdb",
    .caps = VF_CAP_SNAPSHOT | VF_CAP_SHARED_SNAPSHOT | VF_CAP_SCHEMAS | VF_CAP_SEQUENCES | VF_CAP_TARGET,
    .usual_schema = "main",
    .open = vf_duckdb_open,
    .close = vf_duckdb_close,
    .describe = vf_duckdb_describe,
    .limits = vf_duckdb_limits,
    .inspect = vf_duckdb_inspect,
    .quote = quote,
    .begin_snapshot = vf_duckdb_begin_snapshot,
    .join_snapshot = vf_duckdb_join_snapshot,
    .end_snapshot = vf_duckdb_end_snapshot,
    .split = vf_duckdb_split,
    .scan_open = vf_duckdb_scan_open,
    .scan_read = vf_duckdb_scan_read,
    .scan_close = vf_duckdb_scan_close,
    .lookup = vf_duckdb_lookup,
    .map_column = vf_duckdb_map_column,
    .map_index = vf_duckdb_map_index,
    .preflight = vf_duckdb_preflight,
    .lock = vf_duckdb_lock,
    .unlock = vf_duckdb_unlock,
    .table_state = vf_duckdb_table_state,
    .apply = vf_duckdb_apply,
    .begin_bulk = vf_duckdb_begin_bulk,
    .end_bulk = vf_duckdb_end_bulk,
    .begin = vf_duckdb_begin,
    .commit = vf_duckdb_commit,
    .rollback = vf_duckdb_rollback,
    .load_open = vf_duckdb_load_open,
    .load_write = vf_duckdb_load_write,
    .load_close = vf_duckdb_load_close,
    .record_create = vf_duckdb_record_create,
    .record_put = vf_duckdb_record_put,
    .record_get = vf_duckdb_record_get,
    .record_swap = vf_duckdb_record_swap,
    .record_delete = vf_duckdb_record_delete,
};
