/* What tokenizers share: hashing and comparing pieces of words, eight bytes at a time. */
#ifndef EZ_PIECES_H
#define EZ_PIECES_H

#include <stddef.h>
#include <stdint.h>

#include "memory.h"

enum {
    EZ_PIECE_BLOCK = 8,
    EZ_ID_BITS = 20,
    EZ_TOKEN_CHUNK = 512 /* ids that a tokenizer may write at one call */
};

static inline uint64_t ez_read_block(const uint8_t *bytes) {
    uint64_t block;
    memcpy(&block, bytes, sizeof block);
    return block;
}

/* The first `length` bytes as a number; eight are readable. */
static inline uint64_t ez_read_prefix(const uint8_t *bytes, size_t length) {
    uint64_t block = ez_read_block(bytes);
    return length >= EZ_PIECE_BLOCK ? block : block & ((UINT64_C(1) << (8 * length)) - 1);
}

/* Multiplicative hash of a piece that up to seven readable bytes follow. */
static inline uint64_t ez_hash_piece(const uint8_t *bytes, size_t length, uint64_t seed) {
    uint64_t hash = seed ^ length;
    for (size_t i = 0; i < length; i += EZ_PIECE_BLOCK) {
        hash = (hash ^ ez_read_prefix(bytes + i, length - i)) * UINT64_C(0x9FB21C651E98DF25);
        hash ^= hash >> 32;
    }
    return hash;
}

static inline int ez_same_bytes(const uint8_t *a, const uint8_t *b, size_t length) {
    for (size_t i = 0; i < length; i += EZ_PIECE_BLOCK)
        if (ez_read_prefix(a + i, length - i) != ez_read_prefix(b + i, length - i)) return 0;
    return 1;
}

#endif
