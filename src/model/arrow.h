/*
 * Export of a batch by the Arrow C data interface (https://arrow.apache.org/docs/format/CDataInterface.html), without copying the values where Arrow has the layout:
 * timestamps are moved to Arrow's epoch (1970) and so copied; INTERVAL becomes fixed binary w:16 (months, days, microseconds, little-endian), VECTOR a fixed-size
 * list of its element type (bf16 and bits: fixed binary), everything textual utf8, SPARSE binary.
 *
 * The exported array takes over the batch: vf_batch_to_arrow_take() empties `batch` (as after vf_batch_release()), and the array's release callback frees the memory.
 */
#ifndef VF_MODEL_ARROW_H
#define VF_MODEL_ARROW_H

#include <stdint.h>

#include "model/batch.h"

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE           2
#define ARROW_FLAG_MAP_KEYS_SORTED    4

/* These two are fixed by the specification, down to the names of their fields. */
struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
#endif

/* A struct array with one child a column; names[i] is the name of column i (copied). On failure nothing was taken over. */
enum vf_status vf_batch_to_arrow_take(struct vf_batch *batch, const char *const *names, struct ArrowSchema *schema,
                                      struct ArrowArray *array, struct vf_error *err) VF_CHECKED;

#endif
