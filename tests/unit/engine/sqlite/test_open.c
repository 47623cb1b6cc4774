#include "support.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/library.h"
#include "engine/sqlitesql/json_scan.h"
#include "engine/sqlite/library.h"
#include "engine/sqlite/sqlite.h"

static void write_file(const char *name, const void *bytes, size_t size_bytes)
{
    FILE *file = fopen(path_of(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size_bytes, file), size_bytes);
    assert_int_equal(fclose(file), 0);
}

static void expect_open(const char *name, enum vf_status status, const char *message)
{
    struct vf_error err = {0};
    assert_int_equal(try_open(name, VF_SIDE_SOURCE, &err), status);
    if (strstr(err.message, message) == NULL)
        fail_msg("%s: %s", name, err.message);
}

static void files_that_are_no_databases(void **state)
{
    struct vf_error err = {0};
    (void)state;
    expect_open("nowhere.db", VF_CONNECT, "no such file");
    assert_int_equal(mkdir(path_of("folder"), 0700), 0);
    expect_open("folder", VF_CONNECT, "is a directory");
    write_file("foreign.db",
               "this is a text, and it is longer than the header of a database, so that it can't be one "
               "that was only begun to be written",
               120);
    expect_open("foreign.db", VF_CONNECT, "is not a database");
    write_file("empty.db", "", 0);
    must(try_open("empty.db", VF_SIDE_SOURCE, &err), &err);
    assert_int_equal(try_open("no/such/folder.db", VF_SIDE_TARGET, &err), VF_CONNECT);
}

static void a_file_that_is_cut_short(void **state)
{
    (void)state;
    run_sql("a.db",
            "CREATE TABLE t (a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
            "INSERT INTO t SELECT i FROM n");
    assert_int_equal(truncate(path_of("a.db"), 8192), 0);
    expect_open("a.db", VF_ENGINE, "is cut short: it has 8192 bytes");
}

static void damage_inside_is_told_by_the_table(void **state)
{
    struct vf_error err = {0};
    struct vf_schema schema = {0};
    char page[4096];
    (void)state;
    run_sql("a.db", "PRAGMA page_size = 4096; CREATE TABLE t (a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i "
                    "+ 1 FROM n WHERE i < 5000) "
                    "INSERT INTO t SELECT i FROM n");
    FILE *file = fopen(path_of("a.db"), "r+b");
    memset(page, 0x5a, sizeof(page));
    fseek(file, 4096, SEEK_SET);
    assert_int_equal(fwrite(page, 1, sizeof(page), file), sizeof(page));
    fclose(file);
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    assert_int_equal(vf_conn_inspect(conn, NULL, &schema, &err), VF_ENGINE);
    assert_non_null(strstr(err.message, "table t"));
    assert_non_null(strstr(err.message, "malformed"));
    assert_int_equal(err.side, VF_SIDE_SOURCE);
    assert_non_null(strstr(err.hint, "damaged"));
    vf_schema_release(&schema);
    vf_conn_close(conn);
}

static void a_source_is_never_written(void **state)
{
    struct vf_error err = {0};
    struct vf_schema schema;
    struct stat before;
    struct stat after;
    (void)state;
    run_sql("a.db", "CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    assert_int_equal(stat(path_of("a.db"), &before), 0);
    struct vf_conn *conn = open_side("a.db", VF_SIDE_SOURCE);
    inspect(conn, true, &schema);
    assert_int_equal(vf_conn_begin(conn, &err), VF_INTERNAL);
    vf_schema_release(&schema);
    vf_conn_close(conn);
    conn = open_side("a.db?immutable=1", VF_SIDE_SOURCE);
    inspect(conn, true, &schema);
    assert_int_equal(schema.n_tables, 1);
    vf_schema_release(&schema);
    vf_conn_close(conn);
    assert_int_equal(stat(path_of("a.db"), &after), 0);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    assert_int_equal(before.st_size, after.st_size);
}

static int64_t count_by(struct vf_conn *conn)
{
    struct vf_schema schema;
    inspect(conn, false, &schema);
    int64_t n_rows = find_table(&schema, "t")->n_rows;
    vf_schema_release(&schema);
    return n_rows;
}

static void snapshots_are_shared_until_somebody_writes(const char *mode)
{
    struct vf_error err = {0};
    char token[64];
    char sql[100];
    snprintf(sql, sizeof(sql),
             "DROP TABLE IF EXISTS t; PRAGMA journal_mode = %s; CREATE TABLE t (a); INSERT INTO t VALUES (1)", mode);
    run_sql("a.db", sql);
    struct vf_conn *first = open_side("a.db", VF_SIDE_SOURCE);
    struct vf_conn *second = open_side("a.db", VF_SIDE_SOURCE);
    struct vf_conn *third = open_side("a.db", VF_SIDE_SOURCE);
    must(vf_conn_begin_snapshot(first, token, sizeof(token), &err), &err);
    must(vf_conn_join_snapshot(second, token, &err), &err);
    if (strcmp(mode, "WAL") == 0) { /* in other modes a writer waits for the readers */
        run_sql("a.db", "INSERT INTO t VALUES (2)");
        assert_int_equal(vf_conn_join_snapshot(third, token, &err), VF_STATE);
        assert_non_null(strstr(err.message, "was written to after the snapshot began"));
        assert_int_equal(count_by(third), 2);
    } else {
        sqlite3 *writer = open_raw("a.db");
        assert_int_equal(sqlite3_exec(writer, "INSERT INTO t VALUES (2)", NULL, NULL, NULL), SQLITE_BUSY);
        sqlite3_close(writer);
        must(vf_conn_join_snapshot(third, token, &err), &err);
        assert_int_equal(count_by(third), 1);
        vf_conn_end_snapshot(third);
    }
    assert_int_equal(count_by(first), 1);
    assert_int_equal(count_by(second), 1);
    vf_conn_end_snapshot(first);
    assert_int_equal(vf_conn_join_snapshot(third, token, &err), VF_STATE);
    assert_string_equal(err.message, "the snapshot to be joined is gone");
    assert_int_equal(vf_conn_join_snapshot(third, "sqlite-99999", &err), VF_STATE);
    vf_conn_close(first);
    vf_conn_close(second);
    vf_conn_close(third);
}

static void snapshots_in_wal_mode(void **state)
{
    (void)state;
    snapshots_are_shared_until_somebody_writes("WAL");
}

static void snapshots_in_delete_mode(void **state)
{
    (void)state;
    snapshots_are_shared_until_somebody_writes("DELETE");
}

/* What another process gets for BEGIN IMMEDIATE. */
static int write_from_another_process(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(sqlite3_exec(open_raw("a.db"), "BEGIN IMMEDIATE", NULL, NULL, NULL));
    assert_int_equal(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
}

static void a_second_connection_doesnt_drop_locks(void **state)
{
    struct vf_error err = {0};
    (void)state;
    run_sql("a.db", "CREATE TABLE t (a)");
    struct vf_conn *first = open_side("a.db", VF_SIDE_TARGET);
    must(vf_conn_begin(first, &err), &err);
    must(try_open("a.db", VF_SIDE_SOURCE, &err),
         &err); /* opening and closing by hand would drop the lock of the first */
    assert_int_equal(write_from_another_process(), SQLITE_BUSY);
    vf_conn_rollback(first);
    assert_int_equal(write_from_another_process(), SQLITE_OK);
    vf_conn_close(first);
}

static void libraries_are_opened_at_run_time(void **state)
{
    struct vf_error err = {0};
    struct vf_sqlite_library library = {0};
    sqlite3 *db = NULL;
    (void)state;
    must(vf_sqlite_library_open(VF_SQLITE_LIBSQL, NULL, &library, &err), &err);
    assert_string_not_equal(library.libversion(), vf_sqlite_library_linked()->libversion());
    assert_null(library.key);
    assert_int_equal(library.open_v2(":memory:", &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(library.close_v2(db), SQLITE_OK);
    must(vf_sqlite_library_open(VF_SQLITE_CIPHER, NULL, &library, &err), &err);
    assert_non_null(library.key);
    assert_int_equal(vf_sqlite_library_open(VF_SQLITE_CIPHER, path_of("."), &library, &err), VF_MISSING);
    assert_non_null(strstr(err.message, "the library of SQLCipher can't be opened"));
    assert_non_null(strstr(err.hint, "libsqlcipher.so by --library-dir"));
    char other[4096];
    snprintf(other, sizeof(other), "%s/%s", vf_library_folder(NULL), vf_library_file(VF_LIBRARY_USEARCH));
    assert_int_equal(symlink(other, path_of("liblibsql.so")), 0);
    assert_int_equal(vf_sqlite_library_open(VF_SQLITE_LIBSQL, path_of("."), &library, &err), VF_MISSING);
    assert_non_null(strstr(err.message, "the library of libSQL has no function sqlite3_"));
    assert_int_equal(unlink(path_of("liblibsql.so")), 0);
}

static void json_or_not(void **state)
{
    static const char *const good[] = {"{}", "[]",    " [1, -0.5e+3, \"\\u00e9\\n\", null, true, {\"a\": [[]]}] ",
                                       "1",  "\"x\"", "{\"a\":{\"b\":[1,{}]},\"c\":2}"};
    static const char *const bad[] = {"",        "{",     "[1,]",      "{a:1}",      "[01]",     "[1.]", "[NaN]",
                                      "\"\\x\"", "[1] 2", "{\"a\" 1}", "{\"a\":1,}", "[\"\t\"]", "[1}",  "]"};
    static char deep[5000];
    bool is_container = false;
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (!vf_sqlite_json_is_valid(good[i], strlen(good[i]), &is_container))
            fail_msg("%s", good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (vf_sqlite_json_is_valid(bad[i], strlen(bad[i]), &is_container))
            fail_msg("%s", bad[i]);
    }
    memset(deep, '[', sizeof(deep));
    assert_false(vf_sqlite_json_is_valid(deep, sizeof(deep), &is_container));
    memset(deep + 1000, ']', 1000);
    assert_true(vf_sqlite_json_is_valid(deep, 2000, &is_container));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_that_are_no_databases, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_file_that_is_cut_short, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(damage_inside_is_told_by_the_table, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_source_is_never_written, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(snapshots_in_wal_mode, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(snapshots_in_delete_mode, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_second_connection_doesnt_drop_locks, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(libraries_are_opened_at_run_time, make_folder, remove_folder),
        cmocka_unit_test(json_or_not),
    };
    return cmocka_run_group_tests_name("sqlite open", tests, NULL, NULL);
}
