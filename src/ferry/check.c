#include "ferry/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ferry/normal.h"
#include "ferry/nul.h"
#include "model/temporal.h"
#include "vector/convert.h"

void vf_check_scratch_release(struct vf_check_scratch *scratch)
{
    vf_free(scratch->drop);
    vf_buf_release(&scratch->key);
    *scratch = (struct vf_check_scratch){0};
}

static bool is_textual(enum vf_kind kind)
{
    return kind == VF_K_DECIMAL || kind == VF_K_TEXT || kind == VF_K_JSON || kind == VF_K_ENUM || kind == VF_K_ARRAY ||
           kind == VF_K_OTHER;
}

/* The batch, the rules and the column under the glass: what the small checks below share. */
struct check {
    struct vf_batch *batch;
    const struct vf_check_rules *rules;
    struct vf_check_scratch *scratch;
    size_t column;
    struct vf_error *err;
};

static enum vf_status reject(struct check *check, int64_t row, const char *reason)
{
    const struct vf_relation *from = check->rules->from;
    const struct vf_array *array = &check->batch->columns[check->column];
    struct vf_reject entry = {
        .table = check->rules->label, .column = from->fields[check->column].name, .reason = reason, .row = -1};
    const char *names[64];

    if (check->scratch->drop[row]) /* one reason a row is enough */
        return VF_OK;
    check->scratch->drop[row] = true;
    vf_buf_clear(&check->scratch->key);
    size_t n_key = from->n_key < 64 ? from->n_key : 64;
    for (size_t i = 0; i < n_key; i++)
        names[i] = from->fields[from->key[i]].name;
    vf_batch_key_json(check->batch, row, n_key, from->key, names, &check->scratch->key);
    enum vf_status status = vf_buf_check(&check->scratch->key, check->err);
    if (status != VF_OK)
        return status;
    entry.key = check->scratch->key.data;
    if (!vf_array_is_null(array, row) && array->layout != VF_LAYOUT_BITS)
        entry.original = vf_array_value(array, row, &entry.original_bytes);
    return vf_reject_add(&check->batch->rejects, &entry, check->err);
}

static enum vf_status check_null(struct check *check, int64_t row)
{
    char reason[160];

    snprintf(reason, sizeof(reason), "NULL in column \"%.100s\", which is not null in the target",
             check->rules->to->fields[check->column].name);
    return reject(check, row, reason);
}

static enum vf_status check_text(struct check *check, int64_t row)
{
    const struct vf_limits *limits = check->rules->limits;
    size_t size_bytes;
    const char *text = (const char *)vf_array_value(&check->batch->columns[check->column], row, &size_bytes);
    char reason[96];

    if (!limits->text_nul) {
        const char *nul = memchr(text, 0, size_bytes);
        if (nul != NULL) {
            snprintf(reason, sizeof(reason), VF_CHECK_NUL ", at byte %zu", (size_t)(nul - text));
            return reject(check, row, reason);
        }
    }
    if (!limits->text_any_bytes) {
        size_t bad = vf_utf8_check(text, size_bytes);
        if (bad < size_bytes) {
            snprintf(reason, sizeof(reason), "invalid UTF-8 at byte %zu: 0x%02x", bad, (unsigned char)text[bad]);
            return reject(check, row, reason);
        }
    }
    return VF_OK;
}

static enum vf_status check_vector(struct check *check, int64_t row)
{
    const struct vf_array *array = &check->batch->columns[check->column];
    size_t size_bytes;
    const uint8_t *bytes = vf_array_value(array, row, &size_bytes);
    ptrdiff_t bad =
        vf_find_nonfinite(array->type.element, bytes, size_bytes / vf_element_bytes(array->type.element, 1));
    char reason[96];

    if (bad < 0)
        return VF_OK;
    snprintf(reason, sizeof(reason), "%s in the vector, at element %td",
             vf_nonfinite_name(array->type.element, bytes, (size_t)bad), bad);
    return reject(check, row, reason);
}

static enum vf_status check_infinity(struct check *check, int64_t row)
{
    const struct vf_array *array = &check->batch->columns[check->column];
    int64_t value = vf_array_i64(array, row);
    bool is_infinite = array->type.kind == VF_K_DATE
                           ? value == VF_DATE_INFINITY || value == VF_DATE_MINUS_INFINITY
                           : value == VF_TIMESTAMP_INFINITY || value == VF_TIMESTAMP_MINUS_INFINITY;

    return is_infinite ? reject(check, row, "the target has no infinite dates and times") : VF_OK;
}

static enum vf_status check_latest(struct check *check, int64_t row)
{
    const struct vf_limits *limits = check->rules->limits;
    int64_t value = vf_array_i64(&check->batch->columns[check->column], row);
    char reason[160], text[VF_TEMPORAL_TEXT_BYTES];

    if (!limits->timestamp_infinity) {
        enum vf_status status = check_infinity(check, row);
        if (status != VF_OK || check->scratch->drop[row])
            return status;
    }
    /* As a text it can be said. */
    bool is_native = check->rules->to->fields[check->column].form == VF_FORM_NATIVE;
    if (!is_native || limits->max_timestamp_us == 0 || value <= limits->max_timestamp_us ||
        value == VF_TIMESTAMP_INFINITY)
        return VF_OK;
    vf_timestamp_format(value, false, text);
    snprintf(reason, sizeof(reason), "%s is later than the target can say", text);
    return reject(check, row, reason);
}

/* What has to be looked at in every value of a column; NULL: nothing. */
static enum vf_status (*value_check(const struct vf_check_rules *rules, struct vf_type type))(struct check *, int64_t)
{
    const struct vf_limits *limits = rules->limits;

    if (is_textual(type.kind) && !(limits->text_nul && limits->text_any_bytes))
        return check_text;
    if (type.kind == VF_K_VECTOR && !limits->vector_not_finite && type.element != VF_E_I8 && type.element != VF_E_BIT)
        return check_vector;
    if (type.kind == VF_K_DATE && !limits->timestamp_infinity)
        return check_infinity;
    if ((type.kind == VF_K_TIMESTAMP || type.kind == VF_K_TIMESTAMPTZ) &&
        (!limits->timestamp_infinity || limits->max_timestamp_us != 0))
        return check_latest;
    return NULL;
}

static enum vf_status check_size(struct check *check, int64_t row)
{
    size_t size_bytes;
    char reason[96];

    vf_array_value(&check->batch->columns[check->column], row, &size_bytes);
    if (size_bytes <= check->rules->limits->max_value_bytes)
        return VF_OK;
    snprintf(reason, sizeof(reason), "%zu bytes, and the target's limit is %" PRIu64, size_bytes,
             check->rules->limits->max_value_bytes);
    return reject(check, row, reason);
}

static enum vf_status check_column(struct check *check)
{
    const struct vf_array *array = &check->batch->columns[check->column];
    enum vf_status (*value)(struct check *, int64_t) = value_check(check->rules, array->type);
    bool not_null = check->rules->to->fields[check->column].not_null && array->n_null > 0;
    bool sized = check->rules->limits->max_value_bytes > 0 && array->layout == VF_LAYOUT_VARIABLE;
    enum vf_status status = VF_OK;

    if (value == NULL && !not_null && !sized)
        return VF_OK;
    for (int64_t row = 0; row < check->batch->n_rows && status == VF_OK; row++) {
        if (vf_array_is_null(array, row)) {
            if (not_null)
                status = check_null(check, row);
            continue;
        }
        if (value != NULL)
            status = value(check, row);
        if (status == VF_OK && sized)
            status = check_size(check, row);
    }
    return status;
}

static enum vf_status reject_json(void *context, size_t column, int64_t row, const char *why, size_t offset,
                                  struct vf_error *err)
{
    struct check *check = context;
    char reason[160];

    (void)err; /* the one in `check` */
    check->column = column;
    snprintf(reason, sizeof(reason), "not what jsonb can hold: %s, at byte %zu", why, offset);
    return reject(check, row, reason);
}

enum vf_status vf_check_batch(struct vf_batch *batch, const struct vf_check_rules *rules,
                              struct vf_check_scratch *scratch, struct vf_error *err)
{
    struct check check = {.batch = batch, .rules = rules, .scratch = scratch, .err = err};
    size_t n_before = batch->rejects.n_rejects;
    enum vf_status status = VF_OK;

    if (batch->n_rows > scratch->cap_rows) {
        bool *drop = vf_realloc(scratch->drop, (size_t)batch->n_rows, sizeof(*drop));
        if (drop == NULL)
            return vf_error_nomem(err);
        scratch->drop = drop;
        scratch->cap_rows = batch->n_rows;
    }
    if (scratch->key.max_bytes == 0)
        vf_buf_init(&scratch->key, VF_BUF_MAX);
    if (batch->n_rows > 0)
        memset(scratch->drop, 0, (size_t)batch->n_rows * sizeof(*scratch->drop));
    status = vf_nul_batch(batch, rules->from, rules->n_changed, err);
    if (status == VF_OK)
        status = vf_normal_batch(batch, reject_json, &check, err);
    for (check.column = 0; check.column < batch->n_columns && status == VF_OK; check.column++)
        status = check_column(&check);
    if (status == VF_OK && batch->rejects.n_rejects > n_before)
        status = vf_batch_drop_rows(batch, scratch->drop, err);
    return status;
}
