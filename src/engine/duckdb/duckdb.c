#include "engine/duckdb/duckdb.h"

#include <string.h>

#include "engine/duckdb/conn.h"
#include "engine/duckdb/hnsw.h"
#include "engine/duckdb/fulltext.h"
#include "engine/duckdb/inspect.h"
#include "engine/duckdb/record.h"
#include "engine/duckdb/scan.h"
#include "engine/duckdb/session.h"
#include "engine/duckdb/target.h"
#include "engine/duckdb/expression.h"

/* A column whose plan says "i64" may still be a VARCHAR here: the value is given a type, and DuckDB casts the narrower side. */
static bool write_equal(const struct vf_field *field, const char *name, const char *text, struct vf_buf *out)
{
    size_t size_bytes = strlen(text);
    switch ((int)field->type.kind) {
    case VF_K_BOOL:
        vf_buf_printf(out, "CAST(%s AS BOOLEAN) = %s", name, strcmp(text, "true") == 0 ? "true" : "false");
        return true;
    case VF_K_I8:
    case VF_K_I16:
    case VF_K_I32:
    case VF_K_I64:
        vf_buf_printf(out, "%s = CAST(", name);
        vf_duckdb_quote_text(out, text, size_bytes);
        vf_buf_str(out, " AS BIGINT)");
        return field->form == VF_FORM_NATIVE || field->form == VF_FORM_INTEGER || field->form == VF_FORM_TEXT;
    case VF_K_UUID:
        vf_buf_printf(out, field->form == VF_FORM_BYTES ? "%s = unhex(replace(" : "%s = CAST(", name);
        vf_duckdb_quote_text(out, text, size_bytes);
        vf_buf_str(out, field->form == VF_FORM_BYTES ? ", '-', ''))" : " AS UUID)");
        return true;
    case VF_K_TEXT: /* "=" for the statistics of row groups; a collation may take texts for equal that aren't */
        vf_buf_printf(out, "%s = ", name);
        vf_duckdb_quote_text(out, text, size_bytes);
        vf_buf_str(out, " AND ");
        break;
    case VF_K_ENUM: /* the label of another enum can't even be compared with one of these */
        break;
    default:
        return false;
    }
    vf_buf_printf(out, "encode(CAST(%s AS VARCHAR)) = encode(", name);
    vf_duckdb_quote_text(out, text, size_bytes);
    vf_buf_char(out, ')');
    return true;
}

static enum vf_status match(const struct vf_conn *conn, const struct vf_field *field, const char *text,
                            struct vf_buf *out, struct vf_error *err)
{
    struct vf_buf name, condition;
    char type[48];
    (void)conn;
    vf_buf_init(&name, VF_BUF_MAX);
    vf_buf_init(&condition, VF_BUF_MAX);
    vf_duckdb_quote(&name, field->name);
    enum vf_status status = vf_buf_check(&name, err);
    bool can = true;
    if (status == VF_OK && text == NULL)
        vf_buf_printf(&condition, "%s IS NULL", name.data);
    else if (status == VF_OK)
        can = write_equal(field, name.data, text, &condition);
    if (status == VF_OK)
        status = vf_buf_check(&condition, err);
    if (status == VF_OK && !can)
        status = vf_error_set(err, VF_MISSING, "rows can't be asked for by column \"%s\" of type %s, kept as %s",
                              field->name, vf_type_format(field->type, type), vf_form_name(field->form));
    if (status == VF_OK)
        vf_buf_add(out, condition.data, condition.size_bytes);
    vf_buf_release(&name);
    vf_buf_release(&condition);
    return status;
}

const struct vf_engine_ops vf_duckdb_engine = {
    .name = "duckdb",
    .caps = VF_CAP_SNAPSHOT | VF_CAP_SHARED_SNAPSHOT | VF_CAP_SCHEMAS | VF_CAP_SEQUENCES | VF_CAP_TARGET |
            VF_CAP_VIEWS | VF_CAP_ENUM_TYPES,
    .usual_schema = "main",
    .dialect = &vf_duckdb_dialect,
    .open = vf_duckdb_open,
    .close = vf_duckdb_close,
    .describe = vf_duckdb_describe,
    .limits = vf_duckdb_limits,
    .inspect = vf_duckdb_inspect,
    .match = match,
    .begin_snapshot = vf_duckdb_begin_snapshot,
    .join_snapshot = vf_duckdb_join_snapshot,
    .end_snapshot = vf_duckdb_end_snapshot,
    .split = vf_duckdb_split,
    .scan_open = vf_duckdb_scan_open,
    .scan_read = vf_duckdb_scan_read,
    .scan_close = vf_duckdb_scan_close,
    .lookup = vf_duckdb_lookup,
    .nearest = vf_duckdb_nearest,
    .index_script = vf_duckdb_index_script,
    .text_match = vf_duckdb_text_match,
    .text_check = vf_duckdb_text_check,
    .map_column = vf_duckdb_map_column,
    .map_index = vf_duckdb_map_index,
    .preflight = vf_duckdb_preflight,
    .lock = vf_duckdb_lock,
    .unlock = vf_duckdb_unlock,
    .table_state = vf_duckdb_table_state,
    .apply = vf_duckdb_apply,
    .watch = vf_duckdb_watch,
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
