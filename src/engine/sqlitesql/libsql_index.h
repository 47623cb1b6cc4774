/*
 * libSQL's index for vectors: CREATE INDEX name ON t (libsql_vector_idx(column, 'key=value', ...)).
 *
 * It is a graph (DiskANN) in tables of its own: <name>_shadow, with one block a vector, an index <name>_shadow_idx on that, and one table libsql_vector_meta_shadow for all such indexes of
 * the file. To SQLite itself it is an index on an expression that it doesn't know, and an empty one: see from.h.
 *
 * What libSQL 0.2 (SQLite 3.47) was seen to do, and what follows from it here:
 *   - it writes the index's name without quotes into the statements that make those tables: only plain names are given to it;
 *   - it makes those tables and its record while CREATE INDEX is being compiled, each in a transaction of its own unless one is open: one is opened around it;
 *   - a row for the name that is left in libsql_vector_meta_shadow (SQLite's own DROP INDEX leaves one behind) makes it take the new index for filled, which it isn't: such rows are removed first;
 *   - values are compared by their beginning ('metric=cos' is cosine), keys and values in any case.
 */
#ifndef VF_ENGINE_SQLITESQL_LIBSQL_INDEX_H
#define VF_ENGINE_SQLITESQL_LIBSQL_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "model/schema.h"

#define VF_LIBSQL_INDEX_FUNCTION "libsql_vector_idx"
#define VF_LIBSQL_META_TABLE     "libsql_vector_meta_shadow"

/* Is the expression of an index a call of libsql_vector_idx? */
bool vf_libsql_index_is(const char *expression);
/* Is the statement a CREATE INDEX of that kind? */
bool vf_libsql_index_is_statement(const char *sql);
/* Read the expression: metric, neighbours, alpha, ef_construction (insert_l), ef_search (search_l), compress (I8 is float8). false: it isn't one of these, or no memory; a parameter that isn't
 * known is passed over. Texts in the arena. */
bool vf_libsql_index_parse(const char *expression, struct vf_arena *arena, const char **column,
                           struct vf_vector_index *index);
/* Append the expression. */
void vf_libsql_index_write(const char *column, const struct vf_vector_index *index, struct vf_buf *out);

/* A name that libSQL can write without quotes: letters, digits and "_", not a digit first. */
bool vf_libsql_index_name_is_plain(const char *name);

/* What the index costs, for vectors of the element: bytes a row (computed as libSQL does) and milliseconds a row (measured on one machine, one thread: an order of magnitude). */
struct vf_libsql_cost {
    uint64_t row_bytes;
    double row_ms;
};
struct vf_libsql_cost vf_libsql_index_cost(const struct vf_vector_index *index, enum vf_element element, size_t dim);

#endif
