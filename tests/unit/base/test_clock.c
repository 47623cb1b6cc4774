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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
