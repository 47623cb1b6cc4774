/*
 * Statements of a target, as far as databases write them alike.
 */
#ifndef VF_ENGINE_DDL_H
#define VF_ENGINE_DDL_H

#include "engine/engine.h"

/* How an engine writes the name of a table or view in a statement. */
typedef void (*vf_ddl_name_fn)(struct vf_buf *sql, const char *schema, const char *name);

/* Append an expression of a table that is made; `column`: the one that is computed, or whose default it is, or NULL. VF_INTERNAL: the plan has one that the dialect doesn't take. */
enum vf_status vf_ddl_write_expression(const struct vf_dialect *dialect, const struct vf_table *table,
                                       const struct vf_column *column, const struct vf_expr *expr, bool is_default,
                                       struct vf_buf *sql, struct vf_error *err) VF_CHECKED;

/* Append CREATE VIEW or DROP VIEW, as VF_STEP_VIEW or VF_STEP_DROP_VIEW says. */
void vf_ddl_write_view(const struct vf_step *step, vf_ddl_name_fn name, struct vf_buf *sql);
/* Append a SELECT of no rows of the view: what CREATE VIEW hasn't looked at is looked at then. */
void vf_ddl_write_trial(const struct vf_view *view, vf_ddl_name_fn name, struct vf_buf *sql);
/* VF_ENGINE: it hasn't as many columns as it should have. */
enum vf_status vf_ddl_check_columns(const struct vf_view *view, int64_t n_columns, struct vf_error *err) VF_CHECKED;

#endif
