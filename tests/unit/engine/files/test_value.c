#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "engine/files/value.h"
#include "model/json_text.h"

static void text_array(struct vf_batch *batch, const char *type_text)
{
    struct vf_type type;
    assert_true(vf_type_parse(type_text, &type));
    assert_int_equal(vf_batch_init(batch, 1, &type, 100, 1 << 20, NULL), VF_OK);
}

/* Reads the JSON as the type, and writes it again. */
static void expect(const char *type, const char *json, const char *wanted)
{
    struct vf_batch batch = {0};
    struct vf_buf scratch, out;
    const char *why = NULL;
    size_t offset = 0;
    text_array(&batch, type);
    vf_buf_init(&scratch, 10000);
    vf_buf_init(&out, 10000);
    assert_null(vf_json_text_check(json, strlen(json), &offset));
    enum vf_status status = vf_files_value_read(json, strlen(json), &batch.columns[0], &scratch, &why, NULL);
    if (wanted == NULL) {
        assert_int_equal(status, VF_VALUE);
        assert_non_null(why);
        assert_int_equal(batch.columns[0].n_values, 0);
    } else {
        if (status != VF_OK)
            fail_msg("%s as %s: %s", json, type, why);
        vf_batch_end_row(&batch);
        vf_files_value_write(&batch.columns[0], 0, 0, &scratch, &out);
        assert_int_equal(vf_buf_check(&out, NULL), VF_OK);
        assert_string_equal(out.data, wanted);
        assert_null(vf_json_text_check(out.data, out.size_bytes, &offset));
    }
    vf_buf_release(&scratch);
    vf_buf_release(&out);
    vf_batch_release(&batch);
}

static void same(const char *type, const char *json)
{
    expect(type, json, json);
}

static void test_scalars(void **state)
{
    (void)state;
    same("bool", "true");
    same("bool", "null");
    same("i64", "9007199254740991");
    same("i64", "\"9007199254740992\"");
    same("i64", "\"-9223372036854775808\"");
    expect("i64", "9007199254740993", "\"9007199254740993\"");
    expect("i64", "\"7\"", "7");
    same("f64", "-0");
    same("f64", "0.1");
    same("f64", "\"NaN\"");
    same("f64", "\"-Infinity\"");
    same("f32", "16777216");
    expect("f32", "0.1000000014901161", "0.1");
    same("decimal", "\"123456789012345678901234567890.10\"");
    expect("decimal", "1.50", "\"1.50\"");
    same("decimal", "\"NaN\"");
    same("text", "\"a\\u0000b\"");
    expect("text", "\"\\u00e9\\/\"", "\"\xC3\xA9/\"");
    same("blob", "\"\\\\x00ff\"");
    same("uuid", "\"12345678-9abc-4def-8001-020304050607\"");
    same("date", "\"-infinity\"");
    same("timestamptz", "\"2024-02-29T13:05:00.25Z\"");
    same("interval", "\"P1Y2M-3DT4H5M6.5S\"");
}

static void test_unfit(void **state)
{
    static const char *const cases[][2] = {
        {"bool", "1"},
        {"bool", "\"true\""},
        {"i8", "128"},
        {"i16", "40000"},
        {"i32", "2147483648"},
        {"i64", "1.5"},
        {"i64", "true"},
        {"i64", "\"\""},
        {"f64", "\"x\""},
        {"f64", "1e999"},
        {"f32", "1e39"},
        {"decimal", "\"x\""},
        {"decimal", "1e5"},
        {"decimal", "\"\""},
        {"text", "7"},
        {"text", "[\"a\"]"},
        {"text", "\"\\ud800\""},
        {"blob", "\"00\""},
        {"blob", "\"\\\\x0\""},
        {"uuid", "\"x\""},
        {"date", "20240229"},
        {"date", "\"2024-02-30\""},
        {"vector(f32,2)", "[1]"},
        {"vector(f32,2)", "[1,null]"},
        {"vector(f32,2)", "[]"},
        {"vector(f32,2)", "\"\\\\x00\""},
        {"vector(f16,2)", "[1,2]"},
        {"json", "{\"$json\": 1}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect(cases[i][0], cases[i][1], NULL);
}

static void test_structures(void **state)
{
    (void)state;
    same("json", "{\n  \"a\": [1, 2],\n  \"b\": 1.50\n}");
    same("json", "\"text\"");
    same("json", "{\"$json\": \"null\"}");
    same("json", "{\"$json\": \"{\\\"a\\\":1}\"}");
    same("json", "{\"$json\": \" 1\"}");
    same("json", "{\"$json\": \"not JSON\"}");
    same("json", "{\"$json\": \"{\\\"$json\\\": \\\"x\\\"}\"}");
    same("array(i32)", "[1, null, -3]");
    same("array(i32)", "[\n  [1, 2],\n  [3, 4]\n]");
    same("vector(f32,3)", "[0.1,-0,1e-45]");
    same("vector(f32,2)", "\"\\\\x0000c07f0000807f\"");
    same("vector(f64,0)", "[0.1,5e-324]");
    same("vector(i8,2)", "[-128,127]");
    same("vector(bit,10)", "\"\\\\xffc0\"");
}

static void test_keys(void **state)
{
    struct vf_batch batch = {0};
    struct vf_buf scratch, out;
    const char *why = NULL;
    (void)state;
    vf_buf_init(&scratch, 10000);
    vf_buf_init(&out, 10000);
    text_array(&batch, "text");
    assert_int_equal(vf_files_value_read("\"a\\\"b\"", 6, &batch.columns[0], &scratch, &why, NULL), VF_OK);
    vf_files_value_key(&batch.columns[0], 0, &scratch, &out);
    assert_string_equal(out.data, "a\"b");
    vf_batch_release(&batch);
    text_array(&batch, "i32");
    vf_buf_clear(&out);
    assert_int_equal(vf_files_value_read("-7", 2, &batch.columns[0], &scratch, &why, NULL), VF_OK);
    vf_files_value_key(&batch.columns[0], 0, &scratch, &out);
    assert_string_equal(out.data, "-7");
    vf_batch_release(&batch);
    vf_buf_release(&scratch);
    vf_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_unfit),
        cmocka_unit_test(test_structures),
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
