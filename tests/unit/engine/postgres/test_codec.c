/* Values to the wire of binary COPY and back, against bytes that a server has sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "engine/postgres/codec.h"

static void expect_numeric(const char *text, const char *hex)
{
    struct vf_buf wire, shown, back;
    vf_buf_init(&wire, 1 << 20);
    vf_buf_init(&shown, 1 << 20);
    vf_buf_init(&back, 1 << 20);
    if (!vf_pg_numeric_from_text(text, strlen(text), &wire))
        fail_msg("%s isn't a numeric", text);
    vf_buf_hex(&shown, wire.data, wire.size_bytes);
    if (hex != NULL)
        assert_string_equal(shown.data, hex);
    assert_true(vf_pg_numeric_to_text((const uint8_t *)wire.data, wire.size_bytes, &back));
    assert_string_equal(back.data, text);
    vf_buf_release(&wire);
    vf_buf_release(&shown);
    vf_buf_release(&back);
}

/* The bytes are numeric_send()'s of PostgreSQL 18. */
static void test_numeric(void **state)
{
    (void)state;
    expect_numeric("12345.678", "00030001000000030001"
                                "09291a7c");
    expect_numeric("0", "0000000000000000");
    expect_numeric("0.00", "0000000000000002");
    expect_numeric("-0.001", "0001ffff40000003000a");
    expect_numeric("1.50", "0002000000000002"
                           "00011388");
    expect_numeric("10000", "0001000100000000"
                            "0001");
    expect_numeric("0.00000001", "0001fffe000000080001");
    expect_numeric("NaN", "00000000c0000000");
    expect_numeric("Infinity", "00000000d0000020");
    expect_numeric("-Infinity", "00000000f0000020");
    expect_numeric("-123456789012345678901234567890.123456789", NULL);
    expect_numeric("0.000000000000000000000000000000000000001", NULL);
    expect_numeric("99999999999999999999999999999999999999999999", NULL);
    expect_numeric("100.0000000000", NULL);
}

static void test_numeric_refused(void **state)
{
    static const char *const texts[] = {"", "-", ".", "1e5", "abc", "1.2.3", " 1", "0x10", "nan"};
    static const uint8_t broken[] = {0, 2, 0, 0, 0, 0, 0, 0, 0, 1};
    struct vf_buf out;
    (void)state;
    vf_buf_init(&out, 1000);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(vf_pg_numeric_from_text(texts[i], strlen(texts[i]), &out));
    assert_false(vf_pg_numeric_to_text(broken, sizeof(broken), &out));
    assert_false(vf_pg_numeric_to_text(broken, 3, &out));
    vf_buf_release(&out);
}

/* typmod: 4 + (precision << 16 | scale), the scale in 11 bits with a sign. */
static void test_numeric_rounding(void **state)
{
    const int32_t two = 4 + (12 << 16 | 2), minus_two = 4 + (5 << 16 | (-2 & 0x7ff));
    (void)state;
    assert_true(vf_pg_numeric_is_exact("1.55", 4, two));
    assert_true(vf_pg_numeric_is_exact("1.5500", 6, two));
    assert_false(vf_pg_numeric_is_exact("1.555", 5, two));
    assert_true(vf_pg_numeric_is_exact("1.555", 5, -1));
    assert_true(vf_pg_numeric_is_exact("12300", 5, minus_two));
    assert_false(vf_pg_numeric_is_exact("12340", 5, minus_two));
    assert_true(vf_pg_numeric_is_exact("NaN", 3, two));
}

static void expect_element(enum vf_pg_wire wire, enum vf_kind kind, const char *text)
{
    struct vf_buf bytes, back;
    vf_buf_init(&bytes, 1000);
    vf_buf_init(&back, 1000);
    if (!vf_pg_element_from_text(wire, kind, text, strlen(text), &bytes))
        fail_msg("%s is refused", text);
    assert_true(vf_pg_element_to_text(wire, kind, (const uint8_t *)bytes.data, bytes.size_bytes, &back));
    assert_string_equal(back.data, text);
    vf_buf_release(&bytes);
    vf_buf_release(&back);
}

static void test_elements(void **state)
{
    (void)state;
    expect_element(VF_PG_BOOL, VF_K_BOOL, "true");
    expect_element(VF_PG_I2, VF_K_I16, "-32768");
    expect_element(VF_PG_I4, VF_K_I32, "2147483647");
    expect_element(VF_PG_I8, VF_K_I64, "-9223372036854775808");
    expect_element(VF_PG_F4, VF_K_F32, "0.1");
    expect_element(VF_PG_F8, VF_K_F64, "0.1");
    expect_element(VF_PG_F8, VF_K_F64, "-Infinity");
    expect_element(VF_PG_F4, VF_K_F32, "NaN");
    expect_element(VF_PG_NUMERIC, VF_K_DECIMAL, "-1.50");
    expect_element(VF_PG_TEXT, VF_K_TEXT, "a \"b\"");
    expect_element(VF_PG_JSONB, VF_K_JSON, "{\"a\": 1}");
    expect_element(VF_PG_BYTEA, VF_K_BLOB, "\\x00ff");
    expect_element(VF_PG_UUID, VF_K_UUID, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
    expect_element(VF_PG_DATE, VF_K_DATE, "2024-02-29");
    expect_element(VF_PG_DATE, VF_K_DATE, "infinity");
    expect_element(VF_PG_TIME, VF_K_TIME, "23:59:59.999999");
    expect_element(VF_PG_TIMESTAMP, VF_K_TIMESTAMPTZ, "-infinity");
    expect_element(VF_PG_INTERVAL, VF_K_INTERVAL, "P1Y2M-3DT4H5M6.5S");
}

static void test_elements_refused(void **state)
{
    struct vf_buf out;
    (void)state;
    vf_buf_init(&out, 1000);
    assert_false(vf_pg_element_from_text(VF_PG_I2, VF_K_I16, "32768", 5, &out));
    assert_false(vf_pg_element_from_text(VF_PG_I4, VF_K_I32, "1.5", 3, &out));
    assert_false(vf_pg_element_from_text(VF_PG_BOOL, VF_K_BOOL, "yes", 3, &out));
    assert_false(vf_pg_element_from_text(VF_PG_F4, VF_K_F32, "1e39", 4, &out));
    assert_false(vf_pg_element_from_text(VF_PG_BYTEA, VF_K_BLOB, "\\xzz", 4, &out));
    assert_false(vf_pg_element_to_text(VF_PG_I4, VF_K_I32, (const uint8_t *)"ab", 2, &out));
    vf_buf_release(&out);
}

/* int4[] as a server sends it: '[0:1]={7,NULL}'. */
static void test_array(void **state)
{
    static const uint8_t wire[] = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0,   0,   0,   2,
                                   0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 7,  255, 255, 255, 255};
    const struct vf_pg_codec codec = {.wire = VF_PG_ARRAY,
                                      .type = {.kind = VF_K_ARRAY, .element_kind = VF_K_I32},
                                      .element_oid = 23,
                                      .element_wire = VF_PG_I4,
                                      .element_kind = VF_K_I32};
    struct vf_buf text, back;
    struct vf_error err = {0};
    (void)state;
    vf_buf_init(&text, 1000);
    vf_buf_init(&back, 1000);
    assert_int_equal(vf_pg_array_to_text(&codec, wire, sizeof(wire), &text, &err), VF_OK);
    assert_string_equal(text.data, "{\"lower\":[0],\"array\":[7,null]}");
    assert_int_equal(vf_pg_array_from_text(&codec, text.data, text.size_bytes, &back, &err), VF_OK);
    assert_int_equal(back.size_bytes, sizeof(wire));
    assert_memory_equal(back.data, wire, sizeof(wire));
    /* Cut off anywhere, it is refused and nothing beyond its end is read. */
    for (size_t n = 0; n < sizeof(wire); n++) {
        uint8_t *cut = vf_alloc(n + 1, 1);
        memcpy(cut, wire, n);
        uint8_t *exact = vf_realloc(cut, n > 0 ? n : 1, 1);
        vf_buf_clear(&text);
        assert_int_equal(vf_pg_array_to_text(&codec, exact, n, &text, &err), VF_VALUE);
        vf_free(exact);
    }
    vf_buf_release(&text);
    vf_buf_release(&back);
}

/* Dimensions, NULLs and lower bounds that no vector has. */
static void test_list(void **state)
{
    static const uint8_t wire[] = {0, 0, 0, 1, 0, 0, 0,  0,   0, 0, 2, 188, 0, 0, 0,   2,  0, 0,
                                   0, 1, 0, 0, 0, 4, 63, 128, 0, 0, 0, 0,   0, 4, 192, 32, 0, 0};
    const struct vf_type type = {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 2};
    const struct vf_pg_codec codec = {.wire = VF_PG_ARRAY, .type = type, .element_oid = 700, .element_wire = VF_PG_F4};
    struct vf_batch batch = {0};
    struct vf_buf scratch, out;
    struct vf_error err = {0};
    size_t size_bytes = 0;
    uint8_t broken[sizeof(wire)];
    (void)state;
    vf_buf_init(&scratch, 1000);
    vf_buf_init(&out, 1000);
    assert_int_equal(vf_batch_init(&batch, 1, &type, 10, 1000, &err), VF_OK);
    assert_int_equal(vf_pg_decode(&codec, wire, sizeof(wire), &batch.columns[0], &scratch, &err), VF_OK);
    vf_batch_end_row(&batch);
    const float wanted[] = {1.0F, -2.5F};
    assert_memory_equal(vf_array_value(&batch.columns[0], 0, &size_bytes), wanted, sizeof(wanted));
    assert_int_equal(vf_pg_encode(&codec, &batch.columns[0], 0, &out, &scratch, &err), VF_OK);
    assert_int_equal(out.size_bytes, sizeof(wire) + 4);
    assert_memory_equal(out.data + 4, wire, sizeof(wire));
    static const size_t where[] = {3, 19, 15, 20}; /* dimensions, lower bound, size, an element's length */
    for (size_t i = 0; i < 4; i++) {
        memcpy(broken, wire, sizeof(wire));
        broken[where[i]] = (uint8_t)(broken[where[i]] + 1);
        assert_int_equal(vf_pg_decode(&codec, broken, sizeof(broken), &batch.columns[0], &scratch, &err), VF_VALUE);
        assert_int_equal(batch.columns[0].n_values, 1);
    }
    vf_buf_release(&scratch);
    vf_buf_release(&out);
    vf_batch_release(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numeric),
        cmocka_unit_test(test_numeric_refused),
        cmocka_unit_test(test_numeric_rounding),
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_elements_refused),
        cmocka_unit_test(test_array),
        cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
