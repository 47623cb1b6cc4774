/*
 * One number: exact decimal -> binary, and binary -> shortest decimal.
 *
 * The building blocks of vector/text.h. Numbers are nearest values (ties to even) of the whole decimal, however many digits it has; the
 * round trip through text keeps every bit. Locale-free, without allocation. The rounding mode must be to-nearest, as C starts with.
 *
 * Sources: W. D. Clinger, "How to Read Floating Point Numbers Accurately", 1990 (small numbers by one exact operation); D. Lemire, "Number
 * Parsing at a Gigabyte per Second", 2021 (a 64-bit significand times a 128-bit power of five decides nearly always; the rest by
 * big integers); R. Giulietti, "The Schubfach way to render doubles", 2020 (the shortest decimal).
 */
#ifndef VF_VECTOR_NUMBER_H
#define VF_VECTOR_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A decimal: (-1)^negative * significand * 10^exponent, and what was cut off. */
struct vf_number {
    uint64_t significand; /* the first 19 significant digits */
    int64_t exponent;
    const char *digits; /* where the digits begin in the text, and where they end: at most one point is between them */
    const char *digits_end; /* (the exponent, if any, comes after them); both NULL: the significand is all there is */
    bool negative;
    bool truncated; /* there are more digits than the significand holds, and not all of them are zero */
};

/* What is wrong with a text that is no number. */
enum vf_number_fault {
    VF_NUMBER_OK,
    VF_NUMBER_END,        /* the text ends where a digit must come */
    VF_NUMBER_UNEXPECTED, /* another character than a digit */
};

/* Digits from the first that isn't zero to the last one written; 0 for zero. */
int64_t vf_number_count_significant(const struct vf_number *number);

/* Read one number from [*text, end) and move *text behind it; on a fault *text is where it was found. `strict`: as JSON has it, see vf_vector_syntax. */
enum vf_number_fault vf_number_scan(const char **text, const char *end, bool strict, struct vf_number *number);

/* The nearest value; infinite (with its sign) when the number is too large. The text that was scanned must still be there. */
float vf_number_to_f32(const struct vf_number *number);
double vf_number_to_f64(const struct vf_number *number);

/* Could this text have been written from float32 `value`, the nearest to it? As vf_vector_text_stats has it; `*relative_error` is set when not. */
bool vf_number_is_rendering_of_f32(const struct vf_number *number, float value, double *relative_error);

/*
 * Compare the decimal with mantissa * 2^exponent2 exactly: negative, 0 or positive, as strcmp. Signs are left out of it. Any number of digits;
 * the decimal must lie between 10^-400 and 10^400 or be zero, and mantissa below 2^60, exponent2 between -1200 and 1100.
 */
int vf_number_compare(const struct vf_number *number, uint64_t mantissa, int exponent2);

/*
 * The shortest decimal that reads back to the same bits, and of those the nearest to the value. Plain notation from 1e-5 up to below 1e16,
 * else with an exponent ("1e-7", "3.4028235e38"); whole numbers have no point ("1"); negative zero is "-0". The value must be finite.
 * `out` has room for VF_NUMBER_MAX_BYTES; there is no NUL at the end. Returns the length.
 */
#define VF_NUMBER_MAX_BYTES 32
size_t vf_number_write_f32(float value, char *out);
size_t vf_number_write_f64(double value, char *out);

/* floor(5^exponent5 normalised to 128 bits), high and low word; exponent5 from VF_POWER_MIN to VF_POWER_MAX. Exact for 0 to 55. */
#define VF_POWER_MIN (-342)
#define VF_POWER_MAX 324
struct vf_power {
    uint64_t high;
    uint64_t low;
};
extern const struct vf_power vf_powers_of_five[VF_POWER_MAX - VF_POWER_MIN + 1];

#endif
