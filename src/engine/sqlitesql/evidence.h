/*
 * Types by what is stored, not only by what is declared.
 *
 * Each table is read once, from its own pages; every column is counted meanwhile, and then decided: type and form are set, and the evidence says in a sentence why, and how many values the
 * type can't hold. Columns whose type is remembered from a move, or declared as one of libSQL's vectors, keep it and are only measured.
 */
#ifndef VF_ENGINE_SQLITESQL_EVIDENCE_H
#define VF_ENGINE_SQLITESQL_EVIDENCE_H

#include "engine/engine.h"
#include "engine/sqlitesql/conn.h"

enum vf_status vf_sqlite_find_evidence(struct vf_sqlite_conn *conn, const struct vf_inspect_options *options,
                                       struct vf_schema *schema, struct vf_error *err) VF_CHECKED;

/* Is it one of the tables that evidence is wanted for? */
bool vf_sqlite_is_asked(const struct vf_inspect_options *options, const struct vf_table *table);

/* orphans.c: sets n_orphans of the foreign keys of those tables, where their parent's key has an index. */
enum vf_status vf_sqlite_count_orphans(struct vf_sqlite_conn *conn, const struct vf_inspect_options *options,
                                       struct vf_schema *schema, struct vf_error *err) VF_CHECKED;

#endif
