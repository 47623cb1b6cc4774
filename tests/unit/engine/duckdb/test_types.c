#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "engine/duckdb/types.h"

static void expect_type(const char *native, const char *type, enum vf_form form)
{
    char text[48];
    struct vf_duckdb_meaning meaning = vf_duckdb_type_of(native);
    assert_string_equal(vf_type_format(meaning.type, text), type);
    assert_int_equal(meaning.form, form);
}

static void what_declarations_mean(void **state)
{
    (void)state;
    expect_type("BIGINT", "i64", VF_FORM_NATIVE);
    expect_type("uinteger", "i64", VF_FORM_NATIVE);
    expect_type("UBIGINT", "decimal", VF_FORM_NATIVE);
    expect_type("DECIMAL(38,2)", "decimal", VF_FORM_NATIVE);
    expect_type("FLOAT[384]", "vector(f32,384)", VF_FORM_NATIVE);
    expect_type("DOUBLE[3]", "vector(f64,3)", VF_FORM_NATIVE);
    expect_type("TINYINT[5]", "vector(i8,5)", VF_FORM_NATIVE);
    expect_type("FLOAT[]", "array(f32)", VF_FORM_NATIVE);
    expect_type("DECIMAL(18,3)[]", "array(decimal)", VF_FORM_NATIVE);
    expect_type("INTEGER[2]", "array(i32)", VF_FORM_NATIVE);
    expect_type("FLOAT[3][]", "json", VF_FORM_NATIVE);
    expect_type("STRUCT(a INTEGER, b FLOAT[3])", "json", VF_FORM_NATIVE);
    expect_type("MAP(VARCHAR, INTEGER)", "json", VF_FORM_NATIVE);
    expect_type("ENUM('a', 'it''s [3]')", "enum", VF_FORM_NATIVE);
    expect_type("TIME WITH TIME ZONE", "other", VF_FORM_TEXT);
    expect_type("GEOMETRY", "other", VF_FORM_TEXT);
}

static void names_of_types(void **state)
{
    (void)state;
    assert_true(vf_duckdb_is_type_name("STRUCT(\"a\"\"b\" INTEGER, c ENUM('x''y', ');'))"));
    assert_true(vf_duckdb_is_type_name("TIMESTAMP WITH TIME ZONE"));
    assert_false(vf_duckdb_is_type_name(""));
    assert_false(vf_duckdb_is_type_name("INTEGER, evil INTEGER"));
    assert_false(vf_duckdb_is_type_name("INTEGER); DROP TABLE t; --"));
    assert_false(vf_duckdb_is_type_name("INTEGER /* x */"));
    assert_false(vf_duckdb_is_type_name("ENUM('open)"));
}

static void decimals(void **state)
{
    unsigned width = 0, scale = 0;
    (void)state;
    assert_true(vf_duckdb_decimal_of("numeric(12,2)", &width, &scale));
    assert_int_equal(width, 12);
    assert_int_equal(scale, 2);
    assert_true(vf_duckdb_decimal_of("DECIMAL(38,38)", &width, &scale));
    assert_false(vf_duckdb_decimal_of("numeric(39,2)", &width, &scale));
    assert_false(vf_duckdb_decimal_of("numeric(5,-2)", &width, &scale));
    assert_false(vf_duckdb_decimal_of("numeric", &width, &scale));
    assert_false(vf_duckdb_decimal_of("DECIMAL(12,2)[]", &width, &scale));
}

/* The table is indexed by kind. */
static void every_kind_has_its_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < VF_KIND_COUNT; i++)
        assert_int_equal(vf_duckdb_types[i].kind, i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_declarations_mean),
        cmocka_unit_test(names_of_types),
        cmocka_unit_test(decimals),
        cmocka_unit_test(every_kind_has_its_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
