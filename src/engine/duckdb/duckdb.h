/*
 * The engine for DuckDB files: "duckdb:/path.duckdb". Built without DuckDB's header it says so when it is asked for.
 */
#ifndef VF_ENGINE_DUCKDB_DUCKDB_H
#define VF_ENGINE_DUCKDB_DUCKDB_H

#include "engine/engine.h"

extern const struct vf_engine_ops vf_duckdb_engine;

#endif
