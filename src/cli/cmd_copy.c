#include "cli/commands.h"

#include <string.h>
#include <unistd.h>

/* Tables are dropped only after a yes: by --yes, or by a person at the terminal. Never a prompt that nobody sees. */
static int confirm_drop(struct vf_cli *cli)
{
    char answer[16];

    if (!cli->drop_existing || cli->yes)
        return 0;
    if (!isatty(STDIN_FILENO))
        return vf_cli_refuse(cli, VECFERRY_USAGE,
                             "--drop-existing drops tables in the target, and there is no terminal to ask",
                             "add --yes if that is meant");
    fputs("Tables of the plan that exist in the target will be dropped with their rows. Go on? [y/N] ", stderr);
    if (fgets(answer, sizeof(answer), stdin) == NULL || (answer[0] != 'y' && answer[0] != 'Y'))
        return vf_cli_refuse(cli, VECFERRY_USAGE, "not confirmed, nothing was touched", "");
    return 0;
}

static void show(struct vf_cli *cli)
{
    json_t *result = json_loads(vecferry_result(cli->v), 0, NULL);

    if (json_object_get(result, "tables") != NULL) {
        vf_show_tables(stdout, result);
    } else if (vecferry_plan_text(cli->v) != NULL) { /* --dry-run, or stopped by what the plan found */
        if (cli->dry_run)
            fputs(vecferry_plan_text(cli->v), stdout);
        vf_show_problems(stderr, result);
    }
    json_decref(result);
}

int vf_command_copy(struct vf_cli *cli)
{
    static const char *const names[] = {"source", "target", "target2"};
    int code = vf_cli_positional(cli, names, 3);

    if (code == 0)
        code = confirm_drop(cli);
    if (code != 0)
        return code;
    vf_progress_begin(cli);
    code = vecferry_copy(cli->v);
    vf_progress_end();
    if (!cli->json)
        show(cli);
    return vf_cli_end(cli, code);
}
