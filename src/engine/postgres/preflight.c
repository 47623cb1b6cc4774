#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "engine/postgres/target.h"
#include "engine/postgres/types.h"

#define MAX_ROW_BYTES 8160 /* of a heap page of 8 KiB */

struct preflight {
    struct vf_pg_conn *conn;
    const struct vf_schema *wanted;
    struct vf_problem_list *problems;
    struct vf_error *err;
};

static enum vf_status ask(const struct preflight *preflight, const char *sql, const char *param, bool *answer)
{
    char text[8];
    const char *params[] = {param};
    enum vf_status status =
        vf_pg_get_text(preflight->conn, sql, param != NULL ? 1 : 0, params, text, sizeof(text), preflight->err);
    *answer = text[0] == 't';
    return status;
}

static enum vf_status check_server(const struct preflight *preflight)
{
    bool answer = false;
    enum vf_status status = ask(preflight, "SELECT pg_is_in_recovery()::text", NULL, &answer);
    if (status == VF_OK && answer)
        return vf_problem_add(preflight->problems, VF_SEVERITY_BLOCK, VF_MISSING, "", "connect to the primary",
                              preflight->err, "the target is a standby, which takes no writes");
    if (status == VF_OK)
        status = ask(preflight, "SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)::text", NULL,
                     &answer);
    if (status == VF_OK && !answer)
        status =
            vf_problem_add(preflight->problems, VF_SEVERITY_BLOCK, VF_MISSING, "",
                           "GRANT CREATE ON SCHEMA public TO this user, or set a search_path for it", preflight->err,
                           "vecferry can't make its own tables: the user has no schema to create in");
    return status;
}

static bool is_first_of_schema(const struct vf_schema *wanted, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (wanted->tables[k].schema != NULL && strcmp(wanted->tables[k].schema, wanted->tables[i].schema) == 0)
            return false;
    }
    return true;
}

static enum vf_status check_schema(const struct preflight *preflight, const char *schema)
{
    bool answer = false;
    enum vf_status status =
        ask(preflight,
            "SELECT CASE WHEN to_regnamespace(quote_ident($1)) IS NULL THEN "
            "has_database_privilege(current_database(), 'CREATE') ELSE has_schema_privilege($1, 'CREATE') "
            "END::text",
            schema, &answer);
    if (status != VF_OK || answer)
        return status;
    return vf_problem_add(preflight->problems, VF_SEVERITY_BLOCK, VF_MISSING, schema,
                          "grant CREATE on the schema (or on the database, to make it) to this user", preflight->err,
                          "tables can't be made in schema \"%s\"", schema);
}

static enum vf_status check_vector(const struct preflight *preflight)
{
    bool installed = false, permitted = false;
    struct vf_pg_vector vector;
    enum vf_status status =
        ask(preflight, "SELECT (count(*) > 0)::text FROM pg_catalog.pg_extension WHERE extname = 'vector'", NULL,
            &installed);
    if (status != VF_OK || installed)
        return status;
    status = vf_pg_ask_vector(preflight->conn, &vector, preflight->err);
    if (status == VF_OK && !vector.is_available)
        return vf_problem_add(
            preflight->problems, VF_SEVERITY_BLOCK, VF_MISSING, "vector",
            "install pgvector on the server (packages are called postgresql-NN-pgvector), or keep the "
            "vectors as arrays by to: \"real[]\" and as: list in the plan",
            preflight->err, "the server has no pgvector");
    if (status == VF_OK)
        status = ask(
            preflight,
            "SELECT (bool_or(NOT v.superuser OR v.trusted) AND has_database_privilege(current_database(), 'CREATE') "
            "OR (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user))::text "
            "FROM pg_catalog.pg_available_extension_versions v WHERE v.name = 'vector'",
            NULL, &permitted);
    if (status == VF_OK && !permitted)
        status = vf_problem_add(preflight->problems, VF_SEVERITY_BLOCK, VF_MISSING, "vector",
                                "let a superuser run CREATE EXTENSION vector in this database", preflight->err,
                                "this user may not make the extension pgvector");
    return status;
}

/* What an older pgvector builds more slowly: nothing is wrong with it, but hours may be. */
static enum vf_status check_builds(const struct preflight *preflight)
{
    struct vf_pg_vector vector;
    bool is_built = false;
    for (size_t i = 0; i < preflight->wanted->n_tables; i++) {
        for (size_t k = 0; k < preflight->wanted->tables[i].n_indexes; k++)
            is_built = is_built || preflight->wanted->tables[i].indexes[k].kind == VF_INDEX_HNSW;
    }
    if (!is_built)
        return VF_OK;
    enum vf_status status = vf_pg_ask_vector(preflight->conn, &vector, preflight->err);
    if (status != VF_OK || !vector.is_available || vector.is_safe)
        return status;
    return vf_problem_add(
        preflight->problems, VF_SEVERITY_NOTE, VF_OK, "vector", "pgvector 0.8.2 builds them by several processes",
        preflight->err,
        "pgvector %s builds HNSW indexes by one process: several may write beyond their memory before "
        "0.8.2 (CVE-2026-3172)",
        vector.version);
}

static bool is_made_here(const struct vf_schema *wanted, const struct vf_pg_name *name)
{
    for (size_t i = 0; i < wanted->n_user_types; i++) {
        if (strcmp(wanted->user_types[i].name, name->name) == 0)
            return true;
    }
    return false;
}

/* A problem of a column, and what of the plan settles it. */
static enum vf_status block(const struct preflight *preflight, const struct vf_table *table,
                            const struct vf_column *column, const char *remedy, const char *say, enum vf_status found,
                            const char *what)
{
    enum vf_status status = vf_problem_add_about(preflight->problems, VF_SEVERITY_BLOCK, found, table, column->name,
                                                 remedy, preflight->err, "%s", what);
    return status == VF_OK && say != NULL ? vf_problem_say(preflight->problems, say, preflight->err) : status;
}

static enum vf_status no_type(const struct preflight *preflight, const struct vf_table *table,
                              const struct vf_column *column)
{
    bool is_text = column->type.kind == VF_K_TEXT || column->type.kind == VF_K_ENUM || column->type.kind == VF_K_OTHER;
    const char *what = vf_arena_printf(&preflight->problems->arena, "column \"%s\": the target has no type \"%s\"",
                                       column->name, column->native);
    return what != NULL ? block(preflight, table, column,
                                "make the type (or its extension) in the target, or choose another in the plan (to:)",
                                is_text ? "to: text" : "skip: true", VF_MISSING, what)
                        : vf_error_nomem(preflight->err);
}

/* What of the server's version a type needs, named before the first write; *is_there: it has it. */
static enum vf_status check_versions(const struct preflight *preflight, const struct vf_table *table,
                                     const struct vf_column *column, const struct vf_pg_name *name, bool *is_there)
{
    struct vf_arena *arena = &preflight->problems->arena;
    struct vf_pg_vector vector;
    const char *what = NULL, *remedy = NULL;
    enum vf_status status = vf_pg_ask_vector(preflight->conn, &vector, preflight->err);
    bool is_new = name->native != NULL && name->native->is_extension &&
                  (name->native->wire == VF_PG_HALFVEC || name->native->wire == VF_PG_SPARSEVEC);
    bool is_negative = name->native != NULL && name->native->kind == VF_K_DECIMAL && strstr(name->modifiers, ",-");
    *is_there = true;
    if (status == VF_OK && is_new && vector.is_available && !vector.is_whole) {
        what = vf_arena_printf(arena, "column \"%s\": the type %s needs pgvector 0.7.0, and the server's is %s",
                               column->name, column->native, vector.version);
        remedy = "install a newer pgvector on the server, or choose another type in the plan (to:)";
    } else if (status == VF_OK && is_negative && preflight->conn->version < 150000) {
        what = vf_arena_printf(arena, "column \"%s\": the type %s needs PostgreSQL 15", column->name, column->native);
        remedy = "say to: numeric in the plan";
    }
    *is_there = status != VF_OK || remedy == NULL;
    if (*is_there)
        return status;
    return what != NULL
               ? block(preflight, table, column, remedy, is_negative ? "to: numeric" : "skip: true", VF_MISSING, what)
               : vf_error_nomem(preflight->err);
}

/* One that another server may lack. */
static enum vf_status check_collation(const struct preflight *preflight, const struct vf_table *table,
                                      const struct vf_column *column)
{
    bool is_there = true;
    enum vf_status status = VF_OK;
    if (column->collation == NULL)
        return VF_OK;
    status = ask(preflight, "SELECT (count(*) > 0)::text FROM pg_catalog.pg_collation WHERE collname = $1",
                 column->collation, &is_there);
    if (status != VF_OK || is_there)
        return status;
    const char *what = vf_arena_printf(&preflight->problems->arena, "column \"%s\": the target has no collation \"%s\"",
                                       column->name, column->collation);
    return what != NULL ? block(preflight, table, column, "make the collation in the target (CREATE COLLATION)",
                                "skip: true", VF_MISSING, what)
                        : vf_error_nomem(preflight->err);
}

static bool is_system_column(const char *name)
{
    static const char *const system[] = {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"};
    for (size_t i = 0; i < sizeof(system) / sizeof(system[0]); i++) {
        if (strcmp(name, system[i]) == 0)
            return true;
    }
    return false;
}

static enum vf_status check_name(const struct preflight *preflight, const struct vf_table *table,
                                 const struct vf_column *column)
{
    struct vf_arena *arena = &preflight->problems->arena;
    const char *what = vf_arena_printf(arena, "PostgreSQL can't have a column named \"%s\"", column->name);
    const char *say = vf_arena_printf(arena, "rename: %s_2", column->name);
    return what != NULL && say != NULL
               ? block(preflight, table, column, "give it another name by rename: in the plan", say, VF_USAGE, what)
               : vf_error_nomem(preflight->err);
}

static enum vf_status check_column(const struct preflight *preflight, const struct vf_table *table,
                                   const struct vf_column *column, bool *needs_vector)
{
    struct vf_pg_name name;
    bool is_there = true;
    if (is_system_column(column->name))
        return check_name(preflight, table, column);
    if (!vf_pg_name_parse(column->native, &name)) {
        const char *what =
            vf_arena_printf(&preflight->problems->arena, "column \"%s\": \"%s\" isn't the name of a type", column->name,
                            column->native);
        return what != NULL
                   ? block(preflight, table, column,
                           "write the type as PostgreSQL shows it, e.g. \"character varying(20)\", or leave `to` out",
                           NULL, VF_USAGE, what)
                   : vf_error_nomem(preflight->err);
    }
    bool is_vector = name.native != NULL && name.native->is_extension &&
                     (name.native->kind == VF_K_VECTOR || name.native->kind == VF_K_SPARSE);
    *needs_vector = *needs_vector || is_vector;
    bool is_builtin = name.native != NULL && !name.native->is_extension;
    const char *schema = name.schema[0] != '\0' ? name.schema : NULL;
    enum vf_status status = check_versions(preflight, table, column, &name, &is_there);
    if (status == VF_OK)
        status = check_collation(preflight, table, column);
    if (status != VF_OK || !is_there || is_vector || is_builtin ||
        vf_pg_type_named(&preflight->conn->types, schema, name.name) != NULL || is_made_here(preflight->wanted, &name))
        return status;
    return no_type(preflight, table, column);
}

static bool is_wanted_table(const struct vf_schema *wanted, const char *schema, const char *name)
{
    for (size_t i = 0; i < wanted->n_tables; i++) {
        if (strcmp(wanted->tables[i].name, name) == 0 && vf_str_equal(wanted->tables[i].schema, schema))
            return true;
    }
    return false;
}

/* Names of indexes, and of the constraints that are some, are those of their schema. What belongs to a table that is made anew goes with it. */
static enum vf_status check_index_name(const struct preflight *preflight, const struct vf_table *table,
                                       const struct vf_index *index)
{
    const char *params[] = {index->name, table->schema};
    bool is_constraint = index->constraint != VF_CONSTRAINT_NONE;
    char other[256];
    if (index->name == NULL)
        return VF_OK;
    enum vf_status status = vf_pg_get_text(
        preflight->conn,
        "SELECT coalesce(t.relname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
        "ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid "
        "LEFT JOIN pg_catalog.pg_class t ON t.oid = i.indrelid "
        "WHERE c.relname = $1 AND n.nspname = coalesce($2, current_schema())",
        2, params, other, sizeof(other), preflight->err);
    if (status != VF_OK || other[0] == '\0' || is_wanted_table(preflight->wanted, table->schema, other))
        return status;
    status = vf_problem_add_about(
        preflight->problems, VF_SEVERITY_BLOCK, VF_USAGE, table, index->name,
        is_constraint ? "drop or rename what has the name in the target"
                      : "give it another name by rename: in the plan, or drop or rename what has it",
        preflight->err, "the %s can't be called \"%s\": the target has that name already, for %s%s",
        is_constraint ? "constraint" : "index", index->name,
        strcmp(other, index->name) == 0 ? "another object" : "an index of table ",
        strcmp(other, index->name) == 0 ? "" : other);
    char *say = is_constraint ? NULL : vf_arena_printf(&preflight->problems->arena, "rename: %s_2", index->name);
    return status == VF_OK && say != NULL ? vf_problem_say(preflight->problems, say, preflight->err) : status;
}

/* Of a value that is there. */
static size_t least_bytes(const struct vf_column *column)
{
    if (column->form != VF_FORM_NATIVE)
        return 1;
    switch (column->type.kind) {
    case VF_K_BOOL:
        return 1;
    case VF_K_I8:
    case VF_K_I16:
        return 2;
    case VF_K_I32:
    case VF_K_F32:
    case VF_K_DATE:
    case VF_K_ENUM:
        return 4;
    case VF_K_I64:
    case VF_K_F64:
    case VF_K_TIME:
    case VF_K_TIMESTAMP:
    case VF_K_TIMESTAMPTZ:
        return 8;
    case VF_K_UUID:
    case VF_K_INTERVAL:
        return 16;
    case VF_K_DECIMAL: /* these can be short, or out of line */
    case VF_K_TEXT:
    case VF_K_BLOB:
    case VF_K_JSON:
    case VF_K_ARRAY:
    case VF_K_OTHER:
    case VF_K_VECTOR:
    case VF_K_SPARSE:
    case VF_KIND_COUNT:
        return 1;
    }
    return 1;
}

/* Rows that have to fit into a page: what can't be stored out of line stays in, and of the rest a pointer. */
static enum vf_status check_row(const struct preflight *preflight, const struct vf_table *table)
{
    size_t size_bytes = 24 + (table->n_columns + 7) / 8;
    for (size_t i = 0; i < table->n_columns; i++)
        size_bytes += least_bytes(&table->columns[i]);
    if (size_bytes <= MAX_ROW_BYTES)
        return VF_OK;
    return vf_problem_add_about(
        preflight->problems, VF_SEVERITY_NOTE, VF_OK, table, NULL,
        "leave columns out by skip: true, or split the table", preflight->err,
        "a row with a value in each of its %zu columns takes at least %zu bytes, and PostgreSQL's "
        "page has room for %d: such rows will be rejected",
        table->n_columns, size_bytes, MAX_ROW_BYTES);
}

/* A server's disk can't be looked at. */
static enum vf_status check_space(const struct preflight *preflight, const struct vf_load_estimate *estimate)
{
    if (estimate->size_bytes < 0)
        return VF_OK;
    uint64_t row_bytes = (uint64_t)estimate->size_bytes, index_bytes = vf_index_bytes_of(preflight->wanted);
    enum vf_status status = vf_problem_need_disk(
        preflight->problems, "", 2 * row_bytes + index_bytes, UINT64_MAX, preflight->err,
        "rows %" PRIu64 " MiB x 2, with the log and vector indexes, + indexes %" PRIu64 " MiB (%d bytes an entry)",
        row_bytes >> 20, index_bytes >> 20, VF_INDEX_ENTRY_BYTES);
    if (status == VF_OK && row_bytes > (uint64_t)1 << 30)
        status =
            vf_problem_add(preflight->problems, VF_SEVERITY_NOTE, VF_OK, "", NULL, preflight->err,
                           "about %llu GB come to the target, and as much again for indexes: a server can't be asked "
                           "for its free disk space",
                           (unsigned long long)(row_bytes >> 30));
    return status;
}

enum vf_status vf_pg_preflight(struct vf_conn *base, const struct vf_schema *wanted,
                               const struct vf_load_estimate *estimate, struct vf_problem_list *problems,
                               struct vf_error *err)
{
    const struct preflight preflight = {vf_pg_conn_of(base), wanted, problems, err};
    bool needs_vector = false;
    vf_pg_types_forget(&preflight.conn->types);
    enum vf_status status = vf_pg_types_load(preflight.conn, err);
    if (status == VF_OK)
        status = check_server(&preflight);
    for (size_t i = 0; i < wanted->n_tables && status == VF_OK; i++) {
        const struct vf_table *table = &wanted->tables[i];
        if (table->schema != NULL && is_first_of_schema(wanted, i))
            status = check_schema(&preflight, table->schema);
        for (size_t k = 0; k < table->n_columns && status == VF_OK; k++)
            status = check_column(&preflight, table, &table->columns[k], &needs_vector);
        for (size_t k = 0; k < table->n_indexes && status == VF_OK; k++)
            status = check_index_name(&preflight, table, &table->indexes[k]);
        if (status == VF_OK)
            status = check_row(&preflight, table);
    }
    if (status == VF_OK && needs_vector)
        status = check_vector(&preflight);
    if (status == VF_OK && needs_vector)
        status = check_builds(&preflight);
    return status == VF_OK ? check_space(&preflight, estimate) : status;
}
