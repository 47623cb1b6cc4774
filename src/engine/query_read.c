#include <string.h>

#include "base/text.h"
#include "engine/query_read.h"

/* To the FROM of this SELECT: its columns are known only behind it. */
static bool skip_to_from(struct vf_query_reader *reader)
{
    struct vf_expr_reader *words = &reader->words;
    bool was_distinct = false;
    int depth = 0;

    while (words->token.kind != VF_EXPR_END && words->why == NULL && !words->no_memory) {
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
    return vf_query_not_understood(reader, "a query without FROM");
}

/* ---- what is selected ---- */

static bool add_output(struct vf_query_reader *reader, const char *name, const struct vf_expr *expr)
{
    struct vf_query *query = reader->query;

    if (expr == NULL)
        return false;
    if (query->n_outputs == VF_QUERY_MAX_OUTPUTS)
        return vf_query_not_understood(reader, "too many columns");
    if (vf_build_bare(expr) != expr)
        return vf_query_not_understood(reader, "a column with a collation of its own");
    if (name == NULL && reader->needs_names)
        return vf_query_not_understood(reader, "a column that is computed, and has no name by AS");
    if (name == NULL && (name = vf_arena_printf(reader->words.arena, "column%zu", query->n_outputs + 1)) == NULL)
        return vf_query_no_memory(reader);
    for (size_t i = 0; i < query->n_outputs && reader->needs_names; i++) {
        if (vf_strcasecmp(query->outputs[i].name, name) == 0)
            return vf_query_not_understood(reader, "two columns of one name");
    }
    query->outputs[query->n_outputs++] = (struct vf_query_output){.name = name, .expr = expr};
    return true;
}

bool vf_query_add_all(struct vf_query_reader *reader, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        if (!reader->is_hidden[i] &&
            !add_output(reader, reader->table.columns[i].name, vf_build_column(&reader->words, (int)i)))
            return false;
    }
    return true;
}

/* The columns of one source. Those that USING has joined are in it too, but not in each database. */
static bool add_source_columns(struct vf_query_reader *reader, const struct vf_query_source *source)
{
    size_t first = (size_t)source->first_column, end = first + source->table->n_columns;

    for (size_t i = first; i < end; i++) {
        if (reader->is_hidden[i])
            return vf_query_not_understood(reader, "* of a table that is joined by USING");
    }
    return vf_query_add_all(reader, first, end);
}

/* alias.*: true if it was that, and is read. */
static bool read_star_of(struct vf_query_reader *reader, bool *done)
{
    struct vf_expr_reader *words = &reader->words;
    struct vf_expr_reader before = *words;
    const char *alias = words->token.text;
    bool is_bare = words->token.kind == VF_EXPR_WORD;

    *done = true;
    if (vf_query_is_name(reader)) {
        vf_read_advance(words);
        if (vf_read_take_sign(words, ".") && vf_read_take_sign(words, "*")) {
            for (size_t i = 0; i < reader->query->n_sources; i++) {
                if (!vf_read_same_name(words, reader->sources[i].alias, alias, is_bare))
                    continue;
                *done = add_source_columns(reader, &reader->sources[i]);
                return true;
            }
            *done = vf_query_not_understood(reader, "* of a table that isn't there");
            return true;
        }
    }
    before.no_memory |= words->no_memory;
    *words = before;
    return false;
}

static bool read_output(struct vf_query_reader *reader)
{
    struct vf_expr_reader *words = &reader->words;
    const char *name = NULL;
    bool done = false;

    if (vf_read_take_sign(words, "*"))
        return vf_query_add_all(reader, reader->query->n_outer, reader->table.n_columns);
    if (read_star_of(reader, &done))
        return done;
    const struct vf_expr *expr = vf_read_expression(words);
    if (expr == NULL)
        return false;
    if (expr->kind == VF_EXPR_COLUMN)
        name = reader->table.columns[expr->column].name;
    if (vf_read_take_word(words, "AS") || (vf_query_is_name(reader) && !vf_read_is_word(words, "FROM"))) {
        if (!vf_query_is_name(reader))
            return vf_query_not_understood(reader, "a name is expected behind AS");
        name = words->token.text;
        vf_read_advance(words);
    }
    return add_output(reader, name, expr);
}

static bool read_outputs(struct vf_query_reader *reader)
{
    struct vf_query *query = reader->query;

    query->outputs = vf_arena_alloc(reader->words.arena, VF_QUERY_MAX_OUTPUTS, sizeof(*query->outputs));
    if (query->outputs == NULL)
        return vf_query_no_memory(reader);
    reader->words.takes_aggregates = reader->takes_queries = true;
    do {
        if (!read_output(reader))
            return false;
    } while (vf_read_take_sign(&reader->words, ","));
    reader->words.takes_aggregates = reader->takes_queries = false;
    return vf_read_is_word(&reader->words, "FROM") || vf_query_not_understood(reader, "FROM is expected");
}

/* ---- GROUP BY, ORDER BY ---- */

/* A name or a number that stands for a column of the result; NULL: it doesn't. By the number, or by a name that is none of a table's column, or (in ORDER BY) goes before those. */
static const struct vf_expr *output_named(struct vf_query_reader *reader, bool name_goes_first)
{
    struct vf_expr_reader *words = &reader->words;
    const struct vf_query *query = reader->query;
    int64_t number = 0;

    if (words->token.kind == VF_EXPR_NUMBER && vf_parse_i64(words->token.text, strlen(words->token.text), &number) &&
        number >= 1 && number <= (int64_t)query->n_outputs) {
        vf_read_advance(words);
        return query->outputs[number - 1].expr;
    }
    if (!vf_query_is_name(reader))
        return NULL;
    struct vf_expr_reader before = *words;
    const char *name = words->token.text;
    bool is_bare = words->token.kind == VF_EXPR_WORD, is_column = false;
    vf_read_advance(words);
    bool is_alone = words->token.kind == VF_EXPR_END || vf_read_is_sign(words, ",") || vf_read_is_sign(words, ";") ||
                    vf_read_is_word(words, "ASC") || vf_read_is_word(words, "DESC") ||
                    vf_read_is_word(words, "NULLS") || vf_read_is_sign(words, ")") || vf_query_is_clause(reader);
    for (size_t i = query->n_outer; i < reader->table.n_columns; i++)
        is_column |= vf_read_same_name(words, reader->table.columns[i].name, name, is_bare);
    for (size_t i = 0; is_alone && (name_goes_first || !is_column) && i < query->n_outputs; i++) {
        if (vf_read_same_name(words, query->outputs[i].name, name, is_bare))
            return query->outputs[i].expr;
    }
    before.no_memory |= words->no_memory;
    *words = before;
    return NULL;
}

static bool read_groups(struct vf_query_reader *reader)
{
    struct vf_query *query = reader->query;

    query->groups = vf_arena_alloc(reader->words.arena, VF_QUERY_MAX_OUTPUTS, sizeof(*query->groups));
    if (query->groups == NULL)
        return vf_query_no_memory(reader);
    do {
        static const char *const others[] = {"ROLLUP", "CUBE", "GROUPING", "ALL", "DISTINCT"};
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
            if (vf_read_is_word(&reader->words, others[i]))
                return vf_query_not_understood(reader, "GROUP BY of several kinds at once");
        }
        const struct vf_expr *expr = output_named(reader, false);
        if (expr == NULL)
            expr = vf_read_expression(&reader->words);
        if (!vf_build_can_group(&reader->words, expr, "GROUP BY"))
            return false;
        expr = vf_build_bare(expr);
        if (expr->kind == VF_EXPR_LITERAL || query->n_groups == VF_QUERY_MAX_OUTPUTS)
            return vf_query_not_understood(reader, "GROUP BY of a constant, or of too many columns");
        query->groups[query->n_groups++] = expr;
    } while (vf_read_take_sign(&reader->words, ","));
    return true;
}

static bool read_order(struct vf_query_reader *reader, struct vf_query_order *order)
{
    struct vf_expr_reader *words = &reader->words;
    const struct vf_expr *expr = output_named(reader, true);

    if (expr == NULL)
        expr = vf_read_expression(words);
    if (expr == NULL || vf_build_bare(expr)->kind == VF_EXPR_LITERAL)
        return expr != NULL && vf_query_not_understood(reader, "ORDER BY of a constant");
    if (!vf_build_can_sort(words, expr, "ORDER BY", &order->rule))
        return false;
    order->expr = vf_build_bare(expr);
    order->descending = vf_read_take_word(words, "DESC");
    if (!order->descending)
        (void)vf_read_take_word(words, "ASC");
    if (vf_read_is_word(words, "USING"))
        return vf_query_not_understood(reader, "ORDER BY USING");
    bool least = words->dialect->reads_conditions_as_numbers; /* SQLite: NULL is less than all */
    order->nulls_first = words->dialect->nulls_sort_high ? order->descending : least && !order->descending;
    if (vf_read_take_word(words, "NULLS")) {
        order->nulls_first = vf_read_is_word(words, "FIRST");
        if (!order->nulls_first && !vf_read_is_word(words, "LAST"))
            return vf_query_not_understood(reader, "FIRST or LAST is expected");
        vf_read_advance(words);
    }
    return true;
}

static bool read_orders(struct vf_query_reader *reader)
{
    struct vf_query *query = reader->query;

    query->orders = vf_arena_alloc(reader->words.arena, VF_EXPR_MAX_ARGS, sizeof(*query->orders));
    if (query->orders == NULL)
        return vf_query_no_memory(reader);
    reader->words.takes_aggregates = true;
    do {
        if (query->n_orders == VF_EXPR_MAX_ARGS)
            return vf_query_not_understood(reader, "ORDER BY of too many columns");
        if (!read_order(reader, &query->orders[query->n_orders]))
            return false;
        query->n_orders++;
    } while (vf_read_take_sign(&reader->words, ","));
    reader->words.takes_aggregates = false;
    return true;
}

/* A plain number: PostgreSQL writes it with a cast, ('5'::bigint). */
static bool read_number(struct vf_query_reader *reader, int64_t least, int64_t *number)
{
    struct vf_expr_reader *words = &reader->words;
    const struct vf_expr *expr = vf_read_expression(words);

    if (expr == NULL)
        return false;
    return (expr->kind == VF_EXPR_LITERAL && vf_kind_is_whole(expr->is) &&
            vf_parse_i64(expr->text, strlen(expr->text), number) && *number >= least) ||
           vf_query_not_understood(reader, "LIMIT or OFFSET of what isn't a plain number");
}

static bool read_limits(struct vf_query_reader *reader)
{
    struct vf_expr_reader *words = &reader->words;
    struct vf_query *query = reader->query;
    int64_t least = words->dialect->offset_wants_limit ? -1 : 0; /* SQLite's -1 is none */

    for (int i = 0; i < 2; i++) { /* in either order */
        if (vf_read_take_word(words, "LIMIT")) {
            if (vf_read_is_word(words, "ALL") || !read_number(reader, least, &query->limit))
                return vf_query_not_understood(reader, "LIMIT ALL");
            if (vf_read_is_sign(words, ",") || vf_read_is_sign(words, "%"))
                return vf_query_not_understood(reader, "LIMIT of two numbers, or of a part");
        } else if (vf_read_take_word(words, "OFFSET")) {
            if (!read_number(reader, 0, &query->offset))
                return false;
            (void)(vf_read_take_word(words, "ROWS") || vf_read_take_word(words, "ROW"));
        }
    }
    if ((query->limit >= 0 || query->offset > 0) && query->n_orders == 0)
        return vf_query_not_understood(reader, "LIMIT without ORDER BY: which rows it shows isn't said");
    return true;
}

/* ---- one SELECT ---- */

static bool read_distinct(struct vf_query_reader *reader)
{
    struct vf_expr_reader *words = &reader->words;

    if (vf_read_is_word(words, "VALUES"))
        return vf_query_not_understood(reader, "VALUES");
    if (!vf_read_expect_word(words, "SELECT"))
        return false;
    reader->query->distinct = vf_read_take_word(words, "DISTINCT");
    if (reader->query->distinct && vf_read_is_word(words, "ON"))
        return vf_query_not_understood(reader, "DISTINCT ON");
    if (!reader->query->distinct)
        (void)vf_read_take_word(words, "ALL");
    return true;
}

static bool read_conditions(struct vf_query_reader *reader)
{
    struct vf_expr_reader *words = &reader->words;
    struct vf_query *query = reader->query;

    reader->takes_queries = true;
    if (vf_read_take_word(words, "WHERE") && (query->where = vf_query_condition(reader)) == NULL)
        return false;
    reader->takes_queries = false;
    if (vf_read_take_word(words, "GROUP") && (!vf_read_expect_word(words, "BY") || !read_groups(reader)))
        return false;
    words->takes_aggregates = reader->takes_queries = true;
    if (vf_read_take_word(words, "HAVING") && (query->having = vf_query_condition(reader)) == NULL)
        return false;
    words->takes_aggregates = reader->takes_queries = false;
    return !vf_read_is_word(words, "WINDOW") || vf_query_not_understood(reader, "a window function");
}

bool vf_query_read_select(struct vf_query_reader *reader)
{
    struct vf_expr_reader *words = &reader->words;

    if (!read_distinct(reader))
        return false;
    struct vf_expr_reader outputs = *words;
    if (!skip_to_from(reader) || !vf_query_read_from(reader))
        return false;
    struct vf_expr_reader rest = *words;
    *words = outputs;
    words->n_parts = rest.n_parts;
    words->no_memory |= rest.no_memory;
    if (!read_outputs(reader))
        return false;
    words->token = rest.token;
    words->offset = rest.offset;
    return read_conditions(reader);
}

bool vf_query_read_end(struct vf_query_reader *reader)
{
    struct vf_expr_reader *words = &reader->words;

    if (vf_read_take_word(words, "ORDER") && (!vf_read_expect_word(words, "BY") || !read_orders(reader)))
        return false;
    return read_limits(reader) && vf_query_check(reader);
}
