#include "cli/cli.h"

#include <string.h>

#define OPTION_COLUMN 32

void vf_help_program(FILE *out)
{
    fputs("vecferry moves a database that holds vector embeddings between PostgreSQL+pgvector and SQLite, and proves "
          "that the move is right.\n\nusage: vecferry COMMAND [OPTIONS] [ARGUMENTS]\n\n",
          out);
    for (const struct vf_command *command = vf_commands(); command->name != NULL; command++)
        fprintf(out, "  %-12s %s\n", command->name, command->summary);
    fputs("\nvecferry COMMAND --help tells more about one; vecferry --version says which this is.\n"
          "Every option has a twin in the environment: VECFERRY_JOBS=4 is --jobs 4. Options win.\n",
          out);
}

static void print_option(FILE *out, const struct vecferry_option *option)
{
    char left[96];
    int width = snprintf(left, sizeof(left), "  %c%c%s --%s%s%s", option->letter != 0 ? '-' : ' ',
                         option->letter != 0 ? option->letter : ' ', option->letter != 0 ? "," : " ", option->name,
                         option->argument != NULL ? " " : "", option->argument != NULL ? option->argument : "");

    fputs(left, out);
    if (width >= OPTION_COLUMN) {
        fputc('\n', out);
        width = 0;
    }
    fprintf(out, "%*s%s", OPTION_COLUMN - width, "", option->help);
    if (option->fallback != NULL)
        fprintf(out, " (default: %s)", option->fallback);
    fputc('\n', out);
}

void vf_help_command(FILE *out, const struct vf_command *command)
{
    fprintf(out, "usage: vecferry %s [OPTIONS] %s\n\n%s\n", command->name, command->usage, command->text);
    bool any = false;
    for (const struct vecferry_option *option = vecferry_options(); option->name != NULL; option++) {
        if (!vf_option_is_of(option, command->name))
            continue;
        if (!any)
            fputs("options:\n", out);
        any = true;
        print_option(out, option);
    }
    fprintf(out, "%sexamples:\n", any ? "\n" : "");
    for (const char *line = command->examples; *line != '\0';) {
        const char *end = strchr(line, '\n');
        fprintf(out, "  %.*s\n", (int)(end - line), line);
        line = end + 1;
    }
}
