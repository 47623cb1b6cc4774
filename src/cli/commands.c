#include "cli/cli.h"

#include <string.h>

#include "cli/commands.h"

static const struct vf_command commands[] = {
    {"inspect", "SOURCE", "show what is in a database: tables, rows, vector columns, indexes",
     "Reads the catalogue and looks at every value of the columns whose type the catalogue doesn't tell, so that "
     "vectors kept as BLOB or JSON text,\n"
     "epoch times and booleans are found with their evidence. Changes nothing.\n",
     "vecferry inspect sqlite:shop.db\nvecferry inspect --json postgresql://app@db.example/shop | jq .schema.tables\n",
     vf_command_inspect},
    {"plan", "SOURCE TARGET [TARGET2]", "write ferry.yaml: what will move, as what, and what won't and why",
     "Looks at both databases and writes a plan that is meant to be read, changed and kept in version control. Every "
     "problem, every loss and everything\n"
     "that can't move is in it. Changes neither database.\n",
     "vecferry plan sqlite:shop.db postgresql://app@db.example/shop\nvecferry plan -o - shop.db postgresql:///shop\n"
     "vecferry plan --split tracks.embedding=2 postgresql:///music library.db vectors.db\n",
     vf_command_plan},
    {"copy", "SOURCE TARGET [TARGET2] | -f FERRY.YAML", "copy a database: preflight, rows, keys and indexes, verify",
     "Copies what the plan says, and proves it: exit code 0 means that both sides were read again and agree. A row "
     "that the target can't hold goes to the table\n"
     "vecferry_rejects in the target with its key, reason and original bytes, and the exit code is 3. A copy that was "
     "stopped, even by a crash, goes on with --resume.\n"
     "A target table that holds rows is refused, unless --drop-existing says to drop it.\n"
     "--by writes one file for each value of a column; {} in the target stands for the value.\n",
     "vecferry copy sqlite:shop.db postgresql://app@db.example/shop\nvecferry copy -f ferry.yaml --resume\nvecferry "
     "copy --where \"documents=workspace_id = 'atlas'\" postgresql:///shop atlas.db\n"
     "vecferry copy --by workspace_id --exclude users postgresql:///shop 'sqlite:/out/{}.db'\n",
     vf_command_copy},
    {"verify", "SOURCE TARGET [TARGET2] | -f FERRY.YAML",
     "compare both sides by what is stored, and name the rows that differ",
     "Reads every row of both sides and compares counts and digests of the values. When something differs, the rows "
     "are named with table, key and column, and the\n"
     "exit code is 3. Changes nothing.\n",
     "vecferry verify sqlite:shop.db postgresql://app@db.example/shop\n", vf_command_verify},
    {"index", "DATABASE", "build the usearch files beside a database anew, where they no longer fit its rows",
     "Looks at every sidecar that lies beside the file: its description says which column it was built from, with "
     "which parameters and from "
     "which vectors. One whose rows have\n"
     "changed since, or whose files are damaged, is built anew from the rows that are there, with the parameters that "
     "it had; a fresh one "
     "is left. What isn't of this\n"
     "database, or can't be read, is named, and the exit code is 3. The database isn't changed.\n",
     "vecferry index shop.db\nvecferry index --dry-run --json shop.db | jq .sidecars\n", vf_command_index},
    {"completion", "bash|zsh|fish", "print a completion script for a shell", "The script goes to stdout.\n",
     "vecferry completion bash > ~/.local/share/bash-completion/completions/vecferry\n", vf_command_completion},
    {"manual", "[COMMAND]", "print a manual page, in roff", "The page goes to stdout.\n",
     "vecferry manual copy | man -l -\n", vf_command_manual},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

const struct vf_command *vf_commands(void)
{
    return commands;
}

const struct vf_command *vf_command_find(const char *name)
{
    for (const struct vf_command *command = commands; command->name != NULL; command++) {
        if (strcmp(command->name, name) == 0)
            return command;
    }
    return NULL;
}
