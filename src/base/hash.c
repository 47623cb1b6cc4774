#include "base/hash.h"

#include <inttypes.h>
#include <stdio.h>

#include <openssl/evp.h>
#include <xxhash.h>

struct vf_hash128 vf_hash128(const void *bytes, size_t size_bytes)
{
    XXH128_hash_t hash = XXH3_128bits(bytes, size_bytes);

    return (struct vf_hash128){.low = hash.low64, .high = hash.high64};
}

struct vf_hash128 vf_hash128_add(struct vf_hash128 a, struct vf_hash128 b)
{
    struct vf_hash128 sum = {.low = a.low + b.low, .high = a.high + b.high};

    sum.high += sum.low < a.low; /* the carry */
    return sum;
}

struct vf_hash128 vf_hash128_subtract(struct vf_hash128 a, struct vf_hash128 b)
{
    struct vf_hash128 rest = {.low = a.low - b.low, .high = a.high - b.high};

    rest.high -= a.low < b.low; /* the borrow */
    return rest;
}

bool vf_hash128_equal(struct vf_hash128 a, struct vf_hash128 b)
{
    return a.low == b.low && a.high == b.high;
}

void vf_hash128_format(struct vf_hash128 hash, char out[33])
{
    snprintf(out, 33, "%016" PRIx64 "%016" PRIx64, hash.high, hash.low);
}

/* -1 when `c` is no hexadecimal digit. */
static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool vf_hash128_parse(const char *text, struct vf_hash128 *hash)
{
    struct vf_hash128 parsed = {0};

    for (int i = 0; i < 32; i++) {
        int digit = digit_value(text[i]);

        if (digit < 0) /* the NUL of a short text too */
            return false;
        parsed.high = parsed.high << 4 | parsed.low >> 60;
        parsed.low = parsed.low << 4 | (uint64_t)digit;
    }
    if (text[32] != '\0')
        return false;
    *hash = parsed;
    return true;
}

bool vf_sha256_hex(const void *bytes, size_t size_bytes, char out[65])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int digest_bytes = 0;

    if (EVP_Digest(bytes, size_bytes, digest, &digest_bytes, EVP_sha256(), NULL) != 1 || digest_bytes != 32)
        return false;
    for (unsigned i = 0; i < digest_bytes; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[64] = '\0';
    return true;
}
