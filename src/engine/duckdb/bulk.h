/*
 * Loading much into a DuckDB file, with little memory.
 *
 * DuckDB writes a row group when it is whole, and one has 122,880 rows whatever their size: 750 MB with vectors of 1536 numbers, which are compressed from memory, and before are in the log too when a
 * transaction is smaller. So while a load lasts, row groups are smaller where rows are wide; then most rows of a transaction go to the file once, and only pointers to them into the log. Why each
 * setting, with figures: docs/design/duckdb-memory.md.
 */
#ifndef VF_ENGINE_DUCKDB_BULK_H
#define VF_ENGINE_DUCKDB_BULK_H

#include "engine/duckdb/conn.h"

/* While rows are appended, DuckDB's other threads have little to do but wait for each other; what comes after, indexes first of all, has all of them. */
void vf_duckdb_bulk_threads(struct vf_duckdb_conn *conn, bool is_loading);

#endif
