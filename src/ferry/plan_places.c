#include "ferry/plan_places.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ferry/plan_make.h"

static int count_lines(struct vf_plan_places *places, const struct vf_buf *out)
{
    for (; places->counted_bytes < out->size_bytes; places->counted_bytes++)
        places->n_lines += out->data[places->counted_bytes] == '\n';
    return places->n_lines + 1;
}

static void add(struct vf_plan_places *places, const struct vf_buf *out, const char *object)
{
    places->failed = places->failed || object == NULL;
    if (object == NULL)
        return;
    if (places->n_places == places->cap) {
        size_t cap = places->cap == 0 ? 64 : places->cap * 2;
        struct vf_plan_place *grown = vf_arena_alloc(&places->arena, cap, sizeof(*grown));
        places->failed = places->failed || grown == NULL;
        if (grown == NULL)
            return;
        if (places->n_places > 0)
            memcpy(grown, places->places, places->n_places * sizeof(*grown));
        places->places = grown;
        places->cap = cap;
    }
    places->places[places->n_places++] = (struct vf_plan_place){object, places->target, count_lines(places, out)};
}

void vf_plan_places_add(struct vf_plan_places *places, const struct vf_buf *out, const char *schema, const char *name,
                        const char *part)
{
    char label[256];

    vf_table_label(schema, name, label, sizeof(label));
    add(places, out,
        vf_arena_printf(&places->arena, "%s%s%s", label, part != NULL ? "." : "", part != NULL ? part : ""));
}

void vf_plan_places_add_key(struct vf_plan_places *places, const struct vf_buf *out, const char *key)
{
    add(places, out, vf_arena_printf(&places->arena, "%s:", key));
}

/* What is looked for: the object, or what the problem says instead. The second target has a key of its own. */
static const char *place_of(const struct vf_problem *problem, unsigned target)
{
    const char *at = problem->at != NULL ? problem->at : problem->object;

    if (target > 1 && strcmp(at, "target:") == 0)
        return "target2:";
    return target > 1 && strcmp(at, "storage:") == 0 ? "storage2:" : at;
}

int vf_plan_places_find(const struct vf_plan_places *places, const struct vf_problem *problem, unsigned target)
{
    const char *object = place_of(problem, target);
    size_t longest = 0;
    int line = 0;

    for (size_t i = 0; i < places->n_places; i++) {
        const char *place = places->places[i].object;
        size_t size_bytes = strlen(place);
        if (places->places[i].target != target && places->places[i].target != 0)
            continue;
        if (strcmp(place, object) == 0)
            return places->places[i].line;
        if (size_bytes <= longest || !vf_str_starts(object, place) || object[size_bytes] != '.')
            continue;
        longest = size_bytes;
        line = places->places[i].line;
    }
    return problem->say == NULL ? line : 0;
}

void vf_plan_put_key_part(struct vf_buf *out, size_t n_columns, const char *const *columns, const char *to)
{
    for (size_t i = 0; i < n_columns; i++)
        vf_buf_printf(out, "%s%s", i > 0 ? ", " : "(", columns[i]);
    vf_buf_printf(out, ") to %s", to);
}

const char *vf_plan_key_part(struct vf_arena *arena, const struct vf_table *table, const struct vf_foreign_key *key)
{
    const char **columns = vf_arena_alloc(arena, key->n_columns + 1, sizeof(*columns));
    char label[256];
    struct vf_buf text;

    if (columns == NULL)
        return NULL;
    for (size_t i = 0; i < key->n_columns; i++)
        columns[i] = table->columns[key->columns[i]].name;
    vf_buf_init(&text, VF_BUF_MAX);
    vf_plan_put_key_part(&text, key->n_columns, columns,
                         vf_table_label(key->to_schema, key->to_table, label, sizeof(label)));
    const char *part = text.status == VF_OK ? vf_arena_strdup(arena, text.data) : NULL;
    vf_buf_release(&text);
    return part;
}

void vf_plan_places_release(struct vf_plan_places *places)
{
    vf_arena_release(&places->arena);
    *places = (struct vf_plan_places){0};
}

/* ---- a file that was read ---- */

/* What stands behind the name in the object: "", or a part with its point; NULL: it is about something else. */
static const char *part_of(const char *schema, const char *name, const char *object)
{
    char label[256];
    size_t size_bytes = strlen(name);

    vf_table_label(schema, name, label, sizeof(label));
    if (!vf_str_starts(object, label)) {
        const char *point = schema == NULL ? strchr(object, '.') : NULL; /* the file leaves the schema out */
        if (point == NULL || !vf_str_starts(point + 1, name))
            return NULL;
        object = point + 1;
    } else {
        size_bytes = strlen(label);
    }
    return object[size_bytes] == '.' || object[size_bytes] == '\0' ? object + size_bytes : NULL;
}

static bool is_key_part(const struct vf_plan_request_foreign_key *key, const char *part)
{
    struct vf_buf text;

    vf_buf_init(&text, VF_BUF_MAX);
    vf_plan_put_key_part(&text, key->n_columns, key->columns, key->to);
    bool is_it = text.status == VF_OK && strcmp(text.data, part) == 0;
    vf_buf_release(&text);
    return is_it;
}

/* Of a column, an index, a check or a foreign key; 0: it has none. */
static int line_of(const struct vf_plan_request_table *table, const char *part)
{
    const struct vf_plan_request_column *column = vf_plan_find_column_request(table, part);

    if (column != NULL)
        return column->line;
    for (size_t i = 0; i < table->n_indexes; i++) {
        if (strcmp(table->indexes[i].name, part) == 0)
            return table->indexes[i].line;
    }
    for (size_t i = 0; i < table->n_checks; i++) {
        if (strcmp(table->checks[i].name, part) == 0)
            return table->checks[i].line;
    }
    for (size_t i = 0; i < table->n_foreign_keys; i++) {
        if (is_key_part(&table->foreign_keys[i], part))
            return table->foreign_keys[i].line;
    }
    return 0;
}

/* "target:"; 0: it isn't there. */
static int line_of_key(const struct vf_plan_request *request, const char *place)
{
    for (size_t i = 0; i < request->n_keys; i++) {
        size_t size_bytes = strlen(request->keys[i].name);
        if (strncmp(place, request->keys[i].name, size_bytes) == 0 && strcmp(place + size_bytes, ":") == 0)
            return request->keys[i].line;
    }
    return 0;
}

/* A column may go to another target than what its table's entry says. */
static const struct vf_plan_request_table *entry_of(const struct vf_plan_request *request, const char *place,
                                                    unsigned target, const char **part)
{
    const struct vf_plan_request_table *found = NULL;

    for (size_t i = 0; i < request->n_tables; i++) {
        const struct vf_plan_request_table *table = &request->tables[i];
        const char *rest = part_of(table->schema, table->name, place);
        if (rest == NULL || (found != NULL && table->target != target))
            continue;
        found = table;
        *part = rest;
    }
    return found;
}

static int line_in_file(const struct vf_plan_request *request, const struct vf_problem *problem, unsigned target)
{
    const char *place = place_of(problem, target), *part = NULL;
    const struct vf_plan_request_table *table = entry_of(request, place, target, &part);
    int line = table != NULL && part[0] == '.' ? line_of(table, part + 1) : 0;

    if (table != NULL)
        return line == 0 && (part[0] == '\0' || problem->say == NULL) ? table->line : line;
    for (size_t i = 0; i < request->n_views; i++) {
        if (part_of(request->views[i].schema, request->views[i].name, place) != NULL)
            return request->views[i].line;
    }
    return line_of_key(request, place);
}

void vf_plan_place_problems(const struct vf_plan *plan, const struct vf_plan_request *request)
{
    for (size_t i = 0; i < plan->problems.n_problems; i++) {
        struct vf_problem *problem = &plan->problems.problems[i];
        problem->line = request != NULL ? line_in_file(request, problem, plan->target) : 0;
    }
}
