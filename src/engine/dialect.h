/*
 * What an engine tells of its SQL, so that expressions can be read from it and written for it: one reader and one writer for all, with a struct of tables and functions for each dialect.
 *
 * The text of a source is untrusted. It is read whole, into model/expression.h, or not at all: what isn't in the tables isn't understood, and the reason names the place. What is written is
 * made of the tables' words, of quoted names and of quoted literals.
 */
#ifndef VF_ENGINE_DIALECT_H
#define VF_ENGINE_DIALECT_H

#include "base/buf.h"
#include "base/error.h"
#include "model/expression.h"
#include "model/query.h"
#include "model/schema.h"

/* Columns of one of several tables: `first_column` and those behind it, up to the next. */
struct vf_expr_range {
    const char *alias;
    int first_column;
};

struct vf_expr_writer;

/* What an expression is read or written for. */
struct vf_expr_scope {
    const struct vf_table
        *table; /* its columns, with the names, kinds, natives and forms that they have in this database */
    const struct vf_column
        *column;       /* the generated column, or that whose default it is; NULL: a condition, or a part of an index */
    bool is_condition; /* the result is a truth value */
    size_t n_ranges; /* the table's columns are those of several, and are called by their aliases; 0: they are one's */
    const struct vf_expr_range *ranges;
    size_t
        n_outer; /* of the columns, those of the queries around this one, which `outer` has too: its own names go first */
    const struct vf_expr_scope *outer;
    const bool *
        is_hidden; /* by column: it isn't called by its name alone, since USING has joined it with another; NULL: none is */
    /* Writing: appends the query of an expression, or refuses it. NULL: there are none here. */
    void (*write_query)(struct vf_expr_writer *writer, const struct vf_expr *expr);
    void *context;                 /* of write_query */
    bool is_domain;                /* a check of a domain: the only column is VALUE */
    bool is_default;               /* no columns; the time, and random values */
    const char *collation;         /* the database's own; NULL: by code points, and only A to Z have cases */
    const struct vf_dialect *from; /* writing: where the expression comes from; NULL: unknown */
    int version;                   /* of the server, as in struct vf_server; 0: the newest */
};

/* How tightly operators bind; the dialect's table says which where. */
enum vf_level {
    VF_LEVEL_OR = 1,
    VF_LEVEL_AND,
    VF_LEVEL_NOT,
    VF_LEVEL_IS,
    VF_LEVEL_COMPARE,
    VF_LEVEL_LIKE,
    VF_LEVEL_OTHER,
    VF_LEVEL_ADD,
    VF_LEVEL_MUL,
    VF_LEVEL_TIGHT,
    VF_LEVEL_COLLATE,
    VF_LEVEL_UNARY,
    VF_LEVEL_CAST,
};

/* How a name or an operator is read, beside the operation. */
enum vf_read_as {
    VF_READ_PLAIN,
    VF_READ_NEGATED, /* the opposite: !~~ */
    VF_READ_ESCAPE,  /* LIKE; its last argument is the escape */
    VF_READ_FOLDED,  /* LIKE that takes A to Z for a to z */
    VF_READ_GLOB,    /* LIKE with the wildcards of a shell */
    VF_READ_LEFT,    /* left(x, n): SUBSTR(x, 1, n) */
    VF_READ_WORD,    /* an operator of its own that is a word, which may have NOT before it */
    VF_READ_ONLY_IN_DEFAULT,
};

struct vf_dialect_operator {
    const char *token; /* upper case, if it is a word */
    enum vf_level level;
    enum vf_expr_op op; /* OWN: an operator that only databases of this kind have */
    enum vf_read_as as;
    enum vf_kind result; /* OWN */
};

struct vf_dialect_function {
    const char *name; /* lower case */
    unsigned char min_args, max_args;
    enum vf_expr_op op; /* OWN: a function that only databases of this kind have */
    enum vf_read_as as;
    enum vf_kind result; /* OWN; VF_K_UNTYPED: that of its first argument */
};

/* $1, $2: arguments; $*: all of them. With an operator in it, it is written in parentheses when it is a part of another. */
struct vf_dialect_form {
    const char *form; /* NULL: the dialect has no such thing */
    bool is_operator;
    const char *
        why; /* what is said when there is none; or, with a form, what isn't quite the same beside the values (an error); or NULL */
};

/* What a collation is asked for. */
enum vf_rule_for {
    VF_FOR_EQUALITY,
    VF_FOR_ORDER,
    VF_FOR_CASE, /* lower() and upper() */
};

/* What may be done with a column's values so that it means the same as with the neutral ones. */
enum vf_ability {
    VF_CAN_EQUAL = 1,
    VF_CAN_ORDER = 2,
    VF_CAN_COMPUTE = 4, /* be an argument of functions and of arithmetic */
    VF_CAN_ALL = 7,
};

struct vf_dialect {
    const char *name; /* of the engine that texts of the dialect are remembered under */
    /* Reading. */
    bool folds_names;                 /* a bare or quoted name is a column's in any case */
    bool quotes_with_brackets;        /* [a] and `a` are names too */
    bool has_escape_texts;            /* E'..' */
    bool has_blob_texts;              /* x'..' */
    bool reads_conditions_as_numbers; /* 1 is true, and any number is a condition */
    bool slash_is_floating;           /* 5 / 2 is 2.5 */
    bool point_is_floating;        /* 1.5 is a double, and is compared with whole numbers by its value; no decimals */
    bool chains_collations;        /* COLLATE a.b is by a and by b; else a is a schema */
    bool passes_collations;        /* what is computed of a column's texts is compared by the column's collation */
    bool zero_divisor_is_null;     /* x / 0 is NULL where whole numbers are divided */
    bool zero_divisor_is_infinite; /* and not NULL where others are */
    bool nulls_sort_high;          /* NULLs come last, and first with DESC, unless it is said otherwise */
    bool offset_wants_limit;       /* OFFSET isn't alone */
    bool distinct_sorts_outputs;   /* SELECT DISTINCT is ordered by what it selects alone, as it stands there */
    bool literals_are_single;      /* a literal beside a number of single precision is one, unless it is a double */
    bool has_nan;                  /* NaN and -0.0 are floating-point numbers */
    bool overflow_is_error;        /* of whole numbers; else they go on as floating-point ones */
    bool real_overflow_is_error;   /* of floating-point numbers, and underflow */
    int json_null_version;    /* json_valid(NULL) is NULL from this version on, before it was false; 0: always NULL */
    enum vf_level like_level; /* of LIKE, IN and BETWEEN */
    char like_escape;         /* where a pattern says none; 0: none */
    const char *fold_rule;    /* of LOWER and UPPER; NULL: A to Z */
    bool folds_by_collation;  /* instead of fold_rule: that of the column, or of the database */
    /* Its own, before those that all dialects have (dialect.c). */
    const struct vf_dialect_operator *operators; /* ended by a NULL token */
    const struct vf_dialect_function *functions; /* ended by a NULL name */
    /* The kind that a type's name means, with the text in parentheses; VF_K_UNTYPED: none that is cast to. *is_cut: a cast to it changes values (varchar(3)). */
    enum vf_kind (*kind_of)(const char *type, bool *is_cut);
    /* By which rule texts are compared or folded, where the collation is this (NULL: the database's own). NULL: by code points. "nocase": A to Z are a to z; "rtrim": without blanks at the end.
     * Others are the dialect's own. */
    const char *(*collation_rule)(const struct vf_expr_scope *scope, const char *collation, enum vf_rule_for what);
    /* A literal's text as the neutral text of a kind where the form is this; false: it isn't one. NULL: the neutral reading alone. */
    bool (*read_literal)(enum vf_kind kind, enum vf_form form, enum vf_kind from, const char *text, struct vf_buf *out);
    unsigned (*abilities)(const struct vf_column *column);
    /* Is a literal that is compared with the column converted to what the column holds? NULL: a literal is of the type of whatever it stands beside. */
    bool (*has_affinity)(const struct vf_column *column);
    /* Another spelling of `a` op `b` (AND, OR), or NULL. May be NULL. */
    const struct vf_expr *(*read_pair)(struct vf_arena *arena, enum vf_expr_op op, const struct vf_expr *a,
                                       const struct vf_expr *b);
    /* The call that a function's arguments make under another name, or NULL. May be NULL. */
    const struct vf_expr *(*read_call)(struct vf_arena *arena, const char *name, const struct vf_expr *const *args,
                                       size_t n_args);
    /* Writing. */
    const struct vf_dialect_form *forms; /* of each operation; where there is none, that of all dialects, or none */
    void (*quote)(struct vf_buf *out, const char *name);
    /* The collation to be written behind a text that is compared by the rule, one of the dialect's own or NULL. `own`: that of its columns, or NULL. NULL: it is compared so by itself. */
    const char *(*collation_for)(const struct vf_expr_scope *scope, const char *rule, const char *own,
                                 enum vf_rule_for what);
    /* false: there is no such literal; *why is set. */
    bool (*write_literal)(enum vf_kind kind, enum vf_form form, const char *text, struct vf_buf *out);
    const char *const *cast_names; /* by kind, the name of a type in a cast; NULL: none */
    /* First say of every call: true if it was written, or refused by vf_expr_refuse(). */
    bool (*write_call)(struct vf_expr_writer *writer, const struct vf_expr *expr);
};

/* The next row behind `row`, or the first where that is NULL; NULL: there are no more. */
const struct vf_dialect_operator *vf_dialect_next_operator(const struct vf_dialect *dialect,
                                                           const struct vf_dialect_operator *row);
const struct vf_dialect_function *vf_dialect_next_function(const struct vf_dialect *dialect,
                                                           const struct vf_dialect_function *row);
const struct vf_dialect_form *vf_dialect_form(const struct vf_dialect *dialect, enum vf_expr_op op);

/*
 * Read `text` whole. VF_OK with *expr NULL: it isn't understood, and *why (in the arena) says what, with its place in the text.
 */
enum vf_status vf_expr_read(const struct vf_dialect *dialect, const struct vf_expr_scope *scope, const char *text,
                            struct vf_arena *arena, const struct vf_expr **expr, const char **why,
                            struct vf_error *err) VF_CHECKED;

/*
 * Append `expr` to `out`. false: the dialect can't say it so that it means the same, or `out` failed; *why (in the arena, or static) says why. true: *why says what isn't the same beside the
 * values, or is NULL.
 */
bool vf_expr_write(const struct vf_dialect *dialect, const struct vf_expr_scope *scope, const struct vf_expr *expr,
                   struct vf_arena *arena, struct vf_buf *out, const char **why);

/* ---- for dialects: parts of the writer ---- */

struct vf_expr_writer {
    const struct vf_dialect *dialect;
    const struct vf_expr_scope *scope;
    struct vf_arena *arena;
    struct vf_buf *out;
    const char *why;
    const char *remark;
    bool is_refused;
};

void vf_expr_refuse(struct vf_expr_writer *writer, const char *why);
/* An expression as a part of another: in parentheses, if it is an operator. */
void vf_expr_write_part(struct vf_expr_writer *writer, const struct vf_expr *expr);
/* A literal where it is compared with `beside`, a column or not. */
void vf_expr_write_beside(struct vf_expr_writer *writer, const struct vf_expr *expr, const struct vf_expr *beside);
/* " COLLATE name" behind `text`, if it wouldn't be compared by `rule` without. */
void vf_expr_write_collation(const struct vf_dialect *dialect, const struct vf_expr_scope *scope,
                             const struct vf_expr *text, const char *rule, enum vf_rule_for what, struct vf_buf *out);
/* By a form of the tables. */
void vf_expr_write_form(struct vf_expr_writer *writer, const char *form, const struct vf_expr *expr);
/* The sign of a comparison between blanks. */
void vf_expr_write_sign(struct vf_expr_writer *writer, enum vf_expr_op op);
/* For dialects without them: MAX_OF and MIN_OF by the function, which passes NULLs over; TYPEOF by the type. */
void vf_expr_write_guarded(struct vf_expr_writer *writer, const struct vf_expr *expr, const char *function);
void vf_expr_write_typeof(struct vf_expr_writer *writer, const struct vf_expr *expr);
/*
 * Literals that databases with types write alike: truth values and numbers. true: it is one of these, or one that such databases have no literal for, and *is_written says which.
 */
bool vf_expr_write_typed(enum vf_kind kind, enum vf_form form, const char *text, struct vf_buf *out, bool *is_written);
/* The column of the target that a COLUMN is. */
const struct vf_column *vf_expr_column_of(const struct vf_expr_writer *writer, const struct vf_expr *expr);

/* What all dialects read alike: the neutral text of a literal of kind `from` as one of `kind`, in a database's form. */
bool vf_expr_neutral_literal(enum vf_kind kind, enum vf_form form, enum vf_kind from, const char *text,
                             struct vf_buf *out);

#endif
