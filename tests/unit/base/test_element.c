#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/element.h"

static void test_names(void **state)
{
    static const char *const names[] = {"none", "f32", "f64", "f16", "bf16", "i8", "bit"};
    enum vf_element element;

    (void)state;
    for (int i = VF_E_NONE; i <= VF_E_BIT; i++)
        assert_string_equal(vf_element_name((enum vf_element)i), names[i]);
    for (int i = VF_E_F32; i <= VF_E_BIT; i++) {
        assert_true(vf_element_parse(names[i], &element));
        assert_int_equal(element, i);
    }
    assert_false(vf_element_parse("none", &element));
    assert_false(vf_element_parse("F32", &element));
    assert_false(vf_element_parse("", &element));
    assert_string_equal(vf_element_name((enum vf_element)99), "none");
}

static void test_bytes(void **state)
{
    (void)state;
    assert_int_equal(vf_element_bytes(VF_E_F32, 3072), 12288);
    assert_int_equal(vf_element_bytes(VF_E_F64, 3), 24);
    assert_int_equal(vf_element_bytes(VF_E_F16, 3), 6);
    assert_int_equal(vf_element_bytes(VF_E_BF16, 3), 6);
    assert_int_equal(vf_element_bytes(VF_E_I8, 3), 3);
    assert_int_equal(vf_element_bytes(VF_E_BIT, 0), 0);
    assert_int_equal(vf_element_bytes(VF_E_BIT, 8), 1);
    assert_int_equal(vf_element_bytes(VF_E_BIT, 9), 2);
    assert_int_equal(vf_element_bytes(VF_E_BIT, SIZE_MAX), SIZE_MAX / 8 + 1);
    assert_int_equal(vf_element_bytes(VF_E_NONE, 5), 0);
    assert_int_equal(vf_element_bytes(VF_E_F32, SIZE_MAX / 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
