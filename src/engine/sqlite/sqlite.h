/*
 * The sqlite engine: files of SQLite 3, and of libSQL as far as plain SQLite reads them.
 *
 * The URL is `sqlite:PATH` or a path. A source is opened read-only; `PATH?immutable=1` says that nobody writes the file while it is read, which is what a WAL-mode file on a read-only
 * medium needs. A target is made when it isn't there.
 */
#ifndef VF_ENGINE_SQLITE_SQLITE_H
#define VF_ENGINE_SQLITE_SQLITE_H

#include "engine/engine.h"

extern const struct vf_engine_ops vf_sqlite_engine;

#endif
