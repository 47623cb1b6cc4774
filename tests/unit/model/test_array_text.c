#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <string.h>

#include "model/array_text.h"

static const struct vf_array_shape flat3 = {1, {3}, {1}};

/* ---- writing ---- */

static void check_written(enum vf_kind kind, const struct vf_array_shape *shape, const char *const *elements, size_t n,
                          const char *wanted)
{
    struct vf_buf out;
    struct vf_array_writer writer;

    vf_buf_init(&out, VF_BUF_MAX);
    vf_array_write_begin(&writer, &out, kind, shape);
    for (size_t i = 0; i < n; i++)
        vf_array_write_element(&writer, elements[i], elements[i] != NULL ? strlen(elements[i]) : 0);
    vf_array_write_end(&writer);
    assert_int_equal(vf_buf_check(&out, NULL), VF_OK);
    assert_string_equal(out.data, wanted);
    vf_buf_release(&out);
}

static void check3(enum vf_kind kind, const char *a, const char *b, const char *c, const char *wanted)
{
    const char *const elements[] = {a, b, c};

    check_written(kind, &flat3, elements, 3, wanted);
}

static void test_elements_in_their_one_writing(void **state)
{
    (void)state;
    check3(VF_K_I32, "1", NULL, "-007", "[1,null,-7]");
    check3(VF_K_I64, "9223372036854775807", "-9223372036854775808", "+5",
           "[9223372036854775807,-9223372036854775808,5]");
    check3(VF_K_BOOL, "t", "false", NULL, "[true,false,null]");
    check3(VF_K_BOOL, "1", "0", "true", "[true,false,true]");
    check3(VF_K_F64, "1e2", "0.10000000000000001", "-0", "[100,0.1,-0]");
    check3(VF_K_F64, "NaN", "Infinity", "-inf", "[\"NaN\",\"Infinity\",\"-Infinity\"]");
    check3(VF_K_F32, "0.100000001", "16777216", "3.4028235e38", "[0.1,16777216,3.4028235e+38]");
    check3(VF_K_F32, "NaN", "-Infinity", "1e-45", "[\"NaN\",\"-Infinity\",1e-45]");
    check3(VF_K_DECIMAL, "1.50", "-.5", "007.", "[1.50,-0.5,7]");
    check3(VF_K_DECIMAL, "NaN", "Infinity", "+0.10", "[\"NaN\",\"Infinity\",0.10]");
    check3(VF_K_DECIMAL, "123456789012345678901234567890.123456789", "0", "00",
           "[123456789012345678901234567890.123456789,0,0]");
    check3(VF_K_TEXT, "a \"b\"", "", "\xc3\xa4\n/", "[\"a \\\"b\\\"\",\"\",\"\xc3\xa4\\n/\"]");
    check3(VF_K_BLOB, "\\x00FF", "\\x", NULL, "[\"\\\\x00ff\",\"\\\\x\",null]");
    check3(VF_K_UUID, "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}", NULL, NULL,
           "[\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\",null,null]");
    check3(VF_K_DATE, "2024-02-29", "0044-03-15 BC", "infinity", "[\"2024-02-29\",\"-0043-03-15\",\"infinity\"]");
    check3(VF_K_TIME, "13:05", NULL, NULL, "[\"13:05:00\",null,null]");
    check3(VF_K_TIMESTAMP, "2024-02-29T13:05:00.50", NULL, NULL, "[\"2024-02-29 13:05:00.5\",null,null]");
    check3(VF_K_TIMESTAMPTZ, "2024-02-29 18:05:00+05", NULL, NULL, "[\"2024-02-29T13:05:00Z\",null,null]");
    check3(VF_K_INTERVAL, "PT90M", NULL, NULL, "[\"PT1H30M\",null,null]");
    check3(VF_K_JSON, "{\"a\": 1}", "null", NULL, "[\"{\\\"a\\\": 1}\",\"null\",null]");
}

static void test_what_isn_t_of_the_kind_becomes_a_string(void **state)
{
    (void)state;
    check3(VF_K_I32, "1.5", "", "99999999999999999999", "[\"1.5\",\"\",\"99999999999999999999\"]");
    check3(VF_K_BOOL, "yes", "TRUE", "2", "[\"yes\",\"TRUE\",\"2\"]");
    check3(VF_K_DECIMAL, "1e5", "abc", "1,5", "[\"1e5\",\"abc\",\"1,5\"]");
    check3(VF_K_F32, "1e39", "x", "1e999", "[\"1e39\",\"x\",\"1e999\"]");
    check3(VF_K_DATE, "2024-02-30", "x", "", "[\"2024-02-30\",\"x\",\"\"]");
    check3(VF_K_TIMESTAMP, "2024-02-29 13:05:00Z", NULL, NULL, "[\"2024-02-29 13:05:00Z\",null,null]"); /* has a zone */
}

static void test_dimensions_and_bounds(void **state)
{
    const char *const elements[] = {"1", "2", "3", "4", "5", "6", "7", "8"};
    const struct vf_array_shape square = {2, {2, 3}, {1, 1}}, cube = {3, {2, 2, 2}, {1, 1, 1}},
                                bounds = {2, {1, 2}, {0, -1}}, column = {2, {3, 1}, {1, 1}}, none = {0},
                                hollow = {2, {2, 0}, {1, 1}}, six = {6, {1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 7}};

    (void)state;
    check_written(VF_K_I32, &square, elements, 6, "[[1,2,3],[4,5,6]]");
    check_written(VF_K_I32, &cube, elements, 8, "[[[1,2],[3,4]],[[5,6],[7,8]]]");
    check_written(VF_K_I32, &column, elements, 3, "[[1],[2],[3]]");
    check_written(VF_K_I32, &bounds, elements, 2, "{\"lower\":[0,-1],\"array\":[[1,2]]}");
    check_written(VF_K_I32, &six, elements, 1, "{\"lower\":[1,1,1,1,1,7],\"array\":[[[[[[1]]]]]]}");
    check_written(VF_K_I32, &none, elements, 0, "[]");
    check_written(VF_K_I32, &hollow, elements, 0, "[]");
}

static void test_a_wrong_number_of_elements_is_an_error(void **state)
{
    struct vf_array_writer writer;
    struct vf_buf out;

    (void)state;
    for (int n = 0; n < 5; n++) {
        vf_buf_init(&out, VF_BUF_MAX);
        vf_array_write_begin(&writer, &out, VF_K_I32, &flat3);
        for (int i = 0; i < n; i++)
            vf_array_write_element(&writer, "1", 1);
        vf_array_write_end(&writer);
        assert_int_equal(vf_buf_check(&out, NULL), n == 3 ? VF_OK : VF_INTERNAL);
        vf_buf_release(&out);
    }
}

/* ---- reading ---- */

/* Elements are put one after the other, each behind a bar; a NULL is a tilde. */
static enum vf_status collect(void *context, const char *text, size_t size_bytes, struct vf_error *err)
{
    struct vf_buf *found = context;

    (void)err;
    vf_buf_char(found, '|');
    vf_buf_add(found, text != NULL ? text : "~", text != NULL ? size_bytes : 1);
    return VF_OK;
}

static void check_read(enum vf_kind kind, const char *text, int n_dimensions, const int32_t *size, const int32_t *lower,
                       const char *wanted)
{
    struct vf_buf found;
    struct vf_array_shape shape = {0};
    struct vf_error err = {0};

    vf_buf_init(&found, VF_BUF_MAX);
    vf_buf_str(&found, "");
    if (vf_array_read(text, strlen(text), kind, &shape, collect, &found, &err) != VF_OK)
        fail_msg("%s: %s", text, err.message);
    assert_int_equal(shape.n_dimensions, n_dimensions);
    for (int d = 0; d < n_dimensions; d++) {
        assert_int_equal(shape.size[d], size[d]);
        assert_int_equal(shape.lower[d], lower != NULL ? lower[d] : 1);
    }
    assert_string_equal(found.data, wanted);
    vf_buf_release(&found);
}

static void test_arrays_are_read(void **state)
{
    const int32_t three[] = {3}, two_three[] = {2, 3}, one_two[] = {1, 2}, lower[] = {0, -1}, one[] = {1},
                  six[] = {1, 1, 1, 1, 1, 1}, two[] = {2};

    (void)state;
    check_read(VF_K_I32, "[]", 0, NULL, NULL, "");
    check_read(VF_K_I32, " [ ] ", 0, NULL, NULL, "");
    check_read(VF_K_I32, "[1,null,-7]", 1, three, NULL, "|1|~|-7");
    check_read(VF_K_I32, " [ 1 ,\n\tnull , -7 ]\r\n", 1, three, NULL, "|1|~|-7");
    check_read(VF_K_I32, "[[1,2,3],[4,5,6]]", 2, two_three, NULL, "|1|2|3|4|5|6");
    check_read(VF_K_I32, "[[[[[[1]]]]]]", 6, six, NULL, "|1");
    check_read(VF_K_I32, "{\"lower\":[0,-1],\"array\":[[1,2]]}", 2, one_two, lower, "|1|2");
    check_read(VF_K_I32, "{ \"lower\" : [ 0 , -1 ] , \"array\" : [ [1,2] ] }", 2, one_two, lower, "|1|2");
    check_read(VF_K_BOOL, "[true,false,null]", 1, three, NULL, "|true|false|~");
    check_read(VF_K_F64, "[1.5,-2e-3,\"NaN\"]", 1, three, NULL, "|1.5|-2e-3|NaN");
    check_read(VF_K_F32, "[\"Infinity\",\"-Infinity\",0]", 1, three, NULL, "|Infinity|-Infinity|0");
    check_read(VF_K_DECIMAL, "[1.50,\"NaN\",12345678901234567890.10]", 1, three, NULL,
               "|1.50|NaN|12345678901234567890.10");
    check_read(VF_K_TEXT, "[\"\",\"null\",null]", 1, three, NULL, "||null|~");
    check_read(VF_K_TEXT, "[\"[1,2]\",\"a,b\"]", 1, two, NULL, "|[1,2]|a,b");
    check_read(VF_K_TEXT, "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", 1, one, NULL, "|\"\\/\b\f\n\r\t");
    check_read(VF_K_TEXT, "[\"\\u0041\\u00e4\\u20AC\\ud83d\\ude00\"]", 1, one, NULL,
               "|A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    check_read(VF_K_BLOB, "[\"\\\\x00ff\"]", 1, one, NULL, "|\\x00ff");
    check_read(VF_K_I8, "[-128,127]", 1, two, NULL, "|-128|127");
    check_read(VF_K_I64, "[9223372036854775807]", 1, one, NULL, "|9223372036854775807");
}

static enum vf_status must_not_be_called(void *context, const char *text, size_t size_bytes, struct vf_error *err)
{
    (void)context;
    (void)text;
    (void)size_bytes;
    (void)err;
    fail_msg("an element was handed out of a text that is no array");
    return VF_OK;
}

static void check_refused(enum vf_kind kind, const char *text, const char *message)
{
    struct vf_array_shape shape = {.n_dimensions = 42};
    struct vf_error err = {0};

    if (vf_array_read(text, strlen(text), kind, &shape, must_not_be_called, NULL, &err) != VF_VALUE)
        fail_msg("%s was taken for an array", text);
    assert_string_equal(err.message, message);
    assert_int_equal(shape.n_dimensions, 42);
}

static void test_what_is_no_array(void **state)
{
    (void)state;
    check_refused(VF_K_I32, "", "not an array of i32: no opening bracket at byte 0");
    check_refused(VF_K_I32, "1", "not an array of i32: no opening bracket at byte 0");
    check_refused(VF_K_I32, "{1,2}", "not an array of i32: an object without \"lower\" in front at byte 1");
    check_refused(VF_K_I32, "[1", "not an array of i32: neither a comma nor a closing bracket at byte 2");
    check_refused(VF_K_I32, "[1 2]", "not an array of i32: neither a comma nor a closing bracket at byte 3");
    check_refused(VF_K_I32, "[1,]", "not an array of i32: something that is no number at byte 3");
    check_refused(VF_K_I32, "[1]]", "not an array of i32: something behind the array at byte 3");
    check_refused(VF_K_I32, "[[1,2],[3]]",
                  "not an array of i32: an array of another length than its neighbours at byte 10");
    check_refused(VF_K_I32, "[[1],2]", "not an array of i32: an element among arrays at byte 5");
    check_refused(VF_K_I32, "[1,[2]]", "not an array of i32: an array among elements at byte 4");
    check_refused(VF_K_I32, "[[[1]],[2]]", "not an array of i32: an element among arrays at byte 8");
    check_refused(VF_K_I32, "[[]]", "not an array of i32: something that is no number at byte 2");
    check_refused(VF_K_I32, "[[[[[[[1]]]]]]]", "not an array of i32: more than 6 dimensions at byte 7");
    check_refused(VF_K_TEXT, "[\"\xff\"]", "not an array of text: bytes that aren't UTF-8 at byte 2");
}

static void test_what_is_no_element(void **state)
{
    (void)state;
    check_refused(VF_K_I32, "[1.5]", "not an array of i32: a number that isn't whole at byte 1");
    check_refused(VF_K_I32, "[1e2]", "not an array of i32: a number that isn't whole at byte 1");
    check_refused(VF_K_I32, "[01]", "not an array of i32: something that is no number at byte 1");
    check_refused(VF_K_I32, "[+1]", "not an array of i32: something that is no number at byte 1");
    check_refused(VF_K_I32, "[2147483648]", "not an array of i32: a number out of range at byte 1");
    check_refused(VF_K_I8, "[-129]", "not an array of i8: a number out of range at byte 1");
    check_refused(VF_K_I64, "[9223372036854775808]", "not an array of i64: a number out of range at byte 1");
    check_refused(VF_K_I32, "[\"1\"]", "not an array of i32: something that is no number at byte 1");
    check_refused(VF_K_I32, "[true]", "not an array of i32: something that is no number at byte 1");
    check_refused(VF_K_F32, "[1e39]", "not an array of f32: a number out of range at byte 1");
    check_refused(VF_K_F64, "[1e400]", "not an array of f64: a number out of range at byte 1");
    check_refused(VF_K_F64, "[\"1\"]", "not an array of f64: a string that is no number at byte 4");
    check_refused(VF_K_F64, "[NaN]", "not an array of f64: something that is no number at byte 1");
    check_refused(VF_K_F64, "[1.]", "not an array of f64: something that is no number at byte 1");
    check_refused(VF_K_DECIMAL, "[1e2]", "not an array of decimal: a decimal with an exponent at byte 1");
    check_refused(VF_K_BOOL, "[1]", "not an array of bool: an element of another type at byte 1");
    check_refused(VF_K_BOOL, "[\"true\"]", "not an array of bool: an element of another type at byte 1");
    check_refused(VF_K_TEXT, "[1]", "not an array of text: an element of another type at byte 1");
    check_refused(VF_K_TEXT, "[\"a]", "not an array of text: a string without its end at byte 4");
    check_refused(VF_K_TEXT, "[\"\n\"]", "not an array of text: a control character at byte 2");
    check_refused(VF_K_TEXT, "[\"\\x\"]", "not an array of text: an unknown escape at byte 3");
    check_refused(VF_K_TEXT, "[\"\\ud83d\"]", "not an array of text: an escape that is no character at byte 8");
    check_refused(VF_K_TEXT, "[\"\\ude00\"]", "not an array of text: an escape that is no character at byte 8");
    check_refused(VF_K_TEXT, "[\"\\u12g4\"]", "not an array of text: an escape that is no character at byte 6");
}

static void test_what_is_no_bound(void **state)
{
    (void)state;
    check_refused(VF_K_I32, "{\"lower\":[],\"array\":[1]}",
                  "not an array of i32: a lower bound that is no 32-bit number at byte 10");
    check_refused(VF_K_I32, "{\"lower\":[2147483648],\"array\":[1]}",
                  "not an array of i32: a lower bound that is no 32-bit number at byte 10");
    check_refused(VF_K_I32, "{\"lower\":[0,0],\"array\":[1]}",
                  "not an array of i32: as many lower bounds as dimensions are wanted at byte 27");
    check_refused(VF_K_I32, "{\"lower\":[0],\"array\":[]}",
                  "not an array of i32: as many lower bounds as dimensions are wanted at byte 24");
    check_refused(VF_K_I32, "{\"lower\":[2147483647],\"array\":[1,2]}",
                  "not an array of i32: a lower bound that leaves no room for the elements at byte 36");
    check_refused(VF_K_I32, "{\"lower\":[0,0,0,0,0,0,0],\"array\":[1]}",
                  "not an array of i32: more than 6 lower bounds at byte 22");
    check_refused(VF_K_I32, "{\"lower\":[0]}", "not an array of i32: lower bounds without their end at byte 12");
    check_refused(VF_K_I32, "{\"lower\":[0],\"rows\":[1]}",
                  "not an array of i32: an object without \"array\" at byte 13");
    check_refused(VF_K_I32, "{\"lower\":[0],\"array\":[1]",
                  "not an array of i32: an object without its end at byte 24");
}

static enum vf_status refuse_the_second(void *context, const char *text, size_t size_bytes, struct vf_error *err)
{
    int *n = context;

    (void)text;
    (void)size_bytes;
    (*n)++;
    return *n == 2 ? vf_error_set(err, VF_CANCELLED, "enough") : VF_OK;
}

static void test_a_failing_reader_of_elements_stops_it(void **state)
{
    struct vf_array_shape shape;
    struct vf_error err = {0};
    int n = 0;

    (void)state;
    assert_int_equal(vf_array_read("[1,2,3]", 7, VF_K_I32, &shape, refuse_the_second, &n, &err), VF_CANCELLED);
    assert_string_equal(err.message, "enough");
    assert_int_equal(n, 2);
}

/* ---- both ---- */

static enum vf_status write_on(void *context, const char *text, size_t size_bytes, struct vf_error *err)
{
    (void)err;
    vf_array_write_element(context, text, size_bytes);
    return VF_OK;
}

/* The writer takes the shape when the first element comes: until then the reader has only found it. */
struct rewriting {
    struct vf_array_writer writer;
    struct vf_array_shape shape;
    struct vf_buf out;
    enum vf_kind kind;
    bool begun;
};

static enum vf_status rewrite_element(void *context, const char *text, size_t size_bytes, struct vf_error *err)
{
    struct rewriting *rewriting = context;

    if (!rewriting->begun)
        vf_array_write_begin(&rewriting->writer, &rewriting->out, rewriting->kind, &rewriting->shape);
    rewriting->begun = true;
    return write_on(&rewriting->writer, text, size_bytes, err);
}

static void test_what_is_written_is_read_back(void **state)
{
    static const struct {
        enum vf_kind kind;
        const char *text;
    } cases[] = {
        {VF_K_I32, "[[[1,2],[3,null]],[[5,6],[7,8]]]"},
        {VF_K_I64, "{\"lower\":[-5],\"array\":[1,2,3]}"},
        {VF_K_TEXT, "[\"a\\\"\\\\\\u0001\\n\",null,\"\xc3\xa4\"]"},
        {VF_K_F32, "[0.1,1e+20,\"NaN\",\"-Infinity\",-0,1.1754944e-38]"},
        {VF_K_F64, "[0.1,1e+300,2.2250738585072014e-308]"},
        {VF_K_BOOL, "[[true],[false]]"},
        {VF_K_TIMESTAMPTZ, "[\"2024-02-29T13:05:00Z\",\"-infinity\"]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rewriting rewriting = {.kind = cases[i].kind};
        struct vf_error err = {0};
        vf_buf_init(&rewriting.out, VF_BUF_MAX);
        assert_int_equal(vf_array_read(cases[i].text, strlen(cases[i].text), cases[i].kind, &rewriting.shape,
                                       rewrite_element, &rewriting, &err),
                         VF_OK);
        vf_array_write_end(&rewriting.writer);
        assert_int_equal(vf_buf_check(&rewriting.out, &err), VF_OK);
        assert_string_equal(rewriting.out.data, cases[i].text);
        vf_buf_release(&rewriting.out);
    }
}

static int use_a_decimal_comma(void **state)
{
    (void)state;
    setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is installed; elsewhere the tests run in the C locale twice */
    return 0;
}

static int use_the_c_locale(void **state)
{
    (void)state;
    setlocale(LC_ALL, "C");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements_in_their_one_writing),
        cmocka_unit_test_setup_teardown(test_elements_in_their_one_writing, use_a_decimal_comma, use_the_c_locale),
        cmocka_unit_test(test_what_isn_t_of_the_kind_becomes_a_string),
        cmocka_unit_test(test_dimensions_and_bounds),
        cmocka_unit_test(test_a_wrong_number_of_elements_is_an_error),
        cmocka_unit_test(test_arrays_are_read),
        cmocka_unit_test(test_what_is_no_array),
        cmocka_unit_test(test_what_is_no_element),
        cmocka_unit_test(test_what_is_no_bound),
        cmocka_unit_test(test_a_failing_reader_of_elements_stops_it),
        cmocka_unit_test(test_what_is_written_is_read_back),
        cmocka_unit_test_setup_teardown(test_what_is_written_is_read_back, use_a_decimal_comma, use_the_c_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
