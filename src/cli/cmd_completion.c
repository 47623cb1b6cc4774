#include "cli/commands.h"

int vf_command_completion(struct vf_cli *cli)
{
    if (cli->n_arguments != 1)
        return vf_cli_refuse(cli, VECFERRY_USAGE, "completion wants the name of a shell", "bash, zsh or fish");
    if (vf_completion(stdout, cli->arguments[0]) != 0)
        return vf_cli_refuse(cli, VECFERRY_USAGE, "no completion for this shell", "bash, zsh or fish");
    return 0;
}
