/*
 * Expressions as DuckDB's catalogue shows them, and as it takes them.
 */
#ifndef VF_ENGINE_DUCKDB_EXPRESSION_H
#define VF_ENGINE_DUCKDB_EXPRESSION_H

#include "engine/dialect.h"

extern const struct vf_dialect vf_duckdb_dialect;

#endif
