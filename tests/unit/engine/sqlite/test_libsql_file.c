/*
 * Files that libSQL wrote, with its vector indexes, read by SQLite: to which such an index is an empty one that covers count(*) and SELECT id.
 */
#include "support.h"

#include <string.h>

#include "base/library.h"
#include "engine/sqlite/sqlite.h"

struct libsql {
    int (*open)(const char *path, sqlite3 **db);
    int (*close)(sqlite3 *db);
    int (*exec)(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *context, char **message);
    const char *(*errmsg)(sqlite3 *db);
};

static const struct vf_library_symbol symbols[] = {
    {"sqlite3_open", offsetof(struct libsql, open)},
    {"sqlite3_close", offsetof(struct libsql, close)},
    {"sqlite3_exec", offsetof(struct libsql, exec)},
    {"sqlite3_errmsg", offsetof(struct libsql, errmsg)},
};

/* Run statements on a file by libSQL; it is closed before anybody else opens it, since two libraries would drop each other's locks. */
static void run_libsql(const char *name, const char *sql)
{
    struct libsql lib;
    struct vf_error err = {0};
    void *handle = NULL;
    sqlite3 *db = NULL;
    must(vf_library_open(VF_LIBRARY_LIBSQL, NULL, symbols, sizeof(symbols) / sizeof(symbols[0]), &lib, &handle, &err),
         &err);
    assert_int_equal(lib.open(path_of(name), &db), SQLITE_OK);
    if (lib.exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, lib.errmsg(db));
    assert_int_equal(lib.close(db), SQLITE_OK);
    vf_library_close(handle);
}

#define ROWS "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) "

/* A table of each kind, each with an index; the keys alone are what the index covers. */
static void make_file(void)
{
    run_libsql("v.db", "CREATE TABLE alias (id INTEGER PRIMARY KEY, e F32_BLOB(8), note TEXT);"
                       "CREATE TABLE bare (e F32_BLOB(8), note TEXT);"
                       "CREATE TABLE worded (k TEXT PRIMARY KEY, e F32_BLOB(8));"
                       "CREATE TABLE rowless (k TEXT PRIMARY KEY, e F32_BLOB(8)) WITHOUT ROWID;"
                       "CREATE INDEX alias_e ON alias (libsql_vector_idx(e));"
                       "CREATE INDEX bare_e ON bare (libsql_vector_idx(e, 'metric=l2')) WHERE note IS NULL;"
                       "CREATE INDEX worded_e ON worded (libsql_vector_idx(e));"
                       "CREATE INDEX rowless_e ON rowless (libsql_vector_idx(e));" ROWS
                       "INSERT INTO alias SELECT i * 10, vector32('[' || i || ',1,2,3,4,5,6,7]'), 'n' FROM n;" ROWS
                       "INSERT INTO bare SELECT vector32('[' || i || ',1,2,3,4,5,6,7]'), NULL FROM n;" ROWS
                       "INSERT INTO worded SELECT 'k' || i, vector32('[' || i || ',1,2,3,4,5,6,7]') FROM n;" ROWS
                       "INSERT INTO rowless SELECT 'k' || i, vector32('[' || i || ',1,2,3,4,5,6,7]') FROM n;");
}

static const char *const tables[] = {"alias", "bare", "worded", "rowless"};
#define N_TABLES (sizeof(tables) / sizeof(tables[0]))

/* The trap is there: else these tests prove nothing. */
static void sqlite_counts_nothing(void **state)
{
    (void)state;
    make_file();
    assert_int_equal(ask_i64("v.db", "SELECT count(*) FROM alias"), 0);
    assert_int_equal(ask_i64("v.db", "SELECT count(k) FROM (SELECT k FROM rowless NOT INDEXED)"), 0);
    assert_int_equal(ask_i64("v.db", "SELECT count(*) FROM rowless INDEXED BY sqlite_autoindex_rowless_1"), 0);
    assert_int_equal(ask_i64("v.db", "SELECT EXISTS (SELECT 1 FROM rowless NOT INDEXED)"), 0);
}

static void all_rows_are_counted_and_the_indexes_tables_hidden(void **state)
{
    struct vf_schema schema;
    (void)state;
    make_file();
    struct vf_conn *conn = open_side("v.db", VF_SIDE_SOURCE);
    inspect(conn, true, &schema);
    assert_int_equal(schema.n_tables, N_TABLES);
    assert_int_equal(schema.n_others, 0);
    for (size_t i = 0; i < N_TABLES; i++) {
        struct vf_table *table = find_table(&schema, tables[i]);
        assert_int_equal(table->n_rows, 40);
        assert_true(table->size_bytes > 40 * 32);
        struct vf_column *vector = find_column(&schema, tables[i], "e");
        assert_int_equal(vector->evidence.n_values, 40);
        assert_int_equal(vector->evidence.n_bad, 0);
        assert_int_equal(vector->evidence.max_dim, 8);
    }
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

static int64_t rows_of(struct vf_conn *conn, const struct vf_relation *relation, const struct vf_chunk *chunk)
{
    struct vf_batch batch = {0};
    read_all(conn, relation, chunk, &batch);
    int64_t n = batch.n_rows;
    vf_batch_release(&batch);
    return n;
}

/* Keys alone, which the index covers, as well as whole rows; in chunks and at once. */
static void scans_find_all_rows(void **state)
{
    struct vf_schema schema;
    struct vf_error err = {0};
    (void)state;
    make_file();
    struct vf_conn *conn = open_side("v.db", VF_SIDE_SOURCE);
    inspect(conn, false, &schema);
    for (size_t i = 0; i < N_TABLES; i++) {
        struct vf_relation relation = relation_of(find_table(&schema, tables[i]));
        for (size_t n_fields = 1; n_fields <= 2; n_fields++) {
            struct vf_chunk_list chunks = {0};
            int64_t n = 0;
            relation.n_fields = n_fields;
            assert_int_equal(rows_of(conn, &relation, NULL), 40);
            must(vf_conn_split(conn, &relation, 200, &chunks, &err), &err);
            assert_true(chunks.n_chunks > 1 || strcmp(tables[i], "rowless") == 0);
            for (size_t k = 0; k < chunks.n_chunks; k++)
                n += rows_of(conn, &relation, &chunks.chunks[k]);
            assert_int_equal(n, 40);
            vf_chunk_list_release(&chunks);
        }
        relation.where = "1 = 1";
        assert_int_equal(rows_of(conn, &relation, NULL), 40);
        free_relation(&relation);
    }
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

static void lookups_find_their_rows(void **state)
{
    struct vf_schema schema;
    struct vf_error err = {0};
    (void)state;
    make_file();
    struct vf_conn *conn = open_side("v.db", VF_SIDE_SOURCE);
    inspect(conn, false, &schema);
    for (size_t i = 0; i < N_TABLES; i++) {
        struct vf_relation relation = relation_of(find_table(&schema, tables[i]));
        struct vf_batch batch = {0}, found = {0};
        struct vf_scan *scan = NULL;
        bool more = true;
        relation.n_fields = 1;
        if (relation.n_key == 1) {
            read_all(conn, &relation, NULL, &batch);
            must(vf_batch_init(&found, 1, &relation.fields[0].type, 1000, 1 << 20, &err), &err);
            must(vf_conn_lookup(conn, &relation, &batch, &scan, &err), &err);
            must(vf_scan_read(conn, scan, &found, &more, &err), &err);
            assert_int_equal(found.n_rows, 40);
            vf_scan_close(conn, scan);
            vf_batch_release(&batch);
            vf_batch_release(&found);
        }
        free_relation(&relation);
    }
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

static void a_target_with_rows_is_seen_to_have_some(void **state)
{
    struct vf_error err = {0};
    (void)state;
    make_file();
    struct vf_conn *conn = open_side("v.db", VF_SIDE_TARGET);
    for (size_t i = 0; i < N_TABLES; i++) {
        bool exists = false, has_rows = false;
        must(vf_conn_table_state(conn, NULL, tables[i], &exists, &has_rows, &err), &err);
        assert_true(exists);
        assert_true(has_rows);
    }
    vf_conn_close(conn);
}

/* SQLite drops the index and leaves its tables: they are no data, and are named. */
static void remains_of_a_dropped_index_are_named(void **state)
{
    struct vf_schema schema;
    (void)state;
    make_file();
    run_sql("v.db", "DROP INDEX alias_e; CREATE TABLE other_shadow (index_key INTEGER PRIMARY KEY, data BLOB)");
    struct vf_conn *conn = open_side("v.db", VF_SIDE_SOURCE);
    inspect(conn, false, &schema);
    assert_int_equal(schema.n_tables, N_TABLES + 1);
    assert_non_null(find_table(&schema, "other_shadow"));
    assert_int_equal(schema.n_others, 1);
    assert_string_equal(schema.others[0].kind, "remains of a vector index");
    assert_string_equal(schema.others[0].name, "alias_e_shadow");
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sqlite_counts_nothing),
        TEST(all_rows_are_counted_and_the_indexes_tables_hidden),
        TEST(scans_find_all_rows),
        TEST(lookups_find_their_rows),
        TEST(a_target_with_rows_is_seen_to_have_some),
        TEST(remains_of_a_dropped_index_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
