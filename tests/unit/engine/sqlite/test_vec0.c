#include "support.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Tables made and filled by the extension itself (VECFERRY_VEC0 names its file), and read without it. */

static int run_with_extension(const char *name, const char *sql)
{
    char *message = NULL;
    sqlite3 *db = open_raw(name);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    if (sqlite3_load_extension(db, getenv("VECFERRY_VEC0"), "sqlite3_vec_init", &message) == SQLITE_OK &&
        sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK)
        return sqlite3_close(db);
    fprintf(stderr, "%s\n", message);
    return 1;
}

/* In a process of its own, because the extension leaks memory. */
static void run_vec0(const char *name, const char *sql)
{
    int status = 0;
    if (getenv("VECFERRY_VEC0") == NULL)
        fail_msg("VECFERRY_VEC0 must name vec0.so");
    pid_t child = fork();
    if (child == 0)
        _exit(run_with_extension(name, sql));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void check_text(const struct vf_batch *batch, size_t column, int64_t row, const char *text)
{
    size_t size_bytes = 0;
    const uint8_t *value = vf_array_value(&batch->columns[column], row, &size_bytes);
    assert_int_equal(size_bytes, strlen(text));
    assert_memory_equal(value, text, size_bytes);
}

static void all_kinds_of_columns(void **state)
{
    struct vf_schema schema;
    struct vf_batch batch = {0};
    size_t size_bytes = 0;
    (void)state;
    run_vec0(
        "a.db",
        "CREATE VIRTUAL TABLE v USING vec0(id integer primary key, emb float[4] distance_metric=cosine, i8 int8[8], "
        "b bit[16], cat text partition key, year integer, name text, score float, flag boolean, +note text, "
        "chunk_size=8);"
        "INSERT INTO v VALUES (7, '[1,2,3,-0.5]', vec_int8('[1,-128,127,0,0,0,0,1]'), vec_bit(x'8001'), 'x', 2024, "
        "'short', 0.5, 1, 'n1');"
        "INSERT INTO v VALUES (-3, '[0,0,0,1]', vec_int8('[0,0,0,0,0,0,0,0]'), vec_bit(x'01ff'), 'y', -1, "
        "'a text of more than twelve bytes', -2.5, 0, NULL);"
        "INSERT INTO v VALUES (8, '[9,9,9,9]', vec_int8('[0,0,0,0,0,0,0,0]'), vec_bit(x'0000'), 'x', 1, 'gone', 1.0, "
        "1, 'n');"
        "DELETE FROM v WHERE id = 8");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    inspect(conn, true, &schema);
    struct vf_error err = {0};
    struct vf_server server;
    must(vf_conn_describe(conn, &server, &err), &err);
    assert_string_equal(server.vector_product, "sqlite-vec");
    assert_string_equal(server.vector_version, "v0.1.9");
    assert_int_equal(schema.n_tables, 1);
    const struct vf_table *table = find_table(&schema, "v");
    assert_int_equal(table->kind, VF_TABLE_VEC0);
    assert_int_equal(table->n_rows, 2);
    assert_int_equal(table->n_columns, 10);
    assert_string_equal(table->columns[0].name, "id");
    assert_string_equal(table->columns[1].native, "float[4]");
    assert_int_equal(find_column(&schema, "v", "emb")->evidence.n_values, 2);
    assert_true(find_column(&schema, "v", "emb")->evidence.min_norm == 1);
    static const struct {
        const char *name;
        enum vf_metric metric;
    } searches[] = {{"v_emb", VF_METRIC_COSINE}, {"v_i8", VF_METRIC_L2}, {"v_b", VF_METRIC_HAMMING}};
    assert_int_equal(table->n_indexes, 4);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(table->indexes[i + 1].name, searches[i].name);
        assert_int_equal(table->indexes[i + 1].kind, VF_INDEX_EXACT);
        assert_int_equal(table->indexes[i + 1].vector.metric, searches[i].metric);
        assert_int_equal(table->indexes[i + 1].parts[0].column, i + 1);
    }

    struct vf_relation relation = relation_of(table);
    read_all(conn, &relation, NULL, &batch);
    if (batch.rejects.n_rejects > 0)
        fail_msg("%s: %s", batch.rejects.rejects[0].column, batch.rejects.rejects[0].reason);
    assert_int_equal(batch.n_rows, 2);
    assert_int_equal(vf_array_i64(&batch.columns[0], 0), 7);
    const float first[4] = {1, 2, 3, -0.5F};
    assert_memory_equal(vf_array_value(&batch.columns[1], 0, &size_bytes), first, 16);
    const int8_t bytes[8] = {1, -128, 127, 0, 0, 0, 0, 1};
    assert_memory_equal(vf_array_value(&batch.columns[2], 0, &size_bytes), bytes, 8);
    const uint8_t bits[2] = {0x01, 0x80}; /* stored with the lowest bit first */
    assert_memory_equal(vf_array_value(&batch.columns[3], 0, &size_bytes), bits, 2);
    check_text(&batch, 4, 0, "x");
    check_text(&batch, 4, 1, "y");
    assert_int_equal(vf_array_i64(&batch.columns[5], 1), -1);
    check_text(&batch, 6, 0, "short");
    check_text(&batch, 6, 1, "a text of more than twelve bytes");
    assert_true(vf_array_f64(&batch.columns[7], 1) == -2.5);
    assert_true(vf_array_bool(&batch.columns[8], 0));
    assert_false(vf_array_bool(&batch.columns[8], 1));
    check_text(&batch, 9, 0, "n1");
    assert_true(vf_array_is_null(&batch.columns[9], 1));
    vf_batch_release(&batch);
    free_relation(&relation);
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

static void many_chunks_and_text_keys(void **state)
{
    struct vf_error err = {0};
    struct vf_schema schema;
    struct vf_chunk_list chunks = {0};
    struct vf_batch keys = {0};
    struct vf_batch found = {0};
    struct vf_scan *scan = NULL;
    int64_t n_rows = 0;
    bool more = true;
    (void)state;
    run_vec0("a.db", "CREATE VIRTUAL TABLE \"my vectors\" USING vec0(key text primary key, emb float[2], chunk_size=8);"
                     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) "
                     "INSERT INTO \"my vectors\" SELECT 'k' || i, '[' || i || ',1]' FROM n;"
                     "DELETE FROM \"my vectors\" WHERE key IN ('k5', 'k99')");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    inspect(conn, false, &schema);
    struct vf_relation relation = relation_of(find_table(&schema, "my vectors"));
    must(vf_conn_split(conn, &relation, 200, &chunks, &err), &err);
    assert_true(chunks.n_chunks > 2);
    for (size_t i = 0; i < chunks.n_chunks; i++) {
        struct vf_batch batch = {0};
        read_all(conn, &relation, &chunks.chunks[i], &batch);
        n_rows += batch.n_rows;
        vf_batch_release(&batch);
    }
    assert_int_equal(n_rows, 98);

    static const char *const wanted[] = {"k42", "k5", "k100"};
    must(vf_batch_init(&keys, 1, &relation.fields[0].type, 10, 1000, &err), &err);
    for (size_t i = 0; i < 3; i++) {
        must(vf_array_add_bytes(&keys.columns[0], wanted[i], strlen(wanted[i]), &err), &err);
        vf_batch_end_row(&keys);
    }
    const struct vf_type types[2] = {relation.fields[0].type, relation.fields[1].type};
    must(vf_batch_init(&found, 2, types, 10, 1000, &err), &err);
    must(vf_conn_lookup(conn, &relation, &keys, &scan, &err), &err);
    must(vf_scan_read(conn, scan, &found, &more, &err), &err);
    assert_int_equal(found.n_rows, 2);
    check_text(&found, 0, 0, "k42");
    check_text(&found, 0, 1, "k100");
    vf_scan_close(conn, scan);
    vf_batch_release(&keys);
    vf_batch_release(&found);
    vf_chunk_list_release(&chunks);
    free_relation(&relation);
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

static void a_damaged_chunk_is_an_error(void **state)
{
    struct vf_error err = {0};
    struct vf_schema schema;
    struct vf_batch batch = {0};
    struct vf_scan *scan = NULL;
    bool more = true;
    (void)state;
    run_vec0(
        "a.db",
        "CREATE VIRTUAL TABLE v USING vec0(emb float[2], chunk_size=8); INSERT INTO v(rowid, emb) VALUES (1, '[1,2]')");
    run_sql("a.db", "UPDATE v_vector_chunks00 SET vectors = x'00'");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    inspect(conn, false, &schema);
    struct vf_relation relation = relation_of(find_table(&schema, "v"));
    const struct vf_type types[2] = {relation.fields[0].type, relation.fields[1].type};
    must(vf_batch_init(&batch, 2, types, 10, 1000, &err), &err);
    must(vf_scan_open(conn, &relation, NULL, &scan, &err), &err);
    assert_int_equal(vf_scan_read(conn, scan, &batch, &more, &err), VF_ENGINE);
    assert_string_equal(err.message, "table v: emb of chunk 1 is missing or too short");
    vf_scan_close(conn, scan);
    vf_batch_release(&batch);
    free_relation(&relation);
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

static void unknown_forms_are_named(void **state)
{
    struct vf_schema schema;
    (void)state;
    run_vec0("a.db", "CREATE VIRTUAL TABLE v USING vec0(emb float[2]); DROP TABLE v_vector_chunks00");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    inspect(conn, false, &schema);
    assert_int_equal(schema.n_tables, 0);
    assert_int_equal(schema.n_others, 1);
    assert_string_equal(schema.others[0].name, "v");
    assert_non_null(strstr(schema.others[0].why, "don't lie in chunks"));
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

/* ---- asking for the nearest ---- */

static int ask_nearest(const char *name, size_t index, const void *vector, int64_t wanted)
{
    struct vf_error err = {0};
    struct vf_schema schema;
    struct vf_batch found = {0};
    struct vf_scan *scan = NULL;
    bool more = true;
    struct vf_conn *conn = open_side(name, VF_SIDE_SOURCE);
    inspect(conn, false, &schema);
    const struct vf_table *table = find_table(&schema, "v");
    struct vf_relation relation = relation_of(table);
    relation.n_fields = 2;
    const struct vf_type types[2] = {relation.fields[0].type, relation.fields[1].type};
    const struct vf_nearest nearest = {
        .relation = &relation, .table = table, .index = &table->indexes[index], .vector = vector, .k = 3};
    must(vf_batch_init(&found, 2, types, 10, 1000, &err), &err);
    must(vf_conn_nearest(conn, &nearest, &scan, &err), &err);
    must(vf_scan_read(conn, scan, &found, &more, &err), &err);
    vf_scan_close(conn, scan);
    bool fine = found.n_rows == 3 && vf_array_i64(&found.columns[0], 0) == wanted;
    if (!fine)
        fprintf(stderr, "index %zu: %lld rows, the first %lld\n", index, (long long)found.n_rows,
                (long long)vf_array_i64(&found.columns[0], 0));
    vf_batch_release(&found);
    free_relation(&relation);
    vf_schema_release(&schema);
    vf_conn_close(conn);
    return fine ? 0 : 1;
}

/* As a program does that has sqlite-vec in it and uses the library. */
static int ask_with_extension(const char *name)
{
    void *library = dlopen(getenv("VECFERRY_VEC0"), RTLD_NOW | RTLD_LOCAL);
    void *symbol = library != NULL ? dlsym(library, "sqlite3_vec_init") : NULL;
    void (*init)(void) = NULL;
    memcpy(&init, &symbol, sizeof(init));
    if (init == NULL || sqlite3_auto_extension(init) != SQLITE_OK)
        return 1;
    const float near_three[4] = {0.1F, 3, 0, 0}; /* by direction; by distance it would be 4 */
    const int8_t bytes[8] = {0, 0, 0, 0, 0, 0, 0, 100};
    const uint8_t bits[2] = {0xff, 0x00};
    return ask_nearest(name, 1, near_three, 3) + ask_nearest(name, 2, bytes, 4) + ask_nearest(name, 3, bits, 2);
}

static void the_nearest_are_found_where_the_extension_is(void **state)
{
    struct vf_error err = {0};
    struct vf_schema schema;
    struct vf_scan *scan = NULL;
    const float vector[4] = {1, 0, 0, 0};
    int status = 0;
    (void)state;
    run_vec0(
        "a.db",
        "CREATE VIRTUAL TABLE v USING vec0(id integer primary key, emb float[4] distance_metric=cosine, i8 int8[8], "
        "b bit[16]);"
        "INSERT INTO v VALUES (1, '[1,0,0,0]', vec_int8('[100,0,0,0,0,0,0,0]'), vec_bit(x'0000')), "
        "(2, '[1,1,0,0]', vec_int8('[0,100,0,0,0,0,0,0]'), vec_bit(x'ff00')), "
        "(3, '[0,900,0,0]', vec_int8('[0,0,100,0,0,0,0,0]'), vec_bit(x'00ff')), "
        "(4, '[2,3,0,0]', vec_int8('[0,0,0,0,0,0,0,90]'), vec_bit(x'0f0f'))");
    pid_t child = fork();
    if (child == 0)
        _exit(ask_with_extension("a.db"));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);

    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    inspect(conn, false, &schema);
    const struct vf_table *table = find_table(&schema, "v");
    struct vf_relation relation = relation_of(table);
    const struct vf_nearest nearest = {
        .relation = &relation, .table = table, .index = &table->indexes[1], .vector = vector, .k = 3};
    assert_int_equal(vf_conn_nearest(conn, &nearest, &scan, &err), VF_MISSING);
    assert_non_null(strstr(err.message, "sqlite-vec isn't loaded"));
    free_relation(&relation);
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

/* Its word in the text of another table is none, and a user's table that is named like one of its own isn't read. */
static void what_only_looks_like_one(void **state)
{
    struct vf_error err = {0};
    struct vf_server server;
    (void)state;
    run_sql("a.db", "CREATE VIRTUAL TABLE f USING fts5(vec0); CREATE TABLE f_info (a);"
                    "CREATE TABLE t (a DEFAULT 'CREATE VIRTUAL TABLE t USING vec0'); CREATE TABLE t_info (key, value);"
                    "INSERT INTO t_info VALUES ('CREATE_VERSION', 'none')");
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    must(vf_conn_describe(conn, &server, &err), &err);
    assert_string_equal(server.vector_product, "");
    assert_string_equal(server.vector_version, "");
    vf_conn_close(conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_kinds_of_columns, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_only_looks_like_one, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(many_chunks_and_text_keys, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_damaged_chunk_is_an_error, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(unknown_forms_are_named, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_nearest_are_found_where_the_extension_is, make_folder, remove_folder),
    };
    return cmocka_run_group_tests_name("sqlite vec0", tests, NULL, NULL);
}
