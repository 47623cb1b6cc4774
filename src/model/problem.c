#include "model/problem.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 0))) static char *print(struct vf_arena *arena, const char *fmt, va_list args)
{
    va_list again;

    va_copy(again, args);
    int size = vsnprintf(NULL, 0, fmt, args);
    char *text = size >= 0 ? vf_arena_alloc(arena, (size_t)size + 1, 1) : NULL;
    if (text != NULL)
        vsnprintf(text, (size_t)size + 1, fmt, again);
    va_end(again);
    return text;
}

/* The capacity is the next power of two; the old place is left to the arena. */
static struct vf_problem *add(struct vf_problem_list *list)
{
    size_t n = list->n_problems;

    if (n == 0 || (n & (n - 1)) == 0) {
        struct vf_problem *grown = vf_arena_alloc(&list->arena, n == 0 ? 1 : n * 2, sizeof(*grown));
        if (grown == NULL)
            return NULL;
        if (n > 0)
            memcpy(grown, list->problems, n * sizeof(*grown));
        list->problems = grown;
    }
    return &list->problems[n];
}

/* The texts are in the list's arena, or static. */
static enum vf_status put(struct vf_problem_list *list, enum vf_severity severity, enum vf_status status,
                          const char *object, const char *what, const char *remedy, struct vf_error *err)
{
    struct vf_problem *problem = add(list);

    if (problem == NULL)
        return vf_error_nomem(err);
    *problem = (struct vf_problem){
        .severity = severity,
        .status = status,
        .object = object,
        .what = what,
        .remedy = vf_arena_strdup(&list->arena, remedy != NULL ? remedy : ""),
    };
    if (problem->object == NULL || problem->what == NULL || problem->remedy == NULL)
        return vf_error_nomem(err);
    list->n_problems++;
    return VF_OK;
}

enum vf_status vf_problem_add(struct vf_problem_list *list, enum vf_severity severity, enum vf_status status,
                              const char *object, const char *remedy, struct vf_error *err, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    const char *what = print(&list->arena, fmt, args);
    va_end(args);
    return put(list, severity, status, vf_arena_strdup(&list->arena, object != NULL ? object : ""), what, remedy, err);
}

enum vf_status vf_problem_add_about(struct vf_problem_list *list, enum vf_severity severity, enum vf_status status,
                                    const struct vf_table *table, const char *part, const char *remedy,
                                    struct vf_error *err, const char *fmt, ...)
{
    char label[256];
    va_list args;

    va_start(args, fmt);
    const char *what = print(&list->arena, fmt, args);
    va_end(args);
    vf_table_label(table->schema, table->name, label, sizeof(label));
    return put(list, severity, status,
               vf_arena_printf(&list->arena, "%s%s%s", label, part != NULL ? "." : "", part != NULL ? part : ""), what,
               remedy, err);
}

enum vf_status vf_problem_say(struct vf_problem_list *list, const char *say, struct vf_error *err)
{
    if (list->n_problems == 0)
        return VF_OK;
    struct vf_problem *last = &list->problems[list->n_problems - 1];
    last->say = vf_arena_strdup(&list->arena, say);
    return last->say != NULL ? VF_OK : vf_error_nomem(err);
}

enum vf_status vf_problem_at(struct vf_problem_list *list, const char *at, struct vf_error *err)
{
    if (list->n_problems == 0)
        return VF_OK;
    struct vf_problem *last = &list->problems[list->n_problems - 1];
    last->at = vf_arena_strdup(&list->arena, at);
    return last->at != NULL ? VF_OK : vf_error_nomem(err);
}

enum vf_status vf_problem_need_disk(struct vf_problem_list *list, const char *path, uint64_t needed_bytes,
                                    uint64_t free_bytes, struct vf_error *err, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    const char *formula = print(&list->arena, fmt, args);
    va_end(args);
    if (formula == NULL)
        return vf_error_nomem(err);
    list->disk = (struct vf_disk_need){needed_bytes > INT64_MAX ? INT64_MAX : (int64_t)needed_bytes,
                                       free_bytes > INT64_MAX ? INT64_MAX : (int64_t)free_bytes, formula};
    if (free_bytes >= needed_bytes)
        return VF_OK;
    return vf_problem_add(list, VF_SEVERITY_BLOCK, VF_MISSING, "", "free space, or name a file on another disk", err,
                          "the disk of \"%s\" has %" PRIu64 " MiB free, and about %" PRIu64 " MiB are needed: %s", path,
                          free_bytes >> 20, needed_bytes >> 20, formula);
}

void vf_problem_list_release(struct vf_problem_list *list)
{
    vf_arena_release(&list->arena);
    *list = (struct vf_problem_list){0};
}

const char *vf_severity_name(enum vf_severity severity)
{
    switch (severity) {
    case VF_SEVERITY_NOTE:
        return "note";
    case VF_SEVERITY_LOSS:
        return "loss";
    case VF_SEVERITY_BLOCK:
        return "block";
    }
    return "unknown";
}
