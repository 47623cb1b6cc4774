#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/status.h"

static void test_values(void **state)
{
    (void)state;
    assert_int_equal(VF_OK, 0);
    assert_string_equal(vf_status_text(VF_OK), "ok");
    assert_string_equal(vf_status_text(VF_NOMEM), "out of memory");
    assert_string_equal(vf_status_text((enum vf_status) - 7), "unknown status");
#define CHECK_NEGATIVE(name, value, exit_code, text) assert_true(VF_##name <= 0);
    VF_STATUS_LIST(CHECK_NEGATIVE)
#undef CHECK_NEGATIVE
}

/* The table of exit codes that users build scripts on. */
static void test_exit_codes(void **state)
{
    (void)state;
    assert_int_equal(vf_status_exit_code(VF_OK, VF_SIDE_TARGET), 0);
    assert_int_equal(vf_status_exit_code(VF_FAILED, VF_SIDE_SOURCE), 1);
    assert_int_equal(vf_status_exit_code(VF_USAGE, VF_SIDE_NONE), 2);
    assert_int_equal(vf_status_exit_code(VF_DIFFERS, VF_SIDE_TARGET), 3);
    assert_int_equal(vf_status_exit_code(VF_CONNECT, VF_SIDE_SOURCE), 4);
    assert_int_equal(vf_status_exit_code(VF_TEMPORARY, VF_SIDE_SOURCE), 5);
    assert_int_equal(vf_status_exit_code(VF_ENGINE, VF_SIDE_SOURCE), 6);
    assert_int_equal(vf_status_exit_code(VF_ENGINE, VF_SIDE_TARGET), 7);
    assert_int_equal(vf_status_exit_code(VF_ENGINE, VF_SIDE_NONE), 1);
    assert_int_equal(vf_status_exit_code(VF_LOCKED, VF_SIDE_TARGET), 8);
    assert_int_equal(vf_status_exit_code(VF_STATE, VF_SIDE_TARGET), 9);
    assert_int_equal(vf_status_exit_code(VF_MISSING, VF_SIDE_TARGET), 10);
    assert_int_equal(vf_status_exit_code(VF_SAFETY, VF_SIDE_TARGET), 11);
    assert_int_equal(vf_status_exit_code(VF_INTERNAL, VF_SIDE_TARGET), 12);
    assert_int_equal(vf_status_exit_code(VF_NOMEM, VF_SIDE_SOURCE), 12);
    assert_int_equal(vf_status_exit_code(VF_CANCELLED, VF_SIDE_NONE), 130);
    assert_int_equal(vf_status_exit_code((enum vf_status) - 7, VF_SIDE_SOURCE), 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_exit_codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
