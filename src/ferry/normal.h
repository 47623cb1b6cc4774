/*
 * Columns of the type jsonb: each text is brought into the one writing that says what it means (model/json_normal.h), on both sides, so that digests compare meanings. So are decimals that a view computes, whose
 * fractions have as many zeros at their end as the database likes.
 */
#ifndef VF_FERRY_NORMAL_H
#define VF_FERRY_NORMAL_H

#include "model/batch.h"

/* A text that has no normal writing, for the reason `why` (static) at byte `offset`. It stays as it is. */
typedef enum vf_status (*vf_normal_refused_fn)(void *context, size_t column, int64_t row, const char *why,
                                               size_t offset, struct vf_error *err);

/* `refused` may be NULL. */
enum vf_status vf_normal_batch(struct vf_batch *batch, vf_normal_refused_fn refused, void *context,
                               struct vf_error *err) VF_CHECKED;

#endif
