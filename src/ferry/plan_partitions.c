/* Partitioned and inherited tables, and unlogged ones: what becomes of them in the target. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "ferry/plan_make.h"
#include "ferry/yaml.h"

/* ---- partitions that are moved as tables ---- */

struct taking {
    struct vf_schema *source;
    struct vf_plan_request *request;
    struct vf_table *tables; /* that take the place of the source's */
    size_t n_tables;
    struct vf_error *err;
};

static bool is_called(const struct vf_table *table, const char *label)
{
    char own[256];

    return strcmp(table->name, label) == 0 ||
           strcmp(vf_table_label(table->schema, table->name, own, sizeof(own)), label) == 0;
}

static bool is_entry_of(const struct vf_plan_request_table *entry, const struct vf_table *table)
{
    return strcmp(entry->name, table->name) == 0 &&
           (entry->schema == NULL || vf_str_equal(entry->schema, table->schema));
}

static bool is_part(const struct vf_table *part, const struct vf_table *whole)
{
    return vf_str_equal(part->part_of.schema, whole->schema) && vf_str_equal(part->part_of.name, whole->name);
}

static const struct vf_plan_request_table *entry_of(const struct vf_plan_request *request, const struct vf_table *table)
{
    for (size_t i = 0; i < request->n_tables; i++) {
        if (is_entry_of(&request->tables[i], table))
            return &request->tables[i];
    }
    return NULL;
}

/* Does the file take the table apart? Then it can't move it as a whole, too: its rows would be there twice. */
static enum vf_status is_taken_apart(const struct vf_plan_request *request, const struct vf_table *table, bool *apart,
                                     struct vf_error *err)
{
    const struct vf_plan_request_table *own = entry_of(request, table), *part = NULL;

    for (size_t i = 0; i < request->n_tables; i++) {
        if (request->tables[i].part_of != NULL && is_called(table, request->tables[i].part_of))
            part = &request->tables[i];
    }
    *apart = part != NULL || (own != NULL && own->partitions == VF_PLAN_PARTITIONS_PARTS);
    if (*apart && table->partition_by.strategy == VF_PARTITION_NONE) {
        const struct vf_plan_request_table *said = part != NULL ? part : own;
        return vf_error_set(err, VF_USAGE, "%s:%d:%d: table \"%s\" isn't partitioned", request->file, said->line,
                            said->column, table->name);
    }
    if (part == NULL || own == NULL || own->partitions == VF_PLAN_PARTITIONS_PARTS)
        return VF_OK;
    vf_error_set(err, VF_USAGE, "%s:%d:%d: table \"%s\" is in the plan as a whole, and its partition \"%s\" too",
                 request->file, own->line, own->column, table->name, part->name);
    vf_error_hint(err, "take one of them out: the rows would be moved twice");
    return VF_USAGE;
}

static enum vf_status name(struct taking *taking, const char *kind, const char *schema, const char *what,
                           const char *on, const char *text, const char *why)
{
    struct vf_other *other = vf_schema_add_other(taking->source);

    if (other == NULL)
        return vf_error_nomem(taking->err);
    *other = (struct vf_other){.kind = kind, .schema = schema, .name = what, .on = on, .text = text, .why = why};
    return VF_OK;
}

/* The table's entry speaks for each of its partitions, unless that has one of its own; what it lists by name is of the table. */
static void add_entry(struct taking *taking, const struct vf_plan_request_table *own, const struct vf_table *part)
{
    struct vf_plan_request_table *made = &taking->request->tables[taking->request->n_tables];

    if (own == NULL || entry_of(taking->request, part) != NULL)
        return;
    *made = *own;
    made->schema = part->schema;
    made->name = part->name;
    made->target_name = NULL;
    made->partitions = VF_PLAN_PARTITIONS_UNSAID;
    made->part_of = own->name;
    made->has_indexes = made->has_foreign_keys = made->has_checks = false;
    made->n_indexes = made->n_foreign_keys = made->n_checks = 0;
    taking->request->n_tables++;
}

/* What belongs to one partition is a part of its table. */
static void unname(struct vf_schema *source, const struct vf_table *part)
{
    size_t n = 0;

    for (size_t i = 0; i < source->n_others; i++) {
        const struct vf_other *other = &source->others[i];
        bool is_own = strstr(other->kind, " of a partition") != NULL && vf_str_equal(other->on, part->name) &&
                      vf_str_equal(other->schema, part->schema);
        if (!is_own)
            source->others[n++] = *other;
    }
    source->n_others = n;
}

static enum vf_status take_apart(struct taking *taking, const struct vf_table *table)
{
    const struct vf_plan_request_table *own = entry_of(taking->request, table);
    enum vf_status status = name(taking, "partitioning", table->schema, table->name, table->name,
                                 table->partition_by.text, "each partition is moved as a table of its own");

    for (size_t i = 0; i < taking->source->n_partitions; i++) {
        const struct vf_table *part = &taking->source->partitions[i];
        if (!is_part(part, table))
            continue;
        taking->tables[taking->n_tables++] = *part;
        add_entry(taking, own, part);
        unname(taking->source, part);
    }
    for (size_t i = 0; i < table->n_partitions && status == VF_OK; i++) {
        if (table->partitions[i].is_foreign)
            status = name(taking, "foreign table", table->partitions[i].schema, table->partitions[i].name, table->name,
                          NULL, "its rows are those of another database: move them from there");
    }
    return status;
}

/* The entries of tables that are taken apart have done their work. */
static void drop_entries(struct vf_plan_request *request)
{
    size_t n = 0;

    for (size_t i = 0; i < request->n_tables; i++) {
        if (request->tables[i].partitions != VF_PLAN_PARTITIONS_PARTS)
            request->tables[n++] = request->tables[i];
    }
    request->n_tables = n;
}

enum vf_status vf_plan_take_parts(struct vf_schema *source, const struct vf_plan_request **request,
                                  struct vf_arena *arena, struct vf_error *err)
{
    struct taking taking = {.source = source, .err = err};
    bool any = false, apart;
    enum vf_status status = VF_OK;

    for (size_t i = 0; *request != NULL && i < (*request)->n_tables; i++)
        any = any || (*request)->tables[i].part_of != NULL ||
              (*request)->tables[i].partitions == VF_PLAN_PARTITIONS_PARTS;
    if (!any)
        return VF_OK;
    size_t n_old = source->n_tables;
    taking.request = vf_arena_alloc(arena, 1, sizeof(*taking.request));
    taking.tables = vf_arena_alloc(arena, n_old + source->n_partitions + 1, sizeof(*taking.tables));
    struct vf_plan_request_table *entries =
        vf_arena_alloc(arena, (*request)->n_tables + source->n_partitions + 1, sizeof(*entries));
    if (taking.request == NULL || taking.tables == NULL || entries == NULL)
        return vf_error_nomem(err);
    *taking.request = **request;
    taking.request->tables = entries;
    if ((*request)->n_tables > 0)
        memcpy(entries, (*request)->tables, (*request)->n_tables * sizeof(*entries));
    for (size_t i = 0; i < n_old && status == VF_OK; i++) {
        status = is_taken_apart(*request, &source->tables[i], &apart, err);
        if (status == VF_OK && apart)
            status = take_apart(&taking, &source->tables[i]);
        else if (status == VF_OK)
            taking.tables[taking.n_tables++] = source->tables[i];
    }
    if (status != VF_OK)
        return status;
    drop_entries(taking.request);
    source->tables = taking.tables;
    source->n_tables = taking.n_tables;
    *request = taking.request;
    return VF_OK;
}

/* ---- what a table becomes ---- */

static bool copy_by(struct vf_plan_maker *maker, const struct vf_plan_table *table, const struct vf_partition_by *from,
                    struct vf_partition_by *to, const char **why)
{
    *to = *from;
    to->columns = vf_arena_alloc(&maker->plan->arena, from->n_columns + 1, sizeof(*to->columns));
    for (size_t i = 0; to->columns != NULL && i < from->n_columns; i++) {
        to->columns[i] = vf_plan_target_number(table, from->columns[i]);
        if (to->columns[i] < 0)
            *why = "a column by which it is partitioned isn't moved";
    }
    return to->columns != NULL;
}

/* The same partitions in the target; *why: they can't be. */
static enum vf_status make_same(struct vf_plan_maker *maker, struct vf_plan_table *table, const char **why)
{
    const struct vf_table *source = &table->source;
    struct vf_partition_by by;
    struct vf_partition *parts = vf_arena_alloc(&maker->plan->arena, source->n_partitions + 1, sizeof(*parts));

    if (parts == NULL || !copy_by(maker, table, &source->partition_by, &by, why))
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < source->n_partitions; i++) {
        parts[i] = source->partitions[i];
        parts[i].schema = vf_plan_target_schema(maker, source->partitions[i].schema);
        if (!copy_by(maker, table, &source->partitions[i].by, &parts[i].by, why))
            return vf_error_nomem(maker->err);
    }
    if (*why != NULL)
        return VF_OK;
    table->target.partition_by = by;
    table->target.partitions = parts;
    table->target.n_partitions = source->n_partitions;
    return VF_OK;
}

static enum vf_status add_partitions(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                     enum vf_plan_partitions wanted)
{
    const struct vf_table *source = &table->source;
    const char *why = !vf_conn_can(maker->target, VF_CAP_PARTITIONS)
                          ? "the rows of all partitions are moved as one table"
                      : wanted == VF_PLAN_PARTITIONS_ONE ? "the plan moves all rows as one table"
                                                         : source->partition_by.why;
    enum vf_status status = VF_OK;

    if (why == NULL)
        status = make_same(maker, table, &why);
    if (status != VF_OK || why == NULL)
        return status;
    if (wanted == VF_PLAN_PARTITIONS_SAME)
        return vf_plan_settle(maker,
                              vf_problem_add_about(&maker->plan->problems, VF_SEVERITY_BLOCK, VF_USAGE, source, NULL,
                                                   "say partitions: one, or parts", maker->err,
                                                   "it can't be partitioned the same way: %s", why),
                              "partitions: one", NULL);
    return vf_plan_not_moved(maker->plan, "partitioning", source->schema, source->name, source->name,
                             source->partition_by.text, why, maker->err);
}

static const struct vf_plan_table *find(const struct vf_plan *plan, const struct vf_table_name *wanted)
{
    for (size_t i = 0; i < plan->n_tables; i++) {
        const struct vf_table *source = &plan->tables[i].source;
        if (vf_str_equal(source->schema, wanted->schema) && strcmp(source->name, wanted->name) == 0)
            return &plan->tables[i];
    }
    return NULL;
}

/* A child has the columns of its parent, under the same names. */
static bool fits(const struct vf_plan_table *child, const struct vf_plan_table *parent)
{
    if (parent->target.n_columns > 0 && parent->target.partition_by.strategy != VF_PARTITION_NONE)
        return false;
    for (size_t i = 0; i < parent->target.n_columns; i++) {
        int k = vf_table_find_column(&child->target, parent->target.columns[i].name);
        if (k < 0 || strcmp(child->target.columns[k].native, parent->target.columns[i].native) != 0 ||
            (parent->target.columns[i].not_null && !child->target.columns[k].not_null))
            return false;
    }
    return true;
}

static enum vf_status add_parents(struct vf_plan_maker *maker, struct vf_plan_table *table)
{
    const struct vf_table *source = &table->source;
    enum vf_status status = VF_OK;

    table->target.parents = vf_arena_alloc(&maker->plan->arena, source->n_parents + 1, sizeof(*table->target.parents));
    if (table->target.parents == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < source->n_parents && status == VF_OK; i++) {
        const struct vf_plan_table *parent = find(maker->plan, &source->parents[i]);
        bool can = vf_conn_can(maker->target, VF_CAP_PARTITIONS);
        if (can && parent != NULL && fits(table, parent)) {
            table->target.parents[table->target.n_parents++] =
                (struct vf_table_name){parent->target.schema, parent->target.name};
            continue;
        }
        status = vf_plan_not_moved(
            maker->plan, "inheritance", source->schema, source->name, source->parents[i].name, NULL,
            !can ? "each table is moved with its own rows, and the tables know nothing of each other; it is "
                   "remembered for the way back"
            : parent == NULL ? "the table that it inherits from isn't moved"
                             : "its columns aren't those of the table that it inherits from",
            maker->err);
    }
    return status;
}

enum vf_status vf_plan_add_lineage(struct vf_plan_maker *maker, struct vf_plan_table *table,
                                   const struct vf_plan_request_table *request)
{
    const struct vf_table *source = &table->source;
    enum vf_status status = VF_OK;

    if (source->partition_by.strategy != VF_PARTITION_NONE)
        status = add_partitions(maker, table, request != NULL ? request->partitions : VF_PLAN_PARTITIONS_UNSAID);
    if (status == VF_OK && source->n_parents > 0)
        status = add_parents(maker, table);
    if (status == VF_OK && source->unlogged && !table->target.unlogged)
        status = vf_plan_not_moved(maker->plan, "unlogged table", source->schema, source->name, source->name, NULL,
                                   "the target keeps the rows over a crash", maker->err);
    return status;
}

/* ---- the file ---- */

/* "=..." is a value; else a word. */
static void put_values(struct vf_buf *text, const char *before, size_t n, const char *const *values)
{
    vf_buf_str(text, before);
    for (size_t i = 0; i < n; i++) {
        bool is_value = values[i][0] == '=';
        vf_buf_str(text, i > 0 ? ", " : "");
        vf_buf_str(text, is_value ? "'" : "");
        for (const char *c = values[i] + is_value; *c != '\0'; c++)
            vf_buf_printf(text, is_value && *c == '\'' ? "'%c" : "%c", *c);
        vf_buf_str(text, is_value ? "'" : "");
    }
    vf_buf_char(text, ')');
}

static void put_bound(struct vf_buf *text, const struct vf_partition *partition)
{
    if (partition->is_default) {
        vf_buf_str(text, "DEFAULT");
    } else if (partition->n_high > 0) {
        put_values(text, "FROM (", partition->n_low, partition->low);
        put_values(text, " TO (", partition->n_high, partition->high);
    } else if (partition->n_low > 0) {
        put_values(text, "IN (", partition->n_low, partition->low);
    } else {
        vf_buf_printf(text, "WITH (MODULUS %" PRId64 ", REMAINDER %" PRId64 ")", partition->modulus,
                      partition->remainder);
    }
}

static void put_key(struct vf_buf *out, const char *key, const char *text)
{
    vf_buf_printf(out, ", %s: ", key);
    vf_yaml_put(out, text);
}

void vf_plan_write_bounds(struct vf_buf *out, const struct vf_table *table)
{
    struct vf_buf bound;
    char label[256];

    vf_buf_init(&bound, VF_BUF_MAX);
    for (size_t i = 0; i < table->n_partitions; i++) {
        const struct vf_partition *partition = &table->partitions[i];
        const struct vf_partition *parent = partition->parent >= 0 ? &table->partitions[partition->parent] : NULL;
        vf_buf_str(out, i == 0 ? "    bounds:\n      - {name: " : "      - {name: ");
        vf_yaml_put(out, vf_table_label(partition->schema, partition->name, label, sizeof(label)));
        if (parent != NULL)
            put_key(out, "of", vf_table_label(parent->schema, parent->name, label, sizeof(label)));
        vf_buf_clear(&bound);
        put_bound(&bound, partition);
        put_key(out, "rows", bound.data);
        if (partition->by.text != NULL)
            put_key(out, "by", partition->by.text);
        vf_buf_str(out, "}\n");
    }
    if (bound.status != VF_OK && out->status == VF_OK)
        out->status = bound.status;
    vf_buf_release(&bound);
}
