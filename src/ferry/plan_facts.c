/* A plan file as facts: see plan_diff.h. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ferry/plan_diff.h"
#include "ferry/plan_make.h"
#include "ferry/yaml.h"

struct reader {
    struct vf_yaml yaml;
    struct vf_plan_facts *facts;
    size_t cap;
    const char *table; /* label of the one that is being read */
    const char *schema;
    enum vf_status status;       /* the first failure */
    struct vf_plan_fact nothing; /* stands for a fact after one */
};

/* ---- the list ---- */

static void fail(struct reader *reader, enum vf_status status)
{
    if (reader->status == VF_OK)
        reader->status = status;
}

static struct vf_plan_fact *add(struct reader *reader, const char *what, const char *object, const char *value)
{
    struct vf_plan_facts *facts = reader->facts;

    if (object == NULL)
        fail(reader, vf_error_nomem(reader->yaml.err));
    if (facts->n_facts == reader->cap && reader->status == VF_OK) {
        size_t cap = reader->cap == 0 ? 64 : reader->cap * 2;
        struct vf_plan_fact *grown = vf_arena_alloc(&facts->arena, cap, sizeof(*grown));
        if (grown == NULL)
            fail(reader, vf_error_nomem(reader->yaml.err));
        else if (facts->n_facts > 0)
            memcpy(grown, facts->facts, facts->n_facts * sizeof(*grown));
        if (grown != NULL) {
            facts->facts = grown;
            reader->cap = cap;
        }
    }
    if (reader->status != VF_OK)
        return &reader->nothing;
    struct vf_plan_fact *fact = &facts->facts[facts->n_facts++];
    *fact = (struct vf_plan_fact){.what = what, .object = object, .detail = "", .value = value, .table = reader->table};
    return fact;
}

static void add_quality(struct reader *reader, const char *what, const char *object, const char *value)
{
    if (value != NULL)
        add(reader, what, object, value)->is_quality = true;
}

static const char *join(struct reader *reader, const char *left, const char *mark, const char *right)
{
    return vf_arena_printf(&reader->facts->arena, "%s%s%s", left, mark, right);
}

/* ---- reading ---- */

static const char *text_of(struct reader *reader, yaml_node_t *node, const char *key)
{
    const char *text = NULL;

    if (reader->status == VF_OK)
        fail(reader, vf_yaml_text(&reader->yaml, node, key, false, &text));
    return text;
}

static yaml_node_t *list_of(struct reader *reader, yaml_node_t *node, const char *key, size_t *n)
{
    yaml_node_t *sequence = NULL;

    *n = 0;
    if (reader->status == VF_OK)
        fail(reader, vf_yaml_sequence(&reader->yaml, node, key, &sequence, n));
    return sequence;
}

/* "[a, b]"; NULL: there is no such list. */
static const char *names_of(struct reader *reader, yaml_node_t *node, const char *key)
{
    const char **names = NULL;
    size_t n = 0;
    struct vf_buf text;

    if (vf_yaml_get(&reader->yaml, node, key) == NULL || reader->status != VF_OK)
        return NULL;
    fail(reader, vf_yaml_texts(&reader->yaml, node, key, false, &names, &n));
    vf_buf_init(&text, VF_BUF_MAX);
    vf_buf_char(&text, '[');
    for (size_t i = 0; i < n && reader->status == VF_OK; i++) {
        vf_buf_str(&text, i > 0 ? ", " : "");
        vf_yaml_put(&text, names[i]);
    }
    vf_buf_char(&text, ']');
    const char *copy = vf_arena_strdup(&reader->facts->arena, text.data);
    if (copy == NULL)
        fail(reader, vf_error_nomem(reader->yaml.err));
    vf_buf_release(&text);
    return copy;
}

static void read_column(struct reader *reader, yaml_node_t *node)
{
    const char *name = text_of(reader, node, "name"), *found = text_of(reader, node, "found");
    const char *type = text_of(reader, node, "type"), *read = text_of(reader, node, "read");
    const char *object = name != NULL ? join(reader, reader->table, ".", name) : NULL;

    if (reader->status != VF_OK || object == NULL)
        return;
    add(reader, "column", object, text_of(reader, node, "from"));
    if (found == NULL && type != NULL)
        found = join(reader, type, read != NULL ? " as " : "", read != NULL ? read : "");
    add_quality(reader, "values", object, found);
    add_quality(reader, "default", object, text_of(reader, node, "default"));
    add_quality(reader, "generated", object, text_of(reader, node, "generated"));
}

static void read_index(struct reader *reader, yaml_node_t *node)
{
    const char *name = text_of(reader, node, "name");
    char label[256];

    /* One that isn't of the source. */
    if (reader->status != VF_OK || name == NULL || vf_yaml_get(&reader->yaml, node, "add_on") != NULL)
        return;
    const char *object =
        vf_arena_strdup(&reader->facts->arena, vf_table_label(reader->schema, name, label, sizeof(label)));
    add(reader, "index", object, NULL);
    add_quality(reader, "kind of index", object, text_of(reader, node, "kind"));
    add_quality(reader, "columns of index", object, names_of(reader, node, "over"));
    add_quality(reader, "metric of index", object, text_of(reader, node, "metric"));
}

static void read_foreign_key(struct reader *reader, yaml_node_t *node)
{
    const char *columns = names_of(reader, node, "columns"), *to = text_of(reader, node, "to");
    const char *key = names_of(reader, node, "key");
    const char *on_delete = text_of(reader, node, "on_delete"), *on_update = text_of(reader, node, "on_update");

    if (columns == NULL || to == NULL || reader->status != VF_OK)
        return;
    const char *object = vf_arena_printf(&reader->facts->arena, "%s %s to %s", reader->table, columns, to);
    const char *rule = vf_arena_printf(&reader->facts->arena, "%s%s%s%s%s", key != NULL ? key : "",
                                       on_delete != NULL ? ", on delete " : "", on_delete != NULL ? on_delete : "",
                                       on_update != NULL ? ", on update " : "", on_update != NULL ? on_update : "");
    if (rule == NULL)
        fail(reader, vf_error_nomem(reader->yaml.err));
    add(reader, "foreign key", object, key != NULL ? rule : NULL);
}

static void read_check(struct reader *reader, yaml_node_t *node)
{
    const char *name = text_of(reader, node, "name");
    const char *object = name != NULL ? join(reader, reader->table, ".", name) : NULL;

    if (reader->status != VF_OK || object == NULL)
        return;
    add(reader, "check", object, NULL);
    add_quality(reader, "condition of check", object, text_of(reader, node, "check"));
}

static void read_each(struct reader *reader, yaml_node_t *node, const char *key,
                      void (*read)(struct reader *, yaml_node_t *))
{
    size_t n;
    yaml_node_t *list = list_of(reader, node, key, &n);

    for (size_t i = 0; i < n && reader->status == VF_OK; i++)
        read(reader, vf_yaml_item(&reader->yaml, list, i));
}

/* What of the rows is in the partition; with what it is divided by again. */
static void read_bound(struct reader *reader, yaml_node_t *node)
{
    const char *name = text_of(reader, node, "name"), *rows = text_of(reader, node, "rows");
    const char *by = text_of(reader, node, "by");

    if (reader->status != VF_OK || name == NULL || rows == NULL)
        return;
    add(reader, "partition", name, by != NULL ? join(reader, rows, " by ", by) : rows)->is_told = true;
}

static void add_bare(struct reader *reader)
{
    struct vf_plan_facts *facts = reader->facts;
    const char **grown = vf_arena_alloc(&facts->arena, facts->n_bare + 1, sizeof(*grown));

    if (grown == NULL) {
        fail(reader, vf_error_nomem(reader->yaml.err));
        return;
    }
    if (facts->n_bare > 0)
        memcpy(grown, facts->bare, facts->n_bare * sizeof(*grown));
    grown[facts->n_bare++] = reader->table;
    facts->bare = grown;
}

static void read_table(struct reader *reader, yaml_node_t *node)
{
    const char *name = text_of(reader, node, "name");
    char label[256];

    reader->schema = text_of(reader, node, "schema");
    if (reader->status != VF_OK || name == NULL)
        return;
    reader->table = NULL;
    const char *object =
        vf_arena_strdup(&reader->facts->arena, vf_table_label(reader->schema, name, label, sizeof(label)));
    add(reader, "table", object, NULL);
    reader->table = object;
    if (reader->status == VF_OK && vf_yaml_get(&reader->yaml, node, "columns") == NULL)
        add_bare(reader);
    const char *rows = text_of(reader, node, "rows");
    if (rows != NULL) {
        struct vf_plan_fact *fact = add(reader, "rows", object, rows);
        fact->is_quality = fact->is_figure = true;
    }
    add_quality(reader, "key", object, names_of(reader, node, "key"));
    read_each(reader, node, "bounds", read_bound);
    read_each(reader, node, "columns", read_column);
    read_each(reader, node, "indexes", read_index);
    read_each(reader, node, "foreign_keys", read_foreign_key);
    read_each(reader, node, "checks", read_check);
    reader->table = NULL;
}

/* ---- what the program told ---- */

/* An object that stays behind is the same fact as one that moves: whether it moves is decided by the plan and the target. */
static void read_not_moved(struct reader *reader, yaml_node_t *node)
{
    const char *kind = text_of(reader, node, "kind"), *name = text_of(reader, node, "name");
    const char *on = text_of(reader, node, "on"), *text = text_of(reader, node, "text");
    bool is_part = vf_str_equal(kind, "column") || vf_str_equal(kind, "check");
    bool is_table = vf_str_equal(kind, "table");

    if (reader->status != VF_OK || kind == NULL || name == NULL)
        return;
    reader->table = is_table ? NULL : on;
    if (vf_str_equal(kind, "default") || vf_str_equal(kind, "generation expression")) {
        add_quality(reader, kind, join(reader, on != NULL ? on : "", ".", name), text != NULL ? text : "");
    } else if (is_table) {
        add(reader, kind, name, NULL);
    } else if (is_part && on != NULL) {
        add(reader, kind, join(reader, on, ".", name), vf_str_equal(kind, "column") ? text : NULL);
    } else if (strcmp(kind, "view") == 0) {
        add(reader, kind, name, NULL)->is_told = true;
        add_quality(reader, "text of view", name, text);
    } else if (strcmp(kind, "index") == 0 || strcmp(kind, "full-text index") == 0) {
        add(reader, "index", name, NULL);
        add_quality(reader, "definition of index", name, text);
    } else {
        struct vf_plan_fact *fact = add(reader, kind, name, text);
        fact->detail = on != NULL ? on : "";
        fact->is_told = true;
    }
    reader->table = NULL;
}

/* In the target's SQL, where an object that isn't moved has the source's text: the one is compared with its like. */
static void read_view(struct reader *reader, yaml_node_t *node)
{
    const char *name = text_of(reader, node, "name"), *schema = text_of(reader, node, "schema");
    const char *text = text_of(reader, node, "view");
    const char *label = name == NULL || schema == NULL ? name : join(reader, schema, ".", name);

    if (reader->status != VF_OK || label == NULL)
        return;
    add(reader, "view", label, NULL)->is_told = true;
    add_quality(reader, "query of view", label, text);
}

/* Numbers in it may be others, and it is the same problem. */
static const char *without_numbers(struct reader *reader, const char *text)
{
    char *copy = vf_arena_strdup(&reader->facts->arena, text);
    size_t n = 0;

    if (copy == NULL) {
        fail(reader, vf_error_nomem(reader->yaml.err));
        return "";
    }
    for (size_t i = 0; text[i] != '\0'; i++) {
        bool is_digit = isdigit((unsigned char)text[i]) != 0;
        bool goes_on = i > 0 && n > 0 && copy[n - 1] == '#' && (is_digit || text[i] == '.') &&
                       (isdigit((unsigned char)text[i - 1]) != 0 || isdigit((unsigned char)text[i + 1]) != 0);
        if (!goes_on)
            copy[n++] = is_digit ? '#' : text[i];
    }
    copy[n] = '\0';
    return copy;
}

static void read_problem(struct reader *reader, yaml_node_t *node)
{
    const char *object = text_of(reader, node, "object"), *what = text_of(reader, node, "what");

    if (reader->status != VF_OK || object == NULL || what == NULL || vf_str_starts(what, VF_PLAN_TABLE_EXISTS))
        return; /* what is in the target is no matter of the source */
    struct vf_plan_fact *fact = add(reader, "problem", object, what);
    fact->detail = without_numbers(reader, what);
    fact->is_figure = object[0] == '\0';
    fact->is_told = true;
}

/* ---- all ---- */

int vf_plan_fact_compare(const struct vf_plan_fact *left, const struct vf_plan_fact *right)
{
    int order = strcmp(left->what, right->what);

    if (order == 0)
        order = strcmp(left->object, right->object);
    return order != 0 ? order : strcmp(left->detail, right->detail);
}

static int compare(const void *a, const void *b)
{
    const struct vf_plan_fact *left = a, *right = b;
    int order = vf_plan_fact_compare(left, right);

    return order != 0 ? order
                      : strcmp(left->value != NULL ? left->value : "", right->value != NULL ? right->value : "");
}

/* Of a fact that is there twice (the key of a table that goes to two targets) one is kept, and of two the one that says more. Objects of one name (functions) are told apart by their texts. */
static void sort(struct vf_plan_facts *facts)
{
    size_t n = 0;

    if (facts->n_facts > 1)
        qsort(facts->facts, facts->n_facts, sizeof(*facts->facts), compare);
    for (size_t i = 0; i < facts->n_facts; i++) {
        struct vf_plan_fact *last = n > 0 ? &facts->facts[n - 1] : NULL;
        if (last != NULL && vf_plan_fact_compare(last, &facts->facts[i]) == 0 &&
            (last->value == NULL || vf_str_equal(last->value, facts->facts[i].value)))
            n--;
        facts->facts[n++] = facts->facts[i];
    }
    facts->n_facts = n;
}

enum vf_status vf_plan_facts_read(const char *file, const char *text, size_t size_bytes, struct vf_plan_facts *facts,
                                  struct vf_error *err)
{
    struct reader reader = {.facts = facts};

    *facts = (struct vf_plan_facts){0};
    fail(&reader, vf_yaml_open(&reader.yaml, file, text, size_bytes, &facts->arena, err));
    if (reader.status == VF_OK) {
        yaml_node_t *root = yaml_document_get_root_node(&reader.yaml.document);
        if (root == NULL)
            fail(&reader, vf_error_set(err, VF_USAGE, "%s: the plan is empty", file));
        if (reader.status == VF_OK) {
            read_each(&reader, root, "tables", read_table);
            read_each(&reader, root, "views", read_view);
            read_each(&reader, root, "not_moved", read_not_moved);
            read_each(&reader, root, "problems", read_problem);
            facts->has_not_moved = vf_yaml_get(&reader.yaml, root, "not_moved") != NULL;
            facts->has_problems = vf_yaml_get(&reader.yaml, root, "problems") != NULL;
        }
    }
    vf_yaml_close(&reader.yaml);
    sort(facts);
    return reader.status;
}

void vf_plan_facts_release(struct vf_plan_facts *facts)
{
    vf_arena_release(&facts->arena);
    *facts = (struct vf_plan_facts){0};
}
