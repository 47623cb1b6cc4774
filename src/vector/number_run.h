/*
 * Runs of numbers as embeddings have them, many at a time: what text_read.c does number by number, for the most frequent form, faster.
 *
 * The commas of a piece of text are found first, 64 bytes at a time, so that no number has to be read to know where the next one begins; then each number is 16 digits in one
 * register, and the product of its significand with a 64-bit power of five decides all but one in some billions of them (D. Lemire, "Number Parsing at a Gigabyte per Second",
 * Software: Practice and Experience 51(8), 2021, for binary32 directly). What isn't decided, or isn't of that form, is left to vector/number.h.
 */
#ifndef VF_VECTOR_NUMBER_RUN_H
#define VF_VECTOR_NUMBER_RUN_H

#include <stddef.h>

#include "vector/text.h"

/* What is read before a number, without a meaning: a run begins so far behind the beginning of the text, or later. */
#define VF_NUMBER_RUN_MARGIN 32

/* What a run works on. */
struct vf_number_run {
    const char *text; /* where the next number begins; at least VF_NUMBER_RUN_MARGIN bytes are readable before it */
    const char *end;  /* of the text */
    float *out;
    size_t max_numbers;
    struct vf_vector_text_stats *stats; /* or NULL */
};

/*
 * Read numbers of the form `-`? digit `.` digits, each with a comma and at most one space behind it, as long as they are so; `run->text` is then at the beginning of the first that
 * isn't read. Returns how many were: often fewer than there are, and none on processors without AVX2.
 */
size_t vf_number_run_f32(struct vf_number_run *run);

#endif
