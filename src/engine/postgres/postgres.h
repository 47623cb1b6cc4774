/*
 * The PostgreSQL engine: libpq, binary COPY both ways, pgvector's types and indexes.
 *
 * Servers 13 to 18, pgvector from 0.5. Everything that knows PostgreSQL's dialect is in this folder.
 */
#ifndef VF_ENGINE_POSTGRES_POSTGRES_H
#define VF_ENGINE_POSTGRES_POSTGRES_H

#include "engine/engine.h"

#define VF_PG_MAX_NAME_BYTES 63 /* of a name, and of a label of an enum */

extern const struct vf_engine_ops vf_postgres_engine;

/* What becomes of each neutral type; docs/types.md is made from it. Ended by a row whose native is NULL. */
struct vf_postgres_type {
    enum vf_kind kind;
    const char *native; /* what a column of this kind is declared as */
    enum vf_form form;
    const char *from; /* native types that are read as this kind */
    const char *note;
};
extern const struct vf_postgres_type vf_postgres_types[];

#endif
