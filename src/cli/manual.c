#include "cli/cli.h"

#include <ctype.h>
#include <string.h>

/* Text for roff: backslashes and hyphens escaped, and a line that begins with a control character protected. */
static void put_text(FILE *out, const char *text)
{
    bool at_start = true;

    for (; *text != '\0'; text++) {
        if (at_start && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
        at_start = *text == '\n';
    }
}

static void put_title(FILE *out, const char *name)
{
    char upper[64];
    size_t i = 0;

    for (; name[i] != '\0' && i + 1 < sizeof(upper); i++)
        upper[i] = (char)toupper((unsigned char)name[i]);
    upper[i] = '\0';
    fprintf(out, ".TH \"%s\" 1 \"\" \"vecferry %s\" \"vecferry\"\n", upper, vecferry_version());
}

static void put_options(FILE *out, const char *verb)
{
    fputs(".SH OPTIONS\n", out);
    for (const struct vecferry_option *option = vecferry_options(); option->name != NULL; option++) {
        if (!vf_option_is_of(option, verb))
            continue;
        fputs(".TP\n", out);
        if (option->letter != 0)
            fprintf(out, "\\fB\\-%c\\fR, ", option->letter);
        fputs("\\fB\\-\\-", out);
        put_text(out, option->name);
        fputs("\\fR", out);
        if (option->argument != NULL) {
            fputs(" \\fI", out);
            put_text(out, option->argument);
            fputs("\\fR", out);
        }
        fputc('\n', out);
        put_text(out, option->help);
        if (option->fallback != NULL) {
            fputs(" (default: ", out);
            put_text(out, option->fallback);
            fputc(')', out);
        }
        fputc('\n', out);
    }
}

static void put_exit_codes(FILE *out)
{
    static const char *const codes[][2] = {
        {"0", "done; copy and verify: both sides agree"},
        {"1", "failed, not classified"},
        {"2", "usage or configuration; nothing touched"},
        {"3", "finished, but there are differences or rejected rows"},
        {"4", "cannot connect or authenticate"},
        {"5", "temporary; safe to retry with --resume"},
        {"6, 7", "error of the source, of the target"},
        {"8", "another runner holds the lock"},
        {"9", "the state refuses: rows in the target, losses not accepted, another plan, drift"},
        {"10", "a capability is missing: extension, version, privilege, disk"},
        {"11", "a safety limit stopped the run"},
        {"12", "internal error"},
        {"130, 143", "cancelled by SIGINT or SIGTERM, state saved"},
    };

    fputs(".SH EXIT STATUS\n", out);
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        fprintf(out, ".TP\n%s\n", codes[i][0]);
        put_text(out, codes[i][1]);
        fputc('\n', out);
    }
}

void vf_manual_program(FILE *out)
{
    put_title(out, "vecferry");
    fputs(".SH NAME\nvecferry \\- move a database that holds vector embeddings, with proof\n.SH SYNOPSIS\n.B "
          "vecferry\n.I COMMAND\n[OPTIONS] [ARGUMENTS]\n.SH COMMANDS\n",
          out);
    for (const struct vf_command *command = vf_commands(); command->name != NULL; command++) {
        fprintf(out, ".TP\n.B %s\n", command->name);
        put_text(out, command->summary);
        fputc('\n', out);
    }
    fputs(".SH ENVIRONMENT\nEvery option has a twin: VECFERRY_JOBS for \\-\\-jobs. Options win.\n"
          "VECFERRY_SOURCE_PASSWORD and VECFERRY_TARGET_PASSWORD are passwords; files and commands win.\nlibpq's "
          "variables "
          "(PGPASSFILE, PGSSLROOTCERT, ...) hold for PostgreSQL.\n",
          out);
    put_exit_codes(out);
}

void vf_manual_command(FILE *out, const struct vf_command *command)
{
    char name[64];

    snprintf(name, sizeof(name), "vecferry-%s", command->name);
    put_title(out, name);
    fprintf(out, ".SH NAME\nvecferry\\-%s \\- ", command->name);
    put_text(out, command->summary);
    fprintf(out, "\n.SH SYNOPSIS\n.B vecferry %s\n[OPTIONS] ", command->name);
    put_text(out, command->usage);
    fputs("\n.SH DESCRIPTION\n", out);
    put_text(out, command->text);
    put_options(out, command->name);
    fputs(".SH EXAMPLES\n.nf\n", out);
    put_text(out, command->examples);
    fputs(".fi\n", out);
    put_exit_codes(out);
    fputs(".SH SEE ALSO\n.BR vecferry (1)\n", out);
}
