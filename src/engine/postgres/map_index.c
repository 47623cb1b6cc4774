#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/postgres/fulltext.h"
#include "engine/postgres/target.h"
#include "engine/postgres/types.h"

static const char not_translated[] = "its condition isn't one that was translated";

/* ---- names ---- */

void vf_pg_key_name(const struct vf_table *table, const int *columns, size_t n_columns, const char *ending,
                    char out[64])
{
    char full[1024];
    size_t n = (size_t)snprintf(full, sizeof(full), "%.200s", table->name);
    for (size_t i = 0; i < n_columns && n < 800; i++)
        n += (size_t)snprintf(full + n, sizeof(full) - n, "_%.200s",
                              columns[i] >= 0 ? table->columns[columns[i]].name : "expr");
    size_t kept = vf_utf8_cut(full, n, 63 - strlen(ending));
    snprintf(out, 64, "%.*s%s", (int)kept, full, ending);
}

static enum vf_status name_index(const struct vf_table *table, struct vf_index *index, struct vf_arena *arena,
                                 struct vf_error *err)
{
    int columns[32];
    char name[64];
    size_t n = index->n_parts < 32 ? index->n_parts : 32;
    if (index->name != NULL && index->name[0] != '\0')
        return VF_OK;
    if (index->constraint == VF_CONSTRAINT_PRIMARY)
        n = 0;
    for (size_t i = 0; i < n; i++)
        columns[i] = index->parts[i].column;
    vf_pg_key_name(table, columns, n,
                   index->constraint == VF_CONSTRAINT_PRIMARY  ? "_pkey"
                   : index->constraint == VF_CONSTRAINT_UNIQUE ? "_key"
                                                               : "_idx",
                   name);
    index->name = vf_arena_strdup(arena, name);
    return index->name != NULL ? VF_OK : vf_error_nomem(err);
}

/* ---- vector indexes ---- */

static const char *operator_class(enum vf_pg_wire wire, enum vf_metric metric, enum vf_index_kind kind)
{
    static const char *const names[3][4] = {
        {"vector_l2_ops", "vector_ip_ops", "vector_cosine_ops", "vector_l1_ops"},
        {"halfvec_l2_ops", "halfvec_ip_ops", "halfvec_cosine_ops", "halfvec_l1_ops"},
        {"sparsevec_l2_ops", "sparsevec_ip_ops", "sparsevec_cosine_ops", "sparsevec_l1_ops"}};
    if (wire == VF_PG_BIT)
        return metric == VF_METRIC_HAMMING                            ? "bit_hamming_ops"
               : metric == VF_METRIC_JACCARD && kind == VF_INDEX_HNSW ? "bit_jaccard_ops"
                                                                      : NULL;
    int column = metric == VF_METRIC_L2 || metric == VF_METRIC_L2_SQUARED ? 0
                 : metric == VF_METRIC_IP                                 ? 1
                 : metric == VF_METRIC_COSINE                             ? 2
                 : metric == VF_METRIC_L1 && kind == VF_INDEX_HNSW        ? 3
                                                                          : -1;
    int row = wire == VF_PG_VECTOR ? 0 : wire == VF_PG_HALFVEC ? 1 : 2;
    return column < 0 ? NULL : names[row][column];
}

static const char *operator_of(enum vf_metric metric)
{
    return metric == VF_METRIC_COSINE ? "<=>" : metric == VF_METRIC_IP ? "<#>" : metric == VF_METRIC_L1 ? "<+>" : "<->";
}

static bool is_of_pgvector(enum vf_pg_wire wire)
{
    return wire == VF_PG_VECTOR || wire == VF_PG_HALFVEC || wire == VF_PG_SPARSEVEC || wire == VF_PG_BIT;
}

static const char *halfvec_note(const struct vf_column *column, enum vf_metric metric, struct vf_arena *arena)
{
    return vf_arena_printf(
        arena,
        "built on the column as halfvec%s: only queries of the form ORDER BY %s::halfvec(%u) %s $1 LIMIT k use it",
        column->type.dim > 2000 ? ", because pgvector indexes at most 2000 dimensions of a vector" : "", column->name,
        column->type.dim, operator_of(metric));
}

/* What pgvector before 0.7.0 can index: vectors, by three distances. */
static bool is_of_old_pgvector(enum vf_pg_wire wire, enum vf_metric metric)
{
    return wire == VF_PG_VECTOR && metric != VF_METRIC_L1;
}

/* What is translated already (engine.h) gets pgvector's names. */
static enum vf_status map_vector_index(const struct vf_pg_vector *vector, const struct vf_table *table,
                                       struct vf_arena *arena, struct vf_index_mapping *mapping, struct vf_error *err)
{
    struct vf_index *index = &mapping->index;
    struct vf_pg_name name;
    int number = index->n_parts == 1 ? index->parts[0].column : -1;
    if (number < 0) {
        mapping->why = "pgvector's indexes are made of a column, and this one is of an expression";
        return VF_OK;
    }
    const struct vf_column *column = &table->columns[number];
    bool known = vf_pg_name_parse(column->native, &name) && name.native != NULL && !name.is_array;
    enum vf_pg_wire wire = known ? name.native->wire : VF_PG_OTHER;
    bool wants_half = wire == VF_PG_VECTOR && index->vector.element == VF_E_F16;
    bool by_half = wants_half && (vector->is_whole || column->type.dim > 2000);
    const char *class = operator_class(by_half ? VF_PG_HALFVEC : wire, index->vector.metric, index->kind);
    if (!is_of_pgvector(wire) || class == NULL) {
        mapping->why = is_of_pgvector(wire) ? "pgvector has no such index for this distance"
                                            : "the column isn't of a type of pgvector";
        return VF_OK;
    }
    if (!vector->is_whole && (by_half || !is_of_old_pgvector(wire, index->vector.metric))) {
        mapping->why = vf_arena_printf(arena, "pgvector %s has no such index: 0.7.0 is the first", vector->version);
        return mapping->why != NULL ? VF_OK : vf_error_nomem(err);
    }
    struct vf_key_part *part = vf_arena_alloc(arena, 1, sizeof(*part));
    if (part == NULL)
        return vf_error_nomem(err);
    *part = (struct vf_key_part){.column = number, .operator_class = class};
    index->parts = part;
    index->n_included = 0;
    mapping->moved = true;
    if (wants_half && !by_half)
        index->vector.element = VF_E_NONE;
    if (by_half)
        mapping->why = halfvec_note(column, index->vector.metric, arena);
    return by_half && mapping->why == NULL ? vf_error_nomem(err) : VF_OK;
}

/* ---- plain indexes ---- */

static enum vf_status exists(struct vf_pg_conn *conn, const char *sql, int n_params, const char *const *params,
                             bool *found, struct vf_error *err)
{
    char text[8];
    enum vf_status status = vf_pg_get_text(conn, sql, n_params, params, text, sizeof(text), err);
    *found = text[0] == 't';
    return status;
}

static const char *plain_obstacle(const struct vf_table *table, const struct vf_index *index)
{
    static const char *const methods[] = {"gin", "gist", "brin", "spgist"};
    bool known = index->kind != VF_INDEX_OTHER;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]) && !known; i++)
        known = vf_str_equal(index->method, methods[i]);
    if (!known)
        return "the kind of index isn't one that vecferry makes in PostgreSQL";
    for (size_t i = 0; i < index->n_parts; i++) {
        int column = index->parts[i].column;
        if (column < 0 && index->parts[i].expr == NULL)
            return "its expression isn't one that was translated";
        if (index->kind == VF_INDEX_BTREE && column >= 0 && strcmp(table->columns[column].native, "json") == 0)
            return "json has no order in PostgreSQL: \"to: jsonb\" in the plan has one";
    }
    if (index->predicate != NULL && index->predicate_expr == NULL)
        return not_translated;
    return NULL;
}

/* Can the method index a column of the type by itself? A type that isn't there yet is one of the source's own, which is made before; those are enums, composite types and ranges. */
static enum vf_status has_default_class(struct vf_pg_conn *conn, const char *method, const char *native, bool *found,
                                        struct vf_error *err)
{
    const char *params[] = {method, native};
    return exists(
        conn,
        "SELECT (to_regtype($2) IS NULL OR EXISTS (SELECT FROM pg_catalog.pg_type t, pg_catalog.pg_opclass o JOIN "
        "pg_catalog.pg_am a ON a.oid = o.opcmethod JOIN pg_catalog.pg_type i ON i.oid = o.opcintype WHERE t.oid = "
        "to_regtype($2) AND a.amname = $1 AND o.opcdefault AND (i.oid IN (t.oid, t.typbasetype) OR EXISTS (SELECT FROM "
        "pg_catalog.pg_cast c WHERE c.castsource IN (t.oid, t.typbasetype) AND c.casttarget = i.oid AND c.castmethod = "
        "'b') OR (i.typname, t.typtype) IN (('anyenum', 'e'), ('anyrange', 'r'), ('anymultirange', 'm'), ('record', "
        "'c')) OR i.typname = 'anyarray' AND t.typcategory = 'A')))::text",
        2, params, found, err);
}

/* Its operator class: the one it had, or the method's own for the type of the column. Those of extensions may be missing. */
static enum vf_status map_class(struct vf_pg_conn *conn, const struct vf_table *table, const struct vf_index *index,
                                struct vf_key_part *part, struct vf_arena *arena, struct vf_index_mapping *mapping,
                                struct vf_error *err)
{
    bool found = true, is_other = index->kind == VF_INDEX_OTHER;
    enum vf_status status = VF_OK;
    if (part->operator_class != NULL)
        status = exists(conn, "SELECT (count(*) > 0)::text FROM pg_catalog.pg_opclass WHERE opcname = $1", 1,
                        &part->operator_class, &found, err);
    else if (is_other && part->column >= 0)
        status = has_default_class(conn, index->method, table->columns[part->column].native, &found, err);
    if (status != VF_OK || found)
        return status;
    mapping->moved = !is_other;
    if (part->operator_class == NULL)
        mapping->why = vf_arena_printf(
            arena,
            "the target can't index %s by %s: make the extension there that can (such as btree_%s), and plan again",
            table->columns[part->column].native, index->method, index->method);
    else if (is_other)
        mapping->why = vf_arena_printf(
            arena,
            "the target has no operator class \"%s\": make the extension there that it belongs to, and plan again",
            part->operator_class);
    else
        mapping->why = vf_arena_printf(arena, "without its operator class \"%s\", which the target doesn't have",
                                       part->operator_class);
    part->operator_class = NULL;
    return mapping->why != NULL ? VF_OK : vf_error_nomem(err);
}

/* A collation that isn't here is left out. NULL order is kept only where it was chosen: other databases have another default. */
static enum vf_status map_part(struct vf_pg_conn *conn, const struct vf_table *table, const struct vf_index *index,
                               struct vf_key_part *part, struct vf_arena *arena, struct vf_index_mapping *mapping,
                               struct vf_error *err)
{
    bool found = false;
    bool is_own = index->definition != NULL && strstr(index->definition, " USING ") != NULL;
    if (!is_own)
        part->nulls_first = part->descending;
    enum vf_status status = map_class(conn, table, index, part, arena, mapping, err);
    if (status == VF_OK && part->collation != NULL) {
        status = exists(conn, "SELECT (count(*) > 0)::text FROM pg_catalog.pg_collation WHERE collname = $1", 1,
                        &part->collation, &found, err);
        if (!found) {
            part->collation = NULL;
            mapping->why = "without its collation, which PostgreSQL doesn't have";
        }
    }
    return status;
}

static enum vf_status map_plain_index(struct vf_pg_conn *conn, const struct vf_table *table, struct vf_arena *arena,
                                      struct vf_index_mapping *mapping, struct vf_error *err)
{
    struct vf_index *index = &mapping->index;
    mapping->why = plain_obstacle(table, index);
    mapping->moved = mapping->why == NULL && index->n_parts > 0;
    if (!mapping->moved)
        return VF_OK;
    struct vf_key_part *parts = vf_arena_alloc(arena, index->n_parts, sizeof(*parts));
    if (parts == NULL)
        return vf_error_nomem(err);
    enum vf_status status = VF_OK;
    for (size_t i = 0; i < index->n_parts && status == VF_OK && mapping->moved; i++) {
        parts[i] = index->parts[i];
        status = map_part(conn, table, index, &parts[i], arena, mapping, err);
    }
    index->parts = parts;
    if (conn->version < 150000 && index->nulls_not_distinct) {
        mapping->moved = false;
        mapping->why = "NULLS NOT DISTINCT needs PostgreSQL 15";
    }
    return status;
}

enum vf_status vf_pg_map_index(struct vf_conn *base, const struct vf_table *table, const struct vf_index *index,
                               struct vf_arena *arena, struct vf_index_mapping *mapping, struct vf_error *err)
{
    struct vf_pg_conn *conn = vf_pg_conn_of(base);
    *mapping = (struct vf_index_mapping){.index = *index};
    if (index->kind == VF_INDEX_FULLTEXT) {
        if (index->predicate == NULL || index->predicate_expr != NULL)
            return vf_pg_map_fulltext(conn, table, arena, mapping, err);
        mapping->why = not_translated;
        return VF_OK;
    }
    struct vf_pg_vector vector;
    enum vf_status status = vf_pg_ask_vector(conn, &vector, err);
    if (status == VF_OK && vf_index_is_vector(index->kind))
        status = map_vector_index(&vector, table, arena, mapping, err);
    else if (status == VF_OK)
        status = map_plain_index(conn, table, arena, mapping, err);
    if (status == VF_OK && mapping->moved)
        status = name_index(table, &mapping->index, arena, err);
    return status;
}
