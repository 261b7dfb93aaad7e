/* XXH64 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md), seed 0, for whole stripes only:
 * a bundle's checked part is always a multiple of 64 bytes. */
#include "checksum.h"

#include "memory.h"

static const uint64_t PRIME1 = 0x9E3779B185EBCA87u, PRIME2 = 0xC2B2AE3D27D4EB4Fu, PRIME3 = 0x165667B19E3779F9u,
                      PRIME4 = 0x85EBCA77C2B2AE63u;

static uint64_t rotate(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

static uint64_t mix(uint64_t lane, uint64_t word) { return rotate(lane + word * PRIME2, 31) * PRIME1; }

static uint64_t read64(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

uint64_t ez_xxh64_stripes(const uint8_t *bytes, size_t size) {
    uint64_t a = PRIME1 + PRIME2, b = PRIME2, c = 0, d = 0 - PRIME1;
    for (const uint8_t *end = bytes + size; bytes < end; bytes += 32) {
        a = mix(a, read64(bytes));
        b = mix(b, read64(bytes + 8));
        c = mix(c, read64(bytes + 16));
        d = mix(d, read64(bytes + 24));
    }
    uint64_t hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
    const uint64_t lanes[4] = {a, b, c, d};
    for (int i = 0; i < 4; i++) hash = (hash ^ mix(0, lanes[i])) * PRIME1 + PRIME4;
    hash += size;
    hash = (hash ^ hash >> 33) * PRIME2;
    hash = (hash ^ hash >> 29) * PRIME3;
    return hash ^ hash >> 32;
}
