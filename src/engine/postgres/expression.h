/*
 * Expressions as PostgreSQL shows them (pg_get_expr) and takes them.
 */
#ifndef VF_ENGINE_POSTGRES_EXPRESSION_H
#define VF_ENGINE_POSTGRES_EXPRESSION_H

#include "engine/dialect.h"

extern const struct vf_dialect vf_pg_dialect;

#endif
