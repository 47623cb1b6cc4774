/*
 * libSQL's index for vectors (libsql_index.h) as an index of a table: read from a catalogue, mapped, and built.
 */
#ifndef VF_ENGINE_SQLITESQL_VECTOR_INDEX_H
#define VF_ENGINE_SQLITESQL_VECTOR_INDEX_H

#include "engine/sqlitesql/conn.h"

/* Make a vector index of an index on an expression, if it is one: DISKANN, on the column. false: no memory. */
bool vf_sqlite_read_vector_index(struct vf_schema *schema, const struct vf_table *table, struct vf_index *index);

/* `mapping->index` is translated (vf_conn_map_vector_index()) and shares its parts with the source's. Not moved: `why` says why; moved: `why` says what it costs. */
enum vf_status vf_sqlite_map_vector_index(struct vf_sqlite_conn *conn, const struct vf_table *table,
                                          struct vf_arena *arena, struct vf_index_mapping *mapping,
                                          struct vf_error *err) VF_CHECKED;

/* Build it, all or nothing, unless it is there; what an index of that name has left behind is removed first. VF_ENGINE: it doesn't hold every vector. */
enum vf_status vf_sqlite_make_vector_index(struct vf_sqlite_conn *conn, const struct vf_table *table,
                                           const struct vf_index *index, struct vf_error *err) VF_CHECKED;

/* Bytes that an index of this mapping takes for the rows of the table, 0 when they aren't known. */
uint64_t vf_sqlite_vector_index_bytes(const struct vf_table *table, const struct vf_index *index);

#endif
