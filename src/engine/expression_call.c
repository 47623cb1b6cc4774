#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/expression_read.h"

/* ---- LIKE ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static void put_plain(struct vf_buf *out, char c, bool folds)
{
    if (c == '%' || c == '_' || c == '\\')
        vf_buf_char(out, '\\');
    vf_buf_char(out, folds ? lower(c) : c);
}

/* A pattern with another escape, or none (0), as one with \. false: it ends in an escape, or escapes what needs none. */
static bool read_pattern(const char *pattern, char escape, bool folds, struct vf_buf *out)
{
    for (const char *at = pattern; *at != '\0'; at++) {
        if (escape != 0 && *at == escape) {
            if (*++at == '\0')
                return false;
            put_plain(out, *at, folds);
        } else if (*at == '%' || *at == '_') {
            vf_buf_char(out, *at);
        } else {
            put_plain(out, *at, folds);
        }
    }
    return true;
}

/* The wildcards of a shell: * and ?, and a character in brackets stands for itself. */
static bool read_glob(const char *pattern, struct vf_buf *out)
{
    for (const char *at = pattern; *at != '\0'; at++) {
        if (*at == '*' || *at == '?') {
            vf_buf_char(out, *at == '*' ? '%' : '_');
        } else if (*at == '[') {
            if (at[1] == '\0' || at[1] == '^' || at[1] == ']' || at[2] != ']')
                return false;
            put_plain(out, at[1], false);
            at += 2;
        } else {
            put_plain(out, *at, false);
        }
    }
    return true;
}

static const struct vf_expr *folded(struct vf_expr_reader *reader, const struct vf_expr *expr)
{
    if (vf_expr_is_call(expr, VF_X_LOWER) && expr->rule == NULL)
        return expr;
    return vf_expr_call1(reader->arena, VF_X_LOWER, VF_K_TEXT, expr);
}

/* The escape that a LIKE has: its third argument, or the dialect's. false: it isn't one character. */
static bool escape_of(struct vf_expr_reader *reader, const struct vf_expr **args, size_t n_args, char *escape)
{
    *escape = reader->dialect->like_escape;
    if (n_args < 3)
        return true;
    if (args[2]->kind != VF_EXPR_LITERAL || args[2]->is != VF_K_TEXT || strlen(args[2]->text) > 1)
        return false;
    *escape = args[2]->text[0];
    return (unsigned char)*escape < 0x80 && *escape != '%' && *escape != '_';
}

const struct vf_expr *vf_build_like(struct vf_expr_reader *reader, enum vf_read_as as, const struct vf_expr **args,
                                    size_t n_args)
{
    const struct vf_expr *made = NULL, *text = vf_build_bare(args[0]), *literal = NULL;
    bool folds = as == VF_READ_FOLDED;
    const char *rule = NULL;
    struct vf_buf pattern;
    char escape = 0;

    if (!vf_kind_is_text(text->is) || args[1]->kind != VF_EXPR_LITERAL || args[1]->is != VF_K_TEXT)
        return vf_expr_not_understood(reader, "LIKE and GLOB are read of a text, with a literal for a pattern");
    if (!vf_build_can_compute(reader, text) ||
        (reader->dialect->passes_collations && !vf_build_rule(reader, args[0], args[1], VF_FOR_EQUALITY, &rule)))
        return NULL;
    vf_buf_init(&pattern, VF_BUF_MAX);
    bool is_read = as == VF_READ_GLOB ? read_glob(args[1]->text, &pattern)
                                      : escape_of(reader, args, n_args, &escape) &&
                                            read_pattern(args[1]->text, escape, folds, &pattern);
    if (!is_read)
        (void)vf_expr_not_understood(reader, "the pattern '%.60s' isn't one of wildcards and plain characters",
                                     args[1]->text);
    else if (vf_buf_check(&pattern, NULL) == VF_OK)
        literal =
            vf_expr_literal(reader->arena, VF_K_TEXT, pattern.data != NULL ? pattern.data : "", pattern.size_bytes);
    vf_buf_release(&pattern);
    if (literal != NULL)
        made = vf_expr_call2(reader->arena, VF_X_LIKE, VF_K_BOOL, folds ? folded(reader, text) : text, literal);
    return rule != NULL ? vf_expr_with_rule(reader->arena, made, rule) : made;
}

/* ---- CAST ---- */

static const struct vf_expr *cast_of_own(struct vf_expr_reader *reader, const struct vf_expr *expr, enum vf_kind kind)
{
    const char *rule = vf_build_own_rule(reader, "cast");

    return rule != NULL ? vf_expr_with_rule(reader->arena, vf_expr_call1(reader->arena, VF_X_CAST, kind, expr), rule)
                        : NULL;
}

/* Casts between kinds that mean the same in all databases; the rest is the dialect's own. */
static const struct vf_expr *cast_to(struct vf_expr_reader *reader, const struct vf_expr *expr, enum vf_kind kind)
{
    enum vf_kind from = expr->is;
    bool same = from == kind || (vf_kind_is_text(from) && vf_kind_is_text(kind)) ||
                (vf_kind_is_whole(from) && vf_kind_is_whole(kind));

    if (same && kind == VF_K_I64)
        return vf_build_wide(reader, expr);
    if (same && !(from == VF_K_ENUM && kind == VF_K_TEXT)) /* an enum's order isn't that of its labels */
        return expr;
    if (vf_kind_is_whole(from) && kind == VF_K_BOOL)
        return vf_build_compare(reader, VF_X_NE, expr, vf_expr_literal(reader->arena, VF_K_I64, "0", 1));
    bool agreed = (vf_kind_is_whole(from) && (kind == VF_K_TEXT || kind == VF_K_F64 || kind == VF_K_DECIMAL)) ||
                  (from == VF_K_BOOL && vf_kind_is_whole(kind)) || (from == VF_K_UUID && kind == VF_K_TEXT) ||
                  (from == VF_K_ENUM && kind == VF_K_TEXT) || (from == VF_K_F32 && kind == VF_K_F64) ||
                  (from == VF_K_TIMESTAMP && kind == VF_K_DATE);
    return agreed ? vf_expr_call1(reader->arena, VF_X_CAST, vf_kind_is_whole(kind) ? VF_K_I64 : kind, expr)
                  : cast_of_own(reader, expr, kind);
}

static bool is_number(const struct vf_expr *expr)
{
    enum vf_kind kind = vf_build_bare(expr)->is;

    return vf_kind_is_number(kind) && kind != VF_K_DECIMAL;
}

static const struct vf_expr *literal_cast(struct vf_expr_reader *reader, const struct vf_expr *expr, enum vf_kind kind)
{
    if (kind == VF_K_F32)
        return vf_build_single(reader, expr);
    const struct vf_expr *made = vf_build_as(reader, expr, vf_kind_is_whole(kind) ? VF_K_I64 : kind, VF_FORM_NATIVE);
    return kind == VF_K_I64 ? vf_build_wide(reader, made) : made;
}

const struct vf_expr *vf_build_cast(struct vf_expr_reader *reader, const struct vf_expr *expr, const char *type)
{
    bool is_cut = false;

    if (expr == NULL || type == NULL)
        return NULL;
    enum vf_kind kind = reader->dialect->kind_of(type, &is_cut);
    if (kind == VF_K_UNTYPED || (kind == VF_K_DECIMAL && reader->dialect->point_is_floating && !is_number(expr)))
        return vf_expr_not_understood(reader, "a cast to \"%.60s\"", type);
    if (kind == VF_K_DECIMAL && reader->dialect->point_is_floating)
        return vf_build_bare(expr); /* a number stays what it is */
    if (is_cut)
        return vf_expr_not_understood(reader, "a cast to \"%.60s\", which may cut or round values", type);
    if (expr->kind == VF_EXPR_NULL)
        return expr;
    if (expr->kind == VF_EXPR_LITERAL)
        return literal_cast(reader, expr, kind);
    const struct vf_expr *bare = vf_build_bare(expr);
    bool lies_otherwise =
        bare->kind == VF_EXPR_COLUMN &&
        (reader->dialect->abilities(&reader->scope->table->columns[bare->column]) & VF_CAN_COMPUTE) == 0;
    const struct vf_expr *made = lies_otherwise ? cast_of_own(reader, bare, kind) : cast_to(reader, bare, kind);
    bool keeps_collate = made != NULL && bare != expr && vf_kind_is_text(made->is);
    return keeps_collate ? vf_build_collate(reader, made, expr->rule) : made;
}

/* ---- CASE, COALESCE and others of several values ---- */

static bool can_compute_all(struct vf_expr_reader *reader, const struct vf_expr *const *args, size_t n_args)
{
    for (size_t i = 0; i < n_args; i++) {
        if (!vf_build_can_compute(reader, args[i]))
            return false;
    }
    return true;
}

/* Are they all of kinds that are one? Whole numbers and others aren't: databases differ in what comes out. A literal that SQLite leaves whole is the same number anywhere. */
static bool are_alike(const struct vf_expr_reader *reader, const struct vf_expr *const *args, size_t n_args,
                      enum vf_kind kind)
{
    for (size_t i = 0; i < n_args; i++) {
        enum vf_kind is = args[i]->is;
        bool is_whole_literal = args[i]->kind == VF_EXPR_LITERAL && vf_kind_is_whole(is);
        bool same = is == kind || args[i]->kind == VF_EXPR_NULL || (vf_kind_is_text(is) && vf_kind_is_text(kind)) ||
                    (vf_kind_is_whole(is) && vf_kind_is_whole(kind)) || (is == VF_K_F64 && kind == VF_K_F32) ||
                    (is_whole_literal && kind == VF_K_F64 && reader->dialect->point_is_floating);
        if (!same)
            return false;
    }
    return true;
}

static bool bring_together(struct vf_expr_reader *reader, const struct vf_expr **args, size_t n_args,
                           enum vf_kind *kind)
{
    for (size_t i = 0; i < n_args; i++)
        args[i] = vf_build_bare(args[i]);
    if (!vf_build_unify(reader, args, n_args, VF_UNITE_TO_CHOOSE, kind) || !can_compute_all(reader, args, n_args))
        return false;
    if (are_alike(reader, args, n_args, *kind))
        return true;
    (void)vf_expr_not_understood(reader, "values of several kinds together");
    return false;
}

const struct vf_expr *vf_build_case(struct vf_expr_reader *reader, const struct vf_expr **args, size_t n_args)
{
    const struct vf_expr *values[VF_EXPR_MAX_ARGS], *given[VF_EXPR_MAX_ARGS];
    size_t n_values = 0;
    enum vf_kind kind;

    for (size_t i = 0; i < n_args; i++) {
        if (i % 2 == 1 || i + 1 == n_args)
            values[n_values++] = args[i];
        else
            args[i] = vf_build_condition(reader, args[i]);
        if (args[i] == NULL)
            return NULL;
    }
    memcpy(given, values, n_values * sizeof(given[0]));
    if (!bring_together(reader, values, n_values, &kind))
        return NULL;
    n_values = 0;
    for (size_t i = 0; i < n_args; i++) {
        if (i % 2 == 1 || i + 1 == n_args)
            args[i] = values[n_values++];
    }
    if (n_args % 2 == 1 && args[n_args - 1]->kind == VF_EXPR_NULL)
        n_args--;
    return vf_build_collated(reader, vf_expr_call(reader->arena, VF_X_CASE, kind, args, n_args), given, n_values);
}

static const struct vf_expr *extreme(struct vf_expr_reader *reader, enum vf_expr_op op, const struct vf_expr **args,
                                     size_t n_args)
{
    enum vf_kind kind;

    if (!bring_together(reader, args, n_args, &kind))
        return NULL;
    if (!vf_kind_is_whole(kind) && kind != VF_K_F64 && !(kind >= VF_K_DATE && kind <= VF_K_TIMESTAMPTZ))
        return vf_expr_not_understood(reader, "the greatest or least of others than numbers and times");
    return vf_expr_call(reader->arena, op, kind, args, n_args);
}

static const struct vf_expr *nullif(struct vf_expr_reader *reader, const struct vf_expr **args)
{
    const char *rule = NULL;
    enum vf_kind kind;
    bool is_text = vf_kind_is_text(args[0]->is);

    if (is_text && args[1]->kind != VF_EXPR_NULL && !vf_build_rule(reader, args[0], args[1], VF_FOR_EQUALITY, &rule))
        return NULL;
    if (!bring_together(reader, args, 2, &kind))
        return NULL;
    const struct vf_expr *made = vf_expr_call(reader->arena, VF_X_NULLIF, kind, args, 2);
    if (rule != NULL && strchr(rule, ':') == NULL)
        return vf_expr_not_understood(reader, "nullif() by another collation than the binary one");
    return rule != NULL ? vf_expr_with_rule(reader->arena, made, rule) : made;
}

/* ---- functions of texts ---- */

/* By what it folds: a COLLATE, the column's collation, the database's, or the dialect's own rule. */
static const struct vf_expr *fold(struct vf_expr_reader *reader, enum vf_expr_op op, const struct vf_expr *text)
{
    const char *rule =
        reader->dialect->fold_rule != NULL ? vf_build_own_rule(reader, reader->dialect->fold_rule) : NULL;
    const struct vf_expr *bare = vf_build_bare(text);

    if (reader->dialect->folds_by_collation && !vf_build_rule(reader, text, text, VF_FOR_CASE, &rule))
        return NULL;
    if (rule != NULL && strchr(rule, ':') == NULL)
        rule = NULL;
    if (vf_expr_is_call(bare, op) && bare->rule == rule)
        return bare;
    const struct vf_expr *made = vf_expr_call1(reader->arena, op, VF_K_TEXT, bare);
    return rule != NULL ? vf_expr_with_rule(reader->arena, made, rule) : made;
}

static bool whole_value(const struct vf_expr *expr, int64_t *value)
{
    return expr->kind == VF_EXPR_LITERAL && vf_kind_is_whole(expr->is) &&
           vf_parse_i64(expr->text, strlen(expr->text), value);
}

static const struct vf_expr *substr(struct vf_expr_reader *reader, const struct vf_expr **args, size_t n_args)
{
    int64_t from = 0, n = 0;

    if (!whole_value(args[1], &from) || from < 1 || (n_args > 2 && (!whole_value(args[2], &n) || n < 0)) ||
        from > INT32_MAX || n > INT32_MAX)
        return vf_expr_not_understood(reader, "a part of a text from, or for, other than a literal number");
    return vf_expr_call(reader->arena, VF_X_SUBSTR, VF_K_TEXT, args, n_args);
}

static const struct vf_expr *left(struct vf_expr_reader *reader, const struct vf_expr **args)
{
    const struct vf_expr *parts[] = {args[0], vf_expr_literal(reader->arena, VF_K_I64, "1", 1), args[1]};

    return parts[1] != NULL ? substr(reader, parts, 3) : NULL;
}

static const struct vf_expr *trim(struct vf_expr_reader *reader, const struct vf_dialect_function *row,
                                  const struct vf_expr **args, size_t n_args)
{
    const struct vf_expr *blank = n_args < 2 ? vf_expr_literal(reader->arena, VF_K_TEXT, " ", 1) : args[1];

    if (blank == NULL)
        return NULL;
    if (blank->kind != VF_EXPR_LITERAL || blank->is != VF_K_TEXT || blank->text[0] == '\0')
        return vf_expr_not_understood(reader, "the characters that %s() takes away aren't a literal", row->name);
    return vf_expr_call2(reader->arena, row->op, VF_K_TEXT, args[0], blank);
}

static const struct vf_expr *replace(struct vf_expr_reader *reader, const struct vf_expr **args)
{
    if (args[1]->kind != VF_EXPR_LITERAL || args[1]->is != VF_K_TEXT || args[1]->text[0] == '\0' ||
        !(vf_kind_is_text(args[2]->is)))
        return vf_expr_not_understood(reader, "what replace() replaces isn't a literal");
    return vf_expr_call(reader->arena, VF_X_REPLACE, VF_K_TEXT, args, 3);
}

static const struct vf_expr *size_of(struct vf_expr_reader *reader, const struct vf_dialect_function *row,
                                     const struct vf_expr **args)
{
    bool is_blob = args[0]->is == VF_K_BLOB;

    if (vf_expr_is_call(args[0], VF_X_CAST) && is_blob && vf_kind_is_text(args[0]->args[0]->is))
        return vf_expr_call1(reader->arena, VF_X_OCTETS, VF_K_I64, args[0]->args[0]); /* the bytes of a text */
    if (!is_blob && !vf_kind_is_text(args[0]->is))
        return vf_expr_not_understood(reader, "%s() of what is neither a text nor a blob", row->name);
    return vf_expr_call(reader->arena, is_blob ? VF_X_OCTETS : row->op, VF_K_I64, args, 1);
}

static const struct vf_expr *of_text(struct vf_expr_reader *reader, const struct vf_dialect_function *row,
                                     const struct vf_expr **args, size_t n_args)
{
    const struct vf_expr *collated = args[0];

    for (size_t i = 0; i < n_args; i++)
        args[i] = vf_build_bare(args[i]);
    if (!can_compute_all(reader, args, n_args))
        return NULL;
    if (row->op == VF_X_LENGTH || row->op == VF_X_OCTETS)
        return size_of(reader, row, args);
    if (!vf_kind_is_text(args[0]->is))
        return vf_expr_not_understood(reader, "%s() of what isn't a text", row->name);
    if (row->op == VF_X_LOWER || row->op == VF_X_UPPER)
        return fold(reader, row->op, collated);
    if (row->op == VF_X_SUBSTR)
        return row->as == VF_READ_LEFT ? left(reader, args) : substr(reader, args, n_args);
    return row->op == VF_X_REPLACE ? replace(reader, args) : trim(reader, row, args, n_args);
}

/* ---- functions ---- */

static const struct vf_expr *own_function(struct vf_expr_reader *reader, const struct vf_dialect_function *row,
                                          const struct vf_expr **args, size_t n_args)
{
    enum vf_kind kind = row->result == VF_K_UNTYPED && n_args > 0 ? args[0]->is : row->result;
    const char *rule = vf_build_own_rule(reader, "function");

    for (size_t i = 0; i < n_args; i++)
        args[i] = vf_build_bare(args[i]);
    return rule != NULL ? vf_expr_own(reader->arena, row->name, rule, kind, args, n_args) : NULL;
}

static const struct vf_expr *type_of(struct vf_expr_reader *reader, const struct vf_dialect_function *row,
                                     const struct vf_expr **args)
{
    if (args[0]->kind != VF_EXPR_COLUMN)
        return vf_expr_not_understood(reader, "typeof() of what isn't a column");
    const struct vf_column *column = &reader->scope->table->columns[args[0]->column];
    bool is_number = vf_kind_is_number(args[0]->is) && args[0]->is != VF_K_DECIMAL;
    if (is_number && (reader->dialect->abilities(column) & VF_CAN_COMPUTE) == 0)
        return own_function(reader, row, args, 1); /* whole numbers among others, in a column that keeps them apart */
    return vf_expr_call(reader->arena, VF_X_TYPEOF, VF_K_TEXT, args, 1);
}

static const struct vf_expr *json_valid(struct vf_expr_reader *reader, const struct vf_dialect_function *row,
                                        const struct vf_expr **args)
{
    if (args[0]->kind != VF_EXPR_COLUMN || args[0]->is != VF_K_JSON)
        return own_function(reader, row, args, 1);
    const struct vf_expr *valid = vf_expr_call(reader->arena, VF_X_JSON_VALID, VF_K_BOOL, args, 1);
    int version = reader->scope->version, since = reader->dialect->json_null_version;
    if (version < 3000000 || version >= since) /* other servers of the dialect count their versions otherwise */
        return valid;
    const struct vf_expr *is_null = vf_expr_call1(reader->arena, VF_X_IS_NULL, VF_K_BOOL, args[0]);
    return vf_expr_call2(reader->arena, VF_X_AND, VF_K_BOOL, vf_build_not(reader, is_null), valid);
}

static const struct vf_expr *absolute(struct vf_expr_reader *reader, const struct vf_expr **args)
{
    args[0] = vf_build_bare(args[0]);
    if (!vf_kind_is_number(args[0]->is) || args[0]->is == VF_K_F32)
        return vf_expr_not_understood(reader, "abs() of what isn't a number");
    return vf_build_can_compute(reader, args[0]) ? vf_expr_call(reader->arena, VF_X_ABS, args[0]->is, args, 1) : NULL;
}

static const struct vf_expr *moment(struct vf_expr_reader *reader, const struct vf_dialect_function *row)
{
    enum vf_kind kind = row->op == VF_X_NOW     ? VF_K_TIMESTAMPTZ
                        : row->op == VF_X_TODAY ? VF_K_DATE
                        : row->op == VF_X_TIME  ? VF_K_TIME
                                                : VF_K_UUID;

    return vf_expr_call(reader->arena, row->op, kind, NULL, 0);
}

static const struct vf_expr *function(struct vf_expr_reader *reader, const struct vf_dialect_function *row,
                                      const struct vf_expr **args, size_t n_args)
{
    enum vf_kind kind;

    if (reader->dialect->read_call != NULL) {
        const struct vf_expr *other = reader->dialect->read_call(reader->arena, row->name, args, n_args);
        if (other != NULL)
            return other;
    }
    if (!reader->scope->is_default &&
        ((row->op >= VF_X_NOW && row->op <= VF_X_UUID) || row->as == VF_READ_ONLY_IN_DEFAULT))
        return vf_expr_not_understood(reader, "%s() gives another value each time", row->name);
    if (row->op == VF_X_OWN)
        return own_function(reader, row, args, n_args);
    if (row->op == VF_X_COALESCE)
        return bring_together(reader, args, n_args, &kind)
                   ? vf_expr_call(reader->arena, VF_X_COALESCE, kind, args, n_args)
                   : NULL;
    if (row->op == VF_X_NULLIF)
        return nullif(reader, args);
    if (row->op == VF_X_CASE)
        return vf_build_case(reader, args, n_args);
    if (row->op >= VF_X_GREATEST && row->op <= VF_X_MIN_OF)
        return extreme(reader, row->op, args, n_args);
    if (row->op == VF_X_LIKE && row->as == VF_READ_NEGATED)
        return vf_build_not(reader, vf_build_like(reader, VF_READ_ESCAPE, args, n_args));
    if (row->op == VF_X_LIKE)
        return vf_build_like(reader, row->as, args, n_args);
    if (row->op == VF_X_ABS)
        return absolute(reader, args);
    if (row->op == VF_X_TYPEOF)
        return type_of(reader, row, args);
    if (row->op == VF_X_JSON_VALID)
        return json_valid(reader, row, args);
    return row->op >= VF_X_NOW && row->op <= VF_X_UUID ? moment(reader, row) : of_text(reader, row, args, n_args);
}

const struct vf_expr *vf_build_function(struct vf_expr_reader *reader, const struct vf_dialect_function *row,
                                        const struct vf_expr **args, size_t n_args)
{
    const struct vf_expr *given[VF_EXPR_MAX_ARGS];

    if (n_args > 0)
        memcpy(given, args, n_args * sizeof(given[0]));
    return vf_build_collated(reader, function(reader, row, args, n_args), given, n_args);
}
