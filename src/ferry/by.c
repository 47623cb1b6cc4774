#include "ferry/by.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "ferry/verify_side.h"
#include "model/temporal.h"

#define MAX_NAME_BYTES 120 /* a file name has 255, and what databases put beside their file adds to it */
#define CUT_NAME_BYTES 80

void vf_by_release(struct vf_by *by)
{
    vf_arena_release(&by->arena);
    *by = (struct vf_by){0};
}

/* ---- names of files ---- */

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

const char *vf_by_name(const char *text, struct vf_arena *arena)
{
    char name[MAX_NAME_BYTES + 4], hex[33];
    size_t used = 0;

    if (text == NULL || text[0] == '\0')
        return text == NULL ? "%null" : "%empty";
    for (const char *c = text; *c != '\0'; c++) {
        if (used > MAX_NAME_BYTES - 3) {
            vf_hash128_format(vf_hash128(text, strlen(text)), hex);
            return vf_arena_printf(arena, "%.*s%%~%s", CUT_NAME_BYTES, name, hex);
        }
        if (is_plain(*c))
            name[used++] = *c;
        else
            used += (size_t)snprintf(name + used, 4, "%%%02x", (unsigned char)*c);
    }
    return vf_arena_strndup(arena, name, used);
}

enum vf_status vf_by_check_pattern(const struct vf_url *url, struct vf_error *err)
{
    const char *place = url->path != NULL ? strstr(url->path, "{}") : NULL;
    const char *what = NULL;

    if (url->path == NULL || strcmp(url->scheme, "mem") == 0)
        what = "the target must be a file";
    else if (place == NULL)
        what = "the target must have {} where the value goes";
    else if (strstr(place + 2, "{}") != NULL)
        what = "the target must have {} once";
    else if (strchr(place, '/') != NULL)
        what = "{} must be in the file's name, not in that of a folder";
    else if (place[2] != '.' && strcmp(url->scheme, "files") != 0)
        what = "{} must be followed by an ending such as .db";
    if (what == NULL)
        return VF_OK;
    vf_error_set(err, VF_USAGE, "--by: %s", what);
    vf_error_hint(err, "for example sqlite:/folder/{}.db");
    return VF_USAGE;
}

/* `text` with `name` for its last "{}": a path is at the end of its URL. */
static char *fill_in(const char *text, const char *name)
{
    const char *place = NULL;
    struct vf_buf out;

    for (const char *at = text; (at = strstr(at, "{}")) != NULL; at += 2)
        place = at;
    vf_buf_init(&out, VF_BUF_MAX);
    vf_buf_add(&out, text, place != NULL ? (size_t)(place - text) : strlen(text));
    if (place != NULL) {
        vf_buf_str(&out, name);
        vf_buf_str(&out, place + 2);
    }
    return vf_buf_detach(&out);
}

enum vf_status vf_by_url(const struct vf_url *pattern, const char *name, struct vf_url *url, struct vf_error *err)
{
    *url = (struct vf_url){.text = fill_in(pattern->text, name), .path = fill_in(pattern->path, name)};
    memcpy(url->scheme, pattern->scheme, sizeof(url->scheme));
    if (url->text != NULL && url->path != NULL)
        return VF_OK;
    vf_url_release(url);
    return vf_error_nomem(err);
}

/* ---- the values ---- */

/* Texts that were seen, as a table of hashes; the values are in the list beside it. */
struct seen {
    struct vf_by *by;
    size_t cap;    /* of slots, a power of two */
    size_t *slots; /* index into the values plus one */
    struct vf_buf scratch;
};

static bool is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static size_t slot_of(const struct seen *seen, const char *text)
{
    size_t slot = text != NULL ? (size_t)vf_hash128(text, strlen(text)).low & (seen->cap - 1) : 0;

    while (seen->slots[slot] != 0 && !is_same(seen->by->values[seen->slots[slot] - 1].text, text))
        slot = (slot + 1) & (seen->cap - 1);
    return slot;
}

static enum vf_status too_many(struct vf_error *err)
{
    vf_error_set(err, VF_SAFETY, "--by: there are more than %d values, each of which would be a file",
                 VF_BY_MAX_VALUES);
    vf_error_hint(err, "choose another column, or copy a part by --where");
    return VF_SAFETY;
}

static enum vf_status add_value(struct seen *seen, const char *text, struct vf_error *err)
{
    struct vf_by *by = seen->by;
    size_t slot = slot_of(seen, text);

    if (seen->slots[slot] != 0)
        return VF_OK;
    if (by->n_values == VF_BY_MAX_VALUES)
        return too_many(err);
    struct vf_by_value *value = &by->values[by->n_values];
    value->text = vf_arena_strdup(&by->arena, text);
    value->name = vf_by_name(text, &by->arena);
    if ((text != NULL && value->text == NULL) || value->name == NULL)
        return vf_error_nomem(err);
    seen->slots[slot] = ++by->n_values;
    return VF_OK;
}

/* The value as the text that vf_conn_match() takes; NULL when there is none. */
static enum vf_status write_value(const struct vf_array *array, int64_t row, struct vf_buf *out, const char **text,
                                  struct vf_error *err)
{
    size_t size_bytes = 0;
    char uuid[37];

    *text = NULL;
    if (vf_array_is_null(array, row))
        return VF_OK;
    vf_buf_clear(out);
    if (array->type.kind == VF_K_BOOL) {
        vf_buf_str(out, vf_array_bool(array, row) ? "true" : "false");
    } else if (array->type.kind == VF_K_UUID) {
        vf_uuid_format(vf_array_value(array, row, &size_bytes), uuid);
        vf_buf_str(out, uuid);
    } else if (array->layout == VF_LAYOUT_FIXED) {
        vf_buf_printf(out, "%" PRId64, vf_array_i64(array, row));
    } else {
        const uint8_t *bytes = vf_array_value(array, row, &size_bytes);
        if (memchr(bytes, 0, size_bytes) != NULL)
            return vf_error_set(err, VF_VALUE, "--by: a value holds U+0000, which can't be asked for");
        vf_buf_add(out, bytes, size_bytes);
    }
    vf_buf_add(out, "", 1);
    *text = out->data;
    return vf_buf_check(out, err);
}

static enum vf_status take_batch(struct seen *seen, const struct vf_batch *batch, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    const char *text;

    if (batch->rejects.n_rejects > 0) {
        const struct vf_reject *first = &batch->rejects.rejects[0];
        vf_error_set(err, VF_VALUE, "%s: the value of column \"%s\" can't be read, so that no file is its row's: %s",
                     first->key != NULL ? first->key : "a row", first->column != NULL ? first->column : "",
                     first->reason);
        vf_error_hint(err, "mend the row in the source, or leave it out by --where");
        return VF_VALUE;
    }
    for (int64_t row = 0; row < batch->n_rows && status == VF_OK; row++) {
        status = write_value(&batch->columns[0], row, &seen->scratch, &text, err);
        if (status == VF_OK)
            status = add_value(seen, text, err);
    }
    return status;
}

static enum vf_status read_values(struct vf_crossing *crossing, const struct vf_plan_table *table, struct seen *seen,
                                  struct vf_error *err)
{
    struct vf_relation column = {.schema = table->from.schema,
                                 .name = table->from.name,
                                 .kind = table->from.kind,
                                 .n_fields = 1,
                                 .fields = &table->by,
                                 .where = table->where};
    struct vf_batch batch = {0};
    struct vf_scan *scan = NULL;
    char label[256];
    bool more = true;
    enum vf_status status = vf_crossing_batch_init(&column, vf_crossing_batch_bytes(crossing, 1), &batch, err);

    if (status == VF_OK)
        status = vf_scan_open(crossing->source, &column, NULL, &scan, err);
    while (status == VF_OK && more) {
        vf_batch_reset(&batch);
        status = vf_cancel_check(crossing->cancel, err);
        if (status == VF_OK)
            status = vf_scan_read(crossing->source, scan, &batch, &more, err);
        if (status == VF_OK)
            status = take_batch(seen, &batch, err);
    }
    if (scan != NULL)
        vf_scan_close(crossing->source, scan);
    vf_batch_release(&batch);
    if (status != VF_OK)
        vf_error_wrap(err, "table %s", vf_table_label(table->from.schema, table->from.name, label, sizeof(label)));
    return status;
}

static int compare_values(const void *a, const void *b)
{
    const struct vf_by_value *left = a, *right = b;

    if (left->text == NULL || right->text == NULL)
        return (left->text != NULL) - (right->text != NULL);
    return strcmp(left->text, right->text);
}

static enum vf_status no_values(const struct vf_plan *plan, struct vf_error *err)
{
    vf_error_set(err, VF_SAFETY, "--by: no row has a column \"%s\", so there is no file to write", plan->by);
    vf_error_hint(err, "look at the source and at the filters of the plan");
    return VF_SAFETY;
}

enum vf_status vf_by_list(struct vf_crossing *crossing, struct vf_by *by, struct vf_error *err)
{
    const struct vf_plan *plan = crossing->plan;
    struct seen seen = {.by = by, .cap = 32768};
    enum vf_status status = VF_OK;

    *by = (struct vf_by){0};
    vf_buf_init(&seen.scratch, VF_BUF_MAX);
    seen.slots = vf_calloc(seen.cap, sizeof(*seen.slots));
    by->values = vf_arena_alloc(&by->arena, VF_BY_MAX_VALUES, sizeof(*by->values));
    if (seen.slots == NULL || by->values == NULL)
        status = vf_error_nomem(err);
    for (size_t i = 0; i < plan->n_tables && status == VF_OK; i++) {
        if (plan->tables[i].by.name != NULL)
            status = read_values(crossing, &plan->tables[i], &seen, err);
    }
    if (status == VF_OK && by->n_values == 0)
        status = no_values(plan, err);
    if (status == VF_OK)
        qsort(by->values, by->n_values, sizeof(*by->values), compare_values);
    vf_free(seen.slots);
    vf_buf_release(&seen.scratch);
    return status;
}

/* ---- the plan of one file ---- */

static enum vf_status filter_table(struct vf_conn *source, struct vf_plan_table *table, const struct vf_by_value *value,
                                   struct vf_arena *arena, struct vf_error *err)
{
    struct vf_buf where;

    vf_buf_init(&where, VF_BUF_MAX);
    if (table->where != NULL) /* which may end in a comment */
        vf_buf_printf(&where, "(%s\n) AND ", table->where);
    enum vf_status status = vf_conn_match(source, &table->by, value->text, &where, err);
    if (status == VF_OK)
        status = vf_buf_check(&where, err);
    if (status == VF_OK) {
        table->where = table->from.where = table->copy_from.where =
            vf_arena_strndup(arena, where.data, where.size_bytes);
        if (table->where == NULL)
            status = vf_error_nomem(err);
    }
    vf_buf_release(&where);
    return status;
}

/* The pattern's name is in those of its sidecars, and so each file gets its own. */
static enum vf_status name_sidecars(struct vf_plan_table *table, const struct vf_by_value *value,
                                    struct vf_arena *arena, struct vf_error *err)
{
    struct vf_plan_index *indexes = vf_arena_alloc(arena, table->n_indexes + 1, sizeof(*indexes));

    if (indexes == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < table->n_indexes; i++) {
        struct vf_vector_index *made = &indexes[i].mapping.index.vector;
        indexes[i] = table->indexes[i];
        const char *place = made->file != NULL ? strstr(made->file, "{}") : NULL;
        if (!vf_index_is_beside(made->place))
            continue;
        if (place == NULL) {
            vf_error_set(err, VF_USAGE, "index \"%s\" of table %s: with --by its file \"%s\" must have {} too",
                         indexes[i].source.name, table->source.name, made->file != NULL ? made->file : "");
            vf_error_hint(err, "leave out file: in the plan");
            return VF_USAGE;
        }
        made->file = vf_arena_printf(arena, "%.*s%s%s", (int)(place - made->file), made->file, value->name, place + 2);
        if (made->file == NULL)
            return vf_error_nomem(err);
    }
    table->indexes = indexes;
    return VF_OK;
}

enum vf_status vf_by_plan(struct vf_conn *source, const struct vf_plan *plan, const struct vf_by_value *value,
                          struct vf_arena *arena, struct vf_plan *part, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    *part = *plan;
    part->tables = vf_arena_alloc(arena, plan->n_tables + 1, sizeof(*part->tables));
    if (part->tables == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < plan->n_tables && status == VF_OK; i++) {
        part->tables[i] = plan->tables[i];
        status = name_sidecars(&part->tables[i], value, arena, err);
        if (status == VF_OK && part->tables[i].by.name != NULL)
            status = filter_table(source, &part->tables[i], value, arena, err);
    }
    return status;
}

/* ---- the whole ---- */

static enum vf_status sum_row(void *context, const struct vf_verify_row *row, struct vf_error *err)
{
    struct vf_digest *digest = context;

    (void)err;
    vf_digest_add_row(digest, row->digest);
    return VF_OK;
}

enum vf_status vf_by_compare_whole(struct vf_crossing *crossing, const struct vf_plan_table *table,
                                   const struct vf_by_sum *sum, struct vf_digest *whole, struct vf_error *err)
{
    char label[256];
    struct vf_verify_side side = {.crossing = crossing,
                                  .table = table,
                                  .label = vf_table_label(table->from.schema, table->from.name, label, sizeof(label)),
                                  .batch_bytes = vf_crossing_batch_bytes(crossing, 1),
                                  .row = sum_row,
                                  .context = whole};

    *whole = (struct vf_digest){0};
    enum vf_status status = vf_verify_scan(&side, err);
    if (status != VF_OK)
        return status;
    /* Rows that a target refused have a digest in the source, and none in what its file holds: with such rows only the numbers can be compared. */
    int64_t n_parts = sum->source.n_rows + sum->n_rejected, n_whole = side.n_rows + side.n_rejected;
    bool is_whole = n_parts == n_whole && (sum->n_rejected > 0 || vf_digest_equal(sum->source, *whole));
    if (is_whole)
        return VF_OK;
    vf_error_set(err, VF_DIFFERS,
                 "table %s: the files together are not the source: %" PRId64
                 " rows in the filters of %zu files, %" PRId64 " rows in the table",
                 label, n_parts, sum->n_parts, n_whole);
    vf_error_hint(err, "values that the source's filter takes for equal, or for unequal to themselves: choose another "
                       "column");
    return VF_DIFFERS;
}
