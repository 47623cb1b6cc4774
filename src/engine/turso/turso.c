#include "engine/turso/turso.h"

#include <string.h>

#include "engine/sqlitesql/fulltext.h"
#include "engine/sqlitesql/inspect.h"
#include "engine/sqlitesql/record.h"
#include "engine/sqlitesql/scan.h"
#include "engine/sqlitesql/split.h"
#include "engine/sqlitesql/target.h"
#include "engine/turso/conn.h"
#include "engine/turso/load.h"
#include "engine/turso/lock.h"
#include "engine/turso/pages.h"
#include "engine/turso/record.h"
#include "engine/turso/target.h"
#include "engine/turso/warm.h"
#include "engine/sqlitesql/expression.h"

static enum vf_status inspect(struct vf_conn *conn, const struct vf_inspect_options *options, struct vf_schema *schema,
                              struct vf_error *err)
{
    vf_turso_warm(vf_turso_conn_of(conn));
    enum vf_status status = vf_sqlite_inspect(conn, options, schema, err);
    return status == VF_OK ? vf_turso_check_watch(vf_turso_conn_of(conn), err) : status;
}

/* A filter of the user's is tried at once: the scan itself is only sent when it is read. */
static enum vf_status try_filter(struct vf_sqlite_conn *conn, const struct vf_relation *relation, struct vf_error *err)
{
    struct vf_buf sql;
    if (relation->where == NULL)
        return VF_OK;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT 1 FROM main.");
    vf_sqlite_quote(&sql, relation->name);
    vf_buf_printf(&sql, " WHERE 1 AND (%s\n) LIMIT 0", relation->where);
    enum vf_status status = vf_sqlite_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    if (status != VF_OK)
        vf_error_wrap(err, "table %s", relation->name);
    return status;
}

/* Whether two scans are the same: the fields are those of one plan, not only alike. */
static struct vf_hash128 hash_scan(const struct vf_relation *relation, const struct vf_chunk *chunk)
{
    const char *const texts[] = {relation->name, relation->where, chunk != NULL ? chunk->low : NULL,
                                 chunk != NULL ? chunk->high : NULL};
    struct vf_buf buf;
    vf_buf_init(&buf, VF_BUF_MAX);
    vf_buf_add(&buf, &relation->fields, sizeof(relation->fields));
    vf_buf_add(&buf, &relation->n_fields, sizeof(relation->n_fields));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        vf_buf_char(&buf, texts[i] != NULL ? '1' : '0');
        vf_buf_add(&buf, texts[i] != NULL ? texts[i] : "", texts[i] != NULL ? strlen(texts[i]) + 1 : 0);
    }
    struct vf_hash128 hash = vf_hash128(buf.data, buf.size_bytes);
    vf_buf_release(&buf);
    return hash;
}

static enum vf_status open_new(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_chunk *chunk,
                               struct vf_scan **scan, struct vf_error *err)
{
    enum vf_status status = try_filter(vf_sqlite_conn_of(conn), relation, err);
    return status == VF_OK ? vf_sqlite_scan_open(conn, relation, chunk, scan, err) : status;
}

static void expect_scan(struct vf_conn *base, const struct vf_relation *relation, const struct vf_chunk *chunk)
{
    struct vf_turso_conn *conn = vf_turso_conn_of(base);
    struct vf_error why = {0};
    struct vf_scan *scan = NULL;
    vf_turso_forget_expected(conn);
    if (open_new(base, relation, chunk, &scan, &why) != VF_OK)
        return;
    conn->expected = scan;
    conn->expected_of = hash_scan(relation, chunk);
    struct vf_hrana_stmt *stmt = (struct vf_hrana_stmt *)(void *)vf_sqlite_scan_stmt(scan);
    if (stmt != NULL && stmt->source == VF_HRANA_PAGES)
        vf_hrana_pages_expect(stmt);
}

static enum vf_status scan_open(struct vf_conn *base, const struct vf_relation *relation, const struct vf_chunk *chunk,
                                struct vf_scan **scan, struct vf_error *err)
{
    struct vf_turso_conn *conn = vf_turso_conn_of(base);
    if (conn->expected != NULL && vf_hash128_equal(conn->expected_of, hash_scan(relation, chunk))) {
        *scan = conn->expected;
        conn->expected = NULL;
        return VF_OK;
    }
    vf_turso_forget_expected(conn);
    return open_new(base, relation, chunk, scan, err);
}

static enum vf_status scan_read(struct vf_scan *scan, struct vf_batch *batch, bool *more, struct vf_error *err)
{
    enum vf_status status = vf_sqlite_scan_read(scan, batch, more, err);
    if (status != VF_OK || *more)
        return status;
    return vf_turso_check_watch((struct vf_turso_conn *)(void *)vf_sqlite_scan_conn(scan), err);
}

const struct vf_engine_ops vf_turso_engine = {
    .name = "turso",
    .caps = VF_CAP_SNAPSHOT | VF_CAP_TARGET | VF_CAP_VIEWS,
    .dialect = &vf_sqlite_dialect,
    .open = vf_turso_open,
    .close = vf_turso_close,
    .describe = vf_turso_describe,
    .limits = vf_sqlite_limits,
    .inspect = inspect,
    .match = vf_sqlite_match,
    .begin_snapshot = vf_turso_begin_snapshot,
    .end_snapshot = vf_turso_end_snapshot,
    .split = vf_sqlite_split,
    .scan_open = scan_open,
    .expect_scan = expect_scan,
    .scan_read = scan_read,
    .scan_close = vf_sqlite_scan_close,
    .lookup = vf_sqlite_lookup,
    .nearest = vf_sqlite_nearest,
    .text_match = vf_sqlite_text_match,
    .text_check = vf_sqlite_text_check,
    .map_column = vf_turso_map_column,
    .map_index = vf_sqlite_map_index,
    .preflight = vf_turso_preflight,
    .lock = vf_turso_lock,
    .unlock = vf_turso_unlock,
    .table_state = vf_sqlite_table_state,
    .apply = vf_turso_apply,
    .begin_bulk = vf_turso_begin_bulk,
    .end_bulk = vf_turso_end_bulk,
    .begin = vf_turso_begin,
    .commit = vf_turso_commit,
    .rollback = vf_turso_rollback,
    .load_open = vf_turso_load_open,
    .load_write = vf_turso_load_write,
    .load_close = vf_turso_load_close,
    .record_create = vf_turso_record_create,
    .record_put = vf_turso_record_put,
    .record_put_many = vf_turso_record_put_many,
    .record_get = vf_sqlite_record_get,
    .record_swap = vf_sqlite_record_swap,
    .record_delete = vf_sqlite_record_delete,
};
