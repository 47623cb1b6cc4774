#include "engine/mem/db.h"

#include <string.h>

#include "base/text.h"
#include "engine/definition.h"

struct vf_mem_table *vf_mem_table_find(const struct vf_mem_db *db, const char *schema, const char *name)
{
    for (struct vf_mem_table *table = db->tables; table != NULL; table = table->next) {
        if (strcmp(table->def.name, name) == 0 && (schema == NULL || vf_str_equal(schema, table->def.schema)))
            return table;
    }
    return NULL;
}

/* ---- rows ---- */

enum vf_status vf_mem_row_make(size_t n_cells, const struct vf_mem_cell *cells, struct vf_mem_row **row,
                               struct vf_error *err)
{
    size_t head_bytes = sizeof(**row) + n_cells * sizeof(**row).cells[0];
    size_t size_bytes = 0;
    for (size_t i = 0; i < n_cells; i++)
        size_bytes += cells[i].is_null ? 0 : cells[i].size_bytes;
    struct vf_mem_row *made = vf_alloc(1, head_bytes + size_bytes);
    if (made == NULL)
        return vf_error_nomem(err);

    uint8_t *bytes = (uint8_t *)made + head_bytes;
    *made = (struct vf_mem_row){.n_references = 1, .n_cells = n_cells, .size_bytes = size_bytes};
    for (size_t i = 0; i < n_cells; i++) {
        made->cells[i] = (struct vf_mem_cell){.is_null = cells[i].is_null, .bytes = bytes};
        if (cells[i].is_null)
            continue;
        if (cells[i].size_bytes > 0)
            memcpy(bytes, cells[i].bytes, cells[i].size_bytes);
        made->cells[i].size_bytes = cells[i].size_bytes;
        bytes += cells[i].size_bytes;
    }
    *row = made;
    return VF_OK;
}

void vf_mem_row_unref(struct vf_mem_row *row)
{
    if (row != NULL && --row->n_references == 0)
        vf_free(row);
}

bool vf_mem_row_visible(const struct vf_mem_row *row, const struct vf_mem_conn *conn)
{
    return row->writer == NULL || row->writer == conn;
}

static enum vf_status uniques_add(struct vf_mem_table *table, struct vf_mem_row *row, struct vf_error *err)
{
    struct vf_buf scratch;
    enum vf_status status = VF_OK;
    vf_buf_init(&scratch, VF_BUF_MAX);
    for (size_t i = 0; status == VF_OK && i < table->n_uniques; i++) {
        struct vf_mem_unique *unique = &table->uniques[i];
        struct vf_hash128 hash;
        if (unique->stale)
            continue;
        if (vf_mem_key_hash(row->cells, unique->n_columns, unique->columns, unique->nulls_not_distinct, &scratch,
                            &hash))
            status = vf_mem_set_add(&unique->set, hash, row, err);
        else
            status = vf_buf_check(&scratch, err);
        unique->stale = status != VF_OK;
    }
    vf_buf_release(&scratch);
    return status;
}

enum vf_status vf_mem_table_add(struct vf_mem_table *table, struct vf_mem_row *row, const struct vf_mem_conn *writer,
                                struct vf_error *err)
{
    if (table->n_rows == table->cap_rows) {
        size_t cap_rows = table->cap_rows == 0 ? 64 : table->cap_rows * 2;
        struct vf_mem_row **rows = vf_realloc(table->rows, cap_rows, sizeof(struct vf_mem_row *));
        if (rows == NULL)
            return vf_error_nomem(err);
        table->rows = rows;
        table->cap_rows = cap_rows;
    }
    enum vf_status status = uniques_add(table, row, err);
    if (status != VF_OK) {
        for (size_t i = 0; i < table->n_uniques; i++)
            table->uniques[i].stale = true;
        return status;
    }
    row->writer = writer;
    row->id = table->next_id++;
    table->rows[table->n_rows++] = row;
    return VF_OK;
}

static void uniques_stale(struct vf_mem_table *table)
{
    for (size_t i = 0; i < table->n_uniques; i++)
        table->uniques[i].stale = true;
}

void vf_mem_table_remove(struct vf_mem_table *table, size_t position)
{
    uniques_stale(table);
    vf_mem_row_unref(table->rows[position]);
    memmove(table->rows + position, table->rows + position + 1,
            (table->n_rows - position - 1) * sizeof(struct vf_mem_row *));
    table->n_rows--;
}

void vf_mem_table_end(struct vf_mem_table *table, const struct vf_mem_conn *conn, bool commit)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < table->n_rows; i++) {
        struct vf_mem_row *row = table->rows[i];
        if (row->writer == conn && !commit) {
            vf_mem_row_unref(row);
            continue;
        }
        if (row->writer == conn)
            row->writer = NULL;
        table->rows[n_kept++] = row;
    }
    if (n_kept < table->n_rows)
        uniques_stale(table);
    table->n_rows = n_kept;
}

/* ---- definitions ---- */

static void uniques_free(struct vf_mem_unique *uniques, size_t n_uniques)
{
    for (size_t i = 0; i < n_uniques; i++) {
        vf_mem_set_release(&uniques[i].set);
        vf_free(uniques[i].columns);
    }
    vf_free(uniques);
}

static enum vf_status unique_make(const struct vf_index *index, struct vf_mem_unique *unique, struct vf_error *err)
{
    unique->columns = vf_calloc(index->n_parts, sizeof(int));
    if (unique->columns == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < index->n_parts; i++)
        unique->columns[i] = index->parts[i].column;
    unique->n_columns = index->n_parts;
    unique->is_primary = index->constraint == VF_CONSTRAINT_PRIMARY;
    unique->nulls_not_distinct = index->nulls_not_distinct;
    unique->name = index->name != NULL ? index->name : "unnamed key";
    unique->stale = true;
    return VF_OK;
}

/* Only what is made of columns alone is kept up: mem has no expressions and no predicates. */
static bool is_enforced(const struct vf_index *index)
{
    if (!index->unique && index->constraint == VF_CONSTRAINT_NONE)
        return false;
    for (size_t i = 0; i < index->n_parts; i++) {
        if (index->parts[i].column < 0)
            return false;
    }
    return index->predicate == NULL && index->n_parts > 0;
}

/* Room for one a column index; *n_uniques of them are used. */
static enum vf_status uniques_make(const struct vf_table *def, struct vf_mem_unique **uniques, size_t *n_uniques,
                                   struct vf_error *err)
{
    *n_uniques = 0;
    *uniques = vf_calloc(def->n_indexes + 1, sizeof(**uniques));
    enum vf_status status = *uniques == NULL ? vf_error_nomem(err) : VF_OK;
    for (size_t i = 0; status == VF_OK && i < def->n_indexes; i++) {
        if (is_enforced(&def->indexes[i]))
            status = unique_make(&def->indexes[i], &(*uniques)[(*n_uniques)++], err);
    }
    return status;
}

/* Rows that are there already must fit a key that is made. */
static enum vf_status check_key(const struct vf_mem_table *table, struct vf_mem_unique *unique, struct vf_error *err)
{
    const struct vf_mem_row *duplicate = NULL;
    enum vf_status status = vf_mem_set_fill(&unique->set, table, unique->n_columns, unique->columns,
                                            unique->nulls_not_distinct, &duplicate, err);
    if (status == VF_OK && duplicate != NULL)
        return vf_error_set(err, VF_VALUE, "table %s: key %s can't be made: rows have the same key", table->def.name,
                            unique->name);
    unique->stale = status != VF_OK;
    for (size_t i = 0; status == VF_OK && unique->is_primary && i < table->n_rows; i++) {
        for (size_t k = 0; k < unique->n_columns; k++) {
            if (table->rows[i]->cells[unique->columns[k]].is_null)
                return vf_error_set(err, VF_VALUE, "table %s: key %s can't be made: column %s holds NULL",
                                    table->def.name, unique->name, table->def.columns[unique->columns[k]].name);
        }
    }
    return status;
}

enum vf_status vf_mem_table_redefine(struct vf_mem_table *table, const struct vf_table *def, struct vf_error *err)
{
    struct vf_schema holder = {0};
    struct vf_table copy = {0};
    struct vf_mem_unique *uniques = NULL;
    size_t n_uniques = 0;
    enum vf_status status = vf_definition_copy(def, &holder, &copy, err);
    if (status == VF_OK)
        status = uniques_make(&copy, &uniques, &n_uniques, err);
    for (size_t i = 0; status == VF_OK && i < n_uniques; i++)
        status = check_key(table, &uniques[i], err);
    if (status != VF_OK) {
        uniques_free(uniques, n_uniques);
        vf_schema_release(&holder);
        return status;
    }
    uniques_free(table->uniques, table->n_uniques);
    vf_schema_release(&table->holder);
    table->holder = holder;
    table->def = copy;
    table->uniques = uniques;
    table->n_uniques = n_uniques;
    return VF_OK;
}

enum vf_status vf_mem_table_make(struct vf_mem_db *db, const struct vf_table *def, bool with_keys, struct vf_error *err)
{
    struct vf_mem_table *table = vf_calloc(1, sizeof(*table));
    if (table == NULL)
        return vf_error_nomem(err);
    struct vf_table wanted = *def;
    if (!with_keys) {
        wanted.n_indexes = wanted.n_foreign_keys = 0;
        wanted.primary_key = -1;
    }
    enum vf_status status = vf_mem_table_redefine(table, &wanted, err);
    if (status != VF_OK) {
        vf_mem_table_free(table);
        return status;
    }
    table->generation = ++db->next_generation;
    struct vf_mem_table **last = &db->tables;
    while (*last != NULL)
        last = &(*last)->next;
    *last = table;
    return VF_OK;
}

static void rows_free(struct vf_mem_table *table)
{
    for (size_t i = 0; i < table->n_rows; i++)
        vf_mem_row_unref(table->rows[i]);
    vf_free(table->rows);
    table->rows = NULL;
    table->n_rows = table->cap_rows = 0;
}

void vf_mem_table_drop(struct vf_mem_db *db, struct vf_mem_table *table)
{
    struct vf_mem_table **link = &db->tables;
    while (*link != table)
        link = &(*link)->next;
    *link = table->next;
    uniques_free(table->uniques, table->n_uniques);
    table->uniques = NULL;
    table->n_uniques = 0;
    rows_free(table);
    table->next = db->dropped;
    db->dropped = table;
}

void vf_mem_table_free(struct vf_mem_table *table)
{
    uniques_free(table->uniques, table->n_uniques);
    rows_free(table);
    vf_schema_release(&table->holder);
    vf_free(table);
}
