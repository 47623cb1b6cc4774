#include "cli/cli.h"

#include <locale.h>
#include <signal.h>
#include <string.h>

/* The handle that a signal stops; set while a command runs. */
static vecferry *volatile running;

static void on_signal(int number)
{
    if (running != NULL)
        vecferry_cancel(running, 128 + number);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal,
                               .sa_flags = (int)SA_RESETHAND}; /* a second one ends the process at once */

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of the write, not of the copy */
}

static int run(struct vf_cli *cli, int argc, char **argv)
{
    int code = vf_cli_parse(cli, argc, argv);

    if (code != 0)
        return code;
    if (cli->help) {
        vf_help_command(stdout, cli->command);
        return 0;
    }
    running = cli->v;
    code = cli->command->run(cli);
    running = NULL;
    return code;
}

static int run_command(const struct vf_command *command, int argc, char **argv)
{
    struct vf_cli cli = {.command = command, .v = vecferry_new()};

    if (cli.v == NULL)
        return vf_cli_fail(VECFERRY_INTERNAL, "out of memory", "");
    int code = run(&cli, argc, argv);
    vf_cli_release(&cli);
    vecferry_free(cli.v);
    return code;
}

static int unknown_command(const char *name)
{
    fprintf(stderr, "vecferry: unknown command \"");
    vf_show_text(stderr, name);
    fprintf(stderr, "\"\nhint: the nearest is %s; vecferry --help lists the commands\n", vf_nearest_command(name));
    return VECFERRY_USAGE;
}

static int run_word(int argc, char **argv)
{
    if (argc < 2) {
        vf_help_program(stderr);
        return VECFERRY_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
        printf("vecferry %s\n", vecferry_version());
        return 0;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        const struct vf_command *about = argc > 2 ? vf_command_find(argv[2]) : NULL;
        if (argc > 2 && about == NULL)
            return unknown_command(argv[2]);
        if (about != NULL)
            vf_help_command(stdout, about);
        else
            vf_help_program(stdout);
        return 0;
    }
    const struct vf_command *command = vf_command_find(argv[1]);
    if (command == NULL)
        return unknown_command(argv[1]);
    return run_command(command, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    catch_signals();
    int code = run_word(argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout) != 0) && code == 0)
        code = vf_cli_fail(VECFERRY_FAILED, "cannot write the result to stdout", "");
    return code;
}
