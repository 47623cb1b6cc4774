#include "cli/commands.h"

int vf_command_verify(struct vf_cli *cli)
{
    static const char *const names[] = {"source", "target", "target2"};
    int code = vf_cli_positional(cli, names, 3);

    if (code != 0)
        return code;
    vf_progress_begin(cli);
    code = vecferry_verify(cli->v);
    vf_progress_end();
    if (!cli->json) {
        json_t *result = json_loads(vecferry_result(cli->v), 0, NULL);
        vf_show_tables(stdout, result);
        json_decref(result);
    }
    return vf_cli_end(cli, code);
}
