#include "unigram.h"

#include "pieces.h"
#include "unicode.h"

/* Slots of the table Unigram in bundle.fbs. */
enum { UNKNOWN_ID, BYTE_ID, UNKNOWN_PENALTY, MAX_WORD_CHARACTERS, MAX_MARKS };
enum { MAX_TOKENS = (1 << EZ_ID_BITS) - 1, MAX_VOCABULARY_BYTES = 1 << 24, BYTES = 256, MAX_PENALTY = 1 << 16 };
enum { MAX_WORD_BYTES = 4 * EZ_UNIGRAM_MAX_WORD };
enum { LONGEST_PIECE = 63, OFFSET_STEP = 8 };

/* The filter tells of which lengths there may be a piece, by how the rest of the word begins: short pieces by two
 * bytes, longer ones by four or six. */
enum { LEVELS = 3, FILTER_BITS = 14 };
static const uint8_t LEVEL_BYTES[LEVELS] = {2, 4, 6};

enum { LETTERS = 0x800 }; /* characters of one or two bytes */

/* A character without a token costs as many ids as it has bytes; a delimiter may end a word and follow it. */
enum { ROOM = EZ_TOKEN_CHUNK - MAX_WORD_BYTES - 4 };

static const uint32_t ID_MASK = (1u << EZ_ID_BITS) - 1, NOTHING = UINT32_MAX;
static const uint64_t SEED = 0x9E3779B97F4A7C15u;

static void check_pieces(ez_reader *r, const ez_unigram_vocabulary *v) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < v->lengths.rows; i++) {
        if (!v->lengths.values[i] || v->lengths.values[i] > LONGEST_PIECE)
            ez_fail(r, EZ_CORRUPT, r->root, "a token of the vocabulary has not 1 to 63 bytes");
        total += v->lengths.values[i];
    }
    if (total != v->bytes.rows) ez_fail(r, EZ_CORRUPT, r->root, "the vocabulary's lengths do not add up to its bytes");
}

void ez_unigram_read(ez_reader *r, const ez_description *file, uint64_t settings, ez_unigram_vocabulary *v) {
    v->unknown_id = (uint32_t)ez_scalar_field(r, settings, UNKNOWN_ID, 4, 1);
    v->byte_id = (uint32_t)ez_scalar_field(r, settings, BYTE_ID, 4, 4);
    v->unknown_penalty = (uint32_t)ez_scalar_field(r, settings, UNKNOWN_PENALTY, 4, 160);
    v->max_word_characters = (uint32_t)ez_scalar_field(r, settings, MAX_WORD_CHARACTERS, 4, EZ_UNIGRAM_MAX_WORD);
    v->normalisation.max_marks = (uint32_t)ez_scalar_field(r, settings, MAX_MARKS, 4, 16);
    v->lengths = ez_find_tensor(r, file, "vocabulary.lengths", 1);
    v->bytes = ez_find_tensor(r, file, "vocabulary.bytes", 1);
    v->costs = ez_find_tensor(r, file, "vocabulary.costs", 1);
    if (!ez_ok(r)) return;
    uint32_t tokens = v->lengths.rows;
    if (v->lengths.dtype != EZ_UINT8 || v->bytes.dtype != EZ_UINT8 || v->costs.dtype != EZ_UINT8 ||
        v->lengths.columns != 1 || v->bytes.columns != 1 || v->costs.columns != 1 || v->costs.rows != tokens) {
        ez_fail(r, EZ_CORRUPT, r->root, "the vocabulary is not stored as bytes, with a cost for each token");
    } else if (tokens > MAX_TOKENS || v->bytes.rows > MAX_VOCABULARY_BYTES) {
        ez_fail(r, EZ_UNSUPPORTED, r->root, "the vocabulary is larger than 1,048,575 tokens or 16 MiB");
    } else if (v->unknown_id >= tokens || tokens < BYTES || v->byte_id > tokens - BYTES) {
        ez_fail(r, EZ_CORRUPT, settings, "the unknown token or those of bytes are outside the vocabulary");
    } else if (v->max_word_characters < 1 || v->max_word_characters > EZ_UNIGRAM_MAX_WORD ||
               v->normalisation.max_marks > EZ_MAX_MARKS || v->unknown_penalty > MAX_PENALTY) {
        ez_fail(r, EZ_UNSUPPORTED, settings, "the longest word, the most marks or the penalty is out of range");
    } else {
        check_pieces(r, v);
        ez_normalisation_read(r, file, &v->normalisation);
    }
}

static uint32_t count_slots(const ez_unigram_vocabulary *v) { return 2 * v->lengths.rows; }

static size_t offsets_size(const ez_unigram_vocabulary *v) {
    return (v->lengths.rows / OFFSET_STEP + 1) * sizeof(uint32_t) + sizeof(uint64_t); /* the rest is aligned by 8 */
}

size_t ez_unigram_memory(const ez_unigram_vocabulary *v) {
    return LEVELS * (sizeof(uint64_t) << FILTER_BITS) + (LETTERS + count_slots(v)) * sizeof(uint32_t) + offsets_size(v);
}

static uint32_t tag_of(uint64_t hash) { return (uint32_t)hash & ~ID_MASK; }

static const uint8_t *token_bytes(const ez_unigram *u, uint32_t id) {
    uint32_t offset = u->offsets[id / OFFSET_STEP];
    for (uint32_t i = id / OFFSET_STEP * OFFSET_STEP; i < id; i++) offset += u->vocabulary.lengths.values[i];
    return u->vocabulary.bytes.values + offset;
}

/* The slot of a piece, found or free. */
static uint32_t find_slot(const ez_unigram *u, const uint8_t *piece, size_t length, uint64_t hash) {
    uint32_t at = (uint32_t)(((hash >> 32) * u->slot_count) >> 32);
    for (; u->slots[at]; at = at + 1 == u->slot_count ? 0 : at + 1) {
        if ((u->slots[at] ^ tag_of(hash)) & ~ID_MASK) continue;
        uint32_t id = (u->slots[at] & ID_MASK) - 1;
        if (u->vocabulary.lengths.values[id] == length && ez_same_bytes(token_bytes(u, id), piece, length)) break;
    }
    return at;
}

/* The id of a piece, or NOTHING. */
static uint32_t find_piece(const ez_unigram *u, const uint8_t *piece, size_t length) {
    uint32_t found = u->slots[find_slot(u, piece, length, ez_hash_piece(piece, length, SEED))] & ID_MASK;
    return found ? found - 1 : NOTHING;
}

/* Where a level of the filter keeps the lengths of pieces that begin as `piece` does. */
static size_t filter_entry(const uint8_t *piece, size_t level) {
    uint64_t hash = ez_read_prefix(piece, LEVEL_BYTES[level]) * SEED;
    return (level << FILTER_BITS) + (size_t)(hash >> (64 - FILTER_BITS));
}

/* Bit i is set if there may be a piece of i bytes, at least two and at most `left`, that begins as `text` does. */
static uint64_t possible_lengths(const ez_unigram *u, const uint8_t *text, size_t left) {
    uint64_t lengths = 0;
    for (size_t level = 0; level < LEVELS && LEVEL_BYTES[level] <= left; level++)
        lengths |= u->lengths[filter_entry(text, level)];
    return left < LONGEST_PIECE ? lengths & ((UINT64_C(2) << left) - 1) : lengths;
}

static void note_length(uint64_t *filter, const uint8_t *piece, uint32_t length) {
    if (length < LEVEL_BYTES[0]) return;
    size_t level = length < LEVEL_BYTES[1] ? 0 : length < LEVEL_BYTES[2] ? 1 : 2;
    filter[filter_entry(piece, level)] |= UINT64_C(1) << length;
}

/* The number of a character of one or two bytes, or LETTERS. */
static uint32_t letter_of(const uint8_t *piece, size_t length) {
    if (length == 1 && piece[0] < 0x80) return piece[0];
    return length == 2 && piece[0] >= 0xC0 ? (uint32_t)(piece[0] & 0x1F) << 6 | (piece[1] & 0x3F) : LETTERS;
}

int ez_unigram_build(ez_unigram *u, const ez_unigram_vocabulary *v, void *memory) {
    memset(memory, 0, ez_unigram_memory(v));
    uint64_t *filter = memory;
    uint32_t *letters = (uint32_t *)(filter + (LEVELS << FILTER_BITS)), *slots = letters + LETTERS;
    uint32_t *offsets = slots + count_slots(v), offset = 0, highest = 0;
    *u = (ez_unigram){*v, slots, offsets, filter, letters, count_slots(v), 0};
    for (uint32_t id = 0; id < v->lengths.rows; id++) {
        if (id % OFFSET_STEP == 0) offsets[id / OFFSET_STEP] = offset;
        uint32_t length = v->lengths.values[id];
        const uint8_t *piece = v->bytes.values + offset;
        uint64_t hash = ez_hash_piece(piece, length, SEED);
        uint32_t at = find_slot(u, piece, length, hash);
        if (slots[at]) return 0;
        slots[at] = tag_of(hash) | (id + 1);
        note_length(filter, piece, length);
        if (letter_of(piece, length) < LETTERS) letters[letter_of(piece, length)] = id + 1;
        if (v->costs.values[id] > highest) highest = v->costs.values[id];
        offset += length;
    }
    u->unknown_cost = highest + v->unknown_penalty;
    return 1;
}

/* A word being read; `starts` of its characters, and of what would be the next one. */
typedef struct {
    uint8_t bytes[MAX_WORD_BYTES + 2 * EZ_PIECE_BLOCK];
    uint16_t starts[EZ_UNIGRAM_MAX_WORD + 1];
    uint32_t characters;
} word;

/* The cheapest way to a place in the word: its last piece, and where that begins. */
typedef struct {
    uint32_t cost;
    uint32_t id; /* NOTHING for a character without a token */
    uint32_t from;
} step;

static void try_step(step *steps, size_t from, size_t length, uint32_t id, uint32_t cost) {
    uint32_t total = steps[from].cost + cost;
    if (total < steps[from + length].cost) steps[from + length] = (step){total, id, (uint32_t)from};
}

static uint32_t find_character(const ez_unigram *u, const uint8_t *bytes, size_t length) {
    uint32_t letter = letter_of(bytes, length);
    return letter < LETTERS ? u->letters[letter] - 1 : find_piece(u, bytes, length);
}

static void try_piece(const ez_unigram *u, const word *read, step *steps, size_t from, size_t length) {
    uint32_t id = find_piece(u, read->bytes + from, length);
    if (id != NOTHING) try_step(steps, from, length, id, u->vocabulary.costs.values[id]);
}

/* Tries all pieces that begin at a character. Of equal costs the first found, with the longest last piece, stays. */
static void try_pieces(const ez_unigram *u, const word *read, step *steps, const uint8_t *begins, uint32_t character) {
    size_t from = read->starts[character], single = read->starts[character + 1] - from;
    size_t left = read->starts[read->characters] - from;
    uint32_t id = find_character(u, read->bytes + from, single);
    try_step(steps, from, single, id, id == NOTHING ? u->unknown_cost : u->vocabulary.costs.values[id]);
    for (uint64_t lengths = possible_lengths(u, read->bytes + from, left); lengths; lengths &= lengths - 1) {
        size_t length = (size_t)__builtin_ctzll(lengths);
        if (length != single && begins[from + length]) try_piece(u, read, steps, from, length);
    }
}

/* Writes the ids of a piece that ends a way through the word, before those already at `ids`, and returns them. */
static uint32_t *put_piece(const ez_unigram *u, const word *read, const step *last, size_t end, uint32_t *ids) {
    if (last->id != NOTHING) {
        *--ids = last->id;
        return ids;
    }
    for (size_t i = end; i > last->from; i--) *--ids = u->vocabulary.byte_id + read->bytes[i - 1];
    return ids;
}

/* The cheapest way through the word (Viterbi). */
static size_t split_word(const ez_unigram *u, const word *read, uint32_t *ids) {
    step steps[MAX_WORD_BYTES + 1];
    uint8_t begins[MAX_WORD_BYTES + 1];
    uint32_t found[MAX_WORD_BYTES], *first = found + MAX_WORD_BYTES;
    size_t length = read->starts[read->characters];
    memset(begins, 0, length + 1);
    for (uint32_t i = 0; i <= read->characters; i++) {
        begins[read->starts[i]] = 1;
        steps[read->starts[i]].cost = i ? UINT32_MAX : 0;
    }
    for (uint32_t i = 0; i < read->characters; i++) try_pieces(u, read, steps, begins, i);
    for (size_t end = length; end > 0; end = steps[end].from) first = put_piece(u, read, &steps[end], end, first);
    size_t count = (size_t)(found + MAX_WORD_BYTES - first);
    memcpy(ids, first, count * sizeof *ids);
    return count;
}

/* A word that is a token is that token: a vocabulary may hold none that is cheaper in pieces. */
static size_t end_word(const ez_unigram *u, word *read, uint32_t *ids) {
    if (!read->characters) return 0;
    size_t count = 1;
    ids[0] = find_piece(u, read->bytes, read->starts[read->characters]);
    if (ids[0] == NOTHING) count = split_word(u, read, ids);
    read->characters = 0;
    return count;
}

static void append(word *read, uint32_t code_point) {
    size_t start = read->starts[read->characters];
    read->starts[++read->characters] = (uint16_t)(start + ez_encode(code_point, read->bytes + start));
}

/* Appends a character, and ends the word where it has as many as it may. */
static size_t append_character(const ez_unigram *u, word *read, uint32_t code_point, uint32_t *ids) {
    append(read, code_point);
    return read->characters == u->vocabulary.max_word_characters ? end_word(u, read, ids) : 0;
}

static size_t take(const ez_unigram *u, word *read, uint32_t code_point, uint32_t *ids) {
    uint32_t class = ez_class(&u->vocabulary.normalisation, code_point);
    if (!(class & (EZ_SPACE | EZ_DELIMITER))) return append_character(u, read, code_point, ids);
    size_t count = end_word(u, read, ids);
    if (class & EZ_SPACE) return count;
    append(read, code_point);
    return count + end_word(u, read, ids + count);
}

/* Appends the letters and digits at the text's next bytes, lower-cased, that nothing after them can change, as many as
 * the word has room for; what they are is settled by ASCII itself. */
static void append_letters(const ez_unigram *u, word *read, ez_normaliser *text) {
    uint32_t room = u->vocabulary.max_word_characters - 1 - read->characters;
    for (; room > 0 && text->end - text->next >= 2 && text->next[1] < 0x80; room--) {
        uint8_t letter = text->next[0], lower = letter | 0x20;
        int is_letter = lower >= 'a' && lower <= 'z';
        if (!is_letter && (letter < '0' || letter > '9')) return;
        append(read, is_letter ? lower : letter);
        text->next++;
        text->marks = 0;
    }
}

size_t ez_unigram_next(const ez_unigram *u, ez_normaliser *text, uint32_t *ids) {
    size_t count = 0;
    uint32_t code_point;
    word read;
    read.characters = 0;
    read.starts[0] = 0;
    while (count <= ROOM) {
        if (ez_is_settled(text)) append_letters(u, &read, text);
        if (!ez_normaliser_next(&u->vocabulary.normalisation, text, &code_point)) break;
        count += take(u, &read, code_point, ids + count);
    }
    return count + end_word(u, &read, ids + count);
}
