#include "char.h"

#include "pieces.h"
#include "unicode.h"

static const char SPECIAL[] = "[PAD][UNK][BOS][EOS]";
enum { SPECIAL_BYTES = 5, MALFORMED = 0xFFFD, MALFORMED_BYTES = 3 };

/* The code point that a token is, or 0 where it is none, or not one alone. U+0000 is none. */
static uint32_t only_code_point(const uint8_t *token, size_t length) {
    uint32_t code_point;
    if (ez_decode(token, token + length, &code_point) != length) return 0;
    return code_point == MALFORMED && length != MALFORMED_BYTES ? 0 : code_point;
}

/* Fills code_points, if it is not NULL, and returns 1, or 0 where the tokens are not as they must be. */
static int each_code_point(const ez_characters *c, uint32_t *code_points) {
    uint32_t before = 0;
    size_t at = 0;
    for (uint32_t id = 0; id < c->lengths.rows; id++) {
        size_t length = c->lengths.values[id];
        if (!length || length > c->bytes.rows - at) return 0;
        const uint8_t *token = c->bytes.values + at;
        at += length;
        if (id < EZ_CHAR_SPECIAL) {
            if (length != SPECIAL_BYTES || memcmp(token, SPECIAL + id * SPECIAL_BYTES, SPECIAL_BYTES)) return 0;
            continue;
        }
        uint32_t code_point = only_code_point(token, length);
        if (code_point <= before) return 0;
        before = code_point;
        if (code_points) code_points[id - EZ_CHAR_SPECIAL] = code_point;
    }
    return at == c->bytes.rows;
}

void ez_char_read(ez_reader *r, const ez_description *file, ez_characters *c) {
    c->lengths = ez_find_tensor(r, file, "vocabulary.lengths", 1);
    c->bytes = ez_find_tensor(r, file, "vocabulary.bytes", 1);
    if (!ez_ok(r)) return;
    const ez_tensor *lengths = &c->lengths, *bytes = &c->bytes;
    if (lengths->dtype != EZ_UINT8 || bytes->dtype != EZ_UINT8 || lengths->columns != 1 || bytes->columns != 1)
        ez_fail(r, EZ_CORRUPT, r->root, "the vocabulary is not stored as bytes");
    else if (lengths->rows <= EZ_CHAR_SPECIAL || lengths->rows > EZ_CHAR_MAX_TOKENS)
        ez_fail(r, EZ_UNSUPPORTED, r->root, "a vocabulary of characters has fewer than 5 tokens or more than 4,096");
    else if (!each_code_point(c, NULL))
        ez_fail(r, EZ_CORRUPT, r->root, "the vocabulary is not [PAD], [UNK], [BOS], [EOS] and characters in order");
}

size_t ez_char_memory(const ez_characters *c) { return (c->lengths.rows - EZ_CHAR_SPECIAL) * sizeof(uint32_t); }

void ez_char_build(ez_char *tokenizer, const ez_characters *c, void *memory) {
    each_code_point(c, memory);
    *tokenizer = (ez_char){memory, c->lengths.rows - EZ_CHAR_SPECIAL};
}

static uint32_t id_of(const ez_char *t, uint32_t code_point) {
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code_point > t->code_points[middle]) low = middle + 1;
        else high = middle;
    }
    return low < t->count && t->code_points[low] == code_point ? (uint32_t)low + EZ_CHAR_SPECIAL : EZ_CHAR_UNKNOWN;
}

size_t ez_char_next(const ez_char *t, ez_cursor *cursor, uint32_t *ids) {
    size_t count = 0;
    for (; cursor->next < cursor->end && count < EZ_TOKEN_CHUNK; count++) {
        uint32_t code_point;
        cursor->next += ez_decode(cursor->next, cursor->end, &code_point);
        ids[count] = id_of(t, code_point);
    }
    return count;
}
