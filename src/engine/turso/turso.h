/*
 * The turso engine: databases on a server that speaks Hrana over HTTP (libSQL's sqld, Turso's cloud, tursodb). A libSQL file is the sqlite engine's work.
 *
 * It speaks SQLite's SQL, so most of it is engine/sqlitesql; what is here is the way to the server, and what follows from it: rows are read from a cursor or page by page, rows are written many in
 * one statement, a transaction lives on the server and may be lost, and one run at a time is a lease in a table.
 *
 * A snapshot is a transaction where the server gives each client a connection of its own. Where it doesn't, reading is watched instead: the server counts the rows that were changed, and a scan
 * that ends with another count than the snapshot began with fails.
 */
#ifndef VF_ENGINE_TURSO_TURSO_H
#define VF_ENGINE_TURSO_TURSO_H

#include "engine/engine.h"

extern const struct vf_engine_ops vf_turso_engine;

#endif
