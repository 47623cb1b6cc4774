#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "model/type.h"

static void check(struct vf_type type, const char *text)
{
    char out[48];
    struct vf_type read;

    assert_string_equal(vf_type_format(type, out), text);
    assert_true(vf_type_parse(text, &read));
    assert_true(vf_type_equal(read, type));
}

static void test_texts_of_types(void **state)
{
    (void)state;
    for (int kind = 0; kind < VF_KIND_COUNT; kind++) {
        enum vf_kind read;
        assert_true(vf_kind_parse(vf_kind_name((enum vf_kind)kind), &read));
        assert_int_equal(read, kind);
        if (kind != VF_K_ARRAY && kind != VF_K_VECTOR && kind != VF_K_SPARSE)
            check((struct vf_type){.kind = (enum vf_kind)kind}, vf_kind_name((enum vf_kind)kind));
        check((struct vf_type){.kind = VF_K_ARRAY, .element_kind = (enum vf_kind)kind},
              (const char *[]){"array(bool)",   "array(i8)",        "array(i16)",         "array(i32)",
                               "array(i64)",    "array(f32)",       "array(f64)",         "array(decimal)",
                               "array(text)",   "array(blob)",      "array(uuid)",        "array(date)",
                               "array(time)",   "array(timestamp)", "array(timestamptz)", "array(interval)",
                               "array(json)",   "array(enum)",      "array(array)",       "array(other)",
                               "array(vector)", "array(sparse)"}[kind]);
    }
    check((struct vf_type){.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 384}, "vector(f32,384)");
    check((struct vf_type){.kind = VF_K_VECTOR, .element = VF_E_BF16, .dim = 0}, "vector(bf16,0)");
    check((struct vf_type){.kind = VF_K_VECTOR, .element = VF_E_BIT, .dim = UINT32_MAX}, "vector(bit,4294967295)");
    check((struct vf_type){.kind = VF_K_SPARSE, .element = VF_E_F32, .dim = 1000000000}, "sparse(1000000000)");
}

static void test_what_is_no_type(void **state)
{
    static const char *const texts[] = {
        "",
        "i65",
        "I64",
        "array",
        "vector",
        "sparse",
        "vector()",
        "vector(f32)",
        "vector(f32,)",
        "vector(f32,4294967296)",
        "vector(f33,3)",
        "vector(none,3)",
        "vector(f32,3",
        "vector(f32,3))",
        "vector(f32,-3)",
        "vector(f32, 3)",
        "sparse(x)",
        "array()",
        "array(int)",
        "i64(3)",
        "vector(f32,00000000000000000000000000000000000000003)",
        "(i64)",
        "array(text)x",
    };
    struct vf_type type;
    enum vf_kind kind;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (vf_type_parse(texts[i], &type))
            fail_msg("taken for a type: %s", texts[i]);
    }
    assert_false(vf_kind_parse("unknown", &kind));
    assert_string_equal(vf_kind_name(VF_KIND_COUNT), "unknown");
}

static void test_layouts(void **state)
{
    static const struct {
        struct vf_type type;
        enum vf_layout layout;
        size_t width;
    } cases[] = {
        {{.kind = VF_K_BOOL}, VF_LAYOUT_BITS, 0},
        {{.kind = VF_K_I8}, VF_LAYOUT_FIXED, 1},
        {{.kind = VF_K_I16}, VF_LAYOUT_FIXED, 2},
        {{.kind = VF_K_I32}, VF_LAYOUT_FIXED, 4},
        {{.kind = VF_K_I64}, VF_LAYOUT_FIXED, 8},
        {{.kind = VF_K_F32}, VF_LAYOUT_FIXED, 4},
        {{.kind = VF_K_F64}, VF_LAYOUT_FIXED, 8},
        {{.kind = VF_K_DECIMAL}, VF_LAYOUT_VARIABLE, 0},
        {{.kind = VF_K_TEXT}, VF_LAYOUT_VARIABLE, 0},
        {{.kind = VF_K_BLOB}, VF_LAYOUT_VARIABLE, 0},
        {{.kind = VF_K_UUID}, VF_LAYOUT_FIXED, 16},
        {{.kind = VF_K_DATE}, VF_LAYOUT_FIXED, 4},
        {{.kind = VF_K_TIME}, VF_LAYOUT_FIXED, 8},
        {{.kind = VF_K_TIMESTAMP}, VF_LAYOUT_FIXED, 8},
        {{.kind = VF_K_TIMESTAMPTZ}, VF_LAYOUT_FIXED, 8},
        {{.kind = VF_K_INTERVAL}, VF_LAYOUT_FIXED, sizeof(struct vf_interval)},
        {{.kind = VF_K_JSON}, VF_LAYOUT_VARIABLE, 0},
        {{.kind = VF_K_ENUM}, VF_LAYOUT_VARIABLE, 0},
        {{.kind = VF_K_ARRAY}, VF_LAYOUT_VARIABLE, 0},
        {{.kind = VF_K_OTHER}, VF_LAYOUT_VARIABLE, 0},
        {{.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 384}, VF_LAYOUT_FIXED, 1536},
        {{.kind = VF_K_VECTOR, .element = VF_E_F16, .dim = 3}, VF_LAYOUT_FIXED, 6},
        {{.kind = VF_K_VECTOR, .element = VF_E_BIT, .dim = 10}, VF_LAYOUT_FIXED, 2},
        {{.kind = VF_K_VECTOR, .element = VF_E_F32}, VF_LAYOUT_VARIABLE, 0},
        {{.kind = VF_K_SPARSE, .dim = 7}, VF_LAYOUT_VARIABLE, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(vf_type_layout(cases[i].type), cases[i].layout);
        assert_int_equal(vf_type_width(cases[i].type), cases[i].width);
    }
}

static void test_equal_types(void **state)
{
    const struct vf_type v3 = {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 3};
    struct vf_type other = v3;

    (void)state;
    assert_true(vf_type_equal(v3, other));
    other.dim = 4;
    assert_false(vf_type_equal(v3, other));
    other = v3;
    other.element = VF_E_F64;
    assert_false(vf_type_equal(v3, other));
    assert_false(vf_type_equal((struct vf_type){.kind = VF_K_SPARSE, .dim = 3},
                               (struct vf_type){.kind = VF_K_SPARSE, .dim = 4}));
    assert_false(vf_type_equal((struct vf_type){.kind = VF_K_ARRAY, .element_kind = VF_K_I32},
                               (struct vf_type){.kind = VF_K_ARRAY, .element_kind = VF_K_I64}));
    assert_false(vf_type_equal((struct vf_type){.kind = VF_K_I32}, (struct vf_type){.kind = VF_K_I64}));
    assert_true(vf_type_equal((struct vf_type){.kind = VF_K_I32, .dim = 9},
                              (struct vf_type){.kind = VF_K_I32})); /* has no dim */
}

static void test_forms(void **state)
{
    enum vf_form form;

    (void)state;
    for (int i = 0; i < VF_FORM_COUNT; i++) {
        assert_true(vf_form_parse(vf_form_name((enum vf_form)i), &form));
        assert_int_equal(form, i);
        assert_true(strlen(vf_form_meaning((enum vf_form)i)) > 5);
    }
    assert_false(vf_form_parse("Native", &form));
    assert_string_equal(vf_form_name(VF_FORM_EPOCH_MS), "epoch_ms");
    assert_string_equal(vf_form_name(VF_FORM_COUNT), "unknown");
    assert_string_equal(vf_form_meaning(VF_FORM_COUNT), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_of_types), cmocka_unit_test(test_what_is_no_type), cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_equal_types),    cmocka_unit_test(test_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
