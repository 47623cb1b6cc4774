#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/queue.h"

#define N_PRODUCERS 3
#define N_CONSUMERS 3
#define N_ITEMS     2000 /* of each producer */

static void test_order(void **state)
{
    struct vf_queue *queue = NULL;
    int items[5];
    void *item;

    (void)state;
    assert_int_equal(vf_queue_new(&queue, 3, NULL), VF_OK);
    for (int round = 0; round < 4; round++) { /* around the ring */
        assert_true(vf_queue_push(queue, &items[0]));
        assert_true(vf_queue_push(queue, &items[1]));
        assert_true(vf_queue_pop(queue, &item) && item == &items[0]);
        assert_true(vf_queue_push(queue, &items[2]));
        assert_true(vf_queue_pop(queue, &item) && item == &items[1]);
        assert_true(vf_queue_pop(queue, &item) && item == &items[2]);
    }
    vf_queue_free(queue);
    vf_queue_free(NULL);
}

static void test_close(void **state)
{
    struct vf_queue *queue = NULL;
    int a;
    int b;
    void *item = NULL;

    (void)state;
    assert_int_equal(vf_queue_new(&queue, 3, NULL), VF_OK);
    assert_true(vf_queue_push(queue, &a));
    vf_queue_close(queue);
    assert_false(vf_queue_push(queue, &b));
    assert_true(vf_queue_pop(queue, &item));
    assert_ptr_equal(item, &a);
    item = &b;
    assert_false(vf_queue_pop(queue, &item));
    assert_ptr_equal(item, &b);
    vf_queue_free(queue);
}

static void test_abort(void **state)
{
    struct vf_queue *queue = NULL;
    int a;
    int b;
    void *item = NULL;

    (void)state;
    assert_int_equal(vf_queue_new(&queue, 3, NULL), VF_OK);
    assert_true(vf_queue_push(queue, &a));
    assert_true(vf_queue_push(queue, &b));
    vf_queue_abort(queue);
    assert_false(vf_queue_push(queue, &a));
    assert_false(vf_queue_pop(queue, &item));
    assert_true(vf_queue_drain(queue, &item) && item == &a);
    assert_true(vf_queue_drain(queue, &item) && item == &b);
    assert_false(vf_queue_drain(queue, &item));
    vf_queue_free(queue);
}

static void test_refusals(void **state)
{
    int something = 0;
    struct vf_queue *queue = (struct vf_queue *)(void *)&something; /* must be overwritten */
    struct vf_error err = {0};

    (void)state;
    assert_int_equal(vf_queue_new(&queue, 0, &err), VF_INTERNAL);
    assert_null(queue);
    assert_string_equal(err.message, "a queue must have room for at least one item");
    for (int64_t at = 0; at < 2; at++) {
        vf_alloc_fail_at(at, false);
        assert_int_equal(vf_queue_new(&queue, 4, &err), VF_NOMEM);
        assert_null(queue);
        assert_string_equal(err.message, "out of memory");
    }
    vf_alloc_fail_at(-1, false);
    assert_int_equal(vf_queue_new(&queue, SIZE_MAX / 2, &err), VF_NOMEM);
    assert_null(queue);
}

struct traffic {
    struct vf_queue *queue;
    unsigned char seen[N_PRODUCERS * N_ITEMS];
    _Atomic int n_popped;
    _Atomic int n_pushed;
};

static struct traffic traffic;

static void *produce(void *first)
{
    for (int i = 0; i < N_ITEMS; i++) {
        if (!vf_queue_push(traffic.queue, (unsigned char *)first + i))
            break;
        atomic_fetch_add(&traffic.n_pushed, 1);
    }
    return NULL;
}

/* Each item is written by the one thread that got it: a second one would be a race for ThreadSanitizer, and a count of 2 for us. */
static void *consume(void *unused)
{
    void *item;

    (void)unused;
    while (vf_queue_pop(traffic.queue, &item)) {
        (*(unsigned char *)item)++;
        atomic_fetch_add(&traffic.n_popped, 1);
    }
    return NULL;
}

static void start_all(pthread_t producers[N_PRODUCERS], pthread_t consumers[N_CONSUMERS], size_t max_items)
{
    traffic = (struct traffic){0};
    assert_int_equal(vf_queue_new(&traffic.queue, max_items, NULL), VF_OK);
    for (int i = 0; i < N_CONSUMERS; i++)
        assert_int_equal(pthread_create(&consumers[i], NULL, consume, NULL), 0);
    for (int i = 0; i < N_PRODUCERS; i++)
        assert_int_equal(pthread_create(&producers[i], NULL, produce, traffic.seen + i * N_ITEMS), 0);
}

/* Every item arrives exactly once, with any size of the queue. */
static void test_threads(void **state)
{
    static const size_t sizes[] = {1, 2, 7, 100};
    pthread_t producers[N_PRODUCERS];
    pthread_t consumers[N_CONSUMERS];

    (void)state;
    for (size_t round = 0; round < sizeof(sizes) / sizeof(sizes[0]); round++) {
        start_all(producers, consumers, sizes[round]);
        for (int i = 0; i < N_PRODUCERS; i++)
            pthread_join(producers[i], NULL);
        vf_queue_close(traffic.queue);
        for (int i = 0; i < N_CONSUMERS; i++)
            pthread_join(consumers[i], NULL);
        assert_int_equal(traffic.n_popped, N_PRODUCERS * N_ITEMS);
        for (size_t i = 0; i < sizeof(traffic.seen); i++)
            assert_int_equal(traffic.seen[i], 1);
        vf_queue_free(traffic.queue);
    }
}

/* An abort in full traffic ends all threads, and what was pushed was popped or is left over. */
static void test_abort_threads(void **state)
{
    pthread_t producers[N_PRODUCERS];
    pthread_t consumers[N_CONSUMERS];
    int n_left = 0;
    void *item;

    (void)state;
    start_all(producers, consumers, 2);
    while (atomic_load(&traffic.n_popped) < 50)
        sched_yield();
    vf_queue_abort(traffic.queue);
    for (int i = 0; i < N_PRODUCERS; i++)
        pthread_join(producers[i], NULL);
    for (int i = 0; i < N_CONSUMERS; i++)
        pthread_join(consumers[i], NULL);
    while (vf_queue_drain(traffic.queue, &item))
        n_left++;
    assert_int_equal(traffic.n_pushed, traffic.n_popped + n_left);
    vf_queue_free(traffic.queue);
}

static void *push_one(void *queue)
{
    return vf_queue_push(queue, queue) ? queue : NULL;
}

static void *pop_one(void *queue)
{
    void *item;

    return vf_queue_pop(queue, &item) ? queue : NULL;
}

/* A thread that waits is woken and told: one that pushes into a full queue, and one that pops from an empty one. */
static void test_waiting(void **state)
{
    void (*const ends[])(struct vf_queue *) = {vf_queue_close, vf_queue_abort};
    const struct vf_clock *clock = vf_clock_system();

    (void)state;
    for (int round = 0; round < 4; round++) {
        const bool is_full = round / 2 == 1;
        struct vf_queue *queue = NULL;
        pthread_t thread;
        void *result = &thread;

        assert_int_equal(vf_queue_new(&queue, 1, NULL), VF_OK);
        if (is_full)
            assert_true(vf_queue_push(queue, queue));
        assert_int_equal(pthread_create(&thread, NULL, is_full ? push_one : pop_one, queue), 0);
        clock->sleep_us(clock->context, 20000); /* long enough that it waits; if it doesn't yet, the test still holds */
        ends[round % 2](queue);
        pthread_join(thread, &result);
        assert_null(result);
        vf_queue_free(queue);
    }
}

static void test_cancel(void **state)
{
    struct vf_cancel cancel = {0};
    struct vf_error err = {0};

    (void)state;
    assert_int_equal(vf_cancel_check(NULL, &err), VF_OK);
    assert_int_equal(vf_cancel_check(&cancel, &err), VF_OK);
    vf_cancel_raise(&cancel, 143);
    vf_cancel_raise(&cancel, 130);
    assert_int_equal(cancel.reason, 143);
    assert_int_equal(vf_cancel_check(&cancel, &err), VF_CANCELLED);
    assert_int_equal(err.status, VF_CANCELLED);
    assert_string_equal(err.message, "cancelled");
    assert_int_equal(vf_cancel_check(&cancel, NULL), VF_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),    cmocka_unit_test(test_close),   cmocka_unit_test(test_abort),
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_threads), cmocka_unit_test(test_abort_threads),
        cmocka_unit_test(test_waiting),  cmocka_unit_test(test_cancel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
