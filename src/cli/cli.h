/*
 * The command line: what its files share.
 *
 * Commands are thin: they set options on a handle of the public API, call one verb, and show its JSON result to a person or pass it on. Only vecferry/vecferry.h is used of the library. stdout
 * gets results, stderr everything else.
 */
#ifndef VF_CLI_CLI_H
#define VF_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "vecferry/vecferry.h"

/* What the command line said, beside what was set on the handle. */
struct vf_cli {
    vecferry *v;
    const struct vf_command *command;
    bool json, quiet, verbose, yes, help;
    bool drop_existing, dry_run, report;
    char *output;    /* NULL: the default */
    int n_arguments; /* left after the options */
    const char **arguments;
};

struct vf_command {
    const char *name;
    const char *usage;              /* behind the name: "SOURCE TARGET | -f FERRY.YAML" */
    const char *summary;            /* one line */
    const char *text;               /* a paragraph or more for help and manual, lines ended by \n */
    const char *examples;           /* lines, each a command */
    int (*run)(struct vf_cli *cli); /* returns the exit code */
};

/* All commands, ended by one whose name is NULL. */
const struct vf_command *vf_commands(void);
const struct vf_command *vf_command_find(const char *name);

/* ---- args.c ---- */

/* Does the verb take the option? */
bool vf_option_is_of(const struct vecferry_option *option, const char *verb);
/* Environment first (VECFERRY_JOBS for --jobs), then the arguments. 0, or an exit code after a message on stderr. `argv` outlives the cli. */
int vf_cli_parse(struct vf_cli *cli, int argc, char **argv);
void vf_cli_release(struct vf_cli *cli);
/* Positional arguments become options: names[i] for argument i; more than `most` is a usage error. */
int vf_cli_positional(struct vf_cli *cli, const char *const *names, int most);
/* "vecferry: message", then the hint, to stderr; returns `code`. */
int vf_cli_fail(int code, const char *message, const char *hint);
/* vf_cli_fail(); with --json also an error object on stdout, for what goes wrong before a verb has a result. */
int vf_cli_refuse(struct vf_cli *cli, int code, const char *message, const char *hint);
/* Show the handle's error, if the code isn't 0; with --json the result object, which has it too, goes to stdout. */
int vf_cli_end(struct vf_cli *cli, int code);

/* Known words that are nearest to one that isn't known; static. */
const char *vf_nearest_command(const char *name);
const char *vf_nearest_option(const char *verb, const char *name);

/* ---- help.c, manual.c, completion.c ---- */

void vf_help_program(FILE *out);
void vf_help_command(FILE *out, const struct vf_command *command);
void vf_manual_program(FILE *out); /* roff (man-pages(7)) */
void vf_manual_command(FILE *out, const struct vf_command *command);
int vf_completion(FILE *out, const char *shell); /* 0, or VECFERRY_USAGE for an unknown shell */

/* ---- progress.c ---- */

/* Progress on stderr, or as JSON lines on stdout; attaches itself to the handle. One at a time, since signals are the process's. */
void vf_progress_begin(struct vf_cli *cli);
void vf_progress_end(void);

/* ---- show.c: what people read ---- */

/* Into `out` (32 bytes); each returns it. */
char *vf_show_count(int64_t count, char *out);      /* 1 204 551 */
char *vf_show_bytes(int64_t size_bytes, char *out); /* 7.1 GiB */
char *vf_show_rate(double per_second, char *out);   /* 48.1k */
char *vf_show_time(int64_t duration_us, char *out); /* 0:31, 1:02:03; below ten seconds 0.31 s */
char *vf_show_now(char *out);                       /* 2026-02-28T12:34:56.123456Z */
/* Bytes of the control character at `text`; 0: it is none. Those from U+0080 to U+009F, among them the beginning of a terminal's commands, have two. */
size_t vf_control_size(const char *text);
/* Text from a database, safe for a terminal: control characters and escapes as \xNN. */
void vf_show_text(FILE *out, const char *text);

/* A member of a JSON object: the empty text, or 0, where there is none. */
const char *vf_text_of(const json_t *object, const char *key);
int64_t vf_number_of(const json_t *object, const char *key);

void vf_show_inspect(FILE *out, const json_t *result);
void vf_show_sidecars(FILE *out, const json_t *result);
void vf_show_problems(FILE *out,
                      const json_t *result); /* not moved, and problems with remedies; those alike are gathered */
void vf_show_list(FILE *out, const json_t *problems);
void vf_show_target(FILE *out, const json_t *item);    /* which of several targets a line is about */
void vf_show_changes(FILE *out, const json_t *result); /* of plan --diff */
void vf_show_tables(FILE *out, const json_t *result);  /* the end of a copy or verify */

/* Columns of a terminal: COLUMNS, else what the terminal says, else 80. */
int vf_terminal_columns(void);

#endif
