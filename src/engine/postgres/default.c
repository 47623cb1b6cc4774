#include <string.h>

#include "base/text.h"
#include "engine/postgres/inspect.h"
#include "engine/postgres/types.h"
#include "model/temporal.h"

/* ---- reading ---- */

static const struct {
    const char *text;
    enum vf_default_kind kind;
    bool is_utc;
} spellings[] = {
    {"now()", VF_DEFAULT_NOW, false},
    {"CURRENT_TIMESTAMP", VF_DEFAULT_NOW, false},
    {"LOCALTIMESTAMP", VF_DEFAULT_NOW, false},
    {"transaction_timestamp()", VF_DEFAULT_NOW, false},
    {"statement_timestamp()", VF_DEFAULT_NOW, false},
    {"clock_timestamp()", VF_DEFAULT_NOW, false},
    {"CURRENT_DATE", VF_DEFAULT_TODAY, false},
    {"CURRENT_TIME", VF_DEFAULT_TIME, false},
    {"LOCALTIME", VF_DEFAULT_TIME, false},
    {"gen_random_uuid()", VF_DEFAULT_UUID, false},
    {"uuid_generate_v4()", VF_DEFAULT_UUID, false},
    {"replace((gen_random_uuid())::text, '-'::text, ''::text)", VF_DEFAULT_HEX, false},
    {"upper(replace((gen_random_uuid())::text, '-'::text, ''::text))", VF_DEFAULT_HEX_UPPER, false},
    /* As servers from 14 on write it, and those before. */
    {"(now() AT TIME ZONE 'utc'::text)", VF_DEFAULT_NOW, true},
    {"(now() AT TIME ZONE 'UTC'::text)", VF_DEFAULT_NOW, true},
    {"timezone('utc'::text, now())", VF_DEFAULT_NOW, true},
    {"timezone('UTC'::text, now())", VF_DEFAULT_NOW, true},
    {"(CURRENT_TIMESTAMP AT TIME ZONE 'utc'::text)", VF_DEFAULT_NOW, true},
    {"(CURRENT_TIMESTAMP AT TIME ZONE 'UTC'::text)", VF_DEFAULT_NOW, true},
    {"timezone('utc'::text, CURRENT_TIMESTAMP)", VF_DEFAULT_NOW, true},
    {"timezone('UTC'::text, CURRENT_TIMESTAMP)", VF_DEFAULT_NOW, true},
    {"((now() AT TIME ZONE 'UTC'::text))::date", VF_DEFAULT_TODAY, true},
    {"(timezone('UTC'::text, now()))::date", VF_DEFAULT_TODAY, true},
    {"((now() AT TIME ZONE 'UTC'::text))::time without time zone", VF_DEFAULT_TIME, true},
    {"(timezone('UTC'::text, now()))::time without time zone", VF_DEFAULT_TIME, true},
    {"to_char((now() AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD HH24:MI:SS'::text)", VF_DEFAULT_NOW, true},
    {"to_char(timezone('UTC'::text, now()), 'YYYY-MM-DD HH24:MI:SS'::text)", VF_DEFAULT_NOW, true},
    {"to_char((now() AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD'::text)", VF_DEFAULT_TODAY, true},
    {"to_char(timezone('UTC'::text, now()), 'YYYY-MM-DD'::text)", VF_DEFAULT_TODAY, true},
    {"to_char((now() AT TIME ZONE 'UTC'::text), 'HH24:MI:SS'::text)", VF_DEFAULT_TIME, true},
    {"to_char(timezone('UTC'::text, now()), 'HH24:MI:SS'::text)", VF_DEFAULT_TIME, true},
};

/* The end of a text in quotes, which begins at `at`; its value goes into `out`. NULL: it doesn't end. */
static const char *read_quoted(const char *at, struct vf_buf *out)
{
    bool escapes = *at == 'E';
    at += escapes ? 2 : 1;
    for (; *at != '\0'; at++) {
        if (*at == '\'' && at[1] != '\'')
            return at + 1;
        if (*at == '\'' || (escapes && *at == '\\' && at[1] != '\0'))
            at++;
        vf_buf_char(out, *at);
    }
    return NULL;
}

/* Nothing, or casts to types: "::text", "::numeric(8,2)". */
static bool is_casts(const char *at)
{
    struct vf_pg_name name;
    return *at == '\0' || (at[0] == ':' && at[1] == ':' && vf_pg_name_parse(at + 2, &name));
}

/* A literal's text as the neutral text of the kind; false: it isn't understood. */
static bool to_neutral(struct vf_type type, const char *text, struct vf_buf *out)
{
    char written[VF_TEMPORAL_TEXT_BYTES];
    size_t size_bytes = strlen(text);
    int32_t days;
    int64_t micros;
    struct vf_interval interval;
    switch (type.kind) {
    case VF_K_BOOL:
        vf_buf_str(out, text);
        return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    case VF_K_I8:
    case VF_K_I16:
    case VF_K_I32:
    case VF_K_I64:
    case VF_K_F32:
    case VF_K_F64:
    case VF_K_DECIMAL:
        vf_buf_str(out, text);
        return vf_is_decimal(text, size_bytes);
    case VF_K_DATE:
        if (!vf_date_parse(text, size_bytes, &days))
            return false;
        vf_buf_add(out, written, vf_date_format(days, written));
        return true;
    case VF_K_TIME:
        if (!vf_time_parse(text, size_bytes, &micros))
            return false;
        vf_buf_add(out, written, vf_time_format(micros, written));
        return true;
    case VF_K_TIMESTAMP:
    case VF_K_TIMESTAMPTZ:
        if (!vf_timestamp_parse(text, size_bytes, type.kind == VF_K_TIMESTAMPTZ, &micros))
            return false;
        vf_buf_add(out, written, vf_timestamp_format(micros, type.kind == VF_K_TIMESTAMPTZ, written));
        return true;
    case VF_K_INTERVAL:
        if (!vf_interval_parse(text, size_bytes, &interval))
            return false;
        vf_buf_add(out, written, vf_interval_format(interval, written));
        return true;
    case VF_K_ARRAY:
        vf_buf_str(out, "[]");
        return strcmp(text, "{}") == 0;
    case VF_K_TEXT:
    case VF_K_BLOB:
    case VF_K_UUID:
    case VF_K_JSON:
    case VF_K_ENUM:
    case VF_K_OTHER:
        vf_buf_str(out, text);
        return true;
    case VF_K_VECTOR:
        vf_buf_str(out, text);
        return text[0] == '[' && type.element != VF_E_BIT;
    case VF_K_SPARSE:
    case VF_KIND_COUNT:
        break;
    }
    return false;
}

/* 'text'::type, 1, -1.5, '(-1)::type', true. The literal's own text goes to `out`. */
static bool read_literal(const char *text, struct vf_buf *out)
{
    const char *at = text;
    if (*at == '\'' || (at[0] == 'E' && at[1] == '\'')) {
        at = read_quoted(at, out);
        return at != NULL && is_casts(at);
    }
    bool in_parentheses = *at == '(';
    at += in_parentheses;
    size_t size_bytes = strspn(at, "+-.0123456789eE");
    if (size_bytes == 0 || !vf_is_decimal(at, size_bytes)) {
        size_bytes = vf_str_starts(at, "true") ? 4 : vf_str_starts(at, "false") ? 5 : 0;
        if (size_bytes == 0)
            return false;
    }
    vf_buf_add(out, at, size_bytes);
    at += size_bytes;
    if (in_parentheses && *at++ != ')')
        return false;
    return is_casts(at);
}

static bool read_sequence(const char *text, struct vf_buf *out)
{
    static const char begin[] = "nextval(", end[] = "::regclass)";
    if (!vf_str_starts(text, begin))
        return false;
    const char *at = text + sizeof(begin) - 1;
    if (*at != '\'' && !(at[0] == 'E' && at[1] == '\''))
        return false;
    at = read_quoted(at, out);
    return at != NULL && strcmp(at, end) == 0;
}

enum vf_status vf_pg_default_parse(const char *text, struct vf_type type, struct vf_arena *arena,
                                   struct vf_default *def, struct vf_error *err)
{
    struct vf_buf literal, neutral;
    *def = (struct vf_default){0};
    if (text == NULL)
        return VF_OK;
    def->text = text;
    def->kind = VF_DEFAULT_EXPRESSION;
    const char *bare = vf_str_starts(text, "public.")       ? text + 7
                       : vf_str_starts(text, "extensions.") ? text + 11
                                                            : text;
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        /* In a column with a zone, UTC's clock would be taken for the session's: another moment than now. */
        if (strcmp(bare, spellings[i].text) == 0 && !(spellings[i].is_utc && type.kind == VF_K_TIMESTAMPTZ)) {
            def->kind = spellings[i].kind;
            def->is_utc = spellings[i].is_utc;
        }
    }
    vf_buf_init(&literal, VF_BUF_MAX);
    vf_buf_init(&neutral, VF_BUF_MAX);
    if (def->kind == VF_DEFAULT_EXPRESSION) {
        if (vf_str_starts(text, "NULL") && is_casts(text + 4)) {
            def->kind = VF_DEFAULT_NULL;
        } else if (read_sequence(text, &literal)) {
            def->kind = VF_DEFAULT_SEQUENCE;
            def->text = literal.data;
        } else {
            vf_buf_clear(&literal);
            if (read_literal(text, &literal) && to_neutral(type, literal.data != NULL ? literal.data : "", &neutral)) {
                def->kind = VF_DEFAULT_LITERAL;
                def->text = neutral.data != NULL ? neutral.data : "";
            }
        }
    }
    def->text = vf_arena_strdup(arena, def->text);
    vf_buf_release(&literal);
    vf_buf_release(&neutral);
    return def->text != NULL ? VF_OK : vf_error_nomem(err);
}

/* ---- writing ---- */

static bool is_number(enum vf_kind kind)
{
    return kind >= VF_K_I8 && kind <= VF_K_DECIMAL;
}

/* PostgreSQL reads ISO 8601 but for the signs of expanded years, and durations as they are. */
static bool write_literal(const struct vf_column *column, const struct vf_pg_types *types, struct vf_buf *out)
{
    struct vf_pg_name name;
    const char *text = column->def.text;
    if (!vf_column_can_hold(column, text))
        return false;
    if (is_number(column->type.kind) && vf_is_decimal(text, strlen(text))) {
        vf_buf_str(out, text);
        return true;
    }
    if (column->type.kind == VF_K_BOOL) {
        vf_buf_str(out, text);
        return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    }
    if (column->type.kind == VF_K_VECTOR || column->type.kind == VF_K_SPARSE)
        return false; /* it need not be one: "[]" where all values are vectors is a default of every JSON text */
    if (column->type.kind == VF_K_ARRAY) {
        vf_buf_str(out, "'{}'");
        return strcmp(text, "[]") == 0;
    }
    bool is_moment = column->type.kind >= VF_K_DATE && column->type.kind <= VF_K_TIMESTAMPTZ;
    if ((is_moment && (text[0] == '+' || (text[0] == '-' && text[1] != 'i'))) ||
        !vf_pg_name_parse(column->native, &name))
        return false;
    vf_pg_quote_text(out, text, strlen(text));
    vf_buf_str(out, "::");
    vf_pg_name_write(&name, types, out);
    return true;
}

#define UTC "now() AT TIME ZONE 'UTC'"

/* The time, the day, the time of day: as the column's type takes them, by the clock of the session's time zone and by that of UTC. Texts are as SQLite writes them, whose they are. */
static const struct {
    enum vf_kind kind;
    const char *now[2], *today[2], *time[2]; /* [is_utc] */
} times[] = {
    {VF_K_TIMESTAMPTZ, {"now()", "now()"}, {"CURRENT_DATE", NULL}, {NULL, NULL}},
    {VF_K_TIMESTAMP, {"now()", "(" UTC ")"}, {"CURRENT_DATE", "((" UTC ")::date)"}, {NULL, NULL}},
    {VF_K_DATE, {"CURRENT_DATE", "((" UTC ")::date)"}, {"CURRENT_DATE", "((" UTC ")::date)"}, {NULL, NULL}},
    {VF_K_TIME, {NULL, NULL}, {NULL, NULL}, {"LOCALTIME", "((" UTC ")::time)"}},
    {VF_K_TEXT,
     {"now()::text", "to_char(" UTC ", 'YYYY-MM-DD HH24:MI:SS')"},
     {"CURRENT_DATE::text", "to_char(" UTC ", 'YYYY-MM-DD')"},
     {NULL, "to_char(" UTC ", 'HH24:MI:SS')"}},
};

/* NULL: the type doesn't take it. */
static const char *write_time(const struct vf_column *column)
{
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        if (times[i].kind == column->type.kind)
            return column->def.kind == VF_DEFAULT_NOW     ? times[i].now[column->def.is_utc]
                   : column->def.kind == VF_DEFAULT_TODAY ? times[i].today[column->def.is_utc]
                                                          : times[i].time[column->def.is_utc];
    }
    return NULL;
}

/* As PostgreSQL spelled it where it came from: the time of the transaction, of the statement and of the clock are not the same. Functions of extensions and of other schemas may not be here. */
static const char *own_spelling(const struct vf_column *column)
{
    const struct vf_default *def = &column->def;
    if (def->text == NULL || !vf_str_equal(def->dialect, "postgres") || column->type.kind == VF_K_TEXT ||
        def->kind == VF_DEFAULT_UUID || def->kind == VF_DEFAULT_HEX || def->kind == VF_DEFAULT_HEX_UPPER)
        return NULL;
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        if (spellings[i].kind == def->kind && strcmp(spellings[i].text, def->text) == 0)
            return vf_str_starts(def->text, "to_char") ? NULL : spellings[i].text; /* that one gives a text */
    }
    return NULL;
}

/* A text takes the server's writing of the time, which isn't that of the database that the default comes from. */
static const char *remark_on(const struct vf_default *def, enum vf_kind kind)
{
    if (kind != VF_K_TEXT || def->kind != VF_DEFAULT_NOW || vf_str_equal(def->dialect, "postgres") ||
        vf_default_is_plain_time(def))
        return NULL;
    return def->is_utc ? "the time is written in UTC and whole seconds, as 2024-01-31 12:00:00"
                       : "the time is written as PostgreSQL writes it: 2024-01-31 12:00:00.123456+00";
}

static const char *write_hex(const struct vf_default *def, enum vf_kind kind)
{
    if (kind == VF_K_UUID)
        return "gen_random_uuid()";
    if (kind != VF_K_TEXT)
        return NULL;
    return def->kind == VF_DEFAULT_HEX ? "replace(gen_random_uuid()::text, '-', '')"
                                       : "upper(replace(gen_random_uuid()::text, '-', ''))";
}

bool vf_pg_default_write(const struct vf_column *column, const struct vf_pg_types *types, struct vf_buf *out,
                         const char **why)
{
    enum vf_kind kind = column->type.kind;
    const char *text = NULL;
    *why = "the default isn't one that PostgreSQL can have for the column's type";
    switch (column->def.kind) {
    case VF_DEFAULT_NONE:
        *why = NULL;
        return true;
    case VF_DEFAULT_NULL:
        text = "NULL";
        break;
    case VF_DEFAULT_NOW:
    case VF_DEFAULT_TODAY:
    case VF_DEFAULT_TIME:
        text = write_time(column);
        break;
    case VF_DEFAULT_UUID:
        text = kind == VF_K_UUID ? "gen_random_uuid()" : kind == VF_K_TEXT ? "gen_random_uuid()::text" : NULL;
        break;
    case VF_DEFAULT_HEX:
    case VF_DEFAULT_HEX_UPPER:
        text = write_hex(&column->def, kind);
        break;
    case VF_DEFAULT_LITERAL:
        if (!write_literal(column, types, out))
            return false;
        *why = NULL;
        return true;
    case VF_DEFAULT_SEQUENCE:
        if (kind < VF_K_I8 || kind > VF_K_I64)
            return false;
        *why = NULL;
        vf_buf_str(out, "nextval(");
        vf_pg_quote_text(out, column->def.text, strlen(column->def.text));
        vf_buf_str(out, "::regclass)");
        return true;
    case VF_DEFAULT_EXPRESSION:
        *why = "the expression isn't one that vecferry translates, and the source's text is never run";
        return false;
    }
    if (text != NULL && own_spelling(column) != NULL)
        text = own_spelling(column);
    if (text == NULL)
        return false;
    vf_buf_str(out, text);
    *why = remark_on(&column->def, kind);
    return true;
}
