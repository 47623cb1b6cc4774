#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/files/conn.h"
#include "engine/files/value.h"

#define MAX_REJECTS_AT_ONCE 1000

/* Keys that are looked up, by hash: open addressing, a power of two slots. */
struct keys {
    size_t n_slots;
    struct vf_hash128 *hashes;
    bool *is_used;
};

struct files_scan {
    struct vf_files_conn *conn;
    const struct vf_relation *relation;
    struct vf_files_table own_table; /* without a snapshot */
    struct vf_files_list own_list;
    const struct vf_files_table *table;
    const struct vf_files_list *list;
    int *field_of;      /* of each column of the table: the field that it fills, or -1 */
    int name_field;     /* the field that is the file's name, or -1 */
    size_t *key_fields; /* the table's key as fields of the relation; NULL: they aren't all read */
    size_t next, end;   /* entries of the list */
    size_t *picked;     /* a look-up by the table's own key: numbers of entries, `next` and `end` are of these */
    struct keys keys;   /* a look-up by other columns: all files are read, and these are kept */
    struct vf_buf text, path, scratch, name;
    const char **values; /* of the row being read, by field */
    size_t *value_bytes;
};

static struct files_scan *scan_of(struct vf_scan *scan)
{
    return (struct files_scan *)(void *)scan;
}

/* ---- keys ---- */

static struct vf_hash128 text_hash(const struct vf_buf *text)
{
    return vf_hash128(text->data != NULL ? text->data : "", text->size_bytes);
}

static size_t key_slot(const struct keys *keys, struct vf_hash128 hash)
{
    size_t slot = (size_t)hash.low & (keys->n_slots - 1);
    while (keys->is_used[slot] && !vf_hash128_equal(keys->hashes[slot], hash))
        slot = (slot + 1) & (keys->n_slots - 1);
    return slot;
}

bool vf_files_key_name(const struct vf_batch *batch, int64_t row, size_t n_key, const size_t *columns, size_t max_bytes,
                       struct vf_buf *scratch, struct vf_buf *out)
{
    struct vf_buf whole;
    bool any_null = false;
    vf_buf_init(&whole, VF_BUF_MAX);
    vf_buf_str(&whole, "");
    for (size_t i = 0; i < n_key && !any_null; i++) {
        const struct vf_array *array = &batch->columns[columns[i]];
        any_null = vf_array_is_null(array, row);
        if (any_null)
            break;
        if (n_key == 1) {
            vf_files_value_key(array, row, scratch, &whole);
            continue;
        }
        /* Parts are escaped each for itself, so that the comma between them is none of theirs. */
        struct vf_buf part;
        vf_buf_init(&part, VF_BUF_MAX);
        vf_files_value_key(array, row, scratch, &part);
        if (i > 0)
            vf_buf_char(&whole, ',');
        vf_files_escape(part.data != NULL ? part.data : "", part.size_bytes, SIZE_MAX / 8, &whole);
        vf_buf_release(&part);
    }
    if (vf_buf_check(&whole, NULL) != VF_OK)
        out->status = whole.status;
    else if (!any_null && n_key == 1)
        vf_files_escape(whole.data, whole.size_bytes, max_bytes, out);
    else if (!any_null && whole.size_bytes <= max_bytes)
        vf_buf_add(out, whole.data, whole.size_bytes);
    else if (!any_null)
        vf_files_escape(whole.data, whole.size_bytes, max_bytes, out); /* too long: only its hash counts */
    vf_buf_release(&whole);
    return !any_null;
}

/* ---- opening ---- */

static enum vf_status refuse_filter(const struct vf_relation *relation, struct vf_error *err)
{
    if (relation->where == NULL)
        return VF_OK;
    return vf_error_set(err, VF_MISSING, "table %s: a folder has no filters", relation->name);
}

static enum vf_status match_fields(struct files_scan *scan, struct vf_error *err)
{
    const struct vf_relation *relation = scan->relation;
    const struct vf_table *def = &scan->table->def;
    scan->field_of = vf_calloc(def->n_columns + 1, sizeof(*scan->field_of));
    scan->values = vf_calloc(relation->n_fields + 1, sizeof(*scan->values));
    scan->value_bytes = vf_calloc(relation->n_fields + 1, sizeof(*scan->value_bytes));
    if (scan->field_of == NULL || scan->values == NULL || scan->value_bytes == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < def->n_columns; i++)
        scan->field_of[i] = -1;
    scan->name_field = -1;
    for (size_t i = 0; i < relation->n_fields; i++) {
        int column = vf_table_find_column(def, relation->fields[i].name);
        if (column < 0)
            return vf_error_set(err, VF_NOTFOUND, "table %s has no column \"%s\"", relation->name,
                                relation->fields[i].name);
        scan->field_of[column] = (int)i;
        if (scan->table->is_foreign && strcmp(relation->fields[i].name, VF_FILES_NAME_COLUMN) == 0)
            scan->name_field = (int)i;
    }
    bool has_key = scan->table->n_key > 0;
    for (size_t i = 0; has_key && i < scan->table->n_key; i++)
        has_key = scan->field_of[scan->table->key[i]] >= 0;
    if (!has_key)
        return VF_OK;
    scan->key_fields = vf_calloc(scan->table->n_key, sizeof(*scan->key_fields));
    if (scan->key_fields == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < scan->table->n_key; i++)
        scan->key_fields[i] = (size_t)scan->field_of[scan->table->key[i]];
    return VF_OK;
}

static enum vf_status find_rows(struct files_scan *scan, struct vf_error *err)
{
    const char *name = scan->relation->name;
    const struct vf_files_snapshot_table *taken = vf_files_snapshot_find(scan->conn, name);
    if (taken != NULL) {
        scan->table = &taken->table;
        scan->list = &taken->list;
        return VF_OK;
    }
    enum vf_status status = vf_files_table_load(scan->conn, name, &scan->own_table, err);
    scan->table = &scan->own_table;
    scan->list = &scan->own_list;
    /* A table that was made after the snapshot has no rows in it. */
    if (status == VF_OK && scan->conn->snapshot == NULL)
        status = vf_files_list_table(scan->conn, &scan->own_table.place, &scan->own_list, err);
    return status;
}

static enum vf_status scan_make(struct vf_files_conn *conn, const struct vf_relation *relation,
                                struct files_scan **scan, struct vf_error *err)
{
    if (conn->transaction.is_open)
        return vf_error_set(err, VF_INTERNAL, "table %s: rows aren't read within a transaction", relation->name);
    struct files_scan *made = vf_calloc(1, sizeof(*made));
    if (made == NULL)
        return vf_error_nomem(err);
    made->conn = conn;
    made->relation = relation;
    vf_buf_init(&made->text, VF_BUF_MAX);
    vf_buf_init(&made->path, 65536);
    vf_buf_init(&made->scratch, VF_BUF_MAX);
    vf_buf_init(&made->name, VF_BUF_MAX);
    *scan = made;
    enum vf_status status = refuse_filter(relation, err);
    if (status == VF_OK)
        status = find_rows(made, err);
    return status == VF_OK ? match_fields(made, err) : status;
}

void vf_files_scan_close(struct vf_scan *base)
{
    struct files_scan *scan = scan_of(base);
    if (scan == NULL)
        return;
    vf_files_table_release(&scan->own_table);
    vf_files_list_release(&scan->own_list);
    vf_free(scan->field_of);
    vf_free(scan->key_fields);
    vf_free(scan->picked);
    vf_free(scan->keys.hashes);
    vf_free(scan->keys.is_used);
    vf_free(scan->values);
    vf_free(scan->value_bytes);
    vf_buf_release(&scan->text);
    vf_buf_release(&scan->path);
    vf_buf_release(&scan->scratch);
    vf_buf_release(&scan->name);
    vf_free(scan);
}

static enum vf_status give(struct files_scan *made, enum vf_status status, struct vf_scan **scan)
{
    if (status == VF_OK)
        *scan = (struct vf_scan *)(void *)made;
    else
        vf_files_scan_close((struct vf_scan *)(void *)made);
    return status;
}

/* The first entry whose key isn't below the bound. */
static size_t lower_bound(const struct vf_files_list *list, const char *key)
{
    size_t low = 0, high = list->n_entries;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(list->entries[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum vf_status vf_files_scan_open(struct vf_conn *conn, const struct vf_relation *relation,
                                  const struct vf_chunk *chunk, struct vf_scan **scan, struct vf_error *err)
{
    struct files_scan *made = NULL;
    enum vf_status status = scan_make(vf_files_conn_of(conn), relation, &made, err);
    if (status == VF_OK) {
        made->next = chunk != NULL && chunk->low != NULL ? lower_bound(made->list, chunk->low) : 0;
        made->end = chunk != NULL && chunk->high != NULL ? lower_bound(made->list, chunk->high) : made->list->n_entries;
    }
    return give(made, status, scan);
}

/* ---- chunks ---- */

static enum vf_status cut(const struct vf_files_list *list, uint64_t target_bytes, struct vf_chunk_list *chunks,
                          struct vf_error *err)
{
    size_t cap_chunks = 0;
    struct vf_chunk chunk = {0};
    for (size_t i = 0; i <= list->n_entries; i++) {
        bool is_end = i == list->n_entries;
        if (is_end || (chunk.n_rows > 0 && (uint64_t)chunk.size_bytes >= target_bytes)) {
            if (chunks->n_chunks == cap_chunks) {
                cap_chunks = cap_chunks == 0 ? 16 : cap_chunks * 2;
                struct vf_chunk *larger = vf_arena_alloc(&chunks->arena, cap_chunks, sizeof(*larger));
                if (larger == NULL)
                    return vf_error_nomem(err);
                if (chunks->n_chunks > 0)
                    memcpy(larger, chunks->chunks, chunks->n_chunks * sizeof(*larger));
                chunks->chunks = larger;
            }
            chunk.number = (int64_t)chunks->n_chunks;
            chunk.high = is_end ? NULL : vf_arena_strdup(&chunks->arena, list->entries[i].key);
            if (!is_end && chunk.high == NULL)
                return vf_error_nomem(err);
            chunks->chunks[chunks->n_chunks++] = chunk;
            chunk = (struct vf_chunk){.low = chunk.high};
        }
        if (!is_end) {
            chunk.n_rows++;
            chunk.size_bytes += (int64_t)list->entries[i].size_bytes;
        }
    }
    return VF_OK;
}

enum vf_status vf_files_split(struct vf_conn *conn, const struct vf_relation *relation, uint64_t target_bytes,
                              struct vf_chunk_list *chunks, struct vf_error *err)
{
    struct files_scan *scan = NULL;
    struct vf_chunk_list made = {0};
    enum vf_status status = scan_make(vf_files_conn_of(conn), relation, &scan, err);
    if (status == VF_OK)
        status = cut(scan->list, target_bytes, &made, err);
    if (status == VF_OK) {
        snprintf(made.generation, sizeof(made.generation), "%s", scan->table->generation);
        *chunks = made;
    } else {
        vf_chunk_list_release(&made);
    }
    vf_files_scan_close((struct vf_scan *)(void *)scan);
    return status;
}

/* ---- reading ---- */

static enum vf_status reject(const struct files_scan *scan, const struct vf_files_entry *entry, size_t field,
                             const char *reason, struct vf_batch *batch, struct vf_error *err)
{
    const struct vf_relation *relation = scan->relation;
    struct vf_buf key;
    vf_buf_init(&key, VF_BUF_MAX);
    vf_buf_str(&key, "{\"file\": ");
    vf_buf_json_string(&key, scan->path.data, scan->path.size_bytes);
    vf_buf_char(&key, '}');
    bool has_value = field < relation->n_fields && scan->values[field] != NULL;
    struct vf_reject reject = {
        .table = relation->name,
        .key = key.data,
        .column = field < relation->n_fields ? relation->fields[field].name : NULL,
        .reason = reason,
        .original = (const uint8_t *)(has_value ? scan->values[field] : scan->text.data),
        .original_bytes = has_value ? scan->value_bytes[field] : scan->text.size_bytes,
        .row = -1,
    };
    (void)entry;
    enum vf_status status = vf_buf_check(&key, err);
    if (status == VF_OK)
        status = vf_reject_add(&batch->rejects, &reject, err);
    vf_buf_release(&key);
    return status;
}

/* Where each field's value lies in the text. NULL, or why the text isn't a row (static, or in `why`). */
static const char *find_values(struct files_scan *scan, char why[256])
{
    struct vf_json_walk walk;
    struct vf_json_item item;
    size_t offset = 0, hint = 0;
    const char *wrong = vf_json_text_check(scan->text.data, scan->text.size_bytes, &offset);
    if (wrong != NULL) {
        snprintf(why, 256, "the file isn't JSON: %s at byte %zu", wrong, offset);
        return why;
    }
    memset(scan->values, 0, (scan->relation->n_fields + 1) * sizeof(*scan->values));
    if (!vf_json_walk_begin(&walk, scan->text.data, scan->text.size_bytes) || !walk.is_object)
        return "the file isn't an object";
    while (vf_json_walk_next(&walk, &item)) {
        int column = vf_files_row_column(&scan->table->def, &item, hint, &scan->scratch);
        if (column < 0) {
            bool is_ours = scan->scratch.size_bytes == strlen("$checksum") &&
                           memcmp(scan->scratch.data, "$checksum", scan->scratch.size_bytes) == 0;
            if (is_ours)
                continue;
            char name[100];
            snprintf(why, 256, "the member %s isn't a column of the table",
                     vf_printable(item.name, item.name_bytes, name, sizeof(name)));
            return why;
        }
        hint = (size_t)column + 1;
        int field = scan->field_of[column];
        if (field < 0)
            continue;
        if (scan->values[field] != NULL)
            return "a member is there twice";
        scan->values[field] = item.value;
        scan->value_bytes[field] = item.value_bytes;
    }
    return NULL;
}

static const char *check_text(struct files_scan *scan, char why[256])
{
    static const char mark[] = "\n  \"$checksum\": ";
    bool is_marked = false;
    for (size_t i = scan->text.size_bytes; scan->table->is_foreign && !is_marked && i > 0; i--)
        is_marked = scan->text.size_bytes - i + 1 >= sizeof(mark) - 1 &&
                    memcmp(scan->text.data + i - 1, mark, sizeof(mark) - 1) == 0;
    if (scan->table->is_foreign && !is_marked)
        return NULL;
    return vf_files_row_check(&scan->text, why);
}

static enum vf_status append_name(struct files_scan *scan, const struct vf_files_entry *entry, struct vf_array *array,
                                  struct vf_error *err)
{
    vf_buf_clear(&scan->name);
    vf_buf_str(&scan->name, "");
    if (!vf_files_unescape(entry->key, strlen(entry->key), &scan->name)) {
        vf_buf_clear(&scan->name);
        vf_buf_str(&scan->name, entry->key);
    }
    enum vf_status status = vf_buf_check(&scan->name, err);
    return status == VF_OK ? vf_array_add_bytes(array, scan->name.data, scan->name.size_bytes, err) : status;
}

/* Is the row's key the one that its file is named by? */
static bool is_at_home(struct files_scan *scan, const struct vf_files_entry *entry, const struct vf_batch *batch)
{
    if (scan->key_fields == NULL || scan->table->is_foreign)
        return true;
    vf_buf_clear(&scan->name);
    vf_buf_str(&scan->name, "");
    return vf_files_key_name(batch, batch->n_rows, scan->table->n_key, scan->key_fields,
                             vf_files_place_key_bytes(&scan->table->place), &scan->scratch, &scan->name) &&
           vf_buf_check(&scan->name, NULL) == VF_OK && strcmp(scan->name.data, entry->key) == 0;
}

static bool is_wanted(struct files_scan *scan, const struct vf_batch *batch)
{
    if (scan->keys.n_slots == 0)
        return true;
    vf_buf_clear(&scan->name);
    vf_buf_str(&scan->name, "");
    if (!vf_files_key_name(batch, batch->n_rows, scan->relation->n_key, scan->relation->key, SIZE_MAX / 8,
                           &scan->scratch, &scan->name))
        return false;
    return scan->keys.is_used[key_slot(&scan->keys, text_hash(&scan->name))];
}

static enum vf_status append_row(struct files_scan *scan, const struct vf_files_entry *entry, struct vf_batch *batch,
                                 struct vf_error *err)
{
    for (size_t i = 0; i < scan->relation->n_fields; i++) {
        struct vf_array *array = &batch->columns[i];
        const char *why = NULL;
        enum vf_status status = VF_OK;
        if ((int)i == scan->name_field)
            status = append_name(scan, entry, array, err);
        else if (scan->values[i] == NULL)
            status = vf_array_add_null(array, err);
        else
            status = vf_files_value_read(scan->values[i], scan->value_bytes[i], array, &scan->scratch, &why, err);
        if (status == VF_VALUE && why != NULL) {
            vf_batch_cancel_row(batch);
            return reject(scan, entry, i, why, batch, err);
        }
        if (status != VF_OK)
            return status;
    }
    if (!is_at_home(scan, entry, batch)) {
        vf_batch_cancel_row(batch);
        return reject(scan, entry, SIZE_MAX, "the file is named by another key than the one in it", batch, err);
    }
    if (is_wanted(scan, batch))
        vf_batch_end_row(batch);
    else
        vf_batch_cancel_row(batch);
    return VF_OK;
}

static enum vf_status changed(const struct files_scan *scan, struct vf_error *err)
{
    enum vf_status status = vf_error_set(err, VF_TEMPORARY, "table %s: \"%s\" was changed after the copy began",
                                         scan->relation->name, scan->path.data);
    vf_error_hint(err, "let what writes there rest, then start again with --resume");
    return status;
}

static enum vf_status read_row(struct files_scan *scan, const struct vf_files_entry *entry, struct vf_batch *batch,
                               struct vf_error *err)
{
    struct vf_files_entry now = {0};
    struct vf_error failure = {0};
    char why[256];
    bool found = false;
    vf_buf_clear(&scan->path);
    vf_files_place_path(&scan->table->place, entry->key, &scan->path);
    enum vf_status status = vf_buf_check(&scan->path, err);
    if (status != VF_OK)
        return status;
    memset(scan->values, 0, (scan->relation->n_fields + 1) * sizeof(*scan->values));
    vf_buf_clear(&scan->text);
    status = vf_files_read_file(scan->conn, scan->path.data, &scan->text, &found, &now, &failure);
    if (status == VF_VALUE)
        return reject(scan, entry, SIZE_MAX, failure.message, batch, err);
    if (status != VF_OK) {
        if (err != NULL)
            *err = failure;
        return status;
    }
    if (!found)
        return scan->conn->snapshot != NULL ? changed(scan, err) : VF_OK;
    if (scan->conn->snapshot != NULL && (now.inode != entry->inode || now.size_bytes != entry->size_bytes ||
                                         now.changed_s != entry->changed_s || now.changed_ns != entry->changed_ns))
        return changed(scan, err);
    const char *wrong = check_text(scan, why);
    if (wrong == NULL)
        wrong = find_values(scan, why);
    return wrong != NULL ? reject(scan, entry, SIZE_MAX, wrong, batch, err) : append_row(scan, entry, batch, err);
}

enum vf_status vf_files_scan_read(struct vf_scan *base, struct vf_batch *batch, bool *more, struct vf_error *err)
{
    struct files_scan *scan = scan_of(base);
    while (scan->next < scan->end && !vf_batch_is_full(batch) && batch->rejects.n_rejects < MAX_REJECTS_AT_ONCE) {
        size_t number = scan->picked != NULL ? scan->picked[scan->next] : scan->next;
        enum vf_status status = vf_cancel_check(scan->conn->base.options.cancel, err);
        if (status == VF_OK)
            status = read_row(scan, &scan->list->entries[number], batch, err);
        if (status != VF_OK)
            return status;
        scan->next++;
    }
    *more = scan->next < scan->end;
    return VF_OK;
}

/* ---- look-up ---- */

static bool is_table_key(const struct files_scan *scan)
{
    const struct vf_relation *relation = scan->relation;
    if (scan->key_fields == NULL || relation->n_key != scan->table->n_key || scan->table->is_foreign)
        return false;
    for (size_t i = 0; i < relation->n_key; i++) {
        if (relation->key[i] != scan->key_fields[i])
            return false;
    }
    return true;
}

static enum vf_status pick(struct files_scan *scan, const struct vf_batch *keys, const size_t *columns,
                           struct vf_error *err)
{
    scan->picked = vf_calloc((size_t)keys->n_rows + 1, sizeof(*scan->picked));
    bool *is_picked = vf_calloc(scan->list->n_entries + 1, sizeof(*is_picked));
    enum vf_status status = scan->picked == NULL || is_picked == NULL ? vf_error_nomem(err) : VF_OK;
    for (int64_t row = 0; status == VF_OK && row < keys->n_rows; row++) {
        vf_buf_clear(&scan->name);
        vf_buf_str(&scan->name, "");
        if (!vf_files_key_name(keys, row, keys->n_columns, columns, vf_files_place_key_bytes(&scan->table->place),
                               &scan->scratch, &scan->name))
            continue;
        status = vf_buf_check(&scan->name, err);
        size_t number = status == VF_OK ? lower_bound(scan->list, scan->name.data) : scan->list->n_entries;
        if (number == scan->list->n_entries || is_picked[number] ||
            strcmp(scan->list->entries[number].key, scan->name.data) != 0)
            continue;
        is_picked[number] = true;
        scan->picked[scan->end++] = number;
    }
    vf_free(is_picked);
    return status;
}

static enum vf_status keep_keys(struct files_scan *scan, const struct vf_batch *keys, const size_t *columns,
                                struct vf_error *err)
{
    struct keys *kept = &scan->keys;
    kept->n_slots = 16;
    while (kept->n_slots < (size_t)keys->n_rows * 2)
        kept->n_slots *= 2;
    kept->hashes = vf_calloc(kept->n_slots, sizeof(*kept->hashes));
    kept->is_used = vf_calloc(kept->n_slots, sizeof(*kept->is_used));
    if (kept->hashes == NULL || kept->is_used == NULL)
        return vf_error_nomem(err);
    for (int64_t row = 0; row < keys->n_rows; row++) {
        vf_buf_clear(&scan->name);
        vf_buf_str(&scan->name, "");
        if (!vf_files_key_name(keys, row, keys->n_columns, columns, SIZE_MAX / 8, &scan->scratch, &scan->name))
            continue;
        struct vf_hash128 hash = text_hash(&scan->name);
        size_t slot = key_slot(kept, hash);
        kept->hashes[slot] = hash;
        kept->is_used[slot] = true;
    }
    scan->end = scan->list->n_entries;
    return vf_buf_check(&scan->name, err);
}

enum vf_status vf_files_lookup(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_batch *keys,
                               struct vf_scan **scan, struct vf_error *err)
{
    struct files_scan *made = NULL;
    size_t *columns = vf_calloc(keys->n_columns + 1, sizeof(*columns));
    if (columns == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < keys->n_columns; i++)
        columns[i] = i;
    enum vf_status status = scan_make(vf_files_conn_of(conn), relation, &made, err);
    if (status == VF_OK)
        status = is_table_key(made) ? pick(made, keys, columns, err) : keep_keys(made, keys, columns, err);
    vf_free(columns);
    return give(made, status, scan);
}
