#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/alloc.h"
#include "model/json_normal.h"

/* What PostgreSQL 18.6 gives for TEXT::jsonb::text; tests/e2e/test_json.py asks it again. */
static const struct {
    const char *text, *normal;
} cases[] = {
    {"null", "null"},
    {" true ", "true"},
    {"[ ]", "[]"},
    {"{ }", "{}"},
    {"[1,[2,{}],\"a]\"]", "[1, [2, {}], \"a]\"]"},
    {"{\"bb\":1,\"a\":2,\"\":3}", "{\"\": 3, \"a\": 2, \"bb\": 1}"},
    {"{\"b\":{\"z\":1,\"y\":[{\"n\":1,\"m\":2}]},\"a\":2}",
     "{\"a\": 2, \"b\": {\"y\": [{\"m\": 2, \"n\": 1}], \"z\": 1}}"},
    /* By bytes, after the length in bytes: é has two. */
    {"{\"é\":1,\"z\":2,\"aa\":3}", "{\"z\": 2, \"aa\": 3, \"é\": 1}"},
    {"\"\\u00e9\\/\\b\\f\\n\\r\\t\\u001f\\u007f\\\"\\\\\"", "\"é/\\b\\f\\n\\r\\t\\u001f\x7f\\\"\\\\\""},
    {"\"\\ud83d\\ude00\"", "\"\xF0\x9F\x98\x80\""},
    {"{\"\\u0061\":1}", "{\"a\": 1}"},
    {"1.50", "1.50"},
    {"-0", "0"},
    {"-0.00", "0.00"},
    {"0e5", "0"},
    {"0.00e1", "0.0"},
    {"1e3", "1000"},
    {"12.5e1", "125"},
    {"12.5E+0", "12.5"},
    {"1.0e2", "100"},
    {"1.5e-3", "0.0015"},
    {"-1E-7", "-0.0000001"},
    {"123.456e2", "12345.6"},
    {"0.001e1", "0.01"},
    {"12345678901234567890123456789012345678.90", "12345678901234567890123456789012345678.90"},
};

static void test_writing(void **state)
{
    struct vf_buf out;
    (void)state;
    vf_buf_init(&out, VF_BUF_MAX);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t offset = 0;
        vf_buf_clear(&out);
        const char *why = vf_json_normal(cases[i].text, strlen(cases[i].text), &out, &offset);
        if (why != NULL)
            fail_msg("%s: %s at %zu", cases[i].text, why, offset);
        assert_int_equal(vf_buf_check(&out, NULL), VF_OK);
        assert_string_equal(out.data, cases[i].normal);
        /* It is its own normal writing. */
        struct vf_buf again;
        vf_buf_init(&again, VF_BUF_MAX);
        assert_null(vf_json_normal(out.data, out.size_bytes, &again, &offset));
        assert_string_equal(again.data, cases[i].normal);
        vf_buf_release(&again);
    }
    vf_buf_release(&out);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *why;
        size_t offset;
    } refused[] = {
        {"{\"a\":1", "a comma or the end is expected", 6},
        {"\"\\u0000\"", "U+0000 in a string", 0},
        {"[1, \"\\ud800\"]", "half of a surrogate pair in a string", 4},
        {"{\"a\":1,\"b\":{\"c\":1,\"d\":2,\"c\":3}}", "a name that is in the object twice", 24},
        {"{\"a\":1,\"a\":1}", "a name that is in the object twice", 7},
        {"{\"a\":1,\"\\u0061\":1}", "a name that is in the object twice", 7},
        {"[1e131072]", "a number beyond the range of numeric", 1},
        {"1e-16384", "a number beyond the range of numeric", 0},
        {"1e99999999999999999999999999", "a number beyond the range of numeric", 0},
    };
    struct vf_buf out;
    (void)state;
    vf_buf_init(&out, VF_BUF_MAX);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        size_t offset = 99;
        vf_buf_clear(&out);
        const char *why = vf_json_normal(refused[i].text, strlen(refused[i].text), &out, &offset);
        if (why == NULL)
            fail_msg("%s has no normal writing", refused[i].text);
        assert_string_equal(why, refused[i].why);
        assert_int_equal(offset, refused[i].offset);
    }
    vf_buf_release(&out);
}

static void test_limits(void **state)
{
    struct vf_buf out;
    size_t offset = 0;
    (void)state;
    vf_buf_init(&out, VF_BUF_MAX);
    assert_null(vf_json_normal("1e131071", 8, &out, &offset));
    assert_int_equal(out.size_bytes, 131072);
    vf_buf_clear(&out);
    assert_null(vf_json_normal("1e-16383", 8, &out, &offset));
    assert_int_equal(out.size_bytes, 2 + 16383);
    assert_string_equal(out.data + out.size_bytes - 2, "01");
    vf_buf_release(&out);
}

/* Many members, backwards. */
static void test_order(void **state)
{
    struct vf_buf text, out, wanted;
    size_t offset = 0;
    (void)state;
    vf_buf_init(&text, VF_BUF_MAX);
    vf_buf_init(&out, VF_BUF_MAX);
    vf_buf_init(&wanted, VF_BUF_MAX);
    for (int i = 0; i < 1000; i++) {
        vf_buf_printf(&text, "%s\"%d\":%d", i == 0 ? "{" : ",", 999 - i, i);
        vf_buf_printf(&wanted, "%s\"%d\": %d", i == 0 ? "{" : ", ", i, 999 - i);
    }
    vf_buf_char(&text, '}');
    vf_buf_char(&wanted, '}');
    assert_null(vf_json_normal(text.data, text.size_bytes, &out, &offset));
    assert_string_equal(out.data, wanted.data);
    vf_buf_release(&text);
    vf_buf_release(&out);
    vf_buf_release(&wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writing),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests_name("model/json_normal", tests, NULL, NULL);
}
