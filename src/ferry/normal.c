#include "ferry/normal.h"

#include <string.h>

#include "model/json_normal.h"

struct rewriting {
    vf_normal_refused_fn refused;
    void *context;
    size_t column;
    enum vf_kind kind;
    struct vf_buf scratch;
};

static bool has_normal(struct vf_type type)
{
    return (type.kind == VF_K_JSON || type.kind == VF_K_DECIMAL) && type.normal;
}

/* The number without zeros at the end of its fraction. */
static void write_number(const char *text, size_t size_bytes, struct vf_buf *out)
{
    if (memchr(text, '.', size_bytes) != NULL) {
        while (text[size_bytes - 1] == '0')
            size_bytes--;
        size_bytes -= text[size_bytes - 1] == '.';
    }
    vf_buf_add(out, text, size_bytes);
}

/* NULL, or why there is none. */
static const char *normal_of(enum vf_kind kind, const char *text, size_t size_bytes, struct vf_buf *out, size_t *offset)
{
    if (kind == VF_K_JSON)
        return vf_json_normal(text, size_bytes, out, offset);
    write_number(text, size_bytes, out);
    return NULL;
}

/* A value that the target can't take is the check's to judge (invalid UTF-8 too); here it only has no other writing. */
static enum vf_status write_normal(void *context, int64_t row, const uint8_t *bytes, size_t size_bytes,
                                   struct vf_buf *out, struct vf_error *err)
{
    struct rewriting *rewriting = context;
    size_t offset = 0;

    vf_buf_clear(&rewriting->scratch);
    const char *why = normal_of(rewriting->kind, (const char *)bytes, size_bytes, &rewriting->scratch, &offset);
    enum vf_status status = vf_buf_check(&rewriting->scratch, err);
    if (status != VF_OK)
        return status;
    if (why == NULL) {
        vf_buf_add(out, rewriting->scratch.data, rewriting->scratch.size_bytes);
        return VF_OK;
    }
    vf_buf_add(out, bytes, size_bytes);
    return rewriting->refused != NULL ? rewriting->refused(rewriting->context, rewriting->column, row, why, offset, err)
                                      : VF_OK;
}

/* What a jsonb column gives is: then nothing is written anew. */
static enum vf_status is_normal(const struct vf_array *array, struct vf_buf *scratch, bool *normal,
                                struct vf_error *err)
{
    enum vf_status status = VF_OK;

    *normal = true;
    for (int64_t row = 0; row < array->n_values && *normal && status == VF_OK; row++) {
        size_t size_bytes, offset;
        const char *text = (const char *)vf_array_value(array, row, &size_bytes);
        if (vf_array_is_null(array, row))
            continue;
        vf_buf_clear(scratch);
        const char *why = normal_of(array->type.kind, text, size_bytes, scratch, &offset);
        status = vf_buf_check(scratch, err);
        *normal = status == VF_OK && why == NULL && scratch->size_bytes == size_bytes &&
                  memcmp(scratch->data, text, size_bytes) == 0;
    }
    return status;
}

enum vf_status vf_normal_batch(struct vf_batch *batch, vf_normal_refused_fn refused, void *context,
                               struct vf_error *err)
{
    struct rewriting rewriting = {.refused = refused, .context = context};
    enum vf_status status = VF_OK;

    vf_buf_init(&rewriting.scratch, VF_BUF_MAX);
    for (size_t i = 0; i < batch->n_columns && status == VF_OK; i++) {
        bool normal = true;
        rewriting.column = i;
        rewriting.kind = batch->columns[i].type.kind;
        if (has_normal(batch->columns[i].type))
            status = is_normal(&batch->columns[i], &rewriting.scratch, &normal, err);
        if (status == VF_OK && !normal)
            status = vf_batch_rewrite(batch, i, write_normal, &rewriting, err);
    }
    vf_buf_release(&rewriting.scratch);
    return status;
}
