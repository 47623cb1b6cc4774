#include "engine/postgres/relation.h"

#include <string.h>

static const char query[] =
    "SELECT c.oid::bigint, c.relkind, n.nspname, a.attname, a.atttypid::bigint, a.atttypmod, "
    "CASE WHEN a.attnum IS NOT NULL THEN "
    "(SELECT quote_ident(tn.nspname) || '.' || quote_ident(t.typname) FROM pg_catalog.pg_type t "
    "JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace WHERE t.oid = a.atttypid) END "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
    "WHERE c.relname = $1 AND n.nspname = coalesce($2, current_schema()) AND c.relkind IN ('r', 'p', 'f', 'v', 'm') "
    "ORDER BY a.attnum";

static enum vf_status no_table(const struct vf_relation *wanted, struct vf_error *err)
{
    return vf_error_set(err, VF_NOTFOUND, "there is no table \"%s%s%s\"", wanted->schema != NULL ? wanted->schema : "",
                        wanted->schema != NULL ? "." : "", wanted->name);
}

static enum vf_status find_column(struct vf_pg_conn *conn, const PGresult *result, const struct vf_relation *wanted,
                                  size_t i, struct vf_pg_relation *relation, struct vf_error *err)
{
    const struct vf_field *field = &wanted->fields[i];
    int row = 0, n = PQntuples(result);
    while (row < n && strcmp(vf_pg_str(result, row, 3), field->name) != 0)
        row++;
    if (row == n)
        return vf_error_set(err, VF_NOTFOUND, "table \"%s\" has no column \"%s\"", wanted->name, field->name);
    relation->names[i] = vf_arena_strdup(&relation->arena, field->name);
    relation->casts[i] = vf_pg_copy(result, row, 6, &relation->arena);
    if (relation->names[i] == NULL || relation->casts[i] == NULL)
        return vf_error_nomem(err);
    uint32_t oid = (uint32_t)vf_pg_i64(result, row, 4, 0);
    enum vf_status status = vf_pg_types_load(conn, err);
    if (status == VF_OK && vf_pg_type_find(&conn->types, oid) == NULL) { /* made by somebody else meanwhile */
        vf_pg_types_forget(&conn->types);
        status = vf_pg_types_load(conn, err);
    }
    if (status == VF_OK)
        status = vf_pg_codec_make(&conn->types, oid, (int32_t)vf_pg_i64(result, row, 5, -1), field,
                                  &relation->codecs[i], err);
    if (status != VF_OK)
        vf_error_wrap(err, "table \"%s\"", wanted->name);
    return status;
}

static enum vf_status fill(struct vf_pg_conn *conn, const PGresult *result, const struct vf_relation *wanted,
                           struct vf_pg_relation *relation, struct vf_error *err)
{
    struct vf_arena *arena = &relation->arena;
    relation->oid = (uint32_t)vf_pg_i64(result, 0, 0, 0);
    relation->relkind = vf_pg_str(result, 0, 1)[0];
    relation->schema = vf_pg_copy(result, 0, 2, arena);
    relation->name = vf_arena_strdup(arena, wanted->name);
    relation->n_fields = wanted->n_fields;
    relation->codecs = vf_arena_alloc(arena, wanted->n_fields + 1, sizeof(*relation->codecs));
    relation->names = vf_arena_alloc(arena, wanted->n_fields + 1, sizeof(*relation->names));
    relation->casts = vf_arena_alloc(arena, wanted->n_fields + 1, sizeof(*relation->casts));
    relation->n_key = wanted->n_key;
    relation->key = vf_arena_alloc(arena, wanted->n_key + 1, sizeof(*relation->key));
    if (relation->schema == NULL || relation->name == NULL || relation->codecs == NULL || relation->names == NULL ||
        relation->casts == NULL || relation->key == NULL)
        return vf_error_nomem(err);
    if (wanted->n_key > 0)
        memcpy(relation->key, wanted->key, wanted->n_key * sizeof(*relation->key));
    enum vf_status status = VF_OK;
    for (size_t i = 0; i < wanted->n_fields && status == VF_OK; i++)
        status = find_column(conn, result, wanted, i, relation, err);
    return status;
}

enum vf_status vf_pg_relation_open(struct vf_pg_conn *conn, const struct vf_relation *wanted,
                                   struct vf_pg_relation *relation, struct vf_error *err)
{
    const char *params[] = {wanted->name, wanted->schema};
    PGresult *result = NULL;
    *relation = (struct vf_pg_relation){0};
    enum vf_status status = vf_pg_query(conn, query, 2, params, &result, err);
    if (status == VF_OK)
        status = PQntuples(result) == 0 ? no_table(wanted, err) : fill(conn, result, wanted, relation, err);
    PQclear(result);
    return status;
}

void vf_pg_relation_release(struct vf_pg_relation *relation)
{
    vf_arena_release(&relation->arena);
    *relation = (struct vf_pg_relation){0};
}

void vf_pg_relation_key(const struct vf_pg_relation *relation, const struct vf_batch *batch, int64_t row,
                        struct vf_buf *out)
{
    const char *names[32];
    size_t n = relation->n_key < 32 ? relation->n_key : 32;
    for (size_t i = 0; i < n; i++)
        names[i] = relation->names[relation->key[i]];
    vf_batch_key_json(batch, row, n, relation->key, names, out);
}
