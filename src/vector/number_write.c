#include "vector/number.h"

#include <string.h>

/* A finite binary number, sign aside: mantissa * 2^exponent2. */
struct binary {
    uint64_t mantissa;
    int exponent2;
    bool is_lower_gap_half; /* a power of two: the next value below is half as far away as the one above */
};

/* A decimal: digits * 10^exponent. */
struct decimal {
    uint64_t digits;
    int exponent;
};

/* floor(log2(10^e)) for -1233 <= e <= 1233. */
static int floor_log2_of_power_of_ten(int exponent)
{
    return (exponent * 1741647) >> 19;
}

/* floor(log10(2^e)), or floor(log10(3/4 * 2^e)) when the gap below is half, for -1500 <= e <= 1500. */
static int floor_log10_of_power_of_two(int exponent, bool three_quarters)
{
    return (exponent * 1262611 - (three_quarters ? 524031 : 0)) >> 22;
}

/* The power of five rounded up, as Schubfach wants it. */
static struct vf_power power_rounded_up(int exponent)
{
    struct vf_power power = vf_powers_of_five[exponent - VF_POWER_MIN];

    if (exponent < 0 || exponent > 55) {
        power.low++;
        power.high += power.low == 0;
    }
    return power;
}

/* The upper 64 bits of power * factor / 2^64, with the lowest bit set if anything but the approximation's own error lies below ("round to odd"). */
static uint64_t multiply_to_odd(const struct vf_power *power, uint64_t factor)
{
    unsigned __int128 low = (unsigned __int128)power->low * factor;
    unsigned __int128 high = (unsigned __int128)power->high * factor + (uint64_t)(low >> 64);

    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/*
 * Schubfach: scale the value and the ends of its rounding interval by a power of ten such that the interval is between 1 and 10 wide. Then
 * it holds at most one multiple of ten, and at least one integer; four times everything, so that halves and the odd bit fit.
 */
static struct decimal shortest(const struct binary *binary)
{
    uint64_t middle4 = 4 * binary->mantissa;
    uint64_t exclusive = binary->mantissa & 1; /* ties go to the even mantissa: an odd one doesn't own its ends */
    int k = floor_log10_of_power_of_two(binary->exponent2, binary->is_lower_gap_half);
    int shift = binary->exponent2 + floor_log2_of_power_of_ten(-k) + 1;
    struct vf_power power = power_rounded_up(-k);
    uint64_t lower = multiply_to_odd(&power, (middle4 - 2 + binary->is_lower_gap_half) << shift) + exclusive;
    uint64_t middle = multiply_to_odd(&power, middle4 << shift);
    uint64_t upper = multiply_to_odd(&power, (middle4 + 2) << shift) - exclusive;
    uint64_t floor1 = middle / 4;
    uint64_t floor10 = floor1 / 10;
    bool floor_inside, ceiling_inside;

    if (floor1 >= 10) {
        floor_inside = lower <= 40 * floor10;
        ceiling_inside = 40 * floor10 + 40 <= upper;
        if (floor_inside != ceiling_inside)
            return (struct decimal){floor10 + ceiling_inside, k + 1};
    }
    floor_inside = lower <= 4 * floor1;
    ceiling_inside = 4 * floor1 + 4 <= upper;
    if (floor_inside == ceiling_inside) {
        uint64_t half = 4 * floor1 + 2;

        ceiling_inside = middle > half || (middle == half && (floor1 & 1) != 0);
    }
    return (struct decimal){floor1 + ceiling_inside, k};
}

/* Digits of `value`, most significant first, without trailing zeros; `*n_zeros` says how many those were. `value` isn't zero. */
static int write_digits(uint64_t value, char out[20], int *n_zeros)
{
    char reversed[20];
    int n = 0;

    *n_zeros = 0;
    for (; value % 10 == 0; value /= 10)
        ++*n_zeros;
    for (; value != 0; value /= 10)
        reversed[n++] = (char)('0' + value % 10);
    for (int i = 0; i < n; i++)
        out[i] = reversed[n - 1 - i];
    return n;
}

static char *add_bytes(char *p, const char *bytes, int n)
{
    memcpy(p, bytes, (size_t)n);
    return p + n;
}

static char *add_zeros(char *p, int n)
{
    memset(p, '0', (size_t)n);
    return p + n;
}

static char *add_exponent(char *p, int exponent)
{
    *p++ = 'e';
    if (exponent < 0) {
        *p++ = '-';
        exponent = -exponent;
    }
    if (exponent >= 100)
        *p++ = (char)('0' + exponent / 100);
    if (exponent >= 10)
        *p++ = (char)('0' + exponent / 10 % 10);
    *p++ = (char)('0' + exponent % 10);
    return p;
}

static char *write_decimal(const struct decimal *decimal, char *p)
{
    char digits[20] = "";
    int n_zeros;
    int n = write_digits(decimal->digits, digits, &n_zeros);
    int point = n + n_zeros + decimal->exponent; /* the value is 0.DIGITS * 10^point */

    if (point < -4 || point > 16) {
        *p++ = digits[0];
        if (n > 1) {
            *p++ = '.';
            p = add_bytes(p, digits + 1, n - 1);
        }
        return add_exponent(p, point - 1);
    }
    if (point <= 0) {
        p = add_bytes(p, "0.", 2);
        p = add_zeros(p, -point);
        return add_bytes(p, digits, n);
    }
    if (point >= n) {
        p = add_bytes(p, digits, n);
        return add_zeros(p, point - n);
    }
    p = add_bytes(p, digits, point);
    *p++ = '.';
    return add_bytes(p, digits + point, n - point);
}

static size_t write_binary(bool negative, const struct binary *binary, char *out)
{
    struct decimal decimal;
    char *p = out;

    if (negative)
        *p++ = '-';
    if (binary->mantissa == 0) {
        *p++ = '0';
        return (size_t)(p - out);
    }
    /* Whole numbers are written as they are, with all their digits. */
    if (binary->exponent2 <= 0 && binary->exponent2 > -64 &&
        (binary->mantissa & ((UINT64_C(1) << -binary->exponent2) - 1)) == 0)
        decimal = (struct decimal){binary->mantissa >> -binary->exponent2, 0};
    else
        decimal = shortest(binary);
    return (size_t)(write_decimal(&decimal, p) - out);
}

size_t vf_number_write_f32(float value, char *out)
{
    struct binary binary;
    uint32_t bits;
    uint32_t biased;

    memcpy(&bits, &value, sizeof(bits));
    biased = (bits >> 23) & 0xff;
    binary.mantissa = bits & 0x7fffff;
    binary.is_lower_gap_half = binary.mantissa == 0 && biased > 1;
    if (biased != 0)
        binary.mantissa |= 0x800000;
    binary.exponent2 = (int)(biased != 0 ? biased : 1) - 150;
    return write_binary((bits >> 31) != 0, &binary, out);
}

size_t vf_number_write_f64(double value, char *out)
{
    struct binary binary;
    uint64_t bits;
    uint64_t biased;

    memcpy(&bits, &value, sizeof(bits));
    biased = (bits >> 52) & 0x7ff;
    binary.mantissa = bits & ((UINT64_C(1) << 52) - 1);
    binary.is_lower_gap_half = binary.mantissa == 0 && biased > 1;
    if (biased != 0)
        binary.mantissa |= UINT64_C(1) << 52;
    binary.exponent2 = (int)(biased != 0 ? biased : 1) - 1075;
    return write_binary((bits >> 63) != 0, &binary, out);
}
