/*
 * The parts of the reader of queries: query_read.c knows what is selected, query_from.c from where, query_check.c what isn't the same everywhere, and query_whole.c how queries stand beside and within each other.
 * Private to query_*.c.
 */
#ifndef VF_ENGINE_QUERY_READ_H
#define VF_ENGINE_QUERY_READ_H

#include "engine/expression_read.h"
#include "engine/query.h"

#define VF_QUERY_MAX_QUERIES 64 /* of one text */

/* A query of WITH, or one in parentheses in place of a table. */
struct vf_query_named {
    const struct vf_query_named *before; /* those that it and what follows may name too */
    const char *name;
    bool is_bare;
    const struct vf_query *query;
};

/* One SELECT as it is read. Its scope grows by one table at a time: a condition of a join sees only those before it. */
struct vf_query_reader {
    struct vf_expr_reader words; /* the first, so that one who has it has the whole */
    const struct vf_query_scope_of *of;
    const struct vf_query_named *named;
    int *n_queries; /* of the text, so far */
    struct vf_expr_scope scope;
    struct vf_table table; /* the columns of those around it, and of all sources so far */
    bool *is_hidden;
    struct vf_expr_range ranges[VF_QUERY_MAX_SOURCES];
    struct vf_query_source sources[VF_QUERY_MAX_SOURCES];
    struct vf_query *query;
    size_t n_names; /* of the columns that the view's text lists; 0: none */
    const char **names;
    bool needs_names;   /* what is computed has to have one: others see it */
    bool aggregates;    /* some are in it */
    bool takes_queries; /* in the expression that is read */
    int depth;          /* of parentheses around joins */
};

bool vf_query_not_understood(struct vf_query_reader *reader, const char *what);
bool vf_query_no_memory(struct vf_query_reader *reader);
bool vf_query_is_name(const struct vf_query_reader *reader);
/* A word that ends a relation, or an expression, without an alias. */
bool vf_query_is_clause(const struct vf_query_reader *reader);
/* SELECT or WITH. */
bool vf_query_begins(const struct vf_expr_reader *words);
const struct vf_expr *vf_query_condition(struct vf_query_reader *reader);

/* query_from.c: behind FROM. */
bool vf_query_read_from(struct vf_query_reader *reader);
/* A source more: `relation` and `query` as in struct vf_query_source. */
bool vf_query_add_source(struct vf_query_reader *reader, enum vf_join join, size_t relation,
                         const struct vf_query *query, const char *alias);

/* query_read.c: from SELECT to HAVING; and behind it, what orders and limits all of a query. */
bool vf_query_read_select(struct vf_query_reader *reader);
bool vf_query_read_end(struct vf_query_reader *reader);
/* * of columns from `first` up to `end`. */
bool vf_query_add_all(struct vf_query_reader *reader, size_t first, size_t end);

/* query_check.c */
bool vf_query_check(struct vf_query_reader *reader);
/* Does it give one row at most? */
bool vf_query_is_of_one_row(const struct vf_query *query);

/* query_whole.c: a query with those united with it, and with their end; `parent` is where it stands, whose words it goes on from. `sees_parent`: it is in an expression. NULL: not understood. */
struct vf_query *vf_query_read_whole(struct vf_query_reader *parent, bool sees_parent, bool needs_names);
const struct vf_expr *vf_query_read_in_expression(struct vf_expr_reader *words, enum vf_expr_op op,
                                                  const struct vf_expr *of);

#endif
