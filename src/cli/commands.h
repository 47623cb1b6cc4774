/*
 * The commands, one file each; the table of them is in commands.c. Each returns the exit code.
 */
#ifndef VF_CLI_COMMANDS_H
#define VF_CLI_COMMANDS_H

#include "cli/cli.h"

int vf_command_inspect(struct vf_cli *cli);
int vf_command_plan(struct vf_cli *cli);
int vf_command_copy(struct vf_cli *cli);
int vf_command_verify(struct vf_cli *cli);
int vf_command_index(struct vf_cli *cli);
int vf_command_completion(struct vf_cli *cli);
int vf_command_manual(struct vf_cli *cli);

#endif
