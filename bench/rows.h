/*
 * The rows of the benchmarks: the same in every program, made in memory at no cost that would count.
 *
 * Vectors come from a ring of RING random ones of length 1; the first number of each is its row's own, so that no two rows are equal.
 */
#ifndef VF_BENCH_ROWS_H
#define VF_BENCH_ROWS_H

#include <stdint.h>

#define BENCH_RING 256

struct bench_vectors {
    uint32_t dim;
    float *ring; /* BENCH_RING * dim */
};

/* Ends the program when memory has run out. */
struct bench_vectors bench_vectors_make(uint32_t dim);
void bench_vectors_free(struct bench_vectors *vectors);
/* The vector of row i; valid until the next call. */
const float *bench_vector(struct bench_vectors *vectors, int64_t i);

/* A row of six scalar columns. */
struct bench_scalars {
    int64_t id;
    int32_t kind;
    double amount;
    int32_t is_open; /* 0 or 1 */
    char label[32];
    int64_t created_us; /* since 2000-01-01 UTC */
    char created[32];   /* the same as a text */
};
void bench_scalars(int64_t i, struct bench_scalars *row);

/* "program: message", and the end of the program. */
_Noreturn void bench_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A positive whole number, or the end. */
int64_t bench_number(const char *text);

#endif
