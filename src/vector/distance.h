/*
 * Distances between vectors, and exact nearest neighbours.
 *
 * Everything is computed in double: float32 values are widened first, so products are exact and sums lose about 1e-16 each. Sums run in eight
 * fixed lanes that are added in a fixed order, without fused multiply-add, so that a result has the same bits on every CPU, with or
 * without AVX2. (The databases add in float32, so theirs differ in about the seventh digit.)
 *
 * Where a distance isn't defined the result is NaN: cosine when one of the vectors is zero (pgvector says NaN too, sqlite-vec and libSQL NULL,
 * DuckDB 2, usearch 1). Values must be finite, or the result means nothing. Vectors of float may have any alignment.
 */
#ifndef VF_VECTOR_DISTANCE_H
#define VF_VECTOR_DISTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metric.h"

double vf_distance_l2(const float *a, const float *b, size_t dim);
double vf_distance_l2_squared(const float *a, const float *b, size_t dim);
double vf_distance_cosine(const float *a, const float *b, size_t dim);
double vf_inner_product(const float *a, const float *b, size_t dim); /* positive */
double vf_distance_l1(const float *a, const float *b, size_t dim);
/* `dim` bits each; bits after them are ignored in neither bit order, so they must be zero. */
double vf_distance_hamming(const void *a, const void *b, size_t dim);
double vf_distance_jaccard(const void *a, const void *b, size_t dim);

/* By metric; `a` and `b` are floats or bits, as vf_metric_is_for_bits() says. */
double vf_distance(enum vf_metric metric, const void *a, const void *b, size_t dim);

/* The same for float32 metrics without AVX2, whatever the CPU; for tests. */
double vf_distance_plain(enum vf_metric metric, const void *a, const void *b, size_t dim);

/*
 * The k nearest of n vectors that lie one after the other in `block`: their places (0 to n-1) in `indexes` and their distances in `distances`,
 * nearest first, equal distances by place. Rows whose distance is NaN are left out. Both arrays have room for k. Returns how many
 * there are: min(k, rows with a distance). Exact: it looks at every vector, O(n * dim + found * log k).
 */
size_t vf_knn_exact(const void *query, const void *block, size_t n, size_t dim, enum vf_metric metric, size_t k,
                    uint64_t *indexes, double *distances);

/*
 * The same over several blocks: start with *found = 0, and give each block the place of its first vector; `indexes` and `distances` hold the
 * nearest so far as a heap, until vf_knn_sort() puts them in order.
 */
void vf_knn_add(const void *query, const void *block, size_t n, size_t dim, enum vf_metric metric, uint64_t first_index,
                size_t k, uint64_t *indexes, double *distances, size_t *found);
void vf_knn_sort(uint64_t *indexes, double *distances, size_t found);

#endif
