#include "engine/postgres/inspect.h"

#include <stdlib.h>
#include <string.h>

#include "engine/memory.h"
#include "engine/postgres/fulltext.h"
#include "engine/postgres/types.h"
#include "engine/store.h"

/* What is nobody's table: the server's, an extension's, a temporary one, and vecferry's own. Partitions, which are read with their parent, come last and are set apart. */
static const char table_query[] =
    "SELECT c.oid::bigint, n.nspname, c.relname, c.relkind, "
    "CASE WHEN c.relkind = 'p' THEN (SELECT sum(greatest(l.reltuples, 0))::bigint FROM "
    "pg_catalog.pg_partition_tree(c.oid) t "
    "JOIN pg_catalog.pg_class l ON l.oid = t.relid WHERE t.isleaf) ELSE greatest(c.reltuples, -1)::bigint END, "
    "CASE WHEN c.relkind = 'p' THEN (SELECT sum(pg_catalog.pg_table_size(t.relid))::bigint "
    "FROM pg_catalog.pg_partition_tree(c.oid) t WHERE t.isleaf) ELSE pg_catalog.pg_table_size(c.oid) END, "
    "pg_catalog.obj_description(c.oid, 'pg_class'), c.relispopulated "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE (c.relkind IN ('r', 'm') OR c.relkind = 'p' AND NOT c.relispartition) AND c.relpersistence <> 't' "
    "AND n.nspname <> 'information_schema' AND left(n.nspname::text, 3) <> 'pg_' "
    "AND left(c.relname::text, 9) <> '" VF_STORE_PREFIX "' "
    "AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass "
    "AND d.objid = c.oid AND d.deptype = 'e') "
    "ORDER BY c.relispartition, n.nspname::text COLLATE \"C\", c.relname::text COLLATE \"C\"";

static const char column_query[] =
    "SELECT a.attrelid::bigint, a.attnum, a.attname, a.atttypid::bigint, a.atttypmod, "
    "pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, "
    "pg_catalog.pg_get_expr(d.adbin, d.adrelid), "
    "CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation THEN l.collname END, "
    "pg_catalog.col_description(a.attrelid, a.attnum), "
    /* Where NOT NULL is a constraint (PostgreSQL 18): its name, if it isn't TABLE_COLUMN_not_null, cut where that is too long and with a number where it was taken. */
    "(SELECT k.conname FROM pg_catalog.pg_constraint k, pg_catalog.concat(c.relname, '_', a.attname, '_not_null') "
    "usual "
    "WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND k.conkey[1] = a.attnum AND k.conislocal AND NOT CASE WHEN "
    "octet_length(usual) > 63 THEN k.conname ~ '_not_null[0-9]*$' ELSE left(k.conname, length(usual)) = usual AND "
    "substr(k.conname, length(usual) + 1) ~ '^[0-9]*$' END LIMIT 1) "
    "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "
    "LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
    "LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation "
    "WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'm') "
    "AND n.nspname <> 'information_schema' AND left(n.nspname::text, 3) <> 'pg_' ORDER BY a.attrelid, a.attnum";

struct vf_table *vf_pg_seen_table(struct vf_pg_inspection *inspection, int64_t oid)
{
    size_t n = inspection->schema->n_tables;
    for (size_t i = 0; i < n; i++) {
        size_t at = (inspection->last + i) % n;
        if (inspection->seen[at].oid == oid) {
            inspection->last = at;
            return &inspection->schema->tables[at];
        }
    }
    return NULL;
}

int vf_pg_seen_column(const struct vf_pg_inspection *inspection, const struct vf_table *table, int number)
{
    const struct vf_pg_seen *seen = &inspection->seen[table - inspection->schema->tables];
    for (size_t i = 0; i < seen->n_numbers; i++) {
        if (seen->numbers[i] == number)
            return (int)i;
    }
    return -1;
}

int vf_pg_numbers(const char *text, struct vf_arena *arena, int **numbers)
{
    size_t room = strlen(text) / 2 + 2;
    int n = 0;
    *numbers = vf_arena_alloc(arena, room, sizeof(**numbers));
    if (*numbers == NULL)
        return -1;
    while (*text != '\0') {
        char *end = NULL;
        long value = strtol(text, &end, 10);
        if (end != text && (size_t)n < room)
            (*numbers)[n++] = (int)value;
        text = end != text ? end : text + 1;
    }
    return n;
}

/* ---- tables ---- */

/* A materialised view is a table when somebody asks for that. */
static bool is_asked_for(const struct vf_inspect_options *options, const char *schema, const char *name)
{
    char label[256];
    vf_table_label(schema, name, label, sizeof(label));
    for (size_t i = 0; i < options->n_as_table; i++) {
        const char *asked = options->as_table[i];
        if (strcmp(asked, "*") == 0 || strcmp(asked, name) == 0 || strcmp(asked, label) == 0)
            return true;
    }
    return false;
}

static enum vf_status refuse_empty(struct vf_pg_inspection *inspection, const char *schema, const char *name)
{
    vf_error_set(inspection->err, VF_STATE, "the materialized view \"%s.%s\" has not been populated", schema, name);
    vf_error_hint(inspection->err, "REFRESH MATERIALIZED VIEW fills it; or leave it out of --as-table");
    return VF_STATE;
}

static enum vf_status add_table(struct vf_pg_inspection *inspection, const struct vf_inspect_options *options,
                                const PGresult *result, int row)
{
    struct vf_arena *arena = &inspection->schema->arena;
    bool is_view = vf_pg_str(result, row, 3)[0] == 'm';
    const char *schema = vf_pg_str(result, row, 1), *name = vf_pg_str(result, row, 2);
    if (is_view && !is_asked_for(options, schema, name))
        return VF_OK;
    if (is_view && !vf_pg_is_true(result, row, 7))
        return refuse_empty(inspection, schema, name);
    struct vf_table *table = vf_schema_add_table(inspection->schema);
    if (table == NULL)
        return vf_error_nomem(inspection->err);
    table->is_view = is_view;
    table->schema = vf_pg_copy(result, row, 1, arena);
    table->name = vf_pg_copy(result, row, 2, arena);
    table->n_rows = vf_pg_i64(result, row, 4, -1);
    table->size_bytes = vf_pg_i64(result, row, 5, -1);
    table->comment = vf_pg_copy(result, row, 6, arena);
    inspection->seen[inspection->schema->n_tables - 1] =
        (struct vf_pg_seen){.oid = vf_pg_i64(result, row, 0, 0), .relkind = vf_pg_str(result, row, 3)[0]};
    return table->schema == NULL || table->name == NULL ? vf_error_nomem(inspection->err) : VF_OK;
}

static enum vf_status inspect_tables(struct vf_pg_inspection *inspection, const struct vf_inspect_options *options)
{
    PGresult *result = NULL;
    enum vf_status status = vf_pg_query(inspection->conn, table_query, 0, NULL, &result, inspection->err);
    int n = status == VF_OK ? PQntuples(result) : 0;
    inspection->seen = vf_arena_alloc(&inspection->arena, (size_t)n + 1, sizeof(*inspection->seen));
    if (inspection->seen == NULL)
        status = vf_error_nomem(inspection->err);
    for (int row = 0; row < n && status == VF_OK; row++)
        status = add_table(inspection, options, result, row);
    PQclear(result);
    return status;
}

/* ---- columns ---- */

/* An extension's types are known by their names, wherever it lives: public.vector(3) is vector(3). */
static const char *without_schema(const struct vf_pg_types *types, const struct vf_pg_type *type, const char *native)
{
    const struct vf_pg_type *named = type;
    if (type != NULL && type->element_oid != 0)
        named = vf_pg_type_find(types, type->element_oid);
    if (named == NULL || named->extension == NULL)
        return native;
    bool quoted = false;
    for (const char *at = native; *at != '\0'; at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (*at == '.' && !quoted)
            return at + 1;
        else if (*at == '(' && !quoted)
            break;
    }
    return native;
}

static enum vf_generated generated_of(char identity, char generated)
{
    if (identity == 'a')
        return VF_GENERATED_IDENTITY_ALWAYS;
    if (identity == 'd')
        return VF_GENERATED_IDENTITY_BY_DEFAULT;
    if (generated == 's')
        return VF_GENERATED_STORED;
    return generated == 'v' ? VF_GENERATED_VIRTUAL : VF_GENERATED_NO;
}

static enum vf_status add_column(struct vf_pg_inspection *inspection, struct vf_table *table, const PGresult *result,
                                 int row)
{
    struct vf_pg_types *types = &inspection->conn->types;
    struct vf_arena *arena = &inspection->schema->arena;
    struct vf_column *column = vf_table_add_column(inspection->schema, table);
    if (column == NULL)
        return vf_error_nomem(inspection->err);
    const struct vf_pg_type *type = vf_pg_type_find(types, (uint32_t)vf_pg_i64(result, row, 3, 0));
    column->name = vf_pg_copy(result, row, 2, arena);
    column->native = vf_arena_strdup(arena, without_schema(types, type, vf_pg_str(result, row, 5)));
    if (type != NULL && vf_pg_type_base(types, type, NULL)->typtype == 'e') {
        column->type_schema = vf_pg_type_base(types, type, NULL)->schema;
        column->type_name = vf_pg_type_base(types, type, NULL)->name;
    }
    column->type = vf_pg_neutral(types, type, (int32_t)vf_pg_i64(result, row, 4, -1));
    column->form = column->type.kind == VF_K_OTHER ? VF_FORM_TEXT : VF_FORM_NATIVE;
    column->not_null = vf_pg_is_true(result, row, 6);
    column->generated = generated_of(vf_pg_str(result, row, 7)[0], vf_pg_str(result, row, 8)[0]);
    column->collation = vf_pg_copy(result, row, 10, arena);
    column->comment = vf_pg_copy(result, row, 11, arena);
    column->not_null_name = vf_pg_copy(result, row, 12, arena);
    if (column->name == NULL || column->native == NULL)
        return vf_error_nomem(inspection->err);
    if (column->generated == VF_GENERATED_STORED || column->generated == VF_GENERATED_VIRTUAL) {
        column->expression = vf_pg_copy(result, row, 9, arena);
        return VF_OK;
    }
    const char *def = PQgetisnull(result, row, 9) ? NULL : vf_pg_str(result, row, 9);
    return vf_pg_default_parse(def, column->type, arena, &column->def, inspection->err);
}

static enum vf_status inspect_columns(struct vf_pg_inspection *inspection)
{
    PGresult *result = NULL;
    enum vf_status status = vf_pg_query(inspection->conn, column_query, 0, NULL, &result, inspection->err);
    int n = status == VF_OK ? PQntuples(result) : 0;
    for (int row = 0; row < n && status == VF_OK; row++) {
        struct vf_table *table = vf_pg_seen_table(inspection, vf_pg_i64(result, row, 0, 0));
        if (table == NULL)
            continue;
        struct vf_pg_seen *seen = &inspection->seen[table - inspection->schema->tables];
        if (seen->numbers == NULL)
            seen->numbers = vf_arena_alloc(&inspection->arena, 1600, sizeof(*seen->numbers));
        if (seen->numbers == NULL || seen->n_numbers >= 1600) {
            status = vf_error_nomem(inspection->err);
            break;
        }
        seen->numbers[seen->n_numbers++] = (int)vf_pg_i64(result, row, 1, 0);
        status = add_column(inspection, table, result, row);
    }
    PQclear(result);
    return status;
}

/* ---- all ---- */

/* By which collation texts are ordered, and folded, where nothing else is said. Bytes in order and other letters than A to Z folded is what C.UTF-8 does too. */
static enum vf_status inspect_collation(struct vf_pg_inspection *inspection)
{
    char name[256];
    enum vf_status status = vf_pg_get_text(
        inspection->conn,
        "SELECT CASE WHEN l.provider <> 'c' THEN l.locale WHEN l.collate NOT IN ('C', 'POSIX') THEN l.collate "
        "WHEN l.ctype NOT IN ('C', 'POSIX') THEN 'C.UTF-8' ELSE 'C' END FROM (SELECT "
        "coalesce(to_jsonb(d)->>'datlocprovider', 'c') AS provider, coalesce(to_jsonb(d)->>'datlocale', "
        "to_jsonb(d)->>'daticulocale', '') AS locale, d.datcollate::text AS collate, d.datctype::text AS ctype FROM "
        "pg_catalog.pg_database d WHERE d.datname = current_database()) l",
        0, NULL, name, sizeof(name), inspection->err);
    if (status != VF_OK || strcmp(name, "C") == 0)
        return status;
    inspection->schema->collation = vf_arena_strdup(&inspection->schema->arena, name);
    return inspection->schema->collation != NULL ? VF_OK : vf_error_nomem(inspection->err);
}

static enum vf_status inspect_all(struct vf_pg_inspection *inspection, const struct vf_inspect_options *options)
{
    vf_pg_types_forget(&inspection->conn->types);
    enum vf_status status = vf_pg_types_load(inspection->conn, inspection->err);
    if (status == VF_OK)
        status = inspect_tables(inspection, options);
    if (status == VF_OK)
        status = vf_pg_inspect_rights(inspection);
    if (status == VF_OK)
        status = vf_pg_inspect_lineage(inspection);
    if (status == VF_OK)
        status = inspect_collation(inspection);
    if (status == VF_OK)
        status = inspect_columns(inspection);
    if (status == VF_OK)
        status = vf_pg_inspect_keys(inspection);
    if (status == VF_OK)
        status = vf_pg_inspect_partitions(inspection);
    if (status == VF_OK)
        status = vf_pg_inspect_objects(inspection);
    if (status == VF_OK)
        vf_schema_label_columns(inspection->schema);
    if (status == VF_OK)
        status = vf_pg_fulltext_recognise(inspection->schema, inspection->err);
    if (status == VF_OK && options->evidence)
        status = vf_pg_inspect_values(inspection, options);
    if (status == VF_OK)
        vf_pg_share_evidence(inspection->schema);
    return status;
}

enum vf_status vf_pg_inspect(struct vf_conn *base, const struct vf_inspect_options *options, struct vf_schema *schema,
                             struct vf_error *err)
{
    struct vf_pg_inspection inspection = {.conn = vf_pg_conn_of(base), .schema = schema, .err = err};
    char path[1024], ignored[8];
    enum vf_status status = vf_pg_get_text(inspection.conn, "SELECT pg_catalog.current_setting('search_path')", 0, NULL,
                                           path, sizeof(path), err);
    if (status == VF_OK)
        status = vf_pg_get_text(inspection.conn, "SELECT pg_catalog.set_config('search_path', '', false)", 0, NULL,
                                ignored, sizeof(ignored), err);
    if (status != VF_OK)
        return status;
    status = inspect_all(&inspection, options);
    vf_arena_release(&inspection.arena);
    const char *params[] = {path};
    enum vf_status restored = vf_pg_get_text(inspection.conn, "SELECT pg_catalog.set_config('search_path', $1, false)",
                                             1, params, ignored, sizeof(ignored), status == VF_OK ? err : NULL);
    if (status == VF_OK)
        status = restored;
    return status == VF_OK ? vf_memory_lay_fulltext(base, schema, err) : status;
}
