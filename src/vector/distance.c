#include "vector/distance.h"

#include <math.h>
#include <string.h>

/* No fused multiply-add, whatever the compiler is told: the results are promised to be the same on every CPU. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#else
#pragma GCC optimize("O3", "fp-contract=off")
#endif

#define ALWAYS_INLINE __attribute__((always_inline)) static inline

/* Four floats and four doubles, in one register with AVX and in two without: the compiler sees to that. */
typedef float floats4 __attribute__((vector_size(16)));
typedef double doubles4 __attribute__((vector_size(32)));
typedef long long longs4 __attribute__((vector_size(32)));

/* The sums of one pass over two vectors, of which a metric needs one to three. */
struct sums {
    double first; /* a.b, (a-b)^2 or |a-b| */
    double square_a;
    double square_b;
};

/* (By pointer: without AVX there is no agreed way to pass such a vector by value.) */
ALWAYS_INLINE void load4(const unsigned char *bytes, doubles4 *out)
{
    floats4 values;

    memcpy(&values, bytes, sizeof(values));
    *out = __builtin_convertvector(values, doubles4);
}

/* Up to eight floats in two registers, the missing ones zero (which adds nothing to any of the sums). */
ALWAYS_INLINE void load_rest(const unsigned char *bytes, size_t n, doubles4 *low, doubles4 *high)
{
    unsigned char padded[32] = {0};

    memcpy(padded, bytes, 4 * n);
    load4(padded, low);
    load4(padded + 16, high);
}

/* Lanes 0 and 4, 1 and 5, ... first, then neighbours: a fixed order. */
ALWAYS_INLINE double add_lanes(const doubles4 *low, const doubles4 *high)
{
    doubles4 sum = *low + *high;

    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

ALWAYS_INLINE void add_term(enum vf_metric metric, const doubles4 *a, const doubles4 *b, doubles4 *sum)
{
    const longs4 magnitude = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
    doubles4 difference = *a - *b;

    if (metric == VF_METRIC_COSINE || metric == VF_METRIC_IP)
        *sum += *a * *b;
    else if (metric == VF_METRIC_L1)
        *sum += (doubles4)((longs4)difference & magnitude);
    else
        *sum += difference * difference;
}

/* Inlined with a constant metric: L2_SQUARED, L1, IP, or COSINE, which wants the squares too. */
ALWAYS_INLINE void add_up(enum vf_metric metric, const void *a, const void *b, size_t dim, struct sums *sums)
{
    const unsigned char *pa = a;
    const unsigned char *pb = b;
    doubles4 first_low = {0}, first_high = {0}, a_low = {0}, a_high = {0}, b_low = {0}, b_high = {0};

    for (size_t i = 0; i < dim; i += 8) {
        doubles4 xa, ya, xb, yb;

        if (dim - i >= 8) {
            load4(pa + 4 * i, &xa);
            load4(pa + 4 * i + 16, &ya);
            load4(pb + 4 * i, &xb);
            load4(pb + 4 * i + 16, &yb);
        } else {
            load_rest(pa + 4 * i, dim - i, &xa, &ya);
            load_rest(pb + 4 * i, dim - i, &xb, &yb);
        }
        add_term(metric, &xa, &xb, &first_low);
        add_term(metric, &ya, &yb, &first_high);
        if (metric == VF_METRIC_COSINE) {
            a_low += xa * xa;
            a_high += ya * ya;
            b_low += xb * xb;
            b_high += yb * yb;
        }
    }
    sums->first = add_lanes(&first_low, &first_high);
    if (metric == VF_METRIC_COSINE) {
        sums->square_a = add_lanes(&a_low, &a_high);
        sums->square_b = add_lanes(&b_low, &b_high);
    }
}

ALWAYS_INLINE void add_up_by_metric(enum vf_metric metric, const void *a, const void *b, size_t dim, struct sums *sums)
{
    if (metric == VF_METRIC_COSINE)
        add_up(VF_METRIC_COSINE, a, b, dim, sums);
    else if (metric == VF_METRIC_IP)
        add_up(VF_METRIC_IP, a, b, dim, sums);
    else if (metric == VF_METRIC_L1)
        add_up(VF_METRIC_L1, a, b, dim, sums);
    else
        add_up(VF_METRIC_L2_SQUARED, a, b, dim, sums);
}

static void add_up_plain(enum vf_metric metric, const void *a, const void *b, size_t dim, struct sums *sums)
{
    add_up_by_metric(metric, a, b, dim, sums);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void add_up_avx2(enum vf_metric metric, const void *a, const void *b, size_t dim,
                                                        struct sums *sums)
{
    add_up_by_metric(metric, a, b, dim, sums);
}
#endif

typedef void add_up_function(enum vf_metric metric, const void *a, const void *b, size_t dim, struct sums *sums);

static add_up_function *add_up_best(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        return add_up_avx2;
#endif
    return add_up_plain;
}

static double cosine_of_sums(const struct sums *sums)
{
    double similarity;

    if (sums->square_a == 0 || sums->square_b == 0)
        return (double)NAN;
    similarity = sums->first / (sqrt(sums->square_a) * sqrt(sums->square_b));
    return 1 - (similarity > 1 ? 1 : similarity < -1 ? -1 : similarity);
}

static double float_distance(add_up_function *add, enum vf_metric metric, const void *a, const void *b, size_t dim)
{
    struct sums sums = {0};

    add(metric, a, b, dim, &sums);
    if (metric == VF_METRIC_COSINE)
        return cosine_of_sums(&sums);
    if (metric == VF_METRIC_IP)
        return -sums.first;
    return metric == VF_METRIC_L2 ? sqrt(sums.first) : sums.first;
}

double vf_distance_l2(const float *a, const float *b, size_t dim)
{
    return float_distance(add_up_best(), VF_METRIC_L2, a, b, dim);
}

double vf_distance_l2_squared(const float *a, const float *b, size_t dim)
{
    return float_distance(add_up_best(), VF_METRIC_L2_SQUARED, a, b, dim);
}

double vf_distance_cosine(const float *a, const float *b, size_t dim)
{
    return float_distance(add_up_best(), VF_METRIC_COSINE, a, b, dim);
}

double vf_inner_product(const float *a, const float *b, size_t dim)
{
    return -float_distance(add_up_best(), VF_METRIC_IP, a, b, dim);
}

double vf_distance_l1(const float *a, const float *b, size_t dim)
{
    return float_distance(add_up_best(), VF_METRIC_L1, a, b, dim);
}

/* Eight bytes from place i of `size_bytes`, or what is left of them. */
static uint64_t load_bits(const unsigned char *bytes, size_t i, size_t size_bytes)
{
    uint64_t word = 0;

    if (size_bytes - i >= sizeof(word))
        memcpy(&word, bytes + i, sizeof(word));
    else
        memcpy(&word, bytes + i, size_bytes - i);
    return word;
}

double vf_distance_hamming(const void *a, const void *b, size_t dim)
{
    size_t size_bytes = dim / 8 + (dim % 8 != 0);
    uint64_t n_different = 0;

    for (size_t i = 0; i < size_bytes; i += 8)
        n_different += (uint64_t)__builtin_popcountll(load_bits(a, i, size_bytes) ^ load_bits(b, i, size_bytes));
    return (double)n_different;
}

double vf_distance_jaccard(const void *a, const void *b, size_t dim)
{
    size_t size_bytes = dim / 8 + (dim % 8 != 0);
    uint64_t n_both = 0;
    uint64_t n_either = 0;

    for (size_t i = 0; i < size_bytes; i += 8) {
        uint64_t word_a = load_bits(a, i, size_bytes);
        uint64_t word_b = load_bits(b, i, size_bytes);

        n_both += (uint64_t)__builtin_popcountll(word_a & word_b);
        n_either += (uint64_t)__builtin_popcountll(word_a | word_b);
    }
    return n_either == 0 ? 1 : 1 - (double)n_both / (double)n_either;
}

double vf_distance(enum vf_metric metric, const void *a, const void *b, size_t dim)
{
    if (metric == VF_METRIC_HAMMING)
        return vf_distance_hamming(a, b, dim);
    if (metric == VF_METRIC_JACCARD)
        return vf_distance_jaccard(a, b, dim);
    return float_distance(add_up_best(), metric, a, b, dim);
}

double vf_distance_plain(enum vf_metric metric, const void *a, const void *b, size_t dim)
{
    return float_distance(add_up_plain, metric, a, b, dim);
}
