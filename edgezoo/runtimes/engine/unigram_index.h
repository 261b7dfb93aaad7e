/* The pieces of a Unigram by what they are spelt with, and which spellings may go on to be a longer piece. */
#ifndef EZ_UNIGRAM_INDEX_H
#define EZ_UNIGRAM_INDEX_H

#include "pieces.h"
#include "tensor.h"
#include "unicode.h"

enum {
    EZ_NO_PIECE = -1,
    EZ_SHARED = 1 << EZ_ID_BITS, /* in a slot: another piece with the same tag lies behind it */
    EZ_IDS = EZ_SHARED - 1
};

/* What is known of a spelling: no bit is missing where it belongs, a few are there without need. */
enum { EZ_ENDS = 1 /* it is a piece */, EZ_GOES_ON = 2 /* a longer piece begins so */ };

/* Built at open: nothing in the file to trust. */
typedef struct {
    ez_tensor lengths, bytes;  /* uint8: [pieces], all pieces end to end */
    const uint32_t *slots;    /* a hash table: upper bits of the hash | EZ_SHARED or 0 | id + 1; a free one is 0 */
    const uint32_t *offsets;  /* where every eighth piece begins */
    const uint8_t *spellings; /* two bits for each spelling, and any others of the same hash */
    uint32_t slot_count;
    uint32_t spelling_shift; /* of a hash, to the place of those bits */
} ez_unigram_index;

/* A spelling's hash: this, then `ez_spell` for each of its characters. */
static const uint64_t EZ_SPELLING = UINT64_C(0x9E3779B97F4A7C15);

static inline uint64_t ez_spell(uint64_t hash, uint32_t code_point) {
    hash = (hash ^ code_point) * UINT64_C(0x9FB21C651E98DF25);
    return hash ^ hash >> 32;
}

static inline uint32_t ez_spelling(const ez_unigram_index *index, uint64_t hash) {
    uint64_t at = hash >> index->spelling_shift;
    return index->spellings[at / 4] >> (at % 4 * 2) & 3;
}

size_t ez_unigram_index_memory(uint32_t pieces);

/* Returns 1, or 0 if a piece is there twice. `memory` is 8-byte aligned. */
int ez_unigram_index_build(ez_unigram_index *index, const ez_tensor *lengths, const ez_tensor *bytes, void *memory);

/* Whether a piece is spelt with these bytes, which seven readable ones follow. */
int ez_unigram_is(const ez_unigram_index *index, int32_t id, const uint8_t *bytes, size_t length);

static inline uint32_t ez_first_slot(const ez_unigram_index *index, uint64_t hash) {
    return (uint32_t)(((hash & UINT32_MAX) * index->slot_count) >> 32);
}

static inline uint32_t ez_next_slot(const ez_unigram_index *index, uint32_t at) {
    return at + 1 == index->slot_count ? 0 : at + 1;
}

static inline int ez_has_tag(uint32_t slot, uint64_t hash) {
    return ((slot ^ (uint32_t)(hash >> 32)) & ~(uint32_t)(EZ_SHARED | EZ_IDS)) == 0;
}

/* The id of the only piece that can be spelt with these bytes, whose hash is given, or EZ_NO_PIECE. Whether it is that
 * piece, `ez_unigram_is` tells. */
EZ_INLINE int32_t ez_unigram_guess(const ez_unigram_index *index, const uint8_t *bytes, size_t length, uint64_t hash) {
    for (uint32_t slot, at = ez_first_slot(index, hash); (slot = index->slots[at]) != 0; at = ez_next_slot(index, at)) {
        int32_t id = (int32_t)(slot & EZ_IDS) - 1;
        if (ez_has_tag(slot, hash) && (!(slot & EZ_SHARED) || ez_unigram_is(index, id, bytes, length))) return id;
    }
    return EZ_NO_PIECE;
}

#endif
