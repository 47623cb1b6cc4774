/* The canonical bytes are spelled out by hand: a digest that was stored years ago must still be the digest of the same values. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "batch_tools.h"
#include "model/canon.h"

static struct vf_batch one;

static int release_one(void **state)
{
    (void)state;
    vf_batch_release(&one);
    return 0;
}

static void begin_one(struct vf_type type)
{
    vf_batch_release(&one);
    begin_batch(&one, 1, &type);
}

/* The canonical bytes of the last value of the only column, as hexadecimal digits. */
static void check(const char *hex)
{
    struct vf_buf bytes, digits;

    if (one.columns[0].n_values > one.n_rows)
        vf_batch_end_row(&one);
    vf_buf_init(&bytes, VF_BUF_MAX);
    vf_buf_init(&digits, VF_BUF_MAX);
    vf_canon_value(&one.columns[0], one.n_rows - 1, &bytes);
    vf_buf_hex(&digits, bytes.data, bytes.size_bytes);
    assert_string_equal(digits.data, hex);
    vf_buf_release(&bytes);
    vf_buf_release(&digits);
}

static void check_fixed(enum vf_kind kind, const void *value, const char *hex)
{
    begin_one((struct vf_type){.kind = kind});
    add_fixed(&one, 0, value);
    check(hex);
}

static void check_bytes(struct vf_type type, const char *text, const char *hex)
{
    begin_one(type);
    add_text(&one, 0, text);
    check(hex);
}

static void test_null_and_bool(void **state)
{
    (void)state;
    begin_one((struct vf_type){.kind = VF_K_BOOL});
    add_bool(&one, 0, true);
    check("0101");
    add_bool(&one, 0, false);
    check("0100");
    for (int kind = 0; kind < VF_KIND_COUNT; kind++) {
        begin_one((struct vf_type){.kind = (enum vf_kind)kind});
        add_null(&one, 0);
        check("00");
    }
}

static void test_integers_of_all_widths_alike(void **state)
{
    const int8_t i8 = -2;
    const int16_t i16 = -2;
    const int32_t i32 = -2;
    const int64_t i64 = -2, large = INT64_C(0x0123456789abcdef);

    (void)state;
    check_fixed(VF_K_I8, &i8, "02feffffffffffffff");
    check_fixed(VF_K_I16, &i16, "02feffffffffffffff");
    check_fixed(VF_K_I32, &i32, "02feffffffffffffff");
    check_fixed(VF_K_I64, &i64, "02feffffffffffffff");
    check_fixed(VF_K_I64, &large, "02efcdab8967452301");
}

static void test_floats(void **state)
{
    const float f32 = 1.5F, zero32 = 0.0F, minus32 = -0.0F;
    const double f64 = -1.5, infinite = (double)__builtin_inff();
    const uint32_t nans32[] = {0x7fc00000, 0xffc00000, 0x7f800001, 0xffffffff};
    const uint64_t nans64[] = {UINT64_C(0x7ff8000000000000), UINT64_C(0xfff8000000000000), UINT64_C(0x7ff0000000000001),
                               UINT64_C(0xffffffffffffffff)};

    (void)state;
    check_fixed(VF_K_F32, &f32, "030000c03f");
    check_fixed(VF_K_F32, &zero32, "0300000000");
    check_fixed(VF_K_F32, &minus32, "0300000080");
    check_fixed(VF_K_F64, &f64, "04000000000000f8bf");
    check_fixed(VF_K_F64, &infinite, "04000000000000f07f");
    for (int i = 0; i < 4; i++) {
        check_fixed(VF_K_F32, &nans32[i], "030000c07f");
        check_fixed(VF_K_F64, &nans64[i], "04000000000000f87f");
    }
}

static void test_times_and_uuid(void **state)
{
    const int32_t days = 19782;
    const int64_t us = INT64_C(86400000000);
    const struct vf_interval interval = {.months = -1, .days = 3, .microseconds = 256};
    const uint8_t uuid[16] = {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 1, 2, 3, 4, 5, 6, 7, 8};

    (void)state;
    check_fixed(VF_K_DATE, &days, "05464d0000");
    check_fixed(VF_K_TIME, &us, "060060d71d14000000");
    check_fixed(VF_K_TIMESTAMP, &us, "070060d71d14000000");
    check_fixed(VF_K_TIMESTAMPTZ, &us, "080060d71d14000000");
    check_fixed(VF_K_INTERVAL, &interval, "09ffffffff030000000001000000000000");
    check_fixed(VF_K_UUID, uuid, "0a123456789abcdef00102030405060708");
}

static void test_bytes_with_their_length(void **state)
{
    static const struct {
        enum vf_kind kind;
        const char *hex;
    } cases[] = {
        {VF_K_DECIMAL, "100300000000000000312e35"}, {VF_K_TEXT, "110300000000000000312e35"},
        {VF_K_BLOB, "120300000000000000312e35"},    {VF_K_JSON, "130300000000000000312e35"},
        {VF_K_ENUM, "140300000000000000312e35"},    {VF_K_ARRAY, "150300000000000000312e35"},
        {VF_K_OTHER, "160300000000000000312e35"},   {VF_K_SPARSE, "210300000000000000312e35"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_bytes((struct vf_type){.kind = cases[i].kind}, "1.5", cases[i].hex);
    check_bytes((struct vf_type){.kind = VF_K_TEXT}, "", "110000000000000000");
}

static void test_vectors_with_their_element(void **state)
{
    const float elements[2] = {1, -2};

    (void)state;
    begin_one((struct vf_type){.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 2});
    add_fixed(&one, 0, elements);
    check("200108000000000000000000803f000000c0");
    begin_one(
        (struct vf_type){.kind = VF_K_VECTOR, .element = VF_E_F32}); /* a column of varying dimension: equal bytes */
    OK(vf_array_add_bytes(&one.columns[0], elements, sizeof(elements), NULL));
    check("200108000000000000000000803f000000c0");
    begin_one((struct vf_type){.kind = VF_K_VECTOR, .element = VF_E_BIT, .dim = 10});
    add_fixed(&one, 0, "\xb1\xc0");
    check("20060200000000000000b1c0");
    check_bytes((struct vf_type){.kind = VF_K_VECTOR, .element = VF_E_F64}, "12345678",
                "200208000000000000003132333435363738");
    check_bytes((struct vf_type){.kind = VF_K_VECTOR, .element = VF_E_F16}, "12", "200302000000000000003132");
    check_bytes((struct vf_type){.kind = VF_K_VECTOR, .element = VF_E_BF16}, "12", "200402000000000000003132");
    check_bytes((struct vf_type){.kind = VF_K_VECTOR, .element = VF_E_I8}, "1", "2005010000000000000031");
}

enum { N_COLUMNS = 5 };
static const struct vf_type row_types[N_COLUMNS] = {
    {.kind = VF_K_I64},      {.kind = VF_K_TEXT},
    {.kind = VF_K_BOOL},     {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 8},
    {.kind = VF_K_INTERVAL},
};

static void add_rows(struct vf_batch *batch, int64_t n_rows)
{
    for (int64_t n = 0; n < n_rows; n++) {
        float elements[8] = {(float)n};
        char text[64];
        struct vf_interval interval = {1, 2, n};
        add_fixed(batch, 0, &n);
        snprintf(text, sizeof(text), "%.*s", (int)(n % 50), "a text that is longer in some rows than it is in others");
        add_text(batch, 1, text);
        if (n % 3 == 0)
            add_null(batch, 2);
        else
            add_bool(batch, 2, n % 2 == 0);
        add_fixed(batch, 3, elements);
        add_fixed(batch, 4, &interval);
        vf_batch_end_row(batch);
    }
}

/* vf_canon_rows() is the hash of the values' canonical bytes one after the other, whatever way it takes. */
static void test_rows_are_their_values(void **state)
{
    struct vf_batch batch;
    struct vf_buf scratch, bytes;
    struct vf_hash128 digests[300];
    const size_t all[N_COLUMNS] = {0, 1, 2, 3, 4}, backwards[2] = {1, 0};

    (void)state;
    vf_buf_init(&scratch, VF_BUF_MAX);
    vf_buf_init(&bytes, VF_BUF_MAX);
    begin_batch(&batch, N_COLUMNS, row_types);
    add_rows(&batch, 300);
    vf_buf_str(&scratch, "what was in it before");
    OK(vf_canon_rows(&batch, &scratch, digests, NULL));
    for (int64_t row = 0; row < 300; row++) {
        vf_buf_clear(&bytes);
        for (size_t i = 0; i < N_COLUMNS; i++)
            vf_canon_value(&batch.columns[i], row, &bytes);
        assert_true(vf_hash128_equal(digests[row], vf_hash128(bytes.data, bytes.size_bytes)));
        assert_true(vf_hash128_equal(digests[row], vf_canon_columns(&batch, row, N_COLUMNS, all, &scratch)));
    }
    vf_buf_clear(&bytes);
    vf_canon_value(&batch.columns[1], 7, &bytes);
    vf_canon_value(&batch.columns[0], 7, &bytes);
    assert_true(vf_hash128_equal(vf_hash128(bytes.data, bytes.size_bytes),
                                 vf_canon_columns(&batch, 7, 2, backwards, &scratch)));
    vf_batch_release(&batch);
    vf_buf_release(&scratch);
    vf_buf_release(&bytes);
}

/* XXH3-128 of 02 01 00.. 00 | 11 02 00.. 00 "hi" | 00, computed by a program of its own that calls libxxhash. */
static void test_the_digest_of_a_row_never_changes(void **state)
{
    const struct vf_type types[3] = {{.kind = VF_K_I64}, {.kind = VF_K_TEXT}, {.kind = VF_K_F64}};
    struct vf_batch batch;
    struct vf_buf scratch;
    struct vf_hash128 digest;
    char text[33];
    const int64_t id = 1;

    (void)state;
    vf_buf_init(&scratch, VF_BUF_MAX);
    begin_batch(&batch, 3, types);
    add_fixed(&batch, 0, &id);
    add_text(&batch, 1, "hi");
    add_null(&batch, 2);
    vf_batch_end_row(&batch);
    OK(vf_canon_rows(&batch, &scratch, &digest, NULL));
    vf_hash128_format(digest, text);
    assert_string_equal(text, "8777d2028da7fcb42149be509fe04a7e");
    vf_batch_release(&batch);
    vf_buf_release(&scratch);
}

static void test_sums_don_t_depend_on_order(void **state)
{
    const struct vf_hash128 a = {UINT64_MAX, 1}, b = {5, UINT64_MAX}, c = {7, 7};
    struct vf_digest left = {0}, right = {0}, other = {0};

    (void)state;
    vf_digest_add_row(&left, a);
    vf_digest_add_row(&left, b);
    vf_digest_add_row(&left, c);
    vf_digest_add_row(&right, c);
    vf_digest_add_row(&other, b);
    vf_digest_add_row(&other, a);
    vf_digest_merge(&right, other);
    assert_true(vf_digest_equal(left, right));
    vf_digest_add_row(&right, c);
    assert_false(vf_digest_equal(left, right)); /* a doubled row doesn't vanish */
    vf_digest_add_row(&right, c);
    assert_false(vf_digest_equal(left, right));
    vf_digest_subtract_row(&right, c);
    vf_digest_subtract_row(&right, c);
    assert_true(vf_digest_equal(left, right));
    assert_int_equal(left.n_rows, 3);
    assert_int_equal(left.sum.low, 11); /* UINT64_MAX + 5 + 7 with the carry into `high` */
    assert_int_equal(left.sum.high, 8);
}

/* The scratch grows with the rows: a text of 100,000 bytes after short ones. */
static void test_rows_that_outgrow_the_scratch(void **state)
{
    static char large[100000];
    const struct vf_type type = {.kind = VF_K_TEXT};
    const size_t column = 0;
    struct vf_batch batch;
    struct vf_buf scratch, other;
    struct vf_hash128 digests[2];

    (void)state;
    memset(large, 'x', sizeof(large));
    begin_batch(&batch, 1, &type);
    add_text(&batch, 0, "short");
    vf_batch_end_row(&batch);
    OK(vf_array_add_bytes(&batch.columns[0], large, sizeof(large), NULL));
    vf_batch_end_row(&batch);
    vf_buf_init(&scratch, VF_BUF_MAX);
    vf_buf_init(&other, VF_BUF_MAX);
    OK(vf_canon_rows(&batch, &scratch, digests, NULL));
    assert_true(vf_hash128_equal(digests[1], vf_canon_columns(&batch, 1, 1, &column, &other)));
    vf_buf_release(&scratch);
    vf_buf_release(&other);
    vf_batch_release(&batch);
}

static void test_no_memory_for_the_scratch(void **state)
{
    struct vf_batch batch;
    struct vf_buf scratch;
    struct vf_hash128 digests[60];
    struct vf_error err = {0};

    (void)state;
    begin_batch(&batch, N_COLUMNS, row_types);
    add_rows(&batch, 60);
    vf_buf_init(&scratch, VF_BUF_MAX);
    vf_alloc_fail_at(0, true);
    assert_int_equal(vf_canon_rows(&batch, &scratch, digests, &err), VF_NOMEM);
    vf_alloc_fail_at(-1, false);
    assert_int_equal(err.status, VF_NOMEM);
    OK(vf_canon_rows(&batch, &scratch, digests, &err)); /* the failure isn't remembered */
    vf_buf_release(&scratch);
    vf_batch_release(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_null_and_bool, release_one),
        cmocka_unit_test_teardown(test_integers_of_all_widths_alike, release_one),
        cmocka_unit_test_teardown(test_floats, release_one),
        cmocka_unit_test_teardown(test_times_and_uuid, release_one),
        cmocka_unit_test_teardown(test_bytes_with_their_length, release_one),
        cmocka_unit_test_teardown(test_vectors_with_their_element, release_one),
        cmocka_unit_test(test_rows_are_their_values),
        cmocka_unit_test(test_the_digest_of_a_row_never_changes),
        cmocka_unit_test(test_sums_don_t_depend_on_order),
        cmocka_unit_test(test_rows_that_outgrow_the_scratch),
        cmocka_unit_test(test_no_memory_for_the_scratch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
