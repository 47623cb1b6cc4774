/*
 * Scalar expressions of SQL as data: what a check, a partial index, an index on an expression, a generated column or a default says, without the words of a database.
 *
 * The source's text is read into this by its dialect (engine/dialect.h) and written anew by the target's; the text itself is never run. An operation here means one thing, whatever database it
 * came from: where two databases mean different things by one word, they are two operations, or one with another `rule`. What is exact is so for values of the columns' neutral types: where the
 * source has a value, the target has the same; where the source raises an error (an overflow, a division by zero) there is nothing to be the same.
 *
 * Trees are in the arena given, never changed once made, and may share parts. Makers return NULL when memory ran out, and for NULL arguments, so that a whole tree is checked once.
 */
#ifndef VF_MODEL_EXPRESSION_H
#define VF_MODEL_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/alloc.h"
#include "model/type.h"

/*
 * X(name, text, meaning). AND and OR are never nested in themselves, and NOT never in NOT.
 * The meaning is what docs/objects.md prints.
 */
#define VF_X_LIST(X)                                                                                                   \
    X(AND, "and", "three-valued")                                                                                      \
    X(OR, "or", "three-valued")                                                                                        \
    X(NOT, "not", "three-valued")                                                                                      \
    X(IS_NULL, "is null", "")                                                                                          \
    X(IS_TRUE, "is true", "")                                                                                          \
    X(IS_FALSE, "is false", "")                                                                                        \
    X(EQ, "=", "")                                                                                                     \
    X(NE, "<>", "")                                                                                                    \
    X(LT, "<", "texts by code points, unless a collation says otherwise")                                              \
    X(LE, "<=", "")                                                                                                    \
    X(GT, ">", "")                                                                                                     \
    X(GE, ">=", "")                                                                                                    \
    X(DISTINCT, "is distinct from", "")                                                                                \
    X(IN, "in (...)", "a list of values")                                                                              \
    X(NEG, "- (one operand)", "")                                                                                      \
    X(ADD, "+", "")                                                                                                    \
    X(SUB, "-", "")                                                                                                    \
    X(MUL, "*", "")                                                                                                    \
    X(DIV, "/ of floating-point numbers", "the divisor is never 0")                                                    \
    X(IDIV, "/ of whole numbers", "cut towards zero; the divisor is never 0")                                          \
    X(MOD, "%", "of whole numbers, with the sign of the dividend; the divisor is never 0")                             \
    X(CONCAT, "||", "of texts; NULL if one is NULL")                                                                   \
    X(LIKE, "like", "the pattern is a literal; by case; \\ is the escape")                                             \
    X(LOWER, "lower()", "of A to Z only, unless a rule says otherwise")                                                \
    X(UPPER, "upper()", "of a to z only, unless a rule says otherwise")                                                \
    X(LENGTH, "length() of a text", "in characters")                                                                   \
    X(OCTETS, "octet_length()", "of a text or a blob, in bytes")                                                       \
    X(TRIM, "trim()", "of the characters of a literal")                                                                \
    X(LTRIM, "ltrim()", "the same at the beginning")                                                                   \
    X(RTRIM, "rtrim()", "the same at the end")                                                                         \
    X(SUBSTR, "substr()", "from a literal, at least 1, for a literal, at least 0")                                     \
    X(REPLACE, "replace()", "what is replaced is a literal, and not empty")                                            \
    X(ABS, "abs()", "")                                                                                                \
    X(COALESCE, "coalesce()", "")                                                                                      \
    X(NULLIF, "nullif()", "")                                                                                          \
    X(GREATEST, "greatest()", "NULLs are passed over")                                                                 \
    X(LEAST, "least()", "NULLs are passed over")                                                                       \
    X(MAX_OF, "max() of several", "NULL if one is NULL")                                                               \
    X(MIN_OF, "min() of several", "NULL if one is NULL")                                                               \
    X(CASE, "case", "")                                                                                                \
    X(CAST, "cast()", "between those types where all databases agree")                                                 \
    X(JSON_VALID, "json_valid()", "of a json column: true, or NULL")                                                   \
    X(TYPEOF, "typeof()", "of a column: by its type, or 'null'")                                                       \
    X(COUNT_ROWS, "count(*)", "in views only, as all aggregates")                                                      \
    X(COUNT_OF, "count()", "")                                                                                         \
    X(COUNT_DISTINCT, "count(distinct)", "of values whose equality is that of the bytes")                              \
    X(SUM, "sum()", "of whole numbers and decimals: the same number, in the type that the database gives it")          \
    X(MIN, "min()", "of one column; texts by code points")                                                             \
    X(MAX, "max()", "the same")                                                                                        \
    X(AVG, "avg()", "rounded differently in each database: only one of the same kind takes it")                        \
    X(EXISTS, "exists (select ...)", "in views only, as the next two")                                                 \
    X(IN_QUERY, "in (select ...)", "of whole numbers, texts by their bytes, truth values, uuids and times")            \
    X(SCALAR, "(select ...)", "of one row at most: an aggregate, or a row by its key")                                 \
    X(NOW, "now()", "in defaults only")                                                                                \
    X(TODAY, "current_date", "in defaults only")                                                                       \
    X(TIME, "current_time", "in defaults only")                                                                        \
    X(UUID, "a random uuid", "in defaults only")                                                                       \
    X(OWN, "others", "known functions of one database, which only another of its kind takes")

enum vf_expr_op {
#define VF_X_ENUM(name, text, meaning) VF_X_##name,
    VF_X_LIST(VF_X_ENUM)
#undef VF_X_ENUM
        VF_X_COUNT
};

enum vf_expr_kind {
    VF_EXPR_NULL,
    VF_EXPR_LITERAL,
    VF_EXPR_COLUMN,
    VF_EXPR_CALL,
};

/* The type of NULL, and of what isn't known better. */
#define VF_K_UNTYPED VF_KIND_COUNT

struct vf_query;

struct vf_expr {
    enum vf_expr_kind kind;
    enum vf_expr_op op; /* CALL */
    enum vf_kind is;    /* kind of the result, or VF_K_UNTYPED */
    /*
     * LITERAL: the value, in the neutral text of the kind; whole numbers are I64, others DECIMAL unless they are compared with F64, or are F64 in the database. OWN: the function, or the operator.
     */
    const char *text;
    /*
     * By which rule values are compared, folded or cast. NULL: as VF_X_LIST says. Else "NAME:RULE", one of the database called NAME, which others don't have: only it can take the expression.
     */
    const char *rule;
    /* CALL, while it is read: the collation by which its texts are compared there, where that isn't the database's own; "": several, and none of them goes before. */
    const char *collation;
    bool is_collated;             /* by a COLLATE in it, which goes before the collations of columns */
    bool is_wide;                 /* of whole numbers: in 64 bits, or computed with in so many */
    int column;                   /* COLUMN: index into the table's columns */
    unsigned digits;              /* COLUMN of kind DECIMAL: how many its values have at most, 0: not said */
    bool has_nan;                 /* COLUMN of floating-point numbers: NaN and -0.0 may be among them */
    enum vf_form form;            /* COLUMN: how the values lie in the database that the text is of */
    const struct vf_query *query; /* EXISTS, IN_QUERY, SCALAR: it sees the columns of the query that it stands in */
    size_t n_args;
    const struct vf_expr *const *args; /* CASE: condition and value in turn, and what else, if their number is odd */
};

const char *vf_expr_op_name(enum vf_expr_op op);
const char *vf_expr_op_meaning(enum vf_expr_op op);

const struct vf_expr *vf_expr_null(struct vf_arena *arena);
const struct vf_expr *vf_expr_literal(struct vf_arena *arena, enum vf_kind kind, const char *text, size_t size_bytes);
const struct vf_expr *vf_expr_column(struct vf_arena *arena, int column, enum vf_kind kind, enum vf_form form);
/* Arguments are copied. A few are brought into one form, so that equal expressions are equal: see VF_X_LIST; x IN (y) is x = y; DIV of NULLIF(x, 0) stays. */
const struct vf_expr *vf_expr_call(struct vf_arena *arena, enum vf_expr_op op, enum vf_kind kind,
                                   const struct vf_expr *const *args, size_t n_args);
const struct vf_expr *vf_expr_call1(struct vf_arena *arena, enum vf_expr_op op, enum vf_kind kind,
                                    const struct vf_expr *a);
const struct vf_expr *vf_expr_call2(struct vf_arena *arena, enum vf_expr_op op, enum vf_kind kind,
                                    const struct vf_expr *a, const struct vf_expr *b);
/* The same with a rule; OWN: with the function's name. */
const struct vf_expr *vf_expr_with_rule(struct vf_arena *arena, const struct vf_expr *expr, const char *rule);
const struct vf_expr *vf_expr_own(struct vf_arena *arena, const char *name, const char *rule, enum vf_kind kind,
                                  const struct vf_expr *const *args, size_t n_args);

/* EXISTS, IN_QUERY with what is looked for, SCALAR. */
const struct vf_expr *vf_expr_subquery(struct vf_arena *arena, enum vf_expr_op op, enum vf_kind kind,
                                       const struct vf_query *query, const struct vf_expr *of);

bool vf_expr_is_call(const struct vf_expr *expr, enum vf_expr_op op);
/* What typeof() of SQLite says of a column's values: "integer", "real", "text", "blob"; NULL: not always the same. */
const char *vf_expr_storage_class(const struct vf_expr *column);
bool vf_expr_is_literal(const struct vf_expr *expr, const char *text);
bool vf_expr_equal(const struct vf_expr *a, const struct vf_expr *b);
/* The values of one expression for another: `numbers[i]` is what column i is called there. NULL: no memory, or a column has no number (is -1). */
const struct vf_expr *vf_expr_renumber(struct vf_arena *arena, const struct vf_expr *expr, const int *numbers,
                                       size_t n_numbers);
bool vf_expr_uses(const struct vf_expr *expr, int column);
/* COUNT_ROWS to AVG, itself. */
bool vf_expr_is_aggregate(const struct vf_expr *expr);
/* NOW, TODAY, TIME, UUID, a random function, or SQLite's 'now': another value each time. Subqueries aren't looked into. */
bool vf_expr_is_volatile(const struct vf_expr *expr);

/* Kinds that are one for operators. */
bool vf_kind_is_whole(enum vf_kind kind);
bool vf_kind_is_number(enum vf_kind kind);
bool vf_kind_is_text(enum vf_kind kind); /* TEXT and ENUM */

#endif
