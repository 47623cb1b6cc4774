#include "engine/turso/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SECOND_US INT64_C(1000000)

/* On a slow way up requests get smaller, so that a stream isn't silent while they are on it, and grow again on a fast one. */
static void test_requests_follow_the_time_that_they_take(void **state)
{
    (void)state;
    size_t most = vf_turso_choose_request_bytes(0, 0), size_bytes = most;
    assert_int_equal(vf_turso_choose_request_bytes(most, 0), most);
    assert_int_equal(vf_turso_choose_request_bytes(most, SECOND_US), most);
    for (int i = 0; i < 20; i++) { /* 100 KB a second */
        int64_t took_us = (int64_t)size_bytes * SECOND_US / 100000;
        size_t next = vf_turso_choose_request_bytes(size_bytes, took_us);
        assert_true(took_us <= 2 * SECOND_US ? next >= size_bytes : next == size_bytes / 2);
        size_bytes = next;
    }
    assert_true(size_bytes <= 200000 && size_bytes > 50000);
    for (int i = 0; i < 20; i++) /* and no way at all */
        size_bytes = vf_turso_choose_request_bytes(size_bytes, 100 * SECOND_US);
    assert_int_equal(size_bytes, 65536);
    for (int i = 0; i < 20; i++)
        size_bytes = vf_turso_choose_request_bytes(size_bytes, SECOND_US / 10);
    assert_int_equal(size_bytes, most);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_requests_follow_the_time_that_they_take)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
