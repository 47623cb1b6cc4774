#include "engine/duckdb/hnsw.h"

#include <inttypes.h>
#include <string.h>

#include "engine/duckdb/scan.h"
#include "engine/duckdb/session.h"
#include "vector/text.h"

const char vf_duckdb_hnsw_risks[] =
    "kept in the file by what DuckDB calls experimental persistence: after rows are deleted or updated it finds too "
    "few, "
    "and only DROP INDEX and CREATE INDEX mend it; a DuckDB without vss can't write to the table, and loses rows from "
    "the "
    "index when it replays a log; it is in memory beside memory_limit, and each checkpoint writes all of it";

/* ---- making ---- */

static void write_with(const struct vf_vector_index *vector, struct vf_buf *sql)
{
    static const enum vf_index_parameter parameters[] = {VF_PARAM_M, VF_PARAM_EF_CONSTRUCTION, VF_PARAM_EF_SEARCH};
    vf_buf_printf(sql, " WITH (metric = '%s'", vf_index_metric_native(VF_BUILDER_DUCKDB_HNSW, vector->metric));
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
        vf_buf_printf(sql, ", %s = %u", vf_index_builders[VF_BUILDER_DUCKDB_HNSW].ranges[parameters[i]].native,
                      (unsigned)vf_index_parameter_of(VF_BUILDER_DUCKDB_HNSW, vector, parameters[i]));
    vf_buf_char(sql, ')');
}

static const char *column_of(const struct vf_table *table, const struct vf_index *index)
{
    return table->columns[index->parts[0].column].name;
}

static enum vf_status drop(struct vf_duckdb_conn *conn, const struct vf_table *table, const char *name,
                           struct vf_error *err)
{
    struct vf_buf sql;
    vf_buf_init(&sql, 65536);
    vf_buf_str(&sql, "DROP INDEX IF EXISTS ");
    vf_duckdb_quote_table(&sql, table->schema, name);
    enum vf_status status = vf_duckdb_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    return status;
}

void vf_duckdb_hnsw_write_using(const struct vf_table *table, const struct vf_index *index, struct vf_buf *sql)
{
    vf_buf_str(sql, " USING HNSW (");
    vf_duckdb_quote(sql, column_of(table, index));
    vf_buf_char(sql, ')');
    write_with(&index->vector, sql);
}

static enum vf_status create(struct vf_duckdb_conn *conn, const struct vf_table *table, const struct vf_index *index,
                             struct vf_error *err)
{
    struct vf_buf sql;
    vf_buf_init(&sql, 65536);
    vf_buf_str(&sql, "CREATE INDEX ");
    vf_duckdb_quote(&sql, index->name);
    vf_buf_str(&sql, " ON ");
    vf_duckdb_quote_table(&sql, table->schema, table->name);
    vf_duckdb_hnsw_write_using(table, index, &sql);
    enum vf_status status = vf_duckdb_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    return status;
}

/* One vector that isn't finite damages the graph around it; the sum of float32s in double precision is finite exactly when all of them are. */
static enum vf_status check_finite(struct vf_duckdb_conn *conn, const struct vf_table *table,
                                   const struct vf_index *index, struct vf_error *err)
{
    struct vf_buf sql;
    int64_t n = 0;
    vf_buf_init(&sql, 65536);
    vf_buf_str(&sql, "SELECT count(*) FROM ");
    vf_duckdb_quote_table(&sql, table->schema, table->name);
    vf_buf_str(&sql, " WHERE NOT isfinite(list_sum(CAST(");
    vf_duckdb_quote(&sql, column_of(table, index));
    vf_buf_str(&sql, " AS DOUBLE[])))");
    enum vf_status status = vf_duckdb_get_i64_buf(conn, &sql, 0, &n, err);
    vf_buf_release(&sql);
    if (status != VF_OK || n == 0)
        return status;
    vf_error_set(err, VF_VALUE,
                 "%" PRId64 " vectors hold NaN or infinity, with which the index finds hardly any vector", n);
    vf_error_hint(err, "mend them in the source, or say `to: sidecar` of the index: a sidecar leaves them out");
    return VF_VALUE;
}

/* Every vector is to be in it. */
static enum vf_status check_count(struct vf_duckdb_conn *conn, const struct vf_table *table,
                                  const struct vf_index *index, struct vf_error *err)
{
    const struct vf_duckdb_param params[] = {vf_duckdb_text_param(vf_duckdb_schema(table->schema)),
                                             vf_duckdb_text_param(index->name)};
    struct vf_buf sql;
    int64_t n_vectors = 0, n_indexed = 0;
    vf_buf_init(&sql, 65536);
    vf_buf_str(&sql, "SELECT count(");
    vf_duckdb_quote(&sql, column_of(table, index));
    vf_buf_str(&sql, ") FROM ");
    vf_duckdb_quote_table(&sql, table->schema, table->name);
    enum vf_status status = vf_duckdb_get_i64_buf(conn, &sql, 0, &n_vectors, err);
    vf_buf_release(&sql);
    if (status == VF_OK)
        status = vf_duckdb_get_i64(conn,
                                   "SELECT count::BIGINT FROM pragma_hnsw_index_info() WHERE catalog_name = "
                                   "'" VF_DUCKDB_CATALOG "' AND schema_name = ? AND index_name = ?",
                                   2, params, -1, &n_indexed, err);
    if (status != VF_OK || n_vectors == n_indexed)
        return status;
    return vf_error_set(err, VF_ENGINE, "%" PRId64 " of %" PRId64 " vectors are in the index", n_indexed, n_vectors);
}

enum vf_status vf_duckdb_hnsw_make(struct vf_duckdb_conn *conn, const struct vf_table *table,
                                   const struct vf_index *index, struct vf_error *err)
{
    enum vf_status status = vf_duckdb_need(conn, VF_DUCKDB_VSS, err);
    if (status == VF_OK)
        status = vf_duckdb_exec(conn, "SET GLOBAL hnsw_enable_experimental_persistence = true", err);
    if (status == VF_OK)
        status = drop(conn, table, index->name, err);
    if (status == VF_OK)
        status = check_finite(conn, table, index, err);
    if (status == VF_OK)
        status = create(conn, table, index, err);
    return status == VF_OK ? check_count(conn, table, index, err) : status;
}

/* ---- those that are there ---- */

static bool is_planned(const struct vf_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_indexes; i++) {
        if (table->indexes[i].kind == VF_INDEX_HNSW && table->indexes[i].name != NULL &&
            strcmp(table->indexes[i].name, name) == 0)
            return true;
    }
    return false;
}

static enum vf_status check_planned(const struct vf_table *table, const char *name, struct vf_error *err)
{
    if (is_planned(table, name))
        return VF_OK;
    vf_error_set(err, VF_STATE,
                 "the table is there with an HNSW index \"%s\", which is wrong after its rows have changed", name);
    vf_error_hint(err, "drop the index, and make it again after the copy; or use --drop-existing");
    return VF_STATE;
}

enum vf_status vf_duckdb_hnsw_clear(struct vf_duckdb_conn *conn, const struct vf_table *table, struct vf_error *err)
{
    const struct vf_duckdb_param params[] = {vf_duckdb_text_param(vf_duckdb_schema(table->schema)),
                                             vf_duckdb_text_param(table->name)};
    struct vf_duckdb_rows rows;
    struct vf_arena arena = {0};
    bool more = true;
    enum vf_status status = vf_duckdb_query(
        conn,
        "SELECT index_name FROM duckdb_indexes() WHERE database_name = '" VF_DUCKDB_CATALOG
        "' AND contains(upper(sql), ' USING HNSW ') AND lower(schema_name) = lower(?) AND lower(table_name) = lower(?)",
        2, params, &rows, err);
    while (status == VF_OK && more) {
        const char *name = NULL;
        status = vf_duckdb_next(&rows, &more, err);
        if (status == VF_OK && more)
            status = vf_duckdb_copy_text(&rows, 0, &arena, &name, err);
        if (status == VF_OK && more)
            status = check_planned(table, name, err);
    }
    vf_duckdb_rows_close(&rows);
    vf_arena_release(&arena);
    for (size_t i = 0; status == VF_OK && i < table->n_indexes; i++) {
        if (table->indexes[i].kind == VF_INDEX_HNSW)
            status = drop(conn, table, table->indexes[i].name, err);
    }
    return status;
}

/* ---- inspecting ---- */

static enum vf_metric metric_of(const char *name)
{
    return strcmp(name, "cosine") == 0 ? VF_METRIC_COSINE
           : strcmp(name, "ip") == 0   ? VF_METRIC_IP
           : strcmp(name, "l2sq") == 0 ? VF_METRIC_L2 /* what its queries order by is array_distance, the root */
                                       : VF_METRIC_NONE;
}

static enum vf_status take(struct vf_schema *schema, const struct vf_duckdb_rows *rows, struct vf_error *err)
{
    const char *texts[4] = {NULL, NULL, NULL, NULL};
    enum vf_status status = VF_OK;
    for (idx_t i = 0; status == VF_OK && i < 4; i++)
        status = vf_duckdb_copy_text(rows, i, &schema->arena, &texts[i], err);
    struct vf_table *table = status == VF_OK ? vf_schema_find_table(schema, texts[0], texts[1]) : NULL;
    for (size_t i = 0; table != NULL && i < table->n_indexes; i++) {
        struct vf_index *index = &table->indexes[i];
        if (index->kind != VF_INDEX_HNSW || index->name == NULL || strcmp(index->name, texts[2]) != 0)
            continue;
        index->vector.metric = metric_of(texts[3]);
        index->vector.m = (uint32_t)vf_duckdb_i64(rows, 4);
    }
    return status;
}

enum vf_status vf_duckdb_hnsw_inspect(struct vf_duckdb_conn *conn, struct vf_schema *schema, struct vf_error *err)
{
    struct vf_duckdb_rows rows;
    bool more = true;
    /* Of the lowest layer the extension tells as "max_edges" M a vector, and M0 of the others (seen in 1.5.5). */
    enum vf_status status = vf_duckdb_query(
        conn,
        "SELECT schema_name, table_name, index_name, metric, CASE WHEN levels_stats[1].nodes > 0 THEN "
        "(levels_stats[1].max_edges // levels_stats[1].nodes)::BIGINT END FROM pragma_hnsw_index_info() WHERE "
        "catalog_name = '" VF_DUCKDB_CATALOG "'",
        0, NULL, &rows, err);
    while (status == VF_OK && more) {
        status = vf_duckdb_next(&rows, &more, err);
        if (status == VF_OK && more)
            status = take(schema, &rows, err);
    }
    vf_duckdb_rows_close(&rows);
    return status;
}

/* ---- asking ---- */

const char *vf_duckdb_hnsw_function(enum vf_metric metric)
{
    switch (metric) {
    case VF_METRIC_L2:
    case VF_METRIC_L2_SQUARED:
        return "array_distance";
    case VF_METRIC_COSINE:
        return "array_cosine_distance";
    case VF_METRIC_IP:
        return "array_negative_inner_product";
    case VF_METRIC_L1:
    case VF_METRIC_HAMMING:
    case VF_METRIC_JACCARD:
    case VF_METRIC_NONE:
        break;
    }
    return NULL;
}

/* ORDER BY array_distance(t."v", '[...]'::FLOAT[n]) LIMIT k: ascending, with a constant, without another key. */
static enum vf_status write_order(const struct vf_nearest *nearest, struct vf_buf *sql, struct vf_error *err)
{
    const struct vf_column *column = &nearest->table->columns[nearest->index->parts[0].column];
    const char *function = vf_duckdb_hnsw_function(nearest->index->vector.metric);
    struct vf_buf text;
    if (function == NULL || column->type.kind != VF_K_VECTOR || column->type.element != VF_E_F32)
        return vf_error_set(err, VF_MISSING, "index \"%s\" can't be asked for a distance", nearest->index->name);
    vf_buf_init(&text, VF_BUF_MAX);
    enum vf_status status = vf_vector_text_write(&text, VF_E_F32, nearest->vector, column->type.dim, err);
    if (status == VF_OK)
        status = vf_buf_check(&text, err);
    if (status == VF_OK) {
        vf_buf_printf(sql, " ORDER BY %s(t.", function);
        vf_duckdb_quote(sql, column->name);
        vf_buf_str(sql, ", ");
        vf_duckdb_quote_text(sql, text.data, text.size_bytes);
        vf_buf_printf(sql, "::FLOAT[%u]) LIMIT %u", (unsigned)column->type.dim, (unsigned)nearest->k);
        status = vf_buf_check(sql, err);
    }
    vf_buf_release(&text);
    return status;
}

static enum vf_status set_ef_search(struct vf_duckdb_conn *conn, const struct vf_nearest *nearest, struct vf_error *err)
{
    struct vf_buf sql;
    uint32_t fallback = vf_index_builders[VF_BUILDER_DUCKDB_HNSW].ranges[VF_PARAM_EF_SEARCH].fallback;
    vf_buf_init(&sql, 256);
    vf_buf_printf(&sql, "SET SESSION hnsw_ef_search = %u",
                  (unsigned)(nearest->ef_search > 0 ? nearest->ef_search : fallback));
    enum vf_status status = vf_duckdb_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    return status;
}

/* Exact search answers too, and its answer would say nothing about the index. */
static enum vf_status check_plan(struct vf_duckdb_conn *conn, const struct vf_relation *relation, const char *index,
                                 const struct vf_buf *order, struct vf_error *err)
{
    bool is_used = false;
    enum vf_status status = vf_duckdb_scan_explains(conn, relation, order, "HNSW_INDEX_SCAN", &is_used, err);
    if (status != VF_OK || is_used)
        return status;
    return vf_error_set(err, VF_MISSING, "DuckDB doesn't search by index \"%s\": EXPLAIN shows no HNSW_INDEX_SCAN",
                        index);
}

enum vf_status vf_duckdb_nearest(struct vf_conn *base, const struct vf_nearest *nearest, struct vf_scan **scan,
                                 struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    struct vf_relation relation = *nearest->relation;
    struct vf_buf order;
    vf_buf_init(&order, VF_BUF_MAX);
    enum vf_status status = vf_duckdb_need(conn, VF_DUCKDB_VSS, err);
    if (status == VF_OK)
        status = write_order(nearest, &order, err);
    if (status == VF_OK && nearest->index->vector.place == VF_PLACE_SESSION)
        status = vf_duckdb_session(conn, nearest, &conn, &relation, err);
    if (status == VF_OK)
        status = set_ef_search(conn, nearest, err);
    if (status == VF_OK)
        status = check_plan(conn, &relation, nearest->index->name, &order, err);
    if (status == VF_OK)
        status = vf_duckdb_scan_start(conn, &relation, &order, scan, err);
    vf_buf_release(&order);
    return status;
}
