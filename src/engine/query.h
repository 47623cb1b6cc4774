/*
 * Views: what is read of their text, and how it is written for another database. It is the same reader and writer as for expressions (engine/dialect.h), around which a SELECT is read here.
 *
 * What is read: SELECT [DISTINCT] expressions, * and columns, with or without names, FROM relations and queries in parentheses by CROSS, INNER and LEFT JOIN ... ON or USING, WHERE, GROUP BY, HAVING, ORDER BY, LIMIT and OFFSET of
 * numbers, UNION [ALL], WITH; of aggregates those of model/expression.h; subqueries by EXISTS and IN, and in place of a value where they give one row at most. All else isn't, and is named: WITH RECURSIVE, window functions,
 * INTERSECT and EXCEPT, NATURAL, RIGHT and FULL joins, LATERAL, functions in place of a table.
 */
#ifndef VF_ENGINE_QUERY_H
#define VF_ENGINE_QUERY_H

#include "engine/dialect.h"
#include "model/query.h"

#define VF_QUERY_MAX_SOURCES 32
#define VF_QUERY_MAX_OUTPUTS 1000

struct vf_query_scope_of {
    struct vf_relations relations; /* with the names, kinds and forms that their columns have in this database */
    const char *usual_schema;      /* where a relation is that doesn't name its schema; NULL: there are none */
    const char *collation;         /* as in struct vf_expr_scope, as the next two */
    const struct vf_dialect *from;
    int version;
};

/*
 * Read `text`, a SELECT or the whole CREATE VIEW. VF_OK with *query NULL: it isn't understood, and *why (in the arena) says what, with its place in the text.
 */
enum vf_status vf_query_read(const struct vf_dialect *dialect, const struct vf_query_scope_of *scope, const char *text,
                             struct vf_arena *arena, const struct vf_query **query, const char **why,
                             struct vf_error *err) VF_CHECKED;

/* Why two queries, whose columns are those of the tables given, can't be united in this database so that it means the same; NULL: they can. Static. */
const char *vf_query_why_not_united(const struct vf_dialect *dialect, const struct vf_query *a,
                                    const struct vf_table *of_a, const struct vf_query *b, const struct vf_table *of_b);

/* Append the SELECT. As vf_expr_write(). */
bool vf_query_write(const struct vf_dialect *dialect, const struct vf_query_scope_of *scope,
                    const struct vf_query *query, struct vf_arena *arena, struct vf_buf *out, const char **why);

#endif
