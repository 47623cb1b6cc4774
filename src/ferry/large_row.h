/*
 * A row that there was no memory for: a row is in memory as a whole, however little --memory says, so the message has to say which one it was.
 *
 * Both add to a failure with VF_NOMEM, and give it a hint.
 */
#ifndef VF_FERRY_LARGE_ROW_H
#define VF_FERRY_LARGE_ROW_H

#include "engine/engine.h"

/* While the next row was read. `batch` has the rows before it; when it has none, `last` is the key of the last row before, as vf_large_row_keep() left it. */
void vf_large_row_behind(const struct vf_relation *relation, const struct vf_batch *batch, const struct vf_buf *last,
                         struct vf_error *err);
/* While the rows of the batch were looked at or written: the largest of them. */
void vf_large_row_among(const struct vf_relation *relation, const struct vf_batch *batch, struct vf_error *err);
/* The key of the batch's last row; unchanged when there is none. */
void vf_large_row_keep(const struct vf_relation *relation, const struct vf_batch *batch, struct vf_buf *last);

#endif
