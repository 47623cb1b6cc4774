/*
 * Types of PostgreSQL by name: what a native type is in the neutral model, and the safe writing of type names.
 *
 * The name of a type may come from a plan file, from another database's memory or from a foreign file. So it is taken apart, and what goes into SQL is put together again from its parts: a
 * name that can't be taken apart never reaches the server. Only the spelling of format_type() is known here ("character varying(20)", not "VARCHAR(20)"), in which PostgreSQL shows types
 * itself: so that a column of SQLite that is declared VARCHAR(20), and holds longer texts, isn't taken for one of PostgreSQL.
 */
#ifndef VF_ENGINE_POSTGRES_TYPES_H
#define VF_ENGINE_POSTGRES_TYPES_H

#include "base/buf.h"
#include "engine/postgres/oids.h"
#include "model/type.h"

/* A type that every server has, or that a well-known extension brings. */
struct vf_pg_native {
    const char *spelling; /* as format_type() writes it, without modifiers */
    const char *typname;  /* in pg_type */
    enum vf_pg_wire wire;
    enum vf_kind kind;
    bool is_extension;
};
extern const struct vf_pg_native vf_pg_natives[]; /* ended by a NULL spelling */

const struct vf_pg_native *vf_pg_native_by_typname(const char *typname, bool is_extension);

/* A type's name, taken apart. */
struct vf_pg_name {
    const struct vf_pg_native *native; /* NULL: a type of the user */
    char schema[256],
        name[256]; /* unquoted; schema "" when there was none. Of a native type: its spelling, in full, with "interval"'s fields */
    char modifiers[64]; /* what stood in parentheses, or "" */
    bool is_array;
    int32_t modifier; /* the first modifier as a number, or -1 */
    int32_t second;   /* the second, or -1 */
};

/* false: it isn't a type name as format_type() writes it. */
bool vf_pg_name_parse(const char *text, struct vf_pg_name *name);
/* What its values are, as far as the name alone tells: a user's type is OTHER. */
struct vf_type vf_pg_name_type(const struct vf_pg_name *name);
/* Write it for a statement. Extension types are found in the schema where the extension lives here. */
void vf_pg_name_write(const struct vf_pg_name *name, const struct vf_pg_types *types, struct vf_buf *out);

#endif
