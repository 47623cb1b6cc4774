#include "engine/query.h"

#include <string.h>

#include "base/text.h"
#include "engine/expression_read.h"

/* A query as it is read. Its scope grows by one table at a time: a condition of a join sees only those before it. */
struct query_reader {
    struct vf_expr_reader words;
    const struct vf_query_scope_of *of;
    struct vf_expr_scope scope;
    struct vf_table table; /* the columns of all sources so far */
    struct vf_expr_range ranges[VF_QUERY_MAX_SOURCES];
    struct vf_query_source sources[VF_QUERY_MAX_SOURCES];
    struct vf_query *query;
    size_t n_names; /* of the columns that the view's text lists; 0: none */
    const char **names;
    bool aggregates; /* some are in it */
    int depth;       /* of parentheses around joins */
};

static bool not_understood(struct query_reader *reader, const char *what)
{
    (void)vf_expr_not_understood(&reader->words, "%s", what);
    return false;
}

static bool failed(const struct query_reader *reader)
{
    return reader->words.why != NULL || reader->words.no_memory;
}

static bool no_memory(struct query_reader *reader)
{
    reader->words.no_memory = true;
    return false;
}

static bool is_name(const struct query_reader *reader)
{
    return reader->words.token.kind == VF_EXPR_WORD || reader->words.token.kind == VF_EXPR_NAME;
}

static const struct vf_expr *condition(struct query_reader *reader)
{
    const struct vf_expr *expr = vf_build_condition(&reader->words, vf_read_expression(&reader->words));

    return expr != NULL && vf_build_bare(expr) != expr ? vf_expr_not_understood(&reader->words, "a collation") : expr;
}

/* ---- FROM ---- */

/* Words that end a relation without an alias. */
static bool is_clause(const struct query_reader *reader)
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

static bool is_usual(const struct query_reader *reader, const struct vf_table *table)
{
    return table->schema == NULL || reader->of->usual_schema == NULL ||
           vf_str_equal(table->schema, reader->of->usual_schema);
}

/* The relation that the text calls so; schema NULL: it doesn't say. */
static bool find_relation(struct query_reader *reader, const char *schema, bool is_bare_schema, const char *name,
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

static bool add_source(struct query_reader *reader, enum vf_join join, size_t relation, const char *alias)
{
    const struct vf_table *table = reader->of->relations.tables[relation];
    size_t n = reader->query->n_sources, before = reader->table.n_columns;

    if (n == VF_QUERY_MAX_SOURCES)
        return not_understood(reader, "a join of too many tables");
    for (size_t i = 0; i < n; i++) {
        if (vf_strcasecmp(reader->sources[i].alias, alias) == 0)
            return not_understood(reader, "two tables under one name");
    }
    struct vf_column *columns = vf_arena_alloc(reader->words.arena, before + table->n_columns + 1, sizeof(*columns));
    if (columns == NULL)
        return no_memory(reader);
    if (before > 0)
        memcpy(columns, reader->table.columns, before * sizeof(*columns));
    if (table->n_columns > 0)
        memcpy(columns + before, table->columns, table->n_columns * sizeof(*columns));
    reader->table.columns = columns;
    reader->table.n_columns = before + table->n_columns;
    reader->ranges[n] = (struct vf_expr_range){.alias = alias, .first_column = (int)before};
    reader->sources[n] = (struct vf_query_source){
        .join = n == 0 ? VF_JOIN_FIRST : join, .relation = relation, .alias = alias, .first_column = (int)before};
    reader->query->n_sources = reader->scope.n_ranges = n + 1;
    return true;
}

/* schema.name alias */
static bool read_relation(struct query_reader *reader, enum vf_join join)
{
    struct vf_expr_reader *words = &reader->words;
    const char *schema = NULL, *name = words->token.text;
    bool is_bare = words->token.kind == VF_EXPR_WORD, is_bare_schema = false;
    size_t relation = 0;

    if (vf_read_is_word(words, "LATERAL") || vf_read_is_word(words, "ONLY") || vf_read_is_word(words, "VALUES") ||
        vf_read_is_word(words, "SELECT"))
        return not_understood(reader, vf_read_is_word(words, "LATERAL") ? "a LATERAL join"
                                      : vf_read_is_word(words, "ONLY")  ? "FROM ONLY"
                                                                        : "a subquery in place of a table");
    if (!is_name(reader))
        return not_understood(reader, "the name of a table is expected");
    vf_read_advance(words);
    if (vf_read_take_sign(words, ".")) {
        schema = name;
        is_bare_schema = is_bare;
        name = words->token.text;
        is_bare = words->token.kind == VF_EXPR_WORD;
        if (!is_name(reader))
            return not_understood(reader, "the name of a table is expected");
        vf_read_advance(words);
    }
    if (vf_read_is_sign(words, "("))
        return not_understood(reader, "a function in place of a table");
    if (vf_read_is_sign(words, "."))
        return not_understood(reader, "a table of another database");
    if (!find_relation(reader, schema, is_bare_schema, name, is_bare, &relation))
        return false;
    const char *alias = reader->of->relations.tables[relation]->name;
    if (vf_read_take_word(words, "AS") || (is_name(reader) && !is_clause(reader))) {
        if (!is_name(reader))
            return not_understood(reader, "an alias is expected");
        alias = words->token.text;
        vf_read_advance(words);
    }
    if (vf_read_is_sign(words, "("))
        return not_understood(reader, "an alias with names of columns");
    if (vf_read_is_word(words, "TABLESAMPLE") || vf_read_is_word(words, "INDEXED"))
        return not_understood(reader, "TABLESAMPLE or INDEXED BY");
    return add_source(reader, join, relation, alias);
}

/* The kind of join that begins here; *is_one false: none does. */
static bool read_join_words(struct query_reader *reader, enum vf_join *join, bool *is_one)
{
    struct vf_expr_reader *words = &reader->words;

    *is_one = true;
    if (vf_read_is_word(words, "NATURAL") || vf_read_is_word(words, "RIGHT") || vf_read_is_word(words, "FULL") ||
        vf_read_is_word(words, "SEMI") || vf_read_is_word(words, "ANTI") || vf_read_is_word(words, "ASOF") ||
        vf_read_is_word(words, "POSITIONAL"))
        return not_understood(reader, "a join that is neither CROSS nor INNER nor LEFT");
    *join = VF_JOIN_INNER;
    if (vf_read_take_word(words, "CROSS")) {
        *join = VF_JOIN_CROSS;
    } else if (vf_read_take_word(words, "LEFT")) {
        *join = VF_JOIN_LEFT;
        (void)vf_read_take_word(words, "OUTER");
    } else if (!vf_read_take_word(words, "INNER") && !vf_read_is_word(words, "JOIN")) {
        *is_one = false;
        return true;
    }
    return vf_read_expect_word(words, "JOIN");
}

static bool read_condition_of_join(struct query_reader *reader, enum vf_join join)
{
    struct vf_query_source *source = &reader->sources[reader->query->n_sources - 1];

    if (vf_read_is_word(&reader->words, "USING"))
        return not_understood(reader, "a join by USING");
    if (join == VF_JOIN_CROSS)
        return true;
    if (join == VF_JOIN_INNER && reader->words.dialect->reads_conditions_as_numbers &&
        !vf_read_is_word(&reader->words, "ON")) {
        source->join = VF_JOIN_CROSS; /* SQLite's JOIN without ON */
        return true;
    }
    if (!vf_read_expect_word(&reader->words, "ON"))
        return false;
    source->on = condition(reader);
    return source->on != NULL;
}

/* Joins one after the other; parentheses may be around what is joined so far, and nowhere else. */
static bool read_joined(struct query_reader *reader, enum vf_join join)
{
    bool is_one = false;

    if (vf_read_is_sign(&reader->words, "(")) {
        if (reader->query->n_sources > 0 && join != VF_JOIN_CROSS)
            return not_understood(reader, "joins in parentheses on the right of a join");
        if (++reader->depth > VF_QUERY_MAX_SOURCES)
            return not_understood(reader, "too many parentheses");
        vf_read_advance(&reader->words);
        if (!read_joined(reader, join) || !vf_read_expect_sign(&reader->words, ")"))
            return false;
        reader->depth--;
        if (is_name(reader) && !is_clause(reader))
            return not_understood(reader, "a join with an alias");
    } else if (!read_relation(reader, join)) {
        return false;
    }
    for (;;) {
        if (!read_join_words(reader, &join, &is_one))
            return false;
        if (!is_one)
            return true;
        bool is_nested = vf_read_is_sign(&reader->words, "(");
        if (is_nested)
            return not_understood(reader, "joins in parentheses on the right of a join");
        if (!read_relation(reader, join) || !read_condition_of_join(reader, join))
            return false;
    }
}

static bool read_from(struct query_reader *reader)
{
    do {
        if (!read_joined(reader, VF_JOIN_CROSS))
            return false;
    } while (vf_read_take_sign(&reader->words, ","));
    return true;
}

/* To the FROM of this SELECT: its columns are known only behind it. */
static bool skip_to_from(struct query_reader *reader)
{
    struct vf_expr_reader *words = &reader->words;
    bool was_distinct = false;
    int depth = 0;

    while (words->token.kind != VF_EXPR_END && !failed(reader)) {
        if (depth == 0 && !was_distinct && vf_read_is_word(words, "FROM")) {
            vf_read_advance(words);
            return true;
        }
        depth += vf_read_is_sign(words, "(") ? 1 : vf_read_is_sign(words, ")") ? -1 : 0;
        if (depth < 0 || (depth == 0 && (vf_read_is_word(words, "UNION") || vf_read_is_word(words, "WHERE"))))
            break;
        was_distinct = vf_read_is_word(words, "DISTINCT");
        vf_read_advance(words);
    }
    return not_understood(reader, "a query without FROM");
}

/* ---- what is selected ---- */

static bool add_output(struct query_reader *reader, const char *name, const struct vf_expr *expr)
{
    struct vf_query *query = reader->query;

    if (expr == NULL)
        return false;
    if (query->n_outputs == VF_QUERY_MAX_OUTPUTS)
        return not_understood(reader, "too many columns");
    if (vf_build_bare(expr) != expr)
        return not_understood(reader, "a column with a collation of its own");
    if (reader->n_names > 0 && query->n_outputs < reader->n_names)
        name = reader->names[query->n_outputs];
    if (name == NULL)
        return not_understood(reader, "a column that is computed, and has no name by AS");
    for (size_t i = 0; i < query->n_outputs; i++) {
        if (vf_strcasecmp(query->outputs[i].name, name) == 0)
            return not_understood(reader, "two columns of one name");
    }
    query->outputs[query->n_outputs++] = (struct vf_query_output){.name = name, .expr = expr};
    return true;
}

/* *, or alias.* with the number of its source. */
static bool add_all(struct query_reader *reader, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        if (!add_output(reader, reader->table.columns[i].name, vf_build_column(&reader->words, (int)i)))
            return false;
    }
    return true;
}

/* alias.*: true if it was that, and is read. */
static bool read_star_of(struct query_reader *reader, bool *done)
{
    struct vf_expr_reader *words = &reader->words;
    struct vf_expr_reader before = *words;
    const char *alias = words->token.text;
    bool is_bare = words->token.kind == VF_EXPR_WORD;

    *done = true;
    if (is_name(reader)) {
        vf_read_advance(words);
        if (vf_read_take_sign(words, ".") && vf_read_take_sign(words, "*")) {
            for (size_t i = 0; i < reader->query->n_sources; i++) {
                if (!vf_read_same_name(words, reader->ranges[i].alias, alias, is_bare))
                    continue;
                size_t end = i + 1 < reader->query->n_sources ? (size_t)reader->ranges[i + 1].first_column
                                                              : reader->table.n_columns;
                *done = add_all(reader, (size_t)reader->ranges[i].first_column, end);
                return true;
            }
            *done = not_understood(reader, "* of a table that isn't there");
            return true;
        }
    }
    before.no_memory |= words->no_memory;
    *words = before;
    return false;
}

static bool read_output(struct query_reader *reader)
{
    struct vf_expr_reader *words = &reader->words;
    const char *name = NULL;
    bool done = false;

    if (vf_read_take_sign(words, "*"))
        return add_all(reader, 0, reader->table.n_columns);
    if (read_star_of(reader, &done))
        return done;
    const struct vf_expr *expr = vf_read_expression(words);
    if (expr == NULL)
        return false;
    if (expr->kind == VF_EXPR_COLUMN)
        name = reader->table.columns[expr->column].name;
    if (vf_read_take_word(words, "AS") || (is_name(reader) && !vf_read_is_word(words, "FROM"))) {
        if (!is_name(reader))
            return not_understood(reader, "a name is expected behind AS");
        name = words->token.text;
        vf_read_advance(words);
    }
    return add_output(reader, name, expr);
}

static bool read_outputs(struct query_reader *reader)
{
    struct vf_query *query = reader->query;

    query->outputs = vf_arena_alloc(reader->words.arena, VF_QUERY_MAX_OUTPUTS, sizeof(*query->outputs));
    if (query->outputs == NULL)
        return no_memory(reader);
    reader->words.takes_aggregates = true;
    do {
        if (!read_output(reader))
            return false;
    } while (vf_read_take_sign(&reader->words, ","));
    reader->words.takes_aggregates = false;
    if (reader->n_names > 0 && reader->n_names != query->n_outputs)
        return not_understood(reader, "another number of columns than the view names");
    return vf_read_is_word(&reader->words, "FROM") || not_understood(reader, "FROM is expected");
}

/* ---- GROUP BY, ORDER BY ---- */

/* A name or a number that stands for a column of the result; NULL: it doesn't. By the number, or by a name that is none of a table's column, or (in ORDER BY) goes before those. */
static const struct vf_expr *output_named(struct query_reader *reader, bool name_goes_first)
{
    struct vf_expr_reader *words = &reader->words;
    const struct vf_query *query = reader->query;
    int64_t number = 0;

    if (words->token.kind == VF_EXPR_NUMBER && vf_parse_i64(words->token.text, strlen(words->token.text), &number) &&
        number >= 1 && number <= (int64_t)query->n_outputs) {
        vf_read_advance(words);
        return query->outputs[number - 1].expr;
    }
    if (!is_name(reader))
        return NULL;
    struct vf_expr_reader before = *words;
    const char *name = words->token.text;
    bool is_bare = words->token.kind == VF_EXPR_WORD, is_column = false;
    vf_read_advance(words);
    bool is_alone = words->token.kind == VF_EXPR_END || vf_read_is_sign(words, ",") || vf_read_is_sign(words, ";") ||
                    vf_read_is_word(words, "ASC") || vf_read_is_word(words, "DESC") ||
                    vf_read_is_word(words, "NULLS") || is_clause(reader);
    for (size_t i = 0; i < reader->table.n_columns; i++)
        is_column |= vf_read_same_name(words, reader->table.columns[i].name, name, is_bare);
    for (size_t i = 0; is_alone && (name_goes_first || !is_column) && i < query->n_outputs; i++) {
        if (vf_read_same_name(words, query->outputs[i].name, name, is_bare))
            return query->outputs[i].expr;
    }
    before.no_memory |= words->no_memory;
    *words = before;
    return NULL;
}

static bool read_groups(struct query_reader *reader)
{
    struct vf_query *query = reader->query;

    query->groups = vf_arena_alloc(reader->words.arena, VF_QUERY_MAX_OUTPUTS, sizeof(*query->groups));
    if (query->groups == NULL)
        return no_memory(reader);
    do {
        static const char *const others[] = {"ROLLUP", "CUBE", "GROUPING", "ALL", "DISTINCT"};
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
            if (vf_read_is_word(&reader->words, others[i]))
                return not_understood(reader, "GROUP BY of several kinds at once");
        }
        const struct vf_expr *expr = output_named(reader, false);
        if (expr == NULL)
            expr = vf_read_expression(&reader->words);
        if (!vf_build_can_group(&reader->words, expr, "GROUP BY"))
            return false;
        expr = vf_build_bare(expr);
        if (expr->kind == VF_EXPR_LITERAL || query->n_groups == VF_QUERY_MAX_OUTPUTS)
            return not_understood(reader, "GROUP BY of a constant, or of too many columns");
        query->groups[query->n_groups++] = expr;
    } while (vf_read_take_sign(&reader->words, ","));
    return true;
}

static bool read_order(struct query_reader *reader, struct vf_query_order *order)
{
    struct vf_expr_reader *words = &reader->words;
    const struct vf_expr *expr = output_named(reader, true);

    if (expr == NULL)
        expr = vf_read_expression(words);
    if (expr == NULL || vf_build_bare(expr)->kind == VF_EXPR_LITERAL)
        return expr != NULL && not_understood(reader, "ORDER BY of a constant");
    if (!vf_build_can_sort(words, expr, "ORDER BY", &order->rule))
        return false;
    order->expr = vf_build_bare(expr);
    order->descending = vf_read_take_word(words, "DESC");
    if (!order->descending)
        (void)vf_read_take_word(words, "ASC");
    if (vf_read_is_word(words, "USING"))
        return not_understood(reader, "ORDER BY USING");
    bool least = words->dialect->reads_conditions_as_numbers; /* SQLite: NULL is less than all */
    order->nulls_first = words->dialect->nulls_sort_high ? order->descending : least && !order->descending;
    if (vf_read_take_word(words, "NULLS")) {
        order->nulls_first = vf_read_is_word(words, "FIRST");
        if (!order->nulls_first && !vf_read_is_word(words, "LAST"))
            return not_understood(reader, "FIRST or LAST is expected");
        vf_read_advance(words);
    }
    return true;
}

static bool read_orders(struct query_reader *reader)
{
    struct vf_query *query = reader->query;

    query->orders = vf_arena_alloc(reader->words.arena, VF_EXPR_MAX_ARGS, sizeof(*query->orders));
    if (query->orders == NULL)
        return no_memory(reader);
    reader->words.takes_aggregates = true;
    do {
        if (query->n_orders == VF_EXPR_MAX_ARGS)
            return not_understood(reader, "ORDER BY of too many columns");
        if (!read_order(reader, &query->orders[query->n_orders]))
            return false;
        query->n_orders++;
    } while (vf_read_take_sign(&reader->words, ","));
    reader->words.takes_aggregates = false;
    return true;
}

/* A plain number: PostgreSQL writes it with a cast, ('5'::bigint). */
static bool read_number(struct query_reader *reader, int64_t least, int64_t *number)
{
    struct vf_expr_reader *words = &reader->words;
    const struct vf_expr *expr = vf_read_expression(words);

    if (expr == NULL)
        return false;
    return (expr->kind == VF_EXPR_LITERAL && vf_kind_is_whole(expr->is) &&
            vf_parse_i64(expr->text, strlen(expr->text), number) && *number >= least) ||
           not_understood(reader, "LIMIT or OFFSET of what isn't a plain number");
}

static bool read_limits(struct query_reader *reader)
{
    struct vf_expr_reader *words = &reader->words;
    struct vf_query *query = reader->query;
    int64_t least = words->dialect->offset_wants_limit ? -1 : 0; /* SQLite's -1 is none */

    for (int i = 0; i < 2; i++) { /* in either order */
        if (vf_read_take_word(words, "LIMIT")) {
            if (vf_read_is_word(words, "ALL") || !read_number(reader, least, &query->limit))
                return not_understood(reader, "LIMIT ALL");
            if (vf_read_is_sign(words, ",") || vf_read_is_sign(words, "%"))
                return not_understood(reader, "LIMIT of two numbers, or of a part");
        } else if (vf_read_take_word(words, "OFFSET")) {
            if (!read_number(reader, 0, &query->offset))
                return false;
            (void)(vf_read_take_word(words, "ROWS") || vf_read_take_word(words, "ROW"));
        }
    }
    if ((query->limit >= 0 || query->offset > 0) && query->n_orders == 0)
        return not_understood(reader, "LIMIT without ORDER BY: which rows it shows isn't said");
    return true;
}

/* ---- the whole ---- */

static bool is_of_groups(const struct vf_query *query, const struct vf_expr *expr)
{
    for (size_t i = 0; i < query->n_groups; i++) {
        if (vf_expr_equal(query->groups[i], expr))
            return true;
    }
    if (expr->kind != VF_EXPR_CALL || vf_expr_is_aggregate(expr))
        return expr->kind != VF_EXPR_COLUMN;
    for (size_t i = 0; i < expr->n_args; i++) {
        if (!is_of_groups(query, expr->args[i]))
            return false;
    }
    return true;
}

static bool has_aggregate(const struct vf_expr *expr)
{
    bool has = vf_expr_is_aggregate(expr);

    for (size_t i = 0; i < expr->n_args && !has; i++)
        has = has_aggregate(expr->args[i]);
    return has;
}

/* A sum is of another type in each database: shown and compared it is the same number, and divided it isn't. */
static bool computes_with_sum(const struct vf_expr *expr, bool computes)
{
    if (vf_expr_is_aggregate(expr))
        return computes && expr->op == VF_X_SUM;
    if (expr->kind == VF_EXPR_CALL)
        computes |= (expr->op >= VF_X_NEG && expr->op <= VF_X_CONCAT) || expr->op == VF_X_ABS ||
                    expr->op == VF_X_CAST || expr->op == VF_X_OWN;
    for (size_t i = 0; i < expr->n_args; i++) {
        if (computes_with_sum(expr->args[i], computes))
            return true;
    }
    return false;
}

static bool check_expr(struct query_reader *reader, const struct vf_expr *expr)
{
    const struct vf_query *query = reader->query;

    if (computes_with_sum(expr, false))
        return not_understood(reader, "a sum that is computed with: its type isn't the same in each database");
    if ((query->n_groups > 0 || reader->aggregates) && !is_of_groups(query, expr))
        return not_understood(reader, "a column that is neither grouped nor in an aggregate");
    return true;
}

static bool check(struct query_reader *reader)
{
    const struct vf_query *query = reader->query;

    for (size_t i = 0; i < query->n_outputs; i++)
        reader->aggregates |= has_aggregate(query->outputs[i].expr);
    for (size_t i = 0; i < query->n_orders; i++)
        reader->aggregates |= has_aggregate(query->orders[i].expr);
    reader->aggregates |= query->having != NULL;
    for (size_t i = 0; i < query->n_outputs; i++) {
        if (!check_expr(reader, query->outputs[i].expr) ||
            (query->distinct && !vf_build_can_group(&reader->words, query->outputs[i].expr, "DISTINCT")))
            return false;
    }
    for (size_t i = 0; i < query->n_orders; i++) {
        if (!check_expr(reader, query->orders[i].expr))
            return false;
    }
    return query->having == NULL || check_expr(reader, query->having);
}

/* CREATE VIEW name (columns) AS. */
static bool read_head(struct query_reader *reader)
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
        if (!is_name(reader))
            return not_understood(reader, "the name of the view is expected");
        vf_read_advance(words);
    } while (vf_read_take_sign(words, "."));
    if (vf_read_take_sign(words, "(")) {
        reader->names = vf_arena_alloc(words->arena, VF_QUERY_MAX_OUTPUTS, sizeof(*reader->names));
        if (reader->names == NULL)
            return no_memory(reader);
        do {
            if (!is_name(reader) || reader->n_names == VF_QUERY_MAX_OUTPUTS)
                return not_understood(reader, "the name of a column is expected");
            reader->names[reader->n_names++] = words->token.text;
            vf_read_advance(words);
        } while (vf_read_take_sign(words, ","));
        if (!vf_read_expect_sign(words, ")"))
            return false;
    }
    return vf_read_expect_word(words, "AS");
}

static bool read_distinct(struct query_reader *reader)
{
    struct vf_expr_reader *words = &reader->words;

    if (vf_read_is_word(words, "WITH"))
        return not_understood(reader, "WITH");
    if (vf_read_is_word(words, "VALUES") || vf_read_is_sign(words, "("))
        return not_understood(reader, "VALUES, UNION, or a query in parentheses");
    if (!vf_read_expect_word(words, "SELECT"))
        return false;
    reader->query->distinct = vf_read_take_word(words, "DISTINCT");
    if (reader->query->distinct && vf_read_is_word(words, "ON"))
        return not_understood(reader, "DISTINCT ON");
    if (!reader->query->distinct)
        (void)vf_read_take_word(words, "ALL");
    return true;
}

static bool read_rest(struct query_reader *reader)
{
    static const char *const sets[] = {"UNION", "INTERSECT", "EXCEPT"};
    struct vf_expr_reader *words = &reader->words;
    struct vf_query *query = reader->query;

    if (vf_read_take_word(words, "WHERE") && (query->where = condition(reader)) == NULL)
        return false;
    if (vf_read_take_word(words, "GROUP") && (!vf_read_expect_word(words, "BY") || !read_groups(reader)))
        return false;
    words->takes_aggregates = true;
    if (vf_read_take_word(words, "HAVING") && (query->having = condition(reader)) == NULL)
        return false;
    words->takes_aggregates = false;
    for (size_t i = 0; i < 3; i++) {
        if (vf_read_is_word(words, sets[i]))
            return not_understood(reader, sets[i]);
    }
    if (vf_read_is_word(words, "WINDOW"))
        return not_understood(reader, "a window function");
    if (vf_read_take_word(words, "ORDER") && (!vf_read_expect_word(words, "BY") || !read_orders(reader)))
        return false;
    if (!read_limits(reader))
        return false;
    (void)vf_read_take_sign(words, ";");
    if (words->token.kind != VF_EXPR_END) {
        (void)vf_expr_not_understood(words, "\"%.40s\"", words->token.text);
        return false;
    }
    return check(reader);
}

static bool read_all(struct query_reader *reader)
{
    struct vf_expr_reader *words = &reader->words;

    if (!read_head(reader) || !read_distinct(reader))
        return false;
    struct vf_expr_reader outputs = *words;
    if (!skip_to_from(reader) || !read_from(reader))
        return false;
    struct vf_expr_reader rest = *words;
    *words = outputs;
    words->n_parts = rest.n_parts;
    words->no_memory |= rest.no_memory;
    if (!read_outputs(reader))
        return false;
    words->token = rest.token;
    words->offset = rest.offset;
    return read_rest(reader);
}

enum vf_status vf_query_read(const struct vf_dialect *dialect, const struct vf_query_scope_of *scope, const char *text,
                             struct vf_arena *arena, const struct vf_query **query, const char **why,
                             struct vf_error *err)
{
    struct vf_query *made = vf_arena_alloc(arena, 1, sizeof(*made));
    struct query_reader *reader = vf_arena_alloc(arena, 1, sizeof(*reader));

    *query = NULL;
    *why = NULL;
    if (made == NULL || reader == NULL)
        return vf_error_nomem(err);
    *made = (struct vf_query){.limit = -1};
    *reader = (struct query_reader){.of = scope, .query = made, .table = {.name = "", .primary_key = -1}};
    reader->scope = (struct vf_expr_scope){
        .table = &reader->table, .ranges = reader->ranges, .collation = scope->collation, .version = scope->version};
    reader->words = (struct vf_expr_reader){
        .dialect = dialect, .scope = &reader->scope, .arena = arena, .text = text, .in_query = true};
    made->sources = reader->sources;
    vf_read_advance(&reader->words);
    bool done = read_all(reader) && !failed(reader);
    if (reader->words.no_memory || (!done && reader->words.why == NULL))
        return vf_error_nomem(err);
    *query = done ? made : NULL;
    *why = reader->words.why;
    return VF_OK;
}
