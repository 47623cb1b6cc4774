#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ferry/plan_make.h"

/* What of the source one target is shown: the same structs, with fewer columns and what hangs on them. Texts are the source's own. */
struct view {
    const struct vf_part_map *map;
    unsigned char bit;
    struct vf_plan *plan;
    struct vf_error *err;
};

static bool has_column(const struct view *view, size_t table, int column)
{
    return column >= 0 && (view->map->columns[table][column] & view->bit) != 0;
}

/* A table without columns is the first target's. */
static bool has_table(const struct vf_part_map *map, size_t table, unsigned char bit)
{
    for (size_t i = 0; i < map->source->tables[table].n_columns; i++) {
        if ((map->columns[table][i] & bit) != 0)
            return true;
    }
    return map->source->tables[table].n_columns == 0 && bit == 1;
}

static bool has_whole_table(const struct view *view, size_t table)
{
    for (size_t i = 0; i < view->map->source->tables[table].n_columns; i++) {
        if (!has_column(view, table, (int)i))
            return false;
    }
    return true;
}

/* What belongs to a table as a whole, or to nothing of it, is told once: by the first target that has a part of it. */
static bool is_first(const struct view *view, size_t table)
{
    for (unsigned char bit = 1; bit < view->bit; bit = (unsigned char)(bit << 1)) {
        if (has_table(view->map, table, bit))
            return false;
    }
    return has_table(view->map, table, view->bit);
}

static size_t find_table(const struct vf_schema *source, const char *schema, const char *name)
{
    for (size_t i = 0; i < source->n_tables; i++) {
        const struct vf_table *table = &source->tables[i];
        bool same_schema = schema == NULL || table->schema == NULL || strcmp(table->schema, schema) == 0;
        if (name != NULL && same_schema && strcmp(table->name, name) == 0)
            return i;
    }
    return source->n_tables;
}

/* Column `i` as numbered in the view. */
static int number_of(const struct view *view, size_t table, int i)
{
    int n = 0;

    for (int k = 0; k < i; k++)
        n += has_column(view, table, k);
    return n;
}

/* ---- indexes ---- */

static bool has_index(const struct view *view, size_t table, const struct vf_index *index, unsigned char bit)
{
    struct view other = {.map = view->map, .bit = bit};

    for (size_t i = 0; i < index->n_parts; i++) {
        if (index->parts[i].column >= 0 && !has_column(&other, table, index->parts[i].column))
            return false;
        if (index->parts[i].column < 0 && !is_first(&other, table))
            return false;
    }
    for (size_t i = 0; i < index->n_included; i++) {
        if (!has_column(&other, table, index->included[i]))
            return false;
    }
    return true;
}

static bool any_has_index(const struct view *view, size_t table, const struct vf_index *index)
{
    for (size_t i = 0; i < view->map->n_targets; i++) {
        if (has_index(view, table, index, (unsigned char)(1U << i)))
            return true;
    }
    return false;
}

static enum vf_status add_index(const struct view *view, size_t table, const struct vf_index *index,
                                struct vf_table *made)
{
    struct vf_arena *arena = &view->plan->arena;
    struct vf_index *added = &made->indexes[made->n_indexes++];

    *added = *index;
    added->parts = vf_arena_alloc(arena, index->n_parts + 1, sizeof(*added->parts));
    added->included = vf_arena_alloc(arena, index->n_included + 1, sizeof(*added->included));
    if (added->parts == NULL || added->included == NULL)
        return vf_error_nomem(view->err);
    for (size_t i = 0; i < index->n_parts; i++) {
        added->parts[i] = index->parts[i];
        if (index->parts[i].column >= 0)
            added->parts[i].column = number_of(view, table, index->parts[i].column);
    }
    for (size_t i = 0; i < index->n_included; i++)
        added->included[i] = number_of(view, table, index->included[i]);
    if (index->constraint == VF_CONSTRAINT_PRIMARY)
        made->primary_key = (int)made->n_indexes - 1;
    return VF_OK;
}

static enum vf_status show_indexes(const struct view *view, size_t table, struct vf_table *made)
{
    const struct vf_table *source = &view->map->source->tables[table];
    enum vf_status status = VF_OK;
    char label[256];

    made->n_indexes = 0;
    made->primary_key = -1;
    made->indexes = vf_arena_alloc(&view->plan->arena, source->n_indexes + 1, sizeof(*made->indexes));
    if (made->indexes == NULL)
        return vf_error_nomem(view->err);
    for (size_t i = 0; i < source->n_indexes && status == VF_OK; i++) {
        const struct vf_index *index = &source->indexes[i];
        if (has_index(view, table, index, view->bit))
            status = add_index(view, table, index, made);
        else if (is_first(view, table) && !any_has_index(view, table, index))
            status = vf_plan_not_moved(view->plan, "index", source->schema, index->name != NULL ? index->name : "index",
                                       vf_table_label(source->schema, source->name, label, sizeof(label)),
                                       index->definition, "its columns go to different targets", view->err);
    }
    return status;
}

/* ---- foreign keys ---- */

static bool has_foreign_key(const struct view *view, size_t table, const struct vf_foreign_key *key, unsigned char bit)
{
    struct view other = {.map = view->map, .bit = bit};
    const struct vf_schema *source = view->map->source;
    size_t to = find_table(source, key->to_schema, key->to_table);

    for (size_t i = 0; i < key->n_columns; i++) {
        if (!has_column(&other, table, key->columns[i]))
            return false;
        if (to < source->n_tables &&
            !has_column(&other, to, vf_table_find_column(&source->tables[to], key->to_columns[i])))
            return false;
    }
    return true;
}

/* The targets that have a table, for people: "target 1", "targets 1 and 2". */
static const char *targets_of(const struct view *view, size_t table)
{
    bool first = has_table(view->map, table, 1), second = has_table(view->map, table, 2);

    return first && second ? "targets 1 and 2" : first ? "target 1" : "target 2";
}

static enum vf_status name_crossing(const struct view *view, size_t table, const struct vf_foreign_key *key)
{
    const struct vf_schema *source = view->map->source;
    const struct vf_table *from = &source->tables[table];
    size_t to = find_table(source, key->to_schema, key->to_table);
    char from_label[256], to_label[256], why[700];

    vf_table_label(from->schema, from->name, from_label, sizeof(from_label));
    vf_table_label(key->to_schema, key->to_table, to_label, sizeof(to_label));
    snprintf(why, sizeof(why), "it would cross the targets: %s goes to %s, %s to %s", from_label,
             targets_of(view, table), to_label, to < source->n_tables ? targets_of(view, to) : "none");
    return vf_plan_not_moved(view->plan, "foreign key", NULL, key->name != NULL ? key->name : key->to_table, from_label,
                             NULL, why, view->err);
}

static enum vf_status show_foreign_keys(const struct view *view, size_t table, struct vf_table *made)
{
    const struct vf_table *source = &view->map->source->tables[table];
    struct vf_arena *arena = &view->plan->arena;
    enum vf_status status = VF_OK;

    made->n_foreign_keys = 0;
    made->foreign_keys = vf_arena_alloc(arena, source->n_foreign_keys + 1, sizeof(*made->foreign_keys));
    if (made->foreign_keys == NULL)
        return vf_error_nomem(view->err);
    for (size_t i = 0; i < source->n_foreign_keys && status == VF_OK; i++) {
        const struct vf_foreign_key *key = &source->foreign_keys[i];
        bool any = false;
        for (size_t k = 0; k < view->map->n_targets; k++)
            any |= has_foreign_key(view, table, key, (unsigned char)(1U << k));
        if (!any && is_first(view, table))
            status = name_crossing(view, table, key);
        if (!has_foreign_key(view, table, key, view->bit))
            continue;
        struct vf_foreign_key *added = &made->foreign_keys[made->n_foreign_keys++];
        *added = *key;
        added->columns = vf_arena_alloc(arena, key->n_columns + 1, sizeof(*added->columns));
        if (added->columns == NULL)
            return vf_error_nomem(view->err);
        for (size_t k = 0; k < key->n_columns; k++)
            added->columns[k] = number_of(view, table, key->columns[k]);
    }
    return status;
}

/* ---- tables ---- */

/* About what the columns of the view weigh: vectors by their type, all else goes with the first part. */
static int64_t size_of_part(const struct view *view, size_t table)
{
    const struct vf_table *source = &view->map->source->tables[table];
    bool first = is_first(view, table);
    int64_t size_bytes = first ? source->size_bytes : 0;

    if (source->size_bytes < 0 || source->n_rows < 0)
        return source->size_bytes;
    for (size_t i = 0; i < source->n_columns; i++) {
        const struct vf_type type = source->columns[i].type;
        if (type.kind != VF_K_VECTOR || has_column(view, table, (int)i) == first)
            continue;
        int64_t vectors = (int64_t)vf_element_bytes(type.element, type.dim) * source->n_rows;
        size_bytes += first ? -vectors : vectors;
    }
    return size_bytes > 0 ? size_bytes : 0;
}

static enum vf_status show_table(const struct view *view, size_t table, struct vf_table *made)
{
    const struct vf_table *source = &view->map->source->tables[table];

    *made = *source;
    if (!has_whole_table(view, table)) {
        made->n_columns = 0;
        made->columns = vf_arena_alloc(&view->plan->arena, source->n_columns + 1, sizeof(*made->columns));
        if (made->columns == NULL)
            return vf_error_nomem(view->err);
        for (size_t i = 0; i < source->n_columns; i++) {
            if (has_column(view, table, (int)i))
                made->columns[made->n_columns++] = source->columns[i];
        }
        made->size_bytes = size_of_part(view, table);
        made->n_checks = is_first(view, table) ? source->n_checks : 0;
    }
    enum vf_status status = has_whole_table(view, table) ? VF_OK : show_indexes(view, table, made);
    return status == VF_OK ? show_foreign_keys(view, table, made) : status;
}

/* ---- what isn't a table ---- */

/* Is the type's name in the native type of one of the view's columns? An array of it, or a domain over it, has the name in its own. */
static bool uses_type(const struct vf_schema *shown, const struct vf_user_type *type)
{
    for (size_t i = 0; i < shown->n_tables; i++) {
        for (size_t k = 0; k < shown->tables[i].n_columns; k++) {
            const struct vf_column *column = &shown->tables[i].columns[k];
            if (strstr(column->native, type->name) != NULL || vf_str_equal(column->type_name, type->name))
                return true;
        }
    }
    for (size_t i = 0; i < shown->n_user_types; i++) {
        const struct vf_user_type *other = &shown->user_types[i];
        bool used = other->base != NULL && strstr(other->base, type->name) != NULL;
        for (size_t k = 0; k < other->n_fields && !used; k++)
            used = strstr(other->field_natives[k], type->name) != NULL;
        if (used)
            return true;
    }
    return false;
}

/* Types that the columns need, and those that these need; the first target also has those that no column needs. From the last, since a type is made after those that it is made of. */
static enum vf_status show_types(const struct view *view)
{
    const struct vf_schema *source = view->map->source;
    struct vf_schema *shown = &view->plan->source;
    size_t n = source->n_user_types;
    struct vf_user_type *kept = vf_arena_alloc(&view->plan->arena, n + 1, sizeof(*kept));

    if (kept == NULL)
        return vf_error_nomem(view->err);
    for (size_t i = n; i > 0; i--) {
        shown->user_types = &kept[n - shown->n_user_types];
        if (view->bit != 1 && !uses_type(shown, &source->user_types[i - 1]))
            continue;
        shown->n_user_types++;
        kept[n - shown->n_user_types] = source->user_types[i - 1];
    }
    shown->user_types = &kept[n - shown->n_user_types];
    return VF_OK;
}

/* The table that a sequence serves. One that is remembered knows the schema that became a part of its table's name here. */
static size_t owner_of(const struct vf_schema *source, const struct vf_sequence *sequence)
{
    size_t table = find_table(source, sequence->owner_schema, sequence->owner_table);
    char joined[256];

    if (table < source->n_tables || sequence->owner_schema == NULL || sequence->owner_table == NULL)
        return table;
    snprintf(joined, sizeof(joined), "%s_%s", sequence->owner_schema, sequence->owner_table);
    return find_table(source, NULL, joined);
}

static enum vf_status show_sequences(const struct view *view)
{
    const struct vf_schema *source = view->map->source;
    struct vf_schema *shown = &view->plan->source;

    shown->sequences = vf_arena_alloc(&view->plan->arena, source->n_sequences + 1, sizeof(*shown->sequences));
    if (shown->sequences == NULL)
        return vf_error_nomem(view->err);
    for (size_t i = 0; i < source->n_sequences; i++) {
        const struct vf_sequence *sequence = &source->sequences[i];
        size_t table = owner_of(source, sequence);
        int column = table < source->n_tables && sequence->owner_column != NULL
                         ? vf_table_find_column(&source->tables[table], sequence->owner_column)
                         : -1;
        bool is_shown = column >= 0                ? has_column(view, table, column)
                        : table < source->n_tables ? is_first(view, table)
                                                   : view->bit == 1;
        if (is_shown)
            shown->sequences[shown->n_sequences++] = *sequence;
    }
    return VF_OK;
}

static enum vf_status show_others(const struct view *view)
{
    const struct vf_schema *source = view->map->source;
    struct vf_schema *shown = &view->plan->source;

    shown->others = vf_arena_alloc(&view->plan->arena, source->n_others + 1, sizeof(*shown->others));
    if (shown->others == NULL)
        return vf_error_nomem(view->err);
    for (size_t i = 0; i < source->n_others; i++) {
        size_t table = source->n_tables;
        for (size_t k = 0; source->others[i].on != NULL && k < source->n_tables; k++) {
            if (vf_plan_is_named(&source->tables[k], source->others[i].on))
                table = k;
        }
        bool is_shown = table < source->n_tables ? is_first(view, table) : view->bit == 1;
        /* A view goes where its tables are, which only its text says. */
        if (is_shown || vf_plan_is_readable_view(&source->others[i]))
            shown->others[shown->n_others++] = source->others[i];
    }
    return VF_OK;
}

enum vf_status vf_part_view(const struct vf_part_map *map, unsigned target, struct vf_plan *plan, struct vf_error *err)
{
    struct view view = {.map = map, .bit = (unsigned char)(1U << (target - 1)), .plan = plan, .err = err};
    struct vf_schema *shown = &plan->source;
    enum vf_status status = VF_OK;

    shown->collation = map->source->collation;
    shown->tables = vf_arena_alloc(&plan->arena, map->source->n_tables + 1, sizeof(*shown->tables));
    if (shown->tables == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < map->source->n_tables && status == VF_OK; i++) {
        if (has_table(map, i, view.bit))
            status = show_table(&view, i, &shown->tables[shown->n_tables++]);
    }
    if (status == VF_OK)
        status = show_types(&view);
    if (status == VF_OK)
        status = show_sequences(&view);
    return status == VF_OK ? show_others(&view) : status;
}
