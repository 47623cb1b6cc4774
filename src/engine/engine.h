/*
 * Engine interface: what a database must do to be copied from, copied to and verified.
 *
 * An engine is one const struct of functions. It is added by writing src/engine/<name>/ and one line in the list of engine.c, and it is finished when
 * tests/conformance passes on it with its quirks struct. Callers never use the ops directly: the vf_conn_*, vf_scan_* and vf_load_* functions below check arguments once, for
 * every engine, and put the connection's side into the errors.
 *
 * Whatever is dialect (quoting, placeholders, type names, limits, how an upsert is written) stays inside the engine. Nothing here prints, and nothing retries.
 *
 * A connection belongs to one thread at a time. A connection opened for the source never writes to the database, not even private tables.
 */
#ifndef VF_ENGINE_ENGINE_H
#define VF_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/queue.h"
#include "base/url.h"
#include "engine/dialect.h"
#include "model/batch.h"
#include "model/fulltext.h"
#include "model/problem.h"
#include "model/schema.h"
#include "model/vector_index.h"

/* ---- what an engine can do ---- */

enum vf_engine_caps {
    VF_CAP_SNAPSHOT = 1 << 0,        /* a scan sees one instant of the whole database */
    VF_CAP_SHARED_SNAPSHOT = 1 << 1, /* several connections can see the same instant */
    VF_CAP_PARALLEL_LOAD = 1 << 2,   /* several connections can load at the same time */
    VF_CAP_LATE_KEYS =
        1
        << 3, /* keys, unique constraints and foreign keys are made after the rows; without it they are part of CREATE TABLE */
    VF_CAP_SCHEMAS = 1 << 4,      /* tables live in named schemas */
    VF_CAP_USER_TYPES = 1 << 5,   /* enums, domains, composites can be declared */
    VF_CAP_SEQUENCES = 1 << 6,    /* sequences exist as objects */
    VF_CAP_VECTOR_INDEX = 1 << 7, /* has an approximate index of its own */
    VF_CAP_TARGET = 1 << 8,       /* can be copied to */
    VF_CAP_ENUM_TYPES = 1 << 9,   /* of the types of a user enums alone can be declared */
    VF_CAP_VIEWS = 1 << 10,       /* has views */
    VF_CAP_PARTITIONS = 1 << 11,  /* tables can be partitioned, inherit and be unlogged */
};

#define VF_MAX_INDEX_BUILDERS 3

/* What values the engine can store; the check stage rejects the others before they are loaded. */
struct vf_limits {
    bool text_nul;          /* U+0000 inside a text can be stored */
    bool text_any_bytes;    /* text that isn't UTF-8 can be stored */
    bool vector_not_finite; /* NaN and Inf elements can be stored */
    bool timestamp_infinity;
    int64_t max_timestamp_us;             /* later ones can't be stored, 0: no limit */
    uint32_t max_vector_dim;              /* of a dense vector column, 0: no limit */
    uint32_t max_columns;                 /* 0: no limit */
    uint32_t max_identifier_bytes;        /* longer names are cut or refused, 0: no limit */
    bool identifiers_fold_case;           /* names that differ only in case clash */
    uint64_t max_value_bytes;             /* of one text or blob, 0: no limit */
    bool stored_columns, virtual_columns; /* a column can be computed from others, kept or not */
    bool not_null_names;                  /* a column's NOT NULL is a constraint, with a name */
    uint32_t max_loaders;                 /* connections that may load at once, at least 1 */
    uint32_t max_scanners;                /* scans that are worth the memory that each takes, 0: no limit */
    /* What builds vector indexes there, the usual choice first; the rest is NONE. With none at all, map_index decides about them by itself. */
    enum vf_index_builder index_builders[VF_MAX_INDEX_BUILDERS + 1];
    enum vf_text_builder text_builder; /* what builds full-text indexes there */
};

struct vf_server {
    char product[64];        /* "PostgreSQL", "SQLite" */
    char version[64];        /* "18.6" */
    int version_number;      /* the engine's own, for comparisons: 180006, 3040001 */
    char vector_product[64]; /* "pgvector", "sqlite-vec", or empty */
    char vector_version[64];
    char storage[32];        /* the version of its file's format, where one can be chosen: "v1.0.0"; or empty */
    char storage_remark[96]; /* what it means for others: "read by DuckDB v0.9 and later" */
    char encoding[32];       /* of its texts, as it calls it: "UTF8", "LATIN1", "UTF-16le"; or empty */
    char identity[128];  /* stays the same while it is the same database: system identifier and database, or file id */
    char session[32];    /* by which another connection to it can watch this one; or empty */
    char guarantee[160]; /* of what is read, where servers of a kind differ in it: one instant, and how; or empty */
};

struct vf_open_options {
    enum vf_side side;            /* VF_SIDE_SOURCE: read-only */
    const char *password;         /* or NULL; borrowed during open only */
    const char *application;      /* shown to the server, e.g. "vecferry copy" */
    const struct vf_log *log;     /* may be NULL; must outlive the connection, as the next three */
    struct vf_cancel *cancel;     /* may be NULL */
    const struct vf_clock *clock; /* NULL: the system's */
    const char *library_dir;      /* where libraries are that are opened at run time, or NULL: see base/library.h */
    const char *extension_dir;    /* where a database's extensions are, or NULL: beside its library; DuckDB's */
    const char *storage;   /* of a file that is made: vf_server.storage, or NULL: the oldest that holds the data */
    uint64_t memory_bytes; /* what the connection may use for caches and buffers; 0: the engine's choice */
    bool must_exist;       /* a target file is not created */
};

/* ---- what is scanned and loaded ---- */

/* What becomes of U+0000 in a text on its way: ferry/nul.h. Engines pass it over. */
enum vf_nul {
    VF_NUL_REJECT, /* where the target can't hold it */
    VF_NUL_STRIP,
    VF_NUL_ESCAPE,
    VF_NUL_UNESCAPE,
};

/* A column as the plan sees it on one side: its name there, its native type there, how the values lie there, and the neutral type that the batch has on both sides. */
struct vf_field {
    const char *name;
    const char *native;
    struct vf_type type;
    enum vf_form form;
    bool not_null;
    enum vf_nul nul; /* of the source's side */
};

struct vf_relation {
    const char *schema; /* NULL where there is none */
    const char *name;
    enum vf_table_kind kind;
    size_t n_fields;
    const struct vf_field *fields; /* the batch's columns, in this order */
    size_t n_key;                  /* 0: no key */
    const size_t *key;             /* indexes into fields */
    const char *where;             /* the user's filter in the source's SQL, or NULL; only for scans of the source */
    int64_t n_rows;                /* as far as somebody has counted already, so that split needn't; 0: unknown */
};

/* A part of a table that is read by one scan and loaded in one transaction. The bounds are the source engine's own words (block numbers, rowids), opaque to all others: it must
 * understand them again in a later process, as long as `vf_server.identity` and the table's `generation` are the same. */
struct vf_chunk {
    int64_t number;     /* from 0 within the table */
    const char *low;    /* inclusive; NULL: open */
    const char *high;   /* exclusive; NULL: open */
    int64_t n_rows;     /* estimated, -1: unknown */
    int64_t size_bytes; /* estimated, -1: unknown */
};

struct vf_chunk_list {
    struct vf_arena arena;
    size_t n_chunks;
    struct vf_chunk *chunks;
    char generation
        [64]; /* changes when the table was rewritten, so that old bounds no longer mean the same rows; may be empty */
};

/* ---- target: from neutral to native ---- */

enum vf_fidelity {
    VF_FIDELITY_EXACT,
    VF_FIDELITY_LOSSY, /* needs the user's word */
    VF_FIDELITY_NONE,  /* can't be moved */
};

/* What a column becomes on a target. Texts are in the arena given. */
struct vf_mapping {
    const char *native; /* type to declare */
    enum vf_form form;
    enum vf_fidelity fidelity;
    const char *how;             /* LOSSY: what changes; NONE: why; EXACT: a remark, or NULL */
    bool default_moved;          /* the column's default can be declared */
    const char *default_why;     /* why it can't be; or, of one that can: what isn't quite the source's, or NULL */
    bool has_no_default;         /* it can't have any, be it an expression: default_why says why */
    const char *counts_not;      /* of a column that counts by itself in the source: why it doesn't there, or NULL */
    const char *counts_not_same; /* it does: what is different about the next number, or NULL */
    bool
        not_kept; /* between two databases of this kind too: a column of the source's declaration can't be had, or isn't what the target is for */
};

/* What an index becomes on a target. */
struct vf_index_mapping {
    bool moved;
    struct vf_index index; /* what is built; shares texts with the source's */
    const char *why;       /* not moved: the reason; moved: what differs and how queries use it, or NULL */
};

/* Whether a table can be made as its kind asks for. Texts are in the arena given. */
struct vf_table_fit {
    const char *why, *remedy; /* it can't: the reason, and what helps; NULL: it can */
    int column;               /* of the table, that the reason is about; -1: the table itself */
    bool is_missing;          /* it can't here and now, because something isn't installed */
    const char *note;         /* it can: what the columns have become that nobody said, or NULL */
};

/* A step of making the target: each is idempotent (an object that is there in that form is left), so that a resumed run repeats the steps. The objects are borrowed for the call. */
enum vf_step_kind {
    VF_STEP_SCHEMA,      /* name */
    VF_STEP_EXTENSION,   /* name: what the types and indexes of the plan need ("vector") */
    VF_STEP_USER_TYPE,   /* user_type */
    VF_STEP_SEQUENCE,    /* sequence: made, with its value set by VF_STEP_SEQUENCE_VALUE */
    VF_STEP_TABLE,       /* table: columns, not null, defaults, checks; keys too without VF_CAP_LATE_KEYS */
    VF_STEP_INDEX,       /* table, index: primary key, unique constraint or index */
    VF_STEP_FOREIGN_KEY, /* table, foreign_key */
    VF_STEP_SEQUENCE_VALUE, /* sequence: next value right after the source's, and above the largest value that the owning column holds */
    VF_STEP_ANALYZE,    /* table: statistics */
    VF_STEP_DROP_TABLE, /* table */
    VF_STEP_VIEW, /* view: made, and its columns counted; VF_CAP_VIEWS, inside a transaction of the caller's. One that is there is an error. */
    VF_STEP_DROP_VIEW, /* view, if it is there */
};

struct vf_step {
    enum vf_step_kind kind;
    const char *name;
    const struct vf_table *table; /* as the target has it: native types, forms and names of the target */
    const struct vf_index *index;
    const struct vf_foreign_key *foreign_key;
    const struct vf_user_type *user_type;
    const struct vf_sequence *sequence;
    const struct vf_view *view;
};

/* How far a step is, as the database tells another connection. What it doesn't count is 0. */
struct vf_step_progress {
    char phase[64];                 /* in its words: "building index: loading tuples" */
    int64_t n_rows, total_rows;     /* of this phase */
    int64_t n_blocks, total_blocks; /* the same in blocks of the table */
};

/* ---- private state of vecferry in a target ---- */

/*
 * Records: rows of vecferry's own tables (vecferry_runs, vecferry_chunks, vecferry_rejects, vecferry_schema), whose columns engine/store.h declares. Record functions work inside the
 * transaction that is open on the connection, or each for itself when none is: that is how a chunk's marker gets into the transaction of its rows.
 */
enum vf_record_kind {
    VF_RECORD_INTEGER,
    VF_RECORD_TEXT,
    VF_RECORD_BLOB,
};

struct vf_record_column {
    const char *name;
    enum vf_record_kind kind;
};

struct vf_record_table {
    const char *name;
    size_t n_columns;
    const struct vf_record_column *columns;
    size_t n_key; /* the first n_key columns are the key; never NULL */
};

struct vf_record_value {
    bool is_null;
    int64_t integer;
    const void *bytes; /* TEXT (UTF-8, not necessarily NUL-terminated) and BLOB */
    size_t size_bytes;
};

/* Called for each record found; values are valid during the call. Anything but VF_OK stops the reading and is returned. */
typedef enum vf_status (*vf_record_fn)(void *context, const struct vf_record_value *values, struct vf_error *err);

/* ---- the engine ---- */

struct vf_conn; /* an engine's own struct begins with a struct vf_conn_base */
struct vf_scan;
struct vf_load;

struct vf_inspect_options {
    bool evidence; /* also look at the values: whole columns, not samples, unless sample_rows says so */
    bool
        decisive; /* of the evidence only what a plan decides by: lengths of vectors only where an index of inner product asks for them, nothing that the declaration says */
    int64_t sample_rows; /* 0: all rows */
    size_t n_only;       /* evidence for these tables alone ("name" or "schema.name"), 0: all */
    const char *const *only;
    size_t n_as_table; /* materialised views that are looked at as tables, "*": all; the others are named */
    const char *const *as_table;
};

/* A question to a vector index: which k rows are nearest to a vector. */
struct vf_nearest {
    const struct vf_relation *relation; /* what is read of the rows */
    const struct vf_table *table;       /* as the database has it */
    const struct vf_index *index; /* of the table; the search must go by it, or the answer says nothing about it */
    const void *vector;           /* in the neutral form of the column's type */
    uint32_t k;
    uint32_t ef_search; /* 0: the builder's default */
    uint32_t probes;    /* ivfflat; 0: its default */
};

/* How the first line of a script begins, so that one that isn't vecferry's is left alone. */
#define VF_INDEX_SCRIPT_MARK "-- vecferry:"

/* What a full-text index says of itself. */
struct vf_text_state {
    bool is_sound;       /* it is there, and in step with its table */
    const char *why;     /* it isn't: the reason, in the arena given */
    int64_t n_documents; /* rows that it knows, -1: it doesn't say */
};

/* Expectations of a load, for bulk settings and the check of free space. */
struct vf_load_estimate {
    int64_t n_rows;
    int64_t size_bytes;     /* of the data, -1: unknown */
    int64_t beside_bytes;   /* of vector indexes in files beside the database */
    uint64_t max_row_bytes; /* of a typical largest row, 0: unknown: picks the page size of a new SQLite file */
};

struct vf_engine_ops {
    const char *name; /* as vf_url.scheme */
    unsigned caps;    /* enum vf_engine_caps */
    const char *
        usual_schema; /* VF_CAP_SCHEMAS: where tables are that don't name one, "public"; a move puts them into the target's */

    const struct vf_dialect *dialect; /* of expressions; NULL: it keeps none */

    /* Required. */
    enum vf_status (*open)(const struct vf_url *url, const struct vf_open_options *options, struct vf_conn **conn,
                           struct vf_error *err);
    void (*close)(struct vf_conn *conn); /* rolls back what is open */
    enum vf_status (*describe)(struct vf_conn *conn, struct vf_server *server, struct vf_error *err);
    const struct vf_limits *(*limits)(const struct vf_conn *conn);
    /* User tables and all that belongs to them. vecferry's own tables are left out; what vecferry_schema remembers is laid over what the catalogue says. */
    enum vf_status (*inspect)(struct vf_conn *conn, const struct vf_inspect_options *options, struct vf_schema *schema,
                              struct vf_error *err);
    /*
     * A condition for a relation's `where`: it holds for exactly the rows whose column has the value of this text (a text, a label, a uuid, digits of a whole number, true or false), or
     * none with `text` NULL. VF_MISSING: not for a column like this. NULL in an engine: it has no filters.
     */
    enum vf_status (*match)(const struct vf_conn *conn, const struct vf_field *field, const char *text,
                            struct vf_buf *out, struct vf_error *err);

    /* Source. Begin reading one instant; `token` (may be NULL) receives what other connections need to join it. Ends with close or end_snapshot. */
    enum vf_status (*begin_snapshot)(struct vf_conn *conn, char *token, size_t token_bytes, struct vf_error *err);
    enum vf_status (*join_snapshot)(
        struct vf_conn *conn, const char *token,
        struct vf_error *err);                  /* VF_CAP_SHARED_SNAPSHOT only; VF_STATE: the snapshot is gone */
    void (*end_snapshot)(struct vf_conn *conn); /* where the connection is used further; a copy closes it */
    /* Cut a table into chunks of about target_bytes, the last one open-ended; at least one chunk. */
    enum vf_status (*split)(struct vf_conn *conn, const struct vf_relation *relation, uint64_t target_bytes,
                            struct vf_chunk_list *chunks, struct vf_error *err);
    enum vf_status (*scan_open)(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_chunk *chunk,
                                struct vf_scan **scan, struct vf_error *err); /* chunk NULL: the whole table */
    /*
     * This scan is opened next: where each question is a way to a server and back, its first rows may be asked for already. What goes wrong shows when it is opened. NULL in an engine: that would win
     * nothing.
     */
    void (*expect_scan)(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_chunk *chunk);
    /* Fill `batch` (which the caller has reset) and set *more; an empty batch without rejects and with *more false is the end. */
    enum vf_status (*scan_read)(struct vf_scan *scan, struct vf_batch *batch, bool *more, struct vf_error *err);
    void (*scan_close)(struct vf_scan *scan);
    /* Rows by key: `keys` has the relation's key columns, in that order; rows that aren't there are simply missing from the result. Opens a scan as scan_open does. A copy
     * and its verify read whole tables: this is for what follows changes row by row. */
    enum vf_status (*lookup)(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_batch *keys,
                             struct vf_scan **scan, struct vf_error *err);

    /* The nearest rows by a vector index of the database, nearest first; *scan is read and closed as one of scan_open. In a transaction, settings for it are gone with that. */
    enum vf_status (*nearest)(struct vf_conn *conn, const struct vf_nearest *nearest, struct vf_scan **scan,
                              struct vf_error *err);

    /*
     * Statements that build the index in the memory of whoever opens the database and runs them (VF_PLACE_SESSION), over the relation, which is the key and the vector; their first line begins with
     * VF_INDEX_SCRIPT_MARK. The same is asked by nearest.
     */
    enum vf_status (*index_script)(struct vf_conn *conn, const struct vf_relation *relation,
                                   const struct vf_table *table, const struct vf_index *index, struct vf_buf *out,
                                   struct vf_error *err);
    /*
     * A condition for a relation's `where`: it holds for exactly the rows that the full-text index finds by one word (letters a to z). `index` is as the database has it. VF_MISSING: the index
     * can't be asked. NULL in an engine: it has no full-text search.
     */
    enum vf_status (*text_match)(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                 const char *word, struct vf_buf *out, struct vf_error *err);
    /* Target: look whether a full-text index is sound. That it isn't is no error. */
    enum vf_status (*text_check)(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                 struct vf_arena *arena, struct vf_text_state *state, struct vf_error *err);

    /* Target (VF_CAP_TARGET). */
    enum vf_status (*map_column)(struct vf_conn *conn, const struct vf_table *table, const struct vf_column *column,
                                 struct vf_arena *arena, struct vf_mapping *mapping, struct vf_error *err);
    /*
     * The declaration of a table of another kind than the ordinary one, in place: native types, forms, roles and NOT NULL of the columns. Its only index is the primary key. That it can't be one is no
     * error: fit says why. NULL in an engine: it has only ordinary tables.
     */
    enum vf_status (*fit_table)(struct vf_conn *conn, struct vf_table *table, struct vf_arena *arena,
                                struct vf_table_fit *fit, struct vf_error *err);
    /* A vector index comes here translated (model/vector_index.h): kind, metric, element and parameters are what one of the limits' builders takes, and only what is dialect is left to say;
     * so does a full-text index (model/fulltext.h). */
    enum vf_status (*map_index)(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                struct vf_arena *arena, struct vf_index_mapping *mapping, struct vf_error *err);
    /* Everything that would stop the load, found before the first write: privileges, extensions, free space, limits. */
    enum vf_status (*preflight)(struct vf_conn *conn, const struct vf_schema *wanted,
                                const struct vf_load_estimate *estimate, struct vf_problem_list *problems,
                                struct vf_error *err);
    /* One run at a time: VF_LOCKED names the holder. Kept until unlock or close; a dead process holds nothing. */
    enum vf_status (*lock)(struct vf_conn *conn, const char *holder, struct vf_error *err);
    void (*unlock)(struct vf_conn *conn);
    /* Is there a table or a view of that name? A view isn't read: it has no rows. */
    enum vf_status (*table_state)(struct vf_conn *conn, const char *schema, const char *name, bool *exists,
                                  bool *has_rows, struct vf_error *err);
    enum vf_status (*apply)(struct vf_conn *conn, const struct vf_step *step, struct vf_error *err);
    /* How far is the VF_STEP_INDEX that the connection with that session (of its vf_server) is doing? All zero when it does none. NULL in an engine: it can't be asked. */
    enum vf_status (*watch)(struct vf_conn *conn, const char *session, struct vf_step_progress *progress,
                            struct vf_error *err);
    /* Bulk settings on; begin_bulk comes before the first load on a connection. end_bulk puts them back, makes all data durable (fsync), and is called before success is said. */
    enum vf_status (*begin_bulk)(struct vf_conn *conn, const struct vf_load_estimate *estimate, struct vf_error *err);
    enum vf_status (*end_bulk)(struct vf_conn *conn, struct vf_error *err);
    enum vf_status (*begin)(struct vf_conn *conn, struct vf_error *err);
    /* VF_TEMPORARY: the connection was lost while committing, so that nobody knows; the marker decides. */
    enum vf_status (*commit)(struct vf_conn *conn, struct vf_error *err);
    void (*rollback)(struct vf_conn *conn);
    enum vf_status (*load_open)(struct vf_conn *conn, const struct vf_relation *relation, struct vf_load **load,
                                struct vf_error *err);
    /* Load the rows of a batch inside the open transaction. A row that the database refuses is added to `rejects` (with `row` set), and the others are loaded; with `rejects` NULL the
     * first refused row is an error (VF_VALUE), and the transaction can only be rolled back. When this returns VF_OK all rows but the rejected ones are in. */
    enum vf_status (*load_write)(struct vf_load *load, const struct vf_batch *batch, struct vf_reject_list *rejects,
                                 struct vf_error *err);
    void (*load_close)(struct vf_load *load);

    /* Target: records. */
    enum vf_status (*record_create)(struct vf_conn *conn, const struct vf_record_table *table,
                                    struct vf_error *err); /* if it isn't there */
    enum vf_status (*record_put)(struct vf_conn *conn, const struct vf_record_table *table,
                                 const struct vf_record_value *values, struct vf_error *err); /* insert or replace */
    /* The same for n records, whose values are behind each other. NULL in an engine: one by one is as good. */
    enum vf_status (*record_put_many)(struct vf_conn *conn, const struct vf_record_table *table, size_t n_records,
                                      const struct vf_record_value *values, struct vf_error *err);
    /* All records whose first n_key columns equal `key`, in key order; nothing when the table doesn't exist. */
    enum vf_status (*record_get)(struct vf_conn *conn, const struct vf_record_table *table,
                                 const struct vf_record_value *key, size_t n_key, vf_record_fn found, void *context,
                                 struct vf_error *err);
    /* Replace the record only if its column `column` still equals `expected`; *swapped says whether. For claims. */
    enum vf_status (*record_swap)(struct vf_conn *conn, const struct vf_record_table *table,
                                  const struct vf_record_value *values, size_t column,
                                  const struct vf_record_value *expected, bool *swapped, struct vf_error *err);
    enum vf_status (*record_delete)(struct vf_conn *conn, const struct vf_record_table *table,
                                    const struct vf_record_value *key, size_t n_key, struct vf_error *err);
};

/* First member of every engine's connection struct. */
struct vf_conn_base {
    const struct vf_engine_ops *ops;
    struct vf_open_options options; /* password is NULL after open */
};

/* The engine for a scheme, or NULL; and all of them, NULL-terminated. */
const struct vf_engine_ops *vf_engine_find(const char *scheme);
const struct vf_engine_ops *const *vf_engine_list(void);
/* The dialect that texts are remembered under, or NULL. */
const struct vf_dialect *vf_dialect_find(const char *name);

/* What indexes of values take on a disk besides the rows, roughly: for estimates. */
#define VF_INDEX_ENTRY_BYTES 24
uint64_t vf_index_bytes_of(const struct vf_schema *wanted);

/* ---- checked calls: what every caller uses; the meaning is that of the op of the same name ---- */

enum vf_status vf_conn_open(const struct vf_url *url, const struct vf_open_options *options, struct vf_conn **conn,
                            struct vf_error *err) VF_CHECKED;
/* The same with an engine given: wrappers (trace, fault) and tests. */
enum vf_status vf_conn_open_with(const struct vf_engine_ops *ops, const struct vf_url *url,
                                 const struct vf_open_options *options, struct vf_conn **conn,
                                 struct vf_error *err) VF_CHECKED;
void vf_conn_close(struct vf_conn *conn); /* NULL is fine */
const struct vf_engine_ops *vf_conn_ops(const struct vf_conn *conn);
bool vf_conn_can(const struct vf_conn *conn, enum vf_engine_caps cap);
enum vf_side vf_conn_side(const struct vf_conn *conn);
enum vf_status vf_conn_describe(struct vf_conn *conn, struct vf_server *server, struct vf_error *err) VF_CHECKED;
const struct vf_limits *vf_conn_limits(const struct vf_conn *conn);
enum vf_status vf_conn_inspect(struct vf_conn *conn, const struct vf_inspect_options *options, struct vf_schema *schema,
                               struct vf_error *err) VF_CHECKED;
enum vf_status vf_conn_match(const struct vf_conn *conn, const struct vf_field *field, const char *text,
                             struct vf_buf *out, struct vf_error *err) VF_CHECKED;
enum vf_status vf_conn_begin_snapshot(struct vf_conn *conn, char *token, size_t token_bytes,
                                      struct vf_error *err) VF_CHECKED;
enum vf_status vf_conn_join_snapshot(struct vf_conn *conn, const char *token, struct vf_error *err) VF_CHECKED;
void vf_conn_end_snapshot(struct vf_conn *conn);
enum vf_status vf_conn_split(struct vf_conn *conn, const struct vf_relation *relation, uint64_t target_bytes,
                             struct vf_chunk_list *chunks, struct vf_error *err) VF_CHECKED;
void vf_chunk_list_release(struct vf_chunk_list *chunks);
enum vf_status vf_scan_open(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_chunk *chunk,
                            struct vf_scan **scan, struct vf_error *err) VF_CHECKED;
void vf_conn_expect_scan(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_chunk *chunk);
enum vf_status vf_scan_read(struct vf_conn *conn, struct vf_scan *scan, struct vf_batch *batch, bool *more,
                            struct vf_error *err) VF_CHECKED;
void vf_scan_close(struct vf_conn *conn, struct vf_scan *scan);
enum vf_status vf_conn_lookup(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_batch *keys,
                              struct vf_scan **scan, struct vf_error *err) VF_CHECKED;
/* VF_MISSING: the engine can't be asked through its index. */
enum vf_status vf_conn_nearest(struct vf_conn *conn, const struct vf_nearest *nearest, struct vf_scan **scan,
                               struct vf_error *err) VF_CHECKED;
enum vf_status vf_conn_index_script(struct vf_conn *conn, const struct vf_relation *relation,
                                    const struct vf_table *table, const struct vf_index *index, struct vf_buf *out,
                                    struct vf_error *err) VF_CHECKED;
enum vf_status vf_conn_text_match(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                  const char *word, struct vf_buf *out, struct vf_error *err) VF_CHECKED;
enum vf_status vf_conn_text_check(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                  struct vf_arena *arena, struct vf_text_state *state, struct vf_error *err) VF_CHECKED;
enum vf_status vf_conn_map_column(struct vf_conn *conn, const struct vf_table *table, const struct vf_column *column,
                                  struct vf_arena *arena, struct vf_mapping *mapping, struct vf_error *err) VF_CHECKED;
bool vf_conn_can_fit(const struct vf_conn *conn);
enum vf_status vf_conn_fit_table(struct vf_conn *conn, struct vf_table *table, struct vf_arena *arena,
                                 struct vf_table_fit *fit, struct vf_error *err) VF_CHECKED;
enum vf_status vf_conn_map_index(struct vf_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                 struct vf_arena *arena, struct vf_index_mapping *mapping,
                                 struct vf_error *err) VF_CHECKED;
/* The same for a vector index, with what is known of the rows (NULL: nothing, and no threshold). What comes back may be a sidecar (`vector.place`), which the engine never sees. */
enum vf_status vf_conn_map_vector_index(struct vf_conn *conn, const struct vf_table *table,
                                        const struct vf_index *index, const struct vf_index_scale *scale,
                                        struct vf_arena *arena, struct vf_index_mapping *mapping,
                                        struct vf_error *err) VF_CHECKED;
enum vf_status vf_conn_preflight(struct vf_conn *conn, const struct vf_schema *wanted,
                                 const struct vf_load_estimate *estimate, struct vf_problem_list *problems,
                                 struct vf_error *err) VF_CHECKED;
enum vf_status vf_conn_lock(struct vf_conn *conn, const char *holder, struct vf_error *err) VF_CHECKED;
void vf_conn_unlock(struct vf_conn *conn);
enum vf_status vf_conn_table_state(struct vf_conn *conn, const char *schema, const char *name, bool *exists,
                                   bool *has_rows, struct vf_error *err) VF_CHECKED;
enum vf_status vf_conn_apply(struct vf_conn *conn, const struct vf_step *step, struct vf_error *err) VF_CHECKED;
bool vf_conn_can_watch(const struct vf_conn *conn);
/* VF_MISSING: the engine can't be asked. */
enum vf_status vf_conn_watch(struct vf_conn *conn, const char *session, struct vf_step_progress *progress,
                             struct vf_error *err) VF_CHECKED;
enum vf_status vf_conn_begin_bulk(struct vf_conn *conn, const struct vf_load_estimate *estimate,
                                  struct vf_error *err) VF_CHECKED;
enum vf_status vf_conn_end_bulk(struct vf_conn *conn, struct vf_error *err) VF_CHECKED;
enum vf_status vf_conn_begin(struct vf_conn *conn, struct vf_error *err) VF_CHECKED;
enum vf_status vf_conn_commit(struct vf_conn *conn, struct vf_error *err) VF_CHECKED;
void vf_conn_rollback(struct vf_conn *conn);
enum vf_status vf_load_open(struct vf_conn *conn, const struct vf_relation *relation, struct vf_load **load,
                            struct vf_error *err) VF_CHECKED;
enum vf_status vf_load_write(struct vf_conn *conn, struct vf_load *load, const struct vf_batch *batch,
                             struct vf_reject_list *rejects, struct vf_error *err) VF_CHECKED;
void vf_load_close(struct vf_conn *conn, struct vf_load *load);
enum vf_status vf_record_create(struct vf_conn *conn, const struct vf_record_table *table,
                                struct vf_error *err) VF_CHECKED;
enum vf_status vf_record_put(struct vf_conn *conn, const struct vf_record_table *table,
                             const struct vf_record_value *values, struct vf_error *err) VF_CHECKED;
enum vf_status vf_record_put_many(struct vf_conn *conn, const struct vf_record_table *table, size_t n_records,
                                  const struct vf_record_value *values, struct vf_error *err) VF_CHECKED;
enum vf_status vf_record_get(struct vf_conn *conn, const struct vf_record_table *table,
                             const struct vf_record_value *key, size_t n_key, vf_record_fn found, void *context,
                             struct vf_error *err) VF_CHECKED;
enum vf_status vf_record_swap(struct vf_conn *conn, const struct vf_record_table *table,
                              const struct vf_record_value *values, size_t column,
                              const struct vf_record_value *expected, bool *swapped, struct vf_error *err) VF_CHECKED;
enum vf_status vf_record_delete(struct vf_conn *conn, const struct vf_record_table *table,
                                const struct vf_record_value *key, size_t n_key, struct vf_error *err) VF_CHECKED;

#endif
