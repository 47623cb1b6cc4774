#include "cli/cli.h"

#include <string.h>
#include <time.h>

#define MAX_WORD_BYTES 64

char *vf_show_now(char *out)
{
    struct timespec now;
    struct tm parts;
    char seconds[24] = "";

    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &parts) != NULL)
        strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out, 32, "%s.%06ldZ", seconds, now.tv_nsec / 1000);
    return out;
}

int vf_cli_refuse(struct vf_cli *cli, int code, const char *message, const char *hint)
{
    char now[32];

    vf_cli_fail(code, message, hint);
    if (!cli->json)
        return code;
    json_t *line = json_object();
    json_object_set_new(line, "v", json_integer(1));
    json_object_set_new(line, "ts", json_string(vf_show_now(now)));
    json_object_set_new(line, "verb", json_string(cli->command->name));
    json_object_set_new(line, "type", json_string("error"));
    json_object_set_new(line, "exit_code", json_integer(code));
    /* Arguments may be in any encoding; jansson takes UTF-8 only. */
    json_t *text = json_string(message);
    json_object_set_new(line, "error", text != NULL ? text : json_string("the arguments are not UTF-8"));
    text = json_string(hint);
    json_object_set_new(line, "hint", text != NULL ? text : json_string(""));
    json_dumpf(line, stdout, JSON_COMPACT);
    fputc('\n', stdout);
    json_decref(line);
    return code;
}

/* Letters to add, leave out or exchange until one word is the other; of words that are cut to MAX_WORD_BYTES. */
static unsigned distance(const char *a, const char *b)
{
    size_t size_a = strnlen(a, MAX_WORD_BYTES);
    size_t size_b = strnlen(b, MAX_WORD_BYTES);
    unsigned row[MAX_WORD_BYTES + 1];

    for (size_t k = 0; k <= size_b; k++)
        row[k] = (unsigned)k;
    for (size_t i = 1; i <= size_a; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t k = 1; k <= size_b; k++) {
            unsigned above = row[k];
            unsigned best = diagonal + (a[i - 1] != b[k - 1]);
            if (above + 1 < best)
                best = above + 1;
            if (row[k - 1] + 1 < best)
                best = row[k - 1] + 1;
            diagonal = above;
            row[k] = best;
        }
    }
    return row[size_b];
}

const char *vf_nearest_command(const char *name)
{
    const struct vf_command *best = vf_commands();

    for (const struct vf_command *command = vf_commands(); command->name != NULL; command++) {
        if (distance(name, command->name) < distance(name, best->name))
            best = command;
    }
    return best->name;
}

const char *vf_nearest_option(const char *verb, const char *name)
{
    const char *best = "help";

    for (const struct vecferry_option *option = vecferry_options(); option->name != NULL; option++) {
        if (vf_option_is_of(option, verb) && distance(name, option->name) < distance(name, best))
            best = option->name;
    }
    return best;
}
