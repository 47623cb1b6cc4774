#include "engine/sqlitesql/vec0_target.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/types.h"
#include "engine/sqlitesql/vec0.h"

/* Of sqlite-vec 0.1: VEC0_MAX_VECTOR_COLUMNS and the like, and SQLITE_VEC_VEC0_MAX_DIMENSIONS. */
#define MAX_VECTORS    16
#define MAX_METADATA   16
#define MAX_PARTITIONS 4
#define MAX_AUXILIARY  16
#define MAX_DIM        8192

#define ROWID "rowid" /* the key of a table that declares none */

/* ---- the extension ---- */

enum vf_status vf_sqlite_need_vec0(struct vf_sqlite_conn *conn, struct vf_error *err)
{
    int64_t found = 0;
    if (conn->has_vec0)
        return VF_OK;
    enum vf_status status =
        vf_sqlite_get_i64(conn, "SELECT count(*) FROM pragma_module_list WHERE name = 'vec0'", 0, &found, err);
    if (status == VF_OK && found == 0)
        status = conn->load_vec0 != NULL
                     ? conn->load_vec0(conn, err)
                     : vf_error_set(err, VF_MISSING, "\"%s\" can't have vec0 tables made by vecferry", conn->name);
    conn->has_vec0 = status == VF_OK;
    return status;
}

/* ---- what columns become ---- */

struct fitting {
    struct vf_table *table;
    struct vf_arena *arena;
    struct vf_table_fit *fit;
    int key;
    unsigned n_vectors, n_metadata, n_partitions, n_auxiliary;
    struct vf_buf chosen; /* names of the columns that were made auxiliary here */
};

static void refuse(struct fitting *fitting, int column, const char *why, const char *remedy)
{
    if (fitting->fit->why != NULL)
        return;
    fitting->fit->column = column;
    fitting->fit->why = why;
    fitting->fit->remedy = remedy;
}

/* The extension reads its arguments by words of its own, without quotes. */
static bool is_plain_name(const char *name)
{
    bool is_letter = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z');
    for (const char *c = name; is_letter && *c != '\0'; c++) {
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '_'))
            return false;
    }
    return is_letter;
}

static void fit_name(struct fitting *fitting, int i)
{
    const char *name = fitting->table->columns[i].name;
    if (!is_plain_name(name))
        refuse(fitting, i, "sqlite-vec takes only names of letters, digits and \"_\" that begin with a letter",
               "rename it in the plan");
    else if (vf_strcasecmp(name, "distance") == 0 || vf_strcasecmp(name, "k") == 0)
        refuse(fitting, i, "sqlite-vec keeps the names \"distance\" and \"k\" for itself", "rename it in the plan");
}

static bool is_integer(const struct vf_column *column)
{
    return column->type.kind >= VF_K_I8 && column->type.kind <= VF_K_I64;
}

/* What is bound for the column's values (encode.c), in the extension's word. */
static const char *storage_of(const struct vf_column *column)
{
    bool is_epoch =
        column->form == VF_FORM_EPOCH_S || column->form == VF_FORM_EPOCH_MS || column->form == VF_FORM_EPOCH_US;
    switch (column->type.kind) {
    case VF_K_BOOL:
        return column->form == VF_FORM_TEXT ? "text" : "integer";
    case VF_K_I8:
    case VF_K_I16:
    case VF_K_I32:
    case VF_K_I64:
        return "integer";
    case VF_K_F32:
    case VF_K_F64:
        return "float";
    case VF_K_BLOB:
    case VF_K_SPARSE:
        return "blob";
    case VF_K_UUID:
        return column->form == VF_FORM_BYTES ? "blob" : "text";
    case VF_K_TIMESTAMP:
    case VF_K_TIMESTAMPTZ:
        return is_epoch ? "integer" : "text";
    case VF_K_DECIMAL:
    case VF_K_TEXT:
    case VF_K_DATE:
    case VF_K_TIME:
    case VF_K_INTERVAL:
    case VF_K_JSON:
    case VF_K_ENUM:
    case VF_K_ARRAY:
    case VF_K_OTHER:
    case VF_K_VECTOR:
    case VF_KIND_COUNT:
    default:
        return "text";
    }
}

/* The word for metadata of the type; NULL: there is none. */
static const char *metadata_of(const struct vf_column *column)
{
    if (column->type.kind == VF_K_BOOL)
        return column->form == VF_FORM_INTEGER ? "boolean" : NULL;
    if (is_integer(column) || column->type.kind == VF_K_F32 || column->type.kind == VF_K_F64)
        return storage_of(column);
    return column->type.kind == VF_K_TEXT ? "text" : NULL;
}

static void fit_key(struct fitting *fitting)
{
    struct vf_column *column = &fitting->table->columns[fitting->key];
    column->role = VF_ROLE_NONE;
    column->not_null = true;
    column->native = is_integer(column) ? "integer" : "text";
    if (!is_integer(column) && column->type.kind != VF_K_TEXT)
        refuse(fitting, fitting->key, "the key of a vec0 table is an integer or a text",
               "say type: text of it in the plan, or leave the table an ordinary one");
}

static void fit_vector(struct fitting *fitting, int i)
{
    struct vf_column *column = &fitting->table->columns[i];
    const struct vf_type type = column->type;
    const char *word = type.element == VF_E_F32   ? "float"
                       : type.element == VF_E_I8  ? "int8"
                       : type.element == VF_E_BIT ? "bit"
                                                  : NULL;
    const char *remedy = "choose another type of it in the plan, or leave the table an ordinary one";
    if (word == NULL)
        refuse(fitting, i, "vec0 holds vectors of float32, of signed bytes and of bits", remedy);
    else if (type.dim == 0)
        refuse(fitting, i, "the number of its dimensions isn't known", remedy);
    else if (type.dim > MAX_DIM)
        refuse(fitting, i, "vec0 holds at most 8192 dimensions", "leave the table an ordinary one");
    else if (type.element == VF_E_BIT && type.dim % 8 != 0)
        refuse(fitting, i, "vec0 holds bits by eights", "leave the table an ordinary one");
    else if (++fitting->n_vectors > MAX_VECTORS)
        refuse(fitting, i, "vec0 holds at most 16 columns of vectors", "leave the table an ordinary one");
    column->role = VF_ROLE_NONE;
    column->not_null = true;
    column->form = VF_FORM_VEC0;
    column->native = vf_arena_printf(fitting->arena, "%s[%u]", word != NULL ? word : "float", (unsigned)type.dim);
}

/* A role that nobody has said. A search can be narrowed down by metadata, so that is what goes before. */
static enum vf_column_role choose_role(struct fitting *fitting, const struct vf_column *column)
{
    if (metadata_of(column) != NULL && column->not_null && fitting->n_metadata < MAX_METADATA)
        return VF_ROLE_METADATA;
    vf_buf_str(&fitting->chosen, fitting->chosen.size_bytes > 0 ? ", " : "");
    vf_buf_str(&fitting->chosen, column->name);
    return VF_ROLE_AUXILIARY;
}

static void fit_scalar(struct fitting *fitting, int i)
{
    struct vf_column *column = &fitting->table->columns[i];
    bool can_part = is_integer(column) || column->type.kind == VF_K_TEXT;
    bool is_odd = (column->role == VF_ROLE_METADATA && metadata_of(column) == NULL) ||
                  (column->role == VF_ROLE_PARTITION && !can_part);
    if (column->role == VF_ROLE_NONE || is_odd)
        column->role = choose_role(fitting, column);
    column->native = column->role == VF_ROLE_METADATA ? metadata_of(column) : storage_of(column);
    column->not_null = column->role == VF_ROLE_METADATA;
    fitting->n_metadata += column->role == VF_ROLE_METADATA;
    fitting->n_partitions += column->role == VF_ROLE_PARTITION;
    fitting->n_auxiliary += column->role == VF_ROLE_AUXILIARY;
    if (fitting->n_metadata > MAX_METADATA || fitting->n_auxiliary > MAX_AUXILIARY ||
        fitting->n_partitions > MAX_PARTITIONS)
        refuse(fitting, i, "a vec0 table has at most 16 columns of metadata, 16 auxiliary ones and 4 partition keys",
               "leave columns out by skip: true, or leave the table an ordinary one");
}

static void fit_columns(struct fitting *fitting)
{
    struct vf_table *table = fitting->table;
    const struct vf_index *key = table->primary_key >= 0 ? &table->indexes[table->primary_key] : NULL;
    fitting->key = key != NULL && key->n_parts == 1 ? key->parts[0].column : -1;
    if (fitting->key < 0) {
        refuse(fitting, -1, "a vec0 table has a primary key of one column", "leave the table an ordinary one");
        return;
    }
    for (int i = 0; i < (int)table->n_columns; i++) {
        fit_name(fitting, i);
        if (i == fitting->key)
            fit_key(fitting);
        else if (table->columns[i].type.kind == VF_K_VECTOR)
            fit_vector(fitting, i);
        else
            fit_scalar(fitting, i);
        table->columns[i].collation = NULL;
    }
    if (fitting->n_vectors == 0)
        refuse(fitting, -1, "no column of it holds vectors", "leave the table an ordinary one");
}

enum vf_status vf_sqlite_fit_table(struct vf_conn *base, struct vf_table *table, struct vf_arena *arena,
                                   struct vf_table_fit *fit, struct vf_error *err)
{
    struct fitting fitting = {.table = table, .arena = arena, .fit = fit};
    struct vf_error missing = {0};
    bool is_there = false;
    /* One that is there is read without the extension; a load asks for it itself. */
    enum vf_status status = vf_vec0_is_table(vf_sqlite_conn_of(base), table->name, &is_there, &missing);
    if (status == VF_OK && !is_there)
        status = vf_sqlite_need_vec0(vf_sqlite_conn_of(base), &missing);
    if (status == VF_MISSING) {
        fit->is_missing = true;
        fit->why = vf_arena_strdup(arena, missing.message);
        fit->remedy = vf_arena_strdup(arena, missing.hint);
        return fit->why == NULL || fit->remedy == NULL ? vf_error_nomem(err) : VF_OK;
    }
    if (status != VF_OK) {
        if (err != NULL)
            *err = missing;
        return status;
    }
    vf_buf_init(&fitting.chosen, VF_BUF_MAX);
    fit_columns(&fitting);
    status = vf_buf_check(&fitting.chosen, err);
    if (status == VF_OK && fit->why == NULL && fitting.chosen.size_bytes > 0) {
        fit->note = vf_arena_printf(arena,
                                    "auxiliary columns, by which a search can't be narrowed down, because they may be "
                                    "NULL, or metadata has no such type: %s",
                                    fitting.chosen.data);
        status = fit->note == NULL ? vf_error_nomem(err) : VF_OK;
    }
    for (size_t i = 0; status == VF_OK && i < table->n_columns; i++) {
        if (table->columns[i].native == NULL)
            status = vf_error_nomem(err);
    }
    vf_buf_release(&fitting.chosen);
    return status;
}

/* ---- indexes ---- */

static const struct vf_index *search_of(const struct vf_table *table, int column)
{
    for (size_t i = 0; i < table->n_indexes; i++) {
        if (table->indexes[i].kind == VF_INDEX_EXACT && table->indexes[i].parts[0].column == column)
            return &table->indexes[i];
    }
    return NULL;
}

enum vf_status vf_vec0_map_index(const struct vf_table *table, struct vf_arena *arena, struct vf_index_mapping *mapping,
                                 struct vf_error *err)
{
    struct vf_index *index = &mapping->index;
    index->method = "vec0";
    if (index->constraint == VF_CONSTRAINT_PRIMARY) {
        index->name = NULL;
        mapping->moved = true;
        return VF_OK;
    }
    if (index->kind != VF_INDEX_EXACT) {
        mapping->why = "a vec0 table has no indexes but those of its key and its vectors; it is remembered for the way "
                       "back";
        return VF_OK;
    }
    if (search_of(table, index->parts[0].column) != NULL) {
        mapping->why = "a vector of a vec0 table has one distance, which another index says; it is remembered for the "
                       "way back";
        return VF_OK;
    }
    /* As the reader calls it (vec0_scan.c): the memory of a move knows it by its name. */
    index->name = vf_arena_printf(arena, "%s_%s", table->name, table->columns[index->parts[0].column].name);
    mapping->moved = index->name != NULL;
    return index->name == NULL ? vf_error_nomem(err) : VF_OK;
}

/* ---- CREATE VIRTUAL TABLE ---- */

static void write_argument(const struct vf_table *table, int i, int key, struct vf_buf *sql)
{
    const struct vf_column *column = &table->columns[i];
    const struct vf_index *search = search_of(table, i);
    const char *metric = search != NULL ? vf_index_metric_native(VF_BUILDER_VEC0, search->vector.metric) : NULL;
    bool is_said = metric != NULL && column->type.element != VF_E_BIT && search->vector.metric != VF_METRIC_L2 &&
                   search->vector.metric != VF_METRIC_L2_SQUARED;
    vf_buf_printf(sql, "%s%s %s", column->role == VF_ROLE_AUXILIARY ? "+" : "", column->name, column->native);
    if (i == key)
        vf_buf_str(sql, " primary key");
    if (column->role == VF_ROLE_PARTITION)
        vf_buf_str(sql, " partition key");
    if (is_said)
        vf_buf_printf(sql, " distance_metric=%s", metric);
}

static bool is_the_rowid(const struct vf_column *column)
{
    return vf_strcasecmp(column->name, ROWID) == 0 && is_integer(column);
}

enum vf_status vf_vec0_make_table(struct vf_sqlite_conn *conn, const struct vf_table *table, struct vf_error *err)
{
    int key = table->primary_key >= 0 ? table->indexes[table->primary_key].parts[0].column : -1;
    const char *between = "\n  ";
    struct vf_buf sql;
    enum vf_status status = vf_sqlite_need_vec0(conn, err);
    if (status != VF_OK)
        return status;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "CREATE VIRTUAL TABLE main.");
    vf_sqlite_quote(&sql, table->name);
    vf_buf_str(&sql, " USING vec0(");
    for (int i = 0; i < (int)table->n_columns; i++) {
        if (i == key && is_the_rowid(&table->columns[i]))
            continue;
        vf_buf_str(&sql, between);
        write_argument(table, i, key, &sql);
        between = ",\n  ";
    }
    if (table->vec0_chunk_size > 0)
        vf_buf_printf(&sql, "%schunk_size=%u", between, (unsigned)table->vec0_chunk_size);
    vf_buf_str(&sql, "\n)");
    status = vf_sqlite_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    return status;
}

/* ---- one that is there ---- */

enum vf_status vf_vec0_is_table(struct vf_sqlite_conn *conn, const char *name, bool *is_vec0, struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    char module[32] = "";
    bool row = false;
    enum vf_status status = vf_sqlite_prepare(
        conn, "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?1 COLLATE NOCASE", &stmt, err);
    if (status == VF_OK) {
        conn->lib->bind_text64(stmt, 1, name, strlen(name), SQLITE_STATIC, SQLITE_UTF8);
        status = vf_sqlite_step(conn, stmt, &row, err);
    }
    *is_vec0 = status == VF_OK && row &&
               vf_sqlite_module_of(vf_sqlite_column_str(conn, stmt, 0), module, sizeof(module)) &&
               strcmp(module, "vec0") == 0;
    conn->lib->finalize(stmt);
    return status;
}

/* The first vec0 table, or an empty name. What a virtual table is isn't asked of its module: to look at one by a pragma would open it. */
static enum vf_status find_first(struct vf_sqlite_conn *conn, struct vf_buf *name, struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    char module[32];
    bool row = true;
    enum vf_status status = vf_sqlite_prepare(
        conn,
        "SELECT v.name, v.sql FROM sqlite_master v WHERE v.type = 'table' AND v.rootpage = 0 AND EXISTS (SELECT 1 FROM "
        "sqlite_master i WHERE i.type = 'table' AND i.name = v.name || '_info') ORDER BY v.rowid",
        &stmt, err);
    while (status == VF_OK && row && name->size_bytes == 0) {
        status = vf_sqlite_step(conn, stmt, &row, err);
        if (status == VF_OK && row &&
            vf_sqlite_module_of(vf_sqlite_column_str(conn, stmt, 1), module, sizeof(module)) &&
            strcmp(module, "vec0") == 0)
            vf_buf_str(name, vf_sqlite_column_str(conn, stmt, 0));
    }
    conn->lib->finalize(stmt);
    return status == VF_OK ? vf_buf_check(name, err) : status;
}

enum vf_status vf_vec0_describe(struct vf_sqlite_conn *conn, struct vf_server *server, struct vf_error *err)
{
    struct vf_buf table, sql;
    vf_buf_init(&table, VF_BUF_MAX);
    vf_buf_init(&sql, VF_BUF_MAX);
    enum vf_status status = find_first(conn, &table, err);
    if (status != VF_OK || table.size_bytes == 0)
        goto out;
    vf_buf_str(&table, "_info");
    status = vf_buf_check(&table, err);
    if (status != VF_OK)
        goto out;
    vf_buf_str(&sql, "SELECT value FROM main.");
    vf_sqlite_quote(&sql, table.data);
    vf_buf_str(&sql, " WHERE key = 'CREATE_VERSION'");
    status = vf_buf_check(&sql, err);
    if (status == VF_OK)
        status = vf_sqlite_get_text(conn, sql.data, server->vector_version, sizeof(server->vector_version), err);
    snprintf(server->vector_product, sizeof(server->vector_product), "sqlite-vec");
out:
    vf_buf_release(&table);
    vf_buf_release(&sql);
    return status;
}

enum vf_status vf_vec0_prepare_drop(struct vf_sqlite_conn *conn, const char *name, struct vf_error *err)
{
    bool is_vec0 = false;
    enum vf_status status = vf_vec0_is_table(conn, name, &is_vec0, err);
    if (status == VF_OK && is_vec0)
        status = vf_sqlite_need_vec0(conn, err);
    if (status != VF_OK)
        vf_error_wrap(err, "table %s", name);
    return status;
}

enum vf_status vf_vec0_write_rows(const char *name, struct vf_buf *sql, struct vf_error *err)
{
    struct vf_buf rows;
    vf_buf_init(&rows, VF_BUF_MAX);
    vf_buf_printf(&rows, "%s_rowids", name);
    enum vf_status status = vf_buf_check(&rows, err);
    vf_buf_str(sql, "main.");
    if (status == VF_OK)
        vf_sqlite_quote(sql, rows.data);
    vf_buf_release(&rows);
    return status;
}

/* ---- values ---- */

const char *vf_vec0_function(const struct vf_field *field)
{
    if (field->form != VF_FORM_VEC0)
        return NULL;
    return field->type.element == VF_E_I8 ? "vec_int8" : field->type.element == VF_E_BIT ? "vec_bit" : NULL;
}

enum vf_status vf_vec0_bind(struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int parameter,
                            const struct vf_field *field, const struct vf_array *array, int64_t row,
                            struct vf_sqlite_scratch *scratch, struct vf_error *err)
{
    bool is_float = field->type.kind == VF_K_F32 || field->type.kind == VF_K_F64;
    if (vf_array_is_null(array, row))
        return field->not_null ? vf_error_set(err, VF_VALUE, "NULL, which this column of a vec0 table can't hold")
                               : vf_sqlite_bind(conn, stmt, parameter, field, array, row, scratch, err);
    if (!is_float)
        return vf_sqlite_bind(conn, stmt, parameter, field, array, row, scratch, err);
    /* The texts that stand for them in an ordinary table aren't numbers to the extension; the sign of a zero stays here. */
    if (isnan(vf_array_f64(array, row)))
        return vf_error_set(err, VF_VALUE, "NaN, which SQLite takes for NULL");
    if (conn->lib->bind_double(stmt, parameter, vf_array_f64(array, row)) != SQLITE_OK)
        return vf_sqlite_fail(conn, err, "column %s", field->name);
    return VF_OK;
}
