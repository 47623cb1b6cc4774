#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/target.h"
#include "engine/sqlitesql/vec0.h"
#include "engine/sqlitesql/vec0_target.h"
#include "model/problem.h"

/* `status`: of adding the problem, which comes back. */
static enum vf_status say_rename(enum vf_status status, const char *name, struct vf_problem_list *problems,
                                 struct vf_error *err)
{
    if (status != VF_OK)
        return status;
    char *text = vf_arena_printf(&problems->arena, "rename: my_%s", name);
    return text != NULL ? vf_problem_say(problems, text, err) : vf_error_nomem(err);
}

/* Beside a vec0 table lie others, under names that are taken with it. */
static enum vf_status check_shadows(const struct vf_schema *wanted, const struct vf_table *table,
                                    struct vf_problem_list *problems, struct vf_error *err)
{
    for (size_t i = 0; table->kind == VF_TABLE_VEC0 && i < wanted->n_tables; i++) {
        if (vf_sqlite_is_shadow(wanted->tables[i].name, table->name, "vec0"))
            return say_rename(vf_problem_add_about(problems, VF_SEVERITY_BLOCK, VF_USAGE, &wanted->tables[i], NULL,
                                                   "give it another name by rename: in the plan", err,
                                                   "the vec0 table \"%s\" keeps its data in a table of this name",
                                                   table->name),
                              wanted->tables[i].name, problems, err);
    }
    return VF_OK;
}

static enum vf_status check_name(const struct vf_table *table, struct vf_problem_list *problems, struct vf_error *err)
{
    char head[8] = "";
    memcpy(head, table->name, strnlen(table->name, sizeof(head) - 1));
    if (vf_strcasecmp(head, "sqlite_") != 0)
        return VF_OK;
    enum vf_status status = vf_problem_add_about(problems, VF_SEVERITY_BLOCK, VF_USAGE, table, NULL,
                                                 "give it another name by rename: in the plan", err,
                                                 "SQLite keeps names that begin with \"sqlite_\" for itself");
    return say_rename(status, table->name, problems, err);
}

/* Names that are one to SQLite are found by the plan, and so are too many columns. */
enum vf_status vf_sqlite_check_names(const struct vf_schema *wanted, struct vf_problem_list *problems,
                                     struct vf_error *err)
{
    enum vf_status status = VF_OK;
    for (size_t i = 0; status == VF_OK && i < wanted->n_tables; i++) {
        status = check_name(&wanted->tables[i], problems, err);
        if (status == VF_OK)
            status = check_shadows(wanted, &wanted->tables[i], problems, err);
    }
    return status;
}
