#include "engine/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/files/conn.h"

/* Records are small files of the same looks as rows, without checksums: {"run": "...", "number": 7, "original": "\\x00ff"}. */

static void folder_of(const struct vf_record_table *table, struct vf_buf *path)
{
    vf_buf_str(path, VF_FILES_STATE "/records/");
    vf_files_escape(table->name, strlen(table->name), 200, path);
}

static void put_key(enum vf_record_kind kind, const struct vf_record_value *value, struct vf_buf *out)
{
    char number[32];
    if (kind != VF_RECORD_INTEGER) {
        vf_files_escape(value->size_bytes > 0 ? value->bytes : "", value->size_bytes, SIZE_MAX / 8, out);
        return;
    }
    snprintf(number, sizeof(number), "%lld", (long long)value->integer);
    vf_buf_str(out, number);
}

/* The key's parts with commas between them; too long, it is a hash. */
static void path_of(const struct vf_record_table *table, const struct vf_record_value *values, struct vf_buf *path)
{
    struct vf_buf name;
    vf_buf_init(&name, VF_BUF_MAX);
    vf_buf_str(&name, "");
    for (size_t i = 0; i < table->n_key; i++) {
        if (i > 0)
            vf_buf_char(&name, ',');
        put_key(table->columns[i].kind, &values[i], &name);
    }
    vf_buf_clear(path);
    folder_of(table, path);
    vf_buf_char(path, '/');
    if (vf_buf_check(&name, NULL) != VF_OK)
        path->status = name.status;
    else if (name.size_bytes <= 200)
        vf_buf_add(path, name.data, name.size_bytes);
    else
        vf_files_escape(name.data, name.size_bytes, 200, path);
    vf_buf_str(path, ".json");
    vf_buf_release(&name);
}

static void write_record(const struct vf_record_table *table, const struct vf_record_value *values, struct vf_buf *out)
{
    vf_buf_str(out, "{\n");
    for (size_t i = 0; i < table->n_columns; i++) {
        const char *text = values[i].size_bytes > 0 ? values[i].bytes : "";
        vf_buf_printf(out, "%s  \"%s\": ", i > 0 ? ",\n" : "", table->columns[i].name);
        if (values[i].is_null) {
            vf_buf_str(out, "null");
        } else if (table->columns[i].kind == VF_RECORD_INTEGER) {
            vf_buf_printf(out, "%lld", (long long)values[i].integer);
        } else if (table->columns[i].kind == VF_RECORD_TEXT) {
            vf_buf_json_string(out, text, values[i].size_bytes);
        } else {
            vf_buf_str(out, "\"\\\\x");
            vf_buf_hex(out, text, values[i].size_bytes);
            vf_buf_char(out, '"');
        }
    }
    vf_buf_str(out, "\n}\n");
}

/* ---- reading ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes of a text are appended to `bytes`; `offset` is where, since the buffer may still move. */
static bool read_value(enum vf_record_kind kind, const struct vf_json_item *item, struct vf_record_value *value,
                       size_t *offset, struct vf_buf *bytes)
{
    *value = (struct vf_record_value){.is_null = item->value_bytes == 4 && memcmp(item->value, "null", 4) == 0};
    *offset = bytes->size_bytes;
    if (value->is_null)
        return true;
    if (kind == VF_RECORD_INTEGER)
        return vf_parse_i64(item->value, item->value_bytes, &value->integer);
    if (kind == VF_RECORD_TEXT && !vf_json_text_string(item->value, item->value_bytes, bytes))
        return false;
    const char *digits = item->value + 4; /* after the quote and the escaped "\x" */
    size_t n_digits = item->value_bytes >= 5 ? item->value_bytes - 5 : 1;
    if (kind == VF_RECORD_BLOB && (n_digits % 2 != 0 || memcmp(item->value, "\"\\\\x", 4) != 0))
        return false;
    for (size_t i = 0; kind == VF_RECORD_BLOB && i < n_digits; i += 2) {
        int high = hex_digit(digits[i]), low = hex_digit(digits[i + 1]);
        if (high < 0 || low < 0)
            return false;
        vf_buf_char(bytes, (char)(high << 4 | low));
    }
    value->size_bytes = bytes->size_bytes - *offset;
    return true;
}

static bool is_named(const struct vf_json_item *item, const char *name)
{
    size_t size_bytes = strlen(name);
    return item->name_bytes == size_bytes + 2 && memcmp(item->name + 1, name, size_bytes) == 0;
}

static enum vf_status parse(const struct vf_record_table *table, const struct vf_buf *text,
                            struct vf_record_value *values, size_t *offsets, struct vf_buf *bytes, struct vf_error *err)
{
    struct vf_json_walk walk;
    struct vf_json_item item;
    size_t offset = 0;
    vf_buf_clear(bytes);
    vf_buf_str(bytes, "");
    for (size_t i = 0; i < table->n_columns; i++)
        values[i] = (struct vf_record_value){.is_null = true};
    bool is_good = vf_json_text_check(text->data, text->size_bytes, &offset) == NULL &&
                   vf_json_walk_begin(&walk, text->data, text->size_bytes) && walk.is_object;
    while (is_good && vf_json_walk_next(&walk, &item)) {
        for (size_t i = 0; is_good && i < table->n_columns; i++) {
            if (is_named(&item, table->columns[i].name))
                is_good = read_value(table->columns[i].kind, &item, &values[i], &offsets[i], bytes);
        }
    }
    enum vf_status status = vf_buf_check(bytes, err);
    if (status != VF_OK || !is_good)
        return status != VF_OK ? status : vf_error_set(err, VF_ENGINE, "a record of %s is damaged", table->name);
    for (size_t i = 0; i < table->n_columns; i++) {
        if (!values[i].is_null && table->columns[i].kind != VF_RECORD_INTEGER)
            values[i].bytes = bytes->data + offsets[i];
    }
    return VF_OK;
}

/* Records as they are found, copied, to be put in order. */
struct found {
    struct vf_files_conn *conn;
    const struct vf_record_table *table;
    const struct vf_record_value *key;
    size_t n_key;
    enum vf_record_kind *kinds;
    struct vf_record_value *values;
    size_t *offsets;
    size_t n_records, cap_records;
    struct vf_record_value **records;
    struct vf_buf folder, text, bytes;
};

static enum vf_status found_begin(struct found *found, struct vf_conn *conn, const struct vf_record_table *table,
                                  const struct vf_record_value *key, size_t n_key, struct vf_error *err)
{
    *found = (struct found){.conn = vf_files_conn_of(conn), .table = table, .key = key, .n_key = n_key};
    vf_buf_init(&found->folder, 65536);
    vf_buf_init(&found->text, VF_BUF_MAX);
    vf_buf_init(&found->bytes, VF_BUF_MAX);
    found->kinds = vf_calloc(table->n_columns, sizeof(*found->kinds));
    found->values = vf_calloc(table->n_columns, sizeof(*found->values));
    found->offsets = vf_calloc(table->n_columns, sizeof(*found->offsets));
    if (found->kinds == NULL || found->values == NULL || found->offsets == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < table->n_columns; i++)
        found->kinds[i] = table->columns[i].kind;
    folder_of(table, &found->folder);
    return vf_buf_check(&found->folder, err);
}

static void found_end(struct found *found)
{
    for (size_t i = 0; i < found->n_records; i++)
        vf_free(found->records[i]);
    vf_free(found->records);
    vf_free(found->kinds);
    vf_free(found->values);
    vf_free(found->offsets);
    vf_buf_release(&found->folder);
    vf_buf_release(&found->text);
    vf_buf_release(&found->bytes);
}

static enum vf_status add_record(struct found *found, const char *path, struct vf_error *err)
{
    bool is_there = false;
    vf_buf_clear(&found->text);
    enum vf_status status = vf_files_read(found->conn, path, &found->text, &is_there, err);
    if (status == VF_OK && is_there)
        status = parse(found->table, &found->text, found->values, found->offsets, &found->bytes, err);
    if (status != VF_OK || !is_there)
        return status;
    for (size_t i = 0; i < found->n_key; i++) {
        if (vf_record_compare(found->kinds[i], &found->values[i], &found->key[i]) != 0)
            return VF_OK;
    }
    if (found->n_records == found->cap_records) {
        size_t cap = found->cap_records == 0 ? 16 : found->cap_records * 2;
        struct vf_record_value **records = vf_realloc(found->records, cap, sizeof(struct vf_record_value *));
        if (records == NULL)
            return vf_error_nomem(err);
        found->records = records;
        found->cap_records = cap;
    }
    found->records[found->n_records] = vf_record_copy(found->table->n_columns, found->kinds, found->values);
    return found->records[found->n_records++] != NULL ? VF_OK : vf_error_nomem(err);
}

static enum vf_status see_file(void *context, int fd, const char *name, struct vf_error *err)
{
    struct found *found = context;
    struct vf_buf path;
    (void)fd;
    vf_buf_init(&path, 65536);
    vf_buf_printf(&path, "%s/%s", found->folder.data, name);
    enum vf_status status = vf_buf_check(&path, err);
    if (status == VF_OK)
        status = add_record(found, path.data, err);
    vf_buf_release(&path);
    return status;
}

/* Those that the open transaction has added, and that aren't in the folder yet. */
static enum vf_status see_pending(struct found *found, struct vf_error *err)
{
    const struct vf_files_transaction *transaction = &found->conn->transaction;
    enum vf_status status = VF_OK;
    for (size_t i = 0; status == VF_OK && transaction->is_open && i < transaction->n_changes; i++) {
        const struct vf_files_change *change = &transaction->changes[i];
        if (change->number >= 0 && strncmp(change->path, found->folder.data, found->folder.size_bytes) == 0 &&
            change->path[found->folder.size_bytes] == '/' && !vf_files_exists(found->conn, change->path))
            status = add_record(found, change->path, err);
    }
    return status;
}

/* Records that are the same in their first n values would be the same record, so the order is that of the whole key. */
static bool is_before(const struct found *found, const struct vf_record_value *a, const struct vf_record_value *b)
{
    int order = 0;
    for (size_t i = 0; order == 0 && i < found->table->n_key; i++)
        order = vf_record_compare(found->kinds[i], &a[i], &b[i]);
    return order < 0;
}

/* Heap sort: the order needs the kinds, which qsort can't hand on. */
static void sift(struct found *found, size_t root, size_t end)
{
    for (size_t child = 2 * root + 1; child < end; child = 2 * root + 1) {
        if (child + 1 < end && is_before(found, found->records[child], found->records[child + 1]))
            child++;
        if (!is_before(found, found->records[root], found->records[child]))
            return;
        struct vf_record_value *kept = found->records[root];
        found->records[root] = found->records[child];
        found->records[child] = kept;
        root = child;
    }
}

static void sort(struct found *found)
{
    for (size_t i = found->n_records / 2; i > 0; i--)
        sift(found, i - 1, found->n_records);
    for (size_t end = found->n_records; end > 1; end--) {
        struct vf_record_value *kept = found->records[0];
        found->records[0] = found->records[end - 1];
        found->records[end - 1] = kept;
        sift(found, 0, end - 1);
    }
}

static enum vf_status collect(struct found *found, struct vf_error *err)
{
    struct vf_buf path;
    if (found->n_key < found->table->n_key) {
        enum vf_status status = vf_files_each_name(found->conn, found->folder.data, see_file, found, err);
        if (status == VF_OK)
            status = see_pending(found, err);
        if (status == VF_OK)
            sort(found);
        return status;
    }
    vf_buf_init(&path, 65536);
    path_of(found->table, found->key, &path);
    enum vf_status status = vf_buf_check(&path, err);
    if (status == VF_OK)
        status = add_record(found, path.data, err);
    vf_buf_release(&path);
    return status;
}

/* ---- operations ---- */

enum vf_status vf_files_record_create(struct vf_conn *base, const struct vf_record_table *table, struct vf_error *err)
{
    const struct vf_files_conn *conn = vf_files_conn_of(base);
    struct vf_buf path;
    vf_buf_init(&path, 65536);
    folder_of(table, &path);
    enum vf_status status = vf_buf_check(&path, err);
    if (status == VF_OK) {
        int fd = vf_files_open_folder(conn->fd, path.data, true);
        status = fd < 0 ? vf_files_fail(conn, "make", path.data, err) : VF_OK;
        if (fd >= 0)
            close(fd);
    }
    vf_buf_release(&path);
    return status;
}

enum vf_status vf_files_record_put(struct vf_conn *conn, const struct vf_record_table *table,
                                   const struct vf_record_value *values, struct vf_error *err)
{
    struct vf_buf path, text;
    vf_buf_init(&path, 65536);
    vf_buf_init(&text, VF_BUF_MAX);
    path_of(table, values, &path);
    write_record(table, values, &text);
    enum vf_status status = vf_buf_check(&path, err);
    if (status == VF_OK)
        status = vf_buf_check(&text, err);
    if (status == VF_OK)
        status = vf_files_put(vf_files_conn_of(conn), path.data, &text, err);
    vf_buf_release(&path);
    vf_buf_release(&text);
    return status;
}

enum vf_status vf_files_record_get(struct vf_conn *conn, const struct vf_record_table *table,
                                   const struct vf_record_value *key, size_t n_key, vf_record_fn found_fn,
                                   void *context, struct vf_error *err)
{
    struct found found;
    enum vf_status status = found_begin(&found, conn, table, key, n_key, err);
    if (status == VF_OK)
        status = collect(&found, err);
    for (size_t i = 0; status == VF_OK && i < found.n_records; i++)
        status = found_fn(context, found.records[i], err);
    found_end(&found);
    return status;
}

enum vf_status vf_files_record_swap(struct vf_conn *base, const struct vf_record_table *table,
                                    const struct vf_record_value *values, size_t column,
                                    const struct vf_record_value *expected, bool *swapped, struct vf_error *err)
{
    struct vf_files_conn *conn = vf_files_conn_of(base);
    struct found found;
    *swapped = false;
    enum vf_status status = vf_files_begin_write(conn, err);
    if (status != VF_OK)
        return status;
    status = found_begin(&found, base, table, values, table->n_key, err);
    if (status == VF_OK)
        status = collect(&found, err);
    if (status == VF_OK && found.n_records == 1 &&
        vf_record_compare(found.kinds[column], &found.records[0][column], expected) == 0) {
        status = vf_files_record_put(base, table, values, err);
        *swapped = status == VF_OK;
    }
    found_end(&found);
    vf_files_end_write(conn);
    return status;
}

enum vf_status vf_files_record_delete(struct vf_conn *base, const struct vf_record_table *table,
                                      const struct vf_record_value *key, size_t n_key, struct vf_error *err)
{
    struct vf_files_conn *conn = vf_files_conn_of(base);
    struct found found;
    struct vf_buf path;
    vf_buf_init(&path, 65536);
    enum vf_status status = found_begin(&found, base, table, key, n_key, err);
    if (status == VF_OK)
        status = collect(&found, err);
    for (size_t i = 0; status == VF_OK && i < found.n_records; i++) {
        path_of(table, found.records[i], &path);
        status = vf_buf_check(&path, err);
        if (status == VF_OK)
            status = vf_files_delete(conn, path.data, err);
    }
    found_end(&found);
    vf_buf_release(&path);
    return status;
}
