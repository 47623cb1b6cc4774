#include "cli/commands.h"

int vf_command_index(struct vf_cli *cli)
{
    static const char *const names[] = {"target"};
    int code = vf_cli_positional(cli, names, 1);

    if (code != 0)
        return code;
    vf_progress_begin(cli);
    code = vecferry_index(cli->v);
    vf_progress_end();
    if (!cli->json) {
        json_t *result = json_loads(vecferry_result(cli->v), 0, NULL);
        if (code == 0 && json_array_size(json_object_get(result, "sidecars")) == 0)
            fputs("no sidecars lie beside it\n", stdout);
        vf_show_sidecars(stdout, result);
        json_decref(result);
    }
    return vf_cli_end(cli, code);
}
