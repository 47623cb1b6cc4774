#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "random.h"
#include "vector/convert.h"
#include "vector/text.h"

#define MAX_DIM 16

static const struct vf_vector_text_options json = {.syntax = VF_VECTOR_JSON};
static const struct vf_vector_text_options pgvector = {.syntax = VF_VECTOR_PGVECTOR};

/* Without a NUL behind it, so that the address sanitizer sees a read beyond the end. */
static char *bare(const char *text)
{
    size_t size_bytes = strlen(text);
    char *copy = malloc(size_bytes > 0 ? size_bytes : 1);

    assert_non_null(copy);
    memcpy(copy, text, size_bytes);
    return copy;
}

static enum vf_status read_f32(const char *text, const struct vf_vector_text_options *options, float *out, size_t *dim,
                               struct vf_error *err)
{
    char *copy = bare(text);
    enum vf_status status = vf_vector_text_read_f32(copy, strlen(text), options, out, MAX_DIM, dim, err);

    free(copy);
    return status;
}

static void refuses(const char *text, const struct vf_vector_text_options *options, const char *message)
{
    float out[MAX_DIM];
    size_t dim = 77;
    struct vf_error err = {0};

    assert_int_equal(read_f32(text, options, out, &dim, &err), VF_VALUE);
    assert_int_equal(err.status, VF_VALUE);
    assert_string_equal(err.message, message);
    assert_int_equal(dim, 77);
    assert_int_equal(read_f32(text, options, out, &dim, NULL), VF_VALUE);
}

static void test_reads(void **state)
{
    float out[MAX_DIM];
    size_t dim = 0;
    struct vf_error err;

    (void)state;
    assert_int_equal(read_f32("[1,-2.5,-3e-4]", &json, out, &dim, &err), VF_OK);
    assert_int_equal(dim, 3);
    assert_true(out[0] == 1 && out[1] == -2.5f && out[2] == -3e-4f);
    assert_int_equal(read_f32(" \t\r\n[ 0.1 ,\n-0\t, 1E2 ]\n ", &json, out, &dim, &err), VF_OK);
    assert_int_equal(dim, 3);
    assert_true(out[0] == 0.1f && out[1] == 0 && signbit(out[1]) && out[2] == 100);
    assert_int_equal(read_f32("[1.00000017881393432617187499]", &json, out, &dim, &err), VF_OK);
    assert_int_equal(bits_of_f32(out[0]), 0x3f800001);
    assert_int_equal(read_f32("[+1,.5,1.,01,-.5e1]", &pgvector, out, &dim, &err), VF_OK);
    assert_int_equal(dim, 5);
    assert_true(out[0] == 1 && out[1] == 0.5f && out[2] == 1 && out[3] == 1 && out[4] == -5);
    assert_int_equal(read_f32("[1e-60,1e-45,3.4028235e38]", &json, out, &dim, &err), VF_OK);
    assert_int_equal(bits_of_f32(out[0]), 0);
    assert_int_equal(bits_of_f32(out[1]), 1);
    assert_int_equal(bits_of_f32(out[2]), 0x7f7fffff);
}

static void test_refuses_broken_text(void **state)
{
    (void)state;
    refuses("", &json, "vector text: empty text");
    refuses("  \n", &json, "vector text: empty text");
    refuses("[", &json, "vector text: the text ends at offset 1, before the vector does");
    refuses("[1,2", &json, "vector text: the text ends at offset 4, before the vector does");
    refuses("[1,2,", &json, "vector text: the text ends at offset 5, before the vector does");
    refuses("[-", &json, "vector text: the text ends at offset 2, before the vector does");
    refuses("[]", &json, "vector text: empty vector");
    refuses(" [ ]", &json, "vector text: empty vector");
    refuses("[1,,2]", &json, "vector text: unexpected character \",\" at offset 3");
    refuses("[1,2,]", &json, "vector text: unexpected character \"]\" at offset 5");
    refuses("[,1]", &json, "vector text: unexpected character \",\" at offset 1");
    refuses("[1 2]", &json, "vector text: unexpected character \"2\" at offset 3");
    refuses("{1,2}", &json, "vector text: expected \"[\" at offset 0");
    refuses("1,2", &json, "vector text: expected \"[\" at offset 0");
    refuses("null", &json, "vector text: expected \"[\" at offset 0");
    refuses("\xef\xbb\xbf[1]", &json, "vector text: expected \"[\" at offset 0");
    refuses("[1] x", &json, "vector text: trailing bytes at offset 4");
    refuses("[1][2]", &json, "vector text: trailing bytes at offset 3");
    refuses("[[1,2],[3]]", &json, "vector text: nested array at offset 1");
    refuses("[1,[2]]", &json, "vector text: nested array at offset 3");
    refuses("[\"1\"]", &json, "vector text: unexpected character \"\"\" at offset 1");
    refuses("[true]", &json, "vector text: unexpected character \"t\" at offset 1");
    refuses("[1;2]", &json, "vector text: unexpected character \";\" at offset 2");
    refuses("[1\x01]", &json, "vector text: unexpected byte 0x01 at offset 2");
    refuses("[1,\xff]", &json, "vector text: unexpected byte 0xff at offset 3");
    refuses("[1,\v2]", &json, "vector text: unexpected byte 0x0b at offset 3");
    refuses("[1e]", &json, "vector text: unexpected character \"]\" at offset 3");
}

static void test_refuses_what_is_no_number(void **state)
{
    (void)state;
    refuses("[1,null,2]", &json, "vector text: null element at offset 3");
    refuses("[NULL]", &pgvector, "vector text: null element at offset 1");
    refuses("[1,NaN]", &json, "vector text: NaN at offset 3");
    refuses("[nan]", &pgvector, "vector text: NaN at offset 1");
    refuses("[Infinity]", &json, "vector text: Infinity at offset 1");
    refuses("[1,-Infinity]", &json, "vector text: Infinity at offset 4");
    refuses("[-inf]", &pgvector, "vector text: Infinity at offset 2");
    refuses("[0x1p3]", &json, "vector text: unexpected character \"x\" at offset 2");
    refuses("[0x1p3]", &pgvector, "vector text: unexpected character \"x\" at offset 2");
    refuses("[0, 1e39]", &json, "vector text: number too large for f32 at offset 4");
    refuses("[-3.4028236e38]", &pgvector, "vector text: number too large for f32 at offset 1");
    refuses("[1e400]", &json, "vector text: number too large for f32 at offset 1");
    refuses("[1,5;2]", &json, "vector text: unexpected character \";\" at offset 4");
}

static void test_json_is_stricter_than_pgvector(void **state)
{
    (void)state;
    refuses("[+1]", &json, "vector text: unexpected character \"+\" at offset 1");
    refuses("[.5]", &json, "vector text: unexpected character \".\" at offset 1");
    refuses("[1.]", &json, "vector text: unexpected character \"]\" at offset 3");
    refuses("[01]", &json, "vector text: unexpected character \"1\" at offset 2");
    refuses("[+-1]", &pgvector, "vector text: unexpected character \"-\" at offset 2");
    refuses("[.]", &pgvector, "vector text: unexpected character \"]\" at offset 2");
}

static void test_dimensions(void **state)
{
    const struct vf_vector_text_options three = {.expected_dim = 3};
    float out[MAX_DIM];
    size_t dim = 0;
    struct vf_error err;

    (void)state;
    assert_int_equal(read_f32("[1,2,3]", &three, out, &dim, &err), VF_OK);
    assert_int_equal(dim, 3);
    refuses("[1,2]", &three, "vector text: expected 3 dimensions, found 2");
    refuses("[1,2,3,4]", &three, "vector text: expected 3 dimensions, found 4");
    refuses("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18]", &three, "vector text: expected 3 dimensions, found 18");
    refuses("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18]", &json,
            "vector text: 18 dimensions, at most 16 are possible");
    /* The rest is looked at all the same. */
    refuses("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,1e99]", &json,
            "vector text: number too large for f32 at offset 43");
    assert_int_equal(read_f32("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]", &json, out, &dim, &err), VF_OK);
    assert_int_equal(dim, 16);
    assert_true(out[15] == 16);
}

static void test_a_megabyte_of_spaces(void **state)
{
    enum { SIZE = 1 << 20 };
    char *text = malloc(SIZE);
    float out[MAX_DIM];
    size_t dim = 0;
    struct vf_error err;

    (void)state;
    assert_non_null(text);
    memset(text, ' ', SIZE);
    text[SIZE / 8] = '[';
    text[SIZE / 4] = '1';
    text[SIZE / 2] = ',';
    text[SIZE - 3] = '2';
    text[SIZE - 1] = ']';
    assert_int_equal(vf_vector_text_read_f32(text, SIZE, &json, out, MAX_DIM, &dim, &err), VF_OK);
    assert_int_equal(dim, 2);
    assert_int_equal(vf_vector_text_count(text, SIZE), 2);
    text[SIZE - 1] = ' ';
    assert_int_equal(vf_vector_text_read_f32(text, SIZE, &json, out, MAX_DIM, &dim, &err), VF_VALUE);
    assert_string_equal(err.message, "vector text: the text ends at offset 1048576, before the vector does");
    free(text);
}

/* Every prefix and every change of one byte of a good text: no crash, no read beyond the end, and success only with three numbers. */
static void test_hostile_texts(void **state)
{
    const char *good = "[ -1.5e-3 ,+0.25, 123456789012345678901234567890.5 ]";
    char text[64];
    float out[MAX_DIM];
    size_t size_bytes = strlen(good);
    struct vf_error err;

    (void)state;
    for (size_t size = 0; size < size_bytes; size++) {
        size_t dim = 0;

        snprintf(text, sizeof(text), "%.*s", (int)size, good);
        assert_int_equal(read_f32(text, &pgvector, out, &dim, &err), VF_VALUE);
    }
    for (size_t place = 0; place < size_bytes; place++) {
        for (int c = 1; c < 256; c++) {
            size_t dim = 0;

            snprintf(text, sizeof(text), "%s", good);
            text[place] = (char)c;
            if (read_f32(text, &pgvector, out, &dim, &err) == VF_OK)
                assert_in_range(dim, 2, 5);
        }
    }
}

static void test_count(void **state)
{
    (void)state;
    assert_int_equal(vf_vector_text_count("[1,2,3]", 7), 3);
    assert_int_equal(vf_vector_text_count(" [1]", 4), 1);
    assert_int_equal(vf_vector_text_count("[ ]", 3), 0);
    assert_int_equal(vf_vector_text_count("[", 1), 0);
    assert_int_equal(vf_vector_text_count("", 0), 0);
    assert_int_equal(vf_vector_text_count("1,2", 3), 0);
}

static void test_stats(void **state)
{
    struct vf_vector_text_stats stats = {0};
    struct vf_vector_text_options options = {.syntax = VF_VECTOR_JSON, .stats = &stats};
    float out[MAX_DIM];
    size_t dim;
    struct vf_error err;

    (void)state;
    assert_int_equal(read_f32("[0.1,0.25,0.10000000149011612,-3]", &options, out, &dim, &err), VF_OK);
    assert_int_equal(stats.n_numbers, 4);
    assert_int_equal(stats.n_inexact, 0);
    assert_true(stats.max_relative_error == 0);
    assert_int_equal(read_f32("[0.30000000000000004,1]", &options, out, &dim, &err), VF_OK);
    assert_int_equal(read_f32("[0.123456789012345]", &options, out, &dim, &err), VF_OK);
    assert_int_equal(stats.n_numbers, 7);
    assert_int_equal(stats.n_inexact, 2);
    assert_in_range((uintmax_t)(stats.max_relative_error * 1e12), 1, 59605); /* at most 2^-24 */
}

static void test_f64(void **state)
{
    double out[4];
    size_t dim = 0;
    struct vf_error err;
    const char *text = "[0.1,-0,1.7976931348623157e308,5e-324]";

    (void)state;
    assert_int_equal(vf_vector_text_read_f64(text, strlen(text), &json, out, 4, &dim, &err), VF_OK);
    assert_int_equal(dim, 4);
    assert_true(out[0] == 0.1 && out[1] == 0 && signbit(out[1]) && out[2] == 1.7976931348623157e308 &&
                out[3] == 5e-324);
    assert_int_equal(vf_vector_text_read_f64("[1,1e309]", 9, &json, out, 4, &dim, &err), VF_VALUE);
    assert_string_equal(err.message, "vector text: number too large for f64 at offset 3");
}

static void test_i8(void **state)
{
    static const char *const bad[] = {"[128]",        "[-129]",
                                      "[1.5]",        "[1e3]",
                                      "[0.1]",        "[127.00000000000000000000000001]",
                                      "[1e-1]",       "[100000000000000000000000]",
                                      "[1e999999999]"};
    int8_t out[16];
    size_t dim = 0;
    struct vf_error err;
    const char *text = "[127,-128,0,-0,1e2,1.0,-12800e-2,0e5,127.00000000000000000000000000]";

    (void)state;
    assert_int_equal(vf_vector_text_read_i8("[128]", 5, &json, out, 16, &dim, &err), VF_VALUE);
    assert_string_equal(err.message, "vector text: not an integer from -128 to 127 at offset 1");
    assert_int_equal(vf_vector_text_read_i8(text, strlen(text), &json, out, 16, &dim, &err), VF_OK);
    assert_int_equal(dim, 9);
    assert_memory_equal(out, ((int8_t[]){127, -128, 0, 0, 100, 1, -128, 0, 127}), 9);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(vf_vector_text_read_i8(bad[i], strlen(bad[i]), &json, out, 16, &dim, &err), VF_VALUE);
}

static void test_bits(void **state)
{
    unsigned char out[2] = {0xff, 0xff};
    size_t dim = 0;
    struct vf_error err;

    (void)state;
    assert_int_equal(vf_vector_text_read_bits("1011000111", 10, out, 16, &dim, &err), VF_OK);
    assert_int_equal(dim, 10);
    assert_memory_equal(out, "\xb1\xc0", 2);
    assert_int_equal(vf_vector_text_read_bits("10x1", 4, out, 16, &dim, &err), VF_VALUE);
    assert_string_equal(err.message, "vector text: unexpected character \"x\" at offset 2");
    assert_int_equal(vf_vector_text_read_bits("10101010101010101", 17, out, 16, &dim, &err), VF_VALUE);
    assert_string_equal(err.message, "vector text: 17 bits, at most 16 are possible");
    assert_int_equal(vf_vector_text_read_bits("", 0, out, 16, &dim, &err), VF_VALUE);
}

static void writes(enum vf_element element, const void *values, size_t dim, const char *expected)
{
    struct vf_buf buf;
    struct vf_error err;

    vf_buf_init(&buf, VF_BUF_MAX);
    assert_int_equal(vf_vector_text_write(&buf, element, values, dim, &err), VF_OK);
    assert_string_equal(buf.data, expected);
    assert_int_equal(buf.size_bytes, strlen(expected));
    vf_buf_release(&buf);
}

static void test_writes(void **state)
{
    const uint16_t halves[] = {0x3c00, 0xc100, 0x2e66, 0x8000};
    const uint16_t brains[] = {0x3f80, 0xc020, 0x3dcd};

    (void)state;
    writes(VF_E_F32, (const float[]){1, -2.5f, 0.1f, -0.0f}, 4, "[1,-2.5,0.1,-0]");
    writes(VF_E_F64, (const double[]){0.1, 1e300}, 2, "[0.1,1e300]");
    writes(VF_E_F16, halves, 4, "[1,-2.5,0.099975586,-0]");
    writes(VF_E_BF16, brains, 3, "[1,-2.5,0.100097656]");
    writes(VF_E_I8, (const int8_t[]){-128, -1, 0, 7, 42, 127}, 6, "[-128,-1,0,7,42,127]");
    writes(VF_E_BIT, "\xb1\xc0", 10, "1011000111");
}

static void test_is_shortest(void **state)
{
    static const struct {
        const char *text;
        bool is_shortest;
    } cases[] = {{"[1,-2.5,0.1]", true},
                 {"[1e-7,3.4028235e38,-0]", true},
                 {"[1.0,2]", false},
                 {"[1, 2]", false},
                 {" [1,2]", false},
                 {"[1,2] ", false},
                 {"[0.10000000149011612,2]", false},
                 {"[1,2e0]", false},
                 {"[1E5,2]", false},
                 {"[1,20.0]", false}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct vf_vector_text_options options = {.syntax = VF_VECTOR_JSON};
        float values[4];
        size_t dim, size_bytes = strlen(cases[i].text);
        assert_int_equal(vf_vector_text_read_f32(cases[i].text, size_bytes, &options, values, 4, &dim, NULL), VF_OK);
        if (vf_vector_text_is_shortest(cases[i].text, size_bytes, values, dim) != cases[i].is_shortest)
            fail_msg("%s", cases[i].text);
    }
}

static void test_write_refuses_nonfinite(void **state)
{
    const float values[] = {1, 2, -INFINITY};
    struct vf_buf buf;
    struct vf_error err;

    (void)state;
    vf_buf_init(&buf, VF_BUF_MAX);
    vf_buf_str(&buf, "x");
    assert_int_equal(vf_vector_text_write(&buf, VF_E_F32, values, 3, &err), VF_VALUE);
    assert_string_equal(err.message, "element 2 of the vector is -Infinity, which has no text form");
    assert_int_equal(buf.size_bytes, 1);
    vf_buf_release(&buf);
}

static void test_write_without_memory(void **state)
{
    const float values[] = {1, 2, 3};
    struct vf_buf buf;
    struct vf_error err;

    (void)state;
    vf_buf_init(&buf, VF_BUF_MAX);
    vf_alloc_fail_at(0, true);
    assert_int_equal(vf_vector_text_write(&buf, VF_E_F32, values, 3, &err), VF_NOMEM);
    assert_int_equal(vf_vector_text_write(&buf, VF_E_BIT, values, 3, &err), VF_NOMEM);
    vf_alloc_fail_at(-1, false);
    vf_buf_release(&buf);
}

/* Whole vectors of random bits, through the writer and the reader. */
static void test_round_trip(void **state)
{
    enum { DIM = 1000 };
    static float in[DIM], out[DIM];
    uint64_t seed = 11;
    struct vf_buf buf;
    struct vf_error err;

    (void)state;
    vf_buf_init(&buf, VF_BUF_MAX);
    for (uint64_t round = 0; round < how_many(50, 10000); round++) {
        size_t dim = 0;

        for (size_t i = 0; i < DIM; i++) {
            do
                in[i] = f32_of_bits((uint32_t)random_bits(&seed));
            while (!isfinite(in[i]));
        }
        vf_buf_clear(&buf);
        assert_int_equal(vf_vector_text_write(&buf, VF_E_F32, in, DIM, &err), VF_OK);
        assert_int_equal(vf_vector_text_count(buf.data, buf.size_bytes), DIM);
        assert_int_equal(
            vf_vector_text_read_f32(buf.data, buf.size_bytes, round % 2 == 0 ? &json : &pgvector, out, DIM, &dim, &err),
            VF_OK);
        assert_int_equal(dim, DIM);
        assert_memory_equal(in, out, sizeof(in));
    }
    vf_buf_release(&buf);
}

/* Every half keeps its bits through text, by way of float32. */
static void test_round_trip_of_halves(void **state)
{
    struct vf_buf buf;
    struct vf_error err;

    (void)state;
    vf_buf_init(&buf, VF_BUF_MAX);
    for (unsigned bits = 0; bits < 65536; bits++) {
        uint16_t half = (uint16_t)bits;
        float value = 0;
        size_t dim = 0;

        for (int is_brain = 0; is_brain < 2; is_brain++) {
            enum vf_element element = is_brain ? VF_E_BF16 : VF_E_F16;

            if (vf_find_nonfinite(element, &half, 1) >= 0)
                continue;
            vf_buf_clear(&buf);
            assert_int_equal(vf_vector_text_write(&buf, element, &half, 1, &err), VF_OK);
            assert_int_equal(vf_vector_text_read_f32(buf.data, buf.size_bytes, &json, &value, 1, &dim, &err), VF_OK);
            assert_int_equal(is_brain ? vf_bf16_from_f32(value) : vf_f16_from_f32(value), half);
        }
    }
    vf_buf_release(&buf);
}

static void test_german_locale(void **state)
{
    (void)state;
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL && setlocale(LC_ALL, "de_DE.utf8") == NULL &&
        setlocale(LC_ALL, "de_DE") == NULL) {
        print_message("no German locale is installed\n");
        skip();
    }
    test_reads(state);
    test_writes(state);
    assert_non_null(setlocale(LC_ALL, "C"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_refuses_broken_text),
        cmocka_unit_test(test_refuses_what_is_no_number),
        cmocka_unit_test(test_json_is_stricter_than_pgvector),
        cmocka_unit_test(test_dimensions),
        cmocka_unit_test(test_a_megabyte_of_spaces),
        cmocka_unit_test(test_hostile_texts),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_stats),
        cmocka_unit_test(test_f64),
        cmocka_unit_test(test_i8),
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_writes),
        cmocka_unit_test(test_is_shortest),
        cmocka_unit_test(test_write_refuses_nonfinite),
        cmocka_unit_test(test_write_without_memory),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_round_trip_of_halves),
        cmocka_unit_test(test_german_locale),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
