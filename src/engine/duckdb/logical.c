#include "engine/duckdb/logical.h"

#include <stdio.h>
#include <string.h>

/* What of a type is a child: the functions for it, by the kind of type. */
struct members {
    idx_t n;
    char *(*name)(duckdb_logical_type, idx_t);
    duckdb_logical_type (*type)(duckdb_logical_type, idx_t);
};

static enum vf_status read_labels(const struct vf_duckdb_library *lib, duckdb_logical_type type, struct vf_arena *arena,
                                  struct vf_duckdb_logical *logical, struct vf_error *err)
{
    logical->internal = lib->enum_internal_type(type);
    logical->n_labels = lib->enum_dictionary_size(type);
    logical->labels = vf_arena_alloc(arena, logical->n_labels + 1, sizeof(*logical->labels));
    if (logical->labels == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < logical->n_labels; i++) {
        char *label = lib->enum_dictionary_value(type, i);
        logical->labels[i] = vf_arena_strdup(arena, label);
        lib->free(label);
        if (logical->labels[i] == NULL)
            return vf_error_nomem(err);
    }
    return VF_OK;
}

static enum vf_status make_children(struct vf_arena *arena, size_t n, struct vf_duckdb_logical *logical,
                                    struct vf_error *err)
{
    logical->n_children = n;
    logical->children = vf_arena_alloc(arena, n + 1, sizeof(*logical->children));
    logical->names = vf_arena_alloc(arena, n + 1, sizeof(*logical->names));
    return logical->children == NULL || logical->names == NULL ? vf_error_nomem(err) : VF_OK;
}

static enum vf_status read_child(const struct vf_duckdb_library *lib, duckdb_logical_type child, struct vf_arena *arena,
                                 struct vf_duckdb_logical *logical, size_t i, struct vf_error *err)
{
    enum vf_status status = vf_duckdb_logical_read(lib, child, arena, &logical->children[i], err);
    lib->destroy_logical_type(&child);
    return status;
}

static enum vf_status read_members(const struct vf_duckdb_library *lib, duckdb_logical_type type,
                                   const struct members *members, struct vf_arena *arena,
                                   struct vf_duckdb_logical *logical, struct vf_error *err)
{
    enum vf_status status = make_children(arena, members->n, logical, err);
    for (size_t i = 0; status == VF_OK && i < members->n; i++) {
        char *name = members->name(type, i);
        logical->names[i] = vf_arena_strdup(arena, name != NULL ? name : "");
        lib->free(name);
        status = logical->names[i] == NULL ? vf_error_nomem(err)
                                           : read_child(lib, members->type(type, i), arena, logical, i, err);
    }
    return status;
}

enum vf_status vf_duckdb_logical_read(const struct vf_duckdb_library *lib, duckdb_logical_type type,
                                      struct vf_arena *arena, struct vf_duckdb_logical *logical, struct vf_error *err)
{
    enum vf_status status = VF_OK;
    *logical = (struct vf_duckdb_logical){.id = lib->get_type_id(type)};
    const struct members of_struct = {0, lib->struct_type_child_name, lib->struct_type_child_type};
    const struct members of_union = {0, lib->union_type_member_name, lib->union_type_member_type};
    struct members members;
    switch ((int)logical->id) {
    case DUCKDB_TYPE_DECIMAL:
        logical->width = lib->decimal_width(type);
        logical->scale = lib->decimal_scale(type);
        logical->internal = lib->decimal_internal_type(type);
        return VF_OK;
    case DUCKDB_TYPE_ENUM:
        return read_labels(lib, type, arena, logical, err);
    case DUCKDB_TYPE_ARRAY:
        logical->array_size = lib->array_type_array_size(type);
        status = make_children(arena, 1, logical, err);
        return status == VF_OK ? read_child(lib, lib->array_type_child_type(type), arena, logical, 0, err) : status;
    case DUCKDB_TYPE_LIST:
        status = make_children(arena, 1, logical, err);
        return status == VF_OK ? read_child(lib, lib->list_type_child_type(type), arena, logical, 0, err) : status;
    case DUCKDB_TYPE_MAP:
        status = make_children(arena, 2, logical, err);
        if (status == VF_OK)
            status = read_child(lib, lib->map_type_key_type(type), arena, logical, 0, err);
        return status == VF_OK ? read_child(lib, lib->map_type_value_type(type), arena, logical, 1, err) : status;
    case DUCKDB_TYPE_STRUCT:
        members = of_struct;
        members.n = lib->struct_type_child_count(type);
        return read_members(lib, type, &members, arena, logical, err);
    case DUCKDB_TYPE_UNION:
        members = of_union;
        members.n = lib->union_type_member_count(type);
        return read_members(lib, type, &members, arena, logical, err);
    default:
        return VF_OK;
    }
}

static const struct {
    duckdb_type id;
    unsigned width;
    const char *name;
} scalars[] = {
    {DUCKDB_TYPE_BOOLEAN, 1, "BOOLEAN"},
    {DUCKDB_TYPE_TINYINT, 1, "TINYINT"},
    {DUCKDB_TYPE_SMALLINT, 2, "SMALLINT"},
    {DUCKDB_TYPE_INTEGER, 4, "INTEGER"},
    {DUCKDB_TYPE_BIGINT, 8, "BIGINT"},
    {DUCKDB_TYPE_UTINYINT, 1, "UTINYINT"},
    {DUCKDB_TYPE_USMALLINT, 2, "USMALLINT"},
    {DUCKDB_TYPE_UINTEGER, 4, "UINTEGER"},
    {DUCKDB_TYPE_UBIGINT, 8, "UBIGINT"},
    {DUCKDB_TYPE_HUGEINT, 16, "HUGEINT"},
    {DUCKDB_TYPE_UHUGEINT, 16, "UHUGEINT"},
    {DUCKDB_TYPE_BIGNUM, 16, "BIGNUM"},
    {DUCKDB_TYPE_FLOAT, 4, "FLOAT"},
    {DUCKDB_TYPE_DOUBLE, 8, "DOUBLE"},
    {DUCKDB_TYPE_VARCHAR, 16, "VARCHAR"},
    {DUCKDB_TYPE_BLOB, 16, "BLOB"},
    {DUCKDB_TYPE_BIT, 16, "BIT"},
    {DUCKDB_TYPE_UUID, 16, "UUID"},
    {DUCKDB_TYPE_DATE, 4, "DATE"},
    {DUCKDB_TYPE_TIME, 8, "TIME"},
    {DUCKDB_TYPE_TIME_NS, 8, "TIME_NS"},
    {DUCKDB_TYPE_TIME_TZ, 8, "TIME WITH TIME ZONE"},
    {DUCKDB_TYPE_TIMESTAMP, 8, "TIMESTAMP"},
    {DUCKDB_TYPE_TIMESTAMP_S, 8, "TIMESTAMP_S"},
    {DUCKDB_TYPE_TIMESTAMP_MS, 8, "TIMESTAMP_MS"},
    {DUCKDB_TYPE_TIMESTAMP_NS, 8, "TIMESTAMP_NS"},
    {DUCKDB_TYPE_TIMESTAMP_TZ, 8, "TIMESTAMP WITH TIME ZONE"},
    {DUCKDB_TYPE_INTERVAL, 16, "INTERVAL"},
};

size_t vf_duckdb_width(const struct vf_duckdb_logical *logical)
{
    duckdb_type id =
        logical->id == DUCKDB_TYPE_ENUM || logical->id == DUCKDB_TYPE_DECIMAL ? logical->internal : logical->id;
    for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
        if (scalars[i].id == id)
            return scalars[i].width;
    }
    return 0;
}

char *vf_duckdb_logical_name(const struct vf_duckdb_logical *logical, char out[32])
{
    const char *name = logical->id == DUCKDB_TYPE_ENUM ? "ENUM" : "value of that type";
    for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
        if (scalars[i].id == logical->id)
            name = scalars[i].name;
    }
    if (logical->id == DUCKDB_TYPE_DECIMAL)
        snprintf(out, 32, "DECIMAL(%u,%u)", logical->width, logical->scale);
    else
        snprintf(out, 32, "%s", name);
    return out;
}
