#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/target.h"
#include "model/problem.h"

/* Names that are one to SQLite are found by the plan, and so are too many columns. */
enum vf_status vf_sqlite_check_names(const struct vf_schema *wanted, struct vf_problem_list *problems,
                                     struct vf_error *err)
{
    enum vf_status status = VF_OK;
    for (size_t i = 0; status == VF_OK && i < wanted->n_tables; i++) {
        const struct vf_table *table = &wanted->tables[i];
        char head[8] = "";
        memcpy(head, table->name, strnlen(table->name, sizeof(head) - 1));
        if (vf_strcasecmp(head, "sqlite_") != 0)
            continue;
        status = vf_problem_add_about(problems, VF_SEVERITY_BLOCK, VF_USAGE, table, NULL,
                                      "give it another name by rename: in the plan", err,
                                      "SQLite keeps names that begin with \"sqlite_\" for itself");
        char *text = vf_arena_printf(&problems->arena, "rename: my_%s", table->name);
        if (status == VF_OK)
            status = text != NULL ? vf_problem_say(problems, text, err) : vf_error_nomem(err);
    }
    return status;
}
