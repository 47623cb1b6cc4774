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
    places->places[places->n_places++] = (struct vf_plan_place){object, count_lines(places, out)};
}

void vf_plan_places_add(struct vf_plan_places *places, const struct vf_buf *out, const struct vf_table *table,
                        const char *part)
{
    char label[256];

    vf_table_label(table->schema, table->name, label, sizeof(label));
    add(places, out,
        vf_arena_printf(&places->arena, "%s%s%s", label, part != NULL ? "." : "", part != NULL ? part : ""));
}

void vf_plan_places_add_key(struct vf_plan_places *places, const struct vf_buf *out, const char *key)
{
    add(places, out, vf_arena_printf(&places->arena, "%s:", key));
}

const char *vf_plan_place_of(const struct vf_problem *problem, unsigned target)
{
    const char *at = problem->at != NULL ? problem->at : problem->object;

    if (target > 1 && strcmp(at, "target:") == 0)
        return "target2:";
    return target > 1 && strcmp(at, "storage:") == 0 ? "storage2:" : at;
}

int vf_plan_places_find(const struct vf_plan_places *places, const char *object)
{
    for (size_t i = 0; i < places->n_places; i++) {
        if (strcmp(places->places[i].object, object) == 0)
            return places->places[i].line;
    }
    return 0;
}

void vf_plan_places_release(struct vf_plan_places *places)
{
    vf_arena_release(&places->arena);
    *places = (struct vf_plan_places){0};
}

/* ---- a file that was read ---- */

/* What stands behind the table's name in the object; NULL: it is about something else. */
static const char *part_of(const struct vf_plan_request_table *table, const char *object)
{
    char label[256];
    size_t size_bytes = strlen(table->name);

    vf_table_label(table->schema, table->name, label, sizeof(label));
    if (!vf_str_starts(object, label)) {
        const char *point = table->schema == NULL ? strchr(object, '.') : NULL; /* the file leaves the schema out */
        if (point == NULL || !vf_str_starts(point + 1, table->name))
            return NULL;
        object = point + 1;
    } else {
        size_bytes = strlen(label);
    }
    return object[size_bytes] == '.' || object[size_bytes] == '\0' ? object + size_bytes : NULL;
}

static int line_of(const struct vf_plan_request_table *table, const char *part)
{
    const struct vf_plan_request_column *column = part[0] == '.' ? vf_plan_find_column_request(table, part + 1) : NULL;

    for (size_t i = 0; part[0] == '.' && column == NULL && i < table->n_indexes; i++) {
        if (strcmp(table->indexes[i].name, part + 1) == 0)
            return table->indexes[i].line;
    }
    return column != NULL ? column->line : table->line;
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

void vf_plan_place_problems(const struct vf_plan *plan, const struct vf_plan_request *request)
{
    for (size_t i = 0; i < plan->problems.n_problems; i++) {
        struct vf_problem *problem = &plan->problems.problems[i];
        const char *part = NULL, *place = vf_plan_place_of(problem, plan->target);
        problem->line = request != NULL ? line_of_key(request, place) : 0;
        for (size_t k = 0; request != NULL && part == NULL && k < request->n_tables; k++) {
            part = part_of(&request->tables[k], place);
            if (part != NULL)
                problem->line = line_of(&request->tables[k], part);
        }
    }
}
