#include <string.h>

#include "base/text.h"
#include "engine/query_read.h"

/* ---- words ---- */

bool vf_query_not_understood(struct vf_query_reader *reader, const char *what)
{
    (void)vf_expr_not_understood(&reader->words, "%s", what);
    return false;
}

bool vf_query_no_memory(struct vf_query_reader *reader)
{
    reader->words.no_memory = true;
    return false;
}

bool vf_query_is_name(const struct vf_query_reader *reader)
{
    return reader->words.token.kind == VF_EXPR_WORD || reader->words.token.kind == VF_EXPR_NAME;
}

bool vf_query_is_clause(const struct vf_query_reader *reader)
{
    static const char *const words[] = {"WHERE",  "GROUP",     "HAVING",      "ORDER",   "LIMIT", "OFFSET",  "UNION",
                                        "EXCEPT", "JOIN",      "INNER",       "LEFT",    "RIGHT", "FULL",    "CROSS",
                                        "ON",     "USING",     "TABLESAMPLE", "INDEXED", "FETCH", "NATURAL", "WINDOW",
                                        "FOR",    "INTERSECT", "OUTER",       "QUALIFY"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (vf_read_is_word(&reader->words, words[i]))
            return true;
    }
    return false;
}

bool vf_query_begins(const struct vf_expr_reader *words)
{
    return vf_read_is_word(words, "SELECT") || vf_read_is_word(words, "WITH");
}

const struct vf_expr *vf_query_condition(struct vf_query_reader *reader)
{
    const struct vf_expr *expr = vf_build_condition(&reader->words, vf_read_expression(&reader->words));

    return expr != NULL && vf_build_bare(expr) != expr ? vf_expr_not_understood(&reader->words, "a collation") : expr;
}

/* ---- a query within another ---- */

static bool see_parent(struct vf_query_reader *reader, const struct vf_query_reader *parent)
{
    size_t n = parent->table.n_columns;

    reader->is_hidden = vf_arena_alloc(reader->words.arena, n + 1, sizeof(*reader->is_hidden));
    if (reader->is_hidden == NULL)
        return false;
    if (n > 0)
        memcpy(reader->is_hidden, parent->is_hidden, n * sizeof(*reader->is_hidden));
    reader->table = parent->table;
    memcpy(reader->ranges, parent->ranges, sizeof(reader->ranges));
    reader->scope.n_ranges = parent->scope.n_ranges;
    reader->scope.is_hidden = reader->is_hidden;
    reader->scope.outer = &parent->scope;
    reader->scope.n_outer = reader->query->n_outer = n;
    return true;
}

/* A reader that goes on from the words of `parent`. NULL: not understood, or no memory. */
static struct vf_query_reader *open_reader(struct vf_query_reader *parent, bool sees_parent, bool needs_names)
{
    struct vf_arena *arena = parent->words.arena;
    struct vf_query_reader *reader = vf_arena_alloc(arena, 1, sizeof(*reader));
    struct vf_query *query = vf_arena_alloc(arena, 1, sizeof(*query));

    if (reader == NULL || query == NULL) {
        (void)vf_query_no_memory(parent);
        return NULL;
    }
    if (++*parent->n_queries > VF_QUERY_MAX_QUERIES) {
        (void)vf_query_not_understood(parent, "too many queries in one");
        return NULL;
    }
    *query = (struct vf_query){.limit = -1};
    *reader = (struct vf_query_reader){.words = parent->words,
                                       .of = parent->of,
                                       .named = parent->named,
                                       .n_queries = parent->n_queries,
                                       .query = query,
                                       .needs_names = needs_names,
                                       .table = {.name = "", .primary_key = -1}};
    reader->scope = (struct vf_expr_scope){.table = &reader->table,
                                           .ranges = reader->ranges,
                                           .collation = parent->of->collation,
                                           .version = parent->of->version};
    reader->words.scope = &reader->scope;
    reader->words.takes_aggregates = reader->words.in_aggregate = false;
    query->sources = reader->sources;
    if (sees_parent && !see_parent(reader, parent)) {
        (void)vf_query_no_memory(parent);
        return NULL;
    }
    return reader;
}

/* `words` go on behind what others have read. */
static void go_on(struct vf_expr_reader *words, const struct vf_expr_reader *behind)
{
    words->token = behind->token;
    words->offset = behind->offset;
    words->n_parts = behind->n_parts;
    words->why = behind->why;
    words->no_memory |= behind->no_memory;
}

/* ---- UNION ---- */

static bool is_set(const struct vf_expr_reader *words)
{
    return vf_read_is_word(words, "UNION") || vf_read_is_word(words, "INTERSECT") || vf_read_is_word(words, "EXCEPT");
}

/* UNION [ALL]: false with nothing said is none. */
static bool read_union(struct vf_query_reader *parent, bool *is_all)
{
    struct vf_expr_reader *words = &parent->words;

    if (vf_read_is_word(words, "INTERSECT") || vf_read_is_word(words, "EXCEPT"))
        return vf_query_not_understood(parent, "INTERSECT or EXCEPT");
    if (!vf_read_take_word(words, "UNION"))
        return false;
    *is_all = vf_read_take_word(words, "ALL");
    if (!*is_all)
        (void)vf_read_take_word(words, "DISTINCT");
    return !vf_read_is_word(words, "BY") || vf_query_not_understood(parent, "UNION BY NAME");
}

/* One SELECT, or a query in parentheses. What orders and limits the first is its own, if nothing is united with it. */
static struct vf_query *read_arm(struct vf_query_reader *parent, bool sees_parent, bool needs_names, bool is_first)
{
    if (vf_read_take_sign(&parent->words, "(")) {
        struct vf_query *query = vf_query_read_whole(parent, sees_parent, needs_names);
        return query != NULL && vf_read_expect_sign(&parent->words, ")") ? query : NULL;
    }
    struct vf_query_reader *reader = open_reader(parent, sees_parent, needs_names);
    if (reader == NULL)
        return NULL;
    bool is_read = vf_query_read_select(reader);
    if (is_read)
        is_read = is_first && !is_set(&reader->words) ? vf_query_read_end(reader) : vf_query_check(reader);
    go_on(&parent->words, &reader->words);
    return is_read ? reader->query : NULL;
}

/* The words of `parent` for expressions over `scope`, to look at something that is read already. */
static struct vf_expr_reader words_over(const struct vf_query_reader *parent, struct vf_expr_scope *scope,
                                        const struct vf_table *table)
{
    struct vf_expr_reader words = parent->words;

    *scope = (struct vf_expr_scope){.table = table, .collation = parent->of->collation, .version = parent->of->version};
    words.scope = scope;
    return words;
}

/* Equal rows become one: then values have to be told apart by their bytes. */
static bool can_group(struct vf_query_reader *parent, const struct vf_query *query, const struct vf_table *table)
{
    struct vf_expr_scope scope;
    struct vf_expr_reader words = words_over(parent, &scope, table);

    for (size_t i = 0; i < query->n_outputs && words.why == NULL; i++)
        (void)vf_build_can_group(&words, query->outputs[i].expr, "UNION");
    go_on(&parent->words, &words);
    return words.why == NULL && !words.no_memory;
}

static bool is_plain(const struct vf_query *query)
{
    return query->n_orders == 0 && query->limit < 0 && query->offset == 0;
}

/* May `next`, alone or with what is united with it, stand behind `first`? */
static bool can_unite(struct vf_query_reader *parent, const struct vf_query *first, const struct vf_query *next,
                      bool is_all, const struct vf_table *outer)
{
    const struct vf_table *of_first = vf_query_scope(parent->words.arena, first, outer);

    if (!is_plain(first) || !is_plain(next))
        return vf_query_not_understood(parent, "ORDER BY or LIMIT of a part of a UNION");
    for (const struct vf_query *arm = next; arm != NULL; arm = arm->next) {
        const struct vf_table *of_arm = vf_query_scope(parent->words.arena, arm, outer);
        if (of_first == NULL || of_arm == NULL)
            return vf_query_no_memory(parent);
        if (arm->next != NULL && arm->next_is_all != is_all)
            return vf_query_not_understood(parent, "another kind of UNION in parentheses on the right of one");
        const char *why = vf_query_why_not_united(parent->words.dialect, first, of_first, arm, of_arm);
        if (why != NULL)
            return vf_query_not_understood(parent, why);
        if (!is_all && (!can_group(parent, first, of_first) || !can_group(parent, arm, of_arm)))
            return false;
    }
    return true;
}

/* All that is united from here on. */
static struct vf_query *read_united(struct vf_query_reader *parent, bool sees_parent, bool needs_names)
{
    const struct vf_table *outer = sees_parent ? &parent->table : NULL;
    struct vf_query *first = read_arm(parent, sees_parent, needs_names, true), *last = first;
    bool is_all = false;

    while (first != NULL && read_union(parent, &is_all)) {
        struct vf_query *next = read_arm(parent, sees_parent, false, false);
        if (next == NULL || !can_unite(parent, first, next, is_all, outer))
            return NULL;
        while (last->next != NULL)
            last = last->next;
        last->next = next;
        last->next_is_all = is_all;
    }
    return parent->words.why == NULL ? first : NULL;
}

/* What is united, in order or cut: SELECT * FROM (all of that) ORDER BY ... */
static struct vf_query *read_end(struct vf_query_reader *parent, struct vf_query *united, bool sees_parent)
{
    if (!vf_read_is_word(&parent->words, "ORDER") && !vf_read_is_word(&parent->words, "LIMIT") &&
        !vf_read_is_word(&parent->words, "OFFSET"))
        return united;
    if (sees_parent) {
        (void)vf_query_not_understood(parent, "ORDER BY or LIMIT of a UNION in an expression");
        return NULL;
    }
    struct vf_query_reader *reader = open_reader(parent, false, true);
    if (reader == NULL)
        return NULL;
    struct vf_query *query = reader->query;
    query->outputs = vf_arena_alloc(parent->words.arena, VF_QUERY_MAX_OUTPUTS, sizeof(*query->outputs));
    if (query->outputs == NULL)
        (void)vf_query_no_memory(reader);
    bool is_read = query->outputs != NULL &&
                   vf_query_add_source(reader, VF_JOIN_FIRST, VF_QUERY_NO_RELATION, united, "united") &&
                   vf_query_add_all(reader, 0, reader->table.n_columns) && vf_query_read_end(reader);
    go_on(&parent->words, &reader->words);
    return is_read ? query : NULL;
}

/* ---- WITH ---- */

static bool read_named(struct vf_query_reader *parent)
{
    struct vf_expr_reader *words = &parent->words;
    struct vf_query_named *named = vf_arena_alloc(words->arena, 1, sizeof(*named));

    if (named == NULL)
        return vf_query_no_memory(parent);
    if (!vf_query_is_name(parent))
        return vf_query_not_understood(parent, "the name of a query is expected");
    *named = (struct vf_query_named){
        .before = parent->named, .name = words->token.text, .is_bare = words->token.kind == VF_EXPR_WORD};
    vf_read_advance(words);
    if (vf_read_is_sign(words, "("))
        return vf_query_not_understood(parent, "WITH and names of columns");
    if (!vf_read_expect_word(words, "AS"))
        return false;
    (void)vf_read_take_word(words, "NOT");
    (void)vf_read_take_word(words, "MATERIALIZED");
    if (!vf_read_expect_sign(words, "("))
        return false;
    named->query = vf_query_read_whole(parent, false, true);
    parent->named = named;
    return named->query != NULL && vf_read_expect_sign(words, ")");
}

static bool read_with(struct vf_query_reader *parent)
{
    if (!vf_read_take_word(&parent->words, "WITH"))
        return true;
    if (vf_read_is_word(&parent->words, "RECURSIVE"))
        return vf_query_not_understood(parent, "WITH RECURSIVE");
    do {
        if (!read_named(parent))
            return false;
    } while (vf_read_take_sign(&parent->words, ","));
    return true;
}

struct vf_query *vf_query_read_whole(struct vf_query_reader *parent, bool sees_parent, bool needs_names)
{
    const struct vf_query_named *before = parent->named;
    struct vf_query *query = NULL;

    if (parent->words.depth >= VF_EXPR_MAX_DEPTH) {
        (void)vf_query_not_understood(parent, "too many queries within each other");
        return NULL;
    }
    parent->words.depth++;
    if (read_with(parent))
        query = read_united(parent, sees_parent, needs_names);
    if (query != NULL)
        query = read_end(parent, query, sees_parent);
    parent->words.depth--;
    parent->named = before;
    return query;
}

/* ---- in an expression ---- */

/* Is what is looked for compared alike everywhere with what a query gives? As it is compared then; NULL: it isn't. */
static const struct vf_expr *looked_for(struct vf_query_reader *parent, const struct vf_expr *of,
                                        const struct vf_query *query)
{
    const struct vf_table *table = vf_query_scope(parent->words.arena, query, &parent->table);
    const struct vf_expr *given = query->outputs[0].expr;
    struct vf_expr_scope scope;
    struct vf_expr_reader words = words_over(parent, &scope, table);
    enum vf_kind kind = given->is;

    if (table == NULL || of == NULL)
        return NULL;
    const struct vf_expr *same = vf_build_compare(&words, VF_X_EQ, of, given);
    go_on(&parent->words, &words);
    if (same == NULL)
        return NULL;
    enum vf_kind is = same->args[0]->is;
    bool alike =
        (vf_kind_is_whole(is) && vf_kind_is_whole(kind)) || (vf_kind_is_text(is) && vf_kind_is_text(kind)) ||
        (is == kind && (kind == VF_K_BOOL || kind == VF_K_UUID || (kind >= VF_K_DATE && kind <= VF_K_TIMESTAMPTZ)));
    if (alike && same->rule == NULL && same->args[1] == given)
        return same->args[0];
    return vf_expr_not_understood(&parent->words, "IN of a query whose values databases compare differently");
}

/* What one row gives is taken as any value: then it has to lie as one. */
static bool can_be_value(struct vf_query_reader *parent, const struct vf_query *query)
{
    const struct vf_table *table = vf_query_scope(parent->words.arena, query, &parent->table);
    struct vf_expr_scope scope;
    struct vf_expr_reader words = words_over(parent, &scope, table);

    if (table == NULL)
        return vf_query_no_memory(parent);
    if (!vf_query_is_of_one_row(query))
        return vf_query_not_understood(parent, "a subquery in place of a value, which may give several rows");
    bool can = vf_build_can_compute(&words, query->outputs[0].expr);
    go_on(&parent->words, &words);
    return can;
}

/* (SELECT ...): its texts are compared as those of the column that it gives, where that is so of what is computed. */
static const struct vf_expr *value_of(struct vf_query_reader *parent, const struct vf_query *query)
{
    const struct vf_expr *given = query->outputs[0].expr;
    const struct vf_table *table = vf_query_scope(parent->words.arena, query, &parent->table);
    struct vf_expr_scope scope;
    struct vf_expr_reader words = words_over(parent, &scope, table);
    const struct vf_expr *made = vf_expr_subquery(words.arena, VF_X_SCALAR, given->is, query, NULL);

    if (table == NULL || !words.dialect->passes_collations)
        return table != NULL ? made : NULL;
    return vf_build_collated(&words, made, &given, 1);
}

const struct vf_expr *vf_query_read_in_expression(struct vf_expr_reader *words, enum vf_expr_op op,
                                                  const struct vf_expr *of)
{
    struct vf_query_reader *parent = (struct vf_query_reader *)(void *)words; /* whose first member it is */

    if (!parent->takes_queries || words->in_aggregate)
        return vf_expr_not_understood(words, "a subquery in ON, GROUP BY, ORDER BY or an aggregate");
    const struct vf_query *query = vf_query_read_whole(parent, true, false);
    if (query == NULL || !vf_read_expect_sign(words, ")"))
        return NULL;
    if (op != VF_X_EXISTS && query->n_outputs != 1)
        return vf_expr_not_understood(words, "a subquery of several columns in place of a value");
    if (op == VF_X_SCALAR && !can_be_value(parent, query))
        return NULL;
    for (const struct vf_query *arm = query; op == VF_X_IN_QUERY && arm != NULL; arm = arm->next) {
        of = looked_for(parent, of, arm);
        if (of == NULL)
            return NULL;
    }
    return op == VF_X_SCALAR ? value_of(parent, query)
                             : vf_expr_subquery(words->arena, op, VF_K_BOOL, query, vf_build_bare(of));
}

/* ---- the text of a view ---- */

/* CREATE VIEW name (columns) AS. */
static bool read_head(struct vf_query_reader *reader)
{
    struct vf_expr_reader *words = &reader->words;

    if (!vf_read_take_word(words, "CREATE"))
        return true;
    if (vf_read_take_word(words, "OR") && !vf_read_expect_word(words, "REPLACE"))
        return false;
    if (!vf_read_expect_word(words, "VIEW"))
        return false;
    if (vf_read_take_word(words, "IF"))
        (void)(vf_read_take_word(words, "NOT") && vf_read_take_word(words, "EXISTS"));
    do {
        if (!vf_query_is_name(reader))
            return vf_query_not_understood(reader, "the name of the view is expected");
        vf_read_advance(words);
    } while (vf_read_take_sign(words, "."));
    if (vf_read_take_sign(words, "(")) {
        reader->names = vf_arena_alloc(words->arena, VF_QUERY_MAX_OUTPUTS, sizeof(*reader->names));
        if (reader->names == NULL)
            return vf_query_no_memory(reader);
        do {
            if (!vf_query_is_name(reader) || reader->n_names == VF_QUERY_MAX_OUTPUTS)
                return vf_query_not_understood(reader, "the name of a column is expected");
            reader->names[reader->n_names++] = words->token.text;
            vf_read_advance(words);
        } while (vf_read_take_sign(words, ","));
        if (!vf_read_expect_sign(words, ")"))
            return false;
    }
    return vf_read_expect_word(words, "AS");
}

/* The names that the view gives its columns. */
static bool name_outputs(struct vf_query_reader *reader, struct vf_query *query)
{
    if (reader->n_names == 0)
        return true;
    if (reader->n_names != query->n_outputs)
        return vf_query_not_understood(reader, "another number of columns than the view names");
    for (size_t i = 0; i < query->n_outputs; i++) {
        query->outputs[i].name = reader->names[i];
        for (size_t k = 0; k < i; k++) {
            if (vf_strcasecmp(reader->names[i], reader->names[k]) == 0)
                return vf_query_not_understood(reader, "two columns of one name");
        }
    }
    return true;
}

static struct vf_query *read_all(struct vf_query_reader *reader)
{
    struct vf_expr_reader *words = &reader->words;

    vf_read_advance(words);
    if (!read_head(reader))
        return NULL;
    struct vf_query *query = vf_query_read_whole(reader, false, reader->n_names == 0);
    if (query == NULL || !name_outputs(reader, query))
        return NULL;
    (void)vf_read_take_sign(words, ";");
    if (words->token.kind != VF_EXPR_END)
        (void)vf_expr_not_understood(words, "\"%.40s\"", words->token.text);
    return words->why == NULL && !words->no_memory ? query : NULL;
}

enum vf_status vf_query_read(const struct vf_dialect *dialect, const struct vf_query_scope_of *scope, const char *text,
                             struct vf_arena *arena, const struct vf_query **query, const char **why,
                             struct vf_error *err)
{
    struct vf_query_reader *reader = vf_arena_alloc(arena, 1, sizeof(*reader));
    int n_queries = 0;

    *query = NULL;
    *why = NULL;
    if (reader == NULL)
        return vf_error_nomem(err);
    *reader = (struct vf_query_reader){.of = scope, .n_queries = &n_queries, .table = {.name = "", .primary_key = -1}};
    reader->scope.table = &reader->table;
    reader->words = (struct vf_expr_reader){.dialect = dialect,
                                            .scope = &reader->scope,
                                            .arena = arena,
                                            .text = text,
                                            .in_query = true,
                                            .read_query = vf_query_read_in_expression};
    const struct vf_query *made = read_all(reader);
    if (reader->words.no_memory || (made == NULL && reader->words.why == NULL))
        return vf_error_nomem(err);
    *query = made;
    *why = reader->words.why;
    return VF_OK;
}
