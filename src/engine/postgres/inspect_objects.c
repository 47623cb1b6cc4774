/* Types and sequences. */
#include <string.h>

#include "engine/postgres/inspect.h"
#include "engine/store.h"

#define USER_SCHEMAS "n.nspname <> 'information_schema' AND left(n.nspname::text, 3) <> 'pg_'"
#define NOT_OF_EXTENSION(catalog, oid)                                                                                 \
    "NOT EXISTS (SELECT FROM pg_catalog.pg_depend x WHERE x.classid = 'pg_catalog." catalog "'::regclass "             \
    "AND x.objid = " oid " AND x.deptype = 'e')"

/* ---- types ---- */

static const char type_query[] =
    "SELECT t.typtype, n.nspname, t.typname, "
    "(SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid), "
    "CASE t.typtype WHEN 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) WHEN 'r' THEN "
    "(SELECT pg_catalog.format_type(r.rngsubtype, NULL) FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid) END, "
    "t.typnotnull, pg_catalog.pg_get_expr(t.typdefaultbin, 0), "
    "(SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid "
    "AND a.attnum > 0 AND NOT a.attisdropped), "
    "(SELECT json_agg(pg_catalog.format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) FROM pg_catalog.pg_attribute "
    "a "
    "WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), "
    "(SELECT json_agg(k.conname ORDER BY k.conname) FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND "
    "k.contype = 'c'), "
    "(SELECT json_agg(pg_catalog.pg_get_expr(k.conbin, 0) ORDER BY k.conname) FROM pg_catalog.pg_constraint k "
    "WHERE k.contypid = t.oid AND k.contype = 'c'), t.oid::bigint, t.typtypmod "
    "FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace "
    "LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid "
    "WHERE t.typtype IN ('e', 'd', 'r', 'c') AND coalesce(c.relkind, 'c') = 'c' AND " USER_SCHEMAS
    " AND " NOT_OF_EXTENSION("pg_type", "t.oid") " ORDER BY t.oid::bigint";

static enum vf_status add_type_checks(struct vf_pg_inspection *inspection, struct vf_user_type *type,
                                      const PGresult *result, int row)
{
    struct vf_arena *arena = &inspection->schema->arena;
    const char **names = NULL, **texts = NULL;
    size_t n_names = 0, n_texts = 0;
    enum vf_status status = vf_pg_texts(result, row, 9, arena, &names, &n_names, inspection->err);
    if (status == VF_OK)
        status = vf_pg_texts(result, row, 10, arena, &texts, &n_texts, inspection->err);
    if (status != VF_OK || n_names == 0 || n_names != n_texts)
        return status;
    type->checks = vf_arena_alloc(arena, n_names, sizeof(*type->checks));
    if (type->checks == NULL)
        return vf_error_nomem(inspection->err);
    for (size_t i = 0; i < n_names; i++)
        type->checks[type->n_checks++] = (struct vf_check){.name = names[i], .expression = texts[i]};
    return status;
}

static enum vf_status add_type(struct vf_pg_inspection *inspection, const PGresult *result, int row)
{
    struct vf_arena *arena = &inspection->schema->arena;
    struct vf_pg_types *types = &inspection->conn->types;
    struct vf_user_type *type = vf_schema_add_user_type(inspection->schema);
    size_t n_natives = 0;
    if (type == NULL)
        return vf_error_nomem(inspection->err);
    char letter = vf_pg_str(result, row, 0)[0];
    type->kind = letter == 'e'   ? VF_USER_TYPE_ENUM
                 : letter == 'd' ? VF_USER_TYPE_DOMAIN
                 : letter == 'c' ? VF_USER_TYPE_COMPOSITE
                                 : VF_USER_TYPE_RANGE;
    type->schema = vf_pg_copy(result, row, 1, arena);
    type->name = vf_pg_copy(result, row, 2, arena);
    type->base = vf_pg_copy(result, row, 4, arena);
    type->not_null = vf_pg_is_true(result, row, 5);
    if (type->schema == NULL || type->name == NULL)
        return vf_error_nomem(inspection->err);
    enum vf_status status = vf_pg_texts(result, row, 3, arena, &type->labels, &type->n_labels, inspection->err);
    if (status == VF_OK)
        status = vf_pg_texts(result, row, 7, arena, &type->field_names, &type->n_fields, inspection->err);
    if (status == VF_OK)
        status = vf_pg_texts(result, row, 8, arena, &type->field_natives, &n_natives, inspection->err);
    if (status == VF_OK && n_natives < type->n_fields)
        type->n_fields = n_natives;
    if (status == VF_OK && letter == 'd') {
        const struct vf_pg_type *found = vf_pg_type_find(types, (uint32_t)vf_pg_i64(result, row, 11, 0));
        const char *def = PQgetisnull(result, row, 6) ? NULL : vf_pg_str(result, row, 6);
        status = vf_pg_default_parse(def, vf_pg_neutral(types, found, (int32_t)vf_pg_i64(result, row, 12, -1)), arena,
                                     &type->def, inspection->err);
    }
    return status == VF_OK ? add_type_checks(inspection, type, result, row) : status;
}

/* ---- sequences ---- */

static const char sequence_query[] =
    "SELECT n.nspname, c.relname, pg_catalog.format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, "
    "s.seqmax, "
    "s.seqcache, s.seqcycle, tn.nspname, tc.relname, a.attname, coalesce(d.deptype = 'i', false), "
    "pg_catalog.has_sequence_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') "
    "FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND "
    "d.objsubid = 0 "
    "AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i') "
    "LEFT JOIN pg_catalog.pg_class tc ON tc.oid = d.refobjid LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = "
    "tc.relnamespace "
    "LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid "
    "WHERE c.relpersistence <> 't' AND " USER_SCHEMAS " AND left(c.relname::text, 9) <> '" VF_STORE_PREFIX
    "' AND " NOT_OF_EXTENSION("pg_class",
                              "c.oid") " ORDER BY n.nspname::text COLLATE \"C\", c.relname::text COLLATE \"C\"";

/* The last value isn't in the catalogue but in the sequence itself, which a role that may read the table may not always read. */
static enum vf_status read_state(struct vf_pg_inspection *inspection, struct vf_sequence *sequence)
{
    if (sequence->is_hidden) {
        sequence->last = sequence->start;
        return VF_OK;
    }
    struct vf_buf sql;
    PGresult *result = NULL;
    vf_buf_init(&sql, 1 << 16);
    vf_buf_str(&sql, "SELECT last_value, is_called FROM ");
    vf_pg_quote_table(&sql, sequence->schema, sequence->name);
    enum vf_status status = vf_pg_query_buf(inspection->conn, &sql, &result, inspection->err);
    vf_buf_release(&sql);
    if (status == VF_OK) {
        sequence->last = vf_pg_i64(result, 0, 0, sequence->start);
        sequence->is_called = vf_pg_is_true(result, 0, 1);
    }
    PQclear(result);
    return status;
}

static enum vf_status add_sequence(struct vf_pg_inspection *inspection, const PGresult *result, int row)
{
    struct vf_arena *arena = &inspection->schema->arena;
    struct vf_sequence *sequence = vf_schema_add_sequence(inspection->schema);
    if (sequence == NULL)
        return vf_error_nomem(inspection->err);
    *sequence = (struct vf_sequence){
        .schema = vf_pg_copy(result, row, 0, arena),
        .name = vf_pg_copy(result, row, 1, arena),
        .native = vf_pg_copy(result, row, 2, arena),
        .start = vf_pg_i64(result, row, 3, 1),
        .increment = vf_pg_i64(result, row, 4, 1),
        .min = vf_pg_i64(result, row, 5, 1),
        .max = vf_pg_i64(result, row, 6, INT64_MAX),
        .cache = vf_pg_i64(result, row, 7, 1),
        .cycle = vf_pg_is_true(result, row, 8),
        .owner_schema = vf_pg_copy(result, row, 9, arena),
        .owner_table = vf_pg_copy(result, row, 10, arena),
        .owner_column = vf_pg_copy(result, row, 11, arena),
        .identity = vf_pg_is_true(result, row, 12),
        .is_hidden = !vf_pg_is_true(result, row, 13),
    };
    if (sequence->schema == NULL || sequence->name == NULL || sequence->native == NULL)
        return vf_error_nomem(inspection->err);
    return read_state(inspection, sequence);
}

static enum vf_status each(struct vf_pg_inspection *inspection, const char *query,
                           enum vf_status (*add)(struct vf_pg_inspection *, const PGresult *, int))
{
    PGresult *result = NULL;
    enum vf_status status = vf_pg_query(inspection->conn, query, 0, NULL, &result, inspection->err);
    int n = status == VF_OK ? PQntuples(result) : 0;
    for (int row = 0; row < n && status == VF_OK; row++)
        status = add(inspection, result, row);
    PQclear(result);
    return status;
}

enum vf_status vf_pg_inspect_objects(struct vf_pg_inspection *inspection)
{
    enum vf_status status = each(inspection, type_query, add_type);
    if (status == VF_OK)
        status = each(inspection, sequence_query, add_sequence);
    return status == VF_OK ? vf_pg_inspect_others(inspection) : status;
}
