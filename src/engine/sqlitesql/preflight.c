#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/target.h"
#include "engine/sqlitesql/vec0.h"
#include "engine/sqlitesql/vec0_target.h"
#include "model/problem.h"

static enum vf_status check_columns(const struct vf_sqlite_conn *conn, const struct vf_table *table,
                                    struct vf_problem_list *problems, struct vf_error *err)
{
    if (conn->limits.max_columns > 0 && table->n_columns > conn->limits.max_columns)
        return vf_problem_add(problems, VF_SEVERITY_BLOCK, VF_USAGE, table->name, "leave columns out", err,
                              "%zu columns, and SQLite takes %u", table->n_columns, conn->limits.max_columns);
    for (size_t a = 0; a < table->n_columns; a++) {
        for (size_t b = 0; b < a; b++) {
            if (vf_strcasecmp(table->columns[a].name, table->columns[b].name) != 0)
                continue;
            return vf_problem_add(problems, VF_SEVERITY_BLOCK, VF_USAGE, table->name, "rename one of them in the plan",
                                  err, "the columns \"%s\" and \"%s\" are one name to SQLite", table->columns[b].name,
                                  table->columns[a].name);
        }
    }
    return VF_OK;
}

static enum vf_status check_name(const struct vf_schema *wanted, size_t number, struct vf_problem_list *problems,
                                 struct vf_error *err)
{
    const struct vf_table *table = &wanted->tables[number];
    char head[8] = "";
    memcpy(head, table->name, strnlen(table->name, sizeof(head) - 1));
    if (vf_strcasecmp(head, "sqlite_") == 0)
        return vf_problem_add(problems, VF_SEVERITY_BLOCK, VF_USAGE, table->name, "rename it in the plan", err,
                              "SQLite keeps names that begin with \"sqlite_\" for itself");
    for (size_t i = 0; i < number; i++) {
        if (vf_strcasecmp(wanted->tables[i].name, table->name) == 0)
            return vf_problem_add(problems, VF_SEVERITY_BLOCK, VF_USAGE, table->name, "rename one of them in the plan",
                                  err, "the tables \"%s\" and \"%s\" are one name to SQLite", wanted->tables[i].name,
                                  table->name);
    }
    return VF_OK;
}

/* Beside a vec0 table lie others, under names that are taken with it. */
static enum vf_status check_shadows(const struct vf_schema *wanted, const struct vf_table *table,
                                    struct vf_problem_list *problems, struct vf_error *err)
{
    for (size_t i = 0; table->kind == VF_TABLE_VEC0 && i < wanted->n_tables; i++) {
        if (vf_sqlite_is_shadow(wanted->tables[i].name, table->name, "vec0"))
            return vf_problem_add(problems, VF_SEVERITY_BLOCK, VF_USAGE, wanted->tables[i].name,
                                  "rename it in the plan", err,
                                  "the vec0 table \"%s\" keeps its data in a table of this name", table->name);
    }
    return VF_OK;
}

enum vf_status vf_sqlite_check_names(const struct vf_sqlite_conn *conn, const struct vf_schema *wanted,
                                     struct vf_problem_list *problems, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    for (size_t i = 0; status == VF_OK && i < wanted->n_tables; i++) {
        status = check_name(wanted, i, problems, err);
        if (status == VF_OK)
            status = check_columns(conn, &wanted->tables[i], problems, err);
        if (status == VF_OK)
            status = check_shadows(wanted, &wanted->tables[i], problems, err);
    }
    return status;
}
