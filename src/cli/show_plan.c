/*
 * What doesn't move, and problems. A schema of some size says the same of many objects, of each of its forty triggers for instance: that is said once, of the first, and the others are named below it. The plan file and --json have
 * each of them with all that there is to say.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define MANY       4   /* alike, from which on they are gathered */
#define LINE_WIDTH 100 /* of the names below */

struct kind {
    const char *const *alike; /* the members by which two are alike, up to NULL */
    void (*show)(FILE *out, const json_t *item);
    void (*show_name)(FILE *out, const json_t *item);
    size_t (*name_width)(const json_t *item);
    bool (*is_gathered)(const json_t *item);
};

/* ---- alike ---- */

/* The same text but for names in it, which are between double quotes. */
static bool is_same_text(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        if (*a == '"' && strchr(a + 1, '"') != NULL && strchr(b + 1, '"') != NULL) {
            a = strchr(a + 1, '"');
            b = strchr(b + 1, '"');
        }
        a++;
        b++;
    }
    return *a == *b;
}

static bool is_alike(const struct kind *kind, const json_t *a, const json_t *b)
{
    for (const char *const *key = kind->alike; *key != NULL; key++) {
        if (!is_same_text(vf_text_of(a, *key), vf_text_of(b, *key)))
            return false;
    }
    return vf_number_of(a, "target") == vf_number_of(b, "target");
}

/* The others that are alike, in their order: *n of them. NULL: no memory, or too few to gather. To be freed. */
static size_t *find_alike(const struct kind *kind, const json_t *list, size_t first, const bool *is_shown, size_t *n)
{
    const json_t *item = json_array_get(list, first);
    size_t n_items = json_array_size(list);
    size_t *found = kind->is_gathered(item) ? calloc(n_items, sizeof(*found)) : NULL;

    *n = 0;
    for (size_t i = first + 1; found != NULL && i < n_items; i++) {
        if (!is_shown[i] && is_alike(kind, item, json_array_get(list, i)))
            found[(*n)++] = i;
    }
    if (found == NULL || *n + 1 >= MANY)
        return found;
    free(found);
    return NULL;
}

/* ---- showing ---- */

static void show_others(FILE *out, const struct kind *kind, const json_t *list, const size_t *others, size_t n)
{
    size_t width = (size_t)fprintf(out, "    the same for %zu more:", n);

    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, others[i]);
        size_t needed = kind->name_width(item) + 2;
        if (width + needed > LINE_WIDTH) {
            fputs("\n   ", out);
            width = 3;
        }
        fputc(' ', out);
        kind->show_name(out, item);
        fputs(i + 1 < n ? "," : "\n", out);
        width += needed;
    }
}

static void show_all(FILE *out, const struct kind *kind, const json_t *list)
{
    size_t n_items = json_array_size(list);
    bool *is_shown = calloc(n_items + 1, sizeof(*is_shown));

    for (size_t i = 0; i < n_items; i++) {
        size_t n = 0;
        if (is_shown != NULL && is_shown[i])
            continue;
        size_t *others = is_shown != NULL ? find_alike(kind, list, i, is_shown, &n) : NULL;
        kind->show(out, json_array_get(list, i));
        if (others != NULL)
            show_others(out, kind, list, others, n);
        for (size_t k = 0; others != NULL && k < n; k++)
            is_shown[others[k]] = true;
        free(others);
    }
    free(is_shown);
}

void vf_show_target(FILE *out, const json_t *item)
{
    if (json_object_get(item, "target") != NULL)
        fprintf(out, " (target %" PRId64 ")", vf_number_of(item, "target"));
}

/* ---- what doesn't move ---- */

static void show_object(FILE *out, const json_t *item)
{
    vf_show_text(out, vf_text_of(item, "name"));
    if (vf_text_of(item, "on")[0] == '\0')
        return;
    fputs(" on ", out);
    vf_show_text(out, vf_text_of(item, "on"));
}

static size_t object_width(const json_t *item)
{
    return strlen(vf_text_of(item, "name")) + strlen(" on ") + strlen(vf_text_of(item, "on"));
}

static void show_left(FILE *out, const json_t *item)
{
    fprintf(out, "not moved: %s ", vf_text_of(item, "kind"));
    show_object(out, item);
    vf_show_target(out, item);
    fputs(": ", out);
    vf_show_text(out, vf_text_of(item, "why"));
    fputc('\n', out);
}

static bool is_always(const json_t *item)
{
    (void)item;
    return true;
}

static void show_not_moved(FILE *out, const json_t *list)
{
    static const char *const alike[] = {"kind", "why", NULL};
    static const struct kind left = {.alike = alike,
                                     .show = show_left,
                                     .show_name = show_object,
                                     .name_width = object_width,
                                     .is_gathered = is_always};
    show_all(out, &left, list);
}

/* ---- problems ---- */

static void show_about(FILE *out, const json_t *item)
{
    vf_show_text(out, vf_text_of(item, "object"));
}

static size_t about_width(const json_t *item)
{
    return strlen(vf_text_of(item, "object"));
}

static void show_problem(FILE *out, const json_t *item)
{
    fputs(vf_text_of(item, "severity"), out);
    vf_show_target(out, item);
    fputs(": ", out);
    if (vf_text_of(item, "object")[0] != '\0') {
        show_about(out, item);
        fputs(": ", out);
    }
    vf_show_text(out, vf_text_of(item, "what"));
    if (vf_text_of(item, "remedy")[0] != '\0') {
        fputs("; ", out);
        vf_show_text(out, vf_text_of(item, "remedy"));
    }
    if (vf_number_of(item, "line") > 0 && vf_text_of(item, "say")[0] != '\0') {
        fprintf(out, " (line %" PRId64 " of the plan: ", vf_number_of(item, "line"));
        vf_show_text(out, vf_text_of(item, "say"));
        fputc(')', out);
    }
    fputc('\n', out);
}

/* What stops a copy, or waits for a word, has its own remedy each. */
static bool is_note(const json_t *item)
{
    return strcmp(vf_text_of(item, "severity"), "note") == 0 && vf_text_of(item, "object")[0] != '\0';
}

void vf_show_list(FILE *out, const json_t *list)
{
    static const char *const alike[] = {"severity", "what", "remedy", NULL};
    static const struct kind problem = {.alike = alike,
                                        .show = show_problem,
                                        .show_name = show_about,
                                        .name_width = about_width,
                                        .is_gathered = is_note};
    show_all(out, &problem, list);
}

void vf_show_problems(FILE *out, const json_t *result)
{
    show_not_moved(out, json_object_get(result, "not_moved"));
    vf_show_list(out, json_object_get(result, "problems"));
}
