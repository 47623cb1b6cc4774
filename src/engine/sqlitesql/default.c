#include "engine/sqlitesql/default.h"

#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/conn.h"
#include "engine/sqlitesql/lexer.h"
#include "engine/sqlitesql/types.h"
#include "model/temporal.h"

/* ---- reading ---- */

struct spelling {
    const char *text; /* without blanks, lower case */
    enum vf_default_kind kind;
    const char *written;
};

/* The usual spellings. Compared without blanks and case, so only those that can't mean anything else. */
static const struct spelling spellings[] = {
    {"current_timestamp", VF_DEFAULT_NOW, "CURRENT_TIMESTAMP"},
    {"current_date", VF_DEFAULT_TODAY, "CURRENT_DATE"},
    {"current_time", VF_DEFAULT_TIME, "CURRENT_TIME"},
    {"datetime('now')", VF_DEFAULT_NOW, "(datetime('now'))"},
    {"datetime()", VF_DEFAULT_NOW, "(datetime())"},
    {"unixepoch()", VF_DEFAULT_NOW, "(unixepoch())"},
    {"unixepoch('now')", VF_DEFAULT_NOW, "(unixepoch('now'))"},
    {"strftime('%s','now')", VF_DEFAULT_NOW, "(strftime('%s', 'now'))"},
    {"cast(strftime('%s','now')asinteger)", VF_DEFAULT_NOW, "(CAST(strftime('%s', 'now') AS INTEGER))"},
    {"strftime('%y-%m-%dt%h:%m:%fz','now')", VF_DEFAULT_NOW, "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"},
    {"strftime('%y-%m-%d%h:%m:%f','now')", VF_DEFAULT_NOW, "(strftime('%Y-%m-%d %H:%M:%f', 'now'))"},
    {"strftime('%y-%m-%dt%h:%m:%sz','now')", VF_DEFAULT_NOW, "(strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))"},
    {"julianday('now')", VF_DEFAULT_NOW, "(julianday('now'))"},
    {"date('now')", VF_DEFAULT_TODAY, "(date('now'))"},
    {"date()", VF_DEFAULT_TODAY, "(date())"},
    {"time('now')", VF_DEFAULT_TIME, "(time('now'))"},
    {"time()", VF_DEFAULT_TIME, "(time())"},
    {"hex(randomblob(16))", VF_DEFAULT_HEX_UPPER, "(hex(randomblob(16)))"},
    {"lower(hex(randomblob(16)))", VF_DEFAULT_HEX, "(lower(hex(randomblob(16))))"},
    {"null", VF_DEFAULT_NULL, NULL},
};
#define N_SPELLINGS (sizeof(spellings) / sizeof(spellings[0]))

static void squeeze(const char *text, char *out, size_t out_bytes)
{
    size_t n = 0;
    for (; *text != '\0' && n + 1 < out_bytes; text++) {
        if (strchr(" \t\r\n", *text) == NULL)
            out[n++] = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
    }
    out[n] = '\0';
    if (*text != '\0')
        out[0] = '\0';
}

/* "(x)" -> "x" as long as the parentheses belong together. */
static const char *strip_parentheses(const char *text, struct vf_arena *arena)
{
    for (;;) {
        const char *at = text;
        if (!vf_sql_is_char(vf_sql_next(&at), '('))
            return text;
        const char *inside = vf_sql_inside(&at, arena);
        if (inside == NULL || vf_sql_peek(at).kind != VF_SQL_END)
            return inside == NULL ? NULL : text;
        text = inside;
    }
}

static const char *hex_text(struct vf_sql_token token, struct vf_arena *arena)
{
    return vf_arena_printf(arena, "\\x%.*s", (int)token.size_bytes - 3, token.start + 2);
}

static const char *word_literal(struct vf_sql_token token, const struct vf_column *column)
{
    bool is_true = vf_sql_is_word(token, "TRUE");
    if (!is_true && !vf_sql_is_word(token, "FALSE"))
        return NULL;
    if (column->type.kind == VF_K_BOOL)
        return is_true ? "true" : "false";
    return is_true ? "1" : "0";
}

/* A single literal as neutral text; NULL when it isn't one. */
static const char *literal(const char *text, const struct vf_column *column, struct vf_arena *arena)
{
    const char *at = text;
    struct vf_sql_token token = vf_sql_next(&at);
    bool is_signed = vf_sql_is_char(token, '-') || vf_sql_is_char(token, '+');
    const char *sign = vf_sql_is_char(token, '-') ? "-" : "";
    if (is_signed)
        token = vf_sql_next(&at);
    if (vf_sql_peek(at).kind != VF_SQL_END)
        return NULL;

    bool is_hex = token.size_bytes > 1 && (token.start[1] == 'x' || token.start[1] == 'X');
    if (token.kind == VF_SQL_NUMBER && !is_hex) {
        if (column->type.kind == VF_K_BOOL && token.size_bytes == 1 && token.start[0] <= '1')
            return token.start[0] == '1' ? "true" : "false";
        return vf_arena_printf(arena, "%s%.*s", sign, (int)token.size_bytes, token.start);
    }
    if (is_signed)
        return NULL;
    if (token.kind == VF_SQL_STRING || token.kind == VF_SQL_NAME) /* "x" is a text here: SQLite's old rule */
        return vf_sql_unquote(token, arena);
    if (token.kind == VF_SQL_BLOB && token.size_bytes >= 3)
        return hex_text(token, arena);
    return word_literal(token, column);
}

static bool is_of_time(enum vf_default_kind kind)
{
    return kind == VF_DEFAULT_NOW || kind == VF_DEFAULT_TODAY || kind == VF_DEFAULT_TIME;
}

enum vf_status vf_sqlite_default_parse(const char *text, struct vf_arena *arena, struct vf_column *column,
                                       struct vf_error *err)
{
    char squeezed[96];
    column->def = (struct vf_default){0};
    if (text == NULL)
        return VF_OK;
    const char *bare = strip_parentheses(text, arena);
    if (bare == NULL)
        return vf_error_nomem(err);
    squeeze(bare, squeezed, sizeof(squeezed));
    for (size_t i = 0; i < N_SPELLINGS; i++) {
        if (strcmp(squeezed, spellings[i].text) == 0) {
            column->def.kind = spellings[i].kind;
            column->def.text = spellings[i].written;
            column->def.is_utc = is_of_time(spellings[i].kind);
            return VF_OK;
        }
    }
    const char *value = literal(bare, column, arena);
    column->def.kind = value != NULL ? VF_DEFAULT_LITERAL : VF_DEFAULT_EXPRESSION;
    column->def.text = value != NULL ? value : vf_arena_strdup(arena, bare);
    return column->def.text == NULL ? vf_error_nomem(err) : VF_OK;
}

/* ---- writing ---- */

#define UUID_EXPRESSION                                                                                                \
    "(lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || "       \
    "substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))))"

static bool is_in_days(const struct vf_column *column)
{
    return column->form == VF_FORM_JULIAN || (column->form == VF_FORM_NATIVE && column->type.kind == VF_K_F64);
}

static const char *now_expression(const struct vf_column *column)
{
    if (column->form == VF_FORM_EPOCH_S || column->form == VF_FORM_INTEGER ||
        (column->form == VF_FORM_NATIVE && column->type.kind == VF_K_I64))
        return "(CAST(strftime('%s', 'now') AS INTEGER))";
    if (column->form == VF_FORM_EPOCH_MS)
        return "(CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER))";
    if (column->form == VF_FORM_EPOCH_US)
        return "(CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000)";
    if (is_in_days(column))
        return "(julianday('now'))";
    if (column->type.kind == VF_K_TIMESTAMPTZ)
        return "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))";
    if (column->type.kind == VF_K_TIMESTAMP)
        return "(strftime('%Y-%m-%d %H:%M:%f', 'now'))";
    if (column->type.kind == VF_K_DATE)
        return "CURRENT_DATE";
    return "CURRENT_TIMESTAMP";
}

/* Does the column store a literal that is written bare as it stores the text of it? Decimals keep their digits only as text, where no affinity makes numbers of them. */
static bool is_number(const struct vf_column *column)
{
    enum vf_sqlite_affinity affinity = vf_sqlite_affinity_of(column->native);
    bool is_of_numbers = affinity != VF_SQLITE_TEXT && affinity != VF_SQLITE_BLOB;
    enum vf_kind kind = column->type.kind;
    return (kind >= VF_K_I8 && kind <= VF_K_F64) || (kind == VF_K_DECIMAL && is_of_numbers);
}

static bool write_timestamp(const struct vf_column *column, struct vf_buf *out)
{
    int64_t timestamp_us = 0;
    int64_t value = 0;
    int64_t units = column->form == VF_FORM_EPOCH_S ? 1 : column->form == VF_FORM_EPOCH_MS ? 1000 : 1000000;
    const char *text = column->def.text;
    if (!vf_timestamp_parse(text, strlen(text), column->type.kind == VF_K_TIMESTAMPTZ, &timestamp_us) ||
        !vf_timestamp_to_epoch(timestamp_us, units, &value))
        return false;
    vf_buf_printf(out, "%lld", (long long)value);
    return true;
}

static bool write_blob(const char *text, struct vf_buf *out)
{
    if (text[0] != '\\' || text[1] != 'x' || strspn(text + 2, "0123456789abcdefABCDEF") != strlen(text + 2) ||
        strlen(text) % 2 != 0)
        return false;
    vf_buf_printf(out, "x'%s'", text + 2);
    return true;
}

static bool write_literal(const struct vf_column *column, struct vf_buf *out)
{
    const char *text = column->def.text;
    double ignored = 0;
    switch (column->form) {
    case VF_FORM_EPOCH_S:
    case VF_FORM_EPOCH_MS:
    case VF_FORM_EPOCH_US:
        return write_timestamp(column, out);
    case VF_FORM_JULIAN:
    case VF_FORM_BYTES:
    case VF_FORM_JSON:
    case VF_FORM_VEC0:
    case VF_FORM_LIBSQL:
    case VF_FORM_LIST:
        return false;
    case VF_FORM_NATIVE:
    case VF_FORM_TEXT:
    case VF_FORM_INTEGER:
    case VF_FORM_ISO:
    case VF_FORM_COUNT:
        break;
    }
    if (column->type.kind == VF_K_BLOB)
        return write_blob(text, out);
    if (column->type.kind == VF_K_BOOL && column->form != VF_FORM_TEXT) {
        bool is_true = strcmp(text, "true") == 0;
        if (!is_true && strcmp(text, "false") != 0)
            return false;
        vf_buf_char(out, is_true ? '1' : '0');
        return true;
    }
    bool is_bare = is_number(column) && vf_is_decimal(text, strlen(text)) && vf_parse_f64(text, strlen(text), &ignored);
    if (is_bare)
        vf_buf_str(out, text);
    else
        vf_sqlite_quote_text(out, text, strlen(text));
    return true;
}

/* The spelling that the default had in a database of this kind, if it is one of those above, also where the values aren't what it gives; NULL: it came from another, or the column's values are in another form now. */
static const char *own_spelling(const struct vf_column *column)
{
    const struct vf_default *def = &column->def;
    if (def->text == NULL || !vf_str_equal(def->dialect, "sqlite"))
        return NULL;
    for (size_t i = 0; i < N_SPELLINGS; i++) {
        if (vf_str_equal(spellings[i].written, def->text))
            return spellings[i].written;
    }
    return NULL;
}

bool vf_sqlite_default_write(const struct vf_column *column, struct vf_buf *out, const char **why)
{
    const char *own = own_spelling(column);
    bool is_other_clock = is_of_time(column->def.kind) && !column->def.is_utc && column->type.kind != VF_K_TIMESTAMPTZ;
    *why = is_other_clock ? "SQLite's clock is that of UTC, where the source's shows the session's time zone" : NULL;
    switch (column->def.kind) {
    case VF_DEFAULT_NONE:
        return false;
    case VF_DEFAULT_NULL:
        vf_buf_str(out, "NULL");
        return true;
    case VF_DEFAULT_NOW:
        vf_buf_str(out, own != NULL ? own : now_expression(column));
        if (own == NULL && column->type.kind == VF_K_TEXT)
            *why = "the time is written as SQLite writes it, in UTC and whole seconds: 2024-01-31 12:00:00";
        return true;
    case VF_DEFAULT_TODAY:
        vf_buf_str(out, own != NULL ? own : "CURRENT_DATE");
        return true;
    case VF_DEFAULT_TIME:
        vf_buf_str(out, own != NULL ? own : "CURRENT_TIME");
        return true;
    case VF_DEFAULT_UUID:
        if (column->form == VF_FORM_BYTES) {
            *why = "SQLite can't make a version 4 uuid as 16 bytes";
            return false;
        }
        vf_buf_str(out, own != NULL ? own : UUID_EXPRESSION);
        return true;
    case VF_DEFAULT_HEX:
    case VF_DEFAULT_HEX_UPPER:
        if (column->form == VF_FORM_BYTES) {
            *why = "the column holds 16 bytes, and the default gives 32 hexadecimal digits";
            return false;
        }
        vf_buf_str(out, column->def.kind == VF_DEFAULT_HEX ? "(lower(hex(randomblob(16))))" : "(hex(randomblob(16)))");
        return true;
    case VF_DEFAULT_LITERAL:
        if (write_literal(column, out))
            return true;
        *why = "the value can't be written in the form that the column has in SQLite";
        return false;
    case VF_DEFAULT_SEQUENCE:
        *why = "SQLite has no sequences; an INTEGER PRIMARY KEY counts on by itself";
        return false;
    case VF_DEFAULT_EXPRESSION:
    default:
        *why = "the expression isn't one of those that are understood";
        return false;
    }
}
