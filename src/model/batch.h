/*
 * Batches: rows on their way, column by column, laid out as Apache Arrow lays out its arrays
 * (Arrow columnar format 1.4: validity bitmap LSB first; int32 offsets and bytes for variable widths; one contiguous block for fixed widths).
 *
 * A source engine fills a batch row by row or column by column, the check stage takes rows out, the digest and the target engine read it. A batch is bounded
 * in rows and in bytes; it is full when either is reached (a single larger row is let through, alone). Its buffers are kept over vf_batch_reset(), so a run
 * allocates each of them once. A batch belongs to one thread at a time.
 *
 * Rows that the source can't turn into the types of the plan never enter the columns: they go to `rejects`.
 */
#ifndef VF_MODEL_BATCH_H
#define VF_MODEL_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "model/temporal.h"
#include "model/type.h"

struct vf_array {
    struct vf_type type;
    enum vf_layout layout;
    size_t width;     /* bytes of a value, VF_LAYOUT_FIXED */
    int64_t n_values; /* may be one more than the batch's rows while a row is being built */
    int64_t n_null;
    uint8_t *validity; /* bit i set: value i is not NULL */
    int32_t *offsets;  /* VARIABLE: n_values + 1 of them, the first is 0 */
    uint8_t *data;     /* BITS: bitmap; FIXED: n_values * width bytes (NULLs are zero bytes); VARIABLE: the bytes */
    int64_t cap_values;
    size_t cap_data_bytes;
};

/* A row that isn't moved, with all that a person needs to find and mend it. Texts are in the list's arena. */
struct vf_reject {
    const char *table;  /* label of the table */
    const char *key;    /* JSON object of the key columns; or {"rowid": n} or {"ctid": "..."} where there is no key */
    const char *column; /* NULL when the row as a whole is refused */
    const char *reason;
    char sqlstate[6];
    const uint8_t *original; /* the column's bytes as the source stores them; NULL for SQL NULL or none */
    size_t original_bytes;
    int64_t row; /* the row of the batch that it was, or -1 if it never was in one */
    bool has_digest;
    struct vf_hash128 digest; /* of the row, when it could be computed */
};

struct vf_reject_list {
    struct vf_arena arena;
    size_t n_rejects;
    struct vf_reject *rejects;
};

/* Copies the texts and bytes (the original is cut at 1 MiB, and the reason then says so). */
enum vf_status vf_reject_add(struct vf_reject_list *list, const struct vf_reject *reject,
                             struct vf_error *err) VF_CHECKED;
void vf_reject_list_clear(struct vf_reject_list *list);
void vf_reject_list_release(struct vf_reject_list *list);

struct vf_batch {
    size_t n_columns;
    struct vf_array *columns;
    int64_t n_rows;
    int64_t max_rows;
    size_t max_bytes;
    size_t size_bytes; /* of the values in the columns, an estimate kept while appending */
    struct vf_reject_list rejects;
};

enum vf_status vf_batch_init(struct vf_batch *batch, size_t n_columns, const struct vf_type *types, int64_t max_rows,
                             size_t max_bytes, struct vf_error *err) VF_CHECKED;
void vf_batch_reset(struct vf_batch *batch);   /* no rows, no rejects; keeps the memory */
void vf_batch_release(struct vf_batch *batch); /* a zeroed struct is fine */
bool vf_batch_is_full(const struct vf_batch *batch);

/*
 * Building a row: append one value to each column in turn, then vf_batch_end_row(). vf_batch_cancel_row() takes back what was appended since the last
 * end. Appends return VF_NOMEM, or VF_VALUE when a column's bytes would pass 2 GiB - 1.
 */
enum vf_status vf_array_add_null(struct vf_array *array, struct vf_error *err) VF_CHECKED;
enum vf_status vf_array_add_bool(struct vf_array *array, bool value, struct vf_error *err) VF_CHECKED;
enum vf_status vf_array_add_fixed(struct vf_array *array, const void *value,
                                  struct vf_error *err) VF_CHECKED; /* `width` bytes */
enum vf_status vf_array_add_bytes(struct vf_array *array, const void *bytes, size_t size_bytes,
                                  struct vf_error *err) VF_CHECKED;
/* Where the next value goes, to be written in place; it counts as appended and not NULL at once. FIXED: size_bytes is ignored. NULL: no memory or too large. */
uint8_t *vf_array_grow(struct vf_array *array, size_t size_bytes, struct vf_error *err);
/* Cut the last value, which vf_array_grow() made, down to size_bytes (VARIABLE). */
void vf_array_shrink_last(struct vf_array *array, size_t size_bytes);
void vf_batch_end_row(struct vf_batch *batch);
void vf_batch_cancel_row(struct vf_batch *batch);

/* Reading. `row` is below n_rows. */
static inline bool vf_array_is_null(const struct vf_array *array, int64_t row)
{
    return (array->validity[row >> 3] >> (row & 7) & 1) == 0;
}

static inline bool vf_array_bool(const struct vf_array *array, int64_t row)
{
    return (array->data[row >> 3] >> (row & 7) & 1) != 0;
}

/* The bytes of a FIXED or VARIABLE value; valid until the batch changes. */
static inline const uint8_t *vf_array_value(const struct vf_array *array, int64_t row, size_t *size_bytes)
{
    if (array->layout == VF_LAYOUT_VARIABLE) {
        *size_bytes = (size_t)(array->offsets[row + 1] - array->offsets[row]);
        return array->data + array->offsets[row];
    }
    *size_bytes = array->width;
    return array->data + (size_t)row * array->width;
}

/* The whole number of an I8..I64, DATE, TIME or TIMESTAMP(TZ) value, widened. */
int64_t vf_array_i64(const struct vf_array *array, int64_t row);
double vf_array_f64(const struct vf_array *array, int64_t row); /* F32 (widened) and F64 */

/*
 * Each value of a VARIABLE column written anew; NULLs stay. `rewrite` appends the new bytes to `out`; the batch is as it was until all are written.
 */
typedef enum vf_status (*vf_rewrite_fn)(void *context, int64_t row, const uint8_t *bytes, size_t size_bytes,
                                        struct vf_buf *out, struct vf_error *err);
enum vf_status vf_batch_rewrite(struct vf_batch *batch, size_t column, vf_rewrite_fn rewrite, void *context,
                                struct vf_error *err) VF_CHECKED;

/* Take the rows out for which drop[row] is true, keeping the order of the others. */
enum vf_status vf_batch_drop_rows(struct vf_batch *batch, const bool *drop, struct vf_error *err) VF_CHECKED;

/* A date, time, timestamp or interval that isn't NULL in its neutral writing (model/temporal.h), in `out`, NUL-terminated; returns its length. */
size_t vf_array_temporal_text(const struct vf_array *array, int64_t row, char out[VF_TEMPORAL_TEXT_BYTES]);
/* The value as a text that people read in messages and keys (JSON syntax: numbers bare, texts quoted, blobs as hex text, vectors as arrays); appended to `out`. */
void vf_array_to_json(const struct vf_array *array, int64_t row, struct vf_buf *out);

/* JSON object of some columns of a row, e.g. {"id": 7}: the `key` of a reject. names[i] belongs to columns[i]. */
void vf_batch_key_json(const struct vf_batch *batch, int64_t row, size_t n_key, const size_t *columns,
                       const char *const *names, struct vf_buf *out);

#endif
