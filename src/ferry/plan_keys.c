/* Foreign keys: which of them the plan moves, and what they will find in the target. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "ferry/plan_make.h"
#include "ferry/plan_places.h"

static const struct vf_plan_table *find_table(const struct vf_plan *plan, const char *schema, const char *name)
{
    for (size_t i = 0; i < plan->n_tables; i++) {
        const struct vf_table *source = &plan->tables[i].source;
        bool same_schema = schema == NULL || source->schema == NULL || strcmp(source->schema, schema) == 0;
        if (same_schema && strcmp(source->name, name) == 0)
            return &plan->tables[i];
    }
    return NULL;
}

static const char *target_name_of(const struct vf_plan_table *table, const char *name)
{
    int i = vf_table_find_column(&table->source, name);

    return i >= 0 && !table->columns[i].skip ? table->columns[i].target_name : NULL;
}

static enum vf_status translate(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                const struct vf_foreign_key *source, struct vf_foreign_key *made, bool *moved)
{
    struct vf_arena *arena = &maker->plan->arena;
    const struct vf_plan_table *to = find_table(maker->plan, source->to_schema, source->to_table);

    *made = *source;
    *moved = to != NULL && to->target.kind == VF_TABLE_ORDINARY;
    made->columns = vf_arena_alloc(arena, source->n_columns + 1, sizeof(*made->columns));
    made->to_columns = vf_arena_alloc(arena, source->n_columns + 1, sizeof(*made->to_columns));
    if (made->columns == NULL || made->to_columns == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < source->n_columns && *moved; i++) {
        made->columns[i] = vf_plan_target_number(table, source->columns[i]);
        made->to_columns[i] = target_name_of(to, source->to_columns[i]);
        *moved = made->columns[i] >= 0 && made->to_columns[i] != NULL;
    }
    if (*moved) {
        made->to_schema = to->target.schema;
        made->to_table = to->target.name;
    }
    return VF_OK;
}

/* ---- the plan's list ---- */

static bool is_the_key(const struct vf_table *table, const struct vf_foreign_key *key,
                       const struct vf_plan_request_foreign_key *own)
{
    char label[256];
    bool same = key->n_columns == own->n_columns &&
                (strcmp(vf_table_label(key->to_schema, key->to_table, label, sizeof(label)), own->to) == 0 ||
                 strcmp(key->to_table, own->to) == 0);

    for (size_t i = 0; i < key->n_columns && same; i++)
        same = strcmp(table->columns[key->columns[i]].name, own->columns[i]) == 0;
    return same;
}

static bool is_listed(const struct vf_table *table, const struct vf_foreign_key *key,
                      const struct vf_plan_request_table *request)
{
    bool listed = request == NULL || !request->has_foreign_keys;

    for (size_t i = 0; !listed && i < request->n_foreign_keys; i++)
        listed = is_the_key(table, key, &request->foreign_keys[i]);
    return listed;
}

static enum vf_status note_gone(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                const struct vf_plan_request_foreign_key *own)
{
    const struct vf_table *source = &table->source;
    char label[256];
    struct vf_buf place;

    vf_table_label(source->schema, source->name, label, sizeof(label));
    vf_buf_init(&place, VF_BUF_MAX);
    vf_buf_printf(&place, "%s.", label);
    vf_plan_put_key_part(&place, own->n_columns, own->columns, own->to);
    enum vf_status status =
        place.status != VF_OK
            ? vf_error_nomem(maker->err)
            : vf_problem_add(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_STATE, label,
                             "make the plan anew, or take the foreign key out of it", maker->err,
                             "%s:%d:%d: drift: the plan has a foreign key of these columns to %s, and the source has "
                             "none",
                             maker->request->file, own->line, own->column, own->to);
    status = vf_plan_settle(maker, status, VF_PLAN_SAY_LINE_OUT, place.data);
    vf_buf_release(&place);
    return status;
}

/* Of two targets each has a part of the source's columns and keys: what is gone is gone from the whole. */
static enum vf_status check_gone(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                 const struct vf_plan_request_table *request)
{
    const struct vf_table *whole = vf_schema_find_table(maker->whole, table->source.schema, table->source.name);
    enum vf_status status = VF_OK;

    for (size_t i = 0; request != NULL && whole != NULL && i < request->n_foreign_keys && status == VF_OK; i++) {
        const struct vf_plan_request_foreign_key *own = &request->foreign_keys[i];
        bool found = maker->options->ignore_drift;
        for (size_t k = 0; k < whole->n_foreign_keys; k++)
            found |= is_the_key(whole, &whole->foreign_keys[k], own);
        if (!found)
            status = note_gone(maker, table, own);
    }
    return status;
}

/* ---- rows without a parent ---- */

static enum vf_status judge_orphans(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                    const struct vf_foreign_key *key)
{
    if (key->n_orphans <= 0)
        return VF_OK;
    const char *part = vf_plan_key_part(&maker->plan->arena, &table->source, key);
    const char *place = part != NULL ? vf_plan_object(maker->plan, &table->source, part) : NULL;
    if (place == NULL)
        return vf_error_nomem(maker->err);
    enum vf_status status =
        vf_problem_add(&maker->plan->problems, VF_SEVERITY_NOTE, VF_OK,
                       vf_plan_object(maker->plan, &table->source, table->source.columns[key->columns[0]].name),
                       "mend them in the source, or take the foreign key out of the plan's foreign_keys", maker->err,
                       "%" PRId64 " rows refer to rows of %s that aren't there: they are moved, and the foreign key "
                       "can't be made (exit code 3)",
                       key->n_orphans, key->to_table);
    return vf_plan_settle(maker, status, VF_PLAN_SAY_LINE_OUT, place);
}

/* Databases that make their keys with the tables take a row for good of which one of the columns is NULL. */
static enum vf_status judge_match(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                  const struct vf_foreign_key *key)
{
    if (!key->match_full || key->n_columns < 2 || !vf_conn_can(maker->source, VF_CAP_LATE_KEYS) ||
        vf_conn_can(maker->target, VF_CAP_LATE_KEYS))
        return VF_OK;
    const char *object = vf_plan_object(maker->plan, &table->source, table->source.columns[key->columns[0]].name);
    return object != NULL
               ? vf_problem_add(&maker->plan->problems, VF_SEVERITY_NOTE, VF_OK, object, NULL, maker->err,
                                "the foreign key to %s is MATCH FULL: in the target a row with some of its %zu columns "
                                "NULL isn't refused; it is remembered for the way back",
                                key->to_table, key->n_columns)
               : vf_error_nomem(maker->err);
}

static enum vf_status add_key(struct vf_plan_maker *maker, struct vf_plan_table *table,
                              const struct vf_foreign_key *source, bool listed)
{
    struct vf_table *target = &table->target;
    const struct vf_plan_table *to = find_table(maker->plan, source->to_schema, source->to_table);
    bool moved = false;
    char label[256];
    enum vf_status status =
        listed ? translate(maker, table, source, &target->foreign_keys[target->n_foreign_keys], &moved) : VF_OK;

    if (status == VF_OK && moved) {
        table->foreign_keys[target->n_foreign_keys++] = source;
        status = judge_match(maker, table, source);
        return status == VF_OK ? judge_orphans(maker, table, source) : status;
    }
    if (status == VF_OK)
        status = vf_plan_not_moved(
            maker->plan, "foreign key", NULL, source->name != NULL ? source->name : source->to_table,
            vf_table_label(table->source.schema, table->source.name, label, sizeof(label)), NULL,
            !listed                                              ? "the plan leaves it out"
            : to != NULL && to->target.kind != VF_TABLE_ORDINARY ? "it refers to a vec0 table, to which none can refer"
                                                                 : "the table that it refers to isn't moved",
            maker->err);
    return status;
}

enum vf_status vf_plan_add_foreign_keys(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                        const struct vf_plan_request_table *request)
{
    struct vf_arena *arena = &maker->plan->arena;
    size_t n = table->source.n_foreign_keys;
    enum vf_status status = VF_OK;

    table->target.foreign_keys = vf_arena_alloc(arena, n + 1, sizeof(*table->target.foreign_keys));
    table->foreign_keys = vf_arena_alloc(arena, n + 1, sizeof(*table->foreign_keys));
    if (table->target.foreign_keys == NULL || table->foreign_keys == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < n && status == VF_OK; i++) {
        const struct vf_foreign_key *key = &table->source.foreign_keys[i];
        status = add_key(maker, table, key, is_listed(&table->source, key, request));
    }
    return status == VF_OK ? check_gone(maker, table, request) : status;
}
