/* Options of a handle: taken by name, checked by kind, and forgotten again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "api/handle.h"
#include "base/alloc.h"

static int make(void **state)
{
    *state = vecferry_new();
    return *state != NULL ? 0 : -1;
}

static int drop(void **state)
{
    vecferry_free(*state);
    return 0;
}

static void assert_refused(vecferry *v, const char *name, const char *value, const char *message)
{
    assert_int_equal(vecferry_set(v, name, value), VECFERRY_USAGE);
    assert_non_null(strstr(vecferry_error(v), message));
}

static void test_defaults(void **state)
{
    vecferry *v = *state;
    assert_null(vf_handle_text(v, "source"));
    assert_false(vf_handle_flag(v, "strict"));
    assert_int_equal(vf_handle_number(v, "memory"), 160 << 20);
    assert_int_equal(vf_handle_number(v, "jobs"), 0);
    assert_int_equal(vf_handle_list(v, "only")->n_values, 0);
}

static void test_the_last_value_holds(void **state)
{
    vecferry *v = *state;
    char value[] = "first.db";
    assert_int_equal(vecferry_set(v, "source", value), VECFERRY_OK);
    value[0] = 'X'; /* it was copied */
    assert_string_equal(vf_handle_text(v, "source"), "first.db");
    assert_int_equal(vecferry_set(v, "source", "second.db"), VECFERRY_OK);
    assert_string_equal(vf_handle_text(v, "source"), "second.db");
    assert_int_equal(vecferry_set(v, "source", NULL), VECFERRY_OK);
    assert_null(vf_handle_text(v, "source"));
}

static void test_a_list_grows(void **state)
{
    vecferry *v = *state;
    assert_int_equal(vecferry_set(v, "only", "a"), VECFERRY_OK);
    assert_int_equal(vecferry_set(v, "only", "b"), VECFERRY_OK);
    const struct vf_option_values *only = vf_handle_list(v, "only");
    assert_int_equal(only->n_values, 2);
    assert_string_equal(only->values[0], "a");
    assert_string_equal(only->values[1], "b");
    assert_int_equal(vecferry_set(v, "only", NULL), VECFERRY_OK);
    assert_int_equal(vf_handle_list(v, "only")->n_values, 0);
}

static void test_flags(void **state)
{
    vecferry *v = *state;
    assert_int_equal(vecferry_set(v, "strict", "true"), VECFERRY_OK);
    assert_true(vf_handle_flag(v, "strict"));
    assert_refused(v, "strict", "yes", "true or false");
    assert_true(vf_handle_flag(v, "strict")); /* what is refused changes nothing */
    assert_int_equal(vecferry_set(v, "strict", "false"), VECFERRY_OK);
    assert_false(vf_handle_flag(v, "strict"));
}

static void test_numbers_and_sizes(void **state)
{
    vecferry *v = *state;
    static const char *const bad_numbers[] = {"0", "-1", "1025", "1.5", "4 ", "four", "", "99999999999999999999"};
    static const char *const bad_sizes[] = {"0", "7M", "-64M", "64Q", "M", "", "99999999999G"};

    assert_int_equal(vecferry_set(v, "jobs", "1024"), VECFERRY_OK);
    for (size_t i = 0; i < sizeof(bad_numbers) / sizeof(bad_numbers[0]); i++)
        assert_refused(v, "jobs", bad_numbers[i], "jobs");
    assert_int_equal(vf_handle_number(v, "jobs"), 1024);
    assert_int_equal(vecferry_set(v, "memory", "1.5G"), VECFERRY_OK);
    for (size_t i = 0; i < sizeof(bad_sizes) / sizeof(bad_sizes[0]); i++)
        assert_refused(v, "memory", bad_sizes[i], "memory");
    assert_int_equal(vf_handle_number(v, "memory"), (uint64_t)3 << 29);
}

static void test_an_unknown_name_gets_the_nearest(void **state)
{
    vecferry *v = *state;
    assert_refused(v, "sorce", "a.db", "unknown option \"sorce\"");
    assert_string_equal(vecferry_hint(v), "the nearest is \"source\"");
    assert_int_equal(vecferry_set(v, "source", "a.db"), VECFERRY_OK);
    assert_string_equal(vecferry_error(v), "");
    assert_string_equal(vecferry_hint(v), "");
}

static void test_empty_texts_are_refused(void **state)
{
    assert_refused(*state, "source", "", "source");
    assert_refused(*state, "only", "", "only");
}

static void test_every_option_can_be_set(void **state)
{
    static const char *const values[] = {
        [VECFERRY_FLAG] = "true", [VECFERRY_TEXT] = "x", [VECFERRY_NUMBER] = "2",
        [VECFERRY_SIZE] = "64M",  [VECFERRY_LIST] = "x",
    };
    size_t n_options = 0;

    for (const struct vecferry_option *option = vecferry_options(); option->name != NULL; option++, n_options++) {
        assert_int_equal(vecferry_set(*state, option->name, values[option->kind]), VECFERRY_OK);
        assert_string_equal(vf_handle_text(*state, option->name), values[option->kind]);
        if (option->fallback != NULL) { /* a default must pass its own check */
            assert_int_equal(vecferry_set(*state, option->name, option->fallback), VECFERRY_OK);
        }
        assert_int_equal(vecferry_set(*state, option->name, NULL), VECFERRY_OK);
    }
    assert_true(n_options > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_defaults, make, drop),
        cmocka_unit_test_setup_teardown(test_the_last_value_holds, make, drop),
        cmocka_unit_test_setup_teardown(test_a_list_grows, make, drop),
        cmocka_unit_test_setup_teardown(test_flags, make, drop),
        cmocka_unit_test_setup_teardown(test_numbers_and_sizes, make, drop),
        cmocka_unit_test_setup_teardown(test_an_unknown_name_gets_the_nearest, make, drop),
        cmocka_unit_test_setup_teardown(test_empty_texts_are_refused, make, drop),
        cmocka_unit_test_setup_teardown(test_every_option_can_be_set, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
