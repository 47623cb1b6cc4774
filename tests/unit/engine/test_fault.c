/* Connections around a connection: what fault injects, what trace tells, and what the checked calls refuse by themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/url.h"
#include "engine/fault/fault.h"
#include "engine/mem/mem.h"
#include "engine/trace/trace.h"
#include "engine/wrap.h"

static struct vf_conn *open_with(const struct vf_engine_ops *ops, const struct vf_open_options *options)
{
    struct vf_url url = {0};
    struct vf_conn *conn = NULL;
    struct vf_error err = {0};
    assert_int_equal(vf_url_parse("mem:fault", &url, &err), VF_OK);
    assert_int_equal(vf_conn_open_with(ops, &url, options, &conn, &err), VF_OK);
    vf_url_release(&url);
    return conn;
}

static struct vf_conn *open_target(void)
{
    const struct vf_open_options options = {.side = VF_SIDE_TARGET};
    return open_with(&vf_mem_engine, &options);
}

static int teardown(void **state)
{
    (void)state;
    vf_mem_drop(NULL);
    return 0;
}

/* ---- faults ---- */

static void parse(const char *text, struct vf_fault *fault)
{
    struct vf_error err = {0};
    assert_int_equal(vf_fault_parse(text, strlen(text), fault, &err), VF_OK);
}

static void test_parse(void **state)
{
    static const char *const wrong[] = {"",
                                        "commit",
                                        "commit:1",
                                        "commit:0:kill",
                                        "commit:x:kill",
                                        "commit:1:explode",
                                        "nothing:1:kill",
                                        "other.commit:1:kill",
                                        "commit:1:kill:always",
                                        "commit:1:kill:repeat:x"};
    struct vf_fault fault;
    struct vf_error err = {0};
    (void)state;
    parse("commit:3:kill", &fault);
    assert_int_equal(fault.op, VF_OP_commit);
    assert_int_equal(fault.n, 3);
    assert_int_equal(fault.action, VF_FAULT_KILL);
    assert_int_equal(fault.side, VF_SIDE_NONE);
    assert_false(fault.repeat);
    parse("source.scan_read:12:error:repeat", &fault);
    assert_int_equal(fault.op, VF_OP_scan_read);
    assert_int_equal(fault.side, VF_SIDE_SOURCE);
    assert_true(fault.repeat);
    parse("target.any:1:commit-lost", &fault);
    assert_true(fault.any_op);
    assert_int_equal(fault.action, VF_FAULT_DONE_THEN_LOST);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(vf_fault_parse(wrong[i], strlen(wrong[i]), &fault, &err), VF_USAGE);
        assert_non_null(strstr(err.message, wrong[i]));
    }
}

static void test_nth_call(void **state)
{
    struct vf_fault fault;
    struct vf_error err = {0};
    struct vf_server server;
    (void)state;
    parse("describe:2:error", &fault);
    struct vf_conn *one = open_target(), *two = open_target();
    assert_int_equal(vf_fault_wrap(&one, &fault, &err), VF_OK);
    assert_int_equal(vf_fault_wrap(&two, &fault, &err), VF_OK);
    assert_int_equal(vf_conn_describe(one, &server, &err), VF_OK);
    assert_int_equal(vf_conn_describe(two, &server, &err), VF_ENGINE);
    assert_non_null(strstr(err.message, "injected failure of describe, call 2"));
    assert_int_equal(err.side, VF_SIDE_TARGET);
    assert_int_equal(vf_conn_describe(two, &server, &err), VF_OK);
    assert_int_equal(fault.n_calls, 3);
    assert_int_equal(fault.n_fired, 1);
    assert_string_equal(vf_conn_ops(one)->name, "mem");
    vf_conn_close(one);
    vf_conn_close(two);
}

static void test_side(void **state)
{
    struct vf_fault fault;
    struct vf_error err = {0};
    struct vf_server server;
    (void)state;
    parse("source.describe:1:error:repeat", &fault);
    struct vf_conn *conn = open_target();
    assert_int_equal(vf_fault_wrap(&conn, &fault, &err), VF_OK);
    assert_int_equal(vf_conn_describe(conn, &server, &err), VF_OK);
    assert_int_equal(fault.n_calls, 0);
    vf_conn_close(conn);
}

static const struct vf_field field = {.name = "id", .native = "i64", .type = {.kind = VF_K_I64}};
static const size_t key = 0;
static const struct vf_relation relation = {.name = "t", .n_fields = 1, .fields = &field, .n_key = 1, .key = &key};

static enum vf_status load_one(struct vf_conn *conn, int64_t id, struct vf_error *err)
{
    struct vf_batch batch = {0};
    struct vf_load *load = NULL;
    assert_int_equal(vf_batch_init(&batch, 1, &field.type, 10, 1000, NULL), VF_OK);
    assert_int_equal(vf_array_add_fixed(&batch.columns[0], &id, NULL), VF_OK);
    vf_batch_end_row(&batch);
    enum vf_status status = vf_conn_begin(conn, err);
    if (status == VF_OK)
        status = vf_load_open(conn, &relation, &load, err);
    if (status == VF_OK)
        status = vf_load_write(conn, load, &batch, NULL, err);
    vf_load_close(conn, load);
    if (status == VF_OK)
        status = vf_conn_commit(conn, err);
    if (status != VF_OK)
        vf_conn_rollback(conn);
    vf_batch_release(&batch);
    return status;
}

static void expect_lost(const char *text, int64_t n_rows)
{
    struct vf_fault fault;
    struct vf_error err = {0};
    struct vf_server server;
    assert_int_equal(vf_mem_create_table("fault", "t", "id i64 key", &err), VF_OK);
    parse(text, &fault);
    struct vf_conn *conn = open_target();
    assert_int_equal(vf_fault_wrap(&conn, &fault, &err), VF_OK);
    assert_int_equal(load_one(conn, 1, &err), VF_TEMPORARY);
    assert_non_null(strstr(err.message, "connection lost during commit"));
    assert_int_equal(vf_conn_describe(conn, &server, &err), VF_TEMPORARY);
    vf_conn_close(conn);
    assert_int_equal(vf_mem_count_rows("fault", "t"), n_rows);
}

/* The same message, and nobody can tell from it whether the rows are there. */
static void test_lost_before_commit(void **state)
{
    (void)state;
    expect_lost("commit:1:lost", 0);
}

static void test_lost_after_commit(void **state)
{
    (void)state;
    expect_lost("commit:1:commit-lost", 1);
}

static void test_kill(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct vf_fault fault;
        struct vf_server server;
        struct vf_conn *conn = open_target();
        parse("describe:2:kill", &fault);
        if (vf_fault_wrap(&conn, &fault, NULL) == VF_OK && vf_conn_describe(conn, &server, NULL) == VF_OK &&
            vf_conn_describe(conn, &server, NULL) == VF_OK)
            _exit(0);
        _exit(1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

/* Scans and loads go through the wrapper and back; nothing leaks when they are refused. */
static void test_scan_through(void **state)
{
    struct vf_fault fault;
    struct vf_error err = {0};
    struct vf_scan *scan = NULL;
    struct vf_batch batch = {0};
    bool more = true;
    (void)state;
    assert_int_equal(vf_mem_create_table("fault", "t", "id i64 key", &err), VF_OK);
    parse("scan_open:2:commit-lost", &fault);
    struct vf_conn *conn = open_target();
    assert_int_equal(vf_fault_wrap(&conn, &fault, &err), VF_OK);
    assert_int_equal(load_one(conn, 5, &err), VF_OK);
    assert_int_equal(vf_batch_init(&batch, 1, &field.type, 10, 1000, &err), VF_OK);
    assert_int_equal(vf_scan_open(conn, &relation, NULL, &scan, &err), VF_OK);
    assert_int_equal(vf_scan_read(conn, scan, &batch, &more, &err), VF_OK);
    assert_int_equal(batch.n_rows, 1);
    vf_scan_close(conn, scan);
    assert_int_equal(vf_scan_open(conn, &relation, NULL, &scan, &err), VF_TEMPORARY);
    assert_null(scan);
    vf_batch_release(&batch);
    vf_conn_close(conn);
}

/* ---- trace ---- */

static void keep(void *context, enum vf_log_level level, const char *message)
{
    assert_int_equal(level, VF_LOG_DEBUG);
    vf_buf_str(context, message);
    vf_buf_char(context, '\n');
}

static void test_trace(void **state)
{
    struct vf_error err = {0};
    struct vf_buf lines;
    (void)state;
    vf_buf_init(&lines, 100000);
    const struct vf_log log = {.write = keep, .context = &lines, .level = VF_LOG_DEBUG};
    const struct vf_open_options options = {.side = VF_SIDE_TARGET, .log = &log};
    assert_int_equal(vf_mem_create_table("fault", "t", "id i64 key", &err), VF_OK);
    struct vf_conn *conn = open_with(&vf_mem_engine, &options);
    assert_int_equal(vf_trace_wrap(&conn, &err), VF_OK);
    assert_int_equal(load_one(conn, 1, &err), VF_OK);
    assert_int_equal(load_one(conn, 1, &err), VF_VALUE);
    vf_conn_close(conn);
    assert_non_null(strstr(lines.data, ": begin: ok, "));
    assert_non_null(strstr(lines.data, "engine target "));
    assert_non_null(strstr(lines.data, ": load_write t: ok, 1 rows, "));
    assert_non_null(strstr(lines.data, ": load_write t: a value cannot be held by its type, 1 rows, "));
    assert_non_null(strstr(lines.data, ": rollback: ok, "));
    assert_non_null(strstr(lines.data, ": close: ok, "));
    vf_buf_release(&lines);
}

/* ---- the checked calls ---- */

/* An engine that can only be opened, described and inspected. */
static void test_missing_operations(void **state)
{
    struct vf_engine_ops bare = {
        .name = "bare",
        .open = vf_mem_engine.open,
        .close = vf_mem_engine.close,
        .describe = vf_mem_engine.describe,
        .limits = vf_mem_engine.limits,
        .inspect = vf_mem_engine.inspect,
    };
    const struct vf_open_options options = {.side = VF_SIDE_TARGET};
    struct vf_error err = {0};
    struct vf_scan *scan = NULL;
    struct vf_load *load = NULL;
    struct vf_chunk_list chunks = {0};
    bool a = true, b = true;
    (void)state;
    struct vf_conn *conn = open_with(&bare, &options);
    assert_int_equal(vf_conn_begin(conn, &err), VF_MISSING);
    assert_string_equal(err.message, "the engine \"bare\" cannot begin a transaction");
    assert_int_equal(err.side, VF_SIDE_TARGET);
    assert_int_equal(vf_conn_begin_snapshot(conn, NULL, 0, &err), VF_MISSING);
    assert_int_equal(vf_conn_join_snapshot(conn, "1", &err), VF_MISSING);
    assert_int_equal(vf_conn_split(conn, &relation, 1, &chunks, &err), VF_MISSING);
    assert_int_equal(vf_scan_open(conn, &relation, NULL, &scan, &err), VF_MISSING);
    assert_int_equal(vf_load_open(conn, &relation, &load, &err), VF_MISSING);
    assert_int_equal(vf_conn_lock(conn, "me", &err), VF_MISSING);
    assert_int_equal(vf_conn_table_state(conn, NULL, "t", &a, &b, &err), VF_MISSING);
    assert_int_equal(vf_conn_commit(conn, &err), VF_MISSING);
    vf_conn_end_snapshot(conn);
    vf_conn_rollback(conn);
    vf_conn_unlock(conn);
    vf_conn_close(conn);
}

static void test_list(void **state)
{
    const struct vf_engine_ops *const *list = vf_engine_list();
    size_t n_engines = 0;
    (void)state;
    for (; list[n_engines] != NULL; n_engines++)
        assert_ptr_equal(vf_engine_find(list[n_engines]->name), list[n_engines]);
    assert_true(n_engines >= 3);
    assert_null(vf_engine_find("oracle"));
    assert_null(vf_engine_find(NULL));
}

static void test_no_engine(void **state)
{
    const struct vf_open_options options = {.side = VF_SIDE_SOURCE};
    struct vf_url url = {0};
    struct vf_conn *conn = NULL;
    struct vf_error err = {0};
    (void)state;
    assert_int_equal(vf_url_parse("mem:x", &url, &err), VF_OK);
    snprintf(url.scheme, sizeof(url.scheme), "oracle");
    assert_int_equal(vf_conn_open(&url, &options, &conn, &err), VF_MISSING);
    assert_string_equal(err.message, "this build has no engine for \"oracle\" URLs");
    assert_true(err.hint[0] != '\0');
    assert_int_equal(err.side, VF_SIDE_SOURCE);
    assert_null(conn);
    vf_url_release(&url);
}

#ifdef VF_FAILPOINTS
static void test_environment(void **state)
{
    const struct vf_open_options options = {.side = VF_SIDE_TARGET};
    struct vf_url url = {0};
    struct vf_conn *conn = NULL;
    struct vf_error err = {0};
    struct vf_server server;
    (void)state;
    assert_int_equal(vf_url_parse("mem:fault", &url, &err), VF_OK);
    setenv(VF_FAULT_ENVIRONMENT, "nonsense", 1);
    assert_int_equal(vf_conn_open(&url, &options, &conn, &err), VF_USAGE);
    assert_null(conn);
    setenv(VF_FAULT_ENVIRONMENT, "describe:1:error,inspect:1:lost", 1);
    assert_int_equal(vf_conn_open(&url, &options, &conn, &err), VF_OK);
    unsetenv(VF_FAULT_ENVIRONMENT);
    assert_int_equal(vf_conn_describe(conn, &server, &err), VF_ENGINE);
    struct vf_schema schema = {0};
    assert_int_equal(vf_conn_inspect(conn, NULL, &schema, &err), VF_TEMPORARY);
    assert_int_equal(vf_conn_describe(conn, &server, &err), VF_TEMPORARY);
    vf_schema_release(&schema);
    vf_conn_close(conn);
    vf_url_release(&url);
}
#endif

/* ---- all operations ---- */

/*
 * An operation that an engine has and a wrapper forgot would be called with the wrapper for the engine's own connection. Those of the struct are its pointers to functions; what stands before them (names, capabilities,
 * the dialect) is the engine's also on the outside, and nobody opens what is open.
 */
static void close_nothing(struct vf_conn *conn)
{
    (void)conn;
}

static void test_no_operation_is_forgotten(void **state)
{
    static const struct vf_wrap_hooks hooks = {0};
    (void)state;
    for (const struct vf_engine_ops *const *engine = vf_engine_list(); *engine != NULL; engine++) {
        struct vf_engine_ops inner = **engine;
        struct vf_conn_base base = {.ops = &inner};
        struct vf_conn *conn = (struct vf_conn *)(void *)&base;
        struct vf_error err = {0};
        inner.close = close_nothing;
        assert_int_equal(vf_wrap_conn(&conn, &hooks, NULL, &err), VF_OK);
        const struct vf_engine_ops *outer = vf_conn_ops(conn);
        for (size_t at = offsetof(struct vf_engine_ops, close); at < sizeof(inner); at += sizeof(void (*)(void))) {
            void (*in)(void) = NULL, (*out)(void) = NULL;
            memcpy(&in, (const char *)&inner + at, sizeof(in));
            memcpy(&out, (const char *)outer + at, sizeof(out));
            if ((in == NULL) != (out == NULL) || (in != NULL && in == out))
                fail_msg("engine %s: the operation at byte %zu of its struct isn't wrapped", inner.name, at);
        }
        vf_conn_close(conn);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_parse, teardown),
        cmocka_unit_test_teardown(test_nth_call, teardown),
        cmocka_unit_test_teardown(test_side, teardown),
        cmocka_unit_test_teardown(test_lost_before_commit, teardown),
        cmocka_unit_test_teardown(test_lost_after_commit, teardown),
        cmocka_unit_test_teardown(test_kill, teardown),
        cmocka_unit_test_teardown(test_scan_through, teardown),
        cmocka_unit_test_teardown(test_trace, teardown),
        cmocka_unit_test_teardown(test_missing_operations, teardown),
        cmocka_unit_test_teardown(test_list, teardown),
        cmocka_unit_test_teardown(test_no_engine, teardown),
        cmocka_unit_test_teardown(test_no_operation_is_forgotten, teardown),
#ifdef VF_FAILPOINTS
        cmocka_unit_test_teardown(test_environment, teardown),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
