#include "cli/commands.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A device or a pipe is written to: another file in its place would be the end of it. */
static bool is_no_file(const char *path)
{
    struct stat found;

    return stat(path, &found) == 0 && !S_ISREG(found.st_mode);
}

static int write_into(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        return errno;
    int failed = fputs(text, file) < 0 || fflush(file) != 0 ? errno : 0;
    if (fclose(file) != 0 && failed == 0)
        failed = errno;
    return failed;
}

/* Written beside its place and renamed, so that a plan is never there by half. */
static int write_file(const char *path, const char *text)
{
    char temporary[4096];

    if (is_no_file(path))
        return write_into(path, text);
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

static bool holds(const char *path, const char *text)
{
    FILE *file = fopen(path, "r");
    bool same = file != NULL;
    int c = 0;

    while (same && (c = fgetc(file)) != EOF)
        same = c == (unsigned char)*text++;
    if (file != NULL)
        fclose(file);
    return same && *text == '\0';
}

/* A plan is meant to be changed by hand: another one that is there is kept. */
static int keep_old(struct vf_cli *cli, const char *path, const char *text)
{
    char old[4096];

    if (access(path, F_OK) != 0 || holds(path, text))
        return 0;
    if (snprintf(old, sizeof(old), "%s.old", path) >= (int)sizeof(old))
        return ENAMETOOLONG;
    if (rename(path, old) != 0)
        return errno;
    if (!cli->quiet)
        fprintf(stderr, "the plan that was there is kept as %s\n", old);
    return 0;
}

static int put_plan(struct vf_cli *cli, const char *path)
{
    const char *text = vecferry_plan_text(cli->v);
    char message[4400];

    if (strcmp(path, "-") == 0) {
        if (!cli->json)
            fputs(text, stdout);
        return 0;
    }
    bool is_default = cli->output == NULL;
    int failed = is_default ? keep_old(cli, path, text) : 0;
    if (failed == 0)
        failed = write_file(path, text);
    if (failed == 0) {
        if (!cli->quiet)
            fprintf(stderr, "plan: %s\n", path);
        return 0;
    }
    snprintf(message, sizeof(message), "cannot write the plan to %s: %s", path, strerror(failed));
    return vf_cli_refuse(cli, VECFERRY_FAILED, message, "name another file by --output, or - for stdout");
}

/* ferry.yaml has its report in ferry.d. false: the name is too long. */
static bool folder_of(const char *path, char *folder, size_t room)
{
    static const char *const endings[] = {".yaml", ".yml"};
    size_t size = strlen(path);

    for (size_t i = 0; i < 2; i++) {
        size_t ending = strlen(endings[i]);
        if (size > ending && path[size - ending - 1] != '/' && strcmp(path + size - ending, endings[i]) == 0) {
            size -= ending;
            break;
        }
    }
    return snprintf(folder, room, "%.*s.d", (int)size, path) < (int)room;
}

/* Beside the plan, unless --report has named a folder: then the verb has written it. */
static int put_report(struct vf_cli *cli, const char *path, const json_t *result)
{
    size_t n = json_array_size(json_object_get(result, "not_moved"));
    const char *named = json_string_value(json_object_get(result, "report"));
    char folder[4096];

    if (!cli->report && (strcmp(path, "-") == 0 || is_no_file(path) || !folder_of(path, folder, sizeof(folder))))
        return 0;
    int code = cli->report ? 0 : vecferry_report(cli->v, folder);
    if (code != 0)
        return vf_cli_refuse(cli, code, vecferry_error(cli->v), vecferry_hint(cli->v));
    if (n > 0 && !cli->quiet)
        fprintf(stderr, "report: %s (%zu object%s not moved)\n", named != NULL ? named : folder, n, n == 1 ? "" : "s");
    return 0;
}

/* --diff: what has changed, or that nothing has. false: it wasn't asked for, or didn't come to that. */
static bool show_changes(const struct vf_cli *cli)
{
    json_t *result = json_loads(vecferry_result(cli->v), 0, NULL);
    bool is_diff = json_object_get(result, "changes") != NULL;

    if (is_diff && !cli->json)
        vf_show_changes(stdout, result);
    json_decref(result);
    return is_diff;
}

int vf_command_plan(struct vf_cli *cli)
{
    static const char *const names[] = {"source", "target", "target2"};
    int code = vf_cli_positional(cli, names, 3);

    if (code != 0)
        return code;
    code = vecferry_plan(cli->v);
    if (show_changes(cli))
        return vf_cli_end(cli, code);
    if (code != 0 || vecferry_plan_text(cli->v) == NULL)
        return vf_cli_end(cli, code);
    json_t *result = json_loads(vecferry_result(cli->v), 0, NULL);
    const char *proposed = json_string_value(json_object_get(result, "proposed_file"));
    const char *path = cli->output != NULL ? cli->output : proposed != NULL ? proposed : "ferry.yaml";
    code = put_plan(cli, path);
    if (code == 0)
        code = put_report(cli, path, result);
    if (code == 0 && !cli->json && !cli->quiet)
        vf_show_problems(stderr, result);
    json_decref(result);
    return code != 0 ? code : vf_cli_end(cli, 0);
}
