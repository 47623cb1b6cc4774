/*
 * What a view says, as data: a SELECT over tables and other views, without the words of a database. The expressions in it are those of model/expression.h, with aggregates and subqueries among them.
 *
 * A query is read over relations, which the reader of it keeps in an array. Its sources are some of them, or queries in parentheses, each under an alias, and their columns are numbered through: behind the columns of
 * the queries around it, which a subquery in an expression sees too, the first source's, then the second's. So an expression, wherever it stands, is one over one wide table.
 * In the arena that it was made with, never changed once made.
 */
#ifndef VF_MODEL_QUERY_H
#define VF_MODEL_QUERY_H

#include <stdint.h>

#include "model/expression.h"
#include "model/schema.h"

enum vf_join {
    VF_JOIN_FIRST, /* the first source */
    VF_JOIN_CROSS,
    VF_JOIN_INNER,
    VF_JOIN_LEFT, /* all rows of those before it */
};

#define VF_QUERY_NO_RELATION ((size_t)-1)

struct vf_query_source {
    enum vf_join join;
    size_t relation;              /* number of the relation; of a query: VF_QUERY_NO_RELATION */
    const struct vf_query *query; /* in place of a relation, or NULL; it sees no columns but its own */
    const struct vf_table *table; /* its columns, whichever it is */
    const char *alias;
    int first_column;         /* the number that its first column has in the query */
    const struct vf_expr *on; /* INNER, LEFT */
};

struct vf_query_output {
    const char *name;
    const struct vf_expr *expr;
};

struct vf_query_order {
    const struct vf_expr *expr;
    bool descending, nulls_first;
    const char *rule; /* by which texts are ordered, as in struct vf_expr */
};

struct vf_query {
    bool distinct;
    size_t n_outer; /* columns of the queries around it */
    size_t n_sources, n_outputs, n_groups, n_orders;
    struct vf_query_source *sources;
    struct vf_query_output *outputs;
    const struct vf_expr *where;  /* or NULL */
    const struct vf_expr *having; /* or NULL */
    const struct vf_expr **groups;
    struct vf_query_order *orders;
    int64_t limit, offset; /* -1, 0: none */
    /* What it is united with, from left to right: then it and those have neither orders nor limits, and as many columns of the same kinds. NULL: nothing. */
    struct vf_query *next;
    bool next_is_all; /* UNION ALL; else equal rows are one */
};

/* The tables and views that there are. */
struct vf_relations {
    size_t n;
    const struct vf_table *const *tables; /* of each: schema, name and columns */
    bool is_typed; /* what is computed has a type in every database at hand, see vf_query_as_table() */
};

/*
 * One table whose columns are those of all sources, numbered as in the query, behind those of `outer` (or NULL); names are not told apart. NULL: no memory.
 */
const struct vf_table *vf_query_scope(struct vf_arena *arena, const struct vf_query *query,
                                      const struct vf_table *outer);
/* The query as a relation of its own, for queries over it: a column that only shows one of a table is like that, one that is computed is only shown on, unless its kind is the same wherever it is computed. `outer` as
 * above. NULL: no memory. */
const struct vf_table *vf_query_as_table(struct vf_arena *arena, const struct vf_query *query,
                                         const struct vf_table *outer, const char *schema, const char *name,
                                         bool is_typed);
/*
 * The query over other relations: `relations[i]` is what relation i is called there, `columns[i][k]` what its column k is; -1: it isn't there. NULL with *missing: the query needs what isn't there;
 * without: no memory. `to` are the relations there.
 */
const struct vf_query *vf_query_renumber(struct vf_arena *arena, const struct vf_query *query,
                                         const struct vf_relations *to, const int *relations, const int *const *columns,
                                         bool *missing);
bool vf_query_equal(const struct vf_query *a, const struct vf_query *b);
/* The source that a column of the query is of; NULL: it is of a query around it. */
const struct vf_query_source *vf_query_source_of(const struct vf_query *query, int column);
/* Is a column of the queries around it used in it, or in those with it: the one, or any (-1)? */
bool vf_query_uses_outer(const struct vf_query *query, int column);

#endif
