#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "engine/duckdb/inspect.h"
#include "engine/duckdb/target.h"

static const char *schema_of(const struct vf_sequence *sequence)
{
    return vf_duckdb_schema(sequence->schema);
}

/* The next value that the source would hand out; false: it has none left. */
static bool next_of(const struct vf_sequence *sequence, int64_t *next)
{
    *next = sequence->last;
    if (!sequence->is_called)
        return true;
    bool is_over = sequence->increment > 0 ? sequence->last > sequence->max - sequence->increment
                                           : sequence->last < sequence->min - sequence->increment;
    if (is_over && sequence->cycle)
        *next = sequence->increment > 0 ? sequence->min : sequence->max;
    else if (is_over)
        *next = sequence->increment > 0 ? sequence->max : sequence->min;
    else
        *next = sequence->last + sequence->increment;
    return !is_over || sequence->cycle;
}

/* The statement up to START. CREATE OR REPLACE where there is one. */
static void write_create(const struct vf_sequence *sequence, bool is_replaced, int64_t next, struct vf_buf *sql)
{
    vf_buf_str(sql, is_replaced ? "CREATE OR REPLACE SEQUENCE " : "CREATE SEQUENCE ");
    vf_duckdb_quote_table(sql, schema_of(sequence), sequence->name);
    vf_buf_printf(sql, " INCREMENT BY %" PRId64 " MINVALUE %" PRId64 " MAXVALUE %" PRId64 " START %" PRId64,
                  sequence->increment, sequence->min, sequence->max, next);
    vf_buf_str(sql, sequence->cycle ? " CYCLE" : " NO CYCLE");
}

/* The whole text of an argument of nextval(): "schema"."name" */
static void write_argument(const char *schema, const char *name, struct vf_buf *out)
{
    struct vf_buf text;
    vf_buf_init(&text, 65536);
    vf_duckdb_quote(&text, schema);
    vf_buf_char(&text, '.');
    vf_duckdb_quote(&text, name);
    if (text.data != NULL)
        vf_duckdb_quote_text(out, text.data, text.size_bytes);
    vf_buf_release(&text);
}

/* What is there of it: the text of its CREATE SEQUENCE in the arena, or NULL. */
static enum vf_status find(struct vf_duckdb_conn *conn, const struct vf_sequence *sequence, struct vf_arena *arena,
                           const char **sql, struct vf_error *err)
{
    const struct vf_duckdb_param params[] = {vf_duckdb_text_param(schema_of(sequence)),
                                             vf_duckdb_text_param(sequence->name)};
    struct vf_duckdb_rows rows;
    bool more = false;
    *sql = NULL;
    enum vf_status status =
        vf_duckdb_query(conn,
                        "SELECT sql FROM duckdb_sequences() WHERE database_name = '" VF_DUCKDB_CATALOG
                        "' AND schema_name = ? AND sequence_name = ?",
                        2, params, &rows, err);
    if (status == VF_OK)
        status = vf_duckdb_next(&rows, &more, err);
    if (status == VF_OK && more)
        status = vf_duckdb_copy_text(&rows, 0, arena, sql, err);
    vf_duckdb_rows_close(&rows);
    return status;
}

static enum vf_status remember(struct vf_duckdb_conn *conn, const struct vf_sequence *sequence, struct vf_error *err)
{
    struct vf_duckdb_made_sequence *grown = vf_arena_alloc(&conn->made, conn->n_sequences + 1, sizeof(*grown));
    if (grown == NULL)
        return vf_error_nomem(err);
    if (conn->n_sequences > 0)
        memcpy(grown, conn->sequences, conn->n_sequences * sizeof(*grown));
    struct vf_duckdb_made_sequence *made = &grown[conn->n_sequences];
    made->schema = vf_arena_strdup(&conn->made, schema_of(sequence));
    made->name = vf_arena_strdup(&conn->made, sequence->name);
    made->owner_table = vf_arena_strdup(&conn->made, sequence->owner_table);
    made->owner_column = vf_arena_strdup(&conn->made, sequence->owner_column);
    if (made->schema == NULL || made->name == NULL)
        return vf_error_nomem(err);
    conn->sequences = grown;
    conn->n_sequences++;
    return VF_OK;
}

enum vf_status vf_duckdb_make_sequence(struct vf_duckdb_conn *conn, const struct vf_sequence *sequence,
                                       struct vf_error *err)
{
    struct vf_arena arena = {0};
    struct vf_buf sql;
    const char *there = NULL;
    int64_t next = 0;
    vf_buf_init(&sql, 65536);
    enum vf_status status = find(conn, sequence, &arena, &there, err);
    if (status == VF_OK && there == NULL) {
        bool has_next = next_of(sequence, &next);
        write_create(sequence, false, next, &sql);
        status = vf_duckdb_exec_buf(conn, &sql, err);
        if (status == VF_OK &&
            !has_next) { /* the last value is used up, so that the next call fails as in the source */
            vf_buf_str(&sql, "SELECT nextval(");
            write_argument(schema_of(sequence), sequence->name, &sql);
            vf_buf_char(&sql, ')');
            status = vf_duckdb_exec_buf(conn, &sql, err);
        }
    }
    if (status == VF_OK)
        status = remember(conn, sequence, err);
    vf_buf_release(&sql);
    vf_arena_release(&arena);
    if (status != VF_OK)
        vf_error_wrap(err, "sequence \"%s\"", sequence->name);
    return status;
}

bool vf_duckdb_write_nextval(struct vf_duckdb_conn *conn, const struct vf_table *table, const struct vf_column *column,
                             struct vf_buf *out)
{
    const char *schema = NULL, *name = NULL;
    if (column->def.kind == VF_DEFAULT_SEQUENCE && !vf_duckdb_split_name(column->def.text, &conn->made, &schema, &name))
        return false;
    for (size_t i = 0; i < conn->n_sequences; i++) {
        const struct vf_duckdb_made_sequence *made = &conn->sequences[i];
        bool is_owned = vf_str_equal(made->owner_table, table->name) && vf_str_equal(made->owner_column, column->name);
        if (!is_owned && (name == NULL || strcmp(made->name, name) != 0))
            continue;
        vf_buf_str(out, "nextval(");
        write_argument(made->schema, made->name, out);
        vf_buf_char(out, ')');
        return true;
    }
    return false;
}

/* ---- the next value ---- */

/* The largest value of the column that it serves (the smallest, when it counts down); `otherwise`: there is none. */
static enum vf_status bound_of(struct vf_duckdb_conn *conn, const struct vf_sequence *sequence, int64_t otherwise,
                               int64_t *bound, struct vf_error *err)
{
    struct vf_buf sql;
    bool exists = false, has_rows = false;
    const char *schema = sequence->owner_schema;
    *bound = otherwise;
    if (sequence->owner_table == NULL || sequence->owner_column == NULL)
        return VF_OK;
    enum vf_status status =
        vf_duckdb_table_state((struct vf_conn *)(void *)conn, schema, sequence->owner_table, &exists, &has_rows, err);
    if (status != VF_OK || !has_rows)
        return status;
    vf_buf_init(&sql, 65536);
    vf_buf_str(&sql, sequence->increment > 0 ? "SELECT max(" : "SELECT min(");
    vf_duckdb_quote(&sql, sequence->owner_column);
    vf_buf_str(&sql, ")::BIGINT FROM ");
    vf_duckdb_quote_table(&sql, schema, sequence->owner_table);
    status = vf_duckdb_get_i64_buf(conn, &sql, otherwise, bound, err);
    vf_buf_release(&sql);
    return status;
}

struct user {
    struct user *next;
    const char *schema, *table, *column, *text;
};

/* The columns whose default it is: DuckDB replaces a sequence only when nothing leans on it. */
static enum vf_status find_users(struct vf_duckdb_conn *conn, const struct vf_sequence *sequence,
                                 struct vf_arena *arena, struct user **users, struct vf_error *err)
{
    struct vf_duckdb_rows rows;
    bool more = true;
    enum vf_status status =
        vf_duckdb_query(conn,
                        "SELECT schema_name, table_name, column_name, column_default FROM duckdb_columns() WHERE "
                        "database_name = '" VF_DUCKDB_CATALOG "' AND starts_with(column_default, 'nextval(')",
                        0, NULL, &rows, err);
    while (status == VF_OK && more) {
        struct user found = {0};
        const char **texts[] = {&found.schema, &found.table, &found.column, &found.text};
        const char *schema = NULL, *name = NULL;
        status = vf_duckdb_next(&rows, &more, err);
        if (status != VF_OK || !more)
            break;
        for (idx_t i = 0; status == VF_OK && i < 4; i++)
            status = vf_duckdb_copy_text(&rows, i, arena, texts[i], err);
        const char *argument = status == VF_OK ? vf_duckdb_nextval_name(found.text, arena) : NULL;
        if (argument == NULL || !vf_duckdb_split_name(argument, arena, &schema, &name) ||
            strcmp(name, sequence->name) != 0 || strcmp(vf_duckdb_schema(schema), schema_of(sequence)) != 0)
            continue;
        struct user *user = vf_arena_alloc(arena, 1, sizeof(*user));
        if (user == NULL) {
            status = vf_error_nomem(err);
            break;
        }
        *user = found;
        user->next = *users;
        *users = user;
    }
    vf_duckdb_rows_close(&rows);
    return status;
}

static enum vf_status alter_users(struct vf_duckdb_conn *conn, const struct user *users, bool is_set,
                                  struct vf_error *err)
{
    struct vf_buf sql;
    enum vf_status status = VF_OK;
    vf_buf_init(&sql, 65536);
    for (; status == VF_OK && users != NULL; users = users->next) {
        vf_buf_str(&sql, "ALTER TABLE ");
        vf_duckdb_quote_table(&sql, users->schema, users->table);
        vf_buf_str(&sql, " ALTER COLUMN ");
        vf_duckdb_quote(&sql, users->column);
        vf_buf_str(&sql, is_set ? " SET DEFAULT " : " DROP DEFAULT");
        vf_buf_str(&sql, is_set ? users->text : "");
        status = vf_duckdb_exec_buf(conn, &sql, err);
    }
    vf_buf_release(&sql);
    return status;
}

static enum vf_status replace(struct vf_duckdb_conn *conn, const struct vf_sequence *sequence, int64_t next,
                              struct vf_arena *arena, struct vf_error *err)
{
    struct vf_conn *base = (struct vf_conn *)(void *)conn;
    struct user *users = NULL;
    struct vf_buf sql;
    bool is_outside = !conn->in_transaction;
    vf_buf_init(&sql, 65536);
    enum vf_status status = find_users(conn, sequence, arena, &users, err);
    if (status == VF_OK && is_outside)
        status = vf_duckdb_begin(base, err);
    if (status == VF_OK)
        status = alter_users(conn, users, false, err);
    if (status == VF_OK) {
        write_create(sequence, true, next, &sql);
        status = vf_duckdb_exec_buf(conn, &sql, err);
    }
    if (status == VF_OK)
        status = alter_users(conn, users, true, err);
    if (status == VF_OK && is_outside)
        status = vf_duckdb_commit(base, err);
    else if (is_outside)
        vf_duckdb_rollback(base);
    vf_buf_release(&sql);
    return status;
}

enum vf_status vf_duckdb_set_sequence(struct vf_duckdb_conn *conn, const struct vf_sequence *sequence,
                                      struct vf_error *err)
{
    struct vf_arena arena = {0};
    const char *there = NULL;
    int64_t wanted = 0, bound = 0, next = 0;
    bool is_up = sequence->increment > 0;
    bool has_next = next_of(sequence, &wanted);
    enum vf_status status = find(conn, sequence, &arena, &there, err);
    if (status == VF_OK)
        status = bound_of(conn, sequence, is_up ? INT64_MIN : INT64_MAX, &bound, err);
    if (status == VF_OK && has_next) {
        if (is_up && bound >= wanted && bound <= sequence->max - sequence->increment)
            wanted = bound + sequence->increment;
        else if (!is_up && bound <= wanted && bound >= sequence->min - sequence->increment)
            wanted = bound + sequence->increment;
        bool is_right =
            there != NULL && vf_duckdb_sequence_next(there, &next) && (is_up ? next >= wanted : next <= wanted);
        if (!is_right)
            status = replace(conn, sequence, wanted, &arena, err);
    }
    vf_arena_release(&arena);
    if (status != VF_OK)
        vf_error_wrap(err, "sequence \"%s\"", sequence->name);
    return status;
}
