/* The reader and writer of Hrana's JSON: numbers that come back bit by bit, base64, strings, and texts that end too early. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/turso/json.h"

/* ---- numbers ---- */

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* The digits as both kinds of readers take them. */
static void check_digits(double value, const char *digits, size_t size_bytes)
{
    double nearest = 0;
    int64_t exponent = 0;
    uint64_t number = 0;
    assert_int_equal(strlen(digits), size_bytes);
    assert_true(size_bytes < VF_JSON_F64_BYTES);
    assert_true(vf_parse_f64(digits, size_bytes, &nearest));
    assert_memory_equal(&nearest, &value, sizeof(value));
    const char *letter = strchr(digits, 'e');
    if (letter == NULL)
        return; /* 0.0 and -0.0 */
    assert_true(vf_parse_i64(letter + 1, strlen(letter + 1), &exponent));
    for (const char *c = digits[0] == '-' ? digits + 1 : digits; c < letter; c++)
        number = number * 10 + (uint64_t)(*c - '0');
    double read = vf_json_serde_f64(number, (int)exponent);
    read = digits[0] == '-' ? -read : read;
    assert_memory_equal(&read, &value, sizeof(value));
}

static void test_numbers(void **state)
{
    static const double odd[] = {0.0,
                                 -0.0,
                                 0.1,
                                 -4.35,
                                 1e22,
                                 1e23,
                                 123456789012345678.0,
                                 5e-324,
                                 1e-310,
                                 3.5e-5,
                                 1e300,
                                 2.2250738585072014e-308,
                                 1.7976931348623157e308};
    uint64_t random = UINT64_C(88172645463325252);
    char digits[VF_JSON_F64_BYTES];
    int n_hard = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        size_t size_bytes = vf_json_f64(odd[i], digits);
        assert_true(size_bytes > 0);
        check_digits(odd[i], digits, size_bytes);
    }
    for (int i = 0; i < 50000; i++) {
        double value = 0;
        uint64_t bits = next_random(&random);
        if (i % 2 == 0)
            memcpy(&value, &bits, sizeof(value));
        else
            value = (double)(bits >> 11) / 9007199254740992.0;
        if (!isfinite(value))
            continue;
        size_t size_bytes = vf_json_f64(value, digits);
        if (size_bytes > 0)
            check_digits(value, digits, size_bytes);
        else
            n_hard++;
    }
    assert_in_range(n_hard, 1, 1000); /* there are some, for which the caller has another way */
    assert_int_equal(vf_json_f64((double)NAN, digits), 0);
    assert_int_equal(vf_json_f64(-(double)INFINITY, digits), 0);
}

/* As serde_json was seen to read them in tursodb. */
static void test_serde(void **state)
{
    (void)state;
    assert_true(vf_json_serde_f64(1, -1) == 0.1);
    assert_true(vf_json_serde_f64(22250738585072014U, -324) == 2.2250738585072014e-308);
    assert_true(vf_json_serde_f64(5, -324) == 5e-324);
    assert_true(isinf(vf_json_serde_f64(1, 309)));
    assert_true(vf_json_serde_f64(0, 400) == 0);
    /* Shortest digits that it takes for the neighbour. */
    assert_true(vf_json_serde_f64(92724477529724614U, -17) != 0.92724477529724614);
}

/* ---- base64 ---- */

static void check_base64(const char *base64, const char *bytes, size_t n_bytes)
{
    uint8_t out[64];
    size_t size_bytes = 99;
    assert_true(vf_base64_decode(base64, strlen(base64), out, &size_bytes));
    assert_int_equal(size_bytes, n_bytes);
    assert_memory_equal(out, bytes, n_bytes);
}

static void test_base64(void **state)
{
    uint8_t out[64];
    size_t size_bytes = 0;
    struct vf_buf text;
    (void)state;
    check_base64("", "", 0);
    check_base64("YQ", "a", 1);
    check_base64("YQ==", "a", 1);
    check_base64("YWI", "ab", 2);
    check_base64("YWI=", "ab", 2);
    check_base64("YWJj", "abc", 3);
    check_base64("+/+/AA", "\xfb\xff\xbf\x00", 4);
    assert_false(vf_base64_decode("Y", 1, out, &size_bytes));
    assert_false(vf_base64_decode("YWJ!", 4, out, &size_bytes));
    assert_false(vf_base64_decode("Y=Jj", 4, out, &size_bytes));
    assert_false(vf_base64_decode("YW\x80j", 4, out, &size_bytes));
    vf_buf_init(&text, 1000);
    for (size_t n = 0; n <= 20; n++) {
        uint8_t bytes[20];
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)(i * 37 + n);
        vf_buf_clear(&text);
        vf_buf_char(&text, '!');
        vf_base64_encode(&text, bytes, n);
        assert_int_equal(text.size_bytes, 1 + (n + 2) / 3 * 4);
        check_base64(text.data + 1, (const char *)bytes, n);
    }
    vf_buf_release(&text);
}

/* ---- strings ---- */

static void check_string(const char *json, const char *wanted, size_t wanted_bytes)
{
    struct vf_json walk = vf_json_over(json, strlen(json));
    struct vf_json_text text;
    struct vf_buf out;
    vf_buf_init(&out, 1000);
    assert_true(vf_json_string(&walk, &text));
    assert_ptr_equal(walk.at, walk.end);
    assert_true(vf_json_unescape(text, &out));
    assert_int_equal(out.size_bytes, wanted_bytes);
    if (wanted_bytes > 0)
        assert_memory_equal(out.data, wanted, wanted_bytes);
    vf_buf_release(&out);
}

static void test_strings(void **state)
{
    struct vf_json walk;
    struct vf_json_text text;
    struct vf_buf out;
    (void)state;
    check_string("\"\"", "", 0);
    check_string("\"plain\"", "plain", 5);
    check_string("\"a\\\"b\\\\\"", "a\"b\\", 4);
    check_string("\"\\\\\\\\\"", "\\\\", 2);
    check_string("\"\\b\\f\\n\\r\\t\\/\"", "\b\f\n\r\t/", 6);
    check_string("\"\\u0000x\"", "\0x", 2);
    check_string("\"\\u00e4\\u20ac\\ud83d\\ude00\"", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9);
    check_string("\"\\ud83d!\\ude00\"", "\xef\xbf\xbd!\xef\xbf\xbd", 7);
    static const char *const bad[] = {"", "\"", "\"abc", "\"a\\\"", "\"a\\\\\\\"", "x\"a\""};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        walk = vf_json_over(bad[i], strlen(bad[i]));
        assert_false(vf_json_string(&walk, &text));
        assert_null(walk.at);
        assert_false(vf_json_skip(&walk));
    }
    static const char *const bad_escapes[] = {"\\x", "\\u12", "\\u12g4"};
    vf_buf_init(&out, 1000);
    for (size_t i = 0; i < sizeof(bad_escapes) / sizeof(bad_escapes[0]); i++) {
        text = (struct vf_json_text){bad_escapes[i], strlen(bad_escapes[i]), true};
        assert_false(vf_json_unescape(text, &out));
    }
    vf_buf_release(&out);
}

/* ---- walking ---- */

static const char answer[] =
    " {\"baton\" : null, \"results\":[ {\"type\":\"ok\", \"n\":-1.5e3, \"deep\":[[[{}]],{\"a\":[1,true]}]} , "
    "{\"type\":\"error\"}],\"base_url\":\"http:\\/\\/x\"} ";

/* Counts the elements of "results"; -1: the text isn't whole. */
static int walk_answer(const char *json, size_t size_bytes)
{
    struct vf_json walk = vf_json_over(json, size_bytes);
    struct vf_json_text name;
    bool first = true;
    int n = 0;
    if (!vf_json_take(&walk, '{'))
        return -1;
    while (vf_json_next_member(&walk, &first, &name)) {
        bool first_element = true;
        if (!vf_json_text_is(name, "results")) {
            if (!vf_json_skip(&walk))
                return -1;
            continue;
        }
        if (!vf_json_take(&walk, '['))
            return -1;
        while (vf_json_next_element(&walk, &first_element)) {
            if (!vf_json_skip(&walk))
                return -1;
            n++;
        }
    }
    return walk.at != NULL ? n : -1;
}

static void test_walking(void **state)
{
    size_t whole = strlen(answer) - 1; /* without the blank behind it */
    (void)state;
    assert_int_equal(walk_answer(answer, whole), 2);
    for (size_t n = 0; n < whole; n++) { /* in memory of its own, so that a step too far is seen */
        char *cut = malloc(n + 1);
        memcpy(cut, answer, n);
        assert_int_equal(walk_answer(cut, n), -1);
        free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_serde),   cmocka_unit_test(test_base64),
        cmocka_unit_test(test_strings), cmocka_unit_test(test_walking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
