/* libSQL's blobs, byte by byte: the expected bytes were written by libSQL 0.2 itself, for [1, -2.5, 0] where nothing else is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/sqlitesql/libsql_vector.h"
#include "vector/sparse.h"

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++) {
        unsigned byte = 0;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
    return n;
}

static struct vf_libsql_vector parse(const char *hex, uint8_t *bytes)
{
    struct vf_libsql_vector vector = {0};
    struct vf_error err = {0};
    size_t size_bytes = from_hex(hex, bytes);
    if (vf_libsql_vector_parse(bytes, size_bytes, &vector, &err) != VF_OK)
        fail_msg("%s: %s", hex, err.message);
    return vector;
}

static void expect(const char *hex, enum vf_libsql_type type, enum vf_element element, size_t dim, const void *neutral)
{
    uint8_t bytes[128], out[128];
    struct vf_error err = {0};
    struct vf_libsql_vector vector = parse(hex, bytes);
    assert_int_equal(vector.type, type);
    assert_int_equal(vector.element, element);
    assert_int_equal(vector.dim, dim);
    assert_int_equal(vf_libsql_vector_unpack(&vector, out, &err), VF_OK);
    assert_memory_equal(out, neutral, vf_element_bytes(element, dim));
}

static void every_encoding_is_read(void **state)
{
    static const float f32[] = {1, -2.5f, 0};
    static const double f64[] = {1, -2.5, 0};
    static const uint16_t f16[] = {0x3c00, 0xc100, 0};
    static const uint16_t bf16[] = {0x3f80, 0xc020, 0};
    static const uint8_t bit[] = {0x80}; /* the first bit is the highest one here, and the lowest one there */
    (void)state;
    expect("0000803f000020c000000000", VF_LIBSQL_F32, VF_E_F32, 3, f32);
    expect("0000803f000020c00000000001", VF_LIBSQL_F32, VF_E_F32, 3, f32);
    expect("000000000000f03f00000000000004c0000000000000000002", VF_LIBSQL_F64, VF_E_F64, 3, f64);
    expect("010d03", VF_LIBSQL_BIT, VF_E_BIT, 3, bit);
    expect("003c00c1000005", VF_LIBSQL_F16, VF_E_F16, 3, f16);
    expect("803f20c0000006", VF_LIBSQL_BF16, VF_E_BF16, 3, bf16);
}

/* x = alpha * q + shift, in float32, each operation rounded by itself; vector_extract(vector8('[1,-2.5,0]')) shows [1,-2.5,-0.00196075]. */
static void float8_is_what_libsql_makes_of_it(void **state)
{
    static const float expected[] = {1, -2.5f, -0x1.01p-9f};
    uint8_t bytes[64];
    float out[3];
    struct vf_error err = {0};
    (void)state;
    expect("ff00b600e1e0603c000020c0000104", VF_LIBSQL_F8, VF_E_F32, 3, expected);
    expect("ff00b6e0e1e0603c000020c0000104", VF_LIBSQL_F8, VF_E_F32, 3, expected);   /* the padding is anybody's */
    struct vf_libsql_vector vector = parse("ff00b61ce1e0603c000020c0000004", bytes); /* no padding: that is a number */
    assert_int_equal(vector.dim, 4);
    vector =
        parse("030000000000803f0000c07f000304", bytes); /* Not finite: the values are, and somebody else refuses them */
    assert_int_equal(vector.dim, 1);
    assert_int_equal(vf_libsql_vector_unpack(&vector, out, &err), VF_OK);
    assert_true(out[0] != out[0]);
}

static void refuse(const char *hex, const char *message)
{
    uint8_t bytes[128];
    struct vf_libsql_vector vector = {.dim = 77};
    struct vf_error err = {0};
    size_t size_bytes = from_hex(hex, bytes);
    assert_int_equal(vf_libsql_vector_parse(bytes, size_bytes, &vector, &err), VF_VALUE);
    assert_string_equal(err.message, message);
    assert_int_equal(vector.dim, 77);
}

static void what_is_no_vector_is_refused(void **state)
{
    (void)state;
    refuse("", "0 bytes are no float32 vector of libSQL");
    refuse("0000803f0000", "6 bytes are no float32 vector of libSQL");
    refuse("01", "1 bytes are no float32 vector of libSQL");
    refuse("0000803f000001", "7 bytes are no float32 vector of libSQL");
    refuse("0000803f000002", "7 bytes are no float64 vector of libSQL");
    refuse("0d03", "2 bytes are no float32 vector of libSQL");
    refuse("03", "1 bytes are no 1bit vector of libSQL");
    refuse("010703", "3 bytes are no 1bit vector of libSQL"); /* the counting byte itself isn't counted */
    refuse("011003", "3 bytes are no 1bit vector of libSQL"); /* no dimensions at all */
    refuse("ff00b601e1e0603c000020c0010104", "15 bytes are no float8 vector of libSQL");
    refuse("ff00b601e1e0603c000020c0000404", "15 bytes are no float8 vector of libSQL");
    refuse("e1e0603c000020c0000004", "11 bytes are no float8 vector of libSQL");
    refuse("05", "1 bytes are no float16 vector of libSQL");
}

static void other_types_are_named(void **state)
{
    (void)state;
    refuse("000007", "3 bytes that end with 7 are no vector of libSQL");
    refuse("00", "1 bytes that end with 0 are no vector of libSQL");
}

static void bits_behind_the_last_are_refused(void **state)
{
    uint8_t bytes[8], out[8];
    struct vf_error err = {0};
    (void)state;
    struct vf_libsql_vector vector = parse("090d03", bytes); /* bit 3 of three */
    assert_int_equal(vf_libsql_vector_unpack(&vector, out, &err), VF_VALUE);
    assert_string_equal(err.message, "bits after the last dimension are set");
}

static void expect_pack(enum vf_element element, const void *neutral, size_t dim, const char *hex)
{
    uint8_t wanted[256];
    struct vf_buf buf;
    size_t size_bytes = from_hex(hex, wanted);
    vf_buf_init(&buf, 1024);
    vf_libsql_vector_pack(element, neutral, dim, &buf);
    assert_int_equal(buf.size_bytes, size_bytes);
    assert_memory_equal(buf.data, wanted, size_bytes);
    vf_buf_release(&buf);
}

static void every_encoding_is_written(void **state)
{
    static const float f32[] = {1, -2.5f, 0};
    static const double f64[] = {1, -2.5, 0};
    static const uint16_t f16[] = {0x3c00, 0xc100, 0};
    static const uint16_t bf16[] = {0x3f80, 0xc020, 0};
    (void)state;
    expect_pack(VF_E_F32, f32, 3, "0000803f000020c000000000");
    expect_pack(VF_E_F64, f64, 3, "000000000000f03f00000000000004c0000000000000000002");
    expect_pack(VF_E_F16, f16, 3, "003c00c1000005");
    expect_pack(VF_E_BF16, bf16, 3, "803f20c0000006");
    assert_int_equal(vf_libsql_type_of(VF_E_I8), 0);
    assert_int_equal(vf_libsql_type_of(VF_E_NONE), 0);
}

/* Bits are counted here one by one, from both sides, without the code that reverses bytes. */
static void bits_are_translated_both_ways(void **state)
{
    (void)state;
    for (size_t dim = 1; dim <= 40; dim++) {
        uint8_t neutral[8] = {0}, back[8] = {0};
        struct vf_libsql_vector vector = {0};
        struct vf_error err = {0};
        struct vf_buf blob;
        vf_buf_init(&blob, 64);
        for (size_t i = 0; i < dim; i += 3)
            neutral[i / 8] = (uint8_t)(neutral[i / 8] | 0x80 >> i % 8);
        vf_libsql_vector_pack(VF_E_BIT, neutral, dim, &blob);
        assert_int_equal(blob.size_bytes % 2, 1);
        for (size_t i = 0; i < dim; i++)
            assert_int_equal((uint8_t)blob.data[i / 8] >> i % 8 & 1, i % 3 == 0);
        assert_int_equal(vf_libsql_vector_parse((uint8_t *)blob.data, blob.size_bytes, &vector, &err), VF_OK);
        assert_int_equal(vector.dim, dim);
        assert_int_equal(vf_libsql_vector_unpack(&vector, back, &err), VF_OK);
        assert_memory_equal(back, neutral, sizeof(back));
        vf_buf_release(&blob);
    }
}

/* As tursodb 0.7 writes vector32_sparse('[0, 1.5, 0, -2]'). */
#define SPARSE "0000c03f000000c001000000030000000400000009"

static void sparse_ones(void **state)
{
    static const float dense[] = {0, 1.5f, 0, -2};
    uint8_t bytes[64];
    struct vf_error err = {0};
    struct vf_buf neutral, blob;
    (void)state;
    expect(SPARSE, VF_LIBSQL_SPARSE, VF_E_F32, 4, dense);
    struct vf_libsql_vector vector = parse(SPARSE, bytes);
    vf_buf_init(&neutral, 1024);
    vf_buf_init(&blob, 1024);
    assert_int_equal(vf_libsql_vector_unpack_sparse(&vector, &neutral, &err), VF_OK);
    assert_int_equal(vf_sparse_dim(neutral.data), 4);
    assert_int_equal(vf_sparse_nnz(neutral.data), 2);
    assert_int_equal(vf_sparse_index(neutral.data, 1), 3);
    assert_true(vf_sparse_value(neutral.data, 0) == 1.5f);
    vf_libsql_vector_pack_sparse(neutral.data, &blob);
    assert_int_equal(blob.size_bytes, 21);
    assert_memory_equal(blob.data, bytes, 21);
    vf_buf_release(&neutral);
    vf_buf_release(&blob);

    float out[4];
    vector = parse("0000c03f000000c001000000040000000400000009", bytes);
    assert_int_equal(vf_libsql_vector_unpack(&vector, out, &err), VF_VALUE);
    assert_string_equal(err.message, "entry 1 of a sparse vector is at 4, and it has 4 dimensions");
    vf_buf_init(&neutral, 1024);
    assert_int_equal(vf_libsql_vector_unpack_sparse(&vector, &neutral, &err), VF_VALUE);
    vf_buf_release(&neutral);
    refuse("0000c03f010000000000000009", "13 bytes are no sparse vector of libSQL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_encoding_is_read),           cmocka_unit_test(float8_is_what_libsql_makes_of_it),
        cmocka_unit_test(what_is_no_vector_is_refused),     cmocka_unit_test(other_types_are_named),
        cmocka_unit_test(bits_behind_the_last_are_refused), cmocka_unit_test(every_encoding_is_written),
        cmocka_unit_test(bits_are_translated_both_ways),    cmocka_unit_test(sparse_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
