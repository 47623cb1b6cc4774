#include "engine/duckdb/bignum.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

#define HEADER_BYTES 3
#define MAX_BYTES    ((size_t)0x7fffff) /* that the header can say */
#define LIMB         1000000000u        /* nine digits */
#define LIMB_DIGITS  9

/* number = number * factor + add; the smallest limb first, each below `base`. */
static void multiply_add(uint32_t *limbs, size_t *n, uint64_t base, uint64_t factor, uint64_t add)
{
    for (size_t i = 0; i < *n; i++) {
        uint64_t value = limbs[i] * factor + add;
        limbs[i] = (uint32_t)(value % base);
        add = value / base;
    }
    if (add > 0)
        limbs[(*n)++] = (uint32_t)add;
}

enum vf_status vf_duckdb_bignum_text(const void *bytes, size_t size_bytes, struct vf_buf *out, struct vf_error *err)
{
    const uint8_t *at = bytes;
    char digits[LIMB_DIGITS + 1];
    size_t n = 0;

    if (size_bytes <= HEADER_BYTES)
        return vf_error_set(err, VF_VALUE, "a BIGNUM of %zu bytes is none", size_bytes);
    const uint8_t mask = at[0] & 0x80 ? 0 : 0xff;
    uint32_t *limbs = vf_calloc((size_bytes - HEADER_BYTES) / 3 + 2, sizeof(*limbs));
    if (limbs == NULL)
        return vf_error_nomem(err);
    for (size_t i = HEADER_BYTES, n_bytes = 0; i < size_bytes; i += n_bytes) {
        uint32_t factor = 1, add = 0;
        for (n_bytes = 0; n_bytes < 3 && i + n_bytes < size_bytes; n_bytes++) {
            factor <<= 8;
            add = add << 8 | (uint8_t)(at[i + n_bytes] ^ mask);
        }
        multiply_add(limbs, &n, LIMB, factor, add);
    }
    vf_buf_str(out, mask != 0 && n > 0 ? "-" : "");
    snprintf(digits, sizeof(digits), "%u", n > 0 ? limbs[n - 1] : 0);
    vf_buf_str(out, digits);
    for (size_t i = n; i > 1; i--) {
        snprintf(digits, sizeof(digits), "%09u", limbs[i - 2]);
        vf_buf_str(out, digits);
    }
    vf_free(limbs);
    return VF_OK;
}

static bool is_plain(const char *text, size_t size_bytes)
{
    size_t sign = size_bytes > 0 && text[0] == '-';
    size_t n_digits = size_bytes - sign;

    for (size_t i = sign; i < size_bytes; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
    }
    return n_digits > 0 && n_digits <= MAX_BYTES && (text[sign] != '0' || (n_digits == 1 && sign == 0));
}

static void put_bytes(const uint32_t *limbs, size_t n, uint8_t mask, struct vf_buf *out)
{
    size_t n_bytes = n * 4;

    while (n_bytes > 1 && (n == 0 || (limbs[(n_bytes - 1) / 4] >> (n_bytes - 1) % 4 * 8 & 0xff) == 0))
        n_bytes--;
    n_bytes = n_bytes > 0 ? n_bytes : 1;
    const uint8_t header[HEADER_BYTES] = {(uint8_t)(0x80 | n_bytes >> 16), (uint8_t)(n_bytes >> 8), (uint8_t)n_bytes};
    for (size_t i = 0; i < HEADER_BYTES; i++)
        vf_buf_char(out, (char)(header[i] ^ mask));
    for (size_t i = n_bytes; i > 0; i--)
        vf_buf_char(out, (char)((n > 0 ? limbs[(i - 1) / 4] >> (i - 1) % 4 * 8 & 0xff : 0) ^ mask));
}

enum vf_status vf_duckdb_bignum_parse(const char *text, size_t size_bytes, struct vf_buf *out, bool *is_number,
                                      struct vf_error *err)
{
    size_t n = 0;

    *is_number = is_plain(text, size_bytes);
    if (!*is_number)
        return VF_OK;
    uint32_t *limbs = vf_calloc(size_bytes / LIMB_DIGITS + 2, sizeof(*limbs));
    if (limbs == NULL)
        return vf_error_nomem(err);
    for (size_t i = text[0] == '-', n_digits = 0; i < size_bytes; i += n_digits) {
        uint32_t factor = 1, add = 0;
        for (n_digits = 0; n_digits < LIMB_DIGITS && i + n_digits < size_bytes; n_digits++) {
            factor *= 10;
            add = add * 10 + (uint32_t)(text[i + n_digits] - '0');
        }
        multiply_add(limbs, &n, UINT64_C(1) << 32, factor, add);
    }
    put_bytes(limbs, n, text[0] == '-' ? 0xff : 0, out);
    vf_free(limbs);
    return vf_buf_check(out, err);
}
