#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"

static void test_times(void **state)
{
    const struct vf_clock *clock = vf_clock_system();
    int64_t before_us = clock->monotonic_us(clock->context);

    (void)state;
    clock->sleep_us(clock->context, 2000);
    clock->sleep_us(clock->context, 0);
    clock->sleep_us(clock->context, -1);
    assert_true(clock->monotonic_us(clock->context) - before_us >= 2000);
    assert_true(clock->wall_us(clock->context) > INT64_C(1577836800000000)); /* 2020 */
}

static void test_a_wait_ends_by_itself(void **state)
{
    const struct vf_clock *clock = vf_clock_system();
    int64_t before_us = clock->monotonic_us(clock->context);
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond;

    (void)state;
    assert_true(vf_cond_init(&cond));
    pthread_mutex_lock(&mutex);
    while (vf_cond_wait(&cond, &mutex, 2000))
        continue;
    pthread_mutex_unlock(&mutex);
    assert_true(clock->monotonic_us(clock->context) - before_us >= 2000);
    pthread_cond_destroy(&cond);
    pthread_mutex_destroy(&mutex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_a_wait_ends_by_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
