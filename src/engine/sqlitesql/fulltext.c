#include "engine/sqlitesql/fulltext.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/from.h"
#include "engine/sqlitesql/questions.h"
#include "engine/sqlitesql/target.h"

#define UNICODE_WORDS "unicode61"

/* ---- names ---- */

/* The column by which an FTS5 table knows the rows of the table: its integer primary key, else a name for the rowid that no column has. NULL: there is none. */
static const char *key_of(const struct vf_table *table, bool *is_column)
{
    static const char *const names[] = {"rowid", "_rowid_", "oid"};

    *is_column = true;
    for (size_t i = 0; i < table->n_columns; i++) {
        if (vf_sqlite_is_rowid(table, i))
            return table->columns[i].name;
    }
    *is_column = false;
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        bool is_taken = false;
        for (size_t i = 0; i < table->n_columns; i++)
            is_taken |= vf_strcasecmp(table->columns[i].name, names[n]) == 0;
        if (!is_taken)
            return names[n];
    }
    return NULL;
}

static bool has_index(const struct vf_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_indexes; i++) {
        if (table->indexes[i].name != NULL && vf_strcasecmp(table->indexes[i].name, name) == 0)
            return true;
    }
    return false;
}

/* The text by which an object was made; *found false: there is none of that name. */
static enum vf_status find(struct vf_sqlite_conn *conn, const char *name, bool *found, struct vf_buf *text,
                           struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    enum vf_status status =
        vf_sqlite_prepare(conn, "SELECT sql FROM sqlite_master WHERE name = ?1 COLLATE NOCASE", &stmt, err);

    if (status == VF_OK) {
        conn->lib->bind_text64(stmt, 1, name, strlen(name), SQLITE_STATIC, SQLITE_UTF8);
        status = vf_sqlite_step(conn, stmt, found, err);
    }
    if (status == VF_OK && *found)
        vf_buf_str(text, vf_sqlite_column_str(conn, stmt, 0));
    conn->lib->finalize(stmt);
    return status == VF_OK ? vf_buf_check(text, err) : status;
}

/* Is it the text of an FTS5 table beside the table? */
static enum vf_status is_beside(const char *sql, const char *table, struct vf_arena *arena, bool *beside,
                                struct vf_error *err)
{
    struct vf_fts5_declaration declaration;
    enum vf_status status = vf_fts5_parse(sql, arena, &declaration, beside, err);

    *beside = *beside && declaration.has_content && vf_strcasecmp(declaration.content, table) == 0;
    return status;
}

/* Is there something else of that name? An index of the same table is the one of an earlier run. */
static enum vf_status is_taken(struct vf_sqlite_conn *conn, const struct vf_table *table, const char *name,
                               struct vf_arena *arena, bool *taken, struct vf_error *err)
{
    struct vf_buf text;
    bool beside = false;

    vf_buf_init(&text, VF_BUF_MAX);
    enum vf_status status = find(conn, name, taken, &text, err);
    if (status == VF_OK && *taken)
        status = is_beside(text.data != NULL ? text.data : "", table->name, arena, &beside, err);
    *taken = *taken && !beside;
    vf_buf_release(&text);
    return status;
}

/* documents_fts, documents_fts2, ... */
static enum vf_status make_name(struct vf_sqlite_conn *conn, const struct vf_table *table, struct vf_arena *arena,
                                const char **name, struct vf_error *err)
{
    bool taken = true;

    for (unsigned i = 1; taken; i++) {
        *name =
            i == 1 ? vf_arena_printf(arena, "%s_fts", table->name) : vf_arena_printf(arena, "%s_fts%u", table->name, i);
        if (*name == NULL)
            return vf_error_nomem(err);
        if (has_index(table, *name))
            continue;
        enum vf_status status = is_taken(conn, table, *name, arena, &taken, err);
        if (status != VF_OK)
            return status;
    }
    return VF_OK;
}

/* ---- words ---- */

static void write_option(const char *name, const char *value, struct vf_buf *sql)
{
    if (value == NULL)
        return;
    vf_buf_printf(sql, ", %s=", name);
    vf_sqlite_quote_text(sql, value, strlen(value));
}

static void write_words(const struct vf_fulltext *fulltext, struct vf_buf *sql)
{
    write_option("tokenize", fulltext->tokenizer, sql);
    write_option("prefix", fulltext->prefix, sql);
    write_option("detail", fulltext->detail, sql);
}

/* ---- mapping ---- */

static bool holds_text(const struct vf_column *column)
{
    return column->type.kind != VF_K_BLOB && column->type.kind != VF_K_VECTOR && column->type.kind != VF_K_SPARSE &&
           (column->form == VF_FORM_NATIVE || column->form == VF_FORM_TEXT || column->form == VF_FORM_JSON ||
            column->form == VF_FORM_INTEGER);
}

static const char *obstacle(const struct vf_table *table, const struct vf_index *index, struct vf_arena *arena)
{
    if (index->predicate != NULL)
        return "it is of a part of the rows only, which FTS5 can't be";
    for (size_t i = 0; i < index->n_parts; i++) {
        const struct vf_column *column = &table->columns[index->parts[i].column];
        bool is_kept = vf_strcasecmp(column->name, "rowid") == 0 || vf_strcasecmp(column->name, "rank") == 0 ||
                       (index->name != NULL && vf_strcasecmp(column->name, index->name) == 0);
        if (is_kept)
            return vf_arena_printf(arena, "FTS5 keeps the name of column \"%s\" for itself: rename it in the plan",
                                   column->name);
        if (!holds_text(column) && !index->fulltext.parts[i].unindexed)
            return vf_arena_printf(arena, "column \"%s\" holds no text in SQLite", column->name);
    }
    return NULL;
}

/* Nothing but the columns of the index and the rowid: then the table itself can be an FTS5 table, as it was. */
static bool can_be_own(const struct vf_table *table, const struct vf_index *index)
{
    size_t n = 0;

    if (table->n_columns != index->n_parts + 1 || table->n_foreign_keys > 0 || table->n_checks > 0 ||
        vf_strcasecmp(table->columns[0].name, VF_FTS5_ROWID) != 0 || !vf_sqlite_is_rowid(table, 0))
        return false;
    for (size_t i = 0; i < table->n_indexes; i++)
        n += table->indexes[i].constraint != VF_CONSTRAINT_PRIMARY;
    for (size_t i = 1; i < table->n_columns; i++) {
        const struct vf_column *column = &table->columns[i];
        n += column->not_null || column->collation != NULL || column->def.kind != VF_DEFAULT_NONE;
        n += index->parts[i - 1].column != (int)i;
    }
    return n == 0;
}

static enum vf_status has_module(struct vf_sqlite_conn *conn, bool *found, struct vf_error *err)
{
    int64_t n = 0;
    enum vf_status status =
        vf_sqlite_get_i64(conn, "SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'", 0, &n, NULL);

    (void)err; /* a server that doesn't know the question doesn't know FTS5 either */
    *found = status == VF_OK && n > 0;
    return VF_OK;
}

static enum vf_status map_external(struct vf_sqlite_conn *conn, const struct vf_table *table, struct vf_arena *arena,
                                   struct vf_index_mapping *mapping, struct vf_error *err)
{
    struct vf_index *index = &mapping->index;
    bool is_column = false;
    const char *key = table->without_rowid ? NULL : key_of(table, &is_column);

    if (key == NULL) {
        mapping->moved = false;
        mapping->why = table->without_rowid ? "FTS5 needs a rowid, and the table is made WITHOUT ROWID"
                                            : "FTS5 needs a rowid, whose every name is taken by a column";
        return VF_OK;
    }
    index->fulltext.form = VF_FULLTEXT_EXTERNAL;
    index->fulltext.key = key;
    if (index->name == NULL) {
        enum vf_status status = make_name(conn, table, arena, &index->name, err);
        if (status != VF_OK)
            return status;
    }
    const char *note = is_column ? NULL
                                 : "the table has no integer primary key: after VACUUM, fill it anew by "
                                   "INSERT INTO the index(the index) VALUES('rebuild')";
    mapping->why = vf_arena_printf(arena, "an FTS5 table%s%s%s",
                                   index->fulltext.is_late ? ", which nothing keeps in step, as in the source"
                                                           : ", kept in step by three triggers",
                                   note != NULL ? "; " : "", note != NULL ? note : "");
    return mapping->why == NULL ? vf_error_nomem(err) : VF_OK;
}

/* What the user has said in FTS5's words is tried: a slip would else be found after all rows are there. A server isn't written to for that. */
static enum vf_status try_words(struct vf_sqlite_conn *conn, const struct vf_fulltext *fulltext, struct vf_arena *arena,
                                const char **why, struct vf_error *err)
{
    struct vf_error found = {0};
    struct vf_buf sql;

    *why = NULL;
    if (conn->prepare_rows != NULL)
        return VF_OK;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "CREATE VIRTUAL TABLE temp.vecferry_words USING fts5(a");
    write_words(fulltext, &sql);
    vf_buf_char(&sql, ')');
    enum vf_status status = vf_sqlite_exec_buf(conn, &sql, &found);
    vf_buf_release(&sql);
    if (status == VF_OK)
        return vf_sqlite_exec(conn, "DROP TABLE temp.vecferry_words", err);
    if (status != VF_ENGINE) {
        if (err != NULL)
            *err = found;
        return status;
    }
    *why = vf_arena_printf(arena, "FTS5 doesn't take it: %s", found.message);
    return *why == NULL ? vf_error_nomem(err) : VF_OK;
}

enum vf_status vf_sqlite_map_fulltext(struct vf_sqlite_conn *conn, const struct vf_table *table, struct vf_arena *arena,
                                      struct vf_index_mapping *mapping, struct vf_error *err)
{
    struct vf_index *index = &mapping->index;
    bool found = false;
    enum vf_status status = has_module(conn, &found, err);

    if (status != VF_OK)
        return status;
    mapping->why = found ? obstacle(table, index, arena) : "there is no FTS5 here";
    if (mapping->why == NULL)
        status = try_words(conn, &index->fulltext, arena, &mapping->why, err);
    if (status != VF_OK)
        return status;
    mapping->moved = mapping->why == NULL;
    index->method = "fts5";
    index->definition = NULL;
    if (!mapping->moved)
        return VF_OK;
    if (index->fulltext.form == VF_FULLTEXT_OWN && can_be_own(table, index)) {
        index->name = table->name;
        return VF_OK;
    }
    if (index->fulltext.form == VF_FULLTEXT_OWN && index->name != NULL && vf_strcasecmp(index->name, table->name) == 0)
        index->name = NULL;
    return map_external(conn, table, arena, mapping, err);
}

const struct vf_index *vf_sqlite_own_fulltext(const struct vf_table *table)
{
    for (size_t i = 0; i < table->n_indexes; i++) {
        if (table->indexes[i].kind == VF_INDEX_FULLTEXT && table->indexes[i].fulltext.form == VF_FULLTEXT_OWN)
            return &table->indexes[i];
    }
    return NULL;
}

/* ---- making ---- */

void vf_sqlite_write_fts5(const struct vf_table *table, const struct vf_index *index, struct vf_buf *sql)
{
    const struct vf_fulltext *fulltext = &index->fulltext;

    vf_buf_str(sql, "CREATE VIRTUAL TABLE main.");
    vf_sqlite_quote(sql, index->name);
    vf_buf_str(sql, " USING fts5(");
    for (size_t i = 0; i < index->n_parts; i++) {
        vf_buf_str(sql, i > 0 ? ", " : "");
        vf_sqlite_quote(sql, table->columns[index->parts[i].column].name);
        vf_buf_str(sql, fulltext->parts[i].unindexed ? " UNINDEXED" : "");
    }
    if (fulltext->form == VF_FULLTEXT_EXTERNAL) {
        write_option("content", table->name, sql);
        write_option("content_rowid", fulltext->key, sql);
    }
    write_words(fulltext, sql);
    vf_buf_char(sql, ')');
}

static void write_columns(const struct vf_table *table, const struct vf_index *index, const char *before,
                          struct vf_buf *sql)
{
    for (size_t i = 0; i < index->n_parts; i++) {
        vf_buf_str(sql, ", ");
        vf_buf_str(sql, before);
        vf_sqlite_quote(sql, table->columns[index->parts[i].column].name);
    }
}

/* FTS5 takes a row away only by the texts that it was given for it. */
static void write_away(const struct vf_table *table, const struct vf_index *index, struct vf_buf *sql)
{
    vf_buf_str(sql, "\n  INSERT INTO ");
    vf_sqlite_quote(sql, index->name);
    vf_buf_char(sql, '(');
    vf_sqlite_quote(sql, index->name);
    vf_buf_str(sql, ", rowid");
    write_columns(table, index, "", sql);
    vf_buf_str(sql, ") VALUES ('delete', old.");
    vf_sqlite_quote(sql, index->fulltext.key);
    write_columns(table, index, "old.", sql);
    vf_buf_str(sql, ");");
}

static void write_put(const struct vf_table *table, const struct vf_index *index, struct vf_buf *sql)
{
    vf_buf_str(sql, "\n  INSERT INTO ");
    vf_sqlite_quote(sql, index->name);
    vf_buf_str(sql, "(rowid");
    write_columns(table, index, "", sql);
    vf_buf_str(sql, ") VALUES (new.");
    vf_sqlite_quote(sql, index->fulltext.key);
    write_columns(table, index, "new.", sql);
    vf_buf_str(sql, ");");
}

static void write_trigger(const struct vf_table *table, const struct vf_index *index, enum vf_fts5_event event,
                          struct vf_buf *sql)
{
    const char *given = event == VF_FTS5_ON_INSERT   ? index->fulltext.on_insert
                        : event == VF_FTS5_ON_DELETE ? index->fulltext.on_delete
                                                     : index->fulltext.on_update;
    char name[512];

    snprintf(name, sizeof(name), "%.500s_%s", index->name,
             event == VF_FTS5_ON_INSERT   ? "ai"
             : event == VF_FTS5_ON_DELETE ? "ad"
                                          : "au");
    vf_buf_str(sql, "CREATE TRIGGER main.");
    vf_sqlite_quote(sql, given != NULL ? given : name);
    vf_buf_str(sql, event == VF_FTS5_ON_INSERT   ? " AFTER INSERT ON "
                    : event == VF_FTS5_ON_DELETE ? " AFTER DELETE ON "
                                                 : " AFTER UPDATE ON ");
    vf_sqlite_quote(sql, table->name);
    vf_buf_str(sql, " BEGIN");
    if (event != VF_FTS5_ON_INSERT)
        write_away(table, index, sql);
    if (event != VF_FTS5_ON_DELETE)
        write_put(table, index, sql);
    vf_buf_str(sql, "\nEND");
}

/* INSERT INTO x(x[, rank]) VALUES('command'[, value]): how FTS5 takes its orders. */
static enum vf_status order(struct vf_sqlite_conn *conn, const char *name, const char *command, const char *value,
                            struct vf_error *err)
{
    struct vf_buf sql;

    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "INSERT INTO main.");
    vf_sqlite_quote(&sql, name);
    vf_buf_char(&sql, '(');
    vf_sqlite_quote(&sql, name);
    vf_buf_printf(&sql, "%s) VALUES ('%s'", value != NULL ? ", rank" : "", command);
    if (value != NULL) {
        vf_buf_str(&sql, ", ");
        vf_sqlite_quote_text(&sql, value, strlen(value));
    }
    vf_buf_char(&sql, ')');
    enum vf_status status = vf_sqlite_exec_buf(conn, &sql, err);
    vf_buf_release(&sql);
    return status;
}

static enum vf_status set_weights(struct vf_sqlite_conn *conn, const struct vf_index *index, struct vf_error *err)
{
    struct vf_buf text;
    bool any = false;

    vf_buf_init(&text, VF_BUF_MAX);
    vf_buf_str(&text, "bm25(");
    for (size_t i = 0; i < index->n_parts; i++) {
        char number[32];
        double weight = index->fulltext.parts[i].weight;
        any |= weight > 0;
        vf_format_f64(weight > 0 ? weight : 1, number);
        vf_buf_printf(&text, "%s%s", i > 0 ? ", " : "", number);
        vf_buf_str(&text, strpbrk(number, ".e") != NULL ? "" : ".0");
    }
    vf_buf_char(&text, ')');
    enum vf_status status = vf_buf_check(&text, err);
    if (status == VF_OK && any)
        status = order(conn, index->name, "rank", text.data, err);
    vf_buf_release(&text);
    return status;
}

static enum vf_status build(struct vf_sqlite_conn *conn, const struct vf_table *table, const struct vf_index *index,
                            struct vf_error *err)
{
    struct vf_buf sql;

    vf_buf_init(&sql, VF_BUF_MAX);
    vf_sqlite_write_fts5(table, index, &sql);
    enum vf_status status = vf_sqlite_exec_buf(conn, &sql, err);
    if (status == VF_OK)
        status = order(conn, index->name, "rebuild", NULL, err);
    for (enum vf_fts5_event event = VF_FTS5_ON_INSERT; event <= VF_FTS5_ON_UPDATE && status == VF_OK; event++) {
        if (index->fulltext.is_late)
            break;
        write_trigger(table, index, event, &sql);
        status = vf_sqlite_exec_buf(conn, &sql, err);
    }
    vf_buf_release(&sql);
    return status;
}

/* Is an FTS5 table of that name there, and made as this one is? One of another make isn't touched. */
static enum vf_status is_made(struct vf_sqlite_conn *conn, const struct vf_table *table, const struct vf_index *index,
                              bool *made, struct vf_error *err)
{
    struct vf_buf here, wanted;

    vf_buf_init(&here, VF_BUF_MAX);
    vf_buf_init(&wanted, VF_BUF_MAX);
    vf_sqlite_write_fts5(table, index, &wanted);
    enum vf_status status = find(conn, index->name, made, &here, err);
    if (status == VF_OK)
        status = vf_buf_check(&wanted, err);
    if (status == VF_OK && *made) {
        /* sqlite_master has it without the name of the database. */
        const char *a = strstr(here.data, "USING"), *b = strstr(wanted.data, "USING");
        if (a == NULL || b == NULL || strcmp(a, b) != 0) {
            status = vf_error_set(err, VF_STATE, "there is another object \"%s\"", index->name);
            vf_error_hint(err, "drop or rename it, or give the index another name in the plan");
        }
    }
    vf_buf_release(&here);
    vf_buf_release(&wanted);
    return status;
}

enum vf_status vf_sqlite_make_fulltext(struct vf_sqlite_conn *conn, const struct vf_table *table,
                                       const struct vf_index *index, struct vf_error *err)
{
    struct vf_conn *base = (struct vf_conn *)(void *)conn;
    const struct vf_engine_ops *ops = conn->base.ops;
    bool is_own = index->fulltext.form == VF_FULLTEXT_OWN, made = false;
    enum vf_status status = is_own ? VF_OK : is_made(conn, table, index, &made, err);

    if (status != VF_OK || made) {
        vf_error_wrap(status != VF_OK ? err : NULL, "full-text index %s on table %s", index->name, table->name);
        return status;
    }
    status = ops->begin(base, err);
    if (status != VF_OK)
        return status;
    if (!is_own)
        status = build(conn, table, index, err);
    if (status == VF_OK)
        status = set_weights(conn, index, err);
    if (status == VF_OK)
        status = order(conn, index->name, "optimize", NULL, err);
    if (status == VF_OK)
        status = ops->commit(base, err);
    if (status != VF_OK) {
        ops->rollback(base);
        vf_error_wrap(err, "full-text index %s on table %s", index->name, table->name);
    }
    return status;
}

/* The names of the FTS5 tables beside the table, in the arena. */
static enum vf_status list_beside(struct vf_sqlite_conn *conn, const char *table, struct vf_arena *arena,
                                  const char ***names, size_t *n, struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int64_t max = 0;
    bool row = true;
    static const char query[] =
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL%'";
    enum vf_status status = vf_sqlite_get_i64(conn, VF_SQLITE_ASK_N_OBJECTS, 0, &max, err);

    *n = 0;
    *names = vf_arena_alloc(arena, (size_t)max + 1, sizeof(**names));
    if (*names == NULL)
        return vf_error_nomem(err);
    if (status == VF_OK)
        status = vf_sqlite_prepare(conn, query, &stmt, err);
    while (status == VF_OK && *n < (size_t)max) {
        bool beside = false;
        status = vf_sqlite_step(conn, stmt, &row, err);
        if (status != VF_OK || !row)
            break;
        status = is_beside(vf_sqlite_column_str(conn, stmt, 1), table, arena, &beside, err);
        if (status == VF_OK && beside) {
            (*names)[*n] = vf_arena_strdup(arena, vf_sqlite_column_str(conn, stmt, 0));
            status = (*names)[(*n)++] != NULL ? VF_OK : vf_error_nomem(err);
        }
    }
    conn->lib->finalize(stmt);
    return status;
}

enum vf_status vf_sqlite_drop_fulltext(struct vf_sqlite_conn *conn, const struct vf_table *table, struct vf_error *err)
{
    struct vf_arena arena = {0};
    const char **names = NULL;
    size_t n = 0;
    struct vf_buf sql;
    enum vf_status status = list_beside(conn, table->name, &arena, &names, &n, err);

    vf_buf_init(&sql, VF_BUF_MAX);
    for (size_t i = 0; i < n && status == VF_OK; i++) {
        vf_buf_str(&sql, "DROP TABLE main.");
        vf_sqlite_quote(&sql, names[i]);
        status = vf_sqlite_exec_buf(conn, &sql, err);
    }
    vf_buf_release(&sql);
    vf_arena_release(&arena);
    return status;
}

/* ---- searching and checking ---- */

enum vf_status vf_sqlite_text_match(struct vf_conn *base, const struct vf_table *table, const struct vf_index *index,
                                    const char *word, struct vf_buf *out, struct vf_error *err)
{
    bool is_own = index->fulltext.form == VF_FULLTEXT_OWN;

    (void)base, (void)table;
    if (!is_own && index->fulltext.form != VF_FULLTEXT_EXTERNAL)
        return vf_error_set(err, VF_MISSING, "index \"%s\" can't be asked here", index->name);
    vf_sqlite_quote(out, is_own ? VF_FTS5_ROWID : index->fulltext.key);
    vf_buf_str(out, " IN (SELECT rowid FROM main.");
    vf_sqlite_quote(out, index->name);
    vf_buf_str(out, " WHERE ");
    vf_sqlite_quote(out, index->name);
    vf_buf_printf(out, " MATCH '\"%s\"')", word);
    return VF_OK;
}

/* How many rows the index knows, and the table has. */
static enum vf_status count(struct vf_sqlite_conn *conn, const struct vf_table *table, const struct vf_index *index,
                            int64_t *n_known, int64_t *n_rows, struct vf_error *err)
{
    struct vf_buf sql, name;

    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_init(&name, VF_BUF_MAX);
    enum vf_status status = vf_sqlite_write_count(conn, table->name, &sql, err);
    if (status == VF_OK)
        status = vf_buf_check(&sql, err);
    if (status == VF_OK)
        status = vf_sqlite_get_i64(conn, sql.data, 0, n_rows, err);
    vf_buf_printf(&name, "%s_docsize", index->name);
    vf_buf_clear(&sql);
    vf_buf_str(&sql, "SELECT count(*) FROM main.");
    if (status == VF_OK)
        status = vf_buf_check(&name, err);
    if (status == VF_OK) {
        vf_sqlite_quote(&sql, name.data);
        status = vf_buf_check(&sql, err);
    }
    if (status == VF_OK)
        status = vf_sqlite_get_i64(conn, sql.data, 0, n_known, err);
    vf_buf_release(&sql);
    vf_buf_release(&name);
    return status;
}

static enum vf_status has_triggers(struct vf_sqlite_conn *conn, const struct vf_table *table,
                                   const struct vf_index *index, bool *found, struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    unsigned seen = 0;
    bool row = true;
    enum vf_status status = vf_sqlite_prepare(
        conn, "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE", &stmt, err);

    if (status == VF_OK)
        conn->lib->bind_text64(stmt, 1, table->name, strlen(table->name), SQLITE_STATIC, SQLITE_UTF8);
    while (status == VF_OK && row) {
        status = vf_sqlite_step(conn, stmt, &row, err);
        if (status == VF_OK && row)
            seen |= 1U << vf_fts5_trigger_event(vf_sqlite_column_str(conn, stmt, 0), index->name);
    }
    conn->lib->finalize(stmt);
    *found =
        (seen & (1U << VF_FTS5_ON_INSERT)) && (seen & (1U << VF_FTS5_ON_DELETE)) && (seen & (1U << VF_FTS5_ON_UPDATE));
    return status;
}

enum vf_status vf_sqlite_text_check(struct vf_conn *base, const struct vf_table *table, const struct vf_index *index,
                                    struct vf_arena *arena, struct vf_text_state *state, struct vf_error *err)
{
    struct vf_sqlite_conn *conn = vf_sqlite_conn_of(base);
    struct vf_buf text;
    bool found = false, wants_triggers = index->fulltext.form == VF_FULLTEXT_EXTERNAL && !index->fulltext.is_late;
    int64_t n_rows = 0;
    struct vf_error failure = {0};

    vf_buf_init(&text, VF_BUF_MAX);
    enum vf_status status = find(conn, index->name, &found, &text, err);
    vf_buf_release(&text);
    if (status != VF_OK || !found) {
        state->why = "it isn't there";
        return status;
    }
    status = count(conn, table, index, &state->n_documents, &n_rows, err);
    if (status == VF_OK && wants_triggers)
        status = has_triggers(conn, table, index, &found, err);
    if (status != VF_OK)
        return status;
    if (state->n_documents != n_rows) {
        state->why = vf_arena_printf(arena, "it knows %lld rows, and the table has %lld", (long long)state->n_documents,
                                     (long long)n_rows);
        return state->why != NULL ? VF_OK : vf_error_nomem(err);
    }
    if (!found) {
        state->why = "a trigger that keeps it in step isn't there";
        return VF_OK;
    }
    status = order(conn, index->name, "integrity-check", "1", &failure);
    state->is_sound = status == VF_OK;
    if (status == VF_OK || (failure.vendor_code & 0xff) == SQLITE_CORRUPT) {
        state->why = status == VF_OK ? NULL : "its words aren't those of the table's texts";
        return VF_OK;
    }
    if (err != NULL)
        *err = failure;
    return status;
}
