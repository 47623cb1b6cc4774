#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"

static void test_append(void **state)
{
    struct vf_buf buf;

    (void)state;
    vf_buf_init(&buf, VF_BUF_MAX);
    assert_null(buf.data);
    vf_buf_str(&buf, "a");
    vf_buf_char(&buf, 'b');
    vf_buf_add(&buf, "c\0d", 3);
    vf_buf_add(&buf, NULL, 0);
    vf_buf_printf(&buf, "%d-%s", 12, "e");
    assert_int_equal(buf.size_bytes, 9);
    assert_memory_equal(buf.data, "abc\0d12-e", 10);
    assert_int_equal(vf_buf_check(&buf, NULL), VF_OK);
    vf_buf_clear(&buf);
    assert_int_equal(buf.size_bytes, 0);
    assert_string_equal(buf.data, "");
    vf_buf_release(&buf);
    vf_buf_release(&buf);
}

static void test_integers(void **state)
{
    struct vf_buf buf;

    (void)state;
    vf_buf_init(&buf, 100);
    vf_buf_be16(&buf, 0x0102);
    vf_buf_be32(&buf, 0xF3040506);
    vf_buf_be64(&buf, UINT64_C(0xF708090A0B0C0DFE));
    vf_buf_hex(&buf, "\x00\x9F\xFF", 3);
    assert_int_equal(buf.size_bytes, 20);
    assert_memory_equal(buf.data,
                        "\x01\x02\xF3\x04\x05\x06\xF7\x08\x09\x0A\x0B\x0C\x0D\xFE"
                        "009fff",
                        21);
    vf_buf_release(&buf);
}

static void test_maximum(void **state)
{
    struct vf_error err = {0};
    struct vf_buf buf;

    (void)state;
    vf_buf_init(&buf, 70);
    for (int i = 0; i < 70; i++)
        vf_buf_char(&buf, 'x');
    assert_int_equal(vf_buf_check(&buf, &err), VF_OK);
    assert_int_equal(buf.size_bytes, 70);
    assert_true(buf.cap_bytes <= 71);
    vf_buf_str(&buf, "y");
    vf_buf_str(&buf, "");
    assert_int_equal(buf.size_bytes, 70);
    assert_int_equal(vf_buf_check(&buf, &err), VF_SAFETY);
    assert_string_equal(err.message, "a text grew over its maximum of 70 bytes");
    assert_null(vf_buf_reserve(&buf, 0));
    vf_buf_clear(&buf);
    vf_buf_printf(&buf, "%0*d", 71, 1);
    assert_int_equal(vf_buf_check(&buf, NULL), VF_SAFETY);
    assert_int_equal(buf.size_bytes, 0);
    vf_buf_clear(&buf);
    vf_buf_hex(&buf, buf.data, SIZE_MAX);
    assert_int_equal(vf_buf_check(&buf, NULL), VF_SAFETY);
    assert_null(vf_buf_detach(&buf));
    assert_null(buf.data);
    vf_buf_release(&buf);
}

static void test_no_memory(void **state)
{
    struct vf_error err = {0};
    struct vf_buf buf;

    (void)state;
    vf_buf_init(&buf, 1000);
    vf_buf_str(&buf, "first");
    vf_alloc_fail_at(0, false);
    vf_buf_printf(&buf, "%0*d", 200, 1);
    vf_buf_str(&buf, "x");
    vf_alloc_fail_at(-1, false);
    assert_int_equal(vf_buf_check(&buf, &err), VF_NOMEM);
    assert_int_equal(err.status, VF_NOMEM);
    assert_string_equal(buf.data, "first"); /* what was there is still there */
    vf_buf_clear(&buf);
    vf_buf_str(&buf, "again");
    assert_int_equal(vf_buf_check(&buf, NULL), VF_OK);
    assert_string_equal(buf.data, "again");
    vf_buf_release(&buf);
}

static void test_detach(void **state)
{
    struct vf_buf buf;
    char *text;

    (void)state;
    vf_buf_init(&buf, 100);
    text = vf_buf_detach(&buf);
    assert_string_equal(text, "");
    vf_free(text);
    vf_buf_str(&buf, "mine");
    text = vf_buf_detach(&buf);
    assert_null(buf.data);
    assert_int_equal(buf.size_bytes, 0);
    assert_int_equal(buf.max_bytes, 100);
    assert_string_equal(text, "mine");
    vf_free(text);
}

static void test_reserve(void **state)
{
    struct vf_buf buf;
    char *to;

    (void)state;
    vf_buf_init(&buf, 5000);
    to = vf_buf_reserve(&buf, 4000);
    assert_non_null(to);
    memset(to, 'z', 4000);
    vf_buf_advance(&buf, 3);
    assert_string_equal(buf.data, "zzz");
    assert_null(vf_buf_reserve(&buf, SIZE_MAX));
    vf_buf_release(&buf);
}

static void check_json(const char *text, size_t size_bytes, const char *wanted)
{
    struct vf_buf buf;

    vf_buf_init(&buf, 1000);
    vf_buf_json_string(&buf, text, size_bytes);
    assert_int_equal(vf_buf_check(&buf, NULL), VF_OK);
    assert_string_equal(buf.data, wanted);
    vf_buf_release(&buf);
}

static void test_json(void **state)
{
    (void)state;
    check_json("", 0, "\"\"");
    check_json("a/b", 3, "\"a/b\"");
    check_json("\"\\\b\f\n\r\t", 7, "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
    check_json("\0\x1f\x7f", 3, "\"\\u0000\\u001f\\u007f\"");
    check_json("\xC3\xA9\xF0\x9F\x98\x80", 6, "\"\xC3\xA9\xF0\x9F\x98\x80\"");
    check_json("a\xFF\xED\xA0\x80z", 6, "\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\"");
    check_json("\xE2\x82", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

/* Any bytes become a JSON string that is UTF-8, has no control characters, and no quote or backslash but those of escapes. */
static void test_json_random(void **state)
{
    unsigned char bytes[64];
    uint64_t seed = 88172645463325252u;

    (void)state;
    for (int round = 0; round < 5000; round++) {
        struct vf_buf buf;
        size_t size_bytes;

        for (size_t i = 0; i < sizeof(bytes); i++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            bytes[i] = (unsigned char)(round % 2 == 0 ? seed : (seed & 0x3F) | 0x80 | (seed & 0x4000) >> 8);
        }
        size_bytes = seed % (sizeof(bytes) + 1);
        vf_buf_init(&buf, 1000);
        vf_buf_json_string(&buf, (const char *)bytes, size_bytes);
        assert_int_equal(vf_buf_check(&buf, NULL), VF_OK);
        assert_int_equal(vf_utf8_check(buf.data, buf.size_bytes), buf.size_bytes);
        assert_int_equal(strlen(buf.data), buf.size_bytes);
        for (size_t i = 1; i + 1 < buf.size_bytes; i++) {
            assert_true((unsigned char)buf.data[i] >= 0x20);
            if (buf.data[i] == '\\')
                i++;
            else
                assert_true(buf.data[i] != '"');
        }
        vf_buf_release(&buf);
    }
}

/* A long series of appends of all kinds against a plain model. */
static void test_random_appends(void **state)
{
    char *model = calloc(1, 40000);
    size_t model_bytes = 0;
    struct vf_buf buf;
    uint32_t seed = 12345;

    (void)state;
    assert_non_null(model);
    vf_buf_init(&buf, 39999);
    while (model_bytes < 30000) {
        size_t n = (seed >> 16) % 300;
        char byte = (char)('a' + seed % 26);

        seed = seed * 1103515245u + 12345u;
        char *to = vf_buf_reserve(&buf, n + seed % 1000);
        assert_non_null(to);
        memset(to, byte, n);
        vf_buf_advance(&buf, n);
        memset(model + model_bytes, byte, n);
        model_bytes += n;
        assert_int_equal(buf.size_bytes, model_bytes);
        assert_int_equal(buf.data[model_bytes], '\0');
        assert_true(buf.cap_bytes <= 40000);
    }
    assert_memory_equal(buf.data, model, model_bytes + 1);
    vf_buf_release(&buf);
    free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append),    cmocka_unit_test(test_integers),    cmocka_unit_test(test_maximum),
        cmocka_unit_test(test_no_memory), cmocka_unit_test(test_detach),      cmocka_unit_test(test_reserve),
        cmocka_unit_test(test_json),      cmocka_unit_test(test_json_random), cmocka_unit_test(test_random_appends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
