#include "vector/number_big.h"

#include <assert.h>
#include <string.h>

void vf_big_set(struct vf_big *big, uint64_t value)
{
    big->n_words = value != 0 ? 1 : 0;
    big->words[0] = value;
}

void vf_big_multiply_add(struct vf_big *big, uint64_t factor, uint64_t addend)
{
    uint64_t carry = addend;

    for (unsigned i = 0; i < big->n_words; i++) {
        unsigned __int128 product = (unsigned __int128)big->words[i] * factor + carry;

        big->words[i] = (uint64_t)product;
        carry = (uint64_t)(product >> 64);
    }
    if (carry != 0) {
        assert(big->n_words < VF_BIG_WORDS);
        big->words[big->n_words++] = carry;
    }
}

void vf_big_multiply_power_of_five(struct vf_big *big, unsigned exponent)
{
    const uint64_t five_to_27 = UINT64_C(7450580596923828125); /* the largest that fits */
    uint64_t rest = 1;

    for (; exponent >= 27; exponent -= 27)
        vf_big_multiply_add(big, five_to_27, 0);
    for (; exponent > 0; exponent--)
        rest *= 5;
    vf_big_multiply_add(big, rest, 0);
}

void vf_big_shift_left(struct vf_big *big, unsigned n_bits)
{
    unsigned n_words = n_bits / 64;

    vf_big_multiply_add(big, UINT64_C(1) << (n_bits % 64), 0);
    if (n_words == 0 || big->n_words == 0)
        return;
    assert(big->n_words + n_words <= VF_BIG_WORDS);
    memmove(big->words + n_words, big->words, big->n_words * sizeof(big->words[0]));
    memset(big->words, 0, n_words * sizeof(big->words[0]));
    big->n_words += n_words;
}

int vf_big_compare(const struct vf_big *a, const struct vf_big *b)
{
    if (a->n_words != b->n_words)
        return a->n_words < b->n_words ? -1 : 1;
    for (unsigned i = a->n_words; i-- > 0;) {
        if (a->words[i] != b->words[i])
            return a->words[i] < b->words[i] ? -1 : 1;
    }
    return 0;
}
