#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/alloc.h"

static int stop_failing(void **state)
{
    (void)state;
    vf_alloc_fail_at(-1, false);
    return 0;
}

static void test_sizes(void **state)
{
    unsigned char *memory = vf_calloc(7, 3);

    (void)state;
    assert_non_null(memory);
    for (size_t i = 0; i < 21; i++)
        assert_int_equal(memory[i], 0);
    vf_free(memory);
    memory = vf_alloc(0, 8);
    assert_non_null(memory); /* NULL means that memory has run out, and nothing else */
    memory = vf_realloc(memory, 100, 1);
    assert_non_null(memory);
    memset(memory, 1, 100);
    vf_free(memory);
    vf_free(NULL);
}

static void test_overflow(void **state)
{
    char *memory = vf_strdup("kept");

    (void)state;
    assert_null(vf_alloc(SIZE_MAX / 2, 3));
    assert_null(vf_alloc(SIZE_MAX, 1));
    assert_null(vf_calloc((size_t)1 << 33, (size_t)1 << 33));
    assert_null(vf_realloc(memory, SIZE_MAX, 2));
    assert_string_equal(memory, "kept");
    assert_null(vf_strndup("x", SIZE_MAX));
    vf_free(memory);
}

static void test_strings(void **state)
{
    char *text = vf_strndup("ab\0cd", 5);

    (void)state;
    assert_memory_equal(text, "ab\0cd", 6);
    vf_free(text);
    assert_null(vf_strdup(NULL));
    assert_null(vf_strndup(NULL, 3));
    text = vf_strndup("abc", 0);
    assert_string_equal(text, "");
    vf_free(text);
}

static void test_fail_once(void **state)
{
    void *first;
    void *third;

    (void)state;
    vf_alloc_fail_at(1, false);
    first = vf_alloc(1, 1);
    assert_non_null(first);
    assert_null(vf_calloc(1, 1));
    third = vf_realloc(NULL, 1, 1);
    assert_non_null(third);
    assert_int_equal(vf_alloc_count(), 3);
    vf_free(first);
    vf_free(third);
}

static void test_fail_sticky(void **state)
{
    (void)state;
    vf_alloc_fail_at(0, true);
    assert_null(vf_alloc(1, 1));
    assert_null(vf_strdup("x"));
    assert_null(vf_realloc(NULL, 1, 1));
    vf_alloc_fail_at(-1, true);
    assert_int_equal(vf_alloc_count(), 0);
    char *text = vf_strdup("x");
    assert_non_null(text);
    vf_free(text);
}

static void test_arena(void **state)
{
    struct vf_arena arena = {0};

    (void)state;
    for (size_t n = 0; n < 3000; n += 7) {
        unsigned char *memory = vf_arena_alloc(&arena, n, 1);

        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xAA, n);
    }
    assert_true(arena.used_bytes > 600000);
    vf_arena_release(&arena);
    vf_arena_release(&arena);
    assert_null(arena.blocks);
    assert_int_equal(arena.used_bytes, 0);
}

static void test_arena_strings(void **state)
{
    struct vf_arena arena = {0};
    char *a = vf_arena_strdup(&arena, "one");
    char *b = vf_arena_strndup(&arena, "twothree", 3);
    char *c = vf_arena_printf(&arena, "%s-%0*d", b, 6000, 7);

    (void)state;
    assert_string_equal(a, "one");
    assert_string_equal(b, "two");
    assert_int_equal(strlen(c), 6004);
    assert_memory_equal(c, "two-000", 7);
    assert_null(vf_arena_strdup(&arena, NULL));
    assert_null(vf_arena_strndup(&arena, "x", SIZE_MAX));
    assert_null(vf_arena_alloc(&arena, SIZE_MAX / 4, 8));
    assert_null(vf_arena_alloc(&arena, SIZE_MAX, 1));
    assert_null(vf_arena_alloc(&arena, PTRDIFF_MAX, 1));
    vf_arena_release(&arena);
}

/* After a reset the largest block is used again, so a batch of the same size allocates nothing, and its memory is cleared again. */
static void test_arena_push(void **state)
{
    struct vf_arena arena = {0};
    void *array = NULL;
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        int *element = vf_arena_push(&arena, &array, &n, sizeof(*element));
        assert_non_null(element);
        assert_int_equal(*element, 0);
        *element = i;
    }
    assert_int_equal(n, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(((int *)array)[i], i);
    void *before = array;
    n = 64;
    vf_alloc_fail_at(0, true);
    assert_null(vf_arena_push(&arena, &array, &n, (size_t)1 << 20));
    vf_alloc_fail_at(-1, false);
    assert_int_equal(n, 64);
    assert_ptr_equal(array, before);
    vf_arena_release(&arena);
}

static void test_arena_reset(void **state)
{
    struct vf_arena arena = {0};

    (void)state;
    vf_arena_reset(&arena);
    assert_non_null(vf_arena_alloc(&arena, 100, 1));
    memset(vf_arena_alloc(&arena, 50000, 1), 0xFF, 50000);
    assert_non_null(vf_arena_alloc(&arena, 100, 1));
    vf_arena_reset(&arena);
    assert_int_equal(arena.used_bytes, 0);
    vf_alloc_fail_at(0, true);
    unsigned char *memory = vf_arena_alloc(&arena, 40000, 1);
    assert_non_null(memory);
    for (size_t i = 0; i < 40000; i++)
        assert_int_equal(memory[i], 0);
    assert_int_equal(vf_alloc_count(), 0);
    vf_arena_release(&arena);
}

/* A failed allocation leaves the arena usable. */
static void test_arena_fails(void **state)
{
    struct vf_arena arena = {0};

    (void)state;
    vf_alloc_fail_at(0, false);
    assert_null(vf_arena_strdup(&arena, "x"));
    assert_int_equal(arena.used_bytes, 0);
    assert_string_equal(vf_arena_strdup(&arena, "x"), "x");
    vf_alloc_fail_at(0, false);
    assert_null(vf_arena_printf(&arena, "%0*d", 9000, 1));
    assert_string_equal(vf_arena_strdup(&arena, "y"), "y");
    vf_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_strings),
        cmocka_unit_test_teardown(test_fail_once, stop_failing),
        cmocka_unit_test_teardown(test_fail_sticky, stop_failing),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_arena_strings),
        cmocka_unit_test_teardown(test_arena_push, stop_failing),
        cmocka_unit_test_teardown(test_arena_reset, stop_failing),
        cmocka_unit_test_teardown(test_arena_fails, stop_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
