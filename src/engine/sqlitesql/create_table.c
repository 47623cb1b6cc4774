#include "engine/sqlitesql/create_table.h"

#include <string.h>

#include "engine/sqlitesql/lexer.h"

struct parser {
    const char *at;
    struct vf_arena *arena;
    struct vf_sqlite_constraint **tail;
    const struct vf_sqlite_constraint *last;
    const char *column;  /* of a column's own constraints; NULL in those of the table */
    const char *pending; /* name that CONSTRAINT gave */
    bool no_memory;
};

static struct vf_sqlite_constraint *add(struct parser *parser, enum vf_sqlite_constraint_kind kind)
{
    struct vf_sqlite_constraint *added = vf_arena_alloc(parser->arena, 1, sizeof(*added));
    if (added == NULL) {
        parser->no_memory = true;
        return NULL;
    }
    added->kind = kind;
    added->name = parser->pending;
    parser->pending = NULL;
    if (parser->column != NULL) {
        added->columns[0] = parser->column;
        added->n_columns = 1;
    }
    *parser->tail = added;
    parser->tail = &added->next;
    parser->last = added;
    return added;
}

const char *vf_sqlite_created_name(const char *sql, struct vf_arena *arena)
{
    const char *at = sql;
    bool is_kind = false;
    if (!vf_sql_is_word(vf_sql_next(&at), "CREATE"))
        return NULL;
    while (!is_kind) {
        struct vf_sql_token token = vf_sql_next(&at);
        if (token.kind != VF_SQL_WORD)
            return NULL;
        is_kind = vf_sql_is_word(token, "TABLE") || vf_sql_is_word(token, "INDEX") || vf_sql_is_word(token, "VIEW") ||
                  vf_sql_is_word(token, "TRIGGER");
    }
    struct vf_sql_token name = vf_sql_next(&at);
    const char *ahead = at;
    if (vf_sql_is_word(name, "IF") && vf_sql_is_word(vf_sql_next(&ahead), "NOT")) {
        at = ahead;
        (void)vf_sql_next(&at); /* EXISTS */
        name = vf_sql_next(&at);
    }
    if (vf_sql_is_char(vf_sql_peek(at), '.')) {
        (void)vf_sql_next(&at);
        name = vf_sql_next(&at);
    }
    return name.kind == VF_SQL_END ? NULL : vf_sql_unquote(name, arena);
}

static const char *keep(struct parser *parser, const char *text)
{
    if (text == NULL)
        parser->no_memory = true;
    return text;
}

static bool take_word(struct parser *parser, const char *word)
{
    const char *at = parser->at;
    if (!vf_sql_is_word(vf_sql_next(&at), word))
        return false;
    parser->at = at;
    return true;
}

static bool take_char(struct parser *parser, char c)
{
    const char *at = parser->at;
    if (!vf_sql_is_char(vf_sql_next(&at), c))
        return false;
    parser->at = at;
    return true;
}

/* "( a, b COLLATE x DESC )": the first word of each part is its column. */
static void parse_columns(struct parser *parser, struct vf_sqlite_constraint *constraint)
{
    if (!take_char(parser, '('))
        return;
    bool is_first = true;
    for (;;) {
        struct vf_sql_token token = vf_sql_next(&parser->at);
        if (token.kind == VF_SQL_END || vf_sql_is_char(token, ')'))
            return;
        if (vf_sql_is_char(token, '(')) {
            vf_sql_skip_inside(&parser->at);
        } else if (vf_sql_is_char(token, ',')) {
            is_first = true;
        } else if (is_first && constraint != NULL) {
            is_first = false;
            const char *name = keep(parser, vf_sql_unquote(token, parser->arena));
            if (constraint->n_columns < VF_SQLITE_MAX_KEY_COLUMNS)
                constraint->columns[constraint->n_columns] = name;
            constraint->n_columns++;
        }
    }
}

/* Behind REFERENCES: table, columns, ON and MATCH clauses are read by PRAGMA; [NOT] DEFERRABLE [INITIALLY x] is what is looked for. */
static void parse_references(struct parser *parser, struct vf_sqlite_constraint *constraint)
{
    (void)vf_sql_next(&parser->at);
    if (take_char(parser, '('))
        vf_sql_skip_inside(&parser->at);
    for (;;) {
        if (take_word(parser, "ON")) {
            (void)vf_sql_next(&parser->at);
            if (!take_word(parser, "SET"))
                (void)take_word(parser, "NO");
            (void)vf_sql_next(&parser->at);
        } else if (take_word(parser, "MATCH")) {
            (void)vf_sql_next(&parser->at);
        } else {
            break;
        }
    }
    const char *before = parser->at;
    bool is_not = take_word(parser, "NOT");
    if (!take_word(parser, "DEFERRABLE")) {
        parser->at = before;
        return;
    }
    bool deferred = false;
    if (take_word(parser, "INITIALLY"))
        deferred = vf_sql_is_word(vf_sql_next(&parser->at), "DEFERRED");
    if (constraint != NULL) {
        constraint->deferrable = !is_not;
        constraint->initially_deferred = !is_not && deferred;
    }
}

static void parse_expression(struct parser *parser, enum vf_sqlite_constraint_kind kind)
{
    if (!take_char(parser, '('))
        return;
    struct vf_sqlite_constraint *constraint = add(parser, kind);
    const char *text = keep(parser, vf_sql_inside(&parser->at, parser->arena));
    if (constraint != NULL)
        constraint->text = text;
}

static void parse_key(struct parser *parser, enum vf_sqlite_constraint_kind kind)
{
    struct vf_sqlite_constraint *constraint = add(parser, kind);
    if (parser->column == NULL)
        parse_columns(parser, constraint);
}

/* Behind CONFLICT. One of the table's is of the columns of the constraint before it. */
static void parse_conflict(struct parser *parser)
{
    const struct vf_sqlite_constraint *of = parser->last;
    struct vf_sql_token token = vf_sql_next(&parser->at);
    if (vf_sql_is_word(token, "ABORT"))
        return;
    struct vf_sqlite_constraint *conflict = add(parser, VF_SQLITE_CONFLICT);
    const char *text = keep(parser, vf_sql_unquote(token, parser->arena));
    if (conflict == NULL)
        return;
    conflict->text = text;
    if (parser->column == NULL && of != NULL) {
        conflict->n_columns = of->n_columns;
        memcpy(conflict->columns, of->columns, sizeof(conflict->columns));
    }
}

/* One step in a column's or the table's constraints. */
static void parse_constraint(struct parser *parser)
{
    if (take_word(parser, "CONSTRAINT")) {
        parser->pending = keep(parser, vf_sql_unquote(vf_sql_next(&parser->at), parser->arena));
    } else if (take_word(parser, "CHECK")) {
        parse_expression(parser, VF_SQLITE_CHECK);
    } else if (take_word(parser, "AS")) {
        parse_expression(parser, VF_SQLITE_GENERATED);
    } else if (take_word(parser, "UNIQUE")) {
        parse_key(parser, VF_SQLITE_UNIQUE);
    } else if (take_word(parser, "PRIMARY")) {
        (void)take_word(parser, "KEY");
        parse_key(parser, VF_SQLITE_PRIMARY_KEY);
    } else if (take_word(parser, "FOREIGN")) {
        (void)take_word(parser, "KEY");
        struct vf_sqlite_constraint *constraint = add(parser, VF_SQLITE_FOREIGN_KEY);
        parse_columns(parser, constraint);
        if (take_word(parser, "REFERENCES"))
            parse_references(parser, constraint);
    } else if (take_word(parser, "REFERENCES")) {
        parse_references(parser, add(parser, VF_SQLITE_FOREIGN_KEY));
    } else if (take_word(parser, "COLLATE")) {
        (void)vf_sql_next(&parser->at);
    } else if (take_word(parser, "CONFLICT")) { /* behind ON, which says nothing by itself */
        parse_conflict(parser);
    } else if (take_char(parser, '(')) {
        vf_sql_skip_inside(&parser->at);
    } else {
        parser->pending = NULL;
        (void)vf_sql_next(&parser->at);
    }
}

static bool is_table_constraint(struct vf_sql_token token)
{
    static const char *const words[] = {"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (vf_sql_is_word(token, words[i]))
            return true;
    }
    return false;
}

/* One part between the commas of the outer parentheses. SQLite lets the commas between table constraints be left out, which this reads too. */
static void parse_item(struct parser *parser)
{
    parser->pending = NULL;
    parser->column = NULL;
    if (!is_table_constraint(vf_sql_peek(parser->at)))
        parser->column = keep(parser, vf_sql_unquote(vf_sql_next(&parser->at), parser->arena));
    for (;;) {
        struct vf_sql_token token = vf_sql_peek(parser->at);
        if (token.kind == VF_SQL_END || vf_sql_is_char(token, ')') || vf_sql_is_char(token, ','))
            return;
        parse_constraint(parser);
    }
}

enum vf_status vf_sqlite_parse_create_table(const char *sql, struct vf_arena *arena,
                                            struct vf_sqlite_constraint **first, struct vf_error *err)
{
    struct parser parser = {.at = sql, .arena = arena, .tail = first};
    *first = NULL;
    for (;;) { /* to the "(" behind the name, which is the first that isn't quoted */
        struct vf_sql_token token = vf_sql_next(&parser.at);
        if (token.kind == VF_SQL_END)
            return VF_OK;
        if (vf_sql_is_char(token, '('))
            break;
    }
    do {
        parse_item(&parser);
    } while (take_char(&parser, ','));
    return parser.no_memory ? vf_error_nomem(err) : VF_OK;
}

/* ---- CREATE INDEX ---- */

/* The text of a part without a COLLATE and ASC or DESC at its end. */
static const char *part_text(const char *start, const char *end, struct vf_arena *arena)
{
    const char *last = start; /* behind the last token that belongs to the expression */
    const char *at = start;
    while (at < end) {
        struct vf_sql_token token = vf_sql_next(&at);
        if (token.kind == VF_SQL_END || token.start >= end)
            break;
        if (vf_sql_is_char(token, '('))
            vf_sql_skip_inside(&at);
        if (vf_sql_is_word(token, "COLLATE"))
            (void)vf_sql_next(&at);
        else if (!vf_sql_is_word(token, "ASC") && !vf_sql_is_word(token, "DESC"))
            last = at;
    }
    struct vf_sql_token head = vf_sql_peek(start);
    return vf_arena_strndup(arena, head.start, last > head.start ? (size_t)(last - head.start) : 0);
}

static size_t count_parts(const char *at)
{
    size_t n_parts = 1;
    for (;;) {
        struct vf_sql_token token = vf_sql_next(&at);
        if (token.kind == VF_SQL_END || vf_sql_is_char(token, ')'))
            return n_parts;
        if (vf_sql_is_char(token, '('))
            vf_sql_skip_inside(&at);
        else if (vf_sql_is_char(token, ','))
            n_parts++;
    }
}

/* Moves *at behind the ")". false: no memory. */
static bool parse_parts(const char **at, struct vf_arena *arena, struct vf_sqlite_index_text *index)
{
    size_t n_parts = count_parts(*at);
    index->parts = vf_arena_alloc(arena, n_parts, sizeof(*index->parts));
    if (index->parts == NULL)
        return false;
    const char *start = *at;
    for (;;) {
        struct vf_sql_token token = vf_sql_next(at);
        if (vf_sql_is_char(token, '('))
            vf_sql_skip_inside(at);
        bool is_end = token.kind == VF_SQL_END || vf_sql_is_char(token, ')');
        if (is_end || vf_sql_is_char(token, ',')) {
            const char *text = part_text(start, token.start, arena);
            if (text == NULL)
                return false;
            index->parts[index->n_parts++] = text;
            start = *at;
        }
        if (is_end)
            return true;
    }
}

static const char *to_the_end(const char *at, struct vf_arena *arena)
{
    struct vf_sql_token head = vf_sql_peek(at);
    size_t size_bytes = strlen(head.start);
    while (size_bytes > 0 && strchr(" \t\r\n;", head.start[size_bytes - 1]) != NULL)
        size_bytes--;
    return vf_arena_strndup(arena, head.start, size_bytes);
}

enum vf_status vf_sqlite_parse_create_index(const char *sql, struct vf_arena *arena, struct vf_sqlite_index_text *index,
                                            struct vf_error *err)
{
    const char *at = sql;
    struct vf_sql_token token = {0};
    *index = (struct vf_sqlite_index_text){0};
    do {
        token = vf_sql_next(&at);
        if (token.kind == VF_SQL_END)
            return VF_OK;
    } while (!vf_sql_is_char(token, '('));
    if (!parse_parts(&at, arena, index))
        return vf_error_nomem(err);
    if (!vf_sql_is_word(vf_sql_next(&at), "WHERE"))
        return VF_OK;
    index->predicate = to_the_end(at, arena);
    return index->predicate == NULL ? vf_error_nomem(err) : VF_OK;
}
