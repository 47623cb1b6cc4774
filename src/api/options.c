#include "api/handle.h"

#include <string.h>
#include <unistd.h>

#include "base/text.h"

/*
 * Every option once. Those of the command line alone (json, quiet, ...) are here too, so that help, manual, completions and parser come from one table; the library
 * accepts and ignores them.
 */
static const struct vecferry_option options[] = {
    {"source", 0, VECFERRY_TEXT, "URL", "", "database to read: postgresql://, sqlite:FILE or a file's path", NULL},
    {"target", 0, VECFERRY_TEXT, "URL", "", "database to write", NULL},
    {"target2", 0, VECFERRY_TEXT, "URL", "", "second database to write, which gets what --split sends there", NULL},
    {"file", 'f', VECFERRY_TEXT, "FERRY.YAML", "plan copy verify", "plan file: source, target and all decisions", NULL},
    {"output", 'o', VECFERRY_TEXT, "FILE", "plan",
     "where to write the plan, - for stdout (default: ferry.yaml beside the target's file, or here)", NULL},
    {"report", 0, VECFERRY_TEXT, "DIR", "plan copy",
     "folder for the texts of what isn't moved (default: of plan, the plan's file with .d for .yaml; of copy, none)",
     NULL},
    {"diff", 0, VECFERRY_FLAG, NULL, "plan",
     "compare the plan of --file with what the source is now, and write nothing; exit code 3 when it has changed",
     NULL},
    {"scan", 0, VECFERRY_TEXT, "ROWS", "plan",
     "rows that are looked at for values that the target can't hold: none, sample (the first 1000 of each table) or "
     "full (all are read and counted)",
     "sample"},
    {"only", 0, VECFERRY_LIST, "TABLE", "inspect plan copy verify index", "this table only; may be given several times",
     NULL},
    {"exclude", 0, VECFERRY_LIST, "TABLE", "plan copy verify", "all tables but this; may be given several times", NULL},
    {"where", 0, VECFERRY_LIST, "TABLE=EXPR", "plan copy verify",
     "only rows of TABLE for which the source's SQL expression EXPR holds", NULL},
    {"split", 0, VECFERRY_LIST, "TABLE[.COLUMN]=N", "plan copy verify",
     "TABLE, or COLUMN with the table's key, goes to target N (1 or 2); may be given several times", NULL},
    {"by", 0, VECFERRY_TEXT, "COLUMN", "plan copy verify",
     "one file for each value of COLUMN, which stands for {} in the target: sqlite:/folder/{}.db", NULL},
    {"whole", 0, VECFERRY_LIST, "TABLE", "plan copy verify",
     "with --by: TABLE has no such column, and goes whole into every file; may be given several times", NULL},
    {"as-table", 0, VECFERRY_LIST, "VIEW", "plan copy verify",
     "the materialized view VIEW is moved as a table, with its rows and indexes; * for all; may be given several times",
     NULL},
    {"jobs", 'j', VECFERRY_NUMBER, "N", "copy verify",
     "connections that copy at the same time (default: as many as processors, at most 4)", NULL},
    {"memory", 0, VECFERRY_SIZE, "SIZE", "copy verify index", "memory for rows on their way and for caches", "160M"},
    {"nul", 0, VECFERRY_TEXT, "HOW", "plan copy verify",
     "what becomes of U+0000 in texts that the target can't hold: strip (left out) or escape (written \\0, and taken "
     "back "
     "by unescape on the way back); without it such rows are rejected",
     NULL},
    {"accept-losses", 0, VECFERRY_FLAG, NULL, "plan copy", "accept every loss that the plan names", NULL},
    {"strict", 0, VECFERRY_FLAG, NULL, "copy", "stop at the first row that can't be moved, instead of rejecting it",
     NULL},
    {"no-verify", 0, VECFERRY_FLAG, NULL, "copy", "don't read both sides again and compare", NULL},
    {"resume", 0, VECFERRY_FLAG, NULL, "copy", "go on with the unfinished run in the target", NULL},
    {"dry-run", 'n', VECFERRY_FLAG, NULL, "copy index",
     "show the plan and its problems, or what would be built; write nothing", NULL},
    {"drop-existing", 0, VECFERRY_FLAG, NULL, "copy",
     "drop the plan's tables in the target first; asks, or wants --yes", NULL},
    {"yes", 'y', VECFERRY_FLAG, NULL, "copy", "answer yes to questions", NULL},
    {"source-password-file", 0, VECFERRY_TEXT, "FILE", "inspect plan copy verify",
     "file (mode 0600) that holds the source's password, or the key of an encrypted SQLite file", NULL},
    {"target-password-file", 0, VECFERRY_TEXT, "FILE", "plan copy verify index",
     "file (mode 0600) that holds the target's password, or the key of an encrypted SQLite file; a new file is made "
     "with it",
     NULL},
    {"target2-password-file", 0, VECFERRY_TEXT, "FILE", "plan copy verify",
     "file (mode 0600) that holds the second target's password or key", NULL},
    {"source-password-command", 0, VECFERRY_TEXT, "COMMAND", "inspect plan copy verify",
     "command whose output is the source's password or key", NULL},
    {"target-password-command", 0, VECFERRY_TEXT, "COMMAND", "plan copy verify index",
     "command whose output is the target's password or key", NULL},
    {"target2-password-command", 0, VECFERRY_TEXT, "COMMAND", "plan copy verify",
     "command whose output is the second target's password or key", NULL},
    {"library-dir", 0, VECFERRY_TEXT, "DIR", "inspect plan copy verify index",
     "folder of the libraries that are opened when they are needed: libduckdb.so, libusearch_c.so and the like", NULL},
    {"duckdb-extensions", 0, VECFERRY_TEXT, "DIR", "inspect plan copy verify index",
     "folder of DuckDB's extensions, such as vss.duckdb_extension (default: duckdb-extensions in the folder of its "
     "library)",
     NULL},
    {"json", 0, VECFERRY_FLAG, NULL, "inspect plan copy verify index", "results as JSON on stdout", NULL},
    {"quiet", 'q', VECFERRY_FLAG, NULL, "inspect plan copy verify index", "no progress, only results and errors", NULL},
    {"verbose", 'v', VECFERRY_FLAG, NULL, "inspect plan copy verify index", "more about what happens, on stderr", NULL},
    {NULL, 0, VECFERRY_FLAG, NULL, NULL, NULL, NULL},
};

#define N_OPTIONS (sizeof(options) / sizeof(options[0]) - 1)

const struct vecferry_option *vecferry_options(void)
{
    return options;
}

static size_t find(const char *name)
{
    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (strcmp(options[i].name, name) == 0)
            return i;
    }
    return N_OPTIONS;
}

static const char *nearest(const char *name)
{
    const char *best = options[0].name;

    for (size_t i = 1; i < N_OPTIONS; i++) {
        if (vf_edit_distance(name, options[i].name) < vf_edit_distance(name, best))
            best = options[i].name;
    }
    return best;
}

static void clear_values(struct vf_option_values *values)
{
    for (size_t i = 0; i < values->n_values; i++)
        vf_free(values->values[i]);
    vf_free(values->values);
    *values = (struct vf_option_values){0};
}

void vf_handle_release_options(vecferry *v)
{
    for (size_t i = 0; v->options != NULL && i < N_OPTIONS; i++)
        clear_values(&v->options[i]);
    vf_free(v->options);
    v->options = NULL;
}

static bool is_valid(const struct vecferry_option *option, const char *value)
{
    uint64_t size_bytes;
    int64_t number;

    switch (option->kind) {
    case VECFERRY_FLAG:
        return strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
    case VECFERRY_NUMBER:
        return vf_parse_i64(value, strlen(value), &number) && number > 0 && number <= 1024;
    case VECFERRY_SIZE:
        return vf_parse_size(value, &size_bytes) && size_bytes >= (uint64_t)8 << 20;
    case VECFERRY_LIST:
    case VECFERRY_TEXT:
        return value[0] != '\0';
    }
    return false;
}

static const char *expectation(enum vecferry_option_kind kind)
{
    switch (kind) {
    case VECFERRY_FLAG:
        return "true or false";
    case VECFERRY_NUMBER:
        return "a whole number from 1 to 1024";
    case VECFERRY_SIZE:
        return "a size of at least 8M, such as 64M or 1.5G";
    case VECFERRY_LIST:
    case VECFERRY_TEXT:
        return "a text that isn't empty";
    }
    return "";
}

static enum vf_status add_value(struct vf_option_values *values, bool is_list, const char *value, struct vf_error *err)
{
    char *copy = vf_strdup(value);

    if (copy == NULL)
        return vf_error_nomem(err);
    if (!is_list && values->n_values > 0) {
        vf_free(values->values[0]);
        values->values[0] = copy;
        return VF_OK;
    }
    char **grown = vf_realloc(values->values, values->n_values + 1, sizeof(*grown));
    if (grown == NULL) {
        vf_free(copy);
        return vf_error_nomem(err);
    }
    values->values = grown;
    values->values[values->n_values++] = copy;
    return VF_OK;
}

static enum vf_status set(vecferry *v, const char *name, const char *value, struct vf_error *err)
{
    size_t i = find(name);

    if (v->options == NULL) {
        v->options = vf_calloc(N_OPTIONS, sizeof(*v->options));
        if (v->options == NULL)
            return vf_error_nomem(err);
    }
    if (i == N_OPTIONS) {
        vf_error_set(err, VF_USAGE, "unknown option \"%.64s\"", name);
        vf_error_hint(err, "the nearest is \"%s\"", nearest(name));
        return VF_USAGE;
    }
    if (value == NULL) {
        clear_values(&v->options[i]);
        return VF_OK;
    }
    if (!is_valid(&options[i], value))
        return vf_error_set(err, VF_USAGE, "option %s: \"%.64s\" is not %s", name, value, expectation(options[i].kind));
    return add_value(&v->options[i], options[i].kind == VECFERRY_LIST, value, err);
}

int vecferry_set(vecferry *v, const char *name, const char *value)
{
    vf_error_clear(&v->error);
    enum vf_status status = set(v, name, value, &v->error);
    return vf_status_exit_code(status, VF_SIDE_NONE);
}

const char *vf_handle_text(const vecferry *v, const char *name)
{
    size_t i = find(name);

    if (i == N_OPTIONS)
        return NULL;
    if (v->options != NULL && v->options[i].n_values > 0)
        return v->options[i].values[v->options[i].n_values - 1];
    return options[i].fallback;
}

bool vf_handle_flag(const vecferry *v, const char *name)
{
    const char *text = vf_handle_text(v, name);

    return text != NULL && strcmp(text, "true") == 0;
}

uint64_t vf_handle_number(const vecferry *v, const char *name)
{
    const char *text = vf_handle_text(v, name);
    uint64_t size_bytes = 0;
    int64_t number = 0;

    if (text == NULL)
        return 0;
    if (options[find(name)].kind == VECFERRY_SIZE)
        return vf_parse_size(text, &size_bytes) ? size_bytes : 0;
    return vf_parse_i64(text, strlen(text), &number) ? (uint64_t)number : 0;
}

const struct vf_option_values *vf_handle_list(const vecferry *v, const char *name)
{
    static const struct vf_option_values none = {0};
    size_t i = find(name);

    return i == N_OPTIONS || v->options == NULL ? &none : &v->options[i];
}
