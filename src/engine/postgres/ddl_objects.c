#include <stdio.h>
#include <string.h>

#include "engine/postgres/expression.h"
#include "engine/postgres/inspect.h"
#include "engine/postgres/target.h"
#include "engine/postgres/types.h"

/* ---- types ---- */

static void write_labels(const struct vf_user_type *type, struct vf_buf *sql)
{
    vf_buf_str(sql, " AS ENUM (");
    for (size_t i = 0; i < type->n_labels; i++) {
        vf_buf_str(sql, i > 0 ? ", " : "");
        vf_pg_quote_text(sql, type->labels[i], strlen(type->labels[i]));
    }
    vf_buf_char(sql, ')');
}

static enum vf_status write_domain_checks(const struct vf_user_type *type, struct vf_buf *sql, struct vf_error *err)
{
    struct vf_column value = {.name = "value", .native = type->base != NULL ? type->base : ""};
    const struct vf_table table = {.name = type->name, .n_columns = 1, .columns = &value, .primary_key = -1};
    const struct vf_expr_scope scope = {.table = &table, .is_condition = true, .is_domain = true};
    struct vf_arena arena = {0};
    enum vf_status status = VF_OK;
    bool is_cut;
    value.type.kind = vf_pg_dialect.kind_of(value.native, &is_cut);
    for (size_t i = 0; i < type->n_checks && status == VF_OK; i++) {
        const char *why = NULL;
        if (type->checks[i].expr == NULL)
            continue;
        vf_buf_str(sql, " CONSTRAINT ");
        vf_pg_quote(sql, type->checks[i].name);
        vf_buf_str(sql, " CHECK (");
        if (!vf_expr_write(&vf_pg_dialect, &scope, type->checks[i].expr, &arena, sql, &why))
            status = vf_error_set(err, VF_INTERNAL, "a check of domain \"%s\" isn't one that was translated: %s",
                                  type->name, why);
        vf_buf_char(sql, ')');
    }
    vf_arena_release(&arena);
    return status;
}

static enum vf_status write_domain(const struct vf_pg_conn *conn, const struct vf_user_type *type, struct vf_buf *sql,
                                   struct vf_error *err)
{
    struct vf_pg_name name;
    const char *why = NULL;
    vf_buf_str(sql, " AS ");
    enum vf_status status = vf_pg_write_type(conn, type->base != NULL ? type->base : "", sql, err);
    if (status != VF_OK || type->def.kind == VF_DEFAULT_NONE) {
        vf_buf_str(sql, type->not_null ? " NOT NULL" : "");
        return status == VF_OK ? write_domain_checks(type, sql, err) : status;
    }
    struct vf_buf text;
    struct vf_column column = {.name = type->name, .native = type->base, .def = type->def};
    if (vf_pg_name_parse(type->base, &name))
        column.type = vf_pg_name_type(&name);
    vf_buf_init(&text, VF_BUF_MAX);
    if (vf_pg_default_write(&column, &conn->types, &text, &why) && text.data != NULL) {
        vf_buf_str(sql, " DEFAULT ");
        vf_buf_str(sql, text.data);
    }
    vf_buf_release(&text);
    vf_buf_str(sql, type->not_null ? " NOT NULL" : "");
    return write_domain_checks(type, sql, err);
}

static enum vf_status write_composite(const struct vf_pg_conn *conn, const struct vf_user_type *type,
                                      struct vf_buf *sql, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    vf_buf_str(sql, " AS (");
    for (size_t i = 0; i < type->n_fields && status == VF_OK; i++) {
        vf_buf_str(sql, i > 0 ? ", " : "");
        vf_pg_quote(sql, type->field_names[i]);
        vf_buf_char(sql, ' ');
        status = vf_pg_write_type(conn, type->field_natives[i], sql, err);
    }
    vf_buf_char(sql, ')');
    return status;
}

static enum vf_status write_user_type(const struct vf_pg_conn *conn, const struct vf_user_type *type,
                                      struct vf_buf *sql, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    vf_buf_str(sql, type->kind == VF_USER_TYPE_DOMAIN ? "CREATE DOMAIN " : "CREATE TYPE ");
    vf_pg_quote_table(sql, type->schema, type->name);
    switch (type->kind) {
    case VF_USER_TYPE_ENUM:
        write_labels(type, sql);
        break;
    case VF_USER_TYPE_DOMAIN:
        return write_domain(conn, type, sql, err);
    case VF_USER_TYPE_COMPOSITE:
        return write_composite(conn, type, sql, err);
    case VF_USER_TYPE_RANGE:
        vf_buf_str(sql, " AS RANGE (SUBTYPE = ");
        status = vf_pg_write_type(conn, type->base != NULL ? type->base : "", sql, err);
        vf_buf_char(sql, ')');
        break;
    }
    return status;
}

/* A type that is there must be of the same sort, and an enum must have the labels. */
static enum vf_status check_type(const PGresult *result, const struct vf_user_type *type, struct vf_arena *arena,
                                 struct vf_error *err)
{
    static const char letters[] = {'e', 'd', 'c', 'r'};
    const char **labels = NULL;
    size_t n_labels = 0;
    enum vf_status status = vf_pg_texts(result, 0, 1, arena, &labels, &n_labels, err);
    bool same = status == VF_OK && vf_pg_str(result, 0, 0)[0] == letters[type->kind];
    for (size_t i = 0; i < type->n_labels && same; i++) {
        size_t k = 0;
        while (k < n_labels && strcmp(labels[k], type->labels[i]) != 0)
            k++;
        same = k < n_labels;
    }
    if (status == VF_OK && !same) {
        status = vf_error_set(err, VF_STATE, "there is a type \"%s\" already, and it is another one", type->name);
        vf_error_hint(err, "drop or rename it in the target");
    }
    return status;
}

enum vf_status vf_pg_make_user_type(struct vf_pg_conn *conn, const struct vf_user_type *type, struct vf_error *err)
{
    const char *params[] = {type->name, type->schema};
    struct vf_arena arena = {0};
    PGresult *result = NULL;
    struct vf_buf sql;
    enum vf_status status = vf_pg_query(
        conn,
        "SELECT t.typtype, (SELECT json_agg(e.enumlabel) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid) "
        "FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace "
        "WHERE t.typname = $1 AND n.nspname = coalesce($2, current_schema())",
        2, params, &result, err);
    if (status == VF_OK && PQntuples(result) > 0) {
        status = check_type(result, type, &arena, err);
    } else if (status == VF_OK) {
        vf_buf_init(&sql, VF_BUF_MAX);
        status = write_user_type(conn, type, &sql, err);
        if (status == VF_OK)
            status = vf_pg_exec_buf(conn, &sql, err);
        vf_buf_release(&sql);
        vf_pg_types_forget(&conn->types);
        if (status != VF_OK)
            vf_error_wrap(err, "type \"%s\"", type->name);
    }
    PQclear(result);
    vf_arena_release(&arena);
    return status;
}

/* ---- sequences ---- */

static void write_options(const struct vf_sequence *sequence, struct vf_buf *sql)
{
    vf_buf_printf(sql, " INCREMENT BY %lld MINVALUE %lld MAXVALUE %lld START WITH %lld CACHE %lld%s",
                  (long long)(sequence->increment != 0 ? sequence->increment : 1), (long long)sequence->min,
                  (long long)sequence->max, (long long)sequence->start,
                  (long long)(sequence->cache > 0 ? sequence->cache : 1), sequence->cycle ? " CYCLE" : " NO CYCLE");
}

static const char *type_of(const struct vf_sequence *sequence)
{
    static const char *const names[] = {"smallint", "integer", "bigint"};
    for (size_t i = 0; i < 3 && sequence->native != NULL; i++) {
        if (strcmp(sequence->native, names[i]) == 0)
            return names[i];
    }
    return "bigint";
}

/* That of an identity column comes with the column. */
enum vf_status vf_pg_make_sequence(struct vf_pg_conn *conn, const struct vf_sequence *sequence, struct vf_error *err)
{
    struct vf_buf sql;
    if (sequence->identity)
        return VF_OK;
    vf_buf_init(&sql, 1 << 16);
    vf_buf_str(&sql, "CREATE SEQUENCE IF NOT EXISTS ");
    vf_pg_quote_table(&sql, sequence->schema, sequence->name);
    vf_buf_printf(&sql, " AS %s", type_of(sequence));
    write_options(sequence, &sql);
    enum vf_status status = vf_pg_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    if (status != VF_OK)
        vf_error_wrap(err, "sequence \"%s\"", sequence->name);
    return status;
}

/* The sequence of an identity column, as it is called now. false in *found: the column has none. */
static enum vf_status find_identity(struct vf_pg_conn *conn, const struct vf_sequence *sequence, struct vf_arena *arena,
                                    const char **schema, const char **name, bool *found, struct vf_error *err)
{
    const char *params[] = {sequence->owner_table, sequence->owner_schema, sequence->owner_column};
    PGresult *result = NULL;
    enum vf_status status = vf_pg_query(
        conn,
        "SELECT sn.nspname, s.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
        "c.relnamespace "
        "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid JOIN pg_catalog.pg_depend d ON d.refobjid = c.oid "
        "AND d.refobjsubid = a.attnum AND d.refclassid = 'pg_catalog.pg_class'::regclass "
        "AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype = 'i' "
        "JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_catalog.pg_namespace sn ON sn.oid = "
        "s.relnamespace "
        "WHERE c.relname = $1 AND n.nspname = coalesce($2, current_schema()) AND a.attname = $3",
        3, params, &result, err);
    *found = status == VF_OK && PQntuples(result) > 0;
    if (*found) {
        *schema = vf_pg_copy(result, 0, 0, arena);
        *name = vf_pg_copy(result, 0, 1, arena);
        if (*schema == NULL || *name == NULL)
            status = vf_error_nomem(err);
    }
    PQclear(result);
    return status;
}

/* As in the source: options of an identity's sequence, its name where that is free, and the column that owns it. */
static enum vf_status alter_sequence(struct vf_pg_conn *conn, const struct vf_sequence *sequence, const char *schema,
                                     const char *name, struct vf_error *err)
{
    struct vf_buf sql;
    enum vf_status status = VF_OK;
    vf_buf_init(&sql, 1 << 16);
    if (sequence->identity) {
        vf_buf_str(&sql, "ALTER SEQUENCE ");
        vf_pg_quote_table(&sql, schema, name);
        write_options(sequence, &sql);
        vf_buf_str(&sql, " RESTART"); /* its value may lie outside of the new range; the right one is set next */
        status = vf_pg_exec_buf(conn, &sql, err);
    } else if (sequence->owner_table != NULL && sequence->owner_column != NULL &&
               (sequence->owner_schema == NULL || strcmp(sequence->owner_schema, schema) == 0)) {
        vf_buf_str(&sql, "ALTER SEQUENCE ");
        vf_pg_quote_table(&sql, schema, name);
        vf_buf_str(&sql, " OWNED BY ");
        vf_pg_quote_table(&sql, schema, sequence->owner_table);
        vf_buf_char(&sql, '.');
        vf_pg_quote(&sql, sequence->owner_column);
        status = vf_pg_exec_buf(conn, &sql, err);
    }
    vf_buf_release(&sql);
    return status;
}

/* The next value must be the source's, and beyond all that the column holds; never outside of the sequence's own range. */
static void write_value(const struct vf_sequence *sequence, const char *schema, const char *name, struct vf_buf *sql)
{
    struct vf_buf quoted;
    bool is_up = sequence->increment >= 0, has_owner = sequence->owner_table != NULL && sequence->owner_column != NULL;
    int64_t next = sequence->last;
    if (sequence->is_called && __builtin_add_overflow(next, sequence->increment, &next))
        next = sequence->last;
    vf_buf_init(&quoted, 1 << 16);
    vf_pg_quote_table(&quoted, schema, name);
    vf_buf_str(sql, "SELECT setval(");
    if (quoted.data != NULL)
        vf_pg_quote_text(sql, quoted.data, quoted.size_bytes);
    vf_buf_release(&quoted);
    vf_buf_str(sql, "::regclass, CASE WHEN beyond THEN reached ELSE ");
    vf_buf_printf(
        sql, /* ident */
        "%lld END, beyond OR %s) FROM (SELECT reached, coalesce(reached %s %lld AND reached BETWEEN %lld AND %lld, "
        "false) AS beyond FROM (SELECT " /* ident */,
        (long long)sequence->last, sequence->is_called ? "true" : "false", is_up ? ">=" : "<=", (long long)next,
        (long long)sequence->min, (long long)sequence->max);
    if (has_owner) {
        vf_buf_str(sql, is_up ? "max(" : "min(");
        vf_pg_quote(sql, sequence->owner_column);
        vf_buf_str(sql, ")::bigint AS reached FROM ");
        vf_pg_quote_table(sql, sequence->owner_schema, sequence->owner_table);
    } else {
        vf_buf_str(sql, "NULL::bigint AS reached");
    }
    vf_buf_str(sql, ") r) v");
}

static enum vf_status rename_identity(struct vf_pg_conn *conn, const struct vf_sequence *sequence, const char *schema,
                                      const char **name, struct vf_error *err)
{
    const char *params[] = {sequence->name, schema};
    char found[8];
    struct vf_buf sql;
    if (strcmp(*name, sequence->name) == 0)
        return VF_OK;
    enum vf_status status =
        vf_pg_get_text(conn,
                       "SELECT (count(*) > 0)::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
                       "ON n.oid = c.relnamespace WHERE c.relname = $1 AND n.nspname = $2",
                       2, params, found, sizeof(found), err);
    if (status != VF_OK || found[0] == 't')
        return status;
    vf_buf_init(&sql, 1 << 16);
    vf_buf_str(&sql, "ALTER SEQUENCE ");
    vf_pg_quote_table(&sql, schema, *name);
    vf_buf_str(&sql, " RENAME TO ");
    vf_pg_quote(&sql, sequence->name);
    status = vf_pg_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    if (status == VF_OK)
        *name = sequence->name;
    return status;
}

enum vf_status vf_pg_set_sequence(struct vf_pg_conn *conn, const struct vf_sequence *sequence, struct vf_error *err)
{
    struct vf_arena arena = {0};
    struct vf_buf sql;
    char schema_now[256] = "";
    const char *schema = sequence->schema, *name = sequence->name;
    bool found = true;
    enum vf_status status = VF_OK;
    if (schema == NULL) {
        status = vf_pg_get_text(conn, "SELECT current_schema()", 0, NULL, schema_now, sizeof(schema_now), err);
        schema = schema_now;
    }
    if (status == VF_OK && sequence->identity)
        status = find_identity(conn, sequence, &arena, &schema, &name, &found, err);
    if (status == VF_OK && found && sequence->identity)
        status = rename_identity(conn, sequence, schema, &name, err);
    if (status == VF_OK && found)
        status = alter_sequence(conn, sequence, schema, name, err);
    if (status == VF_OK && found) {
        vf_buf_init(&sql, 1 << 16);
        write_value(sequence, schema, name, &sql);
        status = vf_pg_exec_buf(conn, &sql, err);
        vf_buf_release(&sql);
    }
    vf_arena_release(&arena);
    if (status != VF_OK)
        vf_error_wrap(err, "sequence \"%s\"", sequence->name);
    return status;
}
