#include "wordpiece.h"

#include "memory.h"
#include "pieces.h"
#include "unicode.h"

/* Slots of the table WordPiece in bundle.fbs. */
enum { UNKNOWN_ID, MAX_WORD_CHARACTERS };
enum {
    MAX_TOKENS = (1 << EZ_ID_BITS) - 1,
    MAX_VOCABULARY_BYTES = 1 << 24,
    MAX_WORD_BYTES = 4 * 255, /* max_word_characters is checked to be at most 255 */
    BLOCK = EZ_PIECE_BLOCK
};

static const uint32_t ID_MASK = (1u << EZ_ID_BITS) - 1;
static const uint64_t WORD_SEED = 0x9E3779B97F4A7C15u, CONTINUATION_SEED = 0xD1B54A32D192ED03u;

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

void ez_wordpiece_read(ez_reader *r, const ez_description *file, uint64_t settings, ez_vocabulary *v) {
    v->unknown_id = (uint32_t)ez_scalar_field(r, settings, UNKNOWN_ID, 4, 0);
    v->max_word_characters = (uint32_t)ez_scalar_field(r, settings, MAX_WORD_CHARACTERS, 4, 100);
    v->lengths = ez_find_tensor(r, file, "vocabulary.lengths", 1);
    v->bytes = ez_find_tensor(r, file, "vocabulary.bytes", 1);
    if (!ez_ok(r)) return;
    const ez_tensor *lengths = &v->lengths, *bytes = &v->bytes;
    uint64_t total = 0;
    if (lengths->dtype != EZ_UINT8 || bytes->dtype != EZ_UINT8 || lengths->columns != 1 || bytes->columns != 1) {
        ez_fail(r, EZ_CORRUPT, r->root, "the vocabulary is not stored as bytes");
    } else if (lengths->rows > MAX_TOKENS || bytes->rows > MAX_VOCABULARY_BYTES) {
        ez_fail(r, EZ_UNSUPPORTED, r->root, "the vocabulary is larger than 1,048,575 tokens or 16 MiB");
    } else if (v->unknown_id >= lengths->rows) {
        ez_fail(r, EZ_CORRUPT, settings, "the unknown token is outside the vocabulary");
    } else if (v->max_word_characters < 1 || v->max_word_characters > 255) {
        ez_fail(r, EZ_UNSUPPORTED, settings, "the longest word must have 1 to 255 characters");
    } else {
        for (uint32_t i = 0; i < lengths->rows; i++) {
            if (!lengths->values[i]) ez_fail(r, EZ_CORRUPT, r->root, "a token of the vocabulary is empty");
            total += lengths->values[i];
        }
        if (total != bytes->rows) ez_fail(r, EZ_CORRUPT, r->root, "the vocabulary's lengths do not add up to its bytes");
    }
}

static uint32_t tag_of(uint64_t hash) { return (uint32_t)(hash >> 32) & ~ID_MASK; }

/* Length of the "##" that marks pieces inside words. */
static size_t prefix_of(const uint8_t *token, size_t length) {
    return length > 2 && token[0] == '#' && token[1] == '#' ? 2 : 0;
}

/* The slot of a piece, found or free; `prefix` is 2 for a piece inside a word, else 0. */
static uint32_t find_slot(const ez_wordpiece *w, const uint8_t *piece, size_t length, size_t prefix, uint64_t hash) {
    uint32_t at = (uint32_t)hash & w->mask;
    for (; w->slots[at].key; at = (at + 1) & w->mask) {
        ez_slot slot = w->slots[at];
        const uint8_t *token = w->bytes + (slot.span >> 8);
        size_t token_length = slot.span & 0xFF;
        if (!((slot.key ^ tag_of(hash)) & ~ID_MASK) && token_length == length + prefix &&
            prefix_of(token, token_length) == prefix && ez_same_bytes(token + prefix, piece, length))
            break;
    }
    return at;
}

/* The id of a piece plus one, or 0. */
static uint32_t find_piece(const ez_wordpiece *w, const uint8_t *piece, size_t length, size_t prefix) {
    uint64_t hash = ez_hash_piece(piece, length, prefix ? CONTINUATION_SEED : WORD_SEED);
    return w->slots[find_slot(w, piece, length, prefix, hash)].key & ID_MASK;
}

static uint32_t slot_count(uint32_t tokens) {
    uint32_t slots = 16;
    while (slots < 2 * tokens) slots *= 2;
    return slots;
}

size_t ez_wordpiece_memory(const ez_vocabulary *vocabulary) {
    return sizeof(ez_slot) * slot_count(vocabulary->lengths.rows);
}

static int fill_slots(ez_wordpiece *w, const ez_tensor *lengths, ez_slot *slots) {
    uint32_t offset = 0;
    for (uint32_t id = 0; id < lengths->rows; id++) {
        uint32_t length = lengths->values[id];
        const uint8_t *token = w->bytes + offset;
        size_t prefix = prefix_of(token, length), bare = length - prefix;
        uint64_t hash = ez_hash_piece(token + prefix, bare, prefix ? CONTINUATION_SEED : WORD_SEED);
        uint32_t at = find_slot(w, token + prefix, bare, prefix, hash);
        if (slots[at].key) return 0;
        slots[at] = (ez_slot){tag_of(hash) | (id + 1), offset << 8 | length};
        if (bare > w->longest) w->longest = (uint32_t)bare;
        offset += length;
    }
    return 1;
}

/* The id plus one of the longest piece that begins the word, and its length. Pieces end where characters
 * end, whatever the vocabulary holds, so a word never has more pieces than characters. */
static uint32_t longest_piece(const ez_wordpiece *w, const uint8_t *word, size_t length, size_t prefix, size_t *used) {
    uint32_t found = 0;
    size_t tried = length < w->longest ? length : w->longest;
    for (; tried > 0; tried--)
        if ((tried == length || (word[tried] & 0xC0) != 0x80) && (found = find_piece(w, word, tried, prefix)) != 0)
            break;
    *used = tried;
    return found;
}

/* Greedy longest match first (BERT); a word that does not decompose is one unknown token. */
static size_t split_word(const ez_wordpiece *w, const uint8_t *word, size_t length, uint32_t *ids) {
    size_t count = 0, used;
    for (size_t start = 0; start < length; start += used) {
        uint32_t found = longest_piece(w, word + start, length - start, start ? 2 : 0, &used);
        if (!found) {
            ids[0] = w->unknown_id;
            return 1;
        }
        ids[count++] = found - 1;
    }
    return count;
}

int ez_wordpiece_build(ez_wordpiece *w, const ez_vocabulary *vocabulary, void *memory) {
    uint32_t slots = slot_count(vocabulary->lengths.rows);
    memset(memory, 0, slots * sizeof(ez_slot));
    *w = (ez_wordpiece){.bytes = vocabulary->bytes.values,
                        .slots = memory,
                        .mask = slots - 1,
                        .unknown_id = vocabulary->unknown_id,
                        .max_word_characters = vocabulary->max_word_characters};
    if (!fill_slots(w, &vocabulary->lengths, memory)) return 0;
    for (uint32_t byte = 0; byte < 128; byte++) {
        uint8_t character[BLOCK] = {(uint8_t)byte};
        uint32_t found = find_piece(w, character, 1, 0);
        w->punctuation_ids[byte] = found ? found - 1 : w->unknown_id;
    }
    return 1;
}

/* What a byte does to the word being read. */
enum { LETTER, UPPER, SPACE, PUNCTUATION, NON_ASCII };

static const uint8_t BYTE_CLASS[256] = {
    ['\t'] = SPACE, ['\n'] = SPACE, ['\f'] = SPACE, ['\r'] = SPACE, [' '] = SPACE,
    ['!' ... '/'] = PUNCTUATION, [':' ... '@'] = PUNCTUATION, ['[' ... '`'] = PUNCTUATION, ['{' ... '~'] = PUNCTUATION,
    ['A' ... 'Z'] = UPPER, [0x80 ... 0xFF] = NON_ASCII,
};

/* The word being read; no longer stored once it has too many characters, only counted. */
typedef struct {
    uint8_t bytes[MAX_WORD_BYTES + 2 * BLOCK];
    size_t length;
    size_t characters;
} word;

static size_t end_word(const ez_wordpiece *w, word *read, uint32_t *ids) {
    size_t characters = read->characters, length = read->length;
    if (characters == 0) return 0;
    read->length = read->characters = 0;
    if (characters > w->max_word_characters) {
        ids[0] = w->unknown_id;
        return 1;
    }
    uint32_t whole = find_piece(w, read->bytes, length, 0);
    if (!whole) return split_word(w, read->bytes, length, ids);
    ids[0] = whole - 1;
    return 1;
}

static void append_character(const ez_wordpiece *w, word *read, const uint8_t *bytes, size_t length) {
    if (++read->characters > w->max_word_characters) return;
    memcpy(read->bytes + read->length, bytes, length);
    read->length += length;
}

/* Appends the letters and digits among the next eight bytes, lower-cased, and returns their number. The
 * arithmetic is on eight bytes at once: adding 0x80 - c to a byte below 0x80 sets its top bit if it is >= c. */
static size_t append_block(const ez_wordpiece *w, word *read, const uint8_t *text) {
    uint64_t block = ez_read_block(text), ascii = block & EACH_BYTE(0x7F), lower = ascii | EACH_BYTE(0x20);
    uint64_t letters = (lower + EACH_BYTE(0x80 - 'a')) & ~(lower + EACH_BYTE(0x80 - 'z' - 1));
    uint64_t digits = (ascii + EACH_BYTE(0x80 - '0')) & ~(ascii + EACH_BYTE(0x80 - '9' - 1));
    uint64_t others = (~(letters | digits) | block) & EACH_BYTE(0x80);
    size_t count = others ? (size_t)__builtin_ctzll(others) / 8 : BLOCK;
    read->characters += count;
    if (read->characters > w->max_word_characters) return count;
    block |= (letters & EACH_BYTE(0x80)) >> 2;
    memcpy(read->bytes + read->length, &block, sizeof block);
    read->length += count;
    return count;
}

/* Appends at least the character at `text`, which is ASCII, and returns how many bytes it took. */
static size_t append_ascii(const ez_wordpiece *w, word *read, const uint8_t *text, const uint8_t *end) {
    size_t count = end - text >= BLOCK ? append_block(w, read, text) : 0;
    if (count) return count;
    uint8_t byte = BYTE_CLASS[*text] == UPPER ? *text | 0x20 : *text;
    append_character(w, read, &byte, 1);
    return 1;
}

/* Appends a character of several bytes, or ends the word and writes the character's own id. */
static size_t take_unicode(const ez_wordpiece *w, word *read, const uint8_t *text, size_t length, uint32_t code_point,
                           uint32_t *ids) {
    if (!ez_is_delimiter(code_point)) {
        append_character(w, read, text, length);
        return 0;
    }
    size_t count = end_word(w, read, ids);
    append_character(w, read, text, length);
    return count + end_word(w, read, ids + count);
}

size_t ez_wordpiece_next(const ez_wordpiece *w, ez_cursor *cursor, uint32_t *ids) {
    const uint8_t *text = cursor->next, *end = cursor->end;
    size_t count = 0, room = EZ_TOKEN_CHUNK - w->max_word_characters - 1;
    word read;
    read.length = read.characters = 0;
    while (text < end && (count < room || read.characters > 0)) {
        uint32_t code_point;
        size_t length = 1;
        switch (BYTE_CLASS[*text]) {
            case SPACE: count += end_word(w, &read, ids + count); break;
            case PUNCTUATION:
                count += end_word(w, &read, ids + count);
                ids[count++] = w->punctuation_ids[*text];
                break;
            case NON_ASCII:
                length = ez_decode(text, end, &code_point);
                count += take_unicode(w, &read, text, length, code_point, ids + count);
                break;
            default: length = append_ascii(w, &read, text, end);
        }
        text += length;
    }
    count += end_word(w, &read, ids + count);
    cursor->next = text;
    return count;
}
