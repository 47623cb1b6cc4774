#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <sys/mman.h>

#include "batch_tools.h"

enum { C_BOOL, C_I64, C_TEXT, C_VECTOR, N_COLUMNS };

static const struct vf_type types[N_COLUMNS] = {
    {.kind = VF_K_BOOL},
    {.kind = VF_K_I64},
    {.kind = VF_K_TEXT},
    {.kind = VF_K_VECTOR, .element = VF_E_F32, .dim = 3},
};

/* What row n holds is computed, so that it can be checked wherever the row ends up. Every seventh value is NULL. */
static bool is_null(int64_t n, size_t column)
{
    return (n + (int64_t)column) % 7 == 3;
}

static bool bool_of(int64_t n)
{
    return (n * 2654435761) >> 3 & 1;
}

static size_t text_of(int64_t n, char out[32])
{
    return (size_t)snprintf(out, 32, "%.*s%lld", (int)(n % 9), "abcdefghi", (long long)n);
}

static enum vf_status add_value(struct vf_batch *batch, size_t column, int64_t n, struct vf_error *err)
{
    struct vf_array *array = &batch->columns[column];
    const float elements[3] = {(float)n, -1, 0.5F};
    char text[32];

    if (is_null(n, column))
        return vf_array_add_null(array, err);
    switch (column) {
    case C_BOOL:
        return vf_array_add_bool(array, bool_of(n), err);
    case C_I64:
        return vf_array_add_fixed(array, &n, err);
    case C_TEXT:
        return vf_array_add_bytes(array, text, text_of(n, text), err);
    default:
        return vf_array_add_fixed(array, elements, err);
    }
}

static enum vf_status add_row(struct vf_batch *batch, int64_t n, struct vf_error *err)
{
    for (size_t column = 0; column < N_COLUMNS; column++) {
        enum vf_status status = add_value(batch, column, n, err);
        if (status != VF_OK)
            return status;
    }
    vf_batch_end_row(batch);
    return VF_OK;
}

static void check_row(const struct vf_batch *batch, int64_t row, int64_t n)
{
    const float elements[3] = {(float)n, -1, 0.5F};
    size_t size_bytes, text_bytes;
    char text[32];

    for (size_t column = 0; column < N_COLUMNS; column++)
        assert_int_equal(vf_array_is_null(&batch->columns[column], row), is_null(n, column));
    assert_int_equal(vf_array_bool(&batch->columns[C_BOOL], row), !is_null(n, C_BOOL) && bool_of(n));
    assert_int_equal(vf_array_i64(&batch->columns[C_I64], row), is_null(n, C_I64) ? 0 : n);
    const uint8_t *bytes = vf_array_value(&batch->columns[C_TEXT], row, &size_bytes);
    text_bytes = is_null(n, C_TEXT) ? 0 : text_of(n, text);
    assert_int_equal(size_bytes, text_bytes);
    assert_memory_equal(bytes, text, text_bytes);
    bytes = vf_array_value(&batch->columns[C_VECTOR], row, &size_bytes);
    assert_int_equal(size_bytes, sizeof(elements));
    if (!is_null(n, C_VECTOR))
        assert_memory_equal(bytes, elements, sizeof(elements));
}

static void check_counts(const struct vf_batch *batch)
{
    for (size_t column = 0; column < N_COLUMNS; column++) {
        const struct vf_array *array = &batch->columns[column];
        int64_t n_null = 0;
        assert_int_equal(array->n_values, batch->n_rows);
        for (int64_t row = 0; row < batch->n_rows; row++)
            n_null += vf_array_is_null(array, row);
        assert_int_equal(array->n_null, n_null);
    }
}

static void test_rows_grow_past_every_first_allocation(void **state)
{
    struct vf_batch batch;

    (void)state;
    begin_batch(&batch, N_COLUMNS, types);
    for (int round = 0; round < 2; round++) {
        for (int64_t n = 0; n < 5000; n++)
            OK(add_row(&batch, n, NULL));
        assert_int_equal(batch.n_rows, 5000);
        for (int64_t n = 0; n < 5000; n++)
            check_row(&batch, n, n);
        check_counts(&batch);
        vf_batch_reset(&batch); /* the second round writes over stale bits and bytes */
        assert_int_equal(batch.n_rows, 0);
        assert_int_equal(batch.size_bytes, 0);
    }
    vf_batch_release(&batch);
    vf_batch_release(&batch);
}

static void test_reset_keeps_the_memory(void **state)
{
    struct vf_batch batch;

    (void)state;
    begin_batch(&batch, N_COLUMNS, types);
    for (int64_t n = 0; n < 3000; n++)
        OK(add_row(&batch, n, NULL));
    vf_batch_reset(&batch);
    vf_alloc_fail_at(0, true);
    for (int64_t n = 0; n < 3000; n++)
        OK(add_row(&batch, n + 1, NULL));
    assert_int_equal(vf_alloc_count(), 0);
    vf_alloc_fail_at(-1, false);
    check_row(&batch, 2999, 3000);
    vf_batch_release(&batch);
}

static void test_full_by_rows_or_by_bytes(void **state)
{
    struct vf_batch batch;
    const struct vf_type text = {.kind = VF_K_TEXT};
    char large[5000];

    (void)state;
    OK(vf_batch_init(&batch, 1, &text, 3, 4000, NULL));
    assert_false(vf_batch_is_full(&batch));
    for (int i = 0; i < 3; i++) {
        assert_false(vf_batch_is_full(&batch));
        add_text(&batch, 0, "");
        vf_batch_end_row(&batch);
    }
    assert_true(vf_batch_is_full(&batch));
    vf_batch_reset(&batch);
    assert_false(vf_batch_is_full(&batch));
    memset(large, 'x', sizeof(large));
    OK(vf_array_add_bytes(&batch.columns[0], large, sizeof(large),
                          NULL)); /* larger than the bound: let through, alone */
    assert_false(vf_batch_is_full(&batch));
    vf_batch_end_row(&batch);
    assert_true(vf_batch_is_full(&batch));
    assert_in_range(batch.size_bytes, 5000, 5100);
    vf_batch_release(&batch);
}

static void test_cancel_takes_back_what_was_begun(void **state)
{
    struct vf_batch batch;

    (void)state;
    begin_batch(&batch, N_COLUMNS, types);
    for (int64_t n = 0; n < 50; n++) {
        for (size_t column = 0; column < (size_t)(n % 5); column++) /* from nothing to the whole row */
            OK(add_value(&batch, column, n * 3 + 1, NULL));
        vf_batch_cancel_row(&batch);
        check_counts(&batch);
        OK(add_row(&batch, n, NULL));
    }
    vf_batch_cancel_row(&batch);
    assert_int_equal(batch.n_rows, 50);
    for (int64_t n = 0; n < 50; n++)
        check_row(&batch, n, n);
    vf_batch_release(&batch);
}

static void drop_and_check(int64_t n_rows, bool (*wanted)(int64_t n))
{
    struct vf_batch batch;
    bool drop[200];
    int64_t row = 0;

    begin_batch(&batch, N_COLUMNS, types);
    for (int64_t n = 0; n < n_rows; n++) {
        OK(add_row(&batch, n, NULL));
        drop[n] = !wanted(n);
    }
    OK(vf_batch_drop_rows(&batch, drop, NULL));
    for (int64_t n = 0; n < n_rows; n++) {
        if (wanted(n))
            check_row(&batch, row++, n);
    }
    assert_int_equal(batch.n_rows, row);
    check_counts(&batch);
    OK(add_row(&batch, 77, NULL)); /* and it can be appended to again */
    check_row(&batch, row, 77);
    vf_batch_release(&batch);
}

static bool wants_all(int64_t n)
{
    return n >= 0;
}

static bool wants_none(int64_t n)
{
    return n < 0;
}

static bool wants_every_third(int64_t n)
{
    return n % 3 == 1;
}

static bool wants_the_last(int64_t n)
{
    return n == 99;
}

static bool wants_all_but_the_last(int64_t n)
{
    return n != 99;
}

static void test_drop_rows_in_every_layout(void **state)
{
    bool (*const wishes[])(int64_t) = {wants_all, wants_none, wants_every_third, wants_the_last,
                                       wants_all_but_the_last};

    (void)state;
    for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
        drop_and_check(100, wishes[i]);
        drop_and_check(1, wishes[i]);
        drop_and_check(0, wishes[i]);
    }
}

static void test_drop_rows_counts_the_bytes_again(void **state)
{
    struct vf_batch batch;
    bool drop[2] = {true, false};

    (void)state;
    begin_batch(&batch, N_COLUMNS, types);
    OK(add_row(&batch, 1, NULL));
    size_t one_row = batch.size_bytes;
    OK(add_row(&batch, 1, NULL));
    assert_int_equal(batch.size_bytes, 2 * one_row);
    OK(vf_batch_drop_rows(&batch, drop, NULL));
    assert_int_equal(batch.size_bytes, one_row);
    vf_batch_release(&batch);
}

static void test_a_value_written_in_place(void **state)
{
    struct vf_batch batch;
    size_t size_bytes;

    (void)state;
    begin_batch(&batch, N_COLUMNS, types);
    OK(vf_array_add_null(&batch.columns[C_BOOL], NULL));
    int64_t number = -5;
    uint8_t *place = vf_array_grow(&batch.columns[C_I64], 0, NULL);
    memcpy(place, &number, sizeof(number));
    place = vf_array_grow(&batch.columns[C_TEXT], 100000, NULL);
    memcpy(place, "short", 5);
    vf_array_shrink_last(&batch.columns[C_TEXT], 5);
    OK(vf_array_add_null(&batch.columns[C_VECTOR], NULL));
    vf_batch_end_row(&batch);
    assert_int_equal(vf_array_i64(&batch.columns[C_I64], 0), -5);
    assert_false(vf_array_is_null(&batch.columns[C_TEXT], 0));
    const uint8_t *bytes = vf_array_value(&batch.columns[C_TEXT], 0, &size_bytes);
    assert_int_equal(size_bytes, 5);
    assert_memory_equal(bytes, "short", 5);
    assert_non_null(vf_array_grow(&batch.columns[C_TEXT], 0, NULL));
    vf_batch_cancel_row(&batch);
    vf_batch_release(&batch);
}

/* A column that is nearly full is pretended: addresses are reserved for it, but memory is only touched at the end. */
static void test_two_gib_of_a_column_and_no_more(void **state)
{
    struct vf_batch batch;
    struct vf_error err = {0};
    const struct vf_type text = {.kind = VF_K_TEXT};
    size_t size_bytes = INT32_MAX;

    (void)state;
    void *reserved = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reserved == MAP_FAILED)
        skip();
    begin_batch(&batch, 1, &text);
    struct vf_array *array = &batch.columns[0];
    uint8_t *own = array->data;
    array->data = reserved;
    array->cap_data_bytes = size_bytes;
    array->offsets[1] = INT32_MAX - 10;
    array->n_values = 1;
    batch.n_rows = 1;

    assert_int_equal(vf_array_add_bytes(array, "elevenbytes", 11, &err), VF_VALUE);
    assert_string_equal(err.message, "a value of 11 bytes doesn't fit: a batch holds at most 2 GiB - 1 of a column, of "
                                     "which 2147483637 bytes are used");
    assert_null(vf_array_grow(array, 11, &err));
    assert_null(vf_array_grow(array, SIZE_MAX, &err));
    assert_int_equal(array->n_values, 1);
    OK(vf_array_add_bytes(array, "ten bytes.", 10, &err));
    assert_int_equal(array->offsets[2], INT32_MAX);
    assert_memory_equal(vf_array_value(array, 1, &size_bytes), "ten bytes.", 10);
    OK(vf_array_add_bytes(array, "", 0, &err));
    assert_int_equal(vf_array_add_bytes(array, "x", 1, &err), VF_VALUE);

    array->data = own;
    munmap(reserved, INT32_MAX);
    vf_batch_release(&batch);
}

static void test_wide_values_start_small(void **state)
{
    const struct vf_type wide = {.kind = VF_K_VECTOR, .element = VF_E_BIT, .dim = 83886080};
    struct vf_batch batch;

    (void)state;
    begin_batch(&batch, 1, &wide);
    assert_int_equal(batch.columns[0].width, 10485760);
    assert_int_equal(batch.columns[0].cap_data_bytes, 10485760); /* one of them, not a thousand */
    vf_batch_release(&batch);
}

/* Fail allocation 0, 1, 2 ... of building a batch until a run passes: each failure is VF_NOMEM, and the batch can be released. */
static void test_no_memory_at_any_allocation(void **state)
{
    int64_t at = 0;
    bool passed = false;

    (void)state;
    for (; !passed; at++) {
        struct vf_batch batch = {0};
        struct vf_error err = {0};
        const struct vf_reject reject = {.table = "docs",
                                         .key = "{\"id\": 1}",
                                         .column = "v",
                                         .reason = "why",
                                         .original = (const uint8_t *)"abc",
                                         .original_bytes = 3};
        vf_alloc_fail_at(at, false);
        enum vf_status status = vf_batch_init(&batch, N_COLUMNS, types, 100000, (size_t)1 << 30, &err);
        for (int64_t n = 0; n < 3000 && status == VF_OK; n++)
            status = add_row(&batch, n, &err);
        int64_t n_rows = batch.n_rows;
        for (int i = 0; i < 40 && status == VF_OK; i++)
            status = vf_reject_add(&batch.rejects, &reject, &err);
        vf_alloc_fail_at(-1, false);
        passed = status == VF_OK;
        if (!passed) {
            assert_int_equal(status, VF_NOMEM);
            assert_int_equal(err.status, VF_NOMEM);
            vf_batch_cancel_row(&batch);
            for (int64_t n = 0; n < n_rows; n += 97)
                check_row(&batch, n, n);
            if (batch.columns != NULL)
                OK(add_row(&batch, n_rows, NULL)); /* it goes on once there is memory again */
        }
        vf_batch_release(&batch);
    }
    assert_in_range(at, 10, 200);
}

static void test_rejects_are_copied(void **state)
{
    struct vf_reject_list list = {0};
    char key[] = "{\"id\": 7}", reason[] = "not a date", original[] = "2024-02-30";
    const struct vf_reject reject = {.table = "docs",
                                     .key = key,
                                     .column = "day",
                                     .reason = reason,
                                     .sqlstate = "22008",
                                     .original = (const uint8_t *)original,
                                     .original_bytes = 10,
                                     .row = 3,
                                     .has_digest = true,
                                     .digest = {1, 2}};
    const struct vf_reject least = {.row = -1};

    (void)state;
    for (int i = 0; i < 100; i++)
        OK(vf_reject_add(&list, i == 50 ? &least : &reject, NULL));
    memset(key, 'x', sizeof(key) - 1);
    memset(reason, 'x', sizeof(reason) - 1);
    memset(original, 'x', sizeof(original) - 1);
    assert_int_equal(list.n_rejects, 100);
    const struct vf_reject *found = &list.rejects[99];
    assert_string_equal(found->table, "docs");
    assert_string_equal(found->key, "{\"id\": 7}");
    assert_string_equal(found->column, "day");
    assert_string_equal(found->reason, "not a date");
    assert_string_equal(found->sqlstate, "22008");
    assert_int_equal(found->original_bytes, 10);
    assert_memory_equal(found->original, "2024-02-30", 10);
    assert_int_equal(found->row, 3);
    assert_true(found->has_digest && found->digest.low == 1 && found->digest.high == 2);
    assert_null(list.rejects[50].column);
    assert_null(list.rejects[50].original);
    assert_string_equal(list.rejects[50].key, "{}");
    vf_reject_list_clear(&list);
    assert_int_equal(list.n_rejects, 0);
    vf_reject_list_release(&list);
    vf_reject_list_release(&list);
}

static void test_a_long_original_is_cut_and_says_so(void **state)
{
    struct vf_reject_list list = {0};
    size_t size_bytes = ((size_t)1 << 20) + 5;
    uint8_t *original = vf_calloc(size_bytes, 1);
    const struct vf_reject reject = {.reason = "too long", .original = original, .original_bytes = size_bytes};

    (void)state;
    OK(vf_reject_add(&list, &reject, NULL));
    assert_int_equal(list.rejects[0].original_bytes, 1 << 20);
    assert_string_equal(list.rejects[0].reason,
                        "too long (of the original's 1048581 bytes the first 1048576 are kept)");
    vf_free(original);
    vf_reject_list_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_grow_past_every_first_allocation),
        cmocka_unit_test(test_reset_keeps_the_memory),
        cmocka_unit_test(test_full_by_rows_or_by_bytes),
        cmocka_unit_test(test_cancel_takes_back_what_was_begun),
        cmocka_unit_test(test_drop_rows_in_every_layout),
        cmocka_unit_test(test_drop_rows_counts_the_bytes_again),
        cmocka_unit_test(test_a_value_written_in_place),
        cmocka_unit_test(test_two_gib_of_a_column_and_no_more),
        cmocka_unit_test(test_wide_values_start_small),
        cmocka_unit_test(test_no_memory_at_any_allocation),
        cmocka_unit_test(test_rejects_are_copied),
        cmocka_unit_test(test_a_long_original_is_cut_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
