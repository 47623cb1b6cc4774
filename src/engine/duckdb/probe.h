/*
 * Keys of rows before they are loaded.
 *
 * A constraint that is violated ends the transaction in DuckDB, with all rows that were loaded in it. So a batch's keys are looked up first: rows whose key is in the batch or in the table
 * already, rows whose foreign key leads nowhere, and rows that break a CHECK of the table are refused, and the others can't fail.
 *
 * A CHECK is the target's own, in the words of its catalogue: the statement that asks it beforehand runs nothing that loading the row wouldn't.
 */
#ifndef VF_ENGINE_DUCKDB_PROBE_H
#define VF_ENGINE_DUCKDB_PROBE_H

#include "engine/duckdb/encode.h"

struct vf_duckdb_constraint {
    const char *reason; /* what a row is told that breaks it */
    bool is_foreign;
    const char *check; /* of a CHECK: its expression, over the columns by their names; the next two are not set */
    const char *schema, *table; /* where the key is looked up: this table, or the parent */
    size_t n_columns;
    size_t *columns;    /* numbers of the relation's fields */
    const char **names; /* of the columns that they are compared with */
};

struct vf_duckdb_probe {
    struct vf_arena arena;
    size_t n_constraints;
    struct vf_duckdb_constraint *constraints;
    size_t n_columns; /* of all of them together, each once */
    size_t *columns;
    struct vf_duckdb_appender appender;
    bool is_open;
    bool *not_null; /* by field: the table says so */
};

/* Read the constraints of the table. */
enum vf_status vf_duckdb_probe_init(struct vf_duckdb_conn *conn, const struct vf_relation *relation,
                                    struct vf_duckdb_probe *probe, struct vf_error *err) VF_CHECKED;
void vf_duckdb_probe_release(struct vf_duckdb_probe *probe); /* a zeroed struct is fine */

/* For each row of the batch the constraint that it breaks, or -1, in `broken`; rows where skip[row] is set don't count. `like` is the appender of the table. */
enum vf_status vf_duckdb_probe_run(struct vf_duckdb_conn *conn, struct vf_duckdb_probe *probe,
                                   const struct vf_relation *relation, const struct vf_duckdb_appender *like,
                                   const struct vf_batch *batch, const bool *skip, int32_t *broken,
                                   struct vf_error *err) VF_CHECKED;

#endif
