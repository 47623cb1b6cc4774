#include "cli/commands.h"

int vf_command_manual(struct vf_cli *cli)
{
    if (cli->n_arguments == 0) {
        vf_manual_program(stdout);
        return 0;
    }
    const struct vf_command *command = vf_command_find(cli->arguments[0]);
    if (command == NULL)
        return vf_cli_refuse(cli, VECFERRY_USAGE, "no such command", "vecferry --help lists them");
    vf_manual_command(stdout, command);
    return 0;
}
