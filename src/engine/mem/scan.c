#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/mem/db.h"

struct vf_mem_scan {
    struct vf_mem_conn *conn;
    const struct vf_relation *relation;
    struct vf_type *types; /* of the table's columns that the fields are */
    int *columns;
    size_t n_rows;
    struct vf_mem_row **rows; /* references */
    size_t position;
};

static struct vf_mem_scan *vf_mem_scan_of(struct vf_scan *scan)
{
    return (struct vf_mem_scan *)(void *)scan;
}

/* The rows that the connection sees: those of its snapshot, or the committed ones and its own. */
static void visible_rows(const struct vf_mem_conn *mem, const struct vf_mem_table *table,
                         struct vf_mem_row *const **rows, size_t *n_rows)
{
    *rows = table->rows;
    *n_rows = table->n_rows;
    if (mem->snapshot == NULL)
        return;
    *n_rows = 0;
    for (size_t i = 0; i < mem->snapshot->n_tables; i++) {
        if (mem->snapshot->tables[i].table == table) {
            *rows = mem->snapshot->tables[i].rows;
            *n_rows = mem->snapshot->tables[i].n_rows;
        }
    }
}

static bool is_seen(const struct vf_mem_conn *mem, const struct vf_mem_row *row)
{
    return mem->snapshot != NULL || vf_mem_row_visible(row, mem);
}

static enum vf_status find_table(const struct vf_mem_conn *mem, const struct vf_relation *relation,
                                 struct vf_mem_table **table, struct vf_error *err)
{
    if (relation->where != NULL)
        return vf_error_set(err, VF_MISSING, "table %s: the engine \"mem\" has no filters", relation->name);
    *table = vf_mem_table_find(mem->db, relation->schema, relation->name);
    return *table != NULL ? VF_OK : vf_error_set(err, VF_NOTFOUND, "there is no table \"%s\"", relation->name);
}

/* ---- chunks ---- */

static enum vf_status chunk_add(struct vf_chunk_list *chunks, size_t *cap_chunks, const struct vf_chunk *chunk,
                                struct vf_error *err)
{
    if (chunks->n_chunks == *cap_chunks) {
        size_t cap = *cap_chunks == 0 ? 16 : *cap_chunks * 2;
        struct vf_chunk *larger = vf_arena_alloc(&chunks->arena, cap, sizeof(*larger));
        if (larger == NULL)
            return vf_error_nomem(err);
        if (chunks->n_chunks > 0)
            memcpy(larger, chunks->chunks, chunks->n_chunks * sizeof(*larger));
        chunks->chunks = larger;
        *cap_chunks = cap;
    }
    chunks->chunks[chunks->n_chunks] = *chunk;
    chunks->chunks[chunks->n_chunks].number = (int64_t)chunks->n_chunks;
    chunks->n_chunks++;
    return VF_OK;
}

static enum vf_status cut_rows(const struct vf_mem_conn *mem, const struct vf_mem_table *table, uint64_t target_bytes,
                               struct vf_chunk_list *chunks, struct vf_error *err)
{
    struct vf_mem_row *const *rows = NULL;
    size_t n_rows = 0, cap_chunks = 0;
    struct vf_chunk chunk = {0};
    enum vf_status status = VF_OK;
    visible_rows(mem, table, &rows, &n_rows);
    for (size_t i = 0; status == VF_OK && i < n_rows; i++) {
        if (!is_seen(mem, rows[i]))
            continue;
        if (chunk.n_rows > 0 && (uint64_t)chunk.size_bytes >= target_bytes) {
            chunk.high = vf_arena_printf(&chunks->arena, "%lld", (long long)rows[i]->id);
            if (chunk.high == NULL)
                return vf_error_nomem(err);
            status = chunk_add(chunks, &cap_chunks, &chunk, err);
            chunk = (struct vf_chunk){.low = chunk.high};
        }
        chunk.n_rows++;
        chunk.size_bytes += (int64_t)rows[i]->size_bytes;
    }
    chunk.high = NULL;
    return status != VF_OK ? status : chunk_add(chunks, &cap_chunks, &chunk, err);
}

enum vf_status vf_mem_split(struct vf_conn *conn, const struct vf_relation *relation, uint64_t target_bytes,
                            struct vf_chunk_list *chunks, struct vf_error *err)
{
    struct vf_mem_conn *mem = vf_mem_conn_of(conn);
    struct vf_chunk_list made = {0};
    struct vf_mem_table *table = NULL;
    vf_mem_lock(mem->db);
    enum vf_status status = find_table(mem, relation, &table, err);
    if (status == VF_OK)
        status = cut_rows(mem, table, target_bytes, &made, err);
    if (status == VF_OK)
        snprintf(made.generation, sizeof(made.generation), "%lld", (long long)table->generation);
    vf_mem_unlock(mem->db);
    if (status != VF_OK) {
        vf_chunk_list_release(&made);
        return status;
    }
    *chunks = made;
    return VF_OK;
}

/* ---- scans ---- */

static enum vf_status scan_make(struct vf_mem_conn *mem, const struct vf_relation *relation,
                                const struct vf_mem_table *table, struct vf_mem_scan **scan, struct vf_error *err)
{
    struct vf_mem_scan *made = vf_calloc(1, sizeof(*made));
    if (made == NULL)
        return vf_error_nomem(err);
    made->conn = mem;
    made->relation = relation;
    made->columns = vf_calloc(relation->n_fields + 1, sizeof(int));
    made->types = vf_calloc(relation->n_fields + 1, sizeof(struct vf_type));
    *scan = made;
    if (made->columns == NULL || made->types == NULL)
        return vf_error_nomem(err);
    enum vf_status status = vf_mem_match_fields(table, relation, made->columns, err);
    for (size_t i = 0; status == VF_OK && i < relation->n_fields; i++) {
        made->types[i] = table->def.columns[made->columns[i]].type;
        if (!vf_mem_type_fits(made->types[i], relation->fields[i].type))
            status = vf_error_set(err, VF_ENGINE, "table %s: column %s is %s and can't be read as another type",
                                  relation->name, relation->fields[i].name, vf_kind_name(made->types[i].kind));
    }
    return status;
}

/* With the mutex held. */
static void scan_free(struct vf_mem_scan *scan)
{
    if (scan == NULL)
        return;
    for (size_t i = 0; i < scan->n_rows; i++)
        vf_mem_row_unref(scan->rows[i]);
    vf_free(scan->rows);
    vf_free(scan->columns);
    vf_free(scan->types);
    vf_free(scan);
}

static bool bound(const char *text, int64_t otherwise, int64_t *id)
{
    *id = otherwise;
    return text == NULL || vf_parse_i64(text, strlen(text), id);
}

static enum vf_status take_rows(struct vf_mem_scan *scan, const struct vf_mem_table *table, int64_t low, int64_t high,
                                const struct vf_mem_set *only, const int *key_columns, struct vf_error *err)
{
    struct vf_mem_row *const *rows = NULL;
    size_t n_rows = 0;
    struct vf_buf scratch;
    visible_rows(scan->conn, table, &rows, &n_rows);
    scan->rows = vf_calloc(n_rows + 1, sizeof(struct vf_mem_row *));
    if (scan->rows == NULL)
        return vf_error_nomem(err);

    vf_buf_init(&scratch, VF_BUF_MAX);
    for (size_t i = 0; i < n_rows; i++) {
        struct vf_hash128 hash;
        if (!is_seen(scan->conn, rows[i]) || rows[i]->id < low || rows[i]->id >= high)
            continue;
        if (only != NULL &&
            (!vf_mem_key_hash(rows[i]->cells, scan->relation->n_key, key_columns, true, &scratch, &hash) ||
             vf_mem_set_find(only, hash) == NULL))
            continue;
        rows[i]->n_references++;
        scan->rows[scan->n_rows++] = rows[i];
    }
    enum vf_status status = vf_buf_check(&scratch, err);
    vf_buf_release(&scratch);
    return status;
}

enum vf_status vf_mem_scan_open(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_chunk *chunk,
                                struct vf_scan **scan, struct vf_error *err)
{
    struct vf_mem_conn *mem = vf_mem_conn_of(conn);
    struct vf_mem_scan *made = NULL;
    struct vf_mem_table *table = NULL;
    int64_t low = INT64_MIN, high = INT64_MAX;
    if (chunk != NULL && (!bound(chunk->low, INT64_MIN, &low) || !bound(chunk->high, INT64_MAX, &high)))
        return vf_error_set(err, VF_STATE, "table %s: chunk %lld has bounds that this engine didn't make",
                            relation->name, (long long)chunk->number);
    vf_mem_lock(mem->db);
    enum vf_status status = find_table(mem, relation, &table, err);
    if (status == VF_OK)
        status = scan_make(mem, relation, table, &made, err);
    if (status == VF_OK)
        status = take_rows(made, table, low, high, NULL, NULL, err);
    if (status != VF_OK)
        scan_free(made);
    else
        *scan = (struct vf_scan *)(void *)made;
    vf_mem_unlock(mem->db);
    return status;
}

/* A row without a key that can be shown is named by its number. */
static void row_key_json(const struct vf_mem_scan *scan, const struct vf_mem_row *row, struct vf_buf *out)
{
    const struct vf_relation *relation = scan->relation;
    bool shown = relation->n_key == 1;
    if (shown) {
        size_t field = relation->key[0];
        const struct vf_mem_cell *cell = &row->cells[scan->columns[field]];
        struct vf_type type = scan->types[field];
        shown = type.kind == VF_K_I64 && !cell->is_null;
        if (shown) {
            int64_t value = 0;
            memcpy(&value, cell->bytes, sizeof(value));
            vf_buf_char(out, '{');
            vf_buf_json_string(out, relation->fields[field].name, strlen(relation->fields[field].name));
            vf_buf_printf(out, ": %lld}", (long long)value);
        }
    }
    if (!shown)
        vf_buf_printf(out, "{\"rowid\": %lld}", (long long)row->id);
}

static enum vf_status reject_row(const struct vf_mem_scan *scan, const struct vf_mem_row *row, size_t field,
                                 const char *reason, struct vf_batch *batch, struct vf_error *err)
{
    const struct vf_mem_cell *cell = &row->cells[scan->columns[field]];
    struct vf_buf key;
    vf_buf_init(&key, VF_BUF_MAX);
    row_key_json(scan, row, &key);
    enum vf_status status = vf_buf_check(&key, err);
    if (status == VF_OK) {
        const struct vf_reject reject = {
            .table = scan->relation->name,
            .key = key.data,
            .column = scan->relation->fields[field].name,
            .reason = reason,
            .original = cell->is_null ? NULL : cell->bytes,
            .original_bytes = cell->size_bytes,
            .row = -1,
        };
        status = vf_reject_add(&batch->rejects, &reject, err);
    }
    vf_buf_release(&key);
    return status;
}

static enum vf_status read_row(const struct vf_mem_scan *scan, const struct vf_mem_row *row, struct vf_batch *batch,
                               struct vf_error *err)
{
    for (size_t i = 0; i < scan->relation->n_fields; i++) {
        uint8_t scratch[8];
        struct vf_mem_cell cell;
        const char *why = vf_mem_cell_convert(scan->types[i], scan->relation->fields[i].type,
                                              &row->cells[scan->columns[i]], &cell, scratch);
        if (why != NULL) {
            vf_batch_cancel_row(batch);
            return reject_row(scan, row, i, why, batch, err);
        }
        enum vf_status status = vf_mem_cell_append(&cell, &batch->columns[i], err);
        if (status != VF_OK)
            return status;
    }
    vf_batch_end_row(batch);
    return VF_OK;
}

enum vf_status vf_mem_scan_read(struct vf_scan *scan, struct vf_batch *batch, bool *more, struct vf_error *err)
{
    struct vf_mem_scan *mem = vf_mem_scan_of(scan);
    while (mem->position < mem->n_rows && !vf_batch_is_full(batch) && batch->rejects.n_rejects < 1000) {
        enum vf_status status = read_row(mem, mem->rows[mem->position++], batch, err);
        if (status != VF_OK)
            return status;
    }
    *more = mem->position < mem->n_rows;
    return VF_OK;
}

void vf_mem_scan_close(struct vf_scan *scan)
{
    struct vf_mem_db *db = vf_mem_scan_of(scan)->conn->db;
    vf_mem_lock(db);
    scan_free(vf_mem_scan_of(scan));
    vf_mem_unlock(db);
}

/* ---- look-up ---- */

/* One key of the batch as cells of the table's own types, where they belong in a row; false: no row can have it. */
static bool key_cells(const struct vf_mem_scan *scan, const struct vf_batch *keys, int64_t row,
                      struct vf_mem_cell *cells, uint8_t (*scratch)[8])
{
    for (size_t i = 0; i < keys->n_columns; i++) {
        size_t field = scan->relation->key[i];
        struct vf_mem_cell given = vf_mem_cell_of(&keys->columns[i], row, scratch[2 * i]);
        if (!vf_mem_type_fits(keys->columns[i].type, scan->types[field]) ||
            vf_mem_cell_convert(keys->columns[i].type, scan->types[field], &given, &cells[i], scratch[2 * i + 1]) !=
                NULL)
            return false;
    }
    return true;
}

static enum vf_status keys_to_set(const struct vf_mem_scan *scan, const struct vf_batch *keys, struct vf_mem_set *set,
                                  struct vf_error *err)
{
    static struct vf_mem_row present; /* the set wants a row; which one says nothing here */
    struct vf_buf buf;
    size_t n_key = keys->n_columns;
    struct vf_mem_cell *cells = vf_calloc(n_key, sizeof(*cells));
    uint8_t(*scratch)[8] = vf_calloc(n_key * 2, sizeof(*scratch));
    int *columns = vf_calloc(n_key, sizeof(*columns));
    enum vf_status status = cells == NULL || scratch == NULL || columns == NULL ? vf_error_nomem(err) : VF_OK;

    vf_buf_init(&buf, VF_BUF_MAX);
    for (size_t i = 0; status == VF_OK && i < n_key; i++)
        columns[i] = (int)i;
    for (int64_t row = 0; status == VF_OK && row < keys->n_rows; row++) {
        struct vf_hash128 hash;
        if (!key_cells(scan, keys, row, cells, scratch))
            continue;
        if (vf_mem_key_hash(cells, n_key, columns, true, &buf, &hash))
            status = vf_mem_set_add(set, hash, &present, err);
        else
            status = vf_buf_check(&buf, err);
    }
    vf_buf_release(&buf);
    vf_free(cells);
    vf_free(scratch);
    vf_free(columns);
    return status;
}

static enum vf_status take_found(struct vf_mem_scan *scan, const struct vf_mem_table *table,
                                 const struct vf_batch *keys, struct vf_error *err)
{
    struct vf_mem_set set = {0};
    int *key_columns = vf_calloc(scan->relation->n_key, sizeof(*key_columns));
    enum vf_status status = key_columns == NULL ? vf_error_nomem(err) : keys_to_set(scan, keys, &set, err);
    for (size_t i = 0; status == VF_OK && i < scan->relation->n_key; i++)
        key_columns[i] = scan->columns[scan->relation->key[i]];
    if (status == VF_OK)
        status = take_rows(scan, table, INT64_MIN, INT64_MAX, &set, key_columns, err);
    vf_mem_set_release(&set);
    vf_free(key_columns);
    return status;
}

enum vf_status vf_mem_lookup(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_batch *keys,
                             struct vf_scan **scan, struct vf_error *err)
{
    struct vf_mem_conn *mem = vf_mem_conn_of(conn);
    struct vf_mem_scan *made = NULL;
    struct vf_mem_table *table = NULL;
    vf_mem_lock(mem->db);
    enum vf_status status = find_table(mem, relation, &table, err);
    if (status == VF_OK)
        status = scan_make(mem, relation, table, &made, err);
    if (status == VF_OK)
        status = take_found(made, table, keys, err);
    if (status != VF_OK)
        scan_free(made);
    else
        *scan = (struct vf_scan *)(void *)made;
    vf_mem_unlock(mem->db);
    return status;
}
