/*
 * A column and the one that it refers to hold the same values, and other databases want them to be of one type. Looked at one by one they may differ: a parent of uuids has a child without rows, a
 * child of words that all look like JSON has a parent in which one doesn't. Then the one without values takes the type of the other, and two that have some are what their storage says.
 */
#include "engine/sqlitesql/related.h"

#include <string.h>

#include "base/text.h"
#include "engine/memory.h"
#include "engine/sqlitesql/conn.h"

/* A column of the schema with what it is by its storage alone, if that is known. */
struct end {
    struct vf_column *column;
    struct vf_column *plain;
};

static struct end end_of(const struct vf_related *related, size_t table, size_t column)
{
    const struct vf_schema *schema = related->schema;
    struct vf_column *plain = related->plain[table];
    return (struct end){&schema->tables[table].columns[column], plain != NULL ? &plain[column] : NULL};
}

/* One that is remembered is what it was, with values or without. */
static bool is_open(struct end end)
{
    return end.plain != NULL && !end.column->evidence.n_values && end.column->evidence.measured &&
           !vf_memory_has_made(end.column);
}

static bool is_alike(const struct vf_column *a, const struct vf_column *b)
{
    return vf_type_equal(a->type, b->type);
}

/* true: something was changed. */
static bool take_type(struct end to, struct end from)
{
    to.column->type = from.column->type;
    to.column->form = from.column->form;
    to.column->n_labels = from.column->n_labels;
    to.column->labels = from.column->labels;
    to.column->evidence.text = "no values: the type is that of the column that it refers to, or that refers to it";
    return true;
}

static bool make_plain(struct end end)
{
    bool is_changed = end.plain != NULL && !is_alike(end.column, end.plain);
    if (is_changed)
        *end.column = *end.plain;
    return is_changed;
}

static bool bring_together(struct end child, struct end parent)
{
    if (is_alike(child.column, parent.column))
        return false;
    if (is_open(child))
        return take_type(child, parent);
    if (is_open(parent))
        return take_type(parent, child);
    bool is_changed = make_plain(child);
    return make_plain(parent) || is_changed;
}

static bool bring_key_together(const struct vf_related *related, size_t table, const struct vf_foreign_key *key)
{
    const struct vf_schema *schema = related->schema;
    const struct vf_table *parent = vf_schema_find_table(schema, NULL, key->to_table);
    bool is_changed = false;
    if (parent == NULL)
        return false;
    for (size_t i = 0; i < key->n_columns; i++) {
        int to = vf_table_find_column(parent, key->to_columns[i]);
        if (to >= 0)
            is_changed |= bring_together(end_of(related, table, (size_t)key->columns[i]),
                                         end_of(related, (size_t)(parent - schema->tables), (size_t)to));
    }
    return is_changed;
}

void vf_sqlite_relate_types(const struct vf_related *related)
{
    const struct vf_schema *schema = related->schema;
    size_t n_columns = 0;
    bool is_changed = true;
    for (size_t i = 0; i < schema->n_tables; i++)
        n_columns += schema->tables[i].n_columns;
    /* A column becomes plain once, and takes a type at most as often as another becomes plain. */
    for (size_t round = 0; is_changed && round < 2 * n_columns; round++) {
        is_changed = false;
        for (size_t i = 0; i < schema->n_tables; i++) {
            for (size_t k = 0; k < schema->tables[i].n_foreign_keys; k++)
                is_changed |= bring_key_together(related, i, &schema->tables[i].foreign_keys[k]);
        }
    }
}
