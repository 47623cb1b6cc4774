/*
 * Defaults of columns: DuckDB's texts as neutral ones, and back. Only what is understood is written: an expression of a source is never run.
 */
#ifndef VF_ENGINE_DUCKDB_DEFAULT_H
#define VF_ENGINE_DUCKDB_DEFAULT_H

#include <stdbool.h>

#include "base/buf.h"
#include "model/schema.h"

/* Set column->def from the text in the catalogue (NULL: no default); column->native and type are set. */
enum vf_status vf_duckdb_default_parse(const char *text, struct vf_arena *arena, struct vf_column *column,
                                       struct vf_error *err) VF_CHECKED;

/* Append the default as SQL for a column of that native type. false: it can't be declared, and *why says why not (NULL when there is none). */
bool vf_duckdb_default_write(const struct vf_column *column, struct vf_buf *out, const char **why);

#endif
