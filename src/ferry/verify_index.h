/*
 * Vector indexes held against the rows that are stored: is a sidecar of these rows, and how many of the nearest neighbours does an index find?
 *
 * Recall: rows of the target, chosen by their digest so that the same rows give the same ones, are the questions. The index is asked for the ten nearest of each; exact search
 * (vector/distance.h) over all rows says which they are; a row at the distance of the tenth counts as found, whichever of several it is.
 */
#ifndef VF_FERRY_VERIFY_INDEX_H
#define VF_FERRY_VERIFY_INDEX_H

#include "ferry/verify.h"

/* The vector indexes of a table into result->indexes. One that isn't what it should be is no error. */
enum vf_status vf_verify_indexes(struct vf_crossing *crossing, const struct vf_plan_table *table,
                                 struct vf_arena *arena, struct vf_verify_table *result,
                                 struct vf_error *err) VF_CHECKED;

#endif
