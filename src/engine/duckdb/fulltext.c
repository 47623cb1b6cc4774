#include "engine/duckdb/fulltext.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

#define IN_CATALOG "database_name = '" VF_DUCKDB_CATALOG "'"

/* Letters and digits of all scripts: the extension's own pattern leaves out digits and letters with accents. */
#define ENDS_A_WORD "[^\\p{L}\\p{N}]+"

/* ---- names ---- */

static const char *schema_of(const struct vf_table *table, struct vf_arena *arena)
{
    return vf_arena_printf(arena, "fts_%s_%s", vf_duckdb_schema(table->schema), table->name);
}

/* The extension puts names into its statements as they are. */
static bool is_plain(const char *name)
{
    static const char word[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

    return name[0] != '\0' && (name[0] < '0' || name[0] > '9') && name[strspn(name, word)] == '\0';
}

/* The column by which the index knows the rows: a primary key of one column. -1: there is none. */
static int key_of(const struct vf_table *table)
{
    for (size_t i = 0; i < table->n_indexes; i++) {
        const struct vf_index *index = &table->indexes[i];
        if (index->constraint == VF_CONSTRAINT_PRIMARY)
            return index->n_parts == 1 ? index->parts[0].column : -1;
    }
    return -1;
}

static void put_text(struct vf_buf *out, const char *text)
{
    vf_duckdb_quote_text(out, text, strlen(text));
}

/* ---- reading ---- */

/* The literal that ends before `end`, which is behind its closing quote; in the arena, NULL: there is none. */
static const char *literal_before(const char *start, const char *end, struct vf_arena *arena)
{
    if (end <= start || end[-1] != '\'')
        return NULL;
    const char *from = end - 1;
    while (from > start && (from[-1] != '\'' || (from - 1 > start && from[-2] == '\'')))
        from -= from[-1] == '\'' ? 2 : 1;
    char *text = vf_arena_strndup(arena, from, (size_t)(end - 1 - from));
    size_t n = 0;
    for (const char *c = text; c != NULL && *c != '\0'; c++) {
        text[n++] = *c;
        c += *c == '\'' && c[1] == '\'';
    }
    if (text != NULL)
        text[n] = '\0';
    return text;
}

bool vf_duckdb_read_macros(const char *tokenize, const char *match, struct vf_arena *arena,
                           struct vf_fulltext *fulltext)
{
    const char *replaced = tokenize != NULL ? strstr(tokenize, ", ' ', 'g')") : NULL;
    const char *stem = match != NULL ? strstr(match, "stem(") : NULL;
    const char *end = stem != NULL ? strstr(stem, "') AS t)") : NULL;

    fulltext->folds_accents = tokenize != NULL && strstr(tokenize, "strip_accents(") != NULL;
    fulltext->detail = replaced != NULL ? literal_before(tokenize, replaced, arena) : NULL;
    fulltext->stemmer = end != NULL ? literal_before(stem, end + 1, arena) : "none";
    if ((replaced != NULL && fulltext->detail == NULL) || fulltext->stemmer == NULL)
        return false;
    fulltext->language = strcmp(fulltext->stemmer, "none") == 0     ? "simple"
                         : strcmp(fulltext->stemmer, "porter") == 0 ? "english"
                                                                    : fulltext->stemmer;
    return true;
}

static enum vf_status one_text(struct vf_duckdb_conn *conn, const char *sql, const char *a, const char *b,
                               struct vf_arena *arena, const char **text, struct vf_error *err)
{
    struct vf_duckdb_rows rows;
    struct vf_duckdb_param params[] = {vf_duckdb_text_param(a), vf_duckdb_text_param(b)};
    bool more = false;
    enum vf_status status = vf_duckdb_query(conn, sql, b != NULL ? 2 : 1, params, &rows, err);

    *text = NULL;
    if (status == VF_OK)
        status = vf_duckdb_next(&rows, &more, err);
    if (status == VF_OK && more)
        status = vf_duckdb_copy_text(&rows, 0, arena, text, err);
    vf_duckdb_rows_close(&rows);
    return status;
}

static enum vf_status read_words(struct vf_duckdb_conn *conn, const char *name, struct vf_arena *arena,
                                 struct vf_fulltext *fulltext, struct vf_error *err)
{
    static const char macro[] = "SELECT macro_definition FROM duckdb_functions() WHERE " IN_CATALOG
                                " AND schema_name = ? AND function_name = ?";
    const char *tokenize = NULL, *match = NULL;
    int64_t n_stops = 0;
    struct vf_buf sql;
    enum vf_status status = one_text(conn, macro, name, "tokenize", arena, &tokenize, err);

    if (status == VF_OK)
        status = one_text(conn, macro, name, "match_bm25", arena, &match, err);
    if (status == VF_OK && !vf_duckdb_read_macros(tokenize, match, arena, fulltext))
        status = vf_error_nomem(err);
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT count(*) FROM ");
    vf_duckdb_quote_table(&sql, name, "stopwords");
    if (status == VF_OK)
        status = vf_duckdb_get_i64_buf(conn, &sql, 0, &n_stops, err);
    vf_buf_release(&sql);
    fulltext->stop_words = n_stops == 0 ? "none" : n_stops == 571 ? "duckdb" : "own"; /* its own list of English */
    return status;
}

/* Its columns; *complete false: one of them isn't in the table. */
static enum vf_status read_fields(struct vf_duckdb_conn *conn, struct vf_schema *schema, const struct vf_table *table,
                                  struct vf_index *index, bool *complete, struct vf_error *err)
{
    struct vf_duckdb_rows rows;
    struct vf_buf sql;
    bool more = true;

    *complete = true;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT field FROM ");
    vf_duckdb_quote_table(&sql, index->name, "fields");
    vf_buf_str(&sql, " ORDER BY fieldid");
    enum vf_status status = vf_duckdb_query_buf(conn, &sql, 0, NULL, &rows, err);
    while (status == VF_OK) {
        const char *field = NULL;
        status = vf_duckdb_next(&rows, &more, err);
        if (status != VF_OK || !more)
            break;
        status = vf_duckdb_copy_text(&rows, 0, &schema->arena, &field, err);
        int column = -1;
        for (size_t i = 0; field != NULL && i < table->n_columns; i++)
            column = vf_strcasecmp(table->columns[i].name, field) == 0 ? (int)i : column;
        *complete = *complete && column >= 0;
        struct vf_key_part *part = status == VF_OK ? vf_index_add_part(schema, index) : NULL;
        if (part != NULL)
            part->column = column;
        else if (status == VF_OK)
            status = vf_error_nomem(err);
    }
    vf_duckdb_rows_close(&rows);
    vf_buf_release(&sql);
    *complete = *complete && index->n_parts > 0;
    return status;
}

static enum vf_status name_it(struct vf_schema *schema, const char *name, const char *why, struct vf_error *err)
{
    struct vf_other *other = vf_schema_add_other(schema);

    if (other == NULL)
        return vf_error_nomem(err);
    *other = (struct vf_other){.kind = "full-text index", .name = name, .why = why};
    return VF_OK;
}

static enum vf_status add_one(struct vf_duckdb_conn *conn, struct vf_schema *schema, const char *name,
                              struct vf_error *err)
{
    struct vf_index index = {.name = name, .kind = VF_INDEX_FULLTEXT, .method = "fts"};
    struct vf_table *table = NULL;
    bool complete = false;

    for (size_t i = 0; i < schema->n_tables && table == NULL; i++) {
        const char *own = schema_of(&schema->tables[i], &schema->arena);
        if (own == NULL)
            return vf_error_nomem(err);
        table = vf_strcasecmp(own, name) == 0 ? &schema->tables[i] : NULL;
    }
    if (table == NULL)
        return name_it(schema, name, "the table that it was made of isn't there any more", err);
    enum vf_status status = read_fields(conn, schema, table, &index, &complete, err);
    if (status == VF_OK && !complete)
        return name_it(schema, name, "it is of columns that aren't in its table any more", err);
    struct vf_fulltext *fulltext = &index.fulltext;
    fulltext->form = VF_FULLTEXT_TABLES;
    fulltext->is_late = true;
    fulltext->key = key_of(table) >= 0 ? table->columns[key_of(table)].name : NULL;
    fulltext->n_parts = index.n_parts;
    fulltext->parts = vf_arena_alloc(&schema->arena, index.n_parts + 1, sizeof(*fulltext->parts));
    if (fulltext->parts == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < index.n_parts; i++)
        fulltext->parts[i].coalesced = true;
    if (status == VF_OK)
        status = read_words(conn, name, &schema->arena, fulltext, err);
    struct vf_index *added = status == VF_OK ? vf_table_add_index(schema, table) : NULL;
    if (added != NULL)
        *added = index;
    return status == VF_OK && added == NULL ? vf_error_nomem(err) : status;
}

enum vf_status vf_duckdb_add_fulltext(struct vf_duckdb_conn *conn, struct vf_schema *schema, struct vf_error *err)
{
    struct vf_duckdb_rows rows;
    bool more = true;
    void *names = NULL;
    size_t n = 0;
    enum vf_status status = vf_duckdb_query(conn, VF_DUCKDB_FULLTEXT_SCHEMAS " ORDER BY 1", 0, NULL, &rows, err);

    while (status == VF_OK) {
        status = vf_duckdb_next(&rows, &more, err);
        if (status != VF_OK || !more)
            break;
        const char **name = vf_arena_push(&schema->arena, &names, &n, sizeof(*name));
        status = name != NULL ? vf_duckdb_copy_text(&rows, 0, &schema->arena, name, err) : vf_error_nomem(err);
    }
    vf_duckdb_rows_close(&rows);
    for (size_t i = 0; i < n && status == VF_OK; i++)
        status = add_one(conn, schema, ((const char **)names)[i], err);
    return status;
}

/* ---- mapping ---- */

static const char *obstacle(const struct vf_table *table, const struct vf_index *index, struct vf_arena *arena)
{
    int key = key_of(table);

    for (size_t i = 0; i < table->n_indexes; i++) {
        if (table->indexes[i].kind == VF_INDEX_FULLTEXT)
            return "DuckDB has one full-text index a table, and another was taken";
    }
    if (index->predicate != NULL)
        return "it is of a part of the rows only, which DuckDB's can't be";
    if (key < 0)
        return "DuckDB's extension needs a primary key of one column";
    if (!is_plain(table->name) || !is_plain(vf_duckdb_schema(table->schema)) || !is_plain(table->columns[key].name))
        return "DuckDB's extension takes no name that needs quotes: rename the table in the plan";
    for (size_t i = 0; i < index->n_parts; i++) {
        const struct vf_column *column = &table->columns[index->parts[i].column];
        if (column->type.kind == VF_K_BLOB || column->type.kind == VF_K_VECTOR || column->type.kind == VF_K_SPARSE)
            return vf_arena_printf(arena, "column \"%s\" holds no text", column->name);
        if (!is_plain(column->name))
            return "DuckDB's extension takes no name that needs quotes: rename the column in the plan";
    }
    return NULL;
}

enum vf_status vf_duckdb_map_fulltext(struct vf_duckdb_conn *conn, const struct vf_table *table, struct vf_arena *arena,
                                      struct vf_index_mapping *mapping, struct vf_error *err)
{
    struct vf_index *index = &mapping->index;
    struct vf_error missing = {0};

    mapping->why = obstacle(table, index, arena);
    if (mapping->why == NULL) {
        enum vf_status status = vf_duckdb_need(conn, VF_DUCKDB_FTS, &missing);
        if (status != VF_OK && status != VF_MISSING) {
            if (err != NULL)
                *err = missing;
            return status;
        }
        if (status == VF_MISSING)
            mapping->why =
                vf_arena_printf(arena, "%s%s%s", missing.message, missing.hint[0] != '\0' ? ": " : "", missing.hint);
        if (status == VF_MISSING && mapping->why == NULL)
            return vf_error_nomem(err);
    }
    mapping->moved = mapping->why == NULL;
    index->method = "fts";
    index->definition = NULL;
    if (!mapping->moved)
        return VF_OK;
    index->name = schema_of(table, arena);
    index->fulltext.key = table->columns[key_of(table)].name;
    if (index->fulltext.detail == NULL)
        index->fulltext.detail = ENDS_A_WORD;
    return index->name == NULL ? vf_error_nomem(err) : VF_OK;
}

/* ---- making ---- */

static void write_pragma(const struct vf_table *table, const struct vf_index *index, struct vf_buf *sql)
{
    const struct vf_fulltext *fulltext = &index->fulltext;

    vf_buf_printf(sql, "PRAGMA create_fts_index('%s.%s', '%s'" /* ident */, vf_duckdb_schema(table->schema),
                  table->name, fulltext->key);
    for (size_t i = 0; i < index->n_parts; i++) {
        if (!fulltext->parts[i].unindexed)
            vf_buf_printf(sql, ", '%s'" /* ident */, table->columns[index->parts[i].column].name);
    }
    vf_buf_str(sql, ", stemmer = ");
    put_text(sql, fulltext->stemmer);
    vf_buf_str(sql, ", stopwords = ");
    put_text(sql, vf_str_equal(fulltext->stop_words, "duckdb") ? "english" : "none");
    vf_buf_str(sql, ", ignore = ");
    put_text(sql, fulltext->detail);
    vf_buf_printf(sql, ", strip_accents = %d, lower = 1, overwrite = 1)", fulltext->folds_accents ? 1 : 0);
}

/* The pragma is many statements, which can't be prepared as one. */
static enum vf_status run_all(struct vf_duckdb_conn *conn, const struct vf_buf *sql, struct vf_error *err)
{
    duckdb_result result = {0};
    enum vf_status status = vf_buf_check(sql, err);

    if (status != VF_OK)
        return status;
    if (conn->lib->query(conn->handle, sql->data, &result) != DuckDBSuccess)
        status = vf_duckdb_explain(conn->lib->result_error(&result), err);
    conn->lib->destroy_result(&result);
    return status;
}

enum vf_status vf_duckdb_make_fulltext(struct vf_duckdb_conn *conn, const struct vf_table *table,
                                       const struct vf_index *index, struct vf_error *err)
{
    struct vf_conn *base = (struct vf_conn *)(void *)conn;
    struct vf_buf sql;
    enum vf_status status = vf_duckdb_need(conn, VF_DUCKDB_FTS, err);

    if (status == VF_OK)
        status = vf_duckdb_begin(base, err);
    if (status != VF_OK)
        return status;
    vf_buf_init(&sql, VF_BUF_MAX);
    write_pragma(table, index, &sql);
    status = run_all(conn, &sql, err);
    if (status == VF_OK)
        status = vf_duckdb_commit(base, err);
    if (status != VF_OK) {
        vf_duckdb_rollback(base);
        vf_error_wrap(err, "full-text index %s on table %s", index->name, table->name);
    }
    vf_buf_release(&sql);
    return status;
}

static enum vf_status is_there(struct vf_duckdb_conn *conn, const char *name, bool *there, struct vf_error *err)
{
    const struct vf_duckdb_param params[] = {vf_duckdb_text_param(name)};
    int64_t n = 0;
    enum vf_status status = vf_duckdb_get_i64(conn,
                                              "SELECT count(*) FROM duckdb_tables() WHERE " IN_CATALOG
                                              " AND lower(schema_name) = lower(?) AND table_name = 'docs'",
                                              1, params, 0, &n, err);

    *there = n > 0;
    return status;
}

enum vf_status vf_duckdb_drop_fulltext(struct vf_duckdb_conn *conn, const struct vf_table *table, struct vf_error *err)
{
    struct vf_arena arena = {0};
    struct vf_buf sql;
    bool there = false;
    const char *name = schema_of(table, &arena);
    enum vf_status status = name != NULL ? is_there(conn, name, &there, err) : vf_error_nomem(err);

    vf_buf_init(&sql, VF_BUF_MAX);
    if (status == VF_OK && there) {
        vf_buf_str(&sql, "DROP SCHEMA " VF_DUCKDB_CATALOG ".");
        vf_duckdb_quote(&sql, name);
        vf_buf_str(&sql, " CASCADE");
        status = vf_duckdb_exec_buf(conn, &sql, err);
    }
    vf_buf_release(&sql);
    vf_arena_release(&arena);
    return status;
}

/* ---- searching and checking ---- */

enum vf_status vf_duckdb_text_match(struct vf_conn *base, const struct vf_table *table, const struct vf_index *index,
                                    const char *word, struct vf_buf *out, struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);

    (void)table;
    if (index->fulltext.form != VF_FULLTEXT_TABLES || index->fulltext.key == NULL)
        return vf_error_set(err, VF_MISSING, "index \"%s\" can't be asked: its table has no primary key of one column",
                            index->name);
    enum vf_status status = vf_duckdb_need(conn, VF_DUCKDB_FTS, err); /* stem() is the extension's */
    if (status != VF_OK)
        return status;
    vf_duckdb_quote(out, index->fulltext.key);
    vf_buf_str(out, " IN (SELECT d.\"name\" FROM ");
    vf_duckdb_quote_table(out, index->name, "docs");
    vf_buf_str(out, " d JOIN ");
    vf_duckdb_quote_table(out, index->name, "terms");
    vf_buf_str(out, " t ON t.docid = d.docid JOIN ");
    vf_duckdb_quote_table(out, index->name, "dict");
    vf_buf_str(out, " w ON w.termid = t.termid WHERE w.term = stem(");
    put_text(out, word);
    vf_buf_str(out, ", ");
    put_text(out, index->fulltext.stemmer);
    vf_buf_str(out, "))");
    return VF_OK;
}

static enum vf_status count(struct vf_duckdb_conn *conn, const char *schema, const char *name, int64_t *n,
                            struct vf_error *err)
{
    struct vf_buf sql;

    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT count(*) FROM ");
    vf_duckdb_quote_table(&sql, schema, name);
    enum vf_status status = vf_duckdb_get_i64_buf(conn, &sql, 0, n, err);
    vf_buf_release(&sql);
    return status;
}

enum vf_status vf_duckdb_text_check(struct vf_conn *base, const struct vf_table *table, const struct vf_index *index,
                                    struct vf_arena *arena, struct vf_text_state *state, struct vf_error *err)
{
    struct vf_duckdb_conn *conn = vf_duckdb_conn_of(base);
    int64_t n_rows = 0;
    bool there = false;
    enum vf_status status = is_there(conn, index->name, &there, err);

    if (status != VF_OK || !there) {
        state->why = "it isn't there";
        return status;
    }
    status = count(conn, table->schema, table->name, &n_rows, err);
    if (status == VF_OK)
        status = count(conn, index->name, "docs", &state->n_documents, err);
    if (status != VF_OK)
        return status;
    state->is_sound = state->n_documents == n_rows;
    if (state->is_sound)
        return VF_OK;
    state->why =
        vf_arena_printf(arena, "it knows %" PRId64 " rows, and the table has %" PRId64, state->n_documents, n_rows);
    return state->why != NULL ? VF_OK : vf_error_nomem(err);
}
