/*
 * The parts of making a plan, shared by the files that do it. Private to plan*.c.
 */
#ifndef VF_FERRY_PLAN_MAKE_H
#define VF_FERRY_PLAN_MAKE_H

#include "engine/query.h"
#include "ferry/plan.h"
#include "ferry/yaml.h"

/* The keys of ferry.yaml, place by place; docs/plan.md explains each. */
#define VF_PLAN_FILE_KEYS                                                                                              \
    "version", "source", "target", "target2", "storage", "storage2", "by", "summary", "disk_needed", "disk_needed2",   \
        "index_min_rows", "tables", "views", "not_moved", "problems", "verify"
#define VF_PLAN_TABLE_KEYS                                                                                             \
    "name", "schema", "as", "rename", "target", "whole", "rows", "key", "partitions", "bounds", "part_of", "where",    \
        "columns", "indexes", "checks", "foreign_keys"
#define VF_PLAN_COLUMN_KEYS                                                                                            \
    "name", "from", "read", "type", "found", "to", "as", "rename", "target", "skip", "loss", "nul", "generated",       \
        "default"
#define VF_PLAN_CHECK_KEYS "name", "check"
#define VF_PLAN_VIEW_KEYS  "name", "schema", "rename", "target", "view"
#define VF_PLAN_INDEX_KEYS                                                                                             \
    "name", "rename", "kind", "over", "to", "file", "metric", "m", "ef_construction", "ef_search", "lists",            \
        "neighbours", "alpha", "compress", "element", "add_on", "columns", "weights", "language", "tokenize",          \
        "prefix", "column"
#define VF_PLAN_FOREIGN_KEY_KEYS "columns", "to", "key", "on_delete", "on_update", "deferrable"
#define VF_PLAN_VERIFY_KEYS      "level", "min_recall", "queries", "views"

#define VF_PLAN_QUERIES     50
#define VF_PLAN_MAX_QUERIES 10000

/* What a plan file says, before it meets the databases: only what a user may decide. Texts are in the plan's arena. */
struct vf_plan_request_column {
    const char *name;
    const char *from;        /* native type when the plan was made; NULL: not said */
    const char *target_name; /* NULL: the same */
    const char *to;          /* native type in the target; NULL: the engine's choice */
    bool has_type, has_read, has_as;
    struct vf_type type;
    enum vf_form read, as; /* how the values lie in the source, in the target */
    bool accept_loss, skip;
    enum vf_nul nul;
    unsigned target;             /* number of the target that the column goes to; 0: where its table goes */
    const char *generated, *def; /* expressions as the file shows them */
    const char *found;           /* what the values were taken for when another type was chosen */
    int line, column;
};

struct vf_plan_request_check {
    const char *name, *text;
    int line, column;
};

struct vf_plan_request_view {
    const char *schema, *name, *text;
    const char *target_name; /* NULL: the same */
    unsigned target;         /* number of the target, from 1 */
    int line, column;
};

struct vf_plan_request_index {
    const char *name;
    const char *target_name; /* NULL: the same */
    bool has_kind;           /* written by vecferry: so the source had it */
    enum vf_index_kind kind;
    struct vf_vector_index vector;
    struct vf_fulltext fulltext; /* what is said of it; the rest is NULL */
    size_t n_columns, n_weights; /* of a full-text index; 0: not said */
    const char **columns;
    double *weights;
    const char *on; /* column of an index that the source doesn't have; NULL: it has it */
    int line, column;
};

/* A foreign key has no name in every database: it is known by its columns and the table that they refer to. */
struct vf_plan_request_foreign_key {
    size_t n_columns;
    const char **columns;
    const char *to; /* label of the table in the source */
    int line, column;
};

enum vf_plan_partitions {
    VF_PLAN_PARTITIONS_UNSAID,
    VF_PLAN_PARTITIONS_SAME,  /* partitioned as in the source */
    VF_PLAN_PARTITIONS_ONE,   /* one table with all rows */
    VF_PLAN_PARTITIONS_PARTS, /* each partition is a table of its own */
};

struct vf_plan_request_table {
    const char *schema, *name; /* as in the source */
    const char *target_name;   /* NULL: the same */
    const char *where;
    enum vf_plan_partitions partitions;
    const char *part_of; /* the partitioned table whose partition it is, moved as a table of its own; or NULL */
    unsigned target;     /* number of the target, from 1 */
    bool whole;
    bool as_table; /* an ordinary table, though it is a materialised view or a vec0 table in the source */
    bool as_vec0;
    size_t n_columns, n_indexes, n_foreign_keys, n_checks;
    struct vf_plan_request_column *columns;
    struct vf_plan_request_index *indexes;
    struct vf_plan_request_foreign_key *foreign_keys;
    struct vf_plan_request_check *checks;
    bool has_columns; /* false: the file says nothing of columns, so all are moved as in a new plan */
    bool has_indexes, has_foreign_keys, has_checks; /* the same */
    int line, column;
};

struct vf_plan_request_key {
    const char *name;
    int line;
};

struct vf_plan_request {
    const char *file; /* for messages */
    size_t n_keys;    /* of the whole file, that are there */
    struct vf_plan_request_key *keys;
    const char *target2;            /* NULL: one target */
    const char *storage, *storage2; /* versions of the targets' files, or NULL */
    const char *by;
    bool has_verify;
    struct vf_plan_verify verify;
    bool has_index_min_rows;
    uint32_t index_min_rows;
    size_t n_tables;
    struct vf_plan_request_table *tables;
    bool has_views; /* false: the file says nothing of views, so all are made as in a new plan */
    size_t n_views;
    struct vf_plan_request_view *views;
};

/* How the problem of a table that is in the target begins: what is there is no matter of the source. */
#define VF_PLAN_TABLE_EXISTS "the table is in the target already"

/* What the making of a plan carries along. */
struct vf_plan_maker {
    struct vf_plan *plan;
    struct vf_conn *source, *target;
    const struct vf_plan_options *options;
    const struct vf_schema *whole;         /* the inspected source; plan->source may be a part of it */
    const struct vf_plan *first;           /* of several targets the first one's, made before; or NULL */
    const struct vf_plan_request *request; /* NULL: nothing is decided yet */
    struct vf_error *err;
};

/* plan.c: which tables' values are looked at; the plan's arena has the list. */
enum vf_status vf_plan_choose_evidence(const struct vf_plan_options *options, const struct vf_plan_request *request,
                                       struct vf_arena *arena, struct vf_inspect_options *inspect,
                                       struct vf_error *err) VF_CHECKED;
/* plan.c: everything after both servers are described and plan->source is filled, but the hash. */
enum vf_status vf_plan_decide(struct vf_plan_maker *maker) VF_CHECKED;
/* plan_by.c: which tables are divided into one file a value, and what that forbids. */
enum vf_status vf_plan_divide(struct vf_plan_maker *maker) VF_CHECKED;
/* SHA-256 of what several plans, one a target, decide together. */
enum vf_status vf_plan_hash(const struct vf_plan *plans, size_t n_plans, char *sha256, struct vf_error *err) VF_CHECKED;

/* vf_plan_check() of several plans together. */
enum vf_status vf_plan_check_all(const struct vf_plan *plans, size_t n_plans, struct vf_error *err) VF_CHECKED;

/* part_map.c: which of the targets has which columns of the source; names and numbers from the options, or from the file. */
struct vf_part_map {
    const struct vf_schema *source;
    size_t n_targets;
    unsigned char **columns; /* of each table, a bit for each target that the column goes to, the first is 1 */
};
enum vf_status vf_part_map_make(const struct vf_schema *source, size_t n_targets, const struct vf_plan_options *options,
                                const struct vf_plan_request *request, struct vf_arena *arena, struct vf_part_map *map,
                                struct vf_error *err) VF_CHECKED;
/* The columns, by number, that name a row of the table: its primary key, else a unique index over columns that are never NULL; NULL: none. */
const struct vf_index *vf_part_key(const struct vf_table *table);
/* part_view.c: what of the source, and what of the file, is target number `target`'s. What no target gets because its columns go to different ones is named in the plan's not_moved. */
enum vf_status vf_part_view(const struct vf_part_map *map, unsigned target, struct vf_plan *plan,
                            struct vf_error *err) VF_CHECKED;
enum vf_status vf_part_request(const struct vf_part_map *map, const struct vf_plan_request *whole, unsigned target,
                               struct vf_arena *arena, const struct vf_plan_request **part,
                               struct vf_error *err) VF_CHECKED;

/* plan_tables.c: is the table called so, with or without its schema? */
bool vf_plan_is_named(const struct vf_table *table, const char *name);
/* VF_USAGE: the option names a table that isn't there; the hint has the nearest. */
enum vf_status vf_plan_no_such_table(const struct vf_schema *schema, const char *name, const char *option,
                                     struct vf_error *err);
/* plan_tables.c: fill plan->tables from the inspected source. */
enum vf_status vf_plan_add_tables(struct vf_plan_maker *maker) VF_CHECKED;
/* plan_order.c: referenced tables first; cycles stay as they are. */
enum vf_status vf_plan_order_tables(struct vf_plan *plan, struct vf_error *err) VF_CHECKED;
/* plan_columns.c */
enum vf_status vf_plan_add_columns(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                   const struct vf_plan_request_table *request) VF_CHECKED;
const struct vf_plan_request_column *vf_plan_find_column_request(const struct vf_plan_request_table *table,
                                                                 const char *name);
enum vf_status vf_plan_map_column(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                  struct vf_plan_column *column);
/* What the plan file says of the target's side goes before what the target's engine would choose. */
void vf_plan_take_target(struct vf_plan_column *column, const struct vf_plan_request_column *request);
/* The target's column that the plan's column `i` becomes; not for skipped ones. */
struct vf_column *vf_plan_target_column(const struct vf_plan_table *table, size_t i);
/* plan_default.c: a literal default was read under the declared type; when the values (or the plan) say another, it is written for that one: 1 as true, 1700000000 as a time. One that
 * can't be becomes an expression, which isn't moved. */
void vf_plan_retype_default(struct vf_column *column, struct vf_arena *arena);
/* What of the columns isn't moved with them: defaults, collations, generation expressions. */
enum vf_status vf_plan_name_lost_parts(struct vf_plan_maker *maker, const struct vf_plan_table *table) VF_CHECKED;
/* plan_kind.c: is an ordinary table made, or a vec0 table? Columns and memory are there. */
enum vf_status vf_plan_choose_kind(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                   const struct vf_plan_request_table *request) VF_CHECKED;
/* Checks, expressions and foreign keys of a table that becomes a vec0 table are named. */
enum vf_status vf_plan_leave_rules(struct vf_plan_maker *maker, struct vf_plan_table *table) VF_CHECKED;
/* plan_indexes.c: column `i` of the source's table, as numbered in the target's; -1: it isn't there. */
int vf_plan_target_number(const struct vf_plan_table *table, int i);
/* Indexes and keys of a table; columns are there. */
enum vf_status vf_plan_add_indexes(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                   const struct vf_plan_request_table *request) VF_CHECKED;
/* The source's name of the column that is number `i` in the target. */
const char *vf_plan_source_name(const struct vf_plan_table *table, int i);
/* plan_fulltext.c: what a file says of a full-text index, onto the source's index with its columns numbered as there. */
enum vf_status vf_plan_take_fulltext(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                     const struct vf_plan_request_index *request, struct vf_index *index) VF_CHECKED;
enum vf_status vf_plan_read_fulltext(struct vf_yaml *yaml, yaml_node_t *node,
                                     struct vf_plan_request_index *index) VF_CHECKED;
void vf_plan_set_language(struct vf_fulltext *fulltext, const char *language);
void vf_plan_write_fulltext(struct vf_buf *out, const struct vf_plan_table *table, const struct vf_plan_index *index);
/* Is it a generated column that holds the words of a full-text index? It isn't copied: it is made with the index, or has no place in the target. */
bool vf_plan_is_derived(const struct vf_plan_maker *maker, const struct vf_table *source, const char *column);
/* Those whose index isn't moved are named. */
enum vf_status vf_plan_name_derived(struct vf_plan_maker *maker, const struct vf_plan_table *table) VF_CHECKED;
/* plan_keys.c: the same for its foreign keys. */
enum vf_status vf_plan_add_foreign_keys(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                        const struct vf_plan_request_table *request) VF_CHECKED;
/* plan_expressions.c: expressions of the source become expressions of the target. What can't is named: checks and generation expressions here, others by the caller. */
struct vf_plan_wish {
    const char *text, *dialect;
    int column; /* of the plan's: the one that is computed, or whose default it is; -1: none */
    bool is_condition, is_default;
};
struct vf_plan_translation {
    bool moved;
    const struct vf_expr *expr; /* with the columns of the target's table */
    const char *text, *dialect; /* what is written there */
    const char *why;            /* not moved: the reason; moved: what isn't the same beside the values, or NULL */
};
enum vf_status vf_plan_translate(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                 const struct vf_plan_wish *wish, struct vf_plan_translation *made) VF_CHECKED;
/* The second half: an expression with the target's columns, written. */
enum vf_status vf_plan_write_expression(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                        const struct vf_plan_wish *wish, const struct vf_expr *expr,
                                        struct vf_plan_translation *made) VF_CHECKED;
/* A check of a domain: of the domain in the target (column -1), or of a column of the plan's table, which is of it. */
enum vf_status vf_plan_translate_domain(struct vf_plan_maker *maker, const struct vf_user_type *type,
                                        const struct vf_check *check, const struct vf_plan_table *table, int column,
                                        struct vf_plan_translation *made) VF_CHECKED;
enum vf_status vf_plan_add_checks(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                  const struct vf_plan_request_table *request) VF_CHECKED;
/* Columns that the target computes, and defaults that are expressions. */
enum vf_status vf_plan_add_computed(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                    const struct vf_plan_request_table *request) VF_CHECKED;
/* Condition and expressions of an index, whose columns are renumbered already; *why: it can't be moved. */
enum vf_status vf_plan_translate_index(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                       const struct vf_index *source, struct vf_index *wanted,
                                       const char **why) VF_CHECKED;
/* plan_partitions.c: partitions that the file wants as tables take the place of their table, in the source and in the request. */
enum vf_status vf_plan_take_parts(struct vf_schema *source, const struct vf_plan_request **request,
                                  struct vf_arena *arena, struct vf_error *err) VF_CHECKED;
/* `bounds:` of a partitioned table: what of its rows is in which partition. */
void vf_plan_write_bounds(struct vf_buf *out, const struct vf_table *table);
/* How the table is partitioned, whom it inherits from and whether it is unlogged in the target, and what of that stays behind. */
enum vf_status vf_plan_add_lineage(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                   const struct vf_plan_request_table *request) VF_CHECKED;
/* plan_sidecars.c: the sidecars get their files; those that can't be aren't moved. Keys are there. */
enum vf_status vf_plan_settle_sidecars(struct vf_plan_maker *maker) VF_CHECKED;
/* plan_memory.c: where the source remembers that a table came from the target's kind of database, it gets its old types and forms back. */
enum vf_status vf_plan_recall(struct vf_plan_maker *maker) VF_CHECKED;
const struct vf_plan_request_table *vf_plan_find_table_request(const struct vf_plan_request *request,
                                                               const struct vf_table *table);
/* plan_objects.c: types, sequences, extensions, schemas, and everything that isn't moved. */
enum vf_status vf_plan_add_objects(struct vf_plan_maker *maker) VF_CHECKED;
/* plan_views.c: views that can be said in the target's SQL; the others are named. Tables are there. */
enum vf_status vf_plan_add_views(struct vf_plan_maker *maker) VF_CHECKED;

/* plan_view_shown.c: what is known of a table or a view that views are over, for verify. */
struct vf_plan_shown {
    /* How each column of it is read on each side, by its number there. Without `native` its values aren't the same on both sides to the last bit, or aren't known. */
    struct vf_field *from, *to;
    bool is_same;  /* it has the same rows on both sides, wherever the tables have */
    bool *is_over; /* of each table of the plan */
};
enum vf_status vf_plan_shown_table(struct vf_plan_maker *maker, size_t table, struct vf_plan_shown *shown) VF_CHECKED;
/* `query` is over the source's relations and `made` over the target's, and `relations` says of each what it shows. Fills in what verify needs of `view`, whose source and target are known. */
enum vf_status vf_plan_shown_view(struct vf_plan_maker *maker, const struct vf_query *query,
                                  const struct vf_query *made, const struct vf_plan_shown *relations,
                                  struct vf_plan_view *view, struct vf_plan_shown *shown) VF_CHECKED;
/* What the file shows is what is made: it can be left out, and isn't changed. */
enum vf_status vf_plan_same_as_shown(struct vf_plan_maker *maker, const char *shown, const char *made, const char *what,
                                     const char *name, int line, int column) VF_CHECKED;
/* plan_names.c: names that the target can't tell apart, or can't have. */
enum vf_status vf_plan_judge_names(struct vf_plan_maker *maker) VF_CHECKED;
/* plan_scan.c: rows that will be rejected, among those that the options ask to look at. */
enum vf_status vf_plan_scan_rows(struct vf_plan_maker *maker) VF_CHECKED;
/* plan_problems.c */
enum vf_status vf_plan_find_problems(struct vf_plan_maker *maker) VF_CHECKED;
/* What of the plan file settles the problem that was added last, and whose line it is, if not the object's; each may be NULL. `status` is that of adding it, and comes back if it isn't VF_OK. */
enum vf_status vf_plan_settle(struct vf_plan_maker *maker, enum vf_status status, const char *say,
                              const char *at) VF_CHECKED;
/* What is said there where a line, or a table's entry, is all that there is about it. */
#define VF_PLAN_SAY_LINE_OUT  "take the line out"
#define VF_PLAN_SAY_ENTRY_OUT "take the entry out"
/* plan_write.c: the part of the text that says what is moved and how, without what changes from day to day: what the hash is over. */
void vf_plan_write_decisions(const struct vf_plan *plans, size_t n_plans, struct vf_buf *out);

/* An entry of plan->not_moved; texts are copied. */
enum vf_status vf_plan_not_moved(struct vf_plan *plan, const char *kind, const char *schema, const char *name,
                                 const char *on, const char *text, const char *why, struct vf_error *err) VF_CHECKED;
/* Where an object of a schema of the source goes in the target; NULL: there are no schemas there, or the object has none. */
const char *vf_plan_target_schema(const struct vf_plan_maker *maker, const char *schema);
/* What it is called there: with its schema before its name, where there are none. NULL: no memory. */
const char *vf_plan_target_name(const struct vf_plan_maker *maker, const char *schema, const char *name);
/* The source's table as the plan reads it. A text that is only remembered is of a database whose forms aren't known: there, values are what their kinds say. */
enum vf_status vf_plan_source_view(struct vf_plan_maker *maker, const struct vf_plan_table *table, bool is_remembered,
                                   struct vf_table *view) VF_CHECKED;
/* Is it a view whose text may be translated? Then vf_plan_add_views() names it, if it isn't. */
bool vf_plan_is_readable_view(const struct vf_other *other);
/* "table.column" in the plan's arena, or NULL. */
const char *vf_plan_object(struct vf_plan *plan, const struct vf_table *table, const char *name);

#endif
