#include "model/arrow.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

/* "w:" or "+w:" and a size. */
#define FORMAT_BYTES 32

/* ---- schema ---- */

/* One node and all that it owns; a consumer may move it away from its parent (C data interface, "Moving an array"), so it owns its parts alone. */
struct schema_owner {
    char format[FORMAT_BYTES];
    char *name;
    struct ArrowSchema *child_nodes;
    struct ArrowSchema **children;
};

static void release_schema(struct ArrowSchema *schema)
{
    struct schema_owner *owner = schema->private_data;

    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release != NULL)
            schema->children[i]->release(schema->children[i]);
    }
    vf_free(owner->child_nodes);
    vf_free(owner->children);
    vf_free(owner->name);
    vf_free(owner);
    schema->release = NULL;
}

/* A node with room for its children, which are zero (so not released yet); false: no memory, and nothing is left to release. */
static bool make_schema(struct ArrowSchema *schema, const char *format, const char *name, int64_t n_children)
{
    struct schema_owner *owner = vf_calloc(1, sizeof(*owner));

    *schema = (struct ArrowSchema){0};
    if (owner == NULL)
        return false;
    owner->name = vf_strdup(name);
    owner->child_nodes = vf_calloc((size_t)n_children, sizeof(*owner->child_nodes));
    owner->children = vf_calloc((size_t)n_children, sizeof(*owner->children));
    snprintf(owner->format, sizeof(owner->format), "%s", format);
    *schema = (struct ArrowSchema){
        .format = owner->format,
        .name = owner->name,
        .flags = ARROW_FLAG_NULLABLE,
        .children = owner->children,
        .release = release_schema,
        .private_data = owner,
    };
    if (owner->name == NULL || owner->child_nodes == NULL || owner->children == NULL) {
        release_schema(schema);
        return false;
    }
    for (int64_t i = 0; i < n_children; i++)
        owner->children[i] = &owner->child_nodes[i];
    schema->n_children = n_children;
    return true;
}

/* Format of a column (C data interface, "Data type description"). */
static void format_of(struct vf_type type, char out[FORMAT_BYTES])
{
    static const char *const formats[VF_KIND_COUNT] = {
        [VF_K_BOOL] = "b",        [VF_K_I8] = "c",           [VF_K_I16] = "s",
        [VF_K_I32] = "i",         [VF_K_I64] = "l",          [VF_K_F32] = "f",
        [VF_K_F64] = "g",         [VF_K_DECIMAL] = "u",      [VF_K_TEXT] = "u",
        [VF_K_BLOB] = "z",        [VF_K_UUID] = "w:16",      [VF_K_DATE] = "tdD",
        [VF_K_TIME] = "ttu",      [VF_K_TIMESTAMP] = "tsu:", [VF_K_TIMESTAMPTZ] = "tsu:UTC",
        [VF_K_INTERVAL] = "w:16", [VF_K_JSON] = "u",         [VF_K_ENUM] = "u",
        [VF_K_ARRAY] = "u",       [VF_K_OTHER] = "u",        [VF_K_VECTOR] = "z",
        [VF_K_SPARSE] = "z",
    };

    snprintf(out, FORMAT_BYTES, "%s", formats[type.kind]);
}

/* The format of a vector's elements; NULL when Arrow has no such type. */
static const char *element_format(enum vf_element element)
{
    switch (element) {
    case VF_E_F32:
        return "f";
    case VF_E_F64:
        return "g";
    case VF_E_F16:
        return "e";
    case VF_E_I8:
        return "c";
    case VF_E_BF16:
    case VF_E_BIT:
    case VF_E_NONE:
        break;
    }
    return NULL;
}

static bool is_list(const struct vf_array *column)
{
    return column->type.kind == VF_K_VECTOR && column->layout == VF_LAYOUT_FIXED && column->type.dim <= INT32_MAX &&
           element_format(column->type.element) != NULL;
}

static bool make_column_schema(struct ArrowSchema *schema, const struct vf_array *column, const char *name)
{
    char format[FORMAT_BYTES];

    if (is_list(column)) {
        snprintf(format, sizeof(format), "+w:%" PRIu32, column->type.dim);
        return make_schema(schema, format, name, 1) &&
               make_schema(schema->children[0], element_format(column->type.element), "item", 0);
    }
    if (column->type.kind == VF_K_VECTOR && column->layout == VF_LAYOUT_FIXED)
        snprintf(format, sizeof(format), "w:%zu", column->width);
    else
        format_of(column->type, format);
    return make_schema(schema, format, name, 0);
}

/* ---- array ---- */

struct array_owner {
    const void *buffers[3];
    void *memory[3]; /* the same, for vf_free(); NULL where the memory isn't this node's */
    struct ArrowArray *child_nodes;
    struct ArrowArray **children;
};

static void release_array(struct ArrowArray *array)
{
    struct array_owner *owner = array->private_data;

    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release != NULL)
            array->children[i]->release(array->children[i]);
    }
    for (size_t i = 0; i < 3; i++)
        vf_free(owner->memory[i]);
    vf_free(owner->child_nodes);
    vf_free(owner->children);
    vf_free(owner);
    array->release = NULL;
}

static bool make_array(struct ArrowArray *array, int64_t length, int64_t n_buffers, int64_t n_children)
{
    struct array_owner *owner = vf_calloc(1, sizeof(*owner));

    *array = (struct ArrowArray){0};
    if (owner == NULL)
        return false;
    owner->child_nodes = vf_calloc((size_t)n_children, sizeof(*owner->child_nodes));
    owner->children = vf_calloc((size_t)n_children, sizeof(*owner->children));
    *array = (struct ArrowArray){
        .length = length,
        .n_buffers = n_buffers,
        .buffers = owner->buffers,
        .children = owner->children,
        .release = release_array,
        .private_data = owner,
    };
    if (owner->child_nodes == NULL || owner->children == NULL) {
        release_array(array);
        return false;
    }
    for (int64_t i = 0; i < n_children; i++)
        owner->children[i] = &owner->child_nodes[i];
    array->n_children = n_children;
    return true;
}

/* The node of a column, still without its buffers. */
static bool make_column_array(struct ArrowArray *array, const struct vf_array *column, int64_t n_rows)
{
    if (is_list(column))
        return make_array(array, n_rows, 1, 1) &&
               make_array(array->children[0], n_rows * (int64_t)column->type.dim, 2, 0);
    return make_array(array, n_rows, column->layout == VF_LAYOUT_VARIABLE ? 3 : 2, 0);
}

static void give_buffer(struct ArrowArray *array, size_t i, void *memory)
{
    struct array_owner *owner = array->private_data;

    owner->buffers[i] = memory;
    owner->memory[i] = memory;
}

/* Can't fail, so that a batch is taken as a whole or not at all. */
static void give_buffers(struct ArrowArray *array, struct vf_array *column)
{
    array->null_count = column->n_null;
    give_buffer(array, 0, column->validity);
    if (is_list(column)) {
        give_buffer(array->children[0], 1, column->data);
    } else if (column->layout == VF_LAYOUT_VARIABLE) {
        give_buffer(array, 1, column->offsets);
        give_buffer(array, 2, column->data);
    } else {
        give_buffer(array, 1, column->data);
    }
    column->validity = NULL;
    column->offsets = NULL;
    column->data = NULL;
}

/* ---- timestamps ---- */

static bool is_timestamp(const struct vf_array *column)
{
    return column->type.kind == VF_K_TIMESTAMP || column->type.kind == VF_K_TIMESTAMPTZ;
}

/* Infinities stay what they are: the two ends of the range. */
static bool to_1970(int64_t timestamp_us, int64_t *arrow_us)
{
    *arrow_us = timestamp_us;
    if (timestamp_us == VF_TIMESTAMP_INFINITY || timestamp_us == VF_TIMESTAMP_MINUS_INFINITY)
        return true;
    return !__builtin_add_overflow(timestamp_us, VF_EPOCH_2000_US, arrow_us) && *arrow_us != INT64_MAX;
}

static enum vf_status check_timestamps(const struct vf_array *column, const char *name, int64_t n_rows,
                                       struct vf_error *err)
{
    int64_t moved;

    for (int64_t row = 0; is_timestamp(column) && row < n_rows; row++) {
        if (!to_1970(vf_array_i64(column, row), &moved))
            return vf_error_set(err, VF_VALUE,
                                "column \"%s\", row %" PRId64
                                ": a timestamp after the year 294246 doesn't fit into Arrow's range",
                                name, row);
    }
    return VF_OK;
}

static void move_timestamps(struct vf_array *column, int64_t n_rows)
{
    for (int64_t row = 0; is_timestamp(column) && row < n_rows; row++) {
        int64_t moved = 0;
        if (!vf_array_is_null(column, row) && to_1970(vf_array_i64(column, row), &moved))
            memcpy(column->data + (size_t)row * sizeof(moved), &moved, sizeof(moved));
    }
}

/* ---- the whole ---- */

static bool make_nodes(const struct vf_batch *batch, const char *const *names, struct ArrowSchema *schema,
                       struct ArrowArray *array)
{
    int64_t n_columns = (int64_t)batch->n_columns;

    if (!make_schema(schema, "+s", "", n_columns) || !make_array(array, batch->n_rows, 1, n_columns))
        return false;
    schema->flags = 0; /* rows are never NULL */
    for (size_t i = 0; i < batch->n_columns; i++) {
        if (!make_column_schema(schema->children[i], &batch->columns[i], names[i]) ||
            !make_column_array(array->children[i], &batch->columns[i], batch->n_rows))
            return false;
    }
    return true;
}

enum vf_status vf_batch_to_arrow_take(struct vf_batch *batch, const char *const *names, struct ArrowSchema *schema,
                                      struct ArrowArray *array, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    *schema = (struct ArrowSchema){0};
    *array = (struct ArrowArray){0};
    vf_batch_cancel_row(batch); /* a row that was begun and not ended isn't part of the batch */
    for (size_t i = 0; status == VF_OK && i < batch->n_columns; i++)
        status = check_timestamps(&batch->columns[i], names[i], batch->n_rows, err);
    if (status != VF_OK)
        return status;
    if (!make_nodes(batch, names, schema, array)) {
        if (schema->release != NULL)
            schema->release(schema);
        if (array->release != NULL)
            array->release(array);
        return vf_error_nomem(err);
    }
    for (size_t i = 0; i < batch->n_columns; i++) {
        move_timestamps(&batch->columns[i], batch->n_rows);
        give_buffers(array->children[i], &batch->columns[i]);
    }
    vf_batch_release(batch);
    return VF_OK;
}
