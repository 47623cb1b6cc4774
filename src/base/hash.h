/*
 * Hashes: XXH3-128 for digests (xxHash specification 0.2, XXH3), SHA-256 for files and texts that a person may check (FIPS 180-4, by OpenSSL).
 *
 * The sum is over the 128-bit unsigned integers mod 2^128: it doesn't depend on order, and equal rows don't cancel each other as XOR lets them.
 */
#ifndef VF_BASE_HASH_H
#define VF_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vf_hash128 {
    uint64_t low;
    uint64_t high;
};

struct vf_hash128 vf_hash128(const void *bytes, size_t size_bytes);
struct vf_hash128 vf_hash128_add(struct vf_hash128 a, struct vf_hash128 b);      /* mod 2^128 */
struct vf_hash128 vf_hash128_subtract(struct vf_hash128 a, struct vf_hash128 b); /* mod 2^128 */
bool vf_hash128_equal(struct vf_hash128 a, struct vf_hash128 b);

/* 32 hexadecimal digits and a NUL: the high word first. */
void vf_hash128_format(struct vf_hash128 hash, char out[33]);
bool vf_hash128_parse(const char *text, struct vf_hash128 *hash);

/* 64 hexadecimal digits and a NUL. false: OpenSSL failed. */
bool vf_sha256_hex(const void *bytes, size_t size_bytes, char out[65]);

#endif
