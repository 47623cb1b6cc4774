#include "vector/number_run.h"

#include "vector/number.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

/* Of text whose commas are looked for in advance: they stay in the first cache. */
#define FIRST_BLOCKS    4 /* where numbers of another form are frequent, little is looked at in vain */
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

/* Of a double that was rounded once, and of the few operations that follow. */
#define DOUBT 0x1p-50

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

/* The values of the last `n_digits` (at most 16) characters before `end`, zeros before them. */
VF_RUN_TARGET static inline __m128i load_digits(const char *end, size_t n_digits)
{
    __m128i digits = _mm_loadu_si128((const __m128i *)(const void *)(end - REGISTER_DIGITS));

    digits = _mm_sub_epi8(digits, _mm_set1_epi8('0'));
    return _mm_and_si128(digits, _mm_loadu_si128((const __m128i *)(const void *)(keep_last + n_digits)));
}

/* The last `n_digits` (at most 16) characters before `end` as a number; false: they aren't all digits. */
VF_RUN_TARGET static inline bool read_digits(const char *end, size_t n_digits, uint64_t *value)
{
    const __m128i tens = _mm_set1_epi16(1 << 8 | 10);
    const __m128i hundreds = _mm_set1_epi32(1 << 16 | 100);
    const __m128i ten_thousands = _mm_set1_epi32(1 << 16 | 10000);
    __m128i digits = load_digits(end, n_digits);
    uint64_t eights;

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

/* One number, from where the last one ended to its comma. */
VF_RUN_TARGET static inline bool read_one(const char *at, const char *end, float *out,
                                          struct vf_vector_text_stats *stats)
{
    struct quick_number number;
    uint32_t bits;

    at += *at == ' ';
    bool negative = *at == '-';
    if (!scan_quickly(at + negative, end, &number) || !round_quickly(&number, &bits) ||
        (stats != NULL && !count_quickly(&number, stats)))
        return false;
    bits |= (uint32_t)negative << 31;
    memcpy(out, &bits, sizeof(bits));
    return true;
}

/* ---- four numbers of at most 16 digits behind the point ---- */

/* What is known of a number before its digits are read. */
struct quad_part {
    __m128i digits;  /* behind the point, zeros before them */
    double ten_to_n; /* 10^(how many they are) */
    uint32_t sign;   /* in the highest bit */
    uint32_t head;   /* the digit before the point */
};

VF_RUN_TARGET static inline bool begin_part(const char *at, const char *end, struct quad_part *part)
{
    static const double tens[REGISTER_DIGITS + 1] = {1e0, 1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7, 1e8,
                                                     1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16};
    size_t n_fraction;

    at += *at == ' ';
    bool negative = *at == '-';
    at += negative;
    part->head = (uint32_t)(unsigned char)at[0] - '0';
    n_fraction = (size_t)(end - at) - 2;
    if (part->head > 9 || at[1] != '.' || n_fraction - 1 >= REGISTER_DIGITS)
        return false;
    part->sign = (uint32_t)negative << 31;
    part->ten_to_n = tens[n_fraction];
    part->digits = load_digits(end, n_fraction);
    return true;
}

/*
 * Both the significand and the power of ten are doubles exactly, so that one division rounds once (Clinger's way), and rounding its result to float is wrong only if it is the middle
 * between two of them: see vf_number_to_f32. For a count, what is certainly a rendering is so here; with anything else all four are left to read_one.
 */
VF_RUN_TARGET static inline bool read_four(const char *at, const char *piece, const uint16_t *commas, float *out,
                                           bool count)
{
    const __m256i tens = _mm256_set1_epi16(1 << 8 | 10);
    const __m256i hundreds = _mm256_set1_epi32(1 << 16 | 100);
    const __m256i ten_thousands = _mm256_set1_epi32(1 << 16 | 10000);
    const __m256i in_order = _mm256_setr_epi32(0, 4, 2, 6, 1, 5, 3, 7);
    struct quad_part part[4];

    for (int i = 0; i < 4; i++) {
        if (!begin_part(i == 0 ? at : piece + commas[i - 1] + 1, piece + commas[i], &part[i]))
            return false;
    }
    __m256i first = _mm256_set_m128i(part[1].digits, part[0].digits);
    __m256i second = _mm256_set_m128i(part[3].digits, part[2].digits);
    __m256i too_large = _mm256_subs_epu8(_mm256_max_epu8(first, second), _mm256_set1_epi8(9));
    if (!_mm256_testz_si256(too_large, too_large))
        return false;
    first = _mm256_madd_epi16(_mm256_maddubs_epi16(first, tens), hundreds);
    second = _mm256_madd_epi16(_mm256_maddubs_epi16(second, tens), hundreds);
    /* Numbers 0, 2, 1, 3, of each the first and the last eight digits. */
    __m256i eights = _mm256_madd_epi16(_mm256_packus_epi32(first, second), ten_thousands);
    eights = _mm256_permutevar8x32_epi32(eights, in_order);
    __m256d power = _mm256_set_pd(part[3].ten_to_n, part[2].ten_to_n, part[1].ten_to_n, part[0].ten_to_n);
    __m128i heads = _mm_set_epi32((int)part[3].head, (int)part[2].head, (int)part[1].head, (int)part[0].head);
    __m256d significand = _mm256_mul_pd(_mm256_cvtepi32_pd(_mm256_castsi256_si128(eights)), _mm256_set1_pd(1e8));
    significand = _mm256_add_pd(significand, _mm256_cvtepi32_pd(_mm256_extracti128_si256(eights, 1)));
    significand = _mm256_add_pd(significand, _mm256_mul_pd(_mm256_cvtepi32_pd(heads), power));
    __m256d value = _mm256_div_pd(significand, power);

    __m256d unsure = _mm256_cmp_pd(significand, _mm256_set1_pd(0x1p53), _CMP_GE_OQ);
    __m256i below_float = _mm256_and_si256(_mm256_castpd_si256(value), _mm256_set1_epi64x((1 << 29) - 1));
    unsure = _mm256_or_pd(unsure, _mm256_castsi256_pd(_mm256_cmpeq_epi64(below_float, _mm256_set1_epi64x(1 << 28))));
    __m128 rounded = _mm256_cvtpd_ps(value);
    if (count) {
        const __m256d sign = _mm256_set1_pd(-0.0);
        __m256d difference = _mm256_andnot_pd(sign, _mm256_sub_pd(value, _mm256_cvtps_pd(rounded)));
        __m256d doubt = _mm256_add_pd(difference, _mm256_mul_pd(value, _mm256_set1_pd(DOUBT)));
        __m256d in_units = _mm256_mul_pd(doubt, power);
        __m256d uncounted = _mm256_and_pd(_mm256_cmp_pd(in_units, _mm256_set1_pd(0.5), _CMP_GE_OQ),
                                          _mm256_cmp_pd(difference, _mm256_setzero_pd(), _CMP_NEQ_OQ));
        unsure = _mm256_or_pd(unsure, uncounted);
    }
    if (_mm256_movemask_pd(unsure) != 0)
        return false;
    __m128i signs = _mm_set_epi32((int)part[3].sign, (int)part[2].sign, (int)part[1].sign, (int)part[0].sign);
    _mm_storeu_ps(out, _mm_or_ps(rounded, _mm_castsi128_ps(signs)));
    return true;
}

/* ---- pieces ---- */

__attribute__((always_inline)) VF_RUN_TARGET static inline size_t
read_piece(struct vf_number_run *run, const uint16_t *commas, size_t n_commas, struct vf_vector_text_stats *stats)
{
    const char *piece = run->text;
    const char *at = piece;
    float *out = run->out;
    size_t n = 0;

    while (n < n_commas) {
        if (n_commas - n >= 4 && read_four(at, piece, commas + n, out + n, stats != NULL)) {
            n += 4;
        } else {
            size_t n_single = n + (n_commas - n >= 4 ? 4 : n_commas - n), begin = n;

            while (n < n_single &&
                   read_one(n == begin ? at : piece + commas[n - 1] + 1, piece + commas[n], out + n, stats))
                n++;
            if (n < n_single)
                break;
        }
        at = piece + commas[n - 1] + 1;
    }
    if (n > 0)
        run->text = piece + commas[n - 1] + 1;
    if (stats != NULL)
        stats->n_numbers += n;
    run->out += n;
    run->max_numbers -= n;
    return n;
}

VF_RUN_TARGET static size_t read_run(struct vf_number_run *run, struct vf_vector_text_stats *stats)
{
    uint16_t commas[PIECE_BYTES + COMMAS_AT_ONCE];
    size_t n_read = 0, n_commas, n, max_blocks = FIRST_BLOCKS;

    do {
        size_t n_blocks = (size_t)(run->end - run->text) / BLOCK_BYTES;

        if (n_blocks > max_blocks)
            n_blocks = max_blocks;
        n_commas = find_commas(run->text, n_blocks, commas);
        if (n_commas > run->max_numbers)
            n_commas = run->max_numbers;
        n = stats == NULL ? read_piece(run, commas, n_commas, NULL) : read_piece(run, commas, n_commas, stats);
        n_read += n;
        max_blocks = max_blocks < PIECE_BYTES / BLOCK_BYTES ? 2 * max_blocks : max_blocks;
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
