#include "api/handle.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/text.h"
#include "engine/store.h"
#include "ferry/nul.h"

#define MAX_JOBS 4
/* Somebody may have to unlock a key chain, but a program that runs at night has to end. */
#define PASSWORD_TIMEOUT_MS 120000

/* ---- opening ---- */

/* By option first, then from the environment; without either, the database's own library looks where it always does. */
static enum vf_status read_password(vecferry *v, const char *side, const struct vf_url *url, char **password,
                                    struct vf_error *err)
{
    const char *word = strcmp(url->scheme, "postgres") == 0 ? "password" : url->path != NULL ? "key" : "token";
    char name[64];

    snprintf(name, sizeof(name), "%s-password-file", side);
    const char *file = vf_handle_text(v, name);
    snprintf(name, sizeof(name), "%s-password-command", side);
    const char *command = vf_handle_text(v, name);
    if (file != NULL && command != NULL)
        return vf_error_set(err, VF_USAGE, "--%s-password-file and --%s-password-command are both given", side, side);
    if (file != NULL)
        return vf_secret_from_file(word, file, password, err);
    if (command != NULL)
        return vf_secret_from_command(word, command, PASSWORD_TIMEOUT_MS, password, err);
    const char *variable = strcmp(side, "source") == 0   ? "VECFERRY_SOURCE_PASSWORD"
                           : strcmp(side, "target") == 0 ? "VECFERRY_TARGET_PASSWORD"
                                                         : "VECFERRY_TARGET2_PASSWORD";
    return vf_secret_from_env(variable, password, err);
}

static struct vf_open_options open_options(vecferry *v, enum vf_side side, const char *verb, const char *password,
                                           bool must_exist)
{
    return (struct vf_open_options){
        .side = side,
        .password = password,
        .application = verb,
        .log = &v->log,
        .cancel = &v->cancel,
        .library_dir = vf_handle_text(v, "library-dir"),
        .extension_dir = vf_handle_text(v, "duckdb-extensions"),
        .memory_bytes = vf_handle_number(v, "memory") / 4,
        .must_exist = must_exist,
    };
}

/* The snapshot comes before anything is read, so that the evidence, the plan and the rows are of one instant. */
static enum vf_status open_source(vecferry *v, struct vf_ends *ends, const char *url, struct vf_error *err)
{
    enum vf_status status = vf_url_parse(url, &ends->source_url, err);

    ends->v = v;
    if (status == VF_OK)
        status = read_password(v, "source", &ends->source_url, &ends->source_password, err);
    if (status == VF_OK) {
        ends->source_options = open_options(v, VF_SIDE_SOURCE, "vecferry", ends->source_password, true);
        status = vf_conn_open(&ends->source_url, &ends->source_options, &ends->source, err);
    }
    if (status == VF_OK && vf_conn_can(ends->source, VF_CAP_SNAPSHOT)) {
        bool shared = vf_conn_can(ends->source, VF_CAP_SHARED_SNAPSHOT);
        status = vf_conn_begin_snapshot(ends->source, shared ? ends->snapshot : NULL,
                                        shared ? sizeof(ends->snapshot) : 0, err);
    }
    vf_error_side(status != VF_OK ? err : NULL, VF_SIDE_SOURCE);
    return status;
}

const char *vf_ends_by(const struct vf_ends *ends)
{
    const char *by = vf_handle_text(ends->v, "by");

    return by != NULL || ends->parts.request == NULL ? by : vf_plan_request_by(ends->parts.request);
}

static const char *const target_names[] = {"target", "target2"};

static enum vf_status open_target(struct vf_ends *ends, size_t i, const char *url, bool must_exist,
                                  struct vf_error *err)
{
    struct vf_end *end = &ends->targets[i];
    struct vf_crossing *crossing = &end->crossing;
    enum vf_status status = vf_url_parse(url, &end->url, err);

    if (status == VF_OK && vf_ends_by(ends) != NULL)
        status = vf_by_check_pattern(&end->url, err);
    if (status == VF_OK)
        status = read_password(ends->v, target_names[i], &end->url, &end->password, err);
    if (status == VF_OK) {
        crossing->target_options = open_options(ends->v, VF_SIDE_TARGET, "vecferry", end->password, must_exist);
        if (ends->parts.request != NULL)
            crossing->target_options.storage = vf_plan_request_storage(ends->parts.request, (unsigned)i + 1);
        status = vf_conn_open(&end->url, &crossing->target_options, &crossing->target, err);
    }
    vf_error_side(status != VF_OK ? err : NULL, VF_SIDE_TARGET);
    return status;
}

static void forward_progress(void *context, const struct vf_progress *progress)
{
    static const enum vecferry_stage stages[] = {
        [VF_STAGE_INSPECT] = VECFERRY_STAGE_INSPECT, [VF_STAGE_COPY] = VECFERRY_STAGE_COPY,
        [VF_STAGE_INDEX] = VECFERRY_STAGE_INDEX,     [VF_STAGE_VERIFY] = VECFERRY_STAGE_VERIFY,
        [VF_STAGE_DONE] = VECFERRY_STAGE_DONE,
    };
    const struct vf_ends *ends = context;
    vecferry *v = ends->v;
    struct vecferry_progress shown = {
        .stage = stages[progress->stage],
        .table = progress->table,
        .phase = progress->phase,
        .n_rows = progress->n_rows,
        .total_rows = progress->total_rows,
        .total_is_exact = progress->total_is_exact,
        .n_bytes = progress->n_bytes,
        .n_rejected = progress->n_rejected,
        .elapsed_us = progress->elapsed_us,
        .finished = progress->finished,
        .target = ends->target,
    };

    if (v->progress != NULL)
        v->progress(v->progress_context, &shown);
}

static unsigned count_jobs(vecferry *v)
{
    uint64_t jobs = vf_handle_number(v, "jobs");
    long n_processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (jobs > 0)
        return (unsigned)jobs;
    if (n_processors < 1)
        return 1;
    return n_processors > MAX_JOBS ? MAX_JOBS : (unsigned)n_processors;
}

/* After the source and the target are open. */
static void fill_crossing(struct vf_ends *ends, size_t i)
{
    vecferry *v = ends->v;
    struct vf_crossing *crossing = &ends->targets[i].crossing;

    crossing->plan = &ends->parts.plans[i];
    crossing->source_url = &ends->source_url;
    crossing->target_url = &ends->targets[i].url;
    crossing->source_options = ends->source_options;
    crossing->source = ends->source;
    memcpy(crossing->snapshot, ends->snapshot, sizeof(crossing->snapshot));
    crossing->jobs = count_jobs(v);
    crossing->memory_bytes = vf_handle_number(v, "memory");
    crossing->strict = vf_handle_flag(v, "strict");
    crossing->resume = vf_handle_flag(v, "resume");
    crossing->drop_existing = vf_handle_flag(v, "drop-existing");
    crossing->progress = forward_progress;
    crossing->progress_context = ends;
    crossing->log = &v->log;
    crossing->cancel = &v->cancel;
    crossing->clock = vf_clock_system();
}

enum vf_status vf_ends_open_source(vecferry *v, struct vf_ends *ends, struct vf_error *err)
{
    const char *url = vf_handle_text(v, "source");

    if (url == NULL) {
        vf_error_set(err, VF_USAGE, "no source is named");
        vf_error_hint(err, "name it as the first argument (option \"source\" of the library)");
        return VF_USAGE;
    }
    return open_source(v, ends, url, err);
}

enum vf_status vf_ends_open_target(vecferry *v, struct vf_ends *ends, struct vf_error *err)
{
    const char *url = vf_handle_text(v, "target");

    if (url == NULL) {
        vf_error_set(err, VF_USAGE, "no database is named");
        vf_error_hint(err, "name it as the first argument (option \"target\" of the library)");
        return VF_USAGE;
    }
    ends->v = v;
    ends->n_targets = 1;
    enum vf_status status = open_target(ends, 0, url, true, err);
    fill_crossing(ends, 0);
    return status;
}

/* ---- the plan file ---- */

enum vf_status vf_ends_read_file(const char *path, struct vf_buf *text, struct vf_error *err)
{
    FILE *file = fopen(path, "rb");
    size_t n_read = 1;

    if (file == NULL)
        return vf_error_set(err, VF_USAGE, "cannot open the plan %s: %s", path, strerror(errno));
    while (n_read > 0) {
        char *to = vf_buf_reserve(text, 65536);
        n_read = to != NULL ? fread(to, 1, 65536, file) : 0;
        if (n_read > 0)
            vf_buf_advance(text, n_read);
    }
    int code = ferror(file) != 0 ? errno : 0;
    fclose(file);
    if (code != 0)
        return vf_error_set(err, VF_USAGE, "cannot read the plan %s: %s", path, strerror(code));
    return vf_buf_check(text, err);
}

static enum vf_status read_plan(struct vf_ends *ends, const char *path, struct vf_error *err)
{
    struct vf_buf text;

    vf_buf_init(&text, VF_MAX_PLAN_BYTES);
    enum vf_status status = vf_ends_read_file(path, &text, err);
    if (status == VF_OK)
        status = vf_parts_read(path, text.data != NULL ? text.data : "", text.size_bytes, &ends->parts, err);
    vf_buf_release(&text);
    return status;
}

/* A second target on the command line goes with the first: of a file's two targets not one alone is exchanged by accident. */
static void choose_targets(const vecferry *v, const struct vf_ends *ends, const char **targets)
{
    const char *first = vf_handle_text(v, "target"), *second = vf_handle_text(v, "target2");

    targets[0] = first != NULL ? first : ends->parts.target_urls[0];
    targets[1] = second != NULL ? second : first == NULL ? ends->parts.target_urls[1] : NULL;
}

/* Two targets that are one database would write over each other. */
static enum vf_status compare_targets(struct vf_ends *ends, struct vf_error *err)
{
    struct vf_server first, other;
    enum vf_status status = VF_OK;

    if (ends->n_targets < 2)
        return VF_OK;
    status = vf_conn_describe(ends->targets[0].crossing.target, &first, err);
    if (status == VF_OK)
        status = vf_conn_describe(ends->targets[1].crossing.target, &other, err);
    if (status != VF_OK || other.identity[0] == '\0' || strcmp(first.identity, other.identity) != 0 ||
        strcmp(first.product, other.product) != 0)
        return status;
    vf_error_set(err, VF_USAGE, "both targets are the same database");
    vf_error_hint(err, "name another one");
    return VF_USAGE;
}

enum vf_status vf_ends_open(vecferry *v, struct vf_ends *ends, bool target_must_exist, struct vf_error *err)
{
    const char *source = vf_handle_text(v, "source"), *file = vf_handle_text(v, "file"), *targets[VF_MAX_TARGETS];
    enum vf_status status = file != NULL ? read_plan(ends, file, err) : VF_OK;

    if (status != VF_OK)
        return status;
    source = source != NULL ? source : ends->parts.source_url;
    choose_targets(v, ends, targets);
    if (source == NULL || targets[0] == NULL) {
        vf_error_set(err, VF_USAGE, "no %s is named", source == NULL ? "source" : "target");
        vf_error_hint(err, "name source and target as arguments, or a plan by --file");
        return VF_USAGE;
    }
    status = open_source(v, ends, source, err);
    if (status == VF_OK && vf_ends_by(ends) != NULL && targets[1] != NULL)
        status = vf_error_set(err, VF_USAGE, "--by goes with one target, and two are named");
    /* With --by the plan is made before there is a file: for one whose name is {}. */
    target_must_exist &= status == VF_OK && vf_ends_by(ends) == NULL;
    for (size_t i = 0; i < VF_MAX_TARGETS && targets[i] != NULL && status == VF_OK; i++) {
        status = open_target(ends, i, targets[i], target_must_exist, err);
        fill_crossing(ends, i);
        ends->n_targets = i + 1;
    }
    return status == VF_OK ? compare_targets(ends, err) : status;
}

/* ---- plans ---- */

static struct vf_plan_options plan_options(vecferry *v, const char *source, bool ignore_existing)
{
    const struct vf_option_values *only = vf_handle_list(v, "only"), *exclude = vf_handle_list(v, "exclude"),
                                  *where = vf_handle_list(v, "where"), *split = vf_handle_list(v, "split"),
                                  *whole = vf_handle_list(v, "whole"), *as_table = vf_handle_list(v, "as-table");

    return (struct vf_plan_options){
        .source_url = source,
        .n_only = only->n_values,
        .only = (const char *const *)only->values,
        .n_exclude = exclude->n_values,
        .exclude = (const char *const *)exclude->values,
        .n_where = where->n_values,
        .where = (const char *const *)where->values,
        .n_split = split->n_values,
        .split = (const char *const *)split->values,
        .by = vf_handle_text(v, "by"),
        .n_whole = whole->n_values,
        .whole = (const char *const *)whole->values,
        .n_as_table = as_table->n_values,
        .as_table = (const char *const *)as_table->values,
        .accept_losses = vf_handle_flag(v, "accept-losses"),
        .ignore_existing = ignore_existing,
        .ignore_drift = vf_handle_flag(v, "diff"),
        .library_dir = vf_handle_text(v, "library-dir"),
    };
}

bool vf_ends_has_own_plan(const vecferry *v)
{
    return vf_handle_text(v, "file") != NULL || vf_handle_list(v, "only")->n_values > 0 ||
           vf_handle_list(v, "exclude")->n_values > 0 || vf_handle_list(v, "where")->n_values > 0 ||
           vf_handle_list(v, "split")->n_values > 0 || vf_handle_list(v, "as-table")->n_values > 0 ||
           vf_handle_text(v, "by") != NULL || vf_handle_text(v, "nul") != NULL;
}

static enum vf_status choose_nul(const vecferry *v, enum vf_nul *nul, struct vf_error *err)
{
    const char *asked = vf_handle_text(v, "nul");

    if (asked == NULL || vf_nul_parse(asked, nul))
        return VF_OK;
    return vf_error_set(err, VF_USAGE, "--nul is strip, escape or unescape, not \"%.64s\"", asked);
}

enum vf_status vf_ends_choose_scan(const vecferry *v, enum vf_plan_scan *scan, struct vf_error *err)
{
    static const char *const words[] = {
        [VF_PLAN_SCAN_NONE] = "none", [VF_PLAN_SCAN_SAMPLE] = "sample", [VF_PLAN_SCAN_FULL] = "full"};
    const char *asked = vf_handle_text(v, "scan");

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!vf_str_equal(asked, words[i]))
            continue;
        *scan = (enum vf_plan_scan)i;
        return VF_OK;
    }
    return vf_error_set(err, VF_USAGE, "--scan is none, sample or full, not \"%.64s\"", asked);
}

enum vf_status vf_ends_plan(vecferry *v, struct vf_ends *ends, bool ignore_existing, struct vf_error *err)
{
    char source[512], texts[VF_MAX_TARGETS][512];
    const char *shown[VF_MAX_TARGETS], *paths[VF_MAX_TARGETS];
    struct vf_conn *targets[VF_MAX_TARGETS];
    struct vf_plan_options options =
        plan_options(v, vf_url_show(&ends->source_url, source, sizeof(source)), ignore_existing);

    for (size_t i = 0; i < ends->n_targets; i++) {
        targets[i] = ends->targets[i].crossing.target;
        shown[i] = vf_url_show(&ends->targets[i].url, texts[i], sizeof(texts[i]));
        paths[i] = ends->targets[i].url.path;
    }
    options.target_paths = paths;
    options.scan = ends->scan;
    enum vf_status status = choose_nul(v, &options.nul, err);
    if (status != VF_OK)
        return status;
    return vf_parts_make(&ends->parts, ends->source, targets, ends->n_targets, shown, &options, err);
}

/* The run whose plan is taken: the newest; where a stopped copy is to be gone on with, one that isn't done goes before those that are. */
struct newest_plan {
    bool unfinished;
    bool is_done;
    const char *source; /* identity of a run's source that it must have; NULL: any */
    int64_t started_us;
    struct vf_buf text;
    char name[64];
};

static enum vf_status see_run(void *context, const struct vf_store_run *run, struct vf_error *err)
{
    struct newest_plan *newest = context;
    bool is_done = newest->unfinished && vf_str_equal(run->state, "done");
    bool is_first = newest->text.size_bytes == 0;

    if (run->plan_text == NULL || (newest->source != NULL && !vf_str_equal(run->source, newest->source)))
        return VF_OK;
    if (!is_first && (is_done != newest->is_done ? is_done : run->started_us < newest->started_us))
        return VF_OK;
    newest->is_done = is_done;
    newest->started_us = run->started_us;
    snprintf(newest->name, sizeof(newest->name), "the plan of run %.16s", run->run);
    vf_buf_clear(&newest->text);
    vf_buf_str(&newest->text, run->plan_text);
    return vf_buf_check(&newest->text, err);
}

/* With one target a run that is done is nothing to go on with; with two, it may be one of them that is. */
static bool is_enough(const struct newest_plan *newest, const struct vf_ends *ends)
{
    return newest->text.size_bytes > 0 && (!newest->is_done || ends->n_targets > 1);
}

enum vf_status vf_ends_plan_of_run(vecferry *v, struct vf_ends *ends, bool unfinished, bool *found,
                                   struct vf_error *err)
{
    struct newest_plan newest = {.unfinished = unfinished};
    struct vf_server source;

    vf_buf_init(&newest.text, VF_MAX_PLAN_BYTES);
    enum vf_status status = vf_conn_describe(ends->source, &source, err);
    /* A run that is resumed must be from this source, which the copy checks and says; another database can be compared with the target all the same. */
    if (!unfinished)
        newest.source = source.identity;
    for (size_t i = 0; i < ends->n_targets && status == VF_OK; i++)
        status = vf_store_list_runs(ends->targets[i].crossing.target, see_run, &newest, err);
    *found = status == VF_OK && is_enough(&newest, ends);
    if (*found)
        status = vf_parts_read(newest.name, newest.text.data, newest.text.size_bytes, &ends->parts, err);
    if (*found && status == VF_OK && vf_ends_by(ends) != NULL) {
        vf_error_set(err, VF_USAGE, "the target is one of many files, one for each value of column \"%s\"",
                     vf_ends_by(ends));
        vf_error_hint(err, "name the plan by --file, or all files by --by and a target with {}");
        status = VF_USAGE;
    }
    if (*found && status == VF_OK)
        status = vf_ends_plan(v, ends, true, err);
    vf_buf_release(&newest.text);
    return status;
}

/* ---- closing ---- */

/* The file named {}, for which the plan of many files was made: an earlier process that was killed may have left it. */
static void remove_pattern(const struct vf_url *url)
{
    struct stat found;

    if (lstat(url->path, &found) == 0 && S_ISREG(found.st_mode) && found.st_size == 0)
        unlink(url->path);
}

void vf_ends_close(struct vf_ends *ends)
{
    bool is_pattern = ends->v != NULL && ends->n_targets > 0 && vf_ends_by(ends) != NULL;

    for (size_t i = 0; i < VF_MAX_TARGETS; i++) {
        struct vf_end *end = &ends->targets[i];
        vf_copy_result_release(&end->copied);
        vf_verify_result_release(&end->verified);
        vf_conn_close(end->crossing.target);
        if (i == 0 && is_pattern && end->crossing.target != NULL)
            remove_pattern(&end->url);
        vf_url_release(&end->url);
        vf_secret_free(end->password);
    }
    vf_conn_close(ends->source);
    vf_parts_release(&ends->parts);
    vf_url_release(&ends->source_url);
    vf_secret_free(ends->source_password);
    *ends = (struct vf_ends){0};
}
