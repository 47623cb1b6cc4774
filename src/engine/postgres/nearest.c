#include <stdio.h>
#include <string.h>

#include "engine/postgres/relation.h"
#include "engine/postgres/scan.h"
#include "vector/text.h"

#define DEFAULT_EF_SEARCH 40
#define MAX_EF_SEARCH     1000

static const char *operator_of(enum vf_metric metric)
{
    switch (metric) {
    case VF_METRIC_L2:
    case VF_METRIC_L2_SQUARED:
        return "<->";
    case VF_METRIC_COSINE:
        return "<=>";
    case VF_METRIC_IP:
        return "<#>";
    case VF_METRIC_L1:
        return "<+>";
    case VF_METRIC_HAMMING:
        return "<~>";
    case VF_METRIC_JACCARD:
        return "<%>";
    case VF_METRIC_NONE:
        break;
    }
    return NULL;
}

/* Where the extension lies: its operators and types are named with it, whatever the search path is. */
static enum vf_status find_schema(struct vf_pg_conn *conn, char *schema, size_t schema_bytes, struct vf_error *err)
{
    enum vf_status status = vf_pg_get_text(conn,
                                           "SELECT n.nspname FROM pg_catalog.pg_extension e "
                                           "JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace "
                                           "WHERE e.extname = 'vector'",
                                           0, NULL, schema, schema_bytes, err);

    if (status == VF_OK && schema[0] == '\0')
        status = vf_error_set(err, VF_MISSING, "the extension \"vector\" isn't in the database");
    return status;
}

/* Settings of the transaction: the index is to be used, however small the table, and as wide as it is asked for. */
static enum vf_status prepare(struct vf_pg_conn *conn, const struct vf_nearest *nearest, struct vf_error *err)
{
    char sql[256];
    uint32_t ef_search = nearest->ef_search > 0 ? nearest->ef_search : DEFAULT_EF_SEARCH;

    if (nearest->index->kind == VF_INDEX_IVFFLAT)
        snprintf(sql, sizeof(sql), "SET LOCAL enable_seqscan = off; SET LOCAL ivfflat.probes = %u",
                 (unsigned)(nearest->probes > 0 ? nearest->probes : 1));
    else
        snprintf(sql, sizeof(sql), "SET LOCAL enable_seqscan = off; SET LOCAL hnsw.ef_search = %u",
                 (unsigned)(ef_search < MAX_EF_SEARCH ? ef_search : MAX_EF_SEARCH));
    return vf_pg_exec(conn, sql, err);
}

/* ORDER BY t."v"::halfvec(n) OPERATOR(public.<=>) '[...]'::halfvec(n) LIMIT k: the form that uses the index. */
static enum vf_status write_order(const struct vf_nearest *nearest, const char *schema, struct vf_buf *sql,
                                  struct vf_error *err)
{
    const struct vf_index *index = nearest->index;
    const struct vf_column *column = &nearest->table->columns[index->parts[0].column];
    const char *operator= operator_of(index->vector.metric);
    struct vf_buf cast, text;

    if (operator== NULL || column->type.kind != VF_K_VECTOR)
        return vf_error_set(err, VF_MISSING, "index \"%s\" can't be asked for a distance", index->name);
    vf_buf_init(&cast, 4096);
    vf_buf_init(&text, VF_BUF_MAX);
    if (index->vector.element == VF_E_F16) {
        vf_buf_str(&cast, "::");
        vf_pg_quote_table(&cast, schema, "halfvec");
        vf_buf_printf(&cast, "(%u)", (unsigned)column->type.dim);
    } else if (column->type.element == VF_E_BIT) {
        vf_buf_printf(&cast, "::bit(%u)", (unsigned)column->type.dim);
    } else {
        vf_buf_str(&cast, "::");
        vf_pg_quote_table(&cast, schema, column->type.element == VF_E_F16 ? "halfvec" : "vector");
        vf_buf_printf(&cast, "(%u)", (unsigned)column->type.dim);
    }
    enum vf_status status = vf_vector_text_write(&text, column->type.element, nearest->vector, column->type.dim, err);
    if (status == VF_OK)
        status = vf_buf_check(&cast, err);
    if (status == VF_OK)
        status = vf_buf_check(&text, err);
    if (status == VF_OK) {
        vf_buf_str(sql, " ORDER BY t.");
        vf_pg_quote(sql, column->name);
        vf_buf_str(sql, index->vector.element == VF_E_F16 ? cast.data : "");
        vf_buf_str(sql, " OPERATOR(");
        vf_pg_quote(sql, schema);
        vf_buf_printf(sql, ".%s) ", operator);
        vf_pg_quote_text(sql, text.data, text.size_bytes);
        vf_buf_str(sql, cast.data);
        vf_buf_printf(sql, " LIMIT %u", (unsigned)nearest->k);
        status = vf_buf_check(sql, err);
    }
    vf_buf_release(&cast);
    vf_buf_release(&text);
    return status;
}

enum vf_status vf_pg_nearest(struct vf_conn *base, const struct vf_nearest *nearest, struct vf_scan **scan,
                             struct vf_error *err)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    struct vf_buf order;
    char schema[256];
    enum vf_status status = find_schema(conn, schema, sizeof(schema), err);

    vf_buf_init(&order, VF_BUF_MAX);
    if (status == VF_OK)
        status = write_order(nearest, schema, &order, err);
    if (status == VF_OK)
        status = prepare(conn, nearest, err);
    if (status == VF_OK)
        status = vf_pg_scan_start(conn, nearest->relation, NULL, &order, scan, err);
    vf_buf_release(&order);
    return status;
}
