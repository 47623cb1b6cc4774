#include "cli/cli.h"

#include <string.h>

static void put_commands(FILE *out)
{
    for (const struct vf_command *command = vf_commands(); command->name != NULL; command++)
        fprintf(out, "%s%s", command == vf_commands() ? "" : " ", command->name);
}

static void put_options(FILE *out, const char *verb)
{
    for (const struct vecferry_option *option = vecferry_options(); option->name != NULL; option++) {
        if (vf_option_is_of(option, verb))
            fprintf(out, " --%s", option->name);
    }
}

static void bash(FILE *out)
{
    fputs("_vecferry() {\n    local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]}\n    if [ \"$COMP_CWORD\" = 1 "
          "]; then\n        COMPREPLY=($(compgen -W \"",
          out);
    put_commands(out);
    fputs("\" -- \"$word\"))\n        return\n    fi\n    case $verb in\n", out);
    for (const struct vf_command *command = vf_commands(); command->name != NULL; command++) {
        fprintf(out, "    %s) [[ $word == -* ]] && COMPREPLY=($(compgen -W \"--help", command->name);
        put_options(out, command->name);
        fputs("\" -- \"$word\")) ;;\n", out);
    }
    fputs("    esac\n}\ncomplete -o default -F _vecferry vecferry\n", out);
}

/* A text inside single quotes of a shell. */
static void put_quoted(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else
            fputc(*text, out);
    }
    fputc('\'', out);
}

static void zsh(FILE *out)
{
    fputs("#compdef vecferry\nif (( CURRENT == 2 )); then\n    _values command", out);
    for (const struct vf_command *command = vf_commands(); command->name != NULL; command++)
        fprintf(out, " %s", command->name);
    fputs("\n    return\nfi\ncase $words[2] in\n", out);
    for (const struct vf_command *command = vf_commands(); command->name != NULL; command++) {
        fprintf(out, "%s) compadd -- --help", command->name);
        put_options(out, command->name);
        fputs("; _files ;;\n", out);
    }
    fputs("esac\n", out);
}

static void fish(FILE *out)
{
    for (const struct vf_command *command = vf_commands(); command->name != NULL; command++) {
        fprintf(out, "complete -c vecferry -n __fish_use_subcommand -a %s -d ", command->name);
        put_quoted(out, command->summary);
        fputc('\n', out);
        for (const struct vecferry_option *option = vecferry_options(); option->name != NULL; option++) {
            if (!vf_option_is_of(option, command->name))
                continue;
            fprintf(out, "complete -c vecferry -n '__fish_seen_subcommand_from %s' -l %s", command->name, option->name);
            if (option->letter != 0)
                fprintf(out, " -s %c", option->letter);
            fputs(option->argument != NULL ? " -r -d " : " -d ", out);
            put_quoted(out, option->help);
            fputc('\n', out);
        }
    }
}

int vf_completion(FILE *out, const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        bash(out);
    else if (strcmp(shell, "zsh") == 0)
        zsh(out);
    else if (strcmp(shell, "fish") == 0)
        fish(out);
    else
        return VECFERRY_USAGE;
    return 0;
}
