#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ferry/plan_make.h"

static unsigned char bit_of(unsigned target)
{
    return (unsigned char)(1U << (target - 1));
}

static void send_all(struct vf_part_map *map, size_t table, unsigned target)
{
    for (size_t i = 0; i < map->source->tables[table].n_columns; i++)
        map->columns[table][i] = bit_of(target);
}

/* ---- the key, which goes along ---- */

static bool is_key(const struct vf_table *table, const struct vf_index *index, bool primary)
{
    if (primary ? index->constraint != VF_CONSTRAINT_PRIMARY
                : (!index->unique && index->constraint != VF_CONSTRAINT_UNIQUE) || index->predicate != NULL)
        return false;
    for (size_t i = 0; i < index->n_parts; i++) {
        int column = index->parts[i].column;
        if (column < 0 || (!primary && !table->columns[column].not_null))
            return false;
    }
    return index->n_parts > 0;
}

const struct vf_index *vf_part_key(const struct vf_table *table)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < table->n_indexes; i++) {
            if (is_key(table, &table->indexes[i], pass == 0))
                return &table->indexes[i];
        }
    }
    return NULL;
}

static bool is_in_key(const struct vf_index *key, size_t column)
{
    for (size_t i = 0; key != NULL && i < key->n_parts; i++) {
        if (key->parts[i].column == (int)column)
            return true;
    }
    return false;
}

/* All targets that have a column of the table. */
static unsigned char used_by(const struct vf_part_map *map, size_t table)
{
    unsigned char used = 0;

    for (size_t i = 0; i < map->source->tables[table].n_columns; i++)
        used |= map->columns[table][i];
    return used;
}

static bool is_split(unsigned char used)
{
    return (used & (used - 1)) != 0;
}

/* The key's columns go to all targets that have a column of the table, so that their rows can be put together again. false: there is no key. */
static bool send_key(struct vf_part_map *map, size_t table)
{
    const struct vf_index *key = vf_part_key(&map->source->tables[table]);
    unsigned char used = 0;

    for (size_t i = 0; i < map->source->tables[table].n_columns; i++) {
        if (!is_in_key(key, i))
            used |= map->columns[table][i];
    }
    if (!is_split(used | used_by(map, table)))
        return true;
    for (size_t i = 0; key != NULL && i < key->n_parts; i++)
        map->columns[table][key->parts[i].column] |= used;
    return key != NULL;
}

/* ---- by --split ---- */

struct split {
    const char *text;
    char *name;
    unsigned target;
    size_t table;
    int column; /* -1: the whole table */
};

static enum vf_status refuse_split(const struct split *split, const char *what, struct vf_error *err)
{
    vf_error_set(err, VF_USAGE, "--split \"%s\": %s", split->text, what);
    vf_error_hint(err, "it wants TABLE=N or TABLE.COLUMN=N, with N the number of the target: --split 'embeddings=2'");
    return VF_USAGE;
}

static size_t find_table(const struct vf_schema *source, const char *name)
{
    for (size_t i = 0; i < source->n_tables; i++) {
        if (vf_plan_is_named(&source->tables[i], name))
            return i;
    }
    return source->n_tables;
}

/* A table of that name goes before a column: names may hold points. */
static enum vf_status resolve(const struct vf_schema *source, struct split *split, struct vf_error *err)
{
    char *point = strrchr(split->name, '.');

    split->column = -1;
    split->table = find_table(source, split->name);
    if (split->table < source->n_tables)
        return VF_OK;
    if (point == NULL)
        return vf_plan_no_such_table(source, split->name, "split", err);
    *point = '\0';
    split->table = find_table(source, split->name);
    if (split->table == source->n_tables)
        return vf_plan_no_such_table(source, split->name, "split", err);
    split->column = vf_table_find_column(&source->tables[split->table], point + 1);
    if (split->column < 0)
        return refuse_split(split, "the table has no such column", err);
    return VF_OK;
}

static enum vf_status read_split(const struct vf_part_map *map, const char *text, struct vf_arena *arena,
                                 struct split *split, struct vf_error *err)
{
    const char *sign = strrchr(text, '=');
    int64_t number = 0;

    split->text = text;
    if (sign == NULL || sign == text || !vf_parse_i64(sign + 1, strlen(sign + 1), &number))
        return refuse_split(split, "no number of a target", err);
    if (number < 1 || number > (int64_t)map->n_targets)
        return refuse_split(split, map->n_targets > 1 ? "there are two targets, 1 and 2" : "only one target is named",
                            err);
    split->target = (unsigned)number;
    split->name = vf_arena_strndup(arena, text, (size_t)(sign - text));
    return split->name != NULL ? resolve(map->source, split, err) : vf_error_nomem(err);
}

static enum vf_status apply_split(struct vf_part_map *map, const struct split *split, struct vf_error *err)
{
    const struct vf_index *key = vf_part_key(&map->source->tables[split->table]);

    if (split->column < 0) {
        send_all(map, split->table, split->target);
        return VF_OK;
    }
    if (key == NULL)
        return refuse_split(split, "the table has no key that could go with the column", err);
    if (is_in_key(key, (size_t)split->column))
        return refuse_split(split, "the column is of the table's key, which goes to both targets", err);
    map->columns[split->table][split->column] = bit_of(split->target);
    return VF_OK;
}

static enum vf_status read_options(struct vf_part_map *map, const struct vf_plan_options *options,
                                   struct vf_arena *arena, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    for (size_t i = 0; i < options->n_split && status == VF_OK; i++) {
        struct split split = {0};
        status = read_split(map, options->split[i], arena, &split, err);
        if (status == VF_OK)
            status = apply_split(map, &split, err);
    }
    for (size_t i = 0; i < map->source->n_tables && status == VF_OK; i++) {
        if (!send_key(map, i))
            status = vf_error_set(err, VF_INTERNAL, "table %s is split and has no key", map->source->tables[i].name);
    }
    return status;
}

/* ---- by the plan file ---- */

struct entries {
    const char *file;
    const struct vf_plan_request_table *of[VF_MAX_TARGETS]; /* of the table, by target */
    size_t n;
};

static bool is_of(const struct vf_plan_request_table *entry, const struct vf_table *table)
{
    return strcmp(entry->name, table->name) == 0 &&
           (entry->schema == NULL || vf_str_equal(entry->schema, table->schema));
}

static struct entries find_entries(const struct vf_plan_request *request, const struct vf_table *table)
{
    struct entries found = {.file = request->file};

    for (size_t i = 0; i < request->n_tables; i++) {
        const struct vf_plan_request_table *entry = &request->tables[i];
        if (!is_of(entry, table) || found.of[entry->target - 1] != NULL)
            continue;
        found.of[entry->target - 1] = entry;
        found.n++;
    }
    return found;
}

static enum vf_status check_entries(const struct entries *entries, struct vf_error *err)
{
    const struct vf_plan_request_table *first = NULL;

    for (size_t i = 0; entries->n > 1 && i < VF_MAX_TARGETS; i++) {
        const struct vf_plan_request_table *entry = entries->of[i];
        if (entry == NULL)
            continue;
        if (!entry->has_columns)
            return vf_error_set(err, VF_USAGE,
                                "%s:%d:%d: table \"%s\" goes to two targets: each of its entries must list its columns",
                                entries->file, entry->line, entry->column, entry->name);
        if (first != NULL && !vf_str_equal(first->where, entry->where))
            return vf_error_set(err, VF_USAGE,
                                "%s:%d:%d: table \"%s\" goes to two targets, and where: isn't the same in both",
                                entries->file, entry->line, entry->column, entry->name);
        first = entry;
    }
    return VF_OK;
}

/* Where the entries send a column; the one that is the last to name it is *named. */
static unsigned char ask_entries(const struct entries *entries, const char *name,
                                 const struct vf_plan_request_column **named)
{
    unsigned char bits = 0;

    *named = NULL;
    for (size_t i = 0; i < VF_MAX_TARGETS; i++) {
        const struct vf_plan_request_column *column = vf_plan_find_column_request(entries->of[i], name);
        if (column == NULL)
            continue;
        bits |= bit_of(column->target > 0 ? column->target : (unsigned)i + 1);
        *named = column;
    }
    return bits;
}

static enum vf_status read_entries(struct vf_part_map *map, size_t i, const struct entries *entries,
                                   struct vf_error *err)
{
    const struct vf_table *table = &map->source->tables[i];
    const struct vf_plan_request_table *lowest = entries->of[0] != NULL ? entries->of[0] : entries->of[1];
    const struct vf_plan_request_column *named;
    const struct vf_index *key = vf_part_key(table);
    enum vf_status status = check_entries(entries, err);

    for (size_t k = 0; k < table->n_columns && status == VF_OK; k++) {
        unsigned char bits = ask_entries(entries, table->columns[k].name, &named);
        map->columns[i][k] = bits != 0 ? bits : bit_of(lowest->target);
        if (is_split(bits) && !is_in_key(key, k))
            status = vf_error_set(err, VF_USAGE,
                                  "%s:%d:%d: column \"%s\" goes to both targets: only columns of the table's key may",
                                  entries->file, named->line, named->column, named->name);
    }
    if (status == VF_OK && !send_key(map, i)) {
        vf_error_set(err, VF_USAGE, "%s:%d:%d: table \"%s\" has no key that could go with the columns to both targets",
                     entries->file, lowest->line, lowest->column, table->name);
        vf_error_hint(err, "send the whole table to one target");
        status = VF_USAGE;
    }
    return status;
}

/* Targets that the file names and the plan hasn't. */
static enum vf_status check_targets(const struct vf_part_map *map, const struct vf_plan_request *request,
                                    struct vf_error *err)
{
    for (size_t i = 0; i < request->n_tables; i++) {
        const struct vf_plan_request_table *entry = &request->tables[i];
        int line = entry->target > map->n_targets ? entry->line : 0, column = entry->column;
        for (size_t k = 0; k < entry->n_columns && line == 0; k++) {
            if (entry->columns[k].target <= map->n_targets)
                continue;
            line = entry->columns[k].line;
            column = entry->columns[k].column;
        }
        if (line == 0)
            continue;
        vf_error_set(err, VF_USAGE, "%s:%d:%d: target: 2, and only one target is named", request->file, line, column);
        vf_error_hint(err, "name the other one by target2: in the plan, or as the third argument");
        return VF_USAGE;
    }
    return VF_OK;
}

static enum vf_status read_request(struct vf_part_map *map, const struct vf_plan_request *request,
                                   const struct vf_plan_options *options, struct vf_error *err)
{
    enum vf_status status = VF_OK;

    if (options->n_split > 0)
        status = vf_error_set(err, VF_USAGE, "--split goes without a plan: in %s a table or a column says target: 2",
                              request->file);
    if (status == VF_OK)
        status = check_targets(map, request, err);
    for (size_t i = 0; i < map->source->n_tables && status == VF_OK; i++) {
        struct entries entries = find_entries(request, &map->source->tables[i]);
        if (entries.n > 0)
            status = read_entries(map, i, &entries, err);
    }
    return status;
}

enum vf_status vf_part_map_make(const struct vf_schema *source, size_t n_targets, const struct vf_plan_options *options,
                                const struct vf_plan_request *request, struct vf_arena *arena, struct vf_part_map *map,
                                struct vf_error *err)
{
    *map = (struct vf_part_map){.source = source, .n_targets = n_targets};
    map->columns = vf_arena_alloc(arena, source->n_tables + 1, sizeof(*map->columns));
    if (map->columns == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < source->n_tables; i++) {
        map->columns[i] = vf_arena_alloc(arena, source->tables[i].n_columns + 1, 1);
        if (map->columns[i] == NULL)
            return vf_error_nomem(err);
        send_all(map, i, 1);
    }
    return request != NULL ? read_request(map, request, options, err) : read_options(map, options, arena, err);
}
