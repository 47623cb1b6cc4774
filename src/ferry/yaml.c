#include "ferry/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define MAX_YAML_BYTES ((size_t)64 << 20)
#define MAX_DEPTH      32

static enum vf_status __attribute__((format(printf, 4, 0)))
fail_at(struct vf_yaml *yaml, size_t line, size_t column, const char *fmt, va_list args)
{
    char message[1024];

    vsnprintf(message, sizeof(message), fmt, args);
    return vf_error_set(yaml->err, VF_USAGE, "%s:%zu:%zu: %s", yaml->file, line, column, message);
}

enum vf_status vf_yaml_fail(struct vf_yaml *yaml, const yaml_node_t *node, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fail_at(yaml, node->start_mark.line + 1, node->start_mark.column + 1, fmt, args);
    va_end(args);
    return VF_USAGE;
}

static enum vf_status fail_mark(struct vf_yaml *yaml, yaml_mark_t mark, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static enum vf_status fail_mark(struct vf_yaml *yaml, yaml_mark_t mark, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fail_at(yaml, mark.line + 1, mark.column + 1, fmt, args);
    va_end(args);
    return VF_USAGE;
}

/* The parser's own complaint. Of a byte that can't be in YAML it knows the offset, but not the line. */
static enum vf_status fail_parser(struct vf_yaml *yaml, const yaml_parser_t *parser, const char *text,
                                  size_t size_bytes)
{
    yaml_mark_t mark = parser->problem_mark;

    if (parser->error == YAML_MEMORY_ERROR)
        return vf_error_nomem(yaml->err);
    if (parser->error == YAML_READER_ERROR) {
        mark = (yaml_mark_t){0};
        for (size_t i = 0; i < parser->problem_offset && i < size_bytes; i++) {
            mark.column = text[i] == '\n' ? 0 : mark.column + 1;
            mark.line += text[i] == '\n';
        }
    }
    return fail_mark(yaml, mark, "not YAML: %s", parser->problem != NULL ? parser->problem : "unreadable");
}

/* Aliases and deep nesting are found before the document is built, so that neither can blow it up. */
static enum vf_status scan(struct vf_yaml *yaml, const char *text, size_t size_bytes)
{
    enum vf_status status = VF_OK;
    yaml_parser_t parser;
    bool at_end = false;
    int depth = 0, n_documents = 0;

    if (!yaml_parser_initialize(&parser))
        return vf_error_nomem(yaml->err);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size_bytes);
    while (status == VF_OK && !at_end) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            status = fail_parser(yaml, &parser, text, size_bytes);
            break;
        }
        if (event.type == YAML_MAPPING_START_EVENT || event.type == YAML_SEQUENCE_START_EVENT)
            depth++;
        if (event.type == YAML_MAPPING_END_EVENT || event.type == YAML_SEQUENCE_END_EVENT)
            depth--;
        n_documents += event.type == YAML_DOCUMENT_START_EVENT;
        if (n_documents > 1)
            status = fail_mark(yaml, event.start_mark, "a plan is one document");
        else if (event.type == YAML_ALIAS_EVENT)
            status = fail_mark(yaml, event.start_mark, "aliases (*%s) are not taken in a plan",
                               (const char *)event.data.alias.anchor);
        else if (depth > MAX_DEPTH)
            status = fail_mark(yaml, event.start_mark, "nested deeper than %d levels", MAX_DEPTH);
        at_end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return status;
}

enum vf_status vf_yaml_open(struct vf_yaml *yaml, const char *file, const char *text, size_t size_bytes,
                            struct vf_arena *arena, struct vf_error *err)
{
    yaml_parser_t parser;

    *yaml = (struct vf_yaml){.file = file, .arena = arena, .err = err};
    if (size_bytes > MAX_YAML_BYTES)
        return vf_error_set(err, VF_USAGE, "%s: larger than %zu bytes", file, MAX_YAML_BYTES);
    enum vf_status status = scan(yaml, text, size_bytes);
    if (status != VF_OK)
        return status;
    if (!yaml_parser_initialize(&parser))
        return vf_error_nomem(err);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size_bytes);
    yaml->is_loaded = yaml_parser_load(&parser, &yaml->document) != 0;
    if (!yaml->is_loaded)
        status = fail_parser(yaml, &parser, text, size_bytes);
    yaml_parser_delete(&parser);
    return status;
}

void vf_yaml_close(struct vf_yaml *yaml)
{
    if (yaml->is_loaded)
        yaml_document_delete(&yaml->document);
    yaml->is_loaded = false;
}

static const char *scalar(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static const char *nearest(const char *key, const char *const *keys)
{
    const char *best = keys[0];

    for (size_t i = 1; keys[i] != NULL; i++) {
        if (vf_edit_distance(key, keys[i]) < vf_edit_distance(key, best))
            best = keys[i];
    }
    return best;
}

static bool is_one_of(const char *key, const char *const *keys)
{
    for (size_t i = 0; keys[i] != NULL; i++) {
        if (strcmp(keys[i], key) == 0)
            return true;
    }
    return false;
}

enum vf_status vf_yaml_check_keys(struct vf_yaml *yaml, yaml_node_t *mapping, const char *what, const char *const *keys)
{
    if (mapping->type != YAML_MAPPING_NODE)
        return vf_yaml_fail(yaml, mapping, "%s must be a mapping of keys to values", what);
    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top; pair++) {
        yaml_node_t *node = yaml_document_get_node(&yaml->document, pair->key);
        const char *key = scalar(node);
        if (key == NULL)
            return vf_yaml_fail(yaml, node, "%s has a key that isn't a text", what);
        if (!is_one_of(key, keys)) {
            vf_yaml_fail(yaml, node, "unknown key \"%s\" in %s", key, what);
            vf_error_hint(yaml->err, "the nearest known key is \"%s\"", nearest(key, keys));
            return VF_USAGE;
        }
        if (vf_yaml_get(yaml, mapping, key) != yaml_document_get_node(&yaml->document, pair->value))
            return vf_yaml_fail(yaml, node, "key \"%s\" is there twice in %s", key, what);
    }
    return VF_OK;
}

yaml_node_t *vf_yaml_get(struct vf_yaml *yaml, yaml_node_t *mapping, const char *key)
{
    if (mapping->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top; pair++) {
        const char *found = scalar(yaml_document_get_node(&yaml->document, pair->key));
        if (found != NULL && strcmp(found, key) == 0)
            return yaml_document_get_node(&yaml->document, pair->value);
    }
    return NULL;
}

static enum vf_status copy_text(struct vf_yaml *yaml, const yaml_node_t *node, const char *key, const char **text)
{
    if (node->type != YAML_SCALAR_NODE)
        return vf_yaml_fail(yaml, node, "key \"%s\" must be a text", key);
    if (memchr(node->data.scalar.value, 0, node->data.scalar.length) != NULL)
        return vf_yaml_fail(yaml, node, "key \"%s\" holds a NUL character", key);
    *text = vf_arena_strndup(yaml->arena, (const char *)node->data.scalar.value, node->data.scalar.length);
    return *text != NULL ? VF_OK : vf_error_nomem(yaml->err);
}

enum vf_status vf_yaml_text(struct vf_yaml *yaml, yaml_node_t *mapping, const char *key, bool required,
                            const char **text)
{
    yaml_node_t *node = vf_yaml_get(yaml, mapping, key);

    *text = NULL;
    if (node == NULL)
        return required ? vf_yaml_fail(yaml, mapping, "key \"%s\" is missing", key) : VF_OK;
    return copy_text(yaml, node, key, text);
}

enum vf_status vf_yaml_texts(struct vf_yaml *yaml, yaml_node_t *mapping, const char *key, bool required,
                             const char ***texts, size_t *n)
{
    yaml_node_t *sequence;
    enum vf_status status = vf_yaml_sequence(yaml, mapping, key, &sequence, n);

    if (status == VF_OK && sequence == NULL && required)
        status = vf_yaml_fail(yaml, mapping, "key \"%s\" is missing", key);
    if (status != VF_OK)
        return status;
    *texts = vf_arena_alloc(yaml->arena, *n + 1, sizeof(**texts));
    if (*texts == NULL)
        return vf_error_nomem(yaml->err);
    for (size_t i = 0; i < *n && status == VF_OK; i++)
        status = copy_text(yaml, vf_yaml_item(yaml, sequence, i), key, &(*texts)[i]);
    return status;
}

enum vf_status vf_yaml_bool(struct vf_yaml *yaml, yaml_node_t *mapping, const char *key, bool *value)
{
    yaml_node_t *node = vf_yaml_get(yaml, mapping, key);
    const char *text = node != NULL ? scalar(node) : NULL;

    if (node == NULL)
        return VF_OK;
    if (text == NULL || (strcmp(text, "true") != 0 && strcmp(text, "false") != 0))
        return vf_yaml_fail(yaml, node, "key \"%s\" must be true or false", key);
    *value = strcmp(text, "true") == 0;
    return VF_OK;
}

enum vf_status vf_yaml_number(struct vf_yaml *yaml, yaml_node_t *mapping, const char *key, uint32_t *value)
{
    yaml_node_t *node = vf_yaml_get(yaml, mapping, key);
    const char *text = node != NULL ? scalar(node) : NULL;
    int64_t number;

    if (node == NULL)
        return VF_OK;
    if (text == NULL || !vf_parse_i64(text, strlen(text), &number) || number < 0 || number > UINT32_MAX)
        return vf_yaml_fail(yaml, node, "key \"%s\" must be a whole number", key);
    *value = (uint32_t)number;
    return VF_OK;
}

yaml_node_t *vf_yaml_item(struct vf_yaml *yaml, yaml_node_t *sequence, size_t i)
{
    yaml_node_item_t *item = sequence->data.sequence.items.start + i;

    return item < sequence->data.sequence.items.top ? yaml_document_get_node(&yaml->document, *item) : NULL;
}

enum vf_status vf_yaml_sequence(struct vf_yaml *yaml, yaml_node_t *mapping, const char *key, yaml_node_t **sequence,
                                size_t *n)
{
    *sequence = vf_yaml_get(yaml, mapping, key);
    *n = 0;
    if (*sequence == NULL)
        return VF_OK;
    if ((*sequence)->type != YAML_SEQUENCE_NODE)
        return vf_yaml_fail(yaml, *sequence, "key \"%s\" must be a list", key);
    *n = (size_t)((*sequence)->data.sequence.items.top - (*sequence)->data.sequence.items.start);
    return VF_OK;
}
