#include "engine/duckdb/probe.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/duckdb/inspect.h"

#define REFUSED "temp.main.vecferry_refused"

/* ---- which constraints there are ---- */

static size_t field_of(const struct vf_relation *relation, const char *name)
{
    size_t i = 0;
    while (i < relation->n_fields && vf_strcasecmp(relation->fields[i].name, name) != 0)
        i++;
    return i;
}

static enum vf_status add_constraint(struct vf_duckdb_probe *probe, const struct vf_table *table,
                                     const struct vf_relation *relation, size_t n, const int *columns,
                                     const struct vf_foreign_key *key, const char *name, struct vf_error *err)
{
    struct vf_duckdb_constraint *made = &probe->constraints[probe->n_constraints];
    struct vf_arena *arena = &probe->arena;
    *made = (struct vf_duckdb_constraint){
        .is_foreign = key != NULL,
        .n_columns = n,
        .schema = vf_arena_strdup(arena, key != NULL ? key->to_schema : table->schema),
        .table = vf_arena_strdup(arena, key != NULL ? key->to_table : table->name),
        .columns = vf_arena_alloc(arena, n + 1, sizeof(size_t)),
        .names = vf_arena_alloc(arena, n + 1, sizeof(char *)),
    };
    made->reason =
        key != NULL ? vf_arena_printf(arena, "foreign key \"%s\": there is no such row in \"%s\"", name, key->to_table)
                    : vf_arena_printf(arena, "duplicate key \"%s\"", name);
    if (made->schema == NULL || made->table == NULL || made->columns == NULL || made->names == NULL ||
        made->reason == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const char *own = table->columns[columns[i]].name;
        made->columns[i] = field_of(relation, own);
        made->names[i] = vf_arena_strdup(arena, key != NULL ? key->to_columns[i] : own);
        if (made->names[i] == NULL)
            return vf_error_nomem(err);
        if (made->columns[i] ==
            relation->n_fields) /* the column isn't loaded: it has its default, and can't be looked up */
            return VF_OK;
    }
    probe->n_constraints++;
    return VF_OK;
}

static enum vf_status add_index(struct vf_duckdb_probe *probe, const struct vf_table *table,
                                const struct vf_relation *relation, const struct vf_index *index, struct vf_error *err)
{
    int *columns = vf_arena_alloc(&probe->arena, index->n_parts + 1, sizeof(*columns));
    if (columns == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < index->n_parts; i++) {
        columns[i] = index->parts[i].column;
        if (columns[i] < 0) /* on an expression */
            return VF_OK;
    }
    return index->unique ? add_constraint(probe, table, relation, index->n_parts, columns, NULL,
                                          index->name != NULL ? index->name : "key", err)
                         : VF_OK;
}

/* ---- checks ---- */

/* The next name in an expression, quoted or not, in small letters; NULL at the end. Words that are no names come too. */
static const char *next_word(const char **at, struct vf_arena *arena)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    const char *c = *at;
    while (*c != '\0' && *c != '"' && strchr(letters, *c) == NULL && (unsigned char)*c < 0x80) {
        if (*c == '\'') {
            for (c++; *c != '\0' && *c != '\''; c++)
                continue;
        }
        c += *c != '\0';
    }
    if (*c == '\0')
        return NULL;
    bool is_quoted = *c == '"';
    char *word = vf_arena_strdup(arena, c), *out = word;
    if (word == NULL)
        return NULL;
    c += is_quoted;
    while (*c != '\0' &&
           (is_quoted ? *c != '"' || c[1] == '"' : strchr(letters, *c) != NULL || (unsigned char)*c >= 0x80)) {
        c += is_quoted && *c == '"';
        *out++ = *c++;
    }
    *out = '\0';
    *at = c + (is_quoted && *c == '"');
    return word;
}

/* Every field that a check may read; one over a column that isn't loaded, and has its default, is left to DuckDB. */
static enum vf_status add_check(struct vf_duckdb_probe *probe, const struct vf_table *table,
                                const struct vf_relation *relation, const struct vf_check *check, struct vf_error *err)
{
    struct vf_arena *arena = &probe->arena;
    struct vf_duckdb_constraint *made = &probe->constraints[probe->n_constraints];
    const char *at = check->expression, *word;
    *made = (struct vf_duckdb_constraint){
        .check = vf_arena_strdup(arena, check->expression),
        .reason = vf_arena_printf(arena, "CHECK %s doesn't hold", check->expression),
        .columns = vf_arena_alloc(arena, relation->n_fields + 1, sizeof(size_t)),
    };
    if (made->check == NULL || made->reason == NULL || made->columns == NULL)
        return vf_error_nomem(err);
    while ((word = next_word(&at, arena)) != NULL) {
        size_t field = field_of(relation, word), i = 0;
        while (i < table->n_columns && vf_strcasecmp(table->columns[i].name, word) != 0)
            i++;
        if (i < table->n_columns && field == relation->n_fields)
            return VF_OK;
        for (i = 0; i < made->n_columns && made->columns[i] != field; i++)
            continue;
        if (field < relation->n_fields && i == made->n_columns)
            made->columns[made->n_columns++] = field;
    }
    if (made->n_columns > 0)
        probe->n_constraints++;
    return VF_OK;
}

static enum vf_status take_table(struct vf_duckdb_probe *probe, const struct vf_table *table,
                                 const struct vf_relation *relation, struct vf_error *err)
{
    size_t n = table->n_indexes + table->n_foreign_keys + table->n_checks;
    enum vf_status status = VF_OK;
    probe->constraints = vf_arena_alloc(&probe->arena, n + 1, sizeof(*probe->constraints));
    if (probe->constraints == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; status == VF_OK && i < table->n_indexes; i++)
        status = add_index(probe, table, relation, &table->indexes[i], err);
    for (size_t i = 0; status == VF_OK && i < table->n_foreign_keys; i++) {
        const struct vf_foreign_key *key = &table->foreign_keys[i];
        status = add_constraint(probe, table, relation, key->n_columns, key->columns, key,
                                key->name != NULL ? key->name : "key", err);
    }
    for (size_t i = 0; status == VF_OK && i < table->n_checks; i++)
        status = add_check(probe, table, relation, &table->checks[i], err);
    for (size_t i = 0; status == VF_OK && i < table->n_columns; i++) {
        size_t field = field_of(relation, table->columns[i].name);
        if (field < relation->n_fields)
            probe->not_null[field] = table->columns[i].not_null;
    }
    return status;
}

static enum vf_status collect_columns(struct vf_duckdb_probe *probe, const struct vf_relation *relation,
                                      struct vf_error *err)
{
    probe->columns = vf_arena_alloc(&probe->arena, relation->n_fields + 1, sizeof(*probe->columns));
    if (probe->columns == NULL)
        return vf_error_nomem(err);
    for (size_t field = 0; field < relation->n_fields; field++) {
        bool is_needed = false;
        for (size_t i = 0; i < probe->n_constraints; i++) {
            for (size_t k = 0; k < probe->constraints[i].n_columns; k++)
                is_needed = is_needed || probe->constraints[i].columns[k] == field;
        }
        if (is_needed)
            probe->columns[probe->n_columns++] = field;
    }
    return VF_OK;
}

enum vf_status vf_duckdb_probe_init(struct vf_duckdb_conn *conn, const struct vf_relation *relation,
                                    struct vf_duckdb_probe *probe, struct vf_error *err)
{
    struct vf_schema schema = {0};
    *probe = (struct vf_duckdb_probe){0};
    enum vf_status status = vf_duckdb_inspect_one(conn, relation->schema, relation->name, &schema, err);
    const struct vf_table *table = schema.n_tables > 0 ? &schema.tables[0] : NULL;
    probe->not_null = vf_arena_alloc(&probe->arena, relation->n_fields + 1, sizeof(bool));
    if (status == VF_OK && probe->not_null == NULL)
        status = vf_error_nomem(err);
    if (status == VF_OK && table == NULL)
        status = vf_error_set(err, VF_ENGINE, "there is no table \"%s\"", relation->name);
    if (status == VF_OK)
        status = take_table(probe, table, relation, err);
    if (status == VF_OK)
        status = collect_columns(probe, relation, err);
    vf_schema_release(&schema);
    return status;
}

void vf_duckdb_probe_release(struct vf_duckdb_probe *probe)
{
    vf_duckdb_appender_close(&probe->appender);
    vf_arena_release(&probe->arena);
    *probe = (struct vf_duckdb_probe){0};
}

/* ---- the look ---- */

/* The column of the appended data that holds a field. */
static size_t data_column(const struct vf_duckdb_probe *probe, size_t field)
{
    size_t i = 0;
    while (probe->columns[i] != field)
        i++;
    return i + 1;
}

/* The appended data with the names that the checks know; the data's own are kept beside them under names that no table is likely to have. */
static void write_named(const struct vf_duckdb_probe *probe, const struct vf_relation *relation, struct vf_buf *sql)
{
    vf_buf_str(sql, "(SELECT c0 AS \"vecferry 0\"");
    for (size_t i = 0; i < probe->n_columns; i++) {
        vf_buf_printf(sql, ", c%zu AS \"vecferry %zu\", c%zu AS ", i + 1, i + 1, i + 1);
        vf_duckdb_quote(sql, relation->fields[probe->columns[i]].name);
    }
    vf_buf_str(sql, " FROM appended_data)");
}

static void write_check(const struct vf_duckdb_probe *probe, const struct vf_relation *relation, size_t number,
                        struct vf_buf *sql)
{
    vf_buf_printf(sql, "SELECT \"vecferry 0\", %zu FROM ", number);
    write_named(probe, relation, sql);
    vf_buf_printf(sql, " WHERE NOT CAST((%s) AS BOOLEAN)", probe->constraints[number].check);
}

/* The rows that no check refuses: they alone may take a key from others. */
static void write_sound(const struct vf_duckdb_probe *probe, const struct vf_relation *relation, struct vf_buf *sql)
{
    bool any = false;
    for (size_t i = 0; i < probe->n_constraints; i++)
        any = any || probe->constraints[i].check != NULL;
    if (!any) {
        vf_buf_str(sql, "appended_data");
        return;
    }
    vf_buf_str(sql, "(SELECT \"vecferry 0\" AS c0");
    for (size_t i = 0; i < probe->n_columns; i++)
        vf_buf_printf(sql, ", \"vecferry %zu\" AS c%zu", i + 1, i + 1);
    vf_buf_str(sql, " FROM ");
    write_named(probe, relation, sql);
    vf_buf_str(sql, " WHERE true");
    for (size_t i = 0; i < probe->n_constraints; i++) {
        if (probe->constraints[i].check != NULL)
            vf_buf_printf(sql, " AND coalesce(CAST((%s) AS BOOLEAN), true)", probe->constraints[i].check);
    }
    vf_buf_char(sql, ')');
}

static void write_not_null(const struct vf_duckdb_probe *probe, const struct vf_duckdb_constraint *constraint,
                           struct vf_buf *sql)
{
    for (size_t i = 0; i < constraint->n_columns; i++)
        vf_buf_printf(sql, "%sa.c%zu IS NOT NULL", i == 0 ? " WHERE " : " AND ",
                      data_column(probe, constraint->columns[i]));
}

/* Rows whose key is, or isn't, in the table. */
static void write_look(const struct vf_duckdb_probe *probe, size_t number, struct vf_buf *sql)
{
    const struct vf_duckdb_constraint *constraint = &probe->constraints[number];
    vf_buf_printf(sql, "SELECT a.c0, %zu FROM appended_data AS a", number);
    write_not_null(probe, constraint, sql);
    vf_buf_str(sql, constraint->is_foreign ? " AND NOT EXISTS (SELECT 1 FROM " : " AND EXISTS (SELECT 1 FROM ");
    vf_duckdb_quote_table(sql, constraint->schema, constraint->table);
    for (size_t i = 0; i < constraint->n_columns; i++) {
        vf_buf_str(sql, i == 0 ? " AS t WHERE t." : " AND t.");
        vf_duckdb_quote(sql, constraint->names[i]);
        vf_buf_printf(sql, " = a.c%zu", data_column(probe, constraint->columns[i]));
    }
    vf_buf_char(sql, ')');
}

/* Rows whose key another row has that comes before. */
static void write_twice(const struct vf_duckdb_probe *probe, const struct vf_relation *relation, size_t number,
                        struct vf_buf *sql)
{
    const struct vf_duckdb_constraint *constraint = &probe->constraints[number];
    vf_buf_printf(sql, " UNION ALL SELECT c0, %zu FROM (SELECT a.c0, row_number() OVER (PARTITION BY ", number);
    for (size_t i = 0; i < constraint->n_columns; i++)
        vf_buf_printf(sql, "%sa.c%zu", i == 0 ? "" : ", ", data_column(probe, constraint->columns[i]));
    vf_buf_str(sql, " ORDER BY a.c0) AS copy FROM ");
    write_sound(probe, relation, sql);
    vf_buf_str(sql, " AS a");
    write_not_null(probe, constraint, sql);
    vf_buf_str(sql, ") WHERE copy > 1");
}

static enum vf_status open_probe(struct vf_duckdb_conn *conn, struct vf_duckdb_probe *probe,
                                 const struct vf_relation *relation, const struct vf_duckdb_appender *like,
                                 struct vf_error *err)
{
    struct vf_buf sql;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "INSERT INTO " REFUSED " ");
    for (size_t i = 0; i < probe->n_constraints; i++) {
        vf_buf_str(&sql, i > 0 ? " UNION ALL " : "");
        if (probe->constraints[i].check != NULL) {
            write_check(probe, relation, i, &sql);
            continue;
        }
        write_look(probe, i, &sql);
        if (!probe->constraints[i].is_foreign)
            write_twice(probe, relation, i, &sql);
    }
    enum vf_status status = vf_buf_check(&sql, err);
    if (status == VF_OK)
        status = vf_duckdb_appender_open_query(conn, sql.data, like, probe->n_columns, probe->columns, &probe->appender,
                                               err);
    vf_buf_release(&sql);
    probe->is_open = status == VF_OK;
    return status;
}

static enum vf_status give_keys(struct vf_duckdb_probe *probe, const struct vf_batch *batch, const bool *skip,
                                struct vf_error *err)
{
    size_t ignored = 0;
    enum vf_status status = VF_OK;
    const struct vf_array **arrays = vf_calloc(probe->n_columns + 2, sizeof(*arrays));
    if (arrays == NULL)
        return vf_error_nomem(err);
    for (size_t i = 0; i < probe->n_columns; i++)
        arrays[i + 1] = &batch->columns[probe->columns[i]];
    for (int64_t row = 0; status == VF_OK && row < batch->n_rows; row++) {
        if (skip[row])
            continue;
        status = vf_duckdb_appender_add(&probe->appender, arrays, row, &ignored, err);
        if (status == VF_VALUE) /* it will be refused for that */
            status = VF_OK;
    }
    vf_free(arrays);
    return status == VF_OK ? vf_duckdb_appender_flush(&probe->appender, err) : status;
}

static enum vf_status take_answers(struct vf_duckdb_conn *conn, const struct vf_batch *batch, int32_t *broken,
                                   bool *any, struct vf_error *err)
{
    struct vf_duckdb_rows rows;
    bool more = true;
    enum vf_status status =
        vf_duckdb_query(conn, "SELECT n, c FROM " REFUSED " ORDER BY n, c DESC", 0, NULL, &rows, err);
    *any = false;
    while (status == VF_OK && more) {
        status = vf_duckdb_next(&rows, &more, err);
        if (status != VF_OK || !more)
            break;
        int64_t row = vf_duckdb_i64(&rows, 0);
        *any = true;
        if (row >= 0 && row < batch->n_rows)
            broken[row] = (int32_t)vf_duckdb_i64(&rows, 1);
    }
    vf_duckdb_rows_close(&rows);
    return status;
}

enum vf_status vf_duckdb_probe_run(struct vf_duckdb_conn *conn, struct vf_duckdb_probe *probe,
                                   const struct vf_relation *relation, const struct vf_duckdb_appender *like,
                                   const struct vf_batch *batch, const bool *skip, int32_t *broken,
                                   struct vf_error *err)
{
    bool any = false;
    for (int64_t row = 0; row < batch->n_rows; row++)
        broken[row] = -1;
    if (probe->n_constraints == 0 || batch->n_rows == 0)
        return VF_OK;
    /* It is gone when the transaction that made it was rolled back. */
    enum vf_status status =
        vf_duckdb_exec(conn, "CREATE TEMP TABLE IF NOT EXISTS vecferry_refused (n BIGINT, c BIGINT)", err);
    if (status == VF_OK && !probe->is_open)
        status = open_probe(conn, probe, relation, like, err);
    if (status == VF_OK)
        status = give_keys(probe, batch, skip, err);
    if (status == VF_OK)
        status = take_answers(conn, batch, broken, &any, err);
    if (status == VF_OK && any)
        status = vf_duckdb_exec(conn, "DELETE FROM " REFUSED, err);
    if (status != VF_OK) {
        vf_duckdb_appender_close(&probe->appender);
        probe->is_open = false;
    }
    return status;
}
