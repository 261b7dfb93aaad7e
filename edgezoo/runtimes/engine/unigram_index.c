#include "unigram_index.h"

#include "unicode.h"

enum { OFFSET_STEP = 8, MIN_SPELLING_BITS = 10, SPELLINGS_A_PIECE = 8, SLOTS_A_PIECE = 2 };

static const uint64_t EACH_OTHER_BYTE = UINT64_C(0x00FF00FF00FF00FF);

static uint32_t spelling_bits(uint32_t pieces) {
    uint32_t bits = MIN_SPELLING_BITS;
    while ((UINT64_C(1) << bits) < (uint64_t)pieces * SPELLINGS_A_PIECE) bits++;
    return bits;
}

static size_t spellings_size(uint32_t pieces) { return ((size_t)1 << spelling_bits(pieces)) / 4; }

static size_t offset_count(uint32_t pieces) { return pieces / OFFSET_STEP + 1; }

size_t ez_unigram_index_memory(uint32_t pieces) {
    return spellings_size(pieces) + (SLOTS_A_PIECE * (size_t)pieces + offset_count(pieces)) * sizeof(uint32_t);
}

/* The sum of the lengths, none above 63, of the pieces from a multiple of OFFSET_STEP up to `id`. */
static uint32_t bytes_before(const uint8_t *lengths, uint32_t id) {
    uint64_t block = ez_read_prefix(lengths + id / OFFSET_STEP * OFFSET_STEP, id % OFFSET_STEP);
    uint64_t pairs = (block & EACH_OTHER_BYTE) + (block >> 8 & EACH_OTHER_BYTE);
    return (uint32_t)(pairs * UINT64_C(0x0001000100010001) >> 48);
}

static const uint8_t *piece_bytes(const ez_unigram_index *index, uint32_t id) {
    return index->bytes.values + index->offsets[id / OFFSET_STEP] + bytes_before(index->lengths.values, id);
}

int ez_unigram_is(const ez_unigram_index *index, int32_t id, const uint8_t *bytes, size_t length) {
    uint32_t piece = (uint32_t)id;
    return index->lengths.values[piece] == length && ez_same_bytes(piece_bytes(index, piece), bytes, length);
}

static void note_spelling(const ez_unigram_index *index, uint8_t *spellings, uint64_t hash, uint32_t what) {
    uint64_t at = hash >> index->spelling_shift;
    spellings[at / 4] |= (uint8_t)(what << (at % 4 * 2));
}

/* Notes all that a piece begins with, and returns its hash. */
static uint64_t note_piece(const ez_unigram_index *index, uint8_t *spellings, const uint8_t *piece, uint32_t length) {
    uint64_t hash = EZ_SPELLING;
    for (const uint8_t *end = piece + length; piece < end;) {
        uint32_t code_point;
        piece += ez_decode(piece, end, &code_point);
        hash = ez_spell(hash, code_point);
        note_spelling(index, spellings, hash, piece < end ? EZ_GOES_ON : EZ_ENDS);
    }
    return hash;
}

/* Puts a piece into a slot; returns 0 if it is in one. */
static int put_piece(const ez_unigram_index *index, uint32_t *slots, uint32_t id, const uint8_t *piece, uint64_t hash) {
    uint32_t at = ez_first_slot(index, hash);
    for (; slots[at]; at = ez_next_slot(index, at)) {
        if (!ez_has_tag(slots[at], hash)) continue;
        if (ez_unigram_is(index, (int32_t)(slots[at] & EZ_IDS) - 1, piece, index->lengths.values[id])) return 0;
        slots[at] |= EZ_SHARED;
    }
    slots[at] = ((uint32_t)(hash >> 32) & ~(uint32_t)(EZ_SHARED | EZ_IDS)) | (id + 1);
    return 1;
}

int ez_unigram_index_build(ez_unigram_index *index, const ez_tensor *lengths, const ez_tensor *bytes, void *memory) {
    uint32_t pieces = lengths->rows, offset = 0;
    uint8_t *spellings = memory;
    uint32_t *slots = (uint32_t *)(void *)(spellings + spellings_size(pieces));
    uint32_t *offsets = slots + SLOTS_A_PIECE * (size_t)pieces;
    memset(memory, 0, ez_unigram_index_memory(pieces));
    *index = (ez_unigram_index){*lengths, *bytes, slots, offsets, spellings, SLOTS_A_PIECE * pieces,
                                64 - spelling_bits(pieces)};
    for (uint32_t id = 0; id < pieces; id++) {
        const uint8_t *piece = bytes->values + offset;
        if (id % OFFSET_STEP == 0) offsets[id / OFFSET_STEP] = offset;
        uint64_t hash = note_piece(index, spellings, piece, lengths->values[id]);
        if (!put_piece(index, slots, id, piece, hash)) return 0;
        offset += lengths->values[id];
    }
    return 1;
}
