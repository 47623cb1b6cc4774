/*
 * Pages that are asked for early, on the double of sqld: what goes out when, and what becomes of a page that is on its way when something else happens.
 */
#include "engine/turso/pages.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "engine/sqlitesql/conn.h"
#include "engine/turso/early.h"
#include "engine/turso/ping.h"

#define N_ROWS      1000
#define PATIENCE_MS 120000

struct fixture {
    pid_t pid;
    int input;
    char folder[64], url[64];
    struct vf_cancel cancel;
    struct vf_hrana db;
    struct vf_http *control; /* a way of our own to the server's commands */
    struct vf_sqlite_conn conn;
};

static const char *const nothing[] = {NULL};
static const struct vf_hrana_questions no_questions = {nothing, nothing};

/* ---- the server ---- */

static void start_server(struct fixture *f)
{
    char program[512], library[600], file[128], port[32] = "";
    int input[2], output[2];
    snprintf(f->folder, sizeof(f->folder), "/tmp/vecferry-pages-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(program, sizeof(program), "%s", getenv("VECFERRY_HRANA_SERVER"));
    snprintf(library, sizeof(library), "library=%s", getenv("VECFERRY_LIBSQL"));
    snprintf(file, sizeof(file), "file=%s/t.db", f->folder);
    assert_int_equal(pipe(input), 0);
    assert_int_equal(pipe(output), 0);
    f->pid = fork();
    if (f->pid == 0) {
        char *const arguments[] = {program, library, file, NULL};
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(input[0], 0);
        dup2(output[1], 1);
        close(input[1]);
        execv(program, arguments);
        _exit(127);
    }
    assert_true(f->pid > 0);
    close(input[0]);
    close(output[1]);
    f->input = input[1];
    ssize_t n = read(output[0], port, sizeof(port) - 1);
    assert_true(n > 0);
    close(output[0]);
    snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%ld", strtol(port, NULL, 10));
}

static void stop_server(struct fixture *f)
{
    int status = 0;
    char command[128];
    close(f->input);
    assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
    assert_int_equal(status, 0);
    snprintf(command, sizeof(command), "rm -r %s", f->folder);
    assert_int_equal(system(command), 0);
}

static void tell(struct fixture *f, const char *what, const char *json)
{
    struct vf_http_answer answer = {0};
    struct vf_buf body;
    struct vf_error err = {0};
    char path[64];
    vf_buf_init(&body, 65536);
    vf_buf_init(&answer.body, 65536);
    vf_buf_str(&body, json);
    snprintf(path, sizeof(path), "/_test/%s", what);
    assert_int_equal(vf_http_send(f->control, path, &body, &answer, NULL, &err), VF_OK);
    assert_int_equal(answer.status, 200);
    vf_buf_release(&body);
    vf_buf_release(&answer.body);
}

static long count(struct fixture *f, const char *name)
{
    struct vf_http_answer answer = {0};
    struct vf_error err = {0};
    char label[64];
    vf_buf_init(&answer.body, 1 << 20);
    snprintf(label, sizeof(label), "\"%s\":", name);
    assert_int_equal(vf_http_send(f->control, "/_test/stats", NULL, &answer, NULL, &err), VF_OK);
    const char *at = strstr(answer.body.data, label);
    assert_non_null(at);
    long value = strtol(at + strlen(label), NULL, 10);
    vf_buf_release(&answer.body);
    return value;
}

static void wait_for(struct fixture *f, const char *name, long value)
{
    for (int waited_ms = 0; count(f, name) < value; waited_ms += 10) {
        if (waited_ms > PATIENCE_MS)
            fail_msg("%s is still %ld, not %ld", name, count(f, name), value);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
}

/* ---- the session ---- */

static void run_sql(struct fixture *f, const char *sql)
{
    if (!vf_hrana_exec(&f->db, sql, VF_HRANA_ONCE))
        fail_msg("%s: %s", sql, f->db.code == VF_HRANA_FAILED ? f->db.failure.message : f->db.message.data);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct vf_error err = {0};
    setenv("VECFERRY_RETRY_WAIT_MS", "1", 1);
    start_server(f);
    const struct vf_http_options options = {
        .base_url = f->url, .cancel = &f->cancel, .connect_timeout_s = 60, .stall_timeout_s = 300};
    const struct vf_http_options control = {.base_url = f->url, .connect_timeout_s = 60, .stall_timeout_s = 300};
    assert_int_equal(vf_http_open(&control, &f->control, &err), VF_OK);
    assert_int_equal(vf_hrana_open(&options, "server", vf_clock_system(), NULL, &no_questions, &f->db, &err), VF_OK);
    run_sql(f, "CREATE TABLE t (id INTEGER PRIMARY KEY, label TEXT)");
    run_sql(f, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO t SELECT "
               "i * 3, 'label ' || i FROM n");
    f->conn = (struct vf_sqlite_conn){.lib = &vf_turso_library, .db = (sqlite3 *)(void *)&f->db, .name = "server"};
    assert_true(vf_hrana_begin(&f->db, "BEGIN"));
    run_sql(f, "SELECT 1"); /* the snapshot begins */
    tell(f, "reset", "{}");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    f->cancel = (struct vf_cancel){0};
    vf_hrana_rollback(&f->db);
    vf_hrana_close(&f->db);
    vf_http_close(f->control);
    stop_server(f);
    free(f);
    return 0;
}

static sqlite3_stmt *prepare(struct fixture *f, int64_t limit)
{
    sqlite3_stmt *stmt = NULL;
    struct vf_error err = {0};
    struct vf_buf sql;
    vf_buf_init(&sql, 4096);
    vf_buf_str(&sql, "SELECT rowid, label FROM main.t WHERE 1");
    assert_int_equal(vf_turso_prepare_rows(&f->conn, &sql, "rowid", limit, &stmt, &err), VF_OK);
    vf_buf_release(&sql);
    return stmt;
}

static int step(sqlite3_stmt *stmt)
{
    return vf_turso_library.step(stmt);
}

/* The rows from number `from` to the end, each once and in order. */
static void expect_rows(sqlite3_stmt *stmt, int from, int to)
{
    char label[32];
    for (int i = from; i <= to; i++) {
        assert_int_equal(step(stmt), SQLITE_ROW);
        assert_int_equal(vf_turso_library.column_int64(stmt, 0), i * 3);
        snprintf(label, sizeof(label), "label %d", i);
        assert_string_equal((const char *)vf_turso_library.column_text(stmt, 1), label);
    }
}

/* One row was read of the first page, and the second is with the server or here. */
static sqlite3_stmt *begin_reading(struct fixture *f)
{
    sqlite3_stmt *stmt = prepare(f, 0);
    expect_rows(stmt, 1, 1);
    return stmt;
}

static void finish(struct fixture *f, sqlite3_stmt *stmt)
{
    expect_rows(stmt, 2, N_ROWS);
    assert_int_equal(step(stmt), SQLITE_DONE);
    vf_turso_library.finalize(stmt);
    assert_null(f->db.early.stmt);
}

/* ---- tests ---- */

static void test_the_next_page_is_asked_for_before_this_one_is_read(void **state)
{
    struct fixture *f = *state;
    sqlite3_stmt *stmt = begin_reading(f);
    wait_for(f, "cursors", 2);
    assert_int_equal(count(f, "cursors"), 2); /* one ahead, not more */
    expect_rows(stmt, 2, VF_HRANA_FIRST_PAGE_ROWS);
    assert_int_equal(count(f, "cursors"), 2);
    expect_rows(stmt, VF_HRANA_FIRST_PAGE_ROWS + 1, N_ROWS);
    assert_int_equal(step(stmt), SQLITE_DONE);
    assert_int_equal(count(f, "cursors"), 2); /* the second had fewer rows than were asked for: there is no third */
    vf_turso_library.finalize(stmt);
    /* The next scan of the table begins with pages of the right size. */
    stmt = begin_reading(f);
    finish(f, stmt);
    assert_int_equal(count(f, "cursors"), 3);
}

static void test_the_first_page_is_asked_for_when_it_is_expected(void **state)
{
    struct fixture *f = *state;
    sqlite3_stmt *stmt = prepare(f, 0);
    vf_hrana_pages_expect((struct vf_hrana_stmt *)(void *)stmt);
    wait_for(f, "cursors", 1); /* nobody reads yet */
    run_sql(f, "SELECT 2");
    expect_rows(stmt, 1, 1);
    finish(f, stmt);
    assert_int_equal(count(f, "cursors"), 2);
    /* One that is expected and isn't read. */
    stmt = prepare(f, 0);
    vf_hrana_pages_expect((struct vf_hrana_stmt *)(void *)stmt);
    vf_turso_library.finalize(stmt);
    assert_null(f->db.early.stmt);
    finish(f, begin_reading(f));
}

static void test_a_limit_asks_for_no_more(void **state)
{
    struct fixture *f = *state;
    sqlite3_stmt *stmt = prepare(f, VF_HRANA_FIRST_PAGE_ROWS + 7);
    expect_rows(stmt, 1, VF_HRANA_FIRST_PAGE_ROWS + 7);
    assert_int_equal(step(stmt), SQLITE_DONE);
    vf_turso_library.finalize(stmt);
    assert_int_equal(count(f, "cursors"), 2);
    stmt = prepare(f, VF_HRANA_FIRST_PAGE_ROWS);
    expect_rows(stmt, 1, VF_HRANA_FIRST_PAGE_ROWS);
    assert_int_equal(step(stmt), SQLITE_DONE);
    vf_turso_library.finalize(stmt);
    assert_int_equal(count(f, "cursors"), 3);
}

static void test_other_questions_while_a_page_is_on_its_way(void **state)
{
    struct fixture *f = *state;
    tell(f, "fault", "{\"match\": \"cursor\", \"do\": \"slow\", \"nth\": 2, \"delay_ms\": 200}");
    sqlite3_stmt *stmt = begin_reading(f);
    run_sql(f, "SELECT 2");
    run_sql(f, "SELECT 3");
    sqlite3_stmt *other = begin_reading(f); /* its early page waits until this one's was taken */
    finish(f, stmt);
    finish(f, other);
    assert_int_equal(count(f, "faults"), 1);
}

/* The stream is kept alive with the baton of an answer that nobody has read, and that baton isn't taken for the newest one afterwards. */
static void test_a_page_that_waits_for_its_reader(void **state)
{
    struct fixture *f = *state;
    sqlite3_stmt *stmt = begin_reading(f);
    wait_for(f, "pipelines", 1); /* a sign of life, after some seconds */
    finish(f, stmt);
    run_sql(f, "SELECT 2");
    assert_true(f->db.in_transaction);
}

static void test_a_scan_that_ends_with_a_page_on_its_way(void **state)
{
    struct fixture *f = *state;
    tell(f, "fault", "{\"match\": \"cursor\", \"do\": \"slow\", \"nth\": 2, \"delay_ms\": 200}");
    sqlite3_stmt *stmt = begin_reading(f);
    vf_turso_library.reset(stmt);
    assert_null(f->db.early.stmt);
    expect_rows(stmt, 1, 1); /* in the same transaction */
    finish(f, stmt);
}

/* Without a transaction nobody has to wait for it. */
static void test_a_page_that_nobody_waits_for(void **state)
{
    struct fixture *f = *state;
    vf_hrana_rollback(&f->db);
    f->db.has_cursor = false;
    tell(f, "fault", "{\"match\": \"ORDER BY rowid\", \"do\": \"slow\", \"nth\": 2, \"delay_ms\": 600000}");
    sqlite3_stmt *stmt = begin_reading(f);
    wait_for(f, "faults", 1);
    vf_turso_library.finalize(stmt); /* returns though the server keeps silent for ten minutes */
    assert_null(f->db.early.stmt);
    tell(f, "reset", "{}");
    stmt = begin_reading(f);
    finish(f, stmt);
}

static void test_a_cancel_with_a_page_on_its_way(void **state)
{
    struct fixture *f = *state;
    tell(f, "fault", "{\"match\": \"cursor\", \"do\": \"slow\", \"nth\": 2, \"delay_ms\": 600000}");
    sqlite3_stmt *stmt = begin_reading(f);
    wait_for(f, "faults", 1);
    vf_cancel_raise(&f->cancel, 130);
    expect_rows(stmt, 2, VF_HRANA_FIRST_PAGE_ROWS); /* they are here */
    assert_int_equal(step(stmt), SQLITE_ERROR);
    assert_int_equal(f->db.code, VF_HRANA_FAILED);
    assert_int_equal(f->db.failure.status, VF_CANCELLED);
    vf_turso_library.finalize(stmt);
}

/* A failure belongs to its page: those before it are read to their end. */
static void expect_failure(struct fixture *f, const char *fault, enum vf_status status, const char *message)
{
    tell(f, "fault", fault);
    sqlite3_stmt *stmt = begin_reading(f);
    wait_for(f, "faults", 1);
    expect_rows(stmt, 2, VF_HRANA_FIRST_PAGE_ROWS);
    assert_int_equal(step(stmt), SQLITE_ERROR);
    assert_int_equal(f->db.code, VF_HRANA_FAILED);
    assert_int_equal(f->db.failure.status, status);
    if (strstr(f->db.failure.message, message) == NULL)
        fail_msg("%s", f->db.failure.message);
    vf_turso_library.finalize(stmt);
}

static void test_a_stream_that_expires_before_the_early_page(void **state)
{
    expect_failure(*state, "{\"match\": \"cursor\", \"do\": \"expire\", \"nth\": 2}", VF_TEMPORARY, "expired");
}

static void test_an_early_page_that_is_cut_behind_a_line(void **state)
{
    struct fixture *f = *state;
    tell(f, "fault", "{\"match\": \"cursor\", \"do\": \"truncate\", \"nth\": 2}");
    sqlite3_stmt *stmt = begin_reading(f);
    int n = 1, code = SQLITE_ROW;
    while ((code = step(stmt)) == SQLITE_ROW)
        n++;
    assert_int_equal(code, SQLITE_ERROR); /* never the end */
    assert_true(n >= VF_HRANA_FIRST_PAGE_ROWS && n < N_ROWS);
    assert_int_equal(f->db.failure.status, VF_TEMPORARY);
    vf_turso_library.finalize(stmt);
}

static void test_an_early_page_that_makes_no_sense(void **state)
{
    expect_failure(*state, "{\"match\": \"cursor\", \"do\": \"wrong_json\", \"nth\": 2}", VF_TEMPORARY, "ended before");
}

/* Its reply is lost with the baton: the stream can't go on. */
static void test_an_early_page_whose_reply_is_lost(void **state)
{
    expect_failure(*state, "{\"match\": \"cursor\", \"do\": \"lose_reply\", \"nth\": 2}", VF_TEMPORARY, "gone");
}

/* What may pass is asked for again, as often as anything else is: the early request was the first try. */
static void test_an_early_page_that_is_refused_for_now(void **state)
{
    static const char *const faults[] = {"429", "503", "reset"};
    struct fixture *f = *state;
    char fault[128];
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        tell(f, "reset", "{}");
        f->db.page_rows = 0;
        snprintf(fault, sizeof(fault), "{\"match\": \"cursor\", \"do\": \"%s\", \"nth\": 2, \"times\": 5}", faults[i]);
        tell(f, "fault", fault);
        sqlite3_stmt *stmt = begin_reading(f);
        wait_for(f, "faults", 1);
        finish(f, stmt);
        assert_int_equal(count(f, "faults"), 5); /* of six tries */
    }
    tell(f, "reset", "{}");
    f->db.page_rows = 0;
    expect_failure(f, "{\"match\": \"cursor\", \"do\": \"503\", \"nth\": 2, \"times\": 6}", VF_TEMPORARY, "503");
    assert_int_equal(count(f, "faults"), 6);
}

static void test_how_many_rows_a_page_has(void **state)
{
    (void)state;
    assert_int_equal(vf_hrana_choose_page_rows(1000000, 100, 100000, 1000), 800);    /* grows slowly */
    assert_int_equal(vf_hrana_choose_page_rows(1000000, 100, 10000000, 1000), 9);    /* large rows */
    assert_int_equal(vf_hrana_choose_page_rows(1000, 1, 1000000, 1000), 1);          /* at least one */
    assert_int_equal(vf_hrana_choose_page_rows(8 << 20, 10000, 10000, 1000), 20000); /* at most so many */
    /* Ten seconds of silence end a stream: what took long gets smaller, and doesn't grow. */
    assert_int_equal(vf_hrana_choose_page_rows(1000000, 1000, 1000000, 4 * VF_HRANA_PAGE_US), 250);
    assert_int_equal(vf_hrana_choose_page_rows(8 << 20, 1000, 1000, VF_HRANA_PAGE_US + 1), 999);
    assert_int_equal(vf_hrana_choose_page_rows(1000000, 1, 1000, INT64_MAX), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_the_next_page_is_asked_for_before_this_one_is_read),
        TEST(test_the_first_page_is_asked_for_when_it_is_expected),
        TEST(test_a_limit_asks_for_no_more),
        TEST(test_other_questions_while_a_page_is_on_its_way),
        TEST(test_a_page_that_waits_for_its_reader),
        TEST(test_a_scan_that_ends_with_a_page_on_its_way),
        TEST(test_a_page_that_nobody_waits_for),
        TEST(test_a_cancel_with_a_page_on_its_way),
        TEST(test_a_stream_that_expires_before_the_early_page),
        TEST(test_an_early_page_that_is_cut_behind_a_line),
        TEST(test_an_early_page_that_makes_no_sense),
        TEST(test_an_early_page_whose_reply_is_lost),
        TEST(test_an_early_page_that_is_refused_for_now),
        cmocka_unit_test(test_how_many_rows_a_page_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
