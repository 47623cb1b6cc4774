#include <string.h>

#include "base/text.h"
#include "engine/query.h"

/* One SELECT as it is written. */
struct query_writer {
    const struct vf_dialect *dialect;
    const struct vf_query_scope_of *of;
    const struct vf_query *query;
    struct vf_expr_scope scope;
    struct vf_expr_range ranges[VF_QUERY_MAX_SOURCES]; /* those around it first */
    struct vf_arena *arena;
    struct vf_buf *out;
    const char *why, *remark;
};

static bool write_united(struct query_writer *around, bool is_within, const struct vf_query *query);

static bool refuse(struct query_writer *writer, const char *why)
{
    if (writer->why == NULL)
        writer->why = why != NULL ? why : "no memory";
    return false;
}

static bool write(struct query_writer *writer, const struct vf_expr *expr, bool is_condition)
{
    const char *why = NULL;

    writer->scope.is_condition = is_condition;
    if (!vf_expr_write(writer->dialect, &writer->scope, expr, writer->arena, writer->out, &why))
        return refuse(writer, why);
    if (why != NULL)
        writer->remark = why;
    return true;
}

/* A column's values lie so that they can be told apart, or ordered, and no collation of its own comes between. */
static bool check(struct query_writer *writer, const struct vf_expr *expr, enum vf_ability needed, bool by_rule)
{
    const struct vf_column *column = expr->kind == VF_EXPR_COLUMN ? &writer->scope.table->columns[expr->column] : NULL;

    if (column == NULL)
        return true;
    bool is_nan = needed == VF_CAN_ORDER && expr->has_nan && !writer->dialect->has_nan;
    bool can = (writer->dialect->abilities(column) & (unsigned)needed) != 0 && !is_nan;
    const char *rule = !by_rule && needed == VF_CAN_EQUAL && vf_kind_is_text(column->type.kind)
                           ? writer->dialect->collation_rule(&writer->scope, column->collation, VF_FOR_EQUALITY)
                           : NULL;
    if (can && rule == NULL)
        return true;
    return refuse(writer,
                  vf_arena_printf(writer->arena,
                                  "the values of column \"%s\" lie in the target so that they don't %s as they do "
                                  "in the source",
                                  column->name, needed == VF_CAN_EQUAL ? "equal" : "order"));
}

/* ---- FROM ---- */

static void write_name(struct query_writer *writer, const struct vf_table *table)
{
    if (table->schema != NULL) {
        writer->dialect->quote(writer->out, table->schema);
        vf_buf_char(writer->out, '.');
    }
    writer->dialect->quote(writer->out, table->name);
}

static bool write_source(struct query_writer *writer, const struct vf_query_source *source)
{
    if (source->query == NULL) {
        write_name(writer, source->table);
    } else {
        vf_buf_char(writer->out, '(');
        if (!write_united(writer, false, source->query))
            return false;
        vf_buf_char(writer->out, ')');
    }
    vf_buf_str(writer->out, " AS ");
    writer->dialect->quote(writer->out, source->alias);
    return true;
}

static bool write_from(struct query_writer *writer)
{
    static const char *const words[] = {[VF_JOIN_FIRST] = " FROM ",
                                        [VF_JOIN_CROSS] = " CROSS JOIN ",
                                        [VF_JOIN_INNER] = " JOIN ",
                                        [VF_JOIN_LEFT] = " LEFT JOIN "};
    const struct vf_query *query = writer->query;

    for (size_t i = 0; i < query->n_sources; i++) {
        const struct vf_query_source *source = &query->sources[i];
        vf_buf_str(writer->out, words[source->join]);
        if (!write_source(writer, source))
            return false;
        if (source->on == NULL)
            continue;
        vf_buf_str(writer->out, " ON ");
        if (!write(writer, source->on, true))
            return false;
    }
    return true;
}

/* ---- the parts ---- */

static bool write_outputs(struct query_writer *writer)
{
    const struct vf_query *query = writer->query;

    vf_buf_str(writer->out, query->distinct ? "SELECT DISTINCT " : "SELECT ");
    for (size_t i = 0; i < query->n_outputs; i++) {
        vf_buf_str(writer->out, i > 0 ? ", " : "");
        if (!write(writer, query->outputs[i].expr, false) ||
            (query->distinct && !check(writer, query->outputs[i].expr, VF_CAN_EQUAL, false)))
            return false;
        vf_buf_str(writer->out, " AS ");
        writer->dialect->quote(writer->out, query->outputs[i].name);
    }
    return true;
}

static bool write_groups(struct query_writer *writer)
{
    const struct vf_query *query = writer->query;

    for (size_t i = 0; i < query->n_groups; i++) {
        vf_buf_str(writer->out, i == 0 ? " GROUP BY " : ", ");
        if (!check(writer, query->groups[i], VF_CAN_EQUAL, false) || !write(writer, query->groups[i], false))
            return false;
    }
    if (query->having == NULL)
        return true;
    vf_buf_str(writer->out, " HAVING ");
    return write(writer, query->having, true);
}

static bool is_own_rule(const struct query_writer *writer, const char *rule)
{
    size_t size = strlen(writer->dialect->name);

    return strncmp(rule, writer->dialect->name, size) == 0 && rule[size] == ':';
}

static bool is_selected(const struct vf_query *query, const struct vf_expr *expr)
{
    for (size_t i = 0; i < query->n_outputs; i++) {
        if (vf_expr_equal(query->outputs[i].expr, expr))
            return true;
    }
    return false;
}

static bool write_sorted(struct query_writer *writer, const struct vf_query_order *order)
{
    bool is_text = order->expr->is == VF_K_TEXT, in_parentheses = is_text && order->expr->kind == VF_EXPR_CALL;

    vf_buf_str(writer->out, in_parentheses ? "(" : "");
    if (!write(writer, order->expr, false))
        return false;
    vf_buf_str(writer->out, in_parentheses ? ")" : "");
    size_t before = writer->out->size_bytes;
    if (is_text)
        vf_expr_write_collation(writer->dialect, &writer->scope, order->expr, order->rule, VF_FOR_ORDER, writer->out);
    bool is_output = writer->out->size_bytes == before && is_selected(writer->query, order->expr);
    return is_output || !writer->query->distinct || !writer->dialect->distinct_sorts_outputs ||
           refuse(writer, "SELECT DISTINCT in an order of what it doesn't select, or by another collation");
}

static bool write_orders(struct query_writer *writer)
{
    const struct vf_query *query = writer->query;

    for (size_t i = 0; i < query->n_orders; i++) {
        const struct vf_query_order *order = &query->orders[i];
        if (order->rule != NULL && !is_own_rule(writer, order->rule))
            return refuse(writer, "ORDER BY of texts by a collation of the source, which the target doesn't have");
        if (!check(writer, order->expr, VF_CAN_ORDER, order->rule != NULL))
            return false;
        vf_buf_str(writer->out, i == 0 ? " ORDER BY " : ", ");
        if (!write_sorted(writer, order))
            return false;
        vf_buf_str(writer->out, order->descending ? " DESC" : "");
        vf_buf_str(writer->out, order->nulls_first ? " NULLS FIRST" : " NULLS LAST");
    }
    if (query->limit >= 0)
        vf_buf_printf(writer->out, " LIMIT %lld", (long long)query->limit);
    else if (query->offset > 0 && writer->dialect->offset_wants_limit)
        vf_buf_str(writer->out, " LIMIT -1");
    if (query->offset > 0)
        vf_buf_printf(writer->out, " OFFSET %lld", (long long)query->offset);
    return true;
}

static bool write_select(struct query_writer *writer)
{
    if (!write_outputs(writer) || !write_from(writer))
        return false;
    if (writer->query->where != NULL) {
        vf_buf_str(writer->out, " WHERE ");
        if (!write(writer, writer->query->where, true))
            return false;
    }
    return write_groups(writer) && write_orders(writer);
}

/* ---- within each other, and beside ---- */

/* In an expression: what it gives is compared, or computed with, where it stands. */
static void write_in_expression(struct vf_expr_writer *words, const struct vf_expr *expr)
{
    struct query_writer *around = words->scope->context;
    struct query_writer within = {
        .dialect = around->dialect, .of = around->of, .arena = around->arena, .out = words->out};
    const struct vf_expr *given = expr->query->outputs[0].expr;
    const struct vf_table *table = vf_query_scope(around->arena, expr->query, around->scope.table);
    bool done = table != NULL;

    within.scope = around->scope;
    within.scope.table = table;
    memcpy(within.ranges, around->ranges, sizeof(within.ranges));
    for (const struct vf_query *arm = expr->query; done && expr->op == VF_X_IN_QUERY && arm != NULL; arm = arm->next) {
        within.scope.table = vf_query_scope(around->arena, arm, around->scope.table);
        done = within.scope.table != NULL && check(&within, arm->outputs[0].expr, VF_CAN_EQUAL, false) &&
               check(&within, expr->args[0], VF_CAN_EQUAL, false);
    }
    if (done && expr->op == VF_X_SCALAR && given->kind == VF_EXPR_COLUMN) {
        const struct vf_column *column = &table->columns[given->column];
        if ((around->dialect->abilities(column) & VF_CAN_COMPUTE) == 0 || (given->has_nan && !around->dialect->has_nan))
            done = refuse(&within, "the values of a subquery lie in the target so that they aren't computed with");
    }
    within.scope.table = around->scope.table;
    within.scope.n_ranges = around->scope.n_ranges;
    done = done && write_united(&within, true, expr->query);
    if (!done)
        vf_expr_refuse(words, within.why);
    else if (within.remark != NULL)
        words->remark = within.remark;
}

static bool write_arm(struct query_writer *around, bool is_within, const struct vf_query *query,
                      const struct vf_table *table)
{
    struct query_writer writer = {
        .dialect = around->dialect, .of = around->of, .query = query, .arena = around->arena, .out = around->out};
    size_t n = is_within ? around->scope.n_ranges : 0;

    if (n + query->n_sources > VF_QUERY_MAX_SOURCES)
        return refuse(around, "a join of too many tables");
    memcpy(writer.ranges, around->ranges, sizeof(writer.ranges));
    for (size_t i = 0; i < query->n_sources; i++)
        writer.ranges[n + i] = (struct vf_expr_range){query->sources[i].alias, query->sources[i].first_column};
    writer.scope = (struct vf_expr_scope){.table = table,
                                          .n_ranges = n + query->n_sources,
                                          .ranges = writer.ranges,
                                          .collation = around->of->collation,
                                          .from = around->of->from,
                                          .version = around->of->version,
                                          .write_query = write_in_expression,
                                          .context = &writer};
    bool done = write_select(&writer);
    around->why = around->why != NULL ? around->why : writer.why;
    around->remark = writer.remark != NULL ? writer.remark : around->remark;
    return done;
}

/* Equal rows become one: then the values have to be told apart in the target. */
static bool can_group(struct query_writer *around, const struct vf_query *query, const struct vf_table *table)
{
    struct query_writer writer = {
        .dialect = around->dialect, .of = around->of, .arena = around->arena, .scope = {.table = table}};
    bool can = true;

    for (size_t i = 0; i < query->n_outputs && can; i++)
        can = check(&writer, query->outputs[i].expr, VF_CAN_EQUAL, false);
    return can || refuse(around, writer.why);
}

/* A query with those united with it. `is_within`: it sees the columns of `around`. */
static bool write_united(struct query_writer *around, bool is_within, const struct vf_query *query)
{
    const struct vf_table *outer = is_within ? around->scope.table : NULL;
    const struct vf_table *first = vf_query_scope(around->arena, query, outer);
    bool is_all = true, done = first != NULL || refuse(around, NULL);

    for (const struct vf_query *arm = query; arm != NULL && done; arm = arm->next) {
        const struct vf_table *table = vf_query_scope(around->arena, arm, outer);
        if (table == NULL)
            return refuse(around, NULL);
        const char *why = arm != query ? vf_query_why_not_united(around->dialect, query, first, arm, table) : NULL;
        if (why != NULL)
            return refuse(around, why);
        if (arm != query)
            vf_buf_str(around->out, is_all ? " UNION ALL " : " UNION ");
        is_all = arm->next == NULL ? is_all : arm->next_is_all;
        done = write_arm(around, is_within, arm, table);
    }
    for (const struct vf_query *arm = query; arm->next != NULL && done; arm = arm->next) {
        const struct vf_table *left = vf_query_scope(around->arena, arm, outer);
        const struct vf_table *right = vf_query_scope(around->arena, arm->next, outer);
        if (left == NULL || right == NULL)
            return refuse(around, NULL);
        done = arm->next_is_all || (can_group(around, arm, left) && can_group(around, arm->next, right));
    }
    return done;
}

bool vf_query_write(const struct vf_dialect *dialect, const struct vf_query_scope_of *scope,
                    const struct vf_query *query, struct vf_arena *arena, struct vf_buf *out, const char **why)
{
    struct vf_buf text;

    vf_buf_init(&text, 1 << 20);
    struct query_writer writer = {.dialect = dialect, .of = scope, .arena = arena, .out = &text};
    bool done = write_united(&writer, false, query);
    if (done && vf_buf_check(&text, NULL) != VF_OK)
        done = refuse(&writer, NULL);
    if (done)
        vf_buf_add(out, text.data, text.size_bytes);
    vf_buf_release(&text);
    *why = done ? writer.remark : writer.why;
    return done;
}
