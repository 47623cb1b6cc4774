/* Partitions and parents of a table that is made. */
#include <inttypes.h>
#include <string.h>

#include "engine/postgres/target.h"

void vf_pg_write_partition_by(const struct vf_table *table, const struct vf_partition_by *by, struct vf_buf *sql)
{
    static const char *const words[] = {
        [VF_PARTITION_RANGE] = "RANGE", [VF_PARTITION_LIST] = "LIST", [VF_PARTITION_HASH] = "HASH"};

    if (by->strategy == VF_PARTITION_NONE)
        return;
    vf_buf_printf(sql, " PARTITION BY %s (", words[by->strategy]);
    for (size_t i = 0; i < by->n_columns; i++) {
        vf_buf_str(sql, i > 0 ? ", " : "");
        vf_pg_quote(sql, table->columns[by->columns[i]].name);
    }
    vf_buf_char(sql, ')');
}

/* "=..." is a value; else a word. */
static void write_values(const char *before, size_t n, const char *const *values, struct vf_buf *sql)
{
    vf_buf_str(sql, before);
    for (size_t i = 0; i < n; i++) {
        vf_buf_str(sql, i > 0 ? ", " : "");
        if (values[i][0] == '=')
            vf_pg_quote_text(sql, values[i] + 1, strlen(values[i] + 1));
        else
            vf_buf_str(sql, values[i]);
    }
    vf_buf_char(sql, ')');
}

static enum vf_status make_partition(struct vf_pg_conn *conn, const struct vf_table *table,
                                     const struct vf_partition *partition, struct vf_error *err)
{
    const struct vf_partition *parent = partition->parent >= 0 ? &table->partitions[partition->parent] : NULL;
    struct vf_buf sql;

    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "CREATE TABLE IF NOT EXISTS ");
    vf_pg_quote_table(&sql, partition->schema, partition->name);
    vf_buf_str(&sql, " PARTITION OF ");
    vf_pg_quote_table(&sql, parent != NULL ? parent->schema : table->schema,
                      parent != NULL ? parent->name : table->name);
    if (partition->is_default) {
        vf_buf_str(&sql, " DEFAULT");
    } else if (partition->n_high > 0) {
        write_values(" FOR VALUES FROM (", partition->n_low, partition->low, &sql);
        write_values(" TO (", partition->n_high, partition->high, &sql);
    } else if (partition->n_low > 0) {
        write_values(" FOR VALUES IN (", partition->n_low, partition->low, &sql);
    } else {
        vf_buf_printf(&sql, " FOR VALUES WITH (MODULUS %" PRId64 ", REMAINDER %" PRId64 ")", partition->modulus,
                      partition->remainder);
    }
    vf_pg_write_partition_by(table, &partition->by, &sql);
    enum vf_status status = vf_pg_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    if (status != VF_OK)
        vf_error_wrap(err, "partition \"%s\"", partition->name);
    return status;
}

static enum vf_status inherit(struct vf_pg_conn *conn, const struct vf_table *table, const struct vf_table_name *parent,
                              struct vf_error *err)
{
    const char *params[] = {table->name, table->schema, parent->name, parent->schema};
    char found[8];
    struct vf_buf sql;
    enum vf_status status = vf_pg_get_text(
        conn,
        "SELECT (count(*) > 0)::text FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid "
        "JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace JOIN pg_catalog.pg_class p ON p.oid = i.inhparent "
        "JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace WHERE c.relname = $1 AND cn.nspname = coalesce($2, "
        "current_schema()) AND p.relname = $3 AND pn.nspname = coalesce($4, current_schema())",
        4, params, found, sizeof(found), err);

    if (status != VF_OK || found[0] == 't')
        return status;
    vf_buf_init(&sql, 1 << 16);
    vf_buf_str(&sql, "ALTER TABLE ");
    vf_pg_quote_table(&sql, table->schema, table->name);
    vf_buf_str(&sql, " INHERIT ");
    vf_pg_quote_table(&sql, parent->schema, parent->name);
    status = vf_pg_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    return status;
}

enum vf_status vf_pg_make_lineage(struct vf_pg_conn *conn, const struct vf_table *table, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < table->n_partitions && status == VF_OK; i++)
        status = make_partition(conn, table, &table->partitions[i], err);
    for (size_t i = 0; i < table->n_parents && status == VF_OK; i++)
        status = inherit(conn, table, &table->parents[i], err);
    return status;
}

enum vf_status vf_pg_leave_children(struct vf_pg_conn *conn, const struct vf_table *table, struct vf_error *err)
{
    const char *params[] = {table->name, table->schema};
    struct vf_buf sql;
    PGresult *result = NULL;
    enum vf_status status = vf_pg_query(
        conn,
        "SELECT cn.nspname, c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhparent "
        "JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid "
        "JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace WHERE p.relname = $1 AND pn.nspname = coalesce($2, "
        "current_schema()) AND p.relkind = 'r'",
        2, params, &result, err);
    int n = status == VF_OK ? PQntuples(result) : 0;

    vf_buf_init(&sql, 1 << 16);
    for (int row = 0; row < n && status == VF_OK; row++) {
        vf_buf_clear(&sql);
        vf_buf_str(&sql, "ALTER TABLE ");
        vf_pg_quote_table(&sql, vf_pg_str(result, row, 0), vf_pg_str(result, row, 1));
        vf_buf_str(&sql, " NO INHERIT ");
        vf_pg_quote_table(&sql, table->schema, table->name);
        status = vf_pg_exec_buf(conn, &sql, err);
    }
    PQclear(result);
    vf_buf_release(&sql);
    return status;
}
