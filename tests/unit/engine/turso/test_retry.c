/* How long is waited before a request is tried again; the clock is the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>

#include "engine/turso/retry.h"

static int64_t now_us(void *context)
{
    return *(int64_t *)context;
}

static void sleep_us(void *context, int64_t duration_us)
{
    *(int64_t *)context += duration_us;
}

static void test_each_wait_is_twice_as_long(void **state)
{
    struct vf_hrana db = {.first_wait_ms = VF_HRANA_FIRST_WAIT_MS, .jitter = 1};
    int64_t wait_ms = VF_HRANA_FIRST_WAIT_MS;
    bool differs = false;
    (void)state;
    for (int n_tries = 1; n_tries < 30; n_tries++) {
        int64_t least_ms = INT64_MAX, most_ms = 0;
        for (int i = 0; i < 200; i++) {
            int64_t chosen_ms = vf_hrana_choose_wait_ms(&db, n_tries, -1);
            least_ms = chosen_ms < least_ms ? chosen_ms : least_ms;
            most_ms = chosen_ms > most_ms ? chosen_ms : most_ms;
        }
        assert_in_range(least_ms, wait_ms / 2, wait_ms * 3 / 4);
        assert_in_range(most_ms, wait_ms * 3 / 4, wait_ms);
        differs = differs || least_ms != most_ms;
        wait_ms = wait_ms * 2 < VF_HRANA_LONGEST_WAIT_MS ? wait_ms * 2 : VF_HRANA_LONGEST_WAIT_MS;
    }
    assert_true(differs);
}

static void test_what_the_server_asks_for(void **state)
{
    struct vf_hrana db = {.first_wait_ms = VF_HRANA_FIRST_WAIT_MS};
    (void)state;
    assert_int_equal(vf_hrana_choose_wait_ms(&db, 1, 3), 3000);
    assert_in_range(vf_hrana_choose_wait_ms(&db, 1, 0), VF_HRANA_FIRST_WAIT_MS / 2, VF_HRANA_FIRST_WAIT_MS);
    assert_int_equal(vf_hrana_choose_wait_ms(&db, 1, 86400), VF_HRANA_LONGEST_WAIT_MS);
    assert_int_equal(vf_hrana_choose_wait_ms(&db, 1, INT64_MAX), VF_HRANA_LONGEST_WAIT_MS);
    assert_in_range(vf_hrana_choose_wait_ms(&db, 20, 1), VF_HRANA_LONGEST_WAIT_MS / 2, VF_HRANA_LONGEST_WAIT_MS);
}

static void test_all_of_it_is_waited_for(void **state)
{
    int64_t time_us = 7;
    const struct vf_clock clock = {
        .monotonic_us = now_us, .wall_us = now_us, .sleep_us = sleep_us, .context = &time_us};
    struct vf_hrana db = {.clock = &clock, .first_wait_ms = 1000, .name = "server"};
    (void)state;
    assert_true(vf_hrana_wait(&db, 1, 2));
    assert_int_equal(time_us, 2000007);
}

static void test_a_wait_ends_when_it_is_cancelled(void **state)
{
    int64_t time_us = 0;
    const struct vf_clock clock = {
        .monotonic_us = now_us, .wall_us = now_us, .sleep_us = sleep_us, .context = &time_us};
    struct vf_cancel cancel = {0};
    struct vf_hrana db = {.clock = &clock, .first_wait_ms = 1000, .name = "server", .cancel = &cancel};
    (void)state;
    vf_cancel_raise(&cancel, SIGINT);
    pthread_mutex_init(&db.lock, NULL);
    assert_false(vf_hrana_wait(&db, 1, -1));
    assert_int_equal(time_us, 0);
    assert_int_equal(db.failure.status, VF_CANCELLED);
    pthread_mutex_destroy(&db.lock);
}

static void test_what_may_pass(void **state)
{
    (void)state;
    assert_true(vf_hrana_is_passing(429) && vf_hrana_is_passing(500) && vf_hrana_is_passing(502) &&
                vf_hrana_is_passing(503));
    assert_false(vf_hrana_is_passing(200) || vf_hrana_is_passing(400) || vf_hrana_is_passing(401) ||
                 vf_hrana_is_passing(404) || vf_hrana_is_passing(501));
}

static void test_the_first_wait(void **state)
{
    (void)state;
    unsetenv("VECFERRY_RETRY_WAIT_MS");
    assert_int_equal(vf_hrana_first_wait_ms(), VF_HRANA_FIRST_WAIT_MS);
    setenv("VECFERRY_RETRY_WAIT_MS", "0", 1);
    assert_int_equal(vf_hrana_first_wait_ms(), VF_HRANA_FIRST_WAIT_MS);
    setenv("VECFERRY_RETRY_WAIT_MS", "5", 1);
    assert_int_equal(vf_hrana_first_wait_ms(), 5);
    unsetenv("VECFERRY_RETRY_WAIT_MS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_wait_is_twice_as_long),
        cmocka_unit_test(test_what_the_server_asks_for),
        cmocka_unit_test(test_all_of_it_is_waited_for),
        cmocka_unit_test(test_a_wait_ends_when_it_is_cancelled),
        cmocka_unit_test(test_what_may_pass),
        cmocka_unit_test(test_the_first_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
