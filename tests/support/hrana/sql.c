#include "hrana/sql.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct token {
    const char *text;
    size_t size; /* 0 at the end of the text */
};

static const char *skip_blank(const char *s)
{
    for (;;) {
        if (isspace((unsigned char)*s)) {
            s++;
        } else if (s[0] == '-' && s[1] == '-') {
            s += strcspn(s, "\n");
        } else if (s[0] == '/' && s[1] == '*') {
            const char *end = strstr(s + 2, "*/");

            s = end ? end + 2 : s + strlen(s);
        } else {
            return s;
        }
    }
}

/* The end of a quoted text or name that begins at `s`; a doubled quote is one of its characters. */
static const char *skip_quoted(const char *s)
{
    char end = *s == '[' ? ']' : *s;

    for (s++; *s; s++) {
        if (*s == end && (end == ']' || s[1] != end))
            return s + 1;
        if (*s == end)
            s++;
    }
    return s;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static struct token next_token(const char **at)
{
    const char *from = skip_blank(*at), *to = from;

    if (*from == '\0') {
        *at = from;
        return (struct token){from, 0};
    }
    if (strchr("'\"`[", *from))
        to = skip_quoted(from);
    else if (is_word(*from))
        for (; is_word(*to); to++)
            ;
    else
        to++;
    *at = to;
    return (struct token){from, (size_t)(to - from)};
}

static bool is(struct token token, const char *word)
{
    return token.size == strlen(word) && strncasecmp(token.text, word, token.size) == 0;
}

static bool is_one_of(struct token token, const char *const *words)
{
    for (; *words; words++) {
        if (is(token, *words))
            return true;
    }
    return false;
}

static const char *const reading_pragmas[] = {
    "table_list", "index_list",      "table_info",    "table_xinfo",   "index_info",  "index_xinfo", "pragma_list",
    "encoding",   "compile_options", "database_list", "function_list", "module_list", NULL};
static const char *const writing_pragmas[] = {
    "defer_foreign_keys", "foreign_keys", "foreign_key_list", "foreign_key_check", "collation_list", "data_version",
    "freelist_count",     "page_count",   "integrity_check",  "quick_check",       "user_version",   NULL};
static const char *const asking_pragmas[] = {
    "application_id", "auto_vacuum", "busy_timeout", "cache_size",    "journal_mode", "locking_mode", "max_page_count",
    "mmap_size",      "page_size",   "query_only",   "secure_delete", "synchronous",  "temp_store",   NULL};

static enum sql_kind pragma_kind(const char *at)
{
    struct token name = next_token(&at), after = next_token(&at);

    if (is(after, ".")) {
        name = next_token(&at);
        after = next_token(&at);
    }
    if (is_one_of(name, reading_pragmas) || (is(name, "schema_version") && (after.size == 0 || is(after, ";"))))
        return SQL_READ;
    if (is_one_of(name, writing_pragmas))
        return SQL_WRITE;
    return is_one_of(name, asking_pragmas) && (after.size == 0 || is(after, ";")) ? SQL_WRITE : SQL_REFUSED;
}

/* The verb behind WITH name AS (...), ...: the first at the outermost level. */
static struct token main_verb(const char *at)
{
    static const char *const verbs[] = {"SELECT", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE", NULL};
    int depth = 0;

    for (;;) {
        struct token token = next_token(&at);

        if (token.size == 0 || (depth == 0 && is_one_of(token, verbs)))
            return token;
        depth += is(token, "(") - is(token, ")");
    }
}

static void classify(struct sql_piece *piece)
{
    static const char *const writes[] = {"DROP", "ALTER", "REINDEX", NULL};
    const char *at = piece->text;
    struct token verb = next_token(&at);

    if (is(verb, "WITH"))
        verb = main_verb(at);
    piece->is_insert = is(verb, "INSERT") || is(verb, "REPLACE");
    piece->changes_rows = piece->is_insert || is(verb, "UPDATE") || is(verb, "DELETE");
    if (piece->changes_rows || is_one_of(verb, writes)) {
        piece->kind = SQL_WRITE;
    } else if (is(verb, "PRAGMA")) {
        piece->kind = pragma_kind(at);
    } else if (is(verb, "CREATE")) {
        struct token what = next_token(&at);

        piece->kind = is(what, "TEMP") || is(what, "TEMPORARY") ? SQL_REFUSED : SQL_WRITE;
    } else if (is(verb, "VACUUM") || is(verb, "ATTACH") || is(verb, "ANALYZE")) {
        piece->kind = SQL_REFUSED;
    } else {
        /* What is no statement at all is left to SQLite to complain of. */
        piece->kind = SQL_READ;
    }
}

/* A trigger's body has semicolons of its own; it ends with an END behind one of them. */
static bool begins_trigger(const char *at)
{
    struct token token = next_token(&at);

    if (!is(token, "CREATE"))
        return false;
    token = next_token(&at);
    if (is(token, "TEMP") || is(token, "TEMPORARY"))
        token = next_token(&at);
    return is(token, "TRIGGER");
}

bool sql_next(const char **at, struct sql_piece *piece)
{
    struct token token, before = {0}, before_that = {0};
    bool is_trigger;
    const char *from;

    do {
        from = skip_blank(*at);
        *at = from;
        token = next_token(at);
    } while (is(token, ";"));
    if (token.size == 0)
        return false;
    *at = from;
    is_trigger = begins_trigger(from);
    for (;;) {
        token = next_token(at);
        if (token.size == 0)
            break;
        if (is(token, ";") && (!is_trigger || (is(before, "END") && is(before_that, ";"))))
            break;
        before_that = before;
        before = token;
    }
    *piece = (struct sql_piece){.text = from, .size = (size_t)(token.text - from)};
    classify(piece);
    return true;
}
