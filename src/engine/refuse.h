/*
 * Rows that an engine refuses while it loads, in the words of one place.
 */
#ifndef VF_ENGINE_REFUSE_H
#define VF_ENGINE_REFUSE_H

#include "engine/engine.h"

/* Why a row is refused; reason NULL: it isn't. */
struct vf_refusal {
    const char *reason;
    const char *sqlstate; /* five characters */
    const char *column;   /* NULL: the row as a whole */
    const char *key;      /* name of the key that is there already, or NULL */
};

/* Add the row to `rejects`; with `rejects` NULL it is an error, VF_VALUE, that names table, key and column. */
enum vf_status vf_refuse_row(const struct vf_relation *relation, const struct vf_batch *batch, int64_t row,
                             const struct vf_refusal *refusal, struct vf_reject_list *rejects,
                             struct vf_error *err) VF_CHECKED;

/* Add the row to `rejects`, with its original bytes where there are some; `column` is an index of the relation's fields, or n_fields: the row as a whole. */
enum vf_status vf_refuse_at(const struct vf_relation *relation, const struct vf_batch *batch, int64_t row,
                            size_t column, const char *reason, struct vf_reject_list *rejects,
                            struct vf_error *err) VF_CHECKED;

/* JSON object of the row's key columns, appended. */
void vf_refuse_key(const struct vf_relation *relation, const struct vf_batch *batch, int64_t row, struct vf_buf *out);

#endif
