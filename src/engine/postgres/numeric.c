#include <string.h>

#include "engine/postgres/codec.h"

/* Source of the format: numeric_send() and numeric_recv() in src/backend/utils/adt/numeric.c. */
#define SIGN_PLUS     0x0000
#define SIGN_MINUS    0x4000
#define SIGN_NAN      0xC000
#define SIGN_INF      0xD000
#define SIGN_NINF     0xF000
#define MAX_SCALE     0x3FFF
#define MAX_GROUPS    32767
#define TYPMOD_OFFSET 4

struct numeric {
    const uint8_t *groups;
    int n_groups, weight;
};

static unsigned group_at(const struct numeric *numeric, int i)
{
    return i >= 0 && i < numeric->n_groups ? vf_pg_be16(numeric->groups + 2 * i) : 0;
}

static void write_group(struct vf_buf *out, unsigned group, int n_digits)
{
    const char digits[4] = {(char)('0' + group / 1000 % 10), (char)('0' + group / 100 % 10),
                            (char)('0' + group / 10 % 10), (char)('0' + group % 10)};
    vf_buf_add(out, digits, (size_t)n_digits);
}

static void write_whole(const struct numeric *numeric, struct vf_buf *out)
{
    if (numeric->weight < 0) {
        vf_buf_char(out, '0');
        return;
    }
    vf_buf_printf(out, "%u", group_at(numeric, 0));
    for (int i = 1; i <= numeric->weight; i++)
        write_group(out, group_at(numeric, i), 4);
}

bool vf_pg_numeric_to_text(const uint8_t *bytes, size_t size_bytes, struct vf_buf *out)
{
    if (size_bytes < 8)
        return false;
    struct numeric numeric = {
        .groups = bytes + 8, .n_groups = (int16_t)vf_pg_be16(bytes), .weight = (int16_t)vf_pg_be16(bytes + 2)};
    unsigned sign = vf_pg_be16(bytes + 4);
    int scale = (int16_t)vf_pg_be16(bytes + 6);
    if (numeric.n_groups < 0 || size_bytes != 8 + 2 * (size_t)numeric.n_groups || scale < 0)
        return false;
    if (sign == SIGN_NAN || sign == SIGN_INF || sign == SIGN_NINF) {
        vf_buf_str(out, sign == SIGN_NAN ? "NaN" : sign == SIGN_INF ? "Infinity" : "-Infinity");
        return true;
    }
    if (sign == SIGN_MINUS)
        vf_buf_char(out, '-');
    write_whole(&numeric, out);
    if (scale > 0)
        vf_buf_char(out, '.');
    /* Group weight + 1 is the first behind the point; before the first stored one all are zero. */
    for (int done = 0; done < scale; done += 4)
        write_group(out, group_at(&numeric, numeric.weight + 1 + done / 4), scale - done < 4 ? scale - done : 4);
    return true;
}

/* A decimal, taken apart: the digits before and after the point. */
struct decimal {
    bool negative;
    const char *whole, *fraction;
    size_t n_whole, n_fraction;
};

static bool take_apart(const char *text, size_t size_bytes, struct decimal *decimal)
{
    const char *at = text, *end = text + size_bytes;
    *decimal = (struct decimal){0};
    if (at < end && (*at == '-' || *at == '+'))
        decimal->negative = *at++ == '-';
    while (at < end && *at == '0' && at + 1 < end && at[1] >= '0' && at[1] <= '9')
        at++;
    decimal->whole = at;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    decimal->n_whole = (size_t)(at - decimal->whole);
    if (at < end && *at == '.')
        at++;
    decimal->fraction = at;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    decimal->n_fraction = (size_t)(at - decimal->fraction);
    return at == end && decimal->n_whole + decimal->n_fraction > 0;
}

/* Group g of base 10000, counted from the first digit, where the point lies between two groups. */
static unsigned make_group(const struct decimal *decimal, size_t g)
{
    size_t pad = (4 - decimal->n_whole % 4) % 4;
    unsigned group = 0;
    for (size_t i = g * 4; i < g * 4 + 4; i++) {
        unsigned digit = 0;
        if (i >= pad && i - pad < decimal->n_whole)
            digit = (unsigned)(decimal->whole[i - pad] - '0');
        else if (i >= pad && i - pad - decimal->n_whole < decimal->n_fraction)
            digit = (unsigned)(decimal->fraction[i - pad - decimal->n_whole] - '0');
        group = group * 10 + digit;
    }
    return group;
}

static bool write_special(const char *text, size_t size_bytes, struct vf_buf *out)
{
    static const struct {
        const char *text;
        uint16_t sign, scale;
    } specials[] = {{"NaN", SIGN_NAN, 0}, {"Infinity", SIGN_INF, 0x20}, {"-Infinity", SIGN_NINF, 0x20}};
    for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++) {
        if (size_bytes != strlen(specials[i].text) || memcmp(text, specials[i].text, size_bytes) != 0)
            continue;
        vf_buf_be32(out, 0);
        vf_buf_be16(out, specials[i].sign);
        vf_buf_be16(out, specials[i].scale);
        return true;
    }
    return false;
}

bool vf_pg_numeric_from_text(const char *text, size_t size_bytes, struct vf_buf *out)
{
    struct decimal decimal;
    if (write_special(text, size_bytes, out))
        return true;
    if (!take_apart(text, size_bytes, &decimal) || decimal.n_fraction > MAX_SCALE || decimal.n_whole > MAX_GROUPS * 4)
        return false;
    size_t n_whole_groups = (decimal.n_whole + 3) / 4;
    size_t end = n_whole_groups + (decimal.n_fraction + 3) / 4, first = 0;
    while (first < end && make_group(&decimal, first) == 0)
        first++;
    while (end > first && make_group(&decimal, end - 1) == 0)
        end--;
    if (end - first > MAX_GROUPS)
        return false;
    bool is_zero = end == first;
    vf_buf_be16(out, (uint16_t)(end - first));
    vf_buf_be16(out, is_zero ? 0 : (uint16_t)((int)n_whole_groups - 1 - (int)first));
    vf_buf_be16(out, decimal.negative && !is_zero ? SIGN_MINUS : SIGN_PLUS);
    vf_buf_be16(out, (uint16_t)decimal.n_fraction);
    for (size_t i = first; i < end; i++)
        vf_buf_be16(out, (uint16_t)make_group(&decimal, i));
    return true;
}

bool vf_pg_numeric_is_exact(const char *text, size_t size_bytes, int32_t typmod)
{
    struct decimal decimal;
    if (typmod < TYPMOD_OFFSET || !take_apart(text, size_bytes, &decimal))
        return true;
    int scale = (((typmod - TYPMOD_OFFSET) & 0x7ff) ^ 1024) - 1024;
    for (size_t i = scale > 0 ? (size_t)scale : 0; i < decimal.n_fraction; i++) {
        if (decimal.fraction[i] != '0')
            return false;
    }
    size_t n_zeros = scale < 0 ? (size_t)-scale : 0;
    for (size_t i = 0; i < n_zeros && i < decimal.n_whole; i++) {
        if (decimal.whole[decimal.n_whole - 1 - i] != '0')
            return false;
    }
    return true;
}
