#include "engine/sqlitesql/split.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/sqlitesql/from.h"
#include "engine/sqlitesql/questions.h"
#include "engine/sqlitesql/split_key.h"

#define N_SAMPLES 64
#define N_HEAD    8

#define COLUMN_NAME 1 /* of table_xinfo */

/* The rows as an ordered set of whole numbers: rowids, or the chunks of a vec0 table. */
struct keys {
    const char *table;  /* that has them, unquoted */
    const char *column; /* as SQL; NULL: there is none */
    bool has_key;       /* there is no rowid, but a primary key to cut at */
    int64_t n, min, max;
};

/* ---- rowid ---- */

enum vf_status vf_sqlite_is_without_rowid(struct vf_sqlite_conn *conn, const char *table, bool *without,
                                          struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    enum vf_status status = vf_sqlite_prepare(conn, VF_SQLITE_ASK_WITHOUT_ROWID, &stmt, err);
    if (status == VF_OK) {
        conn->lib->bind_text64(stmt, 1, table, strlen(table), SQLITE_STATIC, SQLITE_UTF8);
        status = vf_sqlite_step(conn, stmt, &row, err);
    }
    conn->lib->finalize(stmt);
    *without = row;
    return status;
}

enum vf_status vf_sqlite_rowid_name(struct vf_sqlite_conn *conn, const char *table, const char **name, bool *is_column,
                                    struct vf_error *err)
{
    static const char *const names[] = {"rowid", "_rowid_", "oid"}; /* in the order of the question's answers */
    const size_t n_names = sizeof(names) / sizeof(names[0]);
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    *name = NULL;
    *is_column = false;
    enum vf_status status = vf_sqlite_prepare(conn, VF_SQLITE_ASK_ROWID, &stmt, err);
    if (status == VF_OK) {
        conn->lib->bind_text64(stmt, 1, table, strlen(table), SQLITE_STATIC, SQLITE_UTF8);
        status = vf_sqlite_step(conn, stmt, &row, err);
    }
    bool has_rowid = status == VF_OK && row && conn->lib->column_int64(stmt, 0) == 0;
    for (size_t i = 0; has_rowid && i < n_names && *name == NULL; i++) {
        if (conn->lib->column_int64(stmt, 1 + (int)i) == 0)
            *name = names[i];
    }
    *is_column = has_rowid && conn->lib->column_int64(stmt, 1 + (int)n_names) != 0;
    conn->lib->finalize(stmt);
    return status;
}

/* ---- size ---- */

static int64_t row_bytes(const struct vf_sqlite_conn *conn, sqlite3_stmt *stmt)
{
    int64_t size_bytes = 0;
    int n_columns = conn->lib->column_count(stmt);
    for (int i = 0; i < n_columns; i++) {
        int type = conn->lib->column_type(stmt, i);
        bool is_variable = type == SQLITE_TEXT || type == SQLITE_BLOB;
        size_bytes += is_variable ? conn->lib->column_bytes(stmt, i) + 2 : 9;
    }
    return size_bytes;
}

/* How many bytes the values of the first few rows have, told by the server: the values needn't come over, and may be texts that it can't send. */
static enum vf_status write_head(struct vf_sqlite_conn *conn, const char *table, struct vf_buf *sql,
                                 struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    struct vf_buf columns;
    bool row = true;
    vf_buf_init(&columns, VF_BUF_MAX);
    vf_buf_str(&columns, VF_SQLITE_ASK_COLUMNS);
    vf_sqlite_quote(&columns, table);
    vf_buf_char(&columns, ')');
    enum vf_status status = vf_sqlite_prepare_buf(conn, &columns, &stmt, err);
    vf_buf_str(sql, "SELECT NULL");
    while (status == VF_OK) {
        status = vf_sqlite_step(conn, stmt, &row, err);
        if (status != VF_OK || !row)
            break;
        vf_buf_str(sql, ", length(CAST(");
        vf_sqlite_quote(sql, vf_sqlite_column_str(conn, stmt, COLUMN_NAME));
        vf_buf_str(sql, " AS BLOB))");
    }
    vf_buf_str(sql, " FROM main.");
    vf_sqlite_quote(sql, table);
    vf_buf_printf(sql, " NOT INDEXED LIMIT %d", N_HEAD);
    conn->lib->finalize(stmt);
    vf_buf_release(&columns);
    return status;
}

/* Average of the first few rows, by one question: of a server each question costs a way there and back. */
static enum vf_status sample_head(struct vf_sqlite_conn *conn, const char *table, int64_t *average_bytes,
                                  struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    struct vf_buf sql;
    int64_t sum_bytes = 0;
    int64_t n_seen = 0;
    bool row = true;
    vf_buf_init(&sql, VF_BUF_MAX);
    enum vf_status status = write_head(conn, table, &sql, err);
    if (status == VF_OK)
        status = vf_sqlite_prepare_buf(conn, &sql, &stmt, err);
    while (status == VF_OK && row) {
        status = vf_sqlite_step(conn, stmt, &row, err);
        if (status != VF_OK || !row)
            break;
        for (int i = 1; i < conn->lib->column_count(stmt); i++)
            sum_bytes += conn->lib->column_int64(stmt, i) + 2;
        n_seen++;
    }
    conn->lib->finalize(stmt);
    vf_buf_release(&sql);
    *average_bytes = n_seen > 0 ? sum_bytes / n_seen : 0;
    return status;
}

/* Average of the first rows at N_SAMPLES even places of the key; of the first rows of all where there is none. */
static enum vf_status sample(struct vf_sqlite_conn *conn, const struct keys *keys, const char *table,
                             int64_t *average_bytes, struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    struct vf_buf sql;
    int64_t sum_bytes = 0;
    int64_t n_seen = 0;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT * FROM ");
    enum vf_status status = vf_sqlite_write_from(conn, table, &sql, err);
    if (keys->column != NULL)
        vf_buf_printf(&sql, " WHERE %s >= ?1 ORDER BY %s LIMIT 1", keys->column, keys->column);
    else
        vf_buf_printf(&sql, " LIMIT %d", N_SAMPLES);
    if (status == VF_OK)
        status = vf_sqlite_prepare_buf(conn, &sql, &stmt, err);
    int64_t step = (int64_t)(((uint64_t)keys->max - (uint64_t)keys->min) / N_SAMPLES);
    for (int64_t i = 0; status == VF_OK && i < N_SAMPLES; i++) {
        bool row = false;
        if (keys->column != NULL)
            conn->lib->bind_int64(stmt, 1, (int64_t)((uint64_t)keys->min + (uint64_t)i * (uint64_t)step));
        status = vf_sqlite_step(conn, stmt, &row, err);
        if (status == VF_OK && row) {
            sum_bytes += row_bytes(conn, stmt);
            n_seen++;
        }
        if (keys->column != NULL)
            conn->lib->reset(stmt);
        else if (!row)
            break;
    }
    conn->lib->finalize(stmt);
    vf_buf_release(&sql);
    *average_bytes = n_seen > 0 ? sum_bytes / n_seen : 0;
    return status;
}

/* Count, unless that is known already, smallest and largest key. */
static enum vf_status write_keys(struct vf_sqlite_conn *conn, const struct keys *keys, bool counts, struct vf_buf *sql,
                                 struct vf_error *err)
{
    enum vf_status status = VF_OK;
    vf_buf_str(sql, counts ? "SELECT (" : "SELECT (0");
    if (counts)
        status = vf_sqlite_write_count(conn, keys->table, sql, err);
    vf_buf_str(sql, ")");
    for (int i = 0; keys->column != NULL && i < 2 && status == VF_OK; i++) {
        vf_buf_str(sql, i == 0 ? ", (SELECT min(" : ", (SELECT max(");
        vf_buf_str(sql, keys->column);
        vf_buf_str(sql, ") FROM ");
        status = vf_sqlite_write_from(conn, keys->table, sql, err);
        vf_buf_str(sql, ")");
    }
    return status;
}

static enum vf_status read_keys(struct vf_sqlite_conn *conn, struct keys *keys, struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    struct vf_buf sql;
    bool row = false, counts = keys->n == 0;
    vf_buf_init(&sql, VF_BUF_MAX);
    enum vf_status status = write_keys(conn, keys, counts, &sql, err);
    if (status == VF_OK)
        status = vf_sqlite_prepare_buf(conn, &sql, &stmt, err);
    if (status == VF_OK)
        status = vf_sqlite_step(conn, stmt, &row, err);
    if (status == VF_OK && row) {
        keys->n = counts ? conn->lib->column_int64(stmt, 0) : keys->n;
        keys->min = keys->column != NULL ? conn->lib->column_int64(stmt, 1) : 0;
        keys->max = keys->column != NULL ? conn->lib->column_int64(stmt, 2) : 0;
    }
    conn->lib->finalize(stmt);
    vf_buf_release(&sql);
    return status;
}

static enum vf_status measure_vec0(struct vf_sqlite_conn *conn, const char *table, struct vf_sqlite_size *size,
                                   struct vf_error *err)
{
    struct vf_buf name;
    int64_t average_bytes = 0;
    vf_buf_init(&name, VF_BUF_MAX);
    vf_buf_printf(&name, "%s_rowids", table);
    enum vf_status status = vf_buf_check(&name, err);
    struct keys keys = {.table = name.data};
    if (status == VF_OK)
        status = read_keys(conn, &keys, err);
    size->n_rows = keys.n;

    vf_buf_clear(&name);
    vf_buf_printf(&name, "%s_vector_chunks00", table);
    struct keys chunks = {.table = name.data};
    if (status == VF_OK && keys.n > 0)
        status = vf_buf_check(&name, err);
    if (status == VF_OK && keys.n > 0)
        status = read_keys(conn, &chunks, err);
    if (status == VF_OK && keys.n > 0)
        status = sample(conn, &chunks, chunks.table, &average_bytes, err);
    size->size_bytes = average_bytes * chunks.n;
    vf_buf_release(&name);
    return status;
}

/* Keys and size of a table with rows of its own; keys->n is known or 0. */
static enum vf_status measure_table(struct vf_sqlite_conn *conn, struct keys *keys, struct vf_sqlite_size *size,
                                    struct vf_error *err)
{
    int64_t average_bytes = 0;
    enum vf_status status = read_keys(conn, keys, err);
    if (status == VF_OK && keys->n > 0)
        status = conn->prepare_rows != NULL ? sample_head(conn, keys->table, &average_bytes, err)
                                            : sample(conn, keys, keys->table, &average_bytes, err);
    size->n_rows = keys->n;
    size->size_bytes = average_bytes * keys->n;
    return status;
}

enum vf_status vf_sqlite_write_measure(struct vf_sqlite_conn *conn, const char *table, struct vf_buf *keys_sql,
                                       struct vf_buf *head_sql, struct vf_error *err)
{
    struct keys keys = {.table = table};
    bool is_column = false;
    enum vf_status status = vf_sqlite_rowid_name(conn, table, &keys.column, &is_column, err);
    if (status == VF_OK)
        status = write_keys(conn, &keys, true, keys_sql, err);
    return status == VF_OK ? write_head(conn, table, head_sql, err) : status;
}

enum vf_status vf_sqlite_measure(struct vf_sqlite_conn *conn, const char *table, enum vf_table_kind kind,
                                 struct vf_sqlite_size *size, struct vf_error *err)
{
    struct keys keys = {.table = table};
    bool is_column = false;
    *size = (struct vf_sqlite_size){0};
    if (kind == VF_TABLE_VEC0)
        return measure_vec0(conn, table, size, err);
    enum vf_status status = vf_sqlite_rowid_name(conn, table, &keys.column, &is_column, err);
    return status == VF_OK ? measure_table(conn, &keys, size, err) : status;
}

/* ---- cuts ---- */

/* Chunk `number` begins at `low`, and the one before it ends there. */
static bool cut(struct vf_chunk_list *list, size_t number, int64_t low)
{
    const char *text = vf_arena_printf(&list->arena, "%" PRId64, low);
    list->chunks[number].low = text;
    list->chunks[number - 1].high = text;
    return text != NULL;
}

/* Rowids without large gaps: cut at even distances. */
static enum vf_status cut_evenly(const struct keys *keys, struct vf_chunk_list *list, struct vf_error *err)
{
    uint64_t width = ((uint64_t)keys->max - (uint64_t)keys->min) / list->n_chunks + 1;
    for (size_t i = 1; i < list->n_chunks; i++) {
        if (!cut(list, i, (int64_t)((uint64_t)keys->min + i * width)))
            return vf_error_nomem(err);
    }
    return VF_OK;
}

/* Rowids with gaps: walk over them once and cut at every n-th. */
static enum vf_status cut_by_walk(struct vf_sqlite_conn *conn, const struct keys *keys, struct vf_chunk_list *list,
                                  struct vf_error *err)
{
    sqlite3_stmt *stmt = NULL;
    struct vf_buf sql;
    vf_buf_init(&sql, VF_BUF_MAX);
    vf_buf_str(&sql, "SELECT ");
    vf_buf_str(&sql, keys->column);
    vf_buf_str(&sql, " FROM ");
    enum vf_status status = vf_sqlite_write_from(conn, keys->table, &sql, err);
    vf_buf_str(&sql, " WHERE 1"); /* in the order of the rowid, then */
    if (status == VF_OK)
        status = vf_sqlite_prepare_rows(conn, &sql, keys->column, 0, &stmt, err);
    int64_t width = (keys->n + (int64_t)list->n_chunks - 1) / (int64_t)list->n_chunks;
    size_t number = 1;
    for (int64_t i = 0; status == VF_OK && number < list->n_chunks; i++) {
        bool row = false;
        status = vf_sqlite_step(conn, stmt, &row, err);
        if (status != VF_OK || !row)
            break;
        if (i > 0 && i % width == 0 && !cut(list, number++, conn->lib->column_int64(stmt, 0)))
            status = vf_error_nomem(err);
    }
    conn->lib->finalize(stmt);
    vf_buf_release(&sql);
    list->n_chunks = number;
    return status;
}

static enum vf_status cut_all(struct vf_sqlite_conn *conn, const struct keys *keys, const struct vf_sqlite_size *size,
                              uint64_t target_bytes, struct vf_chunk_list *list, struct vf_error *err)
{
    uint64_t wanted = (uint64_t)size->size_bytes / target_bytes + 1;
    uint64_t most = (keys->column == NULL && !keys->has_key) || keys->n < 1 ? 1 : (uint64_t)keys->n;
    list->n_chunks = (size_t)(wanted < most ? wanted : most);
    list->chunks = vf_arena_alloc(&list->arena, list->n_chunks, sizeof(*list->chunks));
    if (list->chunks == NULL)
        return vf_error_nomem(err);

    enum vf_status status = VF_OK;
    if (list->n_chunks > 1 && keys->has_key) {
        status = vf_sqlite_cut_by_key(conn, keys->table, keys->n, list, err);
    } else if (list->n_chunks > 1) {
        uint64_t span = (uint64_t)keys->max - (uint64_t)keys->min;
        bool is_dense = span / 2 <= (uint64_t)keys->n;
        status = is_dense ? cut_evenly(keys, list, err) : cut_by_walk(conn, keys, list, err);
    }
    for (size_t i = 0; i < list->n_chunks; i++) {
        list->chunks[i].number = (int64_t)i;
        list->chunks[i].n_rows = size->n_rows / (int64_t)list->n_chunks;
        list->chunks[i].size_bytes = size->size_bytes / (int64_t)list->n_chunks;
    }
    return status;
}

static enum vf_status name_generation(struct vf_sqlite_conn *conn, struct vf_chunk_list *list, struct vf_error *err)
{
    int64_t version = 0;
    enum vf_status status = vf_sqlite_get_i64(conn, "PRAGMA schema_version", 0, &version, err);
    snprintf(list->generation, sizeof(list->generation), "schema %" PRId64, version);
    return status;
}

enum vf_status vf_sqlite_split(struct vf_conn *base, const struct vf_relation *relation, uint64_t target_bytes,
                               struct vf_chunk_list *chunks, struct vf_error *err)
{
    struct vf_sqlite_conn *conn = vf_sqlite_conn_of(base);
    struct vf_sqlite_size size = {0};
    struct vf_buf name;
    bool is_column = true;
    vf_buf_init(&name, VF_BUF_MAX);
    vf_buf_str(&name, relation->name);
    if (relation->kind == VF_TABLE_VEC0)
        vf_buf_str(&name, "_chunks");
    enum vf_status status = vf_buf_check(&name, err);
    struct keys keys = {.table = name.data, .column = "chunk_id"};

    if (status == VF_OK && relation->kind != VF_TABLE_VEC0)
        status = vf_sqlite_rowid_name(conn, keys.table, &keys.column, &is_column, err);
    if (status == VF_OK && keys.column == NULL)
        status = vf_sqlite_is_without_rowid(conn, keys.table, &keys.has_key, err);
    if (status == VF_OK && relation->kind == VF_TABLE_VEC0) {
        status = measure_vec0(conn, relation->name, &size, err);
        if (status == VF_OK)
            status = read_keys(conn, &keys, err);
    } else if (status == VF_OK) {
        /* A server's answers are remembered: the question that was asked when the table was inspected costs nothing, and another one a way there and back. */
        keys.n = conn->prepare_rows != NULL ? 0 : relation->n_rows;
        status = measure_table(conn, &keys, &size, err);
    }
    if (status == VF_OK)
        status = cut_all(conn, &keys, &size, target_bytes, chunks, err);
    if (status == VF_OK && !is_column && !keys.has_key)
        status = name_generation(conn, chunks, err);
    vf_buf_release(&name);
    return status;
}
