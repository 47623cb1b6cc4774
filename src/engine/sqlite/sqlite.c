#include "engine/sqlite/sqlite.h"

#include "engine/sqlite/bulk.h"
#include "engine/sqlite/local.h"
#include "engine/sqlitesql/fulltext.h"
#include "engine/sqlitesql/inspect.h"
#include "engine/sqlite/lock.h"
#include "engine/sqlitesql/record.h"
#include "engine/sqlitesql/scan.h"
#include "engine/sqlite/snapshot.h"
#include "engine/sqlitesql/split.h"
#include "engine/sqlitesql/target.h"
#include "engine/sqlitesql/vec0_target.h"
#include "engine/sqlitesql/expression.h"

const struct vf_engine_ops vf_sqlite_engine = {
    .name = "sqlite",
    .caps = VF_CAP_SNAPSHOT | VF_CAP_SHARED_SNAPSHOT | VF_CAP_TARGET | VF_CAP_VIEWS,
    .dialect = &vf_sqlite_dialect,
    .open = vf_sqlite_open,
    .close = vf_sqlite_close,
    .describe = vf_sqlite_describe,
    .limits = vf_sqlite_limits,
    .inspect = vf_sqlite_inspect,
    .match = vf_sqlite_match,
    .begin_snapshot = vf_sqlite_begin_snapshot,
    .join_snapshot = vf_sqlite_join_snapshot,
    .end_snapshot = vf_sqlite_end_snapshot,
    .split = vf_sqlite_split,
    .scan_open = vf_sqlite_scan_open,
    .scan_read = vf_sqlite_scan_read,
    .scan_close = vf_sqlite_scan_close,
    .lookup = vf_sqlite_lookup,
    .nearest = vf_sqlite_nearest,
    .text_match = vf_sqlite_text_match,
    .text_check = vf_sqlite_text_check,
    .map_column = vf_sqlite_map_column,
    .fit_table = vf_sqlite_fit_table,
    .map_index = vf_sqlite_map_index,
    .preflight = vf_sqlite_preflight,
    .lock = vf_sqlite_lock,
    .unlock = vf_sqlite_unlock,
    .table_state = vf_sqlite_table_state,
    .apply = vf_sqlite_apply,
    .begin_bulk = vf_sqlite_begin_bulk,
    .end_bulk = vf_sqlite_end_bulk,
    .begin = vf_sqlite_begin,
    .commit = vf_sqlite_commit,
    .rollback = vf_sqlite_rollback,
    .load_open = vf_sqlite_load_open,
    .load_write = vf_sqlite_load_write,
    .load_close = vf_sqlite_load_close,
    .record_create = vf_sqlite_record_create,
    .record_put = vf_sqlite_record_put,
    .record_get = vf_sqlite_record_get,
    .record_swap = vf_sqlite_record_swap,
    .record_delete = vf_sqlite_record_delete,
};
