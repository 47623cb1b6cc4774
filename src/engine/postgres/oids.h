/*
 * The types of one database: what OIDs mean there.
 *
 * OIDs of extension types and user types differ from database to database, so that all types are read from pg_type once a connection (and again after a type was made). What a value of a
 * type looks like in binary COPY is its wire form; a domain has that of its base.
 */
#ifndef VF_ENGINE_POSTGRES_OIDS_H
#define VF_ENGINE_POSTGRES_OIDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/error.h"
#include "model/type.h"

struct vf_pg_conn;

enum vf_pg_wire {
    VF_PG_OTHER, /* only read and written as text, by casts */
    VF_PG_BOOL,
    VF_PG_I2,
    VF_PG_I4,
    VF_PG_I8,
    VF_PG_F4,
    VF_PG_F8,
    VF_PG_NUMERIC,
    VF_PG_TEXT, /* the bytes of the text: text, varchar, bpchar, name, citext, json, enums */
    VF_PG_BYTEA,
    VF_PG_UUID,
    VF_PG_DATE,
    VF_PG_TIME,
    VF_PG_TIMESTAMP, /* with and without zone */
    VF_PG_INTERVAL,
    VF_PG_JSONB,
    VF_PG_BIT,
    VF_PG_VECTOR,
    VF_PG_HALFVEC,
    VF_PG_SPARSEVEC,
    VF_PG_ARRAY,
};

struct vf_pg_type {
    uint32_t oid;
    const char *schema, *name;
    const char *extension; /* that it belongs to, or NULL */
    char typtype;          /* b base, c composite, d domain, e enum, p pseudo, r range, m multirange */
    uint32_t element_oid;  /* of a true array, or 0 */
    uint32_t base_oid;     /* of a domain, or 0 */
    int32_t base_typmod;
    enum vf_pg_wire wire; /* domains: of the base */
    enum vf_kind kind;    /* the neutral kind; of an array ARRAY */
    bool is_movable;
};

struct vf_pg_types {
    struct vf_arena arena;
    size_t n_types;
    struct vf_pg_type *types; /* by OID */
    bool is_loaded;
};

/* Read them if they aren't there yet; forget them after a type was made. */
enum vf_status vf_pg_types_load(struct vf_pg_conn *conn, struct vf_error *err) VF_CHECKED;
void vf_pg_types_forget(struct vf_pg_types *types);
/* NULL: there is no such type. */
const struct vf_pg_type *vf_pg_type_find(const struct vf_pg_types *types, uint32_t oid);
/* A domain's base type, down to a type that is no domain; `typmod` (may be NULL) becomes the one that the domain gives. */
const struct vf_pg_type *vf_pg_type_base(const struct vf_pg_types *types, const struct vf_pg_type *type,
                                         int32_t *typmod);
/* By name; `schema` NULL: an extension's type or one of pg_catalog, then any. NULL: none. */
const struct vf_pg_type *vf_pg_type_named(const struct vf_pg_types *types, const char *schema, const char *name);

/* What the values of a type are in the neutral model. `typmod` as in pg_attribute. */
struct vf_type vf_pg_neutral(const struct vf_pg_types *types, const struct vf_pg_type *type, int32_t typmod);

#endif
