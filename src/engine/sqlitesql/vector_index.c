#include "engine/sqlitesql/vector_index.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "engine/sqlitesql/from.h"
#include "engine/sqlitesql/libsql_index.h"
#include "engine/sqlitesql/libsql_vector.h"
#include "engine/sqlitesql/target.h"
#include "engine/sqlitesql/types.h"
#include "vector/convert.h"

/* ---- reading ---- */

static int find_column(const struct vf_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        if (vf_strcasecmp(table->columns[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

bool vf_sqlite_read_vector_index(struct vf_schema *schema, const struct vf_table *table, struct vf_index *index)
{
    const char *name = NULL;
    if (index->n_parts != 1 || index->parts[0].expression == NULL || !vf_libsql_index_is(index->parts[0].expression))
        return true;
    if (!vf_libsql_index_parse(index->parts[0].expression, &schema->arena, &name, &index->vector))
        return false;
    int column = find_column(table, name);
    index->kind = column < 0 ? VF_INDEX_OTHER : VF_INDEX_DISKANN;
    index->method = column < 0 ? VF_LIBSQL_INDEX_FUNCTION : "diskann";
    if (column < 0)
        return true;
    index->parts[0] = (struct vf_key_part){.column = column, .nulls_first = true};
    /* A cosine over bits is their Hamming distance there. */
    if (table->columns[column].type.element == VF_E_BIT && index->vector.metric == VF_METRIC_COSINE)
        index->vector.metric = VF_METRIC_HAMMING;
    return true;
}

/* ---- mapping ---- */

static struct vf_libsql_cost cost_of(const struct vf_table *table, const struct vf_index *index)
{
    const struct vf_column *column = &table->columns[index->parts[0].column];
    return vf_libsql_index_cost(&index->vector, column->type.element, column->type.dim);
}

uint64_t vf_sqlite_vector_index_bytes(const struct vf_table *table, const struct vf_index *index)
{
    return table->n_rows > 0 ? (uint64_t)table->n_rows * cost_of(table, index).row_bytes : 0;
}

static const char *obstacle(const struct vf_sqlite_conn *conn, const struct vf_table *table,
                            const struct vf_index *index, struct vf_arena *arena)
{
    if (!conn->is_libsql || conn->lib->key != NULL) /* SQLCipher has none either */
        return "SQLite has no approximate index: its search is exact; the index is remembered for the way back";
    if (index->kind != VF_INDEX_DISKANN || index->n_parts != 1 || index->parts[0].column < 0)
        return "libSQL has no index of this kind; it is remembered for the way back";
    const struct vf_column *column = &table->columns[index->parts[0].column];
    struct vf_sqlite_meaning declared = vf_sqlite_type_of(column->native);
    if (column->form != VF_FORM_LIBSQL || declared.form != VF_FORM_LIBSQL || declared.type.dim > VF_LIBSQL_MAX_DIM)
        return vf_arena_printf(arena,
                               "libSQL indexes columns that are declared F32_BLOB(n) or as one of its sisters, with at "
                               "most %d dimensions, and this one is declared \"%s\"",
                               VF_LIBSQL_MAX_DIM, column->native);
    if (vf_sqlite_is_float8(column->native))
        return "float32, which the column's values are, isn't indexed in a column that is declared F8_BLOB";
    if (table->without_rowid && table->primary_key >= 0 && table->indexes[table->primary_key].n_parts > 1)
        return "libSQL builds no vector index on a table WITHOUT ROWID whose key has several columns";
    return NULL;
}

/* Letters, digits and "_"; a name that had other characters gets a number of its own, so that two stay two. */
static const char *plain_name(const char *name, struct vf_arena *arena)
{
    if (vf_libsql_index_name_is_plain(name))
        return name;
    char *plain =
        vf_arena_printf(arena, "v_%s_%08x", name, (unsigned)(vf_hash128(name, strlen(name)).low & 0xffffffff));
    for (char *c = plain; c != NULL && *c != '\0'; c++) {
        bool is_letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
        if (!is_letter)
            *c = '_';
    }
    return plain;
}

static const char *size_text(uint64_t size_bytes, char *out, size_t out_bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    double size = (double)size_bytes;
    while (size >= 1024 && unit < sizeof(units) / sizeof(units[0]) - 1) {
        size /= 1024;
        unit++;
    }
    int tenths = (int)(size * 10 + 0.5);
    if (unit == 0 || tenths >= 1000)
        snprintf(out, out_bytes, "%d %s", tenths / 10, units[unit]);
    else
        snprintf(out, out_bytes, "%d.%d %s", tenths / 10, tenths % 10, units[unit]);
    return out;
}

static const char *cost_text(const struct vf_table *table, const struct vf_index *index, struct vf_arena *arena)
{
    const struct vf_libsql_cost cost = cost_of(table, index);
    char row[32], all[32];
    size_text(cost.row_bytes, row, sizeof(row));
    if (table->n_rows <= 0)
        return vf_arena_printf(arena, "the index takes %s a row", row);
    double seconds = cost.row_ms * (double)table->n_rows / 1000;
    size_text(vf_sqlite_vector_index_bytes(table, index), all, sizeof(all));
    return vf_arena_printf(arena, "the index takes %s a row, %s in all, and about %.0f %s to build", row, all,
                           seconds < 120 ? seconds + 0.5 : seconds / 60 + 0.5, seconds < 120 ? "s" : "min");
}

/* libSQL can keep neighbours as bits only for cosine, and bits have nothing to compress. */
static void fit_compression(const struct vf_table *table, struct vf_index *index)
{
    bool is_cosine = index->vector.metric == VF_METRIC_COSINE;
    if (table->columns[index->parts[0].column].type.element == VF_E_BIT)
        index->vector.compress = VF_E_NONE;
    else if (index->vector.compress == VF_E_BIT && !is_cosine)
        index->vector.compress = VF_E_I8;
}

enum vf_status vf_sqlite_map_vector_index(struct vf_sqlite_conn *conn, const struct vf_table *table,
                                          struct vf_arena *arena, struct vf_index_mapping *mapping,
                                          struct vf_error *err)
{
    struct vf_index *index = &mapping->index;
    struct vf_buf ignored;
    (void)err;
    mapping->why = obstacle(conn, table, index, arena);
    mapping->moved = mapping->why == NULL;
    if (mapping->moved && index->predicate != NULL) {
        vf_buf_init(&ignored, VF_BUF_MAX);
        mapping->moved = vf_sqlite_predicate_write(table, index->predicate, arena, &ignored);
        vf_buf_release(&ignored);
        if (!mapping->moved)
            mapping->why = "the predicate of the partial index isn't one of the simple forms that are moved";
    }
    if (!mapping->moved)
        return VF_OK;
    fit_compression(table, index);
    index->method = "diskann";
    index->n_included = 0;
    index->included = NULL;
    if (index->name == NULL)
        index->name = vf_arena_printf(arena, "%s_%s_idx", table->name, table->columns[index->parts[0].column].name);
    const char *plain = index->name != NULL ? plain_name(index->name, arena) : NULL;
    const char *cost = cost_text(table, index, arena);
    if (plain == NULL || cost == NULL)
        return vf_error_nomem(err);
    mapping->why = plain == index->name
                       ? cost
                       : vf_arena_printf(arena, "named %s, since libSQL can't quote the name; %s", plain, cost);
    index->name = plain;
    return mapping->why == NULL ? vf_error_nomem(err) : VF_OK;
}

/* ---- building ---- */

static enum vf_status has_table(struct vf_sqlite_conn *conn, const char *name, bool *found, struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    enum vf_status status = vf_sqlite_prepare(
        conn, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1 COLLATE NOCASE", &stmt, err);
    if (status == VF_OK) {
        conn->lib->bind_text64(stmt, 1, name, strlen(name), SQLITE_STATIC, SQLITE_UTF8);
        status = vf_sqlite_step(conn, stmt, found, err);
    }
    conn->lib->finalize(stmt);
    return status;
}

/* With a record of the name, libSQL would take the new index for filled. */
static enum vf_status remove_remains(struct vf_sqlite_conn *conn, const char *name, struct vf_error *err)
{
    struct vf_buf sql;
    bool found = false;
    enum vf_status status = has_table(conn, VF_LIBSQL_META_TABLE, &found, err);
    if (status != VF_OK || !found)
        return status;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "DELETE FROM main." VF_LIBSQL_META_TABLE " WHERE name = ");
    vf_sqlite_quote_text(&sql, name, strlen(name));
    status = vf_sqlite_exec_buf(conn, &sql, err);
    if (status == VF_OK && conn->lib->changes(conn->db) > 0) {
        vf_log_write(conn->base.options.log, VF_LOG_INFO, "removing what an earlier index %s has left behind", name);
        vf_buf_str(&sql, "DROP TABLE IF EXISTS main.");
        vf_buf_str(&sql, name);
        vf_buf_str(&sql, "_shadow");
        status = vf_sqlite_exec_buf(conn, &sql, err);
    }
    vf_buf_release(&sql);
    return status;
}

static enum vf_status create(struct vf_sqlite_conn *conn, const struct vf_table *table, const struct vf_index *index,
                             struct vf_error *err)
{
    struct vf_buf sql;
    struct vf_arena arena = {0};
    bool is_written = true;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "CREATE INDEX main.");
    vf_sqlite_quote(&sql, index->name);
    vf_buf_str(&sql, " ON ");
    vf_sqlite_quote(&sql, table->name);
    vf_buf_str(&sql, " (");
    vf_libsql_index_write(table->columns[index->parts[0].column].name, &index->vector, &sql);
    vf_buf_char(&sql, ')');
    if (index->predicate != NULL) {
        vf_buf_str(&sql, " WHERE ");
        is_written = vf_sqlite_predicate_write(table, index->predicate, &arena, &sql);
    }
    enum vf_status status = is_written ? vf_sqlite_exec_buf(conn, &sql, err)
                                       : vf_error_set(err, VF_MISSING, "its predicate isn't understood");
    vf_buf_release(&sql);
    vf_arena_release(&arena);
    return status;
}

/* Vectors of the table that belong into the index, and those that are in it. */
static enum vf_status count(struct vf_sqlite_conn *conn, const struct vf_table *table, const struct vf_index *index,
                            int64_t *n_wanted, int64_t *n_held, struct vf_error *err)
{
    struct vf_buf sql;
    struct vf_arena arena = {0};
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT count(");
    vf_sqlite_quote(&sql, table->columns[index->parts[0].column].name);
    vf_buf_str(&sql, ") FROM ");
    enum vf_status status = vf_sqlite_write_from(conn, table->name, &sql, err);
    if (index->predicate != NULL) {
        vf_buf_str(&sql, " WHERE ");
        (void)vf_sqlite_predicate_write(table, index->predicate, &arena, &sql);
    }
    if (status == VF_OK)
        status = vf_buf_check(&sql, err);
    if (status == VF_OK)
        status = vf_sqlite_get_i64(conn, sql.data, 0, n_wanted, err);
    vf_buf_clear(&sql);
    vf_buf_str(&sql, "SELECT count(*) FROM main.");
    vf_buf_str(&sql, index->name);
    vf_buf_str(&sql, "_shadow");
    if (status == VF_OK)
        status = vf_buf_check(&sql, err);
    if (status == VF_OK)
        status = vf_sqlite_get_i64(conn, sql.data, 0, n_held, err);
    vf_buf_release(&sql);
    vf_arena_release(&arena);
    return status;
}

static enum vf_status count_not_finite(struct vf_sqlite_conn *conn, sqlite3_stmt *stmt, int64_t *n,
                                       struct vf_error *err)
{
    struct vf_buf values;
    bool row = true;
    vf_buf_init(&values, VF_BUF_MAX);
    enum vf_status status = vf_sqlite_step(conn, stmt, &row, err);
    while (status == VF_OK && row) {
        struct vf_libsql_vector vector;
        size_t size_bytes = 0;
        const uint8_t *bytes = vf_sqlite_column(conn, stmt, 0, &size_bytes);
        if (conn->lib->column_type(stmt, 0) == SQLITE_BLOB && bytes != NULL &&
            vf_libsql_vector_parse(bytes, size_bytes, &vector, NULL) == VF_OK && vector.dim <= VF_LIBSQL_MAX_DIM) {
            vf_buf_clear(&values);
            char *out = vf_buf_reserve(&values, vf_element_bytes(vector.element, vector.dim));
            status = vf_buf_check(&values, err);
            if (out != NULL && vf_libsql_vector_unpack(&vector, out, NULL) == VF_OK)
                *n += vf_find_nonfinite(vector.element, out, vector.dim) >= 0;
        }
        if (status == VF_OK)
            status = vf_sqlite_step(conn, stmt, &row, err);
    }
    vf_buf_release(&values);
    return status;
}

/* Twenty vectors with NaN or infinity among 600 were seen to leave a search one hit in two hundred, and libSQL takes them in without a word. */
static enum vf_status check_finite(struct vf_sqlite_conn *conn, const struct vf_table *table,
                                   const struct vf_index *index, struct vf_error *err)
{
    struct vf_buf sql;
    struct vf_arena arena = {0};
    sqlite3_stmt *stmt = NULL;
    int64_t n = 0;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT ");
    vf_sqlite_quote(&sql, table->columns[index->parts[0].column].name);
    vf_buf_str(&sql, " FROM ");
    enum vf_status status = vf_sqlite_write_from(conn, table->name, &sql, err);
    if (index->predicate != NULL) {
        vf_buf_str(&sql, " WHERE ");
        (void)vf_sqlite_predicate_write(table, index->predicate, &arena, &sql);
    }
    if (status == VF_OK)
        status = vf_sqlite_prepare_buf(conn, &sql, &stmt, err);
    if (status == VF_OK)
        status = count_not_finite(conn, stmt, &n, err);
    conn->lib->finalize(stmt);
    vf_buf_release(&sql);
    vf_arena_release(&arena);
    if (status != VF_OK || n == 0)
        return status;
    vf_error_set(err, VF_VALUE,
                 "%" PRId64 " vectors hold NaN or infinity, with which libSQL's index finds hardly any vector", n);
    vf_error_hint(err, "mend them in the source, or take the index out of the plan");
    return VF_VALUE;
}

static enum vf_status build(struct vf_sqlite_conn *conn, const struct vf_table *table, const struct vf_index *index,
                            struct vf_error *err)
{
    int64_t n_wanted = 0;
    int64_t n_held = 0;
    enum vf_status status = check_finite(conn, table, index, err);
    if (status == VF_OK)
        status = remove_remains(conn, index->name, err);
    if (status == VF_OK)
        status = create(conn, table, index, err);
    if (status == VF_OK)
        status = count(conn, table, index, &n_wanted, &n_held, err);
    if (status == VF_OK && n_wanted != n_held)
        status =
            vf_error_set(err, VF_ENGINE, "libSQL put %" PRId64 " of %" PRId64 " vectors into it", n_held, n_wanted);
    return status;
}

enum vf_status vf_sqlite_make_vector_index(struct vf_sqlite_conn *conn, const struct vf_table *table,
                                           const struct vf_index *index, struct vf_error *err)
{
    if (!vf_libsql_index_name_is_plain(index->name))
        return vf_error_set(err, VF_USAGE, "index \"%s\": libSQL can't quote the name of a vector index", index->name);
    enum vf_status status = vf_sqlite_exec(conn, "BEGIN IMMEDIATE", err);
    if (status != VF_OK)
        return status;
    status = build(conn, table, index, err);
    if (status == VF_OK)
        status = vf_sqlite_exec(conn, "COMMIT", err);
    if (status != VF_OK) {
        if (conn->lib->get_autocommit(conn->db) == 0)
            (void)(vf_sqlite_exec(conn, "ROLLBACK", NULL) == VF_OK);
        vf_error_wrap(err, "vector index %s on table %s", index->name, table->name);
    }
    return status;
}
