#include "engine/record.h"

#include <string.h>

int vf_record_compare(enum vf_record_kind kind, const struct vf_record_value *a, const struct vf_record_value *b)
{
    if (a->is_null || b->is_null)
        return (int)b->is_null - (int)a->is_null;
    if (kind == VF_RECORD_INTEGER)
        return (a->integer > b->integer) - (a->integer < b->integer);
    size_t common = a->size_bytes < b->size_bytes ? a->size_bytes : b->size_bytes;
    int order = common == 0 ? 0 : memcmp(a->bytes, b->bytes, common);
    return order != 0 ? order : (a->size_bytes > b->size_bytes) - (a->size_bytes < b->size_bytes);
}

static bool has_bytes(enum vf_record_kind kind, const struct vf_record_value *value)
{
    return !value->is_null && kind != VF_RECORD_INTEGER;
}

struct vf_record_value *vf_record_copy(size_t n_values, const enum vf_record_kind *kinds,
                                       const struct vf_record_value *values)
{
    size_t head_bytes = n_values * sizeof(*values), size_bytes = 0;
    for (size_t i = 0; i < n_values; i++)
        size_bytes += has_bytes(kinds[i], &values[i]) ? values[i].size_bytes : 0;
    struct vf_record_value *copy = vf_calloc(1, head_bytes + size_bytes);
    if (copy == NULL)
        return NULL;
    char *bytes = (char *)copy + head_bytes;
    for (size_t i = 0; i < n_values; i++) {
        copy[i] = values[i];
        copy[i].bytes = NULL;
        if (!has_bytes(kinds[i], &values[i]))
            continue;
        copy[i].bytes = bytes;
        if (values[i].size_bytes > 0)
            memcpy(bytes, values[i].bytes, values[i].size_bytes);
        bytes += values[i].size_bytes;
    }
    return copy;
}
