#include "vector/number.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "vector/number_big.h"

/* The exponent of a text is cut off here: far beyond what a text that fits into memory can bring back by its zeros. */
#define EXPONENT_LIMIT         INT64_C(1000000000000000)
#define MAX_SIGNIFICAND_DIGITS 19

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/*
 * Eight characters at once: the top bit of every byte that isn't '0' to '9', right up to the first such byte (above it, carries may lie).
 * Adding 0x46 carries a byte above '9' into its top bit, subtracting '0' does so for one below.
 */
static uint64_t find_non_digits(uint64_t bytes)
{
    return ((bytes + UINT64_C(0x4646464646464646)) | (bytes - UINT64_C(0x3030303030303030))) &
           UINT64_C(0x8080808080808080);
}

/* Pairs, then fours, then the eight: the first character is the lowest byte and the highest digit. */
static uint32_t eight_digits(uint64_t bytes)
{
    bytes -= UINT64_C(0x3030303030303030);
    bytes = bytes * 10 + (bytes >> 8);
    bytes = ((bytes & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064) +
             ((bytes >> 16) & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001)) >>
            32;
    return (uint32_t)bytes;
}

static const char *scan_digits(const char *p, const char *end, uint64_t *significand)
{
    static const uint64_t powers[8] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
    uint64_t sum = *significand;

    while (end - p >= 8) {
        uint64_t bytes, non_digits;
        unsigned n;

        memcpy(&bytes, p, sizeof(bytes));
        non_digits = find_non_digits(bytes);
        if (non_digits != 0) {
            /* The last few, without a loop whose length nobody can foresee: move them up, with zeros in front. */
            n = (unsigned)__builtin_ctzll(non_digits) / 8;
            if (n > 0)
                sum = sum * powers[n] + eight_digits(bytes << (64 - 8 * n) | UINT64_C(0x3030303030303030) >> 8 * n);
            *significand = sum;
            return p + n;
        }
        sum = sum * 100000000 + eight_digits(bytes);
        p += 8;
    }
    for (; p < end && is_digit(*p); p++)
        sum = sum * 10 + (uint64_t)(*p - '0');
    *significand = sum;
    return p;
}
#else
static const char *scan_digits(const char *p, const char *end, uint64_t *significand)
{
    uint64_t sum = *significand;

    for (; p < end && is_digit(*p); p++)
        sum = sum * 10 + (uint64_t)(*p - '0');
    *significand = sum;
    return p;
}
#endif

static enum vf_number_fault fault_at(const char **text, const char *where, const char *end)
{
    *text = where;
    return where == end ? VF_NUMBER_END : VF_NUMBER_UNEXPECTED;
}

/* `p` is behind the `e`. */
static enum vf_number_fault scan_exponent(const char **text, const char *p, const char *end, int64_t *exponent)
{
    int64_t sum = 0;
    bool negative = false;

    if (p < end && (*p == '-' || *p == '+'))
        negative = *p++ == '-';
    if (p == end || !is_digit(*p))
        return fault_at(text, p, end);
    for (; p < end && is_digit(*p); p++) {
        if (sum < EXPONENT_LIMIT)
            sum = sum * 10 + (*p - '0');
    }
    *exponent += negative ? -sum : sum;
    *text = p;
    return VF_NUMBER_OK;
}

/* For texts of more than 19 digits: unless enough of them are zeros in front, the sum has overflowed, and is made again from the first 19 that count. */
static void cut_significand(struct vf_number *number, int64_t n_digits)
{
    const char *p = number->digits;
    int64_t n = 0;

    for (; p < number->digits_end && (*p == '0' || *p == '.'); p++)
        n_digits -= *p == '0';
    if (n_digits <= MAX_SIGNIFICAND_DIGITS)
        return;
    number->significand = 0;
    for (; p < number->digits_end; p++) {
        if (*p == '.')
            continue;
        if (n < MAX_SIGNIFICAND_DIGITS)
            number->significand = number->significand * 10 + (uint64_t)(*p - '0');
        else if (*p != '0')
            number->truncated = true;
        n++;
    }
    number->exponent += n - MAX_SIGNIFICAND_DIGITS;
}

int64_t vf_number_count_significant(const struct vf_number *number)
{
    const char *p = number->digits;
    int64_t n = 0;

    while (p < number->digits_end && (*p == '0' || *p == '.'))
        p++;
    for (; p < number->digits_end; p++)
        n += *p != '.';
    return n;
}

enum vf_number_fault vf_number_scan(const char **text, const char *end, bool strict, struct vf_number *number)
{
    const char *p = *text;
    const char *digits;
    uint64_t significand = 0;
    ptrdiff_t n_digits;
    ptrdiff_t n_fraction = 0;

    number->negative = p < end && *p == '-';
    if (number->negative || (!strict && p < end && *p == '+'))
        p++;
    digits = p;
    /* Embeddings have one digit before the point: no use in looking for eight. */
    for (; p < end && is_digit(*p); p++)
        significand = significand * 10 + (uint64_t)(*p - '0');
    n_digits = p - digits;
    if (strict && n_digits == 0)
        return fault_at(text, p, end);
    if (strict && n_digits > 1 && *digits == '0')
        return fault_at(text, digits + 1, end);
    if (p < end && *p == '.') {
        const char *fraction = ++p;

        p = scan_digits(p, end, &significand);
        n_fraction = p - fraction;
        n_digits += n_fraction;
        if (strict && n_fraction == 0)
            return fault_at(text, p, end);
    }
    if (n_digits == 0)
        return fault_at(text, p, end);
    number->significand = significand;
    number->exponent = -(int64_t)n_fraction;
    number->digits = digits;
    number->digits_end = p;
    number->truncated = false;
    *text = p;
    if (p < end && (*p == 'e' || *p == 'E')) {
        enum vf_number_fault fault = scan_exponent(text, p + 1, end, &number->exponent);

        if (fault != VF_NUMBER_OK)
            return fault;
    }
    if (n_digits > MAX_SIGNIFICAND_DIGITS)
        cut_significand(number, n_digits);
    return VF_NUMBER_OK;
}

/* floor(log2(10^exponent)), right from -1233 to 1233. */
static int floor_log2_of_power_of_ten(int exponent)
{
    return (exponent * 1741647) >> 19;
}

/* What distinguishes binary32 from binary64. */
struct format {
    int precision;    /* bits of the mantissa, with the hidden one */
    int min_exponent; /* of the smallest normal number, 2^min_exponent */
    uint64_t infinity;
};

static const struct format binary32 = {24, -126, UINT64_C(0x7f800000)};
static const struct format binary64 = {53, -1022, UINT64_C(0x7ff0000000000000)};

/* The number lies between `mantissa` and mantissa + 1.5, in units of 2^exponent2: round it by comparing it with the one midpoint there is. */
static uint64_t round_exactly(const struct vf_number *number, uint64_t mantissa, int exponent2)
{
    int order = vf_number_compare(number, 2 * mantissa + 1, exponent2 - 1);

    if (order == 0)
        return mantissa + (mantissa & 1);
    return order < 0 ? mantissa : mantissa + 1;
}

/*
 * The bits of the nearest value, without sign. The significand, shifted up to 64 bits, times floor(5^exponent normalised to 128 bits) gives
 * 192 bits, of which the upper 128 are kept. The true product is at least that, and at most `slack` more: nothing if the power is exact and nothing
 * was cut off; else 1 for what was cut off, 1 for the power's own floor, and the whole weight of the last digit if the text has more
 * digits than the significand. Unless the midpoint between two values lies within that slack, the rounding is known.
 */
static uint64_t to_bits(const struct vf_number *number, const struct format *format)
{
    const struct vf_power *power;
    unsigned __int128 product, low_product, slack, fraction, half;
    uint64_t significand, mantissa;
    int n_leading, exponent2, n_bits, value_exponent, n_drop, biased;

    if (number->significand == 0 || number->exponent < VF_POWER_MIN)
        return 0;
    if (number->exponent > 308)
        return format->infinity;
    power = &vf_powers_of_five[number->exponent - VF_POWER_MIN];
    n_leading = __builtin_clzll(number->significand);
    significand = number->significand << n_leading;
    low_product = (unsigned __int128)significand * power->low;
    product = (unsigned __int128)significand * power->high + (uint64_t)(low_product >> 64);
    if (number->exponent >= 0 && number->exponent <= 55 && !number->truncated)
        slack = (uint64_t)low_product != 0;
    else
        slack = 2;
    if (number->truncated)
        slack += ((unsigned __int128)power->high + 1) << n_leading;

    /* The number is product * 2^exponent2, and its highest bit is worth 2^value_exponent. */
    exponent2 = floor_log2_of_power_of_ten((int)number->exponent) - 63 - n_leading;
    n_bits = (product >> 127) != 0 ? 128 : 127;
    value_exponent = exponent2 + n_bits - 1;
    biased = value_exponent - format->min_exponent + 1;
    n_drop = n_bits - format->precision;
    if (biased < 1) { /* subnormal: fewer bits are kept */
        n_drop += 1 - biased;
        biased = 1;
    }
    if (value_exponent > 1 - format->min_exponent)
        return format->infinity;
    if (n_drop >= 130)
        return 0;
    if (n_drop >= 128) {
        mantissa = round_exactly(number, 0, exponent2 + n_drop);
    } else {
        mantissa = (uint64_t)(product >> n_drop);
        half = (unsigned __int128)1 << (n_drop - 1);
        fraction = product & (half + (half - 1));
        if (fraction > half || (fraction == half && slack == 0 && (mantissa & 1) != 0))
            mantissa++;
        else if (slack != 0 && fraction <= half && half - fraction <= slack)
            mantissa = round_exactly(number, mantissa, exponent2 + n_drop);
    }
    /* The hidden bit adds 1 to the exponent; so does a carry out of the mantissa. */
    mantissa += (uint64_t)(biased - 1) << (format->precision - 1);
    return mantissa < format->infinity ? mantissa : format->infinity;
}

static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Clinger's way: both the significand and the power of ten are doubles exactly, so that one operation rounds once. */
static bool to_double_quickly(const struct vf_number *number, double *value)
{
#if FLT_EVAL_METHOD == 0
    if (number->significand <= (UINT64_C(1) << 53) && !number->truncated && number->exponent >= -22 &&
        number->exponent <= 22) {
        double significand = (double)number->significand;

        *value = number->exponent < 0 ? significand / powers_of_ten[-number->exponent]
                                      : significand * powers_of_ten[number->exponent];
        return true;
    }
#else
    (void)number;
    (void)value;
    (void)powers_of_ten;
#endif
    return false;
}

float vf_number_to_f32(const struct vf_number *number)
{
    const uint64_t below_float = (UINT64_C(1) << 29) - 1;
    double quick;
    uint64_t bits64;
    uint32_t sign = (uint32_t)number->negative << 31;
    uint32_t bits;
    float value;

    /*
     * Rounding first to double and then to float is wrong only if the double is the midpoint of two floats and the decimal isn't:
     * midpoints are doubles, so any other decimal stays on its side of them. Numbers that get here are normal floats or zero.
     */
    if (to_double_quickly(number, &quick)) {
        memcpy(&bits64, &quick, sizeof(bits64));
        if ((bits64 & below_float) != UINT64_C(1) << 28) {
            value = (float)quick;
            memcpy(&bits, &value, sizeof(bits));
            bits |= sign; /* without a branch: signs can't be foreseen */
            memcpy(&value, &bits, sizeof(value));
            return value;
        }
    }
    bits = (uint32_t)to_bits(number, &binary32) | sign;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

double vf_number_to_f64(const struct vf_number *number)
{
    double value;
    uint64_t bits;

    if (to_double_quickly(number, &value))
        return number->negative ? -value : value;
    bits = to_bits(number, &binary64) | (uint64_t)number->negative << 63;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* The longest midpoint of two doubles has 768 significant digits: of digits beyond these it only matters whether one isn't zero. */
#define MAX_COMPARED_DIGITS 800

/* All digits as one integer, and the power of ten that it has to be multiplied by. */
static int64_t digits_to_big(const struct vf_number *number, struct vf_big *big)
{
    const char *p = number->digits;
    int64_t n = 0;
    bool more = false;

    if (!number->truncated) {
        vf_big_set(big, number->significand);
        return number->exponent;
    }
    vf_big_set(big, 0);
    while (*p == '0' || *p == '.')
        p++;
    for (; p < number->digits_end; p++) {
        if (*p == '.')
            continue;
        if (n < MAX_COMPARED_DIGITS)
            vf_big_multiply_add(big, 10, (uint64_t)(*p - '0'));
        else if (*p != '0')
            more = true;
        n += n < MAX_COMPARED_DIGITS;
        if (more)
            break;
    }
    if (more) {
        vf_big_multiply_add(big, 10, 1);
        n++;
    }
    return number->exponent - (n - MAX_SIGNIFICAND_DIGITS);
}

int vf_number_compare(const struct vf_number *number, uint64_t mantissa, int exponent2)
{
    struct vf_big decimal, binary;
    int64_t exponent10 = digits_to_big(number, &decimal);
    int64_t shift = exponent10 - exponent2; /* decimal * 5^exponent10 * 2^shift against mantissa */

    assert(exponent10 >= -1300 && exponent10 <= 400 && exponent2 >= -1300 && exponent2 <= 1200);
    vf_big_set(&binary, mantissa);
    if (exponent10 >= 0)
        vf_big_multiply_power_of_five(&decimal, (unsigned)exponent10);
    else
        vf_big_multiply_power_of_five(&binary, (unsigned)-exponent10);
    if (shift >= 0)
        vf_big_shift_left(&decimal, (unsigned)shift);
    else
        vf_big_shift_left(&binary, (unsigned)-shift);
    return vf_big_compare(&decimal, &binary);
}

/* Is |value| between the significand minus and plus half a unit of its last digit? */
static bool is_within_half_unit(const struct vf_number *number, float value)
{
    struct vf_number bound = {.significand = number->significand * 10 + 5, .exponent = number->exponent - 1};
    int exponent2;
    uint64_t mantissa = (uint64_t)ldexpf(frexpf(fabsf(value), &exponent2), 24);

    exponent2 -= 24;
    if (vf_number_compare(&bound, mantissa, exponent2) < 0)
        return false;
    bound.significand -= 10;
    return vf_number_compare(&bound, mantissa, exponent2) <= 0;
}

bool vf_number_is_rendering_of_f32(const struct vf_number *number, float value, double *relative_error)
{
    int64_t n_significant = vf_number_count_significant(number);
    double exact, difference, half_unit, doubt;

    *relative_error = 0;
    if (number->significand == 0 || (n_significant <= FLT_DIG && fabsf(value) >= FLT_MIN))
        return true;
    exact = vf_number_to_f64(number);
    if (exact == (double)value)
        return true;
    *relative_error = exact == 0 ? 1 : fabs((exact - (double)value) / exact);
    /* With 17 digits half a unit is less than half the distance to the next double, which has been looked at. */
    if (n_significant >= 17 || value == 0)
        return false;
    if (number->exponent >= -22 && number->exponent <= 22) {
        half_unit =
            number->exponent < 0 ? 0.5 / powers_of_ten[-number->exponent] : 0.5 * powers_of_ten[number->exponent];
        difference = fabs(exact - (double)value);
        doubt = 4 * DBL_EPSILON * fabs(exact);
        if (difference + doubt < half_unit)
            return true;
        if (difference - doubt > half_unit)
            return false;
    }
    return is_within_half_unit(number, value);
}
