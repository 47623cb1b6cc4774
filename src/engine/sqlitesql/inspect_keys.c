#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/create_table.h"
#include "engine/sqlitesql/inspect.h"
#include "engine/sqlitesql/questions.h"
#include "engine/sqlitesql/vector_index.h"

struct reader {
    struct vf_sqlite_conn *conn;
    struct vf_schema *schema;
    struct vf_table *table;
    struct vf_sqlite_constraint *constraints;
};

static int find_column(const struct vf_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        if (vf_strcasecmp(table->columns[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

/* ---- indexes ---- */

/* The constraint in the text whose columns are those of the index. */
static const struct vf_sqlite_constraint *find_constraint(const struct reader *reader, const struct vf_index *index,
                                                          enum vf_sqlite_constraint_kind kind)
{
    for (const struct vf_sqlite_constraint *c = reader->constraints; c != NULL; c = c->next) {
        if (c->kind != kind || c->n_columns != index->n_parts || c->n_columns > VF_SQLITE_MAX_KEY_COLUMNS)
            continue;
        size_t n_same = 0;
        while (n_same < index->n_parts && find_column(reader->table, c->columns[n_same]) == index->parts[n_same].column)
            n_same++;
        if (n_same == index->n_parts)
            return c;
    }
    return NULL;
}

static enum vf_status read_part(const struct reader *reader, sqlite3_stmt *stmt,
                                const struct vf_sqlite_index_text *text, struct vf_index *index, struct vf_error *err)
{
    const struct vf_sqlite_library *lib = reader->conn->lib;
    struct vf_arena *arena = &reader->schema->arena;
    size_t number = index->n_parts;
    struct vf_key_part *part = vf_index_add_part(reader->schema, index);
    if (part == NULL)
        return vf_error_nomem(err);
    int64_t cid = lib->column_int64(stmt, 0);
    part->column = cid >= 0 ? find_column(reader->table, vf_sqlite_column_str(reader->conn, stmt, 1)) : -1;
    part->descending = lib->column_int64(stmt, 2) != 0;
    part->nulls_first = !part->descending; /* SQLite takes NULL for the smallest value */
    if (part->column < 0) {
        part->expression = number < text->n_parts ? text->parts[number] : vf_arena_strdup(arena, "rowid");
        if (part->expression == NULL)
            return vf_error_nomem(err);
    }
    const char *collation = vf_sqlite_column_str(reader->conn, stmt, 3);
    const char *own = part->column >= 0 ? reader->table->columns[part->column].collation : NULL;
    if (vf_strcasecmp(collation, own != NULL ? own : "BINARY") != 0) {
        part->collation = vf_arena_strdup(arena, collation);
        if (part->collation == NULL)
            return vf_error_nomem(err);
    }
    return VF_OK;
}

static enum vf_status read_parts(const struct reader *reader, const char *name, const struct vf_sqlite_index_text *text,
                                 struct vf_index *index, struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    enum vf_status status = vf_sqlite_prepare(reader->conn, VF_SQLITE_ASK_INDEX_PARTS, &stmt, err);
    if (status == VF_OK)
        reader->conn->lib->bind_text64(stmt, 1, name, strlen(name), SQLITE_STATIC, SQLITE_UTF8);
    while (status == VF_OK) {
        status = vf_sqlite_step(reader->conn, stmt, &row, err);
        if (status != VF_OK || !row)
            break;
        status = read_part(reader, stmt, text, index, err);
    }
    reader->conn->lib->finalize(stmt);
    return status;
}

static enum vf_status read_index_sql(const struct reader *reader, const char *name, const char **sql,
                                     struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    *sql = NULL;
    enum vf_status status = vf_sqlite_prepare(reader->conn, VF_SQLITE_ASK_INDEX_SQL, &stmt, err);
    if (status == VF_OK) {
        reader->conn->lib->bind_text64(stmt, 1, name, strlen(name), SQLITE_STATIC, SQLITE_UTF8);
        status = vf_sqlite_step(reader->conn, stmt, &row, err);
    }
    if (status == VF_OK && row) {
        *sql = vf_arena_strdup(&reader->schema->arena, vf_sqlite_column_str(reader->conn, stmt, 0));
        if (*sql == NULL)
            status = vf_error_nomem(err);
    }
    reader->conn->lib->finalize(stmt);
    return status;
}

/* One index that is no primary key of its own: those were read with the columns. */
static enum vf_status read_index(const struct reader *reader, const char *name, char origin, bool unique,
                                 struct vf_error *err)
{
    struct vf_sqlite_index_text text = {0};
    struct vf_index index = {.unique = unique};
    enum vf_status status = read_index_sql(reader, name, &index.definition, err);
    if (status == VF_OK && index.definition != NULL)
        status = vf_sqlite_parse_create_index(index.definition, &reader->schema->arena, &text, err);
    if (status == VF_OK)
        status = read_parts(reader, name, &text, &index, err);
    if (status != VF_OK)
        return status;
    index.predicate = text.predicate;
    index.method = "btree";
    if (!vf_sqlite_read_vector_index(reader->schema, reader->table, &index))
        return vf_error_nomem(err);
    if (origin == 'u') {
        const struct vf_sqlite_constraint *constraint = find_constraint(reader, &index, VF_SQLITE_UNIQUE);
        index.constraint = VF_CONSTRAINT_UNIQUE;
        index.name = constraint != NULL ? constraint->name : NULL;
    } else {
        index.name = index.definition != NULL ? vf_sqlite_created_name(index.definition, &reader->schema->arena) : NULL;
        if (index.name == NULL || vf_strcasecmp(index.name, name) != 0)
            index.name = vf_arena_strdup(&reader->schema->arena, name);
        if (index.name == NULL)
            return vf_error_nomem(err);
    }
    struct vf_index *added = vf_table_add_index(reader->schema, reader->table);
    if (added == NULL)
        return vf_error_nomem(err);
    *added = index;
    return VF_OK;
}

static enum vf_status read_indexes(const struct reader *reader, bool *has_key_index, struct vf_error *err)
{
    const struct vf_sqlite_library *lib = reader->conn->lib;
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    *has_key_index = false;
    enum vf_status status = vf_sqlite_prepare(reader->conn, VF_SQLITE_ASK_INDEXES, &stmt, err);
    if (status == VF_OK)
        lib->bind_text64(stmt, 1, reader->table->name, strlen(reader->table->name), SQLITE_STATIC, SQLITE_UTF8);
    while (status == VF_OK) {
        status = vf_sqlite_step(reader->conn, stmt, &row, err);
        if (status != VF_OK || !row)
            break;
        char origin = vf_sqlite_column_str(reader->conn, stmt, 2)[0];
        if (origin == 'p')
            *has_key_index = true;
        else
            status = read_index(reader, vf_sqlite_column_str(reader->conn, stmt, 0), origin,
                                lib->column_int64(stmt, 1) != 0, err);
    }
    lib->finalize(stmt);
    return status;
}

/* ---- the primary key ---- */

static void finish_primary_key(const struct reader *reader, bool has_key_index)
{
    struct vf_table *table = reader->table;
    if (table->primary_key < 0)
        return;
    struct vf_index *key = &table->indexes[table->primary_key];
    const struct vf_sqlite_constraint *constraint = find_constraint(reader, key, VF_SQLITE_PRIMARY_KEY);
    key->name = constraint != NULL ? constraint->name : NULL;
    if (table->without_rowid) {
        for (size_t i = 0; i < key->n_parts; i++)
            table->columns[key->parts[i].column].not_null = true;
        return;
    }
    if (has_key_index || key->n_parts != 1)
        return;
    /* No index of its own: the column is another name of the rowid. */
    struct vf_column *column = &table->columns[key->parts[0].column];
    column->key_not_null = column->not_null;
    column->not_null = true;
    if (column->generated == VF_GENERATED_NO)
        column->generated = VF_GENERATED_IDENTITY_BY_DEFAULT;
}

/* ---- foreign keys ---- */

enum fk_column {
    FK_ID,
    FK_TABLE,
    FK_FROM,
    FK_TO,
    FK_ON_UPDATE,
    FK_ON_DELETE,
    FK_MATCH,
};

static enum vf_fk_action action_of(const char *text)
{
    if (strcmp(text, "RESTRICT") == 0)
        return VF_FK_RESTRICT;
    if (strcmp(text, "CASCADE") == 0)
        return VF_FK_CASCADE;
    if (strcmp(text, "SET NULL") == 0)
        return VF_FK_SET_NULL;
    if (strcmp(text, "SET DEFAULT") == 0)
        return VF_FK_SET_DEFAULT;
    return VF_FK_NO_ACTION;
}

/* Number `number` of the foreign keys in the text. */
static const struct vf_sqlite_constraint *nth_foreign_key(const struct reader *reader, size_t number)
{
    for (const struct vf_sqlite_constraint *c = reader->constraints; c != NULL; c = c->next) {
        if (c->kind == VF_SQLITE_FOREIGN_KEY && number-- == 0)
            return c;
    }
    return NULL;
}

static enum vf_status begin_foreign_key(const struct reader *reader, sqlite3_stmt *stmt, struct vf_error *err)
{
    struct vf_foreign_key *key = vf_table_add_foreign_key(reader->schema, reader->table);
    if (key == NULL)
        return vf_error_nomem(err);
    const struct vf_sqlite_constraint *constraint = nth_foreign_key(reader, reader->table->n_foreign_keys - 1);
    key->to_table = vf_arena_strdup(&reader->schema->arena, vf_sqlite_column_str(reader->conn, stmt, FK_TABLE));
    key->columns = vf_arena_alloc(&reader->schema->arena, reader->table->n_columns + 1, sizeof(*key->columns));
    key->to_columns = vf_arena_alloc(&reader->schema->arena, reader->table->n_columns + 1, sizeof(*key->to_columns));
    if (key->to_table == NULL || key->columns == NULL || key->to_columns == NULL)
        return vf_error_nomem(err);
    key->on_update = action_of(vf_sqlite_column_str(reader->conn, stmt, FK_ON_UPDATE));
    key->on_delete = action_of(vf_sqlite_column_str(reader->conn, stmt, FK_ON_DELETE));
    key->match_full = vf_strcasecmp(vf_sqlite_column_str(reader->conn, stmt, FK_MATCH), "FULL") == 0;
    if (constraint != NULL) {
        key->name = constraint->name;
        key->deferrable = constraint->deferrable;
        key->initially_deferred = constraint->initially_deferred;
    }
    return VF_OK;
}

static enum vf_status add_fk_column(const struct reader *reader, sqlite3_stmt *stmt, struct vf_error *err)
{
    struct vf_foreign_key *key = &reader->table->foreign_keys[reader->table->n_foreign_keys - 1];
    if (key->n_columns > reader->table->n_columns)
        return VF_OK;
    key->columns[key->n_columns] = find_column(reader->table, vf_sqlite_column_str(reader->conn, stmt, FK_FROM));
    bool is_implicit = reader->conn->lib->column_type(stmt, FK_TO) == SQLITE_NULL;
    if (!is_implicit) {
        key->to_columns[key->n_columns] =
            vf_arena_strdup(&reader->schema->arena, vf_sqlite_column_str(reader->conn, stmt, FK_TO));
        if (key->to_columns[key->n_columns] == NULL)
            return vf_error_nomem(err);
    }
    key->n_columns++;
    return VF_OK;
}

/* SQLite numbers them backwards: the last in the text is 0. */
static enum vf_status read_foreign_keys(const struct reader *reader, struct vf_error *err)
{
    const struct vf_sqlite_library *lib = reader->conn->lib;
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    int64_t last_id = -1;
    enum vf_status status = vf_sqlite_prepare(reader->conn, VF_SQLITE_ASK_FOREIGN_KEYS, &stmt, err);
    if (status == VF_OK)
        lib->bind_text64(stmt, 1, reader->table->name, strlen(reader->table->name), SQLITE_STATIC, SQLITE_UTF8);
    while (status == VF_OK) {
        status = vf_sqlite_step(reader->conn, stmt, &row, err);
        if (status != VF_OK || !row)
            break;
        if (lib->column_int64(stmt, FK_ID) != last_id)
            status = begin_foreign_key(reader, stmt, err);
        last_id = lib->column_int64(stmt, FK_ID);
        if (status == VF_OK)
            status = add_fk_column(reader, stmt, err);
    }
    lib->finalize(stmt);
    return status;
}

enum vf_status vf_sqlite_inspect_keys(struct vf_sqlite_conn *conn, struct vf_schema *schema, struct vf_table *table,
                                      const char *sql, struct vf_error *err)
{
    struct reader reader = {.conn = conn, .schema = schema, .table = table};
    bool has_key_index = false;
    enum vf_status status = vf_sqlite_parse_create_table(sql, &schema->arena, &reader.constraints, err);
    if (status == VF_OK)
        status = read_indexes(&reader, &has_key_index, err);
    if (status == VF_OK) {
        finish_primary_key(&reader, has_key_index);
        status = read_foreign_keys(&reader, err);
    }
    return status;
}

/* ---- parents ---- */

static struct vf_table *find_table(const struct vf_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->n_tables; i++) {
        if (vf_strcasecmp(schema->tables[i].name, name) == 0)
            return &schema->tables[i];
    }
    return NULL;
}

/* Fill in the parent's names as the parent writes them; false: there is no such parent or key. */
static bool resolve(const struct vf_schema *schema, struct vf_foreign_key *key)
{
    const struct vf_table *parent = find_table(schema, key->to_table);
    if (parent == NULL)
        return false;
    key->to_table = parent->name;
    const struct vf_index *primary = parent->primary_key >= 0 ? &parent->indexes[parent->primary_key] : NULL;
    for (size_t i = 0; i < key->n_columns; i++) {
        int column = -1;
        if (key->to_columns[i] != NULL)
            column = find_column(parent, key->to_columns[i]);
        else if (primary != NULL && primary->n_parts == key->n_columns)
            column = primary->parts[i].column;
        if (column < 0 || key->columns[i] < 0)
            return false;
        key->to_columns[i] = parent->columns[column].name;
    }
    return true;
}

static enum vf_status name_orphan(struct vf_schema *schema, const struct vf_table *table,
                                  const struct vf_foreign_key *key, struct vf_error *err)
{
    struct vf_other *other = vf_schema_add_other(schema);
    if (other == NULL)
        return vf_error_nomem(err);
    *other = (struct vf_other){
        .kind = "foreign key",
        .name = key->name != NULL ? key->name : key->to_table,
        .on = table->name,
        .why = vf_arena_printf(&schema->arena, "its parent, table \"%s\", or a column of it, doesn't exist",
                               key->to_table),
    };
    return other->why == NULL ? vf_error_nomem(err) : VF_OK;
}

enum vf_status vf_sqlite_resolve_parents(struct vf_schema *schema, struct vf_error *err)
{
    for (size_t t = 0; t < schema->n_tables; t++) {
        struct vf_table *table = &schema->tables[t];
        size_t n_kept = 0;
        for (size_t i = 0; i < table->n_foreign_keys; i++) {
            if (resolve(schema, &table->foreign_keys[i])) {
                table->foreign_keys[n_kept++] = table->foreign_keys[i];
                continue;
            }
            enum vf_status status = name_orphan(schema, table, &table->foreign_keys[i], err);
            if (status != VF_OK)
                return status;
        }
        table->n_foreign_keys = n_kept;
    }
    return VF_OK;
}
