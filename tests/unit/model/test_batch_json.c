#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "batch_tools.h"

/* The last value of the only column, as a person reads it. */
static void check(struct vf_batch *batch, const char *wanted)
{
    struct vf_buf out;

    vf_batch_end_row(batch);
    vf_buf_init(&out, VF_BUF_MAX);
    vf_array_to_json(&batch->columns[0], batch->n_rows - 1, &out);
    assert_int_equal(vf_buf_check(&out, NULL), VF_OK);
    assert_string_equal(out.data, wanted);
    vf_buf_release(&out);
    vf_batch_release(batch);
}

static void check_fixed(struct vf_type type, const void *value, const char *wanted)
{
    struct vf_batch batch;

    begin_batch(&batch, 1, &type);
    add_fixed(&batch, 0, value);
    check(&batch, wanted);
}

static void check_text(enum vf_kind kind, const char *text, const char *wanted)
{
    struct vf_batch batch;
    const struct vf_type type = {.kind = kind};

    begin_batch(&batch, 1, &type);
    add_text(&batch, 0, text);
    check(&batch, wanted);
}

static void test_null_and_bool(void **state)
{
    struct vf_batch batch;
    const struct vf_type type = {.kind = VF_K_BOOL};

    (void)state;
    begin_batch(&batch, 1, &type);
    add_null(&batch, 0);
    check(&batch, "null");
    begin_batch(&batch, 1, &type);
    add_bool(&batch, 0, true);
    check(&batch, "true");
}

static void test_numbers(void **state)
{
    const int8_t i8 = -128;
    const int16_t i16 = -129;
    const int32_t i32 = INT32_MIN;
    const int64_t i64 = INT64_MIN;
    const float f32 = 0.1F, nan32 = NAN;
    const double f64 = 0.1, infinite = (double)INFINITY;

    (void)state;
    check_fixed((struct vf_type){.kind = VF_K_I8}, &i8, "-128");
    check_fixed((struct vf_type){.kind = VF_K_I16}, &i16, "-129");
    check_fixed((struct vf_type){.kind = VF_K_I32}, &i32, "-2147483648");
    check_fixed((struct vf_type){.kind = VF_K_I64}, &i64, "-9223372036854775808");
    check_fixed((struct vf_type){.kind = VF_K_F32}, &f32, "0.1");
    check_fixed((struct vf_type){.kind = VF_K_F32}, &nan32, "\"nan\"");
    check_fixed((struct vf_type){.kind = VF_K_F64}, &f64, "0.1");
    check_fixed((struct vf_type){.kind = VF_K_F64}, &infinite, "\"inf\"");
    check_text(VF_K_DECIMAL, "-12.50", "-12.50");
    check_text(VF_K_DECIMAL, "0", "0");
    check_text(VF_K_DECIMAL, "0.5", "0.5");
    check_text(VF_K_DECIMAL, "NaN", "\"NaN\"");
    check_text(VF_K_DECIMAL, "007", "\"007\""); /* no JSON number */
    check_text(VF_K_DECIMAL, ".5", "\".5\"");
    check_text(VF_K_DECIMAL, "", "\"\"");
}

static void test_texts_and_bytes(void **state)
{
    const uint8_t uuid[16] = {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 1, 2, 3, 4, 5, 6, 7, 8};

    (void)state;
    check_text(VF_K_TEXT, "a \"b\" \xff", "\"a \\\"b\\\" \xef\xbf\xbd\"");
    check_text(VF_K_JSON, "{\"a\": 1}", "\"{\\\"a\\\": 1}\"");
    check_text(VF_K_ENUM, "happy", "\"happy\"");
    check_text(VF_K_ARRAY, "[1]", "\"[1]\"");
    check_text(VF_K_OTHER, "(1,2)", "\"(1,2)\"");
    check_text(VF_K_BLOB, "\x01\xff", "\"\\\\x01ff\"");
    check_text(VF_K_SPARSE, "\x01\x02", "\"\\\\x0102\"");
    check_fixed((struct vf_type){.kind = VF_K_UUID}, uuid, "\"12345678-9abc-def0-0102-030405060708\"");
}

static void test_times(void **state)
{
    const int32_t days = 19782;
    const int64_t us = INT64_C(47100250000);
    const struct vf_interval interval = {14, -3, 1};

    (void)state;
    check_fixed((struct vf_type){.kind = VF_K_DATE}, &days, "\"2024-02-29\"");
    check_fixed((struct vf_type){.kind = VF_K_TIME}, &us, "\"13:05:00.25\"");
    check_fixed((struct vf_type){.kind = VF_K_TIMESTAMP}, &us, "\"2000-01-01 13:05:00.25\"");
    check_fixed((struct vf_type){.kind = VF_K_TIMESTAMPTZ}, &us, "\"2000-01-01T13:05:00.25Z\"");
    check_fixed((struct vf_type){.kind = VF_K_INTERVAL}, &interval, "\"P1Y2M-3DT0.000001S\"");
}

static void test_vectors_are_written_whole(void **state)
{
    const float f32[10] = {0.1F, 1, -2.5F, 0, 0, 0, 0, 0, 0, 1e-7F};
    const double f64[2] = {0.1, 1e300};
    const int8_t i8[3] = {-1, 0, 127};

    (void)state;
    check_fixed((struct vf_type){.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 10}, f32,
                "[0.1,1,-2.5,0,0,0,0,0,0,1e-07]");
    check_fixed((struct vf_type){.kind = VF_K_VECTOR, .element = VF_E_F64, .dim = 2}, f64, "[0.1,1e+300]");
    check_fixed((struct vf_type){.kind = VF_K_VECTOR, .element = VF_E_I8, .dim = 3}, i8, "[-1,0,127]");
    check_fixed((struct vf_type){.kind = VF_K_VECTOR, .element = VF_E_BIT, .dim = 10}, "\xb1\xc0", "\"\\\\xb1c0\"");
}

static void test_keys(void **state)
{
    const struct vf_type types[] = {{.kind = VF_K_TEXT}, {.kind = VF_K_I64}, {.kind = VF_K_BOOL}};
    const size_t columns[] = {1, 0};
    const char *const names[] = {"id", "na\"me"};
    const int64_t id = INT64_C(9007199254740993);
    struct vf_batch batch;
    struct vf_buf out;

    (void)state;
    begin_batch(&batch, 3, types);
    add_text(&batch, 0, "x");
    add_fixed(&batch, 1, &id);
    add_bool(&batch, 2, false);
    vf_batch_end_row(&batch);
    vf_buf_init(&out, VF_BUF_MAX);
    vf_batch_key_json(&batch, 0, 2, columns, names, &out);
    assert_string_equal(out.data, "{\"id\": 9007199254740993, \"na\\\"me\": \"x\"}");
    vf_buf_clear(&out);
    vf_batch_key_json(&batch, 0, 0, columns, names, &out);
    assert_string_equal(out.data, "{}");
    vf_buf_release(&out);
    vf_batch_release(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_null_and_bool),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_texts_and_bytes),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_vectors_are_written_whole),
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
