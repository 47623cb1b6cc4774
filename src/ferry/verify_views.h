/*
 * The views of a plan, compared by what they show: docs/design/views.md.
 */
#ifndef VF_FERRY_VERIFY_VIEWS_H
#define VF_FERRY_VERIFY_VIEWS_H

#include "ferry/verify.h"

/* After the tables, whose results say which views can be compared. Fills in result->views. */
enum vf_status vf_verify_views(struct vf_crossing *crossing, struct vf_verify_result *result,
                               struct vf_error *err) VF_CHECKED;

#endif
