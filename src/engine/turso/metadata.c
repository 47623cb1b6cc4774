#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "engine/sqlitesql/lexer.h"
#include "engine/sqlitesql/questions.h"
#include "engine/turso/rows.h"

/* What a column's definition says. */
struct definition {
    struct vf_buf type;
    struct vf_sql_token collation;
    bool is_autoincrement, is_not_null, is_key;
};

static bool is_any(struct vf_sql_token token, const char *const *words, size_t n_words)
{
    for (size_t i = 0; i < n_words; i++) {
        if (vf_sql_is_word(token, words[i]))
            return true;
    }
    return false;
}

static bool starts_constraint(struct vf_sql_token token)
{
    static const char *const words[] = {"CONSTRAINT", "PRIMARY", "NOT",        "NULL",      "UNIQUE", "CHECK",
                                        "DEFAULT",    "COLLATE", "REFERENCES", "GENERATED", "AS"};
    return is_any(token, words, sizeof(words) / sizeof(words[0]));
}

static bool starts_table_constraint(struct vf_sql_token token)
{
    static const char *const words[] = {"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"};
    return is_any(token, words, sizeof(words) / sizeof(words[0]));
}

static bool is_end_of_column(struct vf_sql_token token)
{
    return token.kind == VF_SQL_END || vf_sql_is_char(token, ',') || vf_sql_is_char(token, ')');
}

/* "F32_BLOB (3)" is written "F32_BLOB(3)"; words are one blank apart. */
static void read_type(const char **at, struct vf_buf *type)
{
    vf_buf_clear(type);
    for (;;) {
        struct vf_sql_token token = vf_sql_peek(*at);
        if (is_end_of_column(token) || starts_constraint(token))
            return;
        token = vf_sql_next(at);
        if (vf_sql_is_char(token, '(')) {
            const char *from = token.start;
            vf_sql_skip_inside(at);
            vf_buf_add(type, from, (size_t)(*at - from));
            continue;
        }
        if (type->size_bytes > 0)
            vf_buf_char(type, ' ');
        vf_buf_add(type, token.start, token.size_bytes);
    }
}

static void read_constraints(const char **at, struct definition *definition)
{
    bool after_not = false;
    for (;;) {
        struct vf_sql_token token = vf_sql_peek(*at);
        if (is_end_of_column(token))
            return;
        token = vf_sql_next(at);
        if (vf_sql_is_char(token, '('))
            vf_sql_skip_inside(at);
        else if (vf_sql_is_word(token, "COLLATE"))
            definition->collation = vf_sql_next(at);
        else if (vf_sql_is_word(token, "AUTOINCREMENT"))
            definition->is_autoincrement = true;
        else if (vf_sql_is_word(token, "PRIMARY"))
            definition->is_key = true;
        else if (vf_sql_is_word(token, "NULL"))
            definition->is_not_null = definition->is_not_null || after_not;
        after_not = vf_sql_is_word(token, "NOT");
    }
}

/* Find the column in the text of CREATE TABLE. */
static bool find_definition(const char *sql, const char *column, struct vf_arena *arena, struct definition *definition)
{
    const char *at = sql;
    struct vf_sql_token token = vf_sql_next(&at);
    while (token.kind != VF_SQL_END && !vf_sql_is_char(token, '('))
        token = vf_sql_next(&at);
    while (token.kind != VF_SQL_END) {
        struct definition found = {.type = definition->type};
        bool is_constraint = starts_table_constraint(vf_sql_peek(at));
        token = vf_sql_next(&at);
        const char *name = vf_sql_unquote(token, arena);
        if (name == NULL)
            return false;
        if (!is_constraint)
            read_type(&at, &found.type);
        read_constraints(&at, &found);
        definition->type = found.type;
        if (!is_constraint && vf_strcasecmp(name, column) == 0) {
            *definition = found;
            return true;
        }
        token = vf_sql_next(&at);
        if (vf_sql_is_char(token, ')'))
            return false;
    }
    return false;
}

/* The text of CREATE TABLE; that of the last table that was asked for is kept until something is changed. */
static int read_table_sql(struct vf_hrana *db, const char *table)
{
    const struct vf_sqlite_library *lib = &vf_turso_library;
    sqlite3_stmt *stmt = NULL;
    if (db->table_sql.size_bytes > 0 && vf_str_equal(db->table_sql.data, table))
        return SQLITE_OK;
    vf_buf_clear(&db->table_sql);
    int code = lib->prepare_v3((sqlite3 *)(void *)db, VF_SQLITE_ASK_TABLE_SQL, -1, 0, &stmt, NULL);
    if (code == SQLITE_OK)
        code = lib->bind_text64(stmt, 1, table, strlen(table), NULL, SQLITE_UTF8);
    if (code == SQLITE_OK)
        code = lib->step(stmt);
    if (code == SQLITE_ROW && lib->column_type(stmt, 0) == SQLITE_TEXT) {
        vf_buf_add(&db->table_sql, table, strlen(table) + 1); /* its name, a NUL, and the text */
        vf_buf_str(&db->table_sql, (const char *)lib->column_text(stmt, 0));
        code = db->table_sql.status == VF_OK ? SQLITE_OK : SQLITE_NOMEM;
    }
    lib->finalize(stmt);
    return code;
}

int vf_turso_column_metadata(sqlite3 *handle, const char *schema, const char *table, const char *column,
                             const char **type, const char **collation, int *not_null, int *is_key,
                             int *is_autoincrement)
{
    struct vf_hrana *db = (struct vf_hrana *)(void *)handle;
    struct definition definition = {0};
    (void)schema;
    int code = read_table_sql(db, table);
    if (code != SQLITE_OK || db->table_sql.size_bytes == 0)
        return code == SQLITE_OK || code == SQLITE_DONE ? SQLITE_OK : code;
    vf_arena_reset(&db->metadata);
    vf_buf_init(&definition.type, 65536);
    *type = *collation = NULL;
    bool found =
        find_definition(db->table_sql.data + strlen(db->table_sql.data) + 1, column, &db->metadata, &definition);
    if (found && definition.type.size_bytes > 0)
        *type = vf_arena_strdup(&db->metadata, definition.type.data);
    if (found && definition.collation.start != NULL)
        *collation = vf_sql_unquote(definition.collation, &db->metadata);
    *not_null = definition.is_not_null;
    *is_key = definition.is_key;
    *is_autoincrement = definition.is_autoincrement;
    vf_buf_release(&definition.type);
    return SQLITE_OK;
}
