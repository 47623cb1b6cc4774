#include "model/batch.h"

#include "base/alloc.h"

#define MAX_ORIGINAL_BYTES ((size_t)1 << 20)

/* A first allocation has room for so many values, but no more bytes than that. */
#define FIRST_VALUES 1024
#define FIRST_BYTES  ((size_t)16384)

/* ---- arrays ---- */

static size_t bitmap_bytes(int64_t n_values)
{
    return (size_t)(n_values + 7) / 8;
}

static bool grow_bytes(uint8_t **memory, size_t size_bytes)
{
    uint8_t *grown = vf_realloc(*memory, size_bytes, 1);

    if (grown != NULL)
        *memory = grown;
    return grown != NULL;
}

static bool grow_offsets(struct vf_array *array, int64_t cap_values)
{
    int32_t *grown = vf_realloc(array->offsets, (size_t)cap_values + 1, sizeof(*grown));

    if (grown == NULL)
        return false;
    if (array->offsets == NULL)
        grown[0] = 0;
    array->offsets = grown;
    return true;
}

/* Few wide values fill a batch, and the first allocation shouldn't be larger than that. */
static int64_t first_values(const struct vf_array *array)
{
    int64_t n_values = array->width > 0 ? (int64_t)(FIRST_BYTES / array->width) : FIRST_VALUES;

    return n_values > FIRST_VALUES ? FIRST_VALUES : n_values < 1 ? 1 : n_values;
}

/* Room for more values: validity, and what the layout has a fixed size of. A VARIABLE array gets its first bytes too, so that `data` is never NULL. */
static bool grow_values(struct vf_array *array)
{
    int64_t cap_values = array->cap_values > 0 ? array->cap_values * 2 : first_values(array);
    size_t data_bytes = 0;

    if (array->layout == VF_LAYOUT_BITS)
        data_bytes = bitmap_bytes(cap_values);
    else if (array->layout == VF_LAYOUT_FIXED && array->width <= SIZE_MAX / (size_t)cap_values)
        data_bytes = (size_t)cap_values * array->width;
    else if (array->layout == VF_LAYOUT_VARIABLE)
        data_bytes = array->cap_data_bytes > 0 ? array->cap_data_bytes : FIRST_BYTES;
    if (data_bytes == 0 || !grow_bytes(&array->validity, bitmap_bytes(cap_values)))
        return false;
    if (data_bytes > array->cap_data_bytes && !grow_bytes(&array->data, data_bytes))
        return false;
    array->cap_data_bytes = data_bytes;
    if (array->layout == VF_LAYOUT_VARIABLE && !grow_offsets(array, cap_values))
        return false;
    array->cap_values = cap_values;
    return true;
}

/* Bit i, the last one: those behind it become 0, whatever was there. */
static void append_bit(uint8_t *bitmap, int64_t i, bool value)
{
    unsigned shift = (unsigned)i & 7, below = bitmap[i >> 3] & ((1u << shift) - 1);

    bitmap[i >> 3] = (uint8_t)(below | (unsigned)value << shift);
}

static enum vf_status make_room(struct vf_array *array, struct vf_error *err)
{
    if (array->n_values < array->cap_values)
        return VF_OK;
    return grow_values(array) ? VF_OK : vf_error_nomem(err);
}

static enum vf_status grow_data(struct vf_array *array, size_t size_bytes, struct vf_error *err)
{
    size_t used_bytes = (size_t)array->offsets[array->n_values], cap_bytes = array->cap_data_bytes;

    if (size_bytes > (size_t)INT32_MAX - used_bytes)
        return vf_error_set(err, VF_VALUE,
                            "a value of %zu bytes doesn't fit: a batch holds at most 2 GiB - 1 of a column, of which "
                            "%zu bytes are used",
                            size_bytes, used_bytes);
    cap_bytes += cap_bytes / 2;
    if (cap_bytes < used_bytes + size_bytes) /* a large value has no more room than it needs */
        cap_bytes = used_bytes + size_bytes;
    if (cap_bytes > INT32_MAX)
        cap_bytes = INT32_MAX;
    if (!grow_bytes(&array->data, cap_bytes))
        return vf_error_nomem(err);
    array->cap_data_bytes = cap_bytes;
    return VF_OK;
}

/* Room for `size_bytes` more of a VARIABLE array. */
static enum vf_status make_bytes(struct vf_array *array, size_t size_bytes, struct vf_error *err)
{
    if (size_bytes <= array->cap_data_bytes - (size_t)array->offsets[array->n_values])
        return VF_OK;
    return grow_data(array, size_bytes, err);
}

enum vf_status vf_array_add_null(struct vf_array *array, struct vf_error *err)
{
    enum vf_status status = make_room(array, err);

    if (status != VF_OK)
        return status;
    int64_t i = array->n_values++;
    append_bit(array->validity, i, false);
    array->n_null++;
    if (array->layout == VF_LAYOUT_BITS)
        append_bit(array->data, i, false);
    else if (array->layout == VF_LAYOUT_FIXED)
        memset(array->data + (size_t)i * array->width, 0, array->width);
    else
        array->offsets[i + 1] = array->offsets[i];
    return VF_OK;
}

enum vf_status vf_array_add_bool(struct vf_array *array, bool value, struct vf_error *err)
{
    enum vf_status status = make_room(array, err);

    if (status != VF_OK)
        return status;
    int64_t i = array->n_values++;
    append_bit(array->validity, i, true);
    append_bit(array->data, i, value);
    return VF_OK;
}

uint8_t *vf_array_grow(struct vf_array *array, size_t size_bytes, struct vf_error *err)
{
    if (make_room(array, err) != VF_OK)
        return NULL;
    if (array->layout == VF_LAYOUT_VARIABLE && make_bytes(array, size_bytes, err) != VF_OK)
        return NULL;
    int64_t i = array->n_values++;
    append_bit(array->validity, i, true);
    if (array->layout == VF_LAYOUT_FIXED)
        return array->data + (size_t)i * array->width;
    array->offsets[i + 1] = array->offsets[i] + (int32_t)size_bytes;
    return array->data + array->offsets[i];
}

void vf_array_shrink_last(struct vf_array *array, size_t size_bytes)
{
    array->offsets[array->n_values] = array->offsets[array->n_values - 1] + (int32_t)size_bytes;
}

/* A copy of a constant size is one instruction instead of a call. */
static void copy_fixed(uint8_t *to, const void *value, size_t width)
{
    if (width == 8)
        memcpy(to, value, 8);
    else if (width == 4)
        memcpy(to, value, 4);
    else
        memcpy(to, value, width);
}

enum vf_status vf_array_add_fixed(struct vf_array *array, const void *value, struct vf_error *err)
{
    enum vf_status status = make_room(array, err);

    if (status != VF_OK)
        return status;
    int64_t i = array->n_values++;
    append_bit(array->validity, i, true);
    copy_fixed(array->data + (size_t)i * array->width, value, array->width);
    return VF_OK;
}

enum vf_status vf_array_add_bytes(struct vf_array *array, const void *bytes, size_t size_bytes, struct vf_error *err)
{
    enum vf_status status = make_room(array, err);

    if (status == VF_OK)
        status = make_bytes(array, size_bytes, err);
    if (status != VF_OK)
        return status;
    int64_t i = array->n_values++;
    append_bit(array->validity, i, true);
    if (size_bytes > 0)
        memcpy(array->data + array->offsets[i], bytes, size_bytes);
    array->offsets[i + 1] = array->offsets[i] + (int32_t)size_bytes;
    return VF_OK;
}

int64_t vf_array_i64(const struct vf_array *array, int64_t row)
{
    const uint8_t *value = array->data + (size_t)row * array->width;
    int64_t i64;
    int32_t i32;
    int16_t i16;

    switch (array->width) {
    case 8:
        memcpy(&i64, value, sizeof(i64));
        return i64;
    case 4:
        memcpy(&i32, value, sizeof(i32));
        return i32;
    case 2:
        memcpy(&i16, value, sizeof(i16));
        return i16;
    default:
        return (int8_t)value[0];
    }
}

double vf_array_f64(const struct vf_array *array, int64_t row)
{
    float f32;
    double f64;

    if (array->width == sizeof(f32)) {
        memcpy(&f32, array->data + (size_t)row * sizeof(f32), sizeof(f32));
        return (double)f32;
    }
    memcpy(&f64, array->data + (size_t)row * sizeof(f64), sizeof(f64));
    return f64;
}

/* ---- rejects ---- */

enum vf_status vf_reject_add(struct vf_reject_list *list, const struct vf_reject *reject, struct vf_error *err)
{
    size_t n = list->n_rejects;
    struct vf_arena *arena = &list->arena;

    if (n == 0 || (n & (n - 1)) == 0) { /* the capacity is the next power of two */
        struct vf_reject *grown = vf_arena_alloc(arena, n == 0 ? 1 : n * 2, sizeof(*grown));
        if (grown == NULL)
            return vf_error_nomem(err);
        if (n > 0)
            memcpy(grown, list->rejects, n * sizeof(*grown));
        list->rejects = grown;
    }
    struct vf_reject copy = *reject;
    const char *reason = reject->reason != NULL ? reject->reason : "";
    bool is_cut = reject->original != NULL && reject->original_bytes > MAX_ORIGINAL_BYTES;
    copy.table = vf_arena_strdup(arena, reject->table != NULL ? reject->table : "");
    copy.key = vf_arena_strdup(arena, reject->key != NULL ? reject->key : "{}");
    copy.column = vf_arena_strdup(arena, reject->column);
    copy.reason = is_cut ? vf_arena_printf(arena, "%s (of the original's %zu bytes the first %zu are kept)", reason,
                                           reject->original_bytes, MAX_ORIGINAL_BYTES)
                         : vf_arena_strdup(arena, reason);
    if (reject->original != NULL) {
        copy.original_bytes = is_cut ? MAX_ORIGINAL_BYTES : reject->original_bytes;
        copy.original = (const uint8_t *)vf_arena_strndup(arena, (const char *)reject->original, copy.original_bytes);
    }
    bool failed = copy.table == NULL || copy.key == NULL || copy.reason == NULL ||
                  (reject->column != NULL && copy.column == NULL) ||
                  (reject->original != NULL && copy.original == NULL);
    if (failed)
        return vf_error_nomem(err);
    list->rejects[list->n_rejects++] = copy;
    return VF_OK;
}

void vf_reject_list_clear(struct vf_reject_list *list)
{
    vf_arena_reset(&list->arena);
    list->n_rejects = 0;
    list->rejects = NULL;
}

void vf_reject_list_release(struct vf_reject_list *list)
{
    vf_arena_release(&list->arena);
    *list = (struct vf_reject_list){0};
}

/* ---- batches ---- */

enum vf_status vf_batch_init(struct vf_batch *batch, size_t n_columns, const struct vf_type *types, int64_t max_rows,
                             size_t max_bytes, struct vf_error *err)
{
    *batch = (struct vf_batch){.n_columns = n_columns, .max_rows = max_rows, .max_bytes = max_bytes};
    batch->columns = vf_calloc(n_columns, sizeof(*batch->columns));
    if (batch->columns == NULL) {
        *batch = (struct vf_batch){0};
        return vf_error_nomem(err);
    }
    for (size_t i = 0; i < n_columns; i++) {
        struct vf_array *array = &batch->columns[i];
        array->type = types[i];
        array->layout = vf_type_layout(types[i]);
        array->width = vf_type_width(types[i]);
        if (!grow_values(array)) {
            vf_batch_release(batch);
            return vf_error_nomem(err);
        }
    }
    return VF_OK;
}

void vf_batch_reset(struct vf_batch *batch)
{
    for (size_t i = 0; i < batch->n_columns; i++) {
        batch->columns[i].n_values = 0;
        batch->columns[i].n_null = 0;
    }
    batch->n_rows = 0;
    batch->size_bytes = 0;
    vf_reject_list_clear(&batch->rejects);
}

void vf_batch_release(struct vf_batch *batch)
{
    for (size_t i = 0; i < batch->n_columns; i++) {
        vf_free(batch->columns[i].validity);
        vf_free(batch->columns[i].offsets);
        vf_free(batch->columns[i].data);
    }
    vf_free(batch->columns);
    vf_reject_list_release(&batch->rejects);
    *batch = (struct vf_batch){0};
}

bool vf_batch_is_full(const struct vf_batch *batch)
{
    return batch->n_rows >= batch->max_rows || (batch->n_rows > 0 && batch->size_bytes >= batch->max_bytes);
}

static size_t value_bytes(const struct vf_array *array, int64_t row)
{
    if (array->layout == VF_LAYOUT_VARIABLE)
        return (size_t)(array->offsets[row + 1] - array->offsets[row]) + sizeof(int32_t);
    return array->layout == VF_LAYOUT_FIXED ? array->width : 1;
}

void vf_batch_end_row(struct vf_batch *batch)
{
    for (size_t i = 0; i < batch->n_columns; i++)
        batch->size_bytes += value_bytes(&batch->columns[i], batch->n_rows);
    batch->n_rows++;
}

void vf_batch_cancel_row(struct vf_batch *batch)
{
    for (size_t i = 0; i < batch->n_columns; i++) {
        struct vf_array *array = &batch->columns[i];
        if (array->n_values > batch->n_rows) {
            if (vf_array_is_null(array, array->n_values - 1))
                array->n_null--;
            array->n_values = batch->n_rows;
        }
    }
}

static enum vf_status rewrite_values(const struct vf_array *array, vf_rewrite_fn rewrite, void *context,
                                     int32_t *offsets, struct vf_buf *out, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    offsets[0] = 0;
    for (int64_t row = 0; row < array->n_values && status == VF_OK; row++) {
        size_t size_bytes;
        const uint8_t *bytes = vf_array_value(array, row, &size_bytes);
        if (!vf_array_is_null(array, row))
            status = rewrite(context, row, bytes, size_bytes, out, err);
        if (status == VF_OK)
            status = vf_buf_check(out, err);
        offsets[row + 1] = (int32_t)out->size_bytes;
    }
    return status;
}

enum vf_status vf_batch_rewrite(struct vf_batch *batch, size_t column, vf_rewrite_fn rewrite, void *context,
                                struct vf_error *err)
{
    struct vf_array *array = &batch->columns[column];
    int32_t *offsets = vf_alloc((size_t)array->cap_values + 1, sizeof(*offsets));
    struct vf_buf out;

    if (offsets == NULL)
        return vf_error_nomem(err);
    vf_buf_init(&out, INT32_MAX);
    enum vf_status status = vf_buf_reserve(&out, array->cap_data_bytes) == NULL
                                ? vf_buf_check(&out, err)
                                : rewrite_values(array, rewrite, context, offsets, &out, err);
    if (status != VF_OK) {
        vf_free(offsets);
        vf_buf_release(&out);
        return status;
    }
    batch->size_bytes += out.size_bytes - (size_t)array->offsets[array->n_values];
    vf_free(array->offsets);
    vf_free(array->data);
    array->offsets = offsets;
    array->cap_data_bytes = out.cap_bytes < INT32_MAX ? out.cap_bytes : INT32_MAX;
    array->data = (uint8_t *)out.data; /* of vf_alloc(), as the old one was */
    return VF_OK;
}

static void set_bit(uint8_t *bitmap, int64_t i, bool value)
{
    uint8_t mask = (uint8_t)(1u << (i & 7));

    bitmap[i >> 3] = (uint8_t)(value ? bitmap[i >> 3] | mask : bitmap[i >> 3] & ~mask);
}

/* Move row `from` to the place of row `to`, which is before it and whose value is no longer wanted. */
static void move_value(struct vf_array *array, int64_t from, int64_t to)
{
    set_bit(array->validity, to, !vf_array_is_null(array, from));
    if (array->layout == VF_LAYOUT_BITS) {
        set_bit(array->data, to, vf_array_bool(array, from));
    } else if (array->layout == VF_LAYOUT_FIXED) {
        memmove(array->data + (size_t)to * array->width, array->data + (size_t)from * array->width, array->width);
    } else {
        int32_t begin = array->offsets[from], size = array->offsets[from + 1] - begin;
        if (size > 0)
            memmove(array->data + array->offsets[to], array->data + begin, (size_t)size);
        array->offsets[to + 1] = array->offsets[to] + size;
    }
}

enum vf_status vf_batch_drop_rows(struct vf_batch *batch, const bool *drop, struct vf_error *err)
{
    int64_t n_kept = 0;

    (void)err;
    for (size_t i = 0; i < batch->n_columns; i++) {
        struct vf_array *array = &batch->columns[i];
        int64_t to = 0;
        for (int64_t row = 0; row < batch->n_rows; row++) {
            if (drop[row])
                array->n_null -= vf_array_is_null(array, row);
            else if (to != row)
                move_value(array, row, to++);
            else
                to++;
        }
        array->n_values = to;
    }
    for (int64_t row = 0; row < batch->n_rows; row++)
        n_kept += !drop[row];
    batch->n_rows = 0;
    batch->size_bytes = 0;
    while (batch->n_rows < n_kept)
        vf_batch_end_row(batch);
    return VF_OK;
}
