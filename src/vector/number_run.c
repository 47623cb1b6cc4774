#include "vector/number_run.h"

#include "vector/number.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

/* Of text whose commas are looked for in advance: they stay in the first cache. */
#define PIECE_BYTES     2048
#define BLOCK_BYTES     64
#define COMMAS_AT_ONCE  8
#define MAX_FRACTION    32
#define REGISTER_DIGITS 16
#define MAX_UPPER       1843 /* times 10^16, and 10^16 - 1 more, is less than 2^64 */
#define TEN_TO_16       UINT64_C(10000000000000000)
#define MANTISSA_BITS   24
#define REST_BITS       (64 - MANTISSA_BITS)
#define HALF_REST       (UINT64_C(1) << (REST_BITS - 1))
#define BINARY32_BIAS   127
/* The product is too small by less than 2 in the last place: 1 for what the power's lower half would have added, 1 for the lower half of the product; twice that when it is shifted by one. */
#define SLACK 4
/* Half the distance of two doubles, and a quarter below a power of two, in units of the last place of 64 bits. */
#define HALF_DOUBLE       (UINT64_C(1) << 10)
#define LEAST_HALF_DOUBLE (UINT64_C(1) << 9)
#define ROUNDING          1e-15 /* of a few operations on doubles */

#define VF_RUN_TARGET __attribute__((target("avx2,bmi,popcnt")))

/* Positions of the commas of whole blocks. Eight are written whether there are so many or not: how many there are can't be foreseen, and a wrong guess costs more than eight stores. */
VF_RUN_TARGET static size_t find_commas(const char *text, size_t n_blocks, uint16_t *positions)
{
    const __m256i comma = _mm256_set1_epi8(',');
    size_t n = 0;

    for (size_t block = 0; block < n_blocks; block++) {
        const char *at = text + block * BLOCK_BYTES;
        __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)at);
        __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(at + 32));
        uint64_t mask = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, comma)) |
                        (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, comma)) << 32;
        size_t n_block = (size_t)__builtin_popcountll(mask);
        uint16_t *out = positions + n;

        for (size_t done = 0; done < n_block || done == 0; done += COMMAS_AT_ONCE) {
            for (int i = 0; i < COMMAS_AT_ONCE; i++) {
                *out++ = (uint16_t)(block * BLOCK_BYTES + _tzcnt_u64(mask));
                mask = _blsr_u64(mask);
            }
        }
        n += n_block;
    }
    return n;
}

/* 16 bytes 0, then 16 bytes 255: loaded from `n` on, the last n bytes of a register are kept. */
static const uint8_t keep_last[32] = {0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
                                      255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

VF_RUN_TARGET static inline bool is_zero(__m128i bits)
{
    return _mm_testz_si128(bits, bits) != 0;
}

/* The last `n_digits` (at most 16) characters before `end` as a number; false: they aren't all digits. */
VF_RUN_TARGET static inline bool read_digits(const char *end, size_t n_digits, uint64_t *value)
{
    const __m128i tens = _mm_set1_epi16(1 << 8 | 10);
    const __m128i hundreds = _mm_set1_epi32(1 << 16 | 100);
    const __m128i ten_thousands = _mm_set1_epi32(1 << 16 | 10000);
    __m128i digits = _mm_loadu_si128((const __m128i *)(const void *)(end - REGISTER_DIGITS));
    uint64_t eights;

    digits = _mm_sub_epi8(digits, _mm_set1_epi8('0'));
    digits = _mm_and_si128(digits, _mm_loadu_si128((const __m128i *)(const void *)(keep_last + n_digits)));
    if (!is_zero(_mm_subs_epu8(digits, _mm_set1_epi8(9))))
        return false;
    digits = _mm_madd_epi16(_mm_maddubs_epi16(digits, tens), hundreds);
    digits = _mm_madd_epi16(_mm_packus_epi32(digits, digits), ten_thousands);
    eights = (uint64_t)_mm_cvtsi128_si64(digits);
    *value = (uint32_t)eights * UINT64_C(100000000) + (eights >> 32);
    return true;
}

/* A decimal significand * 10^-n_fraction, and the float32 nearest to it. */
struct quick_number {
    uint64_t significand;
    size_t n_fraction;
    uint64_t product;  /* the decimal's first 64 bits: at most SLACK less than they are */
    uint64_t mantissa; /* of the float32, with the hidden bit; 2^24 after a carry */
    uint64_t power;    /* that the significand was multiplied with, and how far both were shifted */
    unsigned shift;
};

/* Characters from `text` to `end`, which is its comma. */
VF_RUN_TARGET static inline bool scan_quickly(const char *text, const char *end, struct quick_number *number)
{
    static const uint64_t powers[REGISTER_DIGITS + 1] = {UINT64_C(1),
                                                         UINT64_C(10),
                                                         UINT64_C(100),
                                                         UINT64_C(1000),
                                                         UINT64_C(10000),
                                                         UINT64_C(100000),
                                                         UINT64_C(1000000),
                                                         UINT64_C(10000000),
                                                         UINT64_C(100000000),
                                                         UINT64_C(1000000000),
                                                         UINT64_C(10000000000),
                                                         UINT64_C(100000000000),
                                                         UINT64_C(1000000000000),
                                                         UINT64_C(10000000000000),
                                                         UINT64_C(100000000000000),
                                                         UINT64_C(1000000000000000),
                                                         TEN_TO_16};
    uint64_t digit = (uint64_t)(unsigned char)text[0] - '0';
    size_t n_fraction = (size_t)(end - text) - 2;
    uint64_t lower, upper;

    if (digit > 9 || text[1] != '.' || n_fraction - 1 >= MAX_FRACTION)
        return false;
    number->n_fraction = n_fraction;
    if (n_fraction <= REGISTER_DIGITS) {
        if (!read_digits(end, n_fraction, &lower))
            return false;
        number->significand = digit * powers[n_fraction] + lower;
        return true;
    }
    n_fraction -= REGISTER_DIGITS;
    if (!read_digits(end, REGISTER_DIGITS, &lower) || !read_digits(end - REGISTER_DIGITS, n_fraction, &upper))
        return false;
    upper += digit * powers[n_fraction];
    if (upper > MAX_UPPER)
        return false;
    number->significand = upper * TEN_TO_16 + lower;
    return true;
}

/* floor(log2(10^-n)), right for the exponents that occur here. */
static inline int floor_log2_of_tenth(size_t n)
{
    return (-(int)n * 1741647) >> 19;
}

/* The bits of the nearest float32, without sign: the decimal is normal or zero. false: too near to the middle between two of them to say. */
static inline bool round_quickly(struct quick_number *number, uint32_t *bits)
{
    unsigned n_leading = (unsigned)__builtin_clzll(number->significand | 1);
    uint64_t power = vf_powers_of_five[-VF_POWER_MIN - (int)number->n_fraction].high;
    uint64_t product = (uint64_t)((unsigned __int128)(number->significand << n_leading) * power >> 64);
    unsigned is_full = (unsigned)(product >> 63);
    uint64_t mantissa, rest;
    int exponent = floor_log2_of_tenth(number->n_fraction) + 63 - (int)n_leading + (int)is_full;

    product <<= 1 - is_full;
    mantissa = product >> REST_BITS;
    rest = product & (2 * HALF_REST - 1);
    if (rest - (HALF_REST - SLACK) <= SLACK)
        return false;
    mantissa += rest >> (REST_BITS - 1);
    number->product = product;
    number->mantissa = mantissa;
    number->power = power;
    number->shift = n_leading + 1 - is_full;
    /* The hidden bit adds 1 to the exponent; so does a carry out of the mantissa. */
    *bits = (uint32_t)(((uint64_t)(exponent + BINARY32_BIAS - 1) << (MANTISSA_BITS - 1)) + mantissa);
    if (number->significand == 0)
        *bits = 0;
    return true;
}

/*
 * What vf_number_is_rendering_of_f32 says, where it is certain: the distance of the decimal from the float32 against half a unit of the decimal's last digit, and against half the
 * distance of two doubles. false: it isn't certain, or the relative error may be the largest so far.
 */
static inline bool count_quickly(const struct quick_number *number, struct vf_vector_text_stats *stats)
{
    uint64_t value = number->mantissa << REST_BITS; /* 0 after a carry, which is 2^64 */
    uint64_t difference = value - number->product;
    uint64_t sign = -(difference >> 63); /* without a branch, which would be right half of the time */
    uint64_t distance = (difference ^ sign) - sign;
    uint64_t half_unit = (uint64_t)((unsigned __int128)number->power << number->shift >> 65);

    if ((distance + 2 * SLACK < half_unit) | (distance + 2 * SLACK < LEAST_HALF_DOUBLE) | (number->significand == 0))
        return true;
    if (distance < half_unit + 2 * SLACK || distance < HALF_DOUBLE + 2 * SLACK ||
        (double)(distance + HALF_DOUBLE + 2 * SLACK) * (1 + ROUNDING) >=
            stats->max_relative_error * (double)number->product)
        return false;
    stats->n_inexact++;
    return true;
}

__attribute__((always_inline)) VF_RUN_TARGET static inline size_t
read_piece(struct vf_number_run *run, const uint16_t *commas, size_t n_commas, struct vf_vector_text_stats *stats)
{
    const char *piece = run->text;
    const char *at = piece;
    float *out = run->out;
    size_t n = 0;

    for (; n < n_commas; n++) {
        const char *end = piece + commas[n];
        struct quick_number number;
        uint32_t bits;
        bool negative;

        const char *digits = at + (*at == ' ');

        negative = *digits == '-';
        if (!scan_quickly(digits + negative, end, &number) || !round_quickly(&number, &bits) ||
            (stats != NULL && !count_quickly(&number, stats)))
            break;
        bits |= (uint32_t)negative << 31;
        memcpy(&out[n], &bits, sizeof(bits));
        at = end + 1;
    }
    if (stats != NULL)
        stats->n_numbers += n;
    run->text = at;
    run->out += n;
    run->max_numbers -= n;
    return n;
}

VF_RUN_TARGET static size_t read_run(struct vf_number_run *run, struct vf_vector_text_stats *stats)
{
    uint16_t commas[PIECE_BYTES + COMMAS_AT_ONCE];
    size_t n_read = 0, n_commas, n;

    do {
        size_t n_blocks = (size_t)(run->end - run->text) / BLOCK_BYTES;

        if (n_blocks > PIECE_BYTES / BLOCK_BYTES)
            n_blocks = PIECE_BYTES / BLOCK_BYTES;
        n_commas = find_commas(run->text, n_blocks, commas);
        if (n_commas > run->max_numbers)
            n_commas = run->max_numbers;
        n = stats == NULL ? read_piece(run, commas, n_commas, NULL) : read_piece(run, commas, n_commas, stats);
        n_read += n;
    } while (n == n_commas && n > 0);
    return n_read;
}

size_t vf_number_run_f32(struct vf_number_run *run)
{
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("popcnt"))
        return 0;
    return read_run(run, run->stats);
}

#else

size_t vf_number_run_f32(struct vf_number_run *run)
{
    (void)run;
    return 0;
}

#endif
