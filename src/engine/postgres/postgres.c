#include "engine/postgres/postgres.h"

#include <string.h>

#include "engine/postgres/conn.h"
#include "engine/postgres/fulltext.h"
#include "engine/postgres/inspect.h"
#include "engine/postgres/load.h"
#include "engine/postgres/record.h"
#include "engine/postgres/scan.h"
#include "engine/postgres/target.h"
#include "engine/postgres/expression.h"

/* A field of a row is at most 1 GB, and so is the message that it travels in. */
#define LIMITS                                                                                                         \
    .timestamp_infinity = true, .max_vector_dim = 16000, .max_columns = 1600,                                          \
    .max_identifier_bytes = VF_PG_MAX_NAME_BYTES, .max_value_bytes = (UINT64_C(1) << 30) - 8192,                       \
    .stored_columns = true, .max_loaders = 8,                                                                          \
    .index_builders = {VF_BUILDER_PGVECTOR_HNSW, VF_BUILDER_PGVECTOR_IVFFLAT}, .text_builder = VF_TEXT_POSTGRES
static const struct vf_limits limits = {LIMITS};
static const struct vf_limits limits_18 = {LIMITS, .virtual_columns = true, .not_null_names = true};

static const struct vf_limits *get_limits(const struct vf_conn *conn)
{
    return vf_pg_conn_of_const(conn)->version >= 180000 ? &limits_18 : &limits;
}

/* By "=" an index can find the rows; but a collation, and citext, may take texts for equal that aren't, so their bytes are compared as well. */
static enum vf_status match(const struct vf_conn *conn, const struct vf_field *field, const char *text,
                            struct vf_buf *out, struct vf_error *err)
{
    bool is_text = field->type.kind == VF_K_TEXT;

    (void)conn;
    if (is_text && strncmp(field->native, "character(", 10) == 0)
        return vf_error_set(err, VF_MISSING,
                            "rows can't be asked for by column \"%s\" of type %s: its texts are padded", field->name,
                            field->native);
    vf_pg_quote(out, field->name);
    if (text == NULL) {
        vf_buf_str(out, " IS NULL");
        return VF_OK;
    }
    vf_buf_str(out, " = ");
    vf_pg_quote_text(out, text, strlen(text));
    if (is_text) {
        vf_buf_str(out, " AND CAST(");
        vf_pg_quote(out, field->name);
        vf_buf_str(out, " AS text) COLLATE \"C\" = ");
        vf_pg_quote_text(out, text, strlen(text));
    }
    return VF_OK;
}

const struct vf_engine_ops vf_postgres_engine = {
    .name = "postgres",
    .caps = VF_CAP_SNAPSHOT | VF_CAP_SHARED_SNAPSHOT | VF_CAP_PARALLEL_LOAD | VF_CAP_LATE_KEYS | VF_CAP_SCHEMAS |
            VF_CAP_USER_TYPES | VF_CAP_SEQUENCES | VF_CAP_VECTOR_INDEX | VF_CAP_TARGET | VF_CAP_PARTITIONS |
            VF_CAP_VIEWS,
    .usual_schema = "public",
    .dialect = &vf_pg_dialect,
    .open = vf_pg_open,
    .close = vf_pg_close,
    .describe = vf_pg_describe,
    .limits = get_limits,
    .inspect = vf_pg_inspect,
    .match = match,
    .begin_snapshot = vf_pg_begin_snapshot,
    .join_snapshot = vf_pg_join_snapshot,
    .end_snapshot = vf_pg_end_snapshot,
    .split = vf_pg_split,
    .scan_open = vf_pg_scan_open,
    .scan_read = vf_pg_scan_read,
    .scan_close = vf_pg_scan_close,
    .lookup = vf_pg_lookup,
    .nearest = vf_pg_nearest,
    .text_match = vf_pg_text_match,
    .text_check = vf_pg_text_check,
    .map_column = vf_pg_map_column,
    .map_index = vf_pg_map_index,
    .preflight = vf_pg_preflight,
    .lock = vf_pg_lock,
    .unlock = vf_pg_unlock,
    .table_state = vf_pg_table_state,
    .apply = vf_pg_apply,
    .watch = vf_pg_watch,
    .begin_bulk = vf_pg_begin_bulk,
    .end_bulk = vf_pg_end_bulk,
    .begin = vf_pg_begin,
    .commit = vf_pg_commit,
    .rollback = vf_pg_rollback,
    .load_open = vf_pg_load_open,
    .load_write = vf_pg_load_write,
    .load_close = vf_pg_load_close,
    .record_create = vf_pg_record_create,
    .record_put = vf_pg_record_put,
    .record_get = vf_pg_record_get,
    .record_swap = vf_pg_record_swap,
    .record_delete = vf_pg_record_delete,
};
