#include <string.h>

#include "base/text.h"
#include "engine/query_read.h"

static bool is_usual(const struct vf_query_reader *reader, const struct vf_table *table)
{
    return table->schema == NULL || reader->of->usual_schema == NULL ||
           vf_str_equal(table->schema, reader->of->usual_schema);
}

/* The relation that the text calls so; schema NULL: it doesn't say. */
static bool find_relation(struct vf_query_reader *reader, const char *schema, bool is_bare_schema, const char *name,
                          bool is_bare, size_t *relation)
{
    const struct vf_relations *all = &reader->of->relations;
    bool found = false;

    for (size_t i = 0; i < all->n; i++) {
        const struct vf_table *table = all->tables[i];
        bool in_schema = schema == NULL ? is_usual(reader, table)
                         : table->schema == NULL
                             ? vf_strcasecmp(schema, "main") == 0
                             : vf_read_same_name(&reader->words, table->schema, schema, is_bare_schema);
        if (in_schema && vf_read_same_name(&reader->words, table->name, name, is_bare)) {
            *relation = i;
            found = true;
        }
    }
    if (!found)
        (void)vf_expr_not_understood(&reader->words, "\"%.60s%s%.60s\" isn't a table or view that is moved",
                                     schema != NULL ? schema : "", schema != NULL ? "." : "", name);
    return found;
}

/* The columns of all sources so far, with those of one more. */
static bool add_columns(struct vf_query_reader *reader, const struct vf_table *table)
{
    size_t before = reader->table.n_columns, n = before + table->n_columns;
    struct vf_column *columns = vf_arena_alloc(reader->words.arena, n + 1, sizeof(*columns));
    bool *is_hidden = vf_arena_alloc(reader->words.arena, n + 1, sizeof(*is_hidden));

    if (columns == NULL || is_hidden == NULL)
        return vf_query_no_memory(reader);
    if (before > 0) {
        memcpy(columns, reader->table.columns, before * sizeof(*columns));
        memcpy(is_hidden, reader->is_hidden, before * sizeof(*is_hidden));
    }
    if (table->n_columns > 0)
        memcpy(columns + before, table->columns, table->n_columns * sizeof(*columns));
    reader->table.columns = columns;
    reader->table.n_columns = n;
    reader->scope.is_hidden = reader->is_hidden = is_hidden;
    return true;
}

bool vf_query_add_source(struct vf_query_reader *reader, enum vf_join join, size_t relation,
                         const struct vf_query *query, const char *alias)
{
    const struct vf_relations *all = &reader->of->relations;
    const struct vf_table *table =
        query == NULL ? all->tables[relation]
                      : vf_query_as_table(reader->words.arena, query, NULL, NULL, alias, all->is_typed);
    size_t n = reader->query->n_sources, n_ranges = reader->scope.n_ranges;
    int first = (int)reader->table.n_columns;

    if (table == NULL)
        return vf_query_no_memory(reader);
    if (n_ranges == VF_QUERY_MAX_SOURCES)
        return vf_query_not_understood(reader, "a join of too many tables");
    for (size_t i = n_ranges - n; i < n_ranges; i++) { /* one of a query around this one is hidden here */
        if (vf_strcasecmp(reader->ranges[i].alias, alias) == 0)
            return vf_query_not_understood(reader, "two tables under one name");
    }
    if (!add_columns(reader, table))
        return false;
    reader->ranges[n_ranges] = (struct vf_expr_range){.alias = alias, .first_column = first};
    reader->sources[n] = (struct vf_query_source){.join = n == 0 ? VF_JOIN_FIRST : join,
                                                  .relation = relation,
                                                  .query = query,
                                                  .table = table,
                                                  .alias = alias,
                                                  .first_column = first};
    reader->query->n_sources = n + 1;
    reader->scope.n_ranges = n_ranges + 1;
    return true;
}

/* A query of WITH by that name, or NULL. */
static const struct vf_query_named *find_named(const struct vf_query_reader *reader, const char *name, bool is_bare)
{
    const struct vf_query_named *named = reader->named;

    while (named != NULL && !vf_read_same_name(&reader->words, named->name, name, is_bare) &&
           !(is_bare && named->is_bare && vf_strcasecmp(named->name, name) == 0))
        named = named->before;
    return named;
}

/* Behind a relation, or a query in parentheses: the name that it has here. */
static bool read_alias(struct vf_query_reader *reader, const char **alias)
{
    struct vf_expr_reader *words = &reader->words;

    if (vf_read_take_word(words, "AS") || (vf_query_is_name(reader) && !vf_query_is_clause(reader))) {
        if (!vf_query_is_name(reader))
            return vf_query_not_understood(reader, "an alias is expected");
        *alias = words->token.text;
        vf_read_advance(words);
    }
    if (vf_read_is_sign(words, "("))
        return vf_query_not_understood(reader, "an alias with names of columns");
    if (vf_read_is_word(words, "TABLESAMPLE") || vf_read_is_word(words, "INDEXED"))
        return vf_query_not_understood(reader, "TABLESAMPLE or INDEXED BY");
    return true;
}

/* Does a query in parentheses begin here? (SELECT ...) UNION (SELECT ...) may be in more than one. */
static bool is_query_here(const struct vf_query_reader *reader)
{
    struct vf_expr_reader ahead = reader->words;
    bool is_open = vf_read_take_sign(&ahead, "(");

    for (int i = 0; is_open && i < VF_QUERY_MAX_SOURCES && vf_read_take_sign(&ahead, "("); i++)
        ;
    return is_open && vf_query_begins(&ahead);
}

/* (SELECT ...) alias */
static bool read_query(struct vf_query_reader *reader, enum vf_join join)
{
    const char *alias = NULL;

    vf_read_advance(&reader->words);
    const struct vf_query *query = vf_query_read_whole(reader, false, true);
    if (query == NULL || !vf_read_expect_sign(&reader->words, ")") || !read_alias(reader, &alias))
        return false;
    if (alias == NULL)
        alias = vf_arena_printf(reader->words.arena, "unnamed_%zu", reader->query->n_sources + 1);
    return alias != NULL ? vf_query_add_source(reader, join, VF_QUERY_NO_RELATION, query, alias)
                         : vf_query_no_memory(reader);
}

/* schema.name alias */
static bool read_relation(struct vf_query_reader *reader, enum vf_join join)
{
    struct vf_expr_reader *words = &reader->words;
    const char *schema = NULL, *name = words->token.text;
    bool is_bare = words->token.kind == VF_EXPR_WORD, is_bare_schema = false;
    size_t relation = 0;

    if (is_query_here(reader))
        return read_query(reader, join);
    if (vf_read_is_word(words, "LATERAL") || vf_read_is_word(words, "ONLY") || vf_read_is_word(words, "VALUES"))
        return vf_query_not_understood(reader, vf_read_is_word(words, "LATERAL") ? "a LATERAL join"
                                               : vf_read_is_word(words, "ONLY")  ? "FROM ONLY"
                                                                                 : "VALUES in place of a table");
    if (!vf_query_is_name(reader))
        return vf_query_not_understood(reader, "the name of a table is expected");
    vf_read_advance(words);
    if (vf_read_take_sign(words, ".")) {
        schema = name;
        is_bare_schema = is_bare;
        name = words->token.text;
        is_bare = words->token.kind == VF_EXPR_WORD;
        if (!vf_query_is_name(reader))
            return vf_query_not_understood(reader, "the name of a table is expected");
        vf_read_advance(words);
    }
    if (vf_read_is_sign(words, "("))
        return vf_query_not_understood(reader, "a function in place of a table");
    if (vf_read_is_sign(words, "."))
        return vf_query_not_understood(reader, "a table of another database");
    const struct vf_query_named *named = schema == NULL ? find_named(reader, name, is_bare) : NULL;
    if (named == NULL && !find_relation(reader, schema, is_bare_schema, name, is_bare, &relation))
        return false;
    const char *alias = named != NULL ? named->name : reader->of->relations.tables[relation]->name;
    if (!read_alias(reader, &alias))
        return false;
    return vf_query_add_source(reader, join, named != NULL ? VF_QUERY_NO_RELATION : relation,
                               named != NULL ? named->query : NULL, alias);
}

/* The kind of join that begins here; *is_one false: none does. */
static bool read_join_words(struct vf_query_reader *reader, enum vf_join *join, bool *is_one)
{
    struct vf_expr_reader *words = &reader->words;

    *is_one = true;
    if (vf_read_is_word(words, "NATURAL") || vf_read_is_word(words, "RIGHT") || vf_read_is_word(words, "FULL") ||
        vf_read_is_word(words, "SEMI") || vf_read_is_word(words, "ANTI") || vf_read_is_word(words, "ASOF") ||
        vf_read_is_word(words, "POSITIONAL"))
        return vf_query_not_understood(reader, "a join that is neither CROSS nor INNER nor LEFT");
    *join = VF_JOIN_INNER;
    if (vf_read_take_word(words, "CROSS")) {
        *join = VF_JOIN_CROSS;
        (void)vf_read_take_word(words, "INNER"); /* as tursodb keeps it */
    } else if (vf_read_take_word(words, "LEFT")) {
        *join = VF_JOIN_LEFT;
        (void)vf_read_take_word(words, "OUTER");
    } else if (!vf_read_take_word(words, "INNER") && !vf_read_is_word(words, "JOIN")) {
        *is_one = false;
        return true;
    }
    return vf_read_expect_word(words, "JOIN");
}

/* The column that a name means from `first` on, up to `end`; -1: none, or several, which is said. */
static int column_for_using(struct vf_query_reader *reader, size_t first, size_t end)
{
    const struct vf_expr_token *token = &reader->words.token;
    int found = -1;

    for (size_t i = first; i < end; i++) {
        if (reader->is_hidden[i] ||
            !vf_read_same_name(&reader->words, reader->table.columns[i].name, token->text, token->kind == VF_EXPR_WORD))
            continue;
        if (found >= 0) {
            (void)vf_query_not_understood(reader, "USING of a column that several tables have");
            return -1;
        }
        found = (int)i;
    }
    if (found < 0)
        (void)vf_query_not_understood(reader, "USING of a column that isn't there");
    return found;
}

/* (a, b): the column of the joined table is called by its alias only from here on, since an inner or a left join has the value of the other. */
static bool read_using(struct vf_query_reader *reader, struct vf_query_source *source)
{
    struct vf_expr_reader *words = &reader->words;
    size_t first = (size_t)source->first_column;

    if (!vf_read_expect_sign(words, "("))
        return false;
    do {
        if (!vf_query_is_name(reader))
            return vf_query_not_understood(reader, "the name of a column is expected");
        int left = column_for_using(reader, reader->query->n_outer, first);
        int right = left < 0 ? -1 : column_for_using(reader, first, reader->table.n_columns);
        if (right < 0)
            return false;
        const struct vf_expr *same =
            vf_build_compare(words, VF_X_EQ, vf_build_column(words, left), vf_build_column(words, right));
        source->on = source->on == NULL ? same : vf_expr_call2(words->arena, VF_X_AND, VF_K_BOOL, source->on, same);
        if (source->on == NULL)
            return false;
        reader->is_hidden[right] = true;
        vf_read_advance(words);
    } while (vf_read_take_sign(words, ","));
    return vf_read_expect_sign(words, ")");
}

static bool read_condition_of_join(struct vf_query_reader *reader, enum vf_join join)
{
    struct vf_query_source *source = &reader->sources[reader->query->n_sources - 1];

    if (join == VF_JOIN_CROSS)
        return true;
    if (vf_read_take_word(&reader->words, "USING"))
        return read_using(reader, source);
    if (join == VF_JOIN_INNER && reader->words.dialect->reads_conditions_as_numbers &&
        !vf_read_is_word(&reader->words, "ON")) {
        source->join = VF_JOIN_CROSS; /* SQLite's JOIN without ON */
        return true;
    }
    if (!vf_read_expect_word(&reader->words, "ON"))
        return false;
    source->on = vf_query_condition(reader);
    return source->on != NULL;
}

/* Joins one after the other; parentheses may be around what is joined so far, and nowhere else. */
static bool read_joined(struct vf_query_reader *reader, enum vf_join join)
{
    bool is_one = false;

    if (vf_read_is_sign(&reader->words, "(") && !is_query_here(reader)) {
        if (reader->query->n_sources > 0 && join != VF_JOIN_CROSS)
            return vf_query_not_understood(reader, "joins in parentheses on the right of a join");
        if (++reader->depth > VF_QUERY_MAX_SOURCES)
            return vf_query_not_understood(reader, "too many parentheses");
        vf_read_advance(&reader->words);
        if (!read_joined(reader, join) || !vf_read_expect_sign(&reader->words, ")"))
            return false;
        reader->depth--;
        if (vf_query_is_name(reader) && !vf_query_is_clause(reader))
            return vf_query_not_understood(reader, "a join with an alias");
    } else if (!read_relation(reader, join)) {
        return false;
    }
    for (;;) {
        if (!read_join_words(reader, &join, &is_one))
            return false;
        if (!is_one)
            return true;
        if (vf_read_is_sign(&reader->words, "(") && !is_query_here(reader))
            return vf_query_not_understood(reader, "joins in parentheses on the right of a join");
        if (!read_relation(reader, join) || !read_condition_of_join(reader, join))
            return false;
    }
}

bool vf_query_read_from(struct vf_query_reader *reader)
{
    do {
        if (!read_joined(reader, VF_JOIN_CROSS))
            return false;
    } while (vf_read_take_sign(&reader->words, ","));
    return true;
}
