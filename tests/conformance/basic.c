/* Opening, describing, limits, locks, bulk settings. */
#include "conformance.h"

#include <string.h>

#include "base/url.h"

static void test_open_twice(void **state)
{
    const struct conf *conf = *state;
    struct vf_conn *second = conf_open(conf, VF_SIDE_SOURCE);
    assert_int_equal(vf_conn_side(conf->conn), VF_SIDE_TARGET);
    assert_int_equal(vf_conn_side(second), VF_SIDE_SOURCE);
    vf_conn_close(second);
    vf_conn_close(NULL);
}

static void test_open_nothing(void **state)
{
    const struct conf *conf = *state;
    struct vf_url url = {0};
    struct vf_conn *conn = NULL;
    struct vf_error failure = {0};
    const struct vf_open_options options = {.side = VF_SIDE_SOURCE, .application = "conformance"};
    CONF_OK(vf_url_parse(conf->quirks->bad_url, &url, &err));
    assert_int_equal(vf_conn_open_with(vf_engine_find(conf->quirks->engine), &url, &options, &conn, &failure),
                     VF_CONNECT);
    assert_int_equal(failure.side, VF_SIDE_SOURCE);
    assert_true(strlen(failure.message) > 10);
    assert_null(conn);
    vf_url_release(&url);
}

static void test_engine(void **state)
{
    const struct conf *conf = *state;
    const struct vf_engine_ops *ops = vf_engine_find(conf->quirks->engine);
    assert_non_null(ops);
    assert_string_equal(ops->name, conf->quirks->engine);
    assert_int_equal(ops->caps, conf->quirks->caps);
    assert_true(vf_conn_can(conf->conn, VF_CAP_TARGET));
}

static void test_describe(void **state)
{
    const struct conf *conf = *state;
    struct vf_server one, two;
    struct vf_conn *second = conf_open(conf, VF_SIDE_SOURCE);
    CONF_OK(vf_conn_describe(conf->conn, &one, &err));
    CONF_OK(vf_conn_describe(second, &two, &err));
    assert_true(one.product[0] != '\0' && one.version[0] != '\0' && one.version_number > 0);
    assert_true(one.identity[0] != '\0');
    assert_string_equal(one.identity, two.identity);
    vf_conn_close(second);
}

static void test_other_identity(void **state)
{
    const struct conf *conf = *state;
    struct conf other = {.quirks = conf->quirks};
    struct vf_server one, two;
    if (conf->quirks->one_database)
        return;
    assert_true(conf->quirks->make(&other.database));
    other.conn = conf_open(&other, VF_SIDE_TARGET);
    CONF_OK(vf_conn_describe(conf->conn, &one, &err));
    CONF_OK(vf_conn_describe(other.conn, &two, &err));
    assert_string_not_equal(one.identity, two.identity);
    vf_conn_close(other.conn);
    conf->quirks->drop(&other.database);
}

static void test_limits(void **state)
{
    const struct conf *conf = *state;
    const struct vf_limits *limits = vf_conn_limits(conf->conn);
    assert_non_null(limits);
    assert_true(limits->max_loaders >= 1);
    if (vf_conn_can(conf->conn, VF_CAP_PARALLEL_LOAD))
        assert_true(limits->max_loaders > 1);
    else
        assert_int_equal(limits->max_loaders, 1);
}

static void test_source_is_read_only(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    struct vf_conn *source = conf_open(conf, VF_SIDE_SOURCE);
    conf_plain_init(&table, conf, "t");
    const struct vf_step step = {.kind = VF_STEP_TABLE, .table = &table.def};
    CONF_FAILS(vf_conn_apply(source, &step, &err), VF_INTERNAL, "only read");
    CONF_FAILS(vf_conn_begin(source, &err), VF_INTERNAL, "only read");
    CONF_FAILS(vf_store_create(source, &err), VF_INTERNAL, "only read");
    vf_conn_close(source);
    conf_table_release(&table);
}

static void test_lock(void **state)
{
    const struct conf *conf = *state;
    struct vf_conn *second = conf_open(conf, VF_SIDE_TARGET);
    CONF_OK(vf_conn_lock(conf->conn, "run 12345 on host a", &err));
    CONF_FAILS(vf_conn_lock(second, "run 67890 on host b", &err), VF_LOCKED, "run 12345 on host a");
    vf_conn_unlock(conf->conn);
    CONF_OK(vf_conn_lock(second, "run 67890 on host b", &err));
    vf_conn_close(second);
    CONF_OK(vf_conn_lock(conf->conn, "run 12345 on host a", &err));
}

/* The holder goes on working while it holds the lock, and so may others that belong to the same run. */
static void test_lock_lets_work(void **state)
{
    const struct conf *conf = *state;
    struct conf_table table;
    CONF_OK(vf_conn_lock(conf->conn, "run 12345", &err));
    conf_plain_table(&table, conf, "t", 10);
    if (vf_conn_can(conf->conn, VF_CAP_PARALLEL_LOAD)) {
        struct vf_conn *second = conf_open(conf, VF_SIDE_TARGET);
        struct vf_batch batch = {0};
        conf_batch_init(&batch, &table, 10);
        conf_plain_rows(&batch, 100, 5);
        conf_load(second, &table, &batch);
        vf_batch_release(&batch);
        vf_conn_close(second);
        assert_int_equal(conf_count(conf->conn, &table), 15);
    }
    conf_table_release(&table);
}

static void test_bulk(void **state)
{
    const struct conf *conf = *state;
    const struct vf_load_estimate estimate = {.n_rows = 1000, .size_bytes = 1 << 20, .max_row_bytes = 1000};
    struct conf_table table;
    CONF_OK(vf_conn_begin_bulk(conf->conn, &estimate, &err));
    conf_plain_table(&table, conf, "t", 1000);
    CONF_OK(vf_conn_end_bulk(conf->conn, &err));
    assert_int_equal(conf_count(conf->conn, &table), 1000);
    CONF_OK(vf_conn_begin_bulk(conf->conn, &estimate, &err));
    CONF_OK(vf_conn_end_bulk(conf->conn, &err));

    struct vf_conn *second = conf_open(conf, VF_SIDE_SOURCE);
    assert_int_equal(conf_count(second, &table), 1000);
    vf_conn_close(second);
    conf_table_release(&table);
}

static void test_preflight(void **state)
{
    const struct conf *conf = *state;
    const struct vf_load_estimate estimate = {.n_rows = 10, .size_bytes = 1000};
    struct conf_table table;
    struct vf_problem_list problems = {0};
    conf_plain_init(&table, conf, "t");
    const struct vf_schema wanted = {.n_tables = 1, .tables = &table.def};
    CONF_OK(vf_conn_preflight(conf->conn, &wanted, &estimate, &problems, &err));
    for (size_t i = 0; i < problems.n_problems; i++)
        assert_int_not_equal(problems.problems[i].severity, VF_SEVERITY_BLOCK);
    vf_problem_list_release(&problems);
    conf_table_release(&table);
}

static void test_cancel(void **state)
{
    const struct conf *conf = *state;
    struct vf_cancel cancel = {0};
    struct vf_url url = {0};
    struct vf_conn *conn = NULL;
    const struct vf_open_options options = {.side = VF_SIDE_TARGET, .cancel = &cancel};
    CONF_OK(vf_url_parse(conf->database.url, &url, &err));
    vf_cancel_raise(&cancel, 130);
    CONF_FAILS(vf_conn_open_with(vf_engine_find(conf->quirks->engine), &url, &options, &conn, &err), VF_CANCELLED, "");
    assert_null(conn);
    vf_url_release(&url);
}

const struct CMUnitTest conf_tests_basic[] = {
    CONF_TEST(test_open_twice),
    CONF_TEST(test_open_nothing),
    CONF_TEST(test_engine),
    CONF_TEST(test_describe),
    CONF_TEST(test_other_identity),
    CONF_TEST(test_limits),
    CONF_TEST(test_source_is_read_only),
    CONF_TEST(test_lock),
    CONF_TEST(test_lock_lets_work),
    CONF_TEST(test_bulk),
    CONF_TEST(test_preflight),
    CONF_TEST(test_cancel),
};
const size_t conf_n_tests_basic = sizeof(conf_tests_basic) / sizeof(conf_tests_basic[0]);
