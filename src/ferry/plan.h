/*
 * The plan: what moves, as what, and what doesn't and why.
 *
 * A plan is made from two open connections (vf_plan_make), written as ferry.yaml (vf_plan_write), read back (vf_plan_read) and checked against the databases (vf_plan_bind) before a copy or a verify
 * runs from it. `copy SOURCE TARGET` makes one and runs it without writing the file. The text that vf_plan_write() makes is what a run is recorded against (by its sha256): the same
 * databases and options give the same text, so a resume without a file finds its run again; nothing volatile (times, estimates) is in the hashed part.
 *
 * Everything is in the plan's arena. Names are as in the databases.
 */
#ifndef VF_FERRY_PLAN_H
#define VF_FERRY_PLAN_H

#include "engine/engine.h"

struct vf_plan_column {
    const char *name;                /* in the source */
    const char *target_name;         /* in the target */
    struct vf_column source;         /* as inspected: native type, form, evidence */
    struct vf_type type;             /* the neutral type on the way: both sides read and write this */
    struct vf_mapping mapping;       /* native type and form in the target, fidelity */
    bool accept_loss;                /* the user's word for this column */
    bool skip;                       /* left out: the plan says so, or the target has no type for it */
    bool computed;                   /* by the target, from others: not copied, and compared */
    enum vf_metric was_metric;       /* distance of a vector of a vec0 table that it came from; NONE: not known */
    enum vf_generated was_generated; /* where the table came from once; NO: not known */
    const char *found;               /* the file's word for what the values were taken for, or NULL */
    enum vf_nul nul;                 /* of texts */
    bool overruled;                  /* native type or form in the target are the plan's, not the engine's choice */
};

struct vf_plan_index {
    struct vf_index source;
    struct vf_index_mapping mapping;
};

struct vf_plan_table {
    struct vf_table source;
    struct vf_table
        target; /* what is made: columns in the same order, native types, forms, keys and indexes that are moved */
    const char *where;        /* or NULL */
    bool whole;               /* with plan->by: all its rows go into every file */
    bool has_kind;            /* that it is a vec0 table, or isn't, is a decision of the plan */
    struct vf_table_name was; /* what it was called there, if it came from a database of the target's kind */
    bool was_vec0;            /* it came from a database of the target's kind, where it was a vec0 table */
    bool knows_indexes; /* it came from a database with vector indexes, and those that it had there are remembered */
    struct vf_field by; /* with plan->by: its column in the source; name NULL: it has none */
    size_t n_columns;
    struct vf_plan_column *columns;
    size_t n_indexes;
    struct vf_plan_index *indexes;
    const struct vf_foreign_key **foreign_keys; /* of the source, those that target.foreign_keys are made of */
    /* What a scan of the source and one of the target take to be compared: the moved columns in the same order. */
    struct vf_relation from;
    struct vf_relation to;
    /* The same without columns that the target computes: what is copied. */
    struct vf_relation copy_from;
    struct vf_relation copy_to;
};

struct vf_plan_view {
    const struct vf_other *source; /* with the source's text */
    struct vf_view target;         /* what is made */
    /* What verify compares of it: the columns whose values are the same in both databases. */
    struct vf_relation from;
    struct vf_relation to;
    bool is_compared;       /* false: which rows it shows isn't the same everywhere, though it means the same */
    const char *uncompared; /* what isn't compared, or why nothing is; NULL: all is */
    size_t n_tables;
    size_t *tables; /* of the plan, that it is over, by itself or by other views */
};

#define VF_MAX_TARGETS 2 /* of one plan, each with tables or columns of its own */

struct vf_plan_request; /* what a plan file says, private to plan*.c */

/* How far a copy is verified, beyond the digests. */
struct vf_plan_verify {
    bool search;        /* the recall of vector indexes is measured */
    double min_recall;  /* less is a difference; 0: recall is told, and not judged */
    uint32_t n_queries; /* rows that are searched for */
    bool without_views; /* of views only that they are there */
};

/* Which rows a plan looks at for those that will be rejected. */
enum vf_plan_scan {
    VF_PLAN_SCAN_NONE,
    VF_PLAN_SCAN_SAMPLE, /* the first VF_PLAN_SAMPLE_ROWS of each table */
    VF_PLAN_SCAN_FULL,
};
#define VF_PLAN_SAMPLE_ROWS 1000

struct vf_plan {
    struct vf_arena arena;
    const struct vf_plan_request *request; /* after vf_plan_read() */
    unsigned target;                       /* number of the target, from 1; 0: there is only one */
    const char *by;                        /* column each of whose values gets a file of its own, or NULL */
    const char *source_url, *target_url;   /* redacted; as written in the file */
    struct vf_server source_server, target_server;
    struct vf_schema source; /* the inspected source: whole, or what of it goes to this target */
    int64_t index_min_rows; /* smaller tables get no approximate index that their source didn't have in the same form */
    struct vf_plan_verify verify;
    enum vf_plan_scan scan;
    size_t n_tables;
    struct vf_plan_table *tables; /* in the order of copying: referenced tables first where that is possible */
    size_t n_views;
    struct vf_plan_view *views; /* in the order in which they are made: those that others are over come first */
    size_t n_user_types;
    struct vf_user_type *user_types; /* to be made on the target */
    size_t n_sequences;
    struct vf_sequence *sequences;
    size_t n_extensions;
    const char **extensions; /* that the target needs: "vector" */
    size_t n_schemas;
    const char **schemas; /* to be made on the target, beside its default one */
    size_t n_not_moved;
    struct vf_other *not_moved; /* by name, with the reason: objects, indexes, checks, defaults */
    struct vf_problem_list problems;
    char sha256[65]; /* of the text without its volatile parts; with several targets, of the whole file's */
};

struct vf_plan_options {
    const char *source_url, *target_url; /* shown in the plan: redacted */
    const char *const
        *target_paths;       /* of each target's file, NULL where it isn't one and has no sidecars; NULL: none is */
    const char *library_dir; /* as in struct vf_open_options */
    size_t n_only, n_exclude, n_where;
    const char *const
        *only; /* "name" or "schema.name"; a name that matches no table is VF_USAGE, with the nearest name */
    const char *const *exclude;
    const char *const *where; /* "TABLE=EXPR" */
    size_t n_split;
    const char *const *split; /* "TABLE=N" or "TABLE.COLUMN=N": the number of the target; several targets only */
    const char *by;           /* column; NULL: that of the file, if any */
    size_t n_whole;
    const char *const *whole; /* tables without that column that go into every file */
    size_t n_as_table;
    const char *const *as_table; /* materialised views that are moved as tables; "*": all */
    enum vf_nul nul;             /* of all texts; REJECT: as the file says */
    bool accept_losses;
    enum vf_plan_scan scan;
    bool
        ignore_existing; /* tables that hold rows in the target are no problem: verify, resume, and what is dropped first */
    bool
        ignore_drift; /* what a file says of something that the source has no more, or has otherwise, is passed over, and all values are looked at: what is there now */
    bool no_evidence; /* trust the declarations: verify and resume from a plan that has its types already */
};

/* A zeroed struct is an empty plan. */
void vf_plan_release(struct vf_plan *plan);

/* Inspect both sides and decide everything. Problems of severity BLOCK and LOSS are not errors here: they are in plan->problems, and vf_plan_check() turns them into one. */
enum vf_status vf_plan_make(struct vf_conn *source, struct vf_conn *target, const struct vf_plan_options *options,
                            struct vf_plan *plan, struct vf_error *err) VF_CHECKED;

/* The plan as YAML, with comments for people; several plans, one a target, as one file. The problems get their lines in it. Failures are the buffer's. */
void vf_plan_write(const struct vf_plan *plan, struct vf_buf *out);
void vf_plan_write_all(const struct vf_plan *plans, size_t n_plans, struct vf_buf *out);

/*
 * Read a plan file. `file` is for messages, which have line and column, and the nearest known key for an unknown one. What comes back holds what the user may decide (tables, columns, types,
 * forms, where, accepted losses, renames); vf_plan_bind() fills in the rest from the databases.
 */
enum vf_status vf_plan_read(const char *file, const char *text, size_t size_bytes, struct vf_plan *plan,
                            struct vf_error *err) VF_CHECKED;
/* The column of by: in the file, or NULL. */
const char *vf_plan_request_by(const struct vf_plan_request *request);
/* The storage version of target number `target`, from 1: in the file, or NULL. */
const char *vf_plan_request_storage(const struct vf_plan_request *request, unsigned target);
/* Check what was read against both databases and complete it. VF_USAGE with file, line and column when it names something that isn't there; drift since it was made is a problem in the list. */
enum vf_status vf_plan_bind(struct vf_plan *plan, struct vf_conn *source, struct vf_conn *target,
                            const struct vf_plan_options *options, struct vf_error *err) VF_CHECKED;

/* VF_OK when the plan may run. Otherwise the first BLOCK's status, or VF_STATE for a LOSS without the user's word; the message counts them and names the first, the hint says what to do. */
enum vf_status vf_plan_check(const struct vf_plan *plan, struct vf_error *err) VF_CHECKED;

#endif
