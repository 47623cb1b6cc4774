/* Small words for tests that fill batches. */
#ifndef VF_TESTS_BATCH_TOOLS_H
#define VF_TESTS_BATCH_TOOLS_H

#include <string.h>

#include "model/batch.h"

#define OK(call) assert_int_equal((call), VF_OK)

static inline void begin_batch(struct vf_batch *batch, size_t n_columns, const struct vf_type *types)
{
    struct vf_error err = {0};

    OK(vf_batch_init(batch, n_columns, types, 1000000, (size_t)1 << 30, &err));
}

static inline void add_text(struct vf_batch *batch, size_t column, const char *text)
{
    OK(vf_array_add_bytes(&batch->columns[column], text, strlen(text), NULL));
}

static inline void add_fixed(struct vf_batch *batch, size_t column, const void *value)
{
    OK(vf_array_add_fixed(&batch->columns[column], value, NULL));
}

static inline void add_null(struct vf_batch *batch, size_t column)
{
    OK(vf_array_add_null(&batch->columns[column], NULL));
}

static inline void add_bool(struct vf_batch *batch, size_t column, bool value)
{
    OK(vf_array_add_bool(&batch->columns[column], value, NULL));
}

#endif
