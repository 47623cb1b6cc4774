#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ferry/nul.h"
#include "ferry/plan_make.h"
#include "ferry/plan_places.h"
#include "ferry/yaml.h"

#define MAX_ALIGNED 32 /* longer names and types stand out instead of moving all the others */

/* The text with its comments and figures, or only the decisions, which the hash is over. */
struct writer {
    const struct vf_plan *plans; /* one a target */
    size_t n_plans;
    struct vf_buf *out;
    bool full;
    struct vf_plan_places *places; /* with `full` */
};

/* The next byte begins what the file says of the table, or of a part of it. */
static void note_place(const struct writer *writer, const struct vf_table *table, const char *part)
{
    if (writer->full)
        vf_plan_places_add(writer->places, writer->out, table->schema, table->name, part);
}

/* The same of a key of the whole file. */
static void note_key(const struct writer *writer, const char *key)
{
    if (!writer->full)
        return;
    writer->places->target = 0;
    vf_plan_places_add_key(writer->places, writer->out, key);
}

static void note_view(const struct writer *writer, const struct vf_plan *plan, const struct vf_other *view)
{
    if (!writer->full)
        return;
    writer->places->target = plan->target;
    vf_plan_places_add(writer->places, writer->out, view->schema, view->name, NULL);
}

static void put_key(struct vf_buf *out, const char *key, const char *text)
{
    vf_buf_printf(out, ", %s: ", key);
    vf_yaml_put(out, text);
}

static void put_comment(const struct writer *writer, const char *text)
{
    if (writer->full && text != NULL && text[0] != '\0')
        vf_yaml_put_comment(writer->out, text);
}

/* Blanks from where a text ends to where the longest of its column does. */
static void put_padding(struct vf_buf *out, const char *text, size_t width)
{
    for (size_t i = vf_yaml_width(text); i < width; i++)
        vf_buf_char(out, ' ');
}

/* ---- columns ---- */

static void put_remark(const struct writer *writer, const struct vf_plan_column *column)
{
    const char *how = column->mapping.how, *seen = column->source.evidence.text;
    bool is_exact = column->mapping.fidelity == VF_FIDELITY_EXACT;
    struct vf_buf remark;

    if (!writer->full)
        return;
    vf_buf_init(&remark, VF_BUF_MAX);
    vf_buf_str(&remark, how != NULL ? how : "");
    if (seen != NULL && (is_exact || how == NULL))
        vf_buf_printf(&remark, "%s%s", how != NULL ? "; " : "", seen);
    put_comment(writer, remark.data);
    if (remark.status != VF_OK && writer->out->status == VF_OK)
        writer->out->status = remark.status;
    vf_buf_release(&remark);
}

/* How wide the names and the source's types are, so that the columns of a table stand below each other. */
struct widths {
    size_t name, from;
};

static struct widths measure(const struct vf_plan_table *table)
{
    struct widths widths = {0, 0};

    for (size_t i = 0; i < table->n_columns; i++) {
        size_t name = vf_yaml_width(table->columns[i].name), from = vf_yaml_width(table->columns[i].source.native);
        if (name > widths.name && name <= MAX_ALIGNED)
            widths.name = name;
        if (from > widths.from && from <= MAX_ALIGNED)
            widths.from = from;
    }
    return widths;
}

static void write_column(const struct writer *writer, const struct vf_plan_table *table, size_t i, struct widths widths)
{
    const struct vf_plan_column *column = &table->columns[i];
    const struct vf_column *made = column->skip ? NULL : vf_plan_target_column(table, i);
    struct vf_buf *out = writer->out;
    char type[48];

    note_place(writer, &table->source, column->name);
    vf_buf_str(out, "      - {name: ");
    vf_yaml_put(out, column->name);
    vf_buf_char(out, ',');
    put_padding(out, column->name, widths.name);
    vf_buf_str(out, " from: ");
    vf_yaml_put(out, column->source.native);
    vf_buf_char(out, ',');
    put_padding(out, column->source.native, widths.from);
    vf_buf_str(out, " type: ");
    vf_yaml_put(out, vf_type_format(column->type, type));
    if (column->source.form != VF_FORM_NATIVE)
        put_key(out, "read", vf_form_name(column->source.form));
    if (column->found != NULL && writer->full)
        put_key(out, "found", column->found);
    if (column->mapping.native != NULL)
        put_key(out, "to", column->mapping.native);
    if (column->mapping.form != VF_FORM_NATIVE)
        put_key(out, "as", vf_form_name(column->mapping.form));
    if (strcmp(column->name, column->target_name) != 0)
        put_key(out, "rename", column->target_name);
    if (column->nul != VF_NUL_REJECT)
        put_key(out, "nul", vf_nul_name(column->nul));
    if (made != NULL && column->computed)
        put_key(out, "generated", made->expression);
    if (made != NULL && made->def.kind == VF_DEFAULT_EXPRESSION && made->def.text != NULL)
        put_key(out, "default", made->def.text);
    if (column->skip && column->accept_loss)
        vf_buf_str(out, ", skip: true");
    if (column->accept_loss && !column->skip && column->mapping.fidelity != VF_FIDELITY_EXACT)
        vf_buf_str(out, ", loss: accept");
    vf_buf_char(out, '}');
    put_remark(writer, column);
    vf_buf_char(out, '\n');
}

/* ---- indexes ---- */

static void put_number(struct vf_buf *out, const char *key, uint32_t number)
{
    if (number > 0)
        vf_buf_printf(out, ", %s: %u", key, (unsigned)number);
}

const char *vf_plan_source_name(const struct vf_plan_table *table, int i)
{
    for (size_t k = 0; k < table->n_columns; k++) {
        if (!table->columns[k].skip && i-- == 0)
            return table->columns[k].name;
    }
    return "";
}

static bool is_added(const struct vf_plan_table *table, const struct vf_index *index)
{
    for (size_t i = 0; i < table->source.n_indexes; i++) {
        if (vf_str_equal(table->source.indexes[i].name, index->name))
            return false;
    }
    return true;
}

/* What is wished, and where it is made. */
static void write_vector_index(struct vf_buf *out, const struct vf_vector_index *wish,
                               const struct vf_vector_index *made)
{
    if (made->place != VF_PLACE_ANY)
        put_key(out, "to", vf_index_place_name(made->place));
    if (made->file != NULL)
        put_key(out, "file", made->file);
    if (wish->metric != VF_METRIC_NONE)
        put_key(out, "metric", vf_metric_name(wish->metric));
    for (enum vf_index_parameter p = 0; p < VF_PARAM_ALPHA; p++) {
        struct vf_vector_index copy = *wish;
        put_number(out, vf_index_parameter_name(p), *vf_index_parameter(&copy, p));
    }
    if (wish->alpha_milli > 0)
        vf_buf_printf(out, ", alpha: %u.%03u", (unsigned)wish->alpha_milli / 1000, (unsigned)wish->alpha_milli % 1000);
    if (wish->compress != VF_E_NONE)
        put_key(out, "compress", vf_element_name(wish->compress));
    if (wish->element != VF_E_NONE)
        put_key(out, "element", vf_element_name(wish->element));
}

/* What it is over, by the names of the source; an expression isn't shown, since it is the source's text. */
static void write_index_parts(const struct writer *writer, const struct vf_plan_table *table,
                              const struct vf_index *index)
{
    if (!writer->full || index->kind == VF_INDEX_FULLTEXT || is_added(table, index))
        return;
    vf_buf_str(writer->out, ", over: [");
    for (size_t i = 0; i < index->n_parts; i++) {
        vf_buf_str(writer->out, i > 0 ? ", " : "");
        vf_yaml_put(writer->out, index->parts[i].column >= 0 ? vf_plan_source_name(table, index->parts[i].column)
                                                             : "(an expression)");
    }
    vf_buf_char(writer->out, ']');
}

static void write_index(const struct writer *writer, const struct vf_plan_table *table,
                        const struct vf_plan_index *index)
{
    const struct vf_index *source = &index->source;
    struct vf_buf *out = writer->out;

    note_place(writer, &table->source, source->name);
    vf_buf_str(out, "      - {name: ");
    vf_yaml_put(out, source->name);
    if (index->mapping.index.name != NULL && strcmp(index->mapping.index.name, source->name) != 0)
        put_key(out, "rename", index->mapping.index.name);
    put_key(out, "kind", vf_index_kind_name(source->kind));
    write_index_parts(writer, table, source);
    if (vf_index_is_vector(source->kind))
        write_vector_index(out, &source->vector, &index->mapping.index.vector);
    if (source->kind == VF_INDEX_FULLTEXT)
        vf_plan_write_fulltext(out, table, index);
    if (is_added(table, source) && (source->n_parts == 1 || source->kind == VF_INDEX_FULLTEXT))
        put_key(out, "add_on", vf_plan_source_name(table, source->parts[0].column));
    vf_buf_char(out, '}');
    put_comment(writer, index->mapping.why);
    vf_buf_char(out, '\n');
}

/* Keys and unique constraints belong to the table and always move; the file lists what a user may take away or tune. */
static void write_indexes(const struct writer *writer, const struct vf_plan_table *table)
{
    bool any = false;

    for (size_t i = 0; i < table->n_indexes; i++) {
        const struct vf_plan_index *index = &table->indexes[i];
        if (index->source.constraint != VF_CONSTRAINT_NONE || index->source.name == NULL)
            continue;
        if (!any)
            vf_buf_str(writer->out, "    indexes:\n");
        any = true;
        write_index(writer, table, index);
    }
    if (!any)
        vf_buf_str(writer->out, "    indexes: []\n");
}

/* ---- foreign keys ---- */

static void put_list(struct vf_buf *out, const char *key, size_t n, const char *const *names)
{
    vf_buf_printf(out, "%s: [", key);
    for (size_t i = 0; i < n; i++) {
        vf_buf_str(out, i > 0 ? ", " : "");
        vf_yaml_put(out, names[i]);
    }
    vf_buf_char(out, ']');
}

static void write_foreign_key(const struct writer *writer, const struct vf_plan_table *table,
                              const struct vf_foreign_key *key)
{
    static const char *const actions[] = {"no action", "restrict", "cascade", "set null", "set default"};
    struct vf_buf *out = writer->out;
    char label[256];

    if (writer->full)
        note_place(writer, &table->source, vf_plan_key_part(&writer->places->arena, &table->source, key));
    vf_buf_str(out, "      - {columns: [");
    for (size_t i = 0; i < key->n_columns; i++) {
        vf_buf_str(out, i > 0 ? ", " : "");
        vf_yaml_put(out, table->source.columns[key->columns[i]].name);
    }
    vf_buf_char(out, ']');
    put_key(out, "to", vf_table_label(key->to_schema, key->to_table, label, sizeof(label)));
    if (writer->full) {
        vf_buf_str(out, ", ");
        put_list(out, "key", key->n_columns, key->to_columns);
        if (key->on_delete != VF_FK_NO_ACTION)
            put_key(out, "on_delete", actions[key->on_delete]);
        if (key->on_update != VF_FK_NO_ACTION)
            put_key(out, "on_update", actions[key->on_update]);
        vf_buf_str(out, key->deferrable ? ", deferrable: true" : "");
    }
    vf_buf_char(out, '}');
    if (writer->full && key->name != NULL)
        put_comment(writer, key->name);
    vf_buf_char(out, '\n');
}

/* A table of which the source has none says nothing of them. */
static void write_foreign_keys(const struct writer *writer, const struct vf_plan_table *table)
{
    if (table->source.n_foreign_keys == 0)
        return;
    vf_buf_str(writer->out, table->target.n_foreign_keys > 0 ? "    foreign_keys:\n" : "    foreign_keys: []\n");
    for (size_t i = 0; i < table->target.n_foreign_keys; i++)
        write_foreign_key(writer, table, table->foreign_keys[i]);
}

/* ---- checks ---- */

/* As they are written for the target; a table without any says nothing. */
static void write_checks(const struct writer *writer, const struct vf_plan_table *table)
{
    for (size_t i = 0; i < table->target.n_checks; i++) {
        vf_buf_str(writer->out, i == 0 ? "    checks:\n" : "");
        note_place(writer, &table->source, table->target.checks[i].name);
        vf_buf_str(writer->out, "      - {name: ");
        vf_yaml_put(writer->out, table->target.checks[i].name);
        put_key(writer->out, "check", table->target.checks[i].expression);
        vf_buf_str(writer->out, "}\n");
    }
    if (table->target.n_checks == 0 && table->source.n_checks > 0)
        vf_buf_str(writer->out, "    checks: []\n");
}

/* ---- tables ---- */

static void write_key(const struct writer *writer, const struct vf_plan_table *table)
{
    vf_buf_str(writer->out, "    key: [");
    for (size_t i = 0; i < table->from.n_key; i++) {
        vf_buf_str(writer->out, i > 0 ? ", " : "");
        vf_yaml_put(writer->out, table->from.fields[table->from.key[i]].name);
    }
    vf_buf_str(writer->out, "]\n");
}

static void write_partitions(const struct writer *writer, const struct vf_plan_table *table)
{
    const struct vf_table *source = &table->source;
    char label[256];

    if (source->part_of.name != NULL) {
        vf_buf_str(writer->out, "    part_of: ");
        vf_yaml_put(writer->out, vf_table_label(source->part_of.schema, source->part_of.name, label, sizeof(label)));
        vf_buf_char(writer->out, '\n');
    }
    if (source->partition_by.strategy == VF_PARTITION_NONE)
        return;
    vf_buf_str(writer->out, table->target.partition_by.strategy != VF_PARTITION_NONE ? "    partitions: same"
                                                                                     : "    partitions: one");
    snprintf(label, sizeof(label), "by %s, %zu partitions", source->partition_by.text, source->n_partitions);
    put_comment(writer, label);
    vf_buf_char(writer->out, '\n');
    if (writer->full)
        vf_plan_write_bounds(writer->out, source);
}

/* Which target it is of; the first isn't said. */
static void put_target(struct vf_buf *out, const char *before, const struct vf_plan *plan)
{
    if (plan->target > 1)
        vf_buf_printf(out, "%starget: %u", before, plan->target);
}

static void write_table(const struct writer *writer, const struct vf_plan *plan, const struct vf_plan_table *table)
{
    struct vf_buf *out = writer->out;

    if (writer->full)
        writer->places->target = plan->target;
    note_place(writer, &table->source, NULL);
    vf_buf_str(out, "  - name: ");
    vf_yaml_put(out, table->source.name);
    if (table->source.schema != NULL) {
        vf_buf_str(out, "\n    schema: ");
        vf_yaml_put(out, table->source.schema);
    }
    if (table->target.kind == VF_TABLE_VEC0)
        vf_buf_str(out, "\n    as: vec0");
    else if (table->source.is_view || table->has_kind)
        vf_buf_str(out, "\n    as: table");
    if (strcmp(table->target.name, table->source.name) != 0) {
        vf_buf_str(out, "\n    rename: ");
        vf_yaml_put(out, table->target.name);
    }
    put_target(out, "\n    ", plan);
    if (table->whole)
        vf_buf_str(out, "\n    whole: true");
    vf_buf_char(out, '\n');
    if (writer->full && table->source.n_rows >= 0)
        vf_buf_printf(out, "    rows: %" PRId64 "%s\n", table->source.n_rows,
                      table->source.n_rows_exact ? "" : "  # estimated");
    write_key(writer, table);
    write_partitions(writer, table);
    if (table->where != NULL) {
        vf_buf_str(out, "    where: ");
        vf_yaml_put(out, table->where);
        vf_buf_char(out, '\n');
    }
    vf_buf_str(out, table->n_columns > 0 ? "    columns:\n" : "    columns: []\n");
    struct widths widths = measure(table);
    for (size_t i = 0; i < table->n_columns; i++)
        write_column(writer, table, i, widths);
    write_indexes(writer, table);
    write_foreign_keys(writer, table);
    write_checks(writer, table);
}

static void write_by(const struct writer *writer)
{
    if (writer->plans[0].by == NULL)
        return;
    note_key(writer, "by");
    vf_buf_str(writer->out, "by: ");
    vf_yaml_put(writer->out, writer->plans[0].by);
    put_comment(writer, "one file a value, whose name stands for {} in the target");
    vf_buf_char(writer->out, '\n');
}

static void write_tables(const struct writer *writer)
{
    size_t n_tables = 0;

    for (size_t i = 0; i < writer->n_plans; i++)
        n_tables += writer->plans[i].n_tables;
    note_key(writer, "tables");
    vf_buf_str(writer->out, n_tables > 0 ? "tables:\n" : "tables: []\n");
    for (size_t i = 0; i < writer->n_plans; i++) {
        for (size_t k = 0; k < writer->plans[i].n_tables; k++)
            write_table(writer, &writer->plans[i], &writer->plans[i].tables[k]);
    }
}

/* As they are written for the target; a source without any says nothing. */
static void write_views(const struct writer *writer)
{
    bool any = false, said = false;

    for (size_t i = 0; i < writer->n_plans; i++) {
        const struct vf_plan *plan = &writer->plans[i];
        for (size_t k = 0; k < plan->source.n_others; k++)
            any |= vf_plan_is_readable_view(&plan->source.others[k]);
        for (size_t k = 0; k < plan->n_views; k++) {
            const struct vf_plan_view *view = &plan->views[k];
            vf_buf_str(writer->out, said ? "" : "views:\n");
            said = true;
            note_view(writer, plan, view->source);
            vf_buf_str(writer->out, "  - {name: ");
            vf_yaml_put(writer->out, view->source->name);
            if (view->source->schema != NULL)
                put_key(writer->out, "schema", view->source->schema);
            if (strcmp(view->target.name, view->source->name) != 0)
                put_key(writer->out, "rename", view->target.name);
            put_target(writer->out, ", ", plan);
            put_key(writer->out, "view", view->target.text);
            vf_buf_str(writer->out, "}\n");
        }
    }
    if (any && !said)
        vf_buf_str(writer->out, "views: []\n");
}

void vf_plan_write_decisions(const struct vf_plan *plans, size_t n_plans, struct vf_buf *out)
{
    struct writer writer = {.plans = plans, .n_plans = n_plans, .out = out};

    write_by(&writer);
    write_tables(&writer);
    write_views(&writer);
}

/* ---- the whole ---- */

static void put_server(const struct writer *writer, const struct vf_server *server)
{
    bool has_vectors = server->vector_product[0] != '\0';
    char text[320];

    snprintf(text, sizeof(text), "%s %s%s%s%s%s", server->product, server->version, has_vectors ? ", " : "",
             server->vector_product, has_vectors ? " " : "", server->vector_version);
    put_comment(writer, text);
}

/* Of a file whose format can be chosen: what was chosen. */
static void write_storage(const struct writer *writer, const struct vf_plan *plan, const char *key)
{
    if (plan->target_server.storage[0] == '\0')
        return;
    note_key(writer, key);
    vf_buf_printf(writer->out, "%s: ", key);
    vf_yaml_put(writer->out, plan->target_server.storage);
    put_comment(writer, plan->target_server.storage_remark);
    vf_buf_char(writer->out, '\n');
}

static void write_head(const struct writer *writer)
{
    const struct vf_plan *plan = writer->plans;
    struct vf_buf *out = writer->out;

    vf_buf_str(out, "# ferry.yaml: made by `vecferry plan`, meant to be read, changed and kept in version control.\n"
                    "# Nothing is written before `vecferry copy -f ferry.yaml`.\nversion: 1\n");
    note_key(writer, "source");
    vf_buf_str(out, "source: ");
    vf_yaml_put(out, plan->source_url);
    put_server(writer, &plan->source_server);
    if (plan->source_server.guarantee[0] != '\0') {
        vf_buf_str(out, "\n       ");
        put_comment(writer, plan->source_server.guarantee);
    }
    vf_buf_char(out, '\n');
    note_key(writer, "target");
    vf_buf_str(out, "target: ");
    vf_yaml_put(out, plan->target_url);
    put_server(writer, &plan->target_server);
    vf_buf_char(out, '\n');
    write_storage(writer, plan, "storage");
    for (size_t i = 1; i < writer->n_plans; i++) {
        note_key(writer, "target2");
        vf_buf_printf(out, "target%u: ", writer->plans[i].target);
        vf_yaml_put(out, writer->plans[i].target_url);
        put_server(writer, &writer->plans[i].target_server);
        vf_buf_char(out, '\n');
        write_storage(writer, &writer->plans[i], "storage2");
    }
}

static void put_size(struct vf_buf *out, int64_t size_bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double size = (double)size_bytes;
    size_t unit = 0;

    for (; size >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        size /= 1024;
    vf_buf_printf(out, unit == 0 ? "%.0f %s" : "%.1f %s", size, units[unit]);
}

/* Of one plan. */
struct sum {
    size_t n_tables, n_problems[3];
    int64_t n_rows, size_bytes;
};

static void add_up(struct sum *sum, const struct vf_plan *plan)
{
    for (size_t i = 0; i < plan->n_tables; i++) {
        sum->n_rows += plan->tables[i].source.n_rows > 0 ? plan->tables[i].source.n_rows : 0;
        sum->size_bytes += plan->tables[i].source.size_bytes > 0 ? plan->tables[i].source.size_bytes : 0;
    }
    for (size_t i = 0; i < plan->problems.n_problems; i++)
        sum->n_problems[plan->problems.problems[i].severity]++;
    sum->n_tables += plan->n_tables;
}

/* What the target takes of its disk, and what was added up; not what is free, or the plan would be another one each time that it is made. */
static void write_disk(const struct writer *writer, const struct vf_plan *plan)
{
    const struct vf_disk_need *disk = &plan->problems.disk;
    struct vf_buf remark;

    if (disk->needed_bytes == 0)
        return;
    vf_buf_init(&remark, VF_BUF_MAX);
    vf_buf_str(&remark, disk->formula);
    vf_buf_str(&remark, disk->free_bytes == INT64_MAX ? "; what a server has free can't be seen" : "");
    vf_buf_str(writer->out, plan->target > 1 ? "disk_needed2: " : "disk_needed: ");
    put_size(writer->out, disk->needed_bytes);
    put_comment(writer, remark.data);
    vf_buf_char(writer->out, '\n');
    vf_buf_release(&remark);
}

static void write_summary(const struct writer *writer)
{
    static const char *const scans[] = {
        [VF_PLAN_SCAN_NONE] = "", [VF_PLAN_SCAN_SAMPLE] = ", scan: sample", [VF_PLAN_SCAN_FULL] = ", scan: full"};
    struct sum sum = {0};

    for (size_t i = 0; i < writer->n_plans; i++)
        add_up(&sum, &writer->plans[i]);
    vf_buf_printf(writer->out, "summary: {tables: %zu, rows: %" PRId64 ", bytes: ", sum.n_tables, sum.n_rows);
    put_size(writer->out, sum.size_bytes);
    vf_buf_printf(writer->out, ", problems: {block: %zu, loss: %zu, note: %zu}", sum.n_problems[VF_SEVERITY_BLOCK],
                  sum.n_problems[VF_SEVERITY_LOSS], sum.n_problems[VF_SEVERITY_NOTE]);
    vf_buf_str(writer->out, scans[writer->plans[0].scan]);
    vf_buf_str(writer->out, "}\n");
    for (size_t i = 0; i < writer->n_plans; i++)
        write_disk(writer, &writer->plans[i]);
}

static void write_one_not_moved(struct vf_buf *out, const struct vf_plan *plan, const struct vf_other *other)
{
    char label[256];

    vf_buf_str(out, "  - {kind: ");
    vf_yaml_put(out, other->kind);
    put_key(out, "name", vf_table_label(other->schema, other->name, label, sizeof(label)));
    if (other->on != NULL)
        put_key(out, "on", other->on);
    put_target(out, ", ", plan);
    put_key(out, "why", other->why);
    if (other->text != NULL)
        put_key(out, "text", other->text);
    vf_buf_str(out, "}\n");
}

static void write_not_moved(const struct writer *writer)
{
    size_t n = 0;

    for (size_t i = 0; i < writer->n_plans; i++)
        n += writer->plans[i].n_not_moved;
    vf_buf_str(writer->out, n > 0 ? "not_moved:\n" : "not_moved: []\n");
    for (size_t i = 0; i < writer->n_plans; i++) {
        for (size_t k = 0; k < writer->plans[i].n_not_moved; k++)
            write_one_not_moved(writer->out, &writer->plans[i], &writer->plans[i].not_moved[k]);
    }
}

static void write_one_problem(const struct writer *writer, const struct vf_plan *plan, struct vf_problem *problem)
{
    struct vf_buf *out = writer->out;

    problem->line = vf_plan_places_find(writer->places, problem, plan->target);
    vf_buf_printf(out, "  - {severity: %s, object: ", vf_severity_name(problem->severity));
    vf_yaml_put(out, problem->object);
    put_target(out, ", ", plan);
    put_key(out, "what", problem->what);
    if (problem->remedy[0] != '\0')
        put_key(out, "remedy", problem->remedy);
    if (problem->line > 0)
        vf_buf_printf(out, ", line: %d", problem->line);
    if (problem->say != NULL)
        put_key(out, "say", problem->say);
    vf_buf_str(out, "}\n");
}

static void write_problems(const struct writer *writer)
{
    size_t n = 0;

    for (size_t i = 0; i < writer->n_plans; i++)
        n += writer->plans[i].problems.n_problems;
    vf_buf_str(writer->out, n > 0 ? "problems:\n" : "problems: []\n");
    for (size_t i = 0; i < writer->n_plans; i++) {
        for (size_t k = 0; k < writer->plans[i].problems.n_problems; k++)
            write_one_problem(writer, &writer->plans[i], &writer->plans[i].problems.problems[k]);
    }
}

/* By searches where any of the plans says so. */
static void write_verify(const struct vf_plan *plans, size_t n_plans, struct vf_buf *out)
{
    const struct vf_plan *plan = &plans[0];
    char recall[32];

    for (size_t i = 1; i < n_plans; i++)
        plan = plans[i].verify.search ? &plans[i] : plan;
    const char *views = plans[0].verify.without_views ? ", views: false" : "";
    if (!plan->verify.search) {
        vf_buf_printf(out, "verify: {level: digests%s}\n", views);
        return;
    }
    vf_buf_str(out, "verify: {level: search, ");
    if (plan->verify.min_recall > 0) {
        vf_format_f64(plan->verify.min_recall, recall);
        vf_buf_printf(out, "min_recall: %s, ", recall);
    }
    vf_buf_printf(out, "queries: %u%s}\n", (unsigned)plan->verify.n_queries, views);
}

void vf_plan_write_all(const struct vf_plan *plans, size_t n_plans, struct vf_buf *out)
{
    struct vf_plan_places places = {0};
    struct writer writer = {.plans = plans, .n_plans = n_plans, .out = out, .full = true, .places = &places};

    write_head(&writer);
    write_by(&writer);
    write_summary(&writer);
    vf_buf_printf(out, "index_min_rows: %" PRId64, plans[0].index_min_rows);
    put_comment(&writer, "a smaller table gets no approximate index");
    vf_buf_char(out, '\n');
    write_tables(&writer);
    write_views(&writer);
    write_not_moved(&writer);
    write_problems(&writer);
    write_verify(plans, n_plans, out);
    if (places.failed && out->status == VF_OK)
        out->status = VF_NOMEM;
    vf_plan_places_release(&places);
}

void vf_plan_write(const struct vf_plan *plan, struct vf_buf *out)
{
    vf_plan_write_all(plan, 1, out);
}
