/*
 * The neutral picture of a database: what `inspect` finds and what a plan is made of.
 *
 * Everything in a vf_schema is allocated in its arena and lives as long as it does; other rooms borrow. Names are kept as the database has them, unquoted.
 * Texts that come from the source (expressions, view bodies) are material to be shown or parsed into the small models below: they are never run as SQL. An expression's text goes with the
 * name of its dialect (vf_dialect_find()), because a database also remembers texts of the one that a table came from. In a table that is to be made it is what was written for the target,
 * beside the expression itself, whose columns are those of that table.
 */
#ifndef VF_MODEL_SCHEMA_H
#define VF_MODEL_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/metric.h"
#include "model/expression.h"
#include "model/type.h"

enum vf_default_kind {
    VF_DEFAULT_NONE,
    VF_DEFAULT_LITERAL,    /* `text` is the value, in the neutral text of the column's kind */
    VF_DEFAULT_NULL,       /* an explicit NULL */
    VF_DEFAULT_NOW,        /* the time of the transaction or statement */
    VF_DEFAULT_TODAY,      /* the current date */
    VF_DEFAULT_TIME,       /* the current time of day */
    VF_DEFAULT_UUID,       /* a random uuid (version 4) */
    VF_DEFAULT_HEX,        /* 32 random hexadecimal digits in lower case */
    VF_DEFAULT_HEX_UPPER,  /* the same in upper case */
    VF_DEFAULT_SEQUENCE,   /* the next value of sequence `text` */
    VF_DEFAULT_EXPRESSION, /* something else: `text` in `dialect` */
};

/* NOW, TODAY, TIME, UUID and HEX have a `text` too, where the database has several spellings that aren't quite the same: one of `dialect` is written again as it was, after a look at its own list. */
struct vf_default {
    enum vf_default_kind kind;
    const char *text;
    const char *dialect;
    /* NOW, TODAY, TIME: what the clock of UTC shows. Else a type without a zone gets what the clock of the session's time zone shows. */
    bool is_utc;
    const struct vf_expr *expr; /* of a target's column */
};

enum vf_generated {
    VF_GENERATED_NO,
    VF_GENERATED_IDENTITY_ALWAYS,
    VF_GENERATED_IDENTITY_BY_DEFAULT,
    VF_GENERATED_AUTOINCREMENT, /* SQLite's; a rowid alias without the word is IDENTITY_BY_DEFAULT */
    VF_GENERATED_STORED,        /* computed from other columns: never copied */
    VF_GENERATED_VIRTUAL,
};

/* What was measured about a column's stored values; zero when nothing was. Counts are of rows. */
struct vf_evidence {
    bool measured;
    bool sampled;     /* not all rows were looked at */
    int64_t n_values; /* not NULL */
    int64_t n_null;
    int64_t n_bad;     /* values that `type` can't hold: they will be rejected */
    int64_t n_inexact; /* numbers (elements of vectors counted singly) that `type` holds only rounded */
    double max_relative_error;
    int64_t n_compared; /* values whose writing was looked at: all, or as many as are cheap */
    int64_t
        n_rewritten; /* of them: values that are kept as what they mean, and come back in another writing: [1.0] as [1] */
    int64_t min_dim, max_dim; /* vectors */
    int64_t n_not_finite;     /* vectors with NaN or Inf */
    int64_t n_zero;           /* vectors of length 0 */
    double min_norm, max_norm;
    const char *text; /* one sentence for the plan, or NULL */
};

/* What a column is to a vec0 table; of other tables, and of the key and the vectors of a vec0 table, NONE. */
enum vf_column_role {
    VF_ROLE_NONE,
    VF_ROLE_METADATA,  /* a search can be narrowed down by it; never NULL */
    VF_ROLE_PARTITION, /* vectors of different values lie in different chunks of the table's */
    VF_ROLE_AUXILIARY, /* only carried along */
};

struct vf_column {
    const char *name;
    const char *
        native; /* the type as the database writes it, with its modifiers: "numeric(12,2)", "INTEGER"; never NULL, may be "" (SQLite) */
    struct vf_type type;
    enum vf_form form; /* how the values lie in this database */
    bool not_null;
    bool key_not_null; /* SQLite: NOT NULL is written at an INTEGER PRIMARY KEY, which is never NULL without it */
    const char *not_null_name; /* of the constraint, where that has one, and not the usual one; or NULL */
    enum vf_column_role role;
    enum vf_generated generated;
    const char *expression; /* of a STORED or VIRTUAL column, in `dialect` */
    const char *dialect;
    const struct vf_expr *expr; /* of a target's column */
    struct vf_default def;
    const char *collation; /* not the default one, or NULL */
    const char *comment;
    const char *type_schema, *type_name; /* ENUM: the user type that it is of; NULL: one without a name, or none */
    size_t n_labels;
    const char **labels; /* ENUM: in their order, as far as they are known */
    struct vf_evidence evidence;
};

/* One part of a key or an index: a column, or an expression. */
struct vf_key_part {
    int column;                 /* index into the table's columns, or -1 */
    const char *expression;     /* the text when column is -1, in the index's dialect */
    const struct vf_expr *expr; /* of a target's index */
    bool descending;
    bool nulls_first;           /* as stored; an engine whose default differs must say so */
    const char *operator_class; /* as the engine names it, or NULL for the default */
    const char *collation;      /* not the column's, or NULL */
};

enum vf_index_kind {
    VF_INDEX_BTREE,
    VF_INDEX_HASH,
    VF_INDEX_HNSW,     /* a graph in layers: pgvector, DuckDB's vss, a usearch sidecar */
    VF_INDEX_IVFFLAT,  /* lists around centres: pgvector */
    VF_INDEX_DISKANN,  /* a graph in pages: libSQL's libsql_vector_idx */
    VF_INDEX_EXACT,    /* none is built, every vector is looked at: vec0; it says the metric */
    VF_INDEX_FULLTEXT, /* words of texts: struct vf_fulltext */
    VF_INDEX_OTHER,    /* `method` names it */
};

enum vf_index_place {
    VF_PLACE_ANY,      /* the translation's choice; of an index that is there: the database */
    VF_PLACE_DATABASE, /* made by the database */
    VF_PLACE_SIDECAR,  /* a usearch file beside the database */
    VF_PLACE_SESSION,  /* made in memory by whoever opens the database, by a script beside it */
};

/* The neutral description of a vector index. A number that is 0 isn't said: the builder's own default. model/vector_index.h translates it from one builder to another. */
struct vf_vector_index {
    enum vf_metric metric;
    enum vf_element
        element; /* what is indexed, when the column is cast for it (vector as halfvec); NONE: the column's own */
    uint32_t m;  /* hnsw: links of a vector in each layer, twice as many in the lowest */
    uint32_t ef_construction; /* hnsw, diskann: candidates held while a vector is added */
    uint32_t ef_search;       /* hnsw, diskann: candidates held while searching */
    uint32_t lists;           /* ivfflat; 0: near the square root of the rows */
    uint32_t neighbours;      /* diskann: links of a vector */
    uint32_t alpha_milli;     /* diskann: how far a link may be a detour, in thousandths */
    enum vf_element compress; /* diskann: how the copies of neighbours are kept; NONE: not said */
    enum vf_index_place place;
    const char *
        file; /* of a sidecar or a session's script: its path, taken from the folder of the database; NULL: made from the names */
};

enum vf_fulltext_form {
    VF_FULLTEXT_NOT,        /* the index isn't of words */
    VF_FULLTEXT_EXPRESSION, /* PostgreSQL: an index on to_tsvector(...) */
    VF_FULLTEXT_COLUMN,     /* PostgreSQL: a generated column of type tsvector, mostly with an index on it */
    VF_FULLTEXT_EXTERNAL,   /* SQLite: an FTS5 table beside the table whose texts it indexes */
    VF_FULLTEXT_OWN,        /* SQLite: the table itself is an FTS5 table */
    VF_FULLTEXT_TABLES,     /* DuckDB: the tables of its extension, in a schema of their own */
};

/* What is said of a column of a full-text index. */
struct vf_fulltext_part {
    double weight;  /* what a word there counts for, relative to the other columns; 0: not said */
    bool unindexed; /* only carried along (FTS5) */
    bool coalesced; /* NULL counts as an empty text; without it, a NULL hides all parts that are joined with this one */
    const char
        *joined; /* what is put between the text of the part before and this one's; NULL: the text stands alone */
};

/* The neutral description of a full-text index, beside the columns of the index. A text that is NULL isn't said. model/fulltext.h translates it from one database to another. */
struct vf_fulltext {
    enum vf_fulltext_form form;
    const char *language; /* as PostgreSQL calls its configurations: "english", "simple" (no language), "public.mine" */
    const char *stemmer;  /* "none", "porter" (the first one), or a language of Snowball's; NULL: not known */
    const char *stop_words; /* whose list: "none", "postgresql", "duckdb", "own" */
    bool folds_accents;     /* an accent makes no difference */
    const char *tokenizer;  /* FTS5's words for it: "porter unicode61" */
    const char *prefix;     /* FTS5: lengths of the beginnings that are indexed too, "2 3" */
    const char *detail;     /* FTS5: "none", "column", NULL: all places; DuckDB: what ends a word, a pattern */
    const char *column;     /* COLUMN: the generated column */
    const char *key;        /* EXTERNAL, TABLES: the column by which it knows the rows */
    const char *on_insert, *on_delete, *on_update; /* EXTERNAL: the triggers that keep it in step */
    int place;                                     /* COLUMN: where it stands among the table's columns */
    bool is_late;   /* a change of a row isn't in it until it is built anew, or the application puts it there */
    size_t n_parts; /* as many as the index has */
    struct vf_fulltext_part *parts;
    const struct vf_index
        *here; /* where a memory was laid over it: the index that the database itself has; else NULL */
};

/* A primary key or unique constraint is an index with `constraint` set. */
enum vf_constraint {
    VF_CONSTRAINT_NONE,
    VF_CONSTRAINT_PRIMARY,
    VF_CONSTRAINT_UNIQUE,
};

struct vf_index {
    const char *name; /* may be NULL (SQLite's unnamed constraints) */
    enum vf_index_kind kind;
    const char *method; /* the engine's word: "btree", "gin" */
    enum vf_constraint constraint;
    bool unique;
    bool nulls_not_distinct;
    bool deferrable, initially_deferred;
    size_t n_parts;
    struct vf_key_part *parts;
    size_t n_included;
    int *included;                        /* columns only carried along */
    const char *predicate;                /* the text of a partial index's condition, or NULL */
    const struct vf_expr *predicate_expr; /* of a target's index */
    const char *dialect;                  /* of the predicate and of the parts' expressions */
    struct vf_vector_index vector;        /* of the kinds that vf_index_is_vector() says */
    struct vf_fulltext fulltext;          /* of FULLTEXT */
    const char *definition;               /* the source's whole text, for the report */
    /* Of a vector index: why its distance and parameters couldn't be read, and what helps; NULL: they were. */
    const char *unread, *unread_remedy;
    const char *why; /* of OTHER: what its own database says of why it isn't understood, or NULL; not kept */
};

enum vf_fk_action {
    VF_FK_NO_ACTION,
    VF_FK_RESTRICT,
    VF_FK_CASCADE,
    VF_FK_SET_NULL,
    VF_FK_SET_DEFAULT,
};

struct vf_foreign_key {
    const char *name; /* may be NULL */
    size_t n_columns;
    int *columns;
    const char *to_schema, *to_table;
    const char **to_columns; /* n_columns names */
    enum vf_fk_action on_delete, on_update;
    bool match_full;
    bool deferrable, initially_deferred;
    bool not_valid;    /* existing rows were never checked */
    int64_t n_orphans; /* rows whose parent isn't there; 0: none, or nobody has looked */
};

struct vf_check {
    const char *name; /* may be NULL */
    const char *expression, *dialect;
    const char *of;             /* of a target's table: the source's text that it was made from */
    const struct vf_expr *expr; /* of a target's table */
};

/* How the rows of a partitioned table go into its partitions. */
enum vf_partition_strategy {
    VF_PARTITION_NONE,
    VF_PARTITION_RANGE,
    VF_PARTITION_LIST,
    VF_PARTITION_HASH,
};

struct vf_partition_by {
    enum vf_partition_strategy strategy;
    size_t n_columns;
    int *columns;
    const char *text; /* as its database says it, to be shown */
    const char *why;  /* why it can't be said anew: an expression, an operator class; NULL: it can */
};

/* A partition of a table, or of another partition of it. A value of a bound is "=" and its text; else it is MINVALUE, MAXVALUE or NULL. */
struct vf_partition {
    const char *schema, *name;
    int parent; /* index into the table's partitions, where those that have parts come first; -1: the table */
    bool is_default, is_foreign;
    size_t n_low, n_high;
    const char **low;  /* RANGE: inclusive; LIST: the values */
    const char **high; /* RANGE: exclusive */
    int64_t modulus, remainder;
    struct vf_partition_by by;
};

struct vf_table_name {
    const char *schema, *name;
};

enum vf_table_kind {
    VF_TABLE_ORDINARY,
    VF_TABLE_VEC0, /* a sqlite-vec virtual table: read from its chunks, written through the extension */
    VF_TABLE_VIEW, /* of a relation that is scanned: it has no rows of its own, and so no rowids */
};

struct vf_table {
    const char *schema; /* NULL where the engine has none */
    const char *name;
    enum vf_table_kind kind;
    size_t n_columns;
    struct vf_column *columns;
    int primary_key; /* index into `indexes`, or -1 */
    size_t n_indexes;
    struct vf_index *indexes; /* keys and unique constraints too */
    size_t n_foreign_keys;
    struct vf_foreign_key *foreign_keys;
    size_t n_checks;
    struct vf_check *checks;
    int64_t n_rows; /* counted or estimated; -1: unknown */
    bool n_rows_exact;
    int64_t size_bytes;         /* of the data, -1: unknown */
    bool strict, without_rowid; /* SQLite */
    uint32_t vec0_chunk_size;   /* VEC0: how many vectors lie together; 0: the extension's own choice */
    bool unlogged;              /* PostgreSQL: its rows don't outlive a crash */
    struct vf_partition_by partition_by;
    size_t n_partitions;
    struct vf_partition *partitions; /* all, in the order of making */
    struct vf_table_name part_of;    /* of a partition that is looked at as a table: the partitioned one */
    size_t n_parents;
    struct vf_table_name *parents;      /* PostgreSQL: the tables that it inherits from; its rows are its own */
    const char *unread, *unread_remedy; /* why this user can't read its rows, and what helps; NULL: it can */
    bool is_view;                       /* a materialised view, looked at as a table because that was asked for */
    const char *comment;
};

enum vf_user_type_kind {
    VF_USER_TYPE_ENUM,
    VF_USER_TYPE_DOMAIN,
    VF_USER_TYPE_COMPOSITE,
    VF_USER_TYPE_RANGE,
};

struct vf_user_type {
    const char *schema, *name;
    enum vf_user_type_kind kind;
    size_t n_labels;
    const char **labels;   /* ENUM: in their order */
    const char *base;      /* DOMAIN: native base type; RANGE: native subtype */
    bool not_null;         /* DOMAIN */
    struct vf_default def; /* DOMAIN */
    size_t n_fields;
    const char **field_names;   /* COMPOSITE */
    const char **field_natives; /* COMPOSITE */
    size_t n_checks;
    struct vf_check *checks; /* DOMAIN */
};

struct vf_sequence {
    const char *schema, *name;
    const char *native; /* "bigint", "integer", "smallint" */
    int64_t start, increment, min, max, cache;
    bool cycle;
    int64_t last;                                          /* last value handed out */
    bool is_called;                                        /* false: `last` itself is the next one */
    bool is_hidden;                                        /* its value may not be read: `last` is only its start */
    const char *owner_schema, *owner_table, *owner_column; /* the column that it serves (serial, identity), or NULL */
    bool identity;                                         /* made by the identity column, not by itself */
};

/* Everything else: it is named, with the reason, and not moved. */
struct vf_other {
    const char *kind; /* "view", "trigger", "function", "policy", ... */
    const char *schema, *name;
    const char *on;      /* the table it belongs to, or NULL */
    const char *text;    /* its definition, for the report; may be NULL */
    const char *why;     /* why it isn't moved; may be NULL: the plan says */
    bool holds_data;     /* what is lost with it are values, not only a definition */
    const char *dialect; /* of a view whose text may be read and translated; NULL: it is only named */
};

/* A view that is made on a target. */
struct vf_view {
    const char *schema, *name;
    size_t n_columns;
    const char *text; /* the query, in the target's SQL */
};

struct vf_schema {
    struct vf_arena arena;
    size_t n_tables;
    struct vf_table *tables;
    size_t n_partitions;
    struct vf_table *partitions; /* those with rows, each as a table; its rows are those of `part_of`, too */
    size_t n_user_types;
    struct vf_user_type *user_types;
    size_t n_sequences;
    struct vf_sequence *sequences;
    size_t n_others;
    struct vf_other *others;
    const char *
        collation; /* by which the database orders and folds texts unless told otherwise; NULL: by code points, and only A to Z have cases */
};

/* A zeroed struct is an empty schema. */
void vf_schema_release(struct vf_schema *schema);

/* Room for one more, zeroed, in the arena; the arrays grow by doubling, so pointers to elements are valid until the next add to the same array. NULL: no memory. */
struct vf_table *vf_schema_add_table(struct vf_schema *schema);
struct vf_user_type *vf_schema_add_user_type(struct vf_schema *schema);
struct vf_sequence *vf_schema_add_sequence(struct vf_schema *schema);
struct vf_other *vf_schema_add_other(struct vf_schema *schema);
struct vf_column *vf_table_add_column(struct vf_schema *schema, struct vf_table *table);
struct vf_index *vf_table_add_index(struct vf_schema *schema, struct vf_table *table);
struct vf_foreign_key *vf_table_add_foreign_key(struct vf_schema *schema, struct vf_table *table);
struct vf_check *vf_table_add_check(struct vf_schema *schema, struct vf_table *table);

/* Is the neutral text one of a value of the column's kind, without rounding? A literal that is a default need not be: SQLite takes 'abc' for an integer's. Arrays and vectors aren't looked at. */
bool vf_column_can_hold(const struct vf_column *column, const char *text);

/* Of a text: is NOW of UTC's clock written as "2024-01-31 12:00:00"? SQLite's CURRENT_TIMESTAMP and datetime() do so, strftime() as it is told. */
bool vf_default_is_plain_time(const struct vf_default *def);

struct vf_key_part *vf_index_add_part(struct vf_schema *schema, struct vf_index *index);

/* The dialect of the expressions that don't say theirs; of one table, or of all. */
void vf_table_set_dialect(struct vf_table *table, const char *dialect);
void vf_schema_set_dialect(struct vf_schema *schema, const char *dialect);

/* HNSW, IVFFLAT, DISKANN, EXACT. */
bool vf_index_is_vector(enum vf_index_kind kind);
/* Those of them whose search may miss a vector: all but EXACT. */
bool vf_index_is_approximate(enum vf_index_kind kind);
/* "btree", "hash", "hnsw", "ivfflat", "diskann", "exact", "fulltext", "other"; static. */
const char *vf_index_kind_name(enum vf_index_kind kind);
bool vf_index_kind_parse(const char *name, enum vf_index_kind *kind);
/* "database", "sidecar", "session"; static. ANY is no word of a plan. */
const char *vf_index_place_name(enum vf_index_place place);
bool vf_index_place_parse(const char *name, enum vf_index_place *place);
/* In the database there is nothing of it, only a file beside: SIDECAR, SESSION. */
bool vf_index_is_beside(enum vf_index_place place);

/* Give the columns that name an enum its labels; one that isn't among the user types is no longer named. */
void vf_schema_label_columns(struct vf_schema *schema);
/* Can a database whose names end after max_bytes (0: nowhere) declare the enum? */
bool vf_enum_fits(const char *name, size_t n_labels, const char *const *labels, uint32_t max_bytes);

/* By exact name; `schema_name` NULL matches any schema. NULL: none. */
struct vf_table *vf_schema_find_table(const struct vf_schema *schema, const char *schema_name, const char *name);
int vf_table_find_column(const struct vf_table *table, const char *name); /* -1: none */
/* The full-text index whose generated column this is, or NULL: its values come from other columns, and go where the index goes. */
const struct vf_index *vf_table_fulltext_of(const struct vf_table *table, const char *column);
/* "schema.table" or "table", in `out`, of more than 32 bytes; returns it. One that is too long is cut at a whole character, and ends in "~" and 16 digits that tell it from others that begin like it. */
char *vf_table_label(const char *schema, const char *name, char *out, size_t out_bytes);

#endif
