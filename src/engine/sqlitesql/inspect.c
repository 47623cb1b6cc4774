#include "engine/sqlitesql/inspect.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/memory.h"
#include "engine/sqlitesql/create_table.h"
#include "engine/sqlitesql/evidence.h"
#include "engine/sqlitesql/expression.h"
#include "engine/sqlitesql/fulltext.h"
#include "engine/sqlitesql/libsql_index.h"
#include "engine/sqlitesql/questions.h"
#include "engine/sqlitesql/record.h"
#include "engine/sqlitesql/split.h"
#include "engine/sqlitesql/vec0.h"
#include "engine/store.h"

/* A row of sqlite_master. */
struct object {
    const char *type, *name, *table, *sql;
    char module[32]; /* of a virtual table, else empty */
};

struct catalogue {
    size_t n_objects;
    struct object *objects; /* in the schema's arena */
    size_t n_vector_indexes;
    const char **vector_indexes;
};

static enum vf_status read_objects(struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, struct vf_arena *arena,
                                   struct catalogue *catalogue, struct vf_error *err)
{
    bool row = false;
    for (size_t i = 0; i < catalogue->n_objects; i++) {
        enum vf_status status = vf_sqlite_step(conn, stmt, &row, err);
        if (status != VF_OK)
            return status;
        if (!row) {
            catalogue->n_objects = i;
            break;
        }
        struct object *object = &catalogue->objects[i];
        object->type = vf_arena_strdup(arena, vf_sqlite_column_str(conn, stmt, 0));
        object->name = vf_arena_strdup(arena, vf_sqlite_column_str(conn, stmt, 1));
        object->table = vf_arena_strdup(arena, vf_sqlite_column_str(conn, stmt, 2));
        object->sql = vf_arena_strdup(arena, vf_sqlite_column_str(conn, stmt, 3));
        if (object->type == NULL || object->name == NULL || object->table == NULL || object->sql == NULL)
            return vf_error_nomem(err);
        const char *written = vf_sqlite_created_name(object->sql, arena);
        if (written != NULL && vf_strcasecmp(written, object->name) == 0)
            object->name = written;
        if (!vf_sqlite_module_of(object->sql, object->module, sizeof(object->module)))
            object->module[0] = '\0';
    }
    return VF_OK;
}

static enum vf_status read_catalogue(struct vf_sqlite_conn *conn, struct vf_arena *arena, struct catalogue *catalogue,
                                     struct vf_error *err)
{
    int64_t n_objects = 0;
    sqlite3_stmt *stmt = NULL;
    enum vf_status status = vf_sqlite_get_i64(conn, VF_SQLITE_ASK_N_OBJECTS, 0, &n_objects, err);
    if (status != VF_OK || n_objects == 0)
        return status;
    catalogue->n_objects = (size_t)n_objects;
    catalogue->objects = vf_arena_alloc(arena, catalogue->n_objects, sizeof(*catalogue->objects));
    if (catalogue->objects == NULL)
        return vf_error_nomem(err);
    status = vf_sqlite_prepare(conn, VF_SQLITE_ASK_OBJECTS, &stmt, err);
    if (status == VF_OK)
        status = read_objects(conn, stmt, arena, catalogue, err);
    conn->lib->finalize(stmt);
    return status;
}

static bool has_table(const struct catalogue *catalogue, const char *name)
{
    for (size_t i = 0; i < catalogue->n_objects; i++) {
        if (strcmp(catalogue->objects[i].name, name) == 0 && strcmp(catalogue->objects[i].type, "table") == 0)
            return true;
    }
    return false;
}

/* ---- libSQL's vector indexes ---- */

/* The indexes that libSQL has a record of, also of those that another program has dropped: SQLite's DROP INDEX leaves the record and the table behind. */
static enum vf_status read_vector_indexes(struct vf_sqlite_conn *conn, struct vf_arena *arena,
                                          struct catalogue *catalogue, struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    if (!has_table(catalogue, VF_LIBSQL_META_TABLE))
        return VF_OK;
    catalogue->vector_indexes = vf_arena_alloc(arena, catalogue->n_objects, sizeof(*catalogue->vector_indexes));
    if (catalogue->vector_indexes == NULL)
        return vf_error_nomem(err);
    enum vf_status status = vf_sqlite_prepare(conn, "SELECT name FROM main." VF_LIBSQL_META_TABLE, &stmt, err);
    while (status == VF_OK && catalogue->n_vector_indexes < catalogue->n_objects) {
        status = vf_sqlite_step(conn, stmt, &row, err);
        if (status != VF_OK || !row)
            break;
        const char *name = vf_arena_strdup(arena, vf_sqlite_column_str(conn, stmt, 0));
        catalogue->vector_indexes[catalogue->n_vector_indexes++] = name;
        if (name == NULL)
            status = vf_error_nomem(err);
    }
    conn->lib->finalize(stmt);
    return status;
}

static bool is_shadow_of(const char *name, const char *index)
{
    size_t n = strlen(index);
    return strncmp(name, index, n) == 0 && strcmp(name + n, "_shadow") == 0;
}

static bool is_vector_index(const struct object *object)
{
    return strcmp(object->type, "index") == 0 && vf_libsql_index_is_statement(object->sql);
}

/* libSQL keeps a vector index in <index>_shadow, and one table of all such indexes. */
static bool is_libsql_shadow(const struct catalogue *catalogue, const char *name)
{
    if (strcmp(name, VF_LIBSQL_META_TABLE) == 0)
        return true;
    for (size_t i = 0; i < catalogue->n_vector_indexes; i++) {
        if (is_shadow_of(name, catalogue->vector_indexes[i]))
            return true;
    }
    for (size_t i = 0; i < catalogue->n_objects; i++) {
        if (is_vector_index(&catalogue->objects[i]) && is_shadow_of(name, catalogue->objects[i].name))
            return true;
    }
    return false;
}

static enum vf_status add_other(struct vf_schema *schema, const char *kind, const struct object *object,
                                const char *why, struct vf_error *err)
{
    struct vf_other *other = vf_schema_add_other(schema);
    if (other == NULL)
        return vf_error_nomem(err);
    *other = (struct vf_other){.kind = kind, .name = object->name, .text = object->sql, .why = why};
    if (strcmp(object->table, object->name) != 0)
        other->on = object->table;
    return VF_OK;
}

/* What is left of an index whose like isn't there any more: it holds copies of vectors, and is named. */
static enum vf_status add_remains(struct vf_schema *schema, const struct catalogue *catalogue,
                                  const struct object *object, struct vf_error *err)
{
    for (size_t i = 0; i < catalogue->n_objects; i++) {
        if (is_vector_index(&catalogue->objects[i]) && is_shadow_of(object->name, catalogue->objects[i].name))
            return VF_OK;
    }
    for (size_t i = 0; i < catalogue->n_vector_indexes; i++) {
        if (is_shadow_of(object->name, catalogue->vector_indexes[i]))
            return add_other(schema, "remains of a vector index", object,
                             "the index was dropped by a program that doesn't know libSQL's indexes", err);
    }
    return VF_OK;
}

/* Tables that belong to SQLite, to vecferry or to a virtual table. */
static bool is_hidden(const struct catalogue *catalogue, const char *name)
{
    if (vf_str_starts(name, "sqlite_") || vf_str_starts(name, "__turso_internal_") ||
        vf_str_starts(name, VF_STORE_PREFIX) || is_libsql_shadow(catalogue, name))
        return true;
    for (size_t i = 0; i < catalogue->n_objects; i++) {
        const struct object *owner = &catalogue->objects[i];
        if (owner->module[0] != '\0' && vf_sqlite_is_shadow(name, owner->name, owner->module))
            return true;
    }
    return false;
}

static enum vf_status add_virtual(struct vf_schema *schema, const struct object *object, const char *why,
                                  struct vf_error *err)
{
    bool is_full_text = vf_str_starts(object->module, "fts");
    if (why == NULL && is_full_text)
        why = "FTS3 and FTS4 aren't read: make it an FTS5 table first, else texts that are only in it stay behind";
    if (why == NULL) {
        why = vf_arena_printf(&schema->arena, "a virtual table of the module \"%s\"", object->module);
        if (why == NULL)
            return vf_error_nomem(err);
    }
    return add_other(schema, is_full_text ? "full-text index" : "virtual table", object, why, err);
}

/* A full-text index that can't be one of a table. Texts, or words, that are nowhere else stay behind with it. */
static enum vf_status add_lost_text(struct vf_schema *schema, const struct object *object, const char *why,
                                    struct vf_error *err)
{
    enum vf_status status = add_virtual(schema, object, why, err);
    bool has_content = strstr(object->sql, "content=") != NULL && strstr(object->sql, "content=''") == NULL &&
                       strstr(object->sql, "content=\"\"") == NULL;
    if (status == VF_OK)
        schema->others[schema->n_others - 1].holds_data = !has_content;
    return status;
}

static enum vf_status count_rows(struct vf_sqlite_conn *conn, struct vf_table *table, struct vf_error *err)
{
    struct vf_sqlite_size size = {0};
    enum vf_status status = vf_sqlite_measure(conn, table->name, table->kind, &size, err);
    table->n_rows = size.n_rows;
    table->n_rows_exact = true;
    table->size_bytes = size.size_bytes;
    return status;
}

static enum vf_status add_vec0(struct vf_sqlite_conn *conn, struct vf_schema *schema, const struct object *object,
                               struct vf_error *err)
{
    struct vf_error why = {0};
    struct vf_table *table = vf_schema_add_table(schema);
    if (table == NULL)
        return vf_error_nomem(err);
    table->name = object->name;
    table->kind = VF_TABLE_VEC0;
    table->primary_key = -1;
    enum vf_status status = vf_sqlite_inspect_vec0(conn, schema, table, object->sql, &why);
    if (status == VF_OK)
        return count_rows(conn, table, err);
    schema->n_tables--;
    if (status != VF_MISSING && status != VF_VALUE) {
        if (err != NULL)
            *err = why;
        return status;
    }
    const char *text = vf_arena_strdup(&schema->arena, why.message);
    return text == NULL ? vf_error_nomem(err) : add_virtual(schema, object, text, err);
}

static enum vf_status add_table(struct vf_sqlite_conn *conn, struct vf_schema *schema, const struct object *object,
                                struct vf_error *err)
{
    struct vf_table *table = vf_schema_add_table(schema);
    if (table == NULL)
        return vf_error_nomem(err);
    table->name = object->name;
    table->primary_key = -1;
    enum vf_status status = vf_sqlite_inspect_table(conn, schema, table, object->sql, err);
    if (status == VF_OK)
        status = vf_sqlite_inspect_keys(conn, schema, table, object->sql, err);
    if (status != VF_OK)
        vf_error_wrap(err, "table %s", object->name);
    return status;
}

/* With texts of its own it is a table; beside a table, which may come later, its turn comes after all tables. */
static enum vf_status add_fts5(struct vf_sqlite_conn *conn, struct vf_schema *schema, const struct object *object,
                               struct vf_error *err)
{
    const char *why = NULL;
    bool is_index = false;
    enum vf_status status = vf_sqlite_add_fts5(conn, schema, object->name, object->sql, &is_index, &why, err);
    if (status == VF_OK && why != NULL)
        return add_lost_text(schema, object, why, err);
    if (status == VF_OK && !is_index)
        status = count_rows(conn, &schema->tables[schema->n_tables - 1], err);
    if (status != VF_OK)
        vf_error_wrap(err, "table %s", object->name);
    return status;
}

/* The triggers that keep a full-text index in step are a part of it. */
static void forget_triggers(struct vf_schema *schema, const struct vf_fulltext *fulltext)
{
    size_t n = 0;
    for (size_t i = 0; i < schema->n_others; i++) {
        const struct vf_other *other = &schema->others[i];
        bool is_part = strcmp(other->kind, "trigger") == 0 && (vf_str_equal(other->name, fulltext->on_insert) ||
                                                               vf_str_equal(other->name, fulltext->on_delete) ||
                                                               vf_str_equal(other->name, fulltext->on_update));
        if (!is_part)
            schema->others[n++] = *other;
    }
    schema->n_others = n;
}

static bool is_other(const struct vf_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->n_others; i++) {
        if (strcmp(schema->others[i].name, name) == 0)
            return true;
    }
    return false;
}

static enum vf_status add_fulltext(struct vf_sqlite_conn *conn, struct vf_schema *schema,
                                   const struct catalogue *catalogue, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    for (size_t i = 0; i < catalogue->n_objects && status == VF_OK; i++) {
        const struct object *object = &catalogue->objects[i];
        const char *why = NULL;
        bool is_table = vf_schema_find_table(schema, NULL, object->name) != NULL;
        if (strcmp(object->module, "fts5") != 0 || strcmp(object->type, "table") != 0 || is_table ||
            is_other(schema, object->name))
            continue;
        status = vf_sqlite_add_fulltext(conn, schema, object->name, object->sql, &why, err);
        if (status == VF_OK && why != NULL)
            status = add_virtual(schema, object, why, err);
    }
    for (size_t i = 0; i < schema->n_tables && status == VF_OK; i++) {
        for (size_t k = 0; k < schema->tables[i].n_indexes; k++)
            forget_triggers(schema, &schema->tables[i].indexes[k].fulltext);
    }
    return status;
}

static enum vf_status add_view(struct vf_schema *schema, const struct object *object, struct vf_error *err)
{
    enum vf_status status = add_other(schema, "view", object, NULL, err);
    if (status == VF_OK)
        schema->others[schema->n_others - 1].dialect = vf_sqlite_dialect.name;
    return status;
}

static enum vf_status add_object(struct vf_sqlite_conn *conn, struct vf_schema *schema,
                                 const struct catalogue *catalogue, const struct object *object, struct vf_error *err)
{
    if (is_hidden(catalogue, object->name) || is_hidden(catalogue, object->table))
        return strcmp(object->type, "table") == 0 ? add_remains(schema, catalogue, object, err) : VF_OK;
    if (strcmp(object->type, "view") == 0)
        return add_view(schema, object, err);
    if (strcmp(object->type, "trigger") == 0)
        return add_other(schema, "trigger", object, "triggers are not moved: their SQL is the database's own", err);
    if (strcmp(object->type, "table") != 0)
        return VF_OK;
    if (strcmp(object->module, "vec0") == 0)
        return add_vec0(conn, schema, object, err);
    if (strcmp(object->module, "fts5") == 0)
        return add_fts5(conn, schema, object, err);
    if (vf_str_starts(object->module, "fts"))
        return add_lost_text(schema, object, NULL, err);
    if (object->module[0] != '\0')
        return add_virtual(schema, object, NULL, err);
    return add_table(conn, schema, object, err);
}

/* ---- sizes and settings ---- */

static const struct {
    const char *name, *question;
} settings[] = {
    {"user_version", "SELECT user_version FROM pragma_user_version"},
    {"application_id", "SELECT application_id FROM pragma_application_id"},
};
#define N_SETTINGS (sizeof(settings) / sizeof(settings[0]))

/* The questions about the tables' sizes, the settings, and for what a copy that came here has remembered, each a way to a server and back: asked together. */
static enum vf_status ask_ahead(struct vf_sqlite_conn *conn, const struct vf_schema *schema,
                                const struct catalogue *catalogue, struct vf_error *err)
{
    size_t n = 0, n_most = 2 * schema->n_tables + N_SETTINGS + 1;
    enum vf_status status = VF_OK;
    if (conn->ask_ahead == NULL)
        return VF_OK;
    struct vf_buf *statements = vf_calloc(n_most, sizeof(*statements));
    if (statements == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < n_most; i++)
        vf_buf_init(&statements[i], VF_BUF_MAX);
    for (size_t i = 0; i < schema->n_tables && status == VF_OK; i++) {
        const struct vf_table *table = &schema->tables[i];
        if (table->kind != VF_TABLE_ORDINARY || table->n_rows_exact)
            continue;
        status = vf_sqlite_write_measure(conn, table->name, &statements[n], &statements[n + 1], err);
        n += 2;
    }
    for (size_t i = 0; i < N_SETTINGS; i++)
        vf_buf_str(&statements[n++], settings[i].question);
    if (has_table(catalogue, VF_STORE_PREFIX "schema"))
        vf_sqlite_record_write_get(vf_store_memory_table(), 0, &statements[n++]);
    if (status == VF_OK)
        conn->ask_ahead(conn, n, statements);
    for (size_t i = 0; i < n_most; i++)
        vf_buf_release(&statements[i]);
    vf_free(statements);
    return status;
}

static enum vf_status count_all(struct vf_sqlite_conn *conn, struct vf_schema *schema, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    for (size_t i = 0; i < schema->n_tables && status == VF_OK; i++) {
        struct vf_table *table = &schema->tables[i];
        if (table->n_rows_exact)
            continue;
        status = count_rows(conn, table, err);
        if (status != VF_OK)
            vf_error_wrap(err, "table %s", table->name);
    }
    return status;
}

/* ---- AUTOINCREMENT ---- */

static enum vf_status add_sequence(struct vf_sqlite_conn *conn, struct vf_schema *schema, const struct vf_table *table,
                                   const struct vf_column *column, struct vf_error *err)
{
    struct vf_buf sql;
    int64_t last = 0;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT seq FROM sqlite_sequence WHERE name COLLATE NOCASE = ");
    vf_sqlite_quote_text(&sql, table->name, strlen(table->name));
    enum vf_status status = vf_buf_check(&sql, err);
    if (status == VF_OK)
        status = vf_sqlite_get_i64(conn, sql.data, 0, &last, err);
    vf_buf_release(&sql);
    if (status != VF_OK)
        return status;

    struct vf_sequence *sequence = vf_schema_add_sequence(schema);
    if (sequence == NULL)
        return vf_error_nomem(err);
    *sequence = (struct vf_sequence){
        .name = vf_arena_printf(&schema->arena, "%s_%s_seq", table->name, column->name),
        .native = "bigint",
        .start = 1,
        .increment = 1,
        .min = 1,
        .max = INT64_MAX,
        .cache = 1,
        .last = last > 0 ? last : 1,
        .is_called = last > 0,
        .owner_table = table->name,
        .owner_column = column->name,
        .identity = true,
    };
    return sequence->name == NULL ? vf_error_nomem(err) : VF_OK;
}

static enum vf_status add_sequences(struct vf_sqlite_conn *conn, struct vf_schema *schema, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    for (size_t i = 0; status == VF_OK && i < schema->n_tables; i++) {
        const struct vf_table *table = &schema->tables[i];
        for (size_t c = 0; status == VF_OK && c < table->n_columns; c++) {
            if (table->columns[c].generated == VF_GENERATED_AUTOINCREMENT)
                status = add_sequence(conn, schema, table, &table->columns[c], err);
        }
    }
    return status;
}

/* Numbers in the header of the file that are the application's: nothing in SQLite uses them. Asked by SELECT, for a token that may only read may not say PRAGMA user_version; a server that doesn't tell them is no failure. */
static enum vf_status name_settings(struct vf_sqlite_conn *conn, struct vf_schema *schema, struct vf_error *err)
{
    for (size_t i = 0; i < N_SETTINGS; i++) {
        struct vf_error why = {0};
        int64_t value = 0;
        enum vf_status status = vf_sqlite_get_i64(conn, settings[i].question, 0, &value, &why);
        if (status != VF_OK && (status != VF_ENGINE || conn->prepare_rows == NULL)) {
            if (err != NULL)
                *err = why;
            return status;
        }
        if (value == 0)
            continue;
        struct vf_other *other = vf_schema_add_other(schema);
        if (other == NULL)
            return vf_error_nomem(err);
        *other =
            (struct vf_other){.kind = "setting",
                              .name = settings[i].name,
                              .text = vf_arena_printf(&schema->arena, "PRAGMA %s = %" PRId64, settings[i].name, value),
                              .why = "a number that applications keep in the database's header: set it there by hand"};
        if (other->text == NULL)
            return vf_error_nomem(err);
    }
    return VF_OK;
}

enum vf_status vf_sqlite_inspect(struct vf_conn *base, const struct vf_inspect_options *options,
                                 struct vf_schema *schema, struct vf_error *err)
{
    struct vf_sqlite_conn *conn = vf_sqlite_conn_of(base);
    struct catalogue catalogue = {0};
    enum vf_status status = read_catalogue(conn, &schema->arena, &catalogue, err);
    if (status == VF_OK)
        status = read_vector_indexes(conn, &schema->arena, &catalogue, err);
    for (size_t i = 0; status == VF_OK && i < catalogue.n_objects; i++)
        status = add_object(conn, schema, &catalogue, &catalogue.objects[i], err);
    if (status == VF_OK)
        status = ask_ahead(conn, schema, &catalogue, err);
    if (status == VF_OK)
        status = count_all(conn, schema, err);
    if (status == VF_OK)
        status = add_fulltext(conn, schema, &catalogue, err);
    if (status == VF_OK)
        status = vf_sqlite_resolve_parents(schema, err);
    if (status == VF_OK)
        status = add_sequences(conn, schema, err);
    if (status == VF_OK)
        status = name_settings(conn, schema, err);
    if (status == VF_OK)
        status = vf_memory_lay(base, schema, err);
    if (status == VF_OK && options->evidence)
        status = vf_sqlite_find_evidence(conn, options, schema, err);
    if (status == VF_OK && options->evidence && conn->prepare_rows == NULL) /* a file, not a server */
        status = vf_sqlite_count_orphans(conn, options, schema, err);
    return status;
}
