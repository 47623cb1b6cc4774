/*
 * Defaults of columns: the texts that SQLite writes, read into the small model of schema.h and written from it.
 */
#ifndef VF_ENGINE_SQLITESQL_DEFAULT_H
#define VF_ENGINE_SQLITESQL_DEFAULT_H

#include "base/buf.h"
#include "model/schema.h"

/* What PRAGMA table_xinfo gives in dflt_value (NULL: no default) for a column of `column->type`; sets column->def, texts in the arena. */
enum vf_status vf_sqlite_default_parse(const char *text, struct vf_arena *arena, struct vf_column *column,
                                       struct vf_error *err) VF_CHECKED;

/* Append what follows the word DEFAULT for a column as it is declared here (type and form). false: it can't be declared; *why says why, nothing is appended. */
bool vf_sqlite_default_write(const struct vf_column *column, struct vf_buf *out, const char **why);

#endif
