#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/mem/db.h"

enum vf_status vf_mem_set_limits(const char *database, const struct vf_limits *limits, struct vf_error *err)
{
    struct vf_mem_db *db = NULL;
    enum vf_status status = vf_mem_db_get(database, true, &db, err);
    if (status == VF_OK)
        db->limits = *limits;
    return status;
}

/* ---- tables ---- */

/* The end of this column's words: the next comma outside of parentheses. */
static size_t column_bytes(const char *text)
{
    size_t size_bytes = 0;
    int depth = 0;
    for (; text[size_bytes] != '\0' && (depth > 0 || text[size_bytes] != ','); size_bytes++)
        depth += (text[size_bytes] == '(') - (text[size_bytes] == ')');
    return size_bytes;
}

static bool take_word(char *text, const char *word)
{
    size_t text_bytes = strlen(text), word_bytes = strlen(word);
    if (text_bytes <= word_bytes || strcmp(text + text_bytes - word_bytes, word) != 0 ||
        text[text_bytes - word_bytes - 1] != ' ')
        return false;
    text[text_bytes - word_bytes - 1] = '\0';
    return true;
}

static enum vf_status add_key_part(struct vf_schema *schema, struct vf_index *index, int column, struct vf_error *err)
{
    struct vf_key_part *part = vf_index_add_part(schema, index);
    if (part == NULL)
        return vf_error_nomem(err);
    part->column = column;
    return VF_OK;
}

static enum vf_status add_unique(struct vf_schema *schema, struct vf_table *table, const char *column,
                                 struct vf_error *err)
{
    struct vf_index *index = vf_table_add_index(schema, table);
    if (index == NULL)
        return vf_error_nomem(err);
    index->name = vf_arena_printf(&schema->arena, "%s_%s_key", table->name, column);
    index->method = "btree";
    index->constraint = VF_CONSTRAINT_UNIQUE;
    index->unique = true;
    return index->name == NULL ? vf_error_nomem(err) : add_key_part(schema, index, (int)table->n_columns - 1, err);
}

static enum vf_status add_primary(struct vf_schema *schema, struct vf_table *table, struct vf_error *err)
{
    if (table->primary_key < 0) {
        struct vf_index *index = vf_table_add_index(schema, table);
        if (index == NULL)
            return vf_error_nomem(err);
        table->primary_key = (int)table->n_indexes - 1;
        index->name = vf_arena_printf(&schema->arena, "%s_pkey", table->name);
        index->method = "btree";
        index->constraint = VF_CONSTRAINT_PRIMARY;
        index->unique = true;
        if (index->name == NULL)
            return vf_error_nomem(err);
    }
    return add_key_part(schema, &table->indexes[table->primary_key], (int)table->n_columns - 1, err);
}

static enum vf_status add_column(struct vf_schema *schema, struct vf_table *table, const char *text, size_t size_bytes,
                                 struct vf_error *err)
{
    char *words = vf_arena_strndup(&schema->arena, text, size_bytes);
    struct vf_column *column = words == NULL ? NULL : vf_table_add_column(schema, table);
    if (column == NULL)
        return vf_error_nomem(err);
    bool is_key = take_word(words, "key");
    bool is_unique = take_word(words, "unique");
    column->not_null = take_word(words, "not null") || is_key;
    char *type = strchr(words, ' ');
    if (type == NULL || !vf_type_parse(type + 1, &column->type))
        return vf_error_set(err, VF_USAGE, "table %s: \"%s\" isn't a name and a type", table->name, words);
    *type = '\0';
    column->name = words;
    column->native = type + 1;
    enum vf_status status = is_key ? add_primary(schema, table, err) : VF_OK;
    if (status == VF_OK && is_unique)
        status = add_unique(schema, table, words, err);
    return status;
}

enum vf_status vf_mem_create_table(const char *database, const char *table, const char *columns, struct vf_error *err)
{
    struct vf_schema schema = {0};
    struct vf_table def = {.name = table, .primary_key = -1, .n_rows = -1, .size_bytes = -1};
    enum vf_status status = VF_OK;
    while (status == VF_OK && *columns != '\0') {
        size_t size_bytes = column_bytes(columns);
        status = add_column(&schema, &def, columns, size_bytes, err);
        columns += size_bytes;
        while (*columns == ',' || *columns == ' ')
            columns++;
    }
    if (status == VF_OK)
        status = vf_mem_define_table(database, &def, err);
    vf_schema_release(&schema);
    return status;
}

enum vf_status vf_mem_define_table(const char *database, const struct vf_table *table, struct vf_error *err)
{
    struct vf_mem_db *db = NULL;
    enum vf_status status = vf_mem_db_get(database, true, &db, err);
    if (status != VF_OK)
        return status;
    vf_mem_lock(db);
    const struct vf_mem_table *present = vf_mem_table_find(db, NULL, table->name);
    if (present != NULL && vf_str_equal(present->def.schema, table->schema))
        status = vf_error_set(err, VF_STATE, "table \"%s\" exists", table->name);
    else
        status = vf_mem_table_make(db, table, true, err);
    vf_mem_unlock(db);
    return status;
}

enum vf_status vf_mem_define_sequence(const char *database, const struct vf_sequence *sequence, struct vf_error *err)
{
    struct vf_mem_db *db = NULL;
    enum vf_status status = vf_mem_db_get(database, true, &db, err);
    if (status != VF_OK)
        return status;
    vf_mem_lock(db);
    status = vf_mem_sequence_set(db, sequence, false, err);
    vf_mem_unlock(db);
    return status;
}

enum vf_status vf_mem_define_user_type(const char *database, const struct vf_user_type *type, struct vf_error *err)
{
    struct vf_mem_db *db = NULL;
    enum vf_status status = vf_mem_db_get(database, true, &db, err);
    if (status != VF_OK)
        return status;
    vf_mem_lock(db);
    status = vf_mem_user_type_set(db, type, err);
    vf_mem_unlock(db);
    return status;
}

/* ---- rows ---- */

struct vf_mem_value vf_mem_null(void)
{
    return (struct vf_mem_value){.kind = VF_MEM_NULL};
}

struct vf_mem_value vf_mem_i64(int64_t value)
{
    return (struct vf_mem_value){.kind = VF_MEM_I64, .i64 = value};
}

struct vf_mem_value vf_mem_text(const char *text)
{
    return text == NULL ? vf_mem_null() : vf_mem_bytes(text, strlen(text));
}

struct vf_mem_value vf_mem_bytes(const void *bytes, size_t size_bytes)
{
    return (struct vf_mem_value){.kind = VF_MEM_BYTES, .bytes = bytes, .size_bytes = size_bytes};
}

struct vf_mem_value vf_mem_f32s(const float *elements, size_t dim)
{
    return vf_mem_bytes(elements, dim * sizeof(*elements));
}

/* The low bytes of an integer, as wide as the column (1, 2, 4 or 8). */
static bool put_integer(int64_t value, size_t width, uint8_t scratch[8])
{
    int8_t i8 = (int8_t)value;
    int16_t i16 = (int16_t)value;
    int32_t i32 = (int32_t)value;
    bool fits = width == 1 ? i8 == value : width == 2 ? i16 == value : width != 4 || i32 == value;
    const void *bytes = width == 1   ? (const void *)&i8
                        : width == 2 ? (const void *)&i16
                        : width == 4 ? (const void *)&i32
                                     : (const void *)&value;
    memcpy(scratch, bytes, width);
    return fits;
}

static enum vf_status to_cell(const struct vf_column *column, const struct vf_mem_value *value,
                              struct vf_mem_cell *cell, uint8_t scratch[8], struct vf_error *err)
{
    size_t width = column->type.kind == VF_K_BOOL ? 1 : vf_type_width(column->type);
    float narrow = (float)value->f64;
    bool right = true;
    *cell = (struct vf_mem_cell){.is_null = value->kind == VF_MEM_NULL, .bytes = scratch, .size_bytes = width};
    switch (value->kind) {
    case VF_MEM_NULL:
        break;
    case VF_MEM_I64:
        right = (width == 1 || width == 2 || width == 4 || width == 8) && put_integer(value->i64, width, scratch);
        break;
    case VF_MEM_F64:
        right = column->type.kind == VF_K_F32 || column->type.kind == VF_K_F64;
        if (right)
            memcpy(scratch, width == 4 ? (const void *)&narrow : (const void *)&value->f64, width);
        break;
    case VF_MEM_BYTES:
        cell->bytes = value->bytes;
        cell->size_bytes = value->size_bytes;
        right = width == 0 || width == value->size_bytes;
        break;
    }
    return right ? VF_OK
                 : vf_error_set(err, VF_USAGE, "column %s: the value isn't of its type, %s", column->name,
                                column->native);
}

/* Finds the database and the table, and keeps the mutex when that went well. */
static enum vf_status enter(const char *database, const char *name, struct vf_mem_db **db, struct vf_mem_table **table,
                            struct vf_error *err)
{
    enum vf_status status = vf_mem_db_get(database, false, db, err);
    if (status != VF_OK)
        return status;
    *table = NULL;
    if (*db != NULL) {
        vf_mem_lock(*db);
        *table = vf_mem_table_find(*db, NULL, name);
        if (*table != NULL)
            return VF_OK;
        vf_mem_unlock(*db);
    }
    return vf_error_set(err, VF_USAGE, "there is no table \"%s\" in database \"%s\"", name, database);
}

static enum vf_status add_cells(struct vf_mem_table *table, size_t n_cells, const struct vf_mem_cell *cells,
                                struct vf_error *err)
{
    struct vf_mem_row *row = NULL;
    enum vf_status status = vf_mem_row_make(n_cells, cells, &row, err);
    if (status != VF_OK)
        return status;
    status = vf_mem_table_add(table, row, NULL, err);
    if (status != VF_OK)
        vf_mem_row_unref(row);
    return status;
}

static enum vf_status add_values(struct vf_mem_table *table, size_t n_values, const struct vf_mem_value *values,
                                 struct vf_error *err)
{
    if (n_values != table->def.n_columns)
        return vf_error_set(err, VF_USAGE, "table %s has %zu columns, not %zu", table->def.name, table->def.n_columns,
                            n_values);
    struct vf_mem_cell *cells = vf_calloc(n_values + 1, sizeof(*cells));
    uint8_t(*scratch)[8] = vf_calloc(n_values + 1, sizeof(*scratch));
    enum vf_status status = cells == NULL || scratch == NULL ? vf_error_nomem(err) : VF_OK;
    for (size_t i = 0; status == VF_OK && i < n_values; i++)
        status = to_cell(&table->def.columns[i], &values[i], &cells[i], scratch[i], err);
    if (status == VF_OK)
        status = add_cells(table, n_values, cells, err);
    vf_free(cells);
    vf_free(scratch);
    return status;
}

enum vf_status vf_mem_add_row(const char *database, const char *table, size_t n_values,
                              const struct vf_mem_value *values, struct vf_error *err)
{
    struct vf_mem_db *db = NULL;
    struct vf_mem_table *found = NULL;
    enum vf_status status = enter(database, table, &db, &found, err);
    if (status != VF_OK)
        return status;
    status = add_values(found, n_values, values, err);
    vf_mem_unlock(db);
    return status;
}

static enum vf_status check_position(const struct vf_mem_table *table, int64_t position, struct vf_error *err)
{
    if (position >= 0 && (size_t)position < table->n_rows)
        return VF_OK;
    return vf_error_set(err, VF_USAGE, "table %s has no row %lld", table->def.name, (long long)position);
}

enum vf_status vf_mem_delete_row(const char *database, const char *table, int64_t position, struct vf_error *err)
{
    struct vf_mem_db *db = NULL;
    struct vf_mem_table *found = NULL;
    enum vf_status status = enter(database, table, &db, &found, err);
    if (status != VF_OK)
        return status;
    status = check_position(found, position, err);
    if (status == VF_OK)
        vf_mem_table_remove(found, (size_t)position);
    vf_mem_unlock(db);
    return status;
}

enum vf_status vf_mem_double_row(const char *database, const char *table, int64_t position, struct vf_error *err)
{
    struct vf_mem_db *db = NULL;
    struct vf_mem_table *found = NULL;
    enum vf_status status = enter(database, table, &db, &found, err);
    if (status != VF_OK)
        return status;
    status = check_position(found, position, err);
    if (status == VF_OK)
        status = add_cells(found, found->rows[position]->n_cells, found->rows[position]->cells, err);
    vf_mem_unlock(db);
    return status;
}

static enum vf_status set_value(struct vf_mem_table *table, size_t position, const char *name,
                                const struct vf_mem_value *value, struct vf_error *err)
{
    struct vf_mem_row *old = table->rows[position];
    struct vf_mem_row *row = NULL;
    struct vf_mem_cell cell;
    uint8_t scratch[8];
    int column = vf_table_find_column(&table->def, name);
    if (column < 0)
        return vf_error_set(err, VF_USAGE, "table %s has no column \"%s\"", table->def.name, name);
    enum vf_status status = to_cell(&table->def.columns[column], value, &cell, scratch, err);
    if (status != VF_OK)
        return status;

    struct vf_mem_cell *cells = vf_calloc(old->n_cells, sizeof(*cells));
    if (cells == NULL)
        return vf_error_nomem(err);
    memcpy(cells, old->cells, old->n_cells * sizeof(*cells));
    cells[column] = cell;
    status = vf_mem_row_make(old->n_cells, cells, &row, err);
    vf_free(cells);
    if (status != VF_OK)
        return status;
    row->id = old->id;
    table->rows[position] = row;
    vf_mem_row_unref(old);
    for (size_t i = 0; i < table->n_uniques; i++)
        table->uniques[i].stale = true;
    return VF_OK;
}

enum vf_status vf_mem_set_value(const char *database, const char *table, int64_t position, const char *column,
                                struct vf_mem_value value, struct vf_error *err)
{
    struct vf_mem_db *db = NULL;
    struct vf_mem_table *found = NULL;
    enum vf_status status = enter(database, table, &db, &found, err);
    if (status != VF_OK)
        return status;
    status = check_position(found, position, err);
    if (status == VF_OK)
        status = set_value(found, (size_t)position, column, &value, err);
    vf_mem_unlock(db);
    return status;
}

int64_t vf_mem_count_rows(const char *database, const char *table)
{
    struct vf_mem_db *db = NULL;
    struct vf_mem_table *found = NULL;
    if (enter(database, table, &db, &found, NULL) != VF_OK)
        return -1;
    int64_t n_rows = 0;
    for (size_t i = 0; i < found->n_rows; i++)
        n_rows += found->rows[i]->writer == NULL;
    vf_mem_unlock(db);
    return n_rows;
}
