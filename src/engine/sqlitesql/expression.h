/*
 * Expressions as SQLite reads and writes them.
 *
 * Numbers that lie here as texts (decimals; NaN and -0.0 of floating-point columns) are compared with literals by
 * "c = 'NaN' OR CAST(c AS REAL) > 5" and "c <> 'NaN' AND CAST(c AS REAL) < 5": NaN is more than all numbers elsewhere.
 */
#ifndef VF_ENGINE_SQLITESQL_EXPRESSION_H
#define VF_ENGINE_SQLITESQL_EXPRESSION_H

#include "engine/dialect.h"

extern const struct vf_dialect vf_sqlite_dialect;

#endif
