#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/fulltext.h"
#include "engine/sqlitesql/lexer.h"
#include "engine/sqlitesql/split.h"

#define MAX_COLUMNS 2000 /* SQLite's own limit */

/* ---- CREATE VIRTUAL TABLE ---- */

static bool is_end_of_argument(struct vf_sql_token token)
{
    return token.kind == VF_SQL_END || vf_sql_is_char(token, ',') || vf_sql_is_char(token, ')');
}

/* Behind the "=": the value, unquoted; *at is moved to what ends the argument. */
static const char *take_value(const char **at, struct vf_arena *arena)
{
    struct vf_sql_token token = vf_sql_peek(*at);
    const char *value = is_end_of_argument(token) ? "" : vf_sql_unquote(token, arena);

    while (!is_end_of_argument(vf_sql_peek(*at)))
        (void)vf_sql_next(at);
    return value;
}

static bool set_option(struct vf_fts5_declaration *declaration, const char *name, const char *value,
                       struct vf_arena *arena)
{
    if (vf_strcasecmp(name, "content") == 0) {
        declaration->has_content = true;
        declaration->content = value;
    } else if (vf_strcasecmp(name, "content_rowid") == 0) {
        declaration->content_rowid = value;
    } else if (vf_strcasecmp(name, "tokenize") == 0) {
        declaration->tokenizer = value;
    } else if (vf_strcasecmp(name, "prefix") == 0) {
        declaration->prefix =
            declaration->prefix == NULL ? value : vf_arena_printf(arena, "%s %s", declaration->prefix, value);
        return declaration->prefix != NULL;
    } else if (vf_strcasecmp(name, "detail") == 0) {
        declaration->detail = vf_strcasecmp(value, "full") == 0 ? NULL : value;
    } else {
        declaration->has_other = true;
    }
    return true;
}

/* name [UNINDEXED], or option = value; *at is moved behind it. false: no memory. */
static bool take_argument(const char **at, struct vf_fts5_declaration *declaration, struct vf_arena *arena)
{
    const char *name = vf_sql_unquote(vf_sql_next(at), arena);

    if (name == NULL)
        return false;
    if (vf_sql_is_char(vf_sql_peek(*at), '=')) {
        (void)vf_sql_next(at);
        const char *value = take_value(at, arena);
        return value != NULL && set_option(declaration, name, value, arena);
    }
    bool unindexed = false;
    while (!is_end_of_argument(vf_sql_peek(*at)))
        unindexed |= vf_sql_is_word(vf_sql_next(at), "UNINDEXED");
    if (declaration->n_columns < MAX_COLUMNS) {
        declaration->columns[declaration->n_columns] = name;
        declaration->unindexed[declaration->n_columns++] = unindexed;
    }
    return true;
}

static size_t count_arguments(const char *at)
{
    size_t n = 1;

    for (struct vf_sql_token token = vf_sql_next(&at); token.kind != VF_SQL_END; token = vf_sql_next(&at))
        n += vf_sql_is_char(token, ',');
    return n;
}

enum vf_status vf_fts5_parse(const char *sql, struct vf_arena *arena, struct vf_fts5_declaration *declaration,
                             bool *understood, struct vf_error *err)
{
    const char *at = sql;
    struct vf_sql_token token = vf_sql_next(&at);

    *declaration = (struct vf_fts5_declaration){0};
    *understood = false;
    while (token.kind != VF_SQL_END && !vf_sql_is_word(token, "USING"))
        token = vf_sql_next(&at);
    if (!vf_sql_is_word(vf_sql_next(&at), "fts5") || !vf_sql_is_char(vf_sql_next(&at), '('))
        return VF_OK;
    size_t n = count_arguments(at);
    declaration->columns = vf_arena_alloc(arena, n, sizeof(*declaration->columns));
    declaration->unindexed = vf_arena_alloc(arena, n, sizeof(*declaration->unindexed));
    if (declaration->columns == NULL || declaration->unindexed == NULL)
        return vf_error_nomem(err);
    do {
        if (is_end_of_argument(vf_sql_peek(at)))
            continue;
        if (!take_argument(&at, declaration, arena))
            return vf_error_nomem(err);
    } while (vf_sql_is_char(vf_sql_next(&at), ','));
    *understood = declaration->n_columns > 0;
    return VF_OK;
}

/* ---- triggers ---- */

static bool is_name(struct vf_sql_token token, const char *name)
{
    size_t n = strlen(name);
    bool quoted = token.kind == VF_SQL_NAME || token.kind == VF_SQL_STRING;
    struct vf_sql_token bare = token;

    if (quoted && token.size_bytes >= 2) {
        bare.start++;
        bare.size_bytes -= 2;
    }
    bare.kind = VF_SQL_WORD;
    return bare.size_bytes == n && vf_sql_is_word(bare, name);
}

/* What is before BEGIN: the event. A trigger that asks WHEN, or looks at some columns only, isn't one of every row. */
static enum vf_fts5_event take_event(const char **at)
{
    enum vf_fts5_event event = VF_FTS5_NO_TRIGGER;

    for (;;) {
        struct vf_sql_token token = vf_sql_next(at);
        if (token.kind == VF_SQL_END || vf_sql_is_word(token, "WHEN") || vf_sql_is_word(token, "OF"))
            return VF_FTS5_NO_TRIGGER;
        if (vf_sql_is_word(token, "BEGIN"))
            return event;
        if (event != VF_FTS5_NO_TRIGGER)
            continue;
        event = vf_sql_is_word(token, "INSERT")   ? VF_FTS5_ON_INSERT
                : vf_sql_is_word(token, "DELETE") ? VF_FTS5_ON_DELETE
                : vf_sql_is_word(token, "UPDATE") ? VF_FTS5_ON_UPDATE
                                                  : event;
    }
}

enum vf_fts5_event vf_fts5_trigger_event(const char *sql, const char *index)
{
    const char *at = sql;
    enum vf_fts5_event event = take_event(&at);
    size_t n_statements = 0;

    while (event != VF_FTS5_NO_TRIGGER) {
        struct vf_sql_token token = vf_sql_next(&at);
        if (vf_sql_is_word(token, "END"))
            return n_statements > 0 ? event : VF_FTS5_NO_TRIGGER;
        bool is_delete = vf_sql_is_word(token, "DELETE"), is_insert = vf_sql_is_word(token, "INSERT");
        struct vf_sql_token behind = vf_sql_next(&at);
        while (is_insert && token.kind != VF_SQL_END && !vf_sql_is_word(behind, "INTO") && behind.kind == VF_SQL_WORD)
            behind = vf_sql_next(&at); /* INSERT OR REPLACE INTO */
        if ((!is_insert || !vf_sql_is_word(behind, "INTO")) && (!is_delete || !vf_sql_is_word(behind, "FROM")))
            return VF_FTS5_NO_TRIGGER;
        if (!is_name(vf_sql_next(&at), index))
            return VF_FTS5_NO_TRIGGER;
        while (!vf_sql_is_char(token, ';')) {
            token = vf_sql_next(&at);
            if (token.kind == VF_SQL_END)
                return VF_FTS5_NO_TRIGGER;
        }
        n_statements++;
    }
    return VF_FTS5_NO_TRIGGER;
}

static enum vf_status find_triggers(struct vf_sqlite_conn *conn, struct vf_arena *arena, const char *table,
                                    const char *name, struct vf_fulltext *fulltext, struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    enum vf_status status = vf_sqlite_prepare(
        conn, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE", &stmt,
        err);

    if (status == VF_OK)
        conn->lib->bind_text64(stmt, 1, table, strlen(table), SQLITE_STATIC, SQLITE_UTF8);
    while (status == VF_OK) {
        status = vf_sqlite_step(conn, stmt, &row, err);
        if (status != VF_OK || !row)
            break;
        enum vf_fts5_event event = vf_fts5_trigger_event(vf_sqlite_column_str(conn, stmt, 1), name);
        if (event == VF_FTS5_NO_TRIGGER)
            continue;
        const char **place = event == VF_FTS5_ON_INSERT   ? &fulltext->on_insert
                             : event == VF_FTS5_ON_DELETE ? &fulltext->on_delete
                                                          : &fulltext->on_update;
        *place = vf_arena_strdup(arena, vf_sqlite_column_str(conn, stmt, 0));
        if (*place == NULL)
            status = vf_error_nomem(err);
    }
    conn->lib->finalize(stmt);
    fulltext->is_late = fulltext->on_insert == NULL || fulltext->on_delete == NULL || fulltext->on_update == NULL;
    return status;
}

/* ---- weights ---- */

/* bm25(10.0, 1.0), as it was set for `rank`. */
static enum vf_status read_weights(struct vf_sqlite_conn *conn, const char *name, struct vf_fulltext *fulltext,
                                   struct vf_error *err)
{
    struct vf_buf sql;
    char text[512] = "";

    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT v FROM main.");
    struct vf_buf config;
    vf_buf_init(&config, VF_BUF_MAX);
    vf_buf_printf(&config, "%s_config", name);
    enum vf_status status = vf_buf_check(&config, err);
    if (status == VF_OK) {
        vf_sqlite_quote(&sql, config.data);
        vf_buf_str(&sql, " WHERE k = 'rank'");
        status = vf_buf_check(&sql, err);
    }
    if (status == VF_OK)
        status = vf_sqlite_get_text(conn, sql.data, text, sizeof(text), err);
    vf_buf_release(&config);
    vf_buf_release(&sql);
    if (status != VF_OK || !vf_str_starts(text, "bm25("))
        return status;
    const char *at = text + strlen("bm25(");
    for (size_t i = 0; i < fulltext->n_parts; i++) {
        at += strspn(at, " ,");
        size_t size_bytes = strcspn(at, " ,)");
        double weight = 0;
        if (size_bytes == 0 || !vf_parse_f64(at, size_bytes, &weight) || weight < 0)
            break;
        fulltext->parts[i].weight = weight;
        at += size_bytes;
    }
    return VF_OK;
}

/* ---- as an index of a table ---- */

static int find_column(const struct vf_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        if (vf_strcasecmp(table->columns[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

static enum vf_status add_index(struct vf_sqlite_conn *conn, struct vf_schema *schema, struct vf_table *table,
                                const char *name, const char *sql, const struct vf_fts5_declaration *declaration,
                                struct vf_error *err)
{
    struct vf_arena *arena = &schema->arena;
    struct vf_index *index = vf_table_add_index(schema, table);

    if (index == NULL)
        return vf_error_nomem(err);
    *index = (struct vf_index){.name = name, .kind = VF_INDEX_FULLTEXT, .method = "fts5", .definition = sql};
    struct vf_fulltext *fulltext = &index->fulltext;
    vf_fulltext_read_tokenizer(declaration->tokenizer != NULL ? declaration->tokenizer : "unicode61", fulltext);
    fulltext->form = declaration->has_content ? VF_FULLTEXT_EXTERNAL : VF_FULLTEXT_OWN;
    fulltext->tokenizer = declaration->tokenizer;
    fulltext->prefix = declaration->prefix;
    fulltext->detail = declaration->detail;
    fulltext->n_parts = declaration->n_columns;
    fulltext->parts = vf_arena_alloc(arena, declaration->n_columns, sizeof(*fulltext->parts));
    if (fulltext->parts == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < declaration->n_columns; i++) {
        struct vf_key_part *part = vf_index_add_part(schema, index);
        if (part == NULL)
            return vf_error_nomem(err);
        part->column = find_column(table, declaration->columns[i]);
        fulltext->parts[i] = (struct vf_fulltext_part){.coalesced = true, .unindexed = declaration->unindexed[i]};
    }
    if (declaration->has_content) {
        fulltext->key = declaration->content_rowid != NULL ? declaration->content_rowid : "rowid";
        enum vf_status status = find_triggers(conn, arena, table->name, name, fulltext, err);
        if (status != VF_OK)
            return status;
    }
    return read_weights(conn, name, fulltext, err);
}

static struct vf_table *find_table(struct vf_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->n_tables; i++) {
        if (vf_strcasecmp(schema->tables[i].name, name) == 0)
            return &schema->tables[i];
    }
    return NULL;
}

enum vf_status vf_sqlite_add_fulltext(struct vf_sqlite_conn *conn, struct vf_schema *schema, const char *name,
                                      const char *sql, const char **why, struct vf_error *err)
{
    struct vf_fts5_declaration declaration;
    bool understood = false;
    enum vf_status status = vf_fts5_parse(sql, &schema->arena, &declaration, &understood, err);

    *why = NULL;
    if (status != VF_OK)
        return status;
    struct vf_table *table = understood ? find_table(schema, declaration.content) : NULL;
    if (table == NULL || table->kind != VF_TABLE_ORDINARY) {
        *why = vf_arena_printf(&schema->arena, "its content, \"%s\", isn't a table that is moved",
                               understood ? declaration.content : "");
        return *why != NULL ? VF_OK : vf_error_nomem(err);
    }
    for (size_t i = 0; i < declaration.n_columns; i++) {
        if (find_column(table, declaration.columns[i]) >= 0)
            continue;
        *why = vf_arena_printf(&schema->arena, "it is broken: table \"%s\" has no column \"%s\"", table->name,
                               declaration.columns[i]);
        return *why != NULL ? VF_OK : vf_error_nomem(err);
    }
    return add_index(conn, schema, table, name, sql, &declaration, err);
}

/* ---- as a table ---- */

/* FTS5 columns have no types: what is stored says what they are. */
static enum vf_status add_columns(struct vf_schema *schema, struct vf_table *table,
                                  const struct vf_fts5_declaration *declaration, struct vf_error *err)
{
    struct vf_column *rowid = vf_table_add_column(schema, table);

    if (rowid == NULL)
        return vf_error_nomem(err);
    *rowid = (struct vf_column){.name = VF_FTS5_ROWID,
                                .native = "INTEGER",
                                .type = {.kind = VF_K_I64},
                                .not_null = true,
                                .generated = VF_GENERATED_IDENTITY_BY_DEFAULT};
    for (size_t i = 0; i < declaration->n_columns; i++) {
        struct vf_column *column = vf_table_add_column(schema, table);
        if (column == NULL)
            return vf_error_nomem(err);
        *column = (struct vf_column){.name = declaration->columns[i], .native = "", .type = {.kind = VF_K_TEXT}};
    }
    struct vf_index *key = vf_table_add_index(schema, table);
    struct vf_key_part *part = key != NULL ? vf_index_add_part(schema, key) : NULL;
    if (part == NULL)
        return vf_error_nomem(err);
    key->kind = VF_INDEX_BTREE;
    key->method = "btree";
    key->constraint = VF_CONSTRAINT_PRIMARY;
    key->unique = true;
    table->primary_key = 0;
    return VF_OK;
}

enum vf_status vf_sqlite_add_fts5(struct vf_sqlite_conn *conn, struct vf_schema *schema, const char *name,
                                  const char *sql, bool *is_index, const char **why, struct vf_error *err)
{
    struct vf_fts5_declaration declaration;
    bool understood = false;
    enum vf_status status = vf_fts5_parse(sql, &schema->arena, &declaration, &understood, err);

    *why = NULL;
    *is_index = false;
    if (status != VF_OK)
        return status;
    if (!understood)
        *why = "its declaration isn't understood";
    else if (declaration.has_content && declaration.content[0] == '\0')
        *why = "it is contentless: its texts were never kept, only their words, and can't be read back";
    *is_index = *why == NULL && declaration.has_content;
    if (*why != NULL || *is_index)
        return VF_OK;
    struct vf_table *table = vf_schema_add_table(schema);
    if (table == NULL)
        return vf_error_nomem(err);
    table->name = name;
    table->primary_key = -1;
    status = add_columns(schema, table, &declaration, err);
    return status == VF_OK ? add_index(conn, schema, table, name, sql, &declaration, err) : status;
}
