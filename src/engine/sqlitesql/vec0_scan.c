#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/inspect.h"
#include "engine/sqlitesql/scan.h"
#include "engine/sqlitesql/vec0.h"

#define TEXT_CELL_BYTES  16 /* of a text in a metadata chunk: i32 length and its first bytes */
#define TEXT_SHORT_BYTES 12

/* One field: where its values are, and the statements that stand at them. */
struct source {
    struct vf_vec0_column column;
    size_t slot_bytes;   /* of a vector, or a number of metadata */
    sqlite3_stmt *chunk; /* the blob of the chunk; for a partition the value */
    sqlite3_stmt *row;   /* by rowid: a long text, an auxiliary value, the text of the key */
    const uint8_t *blob; /* of the current chunk */
    size_t blob_bytes;
};

struct vf_vec0_scan {
    struct vf_sqlite_conn *conn;
    const struct vf_relation *relation;
    struct vf_arena arena;
    struct vf_vec0_table table;
    struct source *sources; /* n_fields of them */
    struct vf_sqlite_value *values;
    sqlite3_stmt *chunks;
    sqlite3_stmt *find; /* a look-up: chunk and slot of a key */
    const struct vf_batch *keys;
    int64_t next_key;
    bool is_in_chunk, is_done, is_waiting;
    int64_t chunk_id, rowid;
    size_t n_slots, slot;
    const uint8_t *validity, *rowids;
    size_t validity_bytes, rowids_bytes;
};

/* ---- the table in the schema ---- */

static enum vf_status add_column(struct vf_schema *schema, struct vf_table *table, const struct vf_vec0_column *found,
                                 struct vf_error *err)
{
    struct vf_column *column = vf_table_add_column(schema, table);
    if (column == NULL)
        return vf_error_nomem(err);
    column->name = found->name;
    column->native = found->native;
    column->type = found->type;
    column->form = found->role == VF_VEC0_VECTOR   ? VF_FORM_VEC0
                   : found->type.kind == VF_K_BOOL ? VF_FORM_INTEGER
                                                   : VF_FORM_NATIVE;
    column->not_null = found->role != VF_VEC0_PARTITION && found->role != VF_VEC0_AUXILIARY;
    column->role = found->role == VF_VEC0_METADATA    ? VF_ROLE_METADATA
                   : found->role == VF_VEC0_PARTITION ? VF_ROLE_PARTITION
                   : found->role == VF_VEC0_AUXILIARY ? VF_ROLE_AUXILIARY
                                                      : VF_ROLE_NONE;
    if (found->role == VF_VEC0_KEY && found->type.kind == VF_K_I64)
        column->generated = VF_GENERATED_IDENTITY_BY_DEFAULT;
    return VF_OK;
}

static enum vf_status check_chunks(struct vf_sqlite_conn *conn, const char *name, const struct vf_vec0_table *table,
                                   struct vf_error *err)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        struct vf_buf sql;
        int64_t exists = 0;
        if (table->columns[i].role != VF_VEC0_VECTOR)
            continue;
        vf_buf_init(&sql, VF_BUF_MAX);
        vf_buf_str(&sql, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ");
        vf_sqlite_quote_text(&sql, name, strlen(name));
        vf_buf_printf(&sql, " || '_vector_chunks%02u'", table->columns[i].number);
        enum vf_status status = vf_buf_check(&sql, err);
        if (status == VF_OK)
            status = vf_sqlite_get_i64(conn, sql.data, 0, &exists, err);
        vf_buf_release(&sql);
        if (status != VF_OK)
            return status;
        if (exists == 0)
            return vf_error_set(err, VF_MISSING,
                                "the vectors of column \"%s\" don't lie in chunks: a newer sqlite-vec keeps them in an "
                                "index of its own",
                                table->columns[i].name);
    }
    return VF_OK;
}

/* Its search looks at every vector, by the distance that the declaration says. */
static enum vf_status add_search(struct vf_schema *schema, struct vf_table *table, int number,
                                 const struct vf_vec0_column *column, struct vf_error *err)
{
    struct vf_index *index = vf_table_add_index(schema, table);
    struct vf_key_part *part = index != NULL ? vf_index_add_part(schema, index) : NULL;
    if (part == NULL)
        return vf_error_nomem(err);
    part->column = number;
    part->nulls_first = true;
    index->name = vf_arena_printf(&schema->arena, "%s_%s", table->name, column->name);
    index->kind = VF_INDEX_EXACT;
    index->method = "vec0";
    index->vector.metric = column->metric;
    return index->name == NULL ? vf_error_nomem(err) : VF_OK;
}

enum vf_status vf_sqlite_inspect_vec0(struct vf_sqlite_conn *conn, struct vf_schema *schema, struct vf_table *table,
                                      const char *sql, struct vf_error *err)
{
    struct vf_vec0_table *found = vf_arena_alloc(&schema->arena, 1, sizeof(*found));
    if (found == NULL)
        return vf_error_nomem(err);
    enum vf_status status = vf_vec0_parse(sql, &schema->arena, found, err);
    if (status == VF_OK)
        status = check_chunks(conn, table->name, found, err);
    table->vec0_chunk_size = found->chunk_size;
    for (size_t i = 0; status == VF_OK && i < found->n_columns; i++)
        status = add_column(schema, table, &found->columns[i], err);
    if (status != VF_OK)
        return status;
    struct vf_index *key = vf_table_add_index(schema, table);
    struct vf_key_part *part = key != NULL ? vf_index_add_part(schema, key) : NULL;
    if (part == NULL)
        return vf_error_nomem(err);
    part->column = 0;
    part->nulls_first = true;
    key->constraint = VF_CONSTRAINT_PRIMARY;
    key->unique = true;
    key->method = "btree";
    table->primary_key = 0;
    for (size_t i = 0; status == VF_OK && i < found->n_columns; i++) {
        if (found->columns[i].role == VF_VEC0_VECTOR)
            status = add_search(schema, table, (int)i, &found->columns[i], err);
    }
    return status;
}

/* ---- opening ---- */

static const struct vf_vec0_column *find_column(const struct vf_vec0_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    }
    return NULL;
}

/* "SELECT <what> FROM <table><suffix>[NN] WHERE <key> = ?1" */
static enum vf_status prepare(struct vf_vec0_scan *scan, const char *what, const char *suffix, int number,
                              const char *key, sqlite3_stmt **stmt, struct vf_error *err)
{
    struct vf_buf name;
    struct vf_buf sql;
    vf_buf_init(&name, VF_BUF_MAX);
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_printf(&name, "%s%s", scan->relation->name, suffix);
    if (number >= 0)
        vf_buf_printf(&name, "%02d", number);
    vf_buf_str(&sql, "SELECT ");
    vf_buf_str(&sql, what);
    vf_buf_str(&sql, " FROM main.");
    enum vf_status status = vf_buf_check(&name, err);
    if (status == VF_OK)
        vf_sqlite_quote(&sql, name.data);
    vf_buf_printf(&sql, " WHERE %s = ?1", key); /* by an index: "rowid" is a column of some of them, and no rowid */
    if (status == VF_OK)
        status = vf_sqlite_prepare_buf(scan->conn, &sql, stmt, err);
    vf_buf_release(&name);
    vf_buf_release(&sql);
    return status;
}

static enum vf_status open_source(struct vf_vec0_scan *scan, struct source *source, struct vf_error *err)
{
    const struct vf_vec0_column *column = &source->column;
    char what[32];
    enum vf_status status = VF_OK;
    switch (column->role) {
    case VF_VEC0_KEY:
        return column->type.kind == VF_K_TEXT ? prepare(scan, "id", "_rowids", -1, "rowid", &source->row, err) : VF_OK;
    case VF_VEC0_VECTOR:
        source->slot_bytes = vf_element_bytes(column->type.element, column->type.dim);
        return prepare(scan, "vectors", "_vector_chunks", (int)column->number, "rowid", &source->chunk, err);
    case VF_VEC0_PARTITION:
        snprintf(what, sizeof(what), "partition%02u", column->number);
        return prepare(scan, what, "_chunks", -1, "chunk_id", &source->chunk, err);
    case VF_VEC0_METADATA:
        source->slot_bytes = column->type.kind == VF_K_TEXT ? TEXT_CELL_BYTES : 8;
        status = prepare(scan, "data", "_metadatachunks", (int)column->number, "rowid", &source->chunk, err);
        if (status == VF_OK && column->type.kind == VF_K_TEXT)
            status = prepare(scan, "data", "_metadatatext", (int)column->number, "rowid", &source->row, err);
        return status;
    case VF_VEC0_AUXILIARY:
    default:
        snprintf(what, sizeof(what), "value%02u", column->number);
        return prepare(scan, what, "_auxiliary", -1, "rowid", &source->row, err);
    }
}

static enum vf_status open_sources(struct vf_vec0_scan *scan, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    for (size_t i = 0; status == VF_OK && i < scan->relation->n_fields; i++) {
        const struct vf_vec0_column *column = find_column(&scan->table, scan->relation->fields[i].name);
        if (column == NULL)
            return vf_error_set(err, VF_STATE, "there is no column \"%s\" any more", scan->relation->fields[i].name);
        scan->sources[i].column = *column;
        status = open_source(scan, &scan->sources[i], err);
    }
    return status;
}

static enum vf_status read_declaration(struct vf_vec0_scan *scan, struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    const char *name = scan->relation->name;
    enum vf_status status = vf_sqlite_prepare(scan->conn, "SELECT sql FROM sqlite_master WHERE name = ?1", &stmt, err);
    if (status == VF_OK) {
        scan->conn->lib->bind_text64(stmt, 1, name, strlen(name), SQLITE_STATIC, SQLITE_UTF8);
        status = vf_sqlite_step(scan->conn, stmt, &row, err);
    }
    if (status == VF_OK && !row)
        status = vf_error_set(err, VF_STATE, "the table isn't there any more");
    if (status == VF_OK)
        status = vf_vec0_parse(vf_sqlite_column_str(scan->conn, stmt, 0), &scan->arena, &scan->table, err);
    scan->conn->lib->finalize(stmt);
    return status;
}

static enum vf_status prepare_chunks(struct vf_vec0_scan *scan, const struct vf_chunk *chunk, struct vf_error *err)
{
    struct vf_buf sql;
    struct vf_buf name;
    int64_t low = INT64_MIN;
    int64_t high = INT64_MAX;
    bool is_bounded = chunk != NULL && chunk->high != NULL;
    if (chunk != NULL && chunk->low != NULL && !vf_parse_i64(chunk->low, strlen(chunk->low), &low))
        return vf_error_set(err, VF_STATE, "\"%s\" is no bound of a chunk of this table", chunk->low);
    if (is_bounded && !vf_parse_i64(chunk->high, strlen(chunk->high), &high))
        return vf_error_set(err, VF_STATE, "\"%s\" is no bound of a chunk of this table", chunk->high);
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_init(&name, VF_BUF_MAX);
    vf_buf_printf(&name, "%s_chunks", scan->relation->name);
    vf_buf_str(&sql, "SELECT chunk_id, size, validity, rowids FROM main.");
    enum vf_status status = vf_buf_check(&name, err);
    if (status == VF_OK)
        vf_sqlite_quote(&sql, name.data);
    if (scan->keys != NULL)
        vf_buf_str(&sql, " NOT INDEXED WHERE chunk_id = ?1");
    else
        vf_buf_printf(&sql, " NOT INDEXED WHERE chunk_id >= ?1 AND chunk_id %s ?2 ORDER BY chunk_id",
                      is_bounded ? "<" : "<=");
    if (status == VF_OK)
        status = vf_sqlite_prepare_buf(scan->conn, &sql, &scan->chunks, err);
    if (status == VF_OK && scan->keys == NULL) {
        scan->conn->lib->bind_int64(scan->chunks, 1, low);
        scan->conn->lib->bind_int64(scan->chunks, 2, high);
    }
    vf_buf_release(&sql);
    vf_buf_release(&name);
    return status;
}

enum vf_status vf_vec0_scan_open(struct vf_sqlite_conn *conn, const struct vf_relation *relation,
                                 const struct vf_chunk *chunk, const struct vf_batch *keys, struct vf_vec0_scan **scan,
                                 struct vf_error *err)
{
    if (relation->where != NULL)
        return vf_error_set(err, VF_USAGE, "a vec0 table is read from its chunks and takes no filter");
    struct vf_vec0_scan *made = vf_calloc(1, sizeof(*made));
    if (made == NULL)
        return vf_error_nomem(err);
    made->conn = conn;
    made->relation = relation;
    made->keys = keys;
    made->sources = vf_calloc(relation->n_fields + 1, sizeof(*made->sources));
    made->values = vf_calloc(relation->n_fields + 1, sizeof(*made->values));
    enum vf_status status = VF_OK;
    if (made->sources == NULL || made->values == NULL)
        status = vf_error_nomem(err);
    if (status == VF_OK)
        status = read_declaration(made, err);
    if (status == VF_OK)
        status = open_sources(made, err);
    if (status == VF_OK)
        status = prepare_chunks(made, chunk, err);
    if (status == VF_OK && keys != NULL)
        status = prepare(made, "chunk_id, chunk_offset", "_rowids", -1,
                         made->table.columns[0].type.kind == VF_K_TEXT ? "id" : "rowid", &made->find, err);
    if (status != VF_OK) {
        vf_vec0_scan_close(made);
        return status;
    }
    *scan = made;
    return VF_OK;
}

/* ---- a chunk ---- */

static enum vf_status damaged(const struct vf_vec0_scan *scan, const char *what, struct vf_error *err)
{
    return vf_error_set(err, VF_ENGINE, "table %s: %s of chunk %" PRId64 " is missing or too short",
                        scan->relation->name, what, scan->chunk_id);
}

static size_t wanted_bytes(const struct source *source, size_t n_slots)
{
    bool is_flag = source->column.role == VF_VEC0_METADATA && source->column.type.kind == VF_K_BOOL;
    return is_flag ? (n_slots + 7) / 8 : n_slots * source->slot_bytes;
}

static enum vf_status load_blobs(struct vf_vec0_scan *scan, struct vf_error *err)
{
    for (size_t i = 0; i < scan->relation->n_fields; i++) {
        struct source *source = &scan->sources[i];
        bool row = false;
        if (source->chunk == NULL)
            continue;
        scan->conn->lib->reset(source->chunk);
        scan->conn->lib->bind_int64(source->chunk, 1, scan->chunk_id);
        enum vf_status status = vf_sqlite_step(scan->conn, source->chunk, &row, err);
        if (status != VF_OK)
            return status;
        if (!row)
            return damaged(scan, source->column.name, err);
        if (source->column.role == VF_VEC0_PARTITION)
            continue;
        source->blob = vf_sqlite_column(scan->conn, source->chunk, 0, &source->blob_bytes);
        if (source->blob == NULL || source->blob_bytes < wanted_bytes(source, scan->n_slots))
            return damaged(scan, source->column.name, err);
    }
    return VF_OK;
}

/* The statement of chunks stands on a row. */
static enum vf_status enter_chunk(struct vf_vec0_scan *scan, struct vf_error *err)
{
    int64_t n_slots = scan->conn->lib->column_int64(scan->chunks, 1);
    scan->chunk_id = scan->conn->lib->column_int64(scan->chunks, 0);
    scan->validity = vf_sqlite_column(scan->conn, scan->chunks, 2, &scan->validity_bytes);
    scan->rowids = vf_sqlite_column(scan->conn, scan->chunks, 3, &scan->rowids_bytes);
    if (n_slots < 0 || n_slots > 65536 || scan->validity == NULL || scan->rowids == NULL ||
        scan->validity_bytes < (size_t)(n_slots + 7) / 8 || scan->rowids_bytes < (size_t)n_slots * 8)
        return damaged(scan, "validity", err);
    scan->n_slots = (size_t)n_slots;
    scan->slot = 0;
    scan->is_in_chunk = true;
    return load_blobs(scan, err);
}

static enum vf_status next_chunk(struct vf_vec0_scan *scan, struct vf_error *err)
{
    bool row = false;
    enum vf_status status = vf_sqlite_step(scan->conn, scan->chunks, &row, err);
    scan->is_done = !row;
    return status == VF_OK && row ? enter_chunk(scan, err) : status;
}

/* The next key that is there: the scan is put to its slot. */
static enum vf_status next_key(struct vf_vec0_scan *scan, struct vf_error *err)
{
    const struct vf_sqlite_library *lib = scan->conn->lib;
    const struct vf_array *key = &scan->keys->columns[0];
    for (; scan->next_key < scan->keys->n_rows; scan->next_key++) {
        bool row = false;
        size_t size_bytes = 0;
        lib->reset(scan->find);
        if (vf_array_is_null(key, scan->next_key))
            continue;
        if (key->layout == VF_LAYOUT_VARIABLE) {
            const uint8_t *bytes = vf_array_value(key, scan->next_key, &size_bytes);
            lib->bind_text64(scan->find, 1, size_bytes == 0 ? "" : (const char *)bytes, size_bytes, SQLITE_STATIC,
                             SQLITE_UTF8);
        } else {
            lib->bind_int64(scan->find, 1, vf_array_i64(key, scan->next_key));
        }
        enum vf_status status = vf_sqlite_step(scan->conn, scan->find, &row, err);
        if (status != VF_OK)
            return status;
        if (!row)
            continue;
        lib->reset(scan->chunks);
        lib->bind_int64(scan->chunks, 1, lib->column_int64(scan->find, 0));
        status = vf_sqlite_step(scan->conn, scan->chunks, &row, err);
        if (status == VF_OK && row)
            status = enter_chunk(scan, err);
        if (status == VF_OK && row) {
            int64_t slot = lib->column_int64(scan->find, 1);
            scan->slot = slot >= 0 ? (size_t)slot : scan->n_slots;
        }
        scan->next_key++;
        return status;
    }
    scan->is_done = true;
    return VF_OK;
}

/* ---- a row ---- */

static int64_t le64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | bytes[i];
    return (int64_t)value;
}

static double le_f64(const uint8_t *bytes)
{
    int64_t bits = le64(bytes);
    double value = 0;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* A value that lies in a table of its own by rowid. */
static enum vf_status read_by_row(struct vf_vec0_scan *scan, struct source *source, struct vf_sqlite_value *value,
                                  struct vf_error *err)
{
    bool row = false;
    scan->conn->lib->reset(source->row);
    scan->conn->lib->bind_int64(source->row, 1, scan->rowid);
    enum vf_status status = vf_sqlite_step(scan->conn, source->row, &row, err);
    value->type = SQLITE_NULL;
    if (status == VF_OK && row)
        vf_sqlite_value_read(scan->conn, source->row, 0, value);
    return status;
}

static enum vf_status read_metadata_text(struct vf_vec0_scan *scan, struct source *source,
                                         struct vf_sqlite_value *value, struct vf_error *err)
{
    const uint8_t *cell = source->blob + scan->slot * TEXT_CELL_BYTES;
    uint32_t size_bytes =
        (uint32_t)cell[0] | (uint32_t)cell[1] << 8 | (uint32_t)cell[2] << 16 | (uint32_t)cell[3] << 24;
    if (size_bytes > TEXT_SHORT_BYTES)
        return read_by_row(scan, source, value, err);
    *value = (struct vf_sqlite_value){.type = SQLITE_TEXT, .bytes = cell + 4, .size_bytes = size_bytes};
    return VF_OK;
}

static enum vf_status read_metadata(struct vf_vec0_scan *scan, struct source *source, struct vf_sqlite_value *value,
                                    struct vf_error *err)
{
    size_t slot = scan->slot;
    if (source->column.type.kind == VF_K_TEXT)
        return read_metadata_text(scan, source, value, err);
    if (source->column.type.kind == VF_K_BOOL)
        *value = (struct vf_sqlite_value){.type = SQLITE_INTEGER, .integer = source->blob[slot / 8] >> (slot % 8) & 1};
    else if (source->column.type.kind == VF_K_I64)
        *value = (struct vf_sqlite_value){.type = SQLITE_INTEGER, .integer = le64(source->blob + slot * 8)};
    else
        *value = (struct vf_sqlite_value){.type = SQLITE_FLOAT, .real = le_f64(source->blob + slot * 8)};
    return VF_OK;
}

static enum vf_status read_source(struct vf_vec0_scan *scan, struct source *source, struct vf_sqlite_value *value,
                                  struct vf_error *err)
{
    switch (source->column.role) {
    case VF_VEC0_KEY:
        if (source->row != NULL)
            return read_by_row(scan, source, value, err);
        *value = (struct vf_sqlite_value){.type = SQLITE_INTEGER, .integer = scan->rowid};
        return VF_OK;
    case VF_VEC0_VECTOR:
        *value = (struct vf_sqlite_value){.type = SQLITE_BLOB,
                                          .bytes = source->blob + scan->slot * source->slot_bytes,
                                          .size_bytes = source->slot_bytes};
        return VF_OK;
    case VF_VEC0_METADATA:
        return read_metadata(scan, source, value, err);
    case VF_VEC0_PARTITION:
        vf_sqlite_value_read(scan->conn, source->chunk, 0, value);
        return VF_OK;
    case VF_VEC0_AUXILIARY:
    default:
        return read_by_row(scan, source, value, err);
    }
}

/* Is the slot taken? Old versions leave the bytes of deleted rows, so only this bit counts. */
static bool is_valid(const struct vf_vec0_scan *scan)
{
    return scan->slot < scan->n_slots && (scan->validity[scan->slot / 8] >> (scan->slot % 8) & 1) != 0;
}

/* To the next row: a taken slot, or the end. */
static enum vf_status seek(struct vf_vec0_scan *scan, struct vf_error *err)
{
    while (!scan->is_done) {
        if (scan->is_in_chunk) {
            while (scan->keys == NULL && scan->slot < scan->n_slots && !is_valid(scan))
                scan->slot++;
            if (is_valid(scan)) {
                scan->rowid = le64(scan->rowids + scan->slot * 8);
                return VF_OK;
            }
            scan->is_in_chunk = false;
        }
        enum vf_status status = scan->keys != NULL ? next_key(scan, err) : next_chunk(scan, err);
        if (status != VF_OK)
            return status;
    }
    return VF_OK;
}

enum vf_status vf_vec0_scan_read(struct vf_vec0_scan *scan, struct vf_batch *batch, bool *more, struct vf_error *err)
{
    *more = true;
    while (!vf_sqlite_is_enough(batch)) {
        enum vf_status status = seek(scan, err);
        *more = !scan->is_done;
        if (status != VF_OK || scan->is_done)
            return status;
        for (size_t i = 0; status == VF_OK && i < scan->relation->n_fields; i++)
            status = read_source(scan, &scan->sources[i], &scan->values[i], err);
        if (status != VF_OK || !vf_sqlite_has_room(batch, scan->values, scan->relation->n_fields))
            return status;
        status = vf_sqlite_add_row(batch, scan->relation, scan->values, &scan->rowid, err);
        if (status != VF_OK)
            return status;
        if (scan->keys != NULL)
            scan->is_in_chunk = false;
        else
            scan->slot++;
    }
    return VF_OK;
}

void vf_vec0_scan_close(struct vf_vec0_scan *scan)
{
    if (scan == NULL)
        return;
    for (size_t i = 0; scan->sources != NULL && i < scan->relation->n_fields; i++) {
        scan->conn->lib->finalize(scan->sources[i].chunk);
        scan->conn->lib->finalize(scan->sources[i].row);
    }
    scan->conn->lib->finalize(scan->chunks);
    scan->conn->lib->finalize(scan->find);
    vf_arena_release(&scan->arena);
    vf_free(scan->sources);
    vf_free(scan->values);
    vf_free(scan);
}
