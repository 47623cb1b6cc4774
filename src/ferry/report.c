#include "ferry/report.h"

#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"

#define MAX_NAME_BYTES 96 /* of an object's name in a file's; longer ones are cut and get a number */

void vf_report_release(struct vf_report *report)
{
    vf_arena_release(&report->arena);
    *report = (struct vf_report){0};
}

/* ---- what to do about it ---- */

static const char *remedy_of(const char *kind)
{
    static const struct {
        const char *kind, *remedy;
    } remedies[] = {
        {"view", "write it in the target's SQL, from its text"},
        {"materialized view", "--as-table copies its rows as a table; or write its query in the target's SQL"},
        {"trigger", "write it for the target, or let the application do what it does"},
        {"rule", "write it for the target as a trigger, or let the application do what it does"},
        {"event trigger", "make it in the target by hand, if that has the like"},
        {"function", "write it for the target, or let the application do what it does"},
        {"procedure", "write it for the target, or let the application do what it does"},
        {"aggregate", "write it for the target, or let the application do what it does"},
        {"macro", "write it for the target, or let the application do what it does"},
        {"policy", "let the application, or the target's own means, keep the rows apart"},
        {"row level security", "let the application, or the target's own means, keep the rows apart"},
        {"privileges", "grant them in the target, to its own users"},
        {"default privileges", "grant them in the target, to its own users"},
        {"user mapping", "make it in the target, for its own users"},
        {"foreign table", "move its rows from the database that has them"},
        {"foreign server", "make it in the target by hand, if it is needed there"},
        {"foreign data wrapper", "make it in the target by hand, if it is needed there"},
        {"publication", "set replication up anew, once the target is in use"},
        {"subscription", "set replication up anew, once the target is in use"},
        {"large objects", "copy their bytes into a table of the source before the move"},
        {"extension", "install it in the target, if that has it and something needs it"},
        {"partitioning", "partition the target's table by hand, before or after the copy"},
        {"check", "check the values in the application, or write it in the target's SQL"},
        {"default", "set the value in the application, or write it in the target's SQL"},
        {"foreign key", "move both of its tables to one target"},
        {"sequence", "let the application count, or make it in the target by hand"},
    };

    for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++) {
        if (strcmp(remedies[i].kind, kind) == 0)
            return remedies[i].remedy;
    }
    return "make it in the target by hand, where it is needed";
}

/* ---- names of files ---- */

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
}

/* Appends the name with everything replaced that a shell or a file system might mind; *changed: it is no longer the object's. */
static void put_plain(struct vf_buf *out, const char *name, bool *changed)
{
    size_t n = 0;

    for (; name[n] != '\0' && n < MAX_NAME_BYTES; n++) {
        bool fine = is_plain(name[n]) && !(name[n] == '.' && name[n + 1] == '.');
        vf_buf_char(out, fine ? name[n] : '_');
        *changed |= !fine;
    }
    *changed |= n == 0 || name[n] != '\0';
}

/* Names that differ only in case are one file in some places. */
static bool is_taken(const struct vf_report *report, const char *file)
{
    for (size_t i = 0; i < report->n_entries; i++) {
        if (report->entries[i].file != NULL && vf_strcasecmp(report->entries[i].file, file) == 0)
            return true;
    }
    return false;
}

/* The same objects have the same files, whatever else is in the report, unless two would have one. */
static const char *file_of(struct vf_report *report, const struct vf_report_entry *entry)
{
    const char *made = NULL;
    bool changed = false, kind_changed = false;
    char hex[33];
    struct vf_buf name;

    vf_buf_init(&name, VF_BUF_MAX);
    put_plain(&name, entry->kind, &kind_changed);
    vf_buf_char(&name, '.');
    put_plain(&name, entry->name, &changed);
    if (changed) {
        vf_hash128_format(vf_hash128(entry->name, strlen(entry->name)), hex);
        vf_buf_printf(&name, "-%.8s", hex);
    }
    if (vf_buf_check(&name, NULL) == VF_OK)
        made = vf_arena_printf(&report->arena, "%s.sql", name.data);
    for (unsigned number = 2; made != NULL && is_taken(report, made); number++)
        made = vf_arena_printf(&report->arena, "%s.%u.sql", name.data, number);
    vf_buf_release(&name);
    return made;
}

/* ---- entries ---- */

/* A copy without what looks like a secret. */
static char *keep(struct vf_report *report, const char *text)
{
    char *copy = vf_arena_strdup(&report->arena, text);

    return copy != NULL ? vf_redact(copy) : NULL;
}

enum vf_status vf_report_add(struct vf_report *report, const struct vf_report_entry *entry, struct vf_error *err)
{
    void *array = report->entries;
    struct vf_report_entry *added = vf_arena_push(&report->arena, &array, &report->n_entries, sizeof(*added));

    if (added == NULL)
        return vf_error_nomem(err);
    report->entries = array;
    *added = (struct vf_report_entry){
        .kind = keep(report, entry->kind),
        .name = keep(report, entry->name),
        .on = keep(report, entry->on),
        .why = keep(report, entry->why),
        .remedy = keep(report, entry->remedy != NULL ? entry->remedy : remedy_of(entry->kind)),
        .text = keep(report, entry->text),
        .target = entry->target,
    };
    bool failed = added->kind == NULL || added->name == NULL || added->why == NULL || added->remedy == NULL ||
                  (entry->on != NULL && added->on == NULL) || (entry->text != NULL && added->text == NULL);
    if (!failed && entry->text != NULL) {
        added->file = file_of(report, added);
        failed = added->file == NULL;
    }
    return failed ? vf_error_nomem(err) : VF_OK;
}

enum vf_status vf_report_add_plan(struct vf_report *report, const struct vf_plan *plan, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    struct vf_buf label;

    vf_buf_init(&label, VF_BUF_MAX);
    for (size_t i = 0; i < plan->n_not_moved && status == VF_OK; i++) {
        const struct vf_other *other = &plan->not_moved[i];
        vf_buf_clear(&label);
        vf_buf_printf(&label, "%s%s%s", other->schema != NULL ? other->schema : "", other->schema != NULL ? "." : "",
                      other->name);
        status = vf_buf_check(&label, err);
        if (status == VF_OK)
            status = vf_report_add(report,
                                   &(struct vf_report_entry){.kind = other->kind,
                                                             .name = label.data,
                                                             .on = other->on,
                                                             .why = other->why,
                                                             .text = other->text,
                                                             .target = plan->target},
                                   err);
    }
    vf_buf_release(&label);
    return status;
}
