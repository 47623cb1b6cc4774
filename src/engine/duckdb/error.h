/*
 * DuckDB's failures as statuses, and running a statement on a bare connection.
 */
#ifndef VF_ENGINE_DUCKDB_ERROR_H
#define VF_ENGINE_DUCKDB_ERROR_H

#include "base/buf.h"
#include "base/queue.h"
#include "engine/duckdb/library.h"

/* DuckDB's message as an error: its first words say which kind it is ("Constraint Error: ..."). Never VF_OK. */
enum vf_status vf_duckdb_explain(const char *message, struct vf_error *err);

/* Run one statement to its end; rows are passed over. */
enum vf_status vf_duckdb_run(const struct vf_duckdb_library *lib, duckdb_connection handle, const char *sql,
                             struct vf_error *err) VF_CHECKED;
/* Run what was prepared until its result is there; a raised `cancel` (may be NULL) ends it. `is_streaming`: rows are made while they are fetched. */
enum vf_status vf_duckdb_run_prepared(const struct vf_duckdb_library *lib, duckdb_prepared_statement stmt,
                                      bool is_streaming, struct vf_cancel *cancel, duckdb_result *result,
                                      struct vf_error *err) VF_CHECKED;

/* A name in double quotes, and a text in single quotes; the text must have no NUL. */
void vf_duckdb_quote(struct vf_buf *out, const char *identifier);
void vf_duckdb_quote_text(struct vf_buf *out, const char *text, size_t size_bytes);

#endif
