#include "engine/definition.h"

#include <string.h>

#include "base/text.h"
#include "model/schema_json.h"

enum vf_status vf_definition_copy(const struct vf_table *def, struct vf_schema *holder, struct vf_table *copy,
                                  struct vf_error *err)
{
    struct vf_buf json;
    vf_buf_init(&json, VF_BUF_MAX);
    vf_table_to_json(def, false, &json);
    enum vf_status status = vf_buf_check(&json, err);
    if (status == VF_OK)
        status = vf_table_from_json(json.data, holder, copy, err);
    vf_buf_release(&json);
    return status;
}

bool vf_definition_same_columns(const struct vf_table *a, const struct vf_table *b)
{
    if (a->n_columns != b->n_columns)
        return false;
    for (size_t i = 0; i < a->n_columns; i++) {
        if (strcmp(a->columns[i].name, b->columns[i].name) != 0 ||
            !vf_type_equal(a->columns[i].type, b->columns[i].type))
            return false;
    }
    return true;
}

static bool same_parts(const struct vf_index *a, const struct vf_index *b)
{
    bool same = a->n_parts == b->n_parts && a->constraint == b->constraint && a->kind == b->kind;
    for (size_t i = 0; same && i < a->n_parts; i++)
        same = a->parts[i].column == b->parts[i].column;
    return same;
}

bool vf_definition_has_index(const struct vf_table *def, const struct vf_index *wanted)
{
    for (size_t i = 0; i < def->n_indexes; i++) {
        const struct vf_index *index = &def->indexes[i];
        if (wanted->name != NULL ? vf_str_equal(index->name, wanted->name) : same_parts(index, wanted))
            return true;
    }
    return false;
}

static bool same_foreign_key(const struct vf_foreign_key *a, const struct vf_foreign_key *b)
{
    if (a->name != NULL && b->name != NULL)
        return strcmp(a->name, b->name) == 0;
    bool same = a->n_columns == b->n_columns && vf_str_equal(a->to_table, b->to_table);
    for (size_t i = 0; same && i < a->n_columns; i++)
        same = a->columns[i] == b->columns[i];
    return same;
}

bool vf_definition_has_foreign_key(const struct vf_table *def, const struct vf_foreign_key *wanted)
{
    for (size_t i = 0; i < def->n_foreign_keys; i++) {
        if (same_foreign_key(&def->foreign_keys[i], wanted))
            return true;
    }
    return false;
}

enum vf_status vf_definition_with_index(const struct vf_table *def, const struct vf_index *index,
                                        struct vf_arena *arena, struct vf_table *next, struct vf_error *err)
{
    struct vf_index *indexes = vf_arena_alloc(arena, def->n_indexes + 1, sizeof(*indexes));
    if (indexes == NULL)
        return vf_error_nomem(err);
    if (def->n_indexes > 0)
        memcpy(indexes, def->indexes, def->n_indexes * sizeof(*indexes));
    indexes[def->n_indexes] = *index;
    *next = *def;
    next->indexes = indexes;
    if (index->constraint == VF_CONSTRAINT_PRIMARY)
        next->primary_key = (int)def->n_indexes;
    next->n_indexes++;
    return VF_OK;
}

enum vf_status vf_definition_with_foreign_key(const struct vf_table *def, const struct vf_foreign_key *key,
                                              struct vf_arena *arena, struct vf_table *next, struct vf_error *err)
{
    struct vf_foreign_key *keys = vf_arena_alloc(arena, def->n_foreign_keys + 1, sizeof(*keys));
    if (keys == NULL)
        return vf_error_nomem(err);
    if (def->n_foreign_keys > 0)
        memcpy(keys, def->foreign_keys, def->n_foreign_keys * sizeof(*keys));
    keys[def->n_foreign_keys] = *key;
    *next = *def;
    next->foreign_keys = keys;
    next->n_foreign_keys++;
    return VF_OK;
}
