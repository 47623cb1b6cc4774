#include "rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SECONDS_A_DAY   86400
#define MICROSECONDS    INT64_C(1000000)
#define DAYS_TO_2025    9132 /* from 2000-01-01 */
#define MINUTES_OF_DAY  1440
#define N_DAYS_IN_MONTH 28

void bench_die(const char *fmt, ...)
{
    va_list args;

    fputs("bench: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

int64_t bench_number(const char *text)
{
    char *end = NULL;
    long long number = strtoll(text, &end, 10);

    if (end == text || *end != '\0' || number <= 0)
        bench_die("\"%s\" is no positive number", text);
    return number;
}

/* xorshift64*: the same numbers on every machine. */
static float next_float(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (float)(int32_t)((*state * UINT64_C(2685821657736338717)) >> 32) / 2147483648.0f;
}

struct bench_vectors bench_vectors_make(uint32_t dim)
{
    struct bench_vectors vectors = {
        .dim = dim, .ring = calloc((size_t)dim * BENCH_RING, sizeof(float))}; /* lint: no library of ours */
    uint64_t state = 42;

    if (vectors.ring == NULL)
        bench_die("out of memory");
    for (size_t i = 0; i < BENCH_RING; i++) {
        float *vector = vectors.ring + i * dim;
        double square = 0;
        for (uint32_t j = 0; j < dim; j++) {
            vector[j] = next_float(&state);
            square += (double)vector[j] * (double)vector[j];
        }
        for (uint32_t j = 0; j < dim; j++)
            vector[j] = (float)((double)vector[j] / sqrt(square));
    }
    return vectors;
}

void bench_vectors_free(struct bench_vectors *vectors)
{
    free(vectors->ring);
    *vectors = (struct bench_vectors){0};
}

const float *bench_vector(struct bench_vectors *vectors, int64_t i)
{
    float *vector = vectors->ring + (size_t)(i % BENCH_RING) * vectors->dim;

    vector[0] = (float)(i % 16777216) / 16777216.0f;
    return vector;
}

void bench_scalars(int64_t i, struct bench_scalars *row)
{
    int minute = (int)(i % MINUTES_OF_DAY);
    int second = (int)(i / MINUTES_OF_DAY % 60);
    int day = (int)(i / SECONDS_A_DAY % N_DAYS_IN_MONTH);

    row->id = i + 1;
    row->kind = (int32_t)(i * 7919 % 1000);
    row->amount = (double)(i * 104729 % 10000000) / 100.0;
    row->is_open = (int32_t)(i * 31 % 3 == 0);
    snprintf(row->label, sizeof(row->label), "item %" PRId64 " of the list", i * 65537 % 999983);
    row->created_us = ((int64_t)(DAYS_TO_2025 + day) * SECONDS_A_DAY + minute * 60 + second) * MICROSECONDS;
    snprintf(row->created, sizeof(row->created), "2025-01-%02dT%02d:%02d:%02dZ", day + 1, minute / 60, minute % 60,
             second);
}
