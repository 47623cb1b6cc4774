#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "vector/sparse.h"

/* {1:1,5:-2.5}/7, on the wire and neutral */
static const unsigned char wire[] = {0, 0, 0, 7, 0, 0, 0,    2,    0, 0, 0,    0,    0, 0,
                                     0, 0, 0, 0, 0, 4, 0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0};
static const unsigned char neutral[] = {7, 0, 0, 0, 2, 0, 0,    0,    0, 0, 0,    0,
                                        4, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0};

static void test_pgvector_form(void **state)
{
    unsigned char out[sizeof(wire)];
    size_t out_bytes = 0;
    struct vf_error err;

    (void)state;
    assert_int_equal(vf_sparse_from_pgvector(wire, sizeof(wire), out, &out_bytes, &err), VF_OK);
    assert_int_equal(out_bytes, sizeof(neutral));
    assert_memory_equal(out, neutral, sizeof(neutral));
    assert_int_equal(vf_sparse_check(neutral, sizeof(neutral), &err), VF_OK);
    assert_int_equal(vf_sparse_dim(neutral), 7);
    assert_int_equal(vf_sparse_nnz(neutral), 2);
    assert_int_equal(vf_sparse_index(neutral, 1), 4);
    assert_true(vf_sparse_value(neutral, 1) == -2.5f);
    assert_int_equal(vf_sparse_bytes(2), sizeof(neutral));
    assert_int_equal(vf_sparse_pgvector_bytes(2), sizeof(wire));
    memset(out, 0xff, sizeof(out));
    vf_sparse_to_pgvector(neutral, out);
    assert_memory_equal(out, wire, sizeof(wire));
}

static void refuses_wire(size_t place, unsigned char byte, size_t size_bytes, const char *message)
{
    unsigned char changed[sizeof(wire)], out[sizeof(wire)];
    size_t out_bytes = 99;
    struct vf_error err;

    memcpy(changed, wire, sizeof(wire));
    changed[place] = byte;
    assert_int_equal(vf_sparse_from_pgvector(changed, size_bytes, out, &out_bytes, &err), VF_VALUE);
    assert_string_equal(err.message, message);
    assert_int_equal(out_bytes, 99);
}

static void test_refuses_bad_wire(void **state)
{
    (void)state;
    refuses_wire(11, 1, sizeof(wire), "sparse vector: the unused word of pgvector's binary form is 1, expected 0");
    refuses_wire(7, 1, sizeof(wire), "sparse vector: 28 bytes for 1 entries, expected 20");
    refuses_wire(4, 0xff, sizeof(wire), "sparse vector: 28 bytes for 4278190082 entries, expected 34225520668");
    refuses_wire(0, 0, 27, "sparse vector: 27 bytes aren't pgvector's binary form");
    refuses_wire(0, 0, 8, "sparse vector: 8 bytes aren't pgvector's binary form");
    refuses_wire(3, 0, sizeof(wire), "sparse vector: 0 dimensions, possible are 1 to 2147483647");
    refuses_wire(0, 0x80, sizeof(wire), "sparse vector: 2147483655 dimensions, possible are 1 to 2147483647");
    refuses_wire(3, 4, sizeof(wire), "sparse vector: index 4 of entry 1 is beyond its 4 dimensions");
    refuses_wire(15, 4, sizeof(wire), "sparse vector: index 4 of entry 1 doesn't ascend");
    refuses_wire(15, 5, sizeof(wire), "sparse vector: index 4 of entry 1 doesn't ascend");
    refuses_wire(16, 0x80, sizeof(wire), "sparse vector: index 2147483652 of entry 1 is beyond its 7 dimensions");
}

static void refuses_value(uint32_t bits, const char *message)
{
    unsigned char changed[sizeof(neutral)];
    struct vf_error err;

    memcpy(changed, neutral, sizeof(neutral));
    for (unsigned i = 0; i < 4; i++)
        changed[20 + i] = (unsigned char)(bits >> 8 * i);
    assert_int_equal(vf_sparse_check(changed, sizeof(changed), &err), VF_VALUE);
    assert_string_equal(err.message, message);
}

static void test_refuses_bad_values(void **state)
{
    struct vf_error err;

    (void)state;
    refuses_value(0x00000000, "sparse vector: the value of entry 1 is zero");
    refuses_value(0x80000000, "sparse vector: the value of entry 1 is zero");
    refuses_value(0x7fc00000, "sparse vector: the value of entry 1 is NaN");
    refuses_value(0xff800000, "sparse vector: the value of entry 1 is -Infinity");
    assert_int_equal(vf_sparse_check(neutral, 4, &err), VF_VALUE);
    assert_string_equal(err.message, "sparse vector: 4 bytes are less than its header");
    assert_int_equal(vf_sparse_check(neutral, sizeof(neutral) - 1, &err), VF_VALUE);
    assert_string_equal(err.message, "sparse vector: 23 bytes for 2 entries, expected 24");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pgvector_form),
        cmocka_unit_test(test_refuses_bad_wire),
        cmocka_unit_test(test_refuses_bad_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
