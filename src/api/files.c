#include "api/handle.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "ferry/targets.h"
#include "ferry/verify_rows.h"

/* One file of many. */
struct file {
    struct vf_url url;
    bool is_there; /* before the run */
    bool is_resumed;
    char run[17];
    int64_t n_rows, n_rejected, n_differences;
};

/* The files of a plan with `by`, and what they are together: a result as of one target, in ends->targets[0]. */
struct files {
    struct vf_ends *ends;
    struct vf_by by;
    struct file *files;
    enum vf_copy_state *states;
    struct vf_by_sum *sums; /* of each table */
    struct vf_copy_result *copied;
    struct vf_verify_result *verified;
    bool verify;
    struct vf_error *err;
};

/* ---- opening ---- */

/* A link in the folder could lead anywhere. */
static enum vf_status look_at(struct file *file, struct vf_error *err)
{
    struct stat found;

    if (lstat(file->url.path, &found) != 0) {
        if (errno == ENOENT)
            return VF_OK;
        return vf_error_set(err, VF_CONNECT, "cannot look at \"%s\": %s", file->url.path, strerror(errno));
    }
    if (S_ISLNK(found.st_mode))
        return vf_error_set(err, VF_CONNECT, "\"%s\" is a symbolic link, which --by doesn't follow", file->url.path);
    file->is_there = true;
    return VF_OK;
}

static enum vf_status list_files(struct files *files)
{
    struct vf_ends *ends = files->ends;
    enum vf_status status = vf_by_list(&ends->targets[0].crossing, &files->by, files->err);

    if (status != VF_OK)
        return status;
    files->files = vf_calloc(files->by.n_values, sizeof(*files->files));
    files->states = vf_calloc(files->by.n_values, sizeof(*files->states));
    files->sums = vf_calloc(ends->parts.plans[0].n_tables + 1, sizeof(*files->sums));
    if (files->files == NULL || files->states == NULL || files->sums == NULL)
        return vf_error_nomem(files->err);
    for (size_t i = 0; i < files->by.n_values && status == VF_OK; i++) {
        status = vf_by_url(&ends->targets[0].url, files->by.values[i].name, &files->files[i].url, files->err);
        if (status == VF_OK)
            status = look_at(&files->files[i], files->err);
    }
    return status;
}

/* A crossing to one file, opened. A file that is made is for its owner alone, before anything is in it. */
static enum vf_status open_file(struct files *files, size_t i, struct vf_arena *arena, struct vf_plan *plan,
                                struct vf_crossing *crossing)
{
    const struct vf_end *pattern = &files->ends->targets[0];
    struct file *file = &files->files[i];
    struct stat made;

    *crossing = pattern->crossing;
    crossing->target = NULL;
    crossing->is_locked = false;
    crossing->target_url = &file->url;
    crossing->plan = plan;
    crossing->target_options.must_exist = file->is_there;
    crossing->target_options.password = pattern->password;
    if (pattern->crossing.plan->target_server.storage[0] != '\0')
        crossing->target_options.storage = pattern->crossing.plan->target_server.storage;
    enum vf_status status =
        vf_by_plan(crossing->source, pattern->crossing.plan, &files->by.values[i], arena, plan, files->err);
    if (status == VF_OK)
        status = vf_conn_open(&file->url, &crossing->target_options, &crossing->target, files->err);
    bool is_empty = status == VF_OK && lstat(file->url.path, &made) == 0 && S_ISREG(made.st_mode) &&
                    (!file->is_there || made.st_size == 0);
    if (is_empty && chmod(file->url.path, 0600) != 0)
        status = vf_error_set(files->err, VF_CONNECT, "cannot keep \"%s\" to its owner: %s", file->url.path,
                              strerror(errno));
    if (status == VF_OK)
        status = vf_conn_describe(crossing->target, &plan->target_server, files->err);
    vf_error_side(status != VF_OK ? files->err : NULL, VF_SIDE_TARGET);
    return status;
}

static enum vf_status is_source(const struct vf_crossing *crossing, struct vf_error *err)
{
    const struct vf_server *server = &crossing->plan->target_server;

    if (strcmp(server->identity, crossing->plan->source_server.identity) != 0 || server->identity[0] == '\0')
        return VF_OK;
    return vf_error_set(err, VF_USAGE, "one of the files, \"%s\", is the source", crossing->target_url->path);
}

/* ---- all files are looked at before the first is written ---- */

static enum vf_status look(struct files *files, size_t i, bool resume)
{
    struct vf_arena arena = {0};
    struct vf_crossing crossing;
    struct vf_plan plan;
    enum vf_copy_state *state = &files->states[i];

    *state = VF_COPY_FRESH;
    if (!files->files[i].is_there)
        return VF_OK;
    enum vf_status status = open_file(files, i, &arena, &plan, &crossing);
    crossing.resume = resume;
    if (status == VF_OK)
        status = is_source(&crossing, files->err);
    bool drops = crossing.drop_existing && !resume;
    if (status == VF_OK && !drops)
        status = vf_copy_look(&crossing, state, files->err);
    if (status == VF_OK && !drops && (*state == VF_COPY_FRESH || (*state == VF_COPY_DONE && !resume)))
        status = vf_targets_check_empty(&crossing, files->err);
    if (status != VF_OK)
        vf_error_wrap(files->err, "file %s", files->files[i].url.path);
    vf_conn_close(crossing.target);
    vf_arena_release(&arena);
    return status;
}

/* ---- sums ---- */

static enum vf_status add_differences(struct files *files, size_t i, size_t table, const struct vf_verify_table *found)
{
    struct vf_verify_table *sum = &files->verified->tables[table];
    enum vf_status status = VF_OK;

    for (size_t k = 0; k < found->n_named && status == VF_OK; k++) {
        struct vf_difference difference = found->named[k];
        char *detail =
            vf_arena_printf(&files->verified->arena, "in %s%s%s", files->files[i].url.path,
                            difference.detail != NULL ? ": " : "", difference.detail != NULL ? difference.detail : "");
        if (detail == NULL)
            return vf_error_nomem(files->err);
        difference.detail = detail;
        status = vf_verify_name(sum, &files->verified->arena, &difference, files->err);
    }
    sum->n_differences += found->n_differences - (int64_t)found->n_named;
    sum->at_least |= found->at_least;
    return status;
}

/* Of every file, since each has indexes of its own. */
static enum vf_status add_indexes(struct files *files, size_t table, const struct vf_verify_table *found)
{
    struct vf_verify_table *sum = &files->verified->tables[table];
    struct vf_arena *arena = &files->verified->arena;

    for (size_t i = 0; i < found->n_indexes; i++) {
        const struct vf_verify_index *from = &found->indexes[i];
        void *array = sum->indexes;
        struct vf_verify_index *made = vf_arena_push(arena, &array, &sum->n_indexes, sizeof(*made));
        sum->indexes = array;
        if (made == NULL)
            return vf_error_nomem(files->err);
        *made = *from;
        made->name = vf_arena_strdup(arena, from->name);
        made->file = vf_arena_strdup(arena, from->file);
        made->state = vf_arena_strdup(arena, from->state);
        made->why = vf_arena_strdup(arena, from->why);
        if (made->state == NULL || (made->name == NULL && from->name != NULL) ||
            (made->file == NULL && from->file != NULL) || (made->why == NULL && from->why != NULL))
            return vf_error_nomem(files->err);
    }
    sum->n_bad_indexes += found->n_bad_indexes;
    return VF_OK;
}

/* A view is as bad as in the worst of the files; its rows aren't those of the source's, but where all its tables are whole. */
static enum vf_status add_views(struct files *files, size_t i, const struct vf_verify_result *result)
{
    struct vf_verify_result *sum = files->verified;

    if (sum->views == NULL)
        sum->views = vf_arena_alloc(&sum->arena, result->n_views + 1, sizeof(*sum->views));
    if (sum->views == NULL)
        return vf_error_nomem(files->err);
    sum->n_views = result->n_views;
    for (size_t k = 0; k < result->n_views; k++) {
        const struct vf_verify_view *found = &result->views[k];
        if (i > 0 && (found->rows.equal || !sum->views[k].rows.equal))
            continue;
        sum->views[k] = (struct vf_verify_view){.is_compared = found->is_compared,
                                                .why = vf_arena_strdup(&sum->arena, found->why),
                                                .rows = {.equal = found->rows.equal,
                                                         .source = found->rows.source,
                                                         .target = found->rows.target,
                                                         .n_differences = found->rows.n_differences,
                                                         .at_least = found->rows.at_least}};
        if (sum->views[k].why == NULL && found->why != NULL)
            return vf_error_nomem(files->err);
        sum->n_bad_views += !found->rows.equal;
    }
    return VF_OK;
}

static enum vf_status add_verified(struct files *files, size_t i, const struct vf_verify_result *result)
{
    const struct vf_plan *plan = &files->ends->parts.plans[0];
    enum vf_status status = VF_OK;

    for (size_t k = 0; k < result->n_tables && status == VF_OK; k++) {
        const struct vf_verify_table *found = &result->tables[k];
        struct vf_verify_table *sum = &files->verified->tables[k];
        sum->equal = (i == 0 || sum->equal) && found->equal;
        sum->n_rejected += found->n_rejected;
        sum->n_bytes += found->n_bytes;
        sum->elapsed_us += found->elapsed_us;
        files->sums[k].n_rejected += found->n_rejected;
        files->sums[k].n_parts++;
        if (plan->tables[k].by.name != NULL || i == 0) { /* a table that is whole is the same in all */
            vf_digest_merge(&sum->source, found->source);
            vf_digest_merge(&sum->target, found->target);
        }
        status = add_differences(files, i, k, found);
        if (status == VF_OK)
            status = add_indexes(files, k, found);
    }
    files->files[i].n_differences = result->n_differences;
    files->verified->n_bad_indexes += result->n_bad_indexes;
    files->verified->n_differences += result->n_differences;
    files->verified->n_rejected += result->n_rejected;
    files->verified->elapsed_us += result->elapsed_us;
    return status == VF_OK ? add_views(files, i, result) : status;
}

static enum vf_status add_unfinished(struct files *files, size_t i, const struct vf_problem_list *list)
{
    enum vf_status status = VF_OK;

    for (size_t k = 0; k < list->n_problems && status == VF_OK; k++) {
        const struct vf_problem *problem = &list->problems[k];
        status = vf_problem_add(&files->copied->unfinished, problem->severity, problem->status, problem->object,
                                problem->remedy, files->err, "in %s: %s", files->files[i].url.path, problem->what);
    }
    return status;
}

static enum vf_status add_copied(struct files *files, size_t i, const struct vf_copy_result *result)
{
    const struct vf_plan *plan = &files->ends->parts.plans[0];
    struct file *file = &files->files[i];

    memcpy(file->run, result->run, sizeof(file->run));
    file->is_resumed = result->resumed;
    file->n_rejected = result->n_rejected;
    if (i == 0)
        memcpy(files->copied->run, result->run, sizeof(file->run));
    files->copied->resumed |= result->resumed;
    files->copied->n_rejected += result->n_rejected;
    files->copied->elapsed_us += result->elapsed_us;
    for (size_t k = 0; k < result->n_tables; k++) {
        const struct vf_copy_table *found = &result->tables[k];
        struct vf_copy_table *sum = &files->copied->tables[k];
        sum->n_bytes += found->n_bytes;
        sum->elapsed_us += found->elapsed_us;
        sum->n_rejected += found->n_rejected;
        file->n_rows += found->n_rows;
        if (plan->tables[k].by.name == NULL && i > 0)
            continue;
        sum->n_rows += found->n_rows;
        vf_digest_merge(&sum->digest, found->digest);
    }
    return add_unfinished(files, i, &result->unfinished);
}

/* ---- one file after the other ---- */

static enum vf_status verify_file(struct files *files, size_t i, struct vf_crossing *crossing, const char *run)
{
    struct vf_verify_result verified = {0};
    enum vf_status status = vf_verify_run(crossing, run, &verified, files->err);

    if (status == VF_OK)
        status = add_verified(files, i, &verified);
    vf_verify_result_release(&verified);
    return status;
}

static enum vf_status copy_file(struct files *files, size_t i, struct vf_crossing *crossing)
{
    struct vf_copy_result copied = {0};
    enum vf_status status = files->states[i] == VF_COPY_DONE ? vf_copy_recall(crossing, &copied, files->err)
                                                             : vf_copy_run(crossing, &copied, files->err);

    if (status == VF_OK)
        status = add_copied(files, i, &copied);
    if (status == VF_OK && files->verify)
        status = verify_file(files, i, crossing, copied.run);
    vf_copy_result_release(&copied);
    return status;
}

static enum vf_status carry(struct files *files, size_t i, bool copy)
{
    struct vf_arena arena = {0};
    struct vf_crossing crossing;
    struct vf_plan plan;
    enum vf_status status = open_file(files, i, &arena, &plan, &crossing);

    files->ends->target = (unsigned)i + 1;
    crossing.resume = files->states[i] == VF_COPY_UNFINISHED;
    if (status == VF_OK)
        status = copy ? copy_file(files, i, &crossing) : verify_file(files, i, &crossing, NULL);
    if (status != VF_OK)
        vf_error_wrap(files->err, "file %s", files->files[i].url.path);
    vf_conn_close(crossing.target);
    vf_arena_release(&arena);
    return status;
}

/* Every row of the source is in one file, if all filters together find as many rows, of the same digest, as none does. */
static enum vf_status compare_whole(struct files *files)
{
    struct vf_crossing *crossing = &files->ends->targets[0].crossing;
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < crossing->plan->n_tables && status == VF_OK; i++) {
        struct vf_digest whole;
        files->sums[i].source = files->verified->tables[i].source;
        if (crossing->plan->tables[i].by.name != NULL)
            status = vf_by_compare_whole(crossing, &crossing->plan->tables[i], &files->sums[i], &whole, files->err);
    }
    return status;
}

/* ---- the result ---- */

static void write_files(struct files *files)
{
    struct vf_buf *out = &files->ends->v->result;
    char shown[512];

    vf_result_text(out, "by", files->ends->parts.plans[0].by);
    vf_buf_str(out, ",\"files\":[");
    for (size_t i = 0; i < files->by.n_values; i++) {
        const struct file *file = &files->files[i];
        vf_buf_printf(out, "%s{\"target\":%zu", i > 0 ? "," : "", i + 1);
        vf_result_text(out, "value", files->by.values[i].text);
        vf_result_text(out, "url", vf_url_show(&file->url, shown, sizeof(shown)));
        if (files->ends->targets[0].is_copied) {
            vf_result_text(out, "run", file->run);
            vf_buf_printf(out, ",\"resumed\":%s,\"rows\":%lld,\"rejected\":%lld", file->is_resumed ? "true" : "false",
                          (long long)file->n_rows, (long long)file->n_rejected);
        }
        if (files->ends->targets[0].is_verified)
            vf_buf_printf(out, ",\"n_differences\":%lld", (long long)file->n_differences);
        vf_buf_char(out, '}');
    }
    vf_buf_char(out, ']');
}

static enum vf_status prepare(struct files *files)
{
    size_t n_tables = files->ends->parts.plans[0].n_tables;

    *files->copied = (struct vf_copy_result){.n_tables = n_tables};
    files->copied->tables = vf_calloc(n_tables + 1, sizeof(*files->copied->tables));
    *files->verified = (struct vf_verify_result){.n_tables = n_tables};
    files->verified->tables = vf_arena_alloc(&files->verified->arena, n_tables + 1, sizeof(*files->verified->tables));
    if (files->copied->tables == NULL || files->verified->tables == NULL)
        return vf_error_nomem(files->err);
    return list_files(files);
}

static void release(struct files *files)
{
    for (size_t i = 0; files->files != NULL && i < files->by.n_values; i++)
        vf_url_release(&files->files[i].url);
    vf_free(files->files);
    vf_free(files->states);
    vf_free(files->sums);
    vf_by_release(&files->by);
}

static enum vf_status look_at_all(struct files *files)
{
    bool resume = vf_handle_flag(files->ends->v, "resume");
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < files->by.n_values && status == VF_OK; i++)
        status = look(files, i, resume);
    return status == VF_OK ? vf_targets_decide(files->states, files->by.n_values, resume, files->err) : status;
}

static enum vf_status run(struct files *files, bool copy)
{
    struct vf_end *end = &files->ends->targets[0];
    enum vf_status status = prepare(files);

    if (status == VF_OK && copy)
        status = look_at_all(files);
    for (size_t i = 0; i < files->by.n_values && status == VF_OK; i++) {
        if (!copy)
            files->files[i].is_there = true; /* a file that is missing isn't made by verify */
        status = carry(files, i, copy);
    }
    if (status != VF_OK)
        return status;
    end->is_copied = copy;
    end->is_verified = files->verify;
    files->ends->target = 0;
    write_files(files);
    if (copy)
        vf_result_copy(files->ends->v, files->ends);
    else
        vf_result_verify(files->ends->v, files->ends);
    status = vf_result_judge(files->ends, files->err);
    if (!files->verify || (status != VF_OK && (status != VF_DIFFERS || files->verified->n_differences > 0)))
        return status;
    enum vf_status whole = compare_whole(files); /* says more than that rows were rejected */
    return whole != VF_OK ? whole : status;
}

static enum vf_status run_and_release(struct vf_ends *ends, bool copy, struct vf_error *err)
{
    struct files files = {.ends = ends,
                          .copied = &ends->targets[0].copied,
                          .verified = &ends->targets[0].verified,
                          .verify = !copy || !vf_handle_flag(ends->v, "no-verify"),
                          .err = err};
    enum vf_status status = run(&files, copy);

    release(&files);
    return status;
}

enum vf_status vf_files_copy(struct vf_ends *ends, struct vf_error *err)
{
    return run_and_release(ends, true, err);
}

enum vf_status vf_files_verify(struct vf_ends *ends, struct vf_error *err)
{
    return run_and_release(ends, false, err);
}
