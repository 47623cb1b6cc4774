#include "api/handle.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/text.h"
#include "engine/store.h"

#define MAX_PLAN_BYTES ((size_t)64 << 20)
#define MAX_JOBS       4
/* Somebody may have to unlock a key chain, but a program that runs at night has to end. */
#define PASSWORD_TIMEOUT_MS 120000

/* ---- opening ---- */

/* By option first, then from the environment; without either, the database's own library looks where it always does. */
static enum vf_status read_password(vecferry *v, const char *side, char **password, struct vf_error *err)
{
    char name[64];

    snprintf(name, sizeof(name), "%s-password-file", side);
    const char *file = vf_handle_text(v, name);
    snprintf(name, sizeof(name), "%s-password-command", side);
    const char *command = vf_handle_text(v, name);
    if (file != NULL && command != NULL)
        return vf_error_set(err, VF_USAGE, "--%s-password-file and --%s-password-command are both given", side, side);
    if (file != NULL)
        return vf_secret_from_file(file, password, err);
    if (command != NULL)
        return vf_secret_from_command(command, PASSWORD_TIMEOUT_MS, password, err);
    return vf_secret_from_env(side[0] == 's' ? "VECFERRY_SOURCE_PASSWORD" : "VECFERRY_TARGET_PASSWORD", password, err);
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
        .memory_bytes = vf_handle_number(v, "memory") / 4,
        .must_exist = must_exist,
    };
}

/* The snapshot comes before anything is read, so that the evidence, the plan and the rows are of one instant. */
static enum vf_status open_source(vecferry *v, struct vf_ends *ends, const char *url, struct vf_error *err)
{
    struct vf_crossing *crossing = &ends->crossing;
    enum vf_status status = vf_url_parse(url, &ends->source_url, err);

    if (status == VF_OK)
        status = read_password(v, "source", &ends->source_password, err);
    if (status != VF_OK)
        return status;
    crossing->source_options = open_options(v, VF_SIDE_SOURCE, "vecferry", ends->source_password, true);
    status = vf_conn_open(&ends->source_url, &crossing->source_options, &crossing->source, err);
    if (status != VF_OK || !vf_conn_can(crossing->source, VF_CAP_SNAPSHOT))
        return status;
    bool shared = vf_conn_can(crossing->source, VF_CAP_SHARED_SNAPSHOT);
    return vf_conn_begin_snapshot(crossing->source, shared ? crossing->snapshot : NULL,
                                  shared ? sizeof(crossing->snapshot) : 0, err);
}

static enum vf_status open_target(vecferry *v, struct vf_ends *ends, const char *url, bool must_exist,
                                  struct vf_error *err)
{
    struct vf_crossing *crossing = &ends->crossing;
    enum vf_status status = vf_url_parse(url, &ends->target_url, err);

    if (status == VF_OK)
        status = read_password(v, "target", &ends->target_password, err);
    if (status != VF_OK)
        return status;
    crossing->target_options = open_options(v, VF_SIDE_TARGET, "vecferry", ends->target_password, must_exist);
    return vf_conn_open(&ends->target_url, &crossing->target_options, &crossing->target, err);
}

static void forward_progress(void *context, const struct vf_progress *progress)
{
    static const enum vecferry_stage stages[] = {
        [VF_STAGE_INSPECT] = VECFERRY_STAGE_INSPECT, [VF_STAGE_COPY] = VECFERRY_STAGE_COPY,
        [VF_STAGE_INDEX] = VECFERRY_STAGE_INDEX,     [VF_STAGE_VERIFY] = VECFERRY_STAGE_VERIFY,
        [VF_STAGE_DONE] = VECFERRY_STAGE_DONE,
    };
    vecferry *v = context;
    struct vecferry_progress shown = {
        .stage = stages[progress->stage],
        .table = progress->table,
        .n_rows = progress->n_rows,
        .total_rows = progress->total_rows,
        .total_is_exact = progress->total_is_exact,
        .n_bytes = progress->n_bytes,
        .n_rejected = progress->n_rejected,
        .elapsed_us = progress->elapsed_us,
        .finished = progress->finished,
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

static void fill_crossing(vecferry *v, struct vf_ends *ends)
{
    struct vf_crossing *crossing = &ends->crossing;

    crossing->plan = &ends->plan;
    crossing->source_url = &ends->source_url;
    crossing->target_url = &ends->target_url;
    crossing->jobs = count_jobs(v);
    crossing->memory_bytes = vf_handle_number(v, "memory");
    crossing->strict = vf_handle_flag(v, "strict");
    crossing->resume = vf_handle_flag(v, "resume");
    crossing->drop_existing = vf_handle_flag(v, "drop-existing");
    crossing->progress = forward_progress;
    crossing->progress_context = v;
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
    fill_crossing(v, ends);
    enum vf_status status = open_source(v, ends, url, err);
    vf_error_side(err, VF_SIDE_SOURCE);
    return status;
}

/* ---- the plan file ---- */

static enum vf_status read_file(const char *path, struct vf_buf *text, struct vf_error *err)
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
    bool failed = ferror(file) != 0;
    fclose(file);
    if (failed)
        return vf_error_set(err, VF_USAGE, "cannot read the plan %s", path);
    return vf_buf_check(text, err);
}

static enum vf_status read_plan(struct vf_ends *ends, const char *path, struct vf_error *err)
{
    struct vf_buf text;

    vf_buf_init(&text, MAX_PLAN_BYTES);
    enum vf_status status = read_file(path, &text, err);
    if (status == VF_OK)
        status = vf_plan_read(path, text.data != NULL ? text.data : "", text.size_bytes, &ends->plan, err);
    vf_buf_release(&text);
    return status;
}

enum vf_status vf_ends_open(vecferry *v, struct vf_ends *ends, bool target_must_exist, struct vf_error *err)
{
    const char *source = vf_handle_text(v, "source"), *target = vf_handle_text(v, "target"),
               *file = vf_handle_text(v, "file");
    enum vf_status status = file != NULL ? read_plan(ends, file, err) : VF_OK;

    if (status != VF_OK)
        return status;
    source = source != NULL ? source : ends->plan.source_url;
    target = target != NULL ? target : ends->plan.target_url;
    if (source == NULL || target == NULL) {
        vf_error_set(err, VF_USAGE, "no %s is named", source == NULL ? "source" : "target");
        vf_error_hint(err, "name source and target as arguments, or a plan by --file");
        return VF_USAGE;
    }
    fill_crossing(v, ends);
    status = open_source(v, ends, source, err);
    if (status != VF_OK) {
        vf_error_side(err, VF_SIDE_SOURCE);
        return status;
    }
    status = open_target(v, ends, target, target_must_exist, err);
    vf_error_side(err, VF_SIDE_TARGET);
    return status;
}

/* ---- plans ---- */

static struct vf_plan_options plan_options(vecferry *v, const char *source, const char *target, bool ignore_existing)
{
    const struct vf_option_values *only = vf_handle_list(v, "only"), *exclude = vf_handle_list(v, "exclude"),
                                  *where = vf_handle_list(v, "where");

    return (struct vf_plan_options){
        .source_url = source,
        .target_url = target,
        .n_only = only->n_values,
        .only = (const char *const *)only->values,
        .n_exclude = exclude->n_values,
        .exclude = (const char *const *)exclude->values,
        .n_where = where->n_values,
        .where = (const char *const *)where->values,
        .accept_losses = vf_handle_flag(v, "accept-losses"),
        .ignore_existing = ignore_existing,
    };
}

static enum vf_status make_or_bind(vecferry *v, struct vf_ends *ends, bool bind, bool ignore_existing,
                                   struct vf_error *err)
{
    char source[512], target[512];
    struct vf_plan_options options =
        plan_options(v, vf_url_show(&ends->source_url, source, sizeof(source)),
                     vf_url_show(&ends->target_url, target, sizeof(target)), ignore_existing);

    if (bind)
        return vf_plan_bind(&ends->plan, ends->crossing.source, ends->crossing.target, &options, err);
    return vf_plan_make(ends->crossing.source, ends->crossing.target, &options, &ends->plan, err);
}

enum vf_status vf_ends_plan(vecferry *v, struct vf_ends *ends, bool ignore_existing, struct vf_error *err)
{
    return make_or_bind(v, ends, vf_handle_text(v, "file") != NULL, ignore_existing, err);
}

struct newest_plan {
    bool unfinished_only;
    const char *source; /* identity of a run's source that it must have; NULL: any */
    int64_t started_us;
    struct vf_buf text;
    char name[64];
};

static enum vf_status see_run(void *context, const struct vf_store_run *run, struct vf_error *err)
{
    struct newest_plan *newest = context;
    bool is_done = vf_str_equal(run->state, "done");

    if (run->plan_text == NULL || run->started_us < newest->started_us || (is_done && newest->unfinished_only))
        return VF_OK;
    if (newest->source != NULL && !vf_str_equal(run->source, newest->source))
        return VF_OK;
    newest->started_us = run->started_us;
    snprintf(newest->name, sizeof(newest->name), "the plan of run %.16s", run->run);
    vf_buf_clear(&newest->text);
    vf_buf_str(&newest->text, run->plan_text);
    return vf_buf_check(&newest->text, err);
}

enum vf_status vf_ends_plan_of_run(vecferry *v, struct vf_ends *ends, bool unfinished_only, bool *found,
                                   struct vf_error *err)
{
    struct newest_plan newest = {.unfinished_only = unfinished_only};
    struct vf_server source;

    vf_buf_init(&newest.text, MAX_PLAN_BYTES);
    enum vf_status status = vf_conn_describe(ends->crossing.source, &source, err);
    /* A run that is resumed must be from this source, which the copy checks and says; another database can be compared with the target all the same. */
    if (!unfinished_only)
        newest.source = source.identity;
    if (status == VF_OK)
        status = vf_store_list_runs(ends->crossing.target, see_run, &newest, err);
    *found = status == VF_OK && newest.text.size_bytes > 0;
    if (*found)
        status = vf_plan_read(newest.name, newest.text.data, newest.text.size_bytes, &ends->plan, err);
    if (*found && status == VF_OK)
        status = make_or_bind(v, ends, true, true, err);
    vf_buf_release(&newest.text);
    return status;
}

/* ---- closing ---- */

static void release_password(char *password)
{
    if (password == NULL)
        return;
    volatile char *wipe = password;
    for (size_t i = strlen(password); i > 0; i--)
        wipe[i - 1] = '\0';
    vf_free(password);
}

void vf_ends_close(struct vf_ends *ends)
{
    vf_conn_close(ends->crossing.target);
    vf_conn_close(ends->crossing.source);
    vf_plan_release(&ends->plan);
    vf_url_release(&ends->source_url);
    vf_url_release(&ends->target_url);
    release_password(ends->source_password);
    release_password(ends->target_password);
    *ends = (struct vf_ends){0};
}
