/* Expressions as data: one form for equal ones, equality, other numbers for columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/expression.h"

static const struct vf_expr *column(struct vf_arena *arena, int number)
{
    return vf_expr_column(arena, number, VF_K_I64, VF_FORM_NATIVE);
}

static const struct vf_expr *whole(struct vf_arena *arena, const char *digits)
{
    return vf_expr_literal(arena, VF_K_I64, digits, 1);
}

static void one_form(void **state)
{
    struct vf_arena arena = {0};
    (void)state;
    const struct vf_expr *a = vf_expr_call1(&arena, VF_X_IS_NULL, VF_K_BOOL, column(&arena, 0));
    const struct vf_expr *b = vf_expr_call1(&arena, VF_X_IS_NULL, VF_K_BOOL, column(&arena, 1));
    const struct vf_expr *left =
        vf_expr_call2(&arena, VF_X_AND, VF_K_BOOL, vf_expr_call2(&arena, VF_X_AND, VF_K_BOOL, a, b), a);
    const struct vf_expr *right =
        vf_expr_call2(&arena, VF_X_AND, VF_K_BOOL, a, vf_expr_call2(&arena, VF_X_AND, VF_K_BOOL, b, a));
    assert_true(vf_expr_equal(left, right));
    assert_int_equal(left->n_args, 3);
    assert_false(vf_expr_equal(left, vf_expr_call2(&arena, VF_X_AND, VF_K_BOOL, a, b)));
    assert_false(vf_expr_equal(vf_expr_call2(&arena, VF_X_AND, VF_K_BOOL, a, b),
                               vf_expr_call2(&arena, VF_X_OR, VF_K_BOOL, a, b)));

    const struct vf_expr *not_a = vf_expr_call1(&arena, VF_X_NOT, VF_K_BOOL, a);
    assert_ptr_equal(vf_expr_call1(&arena, VF_X_NOT, VF_K_BOOL, not_a), a);
    assert_true(
        vf_expr_is_call(vf_expr_call2(&arena, VF_X_IN, VF_K_BOOL, column(&arena, 0), whole(&arena, "1")), VF_X_EQ));
    vf_arena_release(&arena);
}

/* max(a, b) of SQLite and greatest(a, b) are each said by the other. */
static void extremes(void **state)
{
    struct vf_arena arena = {0};
    (void)state;
    const struct vf_expr *pair[] = {column(&arena, 0), column(&arena, 1)};
    const struct vf_expr *greatest = vf_expr_call(&arena, VF_X_GREATEST, VF_K_I64, pair, 2);
    const struct vf_expr *max = vf_expr_call(&arena, VF_X_MAX_OF, VF_K_I64, pair, 2);
    const struct vf_expr *guards[2];
    for (int i = 0; i < 2; i++)
        guards[i] = vf_expr_call1(&arena, VF_X_NOT, VF_K_BOOL, vf_expr_call1(&arena, VF_X_IS_NULL, VF_K_BOOL, pair[i]));
    const struct vf_expr *guarded =
        vf_expr_call2(&arena, VF_X_CASE, VF_K_I64, vf_expr_call(&arena, VF_X_AND, VF_K_BOOL, guards, 2), greatest);
    assert_true(vf_expr_equal(guarded, max));
    const struct vf_expr *open[] = {max, pair[0], pair[1]};
    assert_true(vf_expr_equal(vf_expr_call(&arena, VF_X_COALESCE, VF_K_I64, open, 3), greatest));
    const struct vf_expr *swapped[] = {max, pair[1], pair[0]};
    assert_false(vf_expr_equal(vf_expr_call(&arena, VF_X_COALESCE, VF_K_I64, swapped, 3), greatest));
    vf_arena_release(&arena);
}

static void other_numbers(void **state)
{
    struct vf_arena arena = {0};
    static const int there[] = {1, -1, 0};
    (void)state;
    const struct vf_expr *sum = vf_expr_call2(&arena, VF_X_ADD, VF_K_I64, column(&arena, 0), column(&arena, 2));
    const struct vf_expr *moved = vf_expr_renumber(&arena, sum, there, 3);
    assert_non_null(moved);
    assert_int_equal(moved->args[0]->column, 1);
    assert_int_equal(moved->args[1]->column, 0);
    assert_true(vf_expr_uses(moved, 0));
    assert_false(vf_expr_uses(moved, 2));
    assert_null(vf_expr_renumber(&arena, column(&arena, 1), there, 3));
    assert_null(vf_expr_renumber(&arena, column(&arena, 3), there, 3));
    vf_arena_release(&arena);
}

static void no_memory(void **state)
{
    struct vf_arena arena = {0};
    (void)state;
    assert_null(vf_expr_call2(&arena, VF_X_ADD, VF_K_I64, NULL, NULL));
    vf_alloc_fail_at(0, true);
    assert_null(vf_expr_null(&arena));
    vf_alloc_fail_at(-1, false);
    vf_arena_release(&arena);
}

static void volatile_ones(void **state)
{
    struct vf_arena arena = {0};
    (void)state;
    const struct vf_expr *now = vf_expr_call(&arena, VF_X_NOW, VF_K_TIMESTAMPTZ, NULL, 0);
    assert_true(vf_expr_is_volatile(vf_expr_call1(&arena, VF_X_CAST, VF_K_TEXT, now)));
    assert_true(vf_expr_is_volatile(vf_expr_own(&arena, "random", "sqlite:function", VF_K_I64, NULL, 0)));
    assert_false(vf_expr_is_volatile(column(&arena, 0)));
    vf_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_form),  cmocka_unit_test(extremes),      cmocka_unit_test(other_numbers),
        cmocka_unit_test(no_memory), cmocka_unit_test(volatile_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
