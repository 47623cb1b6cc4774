/*
 * Values of records, for engines that hold them themselves instead of in SQL tables (mem, files).
 */
#ifndef VF_ENGINE_RECORD_H
#define VF_ENGINE_RECORD_H

#include "engine/engine.h"

/* NULL comes first, then by number or by bytes: negative, 0 or positive. */
int vf_record_compare(enum vf_record_kind kind, const struct vf_record_value *a, const struct vf_record_value *b);

/* A copy in one allocation, with the bytes behind the values. NULL: no memory. */
struct vf_record_value *vf_record_copy(size_t n_values, const enum vf_record_kind *kinds,
                                       const struct vf_record_value *values);

#endif
