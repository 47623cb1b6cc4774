#include "ferry/plan_diff.h"

#include <string.h>

#include "base/text.h"

#define ROWS_MUCH 10 /* a tenth more or less */

static bool is_in(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; name != NULL && i < n; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static bool has_table(const struct vf_plan_facts *facts, const char *table)
{
    for (size_t i = 0; i < facts->n_facts; i++) {
        if (strcmp(facts->facts[i].what, "table") == 0 && strcmp(facts->facts[i].object, table) == 0)
            return true;
    }
    return false;
}

/* Numbers of rows that are about the same. */
static bool is_near(const char *before, const char *after)
{
    int64_t a, b;

    if (!vf_parse_i64(before, strlen(before), &a) || !vf_parse_i64(after, strlen(after), &b))
        return false;
    int64_t apart = a > b ? a - b : b - a;
    return apart <= a / ROWS_MUCH;
}

static enum vf_status add(struct vf_plan_changes *changes, size_t *cap, const struct vf_plan_change *change,
                          struct vf_error *err)
{
    if (changes->n_changes == *cap) {
        size_t grown_cap = *cap == 0 ? 32 : *cap * 2;
        struct vf_plan_change *grown = vf_arena_alloc(&changes->arena, grown_cap, sizeof(*grown));
        if (grown == NULL)
            return vf_error_nomem(err);
        if (changes->n_changes > 0)
            memcpy(grown, changes->changes, changes->n_changes * sizeof(*grown));
        changes->changes = grown;
        *cap = grown_cap;
    }
    struct vf_plan_change *made = &changes->changes[changes->n_changes++];
    *made = (struct vf_plan_change){.kind = change->kind,
                                    .counts = change->counts,
                                    .what = vf_arena_strdup(&changes->arena, change->what),
                                    .object = vf_arena_strdup(&changes->arena, change->object),
                                    .before = vf_arena_strdup(&changes->arena, change->before),
                                    .after = vf_arena_strdup(&changes->arena, change->after)};
    changes->n_counted += change->counts;
    return made->what != NULL && made->object != NULL ? VF_OK : vf_error_nomem(err);
}

/* Could the file have known it? A short plan lists no columns, and not what the program found. What belongs to a table that is new or gone goes without saying. */
static bool is_news(const struct vf_plan_fact *fact, const struct vf_plan_facts *then,
                    const struct vf_plan_facts *other)
{
    if (fact->is_quality)
        return false;
    if (strcmp(fact->what, "partition") == 0) /* of a table that is in both */
        return then->has_not_moved && has_table(other, fact->table);
    if (fact->is_told)
        return strcmp(fact->what, "problem") == 0 ? then->has_problems : then->has_not_moved;
    return fact->table == NULL || (!is_in(then->bare, then->n_bare, fact->table) && has_table(other, fact->table));
}

enum vf_status vf_plan_diff(const struct vf_plan_facts *then, const struct vf_plan_facts *now,
                            struct vf_plan_changes *changes, struct vf_error *err)
{
    size_t cap = 0, i = 0, k = 0;
    enum vf_status status = VF_OK;

    *changes = (struct vf_plan_changes){0};
    while ((i < then->n_facts || k < now->n_facts) && status == VF_OK) {
        const struct vf_plan_fact *before = i < then->n_facts ? &then->facts[i] : NULL;
        const struct vf_plan_fact *after = k < now->n_facts ? &now->facts[k] : NULL;
        int order = before == NULL ? 1 : after == NULL ? -1 : vf_plan_fact_compare(before, after);
        struct vf_plan_change change = {.counts = true};
        i += order <= 0;
        k += order >= 0;
        const struct vf_plan_fact *fact = order <= 0 ? before : after;
        change.what = fact->what;
        change.object = fact->object;
        change.before = order <= 0 ? before->value : NULL;
        change.after = order >= 0 ? after->value : NULL;
        if (order == 0) {
            bool is_same = change.before == NULL || change.after == NULL || strcmp(change.before, change.after) == 0 ||
                           (fact->is_figure && is_near(change.before, change.after));
            change.kind = VF_CHANGE_CHANGED;
            change.counts = !fact->is_figure;
            if (!is_same)
                status = add(changes, &cap, &change, err);
        } else if (is_news(fact, then, order < 0 ? now : then)) {
            change.kind = order < 0 ? VF_CHANGE_WENT : VF_CHANGE_CAME;
            status = add(changes, &cap, &change, err);
        }
    }
    return status;
}

void vf_plan_changes_release(struct vf_plan_changes *changes)
{
    vf_arena_release(&changes->arena);
    *changes = (struct vf_plan_changes){0};
}

const char *vf_plan_change_name(enum vf_plan_change_kind kind)
{
    switch (kind) {
    case VF_CHANGE_CAME:
        return "came";
    case VF_CHANGE_WENT:
        return "went";
    case VF_CHANGE_CHANGED:
        return "changed";
    }
    return "changed";
}
