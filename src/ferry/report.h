/*
 * The report: a folder with the texts of everything that stays behind.
 *
 *   index.json   what isn't moved: kind, name, reason, remedy, and the file with its text, where it has one
 *   index.txt    the same for people
 *   KIND.NAME.sql   one file an object, with the text as the source tells it
 *
 * The texts are the source's: they are written down to be read, and nothing here is ever run. They pass through the redactor, and engines leave out what a database keeps as a secret (the
 * options of a foreign server, the connection of a subscription). A file's name says nothing but letters, digits, '-', '_' and '.', whatever the object is called.
 */
#ifndef VF_FERRY_REPORT_H
#define VF_FERRY_REPORT_H

#include "ferry/plan.h"

struct vf_report_entry {
    const char *kind, *name; /* name: with its schema */
    const char *on;          /* the table it belongs to, or NULL */
    const char *why, *remedy;
    const char *text; /* or NULL */
    const char *file; /* its name in the folder; NULL: there is no text */
    unsigned target;  /* of several, from 1; 0: there is only one */
};

struct vf_report {
    struct vf_arena arena;
    size_t n_entries;
    struct vf_report_entry *entries;
};

/* A zeroed struct is an empty report. */
void vf_report_release(struct vf_report *report);

/* One more; texts are copied. `remedy` NULL: that of the kind. */
enum vf_status vf_report_add(struct vf_report *report, const struct vf_report_entry *entry,
                             struct vf_error *err) VF_CHECKED;
/* Everything that the plan doesn't move. */
enum vf_status vf_report_add_plan(struct vf_report *report, const struct vf_plan *plan,
                                  struct vf_error *err) VF_CHECKED;

/*
 * Write the folder, which is made if it isn't there; an empty report makes none. Each file is written under another name and renamed, so that it is whole; index.json first in a new folder, and last in
 * one that holds a report, whose files that aren't in this one are removed then. Nothing else is touched. A report that was broken off can be written again. VF_USAGE: the folder is there, and holds what isn't a report. VF_FAILED: the system refuses, with the path.
 */
enum vf_status vf_report_write(const struct vf_report *report, const char *folder, struct vf_error *err) VF_CHECKED;

#endif
