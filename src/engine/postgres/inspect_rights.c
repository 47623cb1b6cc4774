/* What the user may read: found before the first row is asked for, and of all tables at once. */
#include <string.h>

#include "engine/postgres/inspect.h"

/* Partitions are read one by one, so each has to be readable; of a table whose columns alone are granted no lock can be had. */
static const char rights_query[] =
    "SELECT c.oid::bigint, pg_catalog.has_schema_privilege(n.oid, 'USAGE'), r.may_select, r.is_filtered "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace, "
    "LATERAL (SELECT bool_and(pg_catalog.has_table_privilege(t.relid, 'SELECT')) AS may_select, "
    "bool_or(pg_catalog.row_security_active(t.relid)) AS is_filtered FROM (SELECT c.oid AS relid UNION SELECT "
    "p.relid::oid FROM pg_catalog.pg_partition_tree(c.oid) p) t) r "
    "WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname <> 'information_schema' AND left(n.nspname::text, 3) <> 'pg_' "
    "AND NOT (pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND r.may_select AND NOT r.is_filtered)";

enum vf_status vf_pg_inspect_rights(struct vf_pg_inspection *inspection)
{
    PGresult *result = NULL;
    enum vf_status status = vf_pg_query(inspection->conn, rights_query, 0, NULL, &result, inspection->err);
    int n = status == VF_OK ? PQntuples(result) : 0;

    for (int row = 0; row < n; row++) {
        struct vf_table *table = vf_pg_seen_table(inspection, vf_pg_i64(result, row, 0, 0));
        if (table == NULL)
            continue;
        bool is_refused = !vf_pg_is_true(result, row, 1) || !vf_pg_is_true(result, row, 2);
        table->unread = is_refused ? "this user may not read the table"
                                   : "row level security hides rows of the table from this user: they would be missing";
        table->unread_remedy = !vf_pg_is_true(result, row, 1) ? "GRANT USAGE ON its SCHEMA and SELECT on the table"
                               : is_refused                   ? "GRANT SELECT on the table, and on its partitions"
                                                              : "read as its owner, or as a role with BYPASSRLS";
    }
    PQclear(result);
    return status;
}
