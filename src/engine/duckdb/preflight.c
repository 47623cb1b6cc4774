#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/text.h"
#include "engine/duckdb/hnsw.h"
#include "engine/duckdb/target.h"
#include "engine/duckdb/types.h"

struct preflight {
    struct vf_duckdb_conn *conn;
    const struct vf_schema *wanted;
    struct vf_problem_list *problems;
    struct vf_error *err;
};

static enum vf_status check_space(const struct preflight *preflight, const struct vf_load_estimate *estimate)
{
    struct statvfs found;
    const char *path = preflight->conn->path;
    if (estimate->size_bytes < 0 || statvfs(path, &found) != 0)
        return VF_OK;
    uint64_t row_bytes = (uint64_t)estimate->size_bytes, index_bytes = vf_index_bytes_of(preflight->wanted),
             beside_bytes = (uint64_t)estimate->beside_bytes;
    uint64_t needed_bytes = row_bytes + row_bytes / 4 + index_bytes + beside_bytes;
    return vf_problem_need_disk(preflight->problems, path, needed_bytes, (uint64_t)found.f_bavail * found.f_frsize,
                                preflight->err,
                                "rows %" PRIu64 " MiB x 1.25 + indexes %" PRIu64 " MiB (%d bytes an entry) + vector "
                                "indexes beside the file %" PRIu64 " MiB",
                                row_bytes >> 20, index_bytes >> 20, VF_INDEX_ENTRY_BYTES, beside_bytes >> 20);
}

/* Words that are the name of no type: DuckDB is asked, but for the type that every column of the kind has, and those that are made with the tables. */
static enum vf_status check_type(const struct preflight *preflight, const struct vf_column *column, bool *is_known)
{
    const char *usual = vf_duckdb_types[column->type.kind].native;
    struct vf_error why = {0};
    struct vf_buf sql;
    *is_known = vf_duckdb_is_type_name(column->native);
    bool is_asked = *is_known && (usual == NULL || strcmp(usual, column->native) != 0);
    for (size_t i = 0; i < preflight->wanted->n_user_types; i++)
        is_asked = is_asked && strstr(column->native, preflight->wanted->user_types[i].name) == NULL;
    if (!is_asked)
        return VF_OK;
    vf_buf_init(&sql, 65536);
    vf_buf_str(&sql, "SELECT CAST(NULL AS ");
    vf_buf_str(&sql, column->native);
    vf_buf_char(&sql, ')');
    enum vf_status status = vf_duckdb_exec_buf(preflight->conn, &sql, &why);
    vf_buf_release(&sql);
    *is_known = status != VF_ENGINE;
    if (status == VF_OK || status == VF_ENGINE)
        return VF_OK;
    if (preflight->err != NULL)
        *preflight->err = why;
    return status;
}

/* The type that a column of the kind has unless the plan says another. */
static enum vf_status say_type(const struct preflight *preflight, enum vf_kind kind)
{
    const char *native = vf_duckdb_types[kind].native;
    char *text = native != NULL ? vf_arena_printf(&preflight->problems->arena, "to: %s", native) : NULL;
    return text != NULL ? vf_problem_say(preflight->problems, text, preflight->err) : VF_OK;
}

static enum vf_status check_columns(const struct preflight *preflight, const struct vf_table *table)
{
    enum vf_status status = VF_OK;
    for (size_t i = 0; status == VF_OK && i < table->n_columns; i++) {
        const struct vf_column *column = &table->columns[i];
        if (vf_strcasecmp(column->name, "rowid") == 0)
            status = vf_problem_add_about(
                preflight->problems, VF_SEVERITY_NOTE, VF_OK, table, column->name,
                "another name by rename: in the plan", preflight->err,
                "column \"%s\" hides DuckDB's own row number: as a source the table is read in one piece",
                column->name);
        if (status == VF_OK && vf_strcasecmp(column->name, "rowid") == 0)
            status = vf_problem_say(preflight->problems, "rename: rowid_2", preflight->err);
        bool is_known = true;
        if (status == VF_OK)
            status = check_type(preflight, column, &is_known);
        if (status != VF_OK || is_known)
            continue;
        status = vf_problem_add_about(preflight->problems, VF_SEVERITY_BLOCK, VF_USAGE, table, column->name,
                                      "write the type as DuckDB shows it, e.g. \"DECIMAL(12,2)\", or leave `to` out",
                                      preflight->err, "column \"%s\": \"%s\" isn't the name of a type", column->name,
                                      column->native);
        if (status == VF_OK)
            status = say_type(preflight, column->type.kind);
    }
    return status;
}

static bool is_same_table(const struct vf_table *table, const char *schema, const char *name)
{
    return strcmp(table->name, name) == 0 && strcmp(vf_duckdb_schema(table->schema), vf_duckdb_schema(schema)) == 0;
}

/* Names of types may be different words for one: the database knows. A type that it doesn't know (yet) is only itself. */
static bool is_same_type(const struct preflight *preflight, const char *a, const char *b)
{
    struct vf_buf sql;
    struct vf_error ignored = {0};
    int64_t is_same = 0;
    if (vf_strcasecmp(a, b) == 0)
        return true;
    if (!vf_duckdb_is_type_name(a) || !vf_duckdb_is_type_name(b))
        return false;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_printf(&sql, "SELECT (typeof(NULL::%s) = typeof(NULL::%s))::BIGINT" /* ident */, a, b);
    enum vf_status status = vf_duckdb_get_i64_buf(preflight->conn, &sql, 0, &is_same, &ignored);
    vf_buf_release(&sql);
    return status == VF_OK && is_same != 0;
}

static const struct vf_table *parent_of(const struct vf_schema *wanted, const char *schema, const char *name)
{
    for (size_t i = 0; i < wanted->n_tables; i++) {
        if (is_same_table(&wanted->tables[i], schema, name))
            return &wanted->tables[i];
    }
    return NULL;
}

/* Does each column refer to one of another type? DuckDB wants the same on both sides, and an INTEGER isn't a BIGINT. */
static bool is_of_another_type(const struct preflight *preflight, const struct vf_table *table,
                               const struct vf_table *parent, const struct vf_foreign_key *key)
{
    for (size_t i = 0; parent != NULL && i < key->n_columns; i++) {
        const char *here = table->columns[key->columns[i]].native;
        int there = vf_table_find_column(parent, key->to_columns[i]);
        if (there >= 0 && !is_same_type(preflight, here, parent->columns[there].native))
            return true;
    }
    return false;
}

/* Do the columns that the foreign key leads to have a key of their own there, in any order? An index, be it unique, is none to DuckDB. */
static bool leads_to_key(const struct vf_table *parent, const struct vf_foreign_key *key)
{
    for (size_t i = 0; i < parent->n_indexes; i++) {
        const struct vf_index *index = &parent->indexes[i];
        size_t n_found = 0;
        if (index->constraint == VF_CONSTRAINT_NONE || index->n_parts != key->n_columns)
            continue;
        for (size_t k = 0; k < key->n_columns; k++) {
            int column = vf_table_find_column(parent, key->to_columns[k]);
            for (size_t j = 0; column >= 0 && j < index->n_parts; j++)
                n_found += index->parts[j].column == column;
        }
        if (n_found == key->n_columns)
            return true;
    }
    return false;
}

/* Why a foreign key can't be declared, or what is different about it; NULL: nothing. */
static const char *why_not(const struct preflight *preflight, size_t number, const struct vf_foreign_key *key)
{
    const struct vf_schema *wanted = preflight->wanted;
    const struct vf_table *table = &wanted->tables[number];
    const char *schema = key->to_schema != NULL ? key->to_schema : table->schema;
    if (is_same_table(table, schema, key->to_table))
        return "isn't declared: DuckDB checks it row by row, and a row may refer to one that comes later; it is "
               "remembered for the way back";
    if (strcmp(vf_duckdb_schema(table->schema), vf_duckdb_schema(schema)) != 0)
        return "isn't declared: DuckDB has no foreign keys from one schema to another; it is remembered for the way "
               "back";
    for (size_t i = number + 1; i < wanted->n_tables; i++) {
        if (is_same_table(&wanted->tables[i], schema, key->to_table))
            return "isn't declared: the tables refer to each other, and DuckDB can't add a foreign key later; it is "
                   "remembered for the way back";
    }
    const struct vf_table *parent = parent_of(wanted, schema, key->to_table);
    if (parent != NULL && !leads_to_key(parent, key))
        return "isn't declared: DuckDB wants a primary key or a unique constraint there, and a unique index is none; "
               "it is remembered for the way back";
    if (is_of_another_type(preflight, table, parent, key))
        return "isn't declared: DuckDB wants the same type on both sides (`to` of the plan can give it); it is "
               "remembered for the way back";
    if (key->on_delete > VF_FK_RESTRICT || key->on_update > VF_FK_RESTRICT)
        return "is declared without its ON DELETE and ON UPDATE actions, which DuckDB doesn't have; they are "
               "remembered for the way back";
    return NULL;
}

static enum vf_status check_foreign_keys(const struct preflight *preflight, size_t number)
{
    const struct vf_table *table = &preflight->wanted->tables[number];
    enum vf_status status = VF_OK;
    for (size_t i = 0; status == VF_OK && i < table->n_foreign_keys; i++) {
        const struct vf_foreign_key *key = &table->foreign_keys[i];
        const char *why = why_not(preflight, number, key);
        if (why != NULL)
            status = vf_problem_add_about(preflight->problems, VF_SEVERITY_NOTE, VF_OK, table, NULL, NULL,
                                          preflight->err, "foreign key \"%s\" to \"%s\" %s",
                                          key->name != NULL ? key->name : table->columns[key->columns[0]].name,
                                          key->to_table, why);
    }
    return status;
}

/* The extension is tried once, before the first write. */
static enum vf_status check_vss(const struct preflight *preflight)
{
    const struct vf_schema *wanted = preflight->wanted;
    enum vf_status status = VF_OK;
    struct vf_error missing = {0};
    for (size_t i = 0; status == VF_OK && i < wanted->n_tables; i++) {
        for (size_t k = 0; status == VF_OK && k < wanted->tables[i].n_indexes; k++) {
            const struct vf_index *index = &wanted->tables[i].indexes[k];
            if (index->kind != VF_INDEX_HNSW || vf_duckdb_need(preflight->conn, VF_DUCKDB_VSS, &missing) == VF_OK)
                continue;
            status = vf_problem_add_about(preflight->problems, VF_SEVERITY_BLOCK, VF_MISSING, &wanted->tables[i],
                                          index->name, missing.hint, preflight->err, "index \"%s\": %s", index->name,
                                          missing.message);
            if (status == VF_OK)
                status = vf_problem_say(preflight->problems, "to: sidecar", preflight->err);
        }
    }
    return status;
}

/* Names of indexes are those of a schema. One whose table is made anew goes with it. */
static enum vf_status check_index_name(const struct preflight *preflight, const struct vf_table *table,
                                       const struct vf_index *index)
{
    const struct vf_schema *wanted = preflight->wanted;
    const char *other = NULL;
    if (index->name == NULL || index->constraint != VF_CONSTRAINT_NONE || index->kind == VF_INDEX_FULLTEXT)
        return VF_OK;
    enum vf_status status =
        vf_duckdb_index_of_another(preflight->conn, table, index, &preflight->problems->arena, &other, preflight->err);
    for (size_t i = 0; other != NULL && i < wanted->n_tables; i++) {
        if (is_same_table(&wanted->tables[i], table->schema, other))
            other = NULL;
    }
    if (status != VF_OK || other == NULL)
        return status;
    status =
        vf_problem_add_about(preflight->problems, VF_SEVERITY_BLOCK, VF_USAGE, table, index->name,
                             "give it another name by rename: in the plan, or drop or rename that one", preflight->err,
                             "table \"%s\" of the target has an index \"%s\" already", other, index->name);
    char *say = vf_arena_printf(&preflight->problems->arena, "rename: %s_2", index->name);
    if (status != VF_OK || say == NULL)
        return status != VF_OK ? status : vf_error_nomem(preflight->err);
    return vf_problem_say(preflight->problems, say, preflight->err);
}

static enum vf_status check_types(const struct preflight *preflight)
{
    enum vf_status status = VF_OK;
    for (size_t i = 0; status == VF_OK && i < preflight->wanted->n_user_types; i++) {
        const struct vf_user_type *type = &preflight->wanted->user_types[i];
        bool is_own = false;
        status = vf_duckdb_is_own_type(preflight->conn, type->name, &is_own, preflight->err);
        if (status == VF_OK && is_own)
            status = vf_problem_add(preflight->problems, VF_SEVERITY_NOTE, VF_OK, type->name, NULL, preflight->err,
                                    "the enum isn't made under its name, which is one of DuckDB's own types; its "
                                    "columns have its labels, and the name is remembered for the way back");
    }
    return status;
}

/* ---- the version of the file's format ---- */

/* Types that an older one can't hold. */
static const struct {
    const char *word;
    uint64_t storage_version;
} needs[] = {{"VARIANT", 68}};

static uint64_t storage_needed(const struct vf_schema *wanted, const struct vf_table **table, const char **column,
                               const char **native)
{
    uint64_t needed = VF_DUCKDB_OLDEST_STORAGE;
    for (size_t i = 0; i < wanted->n_tables; i++) {
        for (size_t k = 0; k < wanted->tables[i].n_columns; k++) {
            const struct vf_column *found = &wanted->tables[i].columns[k];
            for (size_t n = 0; n < sizeof(needs) / sizeof(needs[0]); n++) {
                if (strstr(found->native, needs[n].word) == NULL || needs[n].storage_version <= needed)
                    continue;
                needed = needs[n].storage_version;
                *table = &wanted->tables[i];
                *column = found->name;
                *native = found->native;
            }
        }
    }
    return needed;
}

/* The oldest that holds the data, or the one that was said; a file that is there keeps its own. */
static enum vf_status choose_storage(const struct preflight *preflight)
{
    struct vf_duckdb_conn *conn = preflight->conn;
    const char *said = conn->base.options.storage, *column = NULL, *native = NULL;
    const struct vf_table *table = NULL;
    uint64_t needed = storage_needed(preflight->wanted, &table, &column, &native), wanted = needed;
    struct vf_duckdb_file file;
    bool chosen = false;
    if (said != NULL && !vf_duckdb_storage_parse(said, &wanted))
        return vf_error_set(preflight->err, VF_INTERNAL, "\"%s\" was no storage version when the file was opened",
                            said);
    enum vf_status status = vf_duckdb_instance_choose_storage(conn->instance, wanted, &chosen, preflight->err);
    if (status == VF_OK)
        status = vf_duckdb_file_check(conn->path, &file, preflight->err);
    if (status != VF_OK)
        return status;
    if (needed > file.storage_version) {
        status =
            vf_problem_add_about(preflight->problems, VF_SEVERITY_BLOCK, VF_USAGE, table, column,
                                 chosen ? "leave `storage` out of the plan, or give the column another type"
                                        : "name a new file, or give the column another type",
                                 preflight->err, "a column of type %s needs storage version %s, and the file has %s",
                                 native, vf_duckdb_storage_word(needed), vf_duckdb_storage_name(file.storage_version));
        return status == VF_OK ? vf_problem_say(preflight->problems, "to: VARCHAR", preflight->err) : status;
    }
    if (said == NULL || wanted == file.storage_version)
        return VF_OK;
    status = vf_problem_add(preflight->problems, VF_SEVERITY_NOTE, VF_OK, "", NULL, preflight->err,
                            "the file is there with storage version %" PRIu64 " (%s), and keeps it",
                            file.storage_version, vf_duckdb_storage_name(file.storage_version));
    return status == VF_OK ? vf_problem_at(preflight->problems, "storage:", preflight->err) : status;
}

enum vf_status vf_duckdb_preflight(struct vf_conn *base, const struct vf_schema *wanted,
                                   const struct vf_load_estimate *estimate, struct vf_problem_list *problems,
                                   struct vf_error *err)
{
    const struct preflight preflight = {vf_duckdb_conn_of(base), wanted, problems, err};
    enum vf_status status = check_space(&preflight, estimate);
    if (status == VF_OK)
        status = choose_storage(&preflight);
    if (status == VF_OK)
        status = check_vss(&preflight);
    if (status == VF_OK)
        status = check_types(&preflight);
    for (size_t i = 0; status == VF_OK && i < wanted->n_tables; i++) {
        status = check_columns(&preflight, &wanted->tables[i]);
        if (status == VF_OK)
            status = check_foreign_keys(&preflight, i);
        for (size_t k = 0; status == VF_OK && k < wanted->tables[i].n_indexes; k++)
            status = check_index_name(&preflight, &wanted->tables[i], &wanted->tables[i].indexes[k]);
    }
    return status;
}
