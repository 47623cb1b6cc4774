#include "engine/ddl.h"

#include <inttypes.h>

enum vf_status vf_ddl_write_expression(const struct vf_dialect *dialect, const struct vf_table *table,
                                       const struct vf_column *column, const struct vf_expr *expr, bool is_default,
                                       struct vf_buf *sql, struct vf_error *err)
{
    /* What may be different because of where it comes from was decided when it was translated. */
    const struct vf_expr_scope scope = {.table = table, .column = column, .is_default = is_default};
    struct vf_arena arena = {0};
    const char *why = NULL;
    enum vf_status status = VF_OK;
    if (!vf_expr_write(dialect, &scope, expr, &arena, sql, &why))
        status = vf_error_set(err, VF_INTERNAL, "an expression of table \"%s\" isn't one that was translated: %s",
                              table->name, why);
    vf_arena_release(&arena);
    return status;
}

void vf_ddl_write_view(const struct vf_step *step, vf_ddl_name_fn name, struct vf_buf *sql)
{
    bool is_made = step->kind == VF_STEP_VIEW;
    vf_buf_str(sql, is_made ? "CREATE VIEW " : "DROP VIEW IF EXISTS ");
    name(sql, step->view->schema, step->view->name);
    if (!is_made)
        return;
    vf_buf_str(sql, " AS ");
    vf_buf_str(sql, step->view->text);
}

void vf_ddl_write_trial(const struct vf_view *view, vf_ddl_name_fn name, struct vf_buf *sql)
{
    vf_buf_str(sql, "SELECT * FROM ");
    name(sql, view->schema, view->name);
    vf_buf_str(sql, " LIMIT 0");
}

enum vf_status vf_ddl_check_columns(const struct vf_view *view, int64_t n_columns, struct vf_error *err)
{
    if (n_columns == (int64_t)view->n_columns)
        return VF_OK;
    return vf_error_set(err, VF_ENGINE, "it has %" PRId64 " columns in place of %zu", n_columns, view->n_columns);
}
