#include "cli/commands.h"

int vf_command_inspect(struct vf_cli *cli)
{
    static const char *const names[] = {"source"};
    int code = vf_cli_positional(cli, names, 1);

    if (code != 0)
        return code;
    code = vecferry_inspect(cli->v);
    if (code == 0 && !cli->json) {
        json_t *result = json_loads(vecferry_result(cli->v), 0, NULL);
        vf_show_inspect(stdout, result);
        json_decref(result);
    }
    return vf_cli_end(cli, code);
}
