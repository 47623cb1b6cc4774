/*
 * Full-text indexes in a plan: what the file says of them, and what becomes of the generated columns that hold their words.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ferry/plan_make.h"
#include "ferry/yaml.h"

/* ---- reading and writing ---- */

static enum vf_status read_weights(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_index *index)
{
    const char **texts = NULL;
    size_t n = 0;
    enum vf_status status = vf_yaml_texts(yaml, node, "weights", false, &texts, &n);

    if (status != VF_OK || n == 0)
        return status;
    index->weights = vf_arena_alloc(yaml->arena, n, sizeof(*index->weights));
    index->n_weights = n;
    if (index->weights == NULL)
        return vf_error_nomem(yaml->err);
    for (size_t i = 0; i < n; i++) {
        double *weight = &index->weights[i];
        if (!vf_parse_f64(texts[i], strlen(texts[i]), weight) || !(*weight >= 0) || *weight > 1e6)
            return vf_yaml_fail(yaml, vf_yaml_get(yaml, node, "weights"), "\"%s\" is no weight: numbers from 0 on",
                                texts[i]);
    }
    return VF_OK;
}

enum vf_status vf_plan_read_fulltext(struct vf_yaml *yaml, yaml_node_t *node, struct vf_plan_request_index *index)
{
    enum vf_status status = vf_yaml_texts(yaml, node, "columns", false, &index->columns, &index->n_columns);

    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "language", false, &index->fulltext.language);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "tokenize", false, &index->fulltext.tokenizer);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "prefix", false, &index->fulltext.prefix);
    if (status == VF_OK)
        status = vf_yaml_text(yaml, node, "column", false, &index->fulltext.column);
    if (status == VF_OK)
        status = read_weights(yaml, node, index);
    if (status == VF_OK && index->n_weights > 0 && index->n_weights != index->n_columns)
        status = vf_yaml_fail(yaml, vf_yaml_get(yaml, node, "weights"), "%zu weights for %zu columns", index->n_weights,
                              index->n_columns);
    return status;
}

static void put_text(struct vf_buf *out, const char *key, const char *text)
{
    if (text == NULL)
        return;
    vf_buf_printf(out, ", %s: ", key);
    vf_yaml_put(out, text);
}

void vf_plan_write_fulltext(struct vf_buf *out, const struct vf_plan_table *table, const struct vf_plan_index *index)
{
    const struct vf_fulltext *made = &index->mapping.index.fulltext;
    bool any = false;

    vf_buf_str(out, ", columns: [");
    for (size_t i = 0; i < index->source.n_parts; i++) {
        vf_buf_str(out, i > 0 ? ", " : "");
        vf_yaml_put(out, vf_plan_source_name(table, index->source.parts[i].column));
        any |= made->parts[i].weight > 0;
    }
    vf_buf_char(out, ']');
    for (size_t i = 0; any && i < made->n_parts; i++) {
        char number[32];
        vf_format_f64(made->parts[i].weight, number);
        vf_buf_printf(out, "%s%s", i == 0 ? ", weights: [" : ", ", number);
    }
    vf_buf_str(out, any ? "]" : "");
    put_text(out, "language", made->language);
    put_text(out, "tokenize", made->tokenizer);
    put_text(out, "prefix", made->prefix);
    put_text(out, "column", made->column);
}

/* ---- what the file decides ---- */

static enum vf_status no_such_column(const struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                     const struct vf_plan_request_index *request, const char *name)
{
    const struct vf_table *source = &table->source;
    const char *best = NULL;

    for (size_t i = 0; i < source->n_columns; i++) {
        if (best == NULL || vf_edit_distance(name, source->columns[i].name) < vf_edit_distance(name, best))
            best = source->columns[i].name;
    }
    vf_error_set(maker->err, VF_USAGE, "%s:%d:%d: index \"%s\": table \"%s\" has no column \"%s\"",
                 maker->request->file, request->line, request->column, request->name, source->name, name);
    if (best != NULL)
        vf_error_hint(maker->err, "the nearest is \"%s\"", best);
    return VF_USAGE;
}

/* What the index says already of a column; of one that is added it is known that NULL is an empty text. */
static struct vf_fulltext_part part_of(const struct vf_index *index, int column)
{
    for (size_t i = 0; i < index->n_parts; i++) {
        if (index->parts[i].column == column)
            return index->fulltext.parts[i];
    }
    return (struct vf_fulltext_part){.coalesced = true};
}

static enum vf_status take_columns(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                   const struct vf_plan_request_index *request, struct vf_index *index)
{
    size_t n = request->n_columns;
    struct vf_key_part *parts = vf_arena_alloc(&maker->plan->arena, n, sizeof(*parts));
    struct vf_fulltext_part *texts = vf_arena_alloc(&maker->plan->arena, n, sizeof(*texts));

    if (parts == NULL || texts == NULL)
        return vf_error_nomem(maker->err);
    for (size_t i = 0; i < n; i++) {
        parts[i].column = vf_table_find_column(&table->source, request->columns[i]);
        if (parts[i].column < 0)
            return no_such_column(maker, table, request, request->columns[i]);
        texts[i] = part_of(index, parts[i].column);
        if (request->n_weights > 0)
            texts[i].weight = request->weights[i];
        if (i == 0)
            texts[i].joined = NULL; /* what it stood behind may be gone */
    }
    index->n_parts = index->fulltext.n_parts = n;
    index->parts = parts;
    index->fulltext.parts = texts;
    return VF_OK;
}

void vf_plan_set_language(struct vf_fulltext *fulltext, const char *language)
{
    const struct vf_text_language *row = vf_text_language_find(language);
    bool is_plain = row != NULL && strcmp(row->stemmer, "none") == 0;

    if (vf_str_equal(fulltext->language, language))
        return;
    fulltext->language = language;
    fulltext->stemmer = row != NULL ? row->stemmer : NULL;
    fulltext->stop_words = is_plain ? "none" : row != NULL ? "postgresql" : "own";
}

enum vf_status vf_plan_take_fulltext(struct vf_plan_maker *maker, const struct vf_plan_table *table,
                                     const struct vf_plan_request_index *request, struct vf_index *index)
{
    struct vf_fulltext *fulltext = &index->fulltext;

    if (request == NULL)
        return VF_OK;
    if (request->fulltext.language != NULL)
        vf_plan_set_language(fulltext, request->fulltext.language);
    if (request->fulltext.tokenizer != NULL)
        fulltext->tokenizer = request->fulltext.tokenizer;
    if (request->fulltext.prefix != NULL)
        fulltext->prefix = request->fulltext.prefix;
    if (request->fulltext.column != NULL) {
        if (fulltext->column == NULL)
            fulltext->place = -1;
        fulltext->column = request->fulltext.column;
        if (fulltext->form == VF_FULLTEXT_EXPRESSION)
            fulltext->form = VF_FULLTEXT_COLUMN;
    } else if (fulltext->form == VF_FULLTEXT_COLUMN && vf_table_fulltext_of(&table->source, fulltext->column) == NULL) {
        fulltext->form = VF_FULLTEXT_EXPRESSION;
    }
    for (size_t i = 0; maker->options->ignore_drift && i < request->n_columns; i++) {
        if (vf_table_find_column(&table->source, request->columns[i]) < 0)
            return VF_OK;
    }
    return request->n_columns > 0 ? take_columns(maker, table, request, index) : VF_OK;
}

/* ---- the columns that hold the words ---- */

bool vf_plan_is_derived(const struct vf_plan_maker *maker, const struct vf_table *source, const char *column)
{
    return vf_conn_limits(maker->target)->text_builder != VF_TEXT_NONE && vf_table_fulltext_of(source, column) != NULL;
}

static bool is_made(const struct vf_plan_table *table, const char *column)
{
    for (size_t i = 0; i < table->n_indexes; i++) {
        const struct vf_index *source = &table->indexes[i].source;
        if (source->kind == VF_INDEX_FULLTEXT && vf_str_equal(source->fulltext.column, column))
            return true;
    }
    return false;
}

enum vf_status vf_plan_name_derived(struct vf_plan_maker *maker, const struct vf_plan_table *table)
{
    enum vf_status status = VF_OK;
    char label[256];

    vf_table_label(table->source.schema, table->source.name, label, sizeof(label));
    for (size_t i = 0; i < table->n_columns && status == VF_OK; i++) {
        const struct vf_plan_column *column = &table->columns[i];
        if (!vf_plan_is_derived(maker, &table->source, column->name) || is_made(table, column->name))
            continue;
        status = vf_plan_not_moved(maker->plan, "column", NULL, column->name, label, column->source.expression,
                                   "its values are the words of other columns, for a full-text index that isn't moved",
                                   maker->err);
    }
    return status;
}
