/* One side of a verification, read by itself: to its end, or as far as somebody wants it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/url.h"
#include "engine/mem/mem.h"
#include "ferry/verify_side.h"

#define N_ROWS 3

static struct vf_field field = {.name = "id", .native = "i64", .type = {.kind = VF_K_I64}};
static size_t key[] = {0};

static struct vf_conn *open_table(void)
{
    const struct vf_open_options options = {.side = VF_SIDE_TARGET};
    struct vf_url url = {0};
    struct vf_conn *conn = NULL;
    struct vf_error err = {0};

    assert_int_equal(vf_url_parse("mem:verify", &url, &err), VF_OK);
    assert_int_equal(vf_conn_open_with(&vf_mem_engine, &url, &options, &conn, &err), VF_OK);
    vf_url_release(&url);
    assert_int_equal(vf_mem_create_table("verify", "t", "id i64 key", &err), VF_OK);
    for (int64_t i = 0; i < N_ROWS; i++)
        assert_int_equal(vf_mem_add_row("verify", "t", 1, (const struct vf_mem_value[]){vf_mem_i64(i)}, &err), VF_OK);
    return conn;
}

static int drop_tables(void **state)
{
    (void)state;
    vf_mem_drop(NULL);
    return 0;
}

static enum vf_status count_row(void *context, const struct vf_verify_row *row, struct vf_error *err)
{
    (void)row, (void)err;
    ++*(int *)context;
    return VF_OK;
}

static void test_a_side_that_nobody_wants(void **state)
{
    struct vf_conn *conn = open_table();
    const struct vf_relation relation = {.name = "t", .n_fields = 1, .fields = &field, .n_key = 1, .key = key};
    const struct vf_plan_table table = {.from = relation, .to = relation};
    const struct vf_crossing crossing = {.target = conn};
    struct vf_error err = {0};
    int n_rows = 0;
    atomic_bool stop = false;
    struct vf_verify_side side = {.crossing = &crossing,
                                  .table = &table,
                                  .label = "t",
                                  .is_target = true,
                                  .batch_bytes = 1 << 20,
                                  .row = count_row,
                                  .stop = &stop,
                                  .context = &n_rows};

    (void)state;
    assert_int_equal(vf_verify_scan(&side, &err), VF_OK);
    assert_int_equal(n_rows, N_ROWS);
    assert_int_equal(side.n_rows, N_ROWS);
    atomic_store(&stop, true);
    assert_int_equal(vf_verify_scan(&side, &err), VF_CANCELLED);
    assert_string_equal(err.message, "verify table t: the other side can't be read");
    assert_int_equal(n_rows, N_ROWS);
    vf_conn_close(conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_a_side_that_nobody_wants, drop_tables),
    };
    return cmocka_run_group_tests_name("verify side", tests, NULL, NULL);
}
