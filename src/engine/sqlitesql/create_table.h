/*
 * What only the text of CREATE TABLE says: checks, names of constraints, their ON CONFLICT, whether a foreign key is deferrable, expressions of generated columns. All else comes from SQLite's PRAGMAs.
 */
#ifndef VF_ENGINE_SQLITESQL_CREATE_TABLE_H
#define VF_ENGINE_SQLITESQL_CREATE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/alloc.h"
#include "base/error.h"

enum vf_sqlite_constraint_kind {
    VF_SQLITE_CHECK,       /* text */
    VF_SQLITE_GENERATED,   /* text, and columns: the one that is computed */
    VF_SQLITE_FOREIGN_KEY, /* deferrable */
    VF_SQLITE_UNIQUE,      /* columns */
    VF_SQLITE_PRIMARY_KEY, /* columns */
    VF_SQLITE_CONFLICT,    /* what a rule that is broken does, of the columns: text, but not ABORT, which is usual */
};

#define VF_SQLITE_MAX_KEY_COLUMNS 64

struct vf_sqlite_constraint {
    struct vf_sqlite_constraint *next;
    enum vf_sqlite_constraint_kind kind;
    const char *name; /* or NULL */
    const char *text;
    bool deferrable, initially_deferred;
    size_t n_columns;                               /* more than there is room for are counted, not kept */
    const char *columns[VF_SQLITE_MAX_KEY_COLUMNS]; /* unquoted */
};

/* The name that CREATE TABLE, INDEX, VIEW or TRIGGER gives, as it is written there; in the arena. Some servers keep it in lower case elsewhere. NULL: the text isn't of that kind, or no memory. */
const char *vf_sqlite_created_name(const char *sql, struct vf_arena *arena);

/* The constraints in the order of the text, in the arena; *first NULL when there are none or `sql` isn't a CREATE TABLE with columns. */
enum vf_status vf_sqlite_parse_create_table(const char *sql, struct vf_arena *arena,
                                            struct vf_sqlite_constraint **first, struct vf_error *err) VF_CHECKED;

/* What the text of CREATE INDEX says about expressions: the text of each part without its COLLATE and order, and the WHERE. */
struct vf_sqlite_index_text {
    size_t n_parts;
    const char **parts;
    const char *predicate; /* or NULL */
};
enum vf_status vf_sqlite_parse_create_index(const char *sql, struct vf_arena *arena, struct vf_sqlite_index_text *index,
                                            struct vf_error *err) VF_CHECKED;

#endif
