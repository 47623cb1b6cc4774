#include "engine/expression_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct vf_expr *parse(struct vf_expr_reader *reader, enum vf_level level);

/* ---- words ---- */

const struct vf_expr *vf_expr_not_understood(struct vf_expr_reader *reader, const char *fmt, ...)
{
    char what[256], printable[512];
    va_list args;

    if (reader->why != NULL || reader->no_memory)
        return NULL;
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    reader->why = vf_arena_printf(reader->arena, "at byte %zu: %s", reader->token.offset,
                                  vf_printable(what, strlen(what), printable, sizeof(printable)));
    reader->no_memory = reader->why == NULL;
    return NULL;
}

void vf_read_advance(struct vf_expr_reader *reader)
{
    reader->token = vf_expr_next_token(reader->dialect, reader->text, &reader->offset, reader->arena);
    reader->no_memory = reader->no_memory || reader->token.text == NULL;
    if (reader->token.text == NULL)
        reader->token = (struct vf_expr_token){.kind = VF_EXPR_END, .text = "", .offset = reader->offset};
    if (reader->token.kind == VF_EXPR_BAD)
        (void)vf_expr_not_understood(reader, "quotes that don't end, or a sign that isn't known");
}

bool vf_read_is_word(const struct vf_expr_reader *reader, const char *word)
{
    return reader->token.kind == VF_EXPR_WORD && vf_strcasecmp(reader->token.text, word) == 0;
}

bool vf_read_is_sign(const struct vf_expr_reader *reader, const char *sign)
{
    return reader->token.kind == VF_EXPR_SIGN && strcmp(reader->token.text, sign) == 0;
}

bool vf_read_take_word(struct vf_expr_reader *reader, const char *word)
{
    bool is = vf_read_is_word(reader, word);

    if (is)
        vf_read_advance(reader);
    return is;
}

bool vf_read_take_sign(struct vf_expr_reader *reader, const char *sign)
{
    bool is = vf_read_is_sign(reader, sign);

    if (is)
        vf_read_advance(reader);
    return is;
}

bool vf_read_expect_sign(struct vf_expr_reader *reader, const char *sign)
{
    if (vf_read_take_sign(reader, sign))
        return true;
    (void)vf_expr_not_understood(reader, "\"%s\" is expected, not \"%.40s\"", sign, reader->token.text);
    return false;
}

bool vf_read_expect_word(struct vf_expr_reader *reader, const char *word)
{
    if (vf_read_take_word(reader, word))
        return true;
    (void)vf_expr_not_understood(reader, "%s is expected, not \"%.40s\"", word, reader->token.text);
    return false;
}

/* ---- names of types ---- */

/* Up to what can't be a part of it: words, a modifier in parentheses, []. NULL: none. */
static const char *parse_type(struct vf_expr_reader *reader)
{
    struct vf_buf name;
    const char *copy = NULL;

    vf_buf_init(&name, 4096);
    while (reader->token.kind == VF_EXPR_WORD || reader->token.kind == VF_EXPR_NAME) {
        static const char *const ends[] = {"COLLATE", "IS",     "AND",   "OR",    "AS",      "THEN", "ELSE", "WHEN",
                                           "END",     "IN",     "NOT",   "LIKE",  "BETWEEN", "FROM", "FOR",  "WHERE",
                                           "GROUP",   "HAVING", "ORDER", "LIMIT", "OFFSET",  "JOIN", "LEFT", "INNER",
                                           "CROSS",   "ASC",    "DESC",  "NULLS", "UNION"};
        bool is_end = false;
        for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]) && name.size_bytes > 0; i++)
            is_end = is_end || vf_read_is_word(reader, ends[i]);
        if (is_end)
            break;
        vf_buf_str(&name, name.size_bytes > 0 && name.data[name.size_bytes - 1] != '.' ? " " : "");
        vf_buf_str(&name, reader->token.text);
        vf_read_advance(reader);
        if (vf_read_is_sign(reader, ".")) {
            vf_buf_char(&name, '.');
            vf_read_advance(reader);
        }
        if (vf_read_is_sign(reader, "(")) {
            for (bool is_open = true; is_open && reader->token.kind != VF_EXPR_END; vf_read_advance(reader)) {
                is_open = !vf_read_is_sign(reader, ")");
                vf_buf_str(&name, reader->token.text);
            }
        }
    }
    while (vf_read_is_sign(reader, "[")) {
        vf_read_advance(reader);
        vf_buf_str(&name, "[]");
        if (!vf_read_expect_sign(reader, "]"))
            break;
    }
    if (name.size_bytes == 0)
        (void)vf_expr_not_understood(reader, "the name of a type is expected, not \"%.40s\"", reader->token.text);
    else if (vf_buf_check(&name, NULL) == VF_OK)
        copy = vf_arena_strdup(reader->arena, name.data);
    vf_buf_release(&name);
    return copy;
}

/* ---- operands ---- */

bool vf_read_same_name(const struct vf_expr_reader *reader, const char *own, const char *name, bool is_bare)
{
    if (reader->dialect->folds_names)
        return vf_strcasecmp(own, name) == 0;
    return is_bare ? vf_strcasecmp(own, name) == 0 && strcspn(own, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(own)
                   : strcmp(own, name) == 0;
}

/* Column `name` from `first` on, up to `end`; -1: none. Hidden ones are found by their table's alias only. */
static int find_column(const struct vf_expr_reader *reader, const char *name, bool is_bare, size_t first, size_t end,
                       bool with_hidden)
{
    const struct vf_expr_scope *scope = reader->scope;

    for (size_t i = first; i < end; i++) {
        bool is_hidden = !with_hidden && scope->is_hidden != NULL && scope->is_hidden[i];
        if (!is_hidden && vf_read_same_name(reader, scope->table->columns[i].name, name, is_bare))
            return (int)i;
    }
    return -1;
}

/* The column of the table with that alias. */
static const struct vf_expr *column_of(struct vf_expr_reader *reader, const char *alias, bool is_bare_alias,
                                       const char *name, bool is_bare)
{
    const struct vf_expr_scope *scope = reader->scope;

    for (size_t i = scope->n_ranges; i-- > 0;) { /* an inner query's table hides one of the same name around it */
        size_t end = i + 1 < scope->n_ranges ? (size_t)scope->ranges[i + 1].first_column : scope->table->n_columns;
        if (!vf_read_same_name(reader, scope->ranges[i].alias, alias, is_bare_alias))
            continue;
        int column = find_column(reader, name, is_bare, (size_t)scope->ranges[i].first_column, end, true);
        if (column >= 0)
            return vf_build_column(reader, column);
    }
    return vf_expr_not_understood(reader, "there is no column \"%.60s.%.60s\"", alias, name);
}

/* Is the column of a table that can't be named here, since one of an inner query has the same name? */
static bool is_of_hidden_table(const struct vf_expr_scope *scope, int column)
{
    size_t of = 0, i;

    while (of + 1 < scope->n_ranges && scope->ranges[of + 1].first_column <= column)
        of++;
    for (i = of + 1; i < scope->n_ranges && vf_strcasecmp(scope->ranges[i].alias, scope->ranges[of].alias) != 0; i++)
        ;
    return i < scope->n_ranges;
}

/* Of the query itself, or of the nearest around it. */
static const struct vf_expr *column_named(struct vf_expr_reader *reader, const char *name, bool is_bare)
{
    size_t end = reader->scope->table->n_columns;

    for (const struct vf_expr_scope *scope = reader->scope; scope != NULL; scope = scope->outer) {
        int column = find_column(reader, name, is_bare, scope->n_outer, end, false);
        if (column >= 0 && find_column(reader, name, is_bare, (size_t)column + 1, end, false) >= 0)
            return vf_expr_not_understood(reader, "column \"%.60s\" is one of several tables", name);
        if (column >= 0 && is_of_hidden_table(reader->scope, column))
            return vf_expr_not_understood(reader, "column \"%.60s\" is of a table whose name another one has here",
                                          name);
        if (column >= 0)
            return vf_build_column(reader, column);
        end = scope->n_outer;
    }
    return vf_expr_not_understood(reader, "there is no column \"%.60s\"", name);
}

static size_t parse_list(struct vf_expr_reader *reader, const struct vf_expr **args, size_t n, const char *end)
{
    if (vf_read_take_sign(reader, end))
        return n;
    do {
        const struct vf_expr *arg = n < VF_EXPR_MAX_ARGS ? parse(reader, VF_LEVEL_OR) : NULL;
        if (n >= VF_EXPR_MAX_ARGS)
            (void)vf_expr_not_understood(reader, "a list of more than %d", VF_EXPR_MAX_ARGS);
        if (arg == NULL)
            return 0;
        args[n++] = arg;
    } while (vf_read_take_sign(reader, ","));
    return vf_read_expect_sign(reader, end) ? n : 0;
}

/* TRIM(BOTH 'x' FROM s), SUBSTRING(s FROM 2 FOR 3): the words between the arguments; behind the parenthesis. false: it is an ordinary call. */
static bool parse_worded(struct vf_expr_reader *reader, const char **name, const struct vf_expr **args, size_t *n)
{
    static const struct {
        const char *word, *name;
    } ends[] = {{"BOTH", "btrim"}, {"LEADING", "ltrim"}, {"TRAILING", "rtrim"}};

    if (vf_strcasecmp(*name, "trim") != 0)
        return false;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (!vf_read_take_word(reader, ends[i].word))
            continue;
        const struct vf_expr *characters = vf_read_is_word(reader, "FROM") ? NULL : parse(reader, VF_LEVEL_OR);
        *name = ends[i].name;
        if (!vf_read_expect_word(reader, "FROM"))
            return true;
        args[0] = parse(reader, VF_LEVEL_OR);
        args[1] = characters;
        *n = characters != NULL ? 2 : 1;
        (void)vf_read_expect_sign(reader, ")");
        return true;
    }
    return false;
}

static const struct vf_expr *function_named(struct vf_expr_reader *reader, const char *name,
                                            const struct vf_expr **args, size_t n, size_t offset)
{
    const struct vf_dialect_function *row = NULL;
    while ((row = vf_dialect_next_function(reader->dialect, row)) != NULL) {
        if (vf_strcasecmp(row->name, name) == 0 && n >= row->min_args && n <= row->max_args)
            return vf_build_function(reader, row, args, n);
    }
    reader->token.offset = offset;
    return vf_expr_not_understood(reader, "no function %.60s() of %zu arguments is known", name, n);
}

/* Does a query begin here? Where none can be, its words are as any others. */
static bool is_query(const struct vf_expr_reader *reader)
{
    return reader->read_query != NULL && (vf_read_is_word(reader, "SELECT") || vf_read_is_word(reader, "WITH"));
}

/* ---- aggregates ---- */

static bool is_aggregate(const char *name)
{
    static const char *const names[] = {"count",    "count_star",   "sum",        "min",       "max",      "avg",
                                        "total",    "group_concat", "string_agg", "array_agg", "json_agg", "jsonb_agg",
                                        "bool_and", "bool_or",      "every",      "list"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (vf_strcasecmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

/* What may stand behind a call's arguments, and isn't read. */
static bool ends_plainly(struct vf_expr_reader *reader, const char *name)
{
    if (reader->in_query && vf_read_is_word(reader, "OVER"))
        (void)vf_expr_not_understood(reader, "a window function, %.40s() OVER", name);
    else if (reader->in_query && (vf_read_is_word(reader, "FILTER") || vf_read_is_word(reader, "WITHIN")))
        (void)vf_expr_not_understood(reader, "%.40s() with %.10s", name, reader->token.text);
    return reader->why == NULL;
}

/* Behind the parenthesis. SQLite's max() and min() of several arguments are none. */
static const struct vf_expr *parse_aggregate(struct vf_expr_reader *reader, const char *name)
{
    const struct vf_expr *args[VF_EXPR_MAX_ARGS] = {0};
    size_t n = 0, offset = reader->token.offset;
    bool is_star = vf_read_take_sign(reader, "*"), is_distinct = !is_star && vf_read_take_word(reader, "DISTINCT");

    if (reader->in_aggregate)
        return vf_expr_not_understood(reader, "an aggregate within an aggregate");
    reader->in_aggregate = true;
    if (is_star)
        (void)vf_read_expect_sign(reader, ")");
    else
        n = parse_list(reader, args, 0, ")");
    reader->in_aggregate = false;
    if (reader->why != NULL || reader->no_memory || !ends_plainly(reader, name))
        return NULL;
    if (n > 1 && !is_distinct && (vf_strcasecmp(name, "min") == 0 || vf_strcasecmp(name, "max") == 0))
        return function_named(reader, name, args, n, offset);
    if (!reader->takes_aggregates)
        return vf_expr_not_understood(reader, "the aggregate %.40s() where there can't be one", name);
    if (!is_star && n == 0 && vf_strcasecmp(name, "count") != 0 && vf_strcasecmp(name, "count_star") != 0)
        return vf_expr_not_understood(reader, "%.40s() of nothing", name);
    if (n > 1)
        return vf_expr_not_understood(reader, "%.40s() of several arguments", name);
    return vf_build_aggregate(reader, name, is_distinct, n > 0 ? args[0] : NULL);
}

static const struct vf_expr *call_named(struct vf_expr_reader *reader, const char *name, size_t offset)
{
    const struct vf_expr *args[VF_EXPR_MAX_ARGS] = {0};
    size_t n = 0;

    if (is_query(reader))
        return vf_strcasecmp(name, "exists") == 0
                   ? reader->read_query(reader, VF_X_EXISTS, NULL)
                   : vf_expr_not_understood(reader, "a subquery as an argument of %.40s()", name);
    if (reader->in_query && is_aggregate(name))
        return parse_aggregate(reader, name);
    if (!parse_worded(reader, &name, args, &n)) {
        bool is_substring = vf_strcasecmp(name, "substring") == 0 && !vf_read_is_sign(reader, ")");
        if (is_substring) {
            args[n++] = parse(reader, VF_LEVEL_OR);
            bool is_worded = vf_read_is_word(reader, "FROM");
            while (n < 3 && (vf_read_take_word(reader, "FROM") || vf_read_take_word(reader, "FOR") ||
                             vf_read_take_sign(reader, ",")))
                args[n++] = parse(reader, VF_LEVEL_OR);
            (void)(is_worded && vf_read_expect_sign(reader, ")"));
            if (!is_worded && !vf_read_expect_sign(reader, ")"))
                return NULL;
        } else {
            n = parse_list(reader, args, 0, ")");
        }
    }
    if (reader->why != NULL || !ends_plainly(reader, name))
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (args[i] == NULL)
            return NULL;
    }
    return function_named(reader, name, args, n, offset);
}

/* A bare or quoted name: a column, with its table before it or not, or a function. */
static const struct vf_expr *parse_name(struct vf_expr_reader *reader)
{
    bool is_bare = reader->token.kind == VF_EXPR_WORD, is_bare_alias = is_bare;
    const char *name = reader->token.text;
    size_t offset = reader->token.offset;

    vf_read_advance(reader);
    if (vf_read_take_sign(reader, ".")) {
        const char *before = name;
        is_bare = reader->token.kind == VF_EXPR_WORD;
        name = reader->token.text;
        if (!is_bare && reader->token.kind != VF_EXPR_NAME)
            return vf_expr_not_understood(reader, "a name is expected, not \"%.40s\"", name);
        vf_read_advance(reader);
        bool is_system = vf_strcasecmp(before, "main") == 0 || vf_strcasecmp(before, "pg_catalog") == 0;
        if (reader->scope->n_ranges > 0 && !vf_read_is_sign(reader, "("))
            return column_of(reader, before, is_bare_alias, name, is_bare);
        if (vf_read_is_sign(reader, "(") && !is_system)
            return vf_expr_not_understood(reader, "%.40s.%.40s() is a function of the database's own", before, name);
        if (!vf_read_is_sign(reader, "(") && vf_strcasecmp(before, reader->scope->table->name) != 0)
            return vf_expr_not_understood(reader, "\"%.40s.%.40s\" isn't one of the table", before, name);
    }
    if (vf_read_take_sign(reader, "("))
        return call_named(reader, name, offset);
    return column_named(reader, name, is_bare);
}

static const struct vf_expr *parse_cast(struct vf_expr_reader *reader)
{
    if (!vf_read_expect_sign(reader, "("))
        return NULL;
    const struct vf_expr *expr = parse(reader, VF_LEVEL_OR);
    if (expr == NULL || !vf_read_expect_word(reader, "AS"))
        return NULL;
    const char *type = parse_type(reader);
    return type != NULL && vf_read_expect_sign(reader, ")") ? vf_build_cast(reader, expr, type) : NULL;
}

static const struct vf_expr *parse_case(struct vf_expr_reader *reader)
{
    const struct vf_expr *args[VF_EXPR_MAX_ARGS], *subject = NULL;
    size_t n = 0;

    if (!vf_read_is_word(reader, "WHEN") && (subject = parse(reader, VF_LEVEL_OR)) == NULL)
        return NULL;
    while (vf_read_take_word(reader, "WHEN") && n + 3 < VF_EXPR_MAX_ARGS) {
        const struct vf_expr *when = parse(reader, VF_LEVEL_OR);
        args[n++] = subject != NULL ? vf_build_compare(reader, VF_X_EQ, subject, when) : when;
        if (when == NULL || !vf_read_expect_word(reader, "THEN"))
            return NULL;
        args[n++] = parse(reader, VF_LEVEL_OR);
    }
    if (n == 0)
        return vf_expr_not_understood(reader, "CASE without WHEN");
    if (vf_read_take_word(reader, "ELSE"))
        args[n++] = parse(reader, VF_LEVEL_OR);
    return vf_read_expect_word(reader, "END") ? vf_build_case(reader, args, n) : NULL;
}

static const struct vf_expr *number(struct vf_expr_reader *reader)
{
    const char *text = reader->token.text;
    size_t size = strlen(text);
    int64_t value;
    char written[32];

    if (vf_parse_i64(text, size, &value)) {
        snprintf(written, sizeof(written), "%lld", (long long)value);
        return vf_expr_literal(reader->arena, VF_K_I64, written, strlen(written));
    }
    if (!vf_is_decimal(text, size))
        return vf_expr_not_understood(reader, "the number \"%.40s\"", text);
    bool is_real = reader->dialect->point_is_floating || strpbrk(text, "eE") != NULL;
    const char *whole = text[0] == '.' ? vf_arena_printf(reader->arena, "0%s", text) : text; /* ".5" */
    if (whole == NULL)
        return NULL;
    const struct vf_expr *literal = vf_expr_literal(reader->arena, VF_K_DECIMAL, whole, strlen(whole));
    return is_real && literal != NULL ? vf_build_as(reader, literal, VF_K_F64, VF_FORM_NATIVE) : literal;
}

static const struct vf_expr *parse_number(struct vf_expr_reader *reader)
{
    const struct vf_expr *literal = number(reader);

    if (literal != NULL)
        vf_read_advance(reader);
    return literal;
}

/* Behind the sign. The least whole number is one only with it: its digits alone are a number of another kind. */
static const struct vf_expr *parse_negative(struct vf_expr_reader *reader)
{
    static const char digits[] = "9223372036854775808", least[] = "-9223372036854775808";

    if (!reader->dialect->point_is_floating || reader->token.kind != VF_EXPR_NUMBER ||
        strcmp(reader->token.text, digits) != 0)
        return vf_build_negative(reader, parse(reader, VF_LEVEL_UNARY));
    vf_read_advance(reader);
    return vf_expr_literal(reader->arena, VF_K_I64, least, strlen(least));
}

/* SQLite takes a column behind "+" for an expression, without the column's affinity. */
static const struct vf_expr *parse_positive(struct vf_expr_reader *reader)
{
    const struct vf_expr *expr = parse(reader, VF_LEVEL_UNARY);

    if (expr != NULL && expr->kind == VF_EXPR_COLUMN && reader->dialect->has_affinity != NULL)
        return vf_expr_not_understood(reader, "\"+\" before a column");
    return expr;
}

static const struct vf_expr *parse_string(struct vf_expr_reader *reader)
{
    const struct vf_expr *literal =
        vf_expr_literal(reader->arena, VF_K_TEXT, reader->token.text, strlen(reader->token.text));

    vf_read_advance(reader);
    return literal;
}

static const struct vf_expr *parse_bytes(struct vf_expr_reader *reader)
{
    const char *text = vf_arena_printf(reader->arena, "\\x%s", reader->token.text);
    const struct vf_expr *literal = vf_expr_literal(reader->arena, VF_K_TEXT, text, text != NULL ? strlen(text) : 0);

    if (literal != NULL)
        literal = vf_build_as(reader, literal, VF_K_BLOB, VF_FORM_NATIVE);
    if (literal != NULL)
        vf_read_advance(reader);
    return literal;
}

/* Words that are operands by themselves. */
static const struct vf_expr *parse_keyword(struct vf_expr_reader *reader)
{
    static const struct vf_dialect_function moments[] = {
        {.name = "current_timestamp", .op = VF_X_NOW},
        {.name = "current_date", .op = VF_X_TODAY},
        {.name = "current_time", .op = VF_X_TIME},
        {.name = "localtimestamp", .op = VF_X_NOW},
    };
    const char *word = reader->token.text;

    if (vf_read_take_word(reader, "NULL"))
        return vf_expr_null(reader->arena);
    if (vf_read_is_word(reader, "TRUE") || vf_read_is_word(reader, "FALSE")) {
        vf_read_advance(reader);
        return vf_expr_literal(reader->arena, VF_K_BOOL, vf_strcasecmp(word, "TRUE") == 0 ? "true" : "false",
                               strlen(word));
    }
    if (vf_read_take_word(reader, "CASE"))
        return parse_case(reader);
    if (vf_read_take_word(reader, "CAST"))
        return parse_cast(reader);
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        if (vf_read_take_word(reader, moments[i].name))
            return vf_build_function(reader, &moments[i], NULL, 0);
    }
    return parse_name(reader);
}

static const struct vf_expr *parse_operand(struct vf_expr_reader *reader)
{
    if (vf_read_take_sign(reader, "(")) {
        if (is_query(reader))
            return reader->read_query(reader, VF_X_SCALAR, NULL);
        const struct vf_expr *inside = parse(reader, VF_LEVEL_OR);
        return inside != NULL && vf_read_expect_sign(reader, ")") ? inside : NULL;
    }
    if (vf_read_take_sign(reader, "-"))
        return parse_negative(reader);
    if (vf_read_take_sign(reader, "+"))
        return parse_positive(reader);
    if (vf_read_take_word(reader, "NOT"))
        return vf_build_not(reader, parse(reader, VF_LEVEL_NOT));
    if (reader->token.kind == VF_EXPR_WORD)
        return parse_keyword(reader);
    if (reader->token.kind == VF_EXPR_NAME)
        return parse_name(reader);
    if (reader->token.kind == VF_EXPR_STRING)
        return parse_string(reader);
    if (reader->token.kind == VF_EXPR_BYTES)
        return parse_bytes(reader);
    if (reader->token.kind == VF_EXPR_NUMBER)
        return parse_number(reader);
    if (reader->token.kind == VF_EXPR_END)
        return vf_expr_not_understood(reader, "the text ends in the middle");
    return vf_expr_not_understood(reader, "\"%.40s\" where a value is expected", reader->token.text);
}

/* ---- what stands behind an operand ---- */

static const struct vf_expr *negate_if(struct vf_expr_reader *reader, bool is_not, const struct vf_expr *expr)
{
    return is_not ? vf_build_not(reader, expr) : expr;
}

static const struct vf_expr *parse_is(struct vf_expr_reader *reader, const struct vf_expr *a)
{
    bool is_not = vf_read_take_word(reader, "NOT");

    if (vf_read_take_word(reader, "DISTINCT"))
        return vf_read_expect_word(reader, "FROM")
                   ? negate_if(reader, is_not, vf_build_distinct(reader, a, parse(reader, VF_LEVEL_OTHER)))
                   : NULL;
    if (vf_read_take_word(reader, "NULL") || vf_read_take_word(reader, "UNKNOWN"))
        return negate_if(reader, is_not, vf_expr_call1(reader->arena, VF_X_IS_NULL, VF_K_BOOL, vf_build_bare(a)));
    if (vf_read_is_word(reader, "TRUE") || vf_read_is_word(reader, "FALSE")) {
        enum vf_expr_op op = vf_read_is_word(reader, "TRUE") ? VF_X_IS_TRUE : VF_X_IS_FALSE;
        vf_read_advance(reader);
        return negate_if(reader, is_not, vf_expr_call1(reader->arena, op, VF_K_BOOL, vf_build_condition(reader, a)));
    }
    if (vf_read_take_word(reader, "JSON")) {
        if (a->kind != VF_EXPR_COLUMN || a->is != VF_K_JSON)
            return vf_expr_not_understood(reader, "IS JSON of what isn't a column of JSON");
        return negate_if(reader, is_not, vf_expr_call1(reader->arena, VF_X_JSON_VALID, VF_K_BOOL, a));
    }
    if (!reader->dialect->reads_conditions_as_numbers)
        return vf_expr_not_understood(reader, "IS %.40s", reader->token.text);
    return negate_if(reader, !is_not, vf_build_distinct(reader, a, parse(reader, VF_LEVEL_COMPARE)));
}

static const struct vf_expr *parse_between(struct vf_expr_reader *reader, const struct vf_expr *a)
{
    const struct vf_expr *low = parse(reader, VF_LEVEL_OTHER);
    if (low == NULL || !vf_read_expect_word(reader, "AND"))
        return NULL;
    const struct vf_expr *high = parse(reader, VF_LEVEL_OTHER);
    return vf_expr_call2(reader->arena, VF_X_AND, VF_K_BOOL, vf_build_compare(reader, VF_X_GE, a, low),
                         vf_build_compare(reader, VF_X_LE, a, high));
}

static const struct vf_expr *parse_in(struct vf_expr_reader *reader, const struct vf_expr *a)
{
    const struct vf_expr *args[VF_EXPR_MAX_ARGS] = {a};

    if (!vf_read_expect_sign(reader, "("))
        return NULL;
    if (is_query(reader))
        return reader->read_query(reader, VF_X_IN_QUERY, a);
    size_t n = parse_list(reader, args, 1, ")");
    if (n == 1)
        return vf_expr_not_understood(reader, "IN of an empty list");
    return n > 1 ? vf_build_in(reader, args, n) : NULL;
}

/* = ANY (ARRAY[...]) and <> ALL (ARRAY[...]), with casts of the array, which say nothing new about its elements. */
static const struct vf_expr *parse_any(struct vf_expr_reader *reader, enum vf_expr_op op, const struct vf_expr *a)
{
    const struct vf_expr *args[VF_EXPR_MAX_ARGS] = {a};
    bool is_all = vf_read_is_word(reader, "ALL");
    int n_open = 0;

    vf_read_advance(reader);
    while (vf_read_take_sign(reader, "("))
        n_open++;
    if (is_query(reader) && n_open == 1 && op == (is_all ? VF_X_NE : VF_X_EQ))
        return negate_if(reader, is_all, reader->read_query(reader, VF_X_IN_QUERY, a));
    if (op != (is_all ? VF_X_NE : VF_X_EQ) || n_open == 0 || !vf_read_expect_word(reader, "ARRAY") ||
        !vf_read_expect_sign(reader, "["))
        return vf_expr_not_understood(reader, "ANY and ALL are read as = ANY (ARRAY[...]) and <> ALL (ARRAY[...])");
    size_t n = parse_list(reader, args, 1, "]");
    while (n > 0 && n_open > 0) {
        if (vf_read_take_sign(reader, "::")) {
            bool is_cut = false;
            const char *type = parse_type(reader);
            if (type == NULL)
                return NULL;
            char *element = vf_arena_strndup(reader->arena, type, strcspn(type, "["));
            if (element == NULL)
                return NULL;
            if (reader->dialect->kind_of(element, &is_cut) == VF_K_UNTYPED || is_cut)
                return vf_expr_not_understood(reader, "a cast to \"%.60s\"", type);
        } else if (vf_read_expect_sign(reader, ")")) {
            n_open--;
        } else {
            return NULL;
        }
    }
    return n > 1 ? negate_if(reader, is_all, vf_build_in(reader, args, n))
                 : vf_expr_not_understood(reader, "ANY of an empty list");
}

static const struct vf_expr *parse_like(struct vf_expr_reader *reader, const struct vf_dialect_operator *row,
                                        const struct vf_expr *a, bool is_not)
{
    const struct vf_expr *args[3] = {a, parse(reader, VF_LEVEL_OTHER), NULL};
    size_t n = 2;

    if (args[1] != NULL && vf_read_take_word(reader, "ESCAPE"))
        args[n++] = parse(reader, VF_LEVEL_OTHER);
    if (args[1] == NULL || (n == 3 && args[2] == NULL))
        return NULL;
    return negate_if(reader, is_not,
                     row->op == VF_X_LIKE ? vf_build_like(reader, row->as, args, n)
                                          : vf_build_operator(reader, row, args[0], args[1]));
}

static const struct vf_dialect_operator *operator_here(const struct vf_expr_reader *reader)
{
    const struct vf_dialect_operator *row = vf_dialect_next_operator(reader->dialect, NULL);

    while (row != NULL && !vf_read_is_sign(reader, row->token) && !vf_read_is_word(reader, row->token))
        row = vf_dialect_next_operator(reader->dialect, row);
    return row;
}

static const struct vf_expr *with_collation(struct vf_expr_reader *reader, const struct vf_expr *expr)
{
    const char *name = reader->token.text;

    if (reader->token.kind != VF_EXPR_WORD && reader->token.kind != VF_EXPR_NAME)
        return vf_expr_not_understood(reader, "the name of a collation is expected");
    vf_read_advance(reader);
    while (vf_read_take_sign(reader, ".")) { /* pg_catalog."C", or DuckDB's nocase.noaccent, which is both */
        name = reader->dialect->chains_collations ? vf_arena_printf(reader->arena, "%s.%s", name, reader->token.text)
                                                  : reader->token.text;
        if (name == NULL)
            return NULL;
        vf_read_advance(reader);
    }
    return vf_build_collate(reader, expr, name);
}

/* One step to the right of `a`; *more false: nothing more of this level. */
static const struct vf_expr *parse_tail(struct vf_expr_reader *reader, const struct vf_expr *a, enum vf_level level,
                                        bool *more)
{
    if (vf_read_is_sign(reader, "::") && level <= VF_LEVEL_CAST) {
        vf_read_advance(reader);
        return vf_build_cast(reader, a, parse_type(reader));
    }
    if (vf_read_is_word(reader, "COLLATE") && level <= VF_LEVEL_COLLATE) {
        vf_read_advance(reader);
        return with_collation(reader, a);
    }
    if ((vf_read_is_word(reader, "ISNULL") || vf_read_is_word(reader, "NOTNULL")) && level <= VF_LEVEL_IS) {
        bool is_not = vf_read_is_word(reader, "NOTNULL");
        vf_read_advance(reader);
        return negate_if(reader, is_not, vf_expr_call1(reader->arena, VF_X_IS_NULL, VF_K_BOOL, vf_build_bare(a)));
    }
    if (vf_read_is_word(reader, "IS") && level <= VF_LEVEL_IS) {
        vf_read_advance(reader);
        return parse_is(reader, a);
    }
    bool may_like = level <= reader->dialect->like_level, is_not = may_like && vf_read_take_word(reader, "NOT");
    if (is_not && vf_read_take_word(reader, "NULL"))
        return negate_if(reader, true, vf_expr_call1(reader->arena, VF_X_IS_NULL, VF_K_BOOL, vf_build_bare(a)));
    if (may_like && vf_read_take_word(reader, "BETWEEN"))
        return negate_if(reader, is_not, parse_between(reader, a));
    if (may_like && vf_read_take_word(reader, "IN"))
        return negate_if(reader, is_not, parse_in(reader, a));
    const struct vf_dialect_operator *row = operator_here(reader);
    if (row == NULL || row->level < level) {
        *more = is_not;
        return is_not ? vf_expr_not_understood(reader, "NOT %.40s", reader->token.text) : a;
    }
    vf_read_advance(reader);
    if (row->op == VF_X_LIKE || row->as == VF_READ_WORD)
        return parse_like(reader, row, a, is_not || row->as == VF_READ_NEGATED);
    if (is_not)
        return vf_expr_not_understood(reader, "NOT before \"%s\"", row->token);
    if (vf_read_is_word(reader, "ANY") || vf_read_is_word(reader, "ALL"))
        return parse_any(reader, row->op, a);
    return vf_build_operator(reader, row, a, parse(reader, (enum vf_level)(row->level + 1)));
}

/* Operators of this level and tighter ones. */
static const struct vf_expr *parse(struct vf_expr_reader *reader, enum vf_level level)
{
    bool more = true;

    if (reader->why != NULL)
        return NULL;
    if (reader->depth >= VF_EXPR_MAX_DEPTH)
        return vf_expr_not_understood(reader, "more than %d expressions within each other", VF_EXPR_MAX_DEPTH);
    if (++reader->n_parts > VF_EXPR_MAX_PARTS)
        return vf_expr_not_understood(reader, "an expression of more than %d parts", VF_EXPR_MAX_PARTS);
    reader->depth++;
    const struct vf_expr *expr = parse_operand(reader);
    while (expr != NULL && more)
        expr = parse_tail(reader, expr, level, &more);
    reader->depth--;
    return expr;
}

static int depth_of(const struct vf_expr *expr)
{
    int most = 0;

    for (size_t i = 0; i < expr->n_args; i++) {
        int depth = depth_of(expr->args[i]);
        most = depth > most ? depth : most;
    }
    return most + 1;
}

const struct vf_expr *vf_read_expression(struct vf_expr_reader *reader)
{
    const struct vf_expr *expr = parse(reader, VF_LEVEL_OR);

    if (expr != NULL && depth_of(expr) > VF_EXPR_MAX_TREE)
        return vf_expr_not_understood(reader, "more than %d expressions within each other", VF_EXPR_MAX_TREE);
    return expr;
}

/* ---- the whole ---- */

static bool has_collate(const struct vf_expr *expr)
{
    if (vf_build_bare(expr) != expr)
        return true;
    for (size_t i = 0; i < expr->n_args; i++) {
        if (has_collate(expr->args[i]))
            return true;
    }
    return false;
}

static const struct vf_expr *finish(struct vf_expr_reader *reader, const struct vf_expr *expr)
{
    const struct vf_expr_scope *scope = reader->scope;

    if (expr != NULL && reader->token.kind != VF_EXPR_END)
        return vf_expr_not_understood(reader, "\"%.40s\" behind the expression", reader->token.text);
    if (expr != NULL && scope->is_condition)
        expr = vf_build_condition(reader, expr);
    if (expr != NULL && scope->column != NULL)
        expr =
            vf_build_as(reader, expr, vf_kind_is_whole(scope->column->type.kind) ? VF_K_I64 : scope->column->type.kind,
                        scope->column->form);
    if (expr != NULL && has_collate(expr))
        return vf_expr_not_understood(reader, "a collation where nothing is compared");
    return reader->why == NULL ? expr : NULL;
}

enum vf_status vf_expr_read(const struct vf_dialect *dialect, const struct vf_expr_scope *scope, const char *text,
                            struct vf_arena *arena, const struct vf_expr **expr, const char **why, struct vf_error *err)
{
    struct vf_expr_reader reader = {.dialect = dialect, .scope = scope, .arena = arena, .text = text};

    *expr = NULL;
    *why = NULL;
    vf_read_advance(&reader);
    const struct vf_expr *read = finish(&reader, vf_read_expression(&reader));
    if (reader.no_memory || (read == NULL && reader.why == NULL))
        return vf_error_nomem(err);
    *expr = read;
    *why = reader.why;
    return VF_OK;
}
