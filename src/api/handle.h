/*
 * The handle behind the public API, and what the verbs share.
 *
 * A verb clears the last result, opens what it needs into a struct vf_ends, does its work through ferry/, and ends with vf_handle_end(), which turns the status into an exit code and the error
 * into texts. Nothing here knows an engine.
 */
#ifndef VF_API_HANDLE_H
#define VF_API_HANDLE_H

#include "base/buf.h"
#include "base/log.h"
#include "base/queue.h"
#include "ferry/by.h"
#include "ferry/copy.h"
#include "ferry/parts.h"
#include "ferry/plan_diff.h"
#include "ferry/report.h"
#include "ferry/sidecar_beside.h"
#include "ferry/verify.h"
#include "vecferry/vecferry.h"

/* Values of one option: none, one, or for a list several. */
struct vf_option_values {
    size_t n_values;
    char **values;
};

struct vecferry {
    struct vf_option_values *options; /* in the order of vecferry_options() */
    void (*progress)(void *context, const struct vecferry_progress *progress);
    void *progress_context;
    void (*log_write)(void *context, int level, const char *message);
    void *log_context;
    struct vf_log log;
    struct vf_cancel cancel;
    struct vf_buf result; /* JSON */
    struct vf_buf plan_text;
    struct vf_report report; /* of the last plan */
    struct vf_error error;
};

/* ---- options.c ---- */

/* By name, which must be one of the table. The last value of an option, its default, or NULL. */
const char *vf_handle_text(const vecferry *v, const char *name);
bool vf_handle_flag(const vecferry *v, const char *name);
uint64_t vf_handle_number(const vecferry *v, const char *name);
const struct vf_option_values *vf_handle_list(const vecferry *v, const char *name);
void vf_handle_release_options(vecferry *v);

/* ---- ends.c ---- */

/* One target of a verb: its connection and the crossing to it, and what came of it. */
struct vf_end {
    struct vf_url url;
    char *password; /* wiped and freed at close */
    struct vf_crossing crossing;
    bool is_copied, is_verified;
    struct vf_copy_result copied;
    struct vf_verify_result verified;
};

/* The databases of a verb, open, with the plan between them. A zeroed struct is fine to close. */
struct vf_ends {
    vecferry *v;
    struct vf_url source_url;
    char *source_password;
    struct vf_open_options source_options;
    struct vf_conn *source;
    char snapshot[256]; /* that all crossings share */
    size_t n_targets;
    struct vf_end targets[VF_MAX_TARGETS];
    struct vf_parts parts;
    enum vf_plan_scan scan; /* of the plan that is made */
    unsigned target;        /* whose progress is shown, 0: of the only one */
};

#define VF_MAX_PLAN_BYTES ((size_t)64 << 20)
/* The plan file, appended. */
enum vf_status vf_ends_read_file(const char *path, struct vf_buf *text, struct vf_error *err) VF_CHECKED;
/* Option scan, as a word of the plan's. */
enum vf_status vf_ends_choose_scan(const vecferry *v, enum vf_plan_scan *scan, struct vf_error *err) VF_CHECKED;
/* The column each of whose values gets a file, by the option or the plan file, after vf_ends_open() has read it; NULL: none. */
const char *vf_ends_by(const struct vf_ends *ends);
/* Open the source alone (inspect), with a snapshot. */
enum vf_status vf_ends_open_source(vecferry *v, struct vf_ends *ends, struct vf_error *err) VF_CHECKED;
/* Open the target alone (index); its file must be there. */
enum vf_status vf_ends_open_target(vecferry *v, struct vf_ends *ends, struct vf_error *err) VF_CHECKED;
/* Open the source and all targets: from the options, or from the plan file, which is read into ends->parts (options win). */
enum vf_status vf_ends_open(vecferry *v, struct vf_ends *ends, bool target_must_exist, struct vf_error *err) VF_CHECKED;
/* Is the plan the user's own: of a file or of options, and not that of an earlier run? */
bool vf_ends_has_own_plan(const vecferry *v);
/* Bind the plan file's plan, or make a plan. */
enum vf_status vf_ends_plan(vecferry *v, struct vf_ends *ends, bool ignore_existing, struct vf_error *err) VF_CHECKED;
/* The plan of the newest run in the targets (with `unfinished`, one that isn't done goes before), bound; *found false: there is none. */
enum vf_status vf_ends_plan_of_run(vecferry *v, struct vf_ends *ends, bool unfinished, bool *found,
                                   struct vf_error *err) VF_CHECKED;
void vf_ends_close(struct vf_ends *ends);

/* ---- files.c: one file a value ---- */

/* After the plan was made and checked: every file is copied, and compared, or compared alone. The result is written, with the sums as if there were one target. */
enum vf_status vf_files_copy(struct vf_ends *ends, struct vf_error *err) VF_CHECKED;
enum vf_status vf_files_verify(struct vf_ends *ends, struct vf_error *err) VF_CHECKED;

/* ---- report.c ---- */

/* What the plan doesn't move, kept for vecferry_report(). */
enum vf_status vf_handle_keep_report(vecferry *v, const struct vf_parts *parts, struct vf_error *err) VF_CHECKED;
/* The option: a verb that ends with `status` also writes the report. A failure of that is told in the log where `status` is one, and else returned. */
enum vf_status vf_handle_write_report(vecferry *v, enum vf_status status, struct vf_error *err) VF_CHECKED;

/* ---- result.c ---- */

/* ,"key":"text", or null. */
void vf_result_text(struct vf_buf *out, const char *key, const char *text);
/* "url":..., and what the server says of itself. */
void vf_result_server(struct vf_buf *out, const char *url, const struct vf_server *server);
/* The parts of the JSON object that the verbs share: begin opens it, end closes it with exit code, error and hint, and returns the exit code. */
void vf_result_begin(vecferry *v, const char *verb);
void vf_result_plan(vecferry *v, const struct vf_parts *parts); /* source, targets, not_moved, problems */
/* What has changed since the plan's file was made; VF_DIFFERS: something that counts. */
enum vf_status vf_result_changes(vecferry *v, const char *file, const struct vf_plan_changes *changes,
                                 struct vf_error *err) VF_CHECKED;
void vf_result_copy(vecferry *v, const struct vf_ends *ends);
void vf_result_verify(vecferry *v, const struct vf_ends *ends);
void vf_result_sidecars(vecferry *v, const struct vf_sidecar_list *list);
int vf_handle_end(vecferry *v, enum vf_status status);

/* Finished, but not clean: VF_DIFFERS with a message that says what; else VF_OK. */
enum vf_status vf_result_judge(const struct vf_ends *ends, struct vf_error *err) VF_CHECKED;

#endif
