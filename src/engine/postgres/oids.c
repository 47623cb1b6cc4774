#include "engine/postgres/oids.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/postgres/conn.h"
#include "engine/postgres/types.h"

#define MAX_DOMAIN_DEPTH 32

/* Row types of tables are of no use for columns, and there may be many. */
static const char query[] =
    "SELECT t.oid::bigint, n.nspname, t.typname, t.typtype, "
    "CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 AND t.typname NOT IN ('int2vector', 'oidvector') "
    "THEN t.typelem::bigint ELSE 0 END, t.typbasetype::bigint, t.typtypmod, e.extname "
    "FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace "
    "LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid "
    "AND d.deptype = 'e' LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid "
    "LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid "
    "LEFT JOIN pg_catalog.pg_type l ON l.oid = t.typelem AND t.typcategory = 'A' "
    "LEFT JOIN pg_catalog.pg_class lc ON lc.oid = l.typrelid "
    "WHERE coalesce(c.relkind, 'c') = 'c' AND coalesce(lc.relkind, 'c') = 'c' ORDER BY 1";

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = ((const struct vf_pg_type *)b)->oid;
    return x < y ? -1 : x > y;
}

const struct vf_pg_type *vf_pg_type_find(const struct vf_pg_types *types, uint32_t oid)
{
    if (types->n_types == 0)
        return NULL;
    return bsearch(&oid, types->types, types->n_types, sizeof(*types->types), compare);
}

const struct vf_pg_type *vf_pg_type_base(const struct vf_pg_types *types, const struct vf_pg_type *type,
                                         int32_t *typmod)
{
    for (int depth = 0; type != NULL && type->base_oid != 0 && depth < MAX_DOMAIN_DEPTH; depth++) {
        if (typmod != NULL && type->base_typmod >= 0)
            *typmod = type->base_typmod;
        type = vf_pg_type_find(types, type->base_oid);
    }
    return type;
}

const struct vf_pg_type *vf_pg_type_named(const struct vf_pg_types *types, const char *schema, const char *name)
{
    const struct vf_pg_type *found = NULL;
    for (size_t i = 0; i < types->n_types; i++) {
        const struct vf_pg_type *type = &types->types[i];
        if (strcmp(type->name, name) != 0 || (schema != NULL && strcmp(type->schema, schema) != 0))
            continue;
        if (schema != NULL || type->extension != NULL || strcmp(type->schema, "pg_catalog") == 0)
            return type;
        if (found == NULL || strcmp(type->schema, "public") == 0)
            found = type;
    }
    return found;
}

static void classify_base(struct vf_pg_type *type)
{
    bool is_catalog = strcmp(type->schema, "pg_catalog") == 0;
    const struct vf_pg_native *native = NULL;
    type->is_movable = type->typtype != 'p';
    if (type->typtype == 'b' && (is_catalog || type->extension != NULL))
        native = vf_pg_native_by_typname(type->name, !is_catalog);
    type->wire = native != NULL ? native->wire : VF_PG_OTHER;
    type->kind = native != NULL ? native->kind : VF_K_OTHER;
    if (type->typtype == 'e') {
        type->wire = VF_PG_TEXT;
        type->kind = VF_K_ENUM;
    }
}

/* Arrays and domains, after all base types are known. */
static void classify_made(struct vf_pg_types *types, struct vf_pg_type *type)
{
    const struct vf_pg_type *base = vf_pg_type_base(types, type, NULL);
    if (base == NULL)
        return;
    if (base->element_oid == 0) {
        type->wire = base->wire;
        type->kind = base->kind;
        type->is_movable = base->is_movable;
        return;
    }
    const struct vf_pg_type *element = vf_pg_type_base(types, vf_pg_type_find(types, base->element_oid), NULL);
    bool is_plain = element != NULL && element->element_oid == 0 && element->wire != VF_PG_OTHER &&
                    element->kind != VF_K_VECTOR && element->kind != VF_K_SPARSE;
    type->wire = is_plain ? VF_PG_ARRAY : VF_PG_OTHER;
    type->kind = is_plain ? VF_K_ARRAY : VF_K_OTHER;
    type->is_movable = element != NULL && element->is_movable;
}

static bool take_row(struct vf_pg_types *types, const PGresult *result, int row)
{
    struct vf_pg_type *type = &types->types[row];
    *type = (struct vf_pg_type){
        .oid = (uint32_t)vf_pg_i64(result, row, 0, 0),
        .schema = vf_pg_copy(result, row, 1, &types->arena),
        .name = vf_pg_copy(result, row, 2, &types->arena),
        .typtype = vf_pg_str(result, row, 3)[0],
        .element_oid = (uint32_t)vf_pg_i64(result, row, 4, 0),
        .base_oid = (uint32_t)vf_pg_i64(result, row, 5, 0),
        .base_typmod = (int32_t)vf_pg_i64(result, row, 6, -1),
        .extension = vf_pg_copy(result, row, 7, &types->arena),
    };
    if (type->schema == NULL || type->name == NULL)
        return false;
    classify_base(type);
    return true;
}

enum vf_status vf_pg_types_load(struct vf_pg_conn *conn, struct vf_error *err)
{
    struct vf_pg_types *types = &conn->types;
    PGresult *result = NULL;
    if (types->is_loaded)
        return VF_OK;
    enum vf_status status = vf_pg_query(conn, query, 0, NULL, &result, err);
    if (status != VF_OK)
        return status;
    int n = PQntuples(result);
    types->types = vf_arena_alloc(&types->arena, (size_t)n + 1, sizeof(*types->types));
    bool ok = types->types != NULL;
    for (int row = 0; row < n && ok; row++)
        ok = take_row(types, result, row);
    PQclear(result);
    if (!ok) {
        vf_pg_types_forget(types);
        return vf_error_nomem(err);
    }
    types->n_types = (size_t)n;
    for (size_t i = 0; i < types->n_types; i++)
        classify_made(types, &types->types[i]);
    types->is_loaded = true;
    return VF_OK;
}

void vf_pg_types_forget(struct vf_pg_types *types)
{
    vf_arena_release(&types->arena);
    *types = (struct vf_pg_types){0};
}

static struct vf_type vector_of(const struct vf_pg_type *base, int32_t typmod)
{
    static const struct {
        enum vf_pg_wire wire;
        enum vf_kind kind;
        enum vf_element element;
    } vectors[] = {{VF_PG_VECTOR, VF_K_VECTOR, VF_E_F32},
                   {VF_PG_HALFVEC, VF_K_VECTOR, VF_E_F16},
                   {VF_PG_SPARSEVEC, VF_K_SPARSE, VF_E_F32},
                   {VF_PG_BIT, VF_K_VECTOR, VF_E_BIT}};
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        if (base->wire == vectors[i].wire && (typmod > 0 || base->wire != VF_PG_BIT))
            return (struct vf_type){
                .kind = vectors[i].kind, .element = vectors[i].element, .dim = typmod > 0 ? (uint32_t)typmod : 0};
    }
    return (struct vf_type){.kind = VF_K_OTHER}; /* bit without a length */
}

struct vf_type vf_pg_neutral(const struct vf_pg_types *types, const struct vf_pg_type *type, int32_t typmod)
{
    const struct vf_pg_type *base = vf_pg_type_base(types, type, &typmod);
    if (base == NULL)
        return (struct vf_type){.kind = VF_K_OTHER};
    if (base->kind == VF_K_VECTOR || base->kind == VF_K_SPARSE)
        return vector_of(base, typmod);
    if (base->kind != VF_K_ARRAY)
        return (struct vf_type){.kind = base->kind, .normal = base->wire == VF_PG_JSONB};
    const struct vf_pg_type *element = vf_pg_type_base(types, vf_pg_type_find(types, base->element_oid), NULL);
    return (struct vf_type){.kind = VF_K_ARRAY, .element_kind = element != NULL ? element->kind : VF_K_OTHER};
}
