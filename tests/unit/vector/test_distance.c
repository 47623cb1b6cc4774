#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "random.h"
#include "vector/distance.h"

enum { MAX_DIM = 1600 };

/* Between -1 and 1, as embeddings are. */
static float random_float(uint64_t *seed)
{
    return (float)(int64_t)(random_bits(seed) >> 40) * 0x1p-23f - 1;
}

struct sums {
    long double dot, square_a, square_b, l2_squared, l1;
};

static struct sums reference(const float *a, const float *b, size_t dim)
{
    struct sums sums = {0};

    for (size_t i = 0; i < dim; i++) {
        long double x = (long double)a[i], y = (long double)b[i];

        sums.dot += x * y;
        sums.square_a += x * x;
        sums.square_b += y * y;
        sums.l2_squared += (x - y) * (x - y);
        sums.l1 += fabsl(x - y);
    }
    return sums;
}

static void is_close(double value, long double expected, long double scale)
{
    if (!(fabsl((long double)value - expected) <= 1e-13L * scale))
        fail_msg("%.17g, expected %.17Lg", value, expected);
}

/* Every length around the width of the lanes, from an odd address. */
static void test_against_reference(void **state)
{
    static unsigned char bytes_a[4 * MAX_DIM + 1], bytes_b[4 * MAX_DIM + 1];
    static float a[MAX_DIM], b[MAX_DIM];
    uint64_t seed = 1;

    (void)state;
    for (size_t dim = 1; dim <= MAX_DIM; dim += dim < 70 ? 1 : 509) {
        struct sums sums;
        const void *pa = bytes_a + 1;
        const void *pb = bytes_b + 1;

        for (size_t i = 0; i < dim; i++) {
            a[i] = random_float(&seed);
            b[i] = random_float(&seed);
        }
        memcpy(bytes_a + 1, a, 4 * dim);
        memcpy(bytes_b + 1, b, 4 * dim);
        sums = reference(a, b, dim);
        is_close(vf_distance(VF_METRIC_L2, pa, pb, dim), sqrtl(sums.l2_squared), 1 + sqrtl(sums.l2_squared));
        is_close(vf_distance(VF_METRIC_L2_SQUARED, pa, pb, dim), sums.l2_squared, sums.l2_squared);
        is_close(vf_distance(VF_METRIC_L1, pa, pb, dim), sums.l1, sums.l1);
        is_close(vf_distance(VF_METRIC_IP, pa, pb, dim), -sums.dot, sums.square_a + sums.square_b);
        is_close(vf_distance(VF_METRIC_COSINE, pa, pb, dim),
                 1 - sums.dot / (sqrtl(sums.square_a) * sqrtl(sums.square_b)), 1);
        assert_true(vf_distance_l2(a, b, dim) == vf_distance(VF_METRIC_L2, pa, pb, dim));
        assert_true(vf_distance_l2_squared(a, b, dim) == vf_distance(VF_METRIC_L2_SQUARED, pa, pb, dim));
        assert_true(vf_distance_l1(a, b, dim) == vf_distance(VF_METRIC_L1, pa, pb, dim));
        assert_true(vf_inner_product(a, b, dim) == -vf_distance(VF_METRIC_IP, pa, pb, dim));
        assert_true(vf_distance_cosine(a, b, dim) == vf_distance(VF_METRIC_COSINE, pa, pb, dim));
    }
}

/* The promised order of additions, spelled out: eight lanes, without a fused step. The bits must be the same whatever the CPU. */
static void test_bits_do_not_depend_on_the_cpu(void **state)
{
    static float a[MAX_DIM], b[MAX_DIM];
    uint64_t seed = 2;

    (void)state;
    for (size_t dim = 1; dim <= MAX_DIM; dim += 41) {
        volatile double lanes[8] = {0};

        for (size_t i = 0; i < dim; i++) {
            volatile double difference, square;

            a[i] = random_float(&seed) * 1e-3f;
            b[i] = random_float(&seed) * 1e4f;
            difference = (double)a[i] - (double)b[i];
            square = difference * difference;
            lanes[i % 8] += square;
        }
        for (int metric = VF_METRIC_L2; metric <= VF_METRIC_L1; metric++)
            assert_true(vf_distance((enum vf_metric)metric, a, b, dim) ==
                        vf_distance_plain((enum vf_metric)metric, a, b, dim));
        assert_true(vf_distance_l2_squared(a, b, dim) ==
                    ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7])));
    }
}

static void test_extremes(void **state)
{
    const float zero[3] = {0, -0.0f, 0};
    const float one[3] = {1, 2, 3};
    const float huge[2] = {FLT_MAX, -FLT_MAX};
    const float tiny[2] = {FLT_TRUE_MIN, FLT_TRUE_MIN};
    const float opposite[3] = {-2, -4, -6};

    (void)state;
    assert_true(isnan(vf_distance_cosine(zero, one, 3)));
    assert_true(isnan(vf_distance_cosine(one, zero, 3)));
    assert_true(isnan(vf_distance_cosine(zero, zero, 3)));
    assert_true(vf_distance_l2(zero, one, 3) == sqrt(14));
    assert_true(vf_distance_cosine(one, one, 3) < 1e-15 && vf_distance_cosine(one, one, 3) >= 0);
    assert_true(fabs(vf_distance_cosine(one, opposite, 3) - 2) < 1e-15 && vf_distance_cosine(one, opposite, 3) <= 2);
    assert_true(isfinite(vf_distance_l2(huge, tiny, 2))); /* float32 sums would overflow */
    assert_true(isfinite(vf_distance_cosine(huge, tiny, 2)));
    assert_true(vf_distance_cosine(tiny, tiny, 2) < 1e-15); /* float32 squares would vanish */
    assert_true(vf_distance_l1(one, opposite, 3) == 18);
    assert_true(vf_inner_product(one, opposite, 3) == -28);
    assert_true(vf_distance_l2(one, one, 0) == 0);
}

static void test_bits(void **state)
{
    unsigned char a[40], b[40];
    uint64_t seed = 3;

    (void)state;
    for (size_t dim = 1; dim <= 320; dim++) {
        size_t n_bytes = (dim + 7) / 8;
        unsigned n_different = 0, n_both = 0, n_either = 0;

        memset(a, 0, sizeof(a));
        memset(b, 0, sizeof(b));
        for (size_t i = 0; i < dim; i++) {
            uint64_t bits = random_bits(&seed);

            a[i / 8] = (unsigned char)(a[i / 8] | (bits & 1) << (7 - i % 8));
            b[i / 8] = (unsigned char)(b[i / 8] | (bits >> 1 & 1) << (7 - i % 8));
            n_different += (bits & 1) != (bits >> 1 & 1);
            n_both += (bits & 3) == 3;
            n_either += (bits & 3) != 0;
        }
        if (n_bytes < sizeof(a))
            a[n_bytes] = 0xff; /* not part of the vector */
        assert_true(vf_distance_hamming(a, b, dim) == n_different);
        assert_true(vf_distance_jaccard(a, b, dim) == (n_either == 0 ? 1 : 1 - (double)n_both / n_either));
        assert_true(vf_distance(VF_METRIC_HAMMING, a, b, dim) == n_different);
    }
    assert_true(vf_distance_jaccard("\0", "\0", 8) == 1);
}

static void test_names(void **state)
{
    enum vf_metric metric;

    (void)state;
    for (int i = VF_METRIC_L2; i <= VF_METRIC_JACCARD; i++) {
        assert_true(vf_metric_parse(vf_metric_name((enum vf_metric)i), &metric));
        assert_int_equal(metric, i);
        assert_int_equal(vf_metric_is_for_bits(metric), i == VF_METRIC_HAMMING || i == VF_METRIC_JACCARD);
    }
    assert_false(vf_metric_parse("L2", &metric));
}

static void test_knn(void **state)
{
    enum { N = 500, DIM = 19, K = 40 };
    static float block[N][DIM];
    float query[DIM];
    uint64_t indexes[K], more[K];
    double distances[K];
    uint64_t seed = 4;
    size_t found = 0;

    (void)state;
    for (size_t i = 0; i < DIM; i++)
        query[i] = random_float(&seed);
    for (size_t row = 0; row < N; row++) {
        for (size_t i = 0; i < DIM; i++)
            block[row][i] = row % 5 == 4 ? block[row - 1][i] : random_float(&seed); /* every fifth is a double: a tie */
    }
    memset(block[17], 0, sizeof(block[17])); /* no cosine distance */
    assert_int_equal(vf_knn_exact(query, block, N, DIM, VF_METRIC_COSINE, K, indexes, distances), K);
    for (size_t i = 0; i < K; i++) {
        size_t n_before = 0;

        assert_int_not_equal(indexes[i], 17);
        assert_true(distances[i] == vf_distance_cosine(query, block[indexes[i]], DIM));
        for (size_t row = 0; row < N; row++) {
            double distance = vf_distance_cosine(query, block[row], DIM);

            n_before += distance < distances[i] || (distance == distances[i] && row < indexes[i]);
        }
        assert_int_equal(n_before, i);
    }
    for (size_t first = 0; first < N; first += 100)
        vf_knn_add(query, block[first], 100, DIM, VF_METRIC_COSINE, first, K, more, distances, &found);
    vf_knn_sort(more, distances, found);
    assert_int_equal(found, K);
    assert_memory_equal(more, indexes, sizeof(indexes));
}

static void test_knn_with_few_rows(void **state)
{
    const float block[] = {3, 1, 2, 1};
    const float query[] = {1};
    uint64_t indexes[8];
    double distances[8];

    (void)state;
    assert_int_equal(vf_knn_exact(query, block, 4, 1, VF_METRIC_L1, 8, indexes, distances), 4);
    assert_memory_equal(indexes, ((uint64_t[]){1, 3, 2, 0}), 32);
    assert_true(distances[0] == 0 && distances[1] == 0 && distances[2] == 1 && distances[3] == 2);
    assert_int_equal(vf_knn_exact(query, block, 4, 1, VF_METRIC_L1, 0, indexes, distances), 0);
    assert_int_equal(vf_knn_exact(query, block, 0, 1, VF_METRIC_L1, 8, indexes, distances), 0);
    assert_int_equal(
        vf_knn_exact("\xff\x80", "\xff\x00\x00\x80\xff\x80", 3, 9, VF_METRIC_HAMMING, 2, indexes, distances), 2);
    assert_memory_equal(indexes, ((uint64_t[]){2, 0}), 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_reference),
        cmocka_unit_test(test_bits_do_not_depend_on_the_cpu),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_knn),
        cmocka_unit_test(test_knn_with_few_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
