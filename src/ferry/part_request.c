#include <string.h>

#include "base/text.h"
#include "ferry/plan_make.h"

/* What the file says of one table, as one target is to hear it. */
struct filter {
    const struct vf_part_map *map;
    unsigned char bit;
    struct vf_arena *arena;
    struct vf_error *err;
};

static bool has_column(const struct filter *filter, size_t table, int column)
{
    return column >= 0 && (filter->map->columns[table][column] & filter->bit) != 0;
}

static size_t find_table(const struct vf_schema *source, const struct vf_plan_request_table *entry)
{
    for (size_t i = 0; i < source->n_tables; i++) {
        const struct vf_table *table = &source->tables[i];
        if (strcmp(entry->name, table->name) == 0 &&
            (entry->schema == NULL || vf_str_equal(entry->schema, table->schema)))
            return i;
    }
    return source->n_tables;
}

/* A column of another entry that comes along with the key: how it is read is the source's matter, what it becomes isn't this target's. */
static struct vf_plan_request_column only_read(const struct vf_plan_request_column *column)
{
    struct vf_plan_request_column made = *column;

    made.to = made.target_name = NULL;
    made.has_as = made.accept_loss = false;
    return made;
}

/* The entry's columns that go to this target, and those of its key that it doesn't name. */
static enum vf_status take_columns(const struct filter *filter, size_t table, const struct vf_plan_request_table *entry,
                                   struct vf_plan_request_table *made)
{
    const struct vf_table *source = &filter->map->source->tables[table];
    unsigned target = filter->bit == 1 ? 1 : 2;

    made->n_columns = 0;
    made->columns = vf_arena_alloc(filter->arena, entry->n_columns + source->n_columns + 1, sizeof(*made->columns));
    if (made->columns == NULL)
        return vf_error_nomem(filter->err);
    for (size_t i = 0; i < entry->n_columns; i++) {
        const struct vf_plan_request_column *column = &entry->columns[i];
        int k = vf_table_find_column(source, column->name);
        unsigned own = column->target > 0 ? column->target : entry->target;
        if (k < 0 ? own == target : has_column(filter, table, k)) /* what isn't there is for the plan to say */
            made->columns[made->n_columns++] = own == target ? *column : only_read(column);
    }
    return VF_OK;
}

/* Columns of the key that only the table's other entry names. */
static void take_key(const struct filter *filter, size_t table, const struct vf_plan_request_table *other,
                     struct vf_plan_request_table *made)
{
    const struct vf_table *source = &filter->map->source->tables[table];
    const struct vf_index *key = vf_part_key(source);

    for (size_t i = 0; key != NULL && other != NULL && made->has_columns && i < key->n_parts; i++) {
        const char *name = source->columns[key->parts[i].column].name;
        const struct vf_plan_request_column *column = vf_plan_find_column_request(other, name);
        if (has_column(filter, table, key->parts[i].column) && column != NULL &&
            vf_plan_find_column_request(made, name) == NULL)
            made->columns[made->n_columns++] = only_read(column);
    }
}

static const struct vf_index *find_index(const struct vf_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_indexes; i++) {
        if (vf_str_equal(table->indexes[i].name, name))
            return &table->indexes[i];
    }
    return NULL;
}

/* Does the index, of the source or to be added, go to this target? One that nobody knows stays where it is, so that the plan says so. */
static bool is_mine(const struct filter *filter, size_t table, const struct vf_plan_request_index *own, bool is_own)
{
    const struct vf_table *source = &filter->map->source->tables[table];
    const struct vf_index *index = find_index(source, own->name);

    if (index == NULL && own->on == NULL)
        return is_own;
    if (index == NULL) {
        int column = vf_table_find_column(source, own->on);
        return column >= 0 ? has_column(filter, table, column) : is_own;
    }
    for (size_t i = 0; i < index->n_parts; i++) {
        if (index->parts[i].column >= 0 && !has_column(filter, table, index->parts[i].column))
            return false;
    }
    return true;
}

static enum vf_status take_indexes(const struct filter *filter, size_t table, const struct vf_plan_request_table *entry,
                                   bool is_own, struct vf_plan_request_table *made)
{
    made->n_indexes = 0;
    made->indexes = vf_arena_alloc(filter->arena, entry->n_indexes + 1, sizeof(*made->indexes));
    if (made->indexes == NULL)
        return vf_error_nomem(filter->err);
    for (size_t i = 0; i < entry->n_indexes; i++) {
        if (is_mine(filter, table, &entry->indexes[i], is_own))
            made->indexes[made->n_indexes++] = entry->indexes[i];
    }
    return VF_OK;
}

static bool has_part(const struct filter *filter, size_t table)
{
    for (size_t i = 0; i < filter->map->source->tables[table].n_columns; i++) {
        if (has_column(filter, table, (int)i))
            return true;
    }
    return false;
}

static const struct vf_plan_request_table *other_entry(const struct vf_plan_request *whole,
                                                       const struct vf_plan_request_table *entry)
{
    for (size_t i = 0; i < whole->n_tables; i++) {
        const struct vf_plan_request_table *other = &whole->tables[i];
        if (other != entry && strcmp(other->name, entry->name) == 0 &&
            (entry->schema == NULL || other->schema == NULL || vf_str_equal(other->schema, entry->schema)))
            return other;
    }
    return NULL;
}

static enum vf_status take_entry(const struct filter *filter, const struct vf_plan_request *whole,
                                 const struct vf_plan_request_table *entry, struct vf_plan_request *part)
{
    unsigned target = filter->bit == 1 ? 1 : 2;
    size_t table = find_table(filter->map->source, entry);
    const struct vf_plan_request_table *other = other_entry(whole, entry);
    bool is_own = entry->target == target;

    if (table == filter->map->source->n_tables) { /* gone, or a slip: the plan says which */
        if (is_own)
            part->tables[part->n_tables++] = *entry;
        return VF_OK;
    }
    if (!is_own && (other != NULL || !has_part(filter, table)))
        return VF_OK;
    struct vf_plan_request_table *made = &part->tables[part->n_tables++];
    *made = *entry;
    made->target = target;
    if (!is_own)
        made->target_name = NULL;
    enum vf_status status = take_columns(filter, table, entry, made);
    take_key(filter, table, other, made);
    return status == VF_OK ? take_indexes(filter, table, entry, is_own, made) : status;
}

enum vf_status vf_part_request(const struct vf_part_map *map, const struct vf_plan_request *whole, unsigned target,
                               struct vf_arena *arena, const struct vf_plan_request **part, struct vf_error *err)
{
    struct filter filter = {.map = map, .bit = (unsigned char)(1U << (target - 1)), .arena = arena, .err = err};
    struct vf_plan_request *made = vf_arena_alloc(arena, 1, sizeof(*made));
    enum vf_status status = VF_OK;

    if (made == NULL)
        return vf_error_nomem(err);
    *made = (struct vf_plan_request){.file = whole->file,
                                     .has_views = whole->has_views,
                                     .by = whole->by,
                                     .storage = vf_plan_request_storage(whole, target),
                                     .has_index_min_rows = whole->has_index_min_rows,
                                     .index_min_rows = whole->index_min_rows,
                                     .has_verify = whole->has_verify,
                                     .verify = whole->verify};
    made->tables = vf_arena_alloc(arena, whole->n_tables + 1, sizeof(*made->tables));
    made->views = vf_arena_alloc(arena, whole->n_views + 1, sizeof(*made->views));
    if (made->tables == NULL || made->views == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < whole->n_views; i++) {
        if (whole->views[i].target == target || target == 0)
            made->views[made->n_views++] = whole->views[i];
    }
    for (size_t i = 0; i < whole->n_tables && status == VF_OK; i++)
        status = take_entry(&filter, whole, &whole->tables[i], made);
    *part = made;
    return status;
}
