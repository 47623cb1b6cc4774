#include "engine/duckdb/default.h"

#include <string.h>

#include "base/text.h"
#include "engine/duckdb/error.h"
#include "engine/duckdb/inspect.h"

struct spelling {
    const char *text;
    enum vf_default_kind kind;
    bool is_utc;
};

/* What the clock of UTC shows: without the extension icu, which has the time zones. */
#define UTC              "make_timestamp(epoch_us(now()))"
#define UTC_TEXT(format) "strftime(" UTC ", '" format "')"

#define HEX_TEXT "\"replace\"(CAST(uuid() AS VARCHAR), '-', '')"

/* As DuckDB writes them into its catalogue, compared without case. */
static const struct spelling spellings[] = {
    {"now()", VF_DEFAULT_NOW, false},
    {"current_timestamp", VF_DEFAULT_NOW, false},
    {"get_current_timestamp()", VF_DEFAULT_NOW, false},
    {"transaction_timestamp()", VF_DEFAULT_NOW, false},
    {"CAST(now() AS TIMESTAMP)", VF_DEFAULT_NOW, false},
    {"CAST(get_current_timestamp() AS TIMESTAMP)", VF_DEFAULT_NOW, false},
    {"current_date", VF_DEFAULT_TODAY, false},
    {"current_date()", VF_DEFAULT_TODAY, false},
    {"today()", VF_DEFAULT_TODAY, false},
    {"CAST(now() AS DATE)", VF_DEFAULT_TODAY, false},
    {"current_time", VF_DEFAULT_TIME, false},
    {"get_current_time()", VF_DEFAULT_TIME, false},
    {"CAST(current_time AS TIME)", VF_DEFAULT_TIME, false},
    {"CAST(get_current_time() AS TIME)", VF_DEFAULT_TIME, false},
    {"CAST(now() AS TIME)", VF_DEFAULT_TIME, false},
    {"uuid()", VF_DEFAULT_UUID, false},
    {"gen_random_uuid()", VF_DEFAULT_UUID, false},
    {"uuidv4()", VF_DEFAULT_UUID, false},
    {"timezone('UTC', now())", VF_DEFAULT_NOW, true},
    {"main.timezone('UTC', now())", VF_DEFAULT_NOW, true},
    {UTC, VF_DEFAULT_NOW, true},
    {"CAST(" UTC " AS \"DATE\")", VF_DEFAULT_TODAY, true},
    {"CAST(" UTC " AS TIME)", VF_DEFAULT_TIME, true},
    {UTC_TEXT("%Y-%m-%d %H:%M:%S"), VF_DEFAULT_NOW, true},
    {UTC_TEXT("%Y-%m-%d"), VF_DEFAULT_TODAY, true},
    {UTC_TEXT("%H:%M:%S"), VF_DEFAULT_TIME, true},
    {HEX_TEXT, VF_DEFAULT_HEX, false},
    {"upper(" HEX_TEXT ")", VF_DEFAULT_HEX_UPPER, false},
    {"NULL", VF_DEFAULT_NULL, false},
};

/* "'it''s'", the whole text: the value in the arena; NULL: it is something else. */
static const char *unquote(const char *text, size_t size_bytes, struct vf_arena *arena)
{
    size_t n = 0;
    if (size_bytes < 2 || text[0] != '\'' || text[size_bytes - 1] != '\'')
        return NULL;
    char *value = vf_arena_strndup(arena, text, size_bytes);
    for (size_t i = 1; value != NULL && i + 1 < size_bytes; i++) {
        if (text[i] == '\'' && (i + 2 >= size_bytes || text[++i] != '\''))
            return NULL;
        value[n++] = text[i];
    }
    if (value != NULL)
        value[n] = '\0';
    return value;
}

/* "CAST('x' AS T)": the text between, quotes and all. */
static const char *inside_cast(const char *text, size_t *size_bytes)
{
    static const char start[] = "CAST(";
    const char *end = NULL;
    if (!vf_str_starts(text, start))
        return NULL;
    for (const char *at = strstr(text, " AS "); at != NULL; at = strstr(at + 1, " AS "))
        end = at;
    if (end == NULL)
        return NULL;
    *size_bytes = (size_t)(end - text) - (sizeof(start) - 1);
    return text + sizeof(start) - 1;
}

/* DuckDB's literal for a blob has \xAA for each byte that isn't plain: the neutral text is hexadecimal throughout. */
static const char *blob_text(const char *text, struct vf_arena *arena)
{
    struct vf_buf hex;
    vf_buf_init(&hex, 65536);
    vf_buf_str(&hex, "\\x");
    for (const char *c = text; *c != '\0'; c++) {
        if (c[0] == '\\' && c[1] == 'x' && strspn(c + 2, "0123456789abcdefABCDEF") >= 2) {
            for (int i = 2; i < 4; i++)
                vf_buf_char(&hex, c[i] >= 'A' && c[i] <= 'F' ? (char)(c[i] - 'A' + 'a') : c[i]);
            c += 3;
        } else {
            vf_buf_hex(&hex, c, 1);
        }
    }
    const char *copy = vf_buf_check(&hex, NULL) == VF_OK ? vf_arena_strdup(arena, hex.data) : NULL;
    vf_buf_release(&hex);
    return copy;
}

/* A list without elements, in the neutral writing of arrays; NULL: another list. DuckDB writes [] as a call. */
static const char *empty_list(const char *text, struct vf_arena *arena)
{
    size_t size_bytes = strlen(text);
    const char *inside = inside_cast(text, &size_bytes);
    const char *value = unquote(inside != NULL ? inside : text, size_bytes, arena);
    bool is_call =
        inside == NULL && (vf_strcasecmp(text, "main.list_value()") == 0 || vf_strcasecmp(text, "list_value()") == 0);

    return is_call || (value != NULL && strcmp(value, "[]") == 0) ? "[]" : NULL;
}

static const char *literal(const char *text, const struct vf_column *column, struct vf_arena *arena)
{
    if (column->type.kind == VF_K_ARRAY)
        return empty_list(text, arena);
    size_t size_bytes = strlen(text);
    const char *inside = inside_cast(text, &size_bytes);
    const char *value = unquote(inside != NULL ? inside : text, size_bytes, arena);
    if (value != NULL && column->type.kind == VF_K_BLOB)
        return blob_text(value, arena);
    if (value != NULL && column->type.kind == VF_K_BOOL)
        return value[0] == 't' || value[0] == 'T' ? "true" : value[0] == 'f' || value[0] == 'F' ? "false" : NULL;
    if (value != NULL)
        return value;
    if (inside != NULL)
        return NULL;
    return vf_is_decimal(text, size_bytes) ? vf_arena_strdup(arena, text) : NULL;
}

enum vf_status vf_duckdb_default_parse(const char *text, struct vf_arena *arena, struct vf_column *column,
                                       struct vf_error *err)
{
    column->def = (struct vf_default){0};
    if (text == NULL)
        return VF_OK;
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        if (vf_strcasecmp(text, spellings[i].text) == 0) {
            column->def.kind = spellings[i].kind;
            column->def.is_utc = spellings[i].is_utc;
            column->def.text = spellings[i].kind == VF_DEFAULT_NULL ? NULL : spellings[i].text;
            return VF_OK;
        }
    }
    const char *sequence = vf_duckdb_nextval_name(text, arena);
    const char *value = sequence == NULL ? literal(text, column, arena) : NULL;
    column->def.kind = sequence != NULL ? VF_DEFAULT_SEQUENCE
                       : value != NULL  ? VF_DEFAULT_LITERAL
                                        : VF_DEFAULT_EXPRESSION;
    column->def.text = sequence != NULL ? sequence : value != NULL ? value : vf_arena_strdup(arena, text);
    return column->def.text == NULL ? vf_error_nomem(err) : VF_OK;
}

/* ---- writing ---- */

static bool write_blob(const char *text, struct vf_buf *out)
{
    if (text[0] != '\\' || text[1] != 'x' || strspn(text + 2, "0123456789abcdefABCDEF") != strlen(text + 2) ||
        strlen(text) % 2 != 0)
        return false;
    vf_buf_printf(out, "from_hex('%s')", text + 2);
    return true;
}

static bool write_literal(const struct vf_column *column, struct vf_buf *out)
{
    const char *text = column->def.text;
    enum vf_kind kind = column->type.kind;
    bool is_plain = column->form == VF_FORM_NATIVE || column->form == VF_FORM_TEXT || column->form == VF_FORM_ISO;
    if (!is_plain || kind == VF_K_VECTOR || kind == VF_K_SPARSE || kind == VF_K_INTERVAL ||
        !vf_column_can_hold(column, text))
        return false;
    if (kind == VF_K_BLOB)
        return write_blob(text, out);
    size_t n = strlen(column->native);
    if (kind == VF_K_ARRAY && n > 2 && strcmp(column->native + n - 2, "[]") == 0) {
        vf_buf_str(out, text);
        return strcmp(text, "[]") == 0;
    }
    vf_buf_str(out, "CAST(");
    vf_duckdb_quote_text(out, text, strlen(text));
    vf_buf_printf(out, " AS %s)", column->native);
    return true;
}

/* The spelling that the default had in a DuckDB, if it is one of those above. */
static const char *own_spelling(const struct vf_default *def)
{
    for (size_t i = 0; def->text != NULL && i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        if (vf_str_equal(def->dialect, "duckdb") && spellings[i].kind == def->kind &&
            strcmp(spellings[i].text, def->text) == 0)
            return spellings[i].text;
    }
    return NULL;
}

static const char *time_text(const struct vf_column *column)
{
    enum vf_default_kind what = column->def.kind;
    if (!column->def.is_utc || column->type.kind == VF_K_TIMESTAMPTZ)
        return what == VF_DEFAULT_NOW ? "now()" : what == VF_DEFAULT_TODAY ? "current_date" : "CAST(now() AS TIME)";
    if (column->type.kind == VF_K_TEXT)
        return what == VF_DEFAULT_NOW     ? UTC_TEXT("%Y-%m-%d %H:%M:%S")
               : what == VF_DEFAULT_TODAY ? UTC_TEXT("%Y-%m-%d")
                                          : UTC_TEXT("%H:%M:%S");
    return what == VF_DEFAULT_NOW ? UTC : what == VF_DEFAULT_TODAY ? "CAST(" UTC " AS DATE)" : "CAST(" UTC " AS TIME)";
}

/* Can a column of the kind have the current time, day or time of day? A default of another type is only found out by the first row that needs it. */
static bool is_of_time(enum vf_kind kind, enum vf_default_kind what)
{
    if (kind == VF_K_TEXT || kind == VF_K_OTHER)
        return true;
    return what == VF_DEFAULT_TIME ? kind == VF_K_TIME
                                   : kind == VF_K_DATE || kind == VF_K_TIMESTAMP || kind == VF_K_TIMESTAMPTZ;
}

static bool write_hex(const struct vf_column *column, struct vf_buf *out, const char **why)
{
    bool is_uuid = column->type.kind == VF_K_UUID && column->form == VF_FORM_NATIVE;
    if (!is_uuid && column->type.kind != VF_K_TEXT) {
        *why = "32 hexadecimal digits aren't of the type that the column has in DuckDB";
        return false;
    }
    vf_buf_str(out, is_uuid ? "uuid()" : column->def.kind == VF_DEFAULT_HEX ? HEX_TEXT : "upper(" HEX_TEXT ")");
    return true;
}

bool vf_duckdb_default_write(const struct vf_column *column, struct vf_buf *out, const char **why)
{
    bool is_native = column->form == VF_FORM_NATIVE;
    const char *own = own_spelling(&column->def);
    if (own != NULL && vf_str_starts(own, "strftime") && column->type.kind != VF_K_TEXT)
        own = NULL; /* that one gives a text */
    *why = NULL;
    switch (column->def.kind) {
    case VF_DEFAULT_NONE:
        return false;
    case VF_DEFAULT_NULL:
        vf_buf_str(out, "NULL");
        return true;
    case VF_DEFAULT_NOW:
    case VF_DEFAULT_TODAY:
    case VF_DEFAULT_TIME:
        if (!is_of_time(column->type.kind, column->def.kind)) {
            *why = "the current time isn't of the type that the column has in DuckDB";
            return false;
        }
        if (!is_native) {
            *why = "the current time isn't written in the form that the column has in DuckDB";
            return false;
        }
        vf_buf_str(out, own != NULL ? own : time_text(column));
        if (own == NULL && column->type.kind == VF_K_TEXT && column->def.kind == VF_DEFAULT_NOW &&
            !vf_default_is_plain_time(&column->def))
            *why = column->def.is_utc ? "the time is written in UTC and whole seconds, as 2024-01-31 12:00:00"
                                      : "the time is written as DuckDB writes it: 2024-01-31 12:00:00.123456+00";
        return true;
    case VF_DEFAULT_HEX:
    case VF_DEFAULT_HEX_UPPER:
        return write_hex(column, out, why);
    case VF_DEFAULT_UUID:
        vf_buf_str(out, own != NULL ? own : "uuid()");
        return is_native || column->form == VF_FORM_TEXT;
    case VF_DEFAULT_SEQUENCE: /* made with the sequence that it names */
        return true;
    case VF_DEFAULT_LITERAL:
        if (write_literal(column, out))
            return true;
        *why = "the value can't be written in the form that the column has in DuckDB";
        return false;
    case VF_DEFAULT_EXPRESSION:
    default:
        *why = "the expression isn't one of those that are understood";
        return false;
    }
}
