#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/hash.h"

static void check_hash(const char *text, size_t size_bytes, const char *wanted)
{
    char out[33];

    vf_hash128_format(vf_hash128(text, size_bytes), out);
    assert_string_equal(out, wanted);
}

/* Stored digests are compared with those of later releases: these must never change. The long input takes another path through XXH3. */
static void test_xxh3(void **state)
{
    static char zeros[1000];

    (void)state;
    check_hash("", 0, "99aa06d3014798d86001c324468d497f");
    check_hash("a", 1, "a96faf705af16834e6c632b61e964e1f");
    check_hash("abc", 3, "06b05ab6733a618578af5f94892f3950");
    check_hash(zeros, sizeof(zeros), "3fb94aea6d09b97224c1ea6074dd588c");
    assert_true(vf_hash128_equal(vf_hash128(NULL, 0), vf_hash128("", 0)));
}

static void check_sum(struct vf_hash128 a, struct vf_hash128 b, struct vf_hash128 sum)
{
    assert_true(vf_hash128_equal(vf_hash128_add(a, b), sum));
    assert_true(vf_hash128_equal(vf_hash128_add(b, a), sum));
    assert_true(vf_hash128_equal(vf_hash128_subtract(sum, a), b));
    assert_true(vf_hash128_equal(vf_hash128_subtract(sum, b), a));
}

static void test_sum(void **state)
{
    const struct vf_hash128 zero = {0};
    const struct vf_hash128 one = {.low = 1};
    const struct vf_hash128 low = {.low = UINT64_MAX};
    const struct vf_hash128 all = {.low = UINT64_MAX, .high = UINT64_MAX};

    (void)state;
    check_sum(zero, one, one);
    check_sum(low, one, (struct vf_hash128){.high = 1});
    check_sum(low, low, (struct vf_hash128){.low = UINT64_MAX - 1, .high = 1});
    check_sum(all, one, zero);
    check_sum(all, all, (struct vf_hash128){.low = UINT64_MAX - 1, .high = UINT64_MAX});
    assert_true(vf_hash128_equal(vf_hash128_subtract(zero, one), all));
    assert_false(vf_hash128_equal(low, all));
    assert_false(vf_hash128_equal(one, zero));
}

static void test_text(void **state)
{
    const struct vf_hash128 hash = {.low = 0x0123456789abcdef, .high = 0x00fedcba98765432};
    struct vf_hash128 parsed = {.low = 5};
    char out[33];

    (void)state;
    vf_hash128_format(hash, out);
    assert_string_equal(out, "00fedcba987654320123456789abcdef");
    assert_true(vf_hash128_parse(out, &parsed));
    assert_true(vf_hash128_equal(parsed, hash));
    assert_true(vf_hash128_parse("00FEDCBA987654320123456789ABCDEF", &parsed));
    assert_true(vf_hash128_equal(parsed, hash));
    assert_false(vf_hash128_parse("", &parsed));
    assert_false(vf_hash128_parse("00fedcba987654320123456789abcde", &parsed));
    assert_false(vf_hash128_parse("00fedcba987654320123456789abcdef0", &parsed));
    assert_false(vf_hash128_parse("00fedcba987654320123456789abcdeg", &parsed));
    assert_false(vf_hash128_parse("0x0edcba987654320123456789abcdef", &parsed));
    assert_true(vf_hash128_equal(parsed, hash)); /* untouched by what failed */
}

/* FIPS 180-4, the examples of NIST. */
static void test_sha256(void **state)
{
    char out[65];

    (void)state;
    assert_true(vf_sha256_hex("abc", 3, out));
    assert_string_equal(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(vf_sha256_hex("", 0, out));
    assert_string_equal(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xxh3),
        cmocka_unit_test(test_sum),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_sha256),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
