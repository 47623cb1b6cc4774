/*
 * Big integers of a fixed size, just enough to compare a decimal with a binary number exactly. On the stack, no allocation.
 *
 * 96 words hold 6144 bits: what vf_number_compare() needs at most is 5150.
 */
#ifndef VF_VECTOR_NUMBER_BIG_H
#define VF_VECTOR_NUMBER_BIG_H

#include <stdint.h>

#define VF_BIG_WORDS 96

struct vf_big {
    unsigned n_words; /* the highest is not zero; 0 words is zero */
    uint64_t words[VF_BIG_WORDS];
};

void vf_big_set(struct vf_big *big, uint64_t value);
void vf_big_multiply_add(struct vf_big *big, uint64_t factor, uint64_t addend);
void vf_big_multiply_power_of_five(struct vf_big *big, unsigned exponent);
void vf_big_shift_left(struct vf_big *big, unsigned n_bits);
int vf_big_compare(const struct vf_big *a, const struct vf_big *b); /* as strcmp */

#endif
