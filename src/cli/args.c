#include "cli/cli.h"

#include <ctype.h>
#include <popt.h>
#include <stdlib.h>
#include <string.h>

#define HELP_VALUE 10000 /* above the index of any option */

int vf_cli_fail(int code, const char *message, const char *hint)
{
    fflush(stdout); /* both may be one file: what was said before comes before */
    fputs("vecferry: ", stderr);
    vf_show_text(stderr, message);
    fputc('\n', stderr);
    if (hint[0] != '\0') {
        fputs("hint: ", stderr);
        vf_show_text(stderr, hint);
        fputc('\n', stderr);
    }
    return code;
}

int vf_cli_end(struct vf_cli *cli, int code)
{
    if (cli->json)
        printf("%s\n", vecferry_result(cli->v));
    if (code != 0 && vecferry_error(cli->v)[0] != '\0')
        vf_cli_fail(code, vecferry_error(cli->v), vecferry_hint(cli->v));
    return code;
}

bool vf_option_is_of(const struct vecferry_option *option, const char *verb)
{
    size_t size = strlen(verb);

    for (const char *at = option->verbs; (at = strstr(at, verb)) != NULL; at += size) {
        if ((at == option->verbs || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0'))
            return true;
    }
    return false;
}

static int take_output(struct vf_cli *cli, const char *value)
{
    free(cli->output);
    cli->output = strdup(value);
    return cli->output != NULL ? 0 : vf_cli_fail(VECFERRY_INTERNAL, "out of memory", "");
}

/* Options of the command line alone are kept here; the others go to the handle. */
static int take(struct vf_cli *cli, const struct vecferry_option *option, const char *value)
{
    bool on = value != NULL && strcmp(value, "true") == 0;

    if (vecferry_set(cli->v, option->name, value) != 0)
        return vf_cli_refuse(cli, VECFERRY_USAGE, vecferry_error(cli->v), vecferry_hint(cli->v));
    if (strcmp(option->name, "json") == 0)
        cli->json = on;
    else if (strcmp(option->name, "quiet") == 0)
        cli->quiet = on;
    else if (strcmp(option->name, "verbose") == 0)
        cli->verbose = on;
    else if (strcmp(option->name, "yes") == 0)
        cli->yes = on;
    else if (strcmp(option->name, "drop-existing") == 0)
        cli->drop_existing = on;
    else if (strcmp(option->name, "dry-run") == 0)
        cli->dry_run = on;
    else if (strcmp(option->name, "report") == 0)
        cli->report = value != NULL;
    else if (strcmp(option->name, "output") == 0)
        return take_output(cli, value);
    return 0;
}

/* VECFERRY_DRY_RUN for --dry-run. A flag is on for 1, true, yes; off for 0, false, no and the empty text. */
static int take_environment(struct vf_cli *cli)
{
    char name[80];

    for (const struct vecferry_option *option = vecferry_options(); option->name != NULL; option++) {
        snprintf(name, sizeof(name), "VECFERRY_%s", option->name);
        for (char *c = name; *c != '\0'; c++)
            *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
        const char *value = getenv(name);
        bool applies = option->verbs[0] == '\0' || vf_option_is_of(option, cli->command->name);
        if (value == NULL || value[0] == '\0' || !applies)
            continue;
        if (option->kind == VECFERRY_FLAG) {
            bool off = strcmp(value, "0") == 0 || strcmp(value, "false") == 0 || strcmp(value, "no") == 0;
            value = off ? "false" : strcmp(value, "1") == 0 || strcmp(value, "yes") == 0 ? "true" : value;
        }
        int code = take(cli, option, value);
        if (code != 0)
            return code;
    }
    return 0;
}

/* popt's table from ours: the value is the index plus one. */
static struct poptOption *make_table(const struct vf_cli *cli)
{
    const struct vecferry_option *options = vecferry_options();
    size_t n = 0, filled = 0;

    while (options[n].name != NULL)
        n++;
    struct poptOption *table = calloc(n + 2, sizeof(*table)); /* lint: popt's own shape, freed below */
    if (table == NULL)
        return NULL;
    table[filled++] = (struct poptOption){"help", 'h', POPT_ARG_NONE, NULL, HELP_VALUE, NULL, NULL};
    for (size_t i = 0; i < n; i++) {
        if (!vf_option_is_of(&options[i], cli->command->name))
            continue;
        table[filled++] = (struct poptOption){options[i].name,
                                              options[i].letter,
                                              options[i].kind == VECFERRY_FLAG ? POPT_ARG_NONE : POPT_ARG_STRING,
                                              NULL,
                                              (int)i + 1,
                                              NULL,
                                              NULL};
    }
    return table;
}

/* What follows a "=" isn't shown: it may be a secret. */
static int bad_option(struct vf_cli *cli, poptContext context, int code)
{
    char message[512], hint[256];
    const char *option = poptBadOption(context, POPT_BADOPTION_NOALIAS);
    int name_bytes = option != NULL ? (int)strcspn(option, "=") : 0;

    snprintf(message, sizeof(message), "%.*s: %s", name_bytes < 64 ? name_bytes : 64, option != NULL ? option : "",
             poptStrerror(code));
    if (code == POPT_ERROR_BADOPT && option != NULL && name_bytes > 2 && name_bytes < 64 &&
        strncmp(option, "--", 2) == 0) {
        char name[64];
        snprintf(name, sizeof(name), "%.*s", name_bytes - 2, option + 2);
        snprintf(hint, sizeof(hint), "the nearest is --%s; vecferry %s --help lists the options",
                 vf_nearest_option(cli->command->name, name), cli->command->name);
    } else {
        snprintf(hint, sizeof(hint), "vecferry %s --help lists the options", cli->command->name);
    }
    return vf_cli_refuse(cli, VECFERRY_USAGE, message, hint);
}

static int parse(struct vf_cli *cli, poptContext context)
{
    const struct vecferry_option *options = vecferry_options();
    int found;

    while ((found = poptGetNextOpt(context)) > 0) {
        if (found == HELP_VALUE) {
            cli->help = true;
            continue;
        }
        const struct vecferry_option *option = &options[found - 1];
        char *value = option->kind == VECFERRY_FLAG ? NULL : poptGetOptArg(context);
        int code = take(cli, option, option->kind == VECFERRY_FLAG ? "true" : value);
        free(value); /* popt's copy */
        if (code != 0)
            return code;
    }
    if (found < -1)
        return bad_option(cli, context, found);
    const char **left = poptGetArgs(context);
    while (left != NULL && left[cli->n_arguments] != NULL)
        cli->n_arguments++;
    cli->arguments = calloc((size_t)cli->n_arguments + 1, sizeof(*cli->arguments));
    if (cli->arguments == NULL)
        return vf_cli_fail(VECFERRY_INTERNAL, "out of memory", "");
    for (int i = 0; i < cli->n_arguments; i++) {
        cli->arguments[i] = strdup(left[i]);
        if (cli->arguments[i] == NULL)
            return vf_cli_fail(VECFERRY_INTERNAL, "out of memory", "");
    }
    return 0;
}

/* Called by several threads at once, whose lines are not to be mixed. */
static void on_log(void *context, int level, const char *message)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};

    (void)context;
    flockfile(stderr);
    fprintf(stderr, "vecferry: %s: ", level >= 0 && level <= 3 ? names[level] : "log");
    vf_show_text(stderr, message);
    fputc('\n', stderr);
    funlockfile(stderr);
}

/* popt wants pointers to const, and doesn't change what they point to: a copy of the list has the type. */
static const char **copy_arguments(int argc, char **argv)
{
    const char **copy = calloc((size_t)argc + 1, sizeof(*copy));

    for (int i = 0; copy != NULL && i < argc; i++)
        copy[i] = argv[i];
    return copy;
}

int vf_cli_parse(struct vf_cli *cli, int argc, char **argv)
{
    /* Known first, so that also a wrong option is told as JSON. */
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        cli->json = cli->json || strcmp(argv[i], "--json") == 0;
    int code = take_environment(cli);
    if (code != 0)
        return code;
    struct poptOption *table = make_table(cli);
    const char **arguments = copy_arguments(argc, argv);
    poptContext context =
        table != NULL && arguments != NULL ? poptGetContext("vecferry", argc, arguments, table, 0) : NULL;
    if (context == NULL) {
        free(table);
        free(arguments);
        return vf_cli_fail(VECFERRY_INTERNAL, "out of memory", "");
    }
    code = parse(cli, context);
    poptFreeContext(context);
    free(table);
    free(arguments);
    if (code == 0)
        vecferry_on_log(cli->v, cli->quiet ? 0 : cli->verbose ? 3 : 1, on_log, NULL);
    return code;
}

void vf_cli_release(struct vf_cli *cli)
{
    for (int i = 0; i < cli->n_arguments; i++)
        free((void *)(uintptr_t)cli->arguments[i]);
    free(cli->arguments);
    free(cli->output);
}

int vf_cli_positional(struct vf_cli *cli, const char *const *names, int most)
{
    char message[160], hint[160];

    snprintf(hint, sizeof(hint), "vecferry %s %s", cli->command->name, cli->command->usage);
    if (cli->n_arguments > most) {
        snprintf(message, sizeof(message), "%s takes at most %d argument%s, not %d", cli->command->name, most,
                 most == 1 ? "" : "s", cli->n_arguments);
        return vf_cli_refuse(cli, VECFERRY_USAGE, message, hint);
    }
    for (int i = 0; i < cli->n_arguments; i++) {
        if (vecferry_set(cli->v, names[i], cli->arguments[i]) != 0)
            return vf_cli_refuse(cli, VECFERRY_USAGE, vecferry_error(cli->v), hint);
    }
    return 0;
}
