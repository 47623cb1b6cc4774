/* The public functions as a program calls them: SQLite to SQLite, through the header alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vecferry/vecferry.h"

struct files {
    vecferry *v;
    char folder[200], source[256], target[256];
};

static int make(void **state)
{
    struct files *files = calloc(1, sizeof(*files));
    const char *tmp = getenv("TMPDIR");
    sqlite3 *db = NULL;

    *state = files;
    if (files == NULL)
        return -1;
    snprintf(files->folder, sizeof(files->folder), "%.150s/vecferry-api-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(files->folder) == NULL)
        return -1;
    snprintf(files->source, sizeof(files->source), "%s/source.db", files->folder);
    snprintf(files->target, sizeof(files->target), "%s/target.db", files->folder);
    int failed = sqlite3_open(files->source, &db);
    failed += sqlite3_exec(db,
                           "CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT NOT NULL);"
                           "INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, 'three')",
                           NULL, NULL, NULL);
    sqlite3_close(db);
    files->v = vecferry_new();
    return failed + vecferry_set(files->v, "source", files->source) + vecferry_set(files->v, "target", files->target);
}

static int drop(void **state)
{
    struct files *files = *state;
    static const char *const names[] = {"source.db", "target.db", "target.db-wal", "target.db-shm",
                                        "target.db-vecferry-lock"};
    char path[300];

    vecferry_free(files->v);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", files->folder, names[i]);
        unlink(path);
    }
    int failed = rmdir(files->folder);
    free(files);
    return failed;
}

static json_t *result_of(const vecferry *v)
{
    json_t *result = json_loads(vecferry_result(v), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(result);
    return result;
}

static void assert_text(const json_t *object, const char *key, const char *text)
{
    assert_string_equal(json_string_value(json_object_get(object, key)), text);
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void test_free_takes_null(void **state)
{
    (void)state;
    vecferry_free(NULL);
}

static void test_nothing_was_run(void **state)
{
    struct files *files = *state;
    assert_string_equal(vecferry_result(files->v), "{}");
    assert_null(vecferry_plan_text(files->v));
    assert_string_equal(vecferry_error(files->v), "");
    assert_string_equal(vecferry_hint(files->v), "");
}

static void test_no_source(void **state)
{
    struct files *files = *state;
    vecferry_set(files->v, "source", NULL);
    assert_int_equal(vecferry_inspect(files->v), VECFERRY_USAGE);
    assert_string_equal(vecferry_error(files->v), "no source is named");
    json_t *result = result_of(files->v);
    assert_text(result, "type", "error");
    assert_text(result, "error", "no source is named");
    assert_int_equal(json_integer_value(json_object_get(result, "exit_code")), VECFERRY_USAGE);
    json_decref(result);
}

static void test_inspect_and_plan_write_nothing(void **state)
{
    struct files *files = *state;
    assert_int_equal(vecferry_inspect(files->v), VECFERRY_OK);
    assert_null(vecferry_plan_text(files->v));
    assert_int_equal(vecferry_plan(files->v), VECFERRY_OK);
    assert_non_null(strstr(vecferry_plan_text(files->v), "- name: t\n"));
    json_t *result = result_of(files->v);
    assert_text(result, "verb", "plan");
    assert_text(result, "type", "summary");
    json_decref(result);
    assert_int_equal(access(files->target, F_OK), -1);
}

struct seen {
    int n_finished;
    int64_t n_rows[VECFERRY_STAGE_DONE + 1];
};

static void see(void *context, const struct vecferry_progress *progress)
{
    struct seen *seen = context;
    assert_string_equal(progress->table, "t");
    assert_true(progress->n_rows <= progress->total_rows || progress->total_rows < 0);
    seen->n_rows[progress->stage] = progress->n_rows;
    seen->n_finished += progress->finished && progress->stage == VECFERRY_STAGE_COPY;
}

static void test_copy_and_verify(void **state)
{
    struct files *files = *state;
    struct seen seen = {0};
    vecferry_on_progress(files->v, see, &seen);
    assert_int_equal(vecferry_copy(files->v), VECFERRY_OK);
    assert_int_equal(seen.n_finished, 1);
    assert_int_equal(seen.n_rows[VECFERRY_STAGE_COPY], 3);
    json_t *result = result_of(files->v);
    const json_t *table = json_array_get(json_object_get(result, "tables"), 0);
    assert_true(json_is_true(json_object_get(result, "verified")));
    assert_int_equal(json_integer_value(json_object_get(table, "rows")), 3);
    assert_true(json_is_true(json_object_get(table, "equal")));
    json_decref(result);

    vecferry_on_progress(files->v, NULL, NULL);
    assert_int_equal(vecferry_verify(files->v), VECFERRY_OK);
    run_sql(files->target, "UPDATE t SET word = 'TWO' WHERE id = 2");
    assert_int_equal(vecferry_verify(files->v), VECFERRY_DIFFERS);
    assert_string_equal(vecferry_error(files->v), "1 row differs; the first: t: changed {\"id\": 2}, column word");
    result = result_of(files->v);
    const json_t *found =
        json_array_get(json_object_get(json_array_get(json_object_get(result, "tables"), 0), "differences"), 0);
    assert_text(result, "type", "summary");
    assert_text(found, "kind", "changed");
    assert_text(found, "column", "word");
    json_decref(result);
}

static void test_a_failure_leaves_the_handle_usable(void **state)
{
    struct files *files = *state;
    assert_int_equal(vecferry_copy(files->v), VECFERRY_OK);
    assert_int_equal(vecferry_copy(files->v), VECFERRY_STATE);
    assert_non_null(strstr(vecferry_error(files->v), "holds rows"));
    assert_true(vecferry_hint(files->v)[0] != '\0');
    json_t *result = result_of(files->v);
    assert_text(result, "error", vecferry_error(files->v));
    json_decref(result);
    assert_int_equal(vecferry_verify(files->v), VECFERRY_OK);
    assert_string_equal(vecferry_error(files->v), "");
}

static void stop(void *context, const struct vecferry_progress *progress)
{
    (void)progress;
    vecferry_cancel(context, 143);
}

/* The first news of a table comes before both sides were compared, so a run that is stopped there never ends with 0. */
static void test_cancel_ends_with_its_reason(void **state)
{
    struct files *files = *state;
    vecferry_on_progress(files->v, stop, files->v);
    assert_int_equal(vecferry_copy(files->v), 143);
    json_t *result = result_of(files->v);
    assert_text(result, "type", "error");
    assert_int_equal(json_integer_value(json_object_get(result, "exit_code")), 143);
    json_decref(result);

    vecferry_on_progress(files->v, NULL, NULL);
    assert_int_equal(vecferry_set(files->v, "resume", "true"), VECFERRY_OK);
    assert_int_equal(vecferry_copy(files->v), VECFERRY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_free_takes_null),
        cmocka_unit_test_setup_teardown(test_nothing_was_run, make, drop),
        cmocka_unit_test_setup_teardown(test_no_source, make, drop),
        cmocka_unit_test_setup_teardown(test_inspect_and_plan_write_nothing, make, drop),
        cmocka_unit_test_setup_teardown(test_copy_and_verify, make, drop),
        cmocka_unit_test_setup_teardown(test_a_failure_leaves_the_handle_usable, make, drop),
        cmocka_unit_test_setup_teardown(test_cancel_ends_with_its_reason, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
