#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ferry/nul.h"
#include "ferry/plan_make.h"
#include "ferry/yaml.h"
#include "model/float_text.h"

/* The keys of ferry.yaml, place by place. docs/plan.md explains each; a test holds the two together. */
static const char *const file_keys[] = {VF_PLAN_FILE_KEYS, NULL};
static const char *const table_keys[] = {VF_PLAN_TABLE_KEYS, NULL};
static const char *const column_keys[] = {VF_PLAN_COLUMN_KEYS, NULL};
static const char *const index_keys[] = {VF_PLAN_INDEX_KEYS, NULL};
static const char *const foreign_key_keys[] = {VF_PLAN_FOREIGN_KEY_KEYS, NULL};
static const char *const check_keys[] = {VF_PLAN_CHECK_KEYS, NULL};
static const char *const view_keys[] = {VF_PLAN_VIEW_KEYS, NULL};
static const char *const verify_keys[] = {VF_PLAN_VERIFY_KEYS, NULL};

#define MAX_ALPHA       1000000
#define ALPHA_TOLERANCE 1e-6 /* of a text such as 1.3, in thousandths */

/* ---- names that must be there once ---- */

struct named {
    const char *schema, *name;
    unsigned target;
    int line, column;
};

static int compare_named(const void *a, const void *b)
{
    const struct named *left = a, *right = b;
    int order = strcmp(left->name, right->name);

    if (order == 0)
        order = strcmp(left->schema != NULL ? left->schema : "", right->schema != NULL ? right->schema : "");
    if (order == 0)
        order = (left->target > right->target) - (left->target < right->target);
    return order != 0 ? order : (left->line > right->line) - (left->line < right->line);
}

static enum vf_status check_twice(struct vf_yaml *yaml, struct named *names, size_t n, const char *what)
{
    if (n > 1)
        qsort(names, n, sizeof(*names), compare_named);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(names[i].name, names[i - 1].name) == 0 && vf_str_equal(names[i].schema, names[i - 1].schema) &&
            names[i].target == names[i - 1].target)
            return vf_error_set(yaml->err, VF_USAGE, "%s:%d:%d: %s \"%s\" is there twice, first in line %d", yaml->file,
                                names[i].line, names[i].column, what, names[i].name, names[i - 1].line);
    }
    return VF_OK;
}

static void place(const yaml_node_t *node, int *line, int *column)
{
    *line = (int)node->start_mark.line + 1;
    *column = (int)node->start_mark.column + 1;
}

/* The number of a target; *target is left when it isn't there. */
static enum vf_status read_target(struct vf_yaml *yaml, yaml_node_t *node, unsigned *target)
{
    uint32_t number = 0;
    enum vf_status status = vf_yaml_number(yaml, node, "target", &number);

    if (status != VF_OK || vf_yaml_get(yaml, node, "target") == NULL)
        return status;
    if (number < 1 || number > VF_MAX_TARGETS)
        return vf_yaml_fail(yaml, vf_yaml_get(yaml, node, "target"), "target: must be 1 or %d, not %u", VF_MAX_TARGETS,
                            (unsigned)number);
    *target = number;
    return VF_OK;
}

/* ---- columns ---- */

static enum vf_status read_form(struct vf_yaml *yaml, yaml_node_t *node, const char *key, bool *has, enum vf_form *form)
{
    const char *text;
    enum vf_status status = vf_yaml_text(yaml, node, key, false, &text);

    if (status != VF_OK || text == NULL)
        return status;
    *has = vf_form_parse(text, form);
    return *has ? VF_OK
                : vf_yaml_fail(yaml, vf_yaml_get(yaml, node, key),
                               "\"%s\" is no way to store a value; docs/plan.md lists them", text);
}

static enum vf_status read_type(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_column *column)
{
    const char *text;
    enum vf_status status = vf_yaml_text(yaml, node, "type", false, &text);

    if (status != VF_OK || text == NULL)
        return status;
    column->has_type = vf_type_parse(text, &column->type);
    return column->has_type ? VF_OK
                            : vf_yaml_fail(yaml, vf_yaml_get(yaml, node, "type"),
                                           "\"%s\" is no neutral type; docs/plan.md lists them", text);
}

static enum vf_status read_loss(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_column *column)
{
    const char *text;
    enum vf_status status = vf_yaml_text(yaml, node, "loss", false, &text);

    if (status != VF_OK || text == NULL)
        return status;
    column->accept_loss = strcmp(text, "accept") == 0;
    return column->accept_loss
               ? VF_OK
               : vf_yaml_fail(yaml, vf_yaml_get(yaml, node, "loss"), "loss: must be \"accept\", not \"%s\"", text);
}

static enum vf_status read_nul(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_column *column)
{
    const char *text;
    enum vf_status status = vf_yaml_text(yaml, node, "nul", false, &text);

    if (status != VF_OK || text == NULL || vf_nul_parse(text, &column->nul))
        return status;
    return vf_yaml_fail(yaml, vf_yaml_get(yaml, node, "nul"), "nul: must be strip, escape or unescape, not \"%s\"",
                        text);
}

static enum vf_status read_column(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_column *column)
{
    enum vf_status status = vf_yaml_check_keys(yaml, node, "a column", column_keys);

    place(node, &column->line, &column->column);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "name", true, &column->name);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "from", false, &column->from);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "to", false, &column->to);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "rename", false, &column->target_name);
    if (status == VF_OK)
        status = read_type(yaml, node, column);
    if (status == VF_OK)
        status = read_form(yaml, node, "read", &column->has_read, &column->read);
    if (status == VF_OK)
        status = read_form(yaml, node, "as", &column->has_as, &column->as);
    if (status == VF_OK)
        status = read_target(yaml, node, &column->target);
    if (status == VF_OK)
        status = vf_yaml_bool(yaml, node, "skip", &column->skip);
    if (status == VF_OK)
        status = read_nul(yaml, node, column);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "found", false, &column->found);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "generated", false, &column->generated);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "default", false, &column->def);
    return status == VF_OK ? read_loss(yaml, node, column) : status;
}

static enum vf_status read_columns(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_table *table)
{
    yaml_node_t *sequence;
    enum vf_status status = vf_yaml_sequence(yaml, node, "columns", &sequence, &table->n_columns);

    table->has_columns = sequence != NULL;
    if (status != VF_OK || table->n_columns == 0)
        return status;
    table->columns = vf_arena_alloc(yaml->arena, table->n_columns, sizeof(*table->columns));
    if (table->columns == NULL)
        return vf_error_nomem(yaml->err);
    for (size_t i = 0; i < table->n_columns && status == VF_OK; i++)
        status = read_column(yaml, vf_yaml_item(yaml, sequence, i), &table->columns[i]);
    struct named *names = vf_arena_alloc(yaml->arena, table->n_columns, sizeof(*names));
    if (names == NULL)
        return vf_error_nomem(yaml->err);
    for (size_t i = 0; i < table->n_columns; i++)
        names[i] = (struct named){NULL, table->columns[i].name, 0, table->columns[i].line, table->columns[i].column};
    return status == VF_OK ? check_twice(yaml, names, table->n_columns, "column") : status;
}

/* ---- indexes ---- */

static enum vf_status read_index_kind(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_index *index)
{
    const char *text;
    enum vf_status status = vf_yaml_text(yaml, node, "kind", false, &text);

    if (status != VF_OK || text == NULL)
        return status;
    index->has_kind = vf_index_kind_parse(text, &index->kind);
    return index->has_kind
               ? VF_OK
               : vf_yaml_fail(yaml, vf_yaml_get(yaml, node, "kind"),
                              "\"%s\" is no kind of index: btree, hash, hnsw, ivfflat, diskann, fulltext, other", text);
}

static enum vf_status read_place(struct vf_yaml *yaml, yaml_node_t *node, struct vf_vector_index *index)
{
    const char *text;
    enum vf_status status = vf_yaml_text(yaml, node, "to", false, &text);

    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "file", false, &index->file);
    if (status != VF_OK || text == NULL)
        return status;
    if (vf_index_place_parse(text, &index->place))
        return VF_OK;
    return vf_yaml_fail(yaml, vf_yaml_get(yaml, node, "to"),
                        "\"%s\" is no place for an index: database, sidecar, session", text);
}

static enum vf_status read_index_element(struct vf_yaml *yaml, yaml_node_t *node, const char *key,
                                         enum vf_element *element)
{
    const char *text;
    enum vf_status status = vf_yaml_text(yaml, node, key, false, &text);

    if (status != VF_OK || text == NULL || vf_element_parse(text, element))
        return status;
    return vf_yaml_fail(yaml, vf_yaml_get(yaml, node, key), "\"%s\" is no kind of element: f32, f16, bf16, i8, bit",
                        text);
}

static enum vf_status read_index_words(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_index *index)
{
    const char *metric;
    enum vf_status status = vf_yaml_text(yaml, node, "metric", false, &metric);

    if (status == VF_OK && metric != NULL && !vf_metric_parse(metric, &index->vector.metric))
        status = vf_yaml_fail(yaml, vf_yaml_get(yaml, node, "metric"),
                              "\"%s\" is no metric: l2, cosine, ip, l1, hamming, jaccard", metric);
    if (status == VF_OK)
        status = read_index_element(yaml, node, "element", &index->vector.element);
    if (status == VF_OK)
        status = read_index_element(yaml, node, "compress", &index->vector.compress);
    return status == VF_OK ? read_place(yaml, node, &index->vector) : status;
}

/* A factor such as 1.25, kept in thousandths. */
static enum vf_status read_alpha(struct vf_yaml *yaml, yaml_node_t *node, uint32_t *alpha_milli)
{
    const char *text;
    double alpha = 0;
    enum vf_status status = vf_yaml_text(yaml, node, "alpha", false, &text);

    if (status != VF_OK || text == NULL)
        return status;
    if (!vf_parse_f64(text, strlen(text), &alpha) || !(alpha > 0) || alpha > MAX_ALPHA ||
        fabs(round(alpha * 1000) - alpha * 1000) > ALPHA_TOLERANCE)
        return vf_yaml_fail(yaml, vf_yaml_get(yaml, node, "alpha"),
                            "alpha must be a number above 0 with at most three decimals, such as 1.2");
    *alpha_milli = (uint32_t)lround(alpha * 1000);
    return VF_OK;
}

/* The parameters that a plan may say. */
static enum vf_status read_parameters(struct vf_yaml *yaml, yaml_node_t *node, struct vf_vector_index *index)
{
    enum vf_status status = VF_OK;

    for (enum vf_index_parameter p = 0; p < VF_PARAM_ALPHA && status == VF_OK; p++)
        status = vf_yaml_number(yaml, node, vf_index_parameter_name(p), vf_index_parameter(index, p));
    return status == VF_OK ? read_alpha(yaml, node, &index->alpha_milli) : status;
}

static enum vf_status read_index(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_index *index)
{
    enum vf_status status = vf_yaml_check_keys(yaml, node, "an index", index_keys);

    place(node, &index->line, &index->column);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "name", true, &index->name);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "rename", false, &index->target_name);
    if (status == VF_OK)
        status = read_index_kind(yaml, node, index);
    if (status == VF_OK)
        status = read_index_words(yaml, node, index);
    if (status == VF_OK)
        status = read_parameters(yaml, node, &index->vector);
    if (status == VF_OK)
        status = vf_plan_read_fulltext(yaml, node, index);
    return status == VF_OK ? vf_yaml_text(yaml, node, "add_on", false, &index->on) : status;
}

static enum vf_status read_indexes(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_table *table)
{
    yaml_node_t *sequence;
    enum vf_status status = vf_yaml_sequence(yaml, node, "indexes", &sequence, &table->n_indexes);

    table->has_indexes = sequence != NULL;
    if (status != VF_OK || table->n_indexes == 0)
        return status;
    table->indexes = vf_arena_alloc(yaml->arena, table->n_indexes, sizeof(*table->indexes));
    if (table->indexes == NULL)
        return vf_error_nomem(yaml->err);
    for (size_t i = 0; i < table->n_indexes && status == VF_OK; i++)
        status = read_index(yaml, vf_yaml_item(yaml, sequence, i), &table->indexes[i]);
    struct named *names = vf_arena_alloc(yaml->arena, table->n_indexes, sizeof(*names));
    if (names == NULL)
        return vf_error_nomem(yaml->err);
    for (size_t i = 0; i < table->n_indexes; i++)
        names[i] = (struct named){NULL, table->indexes[i].name, 0, table->indexes[i].line, table->indexes[i].column};
    return status == VF_OK ? check_twice(yaml, names, table->n_indexes, "index") : status;
}

/* ---- foreign keys ---- */

/* What it is known by; the rest is told. */
static enum vf_status read_foreign_key(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_foreign_key *key)
{
    enum vf_status status = vf_yaml_check_keys(yaml, node, "a foreign key", foreign_key_keys);

    place(node, &key->line, &key->column);
    if (status == VF_OK)
        status = vf_yaml_texts(yaml, node, "columns", true, &key->columns, &key->n_columns);
    return status == VF_OK ? vf_yaml_text(yaml, node, "to", true, &key->to) : status;
}

static enum vf_status read_foreign_keys(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_table *table)
{
    yaml_node_t *sequence;
    enum vf_status status = vf_yaml_sequence(yaml, node, "foreign_keys", &sequence, &table->n_foreign_keys);

    table->has_foreign_keys = sequence != NULL;
    if (status != VF_OK || table->n_foreign_keys == 0)
        return status;
    table->foreign_keys = vf_arena_alloc(yaml->arena, table->n_foreign_keys, sizeof(*table->foreign_keys));
    if (table->foreign_keys == NULL)
        return vf_error_nomem(yaml->err);
    for (size_t i = 0; i < table->n_foreign_keys && status == VF_OK; i++)
        status = read_foreign_key(yaml, vf_yaml_item(yaml, sequence, i), &table->foreign_keys[i]);
    return status;
}

/* ---- checks ---- */

static enum vf_status read_check(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_check *check)
{
    enum vf_status status = vf_yaml_check_keys(yaml, node, "a check", check_keys);

    place(node, &check->line, &check->column);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "name", true, &check->name);
    return status == VF_OK ? vf_yaml_text(yaml, node, "check", false, &check->text) : status;
}

static enum vf_status read_checks(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_table *table)
{
    yaml_node_t *sequence;
    enum vf_status status = vf_yaml_sequence(yaml, node, "checks", &sequence, &table->n_checks);

    table->has_checks = sequence != NULL;
    if (status != VF_OK || table->n_checks == 0)
        return status;
    table->checks = vf_arena_alloc(yaml->arena, table->n_checks, sizeof(*table->checks));
    struct named *names = vf_arena_alloc(yaml->arena, table->n_checks, sizeof(*names));
    if (table->checks == NULL || names == NULL)
        return vf_error_nomem(yaml->err);
    for (size_t i = 0; i < table->n_checks && status == VF_OK; i++) {
        status = read_check(yaml, vf_yaml_item(yaml, sequence, i), &table->checks[i]);
        names[i] = (struct named){NULL, table->checks[i].name, 0, table->checks[i].line, table->checks[i].column};
    }
    return status == VF_OK ? check_twice(yaml, names, table->n_checks, "check") : status;
}

/* ---- tables ---- */

/* What a table becomes that is no ordinary one on both sides. */
static enum vf_status read_as(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_table *table)
{
    const char *word;
    enum vf_status status = vf_yaml_text(yaml, node, "as", false, &word);

    table->as_table = status == VF_OK && vf_str_equal(word, "table");
    table->as_vec0 = status == VF_OK && vf_str_equal(word, "vec0");
    if (status == VF_OK && word != NULL && !table->as_table && !table->as_vec0)
        status = vf_yaml_fail(yaml, vf_yaml_get(yaml, node, "as"), "\"%s\" isn't what a table is moved as: table, vec0",
                              word);
    return status;
}

static enum vf_status read_partitions(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_table *table)
{
    static const char *const words[] = {
        [VF_PLAN_PARTITIONS_SAME] = "same", [VF_PLAN_PARTITIONS_ONE] = "one", [VF_PLAN_PARTITIONS_PARTS] = "parts"};
    const char *text;
    enum vf_status status = vf_yaml_text(yaml, node, "partitions", false, &text);

    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "part_of", false, &table->part_of);
    if (status != VF_OK || text == NULL)
        return status;
    for (size_t i = VF_PLAN_PARTITIONS_SAME; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(text, words[i]) == 0)
            table->partitions = (enum vf_plan_partitions)i;
    }
    return table->partitions != VF_PLAN_PARTITIONS_UNSAID
               ? VF_OK
               : vf_yaml_fail(yaml, vf_yaml_get(yaml, node, "partitions"),
                              "partitions: must be same, one or parts, not \"%s\"", text);
}

static enum vf_status read_table(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_table *table)
{
    enum vf_status status = vf_yaml_check_keys(yaml, node, "a table", table_keys);

    place(node, &table->line, &table->column);
    table->target = 1;
    if (status == VF_OK)
        status = read_target(yaml, node, &table->target);
    if (status == VF_OK)
        status = vf_yaml_bool(yaml, node, "whole", &table->whole);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "name", true, &table->name);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "schema", false, &table->schema);
    if (status == VF_OK)
        status = read_as(yaml, node, table);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "rename", false, &table->target_name);
    if (status == VF_OK)
        status = read_partitions(yaml, node, table);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "where", false, &table->where);
    if (status == VF_OK)
        status = read_columns(yaml, node, table);
    if (status == VF_OK)
        status = read_indexes(yaml, node, table);
    if (status == VF_OK)
        status = read_foreign_keys(yaml, node, table);
    return status == VF_OK ? read_checks(yaml, node, table) : status;
}

static enum vf_status read_tables(struct vf_yaml *yaml, yaml_node_t *root, struct vf_plan_request *request)
{
    yaml_node_t *sequence;

    if (vf_yaml_get(yaml, root, "tables") == NULL)
        return vf_yaml_fail(yaml, root, "key \"tables\" is missing");
    enum vf_status status = vf_yaml_sequence(yaml, root, "tables", &sequence, &request->n_tables);
    if (status != VF_OK)
        return status;
    request->tables = vf_arena_alloc(yaml->arena, request->n_tables + 1, sizeof(*request->tables));
    struct named *names = vf_arena_alloc(yaml->arena, request->n_tables + 1, sizeof(*names));
    if (request->tables == NULL || names == NULL)
        return vf_error_nomem(yaml->err);
    for (size_t i = 0; i < request->n_tables && status == VF_OK; i++) {
        struct vf_plan_request_table *table = &request->tables[i];
        status = read_table(yaml, vf_yaml_item(yaml, sequence, i), table);
        names[i] = (struct named){table->schema, table->name, table->target, table->line, table->column};
    }
    return status == VF_OK ? check_twice(yaml, names, request->n_tables, "table") : status;
}

static enum vf_status read_view(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_view *view)
{
    enum vf_status status = vf_yaml_check_keys(yaml, node, "a view", view_keys);

    place(node, &view->line, &view->column);
    view->target = 1;
    if (status == VF_OK)
        status = read_target(yaml, node, &view->target);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "name", true, &view->name);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "schema", false, &view->schema);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "rename", false, &view->target_name);
    return status == VF_OK ? vf_yaml_text(yaml, node, "view", false, &view->text) : status;
}

static enum vf_status read_views(struct vf_yaml *yaml, yaml_node_t *root, struct vf_plan_request *request)
{
    yaml_node_t *sequence;
    enum vf_status status = vf_yaml_sequence(yaml, root, "views", &sequence, &request->n_views);

    request->has_views = sequence != NULL;
    if (status != VF_OK || request->n_views == 0)
        return status;
    request->views = vf_arena_alloc(yaml->arena, request->n_views, sizeof(*request->views));
    struct named *names = vf_arena_alloc(yaml->arena, request->n_views, sizeof(*names));
    if (request->views == NULL || names == NULL)
        return vf_error_nomem(yaml->err);
    for (size_t i = 0; i < request->n_views && status == VF_OK; i++) {
        struct vf_plan_request_view *view = &request->views[i];
        status = read_view(yaml, vf_yaml_item(yaml, sequence, i), view);
        names[i] = (struct named){view->schema, view->name, view->target, view->line, view->column};
    }
    return status == VF_OK ? check_twice(yaml, names, request->n_views, "view") : status;
}

/* A level that isn't known would be less than was asked for, or more; neither may be in vain. */
static enum vf_status read_verify(struct vf_yaml *yaml, yaml_node_t *root, struct vf_plan_request *request)
{
    yaml_node_t *node = vf_yaml_get(yaml, root, "verify");
    struct vf_plan_verify *verify = &request->verify;
    const char *level = NULL, *recall = NULL;

    *verify = (struct vf_plan_verify){.n_queries = VF_PLAN_QUERIES};
    if (node == NULL)
        return VF_OK;
    enum vf_status status = vf_yaml_check_keys(yaml, node, "verify", verify_keys);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "level", true, &level);
    if (status == VF_OK && strcmp(level, "digests") != 0 && strcmp(level, "search") != 0)
        status = vf_yaml_fail(yaml, vf_yaml_get(yaml, node, "level"),
                              "level \"%s\" isn't known to this program, only \"digests\" and \"search\"", level);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "min_recall", false, &recall);
    if (status == VF_OK && recall != NULL &&
        (!vf_parse_f64(recall, strlen(recall), &verify->min_recall) || !(verify->min_recall >= 0) ||
         verify->min_recall > 1))
        status = vf_yaml_fail(yaml, vf_yaml_get(yaml, node, "min_recall"), "min_recall must be a number from 0 to 1");
    if (status == VF_OK)
        status = vf_yaml_number(yaml, node, "queries", &verify->n_queries);
    if (status == VF_OK && (verify->n_queries == 0 || verify->n_queries > VF_PLAN_MAX_QUERIES))
        status =
            vf_yaml_fail(yaml, vf_yaml_get(yaml, node, "queries"), "queries must be from 1 to %d", VF_PLAN_MAX_QUERIES);
    bool views = true;
    if (status == VF_OK)
        status = vf_yaml_bool(yaml, node, "views", &views);
    verify->without_views = !views;
    request->has_verify = true;
    verify->search = status == VF_OK && strcmp(level, "search") == 0;
    return status;
}

/* Where each key is, for the problems that it settles. */
static enum vf_status read_key_lines(struct vf_yaml *yaml, yaml_node_t *root, struct vf_plan_request *request)
{
    request->keys = vf_arena_alloc(yaml->arena, sizeof(file_keys) / sizeof(file_keys[0]), sizeof(*request->keys));
    if (request->keys == NULL)
        return vf_error_nomem(yaml->err);
    for (size_t i = 0; file_keys[i] != NULL; i++) {
        const yaml_node_t *node = vf_yaml_get(yaml, root, file_keys[i]);
        if (node != NULL)
            request->keys[request->n_keys++] =
                (struct vf_plan_request_key){file_keys[i], (int)node->start_mark.line + 1};
    }
    return VF_OK;
}

static enum vf_status read_file(struct vf_yaml *yaml, struct vf_plan *plan, struct vf_plan_request *request)
{
    yaml_node_t *root = yaml_document_get_root_node(&yaml->document);
    const char *version;

    if (root == NULL)
        return vf_error_set(yaml->err, VF_USAGE, "%s: the plan is empty", yaml->file);
    enum vf_status status = vf_yaml_check_keys(yaml, root, "the plan", file_keys);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, root, "version", true, &version);
    if (status == VF_OK && strcmp(version, "1") != 0)
        status = vf_yaml_fail(yaml, vf_yaml_get(yaml, root, "version"),
                              "version \"%s\" of the plan file isn't known to this program, only 1", version);
    if (status == VF_OK)
        status = read_key_lines(yaml, root, request);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, root, "source", false, &plan->source_url);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, root, "target", false, &plan->target_url);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, root, "target2", false, &request->target2);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, root, "storage", false, &request->storage);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, root, "storage2", false, &request->storage2);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, root, "by", false, &request->by);
    if (status == VF_OK && request->by != NULL && request->target2 != NULL)
        status = vf_yaml_fail(yaml, vf_yaml_get(yaml, root, "by"), "by: goes with one target, and there is target2:");
    if (status == VF_OK)
        status = vf_yaml_number(yaml, root, "index_min_rows", &request->index_min_rows);
    request->has_index_min_rows = vf_yaml_get(yaml, root, "index_min_rows") != NULL;
    if (status == VF_OK)
        status = read_tables(yaml, root, request);
    if (status == VF_OK)
        status = read_views(yaml, root, request);
    return status == VF_OK ? read_verify(yaml, root, request) : status;
}

enum vf_status vf_plan_read(const char *file, const char *text, size_t size_bytes, struct vf_plan *plan,
                            struct vf_error *err)
{
    struct vf_yaml yaml;

    *plan = (struct vf_plan){0};
    struct vf_plan_request *request = vf_arena_alloc(&plan->arena, 1, sizeof(*request));
    if (request == NULL)
        return vf_error_nomem(err);
    request->file = vf_arena_strdup(&plan->arena, file);
    enum vf_status status = request->file == NULL
                                ? vf_error_nomem(err)
                                : vf_yaml_open(&yaml, request->file, text, size_bytes, &plan->arena, err);
    if (request->file != NULL) {
        if (status == VF_OK)
            status = read_file(&yaml, plan, request);
        vf_yaml_close(&yaml);
    }
    plan->request = request;
    return status;
}

const char *vf_plan_request_by(const struct vf_plan_request *request)
{
    return request->by;
}

const char *vf_plan_request_storage(const struct vf_plan_request *request, unsigned target)
{
    return target < 2 ? request->storage : request->storage2;
}
