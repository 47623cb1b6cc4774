/*
 * The catalogue of an SQLite file as a schema.
 *
 * Tables are given in the order in which they were made. Shadow tables of virtual tables and vecferry's own are left out; views, triggers and virtual tables that can't be read are
 * named under "others".
 */
#ifndef VF_ENGINE_SQLITESQL_INSPECT_H
#define VF_ENGINE_SQLITESQL_INSPECT_H

#include "engine/engine.h"
#include "engine/sqlitesql/conn.h"

enum vf_status vf_sqlite_inspect(struct vf_conn *conn, const struct vf_inspect_options *options,
                                 struct vf_schema *schema, struct vf_error *err) VF_CHECKED;

/* The parts of it. An ordinary table: columns, keys, indexes, foreign keys, checks; `sql` is its CREATE TABLE. Parents of foreign keys are resolved afterwards, for all tables. */
enum vf_status vf_sqlite_inspect_table(struct vf_sqlite_conn *conn, struct vf_schema *schema, struct vf_table *table,
                                       const char *sql, struct vf_error *err) VF_CHECKED;
enum vf_status vf_sqlite_inspect_keys(struct vf_sqlite_conn *conn, struct vf_schema *schema, struct vf_table *table,
                                      const char *sql, struct vf_error *err) VF_CHECKED;
enum vf_status vf_sqlite_resolve_parents(struct vf_schema *schema, struct vf_error *err) VF_CHECKED;
/* A vec0 table as a table that can be read; VF_MISSING: not in a way that is known here. */
enum vf_status vf_sqlite_inspect_vec0(struct vf_sqlite_conn *conn, struct vf_schema *schema, struct vf_table *table,
                                      const char *sql, struct vf_error *err) VF_CHECKED;

#endif
