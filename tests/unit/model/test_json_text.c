#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "model/json_text.h"

static void test_good(void **state)
{
    static const char *const texts[] = {"null",
                                        " true ",
                                        "-0",
                                        "1.50",
                                        "12345678901234567890123456789012345678.90",
                                        "1e5",
                                        "-1E-7",
                                        "\"\"",
                                        "\"\\u00e9\\\"\\\\\\/\\b\\f\\n\\r\\t \xC3\xA9\"",
                                        "[]",
                                        "{}",
                                        "[1,[2,{}],\"a]\"]",
                                        " { \"a\" : { \"b\" : [ null , false ] } , \"a\" : 2 } "};
    size_t offset = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *why = vf_json_text_check(texts[i], strlen(texts[i]), &offset);
        if (why != NULL)
            fail_msg("%s: %s at %zu", texts[i], why, offset);
    }
}

static void test_bad(void **state)
{
    static const struct {
        const char *text;
        size_t offset;
    } cases[] = {{"", 0},         {"nul", 0},         {"01", 1},     {"1.", 2},         {"+1", 0},
                 {".5", 0},       {"1e", 2},          {"NaN", 0},    {"[1,]", 3},       {"[1 2]", 3},
                 {"[1", 2},       {"{\"a\"}", 4},     {"{a:1}", 1},  {"{\"a\":1,}", 7}, {"\"a", 2},
                 {"\"\\x\"", 2},  {"\"\\u00g0\"", 5}, {"\"\n\"", 1}, {"1 2", 2},        {"[}", 1},
                 {"\"\xC3\"", 1}, {"{\"a\":}", 5},    {"]", 0}};
    size_t offset = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (vf_json_text_check(cases[i].text, strlen(cases[i].text), &offset) == NULL)
            fail_msg("%s is taken for JSON", cases[i].text);
        if (offset != cases[i].offset)
            fail_msg("%s: wrong at %zu, wanted %zu", cases[i].text, offset, cases[i].offset);
    }
    assert_non_null(vf_json_text_check("1\0", 2, &offset));
    assert_non_null(vf_json_text_check("\"a\0b\"", 5, &offset));
}

static void test_depth(void **state)
{
    char text[2 * VF_JSON_MAX_DEPTH + 4];
    size_t offset = 0;
    struct vf_buf out;
    (void)state;
    vf_buf_init(&out, VF_BUF_MAX);
    for (size_t depth = VF_JSON_MAX_DEPTH; depth <= VF_JSON_MAX_DEPTH + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        const char *why = vf_json_text_check(text, 2 * depth, &offset);
        if (depth > VF_JSON_MAX_DEPTH) {
            assert_string_equal(why, "nested too deep");
            continue;
        }
        assert_null(why);
        vf_json_text_lay(text, 2 * depth, VF_JSON_PRETTY, 0, &out);
        vf_json_text_lay(out.data, out.size_bytes, VF_JSON_COMPACT, 0, &out);
    }
    vf_buf_release(&out);
}

static void expect(const char *text, enum vf_json_layout layout, const char *wanted)
{
    struct vf_buf out;
    vf_buf_init(&out, 10000);
    vf_json_text_lay(text, strlen(text), layout, 1, &out);
    assert_int_equal(vf_buf_check(&out, NULL), VF_OK);
    assert_string_equal(out.data, wanted);
    vf_buf_release(&out);
}

static const char sample[] =
    " {\"a\":1.50,\"b\\u0041\": [ 1,\"x, y: {\", null],\"c\":[[1,2],{}],\n\"d\":{\"e\": { }},\"f\":[ ]}";

static void test_layouts(void **state)
{
    (void)state;
    expect(sample, VF_JSON_COMPACT,
           "{\"a\":1.50,\"b\\u0041\":[1,\"x, y: {\",null],\"c\":[[1,2],{}],\"d\":{\"e\":{}},\"f\":[]}");
    expect(sample, VF_JSON_SPACED,
           "{\"a\": 1.50, \"b\\u0041\": [1, \"x, y: {\", null], \"c\": [[1, 2], {}], \"d\": {\"e\": {}}, \"f\": []}");
    expect(sample, VF_JSON_PRETTY,
           "{\n    \"a\": 1.50,\n    \"b\\u0041\": [1, \"x, y: {\", null],\n    \"c\": [\n      [1, 2],\n      {}\n    "
           "],\n"
           "    \"d\": {\n      \"e\": {}\n    },\n    \"f\": []\n  }");
    expect("7", VF_JSON_PRETTY, "7");
}

static void test_is_laid(void **state)
{
    struct vf_buf scratch;
    (void)state;
    vf_buf_init(&scratch, 10000);
    assert_true(vf_json_text_is_laid("{\"a\": [1, 2]}", 13, VF_JSON_SPACED, &scratch));
    assert_false(vf_json_text_is_laid("{\"a\":[1, 2]}", 12, VF_JSON_SPACED, &scratch));
    assert_false(vf_json_text_is_laid(" 1", 2, VF_JSON_SPACED, &scratch));
    assert_false(vf_json_text_is_laid("{", 1, VF_JSON_SPACED, &scratch));
    assert_true(vf_json_text_is_laid("[1,2]", 5, VF_JSON_COMPACT, &scratch));
    vf_buf_release(&scratch);
}

static void test_walk(void **state)
{
    struct vf_json_walk walk;
    struct vf_json_item item;
    struct vf_buf out;
    (void)state;
    vf_buf_init(&out, 10000);
    assert_true(vf_json_walk_begin(&walk, sample, strlen(sample)));
    while (vf_json_walk_next(&walk, &item)) {
        vf_buf_add(&out, item.name, item.name_bytes);
        vf_buf_char(&out, '=');
        vf_buf_add(&out, item.value, item.value_bytes);
        vf_buf_char(&out, ';');
    }
    assert_string_equal(
        out.data, "\"a\"=1.50;\"b\\u0041\"=[ 1,\"x, y: {\", null];\"c\"=[[1,2],{}];\"d\"={\"e\": { }};\"f\"=[ ];");
    assert_false(vf_json_walk_next(&walk, &item));
    assert_false(vf_json_walk_begin(&walk, "7", 1));
    assert_true(vf_json_walk_begin(&walk, "[]", 2));
    assert_false(vf_json_walk_next(&walk, &item));
    vf_buf_release(&out);
}

static void test_strings(void **state)
{
    static const char *const bad[] = {"7", "\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\ud800x\""};
    static const char token[] = "\"a\\u0000\\n\\/\\\\\\\"\\u00e9\\u20ac\\ud83d\\ude00\xC3\xA9\"";
    static const char meaning[] = "a\0\n/\\\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xC3\xA9";
    struct vf_buf out;
    (void)state;
    vf_buf_init(&out, 10000);
    assert_true(vf_json_text_string(token, strlen(token), &out));
    assert_int_equal(out.size_bytes, sizeof(meaning) - 1);
    assert_memory_equal(out.data, meaning, sizeof(meaning) - 1);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(vf_json_text_string(bad[i], strlen(bad[i]), &out));
    vf_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),    cmocka_unit_test(test_bad),     cmocka_unit_test(test_depth),
        cmocka_unit_test(test_layouts), cmocka_unit_test(test_is_laid), cmocka_unit_test(test_walk),
        cmocka_unit_test(test_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
