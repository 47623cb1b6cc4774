/*
 * The two halves of the reader: expression_read.c knows how expressions are written, expression_build.c and expression_call.c what they mean. Private to expression_*.c.
 *
 * Every function here returns NULL when the expression isn't understood (reader->why says what) or memory ran out (it doesn't), and for NULL arguments.
 */
#ifndef VF_ENGINE_EXPRESSION_READ_H
#define VF_ENGINE_EXPRESSION_READ_H

#include "engine/expression_token.h"

#define VF_EXPR_MAX_DEPTH 256 /* while it is read */
#define VF_EXPR_MAX_TREE  200 /* of what was read: written with all its parentheses it can be read again */
#define VF_EXPR_MAX_ARGS  256
#define VF_EXPR_MAX_PARTS 2000

struct vf_expr_reader {
    const struct vf_dialect *dialect;
    const struct vf_expr_scope *scope;
    struct vf_arena *arena;
    const char *text;
    size_t offset; /* behind `token` */
    struct vf_expr_token token;
    int depth, n_parts;
    bool in_query, takes_aggregates, in_aggregate; /* a part of a SELECT; of one where aggregates can be */
    /* The query that begins here, within the parenthesis that is read to its end: EXISTS, IN_QUERY of `of`, or SCALAR. NULL in a reader: there are none here. */
    const struct vf_expr *(*read_query)(struct vf_expr_reader *reader, enum vf_expr_op op, const struct vf_expr *of);
    const char *why;
    bool no_memory; /* of a word or a reason; others show as NULL without a reason */
};

/* x COLLATE name, until something takes it: an OWN with this text, and the collation as its rule. */
extern const char vf_expr_collate[];

const struct vf_expr *vf_expr_not_understood(struct vf_expr_reader *reader, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- expression_read.c: for engine/query_read.c, too ---- */

void vf_read_advance(struct vf_expr_reader *reader);
bool vf_read_is_word(const struct vf_expr_reader *reader, const char *word);
bool vf_read_is_sign(const struct vf_expr_reader *reader, const char *sign);
bool vf_read_take_word(struct vf_expr_reader *reader, const char *word);
bool vf_read_take_sign(struct vf_expr_reader *reader, const char *sign);
/* false: it isn't there, and the reason is set. */
bool vf_read_expect_sign(struct vf_expr_reader *reader, const char *sign);
bool vf_read_expect_word(struct vf_expr_reader *reader, const char *word);
/* Is what the text calls `name` the object called `own`? */
bool vf_read_same_name(const struct vf_expr_reader *reader, const char *own, const char *name, bool is_bare);
/* An expression, up to what can't be a part of it; a COLLATE may be around it. */
const struct vf_expr *vf_read_expression(struct vf_expr_reader *reader);

/* ---- expression_build.c ---- */

const struct vf_expr *vf_build_column(struct vf_expr_reader *reader, int column);
/* As a truth value. */
const struct vf_expr *vf_build_condition(struct vf_expr_reader *reader, const struct vf_expr *expr);
const struct vf_expr *vf_build_not(struct vf_expr_reader *reader, const struct vf_expr *expr);
const struct vf_expr *vf_build_compare(struct vf_expr_reader *reader, enum vf_expr_op op, const struct vf_expr *a,
                                       const struct vf_expr *b);
/* args[0] IN (the others). */
const struct vf_expr *vf_build_in(struct vf_expr_reader *reader, const struct vf_expr **args, size_t n_args);
const struct vf_expr *vf_build_distinct(struct vf_expr_reader *reader, const struct vf_expr *a,
                                        const struct vf_expr *b);
const struct vf_expr *vf_build_operator(struct vf_expr_reader *reader, const struct vf_dialect_operator *row,
                                        const struct vf_expr *a, const struct vf_expr *b);
const struct vf_expr *vf_build_negative(struct vf_expr_reader *reader, const struct vf_expr *expr);
/* A literal as one of another kind; others unchanged, if they are of that kind. */
const struct vf_expr *vf_build_as(struct vf_expr_reader *reader, const struct vf_expr *expr, enum vf_kind kind,
                                  enum vf_form form);
/* A whole number that is computed with in 64 bits, whatever its type is in a target. */
const struct vf_expr *vf_build_wide(struct vf_expr_reader *reader, const struct vf_expr *expr);
/* The number of single precision nearest to a literal. */
const struct vf_expr *vf_build_single(struct vf_expr_reader *reader, const struct vf_expr *literal);
/* What values are brought together for: one of them is chosen (COALESCE), they are compared, or computed with. */
enum vf_unite { VF_UNITE_TO_CHOOSE, VF_UNITE_TO_COMPARE, VF_UNITE_TO_COMPUTE };
/* Literals among them get the kind of the others, which is put into *kind. false: they have none together. */
bool vf_build_unify(struct vf_expr_reader *reader, const struct vf_expr **args, size_t n_args, enum vf_unite why,
                    enum vf_kind *kind);
/* May its values be computed with? Else a reason is set. */
bool vf_build_can_compute(struct vf_expr_reader *reader, const struct vf_expr *expr);
/* "NAME:word" of the dialect. */
const char *vf_build_own_rule(struct vf_expr_reader *reader, const char *word);

/* ---- expression_collate.c ---- */

/* x COLLATE name */
const struct vf_expr *vf_build_collate(struct vf_expr_reader *reader, const struct vf_expr *expr, const char *name);
/* Without a COLLATE around it. */
const struct vf_expr *vf_build_bare(const struct vf_expr *expr);
/* `made`, which is computed of `args`, with the collation that its texts have from them. */
const struct vf_expr *vf_build_collated(struct vf_expr_reader *reader, const struct vf_expr *made,
                                        const struct vf_expr *const *args, size_t n_args);
/* The rule by which the texts are compared. false: not understood. */
bool vf_build_rule(struct vf_expr_reader *reader, const struct vf_expr *a, const struct vf_expr *b,
                   enum vf_rule_for what, const char **rule);

/* ---- expression_call.c ---- */

const struct vf_expr *vf_build_function(struct vf_expr_reader *reader, const struct vf_dialect_function *row,
                                        const struct vf_expr **args, size_t n_args);
const struct vf_expr *vf_build_cast(struct vf_expr_reader *reader, const struct vf_expr *expr, const char *type);
const struct vf_expr *vf_build_case(struct vf_expr_reader *reader, const struct vf_expr **args, size_t n_args);
/* `arg` NULL: count(*). */
const struct vf_expr *vf_build_aggregate(struct vf_expr_reader *reader, const char *name, bool is_distinct,
                                         const struct vf_expr *arg);
/* May values of it be told apart as one tells their bytes apart: for GROUP BY, and DISTINCT? Else a reason is set. */
bool vf_build_can_group(struct vf_expr_reader *reader, const struct vf_expr *expr, const char *what);
/* May they be ordered? *rule is by what. Else a reason is set. */
bool vf_build_can_sort(struct vf_expr_reader *reader, const struct vf_expr *expr, const char *what, const char **rule);
/* args: text, pattern, and the escape if there are three. */
const struct vf_expr *vf_build_like(struct vf_expr_reader *reader, enum vf_read_as as, const struct vf_expr **args,
                                    size_t n_args);

#endif
