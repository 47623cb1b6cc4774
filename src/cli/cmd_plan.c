#include "cli/commands.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Written beside its place and renamed, so that a plan is never there by half. */
static int write_file(const char *path, const char *text)
{
    char temporary[4096];

    if (snprintf(temporary, sizeof(temporary), "%s.tmp%ld", path, (long)getpid()) >= (int)sizeof(temporary))
        return ENAMETOOLONG;
    FILE *file = fopen(temporary, "w");
    if (file == NULL)
        return errno;
    int failed = fputs(text, file) < 0 || fflush(file) != 0 || fsync(fileno(file)) != 0 ? errno : 0;
    if (fclose(file) != 0 && failed == 0)
        failed = errno;
    if (failed == 0 && rename(temporary, path) != 0)
        failed = errno;
    if (failed != 0)
        unlink(temporary);
    return failed;
}

static int put_plan(struct vf_cli *cli)
{
    const char *path = cli->output != NULL ? cli->output : "ferry.yaml";
    char message[4400];

    if (strcmp(path, "-") == 0) {
        if (!cli->json)
            fputs(vecferry_plan_text(cli->v), stdout);
        return 0;
    }
    int failed = write_file(path, vecferry_plan_text(cli->v));
    if (failed == 0)
        return 0;
    snprintf(message, sizeof(message), "cannot write the plan to %s: %s", path, strerror(failed));
    return vf_cli_refuse(cli, VECFERRY_FAILED, message, "name another file by --output, or - for stdout");
}

int vf_command_plan(struct vf_cli *cli)
{
    static const char *const names[] = {"source", "target"};
    int code = vf_cli_positional(cli, names, 0, 2);

    if (code != 0)
        return code;
    code = vecferry_plan(cli->v);
    if (code == 0 && vecferry_plan_text(cli->v) != NULL) {
        code = put_plan(cli);
        if (code != 0)
            return code;
    }
    if (code == 0 && !cli->json && !cli->quiet) {
        json_t *result = json_loads(vecferry_result(cli->v), 0, NULL);
        vf_show_problems(stderr, result);
        json_decref(result);
    }
    return vf_cli_end(cli, code);
}
