#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/postgres/inspect.h"
#include "engine/postgres/postgres.h"
#include "engine/postgres/target.h"
#include "engine/postgres/types.h"

#define MAX_VECTOR_DIM 16000
#define MAX_BIT_DIM    83886080

/* ---- which pgvector ---- */

static bool is_at_least(const char *version, int major, int minor, int patch)
{
    int a = 0, b = 0, c = 0;
    if (sscanf(version, "%d.%d.%d", &a, &b, &c) < 2)
        return false;
    return a != major ? a > major : b != minor ? b > minor : c >= patch;
}

enum vf_status vf_pg_ask_vector(struct vf_pg_conn *conn, struct vf_pg_vector *vector, struct vf_error *err)
{
    struct vf_pg_vector *known = &conn->vector;
    if (!conn->vector_asked) {
        enum vf_status status = vf_pg_get_text(conn,
                                               "SELECT coalesce(installed_version, default_version) "
                                               "FROM pg_catalog.pg_available_extensions WHERE name = 'vector'",
                                               0, NULL, known->version, sizeof(known->version), err);
        if (status != VF_OK)
            return status;
        known->is_available = known->version[0] != '\0';
        known->is_whole = is_at_least(known->version, 0, 7, 0);
        known->is_safe = is_at_least(known->version, 0, 8, 2);
        conn->vector_asked = true;
    }
    *vector = *known;
    return VF_OK;
}

/* ---- a type that is PostgreSQL's already ---- */

/* real[] and double precision[], as a vector lies in them. */
static bool is_list_of(const struct vf_pg_name *name, enum vf_element element)
{
    if (!name->is_array || name->native == NULL)
        return false;
    return (element == VF_E_F32 && name->native->wire == VF_PG_F4) ||
           (element == VF_E_F64 && name->native->wire == VF_PG_F8);
}

static bool is_same_vector(const struct vf_pg_name *name, struct vf_type type)
{
    struct vf_type own = vf_pg_name_type(name);
    if (is_list_of(name, type.element) && type.kind == VF_K_VECTOR)
        return true;
    if (name->modifiers[0] != '\0' && name->modifier < 0)
        return false; /* "vector(f32,3)", as engines say whose types are the neutral ones */
    return own.kind == type.kind && (type.kind == VF_K_SPARSE || own.element == type.element) &&
           (own.dim == type.dim || own.dim == 0);
}

/* Does the name mean values of the column's kind? A user's type is taken at its word when it is qualified, or there. */
static bool is_consistent(const struct vf_pg_conn *conn, const struct vf_pg_name *name, const struct vf_column *column)
{
    enum vf_kind kind = column->type.kind;
    if (name->native == NULL) {
        if (kind == VF_K_VECTOR || kind == VF_K_SPARSE)
            return false;
        return name->schema[0] != '\0' || vf_pg_type_named(&conn->types, NULL, name->name) != NULL;
    }
    if (kind == VF_K_VECTOR || kind == VF_K_SPARSE)
        return is_same_vector(name, column->type);
    struct vf_type own = vf_pg_name_type(name);
    if (own.kind == VF_K_ARRAY)
        return kind == VF_K_ARRAY && own.element_kind == column->type.element_kind;
    return own.kind == kind && own.normal == column->type.normal;
}

static bool has_type(const struct vf_pg_vector *vector, enum vf_pg_wire wire)
{
    return wire == VF_PG_VECTOR ? vector->is_available : vector->is_whole;
}

/* A type of pgvector's that the server's doesn't have. */
static bool is_lacked(const struct vf_column *column, const struct vf_pg_vector *vector)
{
    struct vf_pg_name name;
    bool is_vector = column->type.kind == VF_K_VECTOR || column->type.kind == VF_K_SPARSE;
    return is_vector && vf_pg_name_parse(column->native, &name) && name.native != NULL && name.native->is_extension &&
           !has_type(vector, name.native->wire);
}

static bool keep_native(const struct vf_pg_conn *conn, const struct vf_column *column,
                        const struct vf_pg_vector *vector, struct vf_arena *arena, struct vf_mapping *mapping)
{
    struct vf_pg_name name;
    if (!vf_pg_name_parse(column->native, &name) || !is_consistent(conn, &name, column))
        return false;
    bool is_vector = column->type.kind == VF_K_VECTOR || column->type.kind == VF_K_SPARSE;
    bool is_list = is_vector && name.is_array;
    if (is_vector && !is_list && name.native->is_extension && !has_type(vector, name.native->wire))
        return false;
    mapping->native = vf_arena_strdup(arena, column->native);
    mapping->form = column->type.kind == VF_K_OTHER ? VF_FORM_TEXT : is_list ? VF_FORM_LIST : VF_FORM_NATIVE;
    return true;
}

/* An enum of another kind of database, whose type is made here too under its name. */
static bool name_enum(const struct vf_column *column, struct vf_arena *arena, struct vf_mapping *mapping)
{
    struct vf_buf name;
    if (column->type.kind != VF_K_ENUM || column->type_name == NULL ||
        !vf_enum_fits(column->type_name, column->n_labels, column->labels, VF_PG_MAX_NAME_BYTES))
        return false;
    vf_buf_init(&name, 65536);
    vf_pg_quote_table(&name, column->type_schema, column->type_name);
    mapping->native = vf_arena_strdup(arena, name.data);
    mapping->form = VF_FORM_NATIVE;
    vf_buf_release(&name);
    return true;
}

/* ---- a type by its kind ---- */

static void map_list(struct vf_mapping *mapping, const char *native, const char *how)
{
    mapping->native = native;
    mapping->form = VF_FORM_LIST;
    mapping->how = how;
}

static void map_floats(const struct vf_column *column, const struct vf_pg_vector *vector, struct vf_arena *arena,
                       struct vf_mapping *mapping)
{
    bool is_half = column->type.element == VF_E_F16;
    uint32_t dim = column->type.dim;
    if (!vector->is_available) {
        map_list(mapping, "real[]",
                 "an array of numbers, because the server has no pgvector: it can't be searched there");
    } else if (dim > MAX_VECTOR_DIM) {
        map_list(mapping, "real[]", "an array of numbers, because pgvector's limit is 16000 dimensions");
    } else {
        const char *name = is_half && vector->is_whole ? "halfvec" : "vector";
        mapping->native = dim > 0 ? vf_arena_printf(arena, "%s(%u)", name, dim) : name;
        if (column->type.element == VF_E_BF16)
            mapping->how = "bfloat16 values as float32, which holds them exactly";
        else if (is_half && !vector->is_whole)
            mapping->how = vf_arena_printf(arena,
                                           "float16 values as float32, which holds them exactly, because pgvector %s "
                                           "has no halfvec (0.7.0 is the first that has it)",
                                           vector->version);
    }
}

static void map_vector(const struct vf_column *column, const struct vf_pg_vector *vector, struct vf_arena *arena,
                       struct vf_mapping *mapping)
{
    mapping->form = VF_FORM_NATIVE;
    switch (column->type.element) {
    case VF_E_F32:
    case VF_E_F16:
    case VF_E_BF16:
        map_floats(column, vector, arena, mapping);
        break;
    case VF_E_F64:
        map_list(mapping, "double precision[]",
                 "pgvector has no float64: \"type: vector(f32,n)\" in the plan takes vector(n), and rounds");
        break;
    case VF_E_I8:
        map_list(mapping, "smallint[]", "pgvector has no vectors of bytes");
        break;
    case VF_E_BIT:
        if (column->type.dim > 0 && column->type.dim <= MAX_BIT_DIM) {
            mapping->native = vf_arena_printf(arena, "bit(%u)", column->type.dim);
            break;
        }
        mapping->native = "bytea";
        mapping->form = VF_FORM_BYTES;
        mapping->how = "packed bits, because their number varies";
        break;
    case VF_E_NONE:
        mapping->fidelity = VF_FIDELITY_NONE;
        mapping->how = "a vector of unknown elements";
        break;
    }
}

static void map_sparse(const struct vf_column *column, const struct vf_pg_vector *vector, struct vf_arena *arena,
                       struct vf_mapping *mapping)
{
    mapping->form = VF_FORM_NATIVE;
    mapping->native = column->type.dim > 0 ? vf_arena_printf(arena, "sparsevec(%u)", column->type.dim) : "sparsevec";
    if (vector->is_whole)
        return;
    mapping->native = "bytea";
    mapping->form = VF_FORM_BYTES;
    mapping->how = vector->is_available ? "packed, because the server's pgvector has no sparsevec (0.7.0 is the first)"
                                        : "packed, because the server has no pgvector";
}

static const struct vf_postgres_type *by_kind(enum vf_kind kind)
{
    const struct vf_postgres_type *type = vf_postgres_types;
    while (type->native != NULL && type->kind != kind)
        type++;
    return type;
}

static void map_kind(const struct vf_column *column, const struct vf_pg_vector *vector, struct vf_arena *arena,
                     struct vf_mapping *mapping)
{
    const struct vf_postgres_type *type = by_kind(column->type.kind);
    mapping->native = type->native;
    mapping->form = type->form;
    if (column->type.kind == VF_K_VECTOR)
        map_vector(column, vector, arena, mapping);
    else if (column->type.kind == VF_K_SPARSE)
        map_sparse(column, vector, arena, mapping);
    else if (column->type.kind == VF_K_ARRAY)
        mapping->native = vf_arena_printf(arena, "%s[]", by_kind(column->type.element_kind)->native);
    else if (column->type.kind == VF_K_JSON && column->type.normal)
        mapping->native = "jsonb";
    else if (column->type.kind == VF_K_JSON)
        mapping->how = "the text byte for byte; \"to: jsonb\" in the plan takes jsonb, which keeps what it means";
    else if (column->type.kind == VF_K_OTHER)
        mapping->how = "its exact text, because PostgreSQL doesn't have the type";
}

/* Names that a table can't have a column of, even quoted. */
static bool is_system_column(const char *name)
{
    static const char *const names[] = {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", ""};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

enum vf_status vf_pg_map_column(struct vf_conn *base, const struct vf_table *table, const struct vf_column *column,
                                struct vf_arena *arena, struct vf_mapping *mapping, struct vf_error *err)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    struct vf_pg_vector vector;
    struct vf_buf text;
    (void)table;
    enum vf_status status = vf_pg_types_load(conn, err);
    if (status == VF_OK)
        status = vf_pg_ask_vector(conn, &vector, err);
    if (status != VF_OK)
        return status;
    *mapping = (struct vf_mapping){.fidelity = VF_FIDELITY_EXACT};
    if (!keep_native(conn, column, &vector, arena, mapping) && !name_enum(column, arena, mapping)) {
        map_kind(column, &vector, arena, mapping);
        mapping->not_kept = is_lacked(column, &vector);
    }
    if (is_system_column(column->name))
        mapping->how = "PostgreSQL can't have a column of this name: give it another in the plan (name:)";
    if (mapping->native == NULL)
        return mapping->fidelity == VF_FIDELITY_NONE ? VF_OK : vf_error_nomem(err);
    struct vf_column here = *column;
    here.native = mapping->native;
    here.form = mapping->form;
    vf_buf_init(&text, VF_BUF_MAX);
    mapping->default_moved = vf_pg_default_write(&here, &conn->types, &text, &mapping->default_why);
    status = vf_buf_check(&text, err);
    vf_buf_release(&text);
    return status;
}
