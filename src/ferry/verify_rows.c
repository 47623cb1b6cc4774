#include "ferry/verify_rows.h"

#include <stdlib.h>
#include <string.h>

/* Columns shown where a table has no key. */
#define MAX_SHOWN_COLUMNS 4
#define MAX_KEY_COLUMNS   64

static bool is_short(enum vf_kind kind)
{
    return kind != VF_K_VECTOR && kind != VF_K_SPARSE && kind != VF_K_BLOB && kind != VF_K_JSON && kind != VF_K_ARRAY;
}

/* What names the row for a person: its key, or its first few short columns. */
static void show_key(const struct vf_relation *relation, const struct vf_verify_row *row, struct vf_buf *out)
{
    const char *names[MAX_KEY_COLUMNS];
    size_t columns[MAX_KEY_COLUMNS], n = 0;

    for (size_t i = 0; i < relation->n_key && n < MAX_KEY_COLUMNS; i++)
        columns[n++] = relation->key[i];
    for (size_t i = 0; relation->n_key == 0 && i < relation->n_fields && n < MAX_SHOWN_COLUMNS; i++) {
        if (is_short(relation->fields[i].type.kind))
            columns[n++] = i;
    }
    for (size_t i = 0; i < n; i++)
        names[i] = relation->fields[columns[i]].name;
    vf_batch_key_json(row->batch, row->row, n, columns, names, out);
}

enum vf_status vf_verify_hold(struct vf_verify_held *held, const struct vf_relation *relation,
                              const struct vf_verify_row *row, struct vf_buf *scratch, struct vf_error *err)
{
    if (held->n_rows == held->cap_rows) {
        size_t cap = held->cap_rows > 0 ? held->cap_rows * 2 : 256;
        struct vf_verify_held_row *rows = vf_realloc(held->rows, cap, sizeof(*rows));
        if (rows == NULL)
            return vf_error_nomem(err);
        held->rows = rows;
        held->cap_rows = cap;
    }
    uint64_t *columns = vf_arena_alloc(&held->arena, relation->n_fields + 1, sizeof(*columns));
    if (columns == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < relation->n_fields; i++)
        columns[i] = vf_canon_columns(row->batch, row->row, 1, &i, scratch).low;
    vf_buf_clear(scratch);
    show_key(relation, row, scratch);
    enum vf_status status = vf_buf_check(scratch, err);
    if (status != VF_OK)
        return status;
    const char *key_json = vf_arena_strndup(&held->arena, scratch->data, scratch->size_bytes);
    if (key_json == NULL)
        return vf_error_nomem(err);
    held->rows[held->n_rows++] =
        (struct vf_verify_held_row){.key = row->key, .digest = row->digest, .key_json = key_json, .columns = columns};
    return VF_OK;
}

void vf_verify_held_release(struct vf_verify_held *held)
{
    vf_free(held->rows);
    vf_arena_release(&held->arena);
    *held = (struct vf_verify_held){0};
}

/* ---- comparing ---- */

static int compare_hash(struct vf_hash128 a, struct vf_hash128 b)
{
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    if (a.low != b.low)
        return a.low < b.low ? -1 : 1;
    return 0;
}

static int compare_rows(const void *a, const void *b)
{
    const struct vf_verify_held_row *x = a, *y = b;
    int order = compare_hash(x->key, y->key);

    return order != 0 ? order : compare_hash(x->digest, y->digest);
}

enum vf_status vf_verify_name(struct vf_verify_table *result, struct vf_arena *arena,
                              const struct vf_difference *difference, struct vf_error *err)
{
    result->n_differences++;
    if (result->n_named == VF_VERIFY_MAX_NAMED)
        return VF_OK;
    if (result->named == NULL) {
        result->named = vf_arena_alloc(arena, VF_VERIFY_MAX_NAMED, sizeof(*result->named));
        if (result->named == NULL)
            return vf_error_nomem(err);
    }
    struct vf_difference *named = &result->named[result->n_named];
    named->kind = difference->kind;
    named->key = vf_arena_strdup(arena, difference->key != NULL ? difference->key : "");
    named->column = vf_arena_strdup(arena, difference->column);
    named->detail = vf_arena_strdup(arena, difference->detail);
    if (named->key == NULL)
        return vf_error_nomem(err);
    result->n_named++;
    return VF_OK;
}

/* Two rows of the same key: the columns in which they differ. */
static enum vf_status name_changed(const struct vf_verify_held_row *source, const struct vf_verify_held_row *target,
                                   const struct vf_relation *from, struct vf_arena *arena,
                                   struct vf_verify_table *result, struct vf_error *err)
{
    struct vf_difference difference = {.kind = VF_DIFFERENCE_CHANGED, .key = source->key_json};
    struct vf_buf detail;

    vf_buf_init(&detail, 4096);
    for (size_t i = 0; i < from->n_fields; i++) {
        if (source->columns[i] == target->columns[i])
            continue;
        if (difference.column == NULL)
            difference.column = from->fields[i].name;
        else
            vf_buf_printf(&detail, "%s\"%s\"", detail.size_bytes > 0 ? ", " : "also ", from->fields[i].name);
    }
    difference.detail = detail.size_bytes > 0 ? detail.data : NULL;
    enum vf_status status = vf_verify_name(result, arena, &difference, err);
    vf_buf_release(&detail);
    return status;
}

/* An unreadable row of the target is named as such already: its source row isn't missing on top of that. */
static bool is_named_unreadable(const struct vf_verify_table *result, const char *key)
{
    for (size_t i = 0; i < result->n_named; i++) {
        if (result->named[i].kind == VF_DIFFERENCE_UNREADABLE && strcmp(result->named[i].key, key) == 0)
            return true;
    }
    return false;
}

/* Rows of one key on both sides, each sorted by digest: equal ones cancel, what is left over is paired as changed, and the rest is missing or too much. */
static enum vf_status compare_group(struct vf_verify_held_row *source, size_t n_source,
                                    struct vf_verify_held_row *target, size_t n_target, const struct vf_relation *from,
                                    struct vf_arena *arena, struct vf_verify_table *result, struct vf_error *err)
{
    size_t s = 0, t = 0, left_s = 0, left_t = 0;
    enum vf_status status = VF_OK;
    bool in_source = n_source > 0;

    while (s < n_source || t < n_target) {
        int order = s == n_source ? 1 : t == n_target ? -1 : compare_hash(source[s].digest, target[t].digest);
        if (order == 0) {
            s++, t++;
        } else if (order < 0) {
            source[left_s++] = source[s++];
        } else {
            target[left_t++] = target[t++];
        }
    }
    size_t n_paired = left_s < left_t ? left_s : left_t;
    for (size_t i = 0; i < n_paired && status == VF_OK; i++)
        status = name_changed(&source[i], &target[i], from, arena, result, err);
    for (size_t i = n_paired; i < left_s && status == VF_OK; i++) {
        if (!is_named_unreadable(result, source[i].key_json))
            status = vf_verify_name(
                result, arena, &(struct vf_difference){.kind = VF_DIFFERENCE_MISSING, .key = source[i].key_json}, err);
    }
    for (size_t i = n_paired; i < left_t && status == VF_OK; i++) {
        struct vf_difference extra = {.kind = in_source ? VF_DIFFERENCE_DUPLICATE : VF_DIFFERENCE_EXTRA,
                                      .key = target[i].key_json};
        status = vf_verify_name(result, arena, &extra, err);
    }
    return status;
}

static size_t group_end(const struct vf_verify_held *held, size_t begin, struct vf_hash128 key)
{
    while (begin < held->n_rows && compare_hash(held->rows[begin].key, key) == 0)
        begin++;
    return begin;
}

enum vf_status vf_verify_compare(struct vf_verify_held *source, struct vf_verify_held *target,
                                 const struct vf_relation *from, struct vf_arena *arena, struct vf_verify_table *result,
                                 struct vf_error *err)
{
    enum vf_status status = VF_OK;
    size_t s = 0, t = 0;

    if (source->n_rows > 1)
        qsort(source->rows, source->n_rows, sizeof(*source->rows), compare_rows);
    if (target->n_rows > 1)
        qsort(target->rows, target->n_rows, sizeof(*target->rows), compare_rows);
    while (status == VF_OK && (s < source->n_rows || t < target->n_rows)) {
        struct vf_hash128 key = s < source->n_rows ? source->rows[s].key : target->rows[t].key;
        if (t < target->n_rows && compare_hash(target->rows[t].key, key) < 0)
            key = target->rows[t].key;
        size_t s_end = group_end(source, s, key), t_end = group_end(target, t, key);
        status = compare_group(source->rows + s, s_end - s, target->rows + t, t_end - t, from, arena, result, err);
        s = s_end;
        t = t_end;
    }
    return status;
}
